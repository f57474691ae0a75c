#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# imctl mark: the protocol's number in bits of the conntrack's mark, a packet's actions in bits
# of its own; sets and verdict maps of stock nft on both. Other bits stay as they are.

# Functions are called by check, which shellcheck does not see; rules have variables of nft.
# shellcheck disable=SC2016,SC2317

# shellcheck source=selftests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/netns/lib-im.sh
. "$(dirname "$0")/lib-im.sh"
# shellcheck source=selftests/netns/lib-nft.sh
. "$(dirname "$0")/lib-nft.sh"

ymsg_number=$(awk -F '\t' '$2 == "ymsg" { print $1 }' "$NF_IM_PAYLOAD/signatures/registry.tsv")

# marks_of PORT - marks of the flows to that port, each once.
marks_of() {
	fw conntrack -L -p tcp --dport "$1" 2>/dev/null | sed -n 's/.* mark=\([0-9]*\) .*/\1/p' |
		sort -u | xargs
}

count() {
	counter_nft inet guard guard "$1"
}

test_refused() {
	check_eq "a mask too narrow: exit 2" 2 \
		"$(fw imctl mark --mask 0x300 2>/dev/null; echo $?)"
	check_eq "nothing is in force" - "$(im_status mark_mask)"
	check_eq "and no names are written" "" "$(ls /etc/nf-im/mark.nft 2>/dev/null)"
}

# Each protocol its verdict, by one look-up. Bits outside of the mask belong to others.
test_map() {
	check "imctl mark" fw imctl mark --mask 0xff00
	nft_chain inet forward 0 'ct mark set ct mark | 0x30001' \
		'ct mark & $im_mask { $im_xmpp, $im_oscar } counter comment "twin"' \
		'ct mark & $im_mask { $im_xmpp, $im_ymsg } counter comment "set"' \
		'ct mark & $im_mask vmap { $im_ymsg : drop, $im_xmpp : accept }' | fw nft -f -
	check_like "a map of stock nft drops, at the first frame" \
		"cut-off c 0/* s 0/* timeout" "$(talk_at "$talk" "$SRV4" 5050)"
	check_number "a set has it" ">0" "$(count set)"
	check_eq "another set has not" 0 "$(count twin)"
	check_eq "no other bit was touched" $((0x30001 | ymsg_number << 8)) "$(marks_of 5050)"
	check "a look-alike passes" cli imtalk talk "$service" "$SRV4" 5051
	check_eq "and has no number" $((0x30001)) "$(marks_of 5051)"
	fw nft flush ruleset
}

# What somebody else writes into our bits is counted, not fought over.
test_overwritten() {
	fw conntrack -F 2>/dev/null
	check "a session" cli imtalk talk "$talk" "$SRV4" 5050
	check_eq "none is overwritten" 0 "$(im_status marks_overwritten)"
	fw conntrack -F 2>/dev/null
	nft_chain inet forward 0 'tcp dport 5050 ct mark set 7' | fw nft -f -
	check "a session whose mark somebody else sets" cli imtalk talk "$talk" "$SRV4" 5050
	fw nft flush ruleset
	check_eq "overwritten marks are counted" 1 "$(im_status marks_overwritten)"
	check "another mask" fw imctl mark --mask 0xff000000 2>/dev/null
	check_eq "known flows get their number there, others' bits stay" \
		$((7 | ymsg_number << 24)) "$(marks_of 5050)"
	check_eq "none is overwritten any more" 0 "$(im_status marks_overwritten)"
	check "off" fw imctl mark --off
	check_eq "takes it out again" 7 "$(marks_of 5050)"
}

# A flow from before the module has no labels; its mark can be told all the same.
test_older() {
	local pipe=$RESULTS/pipe

	fw imctl disable --runtime
	modprobe -r xt_im nf_im
	nft_chain inet forward 0 'ct state established counter' | fw nft -f -
	mkfifo "$pipe"
	cli ncat "$SRV4" 5060 <"$pipe" >"$RESULTS/older" &
	exec 7>"$pipe"
	printf 'hello' >&7
	busywait 5000 older_flow || ktap_diag "no flow"
	modprobe nf_im
	fw imctl mark --mask 0xff00 2>/dev/null
	fw imctl enable --runtime
	fw nft flush ruleset
	nft_chain inet forward 0 'ct mark & $im_mask vmap { $im_ymsg : drop }' \
		'tcp dport 5060 counter comment "passed"' | fw nft -f -
	ymsg 6 "$(hex 1)c080$(hex alice)c080" | xxd_r >&7
	check "a flow older than the module is marked" busywait 5000 marked_older
	exec 7>&-
	fw nft flush ruleset
}

older_flow() {
	fw conntrack -L -p tcp --dport 5060 2>/dev/null | grep -q ESTABLISHED
}

marked_older() {
	[ "$(marks_of 5060)" = "$((ymsg_number << 8))" ]
}

xxd_r() {
	python3 -c 'import sys; sys.stdout.buffer.write(bytes.fromhex(sys.stdin.read()))'
}

# Actions stand in the packet's mark; packets that do nothing known have none of the bits.
test_packet() {
	check "imctl mark --packet" fw imctl mark --packet --mask 0x7ff0000
	nft_chain inet forward 0 \
		'meta mark & $im_action_file != 0 counter comment "file"' \
		'meta mark & $im_action_login != 0 counter comment "login"' \
		'meta mark & 0xf800ffff != 0 counter comment "others"' \
		'meta mark & $im_action_message != 0 counter drop comment "message"' | fw nft -f -
	check_like "the log-in passes, the message is cut off" \
		"cut-off c 139/* s 128/* timeout" "$(talk_at "$talk" "$SRV4" 5050)"
	check_number "the message counted" ">0" "$(count message)"
	check_number "so did the log-in" ">0" "$(count login)"
	check_eq "there was no file" 0 "$(count file)"
	check_eq "no other bit was set" 0 "$(count others)"
	check "a look-alike passes" cli imtalk talk "$service" "$SRV4" 5051
	check "off" fw imctl mark --packet --off
	check "then nothing is marked" cli imtalk talk "$talk" "$SRV4" 5050
	fw nft flush ruleset
}

# The masks come back with the boot.
test_saved() {
	fw imctl mark --mask 0xff00 2>/dev/null
	fw imctl mark --packet --mask 0x7ff0000 2>/dev/null
	fw imctl enable
	modprobe -r xt_im nf_im 2>/dev/null
	fw imctl disable --runtime
	fw imctl mark --off --runtime
	fw imctl mark --off --packet --runtime
	check_eq "nothing is in force" "- -" "$(im_status mark_mask) $(im_status packet_mask)"
	check "what a boot does" fw imctl enable --saved
	check_eq "the masks are back" "0x0000ff00 0x07ff0000" \
		"$(im_status mark_mask) $(im_status packet_mask)"
	check_eq "and the hook" yes "$(im_status enabled)"
	fw imctl mark --off
	fw imctl mark --off --packet
	fw imctl disable
}

ktap_plan
im_setup ncat
modprobe nf_im
serve "$talk" 5050
serve "$service" 5051
sink 5060
fw imctl labels --write 2>/dev/null
fw imctl enable --runtime
test_refused
test_map
test_overwritten
test_packet
test_older
test_saved
ktap_finish
