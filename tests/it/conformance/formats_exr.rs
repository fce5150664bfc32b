//! Every OpenEXR file against exrheader (OpenEXR) and, pixel for pixel, against oiiotool (OpenImageIO).

use super::formats_oracle::{Tally, data, files, inspect_file};
use rushes::engine::format::{FORMATS, Format, Input};
use rushes::engine::image::Decoded;
use rushes::model::{Error, ErrorKind, Limits, MediaPath};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

fn format(id: &str) -> &'static dyn Format {
    *FORMATS.iter().find(|f| f.id() == id).unwrap()
}

/// Decodes one file as the format `id`.
pub fn decode_file(id: &str, path: &Path) -> Result<Decoded, Error> {
    let file = File::open(path).unwrap();
    let size = file.metadata().unwrap().len();
    let name = MediaPath::from(path);
    let limits = Limits { memory: 1 << 30, ..Limits::default() };
    format(id).decode(&Input { path: &name, file: &file, size }, &limits)
}

#[test]
fn probe_pixels() {
    let Some(data) = data("conformance exr") else { return };
    for path in files(&data.join("media/exr")) {
        let doc = inspect_file(&path).map(|d| (d.format.codec, d.format.compression, d.format.decodable, d.warnings.len()));
        let pix = decode_file("exr", &path).map(|d| (d.frame.width(), d.frame.height(), d.how));
        println!("{}: {doc:?}\n     {pix:?}", path.strip_prefix(&data).unwrap().display());
    }
}
