# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# For the scripts that run on the host: TAP, and the files of this project.

tests_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top_dir=$(dirname "$tests_dir")
tap_no=0
tap_failed=0

# result NAME STATUS [FILE] - one line of TAP; FILE says why it failed.
result() {
	tap_no=$((tap_no + 1))
	if [ "$2" = 0 ]; then
		printf 'ok %s - %s\n' "$tap_no" "$1"
		return
	fi
	tap_failed=$((tap_failed + 1))
	printf 'not ok %s - %s\n' "$tap_no" "$1"
	[ -z "${3:-}" ] || head -n 60 "$3" | sed 's/^/# /'
}

# skip NAME REASON
skip() {
	tap_no=$((tap_no + 1))
	printf 'ok %s - %s # SKIP %s\n' "$tap_no" "$1" "$2"
}

# finish - the plan, then exit status 1 if a test failed.
finish() {
	printf '1..%s\n' "$tap_no"
	[ "$tap_failed" = 0 ]
	exit
}

# project_files - what is or may come under version control, from the top; from
# a release archive all files, as nothing is built there yet.
project_files() {
	git -c safe.directory="$top_dir" -C "$top_dir" ls-files -co \
		--exclude-standard 2>/dev/null | sort -u | existing ||
		(cd "$top_dir" && find . -type f -printf '%P\n' | sort)
}

existing() {
	local file some=1

	while read -r file; do
		[ -f "$top_dir/$file" ] || continue
		printf '%s\n' "$file"
		some=0
	done
	return "$some"
}

# sync_sources DIR - the project's files as they are now; those that are gone go there as well.
sync_sources() {
	mkdir -p "$1"
	[ -e "$1/.files" ] || : >"$1/.files"
	project_files | LC_ALL=C sort >"$1/.files.new"
	(cd "$1" && LC_ALL=C comm -23 .files .files.new | tr '\n' '\0' | xargs -0r rm -f)
	# Files keep their times, so make builds what changed.
	tar -C "$top_dir" -cf - -T "$1/.files.new" | tar -C "$1" -xf -
	mv "$1/.files.new" "$1/.files"
}
