//! `run --once`: when is everything done, and what went wrong.

use crate::daemon::core::Core;
use crate::daemon::{Ending, ProgressNow};
use crate::job::{Job, JobState};
use crate::watch::Health;
use std::time::{Duration, Instant};

/// What a run with `--once` waits for.
pub(super) struct Once {
    /// When it gives up on what still arrives.
    pub deadline: Instant,
    /// Since when nothing was left to do.
    pub quiet_since: Option<Instant>,
    /// When progress was last shown.
    pub shown: Instant,
}

fn is_reachable(h: &Health) -> bool {
    !matches!(h, Health::Unavailable(_) | Health::Hung(_))
}

/// Nothing may appear for this long before the run is over: events under way still count.
const CALM: Duration = Duration::from_millis(400);

impl Core {
    /// The ending of a run with `--once`, when it is over.
    pub fn once_ended(&mut self) -> Option<Ending> {
        self.show_progress(false);
        let hashing = self.folders.iter().any(|(n, f)| self.is_reachable(n) && f.in_flight() > 0);
        let heard = self.watch.iter().any(|(n, w)| self.is_reachable(n) && !w.is_empty());
        let busy = !self.tickets.is_empty() || hashing || heard;
        let is_env = |j: &Job| matches!(&j.state, JobState::Waiting { error, .. } if error.is_environment());
        let to_run = |j: &&Job| !matches!(j.state, JobState::Held { .. });
        // what can run is run; what cannot is waited for until the deadline
        let runnable = self.queue.all().filter(to_run).any(|j| self.may_deliver(&j.folder) && !is_env(j));
        let blocked = self.queue.to_run() > 0 || self.sides.values().any(|s| !s.is_idle());
        let looking = self.survey.is_some() && self.survey_metadata;
        let readable =
            looking || !self.reconsider_due.is_empty() || self.pending.iter().any(|p| self.is_reachable(&p.unit.root));
        let arriving = self.folders.values().any(|f| f.idle() != Some(true) && is_reachable(&f.status().health));
        let waiting = blocked || arriving || !self.pending.is_empty();
        let once = self.once.as_mut()?;
        let late = Instant::now() > once.deadline;
        if busy || runnable || readable || (waiting && !late) {
            once.quiet_since = None;
            return None;
        }
        let since = *once.quiet_since.get_or_insert_with(Instant::now);
        if since.elapsed() < CALM && !late {
            return None;
        }
        self.show_progress(true);
        let trouble = self.trouble();
        Some(if trouble.is_empty() { Ending::Clean } else { Ending::Trouble(trouble) })
    }

    fn show_progress(&mut self, finished: bool) {
        let Some(show) = self.options.progress else { return };
        let Some(once) = self.once.as_mut() else { return };
        if !finished && once.shown.elapsed() < Duration::from_millis(200) {
            return;
        }
        once.shown = Instant::now();
        let counts = self.index.counts();
        let arriving = self.folders.values().map(|f| f.status().waiting_total).sum::<usize>() + self.pending.len();
        let done = usize::try_from(counts.jobs_done).unwrap_or(usize::MAX);
        let stopped = usize::try_from(counts.jobs_quarantined).unwrap_or(usize::MAX);
        let now = ProgressNow {
            arriving,
            clips: usize::try_from(counts.clips).unwrap_or(usize::MAX),
            done,
            jobs: done + self.queue.to_run() + stopped,
            stopped,
            finished,
        };
        show(&now);
    }

    /// Everything that is not as it should be, one line each.
    fn trouble(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for q in self.index.quarantine() {
            // most errors name the file themselves, or the frame of the sequence
            let path = if q.error.place.path.is_some() { String::new() } else { format!("{}: ", q.path) };
            lines.push(format!("{}: {path}{}", q.root, q.error));
        }
        let is_trouble = |j: &Job| !matches!(j.state, JobState::Done { .. } | JobState::Cancelled { .. });
        let mut jobs: Vec<Job> = self.index.every_job().filter(is_trouble).collect();
        jobs.sort_by(|a, b| (&a.folder, &a.path, &a.recipe_name).cmp(&(&b.folder, &b.path, &b.recipe_name)));
        for j in jobs {
            match &j.state {
                JobState::Queued | JobState::Running => {
                    lines.push(format!(
                        "{}: {} of {} was not begun: its folder cannot be used",
                        j.folder, j.recipe_name, j.path
                    ));
                }
                JobState::Quarantined { error } | JobState::Waiting { error, .. } => {
                    lines.push(format!("{}: {} of {}: {error}", j.folder, j.recipe_name, j.path));
                }
                JobState::Held { codes } => {
                    lines.push(format!(
                        "{}: {} of {} is held by {}; `rushes waive` lets it pass",
                        j.folder,
                        j.recipe_name,
                        j.path,
                        codes.join(", ")
                    ));
                }
                _ => {}
            }
        }
        for (name, f) in &self.folders {
            let s = f.status();
            if is_reachable(&s.health) && !self.is_reachable(name) {
                lines.push(format!("{name}: its output does not answer"));
            }
            if !is_reachable(&s.health) {
                lines.push(format!("{name}: {} is not reachable: {}", s.path.display(), s.why));
            }
            for (path, why) in &s.waiting {
                lines.push(format!("{name}: {path} is still arriving: {why}"));
            }
            if s.waiting_total > s.waiting.len() {
                lines.push(format!("{name}: {} more files are still arriving", s.waiting_total - s.waiting.len()));
            }
        }
        lines
    }
}
