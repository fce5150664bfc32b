//! The output folder, and the hidden staging folder on the same file system from which outputs are renamed into place.

use super::place::{failed, open_dir};
use crate::model::Error;
use rustix::fs::{CWD, FlockOperation, Mode, OFlags, fstat};
use rustix::io::Errno;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// Staging below an output folder.
const STAGING: [&str; 2] = [".rushes", "staging"];

/// An output folder that exists, can be written to, and has its staging on the same file system.
#[derive(Debug)]
pub struct Workspace {
    root: PathBuf,
    root_fd: OwnedFd,
    staging_fd: OwnedFd,
}

/// One job's own staging folder, removed when dropped. While it lives it holds a lock that tells
/// [`Workspace::sweep`], in this or any other process, that somebody works there.
#[derive(Debug)]
pub struct Stage {
    path: PathBuf,
    fd: OwnedFd,
}

impl Workspace {
    /// Opens `root` (absolute), making its last folder if only that is missing.
    ///
    /// # Errors
    /// `ROOT-UNAVAILABLE` when `root` cannot be reached (its mount may be gone: nothing is made in its place),
    /// `OUTPUT-FAILED` or `OUTPUT-NO-SPACE` when staging cannot be made or lies on another file system.
    pub fn open(root: &Path) -> Result<Self, Error> {
        let unavailable = |e: Errno| {
            Error::io("ROOT-UNAVAILABLE", "reach the output folder", &std::io::Error::from(e))
                .at(root)
                .fix("check that it is mounted and that the folder above it exists")
        };
        let open_root =
            || rustix::fs::openat(CWD, root, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty());
        let root_fd = match open_root() {
            Err(Errno::NOENT) => match rustix::fs::mkdir(root, Mode::from_raw_mode(0o777)) {
                Ok(()) | Err(Errno::EXIST) => open_root(),
                Err(e) => Err(e),
            },
            other => other,
        }
        .map_err(unavailable)?;
        let mut dir = root_fd.try_clone().map_err(|e| Error::io("OUTPUT-FAILED", "duplicate a descriptor", &e))?;
        for name in STAGING {
            dir = subfolder(&dir, OsStr::new(name)).map_err(|e| {
                let error = failed("make the staging folder", e).at(&root.join(STAGING.join("/")));
                if matches!(e, Errno::LOOP | Errno::NOTDIR) {
                    error.fix("a link or file lies in its place; remove it")
                } else {
                    error.fix("the output folder must be writable for the user that rushes runs as")
                }
            })?;
        }
        let dev = |fd: &OwnedFd| fstat(fd).map(|s| s.st_dev).map_err(|e| failed("look at a folder", e).at(root));
        if dev(&root_fd)? != dev(&dir)? {
            return Err(failed("stage outputs", Errno::XDEV).at(&root.join(STAGING.join("/"))).fix(
                "`.rushes` must lie on the same file system as the output folder; unmount what is mounted there",
            ));
        }
        Ok(Self { root: root.to_path_buf(), root_fd, staging_fd: dir })
    }

    /// The output folder.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn fd(&self) -> BorrowedFd<'_> {
        self.root_fd.as_fd()
    }

    /// Makes a staging folder for a job.
    ///
    /// # Errors
    /// `OUTPUT-FAILED`, `OUTPUT-NO-SPACE`.
    pub fn stage(&self, job: &str) -> Result<Stage, Error> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let plain: String = job.chars().filter(char::is_ascii_alphanumeric).take(64).collect();
        let mut last = Errno::EXIST;
        for _ in 0..100 {
            let n = NUMBER.fetch_add(1, Ordering::Relaxed);
            let name = format!("{plain}.{}.{n}", std::process::id());
            match self.try_stage(&name) {
                Ok(Some(stage)) => return Ok(stage),
                Ok(None) => {}
                Err(e @ (Errno::EXIST | Errno::NOENT)) => last = e,
                Err(e) => return Err(failed("make a staging folder", e).at(&self.path_of(OsStr::new(&name)))),
            }
        }
        Err(failed("make a staging folder", last).at(&self.path_of(OsStr::new(""))))
    }

    /// `None` when a sweep removed the folder between its making and its locking.
    fn try_stage(&self, name: &str) -> Result<Option<Stage>, Errno> {
        rustix::fs::mkdirat(&self.staging_fd, name, Mode::RWXU)?;
        let fd = open_dir(&self.staging_fd, OsStr::new(name))?;
        // A file system without locks answers otherwise: the sweep then goes by the process number in the name.
        if rustix::fs::flock(&fd, FlockOperation::NonBlockingLockExclusive) == Err(Errno::WOULDBLOCK) {
            return Ok(None);
        }
        if fstat(&fd)?.st_nlink == 0 {
            return Ok(None);
        }
        Ok(Some(Stage { path: self.path_of(OsStr::new(name)), fd }))
    }

    fn path_of(&self, name: &OsStr) -> PathBuf {
        self.root.join(STAGING[0]).join(STAGING[1]).join(name)
    }

    /// Removes what dead processes left in staging; answers how many folders.
    ///
    /// # Errors
    /// `OUTPUT-FAILED` when staging cannot be listed; a folder that resists is left for the next sweep.
    pub fn sweep(&self) -> Result<usize, Error> {
        let list = |e: Errno| failed("list the staging folder", e).at(&self.path_of(OsStr::new("")));
        let mut swept = 0;
        for entry in rustix::fs::Dir::read_from(&self.staging_fd).map_err(list)? {
            let entry = entry.map_err(list)?;
            let bytes = entry.file_name().to_bytes();
            if matches!(bytes, b"." | b"..") {
                continue;
            }
            let name: OsString = std::os::unix::ffi::OsStringExt::from_vec(bytes.to_vec());
            let Ok(fd) = open_dir(&self.staging_fd, &name) else { continue };
            let dead = match rustix::fs::flock(&fd, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => true,
                Err(Errno::WOULDBLOCK) => false,
                Err(_) => !owner_lives(&name),
            };
            if dead && std::fs::remove_dir_all(self.path_of(&name)).is_ok() {
                swept += 1;
            }
        }
        Ok(swept)
    }
}

impl Stage {
    /// Its path, for the worker.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Makes a folder in it, for workers, which may not make any.
    ///
    /// # Errors
    /// `OUTPUT-FAILED`, `OUTPUT-NO-SPACE`.
    pub fn make_folder(&self, name: &str) -> Result<(), Error> {
        rustix::fs::mkdirat(&self.fd, name, Mode::RWXU)
            .map_err(|e| failed("make a folder in staging", e).at(&self.path.join(name)))
    }

    pub(super) fn fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        // What stays behind is swept at the next start.
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

/// Opens `name` in `dir`, making it (and making that durable) when it is missing.
fn subfolder(dir: &OwnedFd, name: &OsStr) -> Result<OwnedFd, Errno> {
    match open_dir(dir, name) {
        Err(Errno::NOENT) => {}
        other => return other,
    }
    match rustix::fs::mkdirat(dir, name, Mode::from_raw_mode(0o755)) {
        Ok(()) => sync_dir(dir)?,
        Err(Errno::EXIST) => {}
        Err(e) => return Err(e),
    }
    open_dir(dir, name)
}

/// Makes the names in a folder durable. Some network and FUSE file systems cannot, and say so: that is no error.
pub(super) fn sync_dir(dir: impl AsFd) -> Result<(), Errno> {
    match rustix::fs::fsync(dir) {
        Ok(()) | Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => Ok(()),
        Err(e) => Err(e),
    }
}

/// Whether the process in a staging folder's name (`job.PID.n`) lives; unreadable names count as alive.
fn owner_lives(name: &OsStr) -> bool {
    let Some(pid) = name.to_str().and_then(|n| n.split('.').nth(1)).and_then(|p| p.parse::<i32>().ok()) else {
        return true;
    };
    rustix::process::Pid::from_raw(pid)
        .is_none_or(|p| !matches!(rustix::process::test_kill_process(p), Err(Errno::SRCH)))
}

/// Reads a staged file from its beginning.
pub(super) fn rewind(file: &mut File) -> std::io::Result<()> {
    std::io::Seek::rewind(file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ErrorKind;
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn makes_only_its_last_folder() {
        let t = tempfile::tempdir().unwrap();
        let w = Workspace::open(&t.path().join("out")).unwrap();
        assert!(w.root().join(".rushes/staging").is_dir());
        let e = Workspace::open(&t.path().join("gone/out")).unwrap_err();
        assert_eq!((e.code.as_ref(), e.kind, e.is_environment()), ("ROOT-UNAVAILABLE", ErrorKind::Io, true));
        assert!(!t.path().join("gone").exists(), "nothing is made where a mount may be missing");
    }

    #[test]
    fn sweep_leaves_the_living() {
        let t = tempfile::tempdir().unwrap();
        let w = Workspace::open(t.path()).unwrap();
        let alive = w.stage("aaaa").unwrap();
        std::fs::write(alive.path().join("0"), b"x").unwrap();
        let dead = t.path().join(".rushes/staging/bbbb.1.7");
        std::fs::create_dir_all(dead.join("deep")).unwrap();
        std::fs::write(dead.join("deep/f"), b"x").unwrap();
        std::fs::write(t.path().join(".rushes/staging/stray"), b"not ours").unwrap();
        assert_eq!(Workspace::open(t.path()).unwrap().sweep().unwrap(), 1);
        assert!(alive.path().join("0").exists() && !dead.exists());
        assert_eq!(std::fs::metadata(alive.path()).unwrap().permissions().mode() & 0o777, 0o700);
        let gone = alive.path().to_path_buf();
        drop(alive);
        assert!(!gone.exists());
    }

    #[test]
    fn a_link_in_place_of_staging_is_refused() {
        let t = tempfile::tempdir().unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        symlink(elsewhere.path(), t.path().join(".rushes")).unwrap();
        let e = Workspace::open(t.path()).unwrap_err();
        assert_eq!(e.code, "OUTPUT-FAILED");
        assert_eq!(std::fs::read_dir(elsewhere.path()).unwrap().count(), 0);
    }
}
