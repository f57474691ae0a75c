#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# However the stream is cut, the verdict is the same: the two first frames cut
# at every byte, single bytes, pauses inside the signature, first bytes in the
# SYN. Each cut is a connection of its own; the look-alikes have the same cuts.

# shellcheck source=selftests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/netns/lib-im.sh
. "$(dirname "$0")/lib-im.sh"

two=$sessions/ymsg-two-frames.talk
decoy=$sessions/ymsg-lookalike-two.talk
need=12		# bytes of a frame which decide
size=139	# bytes of both frames

# wrong_cuts - reads the lines of --cut-all, prints those which are not as they
# should be: a first part too short to decide passes, nothing else.
wrong_cuts() {
	awk -v need="$need" -v want=$((size - 1)) '
		$1 == "cut" {
			through = $2 < need ? $2 : 0
			seen++
			if ($3 != "cut-off" || $5 != through)
				print
		}
		END {
			if (seen != want)
				print seen + 0 " cuts, not " want
		}'
}

# check_cuts NAME OPTION... ADDRESS - every cut is cut off.
check_cuts() {
	local name=$1 out

	shift
	out=$(talk_at --cut-all 1-$((size - 1)) "$@" 5060 2>&1)
	check_eq "$name" "" "$(wrong_cuts <<<"$out")"
}

drop_rule() {
	drop_rules -p tcp --dport 5060:5062
}

test_cuts() {
	local name=$1 address=$2

	drop_rule
	check_cuts "$name: every cut of two frames is cut off" "$two" "$address"
	check_counts "$name: the rule counted each" "ymsg>$((size - 2))" twin=0
	zero_counters FORWARD
	check "$name: a look-alike with every cut completes" \
		cli imtalk talk --cut-all 1-$((size - 1)) "$decoy" "$address" 5061
	check "$name: text with every cut completes" \
		cli imtalk talk --cut-all 1-100 "$text" "$address" 5062
	check_counts "$name: no rule counted" ymsg=0 twin=0
	ipt -F FORWARD
}

# The same flows let by: each has the verdict in the end. No other session is
# with these servers.
test_labels() {
	local name=$1 address=$2 port=$3

	ipt -A FORWARD -m im --proto ymsg -j ACCEPT
	check "$name: every cut completes where the rule accepts" \
		cli imtalk talk --cut-all 1-$((size - 1)) "$two" "$address" "$port"
	check_eq "$name: and each flow has the label" $((size - 1)) \
		"$(count_labelled im-ymsg "$port")"
	check_eq "$name: no flow of the look-alike has it" 0 \
		"$(count_labelled im-ymsg 5061)"
	ipt -F FORWARD
}

test_bytewise() {
	local name=$1 address=$2

	drop_rule
	check_like "$name: single bytes are cut off" "cut-off c 11/* s 0/*" \
		"$(talk_at --bytewise "$two" "$address" 5060)"
	check "$name: single bytes of a look-alike complete" \
		cli imtalk talk --bytewise "$decoy" "$address" 5061
	check_counts "$name: the twin counted none" "drop>0" twin=0
	ipt -F FORWARD
}

# talk_bg NAME OPTION... - a session in the background; see talked.
talk_bg() {
	local name=$1

	shift
	patience=5000 talk_at "$@" >"$RESULTS/talk.$name" 2>&1 &
	pauses+=($!)
}

# Pauses: short ones, and one longer than the time after which the module looks
# for flows whose time is over. They run beside the other cases.
start_pauses() {
	local at

	pauses=()
	for at in 4 11; do
		talk_bg "pause$at" --delay-at "$at:2000" "$two" "$SRV4" 5068
		talk_bg "decoy$at" --delay-at "$at:2000" "$decoy" "$SRV4" 5069
	done
	talk_bg pause6 --delay-at 4:2000 "$two" "$SRV6" 5068
	talk_bg long --delay-at 4:42000 "$two" "$SRV4" 5068
}

check_pauses() {
	local at

	wait "${pauses[@]}"
	for at in 4 11; do
		check_like "a pause before byte $at: cut off" \
			"cut-off c $at/* s 0/* timeout" "$(talked "pause$at")"
		check_like "a look-alike with that pause completes" \
			"complete *" "$(talked "decoy$at")"
	done
	check_like "a pause, over IPv6: cut off" \
		"cut-off c 4/* s 0/* timeout" "$(talked pause6)"
	check_like "a pause of 42 s: cut off" \
		"cut-off c 4/* s 0/* timeout" "$(talked long)"
}

# The rule sees the very SYN; what the client sends after it, without data, is
# another connection which is judged by what follows.
test_fast_open() {
	# Longer than it takes until a SYN is sent again.
	local name=$1 address=$2 empty=$3 patience=2500

	drop_rule
	ipt -I FORWARD -p tcp --syn --dport 5060 -m length --length $((empty + 1)):1500 \
		-m im --proto ymsg -m comment --comment syn
	check_like "$name: fast open is cut off" "cut-off c 0/* s 0/*" \
		"$(talk_at --tfo "$two" "$address" 5060)"
	check_counts "$name: in the SYN" "syn>0" twin=0
	check_cuts "$name: fast open with every cut is cut off" --tfo "$two" \
		"$address"
	zero_counters FORWARD
	check "$name: a look-alike with fast open and every cut completes" \
		cli imtalk talk --tfo --cut-all 1-$((size - 1)) "$decoy" \
		"$address" 5061
	check_counts "$name: no rule counted" ymsg=0 syn=0 twin=0
	ipt -F FORWARD
}

test_fast_open_labels() {
	local name=$1 address=$2 port=$3

	ipt -A FORWARD -m im --proto ymsg -j ACCEPT
	check "$name: fast open completes where the rule accepts" \
		cli imtalk talk --tfo "$two" "$address" "$port"
	check_eq "$name: and has the label" 1 "$(count_labelled im-ymsg "$port")"
	ipt -F FORWARD
}

allow_fast_open() {
	cli sysctl -qw net.ipv4.tcp_fastopen=0x605
	srv sysctl -qw net.ipv4.tcp_fastopen=0x602
}

ktap_plan
im_setup iptables-nft ip6tables-nft iptables-legacy ip6tables-legacy
allow_fast_open
fw imctl labels --write
serve "$two" 5060 5064 5065 5066 5067 5068
serve "$decoy" 5061 5069
serve "$text" 5062
# The pauses have rules of their own, which stand all the while.
for tool in iptables-legacy ip6tables-legacy; do
	fw "$tool" -w -A FORWARD -p tcp --dport 5068:5069 -m im --proto ymsg \
		-j DROP
done
start_pauses
test_cuts IPv4 "$SRV4"
test_labels IPv4 "$SRV4" 5064
test_bytewise IPv4 "$SRV4"
test_fast_open IPv4 "$SRV4" 60
test_fast_open_labels IPv4 "$SRV4" 5065
IPT=ip6tables-nft
test_cuts IPv6 "$SRV6"
test_labels IPv6 "$SRV6" 5066
test_bytewise IPv6 "$SRV6"
test_fast_open IPv6 "$SRV6" 80
test_fast_open_labels IPv6 "$SRV6" 5067
check_pauses
clear_rules
ktap_finish
