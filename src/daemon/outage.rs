//! What cannot be worked in for now: folders that are away, outputs that refuse, a system that has nothing to give.

use crate::daemon::core::{Blocked, Core};
use crate::job::{Job, JobState, wait_ms};
use crate::model::Error;
use crate::telemetry::events;
use std::time::{Duration, Instant};

impl Core {
    /// False while a folder or its output hangs or is away: its jobs wait, those of others go on.
    pub fn is_reachable(&self, folder: &str) -> bool {
        self.reachable.get(folder).copied().unwrap_or(false)
    }

    /// Whether jobs of a folder may start: it is reachable, and its output did not just refuse.
    pub fn may_deliver(&self, folder: &str) -> bool {
        self.is_reachable(folder) && self.blocked.get(folder).is_none_or(|b| b.until <= Instant::now())
    }

    /// The output of a folder refuses: one job at a time finds out whether that has passed.
    pub fn block(&mut self, folder: &str, e: &Error) {
        if matches!(e.code.as_ref(), "OUTPUT-NO-SPACE" | "OUTPUT-FAILED" | "ROOT-UNAVAILABLE" | "WORKER-LOST") {
            let b = self.blocked.entry(folder.to_owned()).or_insert(Blocked { waits: 0, until: Instant::now() });
            b.waits = b.waits.saturating_add(1);
            b.until = Instant::now() + Duration::from_millis(wait_ms(b.waits));
        }
    }

    /// The output of a folder works again: what waits for it need not wait longer.
    pub fn unblock(&mut self, folder: &str) {
        if self.blocked.remove(folder).is_none() {
            return;
        }
        let is_waiting = |j: &&Job| {
            j.folder == folder && matches!(&j.state, JobState::Waiting { error, .. } if error.is_environment())
        };
        for mut job in self.queue.all().filter(is_waiting).cloned().collect::<Vec<_>>() {
            job.state = JobState::Queued;
            self.keep_job(job);
        }
    }

    /// Nothing more is started for a moment, because the system refuses.
    pub fn rest(&mut self, e: &Error) {
        if self.rest_until.is_none_or(|t| t + Duration::from_secs(60) < Instant::now()) {
            events::state_failed(self.config.service.state_dir.display(), &e.code, e);
        }
        self.rest_until = Some(Instant::now() + Duration::from_secs(1));
    }

    pub fn is_resting(&self) -> bool {
        self.rest_until.is_some_and(|t| t > Instant::now())
    }

    /// An unfinished job follows its folder's configuration.
    pub fn point(&self, job: &mut Job) {
        if let Some(f) = self.config.folder(&job.folder) {
            job.output.clone_from(&f.output);
        }
    }

    /// After a reload: unfinished jobs go where their folder's outputs go now.
    pub fn point_jobs(&mut self) {
        for old in self.queue.all().cloned().collect::<Vec<_>>() {
            let mut job = old.clone();
            self.point(&mut job);
            // what runs writes where it was told to
            if job.output != old.output && old.state != JobState::Running {
                self.keep_job(job);
            }
        }
    }
}
