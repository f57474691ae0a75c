// SPDX-License-Identifier: GPL-2.0-only
/*
 * How much a rule proves: with what probability bytes that are anything at all
 * would pass it, as a negative binary logarithm in 1/256 bit. Integers only,
 * so that every build says the same; what is not exact errs to less evidence.
 *
 * A bit of the stream counts once. To know that, the bits tested so far are
 * kept, as seen from the cursor, and move with it.
 */
#include "compile_impl.h"

/* Binary logarithm, rounded up, in 1/256; of 1 at least. */
u32 log2_q8(u64 v)
{
	u32 whole = 0, frac = 0, i;
	u64 x = v;

	while (x > 1) {
		x >>= 1;
		whole++;
	}
	if (v <= 1 || v == (u64)1 << whole)
		return whole << 8;
	/* v as 1.31 fixed point; each squaring gives one more bit of the fraction. */
	x = whole > 31 ? v >> (whole - 31) : v << (31 - whole);
	for (i = 0; i < 8; i++) {
		x = x * x >> 31;
		frac = frac << 1 | (x >> 32 ? 1 : 0);
		if (x >> 32)
			x >>= 1;
	}
	return (whole << 8) + frac + 1;
}

u32 literal_bits(const struct lit *lit)
{
	u32 q8 = 0;
	u32 i;

	for (i = 0; i < lit->len; i++)
		q8 += lit->caseless && lit->p[i] >= 'a' && lit->p[i] <= 'z' ? 7 << 8 : 8 << 8;
	return q8;
}

/* Which bits of the field can still make a difference, in place. */
static u32 live_bits(const struct expr *e)
{
	u32 live = e->width == 4 ? U32_MAX : (1u << e->width * 8) - 1;
	u32 shift = 0;
	u32 i;

	for (i = 0; i < e->steps.n; i++) {
		const struct step *step = VEC_AT(&e->steps, struct step, i);

		if (step->op == NFIM_OP_AND) {
			live &= step->arg;
		} else if (step->op == NFIM_OP_SHR) {
			live >>= step->arg;
			shift += step->arg;
		}
	}
	return shift > 31 ? 0 : live << shift;
}

u32 expr_bits(const struct expr *e)
{
	u32 live, n = 0;

	if (!e->width)
		return 0;
	for (live = live_bits(e); live; live &= live - 1)
		n++;
	return n << 8;
}

/* The least value the expression can have, if its field has at least @field. */
u32 expr_least(const struct expr *e, u32 field)
{
	u64 v = e->width ? field : e->off;
	u32 i;

	for (i = 0; i < e->steps.n; i++) {
		const struct step *step = VEC_AT(&e->steps, struct step, i);

		if (step->op == NFIM_OP_AND)
			v = 0;
		else if (step->op == NFIM_OP_SHR)
			v >>= step->arg;
		else if (step->op == NFIM_OP_ADD)
			v += step->arg;
		else if (step->op == NFIM_OP_MUL)
			v *= step->arg;
		else if (step->op == NFIM_OP_SUB)
			v = v > step->arg ? v - step->arg : 0;
		if (v > OFF_MAX)
			v = OFF_MAX;
	}
	return (u32)v;
}

/* Evidence of a field being in one of the ranges. */
u32 range_bits(const struct expr *e, const struct vec *ranges)
{
	u32 bits = expr_bits(e);
	u64 count = 0;
	u32 i, less;

	for (i = 0; i < ranges->n; i++) {
		const struct nfim_range *r = VEC_AT(ranges, struct nfim_range, i);

		count += (u64)(r->hi - r->lo) / r->step + 1;
	}
	less = log2_q8(count);
	return bits > less ? bits - less : 0;
}

static bool cover(struct covered *cov, u32 off, u8 mask)
{
	bool fresh = !(cov->bits[off] & mask);

	cov->bits[off] |= mask;
	if (cov->end <= off)
		cov->end = off + 1;
	return fresh;
}

/* Remember that bytes were tested. False if any bit of them was before. */
bool cover_bytes(struct covered *cov, u32 off, u32 len)
{
	bool fresh = true;

	while (len--)
		fresh &= cover(cov, off++, 0xff);
	return fresh;
}

bool cover_expr(struct covered *cov, const struct expr *e)
{
	u32 live = live_bits(e);
	bool little = e->load == NFIM_OP_LDLE16 || e->load == NFIM_OP_LDLE32;
	bool fresh = true;
	u32 i;

	for (i = 0; i < e->width; i++) {
		u8 mask = (u8)(live >> (little ? i : e->width - 1 - i) * 8);

		if (mask)
			fresh &= cover(cov, e->off + i, mask);
	}
	return fresh;
}

/*
 * The cursor goes on by @least bytes, or by that and more. In the latter case any
 * place that is tested from now on may be one that was tested before, up to the last.
 */
void cover_shift(struct covered *cov, u32 least, bool varies)
{
	u32 left = cov->end > least ? cov->end - least : 0;

	if (left && !varies)
		memmove(cov->bits, cov->bits + least, left);
	else if (left)
		memset(cov->bits, 0xff, left);
	memset(cov->bits + left, 0, sizeof(cov->bits) - left);
	cov->end = left;
}
