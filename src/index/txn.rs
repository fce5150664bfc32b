//! What one commit changes: collected first, written as a whole.

use crate::index::entry::JournalEntry;
use crate::index::keys;
use crate::index::records::{ClipRecord, Counts, DoneRecord, FileRecord, QuarantineRecord, Waiver, to_json};
use crate::index::store::{Store, Writes};
use crate::index::{Position, migrate};
use crate::job::{Job, JobState};
use crate::model::{ClipId, MediaPath};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

/// Changes for one [`crate::index::Index::commit`]. Later ones win over earlier ones.
pub struct Batch {
    pub(super) id: u64,
    pub(super) ops: Vec<Op>,
}

pub(super) enum Op {
    File(String, MediaPath, Box<FileRecord>),
    RemoveFile(String, MediaPath),
    Gone(String, MediaPath),
    Clip(Box<ClipRecord>),
    Job(Box<Job>),
    Quarantine(Box<QuarantineRecord>),
    Clear(String, MediaPath),
    Waiver(Waiver),
    Journal(Box<JournalEntry>),
}

impl Default for Batch {
    /// An empty batch.
    fn default() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Self { id: NEXT.fetch_add(1, Ordering::Relaxed), ops: Vec::new() }
    }
}

impl Batch {
    /// An empty batch.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// True when there is nothing to write.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ops.is_empty()
    }

    /// Number of changes and journal entries.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ops.len()
    }

    /// Keeps what is known of the file at `path` (relative) of `root`.
    pub fn put_file(&mut self, root: &str, path: &MediaPath, record: FileRecord) {
        self.ops.push(Op::File(root.to_owned(), path.clone(), Box::new(record)));
    }

    /// Forgets a file, so that the watch offers it again.
    pub fn remove_file(&mut self, root: &str, path: &MediaPath) {
        self.ops.push(Op::RemoveFile(root.to_owned(), path.clone()));
    }

    /// Notes that a file is not there any more; what is known of it stays.
    pub fn mark_gone(&mut self, root: &str, path: &MediaPath) {
        self.ops.push(Op::Gone(root.to_owned(), path.clone()));
    }

    /// Keeps a clip; its `raw` tags are left out.
    pub fn put_clip(&mut self, mut clip: ClipRecord) {
        clip.doc.raw.clear();
        self.ops.push(Op::Clip(Box::new(clip)));
    }

    /// Keeps a job. One that is quarantined or cancelled, or is so no longer, is journalled too.
    pub fn put_job(&mut self, job: Job) {
        self.ops.push(Op::Job(Box::new(job)));
    }

    /// Keeps a refusal, in place of an earlier one of the same path.
    pub fn put_quarantine(&mut self, record: QuarantineRecord) {
        self.ops.push(Op::Quarantine(Box::new(record)));
    }

    /// Lifts the refusals of these paths; each that there was is journalled.
    pub fn clear_quarantine(&mut self, root: &str, paths: &[MediaPath]) {
        self.ops.extend(paths.iter().map(|p| Op::Clear(root.to_owned(), p.clone())));
    }

    /// Keeps a waiver.
    pub fn put_waiver(&mut self, waiver: Waiver) {
        self.ops.push(Op::Waiver(waiver));
    }

    /// The clips that it writes.
    pub(super) fn clips(&self) -> impl Iterator<Item = ClipId> + '_ {
        self.ops.iter().filter_map(|op| if let Op::Clip(c) = op { Some(c.id.clone()) } else { None })
    }

    /// Whether it says anything about the tries of this job or these contents.
    pub(super) fn tells_of_try(&self, what: &str) -> bool {
        self.ops.iter().any(|op| match op {
            Op::Journal(e) => matches!(&**e, JournalEntry::Try { key, .. } if key == what),
            _ => false,
        })
    }

    /// Adds a line to the journal; what it says is in the index too (a job that is done, a waiver).
    pub fn journal(&mut self, entry: JournalEntry) {
        self.ops.push(Op::Journal(Box::new(entry)));
    }
}

/// What the index knows about itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Meta {
    /// Version of what is stored, see [`migrate`].
    pub version: u32,
    /// Up to here the journal is in the index.
    pub journal: Position,
    /// Number of the last commit.
    pub commits: u64,
    /// Totals.
    pub counts: Counts,
    /// Current clips by watched folder.
    pub clips_in: BTreeMap<String, u64>,
}

impl Default for Meta {
    fn default() -> Self {
        Self {
            version: migrate::VERSION,
            journal: Position::default(),
            commits: 0,
            counts: Counts::default(),
            clips_in: BTreeMap::new(),
        }
    }
}

/// Changes on their way into the store.
pub(super) struct Txn<'s> {
    store: &'s Store,
    pub writes: Writes,
    pub meta: Meta,
    /// Journal entries in order; `true` for those that the batch itself asked for.
    pub entries: Vec<(bool, JournalEntry)>,
}

impl<'s> Txn<'s> {
    pub(super) fn new(store: &'s Store, meta: Meta) -> Self {
        Self { store, writes: Writes::new(), meta, entries: Vec::new() }
    }

    /// All writes, the state of the index among them.
    pub(super) fn finish(mut self) -> (Writes, Meta) {
        self.writes.insert(keys::META.to_vec(), Some(to_json(&self.meta)));
        (self.writes, self.meta)
    }

    fn get(&self, key: &[u8]) -> Option<Vec<u8>> {
        self.writes.get(key).map_or_else(|| self.store.get(key), Clone::clone)
    }

    fn get_json<T: DeserializeOwned>(&self, key: &[u8]) -> Option<T> {
        serde_json::from_slice(&self.get(key)?).ok()
    }

    fn put(&mut self, key: Vec<u8>, value: Vec<u8>) {
        self.writes.insert(key, Some(value));
    }

    fn remove(&mut self, key: Vec<u8>) {
        self.writes.insert(key, None);
    }

    pub(super) fn apply(&mut self, op: &Op) {
        match op {
            Op::File(root, path, r) => self.put_file(root, path.as_path(), r),
            Op::RemoveFile(root, path) => self.remove_file(root, path.as_path()),
            Op::Gone(root, path) => {
                let old = self.get(&keys::file(root, path.as_path())).and_then(|b| FileRecord::from_bytes(&b));
                if let Some(mut r) = old {
                    r.gone = true;
                    self.put_file(root, path.as_path(), &r);
                }
            }
            Op::Clip(c) => self.put_clip(c),
            Op::Job(j) => self.put_job(j, true),
            Op::Quarantine(q) => self.put_quarantine(q),
            Op::Clear(root, path) => {
                if self.clear_quarantine(root, path.as_path()) {
                    self.entries.push((false, JournalEntry::Released { root: root.clone(), path: path.clone() }));
                }
            }
            Op::Waiver(w) => self.put_waiver(w),
            Op::Journal(e) => {
                self.replay(e.as_ref().clone());
                self.entries.push((true, e.as_ref().clone()));
            }
        }
    }

    fn put_file(&mut self, root: &str, path: &Path, r: &FileRecord) {
        let key = keys::file(root, path);
        let old = self.get(&key).and_then(|b| FileRecord::from_bytes(&b));
        let c = &mut self.meta.counts;
        count(&mut c.files, old.as_ref().is_some_and(|o| !o.gone), !r.gone);
        count(&mut c.files_gone, old.as_ref().is_some_and(|o| o.gone), r.gone);
        self.put(key, r.to_bytes());
    }

    fn remove_file(&mut self, root: &str, path: &Path) {
        let key = keys::file(root, path);
        let old = self.get(&key).and_then(|b| FileRecord::from_bytes(&b));
        let c = &mut self.meta.counts;
        count(&mut c.files, old.as_ref().is_some_and(|o| !o.gone), false);
        count(&mut c.files_gone, old.as_ref().is_some_and(|o| o.gone), false);
        self.remove(key);
    }

    fn put_clip(&mut self, clip: &ClipRecord) {
        let key = keys::clip(&clip.id);
        let old: Option<ClipRecord> = self.get_json(&key);
        count(&mut self.meta.counts.clips, old.is_some(), true);
        for (c, add) in old.iter().map(|o| (o, false)).chain([(clip, true)]) {
            self.note_clip(c, add);
        }
        self.accepted(&clip.id, clip.accepted_ms);
        self.put(key, to_json(clip));
    }

    /// Adds or removes the look-up keys and the counts by folder of a clip.
    fn note_clip(&mut self, c: &ClipRecord, add: bool) {
        let mut roots: Vec<&String> = c.locations.iter().map(|l| &l.root).collect();
        roots.sort();
        roots.dedup();
        for r in roots.into_iter().filter(|_| c.superseded_by.is_none()) {
            let n = self.meta.clips_in.entry(r.clone()).or_default();
            count(n, !add, add);
        }
        self.meta.clips_in.retain(|_, n| *n > 0);
        let mut look_up = vec![keys::named(&c.show, &c.doc.clip.name, &c.id)];
        look_up.extend(c.doc.clip.files.first().map(|f| keys::content(&f.xxh128, &c.id)));
        for k in look_up {
            if add { self.put(k, Vec::new()) } else { self.remove(k) }
        }
    }

    /// Remembers the earliest time of acceptance.
    fn accepted(&mut self, clip: &ClipId, ms: i64) {
        let key = keys::accepted(clip);
        if self.get_json::<i64>(&key).is_none_or(|old| ms < old) {
            self.put(key, to_json(&ms));
        }
    }

    fn put_job(&mut self, job: &Job, journal: bool) {
        let key = keys::job(&job.id);
        let old: Option<Job> = self.get_json(&key);
        let (was, is) = (old.as_ref().map(|j| Phase::of(&j.state)), Phase::of(&job.state));
        let c = &mut self.meta.counts;
        count(&mut c.jobs, was.is_some(), true);
        count(&mut c.jobs_done, was == Some(Phase::Done), is == Phase::Done);
        count(&mut c.jobs_quarantined, was == Some(Phase::Quarantined), is == Phase::Quarantined);
        count(&mut c.jobs_unfinished, was == Some(Phase::Unfinished), is == Phase::Unfinished);
        let stopped = |p: Phase| matches!(p, Phase::Quarantined | Phase::Cancelled);
        if journal && was != Some(is) && (stopped(is) || was.is_some_and(stopped)) {
            self.entries.push((false, JournalEntry::JobKept(Box::new(job.clone()))));
        }
        let unfinished = keys::unfinished(&job.id);
        if is == Phase::Unfinished {
            self.put(unfinished, Vec::new())
        } else {
            self.remove(unfinished)
        }
        if let JobState::Done { outputs } = &job.state
            && self.get(&keys::done(&job.id)).is_none()
        {
            self.put(keys::done(&job.id), to_json(&DoneRecord { outputs: outputs.clone(), ms: job.queued_ms }));
        }
        self.put(key, to_json(job));
    }

    fn put_quarantine(&mut self, q: &QuarantineRecord) {
        self.clear_quarantine(&q.root, q.path.as_path());
        self.meta.counts.quarantine = self.meta.counts.quarantine.saturating_add(1);
        self.put(keys::quarantine(&q.root, q.path.as_path()), to_json(q));
        if !q.content.is_empty() {
            self.put(keys::refused(&q.content, &q.root, q.path.as_path()), Vec::new());
        }
    }

    fn clear_quarantine(&mut self, root: &str, path: &Path) -> bool {
        let key = keys::quarantine(root, path);
        let Some(old) = self.get_json::<QuarantineRecord>(&key) else { return false };
        self.meta.counts.quarantine = self.meta.counts.quarantine.saturating_sub(1);
        if !old.content.is_empty() {
            self.remove(keys::refused(&old.content, root, path));
        }
        self.remove(key);
        true
    }

    fn put_waiver(&mut self, w: &Waiver) {
        let key = keys::waiver(&w.clip, &w.code);
        let was = self.get(&key).is_some();
        count(&mut self.meta.counts.waivers, was, true);
        self.put(key, to_json(w));
    }

    pub(super) fn put_tries(&mut self, what: &str, n: u32) {
        let key = keys::tries(what);
        if n == 0 { self.remove(key) } else { self.put(key, to_json(&n)) }
    }

    /// What a journal entry says, for records that the store does not have yet. Doing it twice
    /// changes nothing.
    pub(super) fn replay(&mut self, entry: JournalEntry) {
        match entry {
            JournalEntry::Accepted { clip, ms, .. } => self.accepted(&clip, ms),
            JournalEntry::Try { key, n } => self.put_tries(&key, n),
            JournalEntry::Done { job, outputs, ms, .. } | JournalEntry::Adopted { job, outputs, ms, .. } => {
                if let Some(mut j) = self.get_json::<Job>(&keys::job(&job)) {
                    j.state = JobState::Done { outputs: outputs.clone() };
                    self.put_job(&j, false);
                }
                self.put(keys::done(&job), to_json(&DoneRecord { outputs, ms }));
            }
            JournalEntry::Quarantined { content, root, path, error, tries, ms } => {
                let key = keys::quarantine(&root, path.as_path());
                let old: Option<QuarantineRecord> = self.get_json(&key);
                if old.as_ref().is_none_or(|o| o.content != content || o.at_ms != ms) {
                    // without the file's facts the watch offers it again, and it is refused again at once
                    let q = QuarantineRecord { content, root, path, stat: None, error, tries, at_ms: ms };
                    self.put_quarantine(&q);
                }
            }
            JournalEntry::Released { root, path } => {
                self.clear_quarantine(&root, path.as_path());
            }
            JournalEntry::JobKept(job) => self.put_job(&job, false),
            JournalEntry::Waived(w) => self.put_waiver(&w),
            JournalEntry::Commit { n } => self.meta.commits = self.meta.commits.max(n),
            JournalEntry::Begun { .. }
            | JournalEntry::JobQuarantined { .. }
            | JournalEntry::Cancelled { .. }
            | JournalEntry::Retried { .. } => {}
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Unfinished,
    Done,
    Quarantined,
    Cancelled,
}

impl Phase {
    fn of(s: &JobState) -> Self {
        match s {
            JobState::Queued | JobState::Running | JobState::Waiting { .. } | JobState::Held { .. } => Self::Unfinished,
            JobState::Done { .. } => Self::Done,
            JobState::Quarantined { .. } => Self::Quarantined,
            JobState::Cancelled { .. } => Self::Cancelled,
        }
    }
}

/// Keeps a total right when a thing goes from counted or not to counted or not.
fn count(n: &mut u64, was: bool, is: bool) {
    match (was, is) {
        (false, true) => *n = n.saturating_add(1),
        (true, false) => *n = n.saturating_sub(1),
        _ => {}
    }
}
