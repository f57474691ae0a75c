// SPDX-License-Identifier: GPL-2.0-only
/*
 * The window: kept bytes of one direction of a flow, in stream order.
 */
#include "window.h"

static u32 block_start(u32 off)
{
	return off - off % NFIM_BLOCK;
}

static const struct nfim_block *block_find(const struct nfim_block *b, u32 start, u32 flags)
{
	u32 n = 0;

	/* The bound is for a reader without the lock, should the list change under it. */
	for (; b && n < 2 * NFIM_BLOCKS_MAX; b = READ_ONCE(b->next), n++)
		if (b->off == start && b->flags == flags)
			return b;
	return NULL;
}

/* Length of the run of bytes from @pos on that are there (or, !@there, are not). */
static u32 block_run(const struct nfim_block *b, u32 pos, bool there)
{
	u32 begin = pos;

	while (pos < NFIM_BLOCK) {
		u64 w = READ_ONCE(b->present[pos / 64]);
		u32 left = 64 - pos % 64, run;

		w = (there ? ~w : w) >> (pos % 64);
		run = w ? min_t(u32, __builtin_ctzll(w), left) : left;
		pos += run;
		if (run < left)
			break;
	}
	return pos - begin;
}

static u32 view_seg_end(const struct nfim_window_view *wv)
{
	return wv->seg ? wv->seg_start + (wv->seg->len - wv->seg_skip) : 0;
}

static bool view_seg_has(const struct nfim_window_view *wv, u32 off)
{
	return wv->seg && off >= wv->seg_start && off < view_seg_end(wv);
}

static u32 view_from_seg(const struct nfim_window_view *wv, u32 off, u32 n, u8 *buf)
{
	const u8 *p;

	n = min(n, view_seg_end(wv) - off);
	p = nfim_seg_get(wv->seg, wv->seg_skip + (off - wv->seg_start), n, buf);
	if (!p)
		return 0;
	if (p != buf)
		memcpy(buf, p, n);
	return n;
}

/* The first copy of every byte: what is kept, then the segment. */
static u32 view_piece_first(const struct nfim_window_view *wv, u32 off, u32 n, u8 *buf)
{
	const struct nfim_block *b = block_find(wv->blocks, block_start(off), 0);
	u32 pos = off % NFIM_BLOCK, run;

	if (b) {
		run = min(block_run(b, pos, true), n);
		if (run) {
			memcpy(buf, b->data + pos, run);
			return run;
		}
	}
	if (!view_seg_has(wv, off))
		return 0;
	run = b ? block_run(b, pos, false) : NFIM_BLOCK - pos;
	return view_from_seg(wv, off, min(n, run), buf);
}

/* The last copy: the segment, then what contradicted, then what is kept. Rare: byte by byte. */
static u32 view_piece_later(const struct nfim_window_view *wv, u32 off, u32 n, u8 *buf)
{
	u32 pos = off % NFIM_BLOCK;
	const struct nfim_block *b;

	if (view_seg_has(wv, off))
		return view_from_seg(wv, off, n, buf);
	b = block_find(wv->blocks, block_start(off), NFIM_BLOCK_LATER);
	if (!b || !block_run(b, pos, true))
		b = block_find(wv->blocks, block_start(off), 0);
	if (!b || !block_run(b, pos, true))
		return 0;
	*buf = b->data[pos];
	return 1;
}

static const u8 *view_read(const struct nfim_view *view, u32 off, u32 n, u8 *buf)
{
	const struct nfim_window_view *wv = (const struct nfim_window_view *)view;
	const struct nfim_block *b = block_find(wv->blocks, block_start(off), 0);
	u32 done, got;

	/* What lies in one block is read in place: a byte that is there does not change. */
	if (b && !wv->later && block_run(b, off % NFIM_BLOCK, true) >= n)
		return b->data + off % NFIM_BLOCK;
	for (done = 0; done < n; done += got) {
		got = wv->later ? view_piece_later(wv, off + done, n - done, buf + done) :
				  view_piece_first(wv, off + done, n - done, buf + done);
		if (!got)
			return NULL;
	}
	return buf;
}

/* What is kept lies in its block, as far as that goes. */
static const u8 *view_piece(const struct nfim_view *view, u32 off, u32 *n)
{
	const struct nfim_window_view *wv = (const struct nfim_window_view *)view;
	const struct nfim_block *b;
	u32 run;

	if (wv->later)
		return NULL;
	b = block_find(wv->blocks, block_start(off), 0);
	run = b ? block_run(b, off % NFIM_BLOCK, true) : 0;
	if (!run)
		return NULL;
	*n = min(*n, run);
	return b->data + off % NFIM_BLOCK;
}

/* Is a byte of the segment kept? */
static bool view_overlaps(const struct nfim_window_view *wv)
{
	const u32 start = wv->seg_start, end = view_seg_end(wv);
	const struct nfim_block *b = wv->blocks;
	u32 n, pos, stop;

	for (n = 0; b && n < 2 * NFIM_BLOCKS_MAX; b = READ_ONCE(b->next), n++) {
		if (b->off >= end || b->off + NFIM_BLOCK <= start)
			continue;
		pos = max(start, b->off) - b->off;
		stop = min_t(u32, NFIM_BLOCK, end - b->off);
		if (block_run(b, pos, false) < stop - pos)
			return true;
	}
	return b;
}

void nfim_window_view_init(struct nfim_window_view *wv, const struct nfim_block *blocks,
			   const struct nfim_seg *seg, u32 start, u32 skip, bool later)
{
	memset(wv, 0, sizeof(*wv));
	wv->view.read = view_read;
	wv->view.piece = view_piece;
	wv->blocks = blocks;
	wv->seg = seg;
	wv->seg_start = start;
	wv->seg_skip = skip;
	wv->later = later;
	/* The segment's bytes are at hand in place only where nothing kept stands for them. */
	if (seg && seg->head_len > skip && (later || !blocks || !view_overlaps(wv))) {
		wv->view.head = seg->head + skip;
		wv->view.head_off = start;
		wv->view.head_len = seg->head_len - skip;
	}
}

u32 nfim_window_reach(const struct nfim_window_view *wv, u32 from)
{
	const struct nfim_block *b;
	u32 run;

	for (;;) {
		if (view_seg_has(wv, from)) {
			from = view_seg_end(wv);
			continue;
		}
		b = block_find(wv->blocks, block_start(from), 0);
		run = b ? block_run(b, from % NFIM_BLOCK, true) : 0;
		if (!run)
			return from;
		from += run;
	}
}

/* Does one run of kept bytes contradict the segment? */
static bool run_differs(const struct nfim_window_view *wv, const struct nfim_block *b,
			u32 pos, u32 run)
{
	u8 buf[NFIM_READ_MAX] __uninitialized;
	const u8 *p;
	u32 n;

	for (; run; run -= n, pos += n) {
		n = min_t(u32, run, NFIM_READ_MAX);
		p = nfim_seg_get(wv->seg, wv->seg_skip + (b->off + pos - wv->seg_start), n, buf);
		if (p && memcmp(p, b->data + pos, n))
			return true;
	}
	return false;
}

bool nfim_window_differs(const struct nfim_window_view *wv)
{
	const struct nfim_block *b;
	u32 pos, stop, run, n = 0;

	if (!wv->seg)
		return false;
	for (b = wv->blocks; b && n < 2 * NFIM_BLOCKS_MAX; b = READ_ONCE(b->next), n++) {
		if (b->off >= view_seg_end(wv) || b->off + NFIM_BLOCK <= wv->seg_start)
			continue;
		pos = wv->seg_start > b->off ? wv->seg_start - b->off : 0;
		stop = min_t(u32, NFIM_BLOCK, view_seg_end(wv) - b->off);
		while (pos < stop) {
			run = min(block_run(b, pos, true), stop - pos);
			if (run && run_differs(wv, b, pos, run))
				return true;
			pos += run;
			pos += block_run(b, pos, false);
		}
	}
	return false;
}

u32 nfim_window_blocks(const struct nfim_window_view *wv, u32 from, u32 to, bool differs)
{
	u32 want, total = 0, have = 0, later = 0, first = block_start(from);
	const struct nfim_block *b;

	if (to <= from)
		return 0;
	want = (block_start(to - 1) - first) / NFIM_BLOCK + 1;
	for (b = wv->blocks; b && total < 2 * NFIM_BLOCKS_MAX; b = READ_ONCE(b->next)) {
		total++;
		if (b->off < first || b->off >= to)
			continue;
		if (b->flags)
			later++;
		else
			have++;
	}
	want = (want - min(have, want)) + (differs ? want - min(later, want) : 0);
	return total + want > NFIM_BLOCKS_MAX ? NFIM_BLOCKS_MAX + 1 : want;
}

static struct nfim_block *block_get(struct nfim_block **head, u32 start, u32 flags,
				    struct nfim_block **spare)
{
	struct nfim_block *b = (struct nfim_block *)block_find(*head, start, flags);

	if (b || !*spare)
		return b;
	b = *spare;
	*spare = b->next;
	b->off = start;
	b->flags = flags;
	b->next = *head;
	WRITE_ONCE(*head, b);
	return b;
}

static void block_put(struct nfim_block *b, u32 pos, const u8 *p, u32 n)
{
	u32 left;
	u64 mask;

	memcpy(b->data + pos, p, n);
	for (; n; n -= left, pos += left) {
		left = min_t(u32, n, 64 - pos % 64);
		mask = (left == 64 ? ~0ULL : (1ULL << left) - 1) << (pos % 64);
		WRITE_ONCE(b->present[pos / 64], b->present[pos / 64] | mask);
	}
}

/* Bytes that all lie in one block; those that are there already stay, others go beside them. */
static bool block_merge(struct nfim_block **head, u32 off, const u8 *p, u32 n,
			struct nfim_block **spare)
{
	struct nfim_block *b = block_get(head, block_start(off), 0, spare), *later;
	u32 pos = off % NFIM_BLOCK, run;

	if (!b)
		return false;
	for (; n; n -= run, p += run, pos += run) {
		run = min(block_run(b, pos, false), n);
		if (run) {
			block_put(b, pos, p, run);
			continue;
		}
		run = min(block_run(b, pos, true), n);
		/* A third copy like the first is still the last. */
		later = (struct nfim_block *)block_find(*head, b->off, NFIM_BLOCK_LATER);
		if (!later && !memcmp(b->data + pos, p, run))
			continue;
		if (!later)
			later = block_get(head, b->off, NFIM_BLOCK_LATER, spare);
		if (!later)
			return false;
		block_put(later, pos, p, run);
	}
	return true;
}

bool nfim_window_store(struct nfim_block **head, const struct nfim_seg *seg, u32 seg_start,
		       u32 skip, u32 from, u32 to, struct nfim_block **spare)
{
	u8 buf[NFIM_READ_MAX] __uninitialized;
	const u8 *p;
	u32 n;

	for (; from < to; from += n) {
		n = min_t(u32, to - from, NFIM_BLOCK - from % NFIM_BLOCK);
		n = min_t(u32, n, NFIM_READ_MAX);
		p = nfim_seg_get(seg, skip + (from - seg_start), n, buf);
		if (!p || !block_merge(head, from, p, n, spare))
			return false;
	}
	return true;
}

struct nfim_block *nfim_window_home(struct nfim_block *blocks, u32 off)
{
	return (struct nfim_block *)block_find(blocks, block_start(off), 0);
}

bool nfim_window_beyond(const struct nfim_block *b, u32 off)
{
	u32 pos, n = 0;

	for (; b && n < 2 * NFIM_BLOCKS_MAX; b = READ_ONCE(b->next), n++) {
		if (b->off + NFIM_BLOCK <= off)
			continue;
		pos = off > b->off ? off - b->off : 0;
		if (pos + block_run(b, pos, false) < NFIM_BLOCK)
			return true;
	}
	return false;
}

struct nfim_block *nfim_window_trim(struct nfim_block **head, u32 below)
{
	struct nfim_block *gone = NULL, *b;

	while ((b = *head)) {
		if (below != U32_MAX && b->off + NFIM_BLOCK > below) {
			head = &b->next;
			continue;
		}
		WRITE_ONCE(*head, b->next);
		/* Readers without the lock may be led to a block newer than what they know. */
		smp_store_release(&b->next, gone);
		gone = b;
	}
	return gone;
}
