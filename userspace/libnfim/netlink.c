// SPDX-License-Identifier: GPL-2.0-only
/*
 * The client side of the generic netlink family "nf_im": one request at a time,
 * always acknowledged, with the kernel's own sentence where it refuses.
 */
#include "netlink.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#ifndef SOL_NETLINK
#define SOL_NETLINK 270
#endif

enum {
	BUF_SIZE	= 1 << 17,	/* a chunk and its headers; any reply */
	RCVBUF_EVENTS	= 1 << 22,	/* bytes of events that may wait for us */
};

struct nfim_nl {
	struct mnl_socket *sock;
	uint16_t family;
	uint32_t group;			/* 0 if the family has none of that name */
	uint32_t seq;
	char buf[BUF_SIZE];
};

/* What a reply's callback fills, and what the kernel said when it refused. */
struct exchange {
	int (*attr)(const struct nlattr *attr, void *data);
	void *data;
	int error;
	struct nfim_nl_err *err;
};

static int fail(struct nfim_nl_err *err, int error, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
	va_end(ap);
	return error;
}

static void copy_str(char *dst, size_t size, const struct nlattr *attr)
{
	size_t len = strnlen(mnl_attr_get_payload(attr), mnl_attr_get_payload_len(attr));

	if (len >= size)
		len = size - 1;
	memcpy(dst, mnl_attr_get_payload(attr), len);
	dst[len] = '\0';
}

/* A number of whatever width the kernel chose, so that a wider one is no surprise. */
static uint64_t get_num(const struct nlattr *attr)
{
	switch (mnl_attr_get_payload_len(attr)) {
	case sizeof(uint8_t):
		return mnl_attr_get_u8(attr);
	case sizeof(uint16_t):
		return mnl_attr_get_u16(attr);
	case sizeof(uint32_t):
		return mnl_attr_get_u32(attr);
	case sizeof(uint64_t):
		return mnl_attr_get_u64(attr);
	default:
		return 0;
	}
}

/*
 * The sentence of an extended acknowledgment, or "". The attributes stand behind the error, the
 * header of our request and, unless the kernel capped it, that request's payload.
 */
static void ext_ack(const struct nlmsghdr *nlh, char *msg, size_t size)
{
	const struct nlmsgerr *e = mnl_nlmsg_get_payload(nlh);
	size_t off = sizeof(*e);
	const struct nlattr *attr;

	msg[0] = '\0';
	if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	if (!(nlh->nlmsg_flags & NLM_F_CAPPED)) {
		if (e->msg.nlmsg_len < sizeof(e->msg))
			return;
		off += MNL_ALIGN(e->msg.nlmsg_len - sizeof(e->msg));
	}
	if (off > mnl_nlmsg_get_payload_len(nlh))
		return;
	mnl_attr_for_each(attr, nlh, off) {
		if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_MSG)
			copy_str(msg, size, attr);
	}
}

static int on_error(const struct nlmsghdr *nlh, void *data)
{
	const struct nlmsgerr *e = mnl_nlmsg_get_payload(nlh);
	struct exchange *x = data;

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*e)) {
		x->error = -EBADMSG;
		return MNL_CB_STOP;
	}
	x->error = e->error > 0 ? -e->error : e->error;
	if (x->error)
		ext_ack(nlh, x->err->msg, sizeof(x->err->msg));
	return MNL_CB_STOP;
}

static int on_done(const struct nlmsghdr *nlh, void *data)
{
	(void)nlh;
	(void)data;
	return MNL_CB_STOP;
}

static int on_reply(const struct nlmsghdr *nlh, void *data)
{
	struct exchange *x = data;

	if (!x->attr)
		return MNL_CB_OK;
	if (mnl_attr_parse(nlh, sizeof(struct genlmsghdr), x->attr, x->data) < 0) {
		x->error = -EBADMSG;
		return MNL_CB_ERROR;
	}
	return MNL_CB_OK;
}

static struct nlmsghdr *request(struct nfim_nl *nl, uint16_t type, uint8_t cmd, uint8_t version)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(nl->buf);
	struct genlmsghdr *genl;

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	nlh->nlmsg_seq = ++nl->seq;
	genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));
	genl->cmd = cmd;
	genl->version = version;
	return nlh;
}

/* Sends the request that stands in nl->buf and reads until it is acknowledged. */
static int talk(struct nfim_nl *nl, struct nlmsghdr *nlh, struct exchange *x)
{
	static mnl_cb_t ctl[NLMSG_MIN_TYPE] = {
		[NLMSG_ERROR]	= on_error,
		[NLMSG_DONE]	= on_done,
	};
	ssize_t len;
	int ret;

	x->err->msg[0] = '\0';
	if (mnl_socket_sendto(nl->sock, nlh, nlh->nlmsg_len) < 0)
		return fail(x->err, -errno, "cannot send to the kernel: %s", strerror(errno));
	do {
		len = mnl_socket_recvfrom(nl->sock, nl->buf, sizeof(nl->buf));
		if (len < 0 && errno == EINTR) {
			ret = MNL_CB_OK;
			continue;
		}
		if (len < 0)
			return fail(x->err, -errno, "cannot read the kernel's answer: %s",
				    strerror(errno));
		ret = mnl_cb_run2(nl->buf, len, nl->seq, mnl_socket_get_portid(nl->sock),
				  on_reply, x, ctl, NLMSG_MIN_TYPE);
		if (ret < 0 && !x->error)
			x->error = -EBADMSG;
	} while (ret > MNL_CB_STOP);
	if (x->error && !x->err->msg[0])
		fail(x->err, x->error, "%s", x->error == -EPERM ?
		     "not permitted, this needs CAP_NET_ADMIN" : strerror(-x->error));
	return x->error;
}

/* Family */

static int on_group(const struct nlattr *attr, void *data)
{
	struct nfim_nl *nl = data;
	const struct nlattr *a;
	const char *name = NULL;
	uint32_t id = 0;

	mnl_attr_for_each_nested(a, attr) {
		if (mnl_attr_get_type(a) == CTRL_ATTR_MCAST_GRP_NAME &&
		    mnl_attr_validate(a, MNL_TYPE_NUL_STRING) >= 0)
			name = mnl_attr_get_str(a);
		else if (mnl_attr_get_type(a) == CTRL_ATTR_MCAST_GRP_ID)
			id = get_num(a);
	}
	if (name && !strcmp(name, NF_IM_GENL_GROUP))
		nl->group = id;
	return MNL_CB_OK;
}

static int on_family(const struct nlattr *attr, void *data)
{
	struct nfim_nl *nl = data;

	switch (mnl_attr_get_type(attr)) {
	case CTRL_ATTR_FAMILY_ID:
		nl->family = get_num(attr);
		break;
	case CTRL_ATTR_MCAST_GROUPS:
		return mnl_attr_parse_nested(attr, on_group, nl);
	}
	return MNL_CB_OK;
}

static int resolve(struct nfim_nl *nl, struct nfim_nl_err *err)
{
	struct exchange x = { .attr = on_family, .data = nl, .err = err };
	struct nlmsghdr *nlh = request(nl, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 1);
	int ret;

	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, NF_IM_GENL_NAME);
	ret = talk(nl, nlh, &x);
	if (ret == -ENOENT || (!ret && !nl->family))
		return fail(err, -ENOENT, "the nf_im module is not loaded; try: modprobe nf_im");
	return ret;
}

int nfim_nl_open(struct nfim_nl **nlp, struct nfim_nl_err *err)
{
	struct nfim_nl *nl = calloc(1, sizeof(*nl));
	int one = 1, ret;

	if (!nl)
		return fail(err, -ENOMEM, "out of memory");
	nl->sock = mnl_socket_open(NETLINK_GENERIC);
	if (!nl->sock) {
		ret = fail(err, -errno, "cannot open a netlink socket: %s", strerror(errno));
		goto err_free;
	}
	/* Older kernels lack them: then there is no sentence, and the request comes back. */
	mnl_socket_setsockopt(nl->sock, NETLINK_EXT_ACK, &one, sizeof(one));
	mnl_socket_setsockopt(nl->sock, NETLINK_CAP_ACK, &one, sizeof(one));
	if (mnl_socket_bind(nl->sock, 0, MNL_SOCKET_AUTOPID) < 0) {
		ret = fail(err, -errno, "cannot bind a netlink socket: %s", strerror(errno));
		goto err_close;
	}
	ret = resolve(nl, err);
	if (ret)
		goto err_close;
	*nlp = nl;
	return 0;

err_close:
	mnl_socket_close(nl->sock);
err_free:
	free(nl);
	return ret;
}

void nfim_nl_close(struct nfim_nl *nl)
{
	if (!nl)
		return;
	mnl_socket_close(nl->sock);
	free(nl);
}

/* State */

static int on_pack(const struct nlattr *attr, void *data)
{
	struct nfim_nl_status *st = data;

	switch (mnl_attr_get_type(attr)) {
	case NF_IM_A_PACK_VERSION:
		st->pack.version = get_num(attr);
		break;
	case NF_IM_A_PACK_CRC:
		st->pack.crc = get_num(attr);
		break;
	case NF_IM_A_PACK_SIZE:
		st->pack.size = get_num(attr);
		break;
	case NF_IM_A_PACK_RULES:
		st->pack.rules = get_num(attr);
		break;
	case NF_IM_A_PACK_BUILTIN:
		st->pack.builtin = get_num(attr);
		break;
	case NF_IM_A_PACK_PREVIOUS:
		st->pack.previous = get_num(attr);
		break;
	}
	return MNL_CB_OK;
}

static int on_counter(const struct nlattr *attr, void *data)
{
	struct nfim_nl_status *st = data;
	uint16_t type = mnl_attr_get_type(attr);

	if (type <= NF_IM_A_C_MAX && type != NF_IM_A_C_PAD)
		st->counters[type] = get_num(attr);
	return MNL_CB_OK;
}

static int on_proto_attr(const struct nlattr *attr, void *data)
{
	struct nfim_nl_proto *proto = data;

	switch (mnl_attr_get_type(attr)) {
	case NF_IM_A_PROTO_ID:
		proto->id = get_num(attr);
		break;
	case NF_IM_A_PROTO_NAME:
		copy_str(proto->name, sizeof(proto->name), attr);
		break;
	case NF_IM_A_PROTO_FLOWS:
		proto->flows = get_num(attr);
		break;
	}
	return MNL_CB_OK;
}

static int on_proto(const struct nlattr *attr, void *data)
{
	struct nfim_nl_status *st = data;

	if (mnl_attr_get_type(attr) != NF_IM_A_PROTO || st->n_protos >= NFIM_NL_PROTOS_MAX)
		return MNL_CB_OK;
	return mnl_attr_parse_nested(attr, on_proto_attr, &st->protos[st->n_protos++]);
}

static int on_status(const struct nlattr *attr, void *data)
{
	struct nfim_nl_status *st = data;

	switch (mnl_attr_get_type(attr)) {
	case NF_IM_A_VERSION:
		copy_str(st->version, sizeof(st->version), attr);
		break;
	case NF_IM_A_LABEL_BASE:
		st->label_base = get_num(attr);
		break;
	case NF_IM_A_RULES:
		st->rules = get_num(attr);
		break;
	case NF_IM_A_ENABLED:
		st->enabled = get_num(attr);
		break;
	case NF_IM_A_BRIDGE:
		st->bridge = true;
		break;
	case NF_IM_A_CORRELATE:
		st->correlate = true;
		break;
	case NF_IM_A_MARK_MASK:
		st->ct_mask = get_num(attr);
		break;
	case NF_IM_A_PACKET_MASK:
		st->packet_mask = get_num(attr);
		break;
	case NF_IM_A_MARKS_LOST:
		st->marks_lost = get_num(attr);
		break;
	case NF_IM_A_PACK:
		return mnl_attr_parse_nested(attr, on_pack, st);
	case NF_IM_A_COUNTERS:
		return mnl_attr_parse_nested(attr, on_counter, st);
	case NF_IM_A_PROTOS:
		return mnl_attr_parse_nested(attr, on_proto, st);
	}
	return MNL_CB_OK;
}

int nfim_nl_get(struct nfim_nl *nl, struct nfim_nl_status *status, struct nfim_nl_err *err)
{
	struct exchange x = { .attr = on_status, .data = status, .err = err };

	memset(status, 0, sizeof(*status));
	return talk(nl, request(nl, nl->family, NF_IM_CMD_GET, NF_IM_GENL_VERSION), &x);
}

static int simple(struct nfim_nl *nl, uint8_t cmd, struct nfim_nl_err *err)
{
	struct exchange x = { .err = err };

	return talk(nl, request(nl, nl->family, cmd, NF_IM_GENL_VERSION), &x);
}

int nfim_nl_enable(struct nfim_nl *nl, bool on, bool bridge, bool correlate,
		   struct nfim_nl_err *err)
{
	struct exchange x = { .err = err };
	struct nlmsghdr *nlh;

	nlh = request(nl, nl->family, on ? NF_IM_CMD_ENABLE : NF_IM_CMD_DISABLE,
		      NF_IM_GENL_VERSION);
	if (on && bridge)
		mnl_attr_put(nlh, NF_IM_A_BRIDGE, 0, NULL);
	if (correlate)
		mnl_attr_put(nlh, NF_IM_A_CORRELATE, 0, NULL);
	return talk(nl, nlh, &x);
}

int nfim_nl_mark(struct nfim_nl *nl, bool packet, uint32_t mask, struct nfim_nl_err *err)
{
	struct exchange x = { .err = err };
	struct nlmsghdr *nlh;

	nlh = request(nl, nl->family, NF_IM_CMD_MARK, NF_IM_GENL_VERSION);
	mnl_attr_put_u32(nlh, packet ? NF_IM_A_PACKET_MASK : NF_IM_A_MARK_MASK, mask);
	return talk(nl, nlh, &x);
}

static int on_reopened(const struct nlattr *attr, void *data)
{
	struct nfim_nl_reopened *count = data;

	switch (mnl_attr_get_type(attr)) {
	case NF_IM_A_REOPENED:
		count->reopened = get_num(attr);
		break;
	case NF_IM_A_OFFLOADED:
		count->offloaded = get_num(attr);
		break;
	}
	return MNL_CB_OK;
}

int nfim_nl_reopen(struct nfim_nl *nl, struct nfim_nl_reopened *count, struct nfim_nl_err *err)
{
	struct exchange x = { .attr = on_reopened, .data = count, .err = err };

	memset(count, 0, sizeof(*count));
	return talk(nl, request(nl, nl->family, NF_IM_CMD_REOPEN, NF_IM_GENL_VERSION), &x);
}

/* Packs */

static int pack_chunk(struct nfim_nl *nl, const uint8_t *buf, size_t off, size_t n,
		      struct nfim_nl_err *err)
{
	struct exchange x = { .err = err };
	struct nlmsghdr *nlh;

	nlh = request(nl, nl->family, NF_IM_CMD_PACK_CHUNK, NF_IM_GENL_VERSION);
	mnl_attr_put_u32(nlh, NF_IM_A_OFFSET, off);
	mnl_attr_put(nlh, NF_IM_A_DATA, n, buf + off);
	return talk(nl, nlh, &x);
}

int nfim_nl_pack_load(struct nfim_nl *nl, const void *buf, size_t len, bool force,
		      struct nfim_nl_err *err)
{
	struct exchange x = { .err = err };
	struct nlmsghdr *nlh;
	size_t off, n;
	int ret;

	if (len > UINT32_MAX)
		return fail(err, -EFBIG, "the pack is larger than 4 GiB");
	nlh = request(nl, nl->family, NF_IM_CMD_PACK_BEGIN, NF_IM_GENL_VERSION);
	mnl_attr_put_u32(nlh, NF_IM_A_SIZE, len);
	ret = talk(nl, nlh, &x);
	for (off = 0; !ret && off < len; off += n) {
		n = len - off < NF_IM_CHUNK_MAX ? len - off : NF_IM_CHUNK_MAX;
		ret = pack_chunk(nl, buf, off, n, err);
	}
	if (ret)
		return ret;
	nlh = request(nl, nl->family, NF_IM_CMD_PACK_COMMIT, NF_IM_GENL_VERSION);
	if (force)
		mnl_attr_put(nlh, NF_IM_A_FORCE, 0, NULL);
	return talk(nl, nlh, &x);
}

int nfim_nl_pack_rollback(struct nfim_nl *nl, struct nfim_nl_err *err)
{
	int ret = simple(nl, NF_IM_CMD_PACK_ROLLBACK, err);

	if (ret == -ENOENT)
		fail(err, ret, "there is no pack to go back to");
	return ret;
}

/* Events */

int nfim_nl_subscribe(struct nfim_nl *nl, struct nfim_nl_err *err)
{
	int size = RCVBUF_EVENTS, fd = mnl_socket_get_fd(nl->sock);

	if (!nl->group)
		return fail(err, -EPROTO, "the nf_im module has no group \"%s\"", NF_IM_GENL_GROUP);
	/* A larger buffer loses fewer events; that it was refused is no reason to stop. */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	if (mnl_socket_setsockopt(nl->sock, NETLINK_ADD_MEMBERSHIP, &nl->group,
				  sizeof(nl->group)) < 0)
		return fail(err, -errno, "cannot listen to verdicts: %s", errno == EPERM ?
			    "this needs CAP_NET_ADMIN" : strerror(errno));
	return 0;
}

int nfim_nl_fd(const struct nfim_nl *nl)
{
	return mnl_socket_get_fd(nl->sock);
}

static size_t copy_bytes(uint8_t *dst, size_t size, const struct nlattr *attr)
{
	size_t len = mnl_attr_get_payload_len(attr);

	if (len > size)
		len = size;
	memcpy(dst, mnl_attr_get_payload(attr), len);
	return len;
}

/* Ports travel as they do on the wire. */
static uint16_t get_port(const struct nlattr *attr)
{
	const uint8_t *p = mnl_attr_get_payload(attr);

	return mnl_attr_get_payload_len(attr) == 2 ? p[0] << 8 | p[1] : 0;
}

static int on_event_attr(const struct nlattr *attr, void *data)
{
	struct nfim_nl_event *ev = data;

	switch (mnl_attr_get_type(attr)) {
	case NF_IM_A_EV_FAMILY:
		ev->family = get_num(attr);
		break;
	case NF_IM_A_EV_L4:
		ev->l4 = get_num(attr);
		break;
	case NF_IM_A_EV_CLIENT:
		copy_bytes(ev->client, sizeof(ev->client), attr);
		break;
	case NF_IM_A_EV_SERVER:
		copy_bytes(ev->server, sizeof(ev->server), attr);
		break;
	case NF_IM_A_EV_CPORT:
		ev->cport = get_port(attr);
		break;
	case NF_IM_A_EV_SPORT:
		ev->sport = get_port(attr);
		break;
	case NF_IM_A_EV_PROTO:
		copy_str(ev->proto, sizeof(ev->proto), attr);
		break;
	case NF_IM_A_EV_RULE:
		copy_str(ev->rule, sizeof(ev->rule), attr);
		break;
	case NF_IM_A_EV_ACTIONS:
		ev->actions = get_num(attr);
		break;
	case NF_IM_A_EV_USER:
		ev->user_len = copy_bytes(ev->user, sizeof(ev->user), attr);
		break;
	case NF_IM_A_EV_HOST:
		ev->host_len = copy_bytes(ev->host, sizeof(ev->host), attr);
		break;
	case NF_IM_A_EV_CONFIDENCE:
		ev->confidence = get_num(attr);
		break;
	case NF_IM_A_EV_ECH:
		ev->ech = true;
		break;
	case NF_IM_A_EV_CORRELATED:
		ev->correlated = true;
		break;
	}
	return MNL_CB_OK;
}

/* NF_IM_A_EVENT holds the attributes of enum nf_im_attr_event. */
static int on_event_nest(const struct nlattr *attr, void *data)
{
	if (mnl_attr_get_type(attr) != NF_IM_A_EVENT)
		return MNL_CB_OK;
	return mnl_attr_parse_nested(attr, on_event_attr, data);
}

struct listener {
	uint16_t family;
	nfim_nl_event_fn *fn;
	void *data;
	int ret;
};

static int on_event(const struct nlmsghdr *nlh, void *data)
{
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(nlh);
	struct nfim_nl_event ev = { 0 };
	struct listener *l = data;

	if (nlh->nlmsg_type != l->family || mnl_nlmsg_get_payload_len(nlh) < sizeof(*genl) ||
	    genl->cmd != NF_IM_CMD_EVENT)
		return MNL_CB_OK;
	if (mnl_attr_parse(nlh, sizeof(*genl), on_event_nest, &ev) < 0)
		return MNL_CB_OK;
	l->ret = l->fn(&ev, l->data);
	return l->ret < 0 ? MNL_CB_STOP : MNL_CB_OK;
}

int nfim_nl_events(struct nfim_nl *nl, nfim_nl_event_fn *fn, void *data,
		   struct nfim_nl_err *err)
{
	struct listener l = { .family = nl->family, .fn = fn, .data = data };
	ssize_t len;

	len = mnl_socket_recvfrom(nl->sock, nl->buf, sizeof(nl->buf));
	if (len < 0 && errno == EINTR)
		return -EINTR;
	if (len < 0)
		return fail(err, -errno, "%s", errno == ENOBUFS ?
			    "verdicts were lost, they came faster than they were read" :
			    strerror(errno));
	if (mnl_cb_run(nl->buf, len, 0, 0, on_event, &l) < 0)
		return fail(err, -EBADMSG, "a verdict from the kernel cannot be read");
	return l.ret;
}
