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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::deliver::Recipe;
    use crate::model::{ClipId, Error, MediaPath};
    use proptest::prelude::*;

    fn job(n: u64, priority: Priority, queued_ms: i64, until_ms: i64, folder: &str) -> Job {
        let state = match until_ms {
            0 => JobState::Queued,
            until_ms => JobState::Waiting { until_ms, error: Error::malformed("x") },
        };
        Job {
            id: JobId(format!("{n:032x}")),
            clip: ClipId("c".into()),
            clip_name: "c".into(),
            show: "s".into(),
            folder: folder.into(),
            path: MediaPath::default(),
            rule: "r".into(),
            recipe_name: "sidecar".into(),
            recipe: Recipe::record(),
            output: std::path::PathBuf::new(),
            outputs: Vec::new(),
            priority,
            tries: 0,
            state,
            queued_ms,
        }
    }

    /// Takes jobs until none may start; gives their numbers.
    fn drain(jobs: &[Job], now: i64, may: &dyn Fn(&str) -> bool) -> Vec<u64> {
        let mut q = Queue::default();
        jobs.iter().for_each(|j| q.put(j.clone()));
        let mut order = Vec::new();
        while let Some(id) = q.next(now, true, may) {
            order.push(u64::from_str_radix(id.as_str(), 16).unwrap());
            let running = Job { state: JobState::Running, ..q.get(&id).unwrap().clone() };
            q.put(running);
        }
        order
    }

    #[test]
    fn priority_then_age() {
        use Priority::{Idle, Normal, Urgent};
        let all = [
            job(1, Idle, 0, 0, "a"),
            job(2, Normal, 50, 0, "a"),
            job(3, Normal, 40, 0, "b"),
            job(4, Urgent, 90, 0, "a"),
            job(5, Urgent, 10, 2000, "a"),
            job(6, Urgent, 10, 0, "gone"),
        ];
        assert_eq!(drain(&all, 1000, &|f| f != "gone"), [4, 3, 2, 1]);
        assert_eq!(drain(&all, 2000, &|f| f != "gone"), [5, 4, 3, 2, 1]);
        assert_eq!(drain(&all, 1000, &|f| f == "b"), [3]);
    }

    #[test]
    fn what_has_no_document_waits_until_it_may_be_read() {
        let mut q = Queue::default();
        q.put(job(1, Priority::Urgent, 0, 0, "a"));
        let second = job(2, Priority::Normal, 0, 0, "a");
        q.put(second.clone());
        q.keep_doc(&second.id, ClipDoc::new("c", crate::model::ClipUnit::File));
        assert_eq!(q.next(0, false, &|_| true), Some(second.id));
        assert_ne!(q.next(0, true, &|_| true), None);
    }

    proptest! {
        #[test]
        fn nothing_is_lost_or_doubled(jobs in proptest::collection::vec((0u8..5, 0i64..5, 0i64..3, 0u8..3), 0..40)) {
            let levels = [Priority::Urgent, Priority::High, Priority::Normal, Priority::Low, Priority::Idle];
            let all: Vec<Job> = jobs.iter().enumerate().map(|(i, (p, q, n, f))| {
                job(i as u64, levels[usize::from(*p)], *q, *n, &f.to_string())
            }).collect();
            let mut order = drain(&all, 3, &|_| true);
            order.sort_unstable();
            prop_assert_eq!(order, (0..all.len() as u64).collect::<Vec<_>>());
        }
    }
}
