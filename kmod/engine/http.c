// SPDX-License-Identifier: GPL-2.0-only
/*
 * Heads of HTTP/1: their first line, fields, and chunks of bodies.
 */
#include "http.h"

/* Methods that carry something, or lead somewhere. What others say is no HTTP to us. */
static const char *const methods[] = {
	"GET ", "POST ", "HEAD ", "PUT ", "CONNECT ", "OPTIONS ", "DELETE ", "PATCH ", "TRACE ",
	"PROPFIND ", "SEARCH ", "REPORT ", "POLL ", "SUBSCRIBE ", "NOTIFY ", "BPROPPATCH ",
};

enum { VERSION_LEN = 9 };	/* " HTTP/1.x" */

static u8 lower(u8 c)
{
	return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

static bool blank(u8 c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Reads bytes of a view one by one: those in [lo, hi) are at hand. */
struct rd {
	const struct nfim_view *view;
	const u8 *p;
	u32 lo;
	u32 hi;
	u8 buf[NFIM_READ_MAX];
};

/* What the view has in one piece is at hand; the buffer is filled before it is read. */
static inline struct rd *rd_begin(struct rd *r, const struct nfim_view *view)
{
	r->view = view;
	r->p = view->head;
	r->lo = view->head_off;
	r->hi = view->head_len ? min(view->head_off + view->head_len, view->len) : 0;
	return r;
}

static const u8 *piece(const struct nfim_view *view, u32 off, u32 *n, u8 *buf)
{
	const u8 *p;

	/* What is at hand in one piece may be taken whole. */
	if (off >= view->head_off && off - view->head_off < view->head_len) {
		*n = min(*n, view->head_len - (off - view->head_off));
		return view->head + (off - view->head_off);
	}
	p = view->piece ? view->piece(view, off, n) : NULL;
	if (p)
		return p;
	*n = min_t(u32, *n, NFIM_READ_MAX);
	return nfim_view_get(view, off, *n, buf);
}

/* One byte, 0 where it cannot be had. */
static u8 at_slow(struct rd *r, u32 off)
{
	u32 n = r->view->len - off;

	r->hi = 0;
	if (off >= r->view->len)
		return 0;
	r->p = piece(r->view, off, &n, r->buf);
	if (!r->p)
		return 0;
	r->lo = off;
	r->hi = off + n;
	return *r->p;
}

static inline u8 at(struct rd *r, u32 off)
{
	return likely(off >= r->lo && off < r->hi) ? r->p[off - r->lo] : at_slow(r, off);
}

/* The first @c of @n bytes, eight at a time; @n if there is none. */
static inline u32 byte_in(const u8 *p, u32 n, u8 c)
{
	const u64 ones = 0x0101010101010101ULL;
	u32 i = 0;
	u64 w;

	if (n < 8) {
		while (i < n && p[i] != c)
			i++;
		return i;
	}
	for (;; i = min(i + 8, n - 8)) {
		w = nfim_le64(p + i) ^ ones * c;
		/* Borrows make bytes behind the first one look like it, none before. */
		w = (w - ones) & ~w & (ones << 7);
		if (w)
			return i + __builtin_ctzll(w) / 8;
		if (i == n - 8)
			return n;
	}
}

/* The first @c in [off, end), or @end. */
static u32 find(struct rd *r, u32 off, u32 end, u8 c)
{
	while (off < end) {
		u32 n, i;

		if ((off < r->lo || off >= r->hi) && !at_slow(r, off) && !r->hi)
			return end;
		n = min(end, r->hi) - off;
		i = byte_in(r->p + (off - r->lo), n, c);
		off += i;
		if (i < n)
			return off;
	}
	return end;
}

u32 nfim_find_lf(const struct nfim_view *view, u32 off, u32 end, u32 *work)
{
	struct rd rd __uninitialized;
	u32 lf = find(rd_begin(&rd, view), off, end, '\n');

	*work += 1 + (lf - min(off, lf)) / 8;
	return lf;
}

/* Where the first line begins, behind empty lines. */
static u32 skip_empty(struct rd *r, u32 start)
{
	u32 off;

	for (off = start; off < r->view->len && off - start < NFIM_HTTP_EMPTY; off++)
		if (at(r, off) != '\r' && at(r, off) != '\n')
			break;
	return off;
}

/* Do the bytes at @off, as far as they are there, begin with this text? */
static enum nfim_run_result begins(const u8 *p, u32 have, const char *text)
{
	u32 i;

	for (i = 0; text[i]; i++) {
		if (i == have)
			return NFIM_RUN_MORE;
		if (p[i] != (u8)text[i])
			return NFIM_RUN_NO;
	}
	return NFIM_RUN_YES;
}

static enum nfim_run_result line_begins(const struct nfim_view *view, u32 off, bool response)
{
	u32 have = min_t(u32, view->len - off, 16), i;
	enum nfim_run_result res, best = NFIM_RUN_NO;
	u8 buf[16] __uninitialized;
	const u8 *p;

	if (!have)
		return NFIM_RUN_MORE;
	p = nfim_view_get(view, off, have, buf);
	if (!p)
		return NFIM_RUN_NO;
	if (response)
		return begins(p, have, "HTTP/1.");
	for (i = 0; i < ARRAY_SIZE(methods) && best != NFIM_RUN_YES; i++) {
		if (*p != (u8)methods[i][0])
			continue;
		res = begins(p, have, methods[i]);
		if (res != NFIM_RUN_NO)
			best = res;
	}
	return best;
}

/* The end of a line's text: without CR and blanks before its LF. */
static u32 trim_end(struct rd *r, u32 off, u32 lf)
{
	while (lf > off && blank(at(r, lf - 1)))
		lf--;
	return lf;
}

/* " HTTP/1.x" at the end of a request's first line? */
static bool has_version(struct rd *r, u32 first, u32 lf)
{
	u32 end = trim_end(r, first, lf);
	u8 buf[VERSION_LEN];
	const u8 *p;

	if (end - first < VERSION_LEN)
		return false;
	p = nfim_view_get(r->view, end - VERSION_LEN, VERSION_LEN, buf);
	return p && !memcmp(p, " HTTP/1.", 8) && p[8] >= '0' && p[8] <= '9';
}

enum nfim_run_result nfim_http_line(const struct nfim_view *view, u32 start, u32 from,
				    bool response, u32 *work)
{
	struct rd rd __uninitialized, *r = rd_begin(&rd, view);
	u32 first = skip_empty(r, start), lf;
	enum nfim_run_result res;

	(*work)++;
	res = line_begins(view, first, response);
	if (res != NFIM_RUN_YES)
		return res;
	lf = nfim_find_lf(view, max(first, from), view->len, work);
	if (lf == view->len)
		return NFIM_RUN_MORE;
	if (!response && !has_version(r, first, lf))
		return NFIM_RUN_NO;
	return NFIM_RUN_YES;
}

u32 nfim_http_blank(const struct nfim_view *view, u32 start, u32 from, u32 *work)
{
	struct rd rd __uninitialized, *r = rd_begin(&rd, view);
	u32 off = skip_empty(r, start), len = view->len;

	/* An empty line that ends in the new bytes begins at most three before them. */
	if (from > off + 3)
		off = from - 3;
	for (;; off++) {
		off = nfim_find_lf(view, off, len, work);
		if (len - off < 2)
			return 0;
		if (at(r, off + 1) == '\n')
			return off + 2;
		if (len - off > 2 && at(r, off + 1) == '\r' && at(r, off + 2) == '\n')
			return off + 3;
	}
}

/* Numbers of at most nine digits. */
static bool number(struct rd *r, struct nfim_span s, u32 *v)
{
	u32 i;

	if (!s.len || s.len > 9)
		return false;
	for (*v = 0, i = 0; i < s.len; i++) {
		u8 c = at(r, s.off + i);

		if (c < '0' || c > '9')
			return false;
		*v = *v * 10 + (c - '0');
	}
	return true;
}

/* Without "user@", ":port" and a trailing dot; of "[v6]:port" the address. */
static struct nfim_span only_host(struct rd *r, struct nfim_span s)
{
	u32 end = s.off + s.len, i;

	if (!s.len)
		return s;
	if (at(r, s.off) != '[') {
		i = find(r, s.off, end, '@');
		s.off = i < end ? i + 1 : s.off;
	}
	s.len = end - s.off;
	if (s.len && at(r, s.off) == '[') {
		s.off++;
		s.len = find(r, s.off, end, ']') - s.off;
		return s;
	}
	s.len = find(r, s.off, end, ':') - s.off;
	if (s.len && at(r, s.off + s.len - 1) == '.')
		s.len--;
	return s;
}

/* Bytes of @s up to the first @c; @s goes behind it. */
static struct nfim_span take_to(struct rd *r, struct nfim_span *s, u8 c)
{
	u32 end = s->off + s->len, i = find(r, s->off, end, c);
	struct nfim_span got = { s->off, i - s->off };

	s->off = min(i + 1, end);
	s->len = end - s->off;
	return got;
}

/* Is @s this text, its letters in either case? @text is in lower case. */
static bool same(struct rd *r, struct nfim_span s, const char *text)
{
	u32 i;

	for (i = 0; i < s.len; i++)
		if (!text[i] || lower(at(r, s.off + i)) != (u8)text[i])
			return false;
	return !text[i];
}

/* Does @s hold this text? @text is in lower case, of @n bytes. */
static bool holds(struct rd *r, struct nfim_span s, const u8 *text, u32 n,
		  u32 *work)
{
	u32 i, k;

	for (i = 0; i + n <= s.len; i++) {
		for (k = 0; k < n && lower(at(r, s.off + i + k)) == text[k]; k++)
			;
		if (k == n)
			break;
	}
	*work += 1 + i / 8;
	return i + n <= s.len;
}

/* Do these bytes stand at @off, which has as many? @text is in lower case. */
static bool stands(struct rd *r, u32 off, const u8 *text, u32 n)
{
	u32 i;

	for (i = 0; i < n && lower(at(r, off + i)) == text[i]; i++)
		;
	return i == n;
}

static bool holds_text(struct rd *r, struct nfim_span s, const char *text,
		       u32 *work)
{
	return holds(r, s, (const u8 *)text, strlen(text), work);
}

static void parse_target(struct rd *r, struct nfim_http *h, struct nfim_span t)
{
	struct nfim_span front = { t.off, min_t(u32, t.len, 7) };
	u32 i;

	h->connect = same(r, h->method, "connect");
	if (h->connect) {
		h->authority = only_host(r, t);
		return;
	}
	if (same(r, front, "http://")) {
		t.off += 7;
		t.len -= 7;
		for (i = 0; i < t.len && at(r, t.off + i) != '/' && at(r, t.off + i) != '?'; i++)
			;
		h->authority = only_host(r, (struct nfim_span){ t.off, i });
		t.off += i;
		t.len -= i;
	}
	h->path = take_to(r, &t, '?');
	h->query = t;
}

static void parse_first(struct rd *r, struct nfim_http *h, u32 lf)
{
	struct nfim_span line = { h->first, trim_end(r, h->first, lf) - h->first }, word;
	u8 minor;

	if (h->response) {
		word = take_to(r, &line, ' ');
		minor = at(r, word.off + word.len - 1);
		word = take_to(r, &line, ' ');
		if (!number(r, word, &h->status))
			h->status = 0;
	} else {
		minor = at(r, line.off + line.len - 1);
		h->method = take_to(r, &line, ' ');
		line.len = line.len > VERSION_LEN ? line.len - VERSION_LEN : 0;
		parse_target(r, h, line);
	}
	h->close = minor == '0';
}

/* The end of the field at @off, its LF: folded lines are of its value. */
static u32 field_end(struct rd *r, u32 off, u32 end)
{
	u32 lf = find(r, off, end, '\n');

	while (lf + 1 < end && (at(r, lf + 1) == ' ' || at(r, lf + 1) == '\t'))
		lf = find(r, lf + 1, end, '\n');
	return lf;
}

/* Behind the line at @off, if that is empty; else 0. */
static u32 empty_line(struct rd *r, u32 off)
{
	if (at(r, off) == '\n')
		return off + 1;
	if (at(r, off) == '\r' && off + 1 < r->view->len && at(r, off + 1) == '\n')
		return off + 2;
	return 0;
}

/* Where the name of the field in [@off, @lf) ends: at its colon; @lf if it has none. */
static u32 name_end(struct rd *r, u32 off, u32 lf)
{
	u32 end = min_t(u32, lf, off + NFIM_HTTP_FIELD_MAX + 2), colon = find(r, off, end, ':');

	return colon < end ? colon : lf;
}

/* The value behind the colon of a field that ends at @lf. */
static struct nfim_span field_value(struct rd *r, u32 colon, u32 lf)
{
	u32 off = min(colon + 1, lf);

	while (off < lf && blank(at(r, off)))
		off++;
	return (struct nfim_span){ off, trim_end(r, off, lf) - off };
}

static void take_field(struct rd *r, struct nfim_http *h, struct nfim_span name,
		       struct nfim_span value, u32 *work)
{
	switch (lower(at(r, name.off))) {
	case 'h':
		if (!h->host.len && same(r, name, "host"))
			h->host = only_host(r, value);
		break;
	case 'c':
		if (same(r, name, "content-length") && !number(r, value, &h->length))
			h->length = NFIM_HTTP_NO_LENGTH;
		else if (same(r, name, "connection"))
			h->close = holds_text(r, value, "close", work) ||
				   (h->close && !holds_text(r, value, "keep-alive", work));
		break;
	case 'p':
		if (h->close && same(r, name, "proxy-connection"))
			h->close = !holds_text(r, value, "keep-alive", work);
		break;
	case 't':
		if (same(r, name, "transfer-encoding"))
			h->chunked = holds_text(r, value, "chunked", work);
		break;
	case 'u':
		if (same(r, name, "upgrade"))
			h->websocket = holds_text(r, value, "websocket", work);
		break;
	default:
		break;
	}
}

static void note_field(struct nfim_http *h, struct nfim_span name, u8 initial,
		       struct nfim_span value, u8 lead)
{
	u32 i = h->n_fields;

	h->names |= nfim_http_name(initial, name.len);
	if (i == NFIM_HTTP_FIELDS)
		return;
	h->lead[i] = lead;
	h->field[i] = (u16)(name.off - h->first);
	h->initial[i] = initial;
	h->name_len[i] = (u8)name.len;
	h->value[i] = (u16)(value.off - h->first);
	h->value_len[i] = (u16)value.len;
	h->n_fields++;
}

/* May a field of such a name say how the message goes on, or to whom? */
static bool name_matters(u8 initial, u32 len)
{
	switch (initial) {
	case 'c':
		return len == 14 || len == 10;	/* Content-Length, Connection */
	case 'h':
		return len == 4;
	case 'p':
		return len == 16;	/* Proxy-Connection */
	case 't':
		return len == 17;	/* Transfer-Encoding */
	case 'u':
		return len == 7;	/* Upgrade */
	default:
		return false;
	}
}

/* One field, whose line ends at @lf. */
static void parse_field(struct rd *r, struct nfim_http *h, u32 off, u32 lf, u32 *work)
{
	u32 colon = name_end(r, off, lf);
	u8 initial = lower(at(r, off));
	struct nfim_span name = { off, colon < lf ? trim_end(r, off, colon) - off : 0 };
	struct nfim_span value = { off, 0 };

	if (name.len)
		value = field_value(r, colon, lf);
	note_field(h, name, initial, value, value.len ? lower(at(r, value.off)) : 0);
	if (name_matters(initial, name.len))
		take_field(r, h, name, value, work);
}

bool nfim_http_parse(const struct nfim_view *view, u32 start, bool response,
		     struct nfim_http *h, u32 *work)
{
	struct rd rd __uninitialized, *r = rd_begin(&rd, view);
	u32 off, lf, n, len = view->len, end = 0;

	memset(h, 0, offsetof(struct nfim_http, field));
	h->response = response;
	h->length = NFIM_HTTP_NO_LENGTH;
	h->first = skip_empty(r, start);
	lf = find(r, h->first, len, '\n');
	parse_first(r, h, lf);
	*work += 4 + (lf - h->first) / 8;
	for (n = 0, off = lf + 1; off < len && !end; n++, off = lf + 1) {
		end = empty_line(r, off);
		if (end)
			break;
		if (n == NFIM_HTTP_LINES) {
			end = nfim_http_blank(view, start, off, work);
			break;
		}
		lf = field_end(r, off, len);
		*work += 2 + (lf - off) / 8;
		parse_field(r, h, off, lf, work);
	}
	h->cut = !end;
	h->end = end ? end : len;
	return end;
}

static int hex(u8 c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Escapes of these bytes mean the bytes themselves (RFC 3986, 2.3). */
static bool unreserved(u8 c)
{
	c = lower(c);
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
	       c == '_' || c == '~';
}

/* The escape whose bytes begin at @off, if it is one that need not be; @off goes behind it. */
static u8 path_escape(struct rd *r, u32 *off, u32 end)
{
	int hi, lo;

	if (end - *off < 2)
		return '%';
	hi = hex(at(r, *off));
	lo = hex(at(r, *off + 1));
	if (hi < 0 || lo < 0 || !unreserved((u8)(hi << 4 | lo)))
		return '%';
	*off += 2;
	return lower((u8)(hi << 4 | lo));
}

/* The byte at @off of a path, in lower case; @off goes behind it or its escape. */
static inline u8 path_byte(struct rd *r, u32 *off, u32 end)
{
	u8 c = at(r, (*off)++);

	return c == '%' ? path_escape(r, off, end) : lower(c);
}

u32 nfim_http_key(const struct nfim_view *view, const struct nfim_http *h, u8 *key)
{
	struct rd rd __uninitialized, *r = rd_begin(&rd, view);
	u32 off = h->path.off, end = off + h->path.len, n;

	if (h->response) {
		key[0] = (u8)('0' + h->status / 100 % 10);
		key[1] = (u8)('0' + h->status / 10 % 10);
		key[2] = (u8)('0' + h->status % 10);
		return 3;
	}
	for (n = 0; n < NFIM_PREFIX_MAX && off < end; n++)
		key[n] = path_byte(r, &off, end);
	return n;
}

static bool path_test(struct rd *r, struct nfim_span path, bool is, const u8 *lit,
		      u32 n)
{
	u32 off = path.off, end = off + path.len, i;

	for (i = 0; i < n; i++)
		if (off >= end || path_byte(r, &off, end) != lit[i])
			return false;
	return !is || off == end;
}

/* Is one of the query's fields this, or does one begin so? */
static bool query_test(struct rd *r, struct nfim_span query, const u8 *lit, u32 n,
		       u32 *work)
{
	struct nfim_span field;

	*work += 1 + query.len / 8;
	while (query.len) {
		field = take_to(r, &query, '&');
		if (field.len >= n && stands(r, field.off, lit, n))
			return true;
	}
	return false;
}

/* Is the host this one, or a name below it? */
static bool host_test(struct rd *r, struct nfim_span host, bool is, const u8 *lit,
		      u32 n, u32 *work)
{
	struct nfim_span tail = { host.off + host.len - n, n };

	if (host.len < n || (is && host.len > n))
		return false;
	if (host.len > n && at(r, tail.off - 1) != '.')
		return false;
	*work += 1 + n / 8;
	return stands(r, tail.off, lit, n);
}

static bool value_test(struct rd *r, struct nfim_span s, u32 how, const u8 *lit,
		       u32 n, u32 *work)
{
	if (how == NFIM_HTTP_HAS)
		return holds(r, s, lit, n, work);
	if (s.len < n || (how == NFIM_HTTP_IS && s.len > n))
		return false;
	*work += 1 + n / 8;
	return stands(r, s.off, lit, n);
}

/* The field at @off, whose name has as many bytes: is it the one, and does it say so? */
static bool one_field(struct rd *r, u32 off, struct nfim_span value, u32 how, const u8 *data,
		      u32 n, u32 *work)
{
	const u8 *want = data + 1, *lit = want + data[0];

	return value_test(r, value, how, lit, n, work) && stands(r, off, want, data[0]);
}

/* The fields behind those that are remembered. */
static bool later_fields_test(struct rd *r, const struct nfim_http *h, u32 how, const u8 *data,
			      u32 n, u32 *work)
{
	u32 i = h->n_fields, off, lf, colon;

	off = field_end(r, h->first + h->field[i - 1], h->end) + 1;
	for (; i < NFIM_HTTP_LINES && off < h->end; i++, off = lf + 1) {
		lf = field_end(r, off, h->end);
		*work += 2 + (lf - off) / 8;
		if (lower(at(r, off)) != data[1])
			continue;
		colon = name_end(r, off, lf);
		if (colon < lf && trim_end(r, off, colon) - off == data[0] &&
		    one_field(r, off, field_value(r, colon, lf), how, data, n, work))
			return true;
	}
	return false;
}

/* @data: length of the field's name, the name, and the literal. */
static bool field_test(struct rd *r, const struct nfim_http *h, u32 how, const u8 *data, u32 n,
		       u32 *work)
{
	bool leads = n && how != NFIM_HTTP_HAS;
	u8 lead = leads ? data[1 + data[0]] : 0;
	struct nfim_span value;
	u32 i;

	for (i = 0; i < h->n_fields; i++) {
		if (h->initial[i] != data[1] || h->name_len[i] != data[0] ||
		    (leads && h->lead[i] != lead))
			continue;
		value.off = h->first + h->value[i];
		value.len = h->value_len[i];
		if (one_field(r, h->first + h->field[i], value, how, data, n, work))
			return true;
	}
	*work += 1 + i / 8;
	return i == NFIM_HTTP_FIELDS && later_fields_test(r, h, how, data, n, work);
}

bool nfim_http_test(const struct nfim_view *view, const struct nfim_insn *insn, const u8 *data,
		    u32 *work)
{
	struct rd rd __uninitialized, *r;
	u32 what = NFIM_INSN_A(insn) & 0xf, how = NFIM_INSN_A(insn) >> 4, n = NFIM_INSN_B(insn);
	const struct nfim_http *h = view->http;

	(*work)++;
	if (nfim_http_lacks(h, insn, data))
		return false;
	r = rd_begin(&rd, view);
	switch (what) {
	case NFIM_HTTP_METHOD:
		return value_test(r, h->method, how, data, n, work);
	case NFIM_HTTP_PATH:
		return path_test(r, h->path, how == NFIM_HTTP_IS, data, n);
	case NFIM_HTTP_QUERY:
		return query_test(r, h->query, data, n, work);
	case NFIM_HTTP_HOST:
		return host_test(r, h->authority, how == NFIM_HTTP_IS, data, n, work) ||
		       host_test(r, h->host, how == NFIM_HTTP_IS, data, n, work);
	default: /* NFIM_HTTP_FIELD */
		return field_test(r, h, how, data, n, work);
	}
}

enum nfim_run_result nfim_http_chunk(const struct nfim_view *view, u32 off, u32 *size, u32 *next)
{
	struct rd rd __uninitialized, *r = rd_begin(&rd, view);
	u32 n, work = 0, lf;
	int digit;

	for (n = 0, *size = 0; n < 8 && off + n < view->len; n++) {
		digit = hex(at(r, off + n));
		if (digit < 0)
			break;
		*size = *size << 4 | (u32)digit;
	}
	if (off + n >= view->len)
		return NFIM_RUN_MORE;
	if (!n || hex(at(r, off + n)) >= 0)
		return NFIM_RUN_NO;
	lf = nfim_find_lf(view, off + n, min(view->len, off + NFIM_READ_MAX), &work);
	if (lf == off + NFIM_READ_MAX)
		return NFIM_RUN_NO;
	*next = lf + 1;
	return lf == view->len ? NFIM_RUN_MORE : NFIM_RUN_YES;
}
