// SPDX-License-Identifier: GPL-2.0-only
/*
 * ClientHellos, by RFC 8446 section 4.1.2.
 */
#include "hello.h"

static u8 *put16(u8 *p, u32 v)
{
	*p++ = (u8)(v >> 8);
	*p++ = (u8)v;
	return p;
}

static u8 *put_extension(u8 *p, u32 type, u32 len)
{
	p = put16(p, type);
	return put16(p, len);
}

static u8 *put_name(u8 *p, const char *name)
{
	u32 n = strlen(name);

	p = put_extension(p, 0, n ? n + 5 : 2);
	p = put16(p, n ? n + 3 : 0);
	if (!n)
		return p;
	*p++ = 0;
	p = put16(p, n);
	memcpy(p, name, n);
	return p + n;
}

static u8 *put_extensions(u8 *p, const struct hello *h)
{
	p = put_extension(p, 0x0a0a, 0);
	if (h->pad) {
		p = put_extension(p, 21, h->pad);
		memset(p, 0, h->pad);
		p += h->pad;
	}
	if (h->name)
		p = put_name(p, h->name);
	if (h->alpn) {
		u32 n = strlen(h->alpn);

		p = put_extension(p, 16, n + 3);
		p = put16(p, n + 1);
		*p++ = n;
		memcpy(p, h->alpn, n);
		p += n;
	}
	if (h->ech) {
		p = put_extension(p, 0xfe0d, 3);
		memset(p, 1, 3);
		p += 3;
	}
	return put_extension(p, 23, 0);
}

u32 hello_make(u8 *out, const struct hello *h)
{
	u8 *p = out + 4, *lens;
	u32 n;

	p = put16(p, h->dtls ? 0xfefd : 0x0303);
	memset(p, 0x52, 32);
	p += 32;
	*p++ = 0;
	if (h->dtls)
		*p++ = 0;
	p = put16(p, 4);
	p = put16(p, 0x1301);
	p = put16(p, 0xc02b);
	*p++ = 1;
	*p++ = 0;
	lens = p;
	p = put_extensions(p + 2, h);
	put16(lens, (u32)(p - lens - 2));
	n = (u32)(p - out - 4);
	out[0] = 1;
	out[1] = (u8)(n >> 16);
	put16(out + 2, n & 0xffff);
	return n + 4;
}

u32 hello_records(u8 *out, const u8 *msg, u32 len, const u32 *cuts, u32 n)
{
	u32 i, from = 0, to, at = 0;

	for (i = 0; i <= n; i++, from = to) {
		to = i < n ? cuts[i] : len;
		out[at] = 0x16;
		put16(out + at + 1, i ? 0x0303 : 0x0301);
		put16(out + at + 3, to - from);
		memcpy(out + at + 5, msg + from, to - from);
		at += 5 + to - from;
	}
	return at;
}

u32 dtls_put(u8 *out, const u8 *body, u32 len, u32 from, u32 to, u32 number)
{
	static const u8 record[] = { 0x16, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 7 };
	u32 n = to - from;

	memcpy(out, record, sizeof(record));
	out[11] = (u8)((n + 12) >> 8);
	out[12] = (u8)(n + 12);
	out[13] = 1;
	out[14] = 0;
	out[15] = (u8)(len >> 8);
	out[16] = (u8)len;
	out[17] = 0;
	out[18] = (u8)number;
	out[19] = 0;
	out[20] = (u8)(from >> 8);
	out[21] = (u8)from;
	out[22] = 0;
	out[23] = (u8)(n >> 8);
	out[24] = (u8)n;
	memcpy(out + DTLS_HEADERS, body + from, n);
	return DTLS_HEADERS + n;
}
