//! How long a virtual track plays, exactly: source durations times repeats, in edit units of the composition
//! (SMPTE ST 2067-3, "Resource Duration").

use super::composition::{Resource, Track};
use crate::model::Rational;

/// A sum of fractions.
type Fraction = (u128, u128);

/// The length of a track in units of which `rate` are in a second.
///
/// # Errors
/// Why it is not known, as the end of a sentence: a value is missing or contradicts another one, the sum is no whole number
/// of units, or it is beyond 2⁶⁴.
pub fn length(track: &Track, rate: Rational) -> Result<u64, String> {
    if track.resources.is_empty() {
        return Err("its sequences have no resources".into());
    }
    let mut sum: Fraction = (0, 1);
    for r in &track.resources {
        let units = played(r).map_err(|why| format!("{why} (offset {:#x})", r.at))?;
        let own = r.rate.ok_or_else(|| format!("a resource has no edit rate (offset {:#x})", r.at))?;
        sum = scaled(units, own, rate).and_then(|f| add(sum, f)).ok_or("it is longer than can be counted")?;
    }
    match sum {
        (n, 1) => u64::try_from(n).map_err(|_| "it is longer than can be counted".into()),
        (n, d) => Err(format!("it is no whole number of edit units ({n}/{d})")),
    }
}

/// Units of its own that a resource plays.
///
/// # Errors
/// Why that is not known.
pub fn played(r: &Resource) -> Result<u128, String> {
    let once = r.duration.ok_or("a resource does not say how long it is")?;
    let repeat = r.repeat.ok_or("the repeat count of a resource is no number above 0")?;
    let entry = r.entry.ok_or("the entry point of a resource is no number")?;
    if let Some(all) = r.intrinsic
        && entry.checked_add(once).is_none_or(|end| end > all)
    {
        return Err(format!("a resource plays {once} units from {entry} on of a track file with {all}"));
    }
    u128::from(once).checked_mul(u128::from(repeat)).ok_or_else(|| "it is longer than can be counted".into())
}

fn scaled(units: u128, own: Rational, rate: Rational) -> Option<Fraction> {
    // both factors are below 2^64
    let over = u128::from(own.den()).checked_mul(u128::from(rate.num()))?;
    let under = u128::from(own.num()).checked_mul(u128::from(rate.den()))?;
    let common = gcd(over, under);
    let (over, under) = (over.checked_div(common)?, under.checked_div(common)?);
    Some(lowest((units.checked_mul(over)?, under)))
}

fn add(a: Fraction, b: Fraction) -> Option<Fraction> {
    let under = a.1.checked_div(gcd(a.1, b.1))?.checked_mul(b.1)?;
    let of = |f: Fraction| f.0.checked_mul(under.checked_div(f.1)?);
    Some(lowest((of(a)?.checked_add(of(b)?)?, under)))
}

fn lowest((n, d): Fraction) -> Fraction {
    let common = gcd(n, d);
    (n.checked_div(common).unwrap_or(n), d.checked_div(common).unwrap_or(d))
}

/// Never 0, unless both are.
fn gcd(mut a: u128, mut b: u128) -> u128 {
    while let Some(rest) = a.checked_rem(b) {
        (a, b) = (b, rest);
    }
    a
}
