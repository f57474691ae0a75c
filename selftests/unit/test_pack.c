// SPDX-License-Identifier: GPL-2.0-only
/*
 * Opening packs: what the compiler writes opens; what is damaged does not, with a
 * reason and a place; what is damaged with a right checksum does not either, or does no harm.
 */
#include "unit.h"
#include "drive.h"
#include "packmk.h"
#include "sigset.h"

#include <stdlib.h>

enum {
	PLACES_MAX = 1500,	/* bytes of a large pack that are tried */
	PLACES_ALL = 8192,	/* a pack up to this size is tried at every byte */
};

static struct sigset *sets[2];	/* shipped, test */

/* From one byte to try to the next; the first ones, header and sections, are all tried. */
static size_t next_place(size_t at, size_t size)
{
	if (size <= PLACES_ALL || at < 200)
		return at + 1;
	return at + 1 + size / PLACES_MAX;
}

/* What was opened has the file's words, in the host's order, and its bytes. */
static bool same_pack(const u8 *opened, const u8 *bytes, size_t len)
{
	size_t at = sizeof(((struct nfim_pack_hdr *)0)->magic);
	size_t data = packmk_sect(bytes, NFIM_SECT_DATA);
	u32 word;

	if (memcmp(opened, bytes, at) || memcmp(opened + data, bytes + data, len - data))
		return false;
	for (; at < data; at += sizeof(word)) {
		memcpy(&word, opened + at, sizeof(word));
		if (word != packmk_get(bytes, at))
			return false;
	}
	return true;
}

/* Open a copy in memory of exactly its size; frees it unless @keep. */
static int try_open(const u8 *bytes, size_t len, struct nfim_pack *pack,
		    struct nfim_pack_err *err, u8 **keep)
{
	u8 *copy = malloc(len ? len : 1);
	int ret;

	memcpy(copy, bytes, len);
	memset(err, 0x5a, sizeof(*err));
	ret = nfim_pack_open(pack, copy, len, err);
	if (!ret && !same_pack(copy, bytes, len))
		case_fail("opening it changed it");
	if (keep && !ret)
		*keep = copy;
	else
		free(copy);
	return ret;
}

static void check_refusal(int ret, const struct nfim_pack_err *err, size_t len)
{
	const char *what = err->what;
	size_t n;

	case_eq("return value", (u32)ret, (u32)-EINVAL);
	case_ok("there is a reason", what && strlen(what) > 8);
	case_ok("it is a sentence without full stop", what[strlen(what) - 1] != '.');
	if (err->off > len)
		case_fail("offset %u is beyond the file's %zu bytes (%s)", err->off, len, what);
	n = strnlen(err->name, sizeof(err->name));
	case_ok("the name ends", n < sizeof(err->name));
}

TEST(test_crc)
{
	static const u8 digits[] = "123456789";

	case_begin("crc32");
	case_eq("check value", nfim_crc32(0, digits, 9), 0xcbf43926);
	case_eq("in two pieces", nfim_crc32(nfim_crc32(0, digits, 4), digits + 4, 5), 0xcbf43926);
	case_eq("of nothing", nfim_crc32(0, digits, 0), 0);
}

TEST(test_open)
{
	u32 s, i;

	for (s = 0; s < ARRAY_SIZE(sets); s++) {
		const struct nfim_sigs *sigs = sets[s]->sigs;
		struct nfim_pack_err err;
		struct nfim_pack pack;
		u8 *file = NULL;

		case_begin("open set %u", s);
		case_eq("opens", try_open(sigs->pack, sigs->pack_len, &pack, &err, &file), 0);
		case_ok("no reason", !err.what && !err.off && !err.name[0]);
		case_eq("epoch", pack.epoch, 0);
		case_eq("protocols", pack.n_protos, sigs->n_protos);
		case_eq("rules", pack.n_rules, sigs->n_rules);
		for (i = 0; i < sigs->n_protos; i++) {
			const struct nfim_proto *p = nfim_pack_proto(&pack, sigs->protos[i].id);

			case_ok("the protocol is found", p);
			case_str("its name", nfim_pack_str(&pack, p->name), sigs->protos[i].name);
		}
		for (i = 0; i < 70000; i += 13)
			case_ok("no protocol of a wrong id", !nfim_pack_proto(&pack, 256 + i));
		case_ok("no protocol 0", !nfim_pack_proto(&pack, 0));
		for (i = 0; i < sigs->n_rules; i++)
			case_str("rule", nfim_pack_str(&pack, pack.rules[i].name),
				 sigs->rules[i].name);
		free(file);
	}
}

static void truncate_pack(const struct nfim_sigs *sigs)
{
	size_t len, size = sigs->pack_len;
	u8 *bytes = malloc(size);

	for (len = 0; len < size; len = next_place(len, size)) {
		struct nfim_pack_err err;
		struct nfim_pack pack;

		memcpy(bytes, sigs->pack, len);
		case_begin("first %zu of %zu bytes", len, size);
		check_refusal(try_open(bytes, len, &pack, &err, NULL), &err, len);
		if (len >= sizeof(struct nfim_pack_hdr) + NFIM_SECT_DATA * sizeof(struct nfim_sect)) {
			case_str("reason", err.what,
				 "the pack is cut short or has bytes behind its end");
			case_eq("offset", err.off, offsetof(struct nfim_pack_hdr, size));
		}
		packmk_seal(bytes, len);
		case_begin("first %zu of %zu bytes, sealed", len, size);
		check_refusal(try_open(bytes, len, &pack, &err, NULL), &err, len);
	}
	free(bytes);
}

TEST(test_truncated)
{
	truncate_pack(sets[0]->sigs);
	truncate_pack(sets[1]->sigs);
}

TEST(test_longer)
{
	size_t size = sets[1]->sigs->pack_len, more;
	u8 *bytes = calloc(1, size + 64);

	memcpy(bytes, sets[1]->sigs->pack, size);
	for (more = 1; more <= 64; more++) {
		struct nfim_pack_err err;
		struct nfim_pack pack;

		case_begin("%zu bytes behind the end", more);
		check_refusal(try_open(bytes, size + more, &pack, &err, NULL), &err, size + more);
		case_begin("%zu bytes behind the end, sealed", more);
		packmk_seal(bytes, size + more);
		check_refusal(try_open(bytes, size + more, &pack, &err, NULL), &err, size + more);
		case_str("reason", err.what, "the last section ends before the file");
		memcpy(bytes, sets[1]->sigs->pack, size);
	}
	free(bytes);
}

TEST(test_unaligned)
{
	size_t size = sets[0]->sigs->pack_len;
	u8 *bytes = malloc(size + 4);
	u32 i;

	for (i = 1; i < 4; i++) {
		struct nfim_pack_err err;
		struct nfim_pack pack;

		case_begin("at an address of 4 n + %u", i);
		memcpy(bytes + i, sets[0]->sigs->pack, size);
		check_refusal(nfim_pack_open(&pack, bytes + i, size, &err), &err, size);
		case_str("reason", err.what, "the pack is not aligned in memory");
	}
	free(bytes);
}

/* Every program of an opened pack, every sample through its index: nothing bad may come. */
static void use_pack(const struct nfim_pack *pack)
{
	const struct nfim_sigs *sigs = sets[1]->sigs;
	u32 i, k;

	for (i = 0; i < sigs->n_samples; i++) {
		const struct nfim_sig_sample *s = &sigs->samples[i];
		struct nfim_view view = { .head = s->bytes, .head_len = s->len, .len = s->len };
		struct drive d;

		for (k = 0; k < pack->n_rules + pack->n_frames; k++) {
			bool rule = k < pack->n_rules;
			const struct nfim_frames *f = &pack->frames[rule ? 0 : k - pack->n_rules];
			struct nfim_out out = { 0 };

			nfim_run(pack, rule ? pack->rules[k].code : f->code,
				 rule ? pack->rules[k].n_code : f->n_code, &view, 0, &out);
			case_ok("work is bounded", out.work <= NFIM_COST_MAX);
		}
		drive_init(&d, pack);
		d.watch = true;
		d.paranoid = false;
		drive_at(&d, s->dir >> 1, 0, s->bytes, s->len);
		drive_free(&d);
	}
}

/* Each byte, changed in several ways, with the checksum as it was and set right. */
static void corrupt(const struct sigset *set, bool seal, u32 *opened)
{
	static const u8 flips[] = { 0x01, 0x80, 0xff, 0x10 };
	size_t size = set->sigs->pack_len, at;
	u8 *bytes = malloc(size), *file;
	u32 i;

	for (at = 0; at < size; at = next_place(at, size)) {
		for (i = 0; i < ARRAY_SIZE(flips); i++) {
			struct nfim_pack_err err;
			struct nfim_pack pack;
			int ret;

			memcpy(bytes, set->sigs->pack, size);
			bytes[at] ^= flips[i];
			if (seal)
				packmk_seal(bytes, size);
			case_begin("byte %zu ^ 0x%02x%s", at, flips[i], seal ? ", sealed" : "");
			ret = try_open(bytes, size, &pack, &err, &file);
			if (ret) {
				check_refusal(ret, &err, size);
				continue;
			}
			if (!seal)
				case_fail("it opens");
			use_pack(&pack);
			free(file);
			++*opened;
		}
	}
	free(bytes);
}

TEST(test_corrupted)
{
	u32 opened = 0;

	corrupt(sets[0], false, &opened);
	corrupt(sets[1], false, &opened);
}

TEST(test_corrupted_sealed)
{
	u32 opened = 0;

	corrupt(sets[0], true, &opened);
	corrupt(sets[1], true, &opened);
	printf("# %u packs with one changed byte open, and do no harm\n", opened);
	case_ok("some of them open: names and values may be others", opened > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_crc),
		cmocka_unit_test(test_open),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_longer),
		cmocka_unit_test(test_unaligned),
		cmocka_unit_test(test_corrupted),
		cmocka_unit_test(test_corrupted_sealed),
	};
	int failed;

	sets[0] = sigset_shipped();
	sets[1] = sigset_test();
	failed = cmocka_run_group_tests_name("pack", tests, NULL, NULL);
	sigset_free(sets[0]);
	sigset_free(sets[1]);
	printf("# %lu cases\n", case_count());
	return failed;
}
