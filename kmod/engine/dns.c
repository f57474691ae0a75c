// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reading the question of a DNS message.
 *
 *	id (2) | flags (2) | number of questions, answers, authorities, additions (2 each)
 *	label: length, bytes ... | 0 | type (2) | class (2)
 */
#include "dns.h"
#include "names.h"

enum {
	HEADER		= 12,
	QUESTION_MIN	= 1 + 4,	/* of the root */
	ADDITIONS_MAX	= 3,	/* of a query: EDNS, a cookie's or a transaction's signature */
	RCODE_MAX	= 10,	/* of what a header can say, RFC 6895 section 2.3 */
	CLASS_IN	= 1,
	CLASS_ANY	= 255,
};

static enum nfim_dns_result more(const struct nfim_view *view, struct nfim_dns *dns, u32 need)
{
	dns->need = need;
	return view->last ? NFIM_DNS_NO : NFIM_DNS_MORE;
}

/* Could the header's first @n bytes be those of a standard query, or of its answer? */
static bool header_fits(const u8 *h, u32 n)
{
	bool answer = n > 2 && h[2] & 0x80;

	/* Its kind; and a query is neither an authority's nor cut. */
	if (n > 2 && h[2] & (answer ? 0x78 : 0x7e))
		return false;
	/* The bit that must be 0; a query offers no recursion and has no result. */
	if (n > 3 && (answer ? h[3] & 0x40 || (h[3] & 0xf) > RCODE_MAX : h[3] & 0xcf))
		return false;
	if ((n > 4 && h[4]) || (n > 5 && h[5] != 1))
		return false;
	if (answer)
		return true;
	if ((n > 6 && h[6]) || (n > 7 && h[7]) || (n > 8 && h[8]) || (n > 9 && h[9]))
		return false;
	return n < 11 || (!h[10] && (n < 12 || h[11] <= ADDITIONS_MAX));
}

static u8 lower(u8 c)
{
	return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

bool nfim_dns_label(struct nfim_dns *dns, const u8 *p, u32 len)
{
	u32 i;

	if (dns->name_len + 1 + len > sizeof(dns->name))
		return false;
	if (dns->name_len)
		dns->name[dns->name_len++] = '.';
	for (i = 0; i < len; i++) {
		u8 c = lower(p[i]);

		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_'))
			return false;
		dns->name[dns->name_len++] = c;
	}
	return true;
}

/*
 * The labels from @start to @end, which were measured. Others may write to a packet's pages
 * (MSG_ZEROCOPY), so a length that is read again need not be the one that was measured.
 */
static void take_name(const struct nfim_view *view, u32 start, u32 end, struct nfim_dns *dns)
{
	u8 buf[NFIM_DNS_LABEL_MAX + 1] __uninitialized;
	const u8 *p;
	u32 len;

	for (; start < end; start += 1 + len) {
		p = nfim_view_get(view, start, 1, buf);
		len = p ? *p : 0;
		if (!len || len > NFIM_DNS_LABEL_MAX || len >= end - start)
			break;
		p = nfim_view_get(view, start + 1, len, buf);
		if (!p || !nfim_dns_label(dns, p, len))
			break;
	}
	if (start != end)
		dns->name_len = 0;
}

/* Types by which hosts are found, or what is behind a name in general. */
static bool asks_host(u32 type)
{
	switch (type) {
	case 1:		/* A */
	case 2:		/* NS */
	case 5:		/* CNAME */
	case 6:		/* SOA */
	case 15:	/* MX */
	case 16:	/* TXT */
	case 28:	/* AAAA */
	case 33:	/* SRV */
	case 35:	/* NAPTR */
	case 64:	/* SVCB, RFC 9460 */
	case 65:	/* HTTPS */
	case 255:	/* any */
		return true;
	default:
		return false;
	}
}

/* Behind the name's last label, at @off: 0, type, class. */
static enum nfim_dns_result question(const struct nfim_view *view, u32 name, u32 off,
				     struct nfim_dns *dns)
{
	u8 buf[QUESTION_MIN];
	const u8 *p;
	u32 class;

	if (view->len - off < QUESTION_MIN)
		return more(view, dns, off + QUESTION_MIN);
	p = nfim_view_get(view, off, QUESTION_MIN, buf);
	class = p ? nfim_be16(p + 3) : 0;
	if (class != CLASS_IN && class != CLASS_ANY)
		return NFIM_DNS_NO;
	dns->records = off + QUESTION_MIN;
	dns->host = asks_host(nfim_be16(p + 1));
	if (dns->host)
		take_name(view, name, off, dns);
	return NFIM_DNS_MESSAGE;
}

/* First all of the name is measured, so that a message in many pieces costs little more. */
static enum nfim_dns_result labels(const struct nfim_view *view, u32 name, u32 end,
				   struct nfim_dns *dns)
{
	u32 off = name, len;
	const u8 *p;
	u8 buf[1];

	for (;; off += 1 + len) {
		dns->work++;
		/* As text a name is as long as its labels with their lengths, but one. */
		if (off - name > NFIM_DNS_NAME_MAX + 1 || end - off < QUESTION_MIN)
			return NFIM_DNS_NO;
		if (view->len <= off)
			return more(view, dns, off + 1);
		p = nfim_view_get(view, off, 1, buf);
		len = p ? *p : NFIM_DNS_LABEL_MAX + 1;
		if (!len)
			return question(view, name, off, dns);
		if (len > NFIM_DNS_LABEL_MAX || end - off < 1 + len + QUESTION_MIN)
			return NFIM_DNS_NO;
	}
}

enum nfim_dns_result nfim_dns_message(const struct nfim_view *view, u32 start, u32 end,
				      struct nfim_dns *dns)
{
	u8 buf[HEADER] __uninitialized;
	const u8 *p;
	u32 n;

	dns->name_len = 0;
	dns->host = false;
	dns->work = 1;
	if (end - start < HEADER + QUESTION_MIN)
		return NFIM_DNS_NO;
	n = view->len > start ? min_t(u32, view->len - start, HEADER) : 0;
	p = n ? nfim_view_get(view, start, n, buf) : buf;
	if (!p || !header_fits(p, n))
		return NFIM_DNS_NO;
	if (n < HEADER)
		return more(view, dns, start + n + 1);
	dns->id = nfim_be16(p);
	dns->response = p[2] & 0x80;
	dns->answer = dns->response && !(p[3] & 0xf);
	dns->n_answers = nfim_be16(p + 6);
	return labels(view, start + HEADER, end, dns);
}

u32 nfim_dns_lookup(const struct nfim_pack *pack, const struct nfim_dns *dns)
{
	struct nfim_name_hit hit;

	if (!dns->name_len || !nfim_names_find(pack, dns->name, dns->name_len, &hit) ||
	    hit.class != NFIM_NAME_DEDICATED)
		return 0;
	return hit.proto;
}

u32 nfim_dns_datagram(const struct nfim_pack *pack, const struct nfim_seg *seg,
		      struct nfim_dns *dns)
{
	struct nfim_window_view wv;

	nfim_window_view_init(&wv, NULL, seg, 0, 0, false);
	wv.view.len = seg->len;
	wv.view.last = true;
	if (nfim_dns_message(&wv.view, 0, seg->len, dns) != NFIM_DNS_MESSAGE)
		return 0;
	return nfim_dns_lookup(pack, dns);
}
