#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# libnft-im.so: the distribution's own nft, with the library in front of libnftables, takes the
# words of nft-im, as nftables.service would with the drop-in. Without it the same nft refuses
# them all: the twin of each case. nft-im.sh has the grammar itself.

# Functions are called by check, which shellcheck does not see; rules have variables of nft.
# shellcheck disable=SC2016,SC2317

# shellcheck source=selftests/netns/lib.sh
. "$(dirname "$0")/lib.sh"

work=$(mktemp -d)
said=$work/said
library=/usr/lib/x86_64-linux-gnu/libnft-im.so

# ours ARGS... - nft with the library, what it said in $said.
ours() {
	ip netns exec np env LD_PRELOAD="$library" nft "$@" >"$said" 2>&1
}

stock() {
	ip netns exec np nft "$@" 2>/dev/null
}

fresh() {
	stock flush ruleset
	stock add table inet t
	stock add chain inet t c "{ type filter hook prerouting priority 0; }"
}

# rules_are NAME WANT - what is there now, as nft-im shows it.
rules_are() {
	check_eq "$1" "$2" "$(ip netns exec np nft-im -s list ruleset 2>/dev/null |
		sed -n 's/^\t\t//p' | grep -v '^type ' | paste -sd';')"
}

# both NAME WANT ARGS... - refused without the library, taken with it.
both() {
	local name=$1 want=$2

	shift 2
	fresh
	check_not "$name: not without the library" stock "$@"
	rules_are "$name: nothing is there then" ""
	check "$name: with it" ours "$@"
	rules_are "$name: is what was meant" "$want"
}

test_ways_in() {
	both "a command" "im proto ymsg drop" add rule inet t c im proto ymsg drop
	printf 'define bad = { ymsg, irc }\n' >"$work/defs.nft"
	printf 'include "%s"\nadd rule inet t c im proto $bad action file drop\n' "$work/defs.nft" \
		>"$work/main.nft"
	both "a file with an include" "im proto { ymsg, irc } action file drop" -f "$work/main.nft"
	printf 'include "defs.nft"\nadd rule inet t c im proto { $who, irc } drop\n' >"$work/vars.nft"
	both "-D and -I" "im proto { irc, qq } drop" -D who=qq -I "$work" -f "$work/vars.nft"
	printf '%s' '{"nftables": [{"add": {"rule": {"family": "inet", "table": "t", "chain": "c",
		"expr": [{"im": {"proto": ["ymsg"]}}, {"drop": null}]}}}]}' >"$work/rule.json"
	both "JSON" "im proto ymsg drop" -j -f "$work/rule.json"
	fresh
	check "standard input" ours -f - <<<'add rule inet t c im proto ymsg drop'
	rules_are "standard input: is what was meant" "im proto ymsg drop"
}

# As nftables.service does it: the file flushes what is there.
test_service() {
	fresh
	ours 'add rule inet t c im state != new; add rule inet t c im category messenger counter drop'
	{
		echo 'flush ruleset'
		ip netns exec np env LD_PRELOAD="$library" nft -s list ruleset
	} >"$work/nftables.conf"
	rules_are "before" "im state != new;im category messenger counter drop"
	check_not "the saved file is refused without the library" stock -f "$work/nftables.conf"
	rules_are "and what was there stays" "im state != new;im category messenger counter drop"
	stock flush ruleset
	check "it is restored with it" ours -f "$work/nftables.conf"
	rules_are "byte for byte" "im state != new;im category messenger counter drop"
}

# mistake NAME PATTERN ARGS... - is refused, changes nothing, and says why in the user's words.
mistake() {
	local name=$1 pattern=$2

	shift 2
	fresh
	check_not "$name: refused" ours "$@"
	check "$name: says why" test_like "$pattern"
	rules_are "$name: nothing is there" ""
}

test_like() {
	# shellcheck disable=SC2053 # a pattern
	[[ $(<"$said") == $1 ]] || { ktap_diag "got: $(<"$said")"; return 1; }
}

test_mistakes() {
	mistake "a name" '<cmdline>:1:28-32: Error: no protocol "yamsg"; did you mean "ymsg"?*' \
		add rule inet t c im proto yamsg drop
	mistake "nft's own, with the user's text" \
		'*unexpected*add rule inet t c im proto ymsg drap*^*' \
		add rule inet t c im proto ymsg drap
	mistake "-o" '*-o would merge*' -o add rule inet t c im proto ymsg drop
	mistake "a file that is not there" '*ould not open file*' -f "$work/none"
}

# What has no "im" in it is none of the library's business.
test_plain() {
	local text='add rule inet t c tcp dport 80 counter packets 0 bytes 0 accept'

	fresh
	check "a rule of nft's own" ours "$text"
	check_eq "is listed as without the library" "$(stock list ruleset)" \
		"$(ip netns exec np env LD_PRELOAD="$library" nft list ruleset)"
	check "another program is none, either" env LD_PRELOAD="$library" grep -q test_plain "$0"
}

# by_python COMMAND - as python3-nftables, and so firewalld, hands one over.
by_python() {
	ip netns exec np env LD_PRELOAD="$library" python3 - "$1" <<-'END'
		import ctypes, sys
		nft = ctypes.CDLL("libnftables.so.1")
		nft.nft_ctx_new.restype = ctypes.c_void_p
		ctx = ctypes.c_void_p(nft.nft_ctx_new(0))
		sys.exit(nft.nft_run_cmd_from_buffer(ctx, sys.argv[1].encode()) != 0)
	END
}

# It looks the functions up in libnftables itself. If this changes, nft-im(8) has to say so.
test_python() {
	fresh
	check "python: a rule of nft's own" by_python 'add rule inet t c tcp dport 80 accept'
	check_not "on record: python does not know im" by_python 'add rule inet t c im proto ymsg drop'
	check_eq "and the rule is not there" 0 "$(stock list ruleset | grep -c 'drop')"
}

ktap_plan
checktool nft-im nft ip python3
checkmodule xt_im
[ -e "$library" ] || skip_all "no libnft-im.so"
trap 'rc=$?; ip netns del np; rm -rf "$work"; (exit "$rc"); cleanup' EXIT
ip netns add np || skip_all "no network namespaces"
modprobe xt_im
test_ways_in
test_service
test_mistakes
test_plain
test_python
ktap_finish
