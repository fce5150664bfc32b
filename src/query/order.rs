//! In which order hits are given.

use super::facts::path_of;
use super::names::{self, Field, Kind};
use super::value::Label;
use super::{BETWEEN, Flaw};
use crate::model::Rational;
use std::cmp::Ordering;

/// Most fields to sort by.
const MAX_KEYS: usize = 8;

/// One field to sort by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    /// The field.
    pub field: Field,
    /// The largest first.
    pub down: bool,
}

/// Fields to sort by; what is the same by all of them is in the order of folder and path, then of the id. Clips without
/// the field are last, whichever way.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Order {
    /// The first counts most.
    pub keys: Vec<Key>,
}

impl std::str::FromStr for Order {
    type Err = Flaw;

    /// Reads `FIELD,-FIELD`; `-` is the largest first. Empty is the usual order.
    fn from_str(text: &str) -> Result<Self, Flaw> {
        let mut keys = Vec::new();
        let mut at = 0_usize;
        for part in text.split(',').filter(|_| !text.trim().is_empty()) {
            let name = part.trim();
            let (name, down) = name.strip_prefix('-').map_or((name, false), |n| (n, true));
            let from = at.saturating_add(part.find(name).unwrap_or(0));
            let mut field = names::find(name, false).map_err(|mut f| {
                f.offset = from;
                f
            })?;
            if field.kind() == Kind::Span {
                field = names::exact("timecode.start").unwrap_or(field);
            }
            if field.kind() == Kind::List || keys.len() == MAX_KEYS {
                let what = if keys.len() == MAX_KEYS {
                    format!("more than {MAX_KEYS} fields to sort by")
                } else {
                    format!("`{name}` is a list and has no order")
                };
                return Err(Flaw::new((from, from.saturating_add(name.len())), what));
            }
            keys.push(Key { field, down });
            at = at.saturating_add(part.len()).saturating_add(1);
        }
        Ok(Self { keys })
    }
}

impl Key {
    /// The order of two values of this field; of a list the first value counts. Values that are not of the field's kind
    /// are after those that are.
    #[must_use]
    pub fn compare(&self, a: &str, b: &str) -> Ordering {
        let (a, b) = (first(a), first(b));
        let o = match (self.number(a), self.number(b)) {
            (Some(x), Some(y)) => x.cmp(&y),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) if self.field.kind() == Kind::Path => path_of(a).cmp(path_of(b)),
            (None, None) => a.cmp(b),
        };
        if self.down { o.reverse() } else { o }
    }

    /// The place of a number, a rate or a label among its like.
    #[must_use]
    pub fn number(&self, value: &str) -> Option<u64> {
        let v = first(value);
        match self.field.kind() {
            Kind::Number => v.parse().ok().map(ordered),
            Kind::Rate => v.parse::<Rational>().ok().map(|r| ordered(r.as_f64())),
            Kind::Label => Label::parse(v).map(Label::place),
            _ => None,
        }
    }
}

fn first(v: &str) -> &str {
    v.split(BETWEEN).next().unwrap_or(v)
}

/// The bits of a number so that they are in the order of the numbers (IEEE 754, total order).
fn ordered(x: f64) -> u64 {
    let bits = (x + 0.0).to_bits();
    if bits >> 63 == 1 { !bits } else { bits | 1 << 63 }
}
