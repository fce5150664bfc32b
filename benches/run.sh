#!/bin/bash
# Prints how fast things are, beside other tools where there are any. usage: benches/run.sh [latency] [hash] [scan] [inspect] [plates]
#   BENCH_GIB=4 BENCH_FILES=200000 BENCH_DROPS=200 BENCH_RUNS=5  sizes;  BENCH_DIR=…  a folder on the disk to be measured
#   RUSHES_BIN=…  the program;  RUSHES_DATA=…  real camera files, which are inspected too
# Figures, never verdicts: the exit status says only whether the measuring itself worked.
set -eu
cd "$(dirname "$0")/.."
command -v python3 >/dev/null || { echo "skipped: no python3"; exit 0; }
target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
if [ -z "${RUSHES_BIN:-}" ]; then
    cargo build --release --quiet
    RUSHES_BIN=$target/release/rushes
fi
SCAN_BIN=$(cargo bench --quiet --no-run --bench scan --message-format=json 2>/dev/null |
    python3 -c 'import json,sys
for l in sys.stdin:
    m = json.loads(l)
    if m.get("executable") and m["target"]["name"] == "scan": print(m["executable"])')
export RUSHES_BIN SCAN_BIN
exec python3 benches/measure.py "$@"
