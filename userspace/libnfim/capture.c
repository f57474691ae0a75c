// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads the TCP and UDP packets of a capture file:
 *
 *	libpcap ─► link layer (link.c) ─► IP ─► fragments (ipfrag.c) ─► TCP, UDP
 *
 * Bytes that the capture's snapshot length cut off are counted in nfim_pkt.len but not in
 * caplen.
 */
#include "capture.h"
#include "ipfrag.h"
#include "link.h"
#include "pcapng.h"

#include <errno.h>
#include <netinet/in.h>
#include <pcap/pcap.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
	IP4_HDR		= 20,
	IP6_HDR		= 40,
	TCP_HDR		= 20,
	UDP_HDR		= 8,
	TCP_OPT_END	= 0,
	TCP_OPT_NOP	= 1,
	TCP_OPT_WSCALE	= 3,
	TCP_WSCALE_MAX	= 14,
	EXTS_MAX	= 16,	/* IPv6 extension headers of one packet */
};

struct nfim_capture {
	pcap_t *pcap;
	FILE *file;		/* what pcap reads, through a filter */
	int dlt;
	unsigned int flags;
	struct nfim_frags *frags;
	struct nfim_capture_stats stats;
	uint64_t size;
};

/* An IP packet's payload, or a whole datagram's. */
struct ip_pkt {
	struct nfim_frag id;	/* addresses, identification; data: first byte of payload */
	bool fragment;
	uint32_t caplen;	/* captured of id.len */
};

static uint32_t be16(const uint8_t *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

static uint32_t be32(const uint8_t *p)
{
	return be16(p) << 16 | be16(p + 2);
}

/* Return: false after filling @msg. */
static bool open_file(struct nfim_capture *cap, const char *path, char *msg)
{
	char err[PCAP_ERRBUF_SIZE] = "";
	struct stat st;
	FILE *file;

	cap->file = strcmp(path, "-") ? fopen(path, "rb") : stdin;
	if (!cap->file) {
		snprintf(msg, NFIM_CAPTURE_MSG_MAX, "%s", strerror(errno));
		return false;
	}
	if (!fstat(fileno(cap->file), &st) && S_ISREG(st.st_mode))
		cap->size = st.st_size;
	file = nfim_pcapng_filter(cap->file);
	if (!file) {
		snprintf(msg, NFIM_CAPTURE_MSG_MAX, "out of memory");
		fclose(cap->file);
		return false;
	}
	/* From here on pcap_close() closes both. */
	cap->pcap = pcap_fopen_offline(file, err);
	if (!cap->pcap) {
		snprintf(msg, NFIM_CAPTURE_MSG_MAX, "%s", err);
		fclose(file);
		return false;
	}
	return true;
}

struct nfim_capture *nfim_capture_open(const char *path, unsigned int flags, char *msg)
{
	struct nfim_capture *cap = calloc(1, sizeof(*cap));
	const char *name;

	if (cap)
		cap->frags = nfim_frags_new();
	if (!cap || !cap->frags) {
		snprintf(msg, NFIM_CAPTURE_MSG_MAX, "out of memory");
		goto err_free;
	}
	cap->flags = flags;
	if (!open_file(cap, path, msg))
		goto err_free;
	cap->dlt = pcap_datalink(cap->pcap);
	if (!nfim_link_known(cap->dlt)) {
		name = pcap_datalink_val_to_name(cap->dlt);
		snprintf(msg, NFIM_CAPTURE_MSG_MAX, "captures of link type %s (%d) cannot be read",
			 name ? name : "unknown", cap->dlt);
		goto err_free;
	}
	return cap;

err_free:
	nfim_capture_close(cap);
	return NULL;
}

void nfim_capture_close(struct nfim_capture *cap)
{
	if (!cap)
		return;
	if (cap->pcap)
		pcap_close(cap->pcap);
	nfim_frags_free(cap->frags);
	free(cap);
}

const struct nfim_capture_stats *nfim_capture_stats(const struct nfim_capture *cap)
{
	return &cap->stats;
}

void nfim_capture_progress(const struct nfim_capture *cap, uint64_t *done, uint64_t *size)
{
	off_t at = cap->size ? ftello(cap->file) : 0;

	*size = cap->size;
	*done = at > 0 ? at : 0;
}

static uint32_t sum16(uint32_t sum, const uint8_t *p, uint32_t len)
{
	for (; len > 1; p += 2, len -= 2)
		sum += be16(p);
	if (len)
		sum += (uint32_t)p[0] << 8;
	return sum;
}

static bool sum_good(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum == 0xffff;
}

/* The checksum of TCP and UDP, over a pseudo header. Return: false if it is wrong. */
static bool l4_sum_good(const struct ip_pkt *ip)
{
	const uint8_t *p = ip->id.data;
	uint32_t sum;

	if (ip->caplen < ip->id.len)
		return true;	/* cannot be told */
	if (ip->id.proto == IPPROTO_UDP && ip->id.family == 4 && ip->caplen >= UDP_HDR &&
	    !be16(p + 6))
		return true;	/* there is none */
	sum = sum16(0, ip->id.src.b, sizeof(ip->id.src.b));
	sum = sum16(sum, ip->id.dst.b, sizeof(ip->id.dst.b));
	sum += ip->id.proto + ip->id.len;
	return sum_good(sum16(sum, p, ip->id.len));
}

/* Return: 1 it is one, 0 something else, -1 it contradicts itself. */
static int parse_ip4(struct nfim_capture *cap, const uint8_t *p, size_t len, uint32_t wire,
		     struct ip_pkt *ip)
{
	uint32_t hdr, total, off;

	if (len < IP4_HDR)
		return -1;
	hdr = (p[0] & 0xf) * 4u;
	total = be16(p + 2);
	if (!total)
		total = wire;	/* segmentation was left to the network card */
	if (hdr < IP4_HDR || total < hdr || len < hdr)
		return -1;
	if (cap->flags & NFIM_CAPTURE_CHECKSUM && !sum_good(sum16(0, p, hdr))) {
		cap->stats.checksum++;
		return 0;
	}
	off = be16(p + 6);
	ip->id.family = 4;
	memcpy(ip->id.src.b, p + 12, 4);
	memcpy(ip->id.dst.b, p + 16, 4);
	ip->id.id = be16(p + 4);
	ip->id.proto = p[9];
	ip->id.more = off & 0x2000;
	ip->id.off = (off & 0x1fff) * 8;
	ip->fragment = ip->id.more || ip->id.off;
	ip->id.data = p + hdr;
	ip->id.len = total - hdr;
	ip->caplen = len - hdr < ip->id.len ? len - hdr : ip->id.len;
	return 1;
}

/* Skips one extension header. Return: 1 there was one, 0 none, -1 it is cut or wrong. */
static int skip_ext(struct ip_pkt *ip)
{
	const uint8_t *p = ip->id.data;
	uint32_t hdr;

	switch (ip->id.proto) {
	case IPPROTO_HOPOPTS:
	case IPPROTO_ROUTING:
	case IPPROTO_DSTOPTS:
	case IPPROTO_FRAGMENT:
	case IPPROTO_AH:
		break;
	default:
		return 0;
	}
	if (ip->caplen < 8)
		return -1;
	hdr = (p[1] + 1u) * 8;
	if (ip->id.proto == IPPROTO_AH)
		hdr = (p[1] + 2u) * 4;
	if (ip->id.proto == IPPROTO_FRAGMENT) {
		hdr = 8;
		ip->id.off = be16(p + 2) & 0xfff8;
		ip->id.more = p[3] & 1;
		ip->id.id = be32(p + 4);
		ip->fragment = ip->id.more || ip->id.off;
	}
	if (hdr > ip->caplen)
		return -1;
	ip->id.proto = p[0];
	ip->id.data += hdr;
	ip->id.len -= hdr;
	ip->caplen -= hdr;
	return 1;
}

static int skip_exts(struct ip_pkt *ip)
{
	int i, ret = 1;

	/* What follows a fragment's header belongs to the datagram, not to the fragment. */
	for (i = 0; i < EXTS_MAX && ret > 0 && !ip->fragment; i++)
		ret = skip_ext(ip);
	return ret < 0 ? -1 : 1;
}

static int parse_ip6(const uint8_t *p, size_t len, uint32_t wire, struct ip_pkt *ip)
{
	if (len < IP6_HDR)
		return -1;
	ip->id.family = 6;
	ip->id.proto = p[6];
	memcpy(ip->id.src.b, p + 8, 16);
	memcpy(ip->id.dst.b, p + 24, 16);
	ip->id.data = p + IP6_HDR;
	ip->id.len = be16(p + 4);
	if (!ip->id.len && wire > IP6_HDR)
		ip->id.len = wire - IP6_HDR;
	ip->caplen = len - IP6_HDR < ip->id.len ? len - IP6_HDR : ip->id.len;
	return skip_exts(ip);
}

/* The window scale option, or -1. */
static int find_wscale(const uint8_t *p, uint32_t len)
{
	while (len >= 3 && p[0] != TCP_OPT_END) {
		uint32_t n = p[0] == TCP_OPT_NOP ? 1 : p[1];

		if (p[0] == TCP_OPT_WSCALE && n == 3)
			return p[2] < TCP_WSCALE_MAX ? p[2] : TCP_WSCALE_MAX;
		if (!n || n > len || (n == 1 && p[0] != TCP_OPT_NOP))
			break;
		p += n;
		len -= n;
	}
	return -1;
}

static int parse_tcp(const struct ip_pkt *ip, struct nfim_pkt *pkt)
{
	const uint8_t *p = ip->id.data;
	uint32_t hdr;

	if (ip->caplen < TCP_HDR)
		return -1;
	hdr = (p[12] >> 4) * 4u;
	if (hdr < TCP_HDR || hdr > ip->id.len)
		return -1;
	pkt->seq = be32(p + 4);
	pkt->ack = be32(p + 8);
	pkt->flags = p[13];
	pkt->window = be16(p + 14);
	pkt->wscale = -1;
	if (pkt->flags & NFIM_TCP_SYN)
		pkt->wscale = find_wscale(p + TCP_HDR, (hdr < ip->caplen ? hdr : ip->caplen) -
					  TCP_HDR);
	pkt->payload = p + (hdr < ip->caplen ? hdr : ip->caplen);
	pkt->len = ip->id.len - hdr;
	pkt->caplen = hdr < ip->caplen ? ip->caplen - hdr : 0;
	return 1;
}

static int parse_udp(const struct ip_pkt *ip, struct nfim_pkt *pkt)
{
	const uint8_t *p = ip->id.data;
	uint32_t len;

	if (ip->caplen < UDP_HDR)
		return -1;
	len = be16(p + 4);
	if (!len)
		len = ip->id.len;	/* a jumbogram, or left to the network card */
	if (len < UDP_HDR || len > ip->id.len)
		return -1;
	pkt->seq = 0;
	pkt->ack = 0;
	pkt->flags = 0;
	pkt->payload = p + UDP_HDR;
	pkt->len = len - UDP_HDR;
	pkt->caplen = ip->caplen - UDP_HDR < pkt->len ? ip->caplen - UDP_HDR : pkt->len;
	return 1;
}

static int parse_l4(struct nfim_capture *cap, const struct ip_pkt *ip, struct nfim_pkt *pkt)
{
	int ret;

	if (ip->id.proto == IPPROTO_TCP)
		ret = parse_tcp(ip, pkt);
	else if (ip->id.proto == IPPROTO_UDP)
		ret = parse_udp(ip, pkt);
	else
		return 0;
	if (ret < 0)
		return ret;
	if (cap->flags & NFIM_CAPTURE_CHECKSUM && !l4_sum_good(ip)) {
		cap->stats.checksum++;
		return 0;
	}
	pkt->sport = be16(ip->id.data);
	pkt->dport = be16(ip->id.data + 2);
	pkt->family = ip->id.family == 4 ? AF_INET : AF_INET6;
	pkt->l4 = ip->id.proto;
	pkt->src = ip->id.src;
	pkt->dst = ip->id.dst;
	pkt->usec = ip->id.usec;
	cap->stats.truncated += pkt->caplen < pkt->len;
	return 1;
}

static int defrag(struct nfim_capture *cap, struct ip_pkt *ip)
{
	if (ip->caplen < ip->id.len)
		return 0;	/* what the snapshot length cut off is missing for good */
	if (!nfim_frags_add(cap->frags, &ip->id, &ip->id.data, &ip->id.len, &ip->id.proto))
		return 0;
	ip->caplen = ip->id.len;
	ip->fragment = false;
	return ip->id.family == 6 ? skip_exts(ip) : 1;
}

static int parse_frame(struct nfim_capture *cap, const struct pcap_pkthdr *h, const uint8_t *p,
		       struct nfim_pkt *pkt)
{
	size_t len = h->caplen;
	struct ip_pkt ip = { 0 };
	uint32_t wire;
	int ret;

	ip.id.usec = (uint64_t)h->ts.tv_sec * 1000000 + (uint64_t)h->ts.tv_usec;
	ret = nfim_link_skip(cap->dlt, &p, &len);
	/* On the wire the link layer was as long as it is here. */
	wire = h->len > h->caplen ? h->len - (h->caplen - len) : len;
	if (ret == 4)
		ret = parse_ip4(cap, p, len, wire, &ip);
	else if (ret == 6)
		ret = parse_ip6(p, len, wire, &ip);
	if (ret > 0 && ip.fragment)
		ret = defrag(cap, &ip);
	if (ret > 0)
		ret = parse_l4(cap, &ip, pkt);
	return ret;
}

int nfim_capture_next(struct nfim_capture *cap, struct nfim_pkt *pkt, char *msg)
{
	struct pcap_pkthdr *h;
	const uint8_t *p;
	int ret;

	for (;;) {
		ret = pcap_next_ex(cap->pcap, &h, &p);
		if (ret == PCAP_ERROR_BREAK)
			return 0;
		if (ret != 1) {
			snprintf(msg, NFIM_CAPTURE_MSG_MAX, "%s", pcap_geterr(cap->pcap));
			return -1;
		}
		cap->stats.frames++;
		ret = parse_frame(cap, h, p, pkt);
		if (ret > 0) {
			cap->stats.packets++;
			return 1;
		}
		if (ret < 0)
			cap->stats.bad++;
		else
			cap->stats.other++;
	}
}
