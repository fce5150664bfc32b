//! Opening the state directory: lock, journal, index; and what happens when the index is damaged.

use crate::index::journal::{self, Disk, Journal, Position};
use crate::index::store::{Store, Trouble};
use crate::index::txn::{Meta, Txn};
use crate::index::{Index, Inner, Writer, keys, locked, migrate, not_open, write};
use crate::model::{Error, ErrorKind};
use rustix::fs::{FlockOperation, OFlags};
use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, RwLock};
use std::time::{Duration, Instant};

/// Journal entries that are written to the index at a time.
const REPLAY_GROUP: usize = 1000;
/// Indexes that were moved aside and are kept, newest first.
const ASIDE_KEPT: usize = 3;

/// An index that was opened, and what had to be done for it.
pub struct Opened {
    /// The index.
    pub index: Index,
    /// Where the index went that was found damaged, and why; the new one knows only what the journal
    /// says, until every folder is swept.
    pub moved_aside: Option<(PathBuf, String)>,
    /// Journal entries that were not in the index yet.
    pub replayed: usize,
    /// Lines of the journal that could not be read, among those that were looked at.
    pub bad_journal_lines: usize,
    /// The index was empty: a first start, a rebuild, or it was deleted.
    pub fresh: bool,
}

/// Opens the state directory, making what is missing. `now_ms` (milliseconds since 1970) names an
/// index that has to be moved aside.
///
/// # Errors
/// `STATE-BUSY` when another process has it and keeps it for two seconds; `STATE-FAILED` or `OUTPUT-NO-SPACE` when it
/// cannot be read or written, or was written by a newer program. A damaged index is no error.
pub fn open(state_dir: &Path, now_ms: i64) -> Result<Opened, Error> {
    std::fs::create_dir_all(state_dir).map_err(|e| journal::failed("make the state directory", &e, state_dir))?;
    let lock = lock(state_dir)?;
    let journal = Journal::open(&state_dir.join("journal"), Disk::REAL)?;
    let ready = open_store(state_dir, journal.end(), now_ms)?;
    let inner = Inner {
        state: state_dir.to_path_buf(),
        _lock: lock,
        writer: Mutex::new(Writer { journal, journalled: None }),
        store: RwLock::new(Some(ready.store)),
        meta: RwLock::new(ready.meta),
        tries: RwLock::new(HashMap::new()),
        aside: Mutex::new(None),
        search: super::search::Search::default(),
    };
    Ok(Opened {
        index: Index(Arc::new(inner)),
        moved_aside: ready.moved_aside,
        replayed: ready.report.entries,
        bad_journal_lines: ready.report.bad_lines,
        fresh: ready.fresh,
    })
}

/// How long a start waits for the one before it. A daemon that was killed holds the directory until the kernel
/// has taken it apart, which a write under way can draw out past the start of the next.
const LOCK_WAIT: Duration = Duration::from_secs(2);

/// Takes the state directory for this process. The kernel lets go of it when the process ends,
/// however it ends.
fn lock(state_dir: &Path) -> Result<File, Error> {
    let path = state_dir.join("lock");
    let io = |e: std::io::Error| journal::failed("take the state directory", &e, &path);
    let mut file = journal::open_file(&path, OFlags::RDWR | OFlags::CREATE).map_err(io)?;
    let began = Instant::now();
    let taken = loop {
        match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Err(rustix::io::Errno::WOULDBLOCK) if began.elapsed() < LOCK_WAIT => {
                std::thread::sleep(Duration::from_millis(20));
            }
            other => break other,
        }
    };
    match taken {
        Ok(()) => {}
        Err(e) if e == rustix::io::Errno::WOULDBLOCK => {
            let mut pid = String::new();
            let _ = (&file).take(32).read_to_string(&mut pid);
            let pid = pid.trim().parse::<u32>().map(|p| format!(" (process {p})")).unwrap_or_default();
            let what = format!("another daemon{pid} uses this state directory");
            return Err(Error::new(ErrorKind::Io, "STATE-BUSY", what)
                .at(state_dir)
                .fix("stop it first, or give this one another `state_dir`"));
        }
        Err(e) => return Err(io(e.into())),
    }
    // for people only; a failure here changes nothing
    let _ = file.set_len(0).and_then(|()| file.rewind()).and_then(|()| writeln!(file, "{}", std::process::id()));
    Ok(file)
}

struct Ready {
    store: Store,
    meta: Meta,
    moved_aside: Option<(PathBuf, String)>,
    report: journal::ReadReport,
    fresh: bool,
}

/// Opens the store, or a new one in place of a damaged one, and brings it up to the journal's end.
fn open_store(state: &Path, end: Position, now_ms: i64) -> Result<Ready, Error> {
    let why = match try_store(state, end) {
        Ok(ready) => return Ok(ready),
        Err(Trouble::Surroundings(e)) => return Err(e),
        Err(Trouble::Damaged(why)) => why,
    };
    let to = move_aside(state, "corrupt", now_ms)?;
    match try_store(state, end) {
        Ok(ready) => Ok(Ready { moved_aside: Some((to, why)), ..ready }),
        Err(Trouble::Surroundings(e)) => Err(e),
        // sled stops for good in a process in which one of its threads panicked
        Err(Trouble::Damaged(again)) => Err(start_again(&to, &why, &again)),
    }
}

/// Opens a store, compares it with what it says about itself and with the journal, and catches up.
fn try_store(state: &Path, end: Position) -> Result<Ready, Trouble> {
    let dir = state.join("index");
    let was_there = dir.join("conf").exists() || dir.join("db").exists();
    let (store, kinds) = Store::open(&dir, time_limit(&dir))?;
    let meta = if kinds.is_empty() { None } else { Some(own_state(&store, &kinds)?) };
    let fresh = meta.is_none();
    let mut meta = meta.unwrap_or_default();
    migrate::bring_up(&store, meta.version).map_err(Trouble::Surroundings)?;
    meta.version = migrate::VERSION;
    let report = catch_up(&store, &mut meta, &state.join("journal"), end, was_there)?;
    Ok(Ready { store, meta, moved_aside: None, report, fresh })
}

fn start_again(to: &Path, why: &str, again: &str) -> Error {
    let what = format!("the index was damaged ({why}) and is moved aside, but a new one cannot be opened: {again}");
    Error::new(ErrorKind::Io, "STATE-FAILED", what).at(to).fix("start rushes again: it begins with a new index")
}

/// What the store says about itself, compared with what is in it.
fn own_state(store: &Store, kinds: &BTreeMap<u8, u64>) -> Result<Meta, Trouble> {
    let damaged = |why: String| Err(Trouble::Damaged(why));
    let meta = store.get(keys::META).and_then(|m| serde_json::from_slice::<serde_json::Value>(&m).ok());
    let Some(meta) = meta else { return damaged("its own state is missing".to_owned()) };
    // the version is looked at first: the rest may have another form
    let version = meta.get("version").and_then(serde_json::Value::as_u64).and_then(|v| u32::try_from(v).ok());
    let Some(version) = version else { return damaged("its version is missing".to_owned()) };
    if version > migrate::VERSION {
        return Ok(Meta { version, ..Meta::default() });
    }
    match serde_json::from_value::<Meta>(meta) {
        Ok(meta) => compare(&meta, kinds).map_err(Trouble::Damaged).map(|()| meta),
        Err(e) => damaged(format!("its own state cannot be understood: {e}")),
    }
}

/// Records that vanished without a trace are damage too.
fn compare(meta: &Meta, kinds: &BTreeMap<u8, u64>) -> Result<(), String> {
    let c = &meta.counts;
    let wanted = [
        (b'f', "files", c.files.saturating_add(c.files_gone)),
        (b'c', "clips", c.clips),
        (b'j', "jobs", c.jobs),
        (b'u', "unfinished jobs", c.jobs_unfinished),
        (b'q', "quarantine entries", c.quarantine),
        (b'w', "waivers", c.waivers),
    ];
    for (kind, what, n) in wanted {
        let found = kinds.get(&kind).copied().unwrap_or(0);
        if found != n {
            return Err(format!("it has {found} {what}, but {n} were written"));
        }
    }
    Ok(())
}

/// A minute, and more for a large index on a slow disk.
fn time_limit(dir: &Path) -> Duration {
    let bytes = std::fs::metadata(dir.join("db")).map_or(0, |m| m.len());
    Duration::from_secs(60_u64.saturating_add(bytes >> 22))
}

/// Writes to the store what the journal has and it has not. A crash leaves the store one commit
/// behind; one that `was_there` and is further behind went back to an earlier state (or to nothing),
/// which sled does silently when it finds a damaged page.
fn catch_up(
    store: &Store,
    meta: &mut Meta,
    dir: &Path,
    end: Position,
    was_there: bool,
) -> Result<journal::ReadReport, Trouble> {
    let from = meta.journal;
    if from == end {
        return Ok(journal::ReadReport::default());
    }
    let bad = Trouble::Surroundings;
    if from > end {
        // the journal was deleted: what the index has is all there is
        return save(store, meta, end, Vec::new()).map(|()| journal::ReadReport::default()).map_err(bad);
    }
    let newest = meta.commits.saturating_add(1);
    let (mut group, mut failure) = (Vec::new(), None);
    let report = journal::read_from(dir, from, &mut |e| {
        if let super::JournalEntry::Commit { n } = &e
            && *n > newest
            && was_there
            && failure.is_none()
        {
            let why = format!("it went back to commit {}, but the journal has commit {n}", newest - 1);
            failure = Some(Trouble::Damaged(why));
        }
        group.push(e);
        if group.len() >= REPLAY_GROUP && failure.is_none() {
            // the position stays: a replay that is cut short is done again from its beginning
            failure = save(store, meta, from, std::mem::take(&mut group)).err().map(bad);
        }
        if failure.is_some() {
            group.clear();
        }
    })
    .map_err(bad)?;
    match failure {
        Some(e) => Err(e),
        None => save(store, meta, end, group).map(|()| report).map_err(bad),
    }
}

fn save(store: &Store, meta: &mut Meta, at: Position, group: Vec<super::JournalEntry>) -> Result<(), Error> {
    let mut txn = Txn::new(store, meta.clone());
    for e in group {
        txn.replay(e);
    }
    txn.meta.journal = at;
    let (writes, now) = txn.finish();
    store.apply(&writes)?;
    *meta = now;
    Ok(())
}

/// Renames the index to `index.<word>-<now>`; only the newest few are kept.
pub(super) fn move_aside(state: &Path, word: &str, now_ms: i64) -> Result<PathBuf, Error> {
    let from = state.join("index");
    let io = |e: std::io::Error| journal::failed("move the index aside", &e, &from);
    let mut to = state.join(format!("index.{word}-{now_ms}"));
    let mut n = 1;
    while to.symlink_metadata().is_ok() {
        to = state.join(format!("index.{word}-{now_ms}.{n}"));
        n += 1;
    }
    std::fs::rename(&from, &to).map_err(io)?;
    journal::sync_dir(state).map_err(io)?;
    let mut old: Vec<(std::time::SystemTime, PathBuf)> = std::fs::read_dir(state)
        .map_err(io)?
        .flatten()
        .filter(|e| e.file_name().to_string_lossy().starts_with("index."))
        .filter_map(|e| Some((e.metadata().ok()?.modified().ok()?, e.path())))
        .filter(|(_, p)| *p != to)
        .collect();
    old.sort();
    old.reverse();
    for (_, path) in old.into_iter().skip(ASIDE_KEPT - 1) {
        // an old copy that cannot be removed only takes room
        let _ = std::fs::remove_dir_all(path);
    }
    Ok(to)
}

impl Index {
    /// Opens the store anew after a failure.
    pub(super) fn ensure_store(&self, w: &Writer) -> Result<(), Error> {
        let mut slot = write(&self.0.store);
        if slot.as_ref().is_some_and(|s| !s.is_broken()) {
            return Ok(());
        }
        // sled's file lock goes only when the old one is dropped
        let old = slot.take();
        let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(move || drop(old)));
        let ready = open_store(&self.0.state, w.journal.end(), wall_ms())?;
        *slot = Some(ready.store);
        self.0.search.note_all();
        *write(&self.0.meta) = ready.meta;
        if let Some(aside) = ready.moved_aside {
            *locked(&self.0.aside) = Some(aside);
        }
        Ok(())
    }

    /// Moves the index aside and begins an empty one that knows what the journal says; the caller
    /// adopts receipts and sweeps every folder. Returns where the old one went.
    ///
    /// # Errors
    /// The folder cannot be renamed or the new index cannot be opened; the next commit tries again.
    pub fn clear_derived(&self, now_ms: i64) -> Result<PathBuf, Error> {
        let w = locked(&self.0.writer);
        let mut slot = write(&self.0.store);
        let old = slot.take();
        let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(move || drop(old)));
        let to = move_aside(&self.0.state, "old", now_ms)?;
        let ready = open_store(&self.0.state, w.journal.end(), now_ms)?;
        *slot = Some(ready.store);
        self.0.search.note_all();
        *write(&self.0.meta) = ready.meta;
        if slot.is_none() {
            return Err(not_open(&self.0.state));
        }
        Ok(to)
    }
}

fn wall_ms() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
