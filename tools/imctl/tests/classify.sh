# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash source-path=SCRIPTDIR
# imctl classify on captures made by mkpcap.py: link layers, fragments, order of segments,
# which packets make a flow, and damaged files.

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=lib.sh
. "$here/lib.sh"

caps=$tmp/caps
mkdir "$caps"
python3 "$here/mkpcap.py" "$caps"
header="file l4 client cport server sport proto category action host user"
header="$header confidence packet signature ech lookup"
ymsg="tcp 10.0.0.1 40000 10.9.9.9 5050 ymsg"

# rows FILE COLUMNS: without the header, chosen columns, separated by blanks.
rows()
{
	"$imctl" classify "$caps/$1" 2>/dev/null | tail -n +2 | cut -f"$2" | tr '\t' ' '
}

run classify "$caps/plain.pcap"
is "exit 0" "$rc" 0
is "nothing on stderr" "$err" ""
is "header" "$(echo "$out" | head -n 1)" "$(echo "$header" | tr ' ' '\t')"
is "one row, all columns" "$(echo "$out" | tail -n +2 | tr '\t' ' ')" \
   "plain.pcap $ymsg messenger login,message - alice payload 4 header - -"

run classify --json "$caps/plain.pcap" "$caps/udp.pcap"
ok "JSON" json_lines <<< "$out"
is "JSON values" "$(python3 -c '
import json, sys
for line in sys.stdin:
	o = json.loads(line)
	print(o["l4"], o["cport"], o["proto"], o["action"], o["host"], o["user"], o["packet"], o["state"])
' <<< "$out")" "tcp 40000 ymsg ['login', 'message'] None alice 4 decided
udp 5353 None [] None None None $(python3 -c 'import json, sys
print(json.loads(sys.argv[1].splitlines()[1])["state"])' "$out")"
run --json classify "$caps/plain.pcap"
ok "--json before the command" json_lines <<< "$out"

is "ipv6" "$(rows ipv6.pcap 2-7,13)" "tcp 2001:db8::1 40000 2001:db8::2 5050 ymsg 4"
is "pcapng, two interfaces with other snapshot lengths" "$(rows plain.pcapng 2-7,13)" "$ymsg 4"
is "no packets" "$(rows none.pcap 1-)" ""
is "no IP" "$(rows arp.pcap 1-)" ""
is "udp, one row for two datagrams" "$(rows udp.pcap 2-7)" "udp 10.0.0.1 5353 10.9.9.9 53 -"
is "standard input" "$("$imctl" classify - <"$caps/plain.pcap" | tail -n +2 | cut -f1,7)" \
   "-	ymsg"
is "a tab in a file's name" "$(rows "$(printf 'tab\there.pcap')" 1,7)" 'tab\x09here.pcap ymsg'

# Which packets make a flow.
is "reused ports: a row each" "$(rows reused.pcap 2-7,13)" "$ymsg 4
tcp 10.0.0.1 40000 10.9.9.9 5050 - -
$ymsg 4"
is "SYN not captured: its receiver is the server" "$(rows from-synack.pcap 2-7,13)" "$ymsg 3"
is "no SYN at all: the first packet's sender is the client" \
   "$(rows from-server.pcap 2-7 | cut -d' ' -f2-3,6)" "10.9.9.9 5050 ymsg"
is "decoys end nothing" "$(rows decoys.pcap 2-7,13)" "$ymsg 8"

# Flows that others offered: protocol, action, evidence, signature.
is "DCC: at the client's own address" "$(rows dcc-own.pcap 6-7,9,12-14)" \
   "6667 irc login,chat,file payload 4 nick-first
5555 irc file payload 4 offered
5556 irc message payload 4 offered
5557 - - - - -
5555 - - - - -"
is "DCC: to the client, which may open it again, but no service of the system's" \
   "$(rows dcc-other.pcap 3,6-7,9,14 | tail -n +2)" \
   "10.0.0.1 5555 irc file offered
10.0.0.1 5555 irc file offered
10.0.0.3 5555 - - -
10.0.0.2 5555 - - -
10.0.0.1 443 - - -"
is "DCC: IPv6" "$(rows dcc-ipv6.pcap 6-7,9 | tail -n +2)" "5555 irc file
5556 - -"
is "DCC: two minutes later" "$(rows dcc-late.pcap 6-7,9 | tail -n +2)" "5555 - -"
is "DCC: port 0 waits for an answer" "$(rows dcc-passive.pcap 6-7,9 | tail -n +2)" "5555 - -"
is "DCC: what may come from anybody" "$(rows dcc-forged.pcap 6-7,9 | tail -n 1)" "5555 - -"
is "DCC: 64 of a client" "$(rows dcc-many.pcap 6-7,9 | tail -n +2)" "6063 irc file
6064 - -"
is "bytestreams: of the client, and of the proxy it named" \
   "$(rows bytestream.pcap 3,6-7,9,14)" "10.0.0.1 5222 xmpp login,file content
10.0.0.2 5555 xmpp file offered
10.0.0.1 7777 xmpp file offered
10.0.0.2 7777 - - -"

# The first INVITE was not answered yet, the second one comes on a flow that was.
is "media: by the port of the one who takes the call, then of either" \
   "$(rows sip-media.pcap 4,6-7,9,12,14)" "5060 5060 sip voice,video,other payload request-udp
4000 5001 - - - -
4001 5000 - voice - offered
5002 4002 - video - offered
4003 5003 - - - -"

# Segments: the rule needs 12 bytes.
is "a byte a segment" "$(rows bytewise.pcap 2-7,13)" "$ymsg 15"
is "backwards" "$(rows backwards.pcap 2-7,13)" "$ymsg 9"
is "repeated" "$(rows repeated.pcap 2-7,13)" "$ymsg 10"
is "sequence numbers wrap" "$(rows wrapped.pcap 2-7,13)" "$ymsg 5"
is "captured in part" "$(rows snap.pcap 2-7,13)" "$ymsg 4"

is "a wrong checksum is read" "$(rows checksum.pcap 7)" ymsg
run classify --checksum "$caps/checksum.pcap"
is "--checksum leaves it out" "$(echo "$out" | tail -n +2 | cut -f7)" -
for f in plain ipv6 frag4 frag6 exthdr options; do
	run classify --checksum "$caps/$f.pcap"
	is "--checksum reads $f" "$(echo "$out" | tail -n +2 | cut -f7)" ymsg
done

# IP
for f in frag4 frag6; do
	for how in "" -backwards -twice; do
		is "$f$how" "$(rows $f$how.pcap 7,13)" "ymsg 4"
	done
	is "$f-incomplete" "$(rows $f-incomplete.pcap 7,13)" "- -"
done
is "frag4-overlap: dropped as in the kernel" "$(rows frag4-overlap.pcap 7)" -
for f in options exthdr padding; do
	is $f "$(rows $f.pcap 7,13)" "ymsg 4"
done
for f in "$caps"/link-*.pcap; do
	f=$(basename "$f")
	is "$f" "$(rows "$f" 2-7,13)" "$ymsg 4"
done

# A look-up is no flow of the messenger's.
is "look-ups over UDP" "$(rows lookup-udp.pcap 3-4,7-16)" \
   "10.0.0.1 4001 - - lookup g.whatsapp.net - - - - - whatsapp
10.0.0.1 4002 - - lookup t.me - - - - - telegram
10.0.0.1 4003 - - - - - - - - - -
10.0.0.1 4004 - - lookup g.whatsapp.net - - - - - whatsapp
10.9.9.9 53 - - lookup g.whatsapp.net - - - - - whatsapp"
for size in 1 40 400; do
	is "over TCP, $size bytes a segment" "$(rows lookup-tcp$size.pcap 7-10,16)" \
	   "- - lookup g.whatsapp.net whatsapp"
done
run classify --category voice "$caps/lookup-udp.pcap"
ok "another category's are not shown" lacks "$out" lookup.g

# Bad files.
for f in empty text header link; do
	run classify "$caps/$f.bad"
	is "$f.bad: exit 1" "$rc" 1
	ok "$f.bad: a sentence with its name" has "$err" "$f.bad: "
	is "$f.bad: the header only" "$(echo "$out" | wc -l)" 1
done
run classify "$caps/cut.bad"
is "cut.bad: exit 1" "$rc" 1
is "cut.bad: what could be read" "$(echo "$out" | tail -n +2 | cut -f7)" ymsg
run classify "$caps/no.such"
is "no such file: exit 1" "$rc" 1
run classify "$caps/text.bad" "$caps/plain.pcap"
is "one bad of two: exit 1" "$rc" 1
is "one bad of two: the good one is read" "$(echo "$out" | tail -n +2 | cut -f7)" ymsg
run classify --pack "$caps/text.bad" "$caps/plain.pcap"
is "bad pack: exit 1" "$rc" 1
is "bad pack: nothing on stdout" "$out" ""
ok "bad pack: says at which byte" has "$err" "at byte"
for f in mangled short; do
	run classify "$caps/$f.pcap"
	is "$f: exit 0" "$rc" 0
done

# correlated FILE: client's port, protocol, confidence and signature of the flows to port 7000.
correlated()
{
	"$imctl" classify --correlate "$caps/$1" | awk -F '\t' '$6 == 7000 { print $4, $7, $12, $14 }'
}

is "names of other flows: only if asked for" \
	"$("$imctl" classify "$caps/correlate.pcap" | cut -f7 | sort -u | xargs)" "- proto"
is "names of other flows: client, address, start, a name of its own, which forbids the next one" \
	"$(correlated correlate.pcap)" "5001 whatsapp name correlated
5002 - - -
5003 - - -
5004 - - -
5005 - - -
5006 - - -"
is "names of other flows: too late" "$(correlated correlate-late.pcap)" "5001 - - -"
is "names of other flows: nobody asked" "$(correlated correlate-unasked.pcap)" "5001 - - -"
is "names of other flows: shared" "$(correlated correlate-shared.pcap)" "5001 - - -"
is "names of other flows: shared while it waits" "$(correlated correlate-meanwhile.pcap)" \
	"5001 - - -"
is "names of other flows: an answer over TCP" "$(correlated correlate-tcp.pcap)" "5001 - - -"
is "names of other flows: what the client says" "$(correlated correlate-client.pcap)" \
	"5001 whatsapp name correlated"
is "names of other flows: what the server says" "$(correlated correlate-server.pcap)" "5001 - - -"

run classify "$caps/plain.pcap" >/dev/null
if [ -w /dev/full ]; then
	rc=0
	"$imctl" classify "$caps/plain.pcap" >/dev/full 2>"$tmp/stderr" || rc=$?
	is "full disk: exit 1" "$rc" 1
fi

# A terminal gets columns. script(1) is in every base system.
if command -v script >/dev/null; then
	pretty=$(NO_COLOR=1 script -qec "'$imctl' classify '$caps/plain.pcap'" /dev/null | tr -d '\r')
	ok "terminal: no tabs" lacks "$pretty" "$(printf '\t')"
	is "terminal: two lines" "$(echo "$pretty" | wc -l)" 2
	ok "terminal: NO_COLOR" lacks "$pretty" "$(printf '\033')"
	color=$(TERM=xterm script -qec "env -u NO_COLOR '$imctl' classify '$caps/plain.pcap'" \
		/dev/null)
	ok "terminal: colour" has "$color" "$(printf '\033[1m')"
else
	skip "terminal" "no script(1)"
fi

done_testing
