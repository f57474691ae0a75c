// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packets of one flow. What is checked: everything that support/drive.c checks, that
 * cuts and order of segments do not change the verdict, and that work is bounded.
 *
 * Input: a byte of flags, then packets:
 *	control, length (1 or 2 bytes), [offset (2 bytes)], payload
 * or changes of the surroundings: time, acknowledgments, another pack, no memory.
 */
#include "input.h"
#include "case.h"
#include "drive.h"
#include "sigset.h"

#include <stdlib.h>

/* First byte. */
enum {
	F_UDP		= 1 << 0,
	F_WATCH		= 1 << 1,
	F_MID_CLIENT	= 1 << 2,
	F_MID_SERVER	= 1 << 3,
	F_TEST_PACK	= 1 << 4,
	F_WRAP		= 1 << 5,	/* the numbers' end is near */
	F_HEAD		= 3 << 6,	/* how much is at hand in one piece */
};

/* Control byte of a packet. */
enum {
	C_SERVER	= 1 << 0,
	C_KIND		= 3 << 1,
	C_IN_ORDER	= 0 << 1,
	C_NEAR		= 1 << 1,	/* offset from the next in order, signed */
	C_AT		= 2 << 1,	/* offset from the stream's start */
	C_CHANGE	= 3 << 1,	/* no packet */
	C_LONG		= 1 << 3,	/* two bytes of length */
	C_AGREE		= 1 << 4,	/* bytes that came before come again as they were */
};

enum {
	STREAM_MAX	= NFIM_WINDOW_MAX,	/* offsets for which the oracle knows */
	WORK_FACTOR	= 4,	/* DESIGN D3 */
	/*
	 * What a packet may cost besides: each rule that waits is asked, and of more than are
	 * remembered each begins again.
	 */
	WORK_PACKET	= 4 * NFIM_WAITS,
};

/* What was delivered of one direction. */
struct stream {
	u32 next;
	u32 end;	/* one after the highest offset */
	u8 have[STREAM_MAX];
	u8 bytes[STREAM_MAX];
};

static struct session {
	struct drive d;
	bool clean;	/* the oracle can tell the verdict */
	bool twice;	/* some bytes came more than once */
	struct stream stream[2];
} session;

static struct sigset *sets[2];
static struct sigset *small;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static const char *const texts[] = {
		"protocol alpha\nrule r tcp any\n\tbytes 0 \"ALPINE\"\n"
		"sample s tcp client\n\ttext \"ALPINE\"\n\texpect r\n"
	};

	(void)argc;
	(void)argv;
	sets[0] = sigset_shipped();
	sets[1] = sigset_test();
	small = sigset_text("id\tname\taliases\tcategory\tlabel\ttitle\n"
			    "1\talpha\t-\tp2p\t-\tAnother pack\n", texts, 1);
	small->pack.epoch = 1;
	return 0;
}

static void session_init(struct session *s, u8 flags)
{
	static const u32 heads[] = { U32_MAX, 64, 7, 0 };
	u32 i;

	s->twice = false;
	drive_init(&s->d, &sets[!!(flags & F_TEST_PACK)]->pack);
	s->d.udp = flags & F_UDP;
	s->d.watch = flags & F_WATCH;
	s->d.has_base[0] = !(flags & F_MID_CLIENT);
	s->d.has_base[1] = !(flags & F_MID_SERVER);
	s->d.head_max = heads[(flags & F_HEAD) >> 6];
	s->clean = !(flags & (F_UDP | F_MID_CLIENT | F_MID_SERVER));
	for (i = 0; i < 2; i++) {
		if (flags & F_WRAP)
			s->d.base[i] = (u32)-9 - i;
		memset(s->stream[i].have, 0, s->stream[i].end);
		s->stream[i].next = 0;
		s->stream[i].end = 0;
	}
}

/* Something changes that the oracle does not follow. */
static void change(struct session *s, struct input *in, u8 ctl)
{
	u32 dir = ctl & C_SERVER;

	switch (take_u8(in) % 8) {
	case 0:
		s->d.age += take_u8(in);
		return;
	case 1:
		s->d.has_acked[dir] = true;
		s->d.acked[dir] = s->stream[dir].next;
		break;
	case 2:
		s->d.has_acked[dir] = true;
		s->d.acked[dir] = take_u16(in);
		break;
	case 3:
		s->d.pack = &small->pack;
		break;
	case 4:
		s->d.blocks_left = take_u8(in) % 8;
		break;
	case 5:
		/* Not off again: who ends watching lets go of the flow. */
		s->d.watch = true;
		return;
	case 6:
		s->d.settle = true;
		s->d.urgent = ctl & C_LONG;
		s->clean &= !s->d.urgent;
		return;
	case 7:
		drive_ack(&s->d, dir);
		return;
	}
	s->clean = false;
}

/* Remember what is delivered; false if it contradicts what came before. */
static void record(struct session *s, struct stream *st, u32 off, u8 *bytes, u32 len, bool agree)
{
	u32 i;

	for (i = 0; i < len; i++) {
		u32 at = off + i;

		if (at >= STREAM_MAX) {
			s->clean = false;
			continue;
		}
		if (st->have[at] && agree)
			bytes[i] = st->bytes[at];
		if (st->have[at] && st->bytes[at] != bytes[i])
			s->clean = false;
		s->twice |= st->have[at];
		st->have[at] = 1;
		st->bytes[at] = bytes[i];
		if (at >= st->end)
			st->end = at + 1;
	}
	while (st->next < STREAM_MAX && st->have[st->next])
		st->next++;
}

static void packet(struct session *s, struct input *in, u8 ctl)
{
	u32 dir = ctl & C_SERVER, kind = ctl & C_KIND, off, len, got;
	struct stream *st = &s->stream[dir];
	static u8 bytes[65536];
	const u8 *p;

	len = ctl & C_LONG ? take_u16(in) : take_u8(in);
	off = st->next;
	if (kind == C_NEAR)
		off += (u32)(s32)(int16_t)take_u16(in);
	else if (kind == C_AT)
		off = take_u16(in);
	p = take_bytes(in, len + 1, &got);
	if (!got)
		return;
	memcpy(bytes, p, got);
	if (!s->d.udp)
		record(s, st, off, bytes, got, ctl & C_AGREE);
	drive_at(&s->d, dir, off, bytes, got);
}

/* Directions in order and in one piece each, on a flow of their own. */
static void one_piece(const struct session *s, u32 dirs, struct drive *d)
{
	u32 i;

	drive_init(d, s->d.pack);
	d->paranoid = false;
	/* Frames cost something, too. */
	d->watch = s->d.watch;
	for (i = 0; i < 2; i++)
		if (dirs >> i & 1 && s->stream[i].next && !d->verdict)
			drive_at(d, i, 0, s->stream[i].bytes, s->stream[i].next);
}

/* The same rule; of a pair, whose second half brings it, either. */
static bool same_rule(const struct nfim_pack *pack, u32 a, u32 b)
{
	if (a == b || a == NFIM_NO_RULE || b == NFIM_NO_RULE)
		return a == b;
	return pack->rules[a].half && pack->rules[a].half / 2 == pack->rules[b].half / 2;
}

/*
 * What one direction says alone must be found. What the server says may be more when the
 * client asked for it.
 */
static void oracle(const struct session *s)
{
	enum nfim_verdict verdict = s->d.verdict;
	struct drive one[4];
	u64 work = 0;
	u32 i, known = 0;
	bool same = false, gone = s->d.packets >= NFIM_BUDGET_PACKETS;

	for (i = 1; i < 4; i++) {
		one_piece(s, i, &one[i]);
		work += one[i].work;
		gone |= one[i].verdict == NFIM_GIVEN_UP;
		if (one[i].verdict != NFIM_KNOWN)
			continue;
		known += i < 3;
		same |= verdict == NFIM_KNOWN &&
			same_rule(s->d.pack, one[i].rule, s->d.rule);
	}
	case_note("in one piece %s and %s, now %s", verdict_name(one[1].verdict),
		  verdict_name(one[2].verdict), verdict_name(verdict));
	if (verdict == NFIM_KNOWN && !same)
		case_fail("the rule is %s in pieces", drive_rule(&s->d));
	if (verdict != NFIM_KNOWN && known && !gone)
		case_fail("it is known in one piece");
	if (verdict == NFIM_GIVEN_UP && !gone)
		case_fail("it is given up in pieces");
	if (!s->twice && s->d.work > WORK_FACTOR * work + WORK_PACKET * s->d.packets)
		case_fail("work: %llu in one piece, %llu in %u", (unsigned long long)work,
			  (unsigned long long)s->d.work, s->d.packets);
	for (i = 1; i < 4; i++)
		drive_free(&one[i]);
}

int LLVMFuzzerTestOneInput(const u8 *bytes, size_t len)
{
	struct input in = { bytes, len };
	struct session *s = &session;
	bool told = false;

	case_begin("packets");
	session_init(s, take_u8(&in));
	s->d.paranoid = len % 8 == 0;
	while (in.left > 2) {
		u8 ctl = take_u8(&in);

		if ((ctl & C_KIND) == C_CHANGE)
			change(s, &in, ctl);
		else
			packet(s, &in, ctl);
		/* What comes after the verdict does not belong to it. */
		if (s->d.verdict && s->clean && !told) {
			oracle(s);
			told = true;
		}
	}
	if (s->clean && !told)
		oracle(s);
	drive_free(&s->d);
	return 0;
}
