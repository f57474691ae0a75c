// SPDX-License-Identifier: GPL-2.0-only
/*
 * The interpreter of signature programs. nfim_pack_open() has verified what
 * comes from the pack; what comes from the wire is checked here, each time.
 */
#include "http.h"
#include "reader.h"
#include "run_impl.h"

u32 nfim_view_copy(const struct nfim_view *view, u32 off, u32 n, u8 *to)
{
	u8 buf[NFIM_READ_MAX] __uninitialized;
	u32 done, take;
	const u8 *p;

	for (done = 0; done < n; done += take) {
		take = min_t(u32, n - done, NFIM_READ_MAX);
		p = nfim_view_get(view, off + done, take, buf);
		if (!p)
			break;
		memcpy(to + done, p, take);
	}
	return done;
}

static inline void reached(struct nfim_vm *vm, u64 end)
{
	if (end > vm->reach)
		vm->reach = end;
}

/* Bytes [from, from + n), where they are not at the head. */
static const u8 *fetch_slow(struct nfim_vm *vm, u64 from, u32 n, int *stop)
{
	const u8 *p;

	if (from + n > vm->view->len) {
		*stop = nfim_starve(vm, from + n);
		return NULL;
	}
	p = nfim_view_get(vm->view, (u32)from, n, vm->buf);
	*stop = NFIM_RUN_NO;
	return p;
}

/* Bytes [cursor + off, + n), or NULL with the program's result in @stop. */
static inline const u8 *fetch(struct nfim_vm *vm, u32 off, u32 n, int *stop)
{
	u64 from = (u64)vm->cur + off;

	reached(vm, from + n);
	if (likely(from >= vm->lo && from + n <= vm->hi))
		return vm->head + (from - vm->lo);
	return fetch_slow(vm, from, n, stop);
}

static bool same(const u8 *p, const u8 *lit, u32 n, const struct nfim_insn *insn)
{
	if (NFIM_INSN_OP(insn) == NFIM_OP_BYTES)
		return !memcmp(p, lit, n);
	return nfim_same_caseless(p, lit, n);
}

/* Of the literal's bytes not all are there: a wrong one is a no all the same. */
static int exec_bytes_slow(struct nfim_vm *vm, const struct nfim_insn *insn)
{
	u64 from = (u64)vm->cur + NFIM_INSN_B(insn);
	u32 n = NFIM_INSN_A(insn);
	const u8 *p;
	u32 have;

	if (from >= vm->view->len)
		return nfim_starve(vm, from + n);
	have = min(n, vm->view->len - (u32)from);
	p = nfim_view_get(vm->view, (u32)from, have, vm->buf);
	if (!p || !same(p, vm->pack->data + insn->w1, have, insn))
		return NFIM_RUN_NO;
	return have == n ? NFIM_GO_ON : nfim_starve(vm, from + n);
}

static inline int exec_bytes(struct nfim_vm *vm, const struct nfim_insn *insn)
{
	u64 from = (u64)vm->cur + NFIM_INSN_B(insn);
	u32 n = NFIM_INSN_A(insn);

	reached(vm, from + n);
	if (unlikely(from < vm->lo || from + n > vm->hi))
		return exec_bytes_slow(vm, insn);
	if (!same(vm->head + (from - vm->lo), vm->pack->data + insn->w1, n, insn))
		return NFIM_RUN_NO;
	return NFIM_GO_ON;
}

/* After a place where a run may stop and another one go on. */
static inline void forget(struct nfim_vm *vm)
{
	vm->acc = 0;
	memset(vm->reg, 0, sizeof(vm->reg));
	vm->resume = 0;
}

static inline int exec_need(struct nfim_vm *vm, const struct nfim_insn *insn)
{
	u64 end = (u64)vm->cur + insn->w1;

	reached(vm, end);
	if (unlikely(end > vm->view->len))
		return nfim_starve(vm, end);
	forget(vm);
	return NFIM_GO_ON;
}

static inline int exec_load(struct nfim_vm *vm, const struct nfim_insn *insn, u32 width,
			    u32 (*decode)(const u8 *p))
{
	int stop;
	const u8 *p = fetch(vm, insn->w1, width, &stop);

	if (unlikely(!p))
		return stop;
	vm->acc = decode(p);
	return NFIM_GO_ON;
}

static inline u32 decode_u8(const u8 *p)
{
	return p[0];
}

static inline int exec_sum(u32 *sum, u64 value)
{
	if (value > U32_MAX)
		return NFIM_RUN_NO;
	*sum = (u32)value;
	return NFIM_GO_ON;
}

static inline bool acc_in(const struct nfim_vm *vm, const struct nfim_insn *insn)
{
	const struct nfim_range *r = vm->pack->ranges + insn->w1;
	const struct nfim_range *end = r + NFIM_INSN_B(insn);

	for (; r < end; r++)
		if (vm->acc - r->lo <= r->hi - r->lo &&
		    (r->step == 1 || !((vm->acc - r->lo) % r->step)))
			break;
	vm->out->work += NFIM_INSN_B(insn);
	return r < end;
}

/* The first of @n places where the literal stands, or @n. */
static u32 find_in(const u8 *p, u32 n, const struct nfim_lit *lit)
{
	u32 i = 0;

	if (lit->caseless) {
		while (i < n && !nfim_lit_stands(lit, p + i))
			i++;
		return i;
	}
	for (;; i++) {
		i += rd_byte_in(p + i, n - i, lit->p[0]);
		if (i == n || nfim_lit_stands(lit, p + i))
			return i;
	}
}

bool nfim_find(struct nfim_vm *vm, u32 from, u32 to, const struct nfim_lit *lit, u32 *at)
{
	while (from < to && to - from >= lit->n) {
		u32 take = min_t(u32, to - from, NFIM_READ_MAX);
		const u8 *p = nfim_view_get(vm->view, from, take, vm->buf);
		u32 n = take - lit->n + 1, i;

		if (!p)
			return false;
		i = find_in(p, n, lit);
		if (i < n) {
			vm->out->work += 1 + i / 8;
			*at = from + i;
			return true;
		}
		vm->out->work += 1 + take / 8;
		from += n;
	}
	return false;
}

/*
 * The literal stands nowhere before the view's end. It may still begin in the last
 * bytes: ask for what the first such place lacks, or say no if none may be tried.
 */
static int scan_more(struct nfim_vm *vm, const struct nfim_lit *lit, u32 last)
{
	u32 len = vm->view->len;
	u32 at = vm->cur;
	const u8 *p = NULL;
	u32 i;

	if (len >= lit->n && at < len - lit->n + 1)
		at = len - lit->n + 1;
	if (at < len) {
		p = nfim_view_get(vm->view, at, len - at, vm->buf);
		if (!p)
			return NFIM_RUN_NO;
	}
	for (i = 0; p && at < len && !nfim_lit_begins(lit, p + i, len - at); i++)
		at++;
	return at <= last ? nfim_starve(vm, (u64)at + lit->n) : NFIM_RUN_NO;
}

static int exec_scan(struct nfim_vm *vm, const struct nfim_insn *insn)
{
	const struct nfim_lit lit = {
		.p = vm->pack->data + insn->w1,
		.n = NFIM_INSN_A(insn),
		.caseless = NFIM_INSN_OP(insn) == NFIM_OP_SCANI,
	};
	u64 last = (u64)vm->cur + NFIM_INSN_B(insn) - 1;
	u64 end = last + lit.n;
	u32 at = vm->cur;

	if (end > U32_MAX)
		return NFIM_RUN_NO;
	/* Last time it stood nowhere before the place for which bytes were missing. */
	if (vm->resume > at + lit.n)
		at = vm->resume - lit.n;
	if (nfim_find(vm, at, (u32)min_t(u64, end, vm->view->len), &lit, &at)) {
		vm->cur = at + lit.n;
		reached(vm, vm->cur);
		forget(vm);
		return NFIM_GO_ON;
	}
	if (end <= vm->view->len)
		return NFIM_RUN_NO;
	return scan_more(vm, &lit, (u32)last);
}

/* The end of a datagram, of which nothing may have been looked at before. */
static int exec_tail(struct nfim_vm *vm, const struct nfim_insn *insn)
{
	u32 n = NFIM_INSN_A(insn), len = vm->view->len;
	const u8 *p;

	if (!vm->view->last || len < n || len - n < vm->reach)
		return NFIM_RUN_NO;
	p = nfim_view_get(vm->view, len - n, n, vm->buf);
	if (!p || memcmp(p, vm->pack->data + insn->w1, n))
		return NFIM_RUN_NO;
	reached(vm, len);
	return NFIM_GO_ON;
}

static void exec_map(struct nfim_vm *vm, const struct nfim_insn *insn)
{
	const struct nfim_map *maps = vm->pack->maps + insn->w1;
	u32 lo = 0;
	u32 hi = NFIM_INSN_B(insn);

	while (lo < hi) {
		u32 mid = lo + (hi - lo) / 2;

		if (vm->acc < maps[mid].lo) {
			hi = mid;
		} else if (vm->acc > maps[mid].hi) {
			lo = mid + 1;
		} else {
			vm->out->actions |= maps[mid].value;
			return;
		}
	}
	vm->out->actions |= 1u << NFIM_INSN_A(insn);
}

/* Which of the @n counted keys at @keys are these bytes? @n if none. */
static u32 key_rank(struct nfim_vm *vm, const u8 *keys, u32 n, u32 off, u32 len)
{
	const u8 *p;
	u32 i;

	if (!len || len > NFIM_KEY_LEN)
		return n;
	p = nfim_view_get(vm->view, off, len, vm->buf);
	for (i = 0; p && i < n; i++, keys += 1 + keys[0])
		if (keys[0] == len && !memcmp(keys + 1, p, len))
			return i;
	return n;
}

static void exec_key(struct nfim_vm *vm, const struct nfim_insn *insn)
{
	const u8 *sep = vm->pack->data + insn->w1 + 1;
	const struct nfim_lit lit = { .p = sep, .n = sep[-1] };
	u32 best = NFIM_INSN_A(insn);
	u64 limit = (u64)vm->cur + NFIM_KEY_MAX;
	u32 pos = vm->cur, off = 0, len = 0;
	u32 end, pairs;

	if (vm->out->user_len)
		return;
	if (NFIM_INSN_B(insn))
		limit = min_t(u64, limit, (u64)vm->start + vm->out->frame_len);
	end = (u32)min_t(u64, limit, vm->view->len);
	for (pairs = 0; best && pairs < NFIM_KEY_PAIRS; pairs++) {
		u32 key_end, val_end, rank;

		if (!nfim_find(vm, pos, end, &lit, &key_end) ||
		    !nfim_find(vm, key_end + lit.n, end, &lit, &val_end))
			break;
		rank = key_rank(vm, sep + lit.n, best, pos, key_end - pos);
		pos = key_end + lit.n;
		if (rank < best && val_end > pos) {
			best = rank;
			off = pos;
			len = val_end - pos;
		}
		pos = val_end + lit.n;
	}
	/* A better key may still be in what has not come yet. */
	if (best && pairs < NFIM_KEY_PAIRS && end < limit && !vm->view->last)
		return;
	vm->out->user_off = off;
	vm->out->user_len = min_t(u32, len, NFIM_READ_MAX - 1);
}

/* Operations on the accumulator alone. */
static int exec_acc(struct nfim_vm *vm, const struct nfim_insn *insn)
{
	switch (NFIM_INSN_OP(insn)) {
	case NFIM_OP_AND:
		vm->acc &= insn->w1;
		return NFIM_GO_ON;
	case NFIM_OP_SHR:
		vm->acc >>= insn->w1;
		return NFIM_GO_ON;
	case NFIM_OP_SUB:
		/* Below 0 it wraps to more than 32 bits hold. */
		return exec_sum(&vm->acc, (u64)vm->acc - insn->w1);
	case NFIM_OP_MUL:
		return exec_sum(&vm->acc, (u64)vm->acc * insn->w1);
	case NFIM_OP_SAVE:
		vm->reg[NFIM_INSN_A(insn)] = vm->acc;
		return NFIM_GO_ON;
	case NFIM_OP_LOAD:
		vm->acc = vm->reg[NFIM_INSN_A(insn)];
		return NFIM_GO_ON;
	default: /* NFIM_OP_EQREG */
		return vm->acc == vm->reg[NFIM_INSN_A(insn)] ? NFIM_GO_ON : NFIM_RUN_NO;
	}
}

static int exec_http(struct nfim_vm *vm, const struct nfim_insn *insn)
{
	if (!vm->view->http)
		return NFIM_RUN_NO;
	return nfim_http_test(vm->view, insn, vm->pack->data + insn->w1, &vm->out->work) ?
	       NFIM_GO_ON : NFIM_RUN_NO;
}

/* What is rarer than the tests of fixed fields, which nfim_run() does itself. */
static int exec_rare(struct nfim_vm *vm, const struct nfim_insn *insn)
{
	switch (NFIM_INSN_OP(insn)) {
	case NFIM_OP_LDBE24:
		return exec_load(vm, insn, 3, nfim_be24);
	case NFIM_OP_LDLE16:
		return exec_load(vm, insn, 2, nfim_le16);
	case NFIM_OP_SKIPA:
		return exec_sum(&vm->cur, (u64)vm->cur + vm->acc);
	case NFIM_OP_END:
		return vm->view->last && vm->cur == vm->view->len ? NFIM_GO_ON : NFIM_RUN_NO;
	case NFIM_OP_SCAN:
	case NFIM_OP_SCANI:
		return exec_scan(vm, insn);
	case NFIM_OP_TAIL:
		return exec_tail(vm, insn);
	case NFIM_OP_HTTP:
		return exec_http(vm, insn);
	case NFIM_OP_KEEP:
		vm->out->kept = vm->acc;
		vm->out->keeps = true;
		return NFIM_GO_ON;
	case NFIM_OP_KEY:
		exec_key(vm, insn);
		return NFIM_GO_ON;
	default:
		if (NFIM_INSN_OP(insn) >= NFIM_OP_SIZE)
			return nfim_exec_text(vm, insn);
		return exec_acc(vm, insn);
	}
}

/* What most programs of frames have. */
static inline int exec_frame(struct nfim_vm *vm, const struct nfim_insn *insn)
{
	switch (NFIM_INSN_OP(insn)) {
	case NFIM_OP_ADD:
		return exec_sum(&vm->acc, (u64)vm->acc + insn->w1);
	case NFIM_OP_SKIP:
		return exec_sum(&vm->cur, (u64)vm->cur + insn->w1);
	case NFIM_OP_FRAME:
		vm->out->frame_len = vm->acc;
		return vm->acc ? NFIM_GO_ON : NFIM_RUN_NO;
	default: /* NFIM_OP_MAP */
		exec_map(vm, insn);
		return NFIM_GO_ON;
	}
}

/* How many instructions a jump skips. */
static u32 jump(const struct nfim_vm *vm, const struct nfim_insn *insn)
{
	switch (NFIM_INSN_OP(insn)) {
	case NFIM_OP_JMP:
		return NFIM_INSN_B(insn);
	case NFIM_OP_JNE:
		return vm->acc != insn->w1 ? NFIM_INSN_B(insn) : 0;
	default: /* NFIM_OP_JNIN */
		return acc_in(vm, insn) ? 0 : NFIM_INSN_A(insn);
	}
}

/* May a run that stopped here for more bytes go on here? */
static bool resumes(const struct nfim_insn *insn)
{
	u32 op = NFIM_INSN_OP(insn);

	return op == NFIM_OP_NEED || op == NFIM_OP_SCAN || op == NFIM_OP_SCANI;
}

/* The run stopped with @ret at the instruction before @next. */
static inline enum nfim_run_result run_end(struct nfim_vm *vm, const struct nfim_insn *first,
					   const struct nfim_insn *next, int ret)
{
	vm->out->work += (u32)(next - first);
	if (ret == NFIM_RUN_YES)
		vm->out->need = (u32)vm->reach;
	if (ret == NFIM_RUN_MORE && resumes(next - 1) && !vm->out->keeps) {
		vm->out->pc += (u32)(next - 1 - first);
		vm->out->cur = vm->cur;
	} else {
		vm->out->pc = 0;
	}
	return ret;
}

static enum nfim_run_result run(struct nfim_vm *vm, const struct nfim_insn *first)
{
	const struct nfim_insn *insn;
	int ret = NFIM_GO_ON;

	/* It ends: jumps lead forward, and the last instruction is NO or YES. */
	for (insn = first; ret == NFIM_GO_ON; insn++) {
		switch (NFIM_INSN_OP(insn)) {
		case NFIM_OP_NO:
			ret = NFIM_RUN_NO;
			break;
		case NFIM_OP_YES:
			ret = NFIM_RUN_YES;
			break;
		case NFIM_OP_NEED:
			ret = exec_need(vm, insn);
			break;
		case NFIM_OP_BYTES:
		case NFIM_OP_BYTESI:
			ret = exec_bytes(vm, insn);
			break;
		case NFIM_OP_LD8:
			ret = exec_load(vm, insn, 1, decode_u8);
			break;
		case NFIM_OP_LDBE16:
			ret = exec_load(vm, insn, 2, nfim_be16);
			break;
		case NFIM_OP_LDBE32:
			ret = exec_load(vm, insn, 4, nfim_be32);
			break;
		case NFIM_OP_LDLE32:
			ret = exec_load(vm, insn, 4, nfim_le32);
			break;
		case NFIM_OP_EQ:
			ret = vm->acc == insn->w1 ? NFIM_GO_ON : NFIM_RUN_NO;
			break;
		case NFIM_OP_IN:
			ret = acc_in(vm, insn) ? NFIM_GO_ON : NFIM_RUN_NO;
			break;
		case NFIM_OP_ADD:
		case NFIM_OP_SKIP:
		case NFIM_OP_FRAME:
		case NFIM_OP_MAP:
			ret = exec_frame(vm, insn);
			break;
		case NFIM_OP_BEGINS:
			ret = nfim_exec_begins(vm, &insn);
			break;
		case NFIM_OP_JMP:
		case NFIM_OP_JNE:
		case NFIM_OP_JNIN:
			insn += jump(vm, insn);
			break;
		default:
			ret = exec_rare(vm, insn);
			break;
		}
	}
	return run_end(vm, first, insn, ret);
}

enum nfim_run_result nfim_run(const struct nfim_pack *pack, u32 code, u32 n_code,
			      const struct nfim_view *view, u32 start, struct nfim_out *out)
{
	struct nfim_vm vm __uninitialized;

	if (unlikely(!n_code))
		return NFIM_RUN_NO;
	vm.pack = pack;
	vm.view = view;
	vm.out = out;
	vm.head = view->head;
	vm.lo = view->head_off;
	vm.hi = min_t(u64, (u64)view->head_off + view->head_len, view->len);
	vm.reach = start;
	vm.start = start;
	vm.end = U32_MAX;
	vm.behind = start;
	vm.seen = out->seen;
	vm.state = out->state;
	out->seen = 0;
	out->state = 0;
	vm.cur = out->pc ? out->cur : start;
	forget(&vm);
	vm.resume = out->pc ? out->need : 0;
	return run(&vm, pack->code + code + out->pc);
}
