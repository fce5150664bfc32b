//! What a value is compared with: one test for each kind of field, on the value as one text.

use super::facts::{fold, path_of};
use super::names::Kind;
use super::tree::Op;
use super::{BETWEEN, MAX_VALUE, glob};
use crate::model::Rational;
use std::cmp::Ordering;

/// A timecode label without a rate: what is written, in an order that labels of all rates share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Label(u64);

impl Label {
    /// From `HH:MM:SS:FF`, drop-frame or not; `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let last = text.rfind([':', ';', '.', ','])?;
        let (head, tail) = text.split_at_checked(last)?;
        let mut parts = head.split([':', ';']);
        let mut number = |most: u64| part(parts.next()?, 2).filter(|n| *n <= most);
        let (h, m, s) = (number(23)?, number(59)?, number(59)?);
        let f = part(tail.get(1..)?, 3)?;
        parts.next().is_none().then_some(Self(((h * 60 + m) * 60 + s) * 1000 + f))
    }

    /// Its place among all labels.
    #[must_use]
    pub fn place(self) -> u64 {
        self.0
    }
}

fn part(text: &str, most: usize) -> Option<u64> {
    (!text.is_empty() && text.len() <= most && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok())?
}

/// A comparison with a value that was understood. Values are lower-cased texts, several of a list with [`BETWEEN`].
#[derive(Debug, Clone, PartialEq)]
pub enum Test {
    /// The same text, capitals ignored.
    Text(String),
    /// A pattern of the whole text.
    Glob(Vec<char>),
    /// The same path, or a pattern of it, without the name of the watched folder before it.
    Path(Box<Test>),
    /// A number.
    Number(Op, f64),
    /// A rate.
    Rate(Op, Rational),
    /// Yes or no.
    Bool(bool),
    /// A timecode label.
    Label(Op, Label),
    /// The beginning of an ISO 8601 date.
    Date(Op, String),
}

impl Test {
    /// Whether one of the values in `text` passes.
    #[must_use]
    pub fn holds(&self, text: &str) -> bool {
        if text.contains(BETWEEN) { text.split(BETWEEN).any(|v| self.one(v)) } else { self.one(text) }
    }

    fn one(&self, v: &str) -> bool {
        match self {
            Self::Text(t) => v == t,
            Self::Glob(p) => glob::fits(p, v),
            Self::Path(t) => t.one(path_of(v)),
            Self::Number(op, n) => v.parse::<f64>().is_ok_and(|v| op.fits(order_numbers(v, *n))),
            Self::Rate(op, r) => v.parse::<Rational>().is_ok_and(|v| op.fits(order_rates(v, *r))),
            Self::Bool(b) => v == if *b { "true" } else { "false" },
            Self::Label(op, l) => Label::parse(v).is_some_and(|v| op.fits(v.cmp(l))),
            Self::Date(op, d) => op.fits(v.get(..d.len()).unwrap_or(v).cmp(d.as_str())),
        }
    }

    /// The test that `op value` means for a field of this kind.
    ///
    /// # Errors
    /// What is wrong with the value, and what to write.
    pub(super) fn new(kind: Kind, name: &str, op: Op, value: &str, quoted: bool) -> Result<Self, (String, String)> {
        // `!=` is the opposite of `=` for fields that are there
        let op = if op == Op::Ne { Op::Eq } else { op };
        let wrong = |what: String, fix: &str| Err((what, fix.to_owned()));
        if matches!(kind, Kind::Text | Kind::Path | Kind::Bool) && op != Op::Eq {
            return wrong(format!("`{name}` has no order, so `{op}` means nothing for it"), "use `=` or `!=`");
        }
        match kind {
            Kind::Text => Ok(text(value, quoted)),
            Kind::Path => Ok(Self::Path(Box::new(text(value, quoted)))),
            Kind::Number => match value.parse::<f64>() {
                Ok(n) if n.is_finite() => Ok(Self::Number(op, n)),
                _ => wrong(format!("`{name}` is a number, `{value}` is none"), "write for example 800 or 2.8"),
            },
            Kind::Rate => match value.parse::<Rational>() {
                Ok(r) => Ok(Self::Rate(op, r)),
                Err(_) => wrong(format!("`{value}` is not a rate"), "write 24, 23.976 or 24000/1001"),
            },
            Kind::Bool => match fold(value).as_str() {
                "true" | "yes" => Ok(Self::Bool(true)),
                "false" | "no" => Ok(Self::Bool(false)),
                _ => wrong(format!("`{name}` is yes or no, not `{value}`"), "write yes or no"),
            },
            Kind::Label => match Label::parse(value) {
                Some(l) => Ok(Self::Label(op, l)),
                None if op == Op::Eq && !quoted && value.contains(['*', '?']) => Ok(text(value, quoted)),
                None => wrong(format!("`{value}` is not a timecode"), "write it like 10:02:11:00"),
            },
            Kind::Date => match date(value) {
                Some(d) => Ok(Self::Date(op, d)),
                None => {
                    wrong(format!("`{value}` is not a date"), "write 2026, 2026-11, 2026-11-25 or 2026-11-25T10:30")
                }
            },
            Kind::Span | Kind::List | Kind::Group => {
                wrong(format!("`{name}` has no value of its own"), "ask `has:` of it")
            }
        }
    }
}

fn text(value: &str, quoted: bool) -> Test {
    let folded = fold(value);
    if !quoted && folded.contains(['*', '?']) {
        // neighbouring stars are one: the work stays the length of one times the other
        let mut p: Vec<char> = folded.chars().collect();
        p.dedup_by(|a, b| *a == '*' && *b == '*');
        return Test::Glob(p);
    }
    let end = (0..=folded.len().min(MAX_VALUE)).rev().find(|n| folded.is_char_boundary(*n)).unwrap_or(0);
    Test::Text(folded.get(..end).unwrap_or("").to_owned())
}

/// A value beside a number that was written. A decimal is met by what is nearest to it in four bytes (IEEE 754 single):
/// many files keep 2.8 so. Whole numbers are met exactly.
fn order_numbers(value: f64, written: f64) -> Ordering {
    if written.fract() != 0.0 && (value - written).abs() <= 1e-7 * written.abs() {
        return Ordering::Equal;
    }
    value.partial_cmp(&written).unwrap_or(Ordering::Less)
}

fn order_rates(a: Rational, b: Rational) -> Ordering {
    let cross = |x: Rational, y: Rational| u64::from(x.num()) * u64::from(y.den());
    cross(a, b).cmp(&cross(b, a))
}

/// The beginning of an ISO 8601 date and time, lower-cased: `2026`, `2026-11`, … `2026-11-25t10:30:00`.
fn date(value: &str) -> Option<String> {
    const SHAPE: &[u8] = b"dddd-dd-dd dd:dd:dd";
    const ENDS: [usize; 6] = [4, 7, 10, 13, 16, 19];
    let v = fold(value);
    let fits = |(c, s): (u8, &u8)| match s {
        b'd' => c.is_ascii_digit(),
        b' ' => c == b't' || c == b' ',
        s => c == *s,
    };
    let good = ENDS.contains(&v.len()) && v.bytes().zip(SHAPE).all(fits);
    good.then(|| v.replace(' ', "t"))
}
