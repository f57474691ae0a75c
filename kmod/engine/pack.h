/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A signature pack: what the compiler writes and the engine runs.
 *
 * The file is a header, a section table, and sections. All sections but
 * NFIM_SECT_DATA are arrays of records made of little endian u32 words only,
 * so that a big endian host swaps words once, in place, when it opens the pack.
 *
 *	+---------+----------------+--------+-------+- - -+------+
 *	| header  | section table  | protos | rules | ... | data |
 *	+---------+----------------+--------+-------+- - -+------+
 *
 * nfim_pack_open() verifies everything that the interpreter and the dispatcher
 * rely on; code that runs on packets checks only what comes from packets.
 */
#ifndef _NF_IM_ENGINE_PACK_H
#define _NF_IM_ENGINE_PACK_H

#include "port.h"

#define NFIM_PACK_MAGIC		"NFIMPACK"
#define NFIM_PACK_FORMAT	4u
#define NFIM_PACK_SIZE_MAX	(64u << 20)	/* bytes */

#define NFIM_PACK_CRC_FROM	20u	/* = offsetof(struct nfim_pack_hdr, n_sect) */

/* Hard limits of one pack; nfim_pack_open() refuses what exceeds them. */
enum {
	NFIM_PROTO_MAX		= 256,		/* ids 1..255; 0 is "none" */
	NFIM_RULE_MAX		= 65534,	/* 0xffff means no rule */
	NFIM_NODE_MAX		= 1 << 20,
	NFIM_PROG_MAX		= 256,		/* instructions a program */
	NFIM_PREFIX_MAX		= 16,		/* literal bytes the index knows */
	NFIM_NODE_RULES_MAX	= 64,		/* rules that end at one node; bits of a u64 */
	NFIM_EDGES_MAX		= 8,		/* edges of a node that is searched */
	NFIM_EDGES_DENSE	= 256,		/* edges of a node that is indexed */
	NFIM_FIRST_OFFS		= 8,		/* places of a root's first bytes; bits of a u8 */
	NFIM_RANGES_MAX		= 64,		/* ranges one instruction may look at */
	NFIM_MAPS_MAX		= 1024,		/* entries of one map */
	NFIM_PAIRS_MAX		= 4096,
	NFIM_FRAMES_MAX		= 8,		/* frames records of a protocol */
	NFIM_NEED_MAX		= 16384,	/* bytes a rule may ask for */
	NFIM_COST_MAX		= 8192,		/* of one program; see nfim_insn_cost() */
	NFIM_NAME_MAX		= 31,		/* characters of a name */
	NFIM_TITLE_MAX		= 79,		/* bytes of a title */
	NFIM_HOSTNAME_MAX	= 255,		/* bytes of a host's name */
	NFIM_NAME_LABELS_MAX	= 8,		/* labels of a name in a pack */
	NFIM_BUCKET_MAX		= 16,		/* names in a bucket */
	NFIM_KIND_MAX		= 64,		/* bytes of a name of another kind than hosts */
	NFIM_LABEL_NONE		= 0xff,
	NFIM_LABEL_MIN		= 16,		/* = NF_IM_LABEL_PROTO */
	NFIM_LABEL_MAX		= 80,		/* = NF_IM_LABEL_COUNT: offsets 16..79 */
	NFIM_CATEGORIES		= 5,		/* = NF_IM_CAT_COUNT */
	NFIM_ACTIONS		= 11,		/* = NF_IM_ACT_COUNT */
	NFIM_ACT_VOICE		= 1 << 5,	/* = 1 << NF_IM_ACT_VOICE */
	NFIM_ACTIONS_MASK	= (1 << NFIM_ACTIONS) - 1,
	NFIM_ACTION_OFFER	= 1 << 15,	/* offered here, done in another flow */
	NFIM_EVIDENCE_MIN	= 32 * 256,	/* 1/256 bit, from a flow's start */
	NFIM_EVIDENCE_MID_MIN	= 40 * 256,	/* 1/256 bit, in mid-stream */
};

/* Which index a rule is reached by. */
enum nfim_root {
	NFIM_ROOT_TCP,		/* first bytes of a TCP direction */
	NFIM_ROOT_TCP_MID,	/* first bytes of any segment, flow not seen from start */
	NFIM_ROOT_UDP,		/* first bytes of any datagram */
	NFIM_ROOT_HTTP,		/* path of a request, or status of a response */
	NFIM_ROOTS,
};

/* As IPPROTO_TCP and IPPROTO_UDP, which the engine has no header for. */
enum {
	NFIM_L4_TCP	= 6,
	NFIM_L4_UDP	= 17,
};

/* Directions: bit 0 the side that opened the flow, bit 1 the other one. */
enum {
	NFIM_DIR_CLIENT	= 1,
	NFIM_DIR_SERVER	= 2,
	NFIM_DIR_ANY	= 3,
};

/*
 * The sections stand in this order and without gaps, from the end of the section table to
 * the end of the file; each has a size that is a multiple of 4. Records of RULES and FRAMES
 * own the programs in CODE one after another, nodes own EDGES and NODE_RULES in the same
 * way: so every word belongs to one record, and verifying takes one pass.
 */
enum nfim_sect_type {
	NFIM_SECT_PROTOS = 1,	/* struct nfim_proto, the registry, by id */
	NFIM_SECT_RULES,	/* struct nfim_rule */
	NFIM_SECT_FRAMES,	/* struct nfim_frames */
	NFIM_SECT_CODE,		/* struct nfim_insn */
	NFIM_SECT_RANGES,	/* struct nfim_range */
	NFIM_SECT_MAPS,		/* struct nfim_map */
	NFIM_SECT_NODES,	/* struct nfim_node; the first NFIM_ROOTS are the roots */
	NFIM_SECT_EDGES,	/* u32 */
	NFIM_SECT_NODE_RULES,	/* u32, indices of rules */
	NFIM_SECT_NAMES,	/* struct nfim_hostname, by bucket; see names.h */
	NFIM_SECT_BUCKETS,	/* u32, where each bucket of names begins, and the last ends */
	NFIM_SECT_DATA,		/* bytes: literals, and strings ended by NUL; the last is NUL */
	NFIM_SECTS,
};

struct nfim_pack_hdr {
	u8 magic[8];
	u32 format;
	u32 size;		/* of the whole file, bytes */
	u32 crc;		/* CRC-32 (IEEE 802.3) of all bytes after this word */
	u32 n_sect;
	u32 version;		/* the pack's own, as the builder said: yyyymmddnn */
	u32 reserved;		/* 0 */
};

struct nfim_sect {
	u32 type;		/* enum nfim_sect_type, each once, ascending */
	u32 off;		/* bytes from the file's start, multiple of 4, ascending */
	u32 size;		/* bytes */
};

/* One name of the registry; a pack holds them all, with signature or without. */
struct nfim_proto {
	u32 id;			/* 1..255, ascending */
	u32 category;		/* enum nf_im_category */
	u32 label;		/* offset among our labels, or NFIM_LABEL_NONE */
	u32 actions;		/* bits of enum nf_im_action its frames can tell apart */
	u32 frames;		/* index of the first frames record + 1; 0 for none */
	u32 n_frames;
	u32 name;		/* string in DATA */
	u32 title;		/* string in DATA */
};

/*
 * One piece of evidence that suffices for a verdict; or half of one, which the other direction
 * completes. The rules of a pair stand together, those of its first half before those of its
 * second, and pairs in the order of their numbers, from 1 on. Each tells the evidence of the pair.
 */
struct nfim_rule {
	u32 proto;		/* id */
	u32 root;		/* enum nfim_root */
	u32 dirs;		/* NFIM_DIR_* */
	u32 evidence;		/* 1/256 bit, computed by the compiler */
	u32 need;		/* bytes after which it says yes or no; 0 if it varies */
	u32 code;		/* first instruction */
	u32 n_code;
	u32 name;		/* string in DATA */
	u32 actions;		/* what the whole flow does, bits of enum nf_im_action, or 0 */
	u32 half;		/* 0, or of a pair: its number * 2, and 1 more in its second half */
};

/**
 * nfim_rule_counts() - of two rules that say yes to the same bytes, is it @a that counts?
 * @a: a rule of a pack
 * @a_need: bytes with which it said so
 * @b: another one of the same pack
 * @b_need: the same of it
 * @whole: the bytes are not cut, as those of a datagram are not
 *
 * Return: whether @a needs fewer bytes, since with other cuts it would have been the first; or
 * else has more evidence; or else stands in front.
 */
static inline bool nfim_rule_counts(const struct nfim_rule *a, u32 a_need,
				    const struct nfim_rule *b, u32 b_need, bool whole)
{
	if (!whole && a_need != b_need)
		return a_need < b_need;
	return a->evidence != b->evidence ? a->evidence > b->evidence : a < b;
}

/* How to walk the frames of a protocol once it is known, to tell actions. */
struct nfim_frames {
	u32 proto;
	u32 l4;			/* NFIM_L4_* */
	u32 dirs;
	u32 code;
	u32 n_code;
};

struct nfim_range {
	u32 lo, hi, step;	/* lo, lo + step, ... <= hi; step >= 1 */
};

/* Records of one table follow each other, sorted and not overlapping. */
struct nfim_map {
	u32 lo, hi;
	u32 value;		/* bits of enum nf_im_action, maybe NFIM_ACTION_OFFER */
	u32 table;		/* 0 in the first table, one more in each further one */
};

/*
 * A node of the index: the rules whose literal prefix ends here, and the nodes
 * one byte further. Children have higher indices than their parent, are one
 * deeper and belong to the same root; a child may have several parents.
 */
struct nfim_node {
	u32 edges;		/* first word in EDGES */
	u32 shape;		/* number of edges | depth << 16 | enum nfim_root << 24 */
	u32 rules;		/* first word in NODE_RULES */
	u32 n_rules;
};

#define NFIM_NODE_SHAPE(n_edges, depth, root) \
	((u32)(n_edges) | (u32)(depth) << 16 | (u32)(root) << 24)

/*
 * Edges of a node: up to NFIM_EDGES_MAX words byte << 24 | child, by byte; or
 * NFIM_EDGES_DENSE words, the child for each byte, 0 for none.
 */
static inline u32 nfim_node_n_edges(const struct nfim_node *node)
{
	return node->shape & 0xffff;
}

static inline u32 nfim_node_depth(const struct nfim_node *node)
{
	return node->shape >> 16 & 0xff;
}

static inline u32 nfim_node_root(const struct nfim_node *node)
{
	return node->shape >> 24;
}

/* May a name decide? (PROTOCOLS.md C21) */
enum nfim_name_class {
	NFIM_NAME_DEDICATED,	/* yes */
	NFIM_NAME_SHARED,	/* others live there, too; compiled as dedicated if one asks */
	NFIM_NAME_AUXILIARY,	/* advertising, metrics: never */
	NFIM_NAME_CLASSES,
};

/* A host's name. A bucket has those whose hash has the same low bits, in any order. */
struct nfim_hostname {
	u32 hash;
	u32 text;		/* in DATA, not ended by NUL */
	u32 what;		/* length | id << 8 | enum nfim_name_class << 16 */
	u32 actions;		/* bits of enum nf_im_action that its flows are; 0: any */
};

#define NFIM_NAME_WHAT(len, proto, class) \
	((u32)(len) | (u32)(proto) << 8 | (u32)(class) << 16)
#define NFIM_NAME_LEN(n)	((n)->what & 0xff)
#define NFIM_NAME_PROTO(n)	((n)->what >> 8 & 0xff)
#define NFIM_NAME_CLASS(n)	((n)->what >> 16 & 0xff)

/**
 * struct nfim_insn - one instruction
 * @w0: operation and its two small operands, see NFIM_INSN() in run.h
 * @w1: its large operand
 */
struct nfim_insn {
	u32 w0;
	u32 w1;
};

/*
 * How the rules of a root begin that have no literal prefix, told when a pack is opened: most test
 * a byte at a fixed place. What stands there says at once of nearly all that they do not match.
 */
struct nfim_firsts {
	u8 n_offs;
	u8 off[NFIM_FIRST_OFFS];
	u8 may[256];	/* for each byte: bits of the places where rules have it */
	u64 rules[NFIM_FIRST_OFFS];	/* bits of the rules, by their number at the root */
	u64 rest;	/* of those that begin otherwise, or for whose place there is no room */
};

/**
 * struct nfim_pack - a verified pack, ready to run
 *
 * All pointers lead into the buffer given to nfim_pack_open(), which must live
 * as long as this does. Read only after opening; no locking.
 */
struct nfim_pack {
	const struct nfim_pack_hdr *hdr;
	const struct nfim_proto *protos;
	const struct nfim_rule *rules;
	const struct nfim_frames *frames;
	const struct nfim_insn *code;
	const struct nfim_range *ranges;
	const struct nfim_map *maps;
	const struct nfim_node *nodes;
	const u32 *edges;
	const u32 *node_rules;
	const struct nfim_hostname *names;
	const u32 *buckets;
	const u8 *data;
	u32 n_protos, n_rules, n_frames, n_code, n_ranges, n_maps;
	u32 n_nodes, n_edges, n_node_rules, data_len;
	u32 n_names, n_buckets;	/* buckets and one more word; or none */
	u32 name_labels;	/* of the name that has most */
	u8 epoch;	/* the owner's: another one for every pack it swaps in; 0 after open */
	struct nfim_firsts firsts[NFIM_ROOTS];
	u16 by_id[NFIM_PROTO_MAX];	/* index into protos + 1, 0 for none */
	u8 by_label[NFIM_LABEL_MAX];	/* id, 0 for none */
};

/** struct nfim_pack_err - why a pack was refused, for people */
struct nfim_pack_err {
	const char *what;	/* a static sentence without full stop */
	u32 off;		/* byte offset in the file */
	char name[NFIM_NAME_MAX + 1];	/* rule or protocol concerned, or "" */
};

/**
 * nfim_pack_open() - verify a pack completely and set up its index
 * @pack: filled on success, undefined otherwise
 * @buf: the file, aligned to 4 bytes. On big endian hosts its words are swapped in place,
 *	so that it can be opened once only; on little endian ones it is only read.
 * @len: bytes in @buf
 * @err: filled on failure
 *
 * Time and stack are bounded by @len; nothing is allocated.
 *
 * Return: 0, or -EINVAL with @err.
 */
int nfim_pack_open(struct nfim_pack *pack, void *buf, size_t len,
		   struct nfim_pack_err *err);

/**
 * nfim_crc32() - CRC-32 (IEEE 802.3), as zlib's crc32()
 * @crc: value so far, 0 to begin
 * @p: bytes
 * @len: how many
 */
u32 nfim_crc32(u32 crc, const u8 *p, size_t len);

static inline const struct nfim_proto *nfim_pack_proto(const struct nfim_pack *pack, u32 id)
{
	if (id >= NFIM_PROTO_MAX || !pack->by_id[id])
		return NULL;
	return &pack->protos[pack->by_id[id] - 1];
}

static inline const char *nfim_pack_str(const struct nfim_pack *pack, u32 off)
{
	return (const char *)pack->data + off;
}

/**
 * nfim_node_next() - follow one byte in the index
 * @pack: opened pack
 * @node: index of a node
 * @byte: the next byte of the stream
 *
 * Return: index of the child, or 0 where there is none (0 is a root, never a child).
 */
static inline u32 nfim_node_next(const struct nfim_pack *pack, u32 node, u8 byte)
{
	const struct nfim_node *n = &pack->nodes[node];
	const u32 *e = pack->edges + n->edges;
	u32 n_edges = nfim_node_n_edges(n);
	u32 i;

	if (n_edges == NFIM_EDGES_DENSE)
		return e[byte];
	for (i = 0; i < n_edges; i++)
		if (e[i] >> 24 == byte)
			return e[i] & 0xffffff;
	return 0;
}

#endif /* _NF_IM_ENGINE_PACK_H */
