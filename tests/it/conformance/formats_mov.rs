//! Every QuickTime and MP4 file: why it is refused, or that it is read. The fields of a clip are compared with other programs
//! in `agreement`.

use super::formats_oracle::{Reports, data, files, inspect_file};
use rushes::model::{ClipDoc, Error};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

const EXTENSIONS: [&str; 4] = ["mov", "mp4", "m4v", "qt"];

#[test]
fn all_mov_files() {
    let Some(data) = data("conformance mov") else { return };
    let media = data.join("media");
    let mut ran = 0;
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
                ran += 1;
            }
            Err(e) => {
                let probe = Reports::whole(&data, relative, "ffprobe");
                let why = why(&std::fs::read(&path).unwrap(), &e, &name, &probe);
                refused.entry(why).or_default().push(name);
            }
        }
    }
    println!("conformance mov: {ran} files read");
    assert!(ran >= 30);
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
