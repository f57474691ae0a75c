// SPDX-License-Identifier: GPL-2.0-only
/*
 * The engine's cryptography in user space, by nettle.
 */
#include "engine/port.h"

#include <nettle/aes.h>
#include <nettle/sha2.h>

struct key {
	union {
		struct aes128_ctx aes128;
		struct aes256_ctx aes256;
	};
	u32 len;
};

static_assert(sizeof(struct key) <= sizeof(struct nfim_aes), "room for a key");

void nfim_aes_key(struct nfim_aes *aes, const u8 *key, u32 len)
{
	struct key *k = (struct key *)aes;

	k->len = len;
	if (len == AES256_KEY_SIZE)
		aes256_set_encrypt_key(&k->aes256, key);
	else
		aes128_set_encrypt_key(&k->aes128, key);
}

void nfim_aes_block(const struct nfim_aes *aes, u8 *out, const u8 *in)
{
	const struct key *k = (const struct key *)aes;

	if (k->len == AES256_KEY_SIZE)
		aes256_encrypt(&k->aes256, AES_BLOCK_SIZE, out, in);
	else
		aes128_encrypt(&k->aes128, AES_BLOCK_SIZE, out, in);
}

void nfim_sha256(const u8 *p, u32 len, u8 *out)
{
	struct sha256_ctx ctx;

	sha256_init(&ctx);
	sha256_update(&ctx, len, p);
	sha256_digest(&ctx, SHA256_DIGEST_SIZE, out);
}
