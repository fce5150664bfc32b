//! Where a clip begins and how long it is, in frames.

use crate::model::{ClipDoc, Error, Timecode, TimecodeInfo};

/// The label of the first frame.
///
/// # Errors
/// `FILE-MALFORMED` when it cannot be counted.
pub(super) fn start(tc: &TimecodeInfo) -> Result<Timecode, Error> {
    read(tc, &tc.start)
}

/// Frames from `start` to the end label, at the rate of the timecode; `None` without an end label.
///
/// # Errors
/// `FILE-MALFORMED` when it cannot be counted.
pub(super) fn counted(tc: &TimecodeInfo, start: Timecode) -> Result<Option<i64>, Error> {
    let Some(label) = &tc.end else { return Ok(None) };
    let gap = i64::from(read(tc, label)?.frames()) - i64::from(start.frames());
    // Past midnight the count starts again; a day has as many frames as bring the start back to itself.
    Ok(Some(if gap >= 0 { gap } else { gap + day(start) }))
}

/// Frames of picture from the first to the last, missing ones included; `None` when unknown.
pub(super) fn span(clip: &ClipDoc) -> Option<u64> {
    let missing = |g: &crate::model::FrameGap| g.last.saturating_sub(g.first).saturating_add(1);
    let missing = clip.clip.gaps.iter().map(missing).fold(0, i64::saturating_add);
    clip.clip.frames.map(|n| n.saturating_add(u64::try_from(missing).unwrap_or(0)))
}

fn read(tc: &TimecodeInfo, label: &str) -> Result<Timecode, Error> {
    Timecode::parse(label, tc.rate, tc.drop).map_err(|e| Error::malformed(format!("the clip's timecode: {e}")))
}

fn day(tc: Timecode) -> i64 {
    Timecode::from_frames(-1, tc.rate(), tc.is_drop()).map_or(0, |last| i64::from(last.frames()) + 1)
}
