// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table of flows that were offered, and of addresses whose names were learnt: by a keyed hash
 * of (namespace, zone, client), so that all that is expected of a client is in one bucket.
 *
 * Bounds: NFIM_EXPECTS_MAX of a client, offers_max of a namespace, of which who offers has a
 * quarter, so that a server of thousands leaves room for others; of addresses NFIM_LEARNT_MAX
 * and LEARNT_NET_MAX; memory as all else in the table of flows (nf_im_charge()). What exceeds them
 * is counted and left out, nothing gives way to it. A flow that was offered may be opened more than
 * once while the offer lasts: who was dropped tries again. One of datagrams makes it last as long
 * as it goes on, an hour at most.
 *
 * Life: found, added and freed under the bucket's lock only; there is no other reader, so no
 * grace period. A bucket's lock of the table of flows may be held outside of it, never inside.
 */
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/random.h>
#include <linux/siphash.h>
#include <linux/slab.h>
#include <net/netfilter/nf_conntrack_zones.h>

#include "nf_im_expect.h"
#include "nf_im_learn.h"
#include "nf_im_table.h"

enum {
	BUCKETS = 4096,
	HOSTS = 4096,	/* counts of who offers; a power of 2 */
	OFFERS_MAX = 65536,
	LEARNT_NET_MAX = 4096,
	SECONDS_MAX = 3600,
	MEDIA_SECONDS = 3600,	/* how long an offer lasts at most that is made once */
};

static unsigned int offer_seconds = NFIM_EXPECT_SECONDS;
module_param(offer_seconds, uint, 0444);
MODULE_PARM_DESC(offer_seconds, "how long a flow that another one offered is waited for (default 120)");

static unsigned int offers_max = 4096;
module_param(offers_max, uint, 0444);
MODULE_PARM_DESC(offers_max, "how many such flows are waited for in a namespace, a quarter of them of one host that offers (default 4096)");

static unsigned int learn_seconds = NFIM_LEARN_SECONDS;
module_param(learn_seconds, uint, 0444);
MODULE_PARM_DESC(learn_seconds, "how long a name that was learnt helps other flows (default 60, the most)");

struct expectation {
	struct expectation *next;	/* in its bucket */
	struct nf_im_net *inet;
	unsigned long expires;		/* jiffies, 0 for a new one */
	unsigned long made;		/* jiffies, when it was said last */
	u16 zone;
	u16 host;	/* who offered it, in hosts */
	struct nfim_expected x;
};

struct bucket {
	spinlock_t lock;	/* of the list, and all in it */
	struct expectation *first;
};

static struct bucket *buckets;
/*
 * How many offers a host has here, by a keyed hash of it: those that share a count, which nobody
 * can aim at, have less.
 */
static atomic_t hosts[HOSTS];
static struct kmem_cache *cache;
static siphash_key_t secret __aligned(SIPHASH_ALIGNMENT);

static_assert(sizeof(union nf_inet_addr) == sizeof_field(struct nfim_offer, addr));

/* By half of an IPv6 address, see nfim_expect_same_host(). */
static u64 hash_of(const struct nf_im_net *inet, u16 zone, const void *client, bool v6)
{
	struct {
		u8 client[16];
		u64 net;
		u64 zone;
	} k = {};

	static_assert(sizeof(k) == 32);	/* no padding: all of it is hashed */
	memcpy(k.client, client, v6 ? sizeof(k.client) / 2 : sizeof(k.client));
	k.net = (unsigned long)inet;
	k.zone = zone;
	return siphash(&k, sizeof(k), &secret);
}

static struct bucket *bucket_of(const struct nf_im_net *inet, u16 zone, const void *client,
				bool v6)
{
	return &buckets[hash_of(inet, zone, client, v6) % BUCKETS];
}

/* How many there are of a namespace. */
static atomic_t *counter_of(struct nf_im_net *inet, const struct nfim_expected *x)
{
	return x->learnt ? &inet->learnt : &inet->expected;
}

/* Under the bucket's lock: take *@p out of the list. */
static void expectation_free(struct expectation **p)
{
	struct expectation *e = *p;

	WRITE_ONCE(*p, e->next);
	atomic_dec(counter_of(e->inet, &e->x));
	if (!e->x.learnt)
		atomic_dec(&hosts[e->host]);
	nf_im_uncharge(e->inet, sizeof(*e));
	kmem_cache_free(cache, e);
}

/* A new one, or NULL: no room, or no memory. */
static struct expectation *expectation_new(struct nf_im_net *inet, const struct nfim_expected *x,
					   u16 host)
{
	atomic_t *n = counter_of(inet, x);
	struct expectation *e;

	if (!x->learnt && !atomic_add_unless(&hosts[host], 1, offers_max / 4)) {
		nf_im_count(inet, NF_IM_A_C_OFFERS_HOST);
		return NULL;
	}
	if (!atomic_add_unless(n, 1, x->learnt ? LEARNT_NET_MAX : offers_max))
		goto err_count;
	if (!nf_im_charge(inet, sizeof(*e)))
		goto err_charge;
	e = nf_im_mem_alloc(inet, cache);
	if (!e)
		goto err_alloc;
	e->inet = inet;
	e->expires = 0;
	e->host = host;
	e->x = *x;
	return e;

err_alloc:
	nf_im_uncharge(inet, sizeof(*e));
err_charge:
	atomic_dec(n);
err_count:
	if (!x->learnt)
		atomic_dec(&hosts[host]);
	return NULL;
}

/* Under the bucket's lock: the same flows if they are expected already, or a new one. */
static struct expectation *expectation_for(struct nf_im_net *inet, struct bucket *b, u16 zone,
					   const struct nfim_expected *x, u16 host)
{
	const u32 max = x->learnt ? NFIM_LEARNT_MAX : NFIM_EXPECTS_MAX;
	struct expectation **p = &b->first, *e;
	u32 n = 0;

	while ((e = *p)) {
		if (time_after_eq(jiffies, e->expires)) {
			expectation_free(p);
			continue;
		}
		if (e->inet == inet && e->zone == zone) {
			if (nfim_expect_same(&e->x, x))
				return e;
			n += e->x.learnt == x->learnt && nfim_expect_same_host(&e->x, x);
		}
		p = &e->next;
	}
	e = n < max ? expectation_new(inet, x, host) : NULL;
	if (!e)
		return NULL;
	e->zone = zone;
	e->next = b->first;
	WRITE_ONCE(b->first, e);
	return e;
}

/*
 * @host: who offers it, in hosts; @known: set if it was expected already. Return: false if there is
 * no room.
 */
static bool expect(struct nf_im_net *inet, u16 zone, const struct nfim_expected *x, u16 host,
		   bool *known)
{
	struct bucket *b = bucket_of(inet, zone, x->client, x->v6);
	struct expectation *e;

	spin_lock(&b->lock);
	e = expectation_for(inet, b, zone, x, host);
	if (e) {
		*known = e->expires;
		e->x = *x;
		e->made = jiffies;
		e->expires = jiffies + (x->learnt ? learn_seconds : offer_seconds) * HZ;
	}
	spin_unlock(&b->lock);
	return e;
}

static void ends_of(const struct nf_conntrack_tuple *t, struct nfim_ends *ends)
{
	memcpy(ends->from, &t->src.u3, sizeof(ends->from));
	memcpy(ends->to, &t->dst.u3, sizeof(ends->to));
	ends->port = ntohs(t->dst.u.all);
	ends->from_port = ntohs(t->src.u.all);
	ends->l4 = t->dst.protonum;
	ends->v6 = t->src.l3num == NFPROTO_IPV6;
}

/* Is the server another one behind NAT? Then its end is that. */
static bool ends_behind(const struct nf_conn *ct, struct nfim_ends *ends)
{
	const struct nf_conntrack_tuple *t = &ct->tuplehash[IP_CT_DIR_ORIGINAL].tuple;
	const struct nf_conntrack_tuple *r = &ct->tuplehash[IP_CT_DIR_REPLY].tuple;

	if (nf_inet_addr_cmp(&t->dst.u3, &r->src.u3) && t->dst.u.all == r->src.u.all)
		return false;
	memcpy(ends->to, &r->src.u3, sizeof(ends->to));
	ends->port = ntohs(r->src.u.all);
	return true;
}

void nf_im_expect_offers(struct nf_im_net *inet, const struct nf_conn *ct, u8 dir, u8 proto,
			 const struct nfim_offers *offers)
{
	const u16 zone = nf_ct_zone(ct)->id;
	bool room, known = false;
	struct nfim_expected x;
	struct nfim_ends of;
	u16 host;
	u32 i;

	ends_of(&ct->tuplehash[IP_CT_DIR_ORIGINAL].tuple, &of);
	host = hash_of(inet, zone, dir ? of.to : of.from, of.v6) / BUCKETS % HOSTS;
	for (i = 0; i < offers->n; i++) {
		if (!nfim_expect_make(&x, &offers->at[i], &of, dir, proto))
			continue;
		room = expect(inet, zone, &x, host, &known);
		/* Each rule that asks what a datagram does reads it anew. */
		if (!room)
			nf_im_count(inet, NF_IM_A_C_OFFERS_LOST);
		else if (!known)
			nf_im_count(inet, NF_IM_A_C_OFFERS);
	}
}

void nf_im_expect_learnt(struct nf_im_net *inet, const struct nf_conn *ct,
			 const struct nfim_told_addr *told)
{
	struct nfim_expected x;
	struct nfim_ends of;
	bool room, known;

	ends_of(&ct->tuplehash[IP_CT_DIR_ORIGINAL].tuple, &of);
	if (!nfim_learnt_make(&x, told, &of))
		return;
	room = expect(inet, nf_ct_zone(ct)->id, &x, 0, &known);
	nf_im_count(inet, room ? NF_IM_A_C_LEARNT : NF_IM_A_C_LEARNT_LOST);
}

static bool fits(const struct expectation *e, const struct nf_im_net *inet, u16 zone,
		 const struct nfim_ends *ends)
{
	return e->inet == inet && e->zone == zone && time_before(jiffies, e->expires) &&
	       nfim_expect_fits(&e->x, ends);
}

/* Is such a flow expected of this client? @learnt: protocol of a name that fits, else left. */
static bool ask(const struct nf_im_net *inet, u16 zone, const u8 *client,
		const struct nfim_ends *ends, const struct nfim_pack *pack,
		struct nfim_flow *flow, u8 *learnt)
{
	struct bucket *b = bucket_of(inet, zone, client, ends->v6);
	const struct expectation *e;

	spin_lock(&b->lock);
	for (e = b->first; e; e = e->next) {
		if (!fits(e, inet, zone, ends) || !nfim_pack_proto(pack, e->x.proto))
			continue;
		if (!e->x.learnt)
			break;
		*learnt = e->x.proto;
	}
	if (e)
		nfim_flow_offered(flow, e->x.proto, e->x.offer.actions);
	spin_unlock(&b->lock);
	return e;
}

void nf_im_expect_ask(struct nf_im_net *inet, const struct nf_conn *ct,
		      const struct nfim_pack *pack, struct nfim_flow *flow)
{
	u16 zone = nf_ct_zone(ct)->id;
	struct nfim_ends ends;
	u8 learnt = 0, behind;

	ends_of(&ct->tuplehash[IP_CT_DIR_ORIGINAL].tuple, &ends);
	if (ask(inet, zone, ends.from, &ends, pack, flow, &learnt) ||
	    ask(inet, zone, ends.to, &ends, pack, flow, &learnt))
		return;
	if (learnt && nf_im_learn_holds(inet, ct, learnt))
		nfim_flow_learnt(flow, learnt);
	if (ends_behind(ct, &ends))
		ask(inet, zone, ends.to, &ends, pack, flow, &behind);
}

/* What datagrams between these ends do, by an offer of @proto; @goes_on: which lasts longer so. */
static u32 does(const struct nf_im_net *inet, u16 zone, const u8 *client,
		const struct nfim_ends *ends, u32 proto, bool goes_on)
{
	struct bucket *b = bucket_of(inet, zone, client, ends->v6);
	struct expectation *e;
	u32 actions = 0;

	spin_lock(&b->lock);
	for (e = b->first; e && !actions; e = e->next) {
		if (e->x.learnt || e->x.proto != proto || !fits(e, inet, zone, ends))
			continue;
		actions = e->x.offer.actions;
		if (goes_on && time_before(jiffies, e->made + MEDIA_SECONDS * HZ))
			e->expires = jiffies + offer_seconds * HZ;
	}
	spin_unlock(&b->lock);
	return actions;
}

u32 nf_im_expect_does(struct nf_im_net *inet, const struct nf_conn *ct, u32 proto)
{
	/* One side alone, who may not even be there, keeps nothing. */
	bool goes_on = test_bit(IPS_SEEN_REPLY_BIT, &ct->status);
	u16 zone = nf_ct_zone(ct)->id;
	struct nfim_ends ends;
	u32 actions;

	if (!atomic_read(&inet->expected))
		return 0;
	ends_of(&ct->tuplehash[IP_CT_DIR_ORIGINAL].tuple, &ends);
	local_bh_disable();
	actions = does(inet, zone, ends.from, &ends, proto, goes_on) ?:
		  does(inet, zone, ends.to, &ends, proto, goes_on);
	if (!actions && ends_behind(ct, &ends))
		actions = does(inet, zone, ends.to, &ends, proto, goes_on);
	local_bh_enable();
	return actions;
}

static bool goes(const struct expectation *e, const struct nf_im_net *inet, bool learnt)
{
	if (!inet)
		return time_after_eq(jiffies, e->expires);
	return e->inet == inet && (!learnt || e->x.learnt);
}

void nf_im_expect_flush(const struct nf_im_net *inet, bool learnt)
{
	struct expectation **p;
	struct bucket *b;

	for (b = buckets; b < buckets + BUCKETS; b++) {
		if (!READ_ONCE(b->first))
			continue;
		spin_lock_bh(&b->lock);
		for (p = &b->first; *p;) {
			if (goes(*p, inet, learnt))
				expectation_free(p);
			else
				p = &(*p)->next;
		}
		spin_unlock_bh(&b->lock);
	}
}

int nf_im_expect_init(void)
{
	u32 i;

	offer_seconds = clamp_t(u32, offer_seconds, 1, SECONDS_MAX);
	offers_max = clamp_t(u32, offers_max, 4, OFFERS_MAX);
	learn_seconds = clamp_t(u32, learn_seconds, 1, NFIM_LEARN_SECONDS);
	get_random_bytes(&secret, sizeof(secret));
	buckets = kvcalloc(BUCKETS, sizeof(*buckets), GFP_KERNEL);
	if (!buckets)
		return -ENOMEM;
	for (i = 0; i < BUCKETS; i++)
		spin_lock_init(&buckets[i].lock);
	cache = kmem_cache_create("nf_im_expect", sizeof(struct expectation), 0, 0, NULL);
	if (cache)
		return 0;
	kvfree(buckets);
	return -ENOMEM;
}

void nf_im_expect_exit(void)
{
	kmem_cache_destroy(cache);
	kvfree(buckets);
}
