// SPDX-License-Identifier: GPL-2.0-only
/*
 * From first bytes to rules: the index, rules that wait, and which of several rules
 * counts; with packs of many rules, compared with running all of them.
 */
#include "unit.h"
#include "drive.h"
#include "sigset.h"

#include <stdlib.h>

static struct sigset *test_set;

/* Two rules say yes: the one counts that would have been first in smaller pieces. */
TEST(test_pair)
{
	/* pair-b is complete after 7 bytes, pair-a after 12. */
	static const char both[] = "PX\0bbbb.aaaa";
	const u32 len = sizeof(both) - 1;
	u32 cut;

	for (cut = 0; cut < len; cut++) {
		struct drive d;

		case_begin("pair, cut at %u", cut);
		case_bytes(both, len);
		drive_init(&d, &test_set->pack);
		if (cut)
			drive_at(&d, 0, 0, both, cut);
		if (!d.verdict)
			drive_at(&d, 0, cut, both + cut, len - cut);
		case_str("rule", drive_rule(&d), "b");
		drive_free(&d);
	}
}

/* A direction that a rule is not for: it is not asked. */
TEST(test_directions)
{
	static const struct {
		const char *proto, *sample;
		u32 dir;
		bool known;
	} tries[] = {
		{ "server", "banner", 1, true }, { "server", "banner", 0, false },
		{ "scan", "near", 0, true }, { "scan", "near", 1, false },
		{ "alpha", "login", 0, true }, { "alpha", "login", 1, true },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(tries); i++) {
		const struct nfim_sig_sample *s =
			sigset_sample(test_set, tries[i].proto, tries[i].sample);
		struct drive d;

		case_begin("%s from %u", tries[i].proto, tries[i].dir);
		drive_init(&d, &test_set->pack);
		drive_at(&d, tries[i].dir, 0, s->bytes, s->len);
		case_eq("known", d.verdict == NFIM_KNOWN, tries[i].known);
		drive_free(&d);
	}
}

enum {
	MANY = 120,	/* rules of the random pack */
	PROTO_N = 4,
};

/* A rule of the random pack, in a form that a naive reader understands. */
struct plain {
	u8 lit[20];
	u32 n_lit;
	u32 at;		/* offset of two more bytes, >= n_lit */
	u8 two[2];
};

static void random_rules(struct rng *rng, struct plain *rules, u32 n)
{
	u32 i, k;

	for (i = 0; i < n; i++) {
		struct plain *r = &rules[i];

		/* Few letters: many rules share their first bytes. */
		r->n_lit = 4 + rng_below(rng, 4) * rng_below(rng, 6);
		for (k = 0; k < r->n_lit; k++)
			r->lit[k] = 'a' + rng_below(rng, k < 3 ? 2 : 4);
		if (!rng_below(rng, 4))
			r->lit[0] = 'c' + rng_below(rng, 20);
		r->at = r->n_lit + rng_below(rng, 30);
		r->two[0] = 'a' + rng_below(rng, 2);
		r->two[1] = 'a' + rng_below(rng, 2);
	}
}

static struct sigset *random_set(const struct plain *rules, u32 n)
{
	static const char reg[] = "id\tname\taliases\tcategory\tlabel\ttitle\n"
		"1\tp0\t-\tp2p\t-\tP0\n2\tp1\t-\tp2p\t-\tP1\n3\tp2\t-\tp2p\t-\tP2\n"
		"4\tp3\t-\tp2p\t-\tP3\n";
	char *texts[PROTO_N], *p;
	struct sigset *set;
	u32 i, k;

	for (i = 0; i < PROTO_N; i++) {
		texts[i] = malloc(1 << 16);
		p = texts[i] + sprintf(texts[i], "protocol p%u\n", i);
		for (k = i; k < n; k += PROTO_N)
			p += sprintf(p, "rule r%u tcp any\n\tbytes 0 \"%.*s\"\n\tbytes %u \"%.2s\"\n", k,
				     (int)rules[k].n_lit, rules[k].lit, rules[k].at, rules[k].two);
		sprintf(p, "sample s tcp client\n\ttext \"zzzz\"\n\texpect no\n");
	}
	set = sigset_text(reg, (const char *const *)texts, PROTO_N);
	for (i = 0; i < PROTO_N; i++)
		free(texts[i]);
	return set;
}

/* The rule that is complete first, of those that match; -1 for none. */
static int naive_rule(const struct plain *rules, u32 n, const u8 *bytes, u32 len, u32 *need)
{
	int best = -1;
	u32 i;

	*need = U32_MAX;
	for (i = 0; i < n; i++) {
		const struct plain *r = &rules[i];
		u32 end = r->at + 2;

		if (end > len || memcmp(bytes, r->lit, r->n_lit) ||
		    memcmp(bytes + r->at, r->two, 2))
			continue;
		if (end < *need) {
			*need = end;
			best = (int)i;
		}
	}
	return best;
}

static void random_bytes(struct rng *rng, const struct plain *rules, u32 n, u8 *bytes, u32 len)
{
	const struct plain *r = &rules[rng_below(rng, n)];
	u32 i;

	for (i = 0; i < len; i++)
		bytes[i] = 'a' + rng_below(rng, 2);
	memcpy(bytes, r->lit, r->n_lit);
	if (rng_below(rng, 3))
		memcpy(bytes + r->at, r->two, 2);
	if (!rng_below(rng, 6))
		bytes[rng_below(rng, r->n_lit)] ^= 1;
}

static void try_cuts(struct rng *rng, const struct sigset *set, const u8 *bytes, u32 len,
		     int want, u32 need)
{
	u32 how;

	for (how = 0; how < 6; how++) {
		u32 step = how == 0 ? len : how == 1 ? 1 : 1 + rng_below(rng, 12), at;
		struct drive d;

		case_note(" step %u", step);
		drive_init(&d, &set->pack);
		for (at = 0; at < len && !d.verdict; at += step)
			drive_at(&d, 0, at, bytes + at, min(step, len - at));
		if (want < 0) {
			case_str("rule", drive_rule(&d), NULL);
		} else {
			case_verdict("verdict", d.verdict, NFIM_KNOWN);
			/* Another rule may be complete with the same byte. */
			case_eq("bytes the rule needs", set->sigs->rules[d.rule].need, need);
			case_eq("decided by packet", d.decided, (need + step - 1) / step);
		}
		drive_free(&d);
	}
}

TEST(test_random_index)
{
	struct rng rng = { 99 };
	u32 i, k, hits = 0;

	for (i = 0; i < 12; i++) {
		u32 n = 2 + rng_below(&rng, MANY - 1);
		struct plain rules[MANY];
		struct sigset *set;

		random_rules(&rng, rules, n);
		set = random_set(rules, n);
		for (k = 0; k < 250; k++) {
			u8 bytes[60];
			u32 need;
			int want;

			random_bytes(&rng, rules, n, bytes, sizeof(bytes));
			want = naive_rule(rules, n, bytes, sizeof(bytes), &need);
			hits += want >= 0;
			case_begin("pack %u of %u rules, input %u", i, n, k);
			case_bytes(bytes, sizeof(bytes));
			try_cuts(&rng, set, bytes, sizeof(bytes), want, need);
		}
		sigset_free(set);
	}
	case_ok("many inputs match a rule", hits > 500);
}

/* Work for bytes that lead to @n rules, all of which wait for different ones; in how many steps. */
static u64 crowd_work(const struct sigset *set, u32 step)
{
	u8 bytes[200] = "CROW";
	struct drive d;
	u64 work;
	u32 i;

	drive_init(&d, &set->pack);
	for (i = 0; i < sizeof(bytes); i += step)
		drive_at(&d, 0, i, bytes + i, min(step, (u32)sizeof(bytes) - i));
	case_ok("no rule", !d.verdict && d.flow.flags[0] & NFIM_F_CLOSED);
	work = d.work;
	drive_free(&d);
	return work;
}

/* Rule @nr says yes, however many wait beside it. */
static void crowd_member(const struct sigset *set, u32 nr)
{
	u8 bytes[200] = "CROW";
	char name[16];
	struct drive d;
	u32 i;

	bytes[8 + 2 * nr + 3] = 7;
	snprintf(name, sizeof(name), "r%u", nr);
	case_begin("rule %u of a crowd", nr);
	drive_init(&d, &set->pack);
	for (i = 0; i < sizeof(bytes) && !d.verdict; i++)
		drive_at(&d, 0, i, bytes + i, 1);
	case_str("rule", drive_rule(&d), name);
	case_eq("packet", d.decided, 8 + 2 * nr + 4);
	drive_free(&d);
}

static void crowd(u32 n)
{
	static const char reg[] = "id\tname\taliases\tcategory\tlabel\ttitle\n"
		"1\tcrowd\t-\tp2p\t-\tCrowd\n";
	char *text = malloc(1 << 16), *p = text;
	const char *texts[1] = { text };
	struct sigset *set;
	u64 one, bytes;
	u32 i;

	p += sprintf(p, "protocol crowd\n");
	for (i = 0; i < n; i++)
		p += sprintf(p, "rule r%u tcp any\n\tbytes 0 \"CROW\"\n\tu32be %u = 7\n", i, 8 + 2 * i);
	sprintf(p, "sample s tcp client\n\ttext \"zzzz\"\n\texpect no\n");
	set = sigset_text(reg, texts, 1);
	free(text);
	case_begin("%u rules that wait for different bytes", n);
	one = crowd_work(set, 200);
	bytes = crowd_work(set, 1);
	printf("# %u rules that wait for different bytes: work byte by byte %.2f times that in one piece\n",
	       n, (double)bytes / one);
	if (n <= NFIM_WAITS)
		case_ok("at most four times", bytes <= 4 * one);
	for (i = 0; i < n; i++)
		crowd_member(set, i);
	sigset_free(set);
}

/* As many rules as are remembered, and as many at one node as may be. */
TEST(test_crowded_node)
{
	crowd(1);
	crowd(NFIM_WAITS);
	crowd(NFIM_NODE_RULES_MAX);
}

/* A pack that is swapped while a prefix waits: the bytes are read again, with its rules. */
TEST(test_swap)
{
	static const char reg[] = "id\tname\taliases\tcategory\tlabel\ttitle\n"
		"1\talpha\t-\tp2p\t-\tOther rules of the same name\n";
	static const char *const texts[] = {
		"protocol alpha\nrule other tcp any\n\tbytes 0 \"ALP\"\n\tu32be 9 = 0x6f6e6c79\n"
		"sample s tcp client\n\ttext \"ALPHA\\x00\\x06..only\"\n\texpect other\n"
	};
	static const char bytes[] = "ALPHA\0\6..only";
	struct sigset *other = sigset_text(reg, texts, 1);
	u32 cut, len = sizeof(bytes) - 1;

	other->pack.epoch = 1;
	for (cut = 1; cut < 7; cut++) {
		struct drive d;

		case_begin("swap after %u bytes", cut);
		drive_init(&d, &test_set->pack);
		drive_at(&d, 0, 0, bytes, cut);
		case_verdict("before", d.verdict, NFIM_UNDECIDED);
		d.pack = &other->pack;
		drive_at(&d, 0, cut, bytes + cut, 9 - cut);
		case_verdict("with the other pack", d.verdict, NFIM_UNDECIDED);
		drive_at(&d, 0, 9, bytes + 9, len - 9);
		case_str("rule", drive_rule(&d), "other");
		drive_free(&d);

		case_begin("swap back after %u bytes", cut);
		drive_init(&d, &other->pack);
		drive_at(&d, 0, 0, bytes, cut);
		d.pack = &test_set->pack;
		drive_at(&d, 0, cut, bytes + cut, 1);
		drive_at(&d, 0, cut + 1, bytes + cut + 1, len - cut - 1);
		case_str("rule", drive_rule(&d), "head");
		drive_free(&d);
	}
	sigset_free(other);
}

/* After 256 swaps the number is the same; what was kept of another pack must do no harm. */
TEST(test_swap_around)
{
	static const char reg[] = "id\tname\taliases\tcategory\tlabel\ttitle\n"
		"1\tlone\t-\tp2p\t-\tThe smallest pack\n";
	static const char *const texts[] = {
		"protocol lone\nrule r tcp any\n\tbytes 0 \"LONE\"\n"
		"sample s tcp client\n\ttext \"LONE\"\n\texpect r\n"
	};
	struct sigset *small = sigset_text(reg, texts, 1);
	u32 i;

	for (i = 0; i < test_set->sigs->n_samples; i++) {
		const struct nfim_sig_sample *s = &test_set->sigs->samples[i];
		u32 cut;

		for (cut = 1; cut < s->len && s->root == NFIM_ROOT_TCP; cut++) {
			struct drive d;

			case_begin("same epoch: %s %s at %u", s->proto, s->name, cut);
			drive_init(&d, &test_set->pack);
			drive_at(&d, s->dir >> 1, 0, s->bytes, cut);
			d.pack = &small->pack;
			if (!d.verdict)
				drive_at(&d, s->dir >> 1, cut, s->bytes + cut, s->len - cut);
			drive_free(&d);
		}
	}
	sigset_free(small);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pair),
		cmocka_unit_test(test_directions),
		cmocka_unit_test(test_random_index),
		cmocka_unit_test(test_crowded_node),
		cmocka_unit_test(test_swap),
		cmocka_unit_test(test_swap_around),
	};
	int failed;

	test_set = sigset_test();
	failed = cmocka_run_group_tests_name("match", tests, NULL, NULL);
	sigset_free(test_set);
	printf("# %lu cases\n", case_count());
	return failed;
}
