// SPDX-License-Identifier: GPL-2.0-only
/*
 * One text on its way through libnftables, whoever called: nft-im, or a program that has
 * libnft-im.so in front of libnftables.
 */
#include "session.h"
#include "nft-im.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void say(const char *fmt, ...)
{
	va_list ap;

	fputs("nft-im: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

void *xmalloc(size_t size)
{
	void *p = malloc(size ? size : 1);

	if (!p) {
		say("out of memory");
		exit(1);
	}
	return p;
}

char *read_all(FILE *file)
{
	char *text = NULL, chunk[4096];
	size_t n, size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	while ((n = fread(chunk, 1, sizeof(chunk), file)) > 0)
		fwrite(chunk, 1, n, out);
	if (fclose(out) || ferror(file)) {
		free(text);
		return NULL;
	}
	return text;
}

/* Where no table is iptables', the hint that one is would mislead. */
static bool misleading(const char *line)
{
	static const char *const iptables[] = {
		" filter ", " nat ", " mangle ", " raw ", " security ",
	};
	size_t i;

	if (strncmp(line, "# Warning: table ", 17) || !strstr(line, "managed by iptables"))
		return false;
	for (i = 0; i < sizeof(iptables) / sizeof(*iptables); i++)
		if (strstr(line, iptables[i]))
			return false;
	return true;
}

void session_messages(const char *messages)
{
	char *copy = strdup(messages), *line, *next;

	for (line = copy; line && *line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		if (!misleading(line))
			rewrite_restore(line, stderr);
	}
	free(copy);
}

void session_begin(void)
{
	setenv("NFIM_XLATE", "im", 1);
}

static int hand_over(struct nft_ctx *nft, const struct session_text *t, const char *changed)
{
	static int (*by_name)(struct nft_ctx *nft, const char *name);
	static int (*by_text)(struct nft_ctx *nft, const char *text);
	int ret;

	if (!by_name) {
		by_name = next_symbol("nft_run_cmd_from_filename");
		by_text = next_symbol("nft_run_cmd_from_buffer");
	}
	carry_files(true);
	ret = t->by_name ? by_name(nft, t->name) : by_text(nft, changed);
	carry_files(false);
	return ret;
}

int session_run(struct nft_ctx *nft, const struct session_text *t)
{
	bool json = t->json && t->text[strspn(t->text, " \t\n")] == '{';
	char *changed;
	int ret;

	place_reset();
	changed = json ? json_in(t->name, t->text) : rewrite(t->name, t->text, false);
	if (!changed)
		return -1;
	if (place_count() && nft_ctx_get_optimize(nft)) {
		say("-o would merge rules with im into others that mean something else; "
		    "write { a, b } in one rule, or leave -o out");
		free(changed);
		return -1;
	}
	if (place_count())
		carry_load();
	ret = hand_over(nft, t, changed);
	free(changed);
	return ret;
}
