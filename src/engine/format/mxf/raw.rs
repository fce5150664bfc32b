//! Every property of the header metadata, kept under the names of SMPTE ST 377-1; unknown ones in hexadecimal.

use super::ID;
use super::graph::{Graph, class};
use crate::engine::container::mxf::set::utf16;
use crate::engine::container::mxf::{Metadata, Property, Set, Structure, Ul};
use crate::model::{ClipDoc, Limits, Origin};
use serde_json::Value;
use std::collections::BTreeMap;

/// Most values that are kept of one file, and most bytes of them.
const MOST_VALUES: usize = 3000;
const MOST_BYTES: usize = 512 << 10;
/// Bytes of an unknown value that are kept.
const MOST_HEX: usize = 64;

/// How a value is written.
#[derive(Debug, Clone, Copy)]
enum Type {
    Number,
    Signed,
    Text,
    Fraction,
    Time,
    Label,
    Labels,
    Bytes,
    /// References to other sets and what is only structure.
    Skip,
}

use Type::{Bytes, Fraction, Label, Labels, Number, Signed, Skip, Text, Time};

/// Properties with static tags.
const NAMES: &[(u16, &str, Type)] = &[
    (0x3c0a, "InstanceUID", Skip),
    (0x0102, "GenerationUID", Skip),
    (0x0201, "DataDefinition", Skip),
    (0x0202, "Duration", Signed),
    (0x1001, "StructuralComponents", Skip),
    (0x1101, "SourcePackageID", Bytes),
    (0x1102, "SourceTrackID", Number),
    (0x1201, "StartPosition", Signed),
    (0x1501, "StartTimecode", Signed),
    (0x1502, "RoundedTimecodeBase", Number),
    (0x1503, "DropFrame", Number),
    (0x1901, "Packages", Skip),
    (0x1902, "EssenceData", Skip),
    (0x2701, "LinkedPackageUID", Bytes),
    (0x2f01, "Locators", Skip),
    (0x3001, "SampleRate", Fraction),
    (0x3002, "ContainerDuration", Signed),
    (0x3004, "EssenceContainer", Label),
    (0x3005, "Codec", Label),
    (0x3006, "LinkedTrackID", Number),
    (0x3201, "PictureEssenceCoding", Label),
    (0x3202, "StoredHeight", Number),
    (0x3203, "StoredWidth", Number),
    (0x3204, "SampledHeight", Number),
    (0x3205, "SampledWidth", Number),
    (0x3206, "SampledXOffset", Signed),
    (0x3207, "SampledYOffset", Signed),
    (0x3208, "DisplayHeight", Number),
    (0x3209, "DisplayWidth", Number),
    (0x320a, "DisplayXOffset", Signed),
    (0x320b, "DisplayYOffset", Signed),
    (0x320c, "FrameLayout", Number),
    (0x320d, "VideoLineMap", Bytes),
    (0x320e, "AspectRatio", Fraction),
    (0x320f, "AlphaTransparency", Number),
    (0x3210, "TransferCharacteristic", Label),
    (0x3211, "ImageAlignmentOffset", Number),
    (0x3212, "FieldDominance", Number),
    (0x3213, "ImageStartOffset", Number),
    (0x3214, "ImageEndOffset", Number),
    (0x3215, "SignalStandard", Number),
    (0x3216, "StoredF2Offset", Signed),
    (0x3217, "DisplayF2Offset", Signed),
    (0x3218, "ActiveFormatDescriptor", Number),
    (0x3219, "ColorPrimaries", Label),
    (0x321a, "CodingEquations", Label),
    (0x3301, "ComponentDepth", Number),
    (0x3302, "HorizontalSubsampling", Number),
    (0x3303, "ColorSiting", Number),
    (0x3304, "BlackRefLevel", Number),
    (0x3305, "WhiteReflevel", Number),
    (0x3306, "ColorRange", Number),
    (0x3307, "PaddingBits", Signed),
    (0x3308, "VerticalSubsampling", Number),
    (0x3309, "AlphaSampleDepth", Number),
    (0x330b, "ReversedByteOrder", Number),
    (0x3401, "PixelLayout", Bytes),
    (0x3405, "ScanningDirection", Number),
    (0x3406, "ComponentMaxRef", Number),
    (0x3407, "ComponentMinRef", Number),
    (0x3408, "AlphaMaxRef", Number),
    (0x3409, "AlphaMinRef", Number),
    (0x3b02, "LastModifiedDate", Time),
    (0x3b03, "ContentStorage", Skip),
    (0x3b05, "Version", Number),
    (0x3b06, "Identifications", Skip),
    (0x3b07, "ObjectModelVersion", Number),
    (0x3b08, "PrimaryPackage", Skip),
    (0x3b09, "OperationalPattern", Label),
    (0x3b0a, "EssenceContainers", Labels),
    (0x3b0b, "DMSchemes", Labels),
    (0x3c01, "CompanyName", Text),
    (0x3c02, "ProductName", Text),
    (0x3c03, "ProductVersion", Bytes),
    (0x3c04, "VersionString", Text),
    (0x3c05, "ProductUID", Bytes),
    (0x3c06, "ModificationDate", Time),
    (0x3c07, "ToolkitVersion", Bytes),
    (0x3c08, "Platform", Text),
    (0x3c09, "ThisGenerationUID", Skip),
    (0x3d01, "QuantizationBits", Number),
    (0x3d02, "Locked", Number),
    (0x3d03, "AudioSamplingRate", Fraction),
    (0x3d04, "AudioRefLevel", Signed),
    (0x3d05, "ElectroSpatialFormulation", Number),
    (0x3d06, "SoundEssenceCompression", Label),
    (0x3d07, "ChannelCount", Number),
    (0x3d09, "AvgBps", Number),
    (0x3d0a, "BlockAlign", Number),
    (0x3d0b, "SequenceOffset", Number),
    (0x3d0c, "DialNorm", Signed),
    (0x3d32, "ChannelAssignment", Label),
    (0x3e01, "DataEssenceCoding", Label),
    (0x3f01, "FileDescriptors", Skip),
    (0x3f06, "IndexSID", Number),
    (0x3f07, "BodySID", Number),
    (0x4001, "URLString", Text),
    (0x4101, "LocatorName", Text),
    (0x4401, "PackageUID", Bytes),
    (0x4402, "Name", Text),
    (0x4403, "Tracks", Skip),
    (0x4404, "PackageModifiedDate", Time),
    (0x4405, "PackageCreationDate", Time),
    (0x4406, "UserComments", Skip),
    (0x4701, "Descriptor", Skip),
    (0x4801, "TrackID", Number),
    (0x4802, "TrackName", Text),
    (0x4803, "Sequence", Skip),
    (0x4804, "TrackNumber", Number),
    (0x4b01, "EditRate", Fraction),
    (0x4b02, "Origin", Signed),
    (0x5001, "Name", Text),
    (0x5003, "Value", Bytes),
];

/// Kinds of sets by bytes 14 and 15 of their key.
const CLASSES: &[(u16, &str)] = &[
    (class::SEQUENCE, "Sequence"),
    (class::SOURCE_CLIP, "SourceClip"),
    (class::TIMECODE, "TimecodeComponent"),
    (class::CONTENT_STORAGE, "ContentStorage"),
    (class::ESSENCE_DATA, "EssenceData"),
    (class::PICTURE, "PictureDescriptor"),
    (class::CDCI, "CDCIDescriptor"),
    (class::RGBA, "RGBADescriptor"),
    (class::IMPORT, "ImportDescriptor"),
    (class::AUXILIARY, "AuxiliaryDescriptor"),
    (class::TAPE, "TapeDescriptor"),
    (class::FILM, "FilmDescriptor"),
    (class::RECORDING, "RecordingDescriptor"),
    (class::PREFACE, "Preface"),
    (class::IDENTIFICATION, "Identification"),
    (class::MATERIAL_PACKAGE, "MaterialPackage"),
    (class::SOURCE_PACKAGE, "SourcePackage"),
    (class::TAGGED_VALUE, "TaggedValue"),
    (class::MULTIPLE, "MultipleDescriptor"),
    (class::MPEG, "MPEGVideoDescriptor"),
    (class::VC1, "VC1VideoDescriptor"),
    (class::JPEG2000, "JPEG2000SubDescriptor"),
    (class::AUDIO_CHANNEL, "AudioChannelLabelSubDescriptor"),
    (class::IAB, "IABEssenceDescriptor"),
    (0x3200, "NetworkLocator"),
    (0x3300, "TextLocator"),
    (0x3900, "EventTrack"),
    (0x3a00, "StaticTrack"),
    (0x3b00, "TimelineTrack"),
    (0x4100, "DescriptiveMarker"),
    (0x4200, "SoundDescriptor"),
    (0x4300, "DataEssenceDescriptor"),
    (0x4700, "AES3PCMDescriptor"),
    (0x4800, "WAVEPCMDescriptor"),
    (0x5b00, "VBIDataDescriptor"),
    (0x5c00, "ANCDataDescriptor"),
    (0x6400, "TimedTextDescriptor"),
    (0x6700, "ContainerConstraintsSubDescriptor"),
    (0x6c00, "SoundfieldGroupLabelSubDescriptor"),
    (0x6e00, "AVCSubDescriptor"),
    (0x7900, "ACESPictureSubDescriptor"),
];

/// Bytes as hexadecimal digits, at most 64 of them.
pub(super) fn hex(value: &[u8]) -> String {
    let mut out: String = value.iter().take(MOST_HEX).map(|b| format!("{b:02x}")).collect();
    if value.len() > MOST_HEX {
        out.push_str(&format!("… ({} bytes)", value.len()));
    }
    out
}

/// Date and time without zone: none is stated in the file. `None` for zeros and for what is no date.
pub(super) fn time(value: &[u8]) -> Option<String> {
    let [y1, y0, month, day, h, m, s, _] = *value.first_chunk::<8>()?;
    let year = u16::from_be_bytes([y1, y0]);
    let fits = (1900..=9999).contains(&year)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && h < 24
        && m < 60
        && s < 61;
    fits.then(|| format!("{year:04}-{month:02}-{day:02}T{h:02}:{m:02}:{s:02}"))
}

fn number(v: &[u8], signed: bool) -> Option<Value> {
    if v.len() > 8 || v.is_empty() {
        return None;
    }
    let n = v.iter().fold(0u64, |n, b| n << 8 | u64::from(*b));
    let shift = 64u32.saturating_sub(u32::try_from(v.len()).ok()?.saturating_mul(8));
    let extended = (n << shift).cast_signed() >> shift;
    Some(if signed { Value::from(extended) } else { Value::from(n) })
}

fn shown(kind: Type, v: &[u8]) -> Option<Value> {
    match kind {
        Skip => None,
        Number => number(v, false),
        Signed => number(v, true),
        Text => utf16(v).map(Value::from),
        Time => time(v).map(Value::from),
        Fraction => crate::engine::container::mxf::set::rational(v).map(|(n, d)| Value::from(format!("{n}/{d}"))),
        Label => Ul::of(v).map(|u| Value::from(u.to_string())),
        Labels => {
            let all: Vec<Value> = crate::engine::container::mxf::set::uls(v)
                .iter()
                .take(64)
                .map(|u| Value::from(u.to_string()))
                .collect();
            Some(Value::from(all))
        }
        Bytes => Some(Value::from(hex(v))),
    }
}

/// Keeps every property of every set, and says what else there is.
pub(super) fn keep(s: &Structure, limits: &Limits, doc: &mut ClipDoc) {
    if let Some(p) = s.partitions.get(s.chosen) {
        doc.keep(ID, "metadata.partition", format!("{:?}, {}", p.kind, p.status()).to_lowercase());
    }
    if let Some(h) = s.header() {
        doc.keep(ID, "version", format!("{}.{}", h.version.0, h.version.1));
        doc.keep(ID, "header.status", h.status());
        doc.keep(ID, "operational_pattern", h.pattern.to_string());
        doc.keep(ID, "kag", h.kag);
    }
    doc.keep(ID, "partitions", s.partitions.len());
    if s.run_in > 0 {
        doc.keep(ID, "run_in", s.run_in);
    }
    let mut room = (MOST_VALUES, MOST_BYTES);
    let mut numbers: BTreeMap<String, u32> = BTreeMap::new();
    let mut left_out = 0usize;
    // the dictionary of AAF describes the format, not the file
    let dictionary = |x: &&Set| {
        x.key.means(&[0x0d, 0x01, 0x01, 0x01, 0x02])
            || matches!(x.class(), Some(0x1a00..=0x2200 | 0x4c00 | 0x4d00 | 0x7d00 | 0x7e00))
    };
    for set in s.metadata.sets.iter().filter(|x| !dictionary(x)) {
        if room.0 == 0 {
            left_out = left_out.saturating_add(set.items.len());
            continue;
        }
        let kind = name_of(set);
        let n = numbers.entry(kind.clone()).or_insert(0);
        *n = n.saturating_add(1);
        let owner = format!("{kind}[{n}]");
        for p in &set.items {
            let (name, value) = property(p, &s.metadata, limits);
            let Some(value) = value else { continue };
            let size = value.as_str().map_or(8, str::len).saturating_add(name.len()).saturating_add(owner.len());
            if room.0 == 0 || room.1 < size {
                left_out = left_out.saturating_add(1);
                continue;
            }
            room = (room.0.saturating_sub(1), room.1.saturating_sub(size));
            doc.keep(ID, &format!("{owner}.{name}"), value);
        }
    }
    if left_out > 0 {
        doc.warn(
            "MXF-METADATA",
            format!("{left_out} properties of the header metadata are not kept: there are too many"),
        );
    }
    let dark: Vec<Value> =
        s.metadata.dark.iter().take(64).map(|k| Value::from(format!("{} {} bytes", k.key, k.len))).collect();
    if !dark.is_empty() {
        doc.keep(ID, "dark", dark);
    }
}

fn name_of(set: &Set) -> String {
    let known = set.class().and_then(|c| CLASSES.iter().find(|(n, _)| *n == c));
    known.map_or_else(|| set.key.to_string(), |(_, n)| (*n).to_owned())
}

fn property(p: &Property, metadata: &Metadata, limits: &Limits) -> (String, Option<Value>) {
    if let Some((_, name, kind)) = NAMES.iter().find(|(t, ..)| *t == p.tag) {
        let mut value = shown(*kind, &p.value);
        if let Some(Value::String(t)) = &mut value {
            let _ = crate::engine::container::bytes::cut_text(t, limits.text);
        }
        return ((*name).to_owned(), value);
    }
    let name = match metadata.primer.get(&p.tag) {
        Some(u) => u.to_string(),
        None => format!("{:04x}", p.tag),
    };
    (name, Some(Value::from(hex(&p.value))))
}

/// Comments that a person gave the packages (AAF tagged values): kept by their names; scene and take are fields.
pub(super) fn comments(graph: &Graph<'_>, limits: &Limits, doc: &mut ClipDoc) {
    for t in graph.of_class(class::TAGGED_VALUE).take(256) {
        let (Some(name), Some(value)) = (t.text(0x5001), t.get(0x5003).and_then(indirect)) else { continue };
        let mut text = match value {
            Value::String(s) => s,
            other => other.to_string(),
        };
        let _ = crate::engine::container::bytes::cut_text(&mut text, limits.text);
        doc.keep(ID, &format!("comment.{name}"), text.clone());
        let origin = || Origin::new(ID, format!("TaggedValue {name}"), format!("offset {:#x}", t.at));
        match name.to_ascii_lowercase().as_str() {
            "scene" => doc.set("slate.scene", |d| &mut d.slate.scene, text, origin()),
            "take" => doc.set("slate.take", |d| &mut d.slate.take, text, origin()),
            _ => {}
        }
    }
}

/// A value with its type before it: a letter for the order of bytes, an identifier, the value.
fn indirect(v: &[u8]) -> Option<Value> {
    let (order, rest) = v.split_first()?;
    let (kind, data) = rest.split_first_chunk::<16>()?;
    let little = match order {
        b'L' => true,
        b'B' | 0 => false,
        _ => return None,
    };
    let kind = if little { [kind[3], kind[2], kind[1], kind[0]] } else { [kind[0], kind[1], kind[2], kind[3]] };
    let mut data = data.to_vec();
    match kind {
        [0x01, 0x10, 0x02, 0x00] => {
            if little {
                data.chunks_exact_mut(2).for_each(<[u8]>::reverse);
            }
            utf16(&data).map(Value::from)
        }
        [0x01, 0x01, size @ 1..=8, 0x00] => {
            if little {
                data.reverse();
            }
            number(&data, size > 4)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values() {
        assert_eq!(time(&[7, 0xea, 1, 12, 10, 31, 7, 0]).as_deref(), Some("2026-01-12T10:31:07"));
        assert_eq!(time(&[0; 8]), None);
        assert_eq!(number(&[0xff, 0xfe], true), Some(Value::from(-2)));
        assert_eq!(number(&[0xff; 8], false), Some(Value::from(u64::MAX)));
        let text = [&b"L"[..], &[0, 2, 0x10, 1], &[0; 12], &[b'a', 0, b'b', 0]].concat();
        assert_eq!(indirect(&text), Some(Value::from("ab")));
        let number = [&b"B"[..], &[1, 1, 7, 0], &[0; 12], &[0, 0, 0, 9]].concat();
        assert_eq!(indirect(&number), Some(Value::from(9)));
        assert_eq!(indirect(b"Lx"), None);
    }
}
