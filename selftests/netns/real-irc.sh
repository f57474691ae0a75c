#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# IRC between programs of Debian's: ngircd with ii and irssi.

# shellcheck source=selftests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/netns/lib-im.sh
. "$(dirname "$0")/lib-im.sh"
# shellcheck source=selftests/netns/lib-real.sh
. "$(dirname "$0")/lib-real.sh"

# ii_talks ADDRESS - alice joins the room, and leaves.
ii_talks() {
	irc_ii alice "$1" 6667
	send "$RESULTS/ii-alice/$1/in" "/quit"
	stop ii-alice
}

# start_irssi ADDRESS - bob joins the room and says something there and to alice.
start_irssi() {
	local dir=$RESULTS/irssi

	rm -rf "$dir"
	mkdir -p "$dir/log"
	cat >"$dir/config" <<-END
		servers = ( { address = "$1"; chatnet = "test"; port = "6667"; autoconnect = "yes"; } );
		chatnets = { test = { type = "IRC"; autosendcmd = "/join #room; /wait 500; /msg #room hello room; /msg alice hello alice"; }; };
		settings = {
			core = { real_name = "Bob"; user_name = "bob"; nick = "bob"; server_reconnect_time = "1h"; };
			"fe-common/core" = { autolog = "yes"; autolog_path = "$dir/log/\$0"; };
		};
	END
	start_tty cli irssi irssi "--home=$dir"
}

# two_talk ADDRESS - alice by ii, bob by irssi: in the room and between the two.
two_talk() {
	local dir=$RESULTS/ii-alice/$1

	irc_ii alice "$1" 6667
	start_irssi "$1"
	told 15000 irssi "has joined|onnection (lost|reset)" "$RESULTS/irssi.screen"
	! told 5000 ii-alice "bob. hello room" "$dir/#room/out" || printf 'room '
	! told 5000 ii-alice "hello alice" "$dir/bob/out" || printf 'alice '
	[ ! -p "$dir/#room/in" ] || send "$dir/#room/in" "hello bob"
	! grep -qs . "$RESULTS/irssi/log/#room" ||
		! told 5000 irssi "hello bob" "$RESULTS/irssi/log/#room" || printf 'bob '
	stop ii-alice irssi
}

ktap_plan
im_setup ngircd
need_programs ii irssi
start_ngircd 6667
if has ii; then
	IPT=ip6tables-nft
	both_ways "ii, IPv6" irc xmpp "greeted joined " ii_talks "$SRV6"
	ipt -F FORWARD
	IPT=iptables-nft
fi
if has ii && has irssi; then
	both_ways "ii and irssi" irc xmpp "greeted joined room alice bob " two_talk "$SRV4"
	check_counts "what they did" "login>0" "presence>0" "chat>1" "message>0" file=0 voice=0
fi
both_ways "curl" irc sip "greeted joined left " curl_irc
ktap_finish
