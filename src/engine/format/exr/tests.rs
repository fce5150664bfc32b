//! Plates of our own writer read back, windows, several parts, and hostile bytes.

use super::Exr;
use crate::engine::container::exr::{Channel, ExrValue, SampleKind, write_header};
use crate::engine::encode::FrameStamp;
use crate::engine::encode::exr::{AP0, ColourSpace, ExrCompression, ExrOptions, exr, plate_attributes};
use crate::engine::format::{Format, Input};
use crate::engine::image::{Decoded, Frame};
use crate::model::{ClipDoc, ClipUnit, Error, Limits, MediaPath, Rational, Rect, Timecode};
use proptest::prelude::*;
use std::io::Write;
use std::path::Path;

fn with<T>(bytes: &[u8], limits: &Limits, act: impl FnOnce(&Input<'_>, &Limits) -> T) -> T {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    let path = MediaPath::from(Path::new("A001.1001.exr"));
    act(&Input { path: &path, file: &file, size: bytes.len() as u64 }, limits)
}

fn read(bytes: &[u8]) -> Result<ClipDoc, Error> {
    with(bytes, &Limits::default(), |input, limits| {
        let mut doc = ClipDoc::new("A001", ClipUnit::File);
        Exr.read(input, limits, &mut doc).map(|()| doc)
    })
}

fn decode(bytes: &[u8]) -> Result<Decoded, Error> {
    with(bytes, &Limits::default(), |input, limits| Exr.decode(input, limits))
}

fn frame(width: u32, height: u32) -> Frame {
    let samples = (0..width * height * 3).map(|n| half::f16::from_f32(n as f32 / 7.0).to_f32());
    Frame::from_samples(width, height, samples.collect()).unwrap()
}

fn clip() -> ClipDoc {
    let mut doc = ClipDoc::new("A001", ClipUnit::File);
    let text = |t: &str| Some(t.to_owned());
    doc.camera.make = text("ARRI");
    doc.camera.model = text("ALEXA 35");
    doc.camera.serial = text("42");
    doc.camera.firmware = text("1.2");
    doc.reel = text("A001R2EC");
    doc.lens.make = text("Zeiss");
    doc.lens.model = text("Supreme 35");
    doc.lens.serial = text("5512");
    doc.lens.focal_length_mm = Some(35.0);
    doc.lens.t_stop = Some(2.8);
    doc.lens.focus_m = Some(1.75);
    doc.exposure.iso = Some(800);
    doc.exposure.shutter_angle = Some(172.8);
    doc.exposure.white_balance_k = Some(5600);
    doc.exposure.tint = Some(-2.5);
    doc.fps.project = Rational::new(24_000, 1001);
    doc.fps.sensor = Rational::new(48_000, 1001);
    doc.recorded.date = text("2026-01-12T10:31:07+01:00");
    doc
}

fn plate(compression: ExrCompression, timecode: &str, rate: Rational) -> Vec<u8> {
    let timecode = Timecode::parse(timecode, rate, false).ok();
    let stamp = FrameStamp { timecode, rate: Some(rate), frame: 1001, source_frame: 0 };
    let space = ColourSpace { chromaticities: AP0, interop_id: Some("lin_ap0_scene".into()) };
    let attributes = plate_attributes(&clip(), &stamp, Some(&space));
    exr(&frame(37, 35), &ExrOptions { compression, attributes, aces_container: false }).unwrap().bytes
}

#[test]
fn a_plate_says_what_its_clip_said() {
    let doc = read(&plate(ExrCompression::default(), "10:02:11:22", Rational::new(24_000, 1001).unwrap())).unwrap();
    let want = clip();
    assert_eq!((&doc.camera, &doc.lens, &doc.exposure), (&want.camera, &want.lens, &want.exposure));
    assert_eq!((&doc.fps, &doc.reel, &doc.recorded), (&want.fps, &want.reel, &want.recorded));
    assert_eq!(doc.timecode.as_ref().unwrap().start, "10:02:11:22");
    assert_eq!((doc.image.width, doc.image.height, doc.image.active), (Some(37), Some(35), None));
    assert_eq!(doc.format.codec.as_deref(), Some("RGB"));
    assert_eq!((doc.format.bit_depth, doc.format.compression.as_deref()), (Some(16), Some("ZIP")));
    assert_eq!(doc.color.space.as_deref(), Some("ACES2065-1"));
    assert_eq!(doc.color.primaries.as_deref(), Some("ACES AP0"));
    assert!(doc.format.decodable && doc.warnings.is_empty(), "{:?}", doc.warnings);
    assert_eq!(doc.raw["exr"]["imageCounter"], 1001);
    assert_eq!(doc.origin["reel"].tag, "reelName");
}

#[test]
fn fast_rates_count_pairs_of_frames() {
    for (label, n, d) in [("10:00:00:47", 48, 1), ("10:00:01;01", 60_000, 1001), ("00:00:00:30", 50, 1)] {
        let doc = read(&plate(ExrCompression::None, label, Rational::new(n, d).unwrap())).unwrap();
        assert_eq!(doc.timecode.unwrap().start, label);
    }
    let doc = read(&plate(ExrCompression::None, "10:00:00:47", Rational::new(100, 1).unwrap())).unwrap();
    assert_eq!((doc.timecode, doc.raw["exr"].get("timeCode")), (None, None), "no digits for it");
}

#[test]
fn every_compression_is_decoded() {
    let rate = Rational::new(24, 1).unwrap();
    for how in [ExrCompression::None, ExrCompression::Zips { level: 1 }, ExrCompression::default(), ExrCompression::Piz]
    {
        let done = decode(&plate(how, "01:00:00:00", rate)).unwrap();
        assert_eq!(done.frame, frame(37, 35), "{how:?}");
    }
}

/// A single-part uncompressed file: these channels, windows, and for each row and channel the value given.
fn bare(
    channels: &[(&str, SampleKind)],
    data: [i32; 4],
    display: [i32; 4],
    more: &[(&str, ExrValue)],
    value: impl Fn(i32, i32, usize) -> f32,
) -> Vec<u8> {
    let channel = |(name, kind): &(&str, SampleKind)| Channel {
        name: (*name).into(),
        kind: *kind,
        linear: false,
        sampling: [1, 1],
    };
    let mut list: Vec<(String, ExrValue)> = vec![
        ("channels".into(), ExrValue::Channels(channels.iter().map(channel).collect())),
        ("compression".into(), ExrValue::Compression(0)),
        ("dataWindow".into(), ExrValue::Box2i(data)),
        ("displayWindow".into(), ExrValue::Box2i(display)),
        ("lineOrder".into(), ExrValue::LineOrder(0)),
    ];
    list.extend(more.iter().map(|(n, v)| ((*n).to_owned(), v.clone())));
    let mut out = write_header(&list).unwrap();
    let [x0, y0, x1, y1] = data;
    let mut rows: Vec<Vec<u8>> = Vec::new();
    for y in y0..=y1 {
        let mut row = Vec::new();
        for (n, (_, kind)) in channels.iter().enumerate() {
            for x in x0..=x1 {
                let v = value(x, y, n);
                match kind {
                    SampleKind::Half => row.extend(half::f16::from_f32(v).to_le_bytes()),
                    SampleKind::Float => row.extend(v.to_le_bytes()),
                    SampleKind::Uint => row.extend((v as u32).to_le_bytes()),
                }
            }
        }
        let size = i32::try_from(row.len()).unwrap();
        rows.push([&y.to_le_bytes()[..], &size.to_le_bytes(), &row].concat());
    }
    let mut at = out.len() + rows.len() * 8;
    for r in &rows {
        out.extend((at as u64).to_le_bytes());
        at += r.len();
    }
    out.extend(rows.concat());
    out
}

const RGB: [(&str, SampleKind); 3] = [("B", SampleKind::Float), ("G", SampleKind::Half), ("R", SampleKind::Uint)];

#[test]
fn the_data_window_lies_in_the_display_window() {
    let value = |x: i32, y: i32, n: usize| ((x + 10) * 100 + (y + 10) * 10) as f32 + n as f32;
    for (data, display) in [
        ([0, 0, 3, 2], [0, 0, 3, 2]),
        ([2, 1, 3, 2], [0, 0, 5, 4]),
        ([-2, -1, 6, 5], [0, 0, 3, 2]),
        ([-3, 0, 1, 1], [-2, -2, 3, 3]),
        ([5, 5, 6, 6], [0, 0, 1, 1]),
    ] {
        let bytes = bare(&RGB, data, display, &[], value);
        let done = decode(&bytes).unwrap();
        let [x0, y0, x1, y1] = display;
        assert_eq!((done.frame.width(), done.frame.height()), ((x1 - x0 + 1) as u32, (y1 - y0 + 1) as u32));
        for y in y0..=y1 {
            for x in x0..=x1 {
                let inside = (data[0]..=data[2]).contains(&x) && (data[1]..=data[3]).contains(&y);
                let want = if inside { [2, 1, 0].map(|n| value(x, y, n)) } else { [0.0; 3] };
                assert_eq!(
                    done.frame.pixel((x - x0) as u32, (y - y0) as u32),
                    Some(want),
                    "{data:?} {display:?} {x} {y}"
                );
            }
        }
        let active = Rect {
            x: data[0] - x0,
            y: data[1] - y0,
            width: (data[2] - data[0] + 1) as u32,
            height: (data[3] - data[1] + 1) as u32,
        };
        assert_eq!(read(&bytes).unwrap().image.active, (data != display).then_some(active));
    }
}

#[test]
fn rates_labels_and_colours_that_are_odd() {
    let time = ExrValue::TimeCode { time: 0x1002_1122, user: 0 };
    let doc = |more: &[(&str, ExrValue)]| read(&bare(&RGB, [0, 0, 1, 1], [0, 0, 1, 1], more, |_, _, _| 0.0)).unwrap();
    let codes = |d: &ClipDoc| d.warnings.iter().map(|w| w.code.clone()).collect::<Vec<_>>();
    let d = doc(&[("timeCode", time.clone())]);
    assert_eq!((codes(&d), d.timecode), (vec!["META-RATE-UNKNOWN".to_owned()], None));
    let d = doc(&[("timeCode", time.clone()), ("framesPerSecond", ExrValue::Rational(12, 1))]);
    assert_eq!((codes(&d), d.timecode), (vec!["META-TIMECODE".to_owned()], None));
    let d = doc(&[("timeCode", time), ("framesPerSecond", ExrValue::Rational(2997, 125))]);
    assert_eq!((codes(&d), d.fps.project), (vec!["META-RATE".to_owned()], Rational::new(24_000, 1001)));
    let d = doc(&[("framesPerSecond", ExrValue::Rational(-24, 0))]);
    assert_eq!((codes(&d), d.fps.project), (vec!["META-RATE".to_owned()], None));
    let d = doc(&[("chromaticities", ExrValue::Chromaticities(AP0))]);
    assert_eq!((d.color.space, d.color.primaries.as_deref()), (None, Some("ACES AP0")), "a channel of whole numbers");
    let d = doc(&[("capDate", ExrValue::Text("2026:11:23 08:47:04".into())), ("utcOffset", ExrValue::Float(28_800.0))]);
    assert_eq!(d.recorded.date.as_deref(), Some("2026-11-23T08:47:04-08:00"));
    let d = doc(&[("isoSpeed", ExrValue::Float(f32::NAN)), ("tStop", ExrValue::Float(-1.0))]);
    assert_eq!((codes(&d), d.exposure.iso, d.lens.t_stop), (vec!["META-VALUE".to_owned()], None, None));
    assert_eq!(d.raw["exr"]["isoSpeed"], "NaN");
}

#[test]
fn what_is_not_decoded_is_refused_by_name() {
    let y = |sampling| {
        let channel =
            |name: &str, sampling| Channel { name: name.into(), kind: SampleKind::Half, linear: false, sampling };
        ExrValue::Channels(vec![channel("BY", sampling), channel("RY", sampling), channel("Y", [1, 1])])
    };
    let with = |name: &str, value: ExrValue| {
        let window = ExrValue::Box2i([0, 0, 1, 1]);
        let mut list = vec![
            ("channels".to_owned(), y([1, 1])),
            ("compression".to_owned(), ExrValue::Compression(0)),
            ("dataWindow".to_owned(), window.clone()),
            ("displayWindow".to_owned(), window),
        ];
        list.retain(|(n, _)| n != name);
        list.push((name.to_owned(), value));
        decode(&write_header(&list).unwrap()).unwrap_err()
    };
    for (name, value, word) in
        [("channels", y([2, 2]), "sub-sampled 2x2"), ("compression", ExrValue::Compression(10), "HTJ2K256")]
    {
        let e = with(name, value);
        assert_eq!(e.code, "FORMAT-UNSUPPORTED", "{e}");
        assert!(e.what.contains(word), "{e}");
    }
    for (window, code) in [
        ([0, 0, 99_999, 99_999], "LIMIT-MEMORY"),
        ([i32::MIN, 0, i32::MAX, 0], "FILE-MALFORMED"),
        ([0, 0, 8000, 8000], "LIMIT-MEMORY"),
    ] {
        assert_eq!(with("displayWindow", ExrValue::Box2i(window)).code, code, "{window:?}");
    }
    assert_eq!(with("dataWindow", ExrValue::Box2i([0, 0, 1 << 29, 0])).code, "FILE-TRUNCATED");
}

#[test]
fn every_cut_is_refused() {
    for how in [ExrCompression::None, ExrCompression::Piz, ExrCompression::Dwaa { level: 45.0 }] {
        let bytes = plate(how, "01:00:00:00", Rational::new(24, 1).unwrap());
        for n in 0..bytes.len() {
            let e = read(&bytes[..n]).unwrap_err();
            assert_eq!(e.code, "FILE-TRUNCATED", "cut at {n}: {e}");
        }
        for n in (0..bytes.len()).step_by(7) {
            assert!(decode(&bytes[..n]).is_err(), "cut at {n}");
        }
    }
}

#[test]
fn a_frame_that_was_not_finished() {
    let mut bytes = bare(&RGB, [0, 0, 1, 1], [0, 0, 1, 1], &[], |_, _, _| 0.0);
    let table = bytes.len() - 2 * (8 + 20) - 16;
    bytes[table + 8..table + 16].fill(0);
    assert_eq!(read(&bytes).unwrap_err().code, "FILE-TRUNCATED");
    assert_eq!(decode(&bytes).unwrap_err().code, "FILE-TRUNCATED");
    bytes[table + 8] = 4;
    assert_eq!(read(&bytes).unwrap_err().code, "FILE-MALFORMED");
    assert_eq!(decode(&bytes).unwrap_err().code, "FILE-MALFORMED");
}

proptest! {
    #[test]
    fn changed_bytes_give_a_picture_or_an_error(which in 0usize..5, changes in proptest::collection::vec((any::<u32>(), any::<u8>()), 1..6)) {
        let how = [ExrCompression::None, ExrCompression::Zips { level: 1 }, ExrCompression::default(), ExrCompression::Piz,
            ExrCompression::Dwaa { level: 45.0 }][which];
        let mut bytes = plate(how, "01:00:00:00", Rational::new(24, 1).unwrap());
        for (at, to) in changes {
            let at = at as usize % bytes.len();
            bytes[at] = to;
        }
        for e in [read(&bytes).err(), decode(&bytes).err()].into_iter().flatten() {
            prop_assert_ne!(e.kind, crate::model::ErrorKind::Io, "{}", e);
        }
    }
}
