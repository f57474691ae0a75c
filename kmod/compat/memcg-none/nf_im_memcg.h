/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Charging another's memory cgroup where the kernel keeps int_active_memcg to itself (5.10): our
 * own caps are all that bounds other namespaces.
 */
#ifndef _NF_IM_MEMCG_H
#define _NF_IM_MEMCG_H

#include <linux/memcontrol.h>

static inline struct mem_cgroup *nf_im_memcg_of(struct mm_struct *mm)
{
	return NULL;
}

static inline struct mem_cgroup *nf_im_memcg_activate(struct mem_cgroup *memcg)
{
	return memcg;
}

#endif /* _NF_IM_MEMCG_H */
