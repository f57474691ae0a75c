/* SPDX-License-Identifier: GPL-2.0-only */
/* What http.c and http_test.c share; not for others. */
#ifndef _NF_IM_ENGINE_HTTP_IMPL_H
#define _NF_IM_ENGINE_HTTP_IMPL_H

#include "http.h"
#include "reader.h"

/* The end of the field at @off, its LF: folded lines are of its value. */
static inline u32 http_field_end(struct nfim_rd *r, u32 off, u32 end)
{
	u32 lf = rd_find_near(r, off, end, '\n');

	while (lf + 1 < end && (rd_at(r, lf + 1) == ' ' || rd_at(r, lf + 1) == '\t'))
		lf = nfim_rd_find(r, lf + 1, end, '\n');
	return lf;
}

/* Where the name of the field in [@off, @lf) ends: at its colon; @lf if it has none. */
static inline u32 http_name_end(struct nfim_rd *r, u32 off, u32 lf)
{
	u32 end = min_t(u32, lf, off + NFIM_HTTP_FIELD_MAX + 2);
	u32 colon = rd_find_near(r, off, end, ':');

	return colon < end ? colon : lf;
}

/* The value behind the colon of a field that ends at @lf. */
static inline struct nfim_span http_field_value(struct nfim_rd *r, u32 colon, u32 lf)
{
	u32 off = min(colon + 1, lf);

	while (off < lf && rd_blank(rd_at(r, off)))
		off++;
	return (struct nfim_span){ off, rd_trim_end(r, off, lf) - off };
}

/* The name of a field that ends at @lf, empty if it has none, and its value. */
static inline struct nfim_span http_read_field(struct nfim_rd *r, u32 off, u32 lf,
					       struct nfim_span *value)
{
	u32 colon = http_name_end(r, off, lf);
	struct nfim_span name = { off, colon < lf ? rd_trim_end(r, off, colon) - off : 0 };

	*value = (struct nfim_span){ off, 0 };
	if (name.len)
		*value = http_field_value(r, colon, lf);
	return name;
}

#endif /* _NF_IM_ENGINE_HTTP_IMPL_H */
