/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _NF_IM_XT_XLATE_H
#define _NF_IM_XT_XLATE_H

#include <xtables.h>

/**
 * im_xlate() - the rule in the words of nft
 * @xl: where the text goes
 * @params: the rule
 *
 * Return: 1, there is always text; see xlate.c for what it is.
 */
int im_xlate(struct xt_xlate *xl, const struct xt_xlate_mt_params *params);

#endif /* _NF_IM_XT_XLATE_H */
