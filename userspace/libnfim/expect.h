/* SPDX-License-Identifier: GPL-2.0-only */
/* What is expected of offers and names in a capture, as nf_im_expect.c keeps it in the kernel. */
#ifndef _NFIM_EXPECT_H
#define _NFIM_EXPECT_H

#include "capture.h"
#include "engine/learn.h"

struct nfim_expecttab {
	struct nfim_expected_row *list;
	size_t n, size;
	uint32_t *places;	/* of names, NFIM_PLACES; NULL: none are learnt */
};

/**
 * nfim_expecttab_add() - an offer was seen
 * @tab: zeroed before its first use
 * @ex: what it makes known
 * @usec: time of the packet
 *
 * More than NFIM_EXPECTS_MAX of a client are left out, of names NFIM_LEARNT_MAX.
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
 * An offer comes first. A name counts while the address is one protocol's alone.
 *
 * Return: what makes it known, valid until the next nfim_expecttab_add(), or NULL.
 */
const struct nfim_expected *nfim_expecttab_find(const struct nfim_expecttab *tab,
					      const struct nfim_ends *ends, uint64_t usec);

/**
 * nfim_expecttab_told() - a name was seen with an address
 * @tab: table with places
 * @told: both
 * @of: ends of the flow that told it
 * @learn: that counts for the flow's client
 * @usec: time of the packet
 *
 * Return: 0 or -ENOMEM.
 */
int nfim_expecttab_told(struct nfim_expecttab *tab, const struct nfim_told_addr *told,
			const struct nfim_ends *of, bool learn, uint64_t usec);

/** nfim_expecttab_same() - are names of an address still this protocol's alone? */
bool nfim_expecttab_same(const struct nfim_expecttab *tab, const uint8_t *addr, uint8_t proto);

/** nfim_expecttab_free() - let go of it all */
void nfim_expecttab_free(struct nfim_expecttab *tab);

#endif /* _NFIM_EXPECT_H */
