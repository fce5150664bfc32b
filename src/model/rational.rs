//! Exact rates.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

/// A positive rational in lowest terms, such as a frame rate; in text `24000/1001` or `24/1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rational {
    num: u32,
    den: u32,
}

impl Rational {
    /// `num/den` in lowest terms; `None` unless both are above 0.
    #[must_use]
    pub fn new(num: u32, den: u32) -> Option<Self> {
        if num == 0 || den == 0 {
            return None;
        }
        let (mut a, mut b) = (num, den);
        while b != 0 {
            (a, b) = (b, a % b);
        }
        Some(Self { num: num / a, den: den / a })
    }

    /// Numerator.
    #[must_use]
    pub fn num(self) -> u32 {
        self.num
    }

    /// Denominator.
    #[must_use]
    pub fn den(self) -> u32 {
        self.den
    }

    /// The nearest double.
    #[must_use]
    pub fn as_f64(self) -> f64 {
        f64::from(self.num) / f64::from(self.den)
    }

    /// Frames counted per second of timecode: the rate rounded to a whole number (24 for 24000/1001).
    #[must_use]
    pub fn nominal(self) -> u32 {
        u32::try_from((u64::from(self.num) + u64::from(self.den) / 2) / u64::from(self.den)).unwrap_or(u32::MAX)
    }

    /// Resolves a rate written as a decimal to the exact rate that the field means by it: 23.976,
    /// 23.97, 23.98, 29.97, 47.95, 59.94 and 119.88 become n·1000/1001, whole numbers stay. `None` when no
    /// known rate lies within 0.0065.
    #[must_use]
    pub fn from_decimal_rate(x: f64) -> Option<Self> {
        if !(0.5..=1000.5).contains(&x) {
            return None;
        }
        let whole = x.round();
        if (x - whole).abs() < 1e-4 {
            return Self::new(whole as u32, 1);
        }
        let up = x.ceil();
        if [24.0, 30.0, 48.0, 60.0, 120.0].contains(&up) && (x - up * 1000.0 / 1001.0).abs() < 0.0065 {
            return Self::new(up as u32 * 1000, 1001);
        }
        for (v, n, d) in [(12.5, 25, 2), (7.5, 15, 2), (14.985, 15_000, 1001)] {
            if (x - v).abs() < 0.001 {
                return Self::new(n, d);
            }
        }
        None
    }
}

impl fmt::Display for Rational {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.num, self.den)
    }
}

impl FromStr for Rational {
    type Err = String;
    fn from_str(s: &str) -> Result<Self, String> {
        let bad = || format!("`{s}` is not a rate; write it like \"24/1\" or \"24000/1001\"");
        match s.split_once('/') {
            Some((n, d)) => {
                Self::new(n.trim().parse().map_err(|_| bad())?, d.trim().parse().map_err(|_| bad())?).ok_or_else(bad)
            }
            None => s.trim().parse::<f64>().ok().and_then(Self::from_decimal_rate).ok_or_else(bad),
        }
    }
}

impl Serialize for Rational {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Rational {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimal_rates_become_exact() {
        for (text, want) in [
            ("23.976", "24000/1001"),
            ("23.97", "24000/1001"),
            ("23.98", "24000/1001"),
            ("29.97", "30000/1001"),
            ("59.94", "60000/1001"),
            ("47.952", "48000/1001"),
            ("119.88", "120000/1001"),
            ("25", "25/1"),
            ("24/1", "24/1"),
            ("48/2", "24/1"),
            ("12.5", "25/2"),
        ] {
            assert_eq!(text.parse::<Rational>().unwrap().to_string(), want, "{text}");
        }
        for bad in ["", "0", "24/0", "NaN", "-24", "23.5x", "26.4"] {
            assert!(bad.parse::<Rational>().is_err(), "{bad}");
        }
    }
}
