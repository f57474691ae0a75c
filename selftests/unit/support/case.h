/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The case that is being tried: its name and bytes, so that a failure can tell
 * them, and comparisons that say what was expected and what came.
 */
#ifndef _SELFTEST_CASE_H
#define _SELFTEST_CASE_H

#include "engine/flow.h"

#include <stdio.h>

/**
 * case_begin() - name the case that follows, and count it
 * @fmt: as printf()
 */
void case_begin(const char *fmt, ...) __attribute__((__format__(__printf__, 1, 2)));

/**
 * case_bytes() - the input of the case
 * @bytes: stays valid until the next case_begin()
 * @len: how many
 */
void case_bytes(const void *bytes, size_t len);

/**
 * case_note() - add to what a failure of this case prints
 * @fmt: as printf(); cut to 255 characters
 */
void case_note(const char *fmt, ...) __attribute__((__format__(__printf__, 1, 2)));

/** case_count() - cases begun so far */
unsigned long case_count(void);

/**
 * case_fail() - print the case and end the test
 * @fmt: what is wrong, as printf()
 */
void case_fail(const char *fmt, ...)
	__attribute__((__format__(__printf__, 1, 2), __noreturn__));

/**
 * case_die() - end the test; whoever links this says how
 */
void case_die(void) __attribute__((__noreturn__));

/** case_eq() - fail unless two numbers are the same */
void case_eq(const char *what, u64 got, u64 want);

/** case_ok() - fail unless something holds */
void case_ok(const char *what, bool holds);

/** case_str() - fail unless two strings are the same; NULL is "(none)" */
void case_str(const char *what, const char *got, const char *want);

/** case_mem() - fail unless bytes are the same */
void case_mem(const char *what, const void *got, size_t got_len, const void *want,
	      size_t want_len);

/** case_verdict() - fail unless two verdicts are the same */
void case_verdict(const char *what, enum nfim_verdict got, enum nfim_verdict want);

const char *verdict_name(enum nfim_verdict verdict);

/** hex_bytes() - bytes of hexadecimal digits, blanks between them; to be freed */
u8 *hex_bytes(const char *hex, u32 *len);

/** struct rng - the same numbers for the same seed, on every machine */
struct rng {
	u64 state;
};

u32 rng_next(struct rng *rng);

/** rng_below() - a number in [0, n), n > 0 */
u32 rng_below(struct rng *rng, u32 n);

void rng_fill(struct rng *rng, void *p, size_t n);

#endif /* _SELFTEST_CASE_H */
