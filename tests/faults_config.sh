#!/bin/bash
# Prints the configuration under which the fault scripts run the daemon. usage: faults_config.sh HOT OUT STATE
# RT_PICTURES=1: a plate, a still and a contact sheet of every clip with a picture, too.
set -eu
quoted() { # a TOML basic string
    local s=${1//\\/\\\\}
    printf '"%s"' "${s//\"/\\\"}"
}
cat <<TOML
[service]
state_dir = $(quoted "$3")
control = $(quoted "$3/control.sock")

[show.faults]
frame_rate = "24/1"
color = { source = "logc3" }

[[folder]]
name = "hot"
show = "faults"
kind = "camera"
path = $(quoted "$1")
output = $(quoted "$2")
receipts = $(quoted "$3/receipts")
ready = "quiet"
quiet = "${RT_SETTLE:-1}s"
scan_every = "5s"
hashes = ["sha256"]
TOML
if [ -n "${RT_PICTURES:-}" ]; then
    cat <<TOML

[[folder.rule]]
name = "pictures"
when = 'has(image.width)'
emit = ["plate", "still", "contact-sheet", "manifest"]
TOML
fi
