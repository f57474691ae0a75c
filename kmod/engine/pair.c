// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pairs: what neither direction proves alone. A half that a direction said is remembered, with the
 * number that it keeps, until the other direction says the other half; in either order.
 *
 * It needs no room of its own, and no flow is kept for it:
 *  - of datagrams, and of a stream that no rule waits for (NFIM_F_CLOSED), nobody uses waits and
 *    node of struct nfim_flow_dir, so that they have it. The latest half counts;
 *  - of a stream that others still wait for it stands among those that wait, in the origin's
 *    block. It is known by its need, 0, which nobody waits for.
 * A new pack forgets it: see flow_repack() and NFIM_F_REWALK.
 */
#include "flow_impl.h"

static_assert(2 * NFIM_PAIRS_MAX + 1 <= U16_MAX, "half");

void nfim_pair_store(const struct nfim_match_ctx *mc, struct nfim_flow_dir *d)
{
	d->waits = (u16)mc->half;
	d->node = mc->kept;
}

void nfim_pair_recall(struct nfim_match_ctx *mc, const struct nfim_flow_dir *d)
{
	mc->half = d->waits;
	mc->kept = d->node;
}

void nfim_pair_wait(const struct nfim_match_ctx *mc, struct nfim_flow_dir *d, u8 *flags,
		    struct nfim_wait *wait)
{
	/* More wait than there is room for: all rules are asked again, and this one, too. */
	if (d->waits >= NFIM_WAITS || *flags & NFIM_F_REWALK) {
		*flags |= NFIM_F_REWALK;
		return;
	}
	wait += d->waits++;
	wait->rule = (u16)mc->half;
	wait->need = 0;
	wait->cur = (u16)mc->kept;
	wait->pc = (u16)(mc->kept >> 16);
}

void nfim_pair_woken(struct nfim_match_ctx *mc, const struct nfim_wait *wait)
{
	mc->half = wait->rule;
	mc->kept = wait->cur | (u32)wait->pc << 16;
}

/* What a stream said whose rules wait. */
static bool waiting_answers(const struct nfim_flow_dir *d, u32 half, u32 kept)
{
	const struct nfim_block *home = nfim_window_home(d->blocks, d->origin);
	u32 n = min_t(u32, d->waits, NFIM_WAITS), i;
	struct nfim_match_ctx said = {};

	for (i = 0; home && i < n; i++) {
		if (!nfim_pair_waits(&home->wait[i]))
			continue;
		nfim_pair_woken(&said, &home->wait[i]);
		return said.half == (half ^ 1) && said.kept == kept;
	}
	return false;
}

bool nfim_pair_answers(const struct nfim_match_ctx *mc, u32 half, u32 kept)
{
	const struct nfim_flow_dir *d = &mc->flow->dir[!mc->seg->dir];
	u8 flags = mc->flow->flags[!mc->seg->dir];

	if (mc->seg->l4 == NFIM_L4_UDP || flags & NFIM_F_CLOSED)
		return d->waits == (half ^ 1) && d->node == kept;
	return !(flags & NFIM_F_REWALK) && waiting_answers(d, half, kept);
}
