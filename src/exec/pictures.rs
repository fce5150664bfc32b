//! A picture job: its frame ranges as worker processes, then what must be put together, then publishing. A worker that
//! dies costs its range, which is tried again; the others stay.

use super::local::{Runner, StepRun};
use crate::engine::deliver::{
    Claim, FrameCounts, JobFile, MadeOutput, Part, Recipe, Rendered, Stage, StagedFile, StepKind, StepOutcome,
    StepResult, Workspace, frame_numbers, frames_within, needed_frames, publish,
};
use crate::engine::video::stands_alone;
use crate::model::{ClipDoc, ClipUnit, Error, ErrorKind};
use crate::telemetry::events;
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

/// Frames of one range, at most: what a dead worker costs, and what a movie's segment holds.
pub const RANGE: usize = 96;
/// The same of a movie whose frames need those before them: each range decodes from the movie's beginning.
const LONG_RANGE: usize = 1920;
/// Times that one range is begun.
const RANGE_TRIES: u32 = 3;

/// What came of a range: its numbers, for the order, and what it left.
type Ended = (i64, Rendered);

/// Makes everything of a picture job in `stage` and publishes it. `room` is asked for a further worker beside the first.
pub(super) fn run(
    runner: &Runner<'_>,
    job: &JobFile,
    space: &Workspace,
    stage: &Stage,
    room: &(dyn Fn() -> Option<Box<dyn Send>> + Sync),
) -> Result<StepResult, Error> {
    let ranges = ranges(job)?;
    prepare(stage, job)?;
    let work = Mutex::new(Work { todo: ranges.into(), done: Vec::new(), failed: None, last: None });
    let one = |work: &Mutex<Work>| {
        let Some(range) = take(work) else { return false };
        let outcome = run_range(runner, job, stage, range);
        let mut w = work.lock().unwrap_or_else(PoisonError::into_inner);
        match outcome {
            Ok((rendered, result)) => {
                w.done.push((range.0, rendered));
                w.last = Some(result);
            }
            Err(e) => {
                w.failed.get_or_insert(e);
            }
        }
        true
    };
    std::thread::scope(|scope| {
        loop {
            // this job's own place, and as many more as are free now; each is given back after its range
            while remaining(&work) > 1 {
                let Some(place) = room() else { break };
                let (work, one) = (&work, &one);
                scope.spawn(move || {
                    let _place = place;
                    one(work);
                });
                std::thread::yield_now();
                if remaining(work) <= 1 {
                    break;
                }
            }
            if !one(&work) {
                break;
            }
        }
    });
    let work = work.into_inner().unwrap_or_else(PoisonError::into_inner);
    if let Some(e) = work.failed {
        return Err(e);
    }
    let mut last = work.last.ok_or_else(|| Error::new(ErrorKind::Malformed, "JOB-INVALID", "the job has no frames"))?;
    let mut all = merge(job, work.done);
    let stats = all.stats;
    if job.parts().iter().any(|p| needs_finish(p.recipe)) {
        let (finish, result) = run_step(runner, &sub_job(job, StepKind::Finish, None), stage)?;
        last = result;
        all.files.extend(finish.files);
    }
    last.stats = stats;
    last.outcome = StepOutcome::Made(published(job, space, stage, all)?);
    Ok(last)
}

struct Work {
    todo: VecDeque<(i64, i64)>,
    done: Vec<Ended>,
    failed: Option<Error>,
    last: Option<StepResult>,
}

fn take(work: &Mutex<Work>) -> Option<(i64, i64)> {
    let mut w = work.lock().unwrap_or_else(PoisonError::into_inner);
    if w.failed.is_some() { None } else { w.todo.pop_front() }
}

fn remaining(work: &Mutex<Work>) -> usize {
    let w = work.lock().unwrap_or_else(PoisonError::into_inner);
    if w.failed.is_some() { 0 } else { w.todo.len() }
}

/// Whether something is put together after the ranges.
fn needs_finish(recipe: &Recipe) -> bool {
    matches!(recipe, Recipe::ContactSheet(_) | Recipe::Proxy(_))
}

/// The frames of the job, in order.
///
/// # Errors
/// `FIELD-ABSENT` when the number of frames is not known, `FRAMES-OUTSIDE` when none of the frames asked for exists.
fn wanted_frames(job: &JobFile) -> Result<Vec<i64>, Error> {
    let clip = job.clip.as_ref().ok_or_else(|| Error::new(ErrorKind::Malformed, "JOB-INVALID", "there is no clip"))?;
    let wanted = frames_within(clip, job.frames)?;
    if wanted.is_empty() {
        let what = "none of the frames that were asked for is in the clip";
        return Err(Error::new(ErrorKind::Malformed, "FRAMES-OUTSIDE", what));
    }
    Ok(wanted)
}

/// First and last frame number of each range: together they hold every frame that a recipe needs, and none spans more
/// than [`RANGE`] frames, or [`LONG_RANGE`].
fn ranges(job: &JobFile) -> Result<Vec<(i64, i64)>, Error> {
    let needed = needed_frames(job, &wanted_frames(job)?);
    let mut out: Vec<(i64, i64)> = Vec::new();
    let most = i64::try_from(job.clip.as_deref().map_or(RANGE, longest)).unwrap_or(i64::MAX);
    for n in needed {
        match out.last_mut() {
            Some((first, last)) if n - *first < most => *last = n,
            _ => out.push((n, n)),
        }
    }
    Ok(out)
}

/// Frames of a range, at most: many where a decoder has to begin at the first frame of the file. So it does in every MXF file,
/// whatever the codec, to count them.
fn longest(clip: &ClipDoc) -> usize {
    let stands = clip.format.id != "mxf" && clip.format.codec.as_deref().is_none_or(stands_alone);
    if clip.clip.unit == ClipUnit::Sequence || stands { RANGE } else { LONG_RANGE }
}

/// The folders that workers write into: they may not make any themselves.
fn prepare(stage: &Stage, job: &JobFile) -> Result<(), Error> {
    stage.make_folder("parts")?;
    for (n, o) in job.all_outputs().enumerate() {
        if o.is_folder() {
            stage.make_folder(&n.to_string())?;
        }
    }
    Ok(())
}

/// A step of the job: everything but the files that other ranges read.
fn sub_job(job: &JobFile, step: StepKind, frames: Option<(i64, i64)>) -> JobFile {
    let whole = wanted_frames(job).ok().and_then(|n| Some((*n.first()?, *n.last()?)));
    let mut sub = JobFile { step, frames: frames.or(job.frames), whole, result: None, ..job.clone() };
    if let Some(clip) = &mut sub.clip {
        // a range knows its files by its inputs: a long clip's list in every job file would cost the square of its length
        clip.clip.files.truncate(1);
    }
    let is_sequence = job.clip.as_ref().is_some_and(|c| c.clip.unit == ClipUnit::Sequence);
    if let (true, Some((a, b)), Some(numbers)) =
        (is_sequence, frames, job.clip.as_ref().and_then(|c| frame_numbers(c).ok()))
    {
        let here = job.inputs.iter().zip(&numbers).filter(|(_, n)| (a..=b).contains(*n));
        sub.inputs = here.map(|(i, _)| i.clone()).collect();
    } else if is_sequence {
        sub.inputs.truncate(1);
    }
    sub
}

fn run_range(
    runner: &Runner<'_>,
    job: &JobFile,
    stage: &Stage,
    range: (i64, i64),
) -> Result<(Rendered, StepResult), Error> {
    let sub = sub_job(job, StepKind::Frames, Some(range));
    let mut tries = 0;
    loop {
        tries += 1;
        match run_step(runner, &sub, stage) {
            Err(e) if e.code == "WORKER-CRASHED" && tries < RANGE_TRIES && !runner.is_cancelled() => {
                events::range_again(&job.id, &job.name, range.0, range.1, &e.code, &e);
            }
            other => return other,
        }
    }
}

fn run_step(runner: &Runner<'_>, sub: &JobFile, stage: &Stage) -> Result<(Rendered, StepResult), Error> {
    match runner.run(&StepRun { job: sub, stage: Some(stage) })? {
        StepResult { outcome: StepOutcome::Failed(e), .. } => Err(e),
        StepResult { outcome: StepOutcome::Rendered(r), schema, id, version, millis, stats, sandbox } => {
            let outcome = StepOutcome::Made(Vec::new());
            Ok((*r, StepResult { schema, id, outcome, version, millis, stats, sandbox }))
        }
        _ => Err(Error::new(ErrorKind::Io, "INTERNAL", "a range answered with something else")),
    }
}

/// The ranges' files in order, their counts together, the first account of each output.
fn merge(job: &JobFile, mut done: Vec<Ended>) -> Rendered {
    done.sort_by_key(|(first, _)| *first);
    let outputs = job.all_outputs().count();
    let mut all = Rendered {
        accounts: vec![None; outputs],
        counts: vec![FrameCounts::default(); outputs],
        ..Rendered::default()
    };
    for (_, r) in done {
        all.files.extend(r.files);
        for (into, from) in all.accounts.iter_mut().zip(r.accounts) {
            match (into.as_mut(), from) {
                (None, from) => *into = from,
                (Some(a), Some(b)) => {
                    a.source.frames.1 = a.source.frames.1.max(b.source.frames.1);
                    for w in b.warnings {
                        if !a.warnings.contains(&w) {
                            a.warnings.push(w);
                        }
                    }
                }
                (Some(_), None) => {}
            }
        }
        all.counts.iter_mut().zip(r.counts).for_each(|(into, from)| into.merge(from));
        if let Some(s) = r.stats {
            all.stats.get_or_insert_default().merge(s);
        }
    }
    all
}

fn published(job: &JobFile, space: &Workspace, stage: &Stage, all: Rendered) -> Result<Vec<MadeOutput>, Error> {
    let mut claims = Vec::new();
    let planned: Vec<_> = job.all_outputs().collect();
    for (n, o) in planned.iter().enumerate() {
        let mine: Vec<StagedFile> = all.files.iter().filter(|f| f.output == n).cloned().collect();
        claims.push(match (o.is_folder(), mine.as_slice()) {
            (true, _) => Claim::Folder(mine),
            (false, [one]) => Claim::File { size: one.size, xxh128: one.xxh128.clone() },
            (false, _) => {
                let what = format!("the workers made {} files of one output", mine.len());
                return Err(Error::new(ErrorKind::Io, "OUTPUT-FAILED", what));
            }
        });
    }
    let mut made = publish(space, stage, job, &claims)?;
    let accounts = all.accounts.into_iter().zip(all.counts);
    for (m, (account, counts)) in made.iter_mut().zip(accounts) {
        m.account = account.map(|mut a| {
            a.counts = Some(counts);
            Box::new(a)
        });
    }
    Ok(made)
}

/// How many steps a job takes, for its time limit.
pub(super) fn steps_of(job: &JobFile) -> u64 {
    let picture = job.parts().first().is_some_and(|p: &Part<'_>| p.recipe.is_picture());
    if !picture {
        return 1;
    }
    ranges(job).map_or(1, |r| u64::try_from(r.len()).unwrap_or(u64::MAX).saturating_add(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_long_where_decoding_begins_at_the_first_frame() {
        let clip = |id: &str, codec: &str, unit: ClipUnit| {
            let mut doc = ClipDoc::new("A001C001", unit);
            doc.format.id = id.into();
            doc.format.codec = Some(codec.into());
            longest(&doc)
        };
        assert_eq!(clip("mov", "ProRes 422 HQ", ClipUnit::File), RANGE);
        assert_eq!(clip("dpx", "RGB", ClipUnit::Sequence), RANGE);
        assert_eq!(clip("mov", "H.264", ClipUnit::File), LONG_RANGE);
        assert_eq!(clip("mxf", "DNxHD", ClipUnit::File), LONG_RANGE);
    }
}
