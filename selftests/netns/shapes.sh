#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Traffic which the hook sees in odd shapes gives the same verdict: loopback,
# senders beside receivers on one processor, untracked and invalid packets,
# flows older than the module, packets which wait in a queue, two flows in one
# receive batch, segments out of order and sent again, options in headers, ports
# which are used again, NAT.

# shellcheck source=selftests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/netns/lib-im.sh
. "$(dirname "$0")/lib-im.sh"

http=$sessions/http-two-requests.talk
user="$(hex 1)c080$(hex alice)c080"
login=$(ymsg 57 "$user")
message=$(ymsg 6 "$user$(hex 14)c080$(hex hi)c080")
presence=$(ymsg 3 "$user")
other=$(ymsg ffff "$user")

# --- Loopback ---------------------------------------------------------------

fw_talk() {
	fw imtalk talk --timeout 1000 "$@" || :
}

test_loopback() {
	local name=$1 address=$2 before

	rules <<-'END'
		-A OUTPUT -o lo -m im --proto ymsg -m comment --comment out
		-A INPUT -i lo -m im --proto xmpp -m comment --comment twin
		-A INPUT -i lo -m im --proto ymsg -m comment --comment in -j DROP
	END
	check_like "$name: YMSG over loopback is dropped in INPUT" \
		"cut-off c 0/* s 0/* timeout" "$(fw_talk "$talk" "$address" 5080)"
	of_chain=INPUT check_counts "$name: the rule counted" "in>0" twin=0
	of_chain=OUTPUT check_counts "$name: OUTPUT saw the same packets before" \
		"out=${counted[in]}"
	zero_counters
	before=$(im_status inspected)
	check_like "$name: a look-alike over loopback completes" "complete *" \
		"$(fw_talk "$service" "$address" 5081)"
	check_eq "$name: each of its packets was read once" 2 \
		$(($(im_status inspected) - before))
	of_chain=INPUT check_counts "$name: no rule counted it" in=0 twin=0
	ipt -F INPUT
	ipt -R OUTPUT 1 -m im --proto ymsg -j DROP
	check_like "$name: YMSG over loopback is dropped in OUTPUT" \
		"cut-off c 0/* s 0/* timeout" "$(fw_talk "$talk" "$address" 5080)"
	ipt -F OUTPUT
}

test_local_sender() {
	ipt -A OUTPUT -m im --proto ymsg -m comment --comment ymsg -j DROP
	check_like "YMSG of the firewall itself is dropped in OUTPUT" \
		"cut-off c 0/* s 0/* timeout" "$(fw_talk "$talk" "$SRV4" 5082)"
	of_chain=OUTPUT check_counts "the rule counted" "ymsg>0"
	check_like "a look-alike of it completes" "complete *" \
		"$(fw_talk "$service" "$SRV4" 5081)"
	ipt -F OUTPUT
	ipt -A INPUT -m im --proto ymsg -m comment --comment ymsg -j DROP
	check_like "YMSG to the firewall itself is dropped in INPUT" \
		"cut-off c 0/* s 0/* timeout" "$(talk_at "$talk" "$FWC4" 5080)"
	of_chain=INPUT check_counts "the rule counted it" "ymsg>0"
	check_like "a look-alike to it completes" "complete *" \
		"$(talk_at "$service" "$FWC4" 5081)"
	ipt -F INPUT
}

# --- One processor ----------------------------------------------------------

# The firewall sends in process context, and is interrupted by what it forwards.
test_one_cpu() {
	local rounds=40 pid pids=() matched unknown

	ipt -A FORWARD -m im --proto ymsg -j ACCEPT
	ipt -A OUTPUT -m im --proto ymsg -j ACCEPT
	matched=$(im_status matched)
	unknown=$(im_status unknown)
	fw taskset 1 imtalk talk --count $rounds "$talk" "$SRV4" 5082 \
		>"$RESULTS/talk.one" &
	pids+=($!)
	cli taskset 1 imtalk talk --count $rounds "$talk" "$SRV4" 5082 \
		>"$RESULTS/talk.two" &
	pids+=($!)
	cli taskset 1 imtalk talk --count $rounds "$service" "$SRV4" 5081 \
		>"$RESULTS/talk.three" &
	pids+=($!)
	for pid in "${pids[@]}"; do
		wait "$pid"
		ktap_result "sessions on one processor complete" $?
	done
	check_eq "each YMSG session has the verdict" $((2 * rounds)) \
		$(($(im_status matched) - matched))
	check_eq "and each look-alike its own" $rounds \
		$(($(im_status unknown) - unknown))
	check_eq "none was given up" 0 "$(im_status uninspected)"
	ipt -F FORWARD
	ipt -F OUTPUT
}

# --- Untracked and invalid --------------------------------------------------

none_rules() {
	rules <<-END
		-A FORWARD $* -m im --state none -m comment --comment none
		-A FORWARD $* -m im ! --state none -m comment --comment some
		-A FORWARD $* -m im ! --proto ymsg -m comment --comment others
		-A FORWARD $* -m im --proto ymsg -m comment --comment ymsg -j DROP
	END
}

# check_none NAME WANT - packets were in state none, and in nothing else.
check_none() {
	check_counts "$1: state none, and nothing else" \
		"none$2" some=0 others=0 ymsg=0
	ipt -F FORWARD
}

test_untracked() {
	local name=$1 address=$2 flag

	for flag in --dport --sport; do
		ipt -t raw -A PREROUTING -p tcp "$flag" 5082 -j CT --notrack
	done
	none_rules -p tcp
	check "$name: an untracked session completes" \
		cli imtalk talk "$talk" "$address" 5082
	check_none "$name: its packets" ">7"
	ipt -t raw -F PREROUTING
	drop_rules
	check_like "$name: tracked, it is cut off" "cut-off c 0/*" \
		"$(talk_at "$talk" "$address" 5082)"
	ipt -F FORWARD
}

test_untracked_nft() {
	fw nft -f - <<-'END'
		table inet untracked {
			chain pre {
				type filter hook prerouting priority -300;
				tcp dport 5082 notrack
				tcp sport 5082 notrack
			}
		}
	END
	none_rules -p tcp
	check "nft notrack: the session completes" \
		cli imtalk talk "$talk" "$SRV4" 5082
	check_none "nft notrack: its packets" ">7"
	fw nft delete table inet untracked
	none_rules -p icmp
	cli ping -c 1 -W 5 "$SRV4" >/dev/null
	check_none "ping" =2
}

# A frame out of nowhere, where connections may not be picked up; a frame with
# a wrong checksum, and then the same with the right one.
test_invalid() {
	fw sysctl -qw net.netfilter.nf_conntrack_tcp_loose=0
	none_rules -p tcp --dport 5092
	ipt -A FORWARD -p tcp --dport 5092 -m conntrack --ctstate INVALID \
		-m comment --comment invalid
	raw join lost "$SRV4" 5092
	raw send lost "$login"
	check "a frame of no connection is invalid" busywait 5000 counts invalid=1
	check_none "an invalid packet" =1
	fw sysctl -qw net.netfilter.nf_conntrack_tcp_loose=1
	drop_rules
	ipt -A FORWARD -p tcp --dport 5092 -m im --state none \
		-m comment --comment none
	raw open sum "$SRV4" 5092
	raw send sum "$login" at=0 badsum
	check "a wrong checksum is not read" busywait 5000 counts none=1 ymsg=0
	raw send sum "$login" at=0
	check "the right one is" busywait 5000 counts none=1 ymsg=1 twin=0
	check_eq "and nothing arrived" 0 "$(raw acked sum)"
	ipt -F FORWARD
}

# --- Order ------------------------------------------------------------------

# send_back FLOW HEX - byte by byte, the last first.
send_back() {
	local i

	for ((i = ${#2} - 2; i >= 0; i -= 2)); do
		raw send "$1" "${2:i:2}" "at=$((i / 2))"
	done
}

test_order() {
	drop_rules
	raw open late "$SRV4" 5092
	raw send late "${login:8}" at=4
	raw send late "${login:0:8}" at=0
	check "the packet which fills the gap is dropped" busywait 5000 counts ymsg=1
	raw send late "${login:8}" at=4
	check "then the one before it, sent again" busywait 5000 counts ymsg=2
	raw send late "${login:0:8}" at=0
	check "and this one again" busywait 5000 counts ymsg=3
	raw open back "$SRV4" 5092
	send_back back "$login"
	check "single bytes from the last to the first: only the first" \
		busywait 5000 counts ymsg=4
	raw open late2 "$SRV4" 5093
	raw send late2 "${other:8}" at=4
	raw send late2 "${other:0:8}" at=0
	raw open back2 "$SRV4" 5093
	send_back back2 "$other"
	check "a look-alike out of order arrives" raw_acked late2 30
	check "a look-alike from its last byte on too" raw_acked back2 30
	check_eq "of YMSG nothing arrived" "0 0" "$(raw acked late) $(raw acked back)"
	check_counts "no rule counted more" ymsg=4 twin=0
	ipt -F FORWARD
}

# --- Headers ----------------------------------------------------------------

# check_heads NAME ADDRESS OPTION - the payload is found behind such headers.
check_heads() {
	local name=$1 address=$2

	heads=$((heads + 1))
	zero_counters FORWARD
	raw open "h$heads" "$address" 5092
	raw send "h$heads" "$login" "$3"
	raw open "i$heads" "$address" 5093
	raw send "i$heads" "$other" "$3"
	check "$name: a look-alike arrives" raw_acked "i$heads" 30
	check_counts "$name: YMSG is dropped" ymsg=1 twin=0
	check_eq "$name: and does not arrive" 0 "$(raw acked "h$heads")"
}

test_heads() {
	heads=0
	drop_rules
	check_heads "IPv4 options" "$SRV4" iphead
	check_heads "TCP options" "$SRV4" tcphead=40
	ipt -F FORWARD
	local IPT=ip6tables-nft
	drop_rules
	check_heads "IPv6 options" "$SRV6" iphead
	ipt -F FORWARD
}

# --- The same ports again ---------------------------------------------------

# again NEW OLD HEX - a reset, then a connection with the same ports.
again() {
	raw send "$2" - flags=4
	raw open "$1" "$SRV4" 5092 "$2"
	raw send "$1" "$3"
}

# What was known of a connection does not stick to the next one.
test_reuse() {
	rules <<-'END'
		-A FORWARD -p tcp --tcp-flags PSH PSH -m im --proto ymsg -m comment --comment ymsg
		-A FORWARD -p tcp --tcp-flags PSH PSH -m comment --comment all
	END
	raw open r1 "$SRV4" 5092
	raw send r1 "$other"
	raw_acked r1 30
	again r2 r1 "$login"
	raw_acked r2 30
	check_counts "YMSG on the ports of a look-alike" ymsg=1 all=2
	again r3 r2 "$other"
	raw_acked r3 30
	check_counts "a look-alike on the ports of YMSG" ymsg=1 all=3
	again r4 r3 "${login:0:8}"
	raw_acked r4 4
	again r5 r4 "${login:8}"
	raw_acked r5 26
	check_counts "half a signature in each of two connections" ymsg=1 all=5
	again r6 r5 "$login"
	raw_acked r6 30
	check_counts "and a whole one" ymsg=2 all=6
	ipt -F FORWARD
}

# --- Other addresses --------------------------------------------------------

test_nat() {
	drop_rules
	ipt -t nat -A POSTROUTING -o fws -j MASQUERADE
	ipt -t nat -A PREROUTING -d "$FWC4" -p tcp --dport 6000 \
		-j DNAT --to-destination "$SRV4:5082"
	ipt -t nat -A PREROUTING -d "$FWC4" -p tcp --dport 6001 \
		-j DNAT --to-destination "$SRV4:5081"
	check_like "YMSG through both kinds of NAT is dropped" \
		"cut-off c 0/* s 0/* timeout" "$(talk_at "$talk" "$FWC4" 6000)"
	check_counts "the rule counted" "ymsg>0" twin=0
	check_like "a look-alike through them completes" "complete *" \
		"$(talk_at "$service" "$FWC4" 6001)"
	ipt -F FORWARD
	ipt -t nat -F PREROUTING
	ipt -t nat -F POSTROUTING
}

# --- Batch ------------------------------------------------------------------

tracing=/sys/kernel/tracing

trace_on() {
	mountpoint -q $tracing || mount -t tracefs tracefs $tracing
	echo nf_im_hook ip_forward >$tracing/set_ftrace_filter
	echo function >$tracing/current_tracer
	: >$tracing/trace
}

# trace_off - prints how often the hook ran in a row, at most.
trace_off() {
	awk '/ nf_im_hook / { run++; if (run > most) most = run }
		/ ip_forward / { run = 0 }
		END { print most + 0 }' $tracing/trace
	echo nop >$tracing/current_tracer
	: >$tracing/set_ftrace_filter
}

batch_rules() {
	local port action

	for port in 5092 5093; do
		for action in login message presence; do
			printf '%s -m comment --comment %s\n' \
				"-A FORWARD -p tcp --dport $port -m im --action $action" \
				"$port-$action"
		done
	done
	printf '%s -m comment --comment all\n' \
		"-A FORWARD -p tcp --dport 5092:5093 --tcp-flags PSH PSH"
}

# Both flows are known; then packets of both, in turn, in one batch.
test_batch() {
	local i most

	cli ethtool -K c0 tso off
	fw ethtool -K fwc gro on
	cli tc qdisc add dev c0 root plug
	cli tc qdisc change dev c0 root plug release_indefinite
	batch_rules | rules
	raw open m "$SRV4" 5092
	raw open l "$SRV4" 5093
	raw send m "$presence"
	raw send l "$presence"
	busywait 5000 counts all=2
	for i in 1 2 3; do
		raw queue m "$message"
		raw queue l "$login"
	done
	trace_on
	cli tc qdisc change dev c0 root plug block
	raw flush
	cli tc qdisc change dev c0 root plug release_indefinite
	check "packets of two flows come at once" busywait 5000 counts all=8
	most=$(trace_off)
	if veth_has_gro; then
		check_number "they were read before rules saw the first" ">2" "$most"
	else
		ktap_skip "they were read before rules saw the first" "no batches on veth here"
	fi
	check_counts "one flow says messages" \
		5092-presence=1 5092-message=3 5092-login=0
	check_counts "the other logs in" \
		5093-presence=1 5093-message=0 5093-login=3
	ipt -F FORWARD
	cli tc qdisc del dev c0 root
	fw ethtool -K fwc gro off
	cli ethtool -K c0 tso on
}

# --- Older than the module --------------------------------------------------

unload() {
	clear_rules
	modprobe -r xt_im nf_im
	[ ! -e /sys/module/nf_im ]
}

# old_start NAME SCRIPT PORT OFFSET - a session which pauses before that byte.
old_start() {
	(exec ip netns exec "$topo_cli" imtalk talk --timeout 2000 \
		--delay-at "$4:5000" "$2" "$SRV4" "$3") >"$RESULTS/talk.$1" &
	old_pids+=($!)
}

answers() {
	old_answers=$((old_answers + $(seen cli payload)))
	[ "$old_answers" -ge "$1" ]
}

# test_older NAME - sessions which began before there was a module.
test_older() {
	local name=$1

	old_pids=()
	old_answers=0
	seen_reset
	old_start talk "$talk" 5082 30
	old_start http "$http" 5087 35
	old_start text "$text" 5088 41
	busywait 5000 answers 3
	kill -STOP "${old_pids[@]}"
	check "$name: there was no module" [ ! -e /sys/module/nf_im ]
	ipt -A FORWARD -m im --category messenger -m comment --comment category
	drop_rules
	kill -CONT "${old_pids[@]}"
	wait "${old_pids[@]}"
	check_like "$name: the next frame of YMSG is dropped" \
		"cut-off c 30/* s 68/* timeout" "$(talked talk)"
	check_like "$name: HTTP goes on" "complete *" "$(talked http)"
	check_like "$name: text which begins with YMSG goes on" "complete *" \
		"$(talked text)"
	check_counts "$name: the rules counted" "ymsg>0" "category>0" twin=0
}

test_old_flows() {
	check "the module goes" unload
	fw nft -f - <<-'END'
		table inet tracked {
			chain forward {
				type filter hook forward priority 0;
				ct state new counter
			}
		}
	END
	test_older "older than the module"
	check_eq "its flow has no place for labels" "" "$(labels_of 5082)"
	check "the module goes again" unload
	test_older "older than conntrack"
	clear_rules
}

# --- Queue ------------------------------------------------------------------

hold_start() {
	local dir

	dir=$(mktemp -d)
	mkfifo "$dir/in" "$dir/out"
	fw "$netns_dir/nfhold" 1 <"$dir/in" >"$dir/out" &
	exec 6>"$dir/in" 5<"$dir/out"
	held 1
}

# hold WORD... - see nfhold.
hold() {
	printf '%s\n' "$*" >&6
}

# held N - waits until so many more packets wait.
held() {
	local i

	for ((i = 0; i < $1; i++)); do
		read -r -t 5 <&5 || return
	done
}

# hold_session NAME SCRIPT PORT - the SYN waits, then what follows it.
hold_session() {
	local rc=0 pid

	hold hold
	patience=3000 talk_at "$2" "$SRV4" "$3" >"$RESULTS/talk.hold" &
	pid=$!
	held 1 || rc=1
	hold release hold
	held 2 || rc=1
	hold release
	wait "$pid"
	ktap_result "$1: its packets waited" "$rc"
	while read -r -t 0.2 <&5; do :; done
}

test_queue_at() {
	local table=$1 where=$2 name="queue in $1 $2"

	ipt -t "$table" -A "$where" -p tcp --dport 5081:5082 -j NFQUEUE \
		--queue-num 1
	drop_rules
	hold_session "$name, YMSG" "$talk" 5082
	check_like "$name: YMSG is dropped" "cut-off c 0/* s 0/* timeout" \
		"$(talked hold)"
	hold_session "$name, look-alike" "$service" 5081
	check_like "$name: a look-alike completes" "complete *" "$(talked hold)"
	check_counts "$name: the rule counted" "ymsg>0" twin=0
	ipt -F FORWARD
	ipt -t "$table" -F "$where"
}

# More packets wait than the module remembers one by one.
test_queue_burst() {
	local i

	ipt -t mangle -A FORWARD -p tcp --dport 5092 -j NFQUEUE --queue-num 1
	rules <<-'END'
		-A FORWARD -p tcp --dport 5092 -m im --action message -m comment --comment message
		-A FORWARD -p tcp --dport 5092 -m im --action file -m comment --comment twin
		-A FORWARD -p tcp --dport 5092 --tcp-flags PSH PSH -m comment --comment all
	END
	hold release
	raw open burst "$SRV4" 5092
	raw send burst "$login"
	busywait 5000 counts all=1
	hold hold
	for i in {1..20}; do
		raw send burst "$message"
	done
	check "twenty messages wait" held 20
	hold release
	check "all of them come" busywait 5000 counts all=21
	check_counts "and are messages" message=20 twin=0
	ipt -F FORWARD
	ipt -t mangle -F FORWARD
}

# Bytes in a SYN, and in a first datagram: their conntrack is not in the table
# while they wait. So long that the SYN is sent again.
test_queue_first() {
	local pid

	cli sysctl -qw net.ipv4.tcp_fastopen=0x605
	srv sysctl -qw net.ipv4.tcp_fastopen=0x602
	ipt -t mangle -A FORWARD -p tcp --dport 5081:5082 -j NFQUEUE --queue-num 1
	ipt -t mangle -A FORWARD -p udp --dport 5082 -j NFQUEUE --queue-num 1
	drop_rules
	fast_hold "$talk" 5082
	check_like "YMSG in a SYN which waited is dropped" "cut-off c 0/* s 0/*" \
		"$(talked hold)"
	fast_hold "$service" 5081
	check_like "a look-alike in a SYN which waited completes" "complete *" \
		"$(talked hold)"
	hold hold
	patience=3000 talk_at --udp "$talk" "$SRV4" 5082 >"$RESULTS/talk.hold" &
	pid=$!
	check "a first datagram waits" held 1
	hold release
	wait "$pid"
	check_like "and arrives" "complete *" "$(talked hold)"
	check_counts "the twin counted none" "drop>0" twin=0
	ipt -F FORWARD
	ipt -t mangle -F FORWARD
}

fast_hold() {
	local pid

	hold hold
	patience=3000 talk_at --tfo "$1" "$SRV4" "$2" >"$RESULTS/talk.hold" &
	pid=$!
	check "two SYNs wait" held 2
	hold release
	wait "$pid"
}

ktap_plan
im_setup ethtool socat python3 taskset tc iptables-legacy ip6tables-legacy
fw imctl labels --write
fw imtalk serve "$talk" 5080 >/dev/null &
fw imtalk serve "$service" 5081 >/dev/null &
serve "$talk" 5082
serve "$service" 5081
serve "$http" 5087
serve "$text" 5088
serve_udp "$talk" 5082
sink 5092 5093
wait_listen fw 5080
wait_listen fw 5081
test_old_flows
test_loopback IPv4 127.0.0.1
IPT=ip6tables-legacy test_loopback IPv6 ::1
test_local_sender
test_one_cpu
test_untracked IPv4 "$SRV4"
IPT=ip6tables-legacy test_untracked IPv6 "$SRV6"
test_untracked_nft
raw_start
test_invalid
test_order
test_heads
test_reuse
test_nat
test_batch
hold_start
test_queue_at raw PREROUTING
test_queue_at mangle PREROUTING
test_queue_at mangle FORWARD
test_queue_burst
test_queue_first
ktap_finish
