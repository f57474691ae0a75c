/* SPDX-License-Identifier: GPL-2.0-only */
/* Makes QUIC Initial packets, by RFC 9000 and 9001. */
#ifndef _SELFTEST_QUIC_MK_H
#define _SELFTEST_QUIC_MK_H

#include "engine/quic.h"

/**
 * struct quic_initial - a client's Initial packet
 * @version: of QUIC
 * @keys_version: whose keys protect it; 0: @version's
 * @dcid: destination connection id
 * @dcid_len: its bytes
 * @token_len: bytes of a token, as after a Retry
 * @number: of the packet, in 4 bytes
 * @frames: payload in clear
 * @len: its bytes; at least 4
 */
struct quic_initial {
	u32 version;
	u32 keys_version;
	const u8 *dcid;
	u32 dcid_len;
	u32 token_len;
	u32 number;
	const u8 *frames;
	u32 len;
};

/** quic_put() - write a packet; returns its length */
u32 quic_put(u8 *out, const struct quic_initial *p);

/** quic_put_crypto() - write a CRYPTO frame; returns its length */
u32 quic_put_crypto(u8 *out, u32 off, const u8 *bytes, u32 len);

/** quic_put_varint() - write a number in 2 bytes; returns 2 */
u32 quic_put_varint(u8 *out, u32 v);

#endif /* _SELFTEST_QUIC_MK_H */
