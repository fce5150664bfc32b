//! A query answered from the table, column by column: the same answer as [`Query::holds`] for each clip.

use super::bits::Bits;
use super::column::{Codes, Column};
use super::table::Table;
use crate::query::{self, Field, Kind, Query, Span};
use rayon::prelude::*;

impl Table {
    /// The rows that a query finds.
    pub(super) fn find(&self, q: &Query) -> Bits {
        self.within(q, &Bits::all(self.len()))
    }

    /// Those of `among` that a query finds.
    fn within(&self, q: &Query, among: &Bits) -> Bits {
        match q {
            Query::All => among.clone(),
            Query::And(all) => {
                let mut order: Vec<&Query> = all.iter().collect();
                // what is looked at for few rows only comes last
                order.sort_by_key(|q| self.cost(q));
                order.iter().fold(among.clone(), |left, q| self.within(q, &left))
            }
            Query::Or(any) => any.iter().fold(among.none(), |found, q| {
                let rest = among.clone().without(&found);
                found.with(&self.within(q, &rest))
            }),
            Query::Not(q) => among.clone().without(&self.within(q, among)),
            Query::Compare(c) => self.passing(c.field, among, &|v| c.holds(v)),
            Query::Has(f) if f.kind() == Kind::Span => among.keep(|n| self.labels.get(n).is_some_and(|l| l.rate != 0)),
            Query::Has(f) => f.parts().fold(among.none(), |found, p| {
                let rest = among.clone().without(&found);
                found.with(&self.passing(p, &rest, &|_| true))
            }),
            Query::At(label) => self.at(label, among),
            Query::Words(w) => query::fields().filter(|f| f.is_free()).fold(among.none(), |found, f| {
                let rest = among.clone().without(&found);
                found.with(&self.passing(f, &rest, &|v| w.found_in(v)))
            }),
        }
    }

    /// About how much work a query is, beside others.
    fn cost(&self, q: &Query) -> u32 {
        let of = |f: Field| if matches!(self.column(f), Some(Column::Own(_))) { 10 } else { 1 };
        match q {
            Query::All => 0,
            Query::And(of) | Query::Or(of) => of.iter().map(|q| self.cost(q)).fold(0, u32::saturating_add),
            Query::Not(q) => self.cost(q),
            Query::Compare(c) => of(c.field),
            Query::Has(_) => 2,
            Query::At(_) => 2,
            Query::Words(_) => 100,
        }
    }

    /// Those of `among` whose value of a field passes.
    fn passing(&self, f: Field, among: &Bits, passes: &(dyn Fn(&str) -> bool + Sync)) -> Bits {
        match self.column(f) {
            None => among.none(),
            Some(Column::Own(texts)) => among.keep(|n| texts.get(n).is_some_and(passes)),
            Some(Column::Coded(c)) => {
                // each different text is looked at once; clips by their codes alone
                let texts = c.texts();
                let good: Vec<bool> = (0..texts.len())
                    .into_par_iter()
                    .with_min_len(1024)
                    .map(|n| texts.get(n).is_some_and(passes))
                    .collect();
                if !good.contains(&true) {
                    return among.none();
                }
                match &c.codes {
                    Codes::One(v) => coded(among, &good, v),
                    Codes::Two(v) => coded(among, &good, v),
                    Codes::Four(v) => among.keep(|n| {
                        let code = v.get(n).copied().unwrap_or(0);
                        usize::try_from(code).is_ok_and(|c| good.get(c) == Some(&true))
                    }),
                }
            }
        }
    }

    fn at(&self, label: &str, among: &Bits) -> Bits {
        // what the label is at each rate that there is
        let frames: Vec<Option<u32>> = self.rates.iter().map(|(rate, drop)| Span::frame(label, *rate, *drop)).collect();
        among.keep(|n| {
            let Some(l) = self.labels.get(n).filter(|l| l.rate != 0) else { return false };
            let which = usize::from(l.rate.saturating_sub(1));
            let Some((rate, drop)) = self.rates.get(which).copied() else { return false };
            let frame = frames.get(which).copied().flatten();
            frame.is_some_and(|f| Span { start: l.start, length: l.length, rate, drop }.has(f))
        })
    }
}

fn coded<T: Copy + Into<usize> + Sync>(among: &Bits, good: &[bool], codes: &[T]) -> Bits {
    among.keep(|n| codes.get(n).is_some_and(|c| good.get((*c).into()) == Some(&true)))
}
