// SPDX-License-Identifier: GPL-2.0-only
/*
 * The verdict as a part of marks, for sets and verdict maps of stock nft (DESIGN D1, D8).
 *
 * A label answers one question a rule; a mark is one number that a map is looked up with. So the
 * number of a flow's protocol is written into the bits of the conntrack's mark that the admin
 * gave us, and a packet's actions into bits of the packet's mark. No other bit is touched.
 */
#include <net/netfilter/nf_conntrack_ecache.h>

#include "nf_im_table.h"
#include "nf_im_iterate.h"

/* What is looked at in the conntracks of a namespace. */
struct mark_walk {
	u32 old;	/* bits that held the number before */
	u32 mask;
	u32 overwritten;
};

static u32 mark_value(u32 mask, u32 value)
{
	return mask ? value << __ffs(mask) & mask : 0;
}

/* Bits side by side, and enough of them. */
static bool mask_fits(u32 mask, u32 max)
{
	u32 low = mask ? mask >> __ffs(mask) : 0;

	return !(low & (low + 1)) && low >= max;
}

#if IS_ENABLED(CONFIG_NF_CONNTRACK_MARK)
static u32 ct_mark_get(const struct nf_conn *ct)
{
	return READ_ONCE(ct->mark);
}

/* Others may write other bits at the same time. */
static void ct_mark_set(struct nf_conn *ct, u32 mask, u32 value)
{
	u32 old, new;

	do {
		old = READ_ONCE(ct->mark);
		new = (old & ~mask) | value;
		if (new == old)
			return;
	} while (cmpxchg(&ct->mark, old, new) != old);
	nf_conntrack_event_cache(IPCT_MARK, ct);
}

static const bool ct_has_mark = true;
#else
static u32 ct_mark_get(const struct nf_conn *ct)
{
	return 0;
}

static void ct_mark_set(struct nf_conn *ct, u32 mask, u32 value)
{
}

static const bool ct_has_mark;
#endif

void nf_im_mark_verdict(struct nf_conn *ct, const struct nfim_flow *flow)
{
	u32 mask = READ_ONCE(nf_im_pernet(nf_ct_net(ct))->ct_mask);

	/* A pack loaded since may have a number that is too large; then no map names it. */
	if (mask && flow->done == NFIM_KNOWN && flow->proto <= mask >> __ffs(mask))
		ct_mark_set(ct, mask, mark_value(mask, flow->proto));
}

void nf_im_mark_packet(const struct nf_im_net *inet, struct sk_buff *skb)
{
	u32 mask = READ_ONCE(inet->skb_mask);
	struct nf_im_facts facts;

	nf_im_facts_get(skb, NF_IM_WANT_ACTIONS | NF_IM_WANT_LOOKUPS, &facts);
	if (facts.lookups.n)
		facts.actions |= BIT(NF_IM_ACT_LOOKUP);
	skb->mark = (skb->mark & ~mask) | mark_value(mask, facts.actions);
}

/* The number of a conntrack's protocol by its labels, or by the table; 0 for none. */
static u32 conntrack_proto(const struct nf_conn *ct)
{
	const struct nf_conn_labels *labels = nf_ct_labels_find(ct);
	struct nf_im_entry *e;
	u32 proto = 0;
	u64 key;

	rcu_read_lock();
	if (nf_im_label_known(labels))
		proto = nf_im_label_proto(labels, &rcu_dereference(nf_im_pack)->p);
	if (!proto) {
		local_bh_disable();
		e = nf_im_find_lock(ct, &key);
		if (e && e->ct == ct && e->flow.done == NFIM_KNOWN)
			proto = e->flow.proto;
		nf_im_bucket_unlock(key);
		local_bh_enable();
	}
	rcu_read_unlock();
	return proto;
}

static int conntrack_remark(struct nf_conn *ct, void *data)
{
	const struct mark_walk *walk = data;
	u32 proto = conntrack_proto(ct);

	if (!proto)
		return 0;
	/* What somebody else has written there meanwhile is his. */
	if ((ct_mark_get(ct) & walk->old) == mark_value(walk->old, proto))
		ct_mark_set(ct, walk->old, 0);
	ct_mark_set(ct, walk->mask, mark_value(walk->mask, proto));
	return 0;
}

static int conntrack_overwritten(struct nf_conn *ct, void *data)
{
	struct mark_walk *walk = data;
	u32 proto = conntrack_proto(ct);

	if (proto && (ct_mark_get(ct) & walk->mask) != mark_value(walk->mask, proto))
		walk->overwritten++;
	return 0;
}

u32 nf_im_mark_overwritten(const struct nf_im_net *inet)
{
	struct mark_walk walk = { .mask = READ_ONCE(inet->ct_mask) };

	if (walk.mask)
		nf_im_iterate_conntracks(inet->net, conntrack_overwritten, &walk);
	return walk.overwritten;
}

static u32 proto_max(void)
{
	const struct nfim_pack *pack;
	u32 i, max = 0;

	rcu_read_lock();
	pack = &rcu_dereference(nf_im_pack)->p;
	for (i = 0; i < pack->n_protos; i++)
		max = max_t(u32, max, pack->protos[i].id);
	rcu_read_unlock();
	return max;
}

int nf_im_mark_ct(struct nf_im_net *inet, u32 mask)
{
	struct mark_walk walk = { .mask = mask };

	if (mask && !ct_has_mark)
		return -EOPNOTSUPP;
	if (mask && !mask_fits(mask, proto_max()))
		return -ERANGE;
	mutex_lock(&inet->mutex);
	walk.old = inet->ct_mask;
	WRITE_ONCE(inet->ct_mask, mask);
	if (walk.old != mask)
		nf_im_iterate_conntracks(inet->net, conntrack_remark, &walk);
	mutex_unlock(&inet->mutex);
	return 0;
}

int nf_im_mark_skb(struct nf_im_net *inet, u32 mask)
{
	if (mask && !mask_fits(mask, (1U << NF_IM_ACT_COUNT) - 1))
		return -ERANGE;
	mutex_lock(&inet->mutex);
	if (!!inet->skb_mask != !!mask)
		nf_im_watch_all(inet, mask ? 1 : -1);
	WRITE_ONCE(inet->skb_mask, mask);
	mutex_unlock(&inet->mutex);
	return 0;
}
