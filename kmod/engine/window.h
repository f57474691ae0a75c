/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The window: kept bytes of one direction of a flow, in stream order.
 *
 * Bytes are kept only while somebody needs them again: a prefix that may still
 * become a protocol, or data that came before its predecessor. They live in
 * blocks of NFIM_BLOCK bytes, aligned in stream offsets, each with a bitmap of the
 * bytes that are there; so it does not matter how the stream was cut.
 *
 * Where a byte came twice with different values, the primary block keeps the
 * first and a second block (NFIM_BLOCK_LATER) the last; readers choose which.
 *
 * The engine never allocates: the caller hands in blocks, and frees what
 * nfim_window_trim() gives back. Changing a window needs the caller's lock;
 * reading does not, if blocks are freed after a grace period and what was
 * concluded is thrown away when the window changed meanwhile.
 */
#ifndef _NF_IM_ENGINE_WINDOW_H
#define _NF_IM_ENGINE_WINDOW_H

#include "run.h"

enum {
	NFIM_BLOCK		= 192,	/* bytes */
	NFIM_BLOCK_WORDS	= NFIM_BLOCK / 64,
	NFIM_BLOCK_LATER	= 1,	/* flag: last copy of bytes that came twice */
	NFIM_WINDOW_MAX		= 16384, /* bytes ahead of what came in order */
	NFIM_PREFIX_KEEP_MAX	= 4096,	/* bytes kept that came in order; see nfim_dir_keep() */
	NFIM_BLOCKS_MAX		= 2 * (NFIM_WINDOW_MAX / NFIM_BLOCK + 2),
	NFIM_WAITS		= 12,	/* rules a direction remembers as waiting */
};

/** struct nfim_wait - a rule that wants more bytes; offsets from the direction's origin */
struct nfim_wait {
	u16 rule;
	u16 need;
	u16 cur;	/* see struct nfim_out */
	u16 pc;
};

struct nfim_block {
	struct nfim_block *next;
	u32 off;		/* stream offset of data[0], multiple of NFIM_BLOCK */
	u32 flags;
	u64 present[NFIM_BLOCK_WORDS];
	struct nfim_wait wait[NFIM_WAITS];	/* used in the origin's block only */
	u8 data[NFIM_BLOCK];
};

struct nfim_quic;

/**
 * struct nfim_seg - payload of one packet, given to the engine
 * @head: first bytes in one piece
 * @head_len: how many, <= @len
 * @len: bytes of payload, > 0
 * @read: for bytes beyond @head: [@off, @off + @n) of the payload, n <= NFIM_READ_MAX, in place
 *	or copied to @buf; NULL if they cannot be had
 * @seq: TCP: sequence number of the first payload byte (a SYN's own number + 1)
 * @base: TCP: sequence number of the direction's first byte, if @has_base
 * @acked: TCP: the highest acknowledgment of the other side, if @has_acked; bytes below
 *	it cannot be replaced any more
 * @peer_acked: TCP: the same for the other direction: what this side acknowledged
 * @age: seconds since the flow's first payload
 * @dir: 0 from the side that opened the flow, 1 from the other
 * @l4: NFIM_L4_TCP or NFIM_L4_UDP
 * @has_base: whether @base is known; without it the direction is read in mid-stream
 * @has_acked: whether @acked is known
 * @has_peer_acked: whether @peer_acked is known
 * @settle: the caller knows acknowledgments: that a flow is none of ours is then said only of
 *	bytes that were acknowledged, as others may be decoys that never arrived
 * @urgent: TCP: the urgent flag is set; the receiver may take a byte out of the stream
 * @learn: the flow goes to a resolver: of its answers @told of the step is wanted. Two words that
 *	nobody outside knows, by which its questions are remembered; or NULL
 * @quic: UDP: memory to decrypt QUIC in, from nfim_flow_step() to nfim_flow_commit(), the
 *	caller's alone meanwhile. Without it a flow of QUIC is given up
 */
struct nfim_seg {
	const u8 *head;
	u32 head_len;
	u32 len;
	const u8 *(*read)(const struct nfim_seg *seg, u32 off, u32 n, u8 *buf);
	u32 seq;
	u32 base;
	u32 acked;
	u32 peer_acked;
	u32 age;
	u8 dir;
	u8 l4;
	bool has_base;
	bool has_acked;
	bool has_peer_acked;
	bool settle;
	bool urgent;
	const u64 *learn;
	struct nfim_quic *quic;
};

static inline const u8 *nfim_seg_get(const struct nfim_seg *seg, u32 off, u32 n, u8 *buf)
{
	if (likely(off <= seg->head_len && seg->head_len - off >= n))
		return seg->head + off;
	return seg->read ? seg->read(seg, off, n, buf) : NULL;
}

/**
 * struct nfim_window_view - a view of kept bytes and one segment together
 * @view: what the interpreter reads; must be the first member
 * @blocks: the window
 * @seg: the segment, or NULL
 * @seg_start: stream offset of the segment's byte @seg_skip
 * @seg_skip: payload bytes at the segment's front to leave out
 * @later: prefer the last copy of a byte over the first
 */
struct nfim_window_view {
	struct nfim_view view;
	const struct nfim_block *blocks;
	const struct nfim_seg *seg;
	u32 seg_start;
	u32 seg_skip;
	bool later;
};

/**
 * nfim_window_view_init() - look at a window and a segment as one stream
 * @wv: set up; @wv->view.len is 0, the caller sets it from nfim_window_reach()
 * @blocks: the window, may be NULL
 * @seg: the segment, may be NULL
 * @start: stream offset of payload byte @skip
 * @skip: bytes of payload that are left out
 * @later: prefer the last copy of a byte over the first
 */
void nfim_window_view_init(struct nfim_window_view *wv, const struct nfim_block *blocks,
			   const struct nfim_seg *seg, u32 start, u32 skip, bool later);

/**
 * nfim_window_reach() - how far the bytes go on without a gap
 * @wv: the view
 * @from: stream offset up to which they are known to
 *
 * Return: the first offset >= @from that is neither kept nor in the segment.
 */
u32 nfim_window_reach(const struct nfim_window_view *wv, u32 from);

/**
 * nfim_window_differs() - does the segment contradict what is kept?
 * @wv: the view
 *
 * Return: true if a byte of the segment is kept with another value.
 */
bool nfim_window_differs(const struct nfim_window_view *wv);

/**
 * nfim_window_blocks() - how many new blocks nfim_window_store() may need
 * @wv: the view
 * @from: first stream offset to keep
 * @to: one after the last
 * @differs: what nfim_window_differs() said
 *
 * Return: the number, or a number > NFIM_BLOCKS_MAX if the window would get too large.
 */
u32 nfim_window_blocks(const struct nfim_window_view *wv, u32 from, u32 to, bool differs);

/**
 * nfim_window_store() - keep bytes of a segment
 * @head: the window
 * @seg: the segment
 * @seg_start: stream offset of payload byte @skip
 * @skip: bytes of payload left out
 * @from: first stream offset to keep
 * @to: one after the last
 * @spare: list of new blocks, as many as nfim_window_blocks() said; what is over stays there
 *
 * Context: under the lock that protects @head.
 * Return: false if bytes of the segment could not be had or blocks ran out.
 */
bool nfim_window_store(struct nfim_block **head, const struct nfim_seg *seg, u32 seg_start,
		       u32 skip, u32 from, u32 to, struct nfim_block **spare);

/**
 * nfim_window_home() - the block with the first copy of an offset's byte
 * @blocks: the window
 * @off: stream offset
 *
 * Return: NULL if there is none.
 */
struct nfim_block *nfim_window_home(struct nfim_block *blocks, u32 off);

/**
 * nfim_window_beyond() - is anything kept at or above an offset?
 * @blocks: the window
 * @off: stream offset
 */
bool nfim_window_beyond(const struct nfim_block *blocks, u32 off);

/**
 * nfim_window_trim() - let go what lies below an offset
 * @head: the window
 * @below: blocks that end at or below it go; U32_MAX: all
 *
 * Context: under the lock that protects @head.
 * Return: list of the blocks that went, for the caller to free after a grace period. Their
 * next pointers lead through that list.
 */
struct nfim_block *nfim_window_trim(struct nfim_block **head, u32 below);

#endif /* _NF_IM_ENGINE_WINDOW_H */
