# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Programs of Debian's against each other, through the firewall: servers on srv, clients on cli,
# each with a configuration written here, in $RESULTS. What a client achieves is told in words,
# "greeted joined heard", by its own files. Source lib.sh and lib-im.sh first.

# need_programs PROGRAM... - says which of them this release lacks.
need_programs() {
	local program

	for program; do
		command -v "$program" >/dev/null ||
			ktap_skip "$program" "this release's root has no $program"
	done
}

has() {
	command -v "$1" >/dev/null
}

# --- Rules ------------------------------------------------------------------

# cut_rules PROTO OTHER - cuts off what is PROTO, counts what is OTHER and what it does.
cut_rules() {
	local action

	ipt -F FORWARD
	{
		printf '%s\n' "-A FORWARD -m im --proto $2 -m comment --comment other"
		for action in login presence message chat file voice; do
			printf '%s -m comment --comment %s\n' \
				"-A FORWARD -m im --proto $2 --action $action" "$action"
		done
		cat <<-END
			-A FORWARD -p tcp -m im --proto $1 -m comment --comment reject -j REJECT --reject-with tcp-reset
			-A FORWARD -p udp -m im --proto $1 -m comment --comment drop -j DROP
		END
	} | rules
}

# cut_count - packets which the rules of cut_rules have cut off.
cut_count() {
	read_counters
	echo $((${counted[reject]:-0} + ${counted[drop]:-0}))
}

# is_cut NAME PROTO OTHER CMD... - with a rule for PROTO CMD achieves nothing.
is_cut() {
	local name=$1 proto=$2 other=$3

	shift 3
	cut_rules "$proto" "$other"
	check_eq "$name: a rule for $proto cuts it off" "" "$("$@")"
	check_number "$name: and counts" ">0" "$(cut_count)"
	check_counts "$name: one for $other does not" other=0
}

# gets_by NAME PROTO OTHER WORDS CMD... - with a rule for OTHER it achieves all the words.
gets_by() {
	local name=$1 proto=$2 other=$3 words=$4

	shift 4
	cut_rules "$other" "$proto"
	check_eq "$name: a rule for $other lets it by" "$words" "$("$@")"
	check_eq "$name: and counts nothing" 0 "$(cut_count)"
	check_counts "$name: one for $proto counts" "other>0"
}

# both_ways NAME PROTO OTHER WORDS CMD...
both_ways() {
	is_cut "${@:1:3}" "${@:5}"
	gets_by "$@"
}

# --- Programs ---------------------------------------------------------------

# start SIDE NAME CMD... - in the background; its pid in $RESULTS/NAME.pid, what it says beside it.
start() {
	local side=topo_$1 name=$2

	shift 2
	(
		exec </dev/null >>"$RESULTS/$name.said" 2>&1
		exec ip netns exec "${!side}" "$@"
	) &
	echo $! >"$RESULTS/$name.pid"
}

# start_tty SIDE NAME CMD... - the same for a program that wants a terminal.
start_tty() {
	local side=topo_$1 name=$2 tty=$RESULTS/$2.tty

	shift 2
	rm -f "$tty" "$RESULTS/$name.pid"
	mkfifo "$tty"
	# Open both ways, so that nobody waits and there is no end of file.
	TERM=linux ip netns exec "${!side}" script -q -f \
		-c "echo \$\$ >'$RESULTS/$name.pid'; exec $*" "$RESULTS/$name.screen" \
		0<>"$tty" >/dev/null 2>&1 &
	busywait 10000 test -s "$RESULTS/$name.pid"
}

# lives NAME - whether that program still runs.
lives() {
	kill -0 "$(<"$RESULTS/$1.pid")" 2>/dev/null
}

gone() {
	! lives "$1"
}

# stop NAME... - ends these programs.
stop() {
	local name

	for name; do
		kill "$(<"$RESULTS/$name.pid")" 2>/dev/null
	done
	for name; do
		busywait 3000 gone "$name" || kill -KILL "$(<"$RESULTS/$name.pid")"
	done
}

# told MS NAME PATTERN FILE... - waits until one of the files says so, while NAME lives.
told() {
	local limit=$1 name=$2 pattern=$3

	shift 3
	busywait "$limit" told_or_gone "$name" "$pattern" "$@"
	grep -qsaE -- "$pattern" "$@"
}

told_or_gone() {
	local name=$1 pattern=$2

	shift 2
	grep -qsaE -- "$pattern" "$@" || gone "$name"
}

# send FIFO TEXT... - a line for who reads there; without a reader it waits for nobody.
send() {
	[ -p "$1" ] || return
	{ printf '%s\n' "${*:2}" >&3; } 3<>"$1"
}

# self_signed DIR - key.pem and cert.pem for srv.test.
self_signed() {
	[ -e "$1/cert.pem" ] || openssl req -x509 -newkey ec -pkeyopt \
		ec_paramgen_curve:prime256v1 -nodes -subj /CN=srv.test -days 2 \
		-keyout "$1/key.pem" -out "$1/cert.pem" 2>/dev/null
}

# --- IRC --------------------------------------------------------------------

# start_ngircd PORT
start_ngircd() {
	local dir=$RESULTS/ngircd

	mkdir -p "$dir"
	cat >"$dir/conf" <<-END
		[Global]
			Name = irc.srv.test
			Info = a test
			Listen = 0.0.0.0,::
			Ports = $1
			MotdPhrase = "Be kind."
			ServerUID = irc
			ServerGID = irc
		[Limits]
			MaxConnectionsIP = 0
			PingTimeout = 120
		[Options]
			DNS = no
			Ident = no
			PAM = no
			SyslogFacility = local1
	END
	start srv ngircd ngircd -n -f "$dir/conf"
	wait_listen srv "$1"
}

# irc_ii NAME ADDRESS PORT - ii as NAME, as far as the room; its files are in $RESULTS/ii-NAME.
irc_ii() {
	local dir=$RESULTS/ii-$1

	rm -rf "$dir"
	mkdir -p "$dir"
	start cli "ii-$1" ii -s "$2" -p "$3" -n "$1" -i "$dir"
	told 8000 "ii-$1" "Welcome to the" "$dir/$2/out" || return
	printf 'greeted '
	send "$dir/$2/in" "/j #room"
	told 5000 "ii-$1" "$1" "$dir/$2/#room/out" || return
	printf 'joined '
}

# curl_irc OPTION... - curl brings an IRC session to srv's ngircd, or that of $irc_host; prints
# how far it came.
curl_irc() {
	printf '%s\r\n' "NICK carol" "USER carol 0 * :Carol" "JOIN #room" \
		"PRIVMSG #room :hello" "QUIT" |
		cli curl -sS --max-time 10 "$@" "telnet://${irc_host:-$SRV4}:6667" \
			>"$RESULTS/curl-irc" 2>>"$RESULTS/curl-irc.err"
	! grep -q ' 001 carol ' "$RESULTS/curl-irc" || printf 'greeted '
	! grep -q ' 366 carol #room ' "$RESULTS/curl-irc" || printf 'joined '
	! grep -q '^ERROR ' "$RESULTS/curl-irc" || printf 'left '
}

# --- XMPP -------------------------------------------------------------------

# start_prosody PORT [LINE] - accounts alice and bob at srv.test, and lab.test; one more line.
start_prosody() {
	local dir=$RESULTS/prosody host user

	mkdir -p "$dir/data"
	self_signed "$dir"
	for host in srv%2etest lab%2etest; do
		mkdir -p "$dir/data/$host/accounts"
		for user in alice bob; do
			printf 'return { ["password"] = "secret"; };\n' \
				>"$dir/data/$host/accounts/$user.dat"
		done
	done
	cat >"$dir/prosody.cfg.lua" <<-END
		run_as_root = true
		pidfile = "$dir/pid"
		data_path = "$dir/data"
		log = { { levels = { min = "info" }, to = "file", filename = "$dir/log" } }
		modules_enabled = { "roster", "saslauth", "tls", "disco", "private", "version", "ping" }
		modules_disabled = { "s2s" }
		authentication = "internal_plain"
		allow_unencrypted_plain_auth = true
		c2s_require_encryption = false
		c2s_ports = { $1 }
		interfaces = { "0.0.0.0", "::" }
		ssl = { key = "$dir/key.pem", certificate = "$dir/cert.pem" }
		${2:-}
		VirtualHost "srv.test"
		VirtualHost "lab.test"
	END
	start srv prosody prosody -F --config "$dir/prosody.cfg.lua"
	wait_listen srv "$1"
}

# start_mcabber NAME JID LINE... - logs in at srv, with more lines of its configuration.
start_mcabber() {
	local dir=$RESULTS/$1

	rm -rf "$dir"
	mkdir -p "$dir/log"
	printf '%s\n' "set jid = $2" "set password = secret" "set server = $SRV4" \
		"module load fifo" \
		"set fifo_name = $dir/fifo" "set ssl_ignore_checks = 1" \
		"set logging = 1" "set load_logs = 0" "set logging_dir = $dir/log/" \
		"set tracelog_level = 2" "set tracelog_file = $dir/trace" \
		"set beep_on_message = 0" "set pinginterval = 0" "${@:3}" >"$dir/rc"
	chmod 600 "$dir/rc"
	start_tty cli "$1" mcabber -f "$dir/rc"
	busywait 5000 test -p "$dir/fifo"
}

# alice_is_in - waits for mcabber's log-in.
alice_is_in() {
	told 10000 alice "status has been set|error|isconnected" "$RESULTS/alice/trace"
	! grep -qs "status has been set" "$RESULTS/alice/trace" || printf 'alice-in '
}

# shellcheck disable=SC2154 # RESULTS is of lib.sh
bob=$RESULTS/ii-bob/127.0.0.1

# start_bitlbee [LINE...] - on cli, for an IRC client there; its own flows are those to srv.
start_bitlbee() {
	local dir=$RESULTS/bitlbee

	mkdir -p "$dir"
	printf '%s\n' "[settings]" "RunMode = Daemon" "DaemonInterface = 127.0.0.1" \
		"DaemonPort = 6668" "ConfigDir = $dir" "$@" >"$dir/conf"
	start cli bitlbee bitlbee -D -n -v -c "$dir/conf"
	wait_listen cli 6668
}

# bob_logs_in TLS - by bitlbee, which ii commands; what he hears is in $bob.
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

# bob_is_in - waits for bitlbee's log-in.
bob_is_in() {
	told 10000 ii-bob "Logged in|ogin error" "$bob/&bitlbee/out"
	! grep -q "Logged in" "$bob/&bitlbee/out" || printf 'bob-in '
}
