// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reading a TLS ClientHello from a stream that may be cut anywhere.
 *
 * A feed is a place in the stream and knows how many bytes follow before the next record's
 * header. The hello is first measured, by the headers of its records alone, and read when
 * all of it is there.
 */
#include "tls.h"

enum {
	RECORD_HEADER		= 5,
	RECORD_HANDSHAKE	= 0x16,
	RECORD_MAX		= 16384,
	CLIENT_HELLO		= 1,
	MESSAGE_HEADER		= 4,
	EXT_SERVER_NAME		= 0,
	EXT_ALPN		= 16,
	EXT_ESNI		= 0xffce,
	EXT_ECH			= 0xfe0d,
	EXTENSIONS_MAX		= 256,
	NAMES_MAX		= 8,	/* RFC 6066 section 3 knows one */
};

struct feed {
	const struct nfim_view *view;
	struct nfim_tls_hello *hello;
	u32 start;		/* in the view: its first byte */
	u32 off;		/* the next */
	u32 piece;		/* bytes from there to the end of the record */
	u32 left;		/* bytes of what is read from there, over all records */
	u32 n_records;
	bool records;		/* else all is one piece */
	enum nfim_tls_result end;	/* why it cannot go on */
};

static bool stop(struct feed *f, enum nfim_tls_result why)
{
	f->end = why;
	return false;
}

/* Wait for @n bytes from the feed's place on, and what else must follow them. */
static bool wait_for(struct feed *f, u32 n)
{
	f->hello->need = f->off + n;
	if (f->records && f->left > f->piece)
		f->hello->need = max(f->hello->need, f->off + f->piece + RECORD_HEADER +
						     (f->left - f->piece));
	else
		f->hello->need = max(f->hello->need, f->off + f->left);
	return stop(f, f->view->last ? NFIM_TLS_NO : NFIM_TLS_MORE);
}

static bool have(const struct feed *f, u32 n)
{
	return f->view->len >= f->off && f->view->len - f->off >= n;
}

/* At the end of a record: its successor's header, which must be of the handshake, too. */
static bool next_record(struct feed *f)
{
	u8 buf[RECORD_HEADER];
	const u8 *p;
	u32 n;

	if (!f->records)
		return stop(f, NFIM_TLS_NO);
	if (++f->n_records * (f->off - f->start) > NFIM_TLS_RECORDS_COST)
		return stop(f, NFIM_TLS_TOO_MUCH);
	f->hello->work++;
	n = min_t(u32, RECORD_HEADER, have(f, 0) ? f->view->len - f->off : 0);
	p = n ? nfim_view_get(f->view, f->off, n, buf) : buf;
	if (!p || (n > 0 && p[0] != RECORD_HANDSHAKE) || (n > 1 && p[1] != 3) ||
	    (n > 2 && p[2] > 4))
		return stop(f, NFIM_TLS_NO);
	if (n < RECORD_HEADER)
		return wait_for(f, RECORD_HEADER);
	f->piece = nfim_be16(p + 3);
	if (!f->piece || f->piece > RECORD_MAX)
		return stop(f, NFIM_TLS_NO);
	f->off += RECORD_HEADER;
	return true;
}

static bool skip(struct feed *f, u32 n)
{
	u32 step;

	if (n > f->left)
		return stop(f, NFIM_TLS_NO);
	while (n) {
		if (!f->piece && !next_record(f))
			return false;
		step = min(n, f->piece);
		f->off += step;
		f->piece -= step;
		f->left -= step;
		n -= step;
	}
	return true;
}

static bool take(struct feed *f, u8 *to, u32 n)
{
	u32 step;
	const u8 *p;

	f->hello->work++;
	if (n > f->left)
		return stop(f, NFIM_TLS_NO);
	while (n) {
		if (!f->piece && !next_record(f))
			return false;
		step = min_t(u32, n, NFIM_READ_MAX);
		step = min(step, f->piece);
		if (!have(f, step))
			return wait_for(f, step);
		p = nfim_view_get(f->view, f->off, step, to);
		if (!p)
			return stop(f, NFIM_TLS_NO);
		if (p != to)
			memcpy(to, p, step);
		to += step;
		f->off += step;
		f->piece -= step;
		f->left -= step;
		n -= step;
	}
	return true;
}

/* The next @n bytes, if they lie within the record and where the view has them in one piece. */
static inline const u8 *at_hand(struct feed *f, u32 n)
{
	const struct nfim_view *view = f->view;
	u32 at = f->off - view->head_off;

	if (n > f->left || n > f->piece || f->off < view->head_off || !have(f, n) ||
	    n > view->head_len || at > view->head_len - n)
		return NULL;
	f->hello->work++;
	f->off += n;
	f->piece -= n;
	f->left -= n;
	return view->head + at;
}

static bool take_u8(struct feed *f, u32 *v)
{
	const u8 *p = at_hand(f, 1);
	u8 b[1];

	if (p) {
		*v = *p;
		return true;
	}
	if (!take(f, b, sizeof(b)))
		return false;
	*v = b[0];
	return true;
}

static bool take_u16(struct feed *f, u32 *v)
{
	const u8 *p = at_hand(f, 2);
	u8 b[2];

	if (p) {
		*v = nfim_be16(p);
		return true;
	}
	if (!take(f, b, sizeof(b)))
		return false;
	*v = nfim_be16(b);
	return true;
}

/* A list of names; the first of type host_name counts. An empty list is none. */
static bool server_name(struct feed *f, u32 len)
{
	struct nfim_tls_hello *h = f->hello;
	u32 type, n, names = 0;

	if (len < 2)
		return skip(f, len);
	if (!skip(f, 2))
		return false;
	for (len -= 2; len >= 3; len -= n) {
		if (!take_u8(f, &type) || !take_u16(f, &n))
			return false;
		len -= 3;
		if (n > len)
			return stop(f, NFIM_TLS_NO);
		if (++names > NAMES_MAX)
			return stop(f, NFIM_TLS_TOO_MUCH);
		if (type || h->name_len || !n || n > NFIM_TLS_NAME_MAX) {
			if (!skip(f, n))
				return false;
			continue;
		}
		if (!take(f, h->name, n))
			return false;
		h->name_len = h->name[n - 1] == '.' ? n - 1 : n;
	}
	return skip(f, len);
}

static bool alpn(struct feed *f, u32 len)
{
	struct nfim_tls_hello *h = f->hello;
	u32 n;

	if (len < 3 || h->alpn_len)
		return skip(f, len);
	if (!skip(f, 2) || !take_u8(f, &n))
		return false;
	len -= 3;
	if (n > len)
		return stop(f, NFIM_TLS_NO);
	if (n <= NFIM_TLS_ALPN_MAX) {
		if (!take(f, h->alpn, n))
			return false;
		h->alpn_len = n;
		len -= n;
	}
	return skip(f, len);
}

static bool extension(struct feed *f)
{
	const u8 *p = at_hand(f, 4);
	u32 type, len;

	if (p) {
		type = nfim_be16(p);
		len = nfim_be16(p + 2);
	} else if (!take_u16(f, &type) || !take_u16(f, &len)) {
		return false;
	}
	if (len > f->left)
		return stop(f, NFIM_TLS_NO);
	switch (type) {
	case EXT_SERVER_NAME:
		return server_name(f, len);
	case EXT_ALPN:
		return alpn(f, len);
	case EXT_ESNI:
	case EXT_ECH:
		f->hello->ech = true;
		return skip(f, len);
	default:
		return skip(f, len);
	}
}

/* Version, random, session, [cookie,] ciphers, compression, extensions; and nothing more. */
static bool body(struct feed *f, bool dtls)
{
	u32 n, len;

	if (!take_u16(f, &n))
		return false;
	if (dtls ? n >> 8 != 0xfe : n >> 8 != 3)
		return stop(f, NFIM_TLS_NO);
	if (!skip(f, 32) || !take_u8(f, &n))
		return false;
	if (n > 32)
		return stop(f, NFIM_TLS_NO);
	if (!skip(f, n) || (dtls && (!take_u8(f, &n) || !skip(f, n))))
		return false;
	if (!take_u16(f, &n))
		return false;
	if (!n || n % 2)
		return stop(f, NFIM_TLS_NO);
	if (!skip(f, n) || !take_u8(f, &n))
		return false;
	if (!n || !skip(f, n))
		return stop(f, f->end);
	/* Clients of old have no extensions. */
	if (!f->left)
		return true;
	if (!take_u16(f, &len))
		return false;
	if (len != f->left)
		return stop(f, NFIM_TLS_NO);
	for (n = 0; f->left; n++)
		if (n == EXTENSIONS_MAX || f->left < 4 || !extension(f))
			return stop(f, f->end);
	return true;
}

/* The message's type and length, of which it must be a hello's; then its body's is left. */
static bool message(struct feed *f)
{
	u8 b[MESSAGE_HEADER];

	f->left = MESSAGE_HEADER;
	if (!take(f, b, 1))
		return false;
	if (b[0] != CLIENT_HELLO)
		return stop(f, NFIM_TLS_NO);
	if (!take(f, b + 1, 3))
		return false;
	f->left = nfim_be24(b + 1);
	if (f->left > NFIM_TLS_HELLO_LEGAL)
		return stop(f, NFIM_TLS_NO);
	return f->left <= NFIM_TLS_HELLO_MAX ? true : stop(f, NFIM_TLS_TOO_MUCH);
}

/* Is all that is left of it there? */
static bool measure(const struct feed *from)
{
	struct feed f = *from;
	u32 step;

	while (f.left) {
		if (!f.piece && !next_record(&f))
			break;
		step = min(f.left, f.piece);
		if (!have(&f, step)) {
			wait_for(&f, step);
			break;
		}
		skip(&f, step);
	}
	return f.left ? stop((struct feed *)from, f.end) : true;
}

static void begin(struct feed *f, const struct nfim_view *view, u32 start,
		  struct nfim_tls_hello *hello)
{
	memset(hello, 0, sizeof(*hello));
	memset(f, 0, sizeof(*f));
	f->view = view;
	f->hello = hello;
	f->start = start;
	f->off = start;
	f->end = NFIM_TLS_NO;
}

static enum nfim_tls_result finish(struct feed *f, bool ok)
{
	f->hello->end = f->off;
	return ok ? NFIM_TLS_HELLO : f->end;
}

enum nfim_tls_result nfim_tls_body(const struct nfim_view *view, u32 start, u32 len, bool dtls,
				   struct nfim_tls_hello *hello)
{
	struct feed f;

	begin(&f, view, start, hello);
	f.left = len;
	f.piece = len;
	return finish(&f, measure(&f) && body(&f, dtls));
}

enum nfim_tls_result nfim_tls_message(const struct nfim_view *view, u32 start,
				      struct nfim_tls_hello *hello)
{
	struct feed f;

	begin(&f, view, start, hello);
	f.piece = MESSAGE_HEADER + NFIM_TLS_HELLO_MAX;
	return finish(&f, message(&f) && measure(&f) && body(&f, false));
}

/* SSL 2.0: length with the first bit set, message, version, lengths of three lists. */
static enum nfim_tls_result sslv2(struct feed *f)
{
	u32 len, type, version, ciphers, session, challenge;

	f->left = 3;
	f->piece = f->left;
	f->records = false;
	if (!take_u16(f, &len) || !take_u8(f, &type))
		return f->end;
	if (type != CLIENT_HELLO)
		return NFIM_TLS_NO;
	f->left = 8;
	f->piece = f->left;
	if (!take_u16(f, &version) || !take_u16(f, &ciphers) || !take_u16(f, &session) ||
	    !take_u16(f, &challenge))
		return f->end;
	if ((version >> 8 != 3 && version != 2) || !ciphers || ciphers % 3 || session > 32 ||
	    challenge < 16 || challenge > 32 ||
	    (len & 0x7fff) != 9 + ciphers + session + challenge)
		return NFIM_TLS_NO;
	f->hello->sslv2 = true;
	return NFIM_TLS_HELLO;
}

enum nfim_tls_result nfim_tls_records(const struct nfim_view *view, u32 start,
				      struct nfim_tls_hello *hello)
{
	const u8 *p;
	struct feed f;
	u8 buf[1];

	begin(&f, view, start, hello);
	f.records = true;
	f.left = MESSAGE_HEADER;
	if (!have(&f, 1))
		return finish(&f, wait_for(&f, 1));
	p = nfim_view_get(view, start, 1, buf);
	if (p && *p & 0x80)
		return finish(&f, sslv2(&f) == NFIM_TLS_HELLO);
	return finish(&f, message(&f) && measure(&f) && body(&f, false));
}
