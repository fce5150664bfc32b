#!/bin/bash
# Installs what is missing from Debian's own packages and, for tests, from PyPI into a folder of its own, and says what it
# does. usage: install-deps.sh [demo|test|fuzz]
#   demo  what `make demo` needs: a C linker for the build, ffmpeg for one of the demo's clips
#   fuzz  what `make fuzz` needs: a C++ compiler for libFuzzer (cargo-fuzz itself is installed by fuzz/run.sh)
#   test  that of demo, and the tools that the tests compare with (each test says "skipped" where its tool is absent);
#         OpenColorIO, the ASC's MHL tool and OpenTimelineIO go into a Python environment: RUSHES_ORACLES, else ~/.cache/rushes/oracles
set -u
what=${1:-test}
want=() # "program package"
want+=("cc gcc" "make make" "ffmpeg ffmpeg")
if [ "$what" = test ]; then
    want+=("pkill procps" "exrheader openexr" "xxhsum xxhash" "b3sum b3sum" "exiftool libimage-exiftool-perl" "mediainfo mediainfo" "jq jq" "python3 python3-venv"
        "oiiotool openimageio-tools" "xmllint libxml2-utils"
        "rsync rsync" "strace strace" "bindfs bindfs" "faketime faketime" "xfs_io xfsprogs" "mkfs.xfs xfsprogs" "mkfs.ext4 e2fsprogs"
        "systemd-analyze systemd" "systemd-nspawn systemd-container" "man man-db")
fi
[ "$what" != fuzz ] || want=("cc gcc" "c++ g++")
oracles=${RUSHES_ORACLES:-${XDG_CACHE_HOME:-$HOME/.cache}/rushes/oracles}
oracles_are_there() { "$oracles/bin/python" -c 'import PyOpenColorIO, ascmhl, opentimelineio' 2>/dev/null; }
install_oracles() { # Debian keeps pip out of its own Python, so they get one
    [ "$what" = test ] && ! oracles_are_there || return 0
    command -v python3 >/dev/null || { echo "not installed: OpenColorIO, ascmhl and OpenTimelineIO, which need python3"; return 0; }
    echo "Installing by pip into $oracles: opencolorio ascmhl opentimelineio"
    mkdir -p "$oracles" && python3 -m venv "$oracles" >/dev/null &&
        "$oracles/bin/pip" install -q --disable-pip-version-check --only-binary :all: opencolorio==2.6.0 ascmhl==1.2 opentimelineio==0.18.1 &&
        oracles_are_there || echo "not installed: OpenColorIO, ascmhl or OpenTimelineIO; the tests that compare with them say so"
}
missing=()
for w in "${want[@]}"; do
    command -v "${w% *}" >/dev/null || [ -x "/usr/sbin/${w% *}" ] || missing+=("${w#* }")
done
if ! command -v cargo >/dev/null && [ ! -x "$HOME/.cargo/bin/cargo" ]; then
    echo "Rust is not installed: install rustc and cargo 1.95 or newer first (rustup, or your site's packages)."
    exit 1
fi
if [ ${#missing[@]} = 0 ]; then
    install_oracles
    echo "Everything that is needed is installed."
    exit 0
fi
mapfile -t missing < <(printf '%s\n' "${missing[@]}" | sort -u)
if [ "$(id -u)" = 0 ]; then
    sudo=()
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    sudo=(sudo)
else
    echo "Missing: ${missing[*]}. I may not install them; run as root: apt-get install --no-install-recommends ${missing[*]}"
    install_oracles
    exit 0 # the steps that need them say so themselves
fi
if ! command -v apt-get >/dev/null; then
    echo "Missing: ${missing[*]} (Debian's names). This system has no apt-get; install them by its own means."
    install_oracles
    exit 0
fi
echo "Installing by apt-get: ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
"${sudo[@]}" apt-get update -q >/dev/null || echo "apt-get update failed; trying with the lists that are here"
if ! "${sudo[@]}" apt-get install -q -y --no-install-recommends "${missing[@]}" >/dev/null; then
    echo "apt-get could not install all of them; trying one by one"
    for p in "${missing[@]}"; do
        "${sudo[@]}" apt-get install -q -y --no-install-recommends "$p" >/dev/null || echo "not installed: $p"
    done
fi
install_oracles
exit 0
