// SPDX-License-Identifier: GPL-2.0-only
/*
 * Carriers: every sample of every signature inside each of them, in all cuts; what is found
 * with it; and twins that are no carrier.
 */
#include "unit.h"
#include "samples.h"

#include <stdlib.h>

enum {
	WRAP_MAX	= 600,
	WORK_PACKET	= 4,
	CUTS_MAX	= 64,	/* bytes of which all pairs of cuts are tried */
};

/*
 * Bytes in front of a stream, of each direction, as C strings with their length; and how many
 * bytes of it lie in a frame of a WebSocket, if it does.
 */
struct wrap {
	const char *name;
	const char *bytes[2];
	u32 len[2];
	const char *host;
	u32 frame;
	bool full;	/* three deep */
};

#define WRAP(n, c, s, h, ...) { n, { c, s }, { sizeof(c) - 1, sizeof(s) - 1 }, h, ##__VA_ARGS__ }

#define SOCKS4_C	"\4\1\x07\x47\x0a\1\2\3user\0"
#define SOCKS4_S	"\0\x5a\0\0\0\0\0\0"
#define SOCKS4A_C	"\4\1\x13\xba\0\0\0\1u\0scs.msg.yahoo.com\0"
#define SOCKS5_C	"\5\1\0\5\1\0\3\x11scs.msg.yahoo.com\x13\xba"
#define SOCKS5_S	"\5\0\5\0\0\1\1\2\3\4\x13\xba"
#define SOCKS5_USER_C	"\5\2\0\2\1\4user\6secret\5\1\0\1\xc0\0\2\1\0\x50"
#define SOCKS5_USER_S	"\5\2\1\0\5\0\0\3\5proxy\0\x50"
#define SOCKS5_V6_C	"\5\1\0\5\1\0\4\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1\0\x50"
#define SOCKS5_V6_S	"\5\0\5\0\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"

#define CONNECT_C	"CONNECT scs.msg.yahoo.com:5050 HTTP/1.0\r\nUser-Agent: x\r\n\r\n"
#define CONNECT_S	"HTTP/1.0 200 Connection established\r\n\r\n"
#define CONNECT6_C	"\r\nCONNECT [2001:db8::1]:443 HTTP/1.1\nhost : [2001:db8::1]:443\n\n"
#define CONNECT6_S	"HTTP/1.1 200 OK\nVia: 1.1 proxy\n\n"
#define AUTH_C		"CONNECT scs.msg.yahoo.com:5050 HTTP/1.1\r\nProxy-Authorization: Basic " \
			"dTpw\r\n\r\n"
#define AUTH_S		"HTTP/1.1 407 Password\r\nContent-Length: 4\r\n\r\nYMSG"
#define AUTH_CHUNK_S	"HTTP/1.1 407 Password\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nYMSG\r\n0\r\n\r\n"
#define GET_C		"GET /a HTTP/1.1\r\nHost: www.example.org:80\r\n\r\n"
#define POST_C		"POST /b?c HTTP/1.1\r\nContent-Length: 10\r\nHost: www.example.org.\r\n\r\n" \
			"YMSG\0\x10\0\0\0\0"
#define CHUNKED_C	"POST http://www.example.org/b HTTP/1.1\r\nTransfer-encoding: Chunked\r\n" \
			"\r\n3;x=y\r\nYMS\r\n0a\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n"
#define UPGRADE_C	"GET /chat HTTP/1.1\r\nHost: www.example.org\r\nUpgrade: websocket\r\n" \
			"Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
#define UPGRADE_S	"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"

static const struct wrap wraps[] = {
	WRAP("socks4", SOCKS4_C, SOCKS4_S, "10.1.2.3"),
	WRAP("socks4a", SOCKS4A_C, SOCKS4_S, "scs.msg.yahoo.com"),
	WRAP("socks5", SOCKS5_C, SOCKS5_S, "scs.msg.yahoo.com"),
	WRAP("socks5 user", SOCKS5_USER_C, SOCKS5_USER_S, "192.0.2.1"),
	WRAP("socks5 ipv6", SOCKS5_V6_C, SOCKS5_V6_S, "2001:db8:0:0:0:0:0:1"),
	WRAP("socks5 in socks4", SOCKS4_C SOCKS5_C, SOCKS4_S SOCKS5_S, "scs.msg.yahoo.com"),
	WRAP("three deep", SOCKS5_C SOCKS4_C SOCKS5_USER_C, SOCKS5_S SOCKS4_S SOCKS5_USER_S,
	     "192.0.2.1", 0, true),
	WRAP("connect", CONNECT_C, CONNECT_S, "scs.msg.yahoo.com"),
	WRAP("connect, bare LF", CONNECT6_C, CONNECT6_S, "2001:db8::1"),
	WRAP("connect twice", CONNECT_C AUTH_C, AUTH_S CONNECT_S, "scs.msg.yahoo.com"),
	WRAP("connect twice, chunks", CONNECT_C AUTH_C, AUTH_CHUNK_S CONNECT_S,
	     "scs.msg.yahoo.com"),
	WRAP("connect after requests", GET_C POST_C CONNECT_C, AUTH_S CONNECT_S,
	     "scs.msg.yahoo.com"),
	WRAP("connect in socks5", SOCKS5_USER_C CONNECT_C, SOCKS5_USER_S CONNECT_S,
	     "scs.msg.yahoo.com"),
	WRAP("socks4a in connect in socks5", SOCKS5_USER_C CONNECT6_C SOCKS4A_C,
	     SOCKS5_USER_S CONNECT6_S SOCKS4_S, "scs.msg.yahoo.com", 0, true),
	WRAP("after requests", GET_C POST_C GET_C, "", "www.example.org"),
	WRAP("after chunks", CHUNKED_C, "", "www.example.org"),
	WRAP("websocket", UPGRADE_C, UPGRADE_S, "www.example.org", 65535),
	WRAP("websocket, many frames", UPGRADE_C, UPGRADE_S, "www.example.org", 10),
	WRAP("websocket in connect", CONNECT_C UPGRADE_C, CONNECT_S UPGRADE_S,
	     "www.example.org", 65535),
};

/* A sample inside a carrier. */
struct wrapped {
	const struct sigset *set;
	const struct nfim_sig_sample *s;
	const struct wrap *w;
	u32 dir;
	u32 len;
	u32 front;
	u8 *bytes;
	const char *rule;
	u64 work;
};

static void begin(const struct wrapped *x, struct drive *d)
{
	drive_init(d, &x->set->pack);
	/* The other side's answer may depend on the client's part. */
	if (x->dir)
		drive_at(d, 0, 0, x->w->bytes[0], x->w->len[0]);
	d->work = 0;
	d->work_max = 0;
}

static void piece(const struct wrapped *x, struct drive *d, u32 from, u32 to)
{
	if (from < to && d->verdict == NFIM_UNDECIDED)
		drive_at(d, x->dir, from, x->bytes + from, to - from);
}

static void check(const struct wrapped *x, struct drive *d, u32 times)
{
	case_verdict("verdict", d->verdict, NFIM_KNOWN);
	case_str("protocol", drive_proto(d), x->s->proto);
	case_str("rule", drive_rule(d), x->rule);
	case_ok("no anomaly", !drive_anomaly(d));
	samples_worst(samples_weigh(d, times * x->work, WORK_PACKET), "%s %s in %s, %u pieces",
		      x->s->proto, x->s->name, x->w->name, d->packets);
	drive_free(d);
}

/* Frames of @frame bytes each, after an empty ping; masked by the client. */
static u32 put_frames(u8 *to, const u8 *p, u32 len, u32 frame, bool masked)
{
	static const u8 key[4] = { 0x12, 0xff, 0, 0x5a };
	u32 n = 0, take, i;

	to[n++] = 0x89;
	to[n++] = masked << 7;
	if (masked) {
		memcpy(to + n, key, 4);
		n += 4;
	}
	for (; len; len -= take, p += take) {
		take = min(len, frame);
		to[n++] = take == len ? 0x82 : 0x02;
		to[n++] = (masked << 7) | (take < 126 ? take : 126);
		if (take >= 126) {
			to[n++] = take >> 8;
			to[n++] = take & 0xff;
		}
		if (masked) {
			memcpy(to + n, key, 4);
			n += 4;
		}
		for (i = 0; i < take; i++)
			to[n++] = p[i] ^ (masked ? key[i % 4] : 0);
	}
	return n;
}

static void wrap_free(struct wrapped *x)
{
	free(x->bytes);
}

/* The rule that a sample gives by itself. */
static u32 bare_rule(const struct sigset *set, const struct nfim_sig_sample *s)
{
	struct drive bare;
	u32 rule;

	drive_init(&bare, &set->pack);
	drive_at(&bare, s->dir == NFIM_DIR_SERVER, 0, s->bytes, s->len);
	rule = bare.rule;
	drive_free(&bare);
	return rule;
}

/* HTTP is a carrier itself: one more, and none in frames. */
static bool fits(const struct sigset *set, const struct nfim_sig_sample *s, const struct wrap *w)
{
	u32 rule = bare_rule(set, s);
	bool http = rule != NFIM_NO_RULE && set->pack.rules[rule].root == NFIM_ROOT_HTTP;

	/* Not every carrier has an answer, or shows a long sample. */
	if ((s->dir == NFIM_DIR_SERVER && !w->len[1]) || (w->frame && s->len / w->frame > 40))
		return false;
	return !http || !(w->frame || w->full);
}

/* In one piece: found, by the rule that the sample gives without. */
static void wrap_sample(const struct sigset *set, const struct nfim_sig_sample *s,
			const struct wrap *w, struct wrapped *x)
{
	u32 rule = bare_rule(set, s);
	struct drive d;

	x->set = set;
	x->s = s;
	x->w = w;
	x->dir = s->dir == NFIM_DIR_SERVER;
	x->front = w->len[x->dir];
	x->bytes = malloc(x->front + 16 * s->len + 16);
	memcpy(x->bytes, w->bytes[x->dir], x->front);
	if (w->frame) {
		x->len = x->front + put_frames(x->bytes + x->front, s->bytes, s->len, w->frame,
					       !x->dir);
	} else {
		memcpy(x->bytes + x->front, s->bytes, s->len);
		x->len = x->front + s->len;
	}
	case_begin("%s %s in %s, one piece", s->proto, s->name, w->name);
	case_bytes(x->bytes, x->len);
	x->rule = rule == NFIM_NO_RULE ? NULL :
		  nfim_pack_str(&set->pack, set->pack.rules[rule].name);
	begin(x, &d);
	piece(x, &d, 0, x->len);
	x->work = d.work;
	if (!x->dir && set->pack.rules[rule].root != NFIM_ROOT_HTTP) {
		case_eq("length of the host", d.step.host_len, strlen(w->host));
		case_mem("host", d.step.host, d.step.host_len, w->host, strlen(w->host));
	}
	check(x, &d, 1);
}

typedef void (*wrapped_fn)(const struct wrapped *x);

static void each(wrapped_fn fn)
{
	struct sample_at at = { 0 };
	struct wrapped x;
	u32 w;

	while (samples_next(&at)) {
		/* What answers something is not alone in its flow: test_pair.c. */
		if (at.s->root != NFIM_ROOT_TCP || at.s->expect != NFIM_EXPECT_RULE ||
		    at.s->before)
			continue;
		for (w = 0; w < ARRAY_SIZE(wraps); w++) {
			if (!fits(at.set, at.s, &wraps[w]))
				continue;
			wrap_sample(at.set, at.s, &wraps[w], &x);
			fn(&x);
			wrap_free(&x);
		}
	}
}

static void nothing(const struct wrapped *x)
{
	(void)x;
}

TEST(test_one_piece)
{
	each(nothing);
}

/* All samples in some carriers; in the others those of the test set. */
static bool chosen(const struct wrapped *x)
{
	return x->set == sets[1] || !strcmp(x->w->name, "socks5 user") ||
	       !strcmp(x->w->name, "connect") || !strcmp(x->w->name, "websocket");
}

static void single_cuts(const struct wrapped *x)
{
	struct drive d;
	u32 cut, order;

	if (!chosen(x))
		return;
	for (cut = 1; cut < x->len; cut++) {
		for (order = 0; order < 3; order++) {
			case_begin("%s %s in %s, cut at %u, order %u", x->s->proto, x->s->name,
				   x->w->name, cut, order);
			case_bytes(x->bytes, x->len);
			begin(x, &d);
			if (order != 1)
				piece(x, &d, 0, cut);
			if (order == 2)
				piece(x, &d, 0, cut);
			piece(x, &d, cut, x->len);
			if (order == 1)
				piece(x, &d, 0, cut);
			check(x, &d, order == 2 ? 2 : 1);
		}
	}
}

TEST(test_single_cuts)
{
	each(single_cuts);
}

static void pairs_of_cuts(const struct wrapped *x)
{
	u32 max = min_t(u32, x->len, CUTS_MAX), a, b;
	struct drive d;

	if (x->set != sets[1])
		return;
	for (a = 1; a < max; a++) {
		for (b = a + 1; b < max; b++) {
			case_begin("%s %s in %s, cut at %u and %u", x->s->proto, x->s->name,
				   x->w->name, a, b);
			case_bytes(x->bytes, x->len);
			begin(x, &d);
			d.paranoid = false;
			if ((a + b) % 2) {
				piece(x, &d, b, x->len);
				piece(x, &d, a, b);
				piece(x, &d, 0, a);
			} else {
				piece(x, &d, 0, a);
				piece(x, &d, a, b);
				piece(x, &d, b, x->len);
			}
			check(x, &d, 1);
		}
	}
}

TEST(test_pairs_of_cuts)
{
	each(pairs_of_cuts);
}

static void single_bytes(const struct wrapped *x)
{
	struct drive d;
	u32 i, reversed;

	for (reversed = 0; reversed < 2; reversed++) {
		case_begin("%s %s in %s, byte by byte%s", x->s->proto, x->s->name, x->w->name,
			   reversed ? ", reversed" : "");
		case_bytes(x->bytes, x->len);
		begin(x, &d);
		for (i = 0; i < x->len; i++)
			piece(x, &d, reversed ? x->len - 1 - i : i,
			      reversed ? x->len - i : i + 1);
		check(x, &d, 1);
	}
}

TEST(test_single_bytes)
{
	each(single_bytes);
}

/* What begins like a carrier and is none, or carries nothing that is known. */
TEST(test_twins)
{
	static const struct {
		const char *name, *hex;
		u32 dir;
	} tries[] = {
		{ "socks4: no NUL ends the user", "0401074701020304 20", 0 },
		{ "socks4: command 3", "0403074701020304 00", 0 },
		{ "socks4: port 0", "0401000001020304 00", 0 },
		{ "socks4: address 0", "0401074700000000 00", 0 },
		{ "socks4a: empty host", "0401074700000001 00 00", 0 },
		{ "socks4a: blank in the host", "0401074700000001 00 612062 00", 0 },
		{ "socks4 reply: refused", "005b000000000000", 1 },
		{ "socks5: no method", "0500 050100 01 01020304 0050", 0 },
		{ "socks5: command 4", "050100 050400 01 01020304 0050", 0 },
		{ "socks5: reserved not 0", "050100 050101 01 01020304 0050", 0 },
		{ "socks5: address type 2", "050100 050100 02 01020304 0050", 0 },
		{ "socks5: empty host", "050100 050100 03 00 0050", 0 },
		{ "socks5: association", "050100 050300 01 01020304 0050", 0 },
		{ "socks5: empty user", "050102 0100 00 050100 01 01020304 0050", 0 },
		{ "socks5 reply: no method", "05ff 050000 01 01020304 0050", 1 },
		{ "socks5 reply: refused", "0500 050100 01 01020304 0050", 1 },
		{ "socks5 reply: wrong password", "0502 0101 050000 01 01020304 0050", 1 },
		{ "four deep", "0401074701020304 00 0401074701020304 00 0401074701020304 00"
		  "0401074701020304 00", 0 },
	};
	static const u8 ymsg[] = "YMSG\0\x10\0\0\0\0\0\x57\0\0\0\0\0\0\0";
	u32 i, cut;

	for (i = 0; i < ARRAY_SIZE(tries); i++) {
		u32 len, all;
		u8 *front = hex_bytes(tries[i].hex, &len), *bytes;

		all = len + sizeof(ymsg);
		bytes = malloc(all);
		memcpy(bytes, front, len);
		memcpy(bytes + len, ymsg, sizeof(ymsg));
		for (cut = 0; cut < all; cut++) {
			struct drive d;

			case_begin("%s, cut at %u", tries[i].name, cut);
			drive_init(&d, &sets[0]->pack);
			if (cut)
				drive_at(&d, tries[i].dir, 0, bytes, cut);
			drive_at(&d, tries[i].dir, cut, bytes + cut, all - cut);
			case_verdict("verdict", d.verdict, NFIM_UNDECIDED);
			drive_free(&d);
		}
		free(front);
		free(bytes);
	}
}

#define ICQ_C	"CONNECT login.icq.com:443 HTTP/1.0\r\n\r\n"
#define JUNK	"\x99\x98\x97\x96\x95\x94\x93\x92\x91"

/* Behind a proxy is what nobody knows: then it is who the proxy was asked for (A13). */
TEST(test_targets)
{
	static const struct {
		const char *name, *says[2];
		u32 len[2];
		const char *proto;
	} tries[] = {
#define TARGET(n, c, s, p) { n, { c, s }, { sizeof(c) - 1, sizeof(s) - 1 }, p }
		TARGET("connect", ICQ_C JUNK, CONNECT_S JUNK, "oscar"),
		TARGET("connect, others", "CONNECT www.example.org:443 HTTP/1.0\r\n\r\n" JUNK,
		       CONNECT_S JUNK, NULL),
		TARGET("connect, a shared name", "CONNECT yahoo.com:443 HTTP/1.0\r\n\r\n" JUNK,
		       CONNECT_S JUNK, NULL),
		TARGET("socks4a", SOCKS4A_C JUNK, SOCKS4_S JUNK, "ymsg"),
		TARGET("socks5", SOCKS5_C JUNK, SOCKS5_S JUNK, "ymsg"),
		TARGET("socks5, an address", SOCKS5_USER_C JUNK, SOCKS5_USER_S JUNK, NULL),
		TARGET("the inner one", SOCKS5_C ICQ_C JUNK, SOCKS5_S CONNECT_S JUNK, "oscar"),
		TARGET("asked again, for others",
		       ICQ_C "CONNECT www.example.org:443 HTTP/1.0\r\n\r\n" JUNK,
		       "HTTP/1.0 403 No\r\nContent-Length: 0\r\n\r\n" CONNECT_S JUNK, NULL),
		TARGET("asked again, for an address",
		       ICQ_C "CONNECT 192.0.2.1:443 HTTP/1.0\r\n\r\n" JUNK,
		       "HTTP/1.0 403 No\r\nContent-Length: 0\r\n\r\n" CONNECT_S JUNK, NULL),
		TARGET("something known", ICQ_C "VER 1 MSNP18 CVR0\r\n", CONNECT_S JUNK, "msnp"),
		TARGET("no proxy", JUNK "login.icq.com", JUNK, NULL),
#undef TARGET
	};
	u32 i, cut;

	for (i = 0; i < ARRAY_SIZE(tries); i++) {
		for (cut = 0; cut < tries[i].len[0]; cut++) {
			struct drive d;

			case_begin("target: %s, cut at %u", tries[i].name, cut);
			drive_init(&d, &sets[0]->pack);
			if (cut)
				drive_at(&d, 0, 0, tries[i].says[0], cut);
			drive_at(&d, 0, cut, tries[i].says[0] + cut, tries[i].len[0] - cut);
			if (d.verdict == NFIM_UNDECIDED)
				drive_at(&d, 1, 0, tries[i].says[1], tries[i].len[1]);
			case_verdict("verdict", d.verdict,
				     tries[i].proto ? NFIM_KNOWN : NFIM_NONE);
			case_str("protocol", tries[i].proto ? drive_proto(&d) : NULL,
				 tries[i].proto);
			if (strcmp(tries[i].name, "something known") && tries[i].proto)
				case_eq("by name", d.flow.conf, NFIM_CONF_NAME);
			drive_free(&d);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_piece),
		cmocka_unit_test(test_single_cuts),
		cmocka_unit_test(test_pairs_of_cuts),
		cmocka_unit_test(test_single_bytes),
		cmocka_unit_test(test_twins),
		cmocka_unit_test(test_targets),
	};

	return SAMPLES_RUN("carrier", tests);
}
