// SPDX-License-Identifier: GPL-2.0-only
/*
 * Statements to instructions.
 *
 * Statements up to the next one that moves the cursor by what the stream says
 * form a group. All bytes a group reads are asked for at its start by one NEED,
 * so that a rule which lacks bytes costs next to nothing and tells exactly how
 * many. A constant skip moves no cursor, only the offsets behind it.
 */
#include "compile_impl.h"

struct gen {
	struct comp *c;
	const struct prog_src *src;
	struct prog *prog;
	struct covered cov;
	u32 dirs;
	u32 base;	/* constant skips since the cursor moved */
	bool moved;	/* the cursor moved by what the stream says */
	bool framed;
	bool closed;	/* nothing may follow */
};

static void emit(struct gen *g, const struct pos *pos, u32 op, u32 a, u32 b, u32 w1)
{
	struct nfim_insn *insn;

	/* One is kept for the end. */
	if (g->prog->code.n >= NFIM_PROG_MAX - 1)
		fail(g->c, pos, "the program has more than %d instructions", NFIM_PROG_MAX);
	insn = vec_add(g->c, &g->prog->code, 1);
	insn->w0 = NFIM_INSN(op, a, b);
	insn->w1 = w1;
}

/* An offset as seen from the cursor, checked for @len bytes behind it. */
static u32 place(struct gen *g, const struct pos *pos, u32 off)
{
	if (g->base + off > OFF_MAX)
		fail(g->c, pos, "the offset is more than %d bytes from the cursor", OFF_MAX);
	return g->base + off;
}

static u32 expr_end(const struct expr *e)
{
	return e->width ? e->off + e->width : 0;
}

static void emit_expr(struct gen *g, const struct expr *e)
{
	bool sums = false;
	u32 i;

	emit(g, &e->pos, e->load, 0, 0, place(g, &e->pos, e->off));
	for (i = 0; i < e->steps.n; i++) {
		const struct step *step = VEC_AT(&e->steps, struct step, i);
		bool bitwise = step->op == NFIM_OP_AND || step->op == NFIM_OP_SHR;

		if (bitwise && sums)
			fail(g->c, &e->pos, "& and >> come before *, + and -");
		if (step->op == NFIM_OP_MUL && !step->arg)
			fail(g->c, &e->pos, "a field times 0 tells nothing");
		sums |= !bitwise;
		emit(g, &e->pos, step->op, 0, 0, step->arg);
	}
}

static u32 ranges_add(struct comp *c, const struct vec *ranges)
{
	struct vec *all = &c->sect[NFIM_SECT_RANGES];
	size_t size = sizeof(struct nfim_range) * ranges->n;
	u32 i;

	for (i = 0; i + ranges->n <= all->n; i++)
		if (!memcmp(VEC_AT(all, struct nfim_range, i), ranges->p, size))
			return i;
	i = all->n;
	memcpy(vec_add(c, all, ranges->n), ranges->p, size);
	return i;
}

static u32 maps_add(struct comp *c, struct stmt *st)
{
	struct vec *all = &c->sect[NFIM_SECT_MAPS];
	struct nfim_map *m;
	u32 i;

	/* The two directions of frames share it. */
	if (st->map_at)
		return st->map_at - 1;
	st->map_at = all->n + 1;
	m = vec_add(c, all, st->maps.n);
	memcpy(m, st->maps.p, sizeof(*m) * st->maps.n);
	for (i = 0; i < st->maps.n; i++)
		m[i].table = c->n_tables;
	c->n_tables++;
	return st->map_at - 1;
}

/* What the index may know of the first bytes. */
static void prefix_set(struct prefix *prefix, u32 off, const struct lit *lit)
{
	u32 i;

	for (i = 0; i < lit->len && off + i < NFIM_PREFIX_MAX; i++) {
		prefix->known[off + i] = 1;
		prefix->byte[off + i] = lit->p[i];
		prefix->caseless[off + i] = lit->caseless && lit->p[i] >= 'a' && lit->p[i] <= 'z';
	}
}

static void prefix_set_field(struct prefix *prefix, u32 off, const struct expr *e, u32 v)
{
	bool little = e->load == NFIM_OP_LDLE16 || e->load == NFIM_OP_LDLE32;
	u8 bytes[4];
	const struct lit lit = { bytes, e->width, false };
	u32 i;

	if (e->steps.n || (e->width < 4 && v >> e->width * 8))
		return;
	for (i = 0; i < e->width; i++)
		bytes[i] = (u8)(v >> (little ? i : e->width - 1 - i) * 8);
	prefix_set(prefix, off, &lit);
}

/* The cursor goes on by a constant: only the offsets behind it change. */
static void move_on(struct gen *g, const struct pos *pos, u32 by)
{
	g->base = place(g, pos, by);
	cover_shift(&g->cov, by, false);
}

static void gen_bytes(struct gen *g, const struct stmt *st)
{
	u32 off = place(g, &st->pos, st->off);

	if (!g->moved)
		prefix_set(&g->prog->prefix, off, &st->lit);
	emit(g, &st->pos, st->lit.caseless ? NFIM_OP_BYTESI : NFIM_OP_BYTES, st->lit.len, off,
	     data_add(g->c, st->lit.p, st->lit.len));
	if (cover_bytes(&g->cov, st->off, st->lit.len))
		g->prog->evidence += literal_bits(&st->lit);
	if (st->alts.n)
		move_on(g, &st->pos, st->off + st->lit.len);
}

static void gen_test(struct gen *g, const struct stmt *st)
{
	const struct nfim_range *r = st->ranges.p;
	u32 i;

	for (i = 0; i < st->ranges.n; i++)
		if (!st->a.steps.n && st->a.width < 4 && r[i].hi >> st->a.width * 8)
			fail(g->c, &st->pos, "the field is too narrow for 0x%lx",
			     (unsigned long)r[i].hi);
	emit_expr(g, &st->a);
	if (st->ranges.n == 1 && r->lo == r->hi) {
		emit(g, &st->pos, NFIM_OP_EQ, 0, 0, r->lo);
		if (!g->moved)
			prefix_set_field(&g->prog->prefix, g->base + st->a.off, &st->a, r->lo);
	} else {
		emit(g, &st->pos, NFIM_OP_IN, 0, st->ranges.n, ranges_add(g->c, &st->ranges));
	}
	if (cover_expr(&g->cov, &st->a))
		g->prog->evidence += range_bits(&st->a, &st->ranges);
}

static void gen_same(struct gen *g, const struct stmt *st)
{
	bool apart = expr_end(&st->a) <= st->b.off || expr_end(&st->b) <= st->a.off;
	u32 a = expr_bits(&st->a);
	u32 b = expr_bits(&st->b);
	bool fresh;

	if (!apart)
		fail(g->c, &st->pos, "the two fields overlap");
	emit_expr(g, &st->a);
	emit(g, &st->pos, NFIM_OP_SAVE, 0, 0, 0);
	emit_expr(g, &st->b);
	emit(g, &st->pos, NFIM_OP_EQREG, 0, 0, 0);
	/* One of the two must still be free to differ from the other. */
	fresh = cover_expr(&g->cov, &st->b);
	fresh |= cover_expr(&g->cov, &st->a);
	if (fresh)
		g->prog->evidence += min(a, b);
}

static void gen_keep(struct gen *g, const struct stmt *st)
{
	emit_expr(g, &st->a);
	emit(g, &st->pos, NFIM_OP_KEEP, 0, 0, 0);
	g->prog->keep_bits = expr_bits(&st->a);
	g->prog->keep_fresh = cover_expr(&g->cov, &st->a);
}

/* What the statements just before @st say of the least value of its field. */
static u32 field_least(const struct gen *g, const struct stmt *st)
{
	const struct stmt *first = g->src->stmts.p;
	const struct stmt *t;
	u32 least = U32_MAX;
	u32 i;

	for (t = st; t-- > first && t->kind != ST_SKIP && t->kind != ST_SCAN;) {
		if (t->kind != ST_TEST || t->a.steps.n || t->a.load != st->a.load ||
		    t->a.off != st->a.off)
			continue;
		for (i = 0; i < t->ranges.n; i++)
			least = min(least, VEC_AT(&t->ranges, struct nfim_range, i)->lo);
		return least;
	}
	return 0;
}

static void gen_skip(struct gen *g, const struct stmt *st)
{
	if (!st->a.width) {
		move_on(g, &st->pos, st->a.off);
		return;
	}
	emit_expr(g, &st->a);
	if (g->base)
		emit(g, &st->pos, NFIM_OP_ADD, 0, 0, g->base);
	emit(g, &st->pos, NFIM_OP_SKIPA, 0, 0, 0);
	cover_shift(&g->cov, expr_least(&st->a, field_least(g, st)), true);
	g->base = 0;
	g->moved = true;
}

static void gen_scan(struct gen *g, const struct stmt *st)
{
	u32 bits = literal_bits(&st->lit);
	u32 tries = log2_q8(st->within);
	u32 off = place(g, &st->pos, st->off);

	if (g->cov.end > st->off)
		fail(g->c, &st->pos, "the scan begins in bytes that were tested already");
	if (off)
		emit(g, &st->pos, NFIM_OP_SKIP, 0, 0, off);
	emit(g, &st->pos, st->lit.caseless ? NFIM_OP_SCANI : NFIM_OP_SCAN, st->lit.len,
	     st->within, data_add(g->c, st->lit.p, st->lit.len));
	g->prog->evidence += bits > tries ? bits - tries : 0;
	cover_shift(&g->cov, OFF_MAX, false);
	g->base = 0;
	g->moved = true;
}

static void gen_end(struct gen *g, const struct stmt *st)
{
	if (st->a.width) {
		emit_expr(g, &st->a);
		if (g->base)
			emit(g, &st->pos, NFIM_OP_ADD, 0, 0, g->base);
		emit(g, &st->pos, NFIM_OP_SKIPA, 0, 0, 0);
		if (cover_expr(&g->cov, &st->a))
			g->prog->evidence += expr_bits(&st->a);
	} else if (place(g, &st->pos, st->a.off)) {
		emit(g, &st->pos, NFIM_OP_SKIP, 0, 0, g->base + st->a.off);
	}
	emit(g, &st->pos, NFIM_OP_END, 0, 0, 0);
	g->moved = true;
	g->closed = true;
}

static void gen_tail(struct gen *g, const struct stmt *st)
{
	emit(g, &st->pos, NFIM_OP_TAIL, st->lit.len, 0, data_add(g->c, st->lit.p, st->lit.len));
	g->prog->evidence += literal_bits(&st->lit);
	g->moved = true;
	g->closed = true;
}

/* A path's first bytes are the rule's place in the index. */
static void gen_http(struct gen *g, const struct stmt *st)
{
	const struct lit lit = { st->lit.p, st->lit.len, false };

	if (st->part == NFIM_HTTP_PATH && !g->prog->prefix.known[0])
		prefix_set(&g->prog->prefix, 0, &lit);
	emit(g, &st->pos, NFIM_OP_HTTP, st->part | st->how << 4, st->lit.len,
	     http_stmt_data(g->c, st));
	g->prog->evidence += http_stmt_bits(st);
}

static void gen_frame(struct gen *g, const struct stmt *st)
{
	if (g->framed)
		fail(g->c, &st->pos, "the frame's length is given already");
	if (g->moved)
		fail(g->c, &st->pos, "the frame's length comes before skips and scans");
	if (!st->a.width)
		fail(g->c, &st->pos, "the frame's length is a field");
	if (!expr_least(&st->a, 0))
		fail(g->c, &st->pos, "the frame's length may be 0: + N, its header, is missing");
	emit_expr(g, &st->a);
	if (g->base)
		emit(g, &st->pos, NFIM_OP_ADD, 0, 0, g->base);
	emit(g, &st->pos, NFIM_OP_FRAME, 0, 0, 0);
	g->framed = true;
}

static void gen_action(struct gen *g, struct stmt *st)
{
	u32 i;

	emit_expr(g, &st->a);
	emit(g, &st->pos, NFIM_OP_MAP, st->other, st->maps.n, maps_add(g->c, st));
	g->prog->actions |= 1u << st->other;
	for (i = 0; i < st->maps.n; i++)
		g->prog->actions |= VEC_AT(&st->maps, struct nfim_map, i)->value &
				    NFIM_ACTIONS_MASK;
}

static void gen_user(struct gen *g, const struct stmt *st)
{
	u32 off = place(g, &st->pos, st->off);

	if (!(st->dirs & g->dirs))
		return;
	if (g->closed)
		fail(g->c, &st->pos, "this direction has a user already");
	if (off)
		emit(g, &st->pos, NFIM_OP_SKIP, 0, 0, off);
	emit(g, &st->pos, NFIM_OP_KEY, st->n_keys, g->framed,
	     data_add(g->c, st->keys.p, st->keys.n));
	g->closed = true;
}

/* Text is looked for from the cursor on: put it where the offsets begin, and @off further. */
static void gen_cursor(struct gen *g, const struct pos *pos, u32 off)
{
	off = place(g, pos, off);
	if (off)
		emit(g, pos, NFIM_OP_SKIP, 0, 0, off);
	g->base = 0;
}

static void gen_text(struct gen *g, struct stmt *st)
{
	u32 imm = st->op_imm;

	if (!(st->dirs & g->dirs))
		return;
	gen_cursor(g, &st->pos, st->off);
	if (st->data.n)
		imm = data_add(g->c, st->data.p, st->data.n);
	emit(g, &st->pos, st->op, st->op_a, st->op_b, imm);
	g->framed |= st->op == NFIM_OP_LINE || st->op == NFIM_OP_HEAD ||
		     st->op == NFIM_OP_STANZA || st->op == NFIM_OP_SIZE;
	g->prog->actions |= st->actions;
}

static void gen_stmt(struct gen *g, struct stmt *st);

/* A block that says nothing of the frame itself, only what it offers. */
static bool only_offers(const struct stmt *st)
{
	u32 i, op;

	for (i = 0; i < st->inner.n; i++) {
		op = VEC_AT(&st->inner, struct stmt, i)->op;
		if (op != NFIM_OP_WITHIN && op != NFIM_OP_OFFER)
			return false;
	}
	return true;
}

/* What follows from a condition ends the program; otherwise it goes on behind. */
static void gen_block(struct gen *g, struct stmt *st)
{
	bool framed = g->framed, closed = g->closed;
	const struct nfim_range *r = st->ranges.p;
	struct nfim_insn *insn;
	u32 base, at, i;

	if (!(st->dirs & g->dirs))
		return;
	if (st->kind == ST_WHEN)
		emit_expr(g, &st->a);
	else
		gen_cursor(g, &st->pos, 0);
	base = g->base;
	at = g->prog->code.n;
	if (st->kind == ST_BEGINS)
		emit(g, &st->pos, NFIM_OP_BEGINS, st->op_a, 0,
		     data_add(g->c, st->data.p, st->data.n));
	else if (st->ranges.n == 1 && r->lo == r->hi)
		emit(g, &st->pos, NFIM_OP_JNE, 0, 0, r->lo);
	else
		emit(g, &st->pos, NFIM_OP_JNIN, 0, st->ranges.n, ranges_add(g->c, &st->ranges));
	for (i = 0; i < st->inner.n; i++)
		gen_stmt(g, VEC_AT(&st->inner, struct stmt, i));
	if (g->src->l4 == NFIM_L4_TCP && !g->framed)
		fail(g->c, &st->pos, "the frame's length is not told before this or in it");
	if (!only_offers(st))
		emit(g, &st->pos, NFIM_OP_YES, 0, 0, 0);
	else if (base)
		fail(g->c, &st->pos, "what a frame offers is asked with the cursor at its start");
	insn = VEC_AT(&g->prog->code, struct nfim_insn, at);
	i = g->prog->code.n - at - 1;
	if (NFIM_INSN_OP(insn) == NFIM_OP_JNIN)
		insn->w0 = NFIM_INSN(NFIM_OP_JNIN, i, NFIM_INSN_B(insn));
	else
		insn->w0 = NFIM_INSN(NFIM_INSN_OP(insn), NFIM_INSN_A(insn), i);
	if (i > 255)
		fail(g->c, &st->pos, "the block has more than 255 instructions");
	g->framed = framed;
	g->closed = closed;
	g->base = base;
}

/* Bytes from the cursor that the statements from @i up to the next move read. */
static u32 group_need(const struct gen *g, u32 i)
{
	u32 base = g->base;
	u32 need = 0;

	for (; i < g->src->stmts.n; i++) {
		const struct stmt *st = VEC_AT(&g->src->stmts, struct stmt, i);
		u32 end = max(expr_end(&st->a), expr_end(&st->b));

		if (st->kind == ST_BYTES)
			end = st->off + st->lit.len;
		if (st->kind >= ST_TEXT)
			break;
		if (end)
			need = max(need, base + end);
		if (st->kind == ST_BYTES && st->alts.n)
			base += end;
		else if (st->kind == ST_SKIP && !st->a.width)
			base += st->a.off;
		else if (st->kind == ST_SKIP || st->kind == ST_SCAN)
			break;
	}
	return need;
}

static void gen_stmt(struct gen *g, struct stmt *st)
{
	if (g->closed && st->kind != ST_USER)
		fail(g->c, &st->pos, "nothing may follow end, last or user");
	switch (st->kind) {
	case ST_BYTES:
		gen_bytes(g, st);
		break;
	case ST_TEST:
		gen_test(g, st);
		break;
	case ST_SAME:
		gen_same(g, st);
		break;
	case ST_SKIP:
		gen_skip(g, st);
		break;
	case ST_SCAN:
		gen_scan(g, st);
		break;
	case ST_END:
		gen_end(g, st);
		break;
	case ST_TAIL:
		gen_tail(g, st);
		break;
	case ST_HTTP:
		gen_http(g, st);
		break;
	case ST_KEEP:
		gen_keep(g, st);
		break;
	case ST_FRAME:
		gen_frame(g, st);
		break;
	case ST_ACTION:
		gen_action(g, st);
		break;
	case ST_USER:
		gen_user(g, st);
		break;
	case ST_TEXT:
		gen_text(g, st);
		break;
	case ST_BEGINS:
	case ST_WHEN:
		gen_block(g, st);
		break;
	}
}

static bool stmts_differ(const struct vec *stmts)
{
	u32 i;

	for (i = 0; i < stmts->n; i++) {
		const struct stmt *st = VEC_AT(stmts, struct stmt, i);

		if (st->kind >= ST_USER && st->kind != ST_WHEN && st->dirs != NFIM_DIR_ANY)
			return true;
		if (st->kind >= ST_BEGINS && stmts_differ(&st->inner))
			return true;
	}
	return false;
}

static bool stmts_tell_host(const struct vec *stmts)
{
	u32 i;

	for (i = 0; i < stmts->n; i++) {
		const struct stmt *st = VEC_AT(stmts, struct stmt, i);

		if (st->kind == ST_TEXT && st->op == NFIM_OP_BEHIND && st->op_a)
			return true;
		if (st->kind >= ST_BEGINS && stmts_tell_host(&st->inner))
			return true;
	}
	return false;
}

bool sig_tells_host(const struct sig_src *sig)
{
	u32 i;

	for (i = 0; i < sig->frames.n; i++)
		if (stmts_tell_host(&VEC_AT(&sig->frames, struct prog_src, i)->stmts))
			return true;
	return false;
}

/* Do the directions of frames need programs of their own? */
bool prog_dirs_differ(const struct prog_src *src)
{
	return src->dirs == NFIM_DIR_ANY && stmts_differ(&src->stmts);
}

static void prefix_close(struct prefix *prefix)
{
	while (prefix->n < NFIM_PREFIX_MAX && prefix->known[prefix->n])
		prefix->n++;
}

void prog_compile(struct comp *c, const struct prog_src *src, u32 dirs, struct prog *out)
{
	struct gen *g = arena_alloc(c, sizeof(*g));
	bool group = true;
	u32 i;

	memset(out, 0, sizeof(*out));
	vec_init(&out->code, sizeof(struct nfim_insn));
	g->c = c;
	g->src = src;
	g->prog = out;
	g->dirs = dirs;
	/* It stands at the body, behind a head of any length. */
	g->moved = src->http;
	for (i = 0; i < src->stmts.n; i++) {
		struct stmt *st = VEC_AT(&src->stmts, struct stmt, i);
		u32 need = group && st->kind != ST_HTTP ? group_need(g, i) : 0;

		if (need > NFIM_NEED_MAX)
			fail(c, &st->pos, "it needs more than %d bytes", NFIM_NEED_MAX);
		if (need)
			emit(g, &st->pos, NFIM_OP_NEED, 0, 0, need);
		if (need && !i)
			out->need = need;
		gen_stmt(g, st);
		group = st->kind == ST_HTTP || st->kind == ST_SCAN ||
			(st->kind == ST_SKIP && st->a.width);
	}
	if (!src->name && src->l4 == NFIM_L4_TCP && !g->framed)
		fail(c, &src->pos, "frames on TCP tell their length: frame, line, head, ...");
	if (g->moved)
		out->need = 0;
	*(struct nfim_insn *)vec_add(c, &out->code, 1) =
		(struct nfim_insn){ .w0 = NFIM_INSN(NFIM_OP_YES, 0, 0) };
	prefix_close(&out->prefix);
}
