//! ARRI Meta Extract: a table of frames, separated by tabs.
//!
//! Source: exports of ARRI Meta Extract 4.4. `Master TC` is there twice; both say the same of a frame.

use super::values::{self, decimal, degrees, flag, number, offset, positive, rate, text, whole};
use super::{CameraValue, Column, Kind, Sheet, missing, table};
use crate::model::{Error, Limits};

const COLUMNS: &[Column] = &[
    Column { name: "Reel", field: "reel", read: text },
    Column { name: "Scene", field: "slate.scene", read: text },
    Column { name: "Take", field: "slate.take", read: text },
    Column { name: "Circle Take", field: "slate.circled", read: flag },
    Column { name: "Camera Clip Name", field: "clip.name", read: text },
    Column { name: "Camera Model", field: "camera.model", read: text },
    Column { name: "Camera Serial Number", field: "camera.serial", read: text },
    Column { name: "Camera SUP Name", field: "camera.firmware", read: text },
    Column { name: "Camera Index", field: "camera.index", read: text },
    Column { name: "Exposure Time", field: "exposure.shutter_s", read: milliseconds },
    Column { name: "Shutter Angle", field: "exposure.shutter_angle", read: degrees },
    Column { name: "Sensor FPS", field: "fps.sensor", read: rate },
    Column { name: "Project FPS", field: "fps.project", read: rate },
    Column { name: "Storage Media Serial Number", field: "media.serial", read: text },
    Column { name: "SMPTE UMID", field: "clip.umid", read: text },
    Column { name: "UUID", field: "clip.uuid", read: text },
    Column { name: "Image Width", field: "image.width", read: whole },
    Column { name: "Image Height", field: "image.height", read: whole },
    Column { name: "Active Image Left", field: "image.active.x", read: offset },
    Column { name: "Active Image Top", field: "image.active.y", read: offset },
    Column { name: "Active Image Width", field: "image.active.width", read: whole },
    Column { name: "Active Image Height", field: "image.active.height", read: whole },
    Column { name: "Recording Codec", field: "format.codec", read: text },
    Column { name: "White Balance", field: "exposure.white_balance_k", read: whole },
    Column { name: "White Balance CC", field: "exposure.tint", read: number },
    Column { name: "Exposure Index ASA", field: "exposure.iso", read: whole },
    Column { name: "Lens Squeeze", field: "lens.squeeze", read: positive },
    Column { name: "Look Name", field: "color.look", read: text },
    Column { name: "Look Burned In", field: "color.look_baked", read: flag },
    Column { name: "Lens Model", field: "lens.model", read: text },
    Column { name: "Lens Serial Number", field: "lens.serial", read: text },
    Column { name: "Lens Focal Length", field: "lens.focal_length_mm", read: positive },
    Column { name: "ND Filter Density", field: "exposure.nd", read: text },
];

/// What is kept as it is, and what [`read`] puts together.
const KEPT: &[&str] = &[
    "Index",
    "Master TC*",
    "Director",
    "Cinematographer",
    "Production*",
    "Location",
    "Operator",
    "User Info*",
    "Camera Family",
    "Camera ID",
    "Camera Product",
    "Camera SubProduct",
    "System Image*",
    "Mirror Shutter Running",
    "Recorder Type",
    "Vari",
    "Full Image*",
    "Color Processing Version",
    "WB *",
    "Target Color Space",
    "Sharpness",
    "Image Orientation",
    "Video *",
    "Look Modified",
    "Custom *",
    "Look Target Color Space",
    "Look LUT *",
    "Look Live Grading Flags",
    "CDL *",
    "Printer Lights *",
    "Lens Distance Unit",
    "Lens Focus Distance",
    "Lens Iris",
    "Lens Linear Iris",
    "RawEncoder*",
    "EncoderLim*",
    "Lds Lag *",
    "ND Filter Type",
    "Camera Tilt",
    "Camera Roll",
    "Master Slave Setup Info",
    "3D Eye Info",
    "Sound Roll",
    "Frameline Version",
    "Frame Line *",
    "Noise Reduction *",
];

pub(super) fn read(t: &str, limits: &Limits) -> Result<Sheet, Error> {
    let (mut s, rows) = table::read(Kind::Arri, t, '\t', limits)?;
    s.put("camera.make", "Camera Family", s.raw("Camera Family").and_then(|_| text("ARRI")));
    s.map(COLUMNS, KEPT);
    s.put("clip.frames", "Index", Some(CameraValue::Whole(rows)));
    timecode(&mut s);
    let day = s.raw("System Image Creation Date").and_then(values::date);
    let clock = s.raw("System Image Creation Time").and_then(values::time);
    if let Some((day, clock)) = day.zip(clock) {
        // Whether summer time is in the offset already is not said: with it, no offset is given.
        let zone = s.raw("System Image Timezone Offset").and_then(|z| z.strip_prefix("UTC"));
        let plain = s.raw("System Image Timezone DST").is_some_and(|t| t == "00:00");
        let zone = zone.filter(|z| plain && z.len() == 6 && z.starts_with(['+', '-'])).unwrap_or_default();
        let date = CameraValue::Text(format!("{day}T{clock}{zone}"));
        s.put("recorded.date", "System Image Creation Date", Some(date));
    }
    let metres = match s.raw("Lens Distance Unit") {
        Some(u) if u.eq_ignore_ascii_case("meter") => Some(1.0),
        Some(u) if u.eq_ignore_ascii_case("feet") || u.eq_ignore_ascii_case("foot") => Some(0.3048),
        _ => None,
    };
    let focus = s.raw("Lens Focus Distance").and_then(decimal).filter(|x| *x > 0.0).zip(metres);
    s.put("lens.focus_m", "Lens Focus Distance", focus.map(|(x, m)| CameraValue::Number(values::rounded(x * m))));
    let linear = s.raw("Lens Linear Iris").and_then(linear_iris);
    s.put("lens.t_stop", "Lens Linear Iris", linear.map(CameraValue::Number));
    let iris = s.raw("Lens Iris").filter(|t| !missing(t)).and_then(values::stop_and_tenths);
    s.put("lens.t_stop", "Lens Iris", iris.map(CameraValue::Number));
    cdl(&mut s);
    Ok(s)
}

/// `20.000 ms` in seconds.
fn milliseconds(t: &str) -> Option<CameraValue> {
    let x = decimal(t.strip_suffix("ms")?.trim_end()).filter(|x| *x > 0.0)?;
    Some(CameraValue::Number(values::rounded(x / 1000.0)))
}

/// Thousandths of a stop, 1000 for T 1.0; `Lens Iris` is the same in tenths.
pub(super) fn linear_iris(t: &str) -> Option<f64> {
    let x = decimal(t).filter(|x| (1.0..=14_000.0).contains(x))?;
    Some((((x - 1000.0) / 2000.0).exp2() * 100.0).round() / 100.0)
}

fn timecode(s: &mut Sheet) {
    let drop = s.raw("Master TC Drop Frame").and_then(flag);
    let parts = s.raw("Master TC").and_then(values::label_parts);
    if let Some((parts, CameraValue::Flag(drop))) = parts.zip(drop.clone()) {
        s.put("timecode.start", "Master TC", values::label(parts, drop).map(CameraValue::Text));
    }
    let base = s.raw("Master TC Time Base").and_then(rate);
    s.put("timecode.rate", "Master TC Time Base", base);
    s.put("timecode.drop", "Master TC Drop Frame", drop);
}

/// The numbers are there for every clip; `CDL Mode` says whether they were in use.
fn cdl(s: &mut Sheet) {
    if s.raw("CDL Mode").is_none_or(missing) {
        return;
    }
    for (field, name) in [("color.cdl.slope", "Slope"), ("color.cdl.offset", "Offset"), ("color.cdl.power", "Power")] {
        let one = |c: &str| s.raw(&format!("CDL {name} {c}")).and_then(decimal);
        let all = one("R").zip(one("G")).zip(one("B")).map(|((r, g), b)| CameraValue::Triple([r, g, b]));
        s.put(field, &format!("CDL {name} R"), all);
    }
    let saturation = s.raw("CDL Saturation").and_then(number);
    s.put("color.cdl.saturation", "CDL Saturation", saturation);
}
