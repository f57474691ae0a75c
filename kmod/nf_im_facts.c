// SPDX-License-Identifier: GPL-2.0-only
/*
 * What rules ask: how far is this packet's flow, what is it, what does this packet do.
 *
 * Facts of a flow are read off the conntrack's labels where those can tell; facts of a
 * packet were noted when it came by the hook, by direction and sequence range, since many
 * packets may pass the hook before the first of them meets a rule.
 */
#include "engine/dns.h"
#include "nf_im_learn.h"
#include "nf_im_table.h"

static enum nf_im_state labels_state(const struct nf_conn_labels *labels)
{
	u32 bits = nf_im_label_bits(labels);

	if (nf_im_label_known(labels))
		return NF_IM_STATE_DECIDED;
	if (bits & BIT(NF_IM_LABEL_UNINSPECTED))
		return NF_IM_STATE_UNINSPECTED;
	if (bits & BIT(NF_IM_LABEL_DONE))
		return NF_IM_STATE_DECIDED;
	if (bits & BIT(NF_IM_LABEL_OPEN))
		return NF_IM_STATE_UNDECIDED;
	return NF_IM_STATE_NEW;
}

static enum nf_im_state flow_state(const struct nfim_flow *flow)
{
	switch (flow->done) {
	case NFIM_UNDECIDED:
		return NF_IM_STATE_UNDECIDED;
	case NFIM_GIVEN_UP:
		return NF_IM_STATE_UNINSPECTED;
	default:
		return NF_IM_STATE_DECIDED;
	}
}

/* All facts whose range the packet touches. */
static void watch_facts(const struct nf_im_watch *watch, const struct nf_im_pkt *pkt,
			struct nf_im_facts *facts)
{
	const struct nf_im_fact *f;
	const struct nf_im_old *old = &watch->old[pkt->dir];
	u32 i;

	if ((old->actions || old->lookups.n) && (s32)(pkt->seg.seq - old->end) < 0) {
		facts->actions = old->actions;
		facts->lookups = old->lookups;
	}
	for (i = 0; i < NF_IM_FACTS; i++) {
		f = &watch->facts[i];
		if (!nf_im_fact_of(f, pkt))
			continue;
		facts->actions |= f->actions & NFIM_ACTIONS_MASK;
		if (f->lookup)
			nfim_lookups_add(&facts->lookups, f->lookup);
	}
}

/* The entry's view of the flow, where the labels cannot tell or actions are asked for. */
static void facts_table(const struct sk_buff *skb, struct nf_conn *ct,
			enum ip_conntrack_info ctinfo, bool want_actions,
			struct nf_im_facts *facts)
{
	const struct nf_im_entry *e;
	struct nf_im_pkt pkt __uninitialized;
	bool payload;
	u64 key;

	payload = nf_im_pkt_init(&pkt, skb, ct, ctinfo) && pkt.seg.len;
	/* Rules are asked in process context as well. */
	local_bh_disable();
	e = nf_im_find_lock(ct, &key);
	/* One that is not decided may be that of a packet which came too late. */
	if (e && (e->ct == ct || e->flags & NF_IM_E_UNCONFIRMED) &&
	    (e->flow.done || facts->state != NF_IM_STATE_DECIDED)) {
		facts->state = flow_state(&e->flow);
		facts->proto = e->flow.done == NFIM_KNOWN ? e->flow.proto : 0;
		facts->known = facts->proto;
		facts->conf = nfim_flow_conf(e->flow.conf);
		if (want_actions && e->watch) {
			if (payload)
				watch_facts(e->watch, &pkt, facts);
			facts->actions_known = true;
		}
	} else if (facts->state == NF_IM_STATE_UNDECIDED ||
		   (!nf_ct_labels_find(ct) && payload)) {
		/* It had to be let go, or could not be taken in. */
		facts->state = NF_IM_STATE_UNINSPECTED;
	}
	nf_im_bucket_unlock(key);
	local_bh_enable();
}

/*
 * Whose hosts a packet of UDP asks for, whatever became of its flow: its first datagrams end the
 * reading of it, and later ones are look-ups as well. Apart, so that others need no stack for it.
 */
static noinline void datagram_lookups(const struct sk_buff *skb, struct nf_conn *ct,
				      enum ip_conntrack_info ctinfo, const struct nfim_pack *pack,
				      struct nfim_lookups *lookups)
{
	struct nf_im_pkt pkt __uninitialized;
	struct nfim_dns dns __uninitialized;
	u32 proto, n = 0;

	if (!nf_im_pkt_init(&pkt, skb, ct, ctinfo) || !pkt.seg.len || !nf_im_pkt_head(&pkt))
		return;
	do {
		proto = nfim_dns_datagram(pack, &pkt.seg, &dns);
		if (proto)
			nfim_lookups_add(lookups, proto);
	} while (++n < NFIM_BUDGET_DATAGRAMS && nf_im_pkt_next(&pkt));
}

static void facts_init(struct nf_im_facts *facts)
{
	facts->state = NF_IM_STATE_NONE;
	facts->proto = 0;
	facts->actions = 0;
	facts->actions_known = false;
	facts->conf = NF_IM_CONF_PAYLOAD;
	facts->known = false;
	facts->lookups.n = 0;
}

void nf_im_facts_get(const struct sk_buff *skb, u32 want, struct nf_im_facts *facts)
{
	bool want_actions = want & NF_IM_WANT_ACTIONS, want_proto = want & NF_IM_WANT_PROTO;
	const struct nf_conn_labels *labels;
	enum ip_conntrack_info ctinfo;
	const struct nfim_pack *pack;
	struct nf_conn *ct;
	u32 labelled = 0;
	u8 l4;

	facts_init(facts);
	ct = nf_ct_get(skb, &ctinfo);
	if (!ct || nf_ct_is_template(ct))
		return;
	l4 = nf_ct_protonum(ct);
	if (l4 != IPPROTO_TCP && l4 != IPPROTO_UDP)
		return;
	labels = nf_ct_labels_find(ct);
	facts->state = labels_state(labels);
	if (labels && facts->state == NF_IM_STATE_NEW)
		return;
	pack = &rcu_dereference(nf_im_pack)->p;
	if (labels && (want_proto || want_actions))
		labelled = nf_im_label_proto(labels, pack);
	/* A flow that was let go is uninspected from its next payload on: the hook says so. */
	if (!labels || (want_proto && !labelled) ||
	    (want_actions && (l4 == IPPROTO_TCP ||
			      (!labelled && nf_im_label_known(labels)) ||
			      !(nf_im_label_bits(labels) & BIT(NF_IM_LABEL_DONE)))))
		facts_table(skb, ct, ctinfo, want_actions && l4 == IPPROTO_TCP, facts);
	if (want & NF_IM_WANT_LOOKUPS && l4 == IPPROTO_UDP && !facts->known &&
	    !nf_im_label_known(labels))
		datagram_lookups(skb, ct, ctinfo, pack, &facts->lookups);
	if (facts->state != NF_IM_STATE_DECIDED)
		return;
	if (!facts->known && nf_im_label_known(labels)) {
		facts->known = true;
		facts->conf = nf_im_label_conf(labels);
	}
	if (!facts->proto)
		facts->proto = labelled;
	/* Of one that is known, but whose entry was let go, nobody knows what it does. */
	if (!facts->proto)
		facts->actions_known = !facts->known;
	else if (want_actions && l4 == IPPROTO_UDP)
		facts->actions_known = nf_im_datagram_does(skb, ct, ctinfo, pack, facts,
							   &facts->actions);
}
NF_IM_EXPORT(nf_im_facts_get);

/* By the labels of a flow that is decided, at the cost of one look-up; 0: none of ours. */
static bool labels_number(const struct nf_conn_labels *labels, u32 *proto)
{
	if (!labels || labels_state(labels) != NF_IM_STATE_DECIDED)
		return false;
	*proto = 0;
	if (!nf_im_label_known(labels))
		return true;
	*proto = nf_im_label_proto(labels, &rcu_dereference(nf_im_pack)->p);
	return *proto;
}

static bool number_proto(const struct sk_buff *skb, u32 *proto)
{
	enum ip_conntrack_info ctinfo;
	struct nf_im_facts facts;
	struct nf_conn *ct;

	ct = nf_ct_get(skb, &ctinfo);
	if (ct && !nf_ct_is_template(ct) && labels_number(nf_ct_labels_find(ct), proto))
		return true;
	nf_im_facts_get(skb, NF_IM_WANT_PROTO, &facts);
	*proto = facts.proto;
	return facts.state == NF_IM_STATE_DECIDED;
}

bool nf_im_facts_number(const struct sk_buff *skb, enum nf_im_key key, u32 *number)
{
	struct nf_im_facts facts;
	u32 proto;

	switch (key) {
	case NF_IM_KEY_PROTO:
		return number_proto(skb, number);
	case NF_IM_KEY_CATEGORY:
		if (!number_proto(skb, &proto))
			return false;
		*number = proto ? nf_im_proto_category(proto) : NF_IM_CATEGORY_NONE;
		return true;
	case NF_IM_KEY_STATE:
		nf_im_facts_get(skb, 0, &facts);
		*number = facts.state;
		return true;
	case NF_IM_KEY_ACTION:
		nf_im_facts_get(skb, NF_IM_WANT_ACTIONS | NF_IM_WANT_LOOKUPS, &facts);
		*number = facts.actions;
		if (facts.lookups.n)
			*number |= BIT(NF_IM_ACT_LOOKUP);
		return facts.lookups.n ||
		       (facts.state == NF_IM_STATE_DECIDED && facts.actions_known);
	default:
		return false;
	}
}
NF_IM_EXPORT(nf_im_facts_number);
