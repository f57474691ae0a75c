/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Names that say what an address is: those a resolver answers with it, and those that flows to
 * it name. For a while they may help a flow of the same client to the same address that has no
 * name of its own.
 *
 * An address counts only while all names that were seen with it are one protocol's, of class
 * dedicated, whoever's client saw them: one that serves anything else, too, tells nothing. So of
 * each address, its "place", what was said last is remembered in one word, by a hash without the
 * address: two of one hash are one place, and of two that differ neither counts.
 */
#ifndef _NF_IM_ENGINE_LEARN_H
#define _NF_IM_ENGINE_LEARN_H

#include "offer.h"

enum {
	NFIM_TOLD_MAX		= 8,	/* addresses of one packet that are taken */
	NFIM_LEARN_SECONDS	= 60,	/* how long a name helps */
	NFIM_SHARED_SECONDS	= 300,	/* how long another name forbids it */
	NFIM_LEARNT_MAX		= 64,	/* addresses of a client */
	NFIM_PLACES		= 1 << 15, /* words in a table of them */
	NFIM_DNS_PORT		= 53,
};

/** struct nfim_told_addr - an address, and whose name has it */
struct nfim_told_addr {
	u8 addr[16];	/* as in struct nfim_offer */
	u8 proto;	/* 0: the name is no dedicated one */
	bool v6;
};

/** struct nfim_told - those of one packet */
struct nfim_told {
	u8 n;
	bool lost;	/* there are more */
	bool asked;	/* the client was seen to ask for them: only then they help it */
	struct nfim_told_addr at[NFIM_TOLD_MAX];
};

/**
 * nfim_told_add() - one more address
 * @told: those there are
 * @addr: network order, 4 or 16 bytes
 * @v6: which of both
 * @proto: whose name has it, or 0
 *
 * What is no host's own address (0.0.0.0, ::1, ff00::/8 ...) is left out: blocklists answer so.
 */
void nfim_told_add(struct nfim_told *told, const u8 *addr, bool v6, u8 proto);

/**
 * nfim_learnt_make() - what is remembered of it
 * @ex: set
 * @told: address of a protocol's
 * @of: ends of the flow that told it
 *
 * Return: false if it is of no use: the client cannot reach it under the address it has here.
 */
bool nfim_learnt_make(struct nfim_expected *ex, const struct nfim_told_addr *told,
		      const struct nfim_ends *of);

/**
 * nfim_place_say() - a place was named
 * @place: what is remembered of it, 0 at first
 * @now: seconds
 * @proto: of the dedicated name, 0 for any other
 *
 * Return: what to remember from now on.
 */
u32 nfim_place_say(u32 place, u16 now, u8 proto);

/** nfim_place_same() - the same whenever that was, for a flow that has been waiting since */
bool nfim_place_same(u32 place, u8 proto);

/** nfim_place_holds() - is it this protocol's alone, as far as was seen? */
bool nfim_place_holds(u32 place, u16 now, u8 proto);

#endif /* _NF_IM_ENGINE_LEARN_H */
