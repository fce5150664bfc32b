//! Readers against fixtures that the project's own builders make.

mod dpx;
mod mov;
mod mov_build;
mod sequence;
mod wav;

use rushes::engine::format::{Input, inspect};
use rushes::model::{ClipDoc, ClipUnit, Error, ErrorKind, Limits, MediaPath};
use std::io::Write;
use std::path::Path;

/// Inspects bytes as if they were a file of this name.
pub fn inspect_bytes(name: &str, bytes: &[u8]) -> Result<ClipDoc, Error> {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    let path = MediaPath::from(Path::new(name));
    let input = Input { path: &path, file: &file, size: u64::try_from(bytes.len()).unwrap() };
    inspect("clip", ClipUnit::File, &[input], &Limits::default())
}

/// Whatever the bytes, the answer is a document or one error of a kind that the bytes can cause.
pub fn survives(name: &str, bytes: &[u8]) -> Result<ClipDoc, Error> {
    let out = inspect_bytes(name, bytes);
    if let Err(e) = &out {
        assert_ne!(e.kind, ErrorKind::Io, "{e}");
        assert!(rushes::model::CODES.iter().any(|(c, _)| *c == e.code), "{e}");
        assert!(e.place.path.is_some(), "{e}");
    }
    out
}

/// The codes of a document's warnings.
pub fn codes(doc: &ClipDoc) -> Vec<&str> {
    doc.warnings.iter().map(|w| w.code.as_str()).collect()
}
