// SPDX-License-Identifier: GPL-2.0-only
/*
 * ClientHellos of DTLS: whole, in fragments of any size and order, and what is none.
 */
#include "unit.h"
#include "drive.h"
#include "hello.h"
#include "sigset.h"

#include <stdlib.h>

static struct sigset *set;

enum {
	BODY = HELLO_MAX,
};

/* What a datagram says of its fragment, where that is not as it should be. */
struct wrong {
	u32 at;		/* byte of the headers */
	u8 value;
};

static u32 make(u8 *body, const char *name, u32 pad)
{
	const struct hello h = { .name = name, .pad = pad, .dtls = true };
	u8 msg[HELLO_MAX];
	u32 len = hello_make(msg, &h) - 4;

	memcpy(body, msg + 4, len);
	return len;
}

static void begin(struct drive *d)
{
	drive_init(d, &set->pack);
	d->udp = true;
}

static void send(struct drive *d, const u8 *body, u32 len, u32 from, u32 to, u32 number)
{
	u8 bytes[HELLO_MAX + DTLS_HEADERS];

	drive_datagram(d, 0, bytes, dtls_put(bytes, body, len, from, to, number));
}

static void expect(struct drive *d, const char *proto)
{
	case_str("protocol", drive_proto(d), proto);
	if (proto)
		case_eq("confidence", d->flow.conf, NFIM_CONF_NAME);
	drive_free(d);
}

static const struct {
	const char *name, *proto;
} tries[] = {
	{ "turn.signal.org", "signal" }, { "turn.signal.ork", NULL }, { "notsignal.org", NULL },
};

TEST(test_whole)
{
	u8 body[BODY], bytes[HELLO_MAX];
	u32 i, len, n;

	for (i = 0; i < ARRAY_SIZE(tries); i++) {
		struct drive d;

		len = make(body, tries[i].name, 0);
		case_begin("%s", tries[i].name);
		begin(&d);
		send(&d, body, len, 0, len, 0);
		expect(&d, tries[i].proto);
		/* Another record may follow. */
		case_begin("%s, and more behind it", tries[i].name);
		begin(&d);
		n = dtls_put(bytes, body, len, 0, len, 0);
		memset(bytes + n, 0x17, 40);
		drive_datagram(&d, 0, bytes, n + 40);
		expect(&d, tries[i].proto);
	}
}

/* All single cuts, either order, the first fragment once more; and many fragments. */
TEST(test_fragments)
{
	u8 body[BODY];
	u32 i, k, len, cut;

	for (i = 0; i < ARRAY_SIZE(tries); i++) {
		len = make(body, tries[i].name, 20);
		for (cut = 1; cut < len; cut++)
			for (k = 0; k < 3; k++) {
				struct drive d;

				case_begin("%s, cut at %u, order %u", tries[i].name, cut, k);
				begin(&d);
				if (k)
					send(&d, body, len, cut, len, 1);
				if (k == 2)
					send(&d, body, len, cut, len, 1);
				case_ok("not yet", d.verdict == NFIM_UNDECIDED);
				send(&d, body, len, 0, cut, 1);
				if (!k)
					send(&d, body, len, cut, len, 1);
				case_eq("nothing is kept", d.blocks, 0);
				expect(&d, tries[i].proto);
			}
	}
}

TEST(test_large)
{
	u8 body[BODY];
	u32 len = make(body, "turn.signal.org", 9000), at;
	struct drive d;

	case_begin("%u bytes in fragments of 1200, the last first", len);
	begin(&d);
	for (at = len / 1200 * 1200;; at -= 1200) {
		send(&d, body, len, at, min(at + 1200, len), 0);
		if (!at)
			break;
	}
	expect(&d, "signal");
}

/* Fragments of two hellos are no hello; a new one begins anew. */
TEST(test_two_hellos)
{
	u8 body[BODY], other[BODY];
	u32 len = make(body, "turn.signal.org", 30), n = make(other, "turn.example.org", 29);
	struct drive d;

	case_begin("halves of two");
	case_eq("of one length", n, len);
	begin(&d);
	send(&d, other, len, 0, len / 2, 0);
	send(&d, body, len, len / 2, len, 1);
	case_ok("no verdict", d.verdict == NFIM_UNDECIDED);
	send(&d, body, len, len / 2, len, 1);
	send(&d, body, len, 0, len / 2, 1);
	expect(&d, "signal");
	case_begin("one that was begun and not ended");
	begin(&d);
	for (n = 0; n < NFIM_BUDGET_DATAGRAMS; n++)
		send(&d, body, len, 0, len / 2, 0);
	case_eq("given up", d.verdict, NFIM_GIVEN_UP);
	drive_free(&d);
}

/* Fragments for the same place: the same bytes twice are nothing new, others are a riddle. */
TEST(test_overlap)
{
	u8 body[BODY], other[BODY];
	u32 len = make(body, "turn.signal.org", 600);
	struct drive d;

	memcpy(other, body, len);
	other[40] ^= 1;
	case_begin("the same bytes");
	begin(&d);
	send(&d, body, len, 0, 300, 0);
	send(&d, body, len, 100, 400, 0);
	send(&d, body, len, 350, len, 0);
	expect(&d, "signal");
	case_begin("one of them is another");
	begin(&d);
	send(&d, other, len, 0, 300, 0);
	send(&d, body, len, 0, 400, 0);
	case_eq("given up", d.verdict, NFIM_GIVEN_UP);
	drive_free(&d);
}

TEST(test_none)
{
	static const struct {
		const char *what;
		struct wrong wrong;
	} none[] = {
		{ "application data", { 0, 0x17 } }, { "TLS", { 1, 3 } }, { "version", { 2, 0xfc } },
		{ "epoch 1", { 4, 1 } }, { "a server's", { 13, 2 } }, { "longer", { 12, 0xff } },
		{ "too large", { 14, 1 } }, { "elsewhere", { 21, 1 } }, { "shorter", { 24, 1 } },
	};
	u8 body[BODY], bytes[HELLO_MAX];
	u32 i, len = make(body, "turn.signal.org", 0), n;

	for (i = 0; i < ARRAY_SIZE(none); i++) {
		struct drive d;

		case_begin("%s", none[i].what);
		n = dtls_put(bytes, body, len, 0, len, 0);
		bytes[none[i].wrong.at] = none[i].wrong.value;
		begin(&d);
		drive_datagram(&d, 0, bytes, n);
		expect(&d, NULL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_fragments),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_two_hellos),
		cmocka_unit_test(test_overlap),
		cmocka_unit_test(test_none),
	};
	int failed;

	set = sigset_shipped();
	failed = cmocka_run_group_tests_name("dtls", tests, NULL, NULL);
	sigset_free(set);
	printf("# %lu cases\n", case_count());
	return failed;
}
