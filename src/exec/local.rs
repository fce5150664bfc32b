//! Steps as child processes of this machine: one supervised worker per step.

use crate::engine::deliver::{
    JobFile, MadeOutput, RESULT_SCHEMA, Stage, StepKind, StepOutcome, StepResult, Workspace, publish,
};
use crate::engine::process::{Call, Cancel, Ended, Finished, run};
use crate::exec::worker::{NO_STAGING, PARENT};
use crate::exec::{ExecEvent, Executor, job_file};
use crate::model::{Error, ErrorKind, escape_for_people};
use crossbeam_channel::Sender;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Beyond a step's own time limit, for starting, killing and publishing.
const SLOT_GRACE: Duration = Duration::from_secs(5);
/// How long `stop` waits for cancelled steps to end.
const STOP_GRACE: Duration = Duration::from_secs(4);
/// How often `stop` looks.
const STOP_TICK: Duration = Duration::from_millis(5);

/// What a [`LocalExecutor`] needs to know.
#[derive(Debug, Clone)]
pub struct LocalSettings {
    /// Steps at once, at least 1.
    pub workers: usize,
    /// An existing folder for job files, private to this program.
    pub work_dir: PathBuf,
    /// This program; `/proc/self/exe` survives an upgrade that replaces the file on disk.
    pub program: PathBuf,
}

/// Runs steps as child processes, each supervised by a thread of its own.
pub struct LocalExecutor {
    settings: LocalSettings,
    events: Sender<ExecEvent>,
    running: Arc<AtomicUsize>,
    flags: Arc<Mutex<BTreeMap<u64, Cancel>>>,
    stopped: bool,
}

impl LocalExecutor {
    /// An executor that reports on `events`. If that channel is full, a slot is free again all the same.
    #[must_use]
    pub fn new(settings: LocalSettings, events: Sender<ExecEvent>) -> Self {
        Self { settings, events, running: Arc::default(), flags: Arc::default(), stopped: false }
    }

    fn flag(&self, ticket: u64) -> Option<Cancel> {
        self.flags.lock().ok()?.get(&ticket).cloned()
    }

    fn wait_idle(&self, time: Duration) {
        let until = Instant::now() + time;
        while self.running() > 0 && Instant::now() < until {
            std::thread::sleep(STOP_TICK);
        }
    }
}

impl Executor for LocalExecutor {
    fn name(&self) -> &str {
        "local"
    }

    fn capacity(&self) -> usize {
        self.settings.workers.max(1)
    }

    fn submit(&mut self, ticket: u64, job: JobFile) -> Result<(), Box<JobFile>> {
        if self.stopped || self.running() >= self.capacity() || self.flag(ticket).is_some() {
            return Err(Box::new(job));
        }
        let cancel = Cancel::new();
        let Ok(mut flags) = self.flags.lock() else { return Err(Box::new(job)) };
        flags.insert(ticket, cancel.clone());
        drop(flags);
        self.running.fetch_add(1, Ordering::SeqCst);
        let job = Arc::new(job);
        let slot = Slot {
            ticket,
            job: Arc::clone(&job),
            cancel,
            settings: self.settings.clone(),
            events: self.events.clone(),
            submitted: Instant::now(),
        };
        let (running, flags) = (Arc::clone(&self.running), Arc::clone(&self.flags));
        let done = move || {
            running.fetch_sub(1, Ordering::SeqCst);
            if let Ok(mut f) = flags.lock() {
                f.remove(&ticket);
            }
        };
        let undo = done.clone();
        if std::thread::Builder::new().name("slot".into()).spawn(move || slot.serve(done)).is_err() {
            undo();
            return Err(Box::new(Arc::try_unwrap(job).unwrap_or_else(|shared| (*shared).clone())));
        }
        Ok(())
    }

    fn cancel(&mut self, ticket: u64) {
        if let Some(flag) = self.flag(ticket) {
            flag.cancel();
        }
    }

    fn running(&self) -> usize {
        self.running.load(Ordering::SeqCst)
    }

    fn stop(&mut self, grace: Duration) {
        self.stopped = true;
        self.wait_idle(grace);
        if let Ok(flags) = self.flags.lock() {
            flags.values().for_each(Cancel::cancel);
        }
        self.wait_idle(STOP_GRACE);
    }
}

/// One step under supervision.
struct Slot {
    ticket: u64,
    job: Arc<JobFile>,
    cancel: Cancel,
    settings: LocalSettings,
    events: Sender<ExecEvent>,
    submitted: Instant,
}

impl Slot {
    /// Runs the step on a second thread, so that neither a dead mount nor anything else holds the slot for longer than
    /// the step's time limit and [`SLOT_GRACE`]. A thread left behind can at most publish the same outputs late.
    fn serve(self, done: impl FnOnce()) {
        let (tell, told) = channel();
        let (job, cancel, settings) = (Arc::clone(&self.job), self.cancel.clone(), self.settings.clone());
        let (events, ticket, submitted) = (self.events.clone(), self.ticket, self.submitted);
        let spawned = std::thread::Builder::new().name("step".into()).spawn(move || {
            let started = || {
                // Nobody listens any more: the daemon is going down.
                let _ = events.send(ExecEvent::Started { ticket, latency: submitted.elapsed() });
            };
            let _ = tell.send({
                let source = Source::Folder(&settings.work_dir);
                run_step(&settings.program, &job, &source, &cancel, &started)
            });
        });
        let most = Duration::from_secs(self.job.limits.seconds).saturating_add(SLOT_GRACE);
        let result = match spawned {
            Err(e) => failed(&self.job, Error::io("WORKER-CRASHED", "start a thread", &e), submitted),
            Ok(_) => match told.recv_timeout(most) {
                Ok(result) => result,
                Err(RecvTimeoutError::Timeout) => {
                    self.cancel.cancel();
                    failed(&self.job, lost("the step does not answer; a mount may hang"), submitted)
                }
                Err(RecvTimeoutError::Disconnected) => {
                    let e = Error::new(ErrorKind::Io, "INTERNAL", "the supervisor of a step failed");
                    failed(&self.job, e, submitted)
                }
            },
        };
        done();
        // As above.
        let _ = self.events.send(ExecEvent::Finished { ticket, result: Box::new(result) });
    }
}

/// Something in the surroundings hangs: waits, and is no fault of the file.
fn lost(what: &str) -> Error {
    let mut e =
        Error::new(ErrorKind::Io, "WORKER-LOST", what).fix("check the mounts of the original and of the output");
    e.errno = Some(libc::ETIMEDOUT);
    e
}

fn failed(job: &JobFile, error: Error, since: Instant) -> StepResult {
    StepResult {
        schema: RESULT_SCHEMA.into(),
        id: job.id.clone(),
        outcome: StepOutcome::Failed(error),
        version: env!("CARGO_PKG_VERSION").into(),
        millis: millis(since),
        sandbox: String::new(),
    }
}

fn millis(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// Runs one step to its end: stages, lets a locked-in worker process do the work, publishes what it made. `program` is
/// this program (its command line knows `render --job F --staging DIR`), `work_dir` an existing private folder.
///
/// It takes at most the step's time limit and three seconds, unless the file system of the output itself hangs.
#[must_use]
pub fn run_one(program: &Path, job: &JobFile, work_dir: &Path, cancel: &Cancel) -> StepResult {
    run_step(program, job, &Source::Folder(work_dir), cancel, &|| {})
}

/// Where the worker finds its job.
enum Source<'a> {
    /// In a file to be written into this folder.
    Folder(&'a Path),
    /// In this file (absolute), which is there already.
    Given(&'a Path),
}

fn run_step(program: &Path, job: &JobFile, source: &Source<'_>, cancel: &Cancel, started: &dyn Fn()) -> StepResult {
    let begin = Instant::now();
    match try_step(program, job, source, cancel, started) {
        Ok(mut result) => {
            result.millis = millis(begin);
            result
        }
        Err(e) => failed(job, e, begin),
    }
}

fn try_step(
    program: &Path,
    job: &JobFile,
    source: &Source<'_>,
    cancel: &Cancel,
    started: &dyn Fn(),
) -> Result<StepResult, Error> {
    job_file::check(job)?;
    let staged = match (job.step, &job.output) {
        (StepKind::Deliver, Some(output)) => {
            let space = Workspace::open(output)?;
            let stage = space.stage(&job.id)?;
            Some((space, stage))
        }
        _ => None,
    };
    let file = match source {
        Source::Folder(dir) => Some(OnDisk::write(dir, job)?),
        Source::Given(_) => None,
    };
    let path = match (&file, source) {
        (Some(made), _) => made.0.as_path(),
        (None, Source::Folder(path) | Source::Given(path)) => path,
    };
    let finished = run_worker(program, job, path, staged.as_ref().map(|(_, stage)| stage), cancel, started)?;
    drop(file);
    let mut result = understand(job, &finished)?;
    if let (StepOutcome::Made(claimed), Some((space, stage))) = (&result.outcome, &staged) {
        let made: Vec<MadeOutput> = publish(space, stage, job, claimed)?;
        result.outcome = StepOutcome::Made(made);
    }
    Ok(result)
}

fn run_worker(
    program: &Path,
    job: &JobFile,
    file: &Path,
    stage: Option<&Stage>,
    cancel: &Cancel,
    started: &dyn Fn(),
) -> Result<Finished, Error> {
    let mut call = Call::new(program, job.limits.seconds);
    call.args = vec!["render".into(), "--job".into(), file.into(), "--staging".into()];
    call.args.push(stage.map_or_else(|| NO_STAGING.into(), |s| s.path().into()));
    call.env = vec![(PARENT.into(), std::process::id().to_string().into())];
    call.max_stdout = job_file::LARGEST;
    started();
    run(&call, cancel)
}

/// From how a worker ended and what it said to a result, or to the error that stands for its silence.
fn understand(job: &JobFile, finished: &Finished) -> Result<StepResult, Error> {
    let limits = &job.limits;
    let limit = |code, what: String| Error::new(ErrorKind::Limit, code, what);
    let crashed = |what: String| {
        let said = String::from_utf8_lossy(&finished.stderr);
        let line = said.lines().map(str::trim).find(|l| !l.is_empty()).unwrap_or_default();
        let line: String = escape_for_people(line).chars().take(300).collect();
        let text = if line.is_empty() { what } else { format!("{what}: {line}") };
        Error::new(ErrorKind::Io, "WORKER-CRASHED", text)
    };
    let e = match finished.ended {
        Ended::Code(0) => match job_file::parse_result(job, &finished.stdout) {
            Ok(result) => return Ok(result),
            Err(what) if what == job_file::TOO_LONG => {
                limit("LIMIT-SIZE", format!("the metadata has more than {} MiB as text", job_file::LARGEST >> 20))
            }
            Err(what) => crashed(format!("the worker failed: {what}")),
        },
        Ended::Code(code) => crashed(format!("the worker ended with exit code {code}")),
        Ended::Signal(libc::SIGXFSZ) => {
            limit("LIMIT-SIZE", format!("an output is larger than {} bytes", limits.file_size))
        }
        Ended::TimedOut | Ended::Signal(libc::SIGXCPU) => {
            limit("LIMIT-TIME", format!("the work takes longer than {} s", limits.seconds))
        }
        Ended::Signal(libc::SIGABRT) if finished.stderr.windows(17).any(|w| w == b"memory allocation") => {
            limit("LIMIT-MEMORY", format!("the work needs more than {} MiB of memory", limits.memory >> 20))
        }
        Ended::Signal(n) => crashed(format!("the worker was ended by signal {n}")),
        Ended::Cancelled => Error::new(ErrorKind::Io, "JOB-CANCELLED", "the job was stopped"),
        Ended::Lost => lost("the worker cannot be stopped; it hangs in the kernel"),
    };
    Err(match e.place.path {
        None => match job.inputs.first() {
            Some(i) => e.at(i.path.as_path()),
            None => e,
        },
        Some(_) => e,
    })
}

/// A job file that goes when it is no longer needed.
struct OnDisk(PathBuf);

impl OnDisk {
    fn write(dir: &Path, job: &JobFile) -> Result<Self, Error> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let n = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = dir.join(format!("{}.{}.{n}.json", job.id, std::process::id()));
        // Left by a dead process with our number.
        let _ = std::fs::remove_file(&path);
        job_file::write(&path, job)?;
        Ok(Self(path))
    }
}

impl Drop for OnDisk {
    fn drop(&mut self) {
        // The daemon empties the folder when it starts.
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Removes the job files that a dead daemon left in `work_dir`; answers how many. Only for the owner of the state
/// directory's lock, before it starts its first step.
///
/// # Errors
/// `STATE-FAILED` when the folder cannot be read or a file not be removed.
pub fn sweep(work_dir: &Path) -> Result<usize, Error> {
    let failed = |e: &std::io::Error| Error::io("STATE-FAILED", "tidy the folder of job files", e).at(work_dir);
    let mut swept: usize = 0;
    for entry in std::fs::read_dir(work_dir).map_err(|e| failed(&e))? {
        let path = entry.map_err(|e| failed(&e))?.path();
        if path.extension().is_some_and(|x| x == "json") {
            std::fs::remove_file(&path).map_err(|e| failed(&e))?;
            swept = swept.saturating_add(1);
        }
    }
    Ok(swept)
}

/// `rushes render --job FILE`: runs the step and writes its result where the job wants it, or on standard output.
/// Answers whether the step succeeded.
///
/// # Errors
/// When the job file cannot be read or the result cannot be written.
pub fn render(program: &Path, file: &Path, cancel: &Cancel) -> Result<bool, Error> {
    let job = job_file::read(file)?;
    let whole = std::path::absolute(file).map_err(|e| Error::io("STATE-FAILED", "find the job file", &e).at(file))?;
    let result = run_step(program, &job, &Source::Given(&whole), cancel, &|| {});
    if !job_file::write_result(&job, &result)? {
        let mut out = std::io::stdout().lock();
        serde_json::to_writer_pretty(&mut out, &result)
            .map_err(std::io::Error::from)
            .and_then(|()| writeln!(out))
            .map_err(|e| Error::io("STATE-FAILED", "write the result", &e))?;
    }
    Ok(!matches!(result.outcome, StepOutcome::Failed(_)))
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::engine::deliver::JobInput;
    use crate::model::ClipUnit;

    fn job() -> JobFile {
        JobFile {
            inputs: vec![JobInput {
                root: None,
                path: Path::new("/in/B.mov").into(),
                size: 1,
                mtime_ns: 0,
                xxh128: String::new(),
            }],
            ..JobFile::new("0".repeat(32), StepKind::Inspect, "x", ClipUnit::File)
        }
    }

    #[test]
    fn each_end_has_its_code_and_consequence() {
        for (ended, stderr, code, kind, environment) in [
            (Ended::Code(0), "", "WORKER-CRASHED", ErrorKind::Io, false),
            (Ended::Code(101), "thread panicked", "WORKER-CRASHED", ErrorKind::Io, false),
            (Ended::Signal(libc::SIGSEGV), "", "WORKER-CRASHED", ErrorKind::Io, false),
            (Ended::Signal(libc::SIGKILL), "", "WORKER-CRASHED", ErrorKind::Io, false),
            (
                Ended::Signal(libc::SIGABRT),
                "memory allocation of 9 bytes failed",
                "LIMIT-MEMORY",
                ErrorKind::Limit,
                false,
            ),
            (Ended::Signal(libc::SIGABRT), "double panic", "WORKER-CRASHED", ErrorKind::Io, false),
            (Ended::Signal(libc::SIGXFSZ), "", "LIMIT-SIZE", ErrorKind::Limit, false),
            (Ended::Signal(libc::SIGXCPU), "", "LIMIT-TIME", ErrorKind::Limit, false),
            (Ended::TimedOut, "", "LIMIT-TIME", ErrorKind::Limit, false),
            (Ended::Cancelled, "", "JOB-CANCELLED", ErrorKind::Io, false),
            (Ended::Lost, "", "WORKER-LOST", ErrorKind::Io, true),
        ] {
            let finished = Finished {
                ended,
                stdout: Vec::new(),
                stdout_cut: false,
                stderr: stderr.as_bytes().to_vec(),
                wall: Duration::ZERO,
            };
            let e = understand(&job(), &finished).unwrap_err();
            assert_eq!((e.code.as_ref(), e.kind, e.is_environment()), (code, kind, environment), "{ended:?}");
            assert_eq!(e.place.path.as_ref().unwrap().to_text(), "/in/B.mov");
        }
    }

    #[test]
    fn sweeping_takes_only_job_files() {
        let t = tempfile::tempdir().unwrap();
        OnDisk::write(t.path(), &job()).map(std::mem::forget).unwrap();
        std::fs::write(t.path().join("note.txt"), b"x").unwrap();
        assert_eq!(sweep(t.path()).unwrap(), 1);
        assert_eq!(std::fs::read_dir(t.path()).unwrap().count(), 1);
    }
}
