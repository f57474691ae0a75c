// SPDX-License-Identifier: GPL-2.0-only
/*
 * budget PAYLOADS PART PARTS - every PARTS-th signature and kind of noise from PART on.
 *
 * An error budget is a number of bits; here payloads are counted instead (DESIGN, Contracts).
 */
#include "budget.h"
#include "engine/quic.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static u32 failed;

u32 budget_rule(const struct nfim_pack *pack, u32 root, u32 dir, const u8 *bytes, u32 len,
		const struct nfim_sig_sample *before)
{
	struct nfim_seg seg = {
		.head = bytes,
		.head_len = len,
		.len = len,
		.dir = dir == NFIM_DIR_SERVER,
		.l4 = root == NFIM_ROOT_UDP ? NFIM_L4_UDP : NFIM_L4_TCP,
		.has_base = root == NFIM_ROOT_TCP,
	};
	struct nfim_seg said = seg;
	struct nfim_flow flow;
	struct nfim_step step;

	nfim_flow_init(&flow);
	if (before) {
		said.head = before->bytes;
		said.head_len = before->len;
		said.len = before->len;
		said.dir = !seg.dir;
		nfim_flow_step(pack, &flow, &said, false, &step);
	}
	nfim_flow_step(pack, &flow, &seg, false, &step);
	return step.rule;
}

bool budget_known(const struct nfim_pack *pack, u32 root, const u8 *bytes, u32 len)
{
	static struct nfim_quic quic;
	const struct nfim_seg seg = {
		.head = bytes,
		.head_len = len,
		.len = len,
		.l4 = root == NFIM_ROOT_UDP ? NFIM_L4_UDP : NFIM_L4_TCP,
		.has_base = root == NFIM_ROOT_TCP,
		.quic = &quic,
	};
	struct nfim_flow flow;
	struct nfim_step step;

	nfim_flow_init(&flow);
	nfim_flow_step(pack, &flow, &seg, false, &step);
	return step.verdict == NFIM_KNOWN;
}

double budget_allowed(double expected)
{
	/* Three standard deviations of a count; 1 is no more than bad luck. */
	return 2 * expected + 3 * sqrt(2 * expected) + 1;
}

void budget_result(bool ok, u32 no, const char *fmt, ...)
{
	va_list ap;

	printf("%s %u - ", ok ? "ok" : "not ok", no);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	fflush(stdout);
	failed += !ok;
}

int main(int argc, char **argv)
{
	const struct sigset *set;
	u32 part, parts, i, no = 0;
	u64 payloads;

	if (argc != 4) {
		fprintf(stderr, "usage: budget PAYLOADS PART PARTS\n");
		return 2;
	}
	payloads = strtoull(argv[1], NULL, 10);
	part = strtoul(argv[2], NULL, 10);
	parts = strtoul(argv[3], NULL, 10);
	if (!payloads || part >= parts) {
		fprintf(stderr, "budget: nothing to count\n");
		return 2;
	}
	set = sigset_shipped();
	for (i = 0; i < set->pack.n_rules; i++)
		if (planted_first(set, i) && i % parts == part)
			planted_rules(set, i, payloads, ++no);
	for (i = part; i < noise_count(); i += parts)
		noise_kind(set, i, payloads, ++no);
	for (i = part; i < hellos_count(); i += parts)
		hellos_kind(set, i, payloads, ++no);
	printf("1..%u\n", no);
	return failed ? 1 : 0;
}
