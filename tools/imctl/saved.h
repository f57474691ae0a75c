/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is to be in force after a boot: files of /etc/nf-im, which imctl writes and
 * nf-im.service has put in force by "imctl enable --saved".
 */
#ifndef _IMCTL_SAVED_H
#define _IMCTL_SAVED_H

#include <stdbool.h>
#include <stdint.h>

#define IMCTL_SAVED_DIR		"/etc/nf-im"
#define IMCTL_ENABLED_FILE	IMCTL_SAVED_DIR "/enabled"	/* lines "bridge", "correlate" */
#define IMCTL_MARK_FILE		IMCTL_SAVED_DIR "/mark"		/* lines "flow M", "packet M" */
#define IMCTL_MARK_NFT		IMCTL_SAVED_DIR "/mark.nft"	/* for include by nft */

/** struct imctl_masks - bits of marks, 0 for none */
struct imctl_masks {
	uint32_t flow;
	uint32_t packet;
};

/** imctl_first_namespace() - is this the network namespace of the machine, which has a boot? */
bool imctl_first_namespace(void);

/** imctl_saved_enabled() - is recognition enabled after a boot? */
bool imctl_saved_enabled(void);

/** imctl_saved_bridge() - on bridges too? */
bool imctl_saved_bridge(void);

/** imctl_saved_correlate() - with names that help other flows? */
bool imctl_saved_correlate(void);

/** imctl_save_enabled() - keep it so. Return: exit code, after saying why not. */
int imctl_save_enabled(bool on, bool bridge, bool correlate);

/** imctl_saved_masks() - read them. Return: 0, or -1 after saying what is wrong in the file. */
int imctl_saved_masks(struct imctl_masks *masks);

/** imctl_save_masks() - keep them. Return: exit code, after saying why not. */
int imctl_save_masks(const struct imctl_masks *masks);

/**
 * imctl_save_file() - replace a file as a whole
 * @path: its name
 * @text: what it is to hold
 *
 * Return: 0, or -1 after saying why not.
 */
int imctl_save_file(const char *path, const char *text);

#endif /* _IMCTL_SAVED_H */
