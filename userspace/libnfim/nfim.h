/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * libnfim: all of it. Needs -I for kmod, kmod/uapi and this folder.
 *
 *	vocab.h			words for the numbers of the rules
 *	compile.h		signatures in, pack out
 *	capture.h, flowtab.h	captures in, verdicts out
 *	netlink.h		the module
 */
#ifndef _NFIM_H
#define _NFIM_H

#include "capture.h"
#include "compile.h"
#include "flowtab.h"
#include "netlink.h"
#include "vocab.h"

#endif /* _NFIM_H */
