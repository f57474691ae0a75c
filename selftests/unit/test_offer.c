// SPDX-License-Identifier: GPL-2.0-only
/*
 * Offers: addresses and ports in text, whose flows they make known, and what a packet that
 * offers one does.
 */
#include "drive.h"
#include "sigset.h"
#include "unit.h"

#include <arpa/inet.h>
#include <stdlib.h>

struct text {
	const char *text;
	const char *addr;	/* NULL: offers nothing */
	u32 port;
	bool open;	/* ends with a number, which may be longer where the text is cut */
};

static const struct text words[] = {
	{ "a.txt 3232235777 5000 12\x01", "192.168.1.1", 5000 },
	{ "a.txt 192.168.1.1 5000 12\x01", "192.168.1.1", 5000 },
	{ "a.txt 2001:db8::1 5000\x01", "2001:db8::1", 5000 },
	{ "a.txt ::ffff:192.168.1.1 5000\x01", "192.168.1.1", 5000 },
	{ "a.txt 4294967295 65535\x01", "255.255.255.255", 65535 },
	{ "\"a b 1 2\" 3232235777 5000\x01", "192.168.1.1", 5000 },
	{ "a b 7 3232235777 5000\x01", "192.168.1.1", 5000 },
	{ "  a   3232235777   5000", "192.168.1.1", 5000 },
	{ "chat 3232235777 1\r\n", "192.168.1.1", 1 },
	{ "a.txt 3232235777 0 12 99\x01" },	/* passive: the port comes in the answer */
	{ "a.txt 4294967296 5000\x01" },
	{ "a.txt 3232235777 65536\x01" },
	{ "a.txt 3232235777 5000x\x01" },
	{ "a.txt 3232235777\x01 5000" },
	{ "a.txt 256.1.1.1 5000\x01" },
	{ "a.txt 1.1.1 5000\x01" },
	{ "a.txt 1.1.1.1.1 5000\x01" },
	{ "a.txt example.org 5000\x01" },
	{ "a.txt -1 5000\x01" },
	{ "a 1:2:3:4:5:6:7:8:9 5000" },
	{ "a 1:2:3:4:5:6:7 5000" },
	{ "a 1::2::3 5000" },
	{ "a 1:::2 5000" },
	{ "a 12345::1 5000" },
	{ "a 1:2:3:4:5:6:7: 5000" },
	{ "a :1:2:3:4:5:6:7 5000" },
	{ "a ::1.2.3 5000" },
	{ "a : 5000" },
	{ "a 1:2:3:4:5:6:7:1.2.3.4 5000" },
	{ "a 1:2:3:4:5:6:1.2.3.4 5000", "1:2:3:4:5:6:102:304", 5000 },
	{ "a ::1:2:3:4:5:6:7 5000", "0:1:2:3:4:5:6:7", 5000 },
	{ "a ::1:2:3:4:5:6:7:8 5000" },
	{ "a 1:: 5000", "1::", 5000 },
	{ "a :: 5000", "::", 5000 },
	{ "\"a 3232235777 5000" },
	{ "a" }, { "\"" }, { "" }, { " " }, { "\x01" },
};

static const struct text tags[] = {
	{ "jid='a' host='10.0.0.1' port='7777'/>", "10.0.0.1", 7777 },
	{ "port=\"7777\"\n\thost = \"10.0.0.1\">", "10.0.0.1", 7777 },
	{ "host='10.0.0.1' jid='a>b' PORT='7777'/>", "10.0.0.1", 7777 },
	{ "host='2001:db8::2' port='1'>", "2001:db8::2", 1 },
	{ "host='proxy.example.org' port='7777'/>" },
	{ "host='10.0.0.1'/><a port='7777'/>" },
	{ "jid='host=\"10.0.0.1\" port=\"7\"'/>" },
	{ "xhost='10.0.0.1' port='7777'/>" },
	{ "host='10.0.0.1' port='0'/>" },
	{ "host='10.0.0.1' port='7777" },
	{ "host=10.0.0.1 port=7777>" },
	{ "host='10.0.0.1' port=" },
	{ "=" }, { "host='10.0.0.1'" }, { ">" }, { "" },
};

static void check(const struct text *t, bool good, const struct nfim_offer *offer, u32 took)
{
	char addr[INET6_ADDRSTRLEN];

	case_ok("reads no more than there is", took <= strlen(t->text));
	case_eq("offers something", good, !!t->addr);
	if (!t->addr)
		return;
	inet_ntop(offer->v6 ? AF_INET6 : AF_INET, offer->addr, addr, sizeof(addr));
	case_str("address", addr, t->addr);
	case_eq("port", offer->port, t->port);
}

/* In memory of exactly its size, so that a sanitizer notices a read behind it. */
static u8 *copy(const void *bytes, size_t len)
{
	u8 *p = malloc(len ? len : 1);

	if (!p)
		abort();
	memcpy(p, bytes, len);
	return p;
}

typedef bool reads(const u8 *p, u32 len, bool ends, struct nfim_offer *offer, u32 *took);

/*
 * Of a text that is cut somewhere the whole offer is taken, or nothing: 5060 is no 506. A number
 * that a text ends with is taken only where it is the end.
 */
static void each_cut(const struct text *t, reads *fn)
{
	const u32 len = (u32)strlen(t->text);
	struct nfim_offer offer, whole;
	bool good = false, taken;
	u32 cut, took;

	for (cut = 0; cut <= len; cut++) {
		u8 *exact = copy(t->text, cut);

		case_begin("%s, cut at %u", t->text, cut);
		offer = (struct nfim_offer){ 0 };
		whole = (struct nfim_offer){ 0 };
		taken = fn(exact, cut, false, &offer, &took);
		/* The same bytes as the end: what is taken of the cut ones is no less. */
		good = fn(exact, cut, true, &whole, &took);
		case_ok("the end gives it, too", !taken || good);
		if (taken) {
			check(t, taken, &offer, took);
			case_ok("the same", !memcmp(&offer, &whole, sizeof(offer)));
		}
		free(exact);
	}
	case_eq("all of it", good, !!t->addr);
}

static void each_text(const struct text *texts, u32 n, reads *fn)
{
	struct nfim_offer offer;
	u32 i, took;

	for (i = 0; i < n; i++) {
		const struct text *t = &texts[i];
		u8 *exact = copy(t->text, strlen(t->text));
		bool good;

		case_begin("%s", t->text);
		took = 0;
		good = fn(exact, (u32)strlen(t->text), true, &offer, &took);
		check(t, good, &offer, took);
		free(exact);
		each_cut(t, fn);
	}
}

TEST(test_words)
{
	each_text(words, ARRAY_SIZE(words), nfim_offer_words);
}

/* An attribute has quotes around it, so that a cut is seen. */
static bool read_tag(const u8 *p, u32 len, bool ends, struct nfim_offer *offer, u32 *took)
{
	(void)ends;
	return nfim_offer_tag(p, len, (const u8 *)"\4host", (const u8 *)"\4port", offer, took);
}

TEST(test_tags)
{
	each_text(tags, ARRAY_SIZE(tags), read_tag);
}

/* Texts of what offers are made of, in any order: nothing is read that is not there. */
TEST(test_random)
{
	static const char *const parts[] = {
		"1", "255", "4294967295", "65535", ".", ":", "::", " ", "\"", "'", "=", "host=",
		"port=", "ffff", ">", "/", "10.0.0.1", "\x01", "\n", "a",
	};
	struct rng rng = { 20 };
	struct nfim_offer offer;
	u32 i, n, len, took;
	char text[512];
	u8 *exact;

	for (i = 0; i < 200000; i++) {
		len = 0;
		for (n = rng_below(&rng, 24); n; n--) {
			const char *part = parts[rng_below(&rng, ARRAY_SIZE(parts))];

			memcpy(text + len, part, strlen(part));
			len += (u32)strlen(part);
		}
		exact = copy(text, len);
		case_begin("random text %u", i);
		case_bytes(exact, len);
		took = 0;
		if (nfim_offer_words(exact, len, i & 1, &offer, &took))
			case_ok("it has a port", offer.port);
		case_ok("words: no more than there is", took <= len);
		took = 0;
		if (nfim_offer_tag(exact, len, (const u8 *)"\4host", (const u8 *)"\4port",
				   &offer, &took))
			case_ok("it has a port", offer.port);
		case_ok("a tag: no more than there is", took <= len);
		free(exact);
	}
}

static const struct text urls[] = {
	{ "10.0.0.1:8000/a.txt", "10.0.0.1", 8000 },
	{ "10.0.0.1/a.txt", "10.0.0.1", 80 },
	{ "10.0.0.1", "10.0.0.1", 80 },
	{ "10.0.0.1:8000", "10.0.0.1", 8000 },
	{ "10.0.0.1:/" }, { "10.0.0.1:" }, { "10.0.0.1:0/" }, { "10.0.0.1:65536/" },
	{ "10.0.0/" }, { "10.0.0.1.2/" }, { "example.org:8000/" }, { "[::1]:8000/" }, { "" },
};

TEST(test_urls)
{
	each_text(urls, ARRAY_SIZE(urls), nfim_offer_url);
}

/* A port, and addresses, that stand for themselves; the other of them is 7 and 10.0.0.7 here. */
static const struct text lone_ports[] = {
	{ "4000 RTP/AVP 0\r\n", "10.0.0.7", 4000 },
	{ " 4000", "10.0.0.7", 4000, true },
	{ "65535/2", "10.0.0.7", 65535 },
	{ "0" }, { "65536" }, { "" }, { " " }, { "x" }, { "-1" }, { "99999999999" },
};

static const struct text lone_addrs[] = {
	{ "10.0.0.1\r\n", "10.0.0.1", 7 },
	{ " 10.0.0.1 10.0.0.2", "10.0.0.1", 7 },
	{ "10.0.0.1", "10.0.0.1", 7, true },
	{ "224.2.1.1/127", "224.2.1.1", 7 },
	{ "2001:db8::1/3", "2001:db8::1", 7 },
	{ "0.0.0.0" }, { "::" }, { "example.org" }, { "/10.0.0.1" }, { "" }, { " \r\n10.0.0.1" },
};

TEST(test_apart)
{
	struct nfim_offer offer;
	u32 i, took = 0;

	for (i = 0; i < ARRAY_SIZE(lone_ports) + ARRAY_SIZE(lone_addrs); i++) {
		bool port = i < ARRAY_SIZE(lone_ports);
		const struct text *t = port ? &lone_ports[i] : &lone_addrs[i - ARRAY_SIZE(lone_ports)];
		u32 len = (u32)strlen(t->text);
		u8 *exact = copy(t->text, len);
		bool good;

		case_begin("%s", t->text);
		offer = (struct nfim_offer){ .addr = { 10, 0, 0, 7 }, .port = 7 };
		good = port ? nfim_offer_port(exact, len, true, &offer) :
			      nfim_offer_addr(exact, len, true, &offer, &took);
		check(t, good, &offer, took);
		good = port ? nfim_offer_port(exact, len, false, &offer) :
			      nfim_offer_addr(exact, len, false, &offer, &took);
		case_eq("cut there", good, t->addr && !t->open);
		free(exact);
	}
}

static void set_addr(u8 *addr, bool *v6, const char *text)
{
	memset(addr, 0, 16);
	*v6 = strchr(text, ':');
	if (inet_pton(*v6 ? AF_INET6 : AF_INET, text, addr) != 1)
		abort();
}

struct fit {
	const char *client;
	const char *offered;
	u32 port;
	u8 dir;
	const char *from;
	const char *to;
	u32 to_port;
	bool fits;
};

static const struct fit fits[] = {
	/* The client's own: to it, at that port, whatever address it believes to have. */
	{ "10.0.0.1", "10.0.0.1", 5000, 0, "10.9.9.9", "10.0.0.1", 5000, true },
	{ "10.0.0.1", "192.0.2.1", 5000, 0, "10.9.9.9", "10.0.0.1", 5000, true },
	{ "10.0.0.1", "10.0.0.1", 5000, 0, "10.9.9.9", "10.0.0.1", 5001 },
	{ "10.0.0.1", "10.0.0.1", 5000, 0, "10.9.9.9", "10.0.0.2", 5000 },
	/* ... or from it, to a third one; others there are not meant. */
	{ "10.0.0.1", "192.0.2.1", 5000, 0, "10.0.0.1", "192.0.2.1", 5000, true },
	{ "10.0.0.1", "192.0.2.1", 5000, 0, "10.0.0.2", "192.0.2.1", 5000 },
	{ "10.0.0.1", "10.0.0.1", 80, 0, "10.9.9.9", "10.0.0.1", 80, true },
	/* Offered to the client: from it, to what was offered. */
	{ "10.0.0.1", "192.0.2.1", 5000, 1, "10.0.0.1", "192.0.2.1", 5000, true },
	{ "10.0.0.1", "192.0.2.1", 5000, 1, "10.0.0.2", "192.0.2.1", 5000 },
	{ "10.0.0.1", "192.0.2.1", 5000, 1, "10.9.9.9", "10.0.0.1", 5000 },
	{ "10.0.0.1", "192.0.2.1", 1024, 1, "10.0.0.1", "192.0.2.1", 1024, true },
	{ "10.0.0.1", "192.0.2.1", 443, 1, "10.0.0.1", "192.0.2.1", 443 },
	{ "2001:db8::1", "2001:db8::2", 5000, 1, "2001:db8::1", "2001:db8::2", 5000, true },
	{ "2001:db8::1", "10.0.0.2", 5000, 1, "2001:db8::1", "2001:db8::2", 5000 },
	{ "2001:db8::1", "10.0.0.2", 5000, 0, "2001:db8::2", "2001:db8::1", 5000, true },
	/* No service of the system is offered, whoever says so. */
	{ "10.0.0.1", "192.0.2.1", 443, 0, "10.0.0.1", "192.0.2.1", 443 },
	/* Nor is the server that the offer came by: it would be cut off. */
	{ "10.0.0.1", "10.0.0.99", 6667, 1, "10.0.0.1", "10.0.0.99", 6667 },
	{ "10.0.0.1", "10.0.0.99", 6667, 0, "10.0.0.1", "10.0.0.99", 6667 },
	{ "10.0.0.1", "10.0.0.99", 6668, 1, "10.0.0.1", "10.0.0.99", 6668, true },
	{ "2001:db8::1", "2001:db8::99", 6667, 1, "2001:db8::1", "2001:db8::99", 6667 },
	/* The same bytes as addresses of the other family. */
	{ "10.0.0.1", "10.0.0.2", 5000, 1, "a00:1::", "a00:2::", 5000 },
};

TEST(test_fits)
{
	struct nfim_expected ex;
	struct nfim_offer offer;
	struct nfim_ends ends, of;
	bool made;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(fits); i++) {
		const struct fit *f = &fits[i];

		case_begin("%u: %s offered to or by %s, %s to %s", i, f->offered, f->client,
			   f->from, f->to);
		offer = (struct nfim_offer){ .port = (u16)f->port, .l4 = NFIM_L4_TCP };
		set_addr(offer.addr, &offer.v6, f->offered);
		ends = (struct nfim_ends){ .port = (u16)f->to_port, .l4 = NFIM_L4_TCP };
		set_addr(ends.from, &ends.v6, f->from);
		set_addr(ends.to, &ends.v6, f->to);
		of = (struct nfim_ends){ .port = 6667, .l4 = NFIM_L4_TCP };
		set_addr(of.from, &of.v6, f->client);
		set_addr(of.to, &of.v6, of.v6 ? "2001:db8::99" : "10.0.0.99");
		made = nfim_expect_make(&ex, &offer, &of, f->dir, 7);
		case_eq("it fits", made && nfim_expect_fits(&ex, &ends), f->fits);
		ends.l4 = NFIM_L4_UDP;
		case_eq("a datagram does not", made && nfim_expect_fits(&ex, &ends), 0);
		case_ok("it is the same as itself", nfim_expect_same(&ex, &ex));
	}
}

struct media {
	const char *offered;
	u32 port;
	u8 dir;
	const char *from;
	u32 from_port;
	const char *to;
	u32 to_port;
	bool fits;
};

/* A call of 10.0.0.1 to 10.0.0.99. */
static const struct media calls[] = {
	/* The client's own port, whoever begins. */
	{ "10.0.0.1", 4000, 0, "10.0.0.1", 4000, "192.0.2.7", 9000, true },
	{ "10.0.0.1", 4000, 0, "192.0.2.7", 9000, "10.0.0.1", 4000, true },
	/* What it relays of another one is not said of its own port; nor is that of the call. */
	{ "192.0.2.1", 4000, 0, "10.0.0.1", 4000, "192.0.2.7", 9000 },
	{ "10.0.0.1", 5061, 0, "10.0.0.1", 5061, "192.0.2.7", 9000 },
	{ "10.0.0.1", 5060, 0, "10.0.0.1", 5060, "192.0.2.7", 9000, true },
	{ "10.0.0.1", 4000, 0, "10.0.0.1", 4001, "192.0.2.7", 4000 },
	{ "10.0.0.1", 4000, 0, "192.0.2.7", 4000, "10.0.0.1", 9000 },
	{ "10.0.0.1", 4000, 0, "10.0.0.2", 4000, "192.0.2.7", 9000 },
	{ "10.0.0.1", 4000, 0, "192.0.2.7", 9000, "10.0.0.2", 4000 },
	{ "10.0.0.1", 53, 0, "10.0.0.1", 53, "192.0.2.7", 9000 },
	/* The server's, with the client. */
	{ "10.0.0.99", 5000, 1, "10.0.0.1", 9000, "10.0.0.99", 5000, true },
	{ "10.0.0.99", 5000, 1, "10.0.0.99", 5000, "10.0.0.1", 9000, true },
	{ "10.0.0.99", 5000, 1, "10.0.0.1", 5000, "10.0.0.99", 9000 },
	{ "10.0.0.99", 5000, 1, "10.0.0.2", 9000, "10.0.0.99", 5000 },
	{ "10.0.0.99", 5000, 1, "10.0.0.1", 9000, "10.0.0.98", 5000 },
	{ "10.0.0.99", 443, 1, "10.0.0.1", 9000, "10.0.0.99", 443 },
	/* Of a third host it may say nothing: there may be a VPN at that port. */
	{ "192.0.2.7", 5000, 1, "10.0.0.1", 9000, "192.0.2.7", 5000 },
	{ "10.0.0.1", 5000, 1, "10.0.0.1", 9000, "10.0.0.1", 5000 },
	{ "2001:db8::99", 5000, 1, "10.0.0.1", 9000, "10.0.0.99", 5000 },
	/* Nor the server of itself, where it says it. */
	{ "10.0.0.99", 5060, 1, "10.0.0.1", 9000, "10.0.0.99", 5060 },
};

TEST(test_media)
{
	struct nfim_expected ex;
	struct nfim_offer offer;
	struct nfim_ends ends, of;
	bool made;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		const struct media *m = &calls[i];

		case_begin("%u: %s:%u offered, %s to %s", i, m->offered, m->port, m->from, m->to);
		offer = (struct nfim_offer){ .port = (u16)m->port, .l4 = NFIM_L4_UDP };
		set_addr(offer.addr, &offer.v6, m->offered);
		ends = (struct nfim_ends){ .port = (u16)m->to_port, .l4 = NFIM_L4_UDP,
					   .from_port = (u16)m->from_port };
		set_addr(ends.from, &ends.v6, m->from);
		set_addr(ends.to, &ends.v6, m->to);
		of = (struct nfim_ends){ .port = 5060, .l4 = NFIM_L4_UDP, .from_port = 5061 };
		set_addr(of.from, &of.v6, "10.0.0.1");
		set_addr(of.to, &of.v6, "10.0.0.99");
		made = nfim_expect_make(&ex, &offer, &of, m->dir, 7);
		case_eq("it fits", made && nfim_expect_fits(&ex, &ends), m->fits);
		ends.l4 = NFIM_L4_TCP;
		case_eq("a connection does not", made && nfim_expect_fits(&ex, &ends), 0);
		case_eq("its protocol", made ? ex.proto : 7, 7);
		offer.proto = 9;
		made = nfim_expect_make(&ex, &offer, &of, m->dir, 7);
		case_eq("the protocol it names", made ? ex.proto : 9, 9);
	}
}

/* Expectations are counted by host: of IPv6, by the half that names its network. */
TEST(test_same_host)
{
	static const struct {
		const char *a, *b;
		bool same;
	} pairs[] = {
		{ "10.0.0.1", "10.0.0.1", true },
		{ "10.0.0.1", "10.0.0.2", false },
		{ "2001:db8::1", "2001:db8::2:3", true },
		{ "2001:db8::1", "2001:db8:0:1::1", false },
		{ "a00:1::", "10.0.0.1", false },
	};
	struct nfim_expected a = { 0 }, b = { 0 };
	u32 i;

	for (i = 0; i < ARRAY_SIZE(pairs); i++) {
		case_begin("%s and %s", pairs[i].a, pairs[i].b);
		set_addr(a.client, &a.v6, pairs[i].a);
		set_addr(b.client, &b.v6, pairs[i].b);
		case_eq("one host", nfim_expect_same_host(&a, &b), pairs[i].same);
	}
}

static const char session[] =
	"NICK alice\r\nUSER alice 0 * :Alice\r\n"
	"PRIVMSG bob :\001DCC SEND a.txt 167772161 5555 12\x01\r\n"
	"PRIVMSG bob :dcc send is a command 167772161 5556\r\n"
	"PRIVMSG bob :\001DCC CHAT chat 167772161 5557\x01\r\n"
	"JOIN #dcc\r\n";

/* What a session offers does not depend on how it is cut, nor on a packet that comes again. */
TEST(test_session)
{
	struct sigset *set = sigset_shipped();
	const u32 len = sizeof(session) - 1;
	u32 first, at, n, i, ports, offers, flagged;
	struct drive d;

	for (first = 1; first < len; first++) {
		case_begin("cut at %u", first);
		drive_init(&d, &set->pack);
		d.watch = true;
		ports = 0;
		offers = 0;
		flagged = 0;
		for (at = 0; at < len; at += n) {
			n = at ? len - at : first;
			drive_at(&d, 0, at, (const u8 *)session + at, n);
			for (i = 0; i < d.step.offers.n; i++)
				ports += d.step.offers.at[i].port;
			offers += d.step.offers.n;
			flagged += d.step.offer;
			drive_at(&d, 0, at, (const u8 *)session + at, n);
			case_eq("offers of the same packet again", d.step.offers.n, 0);
		}
		case_eq("offers", offers, 2);
		case_eq("their ports", ports, 5555 + 5557);
		case_ok("a packet says so", flagged);
		drive_free(&d);
	}
	sigset_free(set);
}

/*
 * A call whose head grows byte by byte, so that the bound of the text comes to lie on every byte of
 * its port and its address. Either they are what they are, or they are not taken.
 */
TEST(test_bound)
{
	static const char sdp[] = "c=IN IP4 10.0.0.10\r\nt=0 0\r\nm=audio 50600 RTP/AVP 0\r\n";
	static const char late[] = "m=audio 50600 RTP/AVP 0\r\nc=IN IP4 10.0.0.10\r\n";
	static const char request[] = "INVITE sip:b@example.com SIP/2.0\r\nl: 0\r\nSubject: ";
	struct sigset *set = sigset_shipped();
	u32 pad, len, found = 0, none = 0, i;
	char text[2400];
	struct drive d;

	for (pad = 1850; pad < 2050; pad++) {
		len = (u32)snprintf(text, sizeof(text), "%s%0*d\r\n\r\n%s", request,
				    (int)(pad - sizeof(request)), 0, pad & 1 ? sdp : late);
		case_begin("%u bytes in front", pad);
		drive_init(&d, &set->pack);
		d.udp = true;
		d.watch = true;
		drive_datagram(&d, 0, text, len);
		case_verdict("verdict", d.verdict, NFIM_KNOWN);
		for (i = 0; i < d.step.offers.n; i++) {
			case_eq("port", d.step.offers.at[i].port, 50600);
			case_eq("last byte of the address", d.step.offers.at[i].addr[3], 10);
		}
		found += d.step.offers.n;
		none += !d.step.offers.n;
		drive_free(&d);
	}
	case_ok("the bound is among them", found && none);
	sigset_free(set);
}

/* The flow that was offered is known by its first packet, and every packet of it does that. */
TEST(test_offered)
{
	static const u8 bytes[] = "PRIVMSG bob :a file may say so\r\n";
	struct sigset *set = sigset_shipped();
	u32 irc = sigset_proto(set, "irc"), i;
	struct drive d;

	for (i = 0; i < 4; i++) {
		case_begin("offered, %u", i);
		drive_init(&d, &set->pack);
		d.watch = i & 1;
		d.has_base[0] = i < 2;
		d.has_base[1] = i < 2;
		nfim_flow_offered(&d.flow, (u8)irc, 1 << 4);
		drive_at(&d, 1, 0, bytes, sizeof(bytes));
		case_verdict("verdict", d.verdict, NFIM_KNOWN);
		case_eq("protocol", d.flow.proto, irc);
		case_ok("it is news", d.step.fresh);
		case_eq("no rule", d.step.rule, NFIM_NO_RULE);
		case_eq("what it does", d.step.actions, 1 << 4);
		case_eq("confidence", nfim_flow_conf(d.flow.conf), NFIM_CONF_PAYLOAD);
		drive_at(&d, 0, 0, bytes, sizeof(bytes));
		case_ok("that is no news", !d.step.fresh);
		if (d.watch)
			case_eq("what the other side does", d.step.actions, 1 << 4);
		case_eq("it offers nothing itself", d.step.offers.n, 0);
		drive_free(&d);
	}
	sigset_free(set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_tags),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_urls),
		cmocka_unit_test(test_apart),
		cmocka_unit_test(test_fits),
		cmocka_unit_test(test_media),
		cmocka_unit_test(test_same_host),
		cmocka_unit_test(test_session),
		cmocka_unit_test(test_bound),
		cmocka_unit_test(test_offered),
	};

	return cmocka_run_group_tests_name("offer", tests, NULL, NULL);
}
