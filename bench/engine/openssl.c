// SPDX-License-Identifier: GPL-2.0-only
/*
 * What OpenSSL takes for what the engine does with a datagram of QUIC: the keys by the connection
 * id, the header's protection, the payload; and its tag, which the engine leaves out.
 */
#include "bench.h"
#include "engine/quic.h"

#include <stdlib.h>

#include <valgrind/callgrind.h>

#ifdef HAVE_OPENSSL
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

enum {
	CID	= 6,	/* where it stands in these datagrams */
	TAG	= 16,
	HASH	= 32,
};

static const u8 salt[] = {	/* RFC 9001 section 5.2 */
	0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17,
	0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a,
};

static EVP_KDF_CTX *kdf;
static EVP_CIPHER_CTX *cipher;
static EVP_CIPHER *ecb, *gcm;

static void need(bool ok)
{
	if (!ok) {
		fputs("bench: OpenSSL does not do it\n", stderr);
		exit(1);
	}
}

static void openssl_begin(void)
{
	EVP_KDF *k = EVP_KDF_fetch(NULL, "HKDF", NULL);

	kdf = EVP_KDF_CTX_new(k);
	EVP_KDF_free(k);
	cipher = EVP_CIPHER_CTX_new();
	ecb = EVP_CIPHER_fetch(NULL, "AES-128-ECB", NULL);
	gcm = EVP_CIPHER_fetch(NULL, "AES-128-GCM", NULL);
	need(kdf && cipher && ecb && gcm);
}

static void derive(int mode, const u8 *key, u32 key_len, const u8 *more, u32 more_len, u8 *out,
		   u32 len)
{
	const char *what = mode == EVP_KDF_HKDF_MODE_EXTRACT_ONLY ? OSSL_KDF_PARAM_SALT :
			   OSSL_KDF_PARAM_INFO;
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, "SHA256", 0),
		OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)key, key_len),
		OSSL_PARAM_construct_octet_string(what, (void *)more, more_len),
		OSSL_PARAM_construct_end(),
	};

	EVP_KDF_CTX_reset(kdf);
	need(EVP_KDF_derive(kdf, out, len, params) == 1);
}

static void label(const u8 *secret, const char *name, u8 *out, u32 len)
{
	u8 info[40] = { 0, (u8)len, (u8)(6 + strlen(name)) };

	memcpy(info + 3, "tls13 ", 6);
	memcpy(info + 9, name, strlen(name));
	derive(EVP_KDF_HKDF_MODE_EXPAND_ONLY, secret, HASH, info, 10 + strlen(name), out, len);
}

/* Version 1, a connection id of 8 bytes, no token, a length of two bytes. */
static void openssl_open(const u8 *datagram)
{
	u8 secret[HASH], key[16], iv[12], hp[16], mask[16], head[64], plain[NFIM_QUIC_PLAIN_MAX];
	u32 cid = datagram[CID - 1], at = CID + cid + 2 + 2, len, n, i;
	int out;

	len = (datagram[at - 2] << 8 | datagram[at - 1]) & 0x3fff;
	derive(EVP_KDF_HKDF_MODE_EXTRACT_ONLY, datagram + CID, cid, salt, sizeof(salt), secret,
	       HASH);
	label(secret, "client in", secret, HASH);
	label(secret, "quic key", key, sizeof(key));
	label(secret, "quic iv", iv, sizeof(iv));
	label(secret, "quic hp", hp, sizeof(hp));
	need(EVP_EncryptInit_ex2(cipher, ecb, hp, NULL, NULL) == 1 &&
	     EVP_EncryptUpdate(cipher, mask, &out, datagram + at + 4, sizeof(mask)) == 1);
	memcpy(head, datagram, at + 4);
	head[0] ^= mask[0] & 0x0f;
	n = (head[0] & 3) + 1;
	for (i = 0; i < n; i++) {
		head[at + i] ^= mask[1 + i];
		iv[12 - n + i] ^= head[at + i];
	}
	need(EVP_DecryptInit_ex2(cipher, gcm, key, iv, NULL) == 1 &&
	     EVP_DecryptUpdate(cipher, NULL, &out, head, at + n) == 1 &&
	     EVP_DecryptUpdate(cipher, plain, &out, datagram + at + n, len - n - TAG) == 1 &&
	     EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_SET_TAG, TAG,
				 (void *)(datagram + at + len - TAG)) == 1 &&
	     EVP_DecryptFinal_ex(cipher, plain + out, &out) == 1);
}

void openssl_count(const u8 *datagram, const char *name)
{
	openssl_begin();
	openssl_open(datagram);
	CALLGRIND_TOGGLE_COLLECT;
	openssl_open(datagram);
	CALLGRIND_TOGGLE_COLLECT;
	count_dump(name);
}

void openssl_time(const u8 *datagram, const char *name)
{
	u32 i, rounds = 10000;
	u64 from;

	openssl_begin();
	openssl_open(datagram);
	from = bench_now();
	for (i = 0; i < rounds; i++)
		openssl_open(datagram);
	printf("%s\t%llu\t-\n", name, (unsigned long long)((bench_now() - from) / rounds));
}
#else
void openssl_count(const u8 *datagram, const char *name)
{
	(void)datagram;
	count_dump(name);
}

void openssl_time(const u8 *datagram, const char *name)
{
	(void)datagram;
	fprintf(stderr, "bench: SKIP %s: no libcrypto\n", name);
}
#endif
