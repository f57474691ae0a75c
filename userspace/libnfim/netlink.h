/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The client side of the generic netlink family "nf_im". The protocol itself is
 * described in linux/netfilter/nf_im.h.
 */
#ifndef _NFIM_NETLINK_H
#define _NFIM_NETLINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/netfilter/nf_im.h>

enum {
	NFIM_NL_MSG_MAX		= 256,	/* bytes of a sentence, with its NUL */
	NFIM_NL_NAME_MAX	= 32,	/* bytes of a name, with its NUL */
	NFIM_NL_USER_MAX	= 256,	/* bytes of a user's name that are kept */
	NFIM_NL_HOST_MAX	= 256,	/* bytes of a host's */
	NFIM_NL_PROTOS_MAX	= 256,
};

struct nfim_nl;

/** struct nfim_nl_err - why a request failed, for people */
struct nfim_nl_err {
	char msg[NFIM_NL_MSG_MAX];	/* a sentence without full stop */
};

/** struct nfim_nl_proto - flows of one protocol since the hook was first wanted */
struct nfim_nl_proto {
	uint16_t id;
	char name[NFIM_NL_NAME_MAX];
	uint64_t flows;
};

/** struct nfim_nl_status - the answer to NF_IM_CMD_GET */
struct nfim_nl_status {
	char version[NFIM_NL_NAME_MAX];
	uint32_t label_base;
	uint32_t rules;
	bool enabled;
	bool bridge;
	bool correlate;		/* names help other flows to the same address */
	uint32_t ct_mask;	/* bits of ct marks for the protocol, 0 for none */
	uint32_t packet_mask;	/* bits of packet marks for the actions, 0 for none */
	uint32_t marks_lost;	/* known flows whose mark is another by now */
	struct {
		uint32_t version;
		uint32_t crc;
		uint32_t size;
		uint32_t rules;
		bool builtin;
		bool previous;
	} pack;
	/* by enum nf_im_attr_counter */
	uint64_t counters[NF_IM_A_C_MAX + 1];
	struct nfim_nl_proto protos[NFIM_NL_PROTOS_MAX];
	size_t n_protos;
};

/** struct nfim_nl_event - one verdict, as the kernel tells it */
struct nfim_nl_event {
	uint8_t family;			/* AF_INET, AF_INET6; 0 if it was not said */
	uint8_t l4;
	uint8_t client[16];
	uint8_t server[16];
	uint16_t cport;			/* host order */
	uint16_t sport;
	char proto[NFIM_NL_NAME_MAX];
	char rule[NFIM_NL_NAME_MAX];
	uint32_t actions;
	uint8_t user[NFIM_NL_USER_MAX];	/* bytes of the wire, not text */
	size_t user_len;
	uint8_t host[NFIM_NL_HOST_MAX];	/* the same */
	size_t host_len;
	uint8_t confidence;		/* enum nf_im_confidence */
	bool ech;			/* the ClientHello offers ECH */
	bool correlated;		/* the name was another flow's */
};

/**
 * nfim_nl_open() - connect to the module
 * @nl: set on success; nfim_nl_close() it
 * @err: filled on failure
 *
 * Return: 0; -ENOENT if the module is not loaded; another negative errno.
 */
int nfim_nl_open(struct nfim_nl **nl, struct nfim_nl_err *err);

/** nfim_nl_close() - end a connection; NULL is allowed */
void nfim_nl_close(struct nfim_nl *nl);

/**
 * nfim_nl_get() - read the module's state in this network namespace
 * @nl: connection
 * @status: filled on success
 * @err: filled on failure
 *
 * Return: 0 or a negative errno.
 */
int nfim_nl_get(struct nfim_nl *nl, struct nfim_nl_status *status, struct nfim_nl_err *err);

/**
 * nfim_nl_enable() - hold the hook in this network namespace, or let it go
 * @nl: connection
 * @on: hold
 * @bridge: on bridges too
 * @correlate: names help other flows to the same address; not @on: let go of that alone
 * @err: filled on failure
 *
 * Return: 0 or a negative errno.
 */
int nfim_nl_enable(struct nfim_nl *nl, bool on, bool bridge, bool correlate,
		   struct nfim_nl_err *err);

/**
 * nfim_nl_mark() - choose the bits of marks that verdicts are written into
 * @nl: connection
 * @packet: of packets, for their actions; else of conntracks, for the protocol
 * @mask: the bits, 0 for none
 * @err: filled on failure
 *
 * Return: 0 or a negative errno.
 */
int nfim_nl_mark(struct nfim_nl *nl, bool packet, uint32_t mask, struct nfim_nl_err *err);

/** struct nfim_nl_reopened - what became of the flows with a verdict */
struct nfim_nl_reopened {
	uint32_t reopened;
	uint32_t offloaded;	/* out of reach, left as they are */
};

/**
 * nfim_nl_reopen() - let flows with a verdict be read again
 * @nl: connection
 * @count: filled on success
 * @err: filled on failure
 *
 * Return: 0 or a negative errno.
 */
int nfim_nl_reopen(struct nfim_nl *nl, struct nfim_nl_reopened *count, struct nfim_nl_err *err);

/**
 * nfim_nl_pack_load() - upload a signature pack and put it in force
 * @nl: connection; the upload is bound to it, a failure leaves it free for another
 * @buf: the file
 * @len: its length
 * @force: even if a rule uses a name that the pack lacks
 * @err: filled on failure
 *
 * Return: 0 or a negative errno; then nothing has changed.
 */
int nfim_nl_pack_load(struct nfim_nl *nl, const void *buf, size_t len, bool force,
		      struct nfim_nl_err *err);

/**
 * nfim_nl_pack_rollback() - put the pack before this one in force again
 * @nl: connection
 * @err: filled on failure
 *
 * Return: 0 or a negative errno.
 */
int nfim_nl_pack_rollback(struct nfim_nl *nl, struct nfim_nl_err *err);

/**
 * nfim_nl_subscribe() - join the group of the verdicts
 * @nl: connection; of no use for requests from now on
 * @err: filled on failure
 *
 * Return: 0 or a negative errno.
 */
int nfim_nl_subscribe(struct nfim_nl *nl, struct nfim_nl_err *err);

/** nfim_nl_fd() - the file descriptor to wait on */
int nfim_nl_fd(const struct nfim_nl *nl);

/** nfim_nl_event_fn - called for each verdict; a negative errno ends the reading */
typedef int nfim_nl_event_fn(const struct nfim_nl_event *event, void *data);

/**
 * nfim_nl_events() - wait for verdicts once and hand them over
 * @nl: subscribed connection
 * @fn: called for each
 * @data: for @fn
 * @err: filled on failure
 *
 * Return: 0; -EINTR if a signal came; -ENOBUFS if verdicts were lost, reading may go on;
 * another negative errno.
 */
int nfim_nl_events(struct nfim_nl *nl, nfim_nl_event_fn *fn, void *data,
		   struct nfim_nl_err *err);

#endif /* _NFIM_NETLINK_H */
