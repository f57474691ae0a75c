// SPDX-License-Identifier: GPL-2.0-only
/*
 * The files of /etc/nf-im: what is to be in force after a boot.
 */
#include "saved.h"
#include "imctl.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool imctl_first_namespace(void)
{
	struct stat mine, first;

	if (stat("/proc/self/ns/net", &mine) || stat("/proc/1/ns/net", &first))
		return false;
	return mine.st_ino == first.st_ino && mine.st_dev == first.st_dev;
}

bool imctl_saved_enabled(void)
{
	return !access(IMCTL_ENABLED_FILE, F_OK);
}

/* Is there such a line? */
static bool saved_word(const char *word)
{
	FILE *file = fopen(IMCTL_ENABLED_FILE, "re");
	bool found = false;
	char line[64];

	while (file && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		found |= !strcmp(line, word);
	}
	if (file)
		fclose(file);
	return found;
}

bool imctl_saved_bridge(void)
{
	return saved_word("bridge");
}

bool imctl_saved_correlate(void)
{
	return saved_word("correlate");
}

static int write_all(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");

	if (!file)
		return -1;
	if (fputs(text, file) < 0 || fflush(file) || fsync(fileno(file))) {
		fclose(file);
		return -1;
	}
	return fclose(file);
}

int imctl_save_file(const char *path, const char *text)
{
	char *tmp;
	int ret = -1;

	if (!strncmp(path, IMCTL_SAVED_DIR "/", sizeof(IMCTL_SAVED_DIR)) &&
	    mkdir(IMCTL_SAVED_DIR, 0755) && errno != EEXIST) {
		imctl_say("cannot create %s: %s", IMCTL_SAVED_DIR, strerror(errno));
		return -1;
	}
	if (asprintf(&tmp, "%s.tmp", path) < 0) {
		imctl_say("out of memory");
		return -1;
	}
	if (write_all(tmp, text) || rename(tmp, path))
		imctl_say("cannot write %s: %s", path, strerror(errno));
	else
		ret = 0;
	if (ret)
		unlink(tmp);
	free(tmp);
	return ret;
}

static int forget(const char *path)
{
	if (!unlink(path) || errno == ENOENT || errno == ENOTDIR)
		return IMCTL_OK;
	imctl_say("in force now, but not over a reboot: cannot remove %s: %s", path,
		  strerror(errno));
	return IMCTL_FAIL;
}

static int keep(const char *path, const char *text)
{
	if (!imctl_save_file(path, text))
		return IMCTL_OK;
	imctl_say("in force now, but not over a reboot");
	return IMCTL_FAIL;
}

int imctl_save_enabled(bool on, bool bridge, bool correlate)
{
	char text[32];

	if (!on)
		return forget(IMCTL_ENABLED_FILE);
	snprintf(text, sizeof(text), "%s%s", bridge ? "bridge\n" : "",
		 correlate ? "correlate\n" : "");
	return keep(IMCTL_ENABLED_FILE, text);
}

int imctl_saved_masks(struct imctl_masks *masks)
{
	FILE *file = fopen(IMCTL_MARK_FILE, "re");
	char line[128], what[16];
	unsigned int n = 0;
	uint32_t mask;
	int ret = 0;

	memset(masks, 0, sizeof(*masks));
	if (!file)
		return 0;
	while (!ret && fgets(line, sizeof(line), file)) {
		n++;
		if (line[0] == '#' || line[0] == '\n')
			continue;
		if (sscanf(line, "%15s %" SCNx32, what, &mask) == 2 && !strcmp(what, "flow"))
			masks->flow = mask;
		else if (sscanf(line, "%15s %" SCNx32, what, &mask) == 2 && !strcmp(what, "packet"))
			masks->packet = mask;
		else
			ret = -1;
	}
	if (ret)
		imctl_say("%s:%u: neither \"flow MASK\" nor \"packet MASK\"", IMCTL_MARK_FILE, n);
	fclose(file);
	return ret;
}

int imctl_save_masks(const struct imctl_masks *masks)
{
	char text[160];
	int n;

	if (!masks->flow && !masks->packet)
		return forget(IMCTL_MARK_FILE);
	n = snprintf(text, sizeof(text), "# written by imctl mark\n");
	if (masks->flow)
		n += snprintf(text + n, sizeof(text) - n, "flow 0x%08" PRIx32 "\n", masks->flow);
	if (masks->packet)
		snprintf(text + n, sizeof(text) - n, "packet 0x%08" PRIx32 "\n", masks->packet);
	return keep(IMCTL_MARK_FILE, text);
}
