# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash source-path=SCRIPTDIR
# imctl list and imctl signatures, as far as no kernel is needed.

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=lib.sh
. "$here/lib.sh"

sigs=$here/../../../signatures
python3 "$here/mkpcap.py" "$tmp"

run list
is "list: exit 0" "$rc" 0
is "list: header" "$(echo "$out" | head -n 1 | tr '\t' ' ')" \
   "name title category actions evidence need label signature budget names id"
is "list: ymsg" "$(echo "$out" | grep '^ymsg	' | cut -f1-3,7,8,11)" \
   "ymsg	Yahoo! Messenger	messenger	im-ymsg	yes	1"
# Each has a signature, or a host that is its own alone.
grep -l '^D ' "$sigs"/names/* | xargs sed -n 's/^names \([^ ]*\).*/\1/p' >"$tmp/with"
sed -n 's/^protocol //p' "$sigs"/*.im >>"$tmp/with"
is "list: as many as there are signatures" "$(echo "$out" | tail -n +2 | cut -f1 | sort)" \
   "$(sort -u "$tmp/with")"
is "list: evidence of 32 bits at least" \
   "$(echo "$out" | tail -n +2 | awk -F'\t' '$5 != "-" && $5 < 32' | wc -l)" 0
is "list: a budget of 28 bits at least" \
   "$(echo "$out" | tail -n +2 | awk -F'\t' '$9 != "-" && $9 < 28' | wc -l)" 0
is "list: no one without signature" "$(echo "$out" | cut -f8 | grep -cx no)" 0
run list --all
is "list --all: the whole registry" "$(echo "$out" | tail -n +2 | cut -f1)" \
   "$(tail -n +2 "$sigs/registry.tsv" | grep -v '^#' | cut -f2)"
run list --all --json
ok "list --json" json_lines <<< "$out"

run signatures show
is "show: exit 0" "$rc" 0
ok "show: has the rule" has "$out" "ymsg	header	"
run signatures show --json
ok "show --json" json_lines <<< "$out"

run signatures check "$sigs"/*.im
is "check: exit 0" "$rc" 0
is "check: all ok" "$(echo "$out" | tail -n +2 | cut -f7 | sort -u)" ok
run signatures check --json "$sigs"/*.im
ok "check --json" json_lines <<< "$out"

sed 's/^\(	bytes 0 "YM\)SG"/\1S"/' "$sigs/ymsg.im" >"$tmp/weak.im"
sed 's/expect more/expect no/' "$sigs/ymsg.im" >"$tmp/sample.im"
echo 'protocol nosuch' >"$tmp/name.im"
for f in weak sample name; do
	run signatures check "$tmp/$f.im"
	is "check $f: exit 1" "$rc" 1
	is "check $f: failed" "$(echo "$out" | tail -n 1 | cut -f7)" failed
	ok "check $f: says where" has "$err" "$f.im:"
	echo old >"$tmp/$f.pack"
	run signatures build -o "$tmp/$f.pack" "$tmp/$f.im"
	is "build $f: exit 1" "$rc" 1
	is "build $f: the old file stays" "$(cat "$tmp/$f.pack")" old
done
run signatures check "$tmp/sample.im"
ok "check sample: what it gave instead" has "$err" 'expected no, got "more" (a rule waits for more bytes)'
run signatures check "$tmp/name.im"
ok "check name: the cure" has "$err" "append it to a copy of registry.tsv and name that with --registry"
run signatures check "$tmp/name.im" "$sigs/ymsg.im"
is "check: one bad of two, exit 1" "$rc" 1
is "check: the other is checked" "$(echo "$out" | tail -n 1 | cut -f2,7)" "ymsg	ok"
run signatures check "$tmp/no.such"
is "check: no such file" "$rc" 1

pack=$tmp/good.pack
run signatures build -o "$pack" --pack-version 2025013101 "$sigs"/*.im
is "build: exit 0" "$rc" 0
is "build: nothing on stdout" "$out" ""
is "build: mode" "$(stat -c %a "$pack")" 644
is "build: nothing is left behind" "$(find "$tmp" -name 'good.pack.*')" ""
run signatures show "$pack"
ok "build: carries its version" has "$err" "version 2025013101"
is "build: the rules of the built-in pack" "$out" "$("$imctl" signatures show 2>/dev/null)"
is "classify --pack" "$("$imctl" classify --pack "$pack" "$tmp/plain.pcap" | tail -n 1 | cut -f7)" \
   ymsg
# A protocol of one's own: a registry with one name more.
{ cat "$sigs/registry.tsv"; printf '200\tfooim\t-\tmessenger\t-\tFoo\n'; } >"$tmp/my.tsv"
printf 'protocol fooim\nrule hello tcp client\n\tbytes 0 "FOOIM/1 "\n' >"$tmp/fooim.im"
printf 'sample hello tcp client\n\ttext "FOOIM/1 x"\n\texpect hello\n' >>"$tmp/fooim.im"
printf 'sample web tcp client\n\ttext "GET / HTTP/1.1\\r\\n"\n\texpect no\n' >>"$tmp/fooim.im"
run signatures check --registry "$tmp/my.tsv" "$tmp/fooim.im"
is "own protocol: check" "$rc $(echo "$out" | tail -n 1 | cut -f2,7)" "0 fooim	ok"
run signatures build -o "$tmp/my.pack" --registry "$tmp/my.tsv" "$tmp/fooim.im"
is "own protocol: build" "$rc" 0
ok "own protocol: one rule" has "$err" "my.pack: 1 rule of 1 protocol, "
ok "own protocol alone: says what is lost" has "$err" " built-in protocols are not in it"
run list --pack "$tmp/my.pack"
is "own protocol: its id" "$(echo "$out" | tail -n 1 | cut -f1,11)" "fooim	200"
run signatures build -o "$tmp/my.pack" --registry "$tmp/my.tsv" "$sigs"/*.im "$sigs"/names/* \
	"$tmp/fooim.im"
is "own protocol beside the others: build" "$rc" 0
ok "own protocol beside the others: none is lost" lacks "$err" "not in it"
# An echo of 24 bits is no proof: halves that are alike count once.
check_halves() {
	{
		printf 'protocol fooim\npair two udp\n'
		printf '\thalf any\n\t\tbytes 0 x%s\n' "$1" "$2"
		printf 'sample ask udp client\n\thex %s\n\texpect half two\n' "$1"
		printf 'sample answer udp server\n\thex %s\n\texpect two answers ask\n' "$2"
		printf 'sample web udp client\n\thex 00\n\texpect no\n'
	} >"$tmp/halves.im"
	run signatures check --registry "$tmp/my.tsv" "$tmp/halves.im"
}
check_halves 1f0201 1f0201
ok "halves that are alike: refused" has "$err" "rule two has 24.0 bits of evidence"
check_halves 1f0201 1f0202
is "halves that are not" "$rc $(echo "$out" | tail -n 1 | cut -f4,7)" "0 48	ok"
# The same bytes are halves of two pairs: the engine remembers the one with more evidence.
{
	printf 'protocol fooim\npair weak udp\n\thalf client\n\t\tbytes 0 x1f02\n'
	printf '\thalf server\n\t\tbytes 0 x2f0201ff\npair strong udp\n'
	printf '\thalf client\n\t\tbytes 0 x1f020304\n\thalf server\n\t\tbytes 0 x2f0202\n'
	printf 'sample ask udp client\n\thex 1f020304\n\texpect half strong\n'
	printf 'sample answer udp server\n\thex 2f0202\n\texpect strong answers ask\n'
	printf 'sample other udp server\n\thex 2f0201ff\n\texpect half weak answers ask\n'
	printf 'sample web udp client\n\thex 00\n\texpect no\n'
} >"$tmp/halves.im"
run signatures check --registry "$tmp/my.tsv" "$tmp/halves.im"
is "halves of two pairs in the same bytes" "$rc $(echo "$out" | tail -n 1 | cut -f4,7)" "0 48	ok"
printf 'refine xmpp as corp-chat when host under "corp.example"\n' >"$tmp/local.im"
run signatures build -o "$tmp/local.pack" "$sigs"/*.im "$sigs"/names/* "$tmp/local.im"
run list --pack "$tmp/local.pack" --all --json
ok "refine: its id in JSON" has "$(echo "$out" | grep corp-chat)" '"id":240'

run signatures build -o "$tmp/none/x.pack" "$sigs/ymsg.im"
is "build: no such folder, exit 1" "$rc" 1
run signatures build -o "$tmp/two.pack" "$sigs/ymsg.im" "$sigs/ymsg.im"
is "build: a protocol twice, exit 1" "$rc" 1
run signatures build -o "$tmp/r.pack" --registry "$sigs/registry.tsv" "$sigs/ymsg.im"
is "build --registry: exit 0" "$rc" 0

# A damaged pack is refused before anything is sent.
python3 - "$pack" "$tmp" <<'EOF'
import sys
p = open(sys.argv[1], "rb").read()
for name, data in (("flipped", p[:-3] + bytes([p[-3] ^ 1]) + p[-2:]), ("cut", p[:-4]),
		   ("longer", p + b"\0\0\0\0"), ("empty", b""), ("header", p[:20])):
	open(sys.argv[2] + "/" + name + ".pack", "wb").write(data)
EOF
for f in flipped cut longer empty header; do
	for cmd in load show; do
		run signatures $cmd "$tmp/$f.pack"
		is "$cmd $f: exit 1" "$rc" 1
		ok "$cmd $f: says why" has "$err" "$f.pack is no good pack: "
		ok "$cmd $f: says where" has "$err" "at byte "
		is "$cmd $f: nothing on stdout" "$out" ""
	done
done
run signatures load "$tmp/no.such"
is "load: no such file, exit 1" "$rc" 1

done_testing
