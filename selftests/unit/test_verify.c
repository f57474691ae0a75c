// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every rule of the verifier, broken by itself in a pack that is otherwise right and has a
 * right checksum: refused with that rule's sentence, at the place that breaks it.
 */
#include "unit.h"
#include "packmk.h"
#include "sentences.h"

#include <stdlib.h>

enum {
	PATCHES = 8,
};

/* A word of a record; section 0 is the header and the table of sections. */
struct patch {
	u32 sect;
	u32 off;
	u32 value;
};

#define IN(s, type, i, field)	\
	NFIM_SECT_##s, (i) * sizeof(struct type) + offsetof(struct type, field)
#define HDR(field)		0, offsetof(struct nfim_pack_hdr, field)
#define TABLE(s, field)		0, sizeof(struct nfim_pack_hdr) + \
	(NFIM_SECT_##s - 1) * sizeof(struct nfim_sect) + offsetof(struct nfim_sect, field)
#define WORD(s, i)		NFIM_SECT_##s, (i) * 4

/**
 * struct bad_pack - how to break a pack, and what has to come
 * @name: of the case
 * @what: the sentence
 * @about: the name it is about, or NULL
 * @patch: words to change; the first is the place of the refusal, unless @at says another
 * @grow: section that becomes larger by @by zero bytes, or smaller by -@by
 * @by: see @grow
 * @at: place of the refusal; @at.value is 1 if it counts
 */
struct bad_pack {
	const char *name;
	const char *what;
	const char *about;
	struct patch patch[PATCHES];
	u32 grow;
	s32 by;
	struct patch at;
};

/* Where things stand in DATA of the pack below. */
enum {
	D_TEXT = 0,	/* "hello" */
	D_KEYS = 5,	/* "|": "u" */
	D_BADNAME = 9,	/* "Bad" */
	D_EMPTY = 13,	/* "" */
	D_CONTROL = 14,	/* "a\tb" */
	D_DASH = 18,	/* "-a" */
	D_LONG = 21,	/* 32 letters */
};

static const struct nfim_insn prog_tcp[] = {
	INSN(NEED, 0, 0, 5), INSN(BYTES, 5, 0, D_TEXT), INSN(LD8, 0, 0, 5), INSN(IN, 0, 1, 0),
	INSN(YES, 0, 0, 0),
};

static const struct nfim_insn prog_udp[] = {
	INSN(LD8, 0, 0, 0), INSN(SKIPA, 0, 0, 0), INSN(END, 0, 0, 0), INSN(YES, 0, 0, 0),
};

static const struct nfim_insn prog_frames[] = {
	INSN(LD8, 0, 0, 0), INSN(FRAME, 0, 0, 0), INSN(MAP, 10, 2, 0), INSN(SKIP, 0, 0, 1),
	INSN(KEY, 1, 1, D_KEYS), INSN(YES, 0, 0, 0),
};

static void add_tables(struct packmk *mk)
{
	static const struct nfim_range ranges[] = { { 1, 9, 1 }, { 4, 4, 1 } };
	static const struct nfim_map maps[] = { { 1, 2, 1, 0 }, { 3, 3, 2, 0 }, { 1, 1, 4, 1 } };
	static const char data[] = "hello" "\1|" "\1u" "Bad\0" "\0" "a\tb\0" "-a\0"
				   "abcdefghijklmnopqrstuvwxyzabcdef";
	u32 i;

	packmk_data(mk, data, sizeof(data));
	for (i = 0; i < ARRAY_SIZE(ranges); i++)
		packmk_add(mk, NFIM_SECT_RANGES, &ranges[i], sizeof(ranges[i]));
	for (i = 0; i < ARRAY_SIZE(maps); i++)
		packmk_add(mk, NFIM_SECT_MAPS, &maps[i], sizeof(maps[i]));
}

/* Roots 0 to 3; below root 0 node 4 by 'A', 5 by 'B'; below node 4, which is dense, 6 by 'x'. */
static void add_nodes(struct packmk *mk)
{
	static const u32 edges[] = { (u32)'A' << 24 | 4, (u32)'B' << 24 | 5 };
	static const u32 rule_of[] = { 0, 2, 1 };
	u32 dense[NFIM_EDGES_DENSE] = { 0 };

	dense['x'] = 6;
	packmk_node(mk, NFIM_NODE_SHAPE(0, 0, NFIM_ROOT_TCP), edges, 2, NULL, 0);
	packmk_node(mk, NFIM_NODE_SHAPE(0, 0, NFIM_ROOT_TCP_MID), NULL, 0, &rule_of[1], 1);
	packmk_node(mk, NFIM_NODE_SHAPE(0, 0, NFIM_ROOT_UDP), NULL, 0, &rule_of[2], 1);
	packmk_node(mk, NFIM_NODE_SHAPE(0, 0, NFIM_ROOT_HTTP), NULL, 0, NULL, 0);
	packmk_node(mk, NFIM_NODE_SHAPE(0, 1, NFIM_ROOT_TCP), dense, NFIM_EDGES_DENSE, NULL, 0);
	packmk_node(mk, NFIM_NODE_SHAPE(0, 1, NFIM_ROOT_TCP), NULL, 0, rule_of, 1);
	packmk_node(mk, NFIM_NODE_SHAPE(0, 2, NFIM_ROOT_TCP), NULL, 0, rule_of, 1);
}

static u8 *good_pack(size_t *len)
{
	struct packmk *mk = calloc(1, sizeof(*mk));
	u8 *file;

	add_tables(mk);
	packmk_proto(mk, 3, "alpha", 20, 1, 2);
	packmk_proto(mk, 7, "beta", NFIM_LABEL_NONE, 0, 0);
	packmk_rule(mk, 3, NFIM_ROOT_TCP, "tcp", prog_tcp, ARRAY_SIZE(prog_tcp));
	packmk_rule(mk, 7, NFIM_ROOT_UDP, "udp", prog_udp, ARRAY_SIZE(prog_udp));
	packmk_rule(mk, 7, NFIM_ROOT_TCP_MID, "mid", prog_tcp, ARRAY_SIZE(prog_tcp));
	packmk_frames(mk, 3, NFIM_L4_TCP, prog_frames, ARRAY_SIZE(prog_frames));
	packmk_frames(mk, 3, NFIM_L4_UDP, prog_frames, ARRAY_SIZE(prog_frames));
	add_nodes(mk);
	file = packmk_build(mk, len);
	free(mk);
	return file;
}

static const struct bad_pack headers[] = {
	{ "magic", "this is no signature pack", .patch = { { 0, 0, 0x12345678 } } },
	{ "format", "the pack has a format this engine does not know",
	  .patch = { { HDR(format), NFIM_PACK_FORMAT + 1 } } },
	{ "sections", "the pack has a wrong number of sections", .patch = { { HDR(n_sect), 9 } } },
	{ "reserved", "a reserved word is not 0", .patch = { { HDR(reserved), 1 } } },
	{ "type of a section", "a section is missing or out of order",
	  .patch = { { TABLE(CODE, type), NFIM_SECT_RANGES } } },
	{ "gap before a section", "a section does not begin where one ends",
	  .patch = { { TABLE(PROTOS, off), 32 + 120 + 4 } } },
	{ "section over the end", "a section goes beyond the end of the file",
	  .patch = { { TABLE(DATA, size), 1 << 20 } } },
	{ "section almost over all numbers", "a section goes beyond the end of the file",
	  .patch = { { TABLE(PROTOS, size), U32_MAX - 100 } } },
	{ "part of a record", "a section has a part of a record",
	  .patch = { { TABLE(PROTOS, size), 60 } } },
	{ "no names", "there are no names, or more than may be", .grow = NFIM_SECT_PROTOS,
	  .by = -64, .at = { WORD(PROTOS, 0), 1 } },
	{ "too many names", "there are no names, or more than may be", .grow = NFIM_SECT_PROTOS,
	  .by = 254 * 32, .at = { WORD(PROTOS, 0), 1 } },
	{ "too many rules", "there are more rules than may be", .grow = NFIM_SECT_RULES,
	  .by = 65532 * sizeof(struct nfim_rule), .at = { WORD(RULES, 0), 1 } },
	{ "no roots", "the index has no roots, or is larger than may be", .grow = NFIM_SECT_NODES,
	  .by = -4 * 16, .at = { WORD(NODES, 0), 1 } },
	{ "too many nodes", "the index has no roots, or is larger than may be",
	  .grow = NFIM_SECT_NODES, .by = NFIM_NODE_MAX * 16, .at = { WORD(NODES, 0), 1 } },
	{ "no data", "the last byte is not NUL", .grow = NFIM_SECT_DATA, .by = -92,
	  .at = { WORD(DATA, 0), 1 } },
	{ "more data than the file", "the last section ends before the file",
	  .patch = { { TABLE(DATA, size), 0 } }, .at = { WORD(DATA, 0), 1 } },
};

#define PROTO(i, field)	IN(PROTOS, nfim_proto, i, field)

static const struct bad_pack protos[] = {
	{ "name outside", "a name is not of a-z, 0-9 and -",
	  .patch = { { PROTO(0, name), 1 << 20 } } },
	{ "name in capitals", "a name is not of a-z, 0-9 and -",
	  .patch = { { PROTO(0, name), D_BADNAME } } },
	{ "empty name", "a name is not of a-z, 0-9 and -", .patch = { { PROTO(0, name), D_EMPTY } } },
	{ "dash in front", "a name is not of a-z, 0-9 and -", .patch = { { PROTO(0, name), D_DASH } } },
	{ "name of 32", "a name is not of a-z, 0-9 and -", .patch = { { PROTO(0, name), D_LONG } } },
	{ "id 0", "ids are not ascending from 1 to 255", "alpha", { { PROTO(0, id), 0 } } },
	{ "id 256", "ids are not ascending from 1 to 255", "beta", { { PROTO(1, id), 256 } } },
	{ "same id", "ids are not ascending from 1 to 255", "beta", { { PROTO(1, id), 3 } } },
	{ "title with a tab", "a title is missing or has control characters", "beta",
	  { { PROTO(1, title), D_CONTROL } } },
	{ "no title", "a title is missing or has control characters", "beta",
	  { { PROTO(1, title), D_EMPTY } } },
	{ "category", "the category is unknown", "alpha",
	  { { PROTO(0, category), NFIM_CATEGORIES } } },
	{ "actions", "an action is unknown", "alpha",
	  { { PROTO(0, actions), 1 << NFIM_ACTIONS } } },
	{ "label too low", "the label is out of range", "alpha",
	  { { PROTO(0, label), NFIM_LABEL_MIN - 1 } } },
	{ "label too high", "the label is out of range", "alpha",
	  { { PROTO(0, label), NFIM_LABEL_MAX } } },
	{ "same label", "the label has another name already", "beta", { { PROTO(1, label), 20 } } },
	{ "frames without a place", "frames without a place", "beta",
	  { { PROTO(1, n_frames), 1 } } },
	{ "nine frames", "there are more frames than may be", "alpha",
	  { { PROTO(0, n_frames), NFIM_FRAMES_MAX + 1 } } },
	{ "frames outside", "frames are outside their section", "alpha",
	  { { PROTO(0, frames), 3 } } },
	{ "frames far outside", "frames are outside their section", "alpha",
	  { { PROTO(0, frames), U32_MAX } } },
	{ "a place without frames", "frames are outside their section", "alpha",
	  { { PROTO(0, n_frames), 0 } }, .at = { PROTO(0, frames), 1 } },
	{ "frames of another", "frames belong to another protocol", "beta",
	  { { PROTO(1, frames), 1 }, { PROTO(1, n_frames), 1 } } },
};

#define RULE(i, field)	IN(RULES, nfim_rule, i, field)
#define FRAMES(i, field) IN(FRAMES, nfim_frames, i, field)

#define SCAN_ALL	NFIM_INSN(NFIM_OP_SCAN, 1, NFIM_SCAN_MAX)

static const struct bad_pack rules[] = {
	{ "empty range", "a range is empty or has step 0",
	  .patch = { { IN(RANGES, nfim_range, 1, lo), 5 } } },
	{ "step 0", "a range is empty or has step 0",
	  .patch = { { IN(RANGES, nfim_range, 1, step), 0 } },
	  .at = { IN(RANGES, nfim_range, 1, lo), 1 } },
	{ "empty entry", "an entry of a map is empty",
	  .patch = { { IN(MAPS, nfim_map, 0, lo), 3 } } },
	{ "no action", "a map has an unknown action or none",
	  .patch = { { IN(MAPS, nfim_map, 1, value), 0 } } },
	{ "unknown action", "a map has an unknown action or none",
	  .patch = { { IN(MAPS, nfim_map, 1, value), 1 << NFIM_ACTIONS } } },
	{ "first table is 1", "maps are not numbered in order",
	  .patch = { { IN(MAPS, nfim_map, 0, table), 1 } } },
	{ "table is left out", "maps are not numbered in order",
	  .patch = { { IN(MAPS, nfim_map, 2, table), 2 } } },
	{ "entries overlap", "a map is not sorted or overlaps",
	  .patch = { { IN(MAPS, nfim_map, 1, lo), 2 } } },
	{ "rule's name", "a name is not of a-z, 0-9 and -",
	  .patch = { { RULE(1, name), D_BADNAME } } },
	{ "rule's protocol", "the rule's protocol does not exist", "udp", { { RULE(1, proto), 4 } } },
	{ "rule's protocol, 0", "the rule's protocol does not exist", "udp",
	  { { RULE(1, proto), 0 } } },
	{ "rule's root", "the rule's index is unknown", "udp", { { RULE(1, root), NFIM_ROOTS } } },
	{ "rule without direction", "the rule has no direction or an unknown one", "tcp",
	  { { RULE(0, dirs), 0 } } },
	{ "rule's direction", "the rule has no direction or an unknown one", "tcp",
	  { { RULE(0, dirs), 4 } } },
	{ "evidence", "the rule's evidence is too weak", "tcp",
	  { { RULE(0, evidence), NFIM_EVIDENCE_MIN - 1 } } },
	{ "evidence in mid-stream", "the rule's evidence is too weak", "mid",
	  { { RULE(2, evidence), NFIM_EVIDENCE_MID_MIN - 1 } } },
	{ "need", "the rule needs more bytes than may be", "mid",
	  { { RULE(2, need), NFIM_NEED_MAX + 1 } } },
	{ "rule's actions", "an action is unknown", "mid",
	  { { RULE(2, actions), 1 << NFIM_ACTIONS } } },
	{ "half in mid-stream", "only first bytes and datagrams make a pair", "mid",
	  { { RULE(2, half), 2 } } },
	{ "half of pair 0", "halves of pairs are not numbered in order", "tcp",
	  { { RULE(0, half), 1 } } },
	{ "second half first", "halves of pairs are not numbered in order", "tcp",
	  { { RULE(0, half), 3 } } },
	{ "far pair", "halves of pairs are not numbered in order", "tcp",
	  { { RULE(0, half), U32_MAX } } },
	{ "next pair without a second half", "halves of pairs are not numbered in order", "udp",
	  { { RULE(1, half), 4 }, { RULE(0, half), 2 } } },
	{ "no second half", "a pair has no second half", "tcp", { { RULE(0, half), 2 } } },
	{ "second half of another protocol", "the halves of a pair do not belong together", "udp",
	  { { RULE(1, half), 3 }, { RULE(0, half), 2 } }, .at = { RULE(1, proto), 1 } },
	{ "second half of another l4", "the halves of a pair do not belong together", "udp",
	  { { RULE(1, half), 3 }, { RULE(0, half), 2 }, { RULE(1, proto), 3 } },
	  .at = { RULE(1, proto), 1 } },
	{ "second half has other evidence", "the halves of a pair do not belong together", "udp",
	  { { RULE(1, half), 3 }, { RULE(0, half), 2 }, { RULE(1, proto), 3 },
	    { RULE(1, root), NFIM_ROOT_TCP }, { RULE(1, evidence), NFIM_EVIDENCE_MIN } },
	  .at = { RULE(1, proto), 1 } },
	{ "second half does something else", "the halves of a pair do not belong together", "udp",
	  { { RULE(1, half), 3 }, { RULE(0, half), 2 }, { RULE(1, proto), 3 },
	    { RULE(1, root), NFIM_ROOT_TCP }, { RULE(1, actions), 1 } },
	  .at = { RULE(1, proto), 1 } },
	{ "a rule between the halves", "the rules of a pair do not stand together", "mid",
	  { { RULE(2, half), 3 }, { RULE(0, half), 2 }, { RULE(2, proto), 3 },
	    { RULE(2, root), NFIM_ROOT_TCP } },
	  .at = { RULE(2, proto), 1 } },
	{ "both halves of the client", "the halves of a pair are of the same direction", "udp",
	  { { RULE(1, half), 3 }, { RULE(0, half), 2 }, { RULE(1, proto), 3 },
	    { RULE(1, root), NFIM_ROOT_TCP }, { RULE(0, dirs), 1 }, { RULE(1, dirs), 1 } },
	  .at = { RULE(1, dirs), 1 } },
	{ "half of any, half of the server", "the halves of a pair are of the same direction", "udp",
	  { { RULE(1, half), 3 }, { RULE(0, half), 2 }, { RULE(1, proto), 3 },
	    { RULE(1, root), NFIM_ROOT_TCP }, { RULE(1, dirs), 2 } },
	  .at = { RULE(1, dirs), 1 } },
	{ "two choices of one half", "the halves of a pair are of the same direction", "udp",
	  { { RULE(1, half), 2 }, { RULE(0, half), 2 }, { RULE(1, proto), 3 },
	    { RULE(1, root), NFIM_ROOT_TCP }, { RULE(1, dirs), 2 } },
	  .at = { RULE(1, dirs), 1 } },
	{ "runs off its end", "a program can run off its end", "tcp",
	  { { WORD(CODE, 4 * 2), NFIM_OP_LD8 } } },
	{ "too much work", "a program may take too much work", "tcp",
	  { { RULE(0, code), 0 }, { WORD(CODE, 0), SCAN_ALL }, { WORD(CODE, 2), SCAN_ALL },
	    { WORD(CODE, 4), SCAN_ALL }, { WORD(CODE, 6), SCAN_ALL }, { WORD(CODE, 5), D_TEXT } } },
	{ "code out of order", "programs are not in the order of their owners", "udp",
	  { { RULE(1, code), 6 } } },
	{ "frames' code out of order", "programs are not in the order of their owners", "alpha",
	  { { FRAMES(0, code), 15 } } },
	{ "empty program", "a program is empty, too long, or outside its section", "udp",
	  { { RULE(1, n_code), 0 } }, .at = { RULE(1, code), 1 } },
	{ "program over the end", "a program is empty, too long, or outside its section", "alpha",
	  { { FRAMES(1, n_code), 7 } }, .at = { FRAMES(1, code), 1 } },
	{ "frames of nobody", "the frames' protocol does not exist", NULL,
	  { { FRAMES(1, proto), 99 }, { PROTO(0, n_frames), 1 } } },
	{ "frames that are not named", "the frames' protocol does not know of them", "alpha",
	  { { PROTO(0, n_frames), 1 } }, .at = { FRAMES(1, proto), 1 } },
	{ "frames' l4", "the frames are neither TCP nor UDP", "alpha", { { FRAMES(1, l4), 1 } } },
	{ "frames without direction", "the frames have no direction or an unknown one", "alpha",
	  { { FRAMES(0, dirs), 0 } } },
	{ "frames' direction", "the frames have no direction or an unknown one", "alpha",
	  { { FRAMES(0, dirs), 4 } } },
	{ "code behind", "there is code behind the last program", .grow = NFIM_SECT_CODE, .by = 8,
	  .at = { WORD(CODE, 26 * 2), 1 } },
};

#define NODE(i, field)	IN(NODES, nfim_node, i, field)
#define SHAPE(n, depth, root) NFIM_NODE_SHAPE(n, depth, root)

static const struct bad_pack index_cases[] = {
	{ "unknown root", "a node has no root or is too deep",
	  .patch = { { NODE(6, shape), SHAPE(0, 2, NFIM_ROOTS) }, { WORD(EDGES, 2 + 'x'), 0 } } },
	{ "too deep", "a node has no root or is too deep",
	  .patch = { { NODE(6, shape), SHAPE(0, NFIM_PREFIX_MAX + 1, 0) },
		     { WORD(EDGES, 2 + 'x'), 0 } } },
	{ "roots mixed up", "a root is out of place",
	  .patch = { { NODE(1, shape), SHAPE(0, 0, 0) } } },
	{ "root below", "a root is out of place", .patch = { { NODE(2, shape), SHAPE(0, 1, 2) } } },
	{ "rules out of order", "rules are not in the order of their nodes",
	  .patch = { { NODE(2, rules), 0 } } },
	{ "too many rules at a node", "a node has too many rules",
	  .patch = { { NODE(6, n_rules), NFIM_NODE_RULES_MAX + 1 } } },
	{ "rules over the end", "a node has too many rules",
	  .patch = { { NODE(6, n_rules), 2 } } },
	{ "no such rule", "a rule in the index is of another root or none",
	  .patch = { { WORD(NODE_RULES, 0), 3 } } },
	{ "rule of another root", "a rule in the index is of another root or none",
	  .patch = { { WORD(NODE_RULES, 0), 0 } } },
	{ "edges out of order", "edges are not in the order of their nodes",
	  .patch = { { NODE(4, edges), 0 } } },
	{ "nine edges", "a node has a wrong number of edges",
	  .patch = { { NODE(4, shape), SHAPE(9, 1, 0) } } },
	{ "edges over the end", "a node has a wrong number of edges",
	  .patch = { { NODE(6, shape), SHAPE(1, 2, 0) } } },
	{ "edges not sorted", "edges are not sorted",
	  .patch = { { WORD(EDGES, 1), (u32)'A' << 24 | 5 } } },
	{ "edge to itself", "an edge leads back or out of the index",
	  .patch = { { WORD(EDGES, 0), (u32)'A' << 24 | 0 } } },
	{ "edge back", "an edge leads back or out of the index",
	  .patch = { { WORD(EDGES, 2 + 'x'), 2 } } },
	{ "edge out", "an edge leads back or out of the index",
	  .patch = { { WORD(EDGES, 1), (u32)'B' << 24 | 7 } } },
	{ "edge out of a dense node", "an edge leads back or out of the index",
	  .patch = { { WORD(EDGES, 2 + 'y'), U32_MAX } } },
	{ "edge skips a level", "an edge leads to another root or a wrong depth",
	  .patch = { { WORD(EDGES, 1), (u32)'B' << 24 | 6 } } },
	{ "edge to another root", "an edge leads to another root or a wrong depth",
	  .patch = { { WORD(EDGES, 1), (u32)'B' << 24 | 1 } } },
	{ "edges behind", "there are edges behind the last node", .grow = NFIM_SECT_EDGES, .by = 4,
	  .at = { WORD(EDGES, 258), 1 } },
	{ "rules behind", "there are rules behind the last node", .grow = NFIM_SECT_NODE_RULES,
	  .by = 4, .at = { WORD(NODE_RULES, 4), 1 } },
};

static size_t place(const u8 *file, const struct patch *p)
{
	return p->off + (p->sect ? packmk_sect(file, p->sect) : 0);
}

/* The file with a section of another size, and all behind it moved. */
static u8 *resize(u8 *file, size_t *len, u32 sect, s32 by)
{
	size_t from = packmk_sect(file, sect), end = sect + 1 == NFIM_SECTS ? *len :
		      packmk_sect(file, sect + 1);
	size_t cut = by < 0 ? end + by : end;
	u8 *bigger = calloc(1, *len + by);
	u32 i;

	case_ok("the test's own resize is right", cut >= from);
	memcpy(bigger, file, cut);
	memcpy(bigger + end + by, file + end, *len - end);
	for (i = sect; i < NFIM_SECTS; i++) {
		size_t at = sizeof(struct nfim_pack_hdr) + (i - 1) * sizeof(struct nfim_sect);
		size_t word = at + (i == sect ? 8 : 4);

		packmk_put(bigger, word, packmk_get(bigger, word) + (u32)by);
	}
	*len += by;
	free(file);
	return bigger;
}

static void check_bad(const char *what, const struct bad_pack *bad)
{
	struct nfim_pack_err err;
	size_t len, at;
	u32 i;
	u8 *file = good_pack(&len);

	case_begin("%s: %s", what, bad->name);
	if (bad->grow)
		file = resize(file, &len, bad->grow, bad->by);
	at = place(file, bad->at.value ? &bad->at : &bad->patch[0]);
	for (i = 0; i < PATCHES && (bad->patch[i].sect || bad->patch[i].off || !i); i++)
		if (!bad->grow)
			packmk_put(file, place(file, &bad->patch[i]), bad->patch[i].value);
	packmk_seal(file, len);
	case_eq("return value", (u32)packmk_try(file, len, &err), (u32)-EINVAL);
	case_str("reason", err.what, bad->what);
	case_str("about", err.name, bad->about ? bad->about : "");
	case_eq("offset", err.off, at);
	sentence_seen(err.what);
	free(file);
}

static void check_all(const char *what, const struct bad_pack *bad, size_t n)
{
	while (n--)
		check_bad(what, bad++);
}

TEST(test_good)
{
	struct nfim_pack_err err;
	size_t len;
	u8 *file = good_pack(&len);

	case_begin("the pack that is broken below is right");
	if (packmk_try(file, len, &err))
		case_fail("it is refused: %s at %u \"%s\"", err.what, err.off, err.name);
	free(file);
}

TEST(test_headers)
{
	check_all("header", headers, ARRAY_SIZE(headers));
}

TEST(test_protos)
{
	check_all("names", protos, ARRAY_SIZE(protos));
}

TEST(test_rules)
{
	check_all("rules", rules, ARRAY_SIZE(rules));
}

TEST(test_index)
{
	check_all("index", index_cases, ARRAY_SIZE(index_cases));
}

/* Refusals that have to do with the file as a whole. */
TEST(test_file)
{
	const size_t too_large = NFIM_PACK_SIZE_MAX + 4;
	struct nfim_pack_err err;
	struct nfim_pack pack;
	size_t len;
	u8 *file = good_pack(&len), *large = calloc(1, too_large);

	case_begin("checksum");
	file[len - 1] ^= 1;
	case_ok("refused", packmk_try(file, len, &err));
	case_str("reason", err.what, "the checksum is wrong: the pack is damaged");
	case_eq("offset", err.off, offsetof(struct nfim_pack_hdr, crc));
	sentence_seen(err.what);
	case_begin("last byte");
	packmk_seal(file, len);
	case_ok("refused", packmk_try(file, len, &err));
	case_str("reason", err.what, "the last byte is not NUL");
	sentence_seen(err.what);
	file[len - 1] ^= 1;
	case_begin("size");
	packmk_put(file, offsetof(struct nfim_pack_hdr, size), (u32)len - 4);
	case_ok("refused", packmk_try(file, len, &err));
	case_eq("offset", err.off, offsetof(struct nfim_pack_hdr, size));
	sentence_seen(err.what);
	case_begin("too short");
	case_ok("refused", packmk_try(file, 151, &err));
	case_str("reason", err.what, "the file is too short for a pack");
	sentence_seen(err.what);
	case_begin("too large");
	memcpy(large, file, len);
	case_ok("refused", packmk_try(large, too_large, &err));
	case_str("reason", err.what, "the file is larger than a pack may be");
	sentence_seen(err.what);
	case_begin("not aligned");
	case_ok("refused", nfim_pack_open(&pack, large + 2, len, &err));
	sentence_seen(err.what);
	free(large);
	free(file);
}

/* Names may stand once; every other one of two packs' names is new. */
TEST(test_same_name)
{
	struct packmk *mk = calloc(1, sizeof(*mk));
	struct nfim_pack_err err;
	size_t len;
	u8 *file;

	packmk_proto(mk, 3, "alpha", NFIM_LABEL_NONE, 0, 0);
	packmk_proto(mk, 4, "alphabet", NFIM_LABEL_NONE, 0, 0);
	packmk_proto(mk, 5, "alpha", NFIM_LABEL_NONE, 0, 0);
	packmk_roots(mk);
	file = packmk_build(mk, &len);
	free(mk);
	case_begin("a name twice");
	case_ok("refused", packmk_try(file, len, &err));
	case_str("reason", err.what, "the name stands twice");
	case_eq("offset", err.off, packmk_sect(file, NFIM_SECT_PROTOS) + 2 * 32 +
		offsetof(struct nfim_proto, name));
	sentence_seen(err.what);
	free(file);
}

/* Every sentence of pack.c came in a case above: a new rule needs a new case. */
TEST(test_every_sentence)
{
	sentences_check("pack.c", 50);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_file),
		cmocka_unit_test(test_headers),
		cmocka_unit_test(test_protos),
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_index),
		cmocka_unit_test(test_same_name),
		cmocka_unit_test(test_every_sentence),
	};
	int failed = cmocka_run_group_tests_name("verify", tests, NULL, NULL);

	printf("# %lu cases\n", case_count());
	return failed;
}
