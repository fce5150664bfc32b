//! Canon's tables: one line for a clip, or one for a frame.
//!
//! Source: exports of Canon's Cinema RAW tools. 65535 and 65535/65535 stand for unknown; the sensitivity has an offset of
//! 2³¹; `ApertureMode` 2 is a T-stop, 1 an F-stop. Enumerations of Canon's own, the position of the focus ring (a float in
//! hexadecimal, without a unit) and the exposure time (whose unit depends on a mode) are kept as they are.

use super::values::{self, decimal, text, whole};
use super::{CameraValue, Column, Kind, Sheet, table};
use crate::model::{Error, Limits};

const COLUMNS: &[Column] = &[
    Column { name: "SceneNumber", field: "slate.scene", read: text },
    Column { name: "TakeNumber", field: "slate.take", read: text },
    Column { name: "ShotNumber", field: "clip.name", read: text },
    Column { name: "ReelNumber", field: "reel", read: text },
    Column { name: "UMID", field: "clip.umid", read: text },
    Column { name: "CreationTime", field: "recorded.date", read: created },
    Column { name: "Width", field: "image.width", read: known },
    Column { name: "Height", field: "image.height", read: known },
    Column { name: "BitDepth", field: "format.bit_depth", read: whole },
    Column { name: "AudioChannel", field: "audio.channels", read: whole },
    Column { name: "AudioSampleSize", field: "audio.bit_depth", read: whole },
    Column { name: "AudioSampleRate", field: "audio.rate", read: whole },
];
const KEPT: &[&str] = &["LensSqueezeFactor", "Timescale", "Duration", "AudioType"];

const FRAME_COLUMNS: &[Column] = &[
    Column { name: "FocalLength", field: "lens.focal_length_mm", read: fraction },
    Column { name: "PhotographicSensitivity", field: "exposure.iso", read: sensitivity },
    Column { name: "ColorTemperature", field: "exposure.white_balance_k", read: known },
];
const FRAME_KEPT: &[&str] = &[
    "Timecode",
    "Daylight_Saving_Time_Flag",
    "Time_Zone_*",
    "Record_*",
    "Binary_Group*",
    "FocusPosition",
    "FocalLength35mm",
    "ElectricZoom",
    "ApertureNumber",
    "ExposureTime*",
    "NDFilter*",
    "DynamicRange",
    "ApertureMode",
    "PhotographicSensitivityMode",
    "WB_*",
    "AccurateFlag",
    "ColorCompensation",
    "DevelopSize*",
    "AWB_Response",
    "IR_Status",
    "ChromaticAberration",
    "PeripheralIllumination",
    "Diffraction",
    "CP_*",
    "FocusMode",
    "ImageStabilzer",
    "ISOMode",
    "BaseISO",
];

pub(super) fn clip(t: &str, limits: &Limits) -> Result<Sheet, Error> {
    let (mut s, _) = table::read(Kind::CanonClip, t, ',', limits)?;
    s.put("camera.make", "ShotNumber", text("Canon"));
    s.map(COLUMNS, KEPT);
    let part = |name: &str| s.raw(name).and_then(decimal).filter(|x| *x > 0.0);
    let seconds = part("Duration").zip(part("Timescale")).map(|(d, t)| CameraValue::Number(values::rounded(d / t)));
    s.put("clip.duration_s", "Duration", seconds);
    Ok(s)
}

pub(super) fn frames(t: &str, limits: &Limits) -> Result<Sheet, Error> {
    let (mut s, rows) = table::read(Kind::CanonFrames, t, ',', limits)?;
    s.put("camera.make", "PhotographicSensitivity", text("Canon"));
    s.map(FRAME_COLUMNS, FRAME_KEPT);
    s.put("clip.frames", "Timecode", Some(CameraValue::Whole(rows)));
    let label = s.raw("Timecode").and_then(values::label_parts).and_then(|p| values::label(p, false));
    s.put("timecode.start", "Timecode", label.map(CameraValue::Text));
    if s.raw("ApertureMode") == Some("2") {
        let stop = s.raw("ApertureNumber").and_then(fraction);
        s.put("lens.t_stop", "ApertureNumber", stop);
    }
    let part = |name: &str| s.raw(&format!("Record_{name}")).and_then(|t| t.parse::<u32>().ok()).unwrap_or(u32::MAX);
    let day = values::date(&format!("{:04}{:02}{:02}", part("Date_Year"), part("Date_Month"), part("Date_Day")));
    let [h, m, sec] = ["Time_Hour", "Time_Minute", "Time_Second"].map(part);
    // the sign of the zone is a code that nothing explains
    let when = day.zip(values::time(&format!("{h:02}{m:02}{sec:02}"))).map(|(d, c)| format!("{d}T{c}"));
    s.put("recorded.date", "Record_Date_Year", when.map(CameraValue::Text));
    Ok(s)
}

/// A whole number; 65535 is unknown.
fn known(t: &str) -> Option<CameraValue> {
    whole(t).filter(|v| *v != CameraValue::Whole(65_535))
}

/// `180/10`; 65535/65535 is unknown.
fn fraction(t: &str) -> Option<CameraValue> {
    let (a, b) = t.split_once('/')?;
    let (a, b) = (decimal(a)?, decimal(b)?);
    let unknown = (a - 65_535.0).abs() < 0.5 && (b - 65_535.0).abs() < 0.5;
    (a > 0.0 && b > 0.0 && !unknown).then(|| CameraValue::Number(values::rounded(a / b)))
}

/// `2147485248/1` is 1600 more than 2³¹.
fn sensitivity(t: &str) -> Option<CameraValue> {
    let (a, b) = t.split_once('/')?;
    let (a, b): (u64, u64) = (a.parse().ok()?, b.parse().ok()?);
    let n = a.checked_sub(1 << 31)?.checked_div(b)?;
    (n > 0 && n < 1 << 24).then_some(CameraValue::Whole(n))
}

/// `2021/12/31 23:01`.
fn created(t: &str) -> Option<CameraValue> {
    let (day, clock) = t.split_once(' ')?;
    let clock = values::time(&format!("{clock}:00")).filter(|_| clock.len() == 5)?;
    Some(CameraValue::Text(format!("{}T{}", values::date(day)?, clock.get(..5)?)))
}
