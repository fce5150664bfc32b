//! Every QuickTime and MP4 file against exiftool, MediaInfo and ffprobe.

use super::formats_oracle::{Reports, Tally, data, files, inspect_file, number};
use rushes::model::{ClipDoc, Error, Rational};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

const EXTENSIONS: [&str; 4] = ["mov", "mp4", "m4v", "qt"];

#[test]
fn all_mov_files() {
    let Some(data) = data("conformance mov") else { return };
    let media = data.join("media");
    let mut tally = Tally::default();
    let mut refused: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut unclaimed = Vec::new();
    for path in files(&media) {
        let ext = path.extension().and_then(|e| e.to_str()).unwrap_or("").to_ascii_lowercase();
        if !EXTENSIONS.contains(&ext.as_str()) {
            continue;
        }
        let relative = path.strip_prefix(&media).unwrap();
        let name = relative.display().to_string();
        match inspect_file(&path) {
            Ok(doc) if doc.problem.is_some() => {
                let head = std::fs::read(&path).unwrap();
                assert!(!is_movie(&head), "{name} has a movie header but is not claimed");
                unclaimed.push(name);
            }
            Ok(doc) => {
                assert_eq!(doc.format.id, "mov", "{name}");
                tally.ran += 1;
                compare(&mut tally, &data, relative, &doc);
            }
            Err(e) => {
                let probe = Reports::whole(&data, relative, "ffprobe");
                let why = why(&std::fs::read(&path).unwrap(), &e, &name, &probe);
                refused.entry(why).or_default().push(name);
            }
        }
    }
    tally.finish("conformance mov");
    println!("conformance mov: {} files are no movies by their bytes: {}", unclaimed.len(), unclaimed.join(", "));
    for (why, names) in refused {
        println!("conformance mov: {} refused, {why}: {}", names.len(), names.join(", "));
    }
}

/// Whether a box of the file itself is a movie header, found without our reader.
fn is_movie(bytes: &[u8]) -> bool {
    top(bytes).iter().any(|(kind, _, end)| kind == b"moov" && *end <= bytes.len() as u64)
}

/// Type, start and end of the boxes of the file itself, as far as they go.
fn top(bytes: &[u8]) -> Vec<([u8; 4], u64, u64)> {
    let (mut at, mut out) = (0u64, Vec::new());
    while let Some(h) = bytes.get(usize::try_from(at).unwrap()..).filter(|b| b.len() >= 16) {
        let size = match u32::from_be_bytes(h[..4].try_into().unwrap()) {
            0 => bytes.len() as u64 - at,
            1 => u64::from_be_bytes(h[8..16].try_into().unwrap()),
            n => u64::from(n),
        };
        let end = at.saturating_add(size.max(8));
        out.push((h[4..8].try_into().unwrap(), at, end));
        if end > bytes.len() as u64 {
            break;
        }
        at = end;
    }
    out
}

/// What a refused file is, by its bytes; the code must fit.
fn why(bytes: &[u8], e: &Error, name: &str, probe: &Value) -> &'static str {
    if e.code == "FORMAT-UNSUPPORTED" {
        assert!(bytes.windows(4).any(|w| w == b"cmov"), "{name}: {e}");
        return "a compressed movie header";
    }
    if matches!(e.code.as_ref(), "FILE-MALFORMED" | "LIMIT-SIZE") {
        assert!(streams(probe, "video").is_empty(), "{name}: ffprobe reads it, we say {e}");
        return "a movie header that breaks its own rules; ffprobe finds no picture either";
    }
    let boxes = top(bytes);
    let size = bytes.len() as u64;
    let fill = |k: &[u8; 4]| matches!(k, b"ftyp" | b"wide" | b"free" | b"skip");
    let media: u64 = boxes.iter().filter(|(k, ..)| k == b"mdat").map(|(_, a, z)| z - a - 8).sum();
    let cut = boxes.iter().any(|(k, _, end)| !fill(k) && *end > size);
    let what = match is_movie(bytes) {
        _ if boxes.iter().all(|(k, ..)| fill(k)) => "a brand and nothing else",
        false if cut => "cut off inside a box, without a movie header",
        false => "without a movie header",
        true if cut => "cut off after the movie header",
        true if media == 0 => "a movie header whose media was taken out",
        true if chunk_offsets(bytes).iter().any(|n| *n >= size) => "a movie header whose media lies beyond the end",
        true => panic!("{name} is refused without a reason that the test sees: {e}"),
    };
    assert_eq!(e.code, "FILE-TRUNCATED", "{name}: {e}");
    what
}

/// Every offset in every 32-bit chunk table.
fn chunk_offsets(bytes: &[u8]) -> Vec<u64> {
    let mut out = Vec::new();
    for (at, _) in bytes.windows(4).enumerate().filter(|(_, w)| *w == b"stco") {
        let table = bytes.get(at + 12..).unwrap_or_default();
        let count = bytes.get(at + 8..at + 12).map_or(0, |c| u32::from_be_bytes(c.try_into().unwrap()));
        let all = table.chunks_exact(4).take(count as usize);
        out.extend(all.map(|c| u64::from(u32::from_be_bytes(c.try_into().unwrap()))));
    }
    out
}

/// Streams of ffprobe's report by type, without cover pictures.
fn streams<'v>(probe: &'v Value, kind: &str) -> Vec<&'v Value> {
    let all = probe["streams"].as_array().map(Vec::as_slice).unwrap_or_default();
    all.iter().filter(|s| s["codec_type"] == kind && s["disposition"]["attached_pic"] != 1).collect()
}

fn rate(v: &Value) -> Option<Rational> {
    let text = v.as_str().filter(|t| *t != "0/0")?;
    let r: Rational = text.parse().ok()?;
    // ffprobe keeps decimals as they are written.
    Some(Rational::from_decimal_rate(r.as_f64()).filter(|x| (x.as_f64() - r.as_f64()).abs() < 1e-4).unwrap_or(r))
}

fn compare(tally: &mut Tally, data: &Path, relative: &Path, doc: &ClipDoc) {
    let r = Reports::of(data, relative);
    let name = relative.display().to_string();
    let probe = Reports::whole(data, relative, "ffprobe");
    if let Some(v) = streams(&probe, "video").first() {
        picture(tally, &name, doc, v, &r);
    }
    sound(tally, &name, doc, &streams(&probe, "audio"));
    timecode(tally, &name, doc, &probe);
    let theirs = r.exiftool["Keys:CreationDate"].as_str().or(r.exiftool["QuickTime:CreateDate"].as_str());
    let theirs = theirs.filter(|t| !t.starts_with("0000")).map(digits);
    let ours = doc.recorded.date.as_deref().map(digits);
    let other = doc.origin.get("recorded.date").filter(|o| o.tag != "mvhd.creation_time");
    let early = doc.warnings.iter().any(|w| w.code == "META-DATE");
    let early = early.then_some("a date before QuickTime existed is none");
    let cause = other.map(|_| "a date in the metadata comes before the header's").or(early);
    tally.compare(&format!("{name} date exiftool"), ours, theirs, cause);
}

/// The digits of date and time, without zone.
fn digits(t: &str) -> String {
    t.chars().filter(char::is_ascii_digit).take(14).collect()
}

fn picture(tally: &mut Tally, name: &str, doc: &ClipDoc, v: &Value, r: &Reports) {
    let size = |f: &str| number(&v[f]);
    for (field, ours) in [("width", doc.image.width), ("height", doc.image.height)] {
        let ours = ours.map(u64::from);
        let tag = if field == "width" { "SourceImageWidth" } else { "SourceImageHeight" };
        let described: Vec<_> = (1..10).filter_map(|n| number(&r.exiftool[format!("Track{n}:{tag}")])).collect();
        let coded = described.first().copied() == ours;
        let coded = coded.then_some("the decoder's picture is not as large as the one that is described");
        tally.compare(&format!("{name} {field} ffprobe"), ours, size(field), coded);
        tally.compare(&format!("{name} {field} exiftool"), ours, described.first().copied(), None);
    }
    let frames = doc.clip.frames;
    let fragmented = doc.raw["mov"]["fragments"].is_u64().then_some("ffprobe does not count fragments");
    tally.compare(&format!("{name} frames ffprobe"), frames, size("nb_frames"), fragmented);
    let theirs = r.mediainfo("Video", "FrameCount");
    let shown = theirs.zip(frames).is_some_and(|(t, f)| t != f) && size("nb_frames") == frames;
    tally.compare(
        &format!("{name} frames MediaInfo"),
        frames,
        theirs,
        fragmented.or(shown.then_some("MediaInfo counts by time or edit list")),
    );
    let variable = doc.fps.project.is_none().then_some("frames last differently or are one: no rate is given");
    let average = rate(&v["avg_frame_rate"]);
    let near = average.zip(doc.fps.project).zip(frames).is_some_and(|((t, o), n)| {
        let off = (t.as_f64() / o.as_f64() - 1.0).abs();
        off < 2.0 / n as f64 || (raw(doc, "rounded_durations") && off < 1e-3)
    });
    let last = near.then_some("ffprobe's average takes in rounding and the last frame's length");
    tally.compare(&format!("{name} rate ffprobe"), doc.fps.project, average, variable.or(last));
    let family = v["codec_name"].as_str().map(family);
    let ours = doc.format.codec.as_deref().map(family_of_ours);
    tally.compare(&format!("{name} codec ffprobe"), ours, family, None);
    let bits = number(&v["bits_per_raw_sample"]);
    if let Some(ours) = doc.format.bit_depth.map(u64::from) {
        tally.compare(&format!("{name} depth ffprobe"), Some(ours), bits, None);
    }
}

/// Whether a raw tag of any track is there.
fn raw(doc: &ClipDoc, tag: &str) -> bool {
    let all = doc.raw["mov"].as_object();
    all.is_some_and(|m| m.keys().any(|k| k.starts_with("track[") && k.ends_with(tag)))
}

fn family(codec: &str) -> String {
    match codec {
        "h264" => "H.264",
        "hevc" => "H.265",
        "prores" | "prores_raw" => "ProRes",
        "av1" => "AV1",
        "vp8" => "VP8",
        "vp9" => "VP9",
        "cfhd" => "CineForm",
        "jpeg2000" => "JPEG 2000",
        "h263" => "H.263",
        "cinepak" => "Cinepak",
        "rpza" => "QuickTime Video",
        "smc" => "QuickTime Graphics",
        "mpeg1video" => "MPEG-1",
        "mjpeg" => "Motion JPEG",
        "png" => "PNG",
        "qtrle" => "QuickTime Animation",
        "dvvideo" => "DV",
        "mpeg2video" => "MPEG-2",
        "mpeg4" => "MPEG-4 Visual",
        "rawvideo" | "v210" | "r210" | "r10k" | "v308" | "v408" | "v410" => "Uncompressed",
        "dnxhd" => "DNxH",
        "svq3" => "Sorenson Video 3",
        "svq1" => "Sorenson Video",
        other => other,
    }
    .to_owned()
}

fn family_of_ours(codec: &str) -> String {
    for family in ["ProRes", "MPEG-2", "Uncompressed", "DNxH", "DV"] {
        if codec.starts_with(family) {
            return family.to_owned();
        }
    }
    codec.to_owned()
}

fn sound(tally: &mut Tally, name: &str, doc: &ClipDoc, all: &[&Value]) {
    if all.is_empty() {
        return;
    }
    let channels: u64 = all.iter().filter_map(|s| number(&s["channels"])).sum();
    let (ours, rate) = (doc.audio.rate.map(u64::from), number(&all[0]["sample_rate"]));
    // Spectral and stereo extensions that only the stream itself announces.
    let aac = all.iter().any(|s| s["codec_name"] == "aac");
    let doubled = |o: Option<u64>, t: Option<u64>| aac && o.zip(t).is_some_and(|(o, t)| t == 2 * o);
    let sbr = "only the stream itself announces its extension";
    let unsaid = doc.audio.channels.is_none().then_some("the header does not say how many channels");
    let o = doc.audio.channels.map(u64::from);
    let cause = unsaid.or(doubled(o, Some(channels)).then_some(sbr));
    tally.compare(&format!("{name} channels ffprobe"), o, Some(channels), cause);
    let apart = doc.warnings.iter().any(|w| w.code == "MOV-SOUND").then_some("the tracks have different rates");
    let cause = apart.or(doubled(ours, rate).then_some(sbr));
    tally.compare(&format!("{name} sample rate ffprobe"), ours, rate, cause);
    let bits = number(&all[0]["bits_per_sample"]).filter(|n| *n > 0);
    if let Some(ours) = doc.audio.bit_depth.map(u64::from) {
        tally.compare(&format!("{name} sound depth ffprobe"), Some(ours), bits, None);
    }
}

fn timecode(tally: &mut Tally, name: &str, doc: &ClipDoc, probe: &Value) {
    let all = probe["streams"].as_array().map(Vec::as_slice).unwrap_or_default();
    let tracks: Vec<_> = all.iter().filter(|s| s["codec_tag_string"] == "tmcd").collect();
    let tag = |t: &str| tracks.iter().find_map(|s| s["tags"][t].as_str()).map(str::to_owned);
    // Above 100 frames per second ffprobe writes three digits.
    let plain = |t: String| {
        let frames = t.rsplit([':', ';']).next().unwrap_or("").parse::<u32>();
        frames.map_or(t.clone(), |n| format!("{}{n}", &t[..t.rfind([':', ';']).map_or(0, |i| i + 1)]))
    };
    let ours = doc.timecode.as_ref().map(|t| plain(t.start.clone()));
    let said = doc.warnings.iter().any(|w| w.code == "META-TIMECODE");
    let cause =
        (ours.is_none() && said).then_some("the track holds no timecode of its own rate, and a warning says so");
    tally.compare(&format!("{name} timecode ffprobe"), ours, tag("timecode").map(plain), cause);
    tally.compare(&format!("{name} reel ffprobe"), doc.reel.clone(), tag("reel_name"), None);
}

/// The two ffmpeg files whose values are written down in the collection.
#[test]
fn the_reference_movies() {
    let Some(data) = data("conformance mov reference") else { return };
    let dir = data.join("standards/quicktime");
    let d = inspect_file(&dir.join("ffmpeg_prores_2997df_mdta.mov")).unwrap();
    let t = d.timecode.unwrap();
    assert_eq!((t.start.as_str(), t.end.as_deref(), t.drop), ("01:02:03;04", Some("01:02:03;10"), true));
    assert_eq!((d.camera.make.as_deref(), d.camera.model.as_deref()), (Some("ARRI"), Some("ALEXA Mini LF")));
    assert_eq!((d.exposure.iso, d.reel.as_deref()), (Some(800), Some("A001R1AB")));
    let d = inspect_file(&dir.join("ffmpeg_prores_24_tmcd_reel.mov")).unwrap();
    assert_eq!((d.timecode.unwrap().start.as_str(), d.reel.as_deref()), ("10:00:00:00", Some("A001C002")));
    assert_eq!(d.origin["reel"].tag, "tmcd.name");
    println!("conformance mov reference: 2 files agree");
}

/// Real movies, cut at many places and with changed bytes: never taken for whole once a byte of the media or of
/// the movie header is gone.
#[test]
fn real_movies_cut_and_changed() {
    let Some(data) = data("conformance mov damage") else { return };
    let (mut cuts, mut changes, mut seed) = (0u32, 0u32, 1u32);
    let dirs = ["mov", "synth", "gopro", "sony"].map(|d| data.join("media").join(d));
    for path in dirs.iter().filter(|d| d.is_dir()).flat_map(|d| files(d)) {
        let bytes = std::fs::read(&path).unwrap();
        if !inspect_bytes(&path, &bytes).is_ok_and(|d| d.format.id == "mov") {
            continue;
        }
        let boxes = top(&bytes);
        let last = boxes.iter().filter(|(k, ..)| matches!(k, b"moov" | b"mdat")).map(|b| b.2).max().unwrap();
        let edges = boxes.iter().flat_map(|b| [b.1, b.1 + 7, b.1 + 9]).map(|n| usize::try_from(n).unwrap());
        let step = bytes.len() / 60 + 1;
        for n in (0..bytes.len()).step_by(step).chain(edges).filter(|n| *n < bytes.len()) {
            cuts += 1;
            let whole = inspect_bytes(&path, &bytes[..n]).is_ok_and(|d| d.format.id == "mov");
            assert!(!whole || n as u64 >= last, "{} cut at {n}", path.display());
        }
        let (_, from, to) = *boxes.iter().find(|(k, ..)| k == b"moov").unwrap();
        for _ in 0..60 {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let mut b = bytes.clone();
            let at = from + u64::from(seed >> 8) % (to - from);
            b[usize::try_from(at).unwrap()] ^= u8::try_from(seed & 0x7f).unwrap() | 1;
            changes += 1;
            let _ = inspect_bytes(&path, &b);
        }
    }
    println!("conformance mov damage: {cuts} cuts, none taken for whole; {changes} changed bytes of movie headers");
    assert!(cuts > 500 && changes > 500);
}

fn inspect_bytes(path: &Path, bytes: &[u8]) -> Result<ClipDoc, Error> {
    use std::io::Write;
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    let name = rushes::model::MediaPath::from(path);
    let input = rushes::engine::format::Input { path: &name, file: &file, size: bytes.len() as u64 };
    rushes::engine::format::inspect("x", rushes::model::ClipUnit::File, &[input], &rushes::model::Limits::default())
}
