#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Stock nft by conntrack labels: reject and counters in the same packet, in tables of each
# family, in every chain from mangle priority on; enabled by imctl alone. What is not the
# messenger passes each of them.

# Functions are called by check, which shellcheck does not see.
# shellcheck disable=SC2317

# shellcheck source=selftests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/netns/lib-im.sh
. "$(dirname "$0")/lib-im.sh"
# shellcheck source=selftests/netns/lib-nft.sh
. "$(dirname "$0")/lib-nft.sh"

count() {
	counter_nft "$1" guard guard "$2"
}

# load FAMILY HOOK PRIORITY VERDICT - the rule, one that counts what is any messenger, and twins.
load() {
	nft_chain "$1" "$2" "$3" \
		'ct label "im-any" counter comment "any"' \
		'ct label "im-xmpp" counter drop comment "twin"' \
		"ct label \"im-ymsg\" counter $4 comment \"ymsg\"" | fw nft -f -
}

# test_chain FAMILY HOOK PRIORITY VERDICT ADDRESS PATTERN [FROM] - one ruleset, one session cut
# and one that passes, both FROM cli or fw.
test_chain() {
	local family=$1 name="$1 $2 $3" from=${7:-cli}

	check "$name: loads" load "$1" "$2" "$3" "$4"
	seen_reset
	check_like "$name: a session is cut at its first frame" "$6" \
		"$("$from" imtalk talk --timeout 1000 "$talk" "$5" 31337)"
	check_eq "$name: no byte of it reached the server" 0 "$(seen srv payload)"
	check_number "$name: any messenger is counted" ">0" "$(count "$family" any)"
	check_number "$name: its rule counted" ">0" "$(count "$family" ymsg)"
	check_eq "$name: another messenger's did not" 0 "$(count "$family" twin)"
	fw nft reset counters >/dev/null
	check "$name: a look-alike passes" "$from" imtalk talk "$service" "$5" 5051
	fw nft delete table "$family" guard
	end_sessions
}

readonly reset="cut-off c 0/* s 0/* reset" silent="cut-off c 0/* s 0/* timeout"

test_forward() {
	local address

	for address in "$SRV4" "$SRV6"; do
		test_chain inet forward filter "reject with tcp reset" "$address" "$reset"
	done
	test_chain ip forward mangle drop "$SRV4" "$silent"
	test_chain ip6 forward mangle drop "$SRV6" "$silent"
	test_chain ip forward security "reject with tcp reset" "$SRV4" "$reset"
	test_chain ip6 forward filter "reject with tcp reset" "$SRV6" "$reset"
}

test_prerouting() {
	test_chain ip prerouting mangle drop "$SRV4" "$silent"
	test_chain ip6 prerouting mangle drop "$SRV6" "$silent"
	test_chain inet prerouting -150 "reject with tcp reset" "$SRV4" "$reset"
	test_chain inet postrouting mangle drop "$SRV6" "$silent"
}

# The firewall is itself the server, and the client.
test_local() {
	(exec imtalk serve "$talk" 31337 >/dev/null) &
	(exec imtalk serve "$service" 5051 >/dev/null) &
	wait_listen fw 31337
	wait_listen fw 5051
	test_chain inet input filter "reject with tcp reset" "$FWC4" "$reset"
	test_chain ip6 input mangle drop "$FWC6" "$silent"
	test_chain inet output filter drop "$SRV4" "$silent" fw
	test_chain ip output mangle drop "$SRV4" "$silent" fw
	test_chain inet output filter drop "$SRV6" "$silent" fw
}

# A label is a fact while the hook is on; who turns it off turns such rules off.
test_off() {
	fw imctl disable --runtime
	load inet forward filter drop
	check "disabled: the session completes" cli imtalk talk "$talk" "$SRV4" 31337
	check_eq "disabled: nothing is counted" 0 "$(count inet any)"
	fw nft flush ruleset
}

# Enabled twice and disabled once is disabled; the file is what a boot goes by.
test_saved() {
	check "enable keeps itself" fw imctl enable
	fw imctl disable --runtime
	check "what a boot does" fw imctl enable --saved
	load inet forward filter drop
	check_like "then the rule works" "$silent" "$(talk_at "$talk" "$SRV4" 31337)"
	fw nft flush ruleset
	check "disable" fw imctl disable
	check "a boot then does nothing" fw imctl enable --saved
	check_eq "and nothing is enabled" no "$(im_status enabled)"
}

ktap_plan
im_setup
serve "$talk" 31337
serve "$service" 5051
check "labels get their names" fw imctl labels --write
check "imctl enable" fw imctl enable --runtime
test_forward
test_prerouting
test_local
test_off
test_saved
ktap_finish
