// SPDX-License-Identifier: GPL-2.0-only
/*
 * nlfuzz COUNT SEED [genl|nft] - netlink messages to nf_im and nft_im as nobody means them:
 * commands, attributes, lengths and nests by chance, some of them nearly right. Up to BATCH of
 * them go with one system call, so that a million take minutes in emulation too. Prints how many
 * were taken and refused, how many of those with a sentence or a place, and how many nf_im
 * refused without; exits 1 if the kernel ceases to answer.
 *
 * What a message might enable by chance stays within this network namespace.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/genetlink.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "linux/netfilter/nf_im.h"

enum { MSG_MOST = 4096, BATCH = 64, BUF = (BATCH + 2) * MSG_MOST, ATTRS_MAX = 8, CMDS = 12,
	KINDS = 24, ACK_MOST = 1024, QUEUE = 32 << 20 };

/* One that waits for its acknowledgment. */
struct sent {
	bool answered;
	bool ours;	/* nf_im itself judges it */
};

static uint64_t state;
static char buf[BUF];
static size_t len, limit;	/* of buf, and where the message has to end */
static struct sent sent[BATCH];
static unsigned long taken, refused, with_text, untold;

static uint32_t chance(uint32_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 11) % below;
}

static void put(const void *data, size_t n)
{
	if (len + n > limit)
		n = limit - len;
	memcpy(buf + len, data, n);
	len += n;
}

static void pad(void)
{
	static const char zero[4];

	put(zero, -len & 3);
}

static size_t attr_begin(uint16_t type)
{
	struct nlattr a = { 0, type };
	size_t at = len;

	put(&a, sizeof(a));
	return at;
}

/* The length is mostly right, at times a little or very wrong. */
static void attr_end(size_t at)
{
	uint16_t n = (uint16_t)(len - at);

	if (!chance(40))
		n = (uint16_t)(n + chance(9) - 4);
	else if (!chance(100))
		n = (uint16_t)chance(65536);
	if (at + sizeof(n) <= limit)
		memcpy(buf + at, &n, sizeof(n));
	pad();
}

static void random_bytes(uint32_t most)
{
	uint32_t n = chance(most + 1), word;

	while (n--) {
		word = chance(4) ? chance(256) : 0;
		put(&word, 1);
	}
}

static void random_attr(unsigned int depth)
{
	size_t at = attr_begin((uint16_t)(chance(KINDS) | (chance(4) ? 0 : NLA_F_NESTED)));
	uint32_t word = chance(3) ? chance(512) : chance(UINT32_MAX);

	switch (chance(4)) {
	case 0:
		put(&word, sizeof(word));
		break;
	case 1:
		random_bytes(64);
		break;
	case 2:
		while (depth < 4 && chance(3))
			random_attr(depth + 1);
		break;
	}
	attr_end(at);
}

static size_t header(uint16_t type, uint16_t flags, uint32_t seq)
{
	struct nlmsghdr nlh = { .nlmsg_type = type, .nlmsg_flags = NLM_F_REQUEST | flags,
				.nlmsg_seq = seq };
	size_t at = len;

	limit = at + MSG_MOST;
	put(&nlh, sizeof(nlh));
	return at;
}

static void finish(size_t at)
{
	uint32_t n = (uint32_t)(len - at);

	memcpy(buf + at, &n, sizeof(n));
}

static int open_socket(int protocol)
{
	struct sockaddr_nl addr = { .nl_family = AF_NETLINK };
	struct timeval patience = { .tv_sec = 20 };
	int fd = socket(AF_NETLINK, SOCK_RAW, protocol), one = 1, size = QUEUE;

	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr))) {
		perror("nlfuzz: socket");
		exit(1);
	}
	setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one));
	setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof(one));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
	return fd;
}

/* An acknowledgment; false if @nlh is none of the @n that began with @first. */
static bool count_answer(const struct nlmsghdr *nlh, uint32_t first, uint32_t n)
{
	const struct nlmsgerr *e = NLMSG_DATA(nlh);
	uint32_t i = nlh->nlmsg_seq - first;
	bool text = nlh->nlmsg_flags & NLM_F_ACK_TLVS;

	if (nlh->nlmsg_type != NLMSG_ERROR || i >= n || sent[i].answered)
		return false;
	sent[i].answered = true;
	taken += !e->error;
	refused += !!e->error;
	with_text += e->error && text;
	untold += e->error && !text && sent[i].ours;
	return true;
}

/* The answers to @n messages from @first on; longer ones are cut and do not count. */
static void answers(int fd, uint32_t first, uint32_t n)
{
	static char in[BATCH][ACK_MOST];
	static struct mmsghdr msgs[BATCH];
	static struct iovec iov[BATCH];
	uint32_t got = 0;
	int i, here;

	for (i = 0; i < BATCH; i++) {
		iov[i] = (struct iovec){ in[i], ACK_MOST };
		msgs[i].msg_hdr = (struct msghdr){ .msg_iov = &iov[i], .msg_iovlen = 1 };
	}
	while (got < n) {
		here = recvmmsg(fd, msgs, BATCH, MSG_WAITFORONE, NULL);
		if (here < 0) {
			perror("nlfuzz: the kernel does not answer");
			exit(1);
		}
		for (i = 0; i < here; i++)
			got += count_answer((void *)in[i], first, n);
	}
}

static void send_all(int fd)
{
	if (send(fd, buf, len, 0) != (ssize_t)len) {
		perror("nlfuzz: send");
		exit(1);
	}
}

static uint16_t family_id(int fd)
{
	struct genlmsghdr genl = { .cmd = CTRL_CMD_GETFAMILY, .version = 1 };
	static char in[1 << 15];
	struct nlattr *a;
	ssize_t got;
	size_t at;

	len = 0;
	header(GENL_ID_CTRL, 0, 0);
	put(&genl, sizeof(genl));
	at = attr_begin(CTRL_ATTR_FAMILY_NAME);
	put("nf_im", 6);
	((struct nlattr *)(buf + at))->nla_len = (uint16_t)(len - at);
	pad();
	finish(0);
	send(fd, buf, len, 0);
	got = recv(fd, in, sizeof(in), 0);
	for (at = NLMSG_HDRLEN + GENL_HDRLEN; got > 0 && at + sizeof(*a) < (size_t)got;
	     at += NLA_ALIGN(a->nla_len)) {
		a = (void *)(in + at);
		if (a->nla_type == CTRL_ATTR_FAMILY_ID)
			return *(uint16_t *)(in + at + NLA_HDRLEN);
		if (!a->nla_len)
			break;
	}
	fputs("nlfuzz: nf_im is not loaded\n", stderr);
	exit(1);
}

static void put_genl(uint16_t family, uint32_t seq, struct sent *what)
{
	struct genlmsghdr genl = { .cmd = (uint8_t)chance(CMDS), .version = (uint8_t)chance(3) };
	bool dump = !chance(20);
	uint32_t n = chance(ATTRS_MAX);
	size_t at;

	/* Generic netlink answers for commands and dumps that the family does not have. */
	what->ours = genl.cmd && genl.cmd <= NF_IM_CMD_PACK_ROLLBACK && !dump;
	at = header(family, (uint16_t)(NLM_F_ACK | (dump ? NLM_F_DUMP : 0)), seq);
	put(&genl, sizeof(genl));
	while (n--)
		random_attr(0);
	finish(at);
}

static void batch_mark(uint16_t type)
{
	struct nfgenmsg nfg = { .res_id = htons(NFNL_SUBSYS_NFTABLES) };
	size_t at = header(type, 0, 0);

	put(&nfg, sizeof(nfg));
	finish(at);
}

static void put_text(uint16_t type, const char *text)
{
	size_t at = attr_begin(type);

	put(text, strlen(text) + 1);
	attr_end(at);
}

static void put_be32(uint16_t type, uint32_t value)
{
	size_t at = attr_begin(type);

	value = htonl(value);
	put(&value, sizeof(value));
	attr_end(at);
}

/* A rule with our expression or our match, whose attributes are by chance or nearly right. */
static void put_rule(void)
{
	bool match = !chance(3);
	size_t list, elem, data, info;

	put_text(NFTA_RULE_TABLE, "fuzz");
	put_text(NFTA_RULE_CHAIN, "fuzz");
	list = attr_begin(NFTA_RULE_EXPRESSIONS | NLA_F_NESTED);
	elem = attr_begin(NFTA_LIST_ELEM | NLA_F_NESTED);
	put_text(NFTA_EXPR_NAME, match ? "match" : "im");
	data = attr_begin(NFTA_EXPR_DATA | NLA_F_NESTED);
	if (match) {
		put_text(1, "im");
		put_be32(2, chance(8) ? 0 : chance(3));
		info = attr_begin(3);
		random_bytes(chance(3) ? 256 : 160);
		attr_end(info);
	} else {
		put_be32(1, chance(3) ? 1 : chance(64));
		put_be32(2, chance(6));
		if (!chance(3))
			random_attr(1);
	}
	attr_end(data);
	attr_end(elem);
	attr_end(list);
}

static void put_nft(uint32_t seq)
{
	static const uint8_t families[] = { 2, 10, 1, 7, 5, 0 };
	struct nfgenmsg nfg = { .nfgen_family = families[chance(6)] };
	bool del = !chance(16);
	size_t at;

	at = header((uint16_t)(NFNL_SUBSYS_NFTABLES << 8 |
			       (del ? NFT_MSG_DELRULE : NFT_MSG_NEWRULE)),
		    (uint16_t)(NLM_F_ACK | NLM_F_CREATE | NLM_F_APPEND), seq);
	put(&nfg, sizeof(nfg));
	if (del) {
		put_text(NFTA_RULE_TABLE, "fuzz");
		put_text(NFTA_RULE_CHAIN, "fuzz");
	} else {
		put_rule();
	}
	finish(at);
}

/* Half of the batches are short: what is right then comes into force. */
static uint32_t batch_size(unsigned long left)
{
	uint32_t n = 1 + chance(chance(2) ? BATCH : 2);

	return n < left ? n : (uint32_t)left;
}

/* @n messages from number @first on, in one system call, and their answers. */
static void batch(const int *fds, bool to_nft, uint16_t family, uint32_t first, uint32_t n)
{
	uint32_t i;

	len = 0;
	memset(sent, 0, sizeof(sent));
	if (to_nft)
		batch_mark(NFNL_MSG_BATCH_BEGIN);
	for (i = 0; i < n; i++) {
		if (to_nft)
			put_nft(first + i);
		else
			put_genl(family, first + i, &sent[i]);
	}
	if (to_nft)
		batch_mark(NFNL_MSG_BATCH_END);
	send_all(fds[to_nft]);
	answers(fds[to_nft], first, n);
}

int main(int argc, char **argv)
{
	unsigned long i, count = argc > 2 ? strtoul(argv[1], NULL, 10) : 0;
	const char *only = argc == 4 ? argv[3] : NULL;
	uint16_t family;
	uint32_t n;
	int fds[2];

	if (argc < 3 || argc > 4 || !count ||
	    (only && strcmp(only, "genl") && strcmp(only, "nft"))) {
		fputs("usage: nlfuzz COUNT SEED [genl|nft]\n", stderr);
		return 2;
	}
	state = strtoull(argv[2], NULL, 10) * 0x9e3779b97f4a7c15ULL + 1;
	fds[0] = open_socket(NETLINK_GENERIC);
	fds[1] = open_socket(NETLINK_NETFILTER);
	family = family_id(fds[0]);
	for (i = 1; i <= count; i += n) {
		n = batch_size(count - i + 1);
		batch(fds, only ? !strcmp(only, "nft") : chance(2), family, (uint32_t)i, n);
	}
	printf("taken %lu refused %lu with-text %lu untold %lu\n", taken, refused, with_text,
	       untold);
	return 0;
}
