# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034,SC2154
# What the tests share: TAP lines, a scratch folder, and running imctl.

imctl=${IMCTL:-$here/../imctl}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
n=0
failed=0

# ok NAME CONDITION...: the command tells whether the test passed.
ok()
{
	local name=$1
	shift
	n=$((n + 1))
	if "$@"; then
		echo "ok $n - $name"
	else
		echo "not ok $n - $name"
		failed=1
	fi
}

# is NAME GOT EXPECTED
is()
{
	n=$((n + 1))
	if [ "$2" = "$3" ]; then
		echo "ok $n - $1"
		return
	fi
	echo "not ok $n - $1"
	printf 'got:\n%s\nexpected:\n%s\n' "$2" "$3" | sed 's/^/# /'
	failed=1
}

skip()
{
	n=$((n + 1))
	echo "ok $n - $1 # SKIP $2"
}

# run ARGUMENTS...: sets $out, $err and $rc.
run()
{
	rc=0
	out=$("$imctl" "$@" 2>"$tmp/stderr") || rc=$?
	err=$(cat "$tmp/stderr")
}

has()
{
	case $1 in
	*"$2"*) return 0 ;;
	esac
	echo "# \"$2\" is not in: $1"
	return 1
}

lacks()
{
	case $1 in
	*"$2"*) return 1 ;;
	esac
	return 0
}

# Every line must be a JSON object with snake_case keys and a schema.
json_lines()
{
	python3 -c '
import json, re, sys
n = 0
def keys(o):
	if isinstance(o, dict):
		for k, v in o.items():
			assert re.fullmatch(r"[a-z][a-z0-9_]*", k), k
			keys(v)
	elif isinstance(o, list):
		for v in o:
			keys(v)
for line in sys.stdin:
	o = json.loads(line)
	assert o["schema"] == 1
	keys(o)
	n += 1
sys.exit(n == 0)'
}

done_testing()
{
	echo "1..$n"
	exit $failed
}
