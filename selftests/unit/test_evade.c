// SPDX-License-Identifier: GPL-2.0-only
/*
 * Evasions of PROTOCOLS.md part E that are the engine's to see, with shipped and with
 * test signatures. Each has a twin that must not match.
 */
#include "unit.h"
#include "drive.h"
#include "sigset.h"

#include <stdlib.h>

static const char alpha[] = "ALPHA\0\6\1u|ann|";
static const char wrong[] = "ALPHX\xff\6\1u|ann|";
enum { ALPHA_LEN = sizeof(alpha) - 1 };

static struct sigset *set, *shipped;

static void begin(struct drive *d, const char *name)
{
	case_begin("%s", name);
	drive_init(d, &set->pack);
}

static void expect(struct drive *d, enum nfim_verdict want, bool anomaly)
{
	case_verdict("verdict", d->verdict, want);
	case_eq("anomaly", drive_anomaly(d), anomaly);
	drive_free(d);
}

/* E3, E4, E5: delayed, out of order, duplicated; a duplicate counts once. */
TEST(test_e3_e4_e5)
{
	struct drive d;
	u32 i;

	begin(&d, "E3: a byte a minute");
	for (i = 0; i < ALPHA_LEN && !d.verdict; i++) {
		d.age = i * 60;
		drive_at(&d, 0, i, alpha + i, 1);
	}
	case_eq("packet", d.decided, 7);
	expect(&d, NFIM_KNOWN, false);

	begin(&d, "E4: from the last to the first");
	for (i = ALPHA_LEN; i-- > 0 && !d.verdict;)
		drive_at(&d, 0, i, alpha + i, 1);
	case_eq("packet", d.decided, ALPHA_LEN);
	expect(&d, NFIM_KNOWN, false);

	begin(&d, "E4, twin: one byte is not that");
	for (i = ALPHA_LEN; i-- > 0 && !d.verdict;)
		drive_at(&d, 0, i, i == 4 ? "B" : alpha + i, 1);
	expect(&d, NFIM_UNDECIDED, false);

	begin(&d, "E5: the second time a frame says nothing new");
	d.watch = true;
	drive_at(&d, 0, 0, alpha, ALPHA_LEN);
	case_eq("actions", d.step.actions, 1 << 0);
	case_eq("fresh", d.step.fresh, true);
	drive_at(&d, 0, 0, alpha, ALPHA_LEN);
	case_eq("actions of the duplicate", d.step.actions, 0);
	case_eq("fresh, the duplicate", d.step.fresh, false);
	drive_at(&d, 0, ALPHA_LEN, alpha, ALPHA_LEN);
	case_eq("actions of the next", d.step.actions, 1 << 0);
	expect(&d, NFIM_KNOWN, false);
}

/*
 * E6: bytes [from, to) come twice, first right and then wrong or the other way round; the
 * rest of the stream comes before, between, or after.
 */
static void overlap(u32 from, u32 to, bool right_first, u32 rest, u32 head_max)
{
	const char *one = right_first ? alpha : wrong, *two = right_first ? wrong : alpha;
	struct drive d;
	u32 when;

	case_begin("E6: [%u, %u) is %s first, rest comes at %u", from, to,
		   right_first ? "right" : "wrong", rest);
	drive_init(&d, &set->pack);
	d.head_max = head_max;
	for (when = 0; when < 3; when++) {
		if (when == rest && from)
			drive_at(&d, 0, 0, alpha, from);
		if (when == rest && to < ALPHA_LEN)
			drive_at(&d, 0, to, alpha + to, ALPHA_LEN - to);
		if (when < 2 && !d.verdict)
			drive_at(&d, 0, from, (when ? two : one) + from, to - from);
	}
	case_verdict("verdict", d.verdict, NFIM_KNOWN);
	if (d.packets > 3 && memcmp(one + from, two + from, to - from))
		case_ok("anomaly", drive_anomaly(&d));
	drive_free(&d);
}

TEST(test_e6_overlap)
{
	u32 from, to;

	/*
	 * What follows comes before the decoy: nothing is closed while the start is missing. Or it
	 * comes after both copies.
	 */
	for (from = 0; from < 7; from++) {
		for (to = from + 1; to <= ALPHA_LEN; to++) {
			overlap(from, to, true, 0, to % 5);
			if (from)
				overlap(from, to, false, 0, U32_MAX);
			overlap(from, to, true, 2, U32_MAX);
			if (from)
				overlap(from, to, false, 2, to % 3);
		}
	}
}

/* E6: two readings of bytes that wait, and neither copy is whole. */
TEST(test_e6_mixed)
{
	struct drive d;

	begin(&d, "the last copy of two parts");
	drive_at(&d, 0, 2, "xx", 2);
	drive_at(&d, 0, 4, "A\0\6", 3);
	drive_at(&d, 0, 2, "PH", 2);
	case_ok("anomaly", drive_anomaly(&d));
	drive_at(&d, 0, 0, "AL", 2);
	expect(&d, NFIM_KNOWN, true);

	begin(&d, "the first copy of two parts");
	drive_at(&d, 0, 2, "PH", 2);
	drive_at(&d, 0, 4, "A\0\6", 3);
	drive_at(&d, 0, 2, "xx", 2);
	drive_at(&d, 0, 0, "AL", 2);
	expect(&d, NFIM_KNOWN, true);

	begin(&d, "the third copy is right");
	drive_at(&d, 0, 2, "PX", 2);
	drive_at(&d, 0, 2, "XH", 2);
	drive_at(&d, 0, 2, "PH", 2);
	drive_at(&d, 0, 4, "A\0\6", 3);
	drive_at(&d, 0, 0, "AL", 2);
	expect(&d, NFIM_KNOWN, true);

	begin(&d, "twin: both copies are wrong");
	drive_at(&d, 0, 2, "Px", 2);
	drive_at(&d, 0, 4, "A\0\6", 3);
	drive_at(&d, 0, 2, "xH", 2);
	drive_at(&d, 0, 0, "AL", 2);
	expect(&d, NFIM_UNDECIDED, true);

	begin(&d, "in order: a waiting prefix is contradicted, then goes on");
	drive_at(&d, 0, 0, "ALPHA", 5);
	drive_at(&d, 0, 0, "SKIP\0", 5);
	drive_at(&d, 0, 5, "TAIL", 4);
	case_str("rule", drive_rule(&d), "tail");
	expect(&d, NFIM_KNOWN, true);

	begin(&d, "an anomaly alone is no verdict");
	drive_at(&d, 0, 0, "ALPHA", 5);
	drive_at(&d, 0, 0, "ALPHX", 5);
	drive_at(&d, 0, 5, "\xff\xff", 2);
	expect(&d, NFIM_UNDECIDED, true);

	begin(&d, "a retransmission with the same bytes is no anomaly");
	drive_at(&d, 0, 0, "ALPHA", 5);
	drive_at(&d, 0, 0, "ALPHA\0", 6);
	drive_at(&d, 0, 3, "HA\0\6", 4);
	expect(&d, NFIM_KNOWN, false);
}

/* What the receiver has acknowledged cannot be replaced. */
TEST(test_e6_acked)
{
	struct drive d;

	begin(&d, "a decoy after the real bytes were acknowledged");
	drive_at(&d, 0, 0, "ALPH", 4);
	d.has_acked[0] = true;
	d.acked[0] = 4;
	drive_at(&d, 0, 0, "XXXXA\0\6", 7);
	expect(&d, NFIM_KNOWN, false);

	begin(&d, "what closed it was acknowledged: the real bytes are no real ones");
	drive_at(&d, 0, 0, wrong, ALPHA_LEN);
	d.has_acked[0] = true;
	d.acked[0] = ALPHA_LEN;
	drive_at(&d, 0, 0, alpha, ALPHA_LEN);
	expect(&d, NFIM_UNDECIDED, false);

	begin(&d, "only in part");
	drive_at(&d, 0, 0, "ALxx", 4);
	d.has_acked[0] = true;
	d.acked[0] = 2;
	drive_at(&d, 0, 0, alpha, ALPHA_LEN);
	expect(&d, NFIM_UNDECIDED, false);
}

/* E8: a decoy that never arrives, then the real bytes, in any pieces. */
TEST(test_e8_decoy)
{
	u32 len, cut, from;

	for (from = 0; from < 7; from++) {
		for (len = 5; len <= ALPHA_LEN; len++) {
			for (cut = 0; cut < ALPHA_LEN - from; cut++) {
				struct drive d;

				case_begin("E8: [%u, %u) is a decoy, then real, cut at %u", from, len,
					   from + cut);
				drive_init(&d, &set->pack);
				if (from)
					drive_at(&d, 0, 0, alpha, from);
				if (from < len)
					drive_at(&d, 0, from, wrong + from, len - from);
				if (cut)
					drive_at(&d, 0, from, alpha + from, cut);
				drive_at(&d, 0, from + cut, alpha + from + cut, ALPHA_LEN - from - cut);
				case_verdict("verdict", d.verdict, NFIM_KNOWN);
				drive_free(&d);
			}
		}
	}
}

TEST(test_e8_twins)
{
	struct drive d;

	begin(&d, "a decoy of one byte less, then one of the same length");
	drive_at(&d, 0, 0, wrong, ALPHA_LEN);
	drive_at(&d, 0, 0, wrong, ALPHA_LEN - 1);
	drive_at(&d, 0, 0, wrong, ALPHA_LEN);
	expect(&d, NFIM_UNDECIDED, false);

	begin(&d, "what closed it comes once more in part: it is not looked at");
	drive_at(&d, 0, 0, "ALPHA", 5);
	drive_at(&d, 0, 5, "\xff\xff", 2);
	drive_at(&d, 0, 0, "ALPHA", 5);
	case_ok("closed", d.flow.flags[0] & NFIM_F_CLOSED);
	expect(&d, NFIM_UNDECIDED, false);

	begin(&d, "a positive verdict stays, whatever comes");
	drive_at(&d, 0, 0, alpha, ALPHA_LEN);
	drive_at(&d, 0, 0, wrong, ALPHA_LEN);
	drive_at(&d, 0, 0, "GET / HTTP/1.0", 14);
	drive_at(&d, 1, 0, "HTTP/1.0 200 OK", 15);
	expect(&d, NFIM_KNOWN, false);

	begin(&d, "the decoy is known: it counts");
	drive_at(&d, 0, 0, alpha, ALPHA_LEN);
	drive_at(&d, 0, 0, "GET / HTTP/1.0", 14);
	expect(&d, NFIM_KNOWN, false);
}

/* E9: decoys at wrong places of the stream. */
TEST(test_e9_wrong_place)
{
	static const u32 at[] = { (u32)-1, (u32)-14, (u32)-20000, 0x80000000, 1 << 29, 100000 };
	u32 i;

	for (i = 0; i < ARRAY_SIZE(at); i++) {
		struct drive d;

		begin(&d, "E9: a decoy before");
		case_note("at %d", (s32)at[i]);
		drive_at(&d, 0, at[i], i == 0 ? "x" : "xxxxxxxxxxxxxx", i == 0 ? 1 : 14);
		drive_at(&d, 0, 0, alpha, 3);
		drive_at(&d, 0, at[i], i == 0 ? "x" : "xxxxxxxxxxxxxx", i == 0 ? 1 : 14);
		drive_at(&d, 0, 3, alpha + 3, ALPHA_LEN - 3);
		expect(&d, NFIM_KNOWN, false);

		begin(&d, "E9: the real bytes at a wrong place");
		case_note("at %d", (s32)at[i]);
		drive_at(&d, 0, at[i], alpha, ALPHA_LEN);
		case_ok("not known", d.verdict != NFIM_KNOWN);
		drive_free(&d);
	}
}

/* E36: data in the SYN is the stream's start; it may come again without. */
TEST(test_e36_syn_data)
{
	struct drive d;

	begin(&d, "E36: all in the SYN");
	drive_at(&d, 0, 0, alpha, ALPHA_LEN);
	expect(&d, NFIM_KNOWN, false);

	begin(&d, "E36: a part in the SYN, the rest later");
	drive_at(&d, 0, 0, alpha, 4);
	drive_at(&d, 0, 4, alpha + 4, ALPHA_LEN - 4);
	expect(&d, NFIM_KNOWN, false);

	begin(&d, "E36: the server did not take it, all comes again");
	drive_at(&d, 0, 0, alpha, 4);
	d.has_acked[0] = true;
	drive_at(&d, 0, 0, alpha, ALPHA_LEN);
	expect(&d, NFIM_KNOWN, false);

	begin(&d, "E36: the SYN-ACK has data, too");
	drive_at(&d, 0, 0, "hello", 5);
	drive_at(&d, 1, 0, alpha, ALPHA_LEN);
	expect(&d, NFIM_KNOWN, false);
}

/* E37: urgent data is delivered inline; a peer that strips it sees another stream. */
TEST(test_e37_urgent)
{
	struct drive d;

	begin(&d, "E37: the urgent byte is one of the stream");
	drive_at(&d, 0, 0, "ALPHA", 5);
	drive_at(&d, 0, 5, "\0", 1);
	drive_at(&d, 0, 6, "\6", 1);
	expect(&d, NFIM_KNOWN, false);

	begin(&d, "E37, twin: it is another");
	drive_at(&d, 0, 0, "ALPHA", 5);
	drive_at(&d, 0, 5, "!", 1);
	drive_at(&d, 0, 6, "\0\6", 2);
	expect(&d, NFIM_UNDECIDED, false);
}

/* E50: what is unknown but in range is still Yahoo. */
TEST(test_e50_ymsg)
{
	static const struct {
		const char *hex;
		bool known;
		u32 actions;
	} tries[] = {
		{ "594d5347 00ff 0000 0000 0057 00000000 00000000", true, 1 << 0 },
		{ "594d5347 0010 0000 0000 0200 00000000 00000000", true, 1 << 10 },
		{ "594d5347 0010 0000 0000 02ea 00000000 00000000", true, 1 << 2 },
		{ "594d5347 0010 0000 0000 02eb 00000000 00000000", false, 0 },
		{ "594d5347 0010 0000 0000 07d1 00000000 00000000", true, 1 << 10 },
		{ "594d5347 0010 0000 0000 0000 00000000 00000000", false, 0 },
		{ "594d5347 0b00 0000 0000 0006 00000000 00000000", true, 1 << 2 },
		{ "594d5347 0101 0000 0000 0006 00000000 00000000", false, 0 },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(tries); i++) {
		struct drive d;
		u32 len;
		u8 *bytes = hex_bytes(tries[i].hex, &len);

		case_begin("E50: %s", tries[i].hex);
		drive_init(&d, &shipped->pack);
		d.watch = true;
		drive_at(&d, 0, 0, bytes, len);
		case_eq("known", d.verdict == NFIM_KNOWN, tries[i].known);
		if (tries[i].known)
			case_str("protocol", drive_proto(&d), "ymsg");
		case_eq("actions", d.actions, tries[i].actions);
		drive_free(&d);
		free(bytes);
	}
}

/* E56: keep-alive probes carry a byte from below, with anything in it. */
TEST(test_e56_keep_alive)
{
	u32 i;

	for (i = 0; i <= 6; i++) {
		struct drive d;

		case_begin("E56: a probe after %u bytes", i);
		drive_init(&d, &set->pack);
		if (i)
			drive_at(&d, 0, 0, alpha, i);
		/* Probes come when all is acknowledged. */
		d.has_acked[0] = true;
		d.acked[0] = i;
		drive_at(&d, 0, i - 1, "?", 1);
		drive_at(&d, 0, i - 1, "?", 1);
		drive_at(&d, 0, i, alpha + i, ALPHA_LEN - i);
		expect(&d, NFIM_KNOWN, false);

		case_begin("E56: the byte below, and the next ones, after %u", i);
		drive_init(&d, &set->pack);
		if (i)
			drive_at(&d, 0, 0, alpha, i);
		d.has_acked[0] = true;
		d.acked[0] = i;
		{
			char both[ALPHA_LEN + 1] = "?";

			memcpy(both + 1, alpha + i, ALPHA_LEN - i);
			drive_at(&d, 0, i - 1, both, ALPHA_LEN - i + 1);
		}
		expect(&d, NFIM_KNOWN, false);
	}
}

/* Mail, logs and web pages that quote a signature are none. */
TEST(test_quotes)
{
	static const char *const before[] = {
		"GET /?", "220 mail\r\n", " ", "\n", "y", "A", "AL", "YMS", "SKIP", "POST / HTTP/1.0\r\n\r\n",
	};
	const struct nfim_sig_sample *s = sigset_sample(shipped, "ymsg", "auth");
	u32 i, cut;

	for (i = 0; i < ARRAY_SIZE(before); i++) {
		u32 n = (u32)strlen(before[i]), len = n + s->len;
		u8 *bytes = malloc(len);

		memcpy(bytes, before[i], n);
		memcpy(bytes + n, s->bytes, s->len);
		for (cut = 0; cut < len; cut++) {
			struct drive d;

			case_begin("\"%s\" before a frame, cut at %u", before[i], cut);
			drive_init(&d, &shipped->pack);
			if (cut)
				drive_at(&d, 0, 0, bytes, cut);
			drive_at(&d, 0, cut, bytes + cut, len - cut);
			expect(&d, NFIM_UNDECIDED, false);
		}
		free(bytes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_e3_e4_e5),
		cmocka_unit_test(test_e6_overlap),
		cmocka_unit_test(test_e6_mixed),
		cmocka_unit_test(test_e6_acked),
		cmocka_unit_test(test_e8_decoy),
		cmocka_unit_test(test_e8_twins),
		cmocka_unit_test(test_e9_wrong_place),
		cmocka_unit_test(test_e36_syn_data),
		cmocka_unit_test(test_e37_urgent),
		cmocka_unit_test(test_e50_ymsg),
		cmocka_unit_test(test_e56_keep_alive),
		cmocka_unit_test(test_quotes),
	};
	int failed;

	set = sigset_test();
	shipped = sigset_shipped();
	failed = cmocka_run_group_tests_name("evade", tests, NULL, NULL);
	sigset_free(set);
	sigset_free(shipped);
	printf("# %lu cases\n", case_count());
	return failed;
}
