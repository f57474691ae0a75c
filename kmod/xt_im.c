// SPDX-License-Identifier: GPL-2.0-only
/*
 * xtables match "im": what instant messaging is this packet's flow, and what does it do.
 */
#include <linux/module.h>
#include <linux/netfilter/x_tables.h>

#include "nf_im.h"

#define LABEL_LONGS	(NF_CT_LABELS_MAX_SIZE / sizeof(long))

/*
 * What the kernel keeps in a rule, worked out when it is checked, so that a flow that is done
 * costs a rule a few instructions: on one that is no protocol of ours a rule always says the
 * same, on a known one two tests of labels say all.
 */
struct im_priv {
	u64 protos[2];		/* labels of the rule's protocols */
	u64 cats;		/* labels of its categories */
	u64 slow;		/* status labels whose difference from "done" asks for the facts */
	bool on_none;		/* what the rule says on a flow that is decided to be none */
	bool proto_inv;		/* what a hit of @protos must differ from */
	bool cats_inv;		/* the same for @cats, if @has_cats */
	bool has_cats;
	bool by_label;		/* on a known flow, @protos alone say that it is another one */
	u8 want;		/* what to ask for, where labels cannot tell: enum nf_im_want */
};

/* Labels that tell how far a flow is, and that of one which is done and no protocol of ours. */
static u64 status_mask __ro_after_init, status_done __ro_after_init;

static const struct im_priv *im_priv(const struct xt_im_mtinfo *info)
{
	return (const struct im_priv *)info->priv;
}

/* Bits 64 * @half to 64 * @half + 63 of the labels, whatever a long is. */
static u64 labels_half(const unsigned long *bits, unsigned int half)
{
	if (BITS_PER_LONG == 64)
		return READ_ONCE(bits[half]);
	return READ_ONCE(bits[2 * half]) | (u64)READ_ONCE(bits[2 * half + 1]) << 32;
}

static bool protos_hit(const struct im_priv *priv, const struct nf_conn_labels *labels)
{
	/* Read after the status, as protocols are written before it: label_or() of nf_im. */
	smp_rmb();
	return (labels_half(labels->bits, 0) & priv->protos[0]) |
	       (labels_half(labels->bits, 1) & priv->protos[1]);
}

static bool inverted(const struct xt_im_mtinfo *info, u32 test)
{
	return info->invert & test;
}

/* By labels where there are any; the table knows flows without them. */
static bool match_proto(const struct xt_im_mtinfo *info, const struct nf_conn_labels *labels,
			const struct nf_im_facts *facts)
{
	if (labels && protos_hit(im_priv(info), labels))
		return true;
	return facts->proto && info->protos[facts->proto / 64] >> (facts->proto % 64) & 1;
}

static bool match_category(const struct xt_im_mtinfo *info, const struct nf_conn_labels *labels,
			   const struct nf_im_facts *facts)
{
	if (labels)
		return labels_half(labels->bits, 0) & im_priv(info)->cats;
	return facts->proto && info->categories >> nf_im_proto_category(facts->proto) & 1;
}

static bool match_confidence(const struct xt_im_mtinfo *info, const struct nf_im_facts *facts)
{
	return facts->known && info->confidences >> facts->conf & 1;
}

static bool match_state(const struct xt_im_mtinfo *info, enum nf_im_state state)
{
	return (info->states >> state & 1) != inverted(info, NF_IM_MT_STATE);
}

/* Does the rule speak of look-ups, inverted or not? */
static bool tests_lookup(const struct xt_im_mtinfo *info)
{
	return info->flags & NF_IM_MT_ACTION && info->actions >> NF_IM_ACT_LOOKUP & 1;
}

/*
 * A packet that asks a resolver for a messenger's host, and a rule that speaks of look-ups. The
 * other tests are of whose host it is, known by name, and not of the packet's flow.
 */
static bool match_lookup(const struct xt_im_mtinfo *info, const struct nf_im_facts *facts)
{
	bool name = info->confidences >> NF_IM_CONF_NAME & 1;
	u32 i;

	if (inverted(info, NF_IM_MT_ACTION))
		return false;
	if (info->flags & NF_IM_MT_STATE && !match_state(info, facts->state))
		return false;
	if (info->flags & NF_IM_MT_CONFIDENCE && name == inverted(info, NF_IM_MT_CONFIDENCE))
		return false;
	for (i = 0; i < facts->lookups.n; i++) {
		struct nf_im_facts host = { .proto = facts->lookups.proto[i] };

		if (info->flags & NF_IM_MT_PROTO &&
		    match_proto(info, NULL, &host) == inverted(info, NF_IM_MT_PROTO))
			continue;
		if (info->flags & NF_IM_MT_CATEGORY &&
		    match_category(info, NULL, &host) == inverted(info, NF_IM_MT_CATEGORY))
			continue;
		return true;
	}
	return false;
}

/* All tests of a rule, on the facts. */
static bool match_all(const struct xt_im_mtinfo *info, const struct nf_conn_labels *labels,
		      const struct nf_im_facts *facts)
{
	bool decided = facts->state == NF_IM_STATE_DECIDED;

	if (unlikely(facts->lookups.n) && tests_lookup(info))
		return match_lookup(info, facts);
	if (info->flags & NF_IM_MT_STATE && !match_state(info, facts->state))
		return false;
	if (!(info->flags & ~NF_IM_MT_STATE))
		return true;
	if (!decided)
		return false;
	if (info->flags & NF_IM_MT_PROTO &&
	    match_proto(info, labels, facts) == inverted(info, NF_IM_MT_PROTO))
		return false;
	if (info->flags & NF_IM_MT_CATEGORY &&
	    match_category(info, labels, facts) == inverted(info, NF_IM_MT_CATEGORY))
		return false;
	if (info->flags & NF_IM_MT_CONFIDENCE &&
	    match_confidence(info, facts) == inverted(info, NF_IM_MT_CONFIDENCE))
		return false;
	if (info->flags & NF_IM_MT_ACTION && !facts->actions_known)
		return false;
	if (info->flags & NF_IM_MT_ACTION &&
	    !!(info->actions & facts->actions) == inverted(info, NF_IM_MT_ACTION))
		return false;
	return true;
}

/* Everything but a flow that is done and whose labels say all. */
static noinline bool im_mt_facts(const struct sk_buff *skb, const struct xt_im_mtinfo *info)
{
	const struct nf_conn_labels *labels;
	enum ip_conntrack_info ctinfo;
	struct nf_im_facts facts;
	struct nf_conn *ct;

	ct = nf_ct_get(skb, &ctinfo);
	labels = ct && !nf_ct_is_template(ct) ? nf_ct_labels_find(ct) : NULL;
	nf_im_facts_get(skb, im_priv(info)->want, &facts);
	return match_all(info, labels, &facts);
}

static bool im_mt(const struct sk_buff *skb, struct xt_action_param *par)
{
	const struct xt_im_mtinfo *info = par->matchinfo;
	const struct im_priv *priv = im_priv(info);
	const struct nf_conn_labels *labels;
	enum ip_conntrack_info ctinfo;
	struct nf_conn *ct;
	u64 differs;

	ct = nf_ct_get(skb, &ctinfo);
	if (!ct)
		return im_mt_facts(skb, info);
	/* A template has labels of ours never, so it is not taken for a flow that is done. */
	labels = nf_ct_labels_find(ct);
	if (!labels)
		return im_mt_facts(skb, info);
	differs = (labels_half(labels->bits, 0) & status_mask) ^ status_done;
	if (likely(!differs)) {
		/* A datagram may be a look-up whatever its flow is. */
		if (unlikely(priv->want & NF_IM_WANT_LOOKUPS) &&
		    nf_ct_protonum(ct) == IPPROTO_UDP)
			return im_mt_facts(skb, info);
		return priv->on_none;
	}
	if (differs & priv->slow) {
		/* What packets of other protocols do is not asked for. */
		if (priv->by_label && nf_im_label_known(labels) &&
		    protos_hit(priv, labels) == priv->proto_inv)
			return false;
		return im_mt_facts(skb, info);
	}
	if (protos_hit(priv, labels) == priv->proto_inv)
		return false;
	return !priv->has_cats || !!(labels_half(labels->bits, 0) & priv->cats) != priv->cats_inv;
}

/* A test has names to look for, and names have a test. */
static bool mask_fits(const struct xt_im_mtinfo *info, u32 test, bool names)
{
	return !!(info->flags & test) == names;
}

static int im_mt_check_masks(const struct xt_im_mtinfo *info)
{
	static const u32 zero[ARRAY_SIZE(info->reserved)];

	if (!info->flags || info->flags & ~NF_IM_MT_ALL || info->invert & ~info->flags ||
	    memcmp(info->reserved, zero, sizeof(zero))) {
		pr_info_ratelimited("xt_im: a rule with options unknown here (flags %#x); the tool is newer than this module\n",
				    info->flags);
		return -EINVAL;
	}
	if (info->categories >> NF_IM_CAT_COUNT || info->actions >> NF_IM_ACT_COUNT ||
	    info->states >> NF_IM_STATE_COUNT || info->confidences >> NF_IM_CONF_COUNT) {
		pr_info_ratelimited("xt_im: a rule with names unknown here; the tool is newer than this module\n");
		return -EINVAL;
	}
	if (!mask_fits(info, NF_IM_MT_PROTO, memchr_inv(info->protos, 0, sizeof(info->protos))) ||
	    !mask_fits(info, NF_IM_MT_CATEGORY, info->categories) ||
	    !mask_fits(info, NF_IM_MT_ACTION, info->actions) ||
	    !mask_fits(info, NF_IM_MT_STATE, info->states) ||
	    !mask_fits(info, NF_IM_MT_CONFIDENCE, info->confidences)) {
		pr_info_ratelimited("xt_im: a rule with an empty list, or a list that no option uses\n");
		return -EINVAL;
	}
	return 0;
}

static void im_priv_init(const struct xt_im_mtinfo *info, struct im_priv *priv)
{
	const struct nf_im_facts none = {
		.state = NF_IM_STATE_DECIDED,
		.actions_known = true,
	};
	unsigned long protos[LABEL_LONGS];
	u32 cat;

	memset(priv, 0, sizeof(*priv));
	if (nf_im_label_proto_mask(info, protos))
		priv->want |= NF_IM_WANT_PROTO;
	else
		priv->by_label = info->flags & NF_IM_MT_PROTO && !tests_lookup(info);
	priv->protos[0] = labels_half(protos, 0);
	priv->protos[1] = labels_half(protos, 1);
	priv->proto_inv = !(info->flags & NF_IM_MT_PROTO) || inverted(info, NF_IM_MT_PROTO);
	for (cat = 0; cat < NF_IM_CAT_COUNT; cat++)
		if (info->categories >> cat & 1)
			priv->cats |= 1ULL << nf_im_label_bit(NF_IM_LABEL_CATEGORY + cat);
	priv->has_cats = info->flags & NF_IM_MT_CATEGORY;
	priv->cats_inv = inverted(info, NF_IM_MT_CATEGORY);
	priv->slow = 1ULL << nf_im_label_bit(NF_IM_LABEL_DONE) |
		     1ULL << nf_im_label_bit(NF_IM_LABEL_UNINSPECTED);
	if (info->flags & NF_IM_MT_ACTION)
		priv->want |= NF_IM_WANT_ACTIONS;
	if (tests_lookup(info))
		priv->want |= NF_IM_WANT_LOOKUPS;
	if (priv->want || info->flags & NF_IM_MT_CONFIDENCE)
		priv->slow = ~0ULL;
	priv->on_none = match_all(info, NULL, &none);
	if (info->flags & NF_IM_MT_STATE && !match_state(info, NF_IM_STATE_DECIDED)) {
		/* Then no decided flow will do; a hit of nothing never differs. */
		priv->protos[0] = 0;
		priv->protos[1] = 0;
		priv->proto_inv = false;
	}
}

static int im_mt_check(const struct xt_mtchk_param *par)
{
	struct xt_im_mtinfo *info = par->matchinfo;
	int err;

	static_assert(sizeof(struct im_priv) <= sizeof(info->priv));
	err = im_mt_check_masks(info);
	if (err)
		return err;
	err = nf_im_rule_add(par->net, par->family, info);
	if (err)
		return err;
	im_priv_init(info, (struct im_priv *)info->priv);
	return 0;
}

static void im_mt_destroy(const struct xt_mtdtor_param *par)
{
	nf_im_rule_del(par->net, par->family, par->matchinfo);
}

#define IM_MT(pf) {						\
	.name = "im",						\
	.revision = 0,						\
	.family = (pf),						\
	.match = im_mt,						\
	.checkentry = im_mt_check,				\
	.destroy = im_mt_destroy,				\
	.matchsize = sizeof(struct xt_im_mtinfo),		\
	.usersize = offsetof(struct xt_im_mtinfo, priv),	\
	.me = THIS_MODULE,					\
}

/* INET and BRIDGE are for nft-im, which carries its rules as this match. */
static struct xt_match im_mt_reg[] __read_mostly = {
	IM_MT(NFPROTO_IPV4),
	IM_MT(NFPROTO_IPV6),
	IM_MT(NFPROTO_INET),
	IM_MT(NFPROTO_BRIDGE),
};

static int __init im_mt_init(void)
{
	u32 cat;

	/* All of these stand in the first half. */
	static_assert(NF_CT_LABELS_MAX_SIZE * 8 - NF_IM_LABEL_COUNT + NF_IM_LABEL_PROTO <= 64);
	status_done = 1ULL << nf_im_label_bit(NF_IM_LABEL_DONE);
	status_mask = status_done | 1ULL << nf_im_label_bit(NF_IM_LABEL_UNINSPECTED);
	for (cat = 0; cat < NF_IM_CAT_COUNT; cat++)
		status_mask |= 1ULL << nf_im_label_bit(NF_IM_LABEL_CATEGORY + cat);
	return xt_register_matches(im_mt_reg, ARRAY_SIZE(im_mt_reg));
}

static void __exit im_mt_exit(void)
{
	xt_unregister_matches(im_mt_reg, ARRAY_SIZE(im_mt_reg));
}

module_init(im_mt_init);
module_exit(im_mt_exit);

NF_IM_IMPORT();
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Xtables: match instant messaging by its payload");
MODULE_VERSION(NF_IM_VERSION);
MODULE_ALIAS("ipt_im");
MODULE_ALIAS("ip6t_im");
MODULE_ALIAS("ebt_im");
