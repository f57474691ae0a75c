// SPDX-License-Identifier: GPL-2.0-only
/*
 * The verdict, as conntrack labels that stock tools can read (DESIGN D1).
 */
#include <linux/module.h>
#include <net/netfilter/nf_conntrack_ecache.h>

#include "nf_im.h"

#define LABEL_BITS	(NF_CT_LABELS_MAX_SIZE * 8)
#define LABEL_LONGS	BITS_TO_LONGS(LABEL_BITS)

unsigned int nf_im_label_base = NF_IM_LABEL_BASE_DEFAULT;
module_param_named(label_base, nf_im_label_base, uint, 0444);
NF_IM_EXPORT(nf_im_label_base);
MODULE_PARM_DESC(label_base, "first of the 80 conntrack label bits that are ours (default 40)");

int nf_im_label_check(void)
{
	if (nf_im_label_base <= LABEL_BITS - NF_IM_LABEL_COUNT)
		return 0;
	pr_err("nf_im: label_base=%u leaves no room for %u labels, it may be %u at most\n",
	       nf_im_label_base, NF_IM_LABEL_COUNT, LABEL_BITS - NF_IM_LABEL_COUNT);
	return -EINVAL;
}

/*
 * Other CPUs read the labels without a lock. Whoever sees the category relies on the protocol's
 * label, which is above it, and whoever sees im-done on all of them: so from the highest to the
 * lowest, and im-done at last. test_and_set_bit() keeps that order.
 */
static void label_or(struct nf_conn *ct, const unsigned long *mask, bool done)
{
	struct nf_conn_labels *labels = nf_ct_labels_find(ct);
	u32 i = LABEL_LONGS, bit;
	unsigned long left;
	bool news = false;

	static_assert(NF_IM_LABEL_PROTO > NF_IM_LABEL_CATEGORY);
	if (!labels)
		return;
	while (i--)
		for (left = mask[i]; left; left &= ~BIT(bit)) {
			bit = __fls(left);
			news |= !test_and_set_bit(i * BITS_PER_LONG + bit, labels->bits);
		}
	if (done)
		news |= !test_and_set_bit(nf_im_label_bit(NF_IM_LABEL_DONE), labels->bits);
	if (news)
		nf_conntrack_event_cache(IPCT_LABEL, ct);
}

/* For our own notes on a flow; no event, as nobody else acts on them. */
void nf_im_label_set(struct nf_conn *ct, u32 offset)
{
	struct nf_conn_labels *labels = nf_ct_labels_find(ct);

	if (labels && !test_bit(nf_im_label_bit(offset), labels->bits))
		set_bit(nf_im_label_bit(offset), labels->bits);
}

static void mask_proto(unsigned long *mask, const struct nfim_proto *proto)
{
	if (proto->label != NFIM_LABEL_NONE)
		__set_bit(nf_im_label_bit(proto->label), mask);
	__set_bit(nf_im_label_bit(NF_IM_LABEL_CATEGORY + proto->category), mask);
	if (proto->category == NF_IM_CAT_MESSENGER || proto->category == NF_IM_CAT_ENTERPRISE)
		__set_bit(nf_im_label_bit(NF_IM_LABEL_ANY), mask);
}

void nf_im_label_verdict(struct nf_conn *ct, const struct nfim_pack *pack,
			 const struct nfim_flow *flow, bool reads_on)
{
	DECLARE_BITMAP(mask, LABEL_BITS);
	const struct nfim_proto *proto;

	bitmap_zero(mask, LABEL_BITS);
	proto = flow->done == NFIM_KNOWN ? nfim_pack_proto(pack, flow->proto) : NULL;
	if (proto)
		mask_proto(mask, proto);
	if (proto && nfim_flow_conf(flow->conf) == NFIM_CONF_NAME)
		__set_bit(nf_im_label_bit(NF_IM_LABEL_NAME), mask);
	if (proto && flow->conf == NFIM_CONF_PAIR)
		__set_bit(nf_im_label_bit(NF_IM_LABEL_PAIR), mask);
	if (flow->done == NFIM_GIVEN_UP)
		__set_bit(nf_im_label_bit(NF_IM_LABEL_UNINSPECTED), mask);
	if ((flow->flags[0] | flow->flags[1]) & NFIM_F_ANOMALY)
		__set_bit(nf_im_label_bit(NF_IM_LABEL_ANOMALY), mask);
	label_or(ct, mask, flow->done && !reads_on);
	nf_im_mark_verdict(ct, flow);
}

/* The protocol by its label, for flows that the table has forgotten; 0 if no label says it. */
u32 nf_im_label_proto(const struct nf_conn_labels *labels, const struct nfim_pack *pack)
{
	const u32 first = nf_im_label_bit(NF_IM_LABEL_PROTO);
	u32 bit;

	/* Whoever asks has seen the category; see label_or(). */
	smp_rmb();
	bit = find_next_bit(labels->bits, nf_im_label_bit(NF_IM_LABEL_COUNT), first);
	if (bit >= nf_im_label_bit(NF_IM_LABEL_COUNT))
		return 0;
	return pack->by_label[bit - first + NF_IM_LABEL_PROTO];
}

/* What the verdict that labels say rests on. */
enum nfim_confidence nf_im_label_conf(const struct nf_conn_labels *labels)
{
	u32 bits = nf_im_label_bits(labels);

	if (bits & BIT(NF_IM_LABEL_NAME))
		return NFIM_CONF_NAME;
	return bits & BIT(NF_IM_LABEL_PAIR) ? NFIM_CONF_PAIR : NFIM_CONF_PAYLOAD;
}

/*
 * Do the labels alone say all of the verdict, so that the table may forget the flow? A packet
 * that is not confirmed yet may lose its conntrack to another one of the same flow; then a
 * known protocol must not be lost with it, while the rest can be found out once more.
 */
bool nf_im_label_holds(const struct nf_conn *ct, const struct nfim_pack *pack,
		       const struct nfim_flow *flow)
{
	const struct nfim_proto *proto;

	if (!nf_ct_labels_find(ct))
		return false;
	if (flow->done != NFIM_KNOWN)
		return true;
	proto = nfim_pack_proto(pack, flow->proto);
	return nf_ct_is_confirmed(ct) && proto && proto->label != NFIM_LABEL_NONE;
}

bool nf_im_label_proto_mask(const struct xt_im_mtinfo *info, unsigned long *mask)
{
	const struct nf_im_pack *pack;
	const struct nfim_proto *proto;
	bool unlabelled = false;
	u32 id;

	bitmap_zero(mask, LABEL_BITS);
	rcu_read_lock();
	pack = rcu_dereference(nf_im_pack);
	for (id = 1; id < NFIM_PROTO_MAX; id++) {
		if (!(info->protos[id / 64] >> (id % 64) & 1))
			continue;
		proto = nfim_pack_proto(&pack->p, id);
		if (proto && proto->label != NFIM_LABEL_NONE)
			__set_bit(nf_im_label_bit(proto->label), mask);
		else
			unlabelled = true;
	}
	rcu_read_unlock();
	return unlabelled;
}
NF_IM_EXPORT(nf_im_label_proto_mask);
