// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names and addresses: answers of resolvers and names that flows show, noted by the address as
 * the client sees it, that is before NAT.
 *
 * The places of a namespace are one table of words, without locks: each is changed by cmpxchg.
 *
 * Life: made and taken away under the namespace's mutex, read under rcu_read_lock(), freed after a
 * grace period.
 */
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/siphash.h>
#include <net/netfilter/nf_conntrack_zones.h>

#include "engine/names.h"
#include "nf_im_expect.h"
#include "nf_im_learn.h"
#include "nf_im_table.h"

struct nf_im_places {
	u32 at[NFIM_PLACES];
};

static siphash_key_t secret __aligned(SIPHASH_ALIGNMENT);
u64 nf_im_learn_key[2] __read_mostly;

static u32 *place_of(struct nf_im_places *places, u16 zone, const u8 *addr)
{
	struct {
		u8 addr[16];
		u64 zone;
	} k;

	static_assert(sizeof(k) == 24);	/* no padding: all of it is hashed */
	memcpy(k.addr, addr, sizeof(k.addr));
	k.zone = zone;
	return &places->at[siphash(&k, sizeof(k), &secret) % NFIM_PLACES];
}

/* Of the server, as the client sees it. */
static u32 place_read(struct nf_im_places *places, const struct nf_conn *ct)
{
	const struct nf_conntrack_tuple *t = &ct->tuplehash[IP_CT_DIR_ORIGINAL].tuple;

	return READ_ONCE(*place_of(places, nf_ct_zone(ct)->id, (const u8 *)&t->dst.u3));
}

static void place_say(u32 *place, u8 proto)
{
	u32 old, new;

	do {
		old = READ_ONCE(*place);
		new = nfim_place_say(old, nf_im_now(), proto);
	} while (old != new && cmpxchg(place, old, new) != old);
}

bool nf_im_answered(const struct nf_im_pkt *pkt)
{
	if (!(nf_im_label_bits(pkt->labels) & BIT(NF_IM_LABEL_SEEN)))
		return false;
	return test_bit(pkt->seg.l4 == IPPROTO_UDP ? IPS_SEEN_REPLY_BIT : IPS_ASSURED_BIT,
			&pkt->ct->status);
}

/* @client: it had a part in that, and is helped. */
static void learn(struct nf_im_net *inet, struct nf_im_places *places,
		  const struct nf_im_pkt *pkt, const struct nfim_told_addr *told, bool client)
{
	u16 zone = nf_ct_zone(pkt->ct)->id;

	place_say(place_of(places, zone, told->addr), told->proto);
	if (told->proto && client && nf_im_answered(pkt))
		nf_im_expect_learnt(inet, pkt->ct, told);
}

static void learn_answers(struct nf_im_net *inet, struct nf_im_places *places,
			  const struct nf_im_pkt *pkt, const struct nfim_told *told)
{
	const union nf_inet_addr *resolver = &pkt->ct->tuplehash[IP_CT_DIR_ORIGINAL].tuple.dst.u3;
	u32 i;

	for (i = 0; i < told->n; i++)
		/* A resolver that answers with its own address is a blocklist's. */
		if (memcmp(told->at[i].addr, resolver, sizeof(told->at[i].addr)))
			learn(inet, places, pkt, &told->at[i], told->asked);
	if (told->lost)
		nf_im_count(inet, NF_IM_A_C_LEARNT_LOST);
}

/* A name that the client says is what its server is, if it decided the flow. */
static void learn_host(struct nf_im_net *inet, struct nf_im_places *places,
		       const struct nf_im_pkt *pkt, const struct nfim_pack *pack,
		       const struct nfim_flow *flow, const struct nfim_step *step)
{
	const struct nf_conntrack_tuple *t = &pkt->ct->tuplehash[IP_CT_DIR_ORIGINAL].tuple;
	struct nfim_told_addr told = { .v6 = t->src.l3num == NFPROTO_IPV6 };
	struct nfim_name_hit hit;

	memcpy(told.addr, &t->dst.u3, sizeof(told.addr));
	if (step->server && nfim_names_find(pack, step->host, step->host_len, &hit) &&
	    hit.class == NFIM_NAME_DEDICATED)
		told.proto = hit.proto;
	if (!told.proto || (step->fresh && flow->done == NFIM_KNOWN &&
			    flow->conf == NFIM_CONF_NAME && flow->proto == told.proto))
		learn(inet, places, pkt, &told, pkt->dir == IP_CT_DIR_ORIGINAL);
}

void nf_im_learn_step(struct nf_im_net *inet, const struct nf_im_pkt *pkt,
		      const struct nfim_pack *pack, const struct nfim_flow *flow,
		      const struct nfim_step *step)
{
	struct nf_im_places *places = rcu_dereference(inet->places);

	if (!places)
		return;
	if (pkt->seg.learn)
		learn_answers(inet, places, pkt, &step->told);
	else if (step->host_len)
		learn_host(inet, places, pkt, pack, flow, step);
}

bool nf_im_learn_holds(const struct nf_im_net *inet, const struct nf_conn *ct, u8 proto)
{
	struct nf_im_places *places = rcu_dereference(inet->places);

	/* A flow that was not seen from its start may have told its name before. */
	if (!places ||
	    !(nf_im_label_bits(nf_ct_labels_find(ct)) & BIT(NF_IM_LABEL_SEEN)))
		return false;
	if (nfim_place_holds(place_read(places, ct), nf_im_now(), proto))
		return true;
	nf_im_count(inet, NF_IM_A_C_LEARNT_SHARED);
	return false;
}

void nf_im_learn_again(const struct nf_im_net *inet, const struct nf_conn *ct,
		       const struct nfim_pack *pack, struct nfim_flow *flow)
{
	struct nf_im_places *places = rcu_dereference(inet->places);

	if (places && nfim_pack_proto(pack, flow->proto)) {
		if (nfim_place_same(place_read(places, ct), flow->proto))
			return;
		nf_im_count(inet, NF_IM_A_C_LEARNT_SHARED);
	}
	nfim_flow_unlearn(flow);
}

int nf_im_learn_set(struct nf_im_net *inet, bool on)
{
	struct nf_im_places *places;

	places = rcu_dereference_protected(inet->places, lockdep_is_held(&inet->mutex));
	if (on == !!places)
		return 0;
	if (on) {
		if (!nf_im_charge(inet, sizeof(*places)))
			return -ENOMEM;
		places = kvzalloc(sizeof(*places), GFP_KERNEL_ACCOUNT);
		if (!places) {
			nf_im_uncharge(inet, sizeof(*places));
			return -ENOMEM;
		}
		rcu_assign_pointer(inet->places, places);
		return 0;
	}
	RCU_INIT_POINTER(inet->places, NULL);
	synchronize_net();
	kvfree(places);
	nf_im_uncharge(inet, sizeof(*places));
	nf_im_expect_flush(inet, true);
	return 0;
}

void nf_im_learn_init(void)
{
	get_random_bytes(&secret, sizeof(secret));
	get_random_bytes(nf_im_learn_key, sizeof(nf_im_learn_key));
}
