#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Calls between programs of Debian's: coturn's client asks coturn for a relay, whose realm says
# whose it is; and Mumble's server, which is asked for its ping. Other realms and servers pass.

# shellcheck source=selftests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/netns/lib-im.sh
. "$(dirname "$0")/lib-im.sh"
# shellcheck source=selftests/netns/lib-real.sh
. "$(dirname "$0")/lib-real.sh"

# start_turn REALM PORT
start_turn() {
	local dir=$RESULTS/turn-$2

	mkdir -p "$dir"
	start srv "turn-$2" turnserver -n --listening-port "$2" --listening-ip "$SRV4" \
		--relay-ip "$SRV4" --realm "$1" --lt-cred-mech --user "test:secret" \
		--no-tls --no-dtls --no-cli --no-multicast-peers --allow-loopback-peers \
		--log-file "$dir/log" --simple-log --pidfile "$dir/pid" --db "$dir/db"
	wait_listen srv "$2" udp
}

# relayed PORT - says "relayed" if the client talked to itself through the relay.
relayed() {
	cli timeout 20 turnutils_uclient -y -c -n 2 -z 5 -u test -w secret -p "$1" "$SRV4" \
		>"$RESULTS/uclient" 2>&1
	! grep -q "tot_recv_msgs=4" "$RESULTS/uclient" || printf relayed
}

# call_rules TARGET...
call_rules() {
	ipt -F FORWARD
	rules <<-END
		-A FORWARD -m im --proto telegram -m comment --comment twin
		-A FORWARD -m im --proto signal --action file -m comment --comment file
		-A FORWARD -m im --proto signal --action voice --confidence name -m comment --comment voice $*
	END
}

test_relay() {
	start_turn voip.signal.org 3478
	start_turn voip.signal.example 3479
	call_rules
	check_eq "a call by Signal's relay" relayed "$(relayed 3478)"
	check_counts "is voice, and Signal's" "voice>0" file=0 twin=0
	call_rules -j DROP
	check_eq "a rule for its voice ends it" "" "$(relayed 3478)"
	check_counts "by that" "voice>0" file=0 twin=0
	call_rules -j DROP
	check_eq "a relay of another realm is none of Signal's" relayed "$(relayed 3479)"
	check_counts "no rule counted" voice=0 file=0 twin=0
}

# pong PORT - does a server of Mumble answer to its ping, with 24 bytes?
pong() {
	[ "$(printf '\0\0\0\0pingpong' |
		cli timeout 2 socat -t 1 - "UDP4:$SRV4:$1" 2>/dev/null | wc -c)" = 24 ]
}

test_mumble() {
	local dir

	# It takes an account of its own.
	dir=$(mktemp -d)
	chmod 777 "$dir"
	printf '%s\n' "database=$dir/db" "logfile=$dir/log" "port=64738" "host=$SRV4" \
		"bonjour=False" "users=3" >"$dir/ini"
	start srv mumble "$murmur" -fg -ini "$dir/ini"
	wait_listen srv 64738
	# It makes a key first.
	busywait 20000 pong 64738
	fw conntrack -F 2>/dev/null
	ipt -F FORWARD
	rules <<-END
		-A FORWARD -m im --proto teamspeak -m comment --comment twin
		-A FORWARD -m im --proto mumble -m comment --comment mumble
	END
	check "Mumble's server answers" pong 64738
	check_counts "and is known by both" "mumble>0" twin=0
	ipt -F FORWARD
	rules <<-END
		-A FORWARD -m im --proto mumble -m comment --comment mumble -j DROP
	END
	check_not "the answer does not come" pong 64738
	check_counts "for it was dropped" "mumble>0"
	ipt -F FORWARD
}

ktap_plan
im_setup openssl socat
need_programs turnserver turnutils_uclient
! has turnserver || test_relay
# In newer releases murmurd has another name.
murmur=$(command -v murmurd || command -v mumble-server)
need_programs "${murmur:-murmurd}"
[ -z "$murmur" ] || test_mumble
ktap_finish
