//! Each frame carries its own number as eight bars, so that no lost, doubled or shifted frame can hide.

use super::{decode, make, programs, tools};
use rushes::engine::image::Frame;
use rushes::engine::video::{ClipColor, Span, VideoReader, probe};
use rushes::model::Rational;
use std::fs::File;
use std::path::{Path, PathBuf};

pub const FRAMES: u64 = 60;

/// Codec, rate, arguments of the encoder.
pub const CLIPS: &[(&str, &str, &str)] = &[
    ("prores", "24", "-c:v prores_ks -profile:v 2 -pix_fmt yuv422p10le"),
    ("prores4444", "24000/1001", "-c:v prores_ks -profile:v 4 -pix_fmt yuva444p10le"),
    ("dnxhd", "24000/1001", "-c:v dnxhd -profile:v dnxhr_hq -pix_fmt yuv422p"),
    ("h264", "30000/1001", "-c:v libx264 -bf 3 -g 12 -x264-params open-gop=1:log=-1 -pix_fmt yuv420p"),
    ("hevc", "24", "-c:v libx265 -x265-params log-level=none:open-gop=1:keyint=12:bframes=3 -pix_fmt yuv422p10le"),
    ("mpeg2", "30000/1001", "-c:v mpeg2video -bf 2 -g 12 -b:v 8M -pix_fmt yuv422p"),
    ("mpeg4", "25", "-c:v mpeg4 -bf 2 -g 12 -b:v 8M -pix_fmt yuv420p"),
    ("jpeg2000", "24", "-c:v libopenjpeg -pix_fmt yuv422p10le"),
    ("mjpeg", "25", "-c:v mjpeg -q:v 2 -pix_fmt yuvj422p"),
    ("png", "24", "-c:v png -pix_fmt rgb24"),
    ("v210", "24000/1001", "-c:v v210 -pix_fmt yuv422p10le"),
    ("qtrle", "24", "-c:v qtrle -pix_fmt rgb24"),
    // one unit of time a frame, and two
    ("prores-24", "24", "-c:v prores_ks -profile:v 2 -pix_fmt yuv422p10le -video_track_timescale 24"),
    ("h264-50", "25", "-c:v libx264 -bf 3 -g 12 -x264-params log=-1 -pix_fmt yuv420p -video_track_timescale 50"),
    ("mpeg4-25", "25", "-c:v mpeg4 -g 12 -b:v 8M -pix_fmt yuv420p -video_track_timescale 25"),
];

/// Makes the clip in `dir`; `None` when this ffmpeg lacks the encoder.
pub fn clip(programs: &(PathBuf, PathBuf), dir: &Path, at: &(&str, &str, &str), audio: bool) -> Option<PathBuf> {
    let out = dir.join(format!("{}.mov", at.0));
    let bars = "lum='16+219*mod(floor(N/pow(2,floor(X/32))),2)':cb=128:cr=128";
    let picture = format!("color=black:s=256x128:r={},format=yuv444p,geq={bars}", at.1);
    let frames = FRAMES.to_string();
    let mut args: Vec<&str> = vec!["-f", "lavfi", "-i", &picture];
    if audio {
        args.extend(["-f", "lavfi", "-i", "sine=r=48000", "-c:a", "pcm_s16le", "-shortest"]);
    }
    args.extend(["-frames:v", &frames, "-timecode", "01:00:00:00", "-movflags", "+faststart"]);
    args.extend(at.2.split(' '));
    make(programs, &args, &out).then_some(out)
}

/// The number that a frame carries.
pub fn number(frame: &Frame) -> u64 {
    let bit = |k: u32| u64::from(frame.pixel(16 + 32 * k, 64).unwrap()[1] > 0.5) << k;
    (0..8).map(bit).sum()
}

/// A rate from text.
pub fn rate(text: &str) -> Rational {
    let (n, d) = text.split_once('/').unwrap_or((text, "1"));
    Rational::new(n.parse().unwrap(), d.parse().unwrap()).unwrap()
}

#[test]
fn every_span_has_exactly_its_frames() {
    let Some(programs) = programs("video numbers") else { return };
    let tools = tools(&programs);
    let dir = tempfile::tempdir().unwrap();
    let mut made = 0;
    for (n, at) in CLIPS.iter().enumerate() {
        let Some(path) = clip(&programs, dir.path(), at, n % 2 == 0) else { continue };
        made += 1;
        let file = File::open(&path).unwrap();
        let facts = probe(&file, "mov", &tools).unwrap();
        assert_eq!((facts.width, facts.height, facts.nb_frames), (256, 128, Some(FRAMES)), "{}", at.0);
        for (first, count) in [(0, FRAMES), (0, 1), (1, 1), (7, 5), (13, 20), (31, 29), (FRAMES - 1, 1)] {
            let span = Span { first, count, rate: Some(rate(at.1)) };
            let (frames, error) = decode(&file, &facts, span, &tools);
            assert_eq!(error, None, "{} {span:?}", at.0);
            let numbers: Vec<u64> = frames.iter().map(number).collect();
            assert_eq!(numbers, (first..first + count).collect::<Vec<_>>(), "{} {span:?}", at.0);
        }
        let span = Span { first: FRAMES - 2, count: 5, rate: Some(rate(at.1)) };
        let (frames, error) = decode(&file, &facts, span, &tools);
        let error = error.unwrap();
        assert_eq!((frames.len(), error.code.as_ref()), (2, "FILE-TRUNCATED"), "{}", at.0);
        assert!(error.what.contains(&format!("before frame {FRAMES}")), "{error}");
    }
    println!("video numbers: {made} of {} codecs", CLIPS.len());
    assert!(made >= 8, "this ffmpeg lacks most encoders");
}

#[test]
fn a_seek_is_used_where_it_is_proven_and_only_there() {
    let Some(programs) = programs("video seek") else { return };
    let tools = tools(&programs);
    let dir = tempfile::tempdir().unwrap();
    for (at, seeks) in [(&CLIPS[0], true), (&CLIPS[2], true), (&CLIPS[5], false)] {
        let file = File::open(clip(&programs, dir.path(), at, true).unwrap()).unwrap();
        let facts = probe(&file, "mov", &tools).unwrap();
        for given in [Some(rate(at.1)), None] {
            let span = Span { first: 30, count: 1, rate: given };
            let mut r = VideoReader::open(&file, "mov", &facts, ClipColor::default(), span, &tools).unwrap();
            let decoded = r.next_frame().unwrap().unwrap();
            let sought = decoded.how["position"] == "by seeking";
            assert_eq!((number(&decoded.frame), sought), (30, seeks && given.is_some()), "{}", at.0);
            assert_eq!(r.position(), 31);
        }
    }
}

#[test]
fn the_colour_bars_of_bt_709() {
    let Some(programs) = programs("video colour") else { return };
    let tools = tools(&programs);
    let dir = tempfile::tempdir().unwrap();
    // 10-bit codes of SMPTE RP 219, 100% bars from white to black.
    let bars = [
        ([940u16, 512, 512], [1.0f32, 1.0, 1.0]),
        ([877, 64, 553], [1.0, 1.0, 0.0]),
        ([754, 615, 64], [0.0, 1.0, 1.0]),
        ([691, 167, 105], [0.0, 1.0, 0.0]),
        ([313, 857, 919], [1.0, 0.0, 1.0]),
        ([250, 409, 960], [1.0, 0.0, 0.0]),
        ([127, 960, 471], [0.0, 0.0, 1.0]),
        // Blacker than black and whiter than white: what clamps loses it.
        ([1000, 512, 512], [1.068_49, 1.068_49, 1.068_49]),
    ];
    let mut raw = Vec::new();
    for (channel, step) in [(0, 1), (1, 2), (2, 2)] {
        for _ in 0..128 {
            for x in (0..256).step_by(step) {
                raw.extend(bars[x / 32].0[channel].to_le_bytes());
            }
        }
    }
    let source = dir.path().join("bars.raw");
    std::fs::write(&source, raw).unwrap();
    let input = format!("-f rawvideo -pix_fmt yuv422p10le -s 256x128 -r 24 -i {}", source.display());
    let tags = "-vf setparams=range=tv:colorspace=bt709:color_primaries=bt709:color_trc=bt709 -movflags +write_colr";
    for (codec, by) in [("v210", 0.0015), ("prores_ks -profile:v 3", 0.01), ("dnxhd -profile:v dnxhr_hqx", 0.02)] {
        let out = dir.path().join("bars.mov");
        let line = format!("{input} {tags} -c:v {codec}");
        assert!(make(&programs, &line.split(' ').collect::<Vec<_>>(), &out));
        let file = File::open(&out).unwrap();
        let facts = probe(&file, "mov", &tools).unwrap();
        assert_eq!(facts.color_space.as_deref(), Some("bt709"), "{codec}");
        let (frames, error) = decode(&file, &facts, Span { first: 0, count: 1, rate: None }, &tools);
        assert_eq!(error, None, "{codec}");
        for (n, (_, want)) in (0u32..).zip(&bars) {
            let got = frames[0].pixel(16 + 32 * n, 64).unwrap();
            assert!(got.iter().zip(want).all(|(a, b)| (a - b).abs() <= by), "{codec} bar {n}: {got:?} {want:?}");
        }
    }
}

#[test]
fn the_highest_code_of_twelve_bits_is_one() {
    let Some(programs) = programs("codes of twelve bits") else { return };
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("twelve.mov");
    let picture = "color=black:s=64x64:r=24,format=gbrp12le,geq=r=4095:g=0:b=1000";
    let args = ["-f", "lavfi", "-i", picture, "-frames:v", "2", "-c:v", "libopenjpeg"];
    if !make(&programs, &args, &out) {
        return;
    }
    let file = File::open(&out).unwrap();
    let span = Span { first: 0, count: 2, rate: Some(rate("24")) };
    let (frames, error) = super::whole(&file, span, &tools(&programs));
    assert_eq!(error, None);
    let pixel = frames[0].pixel(3, 3).unwrap();
    let off = pixel.iter().zip([1.0, 0.0, 1000.0 / 4095.0]).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(off < 1e-6, "{pixel:?}");
}
