// SPDX-License-Identifier: GPL-2.0-only
/*
 * Listings. A row's cells are collected as JSON values first, whatever is to be
 * printed, so that the three forms cannot drift apart.
 */
#include "out.h"
#include "imctl.h"
#include "vocab.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct out {
	const struct out_col *cols;
	size_t n_cols;
	size_t at;		/* column of the next cell */
	json_t *row;
	bool pretty, stream, color;
	char **cells;		/* of all rows, where they wait for the widths */
	size_t n_cells, size;
};

static void *must(void *p)
{
	if (!p) {
		imctl_say("out of memory");
		exit(IMCTL_FAIL);
	}
	return p;
}

static void new_row(struct out *o)
{
	o->row = must(json_object());
	o->at = 0;
	if (imctl_json)
		json_object_set_new(o->row, "schema", json_integer(IMCTL_SCHEMA));
}

static void print_headers(struct out *o)
{
	const char *sep = "";
	size_t i;

	for (i = 0; i < o->n_cols; i++) {
		if (o->cols[i].json_only)
			continue;
		if (o->pretty)
			printf("%s%*s", sep, -o->cols[i].width, o->cols[i].name);
		else
			printf("%s%s", sep, o->cols[i].name);
		sep = o->pretty ? "  " : "\t";
	}
	putchar('\n');
}

struct out *out_begin(const struct out_col *cols, size_t n, bool stream)
{
	struct out *o = must(calloc(1, sizeof(*o)));
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	o->cols = cols;
	o->n_cols = n;
	o->stream = stream;
	o->pretty = !imctl_json && isatty(STDOUT_FILENO);
	o->color = o->pretty && !(no_color && *no_color) && term && strcmp(term, "dumb");
	if (!imctl_json && (!o->pretty || stream))
		print_headers(o);
	new_row(o);
	return o;
}

static void cell(struct out *o, json_t *value)
{
	json_object_set_new(o->row, o->cols[o->at++].name, must(value));
}

void out_none(struct out *o)
{
	cell(o, json_null());
}

void out_str(struct out *o, const char *s)
{
	if (s && *s)
		cell(o, json_string(s));
	else
		out_none(o);
}

void out_num(struct out *o, uint64_t num)
{
	cell(o, json_integer((json_int_t)num));
}

void out_bool(struct out *o, bool yes)
{
	cell(o, json_boolean(yes));
}

char *out_escape(const void *p, size_t len)
{
	const unsigned char *b = p;
	char *s = must(malloc(len * 4 + 1)), *at = s;
	size_t i;

	for (i = 0; i < len; i++) {
		if (b[i] == '\\')
			at += sprintf(at, "\\\\");
		else if (b[i] < 0x20 || b[i] >= 0x7f || (len == 1 && b[i] == '-'))
			at += sprintf(at, "\\x%02x", b[i]);
		else
			*at++ = b[i];
	}
	*at = '\0';
	return s;
}

void out_bytes(struct out *o, const void *p, size_t len)
{
	char *s = out_escape(p, len);

	out_str(o, s);
	free(s);
}

void out_text(struct out *o, const char *s)
{
	json_t *value = s ? json_string(s) : NULL;

	if (value)
		cell(o, value);
	else
		out_bytes(o, s, s ? strlen(s) : 0);
}

void out_actions(struct out *o, uint32_t actions)
{
	json_t *list = must(json_array());
	size_t i;

	for (i = 0; nfim_action_names[i]; i++)
		if (actions >> i & 1)
			json_array_append_new(list, json_string(nfim_action_names[i]));
	cell(o, list);
}

static char *join(const json_t *list)
{
	char *s = must(strdup("")), *longer;
	const json_t *word;
	size_t i;

	json_array_foreach(list, i, word) {
		if (asprintf(&longer, "%s%s%s", s, i ? "," : "", json_string_value(word)) < 0)
			longer = must(NULL);
		free(s);
		s = longer;
	}
	if (!*s) {
		free(s);
		s = must(strdup("-"));
	}
	return s;
}

/* Return: a cell as text, to be freed. */
static char *text(const json_t *value)
{
	char *s = NULL;

	switch (json_typeof(value)) {
	case JSON_STRING:
		return must(strdup(json_string_value(value)));
	case JSON_INTEGER:
		if (asprintf(&s, "%" PRIu64, (uint64_t)json_integer_value(value)) < 0)
			s = NULL;
		return must(s);
	case JSON_TRUE:
		return must(strdup("yes"));
	case JSON_FALSE:
		return must(strdup("no"));
	case JSON_ARRAY:
		return join(value);
	default:
		return must(strdup("-"));
	}
}

static void keep(struct out *o, char *s)
{
	if (o->n_cells == o->size) {
		o->size = o->size ? o->size * 2 : 256;
		o->cells = must(realloc(o->cells, o->size * sizeof(*o->cells)));
	}
	o->cells[o->n_cells++] = s;
}

static void print_row(struct out *o)
{
	const char *sep = "";
	size_t i;
	char *s;

	for (i = 0; i < o->n_cols; i++) {
		if (o->cols[i].json_only)
			continue;
		s = text(json_object_get(o->row, o->cols[i].name));
		if (o->pretty && !o->stream) {
			keep(o, s);
			continue;
		}
		printf("%s%*s", sep, o->pretty ? -o->cols[i].width : 0, s);
		sep = o->pretty ? "  " : "\t";
		free(s);
	}
	if (!o->pretty || o->stream)
		putchar('\n');
}

void out_row(struct out *o)
{
	if (imctl_json) {
		json_dumpf(o->row, stdout, JSON_COMPACT | JSON_PRESERVE_ORDER);
		putchar('\n');
	} else {
		print_row(o);
	}
	if (o->stream)
		fflush(stdout);
	json_decref(o->row);
	new_row(o);
}

/* Columns on a screen; a byte that begins a UTF-8 character counts, the others do not. */
static int width(const char *s)
{
	int n = 0;

	for (; *s; s++)
		n += (*s & 0xc0) != 0x80;
	return n;
}

static void pad(int n)
{
	if (n > 0)
		printf("%*s", n, "");
}

static void print_aligned(struct out *o)
{
	int *widths = must(calloc(o->n_cols, sizeof(*widths)));
	const struct out_col **cols = must(calloc(o->n_cols, sizeof(struct out_col *)));
	size_t i, n = 0;

	for (i = 0; i < o->n_cols; i++) {
		if (o->cols[i].json_only)
			continue;
		cols[n] = &o->cols[i];
		widths[n++] = width(o->cols[i].name);
	}
	for (i = 0; i < o->n_cells; i++)
		if (width(o->cells[i]) > widths[i % n])
			widths[i % n] = width(o->cells[i]);
	for (i = 0; i < n + o->n_cells; i++) {
		const char *s = i < n ? cols[i]->name : o->cells[i - n];
		int gap = widths[i % n] - width(s);
		bool last = i % n == n - 1;

		pad(cols[i % n]->right ? gap : 0);
		printf("%s%s%s", i < n && o->color ? "\033[1m" : "", s,
		       i < n && o->color ? "\033[0m" : "");
		pad(cols[i % n]->right || last ? 0 : gap);
		fputs(last ? "\n" : "  ", stdout);
	}
	free(cols);
	free(widths);
}

int out_flush(void)
{
	if (!fflush(stdout) && !ferror(stdout))
		return IMCTL_OK;
	imctl_say("cannot write to standard output: %s", strerror(errno));
	return IMCTL_FAIL;
}

int out_finish(struct out *o)
{
	size_t i;

	if (o->pretty && !o->stream)
		print_aligned(o);
	for (i = 0; i < o->n_cells; i++)
		free(o->cells[i]);
	free(o->cells);
	json_decref(o->row);
	free(o);
	return out_flush();
}
