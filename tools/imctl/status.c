// SPDX-License-Identifier: GPL-2.0-only
/*
 * imctl status: the module in this namespace.
 */
#include "hints.h"
#include "imctl.h"
#include "netlink.h"
#include "nftrules.h"
#include "out.h"
#include "saved.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "engine/pack.h"

/* By enum nf_im_attr_counter; they are JSON keys. */
static const char *const counter_names[] = {
	[NF_IM_A_C_INSPECTED]	= "inspected",
	[NF_IM_A_C_FLOWS]	= "flows",
	[NF_IM_A_C_MATCHED]	= "matched",
	[NF_IM_A_C_UNKNOWN]	= "unknown",
	[NF_IM_A_C_UNINSPECTED]	= "uninspected",
	[NF_IM_A_C_CAP]		= "uninspected_cap",
	[NF_IM_A_C_NOMEM]	= "uninspected_nomem",
	[NF_IM_A_C_WINDOW]	= "uninspected_window",
	[NF_IM_A_C_RACE]	= "uninspected_race",
	[NF_IM_A_C_EVICTED]	= "evicted",
	[NF_IM_A_C_ANOMALY]	= "anomaly",
	[NF_IM_A_C_ENTRIES]	= "entries",
	[NF_IM_A_C_BYTES]	= "bytes",
	[NF_IM_A_C_BYTES_CAP]	= "bytes_cap",
	[NF_IM_A_C_EVENTS_LOST]	= "events_lost",
	[NF_IM_A_C_OFFERS]	= "offers",
	[NF_IM_A_C_OFFERS_LOST]	= "offers_lost",
	[NF_IM_A_C_OFFERED]	= "offered",
	[NF_IM_A_C_EXPECTED]	= "expected",
	[NF_IM_A_C_LEARNT]	= "learnt",
	[NF_IM_A_C_LEARNT_LOST]	= "learnt_lost",
	[NF_IM_A_C_LEARNT_SHARED] = "learnt_shared",
	[NF_IM_A_C_LEARNT_NOW]	= "learnt_now",
	[NF_IM_A_C_CORRELATED]	= "correlated",
	[NF_IM_A_C_OFFERS_HOST]	= "offers_lost_host",
	[NF_IM_A_C_READ_AGAIN]	= "read_again",
};

static_assert(ARRAY_SIZE(counter_names) == NF_IM_A_C_MAX + 1, "a counter lacks its name");

/* Whoever looks at the rules with stock nft must know of those that it does not show. */
static int hidden_rules(void)
{
	int n = nfim_nft_hidden(NULL);

	if (n <= 0)
		return 0;
	imctl_say("%d " NFIM_NFT_HIDDEN ", as nft-im --native list does:", n);
	nfim_nft_hidden(stderr);
	return n;
}

static int print_json(const struct nfim_nl_status *st)
{
	json_t *root = json_object(), *pack = json_object(), *counters = json_object();
	json_t *protos = json_array();
	size_t i;

	json_object_set_new(root, "schema", json_integer(IMCTL_SCHEMA));
	json_object_set_new(root, "loaded", json_boolean(st));
	json_object_set_new(root, "tool_version", json_string(NF_IM_VERSION));
	json_object_set_new(root, "persisted", json_boolean(imctl_saved_enabled()));
	if (st) {
		json_object_set_new(root, "version", json_string(st->version));
		json_object_set_new(root, "label_base", json_integer(st->label_base));
		json_object_set_new(root, "rules", json_integer(st->rules));
		json_object_set_new(root, "enabled", json_boolean(st->enabled));
		json_object_set_new(root, "bridge", json_boolean(st->bridge));
		json_object_set_new(root, "correlate", json_boolean(st->correlate));
		json_object_set_new(root, "hidden_rules", json_integer(hidden_rules()));
		json_object_set_new(root, "mark_mask", json_integer(st->ct_mask));
		json_object_set_new(root, "marks_overwritten", json_integer(st->marks_lost));
		json_object_set_new(root, "packet_mask", json_integer(st->packet_mask));
		json_object_set_new(pack, "version", json_integer(st->pack.version));
		json_object_set_new(pack, "crc", json_integer(st->pack.crc));
		json_object_set_new(pack, "size", json_integer(st->pack.size));
		json_object_set_new(pack, "rules", json_integer(st->pack.rules));
		json_object_set_new(pack, "builtin", json_boolean(st->pack.builtin));
		json_object_set_new(pack, "previous", json_boolean(st->pack.previous));
		for (i = 0; i < ARRAY_SIZE(counter_names); i++)
			if (counter_names[i])
				json_object_set_new(counters, counter_names[i],
						    json_integer((json_int_t)st->counters[i]));
		for (i = 0; i < st->n_protos; i++)
			json_array_append_new(protos,
					      json_pack("{s:i, s:s, s:I}", "id", st->protos[i].id,
							"name", st->protos[i].name, "flows",
							(json_int_t)st->protos[i].flows));
		json_object_set(root, "pack", pack);
		json_object_set(root, "counters", counters);
		json_object_set(root, "protocols", protos);
	}
	json_dumpf(root, stdout, JSON_COMPACT | JSON_PRESERVE_ORDER);
	putchar('\n');
	json_decref(protos);
	json_decref(counters);
	json_decref(pack);
	json_decref(root);
	return out_flush();
}

static void put_str(struct out *o, const char *key, const char *value)
{
	out_str(o, key);
	out_str(o, value);
	out_row(o);
}

static void put_num(struct out *o, const char *key, uint64_t value)
{
	out_str(o, key);
	out_num(o, value);
	out_row(o);
}

static void put_bool(struct out *o, const char *key, bool value)
{
	put_str(o, key, value ? "yes" : "no");
}

static void put_mask(struct out *o, const char *key, uint32_t mask)
{
	char text[16];

	snprintf(text, sizeof(text), "0x%08" PRIx32, mask);
	put_str(o, key, mask ? text : NULL);
}

static int print_rows(const struct nfim_nl_status *st)
{
	static const struct out_col cols[] = { { .name = "key" }, { .name = "value" } };
	struct out *o = out_begin(cols, ARRAY_SIZE(cols), false);
	char key[64];
	size_t i;

	put_str(o, "version", st->version);
	put_str(o, "tool_version", NF_IM_VERSION);
	put_bool(o, "enabled", st->enabled);
	put_bool(o, "persisted", imctl_saved_enabled());
	put_bool(o, "bridge", st->bridge);
	put_bool(o, "correlate", st->correlate);
	put_num(o, "rules", st->rules);
	put_num(o, "hidden_rules", hidden_rules());
	put_num(o, "label_base", st->label_base);
	put_mask(o, "mark_mask", st->ct_mask);
	put_num(o, "marks_overwritten", st->marks_lost);
	put_mask(o, "packet_mask", st->packet_mask);
	put_num(o, "pack.version", st->pack.version);
	put_num(o, "pack.rules", st->pack.rules);
	put_num(o, "pack.size", st->pack.size);
	snprintf(key, sizeof(key), "%08" PRIx32, st->pack.crc);
	put_str(o, "pack.crc", key);
	put_bool(o, "pack.builtin", st->pack.builtin);
	put_bool(o, "pack.previous", st->pack.previous);
	for (i = 0; i < ARRAY_SIZE(counter_names); i++)
		if (counter_names[i])
			put_num(o, counter_names[i], st->counters[i]);
	for (i = 0; i < st->n_protos; i++) {
		snprintf(key, sizeof(key), "proto.%s", st->protos[i].name);
		put_num(o, key, st->protos[i].flows);
	}
	return out_finish(o);
}

int imctl_status(int argc, char **argv)
{
	static struct nfim_nl_status st;
	struct nfim_nl_err err;
	struct nfim_nl *nl;
	int ret;

	(void)argc;
	(void)argv;
	ret = nfim_nl_open(&nl, &err);
	if (!ret) {
		ret = nfim_nl_get(nl, &st, &err);
		nfim_nl_close(nl);
	}
	if (ret) {
		if (imctl_json && ret == -ENOENT)
			print_json(NULL);
		imctl_say("%s", err.msg);
		if (ret == -ENOENT)
			imctl_hint_absent();
		return IMCTL_FAIL;
	}
	imctl_hint_version(st.version);
	return imctl_json ? print_json(&st) : print_rows(&st);
}
