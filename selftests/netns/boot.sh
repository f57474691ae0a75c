#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What nf-im.service and nf-im-rules.service do at boot: what imctl was told is in force again. And
# what stands when they cannot: the module is missing, it is not signed (in a machine with
# module.sig_enforce=1), a pack is refused, a signature of the admin's is wrong. The firewall's own
# rules hold in each case, by traffic. No power goes off here: the module, the rules and what is in
# /run are gone, as they are then.

# Functions are called by check, which shellcheck does not see.
# shellcheck disable=SC2317

# shellcheck source=selftests/netns/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/netns/lib-im.sh
. "$(dirname "$0")/lib-im.sh"

modules=/lib/modules/$(uname -r)/extra
etc=/etc/nf-im

# recipe NAME - the file, for this topology.
recipe() {
	sed "s/lan0/fwc/g; s/wan0/fws/g" "$NF_IM_PAYLOAD/policy-recipes/$1"
}

# boot STEP - as the unit does it; its status, what it says in a file as check has its own shell.
boot() {
	NF_IM_SIGNATURES=$NF_IM_PAYLOAD/signatures "$NF_IM_PAYLOAD/boot/boot" "$1" 2>&1 |
		tee "$RESULTS/said"
	return "${PIPESTATUS[0]}"
}

# power_cycle - no module, no rule, no flow; what is in /etc stays.
power_cycle() {
	clear_rules
	modprobe -q -r xt_im nf_im
	[ ! -e /sys/module/nf_im ] || ktap_not_ok "the module is still there"
	rm -rf /run/nf-im
}

# fresh - the same without any file of nf-im's, but recognition is wanted.
fresh() {
	power_cycle
	rm -rf "$etc"
	mkdir -p "$etc/signatures"
	: >"$etc/enabled"
}

# says NAME WORDS - one case: the last step said so.
says() {
	check_like "$1" "*$2*" "$(<"$RESULTS/said")"
}

# base_holds NAME - what the firewall's own rules let by, and what they do not.
base_holds() {
	check "$1: an unknown service passes" cli imtalk talk "$service" "$SRV4" 5051
	check_not "$1: the outside opens nothing" srv imtalk talk --timeout 500 "$service" \
		"$CLI4" 5051
}

is_cut() {
	[[ $(talk_at "$talk" "$SRV4" 5050) == "cut-off c 0/"* ]]
}

# in_force NAME ENABLED BRIDGE MASK PACKET_MASK - what imctl says.
in_force() {
	check_eq "$1: enabled, on bridges, mask, mask of packets" "${*:2}" \
		"$(im_status enabled) $(im_status bridge) $(im_status mark_mask) $(im_status packet_mask)"
}

# What imctl was told holds over the boot, and what it was told to forget does not.
test_saved() {
	fresh
	rm "$etc/enabled"
	check "nothing was said: prepare" boot prepare
	in_force "nothing was said" no no - -
	imctl enable && imctl mark --mask 0xff00 && imctl mark --packet --mask 0x7ff0000
	in_force "before the boot" yes no 0x0000ff00 0x07ff0000
	power_cycle
	check "enable and mark: prepare" boot prepare
	in_force "after it" yes no 0x0000ff00 0x07ff0000
	check "a session after it" cli imtalk talk "$talk" "$SRV4" 5050
	check_number "has its label" ">0" "$(count_labelled im-ymsg 5050)"
	check_number "and its mark" ">0" "$(conntrack -L -p tcp --dport 5050 2>/dev/null |
		grep -c 'mark=[1-9][0-9]* ')"
	imctl mark --off && imctl mark --packet --off && imctl disable
	power_cycle
	check "disable and off: prepare" boot prepare
	in_force "after the next one" no no - -
	imctl enable --bridge
	power_cycle
	check "enable --bridge: prepare" boot prepare
	in_force "after the last one" yes yes - -
}

# The base, then both steps, in the order of the boot.
test_good() {
	fresh
	recipe block-all.v4 >"$etc/rules.v4"
	check "prepare" boot prepare
	check_eq "recognition is on" yes "$(im_status enabled)"
	recipe base.v4 | fw iptables-nft-restore
	check "rules" boot rules
	base_holds "all is well"
	check "all is well: YMSG is cut" is_cut
	check "rules are loaded again, and are there once" boot rules
	check_eq "once" 2 "$(fw iptables-nft -S im | grep -c -- '-m im')"
	fresh
	recipe block-all.nft >"$etc/rules.nft"
	boot prepare >/dev/null
	recipe base.nft | fw nft -f -
	check "rules of nft" boot rules
	base_holds "nft"
	check "nft: YMSG is cut by its label" is_cut
}

# cannot_load NAME - the module does not load, for whatever reason.
cannot_load() {
	recipe block-all.v4 >"$etc/rules.v4"
	check_not "$1: prepare says so" boot prepare
	says "$1: what failed" "loading the module nf_im failed"
	recipe base.v4 | fw iptables-nft-restore
	check_not "$1: rules say so" boot rules
	says "$1: which file" "loading $etc/rules.v4 failed"
	check_eq "$1: no rule of the file is there" 0 "$(fw iptables-nft -S im | grep -c -- -m)"
	base_holds "$1"
	clear_rules
	recipe base.nft | fw nft -f -
	rm "$etc/rules.v4"
	recipe block-all.nft >"$etc/rules.nft"
	check "$1: rules by label load all the same" boot rules
	base_holds "$1, nft"
}

test_missing() {
	fresh
	mv "$modules" "$modules.away"
	cannot_load "no module"
	mv "$modules.away" "$modules"
}

test_refused() {
	fresh
	head -c 4096 /bin/true >"$etc/signatures.pack"
	check_not "a bad pack: prepare says so" boot prepare
	says "a bad pack: which" "loading $etc/signatures.pack failed"
	check_eq "a bad pack: recognition is on all the same" yes "$(im_status enabled)"
	check_eq "a bad pack: with the built-in one" yes "$(im_status pack.builtin)"
	recipe base.nft | fw nft -f -
	recipe block-all.nft >"$etc/rules.nft"
	boot rules >/dev/null
	base_holds "a bad pack"
	check "a bad pack: YMSG is cut" is_cut
}

# own_signature TEXT - one of the admin's, for a name that has none yet.
own_signature() {
	local name

	name=$(imctl list --all --json | sed -n '/"signature":false/s/.*"name":"\([^"]*\)".*/\1/p' |
		head -n 1)
	printf '%s\n' "# SPDX-License-Identifier: GPL-2.0-only" "protocol $name" \
		"rule own tcp client" $'\t'"bytes 0 \"$1\"" \
		"sample own tcp client" $'\t''text "NF-IM-BOOT-TEST"' $'\t''expect own' \
		>"$etc/signatures/own.im"
}

test_own() {
	fresh
	own_signature NF-IM-BOOT
	check "an own signature: prepare" boot prepare
	check_eq "an own signature: is in force" no "$(im_status pack.builtin)"
	check_eq "an own signature: recognition is on" yes "$(im_status enabled)"
	fresh
	own_signature NF-IM-OTHER
	check_not "a wrong signature: prepare says so" boot prepare
	says "a wrong signature: where" "own.im:"
	check_eq "a wrong signature: the built-in pack is in force" yes "$(im_status pack.builtin)"
	check_eq "a wrong signature: recognition is on" yes "$(im_status enabled)"
}

ktap_plan
im_setup nft iptables-nft
[ -x "$NF_IM_PAYLOAD/boot/boot" ] || skip_all "no boot script in the payload"
fw imctl labels --write
serve "$talk" 5050
serve "$service" 5051
cli imtalk serve "$service" 5051 >/dev/null &
wait_listen cli 5051
if grep -q Y /sys/module/module/parameters/sig_enforce; then
	fresh
	cannot_load "not signed"
	ktap_finish
fi
test_saved
test_good
test_missing
test_refused
test_own
fresh
ktap_finish
