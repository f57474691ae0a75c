// SPDX-License-Identifier: GPL-2.0-only
/*
 * Why the module is not there, or not the right one, and the command that mends it.
 */
#include "hints.h"
#include "imctl.h"

#include <ctype.h>
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

/* A module's signature ends with this. */
static const char signed_mark[] = "~Module signature appended~\n";

enum module_file { MODULE_ABSENT, MODULE_PACKED, MODULE_SIGNED, MODULE_UNSIGNED };

/* For tests: a folder below which the system's files are looked for. */
static const char *root(void)
{
	const char *dir = secure_getenv("NFIM_ROOT");

	return dir ? dir : "";
}

/* Whether the first line of a file has that text; a file that is not there has none. */
static bool line_has(const char *path, const char *text)
{
	char name[512], line[256];
	bool found;
	FILE *f;

	snprintf(name, sizeof(name), "%s%s", root(), path);
	f = fopen(name, "re");
	if (!f)
		return false;
	found = fgets(line, sizeof(line), f) && strstr(line, text);
	fclose(f);
	return found;
}

static bool signature_enforced(void)
{
	return line_has("/sys/module/module/parameters/sig_enforce", "Y") ||
	       line_has("/sys/kernel/security/lockdown", "[integrity]") ||
	       line_has("/sys/kernel/security/lockdown", "[confidentiality]");
}

/* How the module's file ends; what is compressed cannot be told so. */
static enum module_file look_at(const char *path)
{
	char end[sizeof(signed_mark)] = "";
	size_t len = strlen(path), mark = sizeof(signed_mark) - 1;
	enum module_file found = MODULE_UNSIGNED;
	FILE *f;

	if (len < 3 || strcmp(path + len - 3, ".ko"))
		return MODULE_PACKED;
	f = fopen(path, "re");
	if (!f)
		return MODULE_ABSENT;
	if (!fseek(f, -(long)mark, SEEK_END) && fread(end, 1, mark, f) == mark &&
	    !memcmp(end, signed_mark, mark))
		found = MODULE_SIGNED;
	fclose(f);
	return found;
}

/* Where DKMS, a distribution or make modules_install puts it. */
static enum module_file find_module(const char *release)
{
	static const char *const dirs[] = { "updates/dkms", "updates", "extra", "extra/kmod",
					    "kernel/net/netfilter" };
	enum module_file found = MODULE_ABSENT;
	char pattern[512];
	glob_t files;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(dirs) && found == MODULE_ABSENT; i++) {
		snprintf(pattern, sizeof(pattern), "%s/lib/modules/%s/%s/nf_im.ko*",
			 root(), release, dirs[i]);
		if (glob(pattern, 0, NULL, &files))
			continue;
		found = look_at(files.gl_pathv[0]);
		globfree(&files);
	}
	return found;
}

static bool dkms_has_source(void)
{
	char pattern[512];
	glob_t files;

	snprintf(pattern, sizeof(pattern), "%s/usr/src/nf-im-*/dkms.conf", root());
	if (glob(pattern, 0, NULL, &files))
		return false;
	globfree(&files);
	return true;
}

static const char not_built[] =
	"nf_im is not built for this kernel; install its headers, then: dkms autoinstall -k %s";
static const char not_installed[] =
	"nf_im is not installed for the running kernel %s: %s";
static const char install_it[] =
	"build it (make modules_install, depmod) or install the package nf-im-dkms";
static const char not_signed[] =
	"nf_im is not signed, as this kernel wants it; see SECURE BOOT in nf-im(7)";
static const char key_unknown[] =
	"if modprobe says \"Key was rejected by service\", the kernel does not know the key";
static const char enrol[] =
	"to enrol the key of DKMS: mokutil --import /var/lib/dkms/mok.pub, then reboot";

void imctl_hint_absent(void)
{
	enum module_file file;
	struct utsname uts;

	if (uname(&uts))
		return;
	file = find_module(uts.release);
	if (file == MODULE_ABSENT) {
		if (dkms_has_source())
			imctl_say(not_built, uts.release);
		else
			imctl_say(not_installed, uts.release, install_it);
		return;
	}
	if (!signature_enforced())
		return;
	imctl_say("%s", file == MODULE_UNSIGNED ? not_signed : key_unknown);
	imctl_say("%s", enrol);
}

int imctl_nl_open(struct nfim_nl **nl)
{
	struct nfim_nl_err err;
	int ret = nfim_nl_open(nl, &err);

	if (!ret)
		return 0;
	imctl_say("%s", err.msg);
	if (ret == -ENOENT)
		imctl_hint_absent();
	return ret;
}

/* Compares versions number by number, as in 0.9 and 0.10. */
static int version_order(const char *a, const char *b)
{
	while (*a && *b) {
		char *next_a, *next_b;
		unsigned long na, nb;

		if (!isdigit((unsigned char)*a) || !isdigit((unsigned char)*b)) {
			if (*a != *b)
				return *a < *b ? -1 : 1;
			a++;
			b++;
			continue;
		}
		na = strtoul(a, &next_a, 10);
		nb = strtoul(b, &next_b, 10);
		if (na != nb)
			return na < nb ? -1 : 1;
		a = next_a;
		b = next_b;
	}
	return *a ? 1 : *b ? -1 : 0;
}

static const char newer[] =
	"the loaded module is version %s, newer than this tool, %s: upgrade nf-im";
static const char older[] =
	"the loaded module is version %s, older than this tool, %s; a boot loads the new one";

void imctl_hint_version(const char *loaded)
{
	int order = version_order(loaded, NF_IM_VERSION);

	if (!order)
		return;
	imctl_say(order > 0 ? newer : older, loaded, NF_IM_VERSION);
	if (order < 0)
		imctl_say("without a boot, once no rule uses it: modprobe -r xt_im nf_im");
}
