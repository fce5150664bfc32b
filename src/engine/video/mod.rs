//! Moving pictures through ffmpeg, as a child process behind walls.

mod colour;
mod join;
mod names;
mod pixel;
mod probe;
mod raw;
mod reader;
mod sound;
mod spec;
mod writer;

pub use colour::{ClipColor, Matrix, Range};
pub use join::{Assembly, Joining};
pub use probe::{CODECS, VideoFacts, demuxer_of, probe, stands_alone, version};
pub use raw::raw_picture;
pub use reader::{Span, VideoReader};
pub use sound::Sound;
pub use spec::{H264_THREADS, Primaries, ProResProfile, Transfer, VideoCodec, VideoSpec, VideoTags};
pub use writer::VideoWriter;

use crate::model::Limits;
use std::path::Path;

/// The programs that decode and encode, and what they may use.
#[derive(Debug, Clone, Copy)]
pub struct Tools<'a> {
    /// This program, whose `guard` command puts the walls up; `/proc/self/exe` survives an upgrade.
    pub own_program: &'a Path,
    /// ffmpeg 5.1 or later, absolute, see [`crate::engine::process::find`].
    pub ffmpeg: &'a Path,
    /// ffprobe of the same version, absolute.
    pub ffprobe: &'a Path,
    /// For each child: `memory`, `seconds` (of processor time) and `open_files`; `memory` bounds our own picture too.
    pub limits: Limits,
    /// Threads of the decoder or encoder, at least 1. The pictures do not depend on it.
    pub threads: u16,
}

/// A child that only reads has nothing to write; more than this to a file ends it.
const MOST_WRITTEN: u64 = 1 << 20;
