/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ICOUNT_H
#define _ICOUNT_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum side { CLIENT, SERVER };

enum { PAYLOAD_MAX = 1400, QUIC_HELLO = 1200 };

struct ip4 {
	uint8_t ver_ihl, tos;
	uint16_t tot_len, id, frag_off;
	uint8_t ttl, proto;
	uint16_t check;
	struct in_addr saddr, daddr;
};

struct tcp4 {
	uint16_t sport, dport;
	uint32_t seq, ack;
	uint8_t doff, flags;
	uint16_t window, check, urgent;
};

struct udp4 {
	uint16_t sport, dport, len, check;
};

/* As it goes out, but for the length at its end. */
struct packet {
	struct ip4 ip;
	union {
		struct tcp4 tcp;
		struct udp4 udp;
		uint8_t bytes[sizeof(struct tcp4) + PAYLOAD_MAX];
	};
	size_t len;
};

struct payload {
	const void *data;
	size_t len;	/* 0: none; what @data lacks is filled with random bytes */
	size_t data_len;
};

/**
 * struct bench_case - which packets are measured
 * @name: of the case
 * @proto: IPPROTO_TCP or IPPROTO_UDP
 * @before: what client and server say before it
 * @measured: what the client says then
 * @same_flow: all samples in one flow; else a new flow for each
 */
struct bench_case {
	const char *name;
	uint8_t proto;
	struct payload before[2];
	struct payload measured;
	bool same_flow;
};

/* One case under way. */
struct run {
	const struct bench_case *c;
	bool opened;
	uint16_t sport;
	uint32_t seq[2];
};

/* Ends with one without a name. */
extern const struct bench_case bench_cases[];

/* case_sample() - send what comes before, then the packet that is measured */
uint64_t case_sample(struct run *r);

/* case_open() - a new flow of @r->c->proto, with or without the packets that open it */
void case_open(struct run *r, bool handshake);

/* case_say() - say this at that place of the stream. Return: instructions it took */
uint64_t case_say(struct run *r, enum side from, uint32_t off, const struct payload *what);

/* replay() - send a file of packets so many times, and print what each took at least */
void replay(const char *path, unsigned int times);

/* send_packet() - Return: instructions it took */
uint64_t send_packet(const struct packet *p, enum side from);

void die(const char *what) __attribute__((noreturn));

/* A datagram that quic_hello_make() makes. */
extern uint8_t quic_hello[QUIC_HELLO];

void quic_hello_make(void);

#endif /* _ICOUNT_H */
