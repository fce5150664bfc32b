//! Rows in order: the first few of many, or all of them.

use super::column::{Column, Row};
use super::table::Table;
use crate::query::{Field, Key, Order, fields};
use rayon::prelude::*;
use std::cmp::Ordering;

/// One key, made ready: places of the different texts, or the texts themselves.
enum Ready<'t> {
    /// Place by code; [`u32::MAX`] is absent.
    Places(&'t Column, Vec<u32>),
    Texts(&'t Column, Key),
}

/// How rows are compared.
pub(super) struct Sorter<'t> {
    keys: Vec<Ready<'t>>,
    path: Option<&'t Column>,
    table: &'t Table,
}

impl<'t> Sorter<'t> {
    pub(super) fn new(table: &'t Table, order: &Order) -> Self {
        let named = |name: &str| fields().find(|f| f.name() == name);
        let column = |f: Field| table.column(f);
        let ready = |k: &Key| match column(k.field)? {
            c @ Column::Coded(coded) => Some(Ready::Places(c, places(coded.texts(), *k))),
            c @ Column::Own(_) => Some(Ready::Texts(c, *k)),
        };
        Self { keys: order.keys.iter().filter_map(ready).collect(), path: named("path").and_then(column), table }
    }

    fn compare(&self, a: Row, b: Row) -> Ordering {
        for k in &self.keys {
            let o = match k {
                Ready::Places(Column::Coded(c), places) => {
                    let place = |r: Row| {
                        let code = usize::try_from(r).map_or(0, |n| c.codes.get(n));
                        usize::try_from(code).ok().and_then(|c| places.get(c)).copied().unwrap_or(u32::MAX)
                    };
                    place(a).cmp(&place(b))
                }
                Ready::Places(..) => Ordering::Equal,
                Ready::Texts(c, key) => match (c.get(a), c.get(b)) {
                    (Some(x), Some(y)) => key.compare(x, y),
                    // absent is last, whichever way
                    (x, y) => x.is_none().cmp(&y.is_none()),
                },
            };
            if o != Ordering::Equal {
                return o;
            }
        }
        let path = |r: Row| self.path.and_then(|c| c.get(r));
        path(a).cmp(&path(b)).then_with(|| self.table.id(a).cmp(&self.table.id(b)))
    }

    /// The first `most` of `rows`, in order. Those that are not among them are compared with the last of them only.
    pub(super) fn first(&self, rows: impl Iterator<Item = Row>, most: usize) -> Vec<Row> {
        let room = most.saturating_mul(2).saturating_add(64);
        let mut kept: Vec<Row> = Vec::new();
        let mut last: Option<Row> = None;
        for r in rows {
            if last.is_some_and(|l| self.compare(r, l) != Ordering::Less) {
                continue;
            }
            kept.push(r);
            if kept.len() >= room {
                kept.par_sort_unstable_by(|a, b| self.compare(*a, *b));
                kept.truncate(most);
                last = kept.last().copied();
            }
        }
        kept.par_sort_unstable_by(|a, b| self.compare(*a, *b));
        kept.truncate(most);
        kept
    }
}

/// The place of each text among all; the same for those that the key does not tell apart.
fn places(texts: &super::column::Texts, key: Key) -> Vec<u32> {
    let mut all: Vec<(Option<u64>, u32)> = (0..u32::try_from(texts.len()).unwrap_or(u32::MAX))
        .filter_map(|n| texts.get(n as usize).map(|t| (key.number(t), n)))
        .collect();
    let text = |n: u32| texts.get(n as usize).unwrap_or("");
    let compare = |a: &(Option<u64>, u32), b: &(Option<u64>, u32)| match (a.0, b.0) {
        (Some(x), Some(y)) if key.down => y.cmp(&x),
        (Some(x), Some(y)) => x.cmp(&y),
        _ => key.compare(text(a.1), text(b.1)),
    };
    all.par_sort_unstable_by(compare);
    let mut out = vec![u32::MAX; texts.len()];
    let mut place = 0;
    let mut before: Option<(Option<u64>, u32)> = None;
    for one in all {
        if before.is_some_and(|b| compare(&b, &one) != Ordering::Equal) {
            place += 1;
        }
        if let Some(p) = out.get_mut(one.1 as usize) {
            *p = place;
        }
        before = Some(one);
    }
    out
}
