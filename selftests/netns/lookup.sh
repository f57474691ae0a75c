#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Look-ups of messengers' names: the C library's resolver and queries made by hand, over UDP and
# TCP, and the answers of dnsmasq and unbound. A look-up is none of the messenger's flows: it matches only rules
# that say --action lookup.

# shellcheck source=selftests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/netns/lib-im.sh
. "$(dirname "$0")/lib-im.sh"


# start_dnsmasq PORT - knows every name.
start_dnsmasq() {
	srv dnsmasq --keep-in-foreground --conf-file=/dev/null --no-resolv --no-hosts \
		--user=root --pid-file= --port="$1" --address="/#/$SRV4" >&2 &
	wait_listen srv "$1"
}

# start_unbound PORT - the same.
start_unbound() {
	printf '%s\n' "server:" "interface: $SRV4@$1" "access-control: 0.0.0.0/0 allow" \
		'chroot: ""' 'username: ""' 'pidfile: ""' "use-syslog: no" "do-daemonize: no" \
		"directory: \"$RESULTS\"" 'module-config: "iterator"' 'local-zone: "." redirect' \
		"local-data: \". 60 IN A $SRV4\"" "remote-control:" "control-enable: no" \
		>"$RESULTS/unbound.conf"
	srv unbound -c "$RESULTS/unbound.conf" >&2 &
	wait_listen srv "$1"
}

# Another server's answers.
test_unbound() {
	lookup_rules
	check_eq "unbound: two names are answered" 2 "$(ask 5398 www.test g.whatsapp.net)"
	check_counts "unbound: of one query and answer are seen" query=1 answer=1 "${wrong[@]}"
	check_eq "unbound: over TCP, too" 2 "$(ask --tcp --edns 5398 notwhatsapp.com g.whatsapp.net)"
	check_counts "unbound: once more" query=2 answer=2 "${wrong[@]}"
	ipt -F FORWARD
	lookup_rules REJECT
	check_eq "unbound: a rule on look-ups refuses one of two" 1 "$(ask 5398 www.test g.whatsapp.net)"
	check_counts "unbound: by that" query=1 answer=0 "${wrong[@]}"
	ipt -F FORWARD
	fw conntrack -F 2>/dev/null
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
		case $1 in --tcp | --edns | --loop) ;; *) options+=("$2"); shift ;; esac
		shift
	done
	cli "$netns_dir/dnsask" "${options[@]}" "$SRV4" "$@"
}

# lookup_rules [TARGET] - of WhatsApp's names "query" and "answer" are counted; all else in
# capitals is wrong. The target is that of queries.
lookup_rules() {
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
		-A FORWARD -s $CLI4 -m im --proto whatsapp --action lookup -m comment --comment query ${1:+-j $1}
	END
}

wrong=(FLOW=0 ANY=0 TWIN=0 OTHER=0 KIND=0 SURE=0 NOT=0)

# Any port, any place in the flow, any cut; and what only looks like a query.
test_seen() {
	local name how

	lookup_rules
	for how in "" use-vc; do
		for name in notwhatsapp.com graph.whatsapp.com g.WhatsApp.net; do
			check "${how:-udp}: $name is resolved" resolve "$name" "$how"
		done
	done
	check_counts "one in three is WhatsApp's, both ways" query=2 "answer>1" "both>3" "too>3" \
		"${wrong[@]}"
	check_eq "another port, behind twenty other datagrams" 1 \
		"$(ask --before 20 5399 g.whatsapp.net)"
	check_counts "is seen, though the flow is done" query=3 "${wrong[@]}"
	ask --flags 2800 --wait 0.2 5399 g.whatsapp.net >/dev/null
	ask --questions 2 --wait 0.2 5399 g.whatsapp.net >/dev/null
	check_counts "an update, two questions: no look-ups" query=3 "${wrong[@]}"
	check_eq "segments of a byte: all answered" 3 \
		"$(ask --tcp --cut 1 5399 www.test g.whatsapp.net notwhatsapp.com)"
	check_counts "one packet asked" query=4 "${wrong[@]}"
	check_eq "no flow has a label of a protocol" "" \
		"$(fw conntrack -L -o labels 2>/dev/null | grep -E 'im-(any|whatsapp|name)')"
	ipt -F FORWARD
	fw conntrack -F 2>/dev/null
}

# E54: what the same name may look like, and one that never ends.
test_forms() {
	lookup_rules
	check_eq "E54: letters of any case are answered" 1 "$(ask 5399 G.wHaTsApP.NeT)"
	check_counts "E54: and seen" query=1 "${wrong[@]}"
	check_eq "E54: with EDNS, too" 1 "$(ask --edns 5399 g.whatsapp.net)"
	check_counts "E54: and seen" query=2 "${wrong[@]}"
	check_eq "E54: over TCP, too" 1 "$(ask --tcp --edns 5399 g.WHATSAPP.net)"
	check_counts "E54: and seen" query=3 "${wrong[@]}"
	ask --loop --wait 0.2 5399 g.whatsapp.net >/dev/null
	ask --loop --tcp --wait 0.2 5399 g.whatsapp.net >/dev/null
	check_counts "E54: a name that points to itself is none" query=3 "${wrong[@]}"
	ipt -F FORWARD
	fw conntrack -F 2>/dev/null
}

test_refused() {
	local how

	lookup_rules REJECT
	for how in "" use-vc; do
		check_not "${how:-udp}: g.whatsapp.net is not resolved" resolve g.whatsapp.net "$how"
	done
	check_eq "one of three names is not answered" 2 \
		"$(ask 5399 www.test g.whatsapp.net notwhatsapp.com)"
	check_eq "over TCP that and what is behind it" 1 \
		"$(ask --tcp --cut 31 5399 www.test g.whatsapp.net notwhatsapp.com)"
	check_counts "by the rule" "query>3" answer=0 "${wrong[@]}"
	end_sessions
	ipt -F FORWARD
	fw conntrack -F 2>/dev/null
}

# For stock nft, which sees a packet's actions in its mark; whose name it is, it cannot see.
test_skb_mark() {
	fw imctl enable --runtime
	check "imctl mark --packet" fw imctl mark --packet --mask 0x7ff0000 --runtime
	rules <<-END
		-A FORWARD -m mark --mark 0x2000000/0x2000000 -m comment --comment marked
	END
	check_eq "two queries" 2 "$(ask 5399 g.whatsapp.net www.test)"
	check_counts "of one the query and the answer are marked" marked=2
	fw imctl mark --packet --off --runtime
	fw imctl disable --runtime
	ipt -F FORWARD
}

ktap_plan
im_setup dnsmasq getent python3
printf 'nameserver %s\n' "$SRV4" >/etc/resolv.conf
start_dnsmasq 53
start_dnsmasq 5399
if command -v unbound >/dev/null; then
	start_unbound 5398
	test_unbound
else
	ktap_skip unbound "this release's root has no unbound"
fi
test_seen
test_forms
test_refused
test_skb_mark
ktap_finish
