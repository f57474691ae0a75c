#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The native expression: verdict maps and sets, what the kernel refuses, transactions, what
# holds the module. And, on record, what stock nft makes of such rules: it loses them.

# Functions are called by check, which shellcheck does not see.
# shellcheck disable=SC2317

# shellcheck source=selftests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/netns/lib-im.sh
. "$(dirname "$0")/lib-im.sh"
# shellcheck source=selftests/netns/lib-nft.sh
. "$(dirname "$0")/lib-nft.sh"

native() {
	fw nft-im --native "$@"
}

# fresh FAMILY [HOOK] - a chain without rules, and what is not hidden.
fresh() {
	fw nft flush ruleset
	fw nft -f - <<-END
		table $1 guard {
			chain other { counter drop; }
			chain guard {
				type filter hook ${2:-forward} priority 0;
				tcp dport 1 counter drop
			}
		}
	END
}

native_rules() {
	native list | sed 's/ packets [0-9]* bytes [0-9]*//; s/ # handle.*//; s/^add rule //' |
		paste -sd';'
}

test_maps() {
	local family
	local rules=('proto vmap { ymsg : drop, xmpp : accept }'
		'proto vmap { ymsg : jump other }'
		'category != { enterprise, voice } counter drop'
		'state { undecided, decided } counter'
		'action { login, file } counter drop'
		'action != message')
	local rule

	for family in ip ip6 inet bridge; do
		fresh "$family"
		for rule in "${rules[@]}"; do
			check "$family: im $rule" native add rule "$family" guard guard "im $rule"
		done
		check_eq "$family: listed" "$(printf "%s;" \
			"${rules[@]/#/$family guard guard im }")" "$(native_rules);"
	done
	native list >"$RESULTS/saved"
	fresh bridge
	check "what is listed can be loaded" native -f "$RESULTS/saved"
	check_eq "and is the same" "$(sed 's/ # handle.*//' "$RESULTS/saved")" \
		"$(native list | sed 's/ packets [0-9]* bytes [0-9]*/ packets 0 bytes 0/; s/ # handle.*//')"
}

# One look-up for three ends.
test_traffic() {
	fresh inet
	native add rule inet guard guard 'im proto vmap { xmpp : accept, ymsg : jump other }'
	check_like "a map sends YMSG to a chain that drops it" "cut-off c 0/* s 0/* timeout" \
		"$(talk_at "$talk" "$SRV4" 5050)"
	check "and lets a look-alike by" cli imtalk talk "$service" "$SRV4" 5051
	fresh ip6
	native add rule ip6 guard guard 'im proto { oscar, ymsg } counter drop'
	check_like "a set, IPv6" "cut-off c 0/* s 0/* timeout" "$(talk_at "$talk" "$SRV6" 5050)"
	check "its twin passes" cli imtalk talk "$service" "$SRV6" 5051
}

test_refused() {
	fresh inet
	check_not "no such protocol" native add rule inet guard guard im proto yamsg drop
	check_not "actions have no map" native add rule inet guard guard 'im action vmap { file : drop }'
	check_not "no such table" native add rule inet nobody guard im proto ymsg drop
	check_not "no such chain to jump to" \
		native add rule inet guard guard 'im proto vmap { ymsg : jump nobody }'
	check_eq "nothing of it is there" "" "$(native list)"
	check "a chain at ingress" fw nft add chain inet guard ingress \
		'{ type filter hook ingress device fwc priority 0; }'
	check_not "not at ingress, where no conntrack has been" \
		native add rule inet guard ingress im proto ymsg drop
	check_eq "nothing of it is there, either" "" "$(native list)"
	check_eq "stock nft still lists the rest" 1 "$(fw nft list ruleset | grep -c 'tcp dport 1')"
	check "nothing holds the module" modprobe -r nft_im
	check "the first rule loads it" native add rule inet guard guard im proto ymsg drop
	check_not "it cannot be unloaded under a rule" modprobe -r nft_im
	check "a rule goes by its handle" native delete rule inet guard guard handle \
		"$(native list | sed 's/.*handle //')"
	check "then the module goes" busywait 5000 modprobe -r nft_im
	native add rule inet guard guard im action file drop
	fw nft delete table inet guard
	check "or with the table" busywait 5000 modprobe -r nft_im
	ip netns add nn
	ip netns exec nn nft add table ip t
	ip netns exec nn nft add chain ip t c '{ type filter hook input priority 0; }'
	ip netns exec nn nft-im --native add rule ip t c 'im proto { ymsg, qq } drop'
	ip netns del nn
	check "or with the namespace" busywait 10000 modprobe -r nft_im
	check_eq "nothing is counted as a rule" 0 "$(im_status rules)"
}

# What stock tools do with such a rule. If this changes, nft-im(8) has to say something else.
test_stock() {
	local rc=0

	fresh inet
	native add rule inet guard guard im proto ymsg drop
	fw nft list ruleset >"$RESULTS/stock" 2>&1 || rc=$?
	check_eq "on record: nft list succeeds" 0 "$rc"
	check_eq "on record: without the rule" 0 "$(grep -c im "$RESULTS/stock")"
	check_like "imctl status says so" \
		"*1 im rules in the kernel that the installed nft cannot*inet guard guard handle [0-9]*" \
		"$(fw imctl status 2>&1 >/dev/null)"
	check_eq "and counts" 1 "$(im_status hidden_rules 2>/dev/null)"
	check_like "nft-im list says so" \
		"*1 im rules in the kernel that the installed nft cannot*inet guard guard handle [0-9]*" \
		"$(fw nft-im list ruleset 2>&1 >/dev/null)"
	fw nft flush ruleset
	check "on record: nft restores what it listed" fw nft -f "$RESULTS/stock"
	check "on record: the filter is gone" cli imtalk talk "$talk" "$SRV4" 5050
	check_eq "imctl status counts none" 0 "$(im_status hidden_rules)"
}

ktap_plan
im_setup nft-im
checkmodule nft_im
serve "$talk" 5050
serve "$service" 5051
test_maps
test_traffic
test_refused
test_stock
ktap_finish
