/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * QUIC's Initial packets (RFC 9000, 9001, 9369): who can read the header can read these, as
 * their keys come from it. Their CRYPTO frames hold the client's TLS ClientHello, in any order
 * over packets and datagrams.
 */
#ifndef _NF_IM_ENGINE_QUIC_H
#define _NF_IM_ENGINE_QUIC_H

#include "flow.h"

enum {
	NFIM_QUIC_DATAGRAM_MIN	= 1200,	/* bytes of one with a client's Initial */
	NFIM_QUIC_PLAIN_MAX	= 2048,	/* bytes of a datagram that are decrypted */
	NFIM_QUIC_CRYPTO_MAX	= 64,	/* CRYPTO frames of a datagram */
	NFIM_QUIC_INITIALS_MAX	= 4,	/* decrypted, of a direction of a flow */
	NFIM_QUIC_CID_MAX	= 20,
};

/* A CRYPTO frame: bytes [off, off + len) of the stream stand in plain[at ...]. */
struct nfim_quic_crypto {
	u16 off;
	u16 len;
	u16 at;
};

/**
 * struct nfim_quic - what is in one datagram; the caller's memory, see nfim_seg.quic
 *
 * Filled by nfim_flow_step(), read by nfim_flow_commit() for the same datagram. Needs no
 * clearing in between.
 */
struct nfim_quic {
	struct nfim_aes aes;
	u32 n_plain;
	u32 n_crypto;
	u32 n_initials;
	struct nfim_quic_crypto crypto[NFIM_QUIC_CRYPTO_MAX];
	u8 plain[NFIM_QUIC_PLAIN_MAX];
};

/**
 * struct nfim_quic_keys - of the client's Initial packets
 */
struct nfim_quic_keys {
	u8 key[16];
	u8 iv[12];
	u8 hp[16];
};

/**
 * nfim_quic_keys() - derive the keys of a client's Initial packets (RFC 9001 section 5.2)
 * @version: of the packet
 * @dcid: its destination connection id
 * @len: bytes of that, at most NFIM_QUIC_CID_MAX
 * @keys: set on success
 *
 * Return: false if the version is unknown.
 */
bool nfim_quic_keys(u32 version, const u8 *dcid, u32 len, struct nfim_quic_keys *keys);

/**
 * nfim_quic_begins() - may a packet hold a client's Initial packet?
 * @seg: the packet
 *
 * A few instructions, so that a caller can ask before it gets memory.
 */
static inline bool nfim_quic_begins(const struct nfim_seg *seg)
{
	const u8 *p;
	u8 buf[1];

	if (seg->len < NFIM_QUIC_DATAGRAM_MIN || seg->l4 != NFIM_L4_UDP)
		return false;
	p = nfim_seg_get(seg, 0, 1, buf);
	return p && (*p & 0xc0) == 0xc0;
}

/**
 * nfim_quic_open() - decrypt the Initial packets of a datagram and find their CRYPTO frames
 * @q: set; n_crypto is how many were found, n_initials how many packets were decrypted
 * @view: the datagram
 * @most: packets to decrypt
 *
 * The tag is not verified: what an attacker changes in a packet, the server drops and sees the
 * client's next one, as do we.
 *
 * Return: false if there was no Initial packet that could be read.
 */
bool nfim_quic_open(struct nfim_quic *q, const struct nfim_view *view, u32 most);

#endif /* _NF_IM_ENGINE_QUIC_H */
