// SPDX-License-Identifier: GPL-2.0-only
/*
 * Signatures of protocols that do not exist, one for each thing that the engine
 * can do; with samples, so that what holds for every sample is tried with these, too.
 */
#include "sigset.h"

const char testsigs_registry[] =
	"id\tname\taliases\tcategory\tlabel\ttitle\n"
	"1\talpha\t-\tmessenger\t16\tFrames, actions, user, mid-stream\n"
	"2\tscan\t-\tmessenger\t17\tA literal somewhere\n"
	"3\tskip\t-\tmessenger\t18\tA length in front\n"
	"4\tcaseless\t-\tvoice\t19\tLetters of either case\n"
	"5\tmany\t-\tvoice\t20\tMore rules than a direction remembers\n"
	"6\tpair-a\t-\tp2p\t21\tShares its first bytes with pair-b\n"
	"7\tpair-b\t-\tp2p\t22\tShares its first bytes with pair-a\n"
	"8\tfar\t-\tremote\t23\tEvidence in many blocks\n"
	"9\tlong\t-\tremote\t24\tEvidence beyond what is kept\n"
	"10\tserver\t-\tenterprise\t-\tThe server speaks first\n"
	"11\tdgram\t-\tenterprise\t-\tDatagrams\n"
	"12\tsame\t-\tenterprise\t-\tTwo fields are the same\n"
	"13\tchoice\t-\tenterprise\t-\tAlternatives, a caseless scan, an action of the flow\n"
	"14\ttail\t-\tenterprise\t-\tThe last bytes of a datagram\n";

static const char alpha[] =
	"protocol alpha\n"
	"rule head tcp any\n"
	"\tbytes 0 \"ALPHA\"\n"
	"\tu16be 5 in 0-400\n"
	"rule head-mid tcp any mid\n"
	"\tbytes 0 \"ALPHA\"\n"
	"\tu16be 5 in 0-400\n"
	"frames tcp any\n"
	"\tbytes 0 \"ALPHA\"\n"
	"\tframe u16be 5 + 8\n"
	"\taction u8 7\n"
	"\t\tlogin 1\n"
	"\t\tmessage 2 3\n"
	"\t\tfile 4-9\n"
	"\t\tdefault other\n"
	"\tuser any keys at 8 separator \"|\": \"u\", \"n\"\n"
	"sample login tcp client\n"
	"\ttext \"ALPHA\\x00\\x06\\x01u|ann|\"\n"
	"\texpect head action login user \"ann\"\n"
	"sample three-frames tcp server\n"
	"\ttext \"ALPHA\\x00\\x00\\x02\" \"ALPHA\\x00\\x06\\x05n|bob|\" \"ALPHA\\x00\\x01\\xff!\"\n"
	"\texpect head action message,file,other user \"bob\"\n"
	"sample mid tcp server mid\n"
	"\ttext \"ALPHA\\x00\\x00\\x03\"\n"
	"\texpect head-mid action message\n"
	"sample too-long tcp client\n"
	"\ttext \"ALPHA\\x01\\x91\\x02\"\n"
	"\texpect no\n"
	"sample short tcp client\n"
	"\ttext \"ALPHA\\x01\"\n"
	"\texpect more\n";

static const char scan[] =
	"protocol scan\n"
	"rule text tcp client\n"
	"\tbytes 0 \"SC\"\n"
	"\tscan 2 within 300 \"nneedle42\"\n"
	"sample near tcp client\n"
	"\ttext \"SCnneedle42\"\n"
	"\texpect text\n"
	"sample false-start tcp client\n"
	"\ttext \"SC.nneedle4nnneedle4.nnneedle42 and more\"\n"
	"\texpect text\n"
	"sample not-there tcp client\n"
	"\ttext \"SC nothing of that kind\"\n"
	"\texpect more\n"
	"sample other tcp client\n"
	"\ttext \"SD nneedle42\"\n"
	"\texpect no\n";

static const char skip[] =
	"protocol skip\n"
	"rule tail tcp any\n"
	"\tbytes 0 \"SKIP\"\n"
	"\tskip u8 4 + 5\n"
	"\tbytes 0 \"TAIL\"\n"
	"sample none tcp client\n"
	"\ttext \"SKIP\\x00TAIL\"\n"
	"\texpect tail\n"
	"sample some tcp server\n"
	"\ttext \"SKIP\\x09.........TAIL.\"\n"
	"\texpect tail\n"
	"sample other-tail tcp client\n"
	"\ttext \"SKIP\\x02..TAIN\"\n"
	"\texpect no\n";

static const char caseless[] =
	"protocol caseless\n"
	"rule hello tcp client\n"
	"\tbytes 0 i\"hello im/\"\n"
	"sample mixed tcp client\n"
	"\ttext \"HeLLo iM/1.0\"\n"
	"\texpect hello\n"
	"sample digit tcp client\n"
	"\ttext \"hello i-/1.0\"\n"
	"\texpect no\n";

static const char many[] =
	"protocol many\n"
	"rule one tcp any\n"
	"\tbytes 0 \"MANY\"\n"
	"\tu32be 20 = 1\n"
	"rule two tcp any\n"
	"\tbytes 0 \"MANY\"\n"
	"\tu32be 24 = 2\n"
	"rule three tcp any\n"
	"\tbytes 0 \"MANY\"\n"
	"\tu32be 28 = 3\n"
	"rule four tcp any\n"
	"\tbytes 0 \"MANY\"\n"
	"\tu32be 32 = 4\n"
	"rule five tcp any\n"
	"\tbytes 0 \"MANY\"\n"
	"\tu32be 36 = 5\n"
	"sample first tcp client\n"
	"\thex 4d414e59 00000000 00000000 00000000 00000000 00000001\n"
	"\texpect one\n"
	"sample last tcp client\n"
	"\thex 4d414e59 00000000 00000000 00000000 00000000 00000000\n"
	"\thex 00000000 00000000 00000000 00000005\n"
	"\texpect five\n"
	"sample none tcp client\n"
	"\thex 4d414e59 00000000 00000000 00000000 00000000 00000000\n"
	"\thex 00000000 00000000 00000000 00000006\n"
	"\texpect no\n";

static const char pair_a[] =
	"protocol pair-a\n"
	"rule a tcp any\n"
	"\tbytes 0 \"PX\"\n"
	"\tbytes 8 \"aaaa\"\n"
	"sample a tcp client\n"
	"\ttext \"PX......aaaa\"\n"
	"\texpect a\n";

static const char pair_b[] =
	"protocol pair-b\n"
	"rule b tcp any\n"
	"\tbytes 0 \"PX\"\n"
	"\tskip u8 2 + 3\n"
	"\tbytes 0 \"bbbb\"\n"
	"sample b tcp client\n"
	"\ttext \"PX\\x00bbbb\"\n"
	"\texpect b\n";

static const char far[] =
	"protocol far\n"
	"rule back tcp any\n"
	"\tbytes 0 \"FAR!\"\n"
	"\tskip u16be 4\n"
	"\tbytes 0 \"BACK\"\n"
	"sample near tcp client\n"
	"\ttext \"FAR!\\x00\\x06BACK\"\n"
	"\texpect back\n";

static const char longer[] =
	"protocol long\n"
	"rule fixed tcp any\n"
	"\tbytes 0 \"LONG\"\n"
	"\tu32be 700 = 0x656e6421\n"
	"sample start tcp client\n"
	"\ttext \"LONG\"\n"
	"\texpect more\n";

static const char server[] =
	"protocol server\n"
	"rule banner tcp server\n"
	"\tbytes 0 \"* SRV READY\"\n"
	"sample banner tcp server\n"
	"\ttext \"* SRV READY 1\\r\\n\"\n"
	"\texpect banner\n"
	"sample from-client tcp client\n"
	"\ttext \"* SRV READY 1\\r\\n\"\n"
	"\texpect no\n";

static const char dgram[] =
	"protocol dgram\n"
	"rule head udp any\n"
	"\tbytes 0 xc0ffee\n"
	"\tu8 3 in 1-9\n"
	"\tend u16be 4 + 6\n"
	"frames udp any\n"
	"\tbytes 0 xc0ffee\n"
	"\taction u8 3\n"
	"\t\tvoice 1\n"
	"\t\tvideo 2\n"
	"\t\tdefault other\n"
	"sample voice udp client\n"
	"\thex c0ffee 01 0002 abcd\n"
	"\texpect head action voice\n"
	"sample cut udp client\n"
	"\thex c0ffee 01 0002 ab\n"
	"\texpect no\n"
	"sample more-behind udp server\n"
	"\thex c0ffee 01 0002 abcdef\n"
	"\texpect no\n";

static const char same[] =
	"protocol same\n"
	"rule twice tcp any\n"
	"\tbytes 0 \"SM\"\n"
	"\tsame u16be 2 = u16le 4\n"
	"sample twice tcp client\n"
	"\ttext \"SMabba\"\n"
	"\texpect twice\n"
	"sample not-twice tcp client\n"
	"\ttext \"SMabab\"\n"
	"\texpect no\n";

static const char choice[] =
	"protocol choice\n"
	"rule words tcp any mid\n"
	"\tbytes 0 any \"ONE \", \"THREE \", x00\"\\n\"\n"
	"\tu8 0 in 0x30-0x39\n"
	"\tscan 1 within 20 any i\" Alice \", i\" Bob \"\n"
	"\taction file,chat\n"
	"sample one tcp client\n"
	"\ttext \"ONE 1 aLiCe bob bOB \"\n"
	"\texpect words action chat,file\n"
	"sample three-mid tcp server mid\n"
	"\ttext \"THREE 3 bob BOB \"\n"
	"\texpect words action chat,file\n"
	"sample start tcp client\n"
	"\thex 000a 39 20426f\n"
	"\texpect more\n"
	"sample two tcp client\n"
	"\ttext \"TWO 1 alice \"\n"
	"\texpect none\n"
	"sample no-digit tcp client\n"
	"\ttext \"THREE x alice \"\n"
	"\texpect none\n"
	"sample not-a-letter tcp client\n"
	"\ttext \"ONE 1\\x00alice bob  bob..............\"\n"
	"\texpect words\n"
	"sample no-name tcp client\n"
	"\ttext \"ONE 1 alicf bobc bo alic bob.............\"\n"
	"\texpect no\n";

static const char tail[] =
	"protocol tail\n"
	"rule ends udp any\n"
	"\tbytes 0 \"TL\"\n"
	"\tu8 2 = 3\n"
	"\tlast x03\"!\"\n"
	"\taction voice\n"
	"sample some udp client\n"
	"\thex 544c03 aa 0321\n"
	"\texpect ends action voice\n"
	"sample nothing-between udp client\n"
	"\thex 544c03 0321\n"
	"\texpect ends\n"
	"sample other udp client\n"
	"\thex 544c03 032121\n"
	"\texpect none\n"
	"sample the-same-bytes udp client\n"
	"\thex 544c03 21\n"
	"\texpect none\n";

const char *const testsigs[] = {
	alpha, scan, skip, caseless, many, pair_a, pair_b, far, longer, server, dgram, same,
	choice, tail,
};

const size_t n_testsigs = ARRAY_SIZE(testsigs);
