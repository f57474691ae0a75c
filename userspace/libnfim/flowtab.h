/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The flows of a capture, told apart as conntrack would, each driven through
 * the engine as the kernel's hook drives it.
 */
#ifndef _NFIM_FLOWTAB_H
#define _NFIM_FLOWTAB_H

#include "capture.h"
#include "engine/flow.h"

/** struct nfim_row - one flow; reading only, for who uses the table */
struct nfim_row {
	uint8_t family;		/* AF_INET or AF_INET6 */
	uint8_t l4;		/* IPPROTO_TCP or IPPROTO_UDP */
	uint16_t cport, sport;	/* host order */
	struct nfim_addr client, server;
	uint64_t first;		/* number of its first packet, in the capture */
	uint64_t packets;	/* all of them, with payload or without */
	uint64_t decided;	/* number of the packet at which the verdict fell, 0 for none */
	enum nfim_verdict verdict;
	bool payload;		/* some was seen */
	bool answered;		/* by the server */
	uint16_t rule;		/* index in the pack, or NFIM_NO_RULE */
	uint32_t actions;	/* all that were seen */
	uint8_t user[NFIM_USER_MAX];
	uint8_t user_len;
	uint8_t host[NFIM_HOST_MAX];	/* whom the innermost carrier leads to, or is asked for */
	uint8_t host_len;
	bool ech;			/* a ClientHello offers ECH */
	uint8_t lookup;			/* protocol whose host was asked for first, 0 for none */
	bool offered;			/* another flow's offer made it known */
	struct nfim_flow flow;

	/* Of the table only. */
	struct nfim_row *next;
	struct nfim_track *track;
};

struct nfim_flowtab;

/**
 * nfim_flowtab_new() - no flows yet
 * @pack: signatures, to live as long as the table
 * @correlate: names help other flows to the same address (engine/learn.h)
 *
 * Return: the table, nfim_flowtab_free() it; NULL if out of memory.
 */
struct nfim_flowtab *nfim_flowtab_new(const struct nfim_pack *pack, bool correlate);

/** nfim_flowtab_free() - let go of a table and its flows; NULL is allowed */
void nfim_flowtab_free(struct nfim_flowtab *tab);

/**
 * nfim_flowtab_packet() - the next packet of the capture
 * @tab: table
 * @pkt: packet
 *
 * Return: 0 or -ENOMEM.
 */
int nfim_flowtab_packet(struct nfim_flowtab *tab, const struct nfim_pkt *pkt);

/**
 * nfim_flowtab_rows() - all flows, in the order of their first packets
 * @tab: table
 * @n: set to how many there are
 */
struct nfim_row *const *nfim_flowtab_rows(const struct nfim_flowtab *tab, size_t *n);

#endif /* _NFIM_FLOWTAB_H */
