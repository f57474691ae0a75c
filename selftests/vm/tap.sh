# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Reads KTAP line by line, prints it and counts the leaves. A result line is a
# leaf unless lines of a deeper level stood right before it. A parent which
# failed although none of its leaves did counts as a failure of its own, so a
# test which dies after its last case is not taken for a pass; so does a parent
# whose plan and results differ.

tap_file=/dev/null
tap_ok=0
tap_fail=0
tap_skip=0
tap_done=0		# tests with a top-level result
tap_last_depth=0	# depth of the last result line
tap_sub_fail=0		# failed leaves since the last top-level result
tap_sub_plan=		# plan of the running test
tap_skip_why=		# why the running test skips itself
tap_sub_seen=0		# results of the running test, on its own level

tap_print() {
	printf '%s\n' "$1"
	printf '%s\n' "$1" >>"$tap_file"
}

tap_leaf() {
	case $1 in
	*"# SKIP"* | *"# skip"*) tap_skip=$((tap_skip + 1)) ;;
	ok*) tap_ok=$((tap_ok + 1)) ;;
	*)
		tap_fail=$((tap_fail + 1))
		tap_sub_fail=$((tap_sub_fail + 1))
		;;
	esac
}

# tap_parent RESULT - the result of a test which had results of its own.
tap_parent() {
	case $1 in
	ok*"# SKIP"*) ;;
	ok*)
		if [ "$tap_sub_plan" != "$tap_sub_seen" ]; then
			tap_fail=$((tap_fail + 1))
			tap_print "not ok - plan ${tap_sub_plan:-missing}, results $tap_sub_seen: $1"
		fi
		;;
	*) [ "$tap_sub_fail" != 0 ] || tap_fail=$((tap_fail + 1)) ;;
	esac
}

tap_line() {
	local text=${1#"${1%%[! ]*}"} depth

	depth=$((${#1} - ${#text}))
	if [ "$depth" = 2 ] && [[ $text =~ ^1\.\.([0-9]+)(\ #\ SKIP(\ .*))? ]]; then
		tap_sub_plan=${BASH_REMATCH[1]}
		tap_skip_why=${BASH_REMATCH[3]:-}
	fi
	case $text in
	"# start "*) ;;
	*"# SKIP") tap_print "$1$tap_skip_why" ;;
	*) tap_print "$1" ;;
	esac
	[[ $text =~ ^(not )?ok\  ]] || return 0
	if [ "$depth" = 0 ]; then
		tap_done=$((tap_done + 1))
		if [ "$tap_last_depth" -gt 0 ]; then
			tap_parent "$text"
		else
			tap_leaf "$text"
		fi
		tap_sub_fail=0
		tap_sub_plan=
		tap_sub_seen=0
		tap_skip_why=
	else
		[ "$depth" != 2 ] || tap_sub_seen=$((tap_sub_seen + 1))
		[ "$tap_last_depth" -gt "$depth" ] || tap_leaf "$text"
	fi
	tap_last_depth=$depth
}

# tap_abort REASON TEST... - fails every test which has no result yet.
tap_abort() {
	local reason=$1

	shift
	shift "$tap_done"
	while [ $# -gt 0 ]; do
		tap_done=$((tap_done + 1))
		tap_fail=$((tap_fail + 1))
		tap_print "not ok $tap_done $1 # $reason"
		shift
	done
}

tap_passed() {
	[ "$tap_fail" = 0 ] && [ $((tap_ok + tap_skip)) -gt 0 ]
}

# tap_summary SECONDS - ends with the line which says it all.
tap_summary() {
	tap_print "# took $1 s"
	tap_print "$tap_ok passed, $tap_fail failed, $tap_skip skipped"
}
