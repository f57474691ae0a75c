#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Look-ups of messengers' names: the C library's resolver and queries made by hand, over UDP and
# TCP, and dnsmasq's answers. A look-up is none of the messenger's flows: it matches only rules
# that say --action lookup.

# shellcheck source=selftests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/netns/lib-im.sh
. "$(dirname "$0")/lib-im.sh"

ours=(g.whatsapp.net WhatsApp.COM)
others=(notwhatsapp.com graph.whatsapp.com)

# start_dnsmasq PORT - knows every name.
start_dnsmasq() {
	srv dnsmasq --keep-in-foreground --conf-file=/dev/null --no-resolv --no-hosts \
		--user=root --pid-file= --port="$1" --address="/#/$SRV4" >&2 &
	wait_listen srv "$1"
}

# resolve NAME [OPTION...] - the C library's; options as in resolv.conf(5).
resolve() {
	local name=$1

	shift
	[[ $(cli env RES_OPTIONS="timeout:1 attempts:1 $*" getent ahostsv4 "$name") == "$SRV4"* ]]
}

# ask OPTION... PORT NAME... - by hand; prints how many were answered.
ask() {
	local -a options=()

	while [[ $1 == --* ]]; do
		options+=("$1")
		case $1 in --tcp) ;; *) options+=("$2"); shift ;; esac
		shift
	done
	cli "$netns_dir/dnsask" "${options[@]}" "$SRV4" "$@"
}

# lookup_rules [TARGET [MATCH]] - of WhatsApp's names "query" and "answer" are counted; all else in
# capitals is wrong. The target is that of queries.
lookup_rules() {
	ipt -F FORWARD
	fw conntrack -F 2>/dev/null
	rules <<-END
		-A FORWARD -m im --proto whatsapp -m comment --comment FLOW
		-A FORWARD -m im --category messenger -m comment --comment ANY
		-A FORWARD -m im --proto telegram --action lookup -m comment --comment TWIN
		-A FORWARD -m im --proto whatsapp --action message,file -m comment --comment OTHER
		-A FORWARD -m im --category enterprise --action lookup -m comment --comment KIND
		-A FORWARD -m im --action lookup --confidence payload -m comment --comment SURE
		-A FORWARD -m im --proto whatsapp ! --action lookup -m comment --comment NOT
		-A FORWARD -s $SRV4 -m im --proto whatsapp --action lookup -m comment --comment answer
		-A FORWARD -m im --category messenger --action lookup --confidence name -m comment --comment both
		-A FORWARD -m im ! --proto telegram --action file,lookup -m comment --comment too
		-A FORWARD ${2:-} -s $CLI4 -m im --proto whatsapp --action lookup -m comment --comment query ${1:+-j $1}
	END
}

wrong=(FLOW=0 ANY=0 TWIN=0 OTHER=0 KIND=0 SURE=0 NOT=0)

test_resolver() {
	local name how

	for how in "" use-vc; do
		lookup_rules
		for name in "${others[@]}"; do
			check "${how:-udp}: $name is resolved" resolve "$name" "$how"
		done
		check_counts "${how:-udp}: as nobody's" query=0 answer=0 both=0 too=0 "${wrong[@]}"
		for name in "${ours[@]}"; do
			check "${how:-udp}: $name is resolved" resolve "$name" "$how"
		done
		check_counts "${how:-udp}: as WhatsApp's, both ways" query=2 "answer>1" "both>3" \
			"too>3" "${wrong[@]}"
		lookup_rules DROP
		check_not "${how:-udp}: dropped, ${ours[0]} is not" resolve "${ours[0]}" "$how"
		check_counts "${how:-udp}: by the rule" "query>0" answer=0 "${wrong[@]}"
		end_sessions
	done
	check_eq "no flow has a label of a protocol" "" \
		"$(fw conntrack -L -o labels 2>/dev/null | grep -E 'im-(any|whatsapp|name)')"
}

# Any port, any place in the flow; and what only looks like a query.
test_datagrams() {
	lookup_rules
	check_eq "another port" 1 "$(ask 5399 g.whatsapp.net)"
	check_counts "the same" query=1 answer=1 "${wrong[@]}"
	check_eq "behind twenty other datagrams" 1 "$(ask --before 20 5399 g.whatsapp.net)"
	check_counts "the same, though the flow is done" query=2 answer=2 "${wrong[@]}"
	ask --flags 2800 --wait 0.2 5399 g.whatsapp.net >/dev/null
	ask --questions 2 --wait 0.2 5399 g.whatsapp.net >/dev/null
	ask --flags 0140 --wait 0.2 5399 g.whatsapp.net >/dev/null
	check_counts "an update, two questions, a reserved bit: no look-ups" query=2 "${wrong[@]}"
	lookup_rules "REJECT"
	check_eq "refused: one of three names is not answered" 2 \
		"$(ask 5399 www.test g.whatsapp.net notwhatsapp.com)"
	check_counts "by the rule" query=1 answer=0 "${wrong[@]}"
}

test_stream() {
	local -a names=(www.test g.whatsapp.net notwhatsapp.com)
	local cut

	for cut in 1 20; do
		lookup_rules
		check_eq "segments of $cut bytes: all answered" 3 \
			"$(ask --tcp --cut $cut 5399 "${names[@]}")"
		check_counts "segments of $cut bytes: one packet asked" query=1 "answer>0" \
			"${wrong[@]}"
	done
	lookup_rules "REJECT --reject-with tcp-reset" "-p tcp"
	check_like "reset: the name and what is behind it is not answered" "[01]" \
		"$(ask --tcp --cut 20 5399 "${names[@]}")"
	check_counts "by the rule" "query>0" "${wrong[@]}"
}

# For stock nft, which sees a packet's actions in its mark; whose name it is, it cannot see.
test_skb_mark() {
	ipt -F FORWARD
	fw conntrack -F 2>/dev/null
	fw imctl enable --runtime
	check "imctl mark --packet" fw imctl mark --packet --mask 0x7ff0000 --runtime
	rules <<-END
		-A FORWARD -m mark --mark 0x2000000/0x2000000 -m comment --comment marked
	END
	check_eq "a query" 1 "$(ask 5399 g.whatsapp.net)"
	check_counts "query and answer are marked" marked=2
	check_eq "another name" 1 "$(ask 5399 www.test)"
	check_counts "is not" marked=2
	fw imctl mark --packet --off --runtime
	fw imctl disable --runtime
	ipt -F FORWARD
}

ktap_plan
im_setup dnsmasq getent python3
printf 'nameserver %s\n' "$SRV4" >/etc/resolv.conf
start_dnsmasq 53
start_dnsmasq 5399
test_resolver
test_datagrams
test_stream
test_skb_mark
ktap_finish
