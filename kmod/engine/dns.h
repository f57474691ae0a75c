/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Queries and answers of DNS (RFC 1035 section 4.1): whose host is asked for?
 *
 * Each message is judged by itself, and a look-up is no flow of the messenger whose host it asks
 * for: any resolver may ask, for whatever reason. A datagram is a message; over TCP it stands
 * behind its length, see carrier_dns.c.
 */
#ifndef _NF_IM_ENGINE_DNS_H
#define _NF_IM_ENGINE_DNS_H

#include "flow.h"

enum {
	NFIM_DNS_NAME_MAX	= 253,	/* bytes of a name as text */
};

enum nfim_dns_result {
	NFIM_DNS_NO,		/* no query and no answer */
	NFIM_DNS_MORE,		/* cannot say before @need bytes of the view are there */
	NFIM_DNS_MESSAGE,	/* one with a question */
};

/**
 * struct nfim_dns - the question of a message
 * @name: what is asked for, in lower case, without a dot at its end
 * @name_len: 0 for the root, or where a label has bytes that no host's name has
 * @host: a host is asked for, by the type and class of the question
 * @need: on MORE: bytes of the view with which more is known (> view->len)
 * @work: fields looked at
 */
struct nfim_dns {
	u8 name[NFIM_DNS_NAME_MAX];
	u8 name_len;
	bool host;
	u32 need;
	u32 work;
};

/**
 * nfim_dns_message() - read the question of a message
 * @view: bytes in order
 * @start: where the message begins
 * @end: where it ends; may lie behind what is there
 * @dns: set
 *
 * Strict, as any port may be DNS's: a standard query or its answer, with one question, whose
 * name is not compressed (nothing stands before it that it could point to). What is behind the
 * question, EDNS (RFC 6891) too, is not looked at.
 */
enum nfim_dns_result nfim_dns_message(const struct nfim_view *view, u32 start, u32 end,
				      struct nfim_dns *dns);

/**
 * nfim_dns_lookup() - whose host does a question ask for?
 * @pack: opened pack
 * @dns: the question
 *
 * Return: the id of a protocol that the name decides, or 0.
 */
u32 nfim_dns_lookup(const struct nfim_pack *pack, const struct nfim_dns *dns);

/**
 * nfim_dns_datagram() - the same for a datagram
 * @pack: opened pack
 * @seg: the datagram
 * @dns: set
 *
 * Return: as nfim_dns_lookup(); 0 also if it is no message of DNS.
 */
u32 nfim_dns_datagram(const struct nfim_pack *pack, const struct nfim_seg *seg,
		      struct nfim_dns *dns);

#endif /* _NF_IM_ENGINE_DNS_H */
