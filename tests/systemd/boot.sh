#!/bin/bash
# Boots a real systemd in a container over an overlay of this machine and tries the service in it.
# usage: boot.sh RUSHES_BINARY        (root; about a minute; prints PASS/FAIL lines, or "SKIPPED: reason" and ends with 0)
# Nothing of this machine is changed: every write goes to a folder in memory that is thrown away.
set -u
here=$(cd "$(dirname "$0")/../.." && pwd)
bin=${1:?usage: boot.sh RUSHES_BINARY}
skip() { echo "SKIPPED: $1"; echo "0 passed, 0 failed, 1 skipped"; exit 0; }
[ -x "$bin" ] || { echo "FAIL $bin is not a program"; exit 1; }
[ "$(id -u)" = 0 ] || skip "booting a container needs root"
command -v systemd-nspawn >/dev/null || skip "no systemd-nspawn (Debian: apt-get install systemd-container)"
[ -w /dev/shm ] || skip "no /dev/shm to put the overlay's writes in"
grep -qw overlay /proc/filesystems || modprobe overlay 2>/dev/null || skip "this kernel has no overlay file system"

dir=$(mktemp -d /dev/shm/rushes-boot.XXXXXX)
root=$dir/root
clean() {
    for m in "$root" "$dir"; do # never leave a mount behind
        while mountpoint -q "$m" 2>/dev/null; do umount "$m" 2>/dev/null || umount -l "$m" || break; done
    done
    mountpoint -q "$root" 2>/dev/null || rm -rf "$dir"
}
trap clean EXIT
trap 'exit 130' INT TERM
mkdir -p "$root" "$dir/up" "$dir/work" "$dir/answer"
mount -t overlay overlay -o "lowerdir=/,upperdir=$dir/up,workdir=$dir/work" "$root" 2>/dev/null || skip "cannot mount an overlay of /"

# The installation, as systemd/README.md says.
install -D -m 755 "$bin" "$root/usr/bin/rushes"
install -D -m 644 "$here/systemd/rushes.service" "$root/etc/systemd/system/rushes.service"
install -D -m 644 "$here/systemd/rushes.sysusers" "$root/usr/lib/sysusers.d/rushes.conf"
install -D -m 644 "$here/systemd/rushes.tmpfiles" "$root/usr/lib/tmpfiles.d/rushes.conf"
mkdir -p "$root/etc/rushes" "$root/srv/rushes-boot/hot" "$root/srv/rushes-boot/out" "$root/etc/systemd/system/rushes.service.d"
cat >"$root/etc/rushes/rushes.toml" <<'TOML'
[service]
state_dir = "/var/lib/rushes"
control = "/run/rushes/control.sock"

[show.boot]
frame_rate = "24/1"

[[folder]]
name = "hot"
show = "boot"
kind = "sound"
path = "/srv/rushes-boot/hot"
output = "/srv/rushes-boot/out"
ready = "quiet"
quiet = "1s"
scan_every = "5s"
TOML
printf '[Service]\nReadWritePaths=/srv/rushes-boot/out\nWatchdogSec=4\n' >"$root/etc/systemd/system/rushes.service.d/boot.conf"

# The test itself: a target of its own, so that none of this machine's other services start.
install -m 755 "$here/tests/systemd/inside.sh" "$root/usr/bin/rushes-boot-test"
install -m 755 "$here/tests/make_bwf.sh" "$root/usr/bin/rushes-make-bwf"
cat >"$root/etc/systemd/system/rushes-boot-test.service" <<'UNIT'
[Unit]
Description=checks of rushes.service
After=basic.target systemd-journald.service systemd-sysusers.service systemd-tmpfiles-setup.service
[Service]
Type=oneshot
ExecStart=/usr/bin/rushes-boot-test
ExecStopPost=/bin/systemctl --no-block poweroff
TimeoutStartSec=240
StandardOutput=file:/answer/report
StandardError=file:/answer/errors
UNIT
printf '[Unit]\nRequires=basic.target\nWants=rushes-boot-test.service\nAfter=basic.target\nAllowIsolate=yes\n' >"$root/etc/systemd/system/rushes-boot-test.target"
ln -sf /etc/systemd/system/rushes-boot-test.target "$root/etc/systemd/system/default.target"
echo 0123456789abcdef0123456789abcdef >"$root/etc/machine-id"
rm -rf "$root/var/log/journal"
mkdir -p "$root/answer"
systemd-sysusers --root="$root" rushes.conf >/dev/null 2>&1
chown "$(awk -F: '$1=="rushes"{print $3":"$4}' "$root/etc/passwd")" "$root/srv/rushes-boot/out"

timeout -k 10 300 systemd-nspawn --quiet --register=no --keep-unit --private-network --bind="$dir/answer:/answer" \
    -D "$root" -b </dev/null >"$dir/answer/console" 2>&1
if [ ! -s "$dir/answer/report" ]; then
    # The container did not boot: that says nothing about rushes.
    tail -5 "$dir/answer/console" | sed 's/^/console: /'
    skip "systemd did not boot in a container here"
fi
cat "$dir/answer/report"
grep -q '^[0-9]* passed, 0 failed$' "$dir/answer/report" && exit 0
echo "--- errors of the checks"; tail -20 "$dir/answer/errors"
echo "--- journal of the service"; tail -60 "$dir/answer/journal" 2>/dev/null
grep -q '^[0-9]* passed, [0-9]* failed$' "$dir/answer/report" || echo "FAIL the checks did not come to their end"
exit 1
