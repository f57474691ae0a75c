# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash source-path=SCRIPTDIR
# The command line: exit codes, help, and that help, man page and completion agree.

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=lib.sh
. "$here/lib.sh"

usage()
{
	local name=$1
	shift
	run "$@"
	is "$name: exit 2" "$rc" 2
	is "$name: nothing on stdout" "$out" ""
	ok "$name: a sentence on stderr" has "$err" "imctl: "
}

usage "no command"
usage "unknown command" frobnicate
usage "unknown option" --frobnicate
usage "unknown option of a command" list --frobnicate
usage "option without its argument" list --pack
usage "no file" classify
usage "superfluous argument" list ymsg
usage "signatures alone" signatures
usage "unknown signatures command" signatures frobnicate
usage "build without output" signatures build "$here/lib.sh"
usage "build with an option of nobody" signatures check -o x y
usage "no pack" signatures load
usage "two packs" signatures load a b
usage "not a number" labels --base many
usage "negative number" labels --base -1
usage "base too high" labels --base 49
usage "write and check" labels --write --check
usage "a file without a task" labels --connlabel-conf x
usage "runtime and persist" enable --runtime --persist
usage "saved and something" enable --saved --bridge
usage "a mask too narrow for the protocols" mark --mask 0x3f00
usage "a mask too narrow for the actions" mark --packet --mask 0x3ff
usage "a mask in two pieces" mark --mask 0xff0f00
usage "a mask of nothing" mark --mask 0
usage "a mask and none" mark --mask 0xff --off
usage "packets without a mask" mark --packet
usage "an include without a mask" mark --include x
usage "all and reopen" flows --all --reopen

version=$(sed -n 's/^NF_IM_VERSION *:*= *//p' "$here/../../../version.mk")
run --version
is "--version" "$out $rc" "imctl $version 0"
run --help
is "--help" "$rc" 0
is "--help says nothing on stderr" "$err" ""

run -V
is "-V" "$out $rc" "imctl $version 0"
top=$("$imctl" --help)
for form in -h help; do
	run "$form"
	is "$form" "$out $rc" "$top 0"
done
list=$("$imctl" list --help)
run list -h
is "list -h" "$out $rc" "$list 0"
run help list
is "help list" "$out $rc" "$list 0"
usage "help of an unknown command" help frobnicate
usage "-V of a command" list -V
usage "-o of a command without it" list -o x

words()
{
	"$imctl" "$@" --help |
		awk -v h="$heading" '$0 == h { on = 1; next } /^$/ { on = 0 } on { print $1 }'
}

man_text=$(man -l "$here/../imctl.8" 2>/dev/null | col -b | tr -s ' \n' ' ')
in_man()
{
	if [ "$man_text" ]; then
		ok "$2 is in the man page" has "$man_text" "$1"
	else
		skip "$2 is in the man page" "no man"
	fi
}

heading=Commands:
for cmd in $(words) $(words signatures | sed 's/^/signatures:/'); do
	cmd=$(echo "$cmd" | tr : ' ')
	[ "$cmd" != signatures ] || continue
	# shellcheck disable=SC2086
	run $cmd --help
	is "$cmd --help" "$rc" 0
	ok "$cmd --help has its usage" has "$out" "Usage: imctl $cmd"
	in_man "imctl $cmd" "$cmd"
	heading=Options:
	# shellcheck disable=SC2086
	for opt in $(words $cmd); do
		in_man " $(echo "$opt" | tr -d ' ')" "$cmd $opt"
	done
	heading=Commands:
done

if [ "$man_text" ]; then
	is "man page without warnings" "$(man --warnings -l "$here/../imctl.8" 2>&1 >/dev/null)" ""
fi

mkdir "$tmp/bin"
ln -s "$(realpath "$imctl")" "$tmp/bin/imctl"
complete_line()
{
	PATH=$tmp/bin:$PATH bash -c '
		. "$1"
		shift
		COMP_WORDS=("$@")
		COMP_CWORD=$(($# - 1))
		_imctl
		echo "${COMPREPLY[@]}"' bash "$here/../imctl.bash-completion" "$@"
}

is "completes commands" "$(complete_line imctl cl)" "classify"
is "completes commands of signatures" "$(complete_line imctl signatures ro)" "rollback"
is "completes options" "$(complete_line imctl labels --ch)" "--check"
is "completes files" "$(cd "$here" && complete_line imctl classify lib.s)" "lib.sh"

done_testing
