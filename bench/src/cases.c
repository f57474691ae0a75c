// SPDX-License-Identifier: GPL-2.0-only
/*
 * The cases of icount, and the packets of their flows.
 */
#include "hello.h"
#include "icount.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#define BYTES(text)		{ text, sizeof(text) - 1, sizeof(text) - 1 }
#define PADDED(text, n)		{ text, n, sizeof(text) - 1 }
#define RANDOM(n)		{ "", n, 0 }

#define GET	"GET / HTTP/1.1\r\nHost: www.example.org\r\nUser-Agent: curl/7.88.1\r\n\
Accept: */*\r\n\r\n"
#define BANNER	"SSH-2.0-bench\r\n"
/* A frame of 65,535 bytes more, which none of our cases reaches the end of. */
#define LONG	"YMSG\0\x10\0\0\xff\xff\0\x4d\0\0\0\0\0\0\x11\x22" "1\xc0\x80" "alice\xc0\x80"
#define AUTH	"YMSG\0\x10\0\0\0\x0a\0\x57\0\0\0\0\0\0\0\0" "1\xc0\x80" "alice\xc0\x80"
#define TEXT	"YMSG\0\x10\0\0\0\x21\0\x06\0\0\0\0\0\0\x11\x22" "1\xc0\x80" "alice\xc0\x80" \
		"5\xc0\x80" "bob\xc0\x80" "14\xc0\x80" "hi\xc0\x80" "97\xc0\x80" "1\xc0\x80"

static const char client_addr[] = "10.0.1.9", server_addr[] = "10.0.2.9";

enum {
	SERVER_PORT = 5050,
	FIRST_PORT = 1024,
	FLAG_SYN = 0x02,
	FLAG_PSH = 0x08,
	FLAG_ACK = 0x10,
	ISN = 1000,
};

const struct bench_case bench_cases[] = {
	/* Decided as no messenger: by what the client and the server say first. */
	{ "tcp-done-100", IPPROTO_TCP, { BYTES(BANNER), BYTES(BANNER) }, RANDOM(100), true },
	{ "tcp-done-1400", IPPROTO_TCP, { BYTES(BANNER), BYTES(BANNER) }, RANDOM(1400), true },
	{ "udp-done-100", IPPROTO_UDP, { RANDOM(100), RANDOM(100) }, RANDOM(100), true },
	/* The first payload of a flow; the server has said nothing. */
	{ "http", IPPROTO_TCP, {}, BYTES(GET), false },
	{ "tls", IPPROTO_TCP, {}, PADDED(HELLO, HELLO_SIZE), false },
	{ "random", IPPROTO_TCP, {}, RANDOM(100), false },
	{ "ymsg-magic", IPPROTO_TCP, {}, BYTES("YMSG"), false },
	{ "ymsg-frame", IPPROTO_TCP, {}, BYTES(AUTH), false },
	{ "quic", IPPROTO_UDP, {}, { quic_hello, QUIC_HELLO, QUIC_HELLO }, false },
	{ "udp-random", IPPROTO_UDP, {}, RANDOM(100), false },
	/* The next one. */
	{ "http-answer-due", IPPROTO_TCP, { BYTES(GET) }, BYTES(GET), false },
	{ "ymsg-magic-rest", IPPROTO_TCP, { BYTES("YMSG") },
	  { AUTH + 4, sizeof(AUTH) - 5, sizeof(AUTH) - 5 }, false },
	/* A messenger's, further on. */
	{ "ymsg-text", IPPROTO_TCP, { BYTES(AUTH), BYTES(AUTH) }, BYTES(TEXT), true },
	{ "ymsg-inside", IPPROTO_TCP, { BYTES(AUTH LONG), BYTES(AUTH) }, RANDOM(100), true },
	{}
};

static uint16_t next_port = FIRST_PORT;

static uint32_t sum(uint32_t s, const void *data, size_t len)
{
	const uint8_t *p = data;
	size_t i;

	for (i = 0; i < len; i++)
		s += i & 1 ? p[i] : (uint32_t)p[i] << 8;
	return s;
}

static uint16_t fold(uint32_t s)
{
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return htons((uint16_t)~s);
}

/* A packet of @l4 bytes behind the IP header, from one side; checksum at @check. */
static void packet_finish(struct packet *p, enum side from, uint8_t proto, size_t l4,
			  uint16_t *check)
{
	memset(&p->ip, 0, sizeof(p->ip));
	p->ip.ver_ihl = 0x45;
	p->ip.tot_len = htons((uint16_t)(sizeof(p->ip) + l4));
	p->ip.id = htons(1);
	p->ip.ttl = 64;
	p->ip.proto = proto;
	inet_pton(AF_INET, from == CLIENT ? client_addr : server_addr, &p->ip.saddr);
	inet_pton(AF_INET, from == CLIENT ? server_addr : client_addr, &p->ip.daddr);
	*check = 0;
	*check = fold(sum(proto + (uint32_t)l4, &p->ip.saddr, 8) + sum(0, p->bytes, l4));
	p->len = sizeof(p->ip) + l4;
}

static void fill(uint8_t *to, const struct payload *what)
{
	size_t i;

	if (what->data_len)
		memcpy(to, what->data, what->data_len);
	for (i = what->data_len; i < what->len; i++)
		to[i] = (uint8_t)random();
}

static uint64_t say_tcp(struct run *r, enum side from, uint8_t flags, const struct payload *what)
{
	struct packet p;

	memset(&p, 0, sizeof(p.ip) + sizeof(p.tcp));
	p.tcp.sport = htons(from == CLIENT ? r->sport : SERVER_PORT);
	p.tcp.dport = htons(from == CLIENT ? SERVER_PORT : r->sport);
	p.tcp.seq = htonl(r->seq[from]);
	p.tcp.ack = flags & FLAG_ACK ? htonl(r->seq[!from]) : 0;
	p.tcp.doff = 5 << 4;
	p.tcp.flags = flags;
	p.tcp.window = htons(65535);
	fill(p.bytes + sizeof(p.tcp), what);
	packet_finish(&p, from, IPPROTO_TCP, sizeof(p.tcp) + what->len, &p.tcp.check);
	r->seq[from] += (uint32_t)what->len + !!(flags & FLAG_SYN);
	return send_packet(&p, from);
}

static uint64_t say_udp(struct run *r, enum side from, const struct payload *what)
{
	struct packet p;

	p.udp.sport = htons(from == CLIENT ? r->sport : SERVER_PORT);
	p.udp.dport = htons(from == CLIENT ? SERVER_PORT : r->sport);
	p.udp.len = htons((uint16_t)(sizeof(p.udp) + what->len));
	fill(p.bytes + sizeof(p.udp), what);
	packet_finish(&p, from, IPPROTO_UDP, sizeof(p.udp) + what->len, &p.udp.check);
	return send_packet(&p, from);
}

static uint64_t say(struct run *r, enum side from, const struct payload *what)
{
	static const struct payload nothing;
	uint64_t cost;

	if (r->c->proto == IPPROTO_UDP)
		return say_udp(r, from, what);
	cost = say_tcp(r, from, FLAG_ACK | FLAG_PSH, what);
	/* The other side acknowledges, or the window would fill up. */
	say_tcp(r, !from, FLAG_ACK, &nothing);
	return cost;
}

void case_open(struct run *r, bool handshake)
{
	static const struct payload nothing;

	/* No two flows of a namespace have the same ports, whatever their case. */
	r->sport = next_port++;
	r->opened = true;
	r->seq[CLIENT] = ISN;
	r->seq[SERVER] = ISN;
	if (r->c->proto != IPPROTO_TCP)
		return;
	if (!handshake) {
		r->seq[CLIENT]++;
		r->seq[SERVER]++;
		return;
	}
	say_tcp(r, CLIENT, FLAG_SYN, &nothing);
	say_tcp(r, SERVER, FLAG_SYN | FLAG_ACK, &nothing);
	say_tcp(r, CLIENT, FLAG_ACK, &nothing);
}

uint64_t case_say(struct run *r, enum side from, uint32_t off, const struct payload *what)
{
	uint32_t next = r->seq[from];
	uint64_t cost;

	r->seq[from] = ISN + 1 + off;
	cost = say(r, from, what);
	/* It came again, or bytes before it are missing. */
	if ((int32_t)(r->seq[from] - next) < 0)
		r->seq[from] = next;
	return cost;
}

static void open_flow(struct run *r)
{
	enum side side;

	case_open(r, true);
	for (side = CLIENT; side <= SERVER; side++)
		if (r->c->before[side].len)
			say(r, side, &r->c->before[side]);
}

uint64_t case_sample(struct run *r)
{
	if (!r->c->same_flow || !r->opened)
		open_flow(r);
	return say(r, CLIENT, &r->c->measured);
}
