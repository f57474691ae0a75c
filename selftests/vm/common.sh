# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Shared by the scripts of selftests/vm: messages, the cache directory, and
# the one answer to "which kernel do we build for and boot".

vm_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck disable=SC2034 # used by the scripts which source this file
top_dir=$(cd "$vm_dir/../.." && pwd)

die() {
	printf '%s: %s\n' "${0##*/}" "$*" >&2
	exit 1
}

say() {
	printf '%s\n' "$*" >&2
}

need_tool() {
	local tool

	for tool in "$@"; do
		command -v "$tool" >/dev/null ||
			die "$tool is not installed: run selftests/deps vm"
	done
}

cache_dir() {
	local dir=${NF_IM_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/nf-im}

	mkdir -p "$dir" || die "cannot create the cache directory $dir"
	printf '%s\n' "$dir"
}

# The suite of the host.
host_suite() {
	sed -n 's/^VERSION_CODENAME=//p' /etc/os-release
}

# kernel_release - the release (uname -r) which the archive offers; with no
# package lists at hand the one whose headers are installed.
kernel_release() {
	local rel

	rel=$(apt-cache depends --important linux-headers-cloud-amd64 2>/dev/null |
	      sed -n 's/^ *Depends: linux-headers-\([0-9].*\)$/\1/p' | head -n 1)
	[ -n "$rel" ] || rel=$(dpkg-query -W -f '${Package}\n' \
			       'linux-headers-*-cloud-amd64' 2>/dev/null |
			       sed -n 's/^linux-headers-\([0-9]\)/\1/p' |
			       sort -V | tail -n 1)
	[ -n "$rel" ] ||
		die "no cloud kernel in the package lists: run selftests/deps vm"
	printf '%s\n' "$rel"
}

# headers_version RELEASE - package version of the headers on the host.
headers_version() {
	local ver

	ver=$(dpkg-query -W -f '${db:Status-Abbrev}${Version}\n' \
	      "linux-headers-$1" 2>/dev/null | sed -n 's/^ii *//p')
	[ -n "$ver" ] ||
		die "linux-headers-$1 is not installed: run selftests/deps build"
	printf '%s\n' "$ver"
}
