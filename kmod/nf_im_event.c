// SPDX-License-Identifier: GPL-2.0-only
/*
 * One message for each flow whose protocol became known, to those who listen.
 */
#include <net/genetlink.h>

#include "nf_im.h"
#include "nf_im_mcast.h"

enum {
	EVENT_BYTES = 768,
};

/* The hooks outlive the family by a moment when the module goes. */
static bool events_off;

void nf_im_event_stop(void)
{
	WRITE_ONCE(events_off, true);
	synchronize_net();
}

bool nf_im_event_wanted(struct net *net)
{
	return NF_IM_MCAST_GUARDED && !READ_ONCE(events_off) &&
	       genl_has_listeners(&nf_im_genl_family, net, 0);
}

static int put_tuple(struct sk_buff *skb, const struct nf_conn *ct)
{
	const struct nf_conntrack_tuple *t = &ct->tuplehash[IP_CT_DIR_ORIGINAL].tuple;
	u32 len = t->src.l3num == NFPROTO_IPV4 ? 4 : 16;

	return nla_put_u8(skb, NF_IM_A_EV_FAMILY, t->src.l3num) ||
	       nla_put_u8(skb, NF_IM_A_EV_L4, t->dst.protonum) ||
	       nla_put(skb, NF_IM_A_EV_CLIENT, len, &t->src.u3) ||
	       nla_put(skb, NF_IM_A_EV_SERVER, len, &t->dst.u3) ||
	       nla_put_be16(skb, NF_IM_A_EV_CPORT, t->src.u.all) ||
	       nla_put_be16(skb, NF_IM_A_EV_SPORT, t->dst.u.all);
}

static int put_step(struct sk_buff *skb, const struct nfim_pack *pack,
		    const struct nfim_step *step)
{
	if (step->rule >= pack->n_rules && step->rule != NFIM_NO_RULE)
		return -EINVAL;
	return (step->rule != NFIM_NO_RULE &&
		nla_put_string(skb, NF_IM_A_EV_RULE,
			       nfim_pack_str(pack, pack->rules[step->rule].name))) ||
	       nla_put_u32(skb, NF_IM_A_EV_ACTIONS, step->actions) ||
	       (step->user_len && nla_put(skb, NF_IM_A_EV_USER, step->user_len, step->user)) ||
	       (step->host_len && nla_put(skb, NF_IM_A_EV_HOST, step->host_len, step->host)) ||
	       (step->ech && nla_put_flag(skb, NF_IM_A_EV_ECH));
}

static int put_verdict(struct sk_buff *skb, const struct nfim_pack *pack,
		       const struct nfim_flow *flow)
{
	const struct nfim_proto *p = nfim_pack_proto(pack, flow->proto);

	if (!p)
		return -EINVAL;
	return nla_put_string(skb, NF_IM_A_EV_PROTO, nfim_pack_str(pack, p->name)) ||
	       nla_put_u8(skb, NF_IM_A_EV_CONFIDENCE, nfim_flow_conf(flow->conf)) ||
	       (flow->conf == NFIM_CONF_LEARNT && nla_put_flag(skb, NF_IM_A_EV_CORRELATED));
}

static void event(const struct nf_im_net *inet, const struct nf_conn *ct,
		  const struct nfim_pack *pack, const struct nfim_flow *flow,
		  const struct nfim_step *step)
{
	struct sk_buff *skb;
	struct nlattr *nest;
	void *hdr;

	if (!nf_im_event_wanted(inet->net))
		return;
	skb = genlmsg_new(EVENT_BYTES, GFP_ATOMIC);
	if (!skb)
		goto lost;
	hdr = genlmsg_put(skb, 0, 0, &nf_im_genl_family, 0, NF_IM_CMD_EVENT);
	nest = hdr ? nla_nest_start(skb, NF_IM_A_EVENT) : NULL;
	if (!nest || put_tuple(skb, ct) || put_verdict(skb, pack, flow) ||
	    (step && put_step(skb, pack, step))) {
		nlmsg_free(skb);
		goto lost;
	}
	nla_nest_end(skb, nest);
	genlmsg_end(skb, hdr);
	if (genlmsg_multicast_netns(&nf_im_genl_family, inet->net, skb, 0, 0,
				    GFP_ATOMIC) != -ENOBUFS)
		return;
lost:
	nf_im_count(inet, NF_IM_A_C_EVENTS_LOST);
}

void nf_im_flow_known(const struct nf_im_net *inet, const struct nf_conn *ct,
		      const struct nfim_pack *pack, const struct nfim_flow *flow,
		      const struct nfim_step *step)
{
	nf_im_count(inet, NF_IM_A_C_MATCHED);
	atomic64_inc(&inet->proto_flows[flow->proto]);
	if (flow->conf == NFIM_CONF_OFFER)
		nf_im_count(inet, NF_IM_A_C_OFFERED);
	if (flow->conf == NFIM_CONF_LEARNT)
		nf_im_count(inet, NF_IM_A_C_CORRELATED);
	event(inet, ct, pack, flow, step);
}

void nf_im_flow_ended(const struct nf_im_net *inet, const struct nf_conn *ct,
		      const struct nfim_pack *pack, const struct nfim_flow *flow)
{
	if (unlikely(flow->done == NFIM_KNOWN))
		nf_im_flow_known(inet, ct, pack, flow, NULL);
	else
		nf_im_count(inet, flow->done == NFIM_NONE ? NF_IM_A_C_UNKNOWN :
			    NF_IM_A_C_UNINSPECTED);
}
