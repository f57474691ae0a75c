// SPDX-License-Identifier: GPL-2.0-only
/*
 * imctl enable, disable: the hook in this namespace, without any rule.
 */
#include "hints.h"
#include "imctl.h"
#include "netlink.h"
#include "saved.h"

#include <errno.h>

static bool runtime, persist, bridge, correlate, saved;

const struct imctl_opt imctl_enable_opts[] = {
	{ "runtime", NULL, IMCTL_OPT_FLAG, &runtime, "until the next boot only" },
	{ "persist", NULL, IMCTL_OPT_FLAG, &persist,
	  "over a reboot, even from another network namespace than the first" },
	{ "bridge", NULL, IMCTL_OPT_FLAG, &bridge, "frames that bridges forward, too" },
	{ "correlate", NULL, IMCTL_OPT_FLAG, &correlate,
	  "a name helps flows without one to the same address for a minute" },
	{ "saved", NULL, IMCTL_OPT_FLAG, &saved,
	  "put in force what /etc/nf-im says, as at boot; marks too" },
	{ 0 }
};

const struct imctl_opt imctl_disable_opts[] = {
	{ "runtime", NULL, IMCTL_OPT_FLAG, &runtime, "until the next boot only" },
	{ "persist", NULL, IMCTL_OPT_FLAG, &persist,
	  "over a reboot, even from another network namespace than the first" },
	{ "correlate", NULL, IMCTL_OPT_FLAG, &correlate,
	  "only that names help other flows; the rest stays" },
	{ 0 }
};

/* What is to be after the next boot; of what is not named that stays which was. */
static int save(bool on)
{
	bool only = !on && correlate;

	if (only && !imctl_saved_enabled())
		return IMCTL_OK;
	return imctl_save_enabled(on || only, bridge || ((on || only) && imctl_saved_bridge()),
				  on && (correlate || imctl_saved_correlate()));
}

static int set(bool on)
{
	struct nfim_nl_err err;
	struct nfim_nl *nl;
	int ret;

	if (runtime && persist) {
		imctl_say("--runtime and --persist exclude each other");
		return IMCTL_USAGE;
	}
	ret = imctl_nl_open(&nl);
	/* Without the module nothing is enabled; what is left is the file. */
	if (ret == -ENOENT && !on && !runtime) {
		imctl_say("so nothing is enabled now%s", persist || imctl_first_namespace() ?
			  ", nor will be after the next boot" : "");
		return persist || imctl_first_namespace() ? save(false) : IMCTL_OK;
	}
	if (ret)
		return IMCTL_FAIL;
	ret = nfim_nl_enable(nl, on, bridge, correlate, &err);
	nfim_nl_close(nl);
	if (ret) {
		imctl_say("%s", err.msg);
		return IMCTL_FAIL;
	}
	if (runtime)
		return IMCTL_OK;
	if (!persist && !imctl_first_namespace()) {
		imctl_say("%s until this network namespace goes; --persist is for the first one",
			  on ? "enabled" : "disabled");
		return IMCTL_OK;
	}
	return save(on);
}

/* At boot no names are better than no recognition at all. */
static int enable_saved(struct nfim_nl *nl, struct nfim_nl_err *err)
{
	bool names = imctl_saved_correlate(), bridges = imctl_saved_bridge();
	struct nfim_nl_err second;
	int ret = nfim_nl_enable(nl, true, bridges, names, err);

	if (!ret || !names || nfim_nl_enable(nl, true, bridges, false, &second))
		return ret;
	imctl_say("%s", err->msg);
	imctl_say("enabled without --correlate");
	return 0;
}

/* Marks first: a flow that is decided before there is a mask has to be walked over. */
static int set_saved(void)
{
	struct imctl_masks masks;
	struct nfim_nl_err err;
	struct nfim_nl *nl;
	int ret = 0;

	if (runtime || persist || bridge || correlate) {
		imctl_say("--saved stands alone");
		return IMCTL_USAGE;
	}
	if (imctl_saved_masks(&masks))
		return IMCTL_FAIL;
	if (!masks.flow && !masks.packet && !imctl_saved_enabled())
		return IMCTL_OK;
	if (imctl_nl_open(&nl))
		return IMCTL_FAIL;
	if (masks.flow)
		ret = nfim_nl_mark(nl, false, masks.flow, &err);
	if (!ret && masks.packet)
		ret = nfim_nl_mark(nl, true, masks.packet, &err);
	if (!ret && imctl_saved_enabled())
		ret = enable_saved(nl, &err);
	nfim_nl_close(nl);
	if (ret)
		imctl_say("%s", err.msg);
	return ret ? IMCTL_FAIL : IMCTL_OK;
}

int imctl_enable(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return saved ? set_saved() : set(true);
}

int imctl_disable(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return set(false);
}
