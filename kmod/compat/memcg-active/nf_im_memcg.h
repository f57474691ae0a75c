/* SPDX-License-Identifier: GPL-2.0-only */
/* Charging another's memory cgroup where modules may do so in softirq, too. */
#ifndef _NF_IM_MEMCG_H
#define _NF_IM_MEMCG_H

#include <linux/memcontrol.h>
#include <linux/sched/mm.h>

#define nf_im_memcg_of(mm)		get_mem_cgroup_from_mm(mm)
#define nf_im_memcg_activate(memcg)	set_active_memcg(memcg)

#endif /* _NF_IM_MEMCG_H */
