/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What text of nft defines, and where it includes from.
 */
#ifndef _NFT_IM_VARS_H
#define _NFT_IM_VARS_H

#include "lex.h"

/** vars_read() - behind "define": take the name and the value in; the lexer stays */
void vars_read(const struct lex *lex);

/** vars_get() - the value of a name as it was written last, or NULL */
const char *vars_get(const char *name, size_t len);

/**
 * vars_find_include() - the files that an include means
 * @name: as it is written, patterns too
 * @len: its length
 *
 * Return: paths, the last is NULL, to be freed with the list; NULL if there is none.
 */
char **vars_find_include(const char *name, size_t len);

#endif /* _NFT_IM_VARS_H */
