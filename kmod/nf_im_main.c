// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module, its namespaces, and who wants the hook in each of them.
 */
#include <linux/module.h>
#include <linux/mutex.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>

#include "nf_im_expect.h"
#include "nf_im_learn.h"
#include "nf_im_sweep.h"

/* Serialises packs, and what rules of all namespaces name. */
DEFINE_MUTEX(nf_im_mutex);

/* Protects the list of namespaces. */
static DEFINE_MUTEX(nets_mutex);
static LIST_HEAD(nets);
static unsigned int net_id;

struct nf_im_net *nf_im_pernet(const struct net *net)
{
	return net_generic(net, net_id);
}

/* Under nets_mutex: is it this namespace's turn? Then it is held. */
static bool net_sweeps(struct nf_im_net *inet, u32 round)
{
	if (inet->swept == round || !atomic_read(&inet->entries) || !maybe_get_net(inet->net))
		return false;
	inet->swept = round;
	/* Whoever waits longest comes first next time. */
	list_move_tail(&inet->list, &nets);
	return true;
}

/**
 * nf_im_net_to_sweep() - the next namespace that has entries
 * @round: number of the sweep; each namespace is given once a round, the initial one first,
 *	so that no number of others puts it off
 *
 * Context: process.
 * Return: the namespace, for the caller to put_net() its net, or NULL.
 */
struct nf_im_net *nf_im_net_to_sweep(u32 round)
{
	struct nf_im_net *inet, *found = NULL;

	mutex_lock(&nets_mutex);
	inet = nf_im_pernet(&init_net);
	if (net_sweeps(inet, round))
		found = inet;
	else
		list_for_each_entry(inet, &nets, list)
			if (net_sweeps(inet, round)) {
				found = inet;
				break;
			}
	mutex_unlock(&nets_mutex);
	return found;
}

static bool hooks_used(const struct nf_im_net *inet)
{
	u32 set;

	for (set = 0; set < NF_IM_HOOKS; set++)
		if (inet->users[set])
			return true;
	return false;
}

static int hook_get(struct nf_im_net *inet, enum nf_im_hooks set)
{
	u8 pf = nf_im_hook_family(set);
	int err;

	if (inet->users[set]) {
		inet->users[set]++;
		return 0;
	}
	if (!hooks_used(inet))
		nf_im_mem_open(inet);
	inet->users[set]++;
	err = nf_ct_netns_get(inet->net, pf);
	if (err)
		goto err_ct;
	err = nf_connlabels_get(inet->net, nf_im_label_bit(NF_IM_LABEL_COUNT - 1));
	if (err)
		goto err_labels;
	err = nf_im_hook_register(inet, set);
	if (err)
		goto err_hook;
	return 0;

err_hook:
	nf_connlabels_put(inet->net);
err_labels:
	nf_ct_netns_put(inet->net, pf);
err_ct:
	inet->users[set]--;
	if (!hooks_used(inet))
		nf_im_mem_close(inet);
	return err;
}

static void hook_put(struct nf_im_net *inet, enum nf_im_hooks set)
{
	/* A namespace on its way out has lost its hooks before its last rules go. */
	if (--inet->users[set] || inet->exiting)
		return;
	nf_im_hook_unregister(inet, set);
	synchronize_net();
	if (!hooks_used(inet)) {
		nf_im_table_flush(inet);
		nf_im_mem_close(inet);
	}
	nf_connlabels_put(inet->net);
	nf_ct_netns_put(inet->net, nf_im_hook_family(set));
}

/* A bridge carries both IPv4 and IPv6, some of which is the host's own. */
static bool family_wants(u8 family, enum nf_im_hooks set)
{
	switch (set) {
	case NF_IM_HOOKS_IPV4:
		return family != NFPROTO_IPV6;
	case NF_IM_HOOKS_IPV6:
		return IS_ENABLED(CONFIG_IPV6) && family != NFPROTO_IPV4;
	default:
		return family == NFPROTO_BRIDGE;
	}
}

/* All that a family wants, or nothing. */
static int family_get(struct nf_im_net *inet, u8 family)
{
	int err = 0;
	u32 set;

	for (set = 0; set < NF_IM_HOOKS && !err; set++)
		if (family_wants(family, set))
			err = hook_get(inet, set);
	if (!err)
		return 0;
	for (set--; set--;)
		if (family_wants(family, set))
			hook_put(inet, set);
	return err;
}

static void family_put(struct nf_im_net *inet, u8 family)
{
	u32 set;

	for (set = 0; set < NF_IM_HOOKS; set++)
		if (family_wants(family, set))
			hook_put(inet, set);
}

static bool rule_names(const struct xt_im_mtinfo *info, u32 id)
{
	return info->protos[id / 64] >> (id % 64) & 1;
}

static int rule_check(const struct xt_im_mtinfo *info)
{
	const struct nf_im_pack *pack;
	int err = 0;
	u32 id;

	rcu_read_lock();
	pack = rcu_dereference(nf_im_pack);
	for (id = 0; id < NFIM_PROTO_MAX && !err; id++) {
		if (!rule_names(info, id) || nfim_pack_proto(&pack->p, id))
			continue;
		pr_info_ratelimited("nf_im: no protocol has the number %u here; the tool that made the rule is newer than this module\n",
				    id);
		err = -EINVAL;
	}
	rcu_read_unlock();
	return err;
}

/* Does a rule want to know what packets of known flows do? A look-up is none of them. */
static bool rule_reads_on(const struct xt_im_mtinfo *info)
{
	return info->invert & NF_IM_MT_ACTION || info->actions & ~BIT(NF_IM_ACT_LOOKUP);
}

/* Flows of these protocols are read on for their actions. */
static void rule_watch(struct nf_im_net *inet, const struct xt_im_mtinfo *info, int by)
{
	bool all = !(info->flags & NF_IM_MT_PROTO) || info->invert & NF_IM_MT_PROTO;
	u32 id;

	if (!(info->flags & NF_IM_MT_ACTION))
		return;
	for (id = 1; id < NFIM_PROTO_MAX && rule_reads_on(info); id++)
		if (all || rule_names(info, id))
			WRITE_ONCE(inet->watch[id], inet->watch[id] + by);
	if (info->actions & BIT(NF_IM_ACT_LOOKUP))
		WRITE_ONCE(inet->lookups, inet->lookups + by);
	WRITE_ONCE(inet->watch_any, inet->watch_any + by);
}

void nf_im_watch_all(struct nf_im_net *inet, int by)
{
	const struct xt_im_mtinfo all = { .flags = NF_IM_MT_ACTION, .actions = ~0U };

	rule_watch(inet, &all, by);
}

int nf_im_rule_add(struct net *net, u8 family, const struct xt_im_mtinfo *info)
{
	struct nf_im_net *inet = nf_im_pernet(net);
	int err;

	mutex_lock(&inet->mutex);
	err = rule_check(info);
	if (!err)
		err = family_get(inet, family);
	if (!err) {
		WRITE_ONCE(inet->rules, inet->rules + 1);
		rule_watch(inet, info, 1);
		nf_im_pack_rule(info, true);
	}
	mutex_unlock(&inet->mutex);
	return err;
}
NF_IM_EXPORT(nf_im_rule_add);

void nf_im_rule_del(struct net *net, u8 family, const struct xt_im_mtinfo *info)
{
	struct nf_im_net *inet = nf_im_pernet(net);

	mutex_lock(&inet->mutex);
	nf_im_pack_rule(info, false);
	rule_watch(inet, info, -1);
	WRITE_ONCE(inet->rules, inet->rules - 1);
	family_put(inet, family);
	mutex_unlock(&inet->mutex);
}
NF_IM_EXPORT(nf_im_rule_del);

static int enable_get(struct nf_im_net *inet, bool bridge)
{
	int err = 0;

	if (!inet->enabled)
		err = family_get(inet, bridge ? NFPROTO_BRIDGE : NFPROTO_INET);
	else if (bridge && inet->enabled == NFPROTO_INET)
		err = hook_get(inet, NF_IM_HOOKS_BRIDGE);
	if (err)
		return err;
	if (bridge || !inet->enabled)
		WRITE_ONCE(inet->enabled, bridge ? NFPROTO_BRIDGE : NFPROTO_INET);
	return 0;
}

/* Both, or nothing. */
static int enable(struct nf_im_net *inet, bool bridge, bool learn)
{
	bool learnt = nf_im_learn_on(inet);
	int err = learn ? nf_im_learn_set(inet, true) : 0;

	if (err)
		return err;
	err = enable_get(inet, bridge);
	if (err && !learnt)
		nf_im_learn_set(inet, false);
	return err;
}

static void disable(struct nf_im_net *inet, bool learn_only)
{
	nf_im_learn_set(inet, false);
	if (learn_only || !inet->enabled)
		return;
	family_put(inet, inet->enabled);
	WRITE_ONCE(inet->enabled, 0);
}

int nf_im_enable(struct net *net, bool on, bool bridge, bool learn)
{
	struct nf_im_net *inet = nf_im_pernet(net);
	int err = 0;

	mutex_lock(&inet->mutex);
	if (on)
		err = enable(inet, bridge, learn);
	else
		disable(inet, learn);
	mutex_unlock(&inet->mutex);
	return err;
}

static int __net_init net_init(struct net *net)
{
	struct nf_im_net *inet = nf_im_pernet(net);
	int cpu;

	inet->net = net;
	mutex_init(&inet->mutex);
	inet->stats = alloc_percpu_gfp(struct nf_im_stats, GFP_KERNEL_ACCOUNT);
	if (!inet->stats)
		return -ENOMEM;
	for_each_possible_cpu(cpu)
		u64_stats_init(&per_cpu_ptr(inet->stats, cpu)->sync);
	inet->proto_flows = kcalloc(NFIM_PROTO_MAX, sizeof(*inet->proto_flows),
				    GFP_KERNEL_ACCOUNT);
	if (!inet->proto_flows) {
		free_percpu(inet->stats);
		return -ENOMEM;
	}
	mutex_lock(&nets_mutex);
	list_add_tail(&inet->list, &nets);
	mutex_unlock(&nets_mutex);
	return 0;
}

/*
 * The hooks go before the grace period that all namespaces share. Rules may outlive this by a
 * moment; then only their counts go down.
 */
static void __net_exit net_pre_exit(struct net *net)
{
	struct nf_im_net *inet = nf_im_pernet(net);
	u32 i;

	mutex_lock(&nets_mutex);
	list_del(&inet->list);
	mutex_unlock(&nets_mutex);
	mutex_lock(&inet->mutex);
	inet->exiting = true;
	for (i = 0; i < ARRAY_SIZE(inet->users); i++) {
		if (!inet->users[i])
			continue;
		nf_im_hook_unregister(inet, i);
		nf_connlabels_put(net);
		nf_ct_netns_put(net, nf_im_hook_family(i));
	}
	mutex_unlock(&inet->mutex);
}

static void __net_exit net_exit(struct net *net)
{
	struct nf_im_net *inet = nf_im_pernet(net);

	mutex_lock(&inet->mutex);
	nf_im_learn_set(inet, false);
	mutex_unlock(&inet->mutex);
	nf_im_table_flush(inet);
	nf_im_mem_close(inet);
	kfree(inet->proto_flows);
	free_percpu(inet->stats);
}

static struct pernet_operations net_ops = {
	.init = net_init,
	.pre_exit = net_pre_exit,
	.exit = net_exit,
	.id = &net_id,
	.size = sizeof(struct nf_im_net),
};

static int __init nf_im_init(void)
{
	int err;

	err = nf_im_label_check();
	if (err)
		return err;
	err = nf_im_pack_init();
	if (err)
		return err;
	err = nf_im_crypto_init();
	if (err)
		goto err_crypto;
	err = nf_im_table_init();
	if (err)
		goto err_table;
	err = nf_im_datagram_init();
	if (err)
		goto err_datagram;
	err = nf_im_expect_init();
	if (err)
		goto err_expect;
	nf_im_learn_init();
	err = register_pernet_subsys(&net_ops);
	if (err)
		goto err_pernet;
	err = nf_im_netlink_init();
	if (err)
		goto err_netlink;
	nf_im_sweep_start();
	return 0;

err_netlink:
	unregister_pernet_subsys(&net_ops);
err_pernet:
	nf_im_expect_exit();
err_expect:
	nf_im_datagram_exit();
err_datagram:
	nf_im_table_exit();
err_table:
	nf_im_crypto_exit();
err_crypto:
	nf_im_pack_exit();
	return err;
}

static void __exit nf_im_exit(void)
{
	nf_im_netlink_exit();
	nf_im_sweep_stop();
	unregister_pernet_subsys(&net_ops);
	nf_im_expect_exit();
	nf_im_datagram_exit();
	nf_im_table_exit();
	nf_im_crypto_exit();
	nf_im_pack_exit();
}

module_init(nf_im_init);
module_exit(nf_im_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Recognise instant messaging by its payload");
MODULE_VERSION(NF_IM_VERSION);
