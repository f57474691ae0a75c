// SPDX-License-Identifier: GPL-2.0-only
/*
 * Finds subcommands and parses their options, both from tables; --help is
 * printed from the same tables.
 */
#include "imctl.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef NF_IM_VERSION
#error "NF_IM_VERSION comes from version.mk"
#endif

enum {
	OPTS_MAX	= 16,
	VAL_OPT		= 0x100,	/* getopt's value of our option 0 */
};

bool imctl_json;
static bool want_help, want_version;

/* Every subcommand has them, and they may stand before it. */
static const struct imctl_opt common_opts[] = {
	{ "json", NULL, IMCTL_OPT_FLAG, &imctl_json, "one JSON object a line" },
	{ "help", NULL, IMCTL_OPT_FLAG, &want_help, "print this and exit (-h)" },
	{ 0 }
};

static const struct imctl_opt version_opts[] = {
	{ "version", NULL, IMCTL_OPT_FLAG, &want_version, "print the version and exit (-V)" },
	{ 0 }
};

struct opts {
	const struct imctl_opt *opt[OPTS_MAX];
	struct option longs[OPTS_MAX + 1];
	int n;
};

static void add_opts(struct opts *o, const struct imctl_opt *opts)
{
	for (; opts && opts->name && o->n < OPTS_MAX; opts++) {
		o->opt[o->n] = opts;
		o->longs[o->n].name = opts->name;
		o->longs[o->n].has_arg = opts->arg ? required_argument : no_argument;
		o->longs[o->n].val = VAL_OPT + o->n;
		o->n++;
	}
}

static bool set_u32(struct imctl_u32 *dst, const char *arg)
{
	unsigned long value;
	char *end;

	errno = 0;
	value = strtoul(arg, &end, 0);
	if (arg[0] < '0' || arg[0] > '9' || *end || errno || value > UINT32_MAX)
		return false;
	dst->value = value;
	dst->set = true;
	return true;
}

static bool set_opt(const struct imctl_opt *opt, const char *arg)
{
	struct imctl_list *list;

	switch (opt->type) {
	case IMCTL_OPT_FLAG:
		*(bool *)opt->dst = true;
		return true;
	case IMCTL_OPT_STR:
		*(const char **)opt->dst = arg;
		return true;
	case IMCTL_OPT_U32:
		if (set_u32(opt->dst, arg))
			return true;
		imctl_say("--%s wants a number, not \"%s\"", opt->name, arg);
		return false;
	case IMCTL_OPT_LIST:
		list = opt->dst;
		if (list->n < IMCTL_LIST_MAX) {
			list->item[list->n++] = arg;
			return true;
		}
		imctl_say("--%s more than %d times", opt->name, IMCTL_LIST_MAX);
		return false;
	}
	return false;
}

/* The few options that have a letter, where their long twin is in the table. */
static const struct imctl_opt *find_short(const struct opts *o, int c)
{
	const char *name = c == 'o' ? "output" : c == 'h' ? "help" : c == 'V' ? "version" : "";
	int i;

	for (i = 0; i < o->n; i++)
		if (!strcmp(o->opt[i]->name, name))
			return o->opt[i];
	return NULL;
}

/* Return: index of the first argument behind the options, or -1 after saying why. */
static int parse_opts(struct opts *o, const char *name, const char *shorts, int argc, char **argv)
{
	int c;

	optind = 0;
	opterr = 0;
	while ((c = getopt_long(argc, argv, shorts, o->longs, NULL)) != -1) {
		if (c >= VAL_OPT && c < VAL_OPT + o->n) {
			if (!set_opt(o->opt[c - VAL_OPT], optarg))
				return -1;
		} else if (c == ':') {
			imctl_say("%s wants an argument; see %s --help", argv[optind - 1], name);
			return -1;
		} else if (find_short(o, c)) {
			if (!set_opt(find_short(o, c), optarg))
				return -1;
		} else if (c != '?') {
			imctl_say("unknown option -%c; see %s --help", c, name);
			return -1;
		} else {
			imctl_say("unknown option %s; see %s --help", argv[optind - 1], name);
			return -1;
		}
	}
	return optind;
}

static void print_opts(const struct imctl_opt *opts)
{
	char left[64];

	for (; opts && opts->name; opts++) {
		snprintf(left, sizeof(left), "--%s%s%s", opts->name, opts->arg ? " " : "",
			 opts->arg ? opts->arg : "");
		printf("  %-24s %s\n", left, opts->help);
	}
}

static void print_cmds(const char *prefix, const struct imctl_cmd *cmds)
{
	char left[64];

	printf("Usage: %s COMMAND [OPTIONS] [ARGUMENTS]\n\nCommands:\n", prefix);
	for (; cmds->name; cmds++) {
		snprintf(left, sizeof(left), "%s%s%s", cmds->name, *cmds->args ? " " : "",
			 cmds->args);
		printf("  %-24s %s\n", left, cmds->help);
	}
	printf("\nOptions:\n");
	print_opts(common_opts);
}

static void print_help(const char *name, const struct imctl_cmd *cmd)
{
	printf("Usage: %s [OPTIONS]%s%s\n%c%s\n\nOptions:\n", name, *cmd->args ? " " : "",
	       cmd->args, cmd->help[0] - 'a' + 'A', cmd->help + 1);
	print_opts(cmd->opts);
	print_opts(common_opts);
}

static int run(const char *prefix, const struct imctl_cmd *cmd, int argc, char **argv)
{
	struct opts o = { .n = 0 };
	char name[64];
	int at;

	snprintf(name, sizeof(name), "%s %s", prefix, cmd->name);
	if (cmd->subs)
		return imctl_dispatch(name, cmd->subs, argc, argv);
	add_opts(&o, cmd->opts);
	add_opts(&o, common_opts);
	at = parse_opts(&o, name, ":o:hV", argc, argv);
	if (at < 0)
		return IMCTL_USAGE;
	if (want_help) {
		print_help(name, cmd);
		return IMCTL_OK;
	}
	argc -= at;
	argv += at;
	if (argc < cmd->min_args || (cmd->max_args >= 0 && argc > cmd->max_args)) {
		if (argc < cmd->min_args)
			imctl_say("%s wants %s; see %s --help", name + strlen("imctl "),
				  cmd->args, name);
		else
			imctl_say("\"%s\" is one argument too many; see %s --help",
				  argv[cmd->max_args], name);
		return IMCTL_USAGE;
	}
	return cmd->run(argc, argv);
}

int imctl_dispatch(const char *prefix, const struct imctl_cmd *cmds, int argc, char **argv)
{
	bool top = !strcmp(prefix, "imctl");
	const struct imctl_cmd *cmd;
	struct opts o = { .n = 0 };
	int at;

	add_opts(&o, common_opts);
	if (top)
		add_opts(&o, version_opts);
	at = parse_opts(&o, prefix, "+:hV", argc, argv);
	if (at < 0)
		return IMCTL_USAGE;
	if (at < argc && !strcmp(argv[at], "help")) {
		want_help = true;
		at++;
	}
	/* "help COMMAND" is that command's. */
	if (want_help && (at >= argc || strcmp(argv[at - 1], "help"))) {
		print_cmds(prefix, cmds);
		if (top)
			print_opts(version_opts);
		return IMCTL_OK;
	}
	if (want_version) {
		printf("imctl %s\n", NF_IM_VERSION);
		return IMCTL_OK;
	}
	if (at >= argc) {
		imctl_say("which command? see %s --help", prefix);
		return IMCTL_USAGE;
	}
	for (cmd = cmds; cmd->name; cmd++)
		if (!strcmp(cmd->name, argv[at]))
			return run(prefix, cmd, argc - at, argv + at);
	imctl_say("no command \"%s\"; see %s --help", argv[at], prefix);
	return IMCTL_USAGE;
}
