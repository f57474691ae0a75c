// SPDX-License-Identifier: GPL-2.0-only
/*
 * A mix of packets: of every flow of many captures the first sixteen with payload, as
 * long as the engine is asked for them.
 */
#include "bench.h"
#include "capture.h"
#include "track.h"

#include <ftw.h>
#include <netinet/in.h>
#include <stdlib.h>

enum {
	FLOW_PACKETS = 16,
	BUCKETS = 4096,
};

struct mix_flow {
	struct mix_flow *next;
	struct nfim_addr addr[2];
	u16 port[2];
	u8 l4, family;
	u32 packets;
	bool left_out;
	struct nfim_track track;
	struct nfim_flow flow;
};

static struct {
	struct mix_flow *buckets[BUCKETS];
	const struct nfim_pack *pack;
	void (*fn)(struct call *call);
	long packets, flows, seen;
	long every;	/* one flow of so many */
} mix;

static bool same_end(const struct mix_flow *f, u32 i, const struct nfim_addr *addr, u16 port)
{
	return f->port[i] == port && !memcmp(&f->addr[i], addr, sizeof(*addr));
}

static int direction(const struct mix_flow *f, const struct nfim_pkt *pkt)
{
	if (f->l4 != pkt->l4 || f->family != pkt->family)
		return -1;
	if (same_end(f, 0, &pkt->src, pkt->sport) && same_end(f, 1, &pkt->dst, pkt->dport))
		return 0;
	if (same_end(f, 1, &pkt->src, pkt->sport) && same_end(f, 0, &pkt->dst, pkt->dport))
		return 1;
	return -1;
}

static struct mix_flow *flow_new(const struct nfim_pkt *pkt, struct mix_flow **bucket)
{
	struct mix_flow *f = calloc(1, sizeof(*f));

	if (!f)
		abort();
	f->addr[0] = pkt->src;
	f->addr[1] = pkt->dst;
	f->port[0] = pkt->sport;
	f->port[1] = pkt->dport;
	f->l4 = pkt->l4;
	f->family = pkt->family;
	f->left_out = mix.seen++ % mix.every;
	mix.flows += !f->left_out;
	nfim_flow_init(&f->flow);
	f->next = *bucket;
	*bucket = f;
	return f;
}

static struct mix_flow *flow_find(const struct nfim_pkt *pkt, int *dir)
{
	struct mix_flow **bucket = &mix.buckets[(pkt->sport + pkt->dport) % BUCKETS], *f;

	for (f = *bucket; f; f = f->next) {
		*dir = direction(f, pkt);
		if (*dir >= 0)
			return f;
	}
	*dir = 0;
	return flow_new(pkt, bucket);
}

static void give(struct mix_flow *f, int dir, const struct nfim_pkt *pkt)
{
	struct call call = {
		.pack = mix.pack,
		.flow = &f->flow,
		.seg = {
			.head = pkt->payload,
			.head_len = pkt->caplen,
			.len = pkt->caplen,
			.dir = dir,
			.l4 = f->l4,
		},
	};
	const struct nfim_track_side *me = &f->track.side[dir], *peer = &f->track.side[!dir];

	if (f->l4 == IPPROTO_TCP) {
		nfim_track_settle(&f->track, dir, pkt);
		call.seg.seq = pkt->seq + !!(pkt->flags & NFIM_TCP_SYN);
		call.seg.has_base = me->has_base;
		call.seg.base = me->base;
		call.seg.has_acked = peer->has_ack;
		call.seg.acked = peer->ack;
	}
	f->packets++;
	mix.packets++;
	mix.fn(&call);
}

static void packet(const struct nfim_pkt *pkt)
{
	struct mix_flow *f;
	int dir;

	f = flow_find(pkt, &dir);
	if (f->left_out)
		return;
	if (pkt->caplen && f->packets < FLOW_PACKETS && !f->flow.done &&
	    !(pkt->flags & NFIM_TCP_RST))
		give(f, dir, pkt);
	if (f->l4 == IPPROTO_TCP)
		nfim_track_packet(&f->track, dir, pkt);
}

static void forget_flows(void)
{
	struct mix_flow *f, *next;
	u32 i;

	for (i = 0; i < BUCKETS; i++) {
		for (f = mix.buckets[i]; f; f = next) {
			next = f->next;
			flow_free(&f->flow);
			free(f);
		}
		mix.buckets[i] = NULL;
	}
}

static int one_file(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	char msg[NFIM_CAPTURE_MSG_MAX];
	struct nfim_capture *cap;
	struct nfim_pkt pkt;

	(void)st;
	/* Lists and notes lie beside the folders of captures. */
	if (type != FTW_F || ftw->level < 2)
		return 0;
	cap = nfim_capture_open(path, 0, msg);
	if (!cap)
		return 0;
	while (nfim_capture_next(cap, &pkt, msg) == 1)
		packet(&pkt);
	nfim_capture_close(cap);
	forget_flows();
	return 0;
}

long mix_each(const char *dir, long every, const struct nfim_pack *pack,
	      void (*fn)(struct call *call), long *flows)
{
	mix.packets = 0;
	mix.flows = 0;
	mix.seen = 0;
	mix.every = every;
	mix.pack = pack;
	mix.fn = fn;
	if (nftw(dir, one_file, 16, FTW_PHYS))
		return -1;
	*flows = mix.flows;
	return mix.packets;
}
