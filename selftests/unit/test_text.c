// SPDX-License-Identifier: GPL-2.0-only
/*
 * Frames of text: what is one, what it does, and the names in it. Each case is a program in
 * the language of signatures, bytes, and the frames that must come, as a string:
 *
 *	LENGTH[:ACTION,ACTION...][=USER][@HOST] ...
 *
 * which ends with "more" where bytes are missing, "no" where there is no frame.
 */
#include "unit.h"
#include "sigset.h"
#include "vocab.h"

#include <stdlib.h>

struct text_case {
	const char *name;
	const char *frames;
	const char *bytes;
	u32 len;
	const char *want;
	bool last;
};

#define BYTES(s)	s, sizeof(s) - 1

static const char registry[] =
	"id\tname\taliases\tcategory\tlabel\ttitle\n"
	"1\talpha\t-\tmessenger\t16\tText\n";

static const char header[] =
	"protocol alpha\n"
	"rule r tcp any\n"
	"\tbytes 0 \"RULE\"\n"
	"sample s tcp client\n"
	"\ttext \"RULE\"\n"
	"\texpect r\n"
	"frames tcp,udp any\n";

#define LINE(n)		"\tline " #n "\n"
#define OTHER		"\totherwise other\n"

static const struct text_case lines[] = {
	{ "a line", LINE(20) OTHER, BYTES("one\r\ntwo\n\nx"), "5:other 4:other 1:other more" },
	{ "the last of a datagram", LINE(20) OTHER, BYTES("one\r\ntwo"), "5:other 3:other", true },
	{ "as long as may be", LINE(4) OTHER, BYTES("one\nt"), "4:other more" },
	{ "longer: its rest is of it", LINE(4) "\tbegins \"xree\"\n\t\tdefault chat\n"
	  "\tbegins \"two\"\n\t\tdefault login\n" OTHER,
	  BYTES("xreetwo\ntwo\n"), "4:chat 4:chat 4:login" },
	{ "parts of a rest", LINE(4) "\tbegins \"a\"\n\t\tdefault chat\n" OTHER,
	  BYTES("abcdefghi"), "4:chat 4:chat 1:chat" },
	{ "begins, either case", LINE(20) "\tbegins \"ab \", \"CD\"\n\t\tdefault login\n" OTHER,
	  BYTES("Ab x\ncd\nabc\na\n"), "5:login 3:login 4:other 2:other" },
	{ "begins, not in the next line", LINE(20) "\tbegins \"ab\\ncd\"\n\t\tdefault login\n" OTHER,
	  BYTES("ab\ncd\n"), "3:other 3:other" },
	{ "begins, of the server", LINE(20) "\tbegins server \"ab\"\n\t\tdefault login\n" OTHER,
	  BYTES("ab\n"), "3:other" },
	{ "past words and spaces",
	  LINE(40) "\tpast \"@\" to \" \"\n\tpast \":\" to \" \"\n\tpast \" \" to \" \"\n"
	  "\tbegins \"go\"\n\t\tuser word 1\n\t\tdefault login\n" OTHER,
	  BYTES("@a :b go x\n:c   go  y z\n   go z\ngo w\n:go\n@a go\n"),
	  "11:login=x 13:login=y 8:login=z 5:login=w 4:other 6:login" },
	{ "before", LINE(20) "\tbegins \"a\"\n\t\tdefault file\n\totherwise before\n",
	  BYTES("x\na\nx\n"), "2 2:file 2:file" },
};

static const struct text_case words[] = {
	{ "the last word may be a length", LINE(20) "\tbegins \"m \"\n\t\tbody\n\t\tdefault message\n"
	  OTHER, BYTES("m 3\nabcm x3\nm 3x\nm3\nm  2 x\nm 0\n"),
	  "7:message 5:message 5:message 3:other 7:message 4:message" },
	{ "too long a length", LINE(20) "\tbegins \"m \"\n\t\tbody\n\t\tdefault message\n" OTHER,
	  BYTES("m 1234567890\nm 99999999\n"), "13:message 11:message" },
	{ "the body must be there", LINE(20) "\tbegins \"m \"\n\t\tbody\n\t\twithin 12\n"
	  "\t\tfile \"xyz\"\n\t\tdefault message\n" OTHER, BYTES("m 5\naXyZ"), "more" },
	{ "the body is there", LINE(20) "\tbegins \"m \"\n\t\tbody\n\t\twithin 12\n"
	  "\t\tfile \"xyz\"\n\t\tdefault message\n" OTHER, BYTES("m 5\naXyZbm 3\nxy"),
	  "9:file more" },
	{ "as much of it as counts", LINE(20) "\tbegins \"m \"\n\t\tbody\n\t\twithin 8\n"
	  "\t\tfile \"xyz\"\n\t\tdefault message\n" OTHER, BYTES("m 90\nxyZ"), "95:file" },
	{ "not what lies behind the frame", LINE(20) "\tbegins \"m \"\n\t\tbody\n"
	  "\t\tfile \"xyz\"\n\t\tdefault message\n" OTHER, BYTES("m 2\nxyzz\n"),
	  "6:message 3:other" },
	{ "a word with", LINE(60) "\tuser word with \"@\" until \";\"\n" OTHER,
	  BYTES("usr 1 a@b;c 2\nusr 1 x\n@\n;@\n"), "14:other=a@b 8:other 2:other=@ 3:other" },
	{ "a word without", LINE(60) "\tuser word 1 without \":\"\n" OTHER,
	  BYTES("nick :ann\nnick ann\nnick :\nnick\nnick  bea c\n"),
	  "10:other=ann 9:other=ann 7:other 5:other 12:other=bea" },
	{ "words by NUL", "\tuser word 2 by x00\n\tsize 9\n" OTHER, BYTES("a\0\0bc\0d\0e"),
	  "9:other=bc" },
	{ "a long name is cut", LINE(90) "\tuser word 0\n" OTHER,
	  BYTES("aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffggggg\n"),
	  "66:other=aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffggg" },
};

static const struct text_case picks[] = {
	{ "the first of the list wins", LINE(60) "\tbegins \"\\n\", \"m\"\n\t\tfile \"bb\", \"cc\"\n"
	  "\t\tvoice,video \"aa\"\n\t\tdefault message\n" OTHER,
	  BYTES("m aa bb\nm AA\nm a ab\nm aCC\nm\n"),
	  "8:file 5:voice,video 7:message 6:file 2:message" },
	{ "over the end of a piece", LINE(100) "\tbegins \"m\"\n\t\tfile \"needle\"\n"
	  "\t\tdefault message\n" OTHER,
	  BYTES("m............................................................needle\n"
		"m.............................................................needle\n"
		"m..............................................................needl\n"),
	  "68:file 69:file 69:message" },
	{ "full of false starts: everything", LINE(400) "\tbegins \"m\"\n\t\tfile \"needle\"\n"
	  "\t\tvoice \"nex\"\n\t\tdefault message\n" OTHER,
	  BYTES("m"
		"nenenenenenenenenenenenenenenenenenenenenenenenenenenenenenenenenenenenenenene"
		"nenenenenenenenenenenenenenenenenenenenenenenenenenenenenenenenenenenenenenene"
		"nenenenenenenenenenenenenenenenenenenenenenenenenenenenenenenenenenenenenenene"
		"nenenenenenenenenenenenenenenenenenenenenenenenenenenenenenenenenenenenenenene\n"),
	  "314:message,file,voice" },
	{ "a name behind", LINE(60) "\tuser behind \"to:\", \"t=\" then \"<\", \"sip:\" until \">;\"\n"
	  OTHER, BYTES("x To: <sip:ann>\nt=sip:bea;tag\nto: cis\nt=<\n"),
	  "16:other=sip:ann 14:other=bea 8:other 4:other" },
	{ "a host behind", LINE(60) "\thost behind \" to=\" then \"'\", \"\\\"\" until \"'\\\"\"\n" OTHER,
	  BYTES("<s to='a.b'>\n<s to=\"c.d\" x='y'>\n<s to='e'>\n<s too='e'>\n"),
	  "13:other@a.b 19:other@c.d 11:other@e 12:other" },
	{ "a name with its length", "\tuser at 2 counted u16le\n\tsize 8\n" OTHER,
	  BYTES("ab\3\0annaab\4\0annaab\5\0anna"), "8:other=ann 8:other=anna 8:other" },
	{ "a name that goes on is none yet", "\tuser behind \"=\" until \";\"\n\tsize 40\n" OTHER,
	  BYTES("user=ann"), "40:other" },
	{ "a name at a datagram's end", "\tuser behind \"=\" until \";\"\n\tsize 8\n" OTHER,
	  BYTES("user=ann"), "8:other=ann", true },
};

#define TLV	"\tsize 16\n\tuser tlv 0x0102 at 1\n" OTHER

static const struct text_case tlvs[] = {
	{ "the first", TLV, BYTES("x\1\2\0\3ann........"), "16:other=ann" },
	{ "the second", TLV, BYTES("x\1\1\0\2..\1\2\0\3ann.."), "16:other=ann" },
	{ "an empty one before", TLV, BYTES("x\1\2\0\0\1\2\0\3ann...."), "16:other=ann" },
	{ "none", TLV, BYTES("x\1\3\0\3ann\2\1\0\1a..."), "16:other" },
	{ "longer than the frame", TLV, BYTES("x\1\2\0\x0c" "annannannan"), "16:other" },
	{ "up to its end", TLV, BYTES("x\1\2\0\x0b" "annannannan"), "16:other=annannannan" },
	{ "not all there", TLV, BYTES("x\1\2\0\3an"), "16:other" },
};

/* The first condition that holds ends the program. */
static const struct text_case whens[] = {
	{ "fields", "\tsize 2\n\twhen u8 0 = 1\n\t\twhen u8 1 in 2-3\n\t\t\tdefault file\n"
	  "\t\tdefault chat\n\twhen u8 0 in 1 5\n\t\tdefault login\n" OTHER,
	  BYTES("\1\2\1\3\1\4\5\1\2\2"), "2:file 2:file 2:chat 2:login 2:other" },
	{ "with skips", "\tskip 1\n\tsize 3\n\twhen u8 0 = 1\n\t\tuser at 1\n\t\tdefault login\n"
	  OTHER, BYTES("x\1ay\2b"), "3:login=a 3:other" },
};

#define HEAD	"\t" "head 60 body \"length\", \"l\"\n" OTHER

static const struct text_case heads[] = {
	{ "a body", HEAD, BYTES("GO\r\nLength : 3\r\n\r\nabcGO\nl:1\n\nxGO\r\n\r\n"),
	  "21:other 9:other 6:other" },
	{ "a head that goes on", HEAD, BYTES("GO\r\nLength: 3\r\n"), "more" },
	{ "the name is the whole name", HEAD, BYTES("GO\nlengthy: 3\nxl: 2\n\nGO\n\n"),
	  "21:other 4:other" },
	{ "not in the first line", HEAD, BYTES("l: 3\n\nGO\n\n"), "6:other 4:other" },
	{ "longer than may be", HEAD, BYTES("GO\nx: ..............................................."
					    "........................\n\n"), "no" },
	{ "a datagram is one", HEAD, BYTES("GO\nl: 3\n\nabcdef"), "15:other", true },
	{ "a datagram without empty line", HEAD, BYTES("GO\nl: 3\n"), "8:other", true },
	{ "up to a line", "\tuntil \"---\"\n\t" "head 60 or \"---\"\n\tbegins \"a\"\n\t\tdefault file\n" OTHER,
	  BYTES("a\nx: y\n\nbody\na\n---1\nb\n---\n---\nb\n\n---\na\n---2\n"),
	  "8:file 5:file 2:file 5:file 2:other 4:other 7:other 6:other more" },
};

#define STANZA(n)	"\tstanza " #n " root \"stream\"\n\tbegins \"<m\"\n" \
	"\t\tfile \"needle\"\n\t\tdefault message\n\tbegins \"<stream\"\n\t\tdefault login\n" OTHER

static const struct text_case stanzas[] = {
	{ "the root and what is below", STANZA(90),
	  BYTES("<?xml version='1.0'?>\n<stream:stream to='a>b'><m a=\"'>\"><b>x</b></m>  <p/><iq><m/>"
		"</iq></stream:stream>"),
	  "21:other 1:other 24:login 22:message 2:message 4:other 13:other 16:other" },
	{ "roots with other prefixes", STANZA(90), BYTES("<s:stream><stream><stream:streams>"),
	  "10:other 8:login more" },
	{ "an element goes on", STANZA(90), BYTES("<m><b>needle</b>"), "more" },
	{ "tags that look like ends", STANZA(90),
	  BYTES("<m a='/'><b c='>' d=\"</m>\"/>/>/</m><p a=x/><q></q >"), "35:message 8:other 8:other" },
	{ "a longer one is judged by its front", STANZA(12), BYTES("<m>needle<b>1234</b>5678</m><p/>"),
	  "12:file 12:file 4:file 4:other" },
	{ "longer, within a tag and a value", STANZA(8), BYTES("<m a='>>>>>' b=''/><p/>"),
	  "8:message 8:message 3:message 4:other" },
	{ "no tag", STANZA(90), BYTES("x<m/>"), "no" },
	{ "ends without beginning", STANZA(90), BYTES("</b></m><m/>"), "4:other 4:other 4:message" },
	{ "a byte order mark", STANZA(90), BYTES("\xef\xbb\xbf<m/>"), "3 4:message" },
	{ "a slash that does not end", STANZA(90), BYTES("<m a/ b></m>"), "12:message" },
	{ "declarations within", STANZA(90), BYTES("<m><!-- x --><?y?></m>"), "22:message" },
};

static struct sigset *compile(const char *frames)
{
	char text[2048];
	const char *texts[] = { text };

	snprintf(text, sizeof(text), "%s%s", header, frames);
	return sigset_text(registry, texts, 1);
}

static char *put_actions(char *p, u32 actions)
{
	u32 i;

	for (i = 0; i < NFIM_ACTIONS; i++) {
		if (!(actions & 1u << i))
			continue;
		*p++ = actions & ((1u << i) - 1) ? ',' : ':';
		p = stpcpy(p, nfim_action_names[i]);
	}
	return p;
}

static char *put_name(char *p, char sign, const char *bytes, u32 off, u32 len)
{
	if (!len)
		return p;
	*p++ = sign;
	memcpy(p, bytes + off, len);
	return p + len;
}

/* The view has @head_len bytes in one piece, and is read for the others. */
static const char *the_bytes;

static const u8 *read_bytes(const struct nfim_view *view, u32 off, u32 n, u8 *buf)
{
	case_ok("read within the view", n <= NFIM_READ_MAX && off + n <= view->len);
	return memcpy(buf, the_bytes + off, n);
}

static void walk(const struct sigset *set, const struct text_case *tc, u32 have, u32 head_len,
		 char *got)
{
	const struct nfim_frames *fr = &set->pack.frames[tc->last];
	struct nfim_view view = {
		.head = (const u8 *)tc->bytes, .head_len = min(head_len, have), .len = have,
		.last = tc->last, .read = read_bytes,
	};
	u32 at = 0, state = 0, prior = 0, cost = nfim_prog_cost(&set->pack.code[fr->code], fr->n_code);
	char *p = got;

	the_bytes = tc->bytes;
	*p = '\0';
	while (at < have) {
		struct nfim_out out = { .state = state, .prior = prior };
		enum nfim_run_result res;

		res = nfim_run(&set->pack, fr->code, fr->n_code, &view, at, &out);
		if (out.work > cost)
			case_fail("work %u of a program that costs %u", out.work, cost);
		p += sprintf(p, "%s", at ? " " : "");
		if (res != NFIM_RUN_YES) {
			sprintf(p, res == NFIM_RUN_MORE ? "more" : "no");
			return;
		}
		p = put_actions(p + sprintf(p, "%u", out.frame_len), out.actions);
		p = put_name(p, '=', tc->bytes, out.user_off, out.user_len);
		p = put_name(p, '@', tc->bytes, out.host_off, out.host_len);
		*p = '\0';
		state = out.state;
		prior = out.actions;
		if (!out.frame_len)
			return;
		at += out.frame_len;
	}
}

static void check_all(const struct text_case *cases, u32 n)
{
	char got[1024];
	u32 i, head_len;

	for (i = 0; i < n; i++) {
		struct sigset *set;

		case_begin("%s", cases[i].name);
		case_bytes(cases[i].bytes, cases[i].len);
		set = compile(cases[i].frames);
		for (head_len = 0; head_len <= cases[i].len; head_len += 1 + cases[i].len / 5) {
			walk(set, &cases[i], cases[i].len, head_len, got);
			case_str("frames", got, cases[i].want);
		}
		sigset_free(set);
	}
}

TEST(test_lines)
{
	check_all(lines, ARRAY_SIZE(lines));
}

TEST(test_words)
{
	check_all(words, ARRAY_SIZE(words));
}

TEST(test_picks)
{
	check_all(picks, ARRAY_SIZE(picks));
}

TEST(test_stanzas)
{
	check_all(stanzas, ARRAY_SIZE(stanzas));
}

TEST(test_tlvs)
{
	check_all(tlvs, ARRAY_SIZE(tlvs));
}

TEST(test_whens)
{
	check_all(whens, ARRAY_SIZE(whens));
}

TEST(test_heads)
{
	check_all(heads, ARRAY_SIZE(heads));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_picks),
		cmocka_unit_test(test_stanzas),
		cmocka_unit_test(test_tlvs),
		cmocka_unit_test(test_whens),
		cmocka_unit_test(test_heads),
	};
	int failed = cmocka_run_group_tests_name("text", tests, NULL, NULL);

	printf("# %lu cases\n", case_count());
	return failed;
}
