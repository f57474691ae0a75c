// SPDX-License-Identifier: GPL-2.0-only
/*
 * imctl labels: names of the conntrack labels, for the files that nft, iptables
 * and conntrack read them from.
 */
#include "connlabel.h"
#include "imctl.h"
#include "netlink.h"
#include "out.h"
#include "vocab.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { LABEL_BASE_MAX = 128 - NF_IM_LABEL_COUNT };

static struct imctl_u32 base;
static bool do_write, do_check;
static struct imctl_list confs;
static const char *pack_path;

const struct imctl_opt imctl_labels_opts[] = {
	{ "base", "BIT", IMCTL_OPT_U32, &base,
	  "first bit, instead of the loaded module's (else 40)" },
	{ "write", NULL, IMCTL_OPT_FLAG, &do_write,
	  "add the names to the files; all or nothing" },
	{ "check", NULL, IMCTL_OPT_FLAG, &do_check,
	  "exit 1 if a name is not in the files" },
	{ "connlabel-conf", "FILE", IMCTL_OPT_LIST, &confs,
	  "file to write or check, instead of the system's two" },
	{ "pack", "FILE", IMCTL_OPT_STR, &pack_path, "signatures, instead of the built-in ones" },
	{ 0 }
};

static const struct imctl_list system_confs = {
	.item = { "/etc/connlabel.conf", "/etc/xtables/connlabel.conf" },
	.n = 2,
};

static const char *const fixed[] = {
	[NF_IM_LABEL_ANY] = "im-any",
	[NF_IM_LABEL_DONE] = "im-done",
	[NF_IM_LABEL_UNINSPECTED] = "im-uninspected",
	[NF_IM_LABEL_ANOMALY] = "im-anomaly",
	[NF_IM_LABEL_SEEN] = "im-seen",
	[NF_IM_LABEL_OPEN] = "im-open",
	[NF_IM_LABEL_NAME] = "im-name",
	[NF_IM_LABEL_PAIR] = "im-pair",
	[NF_IM_LABEL_ECH] = "im-ech",
};

/* The kernel tells the names of its pack, but not their labels: those are in the file alone. */
static void find_base(void)
{
	static struct nfim_nl_status st;
	struct nfim_nl_err err;
	struct nfim_nl *nl;

	if (base.set)
		return;
	base.value = NF_IM_LABEL_BASE_DEFAULT;
	if (nfim_nl_open(&nl, &err))
		return;
	if (!nfim_nl_get(nl, &st, &err)) {
		base.value = st.label_base;
		if (!pack_path && !st.pack.builtin)
			imctl_say("a loaded pack is in force; --pack FILE has its own names");
	}
	nfim_nl_close(nl);
}

/*
 * Names are unique, the first to come has it: "im-messenger" is the category, so the protocol
 * "messenger" has a bit, but no name for it.
 */
static void add(struct connlabel *labels, size_t *n, unsigned int offset, const char *name)
{
	size_t i;

	for (i = 0; i < *n; i++)
		if (!strcmp(labels[i].name, name))
			return;
	labels[*n].bit = base.value + offset;
	snprintf(labels[*n].name, sizeof(labels[*n].name), "%s", name);
	++*n;
}

/* Return: how many; in the order of their bits. */
static size_t collect(struct connlabel labels[NF_IM_LABEL_COUNT], const struct nfim_pack *pack)
{
	char name[NFIM_NAME_MAX + sizeof("im-")];
	unsigned int off;
	size_t n = 0;
	u32 i;

	for (off = 0; off < NF_IM_LABEL_CATEGORY; off++)
		if (fixed[off])
			add(labels, &n, off, fixed[off]);
	for (off = 0; off < NF_IM_CAT_COUNT; off++) {
		snprintf(name, sizeof(name), "im-%s", nfim_category_names[off]);
		add(labels, &n, NF_IM_LABEL_CATEGORY + off, name);
	}
	for (off = NF_IM_LABEL_CATEGORY + NF_IM_CAT_COUNT; off < ARRAY_SIZE(fixed); off++)
		if (fixed[off])
			add(labels, &n, off, fixed[off]);
	for (off = NF_IM_LABEL_PROTO; off < NF_IM_LABEL_COUNT; off++) {
		for (i = 0; i < pack->n_protos; i++) {
			if (pack->protos[i].label != off)
				continue;
			snprintf(name, sizeof(name), "im-%s",
				 nfim_pack_str(pack, pack->protos[i].name));
			add(labels, &n, off, name);
			break;
		}
	}
	return n;
}

static int print(const struct connlabel *labels, size_t n)
{
	static const struct out_col cols[] = { { .name = "bit" }, { .name = "name" } };
	struct out *o;
	size_t i;

	if (!imctl_json) {
		/* The form of the file, on a terminal as elsewhere. */
		for (i = 0; i < n; i++)
			printf("%u %s\n", labels[i].bit, labels[i].name);
		return out_flush();
	}
	o = out_begin(cols, ARRAY_SIZE(cols), false);
	for (i = 0; i < n; i++) {
		out_num(o, labels[i].bit);
		out_str(o, labels[i].name);
		out_row(o);
	}
	return out_finish(o);
}

/* Two names of one file are one file. */
static bool same_before(const struct connlabel_file *files, size_t i)
{
	size_t j;

	for (j = 0; j < i; j++)
		if (files[i].real && files[j].real && !strcmp(files[i].real, files[j].real))
			return true;
	return false;
}

static int check(const struct connlabel_file *files, size_t n, size_t n_labels)
{
	int ret = IMCTL_OK;
	size_t i;

	for (i = 0; i < n; i++) {
		if (!files[i].missing)
			continue;
		imctl_say("%s lacks %zu of %zu labels; imctl labels --write adds them",
			  files[i].path, files[i].missing, n_labels);
		ret = IMCTL_FAIL;
	}
	return ret;
}

/* The folder of iptables' file is not always there; that of a file named by hand must be. */
static int make_folder(void)
{
	if (!confs.n && mkdir("/etc/xtables", 0755) && errno != EEXIST) {
		imctl_say("cannot create /etc/xtables: %s", strerror(errno));
		return -1;
	}
	return 0;
}

static int commit(struct connlabel_file *files, size_t n)
{
	size_t i;

	if (make_folder())
		return IMCTL_FAIL;
	for (i = 0; i < n; i++)
		if (files[i].missing && !same_before(files, i) && connlabel_prepare(&files[i]))
			return IMCTL_FAIL;
	for (i = 0; i < n; i++) {
		if (!files[i].tmp)
			continue;
		if (connlabel_commit(&files[i]))
			return IMCTL_FAIL;
		imctl_say("%s: %zu labels added", files[i].path, files[i].missing);
	}
	return IMCTL_OK;
}

static int merge(const struct connlabel *labels, size_t n)
{
	const struct imctl_list *list = confs.n ? &confs : &system_confs;
	struct connlabel_file files[IMCTL_LIST_MAX] = { 0 };
	int ret = IMCTL_OK;
	size_t i;

	for (i = 0; i < list->n; i++) {
		files[i].path = list->item[i];
		if (connlabel_plan(&files[i], labels, n))
			ret = IMCTL_FAIL;
	}
	if (ret == IMCTL_OK)
		ret = do_write ? commit(files, list->n) : check(files, list->n, n);
	for (i = 0; i < list->n; i++)
		connlabel_free(&files[i]);
	return ret;
}

int imctl_labels(int argc, char **argv)
{
	struct connlabel labels[NF_IM_LABEL_COUNT];
	struct imctl_pack p;
	size_t n;

	(void)argc;
	(void)argv;
	if (do_write && do_check) {
		imctl_say("--write and --check exclude each other");
		return IMCTL_USAGE;
	}
	if (confs.n && !do_write && !do_check) {
		imctl_say("--connlabel-conf wants --write or --check");
		return IMCTL_USAGE;
	}
	if (base.set && base.value > LABEL_BASE_MAX) {
		imctl_say("--base may be at most %d, the labels take %d of 128 bits",
			  LABEL_BASE_MAX, NF_IM_LABEL_COUNT);
		return IMCTL_USAGE;
	}
	find_base();
	if (imctl_pack_load(&p, pack_path))
		return IMCTL_FAIL;
	n = collect(labels, &p.pack);
	imctl_pack_free(&p);
	return do_write || do_check ? merge(labels, n) : print(labels, n);
}
