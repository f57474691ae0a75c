#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The match in iptables of 32 bits, on this kernel of 64: rules that it sets match the traffic that
# those of the native one do, and each of the two reads, finds and deletes what the other wrote.
# /dev/vdd has that iptables; see run.

# Functions are called by check.
# shellcheck disable=SC2119,SC2317

# shellcheck source=selftests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/netns/lib-im.sh
. "$(dirname "$0")/lib-im.sh"

root=$(mktemp -d)
names=$(mktemp -d)

# tool NAME PROGRAM - names/NAME runs PROGRAM by its own loader and libraries.
tool() {
	cat >"$names/$1" <<-END
		#!/bin/sh
		XTABLES_LIBDIR=$root/usr/lib/i386-linux-gnu/xtables exec $root/lib/i386-linux-gnu/ld-linux.so.2 \\
			--library-path $root/lib/i386-linux-gnu:$root/usr/lib/i386-linux-gnu \\
			$root/usr/sbin/$2 "\$@"
	END
	chmod 755 "$names/$1"
}

install_tools() {
	local family kind form

	for family in iptables ip6tables; do
		for kind in legacy nft; do
			for form in '' -save -restore; do
				tool "$family-32-$kind$form" "xtables-$kind-multi $family$form"
			done
		done
	done
	PATH=$names:$PATH
}

# agree NATIVE OTHER OPTION... - what one of them adds, both list alike, and the second deletes.
agree() {
	local one=$1 two=$2 rule listed

	shift 2
	"$one" -w -A FORWARD -m im "$@" -j DROP || return
	listed=$("$one" -w -S FORWARD) rule=$("$two" -w -S FORWARD)
	printf '%s\n%s\n' "$listed" "$rule"
	[ "$listed" = "$rule" ] && [[ $rule == *"-m im"* ]] &&
		"$two" -w -C FORWARD -m im "$@" -j DROP &&
		! "$two" -w -C FORWARD -m im --proto tlen -j DROP 2>/dev/null &&
		"$two" -w -D FORWARD -m im "$@" -j DROP && [[ $("$one" -w -S FORWARD) != *"-m im"* ]]
}

test_agree() {
	local kind one two
	local -a options=(--proto "ymsg,oscar" '!' --category voice --action "login,file"
		--state decided --confidence payload)

	for kind in legacy nft; do
		one=iptables-$kind two=iptables-32-$kind
		check "$kind: what 64 bits wrote, 32 read and delete" agree "$one" "$two" "${options[@]}"
		check "$kind: and the other way round" agree "$two" "$one" "${options[@]}"
		check "$kind: one protocol alone" agree "$two" "$one" --proto xmpp
	done
}

# test_traffic TOOL ADDRESS - its rules drop YMSG, and nothing of a look-alike.
test_traffic() {
	# shellcheck disable=SC2034 # read by ipt
	local tool=$1 address=$2 IPT=$1

	drop_rules
	check_like "$tool: YMSG is cut at its first frame" "cut-off c 0/* s 0/* timeout" \
		"$(talk_at "$talk" "$address" 5050)"
	check_counts "$tool: the rule counted, and no other" "ymsg>0" "drop>0" twin=0
	zero_counters FORWARD
	check "$tool: a look-alike passes" cli imtalk talk "$service" "$address" 5051
	check_counts "$tool: and counts nowhere" ymsg=0 drop=0 twin=0
	ipt -F FORWARD
	end_sessions
}

main() {
	[ -b /dev/vdd ] || skip_all "no disk with iptables of 32 bits"
	mount -t squashfs -o ro /dev/vdd "$root"
	install_tools
	iptables-32-legacy -V >/dev/null || skip_all "this kernel runs no programs of 32 bits"
	ktap_plan
	im_setup iptables-legacy
	serve "$talk" 5050
	serve "$service" 5051
	test_agree
	test_traffic iptables-32-legacy "$SRV4"
	test_traffic iptables-32-nft "$SRV4"
	test_traffic ip6tables-32-legacy "$SRV6"
	test_traffic ip6tables-32-nft "$SRV6"
	ktap_finish
}

main "$@"
