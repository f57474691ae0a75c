// SPDX-License-Identifier: GPL-2.0-only
/*
 * Drives the carriers of a direction: asks which begins at its origin, lets it and the rules
 * look at the same bytes, and moves the origin to what is inside.
 */
#include "carrier.h"
#include "names.h"
#include "quic.h"
#include "unit.h"

typedef enum nfim_peel_result (*peel_fn)(struct nfim_peel *p);

static const peel_fn peel_fns[NFIM_CARRIERS] = {
	[NFIM_CARRIER_SOCKS4] = nfim_peel_socks4,
	[NFIM_CARRIER_SOCKS5] = nfim_peel_socks5,
	[NFIM_CARRIER_SOCKS_UDP] = nfim_peel_socks_udp,
	[NFIM_CARRIER_TLS] = nfim_peel_tls,
	[NFIM_CARRIER_HTTP] = nfim_peel_http,
	[NFIM_CARRIER_DNS] = nfim_peel_dns,
};

/* Look-ups are a packet's facts, and so are answers, of which nobody may want to know. */
static bool wants_dns(const struct nfim_match_ctx *mc)
{
	return mc->watch || mc->seg->learn;
}

static u32 begin_dns(const struct nfim_match_ctx *mc)
{
	return wants_dns(mc) ? NFIM_CARRIER_DNS : NFIM_CARRIER_NONE;
}

u32 nfim_carrier_begin(const struct nfim_match_ctx *mc, u8 byte)
{
	if (mc->seg->l4 == NFIM_L4_UDP)
		return byte ? NFIM_CARRIER_NONE : NFIM_CARRIER_SOCKS_UDP;
	switch (byte) {
	case 0x00:
		return mc->seg->dir && !wants_dns(mc) ? NFIM_CARRIER_SOCKS4 : begin_dns(mc);
	case 0x04:
		return mc->seg->dir ? begin_dns(mc) : NFIM_CARRIER_SOCKS4;
	case 0x05:
		return NFIM_CARRIER_SOCKS5;
	/* Lengths of up to 2,559 bytes; longer answers begin as other carriers do. */
	case 0x01 ... 0x03:
	case 0x06 ... 0x09:
		return begin_dns(mc);
	case 0x16:
		return NFIM_CARRIER_TLS;
	/* SSL 2.0's hello, of up to 1,023 bytes; a server has none. */
	case 0x80 ... 0x83:
		return mc->seg->dir ? NFIM_CARRIER_NONE : NFIM_CARRIER_TLS;
	case '\r':
	case '\n':
	case 'A' ... 'Z':
		return NFIM_CARRIER_HTTP;
	default:
		return NFIM_CARRIER_NONE;
	}
}

bool nfim_name_decides(struct nfim_match_ctx *mc, const struct nfim_name_hit *hit,
		       enum nfim_confidence conf)
{
	if (hit->class != NFIM_NAME_DEDICATED)
		return false;
	mc->rule = NFIM_NO_RULE;
	mc->proto = hit->proto;
	mc->conf = conf;
	mc->actions = hit->actions;
	return true;
}

static u32 chain_depth(u32 chain)
{
	u32 n;

	for (n = 0; chain; n++)
		chain >>= NFIM_CHAIN_BITS;
	return n;
}

static u32 put_dec(u8 *to, u32 v)
{
	u32 n = 0, div;

	for (div = 100; div; div /= 10)
		if (v >= div || n || div == 1)
			to[n++] = '0' + v / div % 10;
	return n;
}

static u32 put_hex(u8 *to, u32 v)
{
	static const char digits[] = "0123456789abcdef";
	u32 n = 0, shift = 16;

	while (shift) {
		shift -= 4;
		if (v >> shift || !shift)
			to[n++] = digits[v >> shift & 15];
	}
	return n;
}

/* An address as people write it; of IPv6 no zeros are left out. */
static u32 put_address(u8 *to, const u8 *p, enum nfim_host kind)
{
	u32 n = 0, i;

	for (i = 0; i < (kind == NFIM_HOST_IPV4 ? 4 : 16); i++) {
		if (kind == NFIM_HOST_IPV4) {
			if (i)
				to[n++] = '.';
			n += put_dec(to + n, p[i]);
			continue;
		}
		if (i)
			to[n++] = ':';
		n += put_hex(to + n, nfim_be16(p + i));
		i++;
	}
	return n;
}

/* The target's host; of several carriers the innermost one's. */
static void take_host(const struct nfim_peel *p)
{
	struct nfim_step *step = p->mc->step;
	u32 off = p->host_off, len = p->host_len;
	u8 buf[NFIM_READ_MAX] __uninitialized;
	const u8 *b;

	if (!len)
		return;
	step->host_len = 0;
	if (p->host_kind != NFIM_HOST_NAME) {
		b = nfim_view_get(p->view, off, len, buf);
		if (b)
			step->host_len = put_address(step->host, b, p->host_kind);
		return;
	}
	if (len > NFIM_HOST_MAX) {
		off += len - NFIM_HOST_MAX;
		len = NFIM_HOST_MAX;
	}
	step->host_len = nfim_view_copy(p->view, off, len, step->host);
}

static enum nfim_peel_result ask(struct nfim_peel *p, u32 carrier)
{
	enum nfim_peel_result res = peel_fns[carrier](p);

	if (res != NFIM_PEEL_NO && res != NFIM_PEEL_MORE)
		take_host(p);
	return res;
}

/* Which carrier is asked at the direction's origin, where at least one byte is? */
static void dir_begin(struct nfim_carry *c)
{
	struct nfim_flow_dir *d = c->d;
	const u8 *p;
	u8 buf[1];

	if (d->carrier != NFIM_CARRIER_UNTRIED)
		return;
	d->carrier = NFIM_CARRIER_NONE;
	d->step = 0;
	c->from = d->origin;
	if (chain_depth(d->chain) == NFIM_CARRIERS_DEEP)
		return;
	p = nfim_view_get(c->view, d->origin, 1, buf);
	if (p)
		d->carrier = nfim_carrier_begin(c->mc, *p);
	/* In mid-stream only what proves itself by all its bytes may speak (DESIGN D4). */
	if (*c->flags & NFIM_F_MID && d->carrier != NFIM_CARRIER_TLS)
		d->carrier = NFIM_CARRIER_NONE;
}

/* An answer of DNS that is none may be one of a proxy: both begin with 0. */
static bool may_be_socks4(const struct nfim_carry *c, struct nfim_peel *p)
{
	return c->d->carrier == NFIM_CARRIER_DNS && c->mc->seg->dir && !nfim_peel_byte(p, 0);
}

static enum nfim_peel_result dir_peel(struct nfim_carry *c, struct nfim_peel *p)
{
	struct nfim_flow_dir *d = c->d;
	enum nfim_peel_result res;

	dir_begin(c);
	if (d->carrier == NFIM_CARRIER_NONE)
		return NFIM_PEEL_NO;
	p->step = d->step & NFIM_STEP_OWN;
	p->start = d->origin;
	p->from = max(c->from, d->origin);
	p->chain = d->chain;
	p->inner = d->carrier;
	c->view->len = min(c->avail, d->origin + nfim_dir_keep(d));
	res = ask(p, d->carrier);
	c->view->len = min(c->avail, d->origin + NFIM_PREFIX_KEEP_MAX);
	if (res == NFIM_PEEL_NO && may_be_socks4(c, p)) {
		d->carrier = NFIM_CARRIER_SOCKS4;
		p->inner = d->carrier;
		res = ask(p, d->carrier);
	}
	d->step = (d->step & NFIM_STEP_MOVED) | p->step;
	if (d->step & NFIM_STEP_MOVED)
		d->waits = p->waits;
	if (res == NFIM_PEEL_NO || res == NFIM_PEEL_DONE)
		d->carrier = NFIM_CARRIER_NONE;
	return res;
}

/* Is the answer that everything before @p->next is the carrier's? */
static bool moves(enum nfim_peel_result res)
{
	return res == NFIM_PEEL_ON || res == NFIM_PEEL_INNER || res == NFIM_PEEL_MESSAGE;
}

static void dir_move(struct nfim_carry *c, const struct nfim_peel *p, enum nfim_peel_result res)
{
	struct nfim_flow_dir *d = c->d;

	d->origin = p->next;
	d->node = p->mark;
	d->waits = p->waits;
	d->wake = 0;
	c->from = d->origin;
	c->fresh = c->wait;
	c->mc->half = 0;
	*c->flags &= ~NFIM_F_REWALK;
	if (res == NFIM_PEEL_ON) {
		d->step |= NFIM_STEP_MOVED;
		return;
	}
	d->carrier = NFIM_CARRIER_UNTRIED;
	d->step = res == NFIM_PEEL_MESSAGE ? NFIM_STEP_IDLE : 0;
	/* Of a proxy asked again, with a password, the first time does not count. */
	if (res == NFIM_PEEL_MESSAGE ||
	    (p->inner == NFIM_CARRIER_CONNECT && (d->chain & NFIM_CHAIN_MASK) == p->inner))
		return;
	d->chain = d->chain << NFIM_CHAIN_BITS | p->inner;
	if (p->inner == NFIM_CARRIER_WEBSOCKET)
		d->carrier = p->inner;
}

/* A proxy's target that a protocol has for itself: what the flow is, if nothing in it says more. */
static void note_target(struct nfim_match_ctx *mc, const struct nfim_peel *p)
{
	const struct nfim_step *step = mc->step;
	struct nfim_name_hit hit;

	if (!p->host_len)
		return;
	mc->asked = true;
	mc->target = p->host_kind == NFIM_HOST_NAME &&
		     nfim_names_find(mc->pack, step->host, step->host_len, &hit) &&
		     hit.class == NFIM_NAME_DEDICATED ? hit.proto : 0;
}

/* Does the rule's yes count, beside what the carrier says of the same bytes? */
static bool rule_first(const struct nfim_match_ctx *mc, enum nfim_peel_result res,
		       const struct nfim_peel *p)
{
	return (!moves(res) && res != NFIM_PEEL_YES) || mc->need <= p->next;
}

static enum nfim_run_result dir_rules(struct nfim_carry *c)
{
	if (c->d->step & NFIM_STEP_MOVED)
		return NFIM_RUN_NO;
	return nfim_match(c->mc, c->d, c->flags, c->view, c->wait);
}

/* Once for each origin, where no rule and no carrier begins. */
static bool dir_blind(struct nfim_carry *c, enum nfim_peel_result res)
{
	if (res != NFIM_PEEL_NO || c->d->step || c->view->len - c->d->origin < NFIM_BLIND)
		return false;
	c->d->step = NFIM_STEP_BLIND;
	return nfim_try_blind(c);
}

/* More of which is wanted: by rules, by the carrier, or by both? */
static enum nfim_run_result dir_wait(struct nfim_carry *c, enum nfim_run_result rules,
				     enum nfim_peel_result res, const struct nfim_peel *p)
{
	u32 need = U32_MAX;

	if (rules != NFIM_RUN_MORE && res != NFIM_PEEL_MORE)
		return dir_blind(c, res) ? NFIM_RUN_YES : NFIM_RUN_NO;
	if (rules == NFIM_RUN_MORE)
		need = c->mc->need - c->d->origin;
	if (res == NFIM_PEEL_MORE)
		need = min(need, p->need - c->d->origin);
	c->d->wake = min_t(u32, need, U16_MAX);
	return NFIM_RUN_MORE;
}

/*
 * The rules on what the frames of a WebSocket hold. False if these are none: then the server
 * did not take the upgrade, and HTTP goes on.
 */
static bool dir_frames(struct nfim_carry *c, enum nfim_run_result *res)
{
	struct nfim_flow_dir *d = c->d;
	struct nfim_unit_view units;
	u32 missing;

	nfim_unit_view_init(&units, c->view, d->origin,
			    c->mc->seg->dir ? NFIM_UNIT_FRAME : NFIM_UNIT_MASKED);
	c->mc->step->work += 1 + units.units;
	if (units.bad) {
		d->carrier = NFIM_CARRIER_UNTRIED;
		d->chain >>= NFIM_CHAIN_BITS;
		return false;
	}
	d->wake = 0;
	*res = NFIM_RUN_MORE;
	if (units.view.len > d->origin) {
		*res = nfim_match(c->mc, d, c->flags, &units.view, c->wait);
		/* What is missing inside is missing outside, if not more. */
		missing = max(c->mc->need, units.view.len + 1) - units.view.len;
		d->wake = min_t(u32, c->view->len + missing - d->origin, U16_MAX);
	}
	if (*res == NFIM_RUN_MORE && units.view.last)
		*res = NFIM_RUN_NO;
	return true;
}

/* One look at what begins at the origin. True: it moved, and there is more to look at. */
static bool carry_step(struct nfim_carry *c, enum nfim_run_result *rules)
{
	struct nfim_peel p = {
		.mc = c->mc,
		.c = c,
		.view = c->view,
		.peer_chain = c->peer_chain,
	};
	enum nfim_peel_result res;

	c->view->len = min(c->avail, c->d->origin + NFIM_PREFIX_KEEP_MAX);
	if (c->d->carrier == NFIM_CARRIER_WEBSOCKET && dir_frames(c, rules))
		return false;
	res = dir_peel(c, &p);
	*rules = dir_rules(c);
	if (*rules == NFIM_RUN_YES && rule_first(c->mc, res, &p))
		return false;
	if (res == NFIM_PEEL_YES) {
		c->d->origin = max(c->d->origin, p.frames);
		*rules = NFIM_RUN_YES;
		return false;
	}
	if (moves(res)) {
		if (res == NFIM_PEEL_INNER || p.inner == NFIM_CARRIER_CONNECT)
			note_target(c->mc, &p);
		dir_move(c, &p, res);
		return true;
	}
	*rules = dir_wait(c, *rules, res, &p);
	return false;
}

enum nfim_run_result nfim_carry(struct nfim_carry *c)
{
	enum nfim_run_result res;
	u32 n;

	for (n = 0; n < NFIM_PEELS_PER_PACKET; n++) {
		if (c->avail <= c->d->origin)
			return NFIM_RUN_MORE;
		if (!carry_step(c, &res))
			return res;
	}
	c->mc->too_much = true;
	return NFIM_RUN_MORE;
}

/* The same of nfim_peel_socks_udp(): two bytes of 0, a datagram that is no part of one. */
static bool socks_begins(const struct nfim_seg *seg)
{
	const u8 *p = seg->head;

	return !p[0] && (seg->head_len < 3 || !(p[1] | p[2]));
}

bool nfim_datagram_nothing(const struct nfim_match_ctx *mc)
{
	const struct nfim_seg *seg = mc->seg;
	const u8 *p = seg->head;

	if (!seg->head_len || nfim_blind_to_datagrams(mc->pack) ||
	    socks_begins(seg) || nfim_dtls_begins(*p) || nfim_stun_begins(seg) ||
	    nfim_quic_begins(seg))
		return false;
	return nfim_match_nothing(mc, NFIM_ROOT_UDP, p, seg->head_len,
				  seg->head_len == seg->len);
}

enum nfim_run_result nfim_carry_datagram(struct nfim_match_ctx *mc, const struct nfim_view *view)
{
	struct nfim_flow_dir scratch = {};
	struct nfim_peel p = {
		.mc = mc,
		.view = view,
	};
	u32 n, carrier;
	u8 flags = 0;

	/* Most begin like nothing that we know. */
	if (view->head_len && nfim_carrier_begin(mc, *view->head) == NFIM_CARRIER_NONE &&
	    nfim_match_nothing(mc, NFIM_ROOT_UDP, view->head, view->head_len,
			       view->head_len == view->len))
		return NFIM_RUN_NO;
	for (n = 0;; n++) {
		scratch.node = 0;
		if (nfim_match(mc, &scratch, &flags, view, NULL) == NFIM_RUN_YES)
			return NFIM_RUN_YES;
		if (n == NFIM_CARRIERS_DEEP || !nfim_peel_has(&p, 0, 1))
			return NFIM_RUN_NO;
		carrier = nfim_carrier_begin(mc, nfim_peel_byte(&p, 0));
		if (carrier == NFIM_CARRIER_NONE)
			return NFIM_RUN_NO;
		switch (ask(&p, carrier)) {
		case NFIM_PEEL_YES:
			return NFIM_RUN_YES;
		case NFIM_PEEL_INNER:
			break;
		default:
			return NFIM_RUN_NO;
		}
		p.chain = p.chain << NFIM_CHAIN_BITS | carrier;
		p.start = p.next;
		p.step = 0;
		scratch.origin = p.next;
		mc->half = 0;
	}
}
