//! Acquisition metadata of the first frame (SMPTE RDD 18, EBU Tech 3349): what lens and camera wrote beside it.
//!
//! The sets lie in the system item or in ancillary data of each content package. They are found by their keys; a set that is
//! spread over several ancillary packets is read as far as the first goes.

use super::graph::{Graph, class};
use super::{ID, raw};
use crate::engine::container::bytes::Bytes;
use crate::engine::container::mxf::{Klv, Set, Structure, Ul, klv};
use crate::model::{ClipDoc, Error, Limits, Origin, Rational};

/// Most bytes of one element that are looked at.
const MOST: u64 = 64 << 10;
/// Most sets of a frame.
const MOST_SETS: usize = 16;
/// Bytes 1 to 12 of the keys of acquisition sets.
const KEY: [u8; 12] = [0x06, 0x0e, 0x2b, 0x34, 0x02, 0x53, 0x01, 0x01, 0x0c, 0x02, 0x01, 0x01];

/// Reads the acquisition sets of the first content package.
///
/// # Errors
/// I/O and limits.
pub(super) fn read(s: &Structure, b: &mut Bytes<'_>, doc: &mut ClipDoc) -> Result<(), Error> {
    let mut sets = Vec::new();
    // system items and data: pictures and sound hold none
    let carries = |k: &&Klv| k.is_system() || matches!(k.key.byte(12), 0x07 | 0x17 | 0x18);
    for k in s.essence.first.iter().filter(carries).take(8) {
        b.seek(k.body);
        let value = b.take(k.len.min(MOST))?;
        find(&value, k.body, &mut sets);
        // sets that are elements themselves
        if k.key.0.starts_with(&KEY) {
            sets.push(Set::parse(k.key, k.at, &value).0);
        }
    }
    for one in sets.iter().take(MOST_SETS) {
        let kind = match (one.key.byte(12), one.key.byte(13)) {
            (1, 1) => "lens",
            (2, 1) => "camera",
            _ => "user",
        };
        for p in one.items.iter().take(128) {
            doc.keep(ID, &format!("acquisition.{kind}.{:04x}", p.tag), raw::hex(&p.value));
        }
        if kind != "user" {
            fields(one, kind == "lens", doc);
        }
    }
    Ok(())
}

/// The sets in a run of bytes.
fn find(value: &[u8], at: u64, out: &mut Vec<Set>) {
    let limits = Limits::default();
    let places = value.windows(KEY.len()).enumerate().filter(|(_, w)| *w == KEY).map(|(n, _)| n);
    for n in places.take(MOST_SETS) {
        let Some(rest) = value.get(n..) else { continue };
        let mut b = Bytes::slice(rest, &limits);
        let Ok(key) = b.array().map(Ul) else { continue };
        let Ok(len) = klv::length(&mut b) else { continue };
        let left = b.left();
        let Ok(contents) = b.take(len.min(left)) else { continue };
        out.push(Set::parse(key, at.saturating_add(u64::try_from(n).unwrap_or(0)), &contents).0);
    }
}

/// An iris: f = 2^(8 (1 - n / 65536)).
fn iris(n: u16) -> f64 {
    (8.0 * (1.0 - f64::from(n) / 65_536.0)).exp2()
}

/// Four bits of signed exponent and twelve of mantissa, in decimal.
fn small(n: u16) -> f64 {
    let exponent = i32::from((n >> 12) as u8);
    let exponent = if exponent > 7 { exponent - 16 } else { exponent };
    f64::from(n & 0x0fff) * 10f64.powi(exponent)
}

fn fields(s: &Set, lens: bool, doc: &mut ClipDoc) {
    let o = |name: &str| Origin::new(ID, format!("RDD 18 {name}"), format!("first frame, offset {:#x}", s.at));
    let rounded = |x: f64| (x * 1e4).round() / 1e4;
    if lens {
        if let Some(t) = s.u16(0x8008).filter(|n| *n > 0) {
            doc.set("lens.t_stop", |d| &mut d.lens.t_stop, rounded(iris(t)), o("IrisTNumber"));
        }
        if let Some(x) = s.u16(0x8001).map(small).filter(|x| *x > 0.0) {
            doc.set("lens.focus_m", |d| &mut d.lens.focus_m, rounded(x), o("FocusPositionFromImagePlane"));
        }
        if let Some(x) = s.u16(0x8005).map(small).filter(|x| *x > 0.0) {
            let mm = rounded(x * 1000.0);
            doc.set("lens.focal_length_mm", |d| &mut d.lens.focal_length_mm, mm, o("LensZoomActualFocalLength"));
        }
        if let Some(t) = s.get(0x8007).and_then(text) {
            doc.set("lens.model", |d| &mut d.lens.model, t, o("LensAttributes"));
        }
        return;
    }
    if let Some(n) = s.u32(0x8108).filter(|n| (1..=21_600).contains(n)) {
        let degrees = rounded(f64::from(n) / 60.0);
        doc.set("exposure.shutter_angle", |d| &mut d.exposure.shutter_angle, degrees, o("ShutterSpeed_Angle"));
    }
    if let Some((n, m)) = s.rational(0x8109).filter(|(n, m)| *n > 0 && *m > 0) {
        let seconds = f64::from(n) / f64::from(m);
        doc.set("exposure.shutter_s", |d| &mut d.exposure.shutter_s, seconds, o("ShutterSpeed_Time"));
    }
    // exposure index before sensitivity: it is what the exposure was made for
    for (tag, name) in [(0x8115, "ExposureIndexofPhotoMeter"), (0x810b, "ISOSensitivity")] {
        if let Some(n) = s.u16(tag).filter(|n| *n > 0) {
            doc.set("exposure.iso", |d| &mut d.exposure.iso, u32::from(n), o(name));
            break;
        }
    }
    if let Some(n) = s.u16(0x810e).filter(|n| *n > 0) {
        let k = u32::from(n);
        doc.set("exposure.white_balance_k", |d| &mut d.exposure.white_balance_k, k, o("WhiteBalance"));
    }
    if let Some(n) = s.u16(0x8103).filter(|n| *n > 0) {
        let nd = if n == 1 { "clear".to_owned() } else { format!("1/{n}") };
        doc.set("exposure.nd", |d| &mut d.exposure.nd, nd, o("NeutralDensityFilterWheelSetting"));
    }
    if let Some(r) = s.rational(0x8106).and_then(super::graph::rate).filter(|r: &Rational| r.nominal() <= 10_000) {
        doc.set("fps.sensor", |d| &mut d.fps.sensor, r, o("CaptureFrameRate"));
    }
    if let Some(t) = s.get(0x8114).and_then(text) {
        attributes(&t, &o("CameraAttributes"), doc);
    }
}

/// Model and serial number, as one text with the number at its end: at least five figures, as model names end in fewer.
fn attributes(t: &str, origin: &Origin, doc: &mut ClipDoc) {
    let (model, serial) = match t.rsplit_once(char::is_whitespace) {
        Some((m, s)) if s.len() >= 5 && s.bytes().all(|c| c.is_ascii_digit()) => (m.trim(), Some(s)),
        _ => (t, None),
    };
    doc.set("camera.model", |d| &mut d.camera.model, model.to_owned(), origin.clone());
    if let Some(s) = serial {
        doc.set("camera.serial", |d| &mut d.camera.serial, s.to_owned(), origin.clone());
    }
}

fn text(value: &[u8]) -> Option<String> {
    crate::engine::container::bytes::field_text(value).filter(|t| t.len() <= 256 && !t.contains(char::is_control))
}

/// Makers and beginnings of product names that are cameras and nothing else. Other products of these makers are decks and
/// programs, so a company's name alone says nothing.
const CAMERAS: &[(&str, &str, &[&str])] = &[
    ("ARRI", "ARRI", &["ALEXA", "AMIRA"]),
    ("SONY", "Sony", &["PXW-", "ILME-", "MPC-"]),
    ("CANON", "Canon", &["EOS "]),
];

/// The camera, where the first program that wrote the file is one: the others changed it later.
pub(super) fn writer(graph: &Graph<'_>, doc: &mut ClipDoc) {
    let Some(first) = graph.of_class(class::IDENTIFICATION).next() else { return };
    let (Some(company), Some(product)) = (first.text(0x3c01), first.text(0x3c02)) else { return };
    let (upper, name) = (company.to_ascii_uppercase(), product.to_ascii_uppercase());
    let known = |c: &&(&str, &str, &[&str])| upper.contains(c.0) && c.2.iter().any(|begin| name.starts_with(begin));
    let Some((_, make, _)) = CAMERAS.iter().find(known) else { return };
    let origin = |tag: &str| Origin::new(ID, format!("Identification.{tag}"), format!("offset {:#x}", first.at));
    doc.set("camera.make", |d| &mut d.camera.make, (*make).to_owned(), origin("CompanyName"));
    // what the camera's own metadata say of the model is more exact
    if doc.camera.model.is_none() {
        doc.set("camera.model", |d| &mut d.camera.model, product, origin("ProductName"));
    }
    if let Some(v) = first.text(0x3c04) {
        doc.set("camera.firmware", |d| &mut d.camera.firmware, v, origin("VersionString"));
    }
}

/// Reads the XML that Sony's cameras leave in a stream of its own (`NonRealTimeMeta`; generic streams, ST 410).
///
/// # Errors
/// I/O and limits.
pub(super) fn documents(s: &Structure, b: &mut Bytes<'_>, limits: &Limits, doc: &mut ClipDoc) -> Result<(), Error> {
    let streams = s.partitions.iter().filter(|p| p.is_stream && p.body_sid > 0).take(16);
    for p in streams {
        let mut at = p.end;
        for _ in 0..8 {
            if at.saturating_add(17) > b.size() {
                break;
            }
            b.seek(at);
            let k = match Klv::read(b) {
                Ok(k) if k.missing(b.size()) == 0 => k,
                Err(e) if matches!(e.code.as_ref(), "LIMIT-SIZE" | "FILE-UNREADABLE" | "FILE-CHANGED") => {
                    return Err(e);
                }
                _ => break,
            };
            at = k.end();
            if k.is_fill() || k.len > u64::from(limits.text) {
                continue;
            }
            if crate::engine::container::mxf::partition::kind(&k.key).is_some() {
                break;
            }
            b.seek(k.body);
            let value = b.take(k.len)?;
            let value = value.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&value);
            if let Some(t) = std::str::from_utf8(value).ok().filter(|t| t.trim_start().starts_with("<?xml")) {
                doc.keep(ID, &format!("document[{}]", p.body_sid), t.to_owned());
                device(t, k.at, doc);
            }
        }
    }
    Ok(())
}

/// `<Device manufacturer="…" modelName="…" serialNo="…"/>`.
fn device(xml: &str, at: u64, doc: &mut ClipDoc) {
    let mut reader = quick_xml::Reader::from_str(xml);
    for _ in 0..2000 {
        let e = match reader.read_event() {
            Ok(quick_xml::events::Event::Start(e) | quick_xml::events::Event::Empty(e)) => e,
            Ok(quick_xml::events::Event::Eof) | Err(_) => return,
            Ok(_) => continue,
        };
        if e.local_name().as_ref() != "Device" {
            continue;
        }
        for a in e.attributes().flatten() {
            let name = a.key.local_name().as_ref().to_owned();
            let value = a.value.trim().to_owned();
            let fits = !value.is_empty() && value.len() <= 256 && !value.contains(['&', '<']);
            let o = Origin::new(ID, format!("NonRealTimeMeta Device@{name}"), format!("offset {at:#x}"));
            match name.as_str() {
                "manufacturer" if fits => doc.set("camera.make", |d| &mut d.camera.make, value, o),
                "modelName" if fits => doc.set("camera.model", |d| &mut d.camera.model, value, o),
                "serialNo" if fits => doc.set("camera.serial", |d| &mut d.camera.serial, value, o),
                _ => {}
            }
        }
        return;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_the_camera() {
        assert!((iris(0x8000) - 16.0).abs() < 1e-9);
        assert!((small(0xd023) - 0.035).abs() < 1e-12, "{}", small(0xd023));
        assert!((small(0x0002) - 2.0).abs() < 1e-12);
        assert!((small(0x1019) - 250.0).abs() < 1e-9);
    }
}
