// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads conntracks by ctnetlink, as far as nf_im is concerned.
 */
#include "conntrack.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

struct reading {
	nfim_ct_fn *fn;
	void *data;
	int error;
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

	if (mnl_attr_parse(nlh, sizeof(*nfg), on_attr, &ct) < 0)
		return MNL_CB_ERROR;
	r->error = r->fn(&ct, r->data);
	return r->error ? MNL_CB_STOP : MNL_CB_OK;
}

static int read_all(struct mnl_socket *sock, struct reading *r)
{
	char buf[1 << 16];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct nfgenmsg *nfg;
	ssize_t len;
	int ret;

	nlh->nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	nfg = mnl_nlmsg_put_extra_header(nlh, sizeof(*nfg));
	nfg->nfgen_family = AF_UNSPEC;
	nfg->version = NFNETLINK_V0;
	if (mnl_socket_sendto(sock, nlh, nlh->nlmsg_len) < 0)
		return -errno;
	do {
		len = mnl_socket_recvfrom(sock, buf, sizeof(buf));
		if (len < 0)
			return -errno;
		ret = mnl_cb_run(buf, len, 0, mnl_socket_get_portid(sock), on_conntrack, r);
	} while (ret > MNL_CB_STOP);
	return ret < 0 ? -errno : r->error;
}

int nfim_ct_each(nfim_ct_fn *fn, void *data, struct nfim_nl_err *err)
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
		snprintf(err->msg, sizeof(err->msg), "cannot read the conntracks: %s",
			 strerror(-ret));
	return ret;
}
