// SPDX-License-Identifier: GPL-2.0-only
/*
 * DTLS (RFC 6347, RFC 9147) as a carrier: the ClientHello, which may lie in fragments over some
 * datagrams. That of version 1.3 has the same form.
 *
 *	record:  0x16 | version (2) | epoch (2) | number (6) | length (2)
 *	message: 1 | length (3) | number (2) | place of the fragment (3) | its length (3) | bytes
 *
 * A fragment is kept in the direction's window, as if its place were an offset of TCP.
 */
#include "carrier.h"
#include "tls.h"

enum {
	RECORD		= 13,
	HEADERS		= RECORD + 12,
	CLIENT_HELLO	= 1,
};

/* Bytes [off, off + size) of a hello of @len bytes; @tag tells hellos apart and is not 0. */
struct fragment {
	u32 len;
	u32 off;
	u32 size;
	u32 tag;
};

static bool fragment(const struct nfim_view *view, struct fragment *f)
{
	u8 buf[HEADERS] __uninitialized;
	const u8 *p;
	u32 left;

	if (view->head_len && !nfim_dtls_begins(*view->head))
		return false;
	p = view->len > HEADERS ? nfim_view_get(view, 0, HEADERS, buf) : NULL;
	if (!p || !nfim_dtls_begins(p[0]) || p[1] != 0xfe || (p[2] != 0xff && p[2] != 0xfd) ||
	    nfim_be16(p + 3) || p[RECORD] != CLIENT_HELLO)
		return false;
	left = nfim_be16(p + RECORD - 2);
	if (left > view->len - RECORD || left <= HEADERS - RECORD)
		return false;
	f->len = nfim_be24(p + RECORD + 1);
	f->off = nfim_be24(p + RECORD + 6);
	f->size = nfim_be24(p + RECORD + 9);
	f->tag = f->len << 16 | nfim_be16(p + RECORD + 4);
	return f->len && f->len <= NFIM_TLS_HELLO_MAX && f->off <= f->len && f->size &&
	       f->size <= f->len - f->off && f->size == left - (HEADERS - RECORD);
}

/* Keeps the fragment until the others come. Those of another hello are let go before. */
static void keep(struct nfim_match_ctx *mc, struct nfim_flow_dir *d, const struct fragment *f,
		 const struct nfim_window_view *wv)
{
	struct nfim_step *step = mc->step;

	if (d->blocks && d->base != f->tag) {
		d->base = f->tag;
		step->trim = U32_MAX;
		return;
	}
	d->base = f->tag;
	/* Which of two fragments for one place the server takes, nobody knows. */
	if (nfim_window_differs(wv)) {
		mc->too_much = true;
		return;
	}
	step->blocks = nfim_window_blocks(wv, f->off, f->off + f->size, false);
	if (step->blocks > NFIM_BLOCKS_MAX) {
		step->blocks = 0;
		mc->too_much = true;
		return;
	}
	step->seg_start = f->off;
	step->seg_skip = HEADERS;
	step->keep_from = f->off;
	step->keep_to = f->off + f->size;
}

bool nfim_dtls_datagram(struct nfim_match_ctx *mc, struct nfim_flow *flow,
			const struct nfim_view *view)
{
	struct nfim_flow_dir *d = &flow->dir[mc->seg->dir];
	struct nfim_tls_hello hello __uninitialized;
	struct nfim_window_view wv;
	struct fragment f;

	if (!fragment(view, &f))
		return false;
	/* Nobody sends another fragment in the same datagram; what follows is not this one's. */
	if (f.off + f.size < f.len && HEADERS + f.size != view->len) {
		mc->too_much = true;
		return false;
	}
	nfim_window_view_init(&wv, d->base == f.tag ? d->blocks : NULL, mc->seg, f.off, HEADERS,
			      false);
	wv.view.len = min(nfim_window_reach(&wv, 0), f.len);
	if (wv.view.len < f.len) {
		keep(mc, d, &f, &wv);
		return false;
	}
	if (d->blocks)
		mc->step->trim = U32_MAX;
	if (nfim_tls_body(&wv.view, 0, f.len, true, &hello) != NFIM_TLS_HELLO)
		return false;
	mc->step->work += hello.work;
	return nfim_hello_decides(mc, &hello);
}
