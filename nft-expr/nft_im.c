// SPDX-License-Identifier: GPL-2.0-only
/*
 * nf_tables expression "im": what instant messaging is this packet's flow, what does it do.
 *
 * It loads a number, so that sets, maps and verdict maps work on it. No released nft knows the
 * expression; stock nft leaves such rules out of its listings. See nft-im(8) before using it.
 */
#include <linux/module.h>
#include <linux/netfilter/nf_tables.h>
#include <net/netfilter/nf_tables.h>

#include "nf_im.h"
#include "nf_im_nft_dump.h"
#include "nf_im_nft_validate.h"

struct nft_im {
	enum nf_im_key key:8;
	u8 dreg;
};

static const struct nla_policy nft_im_policy[NFTA_IM_MAX + 1] = {
	[NFTA_IM_DREG]	= { .type = NLA_U32 },
	[NFTA_IM_KEY]	= { .type = NLA_U32 },
};

static void nft_im_eval(const struct nft_expr *expr, struct nft_regs *regs,
			const struct nft_pktinfo *pkt)
{
	const struct nft_im *priv = nft_expr_priv(expr);

	if (!nf_im_facts_number(pkt->skb, priv->key, &regs->data[priv->dreg]))
		regs->verdict.code = NFT_BREAK;
}

/* What the rule holds of nf_im: the hook, and flows read on for their actions. */
static struct xt_im_mtinfo nft_im_wants(const struct nft_im *priv)
{
	struct xt_im_mtinfo info = {};

	info.flags = priv->key == NF_IM_KEY_ACTION ? NF_IM_MT_ACTION : NF_IM_MT_PROTO;
	/* Which of them are compared with is other expressions' business. */
	info.actions = priv->key == NF_IM_KEY_ACTION ? ~0U : 0;
	return info;
}

static int nft_im_init(const struct nft_ctx *ctx, const struct nft_expr *expr,
		       const struct nlattr * const tb[])
{
	struct nft_im *priv = nft_expr_priv(expr);
	struct xt_im_mtinfo info;
	u32 key;
	int err;

	if (!tb[NFTA_IM_DREG] || !tb[NFTA_IM_KEY])
		return -EINVAL;
	key = ntohl(nla_get_be32(tb[NFTA_IM_KEY]));
	if (key >= NF_IM_KEY_COUNT)
		return -EOPNOTSUPP;
	priv->key = key;
	err = nft_parse_register_store(ctx, tb[NFTA_IM_DREG], &priv->dreg, NULL,
				       NFT_DATA_VALUE, sizeof(u32));
	if (err < 0)
		return err;
	switch (ctx->family) {
	case NFPROTO_IPV4:
	case NFPROTO_IPV6:
	case NFPROTO_INET:
	case NFPROTO_BRIDGE:
		break;
	default:
		return -EOPNOTSUPP;
	}
	info = nft_im_wants(priv);
	return nf_im_rule_add(ctx->net, ctx->family, &info);
}

static void nft_im_destroy(const struct nft_ctx *ctx, const struct nft_expr *expr)
{
	struct xt_im_mtinfo info = nft_im_wants(nft_expr_priv(expr));

	nf_im_rule_del(ctx->net, ctx->family, &info);
}

static NF_IM_NFT_DUMP(nft_im_dump)
{
	const struct nft_im *priv = nft_expr_priv(expr);

	if (nla_put_be32(skb, NFTA_IM_KEY, htonl(priv->key)) ||
	    nft_dump_register(skb, NFTA_IM_DREG, priv->dreg))
		return -1;
	return 0;
}

/* Not at ingress, where no conntrack has been yet. */
static NF_IM_NFT_VALIDATE(nft_im_validate)
{
	return nft_chain_validate_hooks(ctx->chain, (1 << NF_INET_PRE_ROUTING) |
					(1 << NF_INET_LOCAL_IN) | (1 << NF_INET_FORWARD) |
					(1 << NF_INET_LOCAL_OUT) | (1 << NF_INET_POST_ROUTING));
}

static struct nft_expr_type nft_im_type;

static const struct nft_expr_ops nft_im_ops = {
	.type = &nft_im_type,
	.size = NFT_EXPR_SIZE(sizeof(struct nft_im)),
	.eval = nft_im_eval,
	.init = nft_im_init,
	.destroy = nft_im_destroy,
	.dump = nft_im_dump,
	.validate = nft_im_validate,
};

static struct nft_expr_type nft_im_type __read_mostly = {
	.name = "im",
	.ops = &nft_im_ops,
	.policy = nft_im_policy,
	.maxattr = NFTA_IM_MAX,
	.owner = THIS_MODULE,
};

static int __init nft_im_module_init(void)
{
	return nft_register_expr(&nft_im_type);
}

static void __exit nft_im_module_exit(void)
{
	nft_unregister_expr(&nft_im_type);
}

module_init(nft_im_module_init);
module_exit(nft_im_module_exit);

NF_IM_IMPORT();
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("nf_tables: match instant messaging by its payload");
MODULE_VERSION(NF_IM_VERSION);
MODULE_ALIAS_NFT_EXPR("im");
