//! The inner worker: opens its inputs, locks itself in for good, works, says what came of it on standard output.

use crate::engine::deliver::{
    JobFile, OpenInput, RESULT_SCHEMA, StepKind, StepOutcome, StepResult, list, open_beside, open_inputs, prepare, work,
};
use crate::engine::process::{LockReport, lock_in};
use crate::exec::job_file;
use crate::model::{Error, ErrorKind};
use rustix::fs::{Mode, OFlags};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::io::Write;
use std::os::fd::{AsFd, OwnedFd};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// The variable in which the parent tells its process id, so that a worker whose parent died early ends at once.
pub(super) const PARENT: &str = "RUSHES_WORKER_PARENT";
/// In place of a staging folder for steps that make no output.
pub const NO_STAGING: &str = "-";
/// In place of a staging folder for a file of many inspections.
pub const MANY: &str = "+";
/// After this long the parent sees what rows there are.
const SHOWN_AFTER: Duration = Duration::from_secs(1);
/// Descriptors that a worker needs beside its inputs.
const SPARE_FILES: u64 = 24;

/// Runs one step in this process and writes its `rushes.result/1` to standard output. Call it first thing in `main`,
/// from a process with one thread. `staging` is an empty folder, [`NO_STAGING`], or [`MANY`].
///
/// The exit code is 0 whenever a result was written, whatever the result says.
#[must_use]
pub fn main(job_path: &Path, staging: &Path) -> ExitCode {
    if staging == Path::new(MANY) {
        return super::many::main(job_path);
    }
    let begin = Instant::now();
    // Outputs get exactly the mode that the job asks for.
    rustix::process::umask(Mode::empty());
    let job = match job_file::read(job_path) {
        Ok(job) => job,
        Err(e) => return fail(&e),
    };
    let (outcome, lock) = match set_up(&job, staging) {
        Ok((dir, most)) => step(&job, dir, most),
        Err(e) => (StepOutcome::Failed(e), None),
    };
    let result = StepResult {
        millis: u64::try_from(begin.elapsed().as_millis()).unwrap_or(u64::MAX),
        sandbox: lock.map(|l| l.to_string()).unwrap_or_default(),
        ..result_of(&job, outcome)
    };
    let text = match serde_json::to_vec(&result) {
        Ok(t) => t,
        Err(e) => return fail(&Error::new(ErrorKind::Io, "INTERNAL", format!("the result cannot be written: {e}"))),
    };
    let mut out = std::io::stdout().lock();
    match out.write_all(&text).and_then(|()| out.flush()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => fail(&Error::io("WORKER-CRASHED", "hand over the result", &e)),
    }
}

/// The result of a step, without its time and its walls.
pub(super) fn result_of(job: &JobFile, outcome: StepOutcome) -> StepResult {
    StepResult {
        schema: RESULT_SCHEMA.into(),
        id: job.id.clone(),
        outcome,
        version: env!("CARGO_PKG_VERSION").into(),
        stats: None,
        millis: 0,
        sandbox: String::new(),
    }
}

pub(super) fn fail(e: &Error) -> ExitCode {
    // Nobody to tell if even standard error is gone.
    let _ = writeln!(std::io::stderr(), "{e}");
    ExitCode::FAILURE
}

/// Opens staging and raises the number of files to what the job may use.
fn set_up(job: &JobFile, staging: &Path) -> Result<(Option<OwnedFd>, usize), Error> {
    let now = getrlimit(Resource::Nofile);
    let wanted = now.maximum.map_or(job.limits.open_files, |hard| hard.min(job.limits.open_files));
    if now.current.is_some_and(|soft| soft < wanted) {
        // Refused: then fewer frames of a sequence are looked at.
        let _ = setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum: now.maximum });
    }
    let files = getrlimit(Resource::Nofile).current.map_or(wanted, |soft| soft.min(wanted));
    let most = usize::try_from(files.saturating_sub(SPARE_FILES).max(2)).unwrap_or(usize::MAX);
    if staging == Path::new(NO_STAGING) {
        return Ok((None, most));
    }
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let dir = rustix::fs::open(staging, flags, Mode::empty())
        .map_err(|e| Error::io("OUTPUT-FAILED", "open the staging folder", &e.into()).at(staging))?;
    Ok((Some(dir), most))
}

fn step(job: &JobFile, staging: Option<OwnedFd>, most: usize) -> (StepOutcome, Option<LockReport>) {
    let inputs = match open_inputs(job, most) {
        Ok(i) => i,
        Err(e) => return (StepOutcome::Failed(e), None),
    };
    let beside = open_beside(job);
    let staging = staging.as_ref().map(AsFd::as_fd);
    let prepared = match prepare(job, &inputs, staging) {
        Ok(p) => p,
        Err(e) => return (StepOutcome::Failed(e), None),
    };
    let parent = std::env::var(PARENT).ok().and_then(|p| p.parse().ok());
    let report = match lock_in(staging, &job.limits, parent) {
        Ok(r) => r,
        Err(e) => return (StepOutcome::Failed(e), None),
    };
    // After the lock, so that its threads are locked in too. A pool that is there already has done no harm before it.
    let threads = usize::try_from(job.limits.threads).unwrap_or(1);
    let _ = rayon::ThreadPoolBuilder::new().num_threads(threads).build_global();
    // The panic's own message goes to standard error, which the parent keeps.
    let act = || match job.step {
        StepKind::Rows => rows(job, &inputs),
        _ => work(job, &inputs, &beside, staging, prepared),
    };
    let outcome = catch_unwind(AssertUnwindSafe(act)).unwrap_or_else(|_| {
        let what = "rushes itself has a fault that this file brings out; please report it";
        StepOutcome::Failed(Error::new(ErrorKind::Io, "WORKER-CRASHED", what))
    });
    (outcome, Some(report))
}

/// Writes lines to standard output as they come; the result follows them.
fn rows(job: &JobFile, inputs: &[OpenInput<'_>]) -> StepOutcome {
    let mut out = std::io::BufWriter::with_capacity(64 << 10, std::io::stdout().lock());
    let mut shown = Instant::now();
    let failed = |e: &std::io::Error| Error::io("WORKER-CRASHED", "hand over a row", e);
    let outcome = list(job, inputs, &mut |line| {
        serde_json::to_writer(&mut out, line).map_err(|e| failed(&e.into()))?;
        out.write_all(b"\n").map_err(|e| failed(&e))?;
        if shown.elapsed() >= SHOWN_AFTER {
            out.flush().map_err(|e| failed(&e))?;
            shown = Instant::now();
        }
        Ok(())
    });
    match out.flush() {
        Ok(()) => outcome,
        Err(e) => StepOutcome::Failed(failed(&e)),
    }
}
