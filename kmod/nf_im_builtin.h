/* SPDX-License-Identifier: GPL-2.0-only */
/* The pack that the module was built with; nf_im_builtin.c is made from signatures/. */
#ifndef _NF_IM_BUILTIN_H
#define _NF_IM_BUILTIN_H

#include <linux/types.h>

extern const unsigned char nf_im_builtin[];
extern const size_t nf_im_builtin_len;

#endif /* _NF_IM_BUILTIN_H */
