//! Sony's `NonRealTimeMeta` (`…M01.XML`), as cameras and recorders of the XDCAM family write it.
//!
//! Source: files of VENICE (version 2.10) and of Alpha cameras (2.20). Names here: the elements below the root and the
//! attribute, `VideoFormat/VideoFrame@captureFps`; an `Item` of a group is `GROUP/NAME`, a `Meta` is `Meta/NAME`. A
//! `Device` beside a `Camera` is the recorder. Units of the acquisition sets are those of SMPTE RDD 18.

use super::values::{self, decimal, flag, text, whole};
use super::{CameraValue, Column, Kind, Sheet};
use crate::engine::document::xml::broken;
use crate::model::{Error, Limits, Rational};
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use std::collections::HashSet;

const COLUMNS: &[Column] = &[
    Column { name: "TargetMaterial@umidRef", field: "clip.umid", read: text },
    Column { name: "Duration@value", field: "clip.frames", read: whole },
    Column { name: "CreationDate@value", field: "recorded.date", read: text },
    Column { name: "VideoFormat/VideoFrame@videoCodec", field: "format.codec", read: text },
    Column { name: "VideoFormat/VideoFrame@formatFps", field: "fps.project", read: frames_per_second },
    Column { name: "VideoFormat/VideoFrame@captureFps", field: "fps.sensor", read: frames_per_second },
    Column { name: "VideoFormat/VideoLayout@pixel", field: "image.width", read: whole },
    Column { name: "VideoFormat/VideoLayout@numOfVerticalLine", field: "image.height", read: whole },
    Column { name: "VideoFormat/VideoLayout@pixelAspect", field: "image.pixel_aspect", read: ratio },
    Column { name: "AudioFormat@numOfChannel", field: "audio.channels", read: whole },
    Column { name: "AudioFormat/AudioRecPort@samplingRate", field: "audio.rate", read: whole },
    Column { name: "AudioFormat/AudioRecPort@audioCodec", field: "audio.bit_depth", read: lpcm },
    Column { name: "Lens@manufacturer", field: "lens.make", read: text },
    Column { name: "Lens@modelName", field: "lens.model", read: text },
    Column { name: "LensUnitMetadataSet/AnamorphicLensSqueezeRatio", field: "lens.squeeze", read: hundredths },
    Column { name: "CameraUnitMetadataSet/ExposureIndexOfPhotoMeter", field: "exposure.iso", read: whole },
    Column { name: "CameraUnitMetadataSet/ISOSensitivity", field: "exposure.iso", read: whole },
    Column { name: "CameraUnitMetadataSet/NeutralDensityFilterWheelSetting", field: "exposure.nd", read: text },
    Column { name: "CameraUnitMetadataSet/WhiteBalance", field: "exposure.white_balance_k", read: whole },
    Column { name: "CameraUnitMetadataSet/ShutterSpeedAngle", field: "exposure.shutter_angle", read: minutes_of_arc },
    Column { name: "CameraUnitMetadataSet/CaptureColorPrimaries", field: "color.primaries", read: rec709 },
    Column { name: "CameraUnitMetadataSet/CodingEquations", field: "color.matrix", read: rec709 },
    Column { name: "SonyF65CameraMetadataSet/LookProcessBaked", field: "color.look_baked", read: flag },
    Column { name: "Meta/CameraIndex", field: "camera.index", read: text },
    Column { name: "Meta/Reel", field: "reel", read: text },
    Column { name: "Meta/Scene", field: "slate.scene", read: text },
    Column { name: "Meta/Shot", field: "slate.shot", read: text },
    Column { name: "Meta/Take", field: "slate.take", read: text },
    Column { name: "Meta/Circle", field: "slate.circled", read: flag },
];

/// Of the camera, or without one of the device, which is the camera then.
const BODY: &[(&str, &str)] = &[
    ("@manufacturer", "camera.make"),
    ("@modelName", "camera.model"),
    ("@serialNo", "camera.serial"),
    ("/Element@software", "camera.firmware"),
];

const KEPT: &[&str] = &[
    "@lastUpdate",
    "LtcChangeTable*",
    "TypicalUbit@value",
    "KlvPacketTable*",
    "VideoFormat/VideoRecPort*",
    "VideoFormat/VideoFrame*",
    "VideoFormat/VideoLayout@aspectRatio",
    "VideoFormat/VideoLayout@flip",
    "AudioFormat/AudioRecPort*",
    "Device*",
    "Camera@*",
    "Camera/Element@*",
    "RecordingMode@*",
    "LensUnitMetadataSet/LensAttributes",
    "CameraUnitMetadataSet/ImageSensorReadoutMode",
    "CameraUnitMetadataSet/CaptureGammaEquation",
    "CameraUnitMetadataSet/GammaForCDL",
    "CameraUnitMetadataSet/CameraAttributes",
    "SonyF65CameraMetadataSet/*",
    "AcquisitionRecord*",
    "Meta/*",
];

pub(super) fn read(t: &str, limits: &Limits) -> Result<Sheet, Error> {
    let mut s = Sheet::new(Kind::SonyXml);
    flatten(t, limits, &mut s)?;
    let body = if s.raw.iter().any(|(n, _)| n.starts_with("Camera@")) { "Camera" } else { "Device" };
    for (end, field) in BODY {
        let name = format!("{body}{end}");
        // all bits set is a serial number that nobody gave
        let value = s.raw(&name).map(str::trim).filter(|t| !t.is_empty() && *t != "4294967295").and_then(text);
        s.put(field, &name, value);
    }
    s.map(COLUMNS, KEPT);
    timecode(&mut s);
    Ok(s)
}

/// The value of the first change: eight BCD digits, frames first, with drop-frame in bit 6 as in SMPTE ST 12-1. Where the
/// count advances in half steps a label stands for two frames, and is kept as it is.
fn timecode(s: &mut Sheet) {
    let half = s.raw("LtcChangeTable@halfStep").and_then(flag) == Some(CameraValue::Flag(true));
    let first = s.raw("LtcChangeTable/LtcChange@frameCount") == Some("0");
    let name = "LtcChangeTable/LtcChange@value";
    let Some(code) = s.raw(name).filter(|t| first && !half && t.len() == 8) else { return };
    let Ok(code) = u32::from_str_radix(code, 16) else { return };
    let [f, sec, m, h] = code.to_be_bytes();
    let drop = f & 0x40 != 0;
    let digits = |b: u8| (b >> 4 < 10 && b & 15 < 10).then_some(u32::from(b >> 4) * 10 + u32::from(b & 15));
    let parts = digits(h & 0x3f).zip(digits(m & 0x7f)).zip(digits(sec & 0x7f)).zip(digits(f & 0x3f));
    let base = s.raw("LtcChangeTable@tcFps").and_then(|t| t.parse::<u32>().ok());
    let start = parts.and_then(|(((h, m), sec), f)| values::label([h, m, sec, f], drop).filter(|_| base > Some(f)));
    let Some((start, base)) = start.zip(base) else { return };
    // counted at the format's own pace: 30 is 29.97 for a format of 29.97
    let format = match s.get("fps.project") {
        Some(CameraValue::Rate(r)) => Some(*r),
        _ => None,
    };
    let slow = format.is_some_and(|r| r.den() == 1001);
    let rate = if slow { Rational::new(base.saturating_mul(1000), 1001) } else { Rational::new(base, 1) };
    s.put("timecode.start", name, Some(CameraValue::Text(start)));
    s.put("timecode.rate", "LtcChangeTable@tcFps", rate.map(CameraValue::Rate));
    s.put("timecode.drop", name, Some(CameraValue::Flag(drop)));
}

/// Every attribute under the name of its element.
fn flatten(t: &str, limits: &Limits, s: &mut Sheet) -> Result<(), Error> {
    let mut reader = Reader::from_str(t);
    let mut path: Vec<String> = Vec::new();
    let mut names = Names { group: String::new(), seen: HashSet::new() };
    let mut items = 0u32;
    loop {
        items = items.saturating_add(1);
        if items > limits.items {
            return Err(Error::limit(format!("more than {} items", limits.items)));
        }
        match reader.read_event().map_err(|e| broken(&e))? {
            Event::Start(e) => {
                if u32::try_from(path.len()).unwrap_or(u32::MAX) >= limits.depth {
                    return Err(Error::limit(format!("elements nest deeper than {}", limits.depth)));
                }
                attributes(&e, &path, &mut names, limits, s)?;
                path.push(local(&e));
            }
            Event::Empty(e) => attributes(&e, &path, &mut names, limits, s)?,
            Event::End(_) => {
                path.pop();
            }
            Event::DocType(_) => return Err(Error::malformed("a document type declaration is not allowed")),
            Event::Eof if path.is_empty() => return Ok(()),
            Event::Eof => return Err(Error::truncated("the document ends early").fix("copy the file again")),
            _ => {}
        }
    }
}

fn local(e: &BytesStart<'_>) -> String {
    String::from_utf8_lossy(e.local_name().as_ref().as_ref()).into_owned()
}

/// The group around, and the names so far.
struct Names {
    group: String,
    seen: HashSet<String>,
}

fn attributes(
    e: &BytesStart<'_>,
    path: &[String],
    names: &mut Names,
    limits: &Limits,
    s: &mut Sheet,
) -> Result<(), Error> {
    let most = usize::try_from(limits.text).unwrap_or(usize::MAX);
    let mut found: Vec<(String, String)> = Vec::new();
    for a in e.attributes() {
        let a = a.map_err(|e| Error::malformed(format!("this is no XML: {e}")))?;
        let key = String::from_utf8_lossy(a.key.as_ref().as_ref()).into_owned();
        if key == "xmlns" || key.contains(':') {
            continue;
        }
        let value = a.normalized_value(quick_xml::XmlVersion::Implicit1_0);
        let value = value.map_err(|e| Error::malformed(format!("this is no XML: {e}")))?;
        found.push((key, value.get(..value.floor_char_boundary(most)).unwrap_or(&value).trim().to_owned()));
        if found.len() > 64 {
            return Err(Error::limit("more than 64 attributes of one element"));
        }
    }
    let get = |name: &str| found.iter().find(|(k, _)| k == name).map(|(_, v)| v.clone());
    let element = local(e);
    let group = names.group.clone();
    let mut keep = |name: String, value: String| {
        // a second change, port or event says nothing about the start
        if names.seen.insert(name.clone()) {
            s.raw.push((name, value));
        }
    };
    match (element.as_str(), get("name")) {
        ("Group", Some(name)) => names.group = name,
        ("Item", Some(name)) => keep(format!("{group}/{name}"), get("value").unwrap_or_default()),
        ("Meta", Some(name)) => keep(format!("Meta/{name}"), get("content").unwrap_or_default()),
        _ => {
            // without the root
            let place: Vec<&str> = path.iter().skip(1).map(String::as_str).collect();
            let own = if path.is_empty() { String::new() } else { element };
            let place = if place.is_empty() { own } else { format!("{}/{own}", place.join("/")) };
            found.into_iter().for_each(|(k, v)| keep(format!("{place}@{k}"), v));
        }
    }
    Ok(())
}

/// `24.00p`, `29.97p`; of `59.94i` two fields are a frame.
fn frames_per_second(t: &str) -> Option<CameraValue> {
    let (number, fields) = match t.strip_suffix(['i', 'I']) {
        Some(n) => (n, 2.0),
        None => (t.trim_end_matches(['p', 'P']), 1.0),
    };
    Rational::from_decimal_rate(decimal(number)? / fields).map(CameraValue::Rate)
}

/// `1:1`
fn ratio(t: &str) -> Option<CameraValue> {
    let (a, b) = t.split_once(':')?;
    let (a, b) = (decimal(a)?, decimal(b)?);
    (a > 0.0 && b > 0.0).then(|| CameraValue::Number(values::rounded(a / b)))
}

/// `LPCM24`
fn lpcm(t: &str) -> Option<CameraValue> {
    whole(t.strip_prefix("LPCM")?)
}

/// 100 is 1.
fn hundredths(t: &str) -> Option<CameraValue> {
    decimal(t).filter(|x| *x > 0.0).map(|x| CameraValue::Number(values::rounded(x / 100.0)))
}

/// 10380 is 173 degrees.
fn minutes_of_arc(t: &str) -> Option<CameraValue> {
    let x = decimal(t)? / 60.0;
    (x > 0.0 && x <= 360.0).then(|| CameraValue::Number(values::rounded(x)))
}

/// The one name whose meaning is plain; the maker's own ones stay raw.
fn rec709(t: &str) -> Option<CameraValue> {
    (t == "rec709").then(|| CameraValue::Text("BT.709".into()))
}
