// SPDX-License-Identifier: GPL-2.0-only
/*
 * nft-im: the command line, which is nft's.
 */
#include "nft-im.h"
#include "nftrules.h"
#include "session.h"

#include <errno.h>
#include <getopt.h>
#include <nftables/libnftables.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { OPT_NATIVE = 0x100 };

struct options {
	const char *file;
	bool interactive;
	bool native;
	bool json;
};

/* Long and short, and the flag of the output; 0 for those that do something else. */
static const struct {
	const char *name;
	int letter;
	const char *arg;
	unsigned int output;
	const char *help;
} opts[] = {
	{ "help", 'h', NULL, 0, "print this and exit" },
	{ "version", 'v', NULL, 0, "print the version and exit" },
	{ "file", 'f', "FILE", 0, "read commands from a file, - is standard input" },
	{ "define", 'D', "NAME=VALUE", 0, "define a variable" },
	{ "interactive", 'i', NULL, 0, "read commands one by one" },
	{ "includepath", 'I', "DIR", 0, "look for included files there" },
	{ "check", 'c', NULL, 0, "check the commands, change nothing" },
	{ "optimize", 'o', NULL, 0, "nft's; refused where rules have im" },
	{ "echo", 'e', NULL, NFT_CTX_OUTPUT_ECHO, "print what was added" },
	{ "json", 'j', NULL, NFT_CTX_OUTPUT_JSON, "read and print JSON" },
	{ "handle", 'a', NULL, NFT_CTX_OUTPUT_HANDLE, "print handles" },
	{ "stateless", 's', NULL, NFT_CTX_OUTPUT_STATELESS, "leave out counters" },
	{ "terse", 't', NULL, NFT_CTX_OUTPUT_TERSE, "leave out the contents of sets" },
	{ "service", 'S', NULL, NFT_CTX_OUTPUT_SERVICE, "ports as names" },
	{ "reversedns", 'N', NULL, NFT_CTX_OUTPUT_REVERSEDNS, "addresses as names" },
	{ "guid", 'u', NULL, NFT_CTX_OUTPUT_GUID, "users and groups as names" },
	{ "numeric", 'n', NULL, NFT_CTX_OUTPUT_NUMERIC_ALL, "print numbers" },
	{ "numeric-priority", 'y', NULL, NFT_CTX_OUTPUT_NUMERIC_PRIO, "priorities as numbers" },
	{ "numeric-protocol", 'p', NULL, NFT_CTX_OUTPUT_NUMERIC_PROTO, "protocols as numbers" },
	{ "numeric-time", 'T', NULL, NFT_CTX_OUTPUT_NUMERIC_TIME, "times as numbers" },
	{ "debug", 'd', "LEVELS", 0, "levels: scanner, parser, eval, netlink, mnl or all" },
	{ "native", OPT_NATIVE, NULL, 0, "use the native expression; see nft-im(8) first" },
};

enum { OPTS = sizeof(opts) / sizeof(*opts) };

static void help(void)
{
	char left[48];
	size_t i;

	printf("Usage: nft-im [OPTIONS] [COMMANDS]\n"
	       "The commands are nft's, and know \"im TEST [!=] NAME | { NAME, ... }\",\n"
	       "where TEST is proto, category, action, state or confidence.\n\nOptions:\n");
	for (i = 0; i < OPTS; i++) {
		if (opts[i].letter < OPT_NATIVE)
			snprintf(left, sizeof(left), "-%c, --%s %s", opts[i].letter, opts[i].name,
				 opts[i].arg ? opts[i].arg : "");
		else
			snprintf(left, sizeof(left), "    --%s", opts[i].name);
		printf("  %-28s %s\n", left, opts[i].help);
	}
}

static unsigned int debug_levels(const char *arg)
{
	static const struct {
		const char *name;
		unsigned int level;
	} levels[] = {
		{ "scanner", NFT_DEBUG_SCANNER }, { "parser", NFT_DEBUG_PARSER },
		{ "eval", NFT_DEBUG_EVALUATION }, { "netlink", NFT_DEBUG_NETLINK },
		{ "mnl", NFT_DEBUG_MNL }, { "proto-ctx", NFT_DEBUG_PROTO_CTX },
		{ "segtree", NFT_DEBUG_SEGTREE }, { "all", ~0U },
	};
	unsigned int mask = 0;
	size_t i, len;

	for (; *arg; arg += len + (arg[len] == ',')) {
		len = strcspn(arg, ",");
		for (i = 0; i < sizeof(levels) / sizeof(*levels); i++)
			if (strlen(levels[i].name) == len && !memcmp(levels[i].name, arg, len))
				mask |= levels[i].level;
	}
	return mask;
}

/* Return: -1 to go on, else the exit code. */
static int set_option(struct nft_ctx *nft, struct options *o, int c)
{
	switch (c) {
	case 'h':
		help();
		return 0;
	case 'v':
		printf("nft-im %s\n", NF_IM_VERSION);
		return 0;
	case 'f':
		o->file = optarg;
		return -1;
	case 'D':
		rewrite_define(optarg);
		return nft_ctx_add_var(nft, optarg) ? 1 : -1;
	case 'i':
		o->interactive = true;
		return -1;
	case 'I':
		rewrite_include_path(optarg);
		return nft_ctx_add_include_path(nft, optarg) ? 1 : -1;
	case 'c':
		nft_ctx_set_dry_run(nft, true);
		return -1;
	case 'o':
		nft_ctx_set_optimize(nft, NFT_OPTIMIZE_ENABLED);
		return -1;
	case 'd':
		nft_ctx_output_set_debug(nft, debug_levels(optarg));
		return -1;
	default:
		o->native = true;
		return -1;
	}
}

static int parse(struct nft_ctx *nft, struct options *o, int argc, char **argv)
{
	struct option longs[OPTS + 1] = { 0 };
	char shorts[2 * OPTS + 2] = "+";
	unsigned int i;
	int c, ret;

	for (i = 0; i < OPTS; i++) {
		longs[i].name = opts[i].name;
		longs[i].has_arg = opts[i].arg ? required_argument : no_argument;
		longs[i].val = opts[i].letter;
		if (opts[i].letter < OPT_NATIVE)
			sprintf(shorts + strlen(shorts), "%c%s", opts[i].letter,
				opts[i].arg ? ":" : "");
	}
	while ((c = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		for (i = 0; i < OPTS && opts[i].letter != c; i++)
			;
		if (i == OPTS)
			return 1;
		o->json |= c == 'j';
		if (opts[i].output) {
			nft_ctx_output_set_flags(nft, nft_ctx_output_get_flags(nft) |
						 opts[i].output);
			continue;
		}
		ret = set_option(nft, o, c);
		if (ret >= 0)
			return ret;
	}
	return -1;
}

/* Rules that only nft-im --native can show must not be forgotten when others are listed. */
static void warn_hidden(const char *text)
{
	int n;

	text += strspn(text, " \t\n");
	if (strncmp(text, "list", 4))
		return;
	n = nfim_nft_hidden(NULL);
	if (n <= 0)
		return;
	say("%d " NFIM_NFT_HIDDEN ", nor save, as nft-im --native list does:", n);
	nfim_nft_hidden(stderr);
}

static int print_output(const struct options *o, const char *output)
{
	char *text;

	if (!o->json || !*output) {
		fputs(output, stdout);
		return fflush(stdout) ? 1 : 0;
	}
	text = json_out(output);
	if (!text)
		return 1;
	puts(text);
	free(text);
	return fflush(stdout) ? 1 : 0;
}

static bool is_monitor(const char *text)
{
	text += strspn(text, " \t\n");
	return !strncmp(text, "monitor", 7);
}

/* Hands text to libnftables and says what became of it. */
static int run(struct nft_ctx *nft, const struct options *o, const struct session_text *text)
{
	bool stream = is_monitor(text->text);
	int ret;

	nft_ctx_buffer_error(nft);
	if (!stream)
		nft_ctx_buffer_output(nft);
	ret = session_run(nft, text);
	session_messages(nft_ctx_get_error_buffer(nft));
	if (!stream && print_output(o, nft_ctx_get_output_buffer(nft)))
		ret = 1;
	warn_hidden(text->text);
	return ret ? 1 : 0;
}

static int run_file(struct nft_ctx *nft, const struct options *o)
{
	FILE *file = strcmp(o->file, "-") ? carry_raw_open(o->file) : stdin;
	char *text = file ? read_all(file) : NULL;
	int ret;

	if (!text) {
		fprintf(stderr, "Error: Could not open file \"%s\": %s\n", o->file,
			strerror(errno));
		return 1;
	}
	if (file != stdin)
		fclose(file);
	ret = run(nft, o, &(struct session_text){
		.name = file == stdin ? "/dev/stdin" : o->file, .text = text,
		.by_name = file != stdin && !o->json, .json = o->json });
	free(text);
	return ret;
}

static int run_interactive(struct nft_ctx *nft, const struct options *o)
{
	struct session_text text = { .name = "<cli>", .json = o->json };
	bool person = isatty(STDIN_FILENO);
	char *line = NULL;
	size_t size = 0;
	int ret = 0;

	for (;;) {
		if (person)
			fputs("nft-im> ", stdout);
		fflush(stdout);
		if (getline(&line, &size, stdin) < 0)
			break;
		line[strcspn(line, "\n")] = '\0';
		if (!strcmp(line, "quit") || !strcmp(line, "exit"))
			break;
		text.text = line;
		if (*line && run(nft, o, &text))
			ret = 1;
	}
	free(line);
	return ret;
}

static int run_args(struct nft_ctx *nft, const struct options *o, int argc, char **argv)
{
	char *text;
	size_t size;
	FILE *out;
	int i, ret;

	out = open_memstream(&text, &size);
	if (!out)
		return 1;
	for (i = 0; i < argc; i++)
		fprintf(out, "%s%s", i ? " " : "", argv[i]);
	fclose(out);
	ret = run(nft, o, &(struct session_text){
		.name = "<cmdline>", .text = text, .json = o->json });
	free(text);
	return ret;
}

int main(int argc, char **argv)
{
	struct options o = { 0 };
	struct nft_ctx *nft;
	int ret;

	session_begin();
	nft = nft_ctx_new(NFT_CTX_DEFAULT);
	if (!nft) {
		say("libnftables does not start: %s", strerror(errno));
		return 1;
	}
	ret = parse(nft, &o, argc, argv);
	if (ret >= 0)
		goto out;
	if (o.native)
		ret = native(argc - optind, argv + optind, o.file, o.json);
	else if (o.file)
		ret = run_file(nft, &o);
	else if (o.interactive)
		ret = run_interactive(nft, &o);
	else if (optind < argc)
		ret = run_args(nft, &o, argc - optind, argv + optind);
	else
		ret = (help(), 1);
out:
	nft_ctx_free(nft);
	return ret;
}
