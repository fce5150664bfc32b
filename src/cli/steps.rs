//! Inspecting clips for the command line: the same sandboxed worker that the daemon uses.

use super::interrupt::Interrupt;
use crate::engine::deliver::{JobFile, JobInput, StepKind, StepOutcome, StepResult};
use crate::exec::{Cancel, local, many};
use crate::model::{ClipDoc, ClipUnit, Error, FrameGap, Limits, MediaPath, stable_id};
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A clip to inspect.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Its name.
    pub name: String,
    /// How it lies on disk.
    pub unit: ClipUnit,
    /// The folder below which no link is followed; absent: `real` leads to each file.
    pub root: Option<PathBuf>,
    /// Its files in order, as they shall appear in the document (relative to `root`, if there is one).
    pub files: Vec<MediaPath>,
    /// Metadata files beside it, as they shall appear in the document.
    pub beside: Vec<MediaPath>,
    /// Number of the first frame of a sequence.
    pub first_frame: Option<i64>,
    /// Missing frames.
    pub gaps: Vec<FrameGap>,
}

/// Where steps of this process run.
#[derive(Debug)]
pub struct Bench {
    program: PathBuf,
    work: WorkDir,
    cancel: Cancel,
    interrupt: Interrupt,
}

impl Bench {
    /// A bench with a private work folder, removed at the end.
    ///
    /// # Errors
    /// When the program's own path or a temporary folder cannot be had.
    pub fn new() -> Result<Self, Error> {
        let interrupt = Interrupt::watch()?;
        let cancel = Cancel::new();
        let (watched, flag) = (interrupt.clone(), cancel.clone());
        let watch = move || {
            while watched.signal().is_none() {
                std::thread::sleep(Duration::from_millis(50));
            }
            flag.cancel();
        };
        let spawned = std::thread::Builder::new().name("interrupt".into()).spawn(watch);
        spawned.map_err(|e| Error::io("INTERNAL", "start a thread", &e))?;
        let program = std::env::current_exe().map_err(|e| Error::io("INTERNAL", "find this program", &e))?;
        Ok(Self { program, work: WorkDir::new()?, cancel, interrupt })
    }

    /// The signal that came, if any.
    #[must_use]
    pub fn signal(&self) -> Option<i32> {
        self.interrupt.signal()
    }

    /// The flag that stops what this bench runs: a signal sets it.
    #[must_use]
    pub fn cancel(&self) -> &Cancel {
        &self.cancel
    }

    /// Runs one job as the daemon would.
    #[must_use]
    pub fn run(&self, job: &JobFile) -> crate::engine::deliver::StepResult {
        local::run_one(&self.program, job, self.work.path(), &self.cancel)
    }

    /// Reads what is known of a clip.
    ///
    /// # Errors
    /// What the inspection found: `FILE-*`, `LIMIT-*`, `WORKER-*`, `JOB-CANCELLED`.
    pub fn inspect(&self, wanted: &Wanted, limits: Limits) -> Result<ClipDoc, Error> {
        let job = inspect_job(wanted, limits)?;
        answer(wanted, &job, self.run(&job).outcome)
    }

    /// Reads what is known of clips, in their order: those of few files many by one worker, the others by a worker each.
    #[must_use]
    pub fn inspect_all(&self, wanted: &[Wanted], limits: Limits) -> Vec<Result<ClipDoc, Error>> {
        let jobs: Vec<Result<JobFile, Error>> = wanted.par_iter().map(|w| inspect_job(w, limits)).collect();
        let small: Vec<(usize, &JobFile)> = jobs
            .iter()
            .enumerate()
            .filter_map(|(n, j)| Some((n, j.as_ref().ok().filter(|j| many::is_small(j))?)))
            .collect();
        // as many parts as threads, and more where one worker would have too much
        let part = small.len().div_ceil(rayon::current_num_threads().max(1)).clamp(1, many::MOST_CLIPS);
        let answers: BTreeMap<usize, StepResult> = small
            .par_chunks(part)
            .filter(|part| part.len() > 1)
            .flat_map_iter(|part| {
                let jobs: Vec<JobFile> = part.iter().map(|(_, j)| (*j).clone()).collect();
                let found = many::inspect_many(&self.program, &jobs, self.work.path(), &self.cancel);
                part.iter().map(|(n, _)| *n).zip(found).filter_map(|(n, r)| Some((n, r?))).collect::<Vec<_>>()
            })
            .collect();
        let one = |n: usize, w: &Wanted| match (jobs.get(n), answers.get(&n)) {
            (Some(Ok(job)), Some(result)) => answer(w, job, result.outcome.clone()),
            (Some(Ok(job)), None) => answer(w, job, self.run(job).outcome),
            (Some(Err(e)), _) => Err(e.clone()),
            (None, _) => self.inspect(w, limits),
        };
        wanted.par_iter().enumerate().map(|(n, w)| one(n, w)).collect()
    }
}

/// The document of an inspection, with paths as the person wrote them.
fn answer(wanted: &Wanted, job: &JobFile, outcome: StepOutcome) -> Result<ClipDoc, Error> {
    match outcome {
        StepOutcome::Inspected(mut doc) => {
            for (file, path) in doc.clip.files.iter_mut().zip(&wanted.files) {
                file.path = path.clone();
            }
            for side in &mut doc.clip.sidecars {
                let given = job.beside.iter().zip(&wanted.beside).find(|(g, _)| g.path == side.path);
                if let Some((_, path)) = given {
                    side.path = path.clone();
                }
            }
            if doc.clip.first_frame.is_none() {
                doc.clip.first_frame = wanted.first_frame;
            }
            doc.clip.gaps.clone_from(&wanted.gaps);
            Ok(*doc)
        }
        StepOutcome::Failed(e) => Err(e),
        StepOutcome::Made(_) | StepOutcome::Rendered(_) => {
            Err(Error::new(crate::model::ErrorKind::Io, "INTERNAL", "an inspection answered with outputs"))
        }
    }
}

/// The job file of an inspection.
///
/// # Errors
/// `FILE-VANISHED`, `FILE-UNREADABLE`, `FILE-EMPTY`.
pub fn inspect_job(wanted: &Wanted, limits: Limits) -> Result<JobFile, Error> {
    let inputs = wanted.files.iter().map(|f| input(wanted.root.as_deref(), f)).collect::<Result<Vec<_>, _>>()?;
    let id = stable_id(inputs.iter().map(|i| i.path.bytes()));
    let mut job = JobFile::new(id, StepKind::Inspect, wanted.name.clone(), wanted.unit);
    job.inputs = inputs;
    // one that is gone by now is passed over, as the worker does
    job.beside = wanted.beside.iter().filter_map(|f| input(wanted.root.as_deref(), f).ok()).collect();
    job.limits = limits;
    Ok(job)
}

pub(super) fn input(root: Option<&Path>, path: &MediaPath) -> Result<JobInput, Error> {
    let fail = |e: std::io::Error| {
        let code = if e.kind() == std::io::ErrorKind::NotFound { "FILE-VANISHED" } else { "FILE-UNREADABLE" };
        Error::io(code, "look at it", &e).at(path.as_path())
    };
    // A loose file may be named through a link; below a root the worker follows none.
    let (real, meta) = match root {
        Some(root) => (path.clone(), fs::symlink_metadata(root.join(path)).map_err(fail)?),
        None => {
            let real = fs::canonicalize(path).map_err(fail)?;
            let meta = fs::symlink_metadata(&real).map_err(fail)?;
            (MediaPath::from(real), meta)
        }
    };
    if meta.is_file() && meta.len() == 0 {
        return Err(
            Error::new(crate::model::ErrorKind::Malformed, "FILE-EMPTY", "the file has no bytes").at(path.as_path())
        );
    }
    let mtime_ns = i128::from(meta.mtime()).saturating_mul(1_000_000_000).saturating_add(i128::from(meta.mtime_nsec()));
    Ok(JobInput { root: root.map(MediaPath::from), path: real, size: meta.len(), mtime_ns, xxh128: String::new() })
}

/// A private folder for job and result files, removed when dropped.
#[derive(Debug)]
pub struct WorkDir(PathBuf);

impl WorkDir {
    /// A new folder `rushes-PID-N` in the system's temporary folder, for this user only.
    ///
    /// # Errors
    /// `OUTPUT-FAILED`.
    pub fn new() -> Result<Self, Error> {
        let base = std::env::temp_dir();
        let pid = std::process::id();
        let mut last = None;
        for n in 0..1000 {
            let path = base.join(format!("rushes-{pid}-{n}"));
            match fs::DirBuilder::new().mode(0o700).create(&path) {
                Ok(()) => return Ok(Self(path)),
                Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => last = Some(e),
                Err(e) => return Err(Error::io("OUTPUT-FAILED", "make a temporary folder", &e).at(&path)),
            }
        }
        let e = last.unwrap_or_else(|| std::io::ErrorKind::AlreadyExists.into());
        Err(Error::io("OUTPUT-FAILED", "make a temporary folder", &e).at(&base))
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for WorkDir {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
