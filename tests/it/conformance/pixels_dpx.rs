//! The pixels of every DPX file against oiiotool's and ffmpeg's.

use super::formats_oracle::{data, files};
use crate::pictures::{decode, read_tiff};
use std::path::Path;
use std::process::Command;

/// What another program's pixels say about ours.
#[derive(Debug, PartialEq)]
enum Other {
    Same,
    Differ(usize),
    Unread,
}

fn compare(ours: &[u16], theirs: &[u16]) -> Other {
    match ours.iter().zip(theirs).filter(|(a, b)| a != b).count() {
        _ if ours.len() != theirs.len() => Other::Differ(usize::MAX),
        0 => Other::Same,
        n => Other::Differ(n),
    }
}

/// Three equal samples of one, three of four.
fn rgb(samples: &[u16], channels: usize) -> Vec<u16> {
    let pixel = |p: &[u16]| if p.len() < 3 { [p[0]; 3] } else { [p[0], p[1], p[2]] };
    samples.chunks_exact(channels).flat_map(pixel).collect()
}

fn by_oiiotool(path: &Path, tiff: &Path, bits: u32, ours: &[u16]) -> Other {
    let _ = std::fs::remove_file(tiff);
    let _ = Command::new("oiiotool").arg(path).args(["--fullpixels", "-d", "uint16", "-o"]).arg(tiff).output();
    if !tiff.exists() {
        return Other::Unread;
    }
    let (_, channels, samples) = read_tiff(tiff);
    let codes: Vec<u16> = samples.iter().map(|s| (s * 65_535.0).round() as u16 >> (16 - bits)).collect();
    compare(ours, &rgb(&codes, channels))
}

fn by_ffmpeg(path: &Path, bits: u32, one: bool, ours: &[u16]) -> Other {
    let format = match (bits, one) {
        (8, true) => "gray",
        (8, false) => "rgb24",
        (10, true) => "gray10le",
        (10, false) => "gbrp10le",
        (12, true) => "gray12le",
        (12, false) => "gbrp12le",
        (_, true) => "gray16le",
        (_, false) => "rgb48le",
    };
    let args = ["-frames:v", "1", "-f", "rawvideo", "-pix_fmt", format, "-"];
    let Ok(out) = Command::new("ffmpeg").args(["-v", "error", "-i"]).arg(path).args(args).output() else {
        return Other::Unread;
    };
    let codes: Vec<u16> = match bits {
        8 => out.stdout.iter().map(|b| u16::from(*b)).collect(),
        _ => out.stdout.chunks_exact(2).map(|b| u16::from_le_bytes([b[0], b[1]])).collect(),
    };
    if codes.is_empty() {
        return Other::Unread;
    }
    if format.starts_with("gbrp") {
        let planes: Vec<&[u16]> = codes.chunks_exact(codes.len() / 3).collect();
        let pixels = planes[0].iter().zip(planes[1]).zip(planes[2]);
        return compare(ours, &pixels.flat_map(|((g, b), r)| [*r, *g, *b]).collect::<Vec<_>>());
    }
    compare(ours, &rgb(&codes, if one { 1 } else { 3 }))
}

/// Whether the header's offset of the picture lies inside the header.
fn starts_nowhere(path: &Path) -> bool {
    let head = std::fs::read(path).unwrap();
    let word: [u8; 4] = head[4..8].try_into().unwrap();
    let at = if head.starts_with(b"SDPX") { u32::from_be_bytes(word) } else { u32::from_le_bytes(word) };
    at < 1664
}

#[test]
fn all_dpx_pixels() {
    let Some(data) = data("conformance dpx pixels") else { return };
    let dir = tempfile::tempdir().unwrap();
    let (mut both, mut one, mut alone, mut refused) = (0, Vec::new(), Vec::new(), 0);
    for path in files(&data.join("media/dpx")).into_iter().filter(|p| p.extension().is_some_and(|e| e == "dpx")) {
        let Ok(d) = decode("dpx", &path) else {
            refused += 1;
            continue;
        };
        let top: f32 = d.how["scale"].trim_start_matches("code / ").parse().unwrap();
        let bits = (top as u32 + 1).ilog2();
        let ours: Vec<u16> = d.frame.data().iter().map(|s| (s * top).round() as u16).collect();
        let single = d.how["layout"].contains(" Y");
        let oiio = by_oiiotool(&path, &dir.path().join("o.tif"), bits, &ours);
        let ffmpeg = by_ffmpeg(&path, bits, single, &ours);
        let name = path.strip_prefix(&data).unwrap().display();
        let line = format!("{name}: {} ({}): oiiotool {oiio:?}, ffmpeg {ffmpeg:?}", d.how["layout"], d.how["lines"]);
        match (&oiio, &ffmpeg) {
            (Other::Same, Other::Same) => both += 1,
            (Other::Same, _) | (_, Other::Same) => one.push(line),
            // lines that share words: both programs want more bytes than the file has
            _ if d.how["lines"].contains("share words") => alone.push(line),
            // a picture that begins at 0 by its header: ffmpeg takes that at its word, oiiotool refuses
            _ if starts_nowhere(&path) => alone.push(line),
            // no other program is installed
            (Other::Unread, Other::Unread) => alone.push(line),
            _ => panic!("ours alone: {line}"),
        }
    }
    println!(
        "conformance dpx pixels: {both} as oiiotool and ffmpeg read them, {} as one of them does, {} that neither reads \
         as we do, {refused} refused",
        one.len(),
        alone.len()
    );
    // Of those where only one agrees: OpenImageIO misreads the last, partly filled word of a line of 10-bit words, and
    // takes an element offset of 0 at its word; ffmpeg loses a code now and then when it drops the transparency of 12 bits.
    one.iter().chain(&alone).for_each(|l| println!("  {l}"));
    assert!(both + one.len() + alone.len() > 0, "no file was found");
}
