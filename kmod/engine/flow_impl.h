/* SPDX-License-Identifier: GPL-2.0-only */
/* What flow.c, match.c, frames.c and carriers share; not for others. */
#ifndef _NF_IM_ENGINE_FLOW_IMPL_H
#define _NF_IM_ENGINE_FLOW_IMPL_H

#include "flow.h"

/* One call of nfim_flow_step(). */
struct nfim_match_ctx {
	const struct nfim_pack *pack;
	const struct nfim_flow *flow;	/* what its other direction said */
	const struct nfim_seg *seg;
	struct nfim_step *step;
	u32 rule;		/* out: the rule that said yes, or NFIM_NO_RULE */
	u32 proto;		/* out: the protocol, with that yes */
	u8 conf;		/* out: enum nfim_confidence, with that yes */
	u32 actions;		/* out: of the whole flow, with NFIM_NO_RULE */
	u8 target;		/* out: whose host a proxy was asked for, or 0 */
	bool asked;		/* out: it was asked for one, that of target */
	u32 need;		/* out, of nfim_match(): see there */
	u32 half;		/* what this direction said of a pair: nfim_rule.half, or 0 */
	u32 kept;		/* the number in it */
	enum nfim_watch watch;
	bool too_much;		/* out: more work than one packet may be */
};

/* Where a segment lies in the stream: payload from @skip on covers offsets [@start, @end). */
struct nfim_place {
	u32 start;
	u32 end;
	u32 skip;
};

/* A pack without rules for datagrams, and without names, need not look at them sixteen times. */
static inline bool nfim_blind_to_datagrams(const struct nfim_pack *pack)
{
	const struct nfim_node *root = &pack->nodes[NFIM_ROOT_UDP];

	return !root->n_rules && !nfim_node_n_edges(root) && !pack->n_names;
}

/* What flow.c and brief.c share. */
void nfim_flow_spent(struct nfim_flow *flow, const struct nfim_seg *seg);
void nfim_dir_become_mid(struct nfim_flow *flow, const struct nfim_seg *seg);
void nfim_dir_close(const struct nfim_match_ctx *mc, struct nfim_flow *flow, u32 prior, u32 avail,
		    u32 keep);
bool nfim_seg_nothing(const struct nfim_match_ctx *mc, const struct nfim_flow *flow,
		      const struct nfim_place *pl);

/* The budget of an undecided flow. Most packets leave enough of it. */
static inline void nfim_flow_budget(struct nfim_flow *flow, const struct nfim_seg *seg)
{
	if (flow->packets < NFIM_BUDGET_PACKETS && seg->age <= NFIM_BUDGET_AGE &&
	    max(flow->dir[0].next, flow->dir[1].next) < NFIM_BUDGET_BYTES &&
	    !(flow->flags[0] & flow->flags[1] & NFIM_F_CLOSED))
		return;
	nfim_flow_spent(flow, seg);
}

/*
 * Run the rules that may apply to the bytes of @view from @d->origin on. @d carries what is
 * remembered between calls: place in the index, and how many rules wait. Which ones and what
 * for is read from the window and written to @wait, unless that is NULL. @mc->need is how
 * many bytes of the view suffice for the yes, or with how many another look is worth it.
 */
enum nfim_run_result nfim_match(struct nfim_match_ctx *mc, struct nfim_flow_dir *d, u8 *flags,
				const struct nfim_view *view, struct nfim_wait *wait);

/*
 * Does none of a root's rules speak, and does none wait, if the bytes from the origin on begin with
 * the @n at @p? @all: these are all there are, and the last. False where that takes a run.
 */
bool nfim_match_nothing(const struct nfim_match_ctx *mc, u32 root, const u8 *p, u32 n, bool all);

/*
 * Run the rules of another root, by a key for its index that is complete. Programs start at
 * @d->origin. Sets mc->too_much if more rules wait than are remembered.
 */
enum nfim_run_result nfim_match_key(struct nfim_match_ctx *mc, struct nfim_flow_dir *d,
				    const struct nfim_view *view, struct nfim_wait *wait,
				    u32 root, const u8 *key, u32 len);

/* Run the rules that wait: @d->waits of those in @from, or in the window if that is NULL. */
enum nfim_run_result nfim_match_waits(struct nfim_match_ctx *mc, struct nfim_flow_dir *d,
				      const struct nfim_view *view, struct nfim_wait *wait,
				      const struct nfim_wait *from);

/*
 * Another protocol than @mc->proto at certain hosts? Then that is @mc->proto. The frames from
 * offset @at on tell the host; NFIM_RUN_MORE with @mc->need while they lack bytes, but not in
 * mid-stream (@mid), else NFIM_RUN_YES.
 */
enum nfim_run_result nfim_refine(struct nfim_match_ctx *mc, const struct nfim_view *view, u32 at,
				 bool mid);

/*
 * An undecided flow that a name was learnt for, or that a proxy was asked to take to one, has a
 * verdict now, or none yet: does the name count? After a packet with payload @step is adapted, and
 * a name of its own ends what was learnt.
 */
void nfim_learnt_end(struct nfim_flow *flow);
void nfim_flow_target(struct nfim_flow *flow, u8 proto);
void nfim_learnt_step(struct nfim_flow *flow, struct nfim_step *step);

/* Pairs: see pair.c. Is what this direction says the other half of what the other one said? */
bool nfim_pair_answers(const struct nfim_match_ctx *mc, u32 half, u32 kept);

/* A direction without rules that wait for more: what it said is remembered, or known again. */
void nfim_pair_store(const struct nfim_match_ctx *mc, struct nfim_flow_dir *d);
void nfim_pair_recall(struct nfim_match_ctx *mc, const struct nfim_flow_dir *d);

/* The same for one whose rules wait, among which it stands; @wait: as nfim_match() wrote them. */
void nfim_pair_wait(const struct nfim_match_ctx *mc, struct nfim_flow_dir *d, u8 *flags,
		    struct nfim_wait *wait);

/* Is it such a one? */
static inline bool nfim_pair_waits(const struct nfim_wait *wait)
{
	return !wait->need;
}

/* Then that is known again. */
void nfim_pair_woken(struct nfim_match_ctx *mc, const struct nfim_wait *wait);

/* Walk frames from @d->origin over what @wv shows in order; sets actions and user of the step. */
void nfim_frames_walk(struct nfim_match_ctx *mc, struct nfim_flow *flow,
		      struct nfim_window_view *wv, const struct nfim_place *pl);

/* The same for a later segment of a known flow: placing, gaps, and falling into step again. */
void nfim_frames_segment(struct nfim_match_ctx *mc, struct nfim_flow *flow,
			 const struct nfim_place *pl);

/* The same for a datagram. */
void nfim_frames_datagram(struct nfim_match_ctx *mc, struct nfim_flow *flow,
			  struct nfim_window_view *wv);

#endif /* _NF_IM_ENGINE_FLOW_IMPL_H */
