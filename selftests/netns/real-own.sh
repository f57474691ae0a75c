#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# One's own XMPP server yes, all others no: "refine xmpp as corp-chat when host under", with
# prosody, which serves the domain srv.test and, on the same port, lab.test, and with mcabber.

# shellcheck source=selftests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/netns/lib-im.sh
. "$(dirname "$0")/lib-im.sh"
# shellcheck source=selftests/netns/lib-real.sh
. "$(dirname "$0")/lib-real.sh"

pack=$RESULTS/own.pack

# make_own - the pack that signatures/README tells of, for srv.test.
make_own() {
	local dir=$NF_IM_PAYLOAD/signatures

	printf 'refine xmpp as corp-chat when host under "srv.test"\n' >"$RESULTS/local.im"
	imctl signatures build -o "$pack" "$dir"/*.im "$dir"/names/* "$RESULTS/local.im"
}

# logs_in DOMAIN TLS
logs_in() {
	start_mcabber alice "alice@$1" "set tls = $2"
	alice_is_in
	stop alice
}

# check_own NAME - the own domain gets in, by TLS too, the other does not.
check_own() {
	check_eq "$1: the own server" "alice-in " "$(logs_in srv.test 0)"
	check_eq "$1: the own server, with STARTTLS" "alice-in " "$(logs_in srv.test 1)"
	check_eq "$1: another domain there" "" "$(logs_in lab.test 0)"
}

# iptables has names of the registry only; the first local one is number 240.
test_iptables() {
	rules <<-'END'
		-A FORWARD -m im --proto id:240 -m comment --comment own -j ACCEPT
		-A FORWARD -p tcp -m im --proto xmpp -m comment --comment others -j REJECT --reject-with tcp-reset
	END
	check_own iptables
	check_counts "iptables: each rule counts" "own>0" "others>0"
	ipt -F FORWARD
}

test_nft() {
	check "the names of the labels are written" fw imctl labels --pack "$pack" --write
	check "recognition is on" fw imctl enable --runtime
	fw nft -f - <<-'END'
		table inet t {
			chain f {
				type filter hook forward priority 0;
				ct label "im-corp-chat" counter accept comment "own"
				meta l4proto tcp ct label "im-xmpp" counter reject with tcp reset comment "others"
			}
		}
	END
	check_own nft
	check_number "nft: the rule of the own server counts" ">0" "$(counter_nft inet t f own)"
	check_number "nft: that of others counts" ">0" "$(counter_nft inet t f others)"
}

ktap_plan
im_setup prosody mcabber openssl
start_prosody 5222
check "a pack with one's own server is built" make_own
check "and loaded" fw imctl signatures load "$pack"
test_iptables
test_nft
ktap_finish
