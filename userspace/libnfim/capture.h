/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reads the TCP and UDP packets of a capture file, as a netfilter hook behind
 * conntrack would see them: without link layer, fragments put together.
 */
#ifndef _NFIM_CAPTURE_H
#define _NFIM_CAPTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	NFIM_CAPTURE_MSG_MAX	= 320,	/* bytes of a sentence, with its NUL */

	NFIM_CAPTURE_CHECKSUM	= 1 << 0, /* drop packets with a wrong checksum */

	NFIM_TCP_FIN		= 0x01,
	NFIM_TCP_SYN		= 0x02,
	NFIM_TCP_RST		= 0x04,
	NFIM_TCP_ACK		= 0x10,
	NFIM_TCP_URG		= 0x20,
};

/** struct nfim_addr - an IPv4 address takes the first 4 bytes, the others are 0 */
struct nfim_addr {
	uint8_t b[16];
};

/** struct nfim_pkt - one TCP segment or UDP datagram; valid until the next is read */
struct nfim_pkt {
	uint64_t usec;		/* time of capture, since 1970 */
	uint8_t family;		/* AF_INET or AF_INET6 */
	uint8_t l4;		/* IPPROTO_TCP or IPPROTO_UDP */
	uint8_t flags;		/* NFIM_TCP_* */
	struct nfim_addr src, dst;
	uint16_t sport, dport;	/* host order */
	uint32_t seq, ack;
	uint16_t window;	/* as it stands there */
	int8_t wscale;		/* of a SYN that has the option, else -1 */
	const uint8_t *payload;
	uint32_t len;		/* bytes of payload on the wire */
	uint32_t caplen;	/* how many of them were captured, <= len */
};

/** struct nfim_capture_stats - what was read and left out so far */
struct nfim_capture_stats {
	uint64_t frames;
	uint64_t packets;	/* given out */
	uint64_t other;		/* neither TCP nor UDP over IP */
	uint64_t bad;		/* headers that contradict themselves */
	uint64_t checksum;	/* dropped for a wrong checksum */
	uint64_t truncated;	/* captured in part */
};

struct nfim_capture;

/**
 * nfim_capture_open() - open a pcap or pcapng file
 * @path: its name; "-" is standard input
 * @flags: NFIM_CAPTURE_*
 * @msg: filled on failure, NFIM_CAPTURE_MSG_MAX bytes: a sentence without full stop
 *
 * Return: the capture, nfim_capture_close() it; or NULL.
 */
struct nfim_capture *nfim_capture_open(const char *path, unsigned int flags, char *msg);

/** nfim_capture_close() - let go of a capture; NULL is allowed */
void nfim_capture_close(struct nfim_capture *cap);

/**
 * nfim_capture_next() - read on to the next TCP or UDP packet
 * @cap: capture
 * @pkt: filled if there is one
 * @msg: filled on failure, NFIM_CAPTURE_MSG_MAX bytes
 *
 * Return: 1 a packet, 0 the end, -1 the file cannot be read on.
 */
int nfim_capture_next(struct nfim_capture *cap, struct nfim_pkt *pkt, char *msg);

/** nfim_capture_stats() - counters; live as long as the capture */
const struct nfim_capture_stats *nfim_capture_stats(const struct nfim_capture *cap);

/** nfim_capture_progress() - bytes read of the file, and its size; both 0 if not known */
void nfim_capture_progress(const struct nfim_capture *cap, uint64_t *done, uint64_t *size);

#endif /* _NFIM_CAPTURE_H */
