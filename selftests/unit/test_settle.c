// SPDX-License-Identifier: GPL-2.0-only
/*
 * "None of ours" is said of bytes that were acknowledged, where acknowledgments are known:
 * whoever sends decoys that never arrive must not end the reading of a flow. Each case has
 * a twin whose bytes did arrive.
 */
#include "unit.h"
#include "drive.h"
#include "sigset.h"

static const char ymsg[] = "YMSG\0\x10\0\0\0\4\0\x57\0\0\0\0\0\0\0\0abcd";
static const char hello[] = "hello\r\n";
enum {
	YMSG_LEN = sizeof(ymsg) - 1,
	HELLO_LEN = sizeof(hello) - 1,
	PIECE = 1400,
};

static struct sigset *shipped;

static void begin(struct drive *d, const char *name)
{
	case_begin("%s", name);
	drive_init(d, &shipped->pack);
	d->settle = true;
	d->has_acked[0] = true;
	d->has_acked[1] = true;
}

static void expect(struct drive *d, enum nfim_verdict want)
{
	case_verdict("verdict", d->verdict, want);
	drive_free(d);
}

/* Both sides said what is none of ours. */
TEST(test_both_closed)
{
	struct drive d;

	begin(&d, "a decoy, the server greets, the real bytes");
	drive_at(&d, 0, 0, "x", 1);
	drive_at(&d, 1, 0, hello, HELLO_LEN);
	case_verdict("before", d.verdict, NFIM_UNDECIDED);
	d.acked[1] = HELLO_LEN;
	drive_at(&d, 0, 0, ymsg, YMSG_LEN);
	expect(&d, NFIM_KNOWN);

	begin(&d, "twin: the server acknowledges the byte with its greeting");
	drive_at(&d, 0, 0, "x", 1);
	d.acked[0] = 1;
	drive_at(&d, 1, 0, hello, HELLO_LEN);
	case_verdict("before", d.verdict, NFIM_UNDECIDED);
	d.acked[1] = HELLO_LEN;
	drive_ack(&d, 0);
	expect(&d, NFIM_NONE);

	begin(&d, "in part: one byte arrived, the decoy behind it did not");
	drive_at(&d, 0, 0, "Y", 1);
	d.acked[0] = 1;
	drive_at(&d, 0, 1, "xxxx", 4);
	drive_at(&d, 1, 0, hello, HELLO_LEN);
	d.acked[1] = HELLO_LEN;
	drive_at(&d, 0, 1, ymsg + 1, YMSG_LEN - 1);
	expect(&d, NFIM_KNOWN);
}

static void junk(struct drive *d, u32 n, u32 acked)
{
	static const char x[PIECE] = "x";
	u32 i;

	for (i = 0; i < n; i++) {
		d->acked[0] = acked ? i * PIECE : 0;
		drive_at(d, 0, i * PIECE, x, PIECE);
	}
}

/* The budget counts what arrived. */
TEST(test_budget)
{
	struct drive d;
	u32 i;

	begin(&d, "16 KiB that never arrive, then the real bytes");
	junk(&d, 13, 0);
	case_verdict("before", d.verdict, NFIM_UNDECIDED);
	drive_at(&d, 0, 0, ymsg, YMSG_LEN);
	expect(&d, NFIM_KNOWN);

	begin(&d, "twin: 16 KiB that arrive");
	junk(&d, 13, 1);
	expect(&d, NFIM_NONE);

	begin(&d, "16 KiB, acknowledged by a server that says nothing");
	junk(&d, 12, 0);
	d.acked[0] = 12 * PIECE;
	drive_ack(&d, 1);
	expect(&d, NFIM_NONE);

	begin(&d, "twin: a byte of the budget is not acknowledged");
	junk(&d, 12, 0);
	d.acked[0] = NFIM_BUDGET_BYTES - 1;
	drive_ack(&d, 1);
	expect(&d, NFIM_UNDECIDED);

	begin(&d, "a decoy far ahead, one at the start, then the real bytes");
	drive_at(&d, 0, 0, "x", 1);
	drive_at(&d, 0, 20000, "x", 1);
	drive_at(&d, 0, 0, ymsg, YMSG_LEN);
	expect(&d, NFIM_KNOWN);

	begin(&d, "2,048 decoys: given up, not none");
	for (i = 0; i < NFIM_BUDGET_PACKETS; i++)
		drive_at(&d, 0, 0, "x", 1);
	expect(&d, NFIM_GIVEN_UP);
}

/* A packet without payload may settle what was read, and nothing else. */
TEST(test_packet_without_payload)
{
	struct drive d;

	begin(&d, "no acknowledgment is known: nothing settles");
	d.has_acked[0] = false;
	drive_at(&d, 0, 0, "x", 1);
	drive_at(&d, 1, 0, hello, HELLO_LEN);
	d.acked[1] = HELLO_LEN;
	drive_ack(&d, 0);
	expect(&d, NFIM_UNDECIDED);

	begin(&d, "an acknowledgment of what was not sent counts no more than what was");
	drive_at(&d, 0, 0, "Y", 1);
	d.acked[0] = 5000;
	drive_ack(&d, 1);
	expect(&d, NFIM_UNDECIDED);
}

/* A pack that is swapped in has its own rules, but nothing arrived by that. */
TEST(test_swap)
{
	struct drive d;

	begin(&d, "two decoys, another pack, the real bytes");
	drive_at(&d, 0, 0, "xxxxxxxxxxxxxx", 14);
	drive_at(&d, 1, 0, "xxxxxxxxxxxxxx", 14);
	d.flow.epoch++;
	drive_ack(&d, 0);
	drive_at(&d, 1, 14, "x", 1);
	drive_at(&d, 0, 0, ymsg, YMSG_LEN);
	expect(&d, NFIM_KNOWN);

	begin(&d, "twin: without the swap");
	drive_at(&d, 0, 0, "xxxxxxxxxxxxxx", 14);
	drive_at(&d, 1, 0, "xxxxxxxxxxxxxx", 14);
	drive_at(&d, 1, 14, "x", 1);
	drive_at(&d, 0, 0, ymsg, YMSG_LEN);
	expect(&d, NFIM_KNOWN);
}

/* Where a stream can be read in two ways, that it is none of ours is not known. */
TEST(test_doubt)
{
	struct drive d;

	begin(&d, "contradictions, then nothing a rule knows");
	d.settle = false;
	drive_at(&d, 0, 3, "abc", 3);
	drive_at(&d, 0, 3, "xyz", 3);
	drive_at(&d, 0, 0, "...", 3);
	drive_at(&d, 1, 0, "xyz", 3);
	expect(&d, NFIM_GIVEN_UP);

	begin(&d, "urgent data, then nothing a rule knows");
	d.settle = false;
	d.urgent = true;
	drive_at(&d, 0, 0, "xyz", 3);
	d.urgent = false;
	drive_at(&d, 1, 0, "xyz", 3);
	expect(&d, NFIM_GIVEN_UP);

	begin(&d, "urgent data that is part of a signature");
	d.urgent = true;
	drive_at(&d, 0, 0, ymsg, YMSG_LEN);
	expect(&d, NFIM_KNOWN);

	begin(&d, "twin: nothing is urgent");
	d.settle = false;
	drive_at(&d, 0, 0, "xyz", 3);
	drive_at(&d, 1, 0, "xyz", 3);
	expect(&d, NFIM_NONE);
}

/* The name that a proxy was asked for counts when the rest is known to be none of ours. */
TEST(test_target)
{
	static const char asked[] = "CONNECT login.icq.com:443 HTTP/1.0\r\n\r\n\x99\x98";
	static const char answered[] = "HTTP/1.0 200 OK\r\n\r\n\x99\x98";
	struct drive d;

	begin(&d, "a proxy, and what nobody knows");
	drive_at(&d, 0, 0, asked, sizeof(asked) - 1);
	d.acked[0] = sizeof(asked) - 1;
	drive_at(&d, 1, 0, answered, sizeof(answered) - 1);
	case_verdict("before", d.verdict, NFIM_UNDECIDED);
	d.acked[1] = sizeof(answered) - 1;
	drive_ack(&d, 0);
	case_str("protocol", drive_proto(&d), "oscar");
	expect(&d, NFIM_KNOWN);
}

/* However long the head is in which its name stands. */
TEST(test_target_long_head)
{
	static const char asked[] = "CONNECT login.icq.com:443 HTTP/1.0\r\nX: ";
	static const char answered[] = "HTTP/1.0 200 OK\r\n\r\n\x99\x98";
	static const u32 pads[] = { 10, NFIM_PREFIX_KEEP_MAX - 60, NFIM_PREFIX_KEEP_MAX,
				    NFIM_PREFIX_KEEP_MAX + 300 };
	char head[NFIM_PREFIX_KEEP_MAX + 512];
	struct drive d;
	u32 i, len, cut;

	for (i = 0; i < ARRAY_SIZE(pads); i++) {
		len = sizeof(asked) - 1;
		memcpy(head, asked, len);
		memset(head + len, 'x', pads[i]);
		len += pads[i];
		memcpy(head + len, "\r\n\r\n\x99\x98", 6);
		len += 6;
		for (cut = 0; cut < len; cut += 1400) {
			begin(&d, "a proxy, asked at length");
			if (cut)
				drive_at(&d, 0, 0, head, cut);
			drive_at(&d, 0, cut, head + cut, len - cut);
			d.acked[0] = len;
			drive_at(&d, 1, 0, answered, sizeof(answered) - 1);
			d.acked[1] = sizeof(answered) - 1;
			drive_ack(&d, 0);
			case_str("protocol", drive_proto(&d), "oscar");
			expect(&d, NFIM_KNOWN);
		}
	}
}

/* Which of two hosts the proxy heard, where the client said both with the same numbers? */
TEST(test_target_decoy)
{
	static const char first[] = "CONNECT login.icq.com:443 HTTP/1.0\r\n\r\n";
	static const char *const others[] = {
		"CONNECT msg.yahoo.com:443 HTTP/1.0\r\n\r\n",
		"CONNECT www.test.test:443 HTTP/1.0\r\n\r\n",
	};
	static const char answered[] = "HTTP/1.0 200 OK\r\n\r\n\x99\x98";
	const u32 len = sizeof(first) - 1;
	struct drive d;
	u32 i;

	for (i = 0; i < 2 * ARRAY_SIZE(others) + 1; i++) {
		const char *again = i < 4 ? others[i / 2] : first;

		assert_int_equal(strlen(again), len);
		begin(&d, "a proxy, asked for two hosts");
		drive_at(&d, 0, 0, i % 2 ? again : first, len);
		drive_at(&d, 0, 0, i % 2 ? first : again, len);
		drive_at(&d, 0, len, "\x99\x98", 2);
		d.acked[0] = len + 2;
		drive_at(&d, 1, 0, answered, sizeof(answered) - 1);
		d.acked[1] = sizeof(answered) - 1;
		drive_ack(&d, 0);
		expect(&d, i < 4 ? NFIM_GIVEN_UP : NFIM_KNOWN);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both_closed),
		cmocka_unit_test(test_budget),
		cmocka_unit_test(test_packet_without_payload),
		cmocka_unit_test(test_swap),
		cmocka_unit_test(test_doubt),
		cmocka_unit_test(test_target),
		cmocka_unit_test(test_target_long_head),
		cmocka_unit_test(test_target_decoy),
	};
	int failed;

	shipped = sigset_shipped();
	failed = cmocka_run_group_tests_name("settle", tests, NULL, NULL);
	sigset_free(shipped);
	printf("# %lu cases\n", case_count());
	return failed;
}
