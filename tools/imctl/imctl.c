// SPDX-License-Identifier: GPL-2.0-only
/*
 * imctl: look at, feed and try nf_im. The table of subcommands; each has a file
 * of its own.
 */
#include "imctl.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct imctl_cmd cmds[] = {
	{ "status", "", 0, 0, imctl_status, NULL, NULL,
	  "show the module's state, counters and the flows of each protocol" },
	{ "enable", "", 0, 0, imctl_enable, imctl_enable_opts, NULL,
	  "recognise messengers in this network namespace without any rule" },
	{ "disable", "", 0, 0, imctl_disable, imctl_disable_opts, NULL,
	  "undo enable" },
	{ "list", "", 0, 0, imctl_list, imctl_list_opts, NULL,
	  "list the protocols that signatures exist for" },
	{ "labels", "", 0, 0, imctl_labels, imctl_labels_opts, NULL,
	  "print, check or write the names of the conntrack labels" },
	{ "mark", "", 0, 0, imctl_mark, imctl_mark_opts, NULL,
	  "write verdicts into bits of marks, for sets and maps of nft" },
	{ "flows", "", 0, 0, imctl_flows, imctl_flows_opts, NULL,
	  "list the flows with a verdict, or let them be read again" },
	{ "classify", "FILE...", 1, -1, imctl_classify, imctl_classify_opts, NULL,
	  "say what the flows of capture files are" },
	{ "signatures", "COMMAND", 0, 0, NULL, NULL, imctl_signatures_cmds,
	  "check, build, load and show signature packs" },
	{ "monitor", "", 0, 0, imctl_monitor, NULL, NULL,
	  "print verdicts as they fall, until interrupted" },
	{ 0 }
};

void imctl_say(const char *fmt, ...)
{
	va_list ap;

	fputs("imctl: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

const char *imctl_base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

int main(int argc, char **argv)
{
	return imctl_dispatch("imctl", cmds, argc, argv);
}
