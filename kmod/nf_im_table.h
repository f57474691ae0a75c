/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The table of flows that are still read.
 *
 * An entry is found by a keyed hash of (namespace, zone, original tuple). It holds no
 * reference on the conntrack, whose address is only compared: a reference would pin the
 * conntrack, and on an unconfirmed one break NFQUEUE and bridges.
 *
 * Life: added and removed under its bucket's lock (nf_im_bucket_lock), freed by RCU. Its
 * flow may be copied and put back only under that lock; the engine runs on the copy without it,
 * under rcu_read_lock(), so that blocks it may still read stay until it is through.
 */
#ifndef _NF_IM_TABLE_H
#define _NF_IM_TABLE_H

#include "nf_im.h"

enum {
	NF_IM_FACTS = 8,	/* packets whose actions a watched flow remembers */
};

/* Flags of an entry; under the bucket's lock. */
enum {
	NF_IM_E_DEAD		= 1 << 0,	/* removed; whoever held a copy starts again */
	NF_IM_E_UNCONFIRMED	= 1 << 1,	/* its conntrack was not in the table yet */
	NF_IM_E_ALIVE		= 1 << 2,	/* seen by the sweep now under way */
	NF_IM_E_TOUCHED		= 1 << 3,	/* a packet came since the clock's hand passed */
};

/* What a packet of a watched flow did. */
struct nf_im_fact {
	u32 seq;
	u32 len;	/* 0: empty slot */
	u16 actions;
	u8 dir;
};

/* Of a direction, what the packets did that have no slot any more. */
struct nf_im_old {
	u32 end;	/* all bytes below this sequence number ... */
	u32 actions;	/* ... are taken to have done all of this; 0: none */
};

struct nf_im_watch {
	u32 next;	/* slot to be overwritten */
	struct nf_im_fact facts[NF_IM_FACTS];
	struct nf_im_old old[2];
};

struct nf_im_entry {
	union {
		struct hlist_node node;	/* while in a bucket */
		struct rcu_head rcu;	/* afterwards */
	};
	u64 key;
	const struct nf_conn *ct;	/* never dereferenced */
	struct nf_im_net *inet;
	struct nf_im_watch *watch;	/* NULL unless known and watched */
	struct nfim_flow flow;
	u16 gen;	/* changes with the flow */
	u16 flags;
	u16 born;	/* seconds, of the first payload */
	u16 seen;	/* seconds, of the last packet */
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

u64 nf_im_key(const struct nf_conn *ct);
void nf_im_bucket_lock(u64 key);
void nf_im_bucket_unlock(u64 key);

/* All below: under the bucket's lock of @key or of the entry's key. */
struct nf_im_entry *nf_im_entry_find(u64 key);
struct nf_im_entry *nf_im_entry_new(struct nf_im_net *inet, u64 key, const struct nf_conn *ct,
				    u32 *why);
void nf_im_entry_kill(struct nf_im_entry *e);
void nf_im_entry_reset(struct nf_im_entry *e);
bool nf_im_entry_watch(struct nf_im_entry *e);
void nf_im_entry_drop_window(struct nf_im_entry *e);

/* Without it. */
bool nf_im_table_used(void);
bool nf_im_room(struct nf_im_net *inet, bool window);
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
