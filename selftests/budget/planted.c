// SPDX-License-Identifier: GPL-2.0-only
/*
 * Payloads that are right but for 16 bits of evidence, a random choice of them each time.
 *
 * What a byte of a sample is worth is found out by trying its 256 values: that half of them
 * would do makes it one bit. Two bytes of which one must equal the other, or be so much more,
 * are one piece of evidence and not two: they are not spoilt together. What remains must be
 * independent, as the compiler takes it to be, or more payloads hit than are expected.
 */
#include "budget.h"

#include <math.h>
#include <stdlib.h>

enum {
	LEN_MAX = 4096,
	WORTH_MAX = 512,	/* bytes of a sample that may be worth something */
	BITS = 16,	/* of evidence that are not right */
	HITS_FEW = 32,	/* with fewer chance alone may have doubled them */
};

struct planted {
	const struct nfim_pack *pack;
	u32 root;
	u32 dir;
	u32 len;
	const struct nfim_sig_sample *before;	/* what it answers, or NULL */
	u32 n;			/* bytes that are worth something */
	u32 anchored;		/* of these, how many the index finds it by; they come first */
	u16 at[WORTH_MAX];
	float bits[WORTH_MAX];	/* what each of them is worth */
	bool tied[WORTH_MAX][WORTH_MAX];
	u8 bytes[LEN_MAX];
};

static bool planted_hit(const struct planted *p, const u8 *bytes)
{
	return budget_rule(p->pack, p->root, p->dir, bytes, p->len, p->before) != NFIM_NO_RULE;
}

/* No more of the sample than brings the verdict; a datagram is whole. */
static void planted_trim(struct planted *p)
{
	u32 len = p->len;

	if (p->root == NFIM_ROOT_UDP)
		return;
	for (p->len = 1; p->len < len; p->len++)
		if (planted_hit(p, p->bytes))
			return;
}

static double planted_weigh(struct planted *p, u32 anchor)
{
	double sum = 0, bits;
	u32 i, v, fits;
	u8 was;

	for (i = 0; i < p->len && p->n < WORTH_MAX; i++) {
		was = p->bytes[i];
		for (v = 0, fits = 0; v < 256; v++) {
			p->bytes[i] = v;
			fits += planted_hit(p, p->bytes);
		}
		p->bytes[i] = was;
		if (fits == 256)
			continue;
		bits = 8 - log2(fits);
		sum += bits;
		p->anchored += i < anchor;
		p->bits[p->n] = bits;
		p->at[p->n++] = i;
	}
	return sum;
}

/* Do more values of two bytes hit than the values of each would make it? All of them are tried. */
static bool pair_tied(struct planted *p, u32 a, u32 b)
{
	double expected = 65536 * exp2(-p->bits[a] - p->bits[b]);
	u8 was_a = p->bytes[p->at[a]], was_b = p->bytes[p->at[b]];
	u32 i, hits = 0;

	for (i = 0; i < 65536; i++) {
		p->bytes[p->at[a]] = (u8)(i >> 8);
		p->bytes[p->at[b]] = (u8)i;
		hits += planted_hit(p, p->bytes);
	}
	p->bytes[p->at[a]] = was_a;
	p->bytes[p->at[b]] = was_b;
	return hits > expected * 1.01;
}

static void planted_tie(struct planted *p)
{
	u32 a, b;

	for (a = 0; a < p->n; a++)
		for (b = 0; b < a; b++)
			if (pair_tied(p, a, b))
				p->tied[a][b] = p->tied[b][a] = true;
}

/* A random choice of bytes that are made random, as many as are worth BITS. */
struct choice {
	const struct planted *p;
	struct rng rng;
	double bits;
	u32 n;
	u16 order[WORTH_MAX];	/* a permutation of p->at's indices */
	u16 taken[WORTH_MAX];
};

static bool choice_fits(const struct choice *c, u32 pick)
{
	u32 i;

	for (i = 0; i < c->n; i++)
		if (c->p->tied[pick][c->taken[i]])
			return false;
	return true;
}

/* Of order[from] to order[to - 1], until there are BITS. */
static void choose(struct choice *c, u32 from, u32 to, u8 *bytes)
{
	u16 pick;
	u32 i;

	for (; c->bits < BITS && from < to; from++) {
		i = from + rng_below(&c->rng, to - from);
		pick = c->order[i];
		c->order[i] = c->order[from];
		c->order[from] = pick;
		if (!choice_fits(c, pick))
			continue;
		bytes[c->p->at[pick]] = rng_next(&c->rng);
		c->bits += c->p->bits[pick];
		c->taken[c->n++] = pick;
	}
}

struct counts {
	u64 hits;
	double expected;
};

/* What the index finds the rule by stays right, where there are 16 bits besides. */
static struct counts planted_count(const struct planted *p, u64 payloads, u32 seed)
{
	struct choice choice = { .p = p, .rng = { seed } };
	struct counts c = {};
	u8 bytes[LEN_MAX];
	u32 i;

	for (i = 0; i < p->n; i++)
		choice.order[i] = i;
	memcpy(bytes, p->bytes, p->len);
	while (payloads--) {
		choice.n = 0;
		choice.bits = 0;
		choose(&choice, p->anchored, p->n, bytes);
		choose(&choice, 0, p->anchored, bytes);
		c.expected += exp2(-choice.bits);
		c.hits += planted_hit(p, bytes);
		for (i = 0; i < choice.n; i++)
			bytes[p->at[choice.taken[i]]] = p->bytes[p->at[choice.taken[i]]];
	}
	return c;
}

/* Ties take long to find, and are looked for only where the count is not right without. */
static struct counts planted_count_tied(struct planted *p, u64 payloads, u32 seed)
{
	struct counts c = planted_count(p, payloads, seed);

	if (c.hits <= 2 * c.expected || (c.hits <= budget_allowed(c.expected) && c.hits < HITS_FEW))
		return c;
	planted_tie(p);
	return planted_count(p, payloads, seed);
}

/* A sample of the protocol for which it is this rule that says yes. */
static bool planted_find(struct planted *p, const struct sigset *set, u32 rule)
{
	const struct nfim_sigs *sigs = set->sigs;
	const struct nfim_sig_rule *r = &sigs->rules[rule];
	bool udp = r->root == NFIM_ROOT_UDP;
	const struct nfim_sig_sample *s;

	for (s = sigs->samples; s < sigs->samples + sigs->n_samples; s++) {
		bool sample_udp = s->root == NFIM_ROOT_UDP;

		if (strcmp(s->proto, r->proto) || !(s->dir & r->dirs) || s->len > LEN_MAX ||
		    udp != sample_udp ||
		    budget_rule(&set->pack, r->root, s->dir, s->bytes, s->len, s->before) != rule)
			continue;
		memset(p, 0, sizeof(*p));
		p->pack = &set->pack;
		p->root = r->root;
		p->dir = s->dir;
		p->len = s->len;
		p->before = s->before;
		memcpy(p->bytes, s->bytes, s->len);
		planted_trim(p);
		return true;
	}
	return false;
}

/* A signature's rules of one name: it may have several, for other words or mid-stream. */
static bool same_name(const struct nfim_sigs *sigs, u32 a, u32 b)
{
	return !strcmp(sigs->rules[a].proto, sigs->rules[b].proto) &&
	       !strcmp(sigs->rules[a].name, sigs->rules[b].name);
}

bool planted_first(const struct sigset *set, u32 rule)
{
	u32 i;

	for (i = 0; i < rule; i++)
		if (same_name(set->sigs, i, rule))
			return false;
	return true;
}

void planted_rules(const struct sigset *set, u32 rule, u64 payloads, u32 no)
{
	const struct nfim_sig_rule *r = &set->sigs->rules[rule];
	struct counts sum = {}, c;
	double worth = INFINITY;
	static struct planted p;
	u32 i, n = 0;

	for (i = rule; i < set->sigs->n_rules; i++) {
		if (!same_name(set->sigs, i, rule) || !planted_find(&p, set, i))
			continue;
		worth = fmin(worth, planted_weigh(&p, set->sigs->rules[i].n_prefix));
		c = planted_count_tied(&p, payloads, i + 1);
		sum.hits += c.hits;
		sum.expected += c.expected;
		n++;
	}
	if (!n) {
		budget_result(true, no, "%s %s # SKIP has no sample that one packet decides",
			      r->proto, r->name);
		return;
	}
	budget_result(sum.hits <= budget_allowed(sum.expected), no,
		      "%s %s: %llu hits, %.1f expected; sample worth %.0f bits, rule at least %.0f",
		      r->proto, r->name, (unsigned long long)sum.hits, sum.expected, worth,
		      r->evidence / 256.0);
}
