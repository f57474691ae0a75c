#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What only both directions prove together: sessions of Palringo (TCP) and of ICQ 5 and Zoom
# (UDP) are dropped in the packet that completes the pair, whichever side speaks first; sessions
# with the same first half, but another answer, pass.

# shellcheck source=selftests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/netns/lib-im.sh
. "$(dirname "$0")/lib-im.sh"

readonly icq_client=0500000000003930000001020304050607080910111213141516
readonly icq_server=050000a1a2a3a45a000100020039300000b1b2b3b4
readonly zoom_id=a0a1a2a3a4a5a6a7a8a9aaabacadaeaf
# shellcheck disable=SC2034 # of lib-im.sh: of sessions that are to be cut off
patience=500

# script NAME LINE... - a session of three turns; prints its file.
script() {
	printf '%s\n' "${@:2}" >"$RESULTS/$1.talk"
	printf '%s\n' "$RESULTS/$1.talk"
}

pair_rules() {
	rules <<-END
		-A FORWARD -m im --proto xmpp -m comment --comment twin
		-A FORWARD -m im --proto palringo,icq-udp,zoom --confidence payload -m comment --comment single
		-A FORWARD -p tcp --tcp-flags PSH PSH -m im --confidence payload-pair -m comment --comment said
		-A FORWARD -p tcp -m im --proto palringo --confidence payload-pair -m comment --comment tcp $1
		-A FORWARD -p udp -m im --proto icq-udp --confidence payload-pair -m comment --comment icq $1
		-A FORWARD -p udp -m im --proto zoom --confidence payload-pair -m comment --comment zoom $1
	END
}

forget() {
	ipt -F FORWARD
	end_sessions
	fw conntrack -F 2>/dev/null
}

# Of three packets with payload the first is half of the pair.
test_pass() {
	local name=$1 address=$2

	pair_rules ""
	check "$name: a session passes" cli imtalk talk "$logon" "$address" 5090
	check "$name: and one where the server begins" \
		cli imtalk talk "$auth" "$address" 5091
	check_counts "$name: the rule saw both from the second packet on" said=4 twin=0 \
		single=0 icq=0 zoom=0
	check_eq "$name: the label of pairs" 2 "$(($(count_labelled im-pair 5090) +
		$(count_labelled im-pair 5091)))"
	check "$name: two that say the same pass" cli imtalk talk "$same" "$address" 5092
	check "$name: datagrams of ICQ pass" cli imtalk talk --udp "$icq" "$address" 5090
	check "$name: of Zoom, too" cli imtalk talk --udp "$zoom" "$address" 5091
	check_counts "$name: from the second on" said=4 icq=2 zoom=2 twin=0 single=0
	forget
}

test_drop() {
	local name=$1 address=$2

	pair_rules "-j DROP"
	check_eq "$name: the server's answer is dropped" "cut-off c 7/11 s 0/6 timeout" \
		"$(talk_at "$logon" "$address" 5090)"
	check_eq "$name: the client's, where the server begins" "cut-off c 0/7 s 6/8 timeout" \
		"$(talk_at "$auth" "$address" 5091)"
	check "$name: two that say the same pass" cli imtalk talk "$same" "$address" 5092
	check_counts "$name: by the rule of pairs" "tcp>1" icq=0 zoom=0 twin=0 single=0
	check_eq "$name: the answer to ICQ is dropped" "cut-off c 26/52 s 0/21 timeout" \
		"$(talk_at --udp "$icq" "$address" 5090)"
	check_eq "$name: the answer to Zoom" "cut-off c 23/46 s 0/23 timeout" \
		"$(talk_at --udp "$zoom" "$address" 5091)"
	check "$name: another user's answer passes" \
		cli imtalk talk --udp "$icq_other" "$address" 5092
	check "$name: another meeting's" cli imtalk talk --udp "$zoom_other" "$address" 5093
	check_counts "$name: one datagram each" icq=1 zoom=1 twin=0 single=0
	forget
}

main() {
	logon=$(script logon 'c "LOGON\r\n"' 's "AUTH\r\n"' 'c "text"')
	auth=$(script auth 's "AUTH\r\n"' 'c "LOGON\r\n"' 's "ok"')
	same=$(script same 'c "LOGON\r\n"' 's "LOGON\r\n"' 'c "text"')
	icq=$(script icq "c $icq_client" "s $icq_server" "c $icq_client")
	icq_other=$(script icq-other "c $icq_client" "s ${icq_server/3930/3a30}" "c $icq_client")
	zoom=$(script zoom "c 010003${zoom_id}00000000" "s 020003${zoom_id}01020304" \
		"c 010003${zoom_id}00000000")
	zoom_other=$(script zoom-other "c 010003${zoom_id}00000000" \
		"s 020003${zoom_id/a0/b0}01020304" "c 010003${zoom_id}00000000")
	ktap_plan
	im_setup
	check "names of labels" fw imctl labels --write
	serve "$logon" 5090
	serve "$auth" 5091
	serve "$same" 5092
	serve_udp "$icq" 5090
	serve_udp "$zoom" 5091
	serve_udp "$icq_other" 5092
	serve_udp "$zoom_other" 5093
	test_pass IPv4 "$SRV4"
	IPT=ip6tables-nft test_pass IPv6 "$SRV6"
	test_drop IPv4 "$SRV4"
	IPT=ip6tables-nft test_drop IPv6 "$SRV6"
	ktap_finish
}

main
