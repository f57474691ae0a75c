#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# imctl with the module: status, enable and its file, packs loaded, refused and
# rolled back, verdicts as they fall.

# Functions are called by check, which shellcheck does not see.
# shellcheck disable=SC2119,SC2317

# shellcheck source=selftests/netns/lib.sh
. "$(dirname "$0")/lib.sh"

ktap_plan
checktool imctl python3 imtalk
checkmodule nf_im
setup_topology
# What tests before this one counted is none of ours.
modprobe -q -r xt_im nf_im
modprobe nf_im

work=$(mktemp -d)
# shellcheck disable=SC2154 # of lib.sh
talk=$sessions/ymsg-login-message.talk

# field KEY - of the status, by JSON.
field() {
	imctl --json status | python3 -c '
import json, sys
o = json.load(sys.stdin)
for k in sys.argv[1].split("."):
    o = o[k]
print(json.dumps(o))' "$1"
}

# refused WORDS CMD... - fails with exit status 1 and says WORDS.
refused() {
	local words=$1 rc=0

	shift
	"$@" >"$work/out" 2>"$work/err" || rc=$?
	cat "$work/err"
	[ "$rc" = 1 ] && grep -qF -- "$words" "$work/err"
}

flipped() {
	python3 -c '
import sys
p = bytearray(open(sys.argv[1], "rb").read())
p[-5] ^= 1
open(sys.argv[2], "wb").write(p)' "$1" "$2"
}

session() {
	srv imtalk serve "$talk" 5050 >"$work/srv" 2>&1 &
	wait_listen srv 5050
	cli imtalk talk "$talk" "$SRV4" 5050
}

# A pack with one signature.
make_pack() {
	printf '%s\n' 'protocol ymsg' 'title "Yahoo! Messenger"' 'source "a test"' \
		'rule header tcp any' '	bytes 0 "YMSG"' '	u16be 4 in 0x0000-0x00ff' \
		'	u16be 10 in 0x0001-0x02ea' 'sample magic tcp client' '	text "YMSG"' \
		'	expect more' >"$work/ymsg.im"
	imctl signatures build --pack-version 2025013101 -o "$work/im.pack" "$work/ymsg.im"
}

event_seen() {
	grep -q ymsg "$work/events"
}

check "status" imctl status
check_eq "version" "\"$(imctl --version | cut -d' ' -f2)\"" "$(field version)"
check_eq "not enabled" false "$(field enabled)"
check_eq "built-in pack" true "$(field pack.builtin)"
check_eq "nothing before it" false "$(field pack.previous)"
check "rollback refused" refused "no pack to go back to" imctl signatures rollback

check "enable" imctl enable
check_eq "enabled" true "$(field enabled)"
check "enable is kept" test -e /etc/nf-im/enabled
check "enable again" imctl enable
check "disable --runtime" imctl disable --runtime
check_eq "disabled" false "$(field enabled)"
check "disable --runtime leaves the file" test -e /etc/nf-im/enabled
check "disable" imctl disable
check_not "disable removes the file" test -e /etc/nf-im/enabled
check "enable --runtime" imctl enable --runtime
check_not "enable --runtime makes no file" test -e /etc/nf-im/enabled
check "enable in a namespace" cli imctl enable
check_not "a namespace makes no file" test -e /etc/nf-im/enabled

stdbuf -oL imctl monitor >"$work/events" 2>&1 &
monitor=$!
busywait 5000 grep -q client "$work/events"
check "a session" session
check "its verdict is told" busywait 5000 event_seen
check_eq "who and what" "tcp $CLI4 $SRV4 5050 ymsg alice header" \
	"$(grep ymsg "$work/events" | cut -f2,3,5,6,7,9,10 | tr '\t' ' ')"
kill -INT "$monitor"
rc=0
wait "$monitor" || rc=$?
check_eq "monitor ends well when interrupted" 0 "$rc"
check_eq "one flow matched" 1 "$(field counters.matched)"
check_eq "of ymsg" '"ymsg"' "$(field protocols | python3 -c '
import json, sys; print(json.dumps(json.load(sys.stdin)[0]["name"]))')"

make_pack
check "load" imctl signatures load "$work/im.pack"
check_eq "loaded" false "$(field pack.builtin)"
check_eq "its version" 2025013101 "$(field pack.version)"
check_eq "the one before is kept" true "$(field pack.previous)"
flipped "$work/im.pack" "$work/flipped.pack"
head -c 100 "$work/im.pack" >"$work/short.pack"
for bad in flipped short; do
	check "$bad: refused before it is sent" refused "no good pack" \
		imctl signatures load "$work/$bad.pack"
	check "$bad: refused by the kernel" refused "was not loaded: " \
		imctl signatures load --no-verify "$work/$bad.pack"
	check_eq "$bad: nothing has changed" 2025013101 "$(field pack.version)"
done
check "the next upload works" imctl signatures load "$work/im.pack"
check "a namespace loads nothing" refused "initial network namespace" \
	cli imctl signatures load "$work/im.pack"
check "rollback" imctl signatures rollback
check_eq "back to a pack of ours" 2025013101 "$(field pack.version)"

rm -rf "$work"
ktap_finish
