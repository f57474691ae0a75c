/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For suites that do something with every sample of every signature: those that are shipped and
 * those of the tests. They weigh the engine's work for a sample in pieces against that in one.
 */
#ifndef _SELFTEST_SAMPLES_H
#define _SELFTEST_SAMPLES_H

#include "drive.h"
#include "sigset.h"

enum { WORK_FACTOR = 4 };	/* DESIGN D3 */

/* Compiled by samples_begin(). */
extern struct sigset *sets[2];	/* shipped, test */

/** struct sample_at - where a walk over all samples is; all 0 before the first */
struct sample_at {
	const struct sigset *set;
	const struct nfim_sig_sample *s;
	u32 set_no;
	u32 next;
};

/** samples_next() - go to the next sample; false behind the last */
bool samples_next(struct sample_at *at);

/**
 * samples_weigh() - the case fails if the pieces' work is out of bounds
 * @d: what has seen the pieces
 * @whole: work units of one piece, not 0
 * @per_packet: what a packet may cost besides
 *
 * Return: the work in hundredths of @whole.
 */
u64 samples_weigh(const struct drive *d, u64 whole, u32 per_packet);

/** samples_worst() - remember the most of samples_weigh(), with what it was of */
__attribute__((__format__(printf, 2, 3)))
void samples_worst(u64 percent, const char *fmt, ...);

void samples_begin(void);

/** samples_end() - frees the sets; says the worst and how many cases there were */
void samples_end(void);

/* A main() of a suite. */
#define SAMPLES_RUN(name, tests) ({							\
	int failed_;									\
	samples_begin();								\
	failed_ = cmocka_run_group_tests_name(name, tests, NULL, NULL);			\
	samples_end();									\
	failed_; })

#endif /* _SELFTEST_SAMPLES_H */
