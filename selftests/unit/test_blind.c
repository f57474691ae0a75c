// SPDX-License-Identifier: GPL-2.0-only
/*
 * Telegram's obfuscated transport: a front that is made as its clients make it, in order and
 * out of order, and fronts that are one bit off.
 */
#include "unit.h"
#include "drive.h"
#include "sigset.h"

#include <nettle/aes.h>
#include <nettle/ctr.h>

/* What else begins with a front's first byte may want to see as much before it says no. */
enum { FRONT = 64, MESSAGE = 1400 };

static struct sigset *set;

/*
 * core.telegram.org/mtproto/mtproto-transports: @counter is the counter's last bytes. @out is
 * of FRONT + MESSAGE bytes; that the library writes beyond it no sanitizer would see.
 */
static void make(u8 *out, u32 seed, u8 tag, u32 counter)
{
	struct rng rng = { .state = seed };
	u8 plain[FRONT + MESSAGE], ctr[16];
	struct aes256_ctx aes;
	u32 i;

	do {
		rng_fill(&rng, plain, sizeof(plain));
	} while (plain[0] == 0xef || !nfim_be32(plain + 4));
	for (i = 0; i < 4 && counter; i++)
		plain[55 - i] = (u8)(counter >> 8 * i);
	memset(plain + 56, tag, 4);
	aes256_set_encrypt_key(&aes, plain + 8);
	memcpy(ctr, plain + 40, sizeof(ctr));
	ctr_crypt(&aes, (nettle_cipher_func *)aes256_encrypt, 16, ctr, sizeof(plain), out, plain);
	/* Only the last eight bytes of the front go out encrypted. */
	memcpy(out, plain, 56);
}

static void expect(struct drive *d, const char *proto)
{
	if (proto) {
		case_verdict("verdict", d->verdict, NFIM_KNOWN);
		case_str("protocol", drive_proto(d), proto);
		case_eq("confidence", d->flow.conf, NFIM_CONF_PAYLOAD);
	} else {
		case_ok("no verdict", d->verdict != NFIM_KNOWN);
	}
	drive_free(d);
}

TEST(test_fronts)
{
	static const u8 tags[] = { 0xef, 0xee, 0xdd };
	u8 bytes[FRONT + MESSAGE];
	struct drive d;
	u32 i, k;

	for (i = 0; i < 300; i++)
		for (k = 0; k < ARRAY_SIZE(tags); k++) {
			case_begin("front %u of %02x", i, tags[k]);
			/* Counters that carry over, too. */
			make(bytes, i + 1, tags[k], i % 3 ? 0 : 0xffffffff - i % 4);
			drive_init(&d, &set->pack);
			drive_at(&d, 0, 0, bytes, sizeof(bytes));
			expect(&d, "telegram");
			case_begin("front %u of %02x from the server", i, tags[k]);
			drive_init(&d, &set->pack);
			drive_at(&d, 1, 0, bytes, sizeof(bytes));
			expect(&d, NULL);
		}
	case_begin("a tag that there is not");
	make(bytes, 5, 0xcc, 0);
	drive_init(&d, &set->pack);
	drive_at(&d, 0, 0, bytes, sizeof(bytes));
	expect(&d, NULL);
}

/* Every bit of key, counter and tag counts; those before do not. */
TEST(test_bits)
{
	u8 bytes[FRONT + MESSAGE];
	struct drive d;
	u32 i;

	make(bytes, 9, 0xee, 0);
	for (i = 8 * 8; i < 60 * 8; i++) {
		case_begin("bit %u", i);
		bytes[i / 8] ^= 1 << i % 8;
		drive_init(&d, &set->pack);
		drive_at(&d, 0, 0, bytes, FRONT);
		bytes[i / 8] ^= 1 << i % 8;
		expect(&d, NULL);
	}
}

TEST(test_cuts)
{
	u8 bytes[FRONT + MESSAGE];
	struct drive d;
	u32 a;

	make(bytes, 17, 0xdd, 0);
	for (a = 1; a < 3 * FRONT; a++) {
		case_begin("cut at %u, the end first", a);
		drive_init(&d, &set->pack);
		drive_at(&d, 0, a, bytes + a, sizeof(bytes) - a);
		drive_at(&d, 0, 0, bytes, a);
		expect(&d, "telegram");
	}
	for (a = FRONT; a < sizeof(bytes); a += 5) {
		case_begin("cut at %u", a);
		drive_init(&d, &set->pack);
		drive_at(&d, 0, 0, bytes, a);
		expect(&d, "telegram");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fronts),
		cmocka_unit_test(test_bits),
		cmocka_unit_test(test_cuts),
	};
	int failed;

	set = sigset_shipped();
	failed = cmocka_run_group_tests_name("blind", tests, NULL, NULL);
	sigset_free(set);
	printf("# %lu cases\n", case_count());
	return failed;
}
