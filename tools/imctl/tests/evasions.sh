# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash source-path=SCRIPTDIR
# The evasions of PROTOCOLS.md part E, by row, as captures made by mkevade.py. What imctl
# classify says is what the kernel says.

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=lib.sh
. "$here/lib.sh"

caps=$tmp/caps
mkdir "$caps"
PYTHONDONTWRITEBYTECODE=1 python3 "$here/mkevade.py" "$caps"

# Of a capture's flows the one that is known, or the first.
while IFS=$'\t' read -r file name proto host; do
	row=$("$imctl" classify --checksum "$caps/$file" 2>/dev/null | tail -n +2 |
		sort -t "$(printf '\t')" -k 7,7r | head -n 1)
	is "$name" "$(cut -f7 <<<"$row")" "$proto"
	[ -z "$host" ] || is "$name: the host" "$(cut -f10 <<<"$row")" "$host"
done <"$caps/table.tsv"

done_testing
