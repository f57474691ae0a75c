// SPDX-License-Identifier: GPL-2.0-only
/*
 * Opening a signature pack: everything that the interpreter and the dispatcher
 * rely on is verified here, once, so that code running on packets need not.
 *
 * One pass over each section. What records own (programs, edges, lists of rules)
 * lies in the order of its owners without gaps, so that no word is looked at
 * twice whatever the file says, and the time is bounded by its size.
 */
#include "pack.h"
#include "pack_impl.h"
#include "run.h"
#include "names.h"

/* State of nfim_pack_open(): how much of the owned sections was given out so far. */
struct opening {
	struct nfim_pack *pack;
	struct nfim_pack_err *err;
	u32 code;
	u32 edges;
	u32 node_rules;
	const struct nfim_rule *half;	/* of the last rule that is one, or NULL */
};

static const u8 rec_size[NFIM_SECTS] = {
	[NFIM_SECT_PROTOS]	= sizeof(struct nfim_proto),
	[NFIM_SECT_RULES]	= sizeof(struct nfim_rule),
	[NFIM_SECT_FRAMES]	= sizeof(struct nfim_frames),
	[NFIM_SECT_CODE]	= sizeof(struct nfim_insn),
	[NFIM_SECT_RANGES]	= sizeof(struct nfim_range),
	[NFIM_SECT_MAPS]	= sizeof(struct nfim_map),
	[NFIM_SECT_NODES]	= sizeof(struct nfim_node),
	[NFIM_SECT_EDGES]	= sizeof(u32),
	[NFIM_SECT_NODE_RULES]	= sizeof(u32),
	[NFIM_SECT_NAMES]	= sizeof(struct nfim_hostname),
	[NFIM_SECT_BUCKETS]	= sizeof(u32),
	[NFIM_SECT_DATA]	= sizeof(u32),
};

u32 nfim_crc32(u32 crc, const u8 *p, size_t len)
{
	/* Remainders of the 16 values of a nibble by the reversed polynomial 0xedb88320. */
	static const u32 nibble[16] = {
		0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac,
		0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
		0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
		0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
	};
	size_t i;

	crc = ~crc;
	for (i = 0; i < len; i++) {
		crc ^= p[i];
		crc = crc >> 4 ^ nibble[crc & 15];
		crc = crc >> 4 ^ nibble[crc & 15];
	}
	return ~crc;
}

/*
 * Little endian words to the host's order, in place. A little endian host must
 * not even write the same values back: the pack may be in read-only memory.
 */
static void words_to_host(void *words, u32 n)
{
	const u32 one = 1;
	u32 *w = words;
	u32 i;

	if (*(const u8 *)&one)
		return;
	for (i = 0; i < n; i++)
		w[i] = nfim_le32((const u8 *)&w[i]);
}

static int refuse(const struct opening *o, const void *at, const char *what)
{
	o->err->what = what;
	o->err->off = (u32)((const u8 *)at - (const u8 *)o->pack->hdr);
	return -EINVAL;
}

/* Length of a string in DATA, or 0 if there is none of 1..max bytes. */
static u32 str_len(const struct nfim_pack *pack, u32 off, u32 max)
{
	u32 n;

	for (n = 0; off < pack->data_len && n <= max; n++, off++)
		if (!pack->data[off])
			return n;
	return 0;
}

/* Names go into rules, labels and events: lower case, digits and '-' inside. */
static bool name_ok(const struct nfim_pack *pack, u32 off)
{
	u32 n = str_len(pack, off, NFIM_NAME_MAX);
	const u8 *p = pack->data + off;
	u32 i;

	if (!n || p[0] == '-' || p[n - 1] == '-')
		return false;
	for (i = 0; i < n; i++)
		if (!((p[i] >= 'a' && p[i] <= 'z') || (p[i] >= '0' && p[i] <= '9') || p[i] == '-'))
			return false;
	return true;
}

/* Titles are shown to people: no control characters, whatever their encoding. */
static bool title_ok(const struct nfim_pack *pack, u32 off)
{
	u32 n = str_len(pack, off, NFIM_TITLE_MAX);
	u32 i;

	for (i = 0; i < n; i++)
		if (pack->data[off + i] < ' ' || pack->data[off + i] == 0x7f)
			return false;
	return n;
}

/* Tell whom a refusal is about; @off is the place of a name that was found good. */
static void blame(const struct opening *o, u32 off)
{
	u32 n = str_len(o->pack, off, NFIM_NAME_MAX);

	memcpy(o->err->name, o->pack->data + off, n);
	o->err->name[n] = '\0';
}

static_assert(offsetof(struct nfim_pack_hdr, n_sect) == NFIM_PACK_CRC_FROM, "sum");

static int check_header(const struct opening *o, void *buf, size_t len)
{
	struct nfim_pack_hdr *hdr = buf;
	u32 crc;

	if (len < sizeof(*hdr) + NFIM_SECT_DATA * sizeof(struct nfim_sect))
		return refuse(o, hdr, "the file is too short for a pack");
	if ((unsigned long)buf % sizeof(u32))
		return refuse(o, hdr, "the pack is not aligned in memory");
	if (len > NFIM_PACK_SIZE_MAX)
		return refuse(o, hdr, "the file is larger than a pack may be");
	if (memcmp(hdr->magic, NFIM_PACK_MAGIC, sizeof(hdr->magic)))
		return refuse(o, hdr, "this is no signature pack");
	/* The sum is that of the file, before any word of it is swapped. */
	crc = nfim_crc32(0, (const u8 *)buf + NFIM_PACK_CRC_FROM, len - NFIM_PACK_CRC_FROM);

	words_to_host(&hdr->format, (sizeof(*hdr) - sizeof(hdr->magic)) / sizeof(u32));
	if (hdr->format != NFIM_PACK_FORMAT)
		return refuse(o, &hdr->format, "the pack has a format this engine does not know");
	if (hdr->size != len)
		return refuse(o, &hdr->size, "the pack is cut short or has bytes behind its end");
	if (hdr->crc != crc)
		return refuse(o, &hdr->crc, "the checksum is wrong: the pack is damaged");
	if (hdr->n_sect != NFIM_SECT_DATA)
		return refuse(o, &hdr->n_sect, "the pack has a wrong number of sections");
	if (hdr->reserved)
		return refuse(o, &hdr->reserved, "a reserved word is not 0");
	return 0;
}

static void set_sect(struct nfim_pack *pack, u32 type, const void *p, u32 size)
{
	u32 n = size / rec_size[type];

	switch (type) {
	case NFIM_SECT_PROTOS:
		pack->protos = p;
		pack->n_protos = n;
		break;
	case NFIM_SECT_RULES:
		pack->rules = p;
		pack->n_rules = n;
		break;
	case NFIM_SECT_FRAMES:
		pack->frames = p;
		pack->n_frames = n;
		break;
	case NFIM_SECT_CODE:
		pack->code = p;
		pack->n_code = n;
		break;
	case NFIM_SECT_RANGES:
		pack->ranges = p;
		pack->n_ranges = n;
		break;
	case NFIM_SECT_MAPS:
		pack->maps = p;
		pack->n_maps = n;
		break;
	case NFIM_SECT_NODES:
		pack->nodes = p;
		pack->n_nodes = n;
		break;
	case NFIM_SECT_EDGES:
		pack->edges = p;
		pack->n_edges = n;
		break;
	case NFIM_SECT_NODE_RULES:
		pack->node_rules = p;
		pack->n_node_rules = n;
		break;
	case NFIM_SECT_NAMES:
		pack->names = p;
		pack->n_names = n;
		break;
	case NFIM_SECT_BUCKETS:
		pack->buckets = p;
		pack->n_buckets = n;
		break;
	default: /* NFIM_SECT_DATA */
		pack->data = p;
		pack->data_len = size;
		break;
	}
}

static int check_sections(const struct opening *o, u8 *buf, u32 len)
{
	struct nfim_sect *sect = (struct nfim_sect *)(buf + sizeof(struct nfim_pack_hdr));
	u32 off = sizeof(struct nfim_pack_hdr) + NFIM_SECT_DATA * sizeof(*sect);
	u32 type;

	words_to_host(sect, NFIM_SECT_DATA * sizeof(*sect) / sizeof(u32));
	for (type = NFIM_SECT_PROTOS; type < NFIM_SECTS; type++, sect++) {
		if (sect->type != type)
			return refuse(o, &sect->type, "a section is missing or out of order");
		if (sect->off != off)
			return refuse(o, &sect->off, "a section does not begin where one ends");
		if (sect->size > len - off)
			return refuse(o, &sect->size, "a section goes beyond the end of the file");
		if (sect->size % rec_size[type])
			return refuse(o, &sect->size, "a section has a part of a record");
		if (type != NFIM_SECT_DATA)
			words_to_host(buf + off, sect->size / sizeof(u32));
		set_sect(o->pack, type, buf + off, sect->size);
		off += sect->size;
	}
	if (off != len)
		return refuse(o, buf + off, "the last section ends before the file");
	return 0;
}

static int check_limits(const struct opening *o)
{
	const struct nfim_pack *pack = o->pack;

	if (!pack->n_protos || pack->n_protos >= NFIM_PROTO_MAX)
		return refuse(o, pack->protos, "there are no names, or more than may be");
	if (pack->n_rules > NFIM_RULE_MAX)
		return refuse(o, pack->rules, "there are more rules than may be");
	if (pack->n_nodes < NFIM_ROOTS || pack->n_nodes > NFIM_NODE_MAX)
		return refuse(o, pack->nodes, "the index has no roots, or is larger than may be");
	/* With this no string runs off the end. */
	if (!pack->data_len || pack->data[pack->data_len - 1])
		return refuse(o, pack->data, "the last byte is not NUL");
	return 0;
}

static int check_proto_frames(const struct opening *o, const struct nfim_proto *proto)
{
	const struct nfim_pack *pack = o->pack;
	u32 i;

	if (!proto->frames)
		return proto->n_frames ? refuse(o, &proto->n_frames, "frames without a place") : 0;
	if (proto->n_frames > NFIM_FRAMES_MAX)
		return refuse(o, &proto->n_frames, "there are more frames than may be");
	if (!proto->n_frames || !nfim_slice_ok(proto->frames - 1, proto->n_frames, pack->n_frames))
		return refuse(o, &proto->frames, "frames are outside their section");
	for (i = 0; i < proto->n_frames; i++)
		if (pack->frames[proto->frames - 1 + i].proto != proto->id)
			return refuse(o, &proto->frames, "frames belong to another protocol");
	return 0;
}

static bool same_str(const struct nfim_pack *pack, u32 a, u32 b)
{
	const u8 *p = pack->data + a;
	const u8 *q = pack->data + b;

	for (; *p == *q; p++, q++)
		if (!*p)
			return true;
	return false;
}

static int check_proto(const struct opening *o, u32 i)
{
	struct nfim_pack *pack = o->pack;
	const struct nfim_proto *proto = &pack->protos[i];
	u32 k;

	if (!name_ok(pack, proto->name))
		return refuse(o, &proto->name, "a name is not of a-z, 0-9 and -");
	blame(o, proto->name);
	if (!proto->id || proto->id >= NFIM_PROTO_MAX || (i && proto->id <= proto[-1].id))
		return refuse(o, &proto->id, "ids are not ascending from 1 to 255");
	if (!title_ok(pack, proto->title))
		return refuse(o, &proto->title, "a title is missing or has control characters");
	if (proto->category >= NFIM_CATEGORIES)
		return refuse(o, &proto->category, "the category is unknown");
	if (proto->actions >> NFIM_ACTIONS)
		return refuse(o, &proto->actions, "an action is unknown");
	if (proto->label != NFIM_LABEL_NONE) {
		if (proto->label < NFIM_LABEL_MIN || proto->label >= NFIM_LABEL_MAX)
			return refuse(o, &proto->label, "the label is out of range");
		if (pack->by_label[proto->label])
			return refuse(o, &proto->label, "the label has another name already");
		pack->by_label[proto->label] = proto->id;
	}
	for (k = 0; k < i; k++)
		if (same_str(pack, proto->name, pack->protos[k].name))
			return refuse(o, &proto->name, "the name stands twice");
	pack->by_id[proto->id] = i + 1;
	return check_proto_frames(o, proto);
}

static int check_protos(const struct opening *o)
{
	u32 i;

	for (i = 0; i < o->pack->n_protos; i++) {
		int ret = check_proto(o, i);

		if (ret)
			return ret;
	}
	return 0;
}

static int check_ranges(const struct opening *o)
{
	u32 i;

	for (i = 0; i < o->pack->n_ranges; i++) {
		const struct nfim_range *r = &o->pack->ranges[i];

		if (r->lo > r->hi || !r->step)
			return refuse(o, r, "a range is empty or has step 0");
	}
	return 0;
}

static int check_maps(const struct opening *o)
{
	u32 table = 0;
	u32 i;

	for (i = 0; i < o->pack->n_maps; i++) {
		const struct nfim_map *m = &o->pack->maps[i];

		if (m->lo > m->hi)
			return refuse(o, m, "an entry of a map is empty");
		if (!(m->value & NFIM_ACTIONS_MASK) ||
		    m->value & ~(NFIM_ACTIONS_MASK | NFIM_ACTION_OFFER))
			return refuse(o, &m->value, "a map has an unknown action or none");
		if (m->table == table + 1 && i)
			table++;
		else if (m->table != table)
			return refuse(o, &m->table, "maps are not numbered in order");
		else if (i && m->lo <= m[-1].hi)
			return refuse(o, &m->lo, "a map is not sorted or overlaps");
	}
	return 0;
}

static int check_prog(struct opening *o, const u32 *code, struct nfim_prog *prog)
{
	const struct nfim_pack *pack = o->pack;
	u32 i;

	if (*code != o->code)
		return refuse(o, code, "programs are not in the order of their owners");
	if (!prog->n || prog->n > NFIM_PROG_MAX || !nfim_slice_ok(*code, prog->n, pack->n_code))
		return refuse(o, code, "a program is empty, too long, or outside its section");
	prog->insn = pack->code + *code;
	for (i = 0; i < prog->n; i++) {
		const char *bad = nfim_check_insn(pack, prog, i);

		if (bad)
			return refuse(o, &prog->insn[i], bad);
	}
	if (NFIM_INSN_OP(&prog->insn[prog->n - 1]) > NFIM_OP_YES)
		return refuse(o, &prog->insn[prog->n - 1], "a program can run off its end");
	if (nfim_prog_cost(prog->insn, prog->n) > NFIM_COST_MAX)
		return refuse(o, code, "a program may take too much work");
	o->code += prog->n;
	return 0;
}

/* Is the half of a pair what the rules before ask for? Then they do not ask for it any more. */
static int check_half(struct opening *o, const struct nfim_rule *rule)
{
	const struct nfim_rule *last = o->half;
	u32 was = last ? last->half : 1, dirs;

	if (!rule->half)
		return 0;
	if (rule->root != NFIM_ROOT_TCP && rule->root != NFIM_ROOT_UDP)
		return refuse(o, &rule->half, "only first bytes and datagrams make a pair");
	if (rule->half < 2 || (rule->half != was && rule->half != was + 1) ||
	    rule->half / 2 > NFIM_PAIRS_MAX)
		return refuse(o, &rule->half, "halves of pairs are not numbered in order");
	o->half = rule;
	if (rule->half / 2 != was / 2)
		return 0;
	if (rule->proto != last->proto || rule->root != last->root ||
	    rule->evidence != last->evidence || rule->actions != last->actions)
		return refuse(o, rule, "the halves of a pair do not belong together");
	if (rule != last + 1)
		return refuse(o, rule, "the rules of a pair do not stand together");
	dirs = last->dirs;
	if (rule->half != was && dirs != NFIM_DIR_ANY)
		dirs ^= NFIM_DIR_ANY;
	if (rule->dirs != dirs)
		return refuse(o, &rule->dirs, "the halves of a pair are of the same direction");
	return 0;
}

static int check_rule(struct opening *o, const struct nfim_rule *rule)
{
	struct nfim_prog prog = { .n = rule->n_code };
	u32 least = NFIM_EVIDENCE_MIN;
	int ret;

	if (!name_ok(o->pack, rule->name))
		return refuse(o, &rule->name, "a name is not of a-z, 0-9 and -");
	blame(o, rule->name);
	if (!nfim_pack_proto(o->pack, rule->proto))
		return refuse(o, &rule->proto, "the rule's protocol does not exist");
	if (rule->root >= NFIM_ROOTS)
		return refuse(o, &rule->root, "the rule's index is unknown");
	if (!rule->dirs || rule->dirs > NFIM_DIR_ANY)
		return refuse(o, &rule->dirs, "the rule has no direction or an unknown one");
	if (rule->root == NFIM_ROOT_TCP_MID || rule->root == NFIM_ROOT_HTTP)
		least = NFIM_EVIDENCE_MID_MIN;
	if (rule->evidence < least)
		return refuse(o, &rule->evidence, "the rule's evidence is too weak");
	if (rule->need > NFIM_NEED_MAX)
		return refuse(o, &rule->need, "the rule needs more bytes than may be");
	if (rule->actions >> NFIM_ACTIONS)
		return refuse(o, &rule->actions, "an action is unknown");
	prog.udp = rule->root == NFIM_ROOT_UDP;
	prog.http = rule->root == NFIM_ROOT_HTTP;
	prog.half = rule->half;
	ret = check_half(o, rule);
	if (ret)
		return ret;
	return check_prog(o, &rule->code, &prog);
}

static int check_frames(struct opening *o, const struct nfim_frames *frames)
{
	const struct nfim_proto *proto = nfim_pack_proto(o->pack, frames->proto);
	struct nfim_prog prog = { .n = frames->n_code, .frames = true };
	u32 at = (u32)(frames - o->pack->frames);

	o->err->name[0] = '\0';
	if (!proto)
		return refuse(o, &frames->proto, "the frames' protocol does not exist");
	blame(o, proto->name);
	if (at < proto->frames - 1 || at - (proto->frames - 1) >= proto->n_frames)
		return refuse(o, frames, "the frames' protocol does not know of them");
	if (frames->l4 != NFIM_L4_TCP && frames->l4 != NFIM_L4_UDP)
		return refuse(o, &frames->l4, "the frames are neither TCP nor UDP");
	if (!frames->dirs || frames->dirs > NFIM_DIR_ANY)
		return refuse(o, &frames->dirs, "the frames have no direction or an unknown one");
	prog.udp = frames->l4 == NFIM_L4_UDP;
	return check_prog(o, &frames->code, &prog);
}

static int check_programs(struct opening *o)
{
	const struct nfim_pack *pack = o->pack;
	int ret = 0;
	u32 i;

	for (i = 0; !ret && i < pack->n_rules; i++) {
		o->err->name[0] = '\0';
		ret = check_rule(o, &pack->rules[i]);
	}
	if (!ret && o->half && !(o->half->half & 1)) {
		blame(o, o->half->name);
		return refuse(o, &o->half->half, "a pair has no second half");
	}
	for (i = 0; !ret && i < pack->n_frames; i++)
		ret = check_frames(o, &pack->frames[i]);
	if (ret)
		return ret;
	o->err->name[0] = '\0';
	if (o->code != pack->n_code)
		return refuse(o, pack->code + o->code, "there is code behind the last program");
	return 0;
}

static int check_child(const struct opening *o, u32 i, const u32 *word, u32 child)
{
	const struct nfim_node *node = &o->pack->nodes[i];
	const struct nfim_node *to;

	if (child <= i || child >= o->pack->n_nodes)
		return refuse(o, word, "an edge leads back or out of the index");
	to = &o->pack->nodes[child];
	if (nfim_node_root(to) != nfim_node_root(node) ||
	    nfim_node_depth(to) != nfim_node_depth(node) + 1)
		return refuse(o, word, "an edge leads to another root or a wrong depth");
	return 0;
}

static int check_edges(struct opening *o, u32 i)
{
	const struct nfim_node *node = &o->pack->nodes[i];
	u32 n = nfim_node_n_edges(node);
	const u32 *edge;
	u32 k;

	if (node->edges != o->edges)
		return refuse(o, &node->edges, "edges are not in the order of their nodes");
	if ((n > NFIM_EDGES_MAX && n != NFIM_EDGES_DENSE) ||
	    !nfim_slice_ok(node->edges, n, o->pack->n_edges))
		return refuse(o, &node->shape, "a node has a wrong number of edges");
	edge = o->pack->edges + node->edges;
	for (k = 0; k < n; k++) {
		u32 child = n == NFIM_EDGES_DENSE ? edge[k] : edge[k] & 0xffffff;
		int ret;

		if (n == NFIM_EDGES_DENSE && !child)
			continue;
		if (n != NFIM_EDGES_DENSE && k && edge[k] >> 24 <= edge[k - 1] >> 24)
			return refuse(o, &edge[k], "edges are not sorted");
		ret = check_child(o, i, &edge[k], child);
		if (ret)
			return ret;
	}
	o->edges += n;
	return 0;
}

static int check_node(struct opening *o, u32 i)
{
	const struct nfim_pack *pack = o->pack;
	const struct nfim_node *node = &pack->nodes[i];
	u32 k;

	if (nfim_node_root(node) >= NFIM_ROOTS || nfim_node_depth(node) > NFIM_PREFIX_MAX)
		return refuse(o, &node->shape, "a node has no root or is too deep");
	if (i < NFIM_ROOTS && (nfim_node_root(node) != i || nfim_node_depth(node)))
		return refuse(o, &node->shape, "a root is out of place");
	if (node->rules != o->node_rules)
		return refuse(o, &node->rules, "rules are not in the order of their nodes");
	if (node->n_rules > NFIM_NODE_RULES_MAX ||
	    !nfim_slice_ok(node->rules, node->n_rules, pack->n_node_rules))
		return refuse(o, &node->n_rules, "a node has too many rules");
	for (k = 0; k < node->n_rules; k++) {
		const u32 *rule = &pack->node_rules[node->rules + k];

		if (*rule >= pack->n_rules || pack->rules[*rule].root != nfim_node_root(node))
			return refuse(o, rule, "a rule in the index is of another root or none");
	}
	o->node_rules += node->n_rules;
	return check_edges(o, i);
}

static int check_index(struct opening *o)
{
	const struct nfim_pack *pack = o->pack;
	u32 i;

	for (i = 0; i < pack->n_nodes; i++) {
		int ret = check_node(o, i);

		if (ret)
			return ret;
	}
	if (o->edges != pack->n_edges)
		return refuse(o, pack->edges + o->edges, "there are edges behind the last node");
	if (o->node_rules != pack->n_node_rules)
		return refuse(o, pack->node_rules + o->node_rules,
			      "there are rules behind the last node");
	return 0;
}

/* Which of a rule's fixed bytes? One that is rarer than those which fill numbers. */
static u32 rare_byte(const u8 *p, u32 n)
{
	u32 i;

	for (i = 0; i < n; i++)
		if (p[i] && p[i] != 0xff)
			return i;
	return 0;
}

/* Programs are verified: the last instruction of each is YES or NO. */
static void firsts_add(const struct nfim_pack *pack, struct nfim_firsts *firsts, u32 rule, u64 bit)
{
	const struct nfim_insn *insn = &pack->code[pack->rules[rule].code];
	u32 off, i;
	u8 byte;

	if (NFIM_INSN_OP(insn) == NFIM_OP_NEED)
		insn++;
	off = NFIM_INSN_B(insn);
	i = NFIM_FIRST_OFFS;
	if (NFIM_INSN_OP(insn) == NFIM_OP_BYTES) {
		off += rare_byte(pack->data + insn->w1, NFIM_INSN_A(insn));
		for (i = 0; i < firsts->n_offs; i++)
			if (firsts->off[i] == off)
				break;
	}
	if (i == NFIM_FIRST_OFFS || off > 0xff) {
		firsts->rest |= bit;
		return;
	}
	if (i == firsts->n_offs)
		firsts->off[firsts->n_offs++] = off;
	byte = pack->data[insn->w1 + off - NFIM_INSN_B(insn)];
	firsts->may[byte] |= 1U << i;
	firsts->rules[i] |= bit;
}

static void note_firsts(struct nfim_pack *pack)
{
	const struct nfim_node *at;
	u32 root, i;

	for (root = 0; root < NFIM_ROOTS; root++) {
		at = &pack->nodes[root];
		for (i = 0; i < at->n_rules; i++)
			firsts_add(pack, &pack->firsts[root], pack->node_rules[at->rules + i],
				   1ULL << i);
	}
}

static int check_names(const struct opening *o)
{
	const void *at = NULL;
	const char *bad = nfim_names_check(o->pack, &at);

	return bad ? refuse(o, at, bad) : 0;
}

int nfim_pack_open(struct nfim_pack *pack, void *buf, size_t len,
		   struct nfim_pack_err *err)
{
	struct opening o = { .pack = pack, .err = err };
	int ret;

	memset(pack, 0, sizeof(*pack));
	memset(err, 0, sizeof(*err));
	pack->hdr = buf;

	ret = check_header(&o, buf, len);
	if (!ret)
		ret = check_sections(&o, buf, len);
	if (!ret)
		ret = check_limits(&o);
	if (!ret)
		ret = check_protos(&o);
	err->name[0] = ret ? err->name[0] : '\0';
	if (!ret)
		ret = check_ranges(&o);
	if (!ret)
		ret = check_maps(&o);
	if (!ret)
		ret = check_programs(&o);
	if (!ret)
		ret = check_index(&o);
	if (!ret)
		ret = check_names(&o);
	if (!ret)
		note_firsts(pack);
	return ret;
}
