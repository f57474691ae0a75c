#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The main job: one rule drops Yahoo! Messenger on any port and nothing else.
# Real sockets and servers; rule counters and what reaches the ends decide.

# shellcheck source=selftests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/netns/lib-services.sh
. "$(dirname "$0")/lib-services.sh"
# shellcheck source=selftests/netns/lib-im.sh
. "$(dirname "$0")/lib-im.sh"

ports=(5050 80 25 443 31337)
smtp=$sessions/smtp-data-frames.talk

# --- The rule, by each tool -------------------------------------------------

test_without_rule() {
	local port

	for port in "${ports[@]}"; do
		check "no rule: a session on port $port completes" \
			cli imtalk talk "$talk" "$SRV4" "$port"
	done
	check "no rule: an IPv6 session completes" \
		cli imtalk talk "$talk" "$SRV6" 5050
}

test_drop() {
	local tool=$1 address=$2 port

	# shellcheck disable=SC2034 # read by ipt
	local IPT=$1
	rules <<-'END'
		-A FORWARD -m im ! --proto ymsg -m comment --comment others
	END
	drop_rules
	seen_reset
	talk_ports "$talk" "$address" "${ports[@]}"
	for port in "${ports[@]}"; do
		check_like "$tool: YMSG on port $port is cut at its first frame" \
			"cut-off c 0/* s 0/* timeout" "$(talked "$port")"
	done
	check_number "$tool: none of it reached the server" 0 "$(seen srv payload)"
	check_number "$tool: none of it reached the client" 0 "$(seen cli payload)"
	check_counts "$tool: the rule counted, and no other" "ymsg>4" twin=0 others=0
	zero_counters FORWARD
	check "$tool: an unknown service passes" \
		cli imtalk talk "$service" "$address" 5051
	check "$tool: text which begins with YMSG passes" \
		cli imtalk talk "$text" "$address" 5052
	check_counts "$tool: the opposite rule counted them, and no other" \
		ymsg=0 twin=0 "others>1"
	ipt -F FORWARD
}

# The opposite rule drops the look-alike, from the packet on which decided it.
test_invert() {
	# shellcheck disable=SC2034 # read by ipt
	local tool=$1 address=$2 IPT=$1

	ipt -A FORWARD -m im ! --proto ymsg -m comment --comment others -j DROP
	check "$tool: YMSG passes the opposite rule" \
		cli imtalk talk "$talk" "$address" 5050
	check_counts "$tool: which did not count" others=0
	# That a flow is none is said of bytes that were acknowledged: the first answer passes.
	check_like "$tool: the opposite rule cuts a look-alike" \
		"cut-off c 30/* s 20/* timeout" \
		"$(talk_at "$service" "$address" 5051)"
	ipt -F FORWARD
	end_sessions
}

# --- Nothing else is touched ------------------------------------------------

drop_everywhere() {
	local IPT

	for IPT in iptables-nft ip6tables-nft iptables-legacy ip6tables-legacy; do
		drop_rules
	done
}

# A frame as people quote it, and lines which begin with the four bytes.
mail_text() {
	printf '%s\r\n' "Have a look at this frame:" "> YMSG..........W........1" \
		"YMSG" "YMSG 16 bytes of header and so on" "59 4d 53 47 00 10"
}

test_web() {
	local body=$RESULTS/body

	printf 'YMSG\0\020\0\0\0\0\0\127\0\0\0\0\0\0\0\0' >"$body"
	check "HTTP over IPv4" cli curl -sS --max-time 20 "http://$SRV4/"
	check "HTTP over IPv6" cli curl -sS --max-time 20 "http://[$SRV6]/"
	check "HTTP which posts a YMSG frame" cli curl -sS --max-time 20 \
		-H "Expect: 100-continue" --data-binary "@$body" "http://$SRV4/"
	check "TLS over IPv4" cli curl -ksS --max-time 20 "https://$SRV4/"
	check "TLS over IPv6" cli curl -ksS --max-time 20 "https://[$SRV6]/"
	check_eq "TLS flows are done, and nothing more" \
		"im-done im-open im-seen" "$(labels_of 443)"
}

web_is_done() {
	[[ $(labels_of 80) == *im-done* ]]
}

# Requests may follow each other on a connection, so that these are open for a while.
test_web_done() {
	busywait 60000 web_is_done
	check_eq "HTTP flows are done in the end" \
		"im-done im-open im-seen" "$(labels_of 80)"
}

test_others() {
	check "SSH" ssh_srv 22 true
	check "SMTP" send_mail 25 "hello"
	check "a mail which quotes YMSG" send_mail 25 "$(mail_text)"
	check "a mail which begins with YMSG" send_mail 25 "YMSG"
	check "SMTP with segments which are YMSG frames" \
		cli imtalk talk "$smtp" "$SRV4" 5053
	check_eq "SMTP flows are done, and nothing more" \
		"im-done im-open im-seen" "$(labels_of 25)"
}

test_services() {
	local IPT

	start_nginx 80 443
	start_sshd 22
	start_smtpd 25
	serve "$smtp" 5053
	end_sessions
	drop_everywhere
	fw conntrack -F 2>/dev/null
	test_web
	test_others
	test_web_done
	for IPT in iptables-nft ip6tables-nft iptables-legacy ip6tables-legacy; do
		check_counts "$IPT: its rules did not count" drop=0 twin=0
	done
	check_like "and YMSG is still dropped" "cut-off c 0/*" \
		"$(talk_at "$talk" "$SRV4" 5050)"
	clear_rules
}

# --- Labels -----------------------------------------------------------------

test_labels() {
	check "imctl writes the names of labels" fw imctl labels --write
	ipt -A FORWARD -m im --proto ymsg -j ACCEPT
	check "a session which is accepted completes" \
		cli imtalk talk "$talk" "$SRV4" 5050
	check_eq "its labels" "im-any im-done im-messenger im-open im-seen im-ymsg" \
		"$(labels_of 5050)"
	check "a look-alike completes" cli imtalk talk "$service" "$SRV4" 5051
	check_eq "the look-alike's labels" "im-done im-open im-seen" \
		"$(labels_of 5051)"
	clear_rules
}

nft_rules() {
	fw nft -f - <<-END
		table inet guard {
			chain forward {
				type filter hook forward priority 0;
				ct label "im-xmpp" counter comment "twin"
				ct label "im-ymsg" counter $1 comment "ymsg"
			}
		}
	END
}

test_nft() {
	check "imctl enable" fw imctl enable --runtime
	nft_rules drop
	seen_reset
	check_like "stock nft drops by the label, at the first frame" \
		"cut-off c 0/* s 0/* timeout" "$(talk_at "$talk" "$SRV4" 31337)"
	check_like "stock nft, over IPv6" "cut-off c 0/* s 0/* timeout" \
		"$(talk_at "$talk" "$SRV6" 31337)"
	check_number "none of it reached the server" 0 "$(seen srv payload)"
	check_number "its rule counted" ">1" \
		"$(counter_nft inet guard forward ymsg)"
	check_number "the twin did not" 0 "$(counter_nft inet guard forward twin)"
	check "stock nft lets a look-alike by" \
		cli imtalk talk "$service" "$SRV4" 5051
	check "imctl disable" fw imctl disable --runtime
	check "then nobody reads, and no label is set" \
		cli imtalk talk "$talk" "$SRV4" 5050
	clear_rules
}

# --- Reject -----------------------------------------------------------------

test_reject() {
	ipt -A FORWARD -p tcp -m im --proto ymsg -m comment --comment ymsg \
		-j REJECT --reject-with tcp-reset
	seen_reset
	check_like "REJECT resets the client at its first frame" \
		"cut-off c 0/* s 0/* reset" "$(talk_at "$talk" "$SRV4" 5050)"
	check_number "one reset came" 1 "$(seen cli resets)"
	check_number "and no byte reached the server" 0 "$(seen srv payload)"
	check "REJECT lets a look-alike by" \
		cli imtalk talk "$service" "$SRV4" 5051
	serve "$sessions/ymsg-server-first.talk" 5054
	seen_reset
	check_like "REJECT of a frame which the server sent" "cut-off c 0/* s 0/*" \
		"$(talk_at "$sessions/ymsg-server-first.talk" "$SRV4" 5054)"
	check_number "resets the server" ">0" "$(seen srv resets)"
	check_number "and no byte reached the client" 0 "$(seen cli payload)"
	test_reject_later
	ipt -F FORWARD
}

# The peer of who was reset is reset when it says something itself.
test_reject_later() {
	local pipe=$RESULTS/pipe pid

	mkfifo "$pipe"
	(exec ip netns exec "$topo_srv" ncat -l "$SRV4" 6000 <"$pipe" >/dev/null) &
	pid=$!
	exec 7>"$pipe"
	wait_listen srv 6000
	talk_at "$talk" "$SRV4" 6000 >/dev/null
	check "the peer of who was reset is still there" kill -0 "$pid"
	seen_reset
	echo hello >&7
	check "until it says something itself" busywait 5000 has_ended "$pid"
	check_number "which was reset" ">0" "$(seen srv resets)"
	exec 7>&-
	rm "$pipe"
}

has_ended() {
	! kill -0 "$1"
}

ktap_plan
im_setup curl nginx sshd smtpd ncat iptables-legacy ip6tables-legacy
serve "$talk" 5050 31337
serve "$service" 5051
serve "$text" 5052
serve "$talk" 80 25 443
web=$served
test_without_rule
for tool in iptables-nft iptables-legacy; do
	test_drop "$tool" "$SRV4"
	test_invert "$tool" "$SRV4"
	test_drop "ip6${tool#ip}" "$SRV6"
	test_invert "ip6${tool#ip}" "$SRV6"
done
test_labels
test_nft
test_reject
kill "$web"
test_services
ktap_finish
