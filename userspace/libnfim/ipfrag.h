/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Puts IP fragments together, as conntrack's defragmentation does: overlaps
 * spoil the datagram, exact repetitions are left out.
 */
#ifndef _NFIM_IPFRAG_H
#define _NFIM_IPFRAG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture.h"

struct nfim_frags;

/** struct nfim_frag - one fragment */
struct nfim_frag {
	struct nfim_addr src, dst;
	uint64_t usec;
	uint32_t id;
	uint8_t family;
	uint8_t proto;		/* what the datagram carries; IPv6: as its first fragment says */
	bool more;
	uint32_t off;		/* bytes */
	const uint8_t *data;
	uint32_t len;
};

/** nfim_frags_new() - nothing is being put together yet. Return: NULL if out of memory. */
struct nfim_frags *nfim_frags_new(void);

/** nfim_frags_free() - NULL is allowed */
void nfim_frags_free(struct nfim_frags *frags);

/**
 * nfim_frags_add() - add a fragment
 * @frags: what is being put together; bounded, the oldest datagram goes first
 * @frag: fragment
 * @data: set to the whole datagram's payload, valid until the next call
 * @len: set to its length
 * @proto: set to what the first fragment says it carries
 *
 * Return: true if the datagram is complete with it.
 */
bool nfim_frags_add(struct nfim_frags *frags, const struct nfim_frag *frag,
		    const uint8_t **data, uint32_t *len, uint8_t *proto);

#endif /* _NFIM_IPFRAG_H */
