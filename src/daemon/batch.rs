//! One step for several jobs: the picture deliverables of a clip share one pass over its frames.

use crate::config::Folder;
use crate::daemon::accept::inputs_of;
use crate::daemon::core::Core;
use crate::daemon::orders::context_of;
use crate::engine::deliver::{Companion, JobFile, StepKind, StepOutcome};
use crate::job::{Job, JobState};
use crate::model::{ClipDoc, Error, ErrorKind, JobId};
use crate::telemetry::events;

/// Jobs that share one pass, at most.
const MOST_TOGETHER: usize = 16;

impl Core {
    /// The other picture jobs of the same clip that may be made in the same pass: fresh ones alone, so that a job which
    /// failed once fails or succeeds by itself.
    pub(super) fn companions_of(&self, job: Option<&Job>) -> Vec<Job> {
        let Some(job) = job.filter(|j| j.recipe.is_picture() && j.tries == 0) else { return Vec::new() };
        let fits = |o: &&Job| {
            o.id != job.id
                && o.clip == job.clip
                && o.folder == job.folder
                && o.path == job.path
                && o.output == job.output
                && o.recipe.is_picture()
                && o.recipe.source_range() == job.recipe.source_range()
                && o.tries == 0
                && o.state == JobState::Queued
        };
        let mut others: Vec<Job> = self.queue.all().filter(fits).cloned().collect();
        others.sort_by(|a, b| (a.priority, a.queued_ms, &a.id).cmp(&(b.priority, b.queued_ms, &b.id)));
        others.truncate(MOST_TOGETHER - 1);
        others
    }

    /// The step that makes all of `jobs`, the first of which is the main one.
    ///
    /// # Errors
    /// `FILE-VANISHED` when the files of a picture job are not where they were.
    pub(super) fn step_of(&self, jobs: &[Job], folder: &Folder, doc: ClipDoc) -> Result<JobFile, Error> {
        let gone = || Error::new(ErrorKind::Io, "FILE-VANISHED", "the clip is not where it was");
        let (job, others) = jobs.split_first().ok_or_else(gone)?;
        let mut step = JobFile::new(job.id.as_str(), StepKind::Deliver, job.clip_name.clone(), doc.clip.unit);
        step.recipe = Some(job.recipe.clone());
        step.context = context_of(folder, &doc, &job.recipe, &job.rule);
        step.output = Some(job.output.clone());
        step.outputs = job.outputs.clone();
        step.mode = folder.mode;
        step.gid = folder.gid;
        step.limits = folder.limits;
        if job.recipe.is_picture() {
            step.limits = folder.picture_limits;
            step.limits.threads = self.threads_of_one();
            step.ffmpeg.clone_from(&self.config.engine.ffmpeg);
            let unit = self.unit_for(job).ok_or_else(gone)?;
            step.inputs = inputs_of(&unit, folder);
        }
        step.with = others
            .iter()
            .map(|o| Companion {
                id: o.id.to_string(),
                recipe: o.recipe.clone(),
                outputs: o.outputs.clone(),
                context: context_of(folder, &doc, &o.recipe, &o.rule),
            })
            .collect();
        step.clip = Some(Box::new(doc));
        Ok(step)
    }

    /// Threads of one worker: the cores are shared between the places for workers.
    fn threads_of_one(&self) -> u32 {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        u32::try_from((cores / self.executor.capacity().max(1)).clamp(1, 1024)).unwrap_or(1)
    }

    /// Takes what came of a step of jobs.
    pub(super) fn delivered(&mut self, ids: &[JobId], outcome: StepOutcome, millis: u64) {
        match outcome {
            StepOutcome::Made(outputs) => {
                let mut rest = outputs.into_iter();
                for id in ids {
                    // a job that was dropped meanwhile still takes its share
                    let planned = self.job(id).map_or(0, |j| j.outputs.len());
                    let own: Vec<_> = rest.by_ref().take(planned).collect();
                    if let Some(job) = self.queue.get(id).cloned() {
                        self.job_made(job, own, millis);
                    }
                }
            }
            StepOutcome::Failed(e) => {
                for id in ids {
                    let Some(job) = self.queue.get(id).cloned() else { continue };
                    let alone = ids.len() == 1 || e.is_environment() || e.code == "JOB-CANCELLED";
                    if alone || matches!(e.code.as_ref(), "FILE-CHANGED" | "FILE-VANISHED") {
                        self.job_failed(job, e.clone());
                    } else {
                        // which of them is at fault shows when each is made by itself
                        let (name, recipe) = (&job.clip_name, &job.recipe_name);
                        events::job_failed(id, name, recipe, &job.folder, &job.path, &e.code, &e, job.tries);
                        self.keep_job(Job { state: JobState::Queued, ..job });
                    }
                }
            }
            StepOutcome::Inspected(_) | StepOutcome::Rendered(_) | StepOutcome::Listed(_) => {
                for job in ids.iter().filter_map(|id| self.queue.get(id).cloned()).collect::<Vec<_>>() {
                    self.job_failed(job, Error::new(ErrorKind::Io, "INTERNAL", "a delivery made no outputs"));
                }
            }
        }
    }
}
