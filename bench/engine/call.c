// SPDX-License-Identifier: GPL-2.0-only
/*
 * One call, with blocks from a pool so that no allocator is measured.
 */
#include "engine/quic.h"
#include "bench.h"

#include <stdlib.h>
#include <valgrind/callgrind.h>

static struct nfim_block *pool;

static struct nfim_block *spare_get(u32 n)
{
	struct nfim_block *list = NULL, *b;

	while (n--) {
		b = pool;
		if (b)
			pool = b->next;
		else
			b = malloc(sizeof(*b));
		if (!b)
			abort();
		memset(b, 0, sizeof(*b));
		b->next = list;
		list = b;
	}
	return list;
}

static void spare_put(struct nfim_block *list)
{
	struct nfim_block *next;

	for (; list; list = next) {
		next = list->next;
		list->next = pool;
		pool = list;
	}
}

void flow_free(struct nfim_flow *flow)
{
	spare_put(nfim_flow_clear(flow));
}

static struct nfim_quic quic;

/* As in the kernel, where most packets are taken in where the flow lies. */
static bool taken_in(struct call *call)
{
	u32 actions;

	if (!call->flow->done)
		return nfim_flow_brief(call->pack, call->flow, &call->seg, call->watch, &call->step);
	call->step.work = 0;
	return nfim_flow_inside(call->flow, &call->seg, &actions);
}

void call_plain(struct call *call)
{
	struct nfim_block *spare, *gone = NULL;

	call->seg.quic = &quic;
	if (taken_in(call))
		return;
	nfim_flow_step(call->pack, call->flow, &call->seg, call->watch, &call->step);
	spare = spare_get(call->step.blocks);
	nfim_flow_commit(call->flow, &call->seg, &call->step, &spare, &gone);
	spare_put(spare);
	spare_put(gone);
}

void call_measure(struct call *call, const char *name)
{
	struct nfim_block *spare = NULL, *gone = NULL;
	bool taken;

	call->seg.quic = &quic;
	CALLGRIND_TOGGLE_COLLECT;
	taken = taken_in(call);
	if (!taken)
		nfim_flow_step(call->pack, call->flow, &call->seg, call->watch, &call->step);
	CALLGRIND_TOGGLE_COLLECT;
	if (!taken)
		spare = spare_get(call->step.blocks);
	CALLGRIND_TOGGLE_COLLECT;
	if (!taken)
		nfim_flow_commit(call->flow, &call->seg, &call->step, &spare, &gone);
	CALLGRIND_TOGGLE_COLLECT;
	spare_put(spare);
	spare_put(gone);
	if (name)
		count_dump(name);
}

void call_nothing(const char *name)
{
	CALLGRIND_TOGGLE_COLLECT;
	CALLGRIND_TOGGLE_COLLECT;
	CALLGRIND_TOGGLE_COLLECT;
	CALLGRIND_TOGGLE_COLLECT;
	count_dump(name);
}

void count_dump(const char *name)
{
	CALLGRIND_DUMP_STATS_AT(name);
}
