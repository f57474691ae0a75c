#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Malformed netlink, to nf_im's family and to nf_tables about our expression and our match: all
# is answered, what nf_im refuses has a sentence or a place, nothing splats (the VM panics on a
# warning), nothing is left. How many: nf_im_messages=N of the kernel's command line; "make fuzz"
# has a million.

# Functions are called by check, which shellcheck does not see.
# shellcheck disable=SC2317

# shellcheck source=selftests/netns/lib.sh
. "$(dirname "$0")/lib.sh"

messages=$(sed -n 's/.*nf_im_messages=\([0-9]*\).*/\1/p' /proc/cmdline)
messages=${messages:-60000}
# With nothing else that wants hooks, each rule and each command brings them and takes them away,
# which is slow: some of it is enough.
readonly alone=2000
modprobe_path=$(</proc/sys/kernel/modprobe)

chains() {
	local family

	for family in ip ip6 inet bridge; do
		nft add table "$family" fuzz
		nft add chain "$family" fuzz fuzz '{ type filter hook prerouting priority 0; }'
	done
}

# keep - what holds on to all hooks.
keep() {
	local family

	for family in inet bridge; do
		nft add table "$family" keep
		nft add chain "$family" keep keep '{ type filter hook forward priority 0; }'
		nft-im add rule "$family" keep keep im proto ymsg
	done
}

status() {
	imctl status | awk -v key="$1" '$1 == key { print $2 }'
}

# fuzz NAME COUNT SEED - and what was said of it.
fuzz() {
	local taken refused text untold said rc=0

	said=$(nlfuzz "$2" "$3" 2>&1) || rc=$?
	check_eq "$1: each of $2 messages is answered" 0 "$rc"
	ktap_diag "$said"
	read -r _ taken _ refused _ text _ untold <<<"$said"
	check_number "$1: some of it is right by chance" ">0" "$taken"
	check_number "$1: more is refused" ">$taken" "$refused"
	check_number "$1: with a sentence or a place" ">0" "$text"
	check_eq "$1: nf_im refuses nothing without" 0 "$untold"
}

ktap_plan
checktool nlfuzz imctl nft nft-im
checkmodule nf_im nft_im xt_im
modprobe -a nf_im nft_im xt_im
crc=$(status pack.crc)
chains
fuzz "alone" "$alone" 1
keep
# A match that is not there is asked for, each time, by starting modprobe.
echo >/proc/sys/kernel/modprobe
echo 1 >/sys/kernel/rcu_expedited
fuzz "beside other rules" "$messages" 2
echo "$modprobe_path" >/proc/sys/kernel/modprobe
echo 0 >/sys/kernel/rcu_expedited
check_eq "the pack in force is the same" "$crc" "$(status pack.crc)"
check "what is left can be listed" nft-im --native list
nft flush ruleset
imctl disable --runtime
imctl mark --off --runtime
imctl mark --off --packet --runtime
check_eq "no rule is left" 0 "$(status rules)"
check "no reference is left" busywait 10000 modprobe -r nft_im xt_im nf_im
ktap_finish
