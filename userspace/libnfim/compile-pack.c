// SPDX-License-Identifier: GPL-2.0-only
/*
 * The compilation as a whole, and the pack it ends in.
 */
#include "compile_impl.h"

#include <stdlib.h>

/* A literal or string in DATA. */
struct interned {
	u32 off;
	u32 len;
	u32 next;	/* with the same hash, + 1 */
};

/* Put bytes into DATA once; returns where. */
u32 data_add(struct comp *c, const void *bytes, u32 len)
{
	const u8 *p = bytes;
	struct vec *data = &c->sect[NFIM_SECT_DATA];
	u32 hash = nfim_crc32(0, p, len) % ARRAY_SIZE(c->interned_hash);
	struct interned *in;
	u32 i;

	for (i = c->interned_hash[hash]; i; i = in->next) {
		in = VEC_AT(&c->interned, struct interned, i - 1);
		if (in->len == len && !memcmp((u8 *)data->p + in->off, p, len))
			return in->off;
	}
	in = vec_add(c, &c->interned, 1);
	in->off = data->n;
	in->len = len;
	in->next = c->interned_hash[hash];
	c->interned_hash[hash] = c->interned.n;
	memcpy(vec_add(c, data, len), p, len);
	return in->off;
}

static u32 string_add(struct comp *c, const char *s)
{
	return data_add(c, s, (u32)strlen(s) + 1);
}

static u32 code_add(struct comp *c, const struct prog *prog)
{
	struct vec *code = &c->sect[NFIM_SECT_CODE];
	u32 at = code->n;

	if (nfim_prog_cost(prog->code.p, prog->code.n) > NFIM_COST_MAX)
		return U32_MAX;
	memcpy(vec_add(c, code, prog->code.n), prog->code.p,
	       sizeof(struct nfim_insn) * prog->code.n);
	return at;
}

static void check_evidence(struct comp *c, const struct prog_src *src, u32 evidence, bool mid)
{
	u32 least = mid ? NFIM_EVIDENCE_MID_MIN : NFIM_EVIDENCE_MIN;

	if (evidence < least)
		fail(c, &src->pos, "rule %s has %lu.%lu bits of evidence, %lu are needed%s",
		     src->name, (unsigned long)evidence / 256,
		     (unsigned long)evidence % 256 * 10 / 256, (unsigned long)least / 256,
		     src->http ? " in HTTP" : mid ? " in mid-stream" : "");
}

static void write_root(struct comp *c, const struct sig_src *sig, const struct prog_src *src,
		       u32 root, const struct prog *prog, u32 half)
{
	u32 index = c->sect[NFIM_SECT_RULES].n;
	struct nfim_sig_rule *info;
	struct nfim_rule *rule;

	if (index == NFIM_RULE_MAX)
		fail(c, &src->pos, "there are more than %d rules", NFIM_RULE_MAX);
	rule = vec_add(c, &c->sect[NFIM_SECT_RULES], 1);
	rule->proto = sig->proto->id;
	rule->root = root;
	rule->dirs = src->dirs;
	rule->evidence = prog->evidence;
	rule->need = prog->need;
	rule->code = code_add(c, prog);
	if (rule->code == U32_MAX)
		fail(c, &src->pos, "rule %s may take too much work", src->name);
	rule->n_code = prog->code.n;
	rule->name = string_add(c, src->name);
	rule->actions = src->actions;
	rule->half = half;

	info = vec_add(c, &c->rule_infos, 1);
	info->proto = sig->proto->name;
	info->name = src->name;
	info->path = src->pos.path;
	info->line = src->pos.line;
	info->root = root;
	info->dirs = rule->dirs;
	info->evidence = rule->evidence;
	info->need = rule->need;
	info->n_code = rule->n_code;
	info->n_prefix = index_add(c, &src->pos, root, &prog->prefix, index);
}

/* The way'th of all choices of alternatives; false if there are no more. */
bool prog_choose(const struct prog_src *src, u32 way)
{
	u32 i;

	for (i = 0; i < src->stmts.n; i++) {
		struct stmt *st = VEC_AT(&src->stmts, struct stmt, i);

		if (!st->alts.n)
			continue;
		st->lit = *VEC_AT(&st->alts, struct lit, way % st->alts.n);
		way /= st->alts.n;
	}
	return !way;
}

/*
 * One rule of the pack for each choice of alternatives; and one for the first bytes of a
 * flow, too, if it may judge in mid-stream: a direction that was picked up late, but whose
 * receiver has everything before, is read as if it began there. @half of a pair: @evidence is that
 * of both together.
 */
static void write_rule(struct comp *c, const struct sig_src *sig, const struct prog_src *src,
		       u32 half, u32 evidence)
{
	struct prog prog;
	u32 way;

	for (way = 0; prog_choose(src, way); way++) {
		if (way == WAYS_MAX)
			fail(c, &src->pos, "rule %s has more than %d choices", src->name, WAYS_MAX);
		prog_compile(c, src, src->dirs, &prog);
		if (half)
			prog.evidence = evidence;
		check_evidence(c, src, prog.evidence, src->mid || src->http);
		if (src->http)
			write_root(c, sig, src, NFIM_ROOT_HTTP, &prog, half);
		else if (src->l4 == NFIM_L4_UDP)
			write_root(c, sig, src, NFIM_ROOT_UDP, &prog, half);
		else
			write_root(c, sig, src, NFIM_ROOT_TCP, &prog, half);
		if (src->mid)
			write_root(c, sig, src, NFIM_ROOT_TCP_MID, &prog, half);
	}
}

/* A rule, or a pair by its first half. */
static void write_rule_or_pair(struct comp *c, const struct sig_src *sig, struct prog_src *src)
{
	u32 evidence;

	if (!src->half) {
		write_rule(c, sig, src, 0, 0);
	} else {
		if (c->n_pairs++ == NFIM_PAIRS_MAX)
			fail(c, &src->pos, "there are more than %d pairs", NFIM_PAIRS_MAX);
		evidence = pair_evidence(c, src);
		write_rule(c, sig, src, c->n_pairs * 2, evidence);
		write_rule(c, sig, src + 1, c->n_pairs * 2 + 1, evidence);
	}
	sig->proto->n_rules++;
	sig->proto->actions |= src->actions;
}

static void write_frames_dir(struct comp *c, const struct sig_src *sig,
			     const struct prog_src *src, u32 dirs)
{
	struct nfim_frames *frames;
	struct prog prog;

	prog_compile(c, src, dirs, &prog);
	frames = vec_add(c, &c->sect[NFIM_SECT_FRAMES], 1);
	frames->proto = sig->proto->id;
	frames->l4 = src->l4;
	frames->dirs = dirs;
	frames->code = code_add(c, &prog);
	if (frames->code == U32_MAX)
		fail(c, &src->pos, "the frames may take too much work");
	frames->n_code = prog.code.n;
	sig->proto->actions |= prog.actions;
}

static void write_frames(struct comp *c, const struct sig_src *sig)
{
	u32 i;

	for (i = 0; i < sig->frames.n; i++) {
		const struct prog_src *src = VEC_AT(&sig->frames, struct prog_src, i);

		if (prog_dirs_differ(src)) {
			write_frames_dir(c, sig, src, NFIM_DIR_CLIENT);
			write_frames_dir(c, sig, src, NFIM_DIR_SERVER);
		} else {
			write_frames_dir(c, sig, src, src->dirs);
		}
	}
}

static struct sig_src *sig_of(struct comp *c, const struct nfim_sig_proto *proto)
{
	u32 i;

	for (i = 0; i < c->sig_srcs.n; i++)
		if (VEC_AT(&c->sig_srcs, struct sig_src, i)->proto == proto)
			return VEC_AT(&c->sig_srcs, struct sig_src, i);
	return NULL;
}

/* All rules first, then all frames: programs lie in the order of their owners. */
static void write_sigs(struct comp *c)
{
	u32 i, k;

	for (i = 0; i < c->registry.n; i++) {
		struct sig_src *sig = sig_of(c, VEC_AT(&c->registry, struct nfim_sig_proto, i));

		for (k = 0; sig && k < sig->rules.n; k++) {
			struct prog_src *src = VEC_AT(&sig->rules, struct prog_src, k);

			write_rule_or_pair(c, sig, src);
			k += src->half;
		}
	}
	for (i = 0; i < c->registry.n; i++) {
		struct nfim_sig_proto *info = VEC_AT(&c->registry, struct nfim_sig_proto, i);
		struct nfim_proto *proto = vec_add(c, &c->sect[NFIM_SECT_PROTOS], 1);
		struct sig_src *sig = sig_of(c, info);
		u32 first = c->sect[NFIM_SECT_FRAMES].n;

		if (sig)
			write_frames(c, sig);
		proto->id = info->id;
		proto->category = info->category;
		proto->label = info->label;
		proto->actions = info->actions;
		proto->n_frames = c->sect[NFIM_SECT_FRAMES].n - first;
		proto->frames = proto->n_frames ? first + 1 : 0;
		proto->name = string_add(c, info->name);
		proto->title = string_add(c, info->title);
		for (k = 0; sig && k < sig->samples.n; k++) {
			*(struct nfim_sig_sample *)vec_add(c, &c->sample_infos, 1) =
				*VEC_AT(&sig->samples, struct nfim_sig_sample, k);
			info->n_samples++;
		}
	}
}

/* When all samples are there: those that others answer. */
static void link_samples(struct comp *c)
{
	struct nfim_sig_sample *all = c->sample_infos.p, *s, *o;
	struct nfim_sig_sample *end = all + c->sample_infos.n;

	for (s = all; s < end; s++)
		for (o = all; s->answers && o < end; o++)
			if (o->proto == s->proto && !strcmp(o->name, s->answers) &&
			    o->root == s->root && o->dir != s->dir)
				s->before = o;
}

static u8 *put_words(u8 *out, const void *words, size_t n)
{
	const u32 *w = words;

	for (; n--; w++) {
		*out++ = (u8)*w;
		*out++ = (u8)(*w >> 8);
		*out++ = (u8)(*w >> 16);
		*out++ = (u8)(*w >> 24);
	}
	return out;
}

static void write_pack(struct comp *c, u32 version)
{
	struct nfim_pack_hdr hdr = { .magic = { 0 } };
	struct nfim_sect sects[NFIM_SECT_DATA];
	const size_t hdr_words = (sizeof(hdr) - sizeof(hdr.magic)) / sizeof(u32);
	size_t size = sizeof(hdr) + sizeof(sects);
	u32 i;
	u8 *p;

	/* DATA ends with NUL, on a word's end. */
	vec_add(c, &c->sect[NFIM_SECT_DATA], 4 - c->sect[NFIM_SECT_DATA].n % 4);
	for (i = NFIM_SECT_PROTOS; i < NFIM_SECTS; i++) {
		struct nfim_sect *s = &sects[i - NFIM_SECT_PROTOS];

		s->type = i;
		s->off = (u32)size;
		size += (size_t)c->sect[i].n * c->sect[i].size;
		if (size > NFIM_PACK_SIZE_MAX)
			fail(c, NULL, "the pack is larger than %u bytes", NFIM_PACK_SIZE_MAX);
		s->size = (u32)size - s->off;
	}
	c->sigs.pack = arena_alloc(c, size);
	c->sigs.pack_len = size;
	p = c->sigs.pack + sizeof(hdr);
	p = put_words(p, sects, NFIM_SECT_DATA * sizeof(*sects) / sizeof(u32));
	for (i = NFIM_SECT_PROTOS; i < NFIM_SECT_DATA; i++)
		p = put_words(p, c->sect[i].p, (size_t)c->sect[i].n * c->sect[i].size / 4);
	memcpy(p, c->sect[NFIM_SECT_DATA].p, c->sect[NFIM_SECT_DATA].n);

	memcpy(hdr.magic, NFIM_PACK_MAGIC, sizeof(hdr.magic));
	hdr.format = NFIM_PACK_FORMAT;
	hdr.size = (u32)size;
	hdr.n_sect = NFIM_SECT_DATA;
	hdr.version = version;
	memcpy(c->sigs.pack, hdr.magic, sizeof(hdr.magic));
	put_words(c->sigs.pack + sizeof(hdr.magic), &hdr.format, hdr_words);
	hdr.crc = nfim_crc32(0, c->sigs.pack + NFIM_PACK_CRC_FROM, size - NFIM_PACK_CRC_FROM);
	put_words(c->sigs.pack + offsetof(struct nfim_pack_hdr, crc), &hdr.crc, 1);
}

/* What is written must open; anything else is a mistake of the compiler. */
static void check_opens(struct comp *c)
{
	struct nfim_pack *pack = arena_alloc(c, sizeof(*pack));
	void *copy = arena_alloc(c, c->sigs.pack_len);
	struct nfim_pack_err err;

	memcpy(copy, c->sigs.pack, c->sigs.pack_len);
	if (nfim_pack_open(pack, copy, c->sigs.pack_len, &err))
		fail(c, NULL, "the compiler made a pack that is bad (%s, offset %lu, \"%s\")",
		     err.what, (unsigned long)err.off, err.name);
}

static void init(struct comp *c)
{
	static const u32 sizes[NFIM_SECTS] = {
		[NFIM_SECT_PROTOS] = sizeof(struct nfim_proto),
		[NFIM_SECT_RULES] = sizeof(struct nfim_rule),
		[NFIM_SECT_FRAMES] = sizeof(struct nfim_frames),
		[NFIM_SECT_CODE] = sizeof(struct nfim_insn),
		[NFIM_SECT_RANGES] = sizeof(struct nfim_range),
		[NFIM_SECT_MAPS] = sizeof(struct nfim_map),
		[NFIM_SECT_NODES] = sizeof(struct nfim_node),
		[NFIM_SECT_EDGES] = sizeof(u32),
		[NFIM_SECT_NODE_RULES] = sizeof(u32),
		[NFIM_SECT_DATA] = 1,
	};
	u32 i;

	for (i = 0; i < NFIM_SECTS; i++)
		vec_init(&c->sect[i], sizes[i]);
	vec_init(&c->sig_srcs, sizeof(struct sig_src));
	vec_init(&c->refines, sizeof(struct refine));
	vec_init(&c->rule_infos, sizeof(struct nfim_sig_rule));
	vec_init(&c->sample_infos, sizeof(struct nfim_sig_sample));
	vec_init(&c->interned, sizeof(struct interned));
	names_init(c);
	index_init(c);
}

/* What may leave by c->out: apart from setjmp(), so that no variable lives across that. */
static void compile_all(struct comp *c, const struct nfim_source *registry,
			const struct nfim_source *sigs, size_t n_sigs, u32 version)
{
	bool *local = arena_alloc(c, n_sigs + 1);
	size_t i;

	init(c);
	registry_parse(c, registry);
	/* Local names first: others hold pointers into the registry, which grows no more then. */
	for (i = 0; i < n_sigs; i++)
		local[i] = refine_parse(c, &sigs[i]);
	for (i = 0; i < n_sigs; i++)
		if (names_is(&sigs[i]))
			names_parse(c, &sigs[i]);
		else if (!local[i])
			sig_parse(c, &sigs[i]);
	refine_finish(c);
	write_sigs(c);
	link_samples(c);
	index_write(c);
	names_write(c);
	write_pack(c, version);
	check_opens(c);
	c->sigs.protos = c->registry.p;
	c->sigs.n_protos = c->registry.n;
	c->sigs.rules = c->rule_infos.p;
	c->sigs.n_rules = c->rule_infos.n;
	c->sigs.samples = c->sample_infos.p;
	c->sigs.n_samples = c->sample_infos.n;
}

/* Whether it compiled; what went wrong is in c->err. */
static bool compile_or_leave(struct comp *c, const struct nfim_source *registry,
			     const struct nfim_source *sigs, size_t n_sigs, u32 version)
{
	jmp_buf out;

	c->out = &out;
	if (setjmp(out))
		return false;
	compile_all(c, registry, sigs, n_sigs, version);
	c->out = NULL;
	return true;
}

struct nfim_sigs *nfim_compile(const struct nfim_source *registry,
			       const struct nfim_source *sigs, size_t n_sigs,
			       u32 version, struct nfim_compile_err *err)
{
	struct comp *c = calloc(1, sizeof(*c));

	memset(err, 0, sizeof(*err));
	if (!c) {
		strcpy(err->what, "there is not enough memory");
		return NULL;
	}
	c->err = err;
	if (!compile_or_leave(c, registry, sigs, n_sigs, version)) {
		nfim_sigs_free(&c->sigs);
		return NULL;
	}
	return &c->sigs;
}

void nfim_sigs_free(struct nfim_sigs *sigs)
{
	/* The first member of what nfim_compile() allocated. */
	struct comp *c = (struct comp *)sigs;

	if (!c)
		return;
	arena_free(c->arena);
	free(c);
}
