# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash source-path=SCRIPTDIR
# imctl labels: what it prints, and how it merges into files of the admin.

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=lib.sh
. "$here/lib.sh"

run labels --base 40
is "exit 0" "$rc" 0
is "first line" "$(echo "$out" | sed -n 1p)" "40 im-any"
is "second line" "$(echo "$out" | sed -n 2p)" "41 im-done"
for name in im-any im-done im-uninspected im-anomaly im-seen im-open im-messenger \
	    im-enterprise im-voice im-remote im-p2p im-ymsg; do
	is "$name once" "$(echo "$out" | grep -c " $name\$")" 1
done
is "no name twice" "$(echo "$out" | cut -d' ' -f2 | sort | uniq -d)" ""
is "no bit twice" "$(echo "$out" | cut -d' ' -f1 | sort | uniq -d)" ""
is "bits in order" "$(echo "$out" | cut -d' ' -f1)" "$(echo "$out" | cut -d' ' -f1 | sort -n)"
is "the registry's offset" "$(echo "$out" | sed -n 's/ im-ymsg$//p')" \
   "$((40 + $(awk -F'\t' '$2 == "ymsg" { print $5 }' "$here/../../../signatures/registry.tsv")))"
total=$(echo "$out" | wc -l)

run labels --base 48
is "another base" "$(echo "$out" | sed -n 1p)" "48 im-any"
ok "stays within 128 bits" [ "$(echo "$out" | tail -n 1 | cut -d' ' -f1)" -lt 128 ]

run labels --base 40 --json
ok "JSON" json_lines <<< "$out"
is "JSON has as many" "$(echo "$out" | wc -l)" "$total"

# A pack with a name of one's own has its label, too.
signatures=$here/../../../signatures
printf 'refine xmpp as corp-chat when host under "corp.example"\n' >"$tmp/local.im"
run signatures build -o "$tmp/own.pack" "$signatures/xmpp.im" "$tmp/local.im"
run labels --base 40 --pack "$tmp/own.pack"
is "a label of one's own" "$(echo "$out" | tail -n 1)" "119 im-corp-chat"
is "beside all others" "$(echo "$out" | wc -l)" "$((total + 1))"
run labels --pack "$tmp/none.pack"
is "no such pack: exit 1" "$rc" 1

conf=$tmp/connlabel.conf

run labels --base 40 --check --connlabel-conf "$conf"
is "check: file missing, exit 1" "$rc" 1
ok "check creates nothing" [ ! -e "$conf" ]

run labels --base 40 --write --connlabel-conf "$conf"
is "write: exit 0" "$rc" 0
is "write: nothing on stdout" "$out" ""
is "write: all labels" "$(grep -cv '^#' "$conf")" "$total"
is "write: mode" "$(stat -c %a "$conf")" 644
run labels --base 40 --check --connlabel-conf "$conf"
is "check: exit 0" "$rc" 0

cp "$conf" "$tmp/before"
run labels --base 40 --write --connlabel-conf "$conf"
is "write again: exit 0" "$rc" 0
ok "write again: changes nothing" cmp -s "$conf" "$tmp/before"

printf '# mine\n\n0 eth0-in\n1\teth0-out # note\n0x2f last\n5 old-name' >"$conf"
chmod 640 "$conf"
cp "$conf" "$tmp/before"
run labels --base 48 --write --connlabel-conf "$conf"
is "merge: exit 0" "$rc" 0
is "merge: the admin's lines stay" "$(head -c "$(stat -c %s "$tmp/before")" "$conf")" \
   "$(cat "$tmp/before")"
is "merge: lines are not glued together" "$(grep -c '^5 old-name$' "$conf")" 1
is "merge: mode stays" "$(stat -c %a "$conf")" 640
is "merge: nothing is left behind" "$(find "$tmp" -name 'connlabel.conf.*')" ""

printf '40 im-any\n41 mine\n' >"$conf"
cp "$conf" "$tmp/before"
run labels --base 40 --write --connlabel-conf "$conf"
is "bit taken: exit 1" "$rc" 1
ok "bit taken: names theirs" has "$err" '"mine"'
ok "bit taken: names ours" has "$err" '"im-done"'
ok "bit taken: names the line" has "$err" "connlabel.conf:2:"
ok "bit taken: changes nothing" cmp -s "$conf" "$tmp/before"

printf '7 im-ymsg\n' >"$conf"
run labels --base 40 --write --connlabel-conf "$conf"
is "name taken: exit 1" "$rc" 1
ok "name taken: names both bits" has "$err" '"im-ymsg" is bit 7 there, but bit'
is "name taken: changes nothing" "$(cat "$conf")" "7 im-ymsg"

other=$tmp/other.conf
run labels --base 40 --write --connlabel-conf "$other" --connlabel-conf "$conf"
is "one of two refused: exit 1" "$rc" 1
ok "one of two refused: the other is not written" [ ! -e "$other" ]

echo '3 x' >"$conf"
ln -s connlabel.conf "$tmp/link.conf"
run labels --base 40 --write --connlabel-conf "$tmp/link.conf" --connlabel-conf "$conf"
is "link: exit 0" "$rc" 0
ok "link: stays a link" [ -L "$tmp/link.conf" ]
is "link: written once" "$(grep -c im-done "$conf")" 1

run labels --base 40 --write --connlabel-conf "$tmp/none/connlabel.conf"
is "no such folder: exit 1" "$rc" 1
run labels --base 40 --write --connlabel-conf "$tmp"
is "a folder is no file: exit 1" "$rc" 1

done_testing
