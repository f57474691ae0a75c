// SPDX-License-Identifier: GPL-2.0-only
/*
 * What rules ask of a head of HTTP: its key in the index, and NFIM_OP_HTTP.
 */
#include "http_impl.h"

/* Escapes of these bytes mean the bytes themselves (RFC 3986, 2.3). */
static bool unreserved(u8 c)
{
	c = nfim_lower(c);
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
	       c == '_' || c == '~';
}

/* The escape whose bytes begin at @off, if it is one that need not be; @off goes behind it. */
static u8 path_escape(struct nfim_rd *r, u32 *off, u32 end)
{
	int hi, lo;

	if (end - *off < 2)
		return '%';
	hi = rd_hex(rd_at(r, *off));
	lo = rd_hex(rd_at(r, *off + 1));
	if (hi < 0 || lo < 0 || !unreserved((u8)(hi << 4 | lo)))
		return '%';
	*off += 2;
	return nfim_lower((u8)(hi << 4 | lo));
}

/* The byte at @off of a path, in lower case; @off goes behind it or its escape. */
static inline u8 path_byte(struct nfim_rd *r, u32 *off, u32 end)
{
	u8 c = rd_at(r, (*off)++);

	return c == '%' ? path_escape(r, off, end) : nfim_lower(c);
}

u32 nfim_http_key(const struct nfim_view *view, const struct nfim_http *h, u8 *key)
{
	struct nfim_rd rd __uninitialized, *r = rd_begin(&rd, view);
	u32 off = h->path.off, end = off + h->path.len, n, most;
	const u8 *p;

	if (h->response) {
		key[0] = (u8)('0' + h->status / 100 % 10);
		key[1] = (u8)('0' + h->status / 10 % 10);
		key[2] = (u8)('0' + h->status % 10);
		return 3;
	}
	p = rd_hand(r, off, h->path.len);
	most = min_t(u32, h->path.len, NFIM_PREFIX_MAX);
	for (n = 0; p && n < most && p[n] != '%'; n++)
		key[n] = nfim_lower(p[n]);
	for (off += n; n < NFIM_PREFIX_MAX && off < end; n++)
		key[n] = path_byte(r, &off, end);
	return n;
}

static bool path_test(struct nfim_rd *r, struct nfim_span path, bool is, const u8 *lit,
		      u32 n)
{
	u32 off = path.off, end = off + path.len, i;

	for (i = 0; i < n; i++)
		if (off >= end || path_byte(r, &off, end) != lit[i])
			return false;
	return !is || off == end;
}

/* Is one of the query's fields this, or does one begin so? */
static bool query_test(struct nfim_rd *r, struct nfim_span query, const u8 *lit, u32 n,
		       u32 *work)
{
	struct nfim_span field;

	*work += 1 + query.len / 8;
	while (query.len) {
		field = nfim_rd_take_to(r, &query, '&');
		if (field.len >= n && nfim_rd_stands(r, field.off, lit, n))
			return true;
	}
	return false;
}

/* Is the host this one, or a name below it? */
static bool host_test(struct nfim_rd *r, struct nfim_span host, bool is, const u8 *lit,
		      u32 n, u32 *work)
{
	struct nfim_span tail = { host.off + host.len - n, n };

	if (host.len < n || (is && host.len > n))
		return false;
	if (host.len > n && rd_at(r, tail.off - 1) != '.')
		return false;
	*work += 1 + n / 8;
	return nfim_rd_stands(r, tail.off, lit, n);
}

static bool value_test(struct nfim_rd *r, struct nfim_span s, u32 how, const u8 *lit,
		       u32 n, u32 *work)
{
	if (how == NFIM_HTTP_HAS)
		return nfim_rd_holds(r, s, lit, n, work);
	if (s.len < n || (how == NFIM_HTTP_IS && s.len > n))
		return false;
	*work += 1 + n / 8;
	return nfim_rd_stands(r, s.off, lit, n);
}

/* What is asked of a field: a name, and what its value is, begins with, or holds. */
struct field_want {
	const u8 *name;
	const u8 *lit;
	u32 name_len;
	u32 n;
	u32 how;
};

static bool value_wanted(struct nfim_rd *r, struct nfim_span value, const struct field_want *w,
			 u32 *work)
{
	return value_test(r, value, w->how, w->lit, w->n, work);
}

/* A field that was not read yet: its name ends where that one would, if it is the one. */
static bool unread_test(struct nfim_rd *r, u32 off, u32 end, const struct field_want *w,
			u32 *work)
{
	struct nfim_span value;
	u8 behind = rd_at(r, off + w->name_len);

	if ((behind != ':' && !rd_blank(behind)) || !nfim_rd_stands(r, off, w->name, w->name_len))
		return false;
	*work += 1 + w->name_len / 8;
	return http_read_field(r, off, http_field_end(r, off, end), &value).len == w->name_len &&
	       value_wanted(r, value, w, work);
}

/* The fields behind those that are remembered. */
static bool later_fields_test(struct nfim_rd *r, const struct nfim_http *h,
			      const struct field_want *w, u32 *work)
{
	u32 i = h->n_fields, off = h->first + h->field[i - 1], lf;

	for (lf = http_field_end(r, off, h->end); i < NFIM_HTTP_LINES; i++) {
		off = lf + 1;
		if (off >= h->end)
			break;
		lf = http_field_end(r, off, h->end);
		*work += 2 + (lf - off) / 8;
		if (nfim_lower(rd_at(r, off)) == w->name[0] && unread_test(r, off, h->end, w, work))
			return true;
	}
	return false;
}

static bool field_test(struct nfim_rd *r, const struct nfim_http *h, const struct field_want *w,
		       u32 *work)
{
	bool leads = w->n && w->how != NFIM_HTTP_HAS;
	u32 i;

	for (i = 0; i < h->n_fields; i++) {
		u32 off = h->first + h->field[i];

		if (h->initial[i] != w->name[0])
			continue;
		if (h->name_len[i] == NFIM_HTTP_UNREAD) {
			if (unread_test(r, off, h->end, w, work))
				return true;
			continue;
		}
		if (h->name_len[i] != w->name_len || (leads && h->lead[i] != w->lit[0]))
			continue;
		if (value_wanted(r, (struct nfim_span){ h->first + h->value[i], h->value_len[i] },
				 w, work) && nfim_rd_stands(r, off, w->name, w->name_len))
			return true;
	}
	*work += 1 + i / 8;
	return i == NFIM_HTTP_FIELDS && later_fields_test(r, h, w, work);
}

/* @data: length of the field's name, the name, and the literal. */
static bool field_wanted(struct nfim_rd *r, const struct nfim_http *h, u32 how, const u8 *data,
			 u32 n, u32 *work)
{
	const struct field_want want = {
		.name = data + 1,
		.lit = data + 1 + data[0],
		.name_len = data[0],
		.n = n,
		.how = how,
	};

	return field_test(r, h, &want, work);
}

bool nfim_http_test(const struct nfim_view *view, const struct nfim_insn *insn, const u8 *data,
		    u32 *work)
{
	struct nfim_rd rd __uninitialized, *r;
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
		return field_wanted(r, h, how, data, n, work);
	}
}
