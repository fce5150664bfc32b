#!/bin/bash
# Writes a small, valid Broadcast Wave file: 16-bit mono, 48 kHz, silence, with bext and iXML.
# usage: make_bwf.sh FILE [SAMPLES=4800] [SCENE=12A] [TAKE=3]     (needs nothing but bash and coreutils)
set -eu
file=$1 samples=${2:-4800} scene=${3:-12A} take=${4:-3}
le16() { printf "\\x$(printf %02x $(($1 & 255)))\\x$(printf %02x $(($1 >> 8 & 255)))"; }
le32() { le16 $(($1 & 65535)); le16 $(($1 >> 16 & 65535)); }
pad() { # TEXT WIDTH: the text, filled up with zero bytes
    printf %s "$1"
    head -c $(($2 - ${#1})) /dev/zero
}
ixml="<?xml version=\"1.0\" encoding=\"UTF-8\"?><BWFXML><IXML_VERSION>1.61</IXML_VERSION><PROJECT>demo</PROJECT><SCENE>$scene</SCENE><TAKE>$take</TAKE><TAPE>S001</TAPE><CIRCLED>TRUE</CIRCLED><SPEED><TIMECODE_RATE>24/1</TIMECODE_RATE><TIMECODE_FLAG>NDF</TIMECODE_FLAG><FILE_SAMPLE_RATE>48000</FILE_SAMPLE_RATE></SPEED></BWFXML>"
[ $((${#ixml} % 2)) = 0 ] || ixml="$ixml "
bext=602 data=$((samples * 2))
{
    printf RIFF; le32 $((4 + 8 + bext + 8 + 16 + 8 + ${#ixml} + 8 + data)); printf WAVE
    printf 'bext'; le32 $bext
    pad "sSPEED=024.000-ND" 256; pad "rushes tests" 32; pad "" 32
    pad 2021-01-01 10; pad 10:02:11 8
    le32 $((36131 * 48000 & 4294967295)); le32 0 # samples since midnight: 10:02:11
    le16 1; pad "" 64; pad "" 190
    printf 'fmt '; le32 16; le16 1; le16 1; le32 48000; le32 96000; le16 2; le16 16
    printf 'iXML'; le32 ${#ixml}; printf %s "$ixml"
    printf 'data'; le32 $data; head -c $data /dev/zero
} >"$file"
