// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory and mistakes of the signature compiler.
 */
#include "compile_impl.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

struct arena_block {
	struct arena_block *next;
	size_t used;
	size_t size;
	union {
		long double ld;
		void *p;
		long long ll;
	} mem[];
};

#define ARENA_ALIGN	sizeof(((struct arena_block *)NULL)->mem[0])
#define ARENA_BLOCK	65536u

void fail(struct comp *c, const struct pos *pos, const char *fmt, ...)
{
	va_list ap;

	memset(c->err, 0, sizeof(*c->err));
	if (pos) {
		snprintf(c->err->path, sizeof(c->err->path), "%s", pos->path);
		c->err->line = pos->line;
		c->err->col = pos->col;
	}
	va_start(ap, fmt);
	vsnprintf(c->err->what, sizeof(c->err->what), fmt, ap);
	va_end(ap);
	longjmp(*c->out, 1);
}

void *arena_alloc(struct comp *c, size_t n)
{
	struct arena_block *b = c->arena;
	void *p;

	if (n > NFIM_PACK_SIZE_MAX * 4ul)
		fail(c, NULL, "the signatures are too large");
	n = (n + ARENA_ALIGN - 1) / ARENA_ALIGN * ARENA_ALIGN;
	if (!b || b->size - b->used < n) {
		size_t size = n > ARENA_BLOCK ? n : ARENA_BLOCK;

		b = malloc(sizeof(*b) + size);
		if (!b)
			fail(c, NULL, "there is not enough memory");
		b->next = c->arena;
		b->used = 0;
		b->size = size;
		c->arena = b;
	}
	p = (char *)b->mem + b->used;
	b->used += n;
	return memset(p, 0, n);
}

void arena_free(struct arena_block *block)
{
	while (block) {
		struct arena_block *next = block->next;

		free(block);
		block = next;
	}
}

char *arena_str(struct comp *c, const void *bytes, size_t len)
{
	char *s = arena_alloc(c, len + 1);

	if (len)
		memcpy(s, bytes, len);
	return s;
}

char *arena_printf(struct comp *c, const char *fmt, ...)
{
	char buf[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	return arena_str(c, buf, strlen(buf));
}

void vec_init(struct vec *v, u32 size)
{
	memset(v, 0, sizeof(*v));
	v->size = size;
}

/* Room for @n more elements, all zero. Pointers to the old ones become stale. */
void *vec_add(struct comp *c, struct vec *v, u32 n)
{
	u32 need = v->n + n;
	void *p;

	if (need < v->n || need > NFIM_PACK_SIZE_MAX)
		fail(c, NULL, "the signatures are too large");
	if (need > v->cap) {
		v->cap = need > v->cap * 2 ? need + 8 : v->cap * 2;
		p = arena_alloc(c, (size_t)v->cap * v->size);
		if (v->n)
			memcpy(p, v->p, (size_t)v->n * v->size);
		v->p = p;
	}
	p = (char *)v->p + (size_t)v->n * v->size;
	v->n = need;
	return p;
}
