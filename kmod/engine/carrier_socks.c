// SPDX-License-Identifier: GPL-2.0-only
/*
 * SOCKS 4, 4a and 5 (PROTOCOLS.md A13, RFC 1928, RFC 1929).
 *
 * Each direction is peeled by its own bytes: the lengths in them say where they end. What is
 * inside must be proven by a rule of its own, so that other protocols which begin
 * like this lose nothing.
 */
#include "carrier.h"

enum {
	SOCKS4_HEAD	= 8,	/* version, command, port, address; the reply's length, too */
	SOCKS4_STRING	= 255,	/* of a user or host, without NUL */
	SOCKS4_OK	= 0x5a,
	SOCKS5_CONNECT	= 1,
	SOCKS5_BIND	= 2,
	SOCKS5_UDP	= 3,
	SOCKS5_USER	= 2,	/* the method of RFC 1929 */
};

/* The first NUL at or behind @off, or the end of the bytes. */
static u32 find_nul(struct nfim_peel *p, u32 off)
{
	u8 buf[NFIM_READ_MAX] __uninitialized;
	const u8 *b;
	u32 n, i;

	for (; off < p->view->len; off += n) {
		n = min_t(u32, p->view->len - off, NFIM_READ_MAX);
		b = nfim_view_get(p->view, off, n, buf);
		p->mc->step->work += 1 + n / 8;
		for (i = 0; b && i < n; i++)
			if (!b[i])
				return off + i;
	}
	return off;
}

/* A host's name has no blanks and no control characters. */
static bool name_ok(struct nfim_peel *p, u32 off, u32 len)
{
	u8 buf[NFIM_READ_MAX] __uninitialized;
	const u8 *b;
	u32 n, i;

	if (!len)
		return false;
	for (; len; len -= n, off += n) {
		n = min_t(u32, len, NFIM_READ_MAX);
		b = nfim_view_get(p->view, off, n, buf);
		if (!b)
			return false;
		p->mc->step->work += 1 + n / 8;
		for (i = 0; i < n; i++)
			if (b[i] <= ' ' || b[i] >= 0x7f)
				return false;
	}
	return true;
}

static void set_host(struct nfim_peel *p, u32 off, u32 len, enum nfim_host kind)
{
	p->host_off = off;
	p->host_len = len;
	p->host_kind = kind;
}

/* Behind the user's NUL at @user_end of version 4a: the host's name, and its NUL. */
static enum nfim_peel_result socks4_host(struct nfim_peel *p, u32 user_end, u32 from)
{
	u32 host = user_end + 1, end = find_nul(p, max(from, host));

	if (end - host > SOCKS4_STRING)
		return NFIM_PEEL_NO;
	if (end == p->view->len) {
		p->need = end + 1;
		return NFIM_PEEL_MORE;
	}
	if (!name_ok(p, host, end - host))
		return NFIM_PEEL_NO;
	set_host(p, host, end - host, NFIM_HOST_NAME);
	p->next = end + 1;
	return NFIM_PEEL_INNER;
}

/* The step is 1 once the user's NUL was seen. */
static enum nfim_peel_result socks4_request(struct nfim_peel *p)
{
	u32 user = p->start + SOCKS4_HEAD, end, port, addr;
	u8 buf[SOCKS4_HEAD];
	const u8 *b;

	if (!nfim_peel_has(p, 0, 2))
		return NFIM_PEEL_MORE;
	if (nfim_peel_byte(p, 1) != SOCKS5_CONNECT && nfim_peel_byte(p, 1) != SOCKS5_BIND)
		return NFIM_PEEL_NO;
	if (!nfim_peel_has(p, 0, SOCKS4_HEAD + 1))
		return NFIM_PEEL_MORE;
	b = nfim_view_get(p->view, p->start, SOCKS4_HEAD, buf);
	port = b ? nfim_be16(b + 2) : 0;
	addr = b ? nfim_be32(b + 4) : 0;
	if (!port || !addr)
		return NFIM_PEEL_NO;
	end = find_nul(p, p->step ? user : max(user, p->from));
	if (end - user > SOCKS4_STRING)
		return NFIM_PEEL_NO;
	if (end == p->view->len) {
		p->need = end + 1;
		return NFIM_PEEL_MORE;
	}
	if (addr < 0x100) {
		u32 from = p->step ? p->from : 0;

		p->step = 1;
		return socks4_host(p, end, from);
	}
	set_host(p, p->start + 4, 4, NFIM_HOST_IPV4);
	p->next = end + 1;
	return NFIM_PEEL_INNER;
}

enum nfim_peel_result nfim_peel_socks4(struct nfim_peel *p)
{
	if (!p->mc->seg->dir)
		return socks4_request(p);
	if (!nfim_peel_has(p, 0, 2))
		return NFIM_PEEL_MORE;
	if (nfim_peel_byte(p, 1) != SOCKS4_OK)
		return NFIM_PEEL_NO;
	if (!nfim_peel_has(p, 0, SOCKS4_HEAD))
		return NFIM_PEEL_MORE;
	p->next = p->start + SOCKS4_HEAD;
	return NFIM_PEEL_INNER;
}

/* ATYP, address and port at @off from the start. On INNER they end at @p->next. */
static enum nfim_peel_result socks5_address(struct nfim_peel *p, u32 off)
{
	u32 addr = off + 1, len;
	enum nfim_host kind;

	if (!nfim_peel_has(p, off, 1))
		return NFIM_PEEL_MORE;
	switch (nfim_peel_byte(p, off)) {
	case 1:
		kind = NFIM_HOST_IPV4;
		len = 4;
		break;
	case 3:
		if (!nfim_peel_has(p, addr, 1))
			return NFIM_PEEL_MORE;
		kind = NFIM_HOST_NAME;
		len = nfim_peel_byte(p, addr++);
		break;
	case 4:
		kind = NFIM_HOST_IPV6;
		len = 16;
		break;
	default:
		return NFIM_PEEL_NO;
	}
	if (!nfim_peel_has(p, addr, len + 2))
		return NFIM_PEEL_MORE;
	if (kind == NFIM_HOST_NAME && !name_ok(p, p->start + addr, len))
		return NFIM_PEEL_NO;
	set_host(p, p->start + addr, len, kind);
	p->next = p->start + addr + len + 2;
	return NFIM_PEEL_INNER;
}

/* A user's name and password, each with a length in front, at @off; moves it behind them. */
static enum nfim_peel_result socks5_user(struct nfim_peel *p, u32 *off)
{
	u32 i, len;

	(*off)++;
	for (i = 0; i < 2; i++) {
		if (!nfim_peel_has(p, *off, 1))
			return NFIM_PEEL_MORE;
		len = nfim_peel_byte(p, *off);
		if (!len && !i)
			return NFIM_PEEL_NO;
		*off += 1 + len;
	}
	return NFIM_PEEL_INNER;
}

static enum nfim_peel_result socks5_request(struct nfim_peel *p)
{
	enum nfim_peel_result res;
	u32 off, cmd;

	if (!nfim_peel_has(p, 0, 2))
		return NFIM_PEEL_MORE;
	if (!nfim_peel_byte(p, 1))
		return NFIM_PEEL_NO;
	off = 2 + nfim_peel_byte(p, 1);
	if (!nfim_peel_has(p, off, 1))
		return NFIM_PEEL_MORE;
	if (nfim_peel_byte(p, off) == 1) {
		res = socks5_user(p, &off);
		if (res != NFIM_PEEL_INNER)
			return res;
	}
	if (!nfim_peel_has(p, off, 1))
		return NFIM_PEEL_MORE;
	if (nfim_peel_byte(p, off) != 5)
		return NFIM_PEEL_NO;
	if (!nfim_peel_has(p, off, 3))
		return NFIM_PEEL_MORE;
	cmd = nfim_peel_byte(p, off + 1);
	if (!cmd || cmd > SOCKS5_UDP || nfim_peel_byte(p, off + 2))
		return NFIM_PEEL_NO;
	res = socks5_address(p, off + 3);
	/* What an association carries comes in datagrams. */
	return res == NFIM_PEEL_INNER && cmd == SOCKS5_UDP ? NFIM_PEEL_DONE : res;
}

static enum nfim_peel_result socks5_reply(struct nfim_peel *p)
{
	u32 off = 0, method;

	/* BIND is answered twice. */
	if ((p->chain & NFIM_CHAIN_MASK) != NFIM_CARRIER_SOCKS5) {
		if (!nfim_peel_has(p, 0, 2))
			return NFIM_PEEL_MORE;
		method = nfim_peel_byte(p, 1);
		if (method && method != SOCKS5_USER)
			return NFIM_PEEL_NO;
		off = 2;
		if (!nfim_peel_has(p, off, 2))
			return NFIM_PEEL_MORE;
		if (method == SOCKS5_USER) {
			if (nfim_peel_byte(p, off) != 1 || nfim_peel_byte(p, off + 1))
				return NFIM_PEEL_NO;
			off += 2;
		}
	}
	if (!nfim_peel_has(p, off, 3))
		return NFIM_PEEL_MORE;
	if (nfim_peel_byte(p, off) != 5 || nfim_peel_byte(p, off + 1) ||
	    nfim_peel_byte(p, off + 2))
		return NFIM_PEEL_NO;
	return socks5_address(p, off + 3);
}

enum nfim_peel_result nfim_peel_socks5(struct nfim_peel *p)
{
	enum nfim_peel_result res;

	if (!p->mc->seg->dir)
		return socks5_request(p);
	res = socks5_reply(p);
	/* The address is the proxy's own. */
	p->host_len = 0;
	return res;
}

/* RFC 1928, 7; a datagram in parts (frag not 0) is none that anybody sends. */
enum nfim_peel_result nfim_peel_socks_udp(struct nfim_peel *p)
{
	if (!nfim_peel_has(p, 0, 4))
		return NFIM_PEEL_NO;
	if (nfim_peel_byte(p, 1) || nfim_peel_byte(p, 2))
		return NFIM_PEEL_NO;
	return socks5_address(p, 3);
}
