//! OpenTimelineIO: a clip with a reference to its media.
//!
//! Source: the serialized-schema page of OpenTimelineIO's documentation (`Clip.2`, `ExternalReference.1`,
//! `ImageSequenceReference.1`, `TimeRange.1`, `SerializableCollection.1`). Its model of media is a name, a range and a
//! URL; everything else that is known lies in the clip's `metadata["rushes"]`, which is `rushes.clip/1` without `raw` and
//! `origin` and without the files of a sequence; whether the timecode is drop-frame is told there only.
//!
//! The URL is the clip's path as its document has it: one that is relative to the watched folder stays relative, so that
//! the same clip makes the same bytes on every machine; an absolute one becomes a `file:` URL (RFC 8089).

use super::brief::brief;
use super::extent;
use crate::engine::format::is_frame_extension;
use crate::engine::sequence::{self, FrameRun};
use crate::model::{ClipDoc, ClipUnit, Error, ErrorKind};
use serde_json::{Value, json};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// One `Clip.2` as indented JSON with a line end.
///
/// `available_range` begins at the start timecode, or at 0 where none is known, and counts frames at the clip's rate,
/// missing ones included; sound alone is counted in samples. Start and duration may have different rates: each is exact.
///
/// # Errors
/// `FIELD-ABSENT` (kind Unsupported) when the rate or the length is unknown, `FILE-MALFORMED` when the timecode cannot be
/// counted.
pub fn otio(clip: &ClipDoc) -> Result<Vec<u8>, Error> {
    written(&item(clip)?)
}

/// A `SerializableCollection.1` of clips.
///
/// # Errors
/// As [`otio`], with the clip's first file as place.
pub fn otio_collection(name: &str, clips: &[&ClipDoc]) -> Result<Vec<u8>, Error> {
    let at = |c: &ClipDoc, e: Error| match c.clip.files.first() {
        Some(f) => e.at(f.path.as_path()),
        None => e,
    };
    let children = clips.iter().map(|c| item(c).map_err(|e| at(c, e))).collect::<Result<Vec<_>, _>>()?;
    written(&json!({
        "OTIO_SCHEMA": "SerializableCollection.1", "metadata": {}, "name": name, "children": children
    }))
}

fn written(v: &Value) -> Result<Vec<u8>, Error> {
    let bytes = serde_json::to_vec_pretty(v);
    let mut bytes = bytes
        .map_err(|e| Error::new(ErrorKind::Malformed, "INTERNAL", format!("it cannot be written as JSON: {e}")))?;
    bytes.push(b'\n');
    Ok(bytes)
}

fn item(clip: &ClipDoc) -> Result<Value, Error> {
    let range = range(clip)?;
    Ok(json!({
        "OTIO_SCHEMA": "Clip.2",
        "metadata": {"rushes": brief(clip)},
        "name": clip.clip.name,
        "source_range": null,
        "effects": [],
        "markers": [],
        "enabled": true,
        "media_references": {"DEFAULT_MEDIA": reference(clip, &range)},
        "active_media_reference_key": "DEFAULT_MEDIA",
    }))
}

/// A count at a rate.
struct Time {
    value: u64,
    rate: f64,
}

impl Time {
    fn json(&self) -> Value {
        json!({"OTIO_SCHEMA": "RationalTime.1", "rate": self.rate, "value": self.value as f64})
    }
}

/// Start and duration.
struct Range {
    start: Time,
    duration: Time,
}

fn absent(what: &str) -> Error {
    Error::new(ErrorKind::Unsupported, "FIELD-ABSENT", format!("OpenTimelineIO needs {what}, which is unknown"))
        .fix("leave `otio` out of the rule's `emit` for such clips, for example with has(clip.frames) in `when`")
}

fn range(clip: &ClipDoc) -> Result<Range, Error> {
    let tc = clip.timecode.as_ref();
    let start = tc.map(extent::start).transpose()?;
    let sound = &clip.audio;
    if clip.image.width.is_none()
        && let (Some(samples), Some(rate)) = (sound.samples, sound.rate.filter(|r| *r > 0))
    {
        let rate = f64::from(rate);
        let from_label = start.map(|s| Time { value: u64::from(s.frames()), rate: s.rate().as_f64() });
        let start = sound.samples_since_midnight.map(|value| Time { value, rate }).or(from_label);
        return Ok(Range { start: start.unwrap_or(Time { value: 0, rate }), duration: Time { value: samples, rate } });
    }
    let counted = match (tc, start) {
        (Some(tc), Some(start)) => extent::counted(tc, start)?,
        _ => None,
    };
    let rate = clip.fps.project.or(tc.map(|t| t.rate)).ok_or_else(|| absent("the clip's rate"))?;
    let duration = match (extent::span(clip), counted, tc) {
        (Some(value), ..) => Time { value, rate: rate.as_f64() },
        (None, Some(n), Some(tc)) => Time { value: u64::try_from(n).unwrap_or(0), rate: tc.rate.as_f64() },
        _ => return Err(absent("the clip's length")),
    };
    let start = start.map(|s| Time { value: u64::from(s.frames()), rate: s.rate().as_f64() });
    Ok(Range { start: start.unwrap_or(Time { value: 0, rate: rate.as_f64() }), duration })
}

fn reference(clip: &ClipDoc, range: &Range) -> Value {
    let available = json!({
        "OTIO_SCHEMA": "TimeRange.1", "duration": range.duration.json(), "start_time": range.start.json()
    });
    let first = clip.clip.files.first().map(|f| f.path.as_path());
    let mut reference = match (frames(clip), first) {
        (Some(run), Some(first)) => {
            // an empty base makes readers of the C++ library fail
            let folder = first.parent().filter(|p| !p.as_os_str().is_empty()).map_or_else(|| "./".into(), folder_url);
            json!({
                "OTIO_SCHEMA": "ImageSequenceReference.1",
                "target_url_base": folder,
                "name_prefix": escaped(run.prefix.as_bytes()),
                "name_suffix": escaped(run.suffix.as_bytes()),
                "start_frame": run.first,
                "frame_step": 1,
                "rate": range.duration.rate,
                "frame_zero_padding": run.digits,
                "missing_frame_policy": "error",
            })
        }
        (_, Some(first)) => json!({"OTIO_SCHEMA": "ExternalReference.1", "target_url": url(first)}),
        (_, None) => json!({"OTIO_SCHEMA": "MissingReference.1"}),
    };
    if let Some(map) = reference.as_object_mut() {
        map.insert("metadata".into(), json!({}));
        map.insert("name".into(), clip.clip.name.clone().into());
        map.insert("available_range".into(), available);
        map.insert("available_image_bounds".into(), Value::Null);
    }
    reference
}

/// The numbered files, if all of them are one run.
fn frames(clip: &ClipDoc) -> Option<FrameRun> {
    if clip.clip.unit != ClipUnit::Sequence {
        return None;
    }
    let names: Vec<&OsStr> = clip.clip.files.iter().filter_map(|f| f.path.as_path().file_name()).collect();
    let mut groups = sequence::group(&names, &is_frame_extension).into_iter();
    match (groups.next(), groups.next()) {
        (Some(only), None) if only.members.len() == clip.clip.files.len() => only.run,
        _ => None,
    }
}

fn folder_url(path: &Path) -> String {
    let text = url(path);
    if text.ends_with('/') { text } else { format!("{text}/") }
}

fn url(path: &Path) -> String {
    let text = escaped(path.as_os_str().as_bytes());
    if path.is_absolute() { format!("file://{text}") } else { text }
}

/// RFC 3986: all but the unreserved characters and `/` are written as `%XX`, byte by byte, so that every name comes back
/// and none is taken for a scheme, a query or a fragment.
fn escaped(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for b in bytes {
        match b {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => text.push(char::from(*b)),
            other => text.push_str(&format!("%{other:02X}")),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ClipFile, FrameGap, Rational, TimecodeInfo};
    use std::ffi::OsString;
    use std::os::unix::ffi::OsStringExt;

    fn file(path: &[u8]) -> ClipFile {
        let path = std::path::PathBuf::from(OsString::from_vec(path.to_vec()));
        ClipFile { path: path.into(), size: 7, xxh128: String::new(), hashes: Default::default() }
    }

    fn clip() -> ClipDoc {
        let mut d = ClipDoc::new("A001C001_210101_R2EC", ClipUnit::File);
        d.clip.files.push(file(b"A/A001C001_210101_R2EC.mov"));
        d.clip.frames = Some(240);
        d.image.width = Some(4608);
        d.fps.project = Rational::new(24_000, 1001);
        d.timecode = Some(tc("10:02:11:00", None, (24_000, 1001), false));
        d.camera.make = Some("ARRI \"x\"\u{1b}".into());
        d.keep("mov", "secret", "not here");
        d
    }

    fn tc(start: &str, end: Option<&str>, (n, d): (u32, u32), drop: bool) -> TimecodeInfo {
        TimecodeInfo { start: start.into(), end: end.map(str::to_owned), rate: Rational::new(n, d).unwrap(), drop }
    }

    fn made(d: &ClipDoc) -> Value {
        serde_json::from_slice(&otio(d).unwrap()).unwrap()
    }

    /// Start value and rate, duration value and rate.
    fn numbers(d: &ClipDoc) -> (f64, f64, f64, f64) {
        let v = made(d);
        let r = &v["media_references"]["DEFAULT_MEDIA"]["available_range"];
        let n = |time: &str, key: &str| r[time][key].as_f64().unwrap();
        (n("start_time", "value"), n("start_time", "rate"), n("duration", "value"), n("duration", "rate"))
    }

    #[test]
    fn golden() {
        let text = String::from_utf8(otio(&clip()).unwrap()).unwrap();
        assert_eq!(text, include_str!("../../../tests/golden/clip.otio"));
        assert!(!text.contains("secret"));
    }

    #[test]
    fn ranges_are_exact() {
        let r = 24_000.0 / 1001.0;
        assert_eq!(numbers(&clip()), (867_144.0, r, 240.0, r));
        let mut d = clip();
        (d.clip.frames, d.fps.project) = (None, None);
        d.timecode = Some(tc("23:59:59;00", Some("00:00:00;00"), (60_000, 1001), true));
        assert_eq!(numbers(&d).2, 60.0, "past midnight");
        let mut d = clip();
        d.timecode = None;
        assert_eq!(numbers(&d), (0.0, r, 240.0, r), "media without timecode begins at 0");
        let mut d = clip();
        d.fps.project = Rational::new(48, 1);
        assert_eq!(numbers(&d), (867_144.0, r, 240.0, 48.0), "each at its own rate");
        let mut d = clip();
        d.clip.gaps = vec![FrameGap { first: 5, last: 8 }];
        assert_eq!(numbers(&d).2, 244.0, "missing frames have their place");
    }

    #[test]
    fn sound_is_counted_in_samples() {
        let mut d = clip();
        (d.image.width, d.clip.frames) = (None, None);
        (d.audio.rate, d.audio.samples) = (Some(48_000), Some(96_001));
        assert_eq!(numbers(&d), (867_144.0, 24_000.0 / 1001.0, 96_001.0, 48_000.0));
        d.audio.samples_since_midnight = Some(1_736_022_288);
        assert_eq!(numbers(&d), (1_736_022_288.0, 48_000.0, 96_001.0, 48_000.0));
    }

    #[test]
    fn nothing_is_invented() {
        let code = |d: &ClipDoc| otio(d).unwrap_err().code.into_owned();
        let mut d = clip();
        d.clip.frames = None;
        assert_eq!(code(&d), "FIELD-ABSENT");
        let mut d = clip();
        (d.timecode, d.fps.project) = (None, None);
        assert_eq!(code(&d), "FIELD-ABSENT");
        d.timecode = Some(tc("99:00:00:00", None, (24, 1), false));
        assert_eq!(code(&d), "FILE-MALFORMED");
        let d = ClipDoc::new("text", ClipUnit::File);
        assert_eq!(otio_collection("r", &[&clip(), &d]).unwrap_err().code, "FIELD-ABSENT");
    }

    #[test]
    fn hostile_names_stay_paths() {
        let url = |path: &[u8]| {
            let mut d = clip();
            d.clip.files = vec![file(path)];
            made(&d)["media_references"]["DEFAULT_MEDIA"]["target_url"].as_str().unwrap().to_owned()
        };
        assert_eq!(url(b"A/B.mov"), "A/B.mov");
        assert_eq!(url(b"/mnt/a b/100%.mov"), "file:///mnt/a%20b/100%25.mov");
        assert_eq!(url(b"http://x/?q#f.mov"), "http%3A//x/%3Fq%23f.mov");
        assert_eq!(url(b"\xff\n\"<>.mov"), "%FF%0A%22%3C%3E.mov");
    }

    #[test]
    fn numbered_frames_are_one_reference() {
        let mut d = clip();
        d.clip.unit = ClipUnit::Sequence;
        d.clip.files = [998, 999, 1000].map(|n| file(format!("/m/A 1/A001.{n:05}.dpx").as_bytes())).to_vec();
        let reference = &made(&d)["media_references"]["DEFAULT_MEDIA"];
        let text = |key: &str| reference[key].as_str().unwrap().to_owned();
        assert_eq!(text("OTIO_SCHEMA"), "ImageSequenceReference.1");
        assert_eq!(text("target_url_base"), "file:///m/A%201/");
        assert_eq!((text("name_prefix"), text("name_suffix")), ("A001.".into(), ".dpx".into()));
        assert_eq!((&reference["start_frame"], &reference["frame_zero_padding"]), (&json!(998), &json!(5)));
        assert!(made(&d)["metadata"]["rushes"]["clip"]["files"].is_null(), "there may be very many");
        d.clip.files = vec![file(b"A.1001.dpx"), file(b"A.1002.dpx")];
        assert_eq!(made(&d)["media_references"]["DEFAULT_MEDIA"]["target_url_base"], "./");
    }

    #[test]
    fn several_clips_are_a_collection() {
        let v: Value = serde_json::from_slice(&otio_collection("A001", &[&clip(), &clip()]).unwrap()).unwrap();
        assert_eq!((&v["OTIO_SCHEMA"], &v["name"]), (&json!("SerializableCollection.1"), &json!("A001")));
        assert_eq!(v["children"].as_array().unwrap().len(), 2);
        assert_eq!(v["children"][1], made(&clip()));
    }
}
