//! OpenEXR frames ("OpenEXR File Layout", "Technical Introduction to OpenEXR").
//!
//! Of a file with several parts the first one decides; the others are listed in `raw`. A part whose table of blocks has
//! gaps, or whose last block is cut off, is refused as truncated: the writer did not come to its end.

mod blocks;
mod decode;
mod fields;
mod raw;
mod seen;
mod tables;
#[cfg(test)]
mod tests;

use super::{Format, Input, Score, has_extension};
use crate::engine::container::bytes::Bytes;
use crate::engine::container::exr::{Blocks, ExrHeader, MAGIC, Part};
use crate::engine::image::Decoded;
use crate::model::{ClipDoc, Error, Limits, Origin, Rect};
use std::path::Path;

/// OpenEXR, single or multiple parts, scan lines or tiles.
pub struct Exr;

const ID: &str = "exr";

impl Format for Exr {
    fn id(&self) -> &'static str {
        ID
    }

    fn title(&self) -> &'static str {
        "OpenEXR"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["exr"]
    }

    fn is_frame(&self) -> bool {
        true
    }

    fn probe(&self, head: &[u8], path: &Path) -> Score {
        if !head.starts_with(&MAGIC) {
            return 0;
        }
        if has_extension(path, self.extensions()) { 100 } else { 90 }
    }

    fn read(&self, input: &Input<'_>, limits: &Limits, doc: &mut ClipDoc) -> Result<(), Error> {
        let mut b = Bytes::file(input.file, input.size, limits);
        let head = ExrHeader::read(&mut b, limits)?;
        let first = first(&head)?;
        let blocks = first.blocks(head.flags)?;
        doc.format.id = ID.into();
        doc.format.container = Some("OpenEXR".into());
        raw::keep(&head, limits, doc);
        geometry(&blocks, first, doc);
        essence(&blocks, first, doc);
        fields::fill(&blocks, first, doc);
        tables::check(&mut b, &head)
    }

    fn decode(&self, input: &Input<'_>, limits: &Limits) -> Result<Decoded, Error> {
        decode::decode(input, limits)
    }
}

fn first(head: &ExrHeader) -> Result<&Part, Error> {
    head.parts.first().ok_or_else(|| Error::malformed("the OpenEXR header has no attributes").offset(8))
}

/// Where an attribute was read.
fn origin(part: &Part, name: &str) -> Origin {
    let at = part.get(name).map_or(part.at, |a| a.at);
    Origin::new(ID, name, format!("offset {at:#x}"))
}

/// The display window is the picture; the data window is what of it is stored, and may go beyond it.
fn geometry(blocks: &Blocks, part: &Part, doc: &mut ClipDoc) {
    let (seen, stored) = (blocks.display, blocks.data);
    let at = || origin(part, "displayWindow");
    doc.set("image.width", |d| &mut d.image.width, seen.width(), at());
    doc.set("image.height", |d| &mut d.image.height, seen.height(), at());
    if seen != stored {
        let active = Rect {
            x: stored.left.saturating_sub(seen.left),
            y: stored.top.saturating_sub(seen.top),
            width: stored.width(),
            height: stored.height(),
        };
        doc.set("image.active", |d| &mut d.image.active, active, origin(part, "dataWindow"));
    }
    match fields::number(part, "pixelAspectRatio") {
        Some(x) if x > 0.0 => {
            doc.set("image.pixel_aspect", |d| &mut d.image.pixel_aspect, x, origin(part, "pixelAspectRatio"));
        }
        Some(x) => doc.warn("META-VALUE", format!("a pixel aspect ratio of {x} is not possible")),
        None => {}
    }
}

/// Channels, depth and compression.
fn essence(blocks: &Blocks, part: &Part, doc: &mut ClipDoc) {
    let at = || origin(part, "channels");
    if let Some(name) = seen::codec(blocks) {
        doc.set("format.codec", |d| &mut d.format.codec, name, at());
    }
    if let Some(bits) = seen::bit_depth(blocks) {
        doc.set("format.bit_depth", |d| &mut d.format.bit_depth, bits, at());
    }
    let how = blocks.compression.name().to_owned();
    doc.set("format.compression", |d| &mut d.format.compression, how, origin(part, "compression"));
    doc.format.note_decodable(seen::choose(blocks));
}
