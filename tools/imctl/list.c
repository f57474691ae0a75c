// SPDX-License-Identifier: GPL-2.0-only
/*
 * imctl list: the protocols of a pack.
 */
#include "imctl.h"
#include "out.h"
#include "vocab.h"

#include <linux/netfilter/nf_im.h>
#include <math.h>
#include <stdio.h>

static const char *pack_path;
static bool all;

const struct imctl_opt imctl_list_opts[] = {
	{ "all", NULL, IMCTL_OPT_FLAG, &all, "with the names that have no signature yet" },
	{ "pack", "FILE", IMCTL_OPT_STR, &pack_path, "signatures, instead of the built-in ones" },
	{ 0 }
};

static const struct out_col cols[] = {
	{ .name = "name" }, { .name = "title" }, { .name = "category" }, { .name = "actions" },
	{ .name = "evidence", .right = true }, { .name = "need", .right = true },
	{ .name = "label" }, { .name = "signature" }, { .name = "budget", .right = true },
	{ .name = "names", .right = true }, { .name = "id", .right = true },
};

/* The rules of a protocol, summed up. */
struct rules {
	u32 n;
	u32 evidence;	/* of the weakest, 1/256 bit */
	u32 need;	/* of the one that needs most, bytes */
	bool varies;	/* one cannot tell what it needs */
	double rate;	/* of random payloads, how many they would take for theirs */
	u32 names;	/* hosts that decide */
};

static struct rules sum_up(const struct nfim_pack *pack, u32 proto)
{
	struct rules r = { 0 };
	u32 firsts = 0, i;

	for (i = 0; i < pack->n_rules; i++) {
		const struct nfim_rule *rule = &pack->rules[i];

		if (rule->proto != proto)
			continue;
		if (!r.n++ || rule->evidence < r.evidence)
			r.evidence = rule->evidence;
		if (rule->need > r.need)
			r.need = rule->need;
		r.varies |= !rule->need;
		if (!(rule->half & 1))
			firsts = !i || rule->half != rule[-1].half ? 1 : firsts + 1;
		/* Of a pair each choice of the one half may come with each of the other. */
		if (!rule->half)
			r.rate += exp2(-(double)rule->evidence / 256);
		else if (rule->half & 1)
			r.rate += firsts * exp2(-(double)rule->evidence / 256);
	}
	for (i = 0; i < pack->n_names; i++)
		r.names += NFIM_NAME_PROTO(&pack->names[i]) == proto &&
			   NFIM_NAME_CLASS(&pack->names[i]) == NFIM_NAME_DEDICATED;
	return r;
}

static void put_proto(struct out *o, const struct nfim_pack *pack, const struct nfim_proto *proto)
{
	const char *name = nfim_pack_str(pack, proto->name);
	struct rules r = sum_up(pack, proto->id);
	char text[NFIM_NAME_MAX + sizeof("im-")];

	if (!r.n && !r.names && !all)
		return;
	out_str(o, name);
	out_text(o, nfim_pack_str(pack, proto->title));
	out_str(o, nfim_category_names[proto->category]);
	out_actions(o, proto->actions);
	if (r.n)
		out_num(o, r.evidence / 256);
	else
		out_none(o);
	if (r.n && !r.varies)
		out_num(o, r.need);
	else
		out_none(o);
	snprintf(text, sizeof(text), "im-%s", name);
	out_str(o, proto->label == NFIM_LABEL_NONE ? NULL : text);
	out_bool(o, r.n || r.names);
	if (r.n)
		out_num(o, (uint64_t)-log2(r.rate));
	else
		out_none(o);
	out_num(o, r.names);
	out_num(o, proto->id);
	out_row(o);
}

int imctl_list(int argc, char **argv)
{
	struct imctl_pack p;
	struct out *o;
	int ret;
	u32 i;

	(void)argc;
	(void)argv;
	if (imctl_pack_load(&p, pack_path))
		return IMCTL_FAIL;
	o = out_begin(cols, ARRAY_SIZE(cols), false);
	for (i = 0; i < p.pack.n_protos; i++)
		put_proto(o, &p.pack, &p.pack.protos[i]);
	ret = out_finish(o);
	imctl_pack_free(&p);
	return ret;
}
