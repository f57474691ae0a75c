// SPDX-License-Identifier: GPL-2.0-only
/*
 * DNS: bytes as a message, and as a stream of TCP in segments. What is checked: a message that
 * is read is read the same from any number of bytes that hold its question, from fewer the
 * answer is "more"; a name fits, and is one of a host; and all that support/drive.c checks.
 *
 * Input: a byte of the prefix and of the segments' size, then bytes.
 */
#include "drive.h"
#include "case.h"
#include "engine/dns.h"
#include "input.h"
#include "shipped.h"

#include <stdlib.h>

static enum nfim_dns_result parse(const u8 *bytes, u32 len, u32 end, struct nfim_dns *dns)
{
	u8 *copy = malloc(len ? len : 1);
	struct nfim_view view = { .head = copy, .head_len = len, .len = len, .last = len == end };
	enum nfim_dns_result res;
	u32 i;

	memcpy(copy, bytes, len);
	res = nfim_dns_message(&view, 0, end, dns);
	free(copy);
	if (res == NFIM_DNS_MORE)
		case_ok("wants more than there is", dns->need > len && dns->need <= end);
	case_ok("the name fits", dns->name_len <= NFIM_DNS_NAME_MAX);
	for (i = 0; i < dns->name_len; i++)
		case_ok("is a host's", strchr("abcdefghijklmnopqrstuvwxyz0123456789-_.",
					      dns->name[i]));
	return res;
}

static void stream(const u8 *bytes, u32 len, u32 step)
{
	struct drive d;
	u32 i, n;

	drive_init(&d, &set->pack);
	d.watch = true;
	for (i = 0; i < len; i += n) {
		n = min(step, len - i);
		drive_at(&d, bytes[2] >> 7, i, bytes + i, n);
	}
	drive_free(&d);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	enum nfim_dns_result res, less;
	struct nfim_dns all, part;
	u32 len, n;

	if (size < 4)
		return 0;
	len = (u32)size - 1;
	n = data[0] * (len - 1) / 255;
	data++;
	case_begin("%u of %u bytes", n, len);
	case_bytes(data, len);
	res = parse(data, len, len, &all);
	less = parse(data, n, len, &part);
	if (less == NFIM_DNS_MESSAGE) {
		case_eq("the same answer", res, NFIM_DNS_MESSAGE);
		case_mem("the same name", part.name, part.name_len, all.name, all.name_len);
	} else if (res == NFIM_DNS_MESSAGE) {
		case_eq("not sooner", less, NFIM_DNS_MORE);
	}
	stream(data, len, 1 + n);
	return 0;
}
