// SPDX-License-Identifier: GPL-2.0-only
/*
 * mkseeds DIR - writes what the fuzzers begin with into DIR/flow, DIR/pack and DIR/compile:
 * samples of all signatures as packets, small packs, and texts of signatures.
 */
#include "case.h"
#include "hello.h"
#include "packmk.h"
#include "quic_mk.h"
#include "sigset.h"

#include <glob.h>
#include <stdlib.h>
#include <sys/stat.h>

static const char *dir;

void case_die(void)
{
	exit(1);
}

static void save(const char *kind, const char *name, u32 nr, const void *bytes, size_t len)
{
	char path[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s/%s-%u", dir, kind, name, nr);
	f = fopen(path, "wb");
	if (!f || fwrite(bytes, 1, len, f) != len || fclose(f)) {
		perror(path);
		exit(1);
	}
}

/* A sample as packets of a flow; see fuzz_flow.c. */
static u32 put_sample(u8 *out, const struct nfim_sig_sample *s, u32 step)
{
	u32 len = 0, at, n;

	for (at = 0; at < s->len; at += n) {
		n = min(min(step, s->len - at), 256u);
		out[len++] = s->dir >> 1;
		out[len++] = (u8)(n - 1);
		memcpy(out + len, s->bytes + at, n);
		len += n;
	}
	return len;
}

/* A sample in pieces, behind what it answers. */
static void save_flow(const struct nfim_sig_sample *s, bool test, u32 nr)
{
	static const u32 steps[] = { 65535, 1, 7 };
	u8 out[8192];
	u32 i;

	if (s->len > 1000 || (s->before && s->before->len > 1000))
		return;
	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		u32 len = 0;

		out[len++] = (s->root == NFIM_ROOT_UDP) | 2 | (s->root == NFIM_ROOT_TCP_MID) * 12 |
			     test << 4 | (i == 2) << 5 | (i & 3) << 6;
		if (s->before)
			len += put_sample(out + len, s->before, steps[i]);
		len += put_sample(out + len, s, steps[i]);
		save("flow", s->proto, nr * 8 + i, out, len);
	}
}

/* Packets of both directions, each behind its number and length. */
static void save_talk(const char *name, u32 nr, const char *const *texts)
{
	u8 out[4096] = { 0 };
	u32 len = 1, i;

	for (i = 0; texts[i]; i++) {
		u32 n = (u32)strlen(texts[i] + 1);

		out[len++] = texts[i][0] == '<';
		out[len++] = (u8)(n - 1);
		memcpy(out + len, texts[i] + 1, n);
		len += n;
	}
	save("flow", name, nr, out, len);
}

/* Carriers and what is inside; the first character says who speaks: > is the client. */
static void save_carriers(void)
{
	static const char *const talks[][8] = {
		{ ">CONNECT a:1 HTTP/1.0\r\n\r\n", "<HTTP/1.0 200 OK\r\n\r\n",
		  ">VER 1 MSNP18 CVR0\r\n", "<VER 1 MSNP18\r\n" },
		{ ">CONNECT a:1 HTTP/1.1\r\n\r\n",
		  "<HTTP/1.1 407 P\r\nContent-Length: 2\r\n\r\nxx",
		  ">CONNECT a:1 HTTP/1.1\r\n\r\n",
		  "<HTTP/1.1 200 OK\r\n\r\n", ">NICK a\r\nUSER a 0 * :a\r\n" },
		{ ">POST /gateway/gateway.dll?Action=open HTTP/1.1\r\nHost: a\r\n"
		  "Content-Length: 3\r\n\r\nabc", "<HTTP/1.1 200 OK\r\n"
		  "X-MSN-Messenger: SessionID=1\r\n\r\n",
		  ">GET / HTTP/1.1\r\n\r\n" },
		{ ">POST /notify/ HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nYMSG\r\n",
		  ">10\r\nabcdefghijklmnop\r\n0\r\n\r\n", ">GET / HTTP/1.1\r\n\r\n" },
		{ ">GET /w HTTP/1.1\r\nUpgrade: websocket\r\n\r\n", "<HTTP/1.1 101 OK\r\n\r\n",
		  ">\201\212aaaa-73a/aaa77", "<\201\5<?xml" },
		{ ">\5\1\1\5\1\1\3\1a\1\1VER 1 MSNP18\r\n" },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(talks); i++)
		save_talk("carrier", i, talks[i]);
}

static void save_pack(const char *name, u32 nr, const u8 *payload, u32 n, const u8 *pack,
		      size_t len)
{
	u8 *out = malloc(2 + 255 + len);

	n = min(n, 255u);
	out[0] = 1 | (u8)(nr % 8 << 3);
	out[1] = (u8)n;
	memcpy(out + 2, payload, n);
	memcpy(out + 2 + n, pack, len);
	save("pack", name, nr, out, 2 + n + len);
	free(out);
}

static char *read_text(const char *path, size_t *len)
{
	char *text = calloc(1, 65536);
	FILE *f = fopen(path, "rb");

	if (!f || !text) {
		perror(path);
		exit(1);
	}
	*len = fread(text, 1, 65535, f);
	fclose(f);
	return text;
}

/* The text with "alpha" for its name, and its pack. */
static void save_text(const char *text, const char *name, u32 nr)
{
	static const char reg[] = "id\tname\taliases\tcategory\tlabel\ttitle\n"
				  "1\talpha\tbeta\tmessenger\t16\tThe only signature\n"
				  "2\tmsnftp\t-\tmessenger\t-\tWhat msnp offers\n"
				  "3\tmsn-dc\t-\tmessenger\t-\tAnd that\n";
	const char *begin = strncmp(text, "protocol ", 9) ? strstr(text, "\nprotocol ") + 1 : text;
	const char *rest = strchr(begin, '\n');
	char *out = malloc(strlen(text) + 32);
	const char *texts[1] = { out };
	struct sigset *set;

	sprintf(out, "protocol alpha%s", rest);
	if (strlen(out) < 6000)
		save("compile", name, nr, out, strlen(out));
	set = sigset_text(reg, texts, 1);
	if (set->sigs->pack_len < 3000)
		save_pack(name, nr, set->sigs->samples[0].bytes, set->sigs->samples[0].len,
			  set->sigs->pack, set->sigs->pack_len);
	sigset_free(set);
	free(out);
}

static void save_texts(void)
{
	glob_t names;
	size_t i, len;

	for (i = 0; i < n_testsigs; i++)
		save_text(testsigs[i], "test", (u32)i);
	if (glob(NFIM_TOP "/signatures/*.im", 0, NULL, &names))
		exit(1);
	for (i = 0; i < names.gl_pathc; i++) {
		char *text = read_text(names.gl_pathv[i], &len);

		save_text(text, "shipped", (u32)i);
		free(text);
	}
	globfree(&names);
}

/* The smallest pack that opens. */
static void save_least(void)
{
	static const struct nfim_insn insn[] = { INSN(LD8, 0, 0, 0), INSN(YES, 0, 0, 0) };
	struct packmk *mk = calloc(1, sizeof(*mk));
	size_t len;
	u8 *file;

	packmk_proto(mk, 1, "a", NFIM_LABEL_NONE, 1, 1);
	packmk_rule(mk, 1, NFIM_ROOT_TCP, "a", insn, 2);
	packmk_frames(mk, 1, NFIM_L4_TCP, insn, 2);
	packmk_roots(mk);
	file = packmk_build(mk, &len);
	save_pack("least", 0, (const u8 *)"bytes", 5, file, len);
	free(file);
	free(mk);
}

/* ClientHellos of each kind that fuzz_tls reads, and in the frames that fuzz_quic does. */
static void save_hellos(void)
{
	static const struct hello hellos[] = {
		{ .name = "web.whatsapp.com", .alpn = "h2" },
		{ .name = "chat.signal.org.", .ech = true, .pad = 100 },
		{ .name = "t.me", .dtls = true },
	};
	static const u32 cuts[] = { 5, 60 };
	u8 msg[HELLO_MAX], out[HELLO_MAX];
	u32 i, len, n;

	for (i = 0; i < ARRAY_SIZE(hellos); i++) {
		len = hello_make(msg, &hellos[i]);
		out[0] = 0;
		out[1] = 128;
		n = hello_records(out + 2, msg, len, cuts, i);
		save("tls", "records", i, out, 2 + n);
		out[0] = 1;
		memcpy(out + 2, msg, len);
		save("tls", "message", i, out, 2 + len);
		out[0] = hellos[i].dtls ? 2 : 3;
		memcpy(out + 2, msg + 4, len - 4);
		save("tls", "body", i, out, len - 2);
		out[0] = 0;
		n = quic_put_crypto(out + 3, 0, msg, len / 2);
		out[1] = n >> 8;
		out[2] = (u8)n;
		len = 3 + n + 3 + quic_put_crypto(out + 6 + n, len / 2, msg + len / 2,
						  len - len / 2);
		out[3 + n] = 0;
		out[4 + n] = (len - 6 - n) >> 8;
		out[5 + n] = (u8)(len - 6 - n);
		save("quic", "halves", i, out, len);
	}
}

/* A query and answers, alone and behind their lengths. */
static void save_dns(void)
{
	static const char *const hex[] = {
		"123401000001000000000000016708776861747361707003" "6e65740000010001",
		"1234818000010001000000000167087768617473617070036e65740000010001"
		"c00c000100010000003c0004c0000201",
		"1234818000010003000000000167087768617473617070036e65740000010001"
		"c00c000500010000003c0006047465737400" "c02c000100010000003c0004c0000201"
		"c02c001c00010000003c001020010db8000000000000000000000001",
		"001f12340120000100000000000108776861747361707003636f6d0000410001"
		"00002904d0000000000000",
	};
	u32 i, len;
	u8 out[256];

	for (i = 0; i < ARRAY_SIZE(hex); i++) {
		u8 *bytes = hex_bytes(hex[i], &len);

		out[0] = 0x80;
		memcpy(out + 1, bytes, len);
		save("dns", "message", i, out, 1 + len);
		free(bytes);
	}
}

/* A hello of DTLS in one datagram and in two; see fuzz_flow.c. */
static void save_dtls(void)
{
	const struct hello h = { .name = "turn.signal.org", .dtls = true };
	u8 msg[HELLO_MAX], out[1024];
	u32 len = hello_make(msg, &h) - 4, parts, i, n, at;

	for (parts = 1; parts <= 2; parts++) {
		out[0] = 1 | 2;
		for (at = 1, i = parts; i--; at += 2 + n) {
			n = dtls_put(out + at + 2, msg + 4, len, len * i / parts,
				     len * (i + 1) / parts, 0);
			out[at] = 0;
			out[at + 1] = (u8)(n - 1);
		}
		save("flow", "dtls", parts, out, at);
	}
}

static void make_dir(const char *name)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	mkdir(path, 0777);
}

int main(int argc, char **argv)
{
	struct sigset *sets[2];
	u32 i, k;

	if (argc != 2) {
		fprintf(stderr, "usage: mkseeds DIR\n");
		return 2;
	}
	dir = argv[1];
	mkdir(dir, 0777);
	make_dir("flow");
	make_dir("pack");
	make_dir("compile");
	make_dir("tls");
	make_dir("quic");
	make_dir("dns");
	sets[0] = sigset_shipped();
	sets[1] = sigset_test();
	for (i = 0; i < 2; i++) {
		for (k = 0; k < sets[i]->sigs->n_samples; k++)
			save_flow(&sets[i]->sigs->samples[k], i, k);
		sigset_free(sets[i]);
	}
	save_least();
	save_texts();
	save_carriers();
	save_hellos();
	save_dns();
	save_dtls();
	return 0;
}
