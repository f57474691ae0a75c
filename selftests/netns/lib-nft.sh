# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# The one table of cases from which rules of all forms are made, so that iptables and the nft
# twins never drift apart. Source lib.sh and lib-im.sh first.
#
# A case is: name; what the rule tests, as nft-im writes it; a session that it cuts, with the
# pattern of imtalk's line; a session that it lets by. Forms that cannot say a test make no rule
# of it; nft_forms_of has the list.

# Rules have variables of nft.
# shellcheck disable=SC2016

nft_cases() {
	cat <<-'END'
		proto|proto ymsg|login-message|cut-off c 0/* s 0/*|lookalike-service
		proto-alias|proto yahoo|login-message|cut-off c 0/* s 0/*|lookalike-text
		proto-set|proto { oscar, ymsg }|login-message|cut-off c 0/* s 0/*|lookalike-service
		proto-other|proto != xmpp|lookalike-service|cut-off c 30/* s 20/*|-
		proto-not|proto != ymsg|lookalike-service|cut-off c 30/* s 20/*|login-message
		category|category messenger|login-message|cut-off c 0/* s 0/*|lookalike-service
		category-set|category { messenger, voice }|login-message|cut-off c 0/* s 0/*|lookalike-text
		action|action message|login-message|cut-off c 139/* s 128/*|lookalike-service
		action-set|action { file, message }|login-message|cut-off c 139/* s 128/*|lookalike-text
		proto-action|proto ymsg action message|login-message|cut-off c 139/* s 128/*|lookalike-service
		proto-no-action|proto xmpp action message|-|-|login-message
		state|state decided|login-message|cut-off c 0/* s 0/*|-
		state-twin|state uninspected|-|-|login-message
	END
}

# iptables_form TESTS - the options of the match.
iptables_form() {
	local words=$1 out='' not

	while [[ $words =~ ^([a-z]+)\ (!=\ )?(\{[^}]*\}|[a-z0-9-]+)\ ?(.*)$ ]]; do
		not=${BASH_REMATCH[2]:+! }
		out+="$not--${BASH_REMATCH[1]} $(tr -d '{} ' <<<"${BASH_REMATCH[3]}") "
		words=${BASH_REMATCH[4]}
	done
	[ -z "$words" ] || return
	echo "-m im $out"
}

# label_form TESTS - stock nft: one positive test of one name.
label_form() {
	case $1 in
	"proto yahoo") echo 'ct label "im-ymsg"' ;;
	*"{"* | *"!="* | action* | state* | *" action "*) return 1 ;;
	"proto "* | "category "*) echo "ct label \"im-${1#* }\"" ;;
	*) return 1 ;;
	esac
}

# names_defined TESTS - the names of a list as those of the include file.
names_defined() {
	# shellcheck disable=SC2001 # two rules at once
	sed -E 's/yahoo/ymsg/; s/[a-z][a-z0-9-]*/$im_&/g' <<<"$1"
}

# mark_form TESTS - stock nft by marks: a number of the flow, bits of the packet.
mark_form() {
	local proto='' action='' name

	case $1 in
	*"!="* | category* | state*) return 1 ;;
	esac
	[[ ! $1 =~ proto\ (\{[^}]*\}|[a-z0-9-]+) ]] || proto=$(names_defined "${BASH_REMATCH[1]}")
	[ -z "$proto" ] || printf 'ct mark & $im_mask %s ' "$proto"
	[[ ! $1 =~ action\ (\{[^}]*\}|[a-z0-9-]+) ]] || action=${BASH_REMATCH[1]}
	if [ -n "$action" ]; then
		action=$(tr -d '{},' <<<"$action")
		# shellcheck disable=SC2086 # a list
		name=$(printf '|$im_action_%s' $action)
		printf 'meta mark & (%s) != 0' "${name#|}"
	fi
	echo
}

# nftim_form TESTS - as it stands.
nftim_form() {
	echo "im $1"
}

# native_form TESTS - one key a rule.
native_form() {
	case $1 in
	*" action "*) return 1 ;;
	esac
	echo "im $1"
}

# session_of NAME - its file.
session_of() {
	# shellcheck disable=SC2154 # of lib.sh
	echo "$sessions/ymsg-$1.talk"
}

# form_setup FORM - what the rules of a form need beside themselves.
form_setup() {
	case $1 in
	label) fw imctl enable --runtime ;;
	mark)
		fw imctl enable --runtime &&
			fw imctl mark --mask 0xff00 --runtime 2>/dev/null &&
			fw imctl mark --packet --mask 0x7ff0000 --runtime 2>/dev/null
		;;
	esac
}

form_teardown() {
	fw imctl mark --off --runtime
	fw imctl mark --off --packet --runtime
	fw imctl disable --runtime
} 2>/dev/null

# nft_chain FAMILY HOOK PRIORITY RULE... - a ruleset with one chain, on standard output.
nft_chain() {
	local family=$1 hook=$2 priority=$3

	shift 3
	[ ! -e /etc/nf-im/mark.nft ] || echo 'include "/etc/nf-im/mark.nft"'
	printf 'table %s guard {\n\tchain guard {\n' "$family"
	printf '\t\ttype filter hook %s priority %s;\n' "$hook" "$priority"
	printf '\t\t%s\n' "$@"
	printf '\t}\n}\n'
}

# form_load FORM MATCH - a rule that drops and counts what matches, in FORWARD.
form_load() {
	local rule="$2 counter drop comment \"main\""

	case $1 in
	iptables) rules <<<"-A FORWARD $2 -m comment --comment main -j DROP" ;;
	label | mark) nft_chain inet forward 0 "$rule" | fw nft -f - ;;
	nftim) nft_chain inet forward 0 "$rule" | fw nft-im -f - ;;
	native)
		nft_chain inet forward 0 | fw nft -f - &&
			fw nft-im --native add rule inet guard guard "$2" counter drop
		;;
	esac
}

# nft_forms_of TESTS - the forms that can say them, each with the rule: "form|rule".
nft_forms_of() {
	local form rule

	for form in ${forms:-iptables label mark nftim native}; do
		rule=$("${form}_form" "$1") && printf '%s|%s\n' "$form" "$rule"
	done
}
