//! Reading a whole clip: choose the format by the first file, read it, compare further frames.

use super::{FORMATS, Format, HEAD_BYTES, Input, beside, frames, unknown};
use crate::engine::container::bytes::Bytes;
use crate::model::{ClipDoc, ClipFile, ClipUnit, Error, ErrorKind, Limits, Timecode};
use std::collections::BTreeMap;
use std::path::Path;

/// The format of a file that begins with `head`, or `None` when no reader claims it.
#[must_use]
pub fn probe(head: &[u8], path: &Path) -> Option<&'static dyn Format> {
    // max_by_key keeps the last of equals; the list is read backwards so that the earlier line wins.
    let scored = FORMATS.iter().rev().map(|f| (f.probe(head, path), *f));
    scored.filter(|(s, _)| *s > 0).max_by_key(|(s, _)| *s).map(|(_, f)| f)
}

/// Reads the metadata of a clip that consists of `inputs` (in order, at least one).
///
/// Fills `clip.files` (path and size), `clip.frames` of a sequence and `timecode.end`. Of a sequence
/// the first, the last and evenly spaced frames are read, at most [`super::MAX_INSPECTED_FRAMES`], and
/// as many again whose size differs from the first frame's although the essence is not compressed;
/// `raw.sequence.frames_inspected` says how many. The same files always give the same document.
/// A file that no reader knows gives a document with `problem` set and `format.id` `unknown`.
///
/// # Errors
/// Malformed, Limit, Unsupported or Io, with path and offset.
pub fn inspect(name: &str, unit: ClipUnit, inputs: &[Input<'_>], limits: &Limits) -> Result<ClipDoc, Error> {
    inspect_beside(name, unit, inputs, &[], limits)
}

/// [`inspect`], with metadata files that lie beside the clip and are named after it: each that is recognised fills what the
/// clip's own files leave out and is listed in `clip.sidecars`; what contradicts is a warning. The name of the clip comes
/// last.
///
/// # Errors
/// As [`inspect`]; what is wrong with a file beside the clip is a warning.
pub fn inspect_beside(
    name: &str,
    unit: ClipUnit,
    inputs: &[Input<'_>],
    others: &[Input<'_>],
    limits: &Limits,
) -> Result<ClipDoc, Error> {
    inspect_some(name, unit, inputs.iter().map(clip_file).collect(), inputs, others, limits)
}

/// [`inspect_beside`] of a clip of which only some of the `files` are open, the first among them.
///
/// # Errors
/// As [`inspect`].
pub fn inspect_some(
    name: &str,
    unit: ClipUnit,
    files: Vec<ClipFile>,
    inputs: &[Input<'_>],
    others: &[Input<'_>],
    limits: &Limits,
) -> Result<ClipDoc, Error> {
    let first = inputs.first().ok_or_else(|| Error::new(ErrorKind::Malformed, "JOB-INVALID", "a clip has no files"))?;
    let mut doc = ClipDoc::new(name, unit);
    doc.clip.files = files;
    let head = head_of(first, limits).map_err(|e| e.at(first.path.as_path()))?;
    let Some(format) = probe(&head, first.path.as_path()) else {
        doc.problem = Some(unknown::problem(&head, first.path.as_path()));
        return Ok(doc);
    };
    format.read(first, limits, &mut doc).map_err(|e| e.at(first.path.as_path()))?;
    if format.is_frame() {
        doc.clip.frames = u64::try_from(inputs.len()).ok();
    }
    match unit {
        ClipUnit::Sequence => frames::compare(format, inputs, limits, &mut doc)?,
        ClipUnit::Spanned if doc.clip.files.len() > 1 => {
            if !format.read_all(inputs, limits, &mut doc)? {
                spanned(format, inputs, limits, &mut doc)?;
            }
        }
        ClipUnit::Spanned | ClipUnit::File => {}
    }
    beside::merge(&mut doc, others, limits);
    beside::from_name(&mut doc);
    fill_end(format.is_frame(), &mut doc);
    fill_duration(&mut doc);
    Ok(doc)
}

fn clip_file(i: &Input<'_>) -> ClipFile {
    ClipFile { path: i.path.clone(), size: i.size, xxh128: String::new(), hashes: BTreeMap::new() }
}

fn head_of(input: &Input<'_>, limits: &Limits) -> Result<Vec<u8>, Error> {
    if input.size == 0 {
        let e = Error::new(ErrorKind::Malformed, "FILE-EMPTY", "the file has no bytes");
        return Err(e.fix("copy the file again from its source"));
    }
    let most = u64::try_from(HEAD_BYTES).unwrap_or(u64::MAX);
    Bytes::file(input.file, input.size, limits).take(input.size.min(most))
}

/// Sets `timecode.end` from the start and the length, where one frame is one label: at one rate for both, or
/// where each frame is a file.
fn fill_end(is_frame: bool, doc: &mut ClipDoc) {
    let rate = doc.fps.project;
    let length = doc.clip.frames.and_then(|n| i64::try_from(n).ok());
    if let (Some(t), Some(n)) = (doc.timecode.as_mut(), length)
        && t.end.is_none()
        && rate.map_or(is_frame, |r| r == t.rate)
    {
        t.end = Timecode::parse(&t.start, t.rate, t.drop).ok().map(|s| s.plus(n).to_string());
    }
}

/// Sets the running time from frames and rate, or from the samples of sound alone.
fn fill_duration(doc: &mut ClipDoc) {
    let picture = || Some(doc.clip.frames? as f64 / doc.fps.project?.as_f64());
    let sound = || {
        let rate = doc.audio.rate.filter(|r| *r > 0 && doc.image.width.is_none())?;
        Some(doc.audio.samples? as f64 / f64::from(rate))
    };
    let found = doc.clip.duration_s.or_else(picture).or_else(sound).filter(|s| s.is_finite());
    // a microsecond is finer than any frame or sample that matters here
    doc.clip.duration_s = found.map(|s| (s * 1e6).round() / 1e6);
}

/// A clip in several files: the first says what it is and when it begins (later segments may repeat its start), all of them
/// how long it is.
fn spanned(format: &dyn Format, inputs: &[Input<'_>], limits: &Limits, doc: &mut ClipDoc) -> Result<(), Error> {
    let names: Vec<&std::ffi::OsStr> = doc.clip.files.iter().filter_map(|f| f.path.as_path().file_name()).collect();
    let missing = crate::engine::sequence::segments::missing(&names);
    if let Some(first) = missing.first() {
        let more = match missing.len().saturating_sub(1) {
            0 => String::new(),
            n => format!(" and {n} more"),
        };
        doc.warn("SPANNED-GAP", format!("segment {first:03}{more} of the recording is missing"));
    }
    let mut frames = doc.clip.frames;
    for input in inputs.iter().skip(1) {
        let mut other = ClipDoc::new("", ClipUnit::File);
        format.read(input, limits, &mut other).map_err(|e| e.at(input.path.as_path()))?;
        frames = frames.zip(other.clip.frames).and_then(|(a, b)| a.checked_add(b));
        let (ours, theirs) = ((doc.image.width, doc.image.height), (other.image.width, other.image.height));
        if ours != theirs || doc.fps.project != other.fps.project {
            let name = input.path.as_path().file_name().unwrap_or_default().to_string_lossy().into_owned();
            doc.warn("SPANNED-MIXED", format!("{name} has another size or rate than the first segment"));
        }
    }
    let whole = missing.is_empty() && inputs.len() == doc.clip.files.len();
    doc.clip.frames = frames.filter(|_| whole);
    doc.audio.samples = None;
    doc.origin.remove("audio.samples");
    if let Some(t) = doc.timecode.as_mut() {
        t.end = None;
    }
    if doc.clip.frames.is_none() {
        doc.origin.remove("clip.frames");
        doc.warn(
            "SPANNED-LENGTH",
            "how long the recording is is not known: its segments do not say it, one is missing, or there are too many",
        );
    }
    Ok(())
}
