/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Queries and answers of DNS (RFC 1035 section 4.1): whose host is asked for?
 *
 * Each message is judged by itself, and a look-up is no flow of the messenger whose host it asks
 * for: any resolver may ask, for whatever reason. A datagram is a message; over TCP it stands
 * behind its length, see carrier_dns.c. What an answer says of addresses is read where somebody
 * wants to learn from it (learn.h), in dns_answer.c.
 */
#ifndef _NF_IM_ENGINE_DNS_H
#define _NF_IM_ENGINE_DNS_H

#include "flow.h"

enum {
	NFIM_DNS_NAME_MAX	= 253,	/* bytes of a name as text */
	NFIM_DNS_LABEL_MAX	= 63,
	NFIM_DNS_ANSWER_MAX	= 2048,	/* bytes of a message that are read over TCP */
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
 * @id: of the message
 * @response: it is no query
 * @answer: the same, without an error
 * @n_answers: records that answer, as the header says
 * @records: where they begin in the view
 * @need: on MORE: bytes of the view with which more is known (> view->len)
 * @work: fields looked at
 */
struct nfim_dns {
	u8 name[NFIM_DNS_NAME_MAX];
	u8 name_len;
	bool host;
	bool response;
	bool answer;
	u16 id;
	u16 n_answers;
	u32 records;
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

/**
 * nfim_dns_label() - one more label of a host's name
 * @dns: its name gets it, in lower case
 * @p: bytes of the wire
 * @len: how many
 *
 * Return: false if there is no room, or it has bytes that are no host's (a dot, too).
 */
bool nfim_dns_label(struct nfim_dns *dns, const u8 *p, u32 len);

/**
 * nfim_dns_answers() - which addresses has the name that was asked for?
 * @view: bytes in order
 * @start: where the message begins
 * @end: where it ends; what is not there is not looked at
 * @dns: its question; the name is another one afterwards, where records say so
 * @proto: whose name it is, 0 for nobody's
 * @told: what was found is added
 *
 * Takes A and AAAA of the name, and of those that its CNAMEs lead to, in the order of the message
 * (RFC 1034 section 3.6.2, RFC 1035 section 4.1.3).
 */
void nfim_dns_answers(const struct nfim_view *view, u32 start, u32 end, struct nfim_dns *dns,
		      u8 proto, struct nfim_told *told);

/**
 * nfim_dns_learn() - a datagram to or from a resolver
 * @pack: opened pack
 * @flow: undecided; remembers the last four questions, in members that only TCP needs else
 * @seg: the datagram
 * @step: its told is added to, if this answers one of them: name and id
 */
void nfim_dns_learn(const struct nfim_pack *pack, struct nfim_flow *flow,
		    const struct nfim_seg *seg, struct nfim_step *step);

#endif /* _NF_IM_ENGINE_DNS_H */
