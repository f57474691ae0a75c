// SPDX-License-Identifier: GPL-2.0-only
/*
 * What holds for every sample of every signature, however its bytes are cut: the verdict is
 * the same, it falls with the byte that completes the evidence, and the work is bounded.
 */
#include "unit.h"
#include "samples.h"

#include <stdlib.h>

enum {
	CUTS_MAX = 64,		/* bytes of which all pairs of cuts are tried */
	/*
	 * What a packet may cost besides: a rule that scans is asked with every byte, and in
	 * mid-stream every segment is a new start.
	 */
	WORK_PACKET = 4,
};

/* A sample and what it gives in one piece. */
struct whole {
	const struct sigset *set;
	const struct nfim_sig_sample *s;
	enum nfim_verdict verdict;
	const char *rule;
	u32 need;	/* of the rule, 0 if it varies */
	u64 work;
	bool closed;
	bool mid;
};

/* How pieces come. */
enum order {
	IN_ORDER,
	REVERSED,
	TWICE,		/* each piece two times */
	ALL_TWICE,	/* all pieces, then all again */
	ORDERS,
};

static const char *const order_names[ORDERS] = {
	"in order", "reversed", "each twice", "all twice",
};

static void begin(const struct whole *w, struct drive *d)
{
	drive_init(d, &w->set->pack);
	d->udp = w->s->root == NFIM_ROOT_UDP;
	d->has_base[0] = !w->mid;
	d->has_base[1] = !w->mid;
	if (w->s->before)
		drive_at(d, w->s->before->dir == NFIM_DIR_SERVER, 0, w->s->before->bytes,
			 w->s->before->len);
}

static void piece(const struct whole *w, struct drive *d, u32 from, u32 to)
{
	/* A flow that is decided is read no further. */
	if (from < to && d->verdict == NFIM_UNDECIDED)
		drive_at(d, w->s->dir == NFIM_DIR_SERVER, from, w->s->bytes + from, to - from);
}

static void weigh(const struct whole *w, const struct drive *d, u32 times)
{
	u64 percent = samples_weigh(d, times * w->work, WORK_PACKET);

	/* No packet costs much more than all of them in one. */
	if (d->work_max > 2 * w->work + WORK_PACKET)
		case_fail("work: %llu in one piece, %u for a packet of several",
			  (unsigned long long)w->work, d->work_max);
	if (!w->mid)
		samples_worst(percent, "%s %s, %u pieces", w->s->proto, w->s->name, d->packets);
}

static bool dir_closed(const struct whole *w, const struct drive *d)
{
	return d->flow.flags[w->s->dir == NFIM_DIR_SERVER] & NFIM_F_CLOSED;
}

/*
 * A rule that asked for bytes is not asked again before they are there, though it might have
 * said no before; then the direction waits for more than the sample has.
 */
static void check_closed(const struct whole *w, const struct drive *d)
{
	if (w->closed && !dir_closed(w, d))
		case_ok("it waits for more", d->flow.dir[w->s->dir >> 1].wake > w->s->len);
	else
		case_eq("closed", dir_closed(w, d), w->closed);
}

/* @times: how often each byte came, or may have to be looked at. */
static void check(const struct whole *w, struct drive *d, u32 times)
{
	if (d->verdict != w->verdict)
		case_fail("verdict: %s in one piece, %s now", verdict_name(w->verdict),
			  verdict_name(d->verdict));
	case_str("rule", drive_rule(d), w->rule);
	case_ok("no anomaly", !drive_anomaly(d));
	weigh(w, d, times);
	drive_free(d);
}

/* Pieces between ascending cuts; the last is the sample's length. */
static void deliver(const struct whole *w, const u32 *cuts, u32 n, enum order order, u32 head_max)
{
	struct drive d;
	u32 i, again;

	begin(w, &d);
	d.head_max = head_max;
	for (again = 0; again <= (order == ALL_TWICE); again++) {
		for (i = 0; i < n; i++) {
			u32 k = order == REVERSED ? n - 1 - i : i;

			piece(w, &d, k ? cuts[k - 1] : 0, cuts[k]);
			if (order == TWICE)
				piece(w, &d, k ? cuts[k - 1] : 0, cuts[k]);
		}
	}
	check_closed(w, &d);
	check(w, &d, order == ALL_TWICE ? 2 : 1);
}

static void each_order(const struct whole *w, const u32 *cuts, u32 n)
{
	u32 order;

	for (order = 0; order < ORDERS; order++) {
		/* In mid-stream a flow begins with the segment that comes first. */
		if (w->mid && order == REVERSED)
			continue;
		case_begin("%s %s, %u pieces at %u %u, %s", w->s->proto, w->s->name, n, cuts[0],
			   n > 1 ? cuts[1] : 0, order_names[order]);
		case_bytes(w->s->bytes, w->s->len);
		deliver(w, cuts, n, order, order == IN_ORDER ? cuts[0] % 3 : U32_MAX);
	}
}

static void whole_sample(const struct sigset *set, const struct nfim_sig_sample *s,
			 struct whole *w)
{
	struct drive d;
	u32 i;

	memset(w, 0, sizeof(*w));
	w->set = set;
	w->s = s;
	w->mid = s->root == NFIM_ROOT_TCP_MID;
	begin(w, &d);
	case_begin("%s %s in one piece", s->proto, s->name);
	case_bytes(s->bytes, s->len);
	for (i = 0; i < 3; i++) {
		drive_free(&d);
		begin(w, &d);
		d.head_max = i == 0 ? U32_MAX : i == 1 ? 0 : 7;
		piece(w, &d, 0, s->len);
		w->verdict = d.verdict;
		w->rule = drive_rule(&d);
		w->need = w->rule ? set->pack.rules[d.rule].need : 0;
		w->work = d.work;
		w->closed = dir_closed(w, &d);
		/* "no" is of one protocol: another one's rules may have another answer. */
		if (!w->mid && !d.udp && s->expect != NFIM_EXPECT_NO &&
		    s->expect != NFIM_EXPECT_HALF)
			case_eq("closed", w->closed, s->expect == NFIM_EXPECT_NONE);
		if (s->expect == NFIM_EXPECT_NO)
			case_ok("another protocol or none", d.verdict != NFIM_KNOWN ||
				strcmp(drive_proto(&d), s->proto));
		else
			case_eq("known", d.verdict == NFIM_KNOWN, s->expect == NFIM_EXPECT_RULE);
		/* Of several rules of one protocol the first that is complete counts. */
		if (s->expect == NFIM_EXPECT_RULE)
			case_str("protocol", drive_proto(&d), s->proto);
	}
	drive_free(&d);
}

typedef void (*whole_fn)(const struct whole *w);

static void each_sample(whole_fn fn)
{
	struct sample_at at = { 0 };
	struct whole w;

	while (samples_next(&at)) {
		whole_sample(at.set, at.s, &w);
		fn(&w);
	}
}

static void nothing(const struct whole *w)
{
	(void)w;
}

TEST(test_one_piece)
{
	each_sample(nothing);
}

static void single_cuts(const struct whole *w)
{
	u32 cuts[2] = { 0, w->s->len };

	if (w->s->root == NFIM_ROOT_UDP)
		return;
	for (cuts[0] = 1; cuts[0] < w->s->len; cuts[0]++)
		each_order(w, cuts, 2);
}

TEST(test_single_cuts)
{
	each_sample(single_cuts);
}

static void pairs_of_cuts(const struct whole *w)
{
	u32 max = min_t(u32, w->s->len, CUTS_MAX);
	u32 cuts[3] = { 0, 0, w->s->len };

	if (w->s->root == NFIM_ROOT_UDP)
		return;
	for (cuts[0] = 1; cuts[0] < max; cuts[0]++)
		for (cuts[1] = cuts[0] + 1; cuts[1] < max; cuts[1]++)
			each_order(w, cuts, 3);
}

TEST(test_pairs_of_cuts)
{
	each_sample(pairs_of_cuts);
}

static void single_bytes(const struct whole *w)
{
	u32 *cuts = calloc(w->s->len, sizeof(*cuts));
	u32 i;

	for (i = 0; i < w->s->len; i++)
		cuts[i] = i + 1;
	if (w->s->root != NFIM_ROOT_UDP)
		each_order(w, cuts, w->s->len);
	free(cuts);
}

TEST(test_single_bytes)
{
	each_sample(single_bytes);
}

/* The verdict falls with the byte that completes the evidence, not later (E2). */
static void at_the_byte(const struct whole *w)
{
	struct drive d;
	u32 i;

	if (!w->need || w->s->root == NFIM_ROOT_UDP)
		return;
	case_begin("%s %s, byte by byte", w->s->proto, w->s->name);
	case_bytes(w->s->bytes, w->s->len);
	begin(w, &d);
	for (i = 0; i < w->s->len; i++)
		piece(w, &d, i, i + 1);
	case_eq("decided by the packet with byte", d.decided, w->need + !!w->s->before);
	drive_free(&d);
}

TEST(test_at_the_byte)
{
	each_sample(at_the_byte);
}

/* In random pieces and order, with pieces that overlap, from a start near the numbers' end. */
static void shuffled(const struct whole *w)
{
	struct rng rng = { w->s->line };
	u32 tries, order[32], n, i, k;

	if (w->s->root == NFIM_ROOT_UDP || w->mid)
		return;
	for (tries = 0; tries < 150; tries++) {
		struct drive d;

		case_begin("%s %s, shuffle %u", w->s->proto, w->s->name, tries);
		case_bytes(w->s->bytes, w->s->len);
		begin(w, &d);
		d.base[0] = d.base[1] = -(rng_below(&rng, w->s->len + 2));
		n = 1 + rng_below(&rng, ARRAY_SIZE(order));
		for (i = 0; i < n; i++)
			order[i] = i;
		for (i = n; i > 1; i--) {
			u32 tmp = order[i - 1];

			k = rng_below(&rng, i);
			order[i - 1] = order[k];
			order[k] = tmp;
		}
		for (i = 0; i < n; i++) {
			u32 from = w->s->len * order[i] / n, to = w->s->len * (order[i] + 1) / n;

			to += rng_below(&rng, w->s->len - to + 1);
			case_note(" %u-%u", from, to);
			piece(w, &d, from, to);
		}
		/* Pieces that come again may be looked at again. */
		check(w, &d, n);
	}
}

TEST(test_shuffled)
{
	each_sample(shuffled);
}

/* Other bytes behind a sample, or the other side's, change nothing. */
static void with_company(const struct whole *w)
{
	u32 dir = w->s->dir == NFIM_DIR_SERVER;
	u8 more[300];
	struct drive d;
	u32 i;

	if (w->s->root == NFIM_ROOT_UDP || w->verdict != NFIM_KNOWN)
		return;
	memset(more, 'x', sizeof(more));
	for (i = 0; i < w->s->len; i++) {
		case_begin("%s %s, the other side speaks after %u bytes", w->s->proto, w->s->name, i);
		case_bytes(w->s->bytes, w->s->len);
		begin(w, &d);
		piece(w, &d, 0, i);
		if (d.verdict == NFIM_UNDECIDED && i)
			drive_at(&d, !dir, 0, more, sizeof(more));
		piece(w, &d, i, w->s->len);
		case_verdict("verdict", d.verdict, NFIM_KNOWN);
		case_str("rule", drive_rule(&d), w->rule);
		drive_free(&d);
	}
}

TEST(test_with_company)
{
	each_sample(with_company);
}

/* The compiler's own check of the samples agrees. */
TEST(test_own_check)
{
	u32 s;

	for (s = 0; s < ARRAY_SIZE(sets); s++) {
		case_begin("samples of set %u", s);
		case_eq("failed samples", (u32)nfim_sigs_check(sets[s]->sigs, NULL, NULL), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_own_check),
		cmocka_unit_test(test_one_piece),
		cmocka_unit_test(test_single_cuts),
		cmocka_unit_test(test_pairs_of_cuts),
		cmocka_unit_test(test_single_bytes),
		cmocka_unit_test(test_at_the_byte),
		cmocka_unit_test(test_shuffled),
		cmocka_unit_test(test_with_company),
	};

	return SAMPLES_RUN("props", tests);
}
