#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# No fail-open over a reboot: what each tool saved is loaded by what loads it at boot, in another
# machine, and filters as before, proved by a session, or is refused with exit status 1.
#
# Without a further disk rulesets are saved, into $RESULTS/saved.tar; a machine that has this file
# as a disk boots with them:
#	selftests/vm/run --out DIR reboot.sh &&
#		selftests/vm/run --disk DIR/reboot/saved.tar reboot.sh

# Functions are called by check, which shellcheck does not see.
# shellcheck disable=SC2317

# shellcheck source=selftests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/netns/lib-im.sh
. "$(dirname "$0")/lib-im.sh"
# shellcheck source=selftests/netns/lib-nft.sh
. "$(dirname "$0")/lib-nft.sh"

readonly disk=/dev/vdd etc=/etc/nf-im
readonly library=/usr/lib/x86_64-linux-gnu/libnft-im.so
saved=$RESULTS/saved

# What was told to imctl and stays, the rule's form, who saves, who loads, what becomes of it. A
# rule of iptables, "plain" without a comment, is listed by nft as its label where recognition is
# on at boot.
table() {
	cat <<-'END'
		-|iptables|iptables-legacy|iptables-legacy|same
		-|iptables|ip6tables-legacy|ip6tables-legacy|same
		-|iptables|iptables-nft|iptables-nft|same
		-|iptables|ip6tables-nft|ip6tables-nft|same
		-|plain|nft|nftables.service|refused
		enable|plain|nft|nftables.service|same
		enable|label|nft|nftables.service|same
		mark|mark|nft|nftables.service|same
		-|nftim|nft|nftables.service|refused
		-|nftim|nft|nftables.service with libnft-im.so|same
		-|nftim|nft-im|nft-im|same
		-|native|native|native|same
	END
}

# tell WHAT - to imctl, to be there after the boot.
tell() {
	case $1 in
	enable) fw imctl enable ;;
	mark) fw imctl enable && fw imctl mark --mask 0xff00 ;;
	esac
}

save() {
	case $1 in
	ip*) fw "$1-save" -t filter ;;
	native)
		fw nft list ruleset 2>/dev/null
		fw nft-im --native list >"$2/native"
		;;
	*)
		echo 'flush ruleset'
		fw "$1" list ruleset 2>/dev/null
		;;
	esac >"$2/rules"
}

# service [ENV=VALUE] - what nftables.service of this release starts, with its file.
service() {
	local unit start

	for unit in /usr/lib/systemd/system/nftables.service /lib/systemd/system/nftables.service; do
		[ ! -e "$unit" ] || break
	done
	start=$(sed -n 's/^ExecStart=//p' "$unit")
	[[ $start == *nft*/etc/nftables.conf* ]] || ktap_diag "nftables.service: $start"
	# shellcheck disable=SC2086 # a command with its arguments
	fw env "$@" $start
}

# load HOW FILE - as it is done at boot; netfilter-persistent does the first.
load() {
	cp "$2/rules" /etc/nftables.conf
	case $1 in
	ip*) fw "$1-restore" <"$2/rules" ;;
	nftables.service) service ;;
	nftables.service*) service LD_PRELOAD="$library" ;;
	nft-im) fw nft-im -f /etc/nftables.conf ;;
	native) service && fw nft-im --native -f "$2/native" ;;
	esac
}

# power_cycle - no module, no rule, no flow, and nothing of ours in /etc.
power_cycle() {
	clear_rules
	modprobe -q -r nft_im xt_im nf_im
	[ ! -e /sys/module/nf_im ] || ktap_not_ok "the module is still there"
	rm -rf "$etc" /run/nf-im
}

# cut TOOL - the session of the messenger, by the family that the tool is for.
cut() {
	local address=$SRV4

	[[ $1 != ip6* ]] || address=$SRV6
	[[ $(talk_at "$talk" "$address" 5050) == "cut-off c 0/"* ]]
}

save_one() {
	local told=$1 form=$2 tool=$3 dir="$saved/$1,$2,$3" IPT=iptables-nft

	[[ $tool != ip* ]] || IPT=$tool
	mkdir -p "$dir"
	tell "$told" 2>/dev/null
	form_load "$form" "$("${form}_form" "proto ymsg")"
	check "$form, saved by $tool: filters" cut "$tool"
	save "$tool" "$dir"
	[ ! -e "$etc" ] || cp -a "$etc" "$dir/nf-im"
	power_cycle
	end_sessions
}

load_one() {
	local told=$1 form=$2 tool=$3 how=$4 want=$5 dir="$saved/$1,$2,$3" rc=0
	local name="$2, saved by $3, loaded by $4"

	[ "$told" = - ] || name="imctl $told, $name"
	power_cycle
	[ ! -e "$dir/nf-im" ] || cp -a "$dir/nf-im" "$etc"
	check "$name: nf-im.service" "$NF_IM_PAYLOAD/boot/boot" prepare
	load "$how" "$dir" >"$RESULTS/said" 2>&1 || rc=$?
	if [ "$want" = refused ]; then
		check_eq "$name: is refused" 1 "$rc"
		return
	fi
	check_eq "$name: succeeds" 0 "$rc"
	[ "$rc" = 0 ] || ktap_diag "$(<"$RESULTS/said")"
	check "$name: filters as before" cut "$tool"
	check "$name: what is none passes" cli imtalk talk "$service" "$SRV4" 5051
	end_sessions
}

# Each ruleset once, whoever loads it.
before() {
	local told form tool how want last=

	fw imctl labels --write 2>/dev/null
	while IFS='|' read -r told form tool how want <&3; do
		[ "$told $form $tool" = "$last" ] || save_one "$told" "$form" "$tool"
		last="$told $form $tool"
	done 3< <(table)
	cp /etc/connlabel.conf "$saved/nft.labels"
	cp /etc/xtables/connlabel.conf "$saved/xtables.labels"
	tar -C "$saved" -cf "$RESULTS/saved.tar" .
	rm -rf "$saved"
}

after() {
	local told form tool how want

	saved=$(mktemp -d)
	check "there is what another machine saved" tar -C "$saved" -xf "$disk"
	cp "$saved/nft.labels" /etc/connlabel.conf
	mkdir -p /etc/xtables
	cp "$saved/xtables.labels" /etc/xtables/connlabel.conf
	while IFS='|' read -r told form tool how want <&3; do
		load_one "$told" "$form" "$tool" "$how" "$want"
	done 3< <(table)
	rm -rf "$saved"
}

ktap_plan
im_setup nft-im iptables-legacy ip6tables-legacy
checkmodule nft_im
serve "$talk" 5050
serve "$service" 5051
if [ -b "$disk" ]; then
	after
else
	before
fi
power_cycle
ktap_finish
