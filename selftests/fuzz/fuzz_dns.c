// SPDX-License-Identifier: GPL-2.0-only
/*
 * DNS: bytes as a message, and as a stream of TCP in segments. What is checked: a message that
 * is read is read the same from any number of bytes that hold its question, from fewer the
 * answer is "more"; a name fits, and is one of a host; what an answer tells is bounded and the same
 * in one piece and in many, and is told only to who asked; and all that support/drive.c checks.
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
	d.learn = step & 1;
	for (i = 0; i < len; i += n) {
		n = min(step, len - i);
		drive_at(&d, bytes[2] >> 7, i, bytes + i, n);
	}
	drive_free(&d);
}

/* What the bytes tell as an answer to their own question, which is @asked or not. */
static struct nfim_told told_of(const u8 *bytes, u32 len, u32 head_max, bool asked)
{
	struct nfim_flow flow;
	struct drive d;
	u32 i;

	drive_init(&d, &set->pack);
	d.udp = true;
	d.learn = true;
	d.head_max = head_max;
	if (asked) {
		u8 *q = malloc(len);

		memcpy(q, bytes, len);
		/* A query has no answers. */
		q[2] = 1;
		q[3] = 0;
		memset(q + 6, 0, 6);
		drive_datagram(&d, 0, q, len);
		case_eq("a query tells nothing", d.step.told.n, 0);
		free(q);
	}
	flow = d.flow;
	drive_datagram(&d, 1, bytes, len);
	case_ok("bounded", d.step.told.n <= NFIM_TOLD_MAX && d.step.work < 4096);
	if (!asked)
		case_eq("told to nobody", d.step.told.n, 0);
	for (i = 0; i < d.step.told.n; i++)
		case_ok("of one protocol", d.step.told.at[i].proto == d.step.told.at[0].proto);
	case_ok("of an undecided flow", !flow.done || !d.step.told.n);
	drive_free(&d);
	return d.step.told;
}

static void answer(const u8 *bytes, u32 len)
{
	struct nfim_told all, part;
	u32 i;

	if (len < 12)
		return;
	all = told_of(bytes, len, U32_MAX, true);
	part = told_of(bytes, len, 13, true);
	case_eq("as many in pieces", part.n, all.n);
	for (i = 0; i < all.n; i++)
		case_mem("the same", part.at[i].addr, 16, all.at[i].addr, 16);
	told_of(bytes, len, U32_MAX, false);
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
	answer(data, len);
	return 0;
}
