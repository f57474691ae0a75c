# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# For tests of the match itself: sessions, what arrived of them, labels, the
# module's counters, packets made by hand. Source lib.sh first.

# shellcheck disable=SC2034,SC2154 # of lib.sh, for tests
talk=$sessions/ymsg-login-message.talk
# shellcheck disable=SC2034 # for tests
service=$sessions/ymsg-lookalike-service.talk
# shellcheck disable=SC2034 # for tests
text=$sessions/ymsg-lookalike-text.talk

# --- Set-up -----------------------------------------------------------------

# im_setup TOOL... - skips where something is missing, builds the topology.
im_setup() {
	checktool imtalk imctl nft conntrack "$@"
	checkmodule xt_im
	if ! setup_topology; then
		ktap_not_ok "topology"
		ktap_finish
	fi
	watch_ends
}

# serve SCRIPT PORT... - a server on srv; its process is $served.
serve() {
	# shellcheck disable=SC2154 # of lib.sh
	(exec ip netns exec "$topo_srv" imtalk serve "$@" >/dev/null) &
	# shellcheck disable=SC2034 # for tests
	served=$!
	wait_listen srv "$2"
}

# serve_udp SCRIPT PORT - a server for datagrams.
serve_udp() {
	srv imtalk serve --udp "$@" >/dev/null &
	wait_listen srv "$2" udp
}

# sink PORT... - servers which say nothing.
sink() {
	local port

	for port; do
		srv socat -u "TCP6-LISTEN:$port,fork,reuseaddr" \
			OPEN:/dev/null &
	done
	for port; do
		wait_listen srv "$port"
	done
}

# echoes PORT - a server which says what it hears.
echoes() {
	srv socat "TCP6-LISTEN:$1,fork,reuseaddr" PIPE >/dev/null &
	wait_listen srv "$1"
}

# --- Rules ------------------------------------------------------------------

# rules [TABLE] - adds those on standard input by $IPT, all in one go.
rules() {
	{
		printf '*%s\n' "${1:-filter}"
		cat
		printf 'COMMIT\n'
	} | fw "$IPT-restore" -w -n
}

# drop_rules [MATCH...] - drops YMSG. "ymsg" counts its packets with payload,
# "drop" all of them, "twin" what is another protocol.
drop_rules() {
	rules <<-END
		-A FORWARD $* -m im --proto xmpp -m comment --comment twin
		-A FORWARD ${*:--p tcp} --tcp-flags PSH PSH -m im --proto ymsg -m comment --comment ymsg
		-A FORWARD $* -m im --proto ymsg -m comment --comment drop -j DROP
	END
}

# read_counters - puts packets by comment into $counted, for FORWARD, or the chain
# $of_chain. No process but iptables: emulation makes them dear.
declare -A counted
read_counters() {
	local line form='--comment "?([^" ]+)"? .*-c ([0-9]+) '

	counted=()
	while IFS= read -r line; do
		[[ ! $line =~ $form ]] ||
			counted[${BASH_REMATCH[1]}]=${BASH_REMATCH[2]}
	done < <(ipt -v -S "${of_chain:-FORWARD}")
}

# count_is WANT - whether COMMENT=N or COMMENT>N is true of what was read last.
count_is() {
	local comment=${1%%[=>]*} number=${1##*[=>]} got

	got=${counted[$comment]:-}
	[ -n "$got" ] || return
	if [[ $1 == *">"* ]]; then
		[ "$got" -gt "$number" ]
	else
		[ "$got" = "$number" ]
	fi
}

# check_counts NAME WANT... - one case: counters of FORWARD, or of $of_chain.
check_counts() {
	local name=$1 want rc=0 key all=

	shift
	read_counters
	for want; do
		count_is "$want" || rc=1
	done
	ktap_result "$name" "$rc"
	[ "$rc" != 0 ] || return 0
	for key in "${!counted[@]}"; do
		all+=" $key=${counted[$key]}"
	done
	ktap_diag "expected: $*" $'\n'"got:     $all"
}

# counts WANT... - the same as a condition, to be waited for.
counts() {
	local want

	read_counters
	for want; do
		count_is "$want" || return
	done
}

# --- What reaches the ends --------------------------------------------------

# watch_ends - counts at cli and srv: packets with payload, and resets.
watch_ends() {
	local side

	for side in cli srv; do
		"$side" nft -f - <<-'END'
			table inet seen {
				counter payload { }
				counter resets { }
				chain inbound {
					type filter hook prerouting priority -310;
					iif lo return
					tcp flags & psh == psh counter name payload
					tcp flags & rst == rst counter name resets
				}
			}
		END
	done
}

# seen SIDE COUNTER - packets since it was last asked; resets the counter.
seen() {
	local said

	said=$("$1" nft reset counter inet seen "$2")
	[[ ! $said =~ packets\ ([0-9]+) ]] || echo "${BASH_REMATCH[1]}"
}

seen_reset() {
	cli nft reset counters table inet seen >/dev/null
	srv nft reset counters table inet seen >/dev/null
}

# veth_has_gro - whether veth merges segments as a card does; before 5.13 with XDP only.
veth_has_gro() {
	grep -qw veth_set_features /proc/kallsyms
}

# --- Sessions ---------------------------------------------------------------

# talk_at OPTION... SCRIPT ADDRESS PORT - a session; prints its one line.
talk_at() {
	cli imtalk talk --timeout "${patience:-1000}" "$@" || :
}

# talk_ports SCRIPT ADDRESS PORT... - sessions at once; see talked.
talk_ports() {
	local script=$1 address=$2 port pids=()

	shift 2
	for port; do
		talk_at "$script" "$address" "$port" >"$RESULTS/talk.$port" 2>&1 &
		pids+=($!)
	done
	wait "${pids[@]}"
}

# talked PORT - what that session printed.
talked() {
	echo "$(<"$RESULTS/talk.$1")"
}

# end_sessions - no side sends again what a rule has cut off.
end_sessions() {
	cli ss -HK state established >/dev/null
	srv ss -HK state established >/dev/null
}

# check_like NAME PATTERN GOT - one case: a value fits a pattern of the shell.
check_like() {
	# shellcheck disable=SC2053 # a pattern
	if [[ $3 == $2 ]]; then
		ktap_ok "$1"
	else
		ktap_not_ok "$1"
		ktap_diag "expected: $2" $'\n'"got:      $3"
	fi
}

# --- Module -----------------------------------------------------------------

# im_status KEY - one line of imctl status, on fw.
im_status() {
	fw imctl status | awk -F '\t' -v key="$1" '$1 == key { print $2 }'
}

# flows_to PORT - of both families with their labels; conntrack 1.4.6 lists one at a time.
flows_to() {
	fw conntrack -f ipv4 -L -p tcp --dport "$1" -o labels
	fw conntrack -f ipv6 -L -p tcp --dport "$1" -o labels
} 2>/dev/null

# labels_of PORT - labels of the flows to that port, sorted, each once.
labels_of() {
	flows_to "$1" | sed -n 's/.*labels=\([^ ]*\).*/\1/p' | tr ',' '\n' | sort -u | xargs
}

# count_labelled LABEL PORT - flows to that port which have the label.
count_labelled() {
	flows_to "$2" | grep -cE "labels=([^ ]*,)?$1(,|\$| )"
}

# clear_rules - no rules of any command and no flows.
clear_rules() {
	local tool

	for tool in iptables-legacy ip6tables-legacy; do
		for table in filter mangle raw; do
			fw "$tool" -w -t "$table" -F
			fw "$tool" -w -t "$table" -X
		done
	done
	flush_rules
} 2>/dev/null

# --- Packets made by hand ---------------------------------------------------

# raw_start - starts rawpeer on cli; its flows have source ports below 21000.
# On one processor, so that no packet overtakes another.
raw_start() {
	local dir mac

	dir=$(mktemp -d)
	mac=$(fw cat /sys/class/net/fwc/address)
	cli nft -f - <<-'END'
		table inet raw {
			chain inbound {
				type filter hook prerouting priority -305;
				tcp dport 20000-20999 drop
			}
		}
	END
	cli ping -c 1 -W 5 "$FWC6" >/dev/null
	mkfifo "$dir/in" "$dir/out"
	# shellcheck disable=SC2154 # of lib.sh
	cli taskset 1 "$netns_dir/rawpeer" c0 "$mac" "$CLI4" "$CLI6" <"$dir/in" \
		>"$dir/out" &
	exec 8>"$dir/in" 9<"$dir/out"
}

# raw COMMAND... - see rawpeer; prints the answer without its "ok".
raw() {
	local answer

	printf '%s\n' "$*" >&8
	read -r -t 20 answer <&9 || answer="fail no answer"
	[[ $answer == ok* ]] || printf '%s: ' "$*"
	answer=${answer#ok}
	[ -z "$answer" ] || printf '%s\n' "${answer# }"
	[[ $answer != fail* ]]
}

# raw_is COMMAND FLOW VALUE - whether rawpeer answers so.
raw_is() {
	[ "$(raw "$1" "$2")" = "$3" ]
}

# raw_acked FLOW BYTES - waits until the server has acknowledged that many.
raw_acked() {
	busywait 5000 raw_is acked "$1" "$2"
}

# hex TEXT - the bytes of a text.
hex() {
	printf '%s' "$1" | od -An -v -tx1 | tr -d ' \n'
}

# ymsg SERVICE [DATA-HEX] - a frame, as hex digits.
ymsg() {
	local data=${2:-}

	printf '594d534700100000%04x%04x0000000000001122%s' \
		$((${#data} / 2)) "0x$1" "$data"
}
