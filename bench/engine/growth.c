// SPDX-License-Identifier: GPL-2.0-only
/*
 * Many signatures: the shipped ones, and synthetic ones that begin as they do.
 */
#include "bench.h"
#include "case.h"
#include "sigset.h"

#include <glob.h>
#include <stdlib.h>

enum {
	NAMES = 100,		/* protocols the synthetic rules are spread over */
	LITERAL = 8,		/* bytes of their literals */
	TEXT_MAX = 1 << 20,
};

void case_die(void)
{
	exit(1);
}

static char *read_text(const char *path)
{
	char *text = calloc(1, TEXT_MAX);
	FILE *f = fopen(path, "rb");

	if (!f || !text || !fread(text, 1, TEXT_MAX - 1, f)) {
		perror(path);
		exit(1);
	}
	fclose(f);
	return text;
}

/* The names that are shipped, and those for synthetic signatures. */
static char *make_registry(void)
{
	char *text = read_text(NFIM_TOP "/signatures/registry.tsv"), *p = text + strlen(text);
	const char *line;
	u32 id = 0, i;

	for (line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (atoi(line) > (int)id)
			id = atoi(line);
	}
	for (i = 0; i < NAMES && id + i < NFIM_PROTO_MAX - 1; i++)
		p += sprintf(p, "%u\tsynth-%u\t-\tp2p\t-\tSynthetic\n", id + 1 + i, i);
	return text;
}

/* The first bytes of a sample of a real TCP rule. */
static const struct nfim_sig_sample *some_sample(const struct sigset *real, struct rng *rng)
{
	const struct nfim_sig_sample *s;

	do
		s = &real->sigs->samples[rng_below(rng, real->sigs->n_samples)];
	while (s->root != NFIM_ROOT_TCP || s->expect != NFIM_EXPECT_RULE || s->before || s->len < 4);
	return s;
}

static char *add_rule(char *p, const struct sigset *real, struct rng *rng, u32 nr)
{
	u8 lit[LITERAL];
	u32 i;

	rng_fill(rng, lit, sizeof(lit));
	if (nr % 3)
		memcpy(lit, some_sample(real, rng)->bytes, nr % 3 == 1 ? 2 : 4);
	p += sprintf(p, "rule r%u tcp any\n\tbytes 0 x", nr);
	for (i = 0; i < LITERAL; i++)
		p += sprintf(p, "%02x", lit[i]);
	return p + sprintf(p, "\n\tu16be %u in 0-999\n", LITERAL + rng_below(rng, 20));
}

static char *make_text(const struct sigset *real, struct rng *rng, u32 name, u32 names, u32 n)
{
	char *text = malloc(TEXT_MAX), *p = text;
	u32 i;

	p += sprintf(p, "protocol synth-%u\n", name);
	for (i = name; i < n; i += names)
		p = add_rule(p, real, rng, i);
	sprintf(p, "sample s tcp client\n\ttext \"sample\"\n\texpect more\n");
	return text;
}

const struct nfim_pack *growth_pack(u32 n)
{
	struct sigset *real = sigset_shipped();
	u32 names = min(n, (u32)NAMES), n_texts = 0, i;
	const char **texts;
	struct rng rng = { 7 };
	glob_t files;

	if (glob(NFIM_TOP "/signatures/*.im", 0, NULL, &files))
		exit(1);
	texts = calloc(files.gl_pathc + names, sizeof(*texts));
	for (i = 0; i < files.gl_pathc; i++)
		texts[n_texts++] = read_text(files.gl_pathv[i]);
	for (i = 0; i < names; i++)
		texts[n_texts++] = make_text(real, &rng, i, names, n);
	return &sigset_text(make_registry(), texts, n_texts)->pack;
}
