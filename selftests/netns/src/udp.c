// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sessions by datagram: each line of the script is one. The server remembers
 * for each peer how far the script has got.
 */
#include "imtalk.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	PEERS = 1 << 17,	/* a power of two; more of them overwrite */
	DATAGRAM_MAX = 65536,
};

struct peer {
	struct sockaddr_in6 addr;
	size_t line;
};

static struct peer *peers;

int udp_server_init(void)
{
	peers = calloc(PEERS, sizeof(*peers));
	if (!peers)
		perror("imtalk");
	return peers ? 0 : -1;
}

static struct peer *peer_find(const struct sockaddr_in6 *addr)
{
	const uint8_t *p = (const uint8_t *)&addr->sin6_addr;
	uint32_t hash = 2166136261u ^ addr->sin6_port;
	struct peer *peer = NULL;
	unsigned int i;

	for (i = 0; i < 16; i++)
		hash = (hash ^ p[i]) * 16777619u;
	for (i = 0; i < 8; i++) {
		peer = &peers[(hash + i) & (PEERS - 1)];
		if (!peer->addr.sin6_family)
			break;
		if (peer->addr.sin6_port == addr->sin6_port &&
		    !memcmp(&peer->addr.sin6_addr, p, 16))
			return peer;
	}
	peer->addr = *addr;
	peer->line = 0;
	return peer;
}

static bool is_line(const struct script *sc, size_t line, const uint8_t *data,
		    size_t len)
{
	return line < sc->nlines && sc->lines[line].side == 'c' &&
	       sc->lines[line].len == len &&
	       !memcmp(sc->data + sc->lines[line].off, data, len);
}

static size_t first_c(const struct script *sc)
{
	size_t i;

	for (i = 0; i < sc->nlines && sc->lines[i].side != 'c'; i++)
		;
	return i;
}

void udp_server_input(int fd, const struct script *sc)
{
	static uint8_t buf[DATAGRAM_MAX];
	struct sockaddr_in6 addr;
	socklen_t alen = sizeof(addr);
	struct peer *peer;
	ssize_t n;

	n = recvfrom(fd, buf, sizeof(buf), MSG_DONTWAIT,
		     (struct sockaddr *)&addr, &alen);
	if (n < 0)
		return;
	peer = peer_find(&addr);
	/* A session starts again where the peer does. */
	if (!is_line(sc, peer->line, buf, (size_t)n))
		peer->line = first_c(sc);
	if (!is_line(sc, peer->line, buf, (size_t)n))
		return;
	for (peer->line++; peer->line < sc->nlines; peer->line++) {
		const struct line *l = &sc->lines[peer->line];

		if (l->side != 's')
			break;
		if (sendto(fd, sc->data + l->off, l->len, 0,
			   (struct sockaddr *)&addr, alen) < 0)
			perror("imtalk: sendto");
	}
}

static void sleep_ms(int ms)
{
	struct timespec ts = { ms / 1000, (long)(ms % 1000) * 1000000 };

	nanosleep(&ts, NULL);
}

/* Return: NULL when the expected datagram came, else the reason. */
static const char *expect(int fd, const struct script *sc, const struct line *l,
			  int timeout_ms)
{
	static uint8_t buf[DATAGRAM_MAX];
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	ssize_t n;

	if (poll(&pfd, 1, timeout_ms) <= 0)
		return "timeout";
	n = recv(fd, buf, sizeof(buf), 0);
	if (n < 0)
		return errno == ECONNREFUSED ? "refused" : "unreachable";
	if ((size_t)n != l->len || memcmp(buf, sc->data + l->off, l->len))
		return "wrong-bytes";
	return NULL;
}

static const char *say(int fd, const struct script *sc, const struct line *l)
{
	if (send(fd, sc->data + l->off, l->len, 0) == (ssize_t)l->len)
		return NULL;
	/* EPERM: a rule on the way out of this host. */
	return errno == ECONNREFUSED ? "refused" : "unreachable";
}

static int talk_udp_once(const struct script *sc, const struct opts *o)
{
	const char *reason = NULL;
	size_t i, tx = 0, rx = 0;
	bool delayed = !o->has_delay;
	int fd = client_socket(o, 0);

	if (fd < 0)
		return IMTALK_CUT;
	if (connect(fd, (const struct sockaddr *)&o->dest.ss, o->dest.len) < 0)
		reason = "unreachable";
	for (i = 0; i < sc->nlines && !reason; i++) {
		const struct line *l = &sc->lines[i];

		if (l->side == 's') {
			reason = expect(fd, sc, l, o->timeout_ms);
			rx += reason ? 0 : l->len;
			continue;
		}
		if (!delayed && tx >= o->delay_at) {
			delayed = true;
			sleep_ms(o->delay_ms);
		}
		reason = say(fd, sc, l);
		tx += reason ? 0 : l->len;
	}
	printf("%s c %zu/%zu s %zu/%zu%s%s\n", reason ? "cut-off" : "complete",
	       tx, sc->total_c, rx, sc->total_s, reason ? " " : "",
	       reason ? reason : "");
	close(fd);
	return reason ? IMTALK_CUT : IMTALK_OK;
}

int talk_udp(const struct script *sc, const struct opts *o)
{
	unsigned long i;
	int rc = IMTALK_OK;

	for (i = 0; i < o->count; i++) {
		if (talk_udp_once(sc, o) != IMTALK_OK)
			rc = IMTALK_CUT;
		fflush(stdout);
	}
	return rc;
}
