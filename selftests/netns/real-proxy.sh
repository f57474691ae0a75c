#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Messengers inside real proxies: SOCKS of dante, microsocks and ssh -D, CONNECT of tinyproxy and
# squid. The proxy is on srv, as the servers are, so the firewall sees what the client says to the proxy.

# shellcheck source=selftests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/netns/lib-im.sh
. "$(dirname "$0")/lib-im.sh"
# shellcheck source=selftests/netns/lib-services.sh
. "$(dirname "$0")/lib-services.sh"
# shellcheck source=selftests/netns/lib-real.sh
. "$(dirname "$0")/lib-real.sh"

# start_socks PORT - dante, or where there is none microsocks; its name is in $socks.
start_socks() {
	socks=dante
	if ! has danted; then
		socks=microsocks
		start srv socks microsocks -i "$SRV4" -p "$1"
	else
		cat >"$RESULTS/danted.conf" <<-END
			logoutput: $RESULTS/danted.log
			internal: $SRV4 port = $1
			external: $SRV4
			clientmethod: none
			socksmethod: none
			user.privileged: root
			user.unprivileged: nobody
			client pass { from: 0.0.0.0/0 to: 0.0.0.0/0 }
			socks pass { from: 0.0.0.0/0 to: 0.0.0.0/0 }
		END
		start srv socks danted -f "$RESULTS/danted.conf"
	fi
	wait_listen srv "$1"
}

start_tinyproxy() {
	printf '%s\n' "Port $1" "Listen $SRV4" "Timeout 60" "MaxClients 10" \
		"Allow $CLI4/24" "LogFile \"$RESULTS/tinyproxy.log\"" \
		"PidFile \"$RESULTS/tinyproxy\"" >"$RESULTS/tinyproxy.conf"
	start srv tinyproxy tinyproxy -d -c "$RESULTS/tinyproxy.conf"
	wait_listen srv "$1"
}

# start_squid PORT - it takes a while; wait_listen before it is asked.
start_squid() {
	printf '%s\n' "http_port $SRV4:$1" "http_access allow all" "cache deny all" \
		"access_log none" "cache_log /dev/null" "pid_filename none" "coredump_dir /tmp" \
		"visible_hostname srv.test" "shutdown_lifetime 0 seconds" "pinger_enable off" \
		"netdb_filename none" "max_filedescriptors 256" >"$RESULTS/squid.conf"
	start srv squid squid -N -d 1 -f "$RESULTS/squid.conf"
}

# ssh_socks SIDE ADDRESS PORT - ssh -D on SIDE, through srv's sshd.
ssh_socks() {
	start "$1" "ssh-$1" ssh -F none -i "$RESULTS/sshd/id" -N -D "$2:$3" -o BatchMode=yes \
		-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null "root@$SRV4"
	wait_listen "$1" "$3"
}

# mcabber_in LINE... - whether alice can log in.
mcabber_in() {
	start_mcabber alice "alice@srv.test" "set tls = 0" "$@"
	alice_is_in
	stop alice
}

bitlbee_in() {
	bob_logs_in false
	bob_is_in
	stop ii-bob
}

# curl brings IRC to the proxy, by each way of asking it.
test_curl() {
	local way words="greeted joined left "

	both_ways "IRC by curl in SOCKS5 of $socks" irc xmpp "$words" \
		curl_irc --proxy "socks5://$SRV4:1080"
	for way in socks5h $([ "$socks" = microsocks ] || echo socks4); do
		is_cut "IRC by curl in $way of $socks" irc xmpp curl_irc --proxy "$way://$SRV4:1080"
	done
	irc_host=srv.test both_ways "IRC by curl in SOCKS4a of ssh -D" irc xmpp "$words" \
		curl_irc --proxy "socks4a://$SRV4:1081"
	! has tinyproxy || both_ways "IRC by curl in CONNECT of tinyproxy" irc xmpp "$words" \
		curl_irc --proxytunnel --proxy "http://$SRV4:8888"
	if has squid; then
		wait_listen srv 3128
		both_ways "IRC by curl in CONNECT of squid" irc xmpp "$words" \
			curl_irc --proxytunnel --proxy "http://$SRV4:3128"
	fi
}

# The proxy itself is nothing to a rule, whatever else goes through it.
test_others() {
	cut_rules irc xmpp
	check_eq "HTTP by curl in SOCKS5 of $socks passes" hello \
		"$(cli curl -sS --max-time 10 --proxy "socks5://$SRV4:1080" "http://$SRV4:80/")"
	check "HTTPS by curl in SOCKS5 of $socks passes" \
		cli curl -sSk --max-time 20 --proxy "socks5://$SRV4:1080" "https://$SRV4:443/"
	if has tinyproxy; then
		check "HTTP by curl and tinyproxy passes" \
			cli curl -sS --max-time 10 --proxy "http://$SRV4:8888" "http://$SRV4:80/"
		check "HTTPS by curl in CONNECT of tinyproxy passes" \
			cli curl -sSk --max-time 20 --proxy "http://$SRV4:8888" "https://$SRV4:443/"
	fi
	if has squid; then
		check "HTTP by curl and squid passes" \
			cli curl -sSf --max-time 10 --proxy "http://$SRV4:3128" "http://$SRV4:80/"
		check "HTTPS by curl in CONNECT of squid passes" \
			cli curl -sSk --max-time 20 --proxy "http://$SRV4:3128" "https://$SRV4:443/"
	fi
	check_counts "and no rule counts" reject=0 drop=0 other=0
}

# What is between the ends of ssh the firewall cannot see: SOCKS is on cli's own loopback.
test_hidden() {
	ssh_socks cli 127.0.0.1 1082
	cut_rules irc xmpp
	check_eq "IRC behind the client's own ssh -D is not seen" "greeted joined left " \
		"$(curl_irc --proxy socks5h://127.0.0.1:1082)"
	check_counts "and no rule counts" reject=0 drop=0 other=0
}

ktap_plan
im_setup ngircd curl sshd nginx
need_programs prosody mcabber tinyproxy bitlbee ii squid
! has squid || start_squid 3128
start_ngircd 6667
start_nginx 80 443
start_sshd 22
start_socks 1080
ssh_socks srv "$SRV4" 1081
! has tinyproxy || start_tinyproxy 8888
test_curl
test_others
test_hidden
! has prosody || start_prosody 5222
if has prosody && has mcabber && has tinyproxy; then
	both_ways "mcabber in CONNECT of tinyproxy" xmpp irc "alice-in " \
		mcabber_in "set proxy_host = $SRV4" "set proxy_port = 8888"
fi
if has prosody && has bitlbee && has ii; then
	start_bitlbee "[defaults]" "Proxy = socks5://$SRV4:1080"
	both_ways "bitlbee in SOCKS5 of $socks" xmpp irc "bob-in " bitlbee_in
fi
ktap_finish
