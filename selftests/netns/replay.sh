#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# imctl classify on a capture gives the kernel's verdict: the same packets, once
# read from the file and once sent through the firewall, flow by flow.
#
#	cli --> any address --> fw --> any address --> srv
#
# The captures are made here: by imctl's own tests, by rawreplay, and by tcpdump of
# sessions over sockets; or they come in a tar archive as first --disk of the VM's
# runner (selftests/agree).

# shellcheck source=selftests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/netns/lib-im.sh
. "$(dirname "$0")/lib-im.sh"

readonly extra=/dev/vdd
captures=

# What comes in on one side goes out on the other, whatever its addresses.
route_through() {
	local family via_srv=$SRV4 via_cli=$CLI4

	fw sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.fwc.rp_filter=0 \
		net.ipv4.conf.fws.rp_filter=0
	# So that fragments of one capture do not meet those of the next.
	fw sysctl -qw net.ipv4.ipfrag_time=1 \
		net.netfilter.nf_conntrack_frag6_timeout=1
	for family in -4 -6; do
		fw ip "$family" rule add iif fwc lookup 101
		fw ip "$family" rule add iif fws lookup 102
		fw ip "$family" route add default via "$via_srv" dev fws table 101
		fw ip "$family" route add default via "$via_cli" dev fwc table 102
		via_srv=$SRV6 via_cli=$CLI6
	done
	# Captures may hold packets that were put together by a network card.
	cli ip link set c0 mtu 65535
	srv ip link set s0 mtu 65535
	fw ip link set fwc mtu 65535
	fw ip link set fws mtu 65535
}

# The hosts answer no packet that is replayed.
silence_hosts() {
	local side

	for side in cli srv; do
		"$side" nft -f - <<-'END'
			table inet silent {
				chain inbound {
					type filter hook prerouting priority -305;
					meta l4proto { tcp, udp, icmp } drop
				}
			}
		END
	done
}

# Frames as they are on a wire, of sessions over sockets.
record_sessions() {
	local dump option

	cli ethtool -K c0 tx off tso off gso off >/dev/null
	srv ethtool -K s0 tx off tso off gso off >/dev/null
	serve "$talk" 5050
	serve "$text" 5051
	serve "$service" 5052
	fw tcpdump -q -U -i fwc -w "$captures/sockets/sockets.pcap" 'tcp or udp' 2>"$RESULTS/tcpdump" &
	dump=$!
	busywait 10000 grep -q listening "$RESULTS/tcpdump"
	for option in --timeout=2000 --cut=3 --cut=11 --bytewise; do
		cli imtalk talk "$option" "$talk" "$SRV4" 5050
	done >/dev/null
	cli imtalk talk "$talk" "$SRV6" 5050 >/dev/null
	cli imtalk talk "$text" "$SRV4" 5051 >/dev/null
	cli imtalk talk "$service" "$SRV4" 5052 >/dev/null
	kill "$dump"
	wait "$dump"
}

# captures_of DIR - one case of the captures in a folder, each with a line.
captures_of() {
	"$netns_dir/rawreplay" compare "$topo_cli" "$topo_srv" "${topo_fw:--}" \
		"$1"/*.pcap | sed 's/^/  /'
	ktap_result "${1##*/}" "${PIPESTATUS[0]}"
}

prepare() {
	silence_hosts
	modprobe nf_im
	route_through
	fw imctl enable --runtime
}

# Captures of others.
extra_captures() {
	prepare
	tar -xf "$extra" -C "$captures/extra"
	# They may lack packets, which conntrack takes ill.
	fw sysctl -qw net.netfilter.nf_conntrack_tcp_be_liberal=1
	captures_of "$captures/extra"
}

own_captures() {
	record_sessions
	prepare
	"$netns_dir/rawreplay" make "$captures/hand"
	python3 "$netns_dir/mkpcap.py" "$captures/imctl"
	# Of other links, and of parts of packets: not to be sent as they were.
	rm "$captures"/imctl/{link-*,mangled,short,snap}.pcap
	# A connection over one that never ended is the same flow to conntrack.
	rm "$captures"/imctl/reused.pcap
	# The kernel learns offers only where a rule asks for actions, which classify always does, and
	# for minutes of its own clock, not of the capture's: related.sh is about those.
	rm "$captures"/imctl/{bytestream,dcc-*,sip-media}.pcap
	captures_of "$captures/sockets"
	captures_of "$captures/hand"
	captures_of "$captures/imctl"
}

main() {
	captures=$RESULTS/captures
	mkdir -p "$captures"/{sockets,hand,imctl,extra}
	fw imctl labels --write 2>/dev/null
	if [ -b "$extra" ]; then
		extra_captures
	else
		own_captures
	fi
}

ktap_plan
im_setup tcpdump ethtool python3
[ -e "$netns_dir/mkpcap.py" ] || skip_all "mkpcap.py is not in the payload"
main
ktap_finish
