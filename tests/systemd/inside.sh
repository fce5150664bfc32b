#!/bin/bash
# Runs inside the container that boot.sh made (a throw-away machine): the checks of rushes.service under a real systemd.
set -u
hot=/srv/rushes-boot/hot out=/srv/rushes-boot/out conf=/etc/rushes/rushes.toml
passed=0 failed=0
report() { # status, name, figure
    if [ "$1" = 0 ]; then passed=$((passed + 1)); echo "PASS $2: ${3:-}"; else failed=$((failed + 1)); echo "FAIL $2: ${3:-}"; fi
}
finish() {
    journalctl --no-pager -o short-precise -u rushes >/answer/journal 2>&1
    echo "$passed passed, $failed failed"
    exit 0
}
trap finish EXIT
show() { systemctl show rushes.service -p "$1" --value; }
until_true() { # SECONDS COMMAND...: 0 as soon as the command is
    local end=$((SECONDS + $1))
    shift
    while ! "$@"; do
        [ $SECONDS -lt $end ] || return 1
        sleep 0.2
    done
}
active() { systemctl is-active -q rushes.service; }
side() { [ -s "$out/$1.rushes.json" ]; }
said() { journalctl -q --no-pager -o cat -u rushes "RUSHES_EVENT=$1" 2>/dev/null | grep -q .; }
restarted() { [ "$(show NRestarts)" -gt "$1" ] && active; }
receipts() { wc -l <"$out/.rushes/receipts.jsonl" 2>/dev/null || echo 0; }
marks() { find "$out" -type f -name '*.rushes.json' -printf '%P %i %T@ %s\n' | sort; }

# Start: READY, and the text of `systemctl status`.
start=$SECONDS
systemctl start rushes.service
rc=$?
active
report $((rc || $?)) "starts and says READY" "systemctl start: $rc, $((SECONDS - start)) s, state $(show ActiveState)"
active || exit
[ -n "$(show StatusText)" ]
report $? "STATUS text" "$(show StatusText)"
[ "$(ps -o user= -p "$(show MainPID)" | tr -d ' ')" = rushes ]
report $? "runs as its own user" "$(ps -o user= -p "$(show MainPID)")"

# A dropped file becomes a sidecar, and the watched folder is left as it was.
rushes-make-bwf $hot/first.wav
until_true 20 side first.wav
report $? "a dropped file gets its sidecar" "$(ls $out)"
[ "$(find $hot -mindepth 1 | wc -l)" = 1 ]
report $? "nothing is written in the watched folder" "$(find $hot -mindepth 1 | tr '\n' ' ')"
rushes status --config $conf --json >/answer/status 2>&1 && { jq -e . /answer/status || python3 -m json.tool /answer/status; } >/dev/null 2>&1
report $? "status over the control socket" "$(head -c 80 /answer/status | tr '\n' ' ')"
until_true 10 said clip-accepted
report $? "journald fields are searchable" "journalctl RUSHES_EVENT=clip-accepted"
n=$(journalctl -q --no-pager -o cat -u rushes CODE=FILE-EMPTY | wc -l)
: >$hot/empty.wav
until_true 20 eval '[ $(journalctl -q --no-pager -o cat -u rushes CODE=FILE-EMPTY | wc -l) -gt $n ]'
report $? "a refused file is found by its code" "journalctl CODE=FILE-EMPTY"

# A file that somebody holds open for writing is not taken: a lease is possible under the unit (CAP_LEASE).
exec 9>$hot/held.wav
rushes-make-bwf /tmp/held.wav
cat /tmp/held.wav >&9
sleep 5
! side held.wav
report $? "a file still open for writing is left alone" "5 s, quiet time 1 s"
exec 9>&-
until_true 20 side held.wav
report $? "and taken after it is closed" ""
! journalctl -q --no-pager -o cat -u rushes RUSHES_EVENT=root-note | grep -qi lease
report $? "lease evidence is available" "$(journalctl -q --no-pager -o cat -u rushes RUSHES_EVENT=root-note | tail -1)"

# Reload: good, bad, and bad without the check in front.
pid=$(show MainPID)
cp $conf /tmp/good.toml
sed -i 's/quiet = "1s"/quiet = "2s"/' $conf
systemctl reload rushes.service
rc=$?
until_true 10 said config-reloaded
report $((rc || $?)) "reload with a good configuration" "rc $rc, pid $pid -> $(show MainPID)"
until_true 10 active
report $? "READY again after RELOADING" "$(show ActiveState) $(show StatusText)"
echo 'unknown_key_zz = 1' >>$conf
! systemctl reload rushes.service 2>/dev/null
report $? "reload with a bad configuration fails" ""
kill -HUP "$pid"
until_true 10 said config-refused
report $? "a bad configuration by HUP is refused and logged" ""
rushes-make-bwf $hot/after.wav
until_true 20 side after.wav && [ "$(show MainPID)" = "$pid" ]
report $? "the old configuration works on" "pid $pid -> $(show MainPID)"
cp /tmp/good.toml $conf

# USR1: the state in the log.
systemctl kill -s USR1 --kill-who=main rushes.service
until_true 10 said state
report $? "USR1 writes the state to the log" "$(journalctl -q --no-pager -o cat -u rushes RUSHES_EVENT=state | head -1)"

# kill -9: started again by systemd, nothing made twice.
sleep 1
before=$(marks) lines=$(receipts) count=$(show NRestarts)
systemctl kill -s KILL --kill-who=main rushes.service
until_true 20 restarted "$count"
report $? "started again after kill -9" "NRestarts $count -> $(show NRestarts)"
sleep 4
[ "$(marks)" = "$before" ] && [ "$(receipts)" = "$lines" ]
report $? "nothing is made twice after kill -9" "receipts $lines -> $(receipts)"
rushes-make-bwf $hot/again.wav 9600
until_true 20 side again.wav
report $? "and works on" ""

# SIGSTOP: the watchdog notices.
count=$(show NRestarts)
kill -STOP "$(show MainPID)"
until_true 60 restarted "$count"
report $? "the watchdog restarts a stuck daemon" "NRestarts $count -> $(show NRestarts)"

# Stop.
for i in 1 2 3 4 5 6 7 8; do rushes-make-bwf $hot/last$i.wav $((4800 + i)); done
sleep 0.5
start=$SECONDS
systemctl stop rushes.service
took=$((SECONDS - start))
[ "$(show Result)" = success ] && [ $took -le 10 ]
report $? "stops cleanly within 10 s" "$took s, Result=$(show Result)"
[ -z "$(ps -u rushes -o pid= 2>/dev/null)" ]
report $? "no process is left" ""
[ -z "$(find $out/.rushes/staging -type f 2>/dev/null)" ]
report $? "no half-made file is left" "$(find $out/.rushes -type f | tr '\n' ' ')"

# Starting with a configuration that has errors.
echo 'unknown_key_zz = 1' >>$conf
! systemctl start rushes.service 2>/dev/null
report $? "a configuration with errors stops the start" "Result=$(show Result)"
systemctl stop rushes.service
journalctl -q --no-pager -o cat -u rushes | grep -q unknown_key_zz
report $? "and the journal names the key" ""
