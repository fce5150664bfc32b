//! From a ready unit to an accepted clip with its jobs.

use crate::config::Folder;
use crate::daemon::beside::{better_elsewhere, fill_sidecars};
use crate::daemon::core::{Core, Pending, Ticket, now_ms};
use crate::daemon::defaults::apply;
use crate::engine::deliver::{JobFile, JobInput, StepKind};
use crate::index::{ClipRecord, FileRecord, JournalEntry, Location, QuarantineRecord};
use crate::job::{MOST_TRIES, Next, after_failure};
use crate::model::{ClipDoc, ClipId, Error, ErrorKind, MediaPath, Severity, stable_id};
use crate::rules::Scope;
use crate::rules::guardrails::Facts;
use crate::telemetry::events;
use crate::watch::{ReadyFile, ReadyUnit};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

impl Core {
    /// A unit is complete and fingerprinted.
    pub fn ready(&mut self, unit: ReadyUnit) {
        crate::engine::killpoint::here("after-ready");
        if self.is_known(&unit) {
            // only the file system's facts changed (touch, chmod, link, remount)
            let paths: Vec<MediaPath> = unit.files.iter().map(|f| f.path.clone()).collect();
            self.forget_lists(&unit.root, &paths);
            for f in &unit.files {
                if let Some(mut r) = self.index.file(&unit.root, f.path.as_path()) {
                    r.stat = f.stat;
                    self.batch.put_file(&unit.root, &f.path, r);
                }
            }
            return;
        }
        // a newer look at the same clip takes the place of one that still waits
        self.pending.retain(|p| !same_place(&p.unit, &unit));
        let content = content_of(&unit);
        events::unit_ready(&unit.root, first_path(&unit), unit.files.len());
        self.metadata_ready(&unit);
        if let Some(q) = self.index.quarantined_content(&content) {
            self.quarantine_unit(&unit, &content, q.error, q.tries);
            return;
        }
        let tries = self.index.tries(&content);
        if tries >= MOST_TRIES {
            let error = Error::new(
                ErrorKind::Limit,
                "WORKER-CRASHED",
                "reading its metadata was begun three times and never came to an end",
            )
            .fix("look at the log of those times, then `rushes retry`");
            self.quarantine_unit(&unit, &content, error, tries);
            return;
        }
        self.pending.push_back(Pending {
            unit,
            content,
            tries,
            waits: 0,
            not_before: Instant::now(),
            beside: Vec::new(),
            suspect: tries > 0,
        });
    }

    /// A clip that is known is to be read again: after a waiver, or for a job whose document is not in memory.
    pub fn ready_again(&mut self, unit: ReadyUnit) {
        let content = content_of(&unit);
        self.pending.retain(|p| !same_place(&p.unit, &unit));
        let now = Instant::now();
        self.pending.push_back(Pending {
            unit,
            content,
            tries: 0,
            waits: 0,
            not_before: now,
            beside: Vec::new(),
            suspect: false,
        });
    }

    /// True when the index has this very unit at this place: same files, same contents, one clip.
    fn is_known(&self, unit: &ReadyUnit) -> bool {
        let mut clip: Option<ClipId> = None;
        for f in &unit.files {
            let Some(r) = self.index.file(&unit.root, f.path.as_path()) else { return false };
            if r.gone || r.fingerprint != f.fingerprint {
                return false;
            }
            match (&clip, r.clip) {
                (_, None) => return false,
                (None, Some(c)) => clip = Some(c),
                (Some(a), Some(b)) if *a != b => return false,
                _ => {}
            }
        }
        clip.and_then(|c| self.clip(&c))
            .is_some_and(|r| r.doc.clip.files.len() == unit.files.len() && r.locations.contains(&location(unit)))
    }

    /// Begins an inspection in a worker; gives the unit back when there is no room.
    pub fn start_inspection(&mut self, mut p: Pending) -> Result<(), Box<Pending>> {
        let Some(folder) = self.config.folder(&p.unit.root) else { return Ok(()) };
        let id = stable_id([b"inspect".as_slice(), p.content.as_bytes(), first_path(&p.unit).bytes()]);
        let mut job = JobFile::new(id, StepKind::Inspect, p.unit.name.clone(), p.unit.unit);
        job.inputs = inputs_of(&p.unit, folder);
        p.beside = self.beside(&p.unit, folder);
        // a file beside it that ends the worker costs one try, not the clip
        if p.tries == 0 {
            job.beside.clone_from(&p.beside);
        }
        job.limits = folder.limits;
        if self.executor.running() >= self.executor.capacity() {
            return Err(Box::new(p));
        }
        p.tries += 1;
        if let Err(e) = self.record_try(&p.content, p.tries) {
            self.rest(&e);
            p.tries -= 1;
            return Err(Box::new(p));
        }
        let ticket = self.ticket(Ticket::Inspect(Box::new(p)));
        if self.executor.submit(ticket, job).is_ok() {
            return Ok(());
        }
        self.rest(&Error::new(ErrorKind::Io, "WORKER-CRASHED", "no worker can be started now"));
        match self.tickets.remove(&ticket) {
            Some((_, Ticket::Inspect(mut p))) => {
                p.tries = p.tries.saturating_sub(1);
                self.batch.journal(JournalEntry::Try { key: p.content.clone(), n: p.tries });
                Err(p)
            }
            _ => Ok(()),
        }
    }

    /// The inspection ended.
    pub fn inspected(&mut self, p: Pending, outcome: Result<ClipDoc, Error>) {
        match outcome {
            Ok(doc) => {
                self.batch.journal(JournalEntry::Try { key: p.content.clone(), n: 0 });
                self.accept(&p.unit, &p.content, &p.beside, doc);
            }
            Err(e) => self.inspection_failed(p, e),
        }
    }

    fn inspection_failed(&mut self, mut p: Pending, e: Error) {
        if matches!(e.code.as_ref(), "FILE-CHANGED" | "FILE-VANISHED") {
            // not a fault of the file: the watch offers it again when it is quiet
            self.batch.journal(JournalEntry::Try { key: p.content.clone(), n: 0 });
            self.offer_again(&p.unit);
            return;
        }
        let first = first_path(&p.unit).clone();
        if e.is_environment() {
            p.waits += 1;
            p.tries = p.tries.saturating_sub(1);
            self.batch.journal(JournalEntry::Try { key: p.content.clone(), n: p.tries });
        }
        match after_failure(&e, p.tries, p.waits) {
            Next::Retry(ms) | Next::Wait(ms) => {
                events::job_failed("-", &p.unit.name, "inspect", &p.unit.root, &first, &e.code, &e, p.tries);
                p.not_before = Instant::now() + Duration::from_millis(ms);
                self.pending.push_back(p);
            }
            Next::Cancelled => {
                p.tries = p.tries.saturating_sub(1);
                let _ = self.record_try(&p.content, p.tries);
                self.pending.push_back(p);
            }
            Next::Quarantine | Next::Refuse => self.quarantine_unit(&p.unit, &p.content, e, p.tries),
        }
    }

    fn offer_again(&self, unit: &ReadyUnit) {
        if let Some(f) = self.folders.get(&unit.root) {
            for file in &unit.files {
                f.retry(file.path.as_path());
            }
        }
    }

    /// Records that a unit is refused, for its content and for each of its paths.
    fn quarantine_unit(&mut self, unit: &ReadyUnit, content: &str, error: Error, tries: u32) {
        let first = first_path(unit).clone();
        events::file_refused(&unit.root, &first, &error.code, &error);
        self.supersede_old(unit, None);
        if let Some(folder) = self.config.folder(&unit.root).cloned() {
            self.metadata_recorded(unit, &folder, None);
        }
        for f in &unit.files {
            let r = FileRecord { stat: f.stat, fingerprint: f.fingerprint.clone(), clip: None, gone: false };
            self.batch.put_file(&unit.root, &f.path, r);
        }
        self.quarantine(QuarantineRecord {
            content: content.to_owned(),
            root: unit.root.clone(),
            path: first,
            stat: unit.files.first().map(|f| f.stat),
            error,
            tries,
            at_ms: now_ms(),
        });
    }

    /// Keeps a refusal in journal and index.
    pub fn quarantine(&mut self, q: QuarantineRecord) {
        self.batch.journal(JournalEntry::Quarantined {
            content: q.content.clone(),
            root: q.root.clone(),
            path: q.path.clone(),
            error: q.error.clone(),
            tries: q.tries,
            ms: q.at_ms,
        });
        self.batch.put_quarantine(q);
    }

    fn accept(&mut self, unit: &ReadyUnit, content: &str, beside: &[JobInput], mut doc: ClipDoc) {
        let Some(folder) = self.config.folder(&unit.root).cloned() else { return };
        fill_files(&mut doc, unit);
        fill_sidecars(&mut doc, beside);
        apply(&self.config, &folder, &mut doc);
        let id = ClipId::of(&folder.show, &doc);
        doc.clip.id = id.to_string();
        self.note_same_content(&folder, &id, &mut doc);
        // first: what lay here before is nobody's namesake any more
        self.supersede_old(unit, Some(&id));
        self.run_checks(&folder, &id, &mut doc);
        let paths: Vec<MediaPath> = unit.files.iter().map(|f| f.path.clone()).collect();
        self.batch.clear_quarantine(&unit.root, &paths);
        for f in &unit.files {
            let r =
                FileRecord { stat: f.stat, fingerprint: f.fingerprint.clone(), clip: Some(id.clone()), gone: false };
            self.batch.put_file(&unit.root, &f.path, r);
        }
        let here = location(unit);
        let old = self.clip(&id);
        let mut locations = old.as_ref().map(|c| c.locations.clone()).unwrap_or_default();
        if !locations.contains(&here) {
            locations.push(here.clone());
        }
        if let Some(p) = &doc.problem {
            let path = first_path(unit);
            if p.kind == ErrorKind::Unsupported {
                events::clip_unknown(&unit.root, &doc.clip.name, path, &p.code, p);
            } else {
                events::clip_problem(&unit.root, &doc.clip.name, path, &p.code, p);
            }
        }
        events::clip_accepted(&unit.root, &doc.clip.name, &id, first_path(unit), &doc.format.id);
        let accepted_ms =
            old.as_ref().map(|c| c.accepted_ms).or_else(|| self.index.accepted_ms(&id)).unwrap_or_else(now_ms);
        if old.is_none() {
            self.batch.journal(JournalEntry::Accepted {
                clip: id.clone(),
                show: folder.show.clone(),
                name: doc.clip.name.clone(),
                content: content.to_owned(),
                path: first_path(unit).clone(),
                ms: accepted_ms,
            });
        }
        let better = old.as_ref().filter(|_| locations.len() > 1).and_then(|c| better_elsewhere(&c.doc, &doc, unit));
        let jobs = old.map(|c| c.jobs).unwrap_or_default();
        let mut record =
            ClipRecord { id, show: folder.show.clone(), doc, locations, accepted_ms, jobs, superseded_by: None };
        self.order_jobs(&folder, &here, &mut record);
        // the check speaks about both: one that was accepted before its namesake came is asked again
        let twins =
            if checked(&record.doc, "NAME-DUP") { self.twins(&folder, &record.id, &record.doc) } else { Vec::new() };
        let (id, kept) = (record.id.clone(), record.doc.clone());
        if let Some(better) = better {
            record.doc = better;
        }
        self.keep_clip(record);
        self.metadata_recorded(unit, &folder, Some(&kept));
        if self.beside(unit, &folder) != beside {
            // a metadata file came while the clip was read
            self.reconsider(&id);
        }
        for twin in twins.iter().filter(|t| !checked(&t.doc, "NAME-DUP")) {
            self.reconsider(&twin.id);
        }
    }

    /// Runs the guardrails with the waivers in force.
    fn run_checks(&self, folder: &Folder, id: &ClipId, doc: &mut ClipDoc) {
        let facts = Facts { kind: folder.kind, duplicate_of: self.same_name_other_content(folder, id, doc) };
        let waivers: Vec<_> = self.index.waivers(id).iter().map(super::control::for_rules).collect();
        let scope = Scope::new(doc, &folder.show, &folder.name);
        doc.checks = crate::rules::guardrails::check(doc, &scope, &folder.guardrails, &facts, &waivers);
        for c in &doc.checks {
            match (c.severity, &c.waiver) {
                (Severity::Info, _) | (_, Some(_)) => {
                    events::check_noted(&folder.name, &doc.clip.name, &c.code, &c.message);
                }
                (Severity::Warn, _) => events::check_warned(&folder.name, &doc.clip.name, &c.code, &c.message),
                _ => events::check_held(&folder.name, &doc.clip.name, &c.code, &c.message),
            }
        }
    }

    /// A clip that used these files before is no longer the current one there; its unfinished jobs are moot.
    fn supersede_old(&mut self, unit: &ReadyUnit, new: Option<&ClipId>) {
        let mut olds: Vec<ClipId> = unit
            .files
            .iter()
            .filter_map(|f| self.index.file(&unit.root, f.path.as_path()))
            .filter_map(|r| r.clip)
            .filter(|c| Some(c) != new)
            .collect();
        olds.sort();
        olds.dedup();
        for old in olds {
            let Some(mut c) = self.clip(&old) else { continue };
            events::clip_changed(&unit.root, &c.doc.clip.name, &old, first_path(unit));
            let gone: Vec<Location> = c
                .locations
                .iter()
                .filter(|l| {
                    l.root == unit.root && l.dir == unit.dir && (l.stem.as_path() == unit.stem || shares_file(&c, unit))
                })
                .cloned()
                .collect();
            c.locations.retain(|l| !gone.contains(l));
            if c.locations.is_empty() {
                c.superseded_by = new.cloned();
                self.drop_jobs_of(&c);
            } else {
                self.drop_jobs_at(&c, &unit.root, unit.dir.as_path());
            }
            self.keep_clip(c.clone());
            self.release_namesakes(&c);
        }
    }
}

/// Whether a guardrail spoke about a clip.
fn checked(doc: &ClipDoc, code: &str) -> bool {
    doc.checks.iter().any(|c| c.code == code)
}

impl Core {
    /// Files are no longer there: a clip of which nothing is left at a place is no longer at that place, one without a
    /// place asks for nothing any more and is nobody's namesake.
    pub fn files_gone(&mut self, root: &str, paths: &[MediaPath]) {
        self.forget_lists(root, paths);
        let gone: HashSet<&Path> = paths.iter().map(MediaPath::as_path).collect();
        let mut touched: BTreeSet<(ClipId, PathBuf)> = BTreeSet::new();
        for p in paths {
            self.batch.mark_gone(root, p);
            let dir = p.as_path().parent().unwrap_or(Path::new("")).to_path_buf();
            touched.extend(self.index.file(root, p.as_path()).and_then(|r| r.clip).map(|c| (c, dir)));
        }
        self.batch.clear_quarantine(root, paths);
        let mut folders: HashMap<PathBuf, HashSet<ClipId>> = HashMap::new();
        for (id, dir) in touched {
            let left = folders.entry(dir.clone()).or_insert_with(|| {
                let files = self.index.folder(root, &dir).into_iter();
                files
                    .filter(|(n, r)| !r.gone && !gone.contains(dir.join(n).as_path()))
                    .filter_map(|(_, r)| r.clip)
                    .collect()
            });
            if left.contains(&id) {
                continue;
            }
            let Some(mut clip) = self.clip(&id) else { continue };
            clip.locations.retain(|l| l.root != root || l.dir.as_path() != dir);
            if clip.locations.is_empty() {
                self.drop_jobs_of(&clip);
            } else {
                self.drop_jobs_at(&clip, root, &dir);
            }
            self.keep_clip(clip.clone());
            self.release_namesakes(&clip);
        }
    }

    /// Those that were held for the sake of a clip that is gone are asked again.
    fn release_namesakes(&mut self, clip: &ClipRecord) {
        let Some(folder) = self.config.folders.iter().find(|f| f.show == clip.show).cloned() else { return };
        for twin in self.twins(&folder, &clip.id, &clip.doc) {
            if checked(&twin.doc, "NAME-DUP") {
                self.reconsider(&twin.id);
            }
        }
    }
}

fn shares_file(c: &ClipRecord, unit: &ReadyUnit) -> bool {
    c.doc.clip.files.iter().any(|f| unit.files.iter().any(|u| u.path == f.path))
}

fn same_place(a: &ReadyUnit, b: &ReadyUnit) -> bool {
    a.root == b.root
        && a.dir == b.dir
        && (a.stem == b.stem || a.files.iter().any(|f| b.files.iter().any(|g| f.path == g.path)))
}

/// Where a unit lies.
pub(super) fn location(unit: &ReadyUnit) -> Location {
    Location { root: unit.root.clone(), dir: unit.dir.clone(), stem: MediaPath::from(std::path::Path::new(&unit.stem)) }
}

/// The first file of a unit, for people. A unit without files does not occur.
fn first_path(unit: &ReadyUnit) -> &MediaPath {
    unit.files.first().map_or(&unit.dir, |f: &ReadyFile| &f.path)
}

fn fill_files(doc: &mut ClipDoc, unit: &ReadyUnit) {
    for (file, ready) in doc.clip.files.iter_mut().zip(&unit.files) {
        file.path = ready.path.clone();
        file.size = ready.fingerprint.size;
        file.xxh128 = ready.fingerprint.xxh128.clone();
        file.hashes = ready.fingerprint.other.iter().map(|(k, v)| (k.to_string(), v.clone())).collect();
    }
    doc.clip.gaps = unit.gaps.clone();
    if doc.clip.first_frame.is_none() {
        doc.clip.first_frame = unit.first_frame;
    }
}

/// The inputs of a step, below the folder's root.
pub(super) fn inputs_of(unit: &ReadyUnit, folder: &Folder) -> Vec<JobInput> {
    unit.files
        .iter()
        .map(|f| JobInput {
            root: Some(MediaPath::from(folder.path.as_path())),
            path: f.path.clone(),
            size: f.stat.size,
            mtime_ns: f.stat.mtime_ns,
            xxh128: f.fingerprint.xxh128.clone(),
        })
        .collect()
}

/// One identity for the contents of a unit.
pub(super) fn content_of(unit: &ReadyUnit) -> String {
    match unit.files.as_slice() {
        [one] => one.fingerprint.xxh128.clone(),
        many => stable_id(many.iter().map(|f| f.fingerprint.xxh128.as_bytes())),
    }
}
