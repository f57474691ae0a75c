// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whose memory it is: entries and windows of a namespace other than the initial one are
 * charged to the memory cgroup of whoever first wanted the hook there, as its users could else
 * take memory that no limit of theirs covers (DESIGN D10). It is not asked when the namespace
 * is made: the module may come later.
 */
#include <linux/slab.h>

#include "nf_im_memcg.h"
#include "nf_im_table.h"

void nf_im_mem_open(struct nf_im_net *inet)
{
	if (!net_eq(inet->net, &init_net) && current->mm)
		inet->memcg = nf_im_memcg_of(current->mm);
}

void nf_im_mem_close(struct nf_im_net *inet)
{
	if (inet->memcg)
		mem_cgroup_put(inet->memcg);
	inet->memcg = NULL;
}

void *nf_im_mem_alloc(const struct nf_im_net *inet, struct kmem_cache *cache)
{
	struct mem_cgroup *old;
	void *p;

	if (!inet->memcg)
		return kmem_cache_alloc(cache, GFP_ATOMIC | __GFP_NOWARN);
	old = nf_im_memcg_activate(inet->memcg);
	p = kmem_cache_alloc(cache, GFP_ATOMIC | __GFP_NOWARN | __GFP_ACCOUNT);
	nf_im_memcg_activate(old);
	return p;
}
