// SPDX-License-Identifier: GPL-2.0-only
/*
 * imctl flows: the flows with a verdict, as their conntracks' labels say it.
 */
#include "conntrack.h"
#include "hints.h"
#include "imctl.h"
#include "out.h"
#include "registry.h"
#include "vocab.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>

static bool all, reopen;

const struct imctl_opt imctl_flows_opts[] = {
	{ "all", NULL, IMCTL_OPT_FLAG, &all, "also flows of none of the protocols" },
	{ "reopen", NULL, IMCTL_OPT_FLAG, &reopen,
	  "list nothing; let flows with a verdict be read again from their next packet on" },
	{ 0 }
};

static const struct out_col cols[] = {
	{ .name = "l4" }, { .name = "client" }, { .name = "cport", .right = true },
	{ .name = "server" }, { .name = "sport", .right = true }, { .name = "proto" },
	{ .name = "category" }, { .name = "state" }, { .name = "done" },
	{ .name = "offloaded" }, { .name = "mark" },
};

struct listing {
	struct out *out;
	unsigned int base;
};

static const struct nfim_name *proto_of(const struct nfim_ct *ct, unsigned int base)
{
	const struct nfim_name *name;
	size_t i;

	for (i = 0; i < nfim_name_count(); i++) {
		name = nfim_name_at(i);
		if (name->label != NFIM_NAME_NO_LABEL && nfim_ct_label(ct, base + name->label))
			return name;
	}
	return NULL;
}

static int category_of(const struct nfim_ct *ct, unsigned int base)
{
	int i;

	for (i = 0; i < NF_IM_CAT_COUNT; i++)
		if (nfim_ct_label(ct, base + NF_IM_LABEL_CATEGORY + i))
			return i;
	return -1;
}

static enum nf_im_state state_of(const struct nfim_ct *ct, unsigned int base)
{
	if (category_of(ct, base) >= 0)
		return NF_IM_STATE_DECIDED;
	if (nfim_ct_label(ct, base + NF_IM_LABEL_UNINSPECTED))
		return NF_IM_STATE_UNINSPECTED;
	if (nfim_ct_label(ct, base + NF_IM_LABEL_DONE))
		return NF_IM_STATE_DECIDED;
	if (nfim_ct_label(ct, base + NF_IM_LABEL_OPEN))
		return NF_IM_STATE_UNDECIDED;
	return NF_IM_STATE_NEW;
}

static int put_flow(const struct nfim_ct *ct, void *data)
{
	const struct listing *l = data;
	const struct nfim_name *name = proto_of(ct, l->base);
	int category = category_of(ct, l->base);
	char text[INET6_ADDRSTRLEN];

	if (ct->l4 != IPPROTO_TCP && ct->l4 != IPPROTO_UDP)
		return 0;
	if (category < 0 && !all)
		return 0;
	out_str(l->out, ct->l4 == IPPROTO_TCP ? "tcp" : "udp");
	out_str(l->out, inet_ntop(ct->family, ct->client, text, sizeof(text)));
	out_num(l->out, ct->cport);
	out_str(l->out, inet_ntop(ct->family, ct->server, text, sizeof(text)));
	out_num(l->out, ct->sport);
	out_str(l->out, name ? name->name : NULL);
	out_str(l->out, category < 0 ? NULL : nfim_category_names[category]);
	out_str(l->out, nfim_state_names[state_of(ct, l->base)]);
	out_bool(l->out, nfim_ct_label(ct, l->base + NF_IM_LABEL_DONE));
	out_bool(l->out, ct->offloaded);
	snprintf(text, sizeof(text), "0x%08" PRIx32, ct->mark);
	out_str(l->out, text);
	out_row(l->out);
	return 0;
}

static int list(unsigned int base)
{
	struct listing l = { .base = base };
	struct nfim_nl_err err;
	int ret;

	l.out = out_begin(cols, ARRAY_SIZE(cols), false);
	ret = nfim_ct_each(put_flow, &l, &err);
	if (ret)
		imctl_say("%s", err.msg);
	return out_finish(l.out) || ret ? IMCTL_FAIL : IMCTL_OK;
}

static int run_reopen(struct nfim_nl *nl)
{
	struct nfim_nl_reopened count;
	struct nfim_nl_err err;

	if (nfim_nl_reopen(nl, &count, &err)) {
		imctl_say("%s", err.msg);
		return IMCTL_FAIL;
	}
	if (imctl_json)
		printf("{\"schema\":%d,\"reopened\":%" PRIu32 ",\"offloaded\":%" PRIu32 "}\n",
		       IMCTL_SCHEMA, count.reopened, count.offloaded);
	else
		printf("reopened\t%" PRIu32 "\noffloaded\t%" PRIu32 "\n", count.reopened,
		       count.offloaded);
	if (count.offloaded)
		imctl_say("offloaded flows pass no hook, so they stay: conntrack -D ends them");
	return out_flush();
}

int imctl_flows(int argc, char **argv)
{
	static struct nfim_nl_status st;
	struct nfim_nl_err err;
	struct nfim_nl *nl;
	int ret;

	(void)argc;
	(void)argv;
	if (all && reopen) {
		imctl_say("--all and --reopen exclude each other");
		return IMCTL_USAGE;
	}
	if (imctl_nl_open(&nl))
		return IMCTL_FAIL;
	if (reopen) {
		ret = run_reopen(nl);
	} else if (nfim_nl_get(nl, &st, &err)) {
		imctl_say("%s", err.msg);
		ret = IMCTL_FAIL;
	} else {
		ret = list(st.label_base);
	}
	nfim_nl_close(nl);
	return ret;
}
