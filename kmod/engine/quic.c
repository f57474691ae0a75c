// SPDX-License-Identifier: GPL-2.0-only
/*
 * Opening QUIC's Initial packets.
 */
#include "quic.h"

enum {
	HASH		= 32,	/* bytes of SHA-256 */
	HASH_BLOCK	= 64,
	AES		= 16,
	TAG		= 16,
	LABEL_MAX	= 12,	/* bytes of a label behind "tls13 " */
	FRAMES_MAX	= 256,	/* frames of a packet */
	ACK_RANGES_MAX	= 64,
};

/* What differs between versions of QUIC, as far as Initial packets go. */
struct version {
	u32 from, to;
	u8 type;		/* of an Initial packet */
	bool v2;		/* other labels */
	bool google;		/* other numbers of frames */
	u8 salt[20];
};

static const struct version versions[] = {
	{ 1, 1, 0, false, false,		/* RFC 9001 section 5.2 */
	  { 0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17,
	    0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a } },
	{ 0x6b3343cf, 0x6b3343cf, 1, true, false,	/* RFC 9369 section 3.3.1 */
	  { 0x0d, 0xed, 0xe3, 0xde, 0xf7, 0x00, 0xa6, 0xdb, 0x81, 0x93,
	    0x81, 0xbe, 0x6e, 0x26, 0x9d, 0xcb, 0xf9, 0xbd, 0x2e, 0xd9 } },
	{ 0x709a50c4, 0x709a50c4, 1, true, false, /* drafts of version 2; ngtcp2 before 0.14 */
	  { 0xa7, 0x07, 0xc2, 0x03, 0xa5, 0x9b, 0x47, 0x18, 0x4a, 0x1d,
	    0x62, 0xca, 0x57, 0x04, 0x06, 0xea, 0x7a, 0xe3, 0xe5, 0xd3 } },
	{ 0xff000021, 0xff000022, 0, false, false,	/* drafts 33 and 34 */
	  { 0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17,
	    0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a } },
	{ 0xff00001d, 0xff000020, 0, false, false,	/* drafts 29 to 32 */
	  { 0xaf, 0xbf, 0xec, 0x28, 0x99, 0x93, 0xd2, 0x4c, 0x9e, 0x97,
	    0x86, 0xf1, 0x9c, 0x61, 0x11, 0xe0, 0x43, 0x90, 0xa8, 0x99 } },
	{ 0xff000017, 0xff00001c, 0, false, false,	/* drafts 23 to 28 */
	  { 0xc3, 0xee, 0xf7, 0x12, 0xc7, 0x2e, 0xbb, 0x5a, 0x11, 0xa7,
	    0xd2, 0x43, 0x2b, 0xb4, 0x63, 0x65, 0xbe, 0xf9, 0xf5, 0x02 } },
	{ 0xfaceb002, 0xfaceb002, 0, false, false,	/* mvfst, by draft 27 */
	  { 0xc3, 0xee, 0xf7, 0x12, 0xc7, 0x2e, 0xbb, 0x5a, 0x11, 0xa7,
	    0xd2, 0x43, 0x2b, 0xb4, 0x63, 0x65, 0xbe, 0xf9, 0xf5, 0x02 } },
	{ 0xfaceb001, 0xfaceb001, 0, false, false,	/* mvfst, by draft 22 */
	  { 0x7f, 0xbc, 0xdb, 0x0e, 0x7c, 0x66, 0xbb, 0xe9, 0x19, 0x3a,
	    0x96, 0xcd, 0x21, 0x51, 0x9e, 0xbd, 0x7a, 0x02, 0x64, 0x4a } },
	{ 0x54303530, 0x54303530, 0, false, true,	/* Google's T050 */
	  { 0x7f, 0xf5, 0x79, 0xe5, 0xac, 0xd0, 0x72, 0x91, 0x55, 0x80,
	    0x30, 0x4c, 0x43, 0xa2, 0x36, 0x7c, 0x60, 0x48, 0x83, 0x10 } },
	{ 0x54303531, 0x54303531, 0, false, true,	/* Google's T051 */
	  { 0x7a, 0x4e, 0xde, 0xf4, 0xe7, 0xcc, 0xee, 0x5f, 0xa4, 0x50,
	    0x6c, 0x19, 0x12, 0x4f, 0xc8, 0xcc, 0xda, 0x6e, 0x03, 0x3d } },
};

static const struct version *version_of(u32 number)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(versions); i++)
		if (number >= versions[i].from && number <= versions[i].to)
			return &versions[i];
	return NULL;
}

/* HMAC-SHA256 (RFC 2104) of at most HASH_BLOCK bytes, under a key of at most that. */
static void hmac(const u8 *key, u32 key_len, const u8 *p, u32 len, u8 *out)
{
	u8 buf[2 * HASH_BLOCK] __uninitialized;
	u32 i;

	memset(buf, 0x36, HASH_BLOCK);
	for (i = 0; i < key_len; i++)
		buf[i] ^= key[i];
	memcpy(buf + HASH_BLOCK, p, len);
	nfim_sha256(buf, HASH_BLOCK + len, out);
	for (i = 0; i < HASH_BLOCK; i++)
		buf[i] ^= 0x36 ^ 0x5c;
	memcpy(buf + HASH_BLOCK, out, HASH);
	nfim_sha256(buf, HASH_BLOCK + HASH, out);
}

/* HKDF-Expand-Label (RFC 8446 section 7.1) of at most HASH bytes, without context. */
static void expand(const u8 *secret, const char *label, u8 *out, u32 len)
{
	u8 info[2 + 1 + 6 + LABEL_MAX + 1 + 1], block[HASH];
	u32 n = strlen(label);

	info[0] = 0;
	info[1] = len;
	info[2] = 6 + n;
	memcpy(info + 3, "tls13 ", 6);
	memcpy(info + 9, label, n);
	info[9 + n] = 0;
	info[10 + n] = 1;
	hmac(secret, HASH, info, 11 + n, block);
	memcpy(out, block, len);
}

bool nfim_quic_keys(u32 version, const u8 *dcid, u32 len, struct nfim_quic_keys *keys)
{
	const struct version *v = version_of(version);
	u8 secret[HASH];

	if (!v)
		return false;
	hmac(v->salt, sizeof(v->salt), dcid, len, secret);
	expand(secret, "client in", secret, HASH);
	expand(secret, v->v2 ? "quicv2 key" : "quic key", keys->key, sizeof(keys->key));
	expand(secret, v->v2 ? "quicv2 iv" : "quic iv", keys->iv, sizeof(keys->iv));
	expand(secret, v->v2 ? "quicv2 hp" : "quic hp", keys->hp, sizeof(keys->hp));
	return true;
}

/* A place in bytes; @bad once something was not there. */
struct cursor {
	const struct nfim_view *view;
	u32 off;
	bool bad;
};

static void take(struct cursor *c, u8 *to, u32 n)
{
	const u8 *p = NULL;

	if (!c->bad && c->off <= c->view->len && c->view->len - c->off >= n)
		p = nfim_view_get(c->view, c->off, n, to);
	if (!p) {
		c->bad = true;
		memset(to, 0, n);
		return;
	}
	if (p != to)
		memcpy(to, p, n);
	c->off += n;
}

static u32 take_u8(struct cursor *c)
{
	u8 b[1];

	take(c, b, sizeof(b));
	return b[0];
}

/* A number of variable length (RFC 9000 section 16); those above 32 bits are not there for us. */
static u32 take_varint(struct cursor *c)
{
	u32 first = take_u8(c), n = 1U << (first >> 6), v = first & 0x3f, i;

	for (i = 1; i < n; i++) {
		if (v >> 24)
			c->bad = true;
		v = v << 8 | take_u8(c);
	}
	return v;
}

/* One packet with a long header: where its parts stand. */
struct packet {
	const struct version *v;
	u32 version;
	u32 start;
	u32 number;		/* where the packet's number stands */
	u32 end;		/* one after the packet */
	u32 type;
	u32 dcid_len;
	u8 dcid[NFIM_QUIC_CID_MAX];
};

/* The packet at the cursor (RFC 9000 section 17.2), up to its number. */
static bool read_header(struct cursor *c, struct packet *pk)
{
	u32 first, len;
	u8 b[4];

	pk->start = c->off;
	first = take_u8(c);
	if ((first & 0xc0) != 0xc0)
		return false;
	take(c, b, sizeof(b));
	pk->version = nfim_be32(b);
	pk->v = version_of(pk->version);
	pk->dcid_len = take_u8(c);
	if (c->bad || !pk->v || pk->dcid_len > NFIM_QUIC_CID_MAX)
		return false;
	take(c, pk->dcid, pk->dcid_len);
	len = take_u8(c);
	if (len > NFIM_QUIC_CID_MAX)
		return false;
	c->off += len;
	/* Types of version 2 are one further: Initial 1, 0-RTT 2, Handshake 3, Retry 0. */
	pk->type = ((first >> 4 & 3) - pk->v->type) & 3;
	if (pk->type == 3)
		return false;
	if (!pk->type) {
		len = take_varint(c);
		if (len > c->view->len)
			return false;
		c->off += len;
	}
	len = take_varint(c);
	if (c->bad || len < 4 + AES || c->off > c->view->len || len > c->view->len - c->off)
		return false;
	pk->number = c->off;
	pk->end = c->off + len;
	return true;
}

/* Header protection (RFC 9001 section 5.4): length of the number, and the nonce by it. */
static bool unmask(struct nfim_quic *q, const struct cursor *at, const struct packet *pk,
		   const struct nfim_quic_keys *keys, u32 *number_len, u8 *nonce)
{
	struct cursor c = *at;
	u8 mask[AES], bytes[4];
	u32 first, i;

	c.off = pk->start;
	first = take_u8(&c);
	c.off = pk->number;
	take(&c, bytes, sizeof(bytes));
	take(&c, mask, sizeof(mask));
	if (c.bad)
		return false;
	nfim_aes_key(&q->aes, keys->hp, sizeof(keys->hp));
	nfim_aes_block(&q->aes, mask, mask);
	first ^= mask[0] & 0x0f;
	/* Reserved bits are 0 when protection is off. */
	if (first & 0x0c)
		return false;
	*number_len = (first & 3) + 1;
	memcpy(nonce, keys->iv, sizeof(keys->iv));
	for (i = 0; i < *number_len; i++)
		nonce[12 - *number_len + i] ^= bytes[i] ^ mask[1 + i];
	return true;
}

/* AES-128 in GCM's counter mode (RFC 9001 section 5.3): the packet's payload, to @q->plain. */
static bool decrypt(struct nfim_quic *q, const struct cursor *at, const struct packet *pk)
{
	struct nfim_quic_keys keys;
	u8 block[AES], nonce[AES] = {}, in[AES];
	struct cursor c = *at;
	u32 len, n, i, k;

	nfim_quic_keys(pk->version, pk->dcid, pk->dcid_len, &keys);
	if (!unmask(q, at, pk, &keys, &n, nonce))
		return false;
	c.off = pk->number + n;
	len = min_t(u32, pk->end - TAG - c.off, sizeof(q->plain) - q->n_plain);
	nfim_aes_key(&q->aes, keys.key, sizeof(keys.key));
	for (i = 0; len && !c.bad; i++, len -= n, q->n_plain += n) {
		n = min_t(u32, len, AES);
		take(&c, in, n);
		/* Counter 1 is the tag's. */
		nonce[14] = (2 + i) >> 8;
		nonce[15] = (u8)(2 + i);
		nfim_aes_block(&q->aes, block, nonce);
		for (k = 0; k < n; k++)
			q->plain[q->n_plain + k] = in[k] ^ block[k];
	}
	return !c.bad;
}

static void skip_ack(struct cursor *c, bool ecn)
{
	u32 n;

	take_varint(c);
	take_varint(c);
	n = take_varint(c);
	if (n > ACK_RANGES_MAX)
		c->bad = true;
	take_varint(c);
	for (; n && !c->bad; n--) {
		take_varint(c);
		take_varint(c);
	}
	for (n = ecn ? 3 : 0; n; n--)
		take_varint(c);
}

static void note_crypto(struct nfim_quic *q, struct cursor *c)
{
	struct nfim_quic_crypto *f = &q->crypto[q->n_crypto];
	u32 off = take_varint(c), len = take_varint(c);

	if (c->bad || len > c->view->len - c->off) {
		c->bad = true;
		return;
	}
	if (len && off < NFIM_WINDOW_MAX && len <= NFIM_WINDOW_MAX - off &&
	    q->n_crypto < NFIM_QUIC_CRYPTO_MAX) {
		f->off = off;
		f->len = len;
		f->at = c->off;
		q->n_crypto++;
	}
	c->off += len;
}

/* A frame's type; Google's own versions have CRYPTO where others have STREAM. */
static u8 frame_type(const struct version *v, u8 type)
{
	if (!v->google)
		return type;
	return type == 0x08 ? 0x06 : type < 0x02 ? type : 0xff;
}

/* The frames of one packet. A frame that an Initial must not have means it was not one. */
static bool read_frames(struct nfim_quic *q, const struct version *v, u32 from)
{
	const struct nfim_view view = {
		.head = q->plain,
		.head_len = q->n_plain,
		.len = q->n_plain,
	};
	struct cursor c = { .view = &view, .off = from };
	u32 n, crypto = q->n_crypto;

	for (n = 0; c.off < q->n_plain && n < FRAMES_MAX; n++) {
		switch (frame_type(v, q->plain[c.off++])) {
		case 0x00:	/* PADDING */
			while (c.off < q->n_plain && !q->plain[c.off])
				c.off++;
			break;
		case 0x01:	/* PING */
			break;
		case 0x02:	/* ACK */
		case 0x03:
			skip_ack(&c, q->plain[c.off - 1] == 0x03);
			break;
		case 0x06:	/* CRYPTO */
			note_crypto(q, &c);
			break;
		default:
			c.bad = true;
		}
		if (!c.bad)
			continue;
		q->n_crypto = crypto;
		return false;
	}
	return true;
}

bool nfim_quic_open(struct nfim_quic *q, const struct nfim_view *view, u32 most)
{
	struct cursor c = { .view = view };
	struct packet pk;
	bool good = false;
	u32 from;

	q->n_plain = 0;
	q->n_crypto = 0;
	q->n_initials = 0;
	/* Packets of other kinds may stand before and behind (RFC 9000 section 12.2). */
	while (q->n_initials < most && read_header(&c, &pk)) {
		if (!pk.type) {
			from = q->n_plain;
			q->n_initials++;
			good |= decrypt(q, &c, &pk) && read_frames(q, pk.v, from);
		}
		c.off = pk.end;
	}
	return good;
}
