// SPDX-License-Identifier: GPL-2.0-only
/*
 * Session scripts. A line is
 *
 *	c TOKEN...	what the client says
 *	s TOKEN...	what the server says
 *	# ...		a comment
 *
 * and a token is hex digits (595d 53), a string with the escapes of C
 * ("YMSG\r\n\x00"), either of them times a number ("A"*100, 00*16).
 */
#include "imtalk.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { SCRIPT_MAX = 16 << 20 };

struct parser {
	struct script *sc;
	const char *path;
	unsigned int lineno;
	const char *p;
};

static int fail(const struct parser *ps, const char *what)
{
	fprintf(stderr, "imtalk: %s:%u: %s\n", ps->path, ps->lineno, what);
	return -1;
}

static int put(struct parser *ps, uint8_t byte)
{
	struct script *sc = ps->sc;

	if (sc->size >= SCRIPT_MAX)
		return fail(ps, "script too large");
	if ((sc->size & (sc->size - 1)) == 0) {
		uint8_t *data = realloc(sc->data, sc->size ? sc->size * 2 : 1);

		if (!data)
			return fail(ps, "out of memory");
		sc->data = data;
	}
	sc->data[sc->size++] = byte;
	return 0;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int parse_hex(struct parser *ps)
{
	int hi, lo;

	while (isxdigit((unsigned char)*ps->p)) {
		hi = hex_digit(ps->p[0]);
		lo = hex_digit(ps->p[1]);
		if (lo < 0)
			return fail(ps, "odd number of hex digits");
		ps->p += 2;
		if (put(ps, (uint8_t)(hi << 4 | lo)) < 0)
			return -1;
	}
	return 0;
}

/* The character after a backslash; -1 for one which is unknown. */
static int parse_escape(struct parser *ps)
{
	static const char from[] = "rnt0\\\"";
	static const char to[] = "\r\n\t\0\\\"";
	const char *at;
	int hi, lo;

	if (*ps->p == 'x') {
		hi = hex_digit(ps->p[1]);
		lo = hi < 0 ? -1 : hex_digit(ps->p[2]);
		if (lo < 0)
			return -1;
		ps->p += 3;
		return hi << 4 | lo;
	}
	at = *ps->p ? strchr(from, *ps->p) : NULL;
	if (!at)
		return -1;
	ps->p++;
	return (uint8_t)to[at - from];
}

static int parse_string(struct parser *ps)
{
	int c;

	ps->p++;
	while (*ps->p != '"') {
		if (!*ps->p || *ps->p == '\n')
			return fail(ps, "string without end");
		c = (uint8_t)*ps->p++;
		if (c == '\\') {
			c = parse_escape(ps);
			if (c < 0)
				return fail(ps, "unknown escape");
		}
		if (put(ps, (uint8_t)c) < 0)
			return -1;
	}
	ps->p++;
	return 0;
}

/* Repeat the bytes from start on, if "*N" follows. */
static int parse_times(struct parser *ps, size_t start)
{
	size_t len = ps->sc->size - start, i;
	unsigned long n;
	char *end;

	if (*ps->p != '*')
		return 0;
	n = strtoul(ps->p + 1, &end, 10);
	if (end == ps->p + 1 || !n || n > SCRIPT_MAX)
		return fail(ps, "bad number of times");
	ps->p = end;
	while (--n)
		for (i = 0; i < len; i++)
			if (put(ps, ps->sc->data[start + i]) < 0)
				return -1;
	return 0;
}

static int parse_tokens(struct parser *ps)
{
	size_t start;
	int rc;

	for (;;) {
		while (isspace((unsigned char)*ps->p))
			ps->p++;
		if (!*ps->p || *ps->p == '#')
			return 0;
		start = ps->sc->size;
		if (*ps->p == '"')
			rc = parse_string(ps);
		else if (isxdigit((unsigned char)*ps->p))
			rc = parse_hex(ps);
		else
			rc = fail(ps, "neither hex nor string");
		if (rc < 0 || parse_times(ps, start) < 0)
			return -1;
	}
}

static int add_line(struct parser *ps, char side, size_t off, bool merge)
{
	struct script *sc = ps->sc;
	size_t len = sc->size - off;
	struct line *lines;

	if (!len)
		return fail(ps, "empty line");
	if (side == 'c')
		sc->total_c += len;
	else
		sc->total_s += len;
	if (merge && sc->nlines && sc->lines[sc->nlines - 1].side == side) {
		sc->lines[sc->nlines - 1].len += len;
		return 0;
	}
	lines = realloc(sc->lines, (sc->nlines + 1) * sizeof(*lines));
	if (!lines)
		return fail(ps, "out of memory");
	sc->lines = lines;
	lines[sc->nlines++] = (struct line){ side, off, len };
	return 0;
}

static int parse_line(struct parser *ps, bool merge)
{
	size_t off = ps->sc->size;
	char side;

	while (isspace((unsigned char)*ps->p))
		ps->p++;
	if (!*ps->p || *ps->p == '#')
		return 0;
	side = *ps->p++;
	if ((side != 'c' && side != 's') || !isspace((unsigned char)*ps->p))
		return fail(ps, "a line starts with c or s and a space");
	if (parse_tokens(ps) < 0)
		return -1;
	return add_line(ps, side, off, merge);
}

int script_load(struct script *sc, const char *path, bool merge)
{
	struct parser ps = { .sc = sc, .path = path };
	size_t room = 0;
	char *text = NULL;
	FILE *f;
	int rc = 0;

	memset(sc, 0, sizeof(*sc));
	f = fopen(path, "r");
	if (!f) {
		perror(path);
		return -1;
	}
	while (!rc && getline(&text, &room, f) >= 0) {
		ps.lineno++;
		ps.p = text;
		rc = parse_line(&ps, merge);
	}
	free(text);
	fclose(f);
	if (!rc && !sc->nlines)
		rc = fail(&ps, "nothing to say");
	if (rc)
		script_free(sc);
	return rc;
}

void script_free(struct script *sc)
{
	free(sc->data);
	free(sc->lines);
	memset(sc, 0, sizeof(*sc));
}
