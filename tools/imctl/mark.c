// SPDX-License-Identifier: GPL-2.0-only
/*
 * imctl mark: the bits of marks that verdicts are written into, and their names for nft.
 */
#include "hints.h"
#include "imctl.h"
#include "netlink.h"
#include "registry.h"
#include "saved.h"
#include "vocab.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct imctl_u32 mask;
static bool packet, runtime, off;
static const char *include;

const struct imctl_opt imctl_mark_opts[] = {
	{ "mask", "MASK", IMCTL_OPT_U32, &mask,
	  "write the protocol's number into these bits of the conntrack mark" },
	{ "packet", NULL, IMCTL_OPT_FLAG, &packet,
	  "instead, write what a packet does into these bits of its own mark" },
	{ "off", NULL, IMCTL_OPT_FLAG, &off, "write no mark any more" },
	{ "include", "FILE", IMCTL_OPT_STR, &include,
	  "where the names for nft go, instead of " IMCTL_MARK_NFT },
	{ "runtime", NULL, IMCTL_OPT_FLAG, &runtime, "until the next boot only" },
	{ 0 }
};

/* The largest number that has to stand in the bits. */
static uint32_t highest(void)
{
	if (packet)
		return (1U << NF_IM_ACT_COUNT) - 1;
	return nfim_name_at(nfim_name_count() - 1)->id;
}

static unsigned int bits_of(uint32_t value)
{
	unsigned int n = 0;

	for (; value; value >>= 1)
		n++;
	return n;
}

static uint32_t low_bit(uint32_t m)
{
	return m & -m;
}

/* The kernel refuses it too; here we know what would do. */
static int check_mask(uint32_t m)
{
	unsigned int need = bits_of(highest());
	uint32_t low = m / low_bit(m);

	if (low & (low + 1)) {
		imctl_say("the bits of --mask 0x%" PRIx32 " are not side by side", m);
		return IMCTL_USAGE;
	}
	if (low >= highest())
		return IMCTL_OK;
	imctl_say("--mask 0x%" PRIx32 " has %u bits, but %u %s need %u, such as 0x%" PRIx32, m,
		  bits_of(low), packet ? NF_IM_ACT_COUNT : highest(),
		  packet ? "actions" : "numbers of protocols", need,
		  ((1U << need) - 1) << (packet ? 16 : 8));
	return IMCTL_USAGE;
}

/* A name of nft has no "-". */
static void define(FILE *out, const char *prefix, const char *name, uint32_t value)
{
	fprintf(out, "define %s", prefix);
	for (; *name; name++)
		fputc(*name == '-' ? '_' : *name, out);
	fprintf(out, " = 0x%08" PRIx32 "\n", value);
}

static void write_names(FILE *out, const struct imctl_masks *masks)
{
	size_t i;

	fputs("# Written by imctl mark; imctl(8) says how to use it.\n", out);
	if (masks->flow) {
		define(out, "im_", "mask", masks->flow);
		for (i = 0; i < nfim_name_count(); i++)
			define(out, "im_", nfim_name_at(i)->name,
			       nfim_name_at(i)->id * low_bit(masks->flow));
	}
	if (masks->packet) {
		define(out, "im_", "packet_mask", masks->packet);
		for (i = 0; nfim_action_names[i]; i++)
			define(out, "im_action_", nfim_action_names[i],
			       low_bit(masks->packet) << i);
	}
}

static char *names(const struct imctl_masks *masks)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (out)
		write_names(out, masks);
	if (!out || fclose(out)) {
		imctl_say("out of memory");
		return NULL;
	}
	return text;
}

static int show(const struct imctl_masks *masks)
{
	if (imctl_json) {
		printf("{\"schema\":%d,\"mask\":%" PRIu32 ",\"packet_mask\":%" PRIu32 "}\n",
		       IMCTL_SCHEMA, masks->flow, masks->packet);
		return IMCTL_OK;
	}
	if (!masks->flow && !masks->packet)
		imctl_say("no marks are written; imctl mark --mask 0xff00 would");
	else
		write_names(stdout, masks);
	return IMCTL_OK;
}

/* The names for nft, and what the next boot needs. */
static int save(const struct imctl_masks *masks)
{
	char *text = names(masks);
	int ret;

	if (!text)
		return IMCTL_FAIL;
	ret = imctl_save_file(include ? include : IMCTL_MARK_NFT, text) ? IMCTL_FAIL : IMCTL_OK;
	free(text);
	if (ret != IMCTL_OK || runtime)
		return ret;
	return imctl_save_masks(masks);
}

static int set(struct nfim_nl *nl, struct imctl_masks *masks, const struct nfim_nl_status *st)
{
	struct nfim_nl_err err;

	if (nfim_nl_mark(nl, packet, mask.value, &err)) {
		imctl_say("%s", err.msg);
		return IMCTL_FAIL;
	}
	*(packet ? &masks->packet : &masks->flow) = mask.value;
	if (mask.value && !st->enabled && !st->rules)
		imctl_say("no flow is read here yet, so none is marked: imctl enable");
	if (packet && mask.value)
		imctl_say("packet marks also choose routes: no ip rule may look at 0x%08" PRIx32,
			  mask.value);
	if (!imctl_first_namespace()) {
		if (!include)
			return IMCTL_OK;
		runtime = true;
	}
	return save(masks);
}

static int usage(void)
{
	if (off && mask.set) {
		imctl_say("--off and --mask exclude each other");
		return IMCTL_USAGE;
	}
	if (off) {
		mask.set = true;
		mask.value = 0;
		return IMCTL_OK;
	}
	if (mask.set && !mask.value) {
		imctl_say("--mask 0 has no bits; --off writes no mark any more");
		return IMCTL_USAGE;
	}
	if (!mask.set && (packet || include || runtime)) {
		imctl_say("--%s wants --mask", packet ? "packet" : include ? "include" : "runtime");
		return IMCTL_USAGE;
	}
	return mask.set ? check_mask(mask.value) : IMCTL_OK;
}

int imctl_mark(int argc, char **argv)
{
	static struct nfim_nl_status st;
	struct imctl_masks masks;
	struct nfim_nl_err err;
	struct nfim_nl *nl;
	int ret = usage();

	(void)argc;
	(void)argv;
	if (ret != IMCTL_OK)
		return ret;
	if (imctl_nl_open(&nl))
		return IMCTL_FAIL;
	if (nfim_nl_get(nl, &st, &err)) {
		imctl_say("%s", err.msg);
		nfim_nl_close(nl);
		return IMCTL_FAIL;
	}
	masks.flow = st.ct_mask;
	masks.packet = st.packet_mask;
	ret = mask.set ? set(nl, &masks, &st) : show(&masks);
	nfim_nl_close(nl);
	return ret;
}
