# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# For tests of limits and of lifetime: the modules loaded and unloaded, floods of
# flows, packs, and whether the kernel complained. Source lib.sh and lib-im.sh
# first.

readonly sweep_ms=10000		# entries of dead flows are found this often
FLOOD4=10.9.0.1			# beyond srv; nobody is there, nobody answers
sessions=()

# --- Modules ----------------------------------------------------------------

module_loaded() {
	[ -d "/sys/module/$1/holders" ]
}

# unload - removes both modules; fails while rules hold them.
unload() {
	local module

	for module in xt_im nf_im; do
		! module_loaded "$module" || rmmod "$module" || return
	done
}

# rules_gone - the modules go; rules of nft are let go a moment after they went.
rules_gone() {
	clear_rules
	busywait 10000 unload
}

# reload [PARAMETER...] - loads the modules anew.
reload() {
	rules_gone && modprobe nf_im "$@" && modprobe xt_im
}

# caches_gone - no object and no cache of the module is left.
caches_gone() {
	! compgen -G "/sys/kernel/slab/nf_im_*" >/dev/null
}

# kernel_is_well - no warning, no lock-up, no damaged object so far. Warnings end
# the VM at once; slab debugging (see vm/run) only taints.
kernel_is_well() {
	local taint bad=$((1 << 5 | 1 << 7 | 1 << 9 | 1 << 14))

	taint=$(cat /proc/sys/kernel/tainted)
	# The debug kernel has a "Kernel memory leak detector", and says so.
	[ $((taint & bad)) = 0 ] &&
		! dmesg | grep -v 'memory leak detector' | grep -E 'BUG|WARNING|refcount_t|leak'
}

# --- Packs ------------------------------------------------------------------

# make_pack FILE [VERSION] - a pack with the signature of YMSG alone, so that what
# other signatures wait for does not matter.
make_pack() {
	imctl signatures build --pack-version "${2:-1}" -o "$1" \
		"${NF_IM_PAYLOAD:-$netns_dir/../..}/signatures/ymsg.im"
}

# --- Rules and sessions -----------------------------------------------------

# cut_rule [CHAIN] - the rule which ends YMSG sessions at once.
cut_rule() {
	ipt -A "${1:-FORWARD}" -p tcp -m im --proto ymsg -m comment \
		--comment ymsg -j REJECT --reject-with tcp-reset
}

# is_cut [PORT] - a session is reset at its first frame.
is_cut() {
	local said

	# shellcheck disable=SC2154 # of lib-im.sh
	said=$(cli imtalk talk --timeout 3000 "$talk" "$SRV4" "${1:-5050}")
	echo "$said"
	[[ $said == "cut-off c 0/"*" reset" ]]
}

# completes [PORT] - a session completes.
completes() {
	cli imtalk talk "$talk" "$SRV4" "${1:-5050}"
}

# sessions_start OPTION... SCRIPT PORT - one after the other, until sessions_stop,
# with a pause between them that leaves others some time.
sessions_start() {
	local port=${*: -1}

	# shellcheck disable=SC2154 # of lib.sh
	(exec ip netns exec "$topo_cli" imtalk talk --count 1000000 \
		--delay-at 0:"${pause:-50}" "${@:1:$#-1}" "$SRV4" "$port") \
		>"$RESULTS/sessions.$port" 2>&1 &
	sessions+=($!)
}

sessions_stop() {
	kill "${sessions[@]}"
	wait "${sessions[@]}"
	sessions=()
} 2>/dev/null

# sessions_reset PORT - how many of them were reset at their first frame.
sessions_reset() {
	grep -cE '^cut-off c [04]/.* s 0/.* reset$' "$RESULTS/sessions.$1"
}

# sessions_whole PORT, sessions_broken PORT - how many the server answered to the
# end, or not; that it resets what comes after its last word does not count.
sessions_whole() {
	awk '{ split($5, s, "/"); n += s[1] == s[2] } END { print +n }' \
		"$RESULTS/sessions.$1"
}

sessions_broken() {
	awk '{ split($5, s, "/"); n += s[1] != s[2] } END { print +n }' \
		"$RESULTS/sessions.$1"
}

# --- Status -----------------------------------------------------------------

# counter_of NS KEY - one line of imctl status in a namespace, "" for the first.
counter_of() {
	in_ns "$1" imctl status | awk -F '\t' -v key="$2" '$1 == key { print $2 }'
}

# counter_is NS KEY VALUE
counter_is() {
	[ "$(counter_of "$1" "$2")" = "$3" ]
}

# check_most NAME LIMIT GOT - one case: a number is LIMIT at most.
check_most() {
	if [[ $3 =~ ^[0-9]+$ ]] && [ "$3" -le "$2" ]; then
		ktap_ok "$1"
	else
		ktap_not_ok "$1"
		ktap_diag "expected $2 at most, got $3"
	fi
}

# check_swept NAME NS - one case: the entries of dead flows go by the next sweep,
# those of flows which had one packet only by the one after it.
check_swept() {
	local start=$SECONDS

	check "$1" busywait $((2 * sweep_ms + 5000)) counter_is "$2" entries 0
	ktap_diag "after $((SECONDS - start)) s"
}

# --- Floods -----------------------------------------------------------------

# flood_route - leads the floods from cli through fw to where nobody answers.
flood_route() {
	fw ip route replace "$FLOOD4/32" via "$SRV4"
	srv ip route replace blackhole "$FLOOD4/32"
	fw sysctl -qw net.netfilter.nf_conntrack_tcp_timeout_syn_sent=600
	# shellcheck disable=SC2154 # of lib.sh
	[ -n "$topo_fw" ] || sysctl -qw net.netfilter.nf_conntrack_max=300000
}

# flood PORT COUNT TEXT [SOURCE [PROTO]] - flows of one packet each, from cli;
# prints how many.
flood() {
	cli rawflood "${5:-tcp}" "${4:-$CLI4}" "$FLOOD4" "$1" "$2" "$3"
}

# sampler_start NS - looks at the counters there all the while, "" for the first.
sampler_start() {
	if [ -n "$1" ]; then
		# shellcheck disable=SC2154 # of lib.sh
		ip netns exec "$1" "$netns_dir/rawgenl" --sample \
			>"$RESULTS/samples" &
	else
		"$netns_dir/rawgenl" --sample >"$RESULTS/samples" &
	fi
	sampler=$!
	busywait 20000 grep -q ready "$RESULTS/samples"
}

# sampler_stop - ends it; $sampled is the most bytes it saw.
sampler_stop() {
	kill "$sampler" && wait "$sampler"
	ktap_diag "$(grep samples "$RESULTS/samples")"
	# shellcheck disable=SC2034 # for tests
	sampled=$(awk '/samples/ { print $6 }' "$RESULTS/samples")
}
