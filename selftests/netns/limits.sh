#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The table at its cap: tens of thousands of undecided flows from the initial
# namespace and from others. Memory stays in its bounds, traffic passes, what
# cannot be read says so, and conntrack's own limit works as without us.
#
# Flows of the floods are SYNs which carry a first few bytes: "YMSG" or "Y" waits
# for more and keeps them, "EHLO" waits for the server, who never speaks.
#
#	q1 ... q4 (netns)	a dummy device, the hook enabled

# shellcheck source=selftests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/netns/lib-services.sh
. "$(dirname "$0")/lib-services.sh"
# shellcheck source=selftests/netns/lib-im.sh
. "$(dirname "$0")/lib-im.sh"
# shellcheck source=selftests/netns/lib-flood.sh
. "$(dirname "$0")/lib-flood.sh"

readonly small=$((2 << 20)) default=$((16 << 20))
readonly entry_max=128		# bytes of an undecided flow without a window
readonly CLI4b=10.0.1.3		# another source of floods

# reset_table [PARAMETER...] - the modules anew, rules and counters at 0.
reset_table() {
	if ! reload "$@" || ! imctl signatures load "$RESULTS/pack"; then
		ktap_not_ok "reload $*"
	fi
	ipt -A FORWARD -d "$FLOOD4" -m comment --comment passed
	ipt -A FORWARD -d "$FLOOD4" -m im --state uninspected -m comment \
		--comment uninspected
	ipt -A FORWARD -d "$FLOOD4" -m im --state undecided -m comment \
		--comment undecided
	cut_rule
}

# windows - bytes of windows now.
windows() {
	imctl status | awk -F '\t' -v entry=$entry_max '
		$1 == "bytes" { bytes = $2 }
		$1 == "entries" { entries = $2 }
		END { print bytes - entries * entry }'
}

# count_of COMMENT - of a rule of reset_table.
count_of() {
	counter_ipt filter FORWARD "$1"
}

web() {
	cli curl -sS --max-time 20 "http://$SRV4/"
}

# labelled PORT - flows to a port of the flood which are labelled as not read.
labelled() {
	conntrack -L -p tcp --dport "$1" -o labels 2>/dev/null |
		grep -c 'labels=.*im-uninspected'
}

# --- Conntrack's own limit --------------------------------------------------

# admitted - what gets in with conntrack full of connections which stay, and
# then of flows which it may drop early for others.
admitted() {
	conntrack -F 2>/dev/null
	cli imtalk talk --flood 700 --first 4 --timeout 500 --hold 1 "$talk" \
		"$SRV4" 5050
	conntrack -F 2>/dev/null
	flood 4000 900 YMSG
	cli imtalk talk --flood 100 --first 4 --timeout 500 --hold 1 "$talk" \
		"$SRV4" 5050
}

early_drops() {
	conntrack -S | sed 's/.*early_drop=\([0-9]*\).*/\1/' |
		awk '{ sum += $1 } END { print sum }'
}

test_conntrack_max() {
	local without with before

	ipt -A FORWARD -m conntrack --ctstate INVALID -m comment --comment bed
	sysctl -qw net.netfilter.nf_conntrack_tcp_loose=0 \
		net.netfilter.nf_conntrack_buckets=512 \
		net.netfilter.nf_conntrack_max=600
	without=$(admitted)
	before=$(early_drops)
	check_not "without us the module is not there" module_loaded nf_im
	modprobe xt_im
	ipt -A FORWARD -m im --state undecided -m comment --comment undecided
	with=$(admitted)
	check_eq "at nf_conntrack_max new flows are admitted as without us" \
		"$without" "$with"
	check_like "that is not all of them" "flood 700 open [56]?? failed *" \
		"$with"
	check_like "yet all where conntrack may drop others" \
		"*flood 100 open 100 failed 0" "$with"
	check_number "which it did" ">$((before + 90))" "$(early_drops)"
	check_count "while we had entries" ">500" filter FORWARD undecided
	conntrack -F 2>/dev/null
	sysctl -qw net.netfilter.nf_conntrack_tcp_loose=1 \
		net.netfilter.nf_conntrack_buckets=65536 \
		net.netfilter.nf_conntrack_max=300000
}

# --- Below the cap ----------------------------------------------------------

test_below() {
	local bytes

	reset_table table_bytes=$small
	check_eq "the cap is what the parameter says" $small \
		"$(im_status bytes_cap)"
	flood 4000 2000 "EHLO" >/dev/null
	check_eq "2000 flows have 2000 entries" 2000 "$(im_status entries)"
	bytes=$(im_status bytes)
	check_most "each of $entry_max bytes at most" $((2000 * entry_max)) "$bytes"
	flood 4001 500 Y >/dev/null
	flood 4002 500 YMSG >/dev/null
	check_number "a window comes on top of an entry" \
		">$((bytes + 1000 * entry_max))" "$(im_status bytes)"
	ktap_diag "$bytes bytes of 2000 flows, $(im_status bytes) with windows"
	check_count "below the cap all are undecided" 3000 filter FORWARD undecided
	check_count "and none is uninspected" 0 filter FORWARD uninspected
	check_eq "by the counter neither" 0 "$(im_status uninspected)"
	check_eq "by the label neither" 0 "$(labelled 4002)"
}

# --- At the cap -------------------------------------------------------------

# Entries reach the cap, windows their part of it. The rules' counters, the
# module's and the labels say the same.
test_cap() {
	local sent lacking

	reset_table table_bytes=$small
	sampler_start ""
	sent=$(($(flood 4000 20000 "EHLO") + $(flood 4000 20000 YMSG "$CLI4b")))
	sampler_stop
	lacking=$(im_status uninspected)
	check_most "40000 undecided flows stay below the cap" $small "$sampled"
	check_number "which they reached" ">$((small * 9 / 10))" "$sampled"
	check_most "windows have a quarter" $((small / 4)) "$(windows)"
	check_number "which they reached" ">$((small / 5))" "$(windows)"
	check_number "many are uninspected" ">100" "$lacking"
	check_number "many were evicted" ">1000" "$(im_status evicted)"
	check_eq "the cap is what all of them lacked" "$lacking" \
		"$(im_status uninspected_cap)"
	check_eq "each is matched by --state uninspected" "$lacking" \
		"$(count_of uninspected)"
	check_eq "and labelled" "$lacking" "$(labelled 4000)"
	check_eq "all others are undecided" $((sent - lacking)) \
		"$(count_of undecided)"
	check_eq "none was dropped" 40000 "$(count_of passed)"
}

# Other traffic, while the table is full and the flood goes on.
test_traffic() {
	flood 4100 30000 YMSG >/dev/null &
	check "web traffic passes" web
	check_eq "connections pass" "flood 300 open 300 failed 0" \
		"$(cli imtalk talk --flood 300 --first 4 --hold 1 "$talk" "$SRV4" 5050)"
	check "a session in one piece is cut" is_cut
	wait $!
	check_eq "no packet of the flood is lost" 70000 "$(count_of passed)"
}

# What no conntrack holds any more is let go; none was held by us.
test_gone() {
	check_number "entries stand" ">1000" "$(im_status entries)"
	conntrack_flush ""
	check_swept "the next sweeps let the entries go" ""
	check_eq "and their memory" 0 "$(im_status bytes)"
	check "a session is cut again" is_cut
	check_eq "its entry is gone with the verdict" 0 "$(im_status entries)"
}

# conntrack_flush NS - one case.
conntrack_flush() {
	in_ns "$1" conntrack -F 2>/dev/null
	check_eq "after a flush conntrack is empty at once" 0 \
		"$(in_ns "$1" sysctl -n net.netfilter.nf_conntrack_count)"
}

# A datagram decides at once where no signature reads any: nothing remains.
test_done() {
	reset_table table_bytes=$small
	flood 4000 2000 "hello" "$CLI4" udp >/dev/null
	check_eq "2000 datagrams were read" 2000 "$(im_status inspected)"
	check_eq "flows which are done have no entry" 0 "$(im_status entries)"
	conntrack -F 2>/dev/null
}

test_default() {
	reset_table
	check_eq "the default cap is 16 MiB" $default "$(im_status bytes_cap)"
	sampler_start ""
	flood 4000 30000 YMSG >/dev/null
	check_number "30000 flows with windows: not all keep them" ">1000" \
		$(($(im_status uninspected) + $(im_status evicted)))
	check_most "windows have a quarter" $((default / 4)) "$(windows)"
	check_number "which they reached" ">$((default / 5))" "$(windows)"
	flood 4100 90000 "EHLO" >/dev/null
	sampler_stop
	check_most "120000 flows stay below the cap" $default "$sampled"
	check_number "which they reached" ">$((default * 9 / 10))" "$sampled"
	check_eq "none was dropped" 120000 "$(count_of passed)"
	check "web traffic passes" web
	check "a session is cut" is_cut
	conntrack_flush ""
}

# What a rule drops leaves no conntrack; that its protocol was known is no reason to stay.
test_dropped() {
	check "with the pack of the module" reload table_bytes=$small
	ipt -A FORWARD -d "$FLOOD4" -m im --proto ipmsg -m comment --comment dropped -j DROP
	cut_rule
	flood 4000 20000 "1:1290000000:alice:host:1:Alice" "$CLI4" udp >/dev/null
	check_eq "more known flows than entries: each packet is dropped" 20000 \
		"$(count_of dropped)"
	check_number "the table was full" ">1000" "$(im_status evicted)"
	check_eq "nothing went by uninspected" 0 "$(im_status uninspected)"
	check "and a session is cut" is_cut
}

# --- Other namespaces -------------------------------------------------------

add_namespace() {
	ip netns add "$1" && ip -n "$1" link add d0 type dummy &&
		ip -n "$1" addr add "$CLI4/24" dev d0 &&
		ip -n "$1" link set d0 up &&
		ip -n "$1" route add "$FLOOD4/32" dev d0 && in_ns "$1" imctl enable
}

# bytes_of_others - what all namespaces but the first have.
bytes_of_others() {
	local ns sum=0

	for ns in fw-user q1 q2 q3 q4; do
		sum=$((sum + $(counter_of "$ns" bytes)))
	done
	echo "$sum"
}

# A firewall in a namespace of its own, and its flood.
test_namespace() {
	use_topology user
	flood_route
	ipt -A FORWARD -d "$FLOOD4" -m im --state uninspected -m comment \
		--comment uninspected
	check_eq "another namespace has a sixteenth" $((small / 16)) \
		"$(im_status bytes_cap)"
	sampler_start fw-user
	check_eq "its flood passes" 10000 "$(flood 4000 10000 YMSG)"
	sampler_stop
	check_most "and stays below the cap" $((small / 16)) "$sampled"
	check_number "which it reached" ">$((small * 9 / 160))" "$sampled"
	check_eq "the rest is uninspected, and matched" \
		"$(im_status uninspected)" "$(count_of uninspected)"
	check_number "those are many" ">500" "$(count_of uninspected)"
	check_number "and most gave way to others" ">5000" "$(im_status evicted)"
	use_topology
}

test_quarter() {
	local ns

	for ns in q1 q2 q3 q4; do
		add_namespace "$ns"
		in_ns "$ns" rawflood tcp "$CLI4" "$FLOOD4" 4000 500 \
			YMSG >/dev/null
		in_ns "$ns" rawflood tcp "$CLI4" "$FLOOD4" 4001 3000 \
			"EHLO" >/dev/null
		check_most "$ns stays below a sixteenth" $((small / 16)) \
			"$(counter_of "$ns" bytes)"
	done
	check_most "all together stay below a quarter" $((small / 4)) \
		"$(bytes_of_others)"
	check_number "which they reached" ">$((small / 4 - small / 64))" \
		"$(bytes_of_others)"
}

# Nothing of that is the first one's trouble.
test_first() {
	check_eq "the first namespace has no entry of theirs" 0 \
		"$(im_status entries)"
	flood 4000 700 YMSG >/dev/null
	check_eq "and has room, also for windows" 0 "$(im_status uninspected)"
	check_eq "so that all is read" 700 "$(count_of undecided)"
	check "a session is cut there" is_cut
	use_topology user
	conntrack_flush fw-user
	check_swept "the next sweeps let the entries go" fw-user
	check "in the other namespace one completes without a rule" completes
	cut_rule
	check "and is cut with one" is_cut
	use_topology
}

ktap_plan
modprobe -a -q dummy nf_conntrack
im_setup iptables-nft curl nginx python3 conntrack
start_nginx 80 >/dev/null
serve "$talk" 5050
flood_route
make_pack "$RESULTS/pack"
test_conntrack_max
imctl labels --write >/dev/null
test_below
test_cap
test_traffic
test_gone
test_done
test_default
test_dropped
setup_topology user
serve "$talk" 5050
use_topology
reset_table table_bytes=$small
test_namespace
test_quarter
test_first
check "the kernel has nothing to complain of" kernel_is_well
use_topology user
clear_rules
use_topology
check "both modules go" rules_gone
check "no object is left" caches_gone
ktap_finish
