// SPDX-License-Identifier: GPL-2.0-only
/*
 * TLS as a carrier: nothing inside can be read, but the ClientHello says whose it is.
 */
#include "carrier.h"
#include "names.h"
#include "tls.h"

bool nfim_hello_decides(struct nfim_match_ctx *mc, const struct nfim_tls_hello *hello)
{
	struct nfim_step *step = mc->step;
	struct nfim_name_hit hit;

	step->ech = hello->ech;
	if (hello->name_len) {
		step->server = true;
		step->host_len = min_t(u32, hello->name_len, NFIM_HOST_MAX);
		memcpy(step->host, hello->name + (hello->name_len - step->host_len),
		       step->host_len);
	}
	step->work += hello->name_len;
	if (!nfim_names_find(mc->pack, hello->name, hello->name_len, &hit) &&
	    !nfim_names_find_whole(mc->pack, "alpn:", hello->alpn, hello->alpn_len, &hit))
		return false;
	return nfim_name_decides(mc, &hit, NFIM_CONF_NAME);
}

enum nfim_peel_result nfim_peel_tls(struct nfim_peel *p)
{
	enum nfim_tls_result res;
	struct nfim_tls_hello hello;

	res = nfim_tls_records(p->view, p->start, &hello);
	p->mc->step->work += hello.work;
	if (res == NFIM_TLS_NO)
		return NFIM_PEEL_NO;
	if (res == NFIM_TLS_TOO_MUCH) {
		p->mc->too_much = true;
		hello.need = p->view->len + 1;
	}
	if (res != NFIM_TLS_HELLO) {
		p->need = hello.need;
		return NFIM_PEEL_MORE;
	}
	p->next = hello.end;
	return nfim_hello_decides(p->mc, &hello) ? NFIM_PEEL_YES : NFIM_PEEL_DONE;
}
