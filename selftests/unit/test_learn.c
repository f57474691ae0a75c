// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names and addresses: what a resolver's answer tells, hostile ones among them; places that more
 * than one name has; and the flows that a name helps, or must not.
 */
#include "unit.h"
#include "drive.h"
#include "engine/dns.h"
#include "sigset.h"

#include <stdlib.h>

static struct sigset *set;

#define QUERY	"1234 0100 0001 0000 0000 0000"
#define HEAD(n)	"1234 8180 0001 " n " 0000 0000"
#define IN_A	"0001 0001"
#define WA_NET	"08 7768617473617070 03 6e6574 00"	/* whatsapp.net at 14 */
#define G_WA	"01 67 " WA_NET				/* g.whatsapp.net at 12 */
#define X_TEST	"04 74657374 00"
#define GRAPH_WA "05 6772617068 08 7768617473617070 03 636f6d 00" /* graph.whatsapp.com, class A */
#define A(owner, addr)	owner "0001 0001 0000003c 0004" addr
#define AAAA(owner, addr) owner "001c 0001 0000003c 0010" addr
#define CNAME(owner, len, to) owner "0005 0001 0000003c" len to
#define ONE	"c0000201"
#define TWO	"c0000202"
#define SIX	"20010db8000000000000000000000001"
#define OWN	"c00c"

/* Of answers: whose, and the last bytes of the addresses that are told. */
static const struct {
	const char *what, *hex, *proto, *last;
	bool lost;
} answers[] = {
	{ "an address", HEAD("0001") G_WA IN_A A(OWN, ONE), "whatsapp", "\1" },
	{ "two", HEAD("0002") G_WA IN_A A(OWN, ONE) A(OWN, TWO), "whatsapp", "\1\2" },
	{ "of IPv6", HEAD("0001") G_WA "001c0001" AAAA(OWN, SIX), "whatsapp", "\1" },
	{ "the owner written out", HEAD("0001") G_WA IN_A A(G_WA, ONE), "whatsapp", "\1" },
	{ "in other letters", HEAD("0001") G_WA IN_A A("0147 c00e", ONE), "whatsapp", "\1" },
	{ "nobody's name", HEAD("0001") X_TEST IN_A A(OWN, ONE), NULL, "\1" },
	{ "of class A", HEAD("0001") GRAPH_WA IN_A A(OWN, ONE), NULL, "\1" },
	/* g.whatsapp.net, 32 bytes: its CNAME's data is at 44. */
	{ "a chain", HEAD("0002") G_WA IN_A CNAME(OWN, "0006", X_TEST) A("c02c", ONE), "whatsapp",
	  "\1" },
	{ "a chain to a name that points", HEAD("0002") G_WA IN_A
	  CNAME(OWN, "0004", "01 78 c00e") A("c02c", ONE), "whatsapp", "\1" },
	{ "behind the chain the question's name is none any more",
	  HEAD("0002") G_WA IN_A CNAME(OWN, "0006", X_TEST) A(OWN, ONE), "whatsapp", "" },
	{ "another owner", HEAD("0002") G_WA IN_A A(X_TEST, ONE) A(OWN, TWO), "whatsapp", "\2" },
	{ "the domain as owner", HEAD("0001") G_WA IN_A A("c00e", ONE), "whatsapp", "" },
	{ "a label too many", HEAD("0001") G_WA IN_A A("0178 c00c", ONE), "whatsapp", "" },
	{ "another class", HEAD("0001") G_WA IN_A OWN "0001 0003 0000003c 0004" ONE, "whatsapp",
	  "" },
	{ "a record of another type", HEAD("0002") G_WA IN_A OWN "0010 0001 0000003c 0002 0178"
	  A(OWN, ONE), "whatsapp", "\1" },
	{ "an address of a wrong length", HEAD("0001") G_WA IN_A
	  OWN "0001 0001 0000003c 0005 c000020100", "whatsapp", "" },
	{ "none", HEAD("0000") G_WA IN_A, "whatsapp", "" },
	{ "no such name", "1234 8183 0001 0001 0000 0000" G_WA IN_A A(OWN, ONE), NULL, "" },
	{ "more records than are there", HEAD("0003") G_WA IN_A A(OWN, ONE) A(OWN, TWO),
	  "whatsapp", "\1\2", true },
	{ "65,535 records", HEAD("ffff") G_WA IN_A A(OWN, ONE), "whatsapp", "\1", true },
	{ "cut in the address", HEAD("0001") G_WA IN_A OWN "0001 0001 0000003c 0004 c00002",
	  "whatsapp", "", true },
	{ "cut in the record", HEAD("0001") G_WA IN_A OWN "0001 0001", "whatsapp", "", true },
	{ "data longer than the message", HEAD("0002") G_WA IN_A
	  OWN "0010 0001 0000003c ffff" A(OWN, ONE), "whatsapp", "", true },
	{ "a pointer at itself", HEAD("0002") G_WA IN_A A("c020", ONE) A(OWN, TWO), "whatsapp",
	  "", true },
	{ "a pointer ahead", HEAD("0001") G_WA IN_A A("c0ff", ONE), "whatsapp", "", true },
	{ "a pointer into the header", HEAD("0001") G_WA IN_A A("c004", ONE), "whatsapp", "",
	  true },
	{ "a label of a type that is none", HEAD("0001") G_WA IN_A A("41 c00c", ONE), "whatsapp",
	  "", true },
	{ "a chain that leads to itself", HEAD("0003") G_WA IN_A CNAME(OWN, "0002", "c00c")
	  CNAME(OWN, "0002", "c00c") A(OWN, ONE), "whatsapp", "\1" },
	{ "a chain to no name", HEAD("0002") G_WA IN_A CNAME(OWN, "0002", "c0ff") A(OWN, ONE),
	  "whatsapp", "" },
	{ "a chain to the root", HEAD("0002") G_WA IN_A CNAME(OWN, "0001", "00") A("00", ONE),
	  "whatsapp", "" },
	{ "0.0.0.0, 127.0.0.1, 224.0.0.1", HEAD("0004") G_WA IN_A A(OWN, "00000000")
	  A(OWN, "7f000001") A(OWN, "e0000001") A(OWN, TWO), "whatsapp", "\2" },
	{ "::1, fe80::1", HEAD("0002") G_WA IN_A
	  AAAA(OWN, "00000000000000000000000000000001")
	  AAAA(OWN, "fe800000000000000000000000000001"), "whatsapp", "" },
};

static const char *name_of(u32 proto)
{
	const struct nfim_proto *p = proto ? nfim_pack_proto(&set->pack, proto) : NULL;

	return p ? nfim_pack_str(&set->pack, p->name) : NULL;
}

static u32 proto_of(const char *name)
{
	u32 i;

	for (i = 1; i < NFIM_PROTO_MAX; i++)
		if (name_of(i) && !strcmp(name_of(i), name))
			return i;
	case_fail("no protocol %s", name);
	return 0;
}

static void resolver(struct drive *d, bool udp)
{
	drive_init(d, &set->pack);
	d->udp = udp;
	d->learn = true;
}

/* The same question, as the client asks it. */
static u8 *question_of(const u8 *answer, u32 *len)
{
	u32 end = 12;
	u8 *q;

	while (answer[end])
		end += 1 + answer[end];
	*len = end + 5;
	q = malloc(*len);
	memcpy(q, answer, *len);
	memcpy(q + 2, "\1\0\0\1\0\0\0\0\0\0", 10);
	return q;
}

static void check_told(const struct nfim_told *told, u32 i)
{
	u8 last[NFIM_TOLD_MAX];
	u32 k;

	for (k = 0; k < told->n; k++) {
		last[k] = told->at[k].addr[told->at[k].v6 ? 15 : 3];
		case_str("whose", name_of(told->at[k].proto), answers[i].proto);
	}
	case_mem("the addresses", last, told->n, answers[i].last, strlen(answers[i].last));
	case_eq("records are missing", told->lost, answers[i].lost);
}

TEST(test_answers)
{
	struct drive d;
	u32 i, len, qlen, n;

	for (i = 0; i < ARRAY_SIZE(answers); i++) {
		u8 *a = hex_bytes(answers[i].hex, &len), *q = question_of(a, &qlen);

		case_begin("%s", answers[i].what);
		case_bytes(a, len);
		resolver(&d, true);
		drive_datagram(&d, 0, q, qlen);
		case_eq("a question tells nothing", d.step.told.n, 0);
		drive_datagram(&d, 1, a, len);
		check_told(&d.step.told, i);
		case_ok("bounded work", d.work_max < 1000);
		drive_free(&d);
		/* From less of it nothing else. */
		for (n = 1; n < len; n++) {
			resolver(&d, true);
			drive_datagram(&d, 0, q, qlen);
			drive_datagram(&d, 1, a, n);
			case_ok("no more than all tells",
				d.step.told.n <= strlen(answers[i].last));
			drive_free(&d);
		}
		free(a);
		free(q);
	}
}

/* Who has evil.com found a name in it that an unkeyed hash does not tell from WhatsApp's. */
TEST(test_forged)
{
	u32 alen, qlen, olen;
	u8 *a = hex_bytes(HEAD("0001") "06 713862617172" WA_NET IN_A A(OWN, ONE), &alen);
	u8 *o = hex_bytes(HEAD("0001") "02 7230 04 6576696c 03 636f6d 00" IN_A A(OWN, ONE), &olen);
	u8 *q = question_of(o, &qlen);
	struct drive d;

	case_begin("two names of one hash");
	resolver(&d, true);
	drive_datagram(&d, 0, q, qlen);
	drive_datagram(&d, 1, a, alen);
	case_eq("told", d.step.told.n, 0);
	drive_datagram(&d, 1, o, olen);
	case_eq("told by the answer", d.step.told.n, 1);
	case_ok("which was asked for", d.step.told.asked);
	drive_free(&d);
	free(a);
	free(o);
	free(q);
}

/* An answer counts once, on the flow that asked, from the side that was asked. */
TEST(test_asked)
{
	u32 alen, qlen, i;
	u8 *a = hex_bytes(HEAD("0001") G_WA IN_A A(OWN, ONE), &alen);
	u8 *q = question_of(a, &qlen);
	struct drive d;

	case_begin("an answer that nobody asked for");
	resolver(&d, true);
	drive_datagram(&d, 1, a, alen);
	case_eq("told", d.step.told.n, 0);
	drive_datagram(&d, 0, a, alen);
	case_eq("told by the client", d.step.told.n, 0);
	drive_free(&d);

	case_begin("another id");
	resolver(&d, true);
	drive_datagram(&d, 0, q, qlen);
	a[1] ^= 1;
	drive_datagram(&d, 1, a, alen);
	case_eq("told", d.step.told.n, 0);
	a[1] ^= 1;
	drive_datagram(&d, 1, a, alen);
	case_eq("told by the right one", d.step.told.n, 1);
	drive_datagram(&d, 1, a, alen);
	case_eq("told once more", d.step.told.n, 0);
	drive_free(&d);

	case_begin("another name");
	resolver(&d, true);
	q[13] = 'h';
	drive_datagram(&d, 0, q, qlen);
	q[13] = 'g';
	drive_datagram(&d, 1, a, alen);
	case_eq("told", d.step.told.n, 0);
	drive_free(&d);

	case_begin("nobody wants to learn");
	resolver(&d, true);
	d.learn = false;
	drive_datagram(&d, 0, q, qlen);
	drive_datagram(&d, 1, a, alen);
	case_eq("told", d.step.told.n, 0);
	drive_free(&d);

	for (i = 1; i < 6; i++) {
		u32 n;

		case_begin("%u questions before", i);
		resolver(&d, true);
		drive_datagram(&d, 0, q, qlen);
		for (n = 0; n < i; n++) {
			q[0] = (u8)n;
			drive_datagram(&d, 0, q, qlen);
		}
		q[0] = 0x12;
		drive_datagram(&d, 1, a, alen);
		case_eq("told, if it is one of the last four", d.step.told.n, i < 4);
		drive_free(&d);
	}
	free(a);
	free(q);
}

TEST(test_many)
{
	static const char rr[] = "\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2";
	u32 len, qlen, i;
	u8 *a = hex_bytes(HEAD("0028") G_WA IN_A, &len), *q = question_of(a, &qlen);
	u8 bytes[1024];
	struct drive d;

	case_begin("forty addresses");
	memcpy(bytes, a, len);
	for (i = 0; i < 40; i++) {
		memcpy(bytes + len, rr, 15);
		bytes[len + 15] = (u8)(1 + i);
		len += 16;
	}
	resolver(&d, true);
	drive_datagram(&d, 0, q, qlen);
	drive_datagram(&d, 1, bytes, len);
	case_eq("told", d.step.told.n, NFIM_TOLD_MAX);
	case_ok("and said", d.step.told.lost);
	drive_free(&d);
	free(a);
	free(q);
}

/* In all cuts, once; longer ones than are read pass by. */
TEST(test_tcp)
{
	u32 alen, qlen, cut, n, told;
	u8 *a = hex_bytes("0000" HEAD("0001") G_WA IN_A A(OWN, ONE), &alen);
	u8 *q = question_of(a + 2, &qlen), pre[600];
	struct drive d;

	a[1] = (u8)(alen - 2);
	memcpy(pre + 2, q, qlen);
	pre[0] = 0;
	pre[1] = (u8)qlen;
	for (cut = 1; cut <= alen; cut++) {
		case_begin("segments of %u bytes", cut);
		resolver(&d, false);
		drive_at(&d, 0, 0, pre, qlen + 2);
		case_eq("look-ups are for who watches", d.step.lookups.n, 0);
		for (told = 0, n = 0; n < alen; n += cut) {
			drive_at(&d, 1, n, a + n, min(cut, alen - n));
			told += d.step.told.n;
			case_ok("helps nobody", !d.step.told.asked);
		}
		case_eq("told", told, 1);
		case_str("whose", name_of(d.step.told.at[0].proto), "whatsapp");
		drive_free(&d);
	}
	free(a);
	free(q);
}

TEST(test_places)
{
	u32 p;

	case_begin("a name");
	p = nfim_place_say(0, 100, 7);
	case_ok("holds", nfim_place_holds(p, 100, 7));
	case_ok("for a minute", nfim_place_holds(p, 160, 7));
	case_ok("and no longer", !nfim_place_holds(p, 161, 7));
	case_ok("not for another", !nfim_place_holds(p, 100, 8));
	case_ok("nothing holds before", !nfim_place_holds(0, 0, 0) && !nfim_place_holds(0, 0, 7));
	p = nfim_place_say(p, 150, 7);
	case_ok("once more", nfim_place_holds(p, 210, 7));

	case_begin("two protocols");
	p = nfim_place_say(p, 160, 8);
	case_ok("neither", !nfim_place_holds(p, 160, 7) && !nfim_place_holds(p, 160, 8));
	p = nfim_place_say(p, 170, 8);
	case_ok("nor later", !nfim_place_holds(p, 170, 8));
	p = nfim_place_say(p, 461, 7);
	case_ok("the first one five minutes after the other's last", !nfim_place_holds(p, 461, 7));
	p = nfim_place_say(p, 761, 7);
	case_ok("until it was alone for five minutes", !nfim_place_holds(p, 761, 7));
	case_ok("and then it does", nfim_place_holds(nfim_place_say(p, 762, 7), 762, 7));

	case_begin("a name of nobody's, before and after");
	p = nfim_place_say(0, 65500, 0);
	p = nfim_place_say(p, 65530, 7);
	case_ok("forbids it", !nfim_place_holds(p, 65530, 7));
	p = nfim_place_say(nfim_place_say(0, 65500, 7), 65535, 0);
	case_ok("over the clock's end", !nfim_place_holds(p, 10, 7));

	case_begin("another one's, longer ago than it helps");
	p = nfim_place_say(nfim_place_say(0, 65500, 8), 65561 - 65536, 7);
	case_ok("forbids it", !nfim_place_holds(p, 25, 7) && !nfim_place_same(p, 7));
	p = nfim_place_say(nfim_place_say(0, 65500, 8), 65800 - 65536, 7);
	case_ok("to the last second", !nfim_place_holds(p, 264, 7));
	p = nfim_place_say(nfim_place_say(0, 65500, 8), 65801 - 65536, 7);
	case_ok("is none any more", nfim_place_holds(p, 265, 7));

	case_begin("a flow that waits");
	p = nfim_place_say(0, 100, 7);
	case_ok("the same", nfim_place_same(p, 7) && !nfim_place_same(p, 8));
	case_ok("nothing is nobody's", !nfim_place_same(0, 0) && !nfim_place_same(0, 7));
	case_ok("shared", !nfim_place_same(nfim_place_say(p, 110, 0), 7));
	case_ok("another's by now", !nfim_place_same(nfim_place_say(p, 500, 8), 7));
}

/* Of a shared place is remembered since when only one name was said. */
TEST(test_places_in_turn)
{
	u32 p, i;

	case_begin("two in turn");
	for (i = 0, p = 0; i < 20; i++) {
		p = nfim_place_say(p, 100 + 290 * i, 7 + i % 2);
		case_ok("hold from the first one's only turn on", !i ||
			(!nfim_place_holds(p, 100 + 290 * i, 7) &&
			 !nfim_place_holds(p, 100 + 290 * i, 8)));
	}
	case_begin("a dedicated name, its own twice, while another forbids it");
	p = nfim_place_say(0, 100, 0);
	p = nfim_place_say(p, 200, 7);
	p = nfim_place_say(p, 390, 7);
	p = nfim_place_say(p, 401, 8);
	case_ok("another one's does not hold at once", !nfim_place_holds(p, 401, 8));
	p = nfim_place_say(nfim_place_say(0, 100, 0), 200, 7);
	case_ok("its own does after five minutes", nfim_place_holds(nfim_place_say(p, 401, 7), 401, 7));
}

/* What helps whom. */
TEST(test_ends)
{
	const struct nfim_told_addr told = { .addr = { 192, 0, 2, 1 }, .proto = 7 };
	struct nfim_ends of = { .from = { 10, 0, 0, 1 }, .to = { 10, 0, 0, 53 }, .port = 53,
				.l4 = NFIM_L4_UDP }, ends = of;
	struct nfim_told_addr other = told;
	struct nfim_expected ex, same;

	case_begin("ends");
	case_ok("made", nfim_learnt_make(&ex, &told, &of));
	memcpy(ends.to, told.addr, sizeof(ends.to));
	ends.port = 443;
	case_ok("any port", nfim_expect_fits(&ex, &ends));
	ends.l4 = NFIM_L4_TCP;
	case_ok("of any kind", nfim_expect_fits(&ex, &ends));
	ends.port = 53;
	case_ok("but a resolver's", !nfim_expect_fits(&ex, &ends));
	ends.port = 443;
	ends.from[3]++;
	case_ok("another client", !nfim_expect_fits(&ex, &ends));
	ends.from[3]--;
	ends.to[3]++;
	case_ok("another address", !nfim_expect_fits(&ex, &ends));
	ends.to[3]--;
	ends.v6 = true;
	case_ok("an IPv6 address of the same bytes", !nfim_expect_fits(&ex, &ends));
	case_ok("made again", nfim_learnt_make(&same, &told, &of) && nfim_expect_same(&ex, &same));
	other.proto = 0;
	case_ok("nobody's", !nfim_learnt_make(&same, &other, &of));
	other = told;
	other.v6 = true;
	case_ok("IPv6 for a client of IPv4", !nfim_learnt_make(&same, &other, &of));
}

/* A flow to an address that Telegram's name was learnt of. */
static void learnt(struct drive *d, bool udp)
{
	drive_init(d, &set->pack);
	d->udp = udp;
	nfim_flow_learnt(&d->flow, (u8)proto_of("telegram"));
}

static const u8 noise[100] = { 0xb7, 0x51, 0x9e, 0x33, 0xc8, 0xaa };

static const struct {
	const char *what, *client, *server;
	const char *proto;
} flows[] = {
	{ "noise", "b7519e33c8aa", "d151fe33c8aa", "telegram" },
	{ "text", "68656c6c6f0d0a", "776f726c640d0a", "telegram" },
	{ "another messenger's bytes",
	  "594d5347000c0000000000570000000000000000", "594d5347000c0000000000570000000000000000",
	  "ymsg" },
	{ "HTTP with a name of its own",
	  "474554202f20485454502f312e310d0a486f73743a20782e746573740d0a0d0a",
	  "d151fe33c8aad151fe33c8aa", NULL },
};

TEST(test_flows)
{
	u32 i, len, slen;
	struct drive d;

	for (i = 0; i < ARRAY_SIZE(flows); i++) {
		u8 *c = hex_bytes(flows[i].client, &len), *s = hex_bytes(flows[i].server, &slen);

		case_begin("%s", flows[i].what);
		learnt(&d, false);
		drive_at(&d, 0, 0, c, len);
		if (flows[i].proto && !strcmp(flows[i].proto, "telegram"))
			case_verdict("of the client's bytes", d.verdict, NFIM_UNDECIDED);
		drive_at(&d, 1, 0, s, slen);
		d.age = NFIM_BUDGET_AGE + 1;
		if (!d.verdict)
			d.verdict = nfim_flow_expire(&d.flow, NFIM_L4_TCP);
		case_str("protocol", d.verdict == NFIM_KNOWN ? drive_proto(&d) : NULL,
			 flows[i].proto);
		if (flows[i].proto && !strcmp(flows[i].proto, "telegram"))
			case_eq("by name", nfim_flow_conf(d.flow.conf), NFIM_CONF_NAME);
		drive_free(&d);
		free(c);
		free(s);
	}
}

/* Only at its end; not in mid-stream, and not where the stream can be read in two ways. */
TEST(test_last_chance)
{
	struct drive d;
	u8 other[100];
	u32 i;

	case_begin("datagrams");
	learnt(&d, true);
	for (i = 1; i < NFIM_BUDGET_DATAGRAMS; i++)
		case_verdict("one more", drive_datagram(&d, i % 2, noise, sizeof(noise)),
			     NFIM_UNDECIDED);
	case_verdict("the last", drive_datagram(&d, 0, noise, sizeof(noise)), NFIM_KNOWN);
	case_eq("by name", d.step.conf, NFIM_CONF_NAME);
	case_eq("no rule", d.rule, NFIM_NO_RULE);
	drive_free(&d);

	case_begin("acknowledged");
	learnt(&d, false);
	d.settle = true;
	d.has_acked[0] = true;
	d.has_acked[1] = true;
	drive_at(&d, 0, 0, noise, sizeof(noise));
	drive_at(&d, 1, 0, noise, sizeof(noise));
	case_verdict("not yet", d.verdict, NFIM_UNDECIDED);
	d.acked[0] = sizeof(noise);
	d.acked[1] = sizeof(noise);
	case_verdict("by then", drive_ack(&d, 0), NFIM_KNOWN);
	case_str("protocol", drive_proto(&d), "telegram");
	drive_free(&d);

	case_begin("mid-stream");
	learnt(&d, false);
	d.has_base[0] = false;
	drive_at(&d, 0, 0, noise, sizeof(noise));
	drive_at(&d, 1, 0, noise, sizeof(noise));
	d.verdict = nfim_flow_expire(&d.flow, NFIM_L4_TCP);
	case_ok("is none", d.verdict != NFIM_KNOWN);
	drive_free(&d);

	case_begin("two readings");
	learnt(&d, false);
	memcpy(other, noise, sizeof(other));
	other[0] = 'G';
	drive_at(&d, 0, 0, other, 1);
	drive_at(&d, 0, 0, noise, sizeof(noise));
	drive_at(&d, 1, 0, noise, sizeof(noise));
	case_ok("an anomaly", drive_anomaly(&d));
	if (!d.verdict)
		d.verdict = nfim_flow_expire(&d.flow, NFIM_L4_TCP);
	case_ok("is not known", d.verdict != NFIM_KNOWN);
	drive_free(&d);
}

/* A pack is put in place of another while the flow waits. */
TEST(test_repack)
{
	static const char *const has[] = { "with", "without" };
	static const u8 want[] = { NFIM_KNOWN, NFIM_NONE };
	u8 gone = NFIM_PROTO_MAX - 1;
	struct drive d;
	u32 i;

	while (nfim_pack_proto(&set->pack, gone))
		gone--;
	for (i = 0; i < 2; i++) {
		case_begin("a new pack %s the protocol", has[i]);
		learnt(&d, false);
		if (i)
			d.flow.proto = gone;
		d.flow.epoch = (u8)(set->pack.epoch + 1);
		drive_at(&d, 0, 0, noise, sizeof(noise));
		drive_at(&d, 1, 0, noise, sizeof(noise));
		if (!d.verdict)
			d.verdict = nfim_flow_expire(&d.flow, NFIM_L4_TCP);
		case_verdict("ends as", d.verdict, want[i]);
		drive_free(&d);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_asked),
		cmocka_unit_test(test_forged),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_tcp),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_places_in_turn),
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_flows),
		cmocka_unit_test(test_last_chance),
		cmocka_unit_test(test_repack),
	};
	int failed;

	set = sigset_shipped();
	failed = cmocka_run_group_tests_name("learn", tests, NULL, NULL);
	sigset_free(set);
	printf("# %lu cases\n", case_count());
	return failed;
}
