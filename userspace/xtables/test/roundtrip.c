// SPDX-License-Identifier: GPL-2.0-only
/*
 * roundtrip [-f FLAGS] [OPTION...] - drives libxt_im.so through libxtables
 * without any kernel: parses the options, saves them, parses what was saved and
 * compares both rules and both texts. XTABLES_LIBDIR names the library's folder.
 *
 * roundtrip --help prints what the library says of itself.
 *
 * Prints the lines "save:", "print:", "nft:" with what each of the library's
 * functions wrote. -f sets further bits in the rule's flags, as a later release
 * might. Exit status: 0 equal, 1 not equal, 2 refused by the library.
 */
#include <linux/netfilter/nf_im.h>

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xtables.h>

#define __noreturn __attribute__((__noreturn__))

enum {
	MAX_ARGS = 64,
};

static struct option no_opts[] = { { NULL, 0, NULL, 0 } };

static __noreturn void die(enum xtables_exittype status, const char *msg, ...)
{
	va_list args;

	va_start(args, msg);
	vfprintf(stderr, msg, args);
	va_end(args);
	exit(status == PARAMETER_PROBLEM ? 2 : 1);
}

/* The kernel is taken to have what the library asks for. */
static int any_revision(const char *name, uint8_t revision, int opt)
{
	(void)name;
	(void)revision;
	(void)opt;
	return 1;
}

static struct xtables_globals globals = {
	.program_name = "roundtrip",
	.program_version = "1",
	.orig_opts = no_opts,
	.exit_err = die,
	.compat_rev = any_revision,
};

/* A new, empty rule for @match. */
static void new_rule(struct xtables_match *match)
{
	const size_t size = XT_ALIGN(sizeof(*match->m)) + match->size;

	match->m = xtables_calloc(1, size);
	match->m->u.match_size = size;
	match->m->u.user.revision = match->revision;
	snprintf(match->m->u.user.name, sizeof(match->m->u.user.name), "%s",
		 match->name);
	match->mflags = 0;
	if (match->init)
		match->init(match->m);
}

/* Reads the options into a new rule, as the main loop of iptables does. */
static struct xt_entry_match *parse(struct xtables_match *match, int argc,
				    char **argv)
{
	bool invert = false;
	int c;

	new_rule(match);
	optind = 0;
	opterr = 0;
	for (;;) {
		c = getopt_long(argc, argv, "-:", globals.opts, NULL);
		if (c == -1)
			break;
		if (c == 1 && strcmp(optarg, "!") == 0) {
			if (invert)
				die(PARAMETER_PROBLEM, "multiple ! flags\n");
			invert = true;
			continue;
		}
		if (c == 1 || c == '?' || c == ':')
			die(PARAMETER_PROBLEM, "bad argument \"%s\"\n",
			    c == 1 ? optarg : argv[optind - 1]);
		xtables_option_mpcall(c, argv, invert, match, NULL);
		invert = false;
	}
	if (invert)
		die(PARAMETER_PROBLEM, "nothing after \"!\"\n");
	xtables_option_mfcall(match);
	return match->m;
}

/* What the library's save, or else print, writes; the caller frees it. */
static char *capture(struct xtables_match *match,
		     const struct xt_entry_match *rule, bool save)
{
	FILE *terminal = stdout;
	char *text = NULL;
	size_t size;

	stdout = open_memstream(&text, &size);
	if (!stdout)
		die(RESOURCE_PROBLEM, "out of memory\n");
	if (save)
		match->save(NULL, rule);
	else
		match->print(NULL, rule, 1);
	fclose(stdout);
	stdout = terminal;
	return text;
}

/* Splits as iptables-restore does: at blanks, and "" is an empty argument. */
static int split(char *text, char **argv)
{
	char *word, *rest = NULL;
	int argc = 0;

	argv[argc++] = "roundtrip";
	for (word = strtok_r(text, " ", &rest); word && argc < MAX_ARGS - 1;
	     word = strtok_r(NULL, " ", &rest))
		argv[argc++] = strcmp(word, "\"\"") ? word : "";
	argv[argc] = NULL;
	return argc;
}

static void show_nft(struct xtables_match *match,
		     const struct xt_entry_match *rule)
{
	struct xt_xlate_mt_params params = { .match = rule, .numeric = 1 };
	struct xt_xlate *xl = xt_xlate_alloc(10240);

	printf("nft: %s\n",
	       match->xlate(xl, &params) == 1 ? xt_xlate_get(xl) : "-");
	xt_xlate_free(xl);
}

static bool same_rule(const struct xtables_match *match,
		      const struct xt_entry_match *a,
		      const struct xt_entry_match *b)
{
	return memcmp(a->data, b->data, match->size) == 0;
}

int main(int argc, char **argv)
{
	struct xt_entry_match *first, *second;
	char *args[MAX_ARGS], *text, *again;
	struct xtables_match *match;
	__u32 flags = 0;

	if (argc > 2 && strcmp(argv[1], "-f") == 0) {
		flags = strtoul(argv[2], NULL, 0);
		argv += 2;
		argc -= 2;
	}
	if (xtables_init_all(&globals, NFPROTO_IPV4) < 0)
		return 1;
	match = xtables_find_match("im", XTF_LOAD_MUST_SUCCEED, NULL);
	if (argc == 2 && strcmp(argv[1], "--help") == 0) {
		match->help();
		return 0;
	}
	globals.opts = xtables_options_xfrm(globals.orig_opts, globals.opts,
					    match->x6_options,
					    &match->option_offset);
	if (!globals.opts)
		return 1;
	first = parse(match, argc, argv);
	((struct xt_im_mtinfo *)first->data)->flags |= flags;
	text = capture(match, first, true);
	printf("save:%s\n", text);
	again = capture(match, first, false);
	printf("print:%s\n", again);
	free(again);
	show_nft(match, first);
	fflush(stdout);

	again = xtables_strdup(text);
	second = parse(match, split(again, args), args);
	free(again);
	again = capture(match, second, true);
	if (!same_rule(match, first, second) || strcmp(text, again) != 0)
		die(OTHER_PROBLEM, "read back as another rule:%s\n", again);
	free(again);
	free(text);
	free(first);
	free(second);
	return 0;
}
