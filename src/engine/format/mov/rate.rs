//! Exact frame rates from ticks.

use crate::engine::container::bmff::Times;
use crate::model::Rational;

/// Whether the denominator has only the factors 2 and 5: the rate was written as a decimal.
fn is_decimal(r: Rational) -> bool {
    let mut d = r.den();
    for p in [2, 5] {
        while d.is_multiple_of(p) {
            d /= p;
        }
    }
    d == 1
}

/// `timescale` ticks per second divided by `duration` ticks per frame. A rate written as a decimal (2997/100,
/// 23976/1000) or rounded to ticks (10000000/417083) is the exact rate that the field means by it.
pub(super) fn exact(timescale: u32, duration: u32) -> Option<Rational> {
    let r = Rational::new(timescale, duration)?;
    if r.den() == 1 || r.den() == 1001 {
        return Some(r);
    }
    match Rational::from_decimal_rate(r.as_f64()) {
        Some(x) if is_decimal(r) || (x.as_f64() - r.as_f64()).abs() < 1e-4 => Some(x),
        _ => Some(r),
    }
}

/// The rate of a track, or why it has none.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Pace {
    /// Every frame lasts equally long.
    Constant(Rational),
    /// Frames differ by one tick, so that on average they have this rate.
    Rounded(Rational),
    /// Frames last differently: shortest, longest (ticks) and average rate.
    Variable(u32, u32, f64),
    /// Durations that say nothing: none, zero, or a single still picture.
    Unknown,
}

/// From the durations of the samples. The very last may be of any length.
pub(super) fn pace(timescale: u32, times: &Times) -> Pace {
    let Some((least, most)) = times.range() else { return Pace::Unknown };
    if most == 0 || timescale == 0 || times.total == 0 {
        return Pace::Unknown;
    }
    if least == most {
        return match exact(timescale, most) {
            // One picture: how long it is shown is a frame rate only if it is one that is in use.
            Some(r) if times.count == 1 => match Rational::from_decimal_rate(r.as_f64()) {
                Some(known) if known == r && (12.0..=120.0).contains(&r.as_f64()) => Pace::Constant(r),
                _ => Pace::Unknown,
            },
            Some(r) => Pace::Constant(r),
            None => Pace::Unknown,
        };
    }
    let average = times.count as f64 * f64::from(timescale) / times.total as f64;
    if most - least == 1 && least > 1 {
        let (low, high) = (f64::from(timescale) / f64::from(most), f64::from(timescale) / f64::from(least));
        let known = Rational::from_decimal_rate(average).filter(|r| (low..=high).contains(&r.as_f64()));
        let near = known.filter(|r| ((r.as_f64() - average) / average).abs() < 5e-4);
        if let Some(r) = near {
            return Pace::Rounded(r);
        }
    }
    Pace::Variable(least, most, average)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(runs: &[(u64, u32)]) -> Times {
        let mut t = Times::default();
        runs.iter().for_each(|(n, d)| t.add(*n, *d));
        t
    }

    fn text(p: Pace) -> String {
        match p {
            Pace::Constant(r) => r.to_string(),
            Pace::Rounded(r) => format!("~{r}"),
            Pace::Variable(a, b, _) => format!("{a}..{b}"),
            Pace::Unknown => "?".into(),
        }
    }

    #[test]
    fn rates() {
        for (timescale, runs, want) in [
            (24_000, &[(100, 1001)][..], "24000/1001"),
            (25, &[(25, 1)], "25/1"),
            (90_000, &[(10, 3003), (5, 3003)], "30000/1001"),
            (29_970, &[(64, 1000)], "30000/1001"),
            (2_398, &[(64, 100)], "24000/1001"),
            (10_000_000, &[(64, 417_083)], "24000/1001"),
            (600, &[(10, 25), (1, 7)], "24/1"),
            (600, &[(10, 25), (1, 7), (3, 25)], "7..25"),
            (90_000, &[(1, 3754), (1, 3753), (1, 3754), (1, 3754), (40, 3754), (38, 3753)], "~24000/1001"),
            (1000, &[(2, 33), (4, 34)], "33..34"),
            (600, &[(1, 7)], "?"),
            (600, &[(1, 24)], "25/1"),
            (600, &[(5, 7)], "600/7"),
            (600, &[(5, 0)], "?"),
            (0, &[(5, 1)], "?"),
            (600, &[], "?"),
            (600, &[(u64::MAX, u32::MAX), (9, 1)], "1..4294967295"),
        ] {
            assert_eq!(text(pace(timescale, &times(runs))), want, "{timescale} {runs:?}");
        }
    }
}
