/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The names of protocols, as signatures/ had them when this was
 * built. Rules are written with these; a pack loaded later has the same ids.
 */
#ifndef _NFIM_REGISTRY_H
#define _NFIM_REGISTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** struct nfim_name - one protocol */
struct nfim_name {
	uint16_t id;		/* 1..255 */
	uint8_t category;	/* enum nf_im_category */
	uint8_t label;		/* offset, or NFIM_NAME_NO_LABEL */
	const char *name;	/* what every tool prints */
	const char *aliases;	/* what every tool accepts as well; by commas, "" for none */
	const char *title;	/* for people */
	bool reserved;		/* the built-in signatures have nothing of it */
};

#define NFIM_NAME_NO_LABEL	0xff

/** nfim_name_count() - how many protocols there are */
size_t nfim_name_count(void);

/**
 * nfim_name_at() - a protocol by its place, which is by ascending id
 * @i: less than nfim_name_count()
 */
const struct nfim_name *nfim_name_at(size_t i);

/** nfim_name_by_id() - a protocol by its id, or NULL */
const struct nfim_name *nfim_name_by_id(unsigned int id);

/**
 * nfim_name_find() - a protocol by its name or one of its aliases
 * @word: bytes, need not end with NUL
 * @len: how many
 *
 * Return: the protocol, or NULL.
 */
const struct nfim_name *nfim_name_find(const char *word, size_t len);

/**
 * nfim_word_distance() - how many letters two words differ by
 * @a: bytes, need not end with NUL
 * @a_len: how many
 * @b: as @a
 * @b_len: how many
 *
 * Case does not count, and two swapped neighbours count as one letter.
 *
 * Return: letters added, left out, changed or swapped; 63 if a word is longer than that.
 */
size_t nfim_word_distance(const char *a, size_t a_len, const char *b, size_t b_len);

/**
 * nfim_name_near() - the name most like a word nobody has
 * @word: bytes, need not end with NUL
 * @len: how many
 *
 * Return: a protocol one of whose names is at most two from @word by
 * nfim_word_distance(), or begins with it; or NULL.
 */
const struct nfim_name *nfim_name_near(const char *word, size_t len);

#endif /* _NFIM_REGISTRY_H */
