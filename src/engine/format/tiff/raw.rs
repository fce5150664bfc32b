//! Every field of the first directory under `raw.tiff`.

use super::ID;
use crate::engine::container::bytes::{Bytes, cut_text};
use crate::engine::container::ifd::{Field, Ifd};
use crate::model::{ClipDoc, Error, ErrorKind, Limits};
use serde_json::{Value, json};

/// Most numbers of a field that are kept; of longer ones only how many there are.
const MOST_NUMBERS: u64 = 16;

const NAMES: &[(u16, &str)] = &[
    (254, "NewSubfileType"),
    (256, "ImageWidth"),
    (257, "ImageLength"),
    (258, "BitsPerSample"),
    (259, "Compression"),
    (262, "PhotometricInterpretation"),
    (266, "FillOrder"),
    (269, "DocumentName"),
    (270, "ImageDescription"),
    (271, "Make"),
    (272, "Model"),
    (273, "StripOffsets"),
    (274, "Orientation"),
    (277, "SamplesPerPixel"),
    (278, "RowsPerStrip"),
    (279, "StripByteCounts"),
    (282, "XResolution"),
    (283, "YResolution"),
    (284, "PlanarConfiguration"),
    (285, "PageName"),
    (296, "ResolutionUnit"),
    (297, "PageNumber"),
    (305, "Software"),
    (306, "DateTime"),
    (315, "Artist"),
    (316, "HostComputer"),
    (317, "Predictor"),
    (318, "WhitePoint"),
    (319, "PrimaryChromaticities"),
    (320, "ColorMap"),
    (322, "TileWidth"),
    (323, "TileLength"),
    (324, "TileOffsets"),
    (325, "TileByteCounts"),
    (330, "SubIFDs"),
    (338, "ExtraSamples"),
    (339, "SampleFormat"),
    (700, "XMP"),
    (33_432, "Copyright"),
    (33_723, "IPTC"),
    (34_377, "Photoshop"),
    (34_665, "ExifIFD"),
    (34_675, "ICCProfile"),
];

/// A field's name, or its number when it is not of TIFF 6.0 or its usual neighbours.
pub(super) fn name(tag: u16) -> String {
    NAMES.iter().find(|(n, _)| *n == tag).map_or_else(|| tag.to_string(), |(_, name)| (*name).into())
}

/// Keeps every field.
///
/// # Errors
/// `LIMIT-SIZE` beyond the budget, Io; a field beyond the end is a warning.
pub(super) fn keep(ifd: &Ifd, b: &mut Bytes<'_>, limits: &Limits, doc: &mut ClipDoc) -> Result<(), Error> {
    let mut cut = false;
    for f in &ifd.fields {
        let value = match value(f, ifd, b, limits, &mut cut) {
            Ok(value) => value,
            Err(e) if e.kind == ErrorKind::Malformed => {
                doc.warn("META-VALUE", format!("the TIFF field {} lies beyond the end of the file", name(f.tag)));
                json!({"type": f.kind, "values": f.count})
            }
            Err(e) => return Err(e),
        };
        doc.keep(ID, &name(f.tag), value);
    }
    doc.keep(ID, "directories", ifd.directories);
    if cut {
        doc.warn("META-TEXT-CUT", "a TIFF text is longer than limits.text and was cut");
    }
    Ok(())
}

fn value(f: &Field, ifd: &Ifd, b: &mut Bytes<'_>, limits: &Limits, cut: &mut bool) -> Result<Value, Error> {
    let size = json!({"type": f.kind, "values": f.count});
    // of several fields with one number the first is read, as everywhere
    if ifd.get(f.tag) != Some(f) {
        return Ok(size);
    }
    Ok(match f.kind {
        2 => {
            let mut text = ifd.text(b, f.tag)?.unwrap_or_default();
            *cut |= cut_text(&mut text, limits.text);
            json!(text)
        }
        5 => match ifd.rational(b, f.tag)? {
            Some((n, d)) if f.count == 1 => json!(format!("{n}/{d}")),
            _ => size,
        },
        1 | 3 | 4 | 13 | 16 if f.count <= MOST_NUMBERS => {
            let list = ifd.numbers(b, f.tag, MOST_NUMBERS)?;
            match list.as_slice() {
                [one] => json!(one),
                more => json!(more),
            }
        }
        _ => size,
    })
}
