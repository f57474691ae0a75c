/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Carriers: what other protocols hide in.
 *
 * A carrier reads the front of what one direction says, from the direction's origin on, and
 * answers: this is none of mine; I need more; up to here it is mine, and an inner stream begins
 * there. Then the origin moves, and everything begins anew with the inner stream: the rules of
 * NFIM_ROOT_TCP, and carriers, up to NFIM_CARRIERS_DEEP inside each other. A carrier that only
 * knows facts (a TLS ClientHello) ends with NFIM_PEEL_DONE. A datagram has no memory: a carrier
 * of UDP is asked for each one anew.
 *
 * Rules at the same origin run beside the carrier, and the answer that needs fewer bytes counts,
 * so that cuts do not change it: a rule wins up to the byte that completes the carrier's part.
 *
 * To add one: an id here, a line in the table of carrier.c, the first bytes that it can begin
 * with in nfim_carrier_begin(), and a file carrier_NAME.c with its peel function, which
 *  - looks at bytes [start, view->len) by nfim_view_get() only, at most NFIM_READ_MAX at once;
 *  - says MORE with the number of bytes that it needs next. It is asked again then, or earlier.
 *    A search through bytes of no known number starts at @from, so that the work of all
 *    calls together stays that of one;
 *  - says NO as soon as the bytes cannot be its own, since the flow is kept until then;
 *  - keeps nothing but @step between calls: its own number of what stands at @start;
 *  - adds its cost to mc->step->work: 1 for each field it looks at, an eighth of the bytes
 *    that it searches.
 */
#ifndef _NF_IM_ENGINE_CARRIER_H
#define _NF_IM_ENGINE_CARRIER_H

#include "flow_impl.h"

/* In nfim_flow_dir.carrier. Those that have something inside stand in .chain, too: 1..15. */
enum nfim_carrier_id {
	NFIM_CARRIER_UNTRIED,	/* not asked yet which one begins at the origin */
	NFIM_CARRIER_SOCKS4,	/* 4 and 4a */
	NFIM_CARRIER_SOCKS5,
	NFIM_CARRIER_SOCKS_UDP,	/* a datagram of SOCKS5 */
	NFIM_CARRIER_TLS,	/* facts only */
	NFIM_CARRIER_HTTP,	/* messages, one after another; never in a chain */
	NFIM_CARRIER_CONNECT,	/* what is behind that request of HTTP */
	NFIM_CARRIER_WEBSOCKET,	/* the same: frames */
	NFIM_CARRIER_DNS,	/* messages, as HTTP; only looked for if watched */
	NFIM_CARRIERS,
	NFIM_CARRIER_NONE = 0xff,	/* none begins there, or not any more */
};

enum {
	NFIM_CARRIERS_DEEP	= 3,	/* inside each other */
	NFIM_STEP_BLIND		= 0x40,	/* there without a carrier: nfim_try_blind() was asked */
	NFIM_BLIND		= 64,	/* bytes that it looks at */
	NFIM_STEP_MOVED		= 0x80,	/* in nfim_flow_dir.step: behind the carrier's first part */
	NFIM_STEP_IDLE		= 0x40,	/* the same: a message ended, another one may come */
	NFIM_STEP_OWN		= 0x3f,	/* bits that are the carrier's own */
	NFIM_CHAIN_BITS		= 4,	/* of a carrier in nfim_flow_dir.chain */
	NFIM_CHAIN_MASK		= (1 << NFIM_CHAIN_BITS) - 1,
	NFIM_PEELS_PER_PACKET	= 64,	/* parts that one packet may complete */
};

enum nfim_peel_result {
	NFIM_PEEL_NO,		/* not this carrier; rules go on alone */
	NFIM_PEEL_MORE,		/* cannot say before @need bytes of the view are there */
	NFIM_PEEL_ON,		/* up to @next; asked again there, with @step as left */
	NFIM_PEEL_INNER,	/* another stream begins at @next */
	NFIM_PEEL_MESSAGE,	/* a message ended at @next: nothing need follow, anything may */
	NFIM_PEEL_DONE,		/* it is this carrier, and nothing more is to be had from it */
	NFIM_PEEL_YES,		/* mc->rule is the verdict, or mc->proto if that is NFIM_NO_RULE */
};

/* What stands at nfim_peel.host_off. */
enum nfim_host {
	NFIM_HOST_NAME,		/* text */
	NFIM_HOST_IPV4,		/* 4 bytes, in the order of the wire */
	NFIM_HOST_IPV6,		/* 16 bytes */
};

/**
 * struct nfim_peel - one question to a carrier
 * @mc: pack, packet, and what it brought
 * @c: for a carrier that runs rules of its own; NULL for a datagram
 * @view: the direction's bytes in order; of UDP: the datagram, and view->last is set
 * @start: first byte of what is asked about
 * @from: bytes before this were there last time, too, and the carrier said MORE
 * @chain: carriers around this one, the innermost in the lowest NFIM_CHAIN_BITS; 0: none
 * @peer_chain: those that the other direction is in. What is said may depend on it in one way
 *	only: that a carrier is there finds more than if it is not, as only one direction may
 *	come by here
 * @step: the carrier's own; 0 when it begins
 * @need: out, with MORE: bytes of the view (> view->len)
 * @next: out, with ON, INNER and MESSAGE: first byte that is not the carrier's (> @start, unless
 *	@step is another now); it may lie behind view->len, bytes before are not looked at then.
 *	With YES: as many bytes of the
 *	view sufficed
 * @inner: out, with INNER: what the chain shall name, the carrier itself unless it says so
 * @waits: out, with ON and MORE: rules that wait at @next or @start, see struct nfim_flow_dir
 * @frames: out, with YES: where the protocol's frames may begin, if not at the origin
 * @mark: out, with ON: for nfim_flow_dir.node, which the carrier has for itself from then on
 * @host_off: out: where the target's name or address stands in the view
 * @host_len: out: its length, 0 if none was found. Names are cut to their last NFIM_HOST_MAX
 *	bytes
 * @host_kind: out
 */
struct nfim_peel {
	struct nfim_match_ctx *mc;
	struct nfim_carry *c;
	const struct nfim_view *view;
	u32 start;
	u32 from;
	u16 chain;
	u16 peer_chain;
	u8 step;
	u32 need;
	u32 next;
	u32 inner;
	u32 waits;
	u32 frames;
	u32 mark;
	u32 host_off;
	u32 host_len;
	enum nfim_host host_kind;
};

/**
 * nfim_carrier_begin() - which carrier can begin with this byte?
 * @mc: of the packet: its layer 4 protocol and direction count
 * @byte: the first of the stream or datagram
 *
 * One of the first byte's alone, so that the flow of any other protocol costs nothing more.
 *
 * Return: enum nfim_carrier_id, or NFIM_CARRIER_NONE.
 */
u32 nfim_carrier_begin(const struct nfim_match_ctx *mc, u8 byte);

/**
 * struct nfim_carry - the bytes of a direction, for nfim_carry()
 * @mc: the packet
 * @d: the direction; what is remembered of its start, carriers and rules is changed
 * @flags: its flags
 * @view: bytes in order; view->len is changed
 * @avail: how many there are
 * @from: the first that was not there at the last call
 * @peer_chain: of the other direction
 * @wait: rules that want more are written here: NFIM_WAITS
 * @fresh: NULL, or @wait, where d->waits were written in this very call
 */
struct nfim_carry {
	struct nfim_match_ctx *mc;
	struct nfim_flow_dir *d;
	u8 *flags;
	struct nfim_view *view;
	u32 avail;
	u32 from;
	u16 peer_chain;
	struct nfim_wait *wait;
	const struct nfim_wait *fresh;
};

/**
 * nfim_carry() - rules and carriers on the bytes of a direction, from its origin on
 * @c: the bytes
 *
 * Sets mc->too_much if there were more parts than a packet may have.
 *
 * Return: NFIM_RUN_YES with mc->proto and mc->rule; NFIM_RUN_MORE while nothing is decided,
 * by rule or carrier, and d->wake is set; NFIM_RUN_NO where neither can say anything more.
 */
enum nfim_run_result nfim_carry(struct nfim_carry *c);

/**
 * nfim_carry_datagram() - the same for a datagram
 * @mc: the packet
 * @view: the datagram
 *
 * Return: NFIM_RUN_YES with mc->proto and mc->rule, or NFIM_RUN_NO.
 */
enum nfim_run_result nfim_carry_datagram(struct nfim_match_ctx *mc, const struct nfim_view *view);

/**
 * nfim_dir_idle() - did a message end, and has nothing come since?
 * @d: a direction
 *
 * More may come, but nobody knows of what.
 */
static inline bool nfim_dir_idle(const struct nfim_flow_dir *d)
{
	return d->carrier == NFIM_CARRIER_UNTRIED && d->step & NFIM_STEP_IDLE;
}

/**
 * nfim_dir_waits() - is there something that more bytes of a direction would decide?
 * @flow: the flow
 * @i: direction
 *
 * From its start on every direction waits until all rules said no: its first bytes may have been
 * lost so far. Between two messages of a carrier nothing is open, though more may come.
 */
static inline bool nfim_dir_waits(const struct nfim_flow *flow, u32 i)
{
	const struct nfim_flow_dir *d = &flow->dir[i];

	if (flow->flags[i] & NFIM_F_CLOSED)
		return false;
	if (nfim_dir_idle(d))
		return d->blocks;
	if ((flow->flags[i] & (NFIM_F_BASE | NFIM_F_MID)) == NFIM_F_BASE)
		return true;
	return d->blocks || d->node || d->waits;
}

/**
 * nfim_dir_restart() - a direction is read anew
 * @flow: the flow
 * @i: direction
 * @origin: where from
 */
static inline void nfim_dir_restart(struct nfim_flow *flow, u32 i, u32 origin)
{
	struct nfim_flow_dir *d = &flow->dir[i];

	d->origin = origin;
	d->next = origin;
	d->node = 0;
	d->wake = 0;
	d->waits = 0;
	d->carrier = NFIM_CARRIER_UNTRIED;
	d->step = 0;
	flow->flags[i] &= ~(NFIM_F_REWALK | NFIM_F_CLOSED);
}

/**
 * nfim_dir_keep() - how many bytes from the origin on may be kept and read?
 * @d: a direction
 *
 * A ClientHello may be as long as a direction is read at all: what says that there is one stands
 * in its first bytes, and its name may be its last.
 */
static inline u32 nfim_dir_keep(const struct nfim_flow_dir *d)
{
	return d->carrier == NFIM_CARRIER_TLS ? NFIM_BUDGET_BYTES : NFIM_PREFIX_KEEP_MAX;
}

/** nfim_dir_masked() - do the bytes at the origin have to be taken out of frames? */
static inline bool nfim_dir_masked(const struct nfim_flow_dir *d)
{
	return (d->chain & NFIM_CHAIN_MASK) == NFIM_CARRIER_WEBSOCKET;
}

/**
 * nfim_chain_count() - how often does this carrier stand in a chain?
 * @chain: of a direction
 * @id: enum nfim_carrier_id
 */
static inline u32 nfim_chain_count(u32 chain, u32 id)
{
	u32 n = 0;

	for (; chain; chain >>= NFIM_CHAIN_BITS)
		n += (chain & NFIM_CHAIN_MASK) == id;
	return n;
}

/*
 * What is tried where no rule and no carrier begins: bytes that look random, but are not.
 * See carrier_blind.c. True: yes, as c->mc then says.
 */
bool nfim_try_blind(struct nfim_carry *c);

/* The carriers. All are called by carrier.c only. */
enum nfim_peel_result nfim_peel_socks4(struct nfim_peel *p);
enum nfim_peel_result nfim_peel_socks5(struct nfim_peel *p);
enum nfim_peel_result nfim_peel_socks_udp(struct nfim_peel *p);
enum nfim_peel_result nfim_peel_tls(struct nfim_peel *p);
enum nfim_peel_result nfim_peel_dns(struct nfim_peel *p);

/*
 * QUIC, which needs memory of its flow: looks at a datagram. True: its hello decides, as @mc then
 * says. With mc->too_much the flow cannot be read.
 */
bool nfim_quic_datagram(struct nfim_match_ctx *mc, struct nfim_flow *flow,
			const struct nfim_view *view);

/* DTLS, likewise: its hello may lie in fragments, which are kept. */
bool nfim_dtls_datagram(struct nfim_match_ctx *mc, struct nfim_flow *flow,
			const struct nfim_view *view);

enum {
	NFIM_DTLS_HANDSHAKE	= 0x16,		/* a record's first byte, RFC 6347 section 4.1 */
	NFIM_STUN_HEADER	= 20,
	NFIM_STUN_COOKIE	= 0x2112a442,	/* RFC 8489 section 5 */
};

/* May a datagram with this first byte be one that nfim_dtls_datagram() wants to see? */
static inline bool nfim_dtls_begins(u8 byte)
{
	return byte == NFIM_DTLS_HANDSHAKE;
}

/* The same of nfim_stun_datagram(), by what of the datagram lies in one piece. */
static inline bool nfim_stun_begins(const struct nfim_seg *seg)
{
	if (seg->len < NFIM_STUN_HEADER || seg->head[0] & 0xc0)
		return false;
	return seg->head_len < 8 || nfim_be32(seg->head + 4) == NFIM_STUN_COOKIE;
}

/* Does the datagram begin like nothing that we know? Then none of these has anything to say. */
bool nfim_datagram_nothing(const struct nfim_match_ctx *mc);

/* STUN, likewise: an attribute or the realm of a datagram decides. */
bool nfim_stun_datagram(struct nfim_match_ctx *mc, const struct nfim_view *view);

/* Keeps the CRYPTO frames of a datagram. False: blocks ran out. */
bool nfim_quic_commit(struct nfim_block **blocks, const struct nfim_quic *q,
		      struct nfim_block **spare);

struct nfim_name_hit;

/* A name of the pack that its service has for itself is the verdict; @conf: what that rests on. */
bool nfim_name_decides(struct nfim_match_ctx *mc, const struct nfim_name_hit *hit,
		       enum nfim_confidence conf);

struct nfim_tls_hello;

/* For carriers of a ClientHello: takes its facts. True: its name decides, as @mc then says. */
bool nfim_hello_decides(struct nfim_match_ctx *mc, const struct nfim_tls_hello *hello);
enum nfim_peel_result nfim_peel_http(struct nfim_peel *p);

/* For carriers: bytes [@off, @off + @n) from the start are there, or @p->need is set. */
static inline bool nfim_peel_has(struct nfim_peel *p, u32 off, u32 n)
{
	if (p->view->len - p->start >= off + n)
		return true;
	p->need = p->start + off + n;
	return false;
}

/* For carriers: the byte at @off from the start, which is there; 0 if it cannot be had. */
static inline u8 nfim_peel_byte(struct nfim_peel *p, u32 off)
{
	u8 buf[1];
	const u8 *b = nfim_view_get(p->view, p->start + off, 1, buf);

	p->mc->step->work++;
	return b ? *b : 0;
}

#endif /* _NF_IM_ENGINE_CARRIER_H */
