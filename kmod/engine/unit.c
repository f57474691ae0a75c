// SPDX-License-Identifier: GPL-2.0-only
/*
 * Streams in units: chunks and frames.
 */
#include "http.h"
#include "unit.h"

enum {
	FRAME_HEAD_MAX	= 14,
	FRAME_RSV	= 0x70,	/* of extensions: compressed, we cannot read it */
	FRAME_CONTROL	= 0x08,
	FRAME_MASKED	= 0x80,
	FRAME_SMALL	= 125,	/* bytes of a control frame at most */
};

static enum nfim_run_result chunk_at(const struct nfim_view *view, u32 off, struct nfim_unit *u)
{
	enum nfim_run_result res = nfim_http_chunk(view, off, &u->len, &u->body);

	if (res != NFIM_RUN_YES)
		return res;
	if (u->len > 1U << 29)
		return NFIM_RUN_NO;
	memset(u->mask, 0, sizeof(u->mask));
	u->shown = true;
	u->last = !u->len;
	u->next = u->body + u->len + 2;
	return NFIM_RUN_YES;
}

/* The bytes of a frame's head before its mask, 0 if not enough are there. */
static u32 frame_length(const u8 *p, u32 have, u32 *len)
{
	*len = p[1] & 0x7f;
	if (*len < 126)
		return 2;
	if (*len == 126) {
		if (have < 4)
			return 0;
		*len = nfim_be16(p + 2);
		return 4;
	}
	if (have < 10)
		return 0;
	*len = nfim_be32(p + 2) ? U32_MAX : nfim_be32(p + 6);
	return 10;
}

static enum nfim_run_result frame_at(const struct nfim_view *view, u32 off, bool masked,
				     struct nfim_unit *u)
{
	u32 have = min_t(u32, view->len - off, FRAME_HEAD_MAX), head;
	u8 buf[FRAME_HEAD_MAX];
	const u8 *p;

	if (have < 2)
		return NFIM_RUN_MORE;
	p = nfim_view_get(view, off, have, buf);
	if (!p || p[0] & FRAME_RSV || (p[0] & 0xf) > 10 || ((p[0] & 0xf) > 2 && (p[0] & 0xf) < 8))
		return NFIM_RUN_NO;
	if (!!(p[1] & FRAME_MASKED) != masked)
		return NFIM_RUN_NO;
	u->shown = !(p[0] & FRAME_CONTROL);
	if (!u->shown && (p[1] & 0x7f) > FRAME_SMALL)
		return NFIM_RUN_NO;
	head = frame_length(p, have, &u->len);
	if (!head || (masked && have < head + 4))
		return NFIM_RUN_MORE;
	if (u->len > 1U << 29)
		return NFIM_RUN_NO;
	memset(u->mask, 0, sizeof(u->mask));
	if (masked)
		memcpy(u->mask, p + head, 4);
	u->body = off + head + (masked ? 4 : 0);
	u->next = u->body + u->len;
	u->last = false;
	return NFIM_RUN_YES;
}

static enum nfim_run_result unit_at(const struct nfim_unit_view *uv, u32 off, struct nfim_unit *u)
{
	/* Offsets stay far from their end: what lies there is not read anyway. */
	if (off >= uv->outer->len || off > 1U << 30)
		return NFIM_RUN_MORE;
	if (uv->kind == NFIM_UNIT_CHUNK)
		return chunk_at(uv->outer, off, u);
	return frame_at(uv->outer, off, uv->kind == NFIM_UNIT_MASKED, u);
}

/* Bytes of the unit that are there. */
static u32 unit_has(const struct nfim_unit_view *uv, const struct nfim_unit *u)
{
	if (!u->shown || u->body >= uv->outer->len)
		return 0;
	return min(u->len, uv->outer->len - u->body);
}

/* The unit with the byte at @off of the stream becomes uv->unit. */
static bool unit_seek(struct nfim_unit_view *uv, u32 off)
{
	u32 n, has;

	if (off < uv->at || !uv->unit.next) {
		uv->at = uv->base;
		if (unit_at(uv, uv->base, &uv->unit) != NFIM_RUN_YES)
			return false;
	}
	for (n = 0; n < NFIM_UNITS_MAX; n++) {
		has = unit_has(uv, &uv->unit);
		if (off - uv->at < has)
			return true;
		uv->at += has;
		if (uv->unit.last || unit_at(uv, uv->unit.next, &uv->unit) != NFIM_RUN_YES)
			break;
	}
	uv->unit.next = 0;
	return false;
}

static const u8 *unit_read(const struct nfim_view *view, u32 off, u32 n, u8 *buf)
{
	struct nfim_unit_view *uv = (struct nfim_unit_view *)view;
	u32 done, take, in, i;
	const u8 *p;

	for (done = 0; done < n; done += take) {
		if (!unit_seek(uv, off + done))
			return NULL;
		in = off + done - uv->at;
		take = min(n - done, unit_has(uv, &uv->unit) - in);
		p = nfim_view_get(uv->outer, uv->unit.body + in, take, buf + done);
		if (!p)
			return NULL;
		for (i = 0; i < take; i++)
			buf[done + i] = p[i] ^ uv->unit.mask[(in + i) % 4];
	}
	return buf;
}

void nfim_unit_view_init(struct nfim_unit_view *uv, const struct nfim_view *outer, u32 base,
			 enum nfim_unit_kind kind)
{
	enum nfim_run_result res = NFIM_RUN_YES;
	struct nfim_unit u;
	u32 off = base;

	memset(uv, 0, sizeof(*uv));
	uv->outer = outer;
	uv->base = base;
	uv->kind = kind;
	uv->view.read = unit_read;
	uv->view.len = base;
	for (;;) {
		if (uv->units == NFIM_UNITS_MAX) {
			/* The rest is not looked at: who asks for more will not get it. */
			uv->view.last = true;
			break;
		}
		res = unit_at(uv, off, &u);
		if (res != NFIM_RUN_YES)
			break;
		uv->units++;
		uv->view.len += unit_has(uv, &u);
		off = u.next;
		uv->view.last = u.last;
		if (u.last || off > outer->len)
			break;
	}
	uv->bad = res == NFIM_RUN_NO && !uv->units;
	if (res == NFIM_RUN_NO)
		uv->view.last = true;
	uv->need = outer->len + 1;
}
