//! The work itself, as done in the locked-in worker: inputs come open, outputs go to staging, nothing else is touched.

use super::pass::{self, Prepared};
use super::place::{kind, open, write_whole};
use crate::engine::deliver::{JobFile, JobInput, MadeOutput, Recipe, SidecarFormat, StepKind, StepOutcome};
use crate::engine::format::{Input, MAX_INSPECTED_FRAMES, inspect_some};
use crate::engine::sidecar::{SidecarContext, ale, csv, json, opentrackio, otio};
use crate::model::{ClipDoc, ClipFile, ClipUnit, Error, ErrorKind};
use rustix::fs::{CWD, FileType, Mode, OFlags, fstat};
use rustix::io::Errno;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs::File;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::path::Path;

/// An input that is open and was, when it was opened, the file that the job means.
#[derive(Debug)]
pub struct OpenInput<'a> {
    pub(super) input: &'a JobInput,
    file: File,
}

/// Opens the inputs that a step reads, at most `most` of them: of a long sequence the first, the last, evenly spaced
/// ones and those whose size is unlike the first's, of a clip in several files the first; a range of frames needs all of its own. Below their root no link is followed, and only regular files of
/// the expected size and time are accepted.
///
/// # Errors
/// `FILE-VANISHED`, `FILE-CHANGED`, `FILE-UNREADABLE` (Io), `FILE-NOT-REGULAR` (Malformed), `ROOT-UNAVAILABLE`.
pub fn open_inputs(job: &JobFile, most: usize) -> Result<Vec<OpenInput<'_>>, Error> {
    let proxy = |r: &Recipe| matches!(r, Recipe::Proxy(_));
    match job.step {
        StepKind::Inspect | StepKind::Rows | StepKind::Frames => {}
        // the sound and the tags of a movie are taken when its pictures are joined
        StepKind::Finish if job.unit == ClipUnit::File && job.parts().iter().any(|p| proxy(p.recipe)) => {}
        StepKind::Finish | StepKind::Deliver => return Ok(Vec::new()),
    }
    if matches!(job.step, StepKind::Frames | StepKind::Rows) && job.inputs.len() > most {
        let e = std::io::Error::from_raw_os_error(libc::EMFILE);
        let doing = format!("open the {} frames of a range (at most {most} files may be open)", job.inputs.len());
        return Err(
            Error::io("FILE-UNREADABLE", &doing, &e).fix("raise the limit of open files (LimitNOFILE, ulimit -n)")
        );
    }
    let mut roots: BTreeMap<&Path, OwnedFd> = BTreeMap::new();
    let mut opened = Vec::new();
    let chosen = match job.unit {
        // the files that say what the others are come first
        ClipUnit::Spanned => (0..job.inputs.len().min(most.max(1))).collect(),
        ClipUnit::Sequence | ClipUnit::File => choose(&job.inputs, most),
    };
    for index in chosen {
        let Some(input) = job.inputs.get(index) else { continue };
        let file = open_input(input, &mut roots).map_err(|e| e.at(input.path.as_path()))?;
        let open = OpenInput { input, file };
        open.check("changed since it was found").map_err(|e| e.at(input.path.as_path()))?;
        opened.push(open);
    }
    Ok(opened)
}

/// Opens the metadata files beside the clip of an inspection, as [`open_inputs`] does. One that cannot be had is passed
/// over: whoever changed it brings it again.
#[must_use]
pub fn open_beside(job: &JobFile) -> Vec<OpenInput<'_>> {
    if job.step != StepKind::Inspect {
        return Vec::new();
    }
    let mut roots: BTreeMap<&Path, OwnedFd> = BTreeMap::new();
    let opened =
        job.beside.iter().filter_map(|input| Some(OpenInput { input, file: open_input(input, &mut roots).ok()? }));
    opened.filter(|o| o.check("").is_ok()).collect()
}

fn open_input<'a>(input: &'a JobInput, roots: &mut BTreeMap<&'a Path, OwnedFd>) -> Result<File, Error> {
    // NONBLOCK: a fifo that has taken a file's place must not hold us; regular files do not care.
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let path = input.path.as_path();
    let result = match &input.root {
        None => rustix::fs::openat(CWD, path, flags, Mode::empty()),
        Some(root) => {
            let root = root.as_path();
            if !roots.contains_key(root) {
                let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
                let fd = rustix::fs::openat(CWD, root, flags, Mode::empty()).map_err(|e| {
                    Error::io("ROOT-UNAVAILABLE", "reach the watched folder", &std::io::Error::from(e)).at(root)
                })?;
                roots.insert(root, fd);
            }
            match roots.get(root) {
                Some(fd) => open(fd, path.as_os_str(), flags, Mode::empty()),
                None => Err(Errno::NOENT),
            }
        }
    };
    let not_regular = || {
        Error::new(ErrorKind::Malformed, "FILE-NOT-REGULAR", "a link, pipe, socket or device where a file was expected")
    };
    match result {
        Ok(fd) => match fstat(&fd) {
            Ok(s) if kind(&s) == FileType::RegularFile => Ok(File::from(fd)),
            Ok(_) => Err(not_regular()),
            Err(e) => Err(Error::io("FILE-UNREADABLE", "look at the file", &std::io::Error::from(e))),
        },
        Err(Errno::LOOP | Errno::NXIO | Errno::XDEV) => Err(not_regular()),
        Err(e @ (Errno::NOENT | Errno::NOTDIR)) => {
            Err(Error::io("FILE-VANISHED", "open the file", &std::io::Error::from(e)))
        }
        Err(e) => Err(Error::io("FILE-UNREADABLE", "open the file", &std::io::Error::from(e))),
    }
}

impl OpenInput<'_> {
    /// As readers and decoders want it.
    pub(super) fn given(&self) -> Input<'_> {
        Input { path: &self.input.path, file: &self.file, size: self.input.size }
    }

    pub(super) fn check(&self, when: &str) -> Result<(), Error> {
        let s = fstat(&self.file)
            .map_err(|e| Error::io("FILE-UNREADABLE", "look at the file", &std::io::Error::from(e)))?;
        let mtime = i128::from(s.st_mtime) * 1_000_000_000 + i128::from(s.st_mtime_nsec);
        let same_time = self.input.mtime_ns == 0 || self.input.mtime_ns == mtime;
        if u64::try_from(s.st_size) != Ok(self.input.size) || !same_time {
            return Err(Error::new(ErrorKind::Io, "FILE-CHANGED", format!("the file {when}")));
        }
        Ok(())
    }
}

/// The indices of the inputs to open, in order.
fn choose(inputs: &[JobInput], most: usize) -> BTreeSet<usize> {
    let most = most.max(1);
    if inputs.len() <= most {
        return (0..inputs.len()).collect();
    }
    let spread = most.min(MAX_INSPECTED_FRAMES);
    let last = inputs.len().saturating_sub(1);
    let parts = spread.saturating_sub(1).max(1);
    let mut out: BTreeSet<usize> = (0..spread).map(|k| k.saturating_mul(last) / parts).collect();
    let usual = inputs.first().map(|i| i.size);
    let odd = inputs.iter().enumerate().filter(|(_, i)| Some(i.size) != usual).map(|(k, _)| k);
    out.extend(odd.take(most - spread));
    out
}

/// Does a step. Inspection answers with the clip document; delivery writes output `n` of the job as file `n` of
/// `staging`, durable and with the job's mode, and answers with what each holds.
#[must_use]
pub fn work(
    job: &JobFile,
    inputs: &[OpenInput<'_>],
    beside: &[OpenInput<'_>],
    staging: Option<BorrowedFd<'_>>,
    prepared: Prepared,
) -> StepOutcome {
    let staged =
        || staging.ok_or_else(|| Error::new(ErrorKind::Malformed, "JOB-INVALID", "there is no staging folder"));
    let outcome = match job.step {
        StepKind::Frames => {
            staged().and_then(|dir| pass::run(job, inputs, dir, prepared)).map(|r| StepOutcome::Rendered(Box::new(r)))
        }
        StepKind::Finish => {
            staged().and_then(|dir| pass::finish(job, dir, prepared)).map(|r| StepOutcome::Rendered(Box::new(r)))
        }
        StepKind::Inspect => inspect_step(job, inputs, beside).map(|doc| StepOutcome::Inspected(Box::new(doc))),
        StepKind::Rows => Err(Error::new(ErrorKind::Malformed, "JOB-INVALID", "rows are listed, not made")),
        StepKind::Deliver => deliver_step(job, staging).map(StepOutcome::Made),
    };
    let unchanged =
        inputs.iter().try_for_each(|i| i.check("changed while it was read").map_err(|e| e.at(i.input.path.as_path())));
    match (outcome, unchanged) {
        (_, Err(e)) => StepOutcome::Failed(e),
        // what is wrong is wrong with the clip, unless a place was named
        (Err(e), Ok(())) => StepOutcome::Failed(match inputs.first() {
            Some(first) => e.at(first.input.path.as_path()),
            None => e,
        }),
        (Ok(o), Ok(())) => o,
    }
}

fn inspect_step(job: &JobFile, inputs: &[OpenInput<'_>], beside: &[OpenInput<'_>]) -> Result<ClipDoc, Error> {
    let given: Vec<Input<'_>> = inputs.iter().map(OpenInput::given).collect();
    let beside: Vec<Input<'_>> = beside.iter().map(OpenInput::given).collect();
    let files = job.inputs.iter().map(clip_file).collect();
    let mut doc = inspect_some(&job.name, job.unit, files, &given, &beside, &job.limits)?;
    // A long sequence was sampled: what counts files must count all of them.
    if job.unit == ClipUnit::Sequence && doc.clip.frames.is_some() {
        doc.clip.frames = u64::try_from(job.inputs.len()).ok();
    }
    Ok(doc)
}

fn clip_file(i: &JobInput) -> ClipFile {
    ClipFile { path: i.path.clone(), size: i.size, xxh128: i.xxh128.clone(), hashes: BTreeMap::new() }
}

fn deliver_step(job: &JobFile, staging: Option<BorrowedFd<'_>>) -> Result<Vec<MadeOutput>, Error> {
    let invalid = |what: &str| Error::new(ErrorKind::Malformed, "JOB-INVALID", what);
    let staging = staging.ok_or_else(|| invalid("the step makes outputs but has no staging folder"))?;
    let recipe = job.recipe.as_ref().ok_or_else(|| invalid("the step makes outputs but has no recipe"))?;
    let clip = job.clip.as_ref().ok_or_else(|| invalid("the step makes outputs but has no clip"))?;
    let Recipe::Sidecar(_) = recipe else { return Err(invalid("pictures are made range by range")) };
    let context = SidecarContext { job: &job.id, revision: recipe.revision(), context: &job.context };
    let mut made = Vec::new();
    for (n, planned) in job.outputs.iter().enumerate() {
        let part = planned.part.as_str();
        let bytes = match SidecarFormat::named(part) {
            Some(SidecarFormat::Json) => json(clip, &context)?,
            Some(SidecarFormat::Ale) => ale(clip)?,
            Some(SidecarFormat::Csv) => csv(&[clip], &job.context),
            Some(SidecarFormat::Otio) => otio(clip)?,
            Some(SidecarFormat::OpenTrackIo) => opentrackio(clip)?,
            None => return Err(invalid(&format!("the recipe has no part `{part}`"))),
        };
        write_whole(staging, OsStr::new(&n.to_string()), &bytes, job.mode)?;
        let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let xxh128 = format!("{:032x}", xxhash_rust::xxh3::xxh3_128(&bytes));
        made.push(MadeOutput::new(planned.path.clone(), size, &xxh128));
    }
    Ok(made)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::deliver::SidecarRecipe;
    use crate::model::MediaPath;
    use std::os::unix::fs::symlink;

    fn input(root: Option<&Path>, path: &str, size: u64) -> JobInput {
        let path = MediaPath::from(Path::new(path));
        JobInput { root: root.map(MediaPath::from), path, size, mtime_ns: 0, xxh128: String::new() }
    }

    fn job(inputs: Vec<JobInput>) -> JobFile {
        JobFile { inputs, ..JobFile::new("0".repeat(32), StepKind::Inspect, "x", ClipUnit::File) }
    }

    #[test]
    fn only_the_file_that_is_meant() {
        let t = tempfile::tempdir().unwrap();
        let root = t.path().join("in");
        std::fs::create_dir(&root).unwrap();
        std::fs::create_dir(root.join("dir")).unwrap();
        std::fs::write(root.join("a"), b"abc").unwrap();
        std::fs::write(t.path().join("secret"), b"abc").unwrap();
        symlink("a", root.join("link")).unwrap();
        symlink(t.path(), root.join("up")).unwrap();
        rustix::fs::mkfifoat(CWD, root.join("fifo"), Mode::RWXU).unwrap();
        let code = |path: &str, size| {
            open_inputs(&job(vec![input(Some(&root), path, size)]), 64)
                .map(|v| v.len())
                .map_err(|e| e.code.into_owned())
        };
        assert_eq!(code("a", 3), Ok(1));
        assert_eq!(code("a", 4), Err("FILE-CHANGED".into()));
        assert_eq!(code("gone", 3), Err("FILE-VANISHED".into()));
        for odd in ["link", "up/secret", "../secret", "fifo", "dir"] {
            assert_eq!(code(odd, 3), Err("FILE-NOT-REGULAR".into()), "{odd}");
        }
        let absolute = t.path().join("secret");
        assert_eq!(code(absolute.to_str().unwrap(), 3), Err("FILE-NOT-REGULAR".into()), "absolute below a root");
        assert_eq!(open_inputs(&job(vec![input(None, absolute.to_str().unwrap(), 3)]), 64).unwrap().len(), 1);
        let mut other_time = input(Some(&root), "a", 3);
        other_time.mtime_ns = 5;
        assert_eq!(open_inputs(&job(vec![other_time]), 64).unwrap_err().code, "FILE-CHANGED");
        let lost = open_inputs(&job(vec![input(Some(&t.path().join("unmounted")), "a", 3)]), 64).unwrap_err();
        assert!(lost.is_environment());
        let mut deliver = job(vec![input(Some(&root), "gone", 3)]);
        deliver.step = StepKind::Deliver;
        deliver.recipe = Some(Recipe::Sidecar(SidecarRecipe { formats: vec![SidecarFormat::Json] }));
        assert!(open_inputs(&deliver, 64).unwrap().is_empty(), "a sidecar needs no essence");
    }

    #[test]
    fn long_sequences_are_sampled_with_both_ends_and_odd_sizes() {
        let mut inputs: Vec<_> = (0..10_000).map(|n| input(None, &format!("/f{n}"), 100)).collect();
        inputs[7].size = 99;
        let chosen = choose(&inputs, 100);
        assert!(chosen.len() <= 100 && [0, 7, 9_999].iter().all(|i| chosen.contains(i)), "{chosen:?}");
        assert_eq!(choose(&inputs[..10], 100).len(), 10);
        assert!(choose(&inputs, 0).len() == 1 && choose(&[], 5).is_empty());
    }
}
