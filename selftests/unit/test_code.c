// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every rule of the verifier of programs, broken by itself in a pack that is otherwise right:
 * refused with that rule's sentence, at the instruction that breaks it.
 */
#include "unit.h"
#include "packmk.h"
#include "sentences.h"

#include <stdlib.h>

/* Where things stand in DATA. */
enum {
	D_TEXT = 0,	/* "hello" */
	D_KEYS = 5,	/* "|": "u" */
	D_BADNAME = 9,	/* "Bad" */
	D_EMPTY = 13,	/* "" */
	D_FIELD = 14,	/* "host", "x" */
};

static const char data[] = "hello" "\1|" "\1u" "Bad\0" "\0" "\4hostx";

static const struct nfim_range ranges[] = { { 1, 9, 1 }, { 4, 4, 1 } };
static const struct nfim_map maps[] = { { 1, 2, 1, 0 }, { 3, 3, 2, 0 }, { 1, 1, 4, 1 } };

enum kind {
	TCP,
	UDP,
	FRAMES,
	HTTP,
};

/* A program that is wrong, in a pack that is right. @at: instruction, or -1 for the record. */
struct bad_prog {
	const char *name;
	const char *what;
	enum kind kind;
	s32 at;
	const struct nfim_insn *insn;
	u32 n;
};

#define LIT_LEN		"a literal has a wrong length"
#define LIT_OUT		"a literal is outside the data"
#define RANGES_BAD	"ranges are outside their section, none, or too many"
#define MAP_BAD		"a map is outside its section, empty, or too long"
#define UNUSED		"an instruction has an operand it does not use"
#define NO_KEYS		"there are no keys or too many"
#define SEP_BAD		"the separator of keys has a wrong length or place"
#define KEY_BAD		"a key has a wrong length or place"
#define HTTP_LIT	"a literal has a wrong length, or is outside the data"
#define JUMP_BAD	"a jump leaves the program"
#define END		INSN(YES, 0, 0, 0)
/* DATA is shorter: see pack_with(). */
#define OUTSIDE		4096

static const struct bad_prog progs[] = {
	{ "unknown", "an instruction is unknown", TCP, 1,
	  PROG(INSN(LD8, 0, 0, 0), { NFIM_OPS, 0 }, END) },
	{ "last of all", "an instruction is unknown", TCP, 0, PROG({ 0xff, 0 }, END) },
	{ "yes with a", UNUSED, TCP, 0, PROG(INSN(YES, 1, 0, 0)) },
	{ "no with b", UNUSED, TCP, 0, PROG(INSN(NO, 0, 1, 0)) },
	{ "yes with imm", UNUSED, TCP, 0, PROG(INSN(YES, 0, 0, 1)) },
	{ "eq with b", UNUSED, TCP, 0, PROG(INSN(EQ, 0, 1, 1), END) },
	{ "skipa with imm", UNUSED, TCP, 0, PROG(INSN(SKIPA, 0, 0, 1), END) },
	{ "end with a", UNUSED, UDP, 0, PROG(INSN(END, 1, 0, 0), END) },
	{ "frame with imm", UNUSED, FRAMES, 0, PROG(INSN(FRAME, 0, 0, 1), END) },
	{ "need 0", "it needs nothing or too much", TCP, 0, PROG(INSN(NEED, 0, 0, 0), END) },
	{ "need too much", "it needs nothing or too much", TCP, 0,
	  PROG(INSN(NEED, 0, 0, NFIM_NEED_MAX + 1), END) },
	{ "bytes of 0", LIT_LEN, TCP, 0, PROG(INSN(BYTES, 0, 0, 0), END) },
	{ "bytes of 65", LIT_LEN, TCP, 0, PROG(INSN(BYTES, NFIM_READ_MAX + 1, 0, 0), END) },
	{ "bytes outside", LIT_OUT, TCP, 0, PROG(INSN(BYTES, 1, 0, OUTSIDE), END) },
	{ "bytes at the last place", LIT_OUT, TCP, 0, PROG(INSN(BYTES, 2, 0, U32_MAX), END) },
	{ "bytesi of 0", LIT_LEN, TCP, 0, PROG(INSN(BYTESI, 0, 0, 0), END) },
	{ "bytesi outside", LIT_OUT, TCP, 0, PROG(INSN(BYTESI, 4, 0, OUTSIDE), END) },
	{ "bytesi in capitals", "a caseless literal has upper case letters", TCP, 0,
	  PROG(INSN(BYTESI, 3, 0, D_BADNAME), END) },
	{ "http in tcp", "only rules of HTTP know its parts", TCP, 0,
	  PROG(INSN(HTTP, 1, 3, 0), END) },
	{ "http in udp", "only rules of HTTP know its parts", UDP, 0,
	  PROG(INSN(HTTP, 1, 3, 0), END) },
	{ "http: part", "a part of HTTP is unknown", HTTP, 0,
	  PROG(INSN(HTTP, NFIM_HTTP_PARTS, 3, 0), END) },
	{ "http: how", "a part of HTTP is unknown", HTTP, 0,
	  PROG(INSN(HTTP, NFIM_HTTP_HOWS << 4, 3, 0), END) },
	{ "http: literal of 0", HTTP_LIT, HTTP, 0, PROG(INSN(HTTP, 1, 0, 0), END) },
	{ "http: literal of 65", HTTP_LIT, HTTP, 0,
	  PROG(INSN(HTTP, 1, NFIM_READ_MAX + 1, 0), END) },
	{ "http: literal outside", HTTP_LIT, HTTP, 0, PROG(INSN(HTTP, 1, 2, U32_MAX), END) },
	{ "http: capitals", "a literal of HTTP has upper case letters", HTTP, 0,
	  PROG(INSN(HTTP, 1, 3, D_BADNAME), END) },
	{ "http: field without a name", "the name of a field has a wrong length or place", HTTP, 0,
	  PROG(INSN(HTTP, NFIM_HTTP_FIELD, 0, D_EMPTY), END) },
	{ "http: field outside", "the name of a field has a wrong length or place", HTTP, 0,
	  PROG(INSN(HTTP, NFIM_HTTP_FIELD, 0, OUTSIDE), END) },
	{ "http: field's literal outside", HTTP_LIT, HTTP, 0,
	  PROG(INSN(HTTP, NFIM_HTTP_FIELD, 60, D_FIELD), END) },
	{ "shr 32", "a shift is too wide", TCP, 0, PROG(INSN(SHR, 0, 0, 32), END) },
	{ "mul 256", "a factor is too large", TCP, 0, PROG(INSN(MUL, 0, 0, 256), END) },
	{ "save", "a register does not exist", TCP, 0, PROG(INSN(SAVE, NFIM_REGS, 0, 0), END) },
	{ "load", "a register does not exist", TCP, 0, PROG(INSN(LOAD, NFIM_REGS, 0, 0), END) },
	{ "eqreg", "a register does not exist", TCP, 0, PROG(INSN(EQREG, 255, 0, 0), END) },
	{ "in none", RANGES_BAD, TCP, 0, PROG(INSN(IN, 0, 0, 0), END) },
	{ "in 65", RANGES_BAD, TCP, 0, PROG(INSN(IN, 0, NFIM_RANGES_MAX + 1, 0), END) },
	{ "in, outside", RANGES_BAD, TCP, 0, PROG(INSN(IN, 0, 1, 2), END) },
	{ "in, over the end", RANGES_BAD, TCP, 0, PROG(INSN(IN, 0, 2, 1), END) },
	{ "in, at the last place", RANGES_BAD, TCP, 0, PROG(INSN(IN, 0, 1, U32_MAX), END) },
	{ "jnin, outside", RANGES_BAD, TCP, 0, PROG(INSN(JNIN, 0, 1, 2), END) },
	{ "jnin too far", JUMP_BAD, TCP, 0, PROG(INSN(JNIN, 1, 1, 0), END) },
	{ "jne too far", JUMP_BAD, TCP, 0, PROG(INSN(JNE, 0, 1, 0), END) },
	{ "jmp too far", JUMP_BAD, TCP, 0, PROG(INSN(JMP, 0, 65535, 0), END) },
	{ "jmp to the end", JUMP_BAD, TCP, 1, PROG(END, INSN(JMP, 0, 1, 0), END) },
	{ "end of a stream", "only datagrams have an end", TCP, 0, PROG(INSN(END, 0, 0, 0), END) },
	{ "end of a stream's frame", "only datagrams have an end", FRAMES, 0,
	  PROG(INSN(END, 0, 0, 0), END) },
	{ "scan of 0", LIT_LEN, TCP, 0, PROG(INSN(SCAN, 0, 1, 0), END) },
	{ "scan of 33", LIT_LEN, TCP, 0, PROG(INSN(SCAN, NFIM_SCAN_LIT + 1, 1, 0), END) },
	{ "caseless scan of 33", LIT_LEN, TCP, 0, PROG(INSN(SCANI, NFIM_SCAN_LIT + 1, 1, 0), END) },
	{ "caseless scan outside", LIT_OUT, TCP, 0, PROG(INSN(SCANI, 1, 1, OUTSIDE), END) },
	{ "caseless scan in capitals", "a caseless literal has upper case letters", TCP, 0,
	  PROG(INSN(SCANI, 3, 9, D_BADNAME), END) },
	{ "tail of a stream", "only datagrams have an end", TCP, 0,
	  PROG(INSN(TAIL, 1, 0, 0), END) },
	{ "tail with b", UNUSED, UDP, 0, PROG(INSN(TAIL, 1, 1, 0), END) },
	{ "tail of 0", LIT_LEN, UDP, 0, PROG(INSN(TAIL, 0, 0, 0), END) },
	{ "tail outside", LIT_OUT, UDP, 0, PROG(INSN(TAIL, 1, 0, OUTSIDE), END) },
	{ "scan outside", LIT_OUT, TCP, 0, PROG(INSN(SCAN, 1, 1, OUTSIDE), END) },
	{ "scan no offset", "it scans nothing or too much", TCP, 0,
	  PROG(INSN(SCAN, 1, 0, 0), END) },
	{ "scan 4097", "it scans nothing or too much", TCP, 0,
	  PROG(INSN(SCAN, 1, NFIM_SCAN_MAX + 1, 0), END) },
	{ "frame in a rule", "a rule cannot tell frames", TCP, 0, PROG(INSN(FRAME, 0, 0, 0), END) },
	{ "map in a rule", "a rule cannot tell actions", UDP, 0, PROG(INSN(MAP, 0, 1, 0), END) },
	{ "key in a rule", "a rule cannot tell names", TCP, 0,
	  PROG(INSN(KEY, 1, 0, D_KEYS), END) },
	{ "map's default", "the action is unknown", FRAMES, 0,
	  PROG(INSN(MAP, NFIM_ACTIONS, 1, 0), END) },
	{ "map of none", MAP_BAD, FRAMES, 0, PROG(INSN(MAP, 0, 0, 0), END) },
	{ "map outside", MAP_BAD, FRAMES, 0, PROG(INSN(MAP, 0, 1, 3), END) },
	{ "map too long", MAP_BAD, FRAMES, 0, PROG(INSN(MAP, 0, NFIM_MAPS_MAX + 1, 0), END) },
	{ "map over two tables", "a map goes over two tables", FRAMES, 0,
	  PROG(INSN(MAP, 0, 2, 1), END) },
	{ "no keys", NO_KEYS, FRAMES, 0, PROG(INSN(KEY, 0, 0, D_KEYS), END) },
	{ "five keys", NO_KEYS, FRAMES, 0, PROG(INSN(KEY, NFIM_KEY_KEYS + 1, 0, D_KEYS), END) },
	{ "key's b", NO_KEYS, FRAMES, 0, PROG(INSN(KEY, 1, 2, D_KEYS), END) },
	{ "keys outside", SEP_BAD, FRAMES, 0, PROG(INSN(KEY, 1, 0, OUTSIDE), END) },
	{ "keys at the last place", SEP_BAD, FRAMES, 0, PROG(INSN(KEY, 1, 0, U32_MAX), END) },
	{ "separator too long", SEP_BAD, FRAMES, 0, PROG(INSN(KEY, 1, 0, D_TEXT), END) },
	{ "separator of 0", SEP_BAD, FRAMES, 0, PROG(INSN(KEY, 1, 0, D_EMPTY), END) },
	{ "key too long", KEY_BAD, FRAMES, 0, PROG(INSN(KEY, 2, 0, D_KEYS), END) },
	{ "runs off its end", "a program can run off its end", TCP, 0, PROG(INSN(LD8, 0, 0, 0)) },
	{ "ends with a jump", JUMP_BAD, TCP, 0, PROG(INSN(JMP, 0, 0, 0)) },
	{ "too much work", "a program may take too much work", TCP, -1,
	  PROG(INSN(SCAN, 1, 4096, 0), INSN(SCAN, 1, 4096, 0), INSN(SCAN, 1, 4096, 0),
	       INSN(SCAN, 1, 4096, 0), END) },
};

static u8 *pack_with(enum kind kind, const struct nfim_insn *insn, u32 n, size_t *len)
{
	struct packmk *mk = calloc(1, sizeof(*mk));
	u8 *file;
	u32 i;

	packmk_data(mk, data, sizeof(data));
	for (i = 0; i < ARRAY_SIZE(ranges); i++)
		packmk_add(mk, NFIM_SECT_RANGES, &ranges[i], sizeof(ranges[i]));
	for (i = 0; i < ARRAY_SIZE(maps); i++)
		packmk_add(mk, NFIM_SECT_MAPS, &maps[i], sizeof(maps[i]));
	packmk_proto(mk, 3, "alpha", 20, kind == FRAMES, kind == FRAMES);
	if (kind == FRAMES)
		packmk_frames(mk, 3, NFIM_L4_TCP, insn, n);
	else
		packmk_rule(mk, 3, kind == UDP ? NFIM_ROOT_UDP : kind == HTTP ? NFIM_ROOT_HTTP :
			    NFIM_ROOT_TCP, "alpha", insn, n);
	packmk_roots(mk);
	file = packmk_build(mk, len);
	free(mk);
	return file;
}

static void check_prog(const struct bad_prog *bad)
{
	struct nfim_pack_err err;
	struct nfim_pack pack;
	size_t len, at;
	u8 *file = pack_with(bad->kind, bad->insn, bad->n, &len);

	case_begin("program: %s", bad->name);
	case_eq("return value", (u32)nfim_pack_open(&pack, file, len, &err), (u32)-EINVAL);
	case_str("reason", err.what, bad->what);
	case_str("about", err.name, "alpha");
	if (bad->at >= 0)
		at = packmk_sect(file, NFIM_SECT_CODE) + bad->at * sizeof(struct nfim_insn);
	else
		at = packmk_sect(file, NFIM_SECT_RULES) + offsetof(struct nfim_rule, code);
	case_eq("offset", err.off, at);
	sentence_seen(err.what);
	free(file);
}

TEST(test_programs)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(progs); i++)
		check_prog(&progs[i]);
}

/* A program of 256 instructions is the longest. */
TEST(test_longest)
{
	struct nfim_insn insn[NFIM_PROG_MAX + 1] = { 0 };
	struct nfim_pack_err err;
	struct nfim_pack pack;
	size_t len;
	u32 n;
	u8 *file;

	for (n = NFIM_PROG_MAX; n <= NFIM_PROG_MAX + 1; n++) {
		file = pack_with(TCP, insn, n, &len);
		case_begin("program of %u", n);
		case_eq("opens", !nfim_pack_open(&pack, file, len, &err), n == NFIM_PROG_MAX);
		free(file);
	}
	case_str("reason", err.what, "a program is empty, too long, or outside its section");
}

/* Every sentence of pack-code.c came in a case above: a new rule needs a new case. */
TEST(test_every_sentence)
{
	sentences_check("pack-code.c", 15);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_programs),
		cmocka_unit_test(test_longest),
		cmocka_unit_test(test_every_sentence),
	};
	int failed = cmocka_run_group_tests_name("code", tests, NULL, NULL);

	printf("# %lu cases\n", case_count());
	return failed;
}
