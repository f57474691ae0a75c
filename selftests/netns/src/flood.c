// SPDX-License-Identifier: GPL-2.0-only
/*
 * Many connections (or UDP source ports) which say the beginning of a script
 * and then hold still: fills tables to their cap.
 */
#include "imtalk.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

/* So many in a row mean that nothing gets through: give up. */
enum { FAILURES_MAX = 16 };

static int flood_one(const struct script *sc, const struct opts *o,
		     unsigned long nth, size_t len)
{
	struct timeval tv = { o->timeout_ms / 1000, o->timeout_ms % 1000 * 1000 };
	int fd = client_socket(o, nth);

	if (fd < 0)
		return -1;
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
	if (connect(fd, (const struct sockaddr *)&o->dest.ss, o->dest.len) < 0) {
		close(fd);
		return -1;
	}
	if (len && send(fd, sc->data + sc->lines[0].off, len,
			MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)len) {
		close(fd);
		return -1;
	}
	/* The socket stays open on purpose until the process ends. */
	return 0;
}

int flood(const struct script *sc, const struct opts *o)
{
	unsigned long i, failed = 0, row = 0;
	size_t len = o->first;

	if (sc->lines[0].side != 'c') {
		fprintf(stderr, "imtalk: --flood needs a script where c begins\n");
		return IMTALK_USAGE;
	}
	if (len > sc->lines[0].len)
		len = sc->lines[0].len;
	for (i = 0; i < o->flood && row < FAILURES_MAX; i++) {
		row = flood_one(sc, o, i, len) < 0 ? row + 1 : 0;
		failed += row ? 1 : 0;
	}
	printf("flood %lu open %lu failed %lu\n", o->flood, i - failed,
	       o->flood - (i - failed));
	fflush(stdout);
	poll(NULL, 0, o->hold_ms);
	return failed ? IMTALK_CUT : IMTALK_OK;
}
