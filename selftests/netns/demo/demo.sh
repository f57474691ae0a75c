#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Guest part of selftests/demo: a messenger's session, one rule, and what that
# does. Every step is checked; what is shown is what happened.
#
#	alice (cli) --- fw --- Yahoo! (srv)
#	                  \--- web
#
# Lines for people are diagnostics whose first character says what they are:
# "=" a heading, "$" a command, "+" a good end, "|" everything else.

# shellcheck source=selftests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/netns/lib-services.sh
. "$(dirname "$0")/lib-services.sh"

readonly ports=(5050 80 443 25 31337)
readonly script=$sessions/ymsg-login-message.talk
readonly lookalike=$sessions/ymsg-lookalike-text.talk
readonly web4=10.0.3.2
readonly shown=$RESULTS/shown

heading() {
	ktap_diag "=$*"
}

tell() {
	printf '%s\n' "$*" | sed 's/^/# |/'
}

good() {
	ktap_diag "+$*"
}

# step NAME SIDE COMMAND - a command as somebody would type it there, and what it
# says; one case. It stays in $shown.
step() {
	local prompt='fw#' rc=0

	[ "$2" = fw ] || prompt='alice$'
	ktap_diag "\$$prompt $3"
	"$2" sh -c "$3" >"$shown" 2>&1 || rc=$?
	tell "$(cat "$shown")"
	ktap_result "$1" "$rc"
}

# --- Set-up -----------------------------------------------------------------

setup_web() {
	ip netns add web || return
	no_dad web
	link_hosts web w0 "$web4" fd00:3::2 fww 10.0.3.1 fd00:3::1
	topo_srv=web start_nginx 80 443
}

# Sees the frames that reach the server, and those it sends.
watch_server() {
	srv "$netns_dir/demo/frames" s0 "$SRV4" >"$RESULTS/frames" &
	busywait 10000 grep -q watching "$RESULTS/frames"
}

setup() {
	setup_topology || return
	srv imtalk serve "$script" "${ports[@]}" >/dev/null &
	srv imtalk serve "$lookalike" 5051 >/dev/null &
	fw imctl labels --write >/dev/null &&
		setup_web && watch_server &&
		wait_listen srv 5050 && wait_listen srv 5051 && wait_listen web_side 443
}

web_side() {
	in_ns web "$@"
}

# --- Steps ------------------------------------------------------------------

# session PORT - one session; its one line goes to a file.
session() {
	cli imtalk talk --timeout 2500 "$script" "$SRV4" "$1" \
		>"$RESULTS/session.$1" 2>&1
}

# The two numbers of "complete c A/B s C/D", for people.
bytes_of() {
	sed -nE 's/.* c ([0-9]+)\/([0-9]+) s .*/\1 of \2/p' "$RESULTS/session.$1"
}

without_rule() {
	heading "Without a rule: alice uses Yahoo! Messenger"
	check "the session completes" session 5050
	nap
	tell "$(grep -v watching "$RESULTS/frames")"
	check "it was seen" grep -q '"hi"' "$RESULTS/frames"
	tell "complete, $(bytes_of 5050) bytes of hers arrived"
}

the_rule() {
	heading "One rule, without any port"
	step "the rule" fw "iptables -A FORWARD -m im --proto ymsg -j DROP"
	cp "$RESULTS/frames" "$RESULTS/frames.before"
}

# cut_at_start PORT - nothing of what the client said arrived.
cut_at_start() {
	grep -qE '^cut-off c 0/[0-9]+ s 0/' "$RESULTS/session.$1"
}

with_rule() {
	local port pids=()

	heading "The same session again, wherever it hides"
	for port in "${ports[@]}"; do
		session "$port" &
		pids+=($!)
	done
	wait "${pids[@]}"
	for port in "${ports[@]}"; do
		check "port $port is cut" cut_at_start "$port"
		tell "$(printf 'port %-6s connected, then %s bytes arrived' "$port" \
			"$(bytes_of "$port")")"
	done
	check "no frame reached the server" \
		cmp -s "$RESULTS/frames" "$RESULTS/frames.before"
	good "cut at the first frame, on every port"
	step "labels" fw "conntrack -L -p tcp --dport 443 -d $SRV4 -o labels 2>/dev/null"
	check "the flow has its label" grep -q im-ymsg "$shown"
}

# fetch URL - a page, by alice.
fetch() {
	step "$1" cli "curl -sk --max-time 20 $1"
	check "$1 is the page" grep -qx hello "$shown"
}

all_else() {
	heading "Everything else passes, on the same ports"
	fetch "http://$web4/"
	fetch "https://$web4/"
	tell "and a text that begins with the same four letters:"
	step "the look-alike passes" cli "imtalk talk ${lookalike##*/} $SRV4 5051"
}

# counted - packets the rule has dropped.
counted() {
	fw iptables -nvxL FORWARD | awk '$3 == "DROP" { print $1 }'
}

what_is_known() {
	heading "What the firewall tells"
	step "counters" fw "iptables -nvL FORWARD"
	check_number "the rule counted" ">4" "$(counted)"
	step "status" fw "imctl status | grep -E '^(rules|inspected|matched|unknown|entries|proto)'"
	check "five sessions matched" grep -qP '^proto.ymsg\t5$' "$shown"
}

ktap_plan
checktool imtalk imctl conntrack curl nginx openssl python3
checkmodule xt_im
cd "$sessions" || exit
setup || ktap_not_ok "topology"
without_rule
the_rule
with_rule
all_else
what_is_known
[ "$ktap_failed" != 0 ] || good "$(counted) packets of ${#ports[@]} sessions dropped by one rule; the web, TLS and the look-alike passed"
ktap_finish
