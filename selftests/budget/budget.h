/* SPDX-License-Identifier: GPL-2.0-only */
/* Counting verdicts that nobody should have got. */
#ifndef _SELFTEST_BUDGET_H
#define _SELFTEST_BUDGET_H

#include "engine/flow.h"
#include "sigset.h"

/** struct rng - the same numbers every time, for the same seed */
struct rng {
	u64 s;
};

static inline u64 rng_next(struct rng *r)
{
	u64 z = r->s += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static inline u32 rng_below(struct rng *r, u32 n)
{
	return (u64)(u32)rng_next(r) * n >> 32;
}

/**
 * budget_rule() - the rule that a flow's packet meets, or NFIM_NO_RULE
 * @pack: opened
 * @root: enum nfim_root
 * @dir: NFIM_DIR_CLIENT or NFIM_DIR_SERVER
 * @bytes: the packet's
 * @len: how many
 * @before: what the other direction said, or NULL: then it is the first
 */
u32 budget_rule(const struct nfim_pack *pack, u32 root, u32 dir, const u8 *bytes, u32 len,
		const struct nfim_sig_sample *before);

/** budget_known() - has a flow a protocol, by rule or name, after its client's first packet? */
bool budget_known(const struct nfim_pack *pack, u32 root, const u8 *bytes, u32 len);

/** budget_allowed() - twice what is expected, and what chance may add to that */
double budget_allowed(double expected);

/** planted_first() - is a rule the first of its name? */
bool planted_first(const struct sigset *set, u32 rule);

/**
 * planted_rules() - payloads that are right but for 16 bits
 * @set: signatures
 * @rule: index of a rule; all of its name are meant
 * @payloads: how many for each of them
 * @no: number of the result, which is printed as a line of TAP
 */
void planted_rules(const struct sigset *set, u32 rule, u64 payloads, u32 no);

/** noise_count() - kinds of noise */
u32 noise_count(void);

/** noise_kind() - payloads of one kind; prints result @no */
void noise_kind(const struct sigset *set, u32 kind, u64 payloads, u32 no);

/** hellos_count() - kinds of noise that begin like TLS or QUIC */
u32 hellos_count(void);

/** hellos_kind() - the same for one of these */
void hellos_kind(const struct sigset *set, u32 kind, u64 payloads, u32 no);

/** budget_result() - a line of TAP */
void budget_result(bool ok, u32 no, const char *fmt, ...)
	__attribute__((__format__(__printf__, 3, 4)));

#endif /* _SELFTEST_BUDGET_H */
