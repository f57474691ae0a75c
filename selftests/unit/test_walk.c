// SPDX-License-Identifier: GPL-2.0-only
/*
 * What holds for the frames of every sample whose actions are told, however its bytes are
 * cut: together its packets do the same, and the work is bounded.
 */
#include "unit.h"
#include "samples.h"

#include <stdlib.h>

enum { WORK_PACKET = 16 };	/* what a packet may cost besides */

static void begin(const struct sigset *set, struct drive *d, const struct nfim_sig_sample *s)
{
	u32 dir = s->dir == NFIM_DIR_SERVER;

	drive_init(d, &set->pack);
	d->watch = true;
	if (s->before)
		drive_at(d, !dir, 0, s->before->bytes, s->before->len);
	else
		d->has_base[!dir] = false;
}

/* Pieces of @step bytes behind the first of @first. */
static void deliver(const struct sigset *set, const struct nfim_sig_sample *s, u32 first, u32 step,
		    u64 whole)
{
	u32 dir = s->dir == NFIM_DIR_SERVER, at, n;
	struct drive d;

	case_begin("%s %s, first %u, then %u", s->proto, s->name, first, step);
	case_bytes(s->bytes, s->len);
	begin(set, &d, s);
	d.head_max = first % 3 ? U32_MAX : first % 7;
	for (at = 0; at < s->len; at += n) {
		n = min_t(u32, at ? step : first, s->len - at);
		drive_at(&d, dir, at, s->bytes + at, n);
	}
	case_eq("actions", d.actions, s->actions);
	samples_worst(samples_weigh(&d, whole, WORK_PACKET), "%s %s, %u pieces", s->proto, s->name,
		      d.packets);
	drive_free(&d);
}

/* A sample that breaks off within a frame has not done what that frame does. */
static void each_cut(const struct sigset *set, const struct nfim_sig_sample *s)
{
	u32 dir = s->dir == NFIM_DIR_SERVER, first;
	struct drive d;
	u64 whole;

	if (s->root != NFIM_ROOT_TCP || !s->has_actions)
		return;
	case_begin("%s %s in one piece", s->proto, s->name);
	case_bytes(s->bytes, s->len);
	begin(set, &d, s);
	drive_at(&d, dir, 0, s->bytes, s->len);
	case_eq("actions", d.actions, s->actions);
	if (s->user)
		case_mem("user", d.user, d.user_len, s->user, s->user_len);
	whole = d.work;
	drive_free(&d);
	for (first = 1; first < s->len; first++)
		deliver(set, s, first, s->len, whole);
	for (first = 1; first < 20; first++)
		deliver(set, s, first, first, whole);
}

TEST(test_cuts)
{
	struct sample_at at = { 0 };

	while (samples_next(&at))
		each_cut(at.set, at.s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cuts),
	};

	return SAMPLES_RUN("walk", tests);
}
