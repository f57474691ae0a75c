/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The tests of the match "im" and the words each of them takes. A test's
 * value is a set of ids; the ids, their limits and their place in the rule are
 * those of linux/netfilter/nf_im.h.
 */
#ifndef _NF_IM_XT_WORDS_H
#define _NF_IM_XT_WORDS_H

#include <linux/netfilter/nf_im.h>

#include <stddef.h>

enum {
	WORDS_TESTS = 5,
	WORDS_IDS_MAX = 256,	/* ids a set can hold */
	WORDS_WORD_MAX = 64,	/* bytes of a word with its NUL */
	WORDS_NEAR_MAX = 3,	/* words an error proposes */
};

struct words_set {
	/* Bit id % 64 of word id / 64. */
	__u64 bits[WORDS_IDS_MAX / 64];
};

struct words {
	/* Name of the option without dashes, and of the nft key. */
	const char *option;
	/* What an error calls it. */
	const char *what;
	/* NF_IM_MT_* */
	__u32 flag;
	/* First id, and one past the last, that the rule has a bit for. */
	unsigned int min, limit;
	/* Names by id, ending with NULL; NULL: those of the registry. */
	const char *const *table;
	/* Where a mask of 32 bits stands in struct xt_im_mtinfo; 0: protos. */
	size_t mask_offset;
};

/* In the order in which print and save show them. */
extern const struct words words_tests[WORDS_TESTS];

/**
 * words_get() - the ids a rule has for one test
 * @words: the test
 * @info: the rule
 * @set: filled
 */
void words_get(const struct words *words, const struct xt_im_mtinfo *info,
	       struct words_set *set);

/**
 * words_put() - store the ids of one test in a rule
 * @words: the test
 * @info: the rule; its flags are left alone
 * @set: ids, all of them below the limit of @words
 */
void words_put(const struct words *words, struct xt_im_mtinfo *info,
	       const struct words_set *set);

/**
 * words_parse() - read "name,name,id:200"
 * @words: the test the list is for
 * @list: what the user wrote
 * @set: filled; a word said twice counts once
 *
 * Does not return on a mistake: xtables_error() with a sentence that names the
 * word, the words near it and how to see all.
 */
void words_parse(const struct words *words, const char *list,
		 struct words_set *set);

/**
 * words_name() - the word for an id
 * @words: the test
 * @id: below the limit of @words
 * @buf: at least WORDS_WORD_MAX bytes, used for an id without a name
 *
 * Return: the canonical name, or "id:N" in @buf where this library is older
 * than the rule. Both are read back by words_parse().
 */
const char *words_name(const struct words *words, unsigned int id, char *buf);

/**
 * words_next() - walk a set
 * @set: the set
 * @id: where to start
 *
 * Return: the smallest id of @set not below @id, or -1.
 */
int words_next(const struct words_set *set, unsigned int id);

/**
 * words_text() - a set as "name,name,..." in the order of ids
 * @words: the test
 * @set: the ids
 * @sep: what stands between two names
 *
 * Return: text that the caller frees; empty for an empty set.
 */
char *words_text(const struct words *words, const struct words_set *set,
		 const char *sep);

#endif /* _NF_IM_XT_WORDS_H */
