/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The signature compiler: a registry and signature files in, a pack out.
 *
 * Plain C99 and libc only: this is also a program of the module's build, which
 * makes the built-in pack with it. The language stands in signatures/README.
 */
#ifndef _NFIM_COMPILE_H
#define _NFIM_COMPILE_H

#include "engine/pack.h"

/** struct nfim_source - a file, read */
struct nfim_source {
	const char *path;	/* as messages name it */
	const char *text;
	size_t len;
	bool shared;		/* of a file of names: shared names decide, too */
};

/**
 * nfim_source_shared() - is a file of names one of those whose shared names shall decide?
 * @path: of the file, whose base name is a protocol's
 * @list: names of protocols, separated by commas, or "all"; NULL for none
 */
bool nfim_source_shared(const char *path, const char *list);

/** struct nfim_compile_err - the first mistake found */
struct nfim_compile_err {
	char path[256];		/* "" where no file is to blame */
	unsigned int line;	/* from 1; 0 for the file as a whole */
	unsigned int col;	/* from 1 */
	char what[256];		/* a sentence without full stop */
};

/** struct nfim_sig_proto - a name of the registry, and what its signature has */
struct nfim_sig_proto {
	u32 id;
	u32 category;		/* enum nf_im_category */
	u32 label;		/* offset, or NFIM_LABEL_NONE */
	u32 actions;		/* bits of enum nf_im_action */
	const char *name;
	const char *aliases;	/* separated by commas, "" for none */
	const char *title;	/* the registry's */
	const char *source;	/* the signature's, or NULL */
	const char *path;	/* of the signature, or NULL if there is none */
	u32 n_rules;
	u32 n_samples;
	u32 n_names;		/* of hosts */
};

/** struct nfim_sig_rule - a rule, in the pack's order */
struct nfim_sig_rule {
	const char *proto;
	const char *name;
	const char *path;
	unsigned int line;
	u32 root;		/* enum nfim_root */
	u32 dirs;		/* NFIM_DIR_* */
	u32 evidence;		/* 1/256 bit */
	u32 need;		/* bytes, 0 if it varies */
	u32 n_code;		/* instructions */
	u32 n_prefix;		/* bytes of its prefix the index knows */
};

/* What a sample must give. */
enum nfim_expect {
	NFIM_EXPECT_NO,		/* no rule of this protocol says yes or waits */
	NFIM_EXPECT_NONE,	/* no rule at all does */
	NFIM_EXPECT_MORE,
	NFIM_EXPECT_RULE,
	NFIM_EXPECT_HALF,	/* half of a pair says yes, and nothing else */
};

/** struct nfim_sig_sample - bytes with a known answer */
struct nfim_sig_sample {
	const char *proto;
	const char *name;
	const char *path;
	unsigned int line;
	u32 root;		/* enum nfim_root it is looked up in */
	u32 dir;		/* NFIM_DIR_CLIENT or NFIM_DIR_SERVER */
	const u8 *bytes;
	u32 len;
	enum nfim_expect expect;
	const char *rule;	/* of NFIM_EXPECT_RULE and NFIM_EXPECT_HALF */
	const char *answers;	/* the sample that the other direction said before, or NULL */
	const struct nfim_sig_sample *before;	/* that sample */
	bool has_actions;
	u32 actions;		/* all its frames together */
	const u8 *user;		/* NULL if not told */
	u32 user_len;
};

/** struct nfim_sigs - compiled signatures; all pointers live until nfim_sigs_free() */
struct nfim_sigs {
	u8 *pack;		/* aligned for any type */
	size_t pack_len;
	const struct nfim_sig_proto *protos;
	u32 n_protos;
	const struct nfim_sig_rule *rules;
	u32 n_rules;
	const struct nfim_sig_sample *samples;
	u32 n_samples;
};

/**
 * nfim_compile() - compile signatures
 * @registry: registry.tsv
 * @sigs: signature files, one a protocol, and files of names; the pack does not depend on
 *	the signatures' order
 * @n_sigs: how many
 * @version: of the pack, yyyymmddnn, or 0
 * @err: filled on failure
 *
 * The pack was opened by nfim_pack_open() once. The samples are not run.
 *
 * Return: to be freed by nfim_sigs_free(), or NULL with @err.
 */
struct nfim_sigs *nfim_compile(const struct nfim_source *registry,
			       const struct nfim_source *sigs, size_t n_sigs,
			       u32 version, struct nfim_compile_err *err);

/** nfim_sigs_free() - free what nfim_compile() made; NULL is fine */
void nfim_sigs_free(struct nfim_sigs *sigs);

/** typedef nfim_check_fn - told of every sample; @why is NULL if it passed */
typedef void (*nfim_check_fn)(void *arg, const struct nfim_sig_sample *sample, const char *why);

/**
 * nfim_sigs_check() - run all samples through the engine
 * @sigs: compiled signatures
 * @fn: called for each sample, or NULL
 * @arg: for @fn
 *
 * A sample passes if its bytes, and every number of its first bytes, give the right answer:
 * short of what the rule needs that is always "more", whatever comes afterwards.
 *
 * Return: how many samples failed, or -1 without memory.
 */
int nfim_sigs_check(const struct nfim_sigs *sigs, nfim_check_fn fn, void *arg);

#endif /* _NFIM_COMPILE_H */
