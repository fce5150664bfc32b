//! Canon CR3 pictures and CRM clips (Cinema RAW Light): ISO base media with the brand `crx `, whose camera metadata are TIFF
//! directories in a box of Canon's own (`CMT1` to `CMT4`).
//!
//! The movie's tracks are read as those of every movie are; a picture's are those of a movie of one frame, so that its rate,
//! length and clock mean nothing.

use crate::engine::container::bmff::{self, Atom, Walk, find};
use crate::engine::container::bytes::{Bytes, field_text};
use crate::engine::container::ifd::Ifd;
use crate::engine::format::exif::{self, Place};
use crate::engine::format::mov::Mov;
use crate::engine::format::tiff::raw::keep_as;
use crate::engine::format::{Format, Input, Score, has_extension};
use crate::model::{ClipDoc, Error, ErrorKind, Limits, Origin};
use std::path::Path;

/// Canon raw pictures and clips.
pub struct Crx;

const ID: &str = "crx";
/// The box that holds Canon's boxes.
const CANON: &[u8] = b"\x85\xc0\xb6\x87\x82\x0f\x11\xe0\x81\x11\xf4\xce\x46\x2b\x6a\x48";
/// Most bytes of one directory box.
const MOST: u64 = 4 << 20;

impl Format for Crx {
    fn id(&self) -> &'static str {
        ID
    }

    fn title(&self) -> &'static str {
        "Canon raw (CR3, CRM)"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["cr3", "crm"]
    }

    fn is_frame(&self) -> bool {
        false
    }

    fn probe(&self, head: &[u8], path: &Path) -> Score {
        if head.get(4..12) != Some(b"ftypcrx ") {
            return 0;
        }
        if has_extension(path, self.extensions()) { 100 } else { 90 }
    }

    fn read(&self, input: &Input<'_>, limits: &Limits, doc: &mut ClipDoc) -> Result<(), Error> {
        let mut b = Bytes::file(input.file, input.size, limits);
        let mut walk = Walk::new(limits);
        let top = bmff::scan(&mut b, &mut walk)?;
        let still = canon(&top.moov, &mut b, &mut walk, limits, doc)?;
        // the camera's own clock is better than that of the movie header
        let date = (doc.recorded.date.take(), doc.origin.remove("recorded.date"));
        Mov.read(input, limits, doc)?;
        if let (Some(date), Some(origin)) = date {
            doc.recorded.date = Some(date);
            doc.origin.insert("recorded.date".into(), origin);
        }
        doc.format.id = ID.into();
        doc.format.container = Some(if still { "CR3" } else { "CRM" }.into());
        if still {
            for field in ["clip.frames", "fps.project", "fps.sensor"] {
                doc.origin.remove(field);
            }
            (doc.clip.frames, doc.fps.project, doc.fps.sensor) = (None, None, None);
        }
        let refused = Error::unsupported("raw pictures of a sensor are not developed to pictures");
        doc.format.note_decodable::<()>(Err(refused));
        Ok(())
    }
}

/// Canon's boxes; true when they say that this is a picture and not a clip.
fn canon(
    moov: &Atom,
    b: &mut Bytes<'_>,
    walk: &mut Walk<'_>,
    limits: &Limits,
    doc: &mut ClipDoc,
) -> Result<bool, Error> {
    let mut still = false;
    for a in walk.loose_children(b, moov)?.iter().filter(|a| &a.id == b"uuid" && a.len() > 16) {
        if bmff::contents(b, a, 16)? != CANON {
            continue;
        }
        let inner = walk.loose_children(b, &a.without(16))?;
        if let Some(v) = find(&inner, b"CNCV")
            && let Some(t) = field_text(&bmff::contents(b, &v, 256)?)
        {
            still = t.starts_with("CanonCR3") || t.starts_with("CanonHEIF");
            doc.keep(ID, "CNCV", t);
        }
        // Exif first: its date is when the picture was taken, with its zone; that of the other is the last change.
        for (id, prefix) in [(b"CMT2", "Exif."), (b"CMT1", ""), (b"CMT3", "Canon."), (b"CMT4", "GPS.")] {
            if let Some(a) = find(&inner, id) {
                directory(&a, prefix, b, limits, doc)?;
            }
        }
    }
    Ok(still)
}

/// One directory in a box of its own.
fn directory(a: &Atom, prefix: &str, b: &mut Bytes<'_>, limits: &Limits, doc: &mut ClipDoc) -> Result<(), Error> {
    let all = bmff::contents(b, a, MOST)?;
    let mut inner = Bytes::slice(&all, limits);
    let ifd = match Ifd::read(&mut inner, limits) {
        Ok(ifd) => ifd,
        Err(e) if e.kind == ErrorKind::Malformed => {
            doc.warn("META-VALUE", format!("the directory in box `{}` cannot be read: {}", a.name(), e.what));
            return Ok(());
        }
        Err(e) => return Err(e),
    };
    let place = Place { reader: ID, prefix, ifd: &ifd };
    if prefix == "GPS." {
        // its numbers are others than those of TIFF
        doc.keep(ID, "GPS.fields", ifd.fields.len());
        return Ok(());
    }
    if prefix != "Canon." {
        keep_as(ID, prefix, &ifd, &mut inner, limits, doc)?;
    }
    match prefix {
        "" => exif::camera(&place, &mut inner, doc),
        "Exif." => exif::exposure(&place, &mut inner, doc),
        _ => maker_notes(&ifd, &mut inner, doc),
    }
}

/// What of Canon's own notes is text: kind of picture (6), firmware (7), lens (0x95).
fn maker_notes(ifd: &Ifd, b: &mut Bytes<'_>, doc: &mut ClipDoc) -> Result<(), Error> {
    let mut text = |tag| match ifd.text(b, tag) {
        Err(e) if e.kind == ErrorKind::Malformed => Ok(None),
        other => other,
    };
    let o = |name: &str| Origin::new(ID, name, "box CMT3");
    if let Some(t) = text(6)? {
        doc.keep(ID, "Canon.ImageType", t);
    }
    if let Some(t) = text(7)? {
        doc.set("camera.firmware", |d| &mut d.camera.firmware, t, o("Canon.FirmwareVersion"));
    }
    if let Some(t) = text(0x95)?.filter(|_| doc.lens.model.is_none()) {
        doc.set("lens.model", |d| &mut d.lens.model, t, o("Canon.LensModel"));
    }
    Ok(())
}
