// SPDX-License-Identifier: GPL-2.0-only
/*
 * From the first bytes of a direction to the rules that may apply, and their answers.
 *
 * The index is a tree of literal prefixes. A walk stops where the bytes stop and goes on
 * there next time, and a rule that wants more is remembered with the number of bytes it
 * wants, so that a stream cut into single bytes costs little more than one in one piece.
 */
#include "flow_impl.h"

enum {
	NODE_ENDED = 0xffffff,	/* the walk is over */
	NODE_MASK = 0xffffff,
};

/* One call of nfim_match(). */
struct match_run {
	struct nfim_match_ctx *mc;
	struct nfim_flow_dir *d;
	struct nfim_view *view;
	u8 *flags;
	u32 need;	/* bytes from the origin at which another look is worth it */
	u32 best;	/* rule that said yes, or NFIM_NO_RULE */
	bool more;
};

/* The fewest bytes from the origin of which a rule that says yes says so. */
static u32 rule_least(struct match_run *run, u32 idx)
{
	const struct nfim_pack *pack = run->mc->pack;
	const struct nfim_rule *rule = &pack->rules[idx];
	u32 origin = run->d->origin, len = run->view->len;
	u32 lo = 0, hi = len - origin;

	if (rule->need || run->view->last)
		return rule->need;
	while (lo < hi) {
		u32 mid = lo + (hi - lo) / 2;
		struct nfim_out out = {};

		run->view->len = origin + mid;
		if (nfim_run(pack, rule->code, rule->n_code, run->view, origin, &out) ==
		    NFIM_RUN_YES)
			hi = mid;
		else
			lo = mid + 1;
		run->mc->step->work += out.work;
	}
	run->view->len = len;
	return lo;
}

/*
 * Of several rules that say yes the one counts that needs fewest bytes, since with other
 * cuts it would have been the first; then the one with more evidence.
 */
static void run_yes(struct match_run *run, u32 idx)
{
	const struct nfim_rule *rules = run->mc->pack->rules;
	u32 least, best_least;

	if (run->best == NFIM_NO_RULE) {
		run->best = idx;
		return;
	}
	least = rule_least(run, idx);
	best_least = rule_least(run, run->best);
	if (run->view->last || least == best_least) {
		least = rules[run->best].evidence;
		best_least = rules[idx].evidence;
	}
	if (least < best_least || (least == best_least && idx < run->best))
		run->best = idx;
}

static void run_remember(struct match_run *run, u32 idx, u32 need)
{
	u32 i;

	run->more = true;
	run->need = min(run->need, need);
	for (i = 0; i < NFIM_CANDIDATES; i++) {
		if (!run->d->cand[i]) {
			run->d->cand[i] = idx + 1;
			return;
		}
	}
	*run->flags |= NFIM_F_REWALK;
}

static void run_rule(struct match_run *run, u32 idx)
{
	const struct nfim_pack *pack = run->mc->pack;
	const struct nfim_rule *rule = &pack->rules[idx];
	struct nfim_out out = {};

	if (!(rule->dirs & 1U << run->mc->seg->dir))
		return;
	switch (nfim_run(pack, rule->code, rule->n_code, run->view, run->d->origin, &out)) {
	case NFIM_RUN_YES:
		run_yes(run, idx);
		break;
	case NFIM_RUN_MORE:
		run_remember(run, idx, out.need - run->d->origin);
		break;
	case NFIM_RUN_NO:
		break;
	}
	run->mc->step->work += out.work;
}

static void run_node(struct match_run *run, u32 node)
{
	const struct nfim_pack *pack = run->mc->pack;
	const struct nfim_node *n = &pack->nodes[node];
	u32 i;

	run->mc->step->work++;
	for (i = 0; i < n->n_rules; i++)
		run_rule(run, pack->node_rules[n->rules + i]);
}

static void run_waiting(struct match_run *run)
{
	u16 cand[NFIM_CANDIDATES];
	u32 i;

	memcpy(cand, run->d->cand, sizeof(cand));
	memset(run->d->cand, 0, sizeof(cand));
	/* After 256 swaps of packs the epoch is as before: an index may be of another pack. */
	for (i = 0; i < NFIM_CANDIDATES; i++)
		if (cand[i] && cand[i] <= run->mc->pack->n_rules)
			run_rule(run, cand[i] - 1);
}

/* Follow the bytes through the index, trying the rules of every node on the way. */
static void run_index(struct match_run *run, u32 root)
{
	const struct nfim_pack *pack = run->mc->pack;
	u32 node = run->d->node & NODE_MASK, depth = run->d->node >> 24;
	u32 have = run->view->len - run->d->origin, n;
	u8 buf[NFIM_PREFIX_MAX];
	const u8 *p;

	/* Over, or of another pack: see run_waiting(). */
	if (node >= pack->n_nodes)
		return;
	if (!depth) {
		node = root;
		run_node(run, node);
	}
	n = min_t(u32, have, NFIM_PREFIX_MAX);
	if (n > depth) {
		p = nfim_view_get(run->view, run->d->origin + depth, n - depth, buf);
		for (; p && depth < n && node != NODE_ENDED; depth++, p++) {
			node = nfim_node_next(pack, node, *p);
			if (node)
				run_node(run, node);
			else
				node = NODE_ENDED;
		}
	}
	if (node == NODE_ENDED || depth == NFIM_PREFIX_MAX ||
	    !nfim_node_n_edges(&pack->nodes[node])) {
		run->d->node = NODE_ENDED;
		return;
	}
	run->d->node = depth ? node | depth << 24 : 0;
	run->more = true;
	run->need = min(run->need, have + 1);
}

enum nfim_run_result nfim_match(struct nfim_match_ctx *mc, struct nfim_flow_dir *d, u8 *flags,
				struct nfim_view *view)
{
	struct match_run run = {
		.mc = mc,
		.d = d,
		.view = view,
		.flags = flags,
		.need = U32_MAX,
		.best = NFIM_NO_RULE,
	};
	u32 root = NFIM_ROOT_TCP;

	if (mc->seg->l4 == NFIM_L4_UDP)
		root = NFIM_ROOT_UDP;
	else if (*flags & NFIM_F_MID)
		root = NFIM_ROOT_TCP_MID;
	if (*flags & NFIM_F_REWALK) {
		*flags &= ~NFIM_F_REWALK;
		memset(d->cand, 0, sizeof(d->cand));
		d->node = 0;
	}
	run_waiting(&run);
	run_index(&run, root);
	if (run.best != NFIM_NO_RULE) {
		mc->rule = run.best;
		return NFIM_RUN_YES;
	}
	d->wake = min_t(u32, run.need, U16_MAX);
	return run.more ? NFIM_RUN_MORE : NFIM_RUN_NO;
}
