// SPDX-License-Identifier: GPL-2.0-only
/*
 * Puts IP fragments together. A fixed number of datagrams is in work at any
 * time; each has a buffer that grows with its fragments and a list of the
 * pieces that have come.
 */
#include "ipfrag.h"

#include <stdlib.h>
#include <string.h>

enum {
	DATAGRAMS_MAX	= 128,
	PIECES_MAX	= 512,		/* of one datagram; 64 KiB in pieces of 128 bytes */
	DATAGRAM_MAX	= 65535,
	TIMEOUT_USEC	= 30 * 1000000,	/* as net.ipv4.ipfrag_time */
};

struct piece {
	uint32_t off, end;
};

struct datagram {
	struct nfim_frag key;		/* the first fragment to come, without its data */
	bool used;
	bool spoilt;
	uint8_t proto;
	uint32_t total;			/* 0 until the last fragment came */
	uint32_t got;			/* bytes of all pieces */
	uint32_t n_pieces;
	struct piece *pieces;
	uint8_t *buf;
	size_t size;
};

struct nfim_frags {
	struct datagram d[DATAGRAMS_MAX];
	unsigned int next;		/* the oldest, to be replaced next */
	uint8_t *whole;			/* the datagram given out last */
};

struct nfim_frags *nfim_frags_new(void)
{
	return calloc(1, sizeof(struct nfim_frags));
}

static void drop(struct datagram *d)
{
	free(d->pieces);
	free(d->buf);
	memset(d, 0, sizeof(*d));
}

void nfim_frags_free(struct nfim_frags *frags)
{
	unsigned int i;

	if (!frags)
		return;
	for (i = 0; i < DATAGRAMS_MAX; i++)
		drop(&frags->d[i]);
	free(frags->whole);
	free(frags);
}

static bool same(const struct nfim_frag *a, const struct nfim_frag *b)
{
	return a->family == b->family && a->id == b->id &&
	       (a->family != 4 || a->proto == b->proto) &&
	       !memcmp(&a->src, &b->src, sizeof(a->src)) &&
	       !memcmp(&a->dst, &b->dst, sizeof(a->dst));
}

static struct datagram *find(struct nfim_frags *frags, const struct nfim_frag *frag)
{
	struct datagram *d;
	unsigned int i;

	for (i = 0; i < DATAGRAMS_MAX; i++) {
		d = &frags->d[i];
		if (!d->used || !same(&d->key, frag))
			continue;
		if (frag->usec <= d->key.usec + TIMEOUT_USEC)
			return d;
		drop(d);
	}
	d = &frags->d[frags->next];
	frags->next = (frags->next + 1) % DATAGRAMS_MAX;
	drop(d);
	d->used = true;
	d->key = *frag;
	d->key.data = NULL;
	d->pieces = calloc(PIECES_MAX, sizeof(*d->pieces));
	if (!d->pieces)
		d->spoilt = true;
	return d;
}

/* Return: true if the piece is new and fits between those that have come. */
static bool fits(struct datagram *d, uint32_t off, uint32_t end)
{
	uint32_t i;

	for (i = 0; i < d->n_pieces; i++) {
		if (off >= d->pieces[i].end || end <= d->pieces[i].off)
			continue;
		if (off != d->pieces[i].off || end != d->pieces[i].end)
			d->spoilt = true;
		return false;
	}
	return true;
}

static bool grow(struct datagram *d, size_t size)
{
	uint8_t *buf;

	if (size <= d->size)
		return true;
	size = size < 4096 ? 4096 : size * 2;
	buf = realloc(d->buf, size);
	if (!buf)
		return false;
	d->buf = buf;
	d->size = size;
	return true;
}

static void add(struct datagram *d, const struct nfim_frag *frag)
{
	uint32_t end = frag->off + frag->len;

	/* All but the last come in multiples of 8 bytes. */
	if (end > DATAGRAM_MAX || (frag->more && frag->len % 8) || !frag->len ||
	    d->n_pieces >= PIECES_MAX || (d->total && end > d->total) ||
	    (!frag->more && d->total && end != d->total)) {
		d->spoilt = true;
		return;
	}
	if (!fits(d, frag->off, end))
		return;
	if (!grow(d, end)) {
		d->spoilt = true;
		return;
	}
	memcpy(d->buf + frag->off, frag->data, frag->len);
	d->pieces[d->n_pieces].off = frag->off;
	d->pieces[d->n_pieces++].end = end;
	d->got += frag->len;
	if (!frag->more)
		d->total = end;
	if (!frag->off)
		d->proto = frag->proto;
}

bool nfim_frags_add(struct nfim_frags *frags, const struct nfim_frag *frag,
		    const uint8_t **data, uint32_t *len, uint8_t *proto)
{
	struct datagram *d = find(frags, frag);

	/* A spoilt one stays, so that its other fragments start no new one. */
	if (!d->spoilt)
		add(d, frag);
	if (d->spoilt || !d->total || d->got != d->total)
		return false;
	free(frags->whole);
	frags->whole = d->buf;
	d->buf = NULL;
	*data = frags->whole;
	*len = d->total;
	*proto = d->proto;
	drop(d);
	return true;
}
