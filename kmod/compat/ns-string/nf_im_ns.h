/* SPDX-License-Identifier: GPL-2.0-only */
/* Symbol namespaces where their name is a string. */
#ifndef _NF_IM_NS_H
#define _NF_IM_NS_H

#include <linux/export.h>
#include <linux/module.h>

#define NF_IM_EXPORT(sym)	EXPORT_SYMBOL_NS_GPL(sym, "NF_IM")
#define NF_IM_IMPORT()		MODULE_IMPORT_NS("NF_IM")

#endif /* _NF_IM_NS_H */
