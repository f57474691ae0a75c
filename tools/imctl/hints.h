/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _IMCTL_HINTS_H
#define _IMCTL_HINTS_H

/**
 * imctl_hint_absent() - say why the module is not loaded, if a file of the system tells
 *
 * Not built for the running kernel, not installed, or not signed where signatures are enforced;
 * with the command that mends it. Nothing is said if loading it is all that is missing.
 */
void imctl_hint_absent(void);

/**
 * imctl_hint_version() - say that the loaded module is not of this tool's version
 * @loaded: what the module says it is
 *
 * Nothing is said if the versions are the same.
 */
void imctl_hint_version(const char *loaded);

#endif /* _IMCTL_HINTS_H */
