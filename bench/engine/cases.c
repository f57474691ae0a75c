// SPDX-License-Identifier: GPL-2.0-only
/*
 * Named packets. Each case is a flow: packets that come before, then the one that counts.
 */
#include "bench.h"
#include "../src/hello.h"
#include "hello.h"
#include "quic_mk.h"

#include <stdlib.h>
#include <time.h>

enum {
	PACKETS_MAX = 4,
	LEN_MAX = 65536,
	ROUNDS = 20000,		/* calls that are timed */
	DATAGRAM = 1200,
	OVERHEAD = 64,		/* of a QUIC packet's header and tag, at most */
};

static const char openssl_row[] = "the same datagram opened by OpenSSL";

struct packet {
	u8 dir;
	u32 off;
	const u8 *bytes;
	u32 len;
};

struct bench_case {
	const char *name;
	bool udp;
	bool watch;
	u32 n;
	struct packet packet[PACKETS_MAX];	/* the last one counts */
};

static u8 random_bytes[1400];
static u8 hello[HELLO_SIZE], named[HELLO_SIZE], quic[3][DATAGRAM];
static u8 frames[LEN_MAX];
static u8 dear[LEN_MAX];
static u8 zeros[LEN_MAX];
static u8 empty[NFIM_FRAMES_PER_PACKET * 20];

#define TEXT(s) (const u8 *)(s), sizeof(s) - 1

#define GET	"GET /index.html HTTP/1.1\r\nHost: www.example.org\r\n" \
		"User-Agent: bench/1\r\nAccept: */*\r\n\r\n"
#define OK	"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 42\r\n\r\n"
#define YMSG(len, service) "YMSG\0\x10\0\0\0" len "\0" service "\0\0\0\0\0\0\x11\x22"
#define LOGIN	YMSG("\x0a", "\x57") "1\xc0\x80" "alice\xc0\x80"
#define MESSAGE	YMSG("\x1a", "\x06") "1\xc0\x80" "alice\xc0\x80" "5\xc0\x80" "bob\xc0\x80" \
		"14\xc0\x80" "hi\xc0\x80"

static struct bench_case cases[] = {
	{ "HTTP request, first packet", .n = 1, .packet = { { 0, 0, TEXT(GET) } } },
	{ "HTTP answer, ends the reading", .n = 2,
	  .packet = { { 0, 0, TEXT(GET) }, { 1, 0, TEXT(OK) } } },
	{ "HTTP request, second packet", .n = 2,
	  .packet = { { 0, 0, TEXT(GET) }, { 0, sizeof(GET) - 1, TEXT(GET) } } },
	{ "TLS hello, first packet", .n = 1, .packet = { { 0, 0, hello, sizeof(hello) } } },
	{ "TLS hello with a messenger's name, verdict", .n = 1,
	  .packet = { { 0, 0, named, sizeof(named) } } },
	{ "QUIC hello in one datagram, verdict", .udp = true, .n = 1,
	  .packet = { { 0, 0, quic[0], DATAGRAM } } },
	{ "QUIC hello in two: the first one", .udp = true, .n = 1,
	  .packet = { { 0, 0, quic[1], DATAGRAM } } },
	{ "QUIC hello in two: the second, verdict", .udp = true, .n = 2,
	  .packet = { { 0, 0, quic[1], DATAGRAM }, { 0, 0, quic[2], DATAGRAM } } },
	{ "random bytes, first packet", .n = 1,
	  .packet = { { 0, 0, random_bytes, sizeof(random_bytes) } } },
	{ "random bytes, datagram", .udp = true, .n = 1, .packet = { { 0, 0, random_bytes, 300 } } },
	{ "YMSG login, first packet, verdict", .n = 1, .packet = { { 0, 0, TEXT(LOGIN) } } },
	{ "YMSG login, verdict, watched", .watch = true, .n = 1,
	  .packet = { { 0, 0, TEXT(LOGIN) } } },
	{ "\"YMSG\" alone, waits", .n = 1, .packet = { { 0, 0, TEXT("YMSG") } } },
	{ "four bytes more, waits", .n = 2,
	  .packet = { { 0, 0, TEXT("YMSG") }, { 0, 4, TEXT("\0\x10\0\0") } } },
	{ "the rest of the frame, verdict", .n = 2,
	  .packet = { { 0, 0, TEXT("YMSG") }, { 0, 4, (const u8 *)LOGIN + 4, sizeof(LOGIN) - 5 } } },
	{ "out of order, waits", .n = 1, .packet = { { 0, 4, TEXT(MESSAGE) } } },
	{ "watched: one message", .watch = true, .n = 2,
	  .packet = { { 0, 0, TEXT(LOGIN) }, { 0, sizeof(LOGIN) - 1, TEXT(MESSAGE) } } },
	{ "watched: a large frame's middle", .watch = true, .n = 3,
	  .packet = { { 0, 0, TEXT(LOGIN) }, { 0, sizeof(LOGIN) - 1, TEXT("YMSG\0\x10\0\0\xff\xff\0\6"
		      "\0\0\0\0\0\0\x11\x22") }, { 0, sizeof(LOGIN) + 19, zeros, 1400 } } },
	{ "watched: ten frames", .watch = true, .n = 2,
	  .packet = { { 0, 0, TEXT(LOGIN) }, { 0, sizeof(LOGIN) - 1, frames, 460 } } },
	{ "watched: as many frames as are looked at", .watch = true, .n = 2,
	  .packet = { { 0, 0, TEXT(LOGIN) }, { 0, sizeof(LOGIN) - 1, empty, sizeof(empty) } } },
	{ "watched: 64 KiB of dear frames", .watch = true, .n = 2,
	  .packet = { { 0, 0, TEXT(LOGIN) }, { 0, sizeof(LOGIN) - 1, dear, 65000 } } },
};

/* Frames of 676 bytes whose keys are found nowhere and are as short as can be. */
static void make_dear(void)
{
	u32 at, i;

	for (at = 0; at + 676 <= sizeof(dear); at += 676) {
		memcpy(dear + at, "YMSG\0\x10\0\0\x02\x90\0\6\0\0\0\0\0\0\x11\x22", 20);
		for (i = 20; i + 10 <= 676; i += 10)
			memcpy(dear + at + i, i % 20 ? "9\xc0xxxxxx\xc0\x80" : "9999999\xc0\xc0\x80", 10);
	}
}

/* A hello as @hello is, of so many bytes, in one datagram and in two. */
static void make_quic(void)
{
	const struct hello h = { .name = "www.discord.com", .alpn = "h3", .pad = 200 };
	static const u8 cid[] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	u8 msg[HELLO_MAX], frames[DATAGRAM];
	struct quic_initial p = {
		.version = 1, .dcid = cid, .dcid_len = sizeof(cid), .frames = frames,
		.len = DATAGRAM - OVERHEAD,
	};
	u32 len = hello_make(msg, &h), half = len / 2, i;
	const u32 from[3] = { 0, 0, half }, to[3] = { len, half, len };

	for (i = 0; i < 3; i++) {
		memset(frames, 0, sizeof(frames));
		quic_put_crypto(frames, from[i], msg + from[i], to[i] - from[i]);
		p.number = i;
		quic_put(quic[i], &p);
	}
}

static void make_bytes(void)
{
	u32 i, z = 12345;

	for (i = 0; i < sizeof(random_bytes); i++) {
		z = z * 1103515245 + 12345;
		random_bytes[i] = z >> 16;
	}
	memcpy(hello, random_bytes, sizeof(hello));
	memcpy(hello, HELLO, sizeof(HELLO) - 1);
	memcpy(named, hello, sizeof(named));
	memcpy(memmem(named, sizeof(named), "www.example.org", 15), "www.discord.com", 15);
	make_quic();
	for (i = 0; i < 10; i++)
		memcpy(frames + i * (sizeof(MESSAGE) - 1), MESSAGE, sizeof(MESSAGE) - 1);
	for (i = 0; i < sizeof(empty); i += 20)
		memcpy(empty + i, "YMSG\0\x10\0\0\0\0\0\6\0\0\0\0\0\0\x11\x22", 20);
	make_dear();
}

static void set_packet(struct call *call, const struct bench_case *bc, u32 i)
{
	const struct packet *p = &bc->packet[i];

	memset(&call->seg, 0, sizeof(call->seg));
	call->seg.head = p->bytes;
	call->seg.head_len = p->len;
	call->seg.len = p->len;
	call->seg.dir = p->dir;
	call->seg.l4 = bc->udp ? NFIM_L4_UDP : NFIM_L4_TCP;
	call->seg.seq = 1000 + p->off;
	call->seg.base = 1000;
	call->seg.has_base = true;
}

/* The packets before the one that counts. */
static void lead_up(struct call *call, const struct bench_case *bc)
{
	u32 i;

	for (i = 0; i + 1 < bc->n; i++) {
		set_packet(call, bc, i);
		call_plain(call);
	}
	set_packet(call, bc, bc->n - 1);
}

void cases_count(const struct nfim_pack *pack)
{
	u32 i, again;

	make_bytes();
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		/* The first time is for the linker and for pages that are not there yet. */
		for (again = 0; again < 2; again++) {
			struct nfim_flow flow;
			struct call call = { .pack = pack, .flow = &flow, .watch = cases[i].watch };

			nfim_flow_init(&flow);
			lead_up(&call, &cases[i]);
			if (again)
				call_measure(&call, cases[i].name);
			else
				call_plain(&call);
			if (strstr(cases[i].name, "verdict") && flow.done != NFIM_KNOWN)
				fprintf(stderr, "bench: no verdict: %s\n", cases[i].name);
			flow_free(&flow);
		}
	}
	openssl_count(quic[0], openssl_row);
}

u64 bench_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

/* Only the packet that counts is between the clock's two looks, and what it takes to look. */
static u64 time_case(const struct nfim_pack *pack, const struct bench_case *bc, bool counts,
		     u32 *work)
{
	struct nfim_flow flow;
	struct call call = { .pack = pack, .flow = &flow, .watch = bc->watch };
	u64 sum = 0, from;
	u32 i;

	for (i = 0; i < ROUNDS; i++) {
		nfim_flow_init(&flow);
		lead_up(&call, bc);
		from = bench_now();
		if (counts)
			call_plain(&call);
		sum += bench_now() - from;
		flow_free(&flow);
	}
	*work = call.step.work;
	return sum / ROUNDS;
}

void cases_time(const struct nfim_pack *pack)
{
	u32 i, work, none;
	u64 ns, empty;

	make_bytes();
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		empty = time_case(pack, &cases[i], false, &none);
		ns = time_case(pack, &cases[i], true, &work);
		printf("%s\t%llu\t%u\n", cases[i].name,
		       (unsigned long long)(ns > empty ? ns - empty : 0), work);
	}
	openssl_time(quic[0], openssl_row);
}
