//! A query, understood.

use super::facts::Facts;
use super::names::{self, Field, Kind};
use super::value::Test;
use super::words::Words;
use std::cmp::Ordering;
use std::fmt;

/// A comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    /// `=`
    Eq,
    /// `!=`
    Ne,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
}

impl Op {
    /// Whether a value that stands so to the other passes.
    #[must_use]
    pub fn fits(self, o: Ordering) -> bool {
        match self {
            Self::Eq => o == Ordering::Equal,
            Self::Ne => o != Ordering::Equal,
            Self::Lt => o == Ordering::Less,
            Self::Le => o != Ordering::Greater,
            Self::Gt => o == Ordering::Greater,
            Self::Ge => o != Ordering::Less,
        }
    }
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Eq => "=",
            Self::Ne => "!=",
            Self::Lt => "<",
            Self::Le => "<=",
            Self::Gt => ">",
            Self::Ge => ">=",
        })
    }
}

/// `field op value`.
#[derive(Debug, Clone, PartialEq)]
pub struct Compare {
    /// The field; never a group.
    pub field: Field,
    /// The comparison; [`Op::Ne`] asks that the field is there and [`Compare::test`] does not hold.
    pub op: Op,
    /// The value as written.
    pub value: String,
    /// It was in quotes: `*` and `?` are themselves.
    pub quoted: bool,
    /// What a value must pass; of `!=` what it must not.
    pub test: Test,
}

impl Compare {
    /// Whether a value passes.
    #[must_use]
    pub fn holds(&self, value: &str) -> bool {
        self.test.holds(value) == (self.op != Op::Ne)
    }
}

/// What is asked of a clip.
#[derive(Debug, Clone, PartialEq)]
pub enum Query {
    /// Nothing: every clip.
    All,
    /// All of them, at least two.
    And(Vec<Query>),
    /// One of them, of at least two.
    Or(Vec<Query>),
    /// Not so.
    Not(Box<Query>),
    /// A comparison. An absent field passes none.
    Compare(Compare),
    /// A field, or one of a group, is there.
    Has(Field),
    /// The clip contains this timecode label.
    At(String),
    /// Free text.
    Words(Words),
}

impl Query {
    /// The plain answer for one clip.
    #[must_use]
    pub fn holds(&self, facts: &Facts) -> bool {
        match self {
            Self::All => true,
            Self::And(all) => all.iter().all(|q| q.holds(facts)),
            Self::Or(any) => any.iter().any(|q| q.holds(facts)),
            Self::Not(q) => !q.holds(facts),
            Self::Compare(c) => facts.value(c.field).is_some_and(|v| c.holds(v)),
            Self::Has(f) if f.kind() == Kind::Span => facts.span().is_some(),
            Self::Has(f) => f.parts().any(|p| facts.value(p).is_some()),
            Self::At(label) => facts.span().is_some_and(|s| s.contains(label)),
            Self::Words(w) => facts.values().iter().any(|(f, v)| f.is_free() && w.found_in(v)),
        }
    }

    /// Whether it speaks of clips that are not there any more (`present`).
    #[must_use]
    pub fn asks_presence(&self) -> bool {
        match self {
            Self::And(of) | Self::Or(of) => of.iter().any(Self::asks_presence),
            Self::Not(q) => q.asks_presence(),
            Self::Compare(Compare { field, .. }) | Self::Has(field) => field.name() == "present",
            Self::All | Self::At(_) | Self::Words(_) => false,
        }
    }

    /// The same, of clips that are there; unless the query itself speaks of that.
    #[must_use]
    pub fn of_present(self) -> Self {
        let present = names::exact("present").filter(|_| !self.asks_presence());
        let Some(field) = present else { return self };
        let there = Self::Compare(Compare {
            field,
            op: Op::Eq,
            value: "yes".to_owned(),
            quoted: false,
            test: Test::Bool(true),
        });
        match self {
            Self::All => there,
            Self::And(mut all) => {
                all.push(there);
                Self::And(all)
            }
            other => Self::And(vec![other, there]),
        }
    }
}
