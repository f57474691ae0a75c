/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What rules of nf_tables in this network namespace test with nf_im, read off the kernel: the
 * xtables match, and the native expression, which stock nft cannot show.
 */
#ifndef _NFIM_NFTRULES_H
#define _NFIM_NFTRULES_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "netlink.h"

/* What is said of them, behind their number. */
#define NFIM_NFT_HIDDEN "im rules in the kernel that the installed nft cannot show"

/** struct nfim_nft_expr - one expression of a rule */
struct nfim_nft_expr {
	uint8_t family;			/* NFPROTO_* */
	const char *table;
	const char *chain;
	uint64_t handle;
	bool native;			/* the rule has the expression "im" */
	struct xt_im_mtinfo info;	/* of the match, else zero */
	const void *rule;		/* struct nlmsghdr of the whole rule */
};

/** nfim_nft_fn - called for each, in the order of rules; a negative errno ends the reading */
typedef int nfim_nft_fn(const struct nfim_nft_expr *expr, void *data);

/**
 * nfim_nft_each() - read all rules; one with native expressions is told once
 * @fn: called for each
 * @data: for @fn
 * @err: filled on failure
 *
 * Return: 0 or a negative errno.
 */
int nfim_nft_each(nfim_nft_fn *fn, void *data, struct nfim_nl_err *err);

/**
 * nfim_nft_hidden() - count the rules that stock nft cannot show
 * @out: where each stands, a line "FAMILY TABLE CHAIN handle N", goes there; or NULL
 *
 * Return: how many; a negative errno if the rules cannot be read.
 */
int nfim_nft_hidden(FILE *out);

/** nfim_nft_family() - its word, as nft has it */
const char *nfim_nft_family(uint8_t family);

#endif /* _NFIM_NFTRULES_H */
