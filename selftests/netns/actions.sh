#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What a packet does: told apart within one connection, and counted on the
# packets of its own frame, however these are cut. Dropping an action.

# shellcheck source=selftests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/netns/lib-im.sh
. "$(dirname "$0")/lib-im.sh"

all=$sessions/ymsg-actions.talk
actions=(login presence message chat file voice webcam other)
user="$(hex 1)c080$(hex alice)c080"
login=$(ymsg 57 "$user")
presence=$(ymsg 3 "$user")
message=$(ymsg 6 "$user$(hex 14)c080$(hex hi)c080")
file=$(ymsg d2 "$user")

# --- Real sockets -----------------------------------------------------------

# direction_rules SIDE SOURCE LENGTH - of each action a rule, and one for the
# frame's packet by its length. LENGTH is that of the first.
direction_rules() {
	local length=$3 action from

	for action in "${actions[@]}"; do
		from="-A FORWARD -s $2 -p tcp"
		printf '%s -m comment --comment %s\n' \
			"$from -m im --action $action" "$1-$action" \
			"$from -m length --length $length" "$1-$action-frames"
		length=$((length + 1))
	done
}

# per_action SIDE [-frames] - "login=1 presence=1 ..." of one direction, from the
# counters read last.
per_action() {
	local action

	for action in "${actions[@]}"; do
		printf '%s=%s ' "$action" "${counted[$1-$action${2:-}]:-none}"
	done
}

# total ACTION... - packets of both directions which did one of these.
total() {
	local action n=0

	for action; do
		n=$((n + ${counted[c-$action]} + ${counted[s-$action]}))
	done
	echo "$n"
}

# test_actions NAME CLIENT SERVER HEADERS - what each packet does is told by
# rules of actions as by the lengths of the frames.
test_actions() {
	local name=$1

	{
		direction_rules c "$2" $((40 + $4))
		direction_rules s "$3" $((60 + $4))
		cat <<-END
			-A FORWARD -p tcp --tcp-flags PSH PSH -m comment --comment frames
			-A FORWARD -m im --action login,presence,message,chat,file,voice,webcam,other -m comment --comment any
			-A FORWARD -m im --action remote,video,lookup -m comment --comment twin
			-A FORWARD -m im --proto xmpp --action message -m comment --comment twin2
			-A FORWARD -m im --proto ymsg --action message -m comment --comment both
			-A FORWARD -m im --action message,chat -m comment --comment either
		END
	} | rules
	check "$name: the session completes" cli imtalk talk "$all" "$3" 5100
	read_counters
	check_eq "$name: each packet of the client does what it does" \
		"$(per_action c -frames)" "$(per_action c)"
	check_like "$name: all of them came" "login=[1-9]*other=[1-9]*" \
		"$(per_action c)"
	check_eq "$name: each packet of the server does what it does" \
		"$(per_action s -frames)" "$(per_action s)"
	check_counts "$name: no other packet does anything" \
		"any=${counted[frames]}" twin=0 twin2=0
	check_counts "$name: rules with several names" \
		"both=$(total message)" "either=$(total message chat)"
	ipt -F FORWARD
}

# The session as far as its first message of 257 and 182 bytes: the client has
# said 139, the server 128.
test_drop() {
	local name=$1 client=$2 server=$3

	rules <<-END
		-A FORWARD -m im --action file -m comment --comment file -j DROP
		-A FORWARD -s $client -m im --proto ymsg --action message -m comment --comment message -j DROP
	END
	check_like "$name: the log-in passes, the message is cut off" \
		"cut-off c 139/* s 128/* timeout" "$(talk_at "$talk" "$server" 5101)"
	check_counts "$name: the rule counted" "message>0" file=0
	ipt -D FORWARD 2
	check "$name: without that rule the session completes" \
		cli imtalk talk "$talk" "$server" 5101
	check_counts "$name: a rule for files does not count" file=0
	ipt -A FORWARD -s "$server" -m im --action message -j DROP
	check_like "$name: a message of the server is cut off" \
		"cut-off c 257/* s 128/* timeout" "$(talk_at "$talk" "$server" 5101)"
	ipt -F FORWARD
}

# --- Frames and segments, made by hand --------------------------------------

action_rules() {
	local action

	for action in "${actions[@]}"; do
		printf '%s -m comment --comment %s\n' \
			"-A FORWARD -s $CLI4 -m im --action $action" "$action"
	done
	cat <<-END
		-A FORWARD -s $CLI4 -p tcp --tcp-flags PSH PSH -m im --proto ymsg ! --action message -m comment --comment not
		-A FORWARD -s $CLI4 -p tcp --tcp-flags PSH PSH -m comment --comment all
	END
}

# came N - whether so many packets have come by since the last were checked.
came() {
	read_counters
	[ $((${counted[all]:-0} - ${before[all]:-0})) -ge "$1" ]
}

# check_did NAME PACKETS WANT... - so many packets, which did this and no more.
check_did() {
	local name=$1 wrong="" key n
	local -A want=([all]="$2")

	for n in "${@:3}"; do
		want[${n%=*}]=${n#*=}
	done
	busywait 5000 came "$2"
	for key in "${!counted[@]}"; do
		n=$((${counted[$key]} - ${before[$key]:-0}))
		before[$key]=${counted[$key]}
		# How many were none is only asked for now and then.
		[ "$key" != not ] || [ -n "${want[not]:-}" ] || continue
		[ "$n" = "${want[$key]:-0}" ] ||
			wrong+=" $key: $n, not ${want[$key]:-0};"
	done
	[ -n "${counted[all]:-}" ] || wrong="no rules"
	check_eq "$name" "" "$wrong"
}

# logged_in FLOW - a connection which has logged in.
logged_in() {
	raw open "$1" "$SRV4" 5102
	raw send "$1" "$login"
	check_did "log-in" 1 login=1
}

test_cut_header() {
	logged_in cut
	raw send cut "${message:0:16}"
	check_did "the first 8 bytes of a header do nothing yet" 1 not=1
	raw send cut "${message:16}"
	check_did "the rest of the frame is a message" 1 message=1 not=0
	raw send cut "${presence:0:2}"
	raw send cut "${presence:2:38}"
	raw send cut "${presence:40}"
	check_did "after one byte: from the header's end on" 3 presence=2 not=3
}

test_several() {
	logged_in several
	raw send several "$presence$message$file"
	check_did "three frames in one segment" 1 presence=1 message=1 file=1 not=0
	raw send several "$message$message"
	check_did "two of the same" 1 message=1
	raw send several "$presence${message:0:60}"
	check_did "one frame and a part" 1 presence=1 message=1
	raw send several "${message:60}$file"
	check_did "the other part and one frame" 1 message=1 file=1
	raw send several "$presence"
	check_did "a frame of its own" 1 presence=1 not=1
}

# big_message BYTES - a message with so many bytes of text.
big_message() {
	local text

	text=$(printf '%0*d' $(($1 * 2)) 0)
	ymsg 6 "$(hex 14)c080${text//0/7}c080"
}

test_spanning() {
	local big i

	big=$(big_message 4000)
	logged_in span
	for ((i = 0; i < ${#big}; i += 2000)); do
		raw send span "${big:i:2000}"
	done
	check_did "a message in five segments" 5 message=5
	raw send span "$presence"
	check_did "and what follows it is none" 1 presence=1
	check "the server has it all" raw_acked span \
		$(((${#login} + ${#big} + ${#presence}) / 2))
}

test_again() {
	local at=$((${#login} / 2)) len=$((${#message} / 2))

	logged_in again
	raw send again "$message"
	raw send again "$presence"
	check_did "a message, and presence" 2 message=1 presence=1
	raw send again "$message" at=$at
	check_did "the message, sent again" 1 message=1
	raw send again "$presence" at=$((at + len))
	check_did "the other, sent again" 1 presence=1
	raw send again "${message:20}$presence" at=$((at + 10))
	check_did "both, sent again with other cuts" 1 message=1 presence=1
	raw send again "${message:40:4}" at=$((at + 20))
	check_did "a piece of the message, sent again" 1 message=1
	raw send again "$login" at=0
	check_did "the log-in, sent again" 1 login=1
	raw send again "$file"
	check_did "something new" 1 file=1
}

# What a frame does that comes before its predecessor is not known yet; so it is
# said of the packet which fills the gap, without which it is not delivered.
test_order() {
	local at=$((${#login} / 2)) len=$((${#message} / 2))

	logged_in order
	raw send order "$file" at=$((at + len))
	check_did "a frame which comes too early" 1 not=1
	raw send order "$message" at=$at
	check_did "the message before it: both" 1 message=1 file=1
	raw send order "$presence" at=$((at + len + ${#file} / 2))
	check_did "and what comes then" 1 presence=1
	raw send order "$message" at=$at
	check_did "the message, sent again: both" 1 message=1 file=1
}

# A message may not get through by being cut or out of order.
test_drop_cut() {
	local at=$((${#login} / 2)) len=$((${#message} / 2))

	rules <<-END
		-A FORWARD -m im --action file -m comment --comment file -j DROP
		-A FORWARD -m im --action message -m comment --comment message -j DROP
	END
	raw open d1 "$SRV4" 5102
	raw send d1 "$login"
	raw send d1 "${message:0:16}"
	raw send d1 "${message:16}"
	raw open d2 "$SRV4" 5102
	raw send d2 "$login"
	raw send d2 "${message:44}" at=$((at + 22))
	raw send d2 "${message:0:44}" at=$at
	raw send d2 "${message:44}" at=$((at + 22))
	raw open d3 "$SRV4" 5102
	raw send d3 "$login"
	raw send d3 "$presence$message"
	raw open d4 "$SRV4" 5102
	raw send d4 "$login"
	raw send d4 "$message" at=$((at * 2))
	raw send d4 "$presence" at=$at
	raw open d5 "$SRV4" 5102
	raw send d5 "$login"
	raw send d5 "$presence"
	check "a flow without messages arrives" raw_acked d5 $((at * 2))
	check_eq "a message with its header cut in two does not" $((at + 8)) \
		"$(raw acked d1)"
	check_eq "nor one whose last part comes first" $at "$(raw acked d2)"
	check_eq "nor what is in one segment with it" $at "$(raw acked d3)"
	check_eq "nor one which comes before its predecessor" $at "$(raw acked d4)"
	check_counts "the twin counted none" "message>3" file=0
	ipt -F FORWARD
}

# --- All services -----------------------------------------------------------

# services ACTION - the services which PROTOCOLS.md A1.3 lists for it.
services() {
	case $1 in
	login) echo 57 54 4c 1 2 226 55 f1 ;;
	presence) echo 3 4 5 a c5 c6 f0 b9 ba 83 84 85 86 89 6d d6 f 7 8 ;;
	message) echo 6 4b 2ea fb 14 d0 ;;
	chat) echo 18 19 1a 1b 1c 1d 1e 1f 20 96 97 98 99 9b 9d a0 a1 a8 c ;;
	file) echo 46 4d dc dd de bc bd be c1 c2 c7 d2 ;;
	voice) echo 4a ;;
	webcam) echo 50 ;;
	other) echo 12 8a 4f 28 29 2a b7 9 b d 15 16 bb d3 200 ;;
	esac
}

test_services() {
	local action service list

	logged_in codes
	for action in "${actions[@]}"; do
		list=$(services "$action")
		# shellcheck disable=SC2086 # words
		for service in $list; do
			raw send codes "$(ymsg "$service" "$user")"
		done
		# shellcheck disable=SC2086 # words
		set -- $list
		check_did "services which are $action" $# "$action=$#"
	done
}

declare -A before=()
ktap_plan
im_setup python3 socat
serve "$all" 5100
serve "$talk" 5101
sink 5102
test_actions IPv4 "$CLI4" "$SRV4" 52
test_drop IPv4 "$CLI4" "$SRV4"
IPT=ip6tables-legacy
test_actions IPv6 "$CLI6" "$SRV6" 72
test_drop IPv6 "$CLI6" "$SRV6"
IPT=iptables-nft
raw_start
action_rules | rules
test_cut_header
test_several
test_spanning
test_again
test_order
test_services
ipt -F FORWARD
test_drop_cut
ktap_finish
