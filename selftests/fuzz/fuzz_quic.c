// SPDX-License-Identifier: GPL-2.0-only
/*
 * QUIC: datagrams of one flow, as they are or as frames that are encrypted first, so that the
 * reader of frames gets to see them. What is checked: all that support/drive.c checks, and that
 * no more packets are decrypted than may be.
 *
 * Input: datagrams: control, length (2 bytes), bytes.
 */
#include "drive.h"
#include "case.h"
#include "input.h"
#include "quic_mk.h"
#include "shipped.h"

#include <stdlib.h>

enum {
	C_SERVER	= 1 << 0,
	C_RAW		= 1 << 1,	/* bytes are the datagram */
	C_CID		= 1 << 2,	/* another connection id */
	C_TOKEN		= 1 << 3,
	C_NO_BLOCKS	= 1 << 4,
	C_VERSION	= 5,		/* shift of the version's number */
	DATAGRAM	= 1500,
};

static u32 seal(u8 *out, u32 control, u32 number, const u8 *frames, u32 len)
{
	static const u32 all_versions[8] = { 1, 0x6b3343cf, 0xff00001d, 1, 1, 0xfaceb002, 1, 0 };
	static const u8 cids[] = "0123456789abcdefghijKLMNOP";
	u8 payload[DATAGRAM] = {};
	struct quic_initial p = {
		.version = all_versions[control >> C_VERSION],
		.keys_version = all_versions[control >> C_VERSION] ? 0 : 1,
		.dcid = control & C_CID ? cids + 6 : cids,
		.dcid_len = control & C_CID ? 20 : 8,
		.token_len = control & C_TOKEN ? 70 : 0,
		.number = number,
		.frames = payload,
		.len = 1150,
	};

	memcpy(payload, frames, len < p.len ? len : p.len);
	return quic_put(out, &p);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	u8 bytes[2 * DATAGRAM];
	struct drive d;
	u32 number = 0;

	case_begin("QUIC");
	case_bytes(data, size);
	drive_init(&d, &set->pack);
	d.udp = true;
	while (size > 3) {
		u32 control = data[0], len = (data[1] << 8 | data[2]) % DATAGRAM, n;

		data += 3;
		size -= 3;
		len = len < size ? len : (u32)size;
		memset(bytes, 0, sizeof(bytes));
		if (control & C_RAW) {
			memcpy(bytes, data, len);
			n = len;
		} else {
			n = seal(bytes, control, number++, data, len);
		}
		d.blocks_left = control & C_NO_BLOCKS ? 0 : U32_MAX;
		drive_datagram(&d, control & C_SERVER, bytes, n < 1200 ? 1200 : n);
		case_ok("packets decrypted", d.flow.dir[0].step <= NFIM_QUIC_INITIALS_MAX &&
				d.flow.dir[1].step <= NFIM_QUIC_INITIALS_MAX);
		data += len;
		size -= len;
	}
	drive_free(&d);
	return 0;
}
