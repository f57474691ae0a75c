// SPDX-License-Identifier: GPL-2.0-only
/*
 * Signature packs: the one built in, and files.
 */
#include "imctl.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Made from signatures/ when imctl is built. */
extern const unsigned char imctl_builtin_pack[];
extern const size_t imctl_builtin_pack_len;

void *imctl_read_file(const char *path, size_t max, size_t *len)
{
	size_t size = 1 << 16, n;
	char *buf = NULL, *more;
	FILE *f = fopen(path, "rb");

	*len = 0;
	if (!f) {
		imctl_say("%s: %s", path, strerror(errno));
		return NULL;
	}
	do {
		more = realloc(buf, size + 1);
		if (!more) {
			imctl_say("%s: out of memory", path);
			goto err;
		}
		buf = more;
		n = fread(buf + *len, 1, size - *len, f);
		*len += n;
		size *= 2;
	} while (n && *len <= max);
	if (ferror(f)) {
		imctl_say("%s: %s", path, strerror(errno));
		goto err;
	}
	if (*len > max) {
		imctl_say("%s is larger than %zu bytes", path, max);
		goto err;
	}
	buf[*len] = '\0';
	fclose(f);
	return buf;

err:
	free(buf);
	fclose(f);
	return NULL;
}

static void *copy_builtin(size_t *len)
{
	void *buf = malloc(imctl_builtin_pack_len);

	if (buf)
		memcpy(buf, imctl_builtin_pack, imctl_builtin_pack_len);
	else
		imctl_say("out of memory");
	*len = imctl_builtin_pack_len;
	return buf;
}

int imctl_pack_load(struct imctl_pack *p, const char *path)
{
	const char *name = path ? path : "the built-in pack";
	struct nfim_pack_err err;

	p->buf = path ? imctl_read_file(path, NFIM_PACK_SIZE_MAX, &p->len) :
			copy_builtin(&p->len);
	if (!p->buf)
		return -1;
	if (!nfim_pack_open(&p->pack, p->buf, p->len, &err))
		return 0;
	imctl_say("%s is no good pack: %s, at byte %u%s%s%s", name, err.what, err.off,
		  err.name[0] ? " (" : "", err.name, err.name[0] ? ")" : "");
	imctl_pack_free(p);
	return -1;
}

void imctl_pack_free(struct imctl_pack *p)
{
	free(p->buf);
	p->buf = NULL;
}
