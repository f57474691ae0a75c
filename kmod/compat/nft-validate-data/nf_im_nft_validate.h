/* SPDX-License-Identifier: GPL-2.0-only */
/* Validating an expression with the verdict it may lead to. */
#ifndef _NF_IM_NFT_VALIDATE_H
#define _NF_IM_NFT_VALIDATE_H

#include <net/netfilter/nf_tables.h>

#define NF_IM_NFT_VALIDATE(name) \
	int name(const struct nft_ctx *ctx, const struct nft_expr *expr, \
		 const struct nft_data **data)

#endif /* _NF_IM_NFT_VALIDATE_H */
