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

# two_talk TLS - alice by mcabber, bob by bitlbee: each logs in, she says something, he answers.
two_talk() {
	local tls=0

	[ "$1" = false ] || tls=1
	bob_logs_in "$1"
	start_mcabber alice "alice@srv.test" "set tls = $tls"
	bob_is_in
	alice_is_in
	send "$RESULTS/alice/fifo" "/say_to bob@srv.test hello bob"
	! told 5000 ii-bob "hello bob" "$bob/&bitlbee/out" || printf 'bob-heard '
	send "$bob/&bitlbee/in" "alice: hello alice"
	! told 5000 alice "hello alice" "$RESULTS/alice/log/bob@srv.test" || printf 'alice-heard '
	stop alice ii-bob
}

ktap_plan
im_setup prosody mcabber bitlbee ii openssl
start_prosody 5222
start_bitlbee
both_ways "mcabber and bitlbee" xmpp irc "bob-in alice-in bob-heard alice-heard " two_talk false
check_counts "what they did" "login>0" "presence>0" "message>0" file=0 voice=0
both_ways "the two with STARTTLS" xmpp sip "bob-in alice-in bob-heard alice-heard " two_talk true
ktap_finish
