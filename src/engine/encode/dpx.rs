//! DPX V2.0 (SMPTE ST 268-1): one RGB element of 10 bits (filled, method A) or 16 bits, big endian, after a header of 2048
//! bytes without user data.

use super::FrameStamp;
use super::codes::code;
use crate::engine::container::bytes::Endian;
use crate::engine::container::dpx::layout as at;
use crate::engine::container::dpx::{DpxHeader, pack_rgb10};
use crate::engine::image::{Counts, Frame};
use crate::model::{ClipDoc, ClipUnit, Error, MediaPath, Timecode};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Bits of a component.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum DpxDepth {
    /// 10 bits, three components in a word of 32 bits.
    #[serde(rename = "10")]
    Ten,
    /// 16 bits.
    #[serde(rename = "16")]
    Sixteen,
}

impl DpxDepth {
    /// 10 or 16.
    #[must_use]
    pub fn bits(self) -> u32 {
        match self {
            Self::Ten => 10,
            Self::Sixteen => 16,
        }
    }
}

/// What the header says of the code values (ST 268-1, table 5A).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DpxTransfer {
    /// Logarithmic (code 3).
    Log,
    /// BT.709, and its primaries (code 6).
    Bt709,
    /// Linear (code 2).
    Linear,
    /// Defined by the user (code 0).
    User,
}

impl DpxTransfer {
    /// Codes of transfer characteristic and of colorimetric specification.
    fn numbers(self) -> (u32, u32) {
        match self {
            Self::Log => (3, 0),
            Self::Bt709 => (6, 6),
            Self::Linear => (2, 0),
            Self::User => (0, 0),
        }
    }
}

/// What is written that the clip does not say.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DpxOptions<'a> {
    /// Bits of a component.
    pub depth: DpxDepth,
    /// What the code values are.
    pub transfer: DpxTransfer,
    /// Name of the file, without folders.
    pub file_name: &'a str,
    /// Project, empty for none.
    pub project: &'a str,
    /// What the picture is (`ARRI LogC3 (EI800)`), up to 31 bytes; empty for none.
    pub description: &'a str,
    /// Width of a pixel divided by its height, above 0.
    pub pixel_aspect: f64,
}

/// The file of `frame`, whose samples are code values from 0 to 1, and how many of them were beyond that.
///
/// The header says nothing of when and by which version it was written, so the same picture gives the same bytes. Text is
/// cut to its field. The tape goes into the name of the input device, as conform systems write it. At more than 30 frames
/// per second the label counts pairs of frames, and the field number says which of the pair it is (as SMPTE ST 12-1 does).
///
/// # Errors
/// `LIMIT-SIZE` when the file would be longer than the header can say (4 GiB).
pub fn dpx(
    frame: &Frame,
    doc: &ClipDoc,
    stamp: &FrameStamp,
    options: &DpxOptions<'_>,
) -> Result<(Vec<u8>, Counts), Error> {
    let samples = u64::try_from(frame.data().len()).unwrap_or(u64::MAX);
    let pixels = match options.depth {
        DpxDepth::Ten => (samples / 3).saturating_mul(4),
        DpxDepth::Sixteen => samples.saturating_mul(2),
    };
    let size = u32::try_from(pixels.saturating_add(2048)).ok().filter(|n| *n < u32::MAX);
    let size = size.ok_or_else(|| Error::limit("a DPX file of more than 4 GiB cannot say its own length"))?;
    let head = header(frame, size, doc, stamp, options);
    let mut counts = Counts::default();
    let mut out = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
    out.extend_from_slice(head.bytes());
    match options.depth {
        DpxDepth::Ten => {
            let mut line = Vec::new();
            for row in frame.rows() {
                line.clear();
                line.extend(row.as_chunks::<3>().0.iter().map(|p| p.map(|s| code(s, 1023, &mut counts))));
                out.extend(pack_rgb10(&line, Endian::Big));
            }
        }
        DpxDepth::Sixteen => {
            out.extend(frame.data().iter().flat_map(|s| code(*s, u16::MAX, &mut counts).to_be_bytes()));
        }
    }
    Ok((out, counts))
}

fn header(frame: &Frame, size: u32, doc: &ClipDoc, stamp: &FrameStamp, options: &DpxOptions<'_>) -> DpxHeader {
    let mut h = DpxHeader::new(Endian::Big);
    let (bits, packing) = match options.depth {
        DpxDepth::Ten => (10, 1),
        DpxDepth::Sixteen => (16, 0),
    };
    let (transfer, colorimetric) = options.transfer.numbers();
    let (aspect_h, aspect_v) = ratio(options.pixel_aspect);
    for (f, n) in [
        (at::IMAGE_OFFSET, 2048),
        (at::FILE_SIZE, size),
        (at::DITTO_KEY, 1),
        (at::GENERIC_SIZE, 1664),
        (at::INDUSTRY_SIZE, 384),
        (at::USER_SIZE, 0),
        (at::ORIENTATION, 0),
        (at::ELEMENTS, 1),
        (at::WIDTH, frame.width()),
        (at::HEIGHT, frame.height()),
        (at::DATA_SIGN, 0),
        (at::REF_LOW, 0),
        (at::REF_HIGH, (1 << bits) - 1),
        (at::DESCRIPTOR, 50),
        (at::TRANSFER, transfer),
        (at::COLORIMETRIC, colorimetric),
        (at::BIT_DEPTH, bits),
        (at::PACKING, packing),
        (at::ENCODING, 0),
        (at::DATA_OFFSET, 2048),
        (at::LINE_PADDING, 0),
        (at::IMAGE_PADDING, 0),
        (at::ASPECT_H, aspect_h),
        (at::ASPECT_V, aspect_v),
        (at::INTERLACE, 0),
    ] {
        h.set_number(&f, n);
    }
    h.set_text(&at::VERSION, "V2.0");
    h.set_text(&at::CREATOR, "rushes");
    for (f, text) in [
        (at::FILE_NAME, options.file_name),
        (at::PROJECT, options.project),
        (at::DESCRIPTION, options.description),
        (at::INPUT_DEVICE, doc.reel.as_deref().unwrap_or("")),
        (at::SLATE, &slate(doc)),
        (at::SOURCE_FILE, &source_file(doc, stamp.source_frame).unwrap_or_default()),
    ] {
        h.set_text(&f, cut(text, f.len().saturating_sub(1)));
    }
    timing(&mut h, doc, stamp);
    h
}

fn timing(h: &mut DpxHeader, doc: &ClipDoc, stamp: &FrameStamp) {
    if let Ok(n) = u32::try_from(stamp.frame) {
        h.set_number(&at::FRAME_POSITION, n);
    }
    if let Some(rate) = stamp.rate {
        h.set_real(&at::TV_RATE, rate.as_f64() as f32);
        h.set_real(&at::FILM_RATE, doc.fps.sensor.unwrap_or(rate).as_f64() as f32);
    }
    if let Some(angle) = doc.exposure.shutter_angle.filter(|a| (0.0..=360.0).contains(a)) {
        h.set_real(&at::SHUTTER_ANGLE, angle as f32);
    }
    if let Some((bcd, field)) = stamp.timecode.and_then(bcd) {
        h.set_number(&at::TIMECODE, bcd);
        if let Some(field) = field {
            h.set_number(&at::FIELD_NUMBER, field);
        }
    }
}

/// The digits HHMMSSFF with the drop-frame bit of ST 12-1, and the field number where they count pairs of frames; `None`
/// above 60 frames per second, for which the code word has no room.
fn bcd(t: Timecode) -> Option<(u32, Option<u32>)> {
    let (h, m, s, f) = t.parts();
    let (f, field) = match t.rate().nominal() {
        0..=30 => (f, None),
        31..=60 => (f / 2, Some(f % 2 + 1)),
        _ => return None,
    };
    let digits = |n: u32| ((n / 10 % 10) << 4) | (n % 10);
    let drop = if t.is_drop() { 0x40 } else { 0 };
    Some((digits(h) << 24 | digits(m) << 16 | digits(s) << 8 | digits(f) | drop, field))
}

/// Scene, shot and take.
fn slate(doc: &ClipDoc) -> String {
    let s = &doc.slate;
    [&s.scene, &s.shot, &s.take].into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(" ")
}

/// The name of the file that holds the source frame. Of a sequence whose list is not all here it is the first file's with
/// the frame's number.
fn source_file(doc: &ClipDoc, source_frame: i64) -> Option<String> {
    let files = &doc.clip.files;
    let name = |at: usize| Some(MediaPath::from(Path::new(files.get(at)?.path.as_path().file_name()?)).to_text());
    if doc.clip.unit != ClipUnit::Sequence {
        return name(0);
    }
    let first = doc.clip.first_frame?;
    let before = doc.clip.gaps.iter().filter(|g| g.last < source_frame);
    let missing = before.fold(0i64, |n, g| n.saturating_add(g.last.saturating_sub(g.first)).saturating_add(1));
    let at = usize::try_from(source_frame.checked_sub(first)?.checked_sub(missing)?).ok()?;
    name(at).or_else(|| renumbered(&name(0)?, first, source_frame))
}

/// The name of frame `to` of a sequence, by the name of its frame `from`.
fn renumbered(name: &str, from: i64, to: i64) -> Option<String> {
    let (stem, ext) = name.rsplit_once('.')?;
    let base = stem.trim_end_matches(|c: char| c.is_ascii_digit());
    let digits = stem.strip_prefix(base)?;
    let width = digits.len();
    (digits.parse() == Ok(from) && to >= 0).then(|| format!("{base}{to:0width$}.{ext}"))
}

/// At most `most` bytes of a text, ended at a character.
fn cut(text: &str, most: usize) -> &str {
    let end = (0..=most.min(text.len())).rev().find(|n| text.is_char_boundary(*n)).unwrap_or(0);
    text.get(..end).unwrap_or("")
}

/// An aspect as two whole numbers: exactly where it is a ratio of small ones, else in ten-thousandths.
fn ratio(x: f64) -> (u32, u32) {
    if !x.is_finite() || !(0.01..=100.0).contains(&x) {
        return (1, 1);
    }
    let small = (1..=200u32).map(|d| ((x * f64::from(d)).round() as u32, d));
    let exact = small.into_iter().find(|(n, d)| (f64::from(*n) / f64::from(*d) - x).abs() < 1e-9);
    exact.unwrap_or(((x * 10_000.0).round() as u32, 10_000))
}

#[cfg(test)]
#[path = "dpx_tests.rs"]
mod tests;
