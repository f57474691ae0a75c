/* SPDX-License-Identifier: GPL-2.0-only */
/* What run.c, text.c and stanza.c share; not for others. */
#ifndef _NF_IM_ENGINE_RUN_IMPL_H
#define _NF_IM_ENGINE_RUN_IMPL_H

#include "run.h"

/* A handler's answer besides those of enum nfim_run_result. */
#define NFIM_GO_ON	(-1)

/*
 * One run. Most reads are of what the view has in one piece: bytes [lo, hi) of it are at
 * head. The buffer serves the others.
 */
struct nfim_vm {
	const struct nfim_pack *pack;
	const struct nfim_view *view;
	struct nfim_out *out;
	const u8 *head;
	u64 lo;
	u64 hi;
	u64 reach;	/* end of the bytes it looked at */
	u32 start;
	u32 cur;
	u32 end;	/* of the line or head, once one was read; else U32_MAX */
	u32 behind;	/* end of what BEGINS found last */
	u32 state;	/* what the frame before left */
	u32 seen;	/* bytes in which a line, head or stanza did not end last time, or 0 */
	u32 resume;	/* what the first instruction asked for last time, or 0 */
	u32 acc;
	u32 reg[NFIM_REGS];
	u8 buf[NFIM_READ_MAX];
};

/* The program cannot go on without the bytes before @end. */
static inline int nfim_starve(const struct nfim_vm *vm, u64 end)
{
	if (vm->view->last || end > U32_MAX)
		return NFIM_RUN_NO;
	vm->out->need = (u32)end;
	return NFIM_RUN_MORE;
}

/* The frame is not complete, and may be looked at again with one byte more. */
static inline int nfim_unfinished(struct nfim_vm *vm)
{
	vm->out->seen = vm->view->len;
	vm->out->state = vm->state;
	return nfim_starve(vm, (u64)vm->view->len + 1);
}

/* Where the frame ends, as far as that is known. */
static inline u32 nfim_frame_end(const struct nfim_vm *vm)
{
	u64 end = (u64)vm->start + vm->out->frame_len;

	return vm->out->frame_len ? (u32)min_t(u64, end, U32_MAX) : U32_MAX;
}

static inline u8 nfim_lower(u8 c)
{
	return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

static inline bool nfim_same_caseless(const u8 *p, const u8 *lit, u32 n)
{
	u32 i;

	for (i = 0; i < n; i++)
		if (nfim_lower(p[i]) != lit[i])
			return false;
	return true;
}

/* What is looked for; if caseless, it is in lower case. */
struct nfim_lit {
	const u8 *p;
	u32 n;
	bool caseless;
};

/* Do the first @n bytes of the literal stand at @p? */
static inline bool nfim_lit_begins(const struct nfim_lit *lit, const u8 *p, u32 n)
{
	if (lit->caseless)
		return nfim_same_caseless(p, lit->p, n);
	return !memcmp(p, lit->p, n);
}

/* Both ends first: many false starts should not cost a call each. */
static inline bool nfim_lit_stands(const struct nfim_lit *lit, const u8 *p)
{
	u32 last = lit->n - 1;

	if (lit->caseless)
		return nfim_lower(p[0]) == lit->p[0] && nfim_lower(p[last]) == lit->p[last] &&
		       nfim_same_caseless(p, lit->p, lit->n);
	return p[0] == lit->p[0] && p[last] == lit->p[last] && !memcmp(p, lit->p, lit->n);
}

/*
 * The first place in [from, to) where the literal stands completely.
 * False if there is none, or if the bytes cannot be had.
 */
bool nfim_find(struct nfim_vm *vm, u32 from, u32 to, const struct nfim_lit *lit, u32 *at);

/* The operations from NFIM_OP_SIZE on. */
int nfim_exec_text(struct nfim_vm *vm, const struct nfim_insn *insn);

/* NFIM_OP_BEGINS; *insn goes to the last instruction that is skipped. */
int nfim_exec_begins(struct nfim_vm *vm, const struct nfim_insn **insn);

/* NFIM_OP_STANZA */
int nfim_exec_stanza(struct nfim_vm *vm, const struct nfim_insn *insn);

#endif /* _NF_IM_ENGINE_RUN_IMPL_H */
