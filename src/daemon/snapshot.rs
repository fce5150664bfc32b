//! What `status` shows, made by the loop a few times a second and read by anybody at any time.

use crate::control::{
    ConfigStatus, DaemonState, DiskFree, FolderStatus, HeldClip, IndexCounts, JobCounts, QuarantineLine,
    QuarantineStatus, ReloadStatus, RunningJob, STATUS_SCHEMA, Snapshot, WaitingPath,
};
use crate::daemon::core::{Core, Ticket};
use crate::job::JobState;
use crate::telemetry::notify;
use crate::watch::{Health, RootStatus};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Entries shown of each list.
const SHOWN: usize = 100;
/// Snapshots are made at most this often.
const EVERY: Duration = Duration::from_millis(500);

/// How long a list of refusals may be old while their number stays the same.
const REFUSALS_EVERY: Duration = Duration::from_secs(5);

/// The newest refusals, as last read.
#[derive(Default)]
pub(super) struct Refusals {
    at: Option<Instant>,
    count: u64,
    lines: Vec<QuarantineLine>,
}

/// The newest snapshot.
pub(super) struct Shared {
    now: Mutex<Arc<Snapshot>>,
    made: Mutex<Instant>,
}

impl Shared {
    /// With a first snapshot.
    pub fn new(first: Snapshot) -> Self {
        Self { now: Mutex::new(Arc::new(first)), made: Mutex::new(Instant::now()) }
    }

    /// The newest snapshot; never waits for the loop.
    pub fn get(&self) -> Arc<Snapshot> {
        self.now.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    fn put(&self, s: Snapshot) {
        *self.now.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Arc::new(s);
        *self.made.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Instant::now();
    }

    fn is_due(&self) -> bool {
        self.made.lock().unwrap_or_else(std::sync::PoisonError::into_inner).elapsed() > EVERY
    }
}

impl Core {
    /// Makes a new snapshot when one is due.
    pub fn publish_snapshot(&mut self, force: bool) {
        if !force && !self.shared.is_due() {
            return;
        }
        let s = self.snapshot();
        let waiting: u64 = s.folders.iter().map(|f| f.waiting_total).sum();
        notify::status(&format!(
            "{} clips, {} jobs done, {} to do, {} refused, {} arriving",
            s.index.clips,
            s.jobs.done,
            s.jobs.queued + s.jobs.running + s.jobs.waiting,
            s.quarantine.total,
            waiting
        ));
        self.shared.put(s);
    }

    fn snapshot(&self) -> Snapshot {
        let counts = self.index.counts();
        let mut s = Snapshot {
            schema: STATUS_SCHEMA.into(),
            version: env!("CARGO_PKG_VERSION").into(),
            pid: std::process::id(),
            uptime_s: self.started.elapsed().as_secs(),
            state: if self.draining.is_some() {
                DaemonState::Draining
            } else if self.folders.values().any(|f| matches!(f.status().health, Health::Starting)) {
                DaemonState::Starting
            } else {
                DaemonState::Running
            },
            config: ConfigStatus {
                path: self.options.config.clone(),
                hash: self.config.hash.clone(),
                last_reload: self.last_reload.clone(),
            },
            folders: Vec::new(),
            jobs: JobCounts::default(),
            running: self.running_jobs(),
            quarantine: QuarantineStatus {
                total: counts.quarantine,
                entries: self.quarantine_lines(counts.quarantine),
            },
            held: Vec::new(),
            held_total: 0,
            index: IndexCounts { files: counts.files, clips: counts.clips, jobs: counts.jobs },
            disks: self.disks(),
            sandbox: self.sandbox.clone(),
            notes: self.stalled.iter().map(|why| format!("waiting for the state disk: {why}")).collect(),
        };
        if let Some((n, why)) = self.index.damaged() {
            s.notes.push(format!("{n} records of the index are damaged ({why}); `rushes rebuild` makes it anew"));
        }
        for (path, side) in &self.sides {
            if let Some(since) = side.hung() {
                let path = crate::model::escape_for_people(&path.display().to_string()).to_string();
                s.notes.push(format!("{path} has not answered for {} s; jobs that write there wait", since.as_secs()));
            }
        }
        for f in &self.config.folders {
            if let Some(at_work) = self.folders.get(&f.name) {
                s.folders.push(folder_status(&at_work.status(), self.index.clips_in(&f.name)));
            }
        }
        for j in self.queue.all() {
            match j.state {
                JobState::Queued => s.jobs.queued += 1,
                JobState::Running => s.jobs.running += 1,
                JobState::Waiting { .. } => s.jobs.waiting += 1,
                JobState::Held { .. } => s.jobs.held += 1,
                _ => {}
            }
        }
        s.jobs.done = counts.jobs_done;
        s.jobs.quarantined = counts.jobs_quarantined;
        s.jobs.cancelled =
            counts.jobs.saturating_sub(counts.jobs_done + counts.jobs_quarantined + counts.jobs_unfinished);
        s.jobs.outdated = self.outdated_total();
        (s.held, s.held_total) = self.held_clips();
        s
    }

    fn running_jobs(&self) -> Vec<RunningJob> {
        let mut list: Vec<RunningJob> = self
            .tickets
            .values()
            .filter_map(|(since, t)| {
                let for_ms = u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX);
                Some(match t {
                    Ticket::Inspect(p) => RunningJob {
                        id: String::new(),
                        clip: p.unit.name.clone(),
                        doing: "inspect".into(),
                        folder: p.unit.root.clone(),
                        path: p.unit.files.first()?.path.clone(),
                        for_ms,
                    },
                    Ticket::Deliver(ids) => {
                        let jobs: Vec<_> = ids.iter().filter_map(|id| self.queue.get(id)).collect();
                        let j = jobs.first()?;
                        let doing: Vec<&str> = jobs.iter().map(|j| j.recipe_name.as_str()).collect();
                        RunningJob {
                            id: j.id.to_string(),
                            clip: j.clip_name.clone(),
                            doing: doing.join(", "),
                            folder: j.folder.clone(),
                            path: j.path.clone(),
                            for_ms,
                        }
                    }
                })
            })
            .collect();
        list.sort_by(|a, b| b.for_ms.cmp(&a.for_ms).then_with(|| a.path.cmp(&b.path)));
        list
    }

    /// The newest refusals; all are read for that, so only when their number changed, or now and then.
    fn quarantine_lines(&self, count: u64) -> Vec<QuarantineLine> {
        let mut seen = self.refusals.borrow_mut();
        if seen.at.is_none_or(|t| t.elapsed() > REFUSALS_EVERY) || seen.count != count {
            *seen = Refusals { at: Some(Instant::now()), count, lines: self.newest_refusals() };
        }
        seen.lines.clone()
    }

    fn newest_refusals(&self) -> Vec<QuarantineLine> {
        let mut all: Vec<QuarantineLine> = self
            .index
            .quarantine()
            .into_iter()
            .map(|q| QuarantineLine { folder: q.root, path: q.path, error: q.error, tries: q.tries, at_ms: q.at_ms })
            .collect();
        all.sort_by(|a, b| b.at_ms.cmp(&a.at_ms).then_with(|| a.path.cmp(&b.path)));
        all.truncate(SHOWN);
        all
    }

    fn held_clips(&self) -> (Vec<HeldClip>, u64) {
        let mut clips: Vec<_> = self
            .queue
            .all()
            .filter_map(|j| match &j.state {
                JobState::Held { codes } => Some((j.clip.clone(), codes.clone())),
                _ => None,
            })
            .collect();
        clips.sort();
        clips.dedup_by(|a, b| a.0 == b.0);
        let total = clips.len() as u64;
        let shown = clips
            .into_iter()
            .take(SHOWN)
            .filter_map(|(id, codes)| {
                let c = self.clip(&id)?;
                let messages = codes
                    .iter()
                    .filter_map(|code| c.doc.checks.iter().find(|k| k.code == *code))
                    .map(|k| k.message.clone())
                    .collect();
                Some(HeldClip { id: id.to_string(), name: c.doc.clip.name, show: c.show, codes, messages })
            })
            .collect();
        (shown, total)
    }

    fn disks(&self) -> Vec<DiskFree> {
        let mut list = vec![disk_free("state", &self.config.service.state_dir)];
        list.extend(self.config.folders.iter().map(|f| {
            let space = self.sides.get(&f.output).and_then(super::output::OutputSide::space);
            DiskFree {
                what: format!("output of {}", f.name),
                path: f.output.clone(),
                free: space.map(|(free, _)| free),
                total: space.map(|(_, total)| total),
            }
        }));
        list
    }
}

fn health_word(h: &Health) -> &'static str {
    match h {
        Health::Starting => "starting",
        Health::Watching => "watching",
        Health::Polling => "polling",
        Health::Unavailable(_) => "unavailable",
        Health::Hung(_) => "hung",
    }
}

fn disk_free(what: &str, path: &Path) -> DiskFree {
    let stat = rustix::fs::statvfs(path).ok();
    DiskFree {
        what: what.to_owned(),
        path: path.to_path_buf(),
        free: stat.as_ref().map(|s| s.f_bavail.saturating_mul(s.f_frsize)),
        total: stat.as_ref().map(|s| s.f_blocks.saturating_mul(s.f_frsize)),
    }
}

fn folder_status(r: &RootStatus, clips: u64) -> FolderStatus {
    FolderStatus {
        name: r.name.clone(),
        path: r.path.clone(),
        health: health_word(&r.health).to_owned(),
        mode: r.mode.clone(),
        why: r.why.clone(),
        latency_ms: r.latency_ms,
        files: r.files_seen,
        clips,
        waiting: r
            .waiting
            .iter()
            .take(SHOWN)
            .map(|(p, why)| WaitingPath { path: p.clone(), why: why.clone() })
            .collect(),
        waiting_total: r.waiting_total as u64,
        ignored: r.ignored,
        notes: r.notes.clone(),
    }
}

/// The snapshot before the loop turns for the first time.
pub(super) fn first(config_path: &Path, hash: &str) -> Snapshot {
    Snapshot {
        schema: STATUS_SCHEMA.into(),
        version: env!("CARGO_PKG_VERSION").into(),
        pid: std::process::id(),
        config: ConfigStatus { path: config_path.to_path_buf(), hash: hash.to_owned(), last_reload: None },
        ..Snapshot::default()
    }
}

/// What came of a reload, for the snapshot.
pub(super) fn reloaded(at_ms: i64, ok: bool, message: String) -> ReloadStatus {
    ReloadStatus { at_ms, ok, message }
}
