/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reading the text of a view: single bytes, and the first of a kind, wherever the bytes lie.
 * Offsets are those of the view.
 */
#ifndef _NF_IM_ENGINE_READER_H
#define _NF_IM_ENGINE_READER_H

#include "run_impl.h"

/* A reader: bytes [lo, hi) of the view are at @p. */
struct nfim_rd {
	const struct nfim_view *view;
	const u8 *p;
	u32 lo;
	u32 hi;
	u8 buf[NFIM_READ_MAX];
};

/* What the view has in one piece is at hand; the buffer is filled before it is read. */
static inline struct nfim_rd *rd_begin(struct nfim_rd *r, const struct nfim_view *view)
{
	r->view = view;
	r->p = view->head;
	r->lo = view->head_off;
	r->hi = view->head_len ? min(view->head_off + view->head_len, view->len) : 0;
	return r;
}

/*
 * Bytes from @off on become what is at hand. Returns the first, or 0 with @r->hi 0 if they cannot
 * be had.
 */
u8 nfim_rd_slow(struct nfim_rd *r, u32 off);

/* One byte, 0 where it cannot be had. */
static inline u8 rd_at(struct nfim_rd *r, u32 off)
{
	return likely(off >= r->lo && off < r->hi) ? r->p[off - r->lo] : nfim_rd_slow(r, off);
}

/* The first @c of @n bytes, eight at a time; @n if there is none. */
static inline u32 rd_byte_in(const u8 *p, u32 n, u8 c)
{
	const u64 ones = 0x0101010101010101ULL;
	u32 i = 0;
	u64 w;

	if (n < 8) {
		while (i < n && p[i] != c)
			i++;
		return i;
	}
	/* The last eight overlap those before, unless these were the last. */
	for (;;) {
		w = nfim_le64(p + i) ^ ones * c;
		/* Borrows make bytes behind the first one look like it, none before. */
		w = (w - ones) & ~w & (ones << 7);
		if (w)
			return i + __builtin_ctzll(w) / 8;
		i += 8;
		if (likely(i <= n - 8))
			continue;
		if (i == n)
			return n;
		i = n - 8;
	}
}

/* The first @c in [off, end), or @end. */
u32 nfim_rd_find(struct nfim_rd *r, u32 off, u32 end, u8 c);

/* The same, from a place on that is not at hand. */
u32 nfim_rd_find_far(struct nfim_rd *r, u32 off, u32 end, u8 c);

/* The bytes [off, off + n), if they are at hand. */
static inline const u8 *rd_hand(const struct nfim_rd *r, u32 off, u32 n)
{
	return likely(off >= r->lo && off + n <= r->hi) ? r->p + (off - r->lo) : NULL;
}

/* As nfim_rd_find(), but without a call where what is at hand has it. */
static inline u32 rd_find_near(struct nfim_rd *r, u32 off, u32 end, u8 c)
{
	u32 n, i;

	if (off >= end)
		return end;
	if (unlikely(off < r->lo || off >= r->hi))
		return nfim_rd_find_far(r, off, end, c);
	n = min(end, r->hi) - off;
	i = rd_byte_in(r->p + (off - r->lo), n, c);
	return likely(i < n || off + n == end) ? off + i : nfim_rd_find_far(r, off + n, end, c);
}

static inline bool rd_blank(u8 c)
{
	return c <= ' ' && (c == ' ' || c == '\t' || c == '\r' || c == '\n');
}

/* The end of a line's text: without CR and blanks before its LF. */
static inline u32 rd_trim_end(struct nfim_rd *r, u32 off, u32 lf)
{
	while (lf > off && rd_blank(rd_at(r, lf - 1)))
		lf--;
	return lf;
}

static inline int rd_hex(u8 c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = nfim_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Do these bytes stand at @off, which has as many? @text is in lower case. */
bool nfim_rd_stands(struct nfim_rd *r, u32 off, const u8 *text, u32 n);

/* Does @s hold this text? @text is in lower case, of @n bytes. */
bool nfim_rd_holds(struct nfim_rd *r, struct nfim_span s, const u8 *text, u32 n, u32 *work);

/* Bytes of @s up to the first @c; @s goes behind it. */
struct nfim_span nfim_rd_take_to(struct nfim_rd *r, struct nfim_span *s, u8 c);

#endif /* _NF_IM_ENGINE_READER_H */
