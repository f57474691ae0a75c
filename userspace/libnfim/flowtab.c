// SPDX-License-Identifier: GPL-2.0-only
/*
 * The flows of a capture: a hash table of the flows that are alive, and a list
 * of all in the order of their first packets.
 *
 * All flows stay until the table goes, because rows are wanted in order; but the kept bytes of
 * a flow go with its verdict.
 */
#include "flowtab.h"
#include "engine/dns.h"
#include "engine/names.h"
#include "engine/quic.h"
#include "expect.h"
#include "track.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/socket.h>

enum {
	BUCKETS_MIN	= 1024,
	FNV_PRIME	= 16777619,
};

struct nfim_flowtab {
	const struct nfim_pack *pack;
	struct nfim_row **buckets;
	size_t n_buckets;
	size_t n_live;		/* in buckets */
	struct nfim_row **rows;
	size_t n_rows, rows_size;
	uint64_t n_packets;
	struct nfim_expecttab expected;
	u64 secret[2];		/* of struct nfim_seg.learn */
	struct nfim_quic quic;
};

/* Captures are hostile, too. */
static bool make_secret(struct nfim_flowtab *tab)
{
	return getrandom(tab->secret, sizeof(tab->secret), 0) == sizeof(tab->secret);
}

struct nfim_flowtab *nfim_flowtab_new(const struct nfim_pack *pack, bool correlate)
{
	struct nfim_flowtab *tab = calloc(1, sizeof(*tab));

	if (!tab)
		return NULL;
	tab->pack = pack;
	tab->n_buckets = BUCKETS_MIN;
	tab->buckets = calloc(tab->n_buckets, sizeof(struct nfim_row *));
	if (correlate)
		tab->expected.places = calloc(NFIM_PLACES, sizeof(*tab->expected.places));
	if (!tab->buckets || (correlate && (!tab->expected.places || !make_secret(tab)))) {
		nfim_flowtab_free(tab);
		return NULL;
	}
	return tab;
}

static void free_blocks(struct nfim_block *b)
{
	struct nfim_block *next;

	for (; b; b = next) {
		next = b->next;
		free(b);
	}
}

void nfim_flowtab_free(struct nfim_flowtab *tab)
{
	size_t i;

	if (!tab)
		return;
	for (i = 0; i < tab->n_rows; i++) {
		free_blocks(nfim_flow_clear(&tab->rows[i]->flow));
		free(tab->rows[i]->track);
		free(tab->rows[i]);
	}
	nfim_expecttab_free(&tab->expected);
	free(tab->rows);
	free(tab->buckets);
	free(tab);
}

struct nfim_row *const *nfim_flowtab_rows(const struct nfim_flowtab *tab, size_t *n)
{
	*n = tab->n_rows;
	return tab->rows;
}

/* Both directions have the same hash. */
static uint32_t hash_end(const struct nfim_addr *addr, uint16_t port)
{
	uint32_t h = 2166136261u;
	size_t i;

	for (i = 0; i < sizeof(addr->b); i++)
		h = (h ^ addr->b[i]) * FNV_PRIME;
	h = (h ^ (port & 0xff)) * FNV_PRIME;
	return (h ^ port >> 8) * FNV_PRIME;
}

static size_t hash_row(const struct nfim_flowtab *tab, const struct nfim_row *row)
{
	uint32_t h = hash_end(&row->client, row->cport) + hash_end(&row->server, row->sport);

	return (h ^ h >> 15 ^ row->l4) & (tab->n_buckets - 1);
}

static bool same_end(const struct nfim_addr *a, uint16_t aport, const struct nfim_addr *b,
		     uint16_t bport)
{
	return aport == bport && !memcmp(a, b, sizeof(*a));
}

/* Return: 0 if the packet is from the row's client, 1 from its server, -1 of another flow. */
static int direction(const struct nfim_row *row, const struct nfim_pkt *pkt)
{
	if (row->l4 != pkt->l4 || row->family != pkt->family)
		return -1;
	if (same_end(&row->client, row->cport, &pkt->src, pkt->sport) &&
	    same_end(&row->server, row->sport, &pkt->dst, pkt->dport))
		return 0;
	if (same_end(&row->client, row->cport, &pkt->dst, pkt->dport) &&
	    same_end(&row->server, row->sport, &pkt->src, pkt->sport))
		return 1;
	return -1;
}

static void set_ends(struct nfim_row *row, const struct nfim_pkt *pkt, bool from_client)
{
	row->family = pkt->family;
	row->l4 = pkt->l4;
	row->client = from_client ? pkt->src : pkt->dst;
	row->cport = from_client ? pkt->sport : pkt->dport;
	row->server = from_client ? pkt->dst : pkt->src;
	row->sport = from_client ? pkt->dport : pkt->sport;
}

static struct nfim_row *find(const struct nfim_flowtab *tab, const struct nfim_pkt *pkt, int *dir)
{
	struct nfim_row key, *row;

	set_ends(&key, pkt, true);
	for (row = tab->buckets[hash_row(tab, &key)]; row; row = row->next) {
		*dir = direction(row, pkt);
		if (*dir >= 0)
			return row;
	}
	return NULL;
}

static void unlink_row(struct nfim_flowtab *tab, struct nfim_row *row)
{
	struct nfim_row **p = &tab->buckets[hash_row(tab, row)];

	while (*p != row)
		p = &(*p)->next;
	*p = row->next;
	tab->n_live--;
}

static void link_row(struct nfim_flowtab *tab, struct nfim_row *row)
{
	struct nfim_row **p = &tab->buckets[hash_row(tab, row)];

	row->next = *p;
	*p = row;
	tab->n_live++;
}

/* Keeps chains short; without memory for it they just get longer. */
static void grow_buckets(struct nfim_flowtab *tab)
{
	struct nfim_row **old = tab->buckets, **buckets, *row, *next;
	size_t i, n = tab->n_buckets;

	buckets = calloc(n * 2, sizeof(struct nfim_row *));
	if (!buckets)
		return;
	tab->buckets = buckets;
	tab->n_buckets = n * 2;
	tab->n_live = 0;
	for (i = 0; i < n; i++) {
		for (row = old[i]; row; row = next) {
			next = row->next;
			link_row(tab, row);
		}
	}
	free(old);
}

/* In order of first packets; a new row's is one of the last. */
static bool list_row(struct nfim_flowtab *tab, struct nfim_row *row)
{
	size_t size = tab->rows_size ? tab->rows_size * 2 : 256, i;
	struct nfim_row **rows;

	if (tab->n_rows == tab->rows_size) {
		rows = realloc(tab->rows, size * sizeof(struct nfim_row *));
		if (!rows)
			return false;
		tab->rows = rows;
		tab->rows_size = size;
	}
	for (i = tab->n_rows++; i && tab->rows[i - 1]->first > row->first; i--)
		tab->rows[i] = tab->rows[i - 1];
	tab->rows[i] = row;
	return true;
}

static struct nfim_row *add_row(struct nfim_flowtab *tab, const struct nfim_pkt *pkt,
				bool from_client, uint64_t first)
{
	struct nfim_row *row = calloc(1, sizeof(*row));

	if (!row)
		return NULL;
	set_ends(row, pkt, from_client);
	row->first = first;
	row->rule = NFIM_NO_RULE;
	nfim_flow_init(&row->flow);
	if (row->l4 == IPPROTO_TCP)
		row->track = calloc(1, sizeof(*row->track));
	if ((row->l4 == IPPROTO_TCP && !row->track) || !list_row(tab, row)) {
		free(row->track);
		free(row);
		return NULL;
	}
	if (tab->n_live >= tab->n_buckets)
		grow_buckets(tab);
	link_row(tab, row);
	return row;
}

/* A flow that gave way to another on the same addresses and ports. */
static void retire(struct nfim_flowtab *tab, struct nfim_row *row)
{
	unlink_row(tab, row);
	free_blocks(nfim_flow_clear(&row->flow));
	free(row->track);
	row->track = NULL;
}

static struct nfim_row *replace(struct nfim_flowtab *tab, struct nfim_row *old,
				const struct nfim_pkt *pkt, enum nfim_track_say say)
{
	const struct nfim_track was = *old->track;
	bool pending = say == NFIM_TRACK_NEW_PENDING;
	struct nfim_pkt syn = { .flags = NFIM_TCP_SYN, .seq = was.pending_seq };
	struct nfim_row *row;

	retire(tab, old);
	row = add_row(tab, pkt, say == NFIM_TRACK_NEW, pending ? was.pending_first :
		      tab->n_packets);
	if (row && pending) {
		row->packets = 1;
		nfim_track_packet(row->track, 0, &syn);
	}
	return row;
}

static struct nfim_block *new_blocks(u32 n)
{
	struct nfim_block *list = NULL, *b;

	for (; n; n--) {
		b = calloc(1, sizeof(*b));
		if (!b) {
			free_blocks(list);
			return NULL;
		}
		b->next = list;
		list = b;
	}
	return list;
}

static void note_host(struct nfim_row *row, const uint8_t *host, uint8_t len)
{
	memcpy(row->host, host, len);
	row->host_len = len;
}

static void note(struct nfim_row *row, const struct nfim_step *step)
{
	row->verdict = step->verdict;
	if (step->fresh) {
		row->decided = row->packets;
		row->rule = step->rule;
	}
	row->actions |= step->actions;
	row->ech |= step->ech;
	if (step->user_len && !row->user_len) {
		memcpy(row->user, step->user, step->user_len);
		row->user_len = step->user_len;
	}
	if (step->lookups.n && row->lookup)
		return;
	if (step->lookups.n)
		row->lookup = step->lookups.proto[0];
	if (step->host_len)
		note_host(row, step->host, step->host_len);
}

/* As the kernel's rules do, a datagram is judged by itself, unless its flow has a protocol. */
static void lookup(const struct nfim_flowtab *tab, struct nfim_row *row,
		   const struct nfim_seg *seg)
{
	struct nfim_dns dns;
	uint8_t len;

	if (row->lookup || row->verdict == NFIM_KNOWN)
		return;
	row->lookup = nfim_dns_datagram(tab->pack, seg, &dns);
	if (!row->lookup)
		return;
	len = min_t(uint8_t, dns.name_len, NFIM_HOST_MAX);
	note_host(row, dns.name + (dns.name_len - len), len);
}

static void ends_of(const struct nfim_row *row, struct nfim_ends *ends)
{
	memcpy(ends->from, row->client.b, sizeof(ends->from));
	memcpy(ends->to, row->server.b, sizeof(ends->to));
	ends->port = row->sport;
	ends->from_port = row->cport;
	ends->l4 = row->l4;
	ends->v6 = row->family == AF_INET6;
}

/* Did another flow offer this one, whose first payload comes now? */
static void ask_expected(const struct nfim_flowtab *tab, struct nfim_row *row, uint64_t usec)
{
	const struct nfim_expected *ex;
	struct nfim_ends ends;

	ends_of(row, &ends);
	ex = nfim_expecttab_find(&tab->expected, &ends, usec);
	if (!ex || !nfim_pack_proto(tab->pack, ex->proto))
		return;
	if (ex->learnt) {
		/* As in the kernel: of a connection its start was seen. */
		if (!row->track || row->track->side[0].saw_syn)
			nfim_flow_learnt(&row->flow, ex->proto);
		return;
	}
	nfim_flow_offered(&row->flow, ex->proto, ex->offer.actions);
	row->offered = true;
}

/* As in the kernel: the connection was seen to be opened, and both ends answered each other. */
static bool was_opened(const struct nfim_row *row)
{
	const struct nfim_track *t = row->track;

	return t && t->side[0].saw_syn && t->side[0].has_ack && t->side[1].has_ack;
}

/* As in the kernel: of UDP the server answered. */
static bool may_be_believed(const struct nfim_row *row)
{
	return row->track ? was_opened(row) : row->answered;
}

static int take_offers(struct nfim_flowtab *tab, const struct nfim_row *row, int dir,
		       const struct nfim_offers *offers, uint64_t usec)
{
	struct nfim_expected ex;
	struct nfim_ends of;
	int ret = 0;
	u32 i;

	ends_of(row, &of);
	for (i = 0; i < offers->n && !ret; i++)
		if (nfim_expect_make(&ex, &offers->at[i], &of, dir, row->flow.proto))
			ret = nfim_expecttab_add(&tab->expected, &ex, usec);
	return ret;
}

static int take_answers(struct nfim_flowtab *tab, const struct nfim_row *row,
			const struct nfim_told *told, uint64_t usec)
{
	bool learn = told->asked && may_be_believed(row);
	struct nfim_ends of;
	int ret = 0;
	u32 i;

	ends_of(row, &of);
	for (i = 0; i < told->n && !ret; i++)
		if (memcmp(told->at[i].addr, of.to, sizeof(of.to)))
			ret = nfim_expecttab_told(&tab->expected, &told->at[i], &of, learn, usec);
	return ret;
}

/* A name that the client says is what its server is, if it decided the flow. */
static int take_host(struct nfim_flowtab *tab, const struct nfim_row *row, int dir,
		     const struct nfim_step *step, uint64_t usec)
{
	const struct nfim_flow *flow = &row->flow;
	struct nfim_told_addr told = { .v6 = row->family == AF_INET6 };
	struct nfim_name_hit hit;
	struct nfim_ends of;

	ends_of(row, &of);
	memcpy(told.addr, of.to, sizeof(told.addr));
	if (step->server && nfim_names_find(tab->pack, step->host, step->host_len, &hit) &&
	    hit.class == NFIM_NAME_DEDICATED)
		told.proto = hit.proto;
	if (told.proto && !(step->fresh && flow->done == NFIM_KNOWN &&
			    flow->conf == NFIM_CONF_NAME && flow->proto == told.proto))
		return 0;
	return nfim_expecttab_told(&tab->expected, &told, &of,
				   !dir && may_be_believed(row), usec);
}

/* What does the packet say of addresses? */
static int take_names(struct nfim_flowtab *tab, const struct nfim_row *row,
		      const struct nfim_seg *seg, const struct nfim_step *step, uint64_t usec)
{
	if (seg->learn)
		return take_answers(tab, row, &step->told, usec);
	return step->host_len ? take_host(tab, row, seg->dir, step, usec) : 0;
}

static int inspect(struct nfim_flowtab *tab, struct nfim_row *row, const struct nfim_seg *seg,
		   uint64_t usec)
{
	struct nfim_block *spare = NULL, *gone = NULL;
	struct nfim_step step;
	int ret = 0;

	nfim_flow_step(tab->pack, &row->flow, seg, NFIM_WATCH_ALL, &step);
	if (step.blocks) {
		spare = new_blocks(step.blocks);
		ret = spare ? 0 : -ENOMEM;
	}
	/* Without blocks the engine gives the flow up itself. */
	if (!nfim_flow_commit(&row->flow, seg, &step, &spare, &gone) &&
	    step.verdict == NFIM_UNDECIDED)
		step.verdict = NFIM_GIVEN_UP;
	free_blocks(spare);
	free_blocks(gone);
	note(row, &step);
	if (step.offers.n && !ret && may_be_believed(row))
		ret = take_offers(tab, row, seg->dir, &step.offers, usec);
	if (tab->expected.places && !ret)
		ret = take_names(tab, row, seg, &step, usec);
	return ret;
}

/* What each side acknowledged, with this packet's own acknowledgment. */
static void seg_acks(struct nfim_seg *seg, const struct nfim_track *t, int dir,
		     const struct nfim_pkt *pkt)
{
	const struct nfim_track_side *me = &t->side[dir], *peer = &t->side[!dir];

	seg->has_acked = peer->has_ack;
	seg->acked = peer->ack;
	seg->has_peer_acked = me->has_ack;
	seg->peer_acked = me->ack;
	if (pkt->flags & NFIM_TCP_ACK && nfim_track_believes(t, dir, pkt) &&
	    (!me->has_ack || (int32_t)(pkt->ack - me->ack) > 0)) {
		seg->has_peer_acked = true;
		seg->peer_acked = pkt->ack;
	}
	seg->settle = true;
	if (t->first_payload && pkt->usec > t->first_payload)
		seg->age = (pkt->usec - t->first_payload) / 1000000;
}

static void seg_tcp(struct nfim_seg *seg, struct nfim_track *t, int dir,
		    const struct nfim_pkt *pkt)
{
	const struct nfim_track_side *me = &t->side[dir];

	nfim_track_settle(t, dir, pkt);
	/* What was not captured is a gap in the stream. */
	seg->len = pkt->caplen;
	seg->seq = pkt->seq + !!(pkt->flags & NFIM_TCP_SYN);
	seg->has_base = me->has_base;
	seg->base = me->base;
	seg->urgent = pkt->flags & NFIM_TCP_URG;
	seg_acks(seg, t, dir, pkt);
}

static bool wants(const struct nfim_row *row)
{
	return row->verdict == NFIM_UNDECIDED || row->verdict == NFIM_KNOWN;
}

static int packet_of(struct nfim_flowtab *tab, struct nfim_row *row, int dir,
		     const struct nfim_pkt *pkt)
{
	struct nfim_seg seg = {
		.head = pkt->payload,
		.head_len = pkt->caplen,
		.len = pkt->len,
		.dir = dir,
		.l4 = pkt->l4,
		.quic = &tab->quic,
		.learn = tab->expected.places && row->sport == NFIM_DNS_PORT ? tab->secret : NULL,
	};
	int ret = 0;

	row->packets++;
	if (row->track && nfim_track_stray(row->track, dir, pkt))
		return 0;
	if (pkt->len && !row->payload) {
		row->payload = true;
		ask_expected(tab, row, pkt->usec);
	}
	row->answered |= dir;
	/* Another name may have come by since it began. */
	if (nfim_flow_hopes(&row->flow) &&
	    !nfim_expecttab_same(&tab->expected, row->server.b, row->flow.proto))
		nfim_flow_unlearn(&row->flow);
	if (row->l4 == IPPROTO_UDP && pkt->caplen)
		lookup(tab, row, &seg);
	/* What a reset carries is a reason for people, no part of the stream. */
	if (pkt->caplen && wants(row) && !(pkt->flags & NFIM_TCP_RST)) {
		if (row->track)
			seg_tcp(&seg, row->track, dir, pkt);
		ret = inspect(tab, row, &seg, pkt->usec);
	} else if (row->track && row->payload && row->verdict == NFIM_UNDECIDED &&
		   !(pkt->flags & NFIM_TCP_RST)) {
		seg_acks(&seg, row->track, dir, pkt);
		row->verdict = nfim_flow_settle(&row->flow, &seg);
		if (row->verdict == NFIM_KNOWN)
			row->decided = row->packets;
	}
	if (row->track)
		nfim_track_packet(row->track, dir, pkt);
	return ret;
}

int nfim_flowtab_packet(struct nfim_flowtab *tab, const struct nfim_pkt *pkt)
{
	enum nfim_track_say say;
	struct nfim_row *row;
	bool answer;
	int dir = 0;

	tab->n_packets++;
	row = find(tab, pkt, &dir);
	if (row && row->track) {
		say = nfim_track_judge(row->track, dir, pkt, tab->n_packets);
		if (say != NFIM_TRACK_SAME) {
			row = replace(tab, row, pkt, say);
			dir = say != NFIM_TRACK_NEW;
		}
	} else if (!row) {
		/* The first that was captured may be the answer to a SYN. */
		answer = (pkt->flags & (NFIM_TCP_SYN | NFIM_TCP_ACK)) ==
			 (NFIM_TCP_SYN | NFIM_TCP_ACK);
		row = add_row(tab, pkt, !answer, tab->n_packets);
		dir = answer;
	}
	return row ? packet_of(tab, row, dir, pkt) : -ENOMEM;
}
