//! SMPTE ST 12-1 timecode labels as exact frame counts.

use crate::model::Rational;
use std::fmt;

/// A timecode label: a count of frames since midnight at a rate, wrapped at 24 hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Timecode {
    frames: u32,
    rate: Rational,
    drop: bool,
}

/// Why a label is not a timecode.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TimecodeError {
    /// Not of the form `HH:MM:SS:FF` (`;`, `.` or `,` before the frames means drop-frame).
    #[error("`{0}` is not a timecode; write it like 10:02:11:00, or 10:02:11;00 for drop-frame")]
    Shape(String),
    /// A part is out of range at this rate.
    #[error("`{0}` has a part out of range at {1} frames per second")]
    Range(String, Rational),
    /// A label that drop-frame counting skips (`00:01:00;00`).
    #[error("`{0}` does not exist in drop-frame timecode")]
    Dropped(String),
    /// Drop-frame is defined for 30000/1001 and 60000/1001 only.
    #[error("drop-frame timecode does not exist at {0} frames per second")]
    NoDrop(Rational),
}

impl Timecode {
    /// From a count of frames since midnight; counts beyond a day wrap. `None` if drop-frame does
    /// not exist at this rate, or if the rate does not round to 1–1000 frames per second.
    #[must_use]
    pub fn from_frames(frames: i64, rate: Rational, drop: bool) -> Option<Self> {
        if !countable(rate) || (drop && drop_per_minute(rate) == 0) {
            return None;
        }
        let day = i64::from(frames_per_day(rate, drop));
        Some(Self { frames: u32::try_from(frames.rem_euclid(day)).ok()?, rate, drop })
    }

    /// From samples since midnight at `per_second` samples per second, to the nearest frame (half up); `None` as in
    /// [`Timecode::from_frames`], and for numbers that cannot be counted.
    #[must_use]
    pub fn from_samples(samples: u64, per_second: u32, rate: Rational, drop: bool) -> Option<Self> {
        let n = u128::from(samples).checked_mul(u128::from(rate.num()))?;
        let d = u128::from(rate.den()).checked_mul(u128::from(per_second))?;
        let rounded = n.checked_mul(2)?.checked_add(d)?.checked_div(d.checked_mul(2)?)?;
        Self::from_frames(i64::try_from(rounded).ok()?, rate, drop)
    }

    /// Reads `HH:MM:SS:FF`. Drop-frame when `drop` says so or when the last separator is `;`, `.`
    /// or `,`.
    ///
    /// # Errors
    /// See [`TimecodeError`].
    pub fn parse(text: &str, rate: Rational, drop: bool) -> Result<Self, TimecodeError> {
        let shape = || TimecodeError::Shape(text.to_owned());
        let t = text.trim();
        let last = t.rfind([':', ';', '.', ',']).ok_or_else(shape)?;
        let (head, tail) = t.split_at_checked(last).ok_or_else(shape)?;
        let mark = tail.chars().next().ok_or_else(shape)?;
        let tail = tail.strip_prefix(mark).ok_or_else(shape)?;
        let drop = drop || mark != ':';
        let mut parts = [0u32; 4];
        let mut it = head.split([':', ';']);
        for p in parts.iter_mut().take(3) {
            *p = number(it.next().ok_or_else(shape)?).ok_or_else(shape)?;
        }
        if it.next().is_some() {
            return Err(shape());
        }
        parts[3] = number(tail).ok_or_else(shape)?;
        let [h, m, s, f] = parts;
        Self::from_parts(h, m, s, f, rate, drop)
    }

    /// From hours, minutes, seconds and frames.
    ///
    /// # Errors
    /// Out of range, a dropped label, no drop-frame at this rate, or a rate that does not round to
    /// 1–1000 frames per second.
    pub fn from_parts(h: u32, m: u32, s: u32, f: u32, rate: Rational, drop: bool) -> Result<Self, TimecodeError> {
        let sep = if drop { ';' } else { ':' };
        let label = || format!("{h:02}:{m:02}:{s:02}{sep}{f:02}");
        let d = drop_per_minute(rate);
        if drop && d == 0 {
            return Err(TimecodeError::NoDrop(rate));
        }
        let nominal = rate.nominal();
        if !countable(rate) || h > 23 || m > 59 || s > 59 || f >= nominal {
            return Err(TimecodeError::Range(label(), rate));
        }
        if drop && s == 0 && f < d && !m.is_multiple_of(10) {
            return Err(TimecodeError::Dropped(label()));
        }
        let minutes = h * 60 + m;
        let mut frames = (minutes * 60 + s) * nominal + f;
        if drop {
            frames -= d * (minutes - minutes / 10);
        }
        Ok(Self { frames, rate, drop })
    }

    /// Frames since midnight.
    #[must_use]
    pub fn frames(self) -> u32 {
        self.frames
    }

    /// The rate.
    #[must_use]
    pub fn rate(self) -> Rational {
        self.rate
    }

    /// Whether labels are counted drop-frame.
    #[must_use]
    pub fn is_drop(self) -> bool {
        self.drop
    }

    /// The label `n` frames later, wrapped at midnight.
    #[must_use]
    pub fn plus(self, n: i64) -> Self {
        let day = i64::from(frames_per_day(self.rate, self.drop));
        let frames = (i64::from(self.frames) + n.rem_euclid(day)).rem_euclid(day);
        Self { frames: u32::try_from(frames).unwrap_or(0), ..self }
    }

    /// Hours, minutes, seconds, frames.
    #[must_use]
    pub fn parts(self) -> (u32, u32, u32, u32) {
        let nominal = self.rate.nominal();
        let mut n = self.frames;
        if self.drop {
            let d = drop_per_minute(self.rate);
            let (per_min, per_ten) = (nominal * 60 - d, nominal * 600 - 9 * d);
            let (tens, rest) = (n / per_ten, n % per_ten);
            n += 9 * d * tens;
            if rest >= nominal * 60 {
                n += d * ((rest - nominal * 60) / per_min + 1);
            }
        }
        let (s, f) = (n / nominal, n % nominal);
        (s / 3600, s / 60 % 60, s % 60, f)
    }
}

impl fmt::Display for Timecode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (h, m, s, fr) = self.parts();
        let sep = if self.drop { ';' } else { ':' };
        write!(f, "{h:02}:{m:02}:{s:02}{sep}{fr:02}")
    }
}

fn number(s: &str) -> Option<u32> {
    (!s.is_empty() && s.len() <= 3 && s.bytes().all(|b| b.is_ascii_digit())).then(|| s.parse().ok())?
}

/// Whether labels can be counted at this rate (a day of frames must fit in 32 bits, a second has at least one).
fn countable(rate: Rational) -> bool {
    (1..=1000).contains(&rate.nominal())
}

/// Labels dropped at the start of each minute that is not a multiple of ten.
fn drop_per_minute(rate: Rational) -> u32 {
    match (rate.num(), rate.den()) {
        (30_000, 1001) => 2,
        (60_000, 1001) => 4,
        _ => 0,
    }
}

fn frames_per_day(rate: Rational, drop: bool) -> u32 {
    let all = rate.nominal() * 86_400;
    if drop { all - drop_per_minute(rate) * (1440 - 144) } else { all }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn r(n: u32, d: u32) -> Rational {
        Rational::new(n, d).unwrap()
    }

    #[test]
    fn samples_to_frames_as_the_field_counts() {
        let r = Rational::new(24_000, 1001).unwrap();
        let t = Timecode::from_samples(2_190_940_753, 48_000, r, false).unwrap();
        assert_eq!((t.to_string().as_str(), t.frames()), ("12:39:59:00", 1_094_376), "wall clock would be 12:40:44");
        assert_eq!(Timecode::from_samples(u64::MAX, 1, r, false), None);
        assert_eq!(Timecode::from_samples(5, 0, r, false), None);
        let half = Timecode::from_samples(1000, 48_000, Rational::new(24, 1).unwrap(), false);
        assert_eq!(half.unwrap().frames(), 1, "half a frame rounds up");
    }

    #[test]
    fn known_labels() {
        let ndf = r(30_000, 1001);
        assert_eq!(Timecode::parse("01:02:03;04", ndf, false).unwrap().frames(), 111_582);
        assert_eq!(Timecode::from_frames(2_589_408, ndf, true).unwrap().to_string(), "00:00:00;00");
        assert_eq!(Timecode::from_frames(1800, ndf, true).unwrap().to_string(), "00:01:00;02");
        assert!(matches!(Timecode::parse("00:01:00;00", ndf, false), Err(TimecodeError::Dropped(_))));
        assert!(matches!(Timecode::parse("00:00:00:24", r(24, 1), false), Err(TimecodeError::Range(..))));
        assert!(matches!(Timecode::parse("00:00:00;00", r(25, 1), false), Err(TimecodeError::NoDrop(_))));
        for bad in ["", "1:2:3", "::::", "01:02:03:", "a1:02:03:04", "01:02:03:04:05"] {
            assert!(matches!(Timecode::parse(bad, r(24, 1), false), Err(TimecodeError::Shape(_))), "{bad}");
        }
    }

    #[test]
    fn rates_that_cannot_be_counted() {
        for rate in [r(1, 1001), r(1, 3), r(1001, 1), r(u32::MAX, 1)] {
            assert_eq!(Timecode::from_frames(5, rate, false), None, "{rate}");
            assert!(matches!(Timecode::parse("23:59:59:00", rate, false), Err(TimecodeError::Range(..))), "{rate}");
        }
        let fast = Timecode::from_frames(-1, r(1000, 1), false).unwrap();
        assert_eq!(fast.to_string(), "23:59:59:999");
        assert_eq!(Timecode::parse("23:59:59:999", r(1000, 1), false), Ok(fast));
    }

    proptest! {
        #[test]
        fn labels_and_counts_agree(n in 0i64..10_000_000, which in 0usize..7, drop: bool) {
            let rate = [r(24, 1), r(24_000, 1001), r(25, 1), r(30_000, 1001), r(50, 1), r(60_000, 1001), r(120, 1)][which];
            if let Some(t) = Timecode::from_frames(n, rate, drop) {
                let back = Timecode::parse(&t.to_string(), rate, false).unwrap();
                prop_assert_eq!(back, t);
            }
        }
    }
}
