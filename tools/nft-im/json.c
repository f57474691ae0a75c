// SPDX-License-Identifier: GPL-2.0-only
/*
 * nft's JSON. A statement of ours is
 *
 *	{"im": {"proto": ["ymsg", "oscar"], "action": ["file"], "not": ["proto"]}}
 *
 * one member for each test with its names, and in "not" the tests that are inverted. In what nft
 * lists an xtables match has its name only; what it tests is read off the kernel by the rule's
 * handle.
 */
#include "nft-im.h"
#include "nftrules.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static int fail(const char *name, const char *why)
{
	fprintf(stderr, "%s: Error: %s\n", name, why);
	return -1;
}

/* --- In ---------------------------------------------------------------------------------- */

static int in_names(const char *name, const struct test *test, const json_t *value,
		    struct xt_im_mtinfo *info)
{
	char why[512];
	size_t i;

	if (json_is_array(value)) {
		for (i = 0; i < json_array_size(value); i++)
			if (in_names(name, test, json_array_get(value, i), info))
				return -1;
		return info->flags & test->flag ? 0 : fail(name, "im: a list is empty");
	}
	if (!json_is_string(value))
		return fail(name, "im: a name is a string, several are an array of strings");
	if (test_add(test, info, json_string_value(value), json_string_length(value), why,
		     sizeof(why)))
		return fail(name, why);
	return 0;
}

static int in_not(const char *name, const json_t *value, struct xt_im_mtinfo *info)
{
	const struct test *test;
	const char *word;
	size_t i;

	for (i = 0; i < json_array_size(value); i++) {
		word = json_string_value(json_array_get(value, i));
		test = word ? test_find(word, strlen(word)) : NULL;
		if (!test)
			return fail(name, "im: \"not\" is an array of tests");
		info->invert |= test->flag;
	}
	if (info->invert & ~info->flags)
		return fail(name, "im: \"not\" has a test that is not there");
	return 0;
}

static int in_statement(const char *name, json_t *tests_of, struct xt_im_mtinfo *info)
{
	const struct test *test;
	const char *key;
	json_t *value;

	memset(info, 0, sizeof(*info));
	json_object_foreach(tests_of, key, value) {
		test = test_find(key, strlen(key));
		if (!test && strcmp(key, "not"))
			return fail(name, "im: a member is no test and not \"not\"");
		if (test && in_names(name, test, value, info))
			return -1;
	}
	if (!info->flags)
		return fail(name, "im: there is no test in it");
	return in_not(name, json_object_get(tests_of, "not"), info);
}

static json_t *stand_in(const struct xt_im_mtinfo *info)
{
	uint32_t number;

	place_add(info, &number);
	return json_pack("{s:{s:s, s:{s:{s:s}}, s:i}}", "match", "op", "==", "left", "meta", "key",
			 "cpu", "right", (int)number);
}

static int in_walk(const char *name, json_t *node)
{
	struct xt_im_mtinfo info;
	json_t *value, *im;
	const char *key;
	size_t i;

	if (json_is_object(node)) {
		json_object_foreach(node, key, value)
			if (in_walk(name, value))
				return -1;
		return 0;
	}
	for (i = 0; json_is_array(node) && i < json_array_size(node); i++) {
		value = json_array_get(node, i);
		im = json_is_object(value) ? json_object_get(value, "im") : NULL;
		if (!im) {
			if (in_walk(name, value))
				return -1;
			continue;
		}
		if (in_statement(name, im, &info))
			return -1;
		json_array_set_new(node, i, stand_in(&info));
	}
	return 0;
}

char *json_in(const char *name, const char *text)
{
	json_error_t err;
	json_t *root = json_loads(text, 0, &err);
	char *out = NULL;

	if (!root) {
		fprintf(stderr, "%s:%d:%d: Error: %s\n", name, err.line, err.column, err.text);
		return NULL;
	}
	if (!in_walk(name, root))
		out = json_dumps(root, JSON_COMPACT | JSON_PRESERVE_ORDER);
	json_decref(root);
	return out;
}

/* --- Out --------------------------------------------------------------------------------- */

struct match {
	struct match *next;
	char *family, *table, *chain;
	json_int_t handle;
	struct xt_im_mtinfo info;
	bool used;
};

static int collect(const struct nfim_nft_expr *expr, void *data)
{
	struct match ***last = data, *m;

	if (expr->native)
		return 0;
	m = xmalloc(sizeof(*m));
	memset(m, 0, sizeof(*m));
	m->family = strdup(nfim_nft_family(expr->family));
	m->table = strdup(expr->table);
	m->chain = strdup(expr->chain);
	m->handle = expr->handle;
	m->info = expr->info;
	**last = m;
	*last = &m->next;
	return 0;
}

static bool same(const json_t *rule, const char *key, const char *text)
{
	const char *is = json_string_value(json_object_get(rule, key));

	return is && !strcmp(is, text);
}

static struct match *match_of(struct match *list, const json_t *rule)
{
	for (; list; list = list->next)
		if (!list->used && same(rule, "family", list->family) &&
		    same(rule, "table", list->table) && same(rule, "chain", list->chain) &&
		    json_integer_value(json_object_get(rule, "handle")) == list->handle)
			break;
	return list;
}

static void out_name(const char *name, void *data)
{
	json_array_append_new(data, json_string(name));
}

static json_t *out_statement(const struct xt_im_mtinfo *info)
{
	json_t *im = json_object(), *not = json_array(), *names;
	size_t i;

	for (i = 0; i < TESTS; i++) {
		if (!(info->flags & tests[i].flag))
			continue;
		names = json_array();
		test_names(&tests[i], info, out_name, names);
		json_object_set_new(im, tests[i].key, names);
		if (info->invert & tests[i].flag)
			out_name(tests[i].key, not);
	}
	if (json_array_size(not))
		json_object_set(im, "not", not);
	json_decref(not);
	return json_pack("{s:o}", "im", im);
}

static bool is_ours(const json_t *statement)
{
	const json_t *xt = json_object_get(statement, "xt");

	return xt && same(xt, "type", "match") && same(xt, "name", "im");
}

static int out_rule(struct match *list, json_t *rule)
{
	json_t *exprs = json_object_get(rule, "expr");
	struct match *m;
	size_t i;

	for (i = 0; i < json_array_size(exprs); i++) {
		if (!is_ours(json_array_get(exprs, i)))
			continue;
		m = match_of(list, rule);
		if (!m)
			return fail("nft-im", "the rules changed meanwhile; try again");
		m->used = true;
		json_array_set_new(exprs, i, out_statement(&m->info));
	}
	return 0;
}

static void free_matches(struct match *list)
{
	struct match *next;

	for (; list; list = next) {
		next = list->next;
		free(list->family);
		free(list->table);
		free(list->chain);
		free(list);
	}
}

/* The "rule" of an object, or of what is added by echo. */
static json_t *rule_in(json_t *object)
{
	const char *key;
	json_t *value;

	if (json_object_get(object, "rule"))
		return json_object_get(object, "rule");
	json_object_foreach(object, key, value)
		if (json_is_object(value) && json_object_get(value, "rule"))
			return json_object_get(value, "rule");
	return NULL;
}

char *json_out(const char *text)
{
	struct match *list = NULL, **last = &list;
	json_t *root = json_loads(text, 0, NULL), *objects, *rule;
	struct nfim_nl_err err;
	char *out = NULL;
	int ret = 0;
	size_t i;

	if (!root)
		return strdup(text);
	objects = json_object_get(root, "nftables");
	if (nfim_nft_each(collect, &last, &err))
		ret = fail("nft-im", err.msg);
	for (i = 0; !ret && i < json_array_size(objects); i++) {
		rule = rule_in(json_array_get(objects, i));
		if (rule)
			ret = out_rule(list, rule);
	}
	if (!ret)
		out = json_dumps(root, JSON_PRESERVE_ORDER);
	free_matches(list);
	json_decref(root);
	return out;
}
