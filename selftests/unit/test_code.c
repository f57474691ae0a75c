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
	D_LIST = 15,	/* "ab", "c" */
	D_CAPS = 21,	/* "Ab" */
	D_ONE = 25,	/* "ab" */
	D_NONE = 29,	/* none, none */
	D_PICK = 31,	/* action 0: "ab" */
	D_PICK0 = 37,	/* no action: "ab" */
	D_PICK11 = 43,	/* action 11: "ab" */
	D_PICKCAPS = 49, /* action 0: "aB" */
	D_PICKLIT = 55,	/* action 0: "a" */
	D_MANY = 60,	/* 25 of something */
	D_WORD = 61,	/* by ' ', nothing left out, until ";" */
	D_WORDLONG = 66, /* until nine bytes */
	D_WIDTH3 = 81,	/* no lists, a length of three bytes */
	D_OFFER0 = 85, /* no action */
	D_OFFERL4 = 92, /* action 0, by ICMP */
	D_OFFERALL = 99, /* action 0, behind nothing */
	D_OFFERATTR = 107, /* a tag's, behind "ab", one attribute */
	D_OFFERMORE = 121, /* a line's, behind "ab", two attributes */
	D_OFFERFORM = 137, /* an unknown form, behind "ab" */
	D_OFFERPORT = 149, /* apart, no port */
	D_OFFERADDR = 161, /* apart, a port and an address, of one literal */
	D_OFFERLITS = 173, /* behind nine literals */
	D_FIELD = 200, /* "host", "x" */
};

static const char data[] = "hello" "\1|" "\1u" "Bad\0" "\0" "\0"
	"\2\2ab\1c" "\1\2Ab" "\1\2ab" "\0\0" "\1\1\0\2ab" "\1\0\0\2ab" "\1\0\x08\2ab"
	"\1\1\0\2aB" "\1\1\0\1a" "\x19" " \0\1\1;" " \0\1\x0b" "abcdefghijk" "\0\0\3\0"
	"\0\0\6\0\0\0\0" "\1\0\1\0\0\0\0" "\1\0\6\0\0\0\0\0"
	"\1\0\6\0\1\0\0\1\2ab" "\1\1" "a" "\1\0\6\0\0\0\0\1\2ab" "\2\1a\1" "a"
	"\1\0\6\0\4\0\0\1\2ab\0" "\1\0\6\0\3\0\1\1\2ab\0" "\1\0\6\0\3\1\1\1\2ab\0"
	"\1\0\6\0\0\0\0\x09" "\1a\1b\1c\1d\1e\1f\1g\1h\1i\0" "\4hostx";

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
#define LIST_BAD	"a list is outside the data, too long, or not in lower case"
#define FRAME_BAD	"a frame has a wrong length, or its list is bad"
#define PICK_BAD	"it picks from too many bytes or literals"
#define OFFER_BYTES	"offers are looked for in no bytes, or in too many"
#define OFFER_FRONT	"what stands in front of an offer is bad"
#define OFFER_ACTION	"what is offered has an unknown action or none"
#define NAME_BAD	"a name is in no place that it may be"
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
	{ "keep in tcp", "only half of a pair keeps a number", TCP, 1,
	  PROG(INSN(LD8, 0, 0, 0), INSN(KEEP, 0, 0, 0), END) },
	{ "keep in frames", "only half of a pair keeps a number", FRAMES, 0,
	  PROG(INSN(KEEP, 0, 0, 0), END) },
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
	{ "begins in a rule", "a rule cannot tell frames", TCP, 0,
	  PROG(INSN(BEGINS, 2, 0, D_LIST), END) },
	{ "begins with none", LIST_BAD, FRAMES, 0, PROG(INSN(BEGINS, 0, 0, D_NONE), END) },
	{ "begins with another number", LIST_BAD, FRAMES, 0, PROG(INSN(BEGINS, 1, 0, D_LIST), END) },
	{ "begins in capitals", LIST_BAD, FRAMES, 0, PROG(INSN(BEGINS, 1, 0, D_CAPS), END) },
	{ "begins outside", LIST_BAD, FRAMES, 0, PROG(INSN(BEGINS, 2, 0, OUTSIDE), END) },
	{ "begins with too many", LIST_BAD, FRAMES, 0, PROG(INSN(BEGINS, 25, 0, D_MANY), END) },
	{ "begins, too far", JUMP_BAD, FRAMES, 0, PROG(INSN(BEGINS, 2, 1, D_LIST), END) },
	{ "size 0", FRAME_BAD, FRAMES, 0, PROG(INSN(SIZE, 0, 0, 0), END) },
	{ "size of 64 KiB", FRAME_BAD, FRAMES, 0, PROG(INSN(SIZE, 0, 0, 65536), END) },
	{ "line of 0", FRAME_BAD, FRAMES, 0, PROG(INSN(LINE, 0, 0, 0), END) },
	{ "line, too long", FRAME_BAD, FRAMES, 0, PROG(INSN(LINE, 0, 0, NFIM_LINE_MAX + 1), END) },
	{ "line in a rule", "a rule cannot tell frames", UDP, 0, PROG(INSN(LINE, 0, 0, 9), END) },
	{ "within 0", FRAME_BAD, FRAMES, 0, PROG(INSN(WITHIN, 0, 0, 0), END) },
	{ "head of 0", FRAME_BAD, FRAMES, 0, PROG(INSN(HEAD, 0, 0, D_NONE), END) },
	{ "head, too long", FRAME_BAD, FRAMES, 0,
	  PROG(INSN(HEAD, 0, NFIM_HEAD_MAX + 1, D_NONE), END) },
	{ "head, list outside", FRAME_BAD, FRAMES, 0, PROG(INSN(HEAD, 0, 9, OUTSIDE), END) },
	{ "head with two ends", FRAME_BAD, FRAMES, 0, PROG(INSN(HEAD, 0, 9, D_LIST - 1), END) },
	{ "stanza without root", FRAME_BAD, FRAMES, 0, PROG(INSN(STANZA, 0, 9, D_NONE), END) },
	{ "stanza with two roots", FRAME_BAD, FRAMES, 0, PROG(INSN(STANZA, 0, 9, D_LIST), END) },
	{ "stanza of 0", FRAME_BAD, FRAMES, 0, PROG(INSN(STANZA, 0, 0, D_ONE), END) },
	{ "until nothing", FRAME_BAD, FRAMES, 0, PROG(INSN(UNTIL, 0, 0, D_NONE), END) },
	{ "body with a", UNUSED, FRAMES, 0, PROG(INSN(BODY, 1, 0, 0), END) },
	{ "past more than a byte", "a byte has more than eight bits", FRAMES, 0,
	  PROG(INSN(PAST, 1, 256, 0), END) },
	{ "pick in a rule", "a rule cannot tell actions", TCP, 0,
	  PROG(INSN(PICK, 0, 9, D_PICK), END) },
	{ "pick's default", "the action is unknown", FRAMES, 0,
	  PROG(INSN(PICK, NFIM_ACTIONS + 1, 9, D_PICK), END) },
	{ "pick of too many bytes", PICK_BAD, FRAMES, 0,
	  PROG(INSN(PICK, 0, NFIM_PICK_MAX + 1, D_PICK), END) },
	{ "pick of too many literals", PICK_BAD, FRAMES, 0, PROG(INSN(PICK, 0, 9, D_MANY), END) },
	{ "pick outside", PICK_BAD, FRAMES, 0, PROG(INSN(PICK, 0, 9, OUTSIDE), END) },
	{ "pick of no action", "a literal has an unknown action or none", FRAMES, 0,
	  PROG(INSN(PICK, 0, 9, D_PICK0), END) },
	{ "pick of an unknown action", "a literal has an unknown action or none", FRAMES, 0,
	  PROG(INSN(PICK, 0, 9, D_PICK11), END) },
	{ "pick in capitals", "a caseless literal has upper case letters", FRAMES, 0,
	  PROG(INSN(PICK, 0, 9, D_PICKCAPS), END) },
	{ "pick of one byte", "a literal has a wrong length or place", FRAMES, 0,
	  PROG(INSN(PICK, 0, 9, D_PICKLIT), END) },
	{ "word in a rule", "a rule cannot tell names", TCP, 0,
	  PROG(INSN(WORD, 1, 0, D_WORD), END) },
	{ "word 32", NAME_BAD, FRAMES, 0, PROG(INSN(WORD, NFIM_WORDS_MAX, 0, D_WORD), END) },
	{ "any word", NAME_BAD, FRAMES, 0, PROG(INSN(WORD, 255, 0, D_WORD), END) },
	{ "word with more than a byte", NAME_BAD, FRAMES, 0,
	  PROG(INSN(WORD, 0, 256, D_WORD), END) },
	{ "word outside", NAME_BAD, FRAMES, 0, PROG(INSN(WORD, 0, 0, OUTSIDE), END) },
	{ "word at the last place", NAME_BAD, FRAMES, 0, PROG(INSN(WORD, 0, 0, U32_MAX), END) },
	{ "word until too many", NAME_BAD, FRAMES, 0, PROG(INSN(WORD, 0, 0, D_WORDLONG), END) },
	{ "a type too large", "a type has more than 16 bits", FRAMES, 0,
	  PROG(INSN(TLV, 0, 0, 65536), END) },
	{ "tlv in a rule", "a rule cannot tell names", UDP, 0, PROG(INSN(TLV, 0, 0, 1), END) },
	{ "behind, a", NAME_BAD, FRAMES, 0, PROG(INSN(BEHIND, 2, 9, D_NONE), END) },
	{ "behind in no bytes", NAME_BAD, FRAMES, 0, PROG(INSN(BEHIND, 0, 0, D_NONE), END) },
	{ "behind in too many", NAME_BAD, FRAMES, 0,
	  PROG(INSN(BEHIND, 0, NFIM_PICK_MAX + 1, D_NONE), END) },
	{ "behind outside", NAME_BAD, FRAMES, 0, PROG(INSN(BEHIND, 0, 9, OUTSIDE), END) },
	{ "behind a length of three", NAME_BAD, FRAMES, 0,
	  PROG(INSN(BEHIND, 0, 9, D_WIDTH3), END) },
	{ "an offer in a rule", "a rule offers nothing", TCP, 0,
	  PROG(INSN(OFFER, 0, 9, D_OFFERATTR), END) },
	{ "an offer in no bytes", OFFER_BYTES, FRAMES, 0,
	  PROG(INSN(OFFER, 0, 0, D_OFFERATTR), END) },
	{ "an offer in too many", OFFER_BYTES, FRAMES, 0,
	  PROG(INSN(OFFER, 0, NFIM_PICK_MAX + 1, D_OFFERATTR), END) },
	{ "an offer outside", OFFER_BYTES, FRAMES, 0, PROG(INSN(OFFER, 0, 9, OUTSIDE), END) },
	{ "an offer at the last place", OFFER_BYTES, FRAMES, 0,
	  PROG(INSN(OFFER, 0, 9, U32_MAX), END) },
	{ "an offer of nothing", OFFER_ACTION, FRAMES, 0, PROG(INSN(OFFER, 0, 9, D_OFFER0), END) },
	{ "an offer of no protocol", "what is offered is neither TCP nor UDP", FRAMES, 0,
	  PROG(INSN(OFFER, 0, 9, D_OFFERL4), END) },
	{ "an offer behind nothing", OFFER_FRONT, FRAMES, 0,
	  PROG(INSN(OFFER, 0, 9, D_OFFERALL), END) },
	{ "an offer with one attribute", "the names of an offer's attributes are bad", FRAMES, 0,
	  PROG(INSN(OFFER, 0, 9, D_OFFERATTR), END) },
	{ "an offer in a line with attributes", "the names of an offer's attributes are bad",
	  FRAMES, 0, PROG(INSN(OFFER, 0, 9, D_OFFERMORE), END) },
	{ "an offer of no form", OFFER_FRONT, FRAMES, 0,
	  PROG(INSN(OFFER, 0, 9, D_OFFERFORM), END) },
	{ "an offer without a port", OFFER_FRONT, FRAMES, 0,
	  PROG(INSN(OFFER, 0, 9, D_OFFERPORT), END) },
	{ "an offer without a place for addresses", OFFER_FRONT, FRAMES, 0,
	  PROG(INSN(OFFER, 0, 9, D_OFFERADDR), END) },
	{ "an offer behind too many", OFFER_FRONT, FRAMES, 0,
	  PROG(INSN(OFFER, 0, 9, D_OFFERLITS), END) },
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
	size_t len, at;
	u8 *file = pack_with(bad->kind, bad->insn, bad->n, &len);

	case_begin("program: %s", bad->name);
	case_eq("return value", (u32)packmk_try(file, len, &err), (u32)-EINVAL);
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
	size_t len;
	u32 n;
	u8 *file;

	for (n = NFIM_PROG_MAX; n <= NFIM_PROG_MAX + 1; n++) {
		file = pack_with(TCP, insn, n, &len);
		case_begin("program of %u", n);
		case_eq("opens", !packmk_try(file, len, &err), n == NFIM_PROG_MAX);
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
