// SPDX-License-Identifier: GPL-2.0-only
/*
 * STUN: attributes and realms that are one service's, wherever they stand; and twins.
 */
#include "unit.h"
#include "drive.h"
#include "sigset.h"

#include <linux/netfilter/nf_im.h>
#include <stdlib.h>

static struct sigset *set;

#define TID "c55a4fdfde0c325e304c60c7"

TEST(test_attributes)
{
	static const struct {
		const char *what, *hex, *proto;
		u8 conf;
	} tries[] = {
		{ "binding", "0001 0000 2112a442" TID, NULL },
		{ "Microsoft's behind others",
		  "0001 001c 2112a442" TID "00060003 61616100 802a0008 0000000000bf4317"
		  "80700004 00000003", "teams", NFIM_CONF_PAYLOAD },
		{ "the same, cut short",
		  "0001 001c 2112a442" TID "00060003 61616100 802a0008 0000000000bf4317"
		  "80700005 00000003", NULL },
		{ "another length", "0001 001d 2112a442" TID "00060003 61616100 802a0008"
		  "0000000000bf4317 80700004 00000003", NULL },
		{ "another cookie", "0001 0008 2112a443" TID "80700004 00000003", NULL },
		{ "the type as a value", "0001 0008 2112a442" TID "80220004 80700004", NULL },
		{ "WhatsApp's at the end", "0103 0014 2112a442" TID
		  "00200008 0001ed8671a60672 40020004 0000016b", "whatsapp", NFIM_CONF_PAYLOAD },
		{ "realm voip.signal.org", "0113 0014 2112a442" TID
		  "0014000f 766f69702e7369676e616c2e6f7267 00", "signal", NFIM_CONF_NAME },
		{ "realm of a service that has no name for calls alone",
		  "0113 0010 2112a442" TID "00140009 76696265722e636f6d 000000", "viber",
		  NFIM_CONF_NAME },
		{ "realm of a service's advertising",
		  "0113 001a 2112a442" TID "00140012 67726170682e77686174736170702e636f6d 0000", NULL },
		{ "realm voip.signal.orx", "0113 0014 2112a442" TID
		  "0014000f 766f69702e7369676e616c2e6f7278 00", NULL },
		{ "realm beyond the end", "0113 0014 2112a442" TID
		  "00140012 766f69702e7369676e616c2e6f7267 00", NULL },
	};
	u32 i, len;

	for (i = 0; i < ARRAY_SIZE(tries); i++) {
		u8 *bytes = hex_bytes(tries[i].hex, &len);
		struct drive d;

		case_begin("%s", tries[i].what);
		case_bytes(bytes, len);
		drive_init(&d, &set->pack);
		d.udp = true;
		d.watch = true;
		drive_datagram(&d, 0, bytes, len);
		case_str("protocol", drive_proto(&d), tries[i].proto);
		if (tries[i].proto) {
			case_eq("confidence", d.flow.conf, tries[i].conf);
			case_eq("actions", d.actions, 1U << NF_IM_ACT_VOICE);
			/* And so do the media. */
			drive_datagram(&d, 1, "\x80\x78\0\1media", 9);
			case_eq("actions of the next", d.step.actions, 1U << NF_IM_ACT_VOICE);
		}
		drive_free(&d);
		free(bytes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_attributes),
	};
	int failed;

	set = sigset_shipped();
	failed = cmocka_run_group_tests_name("stun", tests, NULL, NULL);
	sigset_free(set);
	printf("# %lu cases\n", case_count());
	return failed;
}
