#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A thousand times and more the rules are replaced while sessions come, watched by nft monitor and
# conntrack -E: of the messenger no byte ever gets through, so no packet was judged by half a
# ruleset, and what is none passes. Afterwards nothing is held.

# Functions are called by check, which shellcheck does not see.
# shellcheck disable=SC2317

# shellcheck source=selftests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/netns/lib-im.sh
. "$(dirname "$0")/lib-im.sh"
# shellcheck source=selftests/netns/lib-nft.sh
. "$(dirname "$0")/lib-nft.sh"

readonly times=500 times_most=20000

# replace TOOL RULE - one transaction a line, in one process, until enough sessions came.
replace() {
	local i

	for ((i = 0; i < times_most; i++)); do
		[ "$i" -lt "$times" ] || [ ! -e "$RESULTS/enough" ] || break
		printf 'flush chain inet guard guard; add rule inet guard guard %s counter drop\n' "$2"
	done | fw "$1" -i >"$RESULTS/replace" 2>&1
	echo $? >"$RESULTS/replaced"
}

# sessions_meanwhile - sessions of both kinds until the replacing is over. What went otherwise than
# it should is kept.
sessions_meanwhile() {
	local line

	n=0
	: >"$RESULTS/wrong"
	until [ -e "$RESULTS/replaced" ]; do
		line=$(cli imtalk talk --timeout 1000 "$talk" "$SRV4" 5050)
		[[ $line == "cut-off c 0/"*" s 0/"* ]] || echo "ymsg: $line" >>"$RESULTS/wrong"
		line=$(cli imtalk talk --timeout 20000 "$service" "$SRV4" 5051) ||
			echo "look-alike: $line" >>"$RESULTS/wrong"
		n=$((n + 1))
		[ "$n" -lt 5 ] || : >"$RESULTS/enough"
	done
}

# watch - both of them, from before the first replacement on.
watch() {
	fw stdbuf -oL nft monitor >"$RESULTS/monitor" 2>/dev/null &
	monitor=$!
	fw stdbuf -oL conntrack -E -o labels >"$RESULTS/events" 2>&1 &
	events=$!
	busywait 10000 watched
}

# watched - both show something.
watched() {
	fw nft add table inet shown
	fw nft delete table inet shown
	cli ping -c 1 -W 1 "$SRV4"
	grep -q 'table inet shown' "$RESULTS/monitor" && grep -q icmp "$RESULTS/events"
}

# check_watched NAME - they live, and have seen it.
check_watched() {
	busywait 20000 monitored_all
	check_number "$1: nft monitor shows each" ">$((times - 1))" "$(monitored)"
	# The packet that brings an event about takes it along when it has passed.
	check_number "$1: conntrack -E shows the messenger's flows" ">2" \
		"$(grep -c 'NEW.* dport=5050 ' "$RESULTS/events")"
	check_number "$1: and the look-alike's label" ">2" \
		"$(grep -c 'UPDATE.* dport=5051 .*im-done' "$RESULTS/events")"
	check "$1: nft monitor lives" kill -0 "$monitor"
	check "$1: so does conntrack -E" kill -0 "$events"
	kill "$monitor" "$events"
	wait "$monitor" "$events"
} 2>/dev/null

monitored() {
	grep -c "^add rule inet guard guard .*drop" "$RESULTS/monitor"
}

monitored_all() {
	[ "$(monitored)" -ge "$times" ]
}

last_handle() {
	fw nft -a list chain inet guard guard 2>/dev/null |
		sed -n 's/.* drop # handle //p'
}

one() {
	local tool=$1 rule=$2 name="$1, $2"

	rm -f "$RESULTS/replaced" "$RESULTS/enough"
	nft_chain inet forward 0 "$rule counter drop" | fw "$tool" -f -
	watch
	seen_reset
	replace "$tool" "$rule" &
	replacing=$!
	sessions_meanwhile
	wait "$replacing"
	check_eq "$name: all replaced" 0 "$(<"$RESULTS/replaced")"
	check_number "$name: each time, as the handle says" ">$times" "$(last_handle)"
	check_eq "$name: one rule is there" 1 "$(fw nft list ruleset 2>/dev/null | grep -c ' drop$')"
	check_number "$name: sessions came meanwhile" ">2" "$n"
	check_eq "$name: all went as they should" "" "$(<"$RESULTS/wrong")"
	check_watched "$name"
	fw nft flush ruleset
	end_sessions
}

ktap_plan
im_setup nft-im stdbuf
# A transaction waits for grace periods, a hundred a second in emulation.
echo 1 >/sys/kernel/rcu_expedited
serve "$talk" 5050
serve "$service" 5051
fw imctl labels --write 2>/dev/null
fw imctl enable --runtime
one nft 'ct label "im-ymsg"'
fw imctl disable --runtime
one nft-im 'im proto ymsg'
check_eq "no rule is counted" 0 "$(im_status rules)"
echo 0 >/sys/kernel/rcu_expedited
check "nothing is held" busywait 10000 modprobe -r xt_im nf_im
ktap_finish
