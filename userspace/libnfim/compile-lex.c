// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lines and tokens of signature files.
 *
 * A line has tabs that say how deep it stands, then tokens; '#' begins a
 * comment. Atoms are words or numbers, which the parser tells apart, since a
 * run of hexadecimal digits may look like either. An atom that begins with a
 * letter may have '-' inside, one that begins with a digit ends there.
 */
#include "compile_impl.h"

static bool is_digit(int ch)
{
	return ch >= '0' && ch <= '9';
}

static bool is_letter(int ch)
{
	return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z');
}

static int hex_value(int ch)
{
	if (is_digit(ch))
		return ch - '0';
	if (ch >= 'a' && ch <= 'f')
		return ch - 'a' + 10;
	if (ch >= 'A' && ch <= 'F')
		return ch - 'A' + 10;
	return -1;
}

/* One line of text while it is taken apart. */
struct scan {
	struct comp *c;
	const char *p;
	const char *end;
	struct pos pos;
	const char *line;
};

static struct pos scan_pos(const struct scan *s)
{
	struct pos pos = s->pos;

	pos.col = (unsigned int)(s->p - s->line) + 1;
	return pos;
}

static u8 scan_escape(struct scan *s)
{
	struct pos pos = scan_pos(s);
	int hi, lo;

	if (s->p == s->end)
		fail(s->c, &pos, "a backslash stands at the end of the line");
	switch (*s->p++) {
	case 'r':
		return '\r';
	case 'n':
		return '\n';
	case 't':
		return '\t';
	case '\\':
		return '\\';
	case '"':
		return '"';
	case 'x':
		if (s->end - s->p < 2)
			break;
		hi = hex_value(s->p[0]);
		lo = hex_value(s->p[1]);
		if (hi < 0 || lo < 0)
			break;
		s->p += 2;
		return (u8)(hi << 4 | lo);
	}
	fail(s->c, &pos, "in a string only \\r \\n \\t \\\\ \\\" and \\xHH mean something");
}

static void scan_string(struct scan *s, struct tok *tok)
{
	u8 *out = arena_alloc(s->c, (size_t)(s->end - s->p) + 1);

	s->p++;
	tok->bytes = out;
	while (s->p < s->end && *s->p != '"') {
		u8 ch = (u8)*s->p++;

		if (ch == '\\')
			ch = scan_escape(s);
		if (tok->type == TOK_STRI && ch >= 'A' && ch <= 'Z')
			ch |= 0x20;
		out[tok->len++] = ch;
	}
	if (s->p == s->end)
		fail(s->c, &tok->pos, "the string does not end on this line");
	s->p++;
}

static void scan_atom(struct scan *s, struct tok *tok)
{
	bool dashes = is_letter(*s->p);

	tok->type = TOK_ATOM;
	tok->bytes = (const u8 *)s->p;
	while (s->p < s->end && (is_letter(*s->p) || is_digit(*s->p) || (dashes && *s->p == '-')))
		s->p++;
	tok->len = (u32)(s->p - (const char *)tok->bytes);
}

static void scan_token(struct scan *s, struct tok *tok)
{
	tok->pos = scan_pos(s);
	if (*s->p == '"') {
		tok->type = TOK_STR;
		scan_string(s, tok);
	} else if (*s->p == 'i' && s->end - s->p > 1 && s->p[1] == '"') {
		tok->type = TOK_STRI;
		s->p++;
		scan_string(s, tok);
	} else if (is_letter(*s->p) || is_digit(*s->p)) {
		scan_atom(s, tok);
	} else if (strchr("=&>*+-/,:", *s->p) && *s->p) {
		tok->type = TOK_PUNCT;
		tok->num = (u8)*s->p++;
		if (tok->num == '>' && (s->p == s->end || *s->p++ != '>'))
			fail(s->c, &tok->pos, "'>' alone means nothing, '>>' shifts");
	} else {
		fail(s->c, &tok->pos, "this character means nothing here");
	}
}

static void scan_line(struct scan *s, struct line *line)
{
	struct vec toks;
	struct tok *tok;

	vec_init(&toks, sizeof(struct tok));
	while (s->p < s->end && *s->p == '\t') {
		line->level++;
		s->p++;
	}
	line->pos = scan_pos(s);
	for (;;) {
		while (s->p < s->end && (*s->p == ' ' || *s->p == '\t' || *s->p == '\r'))
			s->p++;
		if (s->p == s->end || *s->p == '#')
			break;
		if (!toks.n && s->p > s->line && s->p[-1] == ' ')
			fail(s->c, &line->pos, "lines are indented with tabs");
		scan_token(s, vec_add(s->c, &toks, 1));
	}
	tok = vec_add(s->c, &toks, 1);
	tok->type = TOK_END;
	tok->pos = scan_pos(s);
	line->tok = toks.p;
	if (toks.n > 1 && line->level > LEVEL_MAX)
		fail(s->c, &line->pos, "the line is indented too far");
}

/* The next line that has tokens is in lx->line, or false at the end of the file. */
bool lex_peek(struct comp *c, struct lexer *lx)
{
	while (!lx->line.ready) {
		const char *line = lx->src->text + lx->off;
		size_t left = lx->src->len - lx->off;
		const char *end = left ? memchr(line, '\n', left) : NULL;
		struct scan s = { .c = c, .p = line, .line = line };

		if (!left)
			return false;
		s.end = end ? end : line + left;
		lx->off += (size_t)(s.end - line) + (end ? 1 : 0);
		s.pos.path = lx->src->path;
		s.pos.line = ++lx->line_no;
		memset(&lx->line, 0, sizeof(lx->line));
		scan_line(&s, &lx->line);
		lx->line.ready = lx->line.tok[0].type != TOK_END;
	}
	return true;
}

void lex_drop(struct lexer *lx)
{
	lx->line.ready = false;
}

const struct tok *tok_peek(const struct lexer *lx)
{
	return &lx->line.tok[lx->line.at];
}

const struct tok *tok_next(struct lexer *lx)
{
	const struct tok *tok = tok_peek(lx);

	if (tok->type != TOK_END)
		lx->line.at++;
	return tok;
}

bool tok_is(const struct tok *tok, const char *word)
{
	return tok->type == TOK_ATOM && tok->len == strlen(word) &&
	       !memcmp(tok->bytes, word, tok->len);
}

bool tok_take(struct lexer *lx, const char *word)
{
	if (!tok_is(tok_peek(lx), word))
		return false;
	tok_next(lx);
	return true;
}

bool tok_take_punct(struct lexer *lx, u32 punct)
{
	const struct tok *tok = tok_peek(lx);

	if (tok->type != TOK_PUNCT || tok->num != punct)
		return false;
	tok_next(lx);
	return true;
}

const struct tok *tok_word(struct comp *c, struct lexer *lx, const char *what)
{
	const struct tok *tok = tok_next(lx);

	if (tok->type != TOK_ATOM || is_digit(tok->bytes[0]))
		fail(c, &tok->pos, "%s is expected here", what);
	return tok;
}

/* A name as nfim_pack_open() takes it. */
const char *tok_name(struct comp *c, struct lexer *lx, const char *what)
{
	const struct tok *tok = tok_word(c, lx, what);
	u32 i;

	if (tok->len > NFIM_NAME_MAX)
		fail(c, &tok->pos, "the name has more than %d characters", NFIM_NAME_MAX);
	for (i = 0; i < tok->len; i++)
		if (tok->bytes[i] >= 'A' && tok->bytes[i] <= 'Z')
			fail(c, &tok->pos, "names are of a-z, 0-9 and -");
	if (tok->bytes[tok->len - 1] == '-')
		fail(c, &tok->pos, "a name does not end with -");
	return arena_str(c, tok->bytes, tok->len);
}

const char *tok_text(struct comp *c, struct lexer *lx, const char *what)
{
	const struct tok *tok = tok_next(lx);
	u32 i;

	if (tok->type != TOK_STR)
		fail(c, &tok->pos, "%s in double quotes is expected here", what);
	for (i = 0; i < tok->len; i++)
		if (tok->bytes[i] < ' ' || tok->bytes[i] == 0x7f)
			fail(c, &tok->pos, "%s has control characters", what);
	return arena_str(c, tok->bytes, tok->len);
}

u32 tok_number(struct comp *c, struct lexer *lx, const char *what, u32 max)
{
	const struct tok *tok = tok_next(lx);
	u32 i = 0, base = 10;
	u64 v = 0;

	if (tok->type != TOK_ATOM || !is_digit(tok->bytes[0]))
		fail(c, &tok->pos, "%s is expected here", what);
	if (tok->len > 2 && tok->bytes[0] == '0' && tok->bytes[1] == 'x') {
		base = 16;
		i = 2;
	}
	for (; i < tok->len; i++) {
		int digit = hex_value(tok->bytes[i]);

		if (digit < 0 || (u32)digit >= base)
			fail(c, &tok->pos, "this is no number");
		v = v * base + (u32)digit;
		if (v > max)
			fail(c, &tok->pos, "%s is at most %lu here", what, (unsigned long)max);
	}
	return (u32)v;
}

void tok_end(struct comp *c, struct lexer *lx)
{
	const struct tok *tok = tok_peek(lx);

	if (tok->type != TOK_END)
		fail(c, &tok->pos, "the line goes on where it should end");
	lex_drop(lx);
}

/* Append bytes given as hexadecimal digits. */
void tok_hex(struct comp *c, const struct tok *tok, const u8 *hex, u32 len, struct vec *bytes)
{
	u8 *out;
	u32 i;

	if (!len || len % 2)
		fail(c, &tok->pos, "hexadecimal digits are expected here, two a byte");
	out = vec_add(c, bytes, len / 2);
	for (i = 0; i < len; i += 2) {
		int hi = hex_value(hex[i]);
		int lo = hex_value(hex[i + 1]);

		if (hi < 0 || lo < 0)
			fail(c, &tok->pos, "hexadecimal digits are expected here, two a byte");
		*out++ = (u8)(hi << 4 | lo);
	}
}
