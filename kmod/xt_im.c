// SPDX-License-Identifier: GPL-2.0-only
/*
 * xtables match "im": what instant messaging is this packet's flow, and what does it do.
 */
#include <linux/module.h>
#include <linux/netfilter/x_tables.h>

#include "nf_im.h"

#define LABEL_LONGS	(NF_CT_LABELS_MAX_SIZE / sizeof(long))

/* What the kernel keeps in a rule, worked out when it is checked. */
struct im_priv {
	unsigned long protos[LABEL_LONGS];	/* labels of the rule's protocols */
	unsigned long cats[LABEL_LONGS];	/* labels of its categories */
	u64 unlabelled;				/* it names protocols without a label */
};

static const struct im_priv *im_priv(const struct xt_im_mtinfo *info)
{
	return (const struct im_priv *)info->priv;
}

static bool labels_hit(const struct nf_conn_labels *labels, const unsigned long *mask)
{
	unsigned long hit = 0;
	unsigned int i;

	for (i = 0; i < LABEL_LONGS; i++)
		hit |= labels->bits[i] & mask[i];
	return hit;
}

static bool inverted(const struct xt_im_mtinfo *info, u32 test)
{
	return info->invert & test;
}

/* By labels where there are any; the table knows flows without them. */
static bool match_proto(const struct xt_im_mtinfo *info, const struct nf_conn_labels *labels,
			const struct nf_im_facts *facts)
{
	if (labels && labels_hit(labels, im_priv(info)->protos))
		return true;
	return facts->proto && info->protos[facts->proto / 64] >> (facts->proto % 64) & 1;
}

static bool match_category(const struct xt_im_mtinfo *info, const struct nf_conn_labels *labels,
			   const struct nf_im_facts *facts)
{
	if (labels)
		return labels_hit(labels, im_priv(info)->cats);
	return facts->proto && info->categories >> nf_im_proto_category(facts->proto) & 1;
}

/* All tests of a rule, on the facts. */
static bool match_all(const struct xt_im_mtinfo *info, const struct nf_conn_labels *labels,
		      const struct nf_im_facts *facts)
{
	bool decided = facts->state == NF_IM_STATE_DECIDED;

	if (info->flags & NF_IM_MT_STATE &&
	    (info->states >> facts->state & 1) == inverted(info, NF_IM_MT_STATE))
		return false;
	if (!(info->flags & (NF_IM_MT_PROTO | NF_IM_MT_CATEGORY | NF_IM_MT_ACTION)))
		return true;
	if (!decided)
		return false;
	if (info->flags & NF_IM_MT_PROTO &&
	    match_proto(info, labels, facts) == inverted(info, NF_IM_MT_PROTO))
		return false;
	if (info->flags & NF_IM_MT_CATEGORY &&
	    match_category(info, labels, facts) == inverted(info, NF_IM_MT_CATEGORY))
		return false;
	if (info->flags & NF_IM_MT_ACTION &&
	    !!(info->actions & facts->actions) == inverted(info, NF_IM_MT_ACTION))
		return false;
	return true;
}

static bool im_mt(const struct sk_buff *skb, struct xt_action_param *par)
{
	const struct xt_im_mtinfo *info = par->matchinfo;
	const struct nf_conn_labels *labels;
	enum ip_conntrack_info ctinfo;
	struct nf_im_facts facts;
	struct nf_conn *ct;
	bool table;

	ct = nf_ct_get(skb, &ctinfo);
	labels = ct && !nf_ct_is_template(ct) ? nf_ct_labels_find(ct) : NULL;
	table = info->flags & NF_IM_MT_ACTION || im_priv(info)->unlabelled;
	/* The common rule on the common packet: the flow is done, its labels say it all. */
	if (likely(labels && !table && nf_im_label_test(labels, NF_IM_LABEL_DONE))) {
		facts.state = nf_im_label_test(labels, NF_IM_LABEL_UNINSPECTED) ?
			      NF_IM_STATE_UNINSPECTED : NF_IM_STATE_DECIDED;
		facts.proto = 0;
		facts.actions = 0;
	} else {
		nf_im_facts_get(skb, info->flags & NF_IM_MT_ACTION, table, &facts);
	}
	return match_all(info, labels, &facts);
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
	if (info->flags & NF_IM_MT_CONFIDENCE || info->confidences) {
		pr_info_ratelimited("xt_im: --confidence is not supported by this module\n");
		return -EOPNOTSUPP;
	}
	if (info->categories >> NF_IM_CAT_COUNT || info->actions >> NF_IM_ACT_COUNT ||
	    info->states >> NF_IM_STATE_COUNT) {
		pr_info_ratelimited("xt_im: a rule with categories, actions or states unknown here; the tool is newer than this module\n");
		return -EINVAL;
	}
	return 0;
}

static int im_mt_check(const struct xt_mtchk_param *par)
{
	struct xt_im_mtinfo *info = par->matchinfo;
	struct im_priv *priv = (struct im_priv *)info->priv;
	int err;
	u32 cat;

	static_assert(sizeof(*priv) <= sizeof(info->priv));
	err = im_mt_check_masks(info);
	if (err)
		return err;
	err = nf_im_rule_add(par->net, par->family, info);
	if (err)
		return err;
	memset(priv, 0, sizeof(*priv));
	priv->unlabelled = nf_im_label_proto_mask(info, priv->protos);
	for (cat = 0; cat < NF_IM_CAT_COUNT; cat++)
		if (info->categories >> cat & 1)
			__set_bit(nf_im_label_bit(NF_IM_LABEL_CATEGORY + cat), priv->cats);
	return 0;
}

static void im_mt_destroy(const struct xt_mtdtor_param *par)
{
	nf_im_rule_del(par->net, par->family, par->matchinfo);
}

static struct xt_match im_mt_reg[] __read_mostly = {
	{
		.name = "im",
		.revision = 0,
		.family = NFPROTO_IPV4,
		.match = im_mt,
		.checkentry = im_mt_check,
		.destroy = im_mt_destroy,
		.matchsize = sizeof(struct xt_im_mtinfo),
		.usersize = offsetof(struct xt_im_mtinfo, priv),
		.me = THIS_MODULE,
	},
	{
		.name = "im",
		.revision = 0,
		.family = NFPROTO_IPV6,
		.match = im_mt,
		.checkentry = im_mt_check,
		.destroy = im_mt_destroy,
		.matchsize = sizeof(struct xt_im_mtinfo),
		.usersize = offsetof(struct xt_im_mtinfo, priv),
		.me = THIS_MODULE,
	},
};

static int __init im_mt_init(void)
{
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
