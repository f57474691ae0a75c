// SPDX-License-Identifier: GPL-2.0-only
/*
 * quichello NAME ADDRESS PORT [PIECES] - sends a QUIC ClientHello for NAME in that many
 * datagrams, the last piece first, and says how many answers came within a second each.
 */
#include "hello.h"
#include "quic_mk.h"

#include <errno.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	DATAGRAM	= 1200,
	OVERHEAD	= 64,
	PAD		= 600,	/* bytes: more than the rest of the hello */
	PIECES_MAX	= 8,
};

static const u8 cid[] = { 1, 2, 3, 4, 5, 6, 7, 8 };

static int open_socket(const char *host, const char *port)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
	struct timeval wait = { .tv_sec = 1 };
	bool v6 = inet_pton(AF_INET6, host, &in6.sin6_addr) == 1;
	int fd;

	in.sin_port = htons(atoi(port));
	in6.sin6_port = in.sin_port;
	if (!v6 && inet_pton(AF_INET, host, &in.sin_addr) != 1)
		return -1;
	fd = socket(v6 ? AF_INET6 : AF_INET, SOCK_DGRAM, 0);
	if (connect(fd, v6 ? (struct sockaddr *)&in6 : (struct sockaddr *)&in,
		    v6 ? sizeof(in6) : sizeof(in)))
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	return fd;
}

static void send_piece(int fd, const u8 *msg, u32 from, u32 to, u32 number)
{
	u8 frames[DATAGRAM] = {}, bytes[DATAGRAM + OVERHEAD] = {};
	struct quic_initial p = {
		.version = 1, .dcid = cid, .dcid_len = sizeof(cid), .number = number,
		.frames = frames, .len = DATAGRAM - OVERHEAD,
	};

	quic_put_crypto(frames, from, msg + from, to - from);
	quic_put(bytes, &p);
	if (send(fd, bytes, DATAGRAM, 0) != DATAGRAM)
		perror("quichello: send");
}

/* Waits for an answer; an ICMP error is no answer, but ends the wait. */
static bool received(int fd)
{
	u8 answer[DATAGRAM];

	if (recv(fd, answer, sizeof(answer), 0) > 0)
		return true;
	if (errno == ECONNREFUSED)
		fputs("quichello: refused\n", stderr);
	return false;
}

int main(int argc, char **argv)
{
	struct hello h = { .name = argc > 1 ? argv[1] : "", .alpn = "h3", .pad = PAD };
	u32 pieces = argc > 4 ? strtoul(argv[4], NULL, 10) : 1, len, i, answers = 0;
	u8 msg[HELLO_MAX];
	int fd;

	if (argc < 4 || !pieces || pieces > PIECES_MAX) {
		fputs("usage: quichello NAME ADDRESS PORT [PIECES]\n", stderr);
		return 2;
	}
	fd = open_socket(argv[2], argv[3]);
	if (fd < 0) {
		perror("quichello: socket");
		return 1;
	}
	len = hello_make(msg, &h);
	for (i = pieces; i--;)
		send_piece(fd, msg, len * i / pieces, len * (i + 1) / pieces, pieces - i);
	for (i = 0; i < pieces; i++)
		answers += received(fd);
	printf("%u\n", answers);
	close(fd);
	return 0;
}
