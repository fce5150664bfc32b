//! Whether the frames of a sequence belong together: geometry, depth, rate, timecode and size.

use super::{Format, HEAD_BYTES, Input};
use crate::engine::container::bytes::Bytes;
use crate::model::{ClipDoc, ClipUnit, Error, Limits, Timecode};
use std::collections::BTreeSet;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Most frames of a sequence whose headers are read: the first, the last and evenly spaced ones.
pub const MAX_INSPECTED_FRAMES: usize = 64;

/// One kind of trouble: the first frame that has it, and how many have it.
#[derive(Default)]
struct Trouble {
    first: Option<String>,
    count: usize,
}

impl Trouble {
    fn add(&mut self, say: impl FnOnce() -> String) {
        self.count = self.count.saturating_add(1);
        self.first.get_or_insert_with(say);
    }

    fn report(self, code: &str, doc: &mut ClipDoc) {
        if let Some(first) = self.first {
            let more = match self.count {
                0 | 1 => String::new(),
                n => format!("; {} more frames alike", n - 1),
            };
            doc.warn(code, first + &more);
        }
    }
}

/// Reads further frames of a sequence whose first frame is already in `doc`, and warns where they
/// do not fit: `FRAME-MISMATCH` (format, width, height, bit depth, rate), `FRAME-TIMECODE` (the label
/// does not follow from the first frame's), `FRAME-SIZE` (uncompressed frames of different sizes).
/// Says in `raw.sequence.frames_inspected` how many were read.
///
/// # Errors
/// What reading a frame gives, with the frame's path.
pub(super) fn compare(
    format: &dyn Format,
    inputs: &[Input<'_>],
    limits: &Limits,
    doc: &mut ClipDoc,
) -> Result<(), Error> {
    let Some(first) = inputs.first() else { return Ok(()) };
    let constant = doc.format.compression.as_deref() == Some("none");
    let chosen = choose(inputs, constant);
    let start = doc.timecode.as_ref().and_then(|t| Timecode::parse(&t.start, t.rate, t.drop).ok());
    let base = frame_number(first.path.as_path());
    let (mut mismatch, mut timecode, mut sizes) = (Trouble::default(), Trouble::default(), Trouble::default());
    if constant {
        for i in inputs.iter().filter(|i| i.size != first.size) {
            sizes.add(|| format!("{} has {} bytes where the first frame has {}", i.path, i.size, first.size));
        }
    }
    for index in &chosen {
        let Some(input) = inputs.get(*index) else { continue };
        if *index == 0 {
            continue;
        }
        let frame = read_frame(format, input, limits).map_err(|e| e.at(input.path.as_path()))?;
        let Some(frame) = frame else {
            mismatch.add(|| format!("{} is not a {} file like the first frame", input.path, format.title()));
            continue;
        };
        if let Some(why) = differs(doc, &frame) {
            mismatch.add(|| format!("{} {why}", input.path));
        }
        let step = step_from(base, input.path.as_path(), *index);
        let want = start.map(|s| s.plus(step).to_string());
        let got = frame.timecode.as_ref().map(|t| t.start.clone());
        if want != got {
            timecode.add(|| format!("{} has timecode {} where {} follows", input.path, or_none(got), or_none(want)));
        }
    }
    mismatch.report("FRAME-MISMATCH", doc);
    timecode.report("FRAME-TIMECODE", doc);
    sizes.report("FRAME-SIZE", doc);
    doc.keep("sequence", "frames_inspected", chosen.len());
    set_end(doc, start, base, inputs);
    Ok(())
}

/// The label after the last frame, counting missing frames too.
fn set_end(doc: &mut ClipDoc, start: Option<Timecode>, base: Option<i64>, inputs: &[Input<'_>]) {
    let (Some(start), Some(last)) = (start, inputs.last()) else { return };
    let step = step_from(base, last.path.as_path(), inputs.len().saturating_sub(1));
    if let Some(t) = doc.timecode.as_mut() {
        t.end = Some(start.plus(step.saturating_add(1)).to_string());
    }
}

fn or_none(label: Option<String>) -> String {
    label.unwrap_or_else(|| "none".into())
}

/// Frames between the first frame and this one, by the numbers in their names, else by position.
fn step_from(base: Option<i64>, path: &Path, index: usize) -> i64 {
    let by_name = base.zip(frame_number(path)).and_then(|(a, b)| b.checked_sub(a));
    by_name.unwrap_or_else(|| i64::try_from(index).unwrap_or(i64::MAX))
}

/// Which frames to read: spread evenly with both ends, and those with an odd size.
fn choose(inputs: &[Input<'_>], constant: bool) -> BTreeSet<usize> {
    let last = inputs.len().saturating_sub(1);
    let n = inputs.len().min(MAX_INSPECTED_FRAMES);
    let parts = n.saturating_sub(1).max(1);
    let mut out: BTreeSet<usize> = (0..n).map(|k| k.saturating_mul(last) / parts).collect();
    if constant && let Some(first) = inputs.first() {
        let odd = inputs.iter().enumerate().filter(|(_, i)| i.size != first.size);
        out.extend(odd.map(|(k, _)| k).take(MAX_INSPECTED_FRAMES));
    }
    out
}

/// Reads one frame; `None` when it is of another format.
fn read_frame(format: &dyn Format, input: &Input<'_>, limits: &Limits) -> Result<Option<ClipDoc>, Error> {
    if input.size == 0 {
        let e = Error::new(crate::model::ErrorKind::Malformed, "FILE-EMPTY", "the frame has no bytes");
        return Err(e.fix("copy it again from its source"));
    }
    let head_bytes = u64::try_from(HEAD_BYTES).unwrap_or(u64::MAX).min(input.size);
    let head = Bytes::file(input.file, input.size, limits).take(head_bytes)?;
    if format.probe(&head, input.path.as_path()) == 0 {
        return Ok(None);
    }
    let mut doc = ClipDoc::new("", ClipUnit::File);
    format.read(input, limits, &mut doc)?;
    Ok(Some(doc))
}

/// In what a frame differs from the first one.
fn differs(a: &ClipDoc, b: &ClipDoc) -> Option<String> {
    let show = |w: Option<u32>| w.map_or_else(|| "?".to_owned(), |w| w.to_string());
    let geometry = |d: &ClipDoc| format!("{}x{}", show(d.image.width), show(d.image.height));
    let rate = |d: &ClipDoc| d.fps.project.map_or_else(|| "no rate".into(), |r| r.to_string());
    let pairs = [
        ("is", geometry(a), geometry(b)),
        ("has a bit depth of", show(a.format.bit_depth), show(b.format.bit_depth)),
        ("has a frame rate of", rate(a), rate(b)),
    ];
    let (verb, want, got) = pairs.into_iter().find(|(_, want, got)| want != got)?;
    Some(format!("{verb} {got} where the first frame has {want}"))
}

/// The last run of digits in a file name without its extension (`A001.1001.dpx` → 1001).
pub(super) fn frame_number(path: &Path) -> Option<i64> {
    let stem = path.file_stem()?.as_bytes();
    let head = stem.get(..=stem.iter().rposition(u8::is_ascii_digit)?)?;
    let start = head.iter().rposition(|b| !b.is_ascii_digit()).map_or(0, |at| at.saturating_add(1));
    std::str::from_utf8(head.get(start..)?).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_frames() {
        for (name, want) in [
            ("a/A001.1001.dpx", Some(1001)),
            ("0007.dpx", Some(7)),
            ("x_0012_b.dpx", Some(12)),
            ("é12.dpx", Some(12)),
            ("plain.dpx", None),
            ("99999999999999999999999.dpx", None),
        ] {
            assert_eq!(frame_number(Path::new(name)), want, "{name}");
        }
        let latin1 = std::ffi::OsStr::from_bytes(b"caf\xe9.1001.dpx");
        assert_eq!(frame_number(Path::new(latin1)), Some(1001), "names are bytes");
    }
}
