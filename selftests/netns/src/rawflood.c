// SPDX-License-Identifier: GPL-2.0-only
/*
 * rawflood - many flows of one packet each, without a socket for any of them.
 *
 * TCP flows are a SYN which carries a text (as with fast open): seen from their
 * start, and for ever waiting for an answer.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
	FIRST_PORT = 1025,
	PORTS = 60000,		/* source ports; then comes the next destination */
	TEXT_MAX = 64,
};

struct packet {
	struct iphdr ip;
	union {
		struct tcphdr tcp;
		struct udphdr udp;
	};
	char room[TEXT_MAX];
} __attribute__((packed));

static uint32_t sum_words(uint32_t sum, const void *data, size_t len)
{
	const uint8_t *p = data;
	size_t i;

	for (i = 0; i < len; i++)
		sum += i % 2 ? p[i] : (uint32_t)p[i] << 8;
	return sum;
}

static uint16_t fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* The sequence number ends with ~port: the two add up to the same for all. */
static void set_port(struct packet *p, unsigned int port)
{
	p->tcp.source = htons((uint16_t)port);
	if (p->ip.protocol == IPPROTO_TCP)
		p->tcp.seq = htonl(0x10000000u | (0xffffu - port));
}

static size_t make(struct packet *p, int proto, struct in_addr src,
		   struct in_addr dst, unsigned int port, const char *text)
{
	size_t head = proto == IPPROTO_TCP ? sizeof(p->tcp) : sizeof(p->udp);
	size_t len = head + strlen(text);
	uint32_t sum;

	memset(p, 0, sizeof(*p));
	p->ip.version = 4;
	p->ip.ihl = 5;
	p->ip.ttl = 64;
	p->ip.frag_off = htons(IP_DF);
	p->ip.protocol = (uint8_t)proto;
	p->ip.saddr = src.s_addr;
	p->ip.daddr = dst.s_addr;
	p->tcp.dest = htons((uint16_t)port);
	memcpy((char *)&p->tcp + head, text, strlen(text));
	if (proto == IPPROTO_UDP) {
		p->udp.len = htons((uint16_t)len);
		return sizeof(p->ip) + len;
	}
	p->tcp.doff = 5;
	p->tcp.syn = 1;
	p->tcp.window = htons(65535);
	set_port(p, FIRST_PORT);
	sum = sum_words(IPPROTO_TCP + (uint32_t)len, &p->ip.saddr, 8);
	p->tcp.check = htons(fold(sum_words(sum, &p->tcp, len)));
	return sizeof(p->ip) + len;
}

static unsigned long run(int fd, int proto, char **args)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	unsigned long port, count, i, lost = 0;
	struct in_addr src;
	struct packet p;
	size_t len = 0;

	if (inet_pton(AF_INET, args[0], &src) != 1 ||
	    inet_pton(AF_INET, args[1], &to.sin_addr) != 1 ||
	    strlen(args[4]) > TEXT_MAX)
		exit(2);
	port = strtoul(args[2], NULL, 10);
	count = strtoul(args[3], NULL, 10);
	for (i = 0; i < count; i++) {
		if (i % PORTS == 0)
			len = make(&p, proto, src, to.sin_addr,
				   (unsigned int)(port + i / PORTS), args[4]);
		set_port(&p, FIRST_PORT + (unsigned int)(i % PORTS));
		if (sendto(fd, &p, len, 0, (struct sockaddr *)&to, sizeof(to)) < 0)
			lost++;
	}
	return count - lost;
}

int main(int argc, char **argv)
{
	int fd;

	if (argc != 7 || (strcmp(argv[1], "tcp") && strcmp(argv[1], "udp"))) {
		fputs("usage: rawflood tcp|udp SOURCE DEST PORT COUNT TEXT\n"
		      "Each flow has a source port of its own, after 60000 the next\n"
		      "destination port. Prints how many packets were sent.\n", stderr);
		return 2;
	}
	fd = socket(AF_INET, SOCK_RAW, IPPROTO_RAW);
	if (fd < 0) {
		fprintf(stderr, "rawflood: %s\n", strerror(errno));
		return 1;
	}
	printf("%lu\n", run(fd, strcmp(argv[1], "tcp") ? IPPROTO_UDP : IPPROTO_TCP,
			    argv + 2));
	return 0;
}
