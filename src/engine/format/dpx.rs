//! DPX frames (SMPTE ST 268-1).
//!
//! The reel: the standard has no field for it. Conform systems (Autodesk, Digital Vision) write the
//! tape name into the *input device* field, scanners write their own model there. So that field is
//! taken as the reel only when it looks like a tape name: at least one digit, no white space, and no
//! serial number of a device beside it. Otherwise it stays in `raw` and a warning says so.

use super::{Format, Input, Score, dpx_decode, has_extension};
use crate::engine::container::bytes::{Bytes, Endian};
use crate::engine::container::dpx::layout as at;
use crate::engine::container::dpx::{DpxHeader, ELEMENT, FILM, Field, GENERIC, TELEVISION, Value, least_bytes};
use crate::engine::image::Decoded;
use crate::model::{ClipDoc, Error, Limits, Origin, Rational, Timecode, TimecodeInfo};
use std::path::Path;

/// SMPTE ST 268 digital picture exchange.
pub struct Dpx;

const ID: &str = "dpx";

impl Format for Dpx {
    fn id(&self) -> &'static str {
        ID
    }

    fn title(&self) -> &'static str {
        "DPX"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["dpx"]
    }

    fn is_frame(&self) -> bool {
        true
    }

    fn probe(&self, head: &[u8], path: &Path) -> Score {
        if !matches!(head.get(..4), Some(b"SDPX" | b"XPDS")) {
            return 0;
        }
        if has_extension(path, self.extensions()) { 100 } else { 90 }
    }

    fn read(&self, input: &Input<'_>, limits: &Limits, doc: &mut ClipDoc) -> Result<(), Error> {
        let head = DpxHeader::read(&mut Bytes::file(input.file, input.size, limits))?;
        doc.format.id = ID.into();
        doc.format.container = Some("DPX".into());
        keep_raw(&head, doc);
        let elements = head.number(&at::ELEMENTS).unwrap_or(0);
        if !(1..=8).contains(&elements) {
            let what = format!("a DPX picture has 1 to 8 image elements, this header says {elements}");
            return Err(Error::malformed(what).offset(770));
        }
        geometry(&head, doc)?;
        essence(&head, doc);
        check_size(&head, elements, input.size, doc)?;
        color(&head, doc);
        timing(&head, doc);
        origination(&head, doc);
        doc.format.note_decodable(super::dpx_decode::decodable(&head));
        Ok(())
    }

    fn decode(&self, input: &Input<'_>, limits: &Limits) -> Result<Decoded, Error> {
        dpx_decode::decode(input, limits)
    }
}

fn origin(f: &Field) -> Origin {
    Origin::new(ID, f.name, format!("offset {:#x}", f.at))
}

/// Every defined field under `raw.dpx`; of the image elements those that are in use.
fn keep_raw(head: &DpxHeader, doc: &mut ClipDoc) {
    let order = if head.endian() == Endian::Big { "big" } else { "little" };
    doc.keep(ID, "byte_order", order);
    let used = usize::try_from(head.number(&at::ELEMENTS).unwrap_or(0)).unwrap_or(0).min(at::MAX_ELEMENTS);
    let plain = GENERIC.iter().chain(FILM).chain(TELEVISION).map(|f| (f.name.to_owned(), *f));
    let elements = (0..used).flat_map(|n| {
        ELEMENT.iter().map(move |f| (f.name.replacen("element", &format!("element[{n}]"), 1), f.of_element(n)))
    });
    for (name, field) in plain.chain(elements) {
        match head.value(&field) {
            Some(Value::Number(n)) => doc.keep(ID, &name, n),
            Some(Value::Real(x)) => doc.keep(ID, &name, f64::from(x)),
            Some(Value::Text(t)) => doc.keep(ID, &name, t),
            None => {}
        }
    }
}

fn geometry(head: &DpxHeader, doc: &mut ClipDoc) -> Result<(), Error> {
    for (f, name) in [(&at::WIDTH, "width"), (&at::HEIGHT, "height")] {
        let Some(n) = head.number(f).filter(|n| *n > 0) else {
            let what = format!("the DPX header gives no {name} of the picture");
            return Err(Error::malformed(what).offset(u64::try_from(f.at).unwrap_or(0)));
        };
        let pick: fn(&mut ClipDoc) -> &mut Option<u32> =
            if name == "width" { |d| &mut d.image.width } else { |d| &mut d.image.height };
        doc.set(&format!("image.{name}"), pick, n, origin(f));
    }
    let aspect = head.number(&at::ASPECT_H).zip(head.number(&at::ASPECT_V));
    if let Some((h, v)) = aspect.filter(|(h, v)| *h > 0 && *v > 0) {
        let ratio = f64::from(h) / f64::from(v);
        doc.set("image.pixel_aspect", |d| &mut d.image.pixel_aspect, ratio, origin(&at::ASPECT_H));
    }
    match head.number(&at::ORIENTATION) {
        Some(0) => doc.set("image.orientation", |d| &mut d.image.orientation, 0, origin(&at::ORIENTATION)),
        Some(3) => doc.set("image.orientation", |d| &mut d.image.orientation, 180, origin(&at::ORIENTATION)),
        Some(n) => {
            doc.warn("DPX-ORIENTATION", format!("orientation code {n} mirrors the picture, which no rotation undoes"))
        }
        None => {}
    }
    Ok(())
}

/// What a descriptor code says of an element's components; empty for codes without a name.
pub(super) fn components(descriptor: u32) -> &'static str {
    match descriptor {
        1 => "Red",
        2 => "Green",
        3 => "Blue",
        4 => "Alpha",
        6 => "Y",
        7 => "CbCr",
        8 => "Depth",
        9 => "Composite video",
        50 => "RGB",
        51 => "RGBA",
        52 => "ABGR",
        100 => "CbYCrY 4:2:2",
        101 => "CbYACrYA 4:2:2:4",
        102 => "CbYCr 4:4:4",
        103 => "CbYCrA 4:4:4:4",
        _ => "",
    }
}

/// Components, bit depth and compression, by the first element.
fn essence(head: &DpxHeader, doc: &mut ClipDoc) {
    let name = head.number(&at::DESCRIPTOR).map_or("", components);
    if !name.is_empty() {
        doc.set("format.codec", |d| &mut d.format.codec, name.into(), origin(&at::DESCRIPTOR));
    }
    match head.number(&at::BIT_DEPTH) {
        Some(n) if matches!(n, 1 | 8 | 10 | 12 | 16 | 32 | 64) => {
            doc.set("format.bit_depth", |d| &mut d.format.bit_depth, n, origin(&at::BIT_DEPTH));
        }
        Some(n) => doc.warn("DPX-DEPTH", format!("a bit depth of {n} does not exist in DPX")),
        None => doc.warn("DPX-DEPTH", "the header gives no bit depth"),
    }
    let compression = match head.number(&at::ENCODING) {
        Some(0) | None => "none",
        Some(1) => "run-length",
        Some(n) => {
            doc.warn("DPX-ENCODING", format!("encoding code {n} does not exist in DPX"));
            return;
        }
    };
    doc.set("format.compression", |d| &mut d.format.compression, compression.into(), origin(&at::ENCODING));
}

/// Whether the pixels are all there. Only the pixels decide; the size in the header is often wrong.
fn check_size(head: &DpxHeader, elements: u32, size: u64, doc: &mut ClipDoc) -> Result<(), Error> {
    let start = head.picture_start();
    if head.number(&at::IMAGE_OFFSET).map(u64::from) != Some(start) {
        doc.warn("DPX-OFFSET", format!("the header gives no usable offset of the picture; {start} is assumed"));
    }
    for n in 0..usize::try_from(elements).unwrap_or(0) {
        let get = |f: Field| head.number(&f.of_element(n));
        // Writers leave element offsets at 0 or at nonsense before the picture's start.
        let from = get(at::DATA_OFFSET).map(u64::from).filter(|o| *o >= start);
        let from = if n == 0 { Some(from.unwrap_or(start)) } else { from };
        let layout = (get(at::DESCRIPTOR), get(at::BIT_DEPTH), get(at::PACKING));
        let (Some(from), (Some(descriptor), Some(depth), Some(packing))) = (from, layout) else { continue };
        let (width, height) = (doc.image.width.unwrap_or(0), doc.image.height.unwrap_or(0));
        let needed = match get(at::ENCODING) {
            Some(0) | None => least_bytes(descriptor, depth, packing, width, height),
            Some(_) => Some(1),
        };
        let end = needed.and_then(|n| from.checked_add(n));
        if let Some(end) = end.filter(|end| *end > size) {
            let what = format!("the picture is cut off: {width}x{height} pixels need {end} bytes, the file has {size}");
            return Err(Error::truncated(what).offset(size).fix("copy the frame again from its source"));
        }
    }
    match head.number(&at::FILE_SIZE).map(u64::from) {
        Some(said) if said != 0 && said != size => {
            doc.warn("DPX-SIZE", format!("the header says {said} bytes, the file has {size}; the picture is complete"));
        }
        _ => {}
    }
    Ok(())
}

/// What the header says of colour, by the first element; camera log is not proven by any code.
fn color(head: &DpxHeader, doc: &mut ClipDoc) {
    let transfer = match head.number(&at::TRANSFER) {
        Some(1) => "Printing density",
        Some(2) => "Linear",
        Some(3) => "Logarithmic",
        Some(5) => "SMPTE 274M",
        Some(6) => "BT.709",
        Some(7) => "BT.601 625",
        Some(8) => "BT.601 525",
        Some(9) => "NTSC",
        Some(10) => "PAL",
        Some(11) => "Z (depth) linear",
        Some(12) => "Z (depth) homogeneous",
        Some(13) => "ADX",
        _ => "",
    };
    if !transfer.is_empty() {
        doc.set("color.transfer", |d| &mut d.color.transfer, transfer.into(), origin(&at::TRANSFER));
    }
    let primaries = match head.number(&at::COLORIMETRIC) {
        Some(5 | 6) => "BT.709",
        Some(7 | 10) => "BT.601 625",
        Some(8 | 9) => "BT.601 525",
        _ => "",
    };
    if !primaries.is_empty() {
        doc.set("color.primaries", |d| &mut d.color.primaries, primaries.into(), origin(&at::COLORIMETRIC));
    }
}

/// Rates and timecode.
fn timing(head: &DpxHeader, doc: &mut ClipDoc) {
    let mut rate = None;
    for f in [at::TV_RATE, at::FILM_RATE] {
        // 0 and 1 are what programs write that do not know the rate.
        let Some(x) = head.real(&f).filter(|x| *x > 1.0) else { continue };
        match Rational::from_decimal_rate(f64::from(x)) {
            Some(r) => {
                doc.set("fps.project", |d| &mut d.fps.project, r, origin(&f));
                rate = rate.or(Some(r));
            }
            None => doc.warn("META-RATE", format!("{} is {x}, which is no known frame rate", f.name)),
        }
    }
    let Some(bcd) = head.number(&at::TIMECODE) else { return };
    let Some(rate) = rate else {
        if bcd != 0 {
            let text = format!("the timecode {} cannot be counted: the header gives no frame rate", bcd_label(bcd));
            doc.warn("META-RATE-UNKNOWN", text);
        }
        return;
    };
    let pair = head.number(&at::FIELD_NUMBER).filter(|_| head.number(&at::INTERLACE) == Some(0));
    match timecode(bcd, pair, rate) {
        Some(t) => {
            let info = TimecodeInfo { start: t.to_string(), end: None, rate, drop: t.is_drop() };
            doc.set("timecode.start", |d| &mut d.timecode, info, origin(&at::TIMECODE));
        }
        None => doc.warn("META-TIMECODE", format!("{} is no timecode at {rate} frames per second", bcd_label(bcd))),
    }
}

pub(super) fn bcd_label(bcd: u32) -> String {
    let [h, m, s, f] = bcd.to_be_bytes();
    format!("{h:02x}:{m:02x}:{s:02x}:{f:02x}")
}

/// Eight BCD digits HHMMSSFF. At 30000/1001 a set bit 6 of the frames byte means drop-frame, as in
/// the SMPTE ST 12-1 code word; at lower and other rates that bit makes the label impossible.
///
/// From 31 to 60 frames per second a progressive frame with a field number of 1 or 2 (`pair`) has a label that counts pairs
/// of frames, as ST 12-1 labels them.
pub(super) fn timecode(bcd: u32, pair: Option<u32>, rate: Rational) -> Option<Timecode> {
    let [h, m, s, f] = bcd.to_be_bytes();
    let second = pair.filter(|p| matches!(p, 1 | 2) && (31..=60).contains(&rate.nominal())).map(|p| p - 1);
    let counted = if second.is_some() { 60_000 } else { 30_000 };
    let drop = rate == Rational::new(counted, 1001)? && f & 0x40 != 0;
    let f = if drop { f & 0x3f } else { f };
    let digits = |b: u8| (b >> 4 < 10 && b & 15 < 10).then_some(u32::from(b >> 4) * 10 + u32::from(b & 15));
    let f = second.map_or(digits(f), |n| digits(f).map(|f| f * 2 + n));
    Timecode::from_parts(digits(h)?, digits(m)?, digits(s)?, f?, rate, drop).ok()
}

/// Reel, slate, shutter, date.
fn origination(head: &DpxHeader, doc: &mut ClipDoc) {
    if let Some(device) = head.text(&at::INPUT_DEVICE) {
        let named = device.chars().any(|c| c.is_ascii_digit()) && !device.contains(char::is_whitespace);
        if named && head.text(&at::INPUT_SERIAL).is_none() {
            doc.set("reel", |d| &mut d.reel, device, origin(&at::INPUT_DEVICE));
        } else {
            doc.warn("DPX-REEL", format!("the input device field says `{device}`, which names a device, not a reel"));
        }
    }
    if let Some(slate) = head.text(&at::SLATE) {
        doc.set("slate.note", |d| &mut d.slate.note, slate, origin(&at::SLATE));
    }
    if let Some(angle) = head.real(&at::SHUTTER_ANGLE).filter(|a| *a > 0.0 && *a <= 360.0) {
        let f = &at::SHUTTER_ANGLE;
        doc.set("exposure.shutter_angle", |d| &mut d.exposure.shutter_angle, f64::from(angle), origin(f));
    }
    if let Some(date) = head.text(&at::SOURCE_DATE).and_then(|t| iso_date(&t)) {
        doc.set("recorded.date", |d| &mut d.recorded.date, date, origin(&at::SOURCE_DATE));
    }
}

/// `YYYY:MM:DD:HH:MM:SS` and an optional zone (`Z`, `+01`, `+0100`) as ISO 8601; zone names such as
/// `PST` are ambiguous and left out. `None` if it is not such a date.
pub(super) fn iso_date(text: &str) -> Option<String> {
    let (stamp, zone) = (text.get(..19)?, text.get(19..)?.trim_start_matches(':'));
    let shape = stamp.bytes().enumerate().all(|(i, b)| match i {
        4 | 7 | 13 | 16 => b == b':',
        10 => matches!(b, b':' | b' '),
        _ => b.is_ascii_digit(),
    });
    let part = |r: std::ops::Range<usize>| stamp.get(r).and_then(|t| t.parse::<u32>().ok());
    let ranges = [(5..7, 1, 12), (8..10, 1, 31), (11..13, 0, 23), (14..16, 0, 59), (17..19, 0, 59)];
    let valid = ranges.into_iter().all(|(r, low, high)| part(r).is_some_and(|n| (low..=high).contains(&n)));
    if !shape || !valid {
        return None;
    }
    let digits = zone.get(1..).unwrap_or("");
    let all_digits = digits.bytes().all(|b| b.is_ascii_digit());
    let zone = match (zone.get(..1), digits.len()) {
        (Some("Z"), 0) => "Z".to_owned(),
        (Some("+" | "-"), 2) if all_digits => format!("{zone}:00"),
        (Some("+" | "-"), 4) if all_digits => format!("{}:{}", zone.get(..3)?, zone.get(3..)?),
        _ => String::new(),
    };
    let (date, time) = (stamp.get(..10)?.replace(':', "-"), stamp.get(11..)?);
    Some(format!("{date}T{time}{zone}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(n: u32, d: u32) -> Rational {
        Rational::new(n, d).unwrap()
    }

    #[test]
    fn bcd_timecodes() {
        let show = |bcd, r| timecode(bcd, None, r).map(|t| t.to_string());
        assert_eq!(show(0x1002_1100, rate(24, 1)).as_deref(), Some("10:02:11:00"));
        assert_eq!(show(0x1002_1124, rate(24, 1)), None);
        assert_eq!(show(0x1a02_1100, rate(24, 1)), None);
        assert_eq!(show(0x0001_0042, rate(30_000, 1001)).as_deref(), Some("00:01:00;02"));
        assert_eq!(show(0x0001_0040, rate(30_000, 1001)), None, "a dropped label");
        assert_eq!(show(0x0001_0042, rate(25, 1)), None);
        assert_eq!(show(0x0001_0042, rate(50, 1)).as_deref(), Some("00:01:00:42"));
        let pair = |bcd, field, r| timecode(bcd, Some(field), r).map(|t| t.to_string());
        assert_eq!(pair(0x0001_0021, 2, rate(50, 1)).as_deref(), Some("00:01:00:43"));
        assert_eq!(pair(0x0001_0042, 1, rate(60_000, 1001)).as_deref(), Some("00:01:00;04"));
        assert_eq!(pair(0x0001_0042, 0, rate(50, 1)).as_deref(), Some("00:01:00:42"));
        assert_eq!(pair(0x0001_0021, 2, rate(24, 1)).as_deref(), Some("00:01:00:21"));
    }

    #[test]
    fn dates() {
        for (text, want) in [
            ("2010:08:03:08:38:16", Some("2010-08-03T08:38:16")),
            ("2010:08:03:08:38:16:PST", Some("2010-08-03T08:38:16")),
            ("2010:08:03:08:38:16Z", Some("2010-08-03T08:38:16Z")),
            ("2016:06:14:10:09:40:+01", Some("2016-06-14T10:09:40+01:00")),
            ("2016:06:14:10:09:40-0730", Some("2016-06-14T10:09:40-07:30")),
            ("2016:13:14:10:09:40", None),
            ("yesterday", None),
            ("20é6:06:14:10:09:4", None),
        ] {
            assert_eq!(iso_date(text).as_deref(), want, "{text}");
        }
    }
}
