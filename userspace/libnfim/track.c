// SPDX-License-Identifier: GPL-2.0-only
/*
 * What conntrack's TCP tracker would know of a connection. As there, a SYN on a
 * connection that is not closed is believed only when the other end answers it:
 * it could be a decoy.
 */
#include "track.h"
#include "engine/window.h"

static bool after(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) > 0;
}

static bool silent(const struct nfim_track_side *s)
{
	return !s->has_end && !s->has_ack;
}

/* A SYN without ACK, not the one that is known already. */
static enum nfim_track_say judge_syn(struct nfim_track *t, int dir, const struct nfim_pkt *pkt,
				     uint64_t number)
{
	struct nfim_track_side *me = &t->side[dir], *peer = &t->side[!dir];

	if (me->has_isn && me->isn == pkt->seq)
		return NFIM_TRACK_SAME;
	if (t->closed)
		return NFIM_TRACK_NEW;
	/* Both ends opened at the same time. */
	if (silent(me) && !me->spoke && !peer->spoke && !peer->has_ack)
		return NFIM_TRACK_SAME;
	/* Nobody answered the first attempt; or the SYN comes late, its answer was seen. */
	if ((silent(peer) && !me->spoke) || (peer->has_ack && peer->ack == pkt->seq + 1))
		return NFIM_TRACK_SAME;
	t->pending = true;
	t->pending_dir = dir;
	t->pending_seq = pkt->seq;
	t->pending_first = number;
	return NFIM_TRACK_SAME;
}

static enum nfim_track_say judge_syn_ack(const struct nfim_track *t, int dir,
					 const struct nfim_pkt *pkt)
{
	const struct nfim_track_side *me = &t->side[dir], *peer = &t->side[!dir];

	if (t->pending && dir != t->pending_dir && pkt->ack == t->pending_seq + 1)
		return NFIM_TRACK_NEW_PENDING;
	/* The answer to the SYN we know; what closed the connection before it was a decoy. */
	if (peer->has_isn && pkt->ack == peer->isn + 1)
		return NFIM_TRACK_SAME;
	/* The SYN of a connection after this one was not captured. */
	if (t->closed && !(me->has_isn && me->isn == pkt->seq))
		return NFIM_TRACK_NEW_PEER;
	return NFIM_TRACK_SAME;
}

enum nfim_track_say nfim_track_judge(struct nfim_track *t, int dir, const struct nfim_pkt *pkt,
				     uint64_t number)
{
	if (!(pkt->flags & NFIM_TCP_SYN) || pkt->flags & (NFIM_TCP_RST | NFIM_TCP_FIN))
		return NFIM_TRACK_SAME;
	if (pkt->flags & NFIM_TCP_ACK)
		return judge_syn_ack(t, dir, pkt);
	return judge_syn(t, dir, pkt, number);
}

static void take_syn(struct nfim_track *t, int dir, const struct nfim_pkt *pkt)
{
	struct nfim_track_side *me = &t->side[dir], *peer = &t->side[!dir];
	bool syn_ack = pkt->flags & NFIM_TCP_ACK;

	/* Until it is answered, the last attempt counts. */
	if (!me->has_isn || (!me->spoke && !syn_ack && silent(peer))) {
		me->isn = pkt->seq;
		me->end = pkt->seq + 1;
		me->has_isn = true;
		me->has_end = true;
	}
	if (me->isn == pkt->seq) {
		me->saw_syn = true;
		me->wscale = pkt->wscale;
	}
	if (syn_ack && peer->has_isn && pkt->ack == peer->isn + 1 && !peer->spoke)
		t->closed = false;
	if (syn_ack && !peer->has_isn) {
		peer->isn = pkt->ack - 1;
		peer->has_isn = true;
	}
}

static void take_ack(struct nfim_track_side *me, uint32_t ack)
{
	if (!me->has_ack) {
		me->ack = ack;
		me->allowed = ack;
	} else if (after(ack, me->ack)) {
		me->ack = ack;
	}
	me->has_ack = true;
}

static void take_window(struct nfim_track_side *me, const struct nfim_track_side *peer,
			const struct nfim_pkt *pkt)
{
	bool scaled = !(pkt->flags & NFIM_TCP_SYN) && me->wscale >= 0 && peer->wscale >= 0;
	uint32_t end = pkt->ack + ((uint32_t)pkt->window << (scaled ? me->wscale : 0));

	if (after(end, me->allowed))
		me->allowed = end;
}

bool nfim_track_believes(const struct nfim_track *t, int dir, const struct nfim_pkt *pkt)
{
	const struct nfim_track_side *peer = &t->side[!dir];

	return pkt->flags & NFIM_TCP_SYN || !(pkt->flags & NFIM_TCP_ACK) || !peer->has_end ||
	       !after(pkt->ack, peer->end);
}

bool nfim_track_stray(const struct nfim_track *t, int dir, const struct nfim_pkt *pkt)
{
	const struct nfim_track_side *me = &t->side[dir], *peer = &t->side[!dir];

	return me->saw_syn && peer->saw_syn && after(pkt->seq, peer->allowed) &&
	       after(pkt->seq, me->end + NFIM_WINDOW_MAX);
}

void nfim_track_packet(struct nfim_track *t, int dir, const struct nfim_pkt *pkt)
{
	struct nfim_track_side *me = &t->side[dir], *peer = &t->side[!dir];
	bool syn = pkt->flags & NFIM_TCP_SYN;
	bool fin = pkt->flags & NFIM_TCP_FIN;
	uint32_t end = pkt->seq + syn + pkt->len + fin;

	if (pkt->flags & NFIM_TCP_RST) {
		/* One below what the other end has taken is old or forged. */
		if (!peer->has_ack || !after(peer->ack, pkt->seq))
			t->closed = true;
		return;
	}
	if (t->pending && syn && pkt->seq == t->pending_seq && dir == t->pending_dir)
		return;
	if (syn)
		take_syn(t, dir, pkt);
	if (fin)
		me->fin = true;
	if (me->fin && peer->fin)
		t->closed = true;
	if (pkt->len && !t->first_payload)
		t->first_payload = pkt->usec;
	if (!nfim_track_believes(t, dir, pkt))
		return;
	if (!me->has_end || after(end, me->end))
		me->end = end;
	me->has_end = true;
	/* Of a SYN's answer, too: what was never sent cannot be acknowledged. */
	if (pkt->flags & NFIM_TCP_ACK && !(peer->has_end && after(pkt->ack, peer->end))) {
		take_ack(me, pkt->ack);
		if (me->ack == pkt->ack)
			take_window(me, peer, pkt);
	}
}

void nfim_track_settle(struct nfim_track *t, int dir, const struct nfim_pkt *pkt)
{
	struct nfim_track_side *me = &t->side[dir];
	bool syn = pkt->flags & NFIM_TCP_SYN;

	if (me->spoke)
		return;
	me->spoke = true;
	if (me->has_isn || syn) {
		me->base = (me->has_isn ? me->isn : pkt->seq) + 1;
		me->has_base = true;
	}
}
