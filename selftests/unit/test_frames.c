// SPDX-License-Identifier: GPL-2.0-only
/*
 * Frames of a known protocol: which packet does what, whoever cut, lost or reordered
 * the stream, and for how long it ever goes on. A frame here is "ALPHA", the length of what
 * follows the header of 8, and a code: 1 login, 2 and 3 message, 4 to 9 file, else other.
 */
#include "unit.h"
#include "drive.h"
#include "sigset.h"

#include <stdlib.h>

enum {
	LOGIN	= 1 << 0,
	MESSAGE	= 1 << 2,
	FILE_	= 1 << 4,
	OTHER	= 1 << 10,
	HEADER	= 8,
};

static struct sigset *set;

static void begin(struct drive *d, const char *name)
{
	case_begin("%s", name);
	drive_init(d, &set->pack);
	d->watch = true;
}

/* Append a frame; returns its end. */
static u32 put_frame(u8 *bytes, u32 at, u32 len, u8 code)
{
	memcpy(bytes + at, "ALPHA", 5);
	bytes[at + 5] = len >> 8;
	bytes[at + 6] = (u8)len;
	bytes[at + 7] = code;
	memset(bytes + at + HEADER, '.', len);
	return at + HEADER + len;
}

static void segment(struct drive *d, u32 off, const void *bytes, u32 len, u32 actions)
{
	drive_at(d, 0, off, bytes, len);
	case_note(" %u+%u", off, len);
	case_verdict("verdict", d->verdict, NFIM_KNOWN);
	case_eq("actions", d->step.actions, actions);
}

/* A session of frames: what each byte of it does. */
struct session {
	u8 bytes[4096];
	u16 actions[4096];	/* of the frame the byte is in */
	u32 header_end[4096];	/* where the header of that frame ends */
	u32 len;
};

static void make_session(struct session *s, struct rng *rng)
{
	static const u32 codes[] = { LOGIN, MESSAGE, MESSAGE, FILE_, OTHER };
	u32 at = 0, i;

	while (at < 3000) {
		u32 len = rng_below(rng, 5) ? rng_below(rng, 30) : rng_below(rng, 400);
		u32 code = 1 + rng_below(rng, 4);
		u32 end = put_frame(s->bytes, at, len, rng_below(rng, 6) ? code : 77);
		u32 actions = s->bytes[at + 7] == 77 ? OTHER : codes[code - 1];

		for (i = at; i < end; i++) {
			s->actions[i] = actions;
			s->header_end[i] = at + HEADER;
		}
		at = end;
	}
	s->len = at;
}

/* Actions of a segment in order: of frames it has bytes of and whose headers are complete. */
static u32 actions_of(const struct session *s, u32 from, u32 to)
{
	u32 actions = 0, i;

	for (i = from; i < to; i++)
		if (s->header_end[i] <= to)
			actions |= s->actions[i];
	return actions;
}

TEST(test_in_order)
{
	struct session *s = calloc(1, sizeof(*s));
	struct rng rng = { 5 };
	u32 i, at, n;

	for (i = 0; i < 60; i++) {
		u32 most = 1 + rng_below(&rng, i < 20 ? 12 : 1500);
		struct drive d;

		make_session(s, &rng);
		begin(&d, "session");
		case_note(" %u, segments up to %u:", i, most);
		d.head_max = i % 3 ? U32_MAX : 16;
		for (at = 0; at < s->len; at += n) {
			n = min(1 + rng_below(&rng, most), s->len - at);
			drive_at(&d, 0, at, s->bytes + at, n);
			case_ok("blocks", d.blocks <= 2);
			if (d.verdict != NFIM_KNOWN)
				continue;
			if (d.step.actions != actions_of(s, at, at + n))
				case_fail("actions of %u+%u: expected 0x%x, got 0x%x", at, n,
					  actions_of(s, at, at + n), d.step.actions);
			case_eq("retransmitted", (drive_at(&d, 0, at, s->bytes + at, n),
						  d.step.actions), 0);
		}
		case_verdict("verdict", d.verdict, NFIM_KNOWN);
		drive_free(&d);
	}
	free(s);
}

/* Segments swapped with their neighbours: no frame is missed, and nothing is left behind. */
TEST(test_out_of_order)
{
	struct session *s = calloc(1, sizeof(*s));
	struct rng rng = { 6 };
	u32 i, k, at;

	for (i = 0; i < 200; i++) {
		u32 cuts[32], n = 0, seen = 0, all = 0;
		struct drive d;

		make_session(s, &rng);
		for (at = 0; at < s->len && n < ARRAY_SIZE(cuts); n++)
			at = cuts[n] = min(at + 7 + rng_below(&rng, 300), s->len);
		begin(&d, "session");
		case_note(" %u", i);
		for (k = 0; k < n; k++) {
			u32 me = k % 2 == 0 && k + 1 < n ? k + 1 : k % 2 ? k - 1 : k;
			u32 from = me ? cuts[me - 1] : 0;

			drive_at(&d, 0, from, s->bytes + from, cuts[me] - from);
			seen |= d.step.actions;
			case_ok("blocks", d.blocks < 10);
		}
		for (at = 0; at < cuts[n - 1]; at++)
			if (s->header_end[at] <= cuts[n - 1])
				all |= s->actions[at];
		case_eq("actions of all", seen, all);
		case_ok("next", d.flow.dir[0].next == cuts[n - 1]);
		drive_free(&d);
	}
	free(s);
}

/* What lies between the first gap and a second one is not forgotten at the verdict. */
TEST(test_gap_at_verdict)
{
	u8 bytes[100];
	struct drive d;

	put_frame(bytes, put_frame(bytes, put_frame(bytes, 0, 2, 1), 2, 2), 2, 5);
	begin(&d, "the third frame, the first, the second");
	drive_at(&d, 0, 20, bytes + 20, 10);
	segment(&d, 0, bytes, 10, LOGIN);
	segment(&d, 10, bytes + 10, 10, MESSAGE | FILE_);
	case_eq("blocks", d.blocks, 0);
	drive_free(&d);
}

/* A gap that nobody fills: the walk falls into step with a segment that starts a frame. */
TEST(test_lost)
{
	u8 bytes[20000];
	struct drive d;
	u32 at, n;

	put_frame(bytes, 0, 2, 1);
	begin(&d, "a lost segment, 16 KiB and more behind it");
	segment(&d, 0, bytes, 10, LOGIN);
	n = put_frame(bytes, 0, 992, 2);
	for (at = 1010; at + n <= 10 + NFIM_WINDOW_MAX; at += n)
		segment(&d, at, bytes, n, 0);
	case_ok("blocks", d.blocks_peak <= NFIM_BLOCKS_MAX);
	segment(&d, at, bytes, n, MESSAGE);
	case_eq("blocks", d.blocks, 0);
	segment(&d, at + n, bytes, n, MESSAGE);
	drive_free(&d);

	begin(&d, "bytes that are no frame, then one inside a segment, then one in front");
	put_frame(bytes, 0, 0, 1);
	segment(&d, 0, bytes, HEADER, LOGIN);
	segment(&d, 8, "garbage.", 8, 0);
	memcpy(bytes, "xx", 2);
	put_frame(bytes, 2, 0, 2);
	segment(&d, 16, bytes, 10, 0);
	segment(&d, 26, bytes + 2, 8, MESSAGE);
	segment(&d, 34, bytes + 2, 8, MESSAGE);
	drive_free(&d);

	begin(&d, "out of step, the next header is cut");
	put_frame(bytes, 0, 0, 1);
	segment(&d, 0, bytes, HEADER, LOGIN);
	segment(&d, 8, "garbage.", 8, 0);
	segment(&d, 16, bytes, 3, 0);
	segment(&d, 19, bytes + 3, 5, LOGIN);
	drive_free(&d);
}

/* Bytes behind a gap that come twice with different values: found by fuzz_flow. */
TEST(test_contradiction)
{
	u8 bytes[64];
	struct drive d;
	u32 n = put_frame(bytes, put_frame(bytes, 0, 2, 1), 20, 2);

	begin(&d, "behind a gap, then the gap is filled");
	segment(&d, 0, bytes, 10, LOGIN);
	segment(&d, 15, bytes + 15, 10, 0);
	segment(&d, 15, "contradiction", 10, 0);
	segment(&d, 10, bytes + 10, 5, MESSAGE);
	segment(&d, 25, bytes + 25, n - 25, MESSAGE);
	case_eq("blocks", d.blocks, 0);
	drive_free(&d);

	begin(&d, "in a header that is not complete");
	segment(&d, 0, bytes, 10, LOGIN);
	segment(&d, 10, bytes + 10, 4, 0);
	segment(&d, 12, "XXXX", 4, 0);
	case_verdict("verdict", d.verdict, NFIM_KNOWN);
	drive_free(&d);
}

/* More frames in a packet than are looked at. */
TEST(test_many_frames)
{
	u32 n = NFIM_FRAMES_PER_PACKET, len = 0, i;
	u8 *bytes = malloc((n + 1) * HEADER);
	struct drive d;

	for (i = 0; i <= n; i++)
		len = put_frame(bytes, len, 0, i == n ? 1 : 2);
	begin(&d, "as many as may be");
	segment(&d, 0, bytes, len - HEADER, MESSAGE);
	segment(&d, len - HEADER, bytes + len - HEADER, HEADER, LOGIN);
	drive_free(&d);
	begin(&d, "one more");
	segment(&d, 0, bytes, len, MESSAGE);
	segment(&d, len, bytes + len - HEADER, HEADER, LOGIN);
	drive_free(&d);
	free(bytes);
}

/* Headers cut by every segment, for a long time: what is kept does not grow. */
TEST(test_cut_headers)
{
	u32 step, i;

	for (step = 9; step < 16; step++) {
		u8 bytes[16000];
		struct drive d;
		u32 at = 0;

		for (i = 0; at < 15000; i++)
			at = put_frame(bytes, at, i % 3, 2);
		begin(&d, "every segment cuts a header");
		case_note(" step %u", step);
		for (i = 0; i + step < at; i += step)
			segment(&d, i, bytes + i, step, MESSAGE);
		case_ok("blocks", d.blocks_peak <= 2);
		drive_free(&d);
	}
	for (step = HEADER; step <= 4 * HEADER; step += HEADER) {
		u8 bytes[20000];
		struct drive d;

		for (i = 0; i < sizeof(bytes); i += HEADER)
			put_frame(bytes, i, 0, 2);
		begin(&d, "every segment ends inside a header");
		case_note(" step %u", step);
		for (i = HEADER - 3; i + step < sizeof(bytes); i += step) {
			if (i == HEADER - 3)
				drive_at(&d, 0, 0, bytes, i);
			segment(&d, i, bytes + i, step, MESSAGE);
		}
		case_ok("blocks", d.blocks_peak <= 3);
		drive_free(&d);
	}
}

static u32 big_len;

/* A frame of big_len bytes of data, its header at the segment's start. */
static u8 fill_frame(u32 at)
{
	const u8 header[HEADER] = { 'A', 'L', 'P', 'H', 'A', big_len >> 8, (u8)big_len, 3 };

	return at < HEADER ? header[at] : '.';
}

static u8 fill_dots(u32 at)
{
	(void)at;
	return '.';
}

/* More than 4 GiB in one direction, in order, with a look at the other from time to time. */
TEST(test_gigabytes)
{
	static const u32 bases[] = { 1000, 0x7fffff00, U32_MAX - 70000 };
	u32 i, k, off;
	u64 total;

	for (k = 0; k < ARRAY_SIZE(bases); k++) {
		struct drive d;

		begin(&d, "five GiB");
		case_note(" from 0x%x", bases[k]);
		d.paranoid = false;
		d.base[0] = d.base[1] = bases[k];
		big_len = 400;
		drive_raw(&d, 0, 0, HEADER + 400, fill_frame);
		case_verdict("verdict", d.verdict, NFIM_KNOWN);
		big_len = 65535;
		for (i = 0, off = 408, total = 0; total < 5ULL << 30; i++) {
			u32 n = HEADER + big_len;

			drive_raw(&d, 0, off, n, fill_frame);
			case_eq("actions", d.step.actions, MESSAGE);
			if (i % 100 == 0) {
				drive_raw(&d, 0, off, n, fill_frame);
				case_eq("actions of a retransmission", d.step.actions, 0);
				drive_raw(&d, 1, off, n, fill_frame);
			}
			off += n;
			total += n;
		}
		case_eq("blocks", d.blocks, 0);
		drive_free(&d);
	}
}

/* The same with bytes that did not come by: jumps of the sequence number. */
TEST(test_jumps)
{
	static const u32 jumps[] = { 20000, 1 << 20, 1 << 28, (1 << 30) - 1000 };
	u32 i, k, off;

	for (k = 0; k < ARRAY_SIZE(jumps); k++) {
		struct drive d;

		begin(&d, "jumps");
		case_note(" of %u", jumps[k]);
		big_len = 100;
		drive_raw(&d, 0, 0, HEADER + 100, fill_frame);
		for (i = 0, off = 108; i < 40; i++) {
			off += jumps[k];
			drive_raw(&d, 0, off, HEADER + 100, fill_frame);
			case_eq("actions behind the gap", d.step.actions, MESSAGE);
			off += 108;
			drive_raw(&d, 0, off, HEADER + 100, fill_frame);
			case_eq("actions of the next", d.step.actions, MESSAGE);
			off += 108;
		}
		drive_free(&d);
	}
}

/* A frame over many segments: all of them do what it does. */
TEST(test_long_frame)
{
	struct drive d;
	u32 i;

	begin(&d, "64 KiB in segments of 1,400");
	big_len = 300;
	drive_raw(&d, 0, 0, HEADER + 300, fill_frame);
	big_len = 65535;
	drive_raw(&d, 0, 308, 1400, fill_frame);
	for (i = 1; i < 46; i++) {
		drive_raw(&d, 0, 308 + i * 1400, 1400, fill_dots);
		case_eq("actions", d.step.actions, MESSAGE);
	}
	case_eq("blocks", d.blocks, 0);
	drive_free(&d);
}

/* Watching may begin later, and end. */
TEST(test_watch)
{
	u8 bytes[64];
	struct drive d;
	u32 n = put_frame(bytes, put_frame(bytes, 0, 2, 1), 2, 4);

	begin(&d, "not at first");
	d.watch = false;
	segment(&d, 0, bytes, n, 0);
	segment(&d, n, bytes, 10, 0);
	case_eq("blocks", d.blocks, 0);
	d.watch = true;
	drive_at(&d, 0, n + 10, bytes + 10, 10);
	drive_at(&d, 0, n + 20, bytes + 10, 10);
	case_verdict("verdict", d.verdict, NFIM_KNOWN);
	drive_free(&d);
}

struct user_case {
	const char *name;
	const char *bytes;
	u32 len;
	u32 dir;
	const char *user;
};

#define BYTES(s) s, sizeof(s) - 1

static const struct user_case users[] = {
	{ "of the first frame", BYTES("ALPHA\0\6\1u|ann|ALPHA\0\6\1u|bea|"), 0, "ann" },
	{ "of the second", BYTES("ALPHA\0\2\1..ALPHA\0\6\1u|bea|"), 0, "bea" },
	{ "from the server", BYTES("ALPHA\0\6\1u|ann|"), 1, "ann" },
	{ "the second key", BYTES("ALPHA\0\6\1n|bob|"), 0, "bob" },
	{ "in the next frame's bytes", BYTES("ALPHA\0\2\1u|ALPHA\0\4\1ann|"), 0, "" },
	{ "of 70 bytes", BYTES("ALPHA\0\x4a\1u|aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeee"
			       "ffffffffffgggggggggg|."), 0,
	  "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffggg" },
};

TEST(test_users)
{
	u32 i, head;

	for (i = 0; i < ARRAY_SIZE(users); i++) {
		for (head = 0; head <= users[i].len; head += 5) {
			struct drive d;

			begin(&d, users[i].name);
			case_bytes(users[i].bytes, users[i].len);
			d.head_max = head;
			drive_at(&d, users[i].dir, 0, users[i].bytes, users[i].len);
			case_mem("user", d.user, d.user_len, users[i].user, strlen(users[i].user));
			drive_free(&d);
		}
	}
}

/* A name is not looked for in every frame of a packet full of them. */
TEST(test_user_in_crowd)
{
	u32 n, k;

	for (n = 0; n < NFIM_FRAMES_PER_PACKET; n++) {
		u8 bytes[(NFIM_FRAMES_PER_PACKET + 1) * 40];
		u32 at = 0;
		struct drive d;

		for (k = 0; k < n; k++) {
			u32 from = at + HEADER;

			at = put_frame(bytes, at, 30, 2);
			memcpy(bytes + from, "a|b|c|d|e|f|g|h|i|j|k|l|m|n|o|", 30);
		}
		k = at;
		at = put_frame(bytes, at, 6, 1);
		memcpy(bytes + k + HEADER, "u|ann|", 6);
		begin(&d, "frames before that with the name");
		case_note(" %u", n);
		drive_at(&d, 0, 0, bytes, at);
		case_eq("actions", d.actions, n ? MESSAGE | LOGIN : LOGIN);
		case_ok("the name or none", !d.user_len || (d.user_len == 3 && !memcmp(d.user, "ann", 3)));
		case_ok("the first ones are looked at", n > 1 || d.user_len);
		case_ok("work", d.work < 20 * NFIM_FRAMES_PER_PACKET);
		drive_free(&d);
	}
}

/* A name is found where its frame is cut, as long as header and name come together. */
TEST(test_user_over_cuts)
{
	static const char bytes[] = "ALPHA\0\6\1u|ann|ALPHA\0\6\1u|bea|";
	u32 cut;

	for (cut = 1; cut < 28; cut++) {
		struct drive d;

		begin(&d, "user, cut");
		case_note(" at %u", cut);
		drive_at(&d, 0, 0, bytes, cut);
		drive_at(&d, 0, cut, bytes + cut, 28 - cut);
		if (cut < HEADER || cut >= 14)
			case_mem("user", d.user, d.user_len, "ann", 3);
		else
			case_mem("user", d.user, d.user_len, "bea", 3);
		drive_free(&d);
	}
}

/* Two directions are walked by themselves. */
TEST(test_two_directions)
{
	u8 bytes[64];
	struct drive d;

	put_frame(bytes, put_frame(bytes, 0, 10, 1), 10, 4);
	begin(&d, "each cut in the other's middle");
	segment(&d, 0, bytes, 12, LOGIN);
	drive_at(&d, 1, 0, bytes + 18, 5);
	case_eq("the server's header is cut", d.step.actions, 0);
	segment(&d, 12, bytes + 12, 6, LOGIN);
	drive_at(&d, 1, 5, bytes + 23, 13);
	case_eq("the server's frame", d.step.actions, FILE_);
	segment(&d, 18, bytes + 18, 18, FILE_);
	case_eq("blocks", d.blocks, 0);
	drive_free(&d);

	begin(&d, "the server had spoken before the verdict: it is waited for a frame's start");
	drive_at(&d, 1, 0, "hello", 5);
	segment(&d, 0, bytes, 18, LOGIN);
	drive_at(&d, 1, 5, "there", 5);
	case_eq("no frame", d.step.actions, 0);
	drive_at(&d, 1, 10, bytes + 18, 18);
	case_eq("a frame", d.step.actions, FILE_);
	drive_free(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_in_order),
		cmocka_unit_test(test_out_of_order),
		cmocka_unit_test(test_gap_at_verdict),
		cmocka_unit_test(test_lost),
		cmocka_unit_test(test_contradiction),
		cmocka_unit_test(test_many_frames),
		cmocka_unit_test(test_cut_headers),
		cmocka_unit_test(test_gigabytes),
		cmocka_unit_test(test_jumps),
		cmocka_unit_test(test_long_frame),
		cmocka_unit_test(test_watch),
		cmocka_unit_test(test_users),
		cmocka_unit_test(test_user_in_crowd),
		cmocka_unit_test(test_user_over_cuts),
		cmocka_unit_test(test_two_directions),
	};
	int failed;

	set = sigset_test();
	failed = cmocka_run_group_tests_name("frames", tests, NULL, NULL);
	sigset_free(set);
	printf("# %lu cases\n", case_count());
	return failed;
}
