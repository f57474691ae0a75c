#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# nft-im: the literal grammar on the command line, in files with includes and variables, on
# standard input, interactively and as JSON; listing, saving and restoring; mistakes with the
# user's own text. No traffic here, nft-twins.sh has that.

# Functions are called by check, which shellcheck does not see; rules have variables of nft.
# shellcheck disable=SC2016,SC2317

# shellcheck source=selftests/netns/lib.sh
. "$(dirname "$0")/lib.sh"

work=$(mktemp -d)
said=$work/said

# im ARGS... - nft-im in the namespace of this test, what it said in $said.
im() {
	ip netns exec ni nft-im "$@" >"$said" 2>&1
}

stock() {
	ip netns exec ni nft "$@" 2>/dev/null
}

fresh() {
	stock flush ruleset
	stock add table "$1" t
	stock add chain "$1" t c "{ type filter hook prerouting priority 0; }"
}

# rules_are WANT - what nft-im and stock nft list of the chain's rules.
rules_are() {
	check_eq "$1: nft-im lists it" "$2" "$(listed)"
}

listed() {
	ip netns exec ni nft-im -s list ruleset 2>/dev/null |
		sed -n 's/^\t\t//p' | grep -v '^type ' | paste -sd';'
}

# one WORDS [AS] - a rule goes in, is listed, and comes back from what was listed.
one() {
	local want=${2:-$1} family

	for family in ip ip6 inet bridge; do
		fresh "$family"
		check "$family, $1" im add rule "$family" t c "$1" drop
		rules_are "$family, $1" "$want drop"
		ip netns exec ni nft-im list ruleset >"$work/saved"
		stock flush ruleset
		check "$family, $1: comes back" im -f "$work/saved"
		rules_are "$family, $1, again" "$want drop"
		check_eq "$family, $1: byte for byte" "$(<"$work/saved")" \
			"$(ip netns exec ni nft-im list ruleset)"
	done
}

test_words() {
	one "im proto ymsg"
	one "im proto { oscar, ymsg }" "im proto { ymsg, oscar }"
	one "im proto != { yahoo, qq }" "im proto != { ymsg, qq }"
	one "im category messenger state != new"
	one "im proto 1" "im proto ymsg"
	one "im proto { id:2, 7 }" "im proto { oscar, irc }"
}

test_one_family() {
	fresh inet
	check "several, among other matches" im add rule inet t c \
		'tcp dport 80 im proto ymsg ip saddr 10.0.0.0/8 im state decided counter accept'
	rules_are "several" \
		"tcp dport 80 im proto ymsg ip saddr 10.0.0.0/8 im state decided counter accept"
	check "insert" im insert rule inet t c im action file drop
	check "replace" im replace rule inet t c handle "$(handle_of action)" im action chat drop
	rules_are "replaced" \
		"im action chat drop;tcp dport 80 im proto ymsg ip saddr 10.0.0.0/8 im state decided counter accept"
	check "confidence" im insert rule inet t c 'im confidence != { name, payload } drop'
	im delete rule inet t c handle "$(handle_of 'confidence != { payload, name }')"
	check "delete" im delete rule inet t c handle "$(handle_of action)"
	rules_are "deleted" \
		"tcp dport 80 im proto ymsg ip saddr 10.0.0.0/8 im state decided counter accept"
	check "-c changes nothing" im -c add rule inet t c im proto qq drop
	check_eq "and nothing is there" "" "$(listed | grep qq)"
	check "echo" im -e -a add rule inet t c im proto qq drop
	check_like_file "echo says it as it was written" "*im proto qq drop # handle*"
	check "a real cpu" im add rule inet t c cpu 1 drop
	check_eq "stays one" 1 "$(stock list ruleset | grep -c 'meta cpu 1 drop')"
}

handle_of() {
	ip netns exec ni nft-im -a list ruleset 2>/dev/null |
		sed -n "s/.*im $1.* # handle //p" | head -n 1
}

# check_like_file NAME PATTERN - what was said fits.
check_like_file() {
	# shellcheck disable=SC2053 # a pattern
	if [[ $(<"$said") == $2 ]]; then
		ktap_ok "$1"
	else
		ktap_not_ok "$1"
		ktap_diag "expected: $2" $'\n'"got: $(<"$said")"
	fi
}

# Names that are "im": a table, a chain, a set, a comment.
test_other_im() {
	stock flush ruleset
	check "a table and a chain called im" im -f - <<-'END'
		table ip im {
			chain im {
				type filter hook prerouting priority 0
				im proto ymsg drop comment "im proto nothing"
			}
		}
		# im proto nothing
		add rule ip im im tcp dport 1 im state none drop
	END
	rules_are "they" 'im proto ymsg drop comment "im proto nothing";tcp dport 1 im state none drop'
	check "what a chain called im begins with" im -f - <<-'END'
		add chain ip im other
		add rule ip im im goto other
		add rule ip im im iifname line drop
		add counter ip im im
		add rule ip im im counter name im drop
	END
}

test_files() {
	stock flush ruleset
	printf 'define bad = { ymsg,\n\toscar }\ndefine one = qq\n' >"$work/defs.nft"
	printf 'add rule inet t c im proto $one drop\n' >"$work/more.nft"
	cat >"$work/main.nft" <<-END
		include "$work/defs.nft"
		define act = file
		table inet t {
			chain c {
				type filter hook prerouting priority 0
				im proto \$bad action \$act drop
				im proto {
					ymsg, # a comment
					irc
				} counter drop
			}
		}
		include "$work/more.nft"
	END
	check "a file with includes and variables" im -f "$work/main.nft"
	rules_are "it" \
		"im proto { ymsg, oscar } action file drop;im proto { ymsg, irc } counter drop;im proto qq drop"
	fresh inet
	check "-D and -I" im -D who=irc -I "$work" \
		'include "defs.nft"; add rule inet t c im proto $who drop'
	rules_are "-D" "im proto irc drop"
	fresh inet
	printf 'add rule inet t c im proto ymsg drop\nadd rule inet t c im proto qq drop\n' |
		ip netns exec ni nft-im -i >/dev/null
	rules_are "interactively" "im proto ymsg drop;im proto qq drop"
}

# mistake NAME PATTERN ARGS... - is refused, changes nothing, and says so.
mistake() {
	local name=$1 pattern=$2 before

	shift 2
	before=$(stock list ruleset)
	check_not "$name: refused" im "$@"
	check_like_file "$name: says why" "$pattern"
	check_eq "$name: nothing changed" "$before" "$(stock list ruleset)"
}

test_mistakes() {
	fresh inet
	mistake "a name" '<cmdline>:1:28-32: Error: no protocol "yamsg"; did you mean "ymsg"?*' \
		add rule inet t c im proto yamsg drop
	mistake "in a list" '<cmdline>:1:36-40: Error: no protocol "oskar"*' \
		add rule inet t c im proto '{' ymsg, oskar '}' drop
	mistake "an action" '*no action "files"; it is login, *' add rule inet t c im action files drop
	mistake "no name" '*a name is expected*' add rule inet t c im proto
	mistake "a number" '*"256" is no protocol: ids go from 1 to 255*' \
		add rule inet t c im proto 256 drop
	mistake "zero" '*"0" is no protocol*' add rule inet t c im proto 0 drop
	mistake "capitals" '*no protocol "YMSG"; did you mean "ymsg"*' \
		add rule inet t c im proto YMSG drop
	mistake "a list of iptables" \
		'<cmdline>:1:32-32: Error: several names are written { ymsg, oscar }*' \
		add rule inet t c im proto ymsg,oscar drop
	mistake "actions" '*written { file, login }*' add rule inet t c im action file,login drop
	mistake "a bar" '*written { ymsg, oscar }*' add rule inet t c 'im proto ymsg|oscar drop'
	mistake "a list behind a list" '*written { NAME, NAME }*' \
		add rule inet t c 'im proto { ymsg, oscar }, irc drop'
	mistake "a list in a variable" '*more than a name*' \
		-D bad=ymsg,oscar 'add rule inet t c im proto $bad drop'
	mistake "a key" '<cmdline>:1:22-25: Error: im wants proto, category*' \
		add rule inet t c im prto ymsg drop
	mistake "no key" '*im wants proto, category*' add rule inet t c im ymsg drop
	mistake "iptables' key" '*im wants proto, category*' add rule inet t c im --proto ymsg drop
	mistake "im alone" '*unexpected im'$'\n''*im proto ymsg*' im proto ymsg
	check_not "im alone: nothing of cpu" grep -q cpu "$said"
	mistake "a map" '*ct mark & $im_mask vmap*' \
		add rule inet t c im proto vmap '{ ymsg : drop }'
	mistake "a named set" '*a named set cannot*' add rule inet t c im proto @bad drop
	mistake "a variable" '*not defined*' 'add rule inet t c im proto $bad drop'
	mistake "twice" '*tested twice*' add rule inet t c im proto ymsg proto qq drop
	mistake "-o" '*-o would merge*' -o add rule inet t c im proto ymsg drop
	mistake "nft's own, with the user's text" \
		'*unexpected*add rule inet t c im proto ymsg drap*^*' \
		add rule inet t c im proto ymsg drap
	mistake "the kernel's, with the user's text" '*No such file*nochain im proto ymsg drop*' \
		add rule inet t nochain im proto ymsg drop
	printf 'add rule inet t c counter\nadd rule inet t c im proto ymsg, drop\n' >"$work/wrong.nft"
	mistake "a file's line and column" "$work/wrong.nft:2:32-32: Error: several names*im proto ymsg, drop*" \
		-f "$work/wrong.nft"
	printf '\nadd rule inet t c im proto yamsg drop\n' >"$work/bad.nft"
	mistake "in an include" "$work/bad.nft:2:28-32: Error: no protocol*" \
		"include \"$work/bad.nft\""
}

test_json() {
	local saved

	fresh inet
	im add rule inet t c 'tcp dport 80 im proto { ymsg, oscar } state != new drop'
	im -j list ruleset
	saved=$(<"$said")
	check_eq "JSON says what is tested" \
		'{"proto": ["ymsg", "oscar"], "state": ["new"], "not": ["state"]}' \
		"$(python3 -c '
import json, sys
for o in json.load(sys.stdin)["nftables"]:
    for e in o.get("rule", {}).get("expr", []):
        if "im" in e: print(json.dumps(e["im"]))' <<<"$saved")"
	stock flush ruleset
	check "JSON comes back" im -j -f - <<<"$saved"
	rules_are "JSON" "tcp dport 80 im proto { ymsg, oscar } state != new drop"
	check_not "a wrong name in JSON" im -j -f - <<<"${saved//ymsg/yamsg}"
	check_like_file "says so" '*no protocol "yamsg"*'
}

# What stock tools make of such rules, put on record: refused, never lost.
test_stock() {
	local tool

	fresh inet
	im add rule inet t c im proto ymsg drop
	stock list ruleset >"$work/stock"
	check_eq "stock nft lists it" 1 "$(grep -c 'im proto ymsg drop' "$work/stock")"
	stock -j list ruleset >"$work/stock.json"
	stock flush ruleset
	check_not "stock nft refuses its own text" ip netns exec ni nft -f "$work/stock"
	check_not "stock nft refuses its own JSON" ip netns exec ni nft -j -f "$work/stock.json"
	check_eq "and nothing is there" "" "$(stock list ruleset)"
	check "nft-im takes the text" im -f "$work/stock"
	rules_are "it" "im proto ymsg drop"
	stock flush ruleset
	for tool in iptables ip6tables; do
		ip netns exec ni "$tool-nft" -A FORWARD -m im --proto ymsg -j DROP
	done
	check_eq "nft-im lists rules of iptables-nft" 2 \
		"$(ip netns exec ni nft-im list ruleset 2>/dev/null | grep -c 'im proto ymsg counter')"
	check_not "a table of ours is not said to be iptables'" warned
}

warned() {
	fresh inet
	im add rule inet t c im proto ymsg drop
	im list ruleset
	grep -q iptables "$said"
}

test_monitor() {
	fresh inet
	ip netns exec ni stdbuf -oL nft monitor >"$work/monitor" 2>&1 &
	busywait 5000 monitored
	im add rule inet t c im proto ymsg drop
	check "nft monitor shows it" busywait 5000 grep -q 'im proto ymsg drop' "$work/monitor"
	kill %% 2>/dev/null
}

monitored() {
	stock add table inet x
	stock delete table inet x
	grep -q 'table inet x' "$work/monitor"
}

# The module holds on while a rule is there, and goes afterwards.
test_module() {
	fresh inet
	check "without rules it goes" busywait 5000 modprobe -r xt_im nf_im
	mkdir -p /run/modprobe.d
	echo 'install xt_im /bin/false' >/run/modprobe.d/nft-im-test.conf
	mistake "no module" '*No such file*nft-im: is the module xt_im installed?*' \
		add rule inet t c im proto ymsg drop
	rm /run/modprobe.d/nft-im-test.conf
	check "the first rule of an inet table loads the match" im add rule inet t c im proto ymsg drop
	check_not "which cannot be unloaded" modprobe -r xt_im
	check_not "a chain is missing, not the module" im add rule inet t nochain im proto ymsg drop
	check_not "and nobody asks for it" grep -q "is the module" "$said"
	stock flush ruleset
	check "until the rule is gone" busywait 5000 modprobe -r xt_im nf_im
}

ktap_plan
checktool nft-im nft ip iptables-nft python3
checkmodule xt_im
trap 'rc=$?; ip netns del ni; rm -rf "$work"; (exit "$rc"); cleanup' EXIT
ip netns add ni || skip_all "no network namespaces"
modprobe xt_im
test_words
test_one_family
test_other_im
test_files
test_mistakes
test_json
test_stock
test_monitor
test_module
ktap_finish
