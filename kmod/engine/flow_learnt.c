// SPDX-License-Identifier: GPL-2.0-only
/*
 * A flow to an address that a name was learnt of (learn.h), or by a proxy that was asked for a
 * name: what that is worth at its end.
 */
#include "flow_impl.h"

void nfim_flow_learnt(struct nfim_flow *flow, u8 proto)
{
	flow->proto = proto;
	flow->conf = NFIM_CONF_LEARNT;
}

void nfim_flow_unlearn(struct nfim_flow *flow)
{
	flow->proto = 0;
	flow->conf = NFIM_CONF_PAYLOAD;
}

void nfim_learnt_end(struct nfim_flow *flow)
{
	u32 i;

	if (likely(flow->conf < NFIM_CONF_LEARNT) || !flow->done || flow->done == NFIM_KNOWN)
		return;
	/* A name may have stood in what was not read, or did not come by here. */
	if (flow->done != NFIM_NONE || (flow->flags[0] | flow->flags[1]) & NFIM_F_MID) {
		nfim_flow_unlearn(flow);
		return;
	}
	flow->done = NFIM_KNOWN;
	if (flow->conf == NFIM_CONF_TARGET)
		flow->conf = NFIM_CONF_NAME;
	for (i = 0; i < 2; i++) {
		flow->flags[i] &= ~NFIM_F_CLOSED;
		flow->flags[i] |= NFIM_F_LOST;
		flow->dir[i].node = 0;
		flow->dir[i].waits = 0;
		flow->dir[i].wake = 0;
	}
}

/* The last one counts: of a proxy asked again, or of one behind it. @proto 0: it is nobody's. */
void nfim_flow_target(struct nfim_flow *flow, u8 proto)
{
	if (proto) {
		flow->proto = proto;
		flow->conf = NFIM_CONF_TARGET;
	} else if (flow->conf == NFIM_CONF_TARGET) {
		nfim_flow_unlearn(flow);
	}
}

void nfim_learnt_step(struct nfim_flow *flow, struct nfim_step *step)
{
	/* It has a name of its own. */
	if (flow->conf == NFIM_CONF_LEARNT && (step->host_len || step->named))
		nfim_flow_unlearn(flow);
	nfim_learnt_end(flow);
	if (flow->done != NFIM_KNOWN)
		return;
	step->conf = NFIM_CONF_NAME;
	step->trim = U32_MAX;
	step->crypto = false;
	step->blocks = 0;
	step->keep_to = 0;
	step->keep_from = 0;
}
