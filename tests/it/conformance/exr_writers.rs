//! What our OpenEXR writer makes, as exrheader (OpenEXR) and oiiotool (OpenImageIO) see it.

use super::formats_pixels::{Wanted, compare_pixels, picture_of};
use rushes::engine::encode::FrameStamp;
use rushes::engine::encode::exr::{AP0, ColourSpace, ExrCompression, ExrOptions, ExrValue, exr, plate_attributes};
use rushes::engine::image::Frame;
use rushes::model::{ClipDoc, ClipUnit, Rational, Timecode};
use std::path::Path;
use std::process::Command;

fn picture(width: u32, height: u32) -> Frame {
    let n = width * height * 3;
    let sample = |i: u32| (i % 977) as f32 / 300.0 - 0.5 + (i.wrapping_mul(2_654_435_761) >> 20) as f32 / 65_536.0;
    Frame::from_samples(width, height, (0..n).map(sample).collect()).unwrap()
}

fn attributes(rate: Rational, label: &str) -> Vec<(String, ExrValue)> {
    let mut doc = ClipDoc::new("A001", ClipUnit::File);
    doc.camera.make = Some("ARRI".into());
    doc.reel = Some("A001R2EC".into());
    doc.exposure.iso = Some(800);
    doc.lens.t_stop = Some(2.8);
    doc.fps.sensor = Rational::new(48, 1);
    doc.recorded.date = Some("2026-01-12T10:31:07+01:00".into());
    let stamp = FrameStamp {
        timecode: Timecode::parse(label, rate, false).ok(),
        rate: Some(rate),
        frame: 1001,
        source_frame: 0,
    };
    let space = ColourSpace { chromaticities: AP0, interop_id: Some("lin_ap0_scene".into()) };
    plate_attributes(&doc, &stamp, Some(&space))
}

/// What exrheader prints; `None` after saying that it is not installed.
fn exrheader(path: &Path) -> Option<String> {
    let Ok(out) = Command::new("exrheader").arg(path).output() else {
        println!("conformance exr writer: exrheader is not installed, skipped");
        return None;
    };
    assert!(out.status.success() && out.stderr.is_empty(), "{}", String::from_utf8_lossy(&out.stderr));
    Some(String::from_utf8_lossy(&out.stdout).into_owned())
}

#[test]
fn attributes_as_exrheader_prints_them() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("a.exr");
    for (n, d, label, want) in [
        (
            24_000,
            1001,
            "10:02:11:22",
            [
                "framesPerSecond (type rational): 24000/1001 (23.976)",
                "time 10:02:11:22",
                "drop frame 0, color frame 0, field/phase 0",
            ],
        ),
        (
            30_000,
            1001,
            "10:02:11;22",
            [
                "framesPerSecond (type rational): 30000/1001 (29.97)",
                "time 10:02:11:22",
                "drop frame 1, color frame 0, field/phase 0",
            ],
        ),
        (
            60,
            1,
            "10:02:11:59",
            [
                "framesPerSecond (type rational): 60/1 (60)",
                "time 10:02:11:29",
                "drop frame 0, color frame 0, field/phase 1",
            ],
        ),
    ] {
        let attributes = attributes(Rational::new(n, d).unwrap(), label);
        let done = exr(&picture(16, 9), &ExrOptions { attributes, ..ExrOptions::default() }).unwrap();
        std::fs::write(&file, done.bytes).unwrap();
        let Some(text) = exrheader(&file) else { return };
        let fixed = [
            "file format version: 2, flags 0x0",
            "cameraMake (type string): \"ARRI\"",
            "capDate (type string): \"2026:01:12 10:31:07\"",
            "utcOffset (type float): -3600",
            "captureRate (type rational): 48/1 (48)",
            "colorInteropID (type string): \"lin_ap0_scene\"",
            "compression (type compression): zip, multi-scanline blocks",
            "dataWindow (type box2i): (0 0) - (15 8)",
            "displayWindow (type box2i): (0 0) - (15 8)",
            "imageCounter (type int): 1001",
            "isoSpeed (type float): 800",
            "lineOrder (type lineOrder): increasing y",
            "reelName (type string): \"A001R2EC\"",
            "tStop (type float): 2.8",
            "red   (0.7347 0.2653)",
            "white (0.32168 0.33767)",
            "B, 16-bit floating-point, sampling 1 1",
        ];
        for w in fixed.iter().chain(&want) {
            assert!(text.lines().any(|l| l.trim() == *w), "`{w}` is not in:\n{text}");
        }
    }
}

#[test]
fn pixels_as_oiiotool_decodes_them() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("a.exr");
    let mut ran = 0;
    for (w, h) in [(1, 1), (37, 33), (640, 129)] {
        let frame = picture(w, h);
        let halves = frame.data().iter().map(|x| half::f16::from_f32(*x).to_f32()).collect();
        let halves = Frame::from_samples(w, h, halves).unwrap();
        for compression in [
            ExrCompression::None,
            ExrCompression::Zips { level: 9 },
            ExrCompression::Zip { level: 1 },
            ExrCompression::default(),
            ExrCompression::Piz,
            ExrCompression::Dwaa { level: 45.0 },
        ] {
            let name = format!("{w}x{h} {compression:?}");
            let options = ExrOptions { compression, ..ExrOptions::default() };
            std::fs::write(&file, exr(&frame, &options).unwrap().bytes).unwrap();
            let Some(theirs) = picture_of(&file, &["--ch", "R,G,B"], dir.path()) else { return };
            let lossy = matches!(compression, ExrCompression::Dwaa { .. });
            compare_pixels(&name, &halves, &theirs, if lossy { Wanted::Relative(0.1) } else { Wanted::Exact });
            ran += 1;
        }
    }
    println!("conformance exr writer: {ran} files as oiiotool decodes them");
}
