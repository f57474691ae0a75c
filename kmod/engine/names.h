/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Names of hosts that tell a protocol (PROTOCOLS.md C21), and the index they are found by.
 *
 * The index is a hash table of whole names. A host is looked up by each of its suffixes that
 * begins at a label, from the last label on; what it costs follows the labels of the host, not
 * the number of names. The longest suffix counts, so that graph.whatsapp.com may be none of
 * whatsapp.com's.
 *
 * Names of another kind stand in the same table behind a word and a colon, which no host's
 * name has: "alpn:xmpp-client".
 */
#ifndef _NF_IM_ENGINE_NAMES_H
#define _NF_IM_ENGINE_NAMES_H

#include "pack.h"

/** struct nfim_name_hit - what a name says */
struct nfim_name_hit {
	u8 proto;	/* id */
	u8 class;	/* enum nfim_name_class */
	u32 actions;	/* bits of enum nf_im_action; 0: any */
};

/**
 * nfim_names_find() - whose host is this?
 * @pack: opened pack
 * @host: bytes of the wire, letters of either case, perhaps with a dot at the end
 * @len: how many
 * @hit: set on success
 *
 * Return: whether the pack knows the host or a domain that it is in.
 */
bool nfim_names_find(const struct nfim_pack *pack, const u8 *host, u32 len,
		     struct nfim_name_hit *hit);

/**
 * nfim_names_find_whole() - the same for a name of another kind, without suffixes
 * @pack: opened pack
 * @kind: the word with its colon
 * @name: bytes of the wire; letters of either case
 * @len: how many
 * @hit: set on success
 */
bool nfim_names_find_whole(const struct nfim_pack *pack, const char *kind, const u8 *name,
			   u32 len, struct nfim_name_hit *hit);

/**
 * nfim_name_hash() - one more byte, towards the front of a name
 * @hash: of what stands behind it, NFIM_NAME_HASH for nothing
 * @byte: in lower case
 */
static inline u32 nfim_name_hash(u32 hash, u8 byte)
{
	return (hash ^ byte) * 16777619u;
}

#define NFIM_NAME_HASH	2166136261u

/**
 * nfim_names_check() - verify the sections of names
 * @pack: with all sections set and protocols checked; @pack->name_labels is set
 * @at: set to the word that is wrong
 *
 * Return: what is wrong, or NULL.
 */
const char *nfim_names_check(struct nfim_pack *pack, const void **at);

#endif /* _NF_IM_ENGINE_NAMES_H */
