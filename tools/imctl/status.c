// SPDX-License-Identifier: GPL-2.0-only
/*
 * imctl status, enable, disable: the module and its hook in this namespace.
 */
#include "imctl.h"
#include "netlink.h"
#include "out.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/pack.h"

static bool runtime, persist;

const struct imctl_opt imctl_enable_opts[] = {
	{ "runtime", NULL, IMCTL_OPT_FLAG, &runtime, "until the next boot only" },
	{ "persist", NULL, IMCTL_OPT_FLAG, &persist,
	  "over a reboot, even from another network namespace than the first" },
	{ 0 }
};

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
};

static_assert(ARRAY_SIZE(counter_names) == NF_IM_A_C_MAX + 1, "a counter lacks its name");

static bool persisted(void)
{
	return !access(IMCTL_ENABLED_FILE, F_OK);
}

static int print_json(const struct nfim_nl_status *st)
{
	json_t *root = json_object(), *pack = json_object(), *counters = json_object();
	json_t *protos = json_array();
	size_t i;

	json_object_set_new(root, "schema", json_integer(IMCTL_SCHEMA));
	json_object_set_new(root, "loaded", json_boolean(st));
	json_object_set_new(root, "tool_version", json_string(NF_IM_VERSION));
	json_object_set_new(root, "persisted", json_boolean(persisted()));
	if (st) {
		json_object_set_new(root, "version", json_string(st->version));
		json_object_set_new(root, "label_base", json_integer(st->label_base));
		json_object_set_new(root, "rules", json_integer(st->rules));
		json_object_set_new(root, "enabled", json_boolean(st->enabled));
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

static int print_rows(const struct nfim_nl_status *st)
{
	static const struct out_col cols[] = { { .name = "key" }, { .name = "value" } };
	struct out *o = out_begin(cols, ARRAY_SIZE(cols), false);
	char key[64];
	size_t i;

	put_str(o, "version", st->version);
	put_str(o, "tool_version", NF_IM_VERSION);
	put_bool(o, "enabled", st->enabled);
	put_bool(o, "persisted", persisted());
	put_num(o, "rules", st->rules);
	put_num(o, "label_base", st->label_base);
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
		return IMCTL_FAIL;
	}
	if (strcmp(st.version, NF_IM_VERSION))
		imctl_say("the module is version %s, this tool is %s", st.version, NF_IM_VERSION);
	return imctl_json ? print_json(&st) : print_rows(&st);
}

/* The file makes nf-im.service enable the first namespace at boot; others have no boot. */
static bool first_namespace(void)
{
	struct stat mine, first;

	if (stat("/proc/self/ns/net", &mine) || stat("/proc/1/ns/net", &first))
		return false;
	return mine.st_ino == first.st_ino && mine.st_dev == first.st_dev;
}

static int keep(void)
{
	int fd;

	if (mkdir(IMCTL_ENABLED_DIR, 0755) && errno != EEXIST) {
		imctl_say("enabled now, but not over a reboot: cannot create %s: %s",
			  IMCTL_ENABLED_DIR, strerror(errno));
		return IMCTL_FAIL;
	}
	fd = open(IMCTL_ENABLED_FILE, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0) {
		imctl_say("enabled now, but not over a reboot: cannot create %s: %s",
			  IMCTL_ENABLED_FILE, strerror(errno));
		return IMCTL_FAIL;
	}
	close(fd);
	return IMCTL_OK;
}

static int forget(void)
{
	if (!unlink(IMCTL_ENABLED_FILE) || errno == ENOENT || errno == ENOTDIR)
		return IMCTL_OK;
	imctl_say("disabled now, but not over a reboot: cannot remove %s: %s",
		  IMCTL_ENABLED_FILE, strerror(errno));
	return IMCTL_FAIL;
}

static int set(bool on)
{
	struct nfim_nl_err err;
	struct nfim_nl *nl;
	int ret;

	if (runtime && persist) {
		imctl_say("--runtime and --persist exclude each other");
		return IMCTL_USAGE;
	}
	ret = nfim_nl_open(&nl, &err);
	if (!ret) {
		ret = nfim_nl_enable(nl, on, &err);
		nfim_nl_close(nl);
	}
	/* Without the module nothing is enabled; what is left is the file. */
	if (ret && (on || ret != -ENOENT || runtime)) {
		imctl_say("%s", err.msg);
		return IMCTL_FAIL;
	}
	if (runtime)
		return IMCTL_OK;
	if (!persist && !first_namespace()) {
		imctl_say("%s until this network namespace goes; --persist is for the first one",
			  on ? "enabled" : "disabled");
		return IMCTL_OK;
	}
	return on ? keep() : forget();
}

int imctl_enable(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return set(true);
}

int imctl_disable(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return set(false);
}
