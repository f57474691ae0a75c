// SPDX-License-Identifier: GPL-2.0-only
/*
 * Compiles signatures and opens their pack.
 */
#include "sigset.h"

#include <glob.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static void die(const char *fmt, ...) __attribute__((__format__(__printf__, 1, 2), __noreturn__));

static void die(const char *fmt, ...)
{
	va_list ap;

	printf("Bail out! ");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	exit(1);
}

static char *read_file(const char *path, size_t *len)
{
	FILE *f = fopen(path, "rb");
	char *text = NULL;
	long size;

	if (!f || fseek(f, 0, SEEK_END))
		die("%s cannot be read", path);
	size = ftell(f);
	rewind(f);
	text = malloc((size_t)size + 1);
	if (size < 0 || !text || fread(text, 1, (size_t)size, f) != (size_t)size)
		die("%s cannot be read", path);
	fclose(f);
	text[size] = '\0';
	*len = (size_t)size;
	return text;
}

static struct sigset *compile(const struct nfim_source *registry,
			      const struct nfim_source *sources, size_t n)
{
	struct sigset *set = calloc(1, sizeof(*set));
	struct nfim_compile_err cerr;
	struct nfim_pack_err perr;

	if (!set)
		die("no memory");
	set->sigs = nfim_compile(registry, sources, n, 0, &cerr);
	if (!set->sigs)
		die("%s:%u:%u: %s", cerr.path, cerr.line, cerr.col, cerr.what);
	set->len = set->sigs->pack_len;
	set->buf = malloc(set->len);
	if (!set->buf)
		die("no memory");
	memcpy(set->buf, set->sigs->pack, set->len);
	if (nfim_pack_open(&set->pack, set->buf, set->len, &perr))
		die("the pack does not open: %s at %u", perr.what, perr.off);
	return set;
}

struct sigset *sigset_shipped(void)
{
	struct nfim_source registry = { .path = NFIM_TOP "/signatures/registry.tsv" };
	struct nfim_source *sources;
	struct sigset *set;
	glob_t names;
	size_t i;

	registry.text = read_file(registry.path, &registry.len);
	if (glob(NFIM_TOP "/signatures/*.im", 0, NULL, &names) ||
	    glob(NFIM_TOP "/signatures/names/*", GLOB_APPEND, NULL, &names))
		die("there are no signatures in " NFIM_TOP "/signatures");
	sources = calloc(names.gl_pathc, sizeof(*sources));
	if (!sources)
		die("no memory");
	for (i = 0; i < names.gl_pathc; i++) {
		sources[i].path = names.gl_pathv[i];
		sources[i].text = read_file(sources[i].path, &sources[i].len);
	}
	set = compile(&registry, sources, names.gl_pathc);
	for (i = 0; i < names.gl_pathc; i++)
		free((char *)sources[i].text);
	free((char *)registry.text);
	free(sources);
	globfree(&names);
	return set;
}

struct sigset *sigset_text(const char *registry, const char *const *texts, size_t n)
{
	struct nfim_source names = { .path = "registry", .text = registry };
	struct nfim_source *sources = calloc(n, sizeof(*sources));
	struct sigset *set;
	size_t i;

	if (!sources)
		die("no memory");
	names.len = strlen(registry);
	for (i = 0; i < n; i++) {
		sources[i].path = "test signature";
		sources[i].text = texts[i];
		sources[i].len = strlen(texts[i]);
	}
	set = compile(&names, sources, n);
	free(sources);
	return set;
}

struct sigset *sigset_test(void)
{
	return sigset_text(testsigs_registry, testsigs, n_testsigs);
}

void sigset_free(struct sigset *set)
{
	if (!set)
		return;
	nfim_sigs_free(set->sigs);
	free(set->buf);
	free(set);
}

u32 sigset_rule(const struct sigset *set, const char *proto, const char *rule)
{
	u32 i;

	for (i = 0; i < set->sigs->n_rules; i++)
		if (!strcmp(set->sigs->rules[i].proto, proto) &&
		    !strcmp(set->sigs->rules[i].name, rule))
			return i;
	die("there is no rule %s of %s", rule, proto);
}

u32 sigset_proto(const struct sigset *set, const char *name)
{
	u32 i;

	for (i = 0; i < set->sigs->n_protos; i++)
		if (!strcmp(set->sigs->protos[i].name, name))
			return set->sigs->protos[i].id;
	die("there is no protocol %s", name);
}

const struct nfim_sig_sample *sigset_sample(const struct sigset *set, const char *proto,
					    const char *name)
{
	u32 i;

	for (i = 0; i < set->sigs->n_samples; i++)
		if (!strcmp(set->sigs->samples[i].proto, proto) &&
		    !strcmp(set->sigs->samples[i].name, name))
			return &set->sigs->samples[i];
	die("there is no sample %s of %s", name, proto);
}
