//! What Blackmagic's ExtractMetadata prints: `key: value`, first of the clip, then of each frame.
//!
//! Source: exports with the Blackmagic RAW SDK. A rate is a number in 16.16 fixed point; `anamorphic` counts only with
//! `anamorphic_enable`; `camera_id` belongs to the body, not to the clip; `analog_gain` is there for both.

use super::values::{self, flag, millimetres, millimetres_as_metres, number, text, whole};
use super::{CameraValue, Column, Kind, Sheet};
use crate::model::{Error, Limits, Rational};

const COLUMNS: &[Column] = &[
    Column { name: "manufacturer", field: "camera.make", read: text },
    Column { name: "camera_type", field: "camera.model", read: text },
    Column { name: "camera_id", field: "camera.serial", read: text },
    Column { name: "firmware_version", field: "camera.firmware", read: text },
    Column { name: "camera_number", field: "camera.index", read: text },
    Column { name: "braw_compression_ratio", field: "format.compression", read: text },
    Column { name: "format_frame_rate", field: "fps.project", read: fixed_point },
    Column { name: "sensor_rate", field: "fps.sensor", read: pair_rate },
    Column { name: "clip_number", field: "clip.name", read: text },
    Column { name: "reel_name", field: "reel", read: text },
    Column { name: "scene", field: "slate.scene", read: text },
    Column { name: "take", field: "slate.take", read: text },
    Column { name: "good_take", field: "slate.circled", read: flag },
    Column { name: "lens_type", field: "lens.model", read: text },
    Column { name: "internal_nd", field: "exposure.nd", read: text },
    Column { name: "aperture", field: "lens.t_stop", read: values::t_stop },
    Column { name: "focal_length", field: "lens.focal_length_mm", read: millimetres },
    Column { name: "distance", field: "lens.focus_m", read: millimetres_as_metres },
    Column { name: "iso", field: "exposure.iso", read: whole },
    Column { name: "white_balance_kelvin", field: "exposure.white_balance_k", read: whole },
    Column { name: "white_balance_tint", field: "exposure.tint", read: number },
    Column { name: "date_recorded", field: "recorded.date", read: day },
];
const KEPT: &[&str] = &[
    "braw_codec_bitrate",
    "sensor_area_captured",
    "crop_origin",
    "crop_size",
    "analog_gain*",
    "multicard_volume_*",
    "environment",
    "day_night",
    "shutter_type",
    "shutter_value",
    "anamorphic",
    "anamorphic_enable",
    "tone_curve_*",
    "post_3dlut_*",
    "viewing_*",
    "as_shot_*",
    "exposure",
];

pub(super) fn read(t: &str, limits: &Limits) -> Result<Sheet, Error> {
    let mut s = Sheet::new(Kind::Blackmagic);
    let most = usize::try_from(limits.text).unwrap_or(usize::MAX);
    let (mut frames, mut seen) = (0u32, std::collections::HashSet::new());
    for (n, line) in t.lines().map(str::trim).enumerate() {
        if n >= usize::try_from(limits.items).unwrap_or(usize::MAX) {
            return Err(Error::limit(format!("more than {} lines", limits.items)));
        }
        if line.starts_with("Frame ") && line.ends_with(" Metadata") {
            frames = frames.saturating_add(1);
            if frames > 1 {
                break;
            }
        }
        let Some((key, value)) = line.split_once(':') else { continue };
        let cut = |t: &str| t.get(..t.floor_char_boundary(most)).unwrap_or(t).trim().to_owned();
        let key = cut(key);
        let again = !seen.insert(key.clone());
        s.raw.push((if again { format!("{key}#2") } else { key }, cut(value)));
    }
    s.map(COLUMNS, KEPT);
    if let Some((w, h)) = s.raw("crop_size").and_then(pair) {
        s.put("image.width", "crop_size", Some(CameraValue::Whole(w)));
        s.put("image.height", "crop_size", Some(CameraValue::Whole(h)));
    }
    if s.raw("shutter_type").is_some_and(|t| t.eq_ignore_ascii_case("angle")) {
        let angle = s.raw("shutter_value").and_then(values::degrees);
        s.put("exposure.shutter_angle", "shutter_value", angle);
    }
    match s.raw("anamorphic_enable").and_then(flag) {
        Some(CameraValue::Flag(true)) => {
            let squeeze = s.raw("anamorphic").and_then(|t| values::positive(t.strip_suffix('x')?));
            s.put("lens.squeeze", "anamorphic", squeeze);
        }
        Some(_) => s.put("lens.squeeze", "anamorphic_enable", Some(CameraValue::Number(1.0))),
        None => {}
    }
    Ok(s)
}

/// `5120,4272,`
fn pair(t: &str) -> Option<(u64, u64)> {
    let (a, b) = t.trim_end_matches(',').split_once(',')?;
    let both = (a.trim().parse().ok()?, b.trim().parse().ok()?);
    (both.0 > 0 && both.1 > 0).then_some(both)
}

/// `48,1,`
fn pair_rate(t: &str) -> Option<CameraValue> {
    let (a, b) = pair(t)?;
    Rational::new(u32::try_from(a).ok()?, u32::try_from(b).ok()?).map(CameraValue::Rate)
}

/// 1572864 is 24 × 65536.
fn fixed_point(t: &str) -> Option<CameraValue> {
    let n: u32 = t.parse().ok()?;
    Rational::from_decimal_rate(f64::from(n) / 65_536.0).map(CameraValue::Rate)
}

fn day(t: &str) -> Option<CameraValue> {
    values::date(t).map(CameraValue::Text)
}
