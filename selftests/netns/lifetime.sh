#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Modules, rules and namespaces come and go while traffic flows: nothing stops
# matching that should match, and nothing stays behind that should go.

# shellcheck source=selftests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/netns/lib-im.sh
. "$(dirname "$0")/lib-im.sh"
# shellcheck source=selftests/netns/lib-flood.sh
. "$(dirname "$0")/lib-flood.sh"

readonly tools=(iptables-nft iptables-legacy ip6tables-nft ip6tables-legacy)
readonly cycles=100 warm=10

# --- Loading ----------------------------------------------------------------

# A rule is all it takes; a rule is what holds the modules.
test_autoload() {
	local IPT

	for IPT in "${tools[@]}"; do
		check "$IPT: the modules can go" rules_gone
		check_not "$IPT: they are not there" module_loaded xt_im
		check "$IPT: a rule is added" ipt -A FORWARD -m im --proto ymsg
		check "$IPT: which loaded xt_im" module_loaded xt_im
		check "$IPT: and nf_im" module_loaded nf_im
		check_not "$IPT: xt_im cannot be removed" rmmod xt_im
		check_not "$IPT: nor nf_im" rmmod nf_im
		ipt -F FORWARD
		check "$IPT: without the rule they can" busywait 5000 unload
	done
}

test_parameters() {
	check_not "label_base=49 is refused" modprobe nf_im label_base=49
	check "with a sentence" grep -F \
		"label_base=49 leaves no room for 80 labels, it may be 48 at most" \
		<(dmesg)
	check_not "the module is not there" module_loaded nf_im
	check "label_base=48 is taken" reload label_base=48
	check_eq "and shown" 48 "$(im_status label_base)"
	cut_rule
	check "a session is cut with it" is_cut
	check "a cap which is too small is taken" reload table_bytes=1
	check_eq "as 1 MiB" 1048576 "$(im_status bytes_cap)"
	rules_gone
}

# --- Rules ------------------------------------------------------------------

test_rules() {
	local IPT

	for IPT in iptables-nft iptables-legacy; do
		cut_rule
		check "$IPT: a session is cut" is_cut
		ipt -D FORWARD 1
		check "$IPT: the rule is gone, a session completes" completes
		cut_rule
		check "$IPT: it is back, a session is cut" is_cut
		ipt -F
		check "$IPT: all rules are flushed, a session completes" completes
	done
}

# The whole ruleset is replaced by itself, again and again; no session slips by.
test_restore() {
	local IPT rules=$RESULTS/rules i

	for IPT in iptables-nft iptables-legacy; do
		cut_rule
		ipt -A FORWARD -m im --state undecided -m comment --comment wait
		fw "$IPT-save" >"$rules"
		sessions_start "$talk" 5050
		sessions_start --cut 4 "$talk" 5052
		sessions_start "$service" 5051
		for i in {1..25}; do
			fw "$IPT-restore" -w 5 <"$rules" || break
		done
		sessions_stop
		check_eq "$IPT: restored over itself 25 times" 25 "$i"
		check_number "$IPT: sessions meanwhile were cut" ">10" \
			"$(sessions_reset 5050)"
		check_number "$IPT: those in pieces, too" ">10" \
			"$(sessions_reset 5052)"
		check_eq "$IPT: none completed" "0 0" \
			"$(sessions_whole 5050) $(sessions_whole 5052)"
		check_number "$IPT: look-alikes completed" ">10" \
			"$(sessions_whole 5051)"
		check_eq "$IPT: none was cut" 0 "$(sessions_broken 5051)"
		ipt -F FORWARD
	done
}

# --- What others hold -------------------------------------------------------

labelled_bed() {
	fw conntrack -L -p tcp --dport "$1" -o labels 2>/dev/null |
		grep "labels=.*bed-label"
}

# Labels of others outlive our reference on them, whichever came first.
test_labels() {
	mkdir -p /etc/xtables
	printf '1 bed-label\n' >>/etc/xtables/connlabel.conf
	cut_rule
	ipt -A FORWARD -p tcp -m connlabel --label bed-label --set
	rules_of_ours_gone
	conntrack -F 2>/dev/null
	check "a session completes" completes
	check "labels of others can be set after us" labelled_bed 5050
	cut_rule
	check "a session is cut beside them" is_cut 5052
	rules_of_ours_gone
	check "another completes" completes 5052
	check "and is labelled as before" labelled_bed 5052
	ipt -F FORWARD
}

rules_of_ours_gone() {
	ipt -D FORWARD -p tcp -m im --proto ymsg -m comment --comment ymsg \
		-j REJECT --reject-with tcp-reset
}

tracked() {
	conntrack -F 2>/dev/null
	completes >/dev/null
	[ "$(sysctl -n net.netfilter.nf_conntrack_count)" != 0 ]
}

# Conntrack is asked for by a rule or by enable, and let go afterwards.
test_conntrack() {
	check_not "without a rule nothing is tracked" tracked
	ipt -A FORWARD -m im --state undecided
	check "with one it is" tracked
	ipt -F FORWARD
	check_not "afterwards it is not" busywait 2000 tracked
	imctl enable --runtime
	check "with the hook enabled it is" tracked
	check "which does not hold the modules" unload
	check_not "without them nothing is tracked" tracked
}

# --- Namespaces -------------------------------------------------------------

unused() {
	[ "$(cat "/sys/module/$1/refcnt")" = 0 ]
}

# A firewall goes with its rules, of both kinds, and with its undecided flows.
test_namespace() {
	setup_topology gone
	IPT=iptables-nft cut_rule
	IPT=iptables-legacy cut_rule
	fw imctl enable
	serve "$talk" 5050
	(exec ip netns exec "$topo_cli" imtalk talk --flood 200 --first 4 "$talk" \
		"$SRV4" 5050 >/dev/null) &
	check "flows are undecided" busywait 20000 counter_is fw-gone entries 200
	check "a session is cut" is_cut
	check_not "rules hold the modules" unload
	use_topology
	ip netns del fw-gone
	check "the namespace is gone and with it its rules" busywait 20000 \
		unused xt_im
	kill $!
	check "both modules go" unload
	check "and their caches" caches_gone
}

# --- A hundred lives --------------------------------------------------------

# heap - objects of the kernel's general caches, those in reserve let go. The
# smaller ones change by themselves; ours are of 512 bytes and more, or in caches
# of their own.
heap() {
	local cache

	conntrack -F 2>/dev/null
	for cache in /sys/kernel/slab/kmalloc-*; do
		echo 1 >"$cache/shrink"
	done
	awk '$1 ~ /^kmalloc-(cg-)?(512|[1248]k)$/ { print $1, $2 }' /proc/slabinfo
	awk '/^(Percpu|VmallocUsed):/ { print $1, int($2 / 4) }' /proc/meminfo
}

# cycle - a rule loads the modules, cuts a session, and goes with them.
cycle() {
	local said

	cut_rule || return
	if ! said=$(is_cut 5052); then
		ktap_diag "cycle $1: $said"
		return 1
	fi
	[ $(($1 % 10)) != 0 ] || timeout 0.5 imctl monitor >/dev/null
	ipt -F FORWARD && unload && caches_gone && return
	ktap_diag "cycle $1: the modules stay"
	return 1
}

test_cycles() {
	local IPT=iptables-legacy pause=200 i start=$SECONDS

	sessions_start "$talk" 5050
	sessions_start "$service" 5051
	for ((i = 1; i <= cycles; i++)); do
		cycle "$i" || break
		[ "$i" != "$warm" ] || heap >"$RESULTS/heap.warm"
	done
	heap >"$RESULTS/heap.end"
	sessions_stop
	check_eq "loaded, matched and unloaded $cycles times" $((cycles + 1)) "$i"
	ktap_diag "$((SECONDS - start)) s; sessions: $(sessions_reset 5050) reset," \
		"$(sessions_whole 5050) completed, $(sessions_whole 5051) look-alikes"
	check_number "other sessions were cut meanwhile" ">10" \
		"$(sessions_reset 5050)"
	check_number "or completed" ">10" "$(sessions_whole 5050)"
	check_eq "look-alikes were never cut" 0 "$(sessions_broken 5051)"
	check_eq "no cache grew by an object a time" "" "$(heap_grown)"
}

# heap_grown - caches with more objects than half of the cycles explain.
heap_grown() {
	join "$RESULTS/heap.warm" "$RESULTS/heap.end" |
		awk -v most=$(((cycles - warm) / 2)) '$3 - $2 > most'
}

ktap_plan
im_setup "${tools[@]}" rmmod join
serve "$talk" 5050 5052
serve "$service" 5051
test_autoload
test_parameters
test_rules
test_restore
test_labels
test_namespace
test_cycles
test_conntrack
check "the kernel has nothing to complain of" kernel_is_well
ktap_finish
