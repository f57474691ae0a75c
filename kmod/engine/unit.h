/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A stream that lies in units inside another: chunks of an HTTP body, frames of a WebSocket.
 * The view shows what they hold, one after another and unmasked, from the offset on at
 * which the first unit begins.
 */
#ifndef _NF_IM_ENGINE_UNIT_H
#define _NF_IM_ENGINE_UNIT_H

#include "run.h"

enum { NFIM_UNITS_MAX = 48 };	/* that are looked at; what lies in later ones is not seen */

enum nfim_unit_kind {
	NFIM_UNIT_CHUNK,	/* RFC 9112, 7.1 */
	NFIM_UNIT_FRAME,	/* RFC 6455, 5.2, from the server */
	NFIM_UNIT_MASKED,	/* the same, from the client */
};

/**
 * struct nfim_unit - one of them
 * @body: its first byte, in the outer view
 * @len: of it
 * @next: where the next one begins
 * @mask: what each four bytes were combined with
 * @shown: its bytes are of the stream; those of a ping are not
 * @last: none follows
 */
struct nfim_unit {
	u32 body;
	u32 len;
	u32 next;
	u8 mask[4];
	bool shown;
	bool last;
};

/**
 * struct nfim_unit_view - the stream inside
 * @view: must be the first member; its @len and @last are set
 * @outer: where the units lie
 * @base: the first unit begins here, and so does the stream
 * @kind: of all units
 * @bad: the first unit is none
 * @units: how many were walked
 * @need: bytes of the outer view that bring more
 * @unit: the last that was read from
 * @at: offset of its first byte in @view
 */
struct nfim_unit_view {
	struct nfim_view view;
	const struct nfim_view *outer;
	u32 base;
	enum nfim_unit_kind kind;
	bool bad;
	u32 units;
	u32 need;
	struct nfim_unit unit;
	u32 at;
};

/**
 * nfim_unit_view_init() - look into units
 * @uv: set up; valid as long as @outer is
 * @outer: bytes
 * @base: where the first unit begins, <= outer->len
 * @kind: of all units
 */
void nfim_unit_view_init(struct nfim_unit_view *uv, const struct nfim_view *outer, u32 base,
			 enum nfim_unit_kind kind);

#endif /* _NF_IM_ENGINE_UNIT_H */
