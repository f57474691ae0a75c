// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads rules of nf_tables as they are on the wire: libnftnl leaves out what it does not know.
 */
#include "nftrules.h"
#include "nfnl.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>

struct reading {
	struct nfim_nft_expr expr;	/* of the rule at hand */
	nfim_nft_fn *fn;
	void *data;
	int error;
};

static const char *text_of(const struct nlattr *attr)
{
	return mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) < 0 ? "" : mnl_attr_get_str(attr);
}

static void tell(struct reading *r)
{
	if (!r->error)
		r->error = r->fn(&r->expr, r->data);
}

/* Ours, if its name says so; a size other than that of revision 0 is none of ours. */
static void read_match(struct reading *r, const struct nlattr *data)
{
	const struct nlattr *attr;
	bool named = false;

	memset(&r->expr.info, 0, sizeof(r->expr.info));
	mnl_attr_for_each_nested(attr, data) {
		if (mnl_attr_get_type(attr) == NFTA_MATCH_NAME)
			named = !strcmp(text_of(attr), "im");
		else if (mnl_attr_get_type(attr) == NFTA_MATCH_INFO &&
			 mnl_attr_get_payload_len(attr) >= sizeof(r->expr.info))
			memcpy(&r->expr.info, mnl_attr_get_payload(attr), sizeof(r->expr.info));
	}
	if (named)
		tell(r);
}

static void read_expr(struct reading *r, const struct nlattr *elem)
{
	const struct nlattr *attr, *data = NULL;
	const char *name = "";

	mnl_attr_for_each_nested(attr, elem) {
		if (mnl_attr_get_type(attr) == NFTA_EXPR_NAME)
			name = text_of(attr);
		else if (mnl_attr_get_type(attr) == NFTA_EXPR_DATA)
			data = attr;
	}
	if (!strcmp(name, "im"))
		r->expr.native = true;
	else if (!strcmp(name, "match") && data)
		read_match(r, data);
}

static int on_attr(const struct nlattr *attr, void *data)
{
	const struct nlattr **tb = data;

	if (mnl_attr_get_type(attr) <= NFTA_RULE_MAX)
		tb[mnl_attr_get_type(attr)] = attr;
	return MNL_CB_OK;
}

static int on_rule(const struct nlmsghdr *nlh, void *data)
{
	const struct nfgenmsg *nfg = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *tb[NFTA_RULE_MAX + 1] = { NULL }, *elem;
	struct reading *r = data;

	if (mnl_attr_parse(nlh, sizeof(*nfg), on_attr, tb) < 0)
		return MNL_CB_ERROR;
	if (!tb[NFTA_RULE_TABLE] || !tb[NFTA_RULE_CHAIN] || !tb[NFTA_RULE_HANDLE] ||
	    !tb[NFTA_RULE_EXPRESSIONS])
		return MNL_CB_OK;
	memset(&r->expr, 0, sizeof(r->expr));
	r->expr.family = nfg->nfgen_family;
	r->expr.table = text_of(tb[NFTA_RULE_TABLE]);
	r->expr.chain = text_of(tb[NFTA_RULE_CHAIN]);
	r->expr.handle = be64toh(mnl_attr_get_u64(tb[NFTA_RULE_HANDLE]));
	r->expr.rule = nlh;
	mnl_attr_for_each_nested(elem, tb[NFTA_RULE_EXPRESSIONS])
		read_expr(r, elem);
	if (r->expr.native)
		tell(r);
	errno = -r->error;
	return r->error ? MNL_CB_ERROR : MNL_CB_OK;
}

int nfim_nft_each(nfim_nft_fn *fn, void *data, struct nfim_nl_err *err)
{
	struct reading r = { .fn = fn, .data = data };

	return nfim_nfnl_dump(NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETRULE, on_rule, &r,
			      "the rules of nf_tables", err);
}

struct hidden {
	FILE *out;
	int n;
};

static int see_hidden(const struct nfim_nft_expr *expr, void *data)
{
	struct hidden *h = data;

	if (!expr->native)
		return 0;
	h->n++;
	if (h->out)
		fprintf(h->out, "  %s %s %s handle %llu\n", nfim_nft_family(expr->family),
			expr->table, expr->chain, (unsigned long long)expr->handle);
	return 0;
}

int nfim_nft_hidden(FILE *out)
{
	struct hidden h = { .out = out };
	struct nfim_nl_err err;
	int ret;

	ret = nfim_nft_each(see_hidden, &h, &err);
	return ret ? ret : h.n;
}

const char *nfim_nft_family(uint8_t family)
{
	switch (family) {
	case NFPROTO_INET:
		return "inet";
	case NFPROTO_IPV4:
		return "ip";
	case NFPROTO_IPV6:
		return "ip6";
	case NFPROTO_BRIDGE:
		return "bridge";
	default:
		return "unknown";
	}
}
