#!/bin/bash
# Checks the unit files without a running systemd. usage: verify.sh [MAX_EXPOSURE_x10=15]
# `systemd-analyze verify` ends with 0 even for a misspelt key and says it on stderr only, so any word is a failure.
set -u
here=$(cd "$(dirname "$0")/../.." && pwd)
max=${1:-15}
if ! command -v systemd-analyze >/dev/null; then
    echo "SKIPPED: no systemd-analyze (install systemd)"
    exit 0
fi
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
passed=0 failed=0
report() { # name, status, figure
    if [ "$2" = 0 ]; then passed=$((passed + 1)); echo "PASS $1: $3"; else failed=$((failed + 1)); echo "FAIL $1: $3"; fi
}

# The binary need not be installed here; everything else is checked as shipped.
sed 's#=/usr/bin/rushes#=/usr/bin/true#' "$here/systemd/rushes.service" >"$dir/rushes.service"
words=$(systemd-analyze verify --man=no "$dir/rushes.service" 2>&1)
rc=$?
[ $rc = 0 ] && [ -z "$words" ]
report "verify prints nothing" $? "rc $rc ${words:-(silent)}"

# The check itself must be able to fail.
sed 's/^Type=notify/Tpye=notify/' "$dir/rushes.service" >"$dir/misspelt.service"
words=$(systemd-analyze verify --man=no "$dir/misspelt.service" 2>&1)
[ -n "$words" ]
report "verify sees a misspelt key" $? "${words:0:80}"

mkdir -p "$dir/drop/rushes.service.d"
cp "$dir/rushes.service" "$dir/drop/"
cp "$here/systemd/outputs.conf.example" "$dir/drop/rushes.service.d/outputs.conf"
words=$(systemd-analyze verify --man=no "$dir/drop/rushes.service" 2>&1)
rc=$?
[ $rc = 0 ] && [ -z "$words" ]
report "the example drop-in verifies" $? "rc $rc ${words:-(silent)}"

answer=$(systemd-analyze security --no-pager --offline=true --threshold="$max" "$dir/rushes.service" 2>&1)
rc=$?
level=$(grep -o 'exposure level for .*: [0-9.]*' <<<"$answer" | grep -o '[0-9.]*$')
report "exposure at most $((max / 10)).$((max % 10))" $rc "${level:-unknown}"

words=$(systemd-sysusers --root="$dir" --dry-run "$here/systemd/rushes.sysusers" 2>&1)
rc=$?
[ $rc = 0 ] && grep -q rushes <<<"$words"
report "sysusers file parses" $? "rc $rc $(head -1 <<<"$words")"

mkdir -p "$dir/root/etc" "$dir/root/var/lib"
printf 'root:x:0:0::/root:/bin/sh\nrushes:x:990:990::/:/bin/false\n' >"$dir/root/etc/passwd"
printf 'root:x:0:\nrushes:x:990:\n' >"$dir/root/etc/group"
words=$(systemd-tmpfiles --root="$dir/root" --create "$here/systemd/rushes.tmpfiles" 2>&1)
rc=$?
[ -d "$dir/root/etc/rushes/shows" ] && [ -d "$dir/root/var/lib/rushes" ]
report "tmpfiles file makes its folders" $? "rc $rc ${words:-(silent)}"

echo "$passed passed, $failed failed"
[ $failed = 0 ]
