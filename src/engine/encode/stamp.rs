//! What is said about one written frame.

use crate::model::{Rational, Timecode};

/// Which frame of the clip a file is, for its header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameStamp {
    /// Number in the name of the written file.
    pub frame: i64,
    /// Number of the source frame: in the name of its file for a sequence, else counted from 0.
    pub source_frame: i64,
    /// Label of the frame, if the clip has timecode.
    pub timecode: Option<Timecode>,
    /// Frames per second at which the clip plays, if known.
    pub rate: Option<Rational>,
}
