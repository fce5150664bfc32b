//! Raw pictures of still and cinema cameras: DNG, which has a reader of its own, and the makers' own formats.
//!
//! Most are TIFF directories (CR2, NEF, ARW, IIQ, …); RW2 and ORF have another number in place of 42; RAF and X3F have
//! headers of their own, and CRW is a heap of tagged values (CIFF). What a makers' own notes say is not read.

mod ciff;
mod crx;
mod dng;
#[cfg(test)]
mod tests;
mod tiff;

pub use crx::Crx;
pub use dng::Dng;

use super::exif::{self, Place};
use super::tiff::layout::Layout;
use super::{Format, Input, Score, has_extension};
use crate::engine::container::bytes::{Bytes, Endian};
use crate::engine::container::ifd::{Ifd, magic};
use crate::engine::format::tiff::raw::keep_as;
use crate::model::{ClipDoc, Error, ErrorKind, Limits, Origin};
use std::path::Path;

/// Raw pictures in the makers' own formats.
pub struct CameraRaw;

const ID: &str = "raw";
/// Extensions of formats that begin as every TIFF file does.
const LIKE_TIFF: &[&str] =
    &["cr2", "nef", "nrw", "arw", "sr2", "srf", "iiq", "pef", "3fr", "fff", "erf", "mef", "mos", "srw", "rwl"];

/// The kinds that are told apart by their first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Tiff,
    /// TIFF with another number in place of 42.
    Numbered(Endian),
    Raf,
    X3f,
    Ciff,
}

fn kind(head: &[u8]) -> Option<Kind> {
    if head.starts_with(b"FUJIFILMCCD-RAW ") {
        return Some(Kind::Raf);
    }
    let number = |e: Endian| {
        head.get(4..8).and_then(|b| b.try_into().ok()).map(|b: [u8; 4]| match e {
            Endian::Big => u32::from_be_bytes(b),
            Endian::Little => u32::from_le_bytes(b),
        })
    };
    if head.starts_with(b"FOVb") {
        // the version of the format, its main part in the upper half
        return number(Endian::Little).filter(|v| (1..=9).contains(&(v >> 16))).map(|_| Kind::X3f);
    }
    if head.get(6..14) == Some(b"HEAPCCDR") {
        return Some(Kind::Ciff);
    }
    let numbered = match head.get(..4)? {
        b"IIU\0" | b"IIRO" | b"IIRS" => Endian::Little,
        b"MMOR" => Endian::Big,
        _ => return magic(head).map(|_| Kind::Tiff),
    };
    // the first directory follows the header; text that begins with these letters goes on otherwise
    number(numbered).filter(|at| (8..=256).contains(at)).map(|_| Kind::Numbered(numbered))
}

impl Format for CameraRaw {
    fn id(&self) -> &'static str {
        ID
    }

    fn title(&self) -> &'static str {
        "camera raw"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &[
            "cr2", "nef", "nrw", "arw", "sr2", "srf", "iiq", "pef", "3fr", "fff", "erf", "mef", "mos", "srw", "rwl",
            "raf", "rw2", "orf", "x3f", "crw",
        ]
    }

    fn is_frame(&self) -> bool {
        false
    }

    fn probe(&self, head: &[u8], path: &Path) -> Score {
        match kind(head) {
            None => 0,
            Some(Kind::Tiff) if head.get(8..10) == Some(b"CR") => 100,
            // a preview in front and the picture behind it: TIFF pictures are not stored so
            Some(Kind::Tiff) if preview_in_front(head) => 99,
            Some(Kind::Tiff) if has_extension(path, LIKE_TIFF) => 95,
            Some(Kind::Tiff) => 0,
            Some(_) if has_extension(path, self.extensions()) => 100,
            Some(_) => 90,
        }
    }

    fn read(&self, input: &Input<'_>, limits: &Limits, doc: &mut ClipDoc) -> Result<(), Error> {
        let mut b = Bytes::file(input.file, input.size, limits);
        let most = u64::try_from(super::HEAD_BYTES).unwrap_or(u64::MAX);
        let head = b.take(input.size.min(most))?;
        doc.format.id = ID.into();
        match kind(&head) {
            Some(Kind::Tiff) => {
                let first = Ifd::read(&mut b, limits)?;
                doc.format.container = Some(if head.get(8..10) == Some(b"CR") { "CR2" } else { "TIFF" }.into());
                directories(first, &mut b, limits, doc)?;
            }
            Some(Kind::Numbered(e)) => {
                b.seek(4);
                let at = u64::from(b.u32(e)?);
                let first = Ifd::read_from(&mut b, e, at, limits)?;
                let rw2 = head.get(2) == Some(&b'U');
                doc.format.container = Some(if rw2 { "RW2" } else { "ORF" }.into());
                if rw2 {
                    panasonic(&first, &mut b, doc)?;
                }
                directories(first, &mut b, limits, doc)?;
            }
            Some(Kind::Raf) => fuji(&mut b, limits, doc)?,
            Some(Kind::X3f) => sigma(&mut b, doc)?,
            Some(Kind::Ciff) => ciff::read(&mut b, limits, doc)?,
            None => return Err(Error::malformed("no raw format that is known begins like this").offset(0)),
        }
        let refused = Error::unsupported("raw pictures of a sensor are not developed to pictures");
        doc.format.note_decodable::<()>(Err(refused));
        Ok(())
    }
}

/// Whether the first directory is a preview that points to others.
fn preview_in_front(head: &[u8]) -> bool {
    let limits = Limits::default();
    let Some((endian, big)) = magic(head) else { return false };
    let ifd = Ifd { endian, big, fields: Ifd::peek(head), directories: 1, next: 0 };
    let mut b = Bytes::slice(head, &limits);
    let preview = ifd.number(&mut b, 254).ok().flatten().is_some_and(|n| n & 1 == 1);
    preview && ifd.get(330).is_some()
}

/// Camera, exposure and size from TIFF directories. A size in Exif that is larger than that of any directory is the
/// picture's: some formats describe only previews by directories.
fn directories(first: Ifd, b: &mut Bytes<'_>, limits: &Limits, doc: &mut ClipDoc) -> Result<(), Error> {
    let all = tiff::all(first, b, limits)?;
    for (n, d) in all.iter().enumerate() {
        if n == 0 {
            exif::read(&Place { reader: ID, prefix: "", ifd: &d.ifd }, b, limits, doc)?;
        } else {
            keep_as(ID, &d.prefix, &d.ifd, b, limits, doc)?;
        }
    }
    let picture = tiff::sensor(&all, b)?.and_then(|n| all.get(n));
    let layout = picture.and_then(|d| Some((d, Layout::read(&d.ifd, b).ok()?)));
    let filtered = layout.as_ref().is_some_and(|(_, l)| matches!(l.photometric, 32_803 | 34_892));
    if !filtered && let Some((w, h)) = exif_size(doc) {
        let larger =
            layout.as_ref().is_none_or(|(_, l)| u64::from(w) * u64::from(h) > u64::from(l.width) * u64::from(l.height));
        if larger {
            sized(doc, (w, h), "Exif.PixelXDimension");
            return Ok(());
        }
    }
    let Some((d, layout)) = layout else { return Ok(()) };
    if doc.image.width.is_some() {
        return Ok(());
    }
    tiff::fill(ID, d, &layout, doc);
    match layout.check_size(&d.ifd, b, limits) {
        // makers leave the places out, or keep them in notes of their own
        Err(e) if e.kind == ErrorKind::Malformed && e.code != "FILE-TRUNCATED" => Ok(()),
        other => other,
    }
}

fn exif_size(doc: &ClipDoc) -> Option<(u32, u32)> {
    let raw = doc.raw.get(ID)?;
    let side = |name: &str| u32::try_from(raw.get(format!("Exif.{name}"))?.as_u64()?).ok().filter(|n| *n > 0);
    Some((side("PixelXDimension")?, side("PixelYDimension")?))
}

fn sized(doc: &mut ClipDoc, (w, h): (u32, u32), tag: &str) {
    let o = || Origin::new(ID, tag, "header");
    doc.set("image.width", |d| &mut d.image.width, w, o());
    doc.set("image.height", |d| &mut d.image.height, h, o());
}

/// Panasonic numbers the fields of its first directory anew: borders of the picture on the sensor are 4 to 7.
fn panasonic(ifd: &Ifd, b: &mut Bytes<'_>, doc: &mut ClipDoc) -> Result<(), Error> {
    let mut border = [0u32; 4];
    for (to, tag) in border.iter_mut().zip([4, 5, 6, 7]) {
        *to = ifd.number(b, tag)?.and_then(|n| u32::try_from(n).ok()).unwrap_or(0);
    }
    let [top, left, bottom, right] = border;
    if let (Some(w), Some(h)) = (right.checked_sub(left).filter(|n| *n > 0), bottom.checked_sub(top).filter(|n| *n > 0))
    {
        sized(doc, (w, h), "SensorBorders");
    }
    if let Some(n) = ifd.number(b, 23)?.and_then(|n| u32::try_from(n).ok()).filter(|n| *n > 0) {
        doc.set("exposure.iso", |d| &mut d.exposure.iso, n, Origin::new(ID, "ISO", "first directory"));
    }
    Ok(())
}

/// Fujifilm: a header, a JPEG picture with Exif, and records about the sensor (big end first).
fn fuji(b: &mut Bytes<'_>, limits: &Limits, doc: &mut ClipDoc) -> Result<(), Error> {
    doc.format.container = Some("RAF".into());
    b.seek(0x1c);
    if let Some(model) = crate::engine::container::bytes::field_text(&b.take(32)?) {
        doc.set("camera.model", |d| &mut d.camera.model, model, Origin::new(ID, "RAF model", "offset 0x1c"));
    }
    b.seek(0x54);
    let e = Endian::Big;
    let (jpeg, jpeg_bytes, records, record_bytes) = (b.u32(e)?, b.u32(e)?, b.u32(e)?, b.u32(e)?);
    let (data, data_bytes) = (b.u32(e)?, b.u32(e)?);
    let end = [(jpeg, jpeg_bytes), (records, record_bytes), (data, data_bytes)];
    let end = end.iter().map(|(a, n)| u64::from(*a) + u64::from(*n)).max().unwrap_or(0);
    if end > b.size() {
        let what = format!("the file is cut off: {} bytes of its parts are missing", end - b.size());
        return Err(Error::truncated(what).offset(b.size()).fix("copy the file again from its source"));
    }
    b.seek(u64::from(records));
    let count = if records == 0 { 0 } else { b.u32(e)?.min(256) };
    for _ in 0..count {
        let (tag, size) = (b.u16(e)?, u64::from(b.u16(e)?));
        let next = b.pos().saturating_add(size);
        // height, then width, of the whole sensor and of the picture
        if matches!(tag, 0x100 | 0x111) && size >= 4 {
            let (h, w) = (b.u16(e)?, b.u16(e)?);
            doc.keep(ID, if tag == 0x100 { "RawImageFullSize" } else { "RawImageCroppedSize" }, format!("{w}x{h}"));
            if tag == 0x100 && w > 0 && h > 0 {
                sized(doc, (w.into(), h.into()), "RawImageFullSize");
            }
        }
        b.seek(next);
    }
    jpeg_exif(b, u64::from(jpeg), limits, doc)
}

/// The Exif directory of a JPEG picture that begins at `at`, if its first segment is one.
fn jpeg_exif(b: &mut Bytes<'_>, at: u64, limits: &Limits, doc: &mut ClipDoc) -> Result<(), Error> {
    b.seek(at);
    let start = if b.left() >= 12 { b.array::<12>()? } else { return Ok(()) };
    let [0xff, 0xd8, 0xff, 0xe1, l0, l1, b'E', b'x', b'i', b'f', 0, 0] = start else { return Ok(()) };
    let size = u64::from(u16::from_be_bytes([l0, l1])).saturating_sub(8).min(b.left());
    let segment = b.take(size)?;
    let mut inner = Bytes::slice(&segment, limits);
    match Ifd::read(&mut inner, limits) {
        Ok(ifd) => exif::read(&Place { reader: ID, prefix: "", ifd: &ifd }, &mut inner, limits, doc),
        Err(e) if e.kind == ErrorKind::Malformed => {
            doc.warn("META-VALUE", format!("the Exif data cannot be read: {}", e.what));
            Ok(())
        }
        Err(e) => Err(e),
    }
}

/// Sigma: the size of the picture lies in the header (little end first).
fn sigma(b: &mut Bytes<'_>, doc: &mut ClipDoc) -> Result<(), Error> {
    doc.format.container = Some("X3F".into());
    let e = Endian::Little;
    b.seek(4);
    let version = b.u32(e)?;
    doc.keep(ID, "X3F version", format!("{}.{}", version >> 16, version & 0xffff));
    doc.set("camera.make", |d| &mut d.camera.make, "SIGMA".into(), Origin::new(ID, "X3F magic", "offset 0x0"));
    // from version 4 on the header is another one
    if version >> 16 < 4 {
        b.seek(0x1c);
        let (w, h) = (b.u32(e)?, b.u32(e)?);
        if w > 0 && h > 0 {
            sized(doc, (w, h), "X3F header");
        }
    }
    Ok(())
}
