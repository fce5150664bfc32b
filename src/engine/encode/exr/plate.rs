//! The attributes of a plate from the document of its clip ("Standard Optional Attributes" of OpenEXR).

use super::ExrValue;
use crate::engine::container::exr::pack_timecode;
use crate::engine::encode::FrameStamp;
use crate::model::{ClipDoc, Rational, Timecode};

/// CIE x and y of red, green, blue and white of ACES AP0 (SMPTE ST 2065-1).
pub const AP0: [f32; 8] = [0.7347, 0.2653, 0.0, 1.0, 0.0001, -0.077, 0.32168, 0.33767];

/// CIE x and y of red, green, blue and white of ACES AP1.
pub const AP1: [f32; 8] = [0.713, 0.293, 0.165, 0.83, 0.128, 0.044, 0.32168, 0.33767];

/// The linear colour space that the samples are in.
#[derive(Debug, Clone, PartialEq)]
pub struct ColourSpace {
    /// CIE x and y of red, green, blue and white.
    pub chromaticities: [f32; 8],
    /// Its name of the Color Interop Forum (`lin_ap0_scene`), when it has one.
    pub interop_id: Option<String>,
}

/// The standard attributes of a plate, sorted by name. Only what is known is written: no date but the camera's, no rate
/// and no timecode that the document or the stamp does not have. Above 30 frames per second the timecode counts pairs
/// of frames with the field bit; above 60 it is left out, since its digits do not suffice.
#[must_use]
pub fn plate_attributes(doc: &ClipDoc, stamp: &FrameStamp, space: Option<&ColourSpace>) -> Vec<(String, ExrValue)> {
    let mut out = Vec::new();
    texts(doc, &mut out);
    numbers(doc, &mut out);
    let mut add = |name: &str, value: Option<ExrValue>| out.extend(value.map(|v| (name.to_owned(), v)));
    let rate = stamp.rate.or(doc.fps.project).or(stamp.timecode.map(Timecode::rate));
    add("framesPerSecond", rate.and_then(rational));
    add("captureRate", doc.fps.sensor.and_then(rational));
    let time = stamp.timecode.and_then(pack_timecode);
    add("timeCode", time.map(|time| ExrValue::TimeCode { time, user: 0 }));
    add("imageCounter", i32::try_from(stamp.frame).ok().map(ExrValue::Int));
    if let Some((local, offset)) = doc.recorded.date.as_deref().and_then(local_time) {
        add("capDate", Some(ExrValue::Text(local)));
        add("utcOffset", offset.map(ExrValue::Float));
    }
    if let Some(space) = space {
        add("chromaticities", Some(ExrValue::Chromaticities(space.chromaticities)));
        let id = space.interop_id.as_ref().filter(|id| !id.is_empty());
        add("colorInteropID", id.map(|id| ExrValue::Text(id.clone())));
    }
    out.sort_by(|a, b| a.0.as_bytes().cmp(b.0.as_bytes()));
    out
}

fn texts(doc: &ClipDoc, out: &mut Vec<(String, ExrValue)>) {
    for (name, text) in [
        ("cameraMake", &doc.camera.make),
        ("cameraModel", &doc.camera.model),
        ("cameraSerialNumber", &doc.camera.serial),
        ("cameraFirmwareVersion", &doc.camera.firmware),
        ("cameraLabel", &doc.camera.index),
        ("lensMake", &doc.lens.make),
        ("lensModel", &doc.lens.model),
        ("lensSerialNumber", &doc.lens.serial),
        ("reelName", &doc.reel),
    ] {
        if let Some(t) = text.as_deref().filter(|t| !t.is_empty()) {
            out.push((name.to_owned(), ExrValue::Text(t.to_owned())));
        }
    }
}

fn numbers(doc: &ClipDoc, out: &mut Vec<(String, ExrValue)>) {
    for (name, number) in [
        ("isoSpeed", doc.exposure.iso.map(f64::from)),
        ("shutterAngle", doc.exposure.shutter_angle),
        ("expTime", doc.exposure.shutter_s),
        ("cameraCCTSetting", doc.exposure.white_balance_k.map(f64::from)),
        ("cameraTintSetting", doc.exposure.tint),
        ("nominalFocalLength", doc.lens.focal_length_mm),
        ("tStop", doc.lens.t_stop),
        ("focus", doc.lens.focus_m),
    ] {
        if let Some(x) = number.map(|x| x as f32).filter(|x| x.is_finite()) {
            out.push((name.to_owned(), ExrValue::Float(x)));
        }
    }
}

fn rational(r: Rational) -> Option<ExrValue> {
    Some(ExrValue::Rational(i32::try_from(r.num()).ok()?, r.den()))
}

/// `YYYY:MM:DD hh:mm:ss`, and the seconds from that local time to UTC when ISO 8601 says the zone.
fn local_time(iso: &str) -> Option<(String, Option<f32>)> {
    let (date, rest) = iso.split_once(['T', ' '])?;
    let (time, zone) = rest.split_at_checked(8)?;
    let digits = |t: &str, separators: &[usize]| {
        t.bytes().enumerate().all(|(n, b)| b.is_ascii_digit() != separators.contains(&n))
    };
    if date.len() != 10 || !digits(date, &[4, 7]) || !digits(time, &[2, 5]) {
        return None;
    }
    // parts of a second have no place in capDate
    let zone = zone.trim_start_matches(|c: char| c == '.' || c.is_ascii_digit());
    Some((format!("{} {time}", date.replace('-', ":")), offset(zone)))
}

/// Seconds that must be added to local time to get UTC: the other sign than that of ISO 8601.
fn offset(zone: &str) -> Option<f32> {
    if zone == "Z" {
        return Some(0.0);
    }
    let sign = match zone.chars().next()? {
        '+' => -1.0,
        '-' => 1.0,
        _ => return None,
    };
    let (hours, minutes) = zone.get(1..)?.split_once(':')?;
    let seconds = hours.parse::<u8>().ok().filter(|h| *h < 24)? as f32 * 3600.0;
    Some(sign * (seconds + minutes.parse::<u8>().ok().filter(|m| *m < 60)? as f32 * 60.0) + 0.0)
}
