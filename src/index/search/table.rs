//! The table: columns of all fields, and which clip a row is.

use super::column::{Coded, Column, Row, Texts};
use crate::model::{ClipId, Rational};
use crate::query::{self, Facts, Field, Span};
use std::collections::HashMap;

/// Fields of which nearly each clip has its own value.
const OWN: &[&str] = &[
    "clip.id",
    "clip.name",
    "clip.umid",
    "clip.uuid",
    "path",
    "recorded.date",
    "slate.note",
    "timecode.end",
    "timecode.start",
    "audio.timecode",
    "audio.samples_since_midnight",
    "warnings.message",
];
/// Fewer changed rows than this are never a reason to make the table anew.
const FEW: usize = 50_000;

/// The timecode of a row: first label, number of labels, and at which rate by its number + 1; 0 is absent.
#[derive(Clone, Copy, Default)]
pub(super) struct Labels {
    pub start: u32,
    pub length: u32,
    pub rate: u16,
}

/// What search reads.
#[derive(Default)]
pub(super) struct Table {
    ids: Texts,
    /// Rows whose ids are in order, from the first.
    sorted: usize,
    /// Rows after those, by id.
    later: HashMap<ClipId, Row>,
    columns: Vec<Option<Column>>,
    pub(super) labels: Vec<Labels>,
    pub(super) rates: Vec<(Rational, bool)>,
    /// Rows whose earlier values still take room.
    replaced: usize,
}

impl Table {
    /// Number of clips.
    pub(super) fn len(&self) -> usize {
        self.ids.len()
    }

    pub(super) fn id(&self, row: Row) -> Option<ClipId> {
        self.ids.get(usize::try_from(row).ok()?).map(|t| ClipId(t.to_owned()))
    }

    pub(super) fn column(&self, f: Field) -> Option<&Column> {
        self.columns.get(f.index())?.as_ref()
    }

    /// Worth making anew: half of it is in the way of the rest.
    pub(super) fn is_worn(&self) -> bool {
        let worn = self.replaced.saturating_add(self.later.len());
        worn > FEW && worn > self.len() / 2
    }

    /// About how much memory it takes, bytes.
    pub(super) fn bytes(&self) -> usize {
        let columns: usize = self.columns.iter().flatten().map(Column::bytes).sum();
        columns + self.ids.bytes() + self.labels.capacity() * size_of::<Labels>() + self.later.len() * 80
    }

    /// Gives back memory that was taken ahead.
    pub(super) fn shrink(&mut self) {
        self.ids.shrink();
        self.labels.shrink_to_fit();
        self.columns.iter_mut().flatten().for_each(Column::shrink);
    }

    /// Takes a clip in, in place of what was known of it. `false`: there is no room for more.
    pub(super) fn put(&mut self, id: &ClipId, facts: &Facts) -> bool {
        let Some(row) = self.row_for(id) else { return false };
        if self.columns.is_empty() {
            self.columns.resize_with(query::fields().count(), || None);
        }
        let mut values = facts.values().iter().peekable();
        let mut good = true;
        for (f, slot) in query::fields().zip(self.columns.iter_mut()) {
            let value = values.next_if(|(g, _)| *g == f).map(|(_, v)| v.as_str());
            match (slot, value) {
                (Some(c), v) => good &= c.set(row, v),
                (None, None) => {}
                (empty, Some(v)) => {
                    let own = OWN.contains(&f.name());
                    let new = if own { Column::Own(Texts::default()) } else { Column::Coded(Coded::default()) };
                    good &= empty.insert(new).set(row, Some(v));
                }
            }
        }
        good && self.put_span(row, facts.span())
    }

    fn put_span(&mut self, row: Row, span: Option<Span>) -> bool {
        let labels = match span {
            None => Labels::default(),
            Some(s) => {
                let rate = self.rates.iter().position(|r| *r == (s.rate, s.drop)).unwrap_or_else(|| {
                    self.rates.push((s.rate, s.drop));
                    self.rates.len().saturating_sub(1)
                });
                let Ok(rate) = u16::try_from(rate.saturating_add(1)) else { return false };
                Labels { start: s.start, length: s.length, rate }
            }
        };
        let Ok(n) = usize::try_from(row) else { return false };
        if self.labels.len() <= n {
            self.labels.resize(n.saturating_add(1), Labels::default());
        }
        if let Some(l) = self.labels.get_mut(n) {
            *l = labels;
        }
        true
    }

    /// The row of a clip, a new one if it has none.
    fn row_for(&mut self, id: &ClipId) -> Option<Row> {
        if let Some(row) = self.row_of(id) {
            self.replaced = self.replaced.saturating_add(1);
            return Some(row);
        }
        let n = self.ids.len();
        let row = u32::try_from(n).ok()?;
        let in_order = self.sorted == n && self.ids.get(n.wrapping_sub(1)).is_none_or(|last| last < id.as_str());
        if !self.ids.set(n, Some(id.as_str())) {
            return None;
        }
        if in_order {
            self.sorted = n.saturating_add(1);
        } else {
            self.later.insert(id.clone(), row);
        }
        Some(row)
    }

    fn row_of(&self, id: &ClipId) -> Option<Row> {
        let (mut from, mut to) = (0, self.sorted);
        while from < to {
            let middle = from.midpoint(to);
            match self.ids.get(middle)?.cmp(id.as_str()) {
                std::cmp::Ordering::Equal => return u32::try_from(middle).ok(),
                std::cmp::Ordering::Less => from = middle.saturating_add(1),
                std::cmp::Ordering::Greater => to = middle,
            }
        }
        self.later.get(id).copied()
    }
}
