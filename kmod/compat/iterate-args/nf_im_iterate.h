/* SPDX-License-Identifier: GPL-2.0-only */
/* Walking conntracks where nf_ct_iterate_cleanup_net() takes its arguments one by one. */
#ifndef _NF_IM_ITERATE_H
#define _NF_IM_ITERATE_H

#include <net/netfilter/nf_conntrack.h>

static inline void nf_im_iterate_conntracks(struct net *net,
					    int (*iter)(struct nf_conn *ct, void *data),
					    void *data)
{
	nf_ct_iterate_cleanup_net(net, iter, data, 0, 0);
}

#endif /* _NF_IM_ITERATE_H */
