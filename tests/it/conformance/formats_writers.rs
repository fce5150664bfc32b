//! What our writers make, as exiftool and ffprobe see it.

use rushes::engine::container::bytes::Endian;
use rushes::engine::format::demo;
use rushes::model::{Rational, Timecode};
use std::path::Path;
use std::process::Command;

/// What a program prints about a file; `None` after saying that it is not installed.
fn ask(program: &str, args: &[&str], file: &Path) -> Option<String> {
    match Command::new(program).args(args).arg(file).output() {
        Ok(o) => {
            assert!(o.stderr.is_empty(), "{program}: {}", String::from_utf8_lossy(&o.stderr));
            Some(String::from_utf8_lossy(&o.stdout).into_owned())
        }
        Err(_) => {
            println!("conformance writers: {program} is not installed, skipped");
            None
        }
    }
}

fn expect(text: &str, wanted: &[&str]) {
    for w in wanted {
        assert!(text.lines().any(|l| l.trim() == *w), "`{w}` is not in:\n{text}");
    }
}

#[test]
fn dpx_frames() {
    let dir = tempfile::tempdir().unwrap();
    let start = Timecode::parse("10:02:11:22", Rational::new(24, 1).unwrap(), false).unwrap();
    for (endian, order, fmt) in [(Endian::Big, "Big-endian", "gbrp10le"), (Endian::Little, "Little-endian", "gbrp10le")]
    {
        let file = dir.path().join("a.dpx");
        std::fs::write(&file, demo::dpx_frame_as(endian, 3, (64, 36), start.rate(), start, "A001R2EC")).unwrap();
        if let Some(t) = ask("exiftool", &["-s2"], &file) {
            let code = format!("TimeCode: {}", 0x1002_1201);
            let order = format!("ByteOrder: {order}");
            let name = format!("ImageFileName: {}", demo::dpx_name(3, start, "A001R2EC"));
            let creator = concat!("Creator: rushes ", env!("CARGO_PKG_VERSION"));
            expect(&t, &[&code, &order, &name, creator]);
            expect(&t, &["ImageWidth: 64", "ImageHeight: 36", "BitDepth: 10", "InputDeviceName: A001R2EC"]);
            expect(&t, &["FrameRate: 24", "OriginalFrameRate: 24", "TransferCharacteristic: Logarithmic"]);
            assert!(!t.contains("Warning"), "{t}");
        }
        let args = [
            "-v",
            "error",
            "-show_entries",
            "stream=width,height,pix_fmt,r_frame_rate:stream_tags",
            "-of",
            "default=nw=1",
        ];
        if let Some(t) = ask("ffprobe", &args, &file) {
            expect(&t, &["width=64", "height=36", &format!("pix_fmt={fmt}")]);
            println!("conformance writers: ffprobe says {}", t.replace('\n', " "));
        }
    }
}

#[test]
fn broadcast_wave() {
    let dir = tempfile::tempdir().unwrap();
    let start = Timecode::parse("10:02:11:00", Rational::new(24_000, 1001).unwrap(), false).unwrap();
    let file = dir.path().join("a.wav");
    std::fs::write(&file, demo::bwf(1, start.rate(), start, "12A", "3", "S001")).unwrap();
    if let Some(t) = ask("exiftool", &["-s2"], &file) {
        expect(
            &t,
            &["NumChannels: 1", "SampleRate: 48000", "BitsPerSample: 24", "BWFVersion: 1", "Originator: rushes"],
        );
        expect(
            &t,
            &["BwfxmlScene: 12A", "BwfxmlTake: 3", "BwfxmlTape: S001", "BwfxmlSpeedTimecodeRate: 23.976023976024"],
        );
    }
    let args = [
        "-v",
        "error",
        "-show_entries",
        "stream=codec_name,channels,sample_rate,duration_ts:format_tags=time_reference",
        "-of",
        "default=nw=1",
    ];
    if let Some(t) = ask("ffprobe", &args, &file) {
        let reference = (867_144u64 * 1001 * 48_000).div_ceil(24_000);
        expect(&t, &["codec_name=pcm_s24le", "channels=1", "sample_rate=48000", "duration_ts=48000"]);
        expect(&t, &[&format!("TAG:time_reference={reference}")]);
    }
}
