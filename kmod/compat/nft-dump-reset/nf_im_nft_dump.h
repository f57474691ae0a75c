/* SPDX-License-Identifier: GPL-2.0-only */
/* Dumping an expression where that may reset it. */
#ifndef _NF_IM_NFT_DUMP_H
#define _NF_IM_NFT_DUMP_H

#include <net/netfilter/nf_tables.h>

#define NF_IM_NFT_DUMP(name) \
	int name(struct sk_buff *skb, const struct nft_expr *expr, bool reset)

#endif /* _NF_IM_NFT_DUMP_H */
