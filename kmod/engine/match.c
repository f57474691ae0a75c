// SPDX-License-Identifier: GPL-2.0-only
/*
 * From the first bytes of a direction to the rules that may apply, and their answers.
 *
 * The index is a tree of literal prefixes. A walk stops where the bytes stop and goes on
 * there next time, and so does the program of a rule that wants more, once what it wants is
 * there: a stream cut into single bytes costs little more than one in one piece.
 */
#include "flow_impl.h"
#include "http.h"

enum {
	NODE_ENDED = 0xffffff,	/* the walk is over */
	NODE_MASK = 0xffffff,
	NOTHING_WORK = 512,	/* a look that may be had under a lock; a run may cost more */
};

/* What is at hand in one piece from the origin on; @all: there is nothing else. */
struct sight {
	const u8 *p;
	u32 n;
	bool all;
	const struct nfim_view *http;	/* with a head, or NULL */
};

/* One call of nfim_match(). */
struct match_run {
	struct nfim_match_ctx *mc;
	struct nfim_flow_dir *d;
	const struct nfim_view *view;
	u8 *flags;
	struct nfim_wait *wait;	/* rules that want more are written here, or nowhere */
	u32 n_wait;
	u32 need;	/* bytes from the origin at which another look is worth it */
	u32 best;	/* rule that said yes, or NFIM_NO_RULE */
	u32 best_need;	/* bytes with which it would have said so */
	u32 half;	/* rule that is the half in mc->half, or NFIM_NO_RULE */
	u32 half_need;
	bool more;
	struct sight sight;
};

static bool run_prefers(const struct match_run *run, u32 idx, u32 need, u32 to, u32 to_need)
{
	const struct nfim_rule *rules = run->mc->pack->rules;

	return to == NFIM_NO_RULE ||
	       nfim_rule_counts(&rules[idx], need, &rules[to], to_need, run->view->last);
}

static void run_yes(struct match_run *run, u32 idx, u32 need)
{
	if (run_prefers(run, idx, need, run->best, run->best_need)) {
		run->best = idx;
		run->best_need = need;
	}
}

/*
 * Half of a pair: as good as a rule, if the other direction said the other one; else it is
 * remembered. What a stream's direction said first stays: with other cuts it would be told first.
 */
static void run_half(struct match_run *run, u32 idx, const struct nfim_out *out)
{
	struct nfim_match_ctx *mc = run->mc;
	u32 half = mc->pack->rules[idx].half;

	if (nfim_pair_answers(mc, half, out->kept)) {
		run_yes(run, idx, out->need);
		return;
	}
	if (mc->half && (run->half == NFIM_NO_RULE ||
			 !run_prefers(run, idx, out->need, run->half, run->half_need))) {
		/* Said by bytes that were sent twice, as others: which came, nobody knows. */
		if (*run->flags & NFIM_F_REOPENED &&
		    (half / 2 != mc->half / 2 || out->kept != mc->kept))
			*run->flags |= NFIM_F_ANOMALY;
		return;
	}
	mc->half = half;
	mc->kept = out->kept;
	run->half = idx;
	run->half_need = out->need;
}

static void run_remember(struct match_run *run, const struct nfim_wait *wait)
{
	run->more = true;
	run->need = min_t(u32, run->need, wait->need);
	if (run->n_wait == NFIM_WAITS) {
		*run->flags |= NFIM_F_REWALK;
		return;
	}
	if (run->wait)
		run->wait[run->n_wait] = *wait;
	run->n_wait++;
}

static void run_more(struct match_run *run, u32 idx, const struct nfim_out *out)
{
	u32 origin = run->d->origin;
	u32 need = min_t(u32, out->need - origin, U16_MAX);
	struct nfim_wait wait = { .rule = idx, .need = need };

	/* What is further than that is not kept: it never comes to going on. */
	if (out->pc && out->cur - origin <= U16_MAX && wait.need < U16_MAX) {
		wait.pc = out->pc;
		wait.cur = out->cur - origin;
	}
	run_remember(run, &wait);
}

/* Is the byte string at @off of what is seen another one? True also if it cannot be there. */
static inline bool sight_differs(const struct sight *s, u32 off, const u8 *lit, u32 n)
{
	if (n > s->n || off > s->n - n)
		return s->all;
	return s->p[off] != *lit || memcmp(s->p + off, lit, n);
}

/* A load of the program, as far as it is of bytes in sight. */
static inline bool sight_load(const struct sight *s, const struct nfim_insn *insn, u32 n, u32 *acc)
{
	const u8 *p;

	if (n > s->n || insn->w1 > s->n - n)
		return false;
	p = s->p + insn->w1;
	switch (NFIM_INSN_OP(insn)) {
	case NFIM_OP_LD8:
		*acc = p[0];
		break;
	case NFIM_OP_LDBE16:
		*acc = nfim_be16(p);
		break;
	case NFIM_OP_LDLE16:
		*acc = nfim_le16(p);
		break;
	case NFIM_OP_LDBE32:
		*acc = nfim_be32(p);
		break;
	default: /* NFIM_OP_LDLE32 */
		*acc = nfim_le32(p);
		break;
	}
	return true;
}

/*
 * Does the program say no by the first of its tests, which are of fixed bytes that are in sight?
 * Most do, and to see that here costs a fraction of a run. False: a run will tell.
 */
static bool refuted_by(const struct nfim_pack *pack, const struct nfim_insn *insn,
		       const struct sight *s, u32 *work)
{
	const u8 *data;
	u32 acc = 0, n;

	/* It ends: the last instruction is YES or NO. */
	for (;; insn++) {
		(*work)++;
		switch (NFIM_INSN_OP(insn)) {
		case NFIM_OP_NEED:
			if (insn->w1 > s->n)
				return s->all;
			acc = 0;
			break;
		case NFIM_OP_BYTES:
			n = NFIM_INSN_A(insn);
			if (sight_differs(s, NFIM_INSN_B(insn), pack->data + insn->w1, n))
				return true;
			if (n + NFIM_INSN_B(insn) > s->n)
				return false;
			break;
		case NFIM_OP_LD8:
			if (!sight_load(s, insn, 1, &acc))
				return s->all;
			break;
		case NFIM_OP_LDBE16:
		case NFIM_OP_LDLE16:
			if (!sight_load(s, insn, 2, &acc))
				return s->all;
			break;
		case NFIM_OP_LDBE32:
		case NFIM_OP_LDLE32:
			if (!sight_load(s, insn, 4, &acc))
				return s->all;
			break;
		case NFIM_OP_EQ:
			if (acc != insn->w1)
				return true;
			break;
		case NFIM_OP_HTTP:
			data = pack->data + insn->w1;
			if (!s->http || nfim_http_lacks(s->http->http, insn, data) ||
			    !nfim_http_test(s->http, insn, data, work))
				return true;
			break;
		default:
			return NFIM_INSN_OP(insn) == NFIM_OP_NO;
		}
	}
}

/*
 * The same, or the rule is of the other direction. What often says no is looked at here. That the
 * first @depth bytes are the rule's is known, as they led to it.
 */
static inline bool refuted(const struct nfim_pack *pack, const struct nfim_rule *rule, u32 dirs,
			   u32 depth, const struct sight *s, u32 *work)
{
	const struct nfim_insn *insn = &pack->code[rule->code];
	u32 op = NFIM_INSN_OP(insn);

	(*work)++;
	if (!(rule->dirs & dirs))
		return true;
	if (op == NFIM_OP_NEED) {
		if (insn->w1 > s->n)
			return s->all;
		insn++;
		(*work)++;
		op = NFIM_INSN_OP(insn);
	}
	if (op == NFIM_OP_BYTES && !NFIM_INSN_B(insn) && NFIM_INSN_A(insn) <= depth)
		return refuted_by(pack, insn + 1, s, work);
	if (op == NFIM_OP_BYTES && NFIM_INSN_B(insn) < s->n &&
	    s->p[NFIM_INSN_B(insn)] != pack->data[insn->w1])
		return true;
	if (op == NFIM_OP_HTTP && s->http &&
	    nfim_http_lacks(s->http->http, insn, pack->data + insn->w1))
		return true;
	return refuted_by(pack, insn, s, work);
}

/* nfim_match_nothing() from a node on, @depth bytes behind the root. */
static noinline bool nothing_from(const struct nfim_match_ctx *mc, u32 node, u32 depth,
				  const u8 *p, u32 n, bool all)
{
	u32 dirs = 1U << mc->seg->dir, *work = &mc->step->work, i;
	const struct sight s = { .p = p, .n = n, .all = all };
	const struct nfim_pack *pack = mc->pack;
	const struct nfim_node *at;

	for (;;) {
		at = &pack->nodes[node];
		for (i = 0; i < at->n_rules; i++)
			if (*work > NOTHING_WORK ||
			    !refuted(pack, &pack->rules[pack->node_rules[at->rules + i]], dirs,
				     depth, &s, work))
				return false;
		(*work)++;
		if (depth == NFIM_PREFIX_MAX || !nfim_node_n_edges(at))
			return true;
		if (depth == n)
			return all;
		node = nfim_node_next(pack, node, p[depth++]);
		if (!node)
			return true;
	}
}

/* Those rules of a root that may say yes, by the bytes with which they begin. */
static inline u64 firsts_left(const struct nfim_firsts *firsts, const u8 *p, u32 n, bool all)
{
	u64 left = firsts->rest;
	u32 i;

	for (i = 0; i < firsts->n_offs; i++)
		if (firsts->off[i] < n ? firsts->may[p[firsts->off[i]]] & 1U << i : !all)
			left |= firsts->rules[i];
	return left;
}

/* Do those rules of a root say no that are in @left? */
static noinline bool firsts_refuted(const struct nfim_match_ctx *mc, u32 root, u64 left,
				    const u8 *p, u32 n, bool all)
{
	u32 dirs = 1U << mc->seg->dir, *work = &mc->step->work;
	const struct sight s = { .p = p, .n = n, .all = all };
	const struct nfim_pack *pack = mc->pack;
	const u32 *rule;

	for (rule = pack->node_rules + pack->nodes[root].rules; left; left >>= 1, rule++)
		if (left & 1 && (*work > NOTHING_WORK ||
				 !refuted(pack, &pack->rules[*rule], dirs, 0, &s, work)))
			return false;
	return true;
}

bool nfim_match_nothing(const struct nfim_match_ctx *mc, u32 root, const u8 *p, u32 n, bool all)
{
	const struct nfim_pack *pack = mc->pack;
	u32 node = root, depth = 0;
	u64 left;

	if (!n)
		return false;
	if (pack->nodes[root].n_rules) {
		mc->step->work++;
		left = firsts_left(&pack->firsts[root], p, n, all);
		if (left && !firsts_refuted(mc, root, left, p, n, all))
			return false;
		node = nfim_node_next(pack, root, p[depth++]);
		if (!node)
			return true;
	}
	/* Most walks end before the first rule, which takes less to see than to begin one. */
	while (!pack->nodes[node].n_rules) {
		mc->step->work++;
		if (depth == n)
			return all;
		node = nfim_node_next(pack, node, p[depth++]);
		if (!node)
			return true;
	}
	return nothing_from(mc, node, depth, p, n, all);
}

static void run_rule(struct match_run *run, u32 idx, const struct nfim_wait *from)
{
	const struct nfim_pack *pack = run->mc->pack;
	const struct nfim_rule *rule = &pack->rules[idx];
	struct nfim_out out = {};

	if (!(rule->dirs & 1U << run->mc->seg->dir))
		return;
	if (from && from->pc < rule->n_code) {
		out.pc = from->pc;
		out.cur = run->d->origin + from->cur;
		out.need = run->d->origin + from->need;
	}
	switch (nfim_run(pack, rule->code, rule->n_code, run->view, run->d->origin, &out)) {
	case NFIM_RUN_YES:
		if (rule->half)
			run_half(run, idx, &out);
		else
			run_yes(run, idx, out.need);
		break;
	case NFIM_RUN_MORE:
		run_more(run, idx, &out);
		break;
	case NFIM_RUN_NO:
		break;
	}
	run->mc->step->work += out.work;
}

static void run_rules(struct match_run *run, const struct nfim_node *n)
{
	const struct nfim_pack *pack = run->mc->pack;
	u32 i, idx, work = 0, dirs = 1U << run->mc->seg->dir;

	for (i = 0; i < n->n_rules; i++) {
		idx = pack->node_rules[n->rules + i];
		if (!refuted(pack, &pack->rules[idx], dirs, 0, &run->sight, &work))
			run_rule(run, idx, NULL);
	}
	run->mc->step->work += work;
}

/* Most nodes have no rule. */
static inline void run_node(struct match_run *run, u32 node)
{
	const struct nfim_node *n = &run->mc->pack->nodes[node];

	run->mc->step->work++;
	if (n->n_rules)
		run_rules(run, n);
}

/* The rules that waited: those whose bytes came go on, the others wait on. */
static void run_waiting(struct match_run *run, const struct nfim_wait *from)
{
	u32 have = run->view->len - run->d->origin, n = min_t(u32, run->d->waits, NFIM_WAITS), i;
	struct nfim_wait wait[NFIM_WAITS] __uninitialized;
	const struct nfim_block *home;

	if (!from) {
		home = nfim_window_home(run->d->blocks, run->d->origin);
		if (!home)
			return;
		from = home->wait;
	}
	memcpy(wait, from, n * sizeof(*wait));
	for (i = 0; i < n; i++) {
		if (nfim_pair_waits(&wait[i])) {
			nfim_pair_woken(run->mc, &wait[i]);
			continue;
		}
		/* After 256 swaps of packs the epoch is as before: it may be of another pack. */
		if (wait[i].rule >= run->mc->pack->n_rules)
			continue;
		if (wait[i].need > have && !run->view->last)
			run_remember(run, &wait[i]);
		else
			run_rule(run, wait[i].rule, &wait[i]);
	}
}

/* Follow the bytes through the index, trying the rules of every node on the way. */
static void run_index(struct match_run *run, u32 root)
{
	const struct nfim_pack *pack = run->mc->pack;
	u32 node = run->d->node & NODE_MASK, depth = run->d->node >> 24;
	u32 have = run->view->len - run->d->origin, n;
	u8 buf[NFIM_PREFIX_MAX] __uninitialized;
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

static void run_init(struct match_run *run, struct nfim_match_ctx *mc, struct nfim_flow_dir *d,
		     u8 *flags, const struct nfim_view *view, struct nfim_wait *wait)
{
	u32 at = d->origin - view->head_off, seen = min(view->head_len, view->len - view->head_off);

	run->mc = mc;
	run->d = d;
	run->view = view;
	run->flags = flags;
	run->wait = wait;
	run->n_wait = 0;
	run->need = U32_MAX;
	run->best = NFIM_NO_RULE;
	run->best_need = 0;
	run->half = NFIM_NO_RULE;
	run->half_need = 0;
	run->more = false;
	run->sight.p = NULL;
	run->sight.n = 0;
	if (view->head_off <= d->origin && at < seen) {
		run->sight.p = view->head + at;
		run->sight.n = seen - at;
	}
	run->sight.all = view->last && run->sight.n == view->len - d->origin;
	run->sight.http = view->http ? view : NULL;
}

static enum nfim_run_result run_done(struct match_run *run)
{
	struct nfim_match_ctx *mc = run->mc;

	run->d->waits = run->n_wait;
	if (run->best != NFIM_NO_RULE) {
		mc->rule = run->best;
		mc->conf = mc->pack->rules[run->best].half ? NFIM_CONF_PAIR : NFIM_CONF_PAYLOAD;
		mc->proto = mc->pack->rules[run->best].proto;
		mc->need = run->best_need;
		return NFIM_RUN_YES;
	}
	mc->need = run->d->origin + min_t(u32, run->need, U16_MAX);
	return run->more ? NFIM_RUN_MORE : NFIM_RUN_NO;
}

enum nfim_run_result nfim_match(struct nfim_match_ctx *mc, struct nfim_flow_dir *d, u8 *flags,
				const struct nfim_view *view, struct nfim_wait *wait)
{
	enum nfim_run_result res;
	u32 root = NFIM_ROOT_TCP;
	struct match_run run;

	run_init(&run, mc, d, flags, view, wait);
	if (mc->seg->l4 == NFIM_L4_UDP)
		root = NFIM_ROOT_UDP;
	else if (*flags & NFIM_F_MID)
		root = NFIM_ROOT_TCP_MID;
	if (*flags & NFIM_F_REWALK) {
		*flags &= ~NFIM_F_REWALK;
		d->waits = 0;
		d->node = 0;
	}
	if (d->waits)
		run_waiting(&run, NULL);
	run_index(&run, root);
	res = run_done(&run);
	if (res != NFIM_RUN_YES ||
	    nfim_refine(mc, view, d->origin, *flags & NFIM_F_MID) == NFIM_RUN_YES)
		return res;
	/* Whose it is shows later; then all rules say so once more. */
	*flags |= NFIM_F_REWALK;
	return NFIM_RUN_MORE;
}

enum nfim_run_result nfim_match_key(struct nfim_match_ctx *mc, struct nfim_flow_dir *d,
				    const struct nfim_view *view, struct nfim_wait *wait,
				    u32 root, const u8 *key, u32 len)
{
	struct match_run run;
	u32 node = root, i;
	u8 flags = 0;

	run_init(&run, mc, d, &flags, view, wait);
	run_node(&run, node);
	for (i = 0; i < len; i++) {
		node = nfim_node_next(mc->pack, node, key[i]);
		if (!node)
			break;
		run_node(&run, node);
	}
	if (flags & NFIM_F_REWALK)
		mc->too_much = true;
	return run_done(&run);
}

enum nfim_run_result nfim_match_waits(struct nfim_match_ctx *mc, struct nfim_flow_dir *d,
				      const struct nfim_view *view, struct nfim_wait *wait,
				      const struct nfim_wait *from)
{
	struct match_run run;
	u8 flags = 0;

	run_init(&run, mc, d, &flags, view, wait);
	if (d->waits)
		run_waiting(&run, from);
	return run_done(&run);
}
