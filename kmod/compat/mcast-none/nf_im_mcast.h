/* SPDX-License-Identifier: GPL-2.0-only */
/* Groups that anybody may join: nothing may be told there. */
#ifndef _NF_IM_MCAST_H
#define _NF_IM_MCAST_H

#include <net/genetlink.h>

#define NF_IM_MCAST_GUARDED	0
#define NF_IM_MCAST_GROUP(id)	{ .name = (id) }

#endif /* _NF_IM_MCAST_H */
