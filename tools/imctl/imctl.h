/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * imctl: what its subcommands share.
 */
#ifndef _IMCTL_H
#define _IMCTL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/pack.h"

#define IMCTL_SCHEMA		1	/* of what --json prints */

/* Exit codes. */
enum {
	IMCTL_OK	= 0,
	IMCTL_FAIL	= 1,
	IMCTL_USAGE	= 2,
};

enum imctl_opt_type {
	IMCTL_OPT_FLAG,		/* bool */
	IMCTL_OPT_STR,		/* const char * */
	IMCTL_OPT_U32,		/* struct imctl_u32 */
	IMCTL_OPT_LIST,		/* struct imctl_list */
};

struct imctl_u32 {
	uint32_t value;
	bool set;
};

enum { IMCTL_LIST_MAX = 16 };

struct imctl_list {
	const char *item[IMCTL_LIST_MAX];
	size_t n;
};

/** struct imctl_opt - one long option of a subcommand; a table ends with a NULL name */
struct imctl_opt {
	const char *name;
	const char *arg;	/* what its argument is, NULL for none */
	enum imctl_opt_type type;
	void *dst;
	const char *help;
};

/** struct imctl_cmd - one subcommand; a table ends with a NULL name */
struct imctl_cmd {
	const char *name;
	const char *args;	/* what stands behind the options, for people */
	int min_args, max_args;	/* how many; -1: any number */
	int (*run)(int argc, char **argv);	/* the arguments behind the options */
	const struct imctl_opt *opts;	/* NULL for none of its own */
	const struct imctl_cmd *subs;	/* then @run is not used */
	const char *help;	/* one line */
};

extern const struct imctl_cmd imctl_signatures_cmds[];
extern const struct imctl_opt imctl_classify_opts[];
extern const struct imctl_opt imctl_enable_opts[];
extern const struct imctl_opt imctl_disable_opts[];
extern const struct imctl_opt imctl_flows_opts[];
extern const struct imctl_opt imctl_labels_opts[];
extern const struct imctl_opt imctl_mark_opts[];
extern const struct imctl_opt imctl_list_opts[];

extern bool imctl_json;		/* --json */

int imctl_classify(int argc, char **argv);
int imctl_disable(int argc, char **argv);
int imctl_enable(int argc, char **argv);
int imctl_flows(int argc, char **argv);
int imctl_labels(int argc, char **argv);
int imctl_list(int argc, char **argv);
int imctl_mark(int argc, char **argv);
int imctl_monitor(int argc, char **argv);
int imctl_status(int argc, char **argv);

/** imctl_say() - one line on stderr, with our name in front */
void imctl_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/**
 * imctl_dispatch() - find a subcommand, parse its options, run it
 * @prefix: what was typed so far ("imctl", "imctl signatures")
 * @cmds: the subcommands
 * @argc: number of @argv
 * @argv: the subcommand and what follows
 *
 * Return: exit code.
 */
int imctl_dispatch(const char *prefix, const struct imctl_cmd *cmds, int argc, char **argv);

/** imctl_base_name() - the part of a path behind the last slash */
const char *imctl_base_name(const char *path);

/* Signature packs: packfile.c */

/** struct imctl_pack - an opened pack and what it stands on */
struct imctl_pack {
	struct nfim_pack pack;
	void *buf;
	size_t len;
};

/**
 * imctl_pack_load() - open a pack file, or the built-in pack
 * @p: filled on success; imctl_pack_free() it
 * @path: file, or NULL for the built-in one
 *
 * Return: 0, or -1 after saying why.
 */
int imctl_pack_load(struct imctl_pack *p, const char *path);

/** imctl_pack_free() - let go of a pack */
void imctl_pack_free(struct imctl_pack *p);

/**
 * imctl_read_file() - read a whole file
 * @path: its name
 * @max: more bytes than that are refused
 * @len: set to how many it has
 *
 * Return: the bytes, with a NUL behind them, to be freed; NULL after saying why.
 */
void *imctl_read_file(const char *path, size_t max, size_t *len);

#endif /* _IMCTL_H */
