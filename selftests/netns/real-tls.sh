#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Messengers' servers behind TLS, of Debian's programs: prosody with direct TLS, whose protocol
# the ALPN says; nginx as the home server of Matrix, by its name. And openssl's own ClientHello, as
# long as one with a post-quantum key share and up to 16 KiB, cut at every byte: in steps, or with
# nf_im_cuts=all on the kernel's command line at all of them (make check-full).

# shellcheck source=selftests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/netns/lib-im.sh
. "$(dirname "$0")/lib-im.sh"
# shellcheck source=selftests/netns/lib-services.sh
. "$(dirname "$0")/lib-services.sh"
# shellcheck source=selftests/netns/lib-real.sh
. "$(dirname "$0")/lib-real.sh"

# Cuts at once: each is a connection of its own.
readonly at_once=100
step=$([[ $(</proc/cmdline) == *nf_im_cuts=all* ]] && echo 1 || echo 331)

# xmpp_tls [OPTION...] - openssl's handshake with prosody, and the stream's head through it.
xmpp_tls() {
	{
		printf "<stream:stream to='srv.test' version='1.0' xmlns='jabber:client' "
		printf "xmlns:stream='http://etherx.jabber.org/streams'>"
		sleep 3
	} | cli timeout 6 openssl s_client -quiet -connect "$SRV4:$tls_port" -servername srv.test \
		"$@" 2>/dev/null | grep -o "stream:features" | head -n 1
}

test_prosody() {
	# Older releases know the port by another name.
	start_prosody 5222 "c2s_direct_tls_ports = { 5223 }; legacy_ssl_ports = { 5224 };"
	tls_port=5223
	busywait 3000 listening srv tcp 5223 || tls_port=5224
	both_ways "prosody's direct TLS" xmpp irc stream:features xmpp_tls -alpn xmpp-client
	cut_rules xmpp irc
	check_eq "the same without ALPN says nothing of itself" stream:features "$(xmpp_tls)"
	check_eq "and no rule counts" 0 "$(cut_count)"
}

# matrix NAME - what a client asks the home server of that name first.
matrix() {
	cli curl -ksS --max-time 8 --resolve "$1:443:$SRV4" \
		"https://$1/_matrix/client/versions" 2>/dev/null
}

test_matrix() {
	local name

	both_ways "Matrix by curl and nginx" matrix xmpp hello matrix matrix-client.matrix.org
	cut_rules matrix xmpp
	for name in notmatrix.org matrix.org.example srv.test; do
		check_eq "$name passes" hello "$(matrix "$name")"
	done
	check_eq "no rule counts" 0 "$(cut_count)"
}

# hello_of SCRIPT NAME BYTES - a session with openssl's ClientHello for that name, at least so long
# by the protocols that it offers.
hello_of() {
	local alpn part

	part=$(printf 'p%.0s' {1..199})
	alpn=$(printf "$part,%.0s" $(seq $(($3 / 200))))
	srv socat -u TCP-LISTEN:4999,reuseaddr "CREATE:$1.hello" &
	wait_listen srv 4999
	cli timeout 2 openssl s_client -connect "$SRV4:4999" -servername "$2" -alpn "${alpn}h2" "${@:4}" \
		</dev/null >/dev/null 2>&1
	busywait 3000 test -s "$1.hello"
	printf 'c %s\ns "alert"\n' "$(od -An -v -tx1 "$1.hello" | tr -d ' \n')" >"$1"
	size=$(stat -c %s "$1.hello")
}

# cut_all SCRIPT PORT FROM TO - a connection for each cut; prints how many were not complete.
cut_all() {
	local at last wrong=0

	for ((at = $3; at <= $4; at += at_once)); do
		last=$((at + at_once - 1 < $4 ? at + at_once - 1 : $4))
		cli imtalk talk --cut-all "$at-$last" --timeout 10000 "$1" "$SRV4" "$2" \
			>"$RESULTS/cuts" 2>&1 || wrong=$((wrong + $(grep -c cut-off "$RESULTS/cuts")))
	done
	echo "$wrong"
}

# cut_steps SCRIPT PORT - the same for each step; prints how many connections there were.
cut_steps() {
	local at n=0

	for ((at = 1; at < size; at += step, n++)); do
		cli imtalk talk --cut "$at" --timeout 10000 "$1" "$SRV4" "$2" >/dev/null || return
	done
	echo "$n"
}

hello_rules() {
	ipt -F FORWARD
	rules <<-END
		-A FORWARD -m im --proto telegram -m comment --comment twin
		-A FORWARD -m im --state uninspected -m comment --comment uninspected
		-A FORWARD -m im --proto whatsapp -m comment --comment hello $*
	END
}

# known - flows that were known since this was asked last; what was reset conntrack forgets too soon.
known() {
	local now

	now=$(im_status matched)
	echo $((now - $(cat "$RESULTS/matched" 2>/dev/null || echo 0)))
	echo "$now" >"$RESULTS/matched"
}

test_cut_hello() {
	local ours=$RESULTS/ours other=$RESULTS/other n

	hello_rules
	hello_of "$ours" web.whatsapp.com 1400
	check_number "a hello as long as a post-quantum one" ">1500" "$size"
	serve "$ours" 4501
	known >/dev/null
	n=$((size - 1))
	check_eq "cut at every byte each connection completes" 0 "$(cut_all "$ours" 4501 1 "$n")"
	check_eq "and is known" "$n" "$(known)"
	hello_of "$other" notwhatsapp.com 1400
	serve "$other" 4502
	known >/dev/null
	check_eq "one of another name completes" 0 "$(cut_all "$other" 4502 1 "$at_once")"
	check_eq "and is not known" 0 "$(known)"
	# From version 3.5 on openssl sends a post-quantum share, which would go beyond 16 KiB.
	hello_of "$ours" web.whatsapp.com 15700 -groups X25519
	check_number "a hello of nearly 16 KiB" ">15600" "$size"
	serve "$ours" 4503
	known >/dev/null
	n=$(((size - 2) / step + 1))
	if [ "$step" = 1 ]; then
		check_eq "cut at every byte each connection completes" 0 \
			"$(cut_all "$ours" 4503 1 "$n")"
	else
		check_eq "cut in steps each connection completes" "$n" "$(cut_steps "$ours" 4503)"
	fi
	check_eq "and is known" "$n" "$(known)"
	check_counts "none was given up" "hello>0" uninspected=0 twin=0
	hello_rules -j DROP
	check_like "a rule that drops cuts it off" "cut-off c */* s 0/*" \
		"$(talk_at --cut 700 "$ours" "$SRV4" 4503)"
	check_counts "by that" "hello>0" uninspected=0 twin=0
}

ktap_plan
im_setup openssl nginx curl socat
need_programs prosody
start_nginx 80 443
test_matrix
! has prosody || test_prosody
test_cut_hello
ktap_finish
