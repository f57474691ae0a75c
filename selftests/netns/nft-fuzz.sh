#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Malformed netlink, to nf_im's family and to nf_tables about our expression and our match: all
# is answered, nothing splats (the VM panics on a warning), nothing is left. Emulation takes
# 100 messages a second; "nlfuzz COUNT SEED" goes on for as long as one likes.

# Functions are called by check, which shellcheck does not see.
# shellcheck disable=SC2317

# shellcheck source=selftests/netns/lib.sh
. "$(dirname "$0")/lib.sh"

chains() {
	local family

	for family in ip ip6 inet bridge; do
		nft add table "$family" fuzz
		nft add chain "$family" fuzz fuzz '{ type filter hook prerouting priority 0; }'
	done
}

status() {
	imctl status | awk -v key="$1" '$1 == key { print $2 }'
}

ktap_plan
checktool nlfuzz imctl nft
checkmodule nf_im nft_im xt_im
modprobe -a nf_im nft_im xt_im
crc=$(status pack.crc)
chains
for seed in 1 2; do
	check "seed $seed: every message is answered" nlfuzz 3000 "$seed"
done
said=$(nlfuzz 2000 3)
ktap_diag "$said"
read -r _ taken _ refused _ text <<<"$said"
check_number "some of it is right by chance" ">0" "$taken"
check_number "more is refused" ">$taken" "$refused"
check_number "with a sentence or a place" ">0" "$text"
check_eq "the pack in force is the same" "$crc" "$(status pack.crc)"
nft flush ruleset
imctl disable --runtime
imctl mark --off --runtime
imctl mark --off --packet --runtime
check_eq "no rule is left" 0 "$(status rules)"
check "no reference is left" busywait 10000 modprobe -r nft_im xt_im nf_im
ktap_finish
