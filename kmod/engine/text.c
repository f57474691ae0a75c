// SPDX-License-Identifier: GPL-2.0-only
/*
 * Frames of text protocols: lines, heads with a body, commands, and names in them.
 *
 * A frame is judged by what of it is at hand, at most a few KiB: what names a command
 * stands in front. Nothing here is done for packets of flows that nobody watches.
 */
#include "run_impl.h"

/* A list of literals in DATA; verified. */
struct list {
	const u8 *p;
	u32 n;
};

static struct list list_at(const u8 *p)
{
	return (struct list){ p + 1, p[0] };
}

/* The next literal of the list, in lower case; false at its end. */
static bool list_next(struct list *list, struct nfim_lit *lit)
{
	if (!list->n)
		return false;
	list->n--;
	lit->n = list->p[0];
	lit->p = list->p + 1;
	lit->caseless = true;
	list->p += 1 + lit->n;
	return true;
}

static const u8 *list_end(struct list list)
{
	struct nfim_lit lit;

	while (list_next(&list, &lit))
		;
	return list.p;
}

/* Where the text ends that commands and names are looked for in. */
static u32 text_end(const struct nfim_vm *vm)
{
	return min(vm->end, nfim_frame_end(vm));
}

static u32 known_end(const struct nfim_vm *vm)
{
	return min(text_end(vm), vm->view->len);
}

/* The byte at @off, or -1. */
static int byte_at(struct nfim_vm *vm, u32 off)
{
	const u8 *p;

	if (off >= vm->view->len)
		return -1;
	p = nfim_view_get(vm->view, off, 1, vm->buf);
	return p ? p[0] : -1;
}

/* The first of @bytes in [from, to), or @to. */
static u32 find_any(struct nfim_vm *vm, u32 from, u32 to, const u8 *bytes, u32 n)
{
	while (from < to) {
		u32 take = min_t(u32, to - from, NFIM_READ_MAX), i, k;
		const u8 *p = nfim_view_get(vm->view, from, take, vm->buf);

		if (!p)
			return to;
		for (i = 0; i < take; i++) {
			for (k = 0; k < n && p[i] != bytes[k]; k++)
				;
			if (k == n)
				continue;
			vm->out->work += 1 + i / 8;
			return from + i;
		}
		vm->out->work += 1 + take / 8;
		from += take;
	}
	return to;
}

/*
 * Literals that are looked for together. Their first two bytes are known as two sets, so that
 * most places are passed at once; a place that is not is tried, NFIM_TRIES_MAX times at most.
 */
struct wanted {
	const u8 *p;	/* @front bytes, one byte length, the literal */
	u32 n;
	u32 front;
	u32 tries;
	u32 first[8];
	u32 second[8];
};

static void wanted_init(struct wanted *w, const u8 *p, u32 n, u32 front)
{
	u32 i;

	memset(w, 0, sizeof(*w));
	w->p = p;
	w->n = n;
	w->front = front;
	for (i = 0; i < n; i++) {
		p += front;
		w->first[p[1] >> 5] |= 1u << (p[1] & 31);
		if (p[0] > 1)
			w->second[p[2] >> 5] |= 1u << (p[2] & 31);
		else
			memset(w->second, 0xff, sizeof(w->second));
		p += 1 + p[0];
	}
}

static inline bool in_set(const u32 set[8], u8 c)
{
	return set[c >> 5] >> (c & 31) & 1;
}

/* Which of the literals stands at @off? w->n if none. */
static u32 wanted_at(struct nfim_vm *vm, const struct wanted *w, u32 off, u32 to)
{
	u8 buf[NFIM_LIT_MAX] __uninitialized;
	u32 have = min_t(u32, to - off, NFIM_LIT_MAX), i;
	const u8 *p = nfim_view_get(vm->view, off, have, buf), *lit = w->p;
	u8 first = p ? nfim_lower(p[0]) : 0;

	for (i = 0; p && i < w->n; i++) {
		lit += w->front;
		if (lit[1] == first && lit[0] <= have && nfim_same_caseless(p, lit + 1, lit[0]))
			return i;
		lit += 1 + lit[0];
	}
	return w->n;
}

/*
 * The first place in [*at, to) where one of the literals stands: which one, or w->n if there
 * is none. It is the first of the list there; *at goes to that place, or where it gave up.
 */
static u32 wanted_find(struct nfim_vm *vm, struct wanted *w, u32 *at, u32 to)
{
	while (w->n && *at < to && to - *at > 1) {
		u32 take = min_t(u32, to - *at, NFIM_READ_MAX), i, which;
		const u8 *p = nfim_view_get(vm->view, *at, take, vm->buf);

		if (!p)
			break;
		vm->out->work += 1 + take / 8;
		for (i = 0; i + 1 < take; i++) {
			if (!in_set(w->first, nfim_lower(p[i])) ||
			    !in_set(w->second, nfim_lower(p[i + 1])))
				continue;
			if (w->tries++ == NFIM_TRIES_MAX) {
				*at += i;
				return w->n;
			}
			vm->out->work += 1 + w->n / 4;
			which = wanted_at(vm, w, *at + i, to);
			if (which == w->n)
				continue;
			*at += i;
			return which;
		}
		*at += i;
	}
	return w->n;
}

/* What a frame leaves for the next one. */
enum {
	S_LINE	= 1,	/* it was the part of a line */
	S_BODY	= 2,	/* lines that follow are its body */
};

/* A line of at most @max bytes, or a part of one. */
static int read_line(struct nfim_vm *vm, u32 max)
{
	const u8 lf = '\n';
	u32 len = vm->view->len, from = max(vm->cur, vm->seen), at;
	u32 to = (u32)min_t(u64, len, (u64)vm->cur + max);

	at = from < to ? find_any(vm, from, to, &lf, 1) : to;
	vm->end = at;
	if (at < to) {
		vm->out->frame_len = at + 1 - vm->start;
		if (at > vm->cur && byte_at(vm, at - 1) == '\r')
			vm->end--;
		return NFIM_GO_ON;
	}
	if (to - vm->cur < max && !vm->view->last && !(vm->state & S_LINE))
		return nfim_unfinished(vm);
	vm->out->frame_len = to - vm->start;
	vm->out->state = vm->view->last ? 0 : S_LINE;
	return vm->out->frame_len ? NFIM_GO_ON : NFIM_RUN_NO;
}

static int exec_line(struct nfim_vm *vm, const struct nfim_insn *insn)
{
	int ret = read_line(vm, insn->w1);

	if (ret != NFIM_GO_ON || !(vm->state & S_LINE))
		return ret;
	vm->out->actions = vm->out->prior;
	return NFIM_RUN_YES;
}

/* Does the literal stand at @off? */
static bool stands_at(struct nfim_vm *vm, const struct nfim_lit *lit, u32 off)
{
	const u8 *p;

	if (!lit->n || off >= vm->view->len || vm->view->len - off < lit->n)
		return false;
	p = nfim_view_get(vm->view, off, lit->n, vm->buf);
	return p && nfim_lit_begins(lit, p, lit->n);
}

/* In a body, one line more of it; the one that begins so is the last. */
static int exec_until(struct nfim_vm *vm, const struct nfim_insn *insn)
{
	struct list stops = list_at(vm->pack->data + insn->w1);
	struct nfim_lit stop;
	int ret;

	if (!(vm->state & S_BODY))
		return NFIM_GO_ON;
	ret = read_line(vm, NFIM_LINE_MAX);
	if (ret != NFIM_GO_ON)
		return ret;
	list_next(&stops, &stop);
	if ((vm->state & S_LINE) || !stands_at(vm, &stop, vm->cur))
		vm->out->state |= S_BODY;
	vm->out->actions = vm->out->prior;
	return NFIM_RUN_YES;
}

/* Does a line that begins at @off have nothing in it, or @stop? Then the head ends at @next. */
static bool head_ends(struct nfim_vm *vm, u32 off, const struct nfim_lit *stop, u32 *next)
{
	*next = off + 1;
	if (byte_at(vm, off) == '\n')
		return true;
	*next = off + 2;
	if (byte_at(vm, off) == '\r')
		return byte_at(vm, off + 1) == '\n';
	*next = off;
	return stands_at(vm, stop, off);
}

/* Decimal digits from @off on, behind spaces; 0 if there are none or too many. */
static u32 number_at(struct nfim_vm *vm, u32 off, u32 end)
{
	u32 v = 0, i;
	int ch;

	while (off < end && (byte_at(vm, off) == ' ' || byte_at(vm, off) == '\t'))
		off++;
	for (i = 0; off < end && i < 9; i++, off++) {
		ch = byte_at(vm, off);
		if (ch < '0' || ch > '9')
			break;
		v = v * 10 + (u32)(ch - '0');
	}
	ch = off < end ? byte_at(vm, off) : -1;
	return v > NFIM_BODY_MAX || (ch >= '0' && ch <= '9') ? 0 : v;
}

/* If the line at @off is a header of one of these names: its value as a number. */
static bool header_number(struct nfim_vm *vm, u32 off, u32 end, struct list names, u32 *v)
{
	struct nfim_lit name;

	while (list_next(&names, &name)) {
		u32 at = off + name.n;
		const u8 *p;

		if (at >= end)
			continue;
		p = nfim_view_get(vm->view, off, name.n, vm->buf);
		if (!p || !nfim_lit_begins(&name, p, name.n))
			continue;
		while (at < end && byte_at(vm, at) == ' ')
			at++;
		if (byte_at(vm, at) != ':')
			continue;
		*v = number_at(vm, at + 1, end);
		return true;
	}
	return false;
}

static int exec_head(struct nfim_vm *vm, const struct nfim_insn *insn)
{
	const struct list names = list_at(vm->pack->data + insn->w1);
	struct list stops = list_at(list_end(names));
	u32 len = vm->view->len, end = 0, body = 0, at = vm->cur, lines = 0, back;
	u32 to = (u32)min_t(u64, len, (u64)vm->cur + NFIM_INSN_B(insn));
	struct nfim_lit stop = { 0 };
	const u8 lf = '\n';

	list_next(&stops, &stop);
	/* What was seen ends no head, but its last line may have lacked bytes that say so. */
	back = stop.n + 3;
	if (vm->seen > at + back)
		at = vm->seen - back;
	while ((at = find_any(vm, at, to, &lf, 1)) < to && !head_ends(vm, ++at, &stop, &end))
		if (++lines > NFIM_HEAD_LINES)
			return NFIM_RUN_NO;
	if (at >= to && !vm->view->last)
		return len - vm->cur < NFIM_INSN_B(insn) ? nfim_unfinished(vm) : NFIM_RUN_NO;
	if (at >= to)
		end = to;
	vm->end = end;
	for (at = vm->cur, lines = 0; names.n && at < end && lines <= NFIM_HEAD_LINES; at++) {
		at = find_any(vm, at, end, &lf, 1);
		if (at < end && header_number(vm, at + 1, end, names, &body))
			break;
		lines++;
	}
	if (vm->view->last)
		body = len - end;
	/* It did not end with that line: there is a body, up to it. */
	if (stop.n && !stands_at(vm, &stop, end))
		vm->out->state = S_BODY;
	vm->out->frame_len = end - vm->start + body;
	return vm->out->frame_len ? NFIM_GO_ON : NFIM_RUN_NO;
}

/* The last word of a line, if it is a number. */
static int exec_body(struct nfim_vm *vm)
{
	u32 at = known_end(vm);
	int ch = -1;

	if (vm->end == U32_MAX)
		return NFIM_RUN_NO;
	while (at > vm->cur) {
		ch = byte_at(vm, at - 1);
		if (ch < '0' || ch > '9')
			break;
		at--;
	}
	if (ch == ' ' && at < vm->end)
		vm->out->frame_len += number_at(vm, at, vm->end);
	return NFIM_GO_ON;
}

static int exec_within(struct nfim_vm *vm, const struct nfim_insn *insn)
{
	u64 end = min_t(u64, nfim_frame_end(vm), (u64)vm->start + insn->w1);

	if (end <= vm->view->len || vm->view->last)
		return NFIM_GO_ON;
	return nfim_starve(vm, end);
}

static void exec_past(struct nfim_vm *vm, const struct nfim_insn *insn)
{
	u8 first = NFIM_INSN_A(insn), last = (u8)NFIM_INSN_B(insn);
	u32 end = known_end(vm), at = vm->cur, n;

	end = (u32)min_t(u64, end, (u64)at + NFIM_LINE_MAX);
	if (at >= end || byte_at(vm, at) != first)
		return;
	if (first != last)
		at = find_any(vm, at + 1, end, &last, 1);
	if (at >= end)
		return;
	for (at++, n = 0; n < NFIM_READ_MAX && at < end && byte_at(vm, at) == last; n++)
		at++;
	vm->out->work += n;
	vm->cur = at;
}

int nfim_exec_begins(struct nfim_vm *vm, const struct nfim_insn **insn)
{
	struct list list = list_at(vm->pack->data + (*insn)->w1);
	u32 end = known_end(vm), have = 0;
	const u8 *p = vm->buf;
	struct nfim_lit lit;
	bool more = false;

	vm->out->work += list.n;
	if (vm->cur < end) {
		have = min_t(u32, end - vm->cur, NFIM_READ_MAX);
		p = nfim_view_get(vm->view, vm->cur, have, vm->buf);
		if (!p)
			return NFIM_RUN_NO;
	}
	while (list_next(&list, &lit)) {
		u32 n = min(lit.n, have);

		if (!nfim_lit_begins(&lit, p, n))
			continue;
		if (n == lit.n) {
			vm->behind = vm->cur + n;
			return NFIM_GO_ON;
		}
		/* Behind the end of a line there is nothing to wait for. */
		more |= text_end(vm) > vm->view->len;
	}
	if (more && !vm->view->last)
		return nfim_starve(vm, (u64)vm->cur + have + 1);
	*insn += NFIM_INSN_B(*insn);
	return NFIM_GO_ON;
}

/* The actions of the best @n entries, of which it is not known which one stands there. */
static u32 pick_all(const u8 *table, u32 n)
{
	u32 actions = 0;

	for (; n--; table += 3 + table[2])
		actions |= nfim_le16(table);
	return actions;
}

static int exec_pick(struct nfim_vm *vm, const struct nfim_insn *insn)
{
	const u8 *table = vm->pack->data + insn->w1 + 1;
	u32 n = table[-1], best = n, at = vm->cur, which;
	u32 to = min_t(u32, nfim_frame_end(vm), vm->view->len);
	struct wanted w;

	to = (u32)min_t(u64, to, (u64)vm->cur + NFIM_INSN_B(insn));
	if (n)
		wanted_init(&w, table, n, 2);
	while (best && (which = wanted_find(vm, &w, &at, to)) < best) {
		best = which;
		w.n = which;
		at++;
	}
	if (n && w.tries > NFIM_TRIES_MAX)
		vm->out->actions |= pick_all(table, best);
	for (which = 0; which < best && which < n; which++)
		table += 3 + table[2];
	if (best < n)
		vm->out->actions |= nfim_le16(table);
	else if (NFIM_INSN_A(insn) == NFIM_ACTIONS)
		vm->out->actions |= vm->out->prior;
	else
		vm->out->actions |= 1u << NFIM_INSN_A(insn);
	return NFIM_GO_ON;
}

static void name_set(struct nfim_vm *vm, bool host, u32 off, u32 len)
{
	len = min_t(u32, len, NFIM_TEXT_NAME_MAX);
	if (host) {
		vm->out->host_off = off;
		vm->out->host_len = len;
	} else {
		vm->out->user_off = off;
		vm->out->user_len = len;
	}
}

/* Where the word at @at ends. */
static u32 word_end(struct nfim_vm *vm, u32 at, u32 end, u8 sep)
{
	return at < end ? find_any(vm, at, end, &sep, 1) : end;
}

static void exec_word(struct nfim_vm *vm, const struct nfim_insn *insn)
{
	const u8 *data = vm->pack->data + insn->w1;
	const u8 sep = data[0], strip = data[1], must = (u8)NFIM_INSN_B(insn);
	struct list stops = list_at(data + 2);
	u32 at = vm->cur, end = known_end(vm), to = at, k;
	struct nfim_lit stop = { 0 };

	if (vm->out->user_len)
		return;
	end = (u32)min_t(u64, end, (u64)at + NFIM_LINE_MAX);
	list_next(&stops, &stop);
	for (k = 0; k < NFIM_WORDS_MAX && at < end; k++, at = to + 1) {
		while (sep == ' ' && at < end && byte_at(vm, at) == sep)
			at++;
		to = word_end(vm, at, end, sep);
		vm->out->work++;
		if (NFIM_INSN_A(insn) == 255 && find_any(vm, at, to, &must, 1) == to)
			continue;
		if (NFIM_INSN_A(insn) != 255 && k < NFIM_INSN_A(insn))
			continue;
		if (must && find_any(vm, at, to, &must, 1) == to)
			return;
		if (strip && byte_at(vm, at) == strip)
			at++;
		if (at < to)
			name_set(vm, false, at, find_any(vm, at, to, stop.p, stop.n) - at);
		return;
	}
}

/* Move @at behind the first of the list that stands in [at, to); false if none does. */
static bool find_list(struct nfim_vm *vm, struct list list, u32 *at, u32 to)
{
	struct nfim_lit lit = { 0 };
	struct wanted w;
	u32 which;

	if (!list.n)
		return true;
	wanted_init(&w, list.p, list.n, 0);
	which = wanted_find(vm, &w, at, to);
	if (which == w.n)
		return false;
	while (which-- != U32_MAX)
		list_next(&list, &lit);
	*at += lit.n;
	return true;
}

static void exec_behind(struct nfim_vm *vm, const struct nfim_insn *insn)
{
	const struct list first = list_at(vm->pack->data + insn->w1);
	const struct list second = list_at(list_end(first));
	const u8 *tail = list_end(second);
	struct list stops = list_at(tail + 1);
	u32 limit = nfim_frame_end(vm), at = vm->cur, to, n;
	struct nfim_lit stop = { 0 };
	u8 stops_eol[NFIM_STOPS_MAX + 2];
	bool host = NFIM_INSN_A(insn);
	const u8 *p;

	if (host ? vm->out->host_len : vm->out->user_len)
		return;
	limit = (u32)min_t(u64, limit, (u64)vm->cur + NFIM_INSN_B(insn));
	to = min(limit, vm->view->len);
	list_next(&stops, &stop);
	if (at >= to || !find_list(vm, first, &at, to) ||
	    !find_list(vm, second, &at, second.n ? min_t(u32, to, at + 64) : to))
		return;
	if (tail[0]) {
		p = at + tail[0] <= to ? nfim_view_get(vm->view, at, tail[0], vm->buf) : NULL;
		n = !p ? 0 : tail[0] == 1 ? p[0] : tail[0] == 2 ? nfim_le16(p) : nfim_le32(p);
		at += tail[0];
		if (!p || n > to - at)
			return;
		to = at + n;
	}
	if (stop.n)
		memcpy(stops_eol, stop.p, stop.n);
	stops_eol[stop.n] = '\r';
	stops_eol[stop.n + 1] = '\n';
	n = find_any(vm, at, min_t(u32, to, at + NFIM_TEXT_NAME_MAX), stops_eol,
		     tail[0] ? stop.n : stop.n + 2) - at;
	/* What does not end here may go on in bytes that have not come. */
	if (n && (at + n < to || n == NFIM_TEXT_NAME_MAX || tail[0] || to == limit ||
		  vm->view->last))
		name_set(vm, host, at, n);
}

/*
 * Bytes from @at on in one piece, @max at most; returns how many. @ends: set to whether the frame
 * ends with them: what a bound has cut is half a number.
 */
static u32 offer_text(struct nfim_vm *vm, u32 at, u32 to, u32 max, u8 *text, bool *ends)
{
	u32 len = min(to - at, max);

	vm->out->work += len / 8;
	*ends = at + len >= nfim_frame_end(vm) || (vm->view->last && at + len >= vm->view->len);
	return nfim_view_copy(vm->view, at, len, text);
}

static void offer_add(struct nfim_offers *offers, const struct nfim_offer_data *data)
{
	struct nfim_offer *offer = &offers->at[offers->n++];

	offer->actions = (u16)nfim_le16(data->actions);
	offer->l4 = data->l4;
	offer->proto = data->proto;
}

/* What the text at @at offers, if anything; returns how many bytes that took. */
static u32 offer_read(struct nfim_vm *vm, const struct nfim_offer_data *data, const u8 *names,
		      u32 at, u32 to)
{
	struct nfim_offers *offers = vm->out->offers;
	struct nfim_offer *offer = &offers->at[offers->n];
	u8 text[NFIM_OFFER_TEXT];
	u32 len, took = 0;
	bool good, ends;

	len = offer_text(vm, at, to, NFIM_OFFER_TEXT, text, &ends);
	offers->tries++;
	if (data->form == NFIM_OFFER_TAG)
		good = nfim_offer_tag(text, len, names, names + 1 + names[0], offer, &took);
	else if (data->form == NFIM_OFFER_URL)
		good = nfim_offer_url(text, len, ends, offer, &took);
	else
		good = nfim_offer_words(text, len, ends, offer, &took);
	if (good)
		offer_add(offers, data);
	return took;
}

/* Where a port and its addresses stand, 0: nowhere yet. */
struct apart {
	u32 port;
	u32 addr;
	u32 common;	/* addresses in front of all parts */
	bool parts;	/* a part has begun */
};

/* The end of a part: what it offers, if anything. */
static void apart_end(struct nfim_vm *vm, const struct nfim_offer_data *data, struct apart *a,
		      u32 to)
{
	struct nfim_offers *offers = vm->out->offers;
	u32 at = a->addr ? a->addr : a->common, len, i, took;
	struct nfim_offer o = { 0 };
	u8 text[NFIM_OFFER_TEXT];
	bool good, ends = false;

	len = a->port && at ? offer_text(vm, a->port, to, 16, text, &ends) : 0;
	a->port = 0;
	a->addr = 0;
	if (!len)
		return;
	offers->tries++;
	if (!nfim_offer_port(text, len, ends, &o))
		return;
	for (i = 0; i < NFIM_OFFER_ADDRS && offers->n < NFIM_OFFERS_MAX; i++, at += took) {
		len = offer_text(vm, at, to, NFIM_OFFER_TEXT / 8, text, &ends);
		good = nfim_offer_addr(text, len, ends, &o, &took);
		if (!took)
			return;
		offers->at[offers->n] = o;
		if (good)
			offer_add(offers, data);
	}
}

/* Literal @which of the list ends at @at. */
static void apart_found(struct nfim_vm *vm, const struct nfim_offer_data *data, struct apart *a,
			u32 n, u32 which, u32 at, u32 to)
{
	bool parts = n > data->ports + data->addrs, port = which < data->ports;

	if (!port && which < data->ports + data->addrs) {
		if (parts && !a->parts)
			a->common = at;
		else if (!a->addr)
			a->addr = at;
		return;
	}
	if (parts) {
		apart_end(vm, data, a, to);
		a->parts = true;
	}
	if (port)
		a->port = at;
}

static void exec_offer(struct nfim_vm *vm, const struct nfim_insn *insn)
{
	const struct nfim_offer_data *data = (const void *)(vm->pack->data + insn->w1);
	const struct list openings = list_at((const u8 *)(data + 1));
	const struct list names = list_at(list_end(openings));
	u32 to = min_t(u32, nfim_frame_end(vm), vm->view->len), at = vm->cur, which, i;
	struct nfim_offers *offers = vm->out->offers;
	struct apart apart = { 0 };
	struct wanted w;
	const u8 *lit;

	if (!offers)
		return;
	to = (u32)min_t(u64, to, (u64)vm->cur + NFIM_INSN_B(insn));
	wanted_init(&w, openings.p, openings.n, 0);
	while (offers->n < NFIM_OFFERS_MAX && offers->tries < NFIM_OFFER_TRIES) {
		which = wanted_find(vm, &w, &at, to);
		if (which == w.n)
			break;
		for (lit = openings.p, i = which; i; i--)
			lit += 1 + lit[0];
		at += lit[0];
		if (data->form == NFIM_OFFER_APART)
			apart_found(vm, data, &apart, w.n, which, at, to);
		else
			at += offer_read(vm, data, names.p, at, to);
	}
	if (offers->n < NFIM_OFFERS_MAX && offers->tries < NFIM_OFFER_TRIES)
		apart_end(vm, data, &apart, to);
}

static void exec_tlv(struct nfim_vm *vm, const struct nfim_insn *insn)
{
	u32 end = nfim_frame_end(vm), at = vm->cur, n, len;
	const u8 *p;

	end = min(end, vm->view->len);
	for (n = 0; n < NFIM_TLVS_MAX && !vm->out->user_len && at < end && end - at >= 4; n++) {
		p = nfim_view_get(vm->view, at, 4, vm->buf);
		if (!p)
			return;
		vm->out->work++;
		len = nfim_be16(p + 2);
		at += 4;
		if (len > end - at)
			return;
		if (nfim_be16(p) == insn->w1 && len)
			name_set(vm, false, at, len);
		at += len;
	}
}

int nfim_exec_text(struct nfim_vm *vm, const struct nfim_insn *insn)
{
	switch (NFIM_INSN_OP(insn)) {
	case NFIM_OP_SIZE:
		vm->out->frame_len = insn->w1;
		return NFIM_GO_ON;
	case NFIM_OP_LINE:
		return exec_line(vm, insn);
	case NFIM_OP_UNTIL:
		return exec_until(vm, insn);
	case NFIM_OP_HEAD:
		return exec_head(vm, insn);
	case NFIM_OP_STANZA:
		return nfim_exec_stanza(vm, insn);
	case NFIM_OP_BODY:
		return exec_body(vm);
	case NFIM_OP_WITHIN:
		return exec_within(vm, insn);
	case NFIM_OP_PICK:
		return exec_pick(vm, insn);
	case NFIM_OP_PAST:
		exec_past(vm, insn);
		return NFIM_GO_ON;
	case NFIM_OP_WORD:
		exec_word(vm, insn);
		return NFIM_GO_ON;
	case NFIM_OP_TLV:
		exec_tlv(vm, insn);
		return NFIM_GO_ON;
	case NFIM_OP_OFFER:
		exec_offer(vm, insn);
		return NFIM_GO_ON;
	default: /* NFIM_OP_BEHIND */
		exec_behind(vm, insn);
		return NFIM_GO_ON;
	}
}
