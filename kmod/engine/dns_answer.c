// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reading the records that answer a DNS question.
 *
 *	name | type (2) | class (2) | time to live (4) | length (2) | data
 *
 * A name is labels and a 0, or labels and a pointer to more of them further in front. Only such a
 * pointer is followed, and of all names of a message only so many labels are looked at.
 */
#include "dns.h"

enum {
	HEADER		= 12,
	RECORD		= 10,	/* behind the name */
	RECORDS_MAX	= 32,
	LABELS_MAX	= 256,	/* of all names of a message, and pointers */
	TYPE_A		= 1,
	TYPE_CNAME	= 5,
	TYPE_AAAA	= 28,
	CLASS_IN	= 1,
	QUESTIONS	= 4,	/* that a flow remembers */
};

struct reader {
	const struct nfim_view *view;
	u32 start;
	u32 end;
	u32 labels;
};

/* A name on its way: @front only falls, so that no pointer leads around. */
struct name {
	u32 at;		/* what comes next */
	u32 front;	/* pointers lead before this */
	u32 behind;	/* the name, where it stands; 0: its end was not seen yet */
	u32 label;	/* where the last label's bytes are */
};

static const u8 *get(const struct reader *r, u32 off, u32 n, u8 *buf)
{
	if (off > r->end || n > r->end - off)
		return NULL;
	return nfim_view_get(r->view, off, n, buf);
}

static void name_begin(struct name *n, u32 at)
{
	n->at = at;
	n->front = at;
	n->behind = 0;
}

/* Return: length of the next label, 0 at the end, or -1 where there is no name. */
static int name_next(struct reader *r, struct name *n)
{
	u8 buf[2] __uninitialized;
	const u8 *p;
	u32 to;

	while (r->labels++ < LABELS_MAX) {
		p = get(r, n->at, 1, buf);
		if (!p)
			return -1;
		to = *p;
		if (to <= NFIM_DNS_LABEL_MAX) {
			n->label = n->at + 1;
			n->at += 1 + to;
			if (!to && !n->behind)
				n->behind = n->at;
			return (int)to;
		}
		p = to >> 6 == 3 ? get(r, n->at, 2, buf) : NULL;
		if (!p)
			return -1;
		to = r->start + (nfim_be16(p) & 0x3fff);
		if (to < r->start + HEADER || to >= n->front)
			return -1;
		if (!n->behind)
			n->behind = n->at + 2;
		n->front = to;
		n->at = to;
	}
	return -1;
}

static bool label_is(const struct nfim_dns *dns, u32 at, const u8 *p, u32 len)
{
	u32 i;

	if (at > dns->name_len || len > dns->name_len - at ||
	    (at + len < dns->name_len && dns->name[at + len] != '.'))
		return false;
	for (i = 0; i < len; i++) {
		u8 c = p[i] >= 'A' && p[i] <= 'Z' ? p[i] | 0x20 : p[i];

		if (c == '.' || c != dns->name[at + i])
			return false;
	}
	return true;
}

/* Does the name stand at @off? @behind: where the record goes on, 0 if there is none. */
static bool name_is(struct reader *r, u32 off, const struct nfim_dns *dns, u32 *behind)
{
	u8 buf[NFIM_DNS_LABEL_MAX] __uninitialized;
	bool same = dns->name_len;
	u32 at = 0;
	const u8 *p;
	struct name n;
	int len;

	*behind = 0;
	name_begin(&n, off);
	while ((len = name_next(r, &n)) > 0) {
		p = get(r, n.label, len, buf);
		if (!p)
			return false;
		same = same && label_is(dns, at, p, len);
		at += len + 1;
	}
	if (len < 0)
		return false;
	*behind = n.behind;
	return same && at == dns->name_len + 1U;
}

/* From here on the name is the one at @off. */
static void name_take(struct reader *r, u32 off, struct nfim_dns *dns)
{
	u8 buf[NFIM_DNS_LABEL_MAX] __uninitialized;
	struct name n;
	const u8 *p;
	int len;

	dns->name_len = 0;
	name_begin(&n, off);
	while ((len = name_next(r, &n)) > 0) {
		p = get(r, n.label, len, buf);
		if (!p || !nfim_dns_label(dns, p, len))
			break;
	}
	if (len)
		dns->name_len = 0;
}

/* Return: where the next record begins, 0 if there is none. */
static u32 record(struct reader *r, u32 off, struct nfim_dns *dns, u8 proto,
		  struct nfim_told *told)
{
	bool same = name_is(r, off, dns, &off);
	u8 buf[16] __uninitialized;
	u32 type, class, len;
	const u8 *p;

	p = off ? get(r, off, RECORD, buf) : NULL;
	if (!p)
		return 0;
	type = nfim_be16(p);
	class = nfim_be16(p + 2);
	len = nfim_be16(p + 8);
	off += RECORD;
	if (len > r->end - off)
		return 0;
	if (!same || class != CLASS_IN)
		return off + len;
	if (type == TYPE_CNAME) {
		name_take(r, off, dns);
	} else if ((type == TYPE_A && len == 4) || (type == TYPE_AAAA && len == 16)) {
		p = get(r, off, len, buf);
		if (p)
			nfim_told_add(told, p, type == TYPE_AAAA, proto);
	}
	return off + len;
}

void nfim_dns_answers(const struct nfim_view *view, u32 start, u32 end, struct nfim_dns *dns,
		      u8 proto, struct nfim_told *told)
{
	/* Not inside, where gcc 10 takes the others for forgotten. */
	u32 stop = min(end, view->len), off = dns->records, i;
	struct reader r = { .view = view, .start = start, .end = stop };

	for (i = 0; i < dns->n_answers && i < RECORDS_MAX && off; i++)
		off = record(&r, off, dns, proto, told);
	if (i < dns->n_answers || !off)
		told->lost = true;
	dns->work += i + r.labels;
}

static u64 rol(u64 x, u32 n)
{
	return x << n | x >> (64 - n);
}

static void sip_round(u64 v[4])
{
	v[0] += v[1];
	v[2] += v[3];
	v[1] = rol(v[1], 13) ^ v[0];
	v[3] = rol(v[3], 16) ^ v[2];
	v[0] = rol(v[0], 32);
	v[2] += v[1];
	v[0] += v[3];
	v[1] = rol(v[1], 17) ^ v[2];
	v[3] = rol(v[3], 21) ^ v[0];
	v[2] = rol(v[2], 32);
}

static void sip_word(u64 v[4], u64 word)
{
	v[3] ^= word;
	sip_round(v);
	v[0] ^= word;
}

/*
 * A question by its id and name; never 0. Keyed (SipHash-1-3 of both, Aumasson and Bernstein
 * 2012, with the length in front): who has a domain could find a name of his own else whose hash
 * is another's, have it asked for, and answer for the other.
 */
static u32 question_hash(const struct nfim_dns *dns, const u64 *key)
{
	u64 v[4] = {
		key[0] ^ 0x736f6d6570736575ULL, key[1] ^ 0x646f72616e646f6dULL,
		key[0] ^ 0x6c7967656e657261ULL, key[1] ^ 0x7465646279746573ULL,
	};
	u64 word = 0;
	u32 i, hash;

	sip_word(v, (u64)dns->id << 8 | dns->name_len);
	for (i = 0; i < dns->name_len; i++) {
		word = word << 8 | dns->name[i];
		if (i % 8 == 7 || i + 1U == dns->name_len) {
			sip_word(v, word);
			word = 0;
		}
	}
	v[2] ^= 0xff;
	for (i = 0; i < 3; i++)
		sip_round(v);
	hash = (u32)(v[0] ^ v[1] ^ v[2] ^ v[3]);
	return hash ? hash : 1;
}

static u32 *question_slot(struct nfim_flow *flow, u32 i)
{
	struct nfim_flow_dir *d = &flow->dir[i / 2];

	return i % 2 ? &d->origin : &d->next;
}

/* The oldest one gives way. */
static void question_add(struct nfim_flow *flow, u32 hash)
{
	u32 i;

	for (i = QUESTIONS - 1; i; i--)
		*question_slot(flow, i) = *question_slot(flow, i - 1);
	*question_slot(flow, 0) = hash;
}

/* It is answered once. */
static bool question_answered(struct nfim_flow *flow, u32 hash)
{
	u32 i;

	for (i = 0; i < QUESTIONS; i++) {
		if (*question_slot(flow, i) != hash)
			continue;
		*question_slot(flow, i) = 0;
		return true;
	}
	return false;
}

void nfim_dns_learn(const struct nfim_pack *pack, struct nfim_flow *flow,
		    const struct nfim_seg *seg, struct nfim_step *step)
{
	struct nfim_dns dns __uninitialized;
	struct nfim_window_view wv;
	u32 hash;

	nfim_window_view_init(&wv, NULL, seg, 0, 0, false);
	wv.view.len = seg->len;
	wv.view.last = true;
	if (nfim_dns_message(&wv.view, 0, seg->len, &dns) != NFIM_DNS_MESSAGE || !dns.name_len)
		return;
	hash = question_hash(&dns, seg->learn);
	if (!seg->dir && !dns.response) {
		question_add(flow, hash);
	} else if (seg->dir && dns.answer && question_answered(flow, hash)) {
		step->told.asked = true;
		nfim_dns_answers(&wv.view, 0, seg->len, &dns, nfim_dns_lookup(pack, &dns),
				 &step->told);
	}
	step->work += dns.work;
}
