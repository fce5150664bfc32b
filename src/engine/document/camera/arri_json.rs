//! ARRI's JSON export of a clip's metadata (ART CMD, `metadata_output/v2`): sets of the clip, descriptive sets, and sets of
//! each frame, of which the first frame's are read.
//!
//! Source: exports of ART CMD 0.4.1, and the schemas that they name (`arri.com/schema/json/camera/…`). Lengths of lenses are
//! micrometres, focus millimetres, the iris thousandths of a stop from 1000 at T 1.0; -1, and 65535 where 16 bits hold it,
//! are "not known".

use super::arri::linear_iris;
use super::values::{self, decimal, flag, number, offset, text, whole};
use super::{CameraValue, Column, Kind, Sheet, missing};
use crate::model::{Error, Limits, Rational};
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

/// Items of a list that are kept.
const MOST_LISTED: usize = 16;
/// Names that are kept: real exports have about 200.
const MOST_NAMES: usize = 4096;
/// Longest text that is kept: tables and calibration data are longer.
const LONGEST: usize = 256;

const COLUMNS: &[Column] = &[
    Column { name: "Slate Info.clipName", field: "clip.name", read: text },
    Column { name: "Slate Info.reelName", field: "reel", read: text },
    Column { name: "Slate Info.cameraIndex", field: "camera.index", read: letter },
    Column { name: "Slate Info.scene", field: "slate.scene", read: text },
    Column { name: "Slate Info.take", field: "slate.take", read: text },
    Column { name: "Slate Info.circleTake", field: "slate.circled", read: flag },
    Column { name: "Camera Device.cameraModel", field: "camera.model", read: model },
    Column { name: "Camera Device.cameraSerialNumber", field: "camera.serial", read: text },
    Column { name: "Camera Device.cameraSoftwarePackageName", field: "camera.firmware", read: text },
    Column { name: "Recording Medium.mediumSerialNumber", field: "media.serial", read: text },
    Column { name: "Clip Info.clipUMID", field: "clip.umid", read: umid },
    Column { name: "Clip Info.clipDuration", field: "clip.frames", read: whole },
    Column { name: "Clip Info.clipCreationTime", field: "recorded.date", read: moment },
    Column { name: "Clip Info.videoCodec", field: "format.codec", read: text },
    Column { name: "Project Rate.timebase", field: "fps.project", read: fraction_rate },
    Column { name: "Frame Sensor State.sensorSampleRate", field: "fps.sensor", read: fraction_rate },
    Column { name: "Frame Sensor State.exposureTime", field: "exposure.shutter_s", read: fraction },
    Column { name: "Frame Sensor State.exposureIndex", field: "exposure.iso", read: whole },
    Column { name: "Sensor State.exposureIndex", field: "exposure.iso", read: whole },
    Column { name: "Frame White Balance.colorTemperature", field: "exposure.white_balance_k", read: whole },
    Column { name: "Frame White Balance.whiteBalanceTint", field: "exposure.tint", read: number },
    Column { name: "Frame Filter.ndFilterDensity", field: "exposure.nd", read: density },
    Column { name: "Lens Device.lensModel", field: "lens.model", read: text },
    Column { name: "Lens Device.lensSerialNumber", field: "lens.serial", read: serial },
    Column { name: "Lens Device.lensSqueezeFactor", field: "lens.squeeze", read: fraction },
    Column { name: "Frame Lens State.lensFocalLength", field: "lens.focal_length_mm", read: thousandths },
    Column { name: "Frame Lens State.lensFocusDistanceMetric", field: "lens.focus_m", read: metres },
    Column { name: "Frame Lens State.lensIris", field: "lens.t_stop", read: iris },
    Column { name: "Image Size.storedSize.width", field: "image.width", read: whole },
    Column { name: "Image Size.storedSize.height", field: "image.height", read: whole },
    Column { name: "Image Size.displayRect.left", field: "image.active.x", read: offset },
    Column { name: "Image Size.displayRect.top", field: "image.active.y", read: offset },
    Column { name: "Image Size.displayRect.width", field: "image.active.width", read: whole },
    Column { name: "Image Size.displayRect.height", field: "image.active.height", read: whole },
    Column { name: "Color.lookInfo.lookFilename", field: "color.look", read: text },
    Column { name: "Color.lookApplied", field: "color.look_baked", read: flag },
    Column { name: "Audio.audioChannels", field: "audio.channels", read: whole },
    Column { name: "Audio.audioSampleRate", field: "audio.rate", read: whole },
    Column { name: "Audio.audioBitDepth", field: "audio.bit_depth", read: whole },
];

/// Sets whose other names are kept as they are.
const KEPT: &[&str] = &[
    "ARRI Video Parameters Gen2.*",
    "Ancillary Device.*",
    "Audio.*",
    "Camera Device.*",
    "Checksum Static.*",
    "Clip Info.*",
    "Color.*",
    "Custom 3D LUT Design Data.*",
    "Frame Checksum Dynamic*",
    "Frame Filter.*",
    "Frame Lens State.*",
    "Frame Line.*",
    "Frame Positional.*",
    "Frame Precision Time Protocol (PTP) Timestamp.*",
    "Frame Sensor State.*",
    "Frame White Balance.*",
    "Frame frameNo",
    "Frame timecode",
    "Frames",
    "Image Size.*",
    "Lens Device.*",
    "MXF Generic Data.*",
    "Processing.*",
    "Project Rate.*",
    "Recording Medium.*",
    "Sensor Device.*",
    "Sensor State.*",
    "Slate Info.*",
    "Texture.*",
    "White Balance.*",
    "header.*",
];

pub(super) fn read(t: &str, limits: &Limits) -> Result<Sheet, Error> {
    let mut first = None;
    let parts = parse(t, &mut |n, frame| {
        if n == 0 {
            first = Some(frame);
        }
        Ok(())
    })?;
    let mut s = Sheet::new(Kind::ArriJson);
    let most = usize::try_from(limits.items).unwrap_or(usize::MAX).min(MOST_NAMES);
    flatten(&mut s, "header", &parts.header, most);
    sets(&mut s, &parts.clip, most);
    sets(&mut s, &parts.descriptive, most);
    if let Some(frame) = &first {
        frame_sets(&mut s, frame, most);
    }
    s.raw.push(("Frames".into(), parts.frames.to_string()));
    s.put("camera.make", "Camera Device.cameraModel", s.raw("Camera Device.cameraModel").and_then(|_| text("ARRI")));
    s.map(COLUMNS, KEPT);
    s.put("clip.frames", "Frames", Some(parts.frames).filter(|n| *n > 0).map(CameraValue::Whole));
    derived(&mut s);
    cdl(&mut s);
    Ok(s)
}

/// Hands on what is said of each frame alone, with the rate of the clip that its label needs.
pub(super) fn frames(
    t: &str,
    limits: &Limits,
    each: &mut dyn FnMut(u64, Sheet) -> Result<(), Error>,
) -> Result<(), Error> {
    let whole = read(t, limits)?;
    let clip: Vec<(String, String)> =
        whole.raw.iter().filter(|(n, _)| n.starts_with("Project Rate.")).cloned().collect();
    let most = usize::try_from(limits.items).unwrap_or(usize::MAX).min(MOST_NAMES);
    let mut stopped = None;
    let done = parse(t, &mut |n, frame| {
        let mut s = Sheet::new(Kind::ArriJson);
        s.raw.clone_from(&clip);
        frame_sets(&mut s, &frame, most);
        s.map(COLUMNS, KEPT);
        derived(&mut s);
        each(n, s).map_err(|e| stopped = Some(e))
    });
    match stopped {
        Some(e) => Err(e),
        None => done.map(|_| ()),
    }
}

fn parse(t: &str, each: EachFrame<'_>) -> Result<Parts, Error> {
    let mut document = serde_json::Deserializer::from_str(t);
    let broken = |e: serde_json::Error| {
        let what = format!("the JSON cannot be read (line {}, column {}): {e}", e.line(), e.column());
        Error::malformed(what).fix("export it again")
    };
    let parts = Document(each).deserialize(&mut document).map_err(broken)?;
    document.end().map_err(broken)?;
    Ok(parts)
}

/// What a frame's own sets say.
fn frame_sets(s: &mut Sheet, frame: &Value, most: usize) {
    for (name, payload) in frame.get("frameBasedMetadataSets").and_then(Value::as_object).into_iter().flatten() {
        flatten(s, &format!("Frame {}", cut(name)), payload, most);
    }
    for name in ["frameNo", "timecode"] {
        flatten(s, &format!("Frame {name}"), frame.get(name).unwrap_or(&Value::Null), most);
    }
}

fn derived(s: &mut Sheet) {
    timecode(s);
    angle(s);
}

fn timecode(s: &mut Sheet) {
    let drop = s.raw("Project Rate.dropframe").and_then(flag);
    let parts = s.raw("Frame timecode").and_then(values::label_parts);
    if let Some((parts, CameraValue::Flag(drop))) = parts.zip(drop.clone()) {
        s.put("timecode.start", "Frame timecode", values::label(parts, drop).map(CameraValue::Text));
        let rate = s.get("fps.project").cloned();
        s.put("timecode.rate", "Project Rate.timebase", rate);
        s.put("timecode.drop", "Project Rate.dropframe", Some(CameraValue::Flag(drop)));
    }
}

/// The part of a sensor frame's time for which it is exposed, of 360 degrees.
fn angle(s: &mut Sheet) {
    if let (Some(CameraValue::Number(time)), Some(CameraValue::Rate(rate))) =
        (s.get("exposure.shutter_s"), s.get("fps.sensor"))
    {
        let degrees = (time * rate.as_f64() * 360.0 * 100.0).round() / 100.0;
        let fits = Some(degrees).filter(|d| *d > 0.0 && *d <= 360.0);
        s.put("exposure.shutter_angle", "Frame Sensor State.exposureTime", fits.map(CameraValue::Number));
    }
}

/// One that changes nothing stands in every clip, and is none.
fn cdl(s: &mut Sheet) {
    let three = |name: &str| {
        let one = |c: &str| s.raw(&format!("Color.cdl.{name}.{c}")).and_then(decimal);
        one("r").zip(one("g")).zip(one("b")).map(|((r, g), b)| [r, g, b])
    };
    let numbers = three("cdlSlope").zip(three("cdlOffset")).zip(three("cdlPower"));
    let Some((((slope, offset), power), saturation)) = numbers.zip(s.raw("Color.cdl.cdlSaturation").and_then(decimal))
    else {
        return;
    };
    if (slope, offset, power, saturation) == ([1.0; 3], [0.0; 3], [1.0; 3], 1.0) {
        return;
    }
    s.put("color.cdl.slope", "Color.cdl.cdlSlope.r", Some(CameraValue::Triple(slope)));
    s.put("color.cdl.offset", "Color.cdl.cdlOffset.r", Some(CameraValue::Triple(offset)));
    s.put("color.cdl.power", "Color.cdl.cdlPower.r", Some(CameraValue::Triple(power)));
    s.put("color.cdl.saturation", "Color.cdl.cdlSaturation", Some(CameraValue::Number(saturation)));
}

/// `A_` of the newest cameras is camera A.
fn letter(t: &str) -> Option<CameraValue> {
    Some(t.trim_end_matches('_')).filter(|t| !t.is_empty()).and_then(text)
}

fn model(t: &str) -> Option<CameraValue> {
    text(t.strip_prefix("ARRI ").unwrap_or(t))
}

/// 0 is no serial number.
fn serial(t: &str) -> Option<CameraValue> {
    text(t).filter(|_| t != "0")
}

/// `060a2b34.01010105.…`: 64 hexadecimal digits in groups.
fn umid(t: &str) -> Option<CameraValue> {
    let digits: String = t.chars().filter(|c| *c != '.').collect::<String>().to_ascii_uppercase();
    (digits.len() == 64 && digits.bytes().all(|b| b.is_ascii_hexdigit())).then_some(CameraValue::Text(digits))
}

/// `2019-07-15T14:13:07.000Z`.
fn moment(t: &str) -> Option<CameraValue> {
    let (day, clock) = t.strip_suffix('Z')?.split_once('T')?;
    let clock = clock.strip_suffix(".000").unwrap_or(clock);
    Some(CameraValue::Text(format!("{}T{}Z", values::date(day)?, values::time(clock)?)))
}

/// `20000/1000000` or a decimal, above 0.
fn quotient(t: &str) -> Option<f64> {
    let (a, b) = t.split_once('/').unwrap_or((t, "1"));
    let (a, b) = (decimal(a)?, decimal(b)?);
    Some(a / b).filter(|x| x.is_finite() && *x > 0.0)
}

fn fraction(t: &str) -> Option<CameraValue> {
    quotient(t).map(|x| CameraValue::Number(values::rounded(x)))
}

fn fraction_rate(t: &str) -> Option<CameraValue> {
    quotient(t).and_then(Rational::from_decimal_rate).map(CameraValue::Rate)
}

/// Density to a tenth, as filters are named: 1.7999999 is 1.8.
fn density(t: &str) -> Option<CameraValue> {
    let tenths = (decimal(t)?.clamp(0.0, 10.0) * 10.0).round() / 10.0;
    Some(CameraValue::Text(format!("{tenths}")))
}

/// A whole number that is known.
fn known(t: &str) -> Option<f64> {
    decimal(t).filter(|x| *x > 0.0 && (*x - 65_535.0).abs() > 0.5)
}

fn thousandths(t: &str) -> Option<CameraValue> {
    known(t).map(|x| CameraValue::Number(values::rounded(x / 1000.0)))
}

fn metres(t: &str) -> Option<CameraValue> {
    thousandths(t)
}

fn iris(t: &str) -> Option<CameraValue> {
    linear_iris(t).map(CameraValue::Number)
}

/// Each set's payload under the set's name.
fn sets(s: &mut Sheet, list: &Value, most: usize) {
    for set in list.as_array().into_iter().flatten() {
        let name = set.get("metadataSetName").and_then(Value::as_str).unwrap_or("unnamed");
        let payload = set.get("metadataSetPayload").unwrap_or(&Value::Null);
        flatten(s, cut(name), payload, most);
    }
}

/// The values below a name, with the names that lead to them. A name that is there already is kept.
fn flatten(s: &mut Sheet, name: &str, value: &Value, most: usize) {
    // with an explicit list instead of recursion: how deep it is the parser has bounded
    let mut todo = vec![(name.to_owned(), value)];
    while let Some((name, value)) = todo.pop() {
        if s.raw.len() >= most {
            return;
        }
        match value {
            Value::Object(map) => todo.extend(map.iter().rev().map(|(k, v)| (format!("{name}.{}", cut(k)), v))),
            Value::Array(list) => {
                let some = list.iter().take(MOST_LISTED).enumerate().rev();
                todo.extend(some.map(|(n, v)| (format!("{name}[{n}]"), v)));
            }
            Value::Null => {}
            Value::String(t) => keep(s, name, cut(t).to_owned()),
            plain => keep(s, name, plain.to_string()),
        }
    }
}

fn keep(s: &mut Sheet, name: String, value: String) {
    let value = if missing(value.trim()) { String::new() } else { value };
    if s.raw(&name).is_none() {
        s.raw.push((name, value));
    }
}

fn cut(t: &str) -> &str {
    t.get(..t.floor_char_boundary(LONGEST)).unwrap_or(t)
}

/// Takes each frame with its number; an error ends the reading.
type EachFrame<'a> = &'a mut dyn FnMut(u64, Value) -> Result<(), ()>;

/// What is read of the document beside its frames.
#[derive(Default)]
struct Parts {
    header: Value,
    clip: Value,
    descriptive: Value,
    frames: u64,
}

struct Document<'a>(EachFrame<'a>);

impl<'de> DeserializeSeed<'de> for Document<'_> {
    type Value = Parts;

    fn deserialize<D: serde::Deserializer<'de>>(self, d: D) -> Result<Parts, D::Error> {
        d.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Document<'_> {
    type Value = Parts;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a metadata export of ARRI")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Parts, A::Error> {
        let mut out = Parts::default();
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "arriJsonHeader" => out.header = map.next_value()?,
                "clipBasedMetadataSets" => out.clip = map.next_value()?,
                "descriptiveMetadataSets" => out.descriptive = map.next_value()?,
                "frameBasedMetadata" => out.frames = map.next_value_seed(FrameSets(&mut *self.0))?,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(out)
    }
}

/// `{"frames": […]}`; gives how many there are.
struct FrameSets<'a>(EachFrame<'a>);

impl<'de> DeserializeSeed<'de> for FrameSets<'_> {
    type Value = u64;

    fn deserialize<D: serde::Deserializer<'de>>(self, d: D) -> Result<u64, D::Error> {
        d.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for FrameSets<'_> {
    type Value = u64;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("sets of frames")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<u64, A::Error> {
        let mut n = 0;
        while let Some(key) = map.next_key::<String>()? {
            if key == "frames" {
                n = map.next_value_seed(Frames(&mut *self.0))?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(n)
    }
}

struct Frames<'a>(EachFrame<'a>);

impl<'de> DeserializeSeed<'de> for Frames<'_> {
    type Value = u64;

    fn deserialize<D: serde::Deserializer<'de>>(self, d: D) -> Result<u64, D::Error> {
        d.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Frames<'_> {
    type Value = u64;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a list of frames")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<u64, A::Error> {
        let mut n = 0u64;
        while let Some(frame) = list.next_element::<Value>()? {
            (self.0)(n, frame).map_err(|()| serde::de::Error::custom("stopped"))?;
            n = n.saturating_add(1);
        }
        Ok(n)
    }
}
