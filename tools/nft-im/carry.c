// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where nft-im takes part in libnftables: functions that this program, or the library preloaded
 * to another one, defines are found before those of the libraries, so libnftables calls them.
 *
 *  - nftnl_rule_add_expr(): of a rule on its way to the kernel, the expressions of a stand-in
 *    (load the processor's number, compare) become the xtables match.
 *  - fopen(): what is included is rewritten as well.
 *  - xtables_set_nfproto(): libxtables knows no inet, says so on stderr for each rule, and goes
 *    on; our match is the same for all families.
 */
#include "nft-im.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

/* Linked against the libraries that have them, which declare them elsewhere or not at all. */
void xtables_set_nfproto(uint8_t nfproto);

static bool files;

void *next_symbol(const char *name)
{
	void *at = dlsym(RTLD_NEXT, name);

	if (!at) {
		say("the installed libraries have no %s; is libnftables here?", name);
		exit(1);
	}
	return at;
}

/* The rule's last expression, which may be the first half of a stand-in. */
static struct {
	struct nftnl_rule *rule;
	struct nftnl_expr *load;
} held;

static void add(struct nftnl_rule *rule, struct nftnl_expr *expr)
{
	REAL(nftnl_rule_add_expr)(rule, expr);
}

static bool is_expr(const struct nftnl_expr *expr, const char *name)
{
	const char *is = nftnl_expr_get_str(expr, NFTNL_EXPR_NAME);

	return is && !strcmp(is, name);
}

static bool is_load(const struct nftnl_expr *expr)
{
	return is_expr(expr, "meta") && nftnl_expr_is_set(expr, NFTNL_EXPR_META_DREG) &&
	       nftnl_expr_get_u32(expr, NFTNL_EXPR_META_KEY) == NFT_META_CPU;
}

/* What a stand-in stands for, or NULL if the user compares processors. */
static const struct place *compared(const struct nftnl_expr *expr)
{
	const void *data;
	uint32_t len, number;

	if (!is_expr(expr, "cmp") ||
	    nftnl_expr_get_u32(expr, NFTNL_EXPR_CMP_OP) != NFT_CMP_EQ)
		return NULL;
	data = nftnl_expr_get(expr, NFTNL_EXPR_CMP_DATA, &len);
	if (!data || len != sizeof(number))
		return NULL;
	memcpy(&number, data, sizeof(number));
	return place_get(number);
}

static struct nftnl_expr *match_expr(const struct place *place)
{
	struct nftnl_expr *expr = nftnl_expr_alloc("match");
	struct xt_im_mtinfo *info = xmalloc(sizeof(*info));

	if (!expr)
		abort();
	*info = place->info;
	nftnl_expr_set_str(expr, NFTNL_EXPR_MT_NAME, "im");
	nftnl_expr_set_u32(expr, NFTNL_EXPR_MT_REV, 0);
	/* It is the expression's from now on. */
	nftnl_expr_set(expr, NFTNL_EXPR_MT_INFO, info, sizeof(*info));
	return expr;
}

void nftnl_rule_add_expr(struct nftnl_rule *rule, struct nftnl_expr *expr)
{
	const struct place *place;

	if (held.load && held.rule == rule) {
		place = compared(expr);
		if (place) {
			nftnl_expr_free(held.load);
			nftnl_expr_free(expr);
			held.load = NULL;
			add(rule, match_expr(place));
			return;
		}
	}
	if (held.load) {
		add(held.rule, held.load);
		held.load = NULL;
	}
	if (place_count() && is_load(expr)) {
		held.rule = rule;
		held.load = expr;
		return;
	}
	add(rule, expr);
}

void xtables_set_nfproto(uint8_t nfproto)
{
	REAL(xtables_set_nfproto)(nfproto == NFPROTO_INET ? NFPROTO_IPV4 : nfproto);
}

FILE *carry_raw_open(const char *path)
{
	return REAL(fopen)(path, "r");
}

void carry_files(bool on)
{
	files = on;
}

static FILE *as_file(const char *text)
{
	size_t len = strlen(text);
	int fd = memfd_create("nft-im", MFD_CLOEXEC);

	if (fd < 0 || write(fd, text, len) != (ssize_t)len || lseek(fd, 0, SEEK_SET)) {
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	return fdopen(fd, "r");
}

static FILE *open_rewritten(const char *path)
{
	FILE *file = carry_raw_open(path), *out;
	char *text, *changed;

	if (!file)
		return NULL;
	text = read_all(file);
	fclose(file);
	if (!text)
		return NULL;
	/* Mistakes were said before; nft then says what it makes of them. */
	changed = rewrite(path, text, true);
	out = as_file(changed ? changed : text);
	free(changed);
	free(text);
	return out;
}

FILE *fopen(const char *path, const char *mode)
{
	if (!files || mode[0] != 'r' || mode[1] == '+')
		return REAL(fopen)(path, mode);
	return open_rewritten(path);
}

/* What the kernel said of the match: 0 or a negative error. */
static int load_answer;

/* Waits for the kernel, which loads the module meanwhile. */
static int load_ask(struct mnl_socket *sock, char *buf, size_t size)
{
	const struct nlmsghdr *nlh = (const void *)buf;
	const struct nlmsgerr *err;
	ssize_t n;

	if (mnl_socket_bind(sock, 0, MNL_SOCKET_AUTOPID) < 0 ||
	    mnl_socket_sendto(sock, nlh, nlh->nlmsg_len) < 0)
		return -errno;
	n = mnl_socket_recvfrom(sock, buf, size);
	if (n < 0)
		return -errno;
	if (!mnl_nlmsg_ok(nlh, n) || nlh->nlmsg_type != NLMSG_ERROR ||
	    mnl_nlmsg_get_payload_len(nlh) < sizeof(*err))
		return 0;
	err = mnl_nlmsg_get_payload(nlh);
	return err->error;
}

void carry_load(void)
{
	struct mnl_socket *sock = mnl_socket_open(NETLINK_NETFILTER);
	char buf[1024] = { 0 };
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct nfgenmsg *nfg;

	load_answer = 0;
	if (!sock)
		return;
	nlh->nlmsg_type = NFNL_SUBSYS_NFT_COMPAT << 8 | NFNL_MSG_COMPAT_GET;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	nfg = mnl_nlmsg_put_extra_header(nlh, sizeof(*nfg));
	nfg->nfgen_family = AF_INET;
	nfg->version = NFNETLINK_V0;
	nfg->res_id = 0;
	mnl_attr_put_strz(nlh, NFTA_COMPAT_NAME, "im");
	mnl_attr_put_u32(nlh, NFTA_COMPAT_REV, htonl(0));
	mnl_attr_put_u32(nlh, NFTA_COMPAT_TYPE, htonl(0));
	/* If it cannot be had, the kernel says so of the rule. */
	load_answer = load_ask(sock, buf, sizeof(buf));
	mnl_socket_close(sock);
}

bool carry_missing(void)
{
	/* The kernel also refuses to answer those who may not ask. */
	return load_answer < 0 && access("/sys/module/xt_im", F_OK);
}
