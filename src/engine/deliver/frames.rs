//! The numbers of a clip's frames.

use crate::model::{ClipDoc, ClipUnit, Error, ErrorKind};

/// Most frames of a clip that is rendered: more than three days at 30 frames a second.
const MOST_FRAMES: u64 = 10_000_000;

/// The numbers of the frames that the clip has, in order: those in the names of a sequence, from 0 in a movie.
///
/// # Errors
/// `FIELD-ABSENT` when the number of frames is not known, `FORMAT-UNSUPPORTED` for a recording in several files,
/// `LIMIT-SIZE` beyond ten million frames.
pub fn frame_numbers(doc: &ClipDoc) -> Result<Vec<i64>, Error> {
    let count = doc.clip.frames.ok_or_else(|| {
        Error::new(ErrorKind::Unsupported, "FIELD-ABSENT", "the number of frames is not known (`clip.frames`)")
    })?;
    if count > MOST_FRAMES {
        return Err(Error::limit(format!("a clip of {count} frames is not rendered")));
    }
    if doc.clip.unit == ClipUnit::Spanned {
        return Err(Error::unsupported("a recording in several files is not rendered in this version"));
    }
    let most = usize::try_from(count).unwrap_or(usize::MAX);
    let mut gaps: Vec<_> = doc.clip.gaps.iter().filter(|g| g.first <= g.last).collect();
    gaps.sort_by_key(|g| g.first);
    let (mut numbers, mut next) = (Vec::with_capacity(most), doc.clip.first_frame.unwrap_or(0));
    for gap in gaps {
        numbers.extend((next..gap.first).take(most.saturating_sub(numbers.len())));
        next = next.max(gap.last.saturating_add(1));
    }
    numbers.extend((next..=i64::MAX).take(most.saturating_sub(numbers.len())));
    Ok(numbers)
}

/// Of these the ones from `bounds.0` to `bounds.1`, both included; all without bounds.
///
/// # Errors
/// As [`frame_numbers`].
pub fn frames_within(doc: &ClipDoc, bounds: Option<(i64, i64)>) -> Result<Vec<i64>, Error> {
    let mut numbers = frame_numbers(doc)?;
    numbers.retain(|n| bounds.is_none_or(|(a, b)| (a..=b).contains(n)));
    Ok(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::FrameGap;

    #[test]
    fn numbers_follow_the_names_and_leave_gaps_out() {
        let mut d = ClipDoc::new("x", ClipUnit::Sequence);
        assert_eq!(frame_numbers(&d).unwrap_err().code, "FIELD-ABSENT");
        d.clip.frames = Some(4);
        assert_eq!(frame_numbers(&d).unwrap(), [0, 1, 2, 3]);
        d.clip.first_frame = Some(1001);
        d.clip.gaps = vec![FrameGap { first: 1002, last: 1003 }];
        assert_eq!(frame_numbers(&d).unwrap(), [1001, 1004, 1005, 1006]);
        d.clip.gaps.push(FrameGap { first: 1005, last: 1005 });
        d.clip.gaps.push(FrameGap { first: 9, last: 3 });
        assert_eq!(frame_numbers(&d).unwrap(), [1001, 1004, 1006, 1007]);
        d.clip.gaps = (0..300_000).map(|n| FrameGap { first: 1002 + 2 * n, last: 1002 + 2 * n }).collect();
        d.clip.frames = Some(300_000);
        assert_eq!(frame_numbers(&d).unwrap().last(), Some(&600_999), "and in no time");
        assert_eq!(frames_within(&d, Some((1000, 1005))).unwrap(), [1001, 1003, 1005]);
        assert_eq!(frames_within(&d, None).unwrap(), frame_numbers(&d).unwrap());
        assert_eq!(frames_within(&d, Some((1002, 1002))).unwrap(), [0i64; 0]);
        d.clip.frames = Some(u64::MAX);
        assert_eq!(frame_numbers(&d).unwrap_err().kind, ErrorKind::Limit);
        d.clip.unit = ClipUnit::Spanned;
        d.clip.frames = Some(3);
        assert_eq!(frame_numbers(&d).unwrap_err().code, "FORMAT-UNSUPPORTED");
    }
}
