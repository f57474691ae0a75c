/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Compiled signatures, opened: those that are shipped, and those that tests need
 * (testsigs.c), which have a registry of their own.
 */
#ifndef _SELFTEST_SIGSET_H
#define _SELFTEST_SIGSET_H

#include "compile.h"

/** struct sigset - signatures and their pack in a piece of memory of exactly its size */
struct sigset {
	struct nfim_sigs *sigs;
	void *buf;
	size_t len;
	struct nfim_pack pack;
};

/**
 * sigset_shipped() - signatures/ of the tree
 *
 * Mistakes end the program: nothing can be tested then.
 */
struct sigset *sigset_shipped(void);

/** sigset_test() - testsigs.c */
struct sigset *sigset_test(void);

/**
 * sigset_text() - compile texts
 * @registry: registry.tsv
 * @texts: signature files
 * @n: how many
 */
struct sigset *sigset_text(const char *registry, const char *const *texts, size_t n);

void sigset_free(struct sigset *set);

/** sigset_rule() - index of a rule of a protocol; a wrong name ends the program */
u32 sigset_rule(const struct sigset *set, const char *proto, const char *rule);

/** sigset_proto() - id of a protocol; a wrong name ends the program */
u32 sigset_proto(const struct sigset *set, const char *name);

/** sigset_sample() - a sample by name; a wrong name ends the program */
const struct nfim_sig_sample *sigset_sample(const struct sigset *set, const char *proto,
					    const char *name);

extern const char testsigs_registry[];
extern const char *const testsigs[];
extern const size_t n_testsigs;

#endif /* _SELFTEST_SIGSET_H */
