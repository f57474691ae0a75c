// SPDX-License-Identifier: GPL-2.0-only
/*
 * What holds for the frames of every sample whose actions are told, however its bytes are
 * cut: together its packets do the same, and the work is bounded.
 */
#include "unit.h"
#include "drive.h"
#include "sigset.h"

#include <stdlib.h>

enum {
	WORK_FACTOR = 4,	/* DESIGN D3 */
	WORK_PACKET = 16,	/* what a packet may cost besides */
};

static struct sigset *sets[2];	/* shipped, test */

/* The most work for a sample in pieces, in hundredths of that in one. */
static struct {
	u64 percent;
	char name[256];
} worst;

static void begin(const struct sigset *set, struct drive *d, u32 dir)
{
	drive_init(d, &set->pack);
	d->watch = true;
	d->has_base[!dir] = false;
}

static void weigh(const struct nfim_sig_sample *s, const struct drive *d, u64 whole)
{
	u64 percent = d->work * 100 / whole;

	if (d->work > WORK_FACTOR * whole + WORK_PACKET * d->packets)
		case_fail("work: %llu in one piece, %llu in %u", (unsigned long long)whole,
			  (unsigned long long)d->work, d->packets);
	if (percent <= worst.percent)
		return;
	worst.percent = percent;
	snprintf(worst.name, sizeof(worst.name), "%s %s, %u pieces", s->proto, s->name,
		 d->packets);
}

/* Pieces of @step bytes behind the first of @first. */
static void deliver(const struct sigset *set, const struct nfim_sig_sample *s, u32 first, u32 step,
		    u64 whole)
{
	u32 dir = s->dir == NFIM_DIR_SERVER, at, n;
	struct drive d;

	case_begin("%s %s, first %u, then %u", s->proto, s->name, first, step);
	case_bytes(s->bytes, s->len);
	begin(set, &d, dir);
	d.head_max = first % 3 ? U32_MAX : first % 7;
	for (at = 0; at < s->len; at += n) {
		n = min_t(u32, at ? step : first, s->len - at);
		drive_at(&d, dir, at, s->bytes + at, n);
	}
	case_eq("actions", d.actions, s->actions);
	if (whole)
		weigh(s, &d, whole);
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
	begin(set, &d, dir);
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
	u32 k, i;

	for (k = 0; k < ARRAY_SIZE(sets); k++)
		for (i = 0; i < sets[k]->sigs->n_samples; i++)
			each_cut(sets[k], &sets[k]->sigs->samples[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cuts),
	};
	int failed;

	sets[0] = sigset_shipped();
	sets[1] = sigset_test();
	failed = cmocka_run_group_tests_name("walk", tests, NULL, NULL);
	sigset_free(sets[0]);
	sigset_free(sets[1]);
	printf("# work in pieces is at most %.2f times that in one: %s\n", worst.percent / 100.0,
	       worst.name);
	printf("# %lu cases\n", case_count());
	return failed;
}
