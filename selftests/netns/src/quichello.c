// SPDX-License-Identifier: GPL-2.0-only
/*
 * quichello [OPTION...] NAME ADDRESS PORT [PIECES] - sends a QUIC ClientHello for NAME in that many
 * datagrams, the last piece first, and says how many answers came within a second each.
 *
 *	--dcid N	bytes of the connection's id (8)
 *	--mixed		PING, PADDING and ACK stand between the pieces
 *	--first		a packet of a version that nobody knows comes first
 *	--version HEX	of QUIC, as on the wire (1)
 *	--keys HEX	of the version whose keys protect it (the same)
 */
#include "hello.h"
#include "quic_mk.h"

#include <errno.h>
#include <arpa/inet.h>
#include <getopt.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	DATAGRAM	= 1200,
	OVERHEAD	= 64,
	PAD		= 600,	/* bytes: more than the rest of the hello */
	PIECES_MAX	= 8,
};

static const u8 cid[20] = { 1, 2, 3, 4, 5, 6, 7, 8 };

static const struct option options[] = {
	{ "dcid", required_argument, NULL, 'd' },
	{ "mixed", no_argument, NULL, 'm' },
	{ "first", no_argument, NULL, 'f' },
	{ "version", required_argument, NULL, 'v' },
	{ "keys", required_argument, NULL, 'k' },
	{ NULL, 0, NULL, 0 },
};

static u32 dcid_len = 8, version = 1, keys;
static bool mixed, first;

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
		.version = version, .keys_version = keys, .dcid = cid, .dcid_len = dcid_len,
		.number = number, .frames = frames, .len = DATAGRAM - OVERHEAD,
	};
	/* PING, PADDING, and ACK of packet 0. */
	static const u8 between[] = { 1, 0, 0, 0, 2, 0, 0, 0, 0, 1 };
	u32 at = mixed ? sizeof(between) : 0;

	memcpy(frames, between, at);
	at += quic_put_crypto(frames + at, from, msg + from, to - from);
	if (mixed)
		memcpy(frames + at, between, sizeof(between));
	quic_put(bytes, &p);
	if (send(fd, bytes, DATAGRAM, 0) != DATAGRAM)
		perror("quichello: send");
}

/* A version of RFC 9000, 15, that is there to be refused. */
static void send_unknown(int fd)
{
	u8 bytes[DATAGRAM] = { 0xc0, 0x1a, 0x2a, 0x3a, 0x4a, (u8)dcid_len };

	memcpy(bytes + 6, cid, dcid_len);
	if (send(fd, bytes, DATAGRAM, 0) != DATAGRAM)
		perror("quichello: send");
}

static bool parse(int argc, char **argv)
{
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'd')
			dcid_len = strtoul(optarg, NULL, 10);
		else if (c == 'm')
			mixed = true;
		else if (c == 'f')
			first = true;
		else if (c == 'v')
			version = strtoul(optarg, NULL, 16);
		else if (c == 'k')
			keys = strtoul(optarg, NULL, 16);
		else
			return false;
	}
	return argc - optind >= 3 && dcid_len <= sizeof(cid);
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
	struct hello h = { .alpn = "h3", .pad = PAD };
	u32 pieces = 0, len, i, answers = 0;
	u8 msg[HELLO_MAX];
	int fd;

	if (parse(argc, argv))
		pieces = argc - optind > 3 ? strtoul(argv[optind + 3], NULL, 10) : 1;
	if (!pieces || pieces > PIECES_MAX) {
		fputs("usage: quichello [OPTION...] NAME ADDRESS PORT [PIECES]\n", stderr);
		return 2;
	}
	h.name = argv[optind];
	fd = open_socket(argv[optind + 1], argv[optind + 2]);
	if (fd < 0) {
		perror("quichello: socket");
		return 1;
	}
	len = hello_make(msg, &h);
	if (first)
		send_unknown(fd);
	for (i = pieces; i--;)
		send_piece(fd, msg, len * i / pieces, len * (i + 1) / pieces, pieces - i);
	for (i = 0; i < pieces + first; i++)
		answers += received(fd);
	printf("%u\n", answers);
	close(fd);
	return 0;
}
