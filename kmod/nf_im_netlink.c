// SPDX-License-Identifier: GPL-2.0-only
/*
 * Generic netlink family "nf_im"; uapi/linux/netfilter/nf_im.h is its document.
 */
#include <linux/module.h>
#include <net/genetlink.h>

#include "nf_im_learn.h"
#include "nf_im_mcast.h"
#include "nf_im_table.h"

enum {
	GET_BYTES = 24576,	/* room for every protocol there may be */
	WHY_BYTES = 128,
	WHY_BUFFERS = 64,
};

static int extack_errno(struct genl_info *info, int err, const char *text)
{
	if (err && info->extack)
		info->extack->_msg = text;
	return err;
}

static int put_pack(struct sk_buff *skb)
{
	struct nlattr *nest = nla_nest_start(skb, NF_IM_A_PACK);
	const struct nf_im_pack *pack;
	int err;

	if (!nest)
		return -EMSGSIZE;
	rcu_read_lock();
	pack = rcu_dereference(nf_im_pack);
	err = nla_put_u32(skb, NF_IM_A_PACK_VERSION, pack->p.hdr->version) ||
	      nla_put_u32(skb, NF_IM_A_PACK_CRC, pack->p.hdr->crc) ||
	      nla_put_u32(skb, NF_IM_A_PACK_SIZE, pack->size) ||
	      nla_put_u32(skb, NF_IM_A_PACK_RULES, pack->p.n_rules) ||
	      nla_put_u8(skb, NF_IM_A_PACK_BUILTIN, pack->builtin) ||
	      nla_put_u8(skb, NF_IM_A_PACK_PREVIOUS, nf_im_pack_has_previous());
	rcu_read_unlock();
	nla_nest_end(skb, nest);
	return err;
}

static u64 counter_of_cpu(const struct nf_im_stats *stats, u32 c)
{
	unsigned int start;
	u64 n;

	/* The writer of this CPU cannot come in between, which a UP kernel relies on. */
	local_bh_disable();
	do {
		start = u64_stats_fetch_begin(&stats->sync);
		n = u64_stats_read(&stats->c[c]);
	} while (u64_stats_fetch_retry(&stats->sync, start));
	local_bh_enable();
	return n;
}

static u64 counter_read(const struct nf_im_net *inet, u32 c)
{
	u64 sum = 0;
	int cpu;

	switch (c) {
	case NF_IM_A_C_EXPECTED:
		return atomic_read(&inet->expected);
	case NF_IM_A_C_LEARNT_NOW:
		return atomic_read(&inet->learnt);
	case NF_IM_A_C_ENTRIES:
		return atomic_read(&inet->entries);
	case NF_IM_A_C_BYTES:
		return atomic_read(&inet->bytes);
	case NF_IM_A_C_BYTES_CAP:
		return nf_im_cap(inet);
	}
	for_each_possible_cpu(cpu)
		sum += counter_of_cpu(per_cpu_ptr(inet->stats, cpu), c);
	return sum;
}

static int put_counters(struct sk_buff *skb, const struct nf_im_net *inet)
{
	struct nlattr *nest = nla_nest_start(skb, NF_IM_A_COUNTERS);
	u32 c;

	if (!nest)
		return -EMSGSIZE;
	for (c = NF_IM_A_C_PAD + 1; c <= NF_IM_A_C_MAX; c++)
		if (nla_put_u64_64bit(skb, c, counter_read(inet, c), NF_IM_A_C_PAD))
			return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int put_proto(struct sk_buff *skb, const struct nfim_pack *pack, u32 id, u64 flows)
{
	const struct nfim_proto *proto = nfim_pack_proto(pack, id);
	struct nlattr *nest;

	if (!proto || !flows)
		return 0;
	nest = nla_nest_start(skb, NF_IM_A_PROTO);
	if (!nest || nla_put_u16(skb, NF_IM_A_PROTO_ID, id) ||
	    nla_put_string(skb, NF_IM_A_PROTO_NAME, nfim_pack_str(pack, proto->name)) ||
	    nla_put_u64_64bit(skb, NF_IM_A_PROTO_FLOWS, flows, NF_IM_A_PROTO_PAD))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int put_protos(struct sk_buff *skb, const struct nf_im_net *inet)
{
	struct nlattr *nest = nla_nest_start(skb, NF_IM_A_PROTOS);
	const struct nf_im_pack *pack;
	int err = 0;
	u32 id;

	if (!nest)
		return -EMSGSIZE;
	rcu_read_lock();
	pack = rcu_dereference(nf_im_pack);
	for (id = 1; id < NFIM_PROTO_MAX && !err; id++)
		err = put_proto(skb, &pack->p, id, atomic64_read(&inet->proto_flows[id]));
	rcu_read_unlock();
	nla_nest_end(skb, nest);
	return err;
}

/* What not everybody has: bridges, names, marks. */
static int put_extras(struct sk_buff *skb, const struct nf_im_net *inet)
{
	u32 ct_mask = READ_ONCE(inet->ct_mask), skb_mask = READ_ONCE(inet->skb_mask);
	int err = 0;

	if (READ_ONCE(inet->enabled) == NFPROTO_BRIDGE)
		err = nla_put_flag(skb, NF_IM_A_BRIDGE);
	if (!err && nf_im_learn_on(inet))
		err = nla_put_flag(skb, NF_IM_A_CORRELATE);
	if (!err && ct_mask)
		err = nla_put_u32(skb, NF_IM_A_MARK_MASK, ct_mask) ||
		      nla_put_u32(skb, NF_IM_A_MARKS_LOST, nf_im_mark_overwritten(inet));
	if (!err && skb_mask)
		err = nla_put_u32(skb, NF_IM_A_PACKET_MASK, skb_mask);
	return err;
}

static int cmd_get(struct sk_buff *skb, struct genl_info *info)
{
	const struct nf_im_net *inet = nf_im_pernet(genl_info_net(info));
	struct sk_buff *msg = genlmsg_new(GET_BYTES, GFP_KERNEL);
	void *hdr;

	if (!msg)
		return -ENOMEM;
	hdr = genlmsg_put_reply(msg, info, &nf_im_genl_family, 0, NF_IM_CMD_GET);
	if (!hdr || nla_put_string(msg, NF_IM_A_VERSION, NF_IM_VERSION) ||
	    nla_put_u32(msg, NF_IM_A_LABEL_BASE, nf_im_label_base) ||
	    nla_put_u32(msg, NF_IM_A_RULES, READ_ONCE(inet->rules)) ||
	    nla_put_u8(msg, NF_IM_A_ENABLED, !!READ_ONCE(inet->enabled)) ||
	    put_extras(msg, inet) ||
	    put_pack(msg) || put_counters(msg, inet) || put_protos(msg, inet)) {
		nlmsg_free(msg);
		return -EMSGSIZE;
	}
	genlmsg_end(msg, hdr);
	return genlmsg_reply(msg, info);
}

static int cmd_enable(struct sk_buff *skb, struct genl_info *info)
{
	bool bridge = info->attrs[NF_IM_A_BRIDGE];
	int err = nf_im_enable(genl_info_net(info), true, bridge,
			       info->attrs[NF_IM_A_CORRELATE]);

	if (err == -ENOMEM && info->attrs[NF_IM_A_CORRELATE])
		return extack_errno(info, err, "no memory for names, or no room in table_bytes");
	return extack_errno(info, err, bridge ?
			    "the hook could not be had: nf_conntrack_bridge or labels are missing" :
			    "the hook could not be had: conntrack or its labels are missing");
}

static int cmd_disable(struct sk_buff *skb, struct genl_info *info)
{
	return nf_im_enable(genl_info_net(info), false, false, info->attrs[NF_IM_A_CORRELATE]);
}

static int cmd_mark(struct sk_buff *skb, struct genl_info *info)
{
	struct nf_im_net *inet = nf_im_pernet(genl_info_net(info));
	const struct nlattr *ct = info->attrs[NF_IM_A_MARK_MASK];
	const struct nlattr *packet = info->attrs[NF_IM_A_PACKET_MASK];
	int err = 0;

	if (!ct == !packet)
		return extack_errno(info, -EINVAL, "one mask is needed, of flows or of packets");
	if (ct)
		err = nf_im_mark_ct(inet, nla_get_u32(ct));
	else
		err = nf_im_mark_skb(inet, nla_get_u32(packet));
	if (err == -EOPNOTSUPP)
		return extack_errno(info, err, "this kernel's conntracks have no marks");
	return extack_errno(info, err, ct ?
			    "the mask's bits are not side by side, or too few for the protocols" :
			    "the mask's bits are not side by side, or too few for the actions");
}

static int cmd_reopen(struct sk_buff *skb, struct genl_info *info)
{
	struct sk_buff *msg = genlmsg_new(NLMSG_DEFAULT_SIZE, GFP_KERNEL);
	struct nf_im_reopened count;
	void *hdr;

	if (!msg)
		return -ENOMEM;
	nf_im_reopen(nf_im_pernet(genl_info_net(info)), &count);
	hdr = genlmsg_put_reply(msg, info, &nf_im_genl_family, 0, NF_IM_CMD_REOPEN);
	if (!hdr || nla_put_u32(msg, NF_IM_A_REOPENED, count.reopened) ||
	    nla_put_u32(msg, NF_IM_A_OFFLOADED, count.offloaded)) {
		nlmsg_free(msg);
		return -EMSGSIZE;
	}
	genlmsg_end(msg, hdr);
	return genlmsg_reply(msg, info);
}

/* Signatures are code that runs on everybody's packets: the host's admin alone loads them. */
static int pack_allowed(struct genl_info *info)
{
	return extack_errno(info, net_eq(genl_info_net(info), &init_net) ? 0 : -EPERM,
			    "packs are loaded from the initial network namespace only");
}

static int cmd_pack_begin(struct sk_buff *skb, struct genl_info *info)
{
	int err = pack_allowed(info);

	if (err)
		return err;
	if (!info->attrs[NF_IM_A_SIZE])
		return extack_errno(info, -EINVAL, "the size is missing");
	err = nf_im_pack_begin(info->snd_portid, nla_get_u32(info->attrs[NF_IM_A_SIZE]));
	if (err == -EBUSY)
		return extack_errno(info, err, "another upload is under way");
	if (err == -EFBIG)
		return extack_errno(info, err, "a pack may have 64 MiB at most");
	return extack_errno(info, err, "no pack is that small, or there is no memory for it");
}

static int cmd_pack_chunk(struct sk_buff *skb, struct genl_info *info)
{
	const struct nlattr *data;
	int err = pack_allowed(info);

	if (err)
		return err;
	if (!info->attrs[NF_IM_A_OFFSET] || !info->attrs[NF_IM_A_DATA])
		return extack_errno(info, -EINVAL, "the offset or the data is missing");
	data = info->attrs[NF_IM_A_DATA];
	err = nf_im_pack_chunk(info->snd_portid, nla_get_u32(info->attrs[NF_IM_A_OFFSET]),
			       nla_data(data), nla_len(data));
	return extack_errno(info, err, "a chunk out of order, or without a begin");
}

/* The text of a refusal is read after the command returned, so each has its own for a while. */
static char *why_buffer(void)
{
	static char why[WHY_BUFFERS][WHY_BYTES];
	static atomic_t next;

	return why[(u32)atomic_inc_return(&next) % WHY_BUFFERS];
}

static int cmd_pack_commit(struct sk_buff *skb, struct genl_info *info)
{
	char *why = why_buffer();
	int err = pack_allowed(info);

	if (err)
		return err;
	strscpy(why, "no upload was begun on this socket, or no memory", WHY_BYTES);
	err = nf_im_pack_commit(info->snd_portid, info->attrs[NF_IM_A_FORCE], why, WHY_BYTES);
	return extack_errno(info, err, why);
}

static int cmd_pack_rollback(struct sk_buff *skb, struct genl_info *info)
{
	char *why = why_buffer();
	int err = pack_allowed(info);

	if (err)
		return err;
	strscpy(why, "there is no pack to go back to", WHY_BYTES);
	err = nf_im_pack_rollback(info->attrs[NF_IM_A_FORCE], why, WHY_BYTES);
	return extack_errno(info, err, why);
}

static const struct nla_policy policy_none[NF_IM_A_MAX + 1];

static const struct nla_policy policy_enable[NF_IM_A_MAX + 1] = {
	[NF_IM_A_BRIDGE]	= { .type = NLA_FLAG },
	[NF_IM_A_CORRELATE]	= { .type = NLA_FLAG },
};

static const struct nla_policy policy_disable[NF_IM_A_MAX + 1] = {
	[NF_IM_A_CORRELATE]	= { .type = NLA_FLAG },
};

static const struct nla_policy policy_mark[NF_IM_A_MAX + 1] = {
	[NF_IM_A_MARK_MASK]	= { .type = NLA_U32 },
	[NF_IM_A_PACKET_MASK]	= { .type = NLA_U32 },
};

static const struct nla_policy policy_begin[NF_IM_A_MAX + 1] = {
	[NF_IM_A_SIZE]		= { .type = NLA_U32 },
};

static const struct nla_policy policy_chunk[NF_IM_A_MAX + 1] = {
	[NF_IM_A_OFFSET]	= { .type = NLA_U32 },
	[NF_IM_A_DATA]		= { .type = NLA_BINARY, .len = NF_IM_CHUNK_MAX },
};

static const struct nla_policy policy_commit[NF_IM_A_MAX + 1] = {
	[NF_IM_A_FORCE]		= { .type = NLA_FLAG },
};

#define IM_OP(c, fn, pol, perm) {		\
	.cmd = (c),				\
	.doit = (fn),				\
	.policy = (pol),			\
	.maxattr = NF_IM_A_MAX,			\
	.flags = (perm),			\
}

static const struct genl_ops ops[] = {
	IM_OP(NF_IM_CMD_GET, cmd_get, policy_none, GENL_UNS_ADMIN_PERM),
	IM_OP(NF_IM_CMD_ENABLE, cmd_enable, policy_enable, GENL_UNS_ADMIN_PERM),
	IM_OP(NF_IM_CMD_DISABLE, cmd_disable, policy_disable, GENL_UNS_ADMIN_PERM),
	IM_OP(NF_IM_CMD_PACK_BEGIN, cmd_pack_begin, policy_begin, GENL_ADMIN_PERM),
	IM_OP(NF_IM_CMD_PACK_CHUNK, cmd_pack_chunk, policy_chunk, GENL_ADMIN_PERM),
	IM_OP(NF_IM_CMD_PACK_COMMIT, cmd_pack_commit, policy_commit, GENL_ADMIN_PERM),
	IM_OP(NF_IM_CMD_MARK, cmd_mark, policy_mark, GENL_UNS_ADMIN_PERM),
	IM_OP(NF_IM_CMD_REOPEN, cmd_reopen, policy_none, GENL_UNS_ADMIN_PERM),
	IM_OP(NF_IM_CMD_PACK_ROLLBACK, cmd_pack_rollback, policy_commit, GENL_ADMIN_PERM),
};

static const struct genl_multicast_group groups[] = {
	NF_IM_MCAST_GROUP(NF_IM_GENL_GROUP),
};

struct genl_family nf_im_genl_family __ro_after_init = {
	.name = NF_IM_GENL_NAME,
	.version = NF_IM_GENL_VERSION,
	.netnsok = true,
	.parallel_ops = true,	/* everything shared has a lock of its own */
	.module = THIS_MODULE,
	.ops = ops,
	.n_ops = ARRAY_SIZE(ops),
	.mcgrps = groups,
	.n_mcgrps = ARRAY_SIZE(groups),
};

/* Whoever began an upload and went leaves nothing behind. */
static int socket_gone(struct notifier_block *nb, unsigned long event, void *ptr)
{
	const struct netlink_notify *n = ptr;

	if (event == NETLINK_URELEASE && n->protocol == NETLINK_GENERIC &&
	    net_eq(n->net, &init_net))
		nf_im_pack_release(n->portid);
	return NOTIFY_DONE;
}

static struct notifier_block socket_nb = {
	.notifier_call = socket_gone,
};

int __init nf_im_netlink_init(void)
{
	int err = netlink_register_notifier(&socket_nb);

	if (err)
		return err;
	err = genl_register_family(&nf_im_genl_family);
	if (err)
		netlink_unregister_notifier(&socket_nb);
	return err;
}

void nf_im_netlink_exit(void)
{
	nf_im_event_stop();
	genl_unregister_family(&nf_im_genl_family);
	netlink_unregister_notifier(&socket_nb);
}

MODULE_ALIAS_GENL_FAMILY(NF_IM_GENL_NAME);
