// SPDX-License-Identifier: GPL-2.0-only
/*
 * Statements of rules and frames.
 */
#include "compile_impl.h"
#include "vocab.h"

#include <stdlib.h>

static const struct field_type {
	const char *name;
	u32 load;
	u32 width;
} field_types[] = {
	{ "u8", NFIM_OP_LD8, 1 },
	{ "u16be", NFIM_OP_LDBE16, 2 },
	{ "u24be", NFIM_OP_LDBE24, 3 },
	{ "u32be", NFIM_OP_LDBE32, 4 },
	{ "u16le", NFIM_OP_LDLE16, 2 },
	{ "u32le", NFIM_OP_LDLE32, 4 },
};

static const struct field_type *find_field(const struct tok *tok)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(field_types); i++)
		if (tok_is(tok, field_types[i].name))
			return &field_types[i];
	return NULL;
}

/* [& N] [>> N] [* N] [+ N] [- N], in any order, done from left to right */
static void parse_steps(struct comp *c, struct lexer *lx, struct expr *e)
{
	static const struct {
		u32 punct;
		u32 op;
		u32 max;
	} ops[] = {
		{ '&', NFIM_OP_AND, U32_MAX },
		{ '>', NFIM_OP_SHR, 31 },
		{ '*', NFIM_OP_MUL, 255 },
		{ '+', NFIM_OP_ADD, U32_MAX },
		{ '-', NFIM_OP_SUB, U32_MAX },
	};
	u32 i = 0;

	while (i < ARRAY_SIZE(ops)) {
		struct step *step;

		if (!tok_take_punct(lx, ops[i].punct)) {
			i++;
			continue;
		}
		step = vec_add(c, &e->steps, 1);
		step->op = ops[i].op;
		step->arg = tok_number(c, lx, "a number", ops[i].max);
		i = 0;
	}
}

static void parse_field(struct comp *c, struct lexer *lx, struct expr *e)
{
	const struct tok *tok = tok_next(lx);
	const struct field_type *type = find_field(tok);

	memset(e, 0, sizeof(*e));
	vec_init(&e->steps, sizeof(struct step));
	e->pos = tok->pos;
	if (!type)
		fail(c, &tok->pos, "a field such as u16be is expected here");
	e->load = type->load;
	e->width = type->width;
	e->off = tok_number(c, lx, "the field's offset", OFF_MAX);
	parse_steps(c, lx, e);
}

/* A field with steps, or a number. */
static void parse_expr(struct comp *c, struct lexer *lx, struct expr *e, u32 max)
{
	if (find_field(tok_peek(lx))) {
		parse_field(c, lx, e);
		return;
	}
	memset(e, 0, sizeof(*e));
	vec_init(&e->steps, sizeof(struct step));
	e->pos = tok_peek(lx)->pos;
	e->off = tok_number(c, lx, "a field or a number", max);
}

/* "text", i"text", xHEX, one after another; only i"text" alone is caseless. */
void lit_parse(struct comp *c, struct lexer *lx, struct lit *lit, u32 max)
{
	struct pos pos = tok_peek(lx)->pos;
	struct vec bytes;
	u32 n = 0;

	lit->caseless = false;
	vec_init(&bytes, 1);
	for (;; n++) {
		const struct tok *tok = tok_peek(lx);

		if (tok->type == TOK_STR || tok->type == TOK_STRI) {
			bool caseless = tok->type == TOK_STRI;

			if (tok->len)
				memcpy(vec_add(c, &bytes, tok->len), tok->bytes, tok->len);
			if (n && lit->caseless != caseless)
				fail(c, &tok->pos, "a literal is caseless as a whole or not");
			lit->caseless = caseless;
		} else if (tok->type == TOK_ATOM && tok->bytes[0] == 'x' && !lit->caseless) {
			tok_hex(c, tok, tok->bytes + 1, tok->len - 1, &bytes);
		} else {
			break;
		}
		tok_next(lx);
	}
	if (!bytes.n || bytes.n > max)
		fail(c, &pos, "a literal of 1 to %lu bytes is expected here", (unsigned long)max);
	lit->p = bytes.p;
	lit->len = bytes.n;
}

/* LITERAL or, in rules, any LITERAL, LITERAL... */
void lits_parse(struct comp *c, struct lexer *lx, struct stmt *st, u32 max, bool rule)
{
	vec_init(&st->alts, sizeof(struct lit));
	if (!rule || !tok_take(lx, "any")) {
		lit_parse(c, lx, &st->lit, max);
		return;
	}
	do {
		lit_parse(c, lx, &st->lit, max);
		*(struct lit *)vec_add(c, &st->alts, 1) = st->lit;
	} while (tok_take_punct(lx, ','));
}

/* LO, LO-HI or LO-HI/STEP */
static void parse_range(struct comp *c, struct lexer *lx, struct nfim_range *r)
{
	struct pos pos = tok_peek(lx)->pos;

	r->lo = tok_number(c, lx, "a number", U32_MAX);
	r->hi = r->lo;
	r->step = 1;
	if (tok_take_punct(lx, '-'))
		r->hi = tok_number(c, lx, "the end of the range", U32_MAX);
	if (tok_take_punct(lx, '/'))
		r->step = tok_number(c, lx, "the step", U32_MAX);
	if (r->lo > r->hi || !r->step)
		fail(c, &pos, "the range is empty, or its step is 0");
}

static void parse_ranges(struct comp *c, struct lexer *lx, struct vec *ranges)
{
	vec_init(ranges, sizeof(struct nfim_range));
	do {
		struct nfim_range r;

		parse_range(c, lx, &r);
		*(struct nfim_range *)vec_add(c, ranges, 1) = r;
	} while (tok_peek(lx)->type != TOK_END);
	if (ranges->n > NFIM_RANGES_MAX)
		fail(c, &lx->line.pos, "there are more than %d ranges", NFIM_RANGES_MAX);
}

/* FIELD OFF ... = VALUE | in RANGE... */
void test_parse(struct comp *c, struct lexer *lx, struct stmt *st)
{
	const struct tok *tok;

	st->kind = ST_TEST;
	parse_field(c, lx, &st->a);
	tok = tok_peek(lx);
	if (tok_take_punct(lx, '=')) {
		struct nfim_range *r;

		vec_init(&st->ranges, sizeof(*r));
		r = vec_add(c, &st->ranges, 1);
		r->lo = tok_number(c, lx, "a number", U32_MAX);
		r->hi = r->lo;
		r->step = 1;
	} else if (tok_take(lx, "in")) {
		parse_ranges(c, lx, &st->ranges);
	} else {
		fail(c, &tok->pos, "= or in is expected here");
	}
}

static int cmp_map(const void *a, const void *b)
{
	const struct nfim_map *x = a, *y = b;

	return x->lo < y->lo ? -1 : x->lo > y->lo;
}

static void sort_maps(struct comp *c, struct stmt *st)
{
	struct nfim_map *m = st->maps.p;
	u32 i, n = 0;

	if (!st->maps.n || st->maps.n > NFIM_MAPS_MAX)
		fail(c, &st->pos, "there are no values for actions, or too many");
	qsort(m, st->maps.n, sizeof(*m), cmp_map);
	for (i = 1; i < st->maps.n; i++) {
		if (m[i].lo <= m[n].hi)
			fail(c, &st->pos, "the value 0x%lx has two actions",
			     (unsigned long)m[i].lo);
		if (m[i].value == m[n].value && m[i].lo == m[n].hi + 1)
			m[n].hi = m[i].hi;
		else
			m[++n] = m[i];
	}
	st->maps.n = n + 1;
}

u32 action_parse(struct comp *c, struct lexer *lx)
{
	const struct tok *tok = tok_word(c, lx, "an action");
	int action = nfim_vocab_find(nfim_action_names, (const char *)tok->bytes, tok->len);

	if (action < 0)
		fail(c, &tok->pos, "there is no action %.*s", (int)tok->len, tok->bytes);
	return (u32)action;
}

/* action FIELD OFF, then deeper lines NAME VALUE..., and default NAME */
static void parse_action(struct comp *c, struct lexer *lx, struct stmt *st)
{
	bool has_default = false;

	st->kind = ST_ACTION;
	vec_init(&st->maps, sizeof(struct nfim_map));
	parse_field(c, lx, &st->a);
	tok_end(c, lx);
	while (lex_peek(c, lx) && lx->line.level == 2) {
		u32 action, offer;

		if (tok_take(lx, "default")) {
			if (has_default)
				fail(c, &lx->line.pos, "there is a default already");
			has_default = true;
			st->other = action_parse(c, lx);
			tok_end(c, lx);
			continue;
		}
		offer = tok_take(lx, "offer") ? NFIM_ACTION_OFFER : 0;
		action = action_parse(c, lx);
		do {
			struct nfim_range r;
			struct nfim_map *m;

			parse_range(c, lx, &r);
			if (r.step != 1)
				fail(c, &lx->line.pos, "values of actions have no step");
			m = vec_add(c, &st->maps, 1);
			m->lo = r.lo;
			m->hi = r.hi;
			m->value = 1u << action | offer;
		} while (tok_peek(lx)->type != TOK_END);
		lex_drop(lx);
	}
	if (!has_default)
		fail(c, &st->pos, "the action of other values is missing: default NAME");
	sort_maps(c, st);
}

static void add_counted(struct comp *c, struct lexer *lx, struct vec *out, u32 max)
{
	struct lit lit;
	u8 *p;

	lit_parse(c, lx, &lit, max);
	if (lit.caseless)
		fail(c, &lx->line.pos, "keys and separators are not caseless");
	p = vec_add(c, out, lit.len + 1);
	p[0] = (u8)lit.len;
	memcpy(p + 1, lit.p, lit.len);
}

/* user client|server|any keys at OFF separator LIT : "key" , "key" ... (best first) */
static void parse_user(struct comp *c, struct lexer *lx, struct stmt *st)
{
	const struct tok *tok;

	if (text_name_parse(c, lx, st))
		return;
	st->kind = ST_USER;
	tok = tok_peek(lx);
	if (!tok_take(lx, "keys") || !tok_take(lx, "at"))
		fail(c, &tok->pos, "keys at OFFSET is expected here");
	st->off = tok_number(c, lx, "an offset", OFF_MAX);
	tok = tok_peek(lx);
	if (!tok_take(lx, "separator"))
		fail(c, &tok->pos, "separator is expected here");
	vec_init(&st->keys, 1);
	add_counted(c, lx, &st->keys, NFIM_KEY_SEP);
	tok = tok_peek(lx);
	if (!tok_take_punct(lx, ':'))
		fail(c, &tok->pos, "a colon and keys are expected here");
	do {
		add_counted(c, lx, &st->keys, NFIM_KEY_LEN);
		st->n_keys++;
	} while (tok_take_punct(lx, ','));
	if (st->n_keys > NFIM_KEY_KEYS)
		fail(c, &st->pos, "there are more than %d keys", NFIM_KEY_KEYS);
	tok_end(c, lx);
}

static void parse_scan(struct comp *c, struct lexer *lx, const struct prog_src *prog,
		       struct stmt *st)
{
	const struct tok *tok;

	st->kind = ST_SCAN;
	st->off = tok_number(c, lx, "an offset", OFF_MAX);
	tok = tok_peek(lx);
	if (!tok_take(lx, "within"))
		fail(c, &tok->pos, "within and a number of offsets are expected here");
	st->within = tok_number(c, lx, "a number of offsets", NFIM_SCAN_MAX);
	if (!st->within)
		fail(c, &tok->pos, "it scans nothing");
	lits_parse(c, lx, st, NFIM_SCAN_LIT, prog->name);
}

/* keep FIELD OFF ...: what both halves of a pair have */
static void parse_keep(struct comp *c, struct lexer *lx, const struct prog_src *prog,
		       struct stmt *st)
{
	u32 i;

	if (!prog->half)
		fail(c, &st->pos, "only half of a pair keeps a number");
	for (i = 0; i < prog->stmts.n; i++)
		if (VEC_AT(&prog->stmts, struct stmt, i)->kind == ST_KEEP)
			fail(c, &st->pos, "this half keeps a number already");
	st->kind = ST_KEEP;
	parse_field(c, lx, &st->a);
}

static void parse_same(struct comp *c, struct lexer *lx, struct stmt *st)
{
	const struct tok *tok;

	st->kind = ST_SAME;
	parse_field(c, lx, &st->a);
	tok = tok_peek(lx);
	if (!tok_take_punct(lx, '='))
		fail(c, &tok->pos, "= and a second field are expected here");
	parse_field(c, lx, &st->b);
}

static void parse_frame_stmt(struct comp *c, struct lexer *lx, const struct prog_src *prog,
			     struct stmt *st)
{
	const struct tok *tok = tok_peek(lx);

	if (prog->name)
		fail(c, &tok->pos, "only frames have frame and user");
	if (tok_take(lx, "frame")) {
		st->kind = ST_FRAME;
		parse_expr(c, lx, &st->a, OFF_MAX);
		tok_end(c, lx);
	} else if (tok_take(lx, "action")) {
		parse_action(c, lx, st);
	} else {
		parse_user(c, lx, st);
	}
}

/* end FIELD ..., end N; last LITERAL */
static void parse_end(struct comp *c, struct lexer *lx, const struct prog_src *prog,
		      struct stmt *st)
{
	const struct tok *tok = tok_next(lx);

	if (prog->l4 != NFIM_L4_UDP)
		fail(c, &tok->pos, "only datagrams have an end");
	if (tok_is(tok, "end")) {
		st->kind = ST_END;
		parse_expr(c, lx, &st->a, OFF_MAX);
		return;
	}
	st->kind = ST_TAIL;
	lit_parse(c, lx, &st->lit, NFIM_READ_MAX);
	if (st->lit.caseless)
		fail(c, &tok->pos, "the last bytes are not caseless");
}

/* action NAME... of a rule: what the flow does as a whole */
void flow_action_parse(struct comp *c, struct lexer *lx, struct prog_src *prog)
{
	do {
		prog->actions |= 1u << action_parse(c, lx);
	} while (tok_take_punct(lx, ','));
	tok_end(c, lx);
}

/* Statements that rules and frames have. */
static void parse_common(struct comp *c, struct lexer *lx, const struct prog_src *prog,
			 struct stmt *st)
{
	const struct tok *tok = tok_peek(lx);

	if (tok_take(lx, "bytes")) {
		st->kind = ST_BYTES;
		st->off = tok_number(c, lx, "an offset", OFF_MAX);
		lits_parse(c, lx, st, NFIM_READ_MAX, prog->name);
	} else if (tok_take(lx, "keep")) {
		parse_keep(c, lx, prog, st);
	} else if (tok_take(lx, "same")) {
		parse_same(c, lx, st);
	} else if (tok_take(lx, "skip")) {
		st->kind = ST_SKIP;
		parse_expr(c, lx, &st->a, OFF_MAX);
	} else if (tok_take(lx, "scan")) {
		parse_scan(c, lx, prog, st);
	} else if (http_stmt_is(tok)) {
		http_stmt_parse(c, lx, prog, st);
	} else if (tok_is(tok, "end") || tok_is(tok, "last")) {
		parse_end(c, lx, prog, st);
	} else if (find_field(tok)) {
		test_parse(c, lx, st);
	} else {
		fail(c, &tok->pos, "there is no such statement");
	}
	tok_end(c, lx);
}

void stmt_parse(struct comp *c, struct lexer *lx, struct prog_src *prog)
{
	const struct tok *tok = tok_peek(lx);
	struct stmt st = { .pos = lx->line.pos };

	if (prog->name && !prog->half && tok_take(lx, "action")) {
		flow_action_parse(c, lx, prog);
		return;
	}
	if (tok_is(tok, "frame") || tok_is(tok, "action") || tok_is(tok, "user") ||
	    (!prog->name && tok_is(tok, "host")))
		parse_frame_stmt(c, lx, prog, &st);
	else if (prog->name || !text_parse(c, lx, prog, &st))
		parse_common(c, lx, prog, &st);
	*(struct stmt *)vec_add(c, &prog->stmts, 1) = st;
}
