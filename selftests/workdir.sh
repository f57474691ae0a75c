# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Working directories of runs. A run holds a lock on its own, which the kernel lets go when the
# last process of the run is gone, however it ended; what a killed run left goes with the next one.

# Days for which the logs of failed runs are kept.
readonly workdir_days=7
workdir_lock=

# workdir_make BASE NAME - makes BASE/NAME.XXXXXX, held by this shell and its children, in $workdir;
# removes what others of that name left: at once where nobody holds the lock, after a week where
# logs are kept (workdir_keep).
workdir_make() {
	local dir

	for dir in "$1/$2".??????; do
		if [ -d "$dir" ]; then workdir_sweep "$dir"; fi
	done
	workdir=$(mktemp -d "$1/$2.XXXXXX")
	# Under its name only when it is held: what has no lock is left alone for days.
	exec {workdir_lock}>"$workdir/.lock.new"
	flock "$workdir_lock"
	mv "$workdir/.lock.new" "$workdir/.lock"
}

# workdir_sweep DIR
workdir_sweep() {
	local fd

	if [ ! -e "$1/.lock" ]; then
		find "$1" -maxdepth 0 -mtime "+$workdir_days" -exec rm -rf {} +
		return
	fi
	# Another run may be removing it as well.
	if { exec {fd}<"$1/.lock"; } 2>/dev/null; then
		! flock -n "$fd" || rm -rf "$1"
		exec {fd}<&-
	fi
}

# workdir_keep - what is in $workdir shall be read: it stays for a week.
workdir_keep() {
	rm -f "$workdir/.lock"
}

# workdir_drop - unless it is kept.
workdir_drop() {
	[ ! -e "$workdir/.lock" ] || rm -rf "$workdir"
}
