// SPDX-License-Identifier: GPL-2.0-only
/*
 * libnft-im.so: put in front of libnftables by LD_PRELOAD, it has programs that call libnftables
 * read "im ..." as nft-im does. It defines the functions by which they hand over commands.
 *
 * What looks a function up in libnftables itself (dlsym(), so Python's ctypes) passes us by.
 */
#include "nft-im.h"
#include "session.h"

#include <stdlib.h>
#include <string.h>

/* The program collects messages; else they are for stderr, and we have to see them before. */
static bool collected;

__attribute__((__constructor__))
static void begin(void)
{
	session_begin();
}

static int run(struct nft_ctx *nft, const struct session_text *t)
{
	int ret;

	if (collected)
		return session_run(nft, t);
	REAL(nft_ctx_buffer_error)(nft);
	ret = session_run(nft, t);
	session_messages(nft_ctx_get_error_buffer(nft));
	nft_ctx_unbuffer_error(nft);
	return ret;
}

static bool is_json(struct nft_ctx *nft)
{
	return nft_ctx_output_get_flags(nft) & NFT_CTX_OUTPUT_JSON;
}

int nft_run_cmd_from_buffer(struct nft_ctx *nft, const char *buf)
{
	return run(nft, &(struct session_text){
		.name = "<cmdline>", .text = buf, .json = is_json(nft) });
}

static FILE *open_input(const char *name)
{
	bool std = !strcmp(name, "-") || !strcmp(name, "/dev/stdin");

	return std ? stdin : carry_raw_open(name);
}

int nft_run_cmd_from_filename(struct nft_ctx *nft, const char *filename)
{
	FILE *file = open_input(filename);
	char *text = file ? read_all(file) : NULL;
	int ret;

	if (file && file != stdin)
		fclose(file);
	/* It knows how to say so. */
	if (!text)
		return REAL(nft_run_cmd_from_filename)(nft, filename);
	ret = run(nft, &(struct session_text){
		.name = filename, .text = text, .json = is_json(nft),
		.by_name = file != stdin && !is_json(nft) });
	free(text);
	return ret;
}

int nft_ctx_buffer_error(struct nft_ctx *nft)
{
	collected = true;
	return REAL(nft_ctx_buffer_error)(nft);
}

/* With the user's own words in it. It lives until the next call, as libnftables' does. */
const char *nft_ctx_get_error_buffer(struct nft_ctx *nft)
{
	const char *theirs = REAL(nft_ctx_get_error_buffer)(nft);
	static char *messages;
	size_t size;
	FILE *out;

	free(messages);
	messages = NULL;
	out = open_memstream(&messages, &size);
	if (!out)
		return theirs;
	rewrite_restore(theirs, out);
	return fclose(out) ? theirs : messages;
}

int nft_ctx_add_include_path(struct nft_ctx *nft, const char *path)
{
	rewrite_include_path(path);
	return REAL(nft_ctx_add_include_path)(nft, path);
}

int nft_ctx_add_var(struct nft_ctx *nft, const char *var)
{
	rewrite_define(var);
	return REAL(nft_ctx_add_var)(nft, var);
}
