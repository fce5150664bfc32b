//! OpenTrackIO: what a camera says of itself, as one sample of the protocol for virtual production.
//!
//! Source: SMPTE RIS OSVP, OpenTrackIO 1.0.1, its JSON schema and parameter descriptions. The sample is that of the clip's
//! first frame. It has no `transforms` and no `tracker`, since a clip knows nothing of the camera's place, and a parameter
//! is left out when the clip does not know exactly that: the size of the recorded picture is not that of the sensor, and
//! the rate at which a clip plays is not the one at which it was shot. What is left over lies in `custom.rushes`.

use super::brief::brief;
use super::extent;
use crate::model::{ClipDoc, Error, ErrorKind, Rational};
use serde_json::{Map, Value, json};
use uuid::Uuid;

/// Version of the protocol.
const VERSION: [u8; 3] = [1, 0, 1];
/// Longest text that the schema allows, characters.
const LONGEST: usize = 1023;
/// Frame numbers of a timecode go to this one.
const LAST_FRAME: u32 = 119;
/// Largest numerator.
const LARGEST: u64 = 0x7fff_ffff;

/// One sample as indented JSON with a line end.
///
/// # Errors
/// `FIELD-ABSENT` (kind Unsupported) for a clip without pictures, `FILE-MALFORMED` when the timecode cannot be counted.
pub fn opentrackio(clip: &ClipDoc) -> Result<Vec<u8>, Error> {
    if clip.image.width.is_none() {
        let what = "OpenTrackIO tells of a camera, and no picture size is known of this clip";
        return Err(Error::new(ErrorKind::Unsupported, "FIELD-ABSENT", what).fix(
            "leave `opentrackio` out of the rule's `emit` for such clips, for example with has(image.width) in `when`",
        ));
    }
    let mut sample = Map::new();
    let fixed = [("duration", duration(clip)), ("camera", camera(clip)), ("lens", static_lens(clip))];
    put(&mut sample, "static", object(fixed));
    put(&mut sample, "timing", timing(clip)?);
    let lens = [("tStop", positive(clip.lens.t_stop)), ("focusDistance", positive(clip.lens.focus_m))];
    put(&mut sample, "lens", object(lens));
    sample.insert("protocol".into(), json!({"name": "OpenTrackIO", "version": VERSION}));
    sample.insert("sampleId".into(), sample_id(clip).into());
    if let Some(source) = source_id(clip) {
        sample.insert("sourceId".into(), source.into());
        sample.insert("sourceNumber".into(), 1.into());
    }
    sample.insert("custom".into(), json!({"rushes": brief(clip)}));
    let bytes = serde_json::to_vec_pretty(&Value::Object(sample));
    let mut bytes = bytes
        .map_err(|e| Error::new(ErrorKind::Malformed, "INTERNAL", format!("it cannot be written as JSON: {e}")))?;
    bytes.push(b'\n');
    Ok(bytes)
}

fn put(map: &mut Map<String, Value>, key: &str, value: Option<Value>) {
    if let Some(v) = value {
        map.insert(key.to_owned(), v);
    }
}

/// What is known of these; `None` if nothing is.
fn object<const N: usize>(entries: [(&str, Option<Value>); N]) -> Option<Value> {
    let mut map = Map::new();
    for (key, value) in entries {
        put(&mut map, key, value);
    }
    (!map.is_empty()).then_some(Value::Object(map))
}

/// A text that is not blank, as long as the schema allows.
fn text(value: Option<&String>) -> Option<Value> {
    let t = value.map(|v| v.trim()).filter(|v| !v.is_empty() && v.chars().count() <= LONGEST)?;
    Some(t.into())
}

fn positive(value: Option<f64>) -> Option<Value> {
    value.filter(|v| v.is_finite() && *v > 0.0).map(Value::from)
}

fn rate(r: Rational) -> Option<Value> {
    ratio(u64::from(r.num()), u64::from(r.den()))
}

/// In lowest terms, within what the schema allows.
fn ratio(num: u64, den: u64) -> Option<Value> {
    let (mut a, mut b) = (num, den);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    let (num, den) = (num.checked_div(a)?, den.checked_div(a)?);
    let fits = (1..=LARGEST).contains(&num) && (1..=u64::from(u32::MAX)).contains(&den);
    fits.then(|| json!({"num": num, "denom": den}))
}

/// Seconds: frames at the rate of the clip, missing ones included.
fn duration(clip: &ClipDoc) -> Option<Value> {
    let (frames, rate) = (extent::span(clip)?, clip.fps.project?);
    ratio(frames.checked_mul(u64::from(rate.den()))?, u64::from(rate.num()))
}

fn camera(clip: &ClipDoc) -> Option<Value> {
    let (c, e) = (&clip.camera, &clip.exposure);
    let sensor = clip.fps.sensor;
    // the protocol defines one by the other: the angle is that of the time at the capture rate
    let from_time = || Some(e.shutter_s? * sensor?.as_f64() * 360.0).map(|a| (a * 1e6).round() / 1e6);
    let angle = e.shutter_angle.or_else(from_time).filter(|a| (0.0..=360.0).contains(a));
    object([
        ("captureFrameRate", sensor.and_then(rate)),
        ("make", text(c.make.as_ref())),
        ("model", text(c.model.as_ref())),
        ("serialNumber", text(c.serial.as_ref())),
        ("firmwareVersion", text(c.firmware.as_ref())),
        ("label", text(c.index.as_ref())),
        ("anamorphicSqueeze", clip.lens.squeeze.and_then(decimal)),
        ("isoSpeed", e.iso.filter(|i| *i > 0).map(Value::from)),
        ("shutterAngle", angle.map(Value::from)),
    ])
}

/// A factor of at most four decimals as a ratio: 1.8 is 9/5.
fn decimal(x: f64) -> Option<Value> {
    let scaled = (x * 10_000.0).round();
    let good = (1.0..=1e6).contains(&scaled);
    good.then_some(scaled as u64).and_then(|n| ratio(n, 10_000))
}

fn static_lens(clip: &ClipDoc) -> Option<Value> {
    let l = &clip.lens;
    // a zoom has no nominal focal length: what it was set to is left to `custom`
    let focal = l.focal_length_mm.filter(|_| !l.model.as_deref().is_some_and(is_zoom));
    object([
        ("make", text(l.make.as_ref())),
        ("model", text(l.model.as_ref())),
        ("serialNumber", text(l.serial.as_ref())),
        ("nominalFocalLength", positive(focal)),
    ])
}

/// Whether a lens is named after a range of focal lengths: `17-120`, `24 - 70mm`, `18–80`.
fn is_zoom(model: &str) -> bool {
    let letters: Vec<char> = model.chars().filter(|c| !c.is_whitespace()).collect();
    let digit = |c: Option<&char>| c.is_some_and(char::is_ascii_digit);
    let mut zoom = model.to_ascii_lowercase().contains("zoom");
    for (at, c) in letters.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|n| letters.get(n));
        zoom |= matches!(c, '-' | '–') && digit(before) && digit(letters.get(at.saturating_add(1)));
    }
    zoom
}

fn timing(clip: &ClipDoc) -> Result<Option<Value>, Error> {
    let timecode = match &clip.timecode {
        Some(tc) => {
            let start = extent::start(tc)?;
            let (h, m, s, f) = start.parts();
            let rate = rate(tc.rate).filter(|_| f <= LAST_FRAME);
            rate.map(|r| {
                json!({"hours": h, "minutes": m, "seconds": s, "frames": f, "frameRate": r, "dropFrame": start.is_drop()})
            })
        }
        None => None,
    };
    let sample_rate = clip.fps.project.and_then(rate);
    if timecode.is_none() && sample_rate.is_none() {
        return Ok(None);
    }
    // there is no clock of a network in a file: its time is the timecode
    Ok(object([("mode", Some("external".into())), ("sampleRate", sample_rate), ("timecode", timecode)]))
}

/// The same for the same clip on every machine (RFC 9562, version 5): that of its content where it is fingerprinted, else
/// of what tells clips apart.
fn sample_id(clip: &ClipDoc) -> String {
    let c = &clip.clip;
    if !c.id.is_empty() {
        return urn(&["sample", &c.id]);
    }
    let text = |p: &Option<String>| p.clone().unwrap_or_default();
    let number = |n: Option<u64>| n.map(|n| n.to_string()).unwrap_or_default();
    let side = |n: Option<u32>| number(n.map(u64::from));
    let start = clip.timecode.as_ref().map(|t| t.start.clone());
    let facts = [
        c.name.clone(),
        text(&c.uuid),
        text(&c.umid),
        text(&clip.reel),
        text(&start),
        text(&clip.camera.serial),
        text(&clip.recorded.date),
        number(c.frames),
        side(clip.image.width),
        side(clip.image.height),
        number(Some(c.files.iter().fold(0, |n, f| n.saturating_add(f.size)))),
    ];
    let parts: Vec<&str> = std::iter::once("sample").chain(facts.iter().map(String::as_str)).collect();
    urn(&parts)
}

/// The camera, if its serial number says which.
fn source_id(clip: &ClipDoc) -> Option<String> {
    let c = &clip.camera;
    let part = |p: &Option<String>| p.clone().unwrap_or_default();
    c.serial.as_ref().map(|serial| urn(&["source", &part(&c.make), &part(&c.model), serial]))
}

fn urn(parts: &[&str]) -> String {
    // lengths keep parts apart that hold anything
    let name: String = parts.iter().map(|p| format!("{}:{p}", p.len())).collect();
    format!("urn:uuid:{}", Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("rushes.clip/1 {name}").as_bytes()).hyphenated())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ClipUnit, TimecodeInfo};

    fn clip() -> ClipDoc {
        let mut d = ClipDoc::new("A001C001_210101_R2EC", ClipUnit::File);
        d.clip.frames = Some(240);
        (d.image.width, d.image.height) = (Some(4608), Some(3164));
        d.fps.project = Rational::new(24_000, 1001);
        d.fps.sensor = Rational::new(48, 1);
        let rate = Rational::new(24_000, 1001).unwrap();
        d.timecode = Some(TimecodeInfo { start: "10:02:11:05".into(), end: None, rate, drop: false });
        d.camera.make = Some("ARRI".into());
        d.camera.model = Some(" ALEXA 35 ".into());
        d.camera.serial = Some("50123".into());
        d.camera.index = Some(" ".into());
        d.exposure.iso = Some(800);
        d.exposure.shutter_s = Some(0.01);
        d.lens.model = Some("Signature Prime 47mm".into());
        d.lens.focal_length_mm = Some(47.0);
        d.lens.t_stop = Some(2.8);
        d.lens.focus_m = Some(f64::INFINITY);
        d.lens.squeeze = Some(1.8);
        d
    }

    fn made(d: &ClipDoc) -> Value {
        serde_json::from_slice(&opentrackio(d).unwrap()).unwrap()
    }

    #[test]
    fn golden() {
        let text = String::from_utf8(opentrackio(&clip()).unwrap()).unwrap();
        assert_eq!(text, include_str!("../../../tests/golden/clip.opentrackio.json"));
    }

    #[test]
    fn only_what_is_known_exactly() {
        let v = made(&clip());
        assert_eq!(v["static"]["duration"], json!({"num": 1001, "denom": 100}));
        assert_eq!(v["static"]["camera"]["anamorphicSqueeze"], json!({"num": 9, "denom": 5}));
        assert_eq!(v["static"]["camera"]["shutterAngle"], 172.8);
        assert!(v["static"]["camera"]["label"].is_null(), "blank");
        assert!(v["lens"]["focusDistance"].is_null(), "infinite");
        let mut d = clip();
        d.exposure.shutter_s = Some(0.1);
        d.lens.model = Some("Premista 28–100 T2.9".into());
        d.camera.serial = None;
        d.exposure.iso = Some(0);
        let v = made(&d);
        assert!(v["static"]["camera"]["shutterAngle"].is_null(), "longer than a frame");
        assert!(v["static"]["lens"]["nominalFocalLength"].is_null(), "a zoom has none");
        assert_eq!(v["custom"]["rushes"]["lens"]["focal_length_mm"], 47.0);
        assert!(v["sourceId"].is_null() && v["static"]["camera"]["isoSpeed"].is_null());
        let mut d = ClipDoc::new("", ClipUnit::File);
        d.image.width = Some(1);
        let v = made(&d);
        assert!(v["static"].is_null() && v["timing"].is_null() && v["lens"].is_null());
        assert_eq!(opentrackio(&ClipDoc::new("x", ClipUnit::File)).unwrap_err().code, "FIELD-ABSENT");
    }

    #[test]
    fn ids_are_those_of_the_clip_and_of_the_camera() {
        let (a, mut d) = (made(&clip()), clip());
        d.clip.name = "A001C002".into();
        let b = made(&d);
        assert_eq!(a["sourceId"], b["sourceId"]);
        assert_ne!(a["sampleId"], b["sampleId"]);
        assert_eq!(opentrackio(&d).unwrap(), opentrackio(&d).unwrap());
    }

    #[test]
    fn frames_beyond_the_protocol_are_left_out() {
        let mut d = clip();
        let rate = Rational::new(240, 1).unwrap();
        d.timecode = Some(TimecodeInfo { start: "10:00:00:200".into(), end: None, rate, drop: false });
        assert!(made(&d)["timing"]["timecode"].is_null());
        d.timecode.as_mut().unwrap().start = "10:00:00:999".into();
        assert_eq!(opentrackio(&d).unwrap_err().code, "FILE-MALFORMED");
    }

    #[test]
    fn zooms_by_name() {
        for (model, zoom) in [
            ("Fujinon Cabrio 19-90", true),
            ("24 - 70mm F2.8 GM", true),
            ("Angenieux Optimo Zoom", true),
            ("Signature Prime 47mm", false),
            ("CN-E50mm T1.3", false),
            ("", false),
        ] {
            assert_eq!(is_zoom(model), zoom, "{model}");
        }
    }
}
