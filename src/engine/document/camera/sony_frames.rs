//! The frames that Sony's raw viewer lists: a table with every cell in quotes.
//!
//! Source: exports beside X-OCN clips. The distance is in feet; the aperture is a T-stop and tenths of a stop.

use super::values::{self, decimal, positive, text};
use super::{CameraValue, Column, Kind, Sheet, table};
use crate::model::{Error, Limits};

const COLUMNS: &[Column] = &[
    Column { name: "Clip Name", field: "clip.name", read: text },
    Column { name: "Camera Model", field: "camera.model", read: text },
    Column { name: "Lens Serial", field: "lens.serial", read: text },
    Column { name: "Focal Length (mm)", field: "lens.focal_length_mm", read: positive },
    Column { name: "Aperture", field: "lens.t_stop", read: stop },
    Column { name: "Focus Distance (ft)", field: "lens.focus_m", read: feet },
];
/// The "lens model" is the code that the XML calls LensAttributes.
const KEPT: &[&str] = &["Timecode", "Lens Model", "Camera Tilt", "Camera Roll"];

pub(super) fn read(t: &str, limits: &Limits) -> Result<Sheet, Error> {
    let (mut s, rows) = table::read(Kind::SonyFrames, t, ',', limits)?;
    s.put("camera.make", "Camera Model", text("Sony"));
    s.map(COLUMNS, KEPT);
    s.put("clip.frames", "Timecode", Some(CameraValue::Whole(rows)));
    let label = s.raw("Timecode").and_then(values::label_parts).and_then(|p| values::label(p, false));
    s.put("timecode.start", "Timecode", label.map(CameraValue::Text));
    Ok(s)
}

/// `T 2 3/10`
fn stop(t: &str) -> Option<CameraValue> {
    values::stop_and_tenths(t.strip_prefix('T')?).map(CameraValue::Number)
}

/// In metres.
fn feet(t: &str) -> Option<CameraValue> {
    decimal(t).filter(|x| *x > 0.0).map(|x| CameraValue::Number(values::rounded(x * 0.3048)))
}
