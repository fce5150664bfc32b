//! Jobs: what a clip asks for, running the steps, and what follows from the outcome.

use crate::config::Folder;
use crate::daemon::core::{Core, Pending, Ticket, now_ms};
use crate::daemon::orders::{Orders, Wanted, context_of, identity, orders};
use crate::daemon::queue::MOST_DOCS;
use crate::daemon::receipts::receipt;
use crate::engine::deliver::{MadeOutput, PlannedOutput, StepOutcome};
use crate::exec::ExecEvent;
use crate::index::{ClipRecord, JournalEntry, Location};
use crate::job::{Job, JobState, MOST_TRIES, Next, after_failure, job_id};
use crate::model::{ClipDoc, Error, ErrorKind, JobId};
use crate::rules::Verdict;
use crate::rules::guardrails::stopping;
use crate::telemetry::events;
use std::ffi::OsStr;
use std::path::Path;
use std::time::{Duration, Instant};

/// Who cancels a job that nothing asks for any more.
const OURSELVES: &str = "rushes: its clip is gone or changed, or its rules ask for something else";

/// Whether that is why a job was cancelled, and not a person's will.
fn by_ourselves(who: &str) -> bool {
    who.starts_with("rushes:")
}

impl Core {
    /// The jobs that the folder's rules ask for this clip at this place.
    pub fn order_jobs(&mut self, folder: &Folder, here: &Location, clip: &mut ClipRecord) {
        let Orders { wanted, verdicts } = orders(folder, &clip.doc);
        for (rule, verdict) in verdicts {
            say_silent(folder, &mut clip.doc, &rule, verdict);
        }
        self.outdated.remove(&clip.id);
        let holds: Vec<String> = stopping(&clip.doc.checks).map(|c| c.code.clone()).collect();
        let mut asked_for = Vec::new();
        for w in wanted {
            let label = w.name.clone();
            match self.order_job(folder, here, clip, w.clone(), &holds) {
                Ok(id) => asked_for.push(id),
                Err(e) => {
                    clip.doc.warn(&e.code, format!("`{label}` is not made: {e}"));
                    asked_for.push(self.refuse_job(folder, clip, w, e));
                }
            }
        }
        self.drop_others(clip, folder, &asked_for);
    }

    /// Unfinished and refused jobs of this clip at this place that are not asked for any more: the rules, a recipe or
    /// what is known of the clip changed.
    fn drop_others(&mut self, clip: &ClipRecord, folder: &Folder, asked_for: &[JobId]) {
        let here = clip.doc.clip.files.first().map(|f| f.path.clone()).unwrap_or_default();
        for job in
            clip.jobs.iter().filter(|id| !asked_for.contains(id)).filter_map(|id| self.job(id)).collect::<Vec<_>>()
        {
            let is_moot = match job.state {
                JobState::Queued | JobState::Waiting { .. } | JobState::Held { .. } => true,
                JobState::Quarantined { .. } => is_refusal(&job),
                JobState::Running | JobState::Done { .. } | JobState::Cancelled { .. } => false,
            };
            if is_moot && job.folder == folder.name && job.path == here {
                self.drop_job(job);
            }
        }
    }

    /// A deliverable that cannot be made of this clip: a job without outputs, so that people see it and why.
    fn refuse_job(&mut self, folder: &Folder, clip: &mut ClipRecord, w: Wanted, error: Error) -> JobId {
        let id = job_id(&clip.id, &w.recipe, &[], None, &context_of(folder, &clip.doc, &w.recipe, &w.rule));
        if !clip.jobs.contains(&id) {
            clip.jobs.push(id.clone());
        }
        match self.job(&id).map(|j| j.state) {
            Some(JobState::Quarantined { .. }) => return id,
            Some(JobState::Cancelled { who }) if !by_ourselves(&who) => return id,
            _ => {}
        }
        let own = id.clone();
        let job = Job { state: JobState::Quarantined { error }, ..new_job(id, folder, clip, w, Vec::new()) };
        if let JobState::Quarantined { error: e } = &job.state {
            events::job_quarantined(&job.id, &job.clip_name, &job.recipe_name, &folder.name, &job.path, &e.code, e);
            self.batch.journal(JournalEntry::JobQuarantined { job: job.id.clone(), error: e.clone(), ms: now_ms() });
        }
        self.keep_job(job);
        own
    }

    fn order_job(
        &mut self,
        folder: &Folder,
        here: &Location,
        clip: &mut ClipRecord,
        w: Wanted,
        holds: &[String],
    ) -> Result<JobId, Error> {
        let (id, outputs) = identity(folder, place_of(here), &clip.id, &clip.doc, &w)?;
        if !clip.jobs.contains(&id) {
            clip.jobs.push(id.clone());
        }
        let mut job = match self.job(&id) {
            Some(old) => match &old.state {
                JobState::Quarantined { .. } => return Ok(id),
                JobState::Cancelled { who } if !by_ourselves(who) => return Ok(id),
                JobState::Done { outputs } if self.are_there(folder, outputs) => return Ok(id),
                JobState::Running => return Ok(id),
                _ => Job { output: folder.output.clone(), priority: w.priority, rule: w.rule, ..old },
            },
            None => new_job(id.clone(), folder, clip, w, outputs),
        };
        let known = self.index.done_outputs(&id).filter(|made| self.are_there(folder, made));
        job.state = match known {
            Some(outputs) => JobState::Done { outputs },
            None if !holds.is_empty() && !job.recipe.is_record() => JobState::Held { codes: holds.to_vec() },
            None => JobState::Queued,
        };
        if job.state == JobState::Queued {
            events::job_queued(&id, &job.clip_name, &job.recipe_name, &folder.name);
            self.queue.keep_doc(&id, clip.doc.clone());
        }
        self.keep_job(job);
        Ok(id)
    }

    /// Starts what there is room for.
    pub fn start_work(&mut self) {
        if self.draining.is_some() || self.stalled.is_some() || self.is_resting() {
            return;
        }
        while self.executor.running() < self.executor.capacity() {
            let jobs_first = self.queue.docs() > MOST_DOCS / 2;
            let mut started = jobs_first && self.start_one_job();
            started = started || self.start_one_inspection();
            started = started || self.start_one_job();
            if !started {
                self.executor.others_wait(false);
                return;
            }
        }
        // no place left: those that picture jobs have beside their own come back range by range
        let waits = self.pending.iter().any(|p| self.may_start(p)) || self.next_job().is_some();
        self.executor.others_wait(waits);
    }

    /// True when something could start right now.
    pub fn has_startable(&self) -> bool {
        self.draining.is_none()
            && self.stalled.is_none()
            && !self.is_resting()
            && self.executor.running() < self.executor.capacity()
            && (self.pending.iter().any(|p| self.may_start(p)) || self.next_job().is_some())
    }

    fn may_start(&self, p: &Pending) -> bool {
        p.not_before <= Instant::now() && self.is_reachable(&p.unit.root) && (!p.suspect || self.tickets.is_empty())
    }

    fn start_one_inspection(&mut self) -> bool {
        let Some(at) = self.pending.iter().position(|p| self.may_start(p)) else { return false };
        let Some(p) = self.pending.remove(at) else { return false };
        match self.start_inspection(p) {
            Ok(()) => true,
            Err(p) => {
                self.pending.push_front(*p);
                false
            }
        }
    }

    /// The next job; one whose document is not in memory only while there is room to read its clip again.
    fn next_job(&self) -> Option<JobId> {
        let may_read = self.may_read_again();
        self.queue.next(now_ms(), may_read, &|folder| self.may_deliver(folder))
    }

    fn start_one_job(&mut self) -> bool {
        let Some(id) = self.next_job() else { return false };
        let Some(job) = self.queue.get(&id).cloned() else { return false };
        // a folder that is not configured (any more) is not reachable: its jobs wait for it
        let Some(folder) = self.config.folder(&job.folder).cloned() else { return false };
        let Some(doc) = self.queue.doc(&id) else {
            // its document is no longer in memory (a restart, a long queue): read the clip again
            match self.unit_for(&job) {
                Some(unit) => {
                    self.queue.park(&id, now_ms());
                    self.ready_again(unit);
                }
                None => self.drop_job(job),
            }
            // one in each turn: reading a folder's records takes time
            return false;
        };
        self.start_job(job, &folder, doc)
    }

    /// Counts the tries, then hands the step to the executor.
    fn start_job(&mut self, job: Job, folder: &Folder, doc: ClipDoc) -> bool {
        let mut jobs = vec![job];
        jobs.extend(self.companions_of(jobs.first()));
        let step = match self.step_of(&jobs, folder, doc) {
            Ok(step) => step,
            Err(e) => {
                jobs.into_iter().for_each(|j| self.job_failed(j, e.clone()));
                return true;
            }
        };
        crate::engine::killpoint::here("before-try-recorded");
        for job in &jobs {
            if let Err(e) = self.record_try(job.id.as_str(), job.tries + 1) {
                self.rest(&e);
                return false;
            }
        }
        if let Some(b) = self.blocked.get_mut(&folder.name) {
            // the probe; others wait for what it finds
            b.until = Instant::now() + Duration::from_secs(30);
        }
        crate::engine::killpoint::here("after-try-recorded");
        let ticket = self.ticket(Ticket::Deliver(jobs.iter().map(|j| j.id.clone()).collect()));
        if self.executor.submit(ticket, step).is_err() {
            self.tickets.remove(&ticket);
            self.rest(&Error::new(ErrorKind::Io, "WORKER-CRASHED", "no worker can be started now"));
            return false;
        }
        for mut job in jobs {
            job.tries += 1;
            events::job_started(&job.id, &job.clip_name, &job.recipe_name, &job.folder, job.tries);
            job.state = JobState::Running;
            self.queue.put(job);
        }
        true
    }

    /// Takes what the executor says.
    pub fn executed(&mut self, event: ExecEvent) {
        let ExecEvent::Finished { ticket, result } = event else { return };
        if !result.sandbox.is_empty() && self.sandbox.is_none() {
            events::sandbox_layers(&result.sandbox);
            self.sandbox = Some(result.sandbox.clone());
        }
        match self.tickets.remove(&ticket) {
            Some((_, Ticket::Inspect(p))) => {
                let odd = |what| Err(Error::new(ErrorKind::Io, "INTERNAL", what));
                let outcome = match result.outcome {
                    StepOutcome::Inspected(doc) => Ok(*doc),
                    StepOutcome::Failed(e) => Err(e),
                    StepOutcome::Made(_) | StepOutcome::Rendered(_) | StepOutcome::Listed(_) => {
                        odd("an inspection made outputs")
                    }
                };
                self.inspected(*p, outcome);
            }
            Some((_, Ticket::Deliver(ids))) => self.delivered(&ids, result.outcome, result.millis),
            None => {}
        }
    }

    pub(super) fn job_made(&mut self, mut job: Job, outputs: Vec<MadeOutput>, millis: u64) {
        let id = job.id.clone();
        events::job_finished(&id, &job.clip_name, &job.recipe_name, &job.folder, &job.path, outputs.len(), millis);
        for o in &outputs {
            if let Some(kept) = &o.superseded {
                events::output_superseded(&id, &o.path, kept);
            }
        }
        self.batch.journal(JournalEntry::Done {
            job: id.clone(),
            clip: job.clip.clone(),
            recipe_name: job.recipe_name.clone(),
            output: job.output.clone(),
            outputs: outputs.clone(),
            ms: now_ms(),
        });
        let sources = self
            .queue
            .doc(&id)
            .map_or_else(Vec::new, |d| d.clip.files.iter().map(|f| (f.path.clone(), f.xxh128.clone())).collect());
        // where this job wrote, whatever the configuration says by now
        let dir = match self.config.folder(&job.folder) {
            Some(f) if f.output == job.output => f.receipts_dir(),
            _ => job.output.join(".rushes"),
        };
        let receipt = receipt(&job, &outputs, sources, &self.config.hash);
        self.receipts_due.push((dir, job.folder.clone(), receipt));
        job.state = JobState::Done { outputs };
        self.waits.remove(&id);
        self.unblock(&job.folder);
        self.keep_job(job);
    }

    pub(super) fn job_failed(&mut self, mut job: Job, e: Error) {
        if matches!(e.code.as_ref(), "FILE-CHANGED" | "FILE-VANISHED") {
            self.batch.journal(JournalEntry::Try { key: job.id.to_string(), n: 0 });
            self.drop_job(job);
            return;
        }
        if e.is_environment() {
            // not a try: also a restart must not count it
            job.tries = job.tries.saturating_sub(1);
            self.batch.journal(JournalEntry::Try { key: job.id.to_string(), n: job.tries });
            *self.waits.entry(job.id.clone()).or_default() += 1;
            self.block(&job.folder, &e);
        }
        let waits = self.waits.get(&job.id).copied().unwrap_or(0);
        let (id, name, recipe, folder) = (&job.id, &job.clip_name, &job.recipe_name, &job.folder);
        match after_failure(&e, job.tries, waits) {
            Next::Retry(ms) => {
                events::job_failed(id, name, recipe, folder, &job.path, &e.code, &e, job.tries);
                job.state = JobState::Waiting { until_ms: later(ms), error: e };
            }
            Next::Wait(ms) => {
                if waits == 1 {
                    events::job_waiting(id, name, recipe, folder, &e.code, &e);
                }
                job.state = JobState::Waiting { until_ms: later(ms), error: e };
            }
            Next::Cancelled => {
                // a shutdown: not a try, runs again with the next start
                job.tries = job.tries.saturating_sub(1);
                let _ = self.record_try(id.as_str(), job.tries);
                job.state = JobState::Queued;
            }
            Next::Quarantine | Next::Refuse => {
                events::job_quarantined(id, name, recipe, folder, &job.path, &e.code, &e);
                self.batch.journal(JournalEntry::JobQuarantined { job: id.clone(), error: e.clone(), ms: now_ms() });
                job.state = JobState::Quarantined { error: e };
            }
        }
        self.keep_job(job);
    }

    /// Unfinished and refused jobs of a clip that is no longer there.
    pub fn drop_jobs_of(&mut self, clip: &ClipRecord) {
        let is_moot = |j: &Job| !matches!(j.state, JobState::Done { .. } | JobState::Cancelled { .. });
        let mine: Vec<Job> = clip.jobs.iter().filter_map(|id| self.job(id)).filter(is_moot).collect();
        for j in mine {
            self.drop_job(j);
        }
    }

    /// Unfinished and refused jobs of a clip that is no longer at this place.
    pub fn drop_jobs_at(&mut self, clip: &ClipRecord, root: &str, dir: &Path) {
        let is_moot = |j: &Job| {
            j.folder == root
                && j.path.as_path().parent().unwrap_or(Path::new("")) == dir
                && !matches!(j.state, JobState::Done { .. } | JobState::Cancelled { .. })
        };
        for j in clip.jobs.iter().filter_map(|id| self.job(id)).filter(is_moot).collect::<Vec<_>>() {
            self.drop_job(j);
        }
    }

    pub fn drop_job(&mut self, mut job: Job) {
        events::job_cancelled(&job.id, &job.clip_name, &job.recipe_name, OURSELVES);
        self.stop_steps_of(&job.id);
        job.state = JobState::Cancelled { who: OURSELVES.into() };
        self.keep_job(job);
    }

    /// A job that was begun too often without an end is given up.
    pub fn give_up(&mut self, mut job: Job, begun: u32) {
        let error =
            Error::new(ErrorKind::Limit, "WORKER-CRASHED", "the work was begun three times and never came to an end")
                .fix("look at the log of those times, then `rushes retry`");
        events::job_quarantined(&job.id, &job.clip_name, &job.recipe_name, &job.folder, &job.path, &error.code, &error);
        job.tries = begun;
        job.state = JobState::Quarantined { error };
        self.keep_job(job);
    }

    /// Jobs that an earlier daemon left unfinished. A try that was begun and has no outcome counts.
    pub fn requeue_unfinished(&mut self) {
        for mut job in self.index.unfinished_jobs() {
            let begun = self.index.tries(job.id.as_str()).max(job.tries);
            if begun >= MOST_TRIES {
                self.give_up(job, begun);
                continue;
            }
            job.tries = begun;
            self.point(&mut job);
            if !matches!(job.state, JobState::Held { .. }) {
                job.state = JobState::Queued;
            }
            self.keep_job(job);
        }
    }
}

/// A rule that neither fired nor was false: said in the log and in the document.
fn say_silent(folder: &Folder, doc: &mut ClipDoc, rule: &str, verdict: Verdict) {
    let clip = doc.clip.name.clone();
    match verdict {
        Verdict::True | Verdict::False => {}
        Verdict::Unknown { field } => {
            events::rule_unknown(&folder.name, &clip, rule, &field);
            doc.warn("RULE-UNKNOWN-FIELD", format!("rule `{rule}` did not fire: {field} is unknown"));
        }
        Verdict::Failed { message } => {
            events::rule_failed(&folder.name, &clip, rule, &message);
            doc.warn("RULE-FAILED", format!("rule `{rule}` did not fire: {message}"));
        }
    }
}

/// True for what [`Core::refuse_job`] leaves.
pub(super) fn is_refusal(job: &Job) -> bool {
    job.outputs.is_empty() && matches!(job.state, JobState::Quarantined { .. })
}

/// True for a job that a new try would end like the last: with a look that the recipe no longer finds. The rules, which may
/// have been reloaded, are asked for another one.
pub(super) fn lost_its_look(job: &Job) -> bool {
    matches!(&job.state, JobState::Quarantined { error } if error.code == "LOOK-CHANGED")
}

fn new_job(id: JobId, folder: &Folder, clip: &ClipRecord, w: Wanted, outputs: Vec<PlannedOutput>) -> Job {
    Job {
        id,
        clip: clip.id.clone(),
        clip_name: clip.doc.clip.name.clone(),
        show: folder.show.clone(),
        folder: folder.name.clone(),
        path: clip.doc.clip.files.first().map(|f| f.path.clone()).unwrap_or_default(),
        rule: w.rule,
        recipe_name: w.name,
        recipe: w.recipe,
        output: folder.output.clone(),
        outputs,
        priority: w.priority,
        tries: 0,
        state: JobState::Queued,
        queued_ms: now_ms(),
    }
}

/// Folder and name of a place, as outputs are named after it.
pub(super) fn place_of(at: &Location) -> (&Path, &OsStr) {
    (at.dir.as_path(), at.stem.as_path().as_os_str())
}

fn later(ms: u64) -> i64 {
    now_ms().saturating_add(i64::try_from(ms).unwrap_or(30_000))
}
