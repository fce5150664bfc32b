//! Essence descriptors of a composition as the sets of MXF that they are made of: RegXML (SMPTE ST 2001-1) writes each
//! property under its symbol in the register of ST 335, which stands for one local tag of ST 377-1.

use super::{ID, picture};
use crate::engine::container::mxf::Ul;
use crate::engine::container::mxf::set::{Property, Set};
use crate::engine::document::imf::Descriptor;
use crate::engine::format::mxf::{Place, picture_key};
use crate::model::ClipDoc;

/// How the value of a property is written.
#[derive(Clone, Copy)]
enum Kind {
    /// 32 bits, signed or not.
    Number,
    /// An enumeration of one byte: its words from 0 on, or the number.
    Words(&'static [&'static str]),
    /// `n/d`, or `n` alone.
    Ratio,
    /// `urn:smpte:ul:…`
    Label,
}

/// Symbols, tags and kinds of the properties that are read.
const PROPERTIES: &[(&str, u16, Kind)] = &[
    ("SampleRate", 0x3001, Kind::Ratio),
    ("ContainerFormat", 0x3004, Kind::Label),
    ("PictureCompression", 0x3201, Kind::Label),
    ("PictureEssenceCoding", 0x3201, Kind::Label),
    ("StoredHeight", 0x3202, Kind::Number),
    ("StoredWidth", 0x3203, Kind::Number),
    ("SampledHeight", 0x3204, Kind::Number),
    ("SampledWidth", 0x3205, Kind::Number),
    ("DisplayHeight", 0x3208, Kind::Number),
    ("DisplayWidth", 0x3209, Kind::Number),
    ("DisplayXOffset", 0x320a, Kind::Number),
    ("DisplayYOffset", 0x320b, Kind::Number),
    ("FrameLayout", 0x320c, Kind::Words(&["FullFrame", "SeparateFields", "OneField", "MixedFields", "SegmentedFrame"])),
    ("ImageAspectRatio", 0x320e, Kind::Ratio),
    ("TransferCharacteristic", 0x3210, Kind::Label),
    ("FieldDominance", 0x3212, Kind::Words(&[])),
    ("ColorPrimaries", 0x3219, Kind::Label),
    ("CodingEquations", 0x321a, Kind::Label),
    ("ComponentDepth", 0x3301, Kind::Number),
    ("BlackRefLevel", 0x3304, Kind::Number),
    ("WhiteRefLevel", 0x3305, Kind::Number),
    ("ComponentMaxRef", 0x3406, Kind::Number),
    ("ComponentMinRef", 0x3407, Kind::Number),
];

impl Kind {
    fn bytes(self, text: &str) -> Option<Vec<u8>> {
        match self {
            Self::Number => number(text).map(|n| n.to_vec()),
            Self::Words(words) => {
                let known = words.iter().position(|w| *w == text).and_then(|n| u8::try_from(n).ok());
                known.or_else(|| text.parse().ok()).map(|n| vec![n])
            }
            Self::Ratio => {
                let (n, d) = text.split_once('/').unwrap_or((text, "1"));
                Some([number(n.trim())?, number(d.trim())?].concat())
            }
            Self::Label => label(text).map(|u| u.0.to_vec()),
        }
    }
}

/// 32 bits in two's complement.
fn number(text: &str) -> Option<[u8; 4]> {
    let unsigned = text.parse::<u32>().map(u32::to_be_bytes);
    unsigned.or_else(|_| text.parse::<i32>().map(i32::to_be_bytes)).ok()
}

/// `urn:smpte:ul:060e2b34.0401010d.04010202.03010319` (RFC 5119, without regard to case).
pub(super) fn label(text: &str) -> Option<Ul> {
    let (prefix, digits) = text.split_at_checked(13)?;
    if !prefix.eq_ignore_ascii_case("urn:smpte:ul:") || !digits.bytes().all(|b| b.is_ascii_hexdigit() || b == b'.') {
        return None;
    }
    let digits: String = digits.chars().filter(|c| *c != '.').collect();
    let value = u128::from_str_radix(&digits, 16).ok().filter(|_| digits.len() == 32)?;
    Some(Ul(value.to_be_bytes()))
}

/// Code of a component of a pixel (ST 377-1, "Pixel Layout") by its symbol: the first letter of the colour, small for its
/// least significant bits.
fn code(symbol: &str) -> u8 {
    let Some(name) = symbol.strip_prefix("Comp") else { return b'?' };
    let least = name.ends_with("LSBs");
    match name.strip_suffix("LSBs").unwrap_or(name) {
        "Null" => 0,
        n @ ("Red" | "Green" | "Blue" | "Alpha" | "Fill" | "Palette" | "X" | "Y" | "Z") => {
            let first = n.as_bytes().first().copied().unwrap_or(b'?');
            if least { first.to_ascii_lowercase() } else { first }
        }
        _ => b'?',
    }
}

/// Whether a descriptor is of R'G'B' or Y'CbCr pictures; `None` for what is no such.
fn is_rgb(d: &Descriptor) -> Option<bool> {
    match d.kind.as_str() {
        "RGBADescriptor" => Some(true),
        "CDCIDescriptor" => Some(false),
        _ => None,
    }
}

/// The set of a picture descriptor. A value that is not of its kind is left out, and named.
fn set(d: &Descriptor, rgb: bool, odd: &mut Vec<String>) -> Set {
    let mut items = Vec::new();
    for (symbol, tag, kind) in PROPERTIES {
        let Some(text) = d.get(symbol) else { continue };
        match kind.bytes(text) {
            Some(value) => items.push(Property { tag: *tag, value }),
            None => odd.push((*symbol).to_owned()),
        }
    }
    let layout: Vec<u8> = d.layout.iter().flat_map(|(symbol, bits)| [code(symbol), *bits]).collect();
    if !layout.is_empty() {
        items.push(Property { tag: 0x3401, value: layout });
    }
    Set { key: picture_key(rgb), at: d.at, items }
}

/// Fills what a descriptor says of the picture.
pub(super) fn describe(d: &Descriptor, doc: &mut ClipDoc) {
    let Some(rgb) = is_rgb(d) else {
        let kind: String = d.kind.chars().take(80).collect();
        return doc.warn("IMF-DESCRIPTOR", format!("the main image is described by a `{kind}`, which is not known"));
    };
    let mut odd = Vec::new();
    let set = set(d, rgb, &mut odd);
    if !odd.is_empty() {
        doc.warn("IMF-VALUE", format!("{} of the picture's descriptor cannot be read", odd.join(", ")));
    }
    picture::describe(&Place { set: &set, name: &d.kind, reader: ID }, d.stream_bits, doc);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_numbers_and_words() {
        let ul = label("urn:smpte:ul:060e2b34.0401010d.04010202.03010319").unwrap();
        assert_eq!(ul.item(), [4, 1, 2, 2, 3, 1, 3, 0x19]);
        assert_eq!(label("URN:SMPTE:UL:060E2B340401010D0401020203010319"), Some(ul));
        for no in ["", "urn:smpte:ul:", "urn:smpte:ul:+60e2b34.0401010d.04010202.03010319", "urn:uuid:060e2b34", "é"] {
            assert_eq!(label(no), None, "{no}");
        }
        assert_eq!(Kind::Ratio.bytes("60000/1001"), Some([60_000u32.to_be_bytes(), 1001u32.to_be_bytes()].concat()));
        assert_eq!(Kind::Number.bytes("-3"), Some(vec![0xff, 0xff, 0xff, 0xfd]));
        assert_eq!(Kind::Number.bytes("4294967296"), None);
        assert_eq!(Kind::Words(&["a", "b"]).bytes("b"), Some(vec![1]));
        assert_eq!(Kind::Words(&["a"]).bytes("4"), Some(vec![4]));
        assert_eq!(["CompRed", "CompBlueLSBs", "CompNull", "Red"].map(code), [b'R', b'b', 0, b'?']);
    }
}
