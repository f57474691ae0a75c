// SPDX-License-Identifier: GPL-2.0-only
/*
 * nft-im --native: the commands, and their text.
 */
#include "native.h"
#include "lex.h"
#include "nft-im.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name;
	int verdict;
	bool chain;
} verdicts[] = {
	{ "accept", NF_ACCEPT, false },	  { "drop", NF_DROP, false },
	{ "continue", NFT_CONTINUE, false }, { "return", NFT_RETURN, false },
	{ "jump", NFT_JUMP, true },	  { "goto", NFT_GOTO, true },
};

enum { VERDICTS = sizeof(verdicts) / sizeof(*verdicts) };

const char *native_verdict_name(int verdict)
{
	size_t i;

	for (i = 0; i < VERDICTS; i++)
		if (verdicts[i].verdict == verdict)
			return verdicts[i].name;
	return "unknown";
}

static int wrong(const struct lex *lex, const struct token *tok, const char *why)
{
	lex_error(lex, tok, why);
	return -1;
}

/* A command is a line. */
static bool ends(const struct token *tok)
{
	return tok->kind == TOKEN_END || tok->kind == TOKEN_NEWLINE;
}

static char *word_of(const struct token *tok)
{
	return strndup(tok->at, tok->len);
}

int native_family(struct lex *lex, uint8_t *family)
{
	static const struct {
		const char *name;
		uint8_t family;
	} families[] = {
		{ "ip", NFPROTO_IPV4 }, { "ip6", NFPROTO_IPV6 }, { "inet", NFPROTO_INET },
		{ "bridge", NFPROTO_BRIDGE },
	};
	struct lex ahead = *lex;
	struct token tok;
	size_t i;

	lex_next(&ahead, &tok, false);
	*family = NFPROTO_IPV4;
	for (i = 0; i < sizeof(families) / sizeof(*families); i++) {
		if (!token_is(&tok, families[i].name))
			continue;
		*family = families[i].family;
		*lex = ahead;
		return 0;
	}
	return 0;
}

/* The number that a rule of the match would have as a bit. */
static uint32_t number_of(const struct test *test, const struct xt_im_mtinfo *info)
{
	uint32_t mask;
	int i;

	if (test->flag == NF_IM_MT_PROTO) {
		for (i = 0; i < 255 && !(info->protos[i / 64] >> (i % 64) & 1); i++)
			;
		return i;
	}
	mask = test->flag == NF_IM_MT_CATEGORY ? info->categories :
	       test->flag == NF_IM_MT_STATE ? info->states : info->actions;
	return test->flag == NF_IM_MT_ACTION ? mask : (uint32_t)__builtin_ctz(mask);
}

const char *native_value_name(enum nf_im_key key, uint32_t value, char *buf, size_t size)
{
	static const uint32_t flags[] = {
		[NF_IM_KEY_PROTO] = NF_IM_MT_PROTO, [NF_IM_KEY_CATEGORY] = NF_IM_MT_CATEGORY,
		[NF_IM_KEY_STATE] = NF_IM_MT_STATE, [NF_IM_KEY_ACTION] = NF_IM_MT_ACTION,
	};
	struct xt_im_mtinfo info = { .flags = flags[key] };
	const struct test *test = test_find(tests[0].key, strlen(tests[0].key));
	size_t i;

	for (i = 0; i < TESTS; i++)
		if (tests[i].flag == flags[key])
			test = &tests[i];
	if (value >= (key == NF_IM_KEY_PROTO ? 256 : 32)) {
		snprintf(buf, size, "id:%u", value);
		return buf;
	}
	if (key == NF_IM_KEY_PROTO)
		info.protos[value / 64] = 1ULL << (value % 64);
	info.categories = 1U << (value % 32);
	info.states = info.categories;
	info.actions = info.categories;
	*buf = '\0';
	test_one_name(test, &info, buf, size);
	return buf;
}

static int parse_verdict(struct lex *lex, const struct token *tok, struct native_elem *elem)
{
	struct token chain;
	size_t i;

	for (i = 0; i < VERDICTS && !token_is(tok, verdicts[i].name); i++)
		;
	if (i == VERDICTS)
		return wrong(lex, tok, "no verdict of accept, drop, continue, return, jump, goto");
	elem->verdict = verdicts[i].verdict;
	if (!verdicts[i].chain)
		return 0;
	lex_next(lex, &chain, false);
	if (chain.kind != TOKEN_WORD)
		return wrong(lex, &chain, "the name of a chain is missing");
	elem->chain = word_of(&chain);
	return 0;
}

static int parse_name(struct native_rule *rule, struct lex *lex, const struct token *tok,
		      const struct test *test)
{
	struct native_elem *elem = &rule->elems[rule->n_elems];
	struct xt_im_mtinfo info = { 0 };
	char why[512];
	size_t i;

	if (tok->kind != TOKEN_WORD)
		return wrong(lex, tok, "here a name is expected, or { names }");
	if (test_add(test, &info, tok->at, tok->len, why, sizeof(why)))
		return wrong(lex, tok, why);
	elem->value = number_of(test, &info);
	for (i = 0; i < rule->n_elems; i++)
		if (rule->elems[i].value == elem->value)
			return wrong(lex, tok, "this stands there twice");
	if (++rule->n_elems == NATIVE_ELEMS_MAX)
		return wrong(lex, tok, "too many names");
	return 0;
}

static int parse_list(struct native_rule *rule, struct lex *lex, const struct test *test)
{
	struct token tok;

	for (;;) {
		lex_next(lex, &tok, true);
		if (token_is(&tok, "}") && rule->n_elems)
			return 0;
		if (parse_name(rule, lex, &tok, test))
			return -1;
		lex_next(lex, &tok, true);
		if (rule->map && !token_is(&tok, ":"))
			return wrong(lex, &tok, "in a map a \":\" and a verdict follow");
		if (rule->map) {
			lex_next(lex, &tok, true);
			if (parse_verdict(lex, &tok, &rule->elems[rule->n_elems - 1]))
				return -1;
			lex_next(lex, &tok, true);
		}
		if (token_is(&tok, "}"))
			return 0;
		if (!token_is(&tok, ","))
			return wrong(lex, &tok, "a list of names ends with \"}\"");
	}
}

static int parse_match(struct native_rule *rule, struct lex *lex)
{
	static const struct {
		uint32_t flag;
		enum nf_im_key key;
	} keys[] = {
		{ NF_IM_MT_PROTO, NF_IM_KEY_PROTO }, { NF_IM_MT_CATEGORY, NF_IM_KEY_CATEGORY },
		{ NF_IM_MT_STATE, NF_IM_KEY_STATE }, { NF_IM_MT_ACTION, NF_IM_KEY_ACTION },
	};
	const struct test *test;
	struct token tok;
	size_t i;

	lex_next(lex, &tok, false);
	test = tok.kind == TOKEN_WORD ? test_find(tok.at, tok.len) : NULL;
	for (i = 0; test && i < sizeof(keys) / sizeof(*keys) && keys[i].flag != test->flag; i++)
		;
	if (!test || i == sizeof(keys) / sizeof(*keys))
		return wrong(lex, &tok, "this is none of proto, category, state, action");
	rule->key = keys[i].key;
	lex_next(lex, &tok, false);
	rule->map = token_is(&tok, "vmap");
	rule->invert = token_is(&tok, "!=");
	if (rule->map && rule->key == NF_IM_KEY_ACTION)
		return wrong(lex, &tok, "a packet may do several things, so actions have no map");
	if (rule->map || rule->invert || token_is(&tok, "=="))
		lex_next(lex, &tok, false);
	if (token_is(&tok, "{"))
		return parse_list(rule, lex, test);
	if (rule->map)
		return wrong(lex, &tok, "a map begins with \"{\"");
	return parse_name(rule, lex, &tok, test);
}

int native_parse(struct native_rule *rule, struct lex *lex)
{
	struct token table, chain, tok;

	memset(rule, 0, sizeof(*rule));
	native_family(lex, &rule->family);
	lex_next(lex, &table, false);
	lex_next(lex, &chain, false);
	if (table.kind != TOKEN_WORD || chain.kind != TOKEN_WORD)
		return wrong(lex, &chain, "a table and a chain are expected");
	rule->table = word_of(&table);
	rule->chain = word_of(&chain);
	lex_next(lex, &tok, false);
	if (!token_is(&tok, "im"))
		return wrong(lex, &tok, "a rule with the native expression begins with \"im\"");
	if (parse_match(rule, lex))
		return -1;
	lex_next(lex, &tok, false);
	rule->counter = token_is(&tok, "counter");
	if (rule->counter)
		lex_next(lex, &tok, false);
	/* What a listing says of a counter. */
	if (rule->counter && token_is(&tok, "packets")) {
		lex_next(lex, &tok, false);
		lex_next(lex, &tok, false);
		lex_next(lex, &tok, false);
		lex_next(lex, &tok, false);
	}
	if (ends(&tok))
		return 0;
	if (rule->map)
		return wrong(lex, &tok, "the verdicts are those of the map");
	rule->has_verdict = true;
	if (parse_verdict(lex, &tok, &rule->verdict))
		return -1;
	lex_next(lex, &tok, false);
	return ends(&tok) ? 0 : wrong(lex, &tok, "nothing may follow the verdict");
}

static int parse_delete(struct lex *lex)
{
	struct token table, chain, tok;
	uint8_t family;

	native_family(lex, &family);
	lex_next(lex, &table, false);
	lex_next(lex, &chain, false);
	lex_next(lex, &tok, false);
	if (!token_is(&tok, "handle"))
		return wrong(lex, &tok, "\"handle\" is expected");
	lex_next(lex, &tok, false);
	return native_del(family, word_of(&table), word_of(&chain), strtoull(tok.at, NULL, 10));
}

static int command(const char *name, const char *text, bool json)
{
	static struct native_rule rule;
	struct token verb, what;
	struct lex lex;

	lex_init(&lex, name, text);
	lex_next(&lex, &verb, false);
	if (ends(&verb))
		return 0;
	if (token_is(&verb, "list"))
		return native_list(json);
	lex_next(&lex, &what, false);
	if (!token_is(&what, "rule"))
		return wrong(&lex, &verb, "commands are add rule, delete rule and list");
	if (token_is(&verb, "delete"))
		return parse_delete(&lex);
	if (!token_is(&verb, "add"))
		return wrong(&lex, &verb, "commands are add rule, delete rule and list");
	if (native_parse(&rule, &lex))
		return -1;
	return native_add(&rule);
}

int native(int argc, char **argv, const char *file, bool json)
{
	char *text = NULL, line[8192];
	size_t size;
	FILE *f;
	int i, ret = 0;

	if (file) {
		f = strcmp(file, "-") ? carry_raw_open(file) : stdin;
		if (!f) {
			say("cannot open %s", file);
			return 1;
		}
		while (!ret && fgets(line, sizeof(line), f))
			ret = command(file, line, json);
		if (f != stdin)
			fclose(f);
		return ret ? 1 : 0;
	}
	f = open_memstream(&text, &size);
	if (!f)
		return 1;
	for (i = 0; i < argc; i++)
		fprintf(f, "%s%s", i ? " " : "", argv[i]);
	fclose(f);
	ret = command("<cmdline>", text, json);
	free(text);
	return ret ? 1 : 0;
}
