// SPDX-License-Identifier: GPL-2.0-only
/*
 * Offers that frames of the shipped signatures make: which flows, what they are and do, however
 * the stream that makes them is cut.
 */
#include "drive.h"
#include "sigset.h"
#include "unit.h"

#include <arpa/inet.h>
#include <linux/netfilter/nf_im.h>
#include <stdio.h>

#define ACTION(name) (1 << NF_IM_ACT_##name)

struct offered {
	const char *proto;	/* that is named, or NULL: the flow's own */
	const char *addr;
	u32 port;
	u32 actions;
	u8 l4;
};

/* What follows a session's start; @head is a frame's, with the length of @body in it. */
struct said {
	const char *name;
	const char *start;
	const char *head;
	const char *body;
	struct offered want[5];	/* those of which addr is not NULL */
};

#define INVITE	"INVITE sip:b@example.com SIP/2.0\r\nVia: SIP/2.0/TCP a\r\nContact: <sip:a@a>\r\n" \
		"CSeq: 1 INVITE\r\nContent-Length: %zu\r\n\r\n"
#define ANSWER	"SIP/2.0 200 OK\r\nVia: SIP/2.0/TCP a\r\nl: %zu\r\n\r\n"
#define TRYING	"SIP/2.0 100 Trying\r\nVia: SIP/2.0/TCP a\r\nl: %zu\r\n\r\n"
#define SDP	"v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\n"
#define SB	"USR 1 alice@example.com 53042708.968145.366138\r\n"
#define MSG	"MSG 7 N %zu\r\n"
#define MIME	"MIME-Version: 1.0\r\nContent-Type: "
#define SLP	MIME "application/x-msnmsgrp2p\r\nP2P-Dest: bob@example.com\r\n\r\n" \
		"MSNSLP/1.0 200 OK\r\nContent-Type: application/x-msnmsgr-transrespbody\r\n\r\n" \
		"Bridge: TCPv1\r\nListening: true\r\n"

static const struct said saids[] = {
	{ "a call", "", INVITE, SDP "c=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n",
	  { { NULL, "192.0.2.1", 4000, ACTION(VOICE), NFIM_L4_UDP } } },
	{ "a call with pictures", "", INVITE,
	  SDP "c=IN IP4 192.0.2.1\r\nm=audio 4000 RTP/AVP 0\r\nm=video 4002/2 RTP/AVP 31\r\n",
	  { { NULL, "192.0.2.1", 4000, ACTION(VOICE), NFIM_L4_UDP },
	    { NULL, "192.0.2.1", 4002, ACTION(VIDEO), NFIM_L4_UDP } } },
	{ "addresses of their own", "", INVITE,
	  SDP "c=IN IP4 192.0.2.1\r\nm=audio 4000 RTP/AVP 0\r\nc=IN IP4 192.0.2.2\r\n"
	  "m=video 4002 RTP/AVP 31\r\nc=IN IP6 2001:db8::1\r\n",
	  { { NULL, "192.0.2.2", 4000, ACTION(VOICE), NFIM_L4_UDP },
	    { NULL, "2001:db8::1", 4002, ACTION(VIDEO), NFIM_L4_UDP } } },
	{ "no common address", "", INVITE,
	  SDP "m=video 4002 RTP/AVP 31\r\nc=IN IP4 192.0.2.3\r\nm=audio 4000 RTP/AVP 0\r\n",
	  { { NULL, "192.0.2.3", 4002, ACTION(VIDEO), NFIM_L4_UDP } } },
	{ "two microphones", "", INVITE,
	  SDP "c=IN IP4 192.0.2.1\r\nm=audio 4000 RTP/AVP 0\r\nm=audio 4004 RTP/AVP 0\r\n",
	  { { NULL, "192.0.2.1", 4000, ACTION(VOICE), NFIM_L4_UDP },
	    { NULL, "192.0.2.1", 4004, ACTION(VOICE), NFIM_L4_UDP } } },
	{ "many", "", INVITE,
	  SDP "c=IN IP4 224.2.1.1/127\r\nm=message 1 TCP/MSRP *\r\nm=audio 4000 RTP/AVP 0\r\n",
	  { { NULL, "224.2.1.1", 4000, ACTION(VOICE), NFIM_L4_UDP } } },
	{ "a call that is taken", "", ANSWER,
	  SDP "c=IN IP4 192.0.2.1\r\nm=audio 4000 RTP/AVP 0\r\n",
	  { { NULL, "192.0.2.1", 4000, ACTION(VOICE), NFIM_L4_UDP } } },
	{ "a call that is not", "", TRYING,
	  SDP "c=IN IP4 192.0.2.1\r\nm=audio 4000 RTP/AVP 0\r\n", {} },
	{ "refused", "", INVITE, SDP "c=IN IP4 192.0.2.1\r\nm=audio 0 RTP/AVP 0\r\n", {} },
	{ "on hold", "", INVITE, SDP "c=IN IP4 0.0.0.0\r\nm=audio 4000 RTP/AVP 0\r\n", {} },
	{ "a host's name", "", INVITE, SDP "c=IN IP4 a.example\r\nm=audio 4000 RTP/AVP 0\r\n", {} },
	{ "a session's words", "", INVITE, SDP "c=IN IP4 192.0.2.1\r\ni=m=audio 4000\r\n", {} },
	{ "the text of a message", "",
	  "MESSAGE sip:b@example.com SIP/2.0\r\nVia: SIP/2.0/TCP a\r\nl: %zu\r\n\r\n",
	  SDP "c=IN IP4 192.0.2.1\r\nm=audio 4000 RTP/AVP 0\r\n", {} },
	{ "a file that is taken", SB, MSG,
	  MIME "text/x-msmsgsinvite; charset=UTF-8\r\n\r\nInvitation-Command: ACCEPT\r\n"
	  "Invitation-Cookie: 33267\r\nIP-Address: 192.0.2.1\r\nPort: 6891\r\nAuthCookie: 93301\r\n",
	  { { "msnftp", "192.0.2.1", 6891, ACTION(FILE), NFIM_L4_TCP } } },
	{ "one that is offered", SB, MSG,
	  MIME "text/x-msmsgsinvite; charset=UTF-8\r\n\r\nApplication-File: a.txt\r\n"
	  "Invitation-Command: INVITE\r\nRequest-Data: IP-Address:\r\n", {} },
	{ "a bridge", SB, MSG,
	  SLP "Nonce: {1}\r\nIPv4Internal-Addrs: 192.0.2.1 192.0.2.2\r\nIPv4Internal-Port: 3000\r\n",
	  { { "msn-dc", "192.0.2.1", 3000, ACTION(FILE), NFIM_L4_TCP },
	    { "msn-dc", "192.0.2.2", 3000, ACTION(FILE), NFIM_L4_TCP } } },
	{ "a bridge behind NAT", SB, MSG,
	  SLP "IPv4External-Addrs: 192.0.2.9\r\nIPv4External-Port: 4000\r\n"
	  "IPv4Internal-Port: 3000\r\nIPv4Internal-Addrs: 10.0.0.1\r\n",
	  { { "msn-dc", "10.0.0.1", 3000, ACTION(FILE), NFIM_L4_TCP },
	    { "msn-dc", "192.0.2.9", 4000, ACTION(FILE), NFIM_L4_TCP } } },
	{ "a bridge at no port", SB, MSG, SLP "IPv4Internal-Addrs: 192.0.2.1\r\n", {} },
	{ "a message about one", SB, "%.0zu",
	  "CHG 9 NLN 0\r\nIPv4Internal-Addrs: 192.0.2.1\r\nIPv4Internal-Port: 3000\r\n", {} },
};

static void check_offer(struct sigset *set, const struct nfim_offer *offer,
			const struct offered *want)
{
	char addr[INET6_ADDRSTRLEN];

	inet_ntop(offer->v6 ? AF_INET6 : AF_INET, offer->addr, addr, sizeof(addr));
	case_str("address", addr, want->addr);
	case_eq("port", offer->port, want->port);
	case_eq("actions", offer->actions, want->actions);
	case_eq("datagrams", offer->l4, want->l4);
	case_eq("protocol", offer->proto, want->proto ? sigset_proto(set, want->proto) : 0);
}

/* All that a packet offers, behind what those before it did; returns how many there are then. */
static u32 take(struct sigset *set, const struct drive *d, const struct offered *want, u32 n)
{
	u32 i;

	for (i = 0; i < d->step.offers.n; i++, n++)
		if (n < 5 && want[n].addr)
			check_offer(set, &d->step.offers.at[i], &want[n]);
		else
			n = n < 5 ? 5 : n;
	return n;
}

static u32 wanted(const struct offered *want)
{
	u32 n = 0;

	while (n < 5 && want[n].addr)
		n++;
	return n;
}

static void play(struct sigset *set, const void *bytes, u32 len, u32 cut,
		 const struct offered *want)
{
	struct drive d;
	u32 n;

	drive_init(&d, &set->pack);
	d.watch = true;
	drive_at(&d, 0, 0, bytes, cut);
	n = take(set, &d, want, 0);
	if (cut < len) {
		drive_at(&d, 0, cut, (const u8 *)bytes + cut, len - cut);
		n = take(set, &d, want, n);
	}
	case_verdict("verdict", d.verdict, NFIM_KNOWN);
	case_eq("offers", n, wanted(want));
	drive_free(&d);
}

TEST(test_texts)
{
	struct sigset *set = sigset_shipped();
	char bytes[2048];
	u32 i, cut, len;

	for (i = 0; i < ARRAY_SIZE(saids); i++) {
		const struct said *s = &saids[i];

		strcpy(bytes, s->start);
		len = (u32)strlen(bytes);
		len += (u32)snprintf(bytes + len, sizeof(bytes) - len, s->head, strlen(s->body));
		len += (u32)snprintf(bytes + len, sizeof(bytes) - len, "%s", s->body);
		for (cut = 1; cut <= len; cut++) {
			case_begin("%s, cut at %u", s->name, cut);
			play(set, bytes, len, cut, s->want);
		}
	}
	sigset_free(set);
}

/* A datagram says it by itself; of two messages in one, both. */
TEST(test_datagram)
{
	static const char call[] =
		"INVITE sip:b@example.com SIP/2.0\r\nVia: SIP/2.0/UDP a\r\nl: 50\r\n\r\n"
		"c=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP\r\n";
	static const struct offered want[5] = {
		{ NULL, "192.0.2.1", 4000, ACTION(VOICE), NFIM_L4_UDP },
	};
	struct sigset *set = sigset_shipped();
	struct drive d;

	case_begin("a datagram");
	drive_init(&d, &set->pack);
	d.udp = true;
	d.watch = true;
	drive_datagram(&d, 0, call, sizeof(call) - 1);
	case_eq("offers", take(set, &d, want, 0), 1);
	drive_datagram(&d, 0, call, sizeof(call) - 20);
	case_eq("offers of less", d.step.offers.n, 0);
	drive_free(&d);
	sigset_free(set);
}

struct ymsg {
	const char *name;
	u8 service;
	const char *value;	/* of key 20 */
	struct offered want[5];
};

static const struct ymsg ymsgs[] = {
	{ "a file", 0x4d, "http://192.0.2.1:8000/~alice/a.txt?1",
	  { { NULL, "192.0.2.1", 8000, ACTION(FILE), NFIM_L4_TCP } } },
	{ "an old one", 0x46, "http://192.0.2.1/a",
	  { { NULL, "192.0.2.1", 80, ACTION(FILE), NFIM_L4_TCP } } },
	{ "a relay's", 0x4d, "http://relay.msg.yahoo.com/a", {} },
	{ "port 0", 0x4d, "http://192.0.2.1:0/", {} },
	{ "a number too many", 0x4d, "http://1.192.0.2.1:8000/", {} },
	{ "a message", 0x06, "http://192.0.2.1:8000/a.txt", {} },
};

TEST(test_ymsg)
{
	struct sigset *set = sigset_shipped();
	u32 i, cut, len;
	u8 bytes[256];

	for (i = 0; i < ARRAY_SIZE(ymsgs); i++) {
		const struct ymsg *y = &ymsgs[i];

		memset(bytes, 0, sizeof(bytes));
		memcpy(bytes, "YMSG\0\x10", 6);
		bytes[11] = y->service;
		len = 20 + (u32)snprintf((char *)bytes + 20, sizeof(bytes) - 20,
					 "4\xc0\x80" "alice\xc0\x80" "20\xc0\x80%s\xc0\x80", y->value);
		bytes[9] = (u8)(len - 20);
		for (cut = 1; cut <= len; cut++) {
			case_begin("%s, cut at %u", y->name, cut);
			play(set, bytes, len, cut, y->want);
		}
	}
	sigset_free(set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_datagram),
		cmocka_unit_test(test_ymsg),
	};

	return cmocka_run_group_tests_name("said", tests, NULL, NULL);
}
