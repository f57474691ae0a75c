// SPDX-License-Identifier: GPL-2.0-only
/*
 * What looks like TLS or QUIC: hellos with random names, damaged here and there, in records or in
 * sealed packets; and packets of QUIC with anything in them. None is anybody's.
 */
#include "budget.h"
#include "hello.h"
#include "quic_mk.h"

#include <string.h>

enum {
	NAME_MAX	= 40,	/* bytes of a random name */
	PAD_MAX		= 300,
	CUTS_MAX	= 4,
	DAMAGE_MAX	= 4,	/* bytes that are others */
	DATAGRAM	= 1200,
	OVERHEAD	= 64,	/* of a packet's header and tag, at most */
	QUIC_SHARE	= 10,	/* one packet for so many payloads: it is decrypted */
};

static const u32 versions[] = {
	1, 0x6b3343cf, 0x709a50c4, 0xff00001d, 0xff00001b, 0xfaceb002, 0x54303531, 0x1a2a3a4a,
};

struct hellos {
	const char *name;
	u32 root;
	u32 (*fill)(struct rng *rng, const char *host, u8 *bytes);
	u32 share;
};

static const char *random_host(struct rng *rng, char *host)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-.";
	u32 len = 1 + rng_below(rng, NAME_MAX - 1), i;

	for (i = 0; i < len; i++)
		host[i] = letters[rng_below(rng, sizeof(letters) - 1)];
	host[len] = '\0';
	return host;
}

static void damage(struct rng *rng, u8 *bytes, u32 len)
{
	u32 n = rng_below(rng, DAMAGE_MAX + 1);

	while (n--)
		bytes[rng_below(rng, len)] = (u8)rng_next(rng);
}

/* A hello of @host's, whole; NULL: with a random name, and damaged. */
static u32 message(struct rng *rng, const char *host, u8 *msg)
{
	char name[NAME_MAX + 1];
	const struct hello h = {
		.name = host ? host : random_host(rng, name),
		.alpn = rng_below(rng, 2) ? "h2" : NULL,
		.pad = rng_below(rng, PAD_MAX),
		.ech = rng_below(rng, 2),
	};
	u32 len = hello_make(msg, &h);

	if (!host)
		damage(rng, msg, len);
	return len;
}

static u32 fill_tls(struct rng *rng, const char *host, u8 *bytes)
{
	u8 msg[HELLO_MAX];
	u32 len = message(rng, host, msg), cuts[CUTS_MAX], n = rng_below(rng, CUTS_MAX + 1), i;

	for (i = 0; i < n; i++)
		cuts[i] = (i ? cuts[i - 1] : 0) + 1 + rng_below(rng, 20);
	len = hello_records(bytes, msg, len, cuts, n);
	if (!host)
		damage(rng, bytes, len);
	return len;
}

static void fill_random(struct rng *rng, u8 *bytes, u32 len)
{
	u32 i;

	for (i = 0; i < len; i++)
		bytes[i] = (u8)rng_next(rng);
}

static u32 fill_sealed(struct rng *rng, const char *host, u8 *bytes)
{
	u8 msg[HELLO_MAX], frames[DATAGRAM] = {}, cid[8];
	const struct quic_initial p = {
		.version = host ? 1 : versions[rng_below(rng, ARRAY_SIZE(versions) - 1)],
		.dcid = cid, .dcid_len = sizeof(cid), .number = rng_below(rng, 4),
		.frames = frames, .len = DATAGRAM - OVERHEAD,
	};
	u32 len = message(rng, host, msg), n;

	fill_random(rng, cid, sizeof(cid));
	n = quic_put_crypto(frames, 0, msg, len);
	if (!host)
		damage(rng, frames, n);
	n = quic_put(bytes, &p);
	memset(bytes + n, 0, DATAGRAM - n);
	return DATAGRAM;
}

/* A header that is right, and nothing else. */
static u32 fill_packet(struct rng *rng, const char *host, u8 *bytes)
{
	u32 version = versions[rng_below(rng, ARRAY_SIZE(versions))], i;

	if (host)
		return fill_sealed(rng, host, bytes);
	fill_random(rng, bytes, DATAGRAM);
	bytes[0] |= 0xc0;
	for (i = 0; i < 4; i++)
		bytes[1 + i] = (u8)(version >> 8 * (3 - i));
	bytes[5] = 8;
	bytes[14] = 0;
	bytes[15] = 0;
	bytes[16] = 0x44;
	return DATAGRAM;
}

static const struct hellos kinds[] = {
	{ "hellos of TLS", NFIM_ROOT_TCP, fill_tls, 1 },
	{ "hellos of QUIC", NFIM_ROOT_UDP, fill_sealed, QUIC_SHARE },
	{ "packets of QUIC", NFIM_ROOT_UDP, fill_packet, QUIC_SHARE },
};

u32 hellos_count(void)
{
	return ARRAY_SIZE(kinds);
}

void hellos_kind(const struct sigset *set, u32 kind, u64 payloads, u32 no)
{
	const struct hellos *k = &kinds[kind];
	struct rng rng = { 2000 + kind };
	u8 bytes[HELLO_MAX];
	u64 i, hits = 0;
	bool twin;
	u32 len;

	len = k->fill(&rng, "web.whatsapp.com", bytes);
	twin = budget_known(&set->pack, k->root, bytes, len);
	for (i = 0; i < payloads; i += k->share) {
		len = k->fill(&rng, NULL, bytes);
		hits += budget_known(&set->pack, k->root, bytes, len);
	}
	budget_result(twin && hits <= budget_allowed(0), no, "noise, %s: %llu hits%s", k->name,
		      (unsigned long long)hits, twin ? "" : "; one with a name is none");
}
