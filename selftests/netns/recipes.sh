#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The policies of docs/policy-recipes, each as it stands but for the names of the interfaces and
# the server's address: what they block, what they let by, and that the base holds without them.

# shellcheck source=selftests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/netns/lib-im.sh
. "$(dirname "$0")/lib-im.sh"

# shellcheck disable=SC2154 # of lib.sh
server_first=$sessions/ymsg-server-first.talk
xmpp=$sessions/xmpp-open.talk
actions=$sessions/ymsg-actions.talk

# recipe NAME [ADDRESS] - the file, for this topology.
recipe() {
	sed "s/lan0/fwc/g; s/wan0/fws/g; s/192\.0\.2\.10/${2:-$SRV4}/" \
		"$NF_IM_PAYLOAD/policy-recipes/$1"
}

# load NAME [ADDRESS] - the base ruleset and a recipe over it, by nft or iptables as named.
load() {
	clear_rules
	case $1 in
	*.nft)
		recipe base.nft | fw nft -f - &&
			recipe "$@" | fw nft -f -
		;;
	*)
		recipe base.v4 | fw "$IPT-restore" -w &&
			recipe "$@" | fw "$IPT-restore" -w -n
		;;
	esac
}

# each NAME - the recipe's files that there are, as "NAME.nft" and "NAME.v4".
each() {
	local kind

	for kind in nft v4; do
		[ ! -e "$NF_IM_PAYLOAD/policy-recipes/$1.$kind" ] || echo "$1.$kind"
	done
}

passes() {
	check "$1: $2 passes" cli imtalk talk "$3" "$SRV4" "$4"
}

# cut NAME WHAT SCRIPT PORT [PATTERN]
is_blocked() {
	check_like "$1: $2 is blocked" "${5:-cut-off c 0/* s 0/*}" "$(talk_at "$3" "$SRV4" "$4")"
	end_sessions
}

outside_in() {
	check_not "$1: the outside opens nothing" srv imtalk talk --timeout 500 "$service" \
		"$CLI4" 5051
}

test_base() {
	local kind

	for kind in nft v4; do
		clear_rules
		[ "$kind" = v4 ] || recipe base.nft | fw nft -f -
		[ "$kind" = nft ] || recipe base.v4 | fw "$IPT-restore" -w
		passes "base.$kind" "an unknown service" "$service" 5051
		outside_in "base.$kind"
	done
}

test_block() {
	local file

	for file in $(each block-all) $(each block-log) $(each flowtable); do
		check "$file loads" load "$file"
		is_blocked "$file" "YMSG" "$talk" 5050
		is_blocked "$file" "XMPP" "$xmpp" 5222 "cut-off c */* s 0/*"
		passes "$file" "an unknown service" "$service" 5051
		outside_in "$file"
	done
}

# told NAME SIDE SCRIPT PORT [PATTERN] - who sends first is reset.
told() {
	seen_reset
	is_blocked "$1" "what $2 sends first" "$3" "$4" "${5:-}"
	check_number "$1: $2 is reset" ">0" "$(seen "$2" resets)"
}

# quic NAME - how many datagrams of a QUIC hello were answered, behind what ICMP said.
quic() {
	cli quichello "$1" "$SRV4" 4433 2>&1 | xargs
}

test_fast_fail() {
	local file

	for file in $(each fast-fail); do
		check "$file loads" load "$file"
		told "$file" cli "$talk" 5050
		told "$file" srv "$server_first" 5052 "cut-off c */* s */*"
		check_eq "$file: QUIC of another name passes" 1 "$(quic srv.test)"
		check_eq "$file: QUIC of a messenger is refused" "quichello: refused 0" \
			"$(quic web.whatsapp.com)"
		passes "$file" "an unknown service" "$service" 5051
	done
}

test_one_service() {
	local file

	for file in $(each one-service); do
		check "$file loads" load "$file"
		passes "$file" "XMPP to the server" "$xmpp" 5222
		is_blocked "$file" "YMSG to the server" "$talk" 5050
		passes "$file" "an unknown service" "$service" 5051
		check "$file loads for another address" load "$file" 10.9.9.9
		is_blocked "$file" "XMPP to another server" "$xmpp" 5222 "cut-off c */* s 0/*"
	done
}

# The file stands behind the message: four frames of the client's, then it is over. What is
# only offered (service 0xdc) would come by a flow of its own, so that talk goes on.
test_no_files() {
	local file carried=$RESULTS/carried.talk

	sed 's/ 00dc / 00c2 /' "$actions" >"$carried"
	check "imctl mark --packet" fw imctl mark --packet --mask 0x7ff0000 --runtime
	for file in $(each no-files); do
		check "$file loads" load "$file"
		passes "$file" "a session without a file" "$talk" 5050
		is_blocked "$file" "one that comes to a file" "$carried" 5055 "cut-off c 166/* s *"
		passes "$file" "one that is offered a file" "$actions" 5055
	done
	fw imctl mark --packet --off --runtime
}

test_default_deny() {
	local file

	for file in $(each default-deny); do
		check "$file loads" load "$file"
		passes "$file" "XMPP" "$xmpp" 5222
		is_blocked "$file" "YMSG" "$talk" 5050 "cut-off c */* s */*"
		is_blocked "$file" "an unknown service" "$service" 5051 "cut-off c */* s */*"
	done
}

# echoed PORT - of 24 datagrams of nobody's, from one port, how many are echoed.
echoed() {
	cli python3 - "$SRV4" "$1" <<-'END'
		import socket, sys
		s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		s.bind(("", 4200))
		s.settimeout(0.3)
		n = 0
		for i in range(24):
		    s.sendto(b"datagram %d" % i, (sys.argv[1], int(sys.argv[2])))
		    try:
		        n += bool(s.recv(99))
		    except OSError:
		        pass
		print(n)
	END
}

# What must pass so that a flow can be decided: where it does not, no verdict ever comes.
test_datagrams() {
	local file before

	for file in $(each default-deny); do
		check "$file loads" load "$file"
		fw conntrack -F 2>/dev/null
		check_like "$file: datagrams of nobody's pass until the 16th, both ways counted" "[78]" \
			"$(echoed 4433)"
		check_eq "$file: and no more of that flow" 0 "$(echoed 4433)"
	done
	clear_rules
	fw conntrack -F 2>/dev/null
	rules <<-'END'
		-A FORWARD -m im --state decided -m comment --comment decided
		-A FORWARD -m im --state undecided -m comment --comment undecided -j DROP
	END
	before=$(im_status unknown)
	check_eq "where undecided datagrams are dropped none passes" 0 "$(echoed 4433)"
	check_counts "nor is the flow ever decided, as im(8) says" undecided=24 decided=0
	check_eq "not even to be none" "$before" "$(im_status unknown)"
	clear_rules
}

ktap_plan
im_setup iptables-nft nft quichello socat python3
[ -d "$NF_IM_PAYLOAD/policy-recipes" ] || skip_all "no recipes in the payload"
# shellcheck disable=SC2034 # read by ipt
IPT=iptables-nft
fw imctl labels --write
fw imctl enable --runtime
serve "$talk" 5050
serve "$service" 5051
serve "$xmpp" 5222
serve "$actions" 5055
serve "$server_first" 5052
srv socat UDP6-LISTEN:4433,fork,reuseaddr PIPE >/dev/null 2>&1 &
wait_listen srv 4433 udp
cli imtalk serve "$service" 5051 >/dev/null &
wait_listen cli 5051
test_base
test_block
test_fast_fail
test_one_service
test_no_files
test_default_deny
test_datagrams
ktap_finish
