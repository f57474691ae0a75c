// SPDX-License-Identifier: GPL-2.0-only
/*
 * The tests and their names.
 */
#include "nft-im.h"
#include "registry.h"
#include "vocab.h"

#include <stdlib.h>
#include <string.h>

const struct test tests[TESTS] = {
	{ "proto", "protocol", NF_IM_MT_PROTO },
	{ "category", "category", NF_IM_MT_CATEGORY },
	{ "action", "action", NF_IM_MT_ACTION },
	{ "state", "state", NF_IM_MT_STATE },
	{ "confidence", "confidence", NF_IM_MT_CONFIDENCE },
};

const struct test *test_find(const char *word, size_t len)
{
	size_t i;

	for (i = 0; i < TESTS; i++)
		if (strlen(tests[i].key) == len && !memcmp(tests[i].key, word, len))
			return &tests[i];
	return NULL;
}

bool test_meant(const char *word, size_t len)
{
	size_t i, n;

	if (nfim_name_find(word, len) || nfim_vocab_find(nfim_action_names, word, len) >= 0)
		return true;
	for (; len && *word == '-'; word++)	/* of iptables' options */
		len--;
	for (i = 0; i < TESTS && len; i++) {
		n = strlen(tests[i].key);
		if ((len > n && !memcmp(word, tests[i].key, n)) ||
		    nfim_word_distance(word, len, tests[i].key, n) <= (n > 5 ? 2 : 1))
			return true;
	}
	return false;
}

static const char *const *table_of(const struct test *test)
{
	switch (test->flag) {
	case NF_IM_MT_CATEGORY:
		return nfim_category_names;
	case NF_IM_MT_ACTION:
		return nfim_action_names;
	case NF_IM_MT_STATE:
		return nfim_state_names;
	case NF_IM_MT_CONFIDENCE:
		return nfim_confidence_names;
	default:
		return NULL;
	}
}

static uint32_t *mask_of(const struct test *test, struct xt_im_mtinfo *info)
{
	switch (test->flag) {
	case NF_IM_MT_CATEGORY:
		return &info->categories;
	case NF_IM_MT_ACTION:
		return &info->actions;
	case NF_IM_MT_STATE:
		return &info->states;
	default:
		return &info->confidences;
	}
}

/* Ids of a test: those of protocols begin with 1. */
static unsigned long first_id(const struct test *test)
{
	return test->flag == NF_IM_MT_PROTO;
}

static unsigned long last_id(const struct test *test)
{
	return test->flag == NF_IM_MT_PROTO ? 255 : 31;
}

static bool is_number(const char *word, size_t len)
{
	if (len > 3 && !memcmp(word, "id:", 3)) {
		word += 3;
		len -= 3;
	}
	for (; len && *word >= '0' && *word <= '9'; word++)
		len--;
	return !len;
}

/* "id:200", and 200, is how a name is written that this program is too old to know. */
static long find_id(const struct test *test, const char *word, size_t len)
{
	unsigned long id = 0;

	if (!is_number(word, len))
		return -1;
	for (; len; word++, len--)
		if (*word >= '0' && *word <= '9' && id <= last_id(test))
			id = 10 * id + *word - '0';
	return id < first_id(test) || id > last_id(test) ? -1 : (long)id;
}

static int unknown(const struct test *test, const char *word, size_t len, char *why, size_t size)
{
	const char *const *table = table_of(test);
	const struct nfim_name *near = table ? NULL : nfim_name_near(word, len);
	int n;

	if (is_number(word, len)) {
		snprintf(why, size, "\"%.*s\" is no %s: ids go from %lu to %lu", (int)len, word,
			 test->what, first_id(test), last_id(test));
		return -1;
	}
	n = snprintf(why, size, "no %s \"%.*s\"", test->what, (int)len, word);
	if (near)
		snprintf(why + n, size - n, "; did you mean \"%s\"?", near->name);
	else if (!table)
		snprintf(why + n, size - n, "; imctl list --all has all");
	for (; table && *table && n < (int)size; table++)
		n += snprintf(why + n, size - n, "%s%s", table == table_of(test) ? "; it is " :
			      table[1] ? ", " : " or ", *table);
	return -1;
}

int test_add(const struct test *test, struct xt_im_mtinfo *info, const char *word, size_t len,
	     char *why, size_t size)
{
	const char *const *table = table_of(test);
	const struct nfim_name *name;
	long id;

	id = find_id(test, word, len);
	if (id < 0 && table) {
		id = nfim_vocab_find(table, word, len);
	} else if (id < 0) {
		name = nfim_name_find(word, len);
		id = name ? name->id : -1;
	}
	if (id < 0)
		return unknown(test, word, len, why, size);
	info->flags |= test->flag;
	if (table)
		*mask_of(test, info) |= 1U << id;
	else
		info->protos[id / 64] |= 1ULL << (id % 64);
	return 0;
}

static const char *name_of(const struct test *test, unsigned int id)
{
	const char *const *table = table_of(test);
	const struct nfim_name *name;
	unsigned int i;

	if (!table) {
		name = nfim_name_by_id(id);
		return name ? name->name : NULL;
	}
	for (i = 0; i < id && table[i]; i++)
		;
	return table[i];
}

static bool has_id(const struct test *test, const struct xt_im_mtinfo *info, unsigned int id)
{
	struct xt_im_mtinfo copy = *info;

	if (test->flag == NF_IM_MT_PROTO)
		return info->protos[id / 64] >> (id % 64) & 1;
	return id < 32 && *mask_of(test, &copy) >> id & 1;
}

void test_names(const struct test *test, const struct xt_im_mtinfo *info, test_names_fn *fn,
		void *data)
{
	const char *name;
	unsigned int id;
	char buf[16];

	for (id = 0; id < 256; id++) {
		if (!has_id(test, info, id))
			continue;
		name = name_of(test, id);
		snprintf(buf, sizeof(buf), "id:%u", id);
		fn(name ? name : buf, data);
	}
}

struct one {
	char *buf;
	size_t size;
};

static void take_one(const char *name, void *data)
{
	struct one *one = data;

	if (!*one->buf)
		snprintf(one->buf, one->size, "%s", name);
}

void test_one_name(const struct test *test, const struct xt_im_mtinfo *info, char *buf,
		   size_t size)
{
	struct one one = { buf, size };

	*buf = '\0';
	test_names(test, info, take_one, &one);
}
