// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sentences of the verifier that came, and those that are in its source.
 */
#include "sentences.h"

#include <stdio.h>
#include "case.h"

enum { SEEN_MAX = 128 };

static const char *seen[SEEN_MAX];
static u32 n_seen;

static bool was_seen(const char *p, size_t n)
{
	u32 i;

	for (i = 0; i < n_seen; i++)
		if (strlen(seen[i]) == n && !memcmp(seen[i], p, n))
			return true;
	return false;
}

void sentence_seen(const char *what)
{
	if (!was_seen(what, strlen(what)) && n_seen < SEEN_MAX)
		seen[n_seen++] = what;
}

void sentences_check(const char *file, u32 least)
{
	static char text[1 << 17];
	const char *p = text, *end;
	char path[256];
	u32 found = 0;
	FILE *f;

	case_begin("sentences of %s", file);
	snprintf(path, sizeof(path), NFIM_TOP "/kmod/engine/%s", file);
	f = fopen(path, "r");
	case_ok("the file can be read", f && fread(text, 1, sizeof(text) - 1, f) > 0);
	fclose(f);
	while ((p = strchr(p, '"')) && (end = strchr(++p, '"'))) {
		size_t n = end - p;

		if (memchr(p, ' ', n) && !memchr(p, '\n', n)) {
			found++;
			if (!was_seen(p, n))
				case_fail("no case breaks the rule \"%.*s\"", (int)n, p);
		}
		p = end + 1;
	}
	case_ok("there are as many as expected", found >= least);
}
