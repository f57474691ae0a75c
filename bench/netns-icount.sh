#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Guest part of bench/run: instructions of one forwarded packet under several
# configurations of the firewall, as a table in $RESULTS. Each has namespaces of
# its own, since tables of iptables-legacy keep their hooks.

# Configurations are called by name, which shellcheck does not see; rules have variables of nft.
# shellcheck disable=SC2016,SC2317

# shellcheck source=selftests/netns/lib.sh
. "$(dirname "$0")/lib.sh"

readonly packets=200
readonly replays=3 mix_disk=/dev/vdd
readonly table=$RESULTS/icount.tsv
# None of the hosts' own addresses, so that nobody answers.
readonly client=10.0.1.9 server=10.0.2.9

readonly done_cases=(tcp-done-100 tcp-done-1400 udp-done-100 ymsg-text ymsg-inside)
readonly open_cases=(http tls random ymsg-magic ymsg-frame udp-random quic
	http-answer-due ymsg-magic-rest)

# --- Configurations -----------------------------------------------------------

legacy() {
	fw iptables-legacy -w "$@"
}

# Conntrack sees packets once a rule asks for it, in a chain nobody comes by.
conf_conntrack() {
	fw nft -f - <<-END
		table ip bench { chain unused { ct state new; }; }
	END
}

# The hooks of the filter table, without a rule.
conf_table() {
	legacy -S >/dev/null
}

conf_hook() {
	fw imctl enable --runtime
}

conf_proto() {
	legacy -A FORWARD -m im --proto ymsg
}

conf_proto_other() {
	legacy -A FORWARD -m im --proto oscar
}

conf_proto_twice() {
	conf_proto
	conf_proto
}

conf_proto_many() {
	legacy -A FORWARD -m im --proto ymsg,oscar,msnp,xmpp,irc
}

conf_several() {
	legacy -A FORWARD -m im --proto oscar --category messenger --state decided
}

conf_inverted() {
	legacy -A FORWARD -m im ! --proto ymsg --state decided
}

conf_state() {
	legacy -A FORWARD -m im --state undecided
}

conf_action() {
	legacy -A FORWARD -m im --proto ymsg --action file
}

conf_hook_watch() {
	conf_hook
	# In a chain nobody comes by, yet flows are watched for it.
	legacy -N unused
	legacy -A unused -m im --proto ymsg --action file
}

conf_connmark() {
	legacy -A FORWARD -m connmark --mark 1
}

conf_connlabel() {
	legacy -A FORWARD -m connlabel --label im-ymsg
}

conf_string() {
	legacy -A FORWARD -m string --algo bm --string "YMSG-or-other"
}

conf_nft_label() {
	fw nft -f - <<-END
		table ip filter {
			chain forward {
				type filter hook forward priority 0;
				ct label "im-ymsg"
			}
		}
	END
}

# sixty NAME-FORMAT - sixty protocols of the registry, each so; YMSG, whose packets are measured,
# is the last.
sixty() {
	awk -F '\t' -v format="$1\n" '
		$1 ~ /^[0-9]+$/ && $2 != "ymsg" && n++ < 59 { printf format, $2 }
		END { printf format, "ymsg" }' "$NF_IM_PAYLOAD/signatures/registry.tsv"
}

conf_proto_60() {
	{
		echo '*filter'
		sixty '-A FORWARD -m im --proto %s -j ACCEPT'
		echo COMMIT
	} | fw iptables-legacy-restore -w -n
}

# An empty chain, and recognition.
conf_nft_chain() {
	conf_hook && fw nft -f - <<-END
		table ip filter {
			chain forward { type filter hook forward priority 0; }
		}
	END
}

# mark_map ELEMENT... - a verdict map on the mark.
mark_map() {
	conf_nft_chain && fw imctl mark --mask 0xff00 --include "$RESULTS/mark.nft" &&
		fw nft -f - <<-END
		include "$RESULTS/mark.nft"
		add rule ip filter forward ct mark & \$im_mask vmap { $* }
	END
}

conf_mark_1() {
	mark_map '$im_ymsg : accept'
}

conf_mark_60() {
	mark_map "$(sixty '%s : accept' | sed -E ':a; s/^([^:]*)-(.*:)/\1_\2/; ta; s/^/$im_/' |
		paste -sd,)"
}

conf_native_60() {
	conf_nft_chain && fw nft-im --native add rule ip filter forward im proto vmap \
		"{ $(sixty '%s : accept' | paste -sd,) }"
}

# --- Measuring ----------------------------------------------------------------

mac_of() {
	in_ns "$1" cat "/sys/class/net/$2/address"
}

setup_bench() {
	setup_topology "$1" || return
	conf_conntrack || return
	fw ip neigh replace "$client" lladdr "$(mac_of "$topo_cli" c0)" dev fwc \
		nud permanent &&
		fw ip neigh replace "$server" lladdr "$(mac_of "$topo_srv" s0)" dev fws \
			nud permanent
}

# measure_to FILE NAME ARG... - NAME is a configuration, - in its name stands for _; what
# icount says then goes to FILE, its lines with NAME in front. Its namespaces go at once.
measure_to() {
	local file=$1 name=$2 rc=0

	shift 2
	setup_bench "$name" && "conf_${name//-/_}" || rc=1
	[ "$rc" != 0 ] || icount "$topo_cli" "$topo_srv" "$@" | sed "s/^/$name\t/" >>"$file"
	[ "${PIPESTATUS[0]}" = 0 ] || rc=1
	ktap_result "$name" "$rc"
	fw conntrack -F >/dev/null 2>&1
	ip netns del "$topo_cli"
	ip netns del "$topo_srv"
	ip netns del "$topo_fw"
}

# measure NAME CASE... - named packets.
measure() {
	local name=$1

	shift
	measure_to "$table" "$name" "$packets" "$@"
}

# measure_mix NAME - the packets that bench/run hands over as a disk, a line for each of
# them, the least of $replays.
measure_mix() {
	measure_to "$RESULTS/mix.tsv" "$1" "$replays" replay "$mix_disk"
}

# shellcheck disable=SC2119 # no number of cases
ktap_plan
checktool icount iptables-legacy nft imctl nft-im
checkmodule xt_im nft_im
modprobe -a xt_im nft_im
imctl labels --write >/dev/null || ktap_not_ok "labels"
printf 'configuration\tcase\tmedian\tleast\tp99\n' >"$table"
# Twice, to see that the same comes out again.
measure conntrack "${done_cases[@]}" "${open_cases[@]}"
measure conntrack "${done_cases[@]}" "${open_cases[@]}"
measure table "${done_cases[@]}" "${open_cases[@]}"
measure hook "${done_cases[@]}" "${open_cases[@]}"
measure proto "${done_cases[@]}" "${open_cases[@]}"
measure proto-other "${done_cases[@]}"
measure proto-twice "${done_cases[@]}"
measure proto-many "${done_cases[@]}"
measure several "${done_cases[@]}"
measure inverted "${done_cases[@]}"
measure state "${done_cases[@]}" "${open_cases[@]}"
measure hook-watch "${done_cases[@]}" "${open_cases[@]}"
measure action "${done_cases[@]}" "${open_cases[@]}"
measure connmark "${done_cases[@]}"
measure connlabel "${done_cases[@]}"
measure proto-60 "${done_cases[@]}"
measure nft-chain "${done_cases[@]}"
measure mark-1 "${done_cases[@]}"
measure mark-60 "${done_cases[@]}"
measure native-60 "${done_cases[@]}"
measure string "${done_cases[@]}"
measure nft-label "${done_cases[@]}"
if [ -b "$mix_disk" ]; then
	measure_mix conntrack
	measure_mix hook
fi
ktap_finish
