#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Proves the test bed without our modules: forwarding, counters of every rule
# command, conntrack and its labels, the session peer and the real servers.
# Each thing that counts or cuts has a twin which must not.

# shellcheck source=selftests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/netns/lib-services.sh
. "$(dirname "$0")/lib-services.sh"

talk=$sessions/ymsg-login-message.talk
text=$sessions/ymsg-lookalike-text.talk

test_forward() {
	check "IPv4 is forwarded" cli ping -c 1 -W 5 "$SRV4"
	check "IPv6 is forwarded" cli ping -c 1 -W 5 "$SRV6"
}

# count_ping CMD PROTO ADDRESS - a rule which counts, and its twin.
count_ping() {
	# shellcheck disable=SC2034 # read by ipt
	local IPT=$1

	ipt -A FORWARD -p "$2" -s "$4" -m comment --comment "pings to"
	ipt -A FORWARD -p tcp -m comment --comment twin
	cli ping -c 1 -W 5 "$3" >/dev/null
	check_count "$1 counts" ">0" filter FORWARD "pings to"
	check_count "$1: the twin does not" 0 filter FORWARD twin
	ipt -F FORWARD
}

test_counters() {
	count_ping iptables-nft icmp "$SRV4" "$CLI4"
	count_ping iptables-legacy icmp "$SRV4" "$CLI4"
	count_ping ip6tables-nft ipv6-icmp "$SRV6" "$CLI6"
	count_ping ip6tables-legacy ipv6-icmp "$SRV6" "$CLI6"
	flush_rules 2>/dev/null
	fw nft -f - <<-END
		table inet t {
			chain f {
				type filter hook forward priority 0;
				ip saddr $CLI4 counter comment "pings"
				tcp dport 1 counter comment "twin"
			}
		}
	END
	cli ping -c 1 -W 5 "$SRV4" >/dev/null
	check_number "nft counts" 1 "$(counter_nft inet t f pings)"
	check_number "nft: the twin does not" 0 "$(counter_nft inet t f twin)"
	fw nft delete table inet t
}

test_labels() {
	mkdir -p /etc/xtables
	printf '40 bed-label\n41 bed-twin\n' | tee /etc/connlabel.conf \
		>/etc/xtables/connlabel.conf
	ipt -A FORWARD -p tcp --dport 5050 -m connlabel --label bed-label --set
	ipt -A FORWARD -p tcp -m connlabel --label bed-label \
		-m comment --comment label
	ipt -A FORWARD -p tcp -m connlabel --label bed-twin \
		-m comment --comment twin
	check "a labelled session completes" cli imtalk talk "$talk" "$SRV4" 5050
	check "conntrack shows the label" has_label bed-label
	check_not "conntrack does not show another" has_label bed-twin
	check_count "-m connlabel counts" ">0" filter FORWARD label
	check_count "-m connlabel: the twin does not" 0 filter FORWARD twin
	# These bits are ours for the tests to come.
	rm -f /etc/connlabel.conf /etc/xtables/connlabel.conf
	flush_rules 2>/dev/null
}

has_label() {
	fw conntrack -L -p tcp --dport 5050 -o labels 2>/dev/null | grep "$1"
}

test_peer() {
	check "session over IPv4" cli imtalk talk "$talk" "$SRV4" 5050
	check "session over IPv6" cli imtalk talk "$talk" "$SRV6" 5050
	check "session with a cut" cli imtalk talk --cut 5 "$talk" "$SRV4" 5050
	check "session by bytes" cli imtalk talk --bytewise "$talk" "$SRV4" 5050
	check "session with every cut" cli imtalk talk --cut-all 1-256 "$talk" \
		"$SRV4" 5050
	check "session by datagrams" cli imtalk talk --udp "$talk" "$SRV4" 5050
	check "many idle sessions" cli imtalk talk --flood 500 --first 12 \
		--hold 1 "$talk" "$SRV4" 5050
	check_not "other bytes do not complete" \
		cli imtalk talk --timeout 2000 "$text" "$SRV4" 5050
}

# A cut is where a segment ends: the filter has to see both parts.
test_segments() {
	ipt -A FORWARD -p tcp --dport 5050 -m length --length 57 \
		-m comment --comment "five bytes"
	cli imtalk talk --cut 5 "$talk" "$SRV4" 5050 >/dev/null
	check_count "--cut 5 makes a segment of 5 bytes" 1 filter FORWARD "five bytes"
	zero_counters FORWARD
	cli imtalk talk --cut 6 "$talk" "$SRV4" 5050 >/dev/null
	check_count "--cut 6 makes none of 5 bytes" 0 filter FORWARD "five bytes"
	ipt -F FORWARD
}

test_drop() {
	ipt -A FORWARD -p tcp --dport 5050 -m comment --comment drop -j DROP
	check_not "a dropped port cuts the session" \
		cli imtalk talk --timeout 1500 "$talk" "$SRV4" 5050
	check_count "the drop was counted" ">0" filter FORWARD drop
	check "the port beside it is free" cli imtalk talk "$talk" "$SRV4" 5051
	ipt -R FORWARD 1 -p tcp --dport 5050 -j REJECT --reject-with tcp-reset
	check_not "a rejected port resets the session" \
		cli imtalk talk "$talk" "$SRV4" 5050
	ipt -F FORWARD
}

# Fast open: the first bytes travel in the SYN, which a filter must not miss.
test_fast_open() {
	cli sysctl -qw net.ipv4.tcp_fastopen=0x605
	srv sysctl -qw net.ipv4.tcp_fastopen=0x602
	ipt -A FORWARD -p tcp --syn --dport 5052 -m length --length 61:1500 \
		-m comment --comment syn-data
	srv imtalk serve "$talk" 5052 >/dev/null &
	wait_listen srv 5052
	check "session with fast open" cli imtalk talk --tfo "$talk" "$SRV4" 5052
	check_count "its SYN carries bytes" 1 filter FORWARD syn-data
	ipt -F FORWARD
}

test_second_firewall() {
	setup_topology two
	check "a second firewall forwards" cli ping -c 1 -W 5 "$SRV4"
	ipt -A FORWARD -p icmp -j DROP
	check_not "and has rules of its own" cli ping -c 1 -W 1 "$SRV4"
	use_topology
	check "which the first has not" cli ping -c 1 -W 5 "$SRV4"
}

test_services() {
	start_nginx 80 443
	check "HTTP" cli curl -s -S --max-time 20 "http://$SRV4/"
	check "HTTPS" cli curl -k -s -S --max-time 20 "https://[$SRV6]/"
	start_sshd 22
	check "SSH" ssh_srv 22 true
	start_smtpd 25
	check "SMTP" send_mail 25 "YMSG in a mail is no YMSG"
}

ktap_plan
checktool imtalk nft conntrack iptables-legacy ip6tables-legacy curl nginx sshd \
	smtpd
if ! setup_topology; then
	ktap_not_ok "topology"
	ktap_finish
fi
srv imtalk serve "$talk" 5050 5051 >/dev/null &
srv imtalk serve --udp "$talk" 5050 >/dev/null &
wait_listen srv 5050
wait_listen srv 5050 udp
test_forward
test_counters
test_labels
test_peer
test_segments
test_drop
test_fast_open
test_second_firewall
test_services
ktap_finish
