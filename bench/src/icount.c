// SPDX-License-Identifier: GPL-2.0-only
/*
 * icount - instructions that one forwarded packet costs, for bench/netns-icount.sh.
 *
 * Under QEMU's -icount the TSC counts instructions. A packet sent from the client's namespace
 * passes the firewall and reaches the server's within the system call, as veth delivers in
 * the softirq that ends it; so the TSC around sendto() covers the whole way. Only differences
 * between two configurations of the firewall mean something.
 *
 * Addresses are none of the hosts' own: nobody answers, all packets come from here.
 */
#include "icount.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <x86intrin.h>

enum { WARM_UP = 20 };

static int socks[2];	/* raw; of client and server */

void die(const char *what)
{
	fprintf(stderr, "icount: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* A socket stays in the namespace it was made in. */
static int raw_socket_in(const char *netns)
{
	char path[256];
	int fd, sock;

	snprintf(path, sizeof(path), "/run/netns/%s", netns);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET) < 0)
		die(path);
	close(fd);
	sock = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	if (sock < 0)
		die("socket");
	return sock;
}

uint64_t send_packet(const struct packet *p, enum side from)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_addr = p->ip.daddr,
	};
	uint64_t before, after;
	ssize_t n;

	before = __rdtsc();
	n = sendto(socks[from], p, p->len, 0, (struct sockaddr *)&to, sizeof(to));
	after = __rdtsc();
	if (n != (ssize_t)p->len)
		die("sendto");
	return after - before;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* case, median, the least, 99th percentile */
static void report(const char *name, uint64_t *samples, unsigned int n)
{
	qsort(samples, n, sizeof(*samples), compare);
	printf("%s\t%llu\t%llu\t%llu\n", name, (unsigned long long)samples[n / 2],
	       (unsigned long long)samples[0],
	       (unsigned long long)samples[n - 1 - n / 100]);
	fflush(stdout);
}

static void run_case(const struct bench_case *c, unsigned int n)
{
	uint64_t *samples = calloc(n, sizeof(*samples));
	struct run r = { .c = c };
	unsigned int i;

	if (!samples)
		die("memory");
	for (i = 0; i < WARM_UP; i++)
		case_sample(&r);
	for (i = 0; i < n; i++)
		samples[i] = case_sample(&r);
	report(c->name, samples, n);
	free(samples);
}

static void usage(void)
{
	fputs("usage: icount CLIENT-NETNS SERVER-NETNS PACKETS CASE...\n"
	      "       icount CLIENT-NETNS SERVER-NETNS TIMES replay FILE\n"
	      "cases:", stderr);
	for (const struct bench_case *c = bench_cases; c->name; c++)
		fprintf(stderr, " %s", c->name);
	fputc('\n', stderr);
	exit(2);
}

int main(int argc, char **argv)
{
	const struct bench_case *c;
	unsigned int n;
	int i;

	if (argc < 5)
		usage();
	n = (unsigned int)strtoul(argv[3], NULL, 10);
	if (!n || n > 100000)
		usage();
	quic_hello_make();
	socks[CLIENT] = raw_socket_in(argv[1]);
	socks[SERVER] = raw_socket_in(argv[2]);
	if (argc == 6 && !strcmp(argv[4], "replay")) {
		replay(argv[5], n);
		return 0;
	}
	for (i = 4; i < argc; i++) {
		for (c = bench_cases; c->name; c++)
			if (!strcmp(c->name, argv[i]))
				break;
		if (!c->name)
			usage();
		run_case(c, n);
	}
	return 0;
}
