// SPDX-License-Identifier: GPL-2.0-only
/*
 * QUIC as a carrier: the ClientHello in the CRYPTO frames of Initial packets.
 *
 * The CRYPTO frames are pieces of a stream: those of this datagram are in the caller's
 * struct nfim_quic, those of datagrams before in the direction's window, as if their
 * offsets were TCP's.
 */
#include "carrier.h"
#include "quic.h"
#include "tls.h"

/* The stream of CRYPTO frames, from its start on. */
struct crypto_view {
	struct nfim_window_view wv;	/* what is kept; its view is the first member */
	const struct nfim_quic *q;
	const u8 *(*kept)(const struct nfim_view *view, u32 off, u32 n, u8 *buf);
};

/* Bytes of the datagram from @off on, or 0. */
static u32 own_piece(const struct nfim_quic *q, u32 off, const u8 **p)
{
	const struct nfim_quic_crypto *f = q->crypto;
	u32 i;

	for (i = 0; i < q->n_crypto; i++, f++) {
		if (off < f->off || off - f->off >= f->len)
			continue;
		*p = q->plain + f->at + (off - f->off);
		return f->len - (off - f->off);
	}
	return 0;
}

/* The datagram's bytes, and byte by byte what is kept. */
static const u8 *crypto_read(const struct nfim_view *view, u32 off, u32 n, u8 *buf)
{
	const struct crypto_view *cv = (const struct crypto_view *)view;
	const u8 *p;
	u32 done, got;
	u8 b[1];

	for (done = 0; done < n; done += got) {
		got = own_piece(cv->q, off + done, &p);
		got = min(got, n - done);
		if (got) {
			memcpy(buf + done, p, got);
			continue;
		}
		p = cv->wv.blocks ? cv->kept(view, off + done, 1, b) : NULL;
		if (!p)
			return NULL;
		buf[done] = *p;
		got = 1;
	}
	return buf;
}

/* How far the stream goes on without a gap. */
static u32 crypto_reach(const struct crypto_view *cv)
{
	u32 at = 0, was;
	const u8 *p;

	do {
		was = at;
		at += own_piece(cv->q, at, &p);
		if (cv->wv.blocks)
			at = nfim_window_reach(&cv->wv, at);
	} while (at != was && at < NFIM_WINDOW_MAX);
	return at;
}

static void crypto_view_init(struct crypto_view *cv, const struct nfim_quic *q,
			     const struct nfim_block *blocks)
{
	nfim_window_view_init(&cv->wv, blocks, NULL, 0, 0, false);
	cv->kept = cv->wv.view.read;
	cv->q = q;
	cv->wv.view.read = crypto_read;
	cv->wv.view.piece = NULL;
	cv->wv.view.len = crypto_reach(cv);
}

static enum nfim_tls_result hello_of(struct nfim_match_ctx *mc, const struct nfim_block *blocks,
				     bool *decides)
{
	struct nfim_tls_hello hello;
	enum nfim_tls_result res;
	struct crypto_view cv;

	crypto_view_init(&cv, mc->seg->quic, blocks);
	res = nfim_tls_message(&cv.wv.view, 0, &hello);
	mc->step->work += hello.work;
	*decides = res == NFIM_TLS_HELLO && nfim_hello_decides(mc, &hello);
	return res;
}

/* Blocks of the window that the datagram's frames need and that are not there. */
static u32 blocks_for(const struct nfim_quic *q, struct nfim_block *blocks)
{
	u64 seen[NFIM_WINDOW_MAX / NFIM_BLOCK / 64 + 1] = {};
	u32 i, b, n = 0;

	for (i = 0; i < q->n_crypto; i++) {
		u32 from = q->crypto[i].off, to = from + q->crypto[i].len - 1;

		for (b = from / NFIM_BLOCK; b <= to / NFIM_BLOCK; b++) {
			if (seen[b / 64] >> (b % 64) & 1)
				continue;
			seen[b / 64] |= 1ULL << (b % 64);
			n += !nfim_window_home(blocks, b * NFIM_BLOCK);
		}
	}
	return n;
}

bool nfim_quic_datagram(struct nfim_match_ctx *mc, struct nfim_flow *flow,
			const struct nfim_view *view)
{
	struct nfim_flow_dir *d = &flow->dir[mc->seg->dir];
	struct nfim_quic *q = mc->seg->quic;
	enum nfim_tls_result res;
	bool decides;

	if (!nfim_quic_begins(mc->seg) || d->step >= NFIM_QUIC_INITIALS_MAX)
		return false;
	if (!q) {
		mc->too_much = true;
		return false;
	}
	if (!nfim_quic_open(q, view, NFIM_QUIC_INITIALS_MAX - d->step)) {
		d->step += q->n_initials;
		return false;
	}
	d->step += q->n_initials;
	mc->step->work += q->n_plain;
	/* A hello in one datagram counts by itself: what came before may have been a decoy. */
	res = hello_of(mc, NULL, &decides);
	if (res != NFIM_TLS_HELLO && d->blocks)
		res = hello_of(mc, d->blocks, &decides);
	if (res == NFIM_TLS_TOO_MUCH)
		mc->too_much = true;
	if (res == NFIM_TLS_MORE) {
		mc->step->blocks = blocks_for(q, d->blocks);
		mc->step->crypto = true;
		return false;
	}
	if (res == NFIM_TLS_HELLO)
		mc->step->trim = U32_MAX;
	return decides;
}

/* One after the bytes from @at on that are not kept yet. */
static u32 missing_to(struct nfim_block *blocks, const struct nfim_window_view *kept, u32 at,
		      u32 end)
{
	u32 to = min_t(u32, end, (at / NFIM_BLOCK + 1) * NFIM_BLOCK), n;

	if (!nfim_window_home(blocks, at))
		return to;
	for (n = at + 1; n < to && nfim_window_reach(kept, n) == n; n++)
		;
	return n;
}

/* Where bytes came before, these stay. */
static bool keep_frame(struct nfim_block **blocks, const struct nfim_quic *q,
		       const struct nfim_quic_crypto *f, struct nfim_block **spare)
{
	const struct nfim_seg seg = {
		.head = q->plain + f->at,
		.head_len = f->len,
		.len = f->len,
	};
	u32 at = f->off, end = f->off + f->len, to;
	struct nfim_window_view kept;

	for (;; at = to) {
		nfim_window_view_init(&kept, *blocks, NULL, 0, 0, false);
		at = nfim_window_reach(&kept, at);
		if (at >= end)
			return true;
		to = missing_to(*blocks, &kept, at, end);
		if (!nfim_window_store(blocks, &seg, f->off, 0, at, to, spare))
			return false;
	}
}

bool nfim_quic_commit(struct nfim_block **blocks, const struct nfim_quic *q,
		      struct nfim_block **spare)
{
	u32 i;

	for (i = 0; i < q->n_crypto; i++)
		if (!keep_frame(blocks, q, &q->crypto[i], spare))
			return false;
	return true;
}
