/* SPDX-License-Identifier: GPL-2.0-only */
/* AES of kernels that have a key for encryption alone. */
#ifndef _NF_IM_AES_H
#define _NF_IM_AES_H

#include <crypto/aes.h>

#define nf_im_aes_key	aes_enckey

static inline int nf_im_aes_expand(struct nf_im_aes_key *key, const u8 *in, unsigned int len)
{
	return aes_prepareenckey(key, in, len);
}

#endif /* _NF_IM_AES_H */
