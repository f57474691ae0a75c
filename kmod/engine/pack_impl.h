/* SPDX-License-Identifier: GPL-2.0-only */
/* What pack.c and pack-code.c share; not for others. */
#ifndef _NF_IM_ENGINE_PACK_IMPL_H
#define _NF_IM_ENGINE_PACK_IMPL_H

#include "pack.h"

/* What a program may do depends on what it is for. */
struct nfim_prog {
	const struct nfim_insn *insn;
	u32 n;
	bool udp;
	bool frames;
	bool http;
	bool half;
};

/* Is [first, first + n) inside an array of total records? */
static inline bool nfim_slice_ok(u32 first, u32 n, u32 total)
{
	return first <= total && n <= total - first;
}

/* What is wrong with the instruction at @at of a program, or NULL. */
const char *nfim_check_insn(const struct nfim_pack *pack, const struct nfim_prog *prog, u32 at);

#endif /* _NF_IM_ENGINE_PACK_IMPL_H */
