//! Pictures as oiiotool (OpenImageIO) decodes them, through an uncompressed TIFF file of singles.

use rushes::engine::format::{FORMATS, Input};
use rushes::engine::image::{Decoded, Frame};
use rushes::model::{Error, Limits, MediaPath};
use std::fs::File;
use std::path::Path;
use std::process::Command;

/// Decodes one file as the format `id`.
pub fn decode_file(id: &str, path: &Path) -> Result<Decoded, Error> {
    let file = File::open(path).unwrap();
    let size = file.metadata().unwrap().len();
    let name = MediaPath::from(path);
    let format = FORMATS.iter().find(|f| f.id() == id).unwrap();
    let limits = Limits { memory: 1 << 30, ..Limits::default() };
    format.decode(&Input { path: &name, file: &file, size }, &limits)
}

/// How much two samples may differ.
#[derive(Clone, Copy, PartialEq)]
pub enum Wanted {
    /// Not at all; NaN equals NaN.
    Exact,
    /// By this part of the larger one, or of 1 when both are smaller.
    Relative(f32),
}

/// Three samples a pixel as oiiotool gives them after `arguments`; `None` after saying that it is not installed.
pub fn picture_of(path: &Path, arguments: &[&str], dir: &Path) -> Option<Frame> {
    let out = dir.join("oracle.tif");
    let run = Command::new("oiiotool")
        .arg(path)
        .args(arguments)
        .args(["-d", "float", "--compression", "none", "--planarconfig", "contig", "-o"])
        .arg(&out)
        .output();
    let Ok(run) = run else {
        println!("oiiotool is not installed, skipped");
        return None;
    };
    assert!(run.status.success(), "{}: {}", path.display(), String::from_utf8_lossy(&run.stderr));
    let mut decoder = tiff::decoder::Decoder::new(File::open(&out).unwrap()).unwrap();
    let (w, h) = decoder.dimensions().unwrap();
    let tiff::decoder::DecodingResult::F32(samples) = decoder.read_image().unwrap() else {
        panic!("{}: no singles", path.display());
    };
    Some(Frame::from_samples(w, h, samples).unwrap_or_else(|e| panic!("{}: {e}", path.display())))
}

/// Fails at the first sample that differs.
pub fn compare_pixels(name: &str, ours: &Frame, theirs: &Frame, wanted: Wanted) {
    assert_eq!((ours.width(), ours.height()), (theirs.width(), theirs.height()), "{name}");
    for (n, (a, b)) in ours.data().iter().zip(theirs.data()).enumerate() {
        let same = a == b || (a.is_nan() && b.is_nan());
        let off = if same { 0.0 } else { (a - b).abs() / a.abs().max(b.abs()).max(1.0) };
        let fine = match wanted {
            Wanted::Exact => same,
            Wanted::Relative(most) => off <= most,
        };
        let pixel = n / 3;
        let width = ours.width() as usize;
        assert!(fine, "{name}: ({}, {}) channel {}: ours {a}, theirs {b}", pixel % width, pixel / width, n % 3);
    }
}
