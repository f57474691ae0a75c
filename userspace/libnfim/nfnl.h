/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reads a table of a netfilter subsystem by nfnetlink, whole.
 */
#ifndef _NFIM_NFNL_H
#define _NFIM_NFNL_H

#include <libmnl/libmnl.h>
#include <stdint.h>

#include "netlink.h"

/**
 * nfim_nfnl_dump() - read all objects of one kind, in this network namespace
 * @type: subsystem << 8 | message, as NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET
 * @fn: called for each; MNL_CB_ERROR ends the reading with the error in errno
 * @data: for @fn
 * @what: the objects, for the sentence of an error
 * @err: filled on failure
 *
 * Return: 0 or a negative errno.
 */
int nfim_nfnl_dump(uint16_t type, mnl_cb_t fn, void *data, const char *what,
		   struct nfim_nl_err *err);

#endif /* _NFIM_NFNL_H */
