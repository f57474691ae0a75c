// SPDX-License-Identifier: GPL-2.0-only
/*
 * nfim-compile: signature files to a pack, or to the C files that the module,
 * libxt_im and imctl are built with. A program of the build; what it does for
 * admins, imctl signatures does too.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compile.h"
#include "vocab.h"

enum {
	EXIT_USAGE = 2,
};

struct options {
	const char *registry;
	const char *out;
	const char *symbol;	/* of --c-array */
	const char *shared;	/* of --shared */
	bool names;		/* --names-header */
	bool list;
	u32 version;
};

static const struct option long_options[] = {
	{ "registry", required_argument, NULL, 'r' },
	{ "output", required_argument, NULL, 'o' },
	{ "c-array", required_argument, NULL, 'c' },
	{ "names-header", no_argument, NULL, 'n' },
	{ "list", no_argument, NULL, 'l' },
	{ "pack-version", required_argument, NULL, 'p' },
	{ "shared", required_argument, NULL, 's' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static void usage(FILE *f)
{
	fputs("usage: nfim-compile -r REGISTRY [-o OUT] [OPTION] [FILE ...]\n"
	      "Compiles signature files and files of host names, runs their samples, and writes\n"
	      "  (nothing more)        the pack\n"
	      "  -c, --c-array SYMBOL  the pack as a C file\n"
	      "  -n, --names-header    the registry's names as a C header, and which of them have\n"
	      "                        neither signature nor host names in the FILEs\n"
	      "  -l, --list            a line for each rule: what it proves and needs\n"
	      "  -r, --registry FILE   the registry of names\n"
	      "  -o, --output FILE     where to (default: standard output)\n"
	      "  -p, --pack-version N  number of the pack, yyyymmddnn (default: 0)\n"
	      "  -s, --shared NAMES    protocols, or all, of which shared host names decide, too\n"
	      "  -h, --help            this text\n", f);
}

static int read_source(const char *path, struct nfim_source *src)
{
	FILE *f = fopen(path, "rb");
	size_t cap = 0, n;
	char *text = NULL;

	src->path = path;
	src->len = 0;
	while (f) {
		if (cap - src->len < 4096) {
			char *more = realloc(text, cap + 65536);

			if (!more)
				break;
			text = more;
			cap += 65536;
		}
		n = fread(text + src->len, 1, cap - src->len, f);
		src->len += n;
		if (!n)
			break;
	}
	src->text = text;
	if (!f || ferror(f) || !text) {
		fprintf(stderr, "nfim-compile: %s: %s\n", path, strerror(errno));
		if (f)
			fclose(f);
		return -1;
	}
	fclose(f);
	return 0;
}

static void print_err(const struct nfim_compile_err *err)
{
	if (err->path[0])
		fprintf(stderr, "%s:%u:%u: ", err->path, err->line, err->col);
	else
		fputs("nfim-compile: ", stderr);
	fprintf(stderr, "%s\n", err->what);
}

static void print_sample(void *arg, const struct nfim_sig_sample *sample, const char *why)
{
	(void)arg;
	if (why)
		fprintf(stderr, "%s:%u:1: sample %s of %s fails: %s\n", sample->path,
			sample->line, sample->name, sample->proto, why);
}

static void write_c_array(FILE *f, const char *symbol, const struct nfim_sigs *sigs)
{
	size_t i;

	fputs("// SPDX-License-Identifier: GPL-2.0-only\n"
	      "/* Written by nfim-compile from signatures/; do not edit. */\n"
	      "#ifdef __KERNEL__\n"
	      "#include <linux/compiler.h>\n"
	      "#include <linux/types.h>\n"
	      "#else\n"
	      "#include <stddef.h>\n"
	      "#ifndef __aligned\n"
	      "#define __aligned(n) __attribute__((__aligned__(n)))\n"
	      "#endif\n"
	      "#endif\n\n", f);
	fprintf(f, "extern const unsigned char %s[];\nextern const size_t %s_len;\n\n",
		symbol, symbol);
	fprintf(f, "const unsigned char %s[] __aligned(8) = {", symbol);
	for (i = 0; i < sigs->pack_len; i++)
		fprintf(f, "%s0x%02x,", i % 12 ? " " : "\n\t", sigs->pack[i]);
	fprintf(f, "\n};\n\nconst size_t %s_len = sizeof(%s);\n", symbol, symbol);
}

static void write_names(FILE *f, const struct nfim_sigs *sigs)
{
	u32 i;

	fputs("/* SPDX-License-Identifier: GPL-2.0-only */\n"
	      "/* Written by nfim-compile from signatures/; do not edit. */\n"
	      "static const struct nfim_name nfim_names[] = {\n", f);
	for (i = 0; i < sigs->n_protos; i++) {
		const struct nfim_sig_proto *p = &sigs->protos[i];

		fprintf(f, "\t{ %lu, %lu, %lu, \"%s\", \"%s\", \"%s\", %s },\n",
			(unsigned long)p->id, (unsigned long)p->category,
			(unsigned long)p->label, p->name, p->aliases, p->title,
			p->n_rules || p->n_names ? "false" : "true");
	}
	fputs("};\n", f);
}

static void write_list(FILE *f, const struct nfim_sigs *sigs)
{
	static const char *const roots[] = { "tcp", "tcp-mid", "udp", "http" };
	static const char *const dirs[] = { "-", "client", "server", "any" };
	u32 i;

	fputs("proto\trule\troot\tdir\tbits\tneed\tprefix\tcode\n", f);
	for (i = 0; i < sigs->n_rules; i++) {
		const struct nfim_sig_rule *r = &sigs->rules[i];

		fprintf(f, "%s\t%s\t%s\t%s\t%lu.%lu\t%lu\t%lu\t%lu\n", r->proto, r->name,
			roots[r->root], dirs[r->dirs], (unsigned long)r->evidence / 256,
			(unsigned long)(r->evidence % 256 * 10 / 256), (unsigned long)r->need,
			(unsigned long)r->n_prefix, (unsigned long)r->n_code);
	}
}

static int write_out(const struct options *opt, const struct nfim_sigs *sigs)
{
	FILE *f = opt->out ? fopen(opt->out, "wb") : stdout;
	int bad;

	if (f && opt->symbol)
		write_c_array(f, opt->symbol, sigs);
	else if (f && opt->names)
		write_names(f, sigs);
	else if (f && opt->list)
		write_list(f, sigs);
	else if (f)
		fwrite(sigs->pack, 1, sigs->pack_len, f);
	bad = !f || ferror(f);
	/* A full disk may show only now. */
	if (f && fclose(f))
		bad = 1;
	if (!bad)
		return 0;
	fprintf(stderr, "nfim-compile: %s: %s\n", opt->out ? opt->out : "standard output",
		strerror(errno));
	if (f && opt->out)
		remove(opt->out);
	return -1;
}

static int compile(const struct options *opt, char **paths, int n)
{
	struct nfim_source *src = calloc((size_t)n + 1, sizeof(*src));
	struct nfim_compile_err err;
	struct nfim_sigs *sigs = NULL;
	int ret = -1;
	int i;

	if (!src || read_source(opt->registry, &src[n]))
		goto out;
	for (i = 0; i < n; i++) {
		if (read_source(paths[i], &src[i]))
			goto out;
		src[i].shared = nfim_source_shared(paths[i], opt->shared);
	}
	sigs = nfim_compile(&src[n], src, (size_t)n, opt->version, &err);
	if (!sigs) {
		print_err(&err);
		goto out;
	}
	if (nfim_sigs_check(sigs, print_sample, NULL))
		goto out;
	ret = write_out(opt, sigs);
out:
	nfim_sigs_free(sigs);
	for (i = 0; src && i <= n; i++)
		free((void *)src[i].text);
	free(src);
	return ret;
}

static bool symbol_ok(const char *s)
{
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");

	return n && !s[n] && !(*s >= '0' && *s <= '9');
}

static bool parse_options(int argc, char **argv, struct options *opt)
{
	char *end;
	unsigned long long v;
	int ch;

	while ((ch = getopt_long(argc, argv, "r:o:c:nlp:s:h", long_options, NULL)) != -1) {
		switch (ch) {
		case 'r':
			opt->registry = optarg;
			break;
		case 'o':
			opt->out = optarg;
			break;
		case 'c':
			opt->symbol = optarg;
			if (!symbol_ok(optarg))
				return false;
			break;
		case 'n':
			opt->names = true;
			break;
		case 'l':
			opt->list = true;
			break;
		case 'p':
			errno = 0;
			v = strtoull(optarg, &end, 10);
			if (errno || *end || end == optarg || v > U32_MAX)
				return false;
			opt->version = (u32)v;
			break;
		case 's':
			opt->shared = optarg;
			break;
		case 'h':
			usage(stdout);
			exit(EXIT_SUCCESS);
		default:
			return false;
		}
	}
	return opt->registry && !!opt->symbol + opt->names + opt->list <= 1;
}

int main(int argc, char **argv)
{
	struct options opt = { .version = 0 };

	if (!parse_options(argc, argv, &opt)) {
		usage(stderr);
		return EXIT_USAGE;
	}
	return compile(&opt, argv + optind, argc - optind) ? EXIT_FAILURE : EXIT_SUCCESS;
}
