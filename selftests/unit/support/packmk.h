/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Packs made by hand: what no compiler would write, and programs that no signature
 * has. Owners are added in the order of the pack: protocols, rules, frames, nodes.
 */
#ifndef _SELFTEST_PACKMK_H
#define _SELFTEST_PACKMK_H

#include "engine/run.h"

enum {
	PACKMK_SECT_MAX	= 16384,	/* bytes of one section */
};

/** struct packmk - a pack under way; all 0 to begin */
struct packmk {
	u32 len[NFIM_SECTS];
	u8 sect[NFIM_SECTS][PACKMK_SECT_MAX];
};

/** struct prog_def - a program and what it is for */
struct prog_def {
	const struct nfim_insn *insn;
	u32 n;
};

#define INSN(op, a, b, imm)	{ NFIM_INSN(NFIM_OP_##op, a, b), imm }
#define PROG(...)		(const struct nfim_insn[]){ __VA_ARGS__ }, \
				ARRAY_SIZE(((const struct nfim_insn[]){ __VA_ARGS__ }))

/** packmk_add() - add a record of words to a section; returns its index */
u32 packmk_add(struct packmk *mk, enum nfim_sect_type type, const void *words, u32 size);

/** packmk_data() - add bytes to DATA; returns where */
u32 packmk_data(struct packmk *mk, const void *bytes, u32 len);

/** packmk_str() - add a string with its NUL */
u32 packmk_str(struct packmk *mk, const char *s);

/** packmk_proto() - add a protocol; @frames is an index + 1 */
void packmk_proto(struct packmk *mk, u32 id, const char *name, u32 label, u32 frames,
		  u32 n_frames);

/** packmk_rule() - add a rule with its program; returns its index */
u32 packmk_rule(struct packmk *mk, u32 proto, enum nfim_root root, const char *name,
		const struct nfim_insn *insn, u32 n);

/** packmk_frames() - add frames with their program */
void packmk_frames(struct packmk *mk, u32 proto, u32 l4, const struct nfim_insn *insn, u32 n);

/** packmk_node() - add a node; returns its index */
u32 packmk_node(struct packmk *mk, u32 shape, const u32 *edges, u32 n_edges, const u32 *rules,
		u32 n_rules);

/** packmk_roots() - add roots; all rules of a root stand at its node */
void packmk_roots(struct packmk *mk);

/**
 * packmk_build() - the file, in a piece of memory of exactly its size
 * @mk: DATA is padded
 * @len: its size
 */
u8 *packmk_build(struct packmk *mk, size_t *len);

/**
 * packmk_try() - open a copy of a file
 * @file: stays as it is; a big-endian host swaps the words of what it opens
 * @len: bytes, all of which the copy has
 * @err: why it is refused
 *
 * Return: what nfim_pack_open() said. The pack is gone.
 */
int packmk_try(const u8 *file, size_t len, struct nfim_pack_err *err);

/** packmk_seal() - make size and checksum right again */
void packmk_seal(u8 *file, size_t len);

/** packmk_sect() - offset of a section in a file that packmk_build() made */
size_t packmk_sect(const u8 *file, enum nfim_sect_type type);

u32 packmk_get(const u8 *file, size_t off);
void packmk_put(u8 *file, size_t off, u32 word);

#endif /* _SELFTEST_PACKMK_H */
