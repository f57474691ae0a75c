/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tokens of nft's text, as coarse as finding "im" allows.
 */
#ifndef _NFT_IM_LEX_H
#define _NFT_IM_LEX_H

#include <stdbool.h>
#include <stddef.h>

enum token_kind {
	TOKEN_END,
	TOKEN_NEWLINE,		/* or ";" */
	TOKEN_WORD,
	TOKEN_VAR,		/* $name */
	TOKEN_SET,		/* @name */
	TOKEN_STRING,		/* with its quotes */
	TOKEN_SIGN,		/* "{", "!=" and so on */
};

struct token {
	enum token_kind kind;
	const char *at;
	size_t len;
};

struct lex {
	const char *name;
	const char *text;
	const char *p;
};

void lex_init(struct lex *lex, const char *name, const char *text);

/**
 * lex_next() - the next token
 * @lex: goes on
 * @tok: set
 * @lines: newlines are blanks, as between braces
 */
void lex_next(struct lex *lex, struct token *tok, bool lines);

/** token_is() - is it this word or sign? */
bool token_is(const struct token *tok, const char *text);

/** lex_error() - say what is wrong with a token as nft would; NULL: with where we are */
void lex_error(const struct lex *lex, const struct token *tok, const char *why);

#endif /* _NFT_IM_LEX_H */
