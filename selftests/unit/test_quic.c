// SPDX-License-Identifier: GPL-2.0-only
/*
 * QUIC: keys and packets of the RFCs' appendices; ClientHellos in CRYPTO frames of any order
 * over packets and datagrams; what is no Initial packet.
 */
#include "unit.h"
#include "drive.h"
#include "hello.h"
#include "quic_mk.h"
#include "sigset.h"

#include <stdlib.h>

enum {
	DATAGRAM	= 1200,	/* bytes */
	OVERHEAD	= 64,	/* of a packet's header and tag, at most */
};

static struct sigset *set;

static const u8 rfc_dcid[] = { 0x83, 0x94, 0xc8, 0xf0, 0x3e, 0x51, 0x57, 0x08 };

static const u32 all_versions[] = {
	1, 0x6b3343cf, 0xff00001d, 0xff000020, 0xff000021, 0xff00001b, 0xfaceb001, 0xfaceb002,
	0x54303530, 0x54303531, 0x709a50c4,
};

/* RFC 9001 appendix A.1, RFC 9369 appendix A.1 */
TEST(test_keys)
{
	static const struct {
		u32 version;
		const char *key, *iv, *hp;
	} tries[] = {
		{ 1, "1f369613dd76d5467730efcbe3b1a22d", "fa044b2f42a3fd3b46fb255c",
		  "9f50449e04a0e810283a1e9933adedd2" },
		{ 0x6b3343cf, "8b1a0bc121284290a29e0971b5cd045d", "91f73e2351d8fa91660e909f",
		  "45b95e15235d6f45a6b19cbcb0294ba9" },
	};
	struct nfim_quic_keys keys;
	u32 i, len;

	for (i = 0; i < ARRAY_SIZE(tries); i++) {
		u8 *key = hex_bytes(tries[i].key, &len), *iv = hex_bytes(tries[i].iv, &len);
		u8 *hp = hex_bytes(tries[i].hp, &len);

		case_begin("version %08x", tries[i].version);
		case_ok("known", nfim_quic_keys(tries[i].version, rfc_dcid, sizeof(rfc_dcid),
						&keys));
		case_mem("key", keys.key, sizeof(keys.key), key, 16);
		case_mem("iv", keys.iv, sizeof(keys.iv), iv, 12);
		case_mem("hp", keys.hp, sizeof(keys.hp), hp, 16);
		free(key);
		free(iv);
		free(hp);
	}
	case_begin("unknown versions");
	case_ok("0", !nfim_quic_keys(0, rfc_dcid, sizeof(rfc_dcid), &keys));
	case_ok("grease", !nfim_quic_keys(0x1a2a3a4a, rfc_dcid, sizeof(rfc_dcid), &keys));
}

/* RFC 9001 appendix A.2: the CRYPTO frame; 917 bytes of PADDING follow it. */
static const char rfc_frame[] =
	"060040f1010000ed0303ebf8fa56f12939b9584a3896472ec40bb863cfd3e868"
	"04fe3a47f06a2b69484c00000413011302010000c000000010000e00000b6578"
	"616d706c652e636f6dff01000100000a00080006001d00170018001000070005"
	"04616c706e000500050100000000003300260024001d00209370b2c9caa47fba"
	"baf4559fedba753de171fa71f50f1ce15d43e994ec74d748002b000302030400"
	"0d0010000e0403050306030203080408050806002d00020101001c0002400100"
	"3900320408ffffffffffffffff05048000ffff07048000ffff08011001048000"
	"75300901100f088394c8f03e51570806048000ffff";

TEST(test_rfc_packets)
{
	static const struct {
		u32 version;
		const char *begin, *tag;
	} tries[] = {
		{ 1, "c000000001088394c8f03e5157080000449e7b9aec34d1b1c98dd7689fb8ec11"
		     "d242b123dc9bd8bab936b47d92ec356c0bab7df5976d27cd449f63300099f399",
		  "e221af44860018ab0856972e194cd934" },
		{ 0x6b3343cf, "d76b3343cf088394c8f03e5157080000449ea0c95e82ffe67b6abcdb4298b485"
			      "dd04de806071bf03dceebfa162e75d6c96058bdbfb127cdfcbf903388e99ad04",
		  "a18b2faa745b6fe189cf772a9f84cbfc" },
	};
	u8 frames[1162] = {}, bytes[1300];
	struct nfim_view view = { .head = bytes, .last = true };
	struct nfim_quic *q = malloc(sizeof(*q));
	u32 i, len, n;

	for (i = 0; i < ARRAY_SIZE(tries); i++) {
		u8 *frame = hex_bytes(rfc_frame, &len), *want;
		struct quic_initial p = {
			.version = tries[i].version, .dcid = rfc_dcid,
			.dcid_len = sizeof(rfc_dcid), .number = 2, .frames = frames,
			.len = sizeof(frames),
		};

		case_begin("version %08x", tries[i].version);
		memcpy(frames, frame, len);
		n = quic_put(bytes, &p);
		case_eq("length", n, 1200);
		want = hex_bytes(tries[i].begin, &len);
		case_mem("the RFC's packet", bytes, len, want, len);
		free(want);
		want = hex_bytes(tries[i].tag, &len);
		case_mem("the RFC's tag", bytes + n - len, len, want, len);
		free(want);
		view.head_len = n;
		view.len = n;
		case_ok("opened", nfim_quic_open(q, &view, 1));
		case_eq("frames", q->n_crypto, 1);
		case_eq("offset", q->crypto[0].off, 0);
		case_mem("hello", q->plain + q->crypto[0].at, q->crypto[0].len, frame + 4, 241);
		free(frame);
	}
	free(q);
}

/* A datagram with one Initial packet of these frames, filled up with PADDING. */
static void send_packet(struct drive *d, struct quic_initial *p, const u8 *frames, u32 len)
{
	u8 bytes[DATAGRAM + 100], payload[DATAGRAM] = {};
	u32 n;

	memcpy(payload, frames, len);
	p->frames = payload;
	p->len = DATAGRAM - OVERHEAD - p->token_len;
	n = quic_put(bytes, p);
	memset(bytes + n, 0, sizeof(bytes) - n);
	drive_datagram(d, 0, bytes, max(n, (u32)DATAGRAM));
	p->number++;
}

static void begin(struct drive *d, struct quic_initial *p)
{
	drive_init(d, &set->pack);
	d->udp = true;
	memset(p, 0, sizeof(*p));
	p->version = 1;
	p->dcid = rfc_dcid;
	p->dcid_len = sizeof(rfc_dcid);
}

static void expect(struct drive *d, const char *proto)
{
	if (proto) {
		case_verdict("verdict", d->verdict, NFIM_KNOWN);
		case_str("protocol", drive_proto(d), proto);
		case_eq("confidence", d->flow.conf, NFIM_CONF_NAME);
		case_eq("blocks", d->blocks, 0);
	} else {
		case_ok("no verdict", d->verdict != NFIM_KNOWN);
	}
	drive_free(d);
}

static bool google(u32 version)
{
	return version == 0x54303530 || version == 0x54303531;
}

TEST(test_versions)
{
	struct hello h = { .name = "web.whatsapp.com", .alpn = "h3" };
	u8 msg[HELLO_MAX], frames[DATAGRAM];
	u32 len = hello_make(msg, &h), n = quic_put_crypto(frames, 0, msg, len), i;
	struct quic_initial p;
	struct drive d;

	for (i = 0; i < ARRAY_SIZE(all_versions); i++) {
		case_begin("version %08x", all_versions[i]);
		begin(&d, &p);
		p.version = all_versions[i];
		/* Google's number of CRYPTO is STREAM's elsewhere, and neither is the other's. */
		frames[0] = google(all_versions[i]) ? 0x08 : 0x06;
		send_packet(&d, &p, frames, n);
		expect(&d, "whatsapp");
		case_begin("version %08x with other frames", all_versions[i]);
		begin(&d, &p);
		p.version = all_versions[i];
		frames[0] ^= 0x08 ^ 0x06;
		send_packet(&d, &p, frames, n);
		expect(&d, NULL);
		frames[0] ^= 0x08 ^ 0x06;
		/* E43: of another version's keys it is nothing. */
		case_begin("version %08x with other keys", all_versions[i]);
		begin(&d, &p);
		p.version = all_versions[i];
		p.keys_version = all_versions[i] == 1 || all_versions[i] == 0xff000021 ?
				 0x6b3343cf : 1;
		send_packet(&d, &p, frames, n);
		expect(&d, NULL);
	}
}

/* Three pieces of a hello, in any order, in one packet, in packets, and in datagrams. */
struct pieces {
	u8 frames[3][DATAGRAM];
	u32 len[3];
};

static void cut(struct pieces *pc, const u8 *msg, u32 len, u32 a, u32 b)
{
	pc->len[0] = quic_put_crypto(pc->frames[0], 0, msg, a);
	pc->len[1] = quic_put_crypto(pc->frames[1], a, msg + a, b - a);
	pc->len[2] = quic_put_crypto(pc->frames[2], b, msg + b, len - b);
}

static const u32 orders[][3] = {
	{ 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 }, { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 },
};

static void in_one_packet(const struct pieces *pc, const u32 *order, const char *proto)
{
	/* Between them: PING, PADDING, and an ACK with a range and ECN counts. */
	static const u8 between[] = { 1, 0, 0, 3, 5, 0, 1, 0, 0, 0, 1, 2, 3 };
	u8 frames[DATAGRAM];
	struct quic_initial p;
	struct drive d;
	u32 n = 0, i;

	begin(&d, &p);
	for (i = 0; i < 3; i++) {
		memcpy(frames + n, pc->frames[order[i]], pc->len[order[i]]);
		n += pc->len[order[i]];
		memcpy(frames + n, between, sizeof(between));
		n += sizeof(between);
	}
	send_packet(&d, &p, frames, n);
	expect(&d, proto);
}

static void in_one_datagram(const struct pieces *pc, const u32 *order, const char *proto)
{
	u8 bytes[2 * DATAGRAM] = {}, payload[DATAGRAM];
	struct quic_initial p;
	struct drive d;
	u32 n = 0, i;

	begin(&d, &p);
	for (i = 0; i < 3; i++) {
		memset(payload, 0, sizeof(payload));
		memcpy(payload, pc->frames[order[i]], pc->len[order[i]]);
		p.frames = payload;
		p.len = max(pc->len[order[i]], 20u);
		n += quic_put(bytes + n, &p);
		p.number++;
	}
	drive_datagram(&d, 0, bytes, max(n, (u32)DATAGRAM));
	expect(&d, proto);
}

static void in_datagrams(const struct pieces *pc, const u32 *order, const char *proto)
{
	struct quic_initial p;
	struct drive d;
	u32 i;

	begin(&d, &p);
	for (i = 0; i < 3; i++)
		send_packet(&d, &p, pc->frames[order[i]], pc->len[order[i]]);
	expect(&d, proto);
}

TEST(test_pieces)
{
	static const char *const names[] = { "t.me", "at.me" };
	u8 msg[HELLO_MAX];
	struct pieces pc;
	u32 i, k, a, b, len;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		struct hello h = { .name = names[i] };
		const char *proto = i ? NULL : "telegram";

		len = hello_make(msg, &h);
		for (a = 1; a < len; a += i ? 13 : 1)
			for (b = a + 1; b < len; b += i ? 7 : 1) {
				k = (a * 31 + b) % ARRAY_SIZE(orders);
				case_begin("%s, cut at %u and %u, order %u", names[i], a, b, k);
				cut(&pc, msg, len, a, b);
				in_one_packet(&pc, orders[k], proto);
				in_one_datagram(&pc, orders[k], proto);
				in_datagrams(&pc, orders[k], proto);
			}
	}
}

/* A post-quantum hello that no datagram holds, cut at every byte, in both orders. */
TEST(test_large)
{
	struct hello h = { .name = "chat.signal.org", .pad = 1100 };
	u8 msg[HELLO_MAX], frames[2][DATAGRAM];
	u32 len = hello_make(msg, &h), at, first;
	struct quic_initial p;
	struct drive d;

	for (at = len - 1100; at < 1100; at++)
		for (first = 0; first < 2; first++) {
			u32 n[2] = { quic_put_crypto(frames[0], 0, msg, at),
				     quic_put_crypto(frames[1], at, msg + at, len - at) };

			case_begin("cut at %u of %u, %s first", at, len, first ? "end" : "start");
			begin(&d, &p);
			send_packet(&d, &p, frames[first], n[first]);
			case_verdict("after one", d.verdict, NFIM_UNDECIDED);
			case_ok("blocks are kept", d.blocks);
			send_packet(&d, &p, frames[!first], n[!first]);
			expect(&d, "signal");
		}
}

/* Retry gives another connection id and a token; a version that is unknown goes before. */
TEST(test_retry)
{
	static const u8 other[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18,
				    19, 20 };
	struct hello h = { .name = "discord.com" };
	u8 msg[HELLO_MAX], frames[DATAGRAM], grease[DATAGRAM] = { 0xc0, 0x1a, 0x2a, 0x3a, 0x4a };
	u32 len = hello_make(msg, &h), half = len / 2, n;
	struct quic_initial p;
	struct drive d;

	case_begin("version negotiation, then a half, then all of it after a Retry");
	begin(&d, &p);
	drive_datagram(&d, 0, grease, sizeof(grease));
	n = quic_put_crypto(frames, 0, msg, half);
	send_packet(&d, &p, frames, n);
	p.dcid = other;
	p.dcid_len = sizeof(other);
	p.token_len = 90;
	n = quic_put_crypto(frames, half, msg + half, len - half);
	send_packet(&d, &p, frames, n);
	expect(&d, "discord");
	case_begin("connection id of length 0");
	begin(&d, &p);
	p.dcid_len = 0;
	n = quic_put_crypto(frames, 0, msg, len);
	send_packet(&d, &p, frames, n);
	expect(&d, "discord");
}

TEST(test_limits)
{
	struct hello h = { .name = "discord.com", .pad = 900 };
	u8 msg[HELLO_MAX], frames[DATAGRAM];
	u32 len = hello_make(msg, &h), n, i;
	struct quic_initial p;
	struct drive d;

	n = quic_put_crypto(frames, 0, msg, len);
	case_begin("no memory to decrypt in");
	begin(&d, &p);
	d.no_quic = true;
	send_packet(&d, &p, frames, n);
	case_verdict("verdict", d.verdict, NFIM_GIVEN_UP);
	drive_free(&d);
	case_begin("no blocks");
	begin(&d, &p);
	d.blocks_left = 0;
	n = quic_put_crypto(frames, 0, msg, 100);
	send_packet(&d, &p, frames, n);
	case_verdict("verdict", d.verdict, NFIM_GIVEN_UP);
	drive_free(&d);
	case_begin("more packets than are decrypted");
	begin(&d, &p);
	for (i = 0; i < NFIM_QUIC_INITIALS_MAX; i++)
		send_packet(&d, &p, frames, n);
	n = quic_put_crypto(frames, 0, msg, len);
	send_packet(&d, &p, frames, n);
	case_verdict("verdict", d.verdict, NFIM_UNDECIDED);
	for (i = 0; i < NFIM_BUDGET_DATAGRAMS; i++)
		send_packet(&d, &p, frames, n);
	case_verdict("in the end", d.verdict, NFIM_GIVEN_UP);
	drive_free(&d);
	case_begin("too short a datagram for a client's Initial");
	begin(&d, &p);
	p.frames = frames;
	p.len = len;
	n = quic_put(msg, &p);
	case_ok("short", n < DATAGRAM);
	drive_datagram(&d, 0, msg, n);
	expect(&d, NULL);
}

/* Datagrams that begin as Initial packets do, with anything behind: never a verdict. */
TEST(test_random)
{
	struct rng rng = { .state = 7 };
	u8 bytes[1500];
	struct drive d;
	u32 i, v;

	for (i = 0; i < 20000; i++) {
		struct quic_initial p;

		case_begin("random %u", i);
		rng_fill(&rng, bytes, sizeof(bytes));
		bytes[0] = 0xc0 | (bytes[0] & 0x1f);
		v = all_versions[rng_below(&rng, ARRAY_SIZE(all_versions))];
		bytes[1] = v >> 24;
		bytes[2] = (u8)(v >> 16);
		bytes[3] = (u8)(v >> 8);
		bytes[4] = (u8)v;
		if (i % 2) {
			bytes[5] = 8;
			bytes[14] = 0;
			bytes[15] = 0;
			quic_put_varint(bytes + 16, rng_below(&rng, 1400));
		}
		begin(&d, &p);
		drive_datagram(&d, 0, bytes, 1200 + rng_below(&rng, 300));
		expect(&d, NULL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_rfc_packets),
		cmocka_unit_test(test_versions),
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_retry),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_random),
	};
	int failed;

	set = sigset_shipped();
	failed = cmocka_run_group_tests_name("quic", tests, NULL, NULL);
	sigset_free(set);
	printf("# %lu cases\n", case_count());
	return failed;
}
