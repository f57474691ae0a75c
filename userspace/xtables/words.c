// SPDX-License-Identifier: GPL-2.0-only
/*
 * The words of the match "im": reading lists of them, proposing near ones for
 * what is none, writing sets of ids back as words.
 */
#include "words.h"
#include "registry.h"
#include "vocab.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xtables.h>

#define __noreturn __attribute__((__noreturn__))

/* Canonical name of an id, or NULL. */
static const char *name_of(const struct words *words, unsigned int id)
{
	const struct nfim_name *proto;
	unsigned int i;

	if (!words->table) {
		proto = nfim_name_by_id(id);
		return proto ? proto->name : NULL;
	}
	for (i = 0; i < id && words->table[i]; i++)
		;
	return words->table[i];
}

/* Copies other spelling number @n of an id; false after the last. */
static bool alias_of(const struct words *words, unsigned int id,
		     unsigned int n, char *buf)
{
	const struct nfim_name *proto;
	const char *alias;
	size_t len;

	proto = words->table ? NULL : nfim_name_by_id(id);
	alias = proto ? proto->aliases : "";
	for (; *alias; alias += len + (alias[len] == ',')) {
		len = strcspn(alias, ",");
		if (n-- > 0)
			continue;
		snprintf(buf, WORDS_WORD_MAX, "%.*s", (int)len, alias);
		return true;
	}
	return false;
}

const struct words words_tests[WORDS_TESTS] = {
	{
		.option = "proto", .what = "protocol", .flag = NF_IM_MT_PROTO,
		.min = 1, .limit = WORDS_IDS_MAX,
	},
	{
		.option = "category", .what = "category",
		.flag = NF_IM_MT_CATEGORY, .limit = 32, .table = nfim_category_names,
		.mask_offset = offsetof(struct xt_im_mtinfo, categories),
	},
	{
		.option = "action", .what = "action",
		.flag = NF_IM_MT_ACTION, .limit = 32, .table = nfim_action_names,
		.mask_offset = offsetof(struct xt_im_mtinfo, actions),
	},
	{
		.option = "state", .what = "state",
		.flag = NF_IM_MT_STATE, .limit = 32, .table = nfim_state_names,
		.mask_offset = offsetof(struct xt_im_mtinfo, states),
	},
	{
		.option = "confidence", .what = "confidence",
		.flag = NF_IM_MT_CONFIDENCE, .limit = 32, .table = nfim_confidence_names,
		.mask_offset = offsetof(struct xt_im_mtinfo, confidences),
	},
};

void words_get(const struct words *words, const struct xt_im_mtinfo *info,
	       struct words_set *set)
{
	__u32 mask;

	memset(set, 0, sizeof(*set));
	if (!words->mask_offset) {
		memcpy(set->bits, info->protos, sizeof(set->bits));
		return;
	}
	memcpy(&mask, (const char *)info + words->mask_offset, sizeof(mask));
	set->bits[0] = mask;
}

void words_put(const struct words *words, struct xt_im_mtinfo *info,
	       const struct words_set *set)
{
	__u32 mask = set->bits[0];

	if (!words->mask_offset)
		memcpy(info->protos, set->bits, sizeof(info->protos));
	else
		memcpy((char *)info + words->mask_offset, &mask, sizeof(mask));
}

int words_next(const struct words_set *set, unsigned int id)
{
	for (; id < WORDS_IDS_MAX; id++)
		if (set->bits[id / 64] >> (id % 64) & 1)
			return id;
	return -1;
}

const char *words_name(const struct words *words, unsigned int id, char *buf)
{
	const char *name = name_of(words, id);

	if (name)
		return name;
	snprintf(buf, WORDS_WORD_MAX, "id:%u", id);
	return buf;
}

char *words_text(const struct words *words, const struct words_set *set,
		 const char *sep)
{
	char buf[WORDS_WORD_MAX], *text = NULL;
	const char *mark = "";
	size_t size;
	FILE *out;
	int id;

	out = open_memstream(&text, &size);
	if (!out)
		xtables_error(RESOURCE_PROBLEM, "im: out of memory\n");
	for (id = words_next(set, 0); id >= 0; id = words_next(set, id + 1)) {
		fprintf(out, "%s%s", mark, words_name(words, id, buf));
		mark = sep;
	}
	if (fclose(out))
		xtables_error(RESOURCE_PROBLEM, "im: out of memory\n");
	return text;
}

/* The id that @word spells, or -1. */
static int find_word(const struct words *words, const char *word)
{
	const struct nfim_name *proto;

	if (words->table)
		return nfim_vocab_find(words->table, word, strlen(word));
	proto = nfim_name_find(word, strlen(word));
	return proto ? proto->id : -1;
}

/*
 * Number that "200" or "id:200" stands for, or -1 if @word is no number. A
 * newer kernel may know ids that this library has no word for.
 */
static int find_number(const struct words *words, const char *word)
{
	const char *digits = strncmp(word, "id:", 3) ? word : word + 3;
	unsigned int id;

	if (!*digits || digits[strspn(digits, "0123456789")] != '\0')
		return -1;
	while (digits[0] == '0' && digits[1])
		digits++;	/* decimal, always */
	if (!xtables_strtoui(digits, NULL, &id, words->min, words->limit - 1))
		xtables_error(PARAMETER_PROBLEM,
			      "im: \"%s\" is no %s: ids go from %u to %u\n",
			      word, words->what, words->min, words->limit - 1);
	return id;
}

static unsigned int distance(const char *a, const char *b)
{
	return nfim_word_distance(a, strlen(a), b, strlen(b));
}

struct near {
	/* "name", or "name (alias)" where the alias is the near one */
	char text[2 * WORDS_WORD_MAX + 4];
	unsigned int distance;
};

/* Insert @cand in the order of distance; words beyond the limit are far. */
static void near_add(struct near *list, const struct near *cand)
{
	unsigned int i = WORDS_NEAR_MAX;

	while (i > 0 && cand->distance < list[i - 1].distance)
		i--;
	if (i == WORDS_NEAR_MAX)
		return;
	memmove(&list[i + 1], &list[i],
		(WORDS_NEAR_MAX - 1 - i) * sizeof(*list));
	list[i] = *cand;
}

/* The nearest spelling of @id, seen from @word. */
static struct near near_of(const struct words *words, unsigned int id,
			   const char *word)
{
	char alias[WORDS_WORD_MAX];
	struct near best = {};
	unsigned int n, d;

	best.distance = distance(word, name_of(words, id));
	snprintf(best.text, sizeof(best.text), "\"%s\"", name_of(words, id));
	for (n = 0; alias_of(words, id, n, alias); n++) {
		d = distance(word, alias);
		if (d >= best.distance)
			continue;
		best.distance = d;
		snprintf(best.text, sizeof(best.text), "\"%s\" (%s)",
			 name_of(words, id), alias);
	}
	return best;
}

static __noreturn void unknown_word(const struct words *words, const char *word)
{
	/* A third of the letters may differ, two at most. */
	const unsigned int len = strlen(word);
	const unsigned int most = len < 3 ? 1 : len < 6 ? len / 3 : 2;
	struct near list[WORDS_NEAR_MAX], cand;
	char text[WORDS_NEAR_MAX * sizeof(cand.text) + 32] = "";
	unsigned int id, i;
	size_t used = 0;

	for (i = 0; i < WORDS_NEAR_MAX; i++)
		list[i] = (struct near){ .distance = most + 1 };
	for (id = words->min; id < words->limit; id++) {
		if (!name_of(words, id))
			continue;
		cand = near_of(words, id, word);
		near_add(list, &cand);
	}
	for (i = 0; i < WORDS_NEAR_MAX && list[i].distance <= most; i++)
		used += snprintf(text + used, sizeof(text) - used, "%s%s",
				 i ? " or " : "did you mean ", list[i].text);
	xtables_error(PARAMETER_PROBLEM,
		      "im: no %s \"%s\"%s%s%s \"-m im --help\" lists all\n",
		      words->what, word, used ? "; " : ".", text,
		      used ? "?" : "");
}

void words_parse(const struct words *words, const char *list,
		 struct words_set *set)
{
	char word[WORDS_WORD_MAX];
	size_t len;
	int id;

	memset(set, 0, sizeof(*set));
	for (;; list += len + 1) {
		len = strcspn(list, ",");
		if (len == 0)
			xtables_error(PARAMETER_PROBLEM,
				      "im: --%s has an empty name; write names with commas and no spaces between\n",
				      words->option);
		if (len >= sizeof(word))
			xtables_error(PARAMETER_PROBLEM,
				      "im: no %s \"%.*s...\". \"-m im --help\" lists all\n",
				      words->what, WORDS_WORD_MAX - 1, list);
		snprintf(word, sizeof(word), "%.*s", (int)len, list);
		id = find_word(words, word);
		if (id < 0)
			id = find_number(words, word);
		if (id < 0)
			unknown_word(words, word);
		set->bits[id / 64] |= 1ULL << (id % 64);
		if (list[len] == '\0')
			return;
	}
}
