/* SPDX-License-Identifier: GPL-2.0-only */
/* What is expected of offers in a capture, as nf_im_expect.c keeps it in the kernel. */
#ifndef _NFIM_EXPECT_H
#define _NFIM_EXPECT_H

#include "capture.h"
#include "engine/offer.h"

struct nfim_expecttab {
	struct nfim_expected_row *list;
	size_t n, size;
};

/**
 * nfim_expecttab_add() - an offer was seen
 * @tab: zeroed before its first use
 * @ex: what it makes known
 * @usec: time of the packet
 *
 * More than NFIM_EXPECTS_MAX of a client are left out.
 *
 * Return: 0 or -ENOMEM.
 */
int nfim_expecttab_add(struct nfim_expecttab *tab, const struct nfim_expected *ex, uint64_t usec);

/**
 * nfim_expecttab_find() - was this flow offered?
 * @tab: table
 * @ends: of the flow
 * @usec: time of its first packet with payload
 *
 * Return: what makes it known, valid until the next nfim_expecttab_add(), or NULL.
 */
const struct nfim_expected *nfim_expecttab_find(const struct nfim_expecttab *tab,
					      const struct nfim_ends *ends, uint64_t usec);

/** nfim_expecttab_free() - let go of it all */
void nfim_expecttab_free(struct nfim_expecttab *tab);

#endif /* _NFIM_EXPECT_H */
