// SPDX-License-Identifier: GPL-2.0-only
/*
 * One's own server: a protocol that is another one at certain hosts, and everybody else's,
 * however the bytes that tell them apart are cut.
 */
#include "unit.h"
#include "drive.h"
#include "sigset.h"

static const char registry[] =
	"id\tname\taliases\tcategory\tlabel\ttitle\n"
	"6\txmpp\t-\tmessenger\t21\tXMPP\n";

static const char xmpp[] =
	"protocol xmpp\n"
	"rule stream tcp any mid\n"
	"\tbytes 0 \"<\"\n"
	"\tscan 1 within 60 \"xmlns='jabber\"\n"
	"frames tcp any\n"
	"\tstanza 200 root \"stream\"\n"
	"\tbegins \"<stream\"\n"
	"\t\thost client behind \" to='\" until \"'\"\n"
	"\t\tdefault login\n"
	"\totherwise other\n"
	"sample s tcp client\n"
	"\ttext \"<stream xmlns='jabber'>\"\n"
	"\texpect stream\n";

static const char local[] =
	"refine xmpp as corp-chat when host under \"corp.example\", \"chat.test\"\n"
	"refine xmpp as lab-chat when host under \"lab.corp.example\"\n";

struct refine_case {
	const char *name;
	const char *bytes;
	const char *proto;
	u32 dir;
	bool mid;
};

static const struct refine_case cases[] = {
	{ "the domain", "<stream to='corp.example' xmlns='jabber:client'>", "corp-chat" },
	{ "a host in it, told last", "<stream xmlns='jabber:client' to='a.b.corp.example'>",
	  "corp-chat" },
	{ "a second domain", "<stream xmlns='jabber:client' to='CHAT.test'>", "corp-chat" },
	{ "the longer domain", "<stream xmlns='jabber:client' to='x.lab.corp.example'>", "lab-chat" },
	{ "behind a declaration", "<?xml?><stream xmlns='jabber:client' to='corp.example'>",
	  "corp-chat" },
	{ "another", "<stream to='example.org' xmlns='jabber:client'>", "xmpp" },
	{ "one that ends alike", "<stream xmlns='jabber:client' to='notcorp.example'>", "xmpp" },
	{ "one that begins alike", "<stream xmlns='jabber:client' to='corp.example.org'>", "xmpp" },
	{ "a domain above", "<stream xmlns='jabber:client' to='example'>", "xmpp" },
	{ "none", "<stream xmlns='jabber:client'>", "xmpp" },
	{ "what the server says", "<stream xmlns='jabber:client' to='corp.example'>", "xmpp", 1 },
	{ "in mid-stream, whole", "<stream xmlns='jabber:client' to='corp.example'>", "corp-chat",
	  0, true },
};

static void check(const struct sigset *set, const struct refine_case *rc, u32 cut)
{
	u32 len = strlen(rc->bytes), at, n;
	struct drive d;

	case_begin("%s, cut at %u", rc->name, cut);
	case_bytes(rc->bytes, len);
	drive_init(&d, &set->pack);
	d.has_base[rc->dir] = !rc->mid;
	/* 0: byte by byte */
	for (at = 0; at < len && d.verdict == NFIM_UNDECIDED; at += n) {
		n = cut && !at ? cut : cut ? len - at : 1;
		drive_at(&d, rc->dir, at, rc->bytes + at, n);
	}
	case_verdict("verdict", d.verdict, NFIM_KNOWN);
	case_str("protocol", drive_proto(&d), rc->proto);
	case_str("rule", drive_rule(&d), "stream");
	drive_free(&d);
}

TEST(test_hosts)
{
	const char *texts[] = { local, xmpp };
	struct sigset *set = sigset_text(registry, texts, ARRAY_SIZE(texts));
	u32 i, cut;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		for (cut = 0; cut <= strlen(cases[i].bytes); cut++)
			if (!cases[i].mid || cut == strlen(cases[i].bytes))
				check(set, &cases[i], cut);
	sigset_free(set);
}

/* The names stand in the pack behind the registry's, with labels and frames of their own. */
TEST(test_names)
{
	const char *texts[] = { xmpp, local };
	struct sigset *set = sigset_text(registry, texts, ARRAY_SIZE(texts));
	const struct nfim_proto *p = &set->pack.protos[1];

	case_begin("local names");
	case_eq("names", set->pack.n_protos, 3);
	case_str("first", nfim_pack_str(&set->pack, p[0].name), "corp-chat");
	case_eq("id", p[0].id, 240);
	case_eq("label", p[0].label, NFIM_LABEL_MAX - 1);
	case_eq("frames", p[0].n_frames, set->pack.protos[0].n_frames);
	case_eq("actions", p[0].actions, set->pack.protos[0].actions);
	case_eq("second id", p[1].id, 241);
	case_eq("second label", p[1].label, NFIM_LABEL_MAX - 2);
	sigset_free(set);
}

/* What is wrong is told. */
TEST(test_refused)
{
	static const char *const bad[][2] = {
		{ "refine xmpp as xmpp when host under \"a\"\n", "the name xmpp stands for" },
		{ "refine irc as a when host under \"a\"\n", "the registry has no protocol irc" },
		{ "refine xmpp as a when host under \"a b\"\n", "a domain is of letters" },
		{ "refine xmpp as a when host under a\n", "a domain in double quotes" },
		{ "refine xmpp as a when user under \"a\"\n", "host is expected here" },
		{ "refine xmpp as a when host under \"a\"\nrule x\n", "nothing else" },
	};
	struct nfim_source names = { .path = "registry", .text = registry, .len = sizeof(registry) - 1 };
	u32 i;

	for (i = 0; i < ARRAY_SIZE(bad) + 1; i++) {
		struct nfim_source src[] = {
			{ .path = "xmpp", .text = xmpp, .len = sizeof(xmpp) - 1 },
			{ .path = "local", .text = local, .len = sizeof(local) - 1 },
		};
		bool alone = i == ARRAY_SIZE(bad);
		struct nfim_compile_err err;
		struct nfim_sigs *sigs;

		if (!alone)
			src[1].text = bad[i][0];
		src[1].len = strlen(src[1].text);
		case_begin("%s", src[1].text);
		sigs = nfim_compile(&names, src + alone, 2 - alone, 0, &err);
		case_ok("refused", !sigs);
		case_note(" %s", err.what);
		case_ok("reason", strstr(err.what, alone ? "is not among the files" : bad[i][1]));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hosts),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_refused),
	};
	int failed = cmocka_run_group_tests_name("refine", tests, NULL, NULL);

	printf("# %lu cases\n", case_count());
	return failed;
}
