// SPDX-License-Identifier: GPL-2.0-only
/*
 * One's own server: a protocol that is another one, at hosts of certain domains. The host is
 * what the frames of that protocol tell; until they tell it, or that there is none, nothing
 * is decided, so that no rule takes one for the other.
 *
 * Domains stand among the names of hosts, as "xmpp:corp.example"; "refine:xmpp" is there if
 * the protocol has any.
 */
#include "flow_impl.h"
#include "names.h"

enum {
	REFINE_FRAMES	= 3,	/* white space, a declaration, and the tag that has the host */
};

static const struct nfim_frames *frames_of(const struct nfim_match_ctx *mc,
					   const struct nfim_proto *proto)
{
	const struct nfim_frames *fr;
	u32 i;

	if (!proto->frames)
		return NULL;
	fr = &mc->pack->frames[proto->frames - 1];
	for (i = 0; i < proto->n_frames; i++, fr++)
		if (fr->l4 == mc->seg->l4 && fr->dirs & 1U << mc->seg->dir)
			return fr;
	return NULL;
}

/* Is the host in one of the domains? Each of its suffixes that begins at a label is asked for. */
static void refine_host(struct nfim_match_ctx *mc, const char *base, const u8 *host, u32 len)
{
	char kind[NFIM_NAME_MAX + 2];
	u32 n = strlen(base), labels = 0, at;
	struct nfim_name_hit hit;

	memcpy(kind, base, n);
	kind[n] = ':';
	kind[n + 1] = '\0';
	for (at = 0; at < len && labels < NFIM_NAME_LABELS_MAX; at++) {
		if (at && host[at - 1] != '.')
			continue;
		labels++;
		if (nfim_names_find_whole(mc->pack, kind, host + at, len - at, &hit)) {
			mc->proto = hit.proto;
			return;
		}
	}
}

enum nfim_run_result nfim_refine(struct nfim_match_ctx *mc, const struct nfim_view *view, u32 at,
				 bool mid)
{
	const struct nfim_proto *proto = nfim_pack_proto(mc->pack, mc->proto);
	const char *base = nfim_pack_str(mc->pack, proto->name);
	const struct nfim_frames *fr;
	struct nfim_name_hit hit;
	u8 buf[NFIM_READ_MAX] __uninitialized;
	u32 n, state = 0;

	if (!nfim_names_find_whole(mc->pack, "refine:", (const u8 *)base, strlen(base), &hit))
		return NFIM_RUN_YES;
	fr = frames_of(mc, proto);
	for (n = 0; fr && n < REFINE_FRAMES && at < view->len; n++) {
		struct nfim_out out = { .user_len = 1, .state = state };
		enum nfim_run_result res;
		const u8 *host;

		res = nfim_run(mc->pack, fr->code, fr->n_code, view, at, &out);
		mc->step->work += out.work;
		if (res == NFIM_RUN_MORE && !mid) {
			mc->need = out.need;
			return NFIM_RUN_MORE;
		}
		if (res != NFIM_RUN_YES || out.frame_len > 1U << 29)
			break;
		host = out.host_len ? nfim_view_get(view, out.host_off, out.host_len, buf) : NULL;
		if (host)
			refine_host(mc, base, host, out.host_len);
		if (host || !out.frame_len)
			break;
		state = out.state;
		at += out.frame_len;
	}
	return NFIM_RUN_YES;
}
