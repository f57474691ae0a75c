/* SPDX-License-Identifier: GPL-2.0-only */
/* AES of kernels that have one key for both directions (up to 6.x). */
#ifndef _NF_IM_AES_H
#define _NF_IM_AES_H

#include <crypto/aes.h>

#define nf_im_aes_key	crypto_aes_ctx

static inline int nf_im_aes_expand(struct nf_im_aes_key *key, const u8 *in, unsigned int len)
{
	return aes_expandkey(key, in, len);
}

#endif /* _NF_IM_AES_H */
