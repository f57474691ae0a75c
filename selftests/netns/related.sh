#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Flows that another one offers: IRC's DCC, XMPP's bytestreams, what clients of MSN and Yahoo!
# send each other, and the media of SIP have no bytes of their own to be known by, or none that a
# rule for files could go by. A rule that drops files stops them, and the talk goes on.

# shellcheck source=selftests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/netns/lib-im.sh
. "$(dirname "$0")/lib-im.sh"
# shellcheck source=selftests/netns/lib-flood.sh
. "$(dirname "$0")/lib-flood.sh"

# lib-flood.sh has another use for $sessions.
scripts=$netns_dir/sessions
irc=$scripts/irc-offers.talk
bytes=$scripts/file-bytes.talk
xmpp=$scripts/xmpp-bytestream.talk
socks=$scripts/socks-bytestream.talk
msn=$scripts/msn-offers.talk
yahoo=$scripts/ymsg-offers.talk
call=$scripts/sip-call.talk
rtp=$scripts/rtp.talk
cut="cut-off c 0/* s 0/*"
# Of datagrams nobody knows whether they arrive.
deaf="cut-off c * s 0/*"
# shellcheck disable=SC2034 # of lib-im.sh: of sessions that are to be cut off
patience=500

# file_rules PROTO - drops its files; "file" counts them first, "message" messages.
file_rules() {
	rules <<-END
		-A FORWARD -m im --proto $1 --action file -m comment --comment file
		-A FORWARD -m im --proto $1 --action message -m comment --comment message
		-A FORWARD -m im --proto oscar --action file -m comment --comment twin
		-A FORWARD -m im --proto $1 --action file -m comment --comment drop -j DROP
	END
}

# cli_serve SCRIPT PORT... - a server on cli, for what it offered.
cli_serve() {
	cli imtalk serve "$@" >/dev/null &
	wait_listen cli "$2"
}

# from_srv SCRIPT ADDRESS PORT - a session that srv opens; prints its one line.
from_srv() {
	srv imtalk talk --timeout "$patience" "$@" || :
}

# status_is KEY VALUE - of imctl status.
status_is() {
	[ "$(im_status "$1")" = "$2" ]
}

# anew [PARAMETER...] - modules without a past, and rules for a protocol.
anew() {
	local proto=$1

	shift
	reload "$@" && file_rules "$proto"
}

# --- Transfers --------------------------------------------------------------

# test_dcc NAME SESSION PORT CLIENT SERVER - offers of both sides.
test_dcc() {
	local name=$1 session=$2 port=$3 client=$4 server=$5

	anew irc
	check "$name: nothing was offered: bytes to that port pass" \
		cli imtalk talk "$bytes" "$server" 5556
	check "$name: the talk goes on past three offers" \
		cli imtalk talk "$session" "$server" "$port"
	check_counts "$name: each offer of a file was dropped once" drop=2 file=2 twin=0
	check_eq "$name: three offers were taken" 3 "$(im_status offers)"
	check_like "$name: the file of the server's side is cut off" \
		"$cut" "$(talk_at "$bytes" "$server" 5556)"
	check_like "$name: once more" "$cut" "$(talk_at "$bytes" "$server" 5556)"
	check_like "$name: the file of the client's side is cut off" \
		"$cut" "$(from_srv "$bytes" "$client" 5555)"
	check_counts "$name: the rule counted" "drop>4" twin=0
	zero_counters FORWARD
	check "$name: the talk past the server passes" \
		cli imtalk talk "$bytes" "$server" 5557
	check_counts "$name: as messages" "message>1" drop=0
	check "$name: another port passes" cli imtalk talk "$bytes" "$server" 5558
	check "$name: so does the client's port where the server's was offered" \
		from_srv_completes "$bytes" "$client" 5556
	check_counts "$name: and counts nowhere" file=0 twin=0
	check_eq "$name: four flows were offered" 4 "$(im_status offered)"
}

from_srv_completes() {
	[[ $(patience=5000 from_srv "$@") == complete* ]]
}

# The labels that stock tools see.
test_label() {
	fw imctl labels --write >/dev/null
	# Conntrack forgets what was reset after 10 s.
	check_like "once more it is cut off" "$cut" "$(talk_at "$bytes" "$SRV4" 5556)"
	check "a flow that was offered has the protocol's label" count_labelled im-irc 5556
	check_not "that of another port has not" count_labelled im-irc 5558
}

other_completes() {
	[[ $(printf '\0\0\0\026' |
		cli socat -t 2 - "TCP:$SRV4:5556,bind=10.0.1.3") == Bytes* ]]
}

# Another host behind the same firewall asks for the same port.
test_others() {
	cli ip addr add 10.0.1.3/24 dev c0
	check "another client's flow there passes" other_completes
	check_like "the client's own is still cut off" \
		"$cut" "$(talk_at "$bytes" "$SRV4" 5556)"
	cli ip addr del 10.0.1.3/24 dev c0
}

test_passive() {
	anew irc
	check "passive DCC: the talk goes on" \
		cli imtalk talk "$scripts/irc-passive.talk" "$SRV4" 6668
	check_eq "passive DCC: port 0 offers nothing, the answer does" 1 \
		"$(im_status offers)"
	check_like "passive DCC: the file is cut off" \
		"$cut" "$(from_srv "$bytes" "$CLI4" 5561)"
}

# With a rule for another protocol, or none for actions, nothing is learnt.
test_unwatched() {
	reload
	rules <<-'END'
		-A FORWARD -m im --proto irc -m comment --comment irc
		-A FORWARD -m im --proto xmpp --action file -m comment --comment drop -j DROP
	END
	check "a rule for another protocol: the session completes" \
		cli imtalk talk "$irc" "$SRV4" 6667
	check "and so does the transfer" cli imtalk talk "$bytes" "$SRV4" 5556
	check_eq "nothing was taken" 0 "$(im_status offers)"
}

# A packet may come from anybody, and rules may drop it: what it offers is not believed.
test_forged() {
	local offer=$'PRIVMSG bob :\001DCC SEND f 1 443 5\001\r\n' before

	anew irc
	before=$(im_status offers)
	cli rawflood tcp "$CLI4" "$SRV4" 6667 5 "$offer" >/dev/null
	check_number "SYNs with an offer were read" ">0" "$(im_status inspected)"
	check_eq "and not believed" "$before" "$(im_status offers)"
	check "the talk itself" cli imtalk talk "$irc" "$SRV4" 6667
	check_number "is" ">$before" "$(im_status offers)"
}

test_expired() {
	anew irc offer_seconds=2
	check "an offer that is 2 s old: the talk goes on" \
		cli imtalk talk "$irc" "$SRV4" 6667
	check_like "at first it is cut off" "$cut" "$(talk_at "$bytes" "$SRV4" 5556)"
	sleep 2
	check "then it passes" cli imtalk talk "$bytes" "$SRV4" 5556
	check "and the sweep lets go of it" busywait $((2 * sweep_ms)) status_is expected 0
}

test_bytestream() {
	anew xmpp
	check "bytestream: the talk goes on past the offer" \
		cli imtalk talk "$xmpp" "$SRV4" 5222
	check_eq "bytestream: an address was offered; a host's name is none" 1 \
		"$(im_status offers)"
	check_like "bytestream: it is cut off at its first bytes" \
		"$cut" "$(talk_at "$socks" "$SRV4" 5571)"
	check "bytestream: on another port it is a proxy's" \
		cli imtalk talk "$socks" "$SRV4" 5572
	check_counts "bytestream: the rule counted" "drop>2" twin=0
}

# test_talk NAME PROTOS SESSION PORT BYTES-PORT... - two files that the server's side offers.
test_talk() {
	local name=$1 protos=$2 session=$3 port=$4 at

	anew "$protos"
	check "$name: the talk goes on past its offers" cli imtalk talk "$session" "$SRV4" "$port"
	check_eq "$name: addresses that were offered" "$5" "$(im_status offers)"
	check_counts "$name: the first offer of each was dropped" "drop>0" twin=0
	for at in "${@:6}"; do
		check_like "$name: the file at $at is cut off" \
			"$cut" "$(talk_at "$bytes" "$SRV4" "$at")"
	done
	zero_counters FORWARD
	check "$name: another port passes" cli imtalk talk "$bytes" "$SRV4" 5558
	check "$name: so does that port of the client" from_srv_completes "$bytes" "$CLI4" "$6"
	check_counts "$name: and count nowhere" file=0 drop=0 twin=0
}

# media FROM-SIDE ADDRESS SOURCE-PORT PORT - a packet of RTP and its answer.
media() {
	"$1" imtalk talk --udp --timeout "$patience" --source-port "$3" "$rtp" "$2" "$4" || :
}

media_passes() {
	[[ $(patience=5000 media "$@") == complete* ]]
}

# srv has another address, or cli: what was offered is neither's.
media_others() {
	local got

	cli ip addr add 10.0.1.3/24 dev c0
	srv ip addr add 10.0.2.9/24 dev s0
	got=$(printf '\x80\0\0\x01\0\0\0\0\0\0\0\xa112345678' |
		cli socat -t 2 - "UDP:$SRV4:5000,bind=10.0.1.3" | tr -d '\0')
	check_like "SIP: another client's media there passes" "*12345678" "$got"
	srv socat UDP4-RECVFROM:5016,bind=10.0.2.9,fork PIPE &
	wait_listen srv 5016 udp
	got=$(printf '\x80\0\0\x01\0\0\0\0\0\0\0\xa112345678' |
		cli socat -t 2 - UDP:10.0.2.9:5016 | tr -d '\0')
	check_like "SIP: at a third host that the server named, too" "*12345678" "$got"
	cli ip addr del 10.0.1.3/24 dev c0
	srv ip addr del 10.0.2.9/24 dev s0
}

# The call itself is let through here, so that it is the media alone that is dropped.
test_media() {
	reload
	rules <<-'END'
		-A FORWARD -m im --proto sip --action voice -m comment --comment voice
		-A FORWARD -m im --proto sip --action video -m comment --comment video
		-A FORWARD -m im --proto oscar --action voice -m comment --comment twin
		-A FORWARD -p udp --dport 5060 -j ACCEPT
		-A FORWARD -p udp --sport 5060 -j ACCEPT
		-A FORWARD -m im --proto sip --action voice -m comment --comment drop -j DROP
	END
	check "SIP: the call" cli imtalk talk --udp "$call" "$SRV4" 5060
	check_counts "SIP: it is an action itself" voice=1 video=1 drop=0
	check_eq "SIP: its media was offered, but for a third host" 3 "$(im_status offers)"
	check_like "SIP: media from the client's port is cut off" "$deaf" \
		"$(media cli "$SRV4" 4000 5008)"
	check_like "SIP: and to it" "$deaf" "$(media srv "$CLI4" 5009 4000)"
	check_like "SIP: and to the server's port" "$deaf" "$(media cli "$SRV4" 4009 5000)"
	check_counts "SIP: the rule counted" "drop>2" twin=0
	zero_counters FORWARD
	check "SIP: what only shows pictures passes a rule for voices" \
		media_passes cli "$SRV4" 4002 5008
	check_counts "SIP: it counts as that" "video>1" drop=0 twin=0
	zero_counters FORWARD
	check "SIP: other ports' datagrams pass" media_passes cli "$SRV4" 4010 5008
	check "SIP: so do those to a port, from it" media_passes cli "$SRV4" 5000 5009
	media_others
	check_counts "SIP: and count nowhere" voice=0 video=0 drop=0
}

# Without an answer who asks may be anybody.
test_unanswered() {
	local offer

	reload
	rules <<-'END'
		-A FORWARD -m im --action voice -m comment --comment voice
	END
	offer=$'INVITE sip:b@example.com SIP/2.0\r\nVia: SIP/2.0/UDP a\r\nl: 49\r\n\r\n'
	offer+=$'c=IN IP4 10.0.1.2\r\nt=0 0\r\nm=audio 4000 RTP/AVP\r\n'
	printf %s "$offer" >"$RESULTS/invite"
	cli socat -u "OPEN:$RESULTS/invite" "UDP:$SRV4:5099"
	check_counts "SIP: a call that nobody takes counts as one" voice=1
	check_eq "SIP: what it offers is not believed" 0 "$(im_status offers)"
}

# Behind NAT: srv knows cli by the firewall's address and the port that leads to it.
test_nat() {
	anew irc
	fw nft -f - <<-END
		table ip nat {
			chain pre {
				type nat hook prerouting priority dstnat;
				ip daddr $FWS4 tcp dport 5555 dnat to $CLI4
			}
			chain post {
				type nat hook postrouting priority srcnat;
				oifname fws masquerade
			}
		}
	END
	check "NAT: the talk goes on" cli imtalk talk "$irc" "$SRV4" 6667
	check_like "NAT: the client's file is cut off at the address it is known by" \
		"$cut" "$(from_srv "$bytes" "$FWS4" 5555)"
	check_like "NAT: and the other side's" "$cut" "$(talk_at "$bytes" "$SRV4" 5556)"
	fw nft delete table ip nat
}

# --- Bounds -----------------------------------------------------------------

# offers_of FROM COUNT - a session that offers so many ports, five a packet.
offers_of() {
	local i k

	printf 'c "NICK alice\\r\\nUSER alice 0 * :Alice\\r\\n"\ns ":x 001 alice :hi\\r\\n"\n'
	for ((i = $1; i < $1 + $2; i += 5)); do
		printf 'c '
		for k in 0 1 2 3 4; do
			printf '"PRIVMSG bob :\\x01DCC SEND a 167772674 %d 1\\x01\\r\\n" ' \
				$((i + k))
		done
		printf '\ns ":x PONG\\r\\n"\n'
	done
}

test_flood() {
	offers_of 7000 100 >"$RESULTS/flood.talk"
	offers_of 5556 5 >"$RESULTS/few.talk"
	serve "$RESULTS/flood.talk" 6700
	serve "$RESULTS/few.talk" 6701
	anew irc
	ipt -D FORWARD 4
	check "an early offer" cli imtalk talk "$RESULTS/few.talk" "$SRV4" 6701
	check "a flood of 100 offers" cli imtalk talk "$RESULTS/flood.talk" "$SRV4" 6700
	check_eq "64 of a client are taken" 64 "$(im_status offers)"
	check_eq "and waited upon" 64 "$(im_status expected)"
	check_eq "the others are counted" 41 "$(im_status offers_lost)"
	check "the same once more" cli imtalk talk "$RESULTS/few.talk" "$SRV4" 6701
	check_eq "takes the place of its own" 41 "$(im_status offers_lost)"
	ipt -A FORWARD -m im --action file -m comment --comment drop -j DROP
	check_like "the early one still counts" "$cut" "$(talk_at "$bytes" "$SRV4" 5556)"
	check "a port that was lost passes" cli imtalk talk "$bytes" "$SRV4" 7099
}

# server_offers FROM COUNT - a session in which the server offers, one port a packet.
server_offers() {
	local i

	printf 'c "NICK alice\\r\\nUSER alice 0 * :Alice\\r\\n"\ns ":x 001 alice :hi\\r\\n"\n'
	for ((i = $1; i < $1 + $2; i++)); do
		printf 'c "PING\\r\\n"\n'
		printf 's ":b!b@h PRIVMSG alice :\\x01DCC SEND a 167772674 %d 1\\x01\\r\\n"\n' "$i"
	done
}

# A server that offers to many, as an exchange does, leaves room for others.
test_exchange() {
	server_offers 7000 20 >"$RESULTS/exchange.talk"
	serve "$RESULTS/exchange.talk" 6702
	anew irc offers_max=64
	check "a server offers 20 ports" cli imtalk talk "$RESULTS/exchange.talk" "$SRV4" 6702
	check_eq "a quarter of the namespace's is its part" 16 "$(im_status offers)"
	check_eq "the others are counted" 4 "$(im_status offers_lost)"
	check_eq "as too many of one host" 4 "$(im_status offers_lost_host)"
	check "a client offers" cli imtalk talk "$RESULTS/few.talk" "$SRV4" 6701
	check_eq "and has all its own" 21 "$(im_status offers)"
	check_eq "none of them is lost" 4 "$(im_status offers_lost)"
}

# Both processors: sessions that offer, and flows that are asked for, at once.
test_both() {
	local i pids=() n=0

	anew irc
	for i in {1..10}; do
		taskset -c $((i % 2)) ip netns exec "$topo_cli" imtalk talk --timeout 5000 \
			"$irc" "$SRV4" 6667 >"$RESULTS/both.$i" 2>&1 &
		pids+=($!)
		taskset -c $(((i + 1) % 2)) ip netns exec "$topo_cli" imtalk talk \
			--timeout 500 "$bytes" "$SRV4" 5556 >/dev/null 2>&1 &
		pids+=($!)
	done
	wait "${pids[@]}"
	for i in {1..10}; do
		! grep -q ^complete "$RESULTS/both.$i" || n=$((n + 1))
	done
	check_eq "two processors: all sessions complete" 10 "$n"
	check_like "two processors: the transfer is cut off" \
		"$cut" "$(talk_at "$bytes" "$SRV4" 5556)"
}

# --- Ends -------------------------------------------------------------------

test_rules_gone() {
	anew irc
	check "offers are there" cli imtalk talk "$irc" "$SRV4" 6667
	check "with the rules the modules go, and what was expected" rules_gone
	check "and the caches" caches_gone
}

test_namespace() {
	setup_topology gone
	serve "$irc" 6667
	file_rules irc
	check "in a namespace: the talk goes on" cli imtalk talk "$irc" "$SRV4" 6667
	check_eq "in a namespace: offers were taken" 3 "$(fw imctl status |
		awk -F '\t' '$1 == "offers" { print $2 }')"
	use_topology
	check "which the first one knows nothing of" status_is offers 0
	ip netns del fw-gone
	check "the namespace goes, and both modules" busywait 20000 rules_gone
	check "and the caches" caches_gone
	check "the kernel is well" kernel_is_well
}

ktap_plan
im_setup socat taskset
serve "$irc" 6667
serve "$scripts/irc-passive.talk" 6668
serve "$scripts/irc-offers6.talk" 6669
serve "$bytes" 5556 5557 5558 7099
serve "$xmpp" 5222
serve "$socks" 5571 5572
serve "$msn" 1863
serve "$yahoo" 5050
serve "$bytes" 6891 6895 8100 8101
for port in 5000 5008 5009; do
	serve_udp "$rtp" "$port"
done
serve_udp "$call" 5060
cli_serve "$bytes" 5555 5556 5561 6891 8100
cli imtalk serve --udp "$rtp" 4000 >/dev/null &
wait_listen cli 4000 udp
test_dcc IPv4 "$irc" 6667 "$CLI4" "$SRV4"
test_label
test_others
IPT=ip6tables-nft
test_dcc IPv6 "$scripts/irc-offers6.talk" 6669 "$CLI6" "$SRV6"
IPT=iptables-nft
test_passive
test_unwatched
test_forged
test_expired
test_bytestream
test_talk MSN msnp,msnftp,msn-dc "$msn" 1863 3 6891 6895
test_talk Yahoo ymsg "$yahoo" 5050 2 8100 8101
test_media
test_unanswered
test_nat
test_flood
test_exchange
test_both
test_rules_gone
test_namespace
ktap_finish
