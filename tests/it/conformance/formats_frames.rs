//! Frame by frame beside `exiftool -ee`: every sample of the tracks of timed metadata, in order. Real payloads of GoPro's
//! cameras that are there without their movie are put into a made-up one; so are made-up samples of Sony's and Google's form.

use super::formats_oracle::{Tally, data, files};
use rushes::engine::container::bmff::{MetaTrack, TimedMovie};
use rushes::engine::container::{camm, gpmf, rtmd};
use rushes::engine::format::{Input, rows};
use rushes::model::{FrameRow, Limits, MediaPath};
use serde_json::Value;
use std::fs::File;
use std::path::Path;
use std::process::Command;

/// Streams by GPMF's key and by exiftool's name.
const GOPRO: [(&str, &str); 6] = [
    ("ISOG", "ImageSensorGain"),
    ("ISOE", "ISOSpeeds"),
    ("SHUT", "ExposureTimes"),
    ("WBAL", "ColorTemperatures"),
    ("ACCL", "Accelerometer"),
    ("GYRO", "Gyroscope"),
];
/// exiftool's `-b` gives numbers with their scale, each 15 digits.
const ROUNDING: f64 = 1e-6;

fn listed(path: &Path) -> Vec<FrameRow> {
    let file = File::open(path).unwrap();
    let size = file.metadata().unwrap().len();
    let name = MediaPath::from(path);
    let mut out = Vec::new();
    rows("clip", &Input { path: &name, file: &file, size }, &Limits::default(), &mut |r| {
        out.push(r);
        Ok(())
    })
    .unwrap();
    out
}

/// exiftool's values of a tag in all documents that it finds, in order; `None` without the program. Runs of numbers that it
/// calls binary are asked for as JSON, which leaves out all but one of a document; others as lines.
fn theirs(path: &Path, tag: &str) -> Option<Vec<f64>> {
    let ask = |how: &[&str]| {
        let mut c = Command::new("exiftool");
        let o = c.args(["-ee", "-n", "-G3", "-a"]).args(how).arg(format!("-{tag}")).arg(path).output().ok()?;
        String::from_utf8(o.stdout).ok()
    };
    let numbers = |t: &str| t.split_whitespace().filter_map(|t| t.parse().ok()).collect::<Vec<f64>>();
    let lines = ask(&["-s"])?;
    if !lines.contains("(Binary data") {
        let documents = lines.lines().filter(|l| l.starts_with("[Doc"));
        return Some(documents.filter_map(|l| l.split_once(" : ")).flat_map(|(_, v)| numbers(v)).collect());
    }
    let all: Value = serde_json::from_str(&ask(&["-b", "-j"])?).ok()?;
    let mut documents = Vec::new();
    for (name, value) in all[0].as_object()? {
        let Some((place, _)) = name.strip_prefix("Doc").and_then(|n| n.split_once(':')) else { continue };
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        documents.push((place.parse::<u64>().ok()?, numbers(&text)));
    }
    documents.sort_by_key(|d| d.0);
    Some(documents.into_iter().flat_map(|d| d.1).collect())
}

/// Every number in a value, in order.
fn numbers(v: &Value, out: &mut Vec<f64>) {
    match v {
        Value::Array(all) => all.iter().for_each(|v| numbers(v, out)),
        v => out.extend(v.as_f64()),
    }
}

fn ours(rows: &[FrameRow], source: &str, key: &str) -> Vec<f64> {
    let mut out = Vec::new();
    rows.iter().filter_map(|r| r.raw.get(source)?.get(key)).for_each(|v| numbers(v, &mut out));
    out
}

fn compare(tally: &mut Tally, what: &str, ours: &[f64], theirs: &[f64]) {
    // a sensor is read on while the recording ends
    let end = ours.len() < theirs.len() && theirs.len() - ours.len() <= theirs.len() / 500;
    let cause = end.then_some("samples behind the last frame belong to none");
    tally.compare(&format!("{what}: how many"), Some(ours.len()), Some(theirs.len()), cause);
    let close = |a: f64, b: f64| (a - b).abs() <= ROUNDING * b.abs().max(1.0);
    for (n, (a, b)) in ours.iter().zip(theirs).enumerate() {
        if close(*a, *b) {
            tally.agree += 1;
        } else {
            tally.compare(&format!("{what}[{n}]"), Some(*a), Some(*b), None);
        }
    }
}

/// A movie as long as its payloads, at 29.97 frames a second.
fn wrapped(code: &[u8; 4], frames: u32, samples: Vec<(Vec<u8>, u32)>) -> TimedMovie {
    let tracks = vec![MetaTrack { code: *code, timescale: 30_000, samples }];
    TimedMovie { frames, rate: (30_000, 1001), start: None, tracks, ..TimedMovie::default() }
}

#[test]
fn gopro_streams_sample_by_sample() {
    let Some(data) = data("conformance frames gopro") else { return };
    let dir = tempfile::tempdir().unwrap();
    let mut tally = Tally::default();
    for path in files(&data.join("media/gopro")) {
        let bytes = std::fs::read(&path).unwrap();
        let movie = if path.extension().is_some_and(|e| e == "raw") {
            let payloads: Vec<_> = gpmf::Items::new(&bytes).filter(|i| &i.key == b"DEVC").collect();
            let samples: Vec<_> = payloads.iter().map(|i| (gpmf::nest(b"DEVC", &[i.value.to_vec()]), 30_030)).collect();
            let frames = 30 * u32::try_from(samples.len()).unwrap();
            let movie = dir.path().join("raw.mp4");
            std::fs::write(&movie, wrapped(b"gpmd", frames, samples).bytes()).unwrap();
            movie
        } else {
            path.clone()
        };
        let rows = listed(&movie);
        assert!(rows.iter().all(|r| r.problem.is_none()), "{:?}", rows.iter().find(|r| r.problem.is_some()));
        let before = tally.agree;
        for (key, tag) in GOPRO {
            let Some(theirs) = theirs(&movie, tag) else {
                println!("conformance frames gopro: skipped, no exiftool");
                return;
            };
            let ours = ours(&rows, "gpmf", key);
            if ours.is_empty() && theirs.is_empty() {
                continue;
            }
            compare(&mut tally, key, &ours, &theirs);
        }
        places(&mut tally, &rows, &movie);
        tally.ran += 1;
        let known = |f: fn(&FrameRow) -> bool| rows.iter().filter(|r| f(r)).count();
        println!(
            "conformance frames gopro: {} frames, {} values agree, iso in {}, shutter in {}, white balance in {}, position in {}",
            rows.len(),
            tally.agree - before,
            known(|r| r.facts.iso.is_some()),
            known(|r| r.facts.shutter_s.is_some()),
            known(|r| r.facts.white_balance_k.is_some()),
            known(|r| r.facts.gps_latitude_deg.is_some()),
        );
    }
    tally.finish("conformance frames gopro");
}

/// Each position of the receiver, whether it had one or not.
fn places(tally: &mut Tally, rows: &[FrameRow], movie: &Path) {
    let mut all = Vec::new();
    rows.iter().filter_map(|r| r.raw.get("gpmf")?.get("GPS5")?.as_array()).for_each(|a| all.extend(a.clone()));
    if all.is_empty() {
        return;
    }
    for (n, tag) in [(0, "GPSLatitude"), (1, "GPSLongitude"), (2, "GPSAltitude")] {
        let ours: Vec<f64> = all.iter().filter_map(|s| s[n].as_f64()).collect();
        compare(tally, tag, &ours, &theirs(movie, tag).unwrap_or_default());
    }
}

#[test]
fn made_up_tracks_of_sony_and_google_as_exiftool_reads_them() {
    let dir = tempfile::tempdir().unwrap();
    let be = |all: &[u32]| all.iter().flat_map(|n| n.to_be_bytes()).collect::<Vec<u8>>();
    let sony = |n: u32| {
        let iris = u16::try_from(0x8000 + n * 0x300).unwrap().to_be_bytes().to_vec();
        let camera = [(0x8109, be(&[1, 50 + n])), (0x810b, vec![1, u8::try_from(n).unwrap()])];
        rtmd::write(&[([1, 1], &[(0x8000, iris)]), ([2, 1], &camera)])
    };
    let path = dir.path().join("sony.mp4");
    std::fs::write(&path, wrapped(b"rtmd", 9, (0..9).map(|n| (sony(n), 1001)).collect()).bytes()).unwrap();
    let rows = listed(&path);
    let mut tally = Tally::default();
    let facts = |f: fn(&FrameRow) -> Option<f64>| rows.iter().filter_map(f).collect::<Vec<f64>>();
    for (tag, ours) in [
        ("FNumber", facts(|r| r.facts.f_stop)),
        ("ExposureTime", facts(|r| r.facts.shutter_s)),
        ("ISO", facts(|r| r.facts.iso.map(f64::from))),
    ] {
        let Some(theirs) = theirs(&path, tag) else {
            println!("conformance frames: skipped, no exiftool");
            return;
        };
        // ours is rounded to four digits behind the point
        let theirs: Vec<f64> =
            theirs.iter().map(|x| if tag == "FNumber" { (x * 1e4).round() / 1e4 } else { *x }).collect();
        assert_eq!(theirs.len(), 9, "{tag}");
        compare(&mut tally, tag, &ours, &theirs);
    }
    let path = dir.path().join("camm.mp4");
    let samples = camm::samples().iter().map(|p| (camm::write(p), 1001)).collect();
    std::fs::write(&path, wrapped(b"camm", 9, samples).bytes()).unwrap();
    let rows = listed(&path);
    for (key, tag) in [
        ("angle_axis", "AngleAxis"),
        ("gyro", "AngularVelocity"),
        ("acceleration", "Acceleration"),
        ("position", "Position"),
        ("magnetic_field", "MagneticField"),
    ] {
        let (ours, theirs) = (ours(&rows, "camm", key), theirs(&path, tag).unwrap());
        if theirs.is_empty() && key == "angle_axis" {
            tally.compare(tag, Some(ours), Some(theirs), Some("exiftool 12.57 knows no packets of type 0"));
        } else {
            compare(&mut tally, tag, &ours, &theirs);
        }
    }
    let exposure: Vec<f64> = rows.iter().find_map(|r| r.facts.shutter_s).into_iter().collect();
    compare(&mut tally, "PixelExposureTime", &exposure, &theirs(&path, "PixelExposureTime").unwrap());
    let north: Vec<f64> = rows.iter().filter_map(|r| r.raw.get("camm")?.get("gps")?[0]["latitude"].as_f64()).collect();
    assert_eq!(theirs(&path, "GPSLatitude").unwrap(), [48.25, 48.25], "types 5 and 6");
    assert_eq!(north, [48.25]);
    tally.ran = 2;
    tally.finish("conformance frames made up");
}
