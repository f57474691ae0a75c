#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# XMPP between programs of Debian's: prosody with mcabber and bitlbee, in the clear and with
# STARTTLS.

# shellcheck source=selftests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/netns/lib-im.sh
. "$(dirname "$0")/lib-im.sh"
# shellcheck source=selftests/netns/lib-real.sh
. "$(dirname "$0")/lib-real.sh"

# start_bitlbee [LINE...] - on cli, for an IRC client there; its own flows are those to srv.
start_bitlbee() {
	local dir=$RESULTS/bitlbee

	mkdir -p "$dir"
	printf '%s\n' "[settings]" "RunMode = Daemon" "DaemonInterface = 127.0.0.1" \
		"DaemonPort = 6668" "ConfigDir = $dir" "$@" >"$dir/conf"
	start cli bitlbee bitlbee -D -n -v -c "$dir/conf"
	wait_listen cli 6668
}

# bob_logs_in TLS - by bitlbee; what he hears is in $bob.
bob_logs_in() {
	rm -rf "$RESULTS/ii-bob"
	mkdir -p "$RESULTS/ii-bob"
	start cli ii-bob ii -s 127.0.0.1 -p 6668 -n bob -i "$RESULTS/ii-bob"
	told 8000 ii-bob "elcome" "$bob/&bitlbee/out" || return
	send "$bob/&bitlbee/in" "account add jabber bob@srv.test secret"
	send "$bob/&bitlbee/in" "account jabber set server $SRV4"
	send "$bob/&bitlbee/in" "account jabber set tls $1"
	send "$bob/&bitlbee/in" "account jabber set tls_verify false"
	send "$bob/&bitlbee/in" "account jabber on"
}

# two_talk TLS - alice by mcabber, bob by bitlbee: each logs in, she says something, he answers.
two_talk() {
	local tls=0

	[ "$1" = false ] || tls=1
	bob_logs_in "$1"
	start_mcabber alice "alice@srv.test/home" "set tls = $tls"
	! told 15000 ii-bob "Logged in" "$bob/&bitlbee/out" || printf 'bob-in '
	! told 5000 alice "session" "$RESULTS/alice/trace" || printf 'alice-in '
	send "$RESULTS/alice/fifo" "/say_to bob@srv.test hello bob"
	! told 5000 ii-bob "hello bob" "$bob"/*/out || printf 'bob-heard '
	stop alice ii-bob
}

ktap_plan
im_setup prosody mcabber bitlbee ii openssl
bob=$RESULTS/ii-bob/127.0.0.1
start_prosody 5222
start_bitlbee
both_ways "mcabber and bitlbee" xmpp irc "bob-in alice-in bob-heard " two_talk false
check_counts "what they did" "login>0" "presence>0" "message>0" file=0 voice=0
both_ways "the two with STARTTLS" xmpp sip "bob-in alice-in bob-heard " two_talk true
ktap_finish
