/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The one place where the engine meets its host. In the module the types come
 * from the kernel, in libnfim, the fuzzers and the host compiler from libc;
 * nothing else in this folder may include a header of either.
 */
#ifndef _NF_IM_ENGINE_PORT_H
#define _NF_IM_ENGINE_PORT_H

#ifdef __KERNEL__

#include <asm/barrier.h>
#include <linux/build_bug.h>
#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/string.h>
#include <linux/types.h>

#else /* userspace */

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int32_t s32;

#define U32_MAX			UINT32_MAX
#define U16_MAX			UINT16_MAX

#ifndef ARRAY_SIZE
#define ARRAY_SIZE(a)		(sizeof(a) / sizeof((a)[0]))
#endif
#ifndef READ_ONCE
#define READ_ONCE(x)		(*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, v)	(*(volatile __typeof__(x) *)&(x) = (v))
#endif
#ifndef smp_store_release
/* Pairs with the address dependency of whoever follows the pointer. */
#define smp_store_release(p, v)	__atomic_store_n(p, v, __ATOMIC_RELEASE)
#endif
#ifndef likely
#define likely(x)		__builtin_expect(!!(x), 1)
#define unlikely(x)		__builtin_expect(!!(x), 0)
#endif
#ifndef noinline
#define noinline		__attribute__((__noinline__))
#endif
#ifndef static_assert
#define static_assert		_Static_assert
#endif
#ifndef fallthrough
#define fallthrough		__attribute__((__fallthrough__))
#endif
#ifndef min
#define min(a, b) ({			\
	__typeof__(a) _a = (a);		\
	__typeof__(b) _b = (b);		\
	_a < _b ? _a : _b; })
#define min_t(t, a, b)		min((t)(a), (t)(b))
#define max(a, b) ({			\
	__typeof__(a) _a = (a);		\
	__typeof__(b) _b = (b);		\
	_a > _b ? _a : _b; })
#endif

#endif /* __KERNEL__ */

/* What is written before it is read, and large: compilers may be told to clear all else. */
#ifndef __uninitialized
#if defined(__has_attribute)
#if __has_attribute(uninitialized)
#define __uninitialized		__attribute__((__uninitialized__))
#endif
#endif
#endif
#ifndef __uninitialized
#define __uninitialized
#endif

/*
 * What the host's library computes: kernel's lib/crypto in the module, nettle in user space.
 * No memory is allocated, and nothing can fail.
 */

/** struct nfim_aes - an expanded key of AES-128 or AES-256; what is in it is the host's */
struct nfim_aes {
	u64 opaque[62];
};

/**
 * nfim_aes_key() - expand a key
 * @aes: set
 * @key: its bytes
 * @len: 16 or 32
 */
void nfim_aes_key(struct nfim_aes *aes, const u8 *key, u32 len);

/**
 * nfim_aes_block() - encrypt one block of 16 bytes
 * @aes: key
 * @out: may be @in
 * @in: block
 */
void nfim_aes_block(const struct nfim_aes *aes, u8 *out, const u8 *in);

/**
 * nfim_sha256() - SHA-256 in one call
 * @p: bytes
 * @len: how many
 * @out: 32 bytes
 */
void nfim_sha256(const u8 *p, u32 len, u8 *out);

/* Loads from the wire: no alignment is assumed, none is needed. */
static inline u32 nfim_be16(const u8 *p)
{
	return (u32)p[0] << 8 | p[1];
}

static inline u32 nfim_be24(const u8 *p)
{
	return (u32)p[0] << 16 | (u32)p[1] << 8 | p[2];
}

static inline u32 nfim_be32(const u8 *p)
{
	return (u32)p[0] << 24 | nfim_be24(p + 1);
}

static inline u32 nfim_le16(const u8 *p)
{
	return (u32)p[1] << 8 | p[0];
}

static inline u32 nfim_le32(const u8 *p)
{
	return nfim_le16(p + 2) << 16 | nfim_le16(p);
}

/* One load, as compilers see. */
static inline u64 nfim_le64(const u8 *p)
{
	return (u64)p[7] << 56 | (u64)p[6] << 48 | (u64)p[5] << 40 | (u64)p[4] << 32 |
	       (u64)p[3] << 24 | (u64)p[2] << 16 | (u64)p[1] << 8 | p[0];
}

#endif /* _NF_IM_ENGINE_PORT_H */
