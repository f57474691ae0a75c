// SPDX-License-Identifier: GPL-2.0-only
/*
 * Captured flows through the firewall: each packet in its place of the stream, and after it the
 * other side's acknowledgment.
 */
#include "icount.h"
#include "replay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PACKETS_MAX = 60000, QUIC_LEN_MIN = 1200 };

static uint64_t least[PACKETS_MAX];
static bool quic[PACKETS_MAX];

/* May it be an Initial (RFC 9000, 14.1 and 17.2.2), which is decrypted? */
static bool is_quic(const struct replay_record *rec, const uint8_t *bytes)
{
	return rec->l4 == IPPROTO_UDP && rec->len >= QUIC_LEN_MIN && (bytes[0] & 0xc0) == 0xc0;
}

static uint64_t replay_packet(struct run *r, const struct replay_record *rec,
			      const struct payload *what)
{
	static const struct bench_case kinds[] = {
		{ "replay", IPPROTO_TCP, {}, {}, true },
		{ "replay", IPPROTO_UDP, {}, {}, true },
	};
	enum side from = rec->dir ? SERVER : CLIENT;

	r->c = &kinds[rec->l4 == IPPROTO_UDP];
	if (!r->opened)
		case_open(r, rec->start);
	return case_say(r, from, rec->off, what);
}

/* All of the file once. Return: number of packets. */
static unsigned int replay_once(FILE *f)
{
	static uint8_t bytes[REPLAY_PAYLOAD_MAX];
	struct payload what = { .data = bytes };
	struct replay_record rec;
	unsigned int n = 0;
	struct run r = {};
	uint32_t flow = 0;
	uint64_t cost;

	rewind(f);
	while (fread(&rec, sizeof(rec), 1, f) == 1 && rec.len) {
		if (rec.len > sizeof(bytes) || n == PACKETS_MAX ||
		    fread(bytes, rec.len, 1, f) != 1)
			die("the file of packets");
		if (rec.flow != flow)
			memset(&r, 0, sizeof(r));
		flow = rec.flow;
		what.len = rec.len;
		what.data_len = rec.len;
		cost = replay_packet(&r, &rec, &what);
		if (!least[n] || cost < least[n])
			least[n] = cost;
		quic[n] = is_quic(&rec, bytes);
		n++;
	}
	return n;
}

void replay(const char *path, unsigned int times)
{
	FILE *f = fopen(path, "rb");
	unsigned int n = 0, i;

	if (!f)
		die(path);
	/* The least of several, which no tick of the clock came into. */
	while (times--)
		n = replay_once(f);
	fclose(f);
	for (i = 0; i < n; i++)
		printf("%u\t%llu\t%s\n", i, (unsigned long long)least[i],
		       quic[i] ? "quic" : "-");
}
