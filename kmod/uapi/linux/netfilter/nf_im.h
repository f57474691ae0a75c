/* SPDX-License-Identifier: ((GPL-2.0-only WITH Linux-syscall-note) OR MIT) */
/*
 * nf_im: recognise instant messaging by its payload.
 *
 * This file is the protocol document of everything user space sees of the
 * modules: the vocabulary, the match's rule blob, the conntrack labels, and the
 * generic netlink family. Numbers are never reused and never change meaning.
 */
#ifndef _UAPI_LINUX_NETFILTER_NF_IM_H
#define _UAPI_LINUX_NETFILTER_NF_IM_H

#include <linux/types.h>

/*
 * Vocabulary
 */

/* What a protocol is, as an admin thinks of it. Bit n of a category mask. */
enum nf_im_category {
	NF_IM_CAT_MESSENGER,	/* messengers people choose themselves */
	NF_IM_CAT_ENTERPRISE,	/* messengers a company runs */
	NF_IM_CAT_VOICE,	/* voice and its signalling */
	NF_IM_CAT_REMOTE,	/* remote assistance, desktop and application sharing */
	NF_IM_CAT_P2P,		/* file sharing */
	NF_IM_CAT_COUNT,
};

/* What a packet does, inside a protocol. Bit n of an action mask. */
enum nf_im_action {
	NF_IM_ACT_LOGIN,	/* authentication, session set-up */
	NF_IM_ACT_PRESENCE,	/* status, buddy list */
	NF_IM_ACT_MESSAGE,	/* text from one to one, typing */
	NF_IM_ACT_CHAT,		/* text in a room or conference */
	NF_IM_ACT_FILE,		/* file or picture transfer, its offer, its relay */
	NF_IM_ACT_VOICE,
	NF_IM_ACT_VIDEO,
	NF_IM_ACT_WEBCAM,
	NF_IM_ACT_REMOTE,	/* remote assistance, whiteboard */
	NF_IM_ACT_LOOKUP,	/* a look-up of a messenger's name; no messenger flow */
	NF_IM_ACT_OTHER,	/* keep-alive, games, what has no name here */
	NF_IM_ACT_COUNT,
};

/* How far the reading of a flow got, as one packet of it sees it. Bit n of a state mask. */
enum nf_im_state {
	NF_IM_STATE_NEW,	/* a TCP or UDP flow without payload so far */
	NF_IM_STATE_UNDECIDED,	/* payload was seen, more is needed */
	NF_IM_STATE_DECIDED,	/* a protocol is known, or it is known to be none of ours */
	NF_IM_STATE_UNINSPECTED,/* not read to the end: a cap, no memory, too much work */
	NF_IM_STATE_NONE,	/* untracked, invalid, neither TCP nor UDP, no hook */
	NF_IM_STATE_COUNT,
};

/* What a verdict rests on. Bit n of a confidence mask. */
enum nf_im_confidence {
	NF_IM_CONF_PAYLOAD,	/* one direction's bytes alone prove it */
	NF_IM_CONF_PAYLOAD_PAIR,/* both directions' bytes together prove it */
	NF_IM_CONF_NAME,	/* a host name says so */
	NF_IM_CONF_COUNT,
};

/*
 * Conntrack labels
 *
 * Label bit = base (module parameter label_base, default 40) + offset. The labels "im-<proto>"
 * have the offsets that signatures/registry.tsv gives.
 */
#define NF_IM_LABEL_BASE_DEFAULT	40
#define NF_IM_LABEL_ANY			0	/* im-any: of category messenger or enterprise */
#define NF_IM_LABEL_DONE		1	/* im-done: nf_im reads no more of this flow */
#define NF_IM_LABEL_UNINSPECTED		2	/* im-uninspected: see NF_IM_STATE_UNINSPECTED */
#define NF_IM_LABEL_ANOMALY		3	/* im-anomaly: overlaps with different bytes */
#define NF_IM_LABEL_SEEN		4	/* im-seen: watched from its first packet on */
#define NF_IM_LABEL_OPEN		5	/* im-open: payload was seen */
#define NF_IM_LABEL_CATEGORY		6	/* im-messenger ... im-p2p: + enum nf_im_category */
#define NF_IM_LABEL_NAME		11	/* im-name: known by a host's name */
#define NF_IM_LABEL_PAIR		12	/* im-pair: known by both directions together */
#define NF_IM_LABEL_ECH			13	/* im-ech: its ClientHello offers ECH */
#define NF_IM_LABEL_PROTO		16	/* first of the protocols */
#define NF_IM_LABEL_COUNT		80

/*
 * The xtables match "im", revision 0 (NFPROTO_IPV4, NFPROTO_IPV6, and for nft-im NFPROTO_INET
 * and NFPROTO_BRIDGE).
 *
 * A rule is true if every test whose bit stands in @flags is true. NF_IM_MT_PROTO, _CATEGORY,
 * _ACTION and _CONFIDENCE are never true, inverted or not, on a packet of a flow that is not
 * decided; inverted they are true on a decided flow without the thing. A rule whose @actions
 * have NF_IM_ACT_LOOKUP is true (inverted: false) on a DNS message that asks for a host of its
 * @protos or @categories, whatever the flow is. Unknown bits are refused with EINVAL and a line
 * in the kernel log.
 */
#define NF_IM_MT_PROTO		(1U << 0)
#define NF_IM_MT_CATEGORY	(1U << 1)
#define NF_IM_MT_ACTION		(1U << 2)
#define NF_IM_MT_STATE		(1U << 3)
#define NF_IM_MT_CONFIDENCE	(1U << 4)
#define NF_IM_MT_ALL		((1U << 5) - 1)

struct xt_im_mtinfo {
	__u32		flags;		/* NF_IM_MT_* that are tested */
	__u32		invert;		/* those of them that are inverted */
	__aligned_u64	protos[4];	/* bit id % 64 of word id / 64 */
	__u32		actions;	/* 1 << enum nf_im_action */
	__u32		categories;	/* 1 << enum nf_im_category */
	__u32		states;		/* 1 << enum nf_im_state */
	__u32		confidences;	/* 1 << enum nf_im_confidence */
	__u32		reserved[4];	/* 0 */

	/* Used internally by the kernel; never compared, never shown. */
	__aligned_u64	priv[6];
};

/*
 * The nf_tables expression "im" (module nft_im): loads a number of 32 bits, host order, into a
 * register. What is not known ends the rule as if it did not match.
 *
 *  NFTA_IM_DREG, NFTA_IM_KEY: both needed (EINVAL); a key unknown here is EOPNOTSUPP. Families
 *	ip, ip6, inet and bridge, hooks from prerouting to postrouting (EOPNOTSUPP).
 */
enum nf_im_key {
	NF_IM_KEY_PROTO,	/* number of the protocol, 0 for none; of decided flows */
	NF_IM_KEY_CATEGORY,	/* enum nf_im_category, NF_IM_CATEGORY_NONE; of decided flows */
	NF_IM_KEY_STATE,	/* enum nf_im_state */
	NF_IM_KEY_ACTION,	/* bits 1 << enum nf_im_action; of flows read on, and look-ups */
	NF_IM_KEY_COUNT,
};

#define NF_IM_CATEGORY_NONE	0xffffffffU

enum nft_im_attributes {
	NFTA_IM_UNSPEC,
	NFTA_IM_DREG,		/* u32: enum nft_registers */
	NFTA_IM_KEY,		/* u32: enum nf_im_key */
	__NFTA_IM_MAX,
};
#define NFTA_IM_MAX (__NFTA_IM_MAX - 1)

/*
 * Generic netlink family "nf_im", version 1
 *
 * Every command acts on the network namespace of the sender's socket. GET needs no privilege
 * in that namespace beyond CAP_NET_ADMIN over it; PACK_* are for CAP_NET_ADMIN in the initial
 * namespaces only (EPERM elsewhere). Refusals carry an extack sentence.
 *
 *  NF_IM_CMD_GET -> reply with
 *	NF_IM_A_VERSION, NF_IM_A_LABEL_BASE, NF_IM_A_RULES, NF_IM_A_ENABLED,
 *	NF_IM_A_PACK { NF_IM_A_PACK_* }, NF_IM_A_COUNTERS { NF_IM_A_C_* },
 *	NF_IM_A_PROTOS { NF_IM_A_PROTO { NF_IM_A_PROTO_* } ... } (only those ever seen),
 *	[ NF_IM_A_BRIDGE ] [ NF_IM_A_CORRELATE ] [ NF_IM_A_MARK_MASK, NF_IM_A_MARKS_LOST ]
 *	[ NF_IM_A_PACKET_MASK ]
 *  NF_IM_CMD_ENABLE [ NF_IM_A_BRIDGE ] [ NF_IM_A_CORRELATE ], NF_IM_CMD_DISABLE
 *	[ NF_IM_A_CORRELATE ]: hold, let go the hook without any rule; idempotent, ENABLE without
 *	BRIDGE or CORRELATE keeps these if they are held, DISABLE with CORRELATE lets only it go
 *  NF_IM_CMD_MARK { NF_IM_A_MARK_MASK or NF_IM_A_PACKET_MASK }: verdicts into marks; the value
 *	stands in the mask's bits, which are side by side (ERANGE they are not, or too few)
 *  NF_IM_CMD_REOPEN -> reply with NF_IM_A_REOPENED, NF_IM_A_OFFLOADED: take back "none" and
 *	"uninspected", and read known flows on for their actions, from the next packet on
 *  NF_IM_CMD_PACK_BEGIN { NF_IM_A_SIZE }: start an upload bound to this socket
 *	(EBUSY another is under way, EFBIG over 64 MiB)
 *  NF_IM_CMD_PACK_CHUNK { NF_IM_A_OFFSET, NF_IM_A_DATA }: in order, up to 32 KiB each (ERANGE)
 *  NF_IM_CMD_PACK_COMMIT [ NF_IM_A_FORCE ]: verify and swap, or refuse and change nothing
 *	(EINVAL with NF_IM_A_ERR_OFFSET in the extack sentence; EXDEV a rule uses a name the
 *	pack lacks; ENODATA incomplete)
 *  NF_IM_CMD_PACK_ROLLBACK: back to the pack before (ENOENT there is none)
 *
 * Multicast group "events" (CAP_NET_ADMIN over the namespace), one message a verdict:
 *  NF_IM_CMD_EVENT { NF_IM_A_EV_* }
 */
#define NF_IM_GENL_NAME		"nf_im"
#define NF_IM_GENL_VERSION	1
#define NF_IM_GENL_GROUP	"events"
#define NF_IM_CHUNK_MAX		32768	/* bytes */

enum nf_im_cmd {
	NF_IM_CMD_UNSPEC,
	NF_IM_CMD_GET,
	NF_IM_CMD_ENABLE,
	NF_IM_CMD_DISABLE,
	NF_IM_CMD_PACK_BEGIN,
	NF_IM_CMD_PACK_CHUNK,
	NF_IM_CMD_PACK_COMMIT,
	NF_IM_CMD_PACK_ROLLBACK,
	NF_IM_CMD_EVENT,
	NF_IM_CMD_MARK,
	NF_IM_CMD_REOPEN,
	__NF_IM_CMD_MAX,
};
#define NF_IM_CMD_MAX (__NF_IM_CMD_MAX - 1)

enum nf_im_attr {
	NF_IM_A_UNSPEC,
	NF_IM_A_PAD,
	NF_IM_A_VERSION,	/* string: of the module */
	NF_IM_A_LABEL_BASE,	/* u32 */
	NF_IM_A_RULES,		/* u32: match rules in this namespace */
	NF_IM_A_ENABLED,	/* u8: 1 if ENABLE is in force here */
	NF_IM_A_PACK,		/* nest: enum nf_im_attr_pack */
	NF_IM_A_COUNTERS,	/* nest: enum nf_im_attr_counter */
	NF_IM_A_PROTOS,		/* nest of NF_IM_A_PROTO */
	NF_IM_A_PROTO,		/* nest: enum nf_im_attr_proto */
	NF_IM_A_SIZE,		/* u32: bytes of the whole pack */
	NF_IM_A_OFFSET,		/* u32: where the chunk goes */
	NF_IM_A_DATA,		/* binary, 1..NF_IM_CHUNK_MAX */
	NF_IM_A_FORCE,		/* flag */
	NF_IM_A_EVENT,		/* nest: enum nf_im_attr_event */
	NF_IM_A_BRIDGE,		/* flag: on bridges too */
	NF_IM_A_MARK_MASK,	/* u32: bits of ct marks for the protocol's number; 0: none */
	NF_IM_A_PACKET_MASK,	/* u32: bits of packet marks, 1 << enum nf_im_action; 0: none */
	NF_IM_A_MARKS_LOST,	/* u32: known flows whose mark is another by now */
	NF_IM_A_REOPENED,	/* u32: flows that are read again */
	NF_IM_A_OFFLOADED,	/* u32: flows that are not, as they are offloaded */
	NF_IM_A_CORRELATE,	/* flag: names help other flows to the same address */
	__NF_IM_A_MAX,
};
#define NF_IM_A_MAX (__NF_IM_A_MAX - 1)

enum nf_im_attr_pack {
	NF_IM_A_PACK_UNSPEC,
	NF_IM_A_PACK_VERSION,	/* u32: yyyymmddnn, 0 for the built-in one */
	NF_IM_A_PACK_CRC,	/* u32 */
	NF_IM_A_PACK_SIZE,	/* u32: bytes */
	NF_IM_A_PACK_RULES,	/* u32: signatures rules in it */
	NF_IM_A_PACK_BUILTIN,	/* u8: 1 if it is the one the module was built with */
	NF_IM_A_PACK_PREVIOUS,	/* u8: 1 if there is one to roll back to */
	__NF_IM_A_PACK_MAX,
};
#define NF_IM_A_PACK_MAX (__NF_IM_A_PACK_MAX - 1)

/* All u64, of this namespace, since the hook was first wanted in it. */
enum nf_im_attr_counter {
	NF_IM_A_C_UNSPEC,
	NF_IM_A_C_PAD,
	NF_IM_A_C_INSPECTED,	/* payload packets given to the engine */
	NF_IM_A_C_FLOWS,	/* flows an entry was made for */
	NF_IM_A_C_MATCHED,	/* flows decided to be a known protocol */
	NF_IM_A_C_UNKNOWN,	/* flows decided to be none */
	NF_IM_A_C_UNINSPECTED,	/* flows given up, for one of the reasons below */
	NF_IM_A_C_CAP,		/* ... memory cap of the table */
	NF_IM_A_C_NOMEM,	/* ... no memory */
	NF_IM_A_C_WINDOW,	/* ... gap or prefix larger than the window */
	NF_IM_A_C_RACE,		/* ... too many CPUs on one flow */
	NF_IM_A_C_EVICTED,	/* entries evicted for newer ones */
	NF_IM_A_C_ANOMALY,	/* flows with overlaps of different bytes */
	NF_IM_A_C_ENTRIES,	/* now: entries in the table */
	NF_IM_A_C_BYTES,	/* now: bytes of entries and windows */
	NF_IM_A_C_BYTES_CAP,	/* the most BYTES may be */
	NF_IM_A_C_EVENTS_LOST,	/* events no listener had room for */
	NF_IM_A_C_OFFERS,	/* offers of flows to come that were taken */
	NF_IM_A_C_OFFERS_LOST,	/* ... and that there was no room for */
	NF_IM_A_C_OFFERED,	/* flows known by an offer, of MATCHED */
	NF_IM_A_C_EXPECTED,	/* now: offers that are waited upon */
	NF_IM_A_C_LEARNT,	/* names that were learnt of a client's address */
	NF_IM_A_C_LEARNT_LOST,	/* ... that there was no room for, or answers cut short */
	NF_IM_A_C_LEARNT_SHARED,/* flows that they did not help, as others name the address, too */
	NF_IM_A_C_LEARNT_NOW,	/* now: addresses of clients that names were learnt of */
	NF_IM_A_C_CORRELATED,	/* flows known by a name that was learnt, of MATCHED */
	NF_IM_A_C_OFFERS_HOST,	/* of OFFERS_LOST: who offers has too many already */
	NF_IM_A_C_READ_AGAIN,	/* datagrams of known flows that were read for rules on actions */
	__NF_IM_A_C_MAX,
};
#define NF_IM_A_C_MAX (__NF_IM_A_C_MAX - 1)

enum nf_im_attr_proto {
	NF_IM_A_PROTO_UNSPEC,
	NF_IM_A_PROTO_PAD,
	NF_IM_A_PROTO_ID,	/* u16 */
	NF_IM_A_PROTO_NAME,	/* string */
	NF_IM_A_PROTO_FLOWS,	/* u64 */
	__NF_IM_A_PROTO_MAX,
};
#define NF_IM_A_PROTO_MAX (__NF_IM_A_PROTO_MAX - 1)

enum nf_im_attr_event {
	NF_IM_A_EV_UNSPEC,
	NF_IM_A_EV_FAMILY,	/* u8: NFPROTO_IPV4, NFPROTO_IPV6 */
	NF_IM_A_EV_L4,		/* u8: IPPROTO_TCP, IPPROTO_UDP */
	NF_IM_A_EV_CLIENT,	/* 4 or 16 bytes */
	NF_IM_A_EV_SERVER,	/* 4 or 16 bytes, before NAT */
	NF_IM_A_EV_CPORT,	/* be16 */
	NF_IM_A_EV_SPORT,	/* be16 */
	NF_IM_A_EV_PROTO,	/* string */
	NF_IM_A_EV_RULE,	/* string: the signature's rule; not with NF_IM_CONF_NAME */
	NF_IM_A_EV_ACTIONS,	/* u32 */
	NF_IM_A_EV_USER,	/* binary, optional: bytes of the wire, not text */
	NF_IM_A_EV_HOST,	/* the same: whom a carrier leads to */
	NF_IM_A_EV_CONFIDENCE,	/* u8: enum nf_im_confidence */
	NF_IM_A_EV_ECH,		/* flag: the ClientHello offers ECH */
	NF_IM_A_EV_CORRELATED,	/* flag: the name was another flow's */
	__NF_IM_A_EV_MAX,
};
#define NF_IM_A_EV_MAX (__NF_IM_A_EV_MAX - 1)

#endif /* _UAPI_LINUX_NETFILTER_NF_IM_H */
