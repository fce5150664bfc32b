#!/bin/bash
# Becomes the daemon on three folders, so that signals meant for it reach it. usage: faults_daemon.sh HOT OUT STATE
# The program is $RT_BIN (the scripts pass only RT_ variables through; RT_LOG = where it writes what it says), else target/release/rushes of this repository.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
config=$3/rushes.toml
# Written once and whole: a later start, or a second daemon on the same state, finds it as it was, also on a full disk.
if [ ! -s "$config" ]; then
    "$here/faults_config.sh" "$1" "$2" "$3" >"$config.$$"
    mv -f "$config.$$" "$config"
fi
[ -z "${RT_LOG:-}" ] || exec >>"$RT_LOG" 2>&1
exec "${RT_BIN:-$here/../target/release/rushes}" run --config "$config"
