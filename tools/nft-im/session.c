// SPDX-License-Identifier: GPL-2.0-only
/*
 * One text on its way through libnftables, whoever called: nft-im, or a program that has
 * libnft-im.so in front of libnftables.
 */
#include "session.h"
#include "nft-im.h"

#include <errno.h>
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
static bool misleading(const char *line, size_t len)
{
	static const char *const iptables[] = {
		" filter ", " nat ", " mangle ", " raw ", " security ",
	};
	size_t i;

	if (strncmp(line, "# Warning: table ", 17) ||
	    !memmem(line, len, "managed by iptables", 19))
		return false;
	for (i = 0; i < sizeof(iptables) / sizeof(*iptables); i++)
		if (memmem(line, len, iptables[i], strlen(iptables[i])))
			return false;
	return true;
}

/* Lines of a message belong together, so what is left of them goes on at once. */
void session_messages(const char *messages)
{
	char *copy = strdup(messages), *to = copy;
	const char *line, *next;
	size_t len;

	if (!copy)
		return;
	for (line = messages; *line; line = next) {
		len = strcspn(line, "\n");
		next = line + len + (line[len] == '\n');
		if (misleading(line, len))
			continue;
		memcpy(to, line, next - line);
		to += next - line;
	}
	*to = '\0';
	rewrite_restore(copy, stderr);
	free(copy);
	if (place_count() && strstr(messages, strerror(ENOENT)) && carry_missing())
		say("is the module xt_im installed? see imctl status");
}

void session_begin(void)
{
	setenv("NFIM_XLATE", "im", 1);
}

static int hand_over(struct nft_ctx *nft, const struct session_text *t, const char *changed)
{
	int ret;

	carry_files(true);
	ret = t->by_name ? REAL(nft_run_cmd_from_filename)(nft, t->name) :
			   REAL(nft_run_cmd_from_buffer)(nft, changed);
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
