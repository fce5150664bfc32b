//! The names of one folder as clips, with everything that the watch passes on.

use crate::engine::{format, sequence};
use crate::model::{ClipUnit, FrameGap};
use std::ffi::{OsStr, OsString};
use std::path::Path;

/// One clip among the names of a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grouped {
    /// The clip's name.
    pub name: String,
    /// How it lies on disk.
    pub unit: ClipUnit,
    /// Indexes into the names, in frame order.
    pub members: Vec<usize>,
    /// What names of outputs begin with.
    pub stem: OsString,
    /// Number of the first frame of a sequence.
    pub first_frame: Option<i64>,
    /// Missing frames.
    pub gaps: Vec<FrameGap>,
    /// Its files are frames, segments or parts of a package, so that more of them may join it.
    pub frames: bool,
}

/// Groups the names of one folder by the registered formats.
#[must_use]
pub fn group(names: &[&OsStr]) -> Vec<Grouped> {
    let is_frame = |ext: &str| format::is_frame_extension(ext);
    let shape = |g: sequence::Group| {
        let stem = sequence::output_stem(&g, names);
        let first = g.members.first().and_then(|i| names.get(*i));
        let extension = first.and_then(|n| Path::new(n).extension()).and_then(OsStr::to_str);
        let may_grow = |n: &&OsStr| sequence::segments::may_grow(n) || sequence::packages::may_grow(n);
        let part = first.is_some_and(may_grow);
        let frames = part || extension.is_some_and(is_frame);
        let (first_frame, gaps) = match (g.unit, g.run) {
            (ClipUnit::Sequence, Some(run)) => (Some(run.first), run.gaps),
            _ => (None, Vec::new()),
        };
        Grouped { name: g.name, unit: g.unit, members: g.members, stem, first_frame, gaps, frames }
    };
    sequence::group(names, &is_frame).into_iter().map(shape).collect()
}
