// SPDX-License-Identifier: GPL-2.0-only
/*
 * What datagrams of known flows do, for rules that ask: they are read where they meet the rule.
 *
 * Rules ask one after the other. The answer to the last packet is remembered with its bytes, not
 * with its skb, which may have become another packet's: the same bytes, at the same moment, of the
 * same flow, do the same.
 */
#include <linux/percpu.h>

#include "nf_im_expect.h"
#include "nf_im_learn.h"
#include "nf_im_table.h"

enum {
	SAID_BYTES = 2048,	/* what is longer each rule reads itself */
	PIECE = 128,		/* bytes of a packet that is in many pieces */
	SAID_JIFFIES = HZ / 8,	/* what is sent again (SIP: after 500 ms) offers again */
};

/* All but the bytes that the answer depends on. */
struct question {
	unsigned long when;	/* jiffies */
	const struct nf_conn *ct;	/* never dereferenced */
	u32 payload;
	u32 len;
	u16 gso;
	u8 proto;
	u8 conf;
	u8 dir;
	u8 epoch;	/* of the pack */
};

/* The last answer on a CPU. */
struct said {
	spinlock_t lock;	/* of all below; nobody waits for it */
	u32 actions;
	struct question q;
	u8 bytes[SAID_BYTES];
};

static struct said __percpu *said_cpus;

static bool same_question(const struct question *a, const struct question *b)
{
	return b->when - a->when <= SAID_JIFFIES && a->ct == b->ct && a->len == b->len &&
	       a->gso == b->gso && a->proto == b->proto && a->conf == b->conf && a->dir == b->dir &&
	       a->epoch == b->epoch;
}

static bool same_bytes(const struct sk_buff *skb, const struct question *q, const u8 *bytes)
{
	u8 buf[PIECE] __uninitialized;
	const u8 *p;
	u32 off, n;

	for (off = 0; off < q->len; off += n) {
		n = min_t(u32, q->len - off, PIECE);
		p = skb_header_pointer(skb, q->payload + off, n, buf);
		if (!p || memcmp(p, bytes + off, n))
			return false;
	}
	return true;
}

/* Another packet may use the CPU's memory, where it can be preempted (PREEMPT_RT). */
static bool said_find(const struct sk_buff *skb, const struct question *q, u32 *actions)
{
	struct said *s;
	bool found = false;

	local_bh_disable();
	s = raw_cpu_ptr(said_cpus);
	if (spin_trylock(&s->lock)) {
		found = same_question(&s->q, q) && same_bytes(skb, q, s->bytes);
		if (found)
			*actions = s->actions;
		spin_unlock(&s->lock);
	}
	local_bh_enable();
	return found;
}

static void said_keep(const struct sk_buff *skb, const struct question *q, u32 actions)
{
	struct said *s;

	local_bh_disable();
	s = raw_cpu_ptr(said_cpus);
	if (spin_trylock(&s->lock)) {
		s->q = *q;
		s->actions = actions;
		/* Half a packet is nobody's. */
		if (skb_copy_bits(skb, q->payload, s->bytes, q->len))
			s->q.ct = NULL;
		spin_unlock(&s->lock);
	}
	local_bh_enable();
}

/* What a datagram offers is taken where a rule asks what it does, as it is read nowhere else. */
static void datagram_offers(struct nf_im_net *inet, const struct nf_im_pkt *pkt, u32 proto,
			    const struct nfim_offers *offers)
{
	if (!READ_ONCE(inet->watch[proto]) || !nf_im_answered(pkt))
		return;
	local_bh_disable();
	nf_im_expect_offers(inet, pkt->ct, pkt->dir, proto, offers);
	local_bh_enable();
}

/* All datagrams of a packet, by their frames. */
static noinline u32 datagrams_read(struct nf_im_net *inet, struct nf_im_pkt *pkt,
				   const struct nfim_pack *pack, u32 proto, u8 conf)
{
	struct nfim_flow flow;
	struct nfim_step step __uninitialized;
	u32 actions = 0, n = 0;

	do {
		nfim_flow_init(&flow);
		flow.proto = proto;
		flow.conf = conf;
		flow.done = NFIM_KNOWN;
		nfim_flow_step(pack, &flow, &pkt->seg, NFIM_WATCH_ACTIONS, &step);
		actions |= step.actions;
		if (unlikely(step.offers.n))
			datagram_offers(inet, pkt, proto, &step.offers);
	} while (++n < NFIM_BUDGET_DATAGRAMS && nf_im_pkt_next(pkt));
	local_bh_disable();
	nf_im_count(inet, NF_IM_A_C_READ_AGAIN);
	local_bh_enable();
	return actions;
}

/* The same, or what was said of it already. */
static u32 datagrams_do(struct nf_im_pkt *pkt, const struct nfim_pack *pack, u32 proto, u8 conf)
{
	struct nf_im_net *inet = nf_im_pernet(nf_ct_net(pkt->ct));
	const struct question q = {
		.when = jiffies,
		.ct = pkt->ct,
		.payload = pkt->payload,
		.len = pkt->end - pkt->payload,
		.gso = skb_is_gso(pkt->skb) ? skb_shinfo(pkt->skb)->gso_size : 0,
		.proto = proto,
		.conf = conf,
		.dir = pkt->dir,
		.epoch = pack->epoch,
	};
	bool shared = q.len <= SAID_BYTES && READ_ONCE(inet->watch[proto]) > 1;
	u32 actions;

	if (shared && said_find(pkt->skb, &q, &actions))
		return actions;
	if (!nf_im_pkt_head(pkt))
		return 0;
	actions = datagrams_read(inet, pkt, pack, proto, conf);
	if (shared)
		said_keep(pkt->skb, &q, actions);
	return actions;
}

/* What all packets of the flow do, as its entry knows. */
static bool flow_does(const struct nf_conn *ct, u32 proto, u32 *actions)
{
	const struct nf_im_entry *e;
	bool known;
	u64 key;

	local_bh_disable();
	e = nf_im_find_lock(ct, &key);
	known = e && (e->ct == ct || e->flags & NF_IM_E_UNCONFIRMED) && e->flow.proto == proto &&
		nfim_flow_does(&e->flow, actions);
	nf_im_bucket_unlock(key);
	local_bh_enable();
	if (!known)
		*actions = 0;
	return known;
}

bool nf_im_datagram_does(const struct sk_buff *skb, struct nf_conn *ct,
			 enum ip_conntrack_info ctinfo, const struct nfim_pack *pack,
			 const struct nf_im_facts *facts, u32 *actions)
{
	struct nf_im_pkt pkt __uninitialized;
	bool known = true;
	u32 offered = 0;

	*actions = 0;
	if (!nf_im_pkt_init(&pkt, skb, ct, ctinfo) || !pkt.seg.len)
		return true;
	if (nfim_flow_frames(pack, facts->proto, facts->conf, IPPROTO_UDP, pkt.dir))
		*actions = datagrams_do(&pkt, pack, facts->proto, facts->conf);
	else
		known = flow_does(ct, facts->proto, actions);
	/* As a name or a pair it was not offered. */
	if (facts->conf == NF_IM_CONF_PAYLOAD)
		offered = nf_im_expect_does(nf_im_pernet(nf_ct_net(ct)), ct, facts->proto);
	/* What was offered has no frames, so that its bytes are taken for others of its call. */
	if (offered)
		*actions = (*actions & ~BIT(NF_IM_ACT_OTHER)) | offered;
	return known || offered;
}

int nf_im_datagram_init(void)
{
	int cpu;

	said_cpus = alloc_percpu(struct said);
	if (!said_cpus)
		return -ENOMEM;
	for_each_possible_cpu(cpu)
		spin_lock_init(&per_cpu_ptr(said_cpus, cpu)->lock);
	return 0;
}

void nf_im_datagram_exit(void)
{
	free_percpu(said_cpus);
}
