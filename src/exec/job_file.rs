//! Job files on disk, and results that come from a worker: both are checked, neither is trusted.

use crate::engine::deliver::{JOB_SCHEMA, JobFile, RESULT_SCHEMA, StepKind, StepOutcome, StepResult};
use crate::model::{Error, ErrorKind};
use rustix::fs::{Mode, OFlags};
use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;

/// Largest job file or result, bytes: a sequence of 200,000 frames fits.
pub const LARGEST: usize = 64 << 20;

fn invalid(what: impl Into<String>) -> Error {
    Error::new(ErrorKind::Malformed, "JOB-INVALID", what)
}

/// What is wrong with a result of [`LARGEST`] bytes or more.
pub(super) const TOO_LONG: &str = "its result is too long";

/// Reads and checks a job file.
///
/// # Errors
/// `JOB-INVALID` for anything that is not a job, with line and column where JSON itself is wrong; `STATE-FAILED` when
/// the file cannot be read.
pub fn read(path: &Path) -> Result<JobFile, Error> {
    let failed = |e: &std::io::Error| Error::io("STATE-FAILED", "read the job file", e).at(path);
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let fd = rustix::fs::open(path, flags, Mode::empty()).map_err(|e| failed(&e.into()))?;
    let mut text = Vec::new();
    let most = u64::try_from(LARGEST).unwrap_or(u64::MAX).saturating_add(1);
    File::from(fd).take(most).read_to_end(&mut text).map_err(|e| failed(&e))?;
    if text.len() > LARGEST {
        return Err(invalid("the job file is larger than 64 MiB").at(path));
    }
    let job: JobFile = serde_json::from_slice(&text).map_err(|e| {
        let mut error = invalid(format!("the job file cannot be read: {e}")).at(path);
        error.place.line = u32::try_from(e.line()).ok();
        error.place.column = u32::try_from(e.column()).ok();
        error
    })?;
    check(&job).map_err(|e| e.at(path))?;
    Ok(job)
}

/// Checks what the types alone do not say.
///
/// # Errors
/// `JOB-INVALID`.
pub fn check(job: &JobFile) -> Result<(), Error> {
    if job.schema != JOB_SCHEMA {
        return Err(invalid(format!("the schema is `{}`, expected `{JOB_SCHEMA}`", job.schema)));
    }
    if job.id.len() != 32 || !job.id.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
        return Err(invalid("the id is not 32 hexadecimal digits"));
    }
    if job.mode & !0o777 != 0 {
        return Err(invalid("the mode has bits beyond 0777"));
    }
    if job.limits.seconds == 0 || job.limits.seconds > 30 * 86_400 {
        return Err(invalid("the time limit must lie between one second and 30 days"));
    }
    let reads = job.recipe.as_ref().is_none_or(crate::engine::deliver::Recipe::is_picture);
    if job.inputs.is_empty() && (reads || job.step == StepKind::Inspect) {
        return Err(invalid("the job has no inputs"));
    }
    if job.limits.threads == 0 || job.limits.threads > 1024 {
        return Err(invalid("the number of threads must lie between 1 and 1024"));
    }
    if job.step != StepKind::Inspect {
        if job.recipe.is_none() || job.clip.is_none() || job.outputs.is_empty() {
            return Err(invalid("a `deliver` step needs `recipe`, `clip` and `outputs`"));
        }
        if !job.output.as_ref().is_some_and(|o| o.is_absolute()) {
            return Err(invalid("a `deliver` step needs `output`, an absolute path"));
        }
        let parts = job.parts();
        if parts.len() > 1 && !parts.iter().all(|p| p.recipe.is_picture()) {
            return Err(invalid("only picture recipes can be made in one pass"));
        }
        if matches!(job.step, StepKind::Frames | StepKind::Finish) && !reads {
            return Err(invalid("only picture recipes have steps of frames"));
        }
    }
    Ok(())
}

/// Writes a job file that only its owner can read.
///
/// # Errors
/// `STATE-FAILED`, or `OUTPUT-NO-SPACE` when the disk of the state is full.
pub fn write(path: &Path, job: &JobFile) -> Result<(), Error> {
    let text = serde_json::to_vec(job).map_err(|e| invalid(format!("the job cannot be written: {e}")))?;
    write_private(path, &text)
}

/// Writes the result of `job` where the job wants it: a file, made whole by rename; answers `false`
/// when it wants it on standard output instead, which is the caller's.
///
/// # Errors
/// `STATE-FAILED`, `OUTPUT-NO-SPACE`.
pub fn write_result(job: &JobFile, result: &StepResult) -> Result<bool, Error> {
    let Some(path) = &job.result else { return Ok(false) };
    let mut text =
        serde_json::to_vec_pretty(result).map_err(|e| invalid(format!("the result cannot be written: {e}")))?;
    text.push(b'\n');
    let mut partial = path.clone().into_os_string();
    partial.push(format!(".{}.part", std::process::id()));
    let partial = std::path::PathBuf::from(partial);
    write_private(&partial, &text)?;
    std::fs::rename(&partial, path).map_err(|e| Error::io("STATE-FAILED", "write the result file", &e).at(path))?;
    Ok(true)
}

pub(super) fn write_private(path: &Path, text: &[u8]) -> Result<(), Error> {
    let failed = |e: std::io::Error| {
        let full = matches!(e.raw_os_error(), Some(libc::ENOSPC | libc::EDQUOT));
        let code = if full { "OUTPUT-NO-SPACE" } else { "STATE-FAILED" };
        Error::io(code, "write a file of the state directory", &e).at(path)
    };
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let fd = rustix::fs::open(path, flags, Mode::RUSR | Mode::WUSR).map_err(|e| failed(e.into()))?;
    let done = File::from(fd).write_all(text).map_err(failed);
    if done.is_err() {
        // Half a job is no job; the error that counts is the first one.
        let _ = std::fs::remove_file(path);
    }
    done
}

/// Reads a worker's result for `job`.
///
/// # Errors
/// A sentence saying what is wrong with it: too long, no JSON, another job's, or an outcome that does not fit the step.
pub fn parse_result(job: &JobFile, text: &[u8]) -> Result<StepResult, String> {
    if text.len() >= LARGEST {
        return Err(TOO_LONG.into());
    }
    let result: StepResult = serde_json::from_slice(text).map_err(|e| format!("its result cannot be read: {e}"))?;
    if result.schema != RESULT_SCHEMA || result.id != job.id {
        return Err("its result belongs to another job".into());
    }
    match (&result.outcome, job.step) {
        (StepOutcome::Failed(e), _) if !crate::model::CODES.iter().any(|(code, _)| *code == e.code) => {
            Err("its result has an unknown error code".into())
        }
        (StepOutcome::Failed(_), _) => Ok(result),
        (StepOutcome::Inspected(doc), StepKind::Inspect) => {
            if doc.schema != crate::model::CLIP_SCHEMA || doc.clip.files.len() != job.inputs.len() {
                return Err("its result is not about the files of the job".into());
            }
            let same = doc.clip.files.iter().zip(&job.inputs).all(|(f, i)| f.path == i.path && f.size == i.size);
            if same { Ok(result) } else { Err("its result is not about the files of the job".into()) }
        }
        (StepOutcome::Made(made), StepKind::Deliver) => {
            let same = made.len() == job.outputs.len() && made.iter().zip(&job.outputs).all(|(m, o)| m.path == o.path);
            if same { Ok(result) } else { Err("its result is not what was planned".into()) }
        }
        (StepOutcome::Rendered(r), StepKind::Frames | StepKind::Finish) => {
            let outputs: Vec<bool> = job.all_outputs().map(crate::engine::deliver::PlannedOutput::is_folder).collect();
            let fits = r.files.iter().all(|f| outputs.get(f.output) == Some(&f.name.is_some()));
            if fits && r.accounts.len() == outputs.len() && r.counts.len() == outputs.len() {
                Ok(result)
            } else {
                Err("its result is not what was planned".into())
            }
        }
        _ => Err("its result does not fit the step".into()),
    }
}
