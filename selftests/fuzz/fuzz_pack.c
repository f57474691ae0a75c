// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packs: whatever the bytes, opening them is safe; and what opens is safe to run, over any
 * payload, in any pieces, at no more than the work that its programs are said to cost.
 *
 * Input: control, payload's length (1 byte), payload, pack.
 */
#include "input.h"
#include "case.h"
#include "drive.h"
#include "packmk.h"

#include <stdlib.h>

enum {
	C_SEAL	= 1 << 0,	/* set size and checksum right */
	C_UDP	= 1 << 1,
	C_MID	= 1 << 2,
	C_STEP	= 7 << 3,	/* bytes a packet, 0 all */
	C_SERVER = 1 << 6,
	C_LAY	= 1 << 7,	/* set the sections' places right */
};

/* Sections in a row from the table's end, each as long as it says, as far as there are bytes. */
static void lay_out(u8 *file, size_t len)
{
	const size_t table = sizeof(struct nfim_pack_hdr);
	size_t off = table + NFIM_SECT_DATA * sizeof(struct nfim_sect);
	u32 i;

	if (len < off)
		return;
	for (i = NFIM_SECT_PROTOS; i < NFIM_SECTS; i++) {
		size_t at = table + (i - 1) * sizeof(struct nfim_sect);
		size_t size = packmk_get(file, at + 8);

		if (i == NFIM_SECT_DATA || size > len - off)
			size = len - off;
		packmk_put(file, at, i);
		packmk_put(file, at + 4, (u32)off);
		packmk_put(file, at + 8, (u32)size);
		off += size;
	}
}

static u32 prog_cost(const struct nfim_pack *pack, u32 code, u32 n)
{
	u32 cost = 0;

	while (n--)
		cost += nfim_insn_cost(&pack->code[code++]);
	return cost;
}

/* Every program over the payload at once, and over less and less of it. */
static void run_one(const struct nfim_pack *pack, u32 code, u32 n, bool udp, const u8 *bytes,
		    u32 len)
{
	u32 cost = prog_cost(pack, code, n), have;

	for (have = len;; have /= 2) {
		struct nfim_view view = {
			.head = bytes, .head_len = have, .len = have, .last = udp,
		};
		struct nfim_out out = { 0 };
		enum nfim_run_result res = nfim_run(pack, code, n, &view, 0, &out);

		if (out.work > cost)
			case_fail("work %u of a program that costs %u", out.work, cost);
		if (res == NFIM_RUN_MORE && (udp || out.need <= have))
			case_fail("it wants %u bytes of %u", out.need, have);
		if (res == NFIM_RUN_YES && out.user_len &&
		    (out.user_off > have || out.user_len > have - out.user_off))
			case_fail("the user is at %u+%u of %u", out.user_off, out.user_len, have);
		if (!have)
			return;
	}
}

static void run_all(const struct nfim_pack *pack, const u8 *bytes, u32 len)
{
	u32 i;

	for (i = 0; i < pack->n_rules; i++)
		run_one(pack, pack->rules[i].code, pack->rules[i].n_code,
			pack->rules[i].root == NFIM_ROOT_UDP, bytes, len);
	for (i = 0; i < pack->n_frames; i++)
		run_one(pack, pack->frames[i].code, pack->frames[i].n_code,
			pack->frames[i].l4 == NFIM_L4_UDP, bytes, len);
}

static void drive_all(const struct nfim_pack *pack, u8 ctl, const u8 *bytes, u32 len)
{
	u32 step = (ctl & C_STEP) >> 3, at, dir = !!(ctl & C_SERVER);
	struct drive d;

	drive_init(&d, pack);
	d.udp = ctl & C_UDP;
	d.watch = true;
	d.has_base[dir] = !(ctl & C_MID);
	if (!step)
		step = len;
	for (at = 0; at < len; at += step)
		drive_at(&d, dir, at, bytes + at, min(step, len - at));
	drive_free(&d);
}

int LLVMFuzzerTestOneInput(const u8 *bytes, size_t size)
{
	struct input in = { bytes, size };
	u8 ctl = take_u8(&in);
	struct nfim_pack_err err;
	struct nfim_pack pack;
	const u8 *payload;
	u32 len, n;
	u8 *file, *copy;

	payload = take_bytes(&in, take_u8(&in), &n);
	len = (u32)in.left;
	/* A pack is a multiple of four bytes: what is more only makes refusals. */
	if (ctl & C_SEAL)
		len &= ~3u;
	file = malloc(len ? len : 1);
	memcpy(file, in.p, len);
	if (ctl & C_LAY)
		lay_out(file, len);
	if (ctl & C_SEAL)
		packmk_seal(file, len);
	case_begin("a pack");
	if (nfim_pack_open(&pack, file, len, &err)) {
		if (!err.what || err.off > len)
			case_fail("refused without a reason or place");
	} else {
		copy = malloc(n ? n : 1);
		memcpy(copy, payload, n);
		run_all(&pack, copy, n);
		drive_all(&pack, ctl, copy, n);
		free(copy);
	}
	free(file);
	return 0;
}
