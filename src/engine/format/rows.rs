//! Frame by frame: one row for each frame of a file, handed on as soon as it is known.

use super::{Format, HEAD_BYTES, Input, facts, frames, probe, unknown};
use crate::engine::container::bytes::Bytes;
use crate::model::{ClipDoc, ClipUnit, Error, FrameRow, Limits, Rational, Timecode};

/// Takes rows; what it answers with an error stops the reading.
pub type Each<'a> = &'a mut dyn FnMut(FrameRow) -> Result<(), Error>;

/// Most frames of one file: four days at 24 frames a second.
pub const MOST_FRAMES: u64 = 10_000_000;

/// Hands on a row for each frame of a file, in order: of a movie all its frames, of a file that is a frame one, of a table that
/// a camera's tool wrote each of its lines, of sound none.
///
/// # Errors
/// Those of the reader, and of `each`; `FORMAT-UNKNOWN` and its like for a file that no reader knows.
pub fn rows(name: &str, input: &Input<'_>, limits: &Limits, each: Each<'_>) -> Result<(), Error> {
    let most = u64::try_from(HEAD_BYTES).unwrap_or(u64::MAX);
    let head = Bytes::file(input.file, input.size, limits).take(input.size.min(most))?;
    let path = input.path.as_path();
    let mut named = |mut row: FrameRow| {
        row.clip = name.to_owned();
        row.file = Some(input.path.clone());
        each(row)
    };
    let Some(format) = probe(&head, path) else { return Err(unknown::problem(&head, path)) };
    let number = frames::frame_number(path).filter(|_| format.is_frame());
    format.frames(input, limits, &mut |mut row| {
        row.frame = number.unwrap_or(row.frame);
        named(row)
    })
}

/// The rows of a file of which nothing is known frame by frame but the labels.
pub(super) fn plain<F: Format + ?Sized>(
    format: &F,
    input: &Input<'_>,
    limits: &Limits,
    each: Each<'_>,
) -> Result<(), Error> {
    let doc = document(format, input, limits)?;
    if !format.is_frame() {
        let labels = Labels::of(&doc);
        return (0..doc.clip.frames.unwrap_or(0)).try_for_each(|n| each(labels.row(n)?));
    }
    let mut row = FrameRow::new(0);
    row.timecode = doc.timecode.as_ref().map(|t| t.start.clone());
    row.facts = facts::of(&doc);
    row.raw = doc.raw.into_iter().collect();
    each(row)
}

/// What the reader says of the whole file.
pub(super) fn document<F: Format + ?Sized>(format: &F, input: &Input<'_>, limits: &Limits) -> Result<ClipDoc, Error> {
    let mut doc = ClipDoc::new("", ClipUnit::File);
    format.read(input, limits, &mut doc)?;
    match doc.problem.take() {
        Some(e) => Err(e),
        None => Ok(doc),
    }
}

/// The labels of the frames of a movie.
pub(super) struct Labels {
    start: Option<Timecode>,
    /// Labels and frames in a second, when they differ.
    rates: Option<(Rational, Rational)>,
    /// Only the first label is sure.
    first_only: bool,
}

impl Labels {
    /// From what is known of the clip.
    pub fn of(doc: &ClipDoc) -> Self {
        let t = doc.timecode.as_ref();
        let start = t.and_then(|t| Timecode::parse(&t.start, t.rate, t.drop).ok());
        let rates = t.map(|t| t.rate).zip(doc.fps.project).filter(|(a, b)| a != b);
        let jumps = doc.warnings.iter().any(|w| w.code == "META-TIMECODE-JUMPS");
        Self { start, rates, first_only: jumps || doc.fps.project.is_none() }
    }

    /// The label of frame `n`, from 0; `None` when it is not sure.
    pub fn at(&self, n: u64) -> Option<String> {
        if self.first_only && n > 0 {
            return None;
        }
        let n = match self.rates {
            None => n,
            Some((labels, frames)) => {
                let top = u128::from(n).checked_mul(labels.num().into())?.checked_mul(frames.den().into())?;
                u64::try_from(top.checked_div(u128::from(labels.den()).checked_mul(frames.num().into())?)?).ok()?
            }
        };
        Some(self.start?.plus(i64::try_from(n).ok()?).to_string())
    }

    /// A row with number and label.
    ///
    /// # Errors
    /// `LIMIT-SIZE` beyond [`MOST_FRAMES`].
    pub fn row(&self, n: u64) -> Result<FrameRow, Error> {
        if n >= MOST_FRAMES {
            return Err(Error::limit(format!("the file has more than {MOST_FRAMES} frames")));
        }
        let mut row = FrameRow::new(i64::try_from(n).unwrap_or(i64::MAX));
        row.timecode = self.at(n);
        Ok(row)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::TimecodeInfo;

    #[test]
    fn labels_count_at_their_own_rate() {
        let mut doc = ClipDoc::new("x", ClipUnit::File);
        assert_eq!(Labels::of(&doc).at(0), None);
        let rate = Rational::new(25, 1).unwrap();
        doc.timecode = Some(TimecodeInfo { start: "10:00:00:24".into(), end: None, rate, drop: false });
        assert_eq!((Labels::of(&doc).at(0).as_deref(), Labels::of(&doc).at(1)), (Some("10:00:00:24"), None));
        doc.fps.project = Some(rate);
        assert_eq!(Labels::of(&doc).at(1).as_deref(), Some("10:00:01:00"));
        doc.fps.project = Rational::new(50, 1);
        let l = Labels::of(&doc);
        assert_eq!([1, 2, 3].map(|n| l.at(n).unwrap()), ["10:00:00:24", "10:00:01:00", "10:00:01:00"]);
        doc.warn("META-TIMECODE-JUMPS", "x");
        assert_eq!(Labels::of(&doc).at(2), None);
        assert_eq!(l.row(MOST_FRAMES).unwrap_err().code, "LIMIT-SIZE");
    }
}
