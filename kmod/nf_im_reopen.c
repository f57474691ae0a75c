// SPDX-License-Identifier: GPL-2.0-only
/*
 * Taking verdicts back, so that a policy made today counts for the flows of yesterday.
 *
 * A flow that is done would not be read again, whatever rule comes. Reopened it is read from its
 * next packet on, in mid-stream: what it began with is gone, so only what can be told in
 * mid-stream will be. Therefore a known protocol is kept, and read on for its actions if a rule
 * asks for these; what is taken back is "none of ours" and "not inspected".
 */
#include <net/netfilter/nf_conntrack_ecache.h>

#include "nf_im_table.h"
#include "nf_im_iterate.h"

static const u8 taken_back[] = {
	NF_IM_LABEL_DONE, NF_IM_LABEL_UNINSPECTED, NF_IM_LABEL_SEEN, NF_IM_LABEL_OPEN,
};

/* Under the lock of its entry. im-open goes last: until then nobody makes it a new entry. */
static void flow_reopen(struct nf_conn *ct, struct nf_im_entry *e)
{
	struct nf_conn_labels *labels = nf_ct_labels_find(ct);
	u32 i;

	for (i = 0; labels && i < ARRAY_SIZE(taken_back); i++)
		clear_bit(nf_im_label_bit(taken_back[i]), labels->bits);
	if (labels)
		nf_conntrack_event_cache(IPCT_LABEL, ct);
	if (e && e->ct == ct)
		nf_im_entry_kill(e);
}

/* Is there a verdict, and may it be forgotten? What the table alone knows may not. */
static bool flow_may_reopen(const struct nf_conn *ct, const struct nf_im_entry *e)
{
	const struct nf_conn_labels *labels = nf_ct_labels_find(ct);

	if (e && e->ct != ct)
		return false;
	/* There is nothing more to read, and what all its datagrams do would be forgotten. */
	if (e && nf_im_entry_stays(e, ct, &rcu_dereference(nf_im_pack)->p))
		return false;
	if (!labels)
		return e && e->flow.done && e->flow.done != NFIM_KNOWN;
	if (!nf_im_label_test(labels, NF_IM_LABEL_DONE) &&
	    !nf_im_label_test(labels, NF_IM_LABEL_UNINSPECTED))
		return false;
	return !nf_im_label_known(labels) ||
	       nf_im_label_proto(labels, &rcu_dereference(nf_im_pack)->p);
}

static int conntrack_reopen(struct nf_conn *ct, void *data)
{
	struct nf_im_reopened *count = data;
	struct nf_im_entry *e;
	u64 key;

	rcu_read_lock();
	local_bh_disable();
	e = nf_im_find_lock(ct, &key);
	if (!flow_may_reopen(ct, e)) {
		;
	} else if (test_bit(IPS_OFFLOAD_BIT, &ct->status)) {
		/* Its packets pass no hook; nothing exported takes a flow out of a flowtable. */
		count->offloaded++;
	} else {
		flow_reopen(ct, e);
		count->reopened++;
	}
	nf_im_bucket_unlock(key);
	local_bh_enable();
	rcu_read_unlock();
	return 0;	/* never delete it */
}

void nf_im_reopen(struct nf_im_net *inet, struct nf_im_reopened *count)
{
	memset(count, 0, sizeof(*count));
	nf_im_iterate_conntracks(inet->net, conntrack_reopen, count);
}
