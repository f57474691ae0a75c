#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A user without privilege is admin of his own namespaces. There he has all of
# it: rules, counters, events. Elsewhere he has nothing: no pack, no event, no
# memory of others.
#
#	initial namespace		the topology of lib.sh, another admin
#	the user's (user and net)	lo, and a dummy device for floods

# shellcheck source=selftests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/netns/lib-im.sh
. "$(dirname "$0")/lib-im.sh"
# shellcheck source=selftests/netns/lib-flood.sh
. "$(dirname "$0")/lib-flood.sh"

readonly uid=1000
readonly cgroup=/sys/fs/cgroup/nf-im-user
readonly memory=$((64 << 20))	# bytes his cgroup may have
readonly sixteenth=$((1 << 20))	# bytes, of the default cap

# --- Who --------------------------------------------------------------------

readonly be_user=(setpriv --reuid="$uid" --regid="$uid" --clear-groups)

# as_user CMD... - without any privilege, in the initial namespaces.
as_user() {
	"${be_user[@]}" "$@"
}

# Runs a command in the user's memory cgroup, where there is one.
# shellcheck disable=SC2016 # expanded by the inner shell
readonly in_cgroup=(sh -c '[ ! -d "$0" ] || echo $$ >"$0/cgroup.procs"
	exec "$@"' "$cgroup")

# user_start - his namespaces, kept by $holder.
user_start() {
	echo +memory >/sys/fs/cgroup/cgroup.subtree_control && mkdir "$cgroup" &&
		echo "$memory" >"$cgroup/memory.max"
	(exec "${in_cgroup[@]}" "${be_user[@]}" unshare -Urn sleep infinity) &
	holder=$!
	busywait 20000 grep -qx sleep "/proc/$holder/comm"
}

# user CMD... - as the user, admin of his own namespaces.
user() {
	"${in_cgroup[@]}" "${be_user[@]}" nsenter -t "$holder" -U -n \
		--preserve-credentials "$@"
}

user_status() {
	user imctl status | awk -F '\t' -v key="$1" '$1 == key { print $2 }'
}

user_status_is() {
	[ "$(user_status "$1")" = "$2" ]
}

# user_talk SCRIPT PORT - a session in his namespace.
user_talk() {
	user imtalk talk --timeout 1500 "$1" 127.0.0.1 "$2"
}

user_flood() {
	user rawflood tcp "$CLI4" "$FLOOD4" "$@"
}

user_listens() {
	[ -n "$(user ss -Htln "sport = :$1")" ]
}

user_network() {
	user ip link set lo up && user ip link add d0 type dummy &&
		user ip addr add "$CLI4/24" dev d0 && user ip link set d0 up &&
		user ip route add "$FLOOD4/32" dev d0
}

user_serve() {
	(user imtalk serve "$1" "$2" >/dev/null) &
	busywait 20000 user_listens "$2"
}

# --- His own ----------------------------------------------------------------

user_rule() {
	user env XTABLES_LOCKFILE="/tmp/lock.$uid" "$1" "$2" OUTPUT -p tcp \
		-m im --proto ymsg -m comment --comment ymsg -j DROP
}

# The module comes with his first rule.
test_rules() {
	local tool

	check_not "the module is not there" module_loaded nf_im
	check "without a rule his session completes" user_talk "$talk" 5050
	for tool in iptables-nft iptables-legacy; do
		check "he may add a rule by $tool" user_rule "$tool" -A
		check_like "which cuts his sessions" "cut-off c 0/* timeout" \
			"$(user_talk "$talk" 5050)"
		check "and no look-alike" user_talk "$text" 5051
		check "he may delete it" user_rule "$tool" -D
		check "then his session completes" user_talk "$talk" 5050
	done
	check "he may enable the hook" user imctl enable --runtime
	check_eq "which shows there" "yes" "$(user_status enabled)"
	check_eq "and not here" "no" "$(im_status enabled)"
	check "he adds a rule again" user_rule iptables-nft -A
}

# Each sees his own counters.
test_counters() {
	local matched

	matched=$(user_status matched)
	cut_rule
	check "a session here is cut" is_cut
	check_eq "we see it" 1 "$(im_status matched)"
	check_eq "he does not" "$matched" "$(user_status matched)"
	check_like "a session there is cut" "cut-off c 0/* timeout" \
		"$(user_talk "$talk" 5050)"
	check_eq "he sees it" $((matched + 1)) "$(user_status matched)"
	check_eq "we do not" 1 "$(im_status matched)"
	check_eq "nor his rule" "1 1" "$(im_status rules) $(user_status rules)"
}

# --- Others' ----------------------------------------------------------------

# said_to WHO... - the answers to the two requests that tell something.
said_to() {
	printf '%s\n' "open a" "get a" "join a" |
		"$@" "$netns_dir/rawgenl" | cut -d ' ' -f 1,2 | xargs
}

test_permission() {
	check_eq "an admin may ask and listen" "ok ok crc ok" "$(said_to env)"
	check_eq "a user may not" "ok fail EPERM fail EPERM" \
		"$(said_to as_user env)"
	check_eq "an admin of a user namespace alone neither" \
		"ok fail EPERM fail EPERM" "$(said_to as_user unshare -Ur)"
	check_eq "an admin of his own network may there" "ok ok crc ok" \
		"$(said_to user env)"
	check_eq "without CAP_NET_ADMIN he may not" \
		"ok fail EPERM fail EPERM" \
		"$(said_to user setpriv --bounding-set=-net_admin)"
}

# load_as WHO... - the answer to an upload, and the pack in force then.
load_as() {
	printf '%s\n' "open a" "load a $RESULTS/pack" "rollback a" |
		"$@" "$netns_dir/rawgenl" | tail -n +2 | xargs
}

test_packs() {
	local crc

	crc=$(im_status pack.crc)
	make_pack "$RESULTS/pack"
	chmod 755 "$RESULTS"
	check_eq "he may load no pack" "fail EPERM fail EPERM" \
		"$(load_as user env)"
	check_eq "nor from here" "fail EPERM fail EPERM" "$(load_as as_user env)"
	ip netns add packs
	check_like "nor may root, from another namespace" \
		"fail EPERM packs are loaded from the initial network namespace only *" \
		"$(load_as ip netns exec packs env)"
	ip netns del packs
	check_eq "the pack is the same" "$crc" "$(im_status pack.crc)"
	check_eq "root may" "ok ok" "$(load_as env)"
}

# heard FILE CMD... - a session leads to an event; those before it may be lost.
heard() {
	"${@:2}" >/dev/null
	grep -q ymsg "$1"
}

test_events() {
	local here=$RESULTS/here there=$RESULTS/there monitors

	imctl monitor >"$here" &
	monitors=$!
	(user imctl monitor >"$there") &
	check "we hear what is here" busywait 20000 heard "$here" is_cut
	check_not "he does not" grep ymsg "$there"
	check "he hears what is there" busywait 20000 heard "$there" \
		user_talk "$talk" 5050
	check_not "we do not" grep 127.0.0.1 "$here"
	check_not "and he has none of ours" grep "$CLI4" "$there"
	kill $monitors
}

# --- Memory -----------------------------------------------------------------

charged() {
	awk '$1 == "slab_unreclaimable" { print $2 }' "$cgroup/memory.stat"
}

charged_more() {
	[ "$(charged)" -gt "$1" ]
}

test_memory() {
	local before

	imctl signatures load "$RESULTS/pack"
	user conntrack -F 2>/dev/null
	busywait 25000 user_status_is entries 0
	before=$(charged)
	check_eq "he floods" 20000 "$(user_flood 4000 20000 "EHLO")"
	check_most "and has a sixteenth at most" $sixteenth "$(user_status bytes)"
	check_number "all of which he took" ">$((sixteenth * 9 / 10))" \
		"$(user_status bytes)"
	check_number "the rest is uninspected, or made room" ">10000" \
		$(($(user_status uninspected) + $(user_status evicted)))
	check_eq "none of ours" 0 "$(im_status uninspected)"
	check_eq "we have no entry of his" 0 "$(im_status entries)"
	if ! grep -q __ksymtab_int_active_memcg /proc/kallsyms; then
		ktap_skip "his cgroup pays for them" "this kernel lets no module charge it"
	elif [ -d "$cgroup" ]; then
		check "his cgroup pays for them" busywait 10000 charged_more \
			$((before + sixteenth * 9 / 10))
		ktap_diag "before: $before, now: $(charged)"
		check_most "as far as he may have any" "$memory" \
			"$(cat "$cgroup/memory.current")"
	else
		ktap_skip "his cgroup pays for them" "no memory cgroup"
	fi
	(user_flood 4010 200000 YMSG >/dev/null) &
	check "while he floods, sessions here are cut" is_cut
	check "look-alikes are not" cli imtalk talk "$text" "$SRV4" 5051
	check_eq "in pieces neither, nor are they uninspected" 0 \
		"$(im_status uninspected)"
	wait $!
	check "he is done" user_status_is enabled yes
	test_memory_ours
}

# What we take is not his to pay.
test_memory_ours() {
	local before

	[ -d "$cgroup" ] || return 0
	user conntrack -F 2>/dev/null
	check "his entries go" busywait 25000 user_status_is entries 0
	check_not "and his cgroup pays no more" busywait 5000 charged_more \
		$((sixteenth / 2 + $(charged)))
	before=$(charged)
	flood 4000 20000 "EHLO" >/dev/null
	check_eq "our flood has its entries" 20000 "$(im_status entries)"
	check_not "and he does not pay" busywait 4000 charged_more \
		$((before + sixteenth / 2))
}

# His namespaces go with his last process, whatever they hold.
test_end() {
	kill "$holder"
	pkill -u "$uid" -x imtalk
	pkill -u "$uid" -x imctl
	ipt -F FORWARD
	check "when he is gone, so are his rules" busywait 20000 unload
	check "and all memory" caches_gone
	check "the kernel has nothing to complain of" kernel_is_well
}

ktap_plan
modprobe -a -q dummy nf_conntrack
im_setup setpriv unshare nsenter pkill python3
rules_gone
user_start || skip_all "no user namespaces"
user_network || skip_all "no dummy device"
user_serve "$talk" 5050
user_serve "$text" 5051
serve "$talk" 5050
serve "$text" 5051
flood_route
test_rules
test_counters
test_permission
test_packs
test_events
test_memory
test_end
ktap_finish
