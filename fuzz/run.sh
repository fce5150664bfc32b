#!/bin/bash
# Runs every fuzz target, or those named, with libFuzzer and prints a table. usage: fuzz/run.sh [TARGET...]
#   SECONDS_PER_TARGET  60 unless given
# New inputs go to fuzz/found (kept, so that the next run goes on from there), crashes, minimised, to fuzz/artifacts; both are
# outside of git. Any crash: exit 1. Stable Rust is enough: the flags that cargo-fuzz needs are unlocked by RUSTC_BOOTSTRAP.
# The code has no memory to go wrong in (no C, one unsafe block without pointers), so no sanitizer is used; overflow checks
# and debug assertions are on.
set -u
cd "$(dirname "$0")/.." || exit 1
seconds=${SECONDS_PER_TARGET:-60}
export RUSTC_BOOTSTRAP=1 CARGO_TERM_COLOR=never

if ! command -v cargo-fuzz >/dev/null; then
    echo "Installing cargo-fuzz"
    cargo install cargo-fuzz --locked --quiet || {
        echo "skipped: cargo-fuzz is not installed and cannot be"
        exit 0
    }
fi
if ! command -v c++ >/dev/null; then
    echo "skipped: libFuzzer needs a C++ compiler (g++)"
    exit 0
fi
# A folder of its own: the flags differ from those of all other builds.
target=${CARGO_TARGET_DIR:-target}/fuzz
mkdir -p fuzz/found fuzz/artifacts
flags=(--target-dir "$target" -O -a -s none)
echo "Building the fuzz targets (the first time takes some minutes)"
if ! cargo fuzz build "${flags[@]}" >fuzz/found/build.log 2>&1; then
    tail -30 fuzz/found/build.log
    exit 1
fi
targets=("$@")
[ $# -gt 0 ] || mapfile -t targets < <(cargo fuzz list)

bad=0
printf '%-14s %12s %9s %9s  %s\n' target executions per_s inputs result
for t in "${targets[@]}"; do
    log=fuzz/found/$t.log
    mkdir -p "fuzz/found/$t" "fuzz/regressions/$t"
    began=$SECONDS
    cargo fuzz run "${flags[@]}" "$t" "fuzz/found/$t" "fuzz/corpus/$t" "fuzz/regressions/$t" -- \
        -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 -malloc_limit_mb=512 -max_len=65536 \
        -use_value_profile=1 -print_final_stats=1 >"$log" 2>&1
    rc=$?
    rmdir "fuzz/regressions/$t" 2>/dev/null
    took=$((SECONDS - began))
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    result=ok
    if [ $rc != 0 ]; then
        bad=1
        why=$(grep -m1 -aE 'panicked at|SUMMARY|out-of-memory|ERROR: libFuzzer' "$log" | cut -c1-100)
        input=$(sed -n 's/^Test unit written to //p;s/.*artifact_prefix=.*written to //p' "$log" | head -1)
        if [ -n "$input" ] && cargo fuzz tmin "${flags[@]}" "$t" "$input" -- -max_total_time=20 >"$log.min" 2>&1; then
            input="$input (and a smaller one beside it)"
        fi
        result="CRASH: ${why:-exit status $rc}; ${input:-see $log}"
    fi
    printf '%-14s %12s %9s %9s  %s\n' "$t" "${runs:-?}" "$((${runs:-0} / (took > 0 ? took : 1)))" \
        "$(find "fuzz/found/$t" -type f | wc -l)" "$result"
done
exit $bad
