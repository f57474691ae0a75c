/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One flow, driven packet by packet to a verdict, and beyond it from frame to frame.
 *
 * nfim_flow_step() is a function of (pack, flow, packet): it changes only the
 * struct nfim_flow it is given, never the window's blocks, so that a caller may run it on a
 * copy without holding a lock and commit afterwards, if nothing changed meanwhile:
 *
 *	lock; copy = entry->flow; gen = entry->gen; unlock
 *	nfim_flow_step(pack, &copy, &seg, watch, &step)
 *	allocate step.blocks blocks
 *	lock; if (entry->gen != gen) start again
 *	nfim_flow_commit(&copy, &seg, &step, &spare); entry->flow = copy; entry->gen++; unlock
 *	free what is left in spare, and after a grace period what commit gave back
 */
#ifndef _NF_IM_ENGINE_FLOW_H
#define _NF_IM_ENGINE_FLOW_H

#include "learn.h"
#include "window.h"

/* Budget of an undecided flow (DESIGN D3). */
enum {
	NFIM_BUDGET_BYTES	= 16384, /* in order, a direction of TCP */
	NFIM_BUDGET_PACKETS	= 2048,	/* with payload, TCP */
	NFIM_BUDGET_DATAGRAMS	= 16,	/* UDP */
	NFIM_BUDGET_AGE		= 30,	/* seconds; only where nothing is still possible */
	NFIM_FRAMES_PER_PACKET	= 32,
	NFIM_FRAMES_PER_DATAGRAM = 4,
	NFIM_USER_WORK		= 100,	/* of a packet, after which no name is looked for */
	NFIM_USER_MAX		= 63,	/* bytes of a user's name */
	NFIM_HOST_MAX		= 192,	/* bytes of a host's name */
	NFIM_LOOKUPS		= 4,	/* of different protocols, of a packet */
	NFIM_NO_RULE		= 0xffff,
};

/* Flags of a direction. */
enum {
	NFIM_F_BASE		= 1 << 0, /* base is set */
	NFIM_F_CLOSED		= 1 << 1, /* nothing we know starts like this */
	NFIM_F_MID		= 1 << 2, /* not seen from its start */
	NFIM_F_REWALK		= 1 << 3, /* more rules wait than are remembered */
	NFIM_F_LOST		= 1 << 4, /* frames: out of step until a segment starts with one */
	NFIM_F_CONFLICT		= 1 << 5, /* two readings of the kept bytes */
	NFIM_F_ANOMALY		= 1 << 6, /* overlaps with different bytes were seen */
	NFIM_F_REOPENED		= 1 << 7, /* it was closed, and its bytes came once more */
};

/**
 * struct nfim_flow_dir - one direction of a flow; offsets count from base
 *
 * What a direction said of a pair has node and waits where nobody uses them: see pair.c.
 */
struct nfim_flow_dir {
	struct nfim_block *blocks;	/* the window */
	u32 base;	/* TCP sequence number of offset 0 */
	u32 next;	/* bytes came in order up to here */
	u32 origin;	/* where the programs start: the stream, the segment, the frame */
	u32 node;	/* undecided: index node | depth << 24; then: actions of the frame */
	u16 waits;	/* rules that want more: so many in the origin's block; then see frames.c */
	u16 wake;	/* no use looking before next - origin is this; closed: read so far */
	u8 carrier;	/* what reads at origin, see carrier.h */
	u8 step;	/* its own, and whether it moved origin */
	u16 chain;	/* those that origin is inside of */
};

/** struct nfim_flow - all that is remembered of a flow */
struct nfim_flow {
	struct nfim_flow_dir dir[2];
	u8 proto;	/* id once known, else 0 */
	u8 conf;	/* enum nfim_confidence, of a known protocol */
	u16 packets;	/* with payload, given to the engine */
	u8 flags[2];	/* NFIM_F_* of each direction */
	u8 done;	/* enum nfim_verdict, once it is not UNDECIDED */
	u8 epoch;	/* of the pack that candidates and nodes belong to */
};

/* What a verdict rests on; numbers as enum nf_im_confidence. */
enum nfim_confidence {
	NFIM_CONF_PAYLOAD,	/* bytes of one direction */
	NFIM_CONF_PAIR,		/* bytes of both */
	NFIM_CONF_NAME,		/* a host's name */
	NFIM_CONF_OFFER,	/* bytes of another flow; see nfim_flow_conf() */
	NFIM_CONF_LEARNT,	/* a host's name in another flow; the same */
	NFIM_CONF_TARGET,	/* of an undecided flow: the name that a proxy was asked for */
};

/* What of a known flow's packets is to be told. */
enum nfim_watch {
	NFIM_WATCH_NOTHING,
	NFIM_WATCH_ALL,		/* actions, and the user's name */
	NFIM_WATCH_ACTIONS,	/* to look for a name is dearer than all else */
};

enum nfim_verdict {
	NFIM_UNDECIDED,
	NFIM_KNOWN,	/* flow->proto */
	NFIM_NONE,	/* none of the pack's protocols */
	NFIM_GIVEN_UP,	/* not to be had within the window; honest, but no answer */
};

/** struct nfim_lookups - protocols whose hosts' names are asked for, each once */
struct nfim_lookups {
	u8 n;
	u8 proto[NFIM_LOOKUPS];
};

/**
 * nfim_lookups_add() - one more
 * @l: those there are
 * @proto: id
 *
 * Return: false if it was there already, or there are too many.
 */
static inline bool nfim_lookups_add(struct nfim_lookups *l, u8 proto)
{
	u32 i;

	for (i = 0; i < l->n; i++)
		if (l->proto[i] == proto)
			return false;
	if (l->n == NFIM_LOOKUPS)
		return false;
	l->proto[l->n++] = proto;
	return true;
}

/**
 * struct nfim_step - what one packet brought
 * @verdict: of the flow, after this packet
 * @fresh: the verdict fell with this packet
 * @rule: index of the rule that brought it, or NFIM_NO_RULE
 * @conf: enum nfim_confidence, of a fresh NFIM_KNOWN
 * @actions: what this packet does; 0 if unknown
 * @offer: some of it, or all, is offered only: another flow does it
 * @user_len: length of @user, 0 if this packet says none
 * @host_len: length of @host, 0 if this packet says none
 * @ech: a ClientHello offers ECH: @host is the client-facing server's name
 * @lookups: TCP, if watched: whose hosts' names it asks a resolver for, of which @host is the
 *	first; see nfim_dns_datagram() for datagrams
 * @work: cost, in instructions of the interpreter and the index
 * @blocks: new blocks that nfim_flow_commit() needs
 * @keep_from: first stream offset of the packet to keep
 * @keep_to: one after the last; none if not above @keep_from
 * @trim: what of the window may go, see nfim_window_trim()
 * @seg_start: stream offset of payload byte @seg_skip
 * @seg_skip: payload bytes below the stream's known part
 * @crypto: CRYPTO frames in the segment's @quic are to be kept
 * @waits: rules that want more are to be written down
 * @user: name found in this packet, bytes of the wire
 * @wait: these, as many as the flow's direction says
 * @host: whom a carrier leads to: a name or an address, as text
 * @offers: flows that this packet offers, if somebody watches
 * @server: @host is the server's own name, not whom a proxy is to reach
 * @named: there is a name, though not in @host
 * @told: what a resolver's answer tells, with @learn of the segment
 */
struct nfim_step {
	enum nfim_verdict verdict;
	bool fresh;
	u8 conf;
	u16 rule;
	u32 actions;
	u8 user_len;
	u8 host_len;
	bool ech;
	bool server;
	bool named;
	struct nfim_lookups lookups;
	bool offer;
	u32 work;
	u32 blocks;
	u32 keep_from;
	u32 keep_to;
	u32 trim;
	u32 seg_start;
	u32 seg_skip;
	bool crypto;
	bool waits;
	/* From here on only what the lengths above say is set. */
	u8 user[NFIM_USER_MAX];
	struct nfim_wait wait[NFIM_WAITS];
	u8 host[NFIM_HOST_MAX];
	struct nfim_offers offers;
	struct nfim_told told;
};

/**
 * nfim_flow_conf() - what a verdict rests on, as users are told
 * @conf: of the flow
 *
 * An offer is payload, if not of this flow; what was learnt is a name.
 */
static inline u8 nfim_flow_conf(u8 conf)
{
	if (conf == NFIM_CONF_LEARNT)
		return NFIM_CONF_NAME;
	return conf == NFIM_CONF_OFFER ? (u8)NFIM_CONF_PAYLOAD : conf;
}

/**
 * nfim_flow_init() - a flow nothing is known of
 * @flow: to be set up; has no blocks
 */
void nfim_flow_init(struct nfim_flow *flow);

/**
 * nfim_flow_offered() - a flow that another one offered: its next packet with payload decides it
 * @flow: that nothing is known of
 * @proto: the other flow's protocol
 * @actions: what all its packets do
 */
void nfim_flow_offered(struct nfim_flow *flow, u8 proto, u32 actions);

/**
 * nfim_flow_frames() - do packets of a known flow say themselves what they do?
 * @pack: opened pack
 * @proto: of the flow
 * @conf: enum nfim_confidence of the flow
 * @l4: NFIM_L4_TCP or NFIM_L4_UDP
 * @dir: of the packet
 *
 * Return: false where all do what their flow does, by what decided it.
 */
bool nfim_flow_frames(const struct nfim_pack *pack, u32 proto, u8 conf, u8 l4, u8 dir);

/**
 * nfim_flow_does() - what all packets of a flow of datagrams do
 * @flow: the flow
 * @actions: set, if that is known; packets that say it themselves may do something else
 *
 * Return: false if it is not known: what was learnt says nothing, what was offered (NFIM_F_LOST) is
 * known as long as the offer is.
 */
static inline bool nfim_flow_does(const struct nfim_flow *flow, u32 *actions)
{
	*actions = flow->dir[0].node;
	return flow->done == NFIM_KNOWN && flow->conf != NFIM_CONF_LEARNT &&
	       !(flow->flags[0] & NFIM_F_LOST);
}

/**
 * nfim_flow_learnt() - a flow to an address that a name was learnt of
 * @flow: that nothing is known of, seen from its start on
 * @proto: the name's
 *
 * All that the flow says itself comes first, a name of any kind among it. Only where it would
 * end as NFIM_NONE, with all of its budget, it ends as @proto, by NFIM_CONF_LEARNT.
 */
void nfim_flow_learnt(struct nfim_flow *flow, u8 proto);

/** nfim_flow_unlearn() - what was learnt does not hold any more; the flow has no verdict yet */
void nfim_flow_unlearn(struct nfim_flow *flow);

/** nfim_flow_hopes() - is it a flow that what was learnt would decide at its end? */
static inline bool nfim_flow_hopes(const struct nfim_flow *flow)
{
	return unlikely(flow->conf == NFIM_CONF_LEARNT) && !flow->done;
}

/**
 * nfim_flow_step() - show the engine one packet's payload
 * @pack: opened pack
 * @flow: changed, except for what its block lists point to
 * @seg: the payload; UDP: one datagram
 * @watch: what to walk the frames of a known protocol for
 * @step: result, set completely
 *
 * To be called for every payload packet until the verdict is not NFIM_UNDECIDED, and on
 * after NFIM_KNOWN while @watch. Cost is bounded whatever the bytes are.
 */
void nfim_flow_step(const struct nfim_pack *pack, struct nfim_flow *flow,
		    const struct nfim_seg *seg, enum nfim_watch watch, struct nfim_step *step);

/**
 * nfim_flow_inside() - take in a segment that lies wholly within a frame known already
 * @flow: changed if so, else to be given to nfim_flow_step()
 * @seg: TCP; its bytes are not looked at
 * @actions: set to what nfim_flow_step() would say, and NFIM_ACTION_OFFER; a pack that came
 *	since counts from the next frame on
 *
 * Most packets of a transfer are such. Needs no copy and no commit.
 *
 * Context: under the lock that protects the flow.
 * Return: whether it does.
 */
bool nfim_flow_inside(struct nfim_flow *flow, const struct nfim_seg *seg, u32 *actions);

/**
 * nfim_flow_brief() - take in a packet that brings nothing, if it is plain to see
 * @pack: opened pack
 * @flow: an undecided flow; unchanged if it is not, and the packet is for nfim_flow_step()
 * @seg: the payload
 * @watch: as there
 * @step: only verdict, fresh, work, offers and host_len are set
 *
 * Most packets of undecided flows are such. Needs no copy and no commit. A flow that is done
 * with it may still have blocks, see nfim_flow_clear().
 *
 * Context: under the lock that protects the flow; its cost has the bound of one walk through
 * the index.
 * Return: whether it was taken in.
 */
bool nfim_flow_brief(const struct nfim_pack *pack, struct nfim_flow *flow,
		     const struct nfim_seg *seg, enum nfim_watch watch, struct nfim_step *step);

/**
 * nfim_flow_settle() - take in a packet without payload
 * @flow: an undecided flow
 * @seg: the packet; only its direction, age and acknowledgments count
 *
 * What was read may have been waiting for its acknowledgment. Needs no commit.
 *
 * Return: the flow's verdict.
 */
enum nfim_verdict nfim_flow_settle(struct nfim_flow *flow, const struct nfim_seg *seg);

/**
 * nfim_flow_commit() - bring the window up to date after nfim_flow_step()
 * @flow: the flow
 * @seg: the same segment
 * @step: its result
 * @spare: list of @step->blocks zeroed blocks; what is not needed stays there
 * @gone: set to the list of blocks to free
 *
 * Context: under the lock that protects the flow.
 * Return: false if bytes could not be kept; then the flow is NFIM_GIVEN_UP.
 */
bool nfim_flow_commit(struct nfim_flow *flow, const struct nfim_seg *seg,
		      const struct nfim_step *step, struct nfim_block **spare,
		      struct nfim_block **gone);

/**
 * nfim_flow_clear() - take all blocks out of a flow
 * @flow: the flow
 *
 * Return: list of blocks for the caller to free.
 */
struct nfim_block *nfim_flow_clear(struct nfim_flow *flow);

/**
 * nfim_flow_expire() - decide a flow whose time is up, if that may end it
 * @flow: an undecided flow, older than NFIM_BUDGET_AGE
 * @l4: NFIM_L4_TCP or NFIM_L4_UDP
 *
 * Return: the flow's verdict. A hello of datagrams that has begun, or bytes that can be read in
 * two ways, are given up.
 */
enum nfim_verdict nfim_flow_expire(struct nfim_flow *flow, u8 l4);

/**
 * nfim_flow_live() - is something still possible that time must not end?
 * @flow: the flow
 *
 * Return: true while a rule waits for more bytes, or a direction seen from its start has
 * not spoken yet.
 */
bool nfim_flow_live(const struct nfim_flow *flow);

#endif /* _NF_IM_ENGINE_FLOW_H */
