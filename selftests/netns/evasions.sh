#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Evasions of PROTOCOLS.md part E that take a real stack and a real conntrack, by their rows' numbers;
# imctl's test evasions.sh plays all of them from captures. Each is played with a frame of YMSG,
# which the rule must count, and with bytes that only look like one, which it must not.

# shellcheck source=selftests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/netns/lib-im.sh
. "$(dirname "$0")/lib-im.sh"

frame=$(ymsg 57 "$(hex 1)c080$(hex alice)c080")
other=${frame/#594d5347/594d5358}
noise=$(printf '5a%.0s' {1..33})

# --- Rows: what is done with the bytes $2 of the flow $1 ----------------------

e4_out_of_order() {
	raw send "$1" "${2:16}" at=8
	raw send "$1" "${2:0:16}" at=0
}

e4_backwards() {
	local at

	for ((at = ${#2} / 2 - 1; at >= 0; at--)); do
		raw send "$1" "${2:at * 2:2}" at="$at"
	done
}

e5_again() {
	raw send "$1" "${2:0:20}" at=0
	raw send "$1" "${2:0:20}" at=0
	raw send "$1" "$2" at=0
}

# Bytes ahead of a gap, then all of it with others in their place.
e6_other_bytes_first() {
	raw send "$1" "${noise:0:16}" at=8
	raw send "$1" "$2" at=0
}

e6_other_bytes_last() {
	raw send "$1" "${2:16}" at=8
	raw send "$1" "${2:0:16}${noise:0:16}" at=0
}

e7_bad_checksum() {
	raw send "$1" "$noise" at=0 badsum
	raw send "$1" "$2" at=0
}

# The firewall is where it ends: it sees what never arrives.
e8_few_hops() {
	raw send "$1" "$noise" at=0 ttl=1
	raw send "$1" "$2" at=0
}

e9_outside_the_window() {
	raw send "$1" "$noise" at=1000000000
	raw send "$1" "$2" at=0
}

e10_reset_and_end() {
	raw send "$1" - at=1000000000 flags=0x14
	raw send "$1" - at=1000000000 flags=0x11
	raw send "$1" "$2" at=0
}

# In the window, but not where the receiver waits for it: it answers with a challenge.
e10_reset_in_window() {
	raw send "$1" - at=100 flags=0x14
	raw send "$1" "$2" at=0
}

e37_urgent() {
	raw send "$1" "$2" flags=0x38
}

e56_old_byte() {
	raw send "$1" 00 at=-1
	raw send "$1" 00 at=-1
	raw send "$1" "$2" at=0
}

# --- The test ---------------------------------------------------------------

rows=(e4_out_of_order e4_backwards e5_again e6_other_bytes_first e6_other_bytes_last
	e7_bad_checksum e8_few_hops e9_outside_the_window e10_reset_and_end
	e10_reset_in_window e37_urgent e56_old_byte)

# play ADDRESS ROW BYTES - on a flow of its own; waits until all has arrived.
play() {
	local flow=$2-$3-$1

	raw open "$flow" "$1" 5110
	zero_counters FORWARD
	"$2" "$flow" "$3"
	raw send "$flow" 5a at=$((${#3} / 2))
	raw_acked "$flow" $((${#3} / 2 + 1))
}

test_row() {
	local name=$1 address=$2 row=$3 title

	title="${row%%_*}: ${row#*_}"
	title="$name: E${title#e}"
	title=${title//_/ }
	check "$title arrives" play "$address" "$row" "$frame"
	check_counts "$title: the rule counts" "ymsg>0" twin=0
	check "$title: what looks alike arrives" play "$address" "$row" "$other"
	check_counts "$title: the rule does not count it" "all>0" ymsg=0 twin=0
}

# test_rows NAME TOOL ADDRESS ROW...
test_rows() {
	local row

	# shellcheck disable=SC2034 # read by ipt
	local IPT=$2
	rules <<-'END'
		-A FORWARD -p tcp --dport 5110 -m comment --comment all
		-A FORWARD -p tcp -m im --proto ymsg -m comment --comment ymsg
		-A FORWARD -p tcp -m im --proto xmpp -m comment --comment twin
	END
	for row in "${@:4}"; do
		test_row "$1" "$3" "$row"
	done
	ipt -F FORWARD
}

# E36: the first bytes are in the SYN.
test_fast_open() {
	cli sysctl -qw net.ipv4.tcp_fastopen=0x5
	srv sysctl -qw net.ipv4.tcp_fastopen=0x602
	drop_rules
	check_like "E36: fast open" "cut-off c 0/* s 0/*" \
		"$(talk_at --tfo "$talk" "$SRV4" 5111)"
	check "E36: fast open: what looks alike" \
		cli imtalk talk --tfo "$text" "$SRV4" 5112
	check_counts "E36: fast open: the rule counted" "drop>0" twin=0
	ipt -F FORWARD
}

# E52, E57: nothing but keep-alives; and the ports of a flow before.
test_ports() {
	rules <<-'END'
		-A FORWARD -p tcp --dport 5110 -m im --state new -m comment --comment new
		-A FORWARD -p tcp --dport 5110 -m im ! --state new -m comment --comment more
		-A FORWARD -m im --proto ymsg -m comment --comment ymsg
	END
	raw open idle "$SRV4" 5110
	raw send idle - at=-1
	raw send idle - at=-1
	busywait 3000 counts "new>3" || :
	check_counts "E52: a flow without payload has no verdict" "new>3" more=0 ymsg=0
	raw send idle "$frame"
	busywait 3000 counts "ymsg>0" || :
	check_counts "E52: its first payload gives it one" "ymsg>0" "more>0"
	raw send idle - flags=0x14
	raw open again "$SRV4" 5110 idle
	zero_counters FORWARD
	raw send again "$other"
	busywait 3000 counts "more>0" || :
	check_counts "E39: the ports again, for another flow" ymsg=0 "more>0"
	raw send again - flags=0x14
	raw open third "$SRV4" 5110 again
	zero_counters FORWARD
	raw send third "$frame"
	busywait 3000 counts "ymsg>0" || :
	check_counts "E39: and for YMSG once more" "ymsg>0"
	ipt -F FORWARD
}

# quic_hello TITLE COUNT OPTIONS PIECES - a hello of WhatsApp's has that many packets with a
# verdict, that of another name none.
quic_hello() {
	local options

	read -ra options <<<"$3"
	zero_counters FORWARD
	check "$1: arrives" cli quichello "${options[@]}" web.whatsapp.com "$SRV4" 4433 "$4"
	check_counts "$1: the rule" "all>0" "name$2" twin=0
	zero_counters FORWARD
	check "$1: another name arrives" \
		cli quichello "${options[@]}" notwhatsapp.com "$SRV4" 4433 "$4"
	check_counts "$1: is not counted" "all>0" name=0 twin=0
}

# E41 to E43: hellos of QUIC in pieces and packets of any form.
test_quic() {
	local v2=6b3343cf

	srv socat UDP6-LISTEN:4433,fork,reuseaddr PIPE >/dev/null 2>&1 &
	wait_listen srv 4433 udp
	rules <<-'END'
		-A FORWARD -p udp --dport 4433 -m comment --comment all
		-A FORWARD -p udp -m im --proto whatsapp --confidence name -m comment --comment name
		-A FORWARD -p udp -m im --proto telegram -m comment --comment twin
	END
	quic_hello "E41: four datagrams, the last one first" ">0" "" 4
	quic_hello "E41: PING, PADDING and ACK between" ">0" "--mixed" 3
	quic_hello "E41: an id of 20 bytes" ">0" "--dcid 20" 2
	quic_hello "E41: no id" ">0" "--dcid 0" 2
	quic_hello "E42: an unknown version first" ">0" "--first" 1
	quic_hello "E42: and then version 2" ">0" "--first --version $v2" 1
	quic_hello "E43: version 2 by its keys" ">0" "--version $v2" 1
	quic_hello "E43: version 2 by those of version 1" "=0" "--version $v2 --keys 1" 1
	ipt -F FORWARD
}

ktap_plan
im_setup python3 quichello socat taskset
sink 5110
serve "$talk" 5111
serve "$text" 5112
raw_start
test_rows IPv4 iptables-nft "$SRV4" "${rows[@]}"
test_rows IPv6 ip6tables-nft "$SRV6" e4_out_of_order e6_other_bytes_first e8_few_hops \
	e10_reset_and_end
test_ports
test_fast_open
test_quic
ktap_finish
