// SPDX-License-Identifier: GPL-2.0-only
/*
 * HTTP/1 (PROTOCOLS.md A13, D8): requests one after another, their bodies, and the streams that
 * begin behind CONNECT and a WebSocket's handshake.
 *
 * A head is waited for as a whole, as far as it may be kept, and then tried by the rules of
 * NFIM_ROOT_HTTP. Those that want the body wait with its first bytes; when all have said no
 * it is passed over, and where it ends a message or another stream may begin. Of the
 * server's side only the first head counts, and what is behind it if the
 * client asked for a stream.
 */
#include "carrier.h"
#include "http.h"
#include "names.h"
#include "unit.h"

/* What stands at the origin. */
enum {
	AT_HEAD,	/* a message, its first line not complete */
	AT_FIELDS,	/* a message, its first line is one */
	AT_BODY,	/* a body of a length, for which rules wait */
	AT_CHUNKED,	/* the same, in chunks */
	AT_CHUNK,	/* the line before a chunk */
	AT_TRAILER,	/* a line behind the last one */
	AT_REST,	/* the rest of a long head of CONNECT */
};

/* Where the message ends, or too far ahead for anybody to read it. */
static enum nfim_peel_result message_end(struct nfim_peel *p, u32 off, u32 len)
{
	if (len > NFIM_BUDGET_BYTES || off + len > NFIM_BUDGET_BYTES)
		return NFIM_PEEL_DONE;
	p->next = off + len;
	return NFIM_PEEL_MESSAGE;
}

static enum nfim_peel_result inner(struct nfim_peel *p, u32 carrier, u32 off)
{
	p->inner = carrier;
	p->next = off;
	return NFIM_PEEL_INNER;
}

/* No rule wants the body: what comes behind the head? */
static enum nfim_peel_result request_behind(struct nfim_peel *p, const struct nfim_http *h)
{
	if (h->cut)
		return NFIM_PEEL_DONE;
	if (h->websocket)
		return inner(p, NFIM_CARRIER_WEBSOCKET, h->end);
	if (h->close)
		return NFIM_PEEL_DONE;
	if (!h->chunked)
		return message_end(p, h->end, h->length == NFIM_HTTP_NO_LENGTH ? 0 : h->length);
	p->step = AT_CHUNK;
	p->next = h->end;
	return NFIM_PEEL_ON;
}

/* Is the client in more of these than the server, so far? */
static bool ahead(const struct nfim_peel *p, u32 carrier)
{
	return nfim_chain_count(p->peer_chain, carrier) > nfim_chain_count(p->chain, carrier);
}

/* Which stream, asked for by the client, begins behind this response? 0: none. */
static u32 response_opens(const struct nfim_peel *p, const struct nfim_http *h)
{
	if (h->cut)
		return 0;
	if (h->status == 101 && ahead(p, NFIM_CARRIER_WEBSOCKET))
		return NFIM_CARRIER_WEBSOCKET;
	if (h->status / 100 == 2 && ahead(p, NFIM_CARRIER_CONNECT))
		return NFIM_CARRIER_CONNECT;
	return 0;
}

static enum nfim_peel_result response_behind(struct nfim_peel *p, const struct nfim_http *h)
{
	bool tunnel = ahead(p, NFIM_CARRIER_CONNECT);
	bool empty = h->status < 200 || h->status == 204 || h->status == 304;

	if (response_opens(p, h))
		return inner(p, response_opens(p, h), h->end);
	if (h->cut)
		return NFIM_PEEL_DONE;
	if (h->status / 100 == 1)
		return h->status == 101 ? NFIM_PEEL_DONE : message_end(p, h->end, 0);
	/* A proxy that wants a password says so, and is asked once more. */
	if (!tunnel || (h->length == NFIM_HTTP_NO_LENGTH && !h->chunked && !empty))
		return NFIM_PEEL_DONE;
	if (!h->chunked || empty)
		return message_end(p, h->end, empty ? 0 : h->length);
	p->step = AT_CHUNK;
	p->next = h->end;
	return NFIM_PEEL_ON;
}

static enum nfim_peel_result behind(struct nfim_peel *p, const struct nfim_http *h)
{
	return h->response ? response_behind(p, h) : request_behind(p, h);
}

/* How long may the body be that rules are shown? */
static u32 body_length(const struct nfim_peel *p, const struct nfim_http *h)
{
	if (h->cut || (h->response && (h->status / 100 == 1 || response_opens(p, h))))
		return 0;
	if (h->chunked || (h->response && h->length == NFIM_HTTP_NO_LENGTH))
		return NFIM_HTTP_NO_LENGTH;
	return h->length == NFIM_HTTP_NO_LENGTH ? 0 : h->length;
}

static enum nfim_run_result head_rules(struct nfim_peel *p, const struct nfim_http *h, u32 *waits)
{
	struct nfim_flow_dir body = { .origin = h->end };
	struct nfim_view *view = p->c->view;
	u32 len = view->len, n;
	enum nfim_run_result res;
	u8 key[NFIM_PREFIX_MAX] __uninitialized;

	n = nfim_http_key(view, h, key);
	view->len = h->end;
	view->http = h;
	/* Who wants a body need not wait where none comes. */
	view->last = !body_length(p, h);
	res = nfim_match_key(p->mc, &body, view, p->c->wait, NFIM_ROOT_HTTP, key, n);
	view->http = NULL;
	view->last = false;
	view->len = len;
	*waits = body.waits;
	return res;
}

/* Is the host one that a protocol has for itself? */
static bool name_decides(struct nfim_peel *p, const struct nfim_span *host)
{
	struct nfim_match_ctx *mc = p->mc;
	struct nfim_name_hit hit;
	u8 buf[NFIM_HOST_MAX] __uninitialized;
	const u8 *name = buf;

	if (!host->len || host->len > NFIM_HOST_MAX)
		return false;
	if (host->len <= NFIM_READ_MAX)
		name = nfim_view_get(p->view, host->off, host->len, buf);
	else if (nfim_view_copy(p->view, host->off, host->len, buf) < host->len)
		return false;
	if (!name)
		return false;
	mc->step->work += host->len;
	return nfim_names_find(mc->pack, name, host->len, &hit) &&
	       nfim_name_decides(mc, &hit, NFIM_CONF_NAME);
}

static enum nfim_peel_result head_done(struct nfim_peel *p, const struct nfim_http *h)
{
	enum nfim_run_result res;
	u32 waits;

	res = head_rules(p, h, &waits);
	if (res == NFIM_RUN_YES || name_decides(p, &h->authority) || name_decides(p, &h->host)) {
		p->next = h->end;
		p->frames = h->end;
		return NFIM_PEEL_YES;
	}
	if (res == NFIM_RUN_NO || !body_length(p, h))
		return behind(p, h);
	/* Which rules wait is written down beside the body's first bytes. */
	if (p->c->avail == h->end) {
		p->need = h->end + 1;
		return NFIM_PEEL_MORE;
	}
	p->step = h->chunked ? AT_CHUNKED : AT_BODY;
	p->next = h->end;
	p->waits = waits;
	p->mark = body_length(p, h);
	return NFIM_PEEL_ON;
}

static void take_host(struct nfim_peel *p, const struct nfim_http *h)
{
	const struct nfim_span *s = h->authority.len ? &h->authority : &h->host;

	p->host_kind = NFIM_HOST_NAME;
	p->host_off = s->off;
	p->host_len = s->len;
	p->mc->step->server = !h->authority.len;
}

static enum nfim_peel_result peel_head(struct nfim_peel *p)
{
	bool response = p->mc->seg->dir, full, ends;
	u32 *work = &p->mc->step->work, line = p->start;
	enum nfim_run_result res;
	struct nfim_http h __uninitialized;

	p->need = p->view->len + 1;
	full = p->view->len - p->start >= NFIM_PREFIX_KEEP_MAX;
	if (p->step == AT_HEAD) {
		res = nfim_http_line(p->view, p->start, p->from, response, &line,
				     work);
		if (res == NFIM_RUN_NO || (res == NFIM_RUN_MORE && full))
			return NFIM_PEEL_NO;
		if (res == NFIM_RUN_MORE)
			return NFIM_PEEL_MORE;
		p->step = AT_FIELDS;
		p->from = p->start;
	}
	/* A head that was begun before is passed over once only, and read when it is whole. */
	if (p->from > p->start && !full && !nfim_http_blank(p->view, p->start, p->from, work))
		return NFIM_PEEL_MORE;
	ends = nfim_http_parse(p->view, p->start, line, response, &h, work);
	if (!ends && !full)
		return NFIM_PEEL_MORE;
	if (!response)
		take_host(p, &h);
	if (h.connect) {
		if (ends)
			return inner(p, NFIM_CARRIER_CONNECT, h.end);
		/* An empty line may have begun; the host was read, whatever else the head holds. */
		p->inner = NFIM_CARRIER_CONNECT;
		p->step = AT_REST;
		p->next = p->view->len - 3;
		return NFIM_PEEL_ON;
	}
	return head_done(p, &h);
}

static enum nfim_peel_result peel_rest(struct nfim_peel *p)
{
	u32 len = p->view->len, end;

	end = nfim_http_blank(p->view, p->start, p->from, &p->mc->step->work);
	if (end)
		return inner(p, NFIM_CARRIER_CONNECT, end);
	p->need = len + 1;
	if (len - p->start <= 3)
		return NFIM_PEEL_MORE;
	p->next = len - 3;
	return NFIM_PEEL_ON;
}

/* Chunks nobody wants; several at once, and as many as a packet may hold parts. */
static enum nfim_peel_result peel_chunk(struct nfim_peel *p)
{
	u32 off = p->start, size, next, n;

	for (n = 0; n < NFIM_PEELS_PER_PACKET && off < p->view->len; n++) {
		p->mc->step->work++;
		switch (nfim_http_chunk(p->view, off, &size, &next)) {
		case NFIM_RUN_NO:
			return NFIM_PEEL_DONE;
		case NFIM_RUN_MORE:
			p->need = p->view->len + 1;
			p->next = off;
			return off == p->start ? NFIM_PEEL_MORE : NFIM_PEEL_ON;
		case NFIM_RUN_YES:
			break;
		}
		if (size > NFIM_BUDGET_BYTES || next + size > NFIM_BUDGET_BYTES)
			return NFIM_PEEL_DONE;
		off = next + size + 2;
		if (!size) {
			/* Where its bytes would be begin a trailer's lines, or the empty one. */
			p->step = AT_TRAILER;
			p->next = next;
			return NFIM_PEEL_ON;
		}
	}
	p->next = off;
	return NFIM_PEEL_ON;
}

static enum nfim_peel_result peel_trailer(struct nfim_peel *p)
{
	u32 lf = nfim_find_lf(p->view, max(p->from, p->start), p->view->len, &p->mc->step->work);

	if (lf - p->start > NFIM_PREFIX_KEEP_MAX / 4)
		return NFIM_PEEL_DONE;
	if (lf == p->view->len) {
		p->need = lf + 1;
		return NFIM_PEEL_MORE;
	}
	p->next = lf + 1;
	if (lf == p->start || (lf == p->start + 1 && nfim_peel_byte(p, 0) == '\r'))
		return NFIM_PEEL_MESSAGE;
	return NFIM_PEEL_ON;
}

/* Behind a body: in chunks its end is not known, but where it begins is. */
static enum nfim_peel_result body_over(struct nfim_peel *p, bool chunked)
{
	if (!chunked)
		return message_end(p, p->start, p->c->d->node);
	p->step = AT_CHUNK;
	p->next = p->start;
	return NFIM_PEEL_ON;
}

/* Rules that wait for the body. What they may see ends where it does. */
static enum nfim_peel_result peel_body(struct nfim_peel *p, bool chunked)
{
	u32 length = p->c->d->node, len = p->view->len, seen;
	struct nfim_view *view = p->c->view;
	struct nfim_unit_view units;
	enum nfim_run_result res;

	/* Of another pack nobody waits. */
	if (*p->c->flags & NFIM_F_REWALK) {
		*p->c->flags &= ~NFIM_F_REWALK;
		p->c->d->waits = 0;
	}
	if (chunked) {
		nfim_unit_view_init(&units, view, p->start, NFIM_UNIT_CHUNK);
		p->mc->step->work += units.units;
		res = nfim_match_waits(p->mc, p->c->d, &units.view, p->c->wait, p->c->fresh);
	} else {
		if (length <= len - p->start) {
			view->len = p->start + length;
			view->last = true;
		}
		res = nfim_match_waits(p->mc, p->c->d, view, p->c->wait, p->c->fresh);
		view->len = len;
		view->last = false;
	}
	/* What is missing inside chunks is missing outside, if not more. */
	seen = chunked ? units.view.len : len;
	p->waits = p->c->d->waits;
	p->mark = length;
	p->need = len + max(p->mc->need, seen + 1) - seen;
	p->next = p->mc->need;
	if (res == NFIM_RUN_YES)
		return NFIM_PEEL_YES;
	if (res == NFIM_RUN_MORE)
		return NFIM_PEEL_MORE;
	p->waits = 0;
	return body_over(p, chunked);
}

enum nfim_peel_result nfim_peel_http(struct nfim_peel *p)
{
	switch (p->step) {
	case AT_HEAD:
	case AT_FIELDS:
		return peel_head(p);
	case AT_BODY:
	case AT_CHUNKED:
		return peel_body(p, p->step == AT_CHUNKED);
	case AT_CHUNK:
		return peel_chunk(p);
	case AT_TRAILER:
		return peel_trailer(p);
	default: /* AT_REST */
		return peel_rest(p);
	}
}
