#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What flows of datagrams cost where rules ask for actions: a call, of which all packets do the
# same, is read no more once it is known, and rules on its voice go on to match; a datagram that
# says itself what it does is read once, however many rules ask.

# shellcheck source=selftests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/netns/lib-im.sh
. "$(dirname "$0")/lib-im.sh"
# shellcheck source=selftests/netns/lib-flood.sh
. "$(dirname "$0")/lib-flood.sh"

scripts=$netns_dir/sessions
call=$scripts/signal-call.talk
sip=$scripts/sip-call.talk

# voice_rules [TARGET...] - all, voice and what is none; "twin" is for another protocol.
voice_rules() {
	rules <<-END
		-A FORWARD -p udp -m im --proto signal -m comment --comment all
		-A FORWARD -p udp -m im --proto telegram --action voice -m comment --comment twin
		-A FORWARD -p udp -m im --proto signal --action file -m comment --comment file
		-A FORWARD -p udp -m im --proto signal ! --action voice -m comment --comment silent
		-A FORWARD -p udp -m im --proto signal --action voice -m comment --comment voice $*
	END
}

talk_udp() {
	cli imtalk talk --udp --timeout 2000 "$call" "$SRV4" "$1"
}

# done_to PORT - flows of datagrams there that are read no more.
done_to() {
	fw conntrack -L -p udp --dport "$1" -o labels 2>/dev/null | grep -cE "labels=([^ ]*,)?im-done(,|\$| )"
}

# entries_are N - so many flows stand in the table.
entries_are() {
	[ "$(im_status entries)" = "$1" ]
}

# say PORT FORMAT - a datagram of the flow from one port, which comes back. From version 1.8 on
# socat would end with an empty one, which does nothing that a rule on actions could match.
say() {
	# shellcheck disable=SC2059 # bytes
	printf "$2" | cli socat -t 1 - "UDP:$SRV4:$1,sourceport=4100,shut-none" >/dev/null
}

# Allocate, with the realm.
allocate='\0\3\0\x14\x21\x12\xa4\x42............\0\x14\0\x0fvoip.signal.org\0'
unlabelled='\0\3\0\x10\x21\x12\xa4\x42............\0\x14\0\x0bmeet.jit.si\0'

test_call() {
	reload
	voice_rules
	check "a call" talk_udp 3478
	check_counts "its packets from the relay's answer on are voice" all=7 voice=7 file=0 twin=0 \
		silent=0
	check_eq "two packets were read, up to that one" 2 "$(im_status inspected)"
	check_eq "and none again" 0 "$(im_status read_again)"
	check_eq "it has the label im-done" 1 "$(done_to 3478)"
	say 3479 "$allocate"
	sleep 11
	check "past the sweep both flows are remembered" entries_are 2
	zero_counters FORWARD
	say 3479 "a voice"
	check_counts "and are voice, both ways" all=2 voice=2 silent=0 twin=0
	ipt -F FORWARD
	check "without a rule they are forgotten" busywait 15000 entries_are 0
}

# What it does was not asked for when it was decided: then a rule must not say that it is silent.
test_late() {
	reload
	rules <<<'-A FORWARD -p udp -m im --proto signal -m comment --comment all'
	say 3479 "$allocate"
	check_counts "a call, while no rule asks" "all>0"
	check "leaves no entry" busywait 15000 entries_are 0
	ipt -F FORWARD
	voice_rules
	say 3479 "a voice"
	check_counts "is of no action that a later rule knows" all=2 voice=0 silent=0 file=0 twin=0
}

# Whose label there is none, rules that name no protocol must find in the table.
test_unlabelled() {
	reload
	rules <<-'END'
		-A FORWARD -p udp -m im --category voice -m comment --comment all
		-A FORWARD -p udp -m im --action voice -m comment --comment voice
		-A FORWARD -p udp -m im ! --action voice -m comment --comment silent
		-A FORWARD -p udp -m im --action file -m comment --comment file
	END
	say 3479 "$unlabelled"
	say 3479 "a voice"
	check_eq "a call without a label of its own has im-done" 1 "$(done_to 3479)"
	check_counts "and is voice where no rule names it" all=4 voice=4 silent=0 file=0
}

test_dropped() {
	ipt -F FORWARD
	fw conntrack -F 2>/dev/null
	voice_rules -j DROP
	check_not "a rule on its voice ends a call" talk_udp 3478
	check_counts "by that" "voice>0" twin=0 silent=0
}

# sip_rules N - so many rules that ask for voice, and others.
sip_rules() {
	local i

	ipt -F FORWARD
	{
		echo "-A FORWARD -p udp -m im --proto sip -m comment --comment all"
		for ((i = 0; i < $1; i++)); do
			echo "-A FORWARD -p udp -m im --proto sip --action voice -m comment --comment voice$i"
		done
		echo "-A FORWARD -p udp -m im --proto sip --action message -m comment --comment message"
		echo "-A FORWARD -p udp -m im --proto telegram --action voice -m comment --comment twin"
	} | rules
}

test_shared() {
	reload
	sip_rules 8
	check "SIP, with eight rules on voice" cli imtalk talk --udp "$sip" "$SRV4" 5060
	check_counts "each counts the call, one the text" all=6 voice0=1 voice7=1 message=1 twin=0
	check_eq "each of the six datagrams was read once" 6 "$(im_status read_again)"
	check_eq "what they offer is taken" 3 "$(im_status offers)"
}

ktap_plan
im_setup socat
serve_udp "$call" 3478
srv socat UDP4-RECVFROM:3479,fork PIPE &
wait_listen srv 3479 udp
serve_udp "$sip" 5060
fw imctl labels --write >/dev/null
test_call
test_late
test_unlabelled
test_dropped
test_shared
check "the kernel is well" kernel_is_well
ktap_finish
