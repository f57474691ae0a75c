// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packs made by hand.
 */
#include "packmk.h"

#include <stdlib.h>

static u8 *sect_grow(struct packmk *mk, enum nfim_sect_type type, u32 size)
{
	u8 *p = mk->sect[type] + mk->len[type];

	if (size > PACKMK_SECT_MAX - mk->len[type])
		abort();
	mk->len[type] += size;
	return p;
}

u32 packmk_get(const u8 *file, size_t off)
{
	return nfim_le32(file + off);
}

void packmk_put(u8 *file, size_t off, u32 word)
{
	u32 i;

	for (i = 0; i < 4; i++)
		file[off + i] = (u8)(word >> 8 * i);
}

u32 packmk_add(struct packmk *mk, enum nfim_sect_type type, const void *words, u32 size)
{
	u32 index = mk->len[type] / size;
	u8 *p = sect_grow(mk, type, size);
	u32 word, i;

	for (i = 0; i < size; i += 4) {
		memcpy(&word, (const u8 *)words + i, 4);
		packmk_put(p, i, word);
	}
	return index;
}

u32 packmk_data(struct packmk *mk, const void *bytes, u32 len)
{
	u32 at = mk->len[NFIM_SECT_DATA];

	memcpy(sect_grow(mk, NFIM_SECT_DATA, len), bytes, len);
	return at;
}

u32 packmk_str(struct packmk *mk, const char *s)
{
	return packmk_data(mk, s, (u32)strlen(s) + 1);
}

void packmk_proto(struct packmk *mk, u32 id, const char *name, u32 label, u32 frames,
		  u32 n_frames)
{
	struct nfim_proto proto = {
		.id = id,
		.label = label,
		.frames = frames,
		.n_frames = n_frames,
		.actions = 1,
	};

	proto.name = packmk_str(mk, name);
	proto.title = packmk_str(mk, "A title");
	packmk_add(mk, NFIM_SECT_PROTOS, &proto, sizeof(proto));
}

static u32 code_add(struct packmk *mk, const struct nfim_insn *insn, u32 n)
{
	u32 at = mk->len[NFIM_SECT_CODE] / sizeof(*insn);
	u32 i;

	for (i = 0; i < n; i++)
		packmk_add(mk, NFIM_SECT_CODE, &insn[i], sizeof(*insn));
	return at;
}

u32 packmk_rule(struct packmk *mk, u32 proto, enum nfim_root root, const char *name,
		const struct nfim_insn *insn, u32 n)
{
	struct nfim_rule rule = {
		.proto = proto,
		.root = root,
		.dirs = NFIM_DIR_ANY,
		.evidence = NFIM_EVIDENCE_MID_MIN,
		.n_code = n,
	};

	rule.name = packmk_str(mk, name);
	rule.code = code_add(mk, insn, n);
	return packmk_add(mk, NFIM_SECT_RULES, &rule, sizeof(rule));
}

void packmk_frames(struct packmk *mk, u32 proto, u32 l4, const struct nfim_insn *insn, u32 n)
{
	struct nfim_frames frames = {
		.proto = proto,
		.l4 = l4,
		.dirs = NFIM_DIR_ANY,
		.n_code = n,
	};

	frames.code = code_add(mk, insn, n);
	packmk_add(mk, NFIM_SECT_FRAMES, &frames, sizeof(frames));
}

u32 packmk_node(struct packmk *mk, u32 shape, const u32 *edges, u32 n_edges, const u32 *rules,
		u32 n_rules)
{
	struct nfim_node node = {
		.edges = mk->len[NFIM_SECT_EDGES] / sizeof(u32),
		.shape = shape | n_edges,
		.rules = mk->len[NFIM_SECT_NODE_RULES] / sizeof(u32),
		.n_rules = n_rules,
	};
	u32 i;

	for (i = 0; i < n_edges; i++)
		packmk_add(mk, NFIM_SECT_EDGES, &edges[i], sizeof(u32));
	for (i = 0; i < n_rules; i++)
		packmk_add(mk, NFIM_SECT_NODE_RULES, &rules[i], sizeof(u32));
	return packmk_add(mk, NFIM_SECT_NODES, &node, sizeof(node));
}

void packmk_roots(struct packmk *mk)
{
	u32 n = mk->len[NFIM_SECT_RULES] / sizeof(struct nfim_rule);
	u32 rules[NFIM_NODE_RULES_MAX];
	u32 root, i;

	for (root = 0; root < NFIM_ROOTS; root++) {
		u32 have = 0;

		for (i = 0; i < n; i++) {
			size_t at = i * sizeof(struct nfim_rule) + offsetof(struct nfim_rule, root);

			if (packmk_get(mk->sect[NFIM_SECT_RULES], at) == root)
				rules[have++] = i;
		}
		packmk_node(mk, NFIM_NODE_SHAPE(0, 0, root), NULL, 0, rules, have);
	}
}

void packmk_seal(u8 *file, size_t len)
{
	if (len < sizeof(struct nfim_pack_hdr))
		return;
	packmk_put(file, offsetof(struct nfim_pack_hdr, size), (u32)len);
	packmk_put(file, offsetof(struct nfim_pack_hdr, crc),
		   nfim_crc32(0, file + NFIM_PACK_CRC_FROM, len - NFIM_PACK_CRC_FROM));
}

u8 *packmk_build(struct packmk *mk, size_t *len)
{
	const size_t table = sizeof(struct nfim_pack_hdr);
	size_t size = table + NFIM_SECT_DATA * sizeof(struct nfim_sect);
	size_t off = size;
	u32 i;
	u8 *file;

	do
		packmk_data(mk, "", 1);
	while (mk->len[NFIM_SECT_DATA] % 4);
	for (i = NFIM_SECT_PROTOS; i < NFIM_SECTS; i++)
		size += mk->len[i];
	file = calloc(1, size);
	if (!file)
		abort();
	for (i = NFIM_SECT_PROTOS; i < NFIM_SECTS; i++) {
		size_t at = table + (i - NFIM_SECT_PROTOS) * sizeof(struct nfim_sect);

		packmk_put(file, at, i);
		packmk_put(file, at + 4, (u32)off);
		packmk_put(file, at + 8, mk->len[i]);
		memcpy(file + off, mk->sect[i], mk->len[i]);
		off += mk->len[i];
	}
	memcpy(file, NFIM_PACK_MAGIC, 8);
	packmk_put(file, offsetof(struct nfim_pack_hdr, format), NFIM_PACK_FORMAT);
	packmk_put(file, offsetof(struct nfim_pack_hdr, n_sect), NFIM_SECT_DATA);
	packmk_seal(file, size);
	*len = size;
	return file;
}

int packmk_try(const u8 *file, size_t len, struct nfim_pack_err *err)
{
	u8 *copy = malloc(len);
	struct nfim_pack pack;
	int ret;

	if (!copy)
		abort();
	memcpy(copy, file, len);
	ret = nfim_pack_open(&pack, copy, len, err);
	free(copy);
	return ret;
}

size_t packmk_sect(const u8 *file, enum nfim_sect_type type)
{
	size_t at = sizeof(struct nfim_pack_hdr) +
		    (type - NFIM_SECT_PROTOS) * sizeof(struct nfim_sect);

	return packmk_get(file, at + offsetof(struct nfim_sect, off));
}
