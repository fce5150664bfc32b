//! When is a file complete? Pure rules: no disk, no clock; time is handed in as milliseconds since start.
//!
//! Feed it what a folder holds ([`Settle::listing`]); it says what to look at again and when
//! ([`Settle::next_ask`], [`Settle::deadline`]); hand back what was seen ([`Settle::answer`]) and what came
//! out of fingerprinting ([`Settle::hashed`]). A clip is ready when every file of it had the same size,
//! modification time, change time and inode over the whole quiet time, measured by *our* clock between two
//! sightings (what the times say is never compared with now), when a last look agrees, and when nobody has
//! it open for writing. A frame sequence settles as a whole. Waiting never ends by itself: whatever is put
//! off has its own next time.

mod entry;
mod judge;

pub use entry::{Candidate, Decision, Look, Member, Outcome, Prior, Rules, Sighting};

use crate::model::FileStat;
use crate::watch::group::Grouped;
use entry::{Entry, Phase, Why};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// One folder's files.
#[derive(Debug, Default)]
struct Folder {
    files: BTreeMap<Arc<OsStr>, Entry>,
    /// A marker file lies here.
    marker: bool,
    /// Number of the last listing; entries that do not carry it are gone.
    round: u32,
    /// Candidates of this folder that are asked for or being fingerprinted.
    in_flight: usize,
    /// Names that appeared since the oldest of those.
    recent: Vec<Arc<OsStr>>,
}

/// The state of every file below one area.
#[derive(Debug)]
pub struct Settle {
    rules: Rules,
    group: fn(&[&OsStr]) -> Vec<Grouped>,
    folders: HashMap<Arc<Path>, Folder>,
    /// Folders with something waiting, and when to judge them next.
    active: BTreeMap<Arc<Path>, u64>,
    queue: VecDeque<Candidate>,
    next_id: u64,
    pending: usize,
    files: usize,
}

/// True if the two stats describe the same unchanged file. The device number is left out: it may change
/// when a file system is mounted again.
#[must_use]
pub fn same_file(a: &FileStat, b: &FileStat) -> bool {
    (a.ino, a.size, a.mtime_ns, a.ctime_ns) == (b.ino, b.size, b.mtime_ns, b.ctime_ns)
}

impl Settle {
    /// Nothing known yet. `group` turns the names of one folder into clips.
    #[must_use]
    pub fn new(rules: Rules, group: fn(&[&OsStr]) -> Vec<Grouped>) -> Self {
        Self {
            rules,
            group,
            folders: HashMap::new(),
            active: BTreeMap::new(),
            queue: VecDeque::new(),
            next_id: 0,
            pending: 0,
            files: 0,
        }
    }

    /// Changes the quiet time (the kind of file system became known).
    pub fn set_quiet(&mut self, quiet_ms: u64) {
        self.rules.quiet_ms = quiet_ms;
    }

    /// Takes the complete list of `dir`'s regular files, as seen just before `now`. `sweep`: this is part of
    /// a full sweep, so files that could not be read are given another chance. `prior` says what is known of
    /// a file that was not there before. Returns the files that were offered, known or refused before and
    /// are gone.
    pub fn listing(
        &mut self,
        now: u64,
        dir: &Path,
        seen: Vec<Sighting>,
        marker: bool,
        sweep: bool,
        prior: &mut dyn FnMut(&OsStr, &FileStat) -> Prior,
    ) -> Vec<(OsString, FileStat)> {
        if seen.is_empty() && !marker && !self.folders.contains_key(dir) {
            return Vec::new();
        }
        let key = self.key(dir);
        let folder = self.folders.entry(Arc::clone(&key)).or_default();
        folder.round = folder.round.wrapping_add(1);
        let round = folder.round;
        let new_marker = marker && !folder.marker;
        folder.marker = marker;
        let mut touched = false;
        let total = seen.len();
        for s in seen {
            if let Some(e) = folder.files.get_mut(s.name.as_os_str()) {
                e.round = round;
                touched |= e.seen(now, s.stat, sweep, &mut self.pending);
                continue;
            }
            let name: Arc<OsStr> = Arc::from(s.name);
            let e = Entry::new(now, s.stat, round, prior(&name, &s.stat), &mut self.pending);
            touched |= e.phase == Phase::Waiting;
            if folder.in_flight > 0 {
                folder.recent.push(Arc::clone(&name));
            }
            folder.files.insert(name, e);
            self.files += 1;
        }
        let mut gone = Vec::new();
        if folder.files.len() > total {
            let (pending, files) = (&mut self.pending, &mut self.files);
            folder.files.retain(|name, e| {
                let here = e.round == round;
                if !here {
                    *files = files.saturating_sub(1);
                    e.shift(Phase::Done, pending);
                    if e.offered || e.told.is_some() {
                        gone.push((name.to_os_string(), e.stat));
                    }
                    touched = true;
                }
                here
            });
        }
        if touched {
            self.active.insert(key, now);
        }
        if new_marker {
            self.active.values_mut().for_each(|next| *next = now);
        }
        gone
    }

    /// A folder is gone (folders below it must be named separately). Returns its files that were offered,
    /// known or refused.
    pub fn folder_gone(&mut self, dir: &Path) -> Vec<(PathBuf, FileStat)> {
        self.active.remove(dir);
        let Some(mut folder) = self.folders.remove(dir) else { return Vec::new() };
        let mut gone = Vec::new();
        for (name, e) in &mut folder.files {
            e.shift(Phase::Done, &mut self.pending);
            if e.offered || e.told.is_some() {
                gone.push((dir.join(&**name), e.stat));
            }
        }
        self.files = self.files.saturating_sub(folder.files.len());
        gone
    }

    /// Forgets what was decided about a file (or every file of a folder), so that it is offered again as
    /// soon as it is quiet. False if it is not here.
    pub fn retry(&mut self, now: u64, path: &Path) -> bool {
        let again = |e: &mut Entry, pending: &mut usize| {
            if matches!(e.phase, Phase::Done | Phase::Refused) {
                e.shift(Phase::Waiting, pending);
                (e.told, e.next, e.tries, e.fp) = (None, 0, 0, None);
            }
        };
        if let Some(folder) = self.folders.get_mut(path) {
            folder.files.values_mut().for_each(|e| again(e, &mut self.pending));
            self.active.insert(Arc::from(path), now);
            return true;
        }
        let (Some(dir), Some(name)) = (path.parent(), path.file_name()) else { return false };
        let Some(e) = self.folders.get_mut(dir).and_then(|f| f.files.get_mut(name)) else { return false };
        again(e, &mut self.pending);
        self.active.insert(Arc::from(dir), now);
        true
    }

    /// Files seen.
    #[must_use]
    pub fn files(&self) -> usize {
        self.files
    }

    /// Files that are neither offered nor refused.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.pending
    }

    /// Whether `dir` was listed and not dropped since.
    #[must_use]
    pub fn knows(&self, dir: &Path) -> bool {
        self.folders.contains_key(dir)
    }

    /// When to call [`Settle::next_ask`] again at the latest; `None` if nothing waits for time to pass.
    #[must_use]
    pub fn deadline(&self, now: u64) -> Option<u64> {
        if self.queue.is_empty() { self.active.values().min().copied().filter(|t| *t != u64::MAX) } else { Some(now) }
    }

    /// Up to `most` files that are not ready, and why.
    #[must_use]
    pub fn waiting(&self, now: u64, most: usize) -> Vec<(PathBuf, String)> {
        let mut out = Vec::new();
        // files being fingerprinted lie in folders that may not be active any more
        let busy = self.folders.iter().filter(|(d, f)| f.in_flight > 0 && !self.active.contains_key(*d));
        let active = self.active.keys().filter_map(|d| self.folders.get_key_value(d));
        for (dir, folder) in active.chain(busy) {
            for (name, e) in &folder.files {
                if out.len() >= most {
                    return out;
                }
                if let Some(why) = e.why_text(now, self.rules.quiet_ms) {
                    out.push((dir.join(&**name), why));
                }
            }
        }
        out
    }

    fn key(&self, dir: &Path) -> Arc<Path> {
        self.folders.get_key_value(dir).map_or_else(|| Arc::from(dir), |(k, _)| Arc::clone(k))
    }

    /// Whether a marker lies in `dir` or a folder above it.
    fn marked(&self, dir: &Path) -> bool {
        !self.rules.needs_marker || dir.ancestors().any(|d| self.folders.get(d).is_some_and(|f| f.marker))
    }

    fn set_why(entry: &mut Entry, why: &Why) {
        if entry.phase == Phase::Waiting {
            entry.why = why.clone();
        }
    }
}
