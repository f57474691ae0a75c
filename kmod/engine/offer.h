/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Offers: a flow whose payload names an address and a port for another flow to come, which has
 * no bytes of its own to know it by (IRC's DCC, XMPP's SOCKS5 bytestreams, the media of SIP).
 *
 * Who wrote the offer chose the address, and it may be anybody's. So what is expected of an
 * offer belongs to the client of the flow that carried it, and names flows of that client
 * alone: those to it, at the port it offered itself, whatever address it believes to have; and
 * those from it to the address and port that were offered. Of these, and of what came to it from
 * elsewhere, only ports from 1024 on count, as no service of the system is offered. Who calls
 * makes sure that there is such a client: that both ends of the flow have answered each other.
 *
 * Datagrams are sent from the port that they are taken at (RFC 4961), so that either end may begin
 * and the port is that of one end, whichever. What the server offers must be at its own address
 * then: a flow to a third host's port may be a VPN's. Media has no port below 1024, either.
 */
#ifndef _NF_IM_ENGINE_OFFER_H
#define _NF_IM_ENGINE_OFFER_H

#include "port.h"

enum {
	NFIM_OFFERS_MAX		= 8,	/* that one packet may make */
	NFIM_OFFER_TRIES	= 12,
	NFIM_OFFER_TEXT		= 320,	/* bytes an offer's text may have: a file's name ... */
	NFIM_OFFER_WORDS	= 8,	/* ... of so many words, an address, a port */
	NFIM_OFFER_ADDRS	= 4,	/* addresses for one port */
	NFIM_OFFER_LITS		= 8,	/* literals that one kind of offers is found by */
	NFIM_OFFER_PORT_MIN	= 1024,	/* of an offer that is not the client's own */
	NFIM_EXPECT_SECONDS	= 120,	/* DESIGN D6; nf_conntrack_irc waits 300 */
	NFIM_EXPECTS_MAX	= 64,	/* of a client, DESIGN D6 */
};

/**
 * struct nfim_offer - an address and a port, and what a flow to them does
 * @addr: network order; an IPv4 address takes the first four bytes, the others are 0
 * @port: not 0
 * @actions: bits of enum nf_im_action
 * @l4: NFIM_L4_TCP or NFIM_L4_UDP
 * @proto: what the flow is, 0: of the same protocol
 * @v6: it is an IPv6 address
 */
struct nfim_offer {
	u8 addr[16];
	u16 port;
	u16 actions;
	u8 l4;
	u8 proto;
	bool v6;
};

/** struct nfim_offers - those of one packet; more than fit are not looked for */
struct nfim_offers {
	u8 n;
	u8 tries;	/* texts that were read, up to NFIM_OFFER_TRIES */
	struct nfim_offer at[NFIM_OFFERS_MAX];
};

/**
 * struct nfim_expected - flows that an offer makes known
 * @offer: address, port and actions
 * @client: of the flow that carried the offer, as @offer's address
 * @proto: those flows' protocol
 * @v6: @client is an IPv6 address
 * @own: the client made the offer itself
 * @learnt: no offer but a name (learn.h): of @offer only the address counts
 */
struct nfim_expected {
	struct nfim_offer offer;
	u8 client[16];
	u8 proto;
	bool v6;
	bool own;
	bool learnt;
};

/** struct nfim_ends - where a flow goes from and to, addresses as in struct nfim_offer */
struct nfim_ends {
	u8 from[16];
	u8 to[16];
	u16 port;	/* of @to */
	u16 from_port;
	u8 l4;
	bool v6;
};

/**
 * nfim_offer_words() - read NAME ADDRESS PORT, as DCC has it
 * @p: text behind "DCC SEND " or so; the name may stand in quotes or have several words
 * @len: bytes
 * @ends: the text ends there, and is not cut: here and below, what touches a cut is not taken
 * @offer: address and port are set if there is one
 * @took: set to the bytes that were read
 *
 * Return: false if it offers nothing: port 0 waits for the other side's offer.
 */
bool nfim_offer_words(const u8 *p, u32 len, bool ends, struct nfim_offer *offer, u32 *took);

/**
 * nfim_offer_tag() - read attributes, as those of a streamhost
 * @p: text behind the name of an XML element
 * @len: bytes
 * @addr: name of the attribute with the address, in lower case, one byte of length in front
 * @port: the same for the port
 * @offer: address and port are set if there are both
 * @took: set to the bytes that were read
 *
 * Return: whether there are both. A host's name is no address.
 */
bool nfim_offer_tag(const u8 *p, u32 len, const u8 *addr, const u8 *port,
		    struct nfim_offer *offer, u32 *took);

/**
 * nfim_offer_url() - read ADDRESS[:PORT], as it stands behind "http://"
 * @p: text
 * @len: bytes
 * @ends: as above
 * @offer: address and port are set if there is an address; the port is 80 if none is there
 * @took: set to the bytes that were read
 *
 * Return: whether there is an IPv4 address. A host's name is none.
 */
bool nfim_offer_url(const u8 *p, u32 len, bool ends, struct nfim_offer *offer, u32 *took);

/** nfim_offer_port() - read the number at the start of a text; false if it is no port */
bool nfim_offer_port(const u8 *p, u32 len, bool ends, struct nfim_offer *offer);

/**
 * nfim_offer_addr() - read the next word of a line
 * @p: text
 * @len: bytes
 * @ends: as above
 * @offer: its address is set
 * @took: set to the bytes that were read, 0 at the end of the line
 *
 * Return: whether the word up to a slash is an address, and not that of nobody, 0.
 */
bool nfim_offer_addr(const u8 *p, u32 len, bool ends, struct nfim_offer *offer, u32 *took);

/**
 * nfim_expect_make() - what is to be expected of an offer
 * @ex: set
 * @offer: the offer
 * @of: the flow that carried it
 * @dir: direction the offer went, 0 if the client made it
 * @proto: protocol of that flow
 *
 * Return: false if nothing is: the port is a service's, or the offer is of the very service that
 * carried it, which others would be cut off from; or datagrams to a third host.
 */
bool nfim_expect_make(struct nfim_expected *ex, const struct nfim_offer *offer,
		      const struct nfim_ends *of, u8 dir, u8 proto);

/** nfim_expect_same() - are these the same flows? */
bool nfim_expect_same(const struct nfim_expected *a, const struct nfim_expected *b);

/**
 * nfim_expect_same_host() - are these of one client?
 *
 * Of IPv6 half of the address is compared: a host may have all of the rest to itself.
 */
bool nfim_expect_same_host(const struct nfim_expected *a, const struct nfim_expected *b);

/** nfim_expect_fits() - is a flow one that was expected? */
bool nfim_expect_fits(const struct nfim_expected *ex, const struct nfim_ends *ends);

#endif /* _NF_IM_ENGINE_OFFER_H */
