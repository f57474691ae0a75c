/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What one call of the engine costs. A call is what a packet of an undecided or
 * watched flow causes: nfim_flow_brief() or nfim_flow_inside(), or if these leave it
 * nfim_flow_step() on a copy, then nfim_flow_commit().
 */
#ifndef _BENCH_ENGINE_H
#define _BENCH_ENGINE_H

#include "engine/flow.h"

#include <stdio.h>

enum {
	SPARE_MAX = NFIM_BLOCKS_MAX,
};

/** struct call - one packet of a flow */
struct call {
	const struct nfim_pack *pack;
	struct nfim_flow *flow;
	struct nfim_seg seg;
	bool watch;
	struct nfim_step step;
};

/**
 * call_measure() - a call that counts
 * @call: its flow goes on
 * @name: of the row it belongs to; NULL: it is added to those before, see count_dump()
 */
void call_measure(struct call *call, const char *name);

/** call_nothing() - what it costs to count: to be subtracted from every call */
void call_nothing(const char *name);

/** call_plain() - the same, not counted */
void call_plain(struct call *call);

/** count_dump() - end of a sum of calls: it is the row @name */
void count_dump(const char *name);

/** flow_free() - give back a flow's blocks */
void flow_free(struct nfim_flow *flow);

/** cases_count() - each case once, as counted calls */
void cases_count(const struct nfim_pack *pack);

/** cases_time() - each case often; a line with nanoseconds and work for each */
void cases_time(const struct nfim_pack *pack);

/**
 * mix_each() - the first payload packets of flows of captures
 * @dir: folder of captures, which lie in folders below it
 * @every: one flow of so many
 * @pack: for the calls
 * @fn: called for each, in order within a flow; the flow must go on
 * @flows: set to the number of flows
 *
 * Return: number of packets, or -1.
 */
long mix_each(const char *dir, long every, const struct nfim_pack *pack,
	      void (*fn)(struct call *call), long *flows);

/**
 * replay_write() - the packets of mix_each() as a file, see bench/src/replay.h
 * @path: of the file
 *
 * Return: 0 or -1.
 */
int replay_write(const char *dir, long every, const struct nfim_pack *pack, const char *path);

/**
 * growth_pack() - the shipped signatures and synthetic ones
 * @n: how many of the latter
 *
 * A third of them shares two first bytes with real ones, a third four. Lives until the
 * program ends.
 */
const struct nfim_pack *growth_pack(u32 n);

/** names_growth() - so many look-ups in a list of @n names, as a counted row */
void names_growth(u32 n);

/** bench_now() - nanoseconds of a clock that only goes on */
u64 bench_now(void);

/** openssl_count() - a QUIC Initial of version 1 opened by OpenSSL, as a counted row */
void openssl_count(const u8 *datagram, const char *name);

/** openssl_time() - the same in nanoseconds */
void openssl_time(const u8 *datagram, const char *name);

#endif /* _BENCH_ENGINE_H */
