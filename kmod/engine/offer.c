// SPDX-License-Identifier: GPL-2.0-only
/*
 * Offers: addresses and ports in text, and which flows they make known.
 */
#include "learn.h"
#include "pack.h"

static bool is_digit(u8 c)
{
	return c >= '0' && c <= '9';
}

static u8 lower(u8 c)
{
	return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

/* All of the text as a decimal number of at most @max; false if it is none. */
static bool number(const u8 *p, u32 len, u32 max, u32 *v)
{
	u64 sum = 0;
	u32 i;

	if (!len || len > 10)
		return false;
	for (i = 0; i < len; i++) {
		if (!is_digit(p[i]))
			return false;
		sum = sum * 10 + (p[i] - '0');
	}
	*v = (u32)sum;
	return sum <= max;
}

static bool dotted(const u8 *p, u32 len, u8 *addr)
{
	u32 i, from = 0, n = 0, v;

	for (i = 0; i <= len; i++) {
		if (i < len && p[i] != '.')
			continue;
		if (n == 4 || i - from > 3 || !number(p + from, i - from, 255, &v))
			return false;
		addr[n++] = (u8)v;
		from = i + 1;
	}
	return n == 4;
}

static int hex_digit(u8 c)
{
	if (is_digit(c))
		return c - '0';
	c = lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Up to four hexadecimal digits; returns how many, 0 if there are none or more. */
static u32 group(const u8 *p, u32 len, u32 *v)
{
	u32 n = 0;

	for (*v = 0; n < len && n < 5 && hex_digit(p[n]) >= 0; n++)
		*v = *v << 4 | (u32)hex_digit(p[n]);
	return n > 4 ? 0 : n;
}

/*
 * Groups of an IPv6 address (RFC 4291, 2.2) up to "::" or the end into addr[0..*n).
 * Returns bytes read, or U32_MAX if it is none.
 */
static u32 groups(const u8 *p, u32 len, u8 *addr, u32 *n)
{
	u32 at = 0, took, v;

	while (at < len && p[at] != ':') {
		took = group(p + at, len - at, &v);
		if (at + took < len && p[at + took] == '.') {
			if (*n > 12 || !dotted(p + at, len - at, addr + *n))
				return U32_MAX;
			*n += 4;
			return len;
		}
		if (!took || *n > 14)
			return U32_MAX;
		addr[(*n)++] = (u8)(v >> 8);
		addr[(*n)++] = (u8)v;
		at += took;
		if (at == len)
			break;
		/* One colon and another group, or two; what else stands there is wrong. */
		if (p[at] != ':' || ++at == len)
			return U32_MAX;
	}
	return at;
}

static bool ipv6(const u8 *p, u32 len, u8 *addr)
{
	u32 n = 0, m = 0, at = 0;
	u8 tail[16];

	if (len < 2)
		return false;
	if (p[0] != ':') {
		at = groups(p, len, addr, &n);
		if (at == len)
			return n == 16;
		if (at == U32_MAX)
			return false;
		at++;
	} else if (p[1] == ':') {
		at = 2;
	} else {
		return false;
	}
	/* Behind "::" */
	if (groups(p + at, len - at, tail, &m) != len - at || n + m > 14)
		return false;
	memset(addr + n, 0, 16 - n - m);
	memcpy(addr + 16 - m, tail, m);
	return true;
}

static bool address(const u8 *p, u32 len, struct nfim_offer *offer)
{
	static const u8 mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };
	u8 *a = offer->addr;
	u32 v;

	memset(a, 0, sizeof(offer->addr));
	offer->v6 = false;
	if (number(p, len, U32_MAX, &v)) {
		a[0] = (u8)(v >> 24);
		a[1] = (u8)(v >> 16);
		a[2] = (u8)(v >> 8);
		a[3] = (u8)v;
		return true;
	}
	if (dotted(p, len, a))
		return true;
	memset(a, 0, sizeof(offer->addr));
	if (!ipv6(p, len, a))
		return false;
	offer->v6 = memcmp(a, mapped, sizeof(mapped));
	if (!offer->v6) {
		memcpy(a, a + 12, 4);
		memset(a + 4, 0, 12);
	}
	return true;
}

static bool port_number(const u8 *p, u32 len, struct nfim_offer *offer)
{
	u32 v;

	if (!number(p, len, U16_MAX, &v))
		return false;
	offer->port = (u16)v;
	return true;
}

/* The word at *at: where it begins, and *end. */
static u32 word(const u8 *p, u32 len, u32 at, u32 *end)
{
	while (at < len && p[at] == ' ')
		at++;
	*end = at;
	while (*end < len && p[*end] > ' ')
		(*end)++;
	return at;
}

bool nfim_offer_words(const u8 *p, u32 len, bool ends, struct nfim_offer *offer, u32 *took)
{
	u32 from, end, at, n;

	from = word(p, len, 0, &end);
	if (from < len && p[from] == '"')
		for (end = from + 1; end < len && p[end] != '"'; end++)
			;
	if (end < len && p[end] == '"')
		end++;
	/* A name without quotes may have spaces in it, and even numbers. */
	for (n = 0; n < NFIM_OFFER_WORDS && end < len; n++) {
		from = word(p, len, end, &end);
		at = word(p, len, end, took);
		if (address(p + from, end - from, offer) &&
		    port_number(p + at, *took - at, offer))
			return offer->port && (ends || *took < len);
	}
	*took = end;
	return false;
}

static bool name_is(const u8 *p, u32 len, const u8 *name)
{
	u32 i;

	while (len && p[0] <= ' ') {
		p++;
		len--;
	}
	while (len && p[len - 1] <= ' ')
		len--;
	if (len != name[0])
		return false;
	for (i = 0; i < len; i++)
		if (lower(p[i]) != name[1 + i])
			return false;
	return true;
}

bool nfim_offer_tag(const u8 *p, u32 len, const u8 *addr, const u8 *port,
		    struct nfim_offer *offer, u32 *took)
{
	bool has_addr = false, has_port = false;
	u32 at = 0, from, eq;
	u8 quote;

	while (at < len && p[at] != '>') {
		from = at;
		while (at < len && p[at] != '=' && p[at] != '>')
			at++;
		if (at == len || p[at] == '>')
			break;
		eq = at++;
		while (at < len && p[at] <= ' ')
			at++;
		quote = at < len ? p[at] : 0;
		if (quote != '\'' && quote != '"')
			break;
		*took = ++at;
		while (at < len && p[at] != quote)
			at++;
		if (at == len)
			break;
		if (name_is(p + from, eq - from, addr))
			has_addr = address(p + *took, at - *took, offer);
		else if (name_is(p + from, eq - from, port))
			has_port = port_number(p + *took, at - *took, offer);
		at++;
	}
	*took = at;
	return has_addr && has_port && offer->port;
}

bool nfim_offer_url(const u8 *p, u32 len, bool ends, struct nfim_offer *offer, u32 *took)
{
	u32 host, end;

	for (host = 0; host < len && (is_digit(p[host]) || p[host] == '.'); host++)
		;
	*took = host;
	memset(offer->addr, 0, sizeof(offer->addr));
	offer->v6 = false;
	if (!dotted(p, host, offer->addr) || (host == len && !ends))
		return false;
	offer->port = 80;
	if (host == len || p[host] != ':')
		return true;
	for (end = host + 1; end < len && is_digit(p[end]); end++)
		;
	*took = end;
	return (ends || end < len) && port_number(p + host + 1, end - host - 1, offer) &&
	       offer->port;
}

bool nfim_offer_port(const u8 *p, u32 len, bool ends, struct nfim_offer *offer)
{
	u32 at = 0, end;

	while (at < len && p[at] == ' ')
		at++;
	for (end = at; end < len && is_digit(p[end]); end++)
		;
	return (ends || end < len) && port_number(p + at, end - at, offer) && offer->port;
}

bool nfim_offer_addr(const u8 *p, u32 len, bool ends, struct nfim_offer *offer, u32 *took)
{
	static const u8 nobody[sizeof(offer->addr)];
	u32 from = word(p, len, 0, took), end;

	if (from == *took) {
		*took = 0;
		return false;
	}
	for (end = from; end < *took && p[end] != '/'; end++)
		;
	return (ends || end < len) && address(p + from, end - from, offer) &&
	       memcmp(offer->addr, nobody, sizeof(nobody));
}

bool nfim_expect_make(struct nfim_expected *ex, const struct nfim_offer *offer,
		      const struct nfim_ends *of, u8 dir, u8 proto)
{
	ex->offer = *offer;
	memcpy(ex->client, of->from, sizeof(ex->client));
	ex->proto = offer->proto ? offer->proto : proto;
	ex->v6 = of->v6;
	ex->own = !dir;
	ex->learnt = false;
	/* Who relays what others say does not say it of himself. */
	if (offer->l4 == NFIM_L4_UDP &&
	    (offer->v6 != of->v6 ||
	     memcmp(offer->addr, ex->own ? of->from : of->to, sizeof(of->to))))
		return false;
	if (ex->own && offer->l4 == of->l4 && offer->l4 == NFIM_L4_UDP &&
	    offer->port == of->from_port)
		return false;
	if (offer->port == of->port && offer->l4 == of->l4 && offer->v6 == of->v6 &&
	    !memcmp(offer->addr, of->to, sizeof(of->to)))
		return false;
	return (ex->own && offer->l4 == NFIM_L4_TCP) || offer->port >= NFIM_OFFER_PORT_MIN;
}

bool nfim_expect_same_host(const struct nfim_expected *a, const struct nfim_expected *b)
{
	return a->v6 == b->v6 &&
	       !memcmp(a->client, b->client, sizeof(a->client) / (a->v6 ? 2 : 1));
}

bool nfim_expect_same(const struct nfim_expected *a, const struct nfim_expected *b)
{
	return a->offer.port == b->offer.port && a->offer.l4 == b->offer.l4 &&
	       a->offer.v6 == b->offer.v6 && a->v6 == b->v6 && a->own == b->own &&
	       a->learnt == b->learnt &&
	       !memcmp(a->offer.addr, b->offer.addr, sizeof(a->offer.addr)) &&
	       !memcmp(a->client, b->client, sizeof(a->client));
}

/* A resolver's flow is none of those it tells of. */
static bool learnt_fits(const struct nfim_expected *ex, const struct nfim_ends *ends)
{
	return ends->port != NFIM_DNS_PORT && ex->v6 == ends->v6 &&
	       !memcmp(ex->client, ends->from, sizeof(ends->from)) &&
	       !memcmp(ex->offer.addr, ends->to, sizeof(ends->to));
}

/* Either end may be the one that begins. */
static bool datagrams_fit(const struct nfim_expected *ex, const struct nfim_ends *ends)
{
	const bool from = !memcmp(ex->client, ends->from, sizeof(ends->from));
	const bool to = !memcmp(ex->client, ends->to, sizeof(ends->to));
	const struct nfim_offer *o = &ex->offer;

	if (ex->own)
		return (from && ends->from_port == o->port) || (to && ends->port == o->port);
	if (from && ends->port == o->port && !memcmp(o->addr, ends->to, sizeof(ends->to)))
		return true;
	return to && ends->from_port == o->port &&
	       !memcmp(o->addr, ends->from, sizeof(ends->from));
}

bool nfim_expect_fits(const struct nfim_expected *ex, const struct nfim_ends *ends)
{
	if (ex->learnt)
		return learnt_fits(ex, ends);
	if (ex->offer.l4 != ends->l4 || ex->v6 != ends->v6)
		return false;
	if (ends->l4 == NFIM_L4_UDP)
		return datagrams_fit(ex, ends);
	if (ex->offer.port != ends->port)
		return false;
	if (ex->own && !memcmp(ex->client, ends->to, sizeof(ends->to)))
		return true;
	return ends->port >= NFIM_OFFER_PORT_MIN && ex->offer.v6 == ends->v6 &&
	       !memcmp(ex->client, ends->from, sizeof(ends->from)) &&
	       !memcmp(ex->offer.addr, ends->to, sizeof(ends->to));
}
