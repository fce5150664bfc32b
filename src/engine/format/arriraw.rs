//! ARRIRAW frames (SMPTE RDD 30): `.ari`, and `.arx` whose photosites are compressed.
//!
//! Texts that the camera writes where nobody entered anything (`n.a.`, `no scene name`) are absent.

use super::dpx::{bcd_label, timecode};
use super::{Format, Input, Score, has_extension};
use crate::engine::container::arriraw as at;
use crate::engine::container::bytes::{Bytes, field_text};
use crate::engine::container::fixed::{Field, Fixed, Value};
use crate::model::{Cdl, ClipDoc, Error, Limits, Origin, Rational, Rect, TimecodeInfo};
use std::path::Path;

/// ARRIRAW.
pub struct Arriraw;

const ID: &str = "arriraw";
/// Runs of bytes without a known meaning that are kept.
const MOST_OTHERS: usize = 64;
/// What stands in text fields where nobody entered anything.
const EMPTY: &[&str] = &["n.a.", "n/a", "--", "no scene", "no scene name", "none"];

impl Format for Arriraw {
    fn id(&self) -> &'static str {
        ID
    }

    fn title(&self) -> &'static str {
        "ARRIRAW"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["ari", "arx"]
    }

    fn is_frame(&self) -> bool {
        true
    }

    fn probe(&self, head: &[u8], path: &Path) -> Score {
        match at::magic(head) {
            None => 0,
            Some(_) if has_extension(path, self.extensions()) => 100,
            Some(_) => 90,
        }
    }

    fn read(&self, input: &Input<'_>, limits: &Limits, doc: &mut ClipDoc) -> Result<(), Error> {
        let head = at::read(&mut Bytes::file(input.file, input.size, limits))?;
        doc.format.id = ID.into();
        doc.format.container = Some("ARRIRAW".into());
        doc.set("format.codec", |d| &mut d.format.codec, "ARRIRAW".into(), Origin::new(ID, "root", "offset 0x0"));
        keep_raw(&head, doc);
        geometry(&head, doc)?;
        essence(&head, input, doc)?;
        if valid(&head, &at::CAMERA_VALID) {
            camera(&head, doc);
            timing(&head, doc);
        }
        if valid(&head, &at::CONTENT_VALID) {
            content(&head, doc);
        }
        if valid(&head, &at::LENS_VALID) {
            lens(&head, doc);
        }
        if valid(&head, &at::CLIP_VALID) {
            clip(&head, doc);
        }
        let refused = Error::unsupported("ARRIRAW photosites are not developed to pictures");
        doc.format.note_decodable::<()>(Err(refused));
        Ok(())
    }
}

fn origin(f: &Field) -> Origin {
    Origin::new(ID, f.name, format!("offset {:#x}", f.at))
}

fn valid(head: &Fixed, section: &Field) -> bool {
    head.number(section).is_some_and(|n| n != 0)
}

/// A text that somebody entered.
fn text(head: &Fixed, f: &Field) -> Option<String> {
    head.text(f).filter(|t| !EMPTY.iter().any(|e| t.eq_ignore_ascii_case(e)))
}

/// A number above 0 whose unit is a thousandth.
fn thousandths(head: &Fixed, f: &Field) -> Option<f64> {
    head.number(f).filter(|n| *n > 0).map(|n| f64::from(n) / 1000.0)
}

/// Every known field, and the bytes that no field describes, in hexadecimal digits.
fn keep_raw(head: &Fixed, doc: &mut ClipDoc) {
    for f in at::ALL {
        match head.value(f) {
            Some(Value::Number(n)) => doc.keep(ID, f.name, n),
            Some(Value::Real(x)) => doc.keep(ID, f.name, f64::from(x)),
            Some(Value::Text(t)) => doc.keep(ID, f.name, t),
            None => {}
        }
    }
    if let Some(id) = head.number(&at::CAMERA_ID).and_then(|n| field_text(&n.to_be_bytes())) {
        doc.keep(ID, at::CAMERA_ID.name, id);
    }
    let uuid = head.bytes.get(at::UUID_AT..).and_then(|b| b.first_chunk::<16>());
    if let Some(uuid) = uuid.filter(|u| u.iter().any(|b| *b != 0)) {
        doc.keep(ID, "camera.uuid", hex(uuid));
    }
    for (at, run) in at::others(head, MOST_OTHERS) {
        doc.keep(ID, &format!("unknown[{at:#x}]"), hex(&run));
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

fn geometry(head: &Fixed, doc: &mut ClipDoc) -> Result<(), Error> {
    let side = |f: &Field, name: &str| {
        let missing = || Error::malformed(format!("the ARRIRAW header gives no {name} of the picture"));
        let at = u64::try_from(f.at).unwrap_or(0);
        head.number(f).filter(|n| (1..=65_536).contains(n)).ok_or_else(|| missing().offset(at))
    };
    let (width, height) = (side(&at::WIDTH, "width")?, side(&at::HEIGHT, "height")?);
    doc.set("image.width", |d| &mut d.image.width, width, origin(&at::WIDTH));
    doc.set("image.height", |d| &mut d.image.height, height, origin(&at::HEIGHT));
    let edge = |f: &Field| head.number(f).and_then(|n| i32::try_from(n).ok());
    let (x, y) = (edge(&at::ACTIVE_LEFT), edge(&at::ACTIVE_TOP));
    let (w, h) = (head.number(&at::ACTIVE_WIDTH), head.number(&at::ACTIVE_HEIGHT));
    if let (Some(x), Some(y), Some(w), Some(h)) = (x, y, w.filter(|n| *n > 0), h.filter(|n| *n > 0)) {
        let inside = |from: i32, n: u32, all: u32| i64::from(from) + i64::from(n) <= i64::from(all);
        if inside(x, w, width) && inside(y, h, height) {
            let active = Rect { x, y, width: w, height: h };
            doc.set("image.active", |d| &mut d.image.active, active, origin(&at::ACTIVE_LEFT));
        } else {
            doc.warn("META-VALUE", "the active area reaches beyond the picture");
        }
    }
    Ok(())
}

/// Whether the photosites are all there, and how they lie: three bytes for two where they take exactly that room.
fn essence(head: &Fixed, input: &Input<'_>, doc: &mut ClipDoc) -> Result<(), Error> {
    let said = |f: &Field| head.number(f).filter(|n| *n > 0).map(u64::from);
    let header = said(&at::HEADER_SIZE).unwrap_or(0);
    let from = said(&at::DATA_OFFSET).filter(|n| *n >= header).unwrap_or(header);
    let sites = u64::from(doc.image.width.unwrap_or(0)).saturating_mul(u64::from(doc.image.height.unwrap_or(0)));
    let packed = sites.saturating_mul(12).div_ceil(8);
    let size = said(&at::DATA_SIZE);
    let room = input.size.saturating_sub(from);
    if size.unwrap_or(room) == packed {
        let o = || origin(&at::DATA_SIZE);
        doc.set("format.bit_depth", |d| &mut d.format.bit_depth, 12, o());
        doc.set("format.compression", |d| &mut d.format.compression, "none".into(), o());
    }
    // type 1 is 12 bits packed: a size that the header does not say follows from the picture
    let compressed = has_extension(input.path.as_path(), &["arx"]);
    let implied = || (head.number(&at::DATA_TYPE) == Some(1) && !compressed).then_some(packed);
    if let Some(end) = size.or_else(implied).map(|n| from.saturating_add(n)).filter(|end| *end > input.size) {
        let missing = end - input.size;
        let what = format!("the picture is cut off: {missing} bytes of its photosites are missing");
        return Err(Error::truncated(what).offset(input.size).fix("copy the frame again from its source"));
    }
    Ok(())
}

fn camera(head: &Fixed, doc: &mut ClipDoc) {
    let make = || Origin::new(ID, "root.magic", "offset 0x0");
    doc.set("camera.make", |d| &mut d.camera.make, "ARRI".into(), make());
    let model = text(head, &at::MODEL).map(|t| (t, &at::MODEL));
    if let Some((t, f)) = model.or_else(|| text(head, &at::FAMILY).map(|t| (t, &at::FAMILY))) {
        doc.set("camera.model", |d| &mut d.camera.model, t, origin(f));
    }
    if let Some(n) = head.number(&at::CAMERA_SERIAL).filter(|n| *n > 0) {
        doc.set("camera.serial", |d| &mut d.camera.serial, n.to_string(), origin(&at::CAMERA_SERIAL));
    }
    let letter = head.number(&at::CAMERA_INDEX).and_then(char::from_u32).filter(char::is_ascii_uppercase);
    if let Some(c) = letter {
        doc.set("camera.index", |d| &mut d.camera.index, c.to_string(), origin(&at::CAMERA_INDEX));
    }
    let medium = head.number(&at::MEDIUM_LOW).zip(head.number(&at::MEDIUM_HIGH));
    if let Some(n) = medium.map(|(low, high)| u64::from(high) << 32 | u64::from(low)).filter(|n| *n > 0) {
        doc.set("media.serial", |d| &mut d.media.serial, n.to_string(), origin(&at::MEDIUM_LOW));
    }
    if let Some(s) = head.number(&at::EXPOSURE_TIME).filter(|n| *n > 0).map(|n| f64::from(n) / 1e6) {
        doc.set("exposure.shutter_s", |d| &mut d.exposure.shutter_s, s, origin(&at::EXPOSURE_TIME));
    }
    if let Some(a) = thousandths(head, &at::SHUTTER_ANGLE).filter(|a| *a <= 360.0) {
        doc.set("exposure.shutter_angle", |d| &mut d.exposure.shutter_angle, a, origin(&at::SHUTTER_ANGLE));
    }
    if let Some(d) = date(head) {
        doc.set("recorded.date", |x| &mut x.recorded.date, d, origin(&at::DATE));
    }
}

/// Date and time of the camera's clock; its zone is not certain from the header and stays in `raw`.
fn date(head: &Fixed) -> Option<String> {
    let (date, time) = (head.number(&at::DATE)?, head.number(&at::TIME)?);
    let digits = format!("{date:08x}{time:08x}");
    let part = |r: std::ops::Range<usize>| digits.get(r);
    let stamp =
        format!("{}:{}:{}:{}:{}:{}", part(0..4)?, part(4..6)?, part(6..8)?, part(8..10)?, part(10..12)?, part(12..14)?);
    super::dpx::iso_date(&stamp)
}

fn timing(head: &Fixed, doc: &mut ClipDoc) {
    let rate = |f: &Field| thousandths(head, f).and_then(Rational::from_decimal_rate);
    if let Some(r) = rate(&at::PROJECT_RATE) {
        doc.set("fps.project", |d| &mut d.fps.project, r, origin(&at::PROJECT_RATE));
    }
    if let Some(r) = rate(&at::SENSOR_RATE) {
        doc.set("fps.sensor", |d| &mut d.fps.sensor, r, origin(&at::SENSOR_RATE));
    }
    let Some(bcd) = head.number(&at::TIMECODE) else { return };
    let Some(base) = rate(&at::TIME_BASE) else {
        let text = format!("the timecode {} cannot be counted: the header gives no time base", bcd_label(bcd));
        doc.warn("META-RATE-UNKNOWN", text);
        return;
    };
    match timecode(bcd, None, base) {
        Some(t) => {
            let info = TimecodeInfo { start: t.to_string(), end: None, rate: base, drop: t.is_drop() };
            doc.set("timecode.start", |d| &mut d.timecode, info, origin(&at::TIMECODE));
        }
        None => doc.warn("META-TIMECODE", format!("{} is no timecode at {base} frames per second", bcd_label(bcd))),
    }
}

fn content(head: &Fixed, doc: &mut ClipDoc) {
    if let Some(n) = head.number(&at::EXPOSURE_INDEX).filter(|n| *n > 0) {
        doc.set("exposure.iso", |d| &mut d.exposure.iso, n, origin(&at::EXPOSURE_INDEX));
    }
    if let Some(k) = head.number(&at::WHITE_BALANCE).filter(|n| (1000..=100_000).contains(n)) {
        doc.set("exposure.white_balance_k", |d| &mut d.exposure.white_balance_k, k, origin(&at::WHITE_BALANCE));
    }
    if let Some(x) = head.real(&at::SQUEEZE).filter(|x| (0.5..=4.0).contains(x)) {
        // three decimals are what the camera shows; the rest is the noise of a single
        let squeeze = (f64::from(x) * 1000.0).round() / 1000.0;
        doc.set("lens.squeeze", |d| &mut d.lens.squeeze, squeeze, origin(&at::SQUEEZE));
    }
    if let Some(n) = head.number(&at::FLIP).filter(|n| *n != 0) {
        doc.warn("META-VALUE", format!("the header says that the picture is mirrored (flip code {n})"));
    }
    if let Some(t) = text(head, &at::LOOK) {
        doc.set("color.look", |d| &mut d.color.look, t, origin(&at::LOOK));
    }
    let three = |fields: [&Field; 3]| -> Option<[f64; 3]> {
        let [a, b, c] = fields.map(|f| head.real(f).map(f64::from));
        Some([a?, b?, c?])
    };
    let slope = three([&at::CDL_SLOPE_RED, &at::CDL_SLOPE_GREEN, &at::CDL_SLOPE_BLUE]);
    let offset = three([&at::CDL_OFFSET_RED, &at::CDL_OFFSET_GREEN, &at::CDL_OFFSET_BLUE]);
    let power = three([&at::CDL_POWER_RED, &at::CDL_POWER_GREEN, &at::CDL_POWER_BLUE]);
    let saturation = head.real(&at::CDL_SATURATION).map(f64::from);
    let on = head.number(&at::CDL_MODE).is_some_and(|n| n != 0);
    if let (true, Some(slope), Some(offset), Some(power), Some(saturation)) = (on, slope, offset, power, saturation) {
        let cdl = Cdl { slope, offset, power, saturation };
        doc.set("color.cdl", |d| &mut d.color.cdl, cdl, origin(&at::CDL_SATURATION));
    }
}

fn lens(head: &Fixed, doc: &mut ClipDoc) {
    if let Some(t) = text(head, &at::LENS_MODEL) {
        doc.set("lens.model", |d| &mut d.lens.model, t, origin(&at::LENS_MODEL));
    }
    if let Some(n) = head.number(&at::LENS_SERIAL).filter(|n| *n > 0) {
        doc.set("lens.serial", |d| &mut d.lens.serial, n.to_string(), origin(&at::LENS_SERIAL));
    }
    if let Some(mm) = thousandths(head, &at::FOCAL_LENGTH) {
        doc.set("lens.focal_length_mm", |d| &mut d.lens.focal_length_mm, mm, origin(&at::FOCAL_LENGTH));
    }
    if let Some(m) = thousandths(head, &at::FOCUS).filter(|_| head.number(&at::LENS_UNIT) == Some(1)) {
        doc.set("lens.focus_m", |d| &mut d.lens.focus_m, m, origin(&at::FOCUS));
    }
    if let Some(n) = head.number(&at::LINEAR_IRIS).filter(|n| (1..=20_000).contains(n)) {
        let stop = ((f64::from(n) - 1000.0) / 2000.0).exp2();
        let stop = (stop * 100.0).round() / 100.0;
        doc.set("lens.t_stop", |d| &mut d.lens.t_stop, stop, origin(&at::LINEAR_IRIS));
    }
}

fn clip(head: &Fixed, doc: &mut ClipDoc) {
    if let Some(t) = text(head, &at::REEL) {
        doc.set("reel", |d| &mut d.reel, t, origin(&at::REEL));
    }
    if let Some(t) = text(head, &at::SCENE) {
        doc.set("slate.scene", |d| &mut d.slate.scene, t, origin(&at::SCENE));
    }
    if let Some(t) = text(head, &at::TAKE) {
        doc.set("slate.take", |d| &mut d.slate.take, t, origin(&at::TAKE));
    }
    if head.number(&at::CIRCLED) == Some(1) {
        doc.set("slate.circled", |d| &mut d.slate.circled, true, origin(&at::CIRCLED));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::format::fixtures::{flips_and_cuts, read_bytes};

    fn file() -> Vec<u8> {
        let mut h = at::new();
        let valid = [at::DATA_VALID, at::CONTENT_VALID, at::CAMERA_VALID, at::LENS_VALID, at::CLIP_VALID];
        for f in valid {
            h.set_number(&f, 1);
        }
        for (f, n) in [
            (at::WIDTH, 8),
            (at::HEIGHT, 4),
            (at::DATA_TYPE, 1),
            (at::ACTIVE_LEFT, 2),
            (at::ACTIVE_WIDTH, 4),
            (at::ACTIVE_HEIGHT, 4),
            (at::EXPOSURE_INDEX, 800),
            (at::WHITE_BALANCE, 5600),
            (at::CAMERA_SERIAL, 2566),
            (at::CAMERA_INDEX, u32::from(b'B')),
            (at::DATE, 0x2018_0327),
            (at::TIME, 0x1236_5100),
            (at::EXPOSURE_TIME, 20_000),
            (at::SHUTTER_ANGLE, 172_800),
            (at::SENSOR_RATE, 48_000),
            (at::PROJECT_RATE, 23_976),
            (at::TIME_BASE, 23_976),
            (at::TIMECODE, 0x1336_4907),
            (at::LENS_UNIT, 1),
            (at::FOCUS, 4812),
            (at::FOCAL_LENGTH, 40_000),
            (at::LINEAR_IRIS, 2667),
            (at::CDL_MODE, 3),
        ] {
            h.set_number(&f, n);
        }
        for f in [at::CDL_SATURATION, at::CDL_SLOPE_RED, at::CDL_SLOPE_GREEN, at::CDL_SLOPE_BLUE, at::SQUEEZE] {
            h.set_real(&f, 1.3);
        }
        for (f, t) in [
            (at::MODEL, "Alexa LF Plus W"),
            (at::REEL, "B003R1Z"),
            (at::SCENE, "no scene name"),
            (at::TAKE, "3"),
            (at::LENS_MODEL, "ARRI SP40 T1.8"),
        ] {
            h.set_text(&f, t);
        }
        h.put(at::UUID_AT, &[7; 16]);
        [h.bytes, vec![0x55; 48]].concat()
    }

    #[test]
    fn what_the_header_says() {
        let doc = read_bytes(&Arriraw, &file()).unwrap();
        assert_eq!((doc.image.width, doc.format.bit_depth), (Some(8), Some(12)));
        assert_eq!(doc.image.active, Some(Rect { x: 2, y: 0, width: 4, height: 4 }));
        assert_eq!(
            (doc.camera.model.as_deref(), doc.camera.serial.as_deref()),
            (Some("Alexa LF Plus W"), Some("2566"))
        );
        assert_eq!((doc.exposure.iso, doc.exposure.white_balance_k), (Some(800), Some(5600)));
        assert_eq!((doc.exposure.shutter_s, doc.exposure.shutter_angle), (Some(0.02), Some(172.8)));
        assert_eq!((doc.fps.project, doc.fps.sensor), (Rational::new(24_000, 1001), Rational::new(48, 1)));
        assert_eq!(doc.timecode.as_ref().map(|t| t.start.as_str()), Some("13:36:49:07"));
        assert_eq!((doc.lens.focus_m, doc.lens.t_stop), (Some(4.812), Some(1.78)));
        assert_eq!((doc.lens.squeeze, doc.lens.focal_length_mm), (Some(1.3), Some(40.0)));
        assert_eq!((doc.reel.as_deref(), doc.slate.scene.as_deref()), (Some("B003R1Z"), None));
        assert_eq!(doc.recorded.date.as_deref(), Some("2018-03-27T12:36:51"));
        assert_eq!(doc.raw[ID]["camera.uuid"], "07".repeat(16));
        assert!(doc.color.cdl.is_some() && doc.warnings.is_empty(), "{:?}", doc.warnings);
    }

    #[test]
    fn hostile_bytes() {
        flips_and_cuts(&Arriraw, &file(), true);
    }
}
