/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For targets that need the signatures of the tree and nothing else: shipped.c has their
 * LLVMFuzzerInitialize().
 */
#ifndef _SELFTEST_SHIPPED_H
#define _SELFTEST_SHIPPED_H

#include "sigset.h"

extern struct sigset *set;

#endif /* _SELFTEST_SHIPPED_H */
