#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# No fail-open: "list > f; flush; -f f" of each form by each tool restores the same filtering,
# or fails with a status other than 0. Proved with a session. What each tool of this release
# does stands in the table; the native form, which stock nft loses, is in nft-native.sh.

# Functions are called by check, which shellcheck does not see.
# shellcheck disable=SC2317

# shellcheck source=selftests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/netns/lib-im.sh
. "$(dirname "$0")/lib-im.sh"
# shellcheck source=selftests/netns/lib-nft.sh
. "$(dirname "$0")/lib-nft.sh"

# form, tool, and what becomes of the rule; "plain" is one of iptables without its comment. Of the
# comment match JSON says the name only, and nft 1.1.7 lists it where no nft reads it: either.
table() {
	cat <<-'END'
		iptables|iptables-nft|same
		iptables|nft|refused
		iptables|nft -j|refused
		iptables|nft-im|either
		plain|nft-im|same
		iptables|nft-im -j|refused
		label|nft|same
		label|nft -j|same
		label|nft-im|same
		label|nft-im -j|same
		mark|nft|same
		mark|nft -j|same
		mark|nft-im|same
		nftim|nft|refused
		nftim|nft -j|refused
		nftim|nft-im|same
		nftim|nft-im -j|same
	END
}

save() {
	case $1 in
	iptables*) fw "$1-save" ;;
	*)
		# shellcheck disable=SC2086 # with its option
		fw $1 list ruleset 2>/dev/null
		;;
	esac
}

restore() {
	case $1 in
	iptables*) fw "$1-restore" "$2" ;;
	*)
		# shellcheck disable=SC2086 # with its option
		fw $1 -f "$2"
		;;
	esac
}

flush() {
	case $1 in
	iptables-legacy) fw iptables-legacy -w -F ;;
	*) fw nft flush ruleset ;;
	esac
}

cut() {
	[[ $(talk_at "$talk" "$SRV4" 5050) == "cut-off c 0/"* ]]
}

one() {
	local form=$1 tool=$2 want=$3 name="$1 by $2" saved=$RESULTS/saved rc=0

	form_setup "$form"
	form_load "$form" "$("${form}_form" "proto ymsg")"
	check "$name: filters" cut
	save "$tool" >"$saved"
	flush "$tool"
	check_not "$name: flushed, nothing is cut" cut
	restore "$tool" "$saved" >/dev/null 2>&1 || rc=$?
	[ "$want" != either ] || { [ "$rc" = 0 ] && want=same || want=refused; }
	case $want in
	same)
		check_eq "$name: restored" 0 "$rc"
		check "$name: filters as before" cut
		check_eq "$name: saved again the same" "$(plain "$saved")" \
			"$(save "$tool" | plain)"
		;;
	refused)
		check_eq "$name: refused" 1 "$rc"
		;;
	esac
	clear_rules
	form_teardown
	end_sessions
}

# plain [FILE] - without counters, times and handles.
plain() {
	sed -E 's/ +/ /g; s/packets [0-9]+ bytes [0-9]+//; s/\[[0-9]+:[0-9]+\]//; /^#/d
		s/"(packets|bytes|handle)": [0-9]+//g' "$@"
}

# iptables-legacy keeps its rules apart from nft's.
test_legacy() {
	# shellcheck disable=SC2034 # read by ipt and rules
	local IPT=iptables-legacy

	form_load iptables "-m im --proto ymsg"
	check "iptables-legacy: filters" cut
	fw iptables-legacy-save >"$RESULTS/legacy"
	flush iptables-legacy
	check_not "iptables-legacy: flushed" cut
	check "iptables-legacy: restored" fw iptables-legacy-restore "$RESULTS/legacy"
	check "iptables-legacy: filters as before" cut
	clear_rules
}

ktap_plan
im_setup nft-im iptables-legacy
serve "$talk" 5050
fw imctl labels --write 2>/dev/null
modprobe xt_im
while IFS='|' read -r form tool want <&3; do
	one "$form" "$tool" "$want"
done 3< <(table)
test_legacy
ktap_finish
