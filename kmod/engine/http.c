// SPDX-License-Identifier: GPL-2.0-only
/*
 * Heads of HTTP/1: their first line, fields, and chunks of bodies.
 */
#include "http_impl.h"

/* Methods that carry something, or lead somewhere. What others say is no HTTP to us. */
static const char *const methods[] = {
	"GET ", "POST ", "HEAD ", "PUT ", "CONNECT ", "OPTIONS ", "DELETE ", "PATCH ", "TRACE ",
	"PROPFIND ", "SEARCH ", "REPORT ", "POLL ", "SUBSCRIBE ", "NOTIFY ", "BPROPPATCH ",
};

enum { VERSION_LEN = 9 };	/* " HTTP/1.x" */

u32 nfim_find_lf(const struct nfim_view *view, u32 off, u32 end, u32 *work)
{
	struct nfim_rd rd __uninitialized;
	u32 lf = nfim_rd_find(rd_begin(&rd, view), off, end, '\n');

	*work += 1 + (lf - min(off, lf)) / 8;
	return lf;
}

/* Where the first line begins, behind empty lines. */
static u32 skip_empty(struct nfim_rd *r, u32 start)
{
	u32 off;

	for (off = start; off < r->view->len && off - start < NFIM_HTTP_EMPTY; off++)
		if (rd_at(r, off) != '\r' && rd_at(r, off) != '\n')
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

/* " HTTP/1.x" at the end of a request's first line? */
static bool has_version(struct nfim_rd *r, u32 first, u32 lf)
{
	u32 end = rd_trim_end(r, first, lf);
	u8 buf[VERSION_LEN];
	const u8 *p;

	if (end - first < VERSION_LEN)
		return false;
	p = nfim_view_get(r->view, end - VERSION_LEN, VERSION_LEN, buf);
	return p && !memcmp(p, " HTTP/1.", 8) && p[8] >= '0' && p[8] <= '9';
}

enum nfim_run_result nfim_http_line(const struct nfim_view *view, u32 start, u32 from,
				    bool response, u32 *end, u32 *work)
{
	struct nfim_rd rd __uninitialized, *r = rd_begin(&rd, view);
	u32 first = skip_empty(r, start), lf;
	enum nfim_run_result res;

	(*work)++;
	*end = first;
	res = line_begins(view, first, response);
	if (res != NFIM_RUN_YES)
		return res;
	from = max(first, from);
	lf = nfim_rd_find(r, from, view->len, '\n');
	*work += 1 + (lf - min(lf, from)) / 8;
	*end = lf;
	if (lf == view->len)
		return NFIM_RUN_MORE;
	if (!response && !has_version(r, first, lf))
		return NFIM_RUN_NO;
	return NFIM_RUN_YES;
}

u32 nfim_http_blank(const struct nfim_view *view, u32 start, u32 from, u32 *work)
{
	struct nfim_rd rd __uninitialized, *r = rd_begin(&rd, view);
	u32 off = skip_empty(r, start), len = view->len;

	/* An empty line that ends in the new bytes begins at most three before them. */
	if (from > off + 3)
		off = from - 3;
	for (;; off++) {
		from = off;
		off = rd_find_near(r, off, len, '\n');
		*work += 1 + (off - from) / 8;
		if (len - off < 2)
			return 0;
		if (rd_at(r, off + 1) == '\n')
			return off + 2;
		if (len - off > 2 && rd_at(r, off + 1) == '\r' && rd_at(r, off + 2) == '\n')
			return off + 3;
	}
}

/* Numbers of at most nine digits. */
static bool number(struct nfim_rd *r, struct nfim_span s, u32 *v)
{
	u32 i;

	if (!s.len || s.len > 9)
		return false;
	for (*v = 0, i = 0; i < s.len; i++) {
		u8 c = rd_at(r, s.off + i);

		if (c < '0' || c > '9')
			return false;
		*v = *v * 10 + (c - '0');
	}
	return true;
}

/* Without "user@", ":port" and a trailing dot; of "[v6]:port" the address. */
static struct nfim_span only_host(struct nfim_rd *r, struct nfim_span s)
{
	u32 end = s.off + s.len, i;

	if (!s.len)
		return s;
	if (rd_at(r, s.off) != '[') {
		i = nfim_rd_find(r, s.off, end, '@');
		s.off = i < end ? i + 1 : s.off;
	}
	s.len = end - s.off;
	if (s.len && rd_at(r, s.off) == '[') {
		s.off++;
		s.len = nfim_rd_find(r, s.off, end, ']') - s.off;
		return s;
	}
	s.len = nfim_rd_find(r, s.off, end, ':') - s.off;
	if (s.len && rd_at(r, s.off + s.len - 1) == '.')
		s.len--;
	return s;
}

/* Is @s this text, its letters in either case? @text is in lower case. */
static inline bool same(struct nfim_rd *r, struct nfim_span s, const char *text)
{
	u32 n = strlen(text);

	return s.len == n && nfim_rd_stands(r, s.off, (const u8 *)text, n);
}

static bool holds_text(struct nfim_rd *r, struct nfim_span s, const char *text,
		       u32 *work)
{
	return nfim_rd_holds(r, s, (const u8 *)text, strlen(text), work);
}

static void parse_target(struct nfim_rd *r, struct nfim_http *h, struct nfim_span t)
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
		for (i = 0; i < t.len; i++)
			if (rd_at(r, t.off + i) == '/' || rd_at(r, t.off + i) == '?')
				break;
		h->authority = only_host(r, (struct nfim_span){ t.off, i });
		t.off += i;
		t.len -= i;
	}
	h->path = nfim_rd_take_to(r, &t, '?');
	h->query = t;
}

static void parse_first(struct nfim_rd *r, struct nfim_http *h, u32 lf)
{
	struct nfim_span line = { h->first, rd_trim_end(r, h->first, lf) - h->first }, word;
	u8 minor;

	if (h->response) {
		word = nfim_rd_take_to(r, &line, ' ');
		minor = rd_at(r, word.off + word.len - 1);
		word = nfim_rd_take_to(r, &line, ' ');
		if (!number(r, word, &h->status))
			h->status = 0;
	} else {
		minor = rd_at(r, line.off + line.len - 1);
		h->method = nfim_rd_take_to(r, &line, ' ');
		line.len = line.len > VERSION_LEN ? line.len - VERSION_LEN : 0;
		parse_target(r, h, line);
	}
	h->close = minor == '0';
}

/* Behind the line at @off, if that is empty; else 0. */
static u32 empty_line(struct nfim_rd *r, u32 off)
{
	if (rd_at(r, off) == '\n')
		return off + 1;
	if (rd_at(r, off) == '\r' && off + 1 < r->view->len && rd_at(r, off + 1) == '\n')
		return off + 2;
	return 0;
}

static void take_field(struct nfim_rd *r, struct nfim_http *h, struct nfim_span name,
		       struct nfim_span value, u32 *work)
{
	switch (nfim_lower(rd_at(r, name.off))) {
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

/* A field that begins at @off, of which no more is known until somebody asks. */
static inline void note_unread(struct nfim_http *h, u32 off, u8 initial)
{
	u32 i = h->n_fields;

	h->unread |= nfim_http_unread(initial);
	if (i == NFIM_HTTP_FIELDS)
		return;
	h->field[i] = (u16)(off - h->first);
	h->initial[i] = initial;
	h->name_len[i] = NFIM_HTTP_UNREAD;
	h->n_fields++;
}

/* The same, with what it says. */
static inline void note_field(struct nfim_http *h, u8 initial, struct nfim_span name,
			      struct nfim_span value, u8 lead)
{
	u32 i = h->n_fields;

	h->names |= nfim_http_name(initial, name.len);
	h->leads |= nfim_http_lead(initial, name.len, lead);
	if (i == NFIM_HTTP_FIELDS)
		return;
	h->field[i] = (u16)(name.off - h->first);
	h->initial[i] = initial;
	h->name_len[i] = (u8)name.len;
	h->value[i] = (u16)(value.off - h->first);
	h->value_len[i] = (u16)value.len;
	h->lead[i] = lead;
	h->n_fields++;
}

/* May a field whose name begins so say how the message goes on, or to whom? */
static inline bool initial_matters(u8 initial)
{
	return initial == 'c' || initial == 'h' || initial == 'p' || initial == 't' ||
	       initial == 'u';
}

/* One field, whose line ends at @lf. Most are read if a rule wants to know. */
static void parse_field(struct nfim_rd *r, struct nfim_http *h, u32 off, u32 lf, u32 *work)
{
	u8 initial = nfim_lower(rd_at(r, off));
	struct nfim_span name, value;

	if (!initial_matters(initial)) {
		note_unread(h, off, initial);
		return;
	}
	name = http_read_field(r, off, lf, &value);
	note_field(h, initial, name, value, value.len ? nfim_lower(rd_at(r, value.off)) : 0);
	take_field(r, h, name, value, work);
}

bool nfim_http_parse(const struct nfim_view *view, u32 start, u32 line, bool response,
		     struct nfim_http *h, u32 *work)
{
	struct nfim_rd rd __uninitialized, *r = rd_begin(&rd, view);
	u32 off, lf, n, len = view->len, end = 0;

	memset(h, 0, offsetof(struct nfim_http, field));
	h->response = response;
	h->length = NFIM_HTTP_NO_LENGTH;
	h->first = skip_empty(r, start);
	lf = nfim_rd_find(r, max(h->first, line), len, '\n');
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
		lf = http_field_end(r, off, len);
		*work += 2 + (lf - off) / 8;
		parse_field(r, h, off, lf, work);
	}
	h->cut = !end;
	h->end = end ? end : len;
	return end;
}

enum nfim_run_result nfim_http_chunk(const struct nfim_view *view, u32 off, u32 *size, u32 *next)
{
	struct nfim_rd rd __uninitialized, *r = rd_begin(&rd, view);
	u32 n, lf;
	int digit;

	for (n = 0, *size = 0; n < 8 && off + n < view->len; n++) {
		digit = rd_hex(rd_at(r, off + n));
		if (digit < 0)
			break;
		*size = *size << 4 | (u32)digit;
	}
	if (off + n >= view->len)
		return NFIM_RUN_MORE;
	if (!n || rd_hex(rd_at(r, off + n)) >= 0)
		return NFIM_RUN_NO;
	lf = off + n + 1;
	if (rd_at(r, off + n) != '\r' || lf >= view->len || rd_at(r, lf) != '\n')
		lf = nfim_rd_find(r, off + n, min(view->len, off + NFIM_READ_MAX), '\n');
	if (lf == off + NFIM_READ_MAX)
		return NFIM_RUN_NO;
	*next = lf + 1;
	return lf == view->len ? NFIM_RUN_MORE : NFIM_RUN_YES;
}
