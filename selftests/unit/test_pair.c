// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pairs: every sample that answers another one decides with it, whichever comes first and however
 * both are cut; half of it, or a half with another number, decides nothing and keeps no flow.
 */
#include "unit.h"
#include "samples.h"

#include <linux/netfilter/nf_im.h>
#include <stdlib.h>

enum {
	SLICES	= 4,	/* of each side, in which both take turns */
};

/* A sample and the one it answers. */
struct both {
	const struct sigset *set;
	const struct nfim_sig_sample *say[2];	/* by direction */
	const struct nfim_sig_sample *answer;	/* which of these */
	bool udp;
};

typedef void (*both_fn)(const struct both *b);

static void each_pair(enum nfim_expect expect, both_fn fn)
{
	struct sample_at at = { 0 };
	u32 n = 0;

	while (samples_next(&at)) {
		const struct nfim_sig_sample *o = at.s->before;
		struct both b = { .set = at.set, .answer = at.s };

		if (!o || at.s->expect != expect)
			continue;
		b.udp = o->root == NFIM_ROOT_UDP;
		b.say[o->dir == NFIM_DIR_SERVER] = o;
		b.say[at.s->dir == NFIM_DIR_SERVER] = at.s;
		fn(&b);
		n++;
	}
	case_ok("there are such samples", n > 1);
}

static void begin(const struct both *b, struct drive *d)
{
	drive_init(d, &b->set->pack);
	d->udp = b->udp;
}

/* Bytes [from, to) of what a direction says. */
static void say(const struct both *b, struct drive *d, u32 dir, u32 from, u32 to)
{
	if (from < to && !d->verdict)
		drive_at(d, dir, from, b->say[dir]->bytes + from, to - from);
}

static void say_all(const struct both *b, struct drive *d, u32 dir)
{
	say(b, d, dir, 0, b->say[dir]->len);
}

static void expect_pair(const struct both *b, struct drive *d)
{
	case_verdict("verdict", d->verdict, NFIM_KNOWN);
	case_str("protocol", drive_proto(d), b->answer->proto);
	case_str("pair", drive_rule(d), b->answer->rule);
	case_eq("confidence", d->flow.conf, NFIM_CONF_PAIR);
	case_eq("confidence of the step", d->step.conf, NFIM_CONF_PAIR);
	case_ok("no anomaly", !drive_anomaly(d));
	drive_free(d);
}

/* Undecided or, where nobody waits for more, none. */
static void expect_nothing(struct drive *d)
{
	case_ok("not known", d->verdict != NFIM_KNOWN);
	case_eq("protocol", d->flow.proto, 0);
	drive_free(d);
}

/* Which direction speaks first does not count; the packet that completes the second decides. */
static void both_orders(const struct both *b)
{
	struct drive d;
	u32 first;

	for (first = 0; first < 2; first++) {
		case_begin("%s %s: direction %u first", b->answer->proto, b->answer->name, first);
		begin(b, &d);
		say_all(b, &d, first);
		case_verdict("half alone", d.verdict, NFIM_UNDECIDED);
		say_all(b, &d, !first);
		case_eq("decided by packet", d.decided, 2);
		expect_pair(b, &d);
		case_begin("%s %s: direction %u first, all of it twice", b->answer->proto, b->answer->name, first);
		begin(b, &d);
		say_all(b, &d, first);
		say_all(b, &d, first);
		case_verdict("half twice", d.verdict, NFIM_UNDECIDED);
		say_all(b, &d, !first);
		expect_pair(b, &d);
	}
}

TEST(test_both_orders)
{
	each_pair(NFIM_EXPECT_RULE, both_orders);
}

static void cut_pair(const struct both *b, u32 first, u32 cut, u32 cut2)
{
	struct drive d;

	case_begin("%s %s: direction %u first, cut at %u and %u", b->answer->proto, b->answer->name, first, cut, cut2);
	begin(b, &d);
	say(b, &d, first, 0, cut);
	say(b, &d, !first, 0, cut2);
	say(b, &d, first, cut, b->say[first]->len);
	say(b, &d, !first, cut2, b->say[!first]->len);
	expect_pair(b, &d);
	case_begin("%s %s: direction %u first, reversed, cut at %u and %u", b->answer->proto, b->answer->name, first, cut, cut2);
	begin(b, &d);
	say(b, &d, first, cut, b->say[first]->len);
	say(b, &d, !first, cut2, b->say[!first]->len);
	say(b, &d, !first, 0, cut2);
	say(b, &d, first, 0, cut);
	expect_pair(b, &d);
}

/* All cuts of both; and a piece of what was said already comes again. */
static void all_cuts(const struct both *b)
{
	struct drive d;
	u32 first, cut, cut2;

	for (first = 0; first < 2 && !b->udp; first++) {
		for (cut = 1; cut < b->say[first]->len; cut++) {
			for (cut2 = 1; cut2 < b->say[!first]->len; cut2++)
				cut_pair(b, first, cut, cut2);
			case_begin("%s %s: direction %u first, and its first %u bytes again", b->answer->proto, b->answer->name, first, cut);
			begin(b, &d);
			say_all(b, &d, first);
			say(b, &d, first, 0, cut);
			say_all(b, &d, !first);
			expect_pair(b, &d);
		}
	}
}

TEST(test_all_cuts)
{
	each_pair(NFIM_EXPECT_RULE, all_cuts);
}

/* Both take turns, byte by byte or in slices, each piece twice. */
static void turns(const struct both *b)
{
	u32 n, i, dir, len;
	struct drive d;

	for (n = SLICES; n <= 256 && !b->udp; n *= 64) {
		case_begin("%s %s: in %u slices", b->answer->proto, b->answer->name, n);
		begin(b, &d);
		for (i = 0; i < n; i++) {
			for (dir = 0; dir < 4; dir++) {
				len = b->say[dir / 2]->len;
				say(b, &d, dir / 2, len * i / n, len * (i + 1) / n);
			}
		}
		expect_pair(b, &d);
	}
}

TEST(test_turns)
{
	each_pair(NFIM_EXPECT_RULE, turns);
}

static void other_number(const struct both *b)
{
	struct drive d;
	u32 first;

	for (first = 0; first < 2; first++) {
		case_begin("%s %s: direction %u first", b->answer->proto, b->answer->name, first);
		begin(b, &d);
		say_all(b, &d, first);
		say_all(b, &d, !first);
		expect_nothing(&d);
	}
}

/* Halves that do not belong together: another number, another pair, the same half. */
TEST(test_other_number)
{
	each_pair(NFIM_EXPECT_HALF, other_number);
}

/* A new pack forgets what was said; a datagram may say it again. */
static void swapped(const struct both *b)
{
	struct nfim_pack next = b->set->pack;
	struct drive d;
	u32 first;

	next.epoch++;
	for (first = 0; first < 2; first++) {
		case_begin("%s %s: direction %u, a new pack, the other one", b->answer->proto, b->answer->name, first);
		begin(b, &d);
		say_all(b, &d, first);
		d.pack = &next;
		say_all(b, &d, !first);
		if (b->udp) {
			case_verdict("verdict", d.verdict, NFIM_UNDECIDED);
			say_all(b, &d, first);
			expect_pair(b, &d);
			continue;
		}
		expect_nothing(&d);
	}
}

TEST(test_swapped)
{
	each_pair(NFIM_EXPECT_RULE, swapped);
}

/* What is none of ours answers: the flow ends with the same packet as without the half. */
static void half_alone(const struct both *b)
{
	static const u8 junk[] = "\xf0zz none of ours, of any protocol";
	struct drive d, twin;
	u32 dir, i;

	for (dir = 0; dir < 2; dir++) {
		case_begin("%s %s: direction %u, and nobody answers", b->answer->proto, b->answer->name, dir);
		begin(b, &d);
		begin(b, &twin);
		for (i = 0; i < 40 && !twin.verdict; i++) {
			say_all(b, &d, dir);
			drive_at(&twin, dir, 0, junk, sizeof(junk));
			drive_at(&d, !dir, 0, junk, sizeof(junk));
			if (!twin.verdict)
				drive_at(&twin, !dir, 0, junk, sizeof(junk));
		}
		case_verdict("none", twin.verdict, NFIM_NONE);
		case_verdict("and of half, too", d.verdict, NFIM_NONE);
		drive_free(&d);
		drive_free(&twin);
	}
}

TEST(test_half_alone)
{
	struct both b = { .set = sets[1] };

	b.say[0] = sigset_sample(sets[1], "halves", "ping");
	b.say[1] = sigset_sample(sets[1], "halves", "pong");
	b.answer = b.say[1];
	half_alone(&b);
	b.say[0] = sigset_sample(sets[1], "halves", "call");
	b.say[1] = sigset_sample(sets[1], "halves", "back");
	b.answer = b.say[1];
	b.udp = true;
	half_alone(&b);
}

static u8 fill(u32 at)
{
	return (u8)(at * 7 + 1);
}

/* A direction that said half of a pair waits for nothing: time and budget end the flow. */
TEST(test_budget)
{
	struct drive d;
	u32 i;

	case_begin("a half, and the other side said what is none");
	drive_init(&d, &sets[1]->pack);
	drive_at(&d, 0, 0, "ping", 4);
	case_eq("the direction is closed", d.flow.flags[0] & NFIM_F_CLOSED, NFIM_F_CLOSED);
	case_eq("and keeps no bytes", d.blocks, 0);
	drive_at(&d, 1, 0, "\xf0zz", 3);
	case_ok("nothing is live", !nfim_flow_live(&d.flow));
	case_verdict("time is up", nfim_flow_expire(&d.flow, NFIM_L4_TCP), NFIM_NONE);
	d.verdict = NFIM_NONE;
	drive_free(&d);

	case_begin("a half, and 16 KiB behind it that nobody answers");
	drive_init(&d, &sets[1]->pack);
	drive_at(&d, 0, 0, "ping", 4);
	for (i = 0; i < 12 && !d.verdict; i++)
		drive_raw(&d, 0, 4 + i * 1400, 1400, fill);
	case_verdict("verdict", d.verdict, NFIM_NONE);
	case_eq("by the packet that completes them", d.packets, 13);
	drive_free(&d);

	case_begin("16 datagrams");
	drive_init(&d, &sets[1]->pack);
	d.udp = true;
	for (i = 0; i < 15; i++)
		drive_datagram(&d, 0, "EC1234", 6);
	case_verdict("before the last", d.verdict, NFIM_UNDECIDED);
	drive_datagram(&d, 0, "EC1234", 6);
	case_verdict("verdict", d.verdict, NFIM_NONE);
	drive_free(&d);
}

/* Of datagrams the last half of a direction counts. */
TEST(test_datagrams)
{
	struct drive d;

	case_begin("the last one is answered");
	drive_init(&d, &sets[1]->pack);
	d.udp = true;
	drive_datagram(&d, 0, "EC1234", 6);
	drive_datagram(&d, 0, "EC1235", 6);
	drive_datagram(&d, 0, "other", 5);
	drive_datagram(&d, 1, "EB1234", 6);
	case_verdict("an older one", d.verdict, NFIM_UNDECIDED);
	drive_datagram(&d, 1, "EB1235", 6);
	case_verdict("verdict", d.verdict, NFIM_KNOWN);
	case_eq("confidence", d.flow.conf, NFIM_CONF_PAIR);
	drive_free(&d);

	case_begin("twin: the same direction says both");
	drive_init(&d, &sets[1]->pack);
	d.udp = true;
	drive_datagram(&d, 0, "EC1234", 6);
	drive_datagram(&d, 0, "EC1234", 6);
	case_verdict("verdict", d.verdict, NFIM_UNDECIDED);
	drive_free(&d);
}

/* A half that was sent as other bytes first, or again as others: as with rules, both count. */
TEST(test_decoys)
{
	static const struct {
		const char *name, *first, *again;
	} decoys[] = {
		{ "a decoy, then the half", "zzzz", "ping" },
		{ "the half, then other bytes", "ping", "zzzz" },
		{ "the half, then other bytes in part", "ping", "zz" },
	};
	struct drive d;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(decoys); i++) {
		case_begin("%s", decoys[i].name);
		drive_init(&d, &sets[1]->pack);
		drive_at(&d, 0, 0, decoys[i].first, strlen(decoys[i].first));
		drive_at(&d, 0, 0, decoys[i].again, strlen(decoys[i].again));
		drive_at(&d, 1, 0, "pong", 4);
		case_verdict("verdict", d.verdict, NFIM_KNOWN);
		case_eq("confidence", d.flow.conf, NFIM_CONF_PAIR);
		drive_free(&d);
	}
	/* Which of two halves was said nobody knows: no answer, and it says so. */
	case_begin("half of another pair, then the half");
	drive_init(&d, &sets[0]->pack);
	drive_at(&d, 0, 0, "NOPC", 4);
	drive_at(&d, 0, 0, "\x17\xf6\0\1\0\0\0\0", 8);
	drive_at(&d, 1, 0, "\0\0\x24\xc2", 4);
	case_ok("known, or an anomaly", d.verdict == NFIM_KNOWN || drive_anomaly(&d));
	drive_free(&d);
	case_begin("twin: the decoy alone");
	drive_init(&d, &sets[1]->pack);
	drive_at(&d, 0, 0, "zzzz", 4);
	drive_at(&d, 1, 0, "pong", 4);
	case_ok("not known", d.verdict != NFIM_KNOWN);
	drive_free(&d);
}

/* Inside a proxy's stream, too; but what went to the proxy itself answers nobody. */
TEST(test_carried)
{
	static const char ask[] = "\4\1\0\x50\xc0\0\2\1me", yes[] = "\0\x5a\0\x50\xc0\0\2\1";
	struct drive d;

	case_begin("in SOCKS4");
	drive_init(&d, &sets[1]->pack);
	drive_at(&d, 0, 0, ask, sizeof(ask));
	drive_at(&d, 1, 0, yes, sizeof(yes) - 1);
	drive_at(&d, 0, sizeof(ask), "ping", 4);
	case_verdict("half", d.verdict, NFIM_UNDECIDED);
	drive_at(&d, 1, sizeof(yes) - 1, "pong", 4);
	case_verdict("verdict", d.verdict, NFIM_KNOWN);
	case_eq("confidence", d.flow.conf, NFIM_CONF_PAIR);
	drive_free(&d);

	case_begin("twin: the server says something else");
	drive_init(&d, &sets[1]->pack);
	drive_at(&d, 0, 0, ask, sizeof(ask));
	drive_at(&d, 1, 0, yes, sizeof(yes) - 1);
	drive_at(&d, 0, sizeof(ask), "ping", 4);
	drive_at(&d, 1, sizeof(yes) - 1, "pang", 4);
	case_ok("not known", d.verdict != NFIM_KNOWN);
	drive_free(&d);
}

/* What another flow offered stands where a half would: a new pack must leave it alone. */
TEST(test_offered)
{
	struct drive d;

	case_begin("a datagram of an offered flow, after a swap");
	drive_init(&d, &sets[1]->pack);
	d.udp = true;
	nfim_flow_offered(&d.flow, 6, 4);
	d.flow.epoch--;
	drive_datagram(&d, 0, "EC1234", 6);
	case_verdict("verdict", d.verdict, NFIM_KNOWN);
	case_eq("actions", d.step.actions, 4);
	case_eq("and of the other direction", d.flow.dir[1].node, 4);
	drive_free(&d);
}

/* In mid-stream nothing is a first byte. */
TEST(test_mid)
{
	struct drive d;

	case_begin("in mid-stream");
	drive_init(&d, &sets[1]->pack);
	d.has_base[0] = false;
	d.has_base[1] = false;
	drive_at(&d, 0, 0, "ping", 4);
	drive_at(&d, 1, 0, "pong", 4);
	case_ok("not known", d.verdict != NFIM_KNOWN);
	drive_free(&d);
}

/* A meeting of Zoom's, known by its greeting: what its later datagrams say they are. */
TEST(test_media)
{
	static const u8 hello[32] = { 1, 0, 3, 0xa0, 0xa1, 0xa2, 0xa3 };
	static const u8 answer[32] = { 2, 0, 3, 0xa0, 0xa1, 0xa2, 0xa3 };
	static const struct {
		u8 head[9];
		u32 action;
	} media[] = {
		{ { 5, 0, 1, 0, 0, 0, 0, 0, 15 }, NF_IM_ACT_VOICE },
		{ { 5, 0, 2, 0, 0, 0, 0, 4, 16 }, NF_IM_ACT_VIDEO },
		{ { 5, 0, 3, 0, 0, 0, 0, 0, 13 }, NF_IM_ACT_REMOTE },
		{ { 5, 0, 4, 0, 0, 0, 0, 4, 30 }, NF_IM_ACT_REMOTE },
		{ { 5, 0, 5, 0, 0, 0, 0, 0, 33 }, NF_IM_ACT_VOICE },
		{ { 5, 0, 6, 0, 0, 0, 0, 1, 16 }, NF_IM_ACT_VOICE },
		{ { 3, 0, 7, 0, 0, 0, 0, 0, 16 }, NF_IM_ACT_VOICE },
	};
	u8 bytes[60] = { 0 };
	struct drive d;
	u32 i;

	drive_init(&d, &sets[0]->pack);
	d.udp = true;
	d.watch = true;
	drive_datagram(&d, 0, hello, sizeof(hello));
	drive_datagram(&d, 1, answer, sizeof(answer));
	case_str("protocol", drive_proto(&d), "zoom");
	for (i = 0; i < ARRAY_SIZE(media); i++) {
		case_begin("media %u, direction %u", media[i].head[8], media[i].head[7]);
		memcpy(bytes, media[i].head, sizeof(media[i].head));
		drive_datagram(&d, i & 1, bytes, sizeof(bytes));
		case_eq("actions", d.step.actions, 1U << media[i].action);
	}
	drive_free(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both_orders),
		cmocka_unit_test(test_all_cuts),
		cmocka_unit_test(test_turns),
		cmocka_unit_test(test_other_number),
		cmocka_unit_test(test_swapped),
		cmocka_unit_test(test_half_alone),
		cmocka_unit_test(test_budget),
		cmocka_unit_test(test_datagrams),
		cmocka_unit_test(test_decoys),
		cmocka_unit_test(test_carried),
		cmocka_unit_test(test_offered),
		cmocka_unit_test(test_mid),
		cmocka_unit_test(test_media),
	};

	return SAMPLES_RUN("pair", tests);
}
