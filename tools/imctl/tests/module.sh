# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash source-path=SCRIPTDIR
# What the commands that need the module say without it. With it they are tested in a VM.

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=lib.sh
. "$here/lib.sh"

if [ -d /sys/module/nf_im ]; then
	echo "1..0 # SKIP the module is loaded"
	exit 0
fi

absent()
{
	run "$@"
	is "$*: exit 1" "$rc" 1
	ok "$*: a sentence" has "$err" "imctl: "
}

absent status
is "status: nothing on stdout" "$out" ""
ok "status: says what to do" has "$err" "the nf_im module is not loaded; try: modprobe nf_im"
absent status --json
ok "status --json: still JSON" json_lines <<< "$out"
ok "status --json: not loaded" has "$out" '"loaded":false'
absent enable --runtime
absent disable --runtime
absent monitor
absent signatures rollback
run signatures build -o "$tmp/x.pack" "$here"/../../../signatures/ymsg.im
absent signatures load "$tmp/x.pack"
ok "load: names the pack" has "$err" "x.pack was not loaded: "

done_testing
