// SPDX-License-Identifier: GPL-2.0-only
/*
 * What iptables-translate says for a rule with "-m im", and what stock nft
 * lists in the place of the xt match.
 *
 * Stock nft prints this text and forgets the match behind it, so a saved
 * ruleset is the text and nothing else. Three things could stand there:
 *
 *  - nothing, by returning 0: stock nft then writes xt match "im", from which
 *    neither a reader nor nft-im can tell the protocol, and releases up to
 *    1.0.6 may leave the match out of the rule;
 *  - ct label "im-ymsg": stock nft loads it, but it matches only while the hook
 *    runs without this very rule, whose reference goes when the rule does;
 *  - im proto ymsg: nft-im loads it, and stock nft refuses it with a syntax
 *    error and exit status 1.
 *
 * A text that loads and then never matches opens the firewall silently. So the
 * label is written only where it is sure to be set (label_is_sure()), else the
 * text that is refused loudly. One match is one statement: all its tests follow
 * one "im", since --proto X --action lookup is not the same as both alone.
 */
#include "xlate.h"
#include "registry.h"
#include "words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Below the folder named by NFIM_ROOT, for tests and for images. */
#define ENABLED_FILE	"/etc/nf-im/enabled"
#define CONNLABEL_FILE	"/etc/connlabel.conf"
#define BASE_FILE	"/sys/module/nf_im/parameters/label_base"
#define OWN_NETNS	"/proc/self/ns/net"
#define INIT_NETNS	"/proc/1/ns/net"

static void root_path(char *buf, size_t size, const char *path)
{
	/* Not heeded where the process has more rights than its user. */
	const char *root = secure_getenv("NFIM_ROOT");

	snprintf(buf, size, "%s%s", root ? root : "", path);
}

static bool root_stat(const char *path, struct stat *st)
{
	char full[PATH_MAX];

	root_path(full, sizeof(full), path);
	return stat(full, st) == 0;
}

static FILE *root_open(const char *path)
{
	char full[PATH_MAX];

	root_path(full, sizeof(full), path);
	return fopen(full, "re");
}

/* nft-im reads its own words again, and lists nothing else. */
static bool wants_im(void)
{
	const char *form = secure_getenv("NFIM_XLATE");

	return form && !strcmp(form, "im");
}

/*
 * /etc/nf-im/enabled speaks for the namespace in which the service runs. Any
 * other one, and one that cannot be compared, counts as not enabled.
 */
static bool enabled_here(void)
{
	struct stat enabled, own, init;

	return root_stat(ENABLED_FILE, &enabled) &&
	       stat(OWN_NETNS, &own) == 0 && root_stat(INIT_NETNS, &init) &&
	       own.st_ino == init.st_ino && own.st_dev == init.st_dev;
}

static unsigned int label_base(void)
{
	unsigned int base = NF_IM_LABEL_BASE_DEFAULT;
	FILE *file = root_open(BASE_FILE);

	if (!file)
		return base;
	if (fscanf(file, "%u", &base) != 1)
		base = NF_IM_LABEL_BASE_DEFAULT;
	fclose(file);
	return base;
}

/* Whether nft, which takes the first line that has the name, reads @bit. */
static bool label_mapped(const char *label, unsigned int bit)
{
	char line[512], name[128];
	FILE *file = root_open(CONNLABEL_FILE);
	bool mapped = false;
	unsigned int value;

	if (!file)
		return false;
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, " 0x%x %127s", &value, name) != 2 &&
		    sscanf(line, " %u %127s", &value, name) != 2)
			continue;
		if (strcmp(name, label) != 0)
			continue;
		mapped = value == bit;
		break;
	}
	fclose(file);
	return mapped;
}

/* Offset of the label of @id of the test @words, or -1 if it has none. */
static int label_offset(const struct words *words, unsigned int id)
{
	const struct nfim_name *proto;

	if (words->flag == NF_IM_MT_CATEGORY)
		return id < NF_IM_CAT_COUNT ? NF_IM_LABEL_CATEGORY + (int)id : -1;
	if (words->flag != NF_IM_MT_PROTO)
		return -1;
	proto = nfim_name_by_id(id);
	return proto && proto->label != NFIM_NAME_NO_LABEL ? proto->label : -1;
}

/*
 * True, and the name of the label in @label, if a ct label test of stock nft
 * means what the rule means and goes on doing so without the rule: one word of
 * --proto or --category, not inverted, no other test; the word has a label, nft
 * maps its name to the bit that the kernel sets; the hook is enabled for good.
 */
static bool label_is_sure(const struct xt_im_mtinfo *info, char *label,
			  size_t size)
{
	const struct words *words = NULL;
	char buf[WORDS_WORD_MAX];
	struct words_set set;
	unsigned int i;
	int id, offset;

	for (i = 0; i < WORDS_TESTS; i++)
		if (info->flags == words_tests[i].flag)
			words = &words_tests[i];
	if (!words || info->invert || wants_im())
		return false;
	words_get(words, info, &set);
	id = words_next(&set, 0);
	if (id < 0 || words_next(&set, id + 1) >= 0)
		return false;
	offset = label_offset(words, id);
	if (offset < 0)
		return false;
	snprintf(label, size, "im-%s", words_name(words, id, buf));
	return enabled_here() && label_mapped(label, label_base() + offset);
}

static void xlate_test(struct xt_xlate *xl, const struct words *words,
		       const struct xt_im_mtinfo *info)
{
	const char *not = info->invert & words->flag ? " !=" : "";
	struct words_set set;
	char *text;

	words_get(words, info, &set);
	text = words_text(words, &set, ", ");
	if (!*text || strchr(text, ','))
		xt_xlate_add(xl, " %s%s { %s }", words->option, not, text);
	else
		xt_xlate_add(xl, " %s%s %s", words->option, not, text);
	free(text);
}

int im_xlate(struct xt_xlate *xl, const struct xt_xlate_mt_params *params)
{
	const struct xt_im_mtinfo *info = (const void *)params->match->data;
	__u32 unknown = info->flags;
	char label[WORDS_WORD_MAX + 3];
	unsigned int i;

	if (label_is_sure(info, label, sizeof(label))) {
		xt_xlate_add(xl, "ct label \"%s\"", label);
		return 1;
	}
	xt_xlate_add(xl, "im");
	for (i = 0; i < WORDS_TESTS; i++) {
		unknown &= ~words_tests[i].flag;
		if (info->flags & words_tests[i].flag)
			xlate_test(xl, &words_tests[i], info);
	}
	/* A test of a later release: nobody loads this, and nobody loses it. */
	if (unknown)
		xt_xlate_add(xl, " unknown-tests 0x%x", unknown);
	return 1;
}
