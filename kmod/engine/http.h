/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The head of an HTTP/1 message (PROTOCOLS.md D8, RFC 9110, RFC 9112), as tolerant as servers
 * are: any case of names, blanks around values and before the colon, folded
 * lines, line ends without CR, empty lines before the first.
 */
#ifndef _NF_IM_ENGINE_HTTP_H
#define _NF_IM_ENGINE_HTTP_H

#include "run.h"

enum {
	NFIM_HTTP_EMPTY		= 16,	/* bytes of empty lines before the first line */
	NFIM_HTTP_LINES		= 128,	/* of a head that are looked at */
	NFIM_HTTP_FIELDS	= 32,	/* of which it is remembered where they begin */
	NFIM_HTTP_UNREAD	= 0xff,	/* in nfim_http.name_len: not looked for yet */
	NFIM_HTTP_NO_LENGTH	= 0xffffffff,
};

/**
 * struct nfim_http - a head
 * @first: the first line
 * @end: behind the empty line, or where the bytes end if @cut
 * @method: of a request
 * @path: of the target, without the query
 * @query: behind its question mark
 * @authority: host in the target, without port and trailing dot
 * @host: the same of the field Host, the first one
 * @status: of a response
 * @unread: fields of which only their first letter is known, by nfim_http_unread(); a bit may
 *	stand for several, as in @names and @leads
 * @names: of the other fields, by nfim_http_name()
 * @leads: the same with what their values begin with, by nfim_http_lead()
 * @n_fields: how many are remembered
 * @length: of the body as Content-Length says; NFIM_HTTP_NO_LENGTH
 * @response: it is one
 * @connect: a request with the method CONNECT
 * @chunked: the body is in chunks
 * @websocket: Upgrade: websocket
 * @close: the connection ends with this message
 * @cut: the head is longer than what may be kept
 * @field: where the first fields begin, from @first
 * @initial: the first letter of each, in lower case
 * @name_len: how long the name of each is, 0 for none; or NFIM_HTTP_UNREAD, then neither this nor
 *	what follows here is set
 * @value: where its value begins, from @first
 * @lead: its first byte in lower case, 0 if it is empty
 * @value_len: how long it is; only @n_fields of all these are set
 */
struct nfim_http {
	u32 first;
	u32 end;
	struct nfim_span method;
	struct nfim_span path;
	struct nfim_span query;
	struct nfim_span authority;
	struct nfim_span host;
	u64 unread;
	u64 names;
	u64 leads;
	u32 status;
	u32 n_fields;
	u32 length;
	bool response;
	bool connect;
	bool chunked;
	bool websocket;
	bool close;
	bool cut;
	u16 field[NFIM_HTTP_FIELDS];
	u8 initial[NFIM_HTTP_FIELDS];
	u8 lead[NFIM_HTTP_FIELDS];
	u8 name_len[NFIM_HTTP_FIELDS];
	u16 value[NFIM_HTTP_FIELDS];
	u16 value_len[NFIM_HTTP_FIELDS];
};

/* The bit of a name's first letter in nfim_http.unread. */
static inline u64 nfim_http_unread(u8 initial)
{
	return 1ULL << (initial % 64);
}

/* The bit of a name in nfim_http.names. */
static inline u64 nfim_http_name(u8 initial, u32 len)
{
	return 1ULL << ((initial + 5 * len) % 64);
}

/* The bit of a name and the first byte of its value in nfim_http.leads. */
static inline u64 nfim_http_lead(u8 initial, u32 len, u8 lead)
{
	return 1ULL << ((initial + 5 * len + 11 * lead) % 64);
}

/*
 * Has the head not what this NFIM_OP_HTTP asks for, as far as a look tells? @data: its field's
 * name with the length in front, and the literal.
 */
static inline bool nfim_http_lacks(const struct nfim_http *h, const struct nfim_insn *insn,
				   const u8 *data)
{
	u32 a = NFIM_INSN_A(insn);

	if (a == (NFIM_HTTP_METHOD | NFIM_HTTP_IS << 4))
		return h->method.len != NFIM_INSN_B(insn);
	if ((a & 0xf) != NFIM_HTTP_FIELD || h->unread & nfim_http_unread(data[1]))
		return false;
	if (a >> 4 == NFIM_HTTP_HAS || !NFIM_INSN_B(insn))
		return !(h->names & nfim_http_name(data[1], data[0]));
	return !(h->leads & nfim_http_lead(data[1], data[0], data[1 + data[0]]));
}

/**
 * nfim_http_line() - do the bytes begin an HTTP message?
 * @view: bytes
 * @start: of the message
 * @from: bytes before this were there last time, too
 * @response: of the server
 * @end: set to where the line ends, its LF, or up to where there is none
 * @work: added to
 *
 * Return: NFIM_RUN_YES once the first line is complete and is one, NFIM_RUN_MORE until then,
 * NFIM_RUN_NO as soon as it cannot be.
 */
enum nfim_run_result nfim_http_line(const struct nfim_view *view, u32 start, u32 from,
				    bool response, u32 *end, u32 *work);

/**
 * nfim_http_blank() - where does the head end?
 * @view: bytes
 * @start: of the message, whose first line is complete
 * @from: bytes before this were there last time, too
 * @work: added to
 *
 * Return: the offset behind the first empty line, 0 if it is not there yet.
 */
u32 nfim_http_blank(const struct nfim_view *view, u32 start, u32 from, u32 *work);

/**
 * nfim_http_parse() - take a head apart
 * @view: bytes
 * @start: of the message, whose first line is complete
 * @line: bytes before this hold no end of that line
 * @response: of the server
 * @h: set
 * @work: added to
 *
 * Return: whether the head ends; if not, @h is of what is there.
 */
bool nfim_http_parse(const struct nfim_view *view, u32 start, u32 line, bool response,
		     struct nfim_http *h, u32 *work);

/**
 * nfim_http_key() - by which bytes the index knows a head
 * @view: bytes
 * @h: its head
 * @key: set: the path in lower case and without needless escapes, or the status
 *
 * Return: how many, at most NFIM_PREFIX_MAX.
 */
u32 nfim_http_key(const struct nfim_view *view, const struct nfim_http *h, u8 *key);

/**
 * nfim_http_test() - NFIM_OP_HTTP
 * @view: bytes; @view->http is not NULL
 * @insn: verified instruction
 * @data: its literals
 * @work: added to
 */
bool nfim_http_test(const struct nfim_view *view, const struct nfim_insn *insn, const u8 *data,
		    u32 *work);

/**
 * nfim_http_chunk() - the line before a chunk
 * @view: bytes
 * @off: where it begins
 * @size: set to the chunk's bytes
 * @next: set to the first of them
 *
 * Return: NFIM_RUN_YES, NFIM_RUN_MORE if it is not complete, NFIM_RUN_NO if it is none.
 */
enum nfim_run_result nfim_http_chunk(const struct nfim_view *view, u32 off, u32 *size,
				     u32 *next);

/**
 * nfim_find_lf() - the first line feed
 * @view: bytes
 * @off: from here on
 * @end: up to here, at most view->len
 * @work: added to
 *
 * Return: where it is, or @end.
 */
u32 nfim_find_lf(const struct nfim_view *view, u32 off, u32 end, u32 *work);

#endif /* _NF_IM_ENGINE_HTTP_H */
