/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The table of flows that are still read.
 *
 * An entry is filed under the address of its conntrack, which costs nothing to find out; im-open
 * tells that it is of this one, not of one that lay there before. Where the address does not name
 * the flow the entry is filed under a keyed hash of (namespace, zone, original tuple): without
 * a label area, and for datagrams that conntrack has not confirmed the flow of, as each of them
 * may bring a conntrack of its own, and one of these stays. (Of TCP the others are dropped, and
 * come again.) But most first datagrams bring nothing that another one would have to know; they
 * stay under the address, so that a hash is taken only for those that do. nf_im_tuple_used() says,
 * for next to nothing, whether there may be such a one.
 *
 * It holds no reference on the conntrack, whose address is only compared: a reference would
 * pin the conntrack, and on an unconfirmed one break NFQUEUE and bridges.
 *
 * Life: found, changed, added and freed under its bucket's lock (nf_im_bucket_lock) only; there
 * is no other reader, so no grace period. The engine runs without the lock on a copy of the
 * flow, under rcu_read_lock(), so that blocks it may still read stay until it is through. Whoever
 * took a copy finds the entry once more to put it back, and compares gen.
 */
#ifndef _NF_IM_TABLE_H
#define _NF_IM_TABLE_H

#include <linux/hash.h>
#include <linux/spinlock.h>

#include "nf_im.h"

enum {
	NF_IM_FACTS = 8,	/* packets whose actions a watched flow remembers */
};

/* Flags of an entry; under the bucket's lock. */
enum {
	NF_IM_E_UNCONFIRMED	= 1 << 0,	/* its conntrack was not in the table yet */
	NF_IM_E_ALIVE		= 1 << 1,	/* seen by the sweep now under way */
	NF_IM_E_TOUCHED		= 1 << 2,	/* a packet came since the clock's hand passed */
	NF_IM_E_HELD		= 1 << 3,	/* its verdict stands in the labels, too */
	NF_IM_E_FLAG_BITS	= 4,
	NF_IM_SLOT_BITS		= 16 - NF_IM_E_FLAG_BITS,
	NF_IM_GEN_BITS		= 24,
};

/* What a packet of a watched flow did. */
struct nf_im_fact {
	u32 seq;
	u32 len;	/* 0: empty slot */
	u16 actions;	/* and NFIM_ACTION_OFFER */
	u8 dir;
	u8 lookup;	/* protocol whose host it asks for, 0 for none */
};

/* Of a direction, what the packets did that have no slot any more. */
struct nf_im_old {
	u32 end;	/* all bytes below this sequence number ... */
	u32 actions;	/* ... are taken to have done all of this; 0: none ... */
	struct nfim_lookups lookups;	/* ... and to have asked for hosts of all these */
};

/* Is the fact of bytes that the packet has? It may be a retransmission with other cuts. */
static inline bool nf_im_fact_of(const struct nf_im_fact *f, const struct nf_im_pkt *pkt)
{
	return f->len && f->dir == pkt->dir &&
	       (pkt->seg.seq - f->seq < f->len || f->seq - pkt->seg.seq < pkt->seg.len);
}

struct nf_im_watch {
	u32 next;	/* slot to be overwritten */
	u32 offer_end[2];	/* behind the last packet of a direction that offered ... */
	u8 offers;	/* ... of which these, as bits, did: see watch_again() */
	struct nf_im_fact facts[NF_IM_FACTS];
	struct nf_im_old old[2];
};

struct nf_im_entry {
	struct nf_im_entry *next;	/* in its bucket */
	u64 key;
	const struct nf_conn *ct;	/* never dereferenced */
	struct nf_im_net *inet;
	struct nf_im_watch *watch;	/* TCP: NULL unless known and watched, or with look-ups */
	struct nfim_flow flow;
	/*
	 * Changes with the flow; of its lock, so that no later entry has it. To be taken for what
	 * it was, a flow would have to be changed by just the 2^24th change under its lock since
	 * one packet was begun to be read: that CPU stood still for seconds, and with it RCU.
	 */
	u32 gen : NF_IM_GEN_BITS;
	u32 seen : 32 - NF_IM_GEN_BITS;	/* seconds, of the last packet */
	u16 flags : NF_IM_E_FLAG_BITS;
	u16 slot : NF_IM_SLOT_BITS;	/* of its tuple, in nf_im_slots; 0: filed by address */
	u16 born;	/* seconds, of the first payload */
};

/* A window block as the table allocates it. */
struct nf_im_block {
	struct rcu_head rcu;
	struct nfim_block b;
};

static inline u16 nf_im_now(void)
{
	return (u16)(jiffies / HZ);
}

enum {
	NF_IM_BUCKET_BITS = 15,
	NF_IM_LOCKS = 1 << 8,
};

/* Protects the buckets whose number ends like its own, and all entries in them. */
struct nf_im_lock {
	spinlock_t lock;	/* of the buckets, their entries, and gen */
	u32 gen;	/* the last one given to an entry, which keeps its low bits */
} ____cacheline_aligned_in_smp;

extern struct nf_im_lock nf_im_locks[NF_IM_LOCKS];
extern struct nf_im_entry **nf_im_buckets;

static inline u32 nf_im_bucket(u64 key)
{
	return hash_64(key, NF_IM_BUCKET_BITS);
}

static inline struct nf_im_lock *nf_im_lock_of(u64 key)
{
	return &nf_im_locks[nf_im_bucket(key) % NF_IM_LOCKS];
}

/* Bottom halves are off, here and until nf_im_bucket_unlock(). */
static inline void nf_im_bucket_lock(u64 key)
	__acquires(nf_im_lock_of(key))
{
	spin_lock(&nf_im_lock_of(key)->lock);
}

static inline void nf_im_bucket_unlock(u64 key)
	__releases(nf_im_lock_of(key))
{
	spin_unlock(&nf_im_lock_of(key)->lock);
}

/* How many entries are filed under tuples that have this slot; 0 is no slot. */
extern atomic_t nf_im_slots[1 << NF_IM_SLOT_BITS];

/* Not keyed: who fills a slot makes others take a hash, no more. */
static inline u32 nf_im_slot(const struct nf_conn *ct)
{
	const struct nf_conntrack_tuple *t = &ct->tuplehash[IP_CT_DIR_ORIGINAL].tuple;
	u32 ports = (__force u32)t->src.u.all << 16 | (__force u32)t->dst.u.all;

	return hash_32(t->src.u3.all[0] ^ t->src.u3.all[3] ^ t->dst.u3.all[0] ^
		       t->dst.u3.all[3] ^ ports, NF_IM_SLOT_BITS) ?: 1;
}

/* May there be an entry under the tuple of this conntrack? */
static inline bool nf_im_tuple_used(const struct nf_conn *ct)
{
	return atomic_read(&nf_im_slots[nf_im_slot(ct)]);
}

static inline u64 nf_im_key_address(const struct nf_conn *ct)
{
	return (unsigned long)ct;
}

u64 nf_im_key_tuple(const struct nf_conn *ct);

/**
 * nf_im_find_lock() - the entry of a conntrack, wherever it is filed
 * @ct: the conntrack
 * @key: set; its bucket is locked afterwards, whatever is returned
 *
 * Context: bottom halves off.
 * Return: NULL if there is none.
 */
struct nf_im_entry *nf_im_find_lock(const struct nf_conn *ct, u64 *key)
	__acquires(nf_im_lock_of(*key));

/**
 * nf_im_address_forget() - let go what is filed under the address of another flow's conntrack
 * @ct: a conntrack that nothing is filed under yet
 *
 * Context: bottom halves off.
 */
void nf_im_address_forget(const struct nf_conn *ct);

/* All below: under the bucket's lock of @key or of the entry's key. */
static inline struct nf_im_entry *nf_im_entry_find(u64 key)
{
	struct nf_im_entry *e;

	for (e = nf_im_buckets[nf_im_bucket(key)]; e; e = e->next)
		if (e->key == key)
			break;
	return e;
}

static inline void nf_im_entry_changed_by(struct nf_im_entry *e, struct nf_im_lock *lock)
{
	e->gen = ++lock->gen & ((1U << NF_IM_GEN_BITS) - 1);
}

/* Whoever has a copy of its flow must start again. */
static inline void nf_im_entry_changed(struct nf_im_entry *e)
{
	nf_im_entry_changed_by(e, nf_im_lock_of(e->key));
}

struct nf_im_entry *nf_im_entry_new(struct nf_im_net *inet, u64 key, const struct nf_conn *ct,
				    u32 *why);
void nf_im_entry_kill(struct nf_im_entry *e);

/**
 * nf_im_entry_to_tuple() - file an entry under the tuple of its conntrack
 * @e: entry that is filed under the address of @ct
 * @ct: not confirmed yet
 * @key: of the bucket that is locked; the tuple's afterwards, and that bucket is locked
 *
 * Return: the entry, or that of a packet of the same flow which has come there before.
 */
struct nf_im_entry *nf_im_entry_to_tuple(struct nf_im_entry *e, const struct nf_conn *ct, u64 *key);

/**
 * nf_im_entry_to_address() - file an entry under the address of its conntrack
 * @e: entry that is filed under a tuple
 * @ct: which conntrack has confirmed
 * @key: of the bucket that is locked; the address afterwards, and that bucket is locked, unless
 *	another CPU is there just now: then nothing changes
 */
void nf_im_entry_to_address(struct nf_im_entry *e, const struct nf_conn *ct, u64 *key);
void nf_im_entry_reset(struct nf_im_entry *e, u8 epoch);
bool nf_im_entry_watch(struct nf_im_entry *e);

/**
 * nf_im_entry_stays() - is an entry kept though labels say all of its verdict?
 * @e: entry of a flow that is done
 * @ct: its conntrack
 * @pack: in force
 *
 * What all datagrams of a flow do stands in no label. While a rule asks for it, it stands here, and
 * the flow is done all the same: rules look, the hook does not.
 */
bool nf_im_entry_stays(const struct nf_im_entry *e, const struct nf_conn *ct,
		       const struct nfim_pack *pack);
void nf_im_entry_drop_window(struct nf_im_entry *e);

/* Without it. */

/**
 * nf_im_charge() - take bytes out of a namespace's budget
 * @inet: namespace
 * @bytes: how many; give them back with nf_im_uncharge()
 *
 * Return: false if they exceed a cap.
 */
bool nf_im_charge(struct nf_im_net *inet, u32 bytes);
void nf_im_uncharge(struct nf_im_net *inet, u32 bytes);
bool nf_im_table_used(void);
u32 nf_im_room(struct nf_im_net *inet, u64 key, bool window);
bool nf_im_blocks_new(struct nf_im_net *inet, u32 n, struct nfim_block **list, u32 *why);
void nf_im_blocks_free(struct nf_im_net *inet, struct nfim_block *list, bool unused);
u32 nf_im_cap(const struct nf_im_net *inet);
void nf_im_table_flush(struct nf_im_net *inet);
void nf_im_table_each(bool (*fn)(struct nf_im_entry *e, void *arg), void *arg);
int nf_im_table_init(void);
void nf_im_table_exit(void);

/* nf_im_mem.c: whose memory it is */
void nf_im_mem_open(struct nf_im_net *inet);
void nf_im_mem_close(struct nf_im_net *inet);
void *nf_im_mem_alloc(const struct nf_im_net *inet, struct kmem_cache *cache);

#endif /* _NF_IM_TABLE_H */
