// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads rules of nf_tables as they are on the wire: libnftnl leaves out what it does not know.
 */
#include "nftrules.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

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
	return r->error ? MNL_CB_STOP : MNL_CB_OK;
}

static int read_all(struct mnl_socket *sock, struct reading *r)
{
	static char buf[1 << 17];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct nfgenmsg *nfg;
	ssize_t len;
	int ret;

	nlh->nlmsg_type = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETRULE;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	nfg = mnl_nlmsg_put_extra_header(nlh, sizeof(*nfg));
	nfg->nfgen_family = NFPROTO_UNSPEC;
	nfg->version = NFNETLINK_V0;
	if (mnl_socket_sendto(sock, nlh, nlh->nlmsg_len) < 0)
		return -errno;
	do {
		len = mnl_socket_recvfrom(sock, buf, sizeof(buf));
		if (len < 0)
			return -errno;
		ret = mnl_cb_run(buf, len, 0, mnl_socket_get_portid(sock), on_rule, r);
	} while (ret > MNL_CB_STOP);
	return ret < 0 ? -errno : r->error;
}

int nfim_nft_each(nfim_nft_fn *fn, void *data, struct nfim_nl_err *err)
{
	struct mnl_socket *sock = mnl_socket_open(NETLINK_NETFILTER);
	struct reading r = { .fn = fn, .data = data };
	int ret = -errno;

	if (sock) {
		ret = -errno;
		if (mnl_socket_bind(sock, 0, MNL_SOCKET_AUTOPID) >= 0)
			ret = read_all(sock, &r);
		mnl_socket_close(sock);
	}
	if (ret)
		snprintf(err->msg, sizeof(err->msg), "cannot read the rules of nf_tables: %s",
			 strerror(-ret));
	return ret;
}

static int count_hidden(const struct nfim_nft_expr *expr, void *data)
{
	if (expr->native)
		++*(int *)data;
	return 0;
}

int nfim_nft_hidden(void)
{
	struct nfim_nl_err err;
	int n = 0, ret;

	ret = nfim_nft_each(count_hidden, &n, &err);
	return ret ? ret : n;
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
