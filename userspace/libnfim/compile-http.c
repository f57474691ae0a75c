// SPDX-License-Identifier: GPL-2.0-only
/*
 * Statements about the head of an HTTP message:
 *
 *	method LITERALS			of a request
 *	path is|starts LITERALS		without what follows a question mark
 *	query LITERALS			a field of it begins so
 *	host is|under LITERALS		of the target, or the field Host
 *	header "NAME" [is|starts|has LITERALS]
 *
 * All letters are of either case. They stand before statements about the body.
 */
#include "compile_impl.h"

enum {
	/* What a test of something that may stand anywhere is tried on, at most. */
	PLACES_QUERY = 32,
	PLACES_HEADER = 64,
	PLACES_VALUE = 256,
};

static const struct {
	const char *name;
	u32 part;
} parts[] = {
	{ "method", NFIM_HTTP_METHOD },
	{ "path", NFIM_HTTP_PATH },
	{ "query", NFIM_HTTP_QUERY },
	{ "host", NFIM_HTTP_HOST },
	{ "header", NFIM_HTTP_FIELD },
};

bool http_stmt_is(const struct tok *tok)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(parts); i++)
		if (tok_is(tok, parts[i].name))
			return true;
	return false;
}

static const u8 *to_lower(struct comp *c, const void *bytes, u32 len)
{
	u8 *p = (u8 *)arena_str(c, bytes, len);
	u32 i;

	for (i = 0; i < len; i++)
		if (p[i] >= 'A' && p[i] <= 'Z')
			p[i] |= 0x20;
	return p;
}

static void lit_lower(struct comp *c, struct lit *lit)
{
	lit->p = to_lower(c, lit->p, lit->len);
	lit->caseless = true;
}

static u32 parse_how(struct comp *c, struct lexer *lx, u32 part)
{
	const struct tok *tok = tok_peek(lx);

	if (part == NFIM_HTTP_METHOD)
		return NFIM_HTTP_IS;
	if (part == NFIM_HTTP_QUERY)
		return NFIM_HTTP_STARTS;
	if (tok_take(lx, "is"))
		return NFIM_HTTP_IS;
	if (part == NFIM_HTTP_HOST && tok_take(lx, "under"))
		return NFIM_HTTP_HAS;
	if (part != NFIM_HTTP_HOST && tok_take(lx, "starts"))
		return NFIM_HTTP_STARTS;
	if (part == NFIM_HTTP_FIELD && tok_take(lx, "has"))
		return NFIM_HTTP_HAS;
	if (part == NFIM_HTTP_HOST)
		fail(c, &tok->pos, "is or under is expected here");
	if (part == NFIM_HTTP_PATH)
		fail(c, &tok->pos, "is or starts is expected here");
	fail(c, &tok->pos, "is, starts or has is expected here");
}

static void parse_field_name(struct comp *c, struct lexer *lx, struct stmt *st)
{
	const struct tok *tok = tok_next(lx);

	if (tok->type != TOK_STR || !tok->len || tok->len > NFIM_HTTP_FIELD_MAX)
		fail(c, &tok->pos, "the name of a header in double quotes is expected here");
	st->field = (const char *)to_lower(c, tok->bytes, tok->len);
}

void http_stmt_parse(struct comp *c, struct lexer *lx, const struct prog_src *prog,
		     struct stmt *st)
{
	const struct tok *tok = tok_next(lx);
	u32 i = 0;

	if (!prog->http)
		fail(c, &tok->pos, "only rules of http know its parts");
	if (prog->stmts.n && VEC_AT(&prog->stmts, struct stmt, prog->stmts.n - 1)->kind != ST_HTTP)
		fail(c, &tok->pos, "what is said of the head comes before what is of the body");
	while (!tok_is(tok, parts[i].name))
		i++;
	st->kind = ST_HTTP;
	st->part = parts[i].part;
	if (st->part != NFIM_HTTP_FIELD && st->part != NFIM_HTTP_HOST &&
	    prog->dirs != NFIM_DIR_CLIENT)
		fail(c, &tok->pos, "a response has no %s", parts[i].name);
	vec_init(&st->alts, sizeof(struct lit));
	if (st->part == NFIM_HTTP_FIELD) {
		parse_field_name(c, lx, st);
		if (tok_peek(lx)->type == TOK_END)
			return;
	}
	st->how = parse_how(c, lx, st->part);
	lits_parse(c, lx, st, NFIM_READ_MAX, true);
	lit_lower(c, &st->lit);
	for (i = 0; i < st->alts.n; i++)
		lit_lower(c, VEC_AT(&st->alts, struct lit, i));
}

/*
 * What the method says is worth nothing, as few are in use. A field's name counts: nobody sends
 * those that rules ask for without a reason.
 */
u32 http_stmt_bits(const struct stmt *st)
{
	const struct lit name = {
		.p = (const u8 *)st->field,
		.len = st->field ? (u32)strlen(st->field) : 0,
		.caseless = true,
	};
	u32 bits = literal_bits(&st->lit), less = 0;

	switch (st->part) {
	case NFIM_HTTP_METHOD:
		return 0;
	case NFIM_HTTP_QUERY:
		less = log2_q8(PLACES_QUERY);
		break;
	case NFIM_HTTP_FIELD:
		bits += literal_bits(&name);
		less = log2_q8(PLACES_HEADER);
		if (st->how == NFIM_HTTP_HAS)
			less += log2_q8(PLACES_VALUE);
		break;
	default:
		break;
	}
	return bits > less ? bits - less : 0;
}

u32 http_stmt_data(struct comp *c, const struct stmt *st)
{
	u32 n = st->field ? (u32)strlen(st->field) : 0;
	struct vec bytes;
	u8 *p;

	if (!st->field)
		return data_add(c, st->lit.p, st->lit.len);
	vec_init(&bytes, 1);
	p = vec_add(c, &bytes, 1 + n + st->lit.len);
	p[0] = (u8)n;
	memcpy(p + 1, st->field, n);
	if (st->lit.len)
		memcpy(p + 1 + n, st->lit.p, st->lit.len);
	return data_add(c, p, bytes.n);
}
