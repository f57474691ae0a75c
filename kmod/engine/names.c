// SPDX-License-Identifier: GPL-2.0-only
/*
 * Finding a host's name in the pack.
 */
#include "names.h"

static u8 lower(u8 c)
{
	return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

/* The record of exactly these bytes. */
static const struct nfim_hostname *find(const struct nfim_pack *pack, u32 hash,
					const u8 *name, u32 len)
{
	u32 bucket = hash & (pack->n_buckets - 2);
	u32 i, k;

	for (i = pack->buckets[bucket]; i < pack->buckets[bucket + 1]; i++) {
		const struct nfim_hostname *n = &pack->names[i];
		const u8 *p = pack->data + n->text;

		if (n->hash != hash || NFIM_NAME_LEN(n) != len)
			continue;
		for (k = 0; k < len && lower(name[k]) == p[k]; k++)
			;
		if (k == len)
			return n;
	}
	return NULL;
}

static void found(const struct nfim_hostname *n, struct nfim_name_hit *hit)
{
	hit->proto = NFIM_NAME_PROTO(n);
	hit->class = NFIM_NAME_CLASS(n);
	hit->actions = n->actions;
}

bool nfim_names_find(const struct nfim_pack *pack, const u8 *host, u32 len,
		     struct nfim_name_hit *hit)
{
	const struct nfim_hostname *best = NULL, *n;
	u32 hash = NFIM_NAME_HASH, labels = 0, at;

	if (!pack->n_names)
		return false;
	if (len && host[len - 1] == '.')
		len--;
	if (len > NFIM_HOSTNAME_MAX)
		return false;
	for (at = len; at; at--) {
		if (host[at - 1] == ':')
			return false;
		hash = nfim_name_hash(hash, lower(host[at - 1]));
		if (at > 1 && host[at - 2] != '.')
			continue;
		if (++labels > pack->name_labels)
			break;
		n = find(pack, hash, host + at - 1, len - at + 1);
		if (n)
			best = n;
	}
	if (best)
		found(best, hit);
	return best;
}

bool nfim_names_find_whole(const struct nfim_pack *pack, const char *kind, const u8 *name,
			   u32 len, struct nfim_name_hit *hit)
{
	u8 text[NFIM_KIND_MAX];
	u32 n = strlen(kind), hash = NFIM_NAME_HASH, i;
	const struct nfim_hostname *best;

	if (!pack->n_names || !len || len > sizeof(text) || n > sizeof(text) - len)
		return false;
	memcpy(text, kind, n);
	memcpy(text + n, name, len);
	n += len;
	for (i = n; i; i--)
		hash = nfim_name_hash(hash, lower(text[i - 1]));
	best = find(pack, hash, text, n);
	if (best)
		found(best, hit);
	return best;
}

/* What is wrong with a name's text, or NULL; @labels and @hash are set. */
static const char *check_text(const u8 *p, u32 len, u32 *labels, u32 *hash)
{
	u32 i;

	*labels = 1;
	*hash = NFIM_NAME_HASH;
	for (i = len; i; i--) {
		u8 c = p[i - 1];

		if (c == '.')
			++*labels;
		else if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
			   c == '_' || c == '/' || c == ':'))
			return "a host's name is not in lower case, or not of letters";
		if (c == '.' && (i == 1 || i == len || p[i - 2] == '.'))
			return "a label of a host's name is empty";
		*hash = nfim_name_hash(*hash, c);
	}
	if (*labels > NFIM_NAME_LABELS_MAX)
		return "a host's name has too many labels";
	return NULL;
}

static const char *check_name(struct nfim_pack *pack, const struct nfim_hostname *n, u32 bucket)
{
	u32 len = NFIM_NAME_LEN(n), labels, hash;
	const char *bad;

	if (!len || n->text > pack->data_len || len > pack->data_len - n->text)
		return "a host's name is empty or outside the data";
	bad = check_text(pack->data + n->text, len, &labels, &hash);
	if (bad)
		return bad;
	if (hash != n->hash || (hash & (pack->n_buckets - 2)) != bucket)
		return "a host's name is in a wrong place";
	if (!nfim_pack_proto(pack, NFIM_NAME_PROTO(n)) || n->what >> 24)
		return "a host's name is of no protocol";
	if (NFIM_NAME_CLASS(n) >= NFIM_NAME_CLASSES || n->actions >> NFIM_ACTIONS)
		return "a host's name has an unknown class or action";
	pack->name_labels = max(pack->name_labels, labels);
	return NULL;
}

static const char *check_bucket(struct nfim_pack *pack, u32 bucket, const void **at)
{
	u32 from = pack->buckets[bucket], to = pack->buckets[bucket + 1], i;
	const char *bad;

	*at = &pack->buckets[bucket + 1];
	if (to < from || to > pack->n_names || to - from > NFIM_BUCKET_MAX)
		return "a bucket of names ends in a wrong place, or has too many";
	for (i = from; i < to; i++) {
		*at = &pack->names[i];
		bad = check_name(pack, &pack->names[i], bucket);
		if (bad)
			return bad;
	}
	return NULL;
}

const char *nfim_names_check(struct nfim_pack *pack, const void **at)
{
	u32 n = pack->n_buckets, i;
	const char *bad = NULL;

	*at = pack->buckets;
	pack->name_labels = 0;
	if (!n)
		return pack->n_names ? "there are names without buckets" : NULL;
	/* A power of two of them, and where the last one ends. */
	if (n < 2 || ((n - 1) & (n - 2)))
		return "the number of buckets of names is no power of two";
	if (pack->buckets[0] || pack->buckets[n - 1] != pack->n_names)
		return "the buckets do not hold all names";
	for (i = 0; !bad && i < n - 1; i++)
		bad = check_bucket(pack, i, at);
	return bad;
}
