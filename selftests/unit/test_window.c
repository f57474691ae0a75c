// SPDX-License-Identifier: GPL-2.0-only
/*
 * The window, compared with an array of bytes: random segments, which may overlap and
 * contradict each other, at several places of the stream.
 */
#include "unit.h"

#include "engine/window.h"

#include <stdlib.h>

enum {
	SPAN = 6144,		/* offsets the naive window knows, a multiple of NFIM_BLOCK */
	ROUNDS = 90,		/* windows a test tries */
	STEPS = 60,		/* segments a window gets */
};

static_assert(SPAN % NFIM_BLOCK == 0, "blocks are aligned in the naive window, too");

/* What the window should be: per offset the first and the last copy that came. */
struct naive {
	u32 origin;		/* stream offset of index 0 */
	bool have[SPAN];
	u8 first[SPAN];
	u8 last[SPAN];
};

/* A segment in memory of exactly its size. */
struct piece {
	struct nfim_seg seg;	/* must be first */
	u8 *bytes;
	u32 start;		/* index in the naive window of payload byte skip */
	u32 skip;
};

struct test {
	struct rng rng;
	struct naive *naive;
	struct nfim_block *blocks;
	u32 n_blocks;
	u32 conflicts;		/* of 256 segments, how many have random bytes */
};

static const u8 *piece_read(const struct nfim_seg *seg, u32 off, u32 n, u8 *buf)
{
	const struct piece *p = (const struct piece *)seg;

	if (!n || n > NFIM_READ_MAX || off > seg->len || n > seg->len - off)
		case_fail("%u bytes at %u of %u are asked for", n, off, seg->len);
	if (off % 2)
		return p->bytes + off;
	memcpy(buf, p->bytes + off, n);
	return buf;
}

static void free_list(struct test *t, struct nfim_block *b)
{
	struct nfim_block *next;

	for (; b; b = next) {
		next = b->next;
		free(b);
		t->n_blocks--;
	}
}

static struct nfim_block *new_list(struct test *t, u32 n)
{
	struct nfim_block *list = NULL, *b;

	while (n--) {
		b = calloc(1, sizeof(*b));
		b->next = list;
		list = b;
		t->n_blocks++;
	}
	return list;
}

/* The stream's right bytes. */
static u8 true_byte(u32 at)
{
	return (u8)(at * 7 + (at >> 8));
}

static void make_piece(struct test *t, struct piece *p)
{
	u32 max = rng_below(&t->rng, 8) ? 300 : 3000, len, i;
	bool wrong = rng_below(&t->rng, 256) < t->conflicts;

	len = 1 + rng_below(&t->rng, max);
	memset(p, 0, sizeof(*p));
	p->skip = rng_below(&t->rng, 4) ? 0 : rng_below(&t->rng, 5);
	p->start = rng_below(&t->rng, SPAN - len);
	p->bytes = malloc(len + p->skip);
	for (i = 0; i < len + p->skip; i++)
		p->bytes[i] = true_byte(p->start + i - p->skip);
	/* Few values, so that copies agree in some bytes and differ in others. */
	for (i = 0; wrong && i < len; i++)
		if (!rng_below(&t->rng, 3))
			p->bytes[p->skip + i] = (u8)rng_below(&t->rng, 2);
	p->seg.len = len + p->skip;
	p->seg.head_len = rng_below(&t->rng, p->seg.len + 1);
	p->seg.head = malloc(p->seg.head_len ? p->seg.head_len : 1);
	memcpy((u8 *)p->seg.head, p->bytes, p->seg.head_len);
	p->seg.read = piece_read;
}

static void free_piece(struct piece *p)
{
	free((u8 *)p->seg.head);
	free(p->bytes);
}

static u32 piece_end(const struct piece *p)
{
	return p->start + p->seg.len - p->skip;
}

static bool in_piece(const struct piece *p, u32 at)
{
	return p && at >= p->start && at < piece_end(p);
}

/* The byte at an index, in one reading; -1 for none. */
static int naive_byte(const struct naive *nv, const struct piece *p, u32 at, bool later)
{
	if (at >= SPAN)
		return -1;
	if (later && in_piece(p, at))
		return p->bytes[p->skip + at - p->start];
	if (nv->have[at])
		return later ? nv->last[at] : nv->first[at];
	return in_piece(p, at) ? p->bytes[p->skip + at - p->start] : -1;
}

static bool naive_differs(const struct naive *nv, const struct piece *p)
{
	u32 at;

	for (at = p->start; at < piece_end(p); at++) {
		u8 byte = p->bytes[p->skip + at - p->start];

		if (nv->have[at] && (nv->first[at] != byte || nv->last[at] != byte))
			return true;
	}
	return false;
}

static void check_reads(struct test *t, const struct piece *p, bool later)
{
	struct nfim_window_view wv;
	u32 tries, from, n, i, reach;

	nfim_window_view_init(&wv, t->blocks, p ? &p->seg : NULL,
			      t->naive->origin + (p ? p->start : 0), p ? p->skip : 0, later);
	wv.view.len = t->naive->origin + SPAN;
	for (tries = 0; tries < 12; tries++) {
		u8 buf[NFIM_READ_MAX];
		const u8 *got;

		from = rng_below(&t->rng, SPAN - NFIM_READ_MAX);
		n = 1 + rng_below(&t->rng, NFIM_READ_MAX);
		for (reach = from; naive_byte(t->naive, p, reach, later) >= 0; reach++)
			;
		case_eq("reach", nfim_window_reach(&wv, t->naive->origin + from) -
			t->naive->origin, reach);
		got = nfim_view_get(&wv.view, t->naive->origin + from, n, buf);
		if (!got != (reach < from + n))
			case_fail("%u bytes at %u are %s", n, from, got ? "there" : "not there");
		for (i = 0; got && i < n; i++)
			if (got[i] != naive_byte(t->naive, p, from + i, later))
				case_fail("byte %u, %s copy: expected %02x, got %02x", from + i,
					  later ? "last" : "first",
					  naive_byte(t->naive, p, from + i, later), got[i]);
	}
}

static void check_beyond(struct test *t)
{
	u32 at = rng_below(&t->rng, SPAN), i;
	bool beyond = false;

	for (i = at; i < SPAN; i++)
		beyond |= t->naive->have[i];
	case_eq("beyond", nfim_window_beyond(t->blocks, t->naive->origin + at), beyond);
}

static u32 count_blocks(const struct nfim_block *b)
{
	u32 n = 0;

	for (; b; b = b->next)
		n++;
	return n;
}

static void keep(struct test *t, const struct piece *p)
{
	struct naive *nv = t->naive;
	u32 from = p->start, to = piece_end(p), n, at;
	struct nfim_window_view wv;
	struct nfim_block *spare;
	bool differs;

	nfim_window_view_init(&wv, t->blocks, &p->seg, nv->origin + p->start, p->skip, false);
	differs = nfim_window_differs(&wv);
	case_eq("differs", differs, naive_differs(nv, p));
	if (!rng_below(&t->rng, 4)) {
		from += rng_below(&t->rng, to - from);
		to = from + rng_below(&t->rng, to - from + 1);
	}
	n = nfim_window_blocks(&wv, nv->origin + from, nv->origin + to, differs);
	if (n > NFIM_BLOCKS_MAX) {
		case_ok("it is full", count_blocks(t->blocks) + 2 * SPAN / NFIM_BLOCK >
			NFIM_BLOCKS_MAX);
		return;
	}
	spare = new_list(t, n);
	case_ok("the blocks suffice",
		nfim_window_store(&t->blocks, &p->seg, nv->origin + p->start, p->skip,
				  nv->origin + from, nv->origin + to, &spare));
	free_list(t, spare);
	for (at = from; at < to; at++) {
		nv->last[at] = p->bytes[p->skip + at - p->start];
		if (!nv->have[at])
			nv->first[at] = nv->last[at];
		nv->have[at] = true;
	}
	case_eq("blocks", count_blocks(t->blocks), t->n_blocks);
}

static void trim(struct test *t)
{
	u32 below = rng_below(&t->rng, 3) ? rng_below(&t->rng, SPAN / 2) : U32_MAX;
	u32 at = below == U32_MAX ? SPAN : below - below % NFIM_BLOCK;

	free_list(t, nfim_window_trim(&t->blocks, below == U32_MAX ? below :
				      t->naive->origin + below));
	memset(t->naive->have, 0, at);
	case_eq("blocks after trim", count_blocks(t->blocks), t->n_blocks);
}

static void one_window(struct test *t, u32 origin)
{
	struct piece p;
	u32 i;

	memset(t->naive->have, 0, SPAN);
	t->naive->origin = origin;
	for (i = 0; i < STEPS; i++) {
		make_piece(t, &p);
		case_note(" %s%u+%u", p.skip ? "skip " : "", p.start, p.seg.len - p.skip);
		check_reads(t, &p, false);
		check_reads(t, &p, true);
		check_reads(t, NULL, rng_below(&t->rng, 2));
		keep(t, &p);
		check_reads(t, NULL, false);
		check_reads(t, NULL, true);
		check_beyond(t);
		free_piece(&p);
		if (!rng_below(&t->rng, 20)) {
			case_note(" trim");
			trim(t);
		}
	}
	free_list(t, nfim_window_trim(&t->blocks, U32_MAX));
	case_eq("blocks left", t->n_blocks, 0);
}

static void many_windows(u32 seed, u32 conflicts)
{
	static const u32 origins[] = { 0, 4096 * NFIM_BLOCK, 0x7ffe0000 / NFIM_BLOCK * NFIM_BLOCK };
	struct test t = { .rng = { seed }, .conflicts = conflicts };
	u32 i;

	t.naive = calloc(1, sizeof(*t.naive));
	for (i = 0; i < ROUNDS; i++) {
		case_begin("window %u of seed %u, %u/256 with conflicts", i, seed, conflicts);
		one_window(&t, origins[i % ARRAY_SIZE(origins)]);
	}
	free(t.naive);
}

TEST(test_agreeing)
{
	many_windows(1, 0);
}

TEST(test_some_conflicts)
{
	many_windows(2, 40);
}

TEST(test_many_conflicts)
{
	many_windows(3, 200);
}

static void store_text(struct nfim_block **head, const char *text, u32 at)
{
	struct nfim_seg seg = {
		.head = (const u8 *)text,
		.head_len = (u32)strlen(text),
		.len = (u32)strlen(text),
	};
	struct test t = { .rng = { 1 } };
	struct nfim_block *spare = new_list(&t, 4);

	case_ok("stored", nfim_window_store(head, &seg, at, 0, at, at + seg.len, &spare));
	free_list(&t, spare);
}

/* Three copies of the same bytes: the last reading is that of the last copy of each byte. */
TEST(test_third_copy)
{
	static const struct {
		const char *copy[3];
		const char *first, *last;
	} tries[] = {
		{ { "abcd", "xbcd", "abcd" }, "abcd", "abcd" },
		{ { "XMSG", "YXSG", "YMSG" }, "XMSG", "YMSG" },
		{ { "aaaa", "bbbb", "aabb" }, "aaaa", "aabb" },
		{ { "aaaa", "bbbb", "cccc" }, "aaaa", "cccc" },
	};
	struct nfim_block *head;
	u32 i, k;

	for (i = 0; i < ARRAY_SIZE(tries); i++) {
		struct test t = { .n_blocks = 1000 };
		struct nfim_window_view wv;
		u8 buf[NFIM_READ_MAX];

		case_begin("%s, %s, %s", tries[i].copy[0], tries[i].copy[1], tries[i].copy[2]);
		for (k = 0, head = NULL; k < 3; k++)
			store_text(&head, tries[i].copy[k], 190);
		for (k = 0; k < 2; k++) {
			const char *want = k ? tries[i].last : tries[i].first;
			const u8 *got;

			nfim_window_view_init(&wv, head, NULL, 0, 0, k);
			wv.view.len = 194;
			got = nfim_view_get(&wv.view, 190, 4, buf);
			case_ok("there", got);
			case_mem(k ? "last" : "first", got, 4, want, 4);
		}
		free_list(&t, nfim_window_trim(&head, U32_MAX));
	}
}

/* Too few blocks, and bytes that cannot be had: it says so, and what was there stays. */
TEST(test_too_few)
{
	struct test t = { .rng = { 4 } };
	struct naive *nv = calloc(1, sizeof(*nv));
	struct piece p;
	u32 i, n;

	for (i = 0; i < 200; i++) {
		struct nfim_block *spare;
		struct nfim_window_view wv;

		case_begin("too few, %u", i);
		make_piece(&t, &p);
		nfim_window_view_init(&wv, NULL, &p.seg, p.start, p.skip, false);
		n = nfim_window_blocks(&wv, p.start, piece_end(&p), false);
		spare = new_list(&t, n - 1);
		case_ok("not kept", !nfim_window_store(&t.blocks, &p.seg, p.start, p.skip, p.start,
						       piece_end(&p), &spare));
		free_list(&t, spare);
		free_list(&t, nfim_window_trim(&t.blocks, U32_MAX));
		p.seg.read = NULL;
		p.seg.head_len = min(p.seg.head_len, p.seg.len - 1);
		spare = new_list(&t, n);
		case_ok("not to be had", !nfim_window_store(&t.blocks, &p.seg, p.start, p.skip,
							    p.start, piece_end(&p), &spare));
		free_list(&t, spare);
		free_list(&t, nfim_window_trim(&t.blocks, U32_MAX));
		case_eq("blocks left", t.n_blocks, 0);
		free_piece(&p);
	}
	free(nv);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_third_copy),
		cmocka_unit_test(test_agreeing),
		cmocka_unit_test(test_some_conflicts),
		cmocka_unit_test(test_many_conflicts),
		cmocka_unit_test(test_too_few),
	};
	int failed = cmocka_run_group_tests_name("window", tests, NULL, NULL);

	printf("# %lu cases\n", case_count());
	return failed;
}
