// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files of hosts' names: who may be known by which, and the pack's index of them. They are
 * read line by line, as a list may have a million.
 */
#include "compile_impl.h"
#include "engine/names.h"
#include "vocab.h"

enum {
	WORDS_MAX = 16,		/* of a line */
	BUCKETS_MAX = 1 << 24,
};

/* A name and where it was said. */
struct name_src {
	struct nfim_hostname rec;
	const char *path;
	unsigned int line;
};

/* A line, in words. */
struct words {
	struct pos pos;
	struct {
		const char *p;
		size_t len;
	} w[WORDS_MAX];
	u32 n;
};

/* What a file's head said. */
struct names_head {
	struct nfim_sig_proto *proto;
	bool source;
	bool date;
	bool shared;		/* shared names decide, too */
};

static bool word_is(const struct words *l, u32 i, const char *text)
{
	return i < l->n && l->w[i].len == strlen(text) && !memcmp(l->w[i].p, text, l->w[i].len);
}

static bool blank(char ch)
{
	return ch == ' ' || ch == '\t' || ch == '\r';
}

/* The next line that has words; false at the end. Text in quotes is one word. */
static bool next_line(struct comp *c, const struct nfim_source *src, size_t *at, struct words *l)
{
	const char *p = src->text + *at, *end = src->text + src->len, *from;

	for (l->n = 0; p < end && !l->n; p += p < end) {
		l->pos.line++;
		while (p < end && *p != '\n') {
			if (*p == '#') {
				while (p < end && *p != '\n')
					p++;
				break;
			}
			if (blank(*p)) {
				p++;
				continue;
			}
			from = p;
			if (*p == '"')
				for (p++; p < end && *p != '"' && *p != '\n'; p++)
					;
			while (p < end && *p != '\n' && !blank(*p))
				p++;
			if (l->n == WORDS_MAX)
				fail(c, &l->pos, "there are too many words in this line");
			l->w[l->n].p = from;
			l->w[l->n++].len = (size_t)(p - from);
		}
	}
	*at = (size_t)(p - src->text);
	return l->n;
}

bool nfim_source_shared(const char *path, const char *list)
{
	const char *base = strrchr(path, '/');
	size_t len;

	base = base ? base + 1 : path;
	for (; list && *list; list += len + (list[len] == ',')) {
		len = strcspn(list, ",");
		if ((len == 3 && !memcmp(list, "all", 3)) ||
		    (len == strlen(base) && !memcmp(list, base, len)))
			return true;
	}
	return false;
}

bool names_is(const struct nfim_source *src)
{
	const char *p = src->text, *end = p + src->len;

	while (p < end && (blank(*p) || *p == '\n' || *p == '#')) {
		if (*p == '#')
			while (p < end && *p != '\n')
				p++;
		else
			p++;
	}
	return end - p > 6 && !memcmp(p, "names", 5) && blank(p[5]);
}

static u32 parse_actions(struct comp *c, const struct words *l, u32 from)
{
	u32 actions = 0;

	for (; from < l->n; from++) {
		int action = nfim_vocab_find(nfim_action_names, l->w[from].p, l->w[from].len);

		if (action < 0)
			fail(c, &l->pos, "\"%.*s\" is no action", (int)l->w[from].len,
			     l->w[from].p);
		actions |= 1u << action;
	}
	return actions;
}

static void parse_name(struct comp *c, const struct words *l, const struct names_head *head,
		       u32 class)
{
	struct vec *data = &c->sect[NFIM_SECT_DATA];
	struct name_src *n = vec_add(c, &c->names, 1);
	size_t len = l->n > 1 ? l->w[1].len : 0;
	u32 i;

	if (!len || len > 253)
		fail(c, &l->pos, "a host's name of 1 to 253 bytes is expected here");
	if (class == NFIM_NAME_SHARED && head->shared)
		class = NFIM_NAME_DEDICATED;
	n->rec.text = data->n;
	n->rec.what = NFIM_NAME_WHAT(len, head->proto->id, class);
	n->rec.actions = parse_actions(c, l, 2);
	n->rec.hash = NFIM_NAME_HASH;
	for (i = (u32)len; i; i--)
		n->rec.hash = nfim_name_hash(n->rec.hash, (u8)l->w[1].p[i - 1]);
	memcpy(vec_add(c, data, (u32)len), l->w[1].p, len);
	n->path = l->pos.path;
	n->line = l->pos.line;
	head->proto->n_names++;
	if (class == NFIM_NAME_DEDICATED)
		head->proto->actions |= n->rec.actions;
}

void names_add(struct comp *c, const struct pos *pos, const char *name,
	       struct nfim_sig_proto *proto, enum nfim_name_class class)
{
	struct vec *data = &c->sect[NFIM_SECT_DATA];
	struct name_src *n = vec_add(c, &c->names, 1);
	u32 len = (u32)strlen(name), i;

	n->rec.text = data->n;
	n->rec.what = NFIM_NAME_WHAT(len, proto->id, class);
	n->rec.hash = NFIM_NAME_HASH;
	for (i = len; i; i--)
		n->rec.hash = nfim_name_hash(n->rec.hash, (u8)name[i - 1]);
	memcpy(vec_add(c, data, len), name, len);
	n->path = pos->path;
	n->line = pos->line;
	proto->n_names += class == NFIM_NAME_DEDICATED;
}

static void parse_head(struct comp *c, const struct words *l, struct names_head *head)
{
	if (l->n != 2)
		fail(c, &l->pos, "a file of names begins with names PROTOCOL");
	head->proto = registry_find(c, arena_str(c, l->w[1].p, l->w[1].len));
	if (!head->proto)
		fail(c, &l->pos, REGISTRY_LACKS, (int)l->w[1].len, l->w[1].p);
}

static void parse_line(struct comp *c, const struct words *l, struct names_head *head)
{
	static const char *const classes[NFIM_NAME_CLASSES] = { "D", "S", "A" };
	u32 class;

	if (word_is(l, 0, "source") && l->n == 2) {
		head->source = true;
		return;
	}
	if (word_is(l, 0, "date") && l->n == 2 && l->w[1].len == 10) {
		head->date = true;
		return;
	}
	for (class = 0; class < NFIM_NAME_CLASSES; class++)
		if (word_is(l, 0, classes[class]))
			break;
	if (class == NFIM_NAME_CLASSES)
		fail(c, &l->pos, "D, S or A with a name, or source or date is expected here");
	if (!head->source || !head->date)
		fail(c, &l->pos, "the file's source \"TEXT\" and date YYYY-MM-DD come first");
	parse_name(c, l, head, class);
}

void names_parse(struct comp *c, const struct nfim_source *src)
{
	struct names_head head = { .shared = src->shared };
	struct words line = {
		.pos = { .path = arena_str(c, src->path, strlen(src->path)), .col = 1 },
	};
	size_t at = 0;

	while (next_line(c, src, &at, &line)) {
		if (head.proto)
			parse_line(c, &line, &head);
		else
			parse_head(c, &line, &head);
	}
}

/* How many of the names have each remainder; false if that is too many for a bucket. */
static bool count(struct comp *c, u32 *starts, u32 n_buckets)
{
	const struct name_src *names = c->names.p;
	u32 i;

	memset(starts, 0, (n_buckets + 1) * sizeof(*starts));
	for (i = 0; i < c->names.n; i++)
		if (++starts[(names[i].rec.hash & (n_buckets - 1)) + 1] > NFIM_BUCKET_MAX)
			return false;
	for (i = 0; i < n_buckets; i++)
		starts[i + 1] += starts[i];
	return true;
}

static void check_twice(struct comp *c, const struct name_src *n, const struct name_src *other)
{
	const u8 *data = c->sect[NFIM_SECT_DATA].p;
	u32 len = NFIM_NAME_LEN(&n->rec);
	struct pos pos = { .path = n->path, .line = n->line, .col = 1 };

	if (n->rec.hash == other->rec.hash && len == NFIM_NAME_LEN(&other->rec) &&
	    !memcmp(data + n->rec.text, data + other->rec.text, len))
		fail(c, &pos, "%.*s stands in %s, line %u, too", (int)len, data + n->rec.text,
		     other->path, other->line);
}

void names_write(struct comp *c)
{
	const struct name_src *names = c->names.p, **order;
	u32 n_buckets = 1, i, k, *starts, *fill;
	struct nfim_hostname *out;

	if (!c->names.n)
		return;
	while (n_buckets < c->names.n)
		n_buckets *= 2;
	for (;; n_buckets *= 2) {
		if (n_buckets > BUCKETS_MAX)
			fail(c, NULL, "there are too many names, or one stands %d times",
			     NFIM_BUCKET_MAX);
		starts = arena_alloc(c, (n_buckets + 1) * sizeof(*starts));
		if (count(c, starts, n_buckets))
			break;
	}
	fill = arena_alloc(c, n_buckets * sizeof(*fill));
	memcpy(fill, starts, n_buckets * sizeof(*fill));
	order = arena_alloc(c, c->names.n * sizeof(*order));
	for (i = 0; i < c->names.n; i++) {
		u32 bucket = names[i].rec.hash & (n_buckets - 1);

		for (k = starts[bucket]; k < fill[bucket]; k++)
			check_twice(c, &names[i], order[k]);
		order[fill[bucket]++] = &names[i];
	}
	out = vec_add(c, &c->sect[NFIM_SECT_NAMES], c->names.n);
	for (i = 0; i < c->names.n; i++)
		out[i] = order[i]->rec;
	memcpy(vec_add(c, &c->sect[NFIM_SECT_BUCKETS], n_buckets + 1), starts,
	       (n_buckets + 1) * sizeof(*starts));
}

void names_init(struct comp *c)
{
	vec_init(&c->names, sizeof(struct name_src));
	vec_init(&c->sect[NFIM_SECT_NAMES], sizeof(struct nfim_hostname));
	vec_init(&c->sect[NFIM_SECT_BUCKETS], sizeof(u32));
}
