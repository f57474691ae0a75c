// SPDX-License-Identifier: GPL-2.0-only
/*
 * Verifying one instruction of a pack: its operands lie where they may, so that the
 * interpreter checks only what comes from packets.
 */
#include "pack_impl.h"
#include "run.h"

enum {
	USES_A = 1,
	USES_B = 2,
	USES_W1 = 4,
};

static const u8 op_uses[NFIM_OPS] = {
	[NFIM_OP_NEED]		= USES_W1,
	[NFIM_OP_BYTES]		= USES_A | USES_B | USES_W1,
	[NFIM_OP_BYTESI]	= USES_A | USES_B | USES_W1,
	[NFIM_OP_LD8]		= USES_W1,
	[NFIM_OP_LDBE16]	= USES_W1,
	[NFIM_OP_LDBE24]	= USES_W1,
	[NFIM_OP_LDBE32]	= USES_W1,
	[NFIM_OP_LDLE16]	= USES_W1,
	[NFIM_OP_LDLE32]	= USES_W1,
	[NFIM_OP_AND]		= USES_W1,
	[NFIM_OP_SHR]		= USES_W1,
	[NFIM_OP_ADD]		= USES_W1,
	[NFIM_OP_SUB]		= USES_W1,
	[NFIM_OP_MUL]		= USES_W1,
	[NFIM_OP_SAVE]		= USES_A,
	[NFIM_OP_LOAD]		= USES_A,
	[NFIM_OP_EQ]		= USES_W1,
	[NFIM_OP_EQREG]		= USES_A,
	[NFIM_OP_IN]		= USES_B | USES_W1,
	[NFIM_OP_JNE]		= USES_B | USES_W1,
	[NFIM_OP_JNIN]		= USES_A | USES_B | USES_W1,
	[NFIM_OP_JMP]		= USES_B,
	[NFIM_OP_SKIP]		= USES_W1,
	[NFIM_OP_SCAN]		= USES_A | USES_B | USES_W1,
	[NFIM_OP_SCANI]		= USES_A | USES_B | USES_W1,
	[NFIM_OP_TAIL]		= USES_A | USES_W1,
	[NFIM_OP_HTTP]		= USES_A | USES_B | USES_W1,
	[NFIM_OP_MAP]		= USES_A | USES_B | USES_W1,
	[NFIM_OP_KEY]		= USES_A | USES_B | USES_W1,
	[NFIM_OP_BEGINS]	= USES_A | USES_B | USES_W1,
	[NFIM_OP_SIZE]		= USES_W1,
	[NFIM_OP_LINE]		= USES_W1,
	[NFIM_OP_UNTIL]		= USES_W1,
	[NFIM_OP_HEAD]		= USES_B | USES_W1,
	[NFIM_OP_STANZA]	= USES_B | USES_W1,
	[NFIM_OP_WITHIN]	= USES_W1,
	[NFIM_OP_PAST]		= USES_A | USES_B,
	[NFIM_OP_PICK]		= USES_A | USES_B | USES_W1,
	[NFIM_OP_WORD]		= USES_A | USES_B | USES_W1,
	[NFIM_OP_TLV]		= USES_W1,
	[NFIM_OP_BEHIND]	= USES_A | USES_B | USES_W1,
	[NFIM_OP_OFFER]		= USES_B | USES_W1,
};

static const char *check_literal(const struct nfim_pack *pack, u32 off, u32 len, u32 max)
{
	if (!len || len > max)
		return "a literal has a wrong length";
	if (!nfim_slice_ok(off, len, pack->data_len))
		return "a literal is outside the data";
	return NULL;
}

static const char *check_lower(const struct nfim_pack *pack, const struct nfim_insn *insn,
			       u32 max)
{
	u32 n = NFIM_INSN_A(insn);
	const char *bad = check_literal(pack, insn->w1, n, max);
	u32 i;

	for (i = 0; !bad && i < n; i++)
		if (pack->data[insn->w1 + i] >= 'A' && pack->data[insn->w1 + i] <= 'Z')
			bad = "a caseless literal has upper case letters";
	return bad;
}

static const char *check_scan(const struct nfim_pack *pack, const struct nfim_insn *insn)
{
	if (!NFIM_INSN_B(insn) || NFIM_INSN_B(insn) > NFIM_SCAN_MAX)
		return "it scans nothing or too much";
	if (NFIM_INSN_OP(insn) == NFIM_OP_SCANI)
		return check_lower(pack, insn, NFIM_SCAN_LIT);
	return check_literal(pack, insn->w1, NFIM_INSN_A(insn), NFIM_SCAN_LIT);
}

static const char *check_range_slice(const struct nfim_pack *pack, const struct nfim_insn *insn)
{
	u32 n = NFIM_INSN_B(insn);

	if (!n || n > NFIM_RANGES_MAX || !nfim_slice_ok(insn->w1, n, pack->n_ranges))
		return "ranges are outside their section, none, or too many";
	return NULL;
}

static const char *check_map_slice(const struct nfim_pack *pack, const struct nfim_insn *insn)
{
	u32 n = NFIM_INSN_B(insn);

	if (NFIM_INSN_A(insn) >= NFIM_ACTIONS)
		return "the action is unknown";
	if (!n || n > NFIM_MAPS_MAX || !nfim_slice_ok(insn->w1, n, pack->n_maps))
		return "a map is outside its section, empty, or too long";
	/* Table numbers never descend: equal at both ends means equal in between. */
	if (pack->maps[insn->w1].table != pack->maps[insn->w1 + n - 1].table)
		return "a map goes over two tables";
	return NULL;
}

/* Take a length byte and as many bytes behind it. */
static bool take_counted(const struct nfim_pack *pack, u32 *off, u32 max)
{
	u32 n;

	if (*off >= pack->data_len)
		return false;
	n = pack->data[*off];
	if (!n || n > max || !nfim_slice_ok(*off + 1, n, pack->data_len))
		return false;
	*off += 1 + n;
	return true;
}

static const char *check_keys(const struct nfim_pack *pack, const struct nfim_insn *insn)
{
	u32 n = NFIM_INSN_A(insn);
	u32 off = insn->w1;

	if (!n || n > NFIM_KEY_KEYS || NFIM_INSN_B(insn) > 1)
		return "there are no keys or too many";
	if (!take_counted(pack, &off, NFIM_KEY_SEP))
		return "the separator of keys has a wrong length or place";
	while (n--)
		if (!take_counted(pack, &off, NFIM_KEY_LEN))
			return "a key has a wrong length or place";
	return NULL;
}

/* Take a byte that says how many, and as many literals in lower case. */
static bool take_list(const struct nfim_pack *pack, u32 *off, u32 least, u32 most)
{
	u32 n, from;

	if (*off >= pack->data_len)
		return false;
	n = pack->data[(*off)++];
	if (n < least || n > most)
		return false;
	while (n--) {
		from = *off;
		if (!take_counted(pack, off, NFIM_LIT_MAX))
			return false;
		while (++from < *off)
			if (pack->data[from] >= 'A' && pack->data[from] <= 'Z')
				return false;
	}
	return true;
}

static const char *check_begins(const struct nfim_pack *pack, const struct nfim_insn *insn)
{
	u32 off = insn->w1, n = NFIM_INSN_A(insn);

	if (!n || n > NFIM_LITS_MAX || !take_list(pack, &off, n, n))
		return "a list is outside the data, too long, or not in lower case";
	return NULL;
}

static const char *check_frame_text(const struct nfim_pack *pack, const struct nfim_insn *insn)
{
	u32 off = insn->w1, max = NFIM_INSN_B(insn);
	bool good;

	switch (NFIM_INSN_OP(insn)) {
	case NFIM_OP_SIZE:
		good = insn->w1 && insn->w1 <= U16_MAX;
		break;
	case NFIM_OP_LINE:
	case NFIM_OP_WITHIN:
		good = insn->w1 && insn->w1 <= NFIM_LINE_MAX;
		break;
	case NFIM_OP_UNTIL:
		good = take_list(pack, &off, 1, 1);
		break;
	case NFIM_OP_HEAD:
		good = max && max <= NFIM_HEAD_MAX && take_list(pack, &off, 0, NFIM_LITS_MAX) &&
		       take_list(pack, &off, 0, 1);
		break;
	default: /* NFIM_OP_STANZA */
		good = max && max <= NFIM_LINE_MAX && take_list(pack, &off, 1, 1);
		break;
	}
	return good ? NULL : "a frame has a wrong length, or its list is bad";
}

static const char *check_pick(const struct nfim_pack *pack, const struct nfim_insn *insn)
{
	u32 off = insn->w1, n;

	if (NFIM_INSN_A(insn) > NFIM_ACTIONS)
		return "the action is unknown";
	if (NFIM_INSN_B(insn) > NFIM_PICK_MAX || off >= pack->data_len ||
	    pack->data[off] > NFIM_LITS_MAX)
		return "it picks from too many bytes or literals";
	for (n = pack->data[off++]; n; n--) {
		const u8 *p = pack->data + off;
		u32 i;

		if (!nfim_slice_ok(off, 3, pack->data_len) ||
		    !(nfim_le16(p) & NFIM_ACTIONS_MASK) ||
		    nfim_le16(p) & ~(NFIM_ACTIONS_MASK | NFIM_ACTION_OFFER))
			return "a literal has an unknown action or none";
		off += 2;
		if (p[2] < 2 || !take_counted(pack, &off, NFIM_LIT_MAX))
			return "a literal has a wrong length or place";
		for (i = 0; i < p[2]; i++)
			if (p[3 + i] >= 'A' && p[3 + i] <= 'Z')
				return "a caseless literal has upper case letters";
	}
	return NULL;
}

static const char *check_name_of(const struct nfim_pack *pack, const struct nfim_insn *insn)
{
	u32 off = insn->w1;
	bool good;

	if (NFIM_INSN_OP(insn) == NFIM_OP_WORD) {
		u32 n = NFIM_INSN_A(insn), must = NFIM_INSN_B(insn);

		off += 2;
		good = must <= 255 && (n < NFIM_WORDS_MAX || (n == 255 && must)) && off > 1;
	} else {
		good = NFIM_INSN_A(insn) <= 1 && NFIM_INSN_B(insn) &&
		       NFIM_INSN_B(insn) <= NFIM_PICK_MAX &&
		       take_list(pack, &off, 0, NFIM_LITS_MAX) &&
		       take_list(pack, &off, 0, NFIM_LITS_MAX) && off < pack->data_len;
		if (good) {
			u32 width = pack->data[off++];

			good = width <= 2 || width == 4;
		}
	}
	/* One list of at most one literal: bytes that end the name. */
	if (!good || !nfim_slice_ok(off, 2, pack->data_len) ||
	    (pack->data[off] && pack->data[off + 1] > NFIM_STOPS_MAX) ||
	    !take_list(pack, &off, 0, 1))
		return "a name is in no place that it may be";
	return NULL;
}

static const char *check_offer(const struct nfim_pack *pack, const struct nfim_insn *insn)
{
	u32 off = insn->w1, n = NFIM_INSN_B(insn), list, names;
	const struct nfim_offer_data *d;

	if (!n || n > NFIM_PICK_MAX || !nfim_slice_ok(off, sizeof(*d), pack->data_len))
		return "offers are looked for in no bytes, or in too many";
	d = (const void *)(pack->data + off);
	if (!nfim_le16(d->actions) || nfim_le16(d->actions) >> NFIM_ACTIONS)
		return "what is offered has an unknown action or none";
	if (d->l4 != NFIM_L4_TCP && d->l4 != NFIM_L4_UDP)
		return "what is offered is neither TCP nor UDP";
	off += sizeof(*d);
	list = off;
	if (d->form >= NFIM_OFFER_FORMS || !take_list(pack, &off, 1, NFIM_OFFER_LITS))
		return "what stands in front of an offer is bad";
	if (d->form == NFIM_OFFER_APART &&
	    (!d->ports || !d->addrs || d->ports + d->addrs > pack->data[list]))
		return "what stands in front of an offer is bad";
	names = off;
	if (!take_list(pack, &off, 0, 2) ||
	    pack->data[names] != (d->form == NFIM_OFFER_TAG ? 2 : 0))
		return "the names of an offer's attributes are bad";
	return NULL;
}

static const char *check_jump(const struct nfim_prog *prog, u32 at, u32 skip)
{
	/* at < n, and skip is 16 bits wide: no sum overflows. */
	return at + 1 + skip < prog->n ? NULL : "a jump leaves the program";
}

/* The literals of NFIM_OP_HTTP are compared with bytes in lower case. */
static const char *check_http(const struct nfim_pack *pack, const struct nfim_insn *insn)
{
	u32 what = NFIM_INSN_A(insn) & 0xf, how = NFIM_INSN_A(insn) >> 4;
	u32 n = NFIM_INSN_B(insn), off = insn->w1, i;

	if (what >= NFIM_HTTP_PARTS || how >= NFIM_HTTP_HOWS)
		return "a part of HTTP is unknown";
	if (what == NFIM_HTTP_FIELD && !take_counted(pack, &off, NFIM_HTTP_FIELD_MAX))
		return "the name of a field has a wrong length or place";
	if ((!n && what != NFIM_HTTP_FIELD) || n > NFIM_READ_MAX ||
	    !nfim_slice_ok(off, n, pack->data_len))
		return "a literal has a wrong length, or is outside the data";
	for (i = insn->w1; i < off + n; i++)
		if (pack->data[i] >= 'A' && pack->data[i] <= 'Z')
			return "a literal of HTTP has upper case letters";
	return NULL;
}

static const char *check_text(const struct nfim_pack *pack, const struct nfim_prog *prog, u32 at)
{
	const struct nfim_insn *insn = &prog->insn[at];
	const char *bad;

	switch (NFIM_INSN_OP(insn)) {
	case NFIM_OP_BEGINS:
		bad = prog->frames ? check_begins(pack, insn) : "a rule cannot tell frames";
		return bad ? bad : check_jump(prog, at, NFIM_INSN_B(insn));
	case NFIM_OP_SIZE:
	case NFIM_OP_LINE:
	case NFIM_OP_UNTIL:
	case NFIM_OP_HEAD:
	case NFIM_OP_STANZA:
	case NFIM_OP_WITHIN:
		return prog->frames ? check_frame_text(pack, insn) : "a rule cannot tell frames";
	case NFIM_OP_BODY:
	case NFIM_OP_PAST:
		if (NFIM_INSN_B(insn) > 255)
			return "a byte has more than eight bits";
		return prog->frames ? NULL : "a rule cannot tell frames";
	case NFIM_OP_PICK:
		return prog->frames ? check_pick(pack, insn) : "a rule cannot tell actions";
	case NFIM_OP_TLV:
		if (insn->w1 > U16_MAX)
			return "a type has more than 16 bits";
		return prog->frames ? NULL : "a rule cannot tell names";
	case NFIM_OP_OFFER:
		return prog->frames ? check_offer(pack, insn) : "a rule offers nothing";
	case NFIM_OP_WORD:
	case NFIM_OP_BEHIND:
		return prog->frames ? check_name_of(pack, insn) : "a rule cannot tell names";
	default:
		return NULL;
	}
}

/* What is wrong with the operands of an instruction, or NULL. */
static const char *check_operands(const struct nfim_pack *pack, const struct nfim_prog *prog,
				  u32 at)
{
	const struct nfim_insn *insn = &prog->insn[at];
	u32 op = NFIM_INSN_OP(insn);
	const char *bad;

	switch (op) {
	case NFIM_OP_NEED:
		if (!insn->w1 || insn->w1 > NFIM_NEED_MAX)
			return "it needs nothing or too much";
		return NULL;
	case NFIM_OP_BYTES:
		return check_literal(pack, insn->w1, NFIM_INSN_A(insn), NFIM_READ_MAX);
	case NFIM_OP_BYTESI:
		return check_lower(pack, insn, NFIM_READ_MAX);
	case NFIM_OP_SHR:
		return insn->w1 <= 31 ? NULL : "a shift is too wide";
	case NFIM_OP_MUL:
		return insn->w1 <= 255 ? NULL : "a factor is too large";
	case NFIM_OP_SAVE:
	case NFIM_OP_LOAD:
	case NFIM_OP_EQREG:
		return NFIM_INSN_A(insn) < NFIM_REGS ? NULL : "a register does not exist";
	case NFIM_OP_IN:
		return check_range_slice(pack, insn);
	case NFIM_OP_JNIN:
		bad = check_range_slice(pack, insn);
		return bad ? bad : check_jump(prog, at, NFIM_INSN_A(insn));
	case NFIM_OP_JNE:
	case NFIM_OP_JMP:
		return check_jump(prog, at, NFIM_INSN_B(insn));
	case NFIM_OP_END:
		return prog->udp ? NULL : "only datagrams have an end";
	case NFIM_OP_TAIL:
		if (!prog->udp)
			return "only datagrams have an end";
		return check_literal(pack, insn->w1, NFIM_INSN_A(insn), NFIM_READ_MAX);
	case NFIM_OP_SCAN:
	case NFIM_OP_SCANI:
		return check_scan(pack, insn);
	case NFIM_OP_HTTP:
		return prog->http ? check_http(pack, insn) : "only rules of HTTP know its parts";
	case NFIM_OP_KEEP:
		return prog->half ? NULL : "only half of a pair keeps a number";
	case NFIM_OP_FRAME:
		return prog->frames ? NULL : "a rule cannot tell frames";
	case NFIM_OP_MAP:
		return prog->frames ? check_map_slice(pack, insn) : "a rule cannot tell actions";
	case NFIM_OP_KEY:
		return prog->frames ? check_keys(pack, insn) : "a rule cannot tell names";
	default:
		return op > NFIM_OP_KEY ? check_text(pack, prog, at) : NULL;
	}
}

const char *nfim_check_insn(const struct nfim_pack *pack, const struct nfim_prog *prog, u32 at)
{
	const struct nfim_insn *insn = &prog->insn[at];
	u32 op = NFIM_INSN_OP(insn);

	if (op >= NFIM_OPS)
		return "an instruction is unknown";
	if ((!(op_uses[op] & USES_A) && NFIM_INSN_A(insn)) ||
	    (!(op_uses[op] & USES_B) && NFIM_INSN_B(insn)) ||
	    (!(op_uses[op] & USES_W1) && insn->w1))
		return "an instruction has an operand it does not use";
	return check_operands(pack, prog, at);
}

/* How many instructions a jump may skip, 0 for what is no jump. */
static u32 jump_of(const struct nfim_insn *insn)
{
	switch (NFIM_INSN_OP(insn)) {
	case NFIM_OP_JNE:
	case NFIM_OP_JMP:
	case NFIM_OP_BEGINS:
		return NFIM_INSN_B(insn);
	case NFIM_OP_JNIN:
		return NFIM_INSN_A(insn);
	default:
		return 0;
	}
}

u32 nfim_prog_cost(const struct nfim_insn *insn, u32 n)
{
	u16 rest[NFIM_PROG_MAX];	/* from each instruction on */
	u32 i, cost = 0;

	static_assert(NFIM_COST_MAX < U16_MAX, "rest");
	for (i = n; i--;) {
		u32 next = i + 1 < n ? rest[i + 1] : 0;
		u32 skip = jump_of(&insn[i]), jump = i + 1 + skip;

		/* What is skipped counts, too: the work of a run is told by how far it came. */
		if (NFIM_INSN_OP(&insn[i]) <= NFIM_OP_YES)
			next = 0;
		else if (jump < n)
			next = max(next, rest[jump] + skip);
		cost = min_t(u32, nfim_insn_cost(&insn[i]) + next, NFIM_COST_MAX + 1);
		rest[i] = (u16)cost;
	}
	return cost;
}
