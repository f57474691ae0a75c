// SPDX-License-Identifier: GPL-2.0-only
/*
 * A client's first datagram of QUIC, with a hello for a host that is no messenger's.
 */
#include "quic_mk.h"
#include "support/hello.h"

#include "icount.h"

enum { OVERHEAD = 64 };	/* of the packet's header and tag, at most */

uint8_t quic_hello[QUIC_HELLO];

void quic_hello_make(void)
{
	const struct hello h = { .name = "www.example.org", .alpn = "h3", .pad = 200 };
	static const uint8_t cid[] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	static uint8_t msg[HELLO_MAX], frames[QUIC_HELLO];
	const struct quic_initial p = {
		.version = 1, .dcid = cid, .dcid_len = sizeof(cid), .frames = frames,
		.len = QUIC_HELLO - OVERHEAD,
	};

	quic_put_crypto(frames, 0, msg, hello_make(msg, &h));
	quic_put(quic_hello, &p);
}
