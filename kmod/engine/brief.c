// SPDX-License-Identifier: GPL-2.0-only
/*
 * The short way: packets that bring nothing. Most packets of undecided flows begin like nothing
 * that we know, or follow bytes that did; they only count towards the flow's budget. What says so
 * looks at a few bytes and needs no window, so that the flow is changed where it lies.
 *
 * Every packet that is taken here nfim_flow_step() would take with the same result.
 */
#include "carrier.h"

/* A datagram of a flow of which nothing is kept. */
static bool brief_datagram(const struct nfim_match_ctx *mc, struct nfim_flow *flow)
{
	const struct nfim_seg *seg = mc->seg;

	if (flow->dir[0].blocks || flow->dir[1].blocks || !nfim_datagram_nothing(mc))
		return false;
	flow->packets++;
	if (flow->packets >= NFIM_BUDGET_DATAGRAMS || seg->age > NFIM_BUDGET_AGE)
		nfim_flow_expire(flow, NFIM_L4_UDP);
	return true;
}

/* A segment behind the place at which the direction was closed. */
static bool brief_closed(const struct nfim_match_ctx *mc, struct nfim_flow *flow)
{
	const struct nfim_seg *seg = mc->seg;
	struct nfim_flow_dir *d = &flow->dir[seg->dir];
	u32 start = seg->seq - d->base;

	if (start <= d->origin || start >= 1U << 31)
		return false;
	flow->packets++;
	d->next = max(d->next, start + seg->len);
	nfim_flow_budget(flow, seg);
	return true;
}

/* The first segment of a direction, if by its first bytes it is none of ours. */
static bool brief_first(struct nfim_match_ctx *mc, struct nfim_flow *flow)
{
	const struct nfim_seg *seg = mc->seg;
	const struct nfim_place pl = { .start = 0, .end = seg->len };
	struct nfim_flow_dir *d = &flow->dir[seg->dir];

	if (seg->seq != (flow->flags[seg->dir] & NFIM_F_BASE ? d->base : seg->base))
		return false;
	/* Acknowledged before it came by: see dir_check_missed(). */
	if (d->next || (seg->has_acked && seg->acked != seg->seq) ||
	    !nfim_seg_nothing(mc, flow, &pl))
		return false;
	d->base = seg->seq;
	flow->flags[seg->dir] |= NFIM_F_BASE;
	flow->packets++;
	nfim_dir_close(mc, flow, d->next, pl.end, nfim_dir_keep(d));
	nfim_flow_budget(flow, seg);
	return true;
}

/*
 * Where would nfim_flow_step() read the segment from, in mid-stream? @start is set. False: bytes
 * before wait, or were acknowledged that never came by, or some of these were.
 */
static bool mid_start(const struct nfim_flow *flow, const struct nfim_seg *seg, u32 *start)
{
	const struct nfim_flow_dir *d = &flow->dir[seg->dir];
	bool begun = flow->flags[seg->dir] & NFIM_F_BASE;
	u32 base = begun ? d->base : seg->seq, acked = seg->acked - base;

	if (begun && nfim_dir_waits(flow, seg->dir))
		return false;
	*start = seg->seq - base;
	if (*start >= 1U << 31)
		return false;
	return !seg->has_acked || acked > 1U << 30 ||
	       acked <= min(*start, begun ? d->next : 0);
}

/*
 * A segment in mid-stream, each of which is a new start: if by its first bytes it is none. What it
 * leaves behind is what a restart does, so that nothing of the one before has to be looked at.
 */
static bool brief_mid(struct nfim_match_ctx *mc, struct nfim_flow *flow)
{
	const struct nfim_seg *seg = mc->seg;
	u32 start;

	if (!seg->head_len || !mid_start(flow, seg, &start) ||
	    nfim_carrier_begin(mc, *seg->head) != NFIM_CARRIER_NONE ||
	    !nfim_match_nothing(mc, NFIM_ROOT_TCP_MID, seg->head, seg->head_len, false))
		return false;
	if (!(flow->flags[seg->dir] & NFIM_F_BASE))
		nfim_dir_become_mid(flow, seg);
	nfim_dir_restart(flow, seg->dir, start);
	flow->dir[seg->dir].next = start + seg->len;
	flow->packets++;
	nfim_flow_budget(flow, seg);
	return true;
}

/*
 * The next segment of what a carrier holds and nobody reads: the body of a message of HTTP, whose
 * end is known.
 */
static bool brief_inside(struct nfim_flow *flow, const struct nfim_seg *seg)
{
	struct nfim_flow_dir *d = &flow->dir[seg->dir];
	u32 start = seg->seq - d->base;

	if (start != d->next || d->origin - start < seg->len ||
	    (seg->has_acked && seg->acked - d->base > start))
		return false;
	flow->packets++;
	d->next = start + seg->len;
	nfim_flow_budget(flow, seg);
	return true;
}

/* A segment of bytes that were seen and that the receiver has: nothing of it is read again. */
static bool brief_acked(struct nfim_flow *flow, const struct nfim_seg *seg)
{
	const struct nfim_flow_dir *d = &flow->dir[seg->dir];
	u32 start = seg->seq - d->base, acked = seg->acked - d->base;

	if (!seg->has_acked || !(flow->flags[seg->dir] & NFIM_F_BASE) || acked > 1U << 30 ||
	    acked > d->next || start >= 1U << 31 || start + seg->len > acked)
		return false;
	flow->packets++;
	nfim_flow_budget(flow, seg);
	return true;
}

/* A segment of bytes that come for the first time. */
static bool brief_new(struct nfim_match_ctx *mc, struct nfim_flow *flow)
{
	const struct nfim_seg *seg = mc->seg;
	const struct nfim_flow_dir *d = &flow->dir[seg->dir];
	u8 flags = flow->flags[seg->dir];

	if (flags & NFIM_F_CLOSED)
		return !(flags & NFIM_F_MID) && brief_closed(mc, flow);
	if (flags & NFIM_F_BASE ? flags & NFIM_F_MID : !seg->has_base)
		return brief_mid(mc, flow);
	if (d->origin > d->next)
		return brief_inside(flow, seg);
	return brief_first(mc, flow);
}

static bool brief_segment(struct nfim_match_ctx *mc, struct nfim_flow *flow)
{
	const struct nfim_seg *seg = mc->seg;

	if (seg->urgent || !seg->len || flow->dir[seg->dir].blocks ||
	    flow->flags[seg->dir] & NFIM_F_CONFLICT)
		return false;
	return brief_new(mc, flow) || brief_acked(flow, seg);
}

bool nfim_flow_brief(const struct nfim_pack *pack, struct nfim_flow *flow,
		     const struct nfim_seg *seg, enum nfim_watch watch, struct nfim_step *step)
{
	struct nfim_match_ctx mc __uninitialized;

	/* One that was offered or learnt has a confidence already. */
	if (flow->done || flow->conf != NFIM_CONF_PAYLOAD || seg->learn ||
	    flow->epoch != pack->epoch || flow->packets == U16_MAX)
		return false;
	step->work = 0;
	/* Nothing else of it is asked for here. */
	mc.pack = pack;
	mc.flow = flow;
	mc.seg = seg;
	mc.step = step;
	mc.watch = watch;
	mc.half = 0;
	mc.kept = 0;
	if (seg->l4 == NFIM_L4_UDP ? !brief_datagram(&mc, flow) : !brief_segment(&mc, flow))
		return false;
	step->verdict = flow->done;
	step->fresh = flow->done;
	step->host_len = 0;
	step->offers.n = 0;
	return true;
}
