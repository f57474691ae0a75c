// SPDX-License-Identifier: GPL-2.0-only
/*
 * imctl monitor: verdicts of this network namespace, as they fall.
 */
#include "hints.h"
#include "imctl.h"
#include "netlink.h"
#include "out.h"
#include "vocab.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>

static const struct out_col cols[] = {
	{ .name = "time", .width = 24 }, { .name = "l4", .width = 3 },
	{ .name = "client", .width = 15 }, { .name = "cport", .width = 5 },
	{ .name = "server", .width = 15 }, { .name = "sport", .width = 5 },
	{ .name = "proto", .width = 12 }, { .name = "action", .width = 12 },
	{ .name = "user", .width = 16 }, { .name = "signature", .width = 12 },
	{ .name = "host", .width = 24 }, { .name = "confidence", .width = 10 },
	{ .name = "ech", .width = 0 },
};

static volatile sig_atomic_t stop;

static void on_signal(int sig)
{
	(void)sig;
	stop = 1;
}

static void put_time(struct out *o)
{
	struct timespec now;
	char text[40], date[24];
	struct tm tm;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text, sizeof(text), "%s.%03ldZ", date, now.tv_nsec / 1000000);
	out_str(o, text);
}

static void put_addr(struct out *o, int family, const uint8_t *addr)
{
	char text[INET6_ADDRSTRLEN];

	out_str(o, inet_ntop(family, addr, text, sizeof(text)));
}

static int on_event(const struct nfim_nl_event *ev, void *data)
{
	struct out *o = data;

	put_time(o);
	out_str(o, ev->l4 == IPPROTO_TCP ? "tcp" : "udp");
	put_addr(o, ev->family, ev->client);
	out_num(o, ev->cport);
	put_addr(o, ev->family, ev->server);
	out_num(o, ev->sport);
	out_str(o, ev->proto);
	out_actions(o, ev->actions);
	out_bytes(o, ev->user, ev->user_len);
	out_str(o, ev->correlated ? "correlated" : ev->rule[0] ? ev->rule : NULL);
	out_bytes(o, ev->host, ev->host_len);
	out_str(o, ev->confidence < NF_IM_CONF_COUNT ?
		   nfim_confidence_names[ev->confidence] : NULL);
	out_str(o, ev->ech ? "offered" : NULL);
	out_row(o);
	return ferror(stdout) ? -EPIPE : 0;
}

/* Signals are let in only while waiting, so that none is missed. */
static int wait_for_one(const struct nfim_nl *nl, const sigset_t *old)
{
	struct pollfd fd = { .fd = nfim_nl_fd(nl), .events = POLLIN };

	if (ppoll(&fd, 1, NULL, old) < 0)
		return -errno;
	return 0;
}

static void catch_signals(sigset_t *old)
{
	struct sigaction sa = { .sa_handler = on_signal };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, old);
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
}

static int listen_on(struct nfim_nl *nl)
{
	struct nfim_nl_err err;
	sigset_t old;
	struct out *o;
	int ret, end;

	catch_signals(&old);
	o = out_begin(cols, ARRAY_SIZE(cols), true);
	fflush(stdout);
	for (;;) {
		ret = wait_for_one(nl, &old);
		if (stop)
			break;
		if (!ret)
			ret = nfim_nl_events(nl, on_event, o, &err);
		if (ret == -ENOBUFS)
			imctl_say("%s", err.msg);
		else if (ret && ret != -EINTR)
			break;
	}
	end = out_finish(o);
	if (stop || ret == -EPIPE)
		return stop ? end : IMCTL_FAIL;
	imctl_say("%s", err.msg);
	return IMCTL_FAIL;
}

int imctl_monitor(int argc, char **argv)
{
	struct nfim_nl_err err;
	struct nfim_nl *nl;
	int ret;

	(void)argc;
	(void)argv;
	if (imctl_nl_open(&nl))
		return IMCTL_FAIL;
	ret = nfim_nl_subscribe(nl, &err);
	if (ret) {
		imctl_say("%s", err.msg);
		ret = IMCTL_FAIL;
	} else {
		ret = listen_on(nl);
	}
	nfim_nl_close(nl);
	return ret;
}
