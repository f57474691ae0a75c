// SPDX-License-Identifier: GPL-2.0-only
/*
 * QUIC Initial packets.
 */
#include "quic_mk.h"

#include <nettle/gcm.h>

u32 quic_put_varint(u8 *out, u32 v)
{
	out[0] = 0x40 | v >> 8;
	out[1] = (u8)v;
	return 2;
}

u32 quic_put_crypto(u8 *out, u32 off, const u8 *bytes, u32 len)
{
	u32 n = 1;

	out[0] = 0x06;
	n += quic_put_varint(out + n, off);
	n += quic_put_varint(out + n, len);
	memcpy(out + n, bytes, len);
	return n + len;
}

static void put32(u8 *out, u32 v)
{
	out[0] = (u8)(v >> 24);
	out[1] = (u8)(v >> 16);
	out[2] = (u8)(v >> 8);
	out[3] = (u8)v;
}

/* The header up to the packet's number; returns its length. */
static u32 put_header(u8 *out, const struct quic_initial *p)
{
	u32 n = 5, i;

	out[0] = p->version == 0x6b3343cf || p->version == 0x709a50c4 ? 0xd3 : 0xc3;
	put32(out + 1, p->version);
	out[n++] = p->dcid_len;
	memcpy(out + n, p->dcid, p->dcid_len);
	n += p->dcid_len;
	out[n++] = 0;
	if (p->token_len)
		n += quic_put_varint(out + n, p->token_len);
	else
		out[n++] = 0;
	for (i = 0; i < p->token_len; i++)
		out[n++] = 0x77;
	return n + quic_put_varint(out + n, 4 + p->len + 16);
}

u32 quic_put(u8 *out, const struct quic_initial *p)
{
	u32 at = put_header(out, p), i;
	struct nfim_quic_keys keys;
	struct gcm_aes128_ctx gcm;
	u8 mask[16];
	struct nfim_aes hp;

	put32(out + at, p->number);
	nfim_quic_keys(p->keys_version ? p->keys_version : p->version, p->dcid, p->dcid_len,
		       &keys);
	for (i = 0; i < 4; i++)
		keys.iv[8 + i] ^= out[at + i];
	gcm_aes128_set_key(&gcm, keys.key);
	gcm_aes128_set_iv(&gcm, sizeof(keys.iv), keys.iv);
	gcm_aes128_update(&gcm, at + 4, out);
	gcm_aes128_encrypt(&gcm, p->len, out + at + 4, p->frames);
	gcm_aes128_digest(&gcm, 16, out + at + 4 + p->len);
	nfim_aes_key(&hp, keys.hp, sizeof(keys.hp));
	nfim_aes_block(&hp, mask, out + at + 4);
	out[0] ^= mask[0] & 0x0f;
	for (i = 0; i < 4; i++)
		out[at + i] ^= mask[1 + i];
	return at + 4 + p->len + 16;
}
