#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What must pass while every category is dropped: the web, mail, SSH and FTP, between programs of
# Debian's. That the very rules do drop something a real IRC client shows.

# shellcheck source=selftests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/netns/lib-im.sh
. "$(dirname "$0")/lib-im.sh"
# shellcheck source=selftests/netns/lib-services.sh
. "$(dirname "$0")/lib-services.sh"
# shellcheck source=selftests/netns/lib-real.sh
. "$(dirname "$0")/lib-real.sh"

start_vsftpd() {
	local dir=$RESULTS/vsftpd

	mkdir -p "$dir/ftp/in" "$dir/empty"
	chown ftp "$dir/ftp/in"
	printf 'NICK a file\n' >"$dir/ftp/file"
	cat >"$dir/conf" <<-END
		listen=NO
		listen_ipv6=YES
		background=NO
		anonymous_enable=YES
		anon_root=$dir/ftp
		write_enable=YES
		anon_upload_enable=YES
		secure_chroot_dir=$dir/empty
		seccomp_sandbox=NO
		connect_from_port_20=NO
		xferlog_enable=NO
	END
	start srv vsftpd vsftpd "$dir/conf"
	wait_listen srv 21
}

# every_category - drops all that is recognised, by both families.
every_category() {
	local IPT

	for IPT in iptables-nft ip6tables-nft; do
		rules <<-'END'
			-A FORWARD -m im --category messenger,enterprise,voice,remote,p2p -m comment --comment any -j DROP
			-A FORWARD -m im --state decided -m comment --comment decided
		END
	done
}

# dropped_none NAME CMD... - passes, and is none of these.
dropped_none() {
	local name=$1 IPT

	shift
	check "$name passes" "$@"
	for IPT in iptables-nft ip6tables-nft; do
		check_counts "$name: nothing of it is dropped ($IPT)" any=0
	done
}

# web ADDRESS - pages, a form and a big body, in the clear and with TLS.
web() {
	cli curl -sSf --max-time 20 "http://$1/" "http://$1/again" &&
		cli curl -sSf --max-time 20 -d "nick=alice&user=bob" "http://$1/" &&
		cli curl -sSf --max-time 30 --data-binary "@/bin/ls" "http://$1/" &&
		cli curl -sSkf --max-time 30 "https://$1/" -d "message=hello"
}

# ftp_session ADDRESS - a list, a file down and one up, with data connections both ways.
ftp_session() {
	local url=ftp://$1

	rm -f "$RESULTS/vsftpd/ftp/in/"*
	cli curl -sSf --max-time 20 "$url/" &&
		cli curl -sSf --max-time 20 "$url/file" &&
		cli curl -sSf --max-time 20 -T "$netns_dir/lib.sh" "$url/in/passive" &&
		cli curl -sSf --max-time 20 --ftp-port - "$url/file" &&
		cli curl -sSf --max-time 20 --ftp-port - -T "$netns_dir/lib.sh" "$url/in/active" &&
		cmp "$netns_dir/lib.sh" "$RESULTS/vsftpd/ftp/in/passive" &&
		cmp "$netns_dir/lib.sh" "$RESULTS/vsftpd/ftp/in/active"
}

mail() {
	send_mail 25 ":alice!a@b PRIVMSG bob :YMSG in a mail is no YMSG"
}

shell() {
	ssh_srv 22 "cat /etc/services" | cmp - /etc/services
}

ktap_plan
im_setup curl nginx sshd smtpd
need_programs vsftpd ngircd ii
start_nginx 80 443
start_sshd 22
start_smtpd 25
every_category
dropped_none "HTTP and HTTPS by curl and nginx" web "$SRV4"
dropped_none "the same over IPv6" web "[$SRV6]"
dropped_none "SMTP by curl and opensmtpd" mail
dropped_none "SSH" shell
if has vsftpd; then
	start_vsftpd
	dropped_none "FTP by curl and vsftpd" ftp_session "$SRV4"
	dropped_none "the same over IPv6" ftp_session "[$SRV6]"
fi
check_counts "these flows were decided, not given up" "decided>0"
check_eq "none was given up" 0 "$(im_status uninspected)"
if has ngircd && has ii; then
	start_ngircd 6667
	check_eq "IRC does not pass the same rules" "" "$(irc_ii alice "$SRV4" 6667)"
	check_counts "which count it" "any>0"
	stop ii-alice
fi
ktap_finish
