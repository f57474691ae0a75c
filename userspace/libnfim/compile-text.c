// SPDX-License-Identifier: GPL-2.0-only
/*
 * Statements of frames that look at text: what a frame is, what it begins with, which
 * literals are in it, and where names stand. They name their operation directly, with its
 * operands and what it has in DATA.
 */
#include "compile_impl.h"
#include "vocab.h"

enum {
	PICK_DEFAULT = 1024,	/* bytes that actions are looked for in */
	BEHIND_DEFAULT = 1024,	/* bytes that names are looked for in */
};

static void put(struct comp *c, struct vec *data, u32 byte)
{
	*(u8 *)vec_add(c, data, 1) = (u8)byte;
}

/* A literal with its length in front, in lower case. */
static void put_literal(struct comp *c, struct lexer *lx, struct vec *data, u32 max)
{
	struct lit lit;
	u32 i;
	u8 *p;

	lit_parse(c, lx, &lit, max);
	p = vec_add(c, data, lit.len + 1);
	*p++ = (u8)lit.len;
	for (i = 0; i < lit.len; i++)
		p[i] = lit.p[i] >= 'A' && lit.p[i] <= 'Z' ? lit.p[i] | 0x20 : lit.p[i];
}

/* LITERAL, LITERAL...; returns their number. */
static u32 put_literals(struct comp *c, struct lexer *lx, struct vec *data)
{
	struct pos pos = tok_peek(lx)->pos;
	u32 n = 0;

	do {
		put_literal(c, lx, data, NFIM_LIT_MAX);
		n++;
	} while (tok_take_punct(lx, ','));
	if (n > NFIM_LITS_MAX)
		fail(c, &pos, "there are more than %d literals", NFIM_LITS_MAX);
	return n;
}

/* The same with their number in front. */
static u32 put_list(struct comp *c, struct lexer *lx, struct vec *data)
{
	u32 at = data->n, n;

	put(c, data, 0);
	n = put_literals(c, lx, data);
	*VEC_AT(data, u8, at) = (u8)n;
	return n;
}

static void put_list_if(struct comp *c, struct lexer *lx, const char *word, struct vec *data)
{
	if (tok_take(lx, word))
		put_list(c, lx, data);
	else
		put(c, data, 0);
}

/* One byte as a literal. */
static u32 parse_byte(struct comp *c, struct lexer *lx)
{
	struct lit lit;

	lit_parse(c, lx, &lit, 1);
	return lit.p[0];
}

static void take(struct comp *c, struct lexer *lx, const char *word)
{
	const struct tok *tok = tok_peek(lx);

	if (!tok_take(lx, word))
		fail(c, &tok->pos, "%s is expected here", word);
}

static u32 parse_size(struct comp *c, struct lexer *lx, u32 max)
{
	struct pos pos = tok_peek(lx)->pos;
	u32 n = tok_number(c, lx, "a number of bytes", max);

	if (!n)
		fail(c, &pos, "it has 1 byte at least");
	return n;
}

static u32 parse_dir_word(struct lexer *lx)
{
	if (tok_take(lx, "client"))
		return NFIM_DIR_CLIENT;
	if (tok_take(lx, "server"))
		return NFIM_DIR_SERVER;
	tok_take(lx, "any");
	return NFIM_DIR_ANY;
}

/* word N | word with LIT, [by LIT] [without LIT] [until LIT] */
static void parse_word(struct comp *c, struct lexer *lx, struct stmt *st)
{
	u32 sep = ' ', strip = 0;

	st->op = NFIM_OP_WORD;
	st->op_a = 255;
	if (tok_take(lx, "with"))
		st->op_b = parse_byte(c, lx);
	else
		st->op_a = tok_number(c, lx, "the number of a word", NFIM_WORDS_MAX - 1);
	if (tok_take(lx, "by"))
		sep = parse_byte(c, lx);
	if (tok_take(lx, "without"))
		strip = parse_byte(c, lx);
	if (st->op_a == 255 && !st->op_b)
		fail(c, &st->pos, "the byte that the word has is not 0");
	put(c, &st->data, sep);
	put(c, &st->data, strip);
}

/* tlv TYPE at OFF */
static void parse_tlv(struct comp *c, struct lexer *lx, struct stmt *st)
{
	st->op = NFIM_OP_TLV;
	st->op_imm = tok_number(c, lx, "a type", U16_MAX);
	take(c, lx, "at");
	st->off = tok_number(c, lx, "an offset", OFF_MAX);
	tok_end(c, lx);
}

/* behind LIT, LIT... [then LIT, LIT...] | at OFF; [counted FIELD] [until LIT] */
static void parse_behind(struct comp *c, struct lexer *lx, struct stmt *st)
{
	static const struct {
		const char *name;
		u32 width;
	} widths[] = { { "u8", 1 }, { "u16le", 2 }, { "u32le", 4 } };
	u32 width = 0, i;

	st->op = NFIM_OP_BEHIND;
	st->op_b = BEHIND_DEFAULT;
	if (tok_take(lx, "at")) {
		st->off = tok_number(c, lx, "an offset", OFF_MAX);
		put(c, &st->data, 0);
	} else {
		take(c, lx, "behind");
		put_list(c, lx, &st->data);
	}
	put_list_if(c, lx, "then", &st->data);
	if (tok_take(lx, "counted")) {
		for (i = 0; i < ARRAY_SIZE(widths); i++)
			if (tok_take(lx, widths[i].name))
				width = widths[i].width;
		if (!width)
			fail(c, &tok_peek(lx)->pos, "u8, u16le or u32le is expected here");
	}
	put(c, &st->data, width);
}

static void parse_until(struct comp *c, struct lexer *lx, struct stmt *st)
{
	if (!tok_take(lx, "until")) {
		put(c, &st->data, 0);
		return;
	}
	put(c, &st->data, 1);
	put_literal(c, lx, &st->data, NFIM_STOPS_MAX);
}

/* user [client|server] word ... | tlv ... | behind ... | at ...; host the same, but for words */
bool text_name_parse(struct comp *c, struct lexer *lx, struct stmt *st)
{
	bool host = tok_take(lx, "host");

	if (!host)
		take(c, lx, "user");
	st->kind = ST_TEXT;
	st->dirs = parse_dir_word(lx);
	vec_init(&st->data, 1);
	/* The older kind: key SEP value SEP ... */
	if (!host && tok_is(tok_peek(lx), "keys"))
		return false;
	if (!host && tok_take(lx, "tlv")) {
		parse_tlv(c, lx, st);
		return true;
	}
	if (!host && tok_take(lx, "word")) {
		parse_word(c, lx, st);
	} else {
		parse_behind(c, lx, st);
		st->op_a = host;
	}
	parse_until(c, lx, st);
	tok_end(c, lx);
	return true;
}

/* head N [body LIT, LIT...] [or LIT] */
static void parse_head(struct comp *c, struct lexer *lx, struct stmt *st)
{
	st->op = NFIM_OP_HEAD;
	st->op_b = parse_size(c, lx, NFIM_HEAD_MAX);
	put_list_if(c, lx, "body", &st->data);
	if (tok_take(lx, "or")) {
		put(c, &st->data, 1);
		put_literal(c, lx, &st->data, NFIM_LIT_MAX);
	} else {
		put(c, &st->data, 0);
	}
}

/* What a frame is. False if the line says something else. */
static bool parse_shape(struct comp *c, struct lexer *lx, struct stmt *st)
{
	if (tok_take(lx, "line")) {
		st->op = NFIM_OP_LINE;
		st->op_imm = parse_size(c, lx, NFIM_LINE_MAX);
	} else if (tok_take(lx, "head")) {
		parse_head(c, lx, st);
	} else if (tok_take(lx, "until")) {
		st->op = NFIM_OP_UNTIL;
		if (put_list(c, lx, &st->data) != 1)
			fail(c, &st->pos, "a body ends with one line");
	} else if (tok_take(lx, "stanza")) {
		st->op = NFIM_OP_STANZA;
		st->op_b = parse_size(c, lx, NFIM_LINE_MAX);
		take(c, lx, "root");
		if (put_list(c, lx, &st->data) != 1)
			fail(c, &st->pos, "a stream has one root");
	} else if (tok_take(lx, "size")) {
		st->op = NFIM_OP_SIZE;
		st->op_imm = parse_size(c, lx, U16_MAX);
	} else if (tok_take(lx, "body")) {
		st->op = NFIM_OP_BODY;
	} else if (tok_take(lx, "past")) {
		st->op = NFIM_OP_PAST;
		st->op_a = parse_byte(c, lx);
		take(c, lx, "to");
		st->op_b = parse_byte(c, lx);
	} else {
		return false;
	}
	return true;
}

/* An action, or "before": those of the frame before. */
static u32 parse_default(struct comp *c, struct lexer *lx)
{
	if (tok_take(lx, "before"))
		return NFIM_ACTIONS;
	return action_parse(c, lx);
}

/* [offer] NAME[,NAME...] LITERAL, LITERAL... */
static u32 parse_pick(struct comp *c, struct lexer *lx, struct stmt *st)
{
	u32 actions = 0, offer = tok_take(lx, "offer") ? NFIM_ACTION_OFFER : 0, n = 0, at;

	do {
		actions |= 1u << action_parse(c, lx);
	} while (tok_take_punct(lx, ','));
	do {
		put(c, &st->data, actions);
		put(c, &st->data, (actions | offer) >> 8);
		at = st->data.n;
		put_literal(c, lx, &st->data, NFIM_LIT_MAX);
		if (*VEC_AT(&st->data, u8, at) < 2)
			fail(c, &lx->line.pos, "what tells an action has at least two bytes");
		n++;
	} while (tok_take_punct(lx, ','));
	tok_end(c, lx);
	st->actions |= actions;
	return n;
}

/* The lines of a block that say what the frame does, the last one being default. */
static void parse_picks(struct comp *c, struct lexer *lx, struct stmt *st, u32 level)
{
	bool has_default = false;
	u32 n = 0;

	vec_init(&st->data, 1);
	put(c, &st->data, 0);
	while (lex_peek(c, lx) && lx->line.level == level) {
		if (tok_take(lx, "default")) {
			st->op_a = parse_default(c, lx);
			tok_end(c, lx);
			has_default = true;
			break;
		}
		n += parse_pick(c, lx, st);
	}
	if (!has_default)
		fail(c, &st->pos, "the action of other frames is missing: default NAME");
	if (n > NFIM_LITS_MAX)
		fail(c, &st->pos, "there are more than %d literals", NFIM_LITS_MAX);
	*VEC_AT(&st->data, u8, 0) = (u8)n;
	st->op = NFIM_OP_PICK;
	if (!n)
		st->op_b = 0;
	if (st->op_a < NFIM_ACTIONS)
		st->actions |= 1u << st->op_a;
}

/* port and behind LIST address [parts LIST]: all of them are one list, the ports' is there */
static void parse_apart(struct comp *c, struct lexer *lx, struct stmt *st, u32 ports)
{
	struct nfim_offer_data *d;
	u32 addrs, parts = 0;

	take(c, lx, "and");
	take(c, lx, "behind");
	addrs = put_literals(c, lx, &st->data);
	take(c, lx, "address");
	if (tok_take(lx, "parts"))
		parts = put_literals(c, lx, &st->data);
	d = VEC_AT(&st->data, struct nfim_offer_data, 0);
	d->ports = (u8)ports;
	d->addrs = (u8)addrs;
	*VEC_AT(&st->data, u8, sizeof(*d)) = (u8)(ports + addrs + parts);
}

/* What stands behind the literals; the names of attributes are a list of their own. */
static enum nfim_offer_form parse_form(struct comp *c, struct lexer *lx, struct stmt *st, u32 n)
{
	enum nfim_offer_form form = NFIM_OFFER_TAG;

	if (tok_take(lx, "words"))
		form = NFIM_OFFER_WORDS_IN_LINE;
	else if (tok_take(lx, "url"))
		form = NFIM_OFFER_URL;
	else if (tok_take(lx, "port"))
		form = NFIM_OFFER_APART;
	if (form == NFIM_OFFER_APART)
		parse_apart(c, lx, st, n);
	put(c, &st->data, form == NFIM_OFFER_TAG ? 2 : 0);
	if (form == NFIM_OFFER_TAG) {
		take(c, lx, "address");
		put_literal(c, lx, &st->data, NFIM_LIT_MAX);
		take(c, lx, "port");
		put_literal(c, lx, &st->data, NFIM_LIT_MAX);
	}
	return form;
}

/* The protocol of a flow that is offered, 0: that of the one which offers it. */
static u32 parse_as(struct comp *c, struct lexer *lx)
{
	const struct nfim_sig_proto *proto;
	struct pos pos;
	const char *name;

	if (!tok_take(lx, "as"))
		return 0;
	pos = tok_peek(lx)->pos;
	name = tok_name(c, lx, "the name of a protocol");
	proto = registry_find(c, name);
	if (!proto)
		fail(c, &pos, "the registry has no protocol %s", name);
	return proto->id;
}

/* expect tcp|udp NAME[,NAME...] [as NAME] behind LIST, and how it is written there */
static bool parse_offer(struct comp *c, struct lexer *lx, struct stmt *st, u32 within)
{
	struct nfim_offer_data *d;
	u32 actions = 0, l4 = NFIM_L4_TCP, proto, n, form;

	if (!tok_take(lx, "expect"))
		return false;
	st->op = NFIM_OP_OFFER;
	st->op_b = within;
	if (tok_take(lx, "udp"))
		l4 = NFIM_L4_UDP;
	else
		take(c, lx, "tcp");
	do {
		actions |= 1u << action_parse(c, lx);
	} while (tok_take_punct(lx, ','));
	proto = parse_as(c, lx);
	memset(vec_add(c, &st->data, sizeof(*d)), 0, sizeof(*d));
	take(c, lx, "behind");
	n = put_list(c, lx, &st->data);
	form = parse_form(c, lx, st, n);
	d = VEC_AT(&st->data, struct nfim_offer_data, 0);
	if (*VEC_AT(&st->data, u8, sizeof(*d)) > NFIM_OFFER_LITS)
		fail(c, &st->pos, "there are more than %d literals", NFIM_OFFER_LITS);
	d->actions[0] = (u8)actions;
	d->actions[1] = (u8)(actions >> 8);
	d->l4 = (u8)l4;
	d->proto = (u8)proto;
	d->form = (u8)form;
	return true;
}

/* The lines of a block that begins or when has, one level deeper. */
static void parse_inner(struct comp *c, struct lexer *lx, const struct prog_src *prog,
			struct stmt *outer, u32 level)
{
	u32 within = PICK_DEFAULT;

	vec_init(&outer->inner, sizeof(struct stmt));
	while (lex_peek(c, lx) && lx->line.level == level) {
		const struct tok *tok = tok_peek(lx);
		struct stmt st = { .pos = lx->line.pos, .kind = ST_TEXT, .dirs = NFIM_DIR_ANY };

		vec_init(&st.data, 1);
		if (tok_take(lx, "within")) {
			st.op = NFIM_OP_WITHIN;
			within = parse_size(c, lx, NFIM_PICK_MAX);
			st.op_imm = within;
			tok_end(c, lx);
		} else if (parse_shape(c, lx, &st) || parse_offer(c, lx, &st, within)) {
			tok_end(c, lx);
		} else if (tok_is(tok, "user") || tok_is(tok, "host")) {
			if (!text_name_parse(c, lx, &st))
				fail(c, &tok->pos, "keys are for frames as a whole");
		} else if (!text_block_parse(c, lx, prog, &st, level)) {
			st.op_b = within;
			parse_picks(c, lx, &st, level);
			*(struct stmt *)vec_add(c, &outer->inner, 1) = st;
			break;
		}
		*(struct stmt *)vec_add(c, &outer->inner, 1) = st;
	}
	if (!outer->inner.n)
		fail(c, &outer->pos, "there is nothing in this block");
}

/* begins [client|server] LIT, LIT...; when FIELD OFF = N | in RANGES; then a block */
bool text_block_parse(struct comp *c, struct lexer *lx, const struct prog_src *prog,
		      struct stmt *st, u32 level)
{
	if (tok_take(lx, "begins")) {
		st->kind = ST_BEGINS;
		st->dirs = parse_dir_word(lx);
		vec_init(&st->data, 1);
		st->op_a = put_list(c, lx, &st->data);
	} else if (tok_take(lx, "when")) {
		test_parse(c, lx, st);
		st->kind = ST_WHEN;
	} else {
		return false;
	}
	tok_end(c, lx);
	parse_inner(c, lx, prog, st, level + 1);
	return true;
}

/* Statements of frames as a whole. False if it is none of these. */
bool text_parse(struct comp *c, struct lexer *lx, const struct prog_src *prog, struct stmt *st)
{
	st->kind = ST_TEXT;
	st->dirs = NFIM_DIR_ANY;
	vec_init(&st->data, 1);
	if (text_block_parse(c, lx, prog, st, 1))
		return true;
	if (tok_take(lx, "otherwise")) {
		st->op = NFIM_OP_PICK;
		st->op_a = parse_default(c, lx);
		if (st->op_a < NFIM_ACTIONS)
			st->actions = 1u << st->op_a;
		put(c, &st->data, 0);
	} else if (!parse_shape(c, lx, st)) {
		return false;
	}
	tok_end(c, lx);
	return true;
}
