//! The jobs that are not finished, in the order in which they are to run, and the documents they need.

use crate::job::{Job, JobState, Priority, is_final};
use crate::model::{ClipDoc, JobId};
use std::collections::{BTreeSet, HashMap, VecDeque};

/// Documents kept in memory; a job whose document fell out has its clip read again.
pub(super) const MOST_DOCS: usize = 256;
/// How long a job that waits for its document is left alone, milliseconds.
const PARKED_MS: i64 = 60_000;

/// See the module.
#[derive(Default)]
pub(super) struct Queue {
    jobs: HashMap<JobId, Job>,
    ready: BTreeSet<(Priority, i64, JobId)>,
    docs: HashMap<JobId, ClipDoc>,
    age: VecDeque<JobId>,
    parked: HashMap<JobId, i64>,
}

impl Queue {
    /// Adds or replaces a job; a finished one leaves.
    pub fn put(&mut self, job: Job) {
        if let Some(old) = self.jobs.get(&job.id) {
            self.ready.remove(&(old.priority, old.queued_ms, old.id.clone()));
        }
        if matches!(job.state, JobState::Queued | JobState::Waiting { .. }) {
            self.ready.insert((job.priority, job.queued_ms, job.id.clone()));
        }
        if is_final(&job.state) {
            self.jobs.remove(&job.id);
            self.docs.remove(&job.id);
            self.parked.remove(&job.id);
        } else {
            self.jobs.insert(job.id.clone(), job);
        }
    }

    /// An unfinished job.
    pub fn get(&self, id: &JobId) -> Option<&Job> {
        self.jobs.get(id)
    }

    /// All unfinished jobs.
    pub fn all(&self) -> impl Iterator<Item = &Job> {
        self.jobs.values()
    }

    /// The next job that may start now, of a folder that `may` allows: by priority, then by age. `may_read`: also one whose
    /// document is not in memory.
    pub fn next(&self, now: i64, may_read: bool, may: &dyn Fn(&str) -> bool) -> Option<JobId> {
        self.ready
            .iter()
            .filter_map(|(_, _, id)| self.jobs.get(id))
            .find(|j| {
                may(&j.folder)
                    && !matches!(j.state, JobState::Waiting { until_ms, .. } if until_ms > now)
                    && (may_read || self.docs.contains_key(&j.id))
                    && self.parked.get(&j.id).is_none_or(|until| *until <= now)
            })
            .map(|j| j.id.clone())
    }

    /// Number of jobs that will still run by themselves.
    pub fn to_run(&self) -> usize {
        self.jobs.values().filter(|j| !matches!(j.state, JobState::Held { .. })).count()
    }

    /// Keeps the document of a job that is to run.
    pub fn keep_doc(&mut self, id: &JobId, doc: ClipDoc) {
        self.parked.remove(id);
        if self.docs.insert(id.clone(), doc).is_none() {
            self.age.push_back(id.clone());
        }
        while self.docs.len() > MOST_DOCS {
            match self.age.pop_front() {
                Some(old) => drop(self.docs.remove(&old)),
                None => break,
            }
        }
        if self.age.len() > 4 * MOST_DOCS {
            self.age.retain(|id| self.docs.contains_key(id));
        }
    }

    /// The document of a job, if it is still in memory.
    pub fn doc(&self, id: &JobId) -> Option<ClipDoc> {
        self.docs.get(id).cloned()
    }

    /// Documents in memory.
    pub fn docs(&self) -> usize {
        self.docs.len()
    }

    /// Leaves a job alone while its clip is read again.
    pub fn park(&mut self, id: &JobId, now: i64) {
        self.parked.insert(id.clone(), now + PARKED_MS);
    }
}
