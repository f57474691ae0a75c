/* SPDX-License-Identifier: GPL-2.0-only */
/* Walking conntracks where nf_ct_iterate_cleanup_net() takes struct nf_ct_iter_data. */
#ifndef _NF_IM_ITERATE_H
#define _NF_IM_ITERATE_H

#include <net/netfilter/nf_conntrack.h>

static inline void nf_im_iterate_conntracks(struct net *net,
					    int (*iter)(struct nf_conn *ct, void *data),
					    void *data)
{
	struct nf_ct_iter_data args = { .net = net, .data = data };

	nf_ct_iterate_cleanup_net(iter, &args);
}

#endif /* _NF_IM_ITERATE_H */
