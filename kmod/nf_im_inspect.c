// SPDX-License-Identifier: GPL-2.0-only
/*
 * One packet with payload, from its flow's entry through the engine to the verdict.
 *
 * The engine runs on a copy of the flow and without a lock; its result is put back if the flow
 * did not change meanwhile, else the packet is read again. So packets of one flow on
 * two CPUs count one after the other, as if they had come so.
 */
#include "nf_im_table.h"

enum {
	TRIES = 8,	/* how often a packet may find its flow changed */
	WINDOW_EVICT = 3,	/* flows that a window may take the place of */
};

/* What one packet needs on its way. */
struct inspection {
	struct nf_im_net *inet;
	struct nf_im_pkt *pkt;
	const struct nfim_pack *pack;
	u64 key;
	struct nf_im_entry *e;	/* stays valid memory under rcu_read_lock(), dead or not */
	struct nfim_flow flow;
	struct nfim_step step;
	u32 lack;	/* counter of what could not be had, or 0 */
	u16 gen;
	bool watch;
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
	if (nf_im_label_known(nf_ct_labels_find(ct)))
		nf_im_label_set(ct, NF_IM_LABEL_DONE);
	else
		nf_im_label_verdict(ct, in->pack, &flow, false);
	if (!e || e->ct != ct || e->flow.done == NFIM_KNOWN)
		return;
	if (nf_ct_labels_find(ct)) {
		nf_im_entry_kill(e);
		return;
	}
	nf_im_entry_drop_window(e);
	e->flow.done = NFIM_GIVEN_UP;
	e->gen++;
}

/*
 * Is this entry another flow's, of the same addresses and ports before? Packets of a flow
 * that is not confirmed yet may each bring a conntrack of their own.
 */
static bool entry_stale(const struct nf_im_entry *e, const struct nf_im_pkt *pkt)
{
	const struct nf_conn_labels *labels = nf_ct_labels_find(pkt->ct);

	if (e->ct != pkt->ct)
		return !(e->flags & NF_IM_E_UNCONFIRMED) ||
		       (pkt->seg.l4 == IPPROTO_TCP && nf_ct_is_confirmed(pkt->ct));
	return labels && !nf_im_label_test(labels, NF_IM_LABEL_OPEN);
}

/* Under the bucket's lock: a flow was reopened whose protocol its labels still say. */
static void entry_remember(struct inspection *in, struct nf_im_entry *e)
{
	const struct nf_conn_labels *labels = nf_ct_labels_find(in->pkt->ct);

	e->flow.proto = nf_im_label_proto(labels, in->pack);
	e->flow.done = NFIM_KNOWN;
	if (in->pkt->seg.l4 == IPPROTO_TCP && READ_ONCE(in->inet->watch[e->flow.proto]) &&
	    !nf_im_entry_watch(e))
		nf_im_count(in->inet, NF_IM_A_C_NOMEM);
}

/* Under the bucket's lock: the packet's entry, a new one if it has none. */
static struct nf_im_entry *entry_for(struct inspection *in, u32 *why)
{
	struct nf_conn *ct = in->pkt->ct;
	struct nf_im_entry *e = nf_im_entry_find(in->key);

	if (e && entry_stale(e, in->pkt)) {
		nf_im_entry_kill(e);
		e = NULL;
	}
	if (e) {
		e->ct = ct;
		if (nf_ct_is_confirmed(ct))
			e->flags &= ~NF_IM_E_UNCONFIRMED;
		e->flags |= NF_IM_E_ALIVE | NF_IM_E_TOUCHED;
		e->seen = nf_im_now();
	} else if (nf_im_label_test(nf_ct_labels_find(ct), NF_IM_LABEL_OPEN)) {
		/* We had begun to read it and had to let it go. */
		*why = NF_IM_A_C_CAP;
	} else {
		e = nf_im_entry_new(in->inet, in->key, ct, why);
		if (e && nf_im_label_known(nf_ct_labels_find(ct)))
			entry_remember(in, e);
	}
	if (e)
		nf_im_label_set(ct, NF_IM_LABEL_OPEN);
	return e;
}

/*
 * Under the bucket's lock: the verdict stands, but the labels do not say so. They could not
 * while the conntrack was not confirmed, or it has no label area, or they have no bit for it.
 */
static void entry_settle(struct inspection *in)
{
	struct nf_conn *ct = in->pkt->ct;
	struct nf_im_entry *e = in->e;

	in->e = NULL;
	nf_im_mark_verdict(ct, &e->flow);
	if (!nf_ct_labels_find(ct))
		return;
	nf_im_label_verdict(ct, in->pack, &e->flow, false);
	if (nf_im_label_holds(ct, in->pack, &e->flow))
		nf_im_entry_kill(e);
}

enum take {
	TAKEN,		/* the copy is there */
	NOTHING,	/* there is nothing to read, or the flow is given up */
	NO_ROOM,	/* the table is full */
};

/* Under the bucket's lock. Another CPU, or the datagram before, may just have decided the flow. */
static enum take flow_take(struct inspection *in, bool may_evict)
{
	const struct nf_conn_labels *labels = nf_ct_labels_find(in->pkt->ct);
	u32 why = NF_IM_A_C_CAP;

	in->e = NULL;
	if (nf_im_label_test(labels, NF_IM_LABEL_DONE))
		return NOTHING;
	in->e = entry_for(in, &why);
	if (!in->e) {
		if (may_evict && why == NF_IM_A_C_CAP &&
		    !nf_im_label_test(labels, NF_IM_LABEL_OPEN))
			return NO_ROOM;
		give_up(in, why);
		return NOTHING;
	}
	if (in->e->flow.done && !in->e->watch) {
		entry_settle(in);
		return NOTHING;
	}
	in->flow = in->e->flow;
	in->gen = in->e->gen;
	in->pkt->seg.age = (u16)(nf_im_now() - in->e->born);
	return TAKEN;
}

static bool inspection_begin(struct inspection *in)
{
	enum take take;

	nf_im_bucket_lock(in->key);
	take = flow_take(in, true);
	nf_im_bucket_unlock(in->key);
	if (take == NO_ROOM) {
		nf_im_room(in->inet, false);
		nf_im_bucket_lock(in->key);
		take = flow_take(in, false);
		nf_im_bucket_unlock(in->key);
	}
	return take == TAKEN;
}

static void watch_note(struct nf_im_watch *watch, const struct nf_im_pkt *pkt, u32 actions)
{
	struct nf_im_fact *f = &watch->facts[watch->next++ % NF_IM_FACTS];
	struct nf_im_old *old = &watch->old[f->dir];

	/* What is pushed out is remembered roughly: a retransmission must not slip through. */
	if (f->len) {
		if (!old->actions || (s32)(f->seq + f->len - old->end) > 0)
			old->end = f->seq + f->len;
		old->actions |= f->actions;
	}
	f->seq = pkt->seg.seq;
	f->len = pkt->seg.len;
	f->actions = actions;
	f->dir = pkt->dir;
}

/* Under the bucket's lock: does the flow go on being read now that its protocol is known? */
static bool commit_watch(struct inspection *in)
{
	struct nf_im_entry *e = in->e;
	u16 proto = in->flow.proto;

	if (in->flow.done != NFIM_KNOWN || in->pkt->seg.l4 != IPPROTO_TCP ||
	    !READ_ONCE(in->inet->watch[proto]))
		return false;
	if (!nf_im_entry_watch(e)) {
		nf_im_count(in->inet, NF_IM_A_C_NOMEM);
		return false;
	}
	if (in->step.actions)
		watch_note(e->watch, in->pkt, in->step.actions);
	return true;
}

static void count_verdict(const struct inspection *in)
{
	switch (in->step.verdict) {
	case NFIM_KNOWN:
		nf_im_count(in->inet, NF_IM_A_C_MATCHED);
		atomic64_inc(&in->inet->proto_flows[in->flow.proto]);
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
	struct nfim_block *gone = NULL;
	struct nf_im_entry *e = in->e;
	bool reads_on, anomaly, was;

	nf_im_bucket_lock(in->key);
	if (e->flags & NF_IM_E_DEAD || e->gen != in->gen) {
		nf_im_bucket_unlock(in->key);
		return false;
	}
	anomaly = flow_anomaly(&in->flow) && !flow_anomaly(&e->flow);
	was = e->flow.done;
	nfim_flow_commit(&in->flow, &in->pkt->seg, &in->step, spare, &gone);
	in->step.verdict = in->flow.done;
	in->step.fresh = !was && in->flow.done;
	e->flow = in->flow;
	e->gen++;
	reads_on = commit_watch(in);
	if (in->step.ech)
		nf_im_label_set(in->pkt->ct, NF_IM_LABEL_ECH);
	if (in->flow.done || anomaly)
		nf_im_label_verdict(in->pkt->ct, in->pack, &in->flow, reads_on);
	if (in->flow.done && !reads_on) {
		if (nf_im_label_holds(in->pkt->ct, in->pack, &in->flow))
			nf_im_entry_kill(e);
		else
			nf_im_entry_drop_window(e);
	}
	nf_im_bucket_unlock(in->key);
	nf_im_blocks_free(in->inet, gone, false);
	if (anomaly)
		nf_im_count(in->inet, NF_IM_A_C_ANOMALY);
	return true;
}

/* Blocks for the window, if need be in place of flows that have been waiting for long. */
static void inspection_blocks(struct inspection *in, struct nfim_block **spare)
{
	u32 evict = WINDOW_EVICT;

	for (;;) {
		in->lack = 0;
		if (!in->step.blocks ||
		    nf_im_blocks_new(in->inet, in->step.blocks, spare, &in->lack))
			return;
		if (in->lack != NF_IM_A_C_CAP || !evict-- || !nf_im_room(in->inet, true))
			return;
	}
}

/* One try: begin, engine, commit. True: the packet is through. */
static bool inspect_once(struct inspection *in)
{
	struct nfim_block *spare = NULL;
	bool through;

	if (!inspection_begin(in))
		return true;
	nfim_flow_step(in->pack, &in->flow, &in->pkt->seg, in->watch, &in->step);
	inspection_blocks(in, &spare);
	through = inspection_commit(in, &spare);
	nf_im_blocks_free(in->inet, spare, true);
	return through;
}

static void inspect_one(struct nf_im_net *inet, struct nf_im_pkt *pkt)
{
	struct inspection in = {
		.inet = inet,
		.pkt = pkt,
		.key = nf_im_key(pkt->ct),
	};
	u32 i;

	in.pack = &rcu_dereference(nf_im_pack)->p;
	in.watch = READ_ONCE(inet->watch_any) || nf_im_event_wanted(inet->net);
	nf_im_count(inet, NF_IM_A_C_INSPECTED);
	for (i = 0; i < TRIES; i++) {
		if (!inspect_once(&in))
			continue;
		if (in.e && in.step.fresh) {
			count_verdict(&in);
			if (in.step.verdict == NFIM_KNOWN)
				nf_im_event(inet, pkt, in.pack, &in.step, in.flow.proto);
		}
		return;
	}
	nf_im_bucket_lock(in.key);
	if (!nf_im_label_test(nf_ct_labels_find(pkt->ct), NF_IM_LABEL_DONE))
		give_up(&in, NF_IM_A_C_RACE);
	nf_im_bucket_unlock(in.key);
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

	do {
		pkt->seg.quic = nfim_quic_begins(&pkt->seg) ? nf_im_quic_get() : NULL;
		inspect_one(inet, pkt);
		nf_im_quic_put(pkt->seg.quic);
	} while (++n < NFIM_BUDGET_DATAGRAMS && nf_im_pkt_next(pkt));
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
	u64 key = nf_im_key(pkt->ct);
	struct nf_im_entry *e;

	nf_im_bucket_lock(key);
	e = nf_im_entry_find(key);
	if (e && e->flow.dir[IP_CT_DIR_ORIGINAL].base != pkt->seg.seq)
		nf_im_entry_reset(e);
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
	u64 key = nf_im_key(pkt->ct);
	const struct nfim_pack *pack;
	struct nf_im_entry *e;

	pack = &rcu_dereference(nf_im_pack)->p;
	nf_im_bucket_lock(key);
	e = nf_im_entry_find(key);
	if (e && e->ct == pkt->ct && !e->flow.done) {
		pkt->seg.age = (u16)(nf_im_now() - e->born);
		if (nfim_flow_settle(&e->flow, &pkt->seg)) {
			nf_im_count(e->inet, e->flow.done == NFIM_NONE ? NF_IM_A_C_UNKNOWN :
				    NF_IM_A_C_UNINSPECTED);
			e->gen++;
			nf_im_label_verdict(pkt->ct, pack, &e->flow, false);
			if (nf_im_label_holds(pkt->ct, pack, &e->flow))
				nf_im_entry_kill(e);
			else
				nf_im_entry_drop_window(e);
		}
	}
	nf_im_bucket_unlock(key);
}
