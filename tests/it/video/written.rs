//! Movies that are written: no frame lost or doubled, exact times, right colour and tags, the same bytes twice.

use super::numbers::{number, rate};
use super::{decode, make, programs, tools};
use rushes::engine::format::{Input, inspect};
use rushes::engine::image::{Counts, Frame};
use rushes::engine::video::{
    Assembly, Matrix, Primaries, ProResProfile, Span, Tools, Transfer, VideoCodec, VideoSpec, VideoTags, VideoWriter,
    probe, raw_picture,
};
use rushes::model::{ClipDoc, ClipUnit, Error, Limits, MediaPath, Timecode};
use serde_json::Value;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

pub const H264: VideoCodec = VideoCodec::H264 { crf: 12 };
pub const HQ: VideoCodec = VideoCodec::ProRes { profile: ProResProfile::Hq };

pub fn spec(codec: VideoCodec, fps: &str) -> VideoSpec {
    VideoSpec { codec, width: 256, height: 128, rate: rate(fps), pixel_aspect: 1.0, tags: VideoTags::bt709() }
}

/// A picture whose eight bars carry `n`.
pub fn numbered(n: u64) -> Frame {
    let bar = move |x: u64| ((n >> (x / 32)) & 1) as f32;
    let data = (0..128).flat_map(|_| (0..256).flat_map(move |x| [bar(x); 3])).collect();
    Frame::from_samples(256, 128, data).unwrap()
}

/// Writes `count` numbered pictures from `first` on.
pub fn segment(folder: &File, name: &str, spec: &VideoSpec, first: u64, count: u64, tools: &Tools<'_>) {
    let mut w = VideoWriter::create(folder, name, spec, tools).unwrap();
    for n in first..first + count {
        let (raw, counts) = raw_picture(&numbered(n), spec).unwrap();
        assert_eq!(counts, Counts::default());
        w.write(&raw).unwrap();
    }
    w.finish().unwrap();
}

pub fn segments(folder: &File, spec: &VideoSpec, counts: &[u64], tools: &Tools<'_>) -> Vec<String> {
    let mut first = 0;
    let mut names = Vec::new();
    for count in counts {
        let name = format!("parts/{first}.{count}.mov");
        segment(folder, &name, spec, first, *count, tools);
        first += count;
        names.push(name);
    }
    names
}

pub fn plain<'a>(folder: &'a File, segments: &'a [String], frames: u64, spec: &'a VideoSpec) -> Assembly<'a> {
    Assembly { folder, segments, out: "out.mov", frames, spec, start: None, reel: None, sound: None }
}

pub fn join(assembly: &Assembly<'_>, tools: &Tools<'_>) -> Result<(), Error> {
    assembly.start(tools)?.finish()
}

/// What ffprobe says, as JSON.
pub fn shown(programs: &(PathBuf, PathBuf), args: &str, file: &Path) -> Value {
    let out = Command::new(&programs.1).args(["-v", "error", "-of", "json"]).args(args.split(' ')).arg(file).output();
    let out = out.unwrap();
    assert!(out.stderr.is_empty(), "{}", String::from_utf8_lossy(&out.stderr));
    serde_json::from_slice(&out.stdout).unwrap()
}

/// What our own reader says.
fn read(path: &Path) -> ClipDoc {
    let file = File::open(path).unwrap();
    let name = MediaPath::from(path);
    let input = Input { path: &name, file: &file, size: file.metadata().unwrap().len() };
    inspect("out", ClipUnit::File, &[input], &Limits::default()).unwrap()
}

#[test]
fn joined_segments_have_every_frame_once_at_its_time() {
    let Some(programs) = programs("written numbers") else { return };
    let tools = tools(&programs);
    for (codec, fps, start, drop) in [
        (H264, "24", "01:00:00:00", false),
        (HQ, "24000/1001", "23:59:58:00", false),
        (H264, "30000/1001", "01:00:58;20", true),
        (HQ, "30000/1001", "10:09:59;29", true),
        (HQ, "25", "00:00:00:00", false),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let folder = File::open(dir.path()).unwrap();
        let spec = spec(codec, fps);
        let names = segments(&folder, &spec, &[96, 1, 31, 2, 96], &tools);
        let start = Timecode::parse(start, spec.rate, drop).unwrap();
        let all = Assembly { start: Some(start), reel: Some("A001"), ..plain(&folder, &names, 226, &spec) };
        join(&all, &tools).unwrap();
        let path = dir.path().join("out.mov");
        let file = File::open(&path).unwrap();
        let facts = probe(&file, "mov", &tools).unwrap();
        assert_eq!((facts.nb_frames, facts.r_frame_rate), (Some(226), Some(spec.rate)), "{fps}");
        assert_eq!((facts.avg_frame_rate, facts.starts_at_zero), (Some(spec.rate), true), "{fps}");
        assert_eq!(facts.duration_ts, Some(226 * u64::from(spec.rate.den())), "{fps}");
        for (first, count) in [(0, 226), (0, 3), (95, 4), (111, 5), (223, 3)] {
            let (frames, error) = decode(&file, &facts, Span { first, count, rate: Some(spec.rate) }, &tools);
            assert_eq!(error, None, "{fps} {first}");
            let numbers: Vec<u64> = frames.iter().map(number).collect();
            assert_eq!(numbers, (first..first + count).collect::<Vec<_>>(), "{fps}");
        }
        // Both readers find the timecode, whose clip ends a day later where it passes midnight.
        let doc = read(&path);
        let timecode = doc.timecode.unwrap();
        assert_eq!((timecode.start, timecode.drop), (start.to_string(), drop));
        assert_eq!((timecode.rate, timecode.end), (spec.rate, Some(start.plus(226).to_string())));
        assert_eq!((doc.reel.as_deref(), doc.clip.frames), (Some("A001"), Some(226)));
        let streams = shown(&programs, "-show_streams -select_streams d", &path);
        let tags = &streams["streams"][0]["tags"];
        assert_eq!((tags["timecode"].as_str(), tags["reel_name"].as_str()), (Some(&*start.to_string()), Some("A001")));
        let head = std::fs::read(&path).unwrap();
        let at = |word: &[u8]| head.windows(4).position(|w| w == word).unwrap();
        assert!(at(b"moov") < at(b"mdat"), "the tables come first");
        assert!(!dir.path().join("out.mov.segments").exists(), "the list is left");
    }
}

#[test]
fn no_rounding_adds_up_over_hundreds_of_segments() {
    let Some(programs) = programs("written rounding") else { return };
    let tools = tools(&programs);
    for codec in [HQ, H264] {
        let dir = tempfile::tempdir().unwrap();
        let folder = File::open(dir.path()).unwrap();
        let spec = spec(codec, "30000/1001");
        let few = segments(&folder, &spec, &[1; 8], &tools);
        let names: Vec<String> = few.iter().cycle().take(300).cloned().collect();
        join(&plain(&folder, &names, 300, &spec), &tools).unwrap();
        let path = dir.path().join("out.mov");
        let packets = shown(&programs, "-show_packets -show_entries packet=pts,dts,duration", &path);
        let packets = packets["packets"].as_array().unwrap();
        assert_eq!(packets.len(), 300);
        for (n, p) in packets.iter().enumerate() {
            let want = n as u64 * 1001;
            assert_eq!(
                (p["pts"].as_u64(), p["dts"].as_u64(), p["duration"].as_u64()),
                (Some(want), Some(want), Some(1001))
            );
        }
        let file = File::open(&path).unwrap();
        let facts = probe(&file, "mov", &tools).unwrap();
        assert_eq!((facts.duration_ts, facts.avg_frame_rate), (Some(300_300), Some(spec.rate)));
        let (frames, error) = decode(&file, &facts, Span { first: 0, count: 300, rate: Some(spec.rate) }, &tools);
        assert_eq!(error, None);
        assert!(frames.iter().map(number).eq((0..300).map(|n| n % 8)));
    }
}

#[test]
fn the_same_pictures_make_the_same_bytes() {
    let Some(programs) = programs("written twice") else { return };
    for codec in [H264, HQ] {
        let mut made = Vec::new();
        for threads in [1, 4, 1] {
            let tools = Tools { threads, ..tools(&programs) };
            let dir = tempfile::tempdir().unwrap();
            let folder = File::open(dir.path()).unwrap();
            let spec = spec(codec, "24000/1001");
            let names = segments(&folder, &spec, &[40, 30], &tools);
            let start = Timecode::parse("01:00:00:00", spec.rate, false).unwrap();
            join(&Assembly { start: Some(start), reel: Some("A"), ..plain(&folder, &names, 70, &spec) }, &tools)
                .unwrap();
            let files = ["parts/0.40.mov", "parts/40.30.mov", "out.mov"];
            made.push(files.map(|f| std::fs::read(dir.path().join(f)).unwrap()));
            // The way there matters as little.
            std::thread::sleep(std::time::Duration::from_millis(1100));
        }
        assert!(made[0] == made[1] && made[1] == made[2], "{codec:?}");
        let text = String::from_utf8_lossy(&made[0][2]).into_owned();
        assert!(!text.contains("Lavf") && !text.contains("/tmp") && !text.contains("/proc"));
    }
}

const BARS: [[f32; 3]; 8] = [
    [1.0, 1.0, 1.0],
    [1.0, 1.0, 0.0],
    [0.0, 1.0, 1.0],
    [0.0, 1.0, 0.0],
    [1.0, 0.0, 1.0],
    [1.0, 0.0, 0.0],
    [0.0, 0.0, 1.0],
    [0.25, 0.5, 0.75],
];

#[test]
fn another_decoder_shows_the_colours_that_went_in() {
    let Some(programs) = programs("written colour") else { return };
    let tools = tools(&programs);
    let data = (0..128).flat_map(|_| (0..256).flat_map(|x: usize| BARS[x / 32])).collect();
    let bars = Frame::from_samples(256, 128, data).unwrap();
    for (codec, by) in [(HQ, 3), (VideoCodec::H264 { crf: 4 }, 4)] {
        for (matrix, name) in [(Matrix::Bt709, "bt709"), (Matrix::Bt601, "smpte170m"), (Matrix::Bt2020, "bt2020")] {
            let dir = tempfile::tempdir().unwrap();
            let folder = File::open(dir.path()).unwrap();
            let spec = VideoSpec { tags: VideoTags { matrix, ..VideoTags::bt709() }, ..spec(codec, "24") };
            let mut w = VideoWriter::create(&folder, "bars.mov", &spec, &tools).unwrap();
            w.write(&raw_picture(&bars, &spec).unwrap().0).unwrap();
            w.finish().unwrap();
            join(&plain(&folder, &["bars.mov".into()], 1, &spec), &tools).unwrap();
            let scale = format!("scale=in_color_matrix={name}:in_range=tv:flags=accurate_rnd+full_chroma_int");
            let out = Command::new(&programs.0)
                .args(["-v", "error", "-i"])
                .arg(dir.path().join("out.mov"))
                .args(["-vf", &scale, "-pix_fmt", "rgb24", "-f", "rawvideo", "-"])
                .output()
                .unwrap();
            assert_eq!(out.stdout.len(), 256 * 128 * 3, "{}", String::from_utf8_lossy(&out.stderr));
            let (mut worst, mut squares, mut n) = (0, 0.0, 0.0);
            for (at, rgb) in out.stdout.as_chunks::<3>().0.iter().enumerate() {
                let x = at % 256;
                // Four pixels beside each edge belong to filters and transforms.
                if !(4..28).contains(&(x % 32)) {
                    continue;
                }
                for (got, want) in rgb.iter().zip(BARS[x / 32]) {
                    let off = i32::from(*got) - (want * 255.0).round() as i32;
                    worst = worst.max(off.abs());
                    squares += f64::from(off * off);
                    n += 1.0;
                }
            }
            let psnr = 10.0 * (255.0 * 255.0 * n / squares).log10();
            println!("written colour: {codec:?} {name}: worst {worst} of 255, PSNR {psnr:.1} dB");
            assert!(worst <= by && psnr > 42.0, "{codec:?} {name}: {worst} {psnr}");
        }
    }
}

#[test]
fn tags_and_pixel_aspect_are_in_segment_and_movie() {
    let Some(programs) = programs("written tags") else { return };
    let tools = tools(&programs);
    let p3 = VideoTags { primaries: Some(Primaries::P3D65), transfer: Some(Transfer::Pq), matrix: Matrix::Bt709 };
    let wide = VideoTags { primaries: Some(Primaries::Bt2020), transfer: Some(Transfer::Hlg), matrix: Matrix::Bt2020 };
    let none = VideoTags { primaries: None, transfer: None, matrix: Matrix::Bt709 };
    let srgb = VideoTags { transfer: Some(Transfer::Srgb), ..VideoTags::bt709() };
    for codec in [H264, HQ] {
        for (tags, names, colr, aspect, pasp) in [
            (VideoTags::bt709(), ["bt709", "bt709", "bt709"], [1, 1, 1], 1.0, "1:1"),
            (p3, ["smpte432", "smpte2084", "bt709"], [12, 16, 1], 2.0, "2:1"),
            (wide, ["bt2020", "arib-std-b67", "bt2020nc"], [9, 18, 9], 1.3333, "4:3"),
            (srgb, ["bt709", "iec61966-2-1", "bt709"], [1, 13, 1], 0.9091, "10:11"),
            (none, ["unknown", "unknown", "bt709"], [2, 2, 1], 1.0, "1:1"),
        ] {
            let dir = tempfile::tempdir().unwrap();
            let folder = File::open(dir.path()).unwrap();
            let spec = VideoSpec { tags, pixel_aspect: aspect, ..spec(codec, "24") };
            let list = segments(&folder, &spec, &[1], &tools);
            join(&plain(&folder, &list, 1, &spec), &tools).unwrap();
            for name in [list[0].as_str(), "out.mov"] {
                let path = dir.path().join(name);
                let bytes = std::fs::read(&path).unwrap();
                let at = bytes.windows(8).position(|w| w == b"colrnclc").unwrap() + 8;
                assert_eq!(bytes[at..at + 6], [0, colr[0], 0, colr[1], 0, colr[2]], "{codec:?} {name}");
                let streams = shown(&programs, "-show_streams -select_streams v", &path);
                let s = &streams["streams"][0];
                let text = |key: &str| s[key].as_str().unwrap_or("unknown").to_owned();
                let got = [text("color_primaries"), text("color_transfer"), text("color_space")];
                // ffprobe believes the frame headers of ProRes, which have no sRGB.
                let no_srgb = codec == HQ && colr[1] == 13 && name == "out.mov";
                let want = names.map(|n| if no_srgb && n.starts_with("iec") { "unknown" } else { n });
                assert_eq!(got, want, "{codec:?} {name}");
                assert_eq!((text("color_range"), text("sample_aspect_ratio")), ("tv".into(), pasp.into()), "{name}");
                let profile = if codec == HQ { "HQ" } else { "High" };
                assert_eq!((text("profile"), text("field_order")), (profile.into(), "progressive".into()), "{name}");
                let doc = read(&path);
                let (h, v) =
                    pasp.split_once(':').map(|(h, v)| (h.parse::<f64>().unwrap(), v.parse::<f64>().unwrap())).unwrap();
                assert_eq!(doc.image.pixel_aspect, Some(h / v), "{name}");
                assert_eq!(doc.color.primaries.is_some(), tags.primaries.is_some(), "{name}");
                // The coded stream itself: the frame header of ProRes, or the VUI as ffmpeg reads it without a container.
                if codec == HQ && name == "out.mov" {
                    let header = bytes.windows(4).position(|w| w == b"icpf").unwrap() + 4;
                    let (p, t, m) = (bytes[header + 14], bytes[header + 15], bytes[header + 16]);
                    let transfer = if colr[1] == 13 { 2 } else { colr[1] };
                    assert_eq!([p, t, m], [colr[0], transfer, colr[2]], "{name}");
                } else if codec == H264 {
                    let raw = dir.path().join("raw.h264");
                    let from = path.to_str().unwrap();
                    assert!(make(&programs, &["-i", from, "-c", "copy", "-f", "h264"], &raw));
                    let streams = shown(&programs, "-show_streams -f h264", &raw);
                    let s = &streams["streams"][0];
                    let text = |key: &str| s[key].as_str().unwrap_or("unknown").to_owned();
                    let got = [text("color_primaries"), text("color_transfer"), text("color_space")];
                    assert_eq!((got, text("color_range")), (names.map(str::to_owned), "tv".into()), "{name}");
                    assert_eq!(text("chroma_location"), "left");
                }
            }
        }
    }
}

#[test]
fn a_closed_group_begins_each_second() {
    let Some(programs) = programs("written groups") else { return };
    let tools = tools(&programs);
    let dir = tempfile::tempdir().unwrap();
    let folder = File::open(dir.path()).unwrap();
    let spec = spec(H264, "24000/1001");
    segment(&folder, "a.mov", &spec, 0, 60, &tools);
    let shown = shown(&programs, "-show_frames -show_entries frame=pict_type,key_frame", &dir.path().join("a.mov"));
    let frames = shown["frames"].as_array().unwrap();
    let keys: Vec<usize> = (0..60).filter(|n| frames[*n]["key_frame"] == 1).collect();
    assert_eq!(keys, [0, 24, 48]);
    assert!(frames.iter().all(|f| f["pict_type"] != "B"));
}

#[test]
fn hostile_reels_are_text() {
    let Some(programs) = programs("written reels") else { return };
    let tools = tools(&programs);
    let dir = tempfile::tempdir().unwrap();
    let folder = File::open(dir.path()).unwrap();
    let spec = spec(HQ, "24");
    let names = segments(&folder, &spec, &[2], &tools);
    let start = Timecode::parse("01:00:00:00", spec.rate, false).unwrap();
    let long = "x".repeat(70_000);
    for (reel, want) in [
        ("-i", "-i"),
        ("a=b:c'd\"e\\", "a=b:c'd\"e\\"),
        ("A001\0/etc/passwd", "A001"),
        ("\u{1b}[31m\nß 写", "\u{1b}[31m\nß 写"),
        (long.as_str(), &long[..255]),
    ] {
        join(&Assembly { start: Some(start), reel: Some(reel), ..plain(&folder, &names, 2, &spec) }, &tools).unwrap();
        let path = dir.path().join("out.mov");
        let streams = shown(&programs, "-show_streams -select_streams d", &path);
        assert_eq!(streams["streams"][0]["tags"]["reel_name"], want);
        let ours = read(&path).reel;
        assert!(ours.as_deref() == Some(want) || want.contains('\n'), "{ours:?} {want:?}");
    }
    for reel in ["", "\0x"] {
        join(&Assembly { start: Some(start), reel: Some(reel), ..plain(&folder, &names, 2, &spec) }, &tools).unwrap();
        assert_eq!(read(&dir.path().join("out.mov")).reel, None);
    }
}
