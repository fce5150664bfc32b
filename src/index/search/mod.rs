//! Search over all clips: a table in memory, made from the records of the index.
//!
//! Why not look-up keys in the store: a clip has forty values and sixty words. A hundred small keys for each would make a
//! commit many times slower and a start, which reads every key once, many times longer; a scan of one column in memory
//! takes a few milliseconds for a million clips (`docs/performance.md`), and nothing of it has to survive a crash, a damaged
//! store or a change of version: it is made from what the store says, and made again whenever that was replaced.
//!
//! * **Size**: a column of few different values takes one, two or four bytes a clip, others the text itself; about 300
//!   bytes a clip in all. Values are bounded ([`crate::query::MAX_VALUE`]), so one clip cannot take more than its share.
//! * **Truth**: each commit notes which clips it wrote; [`Index::refresh_search`] reads those again, and every search
//!   does so first. The table is never changed in another way, so it is what a table made anew would be; a test holds it
//!   to that, and to the plain answer of each query for each clip.
//! * **Start**: the daemon makes it in the background. A search that comes before it is ready waits, or says how far it is.

mod bits;
mod column;
mod eval;
mod order;
mod record;
mod table;

#[cfg(test)]
mod tests;

pub use record::{FoundClip, ShortDoc};

use crate::index::{Index, keys, locked, parse, read, write};
use crate::model::{ClipId, Error, ErrorKind};
use crate::query::{Facts, Order, Query};
use rayon::prelude::*;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, RwLock, TryLockError};
use std::time::{Duration, Instant};
use table::Table;

/// Records read at a time.
const PAGE: usize = 512;
/// More changed clips than this are not remembered one by one: the table is made anew.
const MOST_CHANGED: usize = 100_000;
/// How long a search waits for a table that is being made.
const PATIENCE: Duration = Duration::from_secs(8);

/// What search has in memory.
pub(super) struct Search {
    /// Held by who brings the table up to date.
    work: Mutex<()>,
    changed: Mutex<Changed>,
    table: RwLock<Option<Table>>,
    /// Clips read for a table that is being made.
    made: AtomicU64,
}

impl Default for Search {
    fn default() -> Self {
        Self {
            work: Mutex::default(),
            changed: Mutex::new(Changed::All),
            table: RwLock::new(None),
            made: AtomicU64::new(0),
        }
    }
}

/// What the table does not have yet.
enum Changed {
    /// Everything: there is no table, or the store was replaced.
    All,
    These(Vec<ClipId>),
}

impl Search {
    /// Notes clips that were written.
    pub(super) fn note(&self, clips: impl Iterator<Item = ClipId>) {
        let mut changed = locked(&self.changed);
        if let Changed::These(list) = &mut *changed {
            list.extend(clips);
            if list.len() > MOST_CHANGED {
                *changed = Changed::All;
            }
        }
    }

    /// Notes that the store is another one.
    pub(super) fn note_all(&self) {
        *locked(&self.changed) = Changed::All;
    }

    fn begin(&self, wait: Duration) -> Option<MutexGuard<'_, ()>> {
        let until = Instant::now() + wait;
        loop {
            match self.work.try_lock() {
                Ok(g) => return Some(g),
                Err(TryLockError::Poisoned(g)) => return Some(g.into_inner()),
                Err(TryLockError::WouldBlock) if Instant::now() < until => {
                    std::thread::sleep(Duration::from_millis(5));
                }
                Err(TryLockError::WouldBlock) => return None,
            }
        }
    }
}

/// What a search found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Found {
    /// How many clips.
    pub total: u64,
    /// The first of them, in order.
    pub clips: Vec<ClipId>,
    /// Clips that were looked at.
    pub known: u64,
    /// Memory of the table, bytes.
    pub table_bytes: u64,
}

impl Index {
    /// Clips that `query` finds, the first `most` of them by `order`. What was committed before is seen.
    ///
    /// # Errors
    /// `DAEMON-UNREACHABLE` while the table is being made (after a start) for longer than a person waits.
    pub fn search(&self, query: &Query, order: &Order, most: usize) -> Result<Found, Error> {
        let there = read(&self.0.search.table).is_some();
        // whoever holds it brings the table up to date now; one that is there already answers meanwhile
        if let Some(guard) = self.0.search.begin(if there { Duration::from_millis(500) } else { PATIENCE }) {
            self.refresh(&guard, &|| true)?;
        }
        let slot = read(&self.0.search.table);
        let Some(table) = slot.as_ref() else {
            let (made, all) = (self.0.search.made.load(Ordering::Relaxed), self.counts().clips);
            let what = format!("the table for search is still being made: {made} of {all} clips are read");
            return Err(Error::new(ErrorKind::Io, "DAEMON-UNREACHABLE", what).fix("ask again in a moment"));
        };
        let found = table.find(query);
        let rows = order::Sorter::new(table, order).first(found.rows(), most);
        Ok(Found {
            total: found.count(),
            clips: rows.iter().filter_map(|r| table.id(*r)).collect(),
            known: table.len() as u64,
            table_bytes: table.bytes() as u64,
        })
    }

    /// A clip as search shows it.
    #[must_use]
    pub fn found_clip(&self, id: &ClipId) -> Option<FoundClip> {
        self.get(&keys::clip(id))
    }

    /// Brings the table up to date, as long as `go_on` says so; makes it when there is none.
    ///
    /// # Errors
    /// `LIMIT-SIZE` when there are more clips than a table can hold.
    pub fn refresh_search(&self, go_on: &dyn Fn() -> bool) -> Result<(), Error> {
        let guard = self.0.search.work.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        self.refresh(&guard, go_on)
    }

    fn refresh(&self, _: &MutexGuard<'_, ()>, go_on: &dyn Fn() -> bool) -> Result<(), Error> {
        let search = &self.0.search;
        if read(&search.table).as_ref().is_some_and(Table::is_worn) {
            search.note_all();
        }
        while go_on() {
            let changed = std::mem::replace(&mut *locked(&search.changed), Changed::These(Vec::new()));
            let list = match changed {
                Changed::These(list) if list.is_empty() => return Ok(()),
                Changed::These(list) => list,
                Changed::All => {
                    match self.make_table(go_on) {
                        Ok(Some(table)) => *write(&search.table) = Some(table),
                        // not to go on, or without a store: asked again when there is one
                        Ok(None) => {
                            search.note_all();
                            return Ok(());
                        }
                        Err(e) => {
                            search.note_all();
                            return Err(e);
                        }
                    }
                    continue;
                }
            };
            for some in list.chunks(PAGE) {
                let facts: Vec<(ClipId, Facts)> =
                    some.iter().filter_map(|id| Some((id.clone(), self.found_clip(id)?.facts()))).collect();
                let mut slot = write(&search.table);
                let table = slot.get_or_insert_default();
                if !facts.iter().all(|(id, f)| table.put(id, f)) {
                    search.note_all();
                    return Err(full());
                }
            }
        }
        Ok(())
    }

    /// A table of all clips; `None` when it was not to go on, or the store was lost meanwhile.
    fn make_table(&self, go_on: &dyn Fn() -> bool) -> Result<Option<Table>, Error> {
        let mut table = Table::default();
        let mut last: Option<Vec<u8>> = None;
        self.0.search.made.store(0, Ordering::Relaxed);
        loop {
            if !go_on() || read(&self.0.store).is_none() {
                return Ok(None);
            }
            let page = self.with(|s| s.page(b"c", last.as_deref(), PAGE));
            let Some((key, _)) = page.last() else {
                table.shrink();
                return Ok(Some(table));
            };
            last = Some(key.clone());
            let facts: Vec<(ClipId, Facts)> = self.with(|s| {
                let one = |(_, v): &(Vec<u8>, Vec<u8>)| parse::<FoundClip>(s, v).map(|c| (c.id.clone(), c.facts()));
                page.par_iter().filter_map(one).collect()
            });
            if !facts.iter().all(|(id, f)| table.put(id, f)) {
                return Err(full());
            }
            self.0.search.made.fetch_add(page.len() as u64, Ordering::Relaxed);
        }
    }
}

fn full() -> Error {
    Error::limit("there are more clips than search can hold in memory")
}
