// SPDX-License-Identifier: GPL-2.0-only
/*
 * ClientHellos of TLS: what is read out of them, in all cuts into records and segments, and
 * whose host names decide.
 */
#include "unit.h"
#include "drive.h"
#include "engine/carrier.h"
#include "engine/tls.h"
#include "hello.h"
#include "sigset.h"

#include <stdlib.h>

static struct sigset *set;

static const struct hello plain = { .name = "web.whatsapp.com", .alpn = "h2" };

static const u8 *view_read(const struct nfim_view *view, u32 off, u32 n, u8 *buf)
{
	(void)view;
	(void)off;
	(void)n;
	(void)buf;
	return NULL;
}

static enum nfim_tls_result parse(const u8 *bytes, u32 len, struct nfim_tls_hello *out)
{
	/* A piece of memory of exactly that size, for the sanitizer. */
	u8 *copy = malloc(len ? len : 1);
	struct nfim_view view = { .head = copy, .head_len = len, .len = len, .read = view_read };
	enum nfim_tls_result res;

	memcpy(copy, bytes, len);
	res = nfim_tls_records(&view, 0, out);
	free(copy);
	return res;
}

TEST(test_fields)
{
	static const struct {
		struct hello h;
		const char *name;
	} tries[] = {
		{ { .name = "WEB.WhatsApp.com", .alpn = "h2" }, "WEB.WhatsApp.com" },
		{ { .name = "web.whatsapp.com." }, "web.whatsapp.com" },
		{ { .name = "" }, "" },
		{ { .name = NULL, .ech = true }, "" },
		{ { .name = "cover.example", .ech = true, .alpn = "http/1.1" }, "cover.example" },
		{ { .name = "192.0.2.1", .pad = 3000 }, "192.0.2.1" },
	};
	u8 msg[HELLO_MAX], bytes[HELLO_MAX];
	struct nfim_tls_hello out;
	u32 i, len;

	for (i = 0; i < ARRAY_SIZE(tries); i++) {
		case_begin("hello %u", i);
		len = hello_make(msg, &tries[i].h);
		len = hello_records(bytes, msg, len, NULL, 0);
		case_eq("result", parse(bytes, len, &out), NFIM_TLS_HELLO);
		case_mem("name", out.name, out.name_len, tries[i].name, strlen(tries[i].name));
		case_eq("alpn", out.alpn_len, tries[i].h.alpn ? strlen(tries[i].h.alpn) : 0);
		case_eq("ech", out.ech, tries[i].h.ech);
		case_eq("end", out.end, len);
	}
}

/* Appendix G: the same hello in one record, and in records of 20 bytes; and not TLS. */
TEST(test_vectors)
{
	static const struct {
		const char *what, *hex, *name;
		enum nfim_tls_result res;
		bool sslv2;
	} tries[] = {
		{ "one record", "160301004801000044030352525252525252525252525252525252525252525252525252525252525252520000021301010000190000001500130000107765622e74656c656772616d2e6f7267",
		  "web.telegram.org", NFIM_TLS_HELLO },
		{ "20-byte records", "16030100140100004403035252525252525252525252525252160301001452525252525252525252525252525252525200001603010014021301010000190000001500130000107765622e160301000c74656c656772616d2e6f7267",
		  "web.telegram.org", NFIM_TLS_HELLO },
		{ "mmtls", "16f103006a", "", NFIM_TLS_NO },
		{ "server hello", "160303004a02", "", NFIM_TLS_NO },
		{ "empty record", "1603010000", "", NFIM_TLS_NO },
		{ "record too long", "1603014001", "", NFIM_TLS_NO },
		{ "alert between", "160301000101 1503010002", "", NFIM_TLS_NO },
		{ "ssl 2", "802e 01 0301 0015 0000 0010 000004 000005 00000a 000009 000064 000062 000003 0102030405060708090a0b0c0d0e0f10",
		  "", NFIM_TLS_HELLO, true },
		{ "ssl 2, wrong length", "802f 01 0301 0015 0000 0010", "", NFIM_TLS_NO },
		{ "sametime keep-alive", "80 00 00 00 1a", "", NFIM_TLS_NO },
	};
	struct nfim_tls_hello out;
	u32 i, len;

	for (i = 0; i < ARRAY_SIZE(tries); i++) {
		u8 *bytes = hex_bytes(tries[i].hex, &len);

		case_begin("%s", tries[i].what);
		case_bytes(bytes, len);
		case_eq("result", parse(bytes, len, &out), tries[i].res);
		if (tries[i].res == NFIM_TLS_HELLO)
			case_mem("name", out.name, out.name_len, tries[i].name,
				 strlen(tries[i].name));
		case_eq("ssl 2", out.sslv2, tries[i].sslv2);
		free(bytes);
	}
}

/* However little is there: "more", wanting more than that and no more than there is to come. */
TEST(test_prefixes)
{
	static const u32 cuts[] = { 3, 4, 40, 41, 60 };
	u8 msg[HELLO_MAX], bytes[HELLO_MAX];
	struct nfim_tls_hello out;
	u32 len, n;

	len = hello_make(msg, &plain);
	len = hello_records(bytes, msg, len, cuts, ARRAY_SIZE(cuts));
	for (n = 0; n < len; n++) {
		case_begin("%u of %u bytes", n, len);
		case_eq("result", parse(bytes, n, &out), NFIM_TLS_MORE);
		case_ok("needs more", out.need > n);
		case_ok("not more than there is", out.need <= len);
	}
}

/* One bit wrong anywhere never makes it read beyond the end, and no other name appears. */
TEST(test_bits)
{
	u8 msg[HELLO_MAX], bytes[HELLO_MAX];
	struct nfim_tls_hello out;
	u32 len, i;

	len = hello_make(msg, &plain);
	len = hello_records(bytes, msg, len, NULL, 0);
	for (i = 0; i < len * 8; i++) {
		case_begin("bit %u", i);
		bytes[i / 8] ^= 1 << i % 8;
		parse(bytes, len, &out);
		bytes[i / 8] ^= 1 << i % 8;
	}
}

static void expect(struct drive *d, const char *proto)
{
	if (proto) {
		case_verdict("verdict", d->verdict, NFIM_KNOWN);
		case_str("protocol", drive_proto(d), proto);
		case_eq("confidence", d->flow.conf, NFIM_CONF_NAME);
	} else {
		case_ok("no verdict", d->verdict != NFIM_KNOWN);
	}
	drive_free(d);
}

TEST(test_names)
{
	static const struct {
		const char *host, *proto;
	} tries[] = {
		{ "web.whatsapp.com", "whatsapp" }, { "whatsapp.com", "whatsapp" },
		{ "MMG.WHATSAPP.NET", "whatsapp" }, { "e1.whatsapp.net.", "whatsapp" },
		{ "notwhatsapp.com", NULL }, { "whatsapp.com.evil.example", NULL },
		{ "whatsapp.co", NULL }, { "graph.whatsapp.com", NULL },
		{ "a.graph.whatsapp.com", NULL }, { "com", NULL }, { ".", NULL },
		{ "line.me", "line" }, { "online.me", NULL },
		{ "t.me", "telegram" }, { "at.me", NULL }, { "telegra.ph", NULL },
		{ "weixin.qq.com", "wechat" }, { "work.weixin.qq.com", "wecom" },
		{ "qq.com", NULL }, { "im.qq.com", "qq" },
		{ "notdiscord.com", NULL }, { "slack.com.evil.example", NULL },
		{ "teams.microsoft.com", "teams" }, { "microsoft.com", NULL },
		{ "facebook.com", NULL }, { "edge-mqtt.facebook.com", "messenger" },
		{ "a.b.c.d.e.f.g.h.i.j.k.signal.org", "signal" },
		{ "alpn:xmpp-client", NULL }, { "..whatsapp.com", "whatsapp" },
	};
	u8 msg[HELLO_MAX], bytes[HELLO_MAX];
	u32 i, len;

	for (i = 0; i < ARRAY_SIZE(tries); i++) {
		struct hello h = { .name = tries[i].host };
		struct drive d;

		case_begin("%s", tries[i].host);
		len = hello_make(msg, &h);
		len = hello_records(bytes, msg, len, NULL, 0);
		drive_init(&d, &set->pack);
		drive_at(&d, 0, 0, bytes, len);
		expect(&d, tries[i].proto);
	}
}

TEST(test_alpn)
{
	static const struct {
		const char *alpn, *proto;
	} tries[] = {
		{ "xmpp-client", "xmpp" }, { "xmpp-clients", NULL }, { "h2", NULL },
	};
	u8 msg[HELLO_MAX], bytes[HELLO_MAX];
	u32 i, len;

	for (i = 0; i < ARRAY_SIZE(tries); i++) {
		struct hello h = { .name = "chat.example.org", .alpn = tries[i].alpn };
		struct drive d;

		case_begin("%s", tries[i].alpn);
		len = hello_make(msg, &h);
		len = hello_records(bytes, msg, len, NULL, 0);
		drive_init(&d, &set->pack);
		drive_at(&d, 0, 0, bytes, len);
		expect(&d, tries[i].proto);
	}
}

/* Segments [0, a), [a, b), [b, len) in the order @order says. */
static void three(const u8 *bytes, u32 len, u32 a, u32 b, const u32 *order, const char *proto)
{
	const u32 at[4] = { 0, a, b, len };
	struct drive d;
	u32 i;

	drive_init(&d, &set->pack);
	for (i = 0; i < 3; i++)
		if (at[order[i]] < at[order[i] + 1])
			drive_at(&d, 0, at[order[i]], bytes + at[order[i]],
				 at[order[i] + 1] - at[order[i]]);
	expect(&d, proto);
}

/* A post-quantum sized hello, the name at its end: all single cuts, either order. */
TEST(test_segments)
{
	static const u32 orders[][3] = { { 0, 1, 2 }, { 2, 1, 0 }, { 1, 0, 2 } };
	struct hello hellos[] = {
		{ .name = "chat.signal.org", .pad = 1700 },
		{ .name = "chat.signal.org.example", .pad = 1700 },
	};
	u8 msg[HELLO_MAX], bytes[HELLO_MAX];
	u32 i, k, len, cut;

	for (i = 0; i < ARRAY_SIZE(hellos); i++) {
		len = hello_make(msg, &hellos[i]);
		len = hello_records(bytes, msg, len, NULL, 0);
		for (cut = 1; cut < len; cut++)
			for (k = 0; k < ARRAY_SIZE(orders); k++) {
				case_begin("hello %u, cut at %u, order %u", i, cut, k);
				three(bytes, len, cut, cut + (len - cut) / 2, orders[k],
				      i ? NULL : "signal");
			}
	}
}

TEST(test_pairs_of_segments)
{
	static const u32 orders[][3] = { { 0, 1, 2 }, { 2, 1, 0 }, { 2, 0, 1 } };
	struct hello h = { .name = "t.me" };
	u8 msg[HELLO_MAX], bytes[HELLO_MAX];
	u32 k, len, a, b;

	len = hello_make(msg, &h);
	len = hello_records(bytes, msg, len, NULL, 0);
	for (a = 1; a < len; a++)
		for (b = a; b < len; b++)
			for (k = 0; k < ARRAY_SIZE(orders); k++) {
				case_begin("cut at %u and %u, order %u", a, b, k);
				three(bytes, len, a, b, orders[k], "telegram");
			}
}

/* All pairs of cuts into records; and records of one byte each in segments of one byte. */
TEST(test_records)
{
	struct hello h = { .name = "t.me" };
	u8 msg[HELLO_MAX], bytes[HELLO_MAX];
	u32 n = hello_make(msg, &h), len, i, cuts[HELLO_MAX];
	struct drive d;

	for (cuts[0] = 1; cuts[0] < n; cuts[0]++)
		for (cuts[1] = cuts[0] + 1; cuts[1] <= n; cuts[1]++) {
			case_begin("records end at %u and %u", cuts[0], cuts[1]);
			len = hello_records(bytes, msg, n, cuts, cuts[1] < n ? 2 : 1);
			drive_init(&d, &set->pack);
			drive_at(&d, 0, 0, bytes, len / 2);
			drive_at(&d, 0, len / 2, bytes + len / 2, len - len / 2);
			expect(&d, "telegram");
		}
	for (i = 1; i < n; i++)
		cuts[i - 1] = i;
	len = hello_records(bytes, msg, n, cuts, n - 1);
	case_begin("records of one byte");
	drive_init(&d, &set->pack);
	for (i = 0; i < len; i++)
		drive_at(&d, 0, i, bytes + i, 1);
	expect(&d, "telegram");
}

/*
 * A hello that has @total bytes, or up to 5 more, with its records of @record bytes each, 0 for
 * one. A byte more of padding is up to 6 more of records.
 */
static u32 long_hello(u8 *bytes, const char *name, u32 total, u32 record)
{
	u8 msg[HELLO_MAX];
	u32 cuts[HELLO_MAX], len = 0, n, i, pad;

	for (pad = 1; len < total; pad += (total - len + 5) / 6) {
		struct hello h = { .name = name, .pad = pad };
		u32 msg_len = hello_make(msg, &h);

		for (n = 0, i = record; record && i < msg_len; i += record)
			cuts[n++] = i;
		len = hello_records(bytes, msg, msg_len, cuts, n);
	}
	return len;
}

static void in_segments(struct drive *d, const u8 *bytes, u32 len, u32 size, bool backwards)
{
	u32 n = (len + size - 1) / size, i, at;

	drive_init(d, &set->pack);
	for (i = 0; i < n && !d->flow.done; i++) {
		at = (backwards ? n - 1 - i : i) * size;
		drive_at(d, 0, at, bytes + at, min(size, len - at));
	}
}

/* As long as a direction is read: the name is the last of it, and every byte is needed. */
/* SSL 2.0's hello (RFC 5246 appendix E.2) is waited for up to its lengths, and has no name. */
TEST(test_sslv2)
{
	static const struct {
		const char *what, *hex;
		u32 dir, waits;		/* bytes after which no more is wanted */
	} tries[] = {
		{ "its hello", "802e 01 0301 0015 0000 0010 000004 000005", 0, 11 },
		{ "a long one", "8129 01 0301 0110 0000 0010 000004 000005", 0, 11 },
		{ "another version", "802e 01 0401 0015 0000 0010 000004 000005", 0, 11 },
		{ "another message", "802e 04 0301 0015 0000 0010 000004 000005", 0, 3 },
		{ "from a server", "802e 01 0301 0015 0000 0010 000004 000005", 1, 1 },
		{ "longer than any", "a02e 01 0301 0015 0000 0010 000004 000005", 0, 1 },
	};
	u32 i, n, len;

	for (i = 0; i < ARRAY_SIZE(tries); i++) {
		u8 *bytes = hex_bytes(tries[i].hex, &len);
		struct drive d;

		drive_init(&d, &set->pack);
		for (n = 0; n < len; n++) {
			case_begin("%s, %u bytes", tries[i].what, n + 1);
			drive_at(&d, tries[i].dir, n, bytes + n, 1);
			case_eq("waits", d.flow.dir[tries[i].dir].carrier == NFIM_CARRIER_TLS,
				n + 1 < tries[i].waits);
			case_ok("not known", d.verdict != NFIM_KNOWN);
		}
		case_eq("no host", d.step.host_len, 0);
		drive_free(&d);
		free(bytes);
	}
}

TEST(test_long)
{
	static const u32 totals[] = { 4000, 4095, 4096, 4097, 9000, 16000, 16383, 16384 };
	static const u32 sizes[] = { 100, 536, 1460, HELLO_MAX };
	static const char *const names[] = { "chat.signal.org", "chat.signal.ork" };
	u8 bytes[HELLO_MAX];
	u32 i, k, m, len;

	for (i = 0; i < ARRAY_SIZE(totals) * 2; i++) {
		len = long_hello(bytes, names[i % 2], totals[i / 2], i % 4 < 2 ? 0 : 300);
		for (k = 0; k < ARRAY_SIZE(sizes); k++)
			for (m = 0; m < 2; m++) {
				struct drive d;

				case_begin("%u bytes, segments of %u, %s", len, sizes[k],
					   m ? "the last first" : "in order");
				in_segments(&d, bytes, len, sizes[k], m);
				case_ok("blocks", d.blocks_peak <= NFIM_BUDGET_BYTES / NFIM_BLOCK
					+ 2);
				case_ok("work", d.work < 60000);
				expect(&d, i % 2 ? NULL : "signal");
			}
	}
}

/* Longer, or in so many records that it would be too much work: nobody says that it is none. */
TEST(test_too_long)
{
	static const struct {
		u32 total, record;
		enum nfim_verdict verdict;
	} tries[] = {
		{ 16385, 0, NFIM_GIVEN_UP }, { 16400, 9000, NFIM_GIVEN_UP },
		{ 16384, 140, NFIM_KNOWN }, { 16384, 120, NFIM_GIVEN_UP },
		{ 3000, 1, NFIM_KNOWN }, { 4000, 1, NFIM_GIVEN_UP },
	};
	static const u32 sizes[] = { 1000, HELLO_MAX };
	u8 bytes[HELLO_MAX];
	u32 i, k, len;

	for (i = 0; i < ARRAY_SIZE(tries); i++) {
		len = long_hello(bytes, "chat.signal.org", tries[i].total, tries[i].record);
		for (k = 0; k < ARRAY_SIZE(sizes); k++) {
			struct drive d;

			case_begin("%u bytes, records of %u, segments of %u", len,
				   tries[i].record, sizes[k]);
			in_segments(&d, bytes, len, sizes[k], false);
			case_eq("verdict", d.verdict, tries[i].verdict);
			drive_free(&d);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_prefixes),
		cmocka_unit_test(test_bits),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_alpn),
		cmocka_unit_test(test_segments),
		cmocka_unit_test(test_pairs_of_segments),
		cmocka_unit_test(test_records),
		cmocka_unit_test(test_sslv2),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_too_long),
	};
	int failed;

	set = sigset_shipped();
	failed = cmocka_run_group_tests_name("tls", tests, NULL, NULL);
	sigset_free(set);
	printf("# %lu cases\n", case_count());
	return failed;
}
