// SPDX-License-Identifier: GPL-2.0-only
/*
 * ClientHellos: bytes as records of TLS, as a message of QUIC, as a body of DTLS; and as host
 * names in the index. What is checked: a hello that is read is read the same from any number of
 * bytes that hold it, from fewer the answer is "more" and never what it is not.
 *
 * Input: a byte that says which, a byte of the prefix, then bytes.
 */
#include "case.h"
#include "engine/names.h"
#include "engine/tls.h"
#include "input.h"
#include "shipped.h"

#include <stdlib.h>

static enum nfim_tls_result parse(u32 kind, const u8 *bytes, u32 len, bool last,
				  struct nfim_tls_hello *hello)
{
	u8 *copy = malloc(len ? len : 1);
	struct nfim_view view = { .head = copy, .head_len = len, .len = len, .last = last };
	enum nfim_tls_result res;

	memcpy(copy, bytes, len);
	if (kind == 0)
		res = nfim_tls_records(&view, 0, hello);
	else if (kind == 1)
		res = nfim_tls_message(&view, 0, hello);
	else
		res = nfim_tls_body(&view, 0, len, kind == 2, hello);
	free(copy);
	return res;
}

static void check(enum nfim_tls_result res, const struct nfim_tls_hello *hello, u32 len)
{
	if (res == NFIM_TLS_MORE)
		case_ok("wants more than there is", hello->need > len);
	if (res != NFIM_TLS_HELLO)
		return;
	case_ok("ends inside", hello->end <= len);
	case_ok("the name fits", hello->name_len <= NFIM_TLS_NAME_MAX);
	case_ok("the protocol fits", hello->alpn_len <= NFIM_TLS_ALPN_MAX);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct nfim_tls_hello all, part;
	enum nfim_tls_result res, less;
	struct nfim_name_hit hit;
	u32 kind, len, n;

	if (size < 3)
		return 0;
	kind = data[0] % 4;
	len = (u32)size - 2;
	n = data[1] * len / 255;
	data += 2;
	case_begin("kind %u, %u of %u bytes", kind, n, len);
	case_bytes(data, len);
	res = parse(kind, data, len, false, &all);
	check(res, &all, len);
	if (kind < 2) {
		less = parse(kind, data, n, false, &part);
		check(less, &part, n);
		if (less == NFIM_TLS_HELLO || res == NFIM_TLS_HELLO)
			case_eq("the same answer", less,
				res == NFIM_TLS_HELLO && n < all.end && !all.sslv2 ?
				NFIM_TLS_MORE : less == NFIM_TLS_MORE ? less : res);
		if (less == NFIM_TLS_HELLO && res == NFIM_TLS_HELLO)
			case_mem("the same name", part.name, part.name_len, all.name, all.name_len);
	}
	case_ok("a datagram has no more", parse(kind, data, len, true, &all) != NFIM_TLS_MORE);
	if (nfim_names_find(&set->pack, data, len, &hit))
		case_ok("of a protocol", nfim_pack_proto(&set->pack, hit.proto));
	return 0;
}
