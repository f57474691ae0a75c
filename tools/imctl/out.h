/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Listings: aligned columns on a terminal, tab-separated elsewhere, one JSON
 * object a line with --json.
 */
#ifndef _IMCTL_OUT_H
#define _IMCTL_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** struct out_col - a column: its header, which is its JSON key too */
struct out_col {
	const char *name;
	bool right;		/* numbers: to the right on a terminal */
	bool json_only;
	int width;		/* of a stream on a terminal, which cannot wait for all rows */
};

struct out;

/**
 * out_begin() - start a listing
 * @cols: columns, to live as long as the listing
 * @n: how many
 * @stream: print each row at once
 *
 * Return: the listing, for out_finish(). Never NULL: out of memory ends the program.
 */
struct out *out_begin(const struct out_col *cols, size_t n, bool stream);

/* The cells of a row, one call each, in the order of the columns. */
void out_none(struct out *o);
void out_str(struct out *o, const char *s);		/* our own words; NULL or "": none */
void out_bytes(struct out *o, const void *p, size_t len); /* from elsewhere: escaped */
void out_text(struct out *o, const char *s);	/* from the admin: left as it is, if UTF-8 */
void out_num(struct out *o, uint64_t num);
void out_bool(struct out *o, bool yes);

void out_actions(struct out *o, uint32_t actions);	/* bits of enum nf_im_action */

/** out_row() - end a row */
void out_row(struct out *o);

/**
 * out_finish() - print what is still to be printed and let go of the listing
 *
 * Return: exit code; a failure if standard output could not take it all.
 */
int out_finish(struct out *o);

/** out_escape() - make bytes printable: \\, \t, \xNN. Return: a string to be freed. */
char *out_escape(const void *p, size_t len);

/** out_flush() - did all get out? Return: exit code, after saying why not. */
int out_flush(void);

#endif /* _IMCTL_OUT_H */
