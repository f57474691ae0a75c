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

/* What is wrong with the operands of an instruction, or NULL. */
static const char *check_operands(const struct nfim_pack *pack, const struct nfim_prog *prog,
				  u32 at)
{
	const struct nfim_insn *insn = &prog->insn[at];
	const char *bad;

	switch (NFIM_INSN_OP(insn)) {
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
	case NFIM_OP_FRAME:
		return prog->frames ? NULL : "a rule cannot tell frames";
	case NFIM_OP_MAP:
		return prog->frames ? check_map_slice(pack, insn) : "a rule cannot tell actions";
	case NFIM_OP_KEY:
		return prog->frames ? check_keys(pack, insn) : "a rule cannot tell names";
	default:
		return NULL;
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
