#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# firewalld of Debian's, with its nftables backend: direct rules with -m im, and a table of the
# admin's own with ct label beside it. Both hold over firewalld's own reload, as nft-im(8) says.

# shellcheck source=selftests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/netns/lib-im.sh
. "$(dirname "$0")/lib-im.sh"
# shellcheck source=selftests/netns/lib-real.sh
. "$(dirname "$0")/lib-real.sh"

cut="cut-off c 0/* s 0/*"

start_dbus() {
	mkdir -p /run/dbus
	[ -s /etc/machine-id ] || dbus-uuidgen >/etc/machine-id
	dbus-daemon --system --nofork --nopidfile >"$RESULTS/dbus.said" 2>&1 &
	busywait 5000 test -S /run/dbus/system_bus_socket
}

runs() {
	fw firewall-cmd --state >"$RESULTS/state.said" 2>&1
}

# start_firewalld [VARIABLE=VALUE...]
start_firewalld() {
	(exec env "$@" firewalld --nofork --nopid >>"$RESULTS/firewalld.said" 2>&1) &
	echo $! >"$RESULTS/firewalld.pid"
	busywait 60000 runs
}

# stop_firewalld - and its rules, as it ends.
stop_firewalld() {
	kill "$(<"$RESULTS/firewalld.pid")"
	check "firewalld ends" busywait 30000 gone firewalld
}

# filters NAME - YMSG is cut off, another service passes.
filters() {
	check_like "$1: YMSG is cut off" "$cut" "$(talk_at "$talk" "$SRV4" 5050)"
	end_sessions
	check "$1: another service passes" cli imtalk talk "$service" "$SRV4" 5051
}

test_direct() {
	check "firewalld takes a direct rule with -m im" fw firewall-offline-cmd --direct \
		--add-rule ipv4 filter FORWARD 0 -m im --proto ymsg -j DROP
	check "and starts" start_firewalld
	filters "a direct rule"
	check "firewalld's reload" fw firewall-cmd --reload
	filters "a direct rule, past the reload"
	check "it is taken back" fw firewall-cmd --direct --remove-rule ipv4 filter FORWARD 0 \
		-m im --proto ymsg -j DROP
	check "then YMSG passes" cli imtalk talk "$talk" "$SRV4" 5050
	check "at run time it is taken as well" fw firewall-cmd --direct \
		--add-rule ipv4 filter FORWARD 0 -m im --proto ymsg -j DROP
	filters "a direct rule of run time"
	stop_firewalld
}

# What python3-nftables passes on is not reached by the library; firewalld's own rules are.
test_beside() {
	fw firewall-offline-cmd --direct --remove-rule ipv4 filter FORWARD 0 \
		-m im --proto ymsg -j DROP
	check "firewalld starts with the library in front" start_firewalld \
		LD_PRELOAD=/usr/lib/x86_64-linux-gnu/libnft-im.so
	check "YMSG passes" cli imtalk talk "$talk" "$SRV4" 5050
	fw imctl labels --write >/dev/null
	fw imctl enable --runtime
	fw nft -f - <<-'END'
		table inet im {
			chain forward {
				type filter hook forward priority 10;
				ct label "im-ymsg" drop
			}
		}
	END
	filters "a table of the admin's"
	check "firewalld's reload" fw firewall-cmd --reload
	filters "a table of the admin's, past the reload"
	stop_firewalld
	fw imctl disable --runtime
}

ktap_plan
im_setup iptables-nft nft
has firewalld || skip_all "this release's root has no firewalld"
serve "$talk" 5050
serve "$service" 5051
start_dbus
check "the default zone lets all by" fw firewall-offline-cmd --set-default-zone=trusted
test_direct
test_beside
ktap_finish
