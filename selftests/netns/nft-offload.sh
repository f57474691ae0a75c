#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# im-done and a software flowtable: a flow is offloaded by the first packet after its verdict,
# a messenger is dropped before, and a watched one stays where it can be read. Reopening.

# Functions are called by check, which shellcheck does not see.
# shellcheck disable=SC2317

# shellcheck source=selftests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/netns/lib-im.sh
. "$(dirname "$0")/lib-im.sh"

count() {
	counter_nft inet guard guard "$1"
}

# load RULE... - rules before the one that offloads what is done.
load() {
	fw nft flush ruleset
	fw nft -f - <<-END
		table inet guard {
			flowtable ft {
				hook ingress priority 0
				devices = { fwc, fws }
			}
			chain guard {
				type filter hook forward priority 0;
				$(printf '%s\n' "$@")
				ct label "im-done" ct state established meta l4proto tcp flow add @ft
				tcp dport 6000-6099 counter comment "forwarded"
			}
		}
	END
}

# A session of many exchanges with the echo server: "open PORT", "say TEXT", "hang_up".
open() {
	local pipe=$RESULTS/pipe.$1

	rm -f "$pipe"
	mkfifo "$pipe"
	: >"$RESULTS/echo"
	cli ncat "$SRV4" "$1" <"$pipe" >"$RESULTS/echo" &
	exec 7>"$pipe"
}

heard() {
	grep -qF "$1" "$RESULTS/echo"
}

say() {
	echo "$1" >&7
	busywait "${2:-5000}" heard "$1"
}

hang_up() {
	exec 7>&-
	end_sessions
}

offloaded() {
	fw conntrack -L -p tcp --dport "$1" 2>/dev/null | grep -q '\[OFFLOAD\]'
}

frame() {
	ymsg "$1" "$2" | python3 -c '
import sys; sys.stdout.buffer.write(bytes.fromhex(sys.stdin.read()))' >&7
}

test_none() {
	local before

	load 'ct label "im-ymsg" counter drop comment "ymsg"'
	open 6000
	check "an unknown service speaks" say "hello there, this is nothing"
	check "it goes on" say "second"
	check "and on" say "third"
	check "it is offloaded once it is done" busywait 5000 offloaded 6000
	before="$(im_status inspected) $(count forwarded)"
	check "it speaks in the flowtable" say "fourth"
	check "to its end" say "fifth"
	check_eq "and no hook and no rule sees it" "$before" \
		"$(im_status inspected) $(count forwarded)"
	check_eq "the rule did not count" 0 "$(count ymsg)"
	fw imctl flows --reopen >"$RESULTS/reopen" 2>&1
	check_like "it is out of reach of --reopen, which says so" "*conntrack -D*offloaded?1" \
		"$(<"$RESULTS/reopen")"
	hang_up
}

test_messenger() {
	check_like "a messenger is dropped before it is offloaded" \
		"cut-off c 0/* s 0/* timeout" "$(talk_at "$talk" "$SRV4" 5050)"
	check_number "by its rule" ">0" "$(count ymsg)"
	check_not "and is not offloaded" offloaded 5050
	end_sessions
}

# Watched for files it is read on, and its file is caught; without the watch it is offloaded.
test_watched() {
	# shellcheck disable=SC2034 # read by ipt
	local IPT=iptables-nft user

	user="$(hex 1)c080$(hex alice)c080"
	load 'counter comment "x"'
	ipt -A FORWARD -m im --proto ymsg --action file -m comment --comment file -j DROP
	open 6001
	frame 57 "$user"
	busywait 5000 known 6001
	frame 6 "$user$(hex 14)c080$(hex first)c080"
	check "an allowed messenger passes" busywait 5000 heard first
	check_not "and is not offloaded while its files are watched for" offloaded 6001
	# No offer, which passes when it is sent again.
	frame be "$user$(hex 14)c080$(hex afile)c080"
	check "its file is caught" busywait 5000 counts "file>0"
	check_not "and not heard" heard afile
	hang_up
	ipt -F FORWARD
	load 'counter comment "x"'
	open 6002
	frame 57 "$user"
	busywait 5000 known 6002
	frame 6 "$user$(hex 14)c080$(hex second)c080"
	busywait 5000 heard second
	frame 6 "$user$(hex 14)c080$(hex third)c080"
	busywait 5000 heard third
	check "not watched it is offloaded" busywait 5000 offloaded 6002
	hang_up
}

known() {
	[[ $(labels_of "$1") == *im-ymsg* ]]
}

# A rule for actions that is younger than the flow counts after --reopen.
test_reopen() {
	# shellcheck disable=SC2034 # read by ipt
	local IPT=iptables-nft user

	user="$(hex 1)c080$(hex alice)c080"
	fw nft flush ruleset
	open 6003
	frame 57 "$user"
	check "a messenger is known and done" busywait 5000 done_flow 6003
	check_like "imctl flows lists it" "*6003*ymsg*messenger*decided*yes*" \
		"$(fw imctl flows | grep 6003)"
	ipt -A FORWARD -m im --proto ymsg --action message -m comment --comment message -j DROP
	frame 6 "$user$(hex 14)c080$(hex early)c080"
	check "a younger rule does not see its messages" busywait 5000 heard early
	check_like "reopen" "reopened?[1-9]*offloaded?0" "$(fw imctl flows --reopen)"
	check_eq "it is still known" "im-any im-messenger im-ymsg" "$(labels_of 6003)"
	frame 6 "$user$(hex 14)c080$(hex late)c080"
	check "now the rule counts" busywait 5000 counts "message>0"
	check_not "and the message is not heard" heard late
	hang_up
	ipt -F FORWARD
}

done_flow() {
	[[ $(labels_of "$1") == *im-done*im-ymsg* ]]
}

ktap_plan
im_setup ncat
checkmodule nf_flow_table nft_flow_offload
fw imctl labels --write 2>/dev/null
fw imctl enable --runtime
serve "$talk" 5050
echoes 6000
echoes 6001
echoes 6002
echoes 6003
test_none
test_messenger
test_watched
test_reopen
fw imctl disable --runtime
ktap_finish
