// SPDX-License-Identifier: GPL-2.0-only
/*
 * Drives one flow through the engine, and checks its contracts at every packet.
 */
#include "drive.h"
#include "case.h"

#include <sanitizer/asan_interface.h>
#include <stdlib.h>

enum {
	ARENA = 1 << 19,	/* bytes of payload, of BIG TCP, too */
	GUARD = 256,		/* poisoned bytes behind a payload */
};

/*
 * Where payload lies while the engine reads it, with bytes behind its end that a sanitizer
 * complains of. Cheaper than memory of exactly that size, which matters to fuzzers.
 */
static struct arena {
	u8 bytes[ARENA + GUARD] __attribute__((__aligned__(8)));
	u32 open;	/* bytes at the front that are not poisoned */
} arenas[2];

/* A segment and where its bytes are. */
struct payload {
	struct nfim_seg seg;	/* must be first */
	const u8 *tail;		/* bytes from seg.head_len on */
	u8 (*fill)(u32 at);	/* instead of tail */
	u32 reads;
};

void drive_init(struct drive *d, const struct nfim_pack *pack)
{
	memset(d, 0, sizeof(*d));
	nfim_flow_init(&d->flow);
	d->flow.epoch = pack->epoch;
	d->pack = pack;
	d->paranoid = true;
	d->has_base[0] = true;
	d->has_base[1] = true;
	d->base[0] = 1000;
	d->base[1] = 5000;
	d->head_max = U32_MAX;
	d->blocks_left = U32_MAX;
	d->rule = NFIM_NO_RULE;
}

static void free_blocks(struct drive *d, struct nfim_block *b)
{
	struct nfim_block *next;

	for (; b; b = next) {
		next = b->next;
		/* So that a block which is still in use is noticed at once. */
		memset(b, 0xa5, sizeof(*b));
		free(b);
		d->blocks--;
	}
}

void drive_free(struct drive *d)
{
	free_blocks(d, nfim_flow_clear(&d->flow));
	case_eq("blocks left behind", d->blocks, 0);
}

static struct nfim_block *new_blocks(struct drive *d, u32 n)
{
	struct nfim_block *list = NULL, *b;

	if (n > d->blocks_left)
		return NULL;
	d->blocks_left -= d->blocks_left == U32_MAX ? 0 : n;
	for (; n; n--) {
		b = calloc(1, sizeof(*b));
		if (!b)
			abort();
		b->next = list;
		list = b;
		d->blocks++;
	}
	if (d->blocks > d->blocks_peak)
		d->blocks_peak = d->blocks;
	return list;
}

static const u8 *payload_read(const struct nfim_seg *seg, u32 off, u32 n, u8 *buf)
{
	struct payload *p = (struct payload *)seg;
	u32 i;

	if (!n || n > NFIM_READ_MAX || off > seg->len || n > seg->len - off)
		case_fail("the engine asks for %u bytes at %u of %u", n, off, seg->len);
	p->reads++;
	/* In place or copied, either is allowed. */
	if (!p->fill && off >= seg->head_len && p->reads % 2)
		return p->tail + (off - seg->head_len);
	for (i = 0; i < n; i++) {
		u32 at = off + i;

		if (at < seg->head_len)
			buf[i] = seg->head[at];
		else
			buf[i] = p->fill ? p->fill(at) : p->tail[at - seg->head_len];
	}
	return buf;
}

static u64 blocks_sum(const struct nfim_flow *flow)
{
	const struct nfim_block *b;
	u64 sum = 0;
	u32 i;

	for (i = 0; i < 2; i++)
		for (b = flow->dir[i].blocks; b; b = b->next)
			sum = sum * 31 + nfim_crc32((u32)(uintptr_t)b, (const u8 *)b, sizeof(*b));
	return sum;
}

/* The window of a direction as window.h describes it. */
static u32 check_window(const struct nfim_flow *flow, u32 dir)
{
	const struct nfim_block *b, *c;
	u32 n = 0;

	for (b = flow->dir[dir].blocks; b; b = b->next) {
		case_eq("alignment of a block", b->off % NFIM_BLOCK, 0);
		case_ok("flags of a block are known", b->flags <= NFIM_BLOCK_LATER);
		for (c = b->next; c; c = c->next)
			if (c->off == b->off && c->flags == b->flags)
				case_fail("two blocks at offset %u", b->off);
		n++;
	}
	case_ok("the window has at most NFIM_BLOCKS_MAX blocks", n <= NFIM_BLOCKS_MAX);
	return n;
}

static void check_flow(struct drive *d, enum nfim_verdict was, u16 was_proto)
{
	const struct nfim_flow *flow = &d->flow;
	u32 n = check_window(flow, 0) + check_window(flow, 1);

	case_eq("blocks of the flow", n, d->blocks);
	case_ok("the verdict is known to enum nfim_verdict", flow->done <= NFIM_GIVEN_UP);
	if (was != NFIM_UNDECIDED)
		case_verdict("verdict of a decided flow", flow->done, was);
	if (was == NFIM_KNOWN)
		case_eq("protocol of a decided flow", flow->proto, was_proto);
	/* One that was learnt, or asked of a proxy, waits there for its end. */
	case_eq("has a protocol", !!flow->proto, flow->done == NFIM_KNOWN ||
		(flow->conf >= NFIM_CONF_LEARNT && !flow->done));
	if (flow->done && !(flow->done == NFIM_KNOWN && d->watch))
		case_eq("blocks of a flow that is read no further", n, 0);
	if (flow->done)
		case_ok("a decided flow is not live", !nfim_flow_live(flow));
}

static void check_step(const struct drive *d, const struct nfim_seg *seg)
{
	const struct nfim_step *step = &d->step;
	u32 end = step->seg_start + (seg->len - step->seg_skip);

	case_ok("blocks asked for are at most NFIM_BLOCKS_MAX", step->blocks <= NFIM_BLOCKS_MAX);
	case_ok("seg_skip is inside the segment", step->seg_skip <= seg->len);
	if (step->keep_to > step->keep_from) {
		case_ok("keep_from is in the segment", step->keep_from >= step->seg_start);
		case_ok("keep_to is in the segment", step->keep_to <= end);
	} else if (!step->crypto) {
		case_eq("blocks asked for to keep nothing", step->blocks, 0);
	}
	if (step->verdict == NFIM_NONE || step->verdict == NFIM_GIVEN_UP)
		case_eq("blocks asked for by a flow that ends", step->blocks, 0);
	case_ok("the user is not too long", step->user_len <= NFIM_USER_MAX);
	case_ok("a fresh step has a verdict", !step->fresh || step->verdict);
	/* A name or a test of the engine is no rule. */
	case_ok("a rule comes with a verdict", step->rule == NFIM_NO_RULE ||
		(step->fresh && step->verdict == NFIM_KNOWN &&
		 step->conf != NFIM_CONF_NAME));
	if (step->rule != NFIM_NO_RULE)
		case_ok("the rule exists", step->rule < d->pack->n_rules);
}

/* The same packet twice gives the same, and changes nothing but the flow it is given. */
static void step_again(struct drive *d, const struct nfim_flow *before,
		       const struct nfim_flow *after, struct payload *p, u64 sum)
{
	struct nfim_flow copy = *before;
	struct nfim_step step;

	case_eq("the blocks' bytes", blocks_sum(before), sum);
	nfim_flow_step(d->pack, &copy, &p->seg, d->watch, &step);
	case_mem("the flow of a second try", &copy, sizeof(copy), after, sizeof(copy));
	case_eq("blocks of a second try", step.blocks, d->step.blocks);
	case_eq("work of a second try", step.work, d->step.work);
}

static void note(struct drive *d, enum nfim_verdict was)
{
	const struct nfim_step *step = &d->step;

	d->packets++;
	d->verdict = d->flow.done;
	if (!was && d->verdict) {
		d->decided = d->packets;
		d->rule = step->rule;
	}
	d->actions |= step->actions;
	if (step->user_len && !d->user_len) {
		memcpy(d->user, step->user, step->user_len);
		d->user_len = step->user_len;
	}
	d->work += step->work;
	if (step->work > d->work_max)
		d->work_max = step->work;
}

/* What the short way says of a packet that it takes, the long way says, too. */
static void step_inside(const struct drive *d, const struct nfim_flow *before,
			const struct nfim_flow *after, const struct payload *p)
{
	struct nfim_flow copy = *before;
	u32 actions = 0;

	/* A pack that came since counts from the next frame on. */
	if (d->udp || !d->watch || before->epoch != d->pack->epoch)
		return;
	if (!nfim_flow_inside(&copy, &p->seg, &actions)) {
		case_mem("a flow it leaves alone", &copy, sizeof(copy), before, sizeof(copy));
		return;
	}
	case_mem("the flow by the short way", &copy, sizeof(copy), after, sizeof(copy));
	case_eq("actions by the short way", actions, d->step.actions);
	case_eq("blocks, as the short way has none", d->step.blocks, 0);
}

/* The same for packets that bring nothing. */
static void step_brief(struct drive *d, const struct nfim_flow *before,
		       const struct nfim_flow *after, const struct payload *p)
{
	struct nfim_flow copy = *before;
	struct nfim_step step;

	if (!nfim_flow_brief(d->pack, &copy, &p->seg, d->watch, &step)) {
		case_mem("a flow it leaves alone", &copy, sizeof(copy), before, sizeof(copy));
		return;
	}
	d->brief++;
	case_eq("the short way's verdict", step.verdict, d->step.verdict);
	case_eq("whether it is fresh", step.fresh, d->step.fresh);
	case_eq("no offer", d->step.offers.n + d->step.lookups.n, 0);
	case_eq("no block to keep", d->step.blocks, 0);
	/* The caller lets go of the blocks of a flow that is done. */
	if (step.verdict) {
		copy.dir[0].blocks = after->dir[0].blocks;
		copy.dir[1].blocks = after->dir[1].blocks;
	}
	case_mem("the flow by the short way", &copy, sizeof(copy), after, sizeof(copy));
}

static enum nfim_verdict give(struct drive *d, struct payload *p)
{
	struct nfim_block *spare = NULL, *gone = NULL;
	enum nfim_verdict was = d->flow.done;
	struct nfim_flow copy = d->flow, before = d->flow;
	u16 was_proto = d->flow.proto;
	u64 sum = d->paranoid ? blocks_sum(&d->flow) : 0;
	bool kept, all;

	nfim_flow_step(d->pack, &copy, &p->seg, d->watch, &d->step);
	if (d->paranoid)
		step_again(d, &d->flow, &copy, p, sum);
	check_step(d, &p->seg);
	spare = new_blocks(d, d->step.blocks);
	all = spare || !d->step.blocks;
	kept = nfim_flow_commit(&copy, &p->seg, &d->step, &spare, &gone);
	/* What it asks for is enough; fewer may do, where bytes turn out to be kept already. */
	case_ok("the blocks it asked for are enough", kept || !all);
	step_inside(d, &before, &copy, p);
	step_brief(d, &before, &copy, p);
	d->flow = copy;
	free_blocks(d, spare);
	free_blocks(d, gone);
	if (d->paranoid)
		check_flow(d, was, was_proto);
	note(d, was);
	return d->verdict;
}

/* A copy with poison behind it. */
static const u8 *exact(struct arena *arena, const void *bytes, u32 len)
{
	if (len > ARENA)
		abort();
	ASAN_UNPOISON_MEMORY_REGION(arena->bytes, len);
	memcpy(arena->bytes, bytes, len);
	ASAN_POISON_MEMORY_REGION(arena->bytes + len,
				  max(arena->open, len) - len + GUARD);
	arena->open = len;
	return arena->bytes;
}

/* As good as any other; tests want the same each time. */
static const u64 secret[2] = { 0x0706050403020100, 0x0f0e0d0c0b0a0908 };

static void fill_seg(struct drive *d, struct nfim_seg *seg, u32 dir, u32 off)
{
	seg->l4 = d->udp ? NFIM_L4_UDP : NFIM_L4_TCP;
	seg->dir = dir;
	seg->age = d->age;
	seg->read = payload_read;
	seg->learn = d->learn ? secret : NULL;
	if (d->udp && !d->no_quic)
		seg->quic = &d->quic;
	if (d->udp)
		return;
	seg->seq = d->base[dir] + off;
	seg->has_base = d->has_base[dir];
	seg->base = d->has_base[dir] ? d->base[dir] : 0xdeadbeef;
	seg->has_acked = d->has_acked[dir];
	seg->acked = d->has_acked[dir] ? d->base[dir] + d->acked[dir] : 0xdeadbeef;
	seg->settle = d->settle;
	seg->urgent = d->urgent;
	seg->has_peer_acked = d->has_acked[!dir];
	seg->peer_acked = d->has_acked[!dir] ? d->base[!dir] + d->acked[!dir] : 0xdeadbeef;
}

enum nfim_verdict drive_ack(struct drive *d, u32 dir)
{
	enum nfim_verdict was = d->verdict;
	struct nfim_seg seg = {};
	u64 sum = blocks_sum(&d->flow);
	bool hopes;

	fill_seg(d, &seg, dir, 0);
	hopes = d->flow.conf >= NFIM_CONF_LEARNT;
	d->verdict = nfim_flow_settle(&d->flow, &seg);
	case_eq("the blocks' bytes", blocks_sum(&d->flow), sum);
	case_verdict("what it says", d->verdict, d->flow.done);
	if (was)
		case_verdict("verdict of a decided flow", d->verdict, was);
	case_ok("an acknowledgment brings no protocol but what was learnt",
		was || d->verdict != NFIM_KNOWN || hopes);
	/* Its caller lets go of what is kept. */
	if (d->verdict && (d->verdict != NFIM_KNOWN || !was))
		free_blocks(d, nfim_flow_clear(&d->flow));
	return d->verdict;
}

enum nfim_verdict drive_at(struct drive *d, u32 dir, u32 off, const void *bytes, u32 len)
{
	u32 head_len = min(len, d->head_max);
	struct payload p = {
		.seg = {
			.head = exact(&arenas[0], bytes, head_len),
			.head_len = head_len,
			.len = len,
		},
		.tail = exact(&arenas[1], (const u8 *)bytes + head_len, len - head_len),
	};

	fill_seg(d, &p.seg, dir, off);
	return give(d, &p);
}

enum nfim_verdict drive_datagram(struct drive *d, u32 dir, const void *bytes, u32 len)
{
	d->udp = true;
	return drive_at(d, dir, 0, bytes, len);
}

enum nfim_verdict drive_raw(struct drive *d, u32 dir, u32 off, u32 len, u8 (*fill)(u32 at))
{
	struct payload p = {
		.seg = { .len = len },
		.fill = fill,
	};

	fill_seg(d, &p.seg, dir, off);
	return give(d, &p);
}

const char *drive_rule(const struct drive *d)
{
	return d->rule == NFIM_NO_RULE ? NULL :
	       nfim_pack_str(d->pack, d->pack->rules[d->rule].name);
}

const char *drive_proto(const struct drive *d)
{
	const struct nfim_proto *proto = nfim_pack_proto(d->pack, d->flow.proto);

	return proto ? nfim_pack_str(d->pack, proto->name) : NULL;
}

bool drive_anomaly(const struct drive *d)
{
	return (d->flow.flags[0] | d->flow.flags[1]) & NFIM_F_ANOMALY;
}
