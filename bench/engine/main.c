// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the engine costs in user space; "run" starts this natively for nanoseconds, and under
 * callgrind for instructions.
 */
#include "engine/quic.h"
#include "bench.h"
#include "sigset.h"

#include <stdlib.h>

static int usage(void)
{
	fputs("usage: engine time | count | packets DIR | mix DIR EVERY | growth N [DIR EVERY] |\n"
	      "              names N | replay DIR EVERY FILE\n", stderr);
	return 2;
}

static void measure_one(struct call *call)
{
	call_measure(call, nfim_quic_begins(&call->seg) ? "mix of QUIC" : "mix");
}

static void measure_sum(struct call *call)
{
	call_measure(call, NULL);
}

static int mix_packets(const char *dir, long every, void (*fn)(struct call *call))
{
	struct sigset *set = sigset_shipped();
	long flows, packets = mix_each(dir, every, &set->pack, fn, &flows);

	if (packets < 0) {
		perror(dir);
		return 1;
	}
	printf("%ld\t%ld\n", flows, packets);
	return 0;
}

/* Without captures: samples of all signatures, whole and cut, which the index has to tell. */
static void samples_each(const struct nfim_pack *pack)
{
	const struct nfim_sigs *sigs = sigset_shipped()->sigs;
	u32 i, at, n;

	for (i = 0; i < sigs->n_samples; i++) {
		const struct nfim_sig_sample *s = &sigs->samples[i];
		struct nfim_flow flow;
		struct call call = { .pack = pack, .flow = &flow };

		nfim_flow_init(&flow);
		for (at = 0; at < s->len && !flow.done; at += n) {
			n = min(at ? 64u : 7u, s->len - at);
			call.seg = (struct nfim_seg) {
				.head = s->bytes + at, .head_len = n, .len = n, .seq = at,
				.dir = s->dir >> 1, .l4 = NFIM_L4_TCP, .has_base = true,
			};
			if (s->root == NFIM_ROOT_UDP)
				call.seg.l4 = NFIM_L4_UDP;
			call_measure(&call, NULL);
		}
		flow_free(&flow);
	}
}

static int growth(u32 n, const char *dir, long every)
{
	const struct nfim_pack *pack = growth_pack(n);
	long flows;
	char name[32];

	if (!dir)
		samples_each(pack);
	else if (mix_each(dir, every, pack, measure_sum, &flows) < 0)
		return 1;
	snprintf(name, sizeof(name), "growth-%u", n);
	count_dump(name);
	printf("%u\t%u\n", n, pack->n_nodes);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "time")) {
		cases_time(&sigset_shipped()->pack);
		return 0;
	}
	if (argc == 2 && !strcmp(argv[1], "count")) {
		call_nothing("nothing");
		cases_count(&sigset_shipped()->pack);
		return 0;
	}
	if (argc == 3 && !strcmp(argv[1], "packets"))
		return mix_packets(argv[2], 1, call_plain);
	if (argc == 4 && !strcmp(argv[1], "mix"))
		return mix_packets(argv[2], atol(argv[3]), measure_one);
	if (argc == 5 && !strcmp(argv[1], "replay"))
		return replay_write(argv[2], atol(argv[3]), &sigset_shipped()->pack, argv[4]) ? 1 : 0;
	if (argc == 3 && !strcmp(argv[1], "names")) {
		names_growth(atoi(argv[2]));
		return 0;
	}
	if ((argc == 3 || argc == 5) && !strcmp(argv[1], "growth"))
		return growth(atoi(argv[2]), argc == 5 ? argv[3] : NULL,
			      argc == 5 ? atol(argv[4]) : 1);
	return usage();
}
