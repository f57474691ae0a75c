#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Everything at once, on two processors: sessions in both directions while rules,
# packs, the hook, namespaces and conntracks come and go. Nothing is promised of
# the sessions meanwhile; afterwards all works, and nothing is left.

# shellcheck source=selftests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/netns/lib-im.sh
. "$(dirname "$0")/lib-im.sh"
# shellcheck source=selftests/netns/lib-flood.sh
. "$(dirname "$0")/lib-flood.sh"

readonly seconds=60
readonly stop=$RESULTS/stop

# --- Traffic ----------------------------------------------------------------

# Packets of either side are received on both processors.
spread() {
	local dev

	for dev in fwc fws; do
		echo 3 >"/sys/class/net/$dev/queues/rx-0/rps_cpus"
	done
}

# from_srv PORT - sessions which the other side opens.
from_srv() {
	(exec ip netns exec "$topo_cli" imtalk serve "$talk" "$1" >/dev/null) &
	wait_listen cli "$1"
	(exec ip netns exec "$topo_srv" imtalk talk --count 1000000 --delay-at \
		0:10 --timeout 2000 "$talk" "$CLI4" "$1") \
		>"$RESULTS/sessions.$1" 2>&1 &
	sessions+=($!)
}

start_traffic() {
	local pause=10

	serve "$talk" 5050 5052 5053
	serve "$service" 5051
	sessions_start --timeout 2000 "$talk" 5050
	sessions_start --timeout 2000 --cut 4 "$talk" 5052
	sessions_start --timeout 2000 --bytewise "$talk" 5053
	sessions_start --timeout 20000 "$service" 5051
	from_srv 6050
}

# --- What comes and goes ----------------------------------------------------

# loop NAME - calls do_NAME until the stop; counts how often it worked.
loop() {
	local times=0

	while [ ! -e "$stop" ]; do
		"do_$1" >/dev/null 2>&1 && times=$((times + 1))
	done
	echo "$times" >"$RESULTS/loop.$1"
}

do_rules() {
	local args=(FORWARD -p tcp -m im --proto ymsg --action "message,login")

	iptables-nft -A "${args[@]}" -j REJECT --reject-with tcp-reset &&
		iptables-nft -D "${args[@]}" -j REJECT --reject-with tcp-reset
}

do_restore() {
	iptables-legacy-restore -w 10 <<-'END'
		*filter
		-A FORWARD -m im --state undecided,uninspected
		-A FORWARD -p tcp -m im --proto ymsg -j REJECT --reject-with tcp-reset
		-A FORWARD -m im ! --proto ymsg --action login,other
		COMMIT
	END
}

do_packs() {
	imctl signatures load --force "$RESULTS/pack" &&
		imctl signatures rollback
}

do_enable() {
	imctl enable --runtime && imctl disable --runtime
}

# A namespace which goes with rules of both kinds, the hook and live flows.
do_namespace() {
	ip netns add race && ip -n race link add d0 type dummy &&
		ip -n race addr add "$CLI4/24" dev d0 &&
		ip -n race link set d0 up &&
		ip -n race route add "$FLOOD4/32" dev d0 &&
		in_ns race iptables-legacy -A OUTPUT -m im --proto ymsg &&
		in_ns race iptables-nft -A OUTPUT -m im --state undecided &&
		in_ns race imctl enable &&
		in_ns race rawflood tcp "$CLI4" "$FLOOD4" 4000 500 YMSG
	ip netns del race
}

do_conntrack() {
	conntrack -F
}

do_status() {
	imctl status && timeout 0.3 imctl monitor
	[ $? = 124 ]
}

# Flows for the table's cap, and their segments again for its races.
do_flood() {
	flood 4000 3000 YMSG && flood 4000 3000 "YMSG and more"
}

readonly loops=(rules restore packs enable namespace conntrack status flood)

test_races() {
	local name pids=()

	for name in "${loops[@]}"; do
		loop "$name" &
		pids+=($!)
	done
	busywait $((seconds * 1000)) false
	touch "$stop"
	wait "${pids[@]}"
	sessions_stop
	for name in "${loops[@]}"; do
		check_number "$name came and went" ">0" \
			"$(cat "$RESULTS/loop.$name")"
		ktap_diag "$(cat "$RESULTS/loop.$name") times"
	done
	ktap_diag "sessions reset, completed:" \
		"$(for name in 5050 5052 5053 6050 5051; do
			echo "$(sessions_reset $name) $(sessions_whole $name),"
		done | xargs)"
	check_number "sessions were cut meanwhile" ">10" \
		"$(sessions_reset 5050)"
	check_number "look-alikes completed" ">10" "$(sessions_whole 5051)"
	check_eq "none was cut" 0 "$(sessions_broken 5051)"
}

# --- Afterwards -------------------------------------------------------------

test_after() {
	clear_rules
	imctl disable --runtime
	check "a pack is loaded" imctl signatures load --force "$RESULTS/pack"
	check "without a rule a session completes" completes
	check_eq "nothing has an entry" 0 "$(im_status entries)"
	cut_rule
	check "with one it is cut" is_cut
	check "in pieces, too" cut_in_pieces
	check "a look-alike is not" cli imtalk talk "$service" "$SRV4" 5051
	conntrack -F 2>/dev/null
	check_swept "no entry stays" ""
	check_eq "no memory neither" 0 "$(im_status bytes)"
	check "the kernel has nothing to complain of" kernel_is_well
	check "the modules go" rules_gone
	check "and all memory" caches_gone
}

cut_in_pieces() {
	[[ $(cli imtalk talk --cut 4 "$talk" "$SRV4" 5050) == "cut-off c 4/"*reset ]]
}

ktap_plan
modprobe -a -q dummy nf_conntrack
im_setup iptables-nft iptables-legacy-restore
flood_route
make_pack "$RESULTS/pack" || skip_all "packs cannot be built"
reload table_bytes=$((2 << 20))
spread
start_traffic
test_races
test_after
ktap_finish
