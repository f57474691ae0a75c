// SPDX-License-Identifier: GPL-2.0-only
/*
 * One flow, driven packet by packet to a verdict.
 *
 * A direction of TCP is a stream: a segment is placed by its sequence number, and the
 * programs see what is there in order from the stream's start (or, in mid-stream, from a
 * segment's start). "Need more" keeps the bytes; "no" from every rule closes the direction.
 */
#include "carrier.h"
#include "dns.h"

void nfim_flow_init(struct nfim_flow *flow)
{
	memset(flow, 0, sizeof(*flow));
}

void nfim_flow_offered(struct nfim_flow *flow, u8 proto, u32 actions)
{
	flow->proto = proto;
	flow->conf = NFIM_CONF_OFFER;
	flow->dir[0].node = actions;
	flow->dir[1].node = actions;
}

static struct nfim_block *join(struct nfim_block *a, struct nfim_block *b)
{
	struct nfim_block *last = a;

	if (!a)
		return b;
	while (last->next)
		last = last->next;
	/* A reader of the one list may be led into the other, see nfim_window_trim(). */
	smp_store_release(&last->next, b);
	return a;
}

struct nfim_block *nfim_flow_clear(struct nfim_flow *flow)
{
	return join(nfim_window_trim(&flow->dir[0].blocks, U32_MAX),
		    nfim_window_trim(&flow->dir[1].blocks, U32_MAX));
}

static bool dir_spoke(const struct nfim_flow *flow, u32 i)
{
	return flow->flags[i] & NFIM_F_BASE;
}

bool nfim_flow_live(const struct nfim_flow *flow)
{
	u32 i;

	if (flow->done)
		return false;
	for (i = 0; i < 2; i++) {
		if (nfim_dir_waits(flow, i))
			return true;
		if (!dir_spoke(flow, i) && !(flow->flags[!i] & NFIM_F_MID))
			return true;
	}
	return false;
}

/* How much of a direction is known to have arrived; all of it where nobody can tell. */
static u32 dir_arrived(const struct nfim_flow *flow, const struct nfim_seg *seg, u32 i)
{
	const struct nfim_flow_dir *d = &flow->dir[i];
	bool known = i == seg->dir ? seg->has_acked : seg->has_peer_acked;
	u32 acked = (i == seg->dir ? seg->acked : seg->peer_acked) - d->base;

	if (!seg->settle)
		return d->next;
	if (!known || acked > 1U << 30)
		return 0;
	return min(acked, d->next);
}

/* Closed, and by bytes that the receiver has. */
static bool dir_settled(const struct nfim_flow *flow, const struct nfim_seg *seg, u32 i)
{
	const struct nfim_flow_dir *d = &flow->dir[i];

	return flow->flags[i] & NFIM_F_CLOSED &&
	       (!seg->settle || dir_arrived(flow, seg, i) >= d->origin + d->wake);
}

/* None of ours; but where the stream could be read in two ways, we do not know. */
static void flow_none(struct nfim_flow *flow)
{
	bool anomaly = (flow->flags[0] | flow->flags[1]) & NFIM_F_ANOMALY;

	flow->done = anomaly ? NFIM_GIVEN_UP : NFIM_NONE;
}

static void flow_expire(struct nfim_flow *flow, u8 l4)
{
	/* A hello that was begun and not ended says nothing. */
	if (l4 == NFIM_L4_UDP && (flow->dir[0].blocks || flow->dir[1].blocks))
		flow->done = NFIM_GIVEN_UP;
	else if (l4 == NFIM_L4_UDP || !nfim_flow_live(flow))
		flow_none(flow);
}

enum nfim_verdict nfim_flow_expire(struct nfim_flow *flow, u8 l4)
{
	flow_expire(flow, l4);
	nfim_learnt_end(flow);
	return flow->done;
}

/* Is all that was read of a direction, which is between two messages, known to have arrived? */
static bool dir_rests(const struct nfim_flow *flow, const struct nfim_seg *seg, u32 i)
{
	const struct nfim_flow_dir *d = &flow->dir[i];

	return nfim_dir_idle(d) && !d->blocks && dir_arrived(flow, seg, i) >= d->next;
}

/*
 * A direction read to the end of its budget. If the other one has never spoken, or is between
 * two messages, nothing more is waited for: so a download ends the reading of its flow.
 */
static void dir_exhausted(struct nfim_flow *flow, const struct nfim_seg *seg, u32 me)
{
	struct nfim_flow_dir *d = &flow->dir[me];
	u32 other = !me;

	if (nfim_dir_waits(flow, me)) {
		flow->done = NFIM_GIVEN_UP;
		return;
	}
	if (!(flow->flags[me] & NFIM_F_CLOSED)) {
		d->node = 0;
		d->waits = 0;
		d->wake = 0;
		d->origin = min(d->origin, d->next);
	}
	flow->flags[me] |= NFIM_F_CLOSED;
	if (dir_rests(flow, seg, other) ||
	    (!nfim_dir_waits(flow, other) &&
	     (!dir_spoke(flow, other) || (flow->flags[other] & NFIM_F_MID))))
		flow_none(flow);
}

/*
 * Of the budget something is spent, or both directions are closed: is the flow at its end? Nothing
 * that still may become a protocol is ended by time.
 */
void nfim_flow_spent(struct nfim_flow *flow, const struct nfim_seg *seg)
{
	const u8 was[2] = { flow->flags[0], flow->flags[1] };
	u32 i;

	/* Either: a packet acknowledges the other direction, too. */
	for (i = 0; i < 2 && !flow->done; i++)
		if (flow->dir[i].next >= NFIM_BUDGET_BYTES && dir_spoke(flow, i) &&
		    dir_arrived(flow, seg, i) >= NFIM_BUDGET_BYTES)
			dir_exhausted(flow, seg, i);
	if (flow->done)
		return;
	if (was[0] & was[1] & NFIM_F_CLOSED && dir_settled(flow, seg, 0) &&
	    dir_settled(flow, seg, 1)) {
		flow_none(flow);
	} else if (flow->packets >= NFIM_BUDGET_PACKETS) {
		flow_none(flow);
		for (i = 0; i < 2; i++)
			if (nfim_dir_waits(flow, i) ||
			    (flow->flags[i] & NFIM_F_CLOSED &&
			     !(was[i] & NFIM_F_CLOSED && dir_settled(flow, seg, i))))
				flow->done = NFIM_GIVEN_UP;
	} else if (seg->age > NFIM_BUDGET_AGE) {
		flow_expire(flow, NFIM_L4_TCP);
	}
}

/*
 * What the rule or the name says of the whole flow is kept where a direction with frames keeps
 * what its frame does, so that only one without them, as all packets of the flow, has it.
 */
static void flow_verdict(const struct nfim_match_ctx *mc, struct nfim_flow *flow)
{
	flow->proto = mc->proto;
	flow->conf = mc->conf;
	mc->step->conf = mc->conf;
	flow->done = NFIM_KNOWN;
	mc->step->rule = mc->rule;
	flow->dir[0].node = mc->rule == NFIM_NO_RULE ? mc->actions :
						       mc->pack->rules[mc->rule].actions;
	flow->dir[1].node = flow->dir[0].node;
	mc->step->actions |= flow->dir[0].node;
}

/* The packet that completes the evidence: its verdict, and what else it says. */
static void flow_known(const struct nfim_match_ctx *mc, struct nfim_flow *flow)
{
	struct nfim_flow_dir *d = &flow->dir[mc->seg->dir], *o = &flow->dir[!mc->seg->dir];

	mc->step->trim = U32_MAX;
	/* Bytes that said no were replaced by others that say yes. */
	if (flow->flags[mc->seg->dir] & NFIM_F_REOPENED)
		flow->flags[mc->seg->dir] |= NFIM_F_ANOMALY;
	d->node = 0;
	d->wake = 0;
	d->waits = 0;
	flow->flags[mc->seg->dir] &= ~NFIM_F_CLOSED;
	/* What the other side said before is gone: its frames are found again at a segment. */
	if (dir_spoke(flow, !mc->seg->dir))
		flow->flags[!mc->seg->dir] |= NFIM_F_LOST;
	flow->flags[!mc->seg->dir] &= ~NFIM_F_CLOSED;
	o->node = 0;
	o->wake = 0;
	o->waits = 0;
	flow_verdict(mc, flow);
}

void nfim_dir_become_mid(struct nfim_flow *flow, const struct nfim_seg *seg)
{
	struct nfim_flow_dir *d = &flow->dir[seg->dir];
	u32 node = d->node;

	d->base = seg->seq;
	flow->flags[seg->dir] |= NFIM_F_BASE | NFIM_F_MID;
	flow->flags[seg->dir] &= ~NFIM_F_CONFLICT;
	d->chain = 0;
	nfim_dir_restart(flow, seg->dir, 0);
	/* Of a known flow it is no place in the index, but what its packets do. */
	if (flow->done)
		d->node = node;
}

/*
 * The receiver acknowledged bytes that never came by here: the stream's start cannot be
 * had any more, so the direction is read in mid-stream.
 */
static void dir_check_missed(struct nfim_flow *flow, const struct nfim_seg *seg)
{
	struct nfim_flow_dir *d = &flow->dir[seg->dir];
	u32 acked = seg->acked - d->base;

	if (!seg->has_acked || flow->done || (flow->flags[seg->dir] & NFIM_F_CLOSED) ||
	    acked > 1U << 30 || acked <= d->next)
		return;
	if (d->blocks)
		flow->done = NFIM_GIVEN_UP;
	else
		nfim_dir_become_mid(flow, seg);
}

/* Bytes the receiver has acknowledged cannot be replaced; drop them from the segment's front. */
static void place_acked(struct nfim_flow *flow, const struct nfim_seg *seg,
			struct nfim_place *pl)
{
	struct nfim_flow_dir *d = &flow->dir[seg->dir];
	u32 acked = seg->acked - d->base, cut;

	if (!seg->has_acked || acked > 1U << 30 || acked <= pl->start || acked > d->next)
		return;
	cut = min(acked - pl->start, seg->len - pl->skip);
	pl->skip += cut;
	pl->start += cut;
}

/*
 * Where in the stream does the segment lie? The base is the SYN's, or the peer's
 * acknowledgment, or unknown (DESIGN D4); the byte below the stream's start that keep-alives
 * carry, and what was acknowledged, is cut off. False: nothing is left.
 */
static bool seg_place(struct nfim_flow *flow, const struct nfim_seg *seg, struct nfim_place *pl)
{
	struct nfim_flow_dir *d = &flow->dir[seg->dir];
	u32 ahead;

	if (!(flow->flags[seg->dir] & NFIM_F_BASE)) {
		/* However far ahead the segment is: the bytes before are still on their way. */
		if (seg->has_base) {
			d->base = seg->base;
			flow->flags[seg->dir] |= NFIM_F_BASE;
		} else {
			nfim_dir_become_mid(flow, seg);
		}
	}
	dir_check_missed(flow, seg);
	ahead = seg->seq - d->base;
	pl->skip = 0;
	if (ahead >= 1U << 31) {
		pl->skip = min(d->base - seg->seq, seg->len);
		ahead = 0;
	}
	pl->start = ahead;
	place_acked(flow, seg, pl);
	pl->end = pl->start + (seg->len - pl->skip);
	return pl->skip < seg->len;
}

/* Remember the segment's bytes: they came too early, or a rule wants more. */
static void seg_keep(struct nfim_flow *flow, const struct nfim_place *pl,
		     const struct nfim_window_view *wv, struct nfim_step *step, bool differs)
{
	const struct nfim_flow_dir *d = &flow->dir[wv->seg->dir];
	u32 from = max(pl->start, d->origin);

	u32 to = min(pl->end, d->next + NFIM_WINDOW_MAX);

	/* What lies further ahead comes after the budget; nobody can read it before this. */
	if (from >= to)
		return;
	step->blocks = nfim_window_blocks(wv, from, to, differs);
	if (step->blocks > NFIM_BLOCKS_MAX) {
		step->blocks = 0;
		flow->done = NFIM_GIVEN_UP;
		return;
	}
	step->keep_from = from;
	step->keep_to = to;
}

/* Both readings of the bytes in order, if there are two; the first that says yes wins. */
static enum nfim_run_result seg_readings(struct nfim_match_ctx *mc, struct nfim_flow *flow,
					 struct nfim_window_view *wv, const struct nfim_place *pl,
					 u32 avail)
{
	struct nfim_flow_dir *d = &flow->dir[mc->seg->dir];
	u8 *flags = &flow->flags[mc->seg->dir];
	struct nfim_flow_dir scratch = *d;
	u8 scratch_flags = *flags & ~NFIM_F_REWALK;
	struct nfim_carry c = {
		.mc = mc,
		.d = d,
		.flags = flags,
		.view = &wv->view,
		.avail = avail,
		.from = d->next,
		.peer_chain = flow->dir[!mc->seg->dir].chain,
		.wait = mc->step->wait,
	};
	struct nfim_wait later_wait[NFIM_WAITS] __uninitialized;
	enum nfim_run_result first, later;
	bool conflict = *flags & NFIM_F_CONFLICT;

	first = nfim_carry(&c);
	mc->step->waits = true;
	if (first == NFIM_RUN_YES || !conflict)
		return first;
	if (!(scratch.step & NFIM_STEP_MOVED))
		scratch.node = 0;
	scratch.waits = 0;
	nfim_window_view_init(wv, d->blocks, mc->seg, pl->start, pl->skip, true);
	c.d = &scratch;
	c.flags = &scratch_flags;
	c.from = scratch.origin;
	c.wait = later_wait;
	c.fresh = NULL;
	later = nfim_carry(&c);
	if (later == NFIM_RUN_NO)
		return first;
	if (later == NFIM_RUN_YES)
		d->origin = scratch.origin;
	d->wake = 0;
	return later;
}

static enum nfim_run_result seg_match(struct nfim_match_ctx *mc, struct nfim_flow *flow,
				      struct nfim_window_view *wv, const struct nfim_place *pl,
				      u32 avail)
{
	enum nfim_run_result res = seg_readings(mc, flow, wv, pl, avail);
	u32 me = mc->seg->dir;

	if (res == NFIM_RUN_MORE && mc->half)
		nfim_pair_wait(mc, &flow->dir[me], &flow->flags[me], mc->step->wait);
	return res;
}

/*
 * No rule wants more of this direction, or of this segment of it. What was kept of it before
 * stays: the bytes that said no may be sent once more, as others.
 */
void nfim_dir_close(const struct nfim_match_ctx *mc, struct nfim_flow *flow, u32 prior, u32 avail,
		    u32 keep)
{
	u32 i = mc->seg->dir, origin = flow->dir[i].origin;
	struct nfim_step *step = mc->step;

	nfim_dir_restart(flow, i, origin);
	step->waits = false;
	flow->dir[i].next = max(prior, avail);
	if (!(flow->flags[i] & NFIM_F_MID)) {
		flow->flags[i] |= NFIM_F_CLOSED;
		nfim_pair_store(mc, &flow->dir[i]);
		flow->dir[i].wake = min_t(u32, avail - origin, keep);
		if (prior > origin && flow->dir[i].blocks)
			return;
	}
	flow->flags[i] &= ~NFIM_F_CONFLICT;
	step->trim = U32_MAX;
}

/* How far what is kept goes on from the direction's origin. */
static u32 dir_kept(const struct nfim_flow_dir *d)
{
	struct nfim_window_view wv;

	if (!d->blocks)
		return d->origin;
	nfim_window_view_init(&wv, d->blocks, NULL, 0, 0, false);
	return nfim_window_reach(&wv, d->origin);
}

/*
 * A closed direction is looked at again if the bytes that closed it are sent once more: the
 * first copy may have been a decoy that never arrived (PROTOCOLS E6, E8).
 */
static bool dir_reopen(struct nfim_flow *flow, const struct nfim_seg *seg,
		       const struct nfim_place *pl)
{
	struct nfim_flow_dir *d = &flow->dir[seg->dir];
	u8 flags = flow->flags[seg->dir];
	u32 kept;

	if (flags & NFIM_F_MID) {
		/* Every segment is a new start, unless one before waits for more. */
		if (!nfim_dir_waits(flow, seg->dir) && !(flags & NFIM_F_CLOSED))
			nfim_dir_restart(flow, seg->dir, pl->start);
		return !(flags & NFIM_F_CLOSED);
	}
	if (!(flags & NFIM_F_CLOSED))
		return true;
	kept = dir_kept(d);
	if (pl->start > kept || pl->end <= kept)
		return false;
	nfim_dir_restart(flow, seg->dir, d->origin);
	flow->flags[seg->dir] |= NFIM_F_REOPENED;
	return true;
}

/* Nothing was decided by the bytes up to d->next: those that are needed again are kept. */
static void seg_wait(struct nfim_match_ctx *mc, struct nfim_flow *flow,
		     const struct nfim_place *pl, const struct nfim_window_view *wv, bool differs)
{
	struct nfim_flow_dir *d = &flow->dir[mc->seg->dir];

	if (mc->too_much ||
	    (d->next > d->origin && d->next - d->origin > nfim_dir_keep(d)))
		flow->done = NFIM_GIVEN_UP;
	else
		seg_keep(flow, pl, wv, mc->step, differs);
}

/* The bytes up to @avail are new, or contradict old ones: what do they say? */
static void seg_read(struct nfim_match_ctx *mc, struct nfim_flow *flow,
		     const struct nfim_place *pl, struct nfim_window_view *wv, u32 avail,
		     bool differs)
{
	u32 me = mc->seg->dir, prior = flow->dir[me].next, origin = flow->dir[me].origin;
	struct nfim_flow_dir *d = &flow->dir[me];
	enum nfim_run_result res = NFIM_RUN_MORE;
	u32 keep = nfim_dir_keep(d);

	if (avail > origin &&
	    (avail - origin >= d->wake || (flow->flags[me] & NFIM_F_CONFLICT)))
		res = seg_match(mc, flow, wv, pl, avail);
	if (res == NFIM_RUN_NO) {
		nfim_dir_close(mc, flow, prior, avail, keep);
		return;
	}
	d->next = avail;
	if (res == NFIM_RUN_YES) {
		wv->view.len = avail;
		flow_known(mc, flow);
		if (mc->watch && !nfim_dir_masked(d))
			nfim_frames_walk(mc, flow, wv, pl);
		return;
	}
	if (d->origin != origin)
		mc->step->trim = d->origin;
	seg_wait(mc, flow, pl, wv, differs);
}

/*
 * Does a segment at the direction's origin, of which nothing is kept, begin like nothing that we
 * know? Most do: one look at its first bytes says so. False where it takes the whole way.
 */
bool nfim_seg_nothing(const struct nfim_match_ctx *mc, const struct nfim_flow *flow,
		      const struct nfim_place *pl)
{
	const struct nfim_flow_dir *d = &flow->dir[mc->seg->dir];
	const struct nfim_seg *seg = mc->seg;
	u8 flags = flow->flags[seg->dir];

	if (d->blocks || pl->start != d->origin || d->next != d->origin || d->node || d->waits ||
	    d->carrier != NFIM_CARRIER_UNTRIED || pl->skip >= seg->head_len ||
	    flags & (NFIM_F_CONFLICT | NFIM_F_REWALK))
		return false;
	/* It may be what nfim_try_blind() knows. */
	if (!seg->dir && !(flags & NFIM_F_MID) && seg->len - pl->skip >= NFIM_BLIND)
		return false;
	return nfim_carrier_begin(mc, seg->head[pl->skip]) == NFIM_CARRIER_NONE &&
	       nfim_match_nothing(mc, flags & NFIM_F_MID ? NFIM_ROOT_TCP_MID : NFIM_ROOT_TCP,
				  seg->head + pl->skip, seg->head_len - pl->skip, false);
}

static void seg_undecided(struct nfim_match_ctx *mc, struct nfim_flow *flow,
			  const struct nfim_place *pl)
{
	struct nfim_flow_dir *d = &flow->dir[mc->seg->dir];
	struct nfim_window_view wv;
	bool differs;
	u32 avail;

	if (flow->flags[mc->seg->dir] & NFIM_F_CLOSED)
		nfim_pair_recall(mc, d);
	if (!dir_reopen(flow, mc->seg, pl)) {
		d->next = max(d->next, pl->end);
		return;
	}
	if (nfim_seg_nothing(mc, flow, pl)) {
		nfim_dir_close(mc, flow, d->next, pl->end, nfim_dir_keep(d));
		return;
	}
	nfim_window_view_init(&wv, d->blocks, mc->seg, pl->start, pl->skip, false);
	differs = d->blocks && nfim_window_differs(&wv);
	if (differs)
		flow->flags[mc->seg->dir] |= NFIM_F_CONFLICT | NFIM_F_ANOMALY;
	avail = nfim_window_reach(&wv, d->next);
	if (avail != d->next || differs)
		seg_read(mc, flow, pl, &wv, avail, differs);
	else if (pl->start > avail)
		seg_keep(flow, pl, &wv, mc->step, differs);
}

/* Do the stream's first bytes come once more, after a carrier took them for its own? */
static bool seg_is_again(const struct nfim_flow *flow, const struct nfim_seg *seg,
			 const struct nfim_place *pl)
{
	const struct nfim_flow_dir *d = &flow->dir[seg->dir];

	return !pl->start && d->next && d->origin && !(flow->flags[seg->dir] & NFIM_F_MID);
}

/*
 * They do, unacknowledged, and the stream as it was read before decided nothing. What came first
 * may have been a decoy, so that these count, too (PROTOCOLS E6, E8).
 */
static void seg_again(struct nfim_match_ctx *mc, struct nfim_flow *flow,
		      const struct nfim_place *pl)
{
	struct nfim_flow_dir *d = &flow->dir[mc->seg->dir], scratch = { .base = d->base };
	struct nfim_wait wait[NFIM_WAITS] __uninitialized;
	struct nfim_window_view wv;
	u8 flags = 0, target;
	struct nfim_carry c = {
		.mc = mc,
		.wait = wait,
		.d = &scratch,
		.flags = &flags,
		.view = &wv.view,
		.avail = pl->end,
	};

	nfim_window_view_init(&wv, NULL, mc->seg, pl->start, pl->skip, false);
	if (!mc->asked)
		mc->target = flow->conf == NFIM_CONF_TARGET ? flow->proto : 0;
	target = mc->target;
	if (nfim_carry(&c) != NFIM_RUN_YES) {
		/* Two readings lead to two hosts: nobody knows to which. */
		if (mc->target != target)
			flow->flags[mc->seg->dir] |= NFIM_F_ANOMALY;
		mc->target = target;
		return;
	}
	mc->step->blocks = 0;
	mc->step->keep_from = 0;
	mc->step->keep_to = 0;
	flow_known(mc, flow);
	/* Frames of a stream that was read in two ways are anybody's guess. */
	flow->flags[mc->seg->dir] |= NFIM_F_ANOMALY | NFIM_F_LOST;
}

static void step_segment(struct nfim_match_ctx *mc, struct nfim_flow *flow)
{
	struct nfim_place pl;
	bool left = seg_place(flow, mc->seg, &pl);
	bool again = left && seg_is_again(flow, mc->seg, &pl);

	mc->step->seg_start = pl.start;
	mc->step->seg_skip = pl.skip;
	if (flow->done == NFIM_KNOWN) {
		if (left && mc->watch && !nfim_dir_masked(&flow->dir[mc->seg->dir]))
			nfim_frames_segment(mc, flow, &pl);
		return;
	}
	if (left && !flow->done)
		seg_undecided(mc, flow, &pl);
	if (again && !flow->done)
		seg_again(mc, flow, &pl);
	if (mc->seg->urgent && !flow->done)
		flow->flags[mc->seg->dir] |= NFIM_F_ANOMALY;
	if (!flow->done)
		nfim_flow_budget(flow, mc->seg);
}

static void step_datagram(struct nfim_match_ctx *mc, struct nfim_flow *flow)
{
	struct nfim_window_view wv;

	nfim_window_view_init(&wv, NULL, mc->seg, 0, 0, false);
	wv.view.len = mc->seg->len;
	wv.view.last = true;
	if (!flow->done && nfim_blind_to_datagrams(mc->pack)) {
		flow->done = NFIM_NONE;
	} else if (!flow->done) {
		if (nfim_carry_datagram(mc, &wv.view) == NFIM_RUN_YES ||
		    nfim_stun_datagram(mc, &wv.view) || nfim_quic_datagram(mc, flow, &wv.view) ||
		    nfim_dtls_datagram(mc, flow, &wv.view)) {
			flow_verdict(mc, flow);
			mc->step->trim = U32_MAX;
		} else if (mc->too_much) {
			flow->done = NFIM_GIVEN_UP;
		} else if (flow->packets >= NFIM_BUDGET_DATAGRAMS ||
			   mc->seg->age > NFIM_BUDGET_AGE) {
			flow_expire(flow, NFIM_L4_UDP);
		}
	}
	if (!flow->done && mc->half)
		nfim_pair_store(mc, &flow->dir[mc->seg->dir]);
	if (flow->done == NFIM_KNOWN && mc->watch)
		nfim_frames_datagram(mc, flow, &wv);
}

/* A new pack has other rules and another index: what was kept is looked at from its start. */
static void flow_repack(struct nfim_flow *flow, const struct nfim_seg *seg,
			const struct nfim_pack *pack)
{
	u32 i;

	flow->epoch = pack->epoch;
	if (unlikely(flow->conf >= NFIM_CONF_LEARNT) && !flow->done &&
	    !nfim_pack_proto(pack, flow->proto))
		nfim_flow_unlearn(flow);
	for (i = 0; i < 2; i++) {
		flow->flags[i] |= NFIM_F_REWALK;
		/* What it said of a pair is of the other pack; what was offered is no pair. */
		if (!flow->done &&
		    (seg->l4 == NFIM_L4_UDP || flow->flags[i] & NFIM_F_CLOSED)) {
			flow->dir[i].waits = 0;
			flow->dir[i].node = 0;
		}
		/* How far a closed direction was read stays: it may not have arrived yet. */
		if (!(flow->flags[i] & NFIM_F_CLOSED))
			flow->dir[i].wake = 0;
	}
}

/* The first packet with payload of a flow that was offered. */
static void flow_expected(struct nfim_flow *flow, struct nfim_step *step)
{
	flow->done = NFIM_KNOWN;
	flow->flags[0] |= NFIM_F_LOST;
	flow->flags[1] |= NFIM_F_LOST;
	step->conf = NFIM_CONF_PAYLOAD;
	step->actions = flow->dir[0].node;
}

void nfim_flow_step(const struct nfim_pack *pack, struct nfim_flow *flow,
		    const struct nfim_seg *seg, enum nfim_watch watch, struct nfim_step *step)
{
	struct nfim_match_ctx mc = {
		.pack = pack,
		.flow = flow,
		.seg = seg,
		.step = step,
		.rule = NFIM_NO_RULE,
		.watch = watch,
	};
	u8 was = flow->done;

	memset(step, 0, offsetof(struct nfim_step, user));
	step->rule = NFIM_NO_RULE;
	step->offers.n = 0;
	step->offers.tries = 0;
	step->told.n = 0;
	step->told.lost = false;
	step->told.asked = false;
	if (flow->packets < U16_MAX)
		flow->packets++;
	if (unlikely(!was && flow->conf == NFIM_CONF_OFFER))
		flow_expected(flow, step);
	if (flow->epoch != pack->epoch && !was)
		flow_repack(flow, seg, pack);
	/* Nothing of it could be read; so it will be with the rest. */
	if (unlikely(was && flow->conf == NFIM_CONF_LEARNT))
		mc.watch = NFIM_WATCH_NOTHING;
	if (unlikely(seg->learn && seg->l4 == NFIM_L4_UDP))
		nfim_dns_learn(pack, flow, seg, step);
	if (seg->l4 == NFIM_L4_UDP)
		step_datagram(&mc, flow);
	else if (was == NFIM_UNDECIDED || was == NFIM_KNOWN)
		step_segment(&mc, flow);
	step->server &= !flow->dir[seg->dir].chain;
	if (unlikely(mc.asked) && flow->done != NFIM_KNOWN)
		nfim_flow_target(flow, mc.target);
	if (unlikely(flow->conf >= NFIM_CONF_LEARNT && !was))
		nfim_learnt_step(flow, step);
	step->offer = step->actions & NFIM_ACTION_OFFER;
	step->actions &= NFIM_ACTIONS_MASK;
	step->verdict = flow->done;
	step->fresh = !was && flow->done;
	if (flow->done == NFIM_NONE || flow->done == NFIM_GIVEN_UP) {
		step->blocks = 0;
		step->keep_to = 0;
		step->keep_from = 0;
	}
}

enum nfim_verdict nfim_flow_settle(struct nfim_flow *flow, const struct nfim_seg *seg)
{
	if (!flow->done && seg->l4 == NFIM_L4_TCP)
		nfim_flow_budget(flow, seg);
	nfim_learnt_end(flow);
	return flow->done;
}

/* Write down which rules wait, beside the first bytes that they wait with. */
static void commit_waits(struct nfim_flow *flow, u32 i, const struct nfim_step *step)
{
	struct nfim_flow_dir *d = &flow->dir[i];
	struct nfim_block *home = nfim_window_home(d->blocks, d->origin);

	if (home) {
		memcpy(home->wait, step->wait,
		       min_t(u32, d->waits, NFIM_WAITS) * sizeof(*step->wait));
		return;
	}
	d->waits = 0;
	d->wake = 0;
	flow->flags[i] |= NFIM_F_REWALK;
}

bool nfim_flow_commit(struct nfim_flow *flow, const struct nfim_seg *seg,
		      const struct nfim_step *step, struct nfim_block **spare,
		      struct nfim_block **gone)
{
	struct nfim_flow_dir *d = &flow->dir[seg->dir];
	bool ok = true;

	*gone = NULL;
	if (step->keep_to > step->keep_from)
		ok = nfim_window_store(&d->blocks, seg, step->seg_start, step->seg_skip,
				       step->keep_from, step->keep_to, spare);
	if (step->crypto && !flow->done)
		ok = nfim_quic_commit(&d->blocks, seg->quic, spare);
	if (!ok && flow->done == NFIM_KNOWN)
		flow->flags[seg->dir] |= NFIM_F_LOST;
	else if (!ok)
		flow->done = NFIM_GIVEN_UP;
	if (flow->done && flow->done != NFIM_KNOWN) {
		*gone = nfim_flow_clear(flow);
		return ok;
	}
	if (step->waits && d->waits && !flow->done)
		commit_waits(flow, seg->dir, step);
	if (step->trim)
		*gone = nfim_window_trim(&d->blocks, step->trim);
	if (step->fresh)
		*gone = join(*gone, nfim_window_trim(&flow->dir[!seg->dir].blocks, U32_MAX));
	return ok;
}
