// SPDX-License-Identifier: GPL-2.0-only
/*
 * imctl signatures: from text to a pack, from a pack into the kernel.
 */
#include "compile.h"
#include "hints.h"
#include "imctl.h"
#include "netlink.h"
#include "out.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SOURCE_MAX = 64 << 20 };	/* bytes of a file of signatures or names */

/* The registry this tool was built with. */
static const char builtin_registry[] =
#include "registry.inc"
;

static const char *registry_path, *out_path, *shared;
static struct imctl_u32 version;
static bool force, no_verify;

static const struct imctl_opt check_opts[] = {
	{ "registry", "FILE", IMCTL_OPT_STR, &registry_path,
	  "names, instead of the built-in ones" },
	{ 0 }
};

static const struct imctl_opt build_opts[] = {
	{ "output", "FILE", IMCTL_OPT_STR, &out_path, "pack to write (-o)" },
	{ "pack-version", "NUMBER", IMCTL_OPT_U32, &version, "its version, yyyymmddnn" },
	{ "registry", "FILE", IMCTL_OPT_STR, &registry_path,
	  "names, instead of the built-in ones" },
	{ "shared", "NAMES", IMCTL_OPT_STR, &shared,
	  "protocols, or all, of which shared host names decide, too" },
	{ 0 }
};

static const struct imctl_opt load_opts[] = {
	{ "force", NULL, IMCTL_OPT_FLAG, &force,
	  "even if a rule uses a name that the pack has no signature for" },
	{ "no-verify", NULL, IMCTL_OPT_FLAG, &no_verify,
	  "let the kernel alone decide whether the pack is good" },
	{ 0 }
};

/* Return: 0, or -1 after saying why; @src->text is to be freed. */
static int read_source(struct nfim_source *src, const char *path)
{
	src->path = path;
	src->text = imctl_read_file(path, SOURCE_MAX, &src->len);
	return src->text ? 0 : -1;
}

static int read_registry(struct nfim_source *src)
{
	if (registry_path)
		return read_source(src, registry_path);
	src->path = "the built-in registry";
	src->text = strdup(builtin_registry);
	src->len = sizeof(builtin_registry) - 1;
	return src->text ? 0 : -1;
}

static void say_err(const struct nfim_compile_err *err)
{
	if (err->path[0] && err->line)
		fprintf(stderr, "%s:%u:%u: %s\n", err->path, err->line, err->col, err->what);
	else if (err->path[0])
		fprintf(stderr, "%s: %s\n", err->path, err->what);
	else
		imctl_say("%s", err->what);
}

static void say_sample(void *arg, const struct nfim_sig_sample *sample, const char *why)
{
	(void)arg;
	if (why)
		fprintf(stderr, "%s:%u: sample \"%s\": %s\n", sample->path, sample->line,
			sample->name, why);
}

/* check */

static const struct out_col check_cols[] = {
	{ .name = "file" }, { .name = "proto" }, { .name = "rules", .right = true },
	{ .name = "evidence", .right = true }, { .name = "samples", .right = true },
	{ .name = "failed", .right = true }, { .name = "result" },
};

static void put_refused(struct out *o, const char *path)
{
	int i;

	out_text(o, path);
	for (i = 1; i < 6; i++)
		out_none(o);
	out_str(o, "failed");
	out_row(o);
}

/* A file has one signature; the registry's other names have none here. */
static void put_checked(struct out *o, const char *path, const struct nfim_sigs *sigs, int failed)
{
	u32 i, j, evidence = 0;

	for (i = 0; i < sigs->n_protos; i++) {
		if (!sigs->protos[i].path && !sigs->protos[i].n_names)
			continue;
		for (j = 0; j < sigs->n_rules; j++)
			if (!evidence || sigs->rules[j].evidence < evidence)
				evidence = sigs->rules[j].evidence;
		out_text(o, path);
		out_str(o, sigs->protos[i].name);
		out_num(o, sigs->protos[i].n_rules);
		out_num(o, evidence / 256);
		out_num(o, sigs->protos[i].n_samples);
		out_num(o, failed);
		out_str(o, failed ? "failed" : "ok");
		out_row(o);
	}
}

static int check_file(struct out *o, const struct nfim_source *registry, const char *path)
{
	struct nfim_compile_err err = { .what = "" };
	struct nfim_sigs *sigs = NULL;
	struct nfim_source src;
	int failed;

	if (!read_source(&src, path)) {
		sigs = nfim_compile(registry, &src, 1, 0, &err);
		if (!sigs)
			say_err(&err);
		free((void *)src.text);
	}
	if (!sigs) {
		put_refused(o, path);
		return -1;
	}
	failed = nfim_sigs_check(sigs, say_sample, NULL);
	if (failed < 0) {
		imctl_say("out of memory");
		put_refused(o, path);
	} else {
		put_checked(o, path, sigs, failed);
	}
	nfim_sigs_free(sigs);
	return failed ? -1 : 0;
}

static int check(int argc, char **argv)
{
	struct nfim_source registry;
	int i, end, ret = IMCTL_OK;
	struct out *o;

	if (read_registry(&registry))
		return IMCTL_FAIL;
	o = out_begin(check_cols, ARRAY_SIZE(check_cols), false);
	for (i = 0; i < argc; i++)
		if (check_file(o, &registry, argv[i]))
			ret = IMCTL_FAIL;
	end = out_finish(o);
	free((void *)registry.text);
	return ret ? ret : end;
}

/* build */

static int write_all(int fd, const uint8_t *p, size_t len)
{
	ssize_t n;

	for (; len; p += n, len -= n) {
		n = write(fd, p, len);
		if (n < 0)
			return -1;
	}
	return 0;
}

/* The old file stays until the new one is complete. */
static int write_pack(const struct nfim_sigs *sigs)
{
	char *tmp = NULL;
	int fd = -1, ret;

	if (asprintf(&tmp, "%s.XXXXXX", out_path) < 0) {
		imctl_say("out of memory");
		return -1;
	}
	fd = mkstemp(tmp);
	ret = fd < 0 ? -1 : write_all(fd, sigs->pack, sigs->pack_len);
	if (!ret)
		ret = fchmod(fd, 0644);
	if (fd >= 0 && close(fd))
		ret = -1;
	if (!ret)
		ret = rename(tmp, out_path);
	if (ret) {
		imctl_say("cannot write %s: %s", out_path, strerror(errno));
		if (fd >= 0)
			unlink(tmp);
	}
	free(tmp);
	return ret;
}

static struct nfim_sigs *compile(int argc, char **argv)
{
	struct nfim_source registry = { 0 }, *srcs = calloc(argc, sizeof(*srcs));
	struct nfim_compile_err err = { .what = "" };
	struct nfim_sigs *sigs = NULL;
	int i;

	if (!srcs || read_registry(&registry))
		goto out;
	for (i = 0; i < argc; i++) {
		if (read_source(&srcs[i], argv[i]))
			goto out;
		srcs[i].shared = nfim_source_shared(argv[i], shared);
	}
	sigs = nfim_compile(&registry, srcs, argc, version.value, &err);
	if (!sigs)
		say_err(&err);
out:
	for (i = 0; srcs && i < argc; i++)
		free((void *)srcs[i].text);
	free((void *)registry.text);
	free(srcs);
	return sigs;
}

static const struct nfim_sig_proto *find_signed(const struct nfim_sigs *sigs, const char *name)
{
	u32 i;

	for (i = 0; i < sigs->n_protos; i++)
		if ((sigs->protos[i].path || sigs->protos[i].n_names) &&
		    !strcmp(sigs->protos[i].name, name))
			return &sigs->protos[i];
	return NULL;
}

static bool builtin_has(const struct nfim_pack *pack, u32 proto)
{
	u32 i;

	for (i = 0; i < pack->n_rules; i++)
		if (pack->rules[i].proto == proto)
			return true;
	for (i = 0; i < pack->n_names; i++)
		if (NFIM_NAME_PROTO(&pack->names[i]) == proto &&
		    NFIM_NAME_CLASS(&pack->names[i]) == NFIM_NAME_DEDICATED)
			return true;
	return false;
}

/* How many protocols the built-in pack knows and this one does not: it takes that one's place. */
static u32 count_lost(const struct nfim_sigs *sigs)
{
	struct imctl_pack p;
	u32 i, n = 0;

	if (imctl_pack_load(&p, NULL))
		return 0;
	for (i = 0; i < p.pack.n_protos; i++)
		n += builtin_has(&p.pack, p.pack.protos[i].id) &&
		     !find_signed(sigs, nfim_pack_str(&p.pack, p.pack.protos[i].name));
	imctl_pack_free(&p);
	return n;
}

static void say_built(const struct nfim_sigs *sigs)
{
	u32 i, n = 0, lost = count_lost(sigs);

	for (i = 0; i < sigs->n_protos; i++)
		n += sigs->protos[i].path || sigs->protos[i].n_names;
	imctl_say("%s: %u rule%s of %u protocol%s, %zu bytes", out_path, sigs->n_rules,
		  sigs->n_rules == 1 ? "" : "s", n, n == 1 ? "" : "s", sigs->pack_len);
	if (lost)
		imctl_say("%u built-in protocol%s not in it, as no file of theirs was named",
			  lost, lost == 1 ? " is" : "s are");
}

static int build(int argc, char **argv)
{
	struct nfim_sigs *sigs;
	int failed, ret = IMCTL_FAIL;

	if (!out_path) {
		imctl_say("build wants -o FILE; see imctl signatures build --help");
		return IMCTL_USAGE;
	}
	sigs = compile(argc, argv);
	if (!sigs)
		return IMCTL_FAIL;
	failed = nfim_sigs_check(sigs, say_sample, NULL);
	if (failed < 0)
		imctl_say("out of memory");
	else if (failed)
		imctl_say("%s was not written, %d samples fail", out_path, failed);
	else if (!write_pack(sigs))
		ret = IMCTL_OK;
	if (ret == IMCTL_OK)
		say_built(sigs);
	nfim_sigs_free(sigs);
	return ret;
}

/* load, rollback */

static int load(int argc, char **argv)
{
	struct nfim_nl_err err;
	struct imctl_pack p;
	struct nfim_nl *nl;
	size_t len;
	void *buf;
	int ret;

	(void)argc;
	/* What is sent is another copy: opening may have swapped this one's words. */
	if (!no_verify) {
		if (imctl_pack_load(&p, argv[0]))
			return IMCTL_FAIL;
		imctl_pack_free(&p);
	}
	buf = imctl_read_file(argv[0], no_verify ? UINT32_MAX : NFIM_PACK_SIZE_MAX, &len);
	if (!buf)
		return IMCTL_FAIL;
	ret = nfim_nl_open(&nl, &err);
	if (!ret) {
		ret = nfim_nl_pack_load(nl, buf, len, force, &err);
		nfim_nl_close(nl);
	}
	free(buf);
	if (ret)
		imctl_say("%s was not loaded: %s", argv[0], err.msg);
	if (ret == -ENOENT)
		imctl_hint_absent();
	return ret ? IMCTL_FAIL : IMCTL_OK;
}

static int rollback(int argc, char **argv)
{
	struct nfim_nl_err err;
	struct nfim_nl *nl;
	int ret;

	(void)argc;
	(void)argv;
	ret = nfim_nl_open(&nl, &err);
	if (!ret) {
		ret = nfim_nl_pack_rollback(nl, &err);
		nfim_nl_close(nl);
	}
	if (ret)
		imctl_say("%s", err.msg);
	return ret ? IMCTL_FAIL : IMCTL_OK;
}

/* show */

static const struct out_col show_cols[] = {
	{ .name = "proto" }, { .name = "rule" }, { .name = "reads" }, { .name = "from" },
	{ .name = "evidence", .right = true }, { .name = "need", .right = true },
};

static const char *const root_names[] = {
	[NFIM_ROOT_TCP] = "tcp",
	[NFIM_ROOT_TCP_MID] = "tcp-mid-stream",
	[NFIM_ROOT_UDP] = "udp",
	[NFIM_ROOT_HTTP] = "http",
};

static const char *const dir_names[] = {
	[NFIM_DIR_CLIENT] = "client",
	[NFIM_DIR_SERVER] = "server",
	[NFIM_DIR_ANY] = "any",
};

static int show(int argc, char **argv)
{
	const struct nfim_proto *proto;
	const struct nfim_rule *rule;
	struct imctl_pack p;
	struct out *o;
	int ret;
	u32 i;

	if (imctl_pack_load(&p, argc ? argv[0] : NULL))
		return IMCTL_FAIL;
	imctl_say("%s: version %u, %zu bytes, crc %08x", argc ? argv[0] : "built-in pack",
		  p.pack.hdr->version, p.len, p.pack.hdr->crc);
	o = out_begin(show_cols, ARRAY_SIZE(show_cols), false);
	for (i = 0; i < p.pack.n_rules; i++) {
		rule = &p.pack.rules[i];
		proto = nfim_pack_proto(&p.pack, rule->proto);
		out_str(o, proto ? nfim_pack_str(&p.pack, proto->name) : NULL);
		out_str(o, nfim_pack_str(&p.pack, rule->name));
		out_str(o, root_names[rule->root]);
		out_str(o, dir_names[rule->dirs]);
		out_num(o, rule->evidence / 256);
		if (rule->need)
			out_num(o, rule->need);
		else
			out_none(o);
		out_row(o);
	}
	ret = out_finish(o);
	imctl_pack_free(&p);
	return ret;
}

const struct imctl_cmd imctl_signatures_cmds[] = {
	{ "check", "FILE...", 1, -1, check, check_opts, NULL,
	  "compile signature files one by one and run their samples" },
	{ "build", "FILE...", 1, -1, build, build_opts, NULL,
	  "compile signature files into a pack" },
	{ "load", "PACK", 1, 1, load, load_opts, NULL,
	  "put a pack in force in the kernel" },
	{ "rollback", "", 0, 0, rollback, NULL, NULL,
	  "put the pack before this one in force again" },
	{ "show", "[PACK]", 0, 1, show, NULL, NULL,
	  "list the rules of a pack file, or of the built-in pack" },
	{ 0 }
};
