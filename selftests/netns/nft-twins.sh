#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Every case of the table in lib-nft.sh, in every form that can say it: iptables, stock nft by
# label and by mark, nft-im, native expression. All cut the same session at the same byte.

# shellcheck source=selftests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/netns/lib-im.sh
. "$(dirname "$0")/lib-im.sh"
# shellcheck source=selftests/netns/lib-nft.sh
. "$(dirname "$0")/lib-nft.sh"

forms=${FORMS:-iptables label mark nftim native}

# packets FORM - what its rule counted.
packets() {
	case $1 in
	iptables) counter_ipt filter FORWARD main ;;
	native) fw nft-im --native list | sed -n 's/.*packets \([0-9]*\).*/\1/p' ;;
	*) counter_nft inet guard guard main ;;
	esac
}

# one_case NAME FORM RULE SESSION PATTERN PASSES
one_case() {
	local name="$1, $2"

	form_setup "$2"
	check "$name: $3" form_load "$2" "$3"
	if [ "$4" != - ]; then
		check_like "$name: cut where it should be" "$5" \
			"$(talk_at "$(session_of "$4")" "$SRV4" "$(port_of "$4")")"
		check_number "$name: counted" ">0" "$(packets "$2")"
	fi
	if [ "$6" != - ]; then
		[ "$2" != iptables ] || ipt -Z FORWARD
		check "$name: $6 passes" cli imtalk talk "$(session_of "$6")" "$SRV4" \
			"$(port_of "$6")"
	fi
	clear_rules
	form_teardown
	end_sessions
}

port_of() {
	case $1 in
	login-message) echo 5050 ;;
	lookalike-service) echo 5051 ;;
	lookalike-text) echo 5052 ;;
	esac
}

ktap_plan
im_setup
serve "$talk" 5050
serve "$service" 5051
serve "$text" 5052
fw imctl labels --write 2>/dev/null
while IFS='|' read -r name tests session pattern passes <&3; do
	while IFS='|' read -r form rule <&4; do
		one_case "$name" "$form" "$rule" "$session" "$pattern" "$passes"
	done 4< <(nft_forms_of "$tests")
done 3< <(nft_cases)
ktap_finish
