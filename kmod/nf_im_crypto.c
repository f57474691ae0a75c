// SPDX-License-Identifier: GPL-2.0-only
/*
 * The engine's cryptography, by the kernel's own library. Not by its crypto API: allocating a
 * cipher sleeps, and so do its generic modes when a key is set. The library works on memory that
 * the caller gives it, in any context.
 *
 * QUIC is decrypted in memory of the CPU, which a packet has to itself until its result is put
 * back; each CPU does so many a second, so that a flood of Initial packets costs no more.
 */
#include <linux/jiffies.h>
#include <linux/percpu.h>

#include "nf_im.h"
#include "nf_im_aes.h"
#include "nf_im_sha.h"

void nfim_aes_key(struct nfim_aes *aes, const u8 *key, u32 len)
{
	static_assert(sizeof(struct nf_im_aes_key) <= sizeof(*aes));

	/* Fails for other lengths than the engine's only. */
	WARN_ON_ONCE(nf_im_aes_expand((struct nf_im_aes_key *)aes, key, len));
}

void nfim_aes_block(const struct nfim_aes *aes, u8 *out, const u8 *in)
{
	aes_encrypt((const struct nf_im_aes_key *)aes, out, in);
}

void nfim_sha256(const u8 *p, u32 len, u8 *out)
{
	sha256(p, len, out);
}

enum {
	QUIC_PER_SECOND	= 5000,	/* datagrams, of a CPU */
};

struct quic_cpu {
	struct nfim_quic q;
	unsigned long stamp;	/* jiffies, of the last refill */
	u32 tokens;
	int busy;
};

static struct quic_cpu __percpu *quic_cpus;

static bool quic_token(struct quic_cpu *c)
{
	unsigned long now = jiffies, gone = now - c->stamp;
	u32 more = gone >= HZ ? QUIC_PER_SECOND : (u32)gone * QUIC_PER_SECOND / HZ;

	if (more) {
		c->tokens = min_t(u32, c->tokens + more, QUIC_PER_SECOND);
		c->stamp = now;
	}
	if (!c->tokens)
		return false;
	c->tokens--;
	return true;
}

/**
 * nf_im_quic_get() - memory to decrypt QUIC in
 *
 * Context: bottom halves off. Where these can be preempted all the same (PREEMPT_RT), another
 * packet may find the CPU's memory in use.
 * Return: to be given back by nf_im_quic_put(); NULL if it is in use, or this CPU has decrypted
 * too much in the last second.
 */
struct nfim_quic *nf_im_quic_get(void)
{
	struct quic_cpu *c = raw_cpu_ptr(quic_cpus);

	if (cmpxchg_acquire(&c->busy, 0, 1))
		return NULL;
	if (quic_token(c))
		return &c->q;
	/* The memory is the next one's from here on. */
	smp_store_release(&c->busy, 0);
	return NULL;
}

/** nf_im_quic_put() - give back what nf_im_quic_get() returned; NULL is fine */
void nf_im_quic_put(struct nfim_quic *q)
{
	if (!q)
		return;
	/* What was written there is done with before another packet takes it. */
	smp_store_release(&container_of(q, struct quic_cpu, q)->busy, 0);
}

int nf_im_crypto_init(void)
{
	quic_cpus = alloc_percpu(struct quic_cpu);
	return quic_cpus ? 0 : -ENOMEM;
}

void nf_im_crypto_exit(void)
{
	free_percpu(quic_cpus);
}
