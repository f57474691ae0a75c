#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Stock nft on a bridge: the hosts share a subnet, the firewall forwards frames. Without
# br_netfilter; nf_conntrack_bridge follows the flows.
#
#	bc (netns)        fw, br0        bs (netns)
#	 10.9.0.2 ---- p1 === p2 ---- 10.9.0.3

# Functions are called by check, which shellcheck does not see.
# shellcheck disable=SC2317

# shellcheck source=selftests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/netns/lib-im.sh
. "$(dirname "$0")/lib-im.sh"
# shellcheck source=selftests/netns/lib-nft.sh
. "$(dirname "$0")/lib-nft.sh"

readonly server4=10.9.0.3 server6=fd00:9::3

# plug NS PORT DEV HOST - one end of the bridge.
plug() {
	ip netns add "$1"
	no_dad "$1"
	ip link add "$2" type veth peer name "$3" netns "$1"
	ip link set "$2" master br0 up
	in_ns "$1" ip link set lo up
	in_ns "$1" ip addr add "10.9.0.$4/24" dev "$3"
	in_ns "$1" ip addr add "fd00:9::$4/64" dev "$3" nodad
	in_ns "$1" ip link set "$3" up
}

unplug() {
	ip link del br0
	ip netns del bc
	ip netns del bs
} 2>/dev/null

# load HOOK PRIORITY VERDICT
load() {
	nft_chain bridge "$1" "$2" \
		'ct label "im-xmpp" counter drop comment "twin"' \
		"ct label \"im-ymsg\" counter $3 comment \"ymsg\"" | nft -f -
}

# test_chain HOOK PRIORITY VERDICT ADDRESS PATTERN
test_chain() {
	local name="bridge $1 $2 ${3%% *}, $4"

	check "$name: loads" load "$1" "$2" "$3"
	check_like "$name: a session is cut at its first frame" "$5" \
		"$(in_ns bc imtalk talk --timeout 1000 "$talk" "$4" 31337)"
	check_number "$name: its rule counted" ">0" "$(counter_nft bridge guard guard ymsg)"
	check_eq "$name: the twin did not" 0 "$(counter_nft bridge guard guard twin)"
	check "$name: a look-alike passes" in_ns bc imtalk talk "$service" "$4" 5051
	nft delete table bridge guard
}

bridge_up() {
	in_ns bc ping -c 1 -W 1 "$server4" && in_ns bc ping -c 1 -W 1 "$server6"
}

ktap_plan
checktool imtalk imctl nft
checkmodule nf_conntrack_bridge nf_im
trap 'rc=$?; unplug; (exit "$rc"); cleanup' EXIT
ip link add br0 type bridge forward_delay 0 || skip_all "no bridges here"
ip link set br0 up
plug bc p1 b0 2
plug bs p2 b0 3
modprobe nf_im
imctl labels --write
check "frames pass" busywait 10000 bridge_up
for script in "$talk 31337" "$service 5051"; do
	# shellcheck disable=SC2086 # two words
	ip netns exec bs imtalk serve $script >/dev/null &
done
busywait 10000 in_ns bs ss -Htln "sport = :5051"
imctl enable --runtime
load forward 0 drop
check "enabled without --bridge, frames are not read" \
	in_ns bc imtalk talk "$talk" "$server4" 31337
nft delete table bridge guard
check "imctl enable --bridge" imctl enable --bridge --runtime
check_eq "status says so" yes "$(imctl status | awk '$1 == "bridge" { print $2 }')"
for address in "$server4" "$server6"; do
	test_chain forward 0 drop "$address" "cut-off c 0/* s 0/* timeout"
	test_chain prerouting -150 drop "$address" "cut-off c 0/* s 0/* timeout"
done
# A bridge answers in place of a host where it still may: the kernel says where.
test_chain prerouting -150 "reject with tcp reset" "$server4" "cut-off c 0/* s 0/* reset"
check_not "the kernel takes no reject in a forward chain" \
	load forward 0 "reject with tcp reset"
check "imctl disable" imctl disable --runtime
check_eq "nothing holds the bridge" 0 "$(lsmod | awk '$1 == "nf_conntrack_bridge" { print $3 }')"
ktap_finish
