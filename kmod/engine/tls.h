/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A TLS ClientHello (RFC 8446 section 4.1.2), whatever carries it: records of TLS over TCP,
 * CRYPTO frames of QUIC, or a datagram of DTLS. Nothing is allocated, and nothing kept.
 */
#ifndef _NF_IM_ENGINE_TLS_H
#define _NF_IM_ENGINE_TLS_H

#include "run.h"

enum {
	NFIM_TLS_HELLO_MAX	= 16384, /* bytes of a ClientHello that is read */
	NFIM_TLS_HELLO_LEGAL	= 2 + 32 + 33 + 65538 + 256 + 65538, /* of any */
	NFIM_TLS_RECORDS_COST	= 1 << 21, /* records that it is cut into, times bytes */
	NFIM_TLS_NAME_MAX	= 255,	/* bytes of a server's name */
	NFIM_TLS_ALPN_MAX	= 32,	/* bytes of a protocol's id that is kept */
};

enum nfim_tls_result {
	NFIM_TLS_NO,		/* no ClientHello */
	NFIM_TLS_MORE,		/* not all of it is there; see @need */
	NFIM_TLS_HELLO,		/* all of it was read */
	NFIM_TLS_TOO_MUCH,	/* too long, or cut into more records than are worth reading */
};

/**
 * struct nfim_tls_hello - what a ClientHello says in clear
 * @name: server name (RFC 6066), as sent, without a dot at its end
 * @name_len: 0 for none
 * @alpn: first protocol that the client offers (RFC 7301)
 * @alpn_len: 0 for none
 * @ech: an encrypted ClientHello (or GREASE that looks like one) is in it: then @name is
 *	the client-facing server's
 * @sslv2: framed as in SSL 2.0 (RFC 5246 appendix E.2); it has no extensions
 * @need: on MORE: bytes of the view with which more is known (> view->len)
 * @end: on HELLO: one after its last byte in the view
 * @work: fields looked at
 */
struct nfim_tls_hello {
	u8 name[NFIM_TLS_NAME_MAX];
	u8 name_len;
	u8 alpn[NFIM_TLS_ALPN_MAX];
	u8 alpn_len;
	bool ech;
	bool sslv2;
	u32 need;
	u32 end;
	u32 work;
};

/**
 * nfim_tls_records() - read a ClientHello out of records
 * @view: bytes in order
 * @start: where the first record begins
 * @hello: set; on NO and MORE only need and work mean something
 *
 * The hello may be cut into records, and those into segments, anywhere; but to find the way
 * through many of them in a large window is dear.
 */
enum nfim_tls_result nfim_tls_records(const struct nfim_view *view, u32 start,
				      struct nfim_tls_hello *hello);

/**
 * nfim_tls_message() - read a ClientHello that stands in one piece
 * @view: bytes in order; the message's type comes first
 * @start: where the message begins
 * @hello: as above
 */
enum nfim_tls_result nfim_tls_message(const struct nfim_view *view, u32 start,
				      struct nfim_tls_hello *hello);

/**
 * nfim_tls_body() - read what follows the message's header
 * @view: bytes in order
 * @start: where the client's version stands
 * @len: bytes of the hello from there on
 * @dtls: it has a cookie behind the session's id (RFC 6347 section 4.2.1)
 * @hello: as above
 */
enum nfim_tls_result nfim_tls_body(const struct nfim_view *view, u32 start, u32 len, bool dtls,
				   struct nfim_tls_hello *hello);

#endif /* _NF_IM_ENGINE_TLS_H */
