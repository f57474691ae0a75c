// SPDX-License-Identifier: GPL-2.0-only
/*
 * The client: one session, the same session again and again, or many in
 * parallel which differ in where their first segment ends.
 */
#include "imtalk.h"

#include <poll.h>
#include <stdlib.h>

/* Return: how many sessions are still open. */
static size_t fill_poll(struct pollfd *pfds, struct sess *all, size_t n,
			bool *waits)
{
	size_t i, open = 0;

	*waits = false;
	for (i = 0; i < n; i++) {
		pfds[i].fd = sess_ended(&all[i]) ? -1 : all[i].fd;
		pfds[i].events = sess_events(&all[i]);
		if (sess_ended(&all[i]))
			continue;
		open++;
		if (sess_waits(&all[i])) {
			/* Polled by time: POLLHUP would make poll() spin. */
			pfds[i].fd = -1;
			*waits = true;
		}
	}
	return open;
}

/* Step all sessions until each has ended or none has moved for the timeout. */
static int run_all(struct sess *all, size_t n, int timeout_ms)
{
	struct pollfd *pfds = calloc(n, sizeof(*pfds));
	int64_t idle_since;
	bool waits;
	size_t i;

	if (!pfds) {
		perror("imtalk");
		return -1;
	}
	while (fill_poll(pfds, all, n, &waits)) {
		poll(pfds, n, waits ? 1 : 50);
		for (i = 0; i < n; i++) {
			if (sess_ended(&all[i]))
				continue;
			sess_step(&all[i]);
			idle_since = now_ms() - timeout_ms;
			if (!sess_ended(&all[i]) &&
			    all[i].state != SESS_DELAY &&
			    all[i].progress < idle_since) {
				all[i].state = SESS_CUT;
				all[i].reason = "timeout";
			}
		}
	}
	free(pfds);
	return 0;
}

static int talk_once(const struct script *sc, const struct opts *o)
{
	struct sess s;
	bool done;

	if (sess_connect(&s, sc, o, o->cut) < 0 ||
	    run_all(&s, 1, o->timeout_ms) < 0)
		return IMTALK_CUT;
	done = s.state == SESS_DONE;
	printf("%s c %zu/%zu s %zu/%zu%s%s\n", done ? "complete" : "cut-off",
	       sess_through(&s), sc->total_c, s.rx, sc->total_s,
	       done ? "" : " ", done ? "" : s.reason);
	sess_close(&s);
	return done ? IMTALK_OK : IMTALK_CUT;
}

static int talk_cuts(const struct script *sc, const struct opts *o)
{
	size_t n = o->cut_to - o->cut_from + 1, i, complete = 0;
	struct sess *all = calloc(n, sizeof(*all));

	if (!all) {
		perror("imtalk");
		return IMTALK_CUT;
	}
	for (i = 0; i < n; i++) {
		if (sess_connect(&all[i], sc, o, o->cut_from + i) < 0)
			return IMTALK_CUT;
	}
	if (run_all(all, n, o->timeout_ms) < 0)
		return IMTALK_CUT;
	for (i = 0; i < n; i++) {
		if (all[i].state == SESS_DONE) {
			complete++;
			printf("cut %zu complete\n", o->cut_from + i);
		} else {
			printf("cut %zu cut-off after %zu bytes (%s)\n",
			       o->cut_from + i, sess_through(&all[i]),
			       all[i].reason);
		}
		sess_close(&all[i]);
	}
	printf("cuts %zu complete %zu cut-off %zu\n", n, complete, n - complete);
	free(all);
	return complete == n ? IMTALK_OK : IMTALK_CUT;
}

int talk(const struct script *sc, const struct opts *o)
{
	unsigned long i;
	int rc = IMTALK_OK;

	if (o->cut_from)
		return talk_cuts(sc, o);
	for (i = 0; i < o->count; i++) {
		if (talk_once(sc, o) != IMTALK_OK)
			rc = IMTALK_CUT;
		fflush(stdout);
	}
	return rc;
}
