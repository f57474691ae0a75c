// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rules with the native expression as the kernel has them, as commands that make them again.
 * Those that something else than nft-im made are shown as far as they can be.
 */
#include "native.h"
#include "nft-im.h"
#include "nftrules.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <jansson.h>
#include <libmnl/libmnl.h>
#include <libnftnl/common.h>
#include <libnftnl/set.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>
#include <string.h>

enum { RULES_MAX = 65536 };

/* What is read of a rule, in the order of its expressions. */
struct seen {
	struct native_rule rule;
	uint64_t handle;
	uint64_t packets, bytes;
	char *set;
	bool has_im;
	bool more;	/* there is something that cannot be shown */
};

static struct seen *rules;
static size_t n_rules;

static const struct nlattr *find(const struct nlattr *nest, uint16_t type)
{
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, nest)
		if (mnl_attr_get_type(attr) == type)
			return attr;
	return NULL;
}

static uint32_t number(const struct nlattr *nest, uint16_t type)
{
	const struct nlattr *attr = find(nest, type);

	return attr && mnl_attr_get_payload_len(attr) == sizeof(uint32_t) ?
	       ntohl(mnl_attr_get_u32(attr)) : 0;
}

static uint64_t number64(const struct nlattr *nest, uint16_t type)
{
	const struct nlattr *attr = find(nest, type);

	return attr && mnl_attr_get_payload_len(attr) == sizeof(uint64_t) ?
	       be64toh(mnl_attr_get_u64(attr)) : 0;
}

/* A value of 32 bits, in host order. */
static uint32_t value(const struct nlattr *nest, uint16_t type)
{
	const struct nlattr *data = find(nest, type), *attr;
	uint32_t v = 0;

	attr = data ? find(data, NFTA_DATA_VALUE) : NULL;
	if (attr && mnl_attr_get_payload_len(attr) == sizeof(v))
		memcpy(&v, mnl_attr_get_payload(attr), sizeof(v));
	return v;
}

static char *text(const struct nlattr *nest, uint16_t type)
{
	const struct nlattr *attr = find(nest, type);

	return attr && mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) >= 0 ?
	       strdup(mnl_attr_get_str(attr)) : NULL;
}

static void see_verdict(struct seen *s, const struct nlattr *data)
{
	const struct nlattr *imm = find(data, NFTA_IMMEDIATE_DATA), *verdict;

	verdict = imm ? find(imm, NFTA_DATA_VERDICT) : NULL;
	if (!verdict) {
		s->more = true;
		return;
	}
	s->rule.has_verdict = true;
	s->rule.verdict.verdict = (int)number(verdict, NFTA_VERDICT_CODE);
	s->rule.verdict.chain = text(verdict, NFTA_VERDICT_CHAIN);
}

static void see_mask(struct seen *s, const struct nlattr *data)
{
	uint32_t mask = value(data, NFTA_BITWISE_MASK);
	int i;

	for (i = 0; i < 32; i++)
		if (mask >> i & 1)
			s->rule.elems[s->rule.n_elems++].value = i;
}

static void see_cmp(struct seen *s, const struct nlattr *data)
{
	bool neq = number(data, NFTA_CMP_OP) == NFT_CMP_NEQ;

	if (s->rule.key == NF_IM_KEY_ACTION) {
		s->rule.invert = !neq;
		return;
	}
	s->rule.invert = neq;
	s->rule.elems[s->rule.n_elems++].value = value(data, NFTA_CMP_DATA);
}

static void see_lookup(struct seen *s, const struct nlattr *data)
{
	s->set = text(data, NFTA_LOOKUP_SET);
	s->rule.map = find(data, NFTA_LOOKUP_DREG);
	s->rule.invert = number(data, NFTA_LOOKUP_FLAGS) & NFT_LOOKUP_F_INV;
}

static void see_expr(struct seen *s, const char *name, const struct nlattr *data)
{
	if (!strcmp(name, "im") && !s->has_im) {
		s->has_im = true;
		s->rule.key = number(data, NFTA_IM_KEY);
		s->more |= s->rule.key >= NF_IM_KEY_COUNT;
	} else if (!strcmp(name, "counter") && !s->rule.counter) {
		s->rule.counter = true;
		s->packets = number64(data, NFTA_COUNTER_PACKETS);
		s->bytes = number64(data, NFTA_COUNTER_BYTES);
	} else if (s->has_im && !s->set && !s->rule.n_elems && !strcmp(name, "bitwise")) {
		see_mask(s, data);
	} else if (s->has_im && !s->set && !strcmp(name, "cmp")) {
		see_cmp(s, data);
	} else if (s->has_im && !s->set && !strcmp(name, "lookup")) {
		see_lookup(s, data);
	} else if (s->has_im && !strcmp(name, "immediate")) {
		see_verdict(s, data);
	} else {
		s->more = true;
	}
}

static const struct nlattr *expressions(const struct nlmsghdr *nlh)
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, sizeof(struct nfgenmsg))
		if (mnl_attr_get_type(attr) == NFTA_RULE_EXPRESSIONS)
			return attr;
	return NULL;
}

static int see(const struct nfim_nft_expr *expr, void *data)
{
	const struct nlattr *elem, *name, *nest = expressions(expr->rule), *body;
	struct seen *s;

	(void)data;
	if (!expr->native || !nest || n_rules >= RULES_MAX)
		return 0;
	rules = realloc(rules, (n_rules + 1) * sizeof(*rules));
	if (!rules)
		return -ENOMEM;
	s = &rules[n_rules++];
	memset(s, 0, sizeof(*s));
	s->rule.family = expr->family;
	s->rule.table = strdup(expr->table);
	s->rule.chain = strdup(expr->chain);
	s->handle = expr->handle;
	mnl_attr_for_each_nested(elem, nest) {
		name = find(elem, NFTA_EXPR_NAME);
		body = find(elem, NFTA_EXPR_DATA);
		if (name && body && s->rule.n_elems < NATIVE_ELEMS_MAX - 32)
			see_expr(s, mnl_attr_get_str(name), body);
	}
	return 0;
}

/* --- Sets ---------------------------------------------------------------------------------- */

static int on_elems(const struct nlmsghdr *nlh, void *data)
{
	return nftnl_set_elems_nlmsg_parse(nlh, data) < 0 ? MNL_CB_ERROR : MNL_CB_OK;
}

static int take_elem(struct nftnl_set_elem *e, void *data)
{
	struct native_rule *rule = data;
	struct native_elem *elem;
	const void *key;
	uint32_t len;

	key = nftnl_set_elem_get(e, NFTNL_SET_ELEM_KEY, &len);
	if (!key || len < sizeof(elem->value) || rule->n_elems >= NATIVE_ELEMS_MAX)
		return 0;
	elem = &rule->elems[rule->n_elems++];
	memcpy(&elem->value, key, sizeof(elem->value));
	if (nftnl_set_elem_is_set(e, NFTNL_SET_ELEM_VERDICT))
		elem->verdict = (int)nftnl_set_elem_get_u32(e, NFTNL_SET_ELEM_VERDICT);
	if (nftnl_set_elem_is_set(e, NFTNL_SET_ELEM_CHAIN))
		elem->chain = strdup(nftnl_set_elem_get_str(e, NFTNL_SET_ELEM_CHAIN));
	return 0;
}

static int by_value(const void *a, const void *b)
{
	const struct native_elem *x = a, *y = b;

	return x->value < y->value ? -1 : x->value > y->value;
}

static int read_set(struct mnl_socket *sock, struct seen *s)
{
	struct nftnl_set *set = nftnl_set_alloc();
	char buf[1 << 15];
	struct nlmsghdr *nlh;
	ssize_t len;
	int ret = 1;

	nftnl_set_set_str(set, NFTNL_SET_TABLE, s->rule.table);
	nftnl_set_set_str(set, NFTNL_SET_NAME, s->set);
	nlh = nftnl_nlmsg_build_hdr(buf, NFT_MSG_GETSETELEM, s->rule.family, NLM_F_DUMP, 0);
	nftnl_set_nlmsg_build_payload(nlh, set);
	if (mnl_socket_sendto(sock, nlh, nlh->nlmsg_len) < 0)
		ret = -1;
	while (ret > 0) {
		len = mnl_socket_recvfrom(sock, buf, sizeof(buf));
		ret = len < 0 ? -1 : mnl_cb_run(buf, len, 0, mnl_socket_get_portid(sock),
						on_elems, set);
	}
	if (!ret)
		nftnl_set_elem_foreach(set, take_elem, &s->rule);
	nftnl_set_free(set);
	qsort(s->rule.elems, s->rule.n_elems, sizeof(*s->rule.elems), by_value);
	return ret;
}

static int read_sets(void)
{
	struct mnl_socket *sock = mnl_socket_open(NETLINK_NETFILTER);
	int ret = 0;
	size_t i;

	if (!sock || mnl_socket_bind(sock, 0, MNL_SOCKET_AUTOPID) < 0)
		ret = -1;
	for (i = 0; !ret && i < n_rules; i++)
		if (rules[i].set)
			ret = read_set(sock, &rules[i]);
	if (sock)
		mnl_socket_close(sock);
	return ret;
}

/* --- Text ---------------------------------------------------------------------------------- */

static void put_verdict(FILE *out, const struct native_elem *v)
{
	fprintf(out, "%s%s%s", native_verdict_name(v->verdict), v->chain ? " " : "",
		v->chain ? v->chain : "");
}

static void put_values(FILE *out, const struct native_rule *rule)
{
	bool list = rule->map || rule->n_elems != 1;
	char buf[64];
	size_t i;

	fputs(list ? " {" : "", out);
	for (i = 0; i < rule->n_elems; i++) {
		fprintf(out, "%s %s", i ? "," : "", native_value_name(rule->key,
			rule->elems[i].value, buf, sizeof(buf)));
		if (!rule->map)
			continue;
		fputs(" : ", out);
		put_verdict(out, &rule->elems[i]);
	}
	fputs(list ? " }" : "", out);
}

static void put_rule(FILE *out, const struct seen *s)
{
	static const char *const keys[] = { "proto", "category", "state", "action", "unknown" };
	const struct native_rule *rule = &s->rule;

	if (s->more)
		fputs("# also tests or does something else: ", out);
	fprintf(out, "add rule %s %s %s im %s",
		nfim_nft_family(rule->family), rule->table, rule->chain,
		keys[rule->key < NF_IM_KEY_COUNT ? rule->key : NF_IM_KEY_COUNT]);
	fputs(rule->map ? " vmap" : rule->invert ? " !=" : "", out);
	put_values(out, rule);
	if (rule->counter)
		fprintf(out, " counter packets %llu bytes %llu", (unsigned long long)s->packets,
			(unsigned long long)s->bytes);
	if (rule->has_verdict) {
		fputc(' ', out);
		put_verdict(out, &rule->verdict);
	}
}

static void print_json(const struct seen *s)
{
	char *line = NULL;
	size_t size;
	FILE *out = open_memstream(&line, &size);
	json_t *o;

	if (!out)
		abort();
	put_rule(out, s);
	fclose(out);
	o = json_pack("{s:s, s:s, s:s, s:I, s:b, s:s}", "family", nfim_nft_family(s->rule.family),
		      "table", s->rule.table, "chain", s->rule.chain, "handle",
		      (json_int_t)s->handle, "complete", !s->more, "command", line);
	json_dumpf(o, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(o);
	free(line);
}

int native_list(bool json)
{
	struct nfim_nl_err err;
	size_t i;

	if (nfim_nft_each(see, NULL, &err)) {
		say("%s", err.msg);
		return -1;
	}
	if (read_sets()) {
		say("cannot read the sets of nf_tables");
		return -1;
	}
	for (i = 0; i < n_rules; i++) {
		if (json) {
			print_json(&rules[i]);
			continue;
		}
		put_rule(stdout, &rules[i]);
		printf(" # handle %llu\n", (unsigned long long)rules[i].handle);
	}
	return fflush(stdout) ? -1 : 0;
}
