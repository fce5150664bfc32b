#!/bin/bash
# Is DELIV the first frame of a whole plate, sealed as it lies there? usage: faults_check_plate.sh SRC DELIV   (0 = right)
# Hashes every frame by xxhsum and compares with the folder's manifest; the folder has what the manifest names and nothing else.
set -u
dir=${2%/*}
command -v xxhsum >/dev/null || { echo "faults_check_plate.sh needs xxhsum (Debian: apt-get install xxhash)" >&2; exit 2; }
manifests=("$dir"/ascmhl/*.mhl)
[ ${#manifests[@]} = 1 ] && [ -s "${manifests[0]}" ] && [ -s "$dir/ascmhl/ascmhl_chain.xml" ] || exit 1
doc=$(<"${manifests[0]}")
[[ $doc == *'</hashlist>' ]] || exit 1 # cut off
n=0
while IFS=$'\t' read -r size name hash; do
    [ "$(stat -c %s -- "$dir/$name" 2>/dev/null)" = "$size" ] || exit 1
    sum=$(xxhsum -H2 <"$dir/$name" 2>/dev/null) || exit 1
    [ "${sum%% *}" = "$hash" ] || exit 1
    n=$((n + 1))
done < <(tr -d '\n' <<<"$doc" | grep -oE '<path size="[0-9]+"[^>]*>[^<]+</path> *<xxh128[^>]*>[0-9a-f]{32}' |
    sed -E 's/<path size="([0-9]+)"[^>]*>([^<]+)<.path> *<xxh128[^>]*>/\1\t\2\t/')
frames=("$dir"/*.exr)
[ $n -gt 0 ] && [ $n = ${#frames[@]} ] && [ -s "$2" ]
