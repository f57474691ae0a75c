// SPDX-License-Identifier: GPL-2.0-only
/*
 * Signature files: what stands at the left margin, and samples.
 */
#include "compile_impl.h"
#include "vocab.h"

u32 l4_parse(struct comp *c, struct lexer *lx)
{
	const struct tok *tok;

	if (tok_take(lx, "tcp"))
		return NFIM_L4_TCP;
	if (tok_take(lx, "udp"))
		return NFIM_L4_UDP;
	tok = tok_peek(lx);
	fail(c, &tok->pos, "tcp or udp is expected here");
}

u32 dirs_parse(struct comp *c, struct lexer *lx)
{
	const struct tok *tok;

	if (tok_take(lx, "client"))
		return NFIM_DIR_CLIENT;
	if (tok_take(lx, "server"))
		return NFIM_DIR_SERVER;
	if (tok_take(lx, "any"))
		return NFIM_DIR_ANY;
	tok = tok_peek(lx);
	fail(c, &tok->pos, "client, server or any is expected here");
}

static bool parse_mid(struct comp *c, struct lexer *lx, u32 l4)
{
	const struct tok *tok = tok_peek(lx);

	if (!tok_take(lx, "mid"))
		return false;
	if (l4 != NFIM_L4_TCP)
		fail(c, &tok->pos, "only TCP has a middle: every datagram is looked at");
	return true;
}

/* The statements of a block are the lines one tab deep that follow. */
static void parse_block(struct comp *c, struct lexer *lx, struct prog_src *prog)
{
	vec_init(&prog->stmts, sizeof(struct stmt));
	tok_end(c, lx);
	while (lex_peek(c, lx) && lx->line.level) {
		if (lx->line.level > 1)
			fail(c, &lx->line.pos, "the line is indented too far");
		stmt_parse(c, lx, prog);
	}
	if (!prog->stmts.n)
		fail(c, &prog->pos, "there is nothing in this block");
}

/* A rule of this name that is being parsed; pairs are rules, too. */
struct prog_src *rule_add(struct comp *c, struct lexer *lx, struct sig_src *sig)
{
	struct prog_src *rule;
	const char *name = tok_name(c, lx, "the name of the rule");
	u32 i;

	for (i = 0; i < sig->rules.n; i++)
		if (!strcmp(VEC_AT(&sig->rules, struct prog_src, i)->name, name))
			fail(c, &lx->line.pos, "there is a rule %s already", name);
	rule = vec_add(c, &sig->rules, 1);
	rule->pos = lx->line.pos;
	rule->name = name;
	return rule;
}

static void parse_rule(struct comp *c, struct lexer *lx, struct sig_src *sig)
{
	struct prog_src *rule = rule_add(c, lx, sig);

	rule->http = tok_take(lx, "http");
	rule->l4 = rule->http ? NFIM_L4_TCP : l4_parse(c, lx);
	rule->dirs = dirs_parse(c, lx);
	rule->mid = parse_mid(c, lx, rule->l4);
	parse_block(c, lx, rule);
}

/* There is one block for a direction of TCP, and one of UDP. */
static void check_frames(struct comp *c, const struct sig_src *sig, const struct prog_src *frames)
{
	u32 i;

	for (i = 0; i < sig->frames.n; i++) {
		const struct prog_src *other = VEC_AT(&sig->frames, struct prog_src, i);

		if (other->l4 == frames->l4 && other->dirs & frames->dirs)
			fail(c, &frames->pos, "there are frames for this direction already");
	}
}

/* frames tcp|udp|tcp,udp client|server|any */
static void parse_frames(struct comp *c, struct lexer *lx, struct sig_src *sig)
{
	struct prog_src frames = { .pos = lx->line.pos };
	bool both;

	frames.l4 = l4_parse(c, lx);
	both = tok_take_punct(lx, ',');
	if (both && l4_parse(c, lx) == frames.l4)
		fail(c, &frames.pos, "both tcp and udp are meant by tcp,udp");
	/* What ends with the datagram is not for both. */
	if (both)
		frames.l4 = NFIM_L4_TCP;
	frames.dirs = dirs_parse(c, lx);
	parse_block(c, lx, &frames);
	check_frames(c, sig, &frames);
	*(struct prog_src *)vec_add(c, &sig->frames, 1) = frames;
	if (!both)
		return;
	frames.l4 = NFIM_L4_UDP;
	check_frames(c, sig, &frames);
	*(struct prog_src *)vec_add(c, &sig->frames, 1) = frames;
}

static void parse_actions(struct comp *c, struct lexer *lx, struct nfim_sig_sample *s)
{
	s->has_actions = true;
	do {
		const struct tok *tok = tok_word(c, lx, "an action");
		int action = nfim_vocab_find(nfim_action_names, (const char *)tok->bytes, tok->len);

		if (action < 0)
			fail(c, &tok->pos, "there is no action %.*s", (int)tok->len, tok->bytes);
		s->actions |= 1u << action;
	} while (tok_take_punct(lx, ','));
}

/* expect no | none | more | [half] RULE [answers NAME] [action NAME[,NAME...]] [user "TEXT"] */
static void parse_expect(struct comp *c, struct lexer *lx, struct nfim_sig_sample *s)
{
	if (tok_take(lx, "no")) {
		s->expect = NFIM_EXPECT_NO;
	} else if (tok_take(lx, "none")) {
		s->expect = NFIM_EXPECT_NONE;
	} else if (tok_take(lx, "more")) {
		s->expect = NFIM_EXPECT_MORE;
	} else {
		s->expect = tok_take(lx, "half") ? NFIM_EXPECT_HALF : NFIM_EXPECT_RULE;
		s->rule = tok_name(c, lx, "no, none, more, half, or the name of a rule");
		if (tok_take(lx, "answers"))
			s->answers = tok_name(c, lx, "the name of a sample");
		if (tok_take(lx, "action"))
			parse_actions(c, lx, s);
		if (tok_take(lx, "user")) {
			const struct tok *tok = tok_next(lx);

			if (tok->type != TOK_STR)
				fail(c, &tok->pos, "a name in double quotes is expected here");
			s->user = (const u8 *)arena_str(c, tok->bytes, tok->len);
			s->user_len = tok->len;
		}
	}
	tok_end(c, lx);
}

static void parse_sample_bytes(struct comp *c, struct lexer *lx, struct vec *bytes, bool hex)
{
	const struct tok *tok;

	while ((tok = tok_next(lx))->type != TOK_END) {
		if (hex && tok->type == TOK_ATOM)
			tok_hex(c, tok, tok->bytes, tok->len, bytes);
		else if (!hex && tok->type == TOK_STR && tok->len)
			memcpy(vec_add(c, bytes, tok->len), tok->bytes, tok->len);
		else
			fail(c, &tok->pos, hex ? "hexadecimal digits are expected here" :
			     "text in double quotes is expected here");
	}
	lex_drop(lx);
}

static u32 sample_root(u32 l4, bool mid)
{
	if (l4 == NFIM_L4_UDP)
		return NFIM_ROOT_UDP;
	return mid ? NFIM_ROOT_TCP_MID : NFIM_ROOT_TCP;
}

/* sample NAME tcp|udp client|server [mid], then lines hex, text, and last expect */
static void parse_sample(struct comp *c, struct lexer *lx, struct sig_src *sig)
{
	struct nfim_sig_sample s = { .path = lx->src->path, .line = lx->line.pos.line };
	struct pos pos = lx->line.pos;
	struct vec bytes;
	bool expected = false;
	u32 l4;

	s.name = tok_name(c, lx, "the name of the sample");
	l4 = l4_parse(c, lx);
	s.dir = dirs_parse(c, lx);
	if (s.dir == NFIM_DIR_ANY)
		fail(c, &pos, "a sample is of one direction");
	s.root = sample_root(l4, parse_mid(c, lx, l4));
	tok_end(c, lx);
	vec_init(&bytes, 1);
	while (!expected && lex_peek(c, lx) && lx->line.level == 1) {
		if (tok_take(lx, "hex"))
			parse_sample_bytes(c, lx, &bytes, true);
		else if (tok_take(lx, "text"))
			parse_sample_bytes(c, lx, &bytes, false);
		else if (tok_take(lx, "expect"))
			expected = true;
		else
			fail(c, &lx->line.pos, "hex, text or expect is expected here");
	}
	if (!expected || !bytes.n)
		fail(c, &pos, "the sample has no bytes, or does not say what to expect");
	parse_expect(c, lx, &s);
	s.bytes = bytes.p;
	s.len = bytes.n;
	*(struct nfim_sig_sample *)vec_add(c, &sig->samples, 1) = s;
}

static void parse_head(struct comp *c, struct lexer *lx, struct sig_src *sig)
{
	const char *name;

	if (!lex_peek(c, lx) || lx->line.level || !tok_take(lx, "protocol")) {
		struct pos pos = { .path = lx->src->path, .line = 1, .col = 1 };

		fail(c, &pos, "a signature file begins with protocol NAME");
	}
	sig->pos = lx->line.pos;
	name = tok_name(c, lx, "the name of the protocol");
	sig->proto = registry_find(c, name);
	if (!sig->proto)
		fail(c, &sig->pos, REGISTRY_LACKS, (int)strlen(name), name);
	if (sig->proto->path)
		fail(c, &sig->pos, "%s has a signature file already, %s", name, sig->proto->path);
	sig->proto->path = sig->pos.path;
	tok_end(c, lx);
}

/* What a sample answers is of the other direction. */
static void check_answered(struct comp *c, const struct sig_src *sig,
			   const struct nfim_sig_sample *s, const struct pos *pos)
{
	u32 i;

	for (i = 0; s->answers && i < sig->samples.n; i++) {
		const struct nfim_sig_sample *o =
			VEC_AT(&sig->samples, struct nfim_sig_sample, i);

		if (!strcmp(o->name, s->answers) && o->root == s->root && o->dir != s->dir)
			return;
	}
	if (s->answers)
		fail(c, pos, "there is no sample %s of the other direction", s->answers);
}

static void check_sample_rules(struct comp *c, const struct sig_src *sig)
{
	u32 i, k;

	for (i = 0; i < sig->samples.n; i++) {
		struct nfim_sig_sample *s = VEC_AT(&sig->samples, struct nfim_sig_sample, i);
		struct pos pos = { .path = s->path, .line = s->line, .col = 1 };

		s->proto = sig->proto->name;
		if (!s->rule)
			continue;
		check_answered(c, sig, s, &pos);
		for (k = 0; k < sig->rules.n; k++)
			if (!strcmp(VEC_AT(&sig->rules, struct prog_src, k)->name, s->rule))
				break;
		if (k == sig->rules.n)
			fail(c, &pos, "the sample expects the rule %s, which is not here", s->rule);
	}
}

void sig_parse(struct comp *c, const struct nfim_source *src)
{
	struct sig_src sig = { .title = NULL };
	struct nfim_source own = *src;
	struct lexer lx = { .src = &own };

	/* It outlives the caller's in rules and samples. */
	own.path = arena_str(c, src->path, strlen(src->path));
	vec_init(&sig.rules, sizeof(struct prog_src));
	vec_init(&sig.frames, sizeof(struct prog_src));
	vec_init(&sig.samples, sizeof(struct nfim_sig_sample));
	parse_head(c, &lx, &sig);
	while (lex_peek(c, &lx)) {
		if (lx.line.level)
			fail(c, &lx.line.pos, "an indented line belongs to no block");
		if (tok_take(&lx, "title")) {
			sig.title = tok_text(c, &lx, "a title");
			if (!*sig.title || strlen(sig.title) > NFIM_TITLE_MAX)
				fail(c, &lx.line.pos, "a title has 1 to %d bytes", NFIM_TITLE_MAX);
			tok_end(c, &lx);
		} else if (tok_take(&lx, "source")) {
			sig.source = tok_text(c, &lx, "a source");
			tok_end(c, &lx);
		} else if (tok_take(&lx, "rule")) {
			parse_rule(c, &lx, &sig);
		} else if (tok_take(&lx, "pair")) {
			pair_parse(c, &lx, &sig);
		} else if (tok_take(&lx, "frames")) {
			parse_frames(c, &lx, &sig);
		} else if (tok_take(&lx, "sample")) {
			parse_sample(c, &lx, &sig);
		} else {
			fail(c, &lx.line.pos,
			     "title, source, rule, pair, frames or sample is expected here");
		}
	}
	if (!sig.rules.n)
		fail(c, &sig.pos, "the protocol has no rule");
	if (!sig.samples.n)
		fail(c, &sig.pos, "the protocol has no sample");
	check_sample_rules(c, &sig);
	sig.proto->source = sig.source;
	if (sig.title)
		sig.proto->title = sig.title;
	*(struct sig_src *)vec_add(c, &c->sig_srcs, 1) = sig;
}
