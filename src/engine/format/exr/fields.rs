//! Standard attributes ("Standard Optional Attributes" of OpenEXR) as fields of the document.

use super::{origin, raw};
use crate::engine::container::exr::{Blocks, ExrValue, Part, SampleKind, decimal, unpack_timecode};
use crate::engine::format::dpx::iso_date;
use crate::model::{ClipDoc, Rational, TimecodeInfo};

/// Fills what the standard attributes say.
pub(super) fn fill(blocks: &Blocks, part: &Part, doc: &mut ClipDoc) {
    texts(part, doc);
    numbers(part, doc);
    rates(part, doc);
    date(part, doc);
    color(blocks, part, doc);
}

/// A finite number of any numeric type.
pub(super) fn number(part: &Part, name: &str) -> Option<f64> {
    let x = match part.get(name)?.value {
        ExrValue::Float(x) => decimal(x),
        ExrValue::Double(x) => x,
        ExrValue::Int(n) => f64::from(n),
        ExrValue::Rational(n, d) if d > 0 => f64::from(n) / f64::from(d),
        _ => return None,
    };
    x.is_finite().then_some(x)
}

fn texts(part: &Part, doc: &mut ClipDoc) {
    let mut set = |name: &str, field: &str, pick: fn(&mut ClipDoc) -> &mut Option<String>| {
        if let Some(t) = part.text(name).map(str::trim).filter(|t| !t.is_empty()) {
            doc.set(field, pick, t.to_owned(), origin(part, name));
        }
    };
    set("cameraMake", "camera.make", |d| &mut d.camera.make);
    set("cameraModel", "camera.model", |d| &mut d.camera.model);
    set("cameraSerialNumber", "camera.serial", |d| &mut d.camera.serial);
    set("cameraFirmwareVersion", "camera.firmware", |d| &mut d.camera.firmware);
    set("reelName", "reel", |d| &mut d.reel);
    set("lensMake", "lens.make", |d| &mut d.lens.make);
    set("lensModel", "lens.model", |d| &mut d.lens.model);
    set("lensSerialNumber", "lens.serial", |d| &mut d.lens.serial);
}

fn numbers(part: &Part, doc: &mut ClipDoc) {
    let mut set =
        |name: &str, field: &str, most: f64, pick: fn(&mut ClipDoc) -> &mut Option<f64>| match number(part, name) {
            Some(x) if x > 0.0 && x <= most => doc.set(field, pick, x, origin(part, name)),
            Some(x) if x != 0.0 => doc.warn("META-VALUE", format!("{name} is {x}, which is not possible")),
            _ => {}
        };
    set("shutterAngle", "exposure.shutter_angle", 360.0, |d| &mut d.exposure.shutter_angle);
    set("expTime", "exposure.shutter_s", f64::MAX, |d| &mut d.exposure.shutter_s);
    set("tStop", "lens.t_stop", f64::MAX, |d| &mut d.lens.t_stop);
    // infinity is a distance that lenses are set to: absent here, kept in raw
    set("focus", "lens.focus_m", f64::MAX, |d| &mut d.lens.focus_m);
    let lengths = ["nominalFocalLength", "effectiveFocalLength", "pinholeFocalLength"];
    if let Some(name) = lengths.into_iter().find(|n| number(part, n).is_some_and(|x| x > 0.0)) {
        set(name, "lens.focal_length_mm", f64::MAX, |d| &mut d.lens.focal_length_mm);
    }
    if let Some(x) = number(part, "cameraTintSetting") {
        doc.set("exposure.tint", |d| &mut d.exposure.tint, x, origin(part, "cameraTintSetting"));
    }
    let mut whole = |name: &str, field: &str, pick: fn(&mut ClipDoc) -> &mut Option<u32>| {
        if let Some(x) = number(part, name).map(f64::round).filter(|x| *x >= 1.0 && *x <= f64::from(u32::MAX)) {
            doc.set(field, pick, x as u32, origin(part, name));
        }
    };
    whole("isoSpeed", "exposure.iso", |d| &mut d.exposure.iso);
    whole("cameraCCTSetting", "exposure.white_balance_k", |d| &mut d.exposure.white_balance_k);
}

/// A rate, exact when it is a whole number or n/1001; others are resolved as decimals are.
fn rate(part: &Part, name: &str, doc: &mut ClipDoc) -> Option<Rational> {
    let exact = match part.get(name)?.value {
        ExrValue::Rational(n, d) => u32::try_from(n).ok().and_then(|n| Rational::new(n, d)),
        _ => None,
    };
    if let Some(r) = exact.filter(|r| matches!(r.den(), 1 | 1001)) {
        return Some(r);
    }
    let meant = number(part, name).and_then(Rational::from_decimal_rate);
    match (exact, meant) {
        (Some(said), Some(r)) if said != r => {
            doc.warn("META-RATE", format!("{name} is {said}, which is taken for {r}"));
            Some(r)
        }
        (said, r) => {
            let rate = r.or(said);
            if rate.is_none() {
                doc.warn("META-RATE", format!("{name} is no frame rate"));
            }
            rate
        }
    }
}

fn rates(part: &Part, doc: &mut ClipDoc) {
    if let Some(r) = rate(part, "captureRate", doc) {
        doc.set("fps.sensor", |d| &mut d.fps.sensor, r, origin(part, "captureRate"));
    }
    let project = rate(part, "framesPerSecond", doc);
    if let Some(r) = project {
        doc.set("fps.project", |d| &mut d.fps.project, r, origin(part, "framesPerSecond"));
    }
    let Some(ExrValue::TimeCode { time, .. }) = part.get("timeCode").map(|a| &a.value) else { return };
    let Some(rate) = project else {
        let text = format!("the timecode {} cannot be counted: there is no framesPerSecond", raw::label(*time));
        doc.warn("META-RATE-UNKNOWN", text);
        return;
    };
    match unpack_timecode(*time, rate) {
        Some(t) => {
            let info = TimecodeInfo { start: t.to_string(), end: None, rate, drop: t.is_drop() };
            doc.set("timecode.start", |d| &mut d.timecode, info, origin(part, "timeCode"));
        }
        None => {
            let text = format!("{} is no timecode at {rate} frames per second", raw::label(*time));
            doc.warn("META-TIMECODE", text);
        }
    }
}

/// `capDate` is local time, and UTC is local time plus `utcOffset` seconds.
fn date(part: &Part, doc: &mut ClipDoc) {
    let Some(local) = part.text("capDate").map(str::trim).filter(|t| !t.is_empty()) else { return };
    let zone = number(part, "utcOffset").and_then(zone).unwrap_or_default();
    match iso_date(&format!("{local}{zone}")).filter(|_| local.len() == 19) {
        Some(d) => doc.set("recorded.date", |d| &mut d.recorded.date, d, origin(part, "capDate")),
        None => doc.warn("META-DATE", format!("capDate is `{local}`, which is no date")),
    }
}

/// Seconds from local time to UTC as the zone of ISO 8601, whose sign is the other one.
fn zone(offset: f64) -> Option<String> {
    let minutes = (-offset / 60.0).round();
    let sign = if minutes < 0.0 { '-' } else { '+' };
    let n = minutes.abs() as u32;
    (n <= 18 * 60).then(|| format!("{sign}{:02}{:02}", n / 60, n % 60))
}

/// Chromaticities of red, green, blue and white; name of the primaries; name of the linear space, if it has one.
const PRIMARIES: &[([f32; 8], &str, &str)] = &[
    ([0.7347, 0.2653, 0.0, 1.0, 0.0001, -0.077, 0.32168, 0.33767], "ACES AP0", "ACES2065-1"),
    ([0.713, 0.293, 0.165, 0.83, 0.128, 0.044, 0.32168, 0.33767], "ACES AP1", "ACEScg"),
    ([0.64, 0.33, 0.3, 0.6, 0.15, 0.06, 0.3127, 0.329], "BT.709", "Linear Rec.709 (sRGB)"),
    ([0.708, 0.292, 0.17, 0.797, 0.131, 0.046, 0.3127, 0.329], "BT.2020", "Linear Rec.2020"),
    ([0.68, 0.32, 0.265, 0.69, 0.15, 0.06, 0.3127, 0.329], "P3-D65", "Linear P3-D65"),
    ([0.68, 0.32, 0.265, 0.69, 0.15, 0.06, 0.314, 0.351], "DCI-P3", ""),
];

/// `colorInteropID` (Color Interop Forum) and the name of the same space in the ACES studio configuration.
const INTEROP: &[(&str, &str)] = &[
    ("lin_ap0_scene", "ACES2065-1"),
    ("lin_ap1_scene", "ACEScg"),
    ("lin_rec709_scene", "Linear Rec.709 (sRGB)"),
    ("lin_rec2020_scene", "Linear Rec.2020"),
    ("lin_p3d65_scene", "Linear P3-D65"),
];

/// Floating-point samples are linear light by the file format; whole numbers are not.
fn color(blocks: &Blocks, part: &Part, doc: &mut ClipDoc) {
    let linear = blocks.channels.iter().all(|c| c.kind != SampleKind::Uint);
    if let Some(id) = part.text("colorInteropID")
        && let Some((_, space)) = INTEROP.iter().find(|(name, _)| *name == id)
    {
        doc.set("color.space", |d| &mut d.color.space, (*space).into(), origin(part, "colorInteropID"));
    }
    let Some(ExrValue::Chromaticities(found)) = part.get("chromaticities").map(|a| &a.value) else { return };
    let same = |known: &[f32; 8]| known.iter().zip(found).all(|(a, b)| (a - b).abs() < 2e-6);
    let Some((_, primaries, space)) = PRIMARIES.iter().find(|(known, ..)| same(known)) else { return };
    let at = || origin(part, "chromaticities");
    doc.set("color.primaries", |d| &mut d.color.primaries, (*primaries).into(), at());
    if linear && !space.is_empty() {
        doc.set("color.space", |d| &mut d.color.space, (*space).into(), at());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_have_the_other_sign() {
        for (offset, want) in [
            (0.0, Some("+0000")),
            (-3600.0, Some("+0100")),
            (28_800.0, Some("-0800")),
            (1e9, None),
            (-19_800.0, Some("+0530")),
        ] {
            assert_eq!(zone(offset).as_deref(), want, "{offset}");
        }
    }
}
