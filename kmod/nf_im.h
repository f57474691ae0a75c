/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * nf_im.ko: the kernel around the engine.
 *
 * A packet comes by nf_im_hook.c right after conntrack; nf_im_inspect.c drives its flow, kept
 * in the table (nf_im_table.c), and writes the verdict into the conntrack's labels
 * (nf_im_labels.c) and events (nf_im_event.c). Matches ask nf_im_facts.c, which has datagrams of
 * known flows read by nf_im_datagram.c. Packs are swapped by nf_im_pack.c, everything is counted
 * and controlled by namespace (nf_im_main.c, nf_im_netlink.c).
 */
#ifndef _NF_IM_H
#define _NF_IM_H

#include <linux/kernel.h>
#include <linux/mutex.h>
#include <linux/netfilter.h>
#include <linux/skbuff.h>
#include <linux/types.h>
#include <linux/u64_stats_sync.h>
#include <net/net_namespace.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/netfilter/nf_conntrack_labels.h>
#include <uapi/linux/netfilter/nf_im.h>

#include "engine/flow.h"
#include "engine/quic.h"
#include "nf_im_ns.h"

/* Counters of a namespace, by the number of their attribute; written with bottom halves off. */
struct nf_im_stats {
	u64_stats_t c[__NF_IM_A_C_MAX];
	struct u64_stats_sync sync;	/* 32-bit CPUs read them in two halves */
};

/* Sets of hooks that are registered together. */
enum nf_im_hooks {
	NF_IM_HOOKS_IPV4,
	NF_IM_HOOKS_IPV6,
	NF_IM_HOOKS_BRIDGE,
	NF_IM_HOOKS,
};

/**
 * struct nf_im_net - what one network namespace has
 *
 * The counts are changed under @mutex only and read without it by the hook, for which a stale
 * value means one packet more or less of a flow.
 */
struct nf_im_net {
	struct net *net;
	struct list_head list;		/* of all namespaces; nets_mutex */
	struct mutex mutex;		/* users, rules, enabled, watch; outside of nf_im_mutex */
	u32 swept;			/* round of the sweep that walked it last */
	/* Users of each set of hooks; rules and ENABLE each count as one. */
	u32 users[NF_IM_HOOKS];
	struct nf_hook_ops ops[NF_IM_HOOKS][2];
	u32 rules;
	u8 enabled;	/* NFPROTO_INET, NFPROTO_BRIDGE, or 0 for not */
	u32 ct_mask;	/* bits of conntracks' marks for the protocol, 0 for none */
	u32 skb_mask;	/* bits of packets' marks for the actions, 0 for none */
	bool exiting;	/* the namespace goes, its hooks are gone */
	/* Rules that test actions, of all protocols and of each. */
	u32 watch_any;
	u32 watch[NFIM_PROTO_MAX];
	u32 lookups;			/* rules that test look-ups; they are watch_any's, too */
	struct nf_im_stats __percpu *stats;
	atomic64_t *proto_flows;	/* [NFIM_PROTO_MAX] */
	atomic_t entries;
	atomic_t expected;	/* flows that were offered, nf_im_expect.c */
	atomic_t learnt;	/* addresses that names were learnt of; there, too */
	struct nf_im_places __rcu *places;	/* nf_im_learn.c; NULL: nothing is learnt */
	atomic_t bytes;
	struct mem_cgroup *memcg;	/* who pays; NULL for the initial namespace */
};

/* A pack in force, or the one before. Freed after a grace period. */
struct nf_im_pack {
	struct nfim_pack p;
	void *buf;
	u32 size;
	bool builtin;
};

/* A packet that carries payload of a flow we may read. */
struct nf_im_pkt {
	struct nfim_seg seg;	/* must be first */
	const struct sk_buff *skb;
	struct nf_conn *ct;
	struct nf_conn_labels *labels;	/* of ct, NULL if it has none */
	u32 payload;		/* offset in skb of the segment */
	u32 end;		/* offset in skb of what is no payload any more */
	u8 dir;			/* enum ip_conntrack_dir */
	bool syn;
	u8 head[64];
};

struct nf_im_facts {
	enum nf_im_state state;
	u32 proto;		/* id, 0 for none; only looked up where labels cannot tell */
	u32 actions;		/* of this packet; only if asked for */
	bool actions_known;	/* it was read for actions, or there are none */
	u8 conf;		/* enum nf_im_confidence, of a known protocol */
	bool known;		/* as a protocol; set as @conf */
	struct nfim_lookups lookups;	/* whose hosts this packet asks for; only if asked for */
};

/* What nf_im_facts_get() looks for beside the flow's state. */
enum nf_im_want {
	NF_IM_WANT_PROTO	= 1 << 0,	/* the protocol, in the table as well */
	NF_IM_WANT_ACTIONS	= 1 << 1,	/* of this packet */
	NF_IM_WANT_LOOKUPS	= 1 << 2,	/* the same; with the actions */
};

extern struct mutex nf_im_mutex;
extern struct nf_im_pack __rcu *nf_im_pack;

static inline void nf_im_count(const struct nf_im_net *inet, u32 counter)
{
	struct nf_im_stats *stats = this_cpu_ptr(inet->stats);

	u64_stats_update_begin(&stats->sync);
	u64_stats_inc(&stats->c[counter]);
	u64_stats_update_end(&stats->sync);
}

/* nf_im_main.c */
struct nf_im_net *nf_im_pernet(const struct net *net);
struct nf_im_net *nf_im_net_to_sweep(u32 round);

/**
 * nf_im_rule_add() - a match rule came into a namespace
 * @net: the namespace
 * @family: of the rule
 * @info: the rule; names checked against the registry, NF_IM_MT_ACTION makes flows watched
 *
 * Return: 0, -EINVAL for a protocol the registry lacks, or why conntrack, its labels or the
 * hook could not be had.
 */
int nf_im_rule_add(struct net *net, u8 family, const struct xt_im_mtinfo *info);

/**
 * nf_im_rule_del() - the rule went
 * @net: the namespace
 * @family: of the rule
 * @info: the same rule
 */
void nf_im_rule_del(struct net *net, u8 family, const struct xt_im_mtinfo *info);

/**
 * nf_im_enable() - hold or let go the hook of both families without a rule
 * @net: the namespace
 * @on: which
 * @bridge: on bridges too; what is held already stays
 * @learn: on: learn from names, too, and again what does so already stays; off: cease that alone
 *
 * Return: 0, also if it is so already, or a negative errno.
 */
int nf_im_enable(struct net *net, bool on, bool bridge, bool learn);

/**
 * nf_im_watch_all() - read flows of all protocols on for their actions, or cease to
 * @inet: the namespace; under its mutex
 * @by: 1 or -1
 */
void nf_im_watch_all(struct nf_im_net *inet, int by);

/* nf_im_hook.c */
u8 nf_im_hook_family(enum nf_im_hooks set);
int nf_im_hook_register(struct nf_im_net *inet, enum nf_im_hooks set);
void nf_im_hook_unregister(struct nf_im_net *inet, enum nf_im_hooks set);
bool nf_im_pkt_init(struct nf_im_pkt *pkt, const struct sk_buff *skb, struct nf_conn *ct,
		    enum ip_conntrack_info ctinfo);
bool nf_im_pkt_copy(struct nf_im_pkt *pkt);
bool nf_im_pkt_next(struct nf_im_pkt *pkt);

/**
 * nf_im_pkt_head() - get at the bytes of a segment
 * @pkt: packet with payload
 *
 * What of it lies in one piece is read in place; where hardly anything does, the first bytes
 * are copied.
 *
 * Return: false if they are not to be had.
 */
static inline bool nf_im_pkt_head(struct nf_im_pkt *pkt)
{
	struct nfim_seg *seg = &pkt->seg;
	u32 linear = skb_headlen(pkt->skb);

	seg->head_len = linear > pkt->payload ? min(seg->len, linear - pkt->payload) : 0;
	if (unlikely(seg->head_len < min_t(u32, seg->len, sizeof(pkt->head))))
		return nf_im_pkt_copy(pkt);
	seg->head = pkt->skb->data + pkt->payload;
	return true;
}

/* nf_im_inspect.c */
void nf_im_inspect(struct nf_im_net *inet, struct nf_im_pkt *pkt);
bool nf_im_inspect_inside(struct nf_im_net *inet, const struct nf_im_pkt *pkt);
void nf_im_inspect_syn(const struct nf_im_pkt *pkt);
void nf_im_inspect_ack(struct nf_im_pkt *pkt);

/* nf_im_facts.c */

/**
 * nf_im_facts_get() - what is known of a packet's flow, and of the packet
 * @skb: the packet, in any hook behind conntrack
 * @want: bits of enum nf_im_want
 * @facts: set
 *
 * Context: softirq or process, under rcu_read_lock().
 */
void nf_im_facts_get(const struct sk_buff *skb, u32 want, struct nf_im_facts *facts);

/**
 * nf_im_facts_number() - a fact of a packet as the number that the native expression loads
 * @skb: the packet, in any hook behind conntrack
 * @key: which fact
 * @number: set
 *
 * Context: softirq or process, under rcu_read_lock().
 * Return: false if it is not known.
 */
bool nf_im_facts_number(const struct sk_buff *skb, enum nf_im_key key, u32 *number);

/* nf_im_datagram.c */

/**
 * nf_im_datagram_does() - what a packet of datagrams does
 * @skb: the packet
 * @ct: its conntrack
 * @ctinfo: its relation
 * @pack: in force
 * @facts: of its flow, of a known protocol
 * @actions: set to bits of enum nf_im_action
 *
 * Context: softirq or process, under rcu_read_lock().
 * Return: false if that is not known: the flow was decided when no rule asked, or was let go.
 */
bool nf_im_datagram_does(const struct sk_buff *skb, struct nf_conn *ct,
			 enum ip_conntrack_info ctinfo, const struct nfim_pack *pack,
			 const struct nf_im_facts *facts, u32 *actions);
int nf_im_datagram_init(void);
void nf_im_datagram_exit(void);

/* nf_im_labels.c */
extern unsigned int nf_im_label_base;

static inline unsigned int nf_im_label_bit(u32 offset)
{
	return nf_im_label_base + offset;
}

static inline bool nf_im_label_test(const struct nf_conn_labels *labels, u32 offset)
{
	return labels && test_bit(nf_im_label_bit(offset), labels->bits);
}

/* What the labels say of a flow but for its protocol: BIT(NF_IM_LABEL_DONE) and so on. */
static inline u32 nf_im_label_bits(const struct nf_conn_labels *labels)
{
	u64 bits;

	/* 80 of 128 bits are ours, so these all stand in the first 64. */
	static_assert(NF_CT_LABELS_MAX_SIZE * 8 - NF_IM_LABEL_COUNT + NF_IM_LABEL_PROTO <= 64);
	if (!labels)
		return 0;
	bits = READ_ONCE(labels->bits[0]);
	if (BITS_PER_LONG == 32)
		bits |= (u64)READ_ONCE(labels->bits[1]) << 32;
	return (bits >> nf_im_label_base) & (BIT(NF_IM_LABEL_PROTO) - 1);
}

/* Is the flow known to be a protocol? Each has a category. */
static inline bool nf_im_label_known(const struct nf_conn_labels *labels)
{
	return nf_im_label_bits(labels) &
	       GENMASK(NF_IM_LABEL_CATEGORY + NF_IM_CAT_COUNT - 1, NF_IM_LABEL_CATEGORY);
}

/**
 * nf_im_label_proto_mask() - the label bits that a set of protocols or categories has
 * @info: the rule
 * @mask: 128 bits, set
 *
 * Return: true if a protocol of the rule has no label, so that its flows are in the table only.
 */
bool nf_im_label_proto_mask(const struct xt_im_mtinfo *info, unsigned long *mask);

void nf_im_label_set(struct nf_conn *ct, u32 offset);
void nf_im_label_verdict(struct nf_conn *ct, const struct nfim_pack *pack,
			 const struct nfim_flow *flow, bool reads_on);
u32 nf_im_label_proto(const struct nf_conn_labels *labels, const struct nfim_pack *pack);
enum nfim_confidence nf_im_label_conf(const struct nf_conn_labels *labels);
bool nf_im_label_holds(const struct nf_conn *ct, const struct nfim_pack *pack,
		       const struct nfim_flow *flow);
/* nf_im_crypto.c: memory to decrypt QUIC in */
struct nfim_quic *nf_im_quic_get(const struct nf_im_net *inet);
void nf_im_quic_put(struct nfim_quic *q);
int nf_im_crypto_init(void);
void nf_im_crypto_exit(void);

int nf_im_label_check(void);

/* nf_im_mark.c */

/**
 * nf_im_mark_verdict() - write the number of a known protocol into the flow's mark, if asked to
 * @ct: its conntrack
 * @flow: the verdict
 */
void nf_im_mark_verdict(struct nf_conn *ct, const struct nfim_flow *flow);

/**
 * nf_im_mark_packet() - write a packet's actions into its mark
 * @inet: namespace, with a mask for them
 * @skb: the packet, after it was inspected
 */
void nf_im_mark_packet(const struct nf_im_net *inet, struct sk_buff *skb);

/**
 * nf_im_mark_ct() - choose the bits of conntracks' marks, and write those of known flows
 * @inet: namespace
 * @mask: bits side by side, 0 for none
 *
 * Context: process.
 * Return: 0, -ERANGE if the bits do not fit, -EOPNOTSUPP if conntracks have no marks.
 */
int nf_im_mark_ct(struct nf_im_net *inet, u32 mask);

/**
 * nf_im_mark_skb() - choose the bits of packets' marks
 * @inet: namespace
 * @mask: bits side by side, 0 for none
 *
 * Context: process.
 * Return: 0, or -ERANGE if the bits do not fit.
 */
int nf_im_mark_skb(struct nf_im_net *inet, u32 mask);

/**
 * nf_im_mark_overwritten() - count known flows whose mark has another number by now
 * @inet: namespace
 *
 * Context: process; walks all conntracks.
 * Return: how many there are now.
 */
u32 nf_im_mark_overwritten(const struct nf_im_net *inet);

/* nf_im_reopen.c */

/** struct nf_im_reopened - what became of the flows with a verdict */
struct nf_im_reopened {
	u32 reopened;
	u32 offloaded;	/* out of reach, left as they are */
};

/**
 * nf_im_reopen() - let flows with a verdict be read again
 * @inet: namespace
 * @count: set
 *
 * Context: process; walks all conntracks.
 */
void nf_im_reopen(struct nf_im_net *inet, struct nf_im_reopened *count);

/* nf_im_pack.c */
int nf_im_pack_init(void);
void nf_im_pack_exit(void);
int nf_im_pack_begin(u32 portid, u32 size);
int nf_im_pack_chunk(u32 portid, u32 off, const void *data, u32 len);
int nf_im_pack_commit(u32 portid, bool force, char *why, size_t why_len);
int nf_im_pack_rollback(bool force, char *why, size_t why_len);
void nf_im_pack_release(u32 portid);
bool nf_im_pack_has_previous(void);
void nf_im_pack_rule(const struct xt_im_mtinfo *info, bool add);

/**
 * nf_im_proto_category() - enum nf_im_category of a protocol
 * @id: of the protocol
 *
 * Context: under rcu_read_lock().
 * Return: NF_IM_CAT_COUNT if there is no such protocol.
 */
u32 nf_im_proto_category(u32 id);

/* nf_im_event.c */
bool nf_im_event_wanted(struct net *net);
void nf_im_event_stop(void);

/**
 * nf_im_flow_known() - count a flow that is known now, and tell who listens
 * @inet: namespace
 * @ct: its conntrack
 * @pack: in force
 * @flow: the flow
 * @step: of the packet that decided it, NULL if none did
 *
 * Context: bottom halves off; locks may be held.
 */
void nf_im_flow_known(const struct nf_im_net *inet, const struct nf_conn *ct,
		      const struct nfim_pack *pack, const struct nfim_flow *flow,
		      const struct nfim_step *step);

/**
 * nf_im_flow_ended() - count a flow that was decided without a packet's payload
 * @inet: namespace
 * @ct: its conntrack
 * @pack: in force
 * @flow: decided; a known one by what was learnt, which is told to who listens
 *
 * Context: as nf_im_flow_known().
 */
void nf_im_flow_ended(const struct nf_im_net *inet, const struct nf_conn *ct,
		      const struct nfim_pack *pack, const struct nfim_flow *flow);

/* nf_im_netlink.c */
extern struct genl_family nf_im_genl_family;
int nf_im_netlink_init(void);
void nf_im_netlink_exit(void);

#endif /* _NF_IM_H */
