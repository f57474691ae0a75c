#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Packets which are not what was sent: IP fragments, and several segments in
# one packet. Real sockets over a link with a small MTU, fragments made by
# hand, and GRO; datagrams stay untouched.
#
#	far ----------------- cli ----- fw ----- srv
#	 10.0.3.2   10.0.3.1   1280 bytes

# shellcheck source=selftests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/netns/lib-im.sh
. "$(dirname "$0")/lib-im.sh"

large=$sessions/ymsg-large-frames.talk
decoy=$sessions/ymsg-lookalike-large.talk
frame=$(ymsg 57 "$(hex 1)c080$(hex alice)c080")
other=$(ymsg ffff "$(hex 1)c080$(hex alice)c080")

# --- A link with a small MTU ------------------------------------------------

far() {
	ip netns exec far "$@"
}

add_far() {
	ip netns add far
	cli ip link add c1 type veth peer name far0 netns far
	cli ip addr add 10.0.3.1/24 dev c1
	cli ip link set c1 up
	cli sysctl -qw net.ipv4.ip_forward=1
	far ip addr add 10.0.3.2/24 dev far0
	far ip link set far0 up
	far ip route add default via 10.0.3.1 mtu lock 1500
	fw ip route add 10.0.3.0/24 via "$CLI4"
	cli ip link set c0 mtu 1280
	fw ip link set fwc mtu 1280
	srv ip route add 10.0.3.0/24 via "$FWS4" mtu lock 1500
	fw nft -f - <<-END
		table ip fragments {
			chain pre {
				type filter hook prerouting priority -450;
				iif fwc ip frag-off & 0x3fff != 0 counter comment "parts"
			}
		}
	END
}

del_far() {
	ip netns del far
	cli ip link set c0 mtu 1500
	fw ip link set fwc mtu 1500
	fw ip route del 10.0.3.0/24
	fw nft delete table ip fragments
}

parts() {
	counter_nft ip fragments pre parts
}

test_small_mtu() {
	local before

	add_far
	check "no rule: large frames go over the small MTU" \
		far imtalk talk "$large" "$SRV4" 5070
	check_number "as fragments" ">10" "$(parts)"
	drop_rules
	seen_reset
	before=$(parts)
	check_like "a frame in fragments is cut off" "cut-off c 0/* s 0/* timeout" \
		"$(far imtalk talk --timeout 1000 "$large" "$SRV4" 5070)"
	check_number "it was in fragments" ">$((before + 2))" "$(parts)"
	check_number "none of it reached the server" 0 "$(seen srv payload)"
	check_counts "the rule counted" "ymsg>0" twin=0
	zero_counters FORWARD
	before=$(parts)
	check "a look-alike in fragments completes" \
		far imtalk talk "$decoy" "$SRV4" 5071
	check_number "it was in fragments too" ">$((before + 10))" "$(parts)"
	check_counts "no rule counted it" ymsg=0 twin=0
	ipt -F FORWARD
	del_far
}

# --- Fragments made by hand -------------------------------------------------

# send_parts FLOW HEX ADDRESS PORT OPTION... - a connection whose first segment
# goes as fragments.
send_parts() {
	local flow=$1 bytes=$2 address=$3 port=$4

	shift 4
	raw open "$flow" "$address" "$port" && raw send "$flow" "$bytes" "$@"
}

# check_parts FAMILY ADDRESS OPTION... - YMSG dropped, the look-alike passes.
# The look-alike comes last, and is waited for: then the other is through too.
check_parts() {
	local family=$1 address=$2 name rc=0

	shift 2
	name="$family, $*"
	zero_counters FORWARD
	no=$((no + 1))
	send_parts "y$no" "$frame" "$address" 5072 "$@" || rc=1
	send_parts "n$no" "$other" "$address" 5073 "$@" || rc=1
	raw_acked "n$no" 30 || rc=1
	ktap_result "$name: the look-alike arrives" "$rc"
	check_counts "$name: YMSG is dropped" ymsg=1 twin=0
	check_eq "$name: and does not arrive" 0 "$(raw acked "y$no")"
}

test_parts4() {
	drop_rules
	check_parts IPv4 "$SRV4" frag=8
	check_parts IPv4 "$SRV4" frag=8 rest=8
	check_parts IPv4 "$SRV4" frag=8 rest=8 order=rev
	check_parts IPv4 "$SRV4" frag=24
	check_parts IPv4 "$SRV4" frag=24 order=rev
	check_parts IPv4 "$SRV4" frag=32 rest=16 order=rev
	ipt -F FORWARD
}

# RFC 8200 wants the TCP header in the first fragment, and the kernel too.
test_parts6() {
	local IPT=ip6tables-nft

	drop_rules
	check_parts IPv6 "$SRV6" frag=24
	check_parts IPv6 "$SRV6" frag=24 rest=8
	check_parts IPv6 "$SRV6" frag=24 rest=8 order=rev
	check_parts IPv6 "$SRV6" frag=32 order=rev
	ipt -F FORWARD
}

# --- Several segments in one packet -----------------------------------------

# large_rules ADDRESS - counts what is larger than a segment can be.
large_rules() {
	rules <<-END
		-A FORWARD -p tcp -d $1 -m length --length 1501:65535 -m comment --comment super
	END
	drop_rules
}

test_large() {
	local name=$1 address=$2

	large_rules "$address"
	seen_reset
	check_like "$name: large frames are cut off" "cut-off c 0/* s 0/* timeout" \
		"$(talk_at "$large" "$address" 5070)"
	check_counts "$name: in packets larger than segments" "super>0" \
		"ymsg>0" twin=0
	check_number "$name: none reached the server" 0 "$(seen srv payload)"
	zero_counters FORWARD
	check "$name: a look-alike with large frames completes" \
		cli imtalk talk "$decoy" "$address" 5071
	check_counts "$name: in packets as large, which no rule counted" \
		"super>0" ymsg=0 twin=0
	ipt -F FORWARD
}

# plug block|release_indefinite - what cli sends waits, and comes all at once.
plug() {
	cli tc qdisc change dev c0 root plug "$1"
}

# send_pieces FLOW HEX BYTES - the bytes in segments of that size; all are sent
# before the first arrives, so the firewall makes one packet of them.
send_pieces() {
	local flow=$1 bytes=$2 size=$(($3 * 2)) i flags=0x10

	for ((i = 0; i < ${#bytes}; i += size)); do
		[ $((i + size)) -lt ${#bytes} ] || flags=0x18
		raw queue "$flow" "${bytes:i:size}" flags=$flags || return
	done
	plug block
	raw flush
	plug release_indefinite
}

test_gro_actions() {
	local bytes=$frame

	bytes+=$(ymsg 6 "$(hex 5)c080$(hex bob)c080$(hex 14)c080$(hex hi)c080")
	rules <<-END
		-A FORWARD -p tcp -m length --length $((${#bytes} / 2 + 40)) -m comment --comment merged
		-A FORWARD -m im --action message -m comment --comment message
		-A FORWARD -m im --action file -m comment --comment file
	END
	raw open g "$SRV4" 5074
	send_pieces g "$bytes" 8
	check "GRO makes one packet of segments of 8 bytes" busywait 5000 \
		counts merged=1
	check_counts "the message after another frame in it is seen" \
		message=1 file=0
	check "the server has it all" raw_acked g $((${#bytes} / 2))
	ipt -F FORWARD
}

test_gro_drop() {
	rules <<-'END'
		-A FORWARD -p tcp -m length --length 70 -m comment --comment merged
	END
	drop_rules
	raw open h "$SRV4" 5073
	raw open i "$SRV4" 5072
	send_pieces h "$other" 6
	send_pieces i "$frame" 6
	check "GRO makes packets of segments of 6 bytes" busywait 5000 \
		counts merged=2
	check "the look-alike arrives" raw_acked h 30
	check_counts "YMSG is dropped" ymsg=1 twin=0
	check_eq "and does not arrive" 0 "$(raw acked i)"
	ipt -F FORWARD
}

test_gro() {
	if ! veth_has_gro; then
		ktap_skip "GRO" "veth of this kernel has none"
		return
	fi
	cli ethtool -K c0 tso off gso off
	fw ethtool -K fwc gro on
	cli tc qdisc add dev c0 root plug
	plug release_indefinite
	test_large "GRO" "$SRV4"
	IPT=ip6tables-nft test_large "GRO over IPv6" "$SRV6"
	test_gro_actions
	test_gro_drop
}

# --- Datagrams --------------------------------------------------------------

test_udp() {
	local name=$1 address=$2

	rules <<-'END'
		-A FORWARD -p udp -m im --proto xmpp -m comment --comment twin
		-A FORWARD -p udp -m im --proto ymsg -m comment --comment drop -j DROP
	END
	check "$name: YMSG in datagrams passes, it is none" \
		cli imtalk talk --udp "$talk" "$address" 5070
	check "$name: and in datagrams in fragments" \
		cli imtalk talk --udp "$large" "$address" 5071
	check_counts "$name: no rule counted" drop=0 twin=0
	ipt -F FORWARD
}

ktap_plan
im_setup socat ethtool tc python3
no=0
serve "$large" 5070
serve "$decoy" 5071
serve_udp "$talk" 5070
serve_udp "$large" 5071
sink 5072 5073 5074
test_small_mtu
test_large "GSO" "$SRV4"
IPT=ip6tables-nft test_large "GSO over IPv6" "$SRV6"
test_udp IPv4 "$SRV4"
IPT=ip6tables-nft test_udp IPv6 "$SRV6"
raw_start
test_parts4
test_parts6
test_gro
ktap_finish
