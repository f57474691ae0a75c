#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# QUIC between programs of Debian's: ngtcp2's client fetches a page of ngtcp2's server by a name,
# with and without Retry, and by version 2 or its draft. A dedicated name is seen and cut off, a
# neighbouring one is not.

# shellcheck source=selftests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/netns/lib-im.sh
. "$(dirname "$0")/lib-im.sh"
# shellcheck source=selftests/netns/lib-real.sh
. "$(dirname "$0")/lib-real.sh"

readonly port=4433 retry_port=4434

# start_server NAME PORT [OPTION...]
start_server() {
	local dir=$RESULTS/quic

	mkdir -p "$dir/htdocs"
	self_signed "$dir"
	printf 'a page\n' >"$dir/htdocs/page"
	start srv "$1" gtlsserver -q "${@:3}" -d "$dir/htdocs" '*' "$2" "$dir/key.pem" \
		"$dir/cert.pem"
	wait_listen srv "$2" udp
}

# page NAME PORT [OPTION...] - says "page" if the client got it by that name.
page() {
	local dir=$RESULTS/got

	rm -rf "$dir"
	mkdir -p "$dir"
	cli timeout 10 gtlsclient -q --exit-on-all-streams-close --handshake-timeout=1s \
		--timeout=3s --download "$dir" "${@:3}" "$1" "$2" \
		"https://$1/page" >/dev/null 2>&1
	! grep -qs "a page" "$dir/page" || printf 'page'
}

# name_rules TARGET... - what is done to WhatsApp by name.
name_rules() {
	ipt -F FORWARD
	rules <<-END
		-A FORWARD -m im --proto telegram -m comment --comment twin
		-A FORWARD -m im --proto whatsapp --confidence payload -m comment --comment payload
		-A FORWARD -p udp -m im --proto whatsapp --confidence name -m comment --comment name $*
	END
}

# fetches HOW PORT [OPTION...] - a name of WhatsApp's, and its neighbours.
fetches() {
	local how=$1 port=$2 name

	shift 2
	name_rules
	check_eq "$how: a page by a name of WhatsApp's, and a rule that counts" page \
		"$(page web.whatsapp.com "$port" "$@")"
	check_counts "$how: it is seen" "name>0" payload=0 twin=0
	name_rules -j DROP
	check_eq "$how: a rule cuts it off" "" "$(page g.whatsapp.net "$port" "$@")"
	check_counts "$how: by name" "name>0" payload=0 twin=0
	name_rules -j DROP
	for name in notwhatsapp.com whatsapp.net.test; do
		check_eq "$how: $name gets by" page "$(page "$name" "$port" "$@")"
	done
	check_counts "$how: they are nobody's" name=0 payload=0 twin=0
}

test_refused() {
	local begun=$SECONDS

	name_rules -j REJECT
	check_eq "refused by ICMP" "" "$(page web.whatsapp.com $port)"
	check "at once" [ $((SECONDS - begun)) -lt 4 ]
}

# The client says the name that it connects to; the mount is the test's own.
hosts() {
	printf "$SRV4 %s\n" "$@" >"$RESULTS/hosts"
	mount --bind "$RESULTS/hosts" /etc/hosts
}

ktap_plan
im_setup openssl
need_programs gtlsclient gtlsserver
has gtlsserver || {
	ktap_finish
	exit
}
hosts web.whatsapp.com g.whatsapp.net notwhatsapp.com whatsapp.net.test
start_server quic $port
start_server quic-retry $retry_port -V
fetches "QUIC" $port
fetches "QUIC with Retry" $retry_port
# Newer ones know the version itself.
v2=v2
! gtlsclient --help 2>&1 | grep -q v2draft || v2=v2draft
fetches "QUIC $v2" $port --version=$v2
test_refused
ktap_finish
