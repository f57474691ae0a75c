// SPDX-License-Identifier: GPL-2.0-only
/*
 * The pack in force, the one before, and the one being uploaded.
 *
 * Readers take nf_im_pack under rcu_read_lock(). Everything else here is under nf_im_mutex. A new
 * pack is verified completely before one pointer is swapped; a refused one changes nothing.
 */
#include <linux/mm.h>
#include <linux/slab.h>

#include "nf_im.h"
#include "nf_im_builtin.h"

struct nf_im_pack __rcu *nf_im_pack;
static struct nf_im_pack *previous;
static u8 epoch;

/* Rules in all namespaces that name a protocol. */
static u32 rule_protos[NFIM_PROTO_MAX];

/* One upload at a time, bound to the socket that began it. */
static struct {
	u32 portid;
	u32 size;
	u32 have;
	void *buf;
} upload;

static struct nf_im_pack *pack_current(void)
{
	return rcu_dereference_protected(nf_im_pack, lockdep_is_held(&nf_im_mutex));
}

static void pack_free(struct nf_im_pack *pack)
{
	if (!pack)
		return;
	kvfree(pack->buf);
	kvfree(pack);
}

/* Takes @buf, whether it works or not. */
static struct nf_im_pack *pack_make(void *buf, u32 size, struct nfim_pack_err *err)
{
	struct nf_im_pack *pack = kvzalloc(sizeof(*pack), GFP_KERNEL);

	if (!pack) {
		kvfree(buf);
		return ERR_PTR(-ENOMEM);
	}
	pack->buf = buf;
	pack->size = size;
	if (nfim_pack_open(&pack->p, buf, size, err)) {
		pack_free(pack);
		return ERR_PTR(-EINVAL);
	}
	return pack;
}

int nf_im_pack_init(void)
{
	struct nfim_pack_err err = {};
	struct nf_im_pack *pack;
	void *buf;

	/* A copy: on big endian hosts opening a pack swaps its words. */
	buf = kvmalloc(nf_im_builtin_len, GFP_KERNEL);
	if (!buf)
		return -ENOMEM;
	memcpy(buf, nf_im_builtin, nf_im_builtin_len);
	pack = pack_make(buf, nf_im_builtin_len, &err);
	if (IS_ERR(pack)) {
		pr_err("nf_im: built-in pack: %s at offset %u\n", err.what ?: "no memory", err.off);
		return PTR_ERR(pack);
	}
	pack->builtin = true;
	RCU_INIT_POINTER(nf_im_pack, pack);
	return 0;
}

void nf_im_pack_exit(void)
{
	pack_free(rcu_dereference_protected(nf_im_pack, 1));
	pack_free(previous);
	kvfree(upload.buf);
}

void nf_im_pack_rule(const struct xt_im_mtinfo *info, bool add)
{
	u32 id;

	mutex_lock(&nf_im_mutex);
	for (id = 1; id < NFIM_PROTO_MAX; id++)
		if (info->protos[id / 64] >> (id % 64) & 1)
			rule_protos[id] += add ? 1 : -1;
	mutex_unlock(&nf_im_mutex);
}

u32 nf_im_proto_category(u32 id)
{
	const struct nfim_proto *proto;

	proto = nfim_pack_proto(&rcu_dereference(nf_im_pack)->p, id);
	return proto ? proto->category : NF_IM_CAT_COUNT;
}
NF_IM_EXPORT(nf_im_proto_category);

static void upload_drop(void)
{
	kvfree(upload.buf);
	memset(&upload, 0, sizeof(upload));
}

int nf_im_pack_begin(u32 portid, u32 size)
{
	int err = 0;

	if (size > NFIM_PACK_SIZE_MAX)
		return -EFBIG;
	if (size < sizeof(struct nfim_pack_hdr))
		return -EINVAL;
	mutex_lock(&nf_im_mutex);
	if (upload.buf && upload.portid != portid) {
		err = -EBUSY;
		goto out;
	}
	upload_drop();
	upload.buf = kvmalloc(size, GFP_KERNEL_ACCOUNT);
	if (!upload.buf) {
		err = -ENOMEM;
		goto out;
	}
	upload.portid = portid;
	upload.size = size;
out:
	mutex_unlock(&nf_im_mutex);
	return err;
}

int nf_im_pack_chunk(u32 portid, u32 off, const void *data, u32 len)
{
	int err = -ERANGE;

	mutex_lock(&nf_im_mutex);
	if (!upload.buf || upload.portid != portid) {
		err = -ENOENT;
	} else if (off == upload.have && len <= upload.size - off) {
		memcpy(upload.buf + off, data, len);
		upload.have += len;
		err = 0;
	}
	mutex_unlock(&nf_im_mutex);
	return err;
}

void nf_im_pack_release(u32 portid)
{
	mutex_lock(&nf_im_mutex);
	if (upload.buf && upload.portid == portid)
		upload_drop();
	mutex_unlock(&nf_im_mutex);
}

static bool pack_has_rules(const struct nfim_pack *p, u32 id)
{
	u32 i;

	for (i = 0; i < p->n_rules; i++)
		if (p->rules[i].proto == id)
			return true;
	return false;
}

/* The registry is append-only: what live verdicts and rules rely on must mean the same. */
static int pack_check_registry(const struct nfim_pack *old, const struct nfim_pack *new,
			       char *why, size_t why_len)
{
	const struct nfim_proto *a, *b;
	u32 i;

	for (i = 0; i < old->n_protos; i++) {
		a = &old->protos[i];
		b = nfim_pack_proto(new, a->id);
		if (b && a->label == b->label && a->category == b->category &&
		    !strcmp(nfim_pack_str(old, a->name), nfim_pack_str(new, b->name)))
			continue;
		scnprintf(why, why_len, "its registry has another %s than the one in force",
			  nfim_pack_str(old, a->name));
		return -EINVAL;
	}
	return 0;
}

static int pack_check_rules(const struct nfim_pack *old, const struct nfim_pack *new,
			    char *why, size_t why_len)
{
	u32 id;

	for (id = 1; id < NFIM_PROTO_MAX; id++) {
		if (!rule_protos[id] || !pack_has_rules(old, id) || pack_has_rules(new, id))
			continue;
		scnprintf(why, why_len, "it has no signature for %s, which rules name",
			  nfim_pack_str(old, nfim_pack_proto(old, id)->name));
		return -EXDEV;
	}
	return 0;
}

static void pack_swap(struct nf_im_pack *pack)
{
	struct nf_im_pack *old = pack_current();

	/* Flows in the middle of being read notice by this number. */
	pack->p.epoch = ++epoch;
	rcu_assign_pointer(nf_im_pack, pack);
	synchronize_rcu();
	if (previous != pack)
		pack_free(previous);
	WRITE_ONCE(previous, old);
}

static int pack_check(struct nf_im_pack *pack, bool force, char *why, size_t why_len)
{
	const struct nfim_pack *old = &pack_current()->p;
	int err = pack_check_registry(old, &pack->p, why, why_len);

	if (!err && !force)
		err = pack_check_rules(old, &pack->p, why, why_len);
	return err;
}

int nf_im_pack_commit(u32 portid, bool force, char *why, size_t why_len)
{
	struct nfim_pack_err perr = {};
	struct nf_im_pack *pack;
	int err;

	mutex_lock(&nf_im_mutex);
	if (!upload.buf || upload.portid != portid) {
		err = -ENOENT;
		goto out;
	}
	if (upload.have != upload.size) {
		scnprintf(why, why_len, "only %u of %u bytes came", upload.have, upload.size);
		upload_drop();
		err = -ENODATA;
		goto out;
	}
	pack = pack_make(upload.buf, upload.size, &perr);
	upload.buf = NULL;
	upload_drop();
	if (IS_ERR(pack)) {
		err = PTR_ERR(pack);
		if (perr.what)
			scnprintf(why, why_len, "%s%s%s at offset %u", perr.name,
				  *perr.name ? ": " : "", perr.what, perr.off);
		goto out;
	}
	err = pack_check(pack, force, why, why_len);
	if (err)
		pack_free(pack);
	else
		pack_swap(pack);
out:
	mutex_unlock(&nf_im_mutex);
	return err;
}

int nf_im_pack_rollback(bool force, char *why, size_t why_len)
{
	int err = -ENOENT;

	mutex_lock(&nf_im_mutex);
	if (previous)
		err = pack_check(previous, force, why, why_len);
	if (!err)
		pack_swap(previous);
	mutex_unlock(&nf_im_mutex);
	return err;
}

bool nf_im_pack_has_previous(void)
{
	return READ_ONCE(previous);
}
