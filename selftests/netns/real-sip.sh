#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# SIP between two sipp: a log-in, presence and a text, and a call, over UDP and TCP.

# shellcheck source=selftests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/netns/lib-im.sh
. "$(dirname "$0")/lib-im.sh"
# shellcheck source=selftests/netns/lib-real.sh
. "$(dirname "$0")/lib-real.sh"

# request METHOD CSEQ [HEADER [BODY]] - what the client sends, and that it waits for 200.
request() {
	cat <<-END
		<send retrans="500"><![CDATA[

		$1 sip:bob@[remote_ip]:[remote_port] SIP/2.0
		Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
		From: Alice <sip:alice@srv.test>;tag=[call_number]
		To: Bob <sip:bob@srv.test>
		Call-ID: [call_id]
		CSeq: $2 $1
		Max-Forwards: 70
		${3:-Subject: none}
		Content-Length: [len]

		${4:-}
		]]></send>
		<recv response="200"/>
	END
}

# answer METHOD - what the server waits for, and its 200.
answer() {
	cat <<-END
		<recv request="$1"/>
		<send><![CDATA[

		SIP/2.0 200 OK
		[last_Via:]
		[last_From:]
		[last_To:];tag=[call_number]
		[last_Call-ID:]
		[last_CSeq:]
		Content-Length: 0

		]]></send>
	END
}

scenarios() {
	{
		printf '<?xml version="1.0"?>\n<scenario name="chat">\n'
		request REGISTER 1 "Contact: <sip:alice@[local_ip]:[local_port]>"
		request SUBSCRIBE 2 "Event: presence"
		request MESSAGE 3 "Content-Type: text/plain" "Hello Bob"
		printf '</scenario>\n'
	} >"$RESULTS/client.xml"
	{
		printf '<?xml version="1.0"?>\n<scenario name="chat">\n'
		answer REGISTER
		answer SUBSCRIBE
		answer MESSAGE
		printf '</scenario>\n'
	} >"$RESULTS/server.xml"
}

# sipp_serve NAME PORT TRANSPORT SCENARIO...
sipp_serve() {
	local proto=udp

	[ "$3" = u1 ] || proto=tcp
	start srv "$1" sipp "${@:4}" -i "$SRV4" -p "$2" -t "$3" -nostdin
	wait_listen srv "$2" "$proto"
}

# sipp_call PORT TRANSPORT SCENARIO... - one call; "done" where sipp is content.
sipp_call() {
	cli sipp "$SRV4:$1" "${@:3}" -i "$CLI4" -t "$2" -m 1 -nostdin -max_reconnect 0 \
		-recv_timeout 3000 -timeout 6 -timeout_error >>"$RESULTS/sipp.said" 2>&1 || return 0
	printf 'done '
}

ktap_plan
im_setup sipp
cd "$RESULTS" || exit	# sipp leaves files where it is
scenarios
sipp_serve server-udp 5060 u1 -sf "$RESULTS/server.xml"
sipp_serve server-tcp 5061 t1 -sf "$RESULTS/server.xml"
sipp_serve calls 5062 u1 -sn uas
both_ways "sipp over UDP" sip xmpp "done " sipp_call 5060 u1 -sf "$RESULTS/client.xml"
check_counts "what it did" login=1 presence=1 message=1 voice=0 file=0
both_ways "sipp over TCP" sip irc "done " sipp_call 5061 t1 -sf "$RESULTS/client.xml"
check_counts "what it did" "login>0" "presence>0" "message>0" voice=0 file=0
both_ways "a call" sip ymsg "done " sipp_call 5062 u1 -sn uac
check_counts "what it did" voice=1 message=0 file=0
ktap_finish
