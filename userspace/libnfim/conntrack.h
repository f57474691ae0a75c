/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The flows that the kernel's conntrack has in this network namespace, with what nf_im wrote
 * into their labels and marks.
 */
#ifndef _NFIM_CONNTRACK_H
#define _NFIM_CONNTRACK_H

#include <stdbool.h>
#include <stdint.h>

#include "netlink.h"

/** struct nfim_ct - one conntrack; its original direction */
struct nfim_ct {
	uint8_t family;			/* AF_INET, AF_INET6 */
	uint8_t l4;
	uint8_t client[16];
	uint8_t server[16];
	uint16_t cport;			/* host order */
	uint16_t sport;
	uint64_t labels[2];		/* bit n % 64 of word n / 64 */
	uint32_t mark;
	bool offloaded;
};

/** nfim_ct_label() - has it this label bit? */
static inline bool nfim_ct_label(const struct nfim_ct *ct, unsigned int bit)
{
	return ct->labels[bit / 64] >> (bit % 64) & 1;
}

/** nfim_ct_fn - called for each; a negative errno ends the reading */
typedef int nfim_ct_fn(const struct nfim_ct *ct, void *data);

/**
 * nfim_ct_each() - read all conntracks
 * @fn: called for each
 * @data: for @fn
 * @err: filled on failure
 *
 * Return: 0 or a negative errno.
 */
int nfim_ct_each(nfim_ct_fn *fn, void *data, struct nfim_nl_err *err);

#endif /* _NFIM_CONNTRACK_H */
