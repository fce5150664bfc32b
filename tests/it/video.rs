//! Moving pictures: frame numbers, colour, hostile and damaged files. Clips are made by ffmpeg; skipped where it is missing.

mod damage;
mod locked;
pub mod numbers;
mod real;
mod sound;
mod written;
mod written_faults;

use rushes::engine::image::Frame;
use rushes::engine::process::find;
use rushes::engine::video::{ClipColor, Span, Tools, VideoFacts, VideoReader, probe};
use rushes::model::{Error, Limits};
use std::ffi::OsStr;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

/// ffmpeg and ffprobe, or a word about what is skipped.
pub fn programs(what: &str) -> Option<(PathBuf, PathBuf)> {
    let found = find("ffmpeg").zip(find("ffprobe"));
    if found.is_none() {
        println!("{what}: skipped, no ffmpeg");
    }
    found
}

pub fn tools(programs: &(PathBuf, PathBuf)) -> Tools<'_> {
    let limits = Limits { memory: 2 << 30, seconds: 60, ..Limits::default() };
    let own_program = Path::new(env!("CARGO_BIN_EXE_rushes"));
    Tools { own_program, ffmpeg: &programs.0, ffprobe: &programs.1, limits, threads: 2 }
}

/// Runs ffmpeg for a test clip; false when this build lacks the encoder.
pub fn make<S: AsRef<OsStr>>(programs: &(PathBuf, PathBuf), args: &[S], out: &Path) -> bool {
    let run = Command::new(&programs.0).args(["-nostdin", "-v", "error", "-y"]).args(args).arg(out).output().unwrap();
    if !run.status.success() {
        println!("{}: {}", out.display(), String::from_utf8_lossy(&run.stderr).trim());
    }
    run.status.success()
}

/// The frames of a span, up to the first error.
pub fn decode(file: &File, facts: &VideoFacts, span: Span, tools: &Tools<'_>) -> (Vec<Frame>, Option<Error>) {
    let mut frames = Vec::new();
    let opened = VideoReader::open(file, "mov", facts, ClipColor::default(), span, tools);
    let mut reader = match opened {
        Ok(r) => r,
        Err(e) => return (frames, Some(e)),
    };
    loop {
        match reader.next_frame() {
            Ok(Some(d)) => frames.push(d.frame),
            Ok(None) => return (frames, None),
            Err(e) => return (frames, Some(e)),
        }
    }
}

/// Probe and decode.
pub fn whole(file: &File, span: Span, tools: &Tools<'_>) -> (Vec<Frame>, Option<Error>) {
    match probe(file, "mov", tools) {
        Ok(facts) => decode(file, &facts, span, tools),
        Err(e) => (Vec::new(), Some(e)),
    }
}
