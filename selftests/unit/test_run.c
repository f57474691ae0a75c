// SPDX-License-Identifier: GPL-2.0-only
/*
 * The interpreter: each operation, at its bounds, over bytes that are at hand and
 * bytes that are read; and what every program owes its caller.
 */
#include "unit.h"
#include "packmk.h"

#include <stdlib.h>

#define NO	NFIM_RUN_NO
#define YES	NFIM_RUN_YES
#define MORE	NFIM_RUN_MORE

/* Where things stand in the pack of every case, see pack_of(). */
enum {
	D_NEEDLE = 0,		/* "needle" */
	D_LOWER = 6,		/* "hello{im" */
	D_KEYS = 14,		/* "|": "u", "nick" */
	D_KEYS8 = 23,		/* c0 80: "12345678", "5" */
	D_END = 37,
	R_LOW = 0,		/* 1-9 */
	R_STEP = 1,		/* 0x100-0xff00/0x100 */
	R_FIVE = 2,		/* 5 */
	R_TOP = 3,		/* U32_MAX - 4 to U32_MAX, step 4 */
	M_MAP = 0,		/* 1: bit 0, 3-5: bit 2, 9: bit 3 */
	M_LAST = 9,		/* 9: all bits */
};

static const char data[] = "needle" "hello{im" "\1|" "\1u" "\4nick" "\2\xc0\x80" "\10" "12345678" "\1" "5";

static const struct nfim_range ranges[] = {
	{ 1, 9, 1 }, { 0x100, 0xff00, 0x100 }, { 5, 5, 1 }, { U32_MAX - 4, U32_MAX, 4 },
};

static const struct nfim_map maps[] = {
	{ 1, 1, 1 << 0, 0 }, { 3, 5, 1 << 2, 0 }, { 9, 9, 1 << 3, 0 }, { 9, 9, 0x7ff, 1 },
};

/**
 * struct run_case - a program, bytes, and what has to come
 * @name: of the case
 * @insn: the program, without its last YES
 * @n: its length
 * @bytes: the view
 * @len: how many
 * @want: the answer
 * @need: on MORE
 * @start: where the cursor starts
 * @last: nothing follows the bytes
 * @frames: the program is one of frames
 * @user_before: length of a user who is known already
 * @frame_len: on YES
 * @actions: on YES
 * @user: on YES, or NULL
 */
struct run_case {
	const char *name;
	const struct nfim_insn *insn;
	u32 n;
	const char *bytes;
	u32 len;
	enum nfim_run_result want;
	u32 need;
	u32 start;
	bool last;
	bool frames;
	u32 user_before;
	u32 frame_len;
	u32 actions;
	const char *user;
};

#define BYTES(s)	s, sizeof(s) - 1

static const struct run_case basics[] = {
	{ "no", PROG(INSN(NO, 0, 0, 0)), BYTES("x"), NO },
	{ "yes", PROG(INSN(YES, 0, 0, 0)), BYTES(""), YES },
	{ "yes comes before no", PROG(INSN(YES, 0, 0, 0), INSN(NO, 0, 0, 0)), BYTES("x"), YES },
	{ "need, just enough", PROG(INSN(NEED, 0, 0, 4)), BYTES("abcd"), YES },
	{ "need, one less", PROG(INSN(NEED, 0, 0, 4)), BYTES("abc"), MORE, 4 },
	{ "need, nothing there", PROG(INSN(NEED, 0, 0, 4)), BYTES(""), MORE, 4 },
	{ "need in a datagram", PROG(INSN(NEED, 0, 0, 4)), BYTES("abc"), NO, .last = true },
	{ "need from the start offset", PROG(INSN(NEED, 0, 0, 4)), BYTES("abcde"), MORE, 6,
	  .start = 2 },
	{ "need, largest", PROG(INSN(NEED, 0, 0, NFIM_NEED_MAX)), BYTES("abc"), MORE,
	  NFIM_NEED_MAX },
	{ "bytes", PROG(INSN(BYTES, 6, 0, D_NEEDLE)), BYTES("needle"), YES },
	{ "bytes, last wrong", PROG(INSN(BYTES, 6, 0, D_NEEDLE)), BYTES("needlf"), NO },
	{ "bytes, other case", PROG(INSN(BYTES, 6, 0, D_NEEDLE)), BYTES("Needle"), NO },
	{ "bytes, part there", PROG(INSN(BYTES, 6, 0, D_NEEDLE)), BYTES("need"), MORE, 6 },
	{ "bytes, part there and wrong", PROG(INSN(BYTES, 6, 0, D_NEEDLE)), BYTES("neex"), NO },
	{ "bytes, part of a datagram", PROG(INSN(BYTES, 6, 0, D_NEEDLE)), BYTES("need"), NO,
	  .last = true },
	{ "bytes, offset", PROG(INSN(BYTES, 6, 2, D_NEEDLE)), BYTES("..needle"), YES },
	{ "bytes, offset beyond", PROG(INSN(BYTES, 6, 9, D_NEEDLE)), BYTES("x"), MORE, 15 },
	{ "bytes, offset at the end", PROG(INSN(BYTES, 6, 1, D_NEEDLE)), BYTES("x"), MORE, 7 },
	{ "bytes, one", PROG(INSN(BYTES, 1, 0, D_NEEDLE)), BYTES("n"), YES },
	{ "bytesi", PROG(INSN(BYTESI, 8, 0, D_LOWER)), BYTES("HeLLo{iM"), YES },
	{ "bytesi, no letter", PROG(INSN(BYTESI, 8, 0, D_LOWER)), BYTES("HELLO[IM"), NO },
	{ "bytesi, part there", PROG(INSN(BYTESI, 8, 0, D_LOWER)), BYTES("HEL"), MORE, 8 },
	{ "bytesi, part there and wrong", PROG(INSN(BYTESI, 8, 0, D_LOWER)), BYTES("HER"), NO },
	{ "skip", PROG(INSN(SKIP, 0, 0, 2), INSN(BYTES, 6, 0, D_NEEDLE)), BYTES("..needle"), YES },
	{ "skip, twice more than there can be",
	  PROG(INSN(SKIP, 0, 0, U32_MAX), INSN(SKIP, 0, 0, 1)), BYTES("x"), NO },
	{ "skip to the last offset", PROG(INSN(SKIP, 0, 0, U32_MAX), INSN(LD8, 0, 0, 0)),
	  BYTES("x"), NO },
	{ "skipa", PROG(INSN(LD8, 0, 0, 0), INSN(SKIPA, 0, 0, 0), INSN(BYTES, 6, 0, D_NEEDLE)),
	  BYTES("\3..needle"), YES },
	{ "skipa too far", PROG(INSN(LDBE32, 0, 0, 0), INSN(SKIPA, 0, 0, 0), INSN(SKIPA, 0, 0, 0)),
	  BYTES("\xff\xff\xff\xff"), NO },
	{ "end", PROG(INSN(SKIP, 0, 0, 3), INSN(END, 0, 0, 0)), BYTES("abc"), YES, .last = true },
	{ "end, one left", PROG(INSN(SKIP, 0, 0, 2), INSN(END, 0, 0, 0)), BYTES("abc"), NO,
	  .last = true },
	{ "end, beyond", PROG(INSN(SKIP, 0, 0, 4), INSN(END, 0, 0, 0)), BYTES("abc"), NO,
	  .last = true },
};

#define LD_EQ(op, off, v)	PROG(INSN(op, 0, 0, off), INSN(EQ, 0, 0, v))
/* Load the first byte, do something, compare. */
#define ACC(v, ...)		PROG(INSN(LD8, 0, 0, 0), __VA_ARGS__, INSN(EQ, 0, 0, v))

static const struct run_case numbers[] = {
	{ "ld8", LD_EQ(LD8, 1, 0xff), BYTES("a\xff"), YES },
	{ "ld8, one less", LD_EQ(LD8, 1, 0xff), BYTES("a"), MORE, 2 },
	{ "ldbe16", LD_EQ(LDBE16, 0, 0x8001), BYTES("\x80\x01"), YES },
	{ "ldbe16, one less", LD_EQ(LDBE16, 0, 0x8001), BYTES("\x80"), MORE, 2 },
	{ "ldbe24", LD_EQ(LDBE24, 0, 0x800102), BYTES("\x80\x01\x02"), YES },
	{ "ldbe24, one less", LD_EQ(LDBE24, 0, 0), BYTES("\x80\x01"), MORE, 3 },
	{ "ldbe32", LD_EQ(LDBE32, 0, 0xfffefdfc), BYTES("\xff\xfe\xfd\xfc"), YES },
	{ "ldbe32, one less", LD_EQ(LDBE32, 1, 0), BYTES("abcd"), MORE, 5 },
	{ "ldle16", LD_EQ(LDLE16, 0, 0x0180), BYTES("\x80\x01"), YES },
	{ "ldle32", LD_EQ(LDLE32, 1, 0xfcfdfeff), BYTES(".\xff\xfe\xfd\xfc"), YES },
	{ "ldle32 in a short datagram", LD_EQ(LDLE32, 1, 0), BYTES("abcd"), NO, .last = true },
	{ "ld at the last offset", LD_EQ(LD8, U32_MAX, 0), BYTES("a"), NO },
	{ "eq, not", LD_EQ(LD8, 0, 1), BYTES("\2"), NO },
	{ "and", ACC(0x0a, INSN(AND, 0, 0, 0x0f)), BYTES("\xfa"), YES },
	{ "shr", ACC(0x0f, INSN(SHR, 0, 0, 4)), BYTES("\xfa"), YES },
	{ "shr, most", PROG(INSN(LDBE32, 0, 0, 0), INSN(SHR, 0, 0, 31), INSN(EQ, 0, 0, 1)),
	  BYTES("\x80\0\0\0"), YES },
	{ "add", ACC(0x100, INSN(ADD, 0, 0, 1)), BYTES("\xff"), YES },
	{ "add, most", ACC(U32_MAX, INSN(ADD, 0, 0, U32_MAX - 1)), BYTES("\1"), YES },
	{ "add, too much", ACC(0, INSN(ADD, 0, 0, U32_MAX)), BYTES("\1"), NO },
	{ "sub to 0", ACC(0, INSN(SUB, 0, 0, 7)), BYTES("\7"), YES },
	{ "sub below 0", ACC(U32_MAX, INSN(SUB, 0, 0, 8)), BYTES("\7"), NO },
	{ "mul", ACC(255 * 255, INSN(MUL, 0, 0, 255)), BYTES("\xff"), YES },
	{ "mul, too much", PROG(INSN(LDBE32, 0, 0, 0), INSN(MUL, 0, 0, 2)),
	  BYTES("\x80\0\0\0"), NO },
	{ "mul, most", PROG(INSN(LDBE32, 0, 0, 0), INSN(MUL, 0, 0, 3), INSN(EQ, 0, 0, U32_MAX)),
	  BYTES("\x55\x55\x55\x55"), YES },
	{ "registers are 0 at first", ACC(0, INSN(LOAD, 3, 0, 0)), BYTES("\7"), YES },
	{ "save, load", PROG(INSN(LD8, 0, 0, 0), INSN(SAVE, 3, 0, 0), INSN(LD8, 0, 0, 1),
			     INSN(LOAD, 3, 0, 0), INSN(EQ, 0, 0, 7)), BYTES("\7\1"), YES },
	{ "eqreg", PROG(INSN(LD8, 0, 0, 0), INSN(SAVE, 0, 0, 0), INSN(LD8, 0, 0, 1),
			INSN(EQREG, 0, 0, 0)), BYTES("\7\7"), YES },
	{ "eqreg, not", PROG(INSN(LD8, 0, 0, 0), INSN(SAVE, 0, 0, 0), INSN(LD8, 0, 0, 1),
			     INSN(EQREG, 0, 0, 0)), BYTES("\7\6"), NO },
	{ "in, first", PROG(INSN(LD8, 0, 0, 0), INSN(IN, 0, 1, R_LOW)), BYTES("\1"), YES },
	{ "in, last", PROG(INSN(LD8, 0, 0, 0), INSN(IN, 0, 1, R_LOW)), BYTES("\x9"), YES },
	{ "in, above", PROG(INSN(LD8, 0, 0, 0), INSN(IN, 0, 1, R_LOW)), BYTES("\xa"), NO },
	{ "in, below", PROG(INSN(LD8, 0, 0, 0), INSN(IN, 0, 1, R_LOW)), BYTES("\0"), NO },
	{ "in, second range", PROG(INSN(LDBE16, 0, 0, 0), INSN(IN, 0, 2, R_LOW)),
	  BYTES("\x42\0"), YES },
	{ "in, between steps", PROG(INSN(LDBE16, 0, 0, 0), INSN(IN, 0, 2, R_LOW)),
	  BYTES("\x42\1"), NO },
	{ "in, last step", PROG(INSN(LDBE16, 0, 0, 0), INSN(IN, 0, 2, R_LOW)),
	  BYTES("\xff\0"), YES },
	{ "in, top of the numbers", PROG(INSN(LDBE32, 0, 0, 0), INSN(IN, 0, 1, R_TOP)),
	  BYTES("\xff\xff\xff\xff"), YES },
};

/* Lower case of what is looked for is at D_LOWER. */
static const struct run_case caseless[] = {
	{ "scani", PROG(INSN(SCANI, 8, 9, D_LOWER)), BYTES("..HeLLo{Im"), YES },
	{ "scani, no letter", PROG(INSN(SCANI, 8, 2, D_LOWER)), BYTES("HELLO[IM."), NO },
	{ "scani, false start", PROG(INSN(SCANI, 8, 9, D_LOWER)), BYTES("heLHELLO{IM"), YES },
	{ "scani, begun", PROG(INSN(SCANI, 8, 9, D_LOWER)), BYTES("xxHEL"), MORE, 10 },
	{ "scani, begun too far", PROG(INSN(SCANI, 8, 2, D_LOWER)), BYTES("xxHEL"), NO },
	{ "scani, one byte", PROG(INSN(SCANI, 1, 3, D_LOWER)), BYTES("..H"), YES },
	{ "scan is not caseless", PROG(INSN(SCAN, 6, 1, D_NEEDLE)), BYTES("Needle"), NO },
	{ "tail", PROG(INSN(TAIL, 6, 0, D_NEEDLE)), BYTES("a needle"), YES, .last = true },
	{ "tail alone", PROG(INSN(TAIL, 6, 0, D_NEEDLE)), BYTES("needle"), YES, .last = true },
	{ "tail, too short", PROG(INSN(TAIL, 6, 0, D_NEEDLE)), BYTES("eedle"), NO, .last = true },
	{ "tail, other", PROG(INSN(TAIL, 6, 0, D_NEEDLE)), BYTES("a needle."), NO, .last = true },
	{ "tail of what was read", PROG(INSN(NEED, 0, 0, 3), INSN(TAIL, 6, 0, D_NEEDLE)),
	  BYTES(".needle"), NO, .last = true },
	{ "tail behind what was read", PROG(INSN(NEED, 0, 0, 3), INSN(TAIL, 6, 0, D_NEEDLE)),
	  BYTES("...needle"), YES, .last = true },
};

static const struct run_case jumps[] = {
	{ "jmp", PROG(INSN(JMP, 0, 1, 0), INSN(NO, 0, 0, 0)), BYTES(""), YES },
	{ "jmp 0", PROG(INSN(JMP, 0, 0, 0), INSN(NO, 0, 0, 0)), BYTES(""), NO },
	{ "jne, equal", PROG(INSN(LD8, 0, 0, 0), INSN(JNE, 0, 1, 7), INSN(NO, 0, 0, 0)),
	  BYTES("\7"), NO },
	{ "jne, not", PROG(INSN(LD8, 0, 0, 0), INSN(JNE, 0, 1, 7), INSN(NO, 0, 0, 0)),
	  BYTES("\6"), YES },
	{ "jnin, in", PROG(INSN(LD8, 0, 0, 0), INSN(JNIN, 1, 1, R_FIVE), INSN(NO, 0, 0, 0)),
	  BYTES("\5"), NO },
	{ "jnin, not", PROG(INSN(LD8, 0, 0, 0), INSN(JNIN, 1, 1, R_FIVE), INSN(NO, 0, 0, 0)),
	  BYTES("\6"), YES },
	{ "a jump over what needs more", PROG(INSN(JMP, 0, 1, 0), INSN(NEED, 0, 0, 9)),
	  BYTES("a"), YES },
};

static const struct run_case scans[] = {
	{ "at once", PROG(INSN(SCAN, 6, 1, D_NEEDLE)), BYTES("needle"), YES },
	{ "cursor behind it", PROG(INSN(SCAN, 6, 9, D_NEEDLE), INSN(BYTES, 1, 0, D_NEEDLE)),
	  BYTES("..needlen"), YES },
	{ "at the last offset", PROG(INSN(SCAN, 6, 3, D_NEEDLE)), BYTES("..needle"), YES },
	{ "one offset too far", PROG(INSN(SCAN, 6, 2, D_NEEDLE)), BYTES("..needle"), NO },
	{ "begins at the last offset", PROG(INSN(SCAN, 6, 3, D_NEEDLE)), BYTES("..need"), MORE, 8 },
	{ "begins one too far", PROG(INSN(SCAN, 6, 2, D_NEEDLE)), BYTES("..need"), NO },
	{ "a false start", PROG(INSN(SCAN, 6, 9, D_NEEDLE)), BYTES("nneedle"), YES },
	{ "a false start at the end", PROG(INSN(SCAN, 6, 9, D_NEEDLE)), BYTES("needneed"), MORE, 10 },
	{ "a second start, one too far", PROG(INSN(SCAN, 6, 5, D_NEEDLE)), BYTES("needxneed"), NO },
	{ "a second start, in time", PROG(INSN(SCAN, 6, 6, D_NEEDLE)), BYTES("needxneed"), MORE, 11 },
	{ "nothing yet", PROG(INSN(SCAN, 6, 9, D_NEEDLE)), BYTES("xyz"), MORE, 9 },
	{ "nothing at all", PROG(INSN(SCAN, 6, 9, D_NEEDLE)), BYTES(""), MORE, 6 },
	{ "nothing in a datagram", PROG(INSN(SCAN, 6, 9, D_NEEDLE)), BYTES("xyz"), NO,
	  .last = true },
	{ "enough and not there", PROG(INSN(SCAN, 6, 2, D_NEEDLE)), BYTES("abcdefg"), NO },
	{ "over the end of a piece", PROG(INSN(SCAN, 6, 200, D_NEEDLE)),
	  BYTES("0123456789012345678901234567890123456789012345678901234567890needle"), YES },
	{ "after a piece full of starts", PROG(INSN(SCAN, 6, 200, D_NEEDLE)),
	  BYTES("nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnneedle"),
	  YES },
	{ "from the start offset", PROG(INSN(SCAN, 6, 1, D_NEEDLE)), BYTES("needleneedle"), YES,
	  .start = 6 },
	{ "from beyond what is there", PROG(INSN(SKIP, 0, 0, 20), INSN(SCAN, 6, 5, D_NEEDLE)),
	  BYTES("needle"), MORE, 26 },
	{ "beyond the last offset", PROG(INSN(SKIP, 0, 0, U32_MAX - 5), INSN(SCAN, 6, 5, D_NEEDLE)),
	  BYTES("needle"), NO },
};

#define FRAME(n)	INSN(LD8, 0, 0, 0), INSN(FRAME, 0, 0, 0)
#define KEY(b)		INSN(SKIP, 0, 0, 1), INSN(KEY, 2, b, D_KEYS)
#define KEY8(b)		INSN(SKIP, 0, 0, 1), INSN(KEY, 2, b, D_KEYS8)

static const struct run_case frames[] = {
	{ "frame", PROG(FRAME()), BYTES("\7"), YES, .frames = true, .frame_len = 7 },
	{ "frame of 0", PROG(FRAME()), BYTES("\0"), NO, .frames = true },
	{ "map, first", PROG(INSN(LD8, 0, 0, 0), INSN(MAP, 10, 3, M_MAP)), BYTES("\1"), YES,
	  .frames = true, .actions = 1 << 0 },
	{ "map, in a range", PROG(INSN(LD8, 0, 0, 0), INSN(MAP, 10, 3, M_MAP)), BYTES("\4"), YES,
	  .frames = true, .actions = 1 << 2 },
	{ "map, last", PROG(INSN(LD8, 0, 0, 0), INSN(MAP, 10, 3, M_MAP)), BYTES("\x9"), YES,
	  .frames = true, .actions = 1 << 3 },
	{ "map, between", PROG(INSN(LD8, 0, 0, 0), INSN(MAP, 10, 3, M_MAP)), BYTES("\2"), YES,
	  .frames = true, .actions = 1 << 10 },
	{ "map, below all", PROG(INSN(LD8, 0, 0, 0), INSN(MAP, 10, 3, M_MAP)), BYTES("\0"), YES,
	  .frames = true, .actions = 1 << 10 },
	{ "map, above all", PROG(INSN(LD8, 0, 0, 0), INSN(MAP, 10, 3, M_MAP)), BYTES("\xff"), YES,
	  .frames = true, .actions = 1 << 10 },
	{ "two maps", PROG(INSN(LD8, 0, 0, 0), INSN(MAP, 9, 3, M_MAP), INSN(MAP, 1, 1, 3)),
	  BYTES("\1"), YES, .frames = true, .actions = 1 << 0 | 1 << 1 },
	{ "key, best first", PROG(KEY(0)), BYTES(".u|ann|nick|bob|"), YES, .frames = true,
	  .user = "ann" },
	{ "key, best last", PROG(KEY(0)), BYTES(".nick|bob|u|ann|"), YES, .frames = true,
	  .user = "ann" },
	{ "key, only the other, bytes may follow", PROG(KEY(0)), BYTES(".nick|bob|"), YES,
	  .frames = true },
	{ "key, only the other, frame is whole", PROG(FRAME(), KEY(1)), BYTES("\12nick|bob|"),
	  YES, .frames = true, .frame_len = 10, .user = "bob" },
	{ "key, only the other, datagram", PROG(KEY(0)), BYTES(".nick|bob|"), YES,
	  .frames = true, .last = true, .user = "bob" },
	{ "key in the next frame", PROG(FRAME(), KEY(1)), BYTES("\12nick|bob|u|ann|"), YES,
	  .frames = true, .frame_len = 10, .user = "bob" },
	{ "key, value without end", PROG(KEY(0)), BYTES(".u|ann"), YES, .frames = true },
	{ "key, empty value", PROG(KEY(0)), BYTES(".u||u|ann|"), YES, .frames = true,
	  .user = "ann" },
	{ "key, first of two", PROG(KEY(0)), BYTES(".u|ann|u|bea|"), YES, .frames = true,
	  .user = "ann" },
	{ "key is longer", PROG(KEY(0)), BYTES(".uu|ann|"), YES, .frames = true, .last = true },
	{ "key of eight bytes, separator of two", PROG(KEY8(0)),
	  BYTES(".a\xc0\x80z\xc0\x80" "12345678\xc0\x80" "ann\xc0\x80"), YES, .frames = true,
	  .user = "ann" },
	{ "key of nine bytes", PROG(KEY8(0)), BYTES(".123456789\xc0\x80" "ann\xc0\x80"), YES,
	  .frames = true, .last = true },
	{ "half a separator", PROG(KEY8(0)), BYTES(".5\xc0" "ann\x80"), YES, .frames = true,
	  .last = true },
	{ "user known before", PROG(KEY(0)), BYTES(".u|ann|"), YES, .frames = true,
	  .user_before = 3 },
};

/* Bytes that are only to be had through the view's function. */
struct far_view {
	struct nfim_view view;
	const u8 *bytes;
	u32 reads;
};

static const u8 *far_read(const struct nfim_view *view, u32 off, u32 n, u8 *buf)
{
	struct far_view *fv = (struct far_view *)view;

	if (!n || n > NFIM_READ_MAX || off > view->len || n > view->len - off)
		case_fail("it reads %u bytes at %u of %u", n, off, view->len);
	fv->reads++;
	if (fv->reads % 2)
		return fv->bytes + off;
	memcpy(buf, fv->bytes + off, n);
	return buf;
}

/* A pack with the case's program; @mk is its memory. */
static u8 *pack_of(const struct run_case *rc, struct nfim_pack *pack)
{
	static const struct nfim_insn yes = INSN(YES, 0, 0, 0);
	struct packmk *mk = calloc(1, sizeof(*mk));
	struct nfim_insn insn[NFIM_PROG_MAX];
	struct nfim_pack_err err;
	size_t len;
	u8 *file;
	u32 i;

	packmk_data(mk, data, sizeof(data) - 1);
	for (i = 0; i < ARRAY_SIZE(ranges); i++)
		packmk_add(mk, NFIM_SECT_RANGES, &ranges[i], sizeof(ranges[i]));
	for (i = 0; i < ARRAY_SIZE(maps); i++)
		packmk_add(mk, NFIM_SECT_MAPS, &maps[i], sizeof(maps[i]));
	memcpy(insn, rc->insn, rc->n * sizeof(*insn));
	insn[rc->n] = yes;
	packmk_proto(mk, 1, "one", NFIM_LABEL_NONE, rc->frames, rc->frames);
	if (rc->frames)
		packmk_frames(mk, 1, NFIM_L4_UDP, insn, rc->n + 1);
	else
		packmk_rule(mk, 1, NFIM_ROOT_UDP, "r", insn, rc->n + 1);
	packmk_roots(mk);
	file = packmk_build(mk, &len);
	free(mk);
	if (nfim_pack_open(pack, file, len, &err))
		case_fail("the case's pack is refused: %s at %u", err.what, err.off);
	return file;
}

/* Run over the first @len bytes, with @head of them at hand. */
static enum nfim_run_result run(const struct nfim_pack *pack, const struct run_case *rc, u32 len,
				u32 head, struct nfim_out *out)
{
	u8 *bytes = malloc(len ? len : 1);
	struct far_view fv = {
		.view = {
			.head = head ? bytes : NULL,
			.head_len = head,
			.len = len,
			.last = rc->last,
			.read = far_read,
		},
		.bytes = bytes,
	};
	enum nfim_run_result res;

	memcpy(bytes, rc->bytes, len);
	memset(out, 0, sizeof(*out));
	out->user_len = rc->user_before;
	res = nfim_run(pack, 0, rc->n + 1, &fv.view, rc->start, out);
	if (res == YES && out->user_len && !rc->user_before)
		case_ok("the user is inside the view",
			out->user_len < NFIM_READ_MAX && out->user_off + out->user_len <= len);
	free(bytes);
	return res;
}

static void check_out(const struct run_case *rc, const struct nfim_out *out)
{
	if (rc->want == MORE && rc->need)
		case_eq("need", out->need, rc->need);
	if (rc->want == MORE)
		case_ok("need is more than there is", out->need > rc->len);
	if (rc->want != YES)
		return;
	case_eq("frame_len", out->frame_len, rc->frame_len);
	case_eq("actions", out->actions, rc->actions);
	if (rc->user_before)
		case_eq("user_len", out->user_len, rc->user_before);
	else
		case_mem("user", rc->bytes + out->user_off, out->user_len, rc->user ? rc->user : "",
			 rc->user ? strlen(rc->user) : 0);
}

static const char *result_name(enum nfim_run_result res)
{
	return res == NO ? "no" : res == YES ? "yes" : "more";
}

/*
 * Of fewer bytes a stream's program says more, until the answer is there, which stays. It
 * may say no early, but not yes before the bytes that it asked for.
 */
static void check_prefixes(const struct nfim_pack *pack, const struct run_case *rc)
{
	enum nfim_run_result answer = MORE, res;
	struct nfim_out out;
	u32 len, need = 0;

	for (len = 0; len <= rc->len && !rc->last; len++) {
		res = run(pack, rc, len, len, &out);
		if (answer != MORE && res != answer)
			case_fail("%s of %u bytes, %s of one more", result_name(answer), len - 1,
				  result_name(res));
		if (res == YES && len < need)
			case_fail("yes of %u bytes, but it asked for %u", len, need);
		answer = res;
		if (res == MORE)
			need = out.need;
	}
}

static void run_cases(const char *what, const struct run_case *cases, u32 n)
{
	u32 i, head;

	for (i = 0; i < n; i++) {
		const struct run_case *rc = &cases[i];
		struct nfim_pack pack;
		struct nfim_out out;
		u32 work = 0;
		u8 *file;

		case_begin("%s: %s", what, rc->name);
		case_bytes(rc->bytes, rc->len);
		file = pack_of(rc, &pack);
		for (head = 0; head <= rc->len; head++) {
			enum nfim_run_result res = run(&pack, rc, rc->len, head, &out);

			if (res != rc->want)
				case_fail("result, %u bytes at hand: expected %s, got %s", head,
					  result_name(rc->want), result_name(res));
			check_out(rc, &out);
			if (!head)
				work = out.work;
			case_eq("work does not depend on where bytes are", out.work, work);
		}
		check_prefixes(&pack, rc);
		free(file);
	}
}

TEST(test_basics)
{
	run_cases("basics", basics, ARRAY_SIZE(basics));
}

TEST(test_numbers)
{
	run_cases("numbers", numbers, ARRAY_SIZE(numbers));
}

TEST(test_caseless)
{
	run_cases("caseless", caseless, ARRAY_SIZE(caseless));
}

TEST(test_jumps)
{
	run_cases("jumps", jumps, ARRAY_SIZE(jumps));
}

TEST(test_scans)
{
	run_cases("scan", scans, ARRAY_SIZE(scans));
}

TEST(test_frames)
{
	run_cases("frames", frames, ARRAY_SIZE(frames));
}

/* Names among many pairs: what is looked at ends after 32 pairs and after 1,024 bytes. */
TEST(test_key_limits)
{
	static const struct {
		u32 pairs, value;
		u32 user;
	} tries[] = {
		{ 0, 5, 5 }, { 30, 5, 5 }, { 31, 5, 5 }, { 32, 5, 0 }, { 0, 62, 62 }, { 0, 63, 63 },
		{ 0, 64, 63 }, { 0, 300, 63 }, { 0, 1021, 63 }, { 0, 1022, 0 }, { 0, 2000, 0 },
	};
	u32 i, k;

	for (i = 0; i < ARRAY_SIZE(tries); i++) {
		struct run_case rc = { "key", PROG(KEY(0)), .frames = true, .want = YES };
		struct nfim_pack pack;
		struct nfim_out out;
		char *bytes = malloc(4096), *p = bytes;
		u8 *file;

		*p++ = '.';
		for (k = 0; k < tries[i].pairs; k++)
			p = stpcpy(p, "x|y|");
		p = stpcpy(p, "u|");
		memset(p, 'a', tries[i].value);
		p = stpcpy(p + tries[i].value, "|");
		rc.bytes = bytes;
		rc.len = (u32)(p - bytes);
		case_begin("%u pairs before, value of %u bytes", tries[i].pairs, tries[i].value);
		case_bytes(rc.bytes, rc.len);
		file = pack_of(&rc, &pack);
		case_eq("result", run(&pack, &rc, rc.len, rc.len, &out), YES);
		case_eq("user_len", out.user_len, tries[i].user);
		free(file);
		free(bytes);
	}
}

static const struct run_case dear[] = {
	{ "scan", PROG(INSN(SCAN, 6, NFIM_SCAN_MAX, D_NEEDLE)), .frames = true },
	{ "scan, one byte", PROG(INSN(SCAN, 1, NFIM_SCAN_MAX, D_LOWER)), .frames = true },
	{ "caseless scan", PROG(INSN(SCANI, 8, NFIM_SCAN_MAX, D_LOWER)), .frames = true },
	{ "keys", PROG(KEY(0)), .frames = true },
	{ "keys, separator of two", PROG(KEY8(0)), .frames = true },
	{ "ranges", PROG(INSN(LD8, 0, 0, 0), INSN(IN, 0, 4, R_LOW)), .frames = true },
};

/* Nothing a program does costs more than its instructions are said to. */
TEST(test_cost)
{
	static const char *const fills[] = { "x", "n", "needl", "|", "x|", "u||", "\xc0", "\xc0\x80" };
	struct rng rng = { 1 };
	u32 i, f, k, cost;

	for (i = 0; i < ARRAY_SIZE(dear) * ARRAY_SIZE(fills); i++) {
		struct run_case rc = dear[i / ARRAY_SIZE(fills)];
		struct nfim_pack pack;
		struct nfim_out out;
		char *bytes = malloc(8192);
		u8 *file;

		f = i % ARRAY_SIZE(fills);
		for (k = 0; k < 8192; k++)
			bytes[k] = fills[f][k % strlen(fills[f])];
		rc.bytes = bytes;
		rc.len = 8192 - rng_below(&rng, 8000);
		case_begin("%s over \"%s\"", rc.name, fills[f]);
		file = pack_of(&rc, &pack);
		for (k = 0, cost = 1; k < rc.n; k++)
			cost += nfim_insn_cost(&rc.insn[k]);
		run(&pack, &rc, rc.len, rc.len, &out);
		if (out.work > cost)
			case_fail("work %u is more than the program's cost %u", out.work, cost);
		free(file);
		free(bytes);
	}
}

/* Bytes that cannot be had say no. */
static const u8 *no_read(const struct nfim_view *view, u32 off, u32 n, u8 *buf)
{
	(void)view;
	(void)off;
	(void)n;
	(void)buf;
	return NULL;
}

static const struct run_case unreadable[] = {
	{ "bytes", PROG(INSN(BYTES, 6, 0, D_NEEDLE)) },
	{ "load", PROG(INSN(LDBE16, 0, 0, 0)) },
	{ "scan", PROG(INSN(SCAN, 6, 40, D_NEEDLE)) },
};

TEST(test_unreadable)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(unreadable); i++) {
		struct nfim_view view = { .len = 20, .read = i % 2 ? no_read : NULL };
		struct nfim_out out = { 0 };
		struct nfim_pack pack;
		u8 *file;

		case_begin("unreadable: %s", unreadable[i].name);
		file = pack_of(&unreadable[i], &pack);
		case_eq("result", nfim_run(&pack, 0, unreadable[i].n + 1, &view, 0, &out), NO);
		free(file);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_basics),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_caseless),
		cmocka_unit_test(test_jumps),
		cmocka_unit_test(test_scans),
		cmocka_unit_test(test_frames),
		cmocka_unit_test(test_key_limits),
		cmocka_unit_test(test_cost),
		cmocka_unit_test(test_unreadable),
	};
	int failed = cmocka_run_group_tests_name("run", tests, NULL, NULL);

	printf("# %lu cases\n", case_count());
	return failed;
}
