// SPDX-License-Identifier: GPL-2.0-only
/*
 * refine BASE as NAME when host under DOMAIN, DOMAIN...: a protocol that is another one at
 * hosts of these domains, with a name and label of its own. A file of such lines is a local
 * signature: its names are no registry's, and stand behind those in the pack.
 */
#include "compile_impl.h"

enum {
	LOCAL_ID = 240,		/* ids of local names begin here */
};

/* A word that may have dots: a domain. */
static char *parse_domain(struct comp *c, struct lexer *lx)
{
	const struct tok *tok = tok_next(lx);
	char *s;
	u32 i;

	if (tok->type != TOK_STR || !tok->len)
		fail(c, &tok->pos, "a domain in double quotes is expected here");
	s = arena_str(c, tok->bytes, tok->len);
	for (i = 0; i < tok->len; i++) {
		if (s[i] >= 'A' && s[i] <= 'Z')
			s[i] |= 0x20;
		if (!(s[i] >= 'a' && s[i] <= 'z') && !(s[i] >= '0' && s[i] <= '9') &&
		    s[i] != '-' && s[i] != '.' && s[i] != '_')
			fail(c, &tok->pos, "a domain is of letters, digits, - and .");
	}
	return s;
}

static void take(struct comp *c, struct lexer *lx, const char *word)
{
	const struct tok *tok = tok_peek(lx);

	if (!tok_take(lx, word))
		fail(c, &tok->pos, "%s is expected here", word);
}

/* The highest label that is free, so that the registry may grow. */
static u32 free_label(const struct comp *c)
{
	u32 label, i;

	for (label = NFIM_LABEL_MAX; label-- > NFIM_LABEL_MIN;) {
		for (i = 0; i < c->registry.n; i++)
			if (VEC_AT(&c->registry, struct nfim_sig_proto, i)->label == label)
				break;
		if (i == c->registry.n)
			return label;
	}
	return NFIM_LABEL_NONE;
}

static u32 local_id(struct comp *c, const struct pos *pos)
{
	u32 last = VEC_AT(&c->registry, struct nfim_sig_proto, c->registry.n - 1)->id;
	u32 id = last < LOCAL_ID ? LOCAL_ID : last + 1;

	if (id >= NFIM_PROTO_MAX)
		fail(c, pos, "there are more local names than may be");
	return id;
}

static void parse_refine(struct comp *c, struct lexer *lx)
{
	struct refine *r = vec_add(c, &c->refines, 1);
	struct nfim_sig_proto proto = { .aliases = "" };
	const struct nfim_sig_proto *base;

	r->pos = lx->line.pos;
	r->base = tok_name(c, lx, "the name of a protocol");
	base = registry_find(c, r->base);
	if (!base)
		fail(c, &r->pos, "the registry has no protocol %s", r->base);
	take(c, lx, "as");
	proto.name = tok_name(c, lx, "a name of one's own");
	if (registry_find(c, proto.name))
		fail(c, &r->pos, "the name %s stands for another protocol", proto.name);
	take(c, lx, "when");
	take(c, lx, "host");
	take(c, lx, "under");
	proto.id = local_id(c, &r->pos);
	proto.label = free_label(c);
	proto.category = base->category;
	proto.title = arena_printf(c, "%.40s, of one's own", base->title);
	proto.path = r->pos.path;
	proto.source = "local";
	r->id = proto.id;
	*(struct nfim_sig_proto *)vec_add(c, &c->registry, 1) = proto;
	do {
		char *name = arena_printf(c, "%s:%s", r->base, parse_domain(c, lx));

		if (strlen(name) > NFIM_KIND_MAX)
			fail(c, &r->pos, "the domain has too many letters");
		names_add(c, &r->pos, name, registry_find(c, proto.name),
			  NFIM_NAME_DEDICATED);
	} while (tok_take_punct(lx, ','));
	tok_end(c, lx);
}

/* A file of refine lines; false if it is another one. */
bool refine_parse(struct comp *c, const struct nfim_source *src)
{
	struct nfim_source own = *src;
	struct lexer lx = { .src = &own };

	own.path = arena_str(c, src->path, strlen(src->path));
	if (!lex_peek(c, &lx) || lx.line.level || !tok_is(tok_peek(&lx), "refine"))
		return false;
	while (lex_peek(c, &lx)) {
		if (lx.line.level || !tok_take(&lx, "refine"))
			fail(c, &lx.line.pos, "a file of refine lines has nothing else");
		parse_refine(c, &lx);
	}
	return true;
}

/* When all files were read: each has the frames of what it refines. */
void refine_finish(struct comp *c)
{
	u32 i, k;

	for (i = 0; i < c->refines.n; i++) {
		struct refine *r = VEC_AT(&c->refines, struct refine, i);
		struct sig_src sig = { .pos = r->pos };
		const struct sig_src *base = NULL;

		for (k = 0; k < c->sig_srcs.n && !base; k++)
			if (!strcmp(VEC_AT(&c->sig_srcs, struct sig_src, k)->proto->name, r->base))
				base = VEC_AT(&c->sig_srcs, struct sig_src, k);
		if (!base)
			fail(c, &r->pos, "the signature of %s is not among the files", r->base);
		if (!sig_tells_host(base))
			fail(c, &r->pos, "the frames of %s do not tell the host", r->base);
		for (k = 0; k < i; k++)
			if (!strcmp(VEC_AT(&c->refines, struct refine, k)->base, r->base))
				break;
		if (k == i)
			names_add(c, &r->pos, arena_printf(c, "refine:%s", r->base),
				  base->proto, NFIM_NAME_AUXILIARY);
		sig.frames = base->frames;
		sig.rules.size = sizeof(struct prog_src);
		sig.samples.size = sizeof(struct nfim_sig_sample);
		for (k = 0; k < c->registry.n; k++)
			if (VEC_AT(&c->registry, struct nfim_sig_proto, k)->id == r->id)
				sig.proto = VEC_AT(&c->registry, struct nfim_sig_proto, k);
		*(struct sig_src *)vec_add(c, &c->sig_srcs, 1) = sig;
	}
}
