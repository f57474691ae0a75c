# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash source-path=SCRIPTDIR
# What the commands that need the module say without it. With it they are tested in a VM.

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=lib.sh
. "$here/lib.sh"

if [ -d /sys/module/nf_im ]; then
	echo "1..0 # SKIP the module is loaded"
	exit 0
fi

absent()
{
	run "$@"
	is "$*: exit 1" "$rc" 1
	ok "$*: a sentence" has "$err" "imctl: "
}

absent status
is "status: nothing on stdout" "$out" ""
ok "status: says what to do" has "$err" "the nf_im module is not loaded; try: modprobe nf_im"
absent status --json
ok "status --json: still JSON" json_lines <<< "$out"
ok "status --json: not loaded" has "$out" '"loaded":false'

# Why it is not there, by what the system's files say.
export NFIM_ROOT=$tmp/root
kernel=$(uname -r)
built=$NFIM_ROOT/lib/modules/$kernel/updates/dkms
mkdir -p "$built"
absent status
ok "not installed: both ways" has "$err" "build it (make modules_install, depmod) or install the package nf-im-dkms"
for cmd in "enable --runtime" "disable --runtime" "enable" flows mark monitor; do
	# shellcheck disable=SC2086
	absent $cmd
	ok "$cmd: what mends it" has "$err" "package nf-im-dkms"
done
mkdir -p "$NFIM_ROOT/usr/src/nf-im-1"
touch "$NFIM_ROOT/usr/src/nf-im-1/dkms.conf"
absent status
ok "not built: dkms" has "$err" "dkms autoinstall -k $kernel"
printf 'module' > "$built/nf_im.ko"
absent status
ok "built: nothing more to say" lacks "$err" "dkms"
mkdir -p "$NFIM_ROOT/sys/kernel/security"
echo "none [integrity] confidentiality" > "$NFIM_ROOT/sys/kernel/security/lockdown"
absent status
ok "not signed: said so" has "$err" "nf_im is not signed"
ok "not signed: the command" has "$err" "mokutil --import /var/lib/dkms/mok.pub"
printf '~Module signature appended~\n' >> "$built/nf_im.ko"
absent status
ok "signed: the key may be unknown" has "$err" "Key was rejected by service"
ok "signed: is not called unsigned" lacks "$err" "is not signed"
echo "[none] integrity confidentiality" > "$NFIM_ROOT/sys/kernel/security/lockdown"
absent status
ok "not locked down: nothing more to say" lacks "$err" "Key was rejected"
unset NFIM_ROOT

absent enable --runtime
absent disable --runtime
# In a network namespace of its own it touches no file.
if unshare -rn true 2>/dev/null; then
	out=$(unshare -rn "$imctl" disable 2>&1)
	is "disable without the module: exit 0" "$?" 0
	ok "disable without the module: says so" has "$out" "so nothing is enabled now"
else
	skip "disable without the module" "no namespaces"
fi
absent monitor
absent signatures rollback
run signatures build -o "$tmp/x.pack" "$here"/../../../signatures/ymsg.im
absent signatures load "$tmp/x.pack"
ok "load: names the pack" has "$err" "x.pack was not loaded: "

done_testing
