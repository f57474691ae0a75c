// SPDX-License-Identifier: GPL-2.0-only
/*
 * Samples, run through the engine as a flow would: the index, the rules it
 * leads to, then the frames. Every number of first bytes is tried, each in a
 * piece of memory of exactly its size, so that a sanitizer sees a read too far.
 */
#include "compile.h"

#include <stdio.h>
#include <stdlib.h>
#include "engine/http.h"
#include "engine/unit.h"

/* One sample under test. */
struct trial {
	const struct nfim_pack *pack;
	const struct nfim_sig_sample *sample;
	const u8 *bytes;
	u32 len;
	u32 body;	/* of HTTP: where it begins */
	u32 before;	/* nfim_rule.half of what the other direction said, or 0 */
	u32 before_kept;
	char why[160];
};

/* What a number of bytes gives: the rule that said yes, or more, or no. */
struct answer {
	enum nfim_run_result result;
	const struct nfim_rule *rule;
	const struct nfim_rule *half;	/* that said yes; of several the one that counts */
	u32 half_need;
	u32 kept;			/* the number in it */
};

static struct nfim_view trial_view(const struct trial *t)
{
	struct nfim_view view = {
		.head = t->bytes,
		.head_len = t->len,
		.len = t->len,
		.last = t->sample->root == NFIM_ROOT_UDP,
	};

	return view;
}

/* "expect no" asks only what the sample's own protocol says. */
static bool foreign(const struct trial *t, const struct nfim_rule *rule)
{
	const struct nfim_proto *proto = nfim_pack_proto(t->pack, rule->proto);

	return t->sample->expect == NFIM_EXPECT_NO &&
	       strcmp(nfim_pack_str(t->pack, proto->name), t->sample->proto);
}

/* What a rule reads: a stream, or a head and then the body behind it. */
struct reading {
	struct nfim_view *view;
	u32 start;
	const struct nfim_view *body;	/* NULL for a stream */
};

/* Half of a pair says yes if the other direction said the other one, or else is remembered. */
static enum nfim_run_result try_half(const struct trial *t, const struct nfim_rule *rule,
				     const struct nfim_out *out, struct answer *answer)
{
	if (t->before == (rule->half ^ 1) && t->before_kept == out->kept)
		return NFIM_RUN_YES;
	if (!answer->half || nfim_rule_counts(rule, out->need, answer->half, answer->half_need,
					      t->sample->root == NFIM_ROOT_UDP)) {
		answer->half = rule;
		answer->half_need = out->need;
		answer->kept = out->kept;
	}
	return NFIM_RUN_NO;
}

static enum nfim_run_result try_rule(const struct trial *t, const struct nfim_rule *rule,
				     const struct reading *rd, struct answer *answer)
{
	struct nfim_out out = { 0 };
	enum nfim_run_result res;

	res = nfim_run(t->pack, rule->code, rule->n_code, rd->view, rd->start, &out);
	if (res == NFIM_RUN_YES && rule->half)
		return try_half(t, rule, &out, answer);
	if (res != NFIM_RUN_MORE || !rd->body)
		return res;
	return nfim_run(t->pack, rule->code, rule->n_code, rd->body, rd->start, &out);
}

static void try_node(const struct trial *t, const struct nfim_node *node,
		     const struct reading *rd, struct answer *answer)
{
	u32 i;

	for (i = 0; i < node->n_rules && answer->result != NFIM_RUN_YES; i++) {
		const struct nfim_rule *rule =
			&t->pack->rules[t->pack->node_rules[node->rules + i]];
		enum nfim_run_result res;

		if (!(rule->dirs & t->sample->dir) || foreign(t, rule))
			continue;
		res = try_rule(t, rule, rd, answer);
		if (res == NFIM_RUN_NO)
			continue;
		answer->result = res;
		answer->rule = rule;
	}
}

static void try_key(const struct trial *t, const struct nfim_http *head,
		    const struct reading *rd, struct answer *answer)
{
	u32 node = NFIM_ROOT_HTTP, n, i;
	u8 key[NFIM_PREFIX_MAX];

	n = nfim_http_key(rd->view, head, key);
	for (i = 0;; i++) {
		try_node(t, &t->pack->nodes[node], rd, answer);
		if (i == n || answer->result == NFIM_RUN_YES)
			return;
		node = nfim_node_next(t->pack, node, key[i]);
		if (!node)
			return;
	}
}

/* Rules of HTTP, if the bytes are a message; its body may be in chunks. */
static void try_http(struct trial *t, struct answer *answer)
{
	bool response = t->sample->dir == NFIM_DIR_SERVER;
	struct nfim_view view = trial_view(t), body = view;
	struct reading rd = { .view = &view, .body = &body };
	struct nfim_unit_view units;
	enum nfim_run_result res;
	struct nfim_http head;
	u32 work = 0, line;

	res = nfim_http_line(&view, 0, 0, response, &line, &work);
	if (res == NFIM_RUN_YES && nfim_http_parse(&view, 0, line, response, &head, &work))
		rd.start = head.end;
	if (res != NFIM_RUN_NO && !rd.start && t->sample->expect != NFIM_EXPECT_NO)
		answer->result = NFIM_RUN_MORE;
	if (!rd.start)
		return;
	if (!response && head.length == NFIM_HTTP_NO_LENGTH)
		head.length = 0;
	if (head.chunked) {
		nfim_unit_view_init(&units, &body, rd.start, NFIM_UNIT_CHUNK);
		rd.body = &units.view;
	} else if (head.length <= view.len - rd.start) {
		body.len = rd.start + head.length;
		body.last = true;
	}
	view.len = rd.start;
	view.http = &head;
	t->body = rd.start;
	try_key(t, &head, &rd, answer);
}

static struct answer try_root(const struct trial *t)
{
	struct answer answer = { .result = NFIM_RUN_NO };
	struct nfim_view view = trial_view(t);
	const struct reading rd = { .view = &view };
	u32 node = t->sample->root;
	u32 depth = 0;

	for (;;) {
		try_node(t, &t->pack->nodes[node], &rd, &answer);
		if (answer.result == NFIM_RUN_YES || depth == t->len)
			break;
		node = nfim_node_next(t->pack, node, t->bytes[depth++]);
		if (!node)
			return answer;
	}
	if (answer.result == NFIM_RUN_NO && t->sample->expect != NFIM_EXPECT_NO &&
	    nfim_node_n_edges(&t->pack->nodes[node]))
		answer.result = NFIM_RUN_MORE;
	return answer;
}

static struct answer try_rules(struct trial *t)
{
	struct answer answer = try_root(t);

	t->body = 0;
	if (answer.result != NFIM_RUN_YES && t->sample->root == NFIM_ROOT_TCP)
		try_http(t, &answer);
	return answer;
}

static const struct nfim_frames *find_frames(const struct trial *t, u32 id)
{
	const struct nfim_proto *proto = nfim_pack_proto(t->pack, id);
	u32 l4 = t->sample->root == NFIM_ROOT_UDP ? NFIM_L4_UDP : NFIM_L4_TCP;
	u32 i;

	for (i = 0; i < proto->n_frames; i++) {
		const struct nfim_frames *f = &t->pack->frames[proto->frames - 1 + i];

		if (f->l4 == l4 && f->dirs & t->sample->dir)
			return f;
	}
	return NULL;
}

/*
 * All frames of the bytes together; the first name counts. False if they do not chain. A rule may
 * prove the protocol by bytes that are no frames at all.
 */
static bool try_frames(const struct trial *t, const struct nfim_rule *rule, struct nfim_out *all)
{
	const struct nfim_frames *f = find_frames(t, rule->proto);
	struct nfim_view view = trial_view(t);
	u32 start = rule->root == NFIM_ROOT_HTTP ? t->body : 0, at = start;
	u32 state = 0, prior = 0;

	memset(all, 0, sizeof(*all));
	all->actions = rule->actions;
	while (f && at < t->len) {
		struct nfim_out out = { .state = state, .prior = prior };
		enum nfim_run_result res;

		res = nfim_run(t->pack, f->code, f->n_code, &view, at, &out);
		if (res == NFIM_RUN_MORE)
			return true;
		if (res == NFIM_RUN_NO)
			return at == start && !t->sample->user;
		all->actions |= out.actions & NFIM_ACTIONS_MASK;
		if (!all->user_len) {
			all->user_off = out.user_off;
			all->user_len = out.user_len;
		}
		if (!all->host_len) {
			all->host_off = out.host_off;
			all->host_len = out.host_len;
		}
		state = out.state;
		prior = out.actions;
		if (!out.frame_len || out.frame_len > t->len - at)
			return true;
		at += out.frame_len;
	}
	return true;
}

static bool check_frames(struct trial *t, const struct answer *answer)
{
	const struct nfim_sig_sample *s = t->sample;
	struct nfim_out all;

	if (!try_frames(t, answer->rule, &all)) {
		snprintf(t->why, sizeof(t->why), "its frames do not chain");
		return false;
	}
	if (s->has_actions && s->actions != all.actions) {
		snprintf(t->why, sizeof(t->why), "its actions are 0x%lx, not 0x%lx",
			 (unsigned long)all.actions, (unsigned long)s->actions);
		return false;
	}
	if (s->user && (s->user_len != all.user_len ||
			memcmp(s->user, t->bytes + all.user_off, all.user_len))) {
		snprintf(t->why, sizeof(t->why), "its user is \"%.*s\"", (int)all.user_len,
			 (const char *)t->bytes + all.user_off);
		return false;
	}
	return true;
}

/* Nothing said yes; but a half did, and it is that of this pair. */
static bool check_half(struct trial *t, const struct answer *answer)
{
	const char *name = answer->half ? nfim_pack_str(t->pack, answer->half->name) : NULL;

	if (name && !strcmp(name, t->sample->rule))
		return true;
	snprintf(t->why, sizeof(t->why), "the half is of %s, not of %s", name ? name : "no pair",
		 t->sample->rule);
	return false;
}

static bool check_whole(struct trial *t)
{
	static const char *const results[] = {
		[NFIM_RUN_NO] = "\"no\"",
		[NFIM_RUN_YES] = "\"yes\" (rule ",
		[NFIM_RUN_MORE] = "\"more\" (a rule waits for more bytes)",
	};
	static const char *const expects[] = {
		[NFIM_EXPECT_NO] = "no",
		[NFIM_EXPECT_NONE] = "none",
		[NFIM_EXPECT_MORE] = "more",
	};
	static const enum nfim_run_result wanted[] = {
		[NFIM_EXPECT_NO] = NFIM_RUN_NO,
		[NFIM_EXPECT_NONE] = NFIM_RUN_NO,
		[NFIM_EXPECT_MORE] = NFIM_RUN_MORE,
		[NFIM_EXPECT_RULE] = NFIM_RUN_YES,
	};
	const struct nfim_sig_sample *s = t->sample;
	struct answer answer = try_rules(t);

	/* Other rules may wait beside a half. */
	if (s->expect == NFIM_EXPECT_HALF && answer.result != NFIM_RUN_YES)
		return check_half(t, &answer);
	if (s->expect == NFIM_EXPECT_HALF || answer.result != wanted[s->expect]) {
		snprintf(t->why, sizeof(t->why), "expected %s, got %s%s%s",
			 s->rule ? s->rule : expects[s->expect],
			 results[answer.result], answer.result == NFIM_RUN_YES ?
			 nfim_pack_str(t->pack, answer.rule->name) : "",
			 answer.result == NFIM_RUN_YES ? ")" : "");
		return false;
	}
	if (s->expect != NFIM_EXPECT_RULE)
		return true;
	if (strcmp(nfim_pack_str(t->pack, answer.rule->name), s->rule) ||
	    strcmp(nfim_pack_str(t->pack, nfim_pack_proto(t->pack, answer.rule->proto)->name),
		   s->proto)) {
		snprintf(t->why, sizeof(t->why), "the rule is %s",
			 nfim_pack_str(t->pack, answer.rule->name));
		return false;
	}
	return check_frames(t, &answer);
}

/*
 * Fewer bytes on a stream: "more" until the answer is there, which then stays. A datagram
 * is whole as it is, its parts are other datagrams.
 */
static bool check_part(struct trial *t, bool *decided)
{
	const struct nfim_sig_sample *s = t->sample;
	struct answer answer = try_rules(t);
	u32 need = answer.rule ? answer.rule->need : 0;

	if (s->root == NFIM_ROOT_UDP)
		return true;
	if (s->expect != NFIM_EXPECT_RULE && answer.result != NFIM_RUN_YES)
		return true;
	if (s->expect == NFIM_EXPECT_RULE && answer.result == NFIM_RUN_MORE && !*decided &&
	    (!need || t->len < need))
		return true;
	*decided = answer.result == NFIM_RUN_YES;
	if (s->expect == NFIM_EXPECT_RULE && *decided && t->len >= need)
		return true;
	snprintf(t->why, sizeof(t->why), "its first %lu bytes are wrongly answered with %s",
		 (unsigned long)t->len, answer.result == NFIM_RUN_YES ? "yes" :
		 answer.result == NFIM_RUN_NO ? "no" : "more");
	return false;
}

/* What the other direction said before. */
static void say_before(struct trial *t, const struct nfim_sig_sample *before)
{
	struct trial peer = { .pack = t->pack, .sample = before, .bytes = before->bytes,
			      .len = before->len };
	struct answer answer = try_rules(&peer);

	t->before = answer.half ? answer.half->half : 0;
	t->before_kept = answer.kept;
}

/* 1 passed, 0 failed, -1 no memory */
static int check_sample(struct trial *t)
{
	const struct nfim_sig_sample *s = t->sample;
	bool decided = false;
	u32 len;

	t->why[0] = '\0';
	t->before = 0;
	if (s->before)
		say_before(t, s->before);
	for (len = 0; len <= s->len; len++) {
		u8 *bytes = malloc(len ? len : 1);
		bool passed;

		if (!bytes)
			return -1;
		memcpy(bytes, s->bytes, len);
		t->bytes = bytes;
		t->len = len;
		passed = len < s->len ? check_part(t, &decided) : check_whole(t);
		free(bytes);
		if (!passed)
			return 0;
	}
	return 1;
}

int nfim_sigs_check(const struct nfim_sigs *sigs, nfim_check_fn fn, void *arg)
{
	struct nfim_pack *pack = malloc(sizeof(*pack));
	void *copy = malloc(sigs->pack_len);
	struct trial t = { .pack = pack };
	struct nfim_pack_err err;
	int failed = -1;
	u32 i;

	if (!pack || !copy)
		goto out;
	memcpy(copy, sigs->pack, sigs->pack_len);
	if (nfim_pack_open(pack, copy, sigs->pack_len, &err))
		goto out;
	failed = 0;
	for (i = 0; i < sigs->n_samples; i++) {
		int passed;

		t.sample = &sigs->samples[i];
		passed = check_sample(&t);
		if (passed < 0) {
			failed = -1;
			break;
		}
		failed += !passed;
		if (fn)
			fn(arg, t.sample, passed ? NULL : t.why);
	}
out:
	free(copy);
	free(pack);
	return failed;
}
