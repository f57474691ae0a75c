#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Names of hosts: ClientHellos of curl and openssl over TCP, and of QUIC in one and more
# datagrams. Dedicated names decide, neighbouring ones do not; an app that is refused at once
# does not wait.

# shellcheck source=selftests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/netns/lib-services.sh
. "$(dirname "$0")/lib-services.sh"
# shellcheck source=selftests/netns/lib-im.sh
. "$(dirname "$0")/lib-im.sh"

# Each a name of WhatsApp's, and names that are not.
ours=(web.whatsapp.com WhatsApp.COM g.whatsapp.net)
others=(notwhatsapp.com whatsapp.com.evil.example whatsapp.co graph.whatsapp.com srv.test)

# fetch NAME [OPTION...] - curl gets / of the server by that name.
fetch() {
	local name=$1

	shift
	cli curl -ksS --max-time 8 "$@" --resolve "$name:443:$SRV4" "https://$name/"
}

# hello NAME - openssl's own ClientHello; succeeds if there is an answer to it.
hello() {
	cli timeout 8 openssl s_client -connect "$SRV4:443" -servername "$1" \
		-alpn h2,http/1.1 </dev/null 2>&1 | grep -q "^SSL handshake has read [1-9]"
}

# quic NAME [PIECES] - how many datagrams of a hello were answered.
quic() {
	cli quichello "$1" "$SRV4" 4433 "${2:-1}"
}

name_rules() {
	rules <<-END
		-A FORWARD -m im --proto telegram -m comment --comment twin
		-A FORWARD -m im --proto whatsapp --confidence payload -m comment --comment payload
		-A FORWARD -m im --proto whatsapp ! --confidence name -m comment --comment other
		-A FORWARD -p tcp -m im --proto whatsapp --confidence name -m comment --comment tcp $1
		-A FORWARD -p udp -m im --proto whatsapp --confidence name -m comment --comment udp $2
	END
}

test_pass() {
	local name

	name_rules "" ""
	for name in "${ours[@]}" "${others[@]}"; do
		check "no verdict is acted on: $name is fetched" fetch "$name"
	done
	check_counts "the rule saw those that are ours, and no other rule counted" \
		"tcp>6" twin=0 payload=0 other=0 udp=0
	check_eq "three flows have the labels" 3 \
		"$(fw conntrack -L -o labels 2>/dev/null | grep -c 'im-name.*im-whatsapp')"
	check_eq "QUIC passes, too" 1 "$(quic web.whatsapp.com)"
	check_counts "and is seen" "udp>0" twin=0 payload=0 other=0
	ipt -F FORWARD
	fw conntrack -F 2>/dev/null
}

test_drop() {
	local name

	name_rules "-j DROP" "-j DROP"
	for name in "${ours[@]}"; do
		check_not "openssl: $name is cut" hello "$name"
	done
	for name in "${others[@]}"; do
		check "openssl: $name is not" hello "$name"
	done
	check_counts "by the rule, and no other" "tcp>2" twin=0 payload=0 other=0 udp=0
	for name in "${ours[@]}"; do
		check_eq "QUIC: $name is cut" 0 "$(quic "$name")"
		# What went before the verdict reached the server, which may be as fast.
		check "QUIC: $name in two datagrams, the end first" [ "$(quic "$name" 2)" -lt 2 ]
		check "QUIC: $name in three" [ "$(quic "$name" 3)" -lt 3 ]
	done
	for name in "${others[@]}"; do
		check_eq "QUIC: $name is not" 1 "$(quic "$name")"
		check_number "QUIC: $name in three datagrams is not" ">0" "$(quic "$name" 3)"
	done
	check_counts "QUIC: by the rule, and no other" "udp>8" twin=0 payload=0 other=0
	ipt -F FORWARD
	fw conntrack -F 2>/dev/null
}

# What an app that can fall back sees at once, instead of waiting.
test_refuse() {
	local begun=$SECONDS

	name_rules "-j REJECT --reject-with tcp-reset" "-j REJECT"
	check_not "a reset ends the connection" hello web.whatsapp.com
	check_eq "ICMP ends QUIC" 0 "$(quic web.whatsapp.com)"
	check "and nobody waited" [ $((SECONDS - begun)) -lt 6 ]
	check "another name is fetched" fetch srv.test
	ipt -F FORWARD
}

# dtls NAME [OPTION...] - openssl's hello by datagrams; succeeds if there is an answer to it.
dtls() {
	local name=$1

	shift
	cli timeout 3 openssl s_client -dtls1_2 -connect "$SRV4:4434" -servername "$name" "$@" \
		</dev/null 2>&1 | grep -q "^SSL handshake has read [1-9]"
}

test_dtls() {
	# So long that it is sent in fragments.
	local -a long=(-mtu 256 -alpn "$(printf 'protocol-%d,' {1..40})h2")

	srv openssl s_server -dtls1_2 -accept 4434 -cert "$RESULTS/nginx/cert.pem" \
		-key "$RESULTS/nginx/key.pem" -quiet < <(sleep 600) >&2 &
	wait_listen srv 4434 udp
	name_rules "" "-j DROP"
	check "DTLS: srv.test is answered" dtls srv.test
	check "DTLS: notwhatsapp.com, in fragments" dtls notwhatsapp.com "${long[@]}"
	check_counts "DTLS: nobody's" udp=0 twin=0 payload=0 other=0
	check_not "DTLS: web.whatsapp.com is cut" dtls web.whatsapp.com
	check_counts "DTLS: by the rule" "udp>0" twin=0 payload=0 other=0
	ipt -F FORWARD
	name_rules "" "-j DROP"
	check_not "DTLS: in fragments, too" dtls web.whatsapp.com "${long[@]}"
	check_counts "DTLS: by the rule" "udp>0" twin=0 payload=0 other=0
	ipt -F FORWARD
}

test_names_of_labels() {
	ipt -A FORWARD -m im --proto whatsapp -m comment --comment hook
	check "a hello is answered" hello web.whatsapp.com
	check_eq "its labels" "im-any im-done im-messenger im-name im-open im-seen im-whatsapp" \
		"$(labels_of 443)"
	ipt -F FORWARD
}

ktap_plan
im_setup curl openssl nginx quichello socat
check "names of labels" fw imctl labels --write
start_nginx 80 443
srv socat UDP6-LISTEN:4433,fork,reuseaddr PIPE >/dev/null 2>&1 &
wait_listen srv 4433 udp
test_pass
test_drop
test_refuse
test_dtls
test_names_of_labels
ktap_finish
