// SPDX-License-Identifier: GPL-2.0-only
/*
 * Many names of hosts: what it costs to find one of a list, and that another is none of them.
 */
#include "bench.h"
#include "engine/names.h"
#include "sigset.h"

#include <stdlib.h>
#include <valgrind/callgrind.h>

enum {
	NAME_MAX = 48,
	LOOKUPS = 1000,	/* half of them of names in the list */
	EVERY = 7919,	/* of which one of so many is looked for; a prime */
};

/* The @nr-th name; no two are the same, and those above all lists' are in none. */
static u32 name_put(char *to, u32 nr)
{
	static const char *const ends[] = { "com", "example.org", "net", "co.test" };
	u32 mixed = nr * 2654435761U;

	return sprintf(to, "h%08x.d%u.%s", mixed, nr % 1000, ends[nr % ARRAY_SIZE(ends)]);
}

static const struct nfim_pack *names_pack(u32 n)
{
	static const char registry[] = "id\tname\taliases\tcategory\tlabel\ttitle\n"
				       "1\tbench\t-\tmessenger\t-\tBench\n";
	char *text = malloc(64 + n * (NAME_MAX + 4UL)), *p = text;
	const char *texts[] = { text };
	u32 i;

	if (!text)
		abort();
	p += sprintf(p, "names bench\nsource \"bench\"\ndate 2026-11-23\n");
	for (i = 0; i < n; i++) {
		p += sprintf(p, "D ");
		p += name_put(p, i);
		*p++ = '\n';
	}
	*p = '\0';
	return &sigset_text(registry, texts, 1)->pack;
}

void names_growth(u32 n)
{
	const struct nfim_pack *pack = names_pack(n);
	char host[NAME_MAX], row[32];
	struct nfim_name_hit hit;
	u32 i, len, found = 0;

	CALLGRIND_START_INSTRUMENTATION;
	for (i = 0; i < LOOKUPS; i++) {
		len = name_put(host, (u32)((u64)i * EVERY % n) + (i & 1 ? n : 0));
		CALLGRIND_TOGGLE_COLLECT;
		found += nfim_names_find(pack, (const u8 *)host, len, &hit);
		CALLGRIND_TOGGLE_COLLECT;
	}
	snprintf(row, sizeof(row), "names-%u", n);
	count_dump(row);
	if (found != LOOKUPS / 2)
		fprintf(stderr, "bench: %u of %u names were found\n", found, LOOKUPS / 2);
}
