//! DNG and CinemaDNG frames (Adobe DNG specification 1.7, which has the CinemaDNG fields).

use super::tiff::{self, Directory};
use crate::engine::container::bytes::Bytes;
use crate::engine::container::ifd::{Field, Ifd, magic};
use crate::engine::format::dpx::{bcd_label, timecode};
use crate::engine::format::exif::{self, Place};
use crate::engine::format::tiff::layout::Layout;
use crate::engine::format::tiff::raw::keep_as;
use crate::engine::format::{Format, Input, Score, has_extension};
use crate::model::{ClipDoc, Error, Limits, Rational, Rect, TimecodeInfo};
use std::path::Path;

/// Digital negatives.
pub struct Dng;

const ID: &str = "dng";

/// Numbers of the fields that are read by name.
mod tag {
    pub const MODEL: u16 = 272;
    pub const VERSION: u16 = 50_706;
    pub const UNIQUE_MODEL: u16 = 50_708;
    pub const CROP_ORIGIN: u16 = 50_719;
    pub const CROP_SIZE: u16 = 50_720;
    pub const SERIAL: u16 = 50_735;
    pub const ACTIVE_AREA: u16 = 50_829;
    pub const TIMECODES: u16 = 51_043;
    pub const FRAME_RATE: u16 = 51_044;
    pub const T_STOP: u16 = 51_058;
    pub const REEL: u16 = 51_081;
    pub const LABEL: u16 = 51_105;
}

impl Format for Dng {
    fn id(&self) -> &'static str {
        ID
    }

    fn title(&self) -> &'static str {
        "DNG"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["dng"]
    }

    fn is_frame(&self) -> bool {
        true
    }

    fn probe(&self, head: &[u8], path: &Path) -> Score {
        let is_version = |f: &Field| f.tag == tag::VERSION;
        if magic(head).is_none() {
            return 0;
        }
        let fields = Ifd::peek(head);
        let said = fields.iter().any(is_version);
        match (said, has_extension(path, self.extensions())) {
            (true, true) => 100,
            (true, false) => 95,
            // the directory may lie behind the head
            (false, true) if fields.is_empty() => 60,
            (false, _) => 0,
        }
    }

    fn read(&self, input: &Input<'_>, limits: &Limits, doc: &mut ClipDoc) -> Result<(), Error> {
        let mut b = Bytes::file(input.file, input.size, limits);
        let first = Ifd::read(&mut b, limits)?;
        if first.get(tag::VERSION).is_none() {
            return Err(Error::unsupported("this file has the magic bytes of TIFF but does not say that it is a DNG"));
        }
        doc.format.id = ID.into();
        let all = tiff::all(first, &mut b, limits)?;
        let Some(first) = all.first() else { return Err(Error::malformed("the DNG file has no directory")) };
        let place = Place { reader: ID, prefix: "", ifd: &first.ifd };
        doc.format.container = Some("DNG".into());
        exif::read(&place, &mut b, limits, doc)?;
        for d in all.iter().skip(1) {
            keep_as(ID, &d.prefix, &d.ifd, &mut b, limits, doc)?;
        }
        production(&place, &mut b, doc)?;
        let Some(picture) = tiff::sensor(&all, &mut b)?.and_then(|n| all.get(n)) else {
            return Err(Error::malformed("no directory of the DNG file holds a picture"));
        };
        let layout = Layout::read(&picture.ifd, &mut b)?;
        tiff::fill(ID, picture, &layout, doc);
        active(picture, &layout, &mut b, doc)?;
        layout.check_size(&picture.ifd, &mut b, limits)?;
        let refused = Error::unsupported("raw pictures of a sensor are not developed to pictures");
        doc.format.note_decodable::<()>(Err(refused));
        Ok(())
    }
}

/// Rate, timecode, reel and body: fields of CinemaDNG in the first directory.
fn production(p: &Place<'_>, b: &mut Bytes<'_>, doc: &mut ClipDoc) -> Result<(), Error> {
    if doc.camera.model.is_none()
        && let Some(t) = p.text(b, tag::UNIQUE_MODEL)?
    {
        doc.set("camera.model", |d| &mut d.camera.model, t, p.origin(tag::UNIQUE_MODEL));
    }
    if p.ifd.get(tag::MODEL).is_none() && doc.camera.make.is_none() {
        doc.warn("META-VALUE", "the DNG file names no maker of the camera");
    }
    if let Some(t) = p.text(b, tag::SERIAL)?.filter(|_| doc.camera.serial.is_none()) {
        doc.set("camera.serial", |d| &mut d.camera.serial, t, p.origin(tag::SERIAL));
    }
    if let Some(t) = p.text(b, tag::REEL)? {
        doc.set("reel", |d| &mut d.reel, t, p.origin(tag::REEL));
    }
    if let Some(t) = p.text(b, tag::LABEL)? {
        doc.set("camera.index", |d| &mut d.camera.index, t, p.origin(tag::LABEL));
    }
    if let Some(x) = p.real(b, tag::T_STOP)?.filter(|x| (0.1..=200.0).contains(x)) {
        doc.set("lens.t_stop", |d| &mut d.lens.t_stop, x, p.origin(tag::T_STOP));
    }
    let rate = p.real(b, tag::FRAME_RATE)?.filter(|x| *x > 0.0);
    let Some(x) = rate else {
        if p.ifd.get(tag::TIMECODES).is_some() {
            doc.warn("META-RATE-UNKNOWN", "the timecode cannot be counted: the file gives no frame rate");
        }
        return Ok(());
    };
    let Some(rate) = Rational::from_decimal_rate(x) else {
        doc.warn("META-RATE", format!("FrameRate is {x}, which is no known frame rate"));
        return Ok(());
    };
    doc.set("fps.project", |d| &mut d.fps.project, rate, p.origin(tag::FRAME_RATE));
    let code = p.ifd.bytes(b, tag::TIMECODES, 8).unwrap_or_default();
    let Some([f, s, m, h]) = code.first_chunk::<4>() else { return Ok(()) };
    if rate.nominal() > 30 {
        // ST 12-1 counts pairs of frames there, told apart by a flag whose place depends on the rate
        doc.warn(
            "META-TIMECODE",
            format!("the timecode of frames at {rate} frames per second is not told apart by pairs"),
        );
        return Ok(());
    }
    // the flags of ST 12-1 share the bytes with the digits; the drop-frame flag counts at 30000/1001 only
    let flag = if rate == Rational::new(30_000, 1001).unwrap_or(rate) { 0x40 } else { 0 };
    let bcd = u32::from_be_bytes([h & 0x3f, m & 0x7f, s & 0x7f, f & (0x3f | flag)]);
    match timecode(bcd, None, rate) {
        Some(t) => {
            let info = TimecodeInfo { start: t.to_string(), end: None, rate, drop: t.is_drop() };
            doc.set("timecode.start", |d| &mut d.timecode, info, p.origin(tag::TIMECODES));
        }
        None => doc.warn("META-TIMECODE", format!("{} is no timecode at {rate} frames per second", bcd_label(bcd))),
    }
    Ok(())
}

/// The part meant to be seen: the default crop, which lies inside the active area.
fn active(d: &Directory, layout: &Layout, b: &mut Bytes<'_>, doc: &mut ClipDoc) -> Result<(), Error> {
    let whole = [0.0, 0.0, f64::from(layout.height), f64::from(layout.width)];
    let area = d.ifd.reals(b, tag::ACTIVE_AREA, 4).unwrap_or_default();
    let area = <[f64; 4]>::try_from(area).unwrap_or(whole);
    let [top, left, ..] = area;
    let two = |b: &mut Bytes<'_>, tag| <[f64; 2]>::try_from(d.ifd.reals(b, tag, 2).unwrap_or_default()).ok();
    let (Some([x, y]), Some([w, h])) = (two(b, tag::CROP_ORIGIN), two(b, tag::CROP_SIZE)) else { return Ok(()) };
    let (x, y) = (left + x, top + y);
    let fits = x >= 0.0 && y >= 0.0 && w >= 1.0 && h >= 1.0;
    if fits && x + w <= f64::from(layout.width) && y + h <= f64::from(layout.height) {
        let rect = Rect { x: x as i32, y: y as i32, width: w as u32, height: h as u32 };
        let p = Place { reader: ID, prefix: &d.prefix, ifd: &d.ifd };
        doc.set("image.active", |d| &mut d.image.active, rect, p.origin(tag::CROP_SIZE));
    }
    Ok(())
}
