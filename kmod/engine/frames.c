// SPDX-License-Identifier: GPL-2.0-only
/*
 * Walking the frames of a known protocol, to tell what each packet does.
 *
 * A packet has the actions of every frame it holds a byte of, as far as the frame's header
 * is known when the packet passes. Out of step (a gap that nobody fills, bytes that
 * are no frame), the walk waits for a segment that starts with a frame.
 */
#include "flow_impl.h"

/*
 * While a protocol's frames are walked, waits of a direction is what one frame left for the
 * next (struct nfim_out, state), and this: that belongs to bytes below wake already.
 */
#define NFIM_WALK_SEEN	0x8000

static const struct nfim_frames *find_frames(const struct nfim_pack *pack, u32 proto, u8 conf,
					     u8 l4, u8 dir)
{
	const struct nfim_proto *p = nfim_pack_proto(pack, proto);
	const struct nfim_frames *fr;
	u32 i;

	/* What a name alone tells is encrypted, and what was offered has no frames. */
	if (!p || !p->frames || conf >= NFIM_CONF_NAME)
		return NULL;
	fr = &pack->frames[p->frames - 1];
	for (i = 0; i < p->n_frames; i++, fr++)
		if (fr->l4 == l4 && fr->dirs & 1U << dir)
			return fr;
	return NULL;
}

bool nfim_flow_frames(const struct nfim_pack *pack, u32 proto, u8 conf, u8 l4, u8 dir)
{
	return find_frames(pack, proto, conf, l4, dir);
}

static const struct nfim_frames *frames_of(const struct nfim_match_ctx *mc,
					   const struct nfim_flow *flow)
{
	return find_frames(mc->pack, flow->proto, flow->conf, mc->seg->l4, mc->seg->dir);
}

/* Bytes of a name to the step; returns how many, or 0 if they cannot be had. */
static u32 copy_name(u8 *to, const struct nfim_view *view, u32 off, u32 len)
{
	u8 buf[NFIM_READ_MAX] __uninitialized;
	const u8 *p;

	len = min_t(u32, len, NFIM_TEXT_NAME_MAX);
	p = len ? nfim_view_get(view, off, len, buf) : NULL;
	if (!p)
		return 0;
	memcpy(to, p, len);
	return len;
}

static_assert((u32)NFIM_TEXT_NAME_MAX <= NFIM_USER_MAX, "user");
static_assert((u32)NFIM_TEXT_NAME_MAX <= NFIM_HOST_MAX, "host");

/* The names of a frame; the first ones of a packet count. */
static void step_names(struct nfim_step *step, const struct nfim_view *view,
		       const struct nfim_out *out, bool seek)
{
	if (seek && out->user_len && !step->user_len)
		step->user_len = copy_name(step->user, view, out->user_off, out->user_len);
	if (out->host_len && !step->host_len)
		step->host_len = copy_name(step->host, view, out->host_off, out->host_len);
}

static void dir_lose(struct nfim_flow *flow, u32 i, struct nfim_step *step)
{
	struct nfim_flow_dir *d = &flow->dir[i];

	flow->flags[i] |= NFIM_F_LOST;
	d->origin = d->next;
	d->node = 0;
	d->waits = 0;
	d->wake = 0;
	step->trim = U32_MAX;
}

/* A frame whose header is not complete: its first bytes are needed again. */
static void frame_wait(struct nfim_flow *flow, struct nfim_window_view *wv,
		       const struct nfim_place *pl, struct nfim_step *step)
{
	struct nfim_flow_dir *d = &flow->dir[wv->seg->dir];

	step->trim = d->origin;
	step->keep_from = max(pl->start, d->origin);
	step->keep_to = max(pl->end, step->keep_from);
	step->blocks = nfim_window_blocks(wv, step->keep_from, step->keep_to,
					  nfim_window_differs(wv));
	if (step->blocks > NFIM_BLOCKS_MAX || wv->view.len - d->origin > NFIM_PREFIX_KEEP_MAX) {
		step->blocks = 0;
		step->keep_to = 0;
		dir_lose(flow, wv->seg->dir, step);
	}
}

/* Remember what a frame waits for, and how far its program has come. */
static void frame_more(struct nfim_flow_dir *d, const struct nfim_out *out)
{
	d->wake = min_t(u32, out->need - d->origin, U16_MAX);
	if (out->seen)
		d->waits = out->state | NFIM_WALK_SEEN;
	else
		d->waits &= ~NFIM_WALK_SEEN;
}

static enum nfim_run_result frame_run(struct nfim_match_ctx *mc, struct nfim_flow_dir *d,
				      const struct nfim_frames *fr, struct nfim_window_view *wv,
				      struct nfim_out *out)
{
	enum nfim_run_result res;

	out->prior = d->node;
	out->state = d->waits & ~NFIM_WALK_SEEN;
	if (d->waits & NFIM_WALK_SEEN)
		out->seen = d->origin + d->wake - 1;
	res = nfim_run(mc->pack, fr->code, fr->n_code, &wv->view, d->origin, out);
	mc->step->work += out->work;
	if (res == NFIM_RUN_MORE)
		frame_more(d, out);
	return res;
}

/* One frame at d->origin. Returns whether the walk goes on behind it. */
static bool frame_step(struct nfim_match_ctx *mc, struct nfim_flow *flow,
		       const struct nfim_frames *fr, struct nfim_window_view *wv,
		       const struct nfim_place *pl, bool seek)
{
	struct nfim_flow_dir *d = &flow->dir[mc->seg->dir];
	bool names = mc->watch == NFIM_WATCH_ALL;
	struct nfim_offers *offers = &mc->step->offers;
	struct nfim_out out = {
		.user_len = !seek,
		.host_len = !names || mc->step->host_len,
		.offers = offers,
	};
	enum nfim_run_result res = NFIM_RUN_MORE;
	u8 offered = offers->n;
	bool again;

	if (wv->view.len - d->origin >= d->wake)
		res = frame_run(mc, d, fr, wv, &out);
	if (res != NFIM_RUN_YES)
		offers->n = offered;
	if (res == NFIM_RUN_MORE) {
		flow->flags[mc->seg->dir] &= ~NFIM_F_LOST;
		frame_wait(flow, wv, pl, mc->step);
		return false;
	}
	if (res == NFIM_RUN_NO || !out.frame_len || out.frame_len > 1U << 29) {
		/* Bytes of a segment before this one were none: does a frame start with it? */
		again = d->origin < pl->start;
		dir_lose(flow, mc->seg->dir, mc->step);
		if (again)
			d->origin = pl->start;
		return again;
	}
	flow->flags[mc->seg->dir] &= ~NFIM_F_LOST;
	mc->step->actions |= out.actions;
	if (names && out.user_len | out.host_len)
		step_names(mc->step, &wv->view, &out, seek);
	d->node = out.actions;
	d->waits = out.state;
	d->wake = 0;
	d->origin += out.frame_len;
	return true;
}

/* Each packet does what the flow does; none is inside a frame, see nfim_flow_inside(). */
static void dir_frameless(struct nfim_match_ctx *mc, struct nfim_flow *flow)
{
	flow->flags[mc->seg->dir] |= NFIM_F_LOST;
	mc->step->actions |= flow->dir[mc->seg->dir].node;
	mc->step->trim = U32_MAX;
}

void nfim_frames_walk(struct nfim_match_ctx *mc, struct nfim_flow *flow,
		      struct nfim_window_view *wv, const struct nfim_place *pl)
{
	const struct nfim_frames *fr = frames_of(mc, flow);
	struct nfim_flow_dir *d = &flow->dir[mc->seg->dir];
	u32 before = mc->step->work, n;
	bool seek;

	if (!fr) {
		dir_frameless(mc, flow);
		return;
	}
	if (d->origin > pl->start)
		mc->step->actions |= d->node;
	for (n = 0; d->origin < wv->view.len; n++) {
		if (n == NFIM_FRAMES_PER_PACKET) {
			dir_lose(flow, mc->seg->dir, mc->step);
			return;
		}
		/* A name is looked for until there is one, or it was dear enough. */
		seek = mc->watch == NFIM_WATCH_ALL && !mc->step->user_len &&
		       mc->step->work - before <= NFIM_USER_WORK;
		if (!frame_step(mc, flow, fr, wv, pl, seek))
			return;
	}
	d->wake = 0;
	mc->step->trim = nfim_window_beyond(d->blocks, d->next) ? d->next : U32_MAX;
}

/* Offsets must not wrap in a connection of gigabytes. */
static void dir_rebase(struct nfim_flow_dir *d, struct nfim_place *pl)
{
	u32 by = min(d->next, d->origin);

	if (by < 1U << 30 || d->blocks)
		return;
	d->base += by;
	d->next -= by;
	d->origin -= by;
	if (pl->start < by) {
		pl->skip += by - pl->start;
		pl->start = by;
	}
	pl->start -= by;
	pl->end -= by;
}

void nfim_frames_segment(struct nfim_match_ctx *mc, struct nfim_flow *flow,
			 const struct nfim_place *where)
{
	struct nfim_flow_dir *d = &flow->dir[mc->seg->dir];
	struct nfim_step *step = mc->step;
	struct nfim_place pl = *where;
	struct nfim_window_view wv;
	u32 avail;

	if (!frames_of(mc, flow)) {
		dir_frameless(mc, flow);
		return;
	}
	if (pl.end <= d->next)
		return;
	dir_rebase(d, &pl);
	step->seg_start = pl.start;
	step->seg_skip = pl.skip;
	nfim_window_view_init(&wv, d->blocks, mc->seg, pl.start, pl.skip, false);
	if (flow->flags[mc->seg->dir] & NFIM_F_LOST) {
		d->origin = pl.start;
		d->next = pl.start;
	}
	avail = nfim_window_reach(&wv, d->next);
	if (avail == d->next) {
		step->blocks = nfim_window_blocks(&wv, pl.start, pl.end,
						  nfim_window_differs(&wv));
		if (pl.end - d->next <= NFIM_WINDOW_MAX && step->blocks <= NFIM_BLOCKS_MAX) {
			step->keep_from = pl.start;
			step->keep_to = pl.end;
			return;
		}
		/* The gap will not be filled for us: fall into step at this segment. */
		step->blocks = 0;
		nfim_window_view_init(&wv, NULL, mc->seg, pl.start, pl.skip, false);
		d->next = pl.end;
		dir_lose(flow, mc->seg->dir, step);
		d->origin = pl.start;
		avail = pl.end;
	}
	d->next = avail;
	wv.view.len = avail;
	nfim_frames_walk(mc, flow, &wv, &pl);
}

bool nfim_flow_inside(struct nfim_flow *flow, const struct nfim_seg *seg, u32 *actions)
{
	struct nfim_flow_dir *d = &flow->dir[seg->dir];
	u32 start = seg->seq - d->base, end = start + seg->len;

	if (flow->done != NFIM_KNOWN || d->blocks ||
	    (flow->flags[seg->dir] & (NFIM_F_BASE | NFIM_F_LOST)) != NFIM_F_BASE)
		return false;
	/* In order, and before the frame's end; what wraps is the business of dir_rebase(). */
	if (start > d->next || end > d->origin || end < start || d->origin >= 1U << 30)
		return false;
	*actions = 0;
	if (end > d->next) {
		*actions = d->node;
		d->next = end;
		d->wake = 0;
	}
	if (flow->packets < U16_MAX)
		flow->packets++;
	return true;
}

void nfim_frames_datagram(struct nfim_match_ctx *mc, struct nfim_flow *flow,
			  struct nfim_window_view *wv)
{
	const struct nfim_frames *fr = frames_of(mc, flow);
	bool names = mc->watch == NFIM_WATCH_ALL;
	u32 at = 0, n;

	if (!fr) {
		mc->step->actions |= flow->dir[mc->seg->dir].node;
		return;
	}
	/* Most have one frame, which need not tell its length. */
	for (n = 0; n < NFIM_FRAMES_PER_DATAGRAM && at < wv->view.len; n++) {
		struct nfim_out out = {
			.user_len = !names || mc->step->user_len,
			.host_len = !names || mc->step->host_len,
			.offers = &mc->step->offers,
		};
		u8 offered = mc->step->offers.n;

		if (nfim_run(mc->pack, fr->code, fr->n_code, &wv->view, at, &out) == NFIM_RUN_YES) {
			mc->step->actions |= out.actions;
			if (names)
				step_names(mc->step, &wv->view, &out, true);
		} else {
			mc->step->offers.n = offered;
			out.frame_len = 0;
		}
		mc->step->work += out.work;
		if (!out.frame_len || out.frame_len >= wv->view.len - at)
			return;
		at += out.frame_len;
	}
}
