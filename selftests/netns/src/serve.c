// SPDX-License-Identifier: GPL-2.0-only
/*
 * The server: plays the s side on any number of ports, for IPv4 and IPv6, until
 * it is killed. Idle sessions are held for as long as the client holds them.
 */
#include "imtalk.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { BATCH = 256 };

/* What an event belongs to: a listener, or a session. */
struct endpoint {
	bool listens;
	int fd;
	struct sess sess;
};

static int open_port(const char *text, bool udp)
{
	struct sockaddr_in6 addr = { .sin6_family = AF_INET6 };
	unsigned long port = strtoul(text, NULL, 10);
	int fd, zero = 0, one = 1, queue = 4096;

	if (!port || port > 65535) {
		fprintf(stderr, "imtalk: bad port %s\n", text);
		return -1;
	}
	addr.sin6_port = htons((uint16_t)port);
	fd = socket(AF_INET6, (udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_NONBLOCK, 0);
	if (fd < 0 ||
	    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof(zero)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0 ||
	    bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 ||
	    (!udp && listen(fd, queue) < 0)) {
		fprintf(stderr, "imtalk: port %s: %s\n", text, strerror(errno));
		if (fd >= 0)
			close(fd);
		return -1;
	}
	/* Only of use where net.ipv4.tcp_fastopen allows it. */
	if (!udp)
		(void)setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN, &queue,
				 sizeof(queue));
	return fd;
}

static int watch(int ep, int op, struct endpoint *e, uint32_t events)
{
	struct epoll_event ev = { .events = events, .data.ptr = e };

	if (epoll_ctl(ep, op, e->fd, &ev) == 0)
		return 0;
	perror("imtalk: epoll_ctl");
	return -1;
}

static void session_event(int ep, struct endpoint *e)
{
	sess_step(&e->sess);
	if (sess_ended(&e->sess)) {
		sess_close(&e->sess);
		free(e);
		return;
	}
	watch(ep, EPOLL_CTL_MOD, e,
	      sess_events(&e->sess) & POLLOUT ? EPOLLOUT : EPOLLIN);
}

static void accept_all(int ep, int listener, const struct script *sc,
		       const struct opts *o)
{
	struct endpoint *e;
	int fd;

	while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
		e = calloc(1, sizeof(*e));
		if (!e) {
			close(fd);
			continue;
		}
		e->fd = fd;
		sess_accept(&e->sess, sc, o, fd);
		if (watch(ep, EPOLL_CTL_ADD, e, EPOLLIN) < 0) {
			close(fd);
			free(e);
			continue;
		}
		session_event(ep, e);
	}
}

static int add_listener(int ep, const char *port, bool udp)
{
	struct endpoint *e = calloc(1, sizeof(*e));

	if (!e)
		return -1;
	e->listens = true;
	e->fd = open_port(port, udp);
	if (e->fd >= 0 && watch(ep, EPOLL_CTL_ADD, e, EPOLLIN) == 0)
		return 0;
	free(e);
	return -1;
}

int serve(const struct script *sc, const struct opts *o, int nports,
	  char **ports)
{
	struct epoll_event evs[BATCH];
	int ep = epoll_create1(0), i, n;
	struct endpoint *e;

	if (ep < 0 || (o->udp && udp_server_init() < 0))
		return IMTALK_CUT;
	for (i = 0; i < nports; i++)
		if (add_listener(ep, ports[i], o->udp) < 0)
			return IMTALK_CUT;
	printf("serving\n");
	fflush(stdout);
	for (;;) {
		n = epoll_wait(ep, evs, BATCH, -1);
		for (i = 0; i < n; i++) {
			e = evs[i].data.ptr;
			if (!e->listens)
				session_event(ep, e);
			else if (o->udp)
				udp_server_input(e->fd, sc);
			else
				accept_all(ep, e->fd, sc, o);
		}
	}
}
