//! Every file of the formats of cameras and of older stores (raw, JPEG 2000, Cineon, AVI, transport streams) against
//! exiftool, MediaInfo and ffprobe: geometry, rate, timecode, maker, model and sensitivity.

use super::formats_oracle::{Reports, Tally, data, files, inspect_file, number};
use super::formats_pixels::{decode_file, picture_of};
use rushes::engine::format::{Input, inspect};
use rushes::model::{ClipDoc, ClipUnit, Error, Limits, MediaPath, Rational};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::process::Command;

const IDS: [&str; 9] = ["arriraw", "avi", "cineon", "crx", "dng", "jp2", "r3d", "raw", "ts"];

#[test]
fn every_camera_file() {
    let Some(data) = data("conformance camera files") else { return };
    let media = data.join("media");
    let mut tally = Tally::default();
    let mut read: BTreeMap<String, usize> = BTreeMap::new();
    let mut refused: BTreeMap<String, usize> = BTreeMap::new();
    let mut cut: BTreeMap<String, usize> = BTreeMap::new();
    for path in files(&media) {
        let relative = path.strip_prefix(&media).unwrap();
        let head = std::fs::read(&path).unwrap();
        let Some(format) = rushes::engine::format::probe(&head[..head.len().min(4096)], &path) else { continue };
        if !IDS.contains(&format.id()) && path.extension().is_none_or(|e| !e.eq_ignore_ascii_case("3gp")) {
            continue;
        }
        let doc = inspect_file(&path).or_else(|e| {
            *cut.entry(format.id().to_owned()).or_default() += 1;
            padded(&path, &head, e)
        });
        match doc {
            Ok(d) => {
                *read.entry(d.format.id.clone()).or_default() += 1;
                tally.ran += 1;
                compare(&mut tally, &data, relative, &d);
            }
            Err(e) => {
                assert!(
                    relative.starts_with("broken") || e.code == "FILE-TRUNCATED" || e.code == "FILE-MALFORMED",
                    "{e}"
                );
                println!("  refused: {e}");
                *refused.entry(e.code.to_string()).or_default() += 1;
            }
        }
    }
    println!(
        "conformance camera files: read {read:?}, cut or damaged {cut:?}, of which refused even when padded {refused:?}"
    );
    assert!(
        IDS.iter().all(|id| read.get(*id).is_some_and(|n| *n > 0)),
        "a format has no file that can be read: {read:?}"
    );
    tally.finish("conformance camera files");
}

/// Cineon codes as oiiotool has them: it spreads 10 bits over 16.
#[test]
fn cineon_pixels_as_oiiotool_decodes_them() {
    let Some(data) = data("conformance cineon pixels") else { return };
    let dir = tempfile::tempdir().unwrap();
    let mut same = 0;
    for path in files(&data.join("media/cineon")) {
        let Ok(decoded) = decode_file("cineon", &path) else { continue };
        let Some(theirs) = picture_of(&path, &[], dir.path()) else { return };
        assert_eq!((theirs.width(), theirs.height()), (decoded.frame.width(), decoded.frame.height()));
        let ours = decoded.frame.data().iter().map(|x| (x * 1023.0).round() as u32);
        let theirs = theirs.data().iter().map(|x| (x * 65_535.0).round() as u32 >> 6);
        assert_eq!(ours.zip(theirs).filter(|(a, b)| a != b).count(), 0, "{}", path.display());
        same += 1;
    }
    println!("conformance cineon pixels: {same} pictures equal");
    assert!(same > 0);
}

/// What ffmpeg writes in every form that it knows, as ffprobe reads it back.
#[test]
fn what_ffmpeg_writes() {
    if data("conformance camera writers").is_none() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let mut tally = Tally::default();
    for (name, args) in WRITTEN {
        let file = dir.path().join(name);
        let source = ["-v", "error", "-f", "lavfi", "-i"];
        let made = Command::new("ffmpeg").args(source).args(args.split(' ')).arg(&file).output();
        let Ok(made) = made else {
            println!("conformance camera writers: ffmpeg is not installed, skipped");
            return;
        };
        if !made.status.success() {
            println!("  {name}: this ffmpeg does not write it");
            continue;
        }
        tally.ran += 1;
        let doc = inspect_file(&file).unwrap_or_else(|e| panic!("{e}"));
        let entries = "stream=width,height,avg_frame_rate,nb_frames,duration";
        let probe = ["-v", "error", "-select_streams", "v:0", "-show_entries", entries, "-of", "json"];
        let out = Command::new("ffprobe").args(probe).arg(&file).output().unwrap();
        let theirs = &serde_json::from_slice::<Value>(&out.stdout).unwrap()["streams"][0];
        let still = doc.format.id == "jp2";
        tally.compare(&format!("{name} width"), doc.image.width.map(u64::from), number(&theirs["width"]), None);
        tally.compare(&format!("{name} height"), doc.image.height.map(u64::from), number(&theirs["height"]), None);
        let rate = theirs["avg_frame_rate"].as_str().and_then(|t| t.parse::<Rational>().ok()).filter(|_| !still);
        let unread =
            (doc.format.codec.as_deref() == Some("H.265")).then_some("the rate of H.265 in a stream is not read");
        tally.compare(&format!("{name} rate"), doc.fps.project, rate, unread);
        let frames = number(&theirs["nb_frames"]).filter(|_| !still);
        tally.compare(&format!("{name} frames"), doc.clip.frames, frames, None);
        let length = theirs["duration"].as_str().and_then(|t| t.parse::<f64>().ok()).filter(|_| !still);
        let milli = |s: f64| (s * 1000.0).round();
        tally.compare(&format!("{name} length"), doc.clip.duration_s.map(milli), length.map(milli), unread);
    }
    tally.finish("conformance camera writers");
}

/// Names of files, and how ffmpeg makes them.
const WRITTEN: &[(&str, &str)] = &[
    ("mjpeg.avi", "testsrc2=s=320x180:r=30000/1001:d=1 -c:v mjpeg"),
    ("mpeg4.avi", "testsrc2=s=320x180:r=24000/1001:d=1 -c:v mpeg4 -bf 0"),
    ("raw.avi", "testsrc2=s=320x180:r=25:d=1 -c:v rawvideo -pix_fmt bgr24"),
    ("h264.avi", "testsrc2=s=320x180:r=50:d=1 -c:v libx264 -bf 0"),
    ("dv.avi", "testsrc2=s=720x576:r=25:d=1 -c:v dvvideo -pix_fmt yuv420p"),
    ("mpeg1.ts", "testsrc2=s=320x180:r=25:d=1 -c:v mpeg1video"),
    ("mpeg2.ts", "testsrc2=s=1920x1080:r=30000/1001:d=1 -c:v mpeg2video"),
    ("mpeg2i.ts", "testsrc2=s=720x576:r=25:d=1 -c:v mpeg2video -flags +ildct+ilme"),
    ("h264.ts", "testsrc2=s=642x362:r=60000/1001:d=1 -c:v libx264"),
    ("h264.m2ts", "testsrc2=s=1920x1080:r=25:d=1 -c:v libx264 -flags +ildct+ilme -x264opts tff=1"),
    ("high422.ts", "testsrc2=s=640x360:r=25:d=1 -c:v libx264 -pix_fmt yuv422p10le"),
    ("high444.ts", "testsrc2=s=642x361:r=25:d=1 -c:v libx264 -pix_fmt yuv444p"),
    ("hevc.ts", "testsrc2=s=642x362:r=25:d=1 -c:v libx265 -x265-params log-level=none"),
    ("hevc10.ts", "testsrc2=s=640x360:r=25:d=1 -c:v libx265 -pix_fmt yuv422p10le -x265-params log-level=none"),
    ("gray.jp2", "testsrc2=s=123x77:r=1:d=1 -frames:v 1 -pix_fmt gray -c:v jpeg2000"),
    ("rgb48.j2k", "testsrc2=s=123x77:r=1:d=1 -frames:v 1 -pix_fmt rgb48 -c:v jpeg2000"),
    ("phone.3gp", "testsrc2=s=176x144:r=15:d=1 -c:v mpeg4"),
];

/// A file whose media was taken out, made as long as its header says, so that the header itself can be compared.
fn padded(path: &Path, bytes: &[u8], e: Error) -> Result<ClipDoc, Error> {
    if e.code != "FILE-TRUNCATED" || bytes.len() > 1 << 20 {
        return Err(e);
    }
    let mut bytes = bytes.to_vec();
    if bytes.starts_with(b"RIFF") {
        // a part of pictures that goes on to the end that the header says
        let end = bytes.len().next_multiple_of(2);
        bytes.resize(end, 0);
    }
    let size = 1 << 26;
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(&bytes).unwrap();
    file.set_len(size).unwrap();
    let name = MediaPath::from(path);
    let input = Input { path: &name, file: &file, size };
    inspect("clip", ClipUnit::File, &[input], &Limits::default()).map_err(|_| e)
}

/// The first of these tags that exiftool gives.
fn tag<'a>(exif: &'a Value, names: &[&str]) -> Option<&'a Value> {
    names.iter().map(|n| &exif[*n]).find(|v| !v.is_null())
}

fn compare(tally: &mut Tally, data: &Path, relative: &Path, doc: &ClipDoc) {
    let r = Reports::of(data, relative);
    let name = format!("{} ({})", relative.display(), doc.format.id);
    let exif = &r.exiftool;
    let ours = doc.image.width.zip(doc.image.height).map(|(w, h)| format!("{w}x{h}"));
    let smaller = |theirs: Option<&str>| {
        if doc.format.id == "crx" {
            return Some("theirs is the whole sensor, ours the picture that the camera names");
        }
        let area = |t: &str| t.split_once('x').and_then(|(w, h)| Some(w.parse::<u64>().ok()? * h.parse::<u64>().ok()?));
        let (a, b) = (ours.as_deref().and_then(area)?, theirs.and_then(area)?);
        let raw = matches!(doc.format.id.as_str(), "raw" | "dng");
        (raw && b < a)
            .then_some("theirs is the size of a preview in the file, or of the crop, ours that of the sensor's picture")
    };
    let theirs = exif["Composite:ImageSize"].as_str();
    tally.compare(&format!("{name} size exiftool"), ours.as_deref(), theirs, smaller(theirs));
    let pair = |w: Option<u64>, h: Option<u64>| w.zip(h).filter(|(w, _)| *w > 0).map(|(w, h)| format!("{w}x{h}"));
    for track in ["Image", "Video"] {
        let side = |field: &str| number(r.mediainfo.get(track)?.get(field)?);
        let theirs = pair(side("Width"), side("Height"));
        tally.compare(&format!("{name} size MediaInfo"), ours.clone(), theirs.clone(), smaller(theirs.as_deref()));
    }
    let all = Reports::whole(data, relative, "ffprobe");
    let picture = all["streams"].as_array().and_then(|s| s.iter().find(|s| s["codec_type"] == "video"));
    let theirs = picture.and_then(|s| pair(number(&s["width"]), number(&s["height"])));
    tally.compare(&format!("{name} size ffprobe"), ours.clone(), theirs.clone(), smaller(theirs.as_deref()));
    rates(tally, &name, exif, picture, doc);
    let words = |v: Option<&Value>| v.and_then(Value::as_str).map(|t| t.trim().to_owned());
    let make = words(tag(exif, &["IFD0:Make", "CanonRaw:Make", "SigmaRaw:Make"]));
    tally.compare(&format!("{name} make"), doc.camera.make.clone(), make, None);
    let model = words(tag(exif, &["IFD0:Model", "CanonRaw:Model", "Red:Model"]));
    tally.compare(&format!("{name} model"), doc.camera.model.clone(), model, None);
    let iso = tag(exif, &["ExifIFD:ISO", "IFD0:ISO", "Red:ISO"]).and_then(number);
    tally.compare(&format!("{name} ISO"), doc.exposure.iso.map(u64::from), iso, None);
    let serial = tag(exif, &["ExifIFD:SerialNumber", "Red:SerialNumber"]).map(|v| v.to_string().replace('"', ""));
    tally.compare(&format!("{name} serial"), doc.camera.serial.clone(), serial, None);
    let focal = words(tag(exif, &["ExifIFD:FocalLength"])).and_then(|t| t.split(' ').next()?.parse::<f64>().ok());
    let tenth = |x: f64| (x * 10.0).round() / 10.0;
    tally.compare(&format!("{name} focal length"), doc.lens.focal_length_mm.map(tenth), focal, None);
    let date = words(tag(exif, &["ExifIFD:DateTimeOriginal"])).map(|t| t.replacen(':', "-", 2).replace(' ', "T"));
    let ours = doc.recorded.date.as_deref().and_then(|d| d.get(..19)).map(str::to_owned);
    tally.compare(&format!("{name} date"), ours, date, None);
}

/// Rate, length and timecode, of moving pictures.
fn rates(tally: &mut Tally, name: &str, exif: &Value, picture: Option<&Value>, doc: &ClipDoc) {
    if !matches!(doc.format.id.as_str(), "avi" | "ts" | "r3d" | "mov") {
        return;
    }
    let rate = |t: &str| t.parse::<Rational>().ok();
    let theirs =
        picture.and_then(|s| rate(s["avg_frame_rate"].as_str()?).or_else(|| rate(s["r_frame_rate"].as_str()?)));
    tally.compare(&format!("{name} rate ffprobe"), doc.fps.project, theirs, None);
    let theirs = exif["Red:FrameRate"].as_f64().and_then(Rational::from_decimal_rate);
    tally.compare(&format!("{name} rate exiftool"), doc.fps.project, theirs, None);
    let frames = picture.and_then(|s| number(&s["nb_frames"])).filter(|n| *n > 0);
    tally.compare(&format!("{name} frames"), doc.clip.frames, frames, None);
    let start = exif["Red:StartTimecode"].as_str();
    tally.compare(&format!("{name} timecode"), doc.timecode.as_ref().map(|t| t.start.as_str()), start, None);
}
