/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * connlabel.conf: the file that gives conntrack labels their names, one "bit
 * name" a line. It belongs to the admin; ours are added to it.
 */
#ifndef _IMCTL_CONNLABEL_H
#define _IMCTL_CONNLABEL_H

#include <stddef.h>

/** struct connlabel - one label */
struct connlabel {
	unsigned int bit;
	char name[40];
};

/** struct connlabel_file - what is to become of one file */
struct connlabel_file {
	const char *path;	/* as it was asked for */
	char *real;		/* without symbolic links */
	char *text;		/* as it is to be */
	size_t missing;		/* labels that it lacks */
	char *tmp;		/* written, not yet in its place */
};

/**
 * connlabel_plan() - read a file and find what it lacks
 * @f: @path is set, all else 0; connlabel_free() it whatever happens
 * @labels: ours
 * @n: how many
 *
 * Return: 0, or -1 after saying why: it cannot be read, or a name or bit of ours is taken.
 */
int connlabel_plan(struct connlabel_file *f, const struct connlabel *labels, size_t n);

/** connlabel_prepare() - write the new file next to the old one. Return: 0 or -1, said why. */
int connlabel_prepare(struct connlabel_file *f);

/** connlabel_commit() - put it in the old one's place. Return: 0 or -1, said why. */
int connlabel_commit(struct connlabel_file *f);

/** connlabel_free() - let go; a file that was prepared only goes too */
void connlabel_free(struct connlabel_file *f);

#endif /* _IMCTL_CONNLABEL_H */
