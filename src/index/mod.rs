//! What is known: a typed index over sled, and the journal of what must not be lost.
//!
//! The index is derived: it can be moved away and made again from media, journal, receipts and
//! outputs. What cannot be derived (jobs done, tries begun, waivers, refusals, times of acceptance)
//! is in the journal first. One process has a state directory at a time; in it one thread writes,
//! any thread reads.

mod entry;
mod journal;
mod keys;
mod migrate;
mod open;
mod rebuild;
mod receipts;
mod records;
mod search;
mod store;
mod txn;

#[cfg(test)]
mod tests;

pub use entry::{JOURNAL_SCHEMA, JournalEntry};
pub use journal::Position;
pub use open::{Opened, open};
pub use receipts::{RECEIPT_SCHEMA, Receipt, Receipts};
pub use records::{ClipRecord, Counts, DoneRecord, FileRecord, Location, QuarantineRecord, Waiver};
pub use search::{Found, FoundClip, ShortDoc};
pub use txn::Batch;

use crate::engine::deliver::MadeOutput;
use crate::engine::killpoint;
use crate::job::Job;
use crate::model::{ClipId, Error, ErrorKind, JobId};
use serde::de::DeserializeOwned;
use std::collections::{BTreeSet, HashMap};
use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use store::Store;
use txn::{Meta, Txn};

/// Free space that is kept on the state's file system, bytes: sled cannot open on a full disk.
const GUARD: u64 = 64 << 20;
/// Records read at a time when all are walked through.
const PAGE: usize = 64;

/// What is known of files, clips, jobs and refusals. Cheap to clone; reads from any thread.
///
/// A record that is found damaged reads as absent, see [`Index::damaged`].
#[derive(Clone)]
pub struct Index(Arc<Inner>);

struct Inner {
    state: PathBuf,
    /// Held as long as the index is open.
    _lock: File,
    writer: Mutex<Writer>,
    store: RwLock<Option<Store>>,
    meta: RwLock<Meta>,
    /// Tries that are in the journal and not yet in the store.
    tries: RwLock<HashMap<String, u32>>,
    aside: Mutex<Option<(PathBuf, String)>>,
    search: search::Search,
}

struct Writer {
    journal: journal::Journal,
    /// The batch whose first so many entries are in the journal although its commit failed later.
    journalled: Option<(u64, usize)>,
}

fn locked<T>(m: &Mutex<T>) -> MutexGuard<'_, T> {
    m.lock().unwrap_or_else(PoisonError::into_inner)
}

fn read<T>(m: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    m.read().unwrap_or_else(PoisonError::into_inner)
}

fn write<T>(m: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
    m.write().unwrap_or_else(PoisonError::into_inner)
}

impl Index {
    fn with<T: Default>(&self, f: impl FnOnce(&Store) -> T) -> T {
        read(&self.0.store).as_ref().map_or_else(T::default, f)
    }

    fn get<T: DeserializeOwned>(&self, key: &[u8]) -> Option<T> {
        self.with(|s| parse(s, &s.get(key)?))
    }

    fn all<T: DeserializeOwned>(&self, prefix: &[u8]) -> Vec<T> {
        self.with(|s| s.scan(prefix).iter().filter_map(|(_, v)| parse(s, v)).collect())
    }

    /// The files known in one folder of a root, `dir` relative to it: names and records, by name.
    #[must_use]
    pub fn folder(&self, root: &str, dir: &Path) -> Vec<(OsString, FileRecord)> {
        let prefix = keys::folder(root, dir);
        self.with(|s| {
            s.scan(&prefix)
                .iter()
                .filter_map(|(k, v)| Some((keys::file_name(k, &prefix)?.to_owned(), FileRecord::from_bytes(v)?)))
                .collect()
        })
    }

    /// As [`Index::folder`], only the names that begin with `prefix`, at most `most` of them.
    #[must_use]
    pub fn folder_from(&self, root: &str, dir: &Path, prefix: &[u8], most: usize) -> Vec<(OsString, FileRecord)> {
        let folder = keys::folder(root, dir);
        let from = [folder.as_slice(), prefix].concat();
        self.with(|s| {
            let found = s.page(&from, None, most);
            let name = |(k, v): &(Vec<u8>, Vec<u8>)| {
                Some((keys::file_name(k, &folder)?.to_owned(), FileRecord::from_bytes(v)?))
            };
            found.iter().filter_map(name).collect()
        })
    }

    /// The folders of a root in which a file is known, in the order of the index; each is one look-up.
    pub fn folders(&self, root: &str) -> impl Iterator<Item = PathBuf> + use<> {
        let (index, root) = (self.clone(), root.to_owned());
        let mut last: Option<PathBuf> = None;
        std::iter::from_fn(move || {
            let after = last.as_ref().map(|d| keys::after_folder(&root, d));
            let (key, _) = index.with(|s| s.page(&keys::files_of(&root), after.as_deref(), 1)).pop()?;
            last = Some(keys::folder_of(&key, &root)?.to_path_buf());
            last.clone()
        })
    }

    /// The file at `path`, relative to the root.
    #[must_use]
    pub fn file(&self, root: &str, path: &Path) -> Option<FileRecord> {
        self.with(|s| FileRecord::from_bytes(&s.get(&keys::file(root, path))?))
    }

    /// A clip.
    #[must_use]
    pub fn clip(&self, id: &ClipId) -> Option<ClipRecord> {
        self.get(&keys::clip(id))
    }

    /// Every clip, by id, a few in memory at a time. Clips that are added meanwhile may be missed.
    pub fn clips(&self) -> impl Iterator<Item = ClipRecord> + use<> {
        self.every(b"c")
    }

    /// Every record whose key begins so, a few in memory at a time.
    fn every<T: DeserializeOwned>(&self, prefix: &'static [u8]) -> impl Iterator<Item = T> + use<T> {
        let index = self.clone();
        let mut last: Option<Vec<u8>> = None;
        std::iter::from_fn(move || {
            let page = index.with(|s| s.page(prefix, last.as_deref(), PAGE));
            last = Some(page.last()?.0.clone());
            Some(index.with(|s| page.iter().filter_map(|(_, v)| parse(s, v)).collect::<Vec<T>>()))
        })
        .flatten()
    }

    /// Clips whose first file has this XXH3-128.
    #[must_use]
    pub fn clips_with_content(&self, xxh128: &str) -> Vec<ClipId> {
        self.ids_after(&keys::all_content(xxh128))
    }

    /// Clips of a show with this name, as a file system that ignores case and composition compares names.
    #[must_use]
    pub fn clips_named(&self, show: &str, name: &str) -> Vec<ClipId> {
        self.ids_after(&keys::all_named(show, name))
    }

    fn ids_after(&self, prefix: &[u8]) -> Vec<ClipId> {
        let id = |k: &[u8]| String::from_utf8(k.strip_prefix(prefix)?.to_vec()).ok().map(ClipId);
        self.with(|s| s.scan(prefix).iter().filter_map(|(k, _)| id(k)).collect())
    }

    /// Number of current clips in a watched folder.
    #[must_use]
    pub fn clips_in(&self, root: &str) -> u64 {
        read(&self.0.meta).clips_in.get(root).copied().unwrap_or(0)
    }

    /// Every current clip that a person may mean by a clip name, by a path relative to its watched folder (of any of its
    /// files, or as its outputs are named), by an id, or, when there is none of those, by the beginning of an id
    /// (4 digits or more). With `root`, only by a path relative to that folder. Each is a look-up, whatever the size of the
    /// index.
    #[must_use]
    pub fn find_clips(&self, text: &str, root: Option<&str>) -> Vec<ClipRecord> {
        let path = crate::model::MediaPath::from_text(text).unwrap_or_default();
        let dir = path.as_path().parent().unwrap_or(Path::new(""));
        let mut found: BTreeSet<ClipId> = BTreeSet::new();
        if root.is_none() {
            found.extend(self.shows().flat_map(|show| self.clips_named(&show, text)));
        }
        found.retain(|id| self.clip(id).is_some_and(|c| c.doc.clip.name == text));
        let mut roots: Vec<String> = read(&self.0.meta).clips_in.keys().cloned().collect();
        roots.retain(|r| root.is_none_or(|only| only == r));
        for root in &roots {
            found.extend(self.file(root, path.as_path()).and_then(|r| r.clip));
            let beside: BTreeSet<ClipId> = self.folder(root, dir).into_iter().filter_map(|(_, r)| r.clip).collect();
            let is_meant = |c: &ClipRecord| {
                c.locations.iter().any(|l| l.root == *root && l.dir.as_path().join(&l.stem) == path.as_path())
            };
            found.extend(beside.into_iter().filter(|id| self.clip(id).is_some_and(|c| is_meant(&c))));
        }
        let mut clips: Vec<ClipRecord> = found.iter().filter_map(|id| self.clip(id)).collect();
        if clips.is_empty() && root.is_none() && text.len() >= 4 && text.bytes().all(|b| b.is_ascii_hexdigit()) {
            let mut prefix = b"c".to_vec();
            prefix.extend_from_slice(text.as_bytes());
            clips = self.with(|s| s.page(&prefix, None, 20).iter().filter_map(|(_, v)| parse(s, v)).collect());
        }
        if clips.len() > 1 {
            clips.retain(|c| c.superseded_by.is_none() && !c.locations.is_empty());
        }
        clips
    }

    /// Jobs whose id begins so (4 digits or more), at most 20.
    #[must_use]
    pub fn jobs_beginning(&self, text: &str) -> Vec<Job> {
        if text.len() < 4 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Vec::new();
        }
        let mut prefix = b"j".to_vec();
        prefix.extend_from_slice(text.as_bytes());
        self.with(|s| s.page(&prefix, None, 20).iter().filter_map(|(_, v)| parse(s, v)).collect())
    }

    /// The shows that have clips, each one look-up.
    fn shows(&self) -> impl Iterator<Item = String> + use<> {
        let index = self.clone();
        let mut last: Option<String> = None;
        std::iter::from_fn(move || {
            let after = last.as_deref().map(keys::after_show);
            let (key, _) = index.with(|s| s.page(b"n", after.as_deref(), 1)).pop()?;
            last = Some(keys::show_of(&key)?);
            last.clone()
        })
    }

    /// When a clip was first accepted, milliseconds since 1970; known from the journal even when the
    /// clip itself is not in the index (any more).
    #[must_use]
    pub fn accepted_ms(&self, clip: &ClipId) -> Option<i64> {
        self.get(&keys::accepted(clip))
    }

    /// A job.
    #[must_use]
    pub fn job(&self, id: &JobId) -> Option<Job> {
        self.get(&keys::job(id))
    }

    /// Every job, by id, a few in memory at a time. Jobs that are added meanwhile may be missed.
    pub fn every_job(&self) -> impl Iterator<Item = Job> + use<> {
        self.every(b"j")
    }

    /// Jobs that are queued, running, waiting or held.
    #[must_use]
    pub fn unfinished_jobs(&self) -> Vec<Job> {
        self.with(|s| {
            let job = |k: &[u8]| {
                let mut key = b"j".to_vec();
                key.extend_from_slice(k.get(1..)?);
                parse(s, &s.get(&key)?)
            };
            s.scan(b"u").iter().filter_map(|(k, _)| job(k)).collect()
        })
    }

    /// What a job made, when it is done according to index, journal or receipts.
    #[must_use]
    pub fn done_outputs(&self, id: &JobId) -> Option<Vec<MadeOutput>> {
        self.get::<DoneRecord>(&keys::done(id)).map(|d| d.outputs)
    }

    /// Tries begun of a job (by id) or of the inspection of contents.
    #[must_use]
    pub fn tries(&self, what: &str) -> u32 {
        let fresh = read(&self.0.tries).get(what).copied();
        fresh.or_else(|| self.get(&keys::tries(what))).unwrap_or(0)
    }

    /// Counts a try, in the journal and on the disk when this returns `Ok`: call it before the try
    /// begins, and do not begin on an error. `n = 0` forgets the tries.
    ///
    /// # Errors
    /// The journal cannot be written ([`Error::is_environment`] for a full disk).
    pub fn note_try(&self, what: &str, n: u32) -> Result<(), Error> {
        let mut w = locked(&self.0.writer);
        let mut line = Vec::new();
        entry::write_line(&mut line, &JournalEntry::Try { key: what.to_owned(), n });
        w.journal.append(&line)?;
        write(&self.0.tries).insert(what.to_owned(), n);
        Ok(())
    }

    /// Every refusal, by root and path.
    #[must_use]
    pub fn quarantine(&self) -> Vec<QuarantineRecord> {
        self.all(b"q")
    }

    /// The refusal of the file at `path`, relative to the root.
    #[must_use]
    pub fn quarantined(&self, root: &str, path: &Path) -> Option<QuarantineRecord> {
        self.get(&keys::quarantine(root, path))
    }

    /// A refusal of these contents, wherever they lie.
    #[must_use]
    pub fn quarantined_content(&self, content: &str) -> Option<QuarantineRecord> {
        if content.is_empty() {
            return None;
        }
        let first = self.with(|s| s.page(&keys::refused_content(content), None, 1)).pop()?.0;
        self.get(&keys::refused_entry(&first, content)?)
    }

    /// The waivers of a clip, by code.
    #[must_use]
    pub fn waivers(&self, clip: &ClipId) -> Vec<Waiver> {
        self.all(&keys::waivers(clip))
    }

    /// Totals, kept up to date: costs nothing to ask.
    #[must_use]
    pub fn counts(&self) -> Counts {
        read(&self.0.meta).counts
    }

    /// How many records were found damaged since the start, and the first reason: the index should
    /// be made again ([`Index::clear_derived`]); the next start does it by itself.
    #[must_use]
    pub fn damaged(&self) -> Option<(u64, String)> {
        read(&self.0.store).as_ref().and_then(Store::damage)
    }

    /// Where a damaged index went and why, once, when that happened since the last call: every
    /// folder must be swept again.
    #[must_use]
    pub fn take_moved_aside(&self) -> Option<(PathBuf, String)> {
        locked(&self.0.aside).take()
    }

    /// Writes a batch: its journal entries first, then all records as a whole; on the disk when this
    /// returns `Ok`. After an error the same batch may be committed again: entries that are in the
    /// journal already are not written twice.
    ///
    /// # Errors
    /// `OUTPUT-NO-SPACE` (an environment error) when less than 64 MiB, or an eighth of the file
    /// system, are free; `STATE-FAILED` when the disk fails.
    pub fn commit(&self, batch: &Batch) -> Result<(), Error> {
        let mut w = locked(&self.0.writer);
        if batch.is_empty() && read(&self.0.tries).is_empty() {
            return Ok(());
        }
        self.check_space()?;
        self.ensure_store(&w)?;
        let guard = read(&self.0.store);
        let Some(store) = guard.as_ref() else { return Err(not_open(&self.0.state)) };
        let mut txn = Txn::new(store, read(&self.0.meta).clone());
        for op in &batch.ops {
            txn.apply(op);
        }
        // what the batch says of a key is newer than what was noted when the try began
        for (what, n) in read(&self.0.tries).iter().filter(|(what, _)| !batch.tells_of_try(what)) {
            txn.put_tries(what, *n);
        }
        if store.is_broken() {
            // what was read may be wrong; the next commit opens the store anew
            return Err(not_open(&self.0.state));
        }
        let n = txn.meta.commits.saturating_add(1);
        txn.meta.commits = n;
        let already = w.journalled.filter(|(id, _)| *id == batch.id).map_or(0, |(_, n)| n);
        let (mut lines, mut asked) = (Vec::new(), 0);
        for (own, e) in &txn.entries {
            asked += usize::from(*own);
            if !own || asked > already {
                if lines.is_empty() {
                    entry::write_line(&mut lines, &JournalEntry::Commit { n });
                }
                entry::write_line(&mut lines, e);
            }
        }
        if !lines.is_empty() {
            w.journal.append(&lines)?;
            w.journalled = Some((batch.id, asked));
            killpoint::here("after-journal-append");
        }
        txn.meta.journal = w.journal.end();
        let (writes, meta) = txn.finish();
        store.apply(&writes)?;
        w.journalled = None;
        self.0.search.note(batch.clips());
        *write(&self.0.meta) = meta;
        write(&self.0.tries).clear();
        Ok(())
    }

    fn check_space(&self) -> Result<(), Error> {
        let s = rustix::fs::statvfs(&self.0.state)
            .map_err(|e| journal::failed("look at the state's file system", &e.into(), &self.0.state))?;
        let free = s.f_bavail.saturating_mul(s.f_frsize);
        let guard = GUARD.min(s.f_blocks.saturating_mul(s.f_frsize) / 8);
        if free >= guard {
            return Ok(());
        }
        let what = format!("only {} MiB are free where the state lies; {} MiB are needed", free >> 20, guard >> 20);
        let mut e = Error::new(ErrorKind::Io, "OUTPUT-NO-SPACE", what).at(&self.0.state);
        e.errno = Some(libc::ENOSPC);
        Err(e.fix("make room there; work goes on by itself"))
    }
}

fn parse<T: DeserializeOwned>(store: &Store, value: &[u8]) -> Option<T> {
    let parsed = serde_json::from_slice(value).ok();
    if parsed.is_none() {
        store.note("a record cannot be understood");
    }
    parsed
}

fn not_open(state: &Path) -> Error {
    Error::new(ErrorKind::Io, "STATE-FAILED", "the index is not open").at(state)
}
