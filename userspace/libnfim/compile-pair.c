// SPDX-License-Identifier: GPL-2.0-only
/*
 * pair NAME: what neither direction proves alone. Two halves, each a rule but for its evidence,
 * which both directions must say; both may keep a number, which then has to be the same.
 */
#include "compile_impl.h"

enum {
	HALF_MIN = 8 * 256,	/* evidence of a half: what says yes to all is none */
};

/* half client|server|any, and its statements, two tabs deep */
static void parse_half(struct comp *c, struct lexer *lx, struct prog_src *half)
{
	half->pos = lx->line.pos;
	half->half = true;
	half->dirs = dirs_parse(c, lx);
	vec_init(&half->stmts, sizeof(struct stmt));
	tok_end(c, lx);
	while (lex_peek(c, lx) && lx->line.level > 1) {
		if (lx->line.level > 2)
			fail(c, &lx->line.pos, "the line is indented too far");
		stmt_parse(c, lx, half);
	}
	if (!half->stmts.n)
		fail(c, &half->pos, "there is nothing in this block");
}

static bool keeps(const struct prog_src *half)
{
	u32 i;

	for (i = 0; i < half->stmts.n; i++)
		if (VEC_AT(&half->stmts, struct stmt, i)->kind == ST_KEEP)
			return true;
	return false;
}

/* One of each direction, or both of any: then the two come from different ones. */
static void check_halves(struct comp *c, const struct prog_src *half)
{
	bool any = half[0].dirs == NFIM_DIR_ANY && half[1].dirs == NFIM_DIR_ANY;

	if (!any && half[0].dirs + half[1].dirs != NFIM_DIR_ANY)
		fail(c, &half[1].pos,
		     "the halves are of client and server, or both of any");
	if (keeps(&half[0]) != keeps(&half[1]))
		fail(c, &half[1].pos, "one half keeps a number and the other one does not");
}

/* pair NAME tcp|udp, then half twice, and action NAME... */
void pair_parse(struct comp *c, struct lexer *lx, struct sig_src *sig)
{
	u32 at = sig->rules.n, n = 0, i;
	struct prog_src *half, both;

	both = *rule_add(c, lx, sig);
	both.l4 = l4_parse(c, lx);
	tok_end(c, lx);
	vec_add(c, &sig->rules, 1);
	half = VEC_AT(&sig->rules, struct prog_src, at);
	half[0] = both;
	half[1] = both;
	while (lex_peek(c, lx) && lx->line.level) {
		if (lx->line.level > 1)
			fail(c, &lx->line.pos, "the line is indented too far");
		if (n < 2 && tok_take(lx, "half"))
			parse_half(c, lx, &half[n++]);
		else if (tok_take(lx, "action"))
			flow_action_parse(c, lx, &both);
		else
			fail(c, &lx->line.pos, n < 2 ? "half or action is expected here" :
			     "a pair has two halves");
	}
	if (n < 2)
		fail(c, &both.pos, "a pair has two halves");
	for (i = 0; i < 2; i++)
		half[i].actions = both.actions;
	check_halves(c, half);
}

/* What the weakest choice of a half proves. */
static u32 half_evidence(struct comp *c, struct prog_src *half, struct prog *weakest)
{
	struct prog prog;
	u32 way;

	for (way = 0; way < WAYS_MAX && prog_choose(half, way); way++) {
		prog_compile(c, half, half->dirs, &prog);
		if (!way)
			*weakest = prog;
		weakest->evidence = min(weakest->evidence, prog.evidence);
		weakest->keep_fresh &= prog.keep_fresh;
	}
	if (weakest->evidence < HALF_MIN)
		fail(c, &half->pos, "half of pair %s has less than %d bits of evidence",
		     half->name, HALF_MIN / 256);
	return weakest->evidence;
}

/* Do both begin with the same tests? Then what answers with what it was sent says both. */
static bool alike(const struct prog *a, const struct prog *b)
{
	return a->code.n == b->code.n && a->prefix.n == b->prefix.n &&
	       !memcmp(a->code.p, b->code.p, a->code.n * sizeof(struct nfim_insn)) &&
	       !memcmp(a->prefix.byte, b->prefix.byte, a->prefix.n) &&
	       !memcmp(a->prefix.known, b->prefix.known, a->prefix.n);
}

/*
 * Of both halves, and of the number that is the same in them: if one of the two is free to differ,
 * as nothing else was said of it. Halves that are alike count once.
 */
u32 pair_evidence(struct comp *c, struct prog_src *first)
{
	struct prog a, b;
	u32 sum = half_evidence(c, first, &a) + half_evidence(c, first + 1, &b);

	if (alike(&a, &b))
		return min(a.evidence, b.evidence);
	if (a.keep_fresh || b.keep_fresh)
		sum += min(a.keep_bits, b.keep_bits);
	return sum;
}
