// SPDX-License-Identifier: GPL-2.0-only
/*
 * signatures/registry.tsv: the closed list of names. A header line, then lines
 * of tab separated columns id name aliases category label title.
 */
#include "compile_impl.h"
#include "vocab.h"

enum {
	COL_ID,
	COL_NAME,
	COL_ALIASES,
	COL_CATEGORY,
	COL_LABEL,
	COL_TITLE,
	COLS,
};

static const char *const col_names[COLS] = {
	"id", "name", "aliases", "category", "label", "title",
};

struct field {
	const char *p;
	u32 len;
	struct pos pos;
};

static bool field_is(const struct field *f, const char *s)
{
	return f->len == strlen(s) && !memcmp(f->p, s, f->len);
}

static void split(struct comp *c, const struct pos *line, const char *p, size_t len,
		  struct field f[COLS])
{
	const char *begin = p, *end = p + len;
	u32 n;

	for (n = 0; n < COLS; n++) {
		const char *tab = n + 1 < COLS ? memchr(p, '\t', (size_t)(end - p)) : end;

		if (!tab)
			fail(c, line, "the line has not %d columns separated by tabs", COLS);
		f[n].p = p;
		f[n].len = (u32)(tab - p);
		f[n].pos = *line;
		f[n].pos.col = (unsigned int)(p - begin) + 1;
		p = tab + 1;
		if (!f[n].len)
			fail(c, &f[n].pos, "the column %s is empty; '-' says none", col_names[n]);
	}
	if (memchr(f[COL_TITLE].p, '\t', f[COL_TITLE].len))
		fail(c, line, "the line has more than %d columns", COLS);
}

static u32 field_number(struct comp *c, const struct field *f, u32 min, u32 max)
{
	u32 v = 0;
	u32 i;

	for (i = 0; i < f->len && i < 6; i++) {
		if (f->p[i] < '0' || f->p[i] > '9')
			break;
		v = v * 10 + (u32)(f->p[i] - '0');
	}
	if (i != f->len || v < min || v > max)
		fail(c, &f->pos, "a number from %lu to %lu is expected here",
		     (unsigned long)min, (unsigned long)max);
	return v;
}

static void check_name(struct comp *c, const struct pos *pos, const char *p, u32 len)
{
	u32 i;

	for (i = 0; i < len; i++) {
		bool dash = p[i] == '-' && i && i + 1 < len;

		if (!dash && !(p[i] >= 'a' && p[i] <= 'z') && !(p[i] >= '0' && p[i] <= '9'))
			fail(c, pos, "names are of a-z, 0-9 and, inside, -");
	}
	if (!len || len > NFIM_NAME_MAX)
		fail(c, pos, "a name has 1 to %d characters", NFIM_NAME_MAX);
}

static bool alias_of(const struct nfim_sig_proto *proto, const char *name, u32 len)
{
	const char *p = proto->aliases;

	while (*p) {
		size_t n = strcspn(p, ",");

		if (n == len && !memcmp(p, name, len))
			return true;
		p += n + (p[n] == ',');
	}
	return strlen(proto->name) == len && !memcmp(proto->name, name, len);
}

/* Names and aliases are one set: a word in a rule means one protocol. */
static void check_unique(struct comp *c, const struct pos *pos, const char *name, u32 len)
{
	u32 i;

	check_name(c, pos, name, len);
	for (i = 0; i < c->registry.n; i++) {
		const struct nfim_sig_proto *p = VEC_AT(&c->registry, struct nfim_sig_proto, i);

		if (alias_of(p, name, len))
			fail(c, pos, "the name %.*s is that of %s already", (int)len, name,
			     p->name);
	}
}

static const char *parse_aliases(struct comp *c, const struct field *f)
{
	u32 at = 0;

	if (field_is(f, "-"))
		return "";
	while (at <= f->len) {
		const char *p = f->p + at;
		const char *comma = memchr(p, ',', f->len - at);
		u32 n = comma ? (u32)(comma - p) : f->len - at;

		check_unique(c, &f->pos, p, n);
		at += n + 1;
	}
	return arena_str(c, f->p, f->len);
}

static u32 parse_label(struct comp *c, const struct field *f)
{
	u32 label;
	u32 i;

	if (field_is(f, "-"))
		return NFIM_LABEL_NONE;
	label = field_number(c, f, NFIM_LABEL_MIN, NFIM_LABEL_MAX - 1);
	for (i = 0; i < c->registry.n; i++)
		if (VEC_AT(&c->registry, struct nfim_sig_proto, i)->label == label)
			fail(c, &f->pos, "the label is that of %s already",
			     VEC_AT(&c->registry, struct nfim_sig_proto, i)->name);
	return label;
}

static void check_title(struct comp *c, const struct field *f)
{
	u32 i;

	if (f->len > NFIM_TITLE_MAX)
		fail(c, &f->pos, "the title has more than %d bytes", NFIM_TITLE_MAX);
	for (i = 0; i < f->len; i++)
		if ((u8)f->p[i] < ' ' || f->p[i] == 0x7f || f->p[i] == '"' || f->p[i] == '\\')
			fail(c, &f->pos, "the title has control characters, quotes or backslashes");
}

static void parse_proto(struct comp *c, const struct field f[COLS])
{
	struct nfim_sig_proto proto = { 0 };
	int category;

	proto.id = field_number(c, &f[COL_ID], 1, NFIM_PROTO_MAX - 1);
	if (c->registry.n &&
	    VEC_AT(&c->registry, struct nfim_sig_proto, c->registry.n - 1)->id >= proto.id)
		fail(c, &f[COL_ID].pos, "ids ascend; a new name goes to the end");
	check_unique(c, &f[COL_NAME].pos, f[COL_NAME].p, f[COL_NAME].len);
	proto.name = arena_str(c, f[COL_NAME].p, f[COL_NAME].len);
	proto.aliases = parse_aliases(c, &f[COL_ALIASES]);
	category = nfim_vocab_find(nfim_category_names, f[COL_CATEGORY].p, f[COL_CATEGORY].len);
	if (category < 0)
		fail(c, &f[COL_CATEGORY].pos, "there is no category %.*s",
		     (int)f[COL_CATEGORY].len, f[COL_CATEGORY].p);
	proto.category = (u32)category;
	proto.label = parse_label(c, &f[COL_LABEL]);
	check_title(c, &f[COL_TITLE]);
	proto.title = arena_str(c, f[COL_TITLE].p, f[COL_TITLE].len);
	*(struct nfim_sig_proto *)vec_add(c, &c->registry, 1) = proto;
}

void registry_parse(struct comp *c, const struct nfim_source *src)
{
	struct pos pos = { .path = src->path, .col = 1 };
	size_t off = 0;
	u32 i;

	vec_init(&c->registry, sizeof(struct nfim_sig_proto));
	while (off < src->len) {
		const char *p = src->text + off;
		const char *nl = memchr(p, '\n', src->len - off);
		size_t len = nl ? (size_t)(nl - p) : src->len - off;
		struct field f[COLS];

		off += len + 1;
		pos.line++;
		if (!len || p[0] == '#')
			continue;
		split(c, &pos, p, len, f);
		if (pos.line > 1) {
			parse_proto(c, f);
			continue;
		}
		for (i = 0; i < COLS; i++)
			if (!field_is(&f[i], col_names[i]))
				fail(c, &f[i].pos, "the column %s is expected here", col_names[i]);
	}
	if (!c->registry.n) {
		pos.line = 0;
		fail(c, &pos, "the registry has no names");
	}
}

struct nfim_sig_proto *registry_find(struct comp *c, const char *name)
{
	u32 i;

	for (i = 0; i < c->registry.n; i++) {
		struct nfim_sig_proto *p = VEC_AT(&c->registry, struct nfim_sig_proto, i);

		if (!strcmp(p->name, name))
			return p;
	}
	return NULL;
}
