#!/bin/bash
# Hostile files to be inspected and to be made pictures of. usage: faults_bombs.sh SCRIPT PROGRAM FOLDER   (SCRIPT: the fault script 09)
set -u
script=$1 program=$2 folder=$3
bombs=$folder/bombs out=$folder/bombs-out bad=0
mkdir -p "$out" && python3 "$script" make "$bombs" || exit 1
for what in "inspect" "render --recipe plate --source logc3 -o $out" "render --recipe still --source logc3 -o $out" \
    "render --recipe contact-sheet --source logc3 -o $out"; do
    if python3 "$script" run "$program $what {f}" "$bombs"; then
        echo "PASS hostile files: ${what%% -o*}"
    else
        echo "FAIL hostile files: ${what%% -o*}"
        bad=1
    fi
done
if [ -z "$(ls -A "$out")" ]; then
    echo "PASS hostile files: no picture was made of them"
else
    echo "FAIL hostile files: a picture was made of them"
    bad=1
fi
exit $bad
