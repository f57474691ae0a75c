// SPDX-License-Identifier: GPL-2.0-only
/*
 * Look-ups in the names of protocols. nfim_names.h is written by
 * nfim-compile --names-header.
 */
#include "registry.h"
#include "nfim_names.h"

#include <ctype.h>
#include <string.h>

enum {
	NEAR_MAX = 2,	/* letters */
	WORD_MAX = 63,
};

#define N_NAMES	(sizeof(nfim_names) / sizeof(nfim_names[0]))

size_t nfim_name_count(void)
{
	return N_NAMES;
}

const struct nfim_name *nfim_name_at(size_t i)
{
	return &nfim_names[i];
}

const struct nfim_name *nfim_name_by_id(unsigned int id)
{
	size_t i;

	for (i = 0; i < N_NAMES; i++)
		if (nfim_names[i].id == id)
			return &nfim_names[i];
	return NULL;
}

/* The next of "name" or "alias,alias", or NULL. */
static const char *next_word(const struct nfim_name *name, const char *prev, size_t *len)
{
	const char *p = name->name;

	if (prev == name->name)
		p = name->aliases;
	else if (prev)
		p = prev + *len + (prev[*len] == ',');
	*len = strcspn(p, ",");
	return *len ? p : NULL;
}

const struct nfim_name *nfim_name_find(const char *word, size_t len)
{
	size_t i, n = 0;
	const char *p;

	for (i = 0; i < N_NAMES; i++)
		for (p = next_word(&nfim_names[i], NULL, &n); p;
		     p = next_word(&nfim_names[i], p, &n))
			if (n == len && !memcmp(p, word, n))
				return &nfim_names[i];
	return NULL;
}

static size_t min2(size_t a, size_t b)
{
	return a < b ? a : b;
}

static int letter(char c)
{
	return tolower((unsigned char)c);
}

size_t nfim_word_distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t rows[3][WORD_MAX + 1], *cur, *prev, *prev2, i, k;

	if (a_len > WORD_MAX || b_len > WORD_MAX)
		return WORD_MAX;
	for (k = 0; k <= b_len; k++)
		rows[0][k] = k;
	for (i = 1; i <= a_len; i++) {
		cur = rows[i % 3];
		prev = rows[(i + 2) % 3];
		prev2 = rows[(i + 1) % 3];
		cur[0] = i;
		for (k = 1; k <= b_len; k++) {
			cur[k] = min2(min2(prev[k], cur[k - 1]) + 1,
				      prev[k - 1] + (letter(a[i - 1]) != letter(b[k - 1])));
			if (i > 1 && k > 1 && letter(a[i - 1]) == letter(b[k - 2]) &&
			    letter(b[k - 1]) == letter(a[i - 2]))
				cur[k] = min2(cur[k], prev2[k - 2] + 1);
		}
	}
	return rows[a_len % 3][b_len];
}

const struct nfim_name *nfim_name_near(const char *word, size_t len)
{
	const struct nfim_name *found = NULL;
	size_t best = NEAR_MAX + 1;
	size_t i, n = 0;
	const char *p;

	if (len < 2 || len > WORD_MAX)
		return NULL;
	for (i = 0; i < N_NAMES; i++) {
		for (p = next_word(&nfim_names[i], NULL, &n); p;
		     p = next_word(&nfim_names[i], p, &n)) {
			size_t d = nfim_word_distance(word, len, p, n);

			/* As good as one wrong letter. */
			if (n > len && !memcmp(p, word, len) && d > 1)
				d = 1;
			if (d < best && d < len) {
				best = d;
				found = &nfim_names[i];
			}
		}
	}
	return found;
}
