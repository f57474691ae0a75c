/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What conntrack's TCP tracker would know of a connection, as far as the engine
 * asks for it: where each direction starts, what was acknowledged, and whether
 * a SYN begins another connection.
 */
#ifndef _NFIM_TRACK_H
#define _NFIM_TRACK_H

#include "capture.h"

/** struct nfim_track_side - what one end sent */
struct nfim_track_side {
	uint32_t isn;		/* its SYN's sequence number */
	uint32_t end;		/* one after the highest that it sent */
	uint32_t ack;		/* the highest that it acknowledged */
	uint32_t base;		/* sequence number of its first byte */
	uint32_t allowed;	/* one after the highest that it lets the other end send */
	int8_t wscale;		/* what its SYN offered, or -1 */
	bool saw_syn;		/* itself; has_isn may come from the answer */
	bool has_isn, has_end, has_ack, has_base;
	bool spoke;		/* base is settled, known or not */
	bool fin;
};

/** struct nfim_track - a TCP connection; all 0 to begin */
struct nfim_track {
	struct nfim_track_side side[2];	/* 0: who opened it */
	bool closed;
	bool pending;			/* a SYN came that may be another connection's */
	uint8_t pending_dir;
	uint32_t pending_seq;
	uint64_t pending_first;		/* that SYN's number in the capture */
	uint64_t first_payload;		/* usec; 0 for none yet */
};

enum nfim_track_say {
	NFIM_TRACK_SAME,	/* belongs to this connection */
	NFIM_TRACK_NEW,		/* begins another one, which its sender opens */
	NFIM_TRACK_NEW_PEER,	/* begins another one, which its receiver opened */
	NFIM_TRACK_NEW_PENDING,	/* so it does, with the SYN that is pending */
};

/**
 * nfim_track_judge() - does a packet begin another connection?
 * @t: connection known so far; remembers a SYN that may
 * @dir: direction of the packet, 0 from who opened
 * @pkt: packet
 * @number: the packet's, in the capture
 *
 * Return: enum nfim_track_say.
 */
enum nfim_track_say nfim_track_judge(struct nfim_track *t, int dir, const struct nfim_pkt *pkt,
				     uint64_t number);

/**
 * nfim_track_packet() - take in a packet of the connection
 * @t: connection
 * @dir: direction of the packet
 * @pkt: packet
 */
void nfim_track_packet(struct nfim_track *t, int dir, const struct nfim_pkt *pkt);

/**
 * nfim_track_believes() - is what a packet says of the connection taken for true?
 * @t: connection
 * @dir: direction of the packet
 * @pkt: packet
 *
 * Conntrack learns nothing of one that acknowledges what was never sent, even where it is told
 * to let it pass.
 */
bool nfim_track_believes(const struct nfim_track *t, int dir, const struct nfim_pkt *pkt);

/**
 * nfim_track_stray() - is a packet no part of the connection, whatever its bytes say?
 * @t: connection
 * @dir: direction of the packet
 * @pkt: packet
 *
 * Conntrack calls what lies beyond the announced window invalid. Here it must also lie further
 * ahead than the engine could use: captures made by hand do not care for windows.
 */
bool nfim_track_stray(const struct nfim_track *t, int dir, const struct nfim_pkt *pkt);

/**
 * nfim_track_settle() - settle where a direction starts, at its first payload
 * @t: connection, before nfim_track_packet() took in @pkt
 * @dir: direction of the packet
 * @pkt: packet with payload
 *
 * Without its SYN that is unknown, as it is to the kernel for a flow older than the module.
 */
void nfim_track_settle(struct nfim_track *t, int dir, const struct nfim_pkt *pkt);

#endif /* _NFIM_TRACK_H */
