# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Sourced by every test here: KTAP output, the topology, counters of rules.
#
#	cli (netns)           fw                      srv (netns)
#	 c0 --------------- fwc   fws --------------- s0
#	 10.0.1.2/24   10.0.1.1   10.0.2.1   10.0.2.2/24
#	 fd00:1::2/64 fd00:1::1   fd00:2::1  fd00:2::2/64
#
# The firewall fw is the initial namespace, unless setup_topology is given a
# name: then it is a namespace as well, and a test can have several firewalls.
# A test is: source this, ktap_plan N, checktool, setup_topology, check ...,
# ktap_finish. Everything is removed by a trap; see vm/guest/init for the rest.

# Addresses of the topology, for tests.
# shellcheck disable=SC2034
CLI4=10.0.1.2 FWC4=10.0.1.1 FWS4=10.0.2.1 SRV4=10.0.2.2
# shellcheck disable=SC2034
CLI6=fd00:1::2 FWC6=fd00:1::1 FWS6=fd00:2::1 SRV6=fd00:2::2

netns_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck disable=SC2034
sessions=$netns_dir/sessions
PATH=$PATH:$netns_dir/bin
RESULTS=${RESULTS:-$(mktemp -d)}

# The iptables command in use: iptables-nft, iptables-legacy, ip6tables-nft ...
IPT=${IPT:-iptables-nft}

topo_cli=
topo_fw=
topo_srv=
topo_names=()
ktap_planned=
ktap_no=0
ktap_failed=0
ktap_skipped=0
ktap_done=false

# --- KTAP -------------------------------------------------------------------

# ktap_plan [N] - starts the output. Without N the plan is printed at the end.
ktap_plan() {
	printf 'KTAP version 1\n'
	ktap_planned=${1:-}
	[ -z "$ktap_planned" ] || printf '1..%s\n' "$ktap_planned"
}

ktap_ok() {
	ktap_no=$((ktap_no + 1))
	printf 'ok %s %s\n' "$ktap_no" "$*"
}

ktap_not_ok() {
	ktap_no=$((ktap_no + 1))
	ktap_failed=$((ktap_failed + 1))
	printf 'not ok %s %s\n' "$ktap_no" "$*"
}

# ktap_skip NAME REASON - one case which could not be run.
ktap_skip() {
	ktap_no=$((ktap_no + 1))
	ktap_skipped=$((ktap_skipped + 1))
	printf 'ok %s %s # SKIP %s\n' "$ktap_no" "$1" "$2"
}

# ktap_diag TEXT... - explains the line before or after.
ktap_diag() {
	printf '%s\n' "$*" | sed 's/^/# /'
}

# ktap_result NAME STATUS - ok where STATUS is 0.
ktap_result() {
	if [ "$2" = 0 ]; then
		ktap_ok "$1"
	else
		ktap_not_ok "$1"
	fi
}

# skip_all REASON - ends a test which cannot run here at all.
skip_all() {
	ktap_done=true
	printf '1..0 # SKIP %s\n' "$*"
	exit 4
}

# ktap_finish - ends a test: 0 passed, 1 failed, 4 nothing ran.
ktap_finish() {
	ktap_done=true
	[ -n "$ktap_planned" ] || printf '1..%s\n' "$ktap_no"
	[ "$ktap_failed" = 0 ] || exit 1
	[ "$ktap_no" != "$ktap_skipped" ] || exit 4
	exit 0
}

# check NAME CMD... - one case: CMD has to succeed. What it printed is shown
# only if it does not.
check() {
	local name=$1 out rc=0

	shift
	out=$("$@" 2>&1) || rc=$?
	ktap_result "$name" "$rc"
	[ "$rc" = 0 ] || ktap_diag "exit $rc: $*" $'\n'"$out"
}

# check_not NAME CMD... - one case: CMD has to fail with exit status 1, the
# one for "no". Any other failure is a failure of the test.
check_not() {
	local name=$1 out rc=0

	shift
	out=$("$@" 2>&1) || rc=$?
	if [ "$rc" = 1 ]; then
		ktap_ok "$name"
	else
		ktap_not_ok "$name"
		ktap_diag "exit $rc, expected 1: $*" $'\n'"$out"
	fi
}

# check_eq NAME EXPECTED GOT - one case: two values are the same.
check_eq() {
	if [ "$2" = "$3" ]; then
		ktap_ok "$1"
	else
		ktap_not_ok "$1"
		ktap_diag "expected: $2" $'\n'"got:      $3"
	fi
}

# checktool TOOL... - skips the whole test where one is missing.
checktool() {
	local tool

	for tool in "$@"; do
		command -v "$tool" >/dev/null || skip_all "$tool is not there"
	done
}

# checkmodule MODULE... - skips the whole test where one cannot be had.
checkmodule() {
	local module

	for module in "$@"; do
		modprobe -n -q "$module" || skip_all "module $module is not there"
	done
}

# --- Waiting ----------------------------------------------------------------

# nap - the only sleep here; everything else waits for a condition.
nap() {
	sleep 0.05
}

# busywait MS CMD... - runs CMD until it succeeds, at most for MS, longer in a slow machine.
busywait() {
	local limit=$(($1 * ${NF_IM_SLOW:-1})) start now

	shift
	start=${EPOCHREALTIME//[.,]/}
	until "$@" >/dev/null 2>&1; do
		now=${EPOCHREALTIME//[.,]/}
		[ $(((now - start) / 1000)) -lt "$limit" ] || return 1
		nap
	done
}

# listening SIDE PROTO PORT - whether SIDE (cli, fw, srv) listens on a port.
listening() {
	local flags=-Htln

	[ "$2" = tcp ] || flags=-Huln
	[ -n "$("$1" ss "$flags" "sport = :$3")" ]
}

# wait_listen SIDE PORT [PROTO] - waits until SIDE listens on a port.
wait_listen() {
	busywait 20000 listening "$1" "${3:-tcp}" "$2"
}

# --- Topology ---------------------------------------------------------------

in_ns() {
	local ns=$1

	shift
	if [ -n "$ns" ]; then
		ip netns exec "$ns" "$@"
	else
		"$@"
	fi
}

# cli CMD..., fw CMD..., srv CMD... - run a command on one of the hosts.
cli() { in_ns "$topo_cli" "$@"; }
fw() { in_ns "$topo_fw" "$@"; }
srv() { in_ns "$topo_srv" "$@"; }

# use_topology [NAME] - directs cli, fw and srv to the one set up as NAME.
use_topology() {
	local name=${1:-}

	topo_cli=cli${name:+-$name}
	topo_srv=srv${name:+-$name}
	topo_fw=${name:+fw-$name}
}

no_dad() {
	in_ns "$1" sysctl -qw net.ipv6.conf.all.accept_dad=0 \
		net.ipv6.conf.default.accept_dad=0 \
		net.ipv6.conf.default.router_solicitations=0
}

# name_hosts - servers which look a client up shall not wait for a resolver.
name_hosts() {
	[ -d /payload ] || return 0
	printf '%s\n' "127.0.0.1 localhost" "::1 localhost" \
		"$CLI4 cli.test" "$CLI6 cli.test" "$FWC4 fw.test" "$FWC6 fw.test" \
		"$SRV4 srv.test" "$SRV6 srv.test" >/etc/hosts
	printf 'nameserver 127.0.0.1\noptions timeout:1 attempts:1\n' \
		>/etc/resolv.conf
}

# link_hosts NS DEV ADDR4 ADDR6 FWDEV FWADDR4 FWADDR6 - one cable to fw.
link_hosts() {
	fw ip link add "$5" type veth peer name "$2" netns "$1"
	fw ip addr add "$6/24" dev "$5"
	fw ip addr add "$7/64" dev "$5" nodad
	fw ip link set "$5" up
	in_ns "$1" ip addr add "$3/24" dev "$2"
	in_ns "$1" ip addr add "$4/64" dev "$2" nodad
	in_ns "$1" ip link set lo up
	in_ns "$1" ip link set "$2" up
	# Cuts wait for an acknowledgement; a delayed one costs 40 ms each.
	in_ns "$1" ip route add default via "$6" quickack 1
	in_ns "$1" ip -6 route add default via "$7" quickack 1
}

# setup_topology [NAME] - builds the picture above and directs cli, fw, srv to
# it. It can be called again with another NAME.
setup_topology() {
	use_topology "${1:-}"
	topo_names+=("${1:-}")
	ip netns add "$topo_cli" || return
	ip netns add "$topo_srv" || return
	if [ -n "$topo_fw" ]; then
		ip netns add "$topo_fw" || return
		fw ip link set lo up
	fi
	no_dad "$topo_cli" && no_dad "$topo_fw" && no_dad "$topo_srv" || return
	fw sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
	link_hosts "$topo_cli" c0 "$CLI4" "$CLI6" fwc "$FWC4" "$FWC6"
	link_hosts "$topo_srv" s0 "$SRV4" "$SRV6" fws "$FWS4" "$FWS6"
	name_hosts
	busywait 10000 cli ping -c 1 -W 1 "$SRV4" &&
		busywait 10000 cli ping -c 1 -W 1 "$SRV6"
}

flush_rules() {
	fw nft flush ruleset
	fw conntrack -F
}

# cleanup - runs by trap; the processes of a test go with its pid namespace,
# outside of the VM's init they are ended here.
cleanup() {
	local rc=$? name

	trap - EXIT
	if [ "$ktap_done" = false ]; then
		ktap_not_ok "the test ended early, exit $rc"
		rc=1
	fi
	for name in "${topo_names[@]}"; do
		use_topology "$name"
		flush_rules >/dev/null 2>&1
		[ -n "$topo_fw" ] || ip link del fwc 2>/dev/null
		[ -n "$topo_fw" ] || ip link del fws 2>/dev/null
		ip netns del "$topo_cli" 2>/dev/null
		ip netns del "$topo_srv" 2>/dev/null
		[ -z "$topo_fw" ] || ip netns del "$topo_fw" 2>/dev/null
	done
	jobs -p | xargs -r kill 2>/dev/null
	exit "$rc"
}
trap cleanup EXIT

# --- Rules ------------------------------------------------------------------

# ipt ARGS... - the iptables command in $IPT, on fw.
ipt() {
	fw "$IPT" -w "$@"
}

# zero_counters [CHAIN] - of filter's rules. The -Z of iptables-nft 1.8.7 leaves them as they are.
zero_counters() {
	if [[ $IPT == *-nft && $("$IPT" -V) == *" v1.8.7 "* ]]; then
		fw "$IPT-save" -t filter | fw "$IPT-restore"
	else
		ipt -Z ${1:+"$1"}
	fi
}

# counter_ipt TABLE CHAIN COMMENT [bytes] - packets (or bytes) which the rule
# with that comment has counted, by the iptables command in $IPT.
counter_ipt() {
	local field=1

	[ "${4:-}" != bytes ] || field=2
	ipt -t "$1" -v -S "$2" |
	awk -v plain=" --comment $3 " -v quoted=" --comment \"$3\" " \
		-v field="$field" '
		index($0 " ", plain) || index($0 " ", quoted) {
			for (i = 1; i < NF; i++)
				if ($i == "-c") {
					print $(i + field)
					found = 1
					exit
				}
		}
		END { if (!found) exit 1 }'
}

# counter_nft FAMILY TABLE CHAIN COMMENT [bytes] - the same for an nft rule
# which has both a counter and that comment.
counter_nft() {
	fw nft list chain "$1" "$2" "$3" |
	awk -v comment="comment \"$4\"" -v unit="${5:-packets}" '
		index($0, comment) {
			for (i = 1; i < NF; i++)
				if ($i == unit) {
					print $(i + 1)
					found = 1
					exit
				}
		}
		END { if (!found) exit 1 }'
}

# check_count NAME WANT TABLE CHAIN COMMENT - WANT is a number, or >N.
check_count() {
	local got

	got=$(counter_ipt "$3" "$4" "$5") || got=missing
	check_number "$1" "$2" "$got"
}

# check_number NAME WANT GOT - WANT is a number, or >N for more than N.
check_number() {
	if [[ $2 != \>* ]]; then
		check_eq "$@"
	elif [[ $3 =~ ^[0-9]+$ ]] && [ "$3" -gt "${2#>}" ]; then
		ktap_ok "$1"
	else
		ktap_not_ok "$1"
		ktap_diag "expected more than ${2#>}, got $3"
	fi
}
