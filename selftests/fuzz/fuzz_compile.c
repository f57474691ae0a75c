// SPDX-License-Identifier: GPL-2.0-only
/*
 * Signature text: the compiler refuses it with a place and a sentence, or makes a pack that
 * opens and whose samples can be run.
 */
#include "input.h"
#include "case.h"
#include "sigset.h"

#include <stdlib.h>

static void check_mistake(const struct nfim_compile_err *err)
{
	if (!strnlen(err->what, sizeof(err->what)) ||
	    strnlen(err->what, sizeof(err->what)) == sizeof(err->what))
		case_fail("a mistake without a sentence");
	if (strnlen(err->path, sizeof(err->path)) == sizeof(err->path))
		case_fail("a path without an end");
	/* It checks its own pack; what does not open is the compiler's mistake. */
	if (strstr(err->what, "the compiler made a pack"))
		case_fail("%s", err->what);
}

int LLVMFuzzerTestOneInput(const u8 *bytes, size_t len)
{
	static const char reg[] =
		"id\tname\taliases\tcategory\tlabel\ttitle\n"
		"1\talpha\tbeta\tmessenger\t16\tThe only signature\n"
		"2\tmsnftp\t-\tmessenger\t-\tWhat msnp offers\n"
		"3\tmsn-dc\t-\tmessenger\t-\tAnd that\n";
	struct nfim_source registry = { "registry", reg, sizeof(reg) - 1 };
	struct nfim_source sig = { .path = "input", .len = len };
	struct nfim_compile_err err;
	struct nfim_sigs *sigs;
	char *text = malloc(len ? len : 1);

	memcpy(text, bytes, len);
	sig.text = text;
	case_begin("a signature");
	sigs = nfim_compile(&registry, &sig, 1, 2026010100, &err);
	free(text);
	if (!sigs) {
		check_mistake(&err);
		return 0;
	}
	if (nfim_sigs_check(sigs, NULL, NULL) < 0)
		case_fail("the samples cannot be run");
	nfim_sigs_free(sigs);
	return 0;
}
