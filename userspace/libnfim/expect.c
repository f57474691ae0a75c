// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is expected of offers in a capture. A list: there are few at a time, and it is looked at
 * once a flow.
 */
#include "expect.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct nfim_expected_row {
	struct nfim_expected ex;
	uint64_t until;
};

static uint64_t until(uint64_t usec)
{
	return usec + (uint64_t)NFIM_EXPECT_SECONDS * 1000000;
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
		of_client += nfim_expect_same_host(&tab->list[i].ex, ex);
	}
	if (i == tab->n && of_client >= NFIM_EXPECTS_MAX)
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
	tab->list[i] = (struct nfim_expected_row){ *ex, until(usec) };
	return 0;
}

const struct nfim_expected *nfim_expecttab_find(const struct nfim_expecttab *tab,
					      const struct nfim_ends *ends, uint64_t usec)
{
	size_t i;

	for (i = 0; i < tab->n; i++)
		if (tab->list[i].until > usec && nfim_expect_fits(&tab->list[i].ex, ends))
			return &tab->list[i].ex;
	return NULL;
}

void nfim_expecttab_free(struct nfim_expecttab *tab)
{
	free(tab->list);
	memset(tab, 0, sizeof(*tab));
}
