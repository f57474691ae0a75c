// SPDX-License-Identifier: GPL-2.0-only
/*
 * Finds "im ..." in text of nft, and puts stand-ins of the same length there.
 *
 * As much of nft's grammar is known here as that takes: strings, comments, lines that go on,
 * define and include. An "im" that stands where a table or chain is named is left alone.
 */
#include "nft-im.h"
#include "lex.h"
#include "vars.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static_assert(sizeof("im proto 1") >= sizeof("cpu ") + PLACE_DIGITS,
	      "the shortest that can be written has room for a stand-in");

enum { DEPTH_MAX = 16 };	/* of includes, as in nft */

static struct place **places;
static size_t n_places;

struct place *place_add(const struct xt_im_mtinfo *info, uint32_t *number)
{
	struct place *place = xmalloc(sizeof(*place));

	if (n_places >= PLACE_MAX) {
		say("more than %d times \"im\" in one text", PLACE_MAX);
		exit(1);
	}
	if (!(n_places & (n_places - 1))) {
		places = realloc(places, (n_places ? 2 * n_places : 1) * sizeof(*places));
		if (!places)
			abort();
	}
	memset(place, 0, sizeof(*place));
	place->info = *info;
	places[n_places] = place;
	*number = PLACE_FIRST + n_places++;
	return place;
}

const struct place *place_get(uint32_t number)
{
	return number - PLACE_FIRST < n_places ? places[number - PLACE_FIRST] : NULL;
}

size_t place_count(void)
{
	return n_places;
}

void place_reset(void)
{
	while (n_places) {
		free(places[--n_places]->was);
		free(places[n_places]->is);
		free(places[n_places]);
	}
	free(places);
	places = NULL;
}

/* One text on its way. */
struct job {
	struct lex lex;
	bool quiet;
	unsigned int depth;
	char *out;	/* same length, but for newlines at the end of lines */
	size_t n_out;
	unsigned int owed;	/* newlines that had to be taken out of a statement */
	bool failed;
};

static int refuse(struct job *job, const struct token *at, const char *why)
{
	if (!job->quiet)
		lex_error(&job->lex, at, why);
	job->failed = true;
	return -1;
}

static void put(struct job *job, const char *text, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		job->out[job->n_out++] = text[i];
		for (; text[i] == '\n' && job->owed; job->owed--)
			job->out[job->n_out++] = '\n';
	}
}

/* Blanks of the length of a text whose lines go on; newlines that cannot be had are owed. */
static char *blanks(struct job *job, const char *text, size_t len)
{
	char *s = xmalloc(len + 1);
	size_t i;

	for (i = 0; i < len; i++) {
		s[i] = ' ';
		if (text[i] != '\n')
			continue;
		if (i && s[i - 1] == ' ') {
			s[i - 1] = '\\';
			s[i] = '\n';
		} else {
			job->owed++;
		}
	}
	s[len] = '\0';
	return s;
}

/* The first @len blanks of @s in a row. */
static char *gap(char *s, size_t len)
{
	size_t have = 0;

	for (; *s; s++) {
		have = *s == ' ' ? have + 1 : 0;
		if (have == len)
			return s - len + 1;
	}
	return NULL;
}

static char *line_around(const char *text, size_t off)
{
	size_t from = off, to = off;

	while (from && text[from - 1] != '\n')
		from--;
	while (text[to] && text[to] != '\n')
		to++;
	return strndup(text + from, to - from);
}

/* Puts the stand-in for the statement from @from to the lexer's place. */
static void stand_in(struct job *job, const char *from, size_t len, const struct xt_im_mtinfo *info)
{
	char *s = blanks(job, from, len), *at, *was, text[16];
	struct place *place;
	uint32_t number;
	size_t n;

	place = place_add(info, &number);
	n = snprintf(text, sizeof(text), "cpu %u", number);
	at = gap(s, n);
	if (!at) {
		/* The lines of it are too short: make it one. */
		for (at = s; *at; at++) {
			job->owed += *at == '\n';
			*at = ' ';
		}
		at = s;
	}
	memcpy(at, text, n);
	was = strndup(from, len);
	place->is = line_around(s, at - s);
	place->was = line_around(was, at - s);
	put(job, s, len);
	free(was);
	free(s);
}

static int add_name(struct job *job, const struct test *test, struct xt_im_mtinfo *info,
		    const struct token *tok)
{
	char why[512];

	if (test_add(test, info, tok->at, tok->len, why, sizeof(why)))
		return refuse(job, tok, why);
	return 0;
}

/* "a,b" is iptables' way to write a list. @first is what stands before the sign. */
static int no_list(struct job *job, struct lex *lex, const struct test *test,
		   const struct token *first)
{
	struct xt_im_mtinfo info = { 0 };
	struct token sign, next;
	char why[512];

	lex_next(lex, &sign, false);
	if (!token_is(&sign, ",") && !token_is(&sign, "|"))
		return 0;
	lex_next(lex, &next, false);
	if (first->kind != TOKEN_WORD || next.kind != TOKEN_WORD ||
	    test_add(test, &info, next.at, next.len, why, sizeof(why)))
		return refuse(job, &sign, "several names are written { NAME, NAME }");
	snprintf(why, sizeof(why), "several names are written { %.*s, %.*s }", (int)first->len,
		 first->at, (int)next.len, next.at);
	return refuse(job, &sign, why);
}

/* The names in a value: one, or a list in braces. */
static int add_value(struct job *job, struct lex *lex, const struct test *test,
		     struct xt_im_mtinfo *info, struct token *tok, unsigned int depth)
{
	const char *value;
	struct lex inner;
	struct token sub;

	if (token_is(tok, "{")) {
		lex_next(lex, tok, true);
		while (!token_is(tok, "}")) {
			if (add_value(job, lex, test, info, tok, depth))
				return -1;
			lex_next(lex, tok, true);
			if (token_is(tok, ","))
				lex_next(lex, tok, true);
			else if (!token_is(tok, "}"))
				return refuse(job, depth ? NULL : tok,
					      "a list of names ends with \"}\"");
		}
		return 0;
	}
	if (tok->kind == TOKEN_VAR && depth < DEPTH_MAX) {
		value = vars_get(tok->at + 1, tok->len - 1);
		if (!value)
			return refuse(job, depth ? NULL : tok, "this is not defined before");
		lex_init(&inner, "", value);
		lex_next(&inner, &sub, true);
		if (add_value(job, &inner, test, info, &sub, depth + 1))
			return -1;
		lex_next(&inner, &sub, true);
		if (sub.kind != TOKEN_END)
			return refuse(job, depth ? NULL : tok,
				      "this holds more than a name, or { NAME, NAME }");
		return 0;
	}
	if (tok->kind != TOKEN_WORD)
		return refuse(job, depth ? NULL : tok, "here a name is expected, or { names }");
	if (depth) {
		char why[512];

		if (test_add(test, info, tok->at, tok->len, why, sizeof(why)))
			return refuse(job, NULL, why);
		return 0;
	}
	return add_name(job, test, info, tok);
}

static const char no_map[] =
	"im cannot be mapped, marks can: imctl mark, ct mark & $im_mask vmap { $im_ymsg : drop }";
static const char no_set[] =
	"a named set cannot hold names of im; write { names }, or define a variable of them";

static int refuse_value(struct job *job, const struct token *tok)
{
	if (token_is(tok, "vmap") || token_is(tok, "map"))
		return refuse(job, tok, no_map);
	if (tok->kind == TOKEN_SET)
		return refuse(job, tok, no_set);
	if (token_is(tok, "."))
		return refuse(job, tok, "im is not concatenated; write one test after the other");
	return 0;
}

/* Behind "im": key [!=] value, once or several times. Sets *end to where it ends. */
static int statement(struct job *job, struct xt_im_mtinfo *info, const char **end)
{
	const struct test *test;
	struct lex lex = job->lex, behind;
	struct token tok;

	memset(info, 0, sizeof(*info));
	for (;;) {
		*end = job->lex.p;
		lex_next(&lex, &tok, false);
		test = tok.kind == TOKEN_WORD ? test_find(tok.at, tok.len) : NULL;
		if (!test)
			return 0;
		if (info->flags & test->flag)
			return refuse(job, &tok, "this is tested twice");
		lex_next(&lex, &tok, false);
		if (refuse_value(job, &tok))
			return -1;
		if (token_is(&tok, "!="))
			info->invert |= test->flag;
		if (token_is(&tok, "!=") || token_is(&tok, "=="))
			lex_next(&lex, &tok, false);
		if (refuse_value(job, &tok))
			return -1;
		if (add_value(job, &lex, test, info, &tok, 0))
			return -1;
		if (!(info->flags & test->flag))
			return refuse(job, &tok, "the list is empty");
		behind = lex;
		if (no_list(job, &behind, test, &tok))
			return -1;
		job->lex = lex;
	}
}

static char *read_path(const char *path)
{
	FILE *file = carry_raw_open(path);
	char *text;

	if (!file)
		return NULL;
	text = read_all(file);
	fclose(file);
	return text;
}

static char *run(const char *name, const char *text, bool quiet, unsigned int depth);

/* What an included file defines counts from here on; so do its mistakes. */
static void include(struct job *job, const struct token *tok)
{
	char **paths = vars_find_include(tok->at + 1, tok->len - 2), *text, *out;
	size_t i;

	for (i = 0; paths && paths[i]; i++) {
		text = job->depth < DEPTH_MAX ? read_path(paths[i]) : NULL;
		out = text ? run(paths[i], text, job->quiet, job->depth + 1) : NULL;
		job->failed |= text && !out;
		free(out);
		free(text);
		free(paths[i]);
	}
	free(paths);
}

/* Whether a word names a table, a chain or the like, so that what follows it is a name. */
static bool names_follow(const struct token *prev)
{
	static const char *const words[] = {
		"table", "chain", "rule", "set", "map", "element", "flowtable", "object", "jump",
		"goto", "ip", "ip6", "inet", "arp", "bridge", "netdev", "policy", "device",
	};
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (token_is(prev, words[i]))
			return true;
	return false;
}

static bool key_follows(const struct job *job)
{
	struct lex lex = job->lex;
	struct token tok;

	lex_next(&lex, &tok, false);
	return tok.kind == TOKEN_WORD && test_find(tok.at, tok.len);
}

/* Whether objects of a table, or interfaces, are named behind it; names_follow() for guesses. */
static bool objects_follow(const struct token *prev)
{
	static const char *const words[] = {
		"counter", "quota", "limit", "secmark", "synproxy", "helper", "timeout",
		"expectation", "name", "iif", "oif", "iifname", "oifname",
	};
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (token_is(prev, words[i]))
			return true;
	return false;
}

/*
 * A test's key that is misspelt or missing. Only what no statement of nft begins with counts, as
 * the "im" could be the name of a chain, and what stands behind it the chain's rule.
 */
static int key_missing(struct job *job, const struct token *prev)
{
	struct lex lex = job->lex;
	struct token key, next;

	lex_next(&lex, &key, false);
	lex_next(&lex, &next, false);
	if (key.kind != TOKEN_WORD || next.kind == TOKEN_END || next.kind == TOKEN_NEWLINE ||
	    objects_follow(prev) || !test_meant(key.at, key.len))
		return 0;
	return refuse(job, &key, "im wants proto, category, action, state or confidence");
}

static void found(struct job *job, const struct token *tok)
{
	struct xt_im_mtinfo info;
	const char *end;

	if (statement(job, &info, &end))
		return;
	stand_in(job, tok->at, end - tok->at, &info);
	job->lex.p = end;
}

static char *run(const char *name, const char *text, bool quiet, unsigned int depth)
{
	struct job job = { .quiet = quiet, .depth = depth };
	struct token tok, prev = { 0 };
	const char *done = text;

	job.out = xmalloc(2 * strlen(text) + 1);
	lex_init(&job.lex, name, text);
	while (!job.failed) {
		lex_next(&job.lex, &tok, false);
		if (tok.kind == TOKEN_END)
			break;
		if (token_is(&tok, "define") || token_is(&tok, "redefine"))
			vars_read(&job.lex);
		else if (token_is(&prev, "include") && tok.kind == TOKEN_STRING)
			include(&job, &tok);
		if (!token_is(&tok, "im") || names_follow(&prev)) {
			prev = tok;
			continue;
		}
		if (key_follows(&job)) {
			put(&job, done, tok.at - done);
			found(&job, &tok);
			done = job.lex.p;
		} else {
			key_missing(&job, &prev);
		}
		prev = tok;
	}
	put(&job, done, strlen(done));
	job.out[job.n_out] = '\0';
	if (job.failed) {
		free(job.out);
		return NULL;
	}
	return job.out;
}

char *rewrite(const char *name, const char *text, bool quiet)
{
	return run(name, text, quiet, 0);
}

/* The place whose number stands in a line, or NULL. */
static const struct place *place_in(const char *line)
{
	const char *p;

	for (p = strstr(line, "cpu "); p; p = strstr(p + 1, "cpu "))
		if (place_get(strtoul(p + 4, NULL, 10)))
			return place_get(strtoul(p + 4, NULL, 10));
	return NULL;
}

static void restore_line(char *line)
{
	const struct place *place;
	char *at;

	while ((place = place_in(line))) {
		at = place->is ? strstr(line, place->is) : NULL;
		if (!at) {
			/* Cut, or of another length: at least no number that nobody wrote. */
			at = strstr(line, "cpu ");
			memcpy(at, "im ...     ", 4 + PLACE_DIGITS);
			continue;
		}
		memcpy(at, place->was, strlen(place->was));
	}
}

/* Whether nft's marks, two lines below, begin where a stand-in does. */
static bool marks_place(const char *line)
{
	const char *marks = line ? strchr(line, '\n') : NULL;
	size_t column;

	if (!marks)
		return false;
	column = strspn(marks + 1, " \t");
	return marks[1 + column] == '^' && column + 4 < (size_t)(marks - line) &&
	       !strncmp(line + column, "cpu ", 4) &&
	       place_get(strtoul(line + column + 4, NULL, 10));
}

/* The user's line of a message whose next line is @line: nft 1.1.7 says before what it expects. */
static const char *quoted(const char *line)
{
	static const char expected[] = "expected any of: ";

	if (!line || strncmp(line, expected, strlen(expected)))
		return line;
	line = strchr(line, '\n');
	return line ? line + 1 : NULL;
}

/* Says a line of a message; "unexpected cpu" is of a word that the user did not write. */
static void restore_words(const char *line, const char *next, FILE *to)
{
	static const char word[] = "unexpected cpu";
	const char *at = strstr(line, word);

	if (!marks_place(quoted(next)))
		at = NULL;
	if (at)
		fprintf(to, "%.*sunexpected im%s\n", (int)(at - line), line,
			at + strlen(word));
	else
		fprintf(to, "%s\n", line);
}

void rewrite_restore(const char *messages, FILE *to)
{
	char *copy = strdup(messages), *line, *next;

	for (line = copy; line && *line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		restore_line(line);
		restore_words(line, next, to);
	}
	free(copy);
}
