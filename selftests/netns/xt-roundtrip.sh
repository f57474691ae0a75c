#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The match "im" between user and kernel: every rule of libxt_im.t added,
# checked, listed, deleted, saved and restored with all four iptables; what stock
# nft makes of such rules; every example of im(8).
#
# All of it in namespaces of its own, where there is no traffic:
#	rt	rules of the round trips
#	ex	one for each example

# Functions are called by check, which shellcheck does not see.
# shellcheck disable=SC2119,SC2317

# shellcheck source=selftests/netns/lib.sh
. "$(dirname "$0")/lib.sh"

readonly tools=(iptables-nft iptables-legacy ip6tables-nft ip6tables-legacy)
readonly labels='40 im-any
46 im-messenger
56 im-ymsg'

# Where the files of userspace/xtables are: in the payload of the VM, or in the
# tree.
find_tests() {
	local dir

	for dir in "${NF_IM_PAYLOAD:-}/xtables-test" \
		"$netns_dir/../../userspace/xtables"; do
		[ -e "$dir/libxt_im.t" ] || continue
		tests=$dir
		return
	done
	skip_all "libxt_im.t is not there"
}

# A copy of /etc that examples and translations may change and read.
make_etc() {
	etc=$(mktemp -d)
	cp -a /etc/. "$etc/"
	mkdir -p "$etc/xtables"
	printf '%s\n' "$labels" | tee "$etc/connlabel.conf" \
		>"$etc/xtables/connlabel.conf"
	mkdir -p "$etc/root/etc/nf-im" "$etc/root/proc/1/ns"
	cp "$etc/connlabel.conf" "$etc/root/etc/"
	touch "$etc/root/etc/nf-im/enabled"
	ln -s /proc/self/ns/net "$etc/root/proc/1/ns/net"
}

# with_etc NS CMD... - runs a command in a namespace, with that copy as /etc.
with_etc() {
	local ns=$1

	shift
	# shellcheck disable=SC2016 # expanded by the inner shell
	ip netns exec "$ns" unshare -m sh -c '
		mount --bind "$0" /etc && exec "$@"' "$etc" "$@"
}

rt() {
	ip netns exec rt "$@"
}

# round_trips TOOL - one case with the lines of test-t below it.
round_trips() {
	local rc

	rt "$tests/test-t" live --dir "$tests" "$1" | sed 's/^/  /'
	rc=${PIPESTATUS[0]}
	if [ "$rc" = 4 ]; then
		ktap_skip "$1" "cannot be used here"
	else
		ktap_result "$1: round trips" "$rc"
	fi
}

# lists_as TEXT OPTION... - stock nft lists a rule with that text.
lists_as() {
	local text=$1

	shift
	rt nft flush ruleset
	rt iptables-nft -A FORWARD -m im "$@" -j DROP &&
		rt nft list ruleset 2>/dev/null | grep -qF "$text counter"
}

# Saved text is refused as a whole, with exit status 1: no rule is lost.
restore_is_refused() {
	local saved=$etc/saved said rc=0

	rt nft flush ruleset
	rt iptables-nft -A FORWARD -m im --proto ymsg -j DROP
	rt nft list ruleset >"$saved" 2>/dev/null
	rt nft flush ruleset
	said=$(rt nft -f "$saved" 2>&1) || rc=$?
	echo "$said"
	[ "$rc" = 1 ] && [[ $said == *rror* ]] &&
		[ -z "$(rt nft list ruleset 2>/dev/null)" ]
}

# Stock nft shows JSON in which the match stands as what it cannot load.
json_has_match() {
	rt nft flush ruleset
	rt iptables-nft -A FORWARD -m im --proto ymsg -j DROP
	rt nft -j list ruleset 2>/dev/null | tee /dev/stderr |
		grep -q '"xt": *{"type": *"match", *"name": *"im"}'
}

# What help lists, one name a line.
protocols() {
	rt iptables-nft -m im --help | awk '
		/^At least one/ { inside = 1; next }
		/^Names of/ { exit }
		!inside { next }
		{ for (i = /^ {16}/ ? 1 : 2; i <= NF; i++) print $i }'
}

# No name is a word that makes "im proto NAME" something nft can load.
no_name_loads() {
	local name count=0

	for name in $(protocols); do
		count=$((count + 1))
		if rt nft -c "add table ip t; add chain ip t c;
			add rule ip t c im proto $name drop" 2>/dev/null; then
			echo "nft loads: im proto $name drop"
			return 1
		fi
	done
	[ "$count" -gt 0 ]
}

# With the hook enabled and the label mapped, the text is one stock nft loads.
label_restores() {
	local saved=$etc/saved

	rt nft flush ruleset
	rt iptables-nft -A FORWARD -m im --proto ymsg -j DROP
	with_etc rt env NFIM_ROOT="$etc/root" nft list ruleset 2>/dev/null \
		>"$saved"
	cat "$saved"
	grep -qF 'ct label "im-ymsg" counter' "$saved" || return
	rt nft flush ruleset
	with_etc rt nft -f "$saved" &&
		with_etc rt nft list ruleset | grep -qF 'ct label "im-ymsg"'
}

# run_example TEXT - one block of the man page, in a namespace of its own.
run_example() {
	local rc=0

	ip netns add ex
	with_etc ex sh -e -c "$1" || rc=$?
	ip netns del ex
	return "$rc"
}

examples() {
	local block name examples=$tests/test/examples

	[ -e "$examples" ] || examples=$tests/examples
	while IFS= read -r -d '' block; do
		name="im(8): $(head -n 1 <<<"$block")"
		if [[ $block == *imctl* ]] && ! command -v imctl >/dev/null; then
			ktap_skip "$name" "no imctl"
		else
			check "$name" run_example "$block"
		fi
	done < <("$examples" "$tests/im.8" |
		awk 'BEGIN { RS = "" } { printf "%s%c", $0, 0 }')
}

remove_all() {
	ip netns del rt 2>/dev/null
	ip netns del ex 2>/dev/null
	rm -rf "$etc"
}

ktap_plan
checktool ip iptables-nft nft python3 unshare
checkmodule xt_im
find_tests
make_etc
# The exit status is what cleanup goes by.
trap 'rc=$?; remove_all; (exit "$rc"); cleanup' EXIT
ip netns add rt || skip_all "no network namespaces"
for tool in "${tools[@]}"; do
	round_trips "$tool"
done
check "nft lists one name" lists_as "im proto ymsg" --proto yahoo
check "nft lists several names" lists_as "im proto { ymsg, oscar }" \
	--proto oscar,ymsg
check "nft lists inversion" lists_as "im proto != ymsg" ! --proto ymsg
check "nft lists several tests" lists_as "im proto ymsg action file" \
	--proto ymsg --action file
check "nft refuses to restore the text" restore_is_refused
check "nft lists JSON with the match" json_has_match
check "nft loads no name" no_name_loads
check "nft restores the label where it is sure" label_restores
examples
ktap_finish
