/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * nft-im: nft, and the words "im proto ymsg" in it.
 *
 * The text goes to libnftables, in which each "im ..." is replaced by a stand-in that nft can
 * parse and that is as long as what the user wrote, so that lines and columns stay
 * (rewrite.c). When libnftables builds the rule for the kernel, the stand-in's expressions are
 * taken out and the xtables match "im" is put in (carry.c). What stock nft lists of such a rule
 * is the text of libxt_im, which nft-im reads again and stock nft refuses.
 */
#ifndef _NFT_IM_H
#define _NFT_IM_H

#include <linux/netfilter/nf_im.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* The stand-in is "cpu N": no machine has a processor of these numbers. */
enum {
	PLACE_FIRST	= 900000,
	PLACE_MAX	= 100000,
	PLACE_DIGITS	= 6,
};

/** struct place - one "im ..." of the user's text */
struct place {
	struct xt_im_mtinfo info;
	char *was;	/* the line of it where the stand-in stands */
	char *is;	/* what that line reads now, of the same length; NULL for JSON */
};

/** place_add() - a new one; never NULL. Its number is PLACE_FIRST + its index. */
struct place *place_add(const struct xt_im_mtinfo *info, uint32_t *number);

/** place_get() - by its number, or NULL */
const struct place *place_get(uint32_t number);

/** place_count() - how many there are */
size_t place_count(void);

/** place_reset() - forget all; before the next text */
void place_reset(void);

/* names.c */

enum { TESTS = 5 };

/** struct test - what can be asked of a packet */
struct test {
	const char *key;
	const char *what;	/* as sentences call it */
	uint32_t flag;		/* NF_IM_MT_* */
};

extern const struct test tests[TESTS];

/** test_find() - by its key. Return: the test, or NULL */
const struct test *test_find(const char *word, size_t len);

/** test_meant() - is a word that is no key meant as one, or a name that lacks its key? */
bool test_meant(const char *word, size_t len);

/**
 * test_add() - add a name to what a test looks for
 * @test: the test
 * @info: the rule
 * @word: the name, need not end with NUL
 * @len: its length
 * @why: set to a sentence if there is no such name
 * @size: its size
 *
 * Return: 0 or -1.
 */
int test_add(const struct test *test, struct xt_im_mtinfo *info, const char *word, size_t len,
	     char *why, size_t size);

/** test_names_fn - called for each name of a test in a rule */
typedef void test_names_fn(const char *name, void *data);

/** test_names() - all names of a test in a rule; unknown ones as "id:N" */
void test_names(const struct test *test, const struct xt_im_mtinfo *info, test_names_fn *fn,
		void *data);

/** test_one_name() - the first of test_names() */
void test_one_name(const struct test *test, const struct xt_im_mtinfo *info, char *buf,
		   size_t size);

/* rewrite.c */

/** rewrite_include_path() - where includes are looked for, before the default */
void rewrite_include_path(const char *dir);

/** rewrite_define() - "name=value" of the command line */
void rewrite_define(const char *var);

/**
 * rewrite() - replace every "im ..."
 * @name: of the text, for messages
 * @text: the text
 * @quiet: say nothing of mistakes; they were said before
 *
 * Files that the text includes are read for what they define, and for mistakes.
 *
 * Return: the new text, to be freed; NULL after saying what is wrong and where.
 */
char *rewrite(const char *name, const char *text, bool quiet);

/** rewrite_restore() - print nft's messages with the user's own text in the stand-ins' place */
void rewrite_restore(const char *messages, FILE *to);

/* carry.c */

/** carry_files() - from now on, files that libnftables opens are rewritten */
void carry_files(bool on);

/** carry_load() - have the kernel load the match; inet and bridge tables would not ask for it */
void carry_load(void);

/** carry_missing() - whether carry_load() left us without the match */
bool carry_missing(void);

/** next_symbol() - what of that name ours hides; none is the end of the program */
void *next_symbol(const char *name);

/** REAL() - the function that one of ours hides, looked up once for each place */
#define REAL(function) ({						\
	static typeof(&(function)) real_;				\
									\
	if (!real_)							\
		real_ = next_symbol(#function);				\
	real_; })

/** carry_raw_open() - open a file as it is */
FILE *carry_raw_open(const char *path);

/* json.c */

/** json_in() - replace every {"im": ...}. Return: new text to be freed, or NULL after a sentence */
char *json_in(const char *name, const char *text);

/** json_out() - say what the matches of listed rules test. Return: as json_in() */
char *json_out(const char *text);

/* native.c */

/**
 * native() - rules with the native expression
 * @argc: number of @argv
 * @argv: the command
 * @file: commands instead, a line each, or NULL
 * @json: list as JSON
 *
 * Return: exit code.
 */
int native(int argc, char **argv, const char *file, bool json);

/* session.c */

/** say() - a line on stderr, with our name in front */
void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/** xmalloc() - memory, or the end */
void *xmalloc(size_t size);

/** read_all() - the rest of a stream, with a NUL behind. Return: NULL if it cannot be read */
char *read_all(FILE *file);

#endif /* _NFT_IM_H */
