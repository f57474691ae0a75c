#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Names that help flows without one: a resolver's answer or a ClientHello says whose an address
# is, and for a while noise from the same client to it is that messenger's, by name; if the admin
# wants it, and if nobody else's name has that address.

# shellcheck source=selftests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/netns/lib-services.sh
. "$(dirname "$0")/lib-services.sh"
# shellcheck source=selftests/netns/lib-im.sh
. "$(dirname "$0")/lib-im.sh"
# shellcheck source=selftests/netns/lib-flood.sh
. "$(dirname "$0")/lib-flood.sh"

# Names of dnsmasq, the last number of their addresses in 10.0.2.0/24.
names="g.whatsapp.net/10 www.test/11 a.whatsapp.net/12 www2.test/12 b.whatsapp.net/13
	b.telegram.org/13 graph.whatsapp.com/14 whatsappbrand.com/15 c.whatsapp.net/17
	d.whatsapp.net/18 e.whatsapp.net/19 f.whatsapp.net/23 www3.test/23 h.whatsapp.net/24"
net=10.0.2
CLI4_OTHER=10.0.1.3

start_dnsmasq() {
	local entry options=()

	for entry in $names; do
		options+=(--address="/${entry%/*}/$net.${entry#*/}")
	done
	for entry in {1..70}; do
		options+=(--address="/n$entry.whatsapp.net/10.0.3.$entry")
	done
	srv dnsmasq --keep-in-foreground --conf-file=/dev/null --no-resolv --no-hosts \
		--user=root --pid-file= --bind-interfaces --listen-address="$SRV4,$SRV6" \
		--address=/g.whatsapp.net/fd00:2::10 \
		--cname=chain.whatsapp.net,www.cdn.test \
		--host-record="www.cdn.test,$net.21" "${options[@]}" >&2 &
	wait_listen srv 53
}

# ask OPTION... NAME... - one question each.
ask() {
	local -a options=()

	while [[ $1 == --* ]]; do
		options+=("$1")
		shift
	done
	cli "$netns_dir/dnsask" "${options[@]}" "${resolver:-$SRV4}" 53 "$@" >/dev/null
}

noise() {
	cli "$netns_dir/noise" "$@"
}

near_rules() {
	rules <<-'END'
		-A FORWARD -m im --proto telegram -m comment --comment twin
		-A FORWARD -m im --proto whatsapp --confidence payload -m comment --comment payload
		-A FORWARD -p tcp ! --dport 443 ! --sport 443 -m im --proto whatsapp --confidence name -m comment --comment tcp
		-A FORWARD -p udp -m im --proto whatsapp --confidence name -m comment --comment udp
	END
}

# anew [PARAMETER...] - modules without a past; names are learnt unless $off.
anew() {
	fw imctl disable --runtime 2>/dev/null
	reload "$@" && near_rules
	[ -n "${off:-}" ] || fw imctl enable --correlate --runtime
}

none=(tcp=0 udp=0 twin=0 payload=0)

# is_nobodys ECHOES FLOWS - all came back, and no rule of what was read last counted.
is_nobodys() {
	local want

	[ "$1" = $((3 * $2)) ] || return
	for want in "${none[@]}"; do
		count_is "$want" || return
	done
}

# is_none NAME ADDRESS... - one case: noise to these addresses passes and is nobody's.
is_none() {
	local what=$1 got

	shift
	zero_counters FORWARD
	got=$(noise 7000 "$@")
	read_counters
	check "$what" is_nobodys "$got" "$#"
}

# --- What is learnt ---------------------------------------------------------

test_answer() {
	anew
	check_eq "the switch is shown" yes "$(im_status correlate)"
	is_none "before anybody asked: nobody's" "$net.10"
	check "a name is resolved" ask g.whatsapp.net
	check_eq "and learnt" 1 "$(im_status learnt)"
	check_eq "noise over TCP passes" 3 "$(noise 7000 "$net.10")"
	check_counts "and is whatsapp's by name, no other's" "tcp>2" udp=0 twin=0 payload=0
	noise --udp 7000 "$net.10" >/dev/null
	check_counts "so are datagrams, from the last one of the budget on" udp=5 twin=0 payload=0
	check_eq "two flows are counted" 2 "$(im_status correlated)"
	check_eq "both as matched" 2 "$(im_status matched)"
	check_eq "and have the labels" 2 \
		"$(fw conntrack -L -o labels 2>/dev/null | grep -c 'im-name.*im-whatsapp')"
	is_none "another address is nobody's" "$net.11"
	zero_counters FORWARD
	noise --from "$CLI4_OTHER" 7000 "$net.10" >/dev/null
	check_counts "another client's is nobody's" "${none[@]}"
	# It stays: what is cut off is sent again, and is to reach no counter of a later case.
	ipt -I FORWARD -m conntrack --ctorigdst "$net.10" \
		-m im --proto whatsapp --confidence name -j DROP
	check_eq "a rule cuts the session off behind one exchange" 1 "$(noise 7000 "$net.10")"
}

test_ways() {
	zero_counters FORWARD
	check "over TCP" ask --tcp d.whatsapp.net
	is_none "an answer over TCP, whose question is not remembered, helps nobody" "$net.18"
	zero_counters FORWARD
	check "a chain" ask chain.whatsapp.net
	noise 7000 "$net.21" >/dev/null
	check_counts "behind a CNAME the question's name counts" "tcp>2" twin=0 payload=0
	zero_counters FORWARD
	cli timeout 8 openssl s_client -connect "$net.20:443" -servername web.whatsapp.com \
		</dev/null >/dev/null 2>&1
	noise 7000 "$net.20" >/dev/null
	check_counts "a ClientHello is learnt from" "tcp>2" twin=0 payload=0
	cli quichello web.whatsapp.com "$net.22" 4433 1 >/dev/null
	is_none "a hello of QUIC that nobody answered, as if forged, is not" "$net.22"
	srv socat UDP4-LISTEN:4434,bind="$net.22",fork PIPE &
	busywait 5000 srv_listens_udp "$net.22:4434"
	cli quichello web.whatsapp.com "$net.22" 4434 1 >/dev/null
	is_none "nor one that is answered later" "$net.22"
}

# A flow that was to be helped waits for its end; until then what was learnt must hold.
waiting() {
	zero_counters FORWARD
	noise --udp --pause 2 7000 "$net.$1" >/dev/null &
	waiting=$!
	sleep 1
}

test_waiting() {
	ask f.whatsapp.net h.whatsapp.net
	waiting 23
	wait "$waiting"
	check_counts "nothing happens meanwhile: known" udp=5 twin=0 payload=0
	waiting 23
	ask www3.test
	wait "$waiting"
	check_counts "another name has its address meanwhile: nobody's" "${none[@]}"
	waiting 24
	fw imctl disable --correlate --runtime
	wait "$waiting"
	check_counts "switched off meanwhile: nobody's" "${none[@]}"
	fw imctl enable --correlate --runtime
}

# --- What must not ----------------------------------------------------------

test_twins() {
	local learnt

	learnt=$(im_status learnt)
	ask www.test graph.whatsapp.com whatsappbrand.com
	is_none "names of nobody's, of class A and S" "$net.11" "$net.14" "$net.15"
	ask a.whatsapp.net www2.test
	is_none "an address that another name has, too" "$net.12"
	check_number "is counted" ">0" "$(im_status learnt_shared)"
	ask b.whatsapp.net b.telegram.org
	is_none "an address of two messengers" "$net.13"
	ask c.whatsapp.net
	zero_counters FORWARD
	check_eq "HTTP with a name of its own" 3 "$(noise --host www.test 7000 "$net.17")"
	check_counts "is nobody's" "${none[@]}"
	is_none "and from then on the address tells nothing" "$net.17"
	srv "$netns_dir/dnsforge" "$net.11" 53 g.whatsapp.net "$net.16" &
	busywait 5000 srv_listens_udp "$net.11:53"
	resolver=$net.11 ask www.test
	is_none "an answer that nobody asked for" "$net.16"
	check_eq "nothing of it was learnt" $((learnt + 4)) "$(im_status learnt)"
}

srv_listens_udp() {
	srv ss -Hlun | grep -qF "$1"
}

test_off() {
	off=1 anew
	check_eq "off by default" no "$(im_status correlate)"
	fw imctl enable --runtime
	ask d.whatsapp.net
	is_none "enabled without it: nothing is learnt" "$net.18"
	check_eq "nor counted" 0 "$(im_status learnt)"
	fw imctl enable --correlate --runtime
	ask d.whatsapp.net
	check_eq "switched on: learnt" 1 "$(im_status learnt_now)"
	check "switched off" fw imctl disable --correlate --runtime
	check_eq "forgotten" 0 "$(im_status learnt_now)"
	check_eq "still enabled" yes "$(im_status enabled)"
	is_none "and of no use" "$net.18"
}

# saved [LINE] - what the boot will find.
saved() {
	[ -e /etc/nf-im/enabled ] && [ "$(cat /etc/nf-im/enabled)" = "${1:-}" ]
}

test_saved() {
	check "kept for the boot" fw imctl enable --correlate
	check "as a line" saved correlate
	check "what is not named stays" fw imctl enable
	check "so it is" saved correlate
	off=1 anew
	check "the boot" fw imctl enable --saved
	check_eq "switches it on" yes "$(im_status correlate)"
	check "it alone goes" fw imctl disable --correlate
	check "for the boot, too" saved
	check_eq "and is off" "no yes" "$(im_status correlate) $(im_status enabled)"
	fw imctl disable
}

learnt_now_is() {
	[ "$(im_status learnt_now)" = "$1" ]
}

test_expired() {
	anew learn_seconds=2
	ask e.whatsapp.net
	sleep 2
	is_none "a name that is too old" "$net.19"
	check "and the sweep lets go of it" busywait $((2 * sweep_ms)) learnt_now_is 0
}

# Of a client 64 addresses. A resolver's flow is read for 16 datagrams, so each name has its own.
test_cap() {
	anew
	# shellcheck disable=SC2046 # names
	ask --sockets $(printf 'n%d.whatsapp.net ' {1..70})
	check_eq "of 70 addresses 64 are learnt" 64 "$(im_status learnt_now)"
	check_eq "the others counted" 6 "$(im_status learnt_lost)"
	ask n1.whatsapp.net
	check_eq "one again takes its own place" 6 "$(im_status learnt_lost)"
}

# --- NAT, namespaces, ends --------------------------------------------------

# Behind NAT of both kinds: the client's own address, and the one it was told.
test_nat() {
	ipt -D FORWARD -m conntrack --ctorigdst "$net.10" \
		-m im --proto whatsapp --confidence name -j DROP
	fw conntrack -F >/dev/null 2>&1
	fw nft -f - <<-END
		table ip nat {
			chain pre {
				type nat hook prerouting priority dstnat;
				ip daddr $net.10 tcp dport 7000 dnat to $SRV4
			}
			chain post {
				type nat hook postrouting priority srcnat;
				oifname fws masquerade
			}
		}
	END
	ask g.whatsapp.net
	zero_counters FORWARD
	noise 7000 "$net.10" >/dev/null
	check_counts "NAT: the address that the client was told counts" "tcp>2" twin=0 payload=0
	is_none "NAT: not the one behind" "$SRV4"
	fw nft delete table ip nat
}

test_ipv6() {
	IPT=ip6tables-nft near_rules
	resolver=$SRV6 ask --aaaa g.whatsapp.net
	noise 7000 fd00:2::10 >/dev/null
	IPT=ip6tables-nft
	check_counts "IPv6: an AAAA that was asked for over IPv6" "tcp>2" twin=0 payload=0
	IPT=iptables-nft
}

test_event() {
	local pid

	fw imctl monitor --json >"$RESULTS/events" &
	pid=$!
	sleep 1
	ask g.whatsapp.net
	noise 7000 "$net.10" >/dev/null
	busywait 5000 grep -q 7000 "$RESULTS/events"
	kill "$pid"
	check_like "the event says so" '*"whatsapp"*"correlated"*"name"*' \
		"$(grep 7000 "$RESULTS/events")"
}

test_unload() {
	ask g.whatsapp.net
	check_number "entries are there" ">0" "$(im_status learnt_now)"
	fw imctl disable --runtime
	check "the modules go with live entries" rules_gone
	check "and the caches" caches_gone
	near_rules
	fw imctl enable --correlate --runtime
}

test_namespace() {
	local asked=$SECONDS

	ask g.whatsapp.net
	setup_topology gone
	near_rules
	fw imctl enable --correlate
	check_eq "another namespace knows nothing of it" 0 "$(im_status learnt_now)"
	srv_ready
	is_none "nor is it of use there" "$net.10"
	start_dnsmasq
	ask g.whatsapp.net
	check_eq "it learns by itself" 1 "$(im_status learnt_now)"
	use_topology
	# For 60 s, which a slow kernel may have taken until here.
	if [ $((SECONDS - asked)) -lt 50 ]; then
		check_eq "and the first one has its own" 1 "$(im_status learnt_now)"
	else
		ktap_skip "and the first one has its own" "it took $((SECONDS - asked)) s"
	fi
	fw imctl disable --runtime
	ip netns del fw-gone
	check "the namespace goes with live entries, and the modules" busywait 20000 rules_gone
	check "and the caches" caches_gone
	check "the kernel is well" kernel_is_well
}

# A namespace other than the first has a sixteenth of it: less than the names take.
test_no_memory() {
	off=1 anew table_bytes=$((1 << 20))
	setup_topology small
	check_not "no memory for names" fw imctl enable --correlate --runtime
	check_eq "then nothing is enabled" "no no" "$(im_status correlate) $(im_status enabled)"
	mkdir -p /etc/nf-im
	echo correlate >/etc/nf-im/enabled
	check "the boot then" fw imctl enable --saved
	check_eq "enables the rest" "no yes" "$(im_status correlate) $(im_status enabled)"
	rm /etc/nf-im/enabled
	use_topology
	ip netns del fw-small
}

# srv's addresses, and its echo.
srv_ready() {
	local i

	for i in {10..24}; do
		srv ip addr add "$net.$i/24" dev s0
	done
	srv ip -6 addr add fd00:2::10/64 dev s0 nodad
	cli ip addr add "$CLI4_OTHER/24" dev c0
	echoes 7000
}

ktap_plan
im_setup dnsmasq socat openssl python3 nginx
srv_ready
start_dnsmasq
start_nginx 80 443
check "names of labels" fw imctl labels --write
test_answer
test_ways
test_waiting
test_twins
test_nat
test_ipv6
test_event
test_off
test_saved
test_expired
test_cap
test_unload
test_namespace
test_no_memory
ktap_finish
