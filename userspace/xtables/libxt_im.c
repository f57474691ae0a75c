// SPDX-License-Identifier: GPL-2.0-only
/*
 * The iptables match "im": recognises instant messaging by its payload. The
 * rule and its meaning are described in linux/netfilter/nf_im.h and im(8).
 *
 * One registration serves iptables, ip6tables, both in their legacy and nft
 * variants, and stock nft when it lists an ip, ip6, inet or bridge table.
 */
#include "registry.h"
#include "vocab.h"
#include "words.h"
#include "xlate.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xtables.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* An option's id is the index of its test in words_tests[]. */
static const struct xt_option_entry im_opts[] = {
	{ .name = "proto", .id = 0, .type = XTTYPE_STRING,
	  .flags = XTOPT_INVERT },
	{ .name = "category", .id = 1, .type = XTTYPE_STRING,
	  .flags = XTOPT_INVERT },
	{ .name = "action", .id = 2, .type = XTTYPE_STRING,
	  .flags = XTOPT_INVERT },
	{ .name = "state", .id = 3, .type = XTTYPE_STRING,
	  .flags = XTOPT_INVERT },
	{ .name = "confidence", .id = 4, .type = XTTYPE_STRING,
	  .flags = XTOPT_INVERT },
	XTOPT_TABLEEND,
};

static_assert(ARRAY_SIZE(im_opts) == WORDS_TESTS + 1, "one option a test");

enum {
	HELP_WIDTH = 79,
	HELP_INDENT = 4,
	HELP_TITLE = 12,	/* column of a category's first name */
	HELP_RESERVED = -1,	/* no category */
};

/* One word of a paragraph that is broken at the right edge. */
static unsigned int help_word(const char *word, unsigned int column,
			      unsigned int indent)
{
	const unsigned int len = strlen(word);

	if (column + 1 + len > HELP_WIDTH) {
		printf("\n%*s", indent, "");
		column = indent;
	}
	printf(" %s", word);
	return column + 1 + len;
}

static void help_words(const struct words *words)
{
	unsigned int i, column;

	column = printf("%*s%s:", HELP_INDENT, "", words->option);
	for (i = 0; words->table[i]; i++)
		column = help_word(words->table[i], column, 2 * HELP_INDENT);
	putchar('\n');
}

/* All protocols of one category, or all reserved ones, in the order of ids. */
static void help_protos(int category, const char *title)
{
	const struct nfim_name *proto;
	unsigned int column = 0;
	size_t i;

	for (i = 0; i < nfim_name_count(); i++) {
		proto = nfim_name_at(i);
		if (category == HELP_RESERVED ? !proto->reserved :
		    proto->reserved || proto->category != category)
			continue;
		if (!column)
			column = printf("%*s%-*s", HELP_INDENT, "", HELP_TITLE,
					title);
		column = help_word(proto->name, column,
				   HELP_INDENT + HELP_TITLE);
	}
	if (column)
		putchar('\n');
}

static void im_help(void)
{
	unsigned int i;

	printf("im match options:\n"
"[!] --proto NAME[,NAME...]     the flow is of one of these protocols\n"
"[!] --category NAME[,NAME...]  the flow's protocol is of one of these kinds\n"
"[!] --action NAME[,NAME...]    the packet does one of these things\n"
"[!] --state NAME[,NAME...]     how far the flow was read\n"
"[!] --confidence NAME[,NAME...] what the verdict rests on\n"
"At least one; all that are given must be true. Protocols, by category:\n");
	for (i = 0; nfim_category_names[i]; i++)
		help_protos(i, nfim_category_names[i]);
	printf("Reserved, no signature in this release; they match once a pack has them:\n");
	help_protos(HELP_RESERVED, "");
	printf("Names of\n");
	for (i = 1; i < WORDS_TESTS; i++)
		help_words(&words_tests[i]);
}

/*
 * A rule with a reserved name alone never matches, unless the administrator
 * loaded a pack that has it, which nobody can tell here. So this is a warning,
 * once for each name, as iptables-restore reads many rules.
 */
static void warn_reserved(const struct words_set *set)
{
	static struct words_set warned;
	const struct nfim_name *proto;
	int id;

	for (id = words_next(set, 0); id >= 0; id = words_next(set, id + 1)) {
		proto = nfim_name_by_id(id);
		if (!proto || !proto->reserved ||
		    warned.bits[id / 64] >> (id % 64) & 1)
			continue;
		warned.bits[id / 64] |= 1ULL << (id % 64);
		fprintf(stderr,
			"im: warning: \"%s\" is reserved, no signature in this release; it matches once a pack has it\n",
			proto->name);
	}
}

static void im_parse(struct xt_option_call *cb)
{
	struct xt_im_mtinfo *info = cb->data;
	const struct words *words;
	struct words_set set;

	xtables_option_parse(cb);
	words = &words_tests[cb->entry->id];
	words_parse(words, cb->arg, &set);
	words_put(words, info, &set);
	if (words->flag == NF_IM_MT_PROTO)
		warn_reserved(&set);
	info->flags |= words->flag;
	if (cb->invert)
		info->invert |= words->flag;
}

static void im_check(struct xt_fcheck_call *cb)
{
	if (!cb->xflags)
		xtables_error(PARAMETER_PROBLEM,
			      "im: say at least one of --proto, --category, --action, --state, --confidence\n");
}

/*
 * Every test of the rule: " ! --proto ymsg,oscar" with @dashes "--". A test of
 * a later release comes out as an option that iptables refuses when it is read
 * back; left out, the rule would match more than it did.
 */
static void show(const struct xt_im_mtinfo *info, const char *dashes)
{
	__u32 unknown = info->flags;
	const struct words *words;
	struct words_set set;
	unsigned int i;
	char *text;

	for (i = 0; i < WORDS_TESTS; i++) {
		words = &words_tests[i];
		unknown &= ~words->flag;
		if (!(info->flags & words->flag))
			continue;
		words_get(words, info, &set);
		text = words_text(words, &set, ",");
		printf("%s %s%s %s", info->invert & words->flag ? " !" : "",
		       dashes, words->option, *text ? text : "\"\"");
		free(text);
	}
	if (unknown)
		printf(" %sunknown-tests 0x%x", dashes, unknown);
}

/* Names also under -n: they are fixed words, and nothing is looked up. */
static void im_print(const void *ip, const struct xt_entry_match *match,
		     int numeric)
{
	(void)ip;
	(void)numeric;
	printf(" im");
	show((const void *)match->data, "");
}

static void im_save(const void *ip, const struct xt_entry_match *match)
{
	(void)ip;
	show((const void *)match->data, "--");
}

static struct xtables_match im_match = {
	.version	= XTABLES_VERSION,
	.name		= "im",
	.revision	= 0,
	.family		= NFPROTO_UNSPEC,
	.size		= XT_ALIGN(sizeof(struct xt_im_mtinfo)),
	.userspacesize	= offsetof(struct xt_im_mtinfo, priv),
	.help		= im_help,
	.x6_options	= im_opts,
	.x6_parse	= im_parse,
	.x6_fcheck	= im_check,
	.print		= im_print,
	.save		= im_save,
	.xlate		= im_xlate,
};

/* The linker's name of it is libxt_im_init; loading the library calls it. */
__attribute__((constructor, visibility("default"))) void _INIT(void);

void _INIT(void)
{
	xtables_register_match(&im_match);
}
