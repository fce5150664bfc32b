//! What Exif 2.32, TIFF 6.0 and DNG fields say of camera, lens and exposure, for every format that carries them.
//!
//! A lens' f-number is not a T-stop: it stays in `raw`.

use super::tiff::raw::{keep_as, name};
use crate::engine::container::bytes::Bytes;
use crate::engine::container::ifd::Ifd;
use crate::engine::format::dpx::iso_date;
use crate::model::{ClipDoc, Error, ErrorKind, Limits, Origin};

/// Numbers of the fields that are read by name.
mod tag {
    pub const MAKE: u16 = 271;
    pub const MODEL: u16 = 272;
    pub const ORIENTATION: u16 = 274;
    pub const SOFTWARE: u16 = 305;
    pub const DATE: u16 = 306;
    pub const EXPOSURE: u16 = 33_434;
    pub const EXIF: u16 = 34_665;
    pub const ISO: u16 = 34_855;
    pub const INDEX: u16 = 34_866;
    pub const ORIGINAL_DATE: u16 = 36_867;
    pub const ORIGINAL_ZONE: u16 = 36_881;
    pub const FOCAL_LENGTH: u16 = 37_386;
    pub const BODY: u16 = 42_033;
    pub const LENS_MAKE: u16 = 42_035;
    pub const LENS_MODEL: u16 = 42_036;
    pub const LENS_SERIAL: u16 = 42_037;
}

/// One directory of a file, and the reader in whose name it is read.
pub(super) struct Place<'a> {
    /// Format id.
    pub reader: &'static str,
    /// Before the name of each tag, in `raw` and in origins (`Exif.`).
    pub prefix: &'a str,
    /// The directory.
    pub ifd: &'a Ifd,
}

impl Place<'_> {
    /// Where a field was read.
    pub fn origin(&self, number: u16) -> Origin {
        let at = self.ifd.get(number).map_or(0, |f| f.at);
        Origin::new(self.reader, format!("{}{}", self.prefix, name(number)), format!("offset {at:#x}"))
    }

    /// A text; one that lies beyond the end has its warning already.
    pub fn text(&self, b: &mut Bytes<'_>, number: u16) -> Result<Option<String>, Error> {
        soft(self.ifd.text(b, number))
    }

    /// The first real number.
    pub fn real(&self, b: &mut Bytes<'_>, number: u16) -> Result<Option<f64>, Error> {
        Ok(soft(self.ifd.reals(b, number, 1).map(Some))?.and_then(|l| l.first().copied()))
    }
}

/// What lies beyond the end of the file is absent.
fn soft<T>(found: Result<Option<T>, Error>) -> Result<Option<T>, Error> {
    match found {
        Err(e) if e.kind == ErrorKind::Malformed => Ok(None),
        other => other,
    }
}

/// Keeps and fills from a first directory and the Exif directory that it points to.
///
/// # Errors
/// `LIMIT-SIZE` beyond the budget, Io; what lies beyond the end is a warning.
pub(super) fn read(p: &Place<'_>, b: &mut Bytes<'_>, limits: &Limits, doc: &mut ClipDoc) -> Result<(), Error> {
    keep_as(p.reader, p.prefix, p.ifd, b, limits, doc)?;
    if let Some(at) = soft(p.ifd.number(b, tag::EXIF))? {
        match p.ifd.at(b, at, limits) {
            Ok(exif) => {
                let prefix = format!("{}Exif.", p.prefix);
                let inner = Place { reader: p.reader, prefix: &prefix, ifd: &exif };
                keep_as(inner.reader, inner.prefix, inner.ifd, b, limits, doc)?;
                exposure(&inner, b, doc)?;
            }
            Err(e) if e.kind == ErrorKind::Malformed => {
                doc.warn("META-VALUE", format!("the Exif directory cannot be read: {}", e.what));
            }
            Err(e) => return Err(e),
        }
    }
    camera(p, b, doc)
}

/// The fields of the first directory.
pub(super) fn camera(p: &Place<'_>, b: &mut Bytes<'_>, doc: &mut ClipDoc) -> Result<(), Error> {
    if let Some(t) = p.text(b, tag::MAKE)? {
        doc.set("camera.make", |d| &mut d.camera.make, t, p.origin(tag::MAKE));
    }
    if let Some(t) = p.text(b, tag::MODEL)? {
        doc.set("camera.model", |d| &mut d.camera.model, t, p.origin(tag::MODEL));
    }
    if let Some(n) = soft(p.ifd.number(b, tag::ORIENTATION))? {
        match [(1, 0), (3, 180), (6, 90), (8, 270)].into_iter().find(|(code, _)| *code == n) {
            Some((_, turn)) => {
                doc.set("image.orientation", |d| &mut d.image.orientation, turn, p.origin(tag::ORIENTATION));
            }
            None => doc.warn("META-VALUE", format!("orientation {n} mirrors the picture, which no rotation undoes")),
        }
    }
    // the date of the file's last change, for want of that of the picture
    if doc.recorded.date.is_none()
        && let Some(d) = p.text(b, tag::DATE)?.and_then(|t| iso_date(&t))
    {
        doc.set("recorded.date", |x| &mut x.recorded.date, d, p.origin(tag::DATE));
    }
    // a converter writes itself here: only a text that says of itself that it is firmware is the camera's
    if let Some(t) = p.text(b, tag::SOFTWARE)?.filter(|t| t.starts_with("Firmware") || t.starts_with("Ver")) {
        doc.set("camera.firmware", |d| &mut d.camera.firmware, t, p.origin(tag::SOFTWARE));
    }
    Ok(())
}

/// The fields of the Exif directory.
pub(super) fn exposure(p: &Place<'_>, b: &mut Bytes<'_>, doc: &mut ClipDoc) -> Result<(), Error> {
    if let Some(x) = p.real(b, tag::EXPOSURE)?.filter(|x| *x > 0.0) {
        doc.set("exposure.shutter_s", |d| &mut d.exposure.shutter_s, x, p.origin(tag::EXPOSURE));
    }
    // 65535 in the field of 16 bits means that the number stands in the longer one (Exif 2.32, 4.6.5)
    let iso = soft(p.ifd.number(b, tag::ISO))?.filter(|n| (1..65_535).contains(n)).map(|n| (n, tag::ISO));
    let iso = match iso {
        Some(found) => Some(found),
        None => soft(p.ifd.number(b, tag::INDEX))?.filter(|n| *n > 0).map(|n| (n, tag::INDEX)),
    };
    if let Some((n, field)) = iso.and_then(|(n, f)| Some((u32::try_from(n).ok()?, f))) {
        doc.set("exposure.iso", |d| &mut d.exposure.iso, n, p.origin(field));
    }
    if let Some(t) = p.text(b, tag::ORIGINAL_DATE)? {
        let zone = p.text(b, tag::ORIGINAL_ZONE)?.unwrap_or_default();
        let zone: String = zone.chars().filter(|c| *c != ':').collect();
        if let Some(d) = iso_date(&format!("{t}{zone}")) {
            doc.set("recorded.date", |x| &mut x.recorded.date, d, p.origin(tag::ORIGINAL_DATE));
        }
    }
    if let Some(x) = p.real(b, tag::FOCAL_LENGTH)?.filter(|x| *x > 0.0) {
        doc.set("lens.focal_length_mm", |d| &mut d.lens.focal_length_mm, x, p.origin(tag::FOCAL_LENGTH));
    }
    if let Some(t) = p.text(b, tag::BODY)? {
        doc.set("camera.serial", |d| &mut d.camera.serial, t, p.origin(tag::BODY));
    }
    if let Some(t) = p.text(b, tag::LENS_MAKE)? {
        doc.set("lens.make", |d| &mut d.lens.make, t, p.origin(tag::LENS_MAKE));
    }
    if let Some(t) = p.text(b, tag::LENS_MODEL)? {
        doc.set("lens.model", |d| &mut d.lens.model, t, p.origin(tag::LENS_MODEL));
    }
    if let Some(t) = p.text(b, tag::LENS_SERIAL)?.filter(|t| t.chars().any(|c| c != '0')) {
        doc.set("lens.serial", |d| &mut d.lens.serial, t, p.origin(tag::LENS_SERIAL));
    }
    Ok(())
}
