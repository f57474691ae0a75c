// SPDX-License-Identifier: GPL-2.0-only
/*
 * imctl classify: the flows of capture files, with the kernel's answer for each.
 */
#include "capture.h"
#include "flowtab.h"
#include "imctl.h"
#include "out.h"
#include "vocab.h"

#include <arpa/inet.h>
#include <linux/netfilter/nf_im.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	PROGRESS_SIZE_MIN	= 8 << 20,	/* bytes of a file worth a progress line */
	PROGRESS_PACKETS	= 1 << 16,	/* between two of them */
};

static const char *pack_path;
static const char *category_list;
static bool checksum, correlate;

/* Categories whose flows are named. File sharing is no messenger: only if asked for. */
static uint32_t categories = (1U << NF_IM_CAT_COUNT) - 1 - (1U << NF_IM_CAT_P2P);

const struct imctl_opt imctl_classify_opts[] = {
	{ "pack", "FILE", IMCTL_OPT_STR, &pack_path, "signatures, instead of the built-in ones" },
	{ "category", "NAMES", IMCTL_OPT_STR, &category_list,
	  "name flows of these only, or all (default: all but p2p)" },
	{ "checksum", NULL, IMCTL_OPT_FLAG, &checksum,
	  "leave out packets whose checksum is wrong, as conntrack does" },
	{ "correlate", NULL, IMCTL_OPT_FLAG, &correlate,
	  "a name helps flows without one to the same address, as with imctl enable --correlate" },
	{ 0 }
};

static const struct out_col cols[] = {
	{ .name = "file" }, { .name = "l4" },
	{ .name = "client" }, { .name = "cport", .right = true },
	{ .name = "server" }, { .name = "sport", .right = true },
	{ .name = "proto" }, { .name = "category" }, { .name = "action" },
	{ .name = "host" }, { .name = "user" }, { .name = "confidence" },
	{ .name = "packet", .right = true }, { .name = "signature" }, { .name = "ech" },
	{ .name = "lookup" },
	{ .name = "state", .json_only = true }, { .name = "packets", .json_only = true },
};

static void put_addr(struct out *o, int family, const struct nfim_addr *addr)
{
	char text[INET6_ADDRSTRLEN];

	out_str(o, inet_ntop(family, addr->b, text, sizeof(text)));
}

static const char *state(const struct nfim_row *row)
{
	if (!row->payload)
		return nfim_state_names[NF_IM_STATE_NEW];
	switch (row->verdict) {
	case NFIM_UNDECIDED:
		return nfim_state_names[NF_IM_STATE_UNDECIDED];
	case NFIM_GIVEN_UP:
		return nfim_state_names[NF_IM_STATE_UNINSPECTED];
	default:
		return nfim_state_names[NF_IM_STATE_DECIDED];
	}
}

/* Of a protocol that is wanted, or NULL. */
static const struct nfim_proto *wanted(const struct nfim_pack *pack, u32 id)
{
	const struct nfim_proto *proto = nfim_pack_proto(pack, id);

	return proto && categories >> proto->category & 1 ? proto : NULL;
}

/* Whose host the flow asks a resolver for; one with a protocol is that. */
static const struct nfim_proto *looked_up(const struct nfim_pack *pack,
					  const struct nfim_row *row)
{
	return row->verdict == NFIM_KNOWN ? NULL : wanted(pack, row->lookup);
}

/*
 * Media that a call offered. Rules know it by its call, and what it does; but it is of a protocol
 * of its own, and nothing in its bytes tells what call it is of.
 */
static bool is_media(const struct nfim_row *row)
{
	return row->offered && row->l4 == IPPROTO_UDP;
}

static void put_verdict(struct out *o, const struct nfim_pack *pack, const struct nfim_row *row)
{
	const struct nfim_proto *proto = NULL;
	bool lookup = looked_up(pack, row), media = false;

	if (row->verdict == NFIM_KNOWN)
		proto = wanted(pack, row->flow.proto);
	if (proto && is_media(row)) {
		media = true;
		proto = NULL;
	}
	out_str(o, proto ? nfim_pack_str(pack, proto->name) : NULL);
	out_str(o, proto ? nfim_category_names[proto->category] : NULL);
	out_actions(o, proto || media ? row->actions : lookup ? 1U << NF_IM_ACT_LOOKUP : 0);
	out_bytes(o, row->host, proto || lookup ? row->host_len : 0);
	out_bytes(o, row->user, proto ? row->user_len : 0);
	out_str(o, proto ? nfim_confidence_names[nfim_flow_conf(row->flow.conf)] : NULL);
	if (proto)
		out_num(o, row->decided);
	else
		out_none(o);
	if (media || (proto && row->offered))
		out_str(o, "offered");
	else if (proto && row->flow.conf == NFIM_CONF_LEARNT)
		out_str(o, "correlated");
	else
		out_str(o, proto && row->rule != NFIM_NO_RULE ?
			   nfim_pack_str(pack, pack->rules[row->rule].name) : NULL);
}

static void put_row(struct out *o, const char *file, const struct nfim_pack *pack,
		    const struct nfim_row *row)
{
	const struct nfim_proto *lookup = looked_up(pack, row);

	out_text(o, file);
	out_str(o, row->l4 == IPPROTO_TCP ? "tcp" : "udp");
	put_addr(o, row->family, &row->client);
	out_num(o, row->cport);
	put_addr(o, row->family, &row->server);
	out_num(o, row->sport);
	put_verdict(o, pack, row);
	out_str(o, row->ech ? "offered" : NULL);
	out_str(o, lookup ? nfim_pack_str(pack, lookup->name) : NULL);
	out_str(o, state(row));
	out_num(o, row->packets);
	out_row(o);
}

static void progress(const struct nfim_capture *cap, const char *file, bool last)
{
	const struct nfim_capture_stats *st = nfim_capture_stats(cap);
	uint64_t done, size;

	if (!isatty(STDERR_FILENO) || (!last && st->packets % PROGRESS_PACKETS))
		return;
	nfim_capture_progress(cap, &done, &size);
	if (size < PROGRESS_SIZE_MIN)
		return;
	if (last)
		fprintf(stderr, "\r\033[K");
	else
		fprintf(stderr, "\r%s: %u %%", file, (unsigned int)(done * 100 / size));
}

/* Return: 0, or -1 after saying what was wrong; what was read until then is in the table. */
static int read_capture(struct nfim_flowtab *tab, const char *path, const char *file)
{
	char msg[NFIM_CAPTURE_MSG_MAX];
	struct nfim_capture *cap;
	struct nfim_pkt pkt;
	int ret;

	cap = nfim_capture_open(path, checksum ? NFIM_CAPTURE_CHECKSUM : 0, msg);
	if (!cap) {
		imctl_say("%s: %s", path, msg);
		return -1;
	}
	while ((ret = nfim_capture_next(cap, &pkt, msg)) > 0) {
		ret = nfim_flowtab_packet(tab, &pkt);
		if (ret) {
			snprintf(msg, sizeof(msg), "out of memory");
			break;
		}
		progress(cap, file, false);
	}
	progress(cap, file, true);
	if (ret < 0)
		imctl_say("%s: %s; what comes before that was read", path, msg);
	nfim_capture_close(cap);
	return ret;
}

/* A base name may hold what would break a line in two. */
static char *file_name(const char *path)
{
	const char *base = imctl_base_name(path);
	size_t i, len = strlen(base);

	for (i = 0; i < len; i++)
		if ((unsigned char)base[i] < 0x20 || base[i] == 0x7f)
			return out_escape(base, len);
	return strdup(base);
}

static int classify(struct out *o, const struct nfim_pack *pack, const char *path)
{
	struct nfim_flowtab *tab = nfim_flowtab_new(pack, correlate);
	struct nfim_row *const *rows;
	char *file;
	size_t i, n;
	int ret;

	if (!tab) {
		imctl_say("out of memory");
		return -1;
	}
	file = file_name(path);
	ret = read_capture(tab, path, file);
	rows = nfim_flowtab_rows(tab, &n);
	for (i = 0; i < n; i++)
		put_row(o, file, pack, rows[i]);
	free(file);
	nfim_flowtab_free(tab);
	return ret;
}

/* Return: 0, or -1 after saying which name is none. */
static int set_categories(const char *list)
{
	size_t len;
	int cat;

	if (!strcmp(list, "all")) {
		categories = (1U << NF_IM_CAT_COUNT) - 1;
		return 0;
	}
	for (categories = 0; *list; list += len + (list[len] == ',')) {
		len = strcspn(list, ",");
		cat = nfim_vocab_find(nfim_category_names, list, len);
		if (cat < 0) {
			imctl_say("\"%.*s\" is no category; imctl classify --help",
				  (int)len, list);
			return -1;
		}
		categories |= 1U << cat;
	}
	return 0;
}

int imctl_classify(int argc, char **argv)
{
	int ret = IMCTL_OK, end;
	struct imctl_pack p;
	struct out *o;
	int i;

	if (category_list && set_categories(category_list))
		return IMCTL_USAGE;
	if (imctl_pack_load(&p, pack_path))
		return IMCTL_FAIL;
	o = out_begin(cols, ARRAY_SIZE(cols), false);
	for (i = 0; i < argc; i++)
		if (classify(o, &p.pack, argv[i]))
			ret = IMCTL_FAIL;
	end = out_finish(o);
	imctl_pack_free(&p);
	return ret ? ret : end;
}
