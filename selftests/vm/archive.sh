# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2154 # vm_dir comes with common.sh
#
# Sourced by the scripts of selftests/vm, after common.sh: the table of releases, and Debian's
# archive as a release sees it, through an apt configuration of our own. The host's is not touched.

# Hours after which the package lists are fetched anew.
readonly lists_max_age=24
readonly debian_keys=/usr/share/keyrings/debian-archive-keyring.gpg

apt_arch=amd64

# use_release NAME - sets release, suite, flavour and kernel_from, or dies naming what there is.
use_release() {
	release=$1
	read -r suite flavour kernel_from < <(
		sed -n "s/^$1  *\([^ ]\)/\1/p" "$vm_dir/releases") || :
	[ -n "${suite:-}" ] || die "no release '$1', there are:" \
		"$(sed -n 's/^\([a-z][^ ]*\) .*/\1/p' "$vm_dir/releases" | paste -sd ' ')"
	[ "$suite" != - ] || suite=$(host_suite)
}

# on_host - whether the release is that of the host, whose own headers and compiler serve it.
on_host() {
	[ "$suite" = "$(host_suite)" ] && [ "$flavour" = cloud-amd64 ]
}

# mirror [-security] - where the host takes Debian from; dies if it takes it from nowhere.
mirror() {
	local uri

	# shellcheck disable=SC2016 # the words are apt's, not the shell's
	uri=$(apt-get indextargets --format '$(ORIGIN) $(RELEASE) $(REPO_URI)' \
		'Created-By: Packages' 2>/dev/null |
		sed -n "s/^Debian $(host_suite)$1 //p" | head -n 1)
	[ -n "$uri" ] || die "apt's lists have no Debian source of $(host_suite)$1:" \
		"name one in /etc/apt/sources.list.d and run apt-get update"
	printf '%s\n' "$uri"
}

# release_sources - lines for sources.list.
release_sources() {
	local main security='' form="deb [signed-by=$debian_keys] %s %s main\n"

	# Not within printf's arguments, where the end of mirror would go unseen.
	main=$(mirror "") || return
	[ "$suite" = sid ] || security=$(mirror -security) || return
	# shellcheck disable=SC2059 # one form for all
	{
		printf "$form" "$main" "$suite"
		[ -z "$security" ] || printf "$form" "$security" "$suite-security"
		[ "$kernel_from" = - ] || printf "$form" "$main" "$kernel_from"
	}
}

# release_pins - the kernel's packages from where they shall come, nothing else.
release_pins() {
	[ "$kernel_from" = - ] || printf 'Package: src:linux src:linux-signed-amd64 linux-base*\nPin: release n=%s\nPin-Priority: 600\n' \
		"$kernel_from"
}

# apt_options - the host's proxy. Old lists are no reason to stop, false signatures are.
apt_options() {
	apt-config dump | grep -E '^Acquire::(Retries|https?::Proxy) ' || :
	printf 'Acquire::Check-Valid-Until "false";\n'
}

# apt_setup - the apt configuration of the release, for packages of amd64 and of $apt_arch; sets
# apt_conf.
apt_setup() {
	local dir

	dir=$(cache_dir)/apt-$release
	[ "$apt_arch" = amd64 ] || dir+=-$apt_arch
	apt_conf=$dir/apt.conf
	mkdir -p "$dir/lists/partial" "$dir/cache/archives/partial"
	release_sources >"$dir/sources.list"
	release_pins >"$dir/preferences"
	{
		apt_options
		printf '%s "%s";\n' Dir::State "$dir" Dir::State::status /dev/null \
			Dir::State::Lists "$dir/lists" Dir::Cache "$dir/cache" \
			Dir::Etc::SourceList "$dir/sources.list" \
			Dir::Etc::SourceParts /dev/null Dir::Etc::Preferences "$dir/preferences" \
			Dir::Etc::PreferencesParts /dev/null APT::Architecture "$apt_arch" \
			APT::Sandbox::User ""
		printf 'APT::Architectures { "amd64"; "%s"; };\n' "$apt_arch"
	} >"$apt_conf"
	apt_options >"$dir/options"
	exec 8>"$dir/lock"
	flock 8
	if [ -z "$(find "$dir/updated" -mmin "-$((lists_max_age * 60))" 2>/dev/null)" ]; then
		say "archive: fetching the package lists of $release"
		if APT_CONFIG=$apt_conf apt-get -q update >"$dir/update.log" 2>&1; then
			: >"$dir/updated"
		elif [ ! -e "$dir/updated" ]; then
			die "no package lists of $release: $dir/update.log"
		fi
	fi
	exec 8>&-
}

apt_release() {
	APT_CONFIG=$apt_conf "$@"
}

# release_kernel - "RELEASE VERSION" of the newest kernel: uname -r and the package's version.
release_kernel() {
	local found

	found=$(apt_release apt-cache show --no-all-versions "linux-headers-$flavour" |
		sed -n 's/^Depends:.*linux-headers-\([0-9][^ ]*\) (= \([^)]*\)).*/\1 \2/p')
	[ -n "$found" ] || die "$release has no linux-headers-$flavour"
	printf '%s\n' "$found"
}

# release_packages FILE [needed] - the packages FILE lists, of alternatives the first there is;
# with "needed" without those that can be done without.
release_packages() {
	local line name names offered spare=${2:+'[^|]*|bash$'}

	names=$(grep -v '^#' "$1" | tr '|' '\n')
	# shellcheck disable=SC2086 # a list of words
	offered=" $(apt_release apt-cache policy $names | awk '
		/^[^ ]/ { name = substr($1, 1, length($1) - 1) }
		/Candidate: [^(]/ { printf "%s ", name }')"
	while read -r line; do
		[ -z "$spare" ] || ! grep -qx "$spare" <<<"$line" || continue
		for name in ${line//|/ }; do
			[[ $offered != *" $name "* ]] || {
				printf '%s\n' "$name"
				continue 2
			}
		done
		die "$release has no package $line"
	done < <(grep -v '^#' "$1")
}

# mapped CMD... - as root, or as root of a user namespace.
mapped() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	else
		unshare --map-root-user --map-auto -- "$@"
	fi
}

# bootstrap FORMAT TARGET LOG PACKAGE... - the release's packages by mmdebstrap.
bootstrap() {
	local format=$1 target=$2 log=$3 work=${2%/*} stale

	shift 3
	# The lock of the kind is ours: what other keys have there, a build that was killed left.
	for stale in "${work%-*}"-????????????????.work; do
		[ "$stale" = "$work" ] || mapped rm -rf "$stale"
	done
	if ! INITRD=No mmdebstrap --variant=essential --format="$format" \
		--aptopt="$(dirname "$apt_conf")/options" \
		--setup-hook="cp '$(dirname "$apt_conf")/preferences' \"\$1/etc/apt/preferences\"" \
		--include="$(printf '%s\n' "$@" | paste -sd,)" \
		--dpkgopt='path-exclude=/usr/share/man/*' \
		--dpkgopt='path-exclude=/usr/share/doc/*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' \
		"$suite" "$target" "$(dirname "$apt_conf")/sources.list" >"$log" 2>&1; then
		tail -n 40 "$log" >&2
		cp "$log" "$(cache_dir)/mmdebstrap-failed.log"
		die "mmdebstrap failed, log: $(cache_dir)/mmdebstrap-failed.log"
	fi
}

# fetch_foreign ARCH DIR PACKAGE... - packages of another architecture, of the host's suite as it
# was released, unpacked into DIR/root; DIR/apt has what apt keeps.
fetch_foreign() {
	local arch=$1 dir=$2 apt=$2/apt uri file
	local -a options

	shift 2
	mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$dir/deb" "$dir/root"
	uri=$(mirror "") || return
	printf 'deb [arch=%s signed-by=%s] %s %s main\n' "$arch" "$debian_keys" "$uri" \
		"$(host_suite)" >"$apt/sources.list"
	options=(-q -o APT::Architecture="$arch" -o APT::Architectures="$arch"
		-o Dir::State::Lists="$apt/lists" -o Dir::State::status=/dev/null
		-o Dir::Cache="$apt/cache" -o Dir::Etc::SourceList="$apt/sources.list"
		-o Dir::Etc::SourceParts=/dev/null -o APT::Sandbox::User=)
	apt-get "${options[@]}" update &&
		(cd "$dir/deb" && apt-get "${options[@]}" download "$@") || return
	for file in "$dir"/deb/*.deb; do
		dpkg-deb -x "$file" "$dir/root" || return
	done
	rm -rf "$dir/deb"
}
