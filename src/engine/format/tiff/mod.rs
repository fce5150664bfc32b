//! TIFF frames (TIFF 6.0, and BigTIFF): scans and renders, one picture a file.
//!
//! Only the first directory is the picture. Raw pictures in the shape of TIFF (DNG and those with a preview in front) are
//! not: they need a reader of their own.

mod decode;
pub(super) mod layout;
pub(super) mod raw;
#[cfg(test)]
mod tests;

use super::{Format, Input, Score, has_extension};
use crate::engine::container::bytes::Bytes;
use crate::engine::container::ifd::{Field, Ifd, magic};
use crate::engine::format::dpx::iso_date;
use crate::engine::image::Decoded;
use crate::model::{ClipDoc, Error, ErrorKind, Limits, Origin};
use layout::Layout;
use std::path::Path;

/// Tagged image file format.
pub struct Tiff;

const ID: &str = "tiff";

/// Numbers of the fields that are read by name (TIFF 6.0; DNGVersion of the DNG specification).
mod tag {
    pub const SUBFILE: u16 = 254;
    pub const WIDTH: u16 = 256;
    pub const HEIGHT: u16 = 257;
    pub const BITS: u16 = 258;
    pub const COMPRESSION: u16 = 259;
    pub const PHOTOMETRIC: u16 = 262;
    pub const MAKE: u16 = 271;
    pub const MODEL: u16 = 272;
    pub const STRIP_OFFSETS: u16 = 273;
    pub const ORIENTATION: u16 = 274;
    pub const SAMPLES: u16 = 277;
    pub const STRIP_ROWS: u16 = 278;
    pub const STRIP_COUNTS: u16 = 279;
    pub const X_RESOLUTION: u16 = 282;
    pub const Y_RESOLUTION: u16 = 283;
    pub const PLANAR: u16 = 284;
    pub const DATE: u16 = 306;
    pub const TILE_WIDTH: u16 = 322;
    pub const TILE_HEIGHT: u16 = 323;
    pub const TILE_OFFSETS: u16 = 324;
    pub const TILE_COUNTS: u16 = 325;
    pub const SUB_IFDS: u16 = 330;
    pub const SAMPLE_FORMAT: u16 = 339;
    pub const DNG_VERSION: u16 = 50706;
}

impl Format for Tiff {
    fn id(&self) -> &'static str {
        ID
    }

    fn title(&self) -> &'static str {
        "TIFF"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["tif", "tiff"]
    }

    fn is_frame(&self) -> bool {
        true
    }

    fn probe(&self, head: &[u8], path: &Path) -> Score {
        let is_dng = |f: &Field| f.tag == tag::DNG_VERSION;
        if magic(head).is_none() || has_extension(path, &["dng"]) || Ifd::peek(head).iter().any(is_dng) {
            return 0;
        }
        // Canon CR2 says its name behind the header of TIFF
        if head.get(8..10) == Some(b"CR") {
            return 0;
        }
        // Phase One and Leaf put a header of their own there; the directory is only a preview's
        if matches!(head.get(8..12), Some(b"IIII" | b"MMMM")) {
            return 0;
        }
        if has_extension(path, self.extensions()) { 100 } else { 90 }
    }

    fn read(&self, input: &Input<'_>, limits: &Limits, doc: &mut ClipDoc) -> Result<(), Error> {
        let mut b = Bytes::file(input.file, input.size, limits);
        let ifd = picture(&mut b, limits)?;
        let layout = Layout::read(&ifd, &mut b)?;
        doc.format.id = ID.into();
        doc.format.container = Some(if ifd.big { "BigTIFF" } else { "TIFF" }.into());
        raw::keep(&ifd, &mut b, limits, doc)?;
        fill(&layout, &ifd, doc);
        origination(&ifd, &mut b, doc)?;
        layout.check_size(&ifd, &mut b, limits)
    }

    fn decode(&self, input: &Input<'_>, limits: &Limits) -> Result<Decoded, Error> {
        decode::decode(input, limits)
    }
}

/// The first directory, unless it belongs to a raw picture.
fn picture(b: &mut Bytes<'_>, limits: &Limits) -> Result<Ifd, Error> {
    let ifd = Ifd::read(b, limits)?;
    if ifd.get(tag::DNG_VERSION).is_some() {
        return Err(Error::unsupported("this is a DNG raw picture, which the TIFF reader does not read"));
    }
    let preview = ifd.number(b, tag::SUBFILE)?.is_some_and(|n| n & 1 == 1);
    if preview && ifd.get(tag::SUB_IFDS).is_some() {
        return Err(Error::unsupported("this is a raw picture with a preview in front, not a plain TIFF picture"));
    }
    Ok(ifd)
}

fn origin(ifd: &Ifd, number: u16) -> Origin {
    let at = ifd.get(number).map_or(0, |f| f.at);
    Origin::new(ID, raw::name(number), format!("offset {at:#x}"))
}

fn fill(layout: &Layout, ifd: &Ifd, doc: &mut ClipDoc) {
    doc.set("image.width", |d| &mut d.image.width, layout.width, origin(ifd, tag::WIDTH));
    doc.set("image.height", |d| &mut d.image.height, layout.height, origin(ifd, tag::HEIGHT));
    doc.set("format.bit_depth", |d| &mut d.format.bit_depth, layout.bits, origin(ifd, tag::BITS));
    let codec = layout.codec();
    doc.set("format.codec", |d| &mut d.format.codec, codec, origin(ifd, tag::PHOTOMETRIC));
    let compression = layout.compression_name();
    doc.set("format.compression", |d| &mut d.format.compression, compression, origin(ifd, tag::COMPRESSION));
    doc.format.note_decodable(layout.decodable());
}

/// Who made it, when, and how it is to be looked at.
fn origination(ifd: &Ifd, b: &mut Bytes<'_>, doc: &mut ClipDoc) -> Result<(), Error> {
    // what lies beyond the end has its warning already
    let mut text = |number| match ifd.text(b, number) {
        Err(e) if e.kind == ErrorKind::Malformed => Ok(None),
        other => other,
    };
    if let Some(t) = text(tag::MAKE)? {
        doc.set("camera.make", |d| &mut d.camera.make, t, origin(ifd, tag::MAKE));
    }
    if let Some(t) = text(tag::MODEL)? {
        doc.set("camera.model", |d| &mut d.camera.model, t, origin(ifd, tag::MODEL));
    }
    if let Some(t) = text(tag::DATE)? {
        match iso_date(&t) {
            Some(d) => doc.set("recorded.date", |d| &mut d.recorded.date, d, origin(ifd, tag::DATE)),
            None => doc.warn("META-DATE", format!("DateTime is `{t}`, which is no date")),
        }
    }
    match ifd.number(b, tag::ORIENTATION)? {
        None => {}
        Some(n) => match [(1, 0), (3, 180), (6, 90), (8, 270)].into_iter().find(|(code, _)| *code == n) {
            Some((_, turn)) => {
                doc.set("image.orientation", |d| &mut d.image.orientation, turn, origin(ifd, tag::ORIENTATION));
            }
            None => doc.warn("META-VALUE", format!("orientation {n} mirrors the picture, which no rotation undoes")),
        },
    }
    let density = |r: Option<(u32, u32)>| r.filter(|(n, d)| *n > 0 && *d > 0).map(|(n, d)| f64::from(n) / f64::from(d));
    let across = density(ifd.rational(b, tag::X_RESOLUTION).unwrap_or_default());
    let down = density(ifd.rational(b, tag::Y_RESOLUTION).unwrap_or_default());
    if let Some((x, y)) = across.zip(down) {
        doc.set("image.pixel_aspect", |d| &mut d.image.pixel_aspect, y / x, origin(ifd, tag::X_RESOLUTION));
    }
    Ok(())
}
