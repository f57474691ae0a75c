// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where packets come by: right after conntrack, in PRE_ROUTING and LOCAL_OUT, and in a bridge's
 * PRE_ROUTING where rules stand on bridges.
 *
 * A packet of a flow with im-done costs one look at the conntrack's labels. PRE_ROUTING runs in
 * softirq, LOCAL_OUT in process context, which may be preempted by it.
 */
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/netdevice.h>
#include <linux/netfilter_bridge.h>
#include <linux/netfilter_ipv4.h>
#include <linux/netfilter_ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/ipv6.h>
#include <net/netfilter/nf_conntrack_core.h>

#include "nf_im.h"

/* Bytes [off, off + n) of the payload, for the engine. */
static const u8 *pkt_read(const struct nfim_seg *seg, u32 off, u32 n, u8 *buf)
{
	const struct nf_im_pkt *pkt = container_of(seg, struct nf_im_pkt, seg);

	return skb_header_pointer(pkt->skb, pkt->payload + off, n, buf);
}

/*
 * Offset of the transport header, or -1: a fragment, a header chain that is cut, or another
 * protocol than the conntrack's, as an ICMP error that belongs to its flow.
 */
static __always_inline int pkt_transport(const struct sk_buff *skb, u8 l3num, u8 l4)
{
	int off = skb_network_offset(skb);

	if (l3num == NFPROTO_IPV4) {
		const struct iphdr *iph;
		struct iphdr _iph __uninitialized;

		iph = skb_header_pointer(skb, off, sizeof(_iph), &_iph);
		if (!iph || iph->frag_off & htons(IP_MF | IP_OFFSET) || iph->protocol != l4)
			return -1;
		return off + iph->ihl * 4;
	}
	if (l3num == NFPROTO_IPV6) {
		const struct ipv6hdr *ip6h;
		struct ipv6hdr _ip6h __uninitialized;
		__be16 frag_off;
		u8 nexthdr;

		ip6h = skb_header_pointer(skb, off, sizeof(_ip6h), &_ip6h);
		if (!ip6h)
			return -1;
		nexthdr = ip6h->nexthdr;
		off = ipv6_skip_exthdr(skb, off + sizeof(_ip6h), &nexthdr, &frag_off);
		return frag_off & htons(~0x7) || nexthdr != l4 ? -1 : off;
	}
	return -1;
}

/* The peer's highest acknowledgment tells where the stream began, and what is past changing. */
static void pkt_tcp_base(struct nf_im_pkt *pkt)
{
	const struct ip_ct_tcp_state *me = &pkt->ct->proto.tcp.seen[pkt->dir];
	const struct ip_ct_tcp_state *peer = &pkt->ct->proto.tcp.seen[!pkt->dir];
	struct nfim_seg *seg = &pkt->seg;

	if (READ_ONCE(peer->flags) & IP_CT_TCP_FLAG_MAXACK_SET) {
		seg->acked = READ_ONCE(peer->td_maxack);
		seg->has_acked = true;
	}
	if (READ_ONCE(me->flags) & IP_CT_TCP_FLAG_MAXACK_SET) {
		seg->peer_acked = READ_ONCE(me->td_maxack);
		seg->has_peer_acked = true;
	}
	seg->settle = true;
	if (!(nf_im_label_bits(pkt->labels) & BIT(NF_IM_LABEL_SEEN)))
		return;
	if (pkt->syn) {
		seg->base = seg->seq;
		seg->has_base = true;
	} else if (seg->has_acked) {
		seg->base = seg->acked;
		seg->has_base = true;
	}
}

static __always_inline bool pkt_tcp(struct nf_im_pkt *pkt, int thoff)
{
	const struct tcphdr *th;
	struct tcphdr _th __uninitialized;

	th = skb_header_pointer(pkt->skb, thoff, sizeof(_th), &_th);
	/* What a reset carries is no part of the stream (RFC 9293 section 3.5.3). */
	if (!th || th->doff < sizeof(_th) / 4 || th->rst)
		return false;
	pkt->payload = thoff + th->doff * 4;
	pkt->seg.seq = ntohl(th->seq) + th->syn;
	pkt->seg.urgent = th->urg;
	pkt->syn = th->syn;
	return true;
}

/* A receiver cuts a datagram to its own length; what stands behind it is no part of it. */
static __always_inline bool pkt_udp(struct nf_im_pkt *pkt, int thoff)
{
	const struct udphdr *uh;
	struct udphdr _uh __uninitialized;
	u32 len;

	uh = skb_header_pointer(pkt->skb, thoff, sizeof(_uh), &_uh);
	if (!uh)
		return false;
	pkt->payload = thoff + sizeof(_uh);
	len = ntohs(uh->len);
	if (len && len < sizeof(_uh))
		return false;
	/* 0: an IPv6 jumbogram; and several datagrams in one carry the first one's length. */
	if (len && !skb_is_gso(pkt->skb))
		pkt->end = min_t(u32, pkt->end, thoff + len);
	return true;
}

/* How long is the segment from pkt->payload on? All of TCP, one datagram of UDP. */
static __always_inline void pkt_segment(struct nf_im_pkt *pkt)
{
	struct nfim_seg *seg = &pkt->seg;

	seg->len = pkt->end - pkt->payload;
	if (seg->l4 == IPPROTO_UDP && skb_is_gso(pkt->skb) && skb_shinfo(pkt->skb)->gso_size)
		seg->len = min_t(u32, seg->len, skb_shinfo(pkt->skb)->gso_size);
}

/**
 * nf_im_pkt_copy() - copy the first bytes of a segment that does not lie in one piece
 * @pkt: packet with payload
 *
 * Return: false if they are not to be had.
 */
bool nf_im_pkt_copy(struct nf_im_pkt *pkt)
{
	struct nfim_seg *seg = &pkt->seg;

	seg->head_len = min_t(u32, seg->len, sizeof(pkt->head));
	seg->head = skb_header_pointer(pkt->skb, pkt->payload, seg->head_len, pkt->head);
	return seg->head;
}

/* See nf_im_pkt_init(); but age, learn and quic are set by who reads the segment. */
static __always_inline bool pkt_init(struct nf_im_pkt *pkt, const struct sk_buff *skb,
				     struct nf_conn *ct, enum ip_conntrack_info ctinfo)
{
	u8 l4 = nf_ct_protonum(ct);
	int thoff;

	if (l4 != IPPROTO_TCP && l4 != IPPROTO_UDP)
		return false;
	thoff = pkt_transport(skb, nf_ct_l3num(ct), l4);
	if (thoff < 0)
		return false;
	/* One by one, as few of them cost less than to clear it all. */
	pkt->skb = skb;
	pkt->ct = ct;
	pkt->labels = nf_ct_labels_find(ct);
	pkt->dir = CTINFO2DIR(ctinfo);
	pkt->syn = false;
	pkt->end = skb->len;
	pkt->seg.dir = pkt->dir;
	pkt->seg.l4 = l4;
	pkt->seg.read = pkt_read;
	pkt->seg.len = 0;
	pkt->seg.seq = 0;
	pkt->seg.has_base = false;
	pkt->seg.has_acked = false;
	pkt->seg.has_peer_acked = false;
	pkt->seg.settle = false;
	pkt->seg.urgent = false;
	if (l4 == IPPROTO_TCP ? !pkt_tcp(pkt, thoff) : !pkt_udp(pkt, thoff))
		return false;
	if (pkt->payload < pkt->end)
		pkt_segment(pkt);
	return true;
}

/**
 * nf_im_pkt_init() - find the payload of a TCP or UDP packet
 * @pkt: set up; @pkt->seg.len is 0 where there is no payload, and where there is, only
 *	nf_im_pkt_head() gets at its bytes
 * @skb: the packet
 * @ct: its conntrack
 * @ctinfo: its relation
 *
 * Return: false if it is none of ours, or its headers are not to be had.
 */
bool nf_im_pkt_init(struct nf_im_pkt *pkt, const struct sk_buff *skb, struct nf_conn *ct,
		    enum ip_conntrack_info ctinfo)
{
	pkt->seg.age = 0;
	pkt->seg.learn = NULL;
	pkt->seg.quic = NULL;
	return pkt_init(pkt, skb, ct, ctinfo);
}

/**
 * nf_im_pkt_next() - go to the next datagram of a packet that holds several
 * @pkt: the packet
 *
 * UDP GSO and GRO (frag lists too) hold datagrams of gso_size, the last may be shorter.
 *
 * Return: false if there is none.
 */
bool nf_im_pkt_next(struct nf_im_pkt *pkt)
{
	if (pkt->end - pkt->payload <= pkt->seg.len)
		return false;
	pkt->payload += pkt->seg.len;
	pkt_segment(pkt);
	return nf_im_pkt_head(pkt);
}

/*
 * Does this SYN begin a stream? One that conntrack let pass on an open connection does not: the
 * receiver answers it with a challenge, and its number and bytes are anybody's.
 */
static bool pkt_begins(const struct nf_im_pkt *pkt)
{
	return pkt->dir == IP_CT_DIR_ORIGINAL &&
	       (!nf_ct_is_confirmed(pkt->ct) ||
		READ_ONCE(pkt->ct->proto.tcp.state) == TCP_CONNTRACK_SYN_SENT);
}

static void hook_tcp(struct nf_im_net *inet, struct nf_im_pkt *pkt)
{
	if (unlikely(pkt->syn)) {
		if (!pkt_begins(pkt))
			return;
		/* From here on we know where its streams begin. */
		nf_im_label_set(pkt->ct, NF_IM_LABEL_SEEN);
		nf_im_inspect_syn(pkt);
	} else if (pkt->seg.len && nf_im_label_known(pkt->labels) &&
		   nf_im_inspect_inside(inet, pkt)) {
		return;
	}
	pkt_tcp_base(pkt);
	if (pkt->seg.len)
		nf_im_inspect(inet, pkt);
	else if (!pkt->syn)
		nf_im_inspect_ack(pkt);
}

static void hook_udp(struct nf_im_net *inet, struct nf_im_pkt *pkt)
{
	if (!nf_ct_is_confirmed(pkt->ct))
		nf_im_label_set(pkt->ct, NF_IM_LABEL_SEEN);
	if (pkt->seg.len)
		nf_im_inspect(inet, pkt);
}

/* A packet of a flow that is not done; apart, so that the others need no stack for it. */
static noinline void hook_inspect(struct sk_buff *skb, struct nf_conn *ct,
				  enum ip_conntrack_info ctinfo, struct nf_im_net *inet)
{
	struct nf_im_pkt pkt __uninitialized;

	if (!pkt_init(&pkt, skb, ct, ctinfo))
		return;
	local_bh_disable();
	if (pkt.seg.l4 == IPPROTO_UDP)
		hook_udp(inet, &pkt);
	else
		hook_tcp(inet, &pkt);
	local_bh_enable();
}

static unsigned int nf_im_hook(void *priv, struct sk_buff *skb,
			       const struct nf_hook_state *state)
{
	enum ip_conntrack_info ctinfo;
	struct nf_conn *ct = nf_ct_get(skb, &ctinfo);
	struct nf_im_net *inet = priv;
	bool done;

	if (!ct || nf_ct_is_template(ct))
		return NF_ACCEPT;
	done = nf_im_label_bits(nf_ct_labels_find(ct)) & BIT(NF_IM_LABEL_DONE);
	if (likely(done && !READ_ONCE(inet->skb_mask)))
		return NF_ACCEPT;
	/* What a loopback device delivers was seen in LOCAL_OUT. */
	if (state->hook == NF_INET_PRE_ROUTING && state->in && state->in->flags & IFF_LOOPBACK)
		return NF_ACCEPT;
	if (!done)
		hook_inspect(skb, ct, ctinfo, inet);
	if (unlikely(READ_ONCE(inet->skb_mask)))
		nf_im_mark_packet(inet, skb);
	return NF_ACCEPT;
}

#define IM_HOOK(family, num, prio) {	\
	.hook = nf_im_hook,		\
	.pf = (family),			\
	.hooknum = (num),		\
	.priority = (prio) + 1,		\
}

/* A bridge's conntrack has the priority of IPv4's; what the host sends has met LOCAL_OUT. */
static const struct nf_hook_ops hook_template[NF_IM_HOOKS][2] = {
	[NF_IM_HOOKS_IPV4] = {
		IM_HOOK(NFPROTO_IPV4, NF_INET_PRE_ROUTING, NF_IP_PRI_CONNTRACK),
		IM_HOOK(NFPROTO_IPV4, NF_INET_LOCAL_OUT, NF_IP_PRI_CONNTRACK),
	},
	[NF_IM_HOOKS_IPV6] = {
		IM_HOOK(NFPROTO_IPV6, NF_INET_PRE_ROUTING, NF_IP6_PRI_CONNTRACK),
		IM_HOOK(NFPROTO_IPV6, NF_INET_LOCAL_OUT, NF_IP6_PRI_CONNTRACK),
	},
	[NF_IM_HOOKS_BRIDGE] = {
		IM_HOOK(NFPROTO_BRIDGE, NF_BR_PRE_ROUTING, NF_IP_PRI_CONNTRACK),
	},
};

static unsigned int hook_count(enum nf_im_hooks set)
{
	return set == NF_IM_HOOKS_BRIDGE ? 1 : 2;
}

/**
 * nf_im_hook_family() - what conntrack must follow for a set of hooks
 * @set: which hooks
 *
 * Return: NFPROTO_*.
 */
u8 nf_im_hook_family(enum nf_im_hooks set)
{
	return hook_template[set][0].pf;
}

/**
 * nf_im_hook_register() - start to see the packets of one family
 * @inet: namespace
 * @set: which hooks
 *
 * Return: 0 or a negative errno.
 */
int nf_im_hook_register(struct nf_im_net *inet, enum nf_im_hooks set)
{
	memcpy(inet->ops[set], hook_template[set], sizeof(inet->ops[set]));
	inet->ops[set][0].priv = inet;
	inet->ops[set][1].priv = inet;
	return nf_register_net_hooks(inet->net, inet->ops[set], hook_count(set));
}

/**
 * nf_im_hook_unregister() - stop seeing them
 * @inet: namespace
 * @set: which hooks
 *
 * No CPU is in the hook any more after the next grace period.
 */
void nf_im_hook_unregister(struct nf_im_net *inet, enum nf_im_hooks set)
{
	nf_unregister_net_hooks(inet->net, inet->ops[set], hook_count(set));
}
