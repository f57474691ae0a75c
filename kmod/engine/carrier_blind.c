// SPDX-License-Identifier: GPL-2.0-only
/*
 * Telegram's obfuscated transport (PROTOCOLS.md C2): its first 64 bytes look random, but hold
 * the key of what follows, and eight of them are encrypted with it already. So one block tells,
 * of a connection without a proxy's secret, with 2^-30.4 of a chance for random bytes.
 *
 * Not a carrier in that something else is inside: it is what is tried last, where nothing else
 * can begin like this, if 64 bytes are there by then. Nobody waits for these: of a flow whose
 * client says less at first, that it is none can be said at once, as before. A client of
 * Telegram's sends more in its first segment. A pack that knows "test:obfuscated2" asks for it.
 */
#include "carrier.h"
#include "names.h"

enum {
	INIT		= 64,	/* bytes of the first message's front */
	KEY		= 8,	/* where the key of AES-256 stands */
	KEY_LEN		= 32,
	IV		= 40,	/* where the first counter stands */
	TAG		= 56,	/* the transport's four bytes, encrypted */
	TEXT		= 16,	/* so many printable bytes are text */
};

/* Bytes that Telegram's clients never begin with, as others do. */
static bool taken(const u8 *p)
{
	static const char *const words[] = { "HEAD", "POST", "GET ", "OPTI" };
	u32 i;

	if (p[0] == 0xef)
		return true;
	for (i = 0; i < ARRAY_SIZE(words); i++)
		if (!memcmp(p, words[i], 4))
			return true;
	if (!nfim_be32(p + 4))
		return true;
	for (i = 0; i < TEXT; i++)
		if (p[i] != '\t' && p[i] != '\r' && p[i] != '\n' && (p[i] < ' ' || p[i] > '~'))
			return false;
	return true;
}

/* Block 3 of the counter's stream lies over bytes 48 to 63. */
static bool transport(const u8 *p)
{
	struct nfim_aes aes;
	u8 counter[16], tag[4];
	u32 i, low;

	memcpy(counter, p + IV, sizeof(counter));
	low = nfim_be32(counter + 12) + 3;
	if (low < 3)
		for (i = 12; i-- && !++counter[i];)
			;
	for (i = 0; i < 4; i++)
		counter[15 - i] = (u8)(low >> 8 * i);
	nfim_aes_key(&aes, p + KEY, KEY_LEN);
	nfim_aes_block(&aes, counter, counter);
	for (i = 0; i < sizeof(tag); i++)
		tag[i] = p[TAG + i] ^ counter[TAG - 48 + i];
	for (i = 1; i < sizeof(tag); i++)
		if (tag[i] != tag[0])
			return false;
	return tag[0] == 0xef || tag[0] == 0xee || tag[0] == 0xdd;
}

bool nfim_try_blind(struct nfim_carry *c)
{
	static const char name[] = "obfuscated2";
	u32 origin = c->d->origin;
	struct nfim_name_hit hit;
	u8 buf[INIT] __uninitialized;
	const u8 *p;

	if (c->mc->seg->dir || *c->flags & NFIM_F_MID || c->view->len - origin < INIT ||
	    !nfim_names_find_whole(c->mc->pack, "test:", (const u8 *)name, sizeof(name) - 1, &hit))
		return false;
	p = nfim_view_get(c->view, origin, INIT, buf);
	c->mc->step->work += 2;
	if (!p || taken(p))
		return false;
	c->mc->step->work += INIT;
	if (!transport(p))
		return false;
	c->mc->rule = NFIM_NO_RULE;
	c->mc->proto = hit.proto;
	c->mc->conf = NFIM_CONF_PAYLOAD;
	c->mc->actions = 0;
	return true;
}
