// SPDX-License-Identifier: GPL-2.0-only
/*
 * One flow: where its streams begin, what is kept, when reading ends, and what becomes
 * of it without memory. The signatures are those of support/testsigs.c.
 */
#include "unit.h"
#include "drive.h"
#include "sigset.h"

#include <stdlib.h>

/* 8 bytes of header, 6 of data; the verdict falls with byte 7. */
static const char alpha[] = "ALPHA\0\6\1u|ann|";
enum { ALPHA_LEN = sizeof(alpha) - 1 };

static struct sigset *set;

static void begin(struct drive *d, const char *name)
{
	case_begin("%s", name);
	drive_init(d, &set->pack);
}

static void expect(struct drive *d, enum nfim_verdict want, const char *rule)
{
	case_verdict("verdict", d->verdict, want);
	case_str("rule", drive_rule(d), rule);
	drive_free(d);
}

static u8 fill_x(u32 at)
{
	(void)at;
	return 'x';
}

/* "FAR!", then how far away the rest is: more than a packet or two. */
static u8 fill_far(u32 at)
{
	return at < 6 ? "FAR!\xff\xff"[at] : 'x';
}

/* Sequence numbers at which a stream may begin, and go over the end of the numbers. */
TEST(test_bases)
{
	static const u32 bases[] = { 0, 1, 0x7fffffff, 0x80000000, U32_MAX, U32_MAX - 6, U32_MAX - 13 };
	u32 i, cut;

	for (i = 0; i < ARRAY_SIZE(bases); i++) {
		for (cut = 0; cut < ALPHA_LEN; cut++) {
			struct drive d;

			begin(&d, "base");
			case_note("0x%x, cut %u", bases[i], cut);
			d.base[0] = bases[i];
			if (cut)
				drive_at(&d, 0, 0, alpha, cut);
			drive_at(&d, 0, cut, alpha + cut, ALPHA_LEN - cut);
			expect(&d, NFIM_KNOWN, "head");
		}
	}
}

/* What comes first is far ahead of the stream's start: it is waited for, not given up. */
TEST(test_far_ahead)
{
	static const u32 ahead[] = { 1, 14, 191, 4000, 16384, 16385, 20000, 70000, 1 << 20, 1 << 29 };
	u32 i;

	for (i = 0; i < ARRAY_SIZE(ahead); i++) {
		struct drive d;

		begin(&d, "a byte far ahead");
		case_note("%u", ahead[i]);
		drive_at(&d, 0, ALPHA_LEN + ahead[i], "x", 1);
		case_verdict("after the first", d.verdict, NFIM_UNDECIDED);
		drive_at(&d, 0, 0, alpha, ALPHA_LEN);
		expect(&d, NFIM_KNOWN, "head");
	}
}

/* Both sides said what no rule knows. */
TEST(test_none)
{
	struct drive d;

	begin(&d, "client, then server");
	drive_at(&d, 0, 0, "EHLO example.org\r\n", 18);
	case_verdict("after the client", d.verdict, NFIM_UNDECIDED);
	case_ok("live", nfim_flow_live(&d.flow));
	drive_at(&d, 1, 0, "250 example.org\r\n", 17);
	case_eq("packets", d.decided, 2);
	expect(&d, NFIM_NONE, NULL);

	begin(&d, "16 KiB from the client, nothing from the server");
	drive_raw(&d, 0, 0, 16383, fill_x);
	case_verdict("before", d.verdict, NFIM_UNDECIDED);
	drive_raw(&d, 0, 16383, 1, fill_x);
	expect(&d, NFIM_NONE, NULL);

	begin(&d, "the client waits, 16 KiB from the server");
	drive_at(&d, 0, 0, alpha, 3);
	drive_raw(&d, 1, 0, 20000, fill_x);
	case_verdict("the client may still be one", d.verdict, NFIM_UNDECIDED);
	drive_at(&d, 0, 3, alpha + 3, ALPHA_LEN - 3);
	expect(&d, NFIM_KNOWN, "head");

	begin(&d, "after none nothing counts");
	drive_at(&d, 0, 0, "EHLO example.org\r\n", 18);
	drive_at(&d, 1, 0, "250 example.org\r\n", 17);
	d.watch = true;
	drive_at(&d, 0, 16, alpha, ALPHA_LEN);
	drive_at(&d, 0, 0, alpha, ALPHA_LEN);
	expect(&d, NFIM_NONE, NULL);
}

/* The number of packets ends every flow: unknown if nothing waits, else not to be had. */
TEST(test_packets)
{
	struct drive d;
	u32 i;

	begin(&d, "a client that is none, and a silent server");
	d.paranoid = false;
	for (i = 0; i < NFIM_BUDGET_PACKETS - 1; i++)
		drive_at(&d, 0, 0, "xyz", 3);
	case_verdict("one before", d.verdict, NFIM_UNDECIDED);
	drive_at(&d, 0, 0, "xyz", 3);
	expect(&d, NFIM_NONE, NULL);

	begin(&d, "one byte a packet of what waits");
	for (i = 0; i < NFIM_BUDGET_PACKETS; i++) {
		u8 byte = fill_far(i);

		drive_at(&d, 0, i, &byte, 1);
		if (i < NFIM_BUDGET_PACKETS - 1)
			case_verdict("before", d.verdict, NFIM_UNDECIDED);
	}
	case_ok("blocks", d.blocks_peak <= NFIM_BUDGET_PACKETS / NFIM_BLOCK + 1);
	expect(&d, NFIM_GIVEN_UP, NULL);

	begin(&d, "keep-alive probes below the stream's start");
	d.paranoid = false;
	for (i = 0; i < NFIM_BUDGET_PACKETS; i++)
		drive_at(&d, 0, (u32)-1, "", 1);
	expect(&d, NFIM_GIVEN_UP, NULL);
}

/* A gap that is never filled: what is kept stays bounded, and the packets' number ends it. */
TEST(test_gap)
{
	struct drive d;
	u32 i;

	begin(&d, "every byte but the first");
	d.paranoid = false;
	for (i = 0; i < NFIM_BUDGET_PACKETS && !d.verdict; i++)
		drive_raw(&d, 0, 1 + i * 100, 100, fill_x);
	case_eq("packets", d.packets, NFIM_BUDGET_PACKETS);
	case_ok("blocks", d.blocks_peak <= NFIM_WINDOW_MAX / NFIM_BLOCK + 1);
	expect(&d, NFIM_GIVEN_UP, NULL);

	begin(&d, "every second byte, contradicting itself");
	d.paranoid = false;
	for (i = 0; i < NFIM_BUDGET_PACKETS && !d.verdict; i++)
		drive_at(&d, 0, 1 + i * 37 % 1600, i % 2 ? "a.b.c" : "d.e.f", 5);
	case_ok("blocks", d.blocks_peak <= NFIM_BLOCKS_MAX);
	case_ok("anomaly", drive_anomaly(&d));
	expect(&d, NFIM_GIVEN_UP, NULL);

	begin(&d, "filled after 16 KiB");
	drive_raw(&d, 0, 7, 16384 - 7, fill_x);
	case_ok("kept", d.blocks > 80);
	drive_at(&d, 0, 0, alpha, 7);
	expect(&d, NFIM_KNOWN, "head");
}

/* 4 KiB that came in order are kept at most; a flow in which more would be needed is given up,
 * in pieces as in one.
 */
TEST(test_prefix_limit)
{
	static const u32 ends[] = { 3000, 4095, 4096, 4097, 5000, 16384 };
	u32 i, step;

	for (i = 0; i < ARRAY_SIZE(ends); i++) {
		u32 end = ends[i], at;
		u8 *bytes = malloc(end);

		memset(bytes, 'x', end);
		memcpy(bytes, "FAR!", 4);
		bytes[4] = (end - 4) >> 8;
		bytes[5] = (end - 4) & 0xff;
		memcpy(bytes + end - 4, "BACK", 4);
		for (step = end; step > 60; step = step * 2 / 3) {
			struct drive d;

			case_begin("end at %u, in steps of %u", end, step);
			drive_init(&d, &set->pack);
			for (at = 0; at < end && !d.verdict; at += step)
				drive_at(&d, 0, at, bytes + at, min(step, end - at));
			case_ok("blocks", d.blocks_peak <= NFIM_PREFIX_KEEP_MAX / NFIM_BLOCK + 2);
			case_verdict("verdict", d.verdict, end <= NFIM_PREFIX_KEEP_MAX ?
				     NFIM_KNOWN : NFIM_GIVEN_UP);
			drive_free(&d);
		}
		free(bytes);
	}
}

/* Super-packets (GRO, BIG TCP), of which only 64 bytes are at hand. */
TEST(test_large)
{
	struct drive d;

	begin(&d, "large, none");
	drive_raw(&d, 0, 0, 500000, fill_x);
	expect(&d, NFIM_NONE, NULL);

	begin(&d, "large, would wait for more than is kept");
	drive_raw(&d, 0, 0, 64000, fill_far);
	expect(&d, NFIM_GIVEN_UP, NULL);

	begin(&d, "large, ahead of the start");
	drive_raw(&d, 0, 1, 500000, fill_x);
	case_ok("blocks", d.blocks <= NFIM_WINDOW_MAX / NFIM_BLOCK + 1);
	drive_at(&d, 0, 0, "x", 1);
	expect(&d, NFIM_NONE, NULL);
}

/* Time ends only what nothing waits in. */
TEST(test_age)
{
	struct drive d;

	begin(&d, "a pause of five minutes inside the signature");
	drive_at(&d, 0, 0, alpha, 3);
	d.age = 300;
	case_ok("live", nfim_flow_live(&d.flow));
	drive_at(&d, 0, 3, alpha + 3, 1);
	d.age = 65535;
	drive_at(&d, 0, 4, alpha + 4, ALPHA_LEN - 4);
	expect(&d, NFIM_KNOWN, "head");

	begin(&d, "the server speaks after an hour");
	drive_at(&d, 0, 0, "xyz", 3);
	d.age = 3600;
	drive_at(&d, 0, 3, "xyz", 3);
	drive_at(&d, 1, 0, alpha, ALPHA_LEN);
	expect(&d, NFIM_KNOWN, "head");

	begin(&d, "the server speaks after an hour, out of order");
	drive_at(&d, 0, 0, "xyz", 3);
	d.age = 3600;
	drive_at(&d, 1, 5, alpha + 5, ALPHA_LEN - 5);
	case_verdict("its start is not there yet", d.verdict, NFIM_UNDECIDED);
	drive_at(&d, 1, 0, alpha, 5);
	expect(&d, NFIM_KNOWN, "head");

	begin(&d, "keep-alive probes of both sides, then the client speaks");
	drive_at(&d, 0, (u32)-1, "", 1);
	drive_at(&d, 1, (u32)-1, "", 1);
	d.age = 75;
	drive_at(&d, 0, (u32)-1, "", 1);
	drive_at(&d, 1, (u32)-1, "", 1);
	drive_at(&d, 0, 0, alpha, ALPHA_LEN);
	expect(&d, NFIM_KNOWN, "head");

	begin(&d, "in mid-stream, nothing waits");
	d.has_base[0] = d.has_base[1] = false;
	drive_at(&d, 0, 0, "xyz", 3);
	d.age = NFIM_BUDGET_AGE;
	drive_at(&d, 0, 3, "xyz", 3);
	case_verdict("at the limit", d.verdict, NFIM_UNDECIDED);
	d.age++;
	drive_at(&d, 0, 6, "xyz", 3);
	expect(&d, NFIM_NONE, NULL);

	begin(&d, "in mid-stream, something waits");
	d.has_base[0] = d.has_base[1] = false;
	drive_at(&d, 0, 0, alpha, 6);
	d.age = 3600;
	drive_at(&d, 1, 0, "xyz", 3);
	drive_at(&d, 0, 6, alpha + 6, ALPHA_LEN - 6);
	expect(&d, NFIM_KNOWN, "head-mid");
}

/* A flow that was not seen from its start: only some rules, and only where segments begin. */
TEST(test_mid)
{
	struct drive d;

	begin(&d, "at the start of a segment");
	d.has_base[0] = d.has_base[1] = false;
	drive_at(&d, 0, 0, "....", 4);
	drive_at(&d, 0, 4, alpha, ALPHA_LEN);
	expect(&d, NFIM_KNOWN, "head-mid");

	begin(&d, "inside of one");
	d.has_base[0] = d.has_base[1] = false;
	drive_at(&d, 0, 0, "....ALPHA\0\6\1u|ann|", 18);
	expect(&d, NFIM_UNDECIDED, NULL);

	begin(&d, "a rule that is not for mid-stream");
	d.has_base[0] = d.has_base[1] = false;
	drive_at(&d, 0, 0, "SKIP\0TAIL", 9);
	expect(&d, NFIM_UNDECIDED, NULL);

	begin(&d, "the other side was seen from its start");
	d.has_base[0] = false;
	drive_at(&d, 0, 0, "SKIP\0TAIL", 9);
	drive_at(&d, 1, 0, "SKIP\0TAIL", 9);
	expect(&d, NFIM_KNOWN, "tail");

	begin(&d, "both sides for 16 KiB");
	d.has_base[0] = d.has_base[1] = false;
	drive_raw(&d, 0, 0, 16384, fill_x);
	expect(&d, NFIM_NONE, NULL);

	begin(&d, "cut in three, with another segment before it is whole");
	d.has_base[0] = d.has_base[1] = false;
	drive_at(&d, 1, 0, "xx", 2);
	drive_at(&d, 0, 0, alpha, 2);
	drive_at(&d, 1, 2, alpha, 3);
	drive_at(&d, 0, 4, alpha + 4, ALPHA_LEN - 4);
	drive_at(&d, 0, 2, alpha + 2, 2);
	expect(&d, NFIM_KNOWN, "head-mid");
}

/* What the receiver acknowledged never came by here. */
TEST(test_missed)
{
	struct drive d;

	begin(&d, "the start was missed");
	d.has_acked[0] = true;
	d.acked[0] = 100;
	drive_at(&d, 0, 100, alpha, ALPHA_LEN);
	expect(&d, NFIM_KNOWN, "head-mid");

	begin(&d, "the start was missed, and a rule that is not for mid-stream");
	d.has_acked[0] = true;
	d.acked[0] = 100;
	drive_at(&d, 0, 100, "SKIP\0TAIL", 9);
	expect(&d, NFIM_UNDECIDED, NULL);

	begin(&d, "something was kept behind the gap");
	drive_at(&d, 0, 10, "xyz", 3);
	d.has_acked[0] = true;
	d.acked[0] = 13;
	drive_at(&d, 0, 13, "xyz", 3);
	expect(&d, NFIM_GIVEN_UP, NULL);

	begin(&d, "it was acknowledged as it should be");
	drive_at(&d, 0, 0, alpha, 3);
	d.has_acked[0] = true;
	d.acked[0] = 3;
	drive_at(&d, 0, 3, alpha + 3, ALPHA_LEN - 3);
	expect(&d, NFIM_KNOWN, "head");

	begin(&d, "an old acknowledgment");
	d.has_acked[0] = true;
	d.acked[0] = (u32)-1;
	drive_at(&d, 0, 0, alpha, ALPHA_LEN);
	expect(&d, NFIM_KNOWN, "head");
}

/* Without memory an undecided flow is given up; a known one stays known. */
TEST(test_no_memory)
{
	u32 i;

	for (i = 1; i < ALPHA_LEN; i++) {
		struct drive d;

		case_begin("no block after %u bytes", i);
		drive_init(&d, &set->pack);
		d.blocks_left = 0;
		drive_at(&d, 0, 0, alpha, i);
		case_verdict("verdict", d.verdict, i < 7 ? NFIM_GIVEN_UP : NFIM_KNOWN);
		drive_free(&d);

		case_begin("no block after %u bytes of the next frame, known by the same packet", i);
		drive_init(&d, &set->pack);
		d.blocks_left = 0;
		d.watch = true;
		drive_at(&d, 0, 0, "ALPHA\0\0\2ALPHA\0\6\1u|ann|", 8 + i);
		case_verdict("verdict", d.verdict, NFIM_KNOWN);
		case_eq("actions", d.actions, i < 8 ? 1 << 2 : 1 << 2 | 1 << 0);
		drive_free(&d);

		case_begin("no block after %u bytes of the next frame", i);
		drive_init(&d, &set->pack);
		d.watch = true;
		drive_at(&d, 0, 0, "ALPHA\0\0\2", 8);
		d.blocks_left = 0;
		drive_at(&d, 0, 8, alpha, i);
		drive_at(&d, 0, 8 + i, alpha + i, ALPHA_LEN - i);
		case_verdict("verdict", d.verdict, NFIM_KNOWN);
		d.actions = 0;
		drive_at(&d, 0, 8 + ALPHA_LEN, "ALPHA\0\0\5", 8);
		case_eq("actions of the next segment", d.actions, 1 << 4);
		drive_free(&d);
	}
}

/* The two sides of a flow do not know each other's bytes. */
TEST(test_two_sides)
{
	struct drive d;

	begin(&d, "half from each side");
	drive_at(&d, 0, 0, alpha, 5);
	drive_at(&d, 1, 5, alpha + 5, ALPHA_LEN - 5);
	expect(&d, NFIM_UNDECIDED, NULL);

	begin(&d, "the server is known while the client waits");
	drive_at(&d, 0, 0, "ALPHA", 5);
	case_ok("kept", d.blocks);
	drive_at(&d, 1, 0, "* SRV READY", 11);
	case_eq("blocks of the client", d.blocks, 0);
	expect(&d, NFIM_KNOWN, "banner");

	begin(&d, "the server is known while the client's bytes are out of order");
	d.watch = true;
	drive_at(&d, 0, 5, "HA", 2);
	drive_at(&d, 1, 0, "ALPHA\0\0\2", 8);
	case_verdict("verdict", d.verdict, NFIM_KNOWN);
	d.actions = 0;
	drive_at(&d, 0, 7, "ALPHA\0\0\4", 8);
	case_eq("actions of the client", d.actions, 1 << 4);
	expect(&d, NFIM_KNOWN, "head");

	begin(&d, "a message of a login protocol in both");
	drive_at(&d, 0, 0, alpha, 6);
	drive_at(&d, 1, 0, alpha, 6);
	drive_at(&d, 1, 6, alpha + 6, 8);
	case_eq("packet", d.decided, 3);
	expect(&d, NFIM_KNOWN, "head");
}

TEST(test_datagrams)
{
	static const u8 voice[] = { 0xc0, 0xff, 0xee, 1, 0, 2, 0xab, 0xcd };
	static const u8 video[] = { 0xc0, 0xff, 0xee, 2, 0, 0 };
	struct drive d;
	u32 i, n;

	for (n = 0; n <= NFIM_BUDGET_DATAGRAMS; n++) {
		case_begin("%u datagrams before", n);
		drive_init(&d, &set->pack);
		for (i = 0; i < n; i++)
			drive_datagram(&d, i & 1, "xyz", 3);
		case_verdict("before", d.verdict,
			     n < NFIM_BUDGET_DATAGRAMS ? NFIM_UNDECIDED : NFIM_NONE);
		drive_datagram(&d, 1, voice, sizeof(voice));
		case_verdict("verdict", d.verdict,
			     n < NFIM_BUDGET_DATAGRAMS ? NFIM_KNOWN : NFIM_NONE);
		drive_free(&d);
	}
	begin(&d, "a signature in two datagrams");
	drive_datagram(&d, 0, voice, 4);
	drive_datagram(&d, 0, voice + 4, 4);
	expect(&d, NFIM_UNDECIDED, NULL);

	begin(&d, "actions of datagrams");
	d.watch = true;
	drive_datagram(&d, 0, voice, sizeof(voice));
	case_eq("of the first", d.step.actions, 1 << 5);
	drive_datagram(&d, 1, video, sizeof(video));
	case_eq("of the second", d.step.actions, 1 << 6);
	drive_datagram(&d, 1, "xyz", 3);
	case_eq("of another", d.step.actions, 0);
	expect(&d, NFIM_KNOWN, "head");
}

/* A pack that knows no datagrams does not look at sixteen of them. */
TEST(test_no_datagrams)
{
	static const char *const texts[] = {
		"protocol lone\nrule r tcp any\n\tbytes 0 \"LONE\"\n"
		"sample s tcp client\n\ttext \"LONE\"\n\texpect r\n"
	};
	struct sigset *lone = sigset_text("id\tname\taliases\tcategory\tlabel\ttitle\n"
					  "1\tlone\t-\tp2p\t-\tNo datagrams\n", texts, 1);
	struct drive d;

	case_begin("no rules for datagrams");
	drive_init(&d, &lone->pack);
	drive_datagram(&d, 0, "LONE", 4);
	case_eq("packet", d.decided, 1);
	expect(&d, NFIM_NONE, NULL);
	sigset_free(lone);
}

/* The number of packets of a flow that goes on for ever does not wrap. */
TEST(test_many_packets)
{
	struct drive d;
	u32 i;

	begin(&d, "70,000 packets of a watched flow");
	d.watch = true;
	d.paranoid = false;
	for (i = 0; i < 70000; i++)
		drive_at(&d, 0, i * 8, "ALPHA\0\0\2", 8);
	case_eq("packets", d.flow.packets, U16_MAX);
	case_eq("actions of the last", d.step.actions, 1 << 2);
	expect(&d, NFIM_KNOWN, "head");
}

/* How many packets of "zzz" the short way takes, which is held against the long way for each. */
TEST(test_brief)
{
	static const char none[] = "zzzzzzzz", part[] = "ALPHA";
	struct drive d;

	begin(&d, "brief: from the start");
	drive_at(&d, 0, 0, none, 8);
	drive_at(&d, 0, 8, none, 8);
	drive_at(&d, 1, 0, none, 8);
	case_eq("taken", d.brief, 3);
	drive_free(&d);
	begin(&d, "brief: in mid-stream");
	d.has_base[0] = false;
	drive_at(&d, 0, 500, none, 8);
	drive_at(&d, 0, 508, none, 8);
	case_eq("taken", d.brief, 2);
	drive_free(&d);
	begin(&d, "brief: datagrams");
	d.udp = true;
	drive_datagram(&d, 0, none, 8);
	drive_datagram(&d, 1, none, 8);
	case_eq("taken", d.brief, 2);
	drive_free(&d);
	begin(&d, "brief: what may become something");
	drive_at(&d, 0, 0, part, 5);
	drive_at(&d, 0, 9, none, 8);
	case_eq("taken", d.brief, 0);
	drive_free(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bases),
		cmocka_unit_test(test_far_ahead),
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_packets),
		cmocka_unit_test(test_gap),
		cmocka_unit_test(test_prefix_limit),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_age),
		cmocka_unit_test(test_mid),
		cmocka_unit_test(test_missed),
		cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_two_sides),
		cmocka_unit_test(test_datagrams),
		cmocka_unit_test(test_no_datagrams),
		cmocka_unit_test(test_many_packets),
		cmocka_unit_test(test_brief),
	};
	int failed;

	set = sigset_test();
	failed = cmocka_run_group_tests_name("flow", tests, NULL, NULL);
	sigset_free(set);
	printf("# %lu cases\n", case_count());
	return failed;
}
