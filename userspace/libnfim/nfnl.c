// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads a table of a netfilter subsystem by nfnetlink.
 */
#include "nfnl.h"

#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

enum { BUF_SIZE = 1 << 17 };	/* one message of a rule's size, and more */

static int ask(struct mnl_socket *sock, uint16_t type)
{
	char buf[MNL_NLMSG_HDRLEN + MNL_ALIGN(sizeof(struct nfgenmsg))];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct nfgenmsg *nfg;

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	nfg = mnl_nlmsg_put_extra_header(nlh, sizeof(*nfg));
	nfg->nfgen_family = AF_UNSPEC;
	nfg->version = NFNETLINK_V0;
	return mnl_socket_sendto(sock, nlh, nlh->nlmsg_len) < 0 ? -errno : 0;
}

static int read_all(struct mnl_socket *sock, mnl_cb_t fn, void *data)
{
	static char buf[BUF_SIZE];
	ssize_t len;
	int ret;

	do {
		len = mnl_socket_recvfrom(sock, buf, sizeof(buf));
		if (len < 0)
			return -errno;
		ret = mnl_cb_run(buf, len, 0, mnl_socket_get_portid(sock), fn, data);
	} while (ret > MNL_CB_STOP);
	return ret < 0 ? -errno : 0;
}

int nfim_nfnl_dump(uint16_t type, mnl_cb_t fn, void *data, const char *what,
		   struct nfim_nl_err *err)
{
	struct mnl_socket *sock = mnl_socket_open(NETLINK_NETFILTER);
	int ret = sock && mnl_socket_bind(sock, 0, MNL_SOCKET_AUTOPID) >= 0 ? 0 : -errno;

	if (!ret)
		ret = ask(sock, type);
	if (!ret)
		ret = read_all(sock, fn, data);
	if (ret)
		snprintf(err->msg, sizeof(err->msg), "cannot read %s: %s", what, strerror(-ret));
	if (sock)
		mnl_socket_close(sock);
	return ret;
}
