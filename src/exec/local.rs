//! Steps as child processes of this machine: one supervised worker per step.

use crate::engine::deliver::{
    Claim, JobFile, Listed, MadeOutput, RESULT_SCHEMA, Recipe, Stage, StepKind, StepOutcome, StepResult, Workspace,
    publish,
};
use crate::engine::process::{Call, Cancel, Ended, Finished, run, stream};
use crate::exec::worker::{NO_STAGING, PARENT};
use crate::exec::{ExecEvent, Executor, job_file, pictures};
use crate::model::{Error, ErrorKind, escape_for_people};
use crossbeam_channel::Sender;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Beyond a step's own time limit, for starting, killing and publishing.
const SLOT_GRACE: Duration = Duration::from_secs(5);
/// How long `stop` waits for cancelled steps to end.
const STOP_GRACE: Duration = Duration::from_secs(4);
/// How often `stop` looks.
const STOP_TICK: Duration = Duration::from_millis(5);

/// How long a worker that lists rows may say nothing, seconds.
pub const SILENCE: u64 = 30;
/// Longest row, bytes.
const MOST_LINE: usize = 4 << 20;

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
    places: Places,
    flags: Arc<Mutex<BTreeMap<u64, Cancel>>>,
    stopped: bool,
}

impl LocalExecutor {
    /// An executor that reports on `events`. If that channel is full, a slot is free again all the same.
    #[must_use]
    pub fn new(settings: LocalSettings, events: Sender<ExecEvent>) -> Self {
        let places = Places {
            taken: Arc::default(),
            wanted: Arc::default(),
            most: settings.workers.max(1),
            events: events.clone(),
        };
        Self { settings, events, places, flags: Arc::default(), stopped: false }
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
        self.places.taken.fetch_add(1, Ordering::SeqCst);
        let job = Arc::new(job);
        let slot = Slot {
            ticket,
            job: Arc::clone(&job),
            cancel,
            settings: self.settings.clone(),
            events: self.events.clone(),
            submitted: Instant::now(),
            places: self.places.clone(),
        };
        let (running, flags) = (Arc::clone(&self.places.taken), Arc::clone(&self.flags));
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
        self.places.taken.load(Ordering::SeqCst)
    }

    fn others_wait(&mut self, wait: bool) {
        self.places.wanted.store(wait, Ordering::SeqCst);
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

/// The places for workers. A job has one; a picture job takes free ones for its further ranges, and gives each back after
/// the range, so that other jobs come in between.
#[derive(Clone)]
struct Places {
    taken: Arc<AtomicUsize>,
    wanted: Arc<AtomicBool>,
    most: usize,
    events: Sender<ExecEvent>,
}

/// A place beside a job's own, given back when dropped.
struct Further(Places);

impl Places {
    fn further(&self) -> Option<Box<dyn Send>> {
        if self.wanted.load(Ordering::SeqCst) {
            return None;
        }
        let more = |n: usize| (n < self.most).then(|| n + 1);
        self.taken.fetch_update(Ordering::SeqCst, Ordering::SeqCst, more).ok()?;
        Some(Box::new(Further(self.clone())))
    }
}

impl Drop for Further {
    fn drop(&mut self) {
        self.0.taken.fetch_sub(1, Ordering::SeqCst);
        // Full: the listener has plenty to wake up for.
        let _ = self.0.events.try_send(ExecEvent::Room);
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
    places: Places,
}

impl Slot {
    /// Runs the step on a second thread, so that neither a dead mount nor anything else holds the slot for longer than
    /// the step's time limit and [`SLOT_GRACE`]. A thread left behind can at most publish the same outputs late.
    fn serve(self, done: impl FnOnce()) {
        let (tell, told) = channel();
        let (job, cancel, settings) = (Arc::clone(&self.job), self.cancel.clone(), self.settings.clone());
        let (events, ticket, submitted) = (self.events.clone(), self.ticket, self.submitted);
        let places = self.places.clone();
        let spawned = std::thread::Builder::new().name("step".into()).spawn(move || {
            let started = || {
                // Nobody listens any more: the daemon is going down.
                let _ = events.send(ExecEvent::Started { ticket, latency: submitted.elapsed() });
            };
            let runner = Runner { program: &settings.program, work_dir: &settings.work_dir, cancel: &cancel };
            let _ = tell.send(run_step(&runner, &job, &|| places.further(), &started));
        });
        let seconds = self.job.limits.seconds.saturating_mul(pictures::steps_of(&self.job));
        let most = Duration::from_secs(seconds).saturating_add(SLOT_GRACE);
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
        stats: None,
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
    let runner = Runner { program, work_dir, cancel };
    run_step(&runner, job, &|| None, &|| {})
}

/// Runs a step of rows in a locked-in worker process and hands on each line as it comes; `false` from `each` ends it. The
/// worker waits while `each` does, so no more than a few lines are held. It may be silent for [`SILENCE`] at most.
#[must_use]
pub fn list(
    program: &Path,
    job: &JobFile,
    work_dir: &Path,
    cancel: &Cancel,
    each: &mut dyn FnMut(Listed) -> bool,
) -> StepResult {
    let begin = Instant::now();
    let runner = Runner { program, work_dir, cancel };
    match runner.list(job, each) {
        Ok(mut result) => {
            result.millis = millis(begin);
            result
        }
        Err(e) => failed(job, e, begin),
    }
}

/// How worker processes are started.
pub(super) struct Runner<'a> {
    program: &'a Path,
    work_dir: &'a Path,
    cancel: &'a Cancel,
}

/// One worker process to run.
pub(super) struct StepRun<'a> {
    /// Its step.
    pub job: &'a JobFile,
    /// Where it may write.
    pub stage: Option<&'a Stage>,
}

impl Runner<'_> {
    /// Runs a worker to its end, whatever it says.
    ///
    /// # Errors
    /// It could not be started, died, or answered nonsense.
    pub(super) fn run(&self, step: &StepRun<'_>) -> Result<StepResult, Error> {
        let file = OnDisk::write(self.work_dir, step.job)?;
        let finished = run_worker(self.program, step.job, &file.0, step.stage, self.cancel)?;
        understand(step.job, &finished)
    }

    fn list(&self, job: &JobFile, each: &mut dyn FnMut(Listed) -> bool) -> Result<StepResult, Error> {
        job_file::check(job)?;
        let file = OnDisk::write(self.work_dir, job)?;
        let call = worker_call(self.program, SILENCE, &file.0, None);
        let (mut line, mut wrong) = (Vec::new(), None);
        let mut finished = stream(&call, self.cancel, &mut |mut bytes| {
            while let Some(n) = bytes.iter().position(|b| *b == b'\n') {
                let (head, rest) = bytes.split_at(n);
                line.extend_from_slice(head);
                bytes = rest.get(1..).unwrap_or_default();
                match serde_json::from_slice(&line) {
                    Ok(listed) => {
                        line.clear();
                        if !each(listed) {
                            return false;
                        }
                    }
                    Err(e) => {
                        wrong = Some(format!("a row of the worker cannot be read: {e}"));
                        return false;
                    }
                }
            }
            line.extend_from_slice(bytes);
            if line.len() > MOST_LINE {
                wrong = Some("a row of the worker is too long".into());
            }
            wrong.is_none()
        })?;
        if let Some(what) = wrong {
            return Err(Error::new(ErrorKind::Io, "WORKER-CRASHED", what));
        }
        finished.stdout = line;
        understand(job, &finished)
    }

    /// Whether somebody asked for an end.
    pub(super) fn is_cancelled(&self) -> bool {
        self.cancel.is_cancelled()
    }
}

fn run_step(runner: &Runner<'_>, job: &JobFile, room: &Room<'_>, started: &dyn Fn()) -> StepResult {
    let begin = Instant::now();
    match try_step(runner, job, room, started) {
        Ok(mut result) => {
            result.millis = millis(begin);
            result
        }
        Err(e) => failed(job, e, begin),
    }
}

/// Asks for a place beside the job's own.
type Room<'a> = dyn Fn() -> Option<Box<dyn Send>> + Sync + 'a;

fn try_step(runner: &Runner<'_>, job: &JobFile, room: &Room<'_>, started: &dyn Fn()) -> Result<StepResult, Error> {
    job_file::check(job)?;
    let staged = match (job.step, &job.output) {
        (StepKind::Deliver, Some(output)) => {
            let space = Workspace::open(output)?;
            let stage = space.stage(&job.id)?;
            Some((space, stage))
        }
        (StepKind::Inspect, _) => None,
        _ => {
            return Err(Error::new(ErrorKind::Malformed, "JOB-INVALID", "a step of frames belongs to a `deliver` job"));
        }
    };
    started();
    if let (Some((space, stage)), true) = (&staged, job.recipe.as_ref().is_some_and(Recipe::is_picture)) {
        return pictures::run(runner, job, space, stage, room);
    }
    let mut result = runner.run(&StepRun { job, stage: staged.as_ref().map(|(_, stage)| stage) })?;
    if let (StepOutcome::Made(claimed), Some((space, stage))) = (&result.outcome, &staged) {
        let claims: Vec<Claim> =
            claimed.iter().map(|m| Claim::File { size: m.size, xxh128: m.xxh128.clone() }).collect();
        let made: Vec<MadeOutput> = publish(space, stage, job, &claims)?;
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
) -> Result<Finished, Error> {
    let mut call = worker_call(program, job.limits.seconds, file, stage);
    call.max_stdout = job_file::LARGEST;
    run(&call, cancel)
}

fn worker_call(program: &Path, seconds: u64, file: &Path, stage: Option<&Stage>) -> Call {
    let mut call = Call::new(program, seconds);
    call.args = vec!["render".into(), "--job".into(), file.into(), "--staging".into()];
    call.args.push(stage.map_or_else(|| NO_STAGING.into(), |s| s.path().into()));
    call.env = vec![(PARENT.into(), std::process::id().to_string().into())];
    call
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
