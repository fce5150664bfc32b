//! REDline's tables: one line for a clip (`--printMeta 3`), or one for a frame (`--printMeta 5`).
//!
//! Source: exports of REDline. `Lens`, `Aperture` and `Focal Length` are there twice: first the lens as the camera knows it,
//! then as somebody wrote it on the slate, so names are told apart by their number.

use super::values::{
    self, decimal, degrees, flag, millimetres, millimetres_as_metres, number, positive, rate, text, whole,
};
use super::{CameraValue, Column, Kind, Sheet, table};
use crate::model::{Error, Limits};

const COLUMNS: &[Column] = &[
    Column { name: "Clip Name", field: "clip.name", read: text },
    // the whole name of the reel; ReelID may be only its number
    Column { name: "AltReelID", field: "reel", read: text },
    Column { name: "ReelID", field: "reel", read: text },
    Column { name: "Camera", field: "camera.index", read: text },
    Column { name: "Camera Model", field: "camera.model", read: text },
    Column { name: "Camera PIN", field: "camera.serial", read: text },
    Column { name: "Firmware Version", field: "camera.firmware", read: text },
    Column { name: "Media Serial Number", field: "media.serial", read: text },
    Column { name: "UUID", field: "clip.uuid", read: text },
    Column { name: "Frame Width", field: "image.width", read: whole },
    Column { name: "Frame Height", field: "image.height", read: whole },
    Column { name: "Pixel Aspect Ratio", field: "image.pixel_aspect", read: positive },
    Column { name: "FPS", field: "fps.project", read: rate },
    Column { name: "Record FPS", field: "fps.sensor", read: rate },
    Column { name: "Total Frames", field: "clip.frames", read: whole },
    Column { name: "Kelvin", field: "exposure.white_balance_k", read: whole },
    Column { name: "Tint", field: "exposure.tint", read: number },
    Column { name: "ISO", field: "exposure.iso", read: whole },
    Column { name: "Shutter (deg)", field: "exposure.shutter_angle", read: degrees },
    Column { name: "MotionMountND", field: "exposure.nd", read: text },
    Column { name: "Camera Audio Channels", field: "audio.channels", read: whole },
    Column { name: "Lens Brand", field: "lens.make", read: text },
    Column { name: "Lens Name", field: "lens.model", read: text },
    Column { name: "Lens", field: "lens.model", read: text },
    Column { name: "Lens#2", field: "lens.model", read: text },
    Column { name: "Lens Serial Number", field: "lens.serial", read: text },
    Column { name: "Focal Length", field: "lens.focal_length_mm", read: millimetres },
    Column { name: "Aperture", field: "lens.t_stop", read: values::t_stop },
    Column { name: "Focus Distance", field: "lens.focus_m", read: millimetres_as_metres },
    Column { name: "Lens Focus Distance", field: "lens.focus_m", read: millimetres_as_metres },
    Column { name: "REDCODE", field: "format.compression", read: text },
    Column { name: "Scene", field: "slate.scene", read: text },
    Column { name: "Shot", field: "slate.shot", read: text },
    Column { name: "Take", field: "slate.take", read: text },
    Column { name: "Circle", field: "slate.circled", read: flag },
    Column { name: "Notes", field: "slate.note", read: text },
];

/// What is kept as it is, and what [`clip`] puts together. `Shutter (ms)` and `(1/sec)` are the angle, rounded. Colour and
/// gamma spaces are numbers of RED's own.
const KEPT: &[&str] = &[
    "File *",
    "Original File Name",
    "CamReelID",
    "Camera Model ID",
    "Camera Network Name",
    "Camera Position",
    "Dropped Frame Count",
    "Sensor *",
    "Monitor Sharpness",
    "Reel",
    "Clip",
    "Date",
    "Timestamp",
    "Abs TC",
    "Edge TC",
    "End *",
    "Color Space",
    "Gamma Space",
    "Exposure",
    "Saturation",
    "Contrast",
    "Brightness",
    "Red Gain",
    "Green Gain",
    "Blue Gain",
    "Luma Curve: *",
    "Shutter (ms)",
    "Shutter (1/sec)",
    "Firmware Revision",
    "Flip *",
    "Rotation",
    "HDR *",
    "Lens Mount",
    "Lens Owner",
    "Lens Focus Distance Near",
    "Lens Focus Distance Far",
    "Lens Cooke /i Static",
    "Clip In",
    "Clip Out",
    "Owner",
    "Project",
    "Unit",
    "Production Name",
    "Location",
    "Director*",
    "Camera Operator",
    "Copyright",
    "Script Notes",
    "Camera Notes",
    "Edit Notes",
    "Post Notes",
    "Lens Height",
    "MotionMountShutter",
    "Aperture#2",
    "Focal Length#2",
    "Focal Distance",
    "Filter",
    "Scene Description",
    "Audio Timecode",
    "Audio",
    "Audio Slate",
    "Video Slate",
    "Frame Guide *",
    "Aspect Ratio*",
    "Genlock Setting",
    "Jamsync Setting",
    "Linked Camera Setup",
    "Stereo Setup",
    "Look Name",
    "DRX",
    "FLUT",
    "Shadow",
    "LGG*",
    "Red Curve: *",
    "Green Curve: *",
    "Blue Curve: *",
    "Clip Current Image Pipeline",
    "Clip Original Image Pipeline",
    "Exposure Adjust",
    "Roll Off",
    "Output Tone Map",
    "Flashing Pixel Adjustment",
    "CDL *",
    "Camera 3D LUT",
    "3D LUT*",
    "Bypass IPP2 Output Transform",
    "Detail",
    "OLPF Compensation",
    "Denoise",
    "WAV Filename",
];

pub(super) fn clip(t: &str, limits: &Limits) -> Result<Sheet, Error> {
    let (mut s, _) = table::read(Kind::RedClip, t, ',', limits)?;
    s.put("camera.make", "Camera Model", text("RED"));
    s.map(COLUMNS, KEPT);
    let day = s.raw("Date").and_then(values::date);
    let clock = s.raw("Timestamp").and_then(values::time);
    let when = day.zip(clock).map(|(d, c)| CameraValue::Text(format!("{d}T{c}")));
    s.put("recorded.date", "Date", when);
    // the time of day; Edge TC counts the reel
    timecode(&mut s, "Abs TC");
    if s.raw("CDL Enabled:").and_then(flag) == Some(CameraValue::Flag(true)) {
        cdl(&mut s);
    }
    if s.raw("3D LUT Enabled").and_then(flag) == Some(CameraValue::Flag(true)) {
        let look = s.raw("3D LUT").filter(|t| !t.is_empty()).and_then(text);
        s.put("color.look", "3D LUT", look);
    }
    Ok(s)
}

/// The label; `;` or `.` before its frames is drop-frame. It counts at the rate at which the clip plays.
fn timecode(s: &mut Sheet, name: &str) {
    let Some(t) = s.raw(name) else { return };
    let drop = t.contains([';', '.']);
    let start = values::label_parts(t).and_then(|p| values::label(p, drop));
    if start.is_some() {
        s.put("timecode.start", name, start.map(CameraValue::Text));
        s.put("timecode.drop", name, Some(CameraValue::Flag(drop)));
        let rate = s.get("fps.project").cloned();
        s.put("timecode.rate", "FPS", rate);
    }
}

fn cdl(s: &mut Sheet) {
    for (field, name) in [("color.cdl.slope", "Slope"), ("color.cdl.offset", "Offset"), ("color.cdl.power", "Power")] {
        let one = |c: &str| s.raw(&format!("CDL {name}: {c}")).and_then(decimal);
        let all = one("Red").zip(one("Green")).zip(one("Blue")).map(|((r, g), b)| CameraValue::Triple([r, g, b]));
        s.put(field, &format!("CDL {name}: Red"), all);
    }
    let saturation = s.raw("CDL Saturation").and_then(number);
    s.put("color.cdl.saturation", "CDL Saturation", saturation);
}

/// Millimetres without their unit.
const FRAME_COLUMNS: &[Column] = &[
    Column { name: "Focal Length", field: "lens.focal_length_mm", read: positive },
    Column { name: "Focus Distance", field: "lens.focus_m", read: thousandths },
];
const FRAME_KEPT: &[&str] =
    &["FrameNo", "Timecode", "Timestamp", "Aperture", "Acceleration *", "Rotation *", "Cooke Metadata"];

fn thousandths(t: &str) -> Option<CameraValue> {
    decimal(t).filter(|x| *x > 0.0).map(|x| CameraValue::Number(values::rounded(x / 1000.0)))
}

pub(super) fn frames(t: &str, limits: &Limits) -> Result<Sheet, Error> {
    let (mut s, rows) = table::read(Kind::RedFrames, t, ',', limits)?;
    s.map(FRAME_COLUMNS, FRAME_KEPT);
    s.put("clip.frames", "FrameNo", Some(CameraValue::Whole(rows)));
    timecode(&mut s, "Timecode");
    Ok(s)
}
