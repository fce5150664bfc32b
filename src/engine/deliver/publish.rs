//! From staging to its final name, whole or not at all; run again, it changes nothing.

use super::place::{Found, failed, fill, kind, look, open, open_dir, same_bytes};
use super::plan::{check_output_path, version_name};
use super::workspace::{Stage, Workspace, rewind, sync_dir};
use crate::engine::deliver::{JobFile, MadeOutput, PlannedOutput, StagedFile};
use crate::engine::killpoint;
use crate::model::{Error, ErrorKind, MediaPath};
use rustix::fs::{AtFlags, FileType, Gid, Mode, OFlags, RenameFlags, fchmod, fchown, fstat};
use rustix::io::Errno;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Component, Path};
use std::sync::{Mutex, PoisonError};
use xxhash_rust::xxh3::Xxh3;

/// Most versions of one output.
pub(super) const MOST_VERSIONS: u32 = 9999;

/// What the worker says it left in staging for one output.
#[derive(Debug, Clone, PartialEq)]
pub enum Claim {
    /// A file.
    File {
        /// Bytes.
        size: u64,
        /// XXH3-128, 32 hexadecimal digits.
        xxh128: String,
    },
    /// A folder of files, each with its name.
    Folder(Vec<StagedFile>),
}

/// Gives each staged output (file or folder `0`, `1`, … of `stage`, as claimed by the worker in `claimed`) its name below
/// the workspace, in order, and makes the names durable.
///
/// A name that already holds the very same bytes is left alone. Another file there is kept: for outputs that supersede
/// it is linked to `….vNNN…` and then replaced in one rename; for others the new output takes the next free version. A
/// folder is renamed once, with everything in it. Whatever dies in between, the same call later ends with the same files.
///
/// # Errors
/// `OUTPUT-FAILED` when staging does not hold what the worker claims or the disk fails, `OUTPUT-NO-SPACE`,
/// `OUTPUT-EXISTS` when a folder, link or special file is in the way (never followed, never removed),
/// `OUTPUT-ESCAPES` for a name that is not plain.
pub fn publish(space: &Workspace, stage: &Stage, job: &JobFile, claimed: &[Claim]) -> Result<Vec<MadeOutput>, Error> {
    if claimed.len() != job.all_outputs().count() {
        return Err(lied("the worker made another number of outputs than planned"));
    }
    killpoint::here("after-staging-fsync");
    let mut touched = Touched::default();
    let mut made = Vec::new();
    let parts = job.parts();
    let sealed: Vec<bool> = parts.iter().flat_map(|p| p.outputs.iter().map(|_| p.recipe.is_sealed())).collect();
    for (n, (planned, claim)) in job.all_outputs().zip(claimed).enumerate() {
        let seal = sealed.get(n).copied().unwrap_or(false);
        if n > 0 {
            killpoint::here("between-outputs");
        }
        let one = Publisher { space, stage, job, planned, touched: &mut touched };
        let name = n.to_string();
        let result = match claim {
            Claim::File { size, xxh128 } => one.run(&name, *size, xxh128),
            Claim::Folder(files) => one.run_folder(&name, files, seal),
        };
        made.push(result.map_err(|e| e.at(&space.root().join(planned.path.as_path())))?);
    }
    touched.sync().map_err(|e| failed("make the names of outputs durable", e).at(space.root()))?;
    killpoint::here("after-outputs");
    Ok(made)
}

pub(super) fn lied(what: &str) -> Error {
    Error::new(ErrorKind::Io, "OUTPUT-FAILED", what)
}

pub(super) fn in_the_way(what: &str) -> Error {
    Error::new(ErrorKind::Malformed, "OUTPUT-EXISTS", what).fix("move it away, then `rushes retry` this job")
}

/// The folders whose names changed, each to be synced once.
#[derive(Default)]
pub(super) struct Touched(Vec<(u64, u64, OwnedFd)>);

impl Touched {
    pub(super) fn add(&mut self, dir: &OwnedFd) -> Result<(), Errno> {
        let s = fstat(dir)?;
        if !self.0.iter().any(|(dev, ino, _)| (*dev, *ino) == (s.st_dev, s.st_ino)) {
            self.0.push((s.st_dev, s.st_ino, rustix::io::fcntl_dupfd_cloexec(dir, 0)?));
        }
        Ok(())
    }

    fn sync(&self) -> Result<(), Errno> {
        // Deepest last made, first synced: a name is durable only when the folder it lies in is.
        self.0.iter().rev().try_for_each(|(_, _, fd)| sync_dir(fd))
    }
}

pub(super) struct Publisher<'a> {
    pub(super) space: &'a Workspace,
    pub(super) stage: &'a Stage,
    pub(super) job: &'a JobFile,
    pub(super) planned: &'a PlannedOutput,
    pub(super) touched: &'a mut Touched,
}

impl Publisher<'_> {
    fn run(mut self, staged: &str, size: u64, xxh128: &str) -> Result<MadeOutput, Error> {
        let path = self.planned.path.as_path();
        check_output_path(path)?;
        let name = path.file_name().ok_or_else(|| lied("the output has no name"))?;
        let mut file = self.take_staged(self.stage.fd(), OsStr::new(staged), size, xxh128)?;
        let dir = self.parents(path)?;
        self.touched.add(&dir).map_err(|e| failed("look at a folder", e))?;
        let mut made = MadeOutput::new(self.planned.path.clone(), size, xxh128);
        let mut version = 1;
        let mut at = name.to_os_string();
        // Each turn settles one name; a name taken by somebody else meanwhile is looked at again.
        for _ in 0..MOST_VERSIONS {
            let found = look(&dir, &at).map_err(|e| failed("look at the output's name", e))?;
            match found {
                Found::Nothing => match self.move_new(OsStr::new(staged), &dir, &at) {
                    Ok(()) => return Ok(self.named(made, &at)),
                    Err(Errno::EXIST) => {}
                    Err(e) => return Err(failed("move the output to its place", e)),
                },
                Found::Other => {
                    return Err(in_the_way("a folder, link or special file lies where the output should go"));
                }
                Found::File(mut old, old_size) => {
                    if old_size == size && self.same(&mut file, &mut old)? {
                        made.kept = true;
                        return Ok(self.named(made, &at));
                    }
                    if self.planned.supersede {
                        let kept = self.keep_old(&dir, &at, &mut old, old_size)?;
                        rustix::fs::renameat(self.stage.fd(), staged, &dir, &at)
                            .map_err(|e| failed("move the output to its place", e))?;
                        killpoint::here("after-rename");
                        made.superseded = Some(MediaPath::from(path.with_file_name(kept)));
                        return Ok(made);
                    }
                    version += 1;
                    let next = self.planned.at_version(version);
                    at = next.as_path().file_name().ok_or_else(|| lied("the output has no name"))?.to_os_string();
                }
            }
        }
        Err(in_the_way("there are too many versions of the output"))
    }

    fn named(&self, mut made: MadeOutput, name: &OsStr) -> MadeOutput {
        made.path = MediaPath::from(self.planned.path.as_path().with_file_name(name));
        made
    }

    fn same(&self, staged: &mut File, old: &mut File) -> Result<bool, Error> {
        rewind(staged)
            .and_then(|()| rewind(old))
            .and_then(|()| same_bytes(staged, old))
            .map_err(|e| Error::io("OUTPUT-FAILED", "compare with the file already there", &e))
    }

    /// Opens a staged file, checks it against what the worker says, and gives it mode and group.
    pub(super) fn take_staged(&self, dir: impl AsFd, name: &OsStr, claimed: u64, xxh128: &str) -> Result<File, Error> {
        let fd = open(dir, name, OFlags::RDONLY | OFlags::NONBLOCK, Mode::empty())
            .map_err(|e| failed("open the staged output", e))?;
        let s = fstat(&fd).map_err(|e| failed("look at the staged output", e))?;
        let size = u64::try_from(s.st_size).unwrap_or(u64::MAX);
        if kind(&s) != FileType::RegularFile || s.st_nlink != 1 || size > self.job.limits.file_size {
            return Err(lied("the staged output is not a plain file within the limits"));
        }
        let mut file = File::from(fd);
        let found = hash(&mut file).map_err(|e| Error::io("OUTPUT-FAILED", "read back the staged output", &e))?;
        if size != claimed || found != xxh128 {
            return Err(lied("the staged output is not what the worker wrote"));
        }
        let mode = self.job.mode & 0o777;
        let group = self.job.gid.filter(|g| *g != s.st_gid);
        if let Some(g) = group {
            fchown(&file, None, Some(Gid::from_raw(g))).map_err(|e| {
                failed("give the output its group", e)
                    .fix("the user that rushes runs as must be a member of that group")
            })?;
        }
        if s.st_mode & 0o7777 != mode || group.is_some() {
            fchmod(&file, Mode::from_raw_mode(mode)).map_err(|e| failed("give the output its mode", e))?;
            rustix::fs::fsync(&file).map_err(|e| failed("make the output durable", e))?;
        }
        Ok(file)
    }

    /// The folder of `path`, making what is missing.
    pub(super) fn parents(&mut self, path: &Path) -> Result<OwnedFd, Error> {
        let mut dir =
            rustix::io::fcntl_dupfd_cloexec(self.space.fd(), 0).map_err(|e| failed("duplicate a descriptor", e))?;
        for part in path.parent().into_iter().flat_map(Path::components) {
            let Component::Normal(name) = part else {
                return Err(Error::new(ErrorKind::Malformed, "OUTPUT-ESCAPES", "the output name is not plain"));
            };
            dir = self.folder(&dir, name).map_err(|e| match e {
                Errno::NOTDIR | Errno::LOOP => in_the_way("a link or file lies where a folder of the output should be"),
                Errno::XDEV => failed("use a folder on another file system", e)
                    .fix("a folder of the output tree must not be a mount of its own; use an `output` for it"),
                e => failed("make the folder of the output", e),
            })?;
        }
        Ok(dir)
    }

    /// A folder appears with its final mode and group in one rename, whatever the umask.
    fn folder(&mut self, dir: &OwnedFd, name: &OsStr) -> Result<OwnedFd, Errno> {
        for _ in 0..100 {
            match open_dir(dir, name) {
                Err(Errno::NOENT) => {}
                other => return other,
            }
            let staged = "new-folder";
            match rustix::fs::mkdirat(self.stage.fd(), staged, Mode::RWXU) {
                Ok(()) | Err(Errno::EXIST) => {}
                Err(e) => return Err(e),
            }
            let fd = open_dir(self.stage.fd(), OsStr::new(staged))?;
            if let Some(g) = self.job.gid {
                fchown(&fd, None, Some(Gid::from_raw(g)))?;
            }
            fchmod(&fd, Mode::from_raw_mode(folder_mode(self.job.mode)))?;
            self.touched.add(dir)?;
            match no_replace(self.stage.fd(), OsStr::new(staged), dir, name) {
                Ok(()) => return Ok(fd),
                Err(Errno::EXIST | Errno::NOTEMPTY) => {}
                // No such flag here: an empty folder replaces only an empty one.
                Err(Errno::INVAL | Errno::NOSYS) => match rustix::fs::renameat(self.stage.fd(), staged, dir, name) {
                    Ok(()) => return Ok(fd),
                    Err(Errno::EXIST | Errno::NOTEMPTY) => {}
                    Err(e) => return Err(e),
                },
                Err(e) => return Err(e),
            }
        }
        Err(Errno::EXIST)
    }

    /// Renames where nothing is; `EXIST` when something came in between.
    fn move_new(&self, staged: &OsStr, dir: &OwnedFd, name: &OsStr) -> Result<(), Errno> {
        match no_replace(self.stage.fd(), staged, dir, name) {
            Err(Errno::INVAL | Errno::NOSYS) => {
                // A file system without that flag: a hard link is as whole, and refuses an existing name too.
                match rustix::fs::linkat(self.stage.fd(), staged, dir, name, AtFlags::empty()) {
                    Ok(()) => {}
                    Err(Errno::PERM | Errno::OPNOTSUPP | Errno::NOSYS) => {
                        // neither of the two: look and rename, one at a time at least in this process
                        let _alone = LAST_RESORT.lock().unwrap_or_else(PoisonError::into_inner);
                        if !matches!(look(dir, name)?, Found::Nothing) {
                            return Err(Errno::EXIST);
                        }
                        rustix::fs::renameat(self.stage.fd(), staged, dir, name)?;
                    }
                    Err(e) => return Err(e),
                }
            }
            other => other?,
        }
        killpoint::here("after-rename");
        Ok(())
    }

    /// Keeps the file `name` under its next free version name, or under the newest one if that already holds it.
    fn keep_old(&mut self, dir: &OwnedFd, name: &OsStr, old: &mut File, size: u64) -> Result<OsString, Error> {
        let looking = |e: Errno| failed("look at the earlier versions", e);
        let mut newest: Option<(OsString, File, u64)> = None;
        for version in 1..=MOST_VERSIONS {
            let candidate = version_name(name, version);
            match look(dir, &candidate).map_err(looking)? {
                Found::File(file, bytes) => {
                    newest = Some((candidate, file, bytes));
                    continue;
                }
                Found::Other => {
                    newest = None;
                    continue;
                }
                Found::Nothing => {}
            }
            if let Some((kept, mut file, bytes)) = newest.take()
                && bytes == size
                && self.same(&mut file, old)?
            {
                return Ok(kept);
            }
            match rustix::fs::linkat(dir, name, dir, &candidate, AtFlags::empty()) {
                Ok(()) => return Ok(candidate),
                Err(Errno::EXIST) => {}
                Err(Errno::PERM | Errno::OPNOTSUPP | Errno::NOSYS | Errno::MLINK | Errno::ACCESS) => {
                    self.copy_old(dir, old, &candidate)?;
                    return Ok(candidate);
                }
                Err(e) => return Err(failed("keep the earlier version", e)),
            }
        }
        Err(in_the_way("there are too many versions of the output"))
    }

    /// Where links are not possible: a whole copy, published like an output.
    fn copy_old(&self, dir: &OwnedFd, old: &mut File, to: &OsStr) -> Result<(), Error> {
        let doing = "keep a copy of the earlier version";
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC;
        let fd =
            open(self.stage.fd(), OsStr::new("kept"), flags, Mode::RUSR | Mode::WUSR).map_err(|e| failed(doing, e))?;
        let mut copy = File::from(fd);
        rewind(old).and_then(|()| std::io::copy(old, &mut copy)).map_err(|e| Error::io("OUTPUT-FAILED", doing, &e))?;
        let mode = fstat(&*old).map(|s| s.st_mode & 0o777).map_err(|e| failed(doing, e))?;
        fchmod(&copy, Mode::from_raw_mode(mode)).map_err(|e| failed(doing, e))?;
        rustix::fs::fsync(&copy).map_err(|e| failed(doing, e))?;
        self.move_new(OsStr::new("kept"), dir, to).map_err(|e| failed(doing, e))
    }
}

/// Held between a look and a rename where the file system can do neither of them as one.
static LAST_RESORT: Mutex<()> = Mutex::new(());

pub(super) fn no_replace(from: impl AsFd, name: &OsStr, to: impl AsFd, new: &OsStr) -> Result<(), Errno> {
    rustix::fs::renameat_with(from, name, to, new, RenameFlags::NOREPLACE)
}

/// Who may read a file may enter its folder: `0664` → `0775`.
pub(super) fn folder_mode(mode: u32) -> u32 {
    let mode = mode & 0o777;
    mode | ((mode & 0o444) >> 2) | 0o700
}

pub(super) fn hash(file: &mut File) -> std::io::Result<String> {
    let mut h = Xxh3::new();
    let mut buffer = vec![0u8; 64 << 10];
    loop {
        let n = fill(file, &mut buffer)?;
        if n == 0 {
            return Ok(format!("{:032x}", h.digest128()));
        }
        h.update(buffer.get(..n).unwrap_or_default());
    }
}

#[cfg(test)]
#[path = "publish_tests.rs"]
mod tests;
