/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _IMCTL_HINTS_H
#define _IMCTL_HINTS_H

#include "netlink.h"

/**
 * imctl_hint_absent() - say why the module is not loaded, if a file of the system tells
 *
 * Not built for the running kernel, not installed, or not signed where signatures are enforced;
 * with the command that mends it. Nothing is said if loading it is all that is missing.
 */
void imctl_hint_absent(void);

/**
 * imctl_nl_open() - connect to the module, or say why not and what mends it
 * @nl: the connection, for nfim_nl_close()
 *
 * Return: 0, -ENOENT if the module is not loaded, or another negative errno.
 */
int imctl_nl_open(struct nfim_nl **nl);

/**
 * imctl_hint_version() - say that the loaded module is not of this tool's version
 * @loaded: what the module says it is
 *
 * Nothing is said if the versions are the same.
 */
void imctl_hint_version(const char *loaded);

#endif /* _IMCTL_HINTS_H */
