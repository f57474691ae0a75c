/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The interpreter: runs one program of a pack over the bytes of one direction.
 *
 * A program has a cursor, an accumulator and NFIM_REGS saved values; jumps go
 * forward only, so that its cost is bounded by its length plus the bytes that
 * NFIM_OP_SCAN and NFIM_OP_KEY may look at. It keeps nothing between calls.
 */
#ifndef _NF_IM_ENGINE_RUN_H
#define _NF_IM_ENGINE_RUN_H

#include "offer.h"
#include "pack.h"

enum {
	NFIM_READ_MAX	= 64,	/* bytes of one read, and of a literal */
	NFIM_SCAN_MAX	= 4096,	/* offsets one SCAN may try */
	NFIM_SCAN_LIT	= 32,	/* bytes of the literal of a SCAN */
	NFIM_KEY_MAX	= 1024,	/* bytes one KEY may look at */
	NFIM_KEY_PAIRS	= 32,	/* pairs one KEY may look at */
	NFIM_KEY_KEYS	= 4,	/* keys one KEY may know */
	NFIM_KEY_LEN	= 8,	/* bytes of a key */
	NFIM_KEY_SEP	= 4,	/* bytes of a separator */
	NFIM_HTTP_FIELD_MAX = 32, /* bytes of the name of a field */
	NFIM_HTTP_COST	= 1536,	/* of one test: a field's, the longest head */
	NFIM_REGS	= 4,
	NFIM_LINE_MAX	= 2048,	/* bytes of a line, or of a stanza before it is judged */
	NFIM_HEAD_MAX	= 4096,	/* bytes of a head */
	NFIM_PICK_MAX	= 2048,	/* bytes one PICK or BEHIND may look at */
	NFIM_LITS_MAX	= 24,	/* literals of one BEGINS, PICK or BEHIND */
	NFIM_LIT_MAX	= 48,	/* bytes of each of them */
	NFIM_TRIES_MAX	= 128,	/* places where one PICK or BEHIND may compare literals */
	NFIM_HEAD_LINES	= 128,	/* lines of a head */
	NFIM_WORDS_MAX	= 32,	/* words one WORD may count */
	NFIM_TLVS_MAX	= 32,
	NFIM_STOPS_MAX	= 8,	/* bytes that end a name */
	NFIM_TEXT_NAME_MAX	= 63,	/* bytes of a name that are taken */
	NFIM_BODY_MAX	= 1 << 24, /* bytes of a body */
};

struct nfim_http;

/**
 * struct nfim_view - the bytes of one direction, in stream order, from offset 0
 * @head: bytes that are at hand in one piece, or NULL
 * @head_off: offset of @head
 * @head_len: how many
 * @len: bytes that may be read
 * @last: nothing follows @len (a datagram); "need more" becomes "no"
 * @http: what NFIM_OP_HTTP tests, or NULL; then it says no
 * @read: for what @head does not cover: bytes [@off, @off + @n), either in place or copied
 *	into @buf. Called with @n <= NFIM_READ_MAX and @off + @n <= @len only. NULL if the
 *	bytes cannot be had (then the program says no).
 * @piece: or NULL; for what @head does not cover: the byte at @off < @len in place, with as many
 *	as lie behind it there, set as @n and never more than that was. NULL: only @read has it
 */
struct nfim_view {
	const u8 *head;
	u32 head_off;
	u32 head_len;
	u32 len;
	bool last;
	const struct nfim_http *http;
	const u8 *(*read)(const struct nfim_view *view, u32 off, u32 n, u8 *buf);
	const u8 *(*piece)(const struct nfim_view *view, u32 off, u32 *n);
};

/** struct nfim_span - bytes of the view; @len is 0 if there are none */
struct nfim_span {
	u32 off;
	u32 len;
};

static inline const u8 *nfim_view_get(const struct nfim_view *view, u32 off, u32 n, u8 *buf)
{
	if (likely(off >= view->head_off && off - view->head_off <= view->head_len &&
		   view->head_len - (off - view->head_off) >= n))
		return view->head + (off - view->head_off);
	return view->read ? view->read(view, off, n, buf) : NULL;
}

/**
 * nfim_view_copy() - bytes of a view in one piece, however many
 * @view: the view
 * @off: the first
 * @n: how many; @off + @n <= @view->len
 * @to: they go there
 *
 * Return: how many there are, less than @n if some cannot be had.
 */
u32 nfim_view_copy(const struct nfim_view *view, u32 off, u32 n, u8 *to);

/*
 * Instructions. w0 = op | a << 8 | b << 16, w1 = imm. All offsets are added to the cursor,
 * which starts at the program's start offset. A read past the view's end stops the program
 * with NFIM_RUN_MORE (or NO where the view is the last); sums that overflow 32 bits with NO.
 */
enum nfim_op {
	NFIM_OP_NO,		/* stop: no */
	NFIM_OP_YES,		/* stop: yes */
	NFIM_OP_NEED,		/* at least imm bytes from the cursor must be there */
	NFIM_OP_BYTES,		/* no, unless the a bytes at cursor + b are DATA[imm .. imm + a) */
	NFIM_OP_BYTESI,		/* the same, ASCII letters of either case; DATA is lower case */
	NFIM_OP_LD8,		/* acc = u8 at cursor + imm */
	NFIM_OP_LDBE16,
	NFIM_OP_LDBE24,
	NFIM_OP_LDBE32,
	NFIM_OP_LDLE16,
	NFIM_OP_LDLE32,
	NFIM_OP_AND,		/* acc &= imm */
	NFIM_OP_SHR,		/* acc >>= imm, imm <= 31 */
	NFIM_OP_ADD,		/* acc += imm */
	NFIM_OP_SUB,		/* acc -= imm; no, if that is below 0 */
	NFIM_OP_MUL,		/* acc *= imm, imm <= 255 */
	NFIM_OP_SAVE,		/* reg[a] = acc */
	NFIM_OP_LOAD,		/* acc = reg[a] */
	NFIM_OP_EQ,		/* no, unless acc == imm */
	NFIM_OP_EQREG,		/* no, unless acc == reg[a] */
	NFIM_OP_IN,		/* no, unless acc in one of RANGES[imm .. imm + b) */
	NFIM_OP_JNE,		/* skip b instructions if acc != imm */
	NFIM_OP_JNIN,		/* skip a instructions if acc in none of RANGES[imm .. imm + b) */
	NFIM_OP_JMP,		/* skip b instructions */
	NFIM_OP_SKIP,		/* cursor += imm */
	NFIM_OP_SKIPA,		/* cursor += acc */
	NFIM_OP_END,		/* no, unless cursor == end of the datagram; UDP programs only */
	NFIM_OP_SCAN,		/* find a literal; see below */
	NFIM_OP_SCANI,		/* the same, ASCII letters of either case; DATA is lower case */
	NFIM_OP_TAIL,		/* no, unless the datagram ends with DATA[imm .. imm + a) */
	NFIM_OP_HTTP,		/* test a part of the head; see below */
	NFIM_OP_KEEP,		/* out->kept = acc; in halves of pairs only */
	/* in frames programs only */
	NFIM_OP_FRAME,		/* out->frame_len = acc; no, if 0 */
	NFIM_OP_MAP,		/* out->actions |= acc's value in MAPS[imm .. imm + b), or bit a */
	NFIM_OP_KEY,		/* find a name in separated text; see below */
	NFIM_OP_BEGINS,		/* skip b instructions unless one of a literals is here */
	NFIM_OP_SIZE,		/* out->frame_len = imm */
	NFIM_OP_LINE,		/* the frame is a line of at most imm bytes */
	NFIM_OP_UNTIL,		/* in a body, the frame is a line of it; see below */
	NFIM_OP_HEAD,		/* the frame is a head of at most b bytes and its body */
	NFIM_OP_STANZA,		/* the frame is an XML element of which b bytes are judged */
	NFIM_OP_BODY,		/* the line's last word is the length of a body behind it */
	NFIM_OP_WITHIN,		/* the frame, or its first imm bytes, must be there */
	NFIM_OP_PAST,		/* if byte a is here, cursor goes behind the next bytes b */
	NFIM_OP_PICK,		/* actions by literals that are in the frame */
	NFIM_OP_WORD,		/* a name is the a-th word of the line */
	NFIM_OP_BEHIND,		/* a name is behind a literal in the frame */
	NFIM_OP_TLV,		/* a name is the value of type imm; see below */
	NFIM_OP_OFFER,		/* addresses and ports of flows to come; see below */
	NFIM_OPS,
};

/*
 * Operands that an operation does not use are 0.
 *
 * NFIM_OP_BYTES, NFIM_OP_BYTESI: bytes that are there already are compared before more are
 *	asked for, so that a wrong first byte says no at once.
 * NFIM_OP_TAIL: UDP programs only; bytes that were looked at before are not the last ones.
 * NFIM_OP_NEED, NFIM_OP_SCAN, NFIM_OP_SCANI: accumulator and saved values are 0 afterwards,
 *	so that a program which stopped there for more bytes can go on from there.
 * NFIM_OP_SCAN, NFIM_OP_SCANI: a = length of the literal (1..NFIM_SCAN_LIT), imm = its place in
 *	DATA, b = how many offsets from the cursor on may be tried (1..NFIM_SCAN_MAX).
 *	Found: cursor goes behind it. Not there: no; not yet: more.
 * NFIM_OP_HTTP: programs of NFIM_ROOT_HTTP only. a = enum nfim_http_part | enum nfim_http_how << 4,
 *	b = length of the literal, imm = its place in DATA; before it, of NFIM_HTTP_FIELD, the
 *	field's name with its length in front. All in lower case, and compared so. The
 *	cursor stands at the body, whatever is tested.
 * NFIM_OP_KEY: a = number of keys (1..NFIM_KEY_KEYS), b = 1 if only pairs that end before
 *	out->frame_len count, imm = where in DATA stand: one byte length of the separator, the
 *	separator, then for each key one byte length and the key; the best key first.
 *	Reads key SEP value SEP pairs from the cursor on, at most NFIM_KEY_PAIRS of them in
 *	NFIM_KEY_MAX bytes; the first pair of the best key with a complete, non-empty value
 *	sets out->user_off (from offset 0 of the view) and user_len (cut to NFIM_READ_MAX - 1).
 *	A key that is not the first of the list counts only once all those pairs are there, so
 *	that the name does not depend on how the stream is cut.
 *	Does nothing where user_len is not 0 before: a caller who knows the name already saves
 *	its cost that way. Never ends the program: an absent key or missing bytes change nothing.
 */

/* What NFIM_OP_HTTP looks at. */
enum nfim_http_part {
	NFIM_HTTP_METHOD,
	NFIM_HTTP_PATH,		/* without query; needless escapes taken back */
	NFIM_HTTP_QUERY,	/* one of its fields, between & */
	NFIM_HTTP_HOST,		/* of the target, or the field Host */
	NFIM_HTTP_FIELD,	/* any field of that name */
	NFIM_HTTP_PARTS,
};

enum nfim_http_how {
	NFIM_HTTP_IS,
	NFIM_HTTP_STARTS,
	NFIM_HTTP_HAS,		/* somewhere in it; of a host: names below it, too */
	NFIM_HTTP_HOWS,
};

/*
 * Text, for frames. Lists in DATA are one byte for how many, then each literal as one byte
 * length and its bytes in lower case; letters of either case are taken.
 * NFIM_OP_LINE: from the cursor through LF, its end set before CR LF. A longer one is taken in
 *	parts: out->state is then 1, and what comes up to LF belongs to the frame before.
 * NFIM_OP_HEAD: imm = a list: names of the header with the body's length; then a list of at most
 *	one literal that, where a line begins with it, ends a head without empty line. No if the
 *	head does not end within b bytes. A head with such a literal has a body that goes up to a
 *	line which begins with it: out->state is then 2.
 * NFIM_OP_UNTIL: imm = a list of that literal. Ends the program in a body.
 * NFIM_OP_STANZA: imm = a list of one: the local name of the root, whose tag is a frame by
 *	itself. White space, declarations and end tags at the top are frames, too. Longer elements
 *	are taken in parts, as lines; out->state then is that of the parser. No where no tag begins.
 * NFIM_OP_BODY: no digits: no body. At most NFIM_BODY_MAX.
 * NFIM_OP_BEGINS: imm = a list. Bytes behind the line are not looked at.
 * NFIM_OP_PICK: imm = one byte for how many, then for each a mask of actions in two bytes, low
 *	one first, maybe with NFIM_ACTION_OFFER, and the literal. Of those that stand in the
 *	frame's b bytes from the cursor on the first of the list gives the actions; if none does,
 *	action a, or NFIM_ACTIONS: those of the frame before. Looks at bytes that are there only.
 *	Of bytes that are full of false starts not all are compared: then any of the list may
 *	stand there, and all actions do.
 * NFIM_OP_WORD: imm = separator, a byte to leave out in front, then a list of one with bytes
 *	that end the name. b = a byte the word must have, or 0; a = 255: the first such word.
 * NFIM_OP_BEHIND: imm = two lists, the second one looked for in 64 bytes behind the first (both
 *	may be empty), then the width of a little endian length in front of the name, or 0, and a
 *	list of one with bytes that end it, as the end of a line does where there is no length.
 *	b = bytes to look at from the cursor on. a = 1: it is not the user but the host.
 * NFIM_OP_TLV: types and lengths of two bytes each, big endian, and values, NFIM_TLVS_MAX at most
 *	from the cursor to the frame's end. imm <= 0xffff.
 * NFIM_OP_OFFER: imm = struct nfim_offer_data, a list of at most NFIM_OFFER_LITS, and a second one
 *	of the names of two attributes (NFIM_OFFER_TAG) or none. What stands behind each literal
 *	of the first in the frame's b bytes from the cursor on: see enum nfim_offer_form. Does
 *	nothing without out->offers.
 */

/** enum nfim_offer_form - how an offer is written */
enum nfim_offer_form {
	NFIM_OFFER_WORDS_IN_LINE,	/* nfim_offer_words() */
	NFIM_OFFER_TAG,			/* nfim_offer_tag() */
	NFIM_OFFER_URL,			/* nfim_offer_url() */
	/*
	 * Apart: behind the first @ports literals of the list stands a port, behind the next
	 * @addrs addresses, and with each port or other literal a part begins. The addresses are
	 * those of the port's part, or if it has none those in front of all parts. Without other
	 * literals all is one part.
	 */
	NFIM_OFFER_APART,
	NFIM_OFFER_FORMS,
};

/** struct nfim_offer_data - in DATA, as bytes; @actions, see struct nfim_offer, low byte first */
struct nfim_offer_data {
	u8 actions[2];
	u8 l4;
	u8 proto;
	u8 form;
	u8 ports;
	u8 addrs;
};

#define NFIM_INSN(op, a, b)	((u32)(op) | (u32)(a) << 8 | (u32)(b) << 16)
#define NFIM_INSN_OP(i)		((i)->w0 & 0xff)
#define NFIM_INSN_A(i)		((i)->w0 >> 8 & 0xff)
#define NFIM_INSN_B(i)		((i)->w0 >> 16)

/**
 * nfim_insn_cost() - the most work an instruction can be, in the units of nfim_out.work
 * @insn: verified instruction
 *
 * The sum over the dearest way through a program is at most NFIM_COST_MAX.
 */
static inline u32 nfim_insn_cost(const struct nfim_insn *insn)
{
	switch (NFIM_INSN_OP(insn)) {
	case NFIM_OP_IN:
	case NFIM_OP_JNIN:
		return 1 + NFIM_INSN_B(insn);
	case NFIM_OP_SCAN:
	case NFIM_OP_SCANI:
		/* Chunks overlap by the length of the literal less one. */
		return 16 + NFIM_INSN_B(insn) / 2;
	case NFIM_OP_BEGINS:
		return 1 + NFIM_INSN_A(insn);
	/* Bytes are read in chunks of NFIM_READ_MAX; a chunk costs one more. */
	case NFIM_OP_LINE:
		return 8 + insn->w1 / 7;
	case NFIM_OP_UNTIL:
		return 8 + NFIM_LINE_MAX / 7;
	case NFIM_OP_HEAD:
		return 16 + 2 * (NFIM_INSN_B(insn) / 7 + NFIM_HEAD_LINES);
	case NFIM_OP_STANZA:
		return 16 + NFIM_INSN_B(insn) / 3;
	case NFIM_OP_PICK:
		if (!NFIM_INSN_B(insn))
			return 2;
		return 8 + NFIM_INSN_B(insn) / 7 + NFIM_TRIES_MAX * (2 + NFIM_LITS_MAX / 4);
	case NFIM_OP_BEHIND:
		return 64 + NFIM_INSN_B(insn) / 7 + 2 * NFIM_TRIES_MAX * (2 + NFIM_LITS_MAX / 4);
	case NFIM_OP_PAST:
		return 16 + NFIM_LINE_MAX / 7 + NFIM_READ_MAX;
	case NFIM_OP_TLV:
		return 1 + NFIM_TLVS_MAX;
	case NFIM_OP_OFFER:
		return 64 + NFIM_INSN_B(insn) / 7 + NFIM_TRIES_MAX * (2 + NFIM_OFFER_LITS / 4) +
		       NFIM_OFFER_TRIES * (NFIM_OFFER_TEXT / 8);
	case NFIM_OP_WORD:
		return 16 + 3 * NFIM_LINE_MAX / 7 + 4 * NFIM_WORDS_MAX;
	case NFIM_OP_KEY:
		return 1 + 4 * NFIM_KEY_PAIRS + NFIM_KEY_MAX / 4;
	case NFIM_OP_HTTP:
		return (NFIM_INSN_A(insn) & 0xf) <= NFIM_HTTP_PATH ? 16 : NFIM_HTTP_COST;
	default:
		return 1;
	}
}

/**
 * nfim_prog_cost() - the most work a program can be
 * @insn: its instructions, each verified
 * @n: how many, at most NFIM_PROG_MAX
 *
 * Return: the sum over the dearest way through it, or NFIM_COST_MAX + 1 for more than that.
 */
u32 nfim_prog_cost(const struct nfim_insn *insn, u32 n);

enum nfim_run_result {
	NFIM_RUN_NO,
	NFIM_RUN_YES,
	NFIM_RUN_MORE,
};

/**
 * struct nfim_out - what a program found
 * @need: on MORE: bytes of the view at which another try is worth it (> view->len); with
 *	fewer it is never YES. On YES: with how many it would have been said already
 * @pc: on MORE: instruction to go on from, 0 for the first one. A caller who wants that gives
 *	it back with @cur and @need, for the same bytes and more
 * @cur: on MORE: the cursor there
 * @kept: on YES: the number that both halves of a pair keep, 0 if they keep none
 * @keeps: there is one: a run that stops for more bytes begins anew then, as it would be lost
 * @seen: as @pc and @cur, but of frames: see the text operations; 0 if it is none of them
 * @state: frames: what one leaves to the next, below 1 << 12; 0 at first. On MORE it belongs
 *	to @seen, if that is not 0, else the one before stays
 * @prior: frames: actions of the one before
 * @frame_len: bytes from the start offset to the next frame, 0 if none was given
 * @actions: bits of enum nf_im_action, and NFIM_ACTION_OFFER
 * @user_off: where a name stands, offset in the view
 * @user_len: its length, 0 for none
 * @host_off: where the name of a server stands
 * @host_len: its length, 0 for none
 * @offers: where offers are added to, or NULL. Those of a run that did not say YES are none
 * @work: instructions run or skipped, ranges named, and an eighth of the bytes scanned;
 *	added to, never reset
 */
struct nfim_out {
	u32 need;
	u32 pc;
	u32 cur;
	u32 kept;
	bool keeps;
	u32 seen;
	u32 state;
	u32 prior;
	u32 frame_len;
	u32 actions;
	u32 user_off;
	u32 user_len;
	u32 host_off;
	u32 host_len;
	u32 work;
	struct nfim_offers *offers;
};

/**
 * nfim_run() - run a program
 * @pack: opened pack
 * @code: first instruction, in a program that nfim_pack_open() verified
 * @n_code: its length
 * @view: the bytes
 * @start: offset in the view at which the cursor starts
 * @out: result; the caller sets all but @work to 0 before (but see @pc, @offers, and for
 *	user_len NFIM_OP_KEY). On NO and MORE only need and work mean something.
 *
 * Return: enum nfim_run_result.
 */
enum nfim_run_result nfim_run(const struct nfim_pack *pack, u32 code, u32 n_code,
			      const struct nfim_view *view, u32 start, struct nfim_out *out);

#endif /* _NF_IM_ENGINE_RUN_H */
