// SPDX-License-Identifier: GPL-2.0-only
/*
 * What names say of addresses.
 */
#include "learn.h"

/* A place: seconds | protocol << 16 | flags. Of a shared one: since when only it was said, or 0. */
enum {
	PLACE_SAID	= 1 << 24,
	PLACE_SHARED	= 1 << 25,
};

static u8 place_proto(u32 place)
{
	return place >> 16 & 0xff;
}

static bool place_said(u32 place, u16 now, u16 seconds)
{
	u16 age = now - (u16)place;

	return place & PLACE_SAID && age <= seconds;
}

u32 nfim_place_say(u32 place, u16 now, u8 proto)
{
	u32 shared = PLACE_SAID | PLACE_SHARED | (u32)proto << 16, was = place_proto(place);
	/* For so long a name forbids another one's, longer than it helps its own. */
	bool forbids = place_said(place, now, NFIM_SHARED_SECONDS);

	if (!proto)
		return shared | now;
	if (place & PLACE_SHARED && was) {
		/* The one before may have been said until now. */
		if (was != proto)
			return shared | now;
		if (forbids)
			return place;
	} else if (place & PLACE_SHARED && forbids) {
		return shared | (u16)place;
	} else if (forbids && was != proto) {
		return shared | now;
	}
	return PLACE_SAID | (u32)proto << 16 | now;
}

bool nfim_place_same(u32 place, u8 proto)
{
	return place & PLACE_SAID && !(place & PLACE_SHARED) && place_proto(place) == proto;
}

bool nfim_place_holds(u32 place, u16 now, u8 proto)
{
	return place_said(place, now, NFIM_LEARN_SECONDS) && nfim_place_same(place, proto);
}

static bool host_address(const u8 *addr, bool v6)
{
	static const u8 low[15];

	if (!v6)
		return addr[0] && addr[0] != 127 && addr[0] < 224 &&
		       !(addr[0] == 169 && addr[1] == 254);
	/* The loopback, none, and IPv4's. */
	if (!memcmp(addr, low, 10))
		return false;
	return addr[0] != 0xff && !(addr[0] == 0xfe && (addr[1] & 0xc0) == 0x80);
}

void nfim_told_add(struct nfim_told *told, const u8 *addr, bool v6, u8 proto)
{
	struct nfim_told_addr *a;

	if (!host_address(addr, v6))
		return;
	if (told->n == NFIM_TOLD_MAX) {
		told->lost = true;
		return;
	}
	a = &told->at[told->n++];
	memset(a->addr, 0, sizeof(a->addr));
	memcpy(a->addr, addr, v6 ? 16 : 4);
	a->v6 = v6;
	a->proto = proto;
}

bool nfim_learnt_make(struct nfim_expected *ex, const struct nfim_told_addr *told,
		      const struct nfim_ends *of)
{
	if (!told->proto || told->v6 != of->v6)
		return false;
	memset(ex, 0, sizeof(*ex));
	memcpy(ex->offer.addr, told->addr, sizeof(ex->offer.addr));
	ex->offer.v6 = told->v6;
	memcpy(ex->client, of->from, sizeof(ex->client));
	ex->proto = told->proto;
	ex->v6 = of->v6;
	ex->learnt = true;
	return true;
}
