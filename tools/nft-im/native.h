/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Rules with the native expression, as text and as what the kernel takes.
 */
#ifndef _NFT_IM_NATIVE_H
#define _NFT_IM_NATIVE_H

#include <linux/netfilter/nf_im.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lex;

enum { NATIVE_ELEMS_MAX = 256 };

/** struct native_elem - a value, and in a verdict map what becomes of it */
struct native_elem {
	uint32_t value;
	int verdict;		/* NF_DROP ..., NFT_CONTINUE ... */
	char *chain;		/* of jump and goto, else NULL */
};

/** struct native_rule - "im KEY ..." with what is done */
struct native_rule {
	uint8_t family;
	char *table;
	char *chain;
	enum nf_im_key key;
	bool invert;
	bool map;		/* the verdicts are those of the elements */
	struct native_elem elems[NATIVE_ELEMS_MAX];
	size_t n_elems;
	bool counter;
	bool has_verdict;
	struct native_elem verdict;
};

/** native_parse() - read "FAMILY TABLE CHAIN im ...". Return: 0, or -1 after a message */
int native_parse(struct native_rule *rule, struct lex *lex);

/** native_family() - read a family's word, ip if there is none. Return: 0, or -1 after a message */
int native_family(struct lex *lex, uint8_t *family);

/** native_add() - give a rule to the kernel. Return: 0, or -1 after a message */
int native_add(const struct native_rule *rule);

/** native_del() - take a rule out. Return: 0, or -1 after a message */
int native_del(uint8_t family, const char *table, const char *chain, uint64_t handle);

/** native_list() - print all of them as commands. Return: 0, or -1 after a message */
int native_list(bool json);

/** native_value_name() - the word for a number of a key; @buf for one without a word */
const char *native_value_name(enum nf_im_key key, uint32_t value, char *buf, size_t size);

/** native_verdict_name() - its word */
const char *native_verdict_name(int verdict);

#endif /* _NFT_IM_NATIVE_H */
