/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The words of rules, listings and signature files for the numbers of
 * <linux/netfilter/nf_im.h>. Tables end with NULL; the index is the number.
 */
#ifndef _NFIM_VOCAB_H
#define _NFIM_VOCAB_H

#include <stddef.h>

extern const char *const nfim_category_names[];	/* enum nf_im_category */
extern const char *const nfim_action_names[];	/* enum nf_im_action */
extern const char *const nfim_state_names[];	/* enum nf_im_state */
extern const char *const nfim_confidence_names[]; /* enum nf_im_confidence */

/**
 * nfim_vocab_find() - the number of a word
 * @table: one of the above
 * @word: bytes, need not end with NUL
 * @len: how many
 *
 * Return: index in @table, or -1.
 */
int nfim_vocab_find(const char *const *table, const char *word, size_t len);

#endif /* _NFIM_VOCAB_H */
