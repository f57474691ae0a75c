// SPDX-License-Identifier: GPL-2.0-only
/*
 * DNS over TCP (RFC 7766): messages, one after another, each behind its length. What they ask
 * for is a fact of the packet; the flow has no protocol of ours.
 */
#include "carrier.h"
#include "dns.h"

enum {
	PREFIX	= 2,
	FLAGS	= PREFIX + 2,
};

/* The client asks, the server answers. */
static bool wrong_side(struct nfim_peel *p)
{
	return p->view->len - p->start > FLAGS && nfim_peel_byte(p, FLAGS) >> 7 != p->mc->seg->dir;
}

static void take_lookup(struct nfim_peel *p, const struct nfim_dns *dns)
{
	struct nfim_step *step = p->mc->step;
	u32 proto = nfim_dns_lookup(p->mc->pack, dns);

	p->mc->step->work += dns->name_len;
	if (!proto || !nfim_lookups_add(&step->lookups, proto) || step->lookups.n > 1)
		return;
	step->host_len = min_t(u32, dns->name_len, NFIM_HOST_MAX);
	memcpy(step->host, dns->name + (dns->name_len - step->host_len), step->host_len);
}

/*
 * The answer's addresses, of which not all need be there yet. Which questions the client asked is
 * not remembered here, so that they help nobody: they only say whose the addresses are.
 */
static bool take_answers(struct nfim_peel *p, u32 start, u32 len, struct nfim_dns *dns)
{
	u32 want = start + min_t(u32, len, NFIM_DNS_ANSWER_MAX), was = dns->work;
	u8 proto;

	if (p->view->len < want) {
		p->need = want;
		return false;
	}
	proto = nfim_dns_lookup(p->mc->pack, dns);
	nfim_dns_answers(p->view, start, want, dns, proto, &p->mc->step->told);
	p->mc->step->work += dns->work - was;
	return true;
}

enum nfim_peel_result nfim_peel_dns(struct nfim_peel *p)
{
	enum nfim_dns_result res;
	struct nfim_dns dns __uninitialized;
	u32 start = p->start + PREFIX, len;

	if (!nfim_peel_has(p, 0, PREFIX))
		return NFIM_PEEL_MORE;
	if (wrong_side(p))
		return NFIM_PEEL_NO;
	len = nfim_peel_byte(p, 0) << 8 | nfim_peel_byte(p, 1);
	res = nfim_dns_message(p->view, start, start + len, &dns);
	p->mc->step->work += dns.work;
	if (res == NFIM_DNS_NO)
		return NFIM_PEEL_NO;
	if (res == NFIM_DNS_MORE) {
		p->need = dns.need;
		return NFIM_PEEL_MORE;
	}
	if (p->mc->watch)
		take_lookup(p, &dns);
	if (p->mc->seg->learn && dns.answer && dns.name_len &&
	    !take_answers(p, start, len, &dns))
		return NFIM_PEEL_MORE;
	p->next = start + len;
	return NFIM_PEEL_MESSAGE;
}
