// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is expected of offers and names in a capture. A list: there are few at a time, and it is
 * looked at once a flow.
 */
#include "expect.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct nfim_expected_row {
	struct nfim_expected ex;
	uint64_t until;
};

static uint64_t until(const struct nfim_expected *ex, uint64_t usec)
{
	uint64_t seconds = ex->learnt ? NFIM_LEARN_SECONDS : NFIM_EXPECT_SECONDS;

	return usec + seconds * 1000000;
}

static uint16_t seconds(uint64_t usec)
{
	return usec / 1000000;
}

static uint32_t *place_of(const struct nfim_expecttab *tab, const uint8_t *addr)
{
	uint32_t hash = 2166136261u, i;

	for (i = 0; i < 16; i++)
		hash = (hash ^ addr[i]) * 16777619u;
	return &tab->places[(hash ^ hash >> 15) % NFIM_PLACES];
}

static void forget_old(struct nfim_expecttab *tab, uint64_t usec)
{
	size_t i, n = 0;

	for (i = 0; i < tab->n; i++)
		if (tab->list[i].until > usec)
			tab->list[n++] = tab->list[i];
	tab->n = n;
}

int nfim_expecttab_add(struct nfim_expecttab *tab, const struct nfim_expected *ex, uint64_t usec)
{
	size_t i, of_client = 0, size;
	struct nfim_expected_row *list;

	forget_old(tab, usec);
	for (i = 0; i < tab->n; i++) {
		if (nfim_expect_same(&tab->list[i].ex, ex))
			break;
		of_client += tab->list[i].ex.learnt == ex->learnt &&
			     nfim_expect_same_host(&tab->list[i].ex, ex);
	}
	if (i == tab->n && of_client >= (ex->learnt ? NFIM_LEARNT_MAX : NFIM_EXPECTS_MAX))
		return 0;
	if (i == tab->size) {
		size = tab->size ? tab->size * 2 : 16;
		list = realloc(tab->list, size * sizeof(*list));
		if (!list)
			return -ENOMEM;
		tab->list = list;
		tab->size = size;
	}
	tab->n += i == tab->n;
	tab->list[i] = (struct nfim_expected_row){ *ex, until(ex, usec) };
	return 0;
}

const struct nfim_expected *nfim_expecttab_find(const struct nfim_expecttab *tab,
					      const struct nfim_ends *ends, uint64_t usec)
{
	const struct nfim_expected *learnt = NULL, *ex;
	size_t i;

	for (i = 0; i < tab->n; i++) {
		ex = &tab->list[i].ex;
		if (tab->list[i].until <= usec || !nfim_expect_fits(ex, ends))
			continue;
		if (!ex->learnt)
			return ex;
		if (nfim_place_holds(*place_of(tab, ends->to), seconds(usec), ex->proto))
			learnt = ex;
	}
	return learnt;
}

bool nfim_expecttab_same(const struct nfim_expecttab *tab, const uint8_t *addr, uint8_t proto)
{
	return nfim_place_same(*place_of(tab, addr), proto);
}

int nfim_expecttab_told(struct nfim_expecttab *tab, const struct nfim_told_addr *told,
			const struct nfim_ends *of, bool learn, uint64_t usec)
{
	uint32_t *place = place_of(tab, told->addr);
	struct nfim_expected ex;

	*place = nfim_place_say(*place, seconds(usec), told->proto);
	if (!learn || !nfim_learnt_make(&ex, told, of))
		return 0;
	return nfim_expecttab_add(tab, &ex, usec);
}

void nfim_expecttab_free(struct nfim_expecttab *tab)
{
	free(tab->list);
	free(tab->places);
	memset(tab, 0, sizeof(*tab));
}
