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

/* Datagrams a second, of a CPU. What other namespaces send must not blind the initial one. */
enum {
	QUIC_INITIAL_NET	= 5000,
	QUIC_OTHER_NETS		= 1000,
};

struct quic_bucket {
	unsigned long stamp;	/* jiffies, of the last refill */
	u32 tokens;
};

struct quic_cpu {
	struct nfim_quic q;
	struct quic_bucket initial, others;
	int busy;
};

static struct quic_cpu __percpu *quic_cpus;

static bool quic_token(struct quic_bucket *b, u32 rate)
{
	unsigned long now = jiffies, gone = now - b->stamp;
	u32 more = gone >= HZ ? rate : (u32)gone * rate / HZ;

	if (more) {
		b->tokens = min_t(u32, b->tokens + more, rate);
		b->stamp = now;
	}
	if (!b->tokens)
		return false;
	b->tokens--;
	return true;
}

static bool quic_may(struct quic_cpu *c, const struct nf_im_net *inet)
{
	return net_eq(inet->net, &init_net) ? quic_token(&c->initial, QUIC_INITIAL_NET) :
					      quic_token(&c->others, QUIC_OTHER_NETS);
}

/**
 * nf_im_quic_get() - memory to decrypt QUIC in
 * @inet: namespace of the packet
 *
 * Context: bottom halves off. Where these can be preempted all the same (PREEMPT_RT), another
 * packet may find the CPU's memory in use.
 * Return: to be given back by nf_im_quic_put(); NULL if it is in use, or this CPU has decrypted
 * too much in the last second, for the initial namespace or for all others.
 */
struct nfim_quic *nf_im_quic_get(const struct nf_im_net *inet)
{
	struct quic_cpu *c = raw_cpu_ptr(quic_cpus);

	if (cmpxchg_acquire(&c->busy, 0, 1))
		return NULL;
	if (quic_may(c, inet))
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
