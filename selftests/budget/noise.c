// SPDX-License-Identifier: GPL-2.0-only
/*
 * What comes by all day: random bytes, and text made of the words of web and mail.
 */
#include "budget.h"

#include <math.h>

enum {
	LEN_MAX = 512,
};

struct words {
	const char *name;
	const char *const *words;	/* NULL: any bytes */
	u32 n;
};

static const char *const http[] = {
	"GET ", "POST ", "HEAD ", "OPTIONS ", "PUT ", "CONNECT ", "/", "/index.html", "/api/v1/",
	" HTTP/1.1\r\n", " HTTP/1.0\r\n", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 404 Not Found\r\n",
	"Host: ", "www.example.org\r\n", "User-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\n",
	"Accept: */*\r\n", "Content-Length: ", "128\r\n", "Content-Type: text/html\r\n",
	"Connection: keep-alive\r\n", "Cookie: id=", "\r\n", "gzip, deflate", "login", "message",
	"status", "chat", "user=", "&", "?", "=", "<html>", "Server: ", "Date: ", ": ",
};

static const char *const smtp[] = {
	"EHLO ", "HELO ", "MAIL FROM:<", "RCPT TO:<", "DATA\r\n", "QUIT\r\n", "220 ", "250 ",
	"250-", "354 ", "221 ", "550 ", "ESMTP", "mail.example.org", "@", ">\r\n", "\r\n",
	"Subject: ", "From: ", "To: ", "Date: ", "Message-ID: <", "MIME-Version: 1.0\r\n",
	"USER ", "PASS ", "AUTH PLAIN ", "hello", " ", "STARTTLS\r\n", "OK ", ".\r\n", ":", "VRFY ",
	"the user said", "message", "NOOP\r\n", "RSET\r\n", "HELP\r\n", "SIZE=", "EXPN ", "Reply-To: ",
};

static const char *const json[] = {
	"{", "}", "[", "]", "\"type\":", "\"message\"", "\"id\":", "\"user\":", "\"text\":",
	"\"status\":", "true", "false", "null", "1", "42", ",", ":", "\"", "\"login\"", " ", "\n",
	"\"time\":", "\"token\":", "\"chat\":", "\"online\"", "\"params\":", "\"result\":", "0",
};

static const char *const xml[] = {
	"<?xml version=\"1.0\"?>", "<?xml version='1.0' encoding='UTF-8'?>", "<", ">", "</", "/>",
	"message", "presence", "iq", "stream", "item", "id=\"1\"", " ", "xmlns=\"", "xmlns='",
	"http://www.w3.org/1999/xhtml", "\"", "'", "to='", "from='", "type='get'", "body", "query",
	"<html>", "<!DOCTYPE html>", "\r\n", "\n", "text", "&amp;", "version='1.0'", "status",
};

static const struct words kinds[] = {
	{ "random bytes", NULL, 0 },
	{ "http", http, ARRAY_SIZE(http) },
	{ "smtp", smtp, ARRAY_SIZE(smtp) },
	{ "json", json, ARRAY_SIZE(json) },
	{ "xml", xml, ARRAY_SIZE(xml) },
};

static const u32 roots[] = { NFIM_ROOT_TCP, NFIM_ROOT_TCP_MID, NFIM_ROOT_UDP };

static u32 noise_fill(const struct words *w, struct rng *rng, u8 *bytes)
{
	u32 len = 1 + rng_below(rng, LEN_MAX), at, n;
	const char *word;

	if (!w->words) {
		for (at = 0; at < len; at++)
			bytes[at] = rng_next(rng);
		return len;
	}
	for (at = 0; at < len; at += n) {
		word = w->words[rng_below(rng, w->n)];
		n = min_t(u32, strlen(word), len - at);
		memcpy(bytes + at, word, n);
	}
	return len;
}

/* How many of random payloads would hit, by what the compiler says of each rule. */
static double noise_rate(const struct sigset *set, u32 root, u32 dir)
{
	const struct nfim_sig_rule *r;
	double rate = 0;

	for (r = set->sigs->rules; r < set->sigs->rules + set->sigs->n_rules; r++)
		if (r->root == root && r->dirs & dir)
			rate += exp2(-(double)r->evidence / 256);
	return rate;
}

u32 noise_count(void)
{
	return ARRAY_SIZE(kinds);
}

void noise_kind(const struct sigset *set, u32 kind, u64 payloads, u32 no)
{
	struct rng rng = { 1000 + kind };
	double expected = 0;
	u8 bytes[LEN_MAX];
	u32 root, dir, len, rule, last = NFIM_NO_RULE;
	u64 i, hits = 0;

	for (i = 0; i < payloads; i++) {
		root = roots[i % ARRAY_SIZE(roots)];
		dir = i / ARRAY_SIZE(roots) % 2 ? NFIM_DIR_SERVER : NFIM_DIR_CLIENT;
		len = noise_fill(&kinds[kind], &rng, bytes);
		rule = budget_rule(&set->pack, root, dir, bytes, len, NULL);
		if (rule == NFIM_NO_RULE)
			continue;
		last = rule;
		hits++;
	}
	for (i = 0; i < ARRAY_SIZE(roots); i++)
		expected += (noise_rate(set, roots[i], NFIM_DIR_CLIENT) +
			     noise_rate(set, roots[i], NFIM_DIR_SERVER)) * payloads / 6;
	budget_result(hits <= budget_allowed(expected), no,
		      "noise, %s: %llu hits, %.3f expected%s%s", kinds[kind].name,
		      (unsigned long long)hits, expected, hits ? "; the last by " : "",
		      hits ? set->sigs->rules[last].name : "");
}
