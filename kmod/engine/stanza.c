// SPDX-License-Identifier: GPL-2.0-only
/*
 * Frames of an XML stream (RFC 6120): the elements below its root. Only what is needed to
 * know where one ends is parsed: tags, quotes, depth. Comments, processing instructions other
 * than the declaration, and document types are forbidden in streams; they pass as tags.
 */
#include "run_impl.h"

/* Where in the text a byte is. */
enum {
	X_TEXT,
	X_OPEN,		/* behind '<' */
	X_TAG,		/* in a start tag */
	X_SLASH,	/* in one, behind '/' */
	X_APOS,		/* in a value between ' */
	X_QUOT,		/* in a value between " */
	X_CLOSE,	/* in an end tag */
	X_OTHER,	/* in <? or <! */
};

enum {
	X_WHERE = 7,
	X_DEPTH_SHIFT = 3,
	X_DEPTH_MAX = 255,
	X_ROOT = 1 << 11,	/* in the tag of the root, which is a frame by itself */
	X_FRAME_END = 0x10000,	/* the byte was the last one of the frame */
};

static u32 in_tag(u32 depth, u8 ch, u32 was)
{
	switch (ch) {
	case '>':
		if (depth & X_ROOT)
			return X_FRAME_END;
		if (was == X_SLASH)
			return depth ? X_TEXT : X_FRAME_END;
		return X_TEXT | 1u << X_DEPTH_SHIFT;
	case '/':
		return X_SLASH;
	case '\'':
		return X_APOS;
	case '"':
		return X_QUOT;
	default:
		return X_TAG;
	}
}

static u32 after_open(u8 ch)
{
	if (ch == '/')
		return X_CLOSE;
	return ch == '?' || ch == '!' ? X_OTHER : X_TAG;
}

/* One byte more: the next state, with what it adds to the depth, or X_FRAME_END. */
static u32 next_byte(u32 where, u32 depth, u8 ch)
{
	switch (where) {
	case X_TEXT:
		return ch == '<' ? X_OPEN : X_TEXT;
	case X_OPEN:
		return after_open(ch);
	case X_TAG:
	case X_SLASH:
		return in_tag(depth, ch, where);
	case X_APOS:
		return ch == '\'' ? X_TAG : X_APOS;
	case X_QUOT:
		return ch == '"' ? X_TAG : X_QUOT;
	case X_CLOSE:
		if (ch != '>')
			return X_CLOSE;
		return depth <= 1 ? X_FRAME_END : X_TEXT;
	default: /* X_OTHER */
		if (ch != '>')
			return X_OTHER;
		return depth ? X_TEXT : X_FRAME_END;
	}
}

/* Parse [*at, to); false if no frame ends there, true if one does, before *at. */
static bool parse(struct nfim_vm *vm, u32 *at, u32 to, u32 *state)
{
	u32 root = *state & X_ROOT, depth = (*state & ~X_ROOT) >> X_DEPTH_SHIFT;
	u32 where = *state & X_WHERE;

	while (*at < to) {
		u32 take = min_t(u32, to - *at, NFIM_READ_MAX), i;
		const u8 *p = nfim_view_get(vm->view, *at, take, vm->buf);

		vm->out->work += 1 + take / 4;
		for (i = 0; p && i < take; i++) {
			u32 next = next_byte(where, depth | root, p[i]);

			if (next == X_FRAME_END) {
				*at += i + 1;
				return true;
			}
			if (where == X_CLOSE && next == X_TEXT)
				depth--;
			depth = min_t(u32, depth + (next >> X_DEPTH_SHIFT), X_DEPTH_MAX);
			where = next & X_WHERE;
		}
		*at += take;
	}
	*state = root | depth << X_DEPTH_SHIFT | where;
	return false;
}

/* Is this the tag of the stream's root, as far as its name is there? */
static bool is_root(struct nfim_vm *vm, u32 from, u32 to, const u8 *name)
{
	u32 n = min_t(u32, to - from, NFIM_READ_MAX), i, start = 1;
	const u8 *p = nfim_view_get(vm->view, from, n, vm->buf);

	for (i = 1; p && i < n; i++) {
		if (p[i] == ':')
			start = i + 1;
		if (p[i] == '>' || p[i] == '/' || p[i] == ' ' || (p[i] >= '\t' && p[i] <= '\r'))
			break;
	}
	return p && i < n && i - start == name[0] &&
	       nfim_same_caseless(p + start, name + 1, name[0]);
}

static bool is_space(int ch)
{
	/* Also the three bytes of a byte order mark. */
	return ch == ' ' || (ch >= '\t' && ch <= '\r') || ch == 0xef || ch == 0xbb || ch == 0xbf;
}

/* White space at the top is a frame of its own. */
static int spaces(struct nfim_vm *vm, u32 to)
{
	u32 at = vm->cur;
	const u8 *p;

	while (at < to) {
		p = nfim_view_get(vm->view, at, 1, vm->buf);
		if (!p || !is_space(p[0]))
			break;
		vm->out->work++;
		at++;
	}
	vm->out->frame_len = at - vm->start;
	vm->out->actions = vm->out->prior;
	return at > vm->cur ? NFIM_RUN_YES : NFIM_RUN_NO;
}

int nfim_exec_stanza(struct nfim_vm *vm, const struct nfim_insn *insn)
{
	const u8 *name = vm->pack->data + insn->w1 + 1;
	u32 max = NFIM_INSN_B(insn), at = vm->cur, state = vm->state;
	u32 to = (u32)min_t(u64, vm->view->len, (u64)at + max);
	bool inside = state && !vm->seen, ends;
	const u8 *p;

	if (at >= to)
		return nfim_starve(vm, (u64)at + 1);
	if (!inside) {
		p = nfim_view_get(vm->view, at, 1, vm->buf);
		if (!p || p[0] != '<')
			return p && is_space(p[0]) ? spaces(vm, to) : NFIM_RUN_NO;
		if (is_root(vm, at, to, name))
			state |= X_ROOT;
	}
	at = max(at, vm->seen);
	ends = parse(vm, &at, to, &state);
	if (!ends && !inside && to - vm->cur < max && !vm->view->last) {
		vm->state = state;
		return nfim_unfinished(vm);
	}
	vm->out->state = ends ? 0 : state;
	vm->out->frame_len = at - vm->start;
	vm->end = at;
	if (!inside)
		return NFIM_GO_ON;
	vm->out->actions = vm->out->prior;
	return NFIM_RUN_YES;
}
