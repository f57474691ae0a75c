// SPDX-License-Identifier: GPL-2.0-only
/*
 * The mix as a file, for icount to send it through a firewall; see bench/src/replay.h.
 */
#include "bench.h"
#include "../src/replay.h"

#include <stdlib.h>

static struct {
	FILE *to;
	struct replay_record last;
	u32 base[2];
	bool known[2];
} out;

static void put(const struct replay_record *rec, const u8 *payload)
{
	if (fwrite(rec, sizeof(*rec), 1, out.to) != 1 ||
	    (rec->len && fwrite(payload, rec->len, 1, out.to) != 1))
		abort();
}

static void put_call(struct call *call)
{
	const struct nfim_seg *seg = &call->seg;
	struct replay_record rec = { .flow = out.last.flow, .dir = seg->dir, .l4 = seg->l4 };
	u32 at, off = 0;

	if (!call->flow->packets) {
		rec.flow++;
		rec.start = seg->has_base;
		memset(out.known, 0, sizeof(out.known));
	}
	if (seg->l4 == NFIM_L4_TCP) {
		if (!out.known[seg->dir])
			out.base[seg->dir] = seg->has_base ? seg->base : seg->seq;
		out.known[seg->dir] = true;
		off = seg->seq - out.base[seg->dir];
	}
	/* A capture may hold segments that the receiver put together. */
	for (at = 0; at < seg->len; at += rec.len) {
		rec.off = off + at;
		rec.len = min(seg->len - at, (u32)REPLAY_PAYLOAD_MAX);
		put(&rec, seg->head + at);
		if (seg->l4 == NFIM_L4_UDP)
			break;
	}
	out.last = rec;
	call_plain(call);
}

int replay_write(const char *dir, long every, const struct nfim_pack *pack, const char *path)
{
	const struct replay_record end = {};
	long flows, packets;

	out.to = fopen(path, "wb");
	if (!out.to)
		return -1;
	packets = mix_each(dir, every, pack, put_call, &flows);
	put(&end, (const u8 *)"");
	if (fclose(out.to) || packets < 0)
		return -1;
	printf("%ld\t%ld\n", flows, packets);
	return 0;
}
