// SPDX-License-Identifier: GPL-2.0-only
/*
 * Words for the numbers of <linux/netfilter/nf_im.h>.
 */
#include "vocab.h"

#include <linux/netfilter/nf_im.h>
#include <string.h>

const char *const nfim_category_names[] = {
	[NF_IM_CAT_MESSENGER]	= "messenger",
	[NF_IM_CAT_ENTERPRISE]	= "enterprise",
	[NF_IM_CAT_VOICE]	= "voice",
	[NF_IM_CAT_REMOTE]	= "remote",
	[NF_IM_CAT_P2P]		= "p2p",
	[NF_IM_CAT_COUNT]	= NULL,
};

const char *const nfim_action_names[] = {
	[NF_IM_ACT_LOGIN]	= "login",
	[NF_IM_ACT_PRESENCE]	= "presence",
	[NF_IM_ACT_MESSAGE]	= "message",
	[NF_IM_ACT_CHAT]	= "chat",
	[NF_IM_ACT_FILE]	= "file",
	[NF_IM_ACT_VOICE]	= "voice",
	[NF_IM_ACT_VIDEO]	= "video",
	[NF_IM_ACT_WEBCAM]	= "webcam",
	[NF_IM_ACT_REMOTE]	= "remote",
	[NF_IM_ACT_LOOKUP]	= "lookup",
	[NF_IM_ACT_OTHER]	= "other",
	[NF_IM_ACT_COUNT]	= NULL,
};

const char *const nfim_state_names[] = {
	[NF_IM_STATE_NEW]		= "new",
	[NF_IM_STATE_UNDECIDED]		= "undecided",
	[NF_IM_STATE_DECIDED]		= "decided",
	[NF_IM_STATE_UNINSPECTED]	= "uninspected",
	[NF_IM_STATE_NONE]		= "none",
	[NF_IM_STATE_COUNT]		= NULL,
};

const char *const nfim_confidence_names[] = {
	[NF_IM_CONF_PAYLOAD]		= "payload",
	[NF_IM_CONF_PAYLOAD_PAIR]	= "payload-pair",
	[NF_IM_CONF_NAME]		= "name",
	[NF_IM_CONF_COUNT]		= NULL,
};

int nfim_vocab_find(const char *const *table, const char *word, size_t len)
{
	int i;

	for (i = 0; table[i]; i++)
		if (strlen(table[i]) == len && !memcmp(table[i], word, len))
			return i;
	return -1;
}
