# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Real servers on srv, for traffic which no signature may claim. Each start_*
# returns when the server listens; all run without an init and end with the
# test. Source lib.sh first.

# start_nginx PORT [TLSPORT] - answers / with "hello", and takes POST.
start_nginx() {
	local dir=$RESULTS/nginx tls=
	local -a early=(-e "$dir/error.log")

	mkdir -p "$dir"
	if [ -n "${2:-}" ]; then
		openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 \
			-nodes -subj /CN=srv.test -days 2 -keyout "$dir/key.pem" \
			-out "$dir/cert.pem" 2>/dev/null || return
		tls="listen $2 ssl; listen [::]:$2 ssl;
			ssl_certificate $dir/cert.pem;
			ssl_certificate_key $dir/key.pem;"
	fi
	cat >"$dir/nginx.conf" <<-END
		daemon off; worker_processes 1; pid $dir/pid; user root;
		error_log $dir/error.log;
		events { worker_connections 256; }
		http {
			access_log off;
			server {
				listen $1; listen [::]:$1; $tls
				default_type text/plain;
				location / { return 200 "hello\n"; }
			}
		}
	END
	# Before 1.19.5 it has no such option, and no other place for early errors.
	nginx -h 2>&1 | grep -q '^ *-e ' || early=()
	srv nginx "${early[@]}" -c "$dir/nginx.conf" >&2 &
	wait_listen srv "$1"
}

# start_sshd PORT - logs root in by the key $RESULTS/sshd/id.
start_sshd() {
	local dir=$RESULTS/sshd

	mkdir -p "$dir" /run/sshd
	ssh-keygen -q -t ed25519 -N '' -f "$dir/host" </dev/null &&
		ssh-keygen -q -t ed25519 -N '' -f "$dir/id" </dev/null || return
	srv /usr/sbin/sshd -D -f /dev/null -p "$1" -h "$dir/host" \
		-o AuthorizedKeysFile="$dir/id.pub" -o StrictModes=no \
		-o PermitRootLogin=yes -o UsePAM=no -o UseDNS=no >&2 &
	wait_listen srv "$1"
}

# ssh_srv PORT CMD... - runs CMD on srv through sshd, from cli.
ssh_srv() {
	local port=$1

	shift
	cli ssh -F none -i "$RESULTS/sshd/id" -p "$port" -o BatchMode=yes \
		-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null \
		-o ConnectTimeout=10 "root@$SRV4" "$@"
}

# start_smtpd PORT - takes mail for root@srv.test.
start_smtpd() {
	local dir=$RESULTS/smtpd

	mkdir -p "$dir"
	cat >"$dir/smtpd.conf" <<-END
		listen on 0.0.0.0 port $1 hostname srv.test
		listen on :: port $1 hostname srv.test
		action "local" mbox
		match from any for domain "srv.test" action "local"
		match from any for any action "local"
	END
	srv smtpd -d -f "$dir/smtpd.conf" >&2 &
	wait_listen srv "$1"
}

# send_mail PORT TEXT - one mail with that body, from cli.
send_mail() {
	printf 'From: a@cli.test\r\nTo: root@srv.test\r\nSubject: t\r\n\r\n%s\r\n' \
		"$2" |
	cli curl -s -S --max-time 20 --mail-from a@cli.test \
		--mail-rcpt root@srv.test --upload-file - "smtp://$SRV4:$1"
}
