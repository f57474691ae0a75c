// SPDX-License-Identifier: GPL-2.0-only
/*
 * A filter over a pcapng file. It knows of blocks only
 *
 *	| type 4 | length 4 | ... | length 4 |
 *
 * that a section header tells the byte order, and where an interface description
 * has its snapshot length:
 *
 *	| 1 | length | link type 2 | reserved 2 | snapshot length 4 | ...
 */
#include "pcapng.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

enum {
	BLOCK_SECTION	= 0x0a0d0d0a,	/* the same in either byte order */
	BLOCK_IFACE	= 1,
	BLOCK_MIN	= 12,
	ORDER_MAGIC	= 0x1a2b3c4d,
	IFACE_SNAPLEN	= 12,		/* offset */
	HEAD_MAX	= 16,		/* bytes of a block that we look at */
	SNAPLEN		= 262144,	/* the most that libpcap believes in */
};

struct filter {
	FILE *file;
	bool through;		/* no pcapng, or damaged: whoever reads shall find out */
	bool big_endian;
	uint8_t head[HEAD_MAX];	/* of the block, changed if need be */
	size_t head_len, head_at;
	size_t left;		/* bytes of the block behind its head */
};

static uint32_t get32(const struct filter *f, const uint8_t *p)
{
	if (f->big_endian)
		return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
	return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

static void put32(const struct filter *f, uint8_t *p, uint32_t value)
{
	int i;

	for (i = 0; i < 4; i++)
		p[i] = value >> (f->big_endian ? 24 - 8 * i : 8 * i);
}

/* Reads the next block's head; less at the end of the file. */
static void next_block(struct filter *f)
{
	uint32_t type, len;

	f->head_at = 0;
	f->head_len = fread(f->head, 1, BLOCK_MIN, f->file);
	if (f->head_len < BLOCK_MIN) {
		f->through = true;
		return;
	}
	type = get32(f, f->head);
	if (type == BLOCK_SECTION) {
		f->big_endian = false;
		f->big_endian = get32(f, f->head + 8) != ORDER_MAGIC;
	}
	len = get32(f, f->head + 4);
	if (len < BLOCK_MIN) {
		f->through = true;
		return;
	}
	if (type == BLOCK_IFACE && len >= HEAD_MAX) {
		f->head_len += fread(f->head + BLOCK_MIN, 1, HEAD_MAX - BLOCK_MIN, f->file);
		if (f->head_len == HEAD_MAX)
			put32(f, f->head + IFACE_SNAPLEN, SNAPLEN);
	}
	f->left = len - f->head_len;
}

static ssize_t filter_read(void *cookie, char *buf, size_t size)
{
	struct filter *f = cookie;
	size_t n;

	if (f->head_at == f->head_len && !f->left && !f->through)
		next_block(f);
	if (f->head_at < f->head_len) {
		n = f->head_len - f->head_at < size ? f->head_len - f->head_at : size;
		memcpy(buf, f->head + f->head_at, n);
		f->head_at += n;
		return n;
	}
	n = f->through || f->left > size ? size : f->left;
	n = fread(buf, 1, n, f->file);
	if (!f->through)
		f->left -= n;
	return !n && ferror(f->file) ? -1 : (ssize_t)n;
}

static int filter_close(void *cookie)
{
	struct filter *f = cookie;
	int ret = fclose(f->file);

	free(f);
	return ret;
}

FILE *nfim_pcapng_filter(FILE *file)
{
	static const cookie_io_functions_t io = { .read = filter_read, .close = filter_close };
	struct filter *f = calloc(1, sizeof(*f));
	FILE *filtered;

	if (!f)
		return NULL;
	f->file = file;
	next_block(f);
	/* Without a section header at its front it is something else. */
	if (f->head_len < BLOCK_MIN || get32(f, f->head) != BLOCK_SECTION) {
		f->through = true;
		f->left = 0;
	}
	filtered = fopencookie(f, "rb", io);
	if (!filtered)
		free(f);
	return filtered;
}
