#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Signature packs on their way into the kernel: it verifies them itself, a refused
# one changes nothing, a good one takes over live flows, and an upload belongs to
# one socket.

# shellcheck source=selftests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/netns/lib-im.sh
. "$(dirname "$0")/lib-im.sh"
# shellcheck source=selftests/netns/lib-flood.sh
. "$(dirname "$0")/lib-flood.sh"

readonly version=2026010101
readonly size_max=$((64 << 20))	# bytes of a pack
waiters=()

# genl - commands on standard input; see rawgenl.
genl() {
	"$netns_dir/rawgenl"
}

# make_packs - good knows YMSG, other knows it by name only.
make_packs() {
	packs=$(mktemp -d)
	good=$packs/good
	other=$packs/other
	printf '%s\n' 'protocol oscar' 'title "a test"' 'source "a test"' \
		'rule header tcp any' '	bytes 0 "NFIMTEST"' \
		'sample header tcp client' '	text "NFIMTEST"' \
		'	expect header' >"$packs/other.im"
	make_pack "$good" $version &&
		imctl signatures build --pack-version $((version + 1)) -o "$other" \
			"$packs/other.im"
}

in_force() {
	im_status pack.crc
}

# --- Good packs -------------------------------------------------------------

test_load() {
	local builtin

	builtin=$(in_force)
	check_eq "there is none to go back to" "no" "$(im_status pack.previous)"
	check_not "so that is refused" imctl signatures rollback
	check "a good pack is loaded" imctl signatures load --no-verify "$good"
	check_eq "its version shows" $version "$(im_status pack.version)"
	check_eq "it is not the built-in one" "no" "$(im_status pack.builtin)"
	check "a session is cut with it" is_cut
	check "a look-alike is not" cli imtalk talk "$text" "$SRV4" 5051
	check "the one before is put back" imctl signatures rollback
	check_eq "it is in force" "$builtin" "$(in_force)"
	check "a session is cut with it too" is_cut
	check "the other comes back" imctl signatures rollback
	check_eq "and is in force" $version "$(im_status pack.version)"
}

# waiting SCRIPT PORT - a session which stops after four bytes for a while.
waiting() {
	cli imtalk talk --cut 4 --delay-at 4:6000 --timeout 9000 "$1" "$SRV4" \
		"$2" >"$RESULTS/talk.$2" &
	waiters+=($!)
}

# waited - until all of them have ended.
waited() {
	wait "${waiters[@]}"
	waiters=()
}

# Four bytes came with the old pack, the rest comes with the new one.
test_live() {
	waiting "$talk" 5050
	waiting "$text" 5051
	check "two flows wait for more" busywait 5000 counter_is "" entries 2
	check "the pack is swapped" imctl signatures load --no-verify "$good"
	check_eq "they wait on" 2 "$(im_status entries)"
	waited
	check_like "then one is cut" "cut-off c 4/* s 0/* reset" "$(talked 5050)"
	check_like "and the look-alike completes" "complete *" "$(talked 5051)"
	check_eq "none waits any more" 0 "$(im_status entries)"
}

# A rule names a protocol which the new pack has no signature for.
test_force() {
	check_eq "a pack which a rule lacks a signature of is refused" \
		"fail EXDEV it has no signature for ymsg, which rules name" \
		"$(genl <<<"open a"$'\n'"load a $other" | tail -n 1)"
	check_refused "by imctl too" "it has no signature for ymsg" "$other"
	waiting "$talk" 5050
	check "a flow waits for more" busywait 5000 counter_is "" entries 1
	check "it is loaded by force" imctl signatures load --force "$other"
	waited
	check_like "and the flow is none of its protocols" "complete *" \
		"$(talked 5050)"
	check "nor is a new one" completes
	check "the pack before is put back" imctl signatures rollback
	check "a session is cut" is_cut
	ipt -F FORWARD
	check "without the rule it is loaded" imctl signatures load "$other"
	check "and another one" imctl signatures load "$good"
	cut_rule
	check "a session is cut with a new rule" is_cut
}

# --- Bad packs --------------------------------------------------------------

# check_refused NAME WORDS FILE - one case: a sentence, and nothing changed.
check_refused() {
	local before said rc=0

	before=$(in_force)
	said=$(imctl signatures load --no-verify "$3" 2>&1) || rc=$?
	if [[ $rc = 1 && $said == *"$2"* && $(in_force) = "$before" ]]; then
		ktap_ok "$1"
		ktap_diag "${said#*: }"
	else
		ktap_not_ok "$1"
		ktap_diag "exit $rc, now $(in_force), before $before: $said"
	fi
}

# patched OFFSET BYTES - the good pack with these bytes (as of printf) there.
patched() {
	cp "$good" "$packs/bad"
	# shellcheck disable=SC2059 # the bytes are a format on purpose
	printf "$2" |
		dd of="$packs/bad" bs=1 seek="$1" conv=notrunc status=none
	echo "$packs/bad"
}

test_refused() {
	head -c 3000 "$good" >"$packs/cut"
	: >"$packs/empty"
	check_refused "a truncated pack" " at offset 12" "$packs/cut"
	check_refused "an empty file" "no pack is that small" "$packs/empty"
	check_refused "a file which is no pack" " at offset 0" /bin/true
	check_refused "a pack with a wrong magic" " at offset 0" "$(patched 3 X)"
	check_refused "of another format" " at offset 8" "$(patched 8 '\377')"
	check_refused "with a byte changed" " at offset 16" "$(patched 600 '\252')"
	check "a session is still cut" is_cut
}

# tried COMMAND STEP - what rawgenl says of all such packs made from the good one.
tried() {
	printf '%s\n' "open a" "$1 a $good $2" | genl | tail -n 1
}

# Whatever is refused names a reason and an offset, and changes nothing; rawgenl
# fails otherwise. Forged ones have the right sum, some are good packs by chance.
test_mutants() {
	local said

	check_like "all truncated packs are refused" "ok refused * accepted 0" \
		"$(tried cuts 61)"
	check_like "so are all with a changed byte" "ok refused * accepted 0" \
		"$(tried flips 29)"
	check "after that a session is cut" is_cut
	(exec ip netns exec "$topo_cli" imtalk talk --count 1000000 --timeout 300 \
		"$talk" "$SRV4" 5050 >/dev/null) &
	said=$(tried forged 4)
	kill $!
	check_like "forged ones are refused, or harmless, under traffic" \
		"ok refused [1-9]* accepted *" "$said"
	ktap_diag "$said"
	# 14,000 reset sessions have used every port, and their conntracks stay: a SYN from one of
	# these belongs to the old flow, label and all.
	fw conntrack -F 2>/dev/null
	imctl signatures load --force "$good"
	check "after that a session is cut, too" is_cut
	check "and a look-alike is not" cli imtalk talk "$text" "$SRV4" 5051
}

# --- Uploads ----------------------------------------------------------------

# check_said NAME EXPECTED COMMANDS - one case: the answers to some commands.
check_said() {
	check_eq "$1" "$2" "$(genl <<<"$3")"
}

test_upload() {
	local order="a chunk out of order, or without a begin"
	local none="no upload was begun on this socket, or no memory"

	check_said "an upload belongs to its socket" "ok
ok
ok
fail EBUSY another upload is under way
fail ENOENT $order
fail ENOENT $none
ok
ok" "open a
open b
begin a 1000
begin b 1000
chunk b $good 0 10
commit b
close a
begin b 1000"
	check_said "chunks come in order" "ok
ok
fail ERANGE $order
ok
fail ERANGE $order
ok
fail ERANGE $order
fail ENODATA only 150 of 200 bytes came
fail ENOENT $none" "open a
begin a 200
chunk a $good 100 50
chunk a $good 0 100
chunk a $good 0 100
chunk a $good 100 50
chunk a $good 150 51
commit a
commit a"
}

test_sizes() {
	check_said "sizes have limits" "ok
fail EFBIG a pack may have 64 MiB at most
fail EINVAL no pack is that small, or there is no memory for it
ok
fail ERANGE Attribute failed policy validation
ok
ok" "open a
begin a $((size_max + 1))
begin a 31
begin a $size_max
chunk a /bin/bash 0 32769
chunk a /bin/bash 0 32768
close a"
	truncate -s $((size_max + 1)) "$packs/large"
	check_refused "a pack of more than 64 MiB" "64 MiB at most" "$packs/large"
	rm "$packs/large"
}

begins() {
	printf '%s\n' "open a" "begin a 1000" | genl | tail -n 1 | grep -qx ok
}

# Who begins and dies leaves the way free.
test_death() {
	local uploader

	mkfifo "$packs/pipe"
	"$netns_dir/rawgenl" <"$packs/pipe" >"$packs/said" &
	uploader=$!
	exec 7>"$packs/pipe"
	printf '%s\n' "open a" "begin a 1000" >&7
	busywait 20000 grep -c ok "$packs/said"
	check_not "while an upload is under way no other begins" begins
	kill -KILL "$uploader"
	check "when its process died another begins" busywait 10000 begins
	exec 7>&-
}

ktap_plan
im_setup python3
make_packs || skip_all "packs cannot be built"
serve "$talk" 5050
serve "$text" 5051
# With the built-in pack, whatever a test before this one loaded.
modprobe -q -r xt_im nf_im
modprobe -a nf_im xt_im
cut_rule
check "a session is cut" is_cut
test_load
test_live
test_refused
test_force
test_mutants
test_upload
test_sizes
test_death
check "the kernel has nothing to complain of" kernel_is_well
check "both modules go, the packs with them" rules_gone
ktap_finish
