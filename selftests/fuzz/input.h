/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Taking a fuzzer's input apart: past its end come zeros.
 */
#ifndef _SELFTEST_INPUT_H
#define _SELFTEST_INPUT_H

#include "engine/port.h"

struct input {
	const u8 *p;
	size_t left;
};

static inline u8 take_u8(struct input *in)
{
	if (!in->left)
		return 0;
	in->left--;
	return *in->p++;
}

static inline u16 take_u16(struct input *in)
{
	u16 hi = take_u8(in);

	return (u16)(hi << 8 | take_u8(in));
}

/* Up to @n bytes; @got says how many. */
static inline const u8 *take_bytes(struct input *in, size_t n, u32 *got)
{
	const u8 *p = in->p;

	if (n > in->left)
		n = in->left;
	in->p += n;
	in->left -= n;
	*got = (u32)n;
	return p;
}

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const u8 *bytes, size_t len);

#endif /* _SELFTEST_INPUT_H */
