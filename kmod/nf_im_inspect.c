// SPDX-License-Identifier: GPL-2.0-only
/*
 * One packet with payload, from its flow's entry through the engine to the verdict.
 *
 * The engine runs on a copy of the flow and without a lock; its result is put back if the flow
 * did not change meanwhile, else the packet is read again. So packets of one flow on
 * two CPUs count one after the other, as if they had come so. A packet that brings nothing needs
 * none of that: to see it takes as long as to copy the flow.
 */
#include "nf_im_expect.h"
#include "nf_im_learn.h"
#include "nf_im_table.h"

enum {
	TRIES = 8,	/* how often a packet may find its flow changed */
	WINDOW_TRIES = 3,	/* how often the room that was made for a window may be taken */
};

/* What one packet needs on its way. */
struct inspection {
	struct nf_im_net *inet;
	struct nf_im_pkt *pkt;
	const struct nfim_pack *pack;
	u64 key;
	struct nfim_flow flow;
	struct nfim_step step;
	u32 lack;	/* counter of what could not be had, or 0 */
	u32 gen;	/* of the entry that flow is a copy of */
	enum nfim_watch watch;
	bool last;	/* if it is not filed under key, it is nowhere */
	bool read;	/* the engine saw the packet */
};

/*
 * Under the bucket's lock: a flow is read no further, and why. One whose protocol is known keeps
 * it: a rule that names it must go on matching, only its actions cannot be told any more.
 */
static void give_up(struct inspection *in, u32 counter)
{
	const struct nfim_flow flow = { .done = NFIM_GIVEN_UP };
	struct nf_im_entry *e = nf_im_entry_find(in->key);
	struct nf_conn *ct = in->pkt->ct;

	nf_im_count(in->inet, NF_IM_A_C_UNINSPECTED);
	nf_im_count(in->inet, counter);
	if (nf_im_label_known(in->pkt->labels))
		nf_im_label_set(ct, NF_IM_LABEL_DONE);
	else
		nf_im_label_verdict(ct, in->pack, &flow, false);
	if (!e || e->ct != ct || e->flow.done == NFIM_KNOWN)
		return;
	if (in->pkt->labels) {
		nf_im_entry_kill(e);
		return;
	}
	nf_im_entry_drop_window(e);
	e->flow.done = NFIM_GIVEN_UP;
	nf_im_entry_changed(e);
}

/*
 * Is this entry another flow's, of the same addresses and ports before? Packets of a flow
 * that is not confirmed yet may each bring a conntrack of their own.
 */
static bool entry_stale(const struct nf_im_entry *e, const struct nf_im_pkt *pkt, u32 labels)
{
	if (unlikely(e->ct != pkt->ct))
		return !(e->flags & NF_IM_E_UNCONFIRMED) ||
		       (pkt->seg.l4 == IPPROTO_TCP && nf_ct_is_confirmed(pkt->ct));
	return pkt->labels && !(labels & BIT(NF_IM_LABEL_OPEN));
}

enum take {
	TAKE_COPY,	/* the copy is there */
	TAKE_BRIEF,	/* the packet was taken in, a copy is not needed */
	TAKE_NOTHING,	/* there is nothing to read, or the flow is given up */
	TAKE_NO_ROOM,	/* the table is full */
	TAKE_ELSEWHERE,	/* it may be filed under the conntrack's address */
};

/* A packet more of a flow that has its entry. */
static inline void entry_touch(struct nf_im_entry *e, struct nf_conn *ct)
{
	e->ct = ct;
	if (nf_ct_is_confirmed(ct))
		e->flags &= ~NF_IM_E_UNCONFIRMED;
	e->flags |= NF_IM_E_ALIVE | NF_IM_E_TOUCHED;
	e->seen = nf_im_now();
}

/* Under the bucket's lock: the flow is read no more. What its labels cannot say stays here. */
static void entry_end(const struct nf_im_pkt *pkt, const struct nfim_pack *pack,
		      struct nf_im_entry *e)
{
	bool holds = nf_im_label_holds(pkt->ct, pack, &e->flow);

	if (holds && !nf_im_entry_stays(e, pkt->ct, pack)) {
		nf_im_entry_kill(e);
		return;
	}
	nf_im_entry_drop_window(e);
	if (holds)
		e->flags |= NF_IM_E_HELD;
}

/*
 * Under the bucket's lock: the verdict stands, but the labels do not say so. They could not
 * while the conntrack was not confirmed, or it has no label area, or they have no bit for it.
 */
static void entry_settle(const struct inspection *in, struct nf_im_entry *e)
{
	struct nf_conn *ct = in->pkt->ct;

	nf_im_mark_verdict(ct, &e->flow);
	if (!in->pkt->labels)
		return;
	nf_im_label_verdict(ct, in->pack, &e->flow, false);
	if (nf_im_label_holds(ct, in->pack, &e->flow))
		entry_end(in->pkt, in->pack, e);
}

/* Under the bucket's lock: a flow was reopened whose protocol its labels still say. */
static void entry_remember(const struct inspection *in, struct nf_im_entry *e)
{
	e->flow.proto = nf_im_label_proto(in->pkt->labels, in->pack);
	e->flow.conf = nf_im_label_conf(in->pkt->labels);
	e->flow.done = NFIM_KNOWN;
	/* What all its datagrams do its labels do not say. */
	if (in->pkt->seg.l4 != IPPROTO_TCP)
		e->flow.flags[0] |= NFIM_F_LOST;
	else if (READ_ONCE(in->inet->watch[e->flow.proto]) && !nf_im_entry_watch(e))
		nf_im_count(in->inet, NF_IM_A_C_NOMEM);
}

/* Under the bucket's lock: a new entry. */
static enum take entry_make(struct inspection *in, bool may_evict, struct nf_im_entry **e)
{
	u32 why = NF_IM_A_C_CAP;

	*e = nf_im_entry_new(in->inet, in->key, in->pkt->ct, &why);
	if (*e) {
		(*e)->flow.epoch = in->pack->epoch;
		if (unlikely(nf_im_label_known(in->pkt->labels)))
			entry_remember(in, *e);
		else if (unlikely(atomic_read(&in->inet->expected) |
				  atomic_read(&in->inet->learnt)))
			nf_im_expect_ask(in->inet, in->pkt->ct, in->pack, &(*e)->flow);
		return TAKE_COPY;
	}
	if (may_evict && why == NF_IM_A_C_CAP)
		return TAKE_NO_ROOM;
	give_up(in, why);
	return TAKE_NOTHING;
}

/* Under the bucket's lock: the flow has none where it was looked for. */
static enum take entry_missing(struct inspection *in, u32 labels, bool may_evict,
			       struct nf_im_entry **e)
{
	enum take take;

	if (unlikely(!in->last))
		return TAKE_ELSEWHERE;
	if (!(labels & BIT(NF_IM_LABEL_OPEN))) {
		take = entry_make(in, may_evict, e);
		if (take == TAKE_COPY)
			nf_im_label_set(in->pkt->ct, NF_IM_LABEL_OPEN);
		return take;
	}
	/* We had begun to read it and had to let it go. */
	give_up(in, NF_IM_A_C_CAP);
	return TAKE_NOTHING;
}

/* Under the bucket's lock: the packet's entry, a new one if it has none. */
static enum take entry_for(struct inspection *in, bool may_evict, struct nf_im_entry **found)
{
	u32 labels = nf_im_label_bits(in->pkt->labels);
	struct nf_im_entry *e;

	/* Another CPU, or the datagram before, may just have decided the flow. */
	if (unlikely(labels & BIT(NF_IM_LABEL_DONE)))
		return TAKE_NOTHING;
	e = nf_im_entry_find(in->key);
	if (e && unlikely(entry_stale(e, in->pkt, labels))) {
		nf_im_entry_kill(e);
		e = NULL;
	}
	if (!e)
		return entry_missing(in, labels, may_evict, found);
	entry_touch(e, in->pkt->ct);
	/* Another packet's conntrack may have it. */
	if (unlikely(!(labels & BIT(NF_IM_LABEL_OPEN))))
		nf_im_label_set(in->pkt->ct, NF_IM_LABEL_OPEN);
	*found = e;
	return TAKE_COPY;
}

/* Under the bucket's lock: a flow is decided now, by no bytes. */
static void entry_none(const struct nf_im_pkt *pkt, const struct nfim_pack *pack,
		       struct nf_im_entry *e)
{
	nf_im_label_verdict(pkt->ct, pack, &e->flow, false);
	entry_end(pkt, pack, e);
}

/* Under the bucket's lock: most packets bring nothing, and are taken in here. */
static bool entry_brief(struct inspection *in, struct nf_im_entry *e)
{
	if (!nfim_flow_brief(in->pack, &e->flow, &in->pkt->seg, in->watch, &in->step))
		return false;
	in->lack = 0;
	in->flow.conf = e->flow.conf;
	nf_im_entry_changed(e);
	if (e->flow.done)
		entry_none(in->pkt, in->pack, e);
	return true;
}

/* Under the bucket's lock: a flow that has a verdict is read on only for its actions. */
static bool entry_over(const struct inspection *in, struct nf_im_entry *e)
{
	if (likely(!e->flow.done || (e->watch && e->flow.done == NFIM_KNOWN)))
		return false;
	entry_settle(in, e);
	return true;
}

/*
 * May another packet of this flow come with a conntrack of its own? What this one brings is then
 * looked for under the tuple.
 */
static bool pkt_has_twins(const struct nf_im_pkt *pkt)
{
	return pkt->seg.l4 == IPPROTO_UDP && !nf_ct_is_confirmed(pkt->ct);
}

/* Under the bucket's lock: what the packet is to know of its entry. */
static void entry_tell(struct inspection *in, struct nf_im_entry *e)
{
	in->pkt->seg.age = (u16)(nf_im_now() - e->born);
	if (nfim_flow_hopes(&e->flow))
		nf_im_learn_again(in->inet, in->pkt->ct, in->pack, &e->flow);
}

/* Under the bucket's lock, which may become another one's. */
static enum take entry_take(struct inspection *in, struct nf_im_entry *e)
{
	struct nf_conn *ct = in->pkt->ct;

	if (unlikely(e->slot && in->pkt->labels && nf_ct_is_confirmed(ct)))
		nf_im_entry_to_address(e, ct, &in->key);
	if (entry_over(in, e))
		return TAKE_NOTHING;
	entry_tell(in, e);
	if (entry_brief(in, e))
		return TAKE_BRIEF;
	if (unlikely(!e->slot && pkt_has_twins(in->pkt))) {
		e = nf_im_entry_to_tuple(e, ct, &in->key);
		entry_touch(e, ct);
		if (entry_over(in, e))
			return TAKE_NOTHING;
		entry_tell(in, e);
	}
	in->flow = e->flow;
	in->gen = e->gen;
	return TAKE_COPY;
}

static enum take flow_take(struct inspection *in, bool may_evict)
{
	struct nf_im_entry *e;
	enum take take;

	nf_im_bucket_lock(in->key);
	take = entry_for(in, may_evict, &e);
	if (take == TAKE_COPY)
		take = entry_take(in, e);
	nf_im_bucket_unlock(in->key);
	return take;
}

/* Find the flow, and take a copy of it if the packet may bring something. */
static enum take inspection_begin(struct inspection *in)
{
	const struct nf_im_pkt *pkt = in->pkt;
	bool address = pkt->labels, tuple = !address;
	enum take take;

	if (address && pkt->seg.l4 == IPPROTO_UDP)
		tuple = nf_im_tuple_used(pkt->ct);
	in->last = !(address && tuple);
	in->key = tuple ? nf_im_key_tuple(pkt->ct) : nf_im_key_address(pkt->ct);
	/* Once im-open is set, a dead flow's entry would be taken for this one's. */
	if (unlikely(!in->last && !(nf_im_label_bits(pkt->labels) & BIT(NF_IM_LABEL_OPEN))))
		nf_im_address_forget(pkt->ct);
	take = flow_take(in, true);
	if (unlikely(take == TAKE_ELSEWHERE)) {
		in->last = true;
		in->key = nf_im_key_address(pkt->ct);
		take = flow_take(in, true);
	}
	if (unlikely(take == TAKE_NO_ROOM)) {
		nf_im_room(in->inet, in->key, false);
		take = flow_take(in, false);
	}
	return take;
}

/* What a packet that offers something does when it is sent again. */
static u16 actions_again(u16 actions)
{
	const u16 own_flow = NFIM_ACTION_OFFER | BIT(NF_IM_ACT_FILE) | BIT(NF_IM_ACT_CHAT) |
			     BIT(NF_IM_ACT_VOICE) | BIT(NF_IM_ACT_VIDEO) |
			     BIT(NF_IM_ACT_WEBCAM) | BIT(NF_IM_ACT_REMOTE);

	if (!(actions & NFIM_ACTION_OFFER))
		return actions;
	return (actions & ~own_flow) | BIT(NF_IM_ACT_OTHER);
}

/*
 * A packet comes again. What it only offers another flow will do, and is known there; a rule
 * that dropped it for that would end this flow, as nothing behind it is delivered without it.
 */
static void watch_again(struct nf_im_watch *watch, const struct nf_im_pkt *pkt)
{
	struct nf_im_fact *f;

	if (likely(!(watch->offers & BIT(pkt->dir)) ||
		   (s32)(pkt->seg.seq - watch->offer_end[pkt->dir]) >= 0))
		return;
	for (f = watch->facts; f < watch->facts + NF_IM_FACTS; f++)
		if (unlikely(f->actions & NFIM_ACTION_OFFER) && nf_im_fact_of(f, pkt))
			f->actions = actions_again(f->actions);
}

/* What is pushed out is remembered roughly: a retransmission must not slip through. */
static void watch_push_out(struct nf_im_watch *watch, const struct nf_im_fact *f)
{
	struct nf_im_old *old = &watch->old[f->dir];

	if (!f->len)
		return;
	if ((!old->actions && !old->lookups.n) || (s32)(f->seq + f->len - old->end) > 0)
		old->end = f->seq + f->len;
	old->actions |= actions_again(f->actions);
	if (f->lookup)
		nfim_lookups_add(&old->lookups, f->lookup);
}

/* Most packets go on where the last one ended, and do the same. */
static bool watch_goes_on(struct nf_im_watch *watch, const struct nf_im_pkt *pkt, u32 actions)
{
	struct nf_im_fact *f = &watch->facts[(watch->next - 1) % NF_IM_FACTS];

	if (!f->len || f->dir != pkt->dir || f->actions != actions || f->lookup ||
	    f->seq + f->len != pkt->seg.seq || f->len >= 1U << 30)
		return false;
	f->len += pkt->seg.len;
	return true;
}

static void watch_offer(struct nf_im_watch *watch, const struct nf_im_pkt *pkt)
{
	u32 end = pkt->seg.seq + pkt->seg.len;

	if (!(watch->offers & BIT(pkt->dir)) || (s32)(end - watch->offer_end[pkt->dir]) > 0)
		watch->offer_end[pkt->dir] = end;
	watch->offers |= BIT(pkt->dir);
}

static void watch_note(struct nf_im_watch *watch, const struct nf_im_pkt *pkt, u32 actions,
		       u8 lookup)
{
	struct nf_im_fact *f;

	if (actions & NFIM_ACTION_OFFER)
		watch_offer(watch, pkt);
	else if (!lookup && watch_goes_on(watch, pkt, actions))
		return;
	f = &watch->facts[watch->next++ % NF_IM_FACTS];
	watch_push_out(watch, f);
	f->seq = pkt->seg.seq;
	f->len = pkt->seg.len;
	f->actions = actions;
	f->lookup = lookup;
	f->dir = pkt->dir;
}

/* Under the bucket's lock: does the flow go on being read now that its protocol is known? */
static bool commit_watch(const struct inspection *in, struct nf_im_entry *e)
{
	u16 proto = in->flow.proto;

	/* Datagrams say themselves what they do, or their flow does: see nf_im_entry_stays(). */
	if (in->pkt->seg.l4 != IPPROTO_TCP)
		return false;
	/* What was learnt says nothing of what the packets do. */
	if (in->flow.done != NFIM_KNOWN || in->flow.conf == NFIM_CONF_LEARNT ||
	    !READ_ONCE(in->inet->watch[proto]))
		return false;
	if (!nf_im_entry_watch(e)) {
		nf_im_count(in->inet, NF_IM_A_C_NOMEM);
		return false;
	}
	watch_again(e->watch, in->pkt);
	if (in->step.actions)
		watch_note(e->watch, in->pkt, in->step.actions |
			   (in->step.offer ? NFIM_ACTION_OFFER : 0), 0);
	return true;
}

/*
 * Under the bucket's lock: the packet asks a resolver for hosts of a messenger's. Its flow is
 * read on for the next one, as long as any other.
 */
static void commit_lookups(const struct inspection *in, struct nf_im_entry *e)
{
	const struct nfim_lookups *l = &in->step.lookups;
	u32 i;

	if (!READ_ONCE(in->inet->lookups))
		return;
	if (!nf_im_entry_watch(e)) {
		nf_im_count(in->inet, NF_IM_A_C_NOMEM);
		return;
	}
	for (i = 0; i < l->n; i++)
		watch_note(e->watch, in->pkt, 0, l->proto[i]);
}

static bool flow_anomaly(const struct nfim_flow *flow)
{
	return (flow->flags[0] | flow->flags[1]) & NFIM_F_ANOMALY;
}

/*
 * Put the result back. False: the flow changed meanwhile, read the packet again. Labels are
 * written under the lock, so that nobody finds the entry gone and the labels not there yet.
 */
static bool inspection_commit(struct inspection *in, struct nfim_block **spare)
{
	bool reads_on = false, anomaly = false, was;
	struct nfim_block *gone = NULL;
	struct nf_im_entry *e;

	nf_im_bucket_lock(in->key);
	e = nf_im_entry_find(in->key);
	if (unlikely(!e || e->gen != in->gen)) {
		nf_im_bucket_unlock(in->key);
		return false;
	}
	if (unlikely(flow_anomaly(&in->flow)))
		anomaly = !flow_anomaly(&e->flow);
	was = e->flow.done;
	nfim_flow_commit(&in->flow, &in->pkt->seg, &in->step, spare, &gone);
	in->step.verdict = in->flow.done;
	in->step.fresh = !was && in->flow.done;
	e->flow = in->flow;
	nf_im_entry_changed(e);
	if (in->flow.done)
		reads_on = commit_watch(in, e);
	else if (unlikely(in->step.lookups.n))
		commit_lookups(in, e);
	if (unlikely(in->step.ech))
		nf_im_label_set(in->pkt->ct, NF_IM_LABEL_ECH);
	/* A conntrack may have been confirmed in place of that which has the labels. */
	if (anomaly || (in->flow.done && (in->step.fresh || !reads_on ||
					  !nf_im_label_known(in->pkt->labels))))
		nf_im_label_verdict(in->pkt->ct, in->pack, &in->flow, reads_on);
	if (in->flow.done && !reads_on)
		entry_end(in->pkt, in->pack, e);
	else if (reads_on && nf_im_label_holds(in->pkt->ct, in->pack, &in->flow))
		e->flags |= NF_IM_E_HELD;
	nf_im_bucket_unlock(in->key);
	if (gone)
		nf_im_blocks_free(in->inet, gone, false);
	if (anomaly)
		nf_im_count(in->inet, NF_IM_A_C_ANOMALY);
	return true;
}

/* Flows go until there is room for all blocks: entries alone could fill all memory. */
static bool inspection_room(const struct inspection *in)
{
	u32 want = in->step.blocks * sizeof(struct nf_im_block), room, got;

	for (got = 0; got < want; got += room) {
		room = nf_im_room(in->inet, in->key, true);
		if (!room)
			return false;
	}
	return true;
}

/* Blocks for the window, if need be in place of flows that have been waiting for long. */
static void inspection_blocks(struct inspection *in, struct nfim_block **spare)
{
	u32 tries = WINDOW_TRIES;

	for (;;) {
		in->lack = 0;
		if (nf_im_blocks_new(in->inet, in->step.blocks, spare, &in->lack))
			return;
		if (in->lack != NF_IM_A_C_CAP || !tries-- || !inspection_room(in))
			return;
	}
}

/* One try: engine, commit. True: the packet is through. */
static bool inspect_once(struct inspection *in, enum take take)
{
	struct nfim_block *spare = NULL;
	bool through;

	in->read = take == TAKE_COPY || take == TAKE_BRIEF;
	if (take != TAKE_COPY)
		return true;
	nfim_flow_step(in->pack, &in->flow, &in->pkt->seg, in->watch, &in->step);
	/* Who listens wants to know more of this packet than its protocol. */
	if (in->step.fresh && in->watch != NFIM_WATCH_ALL && in->step.verdict == NFIM_KNOWN &&
	    nf_im_event_wanted(in->inet->net)) {
		in->watch = NFIM_WATCH_ALL;
		return false;
	}
	in->lack = 0;
	if (in->step.blocks)
		inspection_blocks(in, &spare);
	through = inspection_commit(in, &spare);
	if (spare)
		nf_im_blocks_free(in->inet, spare, true);
	return through;
}

static void tell_verdict(const struct inspection *in)
{
	switch (in->step.verdict) {
	case NFIM_KNOWN:
		nf_im_flow_known(in->inet, in->pkt->ct, in->pack, &in->flow, &in->step);
		break;
	case NFIM_NONE:
		nf_im_count(in->inet, NF_IM_A_C_UNKNOWN);
		break;
	case NFIM_GIVEN_UP:
		nf_im_count(in->inet, NF_IM_A_C_UNINSPECTED);
		nf_im_count(in->inet, in->lack ? in->lack : NF_IM_A_C_WINDOW);
		break;
	case NFIM_UNDECIDED:
		break;
	}
}

/* A packet that has to be read, or whose flow is not where most are; @take: as most_take(). */
static noinline void inspect_one(struct inspection *in, enum take take)
{
	struct nf_im_net *inet = in->inet;
	struct nf_im_pkt *pkt = in->pkt;
	u32 i;

	pkt->seg.quic = nfim_quic_begins(&pkt->seg) ? nf_im_quic_get(inet) : NULL;
	if (take == TAKE_ELSEWHERE)
		take = inspection_begin(in);
	for (i = 0; i < TRIES; i++, take = inspection_begin(in)) {
		if (!inspect_once(in, take))
			continue;
		if (in->read && unlikely(in->step.fresh))
			tell_verdict(in);
		if (in->read && unlikely(in->step.offers.n) &&
		    READ_ONCE(inet->watch[in->flow.proto]) && nf_im_answered(pkt))
			nf_im_expect_offers(inet, pkt->ct, pkt->dir, in->flow.proto,
					    &in->step.offers);
		if (in->read && unlikely(nf_im_learn_on(inet)))
			nf_im_learn_step(inet, pkt, in->pack, &in->flow, &in->step);
		goto out;
	}
	nf_im_bucket_lock(in->key);
	if (!(nf_im_label_bits(pkt->labels) & BIT(NF_IM_LABEL_DONE)))
		give_up(in, NF_IM_A_C_RACE);
	nf_im_bucket_unlock(in->key);
out:
	nf_im_quic_put(pkt->seg.quic);
}

/* Most flows lie under the address of their conntrack: as inspection_begin(), for these. */
static enum take most_take(struct inspection *in)
{
	const u32 open = BIT(NF_IM_LABEL_OPEN), done = BIT(NF_IM_LABEL_DONE);
	const struct nf_im_pkt *pkt = in->pkt;
	enum take take = TAKE_ELSEWHERE;
	struct nf_im_entry *e;

	if ((nf_im_label_bits(pkt->labels) & (open | done)) != open ||
	    (pkt->seg.l4 == IPPROTO_UDP && nf_im_tuple_used(pkt->ct)))
		return TAKE_ELSEWHERE;
	in->key = nf_im_key_address(pkt->ct);
	nf_im_bucket_lock(in->key);
	e = nf_im_entry_find(in->key);
	if (e) {
		entry_touch(e, pkt->ct);
		take = entry_take(in, e);
	}
	nf_im_bucket_unlock(in->key);
	return take;
}

static void inspect(struct nf_im_net *inet, struct nf_im_pkt *pkt)
{
	struct inspection in __uninitialized;
	enum take take;

	in.inet = inet;
	in.pkt = pkt;
	in.pack = &rcu_dereference(nf_im_pack)->p;
	in.watch = READ_ONCE(inet->watch_any) ? NFIM_WATCH_ACTIONS : NFIM_WATCH_NOTHING;
	nf_im_count(inet, NF_IM_A_C_INSPECTED);
	take = most_take(&in);
	if (take != TAKE_BRIEF || in.step.fresh || unlikely(nf_im_learn_on(inet)))
		inspect_one(&in, take);
}

/**
 * nf_im_inspect() - read one packet
 * @inet: namespace
 * @pkt: packet with payload of a flow that is not done
 *
 * Context: bottom halves off, under rcu_read_lock() (as hooks are).
 */
void nf_im_inspect(struct nf_im_net *inet, struct nf_im_pkt *pkt)
{
	u32 n = 0;

	if (!nf_im_pkt_head(pkt))
		return;
	pkt->seg.learn = nf_im_learn_wants(inet, pkt->ct);
	do {
		inspect(inet, pkt);
	} while (pkt->seg.l4 == IPPROTO_UDP && ++n < NFIM_BUDGET_DATAGRAMS &&
		 nf_im_pkt_next(pkt));
}

/**
 * nf_im_inspect_inside() - take in a packet of a watched flow that needs no reading
 * @inet: namespace
 * @pkt: packet of TCP with payload
 *
 * Context: as nf_im_inspect().
 * Return: false if it is to be read.
 */
bool nf_im_inspect_inside(struct nf_im_net *inet, const struct nf_im_pkt *pkt)
{
	u64 key = nf_im_key_address(pkt->ct);
	struct nf_im_lock *lock = nf_im_lock_of(key);
	struct nf_im_entry *e;
	bool inside = false;
	u32 actions;

	if (!(nf_im_label_bits(pkt->labels) & BIT(NF_IM_LABEL_OPEN)))
		return false;
	spin_lock(&lock->lock);
	e = nf_im_entry_find(key);
	if (e && e->watch && READ_ONCE(inet->watch[e->flow.proto]))
		inside = nfim_flow_inside(&e->flow, &pkt->seg, &actions);
	if (inside) {
		entry_touch(e, pkt->ct);
		nf_im_entry_changed_by(e, lock);
		watch_again(e->watch, pkt);
		if (actions)
			watch_note(e->watch, pkt, actions, 0);
	}
	spin_unlock(&lock->lock);
	if (inside)
		nf_im_count(inet, NF_IM_A_C_INSPECTED);
	return inside;
}

/**
 * nf_im_inspect_syn() - a connection begins
 * @pkt: its SYN
 *
 * What is left of one with the same addresses and ports, or of a SYN with another number, goes.
 *
 * Context: as nf_im_inspect().
 */
void nf_im_inspect_syn(const struct nf_im_pkt *pkt)
{
	struct nf_im_entry *e;
	u64 key;

	if (pkt->labels && !(nf_im_label_bits(pkt->labels) & BIT(NF_IM_LABEL_OPEN)))
		return;
	e = nf_im_find_lock(pkt->ct, &key);
	if (e && e->flow.dir[IP_CT_DIR_ORIGINAL].base != pkt->seg.seq)
		nf_im_entry_reset(e, rcu_dereference(nf_im_pack)->p.epoch);
	nf_im_bucket_unlock(key);
}

/**
 * nf_im_inspect_ack() - take in a packet without payload
 * @pkt: the packet
 *
 * What was read of an undecided flow may have waited for this acknowledgment.
 *
 * Context: as nf_im_inspect().
 */
void nf_im_inspect_ack(struct nf_im_pkt *pkt)
{
	const struct nfim_pack *pack;
	struct nf_im_entry *e;
	u64 key;

	/* No payload was seen yet. */
	if (pkt->labels && !(nf_im_label_bits(pkt->labels) & BIT(NF_IM_LABEL_OPEN)))
		return;
	pack = &rcu_dereference(nf_im_pack)->p;
	e = nf_im_find_lock(pkt->ct, &key);
	if (e && e->ct == pkt->ct && !e->flow.done) {
		pkt->seg.age = (u16)(nf_im_now() - e->born);
		if (nfim_flow_hopes(&e->flow))
			nf_im_learn_again(e->inet, pkt->ct, pack, &e->flow);
		if (nfim_flow_settle(&e->flow, &pkt->seg)) {
			nf_im_flow_ended(e->inet, pkt->ct, pack, &e->flow);
			nf_im_entry_changed(e);
			entry_none(pkt, pack, e);
		}
	}
	nf_im_bucket_unlock(key);
}
