//! JPEG 2000 frames: files of boxes (ISO/IEC 15444-1 annex I, JPX of 15444-2, JPH of 15444-15) and bare codestreams.
//!
//! The size is that of the codestream, which is what is decoded; a header box that says otherwise is a warning.

mod picture;
#[cfg(test)]
mod tests;

use self::picture::{Colours, decodable};
use super::{Format, Input, Score, exif, has_extension};
use crate::engine::container::bmff::{self, Atom, Boxes, Walk, find};
use crate::engine::container::bytes::{Bytes, Endian};
use crate::engine::container::ifd::{Ifd, magic};
use crate::engine::container::jp2::{CODESTREAM, Codestream, MOST_TILES, SIGNATURE, Tiles, profile_name};
use crate::engine::image::Decoded;
use crate::model::{ClipDoc, ClipUnit, Error, ErrorKind, Limits, Origin};
use std::path::Path;

/// JPEG 2000.
pub struct Jp2;

const ID: &str = "jp2";
/// The box of Exif data that Adobe's programs write, by its UUID (the characters `JpgTiffExif->JP2`).
const EXIF_UUID: &[u8] = b"JpgTiffExif->JP2";
/// Most bytes of an Exif box that are read.
const MOST_EXIF: u64 = 1 << 20;

impl Format for Jp2 {
    fn id(&self) -> &'static str {
        ID
    }

    fn title(&self) -> &'static str {
        "JPEG 2000"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["jp2", "jpf", "jpx", "jph", "j2c", "j2k", "jpc", "jhc"]
    }

    fn is_frame(&self) -> bool {
        true
    }

    fn probe(&self, head: &[u8], path: &Path) -> Score {
        if !head.starts_with(CODESTREAM) && !head.starts_with(SIGNATURE) {
            return 0;
        }
        // Motion JPEG 2000 is a movie with the same signature
        if head.get(16..24).is_some_and(|h| h == b"ftypmjp2") {
            return 0;
        }
        if has_extension(path, self.extensions()) { 100 } else { 90 }
    }

    fn read(&self, input: &Input<'_>, limits: &Limits, doc: &mut ClipDoc) -> Result<(), Error> {
        let mut b = Bytes::file(input.file, input.size, limits);
        doc.format.id = ID.into();
        let (at, end, colours) = extent(&mut b, limits, doc)?;
        b.seek(at);
        let code = Codestream::read(&mut b, limits)?;
        fill(&code, at, doc);
        let tiles = whole(&code, &mut b, end, limits)?;
        let form = decodable(&code, &tiles, &colours);
        if let Ok(form) = &form {
            form.doubts(doc);
        }
        doc.format.note_decodable(form);
        Ok(())
    }

    fn decode(&self, input: &Input<'_>, limits: &Limits) -> Result<Decoded, Error> {
        let mut b = Bytes::file(input.file, input.size, limits);
        // what the boxes say of camera and colour is in the clip's document already
        let (at, end, colours) = extent(&mut b, limits, &mut ClipDoc::new("", ClipUnit::File))?;
        b.seek(at);
        let code = Codestream::read(&mut b, limits)?;
        let tiles = whole(&code, &mut b, end, limits)?;
        let form = decodable(&code, &tiles, &colours)?;
        picture::decode(input, (at, end), &code, &tiles, &form, limits)
    }
}

/// Where the codestream begins and ends, and what boxes around it say of its components.
fn extent(b: &mut Bytes<'_>, limits: &Limits, doc: &mut ClipDoc) -> Result<(u64, u64, Colours), Error> {
    if b.size() >= 12 && b.take(12)? == SIGNATURE {
        return boxes(b, limits, doc);
    }
    doc.format.container = Some("JPEG 2000 codestream".into());
    Ok((0, b.size(), Colours::default()))
}

/// The tile parts of a picture that is whole. Of one that is boxed the box has been measured already.
fn whole(code: &Codestream, b: &mut Bytes<'_>, end: u64, limits: &Limits) -> Result<Tiles, Error> {
    let again = "copy the frame again from its source";
    let tiles = code.tiles(b, end, limits)?;
    if let Some(missing) = tiles.end.and_then(|w| w.checked_sub(end)).filter(|n| *n > 0) {
        let what = format!("the picture is cut off: at least {missing} bytes of its codestream are missing");
        return Err(Error::truncated(what).offset(end).fix(again));
    }
    let count = code.tile_count();
    if count > MOST_TILES {
        return Err(Error::malformed(format!("a JPEG 2000 picture of {count} tiles; {MOST_TILES} is the most")));
    }
    if let Some((n, _)) = tiles.met.iter().find(|(n, _)| u64::from(**n) >= count) {
        let what = format!("the JPEG 2000 picture has {count} tiles, and a part of tile {n}, counted from 0");
        return Err(Error::malformed(what).offset(code.tiles_at).fix(again));
    }
    let met = u64::try_from(tiles.met.len()).unwrap_or(u64::MAX);
    if met < count {
        let what = format!("{} of {count} tiles of the JPEG 2000 picture are missing", count.saturating_sub(met));
        return Err(Error::truncated(what).offset(end).fix(again));
    }
    let least = u64::from(code.coding.map_or(1, |c| c.layers));
    for (n, t) in &tiles.met {
        if t.announced.is_some_and(|a| t.parts < a) {
            let what = format!("tile {n} of the JPEG 2000 picture has {} of its parts", t.parts);
            return Err(Error::truncated(what).offset(end).fix(again));
        }
        // a packet has a byte, and each layer of each component a packet
        if t.bytes < least.saturating_mul(u64::try_from(code.components.len()).unwrap_or(u64::MAX)) {
            let what = format!("tile {n} of the JPEG 2000 picture has {} bytes, too few for its packets", t.bytes);
            return Err(Error::truncated(what).offset(end).fix(again));
        }
    }
    Ok(tiles)
}

/// Reads the boxes and gives the extent of the first codestream.
fn boxes(b: &mut Bytes<'_>, limits: &Limits, doc: &mut ClipDoc) -> Result<(u64, u64, Colours), Error> {
    let mut walk = Walk::new(limits);
    let found = bmff::boxes(b, &mut walk)?;
    let names: Vec<_> = found.atoms.iter().take(256).map(Atom::name).collect();
    doc.keep(ID, "boxes", names);
    doc.format.container = Some(container(&found, b)?.into());
    let mut colours = Colours::default();
    if let Some(header) = find(&found.atoms, b"jp2h") {
        let inner = walk.loose_children(b, &header)?;
        let first = find(&inner, b"colr").map(|a| a.at);
        // readers take the first colour box that they understand, and so do the decoders of this kind of file (I.5.3.3)
        for a in inner.iter().filter(|a| &a.id != b"colr" || first == Some(a.at)) {
            header_box(a, b, doc)?;
        }
        colours = Colours::read(&inner, b)?;
    }
    for a in found.atoms.iter().filter(|a| &a.id == b"uuid") {
        exif_box(a, b, limits, doc)?;
    }
    if let Some((a, claims)) = found.over {
        let missing = claims.saturating_sub(b.size());
        let what = format!("the file is cut off: box `{}` ends {missing} bytes after the end of the file", a.name());
        return Err(Error::truncated(what).offset(a.at).fix("copy the frame again from its source"));
    }
    let Some(code) = find(&found.atoms, b"jp2c") else {
        let what = "no box of the file holds a codestream (jp2c)";
        return Err(match found.junk {
            Some(at) => Error::malformed(format!("{what}, and what follows is no box")).offset(at),
            None => Error::truncated(what).offset(b.size()).fix("copy the frame again from its source"),
        });
    };
    if let Some(at) = found.junk {
        let text = format!("{} bytes at the end belong to no box (at byte {at})", b.size().saturating_sub(at));
        doc.warn("JP2-BOX", text);
    }
    doc.warnings.extend(walk.warnings.into_iter().map(|w| crate::model::Warning::new("JP2-BOX", w.message)));
    Ok((code.body, code.end, colours))
}

fn container(found: &Boxes, b: &mut Bytes<'_>) -> Result<&'static str, Error> {
    let Some(kind) = find(&found.atoms, b"ftyp") else { return Ok("JP2") };
    let brand = bmff::contents(b, &kind, 4)?;
    Ok(match brand.as_slice() {
        b"jpx " => "JPX",
        b"jph " => "JPH",
        b"jpm " => "JPM",
        _ => "JP2",
    })
}

/// One box of the image header (I.5.3).
fn header_box(a: &Atom, b: &mut Bytes<'_>, doc: &mut ClipDoc) -> Result<(), Error> {
    let e = Endian::Big;
    b.seek(a.body);
    match &a.id {
        b"ihdr" if a.len() >= 14 => {
            let (height, width, components) = (b.u32(e)?, b.u32(e)?, b.u16(e)?);
            let (depth, _compression, unknown, rights) = (b.u8()?, b.u8()?, b.u8()?, b.u8()?);
            doc.keep(ID, "ihdr.height", height);
            doc.keep(ID, "ihdr.width", width);
            doc.keep(ID, "ihdr.components", components);
            doc.keep(ID, "ihdr.bits", depth);
            doc.keep(ID, "ihdr.colour_unknown", unknown);
            doc.keep(ID, "ihdr.rights", rights);
        }
        b"colr" if a.len() >= 3 => {
            let method = b.u8()?;
            b.skip(2);
            doc.keep(ID, "colr.method", method);
            match method {
                1 if a.len() >= 7 => {
                    let space = b.u32(e)?;
                    doc.keep(ID, "colr.space", space);
                    enumerated(space, a, doc);
                }
                2 | 3 => doc.keep(ID, "colr.icc_bytes", a.len().saturating_sub(3)),
                _ => {}
            }
        }
        b"res " => {
            let rest = a.len().min(64);
            doc.keep(ID, "res.bytes", rest);
        }
        _ => {}
    }
    Ok(())
}

/// Enumerated colour spaces (table I.10, and those of 15444-2).
fn enumerated(space: u32, a: &Atom, doc: &mut ClipDoc) {
    let o = || Origin::new(ID, "colr.space", format!("jp2h/colr at {:#x}", a.at));
    let (primaries, transfer, matrix) = match space {
        16 => ("BT.709", "sRGB", ""),
        // brightness by the curve of sRGB: its white is that of sRGB too
        17 => ("BT.709", "sRGB", ""),
        18 => ("BT.709", "sRGB", "BT.601"),
        _ => return,
    };
    doc.set("color.primaries", |d| &mut d.color.primaries, primaries.into(), o());
    doc.set("color.transfer", |d| &mut d.color.transfer, transfer.into(), o());
    if !matrix.is_empty() {
        doc.set("color.matrix", |d| &mut d.color.matrix, matrix.into(), o());
    }
}

/// Camera metadata in the shape of a TIFF file; what is wrong with it does not harm the picture.
fn exif_box(a: &Atom, b: &mut Bytes<'_>, limits: &Limits, doc: &mut ClipDoc) -> Result<(), Error> {
    let all = bmff::contents(b, a, MOST_EXIF)?;
    let Some(tiff) = all.strip_prefix(EXIF_UUID) else { return Ok(()) };
    // some writers put the marker of JPEG's Exif segment before it
    let tiff = tiff.strip_prefix(b"Exif\0\0").unwrap_or(tiff);
    if magic(tiff).is_none() {
        return Ok(());
    }
    let mut inner = Bytes::slice(tiff, limits);
    match Ifd::read(&mut inner, limits) {
        Ok(ifd) => exif::read(&exif::Place { reader: ID, prefix: "", ifd: &ifd }, &mut inner, limits, doc),
        Err(e) if e.kind == ErrorKind::Malformed => {
            doc.warn("META-VALUE", format!("the Exif box cannot be read: {}", e.what));
            Ok(())
        }
        Err(e) => Err(e),
    }
}

fn fill(code: &Codestream, at: u64, doc: &mut ClipDoc) {
    let o = |name: &str| Origin::new(ID, name, format!("codestream at {at:#x}"));
    for (name, ours) in [("width", code.width), ("height", code.height)] {
        let said = doc.raw.get(ID).and_then(|r| r.get(format!("ihdr.{name}"))).and_then(serde_json::Value::as_u64);
        if let Some(said) = said.filter(|n| *n != u64::from(ours)) {
            doc.warn("META-CONFLICT", format!("the header box gives a {name} of {said}, the picture has {ours}"));
        }
    }
    doc.set("image.width", |d| &mut d.image.width, code.width, o("SIZ.Xsiz"));
    doc.set("image.height", |d| &mut d.image.height, code.height, o("SIZ.Ysiz"));
    doc.keep(ID, "SIZ.profile", code.profile);
    if let Some(name) = profile_name(code.profile) {
        doc.keep(ID, "profile", name);
    }
    doc.keep(ID, "SIZ.tile", format!("{}x{}", code.tile.0, code.tile.1));
    doc.keep(ID, "SIZ.components", code.components.len());
    let depths: Vec<_> = code.components.iter().take(64).map(|c| c.bits).collect();
    let steps: Vec<_> = code.components.iter().take(64).map(|c| format!("{}x{}", c.step.0, c.step.1)).collect();
    doc.keep(ID, "SIZ.bits", depths.clone());
    doc.keep(ID, "SIZ.subsampling", steps);
    doc.keep(ID, "SIZ.signed", code.components.iter().any(|c| c.signed));
    // a depth that only some components have is not the picture's; transparency may have another
    if let Some(bits) = depths.first().copied().filter(|n| depths.iter().take(3).all(|d| d == n)) {
        doc.set("format.bit_depth", |d| &mut d.format.bit_depth, bits, o("SIZ.Ssiz"));
    }
    let codec = if code.high_throughput { "High-Throughput JPEG 2000" } else { "JPEG 2000" };
    doc.set("format.codec", |d| &mut d.format.codec, codec.into(), o("SIZ"));
    if let Some(c) = code.coding {
        doc.keep(ID, "COD.progression", c.progression);
        doc.keep(ID, "COD.layers", c.layers);
        doc.keep(ID, "COD.component_transform", c.together);
        doc.keep(ID, "COD.levels", c.levels);
        let kind = if c.reversible { "reversible 5-3 wavelet" } else { "irreversible 9-7 wavelet" };
        doc.set("format.compression", |d| &mut d.format.compression, kind.into(), o("COD.transformation"));
    }
    if !code.comments.is_empty() {
        let texts: Vec<String> = code.comments.iter().map(|t| t.chars().take(200).collect()).collect();
        doc.keep(ID, "COM", texts);
    }
}
