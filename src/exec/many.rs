//! Inspections of many small clips by one locked-in worker, for a command line that a person waits for: most of the time of
//! one is spent on starting its process.
//!
//! The daemon does not use this: there, one hostile file costs one failed job. Here a worker that dies takes with it what it
//! had not answered yet, and those clips are then read again by a worker each, which tells what is wrong with which.

use super::job_file;
use super::worker::{MANY, PARENT};
use crate::engine::deliver::OpenInput;
use crate::engine::deliver::{JobFile, StepKind, StepOutcome, StepResult, open_beside, open_inputs, prepare, work};
use crate::engine::process::{Call, Cancel, lock_in, run};
use crate::model::{Error, ErrorKind};
use std::io::{BufRead, BufReader, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};

/// Clips of one worker.
pub const MOST_CLIPS: usize = 48;
/// Files of a clip that is inspected with others: each stays open.
const MOST_FILES: usize = 6;
/// Bytes of the text of all jobs of a worker.
const MOST_TEXT: usize = 4 << 20;

/// Whether a clip may be inspected with others.
#[must_use]
pub fn is_small(job: &JobFile) -> bool {
    job.step == StepKind::Inspect && job.inputs.len().saturating_add(job.beside.len()) <= MOST_FILES
}

/// Runs inspections in one worker. An answer is absent when none came: the worker died before, or it was not understood.
#[must_use]
pub fn inspect_many(program: &Path, jobs: &[JobFile], work_dir: &Path, cancel: &Cancel) -> Vec<Option<StepResult>> {
    let none = || vec![None; jobs.len()];
    let mut text = Vec::new();
    for job in jobs {
        if job_file::check(job).is_err() || serde_json::to_writer(&mut text, job).is_err() || text.len() > MOST_TEXT {
            return none();
        }
        text.push(b'\n');
    }
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let n = NUMBER.fetch_add(1, Ordering::Relaxed);
    let path = work_dir.join(format!("many.{}.{n}.json", std::process::id()));
    let written = job_file::write_private(&path, &text);
    let seconds = jobs.iter().map(|j| j.limits.seconds).max().unwrap_or(1);
    let mut call = Call::new(program, seconds);
    call.args = vec!["render".into(), "--job".into(), (&path).into(), "--staging".into(), MANY.into()];
    call.env = vec![(PARENT.into(), std::process::id().to_string().into())];
    call.max_stdout = job_file::LARGEST;
    let finished = written.and_then(|()| run(&call, cancel));
    let _ = std::fs::remove_file(&path);
    let Ok(finished) = finished else { return none() };
    let mut answers = none();
    for line in finished.stdout.split(|b| *b == b'\n').filter(|l| !l.is_empty()) {
        let number = line.iter().position(|b| *b == b' ');
        let (Some(number), Some(rest)) = (number, number.and_then(|n| line.get(n.saturating_add(1)..))) else {
            continue;
        };
        let index = line.get(..number).and_then(|n| std::str::from_utf8(n).ok()).and_then(|n| n.parse::<usize>().ok());
        if let Some((job, slot)) = index.and_then(|i| Some((jobs.get(i)?, answers.get_mut(i)?))) {
            *slot = job_file::parse_result(job, rest).ok();
        }
    }
    answers
}

/// The inputs of a job, and the metadata files beside it.
type Opened<'a> = (Vec<OpenInput<'a>>, Vec<OpenInput<'a>>);

/// The worker's side: the file has a job a line; each answer is a line with the number of its job before it.
#[must_use]
pub fn main(path: &Path) -> ExitCode {
    let jobs = match read(path) {
        Ok(jobs) => jobs,
        Err(e) => return super::worker::fail(&e),
    };
    let most = MOST_FILES;
    let open = |job| open_inputs(job, most).map(|inputs| (inputs, open_beside(job)));
    let opened: Vec<Result<Opened<'_>, Error>> = jobs.iter().map(open).collect();
    let parent = std::env::var(PARENT).ok().and_then(|p| p.parse().ok());
    let Some(first) = jobs.first() else { return ExitCode::SUCCESS };
    if let Err(e) = lock_in(None, &first.limits, parent) {
        return super::worker::fail(&e);
    }
    let _ = rayon::ThreadPoolBuilder::new().num_threads(1).build_global();
    let mut out = std::io::stdout().lock();
    for (n, (job, opened)) in jobs.iter().zip(opened).enumerate() {
        let outcome = match opened {
            // too many open files are no fault of the clip
            Err(e) if e.kind == ErrorKind::Io && e.code == "FILE-UNREADABLE" => continue,
            Err(e) => StepOutcome::Failed(e),
            Ok((inputs, beside)) => {
                let step = || match prepare(job, &inputs, None) {
                    Ok(prepared) => work(job, &inputs, &beside, None, prepared),
                    Err(e) => StepOutcome::Failed(e),
                };
                match catch_unwind(AssertUnwindSafe(step)) {
                    Ok(outcome) => outcome,
                    // no answer: a worker of its own will tell
                    Err(_) => continue,
                }
            }
        };
        let result = super::worker::result_of(job, outcome);
        let Ok(text) = serde_json::to_vec(&result) else { continue };
        let line = [n.to_string().as_bytes(), b" ", &text, b"\n"].concat();
        if out.write_all(&line).and_then(|()| out.flush()).is_err() {
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

fn read(path: &Path) -> Result<Vec<JobFile>, Error> {
    let failed = |e: &std::io::Error| Error::io("STATE-FAILED", "read the job file", e).at(path);
    let file = std::fs::File::open(path).map_err(|e| failed(&e))?;
    let lines = BufReader::new(file).split(b'\n').take(MOST_CLIPS);
    let job = |line: std::io::Result<Vec<u8>>| {
        let line = line.map_err(|e| failed(&e))?;
        let wrong = |what: String| Error::new(crate::model::ErrorKind::Malformed, "JOB-INVALID", what).at(path);
        let job: JobFile = serde_json::from_slice(&line).map_err(|e| wrong(e.to_string()))?;
        job_file::check(&job).map_err(|e| e.at(path))?;
        if is_small(&job) { Ok(job) } else { Err(wrong("only inspections of few files are run together".to_owned())) }
    };
    lines.map(job).collect()
}
