/* SPDX-License-Identifier: GPL-2.0-only */
/* Makes ClientHellos, and records around them. */
#ifndef _SELFTEST_HELLO_H
#define _SELFTEST_HELLO_H

#include "engine/port.h"

enum {
	HELLO_MAX = 20000,	/* bytes that a hello and its records may have */
	DTLS_HEADERS = 25,	/* bytes of a record's and a fragment's header */
};

/**
 * struct hello - what stands in a ClientHello
 * @name: server name; NULL: without the extension; "": an empty list
 * @alpn: protocol offered, or NULL
 * @pad: bytes of an extension before the name's
 * @ech: an extension of ECH behind the name's
 * @dtls: DTLS, with an empty cookie
 */
struct hello {
	const char *name;
	const char *alpn;
	u32 pad;
	bool ech;
	bool dtls;
};

/**
 * hello_make() - a handshake message
 * @out: HELLO_MAX bytes
 *
 * Return: its length.
 */
u32 hello_make(u8 *out, const struct hello *h);

/**
 * hello_records() - records of TLS around a message
 * @out: HELLO_MAX bytes
 * @msg: the message
 * @len: its bytes
 * @cuts: where records end, ascending, each in 1..@len - 1
 * @n: how many
 *
 * Return: bytes of all records.
 */
u32 hello_records(u8 *out, const u8 *msg, u32 len, const u32 *cuts, u32 n);

/**
 * dtls_put() - a datagram of DTLS with a fragment
 * @out: HELLO_MAX bytes
 * @body: a hello behind its message's header
 * @len: its bytes
 * @from: first byte of the fragment
 * @to: one after its last
 * @number: of the message
 *
 * Return: the datagram's length.
 */
u32 dtls_put(u8 *out, const u8 *body, u32 len, u32 from, u32 to, u32 number);

#endif /* _SELFTEST_HELLO_H */
