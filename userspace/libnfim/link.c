// SPDX-License-Identifier: GPL-2.0-only
/*
 * Finds the IP packet in a captured frame: a table of link types, each with a
 * function that skips its header and says what protocol comes next.
 */
#include "link.h"

#include <pcap/dlt.h>
#include <string.h>

enum {
	ETH_IPV4	= 0x0800,
	ETH_IPV6	= 0x86dd,
	ETH_VLAN	= 0x8100,
	ETH_QINQ	= 0x88a8,
	ETH_QINQ_OLD	= 0x9100,
	ETH_PPPOE	= 0x8864,
	ETH_MPLS	= 0x8847,
	ETH_MPLS_MC	= 0x8848,
	ETH_LEN_MAX	= 1500,		/* above it the field is a type, below a length */

	PPP_IPV4	= 0x0021,
	PPP_IPV6	= 0x0057,

	TAGS_MAX	= 8,		/* VLAN, MPLS and the like, one upon the other */

	NLPID_IPV4	= 0xcc,
	NLPID_IPV6	= 0x8e,

	PRISM_HDR	= 144,
	PPI_WIFI	= 105,		/* LINKTYPE_IEEE802_11 */
	ENC_HDR		= 12,
	SLIP_HDR	= 16,

	NFLOG_HDR	= 4,
	NFLOG_PAYLOAD	= 9,		/* type of the TLV that holds the packet */
};

#ifndef DLT_LINUX_SLL2
#define DLT_LINUX_SLL2	276
#endif

/* What libpcap of OpenBSD writes for packets of IP alone; that of Linux has another number. */
#define DLT_RAW_OPENBSD	14

struct cur {
	const uint8_t *p;
	size_t len;
};

static uint32_t be16(const uint8_t *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

static uint32_t be32(const uint8_t *p)
{
	return be16(p) << 16 | be16(p + 2);
}

static uint32_t le16(const uint8_t *p)
{
	return (uint32_t)p[1] << 8 | p[0];
}

static bool skip(struct cur *c, size_t n)
{
	if (c->len < n)
		return false;
	c->p += n;
	c->len -= n;
	return true;
}

/* What begins with the version of IP says itself what it is. */
static int by_version(struct cur *c)
{
	if (!c->len)
		return 0;
	if (c->p[0] >> 4 == 4)
		return 4;
	return c->p[0] >> 4 == 6 ? 6 : 0;
}

static int by_ppp(struct cur *c)
{
	uint32_t proto;

	/* Address and control may be there or not, the protocol may take one byte. */
	if (c->len >= 2 && c->p[0] == 0xff && c->p[1] == 0x03)
		skip(c, 2);
	if (!c->len)
		return 0;
	if (c->p[0] & 1) {
		proto = c->p[0];
		skip(c, 1);
	} else {
		if (c->len < 2)
			return 0;
		proto = be16(c->p);
		skip(c, 2);
	}
	if (proto == PPP_IPV4)
		return 4;
	return proto == PPP_IPV6 ? 6 : 0;
}

/* Code 0 is a session's data. */
static int by_pppoe(struct cur *c)
{
	if (c->len < 6 || c->p[1] || !skip(c, 6))
		return 0;
	return by_ppp(c);
}

/* A byte with the direction, and the second one of PPP's own header. */
static int by_pppd(struct cur *c)
{
	return skip(c, 2) ? by_ppp(c) : 0;
}

static int by_mpls(struct cur *c)
{
	bool bottom;
	int i;

	for (i = 0; i < TAGS_MAX && c->len >= 4; i++) {
		bottom = c->p[2] & 1;
		skip(c, 4);
		if (bottom)
			return by_version(c);
	}
	return 0;
}

/* LLC with SNAP, or LLC's own number for IP. */
static uint32_t llc_type(struct cur *c)
{
	static const uint8_t snap[] = { 0xaa, 0xaa, 0x03 };
	uint32_t type;

	if (c->len >= 8 && !memcmp(c->p, snap, sizeof(snap))) {
		type = be16(c->p + 6);
		skip(c, 8);
		return type;
	}
	if (c->len >= 3 && c->p[0] == 0x06 && c->p[1] == 0x06) {
		skip(c, 3);
		return ETH_IPV4;
	}
	return 0;
}

static int by_ethertype(struct cur *c, uint32_t type)
{
	int i;

	for (i = 0; i < TAGS_MAX; i++) {
		switch (type) {
		case ETH_IPV4:
			return 4;
		case ETH_IPV6:
			return 6;
		case ETH_VLAN:
		case ETH_QINQ:
		case ETH_QINQ_OLD:
			if (c->len < 4)
				return 0;
			type = be16(c->p + 2);
			skip(c, 4);
			continue;
		case ETH_PPPOE:
			return by_pppoe(c);
		case ETH_MPLS:
		case ETH_MPLS_MC:
			return by_mpls(c);
		}
		if (type > ETH_LEN_MAX)
			return 0;
		type = llc_type(c);
	}
	return 0;
}

static int skip_ethernet(struct cur *c)
{
	uint32_t type;

	if (c->len < 14)
		return 0;
	type = be16(c->p + 12);
	skip(c, 14);
	return by_ethertype(c, type);
}

static int skip_sll(struct cur *c)
{
	uint32_t type;

	if (c->len < 16)
		return 0;
	type = be16(c->p + 14);
	skip(c, 16);
	return by_ethertype(c, type);
}

static int skip_sll2(struct cur *c)
{
	uint32_t type;

	if (c->len < 20)
		return 0;
	type = be16(c->p);
	skip(c, 20);
	return by_ethertype(c, type);
}

/* A word with an address family in the byte order of whoever captured; IP follows. */
static int skip_null(struct cur *c)
{
	return skip(c, 4) ? by_version(c) : 0;
}

static int skip_token_ring(struct cur *c)
{
	size_t route = 0;

	if (c->len < 15)
		return 0;
	if (c->p[8] & 0x80)
		route = c->p[14] & 0x1f;
	return skip(c, 14 + route) ? by_ethertype(c, llc_type(c)) : 0;
}

static int skip_fddi(struct cur *c)
{
	return skip(c, 13) ? by_ethertype(c, llc_type(c)) : 0;
}

static int skip_chdlc(struct cur *c)
{
	uint32_t type;

	if (c->len < 4)
		return 0;
	type = be16(c->p + 2);
	skip(c, 4);
	return by_ethertype(c, type);
}

/* RFC 1483 */
static int skip_llc(struct cur *c)
{
	return by_ethertype(c, llc_type(c));
}

/* RFC 2427: an address of two bytes, 3, and what follows. */
static int skip_frame_relay(struct cur *c)
{
	uint8_t nlpid;

	if (c->len < 4 || !(c->p[1] & 1) || c->p[2] != 3)
		return 0;
	nlpid = c->p[3];
	skip(c, 4);
	if (nlpid == NLPID_IPV4)
		return 4;
	return nlpid == NLPID_IPV6 ? 6 : 0;
}

static int skip_slip(struct cur *c)
{
	return skip(c, SLIP_HDR) ? by_version(c) : 0;
}

static int skip_enc(struct cur *c)
{
	return skip(c, ENC_HDR) ? by_version(c) : 0;
}

/* The length of the log's header stands in its first byte, without what fills it up. */
static int skip_pflog(struct cur *c)
{
	if (!c->len || !skip(c, (c->p[0] + 3u) & ~3u))
		return 0;
	return by_version(c);
}

/* Data frames that are not encrypted, with the QoS and four-address headers. */
static int wifi(struct cur *c, bool padded)
{
	size_t hdr = 24;
	uint8_t fc0, fc1;

	if (c->len < hdr)
		return 0;
	fc0 = c->p[0];
	fc1 = c->p[1];
	/* Type 2 is data; subtype bit 2 says "no data", flag 0x40 "protected". */
	if ((fc0 & 0x0c) != 0x08 || fc0 & 0x40 || fc1 & 0x40)
		return 0;
	if ((fc1 & 0x03) == 0x03)
		hdr += 6;
	if (fc0 & 0x80)
		hdr += 2;
	if ((fc0 & 0x80) && (fc1 & 0x80))
		hdr += 4;
	if (padded)
		hdr = (hdr + 3) & ~(size_t)3;
	return skip(c, hdr) ? by_ethertype(c, llc_type(c)) : 0;
}

static int skip_wifi(struct cur *c)
{
	return wifi(c, false);
}

/* The length stands in bytes 2 and 3, whatever fields are present. */
static int skip_radiotap(struct cur *c)
{
	/* Bit 1 of the first word: "flags" are there, right behind an optional 64-bit clock. */
	uint32_t present, hdr, off;
	bool padded = false;

	if (c->len < 8)
		return 0;
	hdr = le16(c->p + 2);
	present = le16(c->p + 4);
	off = present & 1 ? 16 : 8;
	if (present & 2 && !(c->p[7] & 0x80) && c->len > off && off < hdr)
		padded = c->p[off] & 0x20;	/* 802.11 header padded to 32 bits */
	if (hdr < 8 || !skip(c, hdr))
		return 0;
	return wifi(c, padded);
}

/* Or that of AVS, which begins with its own number and says how long it is. */
static int skip_prism(struct cur *c)
{
	uint32_t hdr = PRISM_HDR;

	if (c->len >= 8 && be32(c->p) >> 12 == 0x80211)
		hdr = be32(c->p + 4);
	return skip(c, hdr) ? wifi(c, false) : 0;
}

static int skip_ppi(struct cur *c)
{
	if (c->len < 8 || le16(c->p + 4) != PPI_WIFI || le16(c->p + 2) < 8 ||
	    !skip(c, le16(c->p + 2)))
		return 0;
	return wifi(c, false);
}

/* A list of TLVs, in the capturing host's byte order; those of today are little endian. */
static int skip_nflog(struct cur *c)
{
	uint32_t len, type;

	if (!skip(c, NFLOG_HDR))
		return 0;
	while (c->len >= 4) {
		len = le16(c->p);
		type = le16(c->p + 2);
		if (len < 4)
			return 0;
		if (type == NFLOG_PAYLOAD) {
			if (len > c->len)
				len = c->len;
			c->p += 4;
			c->len = len - 4;
			return by_version(c);
		}
		if (!skip(c, (len + 3) & ~3u))
			return 0;
	}
	return 0;
}

static const struct {
	int dlt;
	int (*skip)(struct cur *c);
} links[] = {
	{ DLT_EN10MB, skip_ethernet },
	{ DLT_RAW, by_version },
	{ DLT_IPV4, by_version },
	{ DLT_IPV6, by_version },
	{ DLT_NULL, skip_null },
	{ DLT_LOOP, skip_null },
	{ DLT_LINUX_SLL, skip_sll },
	{ DLT_LINUX_SLL2, skip_sll2 },
	{ DLT_PPP, by_ppp },
	{ DLT_PPP_SERIAL, by_ppp },
	{ DLT_C_HDLC, skip_chdlc },
	{ DLT_IEEE802, skip_token_ring },
	{ DLT_FDDI, skip_fddi },
	{ DLT_IEEE802_11, skip_wifi },
	{ DLT_IEEE802_11_RADIO, skip_radiotap },
	{ DLT_NFLOG, skip_nflog },
	{ DLT_RAW_OPENBSD, by_version },
	{ DLT_SLIP, skip_slip },
	{ DLT_PPP_ETHER, by_pppoe },
	{ DLT_PPP_PPPD, by_pppd },
	{ DLT_ATM_RFC1483, skip_llc },
	{ DLT_FRELAY, skip_frame_relay },
	{ DLT_ENC, skip_enc },
	{ DLT_PFLOG, skip_pflog },
	{ DLT_PRISM_HEADER, skip_prism },
	{ DLT_IEEE802_11_RADIO_AVS, skip_prism },
	{ DLT_PPI, skip_ppi },
};

bool nfim_link_known(int dlt)
{
	size_t i;

	for (i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		if (links[i].dlt == dlt)
			return true;
	return false;
}

int nfim_link_skip(int dlt, const uint8_t **p, size_t *len)
{
	struct cur c = { *p, *len };
	size_t i;
	int ver = 0;

	for (i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		if (links[i].dlt == dlt)
			ver = links[i].skip(&c);
	*p = c.p;
	*len = c.len;
	return ver;
}
