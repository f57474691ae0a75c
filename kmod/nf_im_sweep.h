/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _NF_IM_SWEEP_H
#define _NF_IM_SWEEP_H

#include "nf_im_table.h"

void nf_im_sweep_start(void);
void nf_im_sweep_stop(void);

#endif /* _NF_IM_SWEEP_H */
