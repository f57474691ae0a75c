// SPDX-License-Identifier: GPL-2.0-only
/*
 * The sweep: every few seconds, entries whose conntrack has died are let go.
 *
 * An entry holds no reference, and nothing tells us that a conntrack dies. So the sweep
 * walks the conntracks of every namespace that has entries and marks those that still have
 * one; what stays unmarked is dead. On the way, flows that time has decided are labelled.
 */
#include <linux/workqueue.h>

#include "nf_im_expect.h"
#include "nf_im_learn.h"
#include "nf_im_sweep.h"
#include "nf_im_iterate.h"

enum {
	SWEEP_SECONDS = 10,
	SWEEP_NETS = 16,		/* namespaces a round; each walks all conntracks */
	UNCONFIRMED_SECONDS = 10,	/* how long a first packet may wait in a queue */
};

static void sweep(struct work_struct *work);
static DECLARE_DELAYED_WORK(sweep_work, sweep);
static u32 round;

static bool entry_unmark(struct nf_im_entry *e, void *arg)
{
	e->flags &= ~NF_IM_E_ALIVE;
	return false;
}

static bool entry_dead(struct nf_im_entry *e, void *arg)
{
	u8 idle = (u8)nf_im_now() - e->seen;

	/* Made since, or of a namespace whose turn is the next round. */
	if (e->flags & NF_IM_E_ALIVE || READ_ONCE(e->inet->swept) != round)
		return false;
	return !(e->flags & NF_IM_E_UNCONFIRMED) || idle > UNCONFIRMED_SECONDS;
}

/* Nothing is still possible and time is up, or the verdict stands in the labels by now. */
static bool entry_over(struct nf_im_entry *e, struct nf_conn *ct, const struct nfim_pack *pack)
{
	u16 age = nf_im_now() - e->born;

	if (nfim_flow_hopes(&e->flow))
		nf_im_learn_again(e->inet, ct, pack, &e->flow);
	if (!e->flow.done && age > NFIM_BUDGET_AGE &&
	    nfim_flow_expire(&e->flow, nf_ct_protonum(ct))) {
		nf_im_flow_ended(e->inet, ct, pack, &e->flow);
		nf_im_entry_changed(e);
		nf_im_label_verdict(ct, pack, &e->flow, false);
		nf_im_entry_drop_window(e);
	}
	/* The flow was decided by another packet, which is known by another entry. */
	if (!e->flow.done)
		return nf_im_label_bits(nf_ct_labels_find(ct)) & BIT(NF_IM_LABEL_DONE);
	if (e->watch)
		return false;
	/* A verdict by a packet whose own conntrack did not stay is in none of the labels yet. */
	nf_im_label_verdict(ct, pack, &e->flow, false);
	if (!nf_im_label_holds(ct, pack, &e->flow))
		return false;
	if (!nf_im_entry_stays(e, ct, pack))
		return true;
	e->flags |= NF_IM_E_HELD;
	return false;
}

/*
 * Is this the flow's entry? What was made for a packet that had not been confirmed is, too: of
 * several such packets of a flow one brought the conntrack that it has now.
 */
static bool entry_is_of(const struct nf_im_entry *e, const struct nf_conn *ct)
{
	return e->ct == ct || (e->flags & NF_IM_E_UNCONFIRMED && e->key != nf_im_key_address(ct));
}

/* No packet will move it any more: others need not look for the tuple on its behalf. */
static void entry_settle(struct nf_im_entry *e, const struct nf_conn *ct, u64 *key)
{
	if (nf_im_label_bits(nf_ct_labels_find(ct)) & BIT(NF_IM_LABEL_OPEN))
		nf_im_entry_to_address(e, ct, key);
}

static int conntrack_mark(struct nf_conn *ct, void *data)
{
	struct nf_im_entry *e;
	u64 key;

	rcu_read_lock();
	local_bh_disable();
	e = nf_im_find_lock(ct, &key);
	if (e && entry_is_of(e, ct)) {
		e->ct = ct;
		e->flags |= NF_IM_E_ALIVE;
		e->flags &= ~NF_IM_E_UNCONFIRMED;
		if (entry_over(e, ct, &rcu_dereference(nf_im_pack)->p))
			nf_im_entry_kill(e);
		else if (e->slot && e->flags & NF_IM_E_HELD)
			entry_settle(e, ct, &key);
	}
	nf_im_bucket_unlock(key);
	local_bh_enable();
	rcu_read_unlock();
	return 0;	/* never delete it */
}

static void sweep(struct work_struct *work)
{
	struct nf_im_net *inet;
	u32 n = 0;

	round++;
	if (nf_im_table_used()) {
		nf_im_expect_flush(NULL, false);
		nf_im_table_each(entry_unmark, NULL);
		while (n++ < SWEEP_NETS && (inet = nf_im_net_to_sweep(round))) {
			nf_im_iterate_conntracks(inet->net, conntrack_mark, NULL);
			put_net(inet->net);
		}
		nf_im_table_each(entry_dead, NULL);
	}
	queue_delayed_work(system_unbound_wq, &sweep_work, SWEEP_SECONDS * HZ);
}

void nf_im_sweep_start(void)
{
	queue_delayed_work(system_unbound_wq, &sweep_work, SWEEP_SECONDS * HZ);
}

void nf_im_sweep_stop(void)
{
	cancel_delayed_work_sync(&sweep_work);
}
