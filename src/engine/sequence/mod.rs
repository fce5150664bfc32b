//! File names of one folder → clips. Pure: no file is touched.
//!
//! Only names with a frame extension group. The frame number is the run of digits directly before
//! the extension, with `.`, `_`, `-` or nothing before it; a `-` is a separator, never a sign. Names
//! with the same bytes before and after the number form a run if their padding agrees:
//!
//! - *Padded*: as soon as one number begins with `0`, its width is the padding. Every number of that
//!   width belongs to the run, and so do wider ones that grew beyond it (`0999`, `1000` of width 3).
//!   Two widths with leading zeros are two runs, also when they hold the same frame.
//! - *Unpadded*: numbers without a leading zero, of any width (`99`, `100`), that no padded run takes.
//!
//! A number after `_v`, `.v` or `-v` (in either case) is a version, not a frame: `shot_v001.dpx` and
//! `shot_v002.dpx` are two clips of one frame each, because mixing versions into one moving picture
//! is worse than showing two stills. A number of more than [`MAX_DIGITS`] digits is a date or an id,
//! not a frame. A single numbered frame is a clip of one file.
//!
//! The segments of a recording ([`segments`]) are one clip too, named as the recording is, and so are the files of a
//! package ([`packages`]), named as its composition is.

pub mod beside;
pub mod packages;
pub mod segments;

use crate::model::{ClipUnit, FrameGap};
use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

/// Most digits of a frame number.
pub const MAX_DIGITS: usize = 18;

/// One clip among the names of a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// The clip's name as text: a file's name without extension, or a sequence's prefix without its
    /// trailing separators; the first frame number when there is no prefix. Bytes that are not UTF-8
    /// become `U+FFFD`.
    pub name: String,
    /// One file, the frames of a sequence, or the segments of a recording or the files of a package.
    pub unit: ClipUnit,
    /// Indexes into the names given, in the order of frames or segments; of a package the composition first.
    pub members: Vec<usize>,
    /// The frames, for a sequence.
    pub run: Option<FrameRun>,
}

/// The frames of a sequence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrameRun {
    /// Bytes before the number.
    pub prefix: OsString,
    /// Bytes after the number, with the dot and the extension.
    pub suffix: OsString,
    /// Width to which numbers are padded with zeros; 0 = widths differ, not padded.
    pub digits: usize,
    /// First frame number.
    pub first: i64,
    /// Last frame number.
    pub last: i64,
    /// Missing frames between them, in order.
    pub gaps: Vec<FrameGap>,
}

impl FrameRun {
    /// The file name of frame `number` in this run.
    #[must_use]
    pub fn name_of(&self, number: i64) -> OsString {
        let number = format!("{number:0width$}", width = self.digits);
        let parts = [self.prefix.as_bytes(), number.as_bytes(), self.suffix.as_bytes()];
        OsString::from_vec(parts.concat())
    }
}

/// Bytes before the number and bytes after it.
type Key<'a> = (&'a [u8], &'a [u8]);

#[derive(Clone, Copy)]
struct Frame {
    index: usize,
    number: i64,
    width: usize,
    zero_led: bool,
}

/// Groups the names of one folder into clips. `is_frame_extension` is asked with the extension as
/// written (`DPX`). Extensions that differ in case are different clips. Names that are not UTF-8 are
/// welcome; an extension that is not UTF-8 is not a frame extension. The clips come sorted by the
/// bytes of their first name, whatever the order of `names`.
#[must_use]
pub fn group(names: &[&OsStr], is_frame_extension: &dyn Fn(&str) -> bool) -> Vec<Group> {
    let mut runs: HashMap<Key<'_>, Vec<Frame>> = HashMap::new();
    // by the name of the recording and the bytes behind the number
    let mut recordings: HashMap<Key<'_>, Vec<(u32, usize)>> = HashMap::new();
    let (package, packed) = packages::take(names).unzip();
    let (mut groups, packed): (Vec<Group>, Vec<bool>) = (package.into_iter().collect(), packed.unwrap_or_default());
    let mut last_extension: (&[u8], bool) = (b"", false);
    for (index, name) in names.iter().enumerate() {
        if packed.get(index) == Some(&true) {
            continue;
        }
        let bytes = name.as_bytes();
        if let Some((recording, number)) = segments::segment(name) {
            let rest = bytes.get(recording.len().saturating_add(4)..).unwrap_or_default();
            recordings.entry((recording, rest)).or_default().push((number, index));
            continue;
        }
        let found = split(bytes).filter(|(_, _, ext)| {
            if last_extension.0 != *ext || ext.is_empty() {
                last_extension = (ext, std::str::from_utf8(ext).is_ok_and(is_frame_extension));
            }
            last_extension.1
        });
        match found {
            Some((key, frame, _)) => runs.entry(key).or_default().push(Frame { index, ..frame }),
            None => groups.push(single(names, index)),
        }
    }
    for (key, frames) in runs {
        let mut rest: Vec<Vec<Frame>> = by_padding(frames);
        for run in &mut rest {
            run.sort_unstable_by_key(|f| (f.number, f.index));
            if is_photos(key, run) {
                groups.extend(run.iter().map(|f| single(names, f.index)));
            } else {
                groups.push(clip(names, key, run));
            }
        }
    }
    groups.extend(recordings.into_iter().map(|((name, _), files)| recording(name, files)));
    groups.sort_by_cached_key(|g| g.members.first().and_then(|i| names.get(*i)));
    groups
}

/// Extensions of photographs, which cameras number one by one; only a dense row of them is a moving picture.
const PHOTOS: [&[u8]; 4] = [b".jpg", b".jpeg", b".png", b".heic"];

/// True when at least half of the numbers between these photographs are missing.
fn is_photos((_, suffix): Key<'_>, run: &[Frame]) -> bool {
    let (Some(first), Some(last)) = (run.first(), run.last()) else { return false };
    let span = last.number.saturating_sub(first.number).unsigned_abs().saturating_add(1);
    let have = u64::try_from(run.len()).unwrap_or(u64::MAX);
    PHOTOS.iter().any(|e| suffix.eq_ignore_ascii_case(e)) && run.len() > 1 && have.saturating_mul(2) <= span
}

/// The name under which outputs about a clip are kept: the file's own name, or
/// `NAME.[1001-1240].dpx` for a sequence.
#[must_use]
pub fn output_stem(group: &Group, names: &[&OsStr]) -> OsString {
    match &group.run {
        Some(run) => {
            let range = format!("[{:0w$}-{:0w$}]", run.first, run.last, w = run.digits);
            OsString::from_vec([run.prefix.as_bytes(), range.as_bytes(), run.suffix.as_bytes()].concat())
        }
        None => group.members.first().and_then(|i| names.get(*i)).map(|n| n.to_os_string()).unwrap_or_default(),
    }
}

/// Prefix and suffix, number, and extension of a name that could be a frame.
fn split(name: &[u8]) -> Option<(Key<'_>, Frame, &[u8])> {
    let dot = name.iter().rposition(|b| *b == b'.')?;
    let (stem, suffix) = name.split_at_checked(dot)?;
    let ext = suffix.get(1..)?;
    let width = stem.iter().rev().take_while(|b| b.is_ascii_digit()).count();
    if width == 0 || width > MAX_DIGITS {
        return None;
    }
    let (prefix, digits) = stem.split_at_checked(stem.len().checked_sub(width)?)?;
    if matches!(prefix, [.., b'_' | b'.' | b'-', b'v' | b'V']) {
        return None;
    }
    let number =
        digits.iter().fold(0i64, |n, d| n.saturating_mul(10).saturating_add(i64::from(d.saturating_sub(b'0'))));
    let zero_led = width > 1 && digits.first() == Some(&b'0');
    Some(((prefix, suffix), Frame { index: 0, number, width, zero_led }, ext))
}

/// Separates the frames of one prefix and suffix by padding, as the module page says.
fn by_padding(frames: Vec<Frame>) -> Vec<Vec<Frame>> {
    let mut padded = [false; MAX_DIGITS + 1];
    for f in frames.iter().filter(|f| f.zero_led) {
        if let Some(p) = padded.get_mut(f.width) {
            *p = true;
        }
    }
    let widths: Vec<usize> = padded.iter().enumerate().filter(|(_, p)| **p).map(|(w, _)| w).collect();
    if widths.is_empty() {
        return vec![frames];
    }
    // run 0 is the unpadded one, run n is that of the n-th padded width
    let mut runs: Vec<Vec<Frame>> = vec![Vec::new(); widths.len().saturating_add(1)];
    for f in frames {
        let at = widths.iter().take_while(|w| **w <= f.width).count();
        if let Some(run) = runs.get_mut(at) {
            run.push(f);
        }
    }
    runs.retain(|r| !r.is_empty());
    runs
}

/// A clip of frames that are in order and not none.
fn clip(names: &[&OsStr], (prefix, suffix): Key<'_>, frames: &[Frame]) -> Group {
    let (Some(first), Some(last)) = (frames.first(), frames.last()) else {
        return Group { name: String::new(), unit: ClipUnit::File, members: Vec::new(), run: None };
    };
    if frames.len() == 1 {
        return single(names, first.index);
    }
    // in a padded run the first frame has the leading zero, and wider numbers have outgrown it
    let constant = frames.iter().all(|f| f.width == first.width);
    let digits = if first.width > 1 && (constant || frames.iter().any(|f| f.zero_led)) { first.width } else { 0 };
    let gaps = frames
        .windows(2)
        .filter_map(|pair| match pair {
            [a, b] if b.number.saturating_sub(a.number) > 1 => {
                Some(FrameGap { first: a.number.saturating_add(1), last: b.number.saturating_sub(1) })
            }
            _ => None,
        })
        .collect();
    let end = prefix.iter().rposition(|b| !matches!(b, b'.' | b'_' | b'-' | b' ')).map_or(0, |i| i.saturating_add(1));
    let run = FrameRun {
        prefix: OsString::from_vec(prefix.to_vec()),
        suffix: OsString::from_vec(suffix.to_vec()),
        digits,
        first: first.number,
        last: last.number,
        gaps,
    };
    let name = match prefix.get(..end) {
        Some(text) if !text.is_empty() => String::from_utf8_lossy(text).into_owned(),
        _ => format!("{:0digits$}", first.number),
    };
    Group { name, unit: ClipUnit::Sequence, members: frames.iter().map(|f| f.index).collect(), run: Some(run) }
}

/// The clip of a recording's segments.
fn recording(name: &[u8], mut files: Vec<(u32, usize)>) -> Group {
    files.sort_unstable();
    let unit = if files.len() > 1 { ClipUnit::Spanned } else { ClipUnit::File };
    let members = files.into_iter().map(|(_, index)| index).collect();
    Group { name: String::from_utf8_lossy(name).into_owned(), unit, members, run: None }
}

/// A clip of one file.
fn single(names: &[&OsStr], index: usize) -> Group {
    let name = names.get(index).copied().unwrap_or_default();
    let stem = std::path::Path::new(name).file_stem().unwrap_or(name);
    Group { name: stem.to_string_lossy().into_owned(), unit: ClipUnit::File, members: vec![index], run: None }
}

#[cfg(test)]
mod tests;
