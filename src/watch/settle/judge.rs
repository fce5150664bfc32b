//! The decisions: which clips to look at, and what follows from what was seen.

use super::entry::{Candidate, Decision, Look, Member, Outcome, Phase, Why};
use super::{Folder, Settle};
use crate::model::{Error, ErrorKind, FileStat};
use crate::watch::group::Grouped;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Longest file name on every file system that matters here, bytes.
const NAME_MAX: usize = 255;
/// Longest path that Linux takes, bytes, without the closing zero.
const PATH_MAX: usize = 4095;
/// Most milliseconds between two looks at a file that somebody writes.
const WRITER_PAUSE: u64 = 2_000;
/// Most milliseconds between two tries when the surroundings fail.
const TROUBLE_PAUSE: u64 = 30_000;

impl Settle {
    /// The next clip to look at, if any is due.
    pub fn next_ask(&mut self, now: u64) -> Option<Candidate> {
        if self.queue.is_empty() {
            let due: Vec<Arc<Path>> =
                self.active.iter().filter(|(_, next)| **next <= now).map(|(d, _)| Arc::clone(d)).collect();
            for dir in due {
                self.judge(now, &dir);
            }
        }
        while let Some(mut c) = self.queue.pop_front() {
            // a listing may have changed it since; then it is judged again
            if self.still(&c, Phase::Asked(c.id)) {
                return Some(c);
            }
            self.give_back(now, &mut c, Phase::Asked);
        }
        None
    }

    /// Judges one folder: queues what is due, notes when to come back.
    fn judge(&mut self, now: u64, dir: &Arc<Path>) {
        let marked = self.marked(dir);
        let Some(folder) = self.folders.get_mut(dir) else {
            self.active.remove(dir);
            return;
        };
        let names: Vec<Arc<OsStr>> =
            folder.files.iter().filter(|(_, e)| e.phase != Phase::Refused).map(|(n, _)| Arc::clone(n)).collect();
        let refs: Vec<&OsStr> = names.iter().map(|n| &**n).collect();
        let mut earliest = u64::MAX;
        let mut waits = false;
        for g in (self.group)(&refs) {
            match due(folder, &names, &g, self.rules.quiet_ms) {
                Due::Nothing => {}
                Due::Later => waits = true,
                Due::At(_) if !marked => {
                    waits = true;
                    members(&names, &g)
                        .for_each(|n| folder.files.get_mut(n).into_iter().for_each(|e| Self::set_why(e, &Why::Marker)));
                }
                Due::At(t) if t > now => {
                    waits = true;
                    earliest = earliest.min(t);
                    note_others(folder, &names, &g, now, self.rules.quiet_ms);
                }
                Due::At(_) => {
                    self.next_id += 1;
                    let c = candidate(folder, &names, g, dir, self.next_id, &mut self.pending);
                    folder.in_flight += 1;
                    self.queue.push_back(c);
                }
            }
        }
        if waits {
            // big folders are not judged more often than they can bear
            let pace = now.saturating_add(names.len() as u64 / 500);
            self.active.insert(Arc::clone(dir), if earliest == u64::MAX { earliest } else { earliest.max(pace) });
        } else {
            self.active.remove(dir);
        }
    }

    /// Takes what a second look found (index of the member, finding), for each member with `check`.
    pub fn answer(&mut self, now: u64, mut c: Candidate, looks: Vec<(usize, Look)>) -> Decision {
        let mut d = Decision::default();
        if !self.still(&c, Phase::Asked(c.id)) {
            self.give_back(now, &mut c, Phase::Asked);
            return d;
        }
        let mut good = true;
        let too_long = self.too_long(&c);
        let Some(folder) = self.folders.get_mut(&c.dir) else { return d };
        for (i, look) in looks {
            let Some(m) = c.members.get(i) else { continue };
            let Some(e) = folder.files.get_mut(&m.name) else { continue };
            let refuse = match look {
                Look::Same if m.stat.size == 0 => empty(),
                Look::Same if too_long => name_too_long(),
                Look::Same => continue,
                Look::Writer => {
                    good = false;
                    e.put_off(now, Why::Writer, WRITER_PAUSE, &mut self.pending);
                    continue;
                }
                Look::Changed(stat) => {
                    good = false;
                    e.changed(now, stat, &mut self.pending);
                    continue;
                }
                Look::Gone => {
                    // the next listing tells; until then it holds its clip back
                    (good, d.list_again) = (false, Some(Arc::clone(&c.dir)));
                    e.put_off(now, Why::Quiet, TROUBLE_PAUSE, &mut self.pending);
                    continue;
                }
                Look::Failed(err) => err,
            };
            good = false;
            refuse_or_wait(now, &c.dir, m, e, refuse, &mut self.pending, &mut d);
        }
        if good {
            for m in c.members.iter().filter(|m| m.check) {
                if let Some(e) = folder.files.get_mut(&m.name) {
                    e.shift(Phase::Busy(c.id), &mut self.pending);
                }
            }
            d.go = Some(c);
        } else {
            self.give_back(now, &mut c, Phase::Asked);
        }
        d
    }

    /// Takes what came out of fingerprinting (index of the member, outcome). Every other member must carry
    /// its fingerprint already.
    pub fn hashed(&mut self, now: u64, mut c: Candidate, outcomes: Vec<(usize, Outcome)>) -> Decision {
        let mut d = Decision::default();
        let mut good = self.still(&c, Phase::Busy(c.id)) && !self.grew(&c);
        let Some(folder) = self.folders.get_mut(&c.dir) else { return d };
        for (i, outcome) in outcomes {
            let Some(m) = c.members.get_mut(i) else { continue };
            let entry = folder.files.get_mut(&m.name).filter(|e| !m.check || e.phase == Phase::Busy(c.id));
            match (outcome, entry) {
                (Outcome::Done(fp), Some(e)) => {
                    m.fp = Some(Arc::clone(&fp));
                    e.fp = Some(fp);
                }
                (Outcome::Disturbed, Some(e)) => {
                    (good, d.list_again) = (false, Some(Arc::clone(&c.dir)));
                    e.put_off(now, Why::Quiet, WRITER_PAUSE, &mut self.pending);
                    e.since = now;
                }
                (Outcome::Failed(err), Some(e)) => {
                    good = false;
                    refuse_or_wait(now, &c.dir, m, e, err, &mut self.pending, &mut d);
                }
                (_, None) => good = false,
            }
        }
        if good && c.members.iter().all(|m| m.fp.is_some()) {
            for m in &c.members {
                if let Some(e) = folder.files.get_mut(&m.name) {
                    e.shift(Phase::Done, &mut self.pending);
                    (e.offered, e.tries, e.fp) = (true, 0, None);
                }
            }
            landed(folder);
            d.go = Some(c);
        } else {
            self.give_back(now, &mut c, Phase::Busy);
        }
        d
    }

    /// Whether every member is still where the candidate left it, with the same stat.
    fn still(&self, c: &Candidate, phase: Phase) -> bool {
        let Some(folder) = self.folders.get(&c.dir) else { return false };
        c.members.iter().all(|m| {
            let want = if m.check { phase } else { Phase::Done };
            folder.files.get(&m.name).is_some_and(|e| e.phase == want && super::same_file(&e.stat, &m.stat))
        })
    }

    /// Whether frames appeared meanwhile that belong to the candidate.
    fn grew(&self, c: &Candidate) -> bool {
        let Some(folder) = self.folders.get(&c.dir).filter(|f| c.frames && !f.recent.is_empty()) else { return false };
        let mut names: Vec<&OsStr> = c.members.iter().map(|m| &*m.name).collect();
        names.extend(folder.recent.iter().filter(|n| folder.files.contains_key(*n)).map(|n| &**n));
        names.sort_unstable();
        names.dedup();
        let Some(first) = c.members.first().and_then(|m| names.iter().position(|n| **n == *m.name)) else {
            return true;
        };
        (self.group)(&names)
            .iter()
            .find(|g| g.members.contains(&first))
            .is_none_or(|g| g.members.len() != c.members.len())
    }

    /// Members that are still this candidate's wait again.
    fn give_back(&mut self, now: u64, c: &mut Candidate, phase: fn(u64) -> Phase) {
        let Some(folder) = self.folders.get_mut(&c.dir) else { return };
        for m in &c.members {
            if let Some(e) = folder.files.get_mut(&m.name).filter(|e| e.phase == phase(c.id)) {
                e.shift(Phase::Waiting, &mut self.pending);
            }
        }
        landed(folder);
        self.active.insert(Arc::clone(&c.dir), now);
    }

    fn too_long(&self, c: &Candidate) -> bool {
        let stem = c.stem.len().max(c.members.iter().map(|m| m.name.len()).max().unwrap_or(0));
        let name = stem.saturating_add(self.rules.name_room);
        let path = name.saturating_add(c.dir.as_os_str().len()).saturating_add(self.rules.path_room).saturating_add(2);
        name > NAME_MAX || path > PATH_MAX
    }
}

/// When a clip is due.
enum Due {
    /// Nothing of it waits.
    Nothing,
    /// Part of it is being looked at or fingerprinted; judged again afterwards.
    Later,
    /// At this time, ms.
    At(u64),
}

fn members<'a>(names: &'a [Arc<OsStr>], g: &'a Grouped) -> impl Iterator<Item = &'a OsStr> {
    g.members.iter().filter_map(|i| names.get(*i)).map(|n| &**n)
}

fn due(folder: &Folder, names: &[Arc<OsStr>], g: &Grouped, quiet_ms: u64) -> Due {
    let (mut at, mut waits, mut busy) = (0, false, false);
    for e in members(names, g).filter_map(|n| folder.files.get(n)) {
        match e.phase {
            Phase::Waiting => {
                waits = true;
                at = at.max(e.since.saturating_add(quiet_ms)).max(e.next);
            }
            Phase::Asked(_) | Phase::Busy(_) => busy = true,
            Phase::Done | Phase::Refused => {}
        }
    }
    match (waits, busy) {
        (false, _) => Due::Nothing,
        (true, true) => Due::Later,
        (true, false) => Due::At(at),
    }
}

/// Says of frames that are quiet themselves that they wait for the others.
fn note_others(folder: &mut Folder, names: &[Arc<OsStr>], g: &Grouped, now: u64, quiet_ms: u64) {
    for n in members(names, g) {
        if let Some(e) = folder.files.get_mut(n)
            && e.phase == Phase::Waiting
            && e.next <= now
        {
            e.why = if e.since.saturating_add(quiet_ms) <= now { Why::Others } else { Why::Quiet };
        }
    }
}

fn candidate(
    folder: &mut Folder,
    names: &[Arc<OsStr>],
    g: Grouped,
    dir: &Arc<Path>,
    id: u64,
    pending: &mut usize,
) -> Candidate {
    let mut list = Vec::with_capacity(g.members.len());
    for name in g.members.iter().filter_map(|i| names.get(*i)) {
        if let Some(e) = folder.files.get_mut(name) {
            let check = e.phase == Phase::Waiting;
            if check {
                e.shift(Phase::Asked(id), pending);
            }
            list.push(Member { name: Arc::clone(name), stat: e.stat, check, fp: e.fp.clone() });
        }
    }
    Candidate {
        id,
        dir: Arc::clone(dir),
        name: g.name,
        unit: g.unit,
        stem: g.stem,
        first_frame: g.first_frame,
        gaps: g.gaps,
        frames: g.frames,
        members: list,
    }
}

/// A candidate of this folder came to its end.
fn landed(folder: &mut Folder) {
    folder.in_flight = folder.in_flight.saturating_sub(1);
    if folder.in_flight == 0 {
        folder.recent = Vec::new();
    }
}

/// Faults of the surroundings wait; everything else is refused, and said once per stat.
fn refuse_or_wait(
    now: u64,
    dir: &Path,
    m: &Member,
    e: &mut super::entry::Entry,
    err: Error,
    pending: &mut usize,
    d: &mut Decision,
) {
    if err.is_environment() {
        e.put_off(now, Why::Trouble(Arc::from(err.to_string())), TROUBLE_PAUSE, pending);
        return;
    }
    e.may_pass = err.kind == ErrorKind::Io;
    e.shift(Phase::Refused, pending);
    if e.told.as_deref() != Some(&*err.code) {
        e.told = Some(err.code.clone());
        let path: PathBuf = dir.join(&*m.name);
        let stat: FileStat = m.stat;
        d.refused.push((path, stat, err));
    }
}

fn empty() -> Error {
    Error::new(ErrorKind::Malformed, "FILE-EMPTY", "the file has no bytes").fix("copy it again, or delete it")
}

fn name_too_long() -> Error {
    Error::new(ErrorKind::Limit, "FILE-NAME-TOO-LONG", "the name or path leaves no room for the names of its outputs")
        .fix("use a shorter name or fewer folders")
}
