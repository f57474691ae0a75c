// SPDX-License-Identifier: GPL-2.0-only
/*
 * DNS: whose host a message asks for, as a datagram and over TCP in all cuts; and what looks
 * like it.
 */
#include "unit.h"
#include "drive.h"
#include "engine/dns.h"
#include "sigset.h"

#include <linux/netfilter/nf_im.h>
#include <stdlib.h>

static struct sigset *set;

#define QUERY	"1234 0100 0001 0000 0000 0000"
#define ANSWER	"1234 8180 0001 0001 0000 0000"
#define IN_A	"0001 0001"
#define WA_NET	"08 7768617473617070 03 6e6574 00"	/* whatsapp.net */
#define G_WA	"01 67 " WA_NET
#define OPT	"00 0029 04d0 0000 0000 0000"
#define RR	"c00c 0001 0001 0000003c 0004 c0000201"

static const struct {
	const char *what, *hex, *proto;
} tries[] = {
	{ "a query", QUERY G_WA IN_A, "whatsapp" },
	{ "its answer", ANSWER G_WA IN_A RR, "whatsapp" },
	{ "with EDNS", "1234 0120 0001 0000 0000 0001" G_WA IN_A OPT, "whatsapp" },
	{ "AAAA", QUERY G_WA "001c 0001", "whatsapp" },
	{ "HTTPS", QUERY G_WA "0041 0001", "whatsapp" },
	{ "SVCB", QUERY G_WA "0040 0001", "whatsapp" },
	{ "CNAME", QUERY G_WA "0005 0001", "whatsapp" },
	{ "letters of either case", QUERY "01 47 08 5768615473415050 03 4e4574 00" IN_A,
	  "whatsapp" },
	{ "the name itself", QUERY WA_NET IN_A, "whatsapp" },
	{ "no such name", "1234 8183 0001 0000 0001 0000" G_WA IN_A, "whatsapp" },
	{ "another's", QUERY "08 74656c656772616d 03 6f7267 00" IN_A, "telegram" },
	{ "a neighbour", QUERY "0b 6e6f747768617473617070 03 6e6574 00" IN_A, NULL },
	{ "as a label of another name", QUERY G_WA "04 6576696c 00" IN_A, NULL },
	{ "a dot in a label", QUERY "0c 77686174736170702e6e6574 00" IN_A, NULL },
	{ "a dot before the last label", QUERY "0a 672e7768617473617070 03 6e6574 00" IN_A,
	  NULL },
	{ "of class A", QUERY "05 6772617068" WA_NET IN_A, NULL },
	{ "the root", QUERY "00" IN_A, NULL },
	{ "a name of an address", QUERY G_WA "000c 0001", NULL },
	{ "another class", QUERY G_WA "0001 0003", NULL },
	{ "two questions", "1234 0100 0002 0000 0000 0000" G_WA IN_A, NULL },
	{ "no question", "1234 8180 0000 0001 0000 0000" G_WA IN_A, NULL },
	{ "an update", "1234 2800 0001 0000 0000 0000" G_WA IN_A, NULL },
	{ "a query with an answer in it", "1234 0100 0001 0001 0000 0000" G_WA IN_A, NULL },
	{ "a query with a result", "1234 0103 0001 0000 0000 0000" G_WA IN_A, NULL },
	{ "a bit that must be 0", "1234 0140 0001 0000 0000 0000" G_WA IN_A, NULL },
	{ "a pointer in the question", QUERY "01 67 c00c" IN_A, NULL },
	{ "cut in the name", QUERY "01 67 08 77686174", NULL },
	{ "cut before the class", QUERY G_WA "0001 00", NULL },
	{ "a header alone", QUERY, NULL },
};

static const char *name_of(u32 proto)
{
	const struct nfim_proto *p = proto ? nfim_pack_proto(&set->pack, proto) : NULL;

	return p ? nfim_pack_str(&set->pack, p->name) : NULL;
}

TEST(test_datagrams)
{
	struct nfim_dns dns;
	u32 i, len, n;

	for (i = 0; i < ARRAY_SIZE(tries); i++) {
		u8 *bytes = hex_bytes(tries[i].hex, &len);
		struct nfim_seg seg = { .head = bytes, .head_len = len, .len = len,
					.l4 = NFIM_L4_UDP };

		case_begin("%s", tries[i].what);
		case_bytes(bytes, len);
		case_str("whose", name_of(nfim_dns_datagram(&set->pack, &seg, &dns)),
			 tries[i].proto);
		/* Less of it is never another's. */
		for (n = 1; n < len; n++) {
			u8 *part = malloc(n);

			memcpy(part, bytes, n);
			seg.head = part;
			seg.head_len = n;
			seg.len = n;
			nfim_dns_datagram(&set->pack, &seg, &dns);
			free(part);
		}
		free(bytes);
	}
}

/* A packet whose pages somebody writes to while it is read: a byte is another one next time. */
static struct {
	const u8 *bytes;
	u32 at;
	u32 reads;	/* of that byte by itself */
	u8 later;
} shifty;

static const u8 *shifty_read(const struct nfim_view *view, u32 off, u32 n, u8 *buf)
{
	(void)view;
	memcpy(buf, shifty.bytes + off, n);
	if (n == 1 && off == shifty.at && shifty.reads++)
		buf[0] = shifty.later;
	return buf;
}

TEST(test_bytes_that_change)
{
	struct nfim_view view = { .read = shifty_read, .last = true };
	struct nfim_dns dns;
	u32 len, later;
	u8 *bytes = hex_bytes(QUERY G_WA IN_A, &len);

	view.len = len;
	shifty.bytes = bytes;
	for (shifty.at = 12; shifty.at < len; shifty.at++) {
		for (later = 0; later < 256; later++) {
			case_begin("byte %u is %u when it is read again", shifty.at, later);
			shifty.later = (u8)later;
			shifty.reads = 0;
			if (nfim_dns_message(&view, 0, len, &dns) == NFIM_DNS_MESSAGE)
				case_ok("a name that fits", dns.name_len <= sizeof(dns.name));
		}
	}
	free(bytes);
}

/* The flow itself has no protocol of ours, however many such datagrams it has. */
TEST(test_flow_is_none)
{
	struct drive d;
	u32 i, len;
	u8 *bytes = hex_bytes(QUERY G_WA IN_A, &len);

	case_begin("sixteen queries");
	drive_init(&d, &set->pack);
	d.udp = true;
	d.watch = true;
	for (i = 0; i < NFIM_BUDGET_DATAGRAMS; i++)
		drive_datagram(&d, 0, bytes, len);
	case_eq("verdict", d.verdict, NFIM_NONE);
	case_eq("actions", d.actions, 0);
	drive_free(&d);
	free(bytes);
}

/* A message behind its length; returns where it ends. */
static u32 put_tcp(u8 *to, const char *hex)
{
	u32 len;
	u8 *bytes = hex_bytes(hex, &len);

	to[0] = (u8)(len >> 8);
	to[1] = (u8)len;
	memcpy(to + 2, bytes, len);
	free(bytes);
	return len + 2;
}

/* What a segment asked for, first and last of several; NULL for nothing. */
static const char *asked(const struct drive *d, u32 which)
{
	const struct nfim_lookups *l = &d->step.lookups;

	return which < l->n ? name_of(l->proto[which]) : NULL;
}

TEST(test_tcp)
{
	struct drive d;
	u8 bytes[512];
	u32 i, len;

	for (i = 0; i < ARRAY_SIZE(tries); i++) {
		u32 dir;

		len = put_tcp(bytes, tries[i].hex);
		dir = len > 4 && bytes[4] & 0x80;
		case_begin("%s, over TCP", tries[i].what);
		case_bytes(bytes, len);
		drive_init(&d, &set->pack);
		d.watch = true;
		drive_at(&d, dir, 0, bytes, len);
		case_str("whose", asked(&d, 0), tries[i].proto);
		case_str("protocol", drive_proto(&d), NULL);
		drive_free(&d);
		/* The client answers nothing, the server asks nothing. */
		drive_init(&d, &set->pack);
		d.watch = true;
		drive_at(&d, !dir, 0, bytes, len);
		case_str("from the other side", asked(&d, 0), NULL);
		drive_free(&d);
		/* Nobody wants to know. */
		drive_init(&d, &set->pack);
		drive_at(&d, dir, 0, bytes, len);
		case_str("unwatched", asked(&d, 0), NULL);
		drive_free(&d);
	}
}

/* Several messages, in one segment and cut anywhere: each is found once, where it is complete. */
TEST(test_tcp_cuts)
{
	u8 bytes[512];
	u32 len, first, second, n, cut, seen;
	struct drive d;

	first = put_tcp(bytes, QUERY "03 777777 04 74657374 00" IN_A);
	second = first + put_tcp(bytes + first, QUERY G_WA IN_A);
	len = second + put_tcp(bytes + second, QUERY "08 74656c656772616d 03 6f7267 00" IN_A);
	case_begin("three queries in one segment");
	drive_init(&d, &set->pack);
	d.watch = true;
	drive_at(&d, 0, 0, bytes, len);
	case_str("first", asked(&d, 0), "whatsapp");
	case_str("second", asked(&d, 1), "telegram");
	case_mem("host", d.step.host, d.step.host_len, "g.whatsapp.net", 14);
	drive_free(&d);
	for (cut = 1; cut < len; cut++) {
		case_begin("segments of %u bytes", cut);
		drive_init(&d, &set->pack);
		d.watch = true;
		for (seen = 0, n = 0; n < len; n += cut) {
			drive_at(&d, 0, n, bytes + n, min(cut, len - n));
			case_eq("whatsapp's", asked(&d, 0) &&
				!strcmp(asked(&d, 0), "whatsapp"),
				n < second && n + cut >= second);
			seen += d.step.lookups.n;
		}
		case_eq("look-ups", seen, 2);
		case_eq("still read", d.verdict, NFIM_UNDECIDED);
		drive_free(&d);
	}
}

/* What a server of DNS or a proxy of SOCKS says begins with 0 alike. */
TEST(test_socks_beside)
{
	static const u8 granted[] = "\0\x5a\0\0\0\0\0\0YMSG\0\x0c\0\0\0\0\0\x57\0\0\0\0\0\0\0\0";
	struct drive d;
	u32 n;

	for (n = 1; n < sizeof(granted); n++) {
		case_begin("granted, cut after %u", n);
		drive_init(&d, &set->pack);
		d.watch = true;
		drive_at(&d, 1, 0, granted, n);
		if (n < sizeof(granted) - 1)
			drive_at(&d, 1, n, granted + n, sizeof(granted) - 1 - n);
		case_str("protocol", drive_proto(&d), "ymsg");
		drive_free(&d);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_datagrams),
		cmocka_unit_test(test_bytes_that_change),
		cmocka_unit_test(test_flow_is_none),
		cmocka_unit_test(test_tcp),
		cmocka_unit_test(test_tcp_cuts),
		cmocka_unit_test(test_socks_beside),
	};
	int failed;

	set = sigset_shipped();
	failed = cmocka_run_group_tests_name("dns", tests, NULL, NULL);
	sigset_free(set);
	printf("# %lu cases\n", case_count());
	return failed;
}
