// SPDX-License-Identifier: GPL-2.0-only
/*
 * connlabel.conf: merging our labels into the admin's file. Lines that are there
 * stay as they are, byte by byte; ours go behind them.
 */
#include "connlabel.h"
#include "imctl.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_MAX = 1 << 20 };	/* bytes */

/* Return: true if the line gives a bit a name; @label is set. */
static bool parse_line(const char *line, size_t len, struct connlabel *label)
{
	char buf[256], *p = buf, *end;
	unsigned long bit;
	size_t n;

	if (len >= sizeof(buf))
		return false;
	memcpy(buf, line, len);
	buf[len] = '\0';
	p += strspn(p, " \t\r");
	if (*p < '0' || *p > '9')
		return false;
	bit = strtoul(p, &end, 0);
	if ((*end != ' ' && *end != '\t') || bit > UINT_MAX)
		return false;
	p = end + strspn(end, " \t");
	if (*p == '"') {
		p++;
		n = strcspn(p, "\"\r");
	} else {
		n = strcspn(p, " \t\r");
	}
	if (!n || *p == '#')
		return false;
	label->bit = bit;
	/* A name longer than ours can be is none of ours. */
	snprintf(label->name, sizeof(label->name), "%.*s", (int)n, p);
	return true;
}

/* Checks one line against ours. Return: -1 if it contradicts; else marks what it gives. */
static int check_line(const struct connlabel_file *f, unsigned int lineno,
		      const struct connlabel *there, const struct connlabel *labels, size_t n,
		      bool *given)
{
	size_t i;

	for (i = 0; i < n; i++) {
		bool bit = labels[i].bit == there->bit;
		bool name = !strcmp(labels[i].name, there->name);

		if (bit && name) {
			given[i] = true;
		} else if (bit) {
			imctl_say("%s:%u: bit %u is \"%s\" there, but nf_im needs it for \"%s\"",
				  f->path, lineno, there->bit, there->name, labels[i].name);
			return -1;
		} else if (name) {
			imctl_say("%s:%u: \"%s\" is bit %u there, but bit %u in nf_im", f->path,
				  lineno, there->name, there->bit, labels[i].bit);
			return -1;
		}
	}
	return 0;
}

static int check_lines(const struct connlabel_file *f, const char *old,
		       const struct connlabel *labels, size_t n, bool *given)
{
	unsigned int lineno = 1;
	struct connlabel there;
	int ret = 0;
	size_t len;

	for (; *old; old += len + (old[len] == '\n'), lineno++) {
		len = strcspn(old, "\n");
		/* All contradictions are said, not only the first. */
		if (parse_line(old, len, &there) &&
		    check_line(f, lineno, &there, labels, n, given))
			ret = -1;
	}
	return ret;
}

static char *merge(struct connlabel_file *f, const char *old, const struct connlabel *labels,
		   size_t n, const bool *given)
{
	size_t i, size, len = strlen(old);
	char *text = NULL;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	fputs(old, out);
	if (len && old[len - 1] != '\n')
		fputc('\n', out);
	for (i = 0; i < n; i++) {
		if (given[i])
			continue;
		if (!f->missing++)
			fputs("# labels of nf_im, written by imctl labels --write\n", out);
		fprintf(out, "%u %s\n", labels[i].bit, labels[i].name);
	}
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}

/* A link stays a link: what it leads to is replaced. Its target need not exist yet. */
static char *resolve(const char *path)
{
	const char *base = imctl_base_name(path);
	char *dir, *real, *at = realpath(path, NULL);

	if (at || errno != ENOENT)
		return at;
	dir = base == path ? strdup(".") : strndup(path, base - path);
	real = dir ? realpath(dir, NULL) : NULL;
	free(dir);
	if (!real || asprintf(&at, "%s/%s", real, base) < 0)
		at = NULL;
	free(real);
	return at;
}

int connlabel_plan(struct connlabel_file *f, const struct connlabel *labels, size_t n)
{
	bool *given = calloc(n + 1, sizeof(*given));
	char *old = NULL;
	int ret = -1;
	size_t len;

	f->real = resolve(f->path);
	if (!given || (!f->real && errno != ENOENT)) {
		imctl_say("%s: %s", f->path, strerror(errno));
		goto out;
	}
	if (!f->real || (access(f->real, F_OK) && errno == ENOENT))
		old = strdup("");
	else
		old = imctl_read_file(f->real, FILE_MAX, &len);
	if (!old)
		goto out;
	ret = check_lines(f, old, labels, n, given);
	if (ret)
		goto out;
	f->text = merge(f, old, labels, n, given);
	if (!f->text) {
		imctl_say("out of memory");
		ret = -1;
	}
out:
	free(old);
	free(given);
	return ret;
}

static int write_tmp(struct connlabel_file *f, int fd)
{
	struct stat st = { .st_mode = 0644 };
	size_t len = strlen(f->text);
	bool there = !stat(f->real, &st);

	if (fchmod(fd, st.st_mode & 07777))
		return -1;
	if (there && fchown(fd, st.st_uid, st.st_gid))
		return -1;
	if (write(fd, f->text, len) != (ssize_t)len)
		return -1;
	return fsync(fd);
}

int connlabel_prepare(struct connlabel_file *f)
{
	int fd, ret, error;

	if (!f->real)
		f->real = resolve(f->path);
	if (!f->real || asprintf(&f->tmp, "%s.XXXXXX", f->real) < 0) {
		f->tmp = NULL;
		imctl_say("%s: %s", f->path, strerror(errno));
		return -1;
	}
	fd = mkstemp(f->tmp);
	if (fd < 0) {
		imctl_say("cannot write beside %s: %s", f->path, strerror(errno));
		free(f->tmp);
		f->tmp = NULL;
		return -1;
	}
	ret = write_tmp(f, fd);
	error = errno;
	if (close(fd) && !ret) {
		ret = -1;
		error = errno;
	}
	if (ret)
		imctl_say("cannot write %s: %s", f->tmp, strerror(error));
	return ret;
}

int connlabel_commit(struct connlabel_file *f)
{
	if (rename(f->tmp, f->real)) {
		imctl_say("cannot replace %s: %s", f->path, strerror(errno));
		return -1;
	}
	free(f->tmp);
	f->tmp = NULL;
	return 0;
}

void connlabel_free(struct connlabel_file *f)
{
	if (f->tmp)
		unlink(f->tmp);
	free(f->tmp);
	free(f->real);
	free(f->text);
}
