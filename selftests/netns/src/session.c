// SPDX-License-Identifier: GPL-2.0-only
/*
 * One TCP session by script. The sending side can force segment boundaries: it
 * stops at the boundary until everything sent is acknowledged (TIOCOUTQ is 0),
 * so the bytes after it cannot share a segment with those before.
 */
#include "imtalk.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <linux/sockios.h>

int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

void raise_nofile(void)
{
	struct rlimit rl = { 1 << 20, 1 << 20 };

	/* As far as the system lets us; too few shows as a failed socket. */
	if (setrlimit(RLIMIT_NOFILE, &rl) == 0)
		return;
	if (getrlimit(RLIMIT_NOFILE, &rl) == 0) {
		rl.rlim_cur = rl.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &rl);
	}
}

static const char *reason_of(int err)
{
	switch (err) {
	case ECONNRESET:
	case EPIPE:
		return "reset";
	case ECONNREFUSED:
		return "refused";
	case EHOSTUNREACH:
	case ENETUNREACH:
	case EACCES:
	case EPERM:
		return "unreachable";
	case ETIMEDOUT:
		return "timeout";
	default:
		return "error";
	}
}

static void sess_fail(struct sess *s, const char *reason)
{
	s->state = SESS_CUT;
	s->reason = reason;
}

static void set_int(int fd, int level, int name, int value)
{
	if (setsockopt(fd, level, name, &value, sizeof(value)) < 0)
		perror("imtalk: setsockopt");
}

static void addr_advance(struct addr *a, unsigned long n)
{
	uint8_t *p;
	int i;

	if (a->ss.ss_family == AF_INET) {
		p = (uint8_t *)&((struct sockaddr_in *)&a->ss)->sin_addr;
		i = 3;
	} else {
		p = (uint8_t *)&((struct sockaddr_in6 *)&a->ss)->sin6_addr;
		i = 15;
	}
	for (; n && i >= 0; i--, n >>= 8) {
		n += p[i];
		p[i] = (uint8_t)n;
	}
}

int client_socket(const struct opts *o, unsigned long nth)
{
	struct addr src = o->source;
	int family = o->dest.ss.ss_family;
	int fd = socket(family, o->udp ? SOCK_DGRAM : SOCK_STREAM, 0);

	if (fd < 0) {
		perror("imtalk: socket");
		return -1;
	}
	if (src.len) {
		addr_advance(&src, nth % o->nsources);
	} else if (o->source_port) {
		src.ss.ss_family = (sa_family_t)family;
		src.len = o->dest.len;
	} else {
		return fd;
	}
	/* sin_port and sin6_port stand at the same place. */
	((struct sockaddr_in *)&src.ss)->sin_port = htons((uint16_t)o->source_port);
	set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (!o->source_port && !o->udp)
		set_int(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
	if (bind(fd, (struct sockaddr *)&src.ss, src.len) < 0) {
		perror("imtalk: bind");
		close(fd);
		return -1;
	}
	return fd;
}

static void sess_init(struct sess *s, const struct script *sc,
		      const struct opts *o, int fd, char side)
{
	int one = 1;

	memset(s, 0, sizeof(*s));
	s->sc = sc;
	s->opts = o;
	s->fd = fd;
	s->side = side;
	s->state = SESS_RUN;
	s->progress = now_ms();
	set_int(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	if (ioctl(fd, FIONBIO, &one) < 0)
		perror("imtalk: FIONBIO");
}

int sess_connect(struct sess *s, const struct script *sc, const struct opts *o,
		 size_t cut)
{
	int fd = client_socket(o, 0);

	if (fd < 0)
		return -1;
	sess_init(s, sc, o, fd, 'c');
	s->cut = cut;
	/* With TFO the first sendto() connects, unless the server begins. */
	if (o->tfo && sc->lines[0].side == 'c')
		return 0;
	s->state = SESS_CONNECT;
	if (connect(fd, (const struct sockaddr *)&o->dest.ss, o->dest.len) < 0 &&
	    errno != EINPROGRESS)
		sess_fail(s, reason_of(errno));
	return 0;
}

void sess_accept(struct sess *s, const struct script *sc, const struct opts *o,
		 int fd)
{
	sess_init(s, sc, o, fd, 's');
}

bool sess_ended(const struct sess *s)
{
	return s->state == SESS_DONE || s->state == SESS_CUT;
}

bool sess_waits(const struct sess *s)
{
	return s->state == SESS_ACK || s->state == SESS_DELAY ||
	       s->state == SESS_DRAIN;
}

short sess_events(const struct sess *s)
{
	if (s->state == SESS_CONNECT)
		return POLLOUT;
	if (s->state != SESS_RUN)
		return 0;
	return s->want_write ? POLLOUT : POLLIN;
}

static bool all_acked(const struct sess *s)
{
	int queued = 0;

	return ioctl(s->fd, SIOCOUTQ, &queued) == 0 && !queued;
}

size_t sess_through(const struct sess *s)
{
	struct tcp_info info = {};
	socklen_t len = sizeof(info);
	int queued = 0;

	/* Before the handshake SIOCOUTQ says 0, whatever was given to TCP. */
	if (s->fd >= 0 &&
	    getsockopt(s->fd, IPPROTO_TCP, TCP_INFO, &info, &len) == 0 &&
	    info.tcpi_state == TCP_SYN_SENT)
		return 0;
	if (s->fd < 0 || ioctl(s->fd, SIOCOUTQ, &queued) < 0)
		queued = 0;
	return s->tx > (size_t)queued ? s->tx - (size_t)queued : 0;
}

void sess_close(struct sess *s)
{
	/* A session which went wrong ends with a reset, so the peer knows. */
	struct linger now = { 1, 0 };

	if (s->fd < 0)
		return;
	if (s->state == SESS_CUT)
		(void)setsockopt(s->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(s->fd);
	s->fd = -1;
}

/* How many bytes may go in one send(): up to the end of line or boundary. */
static size_t send_room(const struct sess *s)
{
	const struct opts *o = s->opts;
	size_t room = s->sc->lines[s->line].len - s->off;

	if (s->side != 'c')
		return room;
	if (o->bytewise)
		return 1;
	if (s->cut > s->tx && s->cut - s->tx < room)
		room = s->cut - s->tx;
	if (o->has_delay && o->delay_at > s->tx && o->delay_at - s->tx < room)
		room = o->delay_at - s->tx;
	return room;
}

static ssize_t send_some(struct sess *s)
{
	const struct line *l = &s->sc->lines[s->line];
	const uint8_t *data = s->sc->data + l->off + s->off;
	const struct opts *o = s->opts;
	size_t room = send_room(s);

	if (o->tfo && s->side == 'c' && !s->tx)
		return sendto(s->fd, data, room, MSG_NOSIGNAL | MSG_FASTOPEN,
			      (const struct sockaddr *)&o->dest.ss, o->dest.len);
	return send(s->fd, data, room, MSG_NOSIGNAL);
}

static void advance(struct sess *s, size_t n)
{
	s->progress = now_ms();
	s->off += n;
	if (s->off == s->sc->lines[s->line].len) {
		s->line++;
		s->off = 0;
	}
}

/* Return: whether to go on. */
static bool step_send(struct sess *s)
{
	const struct opts *o = s->opts;
	ssize_t n;

	if (s->side == 'c' && o->has_delay && !s->delayed &&
	    s->tx >= o->delay_at) {
		s->delayed = true;
		s->state = SESS_DELAY;
		s->wake = now_ms() + o->delay_ms;
		return false;
	}
	n = send_some(s);
	s->want_write = n < 0 && errno == EAGAIN;
	if (n < 0 && errno == EINPROGRESS) {
		/* No data went with the SYN: send it after the handshake. */
		s->state = SESS_CONNECT;
		return false;
	}
	if (n < 0) {
		if (errno != EAGAIN && errno != EINTR)
			sess_fail(s, reason_of(errno));
		return false;
	}
	s->tx += (size_t)n;
	advance(s, (size_t)n);
	if (s->side == 'c' && (o->bytewise || (s->cut && s->tx == s->cut)))
		s->state = SESS_ACK;
	return true;
}

static bool step_recv(struct sess *s)
{
	const struct line *l = &s->sc->lines[s->line];
	size_t room = l->len - s->off;
	uint8_t buf[16384];
	ssize_t n;

	n = recv(s->fd, buf, room < sizeof(buf) ? room : sizeof(buf), 0);
	if (n < 0) {
		if (errno != EAGAIN && errno != EINTR)
			sess_fail(s, reason_of(errno));
		return false;
	}
	if (!n) {
		sess_fail(s, "closed");
		return false;
	}
	/* Acknowledge at once, the peer may wait for it to go on. */
	set_int(s->fd, IPPROTO_TCP, TCP_QUICKACK, 1);
	if (memcmp(buf, s->sc->data + l->off + s->off, (size_t)n)) {
		sess_fail(s, "wrong-bytes");
		return false;
	}
	s->rx += (size_t)n;
	advance(s, (size_t)n);
	return true;
}

static void step_connect(struct sess *s)
{
	struct pollfd pfd = { .fd = s->fd, .events = POLLOUT };
	socklen_t len = sizeof(int);
	int err = 0;

	if (poll(&pfd, 1, 0) <= 0)
		return;
	if (getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &err, &len) < 0)
		err = errno;
	if (err) {
		sess_fail(s, reason_of(err));
		return;
	}
	s->progress = now_ms();
	s->state = SESS_RUN;
}

/* A session which waits hears of a reset only by asking. */
static void check_error(struct sess *s)
{
	struct pollfd pfd = { .fd = s->fd };
	socklen_t len = sizeof(int);
	int err = 0;

	if (poll(&pfd, 1, 0) <= 0 || !(pfd.revents & (POLLERR | POLLHUP)))
		return;
	if (getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &err, &len) == 0 && err)
		sess_fail(s, reason_of(err));
	else if (!all_acked(s))
		sess_fail(s, "closed");
}

static void step_run(struct sess *s)
{
	bool more = true;

	while (more && s->state == SESS_RUN) {
		if (s->line == s->sc->nlines)
			s->state = s->side == 'c' ? SESS_DRAIN : SESS_DONE;
		else if (s->sc->lines[s->line].side == s->side)
			more = step_send(s);
		else
			more = step_recv(s);
	}
}

void sess_step(struct sess *s)
{
	bool again;

	do {
		again = false;
		if (s->state == SESS_CONNECT)
			step_connect(s);
		if (s->state == SESS_RUN)
			step_run(s);
		if (sess_waits(s))
			check_error(s);
		if ((s->state == SESS_ACK && all_acked(s)) ||
		    (s->state == SESS_DELAY && now_ms() >= s->wake)) {
			s->state = SESS_RUN;
			s->progress = now_ms();
			again = true;
		}
		if (s->state == SESS_DRAIN && all_acked(s))
			s->state = SESS_DONE;
	} while (again);
}
