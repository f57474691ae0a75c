/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What every suite includes: cmocka with what it needs before it.
 */
#ifndef _SELFTEST_UNIT_H
#define _SELFTEST_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "case.h"

/* A test takes nothing from cmocka. */
#define TEST(name) static void name(void **state __attribute__((__unused__)))

#endif /* _SELFTEST_UNIT_H */
