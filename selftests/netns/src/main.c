// SPDX-License-Identifier: GPL-2.0-only
/*
 * imtalk - command line.
 */
#include "imtalk.h"

#include <arpa/inet.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

enum {
	OPT_CUT = 256,
	OPT_CUT_ALL,
	OPT_BYTEWISE,
	OPT_DELAY_AT,
	OPT_TIMEOUT,
	OPT_TFO,
	OPT_UDP,
	OPT_SOURCE_PORT,
	OPT_SOURCE_RANGE,
	OPT_COUNT,
	OPT_FLOOD,
	OPT_FIRST,
	OPT_HOLD,
	OPT_HELP,
};

static const struct option options[] = {
	{ "cut", required_argument, NULL, OPT_CUT },
	{ "cut-all", required_argument, NULL, OPT_CUT_ALL },
	{ "bytewise", no_argument, NULL, OPT_BYTEWISE },
	{ "delay-at", required_argument, NULL, OPT_DELAY_AT },
	{ "timeout", required_argument, NULL, OPT_TIMEOUT },
	{ "tfo", no_argument, NULL, OPT_TFO },
	{ "udp", no_argument, NULL, OPT_UDP },
	{ "source-port", required_argument, NULL, OPT_SOURCE_PORT },
	{ "source-range", required_argument, NULL, OPT_SOURCE_RANGE },
	{ "count", required_argument, NULL, OPT_COUNT },
	{ "flood", required_argument, NULL, OPT_FLOOD },
	{ "first", required_argument, NULL, OPT_FIRST },
	{ "hold", required_argument, NULL, OPT_HOLD },
	{ "help", no_argument, NULL, OPT_HELP },
	{ NULL, 0, NULL, 0 },
};

static void usage(FILE *to)
{
	fputs("usage: imtalk serve [--udp] SCRIPT PORT...\n"
	      "       imtalk talk [options] SCRIPT HOST PORT\n"
	      "  --cut N          end a segment after byte N of the client\n"
	      "  --cut-all A-B    one session for each cut from A to B, at once\n"
	      "  --bytewise       one byte a segment\n"
	      "  --delay-at N:MS  pause before byte N of the client (from 0)\n"
	      "  --timeout MS     give up when nothing moves for so long (5000)\n"
	      "  --tfo            first bytes in the SYN\n"
	      "  --udp            one datagram a line\n"
	      "  --source-port P\n"
	      "  --source-range A-B  source addresses in turn, for --flood\n"
	      "  --count N        the session N times, one after the other\n"
	      "  --flood N        open N connections and hold them\n"
	      "  --first N        bytes each of them sends (0)\n"
	      "  --hold MS        end the flood by itself (else: when killed)\n"
	      "exit status: 0 complete, 1 cut off, 2 usage\n", to);
}

static void bad(const char *what, const char *value)
{
	fprintf(stderr, "imtalk: bad %s: %s\n", what, value);
	exit(IMTALK_USAGE);
}

static unsigned long number(const char *text, char sep, char **end)
{
	char *stop;
	unsigned long n = strtoul(text, &stop, 10);

	if (stop == text || *stop != sep || n > 1 << 30)
		bad("number", text);
	if (end)
		*end = stop + 1;
	return n;
}

static int resolve(struct addr *a, const char *host, const char *port)
{
	struct sockaddr_in *in4 = (struct sockaddr_in *)&a->ss;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&a->ss;
	unsigned long n = port ? number(port, '\0', NULL) : 0;

	if (n > 65535)
		return -1;
	memset(a, 0, sizeof(*a));
	if (inet_pton(AF_INET, host, &in4->sin_addr) == 1) {
		in4->sin_family = AF_INET;
		in4->sin_port = htons((uint16_t)n);
		a->len = sizeof(*in4);
		return 0;
	}
	if (inet_pton(AF_INET6, host, &in6->sin6_addr) != 1)
		return -1;
	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons((uint16_t)n);
	a->len = sizeof(*in6);
	return 0;
}

/* The low 32 bits of an address, enough to count a range. */
static uint32_t low_bits(const struct addr *a)
{
	uint32_t n;

	if (a->ss.ss_family == AF_INET)
		n = ((const struct sockaddr_in *)&a->ss)->sin_addr.s_addr;
	else
		memcpy(&n, &((const struct sockaddr_in6 *)&a->ss)->sin6_addr.s6_addr[12], 4);
	return ntohl(n);
}

static void source_range(struct opts *o, char *text)
{
	char *dash = strchr(text, '-');
	struct addr last;

	if (!dash)
		bad("range", text);
	*dash = '\0';
	if (resolve(&o->source, text, NULL) < 0)
		bad("address", text);
	if (resolve(&last, dash + 1, NULL) < 0 ||
	    last.ss.ss_family != o->source.ss.ss_family ||
	    low_bits(&last) < low_bits(&o->source))
		bad("end of range", dash + 1);
	o->nsources = low_bits(&last) - low_bits(&o->source) + 1ul;
}

static void take(struct opts *o, int opt, char *arg)
{
	char *end;

	switch (opt) {
	case OPT_CUT: o->cut = number(arg, '\0', NULL); break;
	case OPT_CUT_ALL:
		o->cut_from = number(arg, '-', &end);
		o->cut_to = number(end, '\0', NULL);
		if (!o->cut_from || o->cut_to < o->cut_from)
			bad("range", arg);
		break;
	case OPT_BYTEWISE: o->bytewise = true; break;
	case OPT_DELAY_AT:
		o->delay_at = number(arg, ':', &end);
		o->delay_ms = (int)number(end, '\0', NULL);
		o->has_delay = true;
		break;
	case OPT_TIMEOUT: o->timeout_ms = (int)number(arg, '\0', NULL); break;
	case OPT_TFO: o->tfo = true; break;
	case OPT_UDP: o->udp = true; break;
	case OPT_SOURCE_PORT:
		o->source_port = (int)number(arg, '\0', NULL);
		if (o->source_port > 65535)
			bad("port", arg);
		break;
	case OPT_SOURCE_RANGE: source_range(o, arg); break;
	case OPT_COUNT: o->count = number(arg, '\0', NULL); break;
	case OPT_FLOOD: o->flood = number(arg, '\0', NULL); break;
	case OPT_FIRST: o->first = number(arg, '\0', NULL); break;
	case OPT_HOLD: o->hold_ms = (int)number(arg, '\0', NULL); break;
	case OPT_HELP: usage(stdout); exit(IMTALK_OK);
	default: usage(stderr); exit(IMTALK_USAGE);
	}
}

static int run_talk(struct opts *o, const struct script *sc, char **args)
{
	if (resolve(&o->dest, args[1], args[2]) < 0)
		bad("address or port", args[1]);
	if (o->udp && (o->cut || o->cut_from || o->bytewise || o->tfo))
		bad("option for --udp", "segments are for TCP");
	if (o->flood)
		return flood(sc, o);
	return o->udp ? talk_udp(sc, o) : talk(sc, o);
}

/* How often longer than elsewhere everything takes in this machine; see selftests/vm/run. */
static int slowness(void)
{
	const char *env = getenv("NF_IM_SLOW");

	return env && *env ? (int)number(env, '\0', NULL) : 1;
}

int main(int argc, char **argv)
{
	struct opts o = { .timeout_ms = 5000, .count = 1, .hold_ms = -1 };
	struct script sc;
	bool serving;
	int opt, rc;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) >= 0)
		take(&o, opt, optarg);
	argc -= optind;
	argv += optind;
	serving = argc >= 3 && !strcmp(argv[0], "serve");
	if (!serving && (argc != 4 || strcmp(argv[0], "talk"))) {
		usage(stderr);
		return IMTALK_USAGE;
	}
	o.timeout_ms *= slowness();
	signal(SIGPIPE, SIG_IGN);
	raise_nofile();
	if (script_load(&sc, argv[1], !o.udp) < 0)
		return IMTALK_USAGE;
	if (serving)
		rc = serve(&sc, &o, argc - 2, argv + 2);
	else
		rc = run_talk(&o, &sc, argv + 1);
	script_free(&sc);
	return rc;
}
