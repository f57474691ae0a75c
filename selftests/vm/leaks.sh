#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The last test of a run on the debug kernel: which objects that our modules allocated does
# nothing point to any more, in this machine, since it was booted?

# shellcheck source=selftests/netns/lib.sh
. "$(dirname "$0")/lib.sh"

readonly kmemleak=/sys/kernel/debug/kmemleak

# scan - objects younger than five seconds are not told, nor those that changed since the last look.
scan() {
	echo scan >"$kmemleak" && sleep 6 && echo scan >"$kmemleak"
}

# ours - those with a function of ours in their trace. Our modules are gone by now, and with them
# the names; but that kernel has no other modules, so all that lies where modules do is ours.
ours() {
	awk '
		function told() { if (mine) printf "%s", object; mine = 0 }
		/^unreferenced/ { told(); object = "" }
		{ object = object $0 "\n" }
		/\[(nf_im|xt_im|nft_im)\]$/ || / 0xffffffff[a-f][0-9a-f]*$/ { mine = 1 }
		END { told() }' "$kmemleak"
}

[ -w "$kmemleak" ] || skip_all "this kernel has no kmemleak"
ktap_plan 1
if ! scan; then
	ktap_not_ok "kmemleak is at work"
	ktap_finish
fi
ours >"$RESULTS/leaks"
check_eq "every object that our modules allocated is freed or in use" "" \
	"$(head -n 60 "$RESULTS/leaks")"
ktap_finish
