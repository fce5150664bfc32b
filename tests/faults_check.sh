#!/bin/bash
# Is DELIV the right sidecar for the finished file SRC? usage: faults_check.sh SRC DELIV   (0 = right)
# Compares the size and the XXH3-128 of the source, by xxhsum and not by rushes, with the first file that the sidecar names.
set -u
src=$1 deliv=$2
command -v xxhsum >/dev/null || { echo "faults_check.sh needs xxhsum (Debian: apt-get install xxhash)" >&2; exit 2; }
doc=$(<"$deliv") || exit 1
[[ $doc == *'}' ]] || exit 1 # cut off
files=${doc#*\"files\":}
[ "$files" != "$doc" ] || exit 1
first=${files%%\}*} # from [ { to the end of the first file's object
[[ $first =~ \"size\":\ *([0-9]+) ]] || exit 1
size=${BASH_REMATCH[1]}
[[ $first =~ \"xxh128\":\ *\"([0-9a-f]{32})\" ]] || exit 1
xxh128=${BASH_REMATCH[1]}
[ "$size" = "$(stat -c %s -- "$src")" ] || exit 1
sum=$(xxhsum -H2 <"$src" 2>/dev/null) || exit 1
[ "${sum%% *}" = "$xxh128" ]
