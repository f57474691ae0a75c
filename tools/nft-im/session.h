/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Texts of nft, with "im ..." in them, for libnftables.
 */
#ifndef _NFT_IM_SESSION_H
#define _NFT_IM_SESSION_H

#include <nftables/libnftables.h>
#include <stdbool.h>

/** struct session_text - commands of a user */
struct session_text {
	const char *name;	/* for messages; of the file, with @by_name */
	const char *text;	/* ends with NUL */
	bool by_name;		/* libnftables reads the file itself, so that messages name it */
	bool json;		/* a text that begins with { is JSON */
};

/**
 * session_begin() - once, before libxtables prints anything
 *
 * libxt_im then writes what nft-im reads, whatever stock nft could read as well.
 */
void session_begin(void);

/**
 * session_run() - replace every "im ..." and have libnftables run the commands
 * @nft: its context
 * @t: the commands
 *
 * What is wrong with an "im ..." is said on stderr, what is wrong with the rest is in libnftables'
 * own messages, see session_messages().
 *
 * Return: what libnftables returns; -1, as it does, if it has not seen them.
 */
int session_run(struct nft_ctx *nft, const struct session_text *t);

/** session_messages() - print libnftables' messages, with the user's own words, on stderr */
void session_messages(const char *messages);

#endif /* _NFT_IM_SESSION_H */
