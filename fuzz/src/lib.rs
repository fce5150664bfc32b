//! What each fuzz target does with its bytes: one function each, called by libFuzzer and by the tests on stable.
//!
//! A body must not panic, whatever it is given; what it asserts are promises to users. It reads nothing but its
//! input, except that [`records::journal_file`] and [`records::receipts`] work in a temporary folder of their own.

mod camera;
mod imf;
mod media;
mod mxf;
mod names;
mod records;
mod sheets;
mod timed;
mod words;

use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fs::File;
use std::io::Write;

/// A body.
pub type Body = fn(&[u8]);

/// Every target by its name, which is also that of its file in `fuzz_targets` and of its folder in `corpus`.
pub const TARGETS: &[(&str, Body)] = &[
    ("arriraw", camera::arriraw),
    ("avi", camera::avi),
    ("camera", sheets::camera),
    ("camm", timed::camm),
    ("cdl", media::cdl),
    ("cineon", camera::cineon),
    ("condition", words::condition),
    ("config", words::config),
    ("control", records::control),
    ("cube", media::cube),
    ("decode", media::decode),
    ("dpx", media::dpx),
    ("frames", timed::frames),
    ("gpmf", timed::gpmf),
    ("ifd", camera::ifd),
    ("imf", imf::imf),
    ("inspect", media::inspect),
    ("ixml", media::ixml),
    ("job_file", records::job_file),
    ("journal", records::journal),
    ("journal_file", records::journal_file),
    ("jp2", camera::jp2),
    ("mpeg", camera::mpeg),
    ("mxf", mxf::mxf),
    ("paths", names::paths),
    ("query", words::query),
    ("r3d", camera::r3d),
    ("receipts", records::receipts),
    ("records", records::records),
    ("riff", media::riff),
    ("rtmd", timed::rtmd),
    ("sequence", names::sequence),
    ("template", names::template),
    ("timecode", words::timecode),
];

/// Runs the body of `target`.
///
/// # Panics
/// When there is no such target, and when the body finds a fault.
pub fn run(target: &str, data: &[u8]) {
    let body = TARGETS.iter().find(|(name, _)| *name == target).map(|(_, body)| body);
    body.expect("a target of the list")(data);
}

/// A file in memory.
fn memory(bytes: &[u8]) -> File {
    let fd = rustix::fs::memfd_create("input", rustix::fs::MemfdFlags::CLOEXEC).expect("a file in memory");
    let mut file = File::from(fd);
    file.write_all(bytes).expect("room in memory");
    file
}

/// Reads a value, and what was printed of it once more: both are the same, and are printed alike.
fn twice<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(bytes: &[u8]) -> Option<T> {
    let first: T = serde_json::from_slice(bytes).ok()?;
    let text = serde_json::to_vec(&first).expect("what was read can be written");
    let second: T = serde_json::from_slice(&text).expect("what was written can be read");
    assert_eq!(first, second, "not the same after writing and reading");
    assert_eq!(text, serde_json::to_vec(&second).expect("it can be written again"), "not written alike");
    Some(first)
}

/// Text of the kind that people are shown: nothing in it steers a terminal.
fn harmless(text: &str) {
    assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{text:?}");
}
