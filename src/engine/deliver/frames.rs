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
    let first = doc.clip.first_frame.unwrap_or(0);
    let inside = |n: i64| doc.clip.gaps.iter().any(|g| (g.first..=g.last).contains(&n));
    let missing: u64 = doc.clip.gaps.iter().map(|g| u64::try_from(g.last - g.first + 1).unwrap_or(0)).sum();
    let span = i64::try_from(count.saturating_add(missing).min(MOST_FRAMES)).unwrap_or(i64::MAX);
    let last = first.saturating_add(span);
    Ok((first..last).filter(|n| doc.clip.gaps.is_empty() || !inside(*n)).collect())
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
        d.clip.frames = Some(u64::MAX);
        assert_eq!(frame_numbers(&d).unwrap_err().kind, ErrorKind::Limit);
        d.clip.unit = ClipUnit::Spanned;
        d.clip.frames = Some(3);
        assert_eq!(frame_numbers(&d).unwrap_err().code, "FORMAT-UNSUPPORTED");
    }
}
