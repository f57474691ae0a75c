// SPDX-License-Identifier: GPL-2.0-only
/*
 * STUN and TURN (RFC 8489, 8656) as a carrier: of a call the media cannot be read, but services
 * put attributes of their own into its set-up, or name themselves as the realm.
 *
 *	type u16be | length u16be | 0x2112a442 | transaction (12) | type, length, value ...
 */
#include "carrier.h"
#include "names.h"

enum {
	REALM		= 0x0014,
	REALM_MAX	= 128,
	ATTRS_MAX	= 32,
};

/* "stun:4002" in the pack's names: is the attribute one service's alone? */
static bool attribute(struct nfim_match_ctx *mc, u32 type)
{
	static const char digits[] = "0123456789abcdef";
	struct nfim_name_hit hit;
	u8 hex[4];
	u32 i;

	for (i = 0; i < sizeof(hex); i++)
		hex[i] = digits[type >> 4 * (3 - i) & 15];
	return nfim_names_find_whole(mc->pack, "stun:", hex, sizeof(hex), &hit) &&
	       nfim_name_decides(mc, &hit, NFIM_CONF_PAYLOAD);
}

static bool realm(struct nfim_match_ctx *mc, const struct nfim_view *view, u32 off, u32 len)
{
	struct nfim_name_hit hit;
	u8 name[REALM_MAX];

	if (len > REALM_MAX || nfim_view_copy(view, off, len, name) < len)
		return false;
	mc->step->named = true;
	if (!nfim_names_find(mc->pack, name, len, &hit))
		return false;
	/* Nobody asks a relay for a way but to call. */
	if (!hit.actions)
		hit.actions = NFIM_ACT_VOICE;
	return nfim_name_decides(mc, &hit, NFIM_CONF_NAME);
}

bool nfim_stun_datagram(struct nfim_match_ctx *mc, const struct nfim_view *view)
{
	u32 off, type, len, n;
	u8 buf[8];
	const u8 *p;

	p = view->len >= NFIM_STUN_HEADER ? nfim_view_get(view, 0, sizeof(buf), buf) : NULL;
	if (!p || p[0] & 0xc0 || nfim_be32(p + 4) != NFIM_STUN_COOKIE ||
	    nfim_be16(p + 2) != view->len - NFIM_STUN_HEADER)
		return false;
	for (off = NFIM_STUN_HEADER, n = 0; view->len - off >= 4 && n < ATTRS_MAX; n++) {
		p = nfim_view_get(view, off, 4, buf);
		if (!p)
			return false;
		type = nfim_be16(p);
		len = nfim_be16(p + 2);
		off += 4;
		mc->step->work += 4;
		if (len > view->len - off)
			return false;
		if (type == REALM ? realm(mc, view, off, len) : attribute(mc, type))
			return true;
		len = (len + 3) & ~3u;
		off += min(len, view->len - off);
	}
	return false;
}
