// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads conntracks by ctnetlink, as far as nf_im is concerned.
 */
#include "conntrack.h"
#include "nfnl.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <string.h>

struct reading {
	nfim_ct_fn *fn;
	void *data;
};

static void copy_address(uint8_t *dst, const struct nlattr *attr)
{
	if (mnl_attr_get_payload_len(attr) <= 16)
		memcpy(dst, mnl_attr_get_payload(attr), mnl_attr_get_payload_len(attr));
}

static int on_ip(const struct nlattr *attr, void *data)
{
	struct nfim_ct *ct = data;

	switch (mnl_attr_get_type(attr)) {
	case CTA_IP_V4_SRC:
	case CTA_IP_V6_SRC:
		copy_address(ct->client, attr);
		break;
	case CTA_IP_V4_DST:
	case CTA_IP_V6_DST:
		copy_address(ct->server, attr);
		break;
	}
	return MNL_CB_OK;
}

static int on_l4(const struct nlattr *attr, void *data)
{
	struct nfim_ct *ct = data;

	switch (mnl_attr_get_type(attr)) {
	case CTA_PROTO_NUM:
		ct->l4 = mnl_attr_get_u8(attr);
		break;
	case CTA_PROTO_SRC_PORT:
		ct->cport = ntohs(mnl_attr_get_u16(attr));
		break;
	case CTA_PROTO_DST_PORT:
		ct->sport = ntohs(mnl_attr_get_u16(attr));
		break;
	}
	return MNL_CB_OK;
}

static int on_tuple(const struct nlattr *attr, void *data)
{
	switch (mnl_attr_get_type(attr)) {
	case CTA_TUPLE_IP:
		return mnl_attr_parse_nested(attr, on_ip, data);
	case CTA_TUPLE_PROTO:
		return mnl_attr_parse_nested(attr, on_l4, data);
	}
	return MNL_CB_OK;
}

/* The kernel's bitmap is one of longs, as ours is one of words of 64 bits. */
static void copy_labels(struct nfim_ct *ct, const struct nlattr *attr)
{
	unsigned long longs[sizeof(ct->labels) / sizeof(long)] = { 0 };
	unsigned int i, bits = 8 * sizeof(long);

	if (mnl_attr_get_payload_len(attr) > sizeof(longs))
		return;
	memcpy(longs, mnl_attr_get_payload(attr), mnl_attr_get_payload_len(attr));
	for (i = 0; i < sizeof(longs) / sizeof(long); i++)
		ct->labels[i * bits / 64] |= (uint64_t)longs[i] << (i * bits % 64);
}

static int on_attr(const struct nlattr *attr, void *data)
{
	struct nfim_ct *ct = data;

	switch (mnl_attr_get_type(attr)) {
	case CTA_TUPLE_ORIG:
		return mnl_attr_parse_nested(attr, on_tuple, ct);
	case CTA_LABELS:
		copy_labels(ct, attr);
		break;
	case CTA_MARK:
		ct->mark = ntohl(mnl_attr_get_u32(attr));
		break;
	case CTA_STATUS:
		ct->offloaded = ntohl(mnl_attr_get_u32(attr)) & IPS_OFFLOAD;
		break;
	}
	return MNL_CB_OK;
}

static int on_conntrack(const struct nlmsghdr *nlh, void *data)
{
	const struct nfgenmsg *nfg = mnl_nlmsg_get_payload(nlh);
	struct reading *r = data;
	struct nfim_ct ct = { .family = nfg->nfgen_family };
	int ret;

	if (mnl_attr_parse(nlh, sizeof(*nfg), on_attr, &ct) < 0)
		return MNL_CB_ERROR;
	ret = r->fn(&ct, r->data);
	errno = -ret;
	return ret ? MNL_CB_ERROR : MNL_CB_OK;
}

int nfim_ct_each(nfim_ct_fn *fn, void *data, struct nfim_nl_err *err)
{
	struct reading r = { .fn = fn, .data = data };

	return nfim_nfnl_dump(NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET, on_conntrack, &r,
			      "the conntracks", err);
}
