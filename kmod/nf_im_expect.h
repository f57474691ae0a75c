/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Flows that another one offered (engine/offer.h): what is expected of whom, for a while.
 *
 * Not nf_conntrack's expectations: they want a helper on the flow that carries the offer, of
 * which there is one a flow, and it keeps the flow out of flowtables (DESIGN D2, D6).
 */
#ifndef _NF_IM_EXPECT_H
#define _NF_IM_EXPECT_H

#include "nf_im.h"

/**
 * nf_im_expect_offers() - remember what a packet offers
 * @inet: namespace, which is charged
 * @ct: conntrack of the packet
 * @dir: direction of the packet
 * @proto: protocol of its flow
 * @offers: what it offers
 *
 * Context: bottom halves off, no bucket's lock of the table held.
 */
void nf_im_expect_offers(struct nf_im_net *inet, const struct nf_conn *ct, u8 dir, u8 proto,
			 const struct nfim_offers *offers);

/**
 * nf_im_expect_learnt() - remember an address that a protocol's name has (engine/learn.h)
 * @inet: namespace, which is charged
 * @ct: conntrack of the flow that told it, of which the client counts
 * @told: the address
 *
 * Context: as nf_im_expect_offers().
 */
void nf_im_expect_learnt(struct nf_im_net *inet, const struct nf_conn *ct,
			 const struct nfim_told_addr *told);

/**
 * nf_im_expect_ask() - was this flow offered, or a name of its server learnt?
 * @inet: namespace, with something that is expected
 * @ct: conntrack of a flow whose first payload comes now
 * @pack: in force; what it has no signatures of is not expected
 * @flow: told so, if it was; an offer comes first
 *
 * Addresses are those before NAT, as its client sees them; to where a flow is translated counts
 * as well, since who offers an address knows the one behind. A name is of the former only.
 *
 * Context: bottom halves off; a bucket's lock of the table may be held.
 */
void nf_im_expect_ask(struct nf_im_net *inet, const struct nf_conn *ct,
		      const struct nfim_pack *pack, struct nfim_flow *flow);

/**
 * nf_im_expect_does() - what does a flow of datagrams do that was offered?
 * @inet: namespace
 * @ct: its conntrack
 * @proto: what it is known as
 *
 * Nothing else is kept of such a flow, and its bytes say nothing: the offer is, as long as it is
 * asked for and both sides have sent something, but for an hour at most after it was made.
 *
 * Context: any but hard interrupts; under rcu_read_lock().
 * Return: bits of enum nf_im_action, 0 if it was not offered.
 */
u32 nf_im_expect_does(struct nf_im_net *inet, const struct nf_conn *ct, u32 proto);

/**
 * nf_im_expect_flush() - let go of what is too old, or of all in a namespace
 * @inet: the namespace, which sees no packets any more; NULL: what is too old, in all of them
 * @learnt: of a namespace only what was learnt; it learns no more
 *
 * Context: process.
 */
void nf_im_expect_flush(const struct nf_im_net *inet, bool learnt);

int nf_im_expect_init(void);
void nf_im_expect_exit(void);

#endif /* _NF_IM_EXPECT_H */
