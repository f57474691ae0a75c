// SPDX-License-Identifier: GPL-2.0-only
/*
 * The case that is being tried, and how a failure of it looks: TAP comments
 * with the case's name, what was expected, what came, and the input.
 */
#include "case.h"

#include <stdarg.h>
#include <stdlib.h>

enum {
	HEX_MAX = 4096,	/* bytes of input that are printed */
	HEX_ROW = 32,
};

static struct {
	char name[256];
	char note[256];
	const u8 *bytes;
	size_t len;
	unsigned long count;
} now;

void case_begin(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(now.name, sizeof(now.name), fmt, ap);
	va_end(ap);
	now.note[0] = '\0';
	now.bytes = NULL;
	now.len = 0;
	now.count++;
}

void case_bytes(const void *bytes, size_t len)
{
	now.bytes = bytes;
	now.len = len;
}

void case_note(const char *fmt, ...)
{
	size_t used = strlen(now.note);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(now.note + used, sizeof(now.note) - used, fmt, ap);
	va_end(ap);
}

unsigned long case_count(void)
{
	return now.count;
}

static void print_hex(void)
{
	size_t i;

	if (!now.bytes)
		return;
	for (i = 0; i < now.len && i < HEX_MAX; i++) {
		if (i % HEX_ROW == 0)
			fprintf(stderr, "%s# input %04zx:", i ? "\n" : "", i);
		fprintf(stderr, " %02x", now.bytes[i]);
	}
	fprintf(stderr, "%s\n", i < now.len ? " ..." : "");
}

void case_fail(const char *fmt, ...)
{
	va_list ap;

	fflush(stdout);
	fprintf(stderr, "# case: %s\n# wrong: ", now.name);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	if (now.note[0])
		fprintf(stderr, "# note: %s\n", now.note);
	print_hex();
	fflush(stderr);
	case_die();
}

void case_eq(const char *what, u64 got, u64 want)
{
	if (got != want)
		case_fail("%s: expected %llu (0x%llx), got %llu (0x%llx)", what,
			  (unsigned long long)want, (unsigned long long)want,
			  (unsigned long long)got, (unsigned long long)got);
}

void case_ok(const char *what, bool holds)
{
	if (!holds)
		case_fail("%s: expected to hold, does not", what);
}

void case_str(const char *what, const char *got, const char *want)
{
	if (!got)
		got = "(none)";
	if (!want)
		want = "(none)";
	if (strcmp(got, want))
		case_fail("%s: expected \"%s\", got \"%s\"", what, want, got);
}

void case_mem(const char *what, const void *got, size_t got_len, const void *want,
	      size_t want_len)
{
	if (got_len != want_len || memcmp(got, want, want_len))
		case_fail("%s: expected \"%.*s\" (%zu bytes), got \"%.*s\" (%zu bytes)", what,
			  (int)want_len, (const char *)want, want_len, (int)got_len,
			  (const char *)got, got_len);
}

const char *verdict_name(enum nfim_verdict verdict)
{
	static const char *const names[] = {
		[NFIM_UNDECIDED] = "undecided",
		[NFIM_KNOWN] = "known",
		[NFIM_NONE] = "none",
		[NFIM_GIVEN_UP] = "given-up",
	};

	return (u32)verdict < ARRAY_SIZE(names) ? names[verdict] : "?";
}

void case_verdict(const char *what, enum nfim_verdict got, enum nfim_verdict want)
{
	if (got != want)
		case_fail("%s: expected %s, got %s", what, verdict_name(want),
			  verdict_name(got));
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

u8 *hex_bytes(const char *hex, u32 *len)
{
	u8 *bytes = malloc(strlen(hex) / 2 + 1);
	u32 n = 0;

	if (!bytes)
		abort();
	while (*hex) {
		if (*hex == ' ') {
			hex++;
			continue;
		}
		if (hex_digit(hex[0]) < 0 || hex_digit(hex[1]) < 0)
			case_fail("the test's own hex is wrong at %s", hex);
		bytes[n++] = hex_digit(hex[0]) << 4 | hex_digit(hex[1]);
		hex += 2;
	}
	*len = n;
	return bytes;
}

/* splitmix64 */
u32 rng_next(struct rng *rng)
{
	u64 z = rng->state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return (u32)((z ^ z >> 31) >> 32);
}

u32 rng_below(struct rng *rng, u32 n)
{
	return (u32)((u64)rng_next(rng) * n >> 32);
}

void rng_fill(struct rng *rng, void *p, size_t n)
{
	u8 *out = p;

	while (n--)
		*out++ = (u8)rng_next(rng);
}
