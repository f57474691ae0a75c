#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The truth table of im(8): single packets, made by hand, of flows in every
# state, and for each of them all rules which have to be true, and no other.
#
# Of a rule "proto-x" the flow is, if it is anything; "proto-y" it never is;
# "!" is inversion. The rules of states have the state's name.

# shellcheck source=selftests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/netns/lib-im.sh
. "$(dirname "$0")/lib-im.sh"

states=(new undecided decided uninspected none)
user="$(hex 1)c080$(hex alice)c080"
login=$(ymsg 57 "$user")
message=$(ymsg 6 "$user")

# cell COMMENT MATCH...
cell() {
	local comment=$1

	shift
	printf -- '-A cells -m im %s -m comment --comment "%s"\n' "$*" "$comment"
}

# cell_rules [actions] - all rules. One which asks for actions makes flows be
# read on, so the others are also tried without.
cell_rules() {
	local state

	cell proto-x --proto ymsg
	cell '!proto-x' ! --proto ymsg
	cell proto-y --proto xmpp
	cell '!proto-y' ! --proto xmpp
	cell proto-xy --proto xmpp,ymsg
	cell '!proto-xy' ! --proto xmpp,ymsg
	cell category-x --category messenger
	cell '!category-x' ! --category messenger
	cell category-y --category voice
	cell '!category-y' ! --category voice
	for state in "${states[@]}"; do
		cell "$state" --state "$state"
		cell "!$state" ! --state "$state"
	done
	cell early --state new,undecided
	cell proto-x,decided --proto ymsg --state decided
	cell proto-x,undecided --proto ymsg --state undecided
	[ "${1:-}" = actions ] || return 0
	cell action-x --action login
	cell '!action-x' ! --action login
	cell action-y --action file
	cell '!action-y' ! --action file
	cell proto-x,action-x --proto ymsg --action login
	cell proto-x,!action-x --proto ymsg ! --action login
}

# add_cells ADDRESS [actions] - what cli sends to servers 5092 to 5094.
add_cells() {
	{
		printf -- ':cells - [0:0]\n'
		printf -- '-A FORWARD -p tcp -s %s --dport 5092:5094 -j cells\n' "$1"
		cell_rules "${2:-}"
		printf -- '-A cells -m comment --comment all\n'
	} | rules
	with_actions=${2:-}
	before=()
}

del_cells() {
	ipt -F FORWARD
	ipt -F cells
	ipt -X cells
}

# want_state STATE - adds to $want what is true in it.
want_state() {
	local state

	for state in "${states[@]}"; do
		if [ "$state" = "$1" ]; then
			want[$state]=1
		else
			want[!$state]=1
		fi
	done
	case $1 in
	new | undecided) want[early]=1 ;;
	esac
}

# want_decided x|none [action-x] - adds what is true then besides the state;
# action-x for the packet which does it.
want_decided() {
	local cell cells=('!proto-y' '!category-y')

	if [ "$1" = x ]; then
		cells+=(proto-x proto-xy category-x "proto-x,decided")
	else
		cells+=('!proto-x' '!proto-xy' '!category-x')
	fi
	if [ "$with_actions" = actions ]; then
		cells+=('!action-y')
		case $1,${2:-} in
		x,action-x) cells+=(action-x "proto-x,action-x") ;;
		x,*) cells+=('!action-x' 'proto-x,!action-x') ;;
		*) cells+=('!action-x') ;;
		esac
	fi
	for cell in "${cells[@]}"; do
		want[$cell]=1
	done
}

# came N - whether so many packets have come by since the last were checked.
came() {
	read_counters
	[ $((${counted[all]:-0} - ${before[all]:-0})) -ge "$1" ]
}

# forget N - waits for so many packets, which are not to be checked.
forget() {
	local of_chain=cells cell

	busywait 5000 came "$1"
	for cell in "${!counted[@]}"; do
		before[$cell]=${counted[$cell]}
	done
}

# check_cells NAME STATE [x|none [ACTION]] - one packet has come by since; it is
# in that state, and the rules which are true are those which have to be.
check_cells() {
	local name=$1 cell n wrong=""
	local -A want=()

	want_state "$2"
	[ $# = 2 ] || want_decided "${@:3}"
	want[all]=1
	of_chain=cells busywait 5000 came 1
	for cell in "${!counted[@]}"; do
		n=$((${counted[$cell]} - ${before[$cell]:-0}))
		before[$cell]=${counted[$cell]}
		[ "$n" = "${want[$cell]:-0}" ] ||
			wrong+=" $cell: $n, not ${want[$cell]:-0};"
		unset "want[$cell]"
	done
	[ ${#want[@]} = 0 ] || wrong+=" no rules ${!want[*]}"
	check_eq "$prefix: $name" "" "$wrong"
}

# --- Packets in every state -------------------------------------------------

test_x() {
	raw syn "x$no" "$1" 5092
	check_cells "a SYN" new
	raw send "x$no" -
	check_cells "the end of the handshake" new
	raw send "x$no" "${login:0:8}"
	check_cells "four bytes" undecided
	raw send "x$no" "${login:8}"
	check_cells "the rest of a log-in" decided x action-x
	raw send "x$no" -
	check_cells "an acknowledgement after it" decided x
	raw send "x$no" "$message"
	check_cells "a message" decided x
}

test_none() {
	raw open "n$no" "$1" 5093
	forget 2
	raw send "n$no" "$(hex howdy)"
	check_cells "no signature, before the answer" undecided
	busywait 5000 raw_is got "n$no" 5
	raw send "n$no" "$(hex again)"
	check_cells "no signature, after it" decided none
	raw send "n$no" -
	check_cells "an acknowledgement in that flow" decided none
}

# Bytes which come by outside of conntrack are missing; the server acknowledges
# them, so they can be had no more.
test_uninspected() {
	raw open "u$no" "$1" 5092
	forget 2
	raw send "u$no" "${login:8}" at=4
	check_cells "bytes which come too early" undecided
	ipt -t raw -A PREROUTING -p tcp --dport 5092 -j CT --notrack
	raw send "u$no" "${login:0:8}" at=0
	check_cells "bytes outside of conntrack" none
	ipt -t raw -F PREROUTING
	raw_acked "u$no" 30
	raw send "u$no" "$message" at=30
	check_cells "a flow which cannot be read" uninspected
	raw send "u$no" "$login" at=$((30 + ${#message} / 2))
	check_cells "and its next packet" uninspected
	check "$prefix: nothing of it is lost" raw_acked "u$no" \
		$((60 + ${#message} / 2))
}

# test_cells NAME ADDRESS SOURCE [actions]
test_cells() {
	prefix=$1
	no=$((no + 1))
	add_cells "$3" "${4:-}"
	test_x "$2"
	test_none "$2"
	test_uninspected "$2"
	del_cells
}

# A flow which conntrack knew before there was a rule has no labels.
test_unlabelled() {
	prefix="no labels"
	no=$((no + 1))
	fw nft -f - <<-'END'
		table inet tracked {
			chain forward {
				type filter hook forward priority 0;
				ct state new counter
			}
		}
	END
	raw open "l$no" "$SRV4" 5092
	raw open "m$no" "$SRV4" 5093
	add_cells "$CLI4"
	raw send "l$no" -
	check_cells "before its next payload" new
	raw send "l$no" "$login"
	check_cells "with a frame" decided x
	raw send "l$no" -
	check_cells "an acknowledgement after it" decided x
	raw send "m$no" "$(hex howdy)"
	check_cells "no signature" undecided
	check_eq "$prefix: indeed" "" "$(labels_of 5092)"
	del_cells
	fw nft delete table inet tracked
}

# --- Datagrams --------------------------------------------------------------

# The budget of datagrams ends with the sixteenth, which is decided itself.
test_udp() {
	local name=$1 address=$2

	rules <<-'END'
		-A FORWARD -p udp -m im --state new -m comment --comment new
		-A FORWARD -p udp -m im --state undecided -m comment --comment undecided
		-A FORWARD -p udp -m im --state decided -m comment --comment decided
		-A FORWARD -p udp -m im --proto ymsg -m comment --comment ymsg
		-A FORWARD -p udp -m im ! --proto ymsg -m comment --comment others
		-A FORWARD -p udp -m comment --comment all
	END
	# shellcheck disable=SC2016 # expanded by the inner shell
	cli bash -c 'exec 3>"/dev/udp/$0/5095"
		for i in {1..20}; do printf "datagram %s" "$i" >&3; done' "$address"
	check "$name: datagrams come by" busywait 5000 counts all=20
	check_counts "$name: the sixteenth is the first decided" \
		new=0 undecided=15 decided=5 others=5 ymsg=0
	ipt -F FORWARD
}

ktap_plan
im_setup python3 socat iptables-legacy ip6tables-nft
fw imctl labels --write
no=0
declare -A before
sink 5092
echoes 5093
srv socat -u UDP6-RECV:5095 OPEN:/dev/null &
wait_listen srv 5095 udp
raw_start
IPT=iptables-legacy
test_cells "iptables-legacy" "$SRV4" "$CLI4" actions
test_cells "iptables-legacy, no actions" "$SRV4" "$CLI4"
clear_rules
test_unlabelled
test_udp IPv4 "$SRV4"
clear_rules
IPT=ip6tables-nft
test_cells "ip6tables-nft" "$SRV6" "$CLI6" actions
test_udp IPv6 "$SRV6"
ktap_finish
