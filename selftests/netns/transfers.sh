#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# One rule that drops files, of whatever messenger: transfers that have a flow, or datagrams, of
# their own stop, and the talks beside them go on. Those which have no bytes to be known by are
# in related.sh.

# shellcheck source=selftests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/netns/lib-im.sh
. "$(dirname "$0")/lib-im.sh"

port=7300
# shellcheck disable=SC2034 # of lib-im.sh: of sessions that are to be cut off
patience=500

# script NAME LINE... - a session; its path is $script, it is served on $port.
script() {
	script=$RESULTS/$1.talk
	port=$((port + 1))
	printf '%s\n' "${@:2}" >"$script"
	serve "$script" "$port"
}

# stops NAME CUT LINE... - the session gets as far as CUT.
stops() {
	script "$1" "${@:3}"
	check_like "$1: is cut off" "cut-off $2 timeout" "$(talk_at "$script" "$SRV4" "$port")"
}

# passes NAME LINE...
passes() {
	script "$1" "${@:2}"
	check "$1: passes" cli imtalk talk "$script" "$SRV4" "$port"
}

request() {
	printf 'c "%s HTTP/1.1\\r\\nHost: 192.0.2.1\\r\\nConnection: Close\\r\\nUser-Agent: %s\\r\\nCache-Control: no-cache\\r\\nContent-Length: 2\\r\\n\\r\\nhi"\n' \
		"$1" "${2:-Mozilla/5.0}"
}

answer='s "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"'
# oft TYPE - the header of a file, of 256 bytes.
oft() {
	printf '"OFT2" 0100 %s "COOKIE01" 00*240\n' "$1"
}
# flap CHANNEL NUMBER LENGTH and DATA in hexadecimal
flap() {
	printf '2a%s%s%04x %s\n' "$1" "$2" "$3" "$4"
}
hello=$(flap 01 0001 4 00000001)
# im NUMBER - a message of OSCAR.
im() {
	flap 02 "$1" 43 "00040006000000000003434f4f4b49453031000103626f620002000f$(
		printf 050100010101010006000000006869)"
}
# propose NUMBER - a file is offered.
propose() {
	flap 02 "$1" 54 "00040006000000000003434f4f4b49453031000203626f620005001a$(
		printf 0000434f4f4b49453031094613434c7f11d18222444553540000)"
}

test_aim() {
	passes "AIM: the talk, past the offer of a file" "c $hello" "s $hello" "c $(im 0002)" \
		"s $(im 0002)" "c $(propose 0003)" "s $(im 0003)" "c $(im 0004)" "s $(im 0004)"
	stops "AIM: the file" "c 0/* s 0/*" "s $(oft 0101)" "c $(oft 0202)" 's "data"'
	stops "AIM: by way of the relay" "c 46/* s 12/*" \
		'c 002c044a0002000000000000 05 "alice" "COOKIE01" 00010010094613434c7f11d18222444553540000' \
		's 000a044a0005000000000000' "c $(oft 0101)" "s $(oft 0202)"
	passes "AIM: what is no such header" "s $(oft 0303)" "c $(oft 0404)"
	passes "AIM: a direct talk" \
		'c "ODC2" 004c00010006 0000 "COOKIE01" 00*56' \
		'c "ODC2" 004c00010006 0000 "COOKIE01" 00*56' \
		's "ODC2" 004c00010006 0000 "COOKIE01" 00*56'
}

test_yahoo() {
	stops "Yahoo: by way of the relay" "c 0/* s 0/*" \
		"$(request 'POST /relay?token=QQ&sender=YWI&recver=Y2Q')" "$answer"
	stops "Yahoo: from the other one's client" "c 0/* s 0/*" \
		"$(request 'POST /Messenger.1a2b')" "$answer"
	passes "Yahoo: another resource" "$(request 'POST /relay?token=QQ&sender=YWI')" "$answer"
	passes "Yahoo: another agent" "$(request 'POST /Messenger.1a2b' curl/7)" "$answer"
	serve "$talk" 5050
	check "Yahoo: the talk goes on" cli imtalk talk "$talk" "$SRV4" 5050
}

test_msn() {
	stops "MSN: the file" "c 0/* s 0/*" 'c "VER MSNFTP\r\n"' 's "VER MSNFTP\r\n"'
	stops "MSN: a direct connection" "c 0/* s 0/*" 'c 04000000 "foo" 00' 's 30000000'
	passes "MSN: what is none" 'c "VER MSNFTX\r\n"' 's "VER MSNFTX\r\n"'
	passes "MSN: nor such a connection" 'c 04000000 "bar" 00' 's 30000000'
	passes "MSN: the talk" 'c "USR 1 alice@example.com 53042708.968145.366138\r\n"' \
		's "USR 1 OK alice@example.com Alice\r\n"' \
		'c "MSG 2 N 47\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\n"' \
		's "ACK 2\r\n"'
}

# sip FIRST-LINE BODY - a datagram and its answer.
sip() {
	printf 'c "%s SIP/2.0\\r\\nVia: SIP/2.0/UDP a\\r\\nl: %d\\r\\n\\r\\n%s"\n' \
		"$1" "$(printf %b "$2" | wc -c)" "$2"
	printf 's "SIP/2.0 200 OK\\r\\nVia: SIP/2.0/UDP a\\r\\nl: 0\\r\\n\\r\\n"\n'
}

# All of it from one port: the same flow.
test_sip() {
	local file=$RESULTS/sip-file.talk words=$RESULTS/sip-words.talk

	sip "INVITE sip:b@example.com" 'm=message 7654 TCP/MSRP *\r\na=file-selector:name:\"a\"\r\n' \
		>"$file"
	sip "MESSAGE sip:b@example.com" hi >"$words"
	serve_udp "$words" 5060
	serve_udp "$file" 5061
	check "SIP: a message" cli imtalk talk --udp --source-port 5070 "$words" "$SRV4" 5060
	check_like "SIP: the offer of a file is cut off" "cut-off c * s 0/* timeout" \
		"$(talk_at --udp "$file" "$SRV4" 5061)"
	zero_counters FORWARD
	cli imtalk talk --udp --timeout "$patience" --source-port 5070 "$file" "$SRV4" 5060 \
		>/dev/null || :
	check_counts "SIP: so it is on the flow of the talk" "drop>0"
	# shellcheck disable=SC2016 # for the inner shell
	check "SIP: and the talk goes on there" \
		cli bash -c 'printf "MESSAGE sip:b@example.com SIP/2.0\r\nl: 2\r\n\r\nhi" |
			socat -t 1 - "UDP:$1:5060,sourceport=5070,reuseaddr" >/dev/null' - "$SRV4"
	check_counts "SIP: as a message" "message>0"
}

ktap_plan
im_setup socat
rules <<-'END'
	-A FORWARD -m im --action message -m comment --comment message
	-A FORWARD -m im --proto xmpp,gadugadu --action file -m comment --comment twin
	-A FORWARD -m im --action file -m comment --comment drop -j DROP
END
test_aim
test_yahoo
test_msn
test_sip
check_counts "none of it was another protocol's" twin=0
ktap_finish
