#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Every case of the tables in lib-nft.sh, in every form that can say it: iptables, stock nft by
# label and by mark, nft-im, native expression. All cut the same session at the same byte; and
# where all count side by side, they count the same packets.

# shellcheck source=selftests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/netns/lib-im.sh
. "$(dirname "$0")/lib-im.sh"
# shellcheck source=selftests/netns/lib-nft.sh
. "$(dirname "$0")/lib-nft.sh"

# nft-im is not built where the release's libnftables is too old for it.
if command -v nft-im >/dev/null; then
	forms=${FORMS:-iptables label mark nftim native}
else
	forms=${FORMS:-iptables label mark}
fi

# packets FORM - what its rule counted.
packets() {
	case $1 in
	iptables) counter_ipt filter FORWARD main ;;
	native) fw nft-im --native list | sed -n 's/.*packets \([0-9]*\).*/\1/p' ;;
	*) counter_nft inet guard guard main ;;
	esac
}

port_of() {
	case $1 in
	login-message) echo 5050 ;;
	lookalike-service) echo 5051 ;;
	lookalike-text) echo 5052 ;;
	esac
}

# one_case NAME FORM FAMILY VERDICT RULE SESSION PATTERN PASSES
one_case() {
	local name="$1, $2" address=$SRV4 IPT=iptables-nft

	[ "$3" = 4 ] || { address=$SRV6 IPT=ip6tables-nft; }
	form_setup "$2"
	check "$name: $5" form_load "$2" "$5" "$4"
	check_like "$name: cut where it should be" "$7" \
		"$(talk_at "$(session_of "$6")" "$address" "$(port_of "$6")")"
	check_number "$name: counted" ">0" "$(packets "$2")"
	[ "$8" = - ] || check "$name: $8 passes" cli imtalk talk "$(session_of "$8")" "$address" \
		"$(port_of "$8")"
	clear_rules
	form_teardown
	end_sessions
}

test_cases() {
	local name family verdict tests session pattern passes form rule

	while IFS='|' read -r name family verdict tests session pattern passes <&3; do
		while IFS='|' read -r form rule <&4; do
			one_case "$name" "$form" "$family" "$verdict" "$rule" "$session" \
				"$pattern" "$passes"
		done 4< <(nft_forms_of "$tests" "$verdict")
	done 3< <(nft_cases)
}

# --- All forms at once ---------------------------------------------------------

# rules_of FORM - those of all cases; a comment is the number of the case, and the native
# expression's rules are in their order.
rules_of() {
	local tests hits n=0 rule

	while IFS='|' read -r tests hits; do
		n=$((n + 1))
		rule=$("$1_form" "$tests") || continue
		case $1 in
		iptables) echo "-A FORWARD $rule -m comment --comment $n" ;;
		native) echo "add rule inet native guard $rule counter" ;;
		*) echo "$rule counter comment \"$n\"" ;;
		esac
	done < <(nft_counts)
}

# load_nft_im - the forms that nft-im writes.
load_nft_im() {
	local -a nftim

	mapfile -t nftim < <(rules_of nftim)
	nft_chain inet forward 0 "${nftim[@]}" | fw nft-im -f - &&
		nft_chain inet forward 0 | sed 's/table inet guard/table inet native/' | fw nft -f - &&
		rules_of native >"$RESULTS/native" &&
		fw nft-im --native -f "$RESULTS/native"
}

load_all() {
	local -a label mark

	mapfile -t label < <(rules_of label)
	mapfile -t mark < <(rules_of mark)
	form_setup mark &&
		rules < <(rules_of iptables) &&
		IPT=ip6tables-nft rules < <(rules_of iptables) &&
		nft_chain inet forward 0 "${label[@]}" "${mark[@]/%\"/-\"}" |
			sed 's/table inet guard/table inet stock/' | fw nft -f - || return
	[[ $forms != *nftim* ]] || load_nft_im
}

# put_counts FORM - of the lines "NUMBER PACKETS" read.
declare -A got
put_counts() {
	local n packets

	while read -r n packets; do
		got[$1.$n]=$((${got[$1.$n]:-0} + packets))
	done
}

commented='s/.*packets ([0-9]+) .*comment "([0-9]+)".*/\2 \1/p'

# native_counts - with the numbers of the cases that it has, in their order.
native_counts() {
	paste -d' ' <(nft_counts | cut -d'|' -f1 | cat -n | while read -r n tests; do
		! native_form "$tests" >/dev/null || echo "$n"
	done) <(fw nft-im --native list | sed -nE 's/.*packets ([0-9]+) .*/\1/p')
}

read_all() {
	local tool n

	for tool in iptables-nft ip6tables-nft; do
		IPT=$tool read_counters
		for n in "${!counted[@]}"; do
			echo "$n ${counted[$n]}"
		done >"$RESULTS/counts"
		put_counts iptables <"$RESULTS/counts"
	done
	fw nft list table inet stock >"$RESULTS/stock"
	put_counts label < <(sed -nE "$commented" "$RESULTS/stock")
	put_counts mark < <(sed -nE "${commented/\"\./-\".}" "$RESULTS/stock")
	[[ $forms == *nftim* ]] || return
	put_counts nftim < <(fw nft list table inet guard 2>/dev/null | sed -nE "$commented")
	put_counts native < <(native_counts)
}

count_sessions() {
	local address

	for address in "$SRV4" "$SRV6"; do
		check "a session of YMSG passes, to $address" \
			cli imtalk talk "$(session_of actions)" "$address" 5053
		check "one of XMPP" cli imtalk talk "$sessions/xmpp-open.talk" "$address" 5222
		check "one of none" cli imtalk talk "$service" "$address" 5051
	done
}

test_counts() {
	local tests hits form n=0

	check "rules of all forms side by side" load_all
	count_sessions
	read_all
	while IFS='|' read -r tests hits <&3; do
		n=$((n + 1))
		check_number "$tests: counted by iptables" "$hits" "${got[iptables.$n]-none}"
		for form in ${forms#iptables}; do
			! "${form}_form" "$tests" >/dev/null ||
				check_eq "$tests: $form counts the same" "${got[iptables.$n]-none}" \
					"${got[$form.$n]-nothing}"
		done
	done 3< <(nft_counts)
	clear_rules
	form_teardown
}

ktap_plan
im_setup
[[ $forms == *nftim* ]] || ktap_skip "forms of nft-im" "nft-im is not there"
serve "$talk" 5050
serve "$service" 5051
serve "$text" 5052
serve "$(session_of actions)" 5053
serve "$sessions/xmpp-open.talk" 5222
fw imctl labels --write 2>/dev/null
test_counts
test_cases
ktap_finish
