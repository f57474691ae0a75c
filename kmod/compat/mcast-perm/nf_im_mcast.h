/* SPDX-License-Identifier: GPL-2.0-only */
/* Groups that ask for CAP_NET_ADMIN over the namespace by the flag of operations. */
#ifndef _NF_IM_MCAST_H
#define _NF_IM_MCAST_H

#include <net/genetlink.h>

#define NF_IM_MCAST_GUARDED	1
#define NF_IM_MCAST_GROUP(id)	{ .name = (id), .flags = GENL_UNS_ADMIN_PERM }

#endif /* _NF_IM_MCAST_H */
