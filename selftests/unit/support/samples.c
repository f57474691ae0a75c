// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every sample of every signature, and the work that pieces of them make.
 */
#include "samples.h"
#include "case.h"

#include <stdarg.h>
#include <stdio.h>

struct sigset *sets[2];

/* The most work for a sample in pieces, in hundredths of that in one. */
static struct {
	u64 percent;
	char name[256];
} worst;

bool samples_next(struct sample_at *at)
{
	while (at->set_no < ARRAY_SIZE(sets)) {
		at->set = sets[at->set_no];
		if (at->next < at->set->sigs->n_samples) {
			at->s = &at->set->sigs->samples[at->next++];
			return true;
		}
		at->set_no++;
		at->next = 0;
	}
	return false;
}

u64 samples_weigh(const struct drive *d, u64 whole, u32 per_packet)
{
	if (d->work > WORK_FACTOR * whole + per_packet * d->packets)
		case_fail("work: %llu in one piece, %llu in %u", (unsigned long long)whole,
			  (unsigned long long)d->work, d->packets);
	return d->work * 100 / whole;
}

void samples_worst(u64 percent, const char *fmt, ...)
{
	va_list ap;

	if (percent <= worst.percent)
		return;
	worst.percent = percent;
	va_start(ap, fmt);
	vsnprintf(worst.name, sizeof(worst.name), fmt, ap);
	va_end(ap);
}

void samples_begin(void)
{
	sets[0] = sigset_shipped();
	sets[1] = sigset_test();
}

void samples_end(void)
{
	sigset_free(sets[0]);
	sigset_free(sets[1]);
	printf("# work in pieces is at most %.2f times that in one: %s\n", worst.percent / 100.0,
	       worst.name);
	printf("# %lu cases\n", case_count());
}
