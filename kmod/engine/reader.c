// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reading the text of a view.
 */
#include "reader.h"

/* As many bytes from @off on as lie in one place, @n at most. */
static const u8 *piece(const struct nfim_view *view, u32 off, u32 *n, u8 *buf)
{
	const u8 *p;

	/* What is at hand in one piece may be taken whole. */
	if (off >= view->head_off && off - view->head_off < view->head_len) {
		*n = min(*n, view->head_len - (off - view->head_off));
		return view->head + (off - view->head_off);
	}
	p = view->piece ? view->piece(view, off, n) : NULL;
	if (p)
		return p;
	*n = min_t(u32, *n, NFIM_READ_MAX);
	return nfim_view_get(view, off, *n, buf);
}

u8 nfim_rd_slow(struct nfim_rd *r, u32 off)
{
	u32 n = r->view->len - off;

	r->hi = 0;
	if (off >= r->view->len)
		return 0;
	r->p = piece(r->view, off, &n, r->buf);
	if (!r->p)
		return 0;
	r->lo = off;
	r->hi = off + n;
	return *r->p;
}

u32 nfim_rd_find_far(struct nfim_rd *r, u32 off, u32 end, u8 c)
{
	while (off < end) {
		u32 n, i;

		if ((off < r->lo || off >= r->hi) && !nfim_rd_slow(r, off) && !r->hi)
			return end;
		n = min(end, r->hi) - off;
		i = rd_byte_in(r->p + (off - r->lo), n, c);
		off += i;
		if (i < n)
			return off;
	}
	return end;
}

u32 nfim_rd_find(struct nfim_rd *r, u32 off, u32 end, u8 c)
{
	return rd_find_near(r, off, end, c);
}

bool nfim_rd_stands(struct nfim_rd *r, u32 off, const u8 *text, u32 n)
{
	const u8 *p = rd_hand(r, off, n);
	u32 i;

	if (p)
		for (i = 0; i < n && nfim_lower(p[i]) == text[i]; i++)
			;
	else
		for (i = 0; i < n && nfim_lower(rd_at(r, off + i)) == text[i]; i++)
			;
	return i == n;
}

bool nfim_rd_holds(struct nfim_rd *r, struct nfim_span s, const u8 *text, u32 n, u32 *work)
{
	u32 i;

	if (!n)
		return true;
	for (i = 0; i + n <= s.len; i++)
		if (nfim_lower(rd_at(r, s.off + i)) == text[0] &&
		    nfim_rd_stands(r, s.off + i, text, n))
			break;
	*work += 1 + i / 8;
	return i + n <= s.len;
}

struct nfim_span nfim_rd_take_to(struct nfim_rd *r, struct nfim_span *s, u8 c)
{
	u32 end = s->off + s->len, i = nfim_rd_find(r, s->off, end, c);
	struct nfim_span got = { s->off, i - s->off };

	s->off = min(i + 1, end);
	s->len = end - s->off;
	return got;
}
