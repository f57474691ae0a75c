// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rules with the native expression on their way to the kernel. libnftnl knows all but the
 * expression itself, so the rule is put together here of its parts; one batch, all or nothing.
 */
#include "native.h"
#include "nft-im.h"
#include "nftrules.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <libnftnl/common.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <libnftnl/set.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SET_ID = 1, BUF = 1 << 17 };

/* What nft calls a key that is a plain number. */
enum { DATATYPE_INTEGER = 4 };

struct batch {
	struct mnl_socket *sock;
	struct mnl_nlmsg_batch *b;
	char *buf;
	uint32_t seq;
};

static void *batch_at(struct batch *batch)
{
	return mnl_nlmsg_batch_current(batch->b);
}

static int batch_open(struct batch *batch)
{
	batch->sock = mnl_socket_open(NETLINK_NETFILTER);
	if (!batch->sock || mnl_socket_bind(batch->sock, 0, MNL_SOCKET_AUTOPID) < 0) {
		say("cannot open a netlink socket: %s", strerror(errno));
		if (batch->sock)
			mnl_socket_close(batch->sock);
		return -1;
	}
	batch->buf = xmalloc(2 * BUF);
	batch->b = mnl_nlmsg_batch_start(batch->buf, BUF);
	batch->seq = time(NULL);
	nftnl_batch_begin(batch_at(batch), batch->seq++);
	mnl_nlmsg_batch_next(batch->b);
	return 0;
}

static int on_error(const struct nlmsghdr *nlh, void *data)
{
	const struct nlmsgerr *e = mnl_nlmsg_get_payload(nlh);

	if (!*(int *)data)
		*(int *)data = e->error;
	return MNL_CB_OK;
}

static int batch_send(struct batch *batch)
{
	static mnl_cb_t ctl[NLMSG_MIN_TYPE] = { [NLMSG_ERROR] = on_error };
	int error = 0, acks = 1;
	char buf[8192];
	ssize_t len;

	nftnl_batch_end(batch_at(batch), batch->seq++);
	mnl_nlmsg_batch_next(batch->b);
	if (mnl_socket_sendto(batch->sock, mnl_nlmsg_batch_head(batch->b),
			      mnl_nlmsg_batch_size(batch->b)) < 0)
		error = -errno;
	/* The last message of the batch asked for an acknowledgment; errors come before. */
	while (!error && acks--) {
		len = mnl_socket_recvfrom(batch->sock, buf, sizeof(buf));
		if (len < 0)
			error = -errno;
		else
			mnl_cb_run2(buf, len, 0, 0, NULL, &error, ctl, NLMSG_MIN_TYPE);
	}
	mnl_nlmsg_batch_stop(batch->b);
	mnl_socket_close(batch->sock);
	free(batch->buf);
	if (error == -ENOENT)
		say("there is no such table, chain or rule, or the module nft_im is not installed");
	else if (error)
		say("the kernel refuses it: %s", strerror(-error));
	return error ? -1 : 0;
}

/* --- Expressions --------------------------------------------------------------------------- */

static void put_im(struct nlmsghdr *nlh, enum nf_im_key key)
{
	struct nlattr *elem = mnl_attr_nest_start(nlh, NFTA_LIST_ELEM), *data;

	mnl_attr_put_strz(nlh, NFTA_EXPR_NAME, "im");
	data = mnl_attr_nest_start(nlh, NFTA_EXPR_DATA);
	mnl_attr_put_u32(nlh, NFTA_IM_DREG, htonl(NFT_REG_1));
	mnl_attr_put_u32(nlh, NFTA_IM_KEY, htonl(key));
	mnl_attr_nest_end(nlh, data);
	mnl_attr_nest_end(nlh, elem);
}

static void put_expr(struct nlmsghdr *nlh, struct nftnl_expr *expr)
{
	struct nlattr *elem = mnl_attr_nest_start(nlh, NFTA_LIST_ELEM);

	nftnl_expr_build_payload(nlh, expr);
	mnl_attr_nest_end(nlh, elem);
	nftnl_expr_free(expr);
}

static struct nftnl_expr *expr_new(const char *name)
{
	struct nftnl_expr *expr = nftnl_expr_alloc(name);

	if (!expr)
		abort();
	return expr;
}

static void put_cmp(struct nlmsghdr *nlh, enum nft_cmp_ops op, uint32_t value)
{
	struct nftnl_expr *expr = expr_new("cmp");

	nftnl_expr_set_u32(expr, NFTNL_EXPR_CMP_SREG, NFT_REG_1);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_CMP_OP, op);
	nftnl_expr_set(expr, NFTNL_EXPR_CMP_DATA, &value, sizeof(value));
	put_expr(nlh, expr);
}

static void put_mask(struct nlmsghdr *nlh, uint32_t mask)
{
	struct nftnl_expr *expr = expr_new("bitwise");
	uint32_t xor = 0;

	nftnl_expr_set_u32(expr, NFTNL_EXPR_BITWISE_SREG, NFT_REG_1);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_BITWISE_DREG, NFT_REG_1);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_BITWISE_LEN, sizeof(mask));
	nftnl_expr_set(expr, NFTNL_EXPR_BITWISE_MASK, &mask, sizeof(mask));
	nftnl_expr_set(expr, NFTNL_EXPR_BITWISE_XOR, &xor, sizeof(xor));
	put_expr(nlh, expr);
}

static void put_lookup(struct nlmsghdr *nlh, const struct native_rule *rule)
{
	struct nftnl_expr *expr = expr_new("lookup");

	nftnl_expr_set_u32(expr, NFTNL_EXPR_LOOKUP_SREG, NFT_REG_1);
	nftnl_expr_set_str(expr, NFTNL_EXPR_LOOKUP_SET, rule->map ? "__map%d" : "__set%d");
	nftnl_expr_set_u32(expr, NFTNL_EXPR_LOOKUP_SET_ID, SET_ID);
	if (rule->map)
		nftnl_expr_set_u32(expr, NFTNL_EXPR_LOOKUP_DREG, NFT_REG_VERDICT);
	if (rule->invert)
		nftnl_expr_set_u32(expr, NFTNL_EXPR_LOOKUP_FLAGS, NFT_LOOKUP_F_INV);
	put_expr(nlh, expr);
}

static void put_verdict(struct nlmsghdr *nlh, const struct native_elem *verdict)
{
	struct nftnl_expr *expr = expr_new("immediate");

	nftnl_expr_set_u32(expr, NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_IMM_VERDICT, verdict->verdict);
	if (verdict->chain)
		nftnl_expr_set_str(expr, NFTNL_EXPR_IMM_CHAIN, verdict->chain);
	put_expr(nlh, expr);
}

/* An action is a bit, so several are one mask; of other keys several values are a set. */
static bool needs_set(const struct native_rule *rule)
{
	return rule->key != NF_IM_KEY_ACTION && (rule->map || rule->n_elems > 1);
}

static void put_match(struct nlmsghdr *nlh, const struct native_rule *rule)
{
	uint32_t mask = 0;
	size_t i;

	put_im(nlh, rule->key);
	if (needs_set(rule)) {
		put_lookup(nlh, rule);
	} else if (rule->key == NF_IM_KEY_ACTION) {
		for (i = 0; i < rule->n_elems; i++)
			mask |= rule->elems[i].value;
		put_mask(nlh, mask);
		put_cmp(nlh, rule->invert ? NFT_CMP_EQ : NFT_CMP_NEQ, 0);
	} else {
		put_cmp(nlh, rule->invert ? NFT_CMP_NEQ : NFT_CMP_EQ, rule->elems[0].value);
	}
}

/* --- Messages ------------------------------------------------------------------------------ */

static void put_rule(struct batch *batch, const struct native_rule *rule)
{
	struct nlmsghdr *nlh;
	struct nlattr *exprs;

	nlh = nftnl_nlmsg_build_hdr(batch_at(batch), NFT_MSG_NEWRULE, rule->family,
				    NLM_F_CREATE | NLM_F_APPEND | NLM_F_ACK, batch->seq++);
	mnl_attr_put_strz(nlh, NFTA_RULE_TABLE, rule->table);
	mnl_attr_put_strz(nlh, NFTA_RULE_CHAIN, rule->chain);
	exprs = mnl_attr_nest_start(nlh, NFTA_RULE_EXPRESSIONS);
	/* A map ends the rule, so its counter comes first. */
	if (rule->map && rule->counter)
		put_expr(nlh, expr_new("counter"));
	put_match(nlh, rule);
	if (!rule->map && rule->counter)
		put_expr(nlh, expr_new("counter"));
	if (rule->has_verdict)
		put_verdict(nlh, &rule->verdict);
	mnl_attr_nest_end(nlh, exprs);
	mnl_nlmsg_batch_next(batch->b);
}

static void add_elems(struct nftnl_set *set, const struct native_rule *rule)
{
	const struct native_elem *e;
	struct nftnl_set_elem *elem;
	size_t i;

	for (i = 0; i < rule->n_elems; i++) {
		e = &rule->elems[i];
		elem = nftnl_set_elem_alloc();
		nftnl_set_elem_set(elem, NFTNL_SET_ELEM_KEY, &e->value, sizeof(e->value));
		if (rule->map)
			nftnl_set_elem_set_u32(elem, NFTNL_SET_ELEM_VERDICT, e->verdict);
		if (rule->map && e->chain)
			nftnl_set_elem_set_str(elem, NFTNL_SET_ELEM_CHAIN, e->chain);
		nftnl_set_elem_add(set, elem);
	}
}

static void put_set(struct batch *batch, const struct native_rule *rule)
{
	struct nftnl_set *set = nftnl_set_alloc();
	uint32_t flags = NFT_SET_ANONYMOUS | NFT_SET_CONSTANT;
	struct nlmsghdr *nlh;

	nftnl_set_set_u32(set, NFTNL_SET_FAMILY, rule->family);
	nftnl_set_set_str(set, NFTNL_SET_TABLE, rule->table);
	nftnl_set_set_str(set, NFTNL_SET_NAME, rule->map ? "__map%d" : "__set%d");
	nftnl_set_set_u32(set, NFTNL_SET_ID, SET_ID);
	nftnl_set_set_u32(set, NFTNL_SET_KEY_TYPE, DATATYPE_INTEGER);
	nftnl_set_set_u32(set, NFTNL_SET_KEY_LEN, sizeof(uint32_t));
	nftnl_set_set_u32(set, NFTNL_SET_DESC_SIZE, rule->n_elems);
	if (rule->map) {
		flags |= NFT_SET_MAP;
		nftnl_set_set_u32(set, NFTNL_SET_DATA_TYPE, NFT_DATA_VERDICT);
		nftnl_set_set_u32(set, NFTNL_SET_DATA_LEN, 0);
	}
	nftnl_set_set_u32(set, NFTNL_SET_FLAGS, flags);
	add_elems(set, rule);
	nlh = nftnl_nlmsg_build_hdr(batch_at(batch), NFT_MSG_NEWSET, rule->family, NLM_F_CREATE,
				    batch->seq++);
	nftnl_set_nlmsg_build_payload(nlh, set);
	mnl_nlmsg_batch_next(batch->b);
	nlh = nftnl_nlmsg_build_hdr(batch_at(batch), NFT_MSG_NEWSETELEM, rule->family,
				    NLM_F_CREATE, batch->seq++);
	nftnl_set_elems_nlmsg_build_payload(nlh, set);
	mnl_nlmsg_batch_next(batch->b);
	nftnl_set_free(set);
}

int native_add(const struct native_rule *rule)
{
	struct batch batch;

	if (batch_open(&batch))
		return -1;
	if (needs_set(rule))
		put_set(&batch, rule);
	put_rule(&batch, rule);
	return batch_send(&batch);
}

int native_del(uint8_t family, const char *table, const char *chain, uint64_t handle)
{
	struct nlmsghdr *nlh;
	struct batch batch;

	if (batch_open(&batch))
		return -1;
	nlh = nftnl_nlmsg_build_hdr(batch_at(&batch), NFT_MSG_DELRULE, family, NLM_F_ACK,
				    batch.seq++);
	mnl_attr_put_strz(nlh, NFTA_RULE_TABLE, table);
	mnl_attr_put_strz(nlh, NFTA_RULE_CHAIN, chain);
	mnl_attr_put_u64(nlh, NFTA_RULE_HANDLE, htobe64(handle));
	mnl_nlmsg_batch_next(batch.b);
	return batch_send(&batch);
}
