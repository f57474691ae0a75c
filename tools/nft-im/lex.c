// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tokens of nft's text.
 */
#include "lex.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

void lex_init(struct lex *lex, const char *name, const char *text)
{
	lex->name = name;
	lex->text = text;
	lex->p = text;
}

static const char *skip_blanks(const char *p, bool lines)
{
	for (;;) {
		if (*p == ' ' || *p == '\t' || *p == '\r' || (lines && *p == '\n'))
			p++;
		else if (*p == '\\' && p[1] == '\n')
			p += 2;
		else if (*p == '#')
			p += strcspn(p, "\n");
		else
			return p;
	}
}

static bool word_char(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-' || c == '.' || c == '/';
}

/* "id:200" is one of our names; elsewhere ":" ends a word. */
static size_t word_len(const char *p)
{
	size_t n = 0;

	if (!strncmp(p, "id:", 3) && isdigit((unsigned char)p[3]))
		n = 3;
	while (word_char(p[n]))
		n++;
	return n;
}

static size_t string_len(const char *p)
{
	size_t n = 1 + strcspn(p + 1, "\"");

	return p[n] ? n + 1 : n;
}

void lex_next(struct lex *lex, struct token *tok, bool lines)
{
	const char *p = skip_blanks(lex->p, lines);

	tok->at = p;
	tok->len = 1;
	if (!*p) {
		tok->kind = TOKEN_END;
		tok->len = 0;
	} else if (*p == '\n' || *p == ';') {
		tok->kind = TOKEN_NEWLINE;
	} else if (*p == '"') {
		tok->kind = TOKEN_STRING;
		tok->len = string_len(p);
	} else if ((*p == '$' || *p == '@') && word_char(p[1])) {
		tok->kind = *p == '$' ? TOKEN_VAR : TOKEN_SET;
		tok->len = 1 + word_len(p + 1);
	} else if (word_len(p)) {
		tok->kind = TOKEN_WORD;
		tok->len = word_len(p);
	} else {
		tok->kind = TOKEN_SIGN;
		tok->len = strchr("!=<>", *p) && p[1] == '=' ? 2 : 1;
	}
	lex->p = p + tok->len;
}

bool token_is(const struct token *tok, const char *text)
{
	return (tok->kind == TOKEN_WORD || tok->kind == TOKEN_SIGN) &&
	       strlen(text) == tok->len && !memcmp(text, tok->at, tok->len);
}

void lex_error(const struct lex *lex, const struct token *tok, const char *why)
{
	const char *at = tok ? tok->at : lex->p, *line = lex->text, *p;
	size_t len = tok && tok->len ? tok->len : 1;
	unsigned int no = 1;

	for (p = lex->text; p < at; p++) {
		if (*p != '\n')
			continue;
		no++;
		line = p + 1;
	}
	if (len > strcspn(at, "\n"))
		len = strcspn(at, "\n") ? strcspn(at, "\n") : 1;
	fprintf(stderr, "%s:%u:%zu-%zu: Error: %s\n", lex->name, no, at - line + 1,
		at - line + len, why);
	fprintf(stderr, "%.*s\n", (int)strcspn(line, "\n"), line);
	for (p = line; p < at; p++)
		fputc(*p == '\t' ? '\t' : ' ', stderr);
	while (len--)
		fputc('^', stderr);
	fputc('\n', stderr);
}
