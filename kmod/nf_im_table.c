// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table of flows that are still read: memory, caps, eviction, and the sweep that lets
 * go of flows whose conntrack has died.
 */
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/random.h>
#include <linux/siphash.h>
#include <linux/slab.h>
#include <net/netfilter/nf_conntrack_zones.h>

#include "nf_im_expect.h"
#include "nf_im_table.h"

enum {
	BUCKETS = 1 << NF_IM_BUCKET_BITS,
	HAND_BUCKETS = 16,	/* with entries, that the clock's hand passes for one new flow */
	HAND_FAR = 128,		/* and with none; a small cap leaves most of them so */
	CAP_MIN = 1 << 20,	/* bytes */
	ENTRY_BYTES = 128,	/* what an entry takes */
};

static unsigned int table_bytes = 16 << 20;
module_param(table_bytes, uint, 0444);
MODULE_PARM_DESC(table_bytes, "the most memory all flows being read may take (default 16 MiB)");

struct nf_im_entry **nf_im_buckets;
atomic_t nf_im_slots[1 << NF_IM_SLOT_BITS];
struct nf_im_lock nf_im_locks[NF_IM_LOCKS];
static struct kmem_cache *entry_cache, *block_cache, *watch_cache;
static siphash_key_t key_secret __aligned(SIPHASH_ALIGNMENT);
static atomic_t total_bytes, other_bytes, block_bytes, other_block_bytes;
static atomic_t hand;

/* What is no address: ports, zone and protocols. */
static u64 key_rest(const struct nf_conn *ct, const struct nf_conntrack_tuple *t)
{
	return (__force u64)t->src.u.all | (__force u64)t->dst.u.all << 16 |
	       (u64)nf_ct_zone(ct)->id << 32 | (u64)t->src.l3num << 56 |
	       (u64)t->dst.protonum << 48;
}

u64 nf_im_key_tuple(const struct nf_conn *ct)
{
	const struct nf_conntrack_tuple *t = &ct->tuplehash[IP_CT_DIR_ORIGINAL].tuple;
	struct {
		union nf_inet_addr src, dst;
		u64 net, rest;
	} k;

	static_assert(sizeof(k) == 48);	/* no padding: all of it is hashed */
	/* The same, in half as many words. */
	if (t->src.l3num == NFPROTO_IPV4)
		return siphash_3u64((u64)(__force u32)t->src.u3.ip << 32 |
				    (__force u32)t->dst.u3.ip,
				    (unsigned long)nf_ct_net(ct), key_rest(ct, t), &key_secret);
	k.src = t->src.u3;
	k.dst = t->dst.u3;
	k.net = (unsigned long)nf_ct_net(ct);
	k.rest = key_rest(ct, t);
	return siphash(&k, sizeof(k), &key_secret);
}

static struct nf_im_entry *find_lock_at(u64 key)
	__acquires(nf_im_lock_of(key))
{
	nf_im_bucket_lock(key);
	return nf_im_entry_find(key);
}

struct nf_im_entry *nf_im_find_lock(const struct nf_conn *ct, u64 *key)
	__acquires(nf_im_lock_of(*key))
{
	bool open = nf_im_label_bits(nf_ct_labels_find(ct)) & BIT(NF_IM_LABEL_OPEN);
	struct nf_im_entry *e;

	if (!open || (nf_ct_protonum(ct) == IPPROTO_UDP && nf_im_tuple_used(ct))) {
		*key = nf_im_key_tuple(ct);
		e = find_lock_at(*key);
		/* That of two conntracks with one tuple may be the other one's. */
		if (!open || (e && (e->ct == ct || e->flags & NF_IM_E_UNCONFIRMED)))
			return e;
		nf_im_bucket_unlock(*key);
	}
	*key = nf_im_key_address(ct);
	return find_lock_at(*key);
}

/* An initial namespace may use it all, the others together a quarter, each a sixteenth. */
u32 nf_im_cap(const struct nf_im_net *inet)
{
	return net_eq(inet->net, &init_net) ? table_bytes : table_bytes / 16;
}

/* Add to a sum, unless it would exceed its cap: not even for a moment. */
static bool sum_add(atomic_t *sum, u32 bytes, u32 cap)
{
	int old = atomic_read(sum);

	do {
		if (bytes > cap || old > (int)(cap - bytes))
			return false;
	} while (!atomic_try_cmpxchg(sum, &old, old + (int)bytes));
	return true;
}

/* Add to a sum of all namespaces, and to the one of all but the initial one: a quarter. */
static bool sums_add(const struct nf_im_net *inet, atomic_t *all, atomic_t *others, u32 bytes,
		     u32 cap)
{
	if (!sum_add(all, bytes, cap))
		return false;
	if (net_eq(inet->net, &init_net) || sum_add(others, bytes, cap / 4))
		return true;
	atomic_sub(bytes, all);
	return false;
}

static void sums_sub(const struct nf_im_net *inet, atomic_t *all, atomic_t *others, u32 bytes)
{
	atomic_sub(bytes, all);
	if (!net_eq(inet->net, &init_net))
		atomic_sub(bytes, others);
}

void nf_im_uncharge(struct nf_im_net *inet, u32 bytes)
{
	sums_sub(inet, &total_bytes, &other_bytes, bytes);
	atomic_sub(bytes, &inet->bytes);
}

bool nf_im_charge(struct nf_im_net *inet, u32 bytes)
{
	if (!sum_add(&inet->bytes, bytes, nf_im_cap(inet)))
		return false;
	if (sums_add(inet, &total_bytes, &other_bytes, bytes, table_bytes))
		return true;
	atomic_sub(bytes, &inet->bytes);
	return false;
}

/* Blocks come out of a quarter of the memory, so that they cannot crowd out entries. */
static bool block_charge(struct nf_im_net *inet)
{
	const u32 bytes = sizeof(struct nf_im_block);

	if (!sums_add(inet, &block_bytes, &other_block_bytes, bytes, table_bytes / 4))
		return false;
	if (nf_im_charge(inet, bytes))
		return true;
	sums_sub(inet, &block_bytes, &other_block_bytes, bytes);
	return false;
}

static void block_uncharge(struct nf_im_net *inet)
{
	nf_im_uncharge(inet, sizeof(struct nf_im_block));
	sums_sub(inet, &block_bytes, &other_block_bytes, sizeof(struct nf_im_block));
}

/* Under the bucket's lock. */
static void entry_file(struct nf_im_entry *e, u64 key, const struct nf_conn *ct)
{
	struct nf_im_entry **bucket = &nf_im_buckets[nf_im_bucket(key)];

	e->key = key;
	e->slot = key == nf_im_key_address(ct) ? 0 : nf_im_slot(ct);
	if (e->slot)
		atomic_inc(&nf_im_slots[e->slot]);
	e->next = *bucket;
	WRITE_ONCE(*bucket, e);
}

static void entry_unfile(struct nf_im_entry *e)
{
	struct nf_im_entry **p = &nf_im_buckets[nf_im_bucket(e->key)];

	while (*p != e)
		p = &(*p)->next;
	WRITE_ONCE(*p, e->next);
	if (e->slot)
		atomic_dec(&nf_im_slots[e->slot]);
}

/**
 * nf_im_entry_new() - an entry for a flow that has none
 * @inet: namespace, which is charged
 * @key: of the flow
 * @ct: its conntrack
 * @why: on failure the counter that tells: NF_IM_A_C_CAP, NF_IM_A_C_NOMEM
 *
 * Return: the entry, in its bucket, or NULL.
 */
struct nf_im_entry *nf_im_entry_new(struct nf_im_net *inet, u64 key, const struct nf_conn *ct,
				    u32 *why)
{
	struct nf_im_entry *e;

	if (!nf_im_charge(inet, ENTRY_BYTES)) {
		*why = NF_IM_A_C_CAP;
		return NULL;
	}
	e = nf_im_mem_alloc(inet, entry_cache);
	if (!e) {
		nf_im_uncharge(inet, ENTRY_BYTES);
		*why = NF_IM_A_C_NOMEM;
		return NULL;
	}
	e->ct = ct;
	entry_file(e, key, ct);
	e->inet = inet;
	e->watch = NULL;
	nfim_flow_init(&e->flow);
	e->flags = NF_IM_E_ALIVE | NF_IM_E_TOUCHED;
	if (!nf_ct_is_confirmed(ct))
		e->flags |= NF_IM_E_UNCONFIRMED;
	e->born = nf_im_now();
	e->seen = e->born;
	nf_im_entry_changed(e);
	atomic_inc(&inet->entries);
	nf_im_count(inet, NF_IM_A_C_FLOWS);
	return e;
}

static void block_free_rcu(struct rcu_head *rcu)
{
	kmem_cache_free(block_cache, container_of(rcu, struct nf_im_block, rcu));
}

/**
 * nf_im_blocks_free() - give back blocks of a window
 * @inet: namespace, which was charged
 * @list: the blocks
 * @unused: they were never in a window, so nobody can be reading them
 */
void nf_im_blocks_free(struct nf_im_net *inet, struct nfim_block *list, bool unused)
{
	struct nfim_block *next;
	struct nf_im_block *b;

	for (; list; list = next) {
		next = list->next;
		b = container_of(list, struct nf_im_block, b);
		block_uncharge(inet);
		if (unused)
			kmem_cache_free(block_cache, b);
		else
			call_rcu(&b->rcu, block_free_rcu);
	}
}

/* A list of new blocks for a window; also if some are to be had, all or none. */
bool nf_im_blocks_new(struct nf_im_net *inet, u32 n, struct nfim_block **list, u32 *why)
{
	struct nf_im_block *b;

	*list = NULL;
	while (n--) {
		*why = NF_IM_A_C_CAP;
		if (!block_charge(inet))
			goto err;
		b = nf_im_mem_alloc(inet, block_cache);
		if (!b) {
			block_uncharge(inet);
			*why = NF_IM_A_C_NOMEM;
			goto err;
		}
		memset(b, 0, sizeof(*b));
		b->b.next = *list;
		*list = &b->b;
	}
	return true;
err:
	nf_im_blocks_free(inet, *list, true);
	*list = NULL;
	return false;
}

static void watch_free(struct nf_im_entry *e)
{
	if (!e->watch)
		return;
	nf_im_uncharge(e->inet, sizeof(*e->watch));
	kmem_cache_free(watch_cache, e->watch);
	e->watch = NULL;
}

bool nf_im_entry_watch(struct nf_im_entry *e)
{
	if (e->watch)
		return true;
	if (!nf_im_charge(e->inet, sizeof(*e->watch)))
		return false;
	e->watch = nf_im_mem_alloc(e->inet, watch_cache);
	if (e->watch)
		memset(e->watch, 0, sizeof(*e->watch));
	else
		nf_im_uncharge(e->inet, sizeof(*e->watch));
	return e->watch;
}

bool nf_im_entry_stays(const struct nf_im_entry *e, const struct nf_conn *ct,
		       const struct nfim_pack *pack)
{
	const struct nfim_flow *flow = &e->flow;
	u32 actions, dir;

	if (nf_ct_protonum(ct) != IPPROTO_UDP || !nfim_flow_does(flow, &actions) ||
	    !READ_ONCE(e->inet->watch[flow->proto]))
		return false;
	for (dir = 0; dir < IP_CT_DIR_MAX; dir++)
		if (!nfim_flow_frames(pack, flow->proto, flow->conf, IPPROTO_UDP, dir))
			return true;
	return false;
}

/* Keep the verdict alone. */
void nf_im_entry_drop_window(struct nf_im_entry *e)
{
	nf_im_blocks_free(e->inet, nfim_flow_clear(&e->flow), false);
	watch_free(e);
}

static void entry_free(struct nf_im_entry *e)
{
	struct nf_im_net *inet = e->inet;

	nf_im_entry_drop_window(e);
	atomic_dec(&inet->entries);
	nf_im_uncharge(inet, ENTRY_BYTES);
	kmem_cache_free(entry_cache, e);
}

void nf_im_entry_kill(struct nf_im_entry *e)
{
	entry_unfile(e);
	entry_free(e);
}

struct nf_im_entry *nf_im_entry_to_tuple(struct nf_im_entry *e, const struct nf_conn *ct, u64 *key)
	__releases(nf_im_lock_of(*key)) __acquires(nf_im_lock_of(*key))
{
	struct nf_im_entry *other;

	/*
	 * Nobody looks for it meanwhile: the conntrack is this packet's alone, or its clones' on
	 * a bridge, whose rules may then find it uninspected once.
	 */
	entry_unfile(e);
	nf_im_bucket_unlock(*key);
	*key = nf_im_key_tuple(ct);
	other = find_lock_at(*key);
	if (other && !(other->flags & NF_IM_E_UNCONFIRMED)) {
		nf_im_entry_kill(other);
		other = NULL;
	}
	if (other) {
		entry_free(e);
		return other;
	}
	entry_file(e, *key, ct);
	nf_im_entry_changed(e);
	return e;
}

/* With the locks of both buckets. */
static void entry_move(struct nf_im_entry *e, const struct nf_conn *ct, u64 address)
{
	struct nf_im_entry *other = nf_im_entry_find(address);

	/* What the flow's first packet left there is not looked at any more. */
	if (other)
		nf_im_entry_kill(other);
	entry_unfile(e);
	entry_file(e, address, ct);
	nf_im_entry_changed(e);
}

void nf_im_entry_to_address(struct nf_im_entry *e, const struct nf_conn *ct, u64 *key)
	__releases(nf_im_lock_of(*key)) __acquires(nf_im_lock_of(*key))
{
	u64 address = nf_im_key_address(ct);
	struct nf_im_lock *from = nf_im_lock_of(*key), *to = nf_im_lock_of(address);

	if (from == to) {
		entry_move(e, ct, address);
		*key = address;
		return;
	}
	/* Nobody may look for it in between; the next packet will do. */
	if (!spin_trylock(&to->lock))
		return;
	entry_move(e, ct, address);
	*key = address;
	spin_unlock(&from->lock);
}

void nf_im_address_forget(const struct nf_conn *ct)
{
	u64 key = nf_im_key_address(ct);
	struct nf_im_entry *e = find_lock_at(key);

	if (e)
		nf_im_entry_kill(e);
	nf_im_bucket_unlock(key);
}

/* Another connection takes the entry over. */
void nf_im_entry_reset(struct nf_im_entry *e, u8 epoch)
{
	nf_im_entry_drop_window(e);
	nfim_flow_init(&e->flow);
	e->flow.epoch = epoch;
	e->flags &= ~NF_IM_E_HELD;
	e->born = nf_im_now();
	nf_im_entry_changed(e);
}

/* Is there no block left even with memory to spare? Then only windows make room for windows. */
static bool blocks_short(const struct nf_im_net *inet)
{
	const u32 one = sizeof(struct nf_im_block), cap = table_bytes / 4;

	return atomic_read(&block_bytes) > (int)(cap - one) ||
	       (!net_eq(inet->net, &init_net) &&
		atomic_read(&other_block_bytes) > (int)(cap / 4 - one));
}

/*
 * A verdict that stands here alone must not be lost; the cap counts it, and it dies. One that the
 * labels say, too, stays for what its packets do, if there is anything.
 */
static bool entry_spared(const struct nf_im_entry *e, bool must)
{
	if (e->flow.done != NFIM_KNOWN)
		return false;
	if (!(e->flags & NF_IM_E_HELD))
		return true;
	return !must && (e->watch || e->flow.dir[0].node);
}

/* May this entry make room for a new flow of @inet, or for a window? */
static bool entry_evictable(struct nf_im_entry *e, const struct nf_im_net *inet, bool window,
			    bool must)
{
	if (net_eq(inet->net, &init_net) ? !net_eq(e->inet->net, &init_net) : e->inet != inet)
		return false;
	if (window && !e->flow.dir[0].blocks && !e->flow.dir[1].blocks)
		return false;
	/*
	 * Packets that rules drop leave no conntrack, and should leave nothing here for long. One
	 * that is still on its way carries its verdict in its own conntrack's labels.
	 */
	if (e->flags & NF_IM_E_UNCONFIRMED)
		return true;
	if (entry_spared(e, must))
		return false;
	if (e->flags & NF_IM_E_TOUCHED && !must) {
		e->flags &= ~NF_IM_E_TOUCHED;
		return false;
	}
	return true;
}

/* What its end gives back. */
static u32 entry_bytes(const struct nf_im_entry *e)
{
	u32 bytes = ENTRY_BYTES + (e->watch ? sizeof(*e->watch) : 0), i;
	const struct nfim_block *b;

	for (i = 0; i < ARRAY_SIZE(e->flow.dir); i++)
		for (b = e->flow.dir[i].blocks; b; b = b->next)
			bytes += sizeof(struct nf_im_block);
	return bytes;
}

/**
 * nf_im_room() - make room for one more entry or window
 * @inet: namespace that wants it; only its own flows have to go
 * @key: of the flow that it is for, which stays
 * @window: it wants a window; if all windows are taken, only a flow with one helps
 *
 * A clock's hand goes over a few buckets; a flow without a packet since it came by last is
 * evicted, or, if there is none in the first half of them, any: a new flow may give itself
 * away with this very packet, one that waits has not done so yet. No bucket's lock may be held.
 *
 * Context: bottom halves off.
 * Return: bytes that are free now, 0 if no flow was evicted.
 */
u32 nf_im_room(struct nf_im_net *inet, u64 key, bool window)
{
	struct nf_im_entry *e;
	struct nf_im_lock *lock;
	u32 i = 0, far, b, room = 0;

	window = window && blocks_short(inet);
	for (far = 0; far < HAND_FAR && i < HAND_BUCKETS && !room; far++) {
		b = (u32)atomic_inc_return(&hand) % BUCKETS;
		if (!READ_ONCE(nf_im_buckets[b]))
			continue;
		i++;
		lock = &nf_im_locks[b % NF_IM_LOCKS];
		spin_lock(&lock->lock);
		for (e = nf_im_buckets[b]; e; e = e->next)
			if (e->key != key &&
			    entry_evictable(e, inet, window, i > HAND_BUCKETS / 2))
				break;
		if (e) {
			room = entry_bytes(e);
			nf_im_entry_kill(e);
			nf_im_count(inet, NF_IM_A_C_EVICTED);
		}
		spin_unlock(&lock->lock);
	}
	return room;
}

/**
 * nf_im_table_each() - call a function on every entry, under its bucket's lock
 * @fn: returns true if the entry is to be killed
 * @arg: given to @fn
 *
 * Context: process.
 */
void nf_im_table_each(bool (*fn)(struct nf_im_entry *e, void *arg), void *arg)
{
	struct nf_im_entry *e, *next;
	u32 b;

	for (b = 0; b < BUCKETS; b++) {
		if (READ_ONCE(nf_im_buckets[b])) {
			spin_lock_bh(&nf_im_locks[b % NF_IM_LOCKS].lock);
			for (e = nf_im_buckets[b]; e; e = next) {
				next = e->next;
				if (fn(e, arg))
					nf_im_entry_kill(e);
			}
			spin_unlock_bh(&nf_im_locks[b % NF_IM_LOCKS].lock);
		}
		if (!(b % 1024))
			cond_resched();
	}
}

static bool entry_of_net(struct nf_im_entry *e, void *arg)
{
	return e->inet == arg;
}

bool nf_im_table_used(void)
{
	return atomic_read(&total_bytes);
}

/* The namespace's hooks are gone, and every CPU is out of them. */
void nf_im_table_flush(struct nf_im_net *inet)
{
	nf_im_table_each(entry_of_net, inet);
	nf_im_expect_flush(inet, false);
}

/*
 * Entries and blocks are set up by who allocates them. With a constructor init_on_alloc does
 * not do it as well, which would cost more than to read a packet. Such an object is a pointer
 * larger, which an entry has room for.
 */
static void no_ctor(void *object)
{
}

int nf_im_table_init(void)
{
	u32 i;

	static_assert(sizeof(struct nf_im_entry) + sizeof(void *) <= ENTRY_BYTES);
	table_bytes = clamp_t(u32, table_bytes, CAP_MIN, INT_MAX);
	get_random_bytes(&key_secret, sizeof(key_secret));
	for (i = 0; i < NF_IM_LOCKS; i++)
		spin_lock_init(&nf_im_locks[i].lock);
	nf_im_buckets = kvcalloc(BUCKETS, sizeof(*nf_im_buckets), GFP_KERNEL);
	if (!nf_im_buckets)
		return -ENOMEM;
	entry_cache = kmem_cache_create("nf_im_entry", sizeof(struct nf_im_entry), 0,
					SLAB_HWCACHE_ALIGN, no_ctor);
	if (!entry_cache)
		goto err_entry;
	block_cache = kmem_cache_create("nf_im_block", sizeof(struct nf_im_block), 0, 0,
					no_ctor);
	if (!block_cache)
		goto err_block;
	watch_cache = kmem_cache_create("nf_im_watch", sizeof(struct nf_im_watch), 0, 0, NULL);
	if (!watch_cache)
		goto err_watch;
	return 0;

err_watch:
	kmem_cache_destroy(block_cache);
err_block:
	kmem_cache_destroy(entry_cache);
err_entry:
	kvfree(nf_im_buckets);
	return -ENOMEM;
}

void nf_im_table_exit(void)
{
	rcu_barrier();	/* blocks on their way back to the cache */
	kmem_cache_destroy(watch_cache);
	kmem_cache_destroy(block_cache);
	kmem_cache_destroy(entry_cache);
	kvfree(nf_im_buckets);
}
