//! The packed time of the `timecode` type: SMPTE ST 12-1 digits and flags in one word.

use crate::model::{Rational, Timecode};

const DROP: u32 = 1 << 6;
const FIELD: u32 = 1 << 15;

/// Above this rate a frame number counts pairs of frames, and the field bit says which one of the pair (ST 12-1).
const PAIRS_ABOVE: u32 = 30;

/// Above this rate the digits do not suffice for pairs of frames.
const NONE_ABOVE: u32 = 60;

/// The label that a packed time means at `rate`. Above 30 frames per second the digits count pairs of frames and the
/// field bit (15) marks the second one. `None` when it is no timecode at that rate, and above 60 frames per second.
#[must_use]
pub fn unpack_timecode(time: u32, rate: Rational) -> Option<Timecode> {
    if rate.nominal() > NONE_ABOVE {
        return None;
    }
    let digits = |shift: u32, tens: u32| {
        let (units, tens) = ((time >> shift) & 15, (time >> (shift + 4)) & tens);
        (units < 10).then_some(tens * 10 + units)
    };
    let (f, s, m, h) = (digits(0, 3)?, digits(8, 7)?, digits(16, 7)?, digits(24, 3)?);
    let f = if rate.nominal() > PAIRS_ABOVE { f * 2 + u32::from(time & FIELD != 0) } else { f };
    Timecode::from_parts(h, m, s, f, rate, time & DROP != 0).ok()
}

/// The packed time of a label. `None` above 60 frames per second, where the digits do not suffice.
#[must_use]
pub fn pack_timecode(t: Timecode) -> Option<u32> {
    let (h, m, s, f) = t.parts();
    let pairs = t.rate().nominal() > PAIRS_ABOVE;
    let (f, second) = if pairs { (f / 2, f % 2 == 1) } else { (f, false) };
    if t.rate().nominal() > NONE_ABOVE {
        return None;
    }
    let bcd = |n: u32| ((n / 10) << 4) | (n % 10);
    let flags = if t.is_drop() { DROP } else { 0 } | if second { FIELD } else { 0 };
    Some((bcd(h) << 24) | (bcd(m) << 16) | (bcd(s) << 8) | bcd(f) | flags)
}
