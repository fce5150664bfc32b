//! The state of the loop, and the loop itself.

use crate::config::Config;
use crate::control::ReloadStatus;
use crate::daemon::beside::Lists;
use crate::daemon::outdated::Survey;
use crate::daemon::output::{Opening, OutputSide};
use crate::daemon::queue::Queue;
use crate::daemon::snapshot::{Refusals, Shared};
use crate::daemon::{Ending, Options, once::Once};
use crate::engine::deliver::JobInput;
use crate::exec::{ExecEvent, Executor};
use crate::index::{Batch, ClipRecord, Index, QuarantineRecord, Receipt};
use crate::job::{Job, is_final, is_legal};
use crate::model::{ClipId, Error, JobId, MediaPath};
use crate::telemetry::{events, notify};
use crate::watch::{Health, ReadyFile, ReadyUnit, RootHandle, RootStatus, WatchEvent};
use crossbeam_channel::{Receiver, Sender};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::ops::Bound;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Ready units that may wait for inspection before the watch threads are held back.
const MOST_PENDING: usize = 256;
/// How often the loop turns when nothing happens.
const TICK: Duration = Duration::from_millis(200);
/// How long running steps may take to end after TERM.
const DRAIN: Duration = Duration::from_secs(4);

/// What a running step belongs to.
pub(super) enum Ticket {
    /// Metadata of a unit that is not yet a clip.
    Inspect(Box<Pending>),
    /// A step of jobs: one, or several picture jobs of one clip that share a pass.
    Deliver(Vec<JobId>),
}

/// A ready unit on its way to become a clip.
#[derive(Clone)]
pub(super) struct Pending {
    /// What the watch saw.
    pub unit: ReadyUnit,
    /// Identity of its contents, for tries and quarantine.
    pub content: String,
    /// Tries begun.
    pub tries: u32,
    /// Failures of the surroundings in a row.
    pub waits: u32,
    /// Not before this.
    pub not_before: Instant,
    /// Metadata files beside it that its inspection was given.
    pub beside: Vec<JobInput>,
    /// A step for it was interrupted by the end of an earlier daemon: runs alone.
    pub suspect: bool,
}

/// An output that refuses.
pub(super) struct Blocked {
    /// Failures in a row.
    pub waits: u32,
    /// No job is tried before this.
    pub until: Instant,
}

/// A request from the control socket, answered by the loop.
pub(super) struct Call {
    /// Who asks.
    pub who: String,
    /// What.
    pub request: crate::control::Request,
    /// Not carried out after this: nobody waits for the answer any more.
    pub until: Instant,
    /// Where the answer goes.
    pub reply: Sender<crate::control::Response>,
}

/// Everything that wakes the loop.
pub(super) struct Inbox {
    pub exec: Receiver<ExecEvent>,
    pub signals: Receiver<i32>,
    pub calls: Receiver<Call>,
}

/// The loop's state.
pub(super) struct Core {
    pub options: Options,
    pub config: Arc<Config>,
    pub index: Index,
    /// Watched folders by configured name.
    pub folders: BTreeMap<String, RootHandle>,
    /// Whether each can be reached, as of the last look.
    pub reachable: BTreeMap<String, bool>,
    /// What the watch of each folder says: a channel of its own, so that one that is full holds up no other.
    pub watch: BTreeMap<String, Receiver<WatchEvent>>,
    pub executor: Box<dyn Executor>,
    pub inbox: Inbox,
    /// The folder whose event was taken last.
    pub last_watched: Option<String>,
    pub pending: VecDeque<Pending>,
    pub queue: Queue,
    pub tickets: HashMap<u64, (Instant, Ticket)>,
    pub next_ticket: u64,
    /// What this turn changes, written by [`Core::commit`].
    pub batch: Batch,
    /// Clips of the batch, which the index does not have yet.
    pub fresh_clips: BTreeMap<ClipId, ClipRecord>,
    /// Metadata files that are complete and not in the index yet, by root and folder.
    pub fresh_metadata: HashMap<(String, MediaPath), Vec<ReadyFile>>,
    /// After a start: clips may lack metadata files that came just before the end.
    pub survey_metadata: bool,
    /// Lists by folder, of those that were asked for.
    pub lists: RefCell<Lists>,
    /// Those of them that the batch records.
    pub recorded_metadata: Vec<(String, MediaPath, MediaPath)>,
    /// Jobs of the batch.
    pub fresh_jobs: BTreeMap<JobId, Job>,
    /// Failures of the surroundings in a row, by job.
    pub waits: HashMap<JobId, u32>,
    /// Folders whose output refuses.
    pub blocked: BTreeMap<String, Blocked>,
    /// Nothing is started before this.
    pub rest_until: Option<Instant>,
    /// Receipts to write once the batch is safe: where, and for which folder.
    pub receipts_due: Vec<(PathBuf, String, Receipt)>,
    /// The watch is to offer these again once the batch is safe.
    pub offer_due: Vec<(String, PathBuf)>,
    /// The threads of output and receipts folders.
    pub sides: BTreeMap<PathBuf, OutputSide>,
    /// Folders whose outputs were opened, or are being opened.
    pub opening: BTreeMap<String, Opening>,
    /// Clips that are to be read again, in this order.
    pub reconsider_due: VecDeque<ClipId>,
    /// The same, to look them up.
    pub reconsidered: BTreeSet<ClipId>,
    /// Deliverables of an older recipe or configuration, by clip.
    pub outdated: BTreeMap<ClipId, u64>,
    /// A person wants the outdated ones made again, also those that are found from now on.
    pub renew_rest: bool,
    /// Clips that are still to be looked at for such.
    pub survey: Option<Survey>,
    pub refusals: RefCell<Refusals>,
    pub shared: Arc<Shared>,
    pub started: Instant,
    pub last_look: Instant,
    pub last_reload: Option<ReloadStatus>,
    pub draining: Option<(i32, Instant)>,
    pub stalled: Option<String>,
    /// Signals that came while the state could not be written.
    pub late_signals: Vec<i32>,
    /// A stop came while the state could not be written: the last batch is lost.
    pub dropped: bool,
    pub sandbox: Option<String>,
    pub once: Option<Once>,
}

impl Core {
    /// Turns until the end.
    pub fn run(mut self) -> Result<Ending, Error> {
        let mut last_ping = Instant::now();
        loop {
            self.take_events();
            self.look_at_folders();
            self.go_on_with_survey();
            self.reconsider_some();
            self.commit()?;
            self.start_work();
            self.commit()?;
            self.publish_snapshot(false);
            if last_ping.elapsed() > Duration::from_secs(2) {
                notify::watchdog();
                last_ping = Instant::now();
            }
            if let Some(end) = self.ended() {
                self.commit()?;
                self.stop_everything(&end);
                return Ok(end);
            }
        }
    }

    /// Waits for one event, then takes what else is there, bounded so that commits stay frequent.
    fn take_events(&mut self) {
        for n in std::mem::take(&mut self.late_signals) {
            self.signal(n);
        }
        let wait = if self.has_startable() { Duration::ZERO } else { TICK };
        self.wait_for_event(wait);
        for _ in 0..128 {
            if let Ok(n) = self.inbox.signals.try_recv() {
                self.signal(n);
            } else if let Ok(e) = self.inbox.exec.try_recv() {
                self.executed(e);
            } else if let Ok(c) = self.inbox.calls.try_recv() {
                self.called(c);
            } else if let Some(w) = self.next_watched() {
                self.watched(w);
            } else {
                break;
            }
        }
    }

    /// Returns when anything is there to be taken, or after `wait`.
    fn wait_for_event(&self, wait: Duration) {
        let mut select = crossbeam_channel::Select::new();
        select.recv(&self.inbox.signals);
        select.recv(&self.inbox.exec);
        select.recv(&self.inbox.calls);
        for (name, watch) in &self.watch {
            if self.has_room(name) {
                select.recv(watch);
            }
        }
        // nothing came: the loop turns all the same
        let _ = select.ready_timeout(wait);
    }

    /// The next event of a folder that has room; folders take turns.
    fn next_watched(&mut self) -> Option<WatchEvent> {
        let after = self.last_watched.clone().unwrap_or_default();
        let later = self.watch.range::<String, _>((Bound::Excluded(&after), Bound::Unbounded));
        let earlier = self.watch.range::<String, _>(..=&after);
        let (name, event) = later
            .chain(earlier)
            .filter(|(name, _)| self.has_room(name))
            .find_map(|(name, watch)| watch.try_recv().ok().map(|e| (name.clone(), e)))?;
        self.last_watched = Some(name);
        Some(event)
    }

    /// Whether clips can be read again: what waits for folders that are away does not count.
    pub fn may_read_again(&self) -> bool {
        self.pending.iter().filter(|p| self.is_reachable(&p.unit.root)).take(MOST_PENDING).count() < MOST_PENDING
    }

    /// Whether more of a folder can be taken.
    pub fn has_room(&self, folder: &str) -> bool {
        let waiting = self.pending.iter().filter(|p| p.unit.root == folder).take(MOST_PENDING).count();
        waiting < MOST_PENDING && self.draining.is_none() && self.stalled.is_none()
    }

    /// Takes what a watch thread says.
    fn watched(&mut self, event: WatchEvent) {
        match event {
            WatchEvent::Ready(unit) => self.ready(unit),
            WatchEvent::Refused { root, path, stat, error } => {
                events::file_refused(&root, &path, &error.code, &error);
                let at_ms = now_ms();
                self.quarantine(QuarantineRecord { content: String::new(), root, path, stat, error, tries: 0, at_ms });
            }
            WatchEvent::Gone { root, paths } => {
                if let Some(first) = paths.first() {
                    events::files_gone(&root, first, paths.len());
                }
                self.files_gone(&root, &paths);
            }
            WatchEvent::Root(status) => say_root(&status),
            WatchEvent::Swept { root, sweep, waiting } => {
                tracing::trace!(root, sweep, waiting, "swept");
            }
        }
    }

    fn look_at_folders(&mut self) {
        if self.last_look.elapsed() < Duration::from_millis(250) {
            return;
        }
        self.last_look = Instant::now();
        if let Some((path, why)) = self.index.take_moved_aside() {
            events::index_moved_aside(path.display(), why);
            self.read_everything_anew();
        }
        for f in &self.config.clone().folders {
            let has_sides = self.sides.contains_key(&f.output) && self.sides.contains_key(&f.receipts_dir());
            if !has_sides || !self.opening.contains_key(&f.name) {
                self.open_outputs(f);
            }
        }
        for (name, f) in &self.folders {
            let ok = !matches!(f.status().health, Health::Unavailable(_) | Health::Hung(_));
            let ok = ok && self.config.folder(name).is_some_and(|c| self.output_answers(c));
            self.reachable.insert(name.clone(), ok);
        }
    }

    fn signal(&mut self, n: i32) {
        use signal_hook::consts::{SIGHUP, SIGTERM, SIGUSR1};
        match n {
            SIGHUP => {
                events::signal_received("HUP", "reading the configuration again");
                self.reload();
            }
            SIGUSR1 => self.log_state(),
            SIGTERM => self.drain(n, "TERM"),
            _ => self.drain(n, "INT"),
        }
    }

    /// Begins the orderly end: nothing new starts, what runs may finish.
    fn drain(&mut self, n: i32, name: &str) {
        if self.draining.is_none() {
            notify::stopping();
            events::daemon_stopping(name, self.tickets.len());
            self.draining = Some((n, Instant::now()));
            for f in self.folders.values() {
                f.stop();
            }
        }
    }

    fn ended(&mut self) -> Option<Ending> {
        if let Some((n, since)) = self.draining {
            let over = since.elapsed() > DRAIN;
            return (self.tickets.is_empty() || over).then_some(Ending::Signal(n));
        }
        self.once_ended()
    }

    fn stop_everything(&mut self, end: &Ending) {
        for f in self.folders.values() {
            f.stop();
        }
        self.executor.stop(Duration::ZERO);
        self.uncount_stopped();
        self.finish_outputs();
        self.publish_snapshot(true);
        events::daemon_stopped(match end {
            Ending::Clean => "nothing is left to do",
            Ending::Trouble(_) => "what is left cannot be done now",
            Ending::Signal(_) => "asked to",
        });
    }

    /// Steps that a stop ended are no tries: the next start begins them as if nothing had been.
    fn uncount_stopped(&mut self) {
        while let Ok(e) = self.inbox.exec.try_recv() {
            self.executed(e);
        }
        for (_, (_, ticket)) in std::mem::take(&mut self.tickets) {
            let begun: Vec<(String, u32)> = match ticket {
                Ticket::Inspect(p) => vec![(p.content, p.tries)],
                Ticket::Deliver(ids) => {
                    ids.iter().map(|id| (id.to_string(), self.job(id).map_or(1, |j| j.tries))).collect()
                }
            };
            for (key, n) in begun {
                self.batch.journal(crate::index::JournalEntry::Try { key, n: n.saturating_sub(1) });
            }
        }
        let batch = std::mem::take(&mut self.batch);
        if let Err(e) = self.index.commit(&batch) {
            events::state_failed(self.config.service.state_dir.display(), &e.code, &e);
            return;
        }
        self.write_receipts();
    }

    /// Writes the turn's batch. A full disk is waited for; another failure ends the daemon.
    pub fn commit(&mut self) -> Result<(), Error> {
        if !self.batch.is_empty() {
            let batch = std::mem::take(&mut self.batch);
            self.write(&batch)?;
        }
        self.fresh_clips.clear();
        self.forget_recorded_metadata();
        self.fresh_jobs.clear();
        if self.dropped {
            self.receipts_due.clear();
            return Ok(());
        }
        self.write_receipts();
        for (root, path) in std::mem::take(&mut self.offer_due) {
            if let Some(f) = self.folders.get(&root) {
                f.retry(&path);
            }
        }
        Ok(())
    }

    fn write(&mut self, batch: &Batch) -> Result<(), Error> {
        let mut pause = Duration::from_millis(100);
        let mut failures = 0;
        let state = self.config.service.state_dir.display().to_string();
        loop {
            match self.index.commit(batch) {
                Ok(()) => {
                    if self.stalled.take().is_some() {
                        events::state_recovered(&state);
                    }
                    return Ok(());
                }
                Err(e) => {
                    if self.stalled.is_none() {
                        events::state_failed(&state, &e.code, &e);
                        self.stalled = Some(e.to_string());
                        self.publish_snapshot(true);
                    }
                    failures += u32::from(!e.is_environment());
                    if failures >= 20 {
                        return Err(e);
                    }
                }
            }
            notify::watchdog();
            std::thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_secs(1));
            self.publish_snapshot(false);
            match self.inbox.signals.try_recv() {
                Ok(n) if matches!(n, signal_hook::consts::SIGTERM | signal_hook::consts::SIGINT) => {
                    // what is not recorded is found again by the next start
                    self.drain(n, "asked to while the state could not be written");
                    self.dropped = true;
                    return Ok(());
                }
                Ok(n) => self.late_signals.push(n),
                Err(_) => {}
            }
        }
    }

    /// Records, so that the death of this process cannot undo it, that a try begins.
    pub fn record_try(&self, key: &str, n: u32) -> Result<(), Error> {
        self.index.note_try(key, n)
    }

    /// A clip, also one of this turn.
    pub fn clip(&self, id: &ClipId) -> Option<ClipRecord> {
        self.fresh_clips.get(id).cloned().or_else(|| self.index.clip(id))
    }

    /// A job, also one of this turn.
    pub fn job(&self, id: &JobId) -> Option<Job> {
        self.queue.get(id).cloned().or_else(|| self.fresh_jobs.get(id).cloned()).or_else(|| self.index.job(id))
    }

    /// Puts a clip in the batch.
    pub fn keep_clip(&mut self, clip: ClipRecord) {
        self.fresh_clips.insert(clip.id.clone(), clip.clone());
        self.batch.put_clip(clip);
    }

    /// Puts a job in the batch and in the queue.
    pub fn keep_job(&mut self, job: Job) {
        debug_assert!(
            self.job(&job.id).is_none_or(|old| old.state == job.state || is_legal(&old.state, &job.state)),
            "job {} may not go from {:?} to {:?}",
            job.id,
            self.job(&job.id).map(|j| j.state),
            job.state
        );
        if is_final(&job.state) {
            self.waits.remove(&job.id);
        }
        self.fresh_jobs.insert(job.id.clone(), job.clone());
        self.batch.put_job(job.clone());
        self.queue.put(job);
    }

    /// A fresh ticket number.
    pub fn ticket(&mut self, t: Ticket) -> u64 {
        self.next_ticket += 1;
        self.tickets.insert(self.next_ticket, (Instant::now(), t));
        self.next_ticket
    }

    /// Tickets that belong to a job.
    /// Stops the steps that a job is part of. Other jobs of such a step begin again when it has ended.
    pub fn stop_steps_of(&mut self, id: &JobId) {
        let is_its = |t: &Ticket| matches!(t, Ticket::Deliver(ids) if ids.contains(id));
        let mine: Vec<u64> = self.tickets.iter().filter(|(_, (_, t))| is_its(t)).map(|(n, _)| *n).collect();
        for t in mine {
            self.executor.cancel(t);
            if matches!(self.tickets.get(&t), Some((_, Ticket::Deliver(ids))) if ids.len() == 1) {
                self.tickets.remove(&t);
            }
        }
    }
}

fn say_root(s: &RootStatus) {
    let path = s.path.display().to_string();
    let path = crate::model::escape_for_people(&path);
    match &s.health {
        Health::Starting => {}
        Health::Watching | Health::Polling => events::root_watched(&s.name, &path, &s.mode, &s.why),
        Health::Unavailable(why) => events::root_unavailable(&s.name, &path, why),
        Health::Hung(since) => events::root_hung(&s.name, &path, format!("{} s", since.as_secs())),
    }
    for n in &s.notes {
        events::root_note(&s.name, &path, n);
    }
}

/// Milliseconds since 1970 by the system's clock; only recorded, never compared with file times.
pub(super) fn now_ms() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}
