//! Values that can be compared exactly, and how far a rounded one may lie from the exact one.

use crate::model::Rational;
use serde::Serialize;
use std::fmt;

/// Decimals that are read of a number; more would leave no room for exact arithmetic.
const MOST_DECIMALS: usize = 9;

/// A fraction of whole numbers, not below 0; the denominator is above 0.
#[derive(Debug, Clone, Copy)]
pub struct Fraction {
    num: u64,
    den: u64,
}

impl Fraction {
    /// `num/den`; `None` for a denominator of 0.
    #[must_use]
    pub fn new(num: u64, den: u64) -> Option<Self> {
        (den > 0).then_some(Self { num, den })
    }

    /// A decimal as it is written, without exponent, and half of its last digit's place, within which the number lay that
    /// was rounded to it: `29.970` is 29970/1000, give or take 1/2000.
    #[must_use]
    pub fn parse(text: &str) -> Option<(Self, Self)> {
        let (whole, part) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
        let digits = |t: &str| t.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || part.len() > MOST_DECIMALS || !digits(whole) || !digits(part) {
            return None;
        }
        let den = 10u64.checked_pow(u32::try_from(part.len()).ok()?)?;
        let part: u64 = if part.is_empty() { 0 } else { part.parse().ok()? };
        let num = whole.parse::<u64>().ok()?.checked_mul(den)?.checked_add(part)?;
        Some((Self { num, den }, Self { num: 1, den: den.checked_mul(2)? }))
    }

    /// The fraction that a double stands for: the one with the smallest denominator (at most a million) that is as near as
    /// a double can tell, else nine decimals.
    #[must_use]
    pub fn from_double(x: f64) -> Option<Self> {
        if !(0.0..1e9).contains(&x) {
            return None;
        }
        // continued fraction: each step takes the whole part and turns the rest over
        let (mut before, mut last, mut rest) = ((0u64, 1u64), (1u64, 0u64), x);
        for _ in 0..32 {
            let whole = rest.floor() as u64;
            let next = |a: u64, b: u64| whole.checked_mul(a)?.checked_add(b);
            let Some((num, den)) = next(last.0, before.0).zip(next(last.1, before.1)) else { break };
            if den > 1_000_000 {
                break;
            }
            if (num as f64 / den as f64 - x).abs() <= x * 4.0 * f64::EPSILON {
                return Self::new(num, den);
            }
            (before, last) = (last, (num, den));
            rest = 1.0 / rest.fract();
            if !rest.is_finite() {
                break;
            }
        }
        Self::parse(&format!("{x:.9}")).map(|(value, _)| value)
    }

    /// Whether the two lie at most `slack` apart.
    #[must_use]
    pub fn near(self, other: Self, slack: Self) -> bool {
        let cross = |a: Self, b: Self| u128::from(a.num).checked_mul(u128::from(b.den));
        let (Some(a), Some(b)) = (cross(self, other), cross(other, self)) else { return false };
        let den = u128::from(self.den).checked_mul(u128::from(other.den));
        let left = a.abs_diff(b).checked_mul(u128::from(slack.den));
        let right = den.and_then(|d| d.checked_mul(u128::from(slack.num)));
        left.zip(right).is_some_and(|(l, r)| l <= r)
    }

    /// The nearest double.
    #[must_use]
    pub fn as_f64(self) -> f64 {
        self.num as f64 / self.den as f64
    }
}

impl From<Rational> for Fraction {
    fn from(r: Rational) -> Self {
        Self { num: r.num().into(), den: r.den().into() }
    }
}

impl PartialEq for Fraction {
    fn eq(&self, other: &Self) -> bool {
        self.near(*other, Self { num: 0, den: 1 })
    }
}

impl fmt::Display for Fraction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.den == 1 {
            return write!(f, "{}", self.num);
        }
        let mut rest = self.den;
        while let Some(less) = [2, 5].iter().find(|n| rest.is_multiple_of(**n)).map(|n| rest / n) {
            rest = less;
        }
        // a decimal that ends
        if rest == 1 {
            let text = format!("{:.6}", self.as_f64());
            return f.write_str(text.trim_end_matches('0').trim_end_matches('.'));
        }
        write!(f, "{}/{}", self.num, self.den)
    }
}

/// One comparable value.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A count: pixels, frames, channels, bits.
    Count(u64),
    /// A rate, a ratio or a time in seconds.
    Exact(Fraction),
    /// A timecode label: its digits, and whether it counts drop-frame, when that is said.
    Timecode(Vec<u32>, Option<bool>),
    /// A name, in our words.
    Text(String),
}

impl Value {
    /// A label of four numbers, with `;`, `.` or `,` before the last for drop-frame; `said` is whether the separator of
    /// this source means anything.
    #[must_use]
    pub fn timecode(label: &str, said: bool) -> Option<Self> {
        let label = label.trim();
        let parts: Vec<u32> = label.split([':', ';', '.', ',']).map(|p| p.parse().ok()).collect::<Option<_>>()?;
        let drop = label.contains([';', '.', ',']);
        (parts.len() == 4).then_some(Self::Timecode(parts, said.then_some(drop)))
    }

    /// Text without white space at both ends; `None` when nothing is left.
    #[must_use]
    pub fn text(text: &str) -> Option<Self> {
        let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\0');
        (!text.is_empty()).then(|| Self::Text(text.to_owned()))
    }

    /// The count, if it is one.
    #[must_use]
    pub fn count(&self) -> Option<u64> {
        if let Self::Count(n) = self { Some(*n) } else { None }
    }

    /// The fraction, if it is one.
    #[must_use]
    pub fn exact(&self) -> Option<Fraction> {
        if let Self::Exact(x) = self { Some(*x) } else { None }
    }

    /// The text, if it is one.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        if let Self::Text(t) = self { Some(t) } else { None }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(n) => write!(f, "{n}"),
            Self::Exact(x) => write!(f, "{x}"),
            Self::Text(t) => f.write_str(t),
            Self::Timecode(parts, drop) => {
                for (i, p) in parts.iter().enumerate() {
                    let mark = if i == 3 && *drop == Some(true) { ";" } else { ":" };
                    write!(f, "{}{p:02}", if i == 0 { "" } else { mark })?;
                }
                Ok(())
            }
        }
    }
}

impl Serialize for Value {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Count(n) => s.serialize_u64(*n),
            other => s.collect_str(other),
        }
    }
}

/// What another program says of one field.
#[derive(Debug, Clone, PartialEq)]
pub struct Theirs {
    /// In our words and units.
    pub value: Value,
    /// How far the program's rounding may have moved it; absent = not at all.
    pub slack: Option<Fraction>,
    /// Its own name of the field.
    pub tag: String,
}

impl Theirs {
    /// Whether the exact value `ours` can be what this one was rounded from. A timecode that does not say how it counts
    /// agrees with both ways.
    #[must_use]
    pub fn agrees(&self, ours: &Value) -> bool {
        match (ours, &self.value) {
            (Value::Exact(a), Value::Exact(b)) => match self.slack {
                Some(s) => a.near(*b, s),
                None => a == b,
            },
            (Value::Timecode(a, x), Value::Timecode(b, y)) => a == b && x.zip(*y).is_none_or(|(x, y)| x == y),
            (a, b) => a == b,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn theirs(value: Value, slack: Option<Fraction>) -> Theirs {
        Theirs { value, slack, tag: String::new() }
    }

    #[test]
    fn decimals_are_exact_and_say_their_rounding() {
        let (x, slack) = Fraction::parse("29.970").unwrap();
        assert_eq!((x, slack), (Fraction::new(2997, 100).unwrap(), Fraction::new(1, 2000).unwrap()));
        let ntsc = Value::Exact(Rational::new(30_000, 1001).unwrap().into());
        assert!(theirs(Value::Exact(x), Some(slack)).agrees(&ntsc));
        assert!(!theirs(Value::Exact(x), None).agrees(&ntsc), "not exactly");
        let (x, slack) = Fraction::parse("29.98").unwrap();
        assert!(!theirs(Value::Exact(x), Some(slack)).agrees(&ntsc), "beyond the rounding");
        assert_eq!(Fraction::parse("24").unwrap().0, Fraction::new(24, 1).unwrap());
        for bad in ["", ".", ".5", "-1", "1e3", "1.0000000001", "99999999999999999999", "NaN", "1.2.3", "x"] {
            assert!(Fraction::parse(bad).is_none(), "{bad}");
        }
        assert!(Fraction::new(1, 0).is_none());
        for (num, den) in [(59u32, 54u32), (10, 11), (1, 1), (24_000, 1001), (4, 3), (125, 32_768), (0, 1)] {
            let found = Fraction::from_double(f64::from(num) / f64::from(den)).unwrap();
            assert_eq!((found.num, found.den), (num.into(), den.into()));
        }
        assert_eq!(Fraction::from_double(11.353_333).unwrap().to_string(), "11.353333");
        for bad in [-1.0, f64::NAN, f64::INFINITY, 1e300] {
            assert!(Fraction::from_double(bad).is_none(), "{bad}");
        }
        let large = Fraction::new(u64::MAX, u64::MAX - 1).unwrap();
        assert!(large.near(large, Fraction::new(0, 1).unwrap()));
        assert!(!large.near(large, Fraction::new(u64::MAX, u64::MAX).unwrap()), "too large to tell is no");
    }

    #[test]
    fn labels_with_and_without_a_way_of_counting() {
        let drop = Value::timecode("01:02:03;04", true).unwrap();
        assert_eq!(drop.to_string(), "01:02:03;04");
        assert!(!theirs(Value::timecode("01:02:03:04", true).unwrap(), None).agrees(&drop));
        assert!(theirs(Value::timecode("01:02:03:04", false).unwrap(), None).agrees(&drop));
        assert_eq!(Value::timecode("01:02:03:004", true), Value::timecode("1:2:3:4", true));
        for bad in ["", "1:2:3", "1:2:3:4:5", "a:b:c:d"] {
            assert!(Value::timecode(bad, true).is_none(), "{bad}");
        }
    }

    #[test]
    fn shown_as_people_write_them() {
        assert_eq!(Value::Exact(Fraction::new(24_000, 1001).unwrap()).to_string(), "24000/1001");
        assert_eq!(Value::Exact(Fraction::parse("12.500").unwrap().0).to_string(), "12.5");
        assert_eq!(Value::Exact(Fraction::parse("1000").unwrap().0).to_string(), "1000");
        assert_eq!(Value::Exact(Fraction::new(59, 54).unwrap()).to_string(), "59/54");
        assert_eq!(serde_json::to_string(&Value::Count(7)).unwrap(), "7");
        assert_eq!(Value::text(" a \0"), Some(Value::Text("a".into())));
        assert_eq!(Value::text(" \0"), None);
    }
}
