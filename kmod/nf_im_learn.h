/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What names say of addresses (engine/learn.h), where the admin wants it: the places of a
 * namespace, and what of a client's is kept among the flows that are expected (nf_im_expect.h).
 */
#ifndef _NF_IM_LEARN_H
#define _NF_IM_LEARN_H

#include "nf_im.h"

/**
 * nf_im_learn_set() - begin to learn, or cease and forget
 * @inet: namespace, which is charged; under its mutex
 * @on: which
 *
 * Context: process.
 * Return: 0, also if it is so already, or -ENOMEM.
 */
int nf_im_learn_set(struct nf_im_net *inet, bool on);

static inline bool nf_im_learn_on(const struct nf_im_net *inet)
{
	return rcu_access_pointer(inet->places);
}

/* The secret of struct nfim_seg.learn. */
extern u64 nf_im_learn_key[2];

/* If the flow goes to a resolver whose answers are wanted: the secret, else NULL. */
static inline const u64 *nf_im_learn_wants(const struct nf_im_net *inet, const struct nf_conn *ct)
{
	if (likely(!nf_im_learn_on(inet)) ||
	    ct->tuplehash[IP_CT_DIR_ORIGINAL].tuple.dst.u.all != htons(NFIM_DNS_PORT))
		return NULL;
	return nf_im_learn_key;
}

/**
 * nf_im_answered() - may what a packet says of addresses count?
 * @pkt: the packet
 *
 * Addresses of a packet alone are anybody's, and this is before the reverse path filter: both ends
 * must have answered each other, of UDP the server the client. And the flow's first packet must
 * have come by, as else the client may be the server.
 *
 * Context: under rcu_read_lock().
 */
bool nf_im_answered(const struct nf_im_pkt *pkt);

/**
 * nf_im_learn_step() - take what a packet says of addresses
 * @inet: namespace
 * @pkt: the packet
 * @pack: in force
 * @flow: its flow, after it
 * @step: what the engine found
 *
 * Context: bottom halves off, under rcu_read_lock(), no bucket's lock held.
 */
void nf_im_learn_step(struct nf_im_net *inet, const struct nf_im_pkt *pkt,
		      const struct nfim_pack *pack, const struct nfim_flow *flow,
		      const struct nfim_step *step);

/**
 * nf_im_learn_holds() - is an address this protocol's alone?
 * @inet: namespace
 * @ct: a flow to it
 * @proto: the protocol
 *
 * Context: under rcu_read_lock(); counts where it is not.
 */
bool nf_im_learn_holds(const struct nf_im_net *inet, const struct nf_conn *ct, u8 proto);

/**
 * nf_im_learn_again() - does what a flow waits with still hold?
 * @inet: namespace
 * @ct: its conntrack
 * @pack: in force
 * @flow: undecided; by what was learnt it is decided no more if the switch went off, another name
 *	came by, or the pack has lost the protocol
 *
 * Context: under rcu_read_lock() and the lock of the flow; counts where it does not.
 */
void nf_im_learn_again(const struct nf_im_net *inet, const struct nf_conn *ct,
		       const struct nfim_pack *pack, struct nfim_flow *flow);

void nf_im_learn_init(void);

#endif /* _NF_IM_LEARN_H */
