//! The search language: `reel=A001 camera.make=ARRI tc=10:02:11:00 iso>=800`.
//!
//! Pure: text becomes a [`Query`], a clip becomes [`Facts`], and [`Query::holds`] compares the two. The index answers the
//! same questions from its table, column by column, by the same [`Test`]s; a test holds it to the plain answer here.
//!
//! A query is hostile input: its length, the nesting of its brackets and the number of its conditions are bounded, and
//! no pattern takes longer than its length times that of the text.

mod facts;
mod glob;
mod lex;
mod names;
mod order;
mod parse;
mod print;
mod tree;
mod value;
mod words;

#[cfg(test)]
pub mod samples;
#[cfg(test)]
mod tests;

pub use facts::{Facts, Place, Span, fold};
pub use names::{Field, Kind, all as fields, find as find_field, short_names};
pub use order::{Key, Order};
pub use tree::{Compare, Op, Query};
pub use value::{Label, Test};
pub use words::Words;

use std::fmt;

/// Longest query, bytes.
pub const MAX_QUERY: usize = 4096;
/// Deepest nesting of brackets and `not`.
pub const MAX_DEPTH: usize = 32;
/// Most conditions and words in one query.
pub const MAX_CONDITIONS: usize = 128;
/// Longest value of a field that is looked at, bytes; what is longer is cut there.
pub const MAX_VALUE: usize = 1024;
/// Between the values of a list in one text. Control characters of values themselves become spaces.
pub const BETWEEN: char = '\u{1f}';

/// Something wrong in a query, with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flaw {
    /// Byte offset in the query.
    pub offset: usize,
    /// Length in bytes; 0 at the end of the query.
    pub length: usize,
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub fix: Option<String>,
}

impl Flaw {
    pub(crate) fn new(at: (usize, usize), message: impl Into<String>) -> Self {
        Self { offset: at.0, length: at.1.saturating_sub(at.0), message: message.into(), fix: None }
    }

    pub(crate) fn fix(mut self, fix: impl Into<String>) -> Self {
        self.fix = Some(fix.into());
        self
    }

    /// The column of `source` where it is, counted from 1 in characters.
    #[must_use]
    pub fn column(&self, source: &str) -> usize {
        source.get(..self.offset).unwrap_or(source).chars().count().saturating_add(1)
    }

    /// Several lines for people: what is wrong, the query, and a mark below the place.
    #[must_use]
    pub fn render(&self, source: &str) -> String {
        let shown: String = source.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let part = source.get(self.offset..self.offset.saturating_add(self.length)).unwrap_or("");
        let before = self.column(source).saturating_sub(1);
        let (shown, before) = window(&shown, before);
        let marks = part.chars().count().clamp(1, shown.chars().count().saturating_sub(before).max(1));
        let mut text = format!("{self}\n  {shown}\n  {}{}", " ".repeat(before), "^".repeat(marks));
        if let Some(fix) = &self.fix {
            text.push_str(&format!("\n  {}", crate::model::escape_for_people(fix)));
        }
        text
    }
}

/// A part of a long query around a place: at most 100 characters.
fn window(text: &str, at: usize) -> (String, usize) {
    let skip = if text.chars().count() > 100 { at.saturating_sub(60) } else { 0 };
    (text.chars().skip(skip).take(100).collect(), at.saturating_sub(skip))
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", crate::model::escape_for_people(&self.message))
    }
}
