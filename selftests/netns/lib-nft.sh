# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# The two tables of cases from which rules of all forms are made, so that iptables and the nft
# twins never drift apart. Source lib.sh and lib-im.sh first.
#
# What a rule tests stands as nft-im writes it. Forms that cannot say a test make no rule of it;
# nft_forms_of has the list.

# Rules have variables of nft.
# shellcheck disable=SC2016

# Rules that cut: name; address family; verdict; test; a session that it cuts, with the pattern of
# imtalk's line; a session that it lets by.
nft_cases() {
	cat <<-'END'
		proto|4|drop|proto ymsg|login-message|cut-off c 0/* s 0/*|lookalike-service
		proto6|6|drop|proto ymsg|login-message|cut-off c 0/* s 0/*|lookalike-service
		reject|4|reject|proto ymsg|login-message|cut-off c 0/* s 0/* reset|lookalike-text
		proto-set|4|drop|proto { oscar, ymsg }|login-message|cut-off c 0/* s 0/*|lookalike-service
		proto-other|4|drop|proto != xmpp|lookalike-service|cut-off c 30/* s 20/*|-
		proto-not|4|drop|proto != ymsg|lookalike-service|cut-off c 30/* s 20/*|login-message
		category|4|drop|category messenger|login-message|cut-off c 0/* s 0/*|lookalike-service
		action|4|drop|action message|login-message|cut-off c 139/* s 128/*|lookalike-service
		proto-action|6|drop|proto ymsg action message|login-message|cut-off c 139/* s 128/*|lookalike-service
		action-not|4|drop|proto ymsg action != presence|login-message|cut-off c 0/* s 0/*|lookalike-text
	END
}

# Rules that count: test; whether sessions of YMSG, XMPP and none (see nft-twins.sh) have it.
nft_counts() {
	cat <<-'END'
		proto ymsg|>0
		proto yahoo|>0
		proto xmpp|>0
		proto oscar|0
		proto { oscar, ymsg }|>0
		proto { oscar, msnp }|0
		proto != ymsg|>0
		proto != { ymsg, xmpp }|>0
		category messenger|>0
		category { messenger, voice }|>0
		category voice|0
		category != messenger|>0
		action login|>0
		action presence|>0
		action message|>0
		action chat|>0
		action file|>0
		action voice|>0
		action webcam|>0
		action other|>0
		action { remote, video, lookup }|0
		action { file, message }|>0
		action != message|>0
		proto ymsg action message|>0
		proto ymsg action != message|>0
		proto xmpp action file|0
		category messenger action { login, presence }|>0
		state new|>0
		state undecided|>0
		state decided|>0
		state uninspected|0
		state != decided|>0
		state { new, undecided }|>0
		confidence payload|>0
		confidence name|0
		proto ymsg state decided confidence payload|>0
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

# plain_form TESTS - the same; see form_load.
plain_form() {
	iptables_form "$1"
}

# label_form TESTS - stock nft: one positive test of one name.
label_form() {
	case $1 in
	"proto yahoo") echo 'ct label "im-ymsg"' ;;
	*"{"* | *"!="* | action* | state* | confidence* | *" action "* | *" state "*) return 1 ;;
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
	*"!="* | category* | *state* | *confidence*) return 1 ;;
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

# native_form TESTS - one key a rule; confidence is none.
native_form() {
	case $1 in
	*" action "* | *confidence*) return 1 ;;
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

# form_load FORM MATCH [drop|reject] - a rule that counts what matches and ends it, in FORWARD. It
# has a comment, but for the form "plain", which is that of iptables else.
form_load() {
	local verdict=${3:-drop} target="-j DROP" proto='' rule

	if [ "$verdict" = reject ]; then
		verdict="reject with tcp reset" target="-j REJECT --reject-with tcp-reset"
		proto="-p tcp"
	fi
	rule="$2 counter $verdict comment \"main\""
	case $1 in
	iptables) rules <<<"-A FORWARD $proto $2 -m comment --comment main $target" ;;
	plain) rules <<<"-A FORWARD $proto $2 $target" ;;
	label | mark) nft_chain inet forward 0 "$rule" | fw nft -f - ;;
	nftim) nft_chain inet forward 0 "$rule" | fw nft-im -f - ;;
	native)
		nft_chain inet forward 0 | fw nft -f - &&
			fw nft-im --native add rule inet guard guard "$2" counter "$verdict"
		;;
	esac
}

# nft_forms_of TESTS [VERDICT] - the forms that can say them, each with the rule: "form|rule".
nft_forms_of() {
	local form rule

	for form in ${forms:-iptables label mark nftim native}; do
		# Its commands have verdicts only.
		[ "$form ${2:-}" != "native reject" ] || continue
		rule=$("${form}_form" "$1") && printf '%s|%s\n' "$form" "$rule"
	done
}
