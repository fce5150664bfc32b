//! Opening things below a watched folder without ever following a link or leaving it.

use crate::engine::beneath;
use crate::model::FileStat;
use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, Statx, StatxFlags};
use rustix::io::Errno;
use std::ffi::OsStr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

/// Where an area begins.
#[derive(Debug, Clone)]
pub struct Place {
    /// The watched folder.
    pub root: PathBuf,
    /// A mount point below it, relative; empty for the folder itself.
    pub prefix: PathBuf,
}

/// An area's first folder, opened, with its identity.
#[derive(Debug)]
pub struct Base {
    fd: OwnedFd,
    /// Device and inode: another pair means that something was mounted, unmounted or replaced.
    pub identity: (u64, u64),
}

impl Place {
    /// The absolute path of `rel` in this area.
    pub fn full(&self, rel: &Path) -> PathBuf {
        join(&join(&self.root, &self.prefix), rel)
    }

    /// `rel` of this area, relative to the root.
    pub fn in_root(&self, rel: &Path) -> PathBuf {
        join(&self.prefix, rel)
    }

    /// Opens the area's first folder. May block for as long as its file system likes.
    pub fn open(&self) -> Result<Base, Errno> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let mut fd = rustix::fs::openat(CWD, &self.root, flags, Mode::empty())?;
        if !self.prefix.as_os_str().is_empty() {
            fd = beneath::open(fd.as_fd(), &self.prefix, flags, Mode::empty(), false)?;
        }
        let stx = rustix::fs::statx(&fd, "", AtFlags::EMPTY_PATH, StatxFlags::BASIC_STATS)?;
        Ok(Base { fd, identity: (device(&stx), stx.stx_ino) })
    }
}

impl Base {
    /// The descriptor (`O_PATH`).
    pub fn fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }

    /// Opens a folder for reading; `EXDEV` if another file system is mounted on it or above it.
    pub fn folder(&self, rel: &Path) -> Result<OwnedFd, Errno> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
        beneath::open(self.fd(), rel, flags, Mode::empty(), true)
    }
}

/// Opens a file in an open folder for reading, without waiting for a pipe or a lease.
pub fn file_in(dir: BorrowedFd<'_>, name: &OsStr) -> Result<OwnedFd, Errno> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    beneath::open(dir, Path::new(name), flags, Mode::empty(), true)
}

/// `a/b`, or the other one if one is empty (no trailing slash).
pub fn join(a: &Path, b: &Path) -> PathBuf {
    if b.as_os_str().is_empty() { a.to_path_buf() } else { a.join(b) }
}

/// The stat of a regular file by name, not following links; `Ok(None)` if it is something else.
pub fn stat_in(dir: BorrowedFd<'_>, name: impl rustix::path::Arg) -> Result<Option<FileStat>, Errno> {
    let flags = AtFlags::SYMLINK_NOFOLLOW | AtFlags::NO_AUTOMOUNT;
    let mask = StatxFlags::TYPE | StatxFlags::SIZE | StatxFlags::MTIME | StatxFlags::CTIME | StatxFlags::INO;
    Ok(regular(&rustix::fs::statx(dir, name, flags, mask)?))
}

/// The stat of an open file; `Ok(None)` if it is not a regular file.
pub fn stat_fd(fd: BorrowedFd<'_>) -> Result<Option<FileStat>, Errno> {
    Ok(regular(&rustix::fs::statx(fd, "", AtFlags::EMPTY_PATH, StatxFlags::BASIC_STATS)?))
}

/// Whether a stat by name says that it is a folder.
pub fn is_folder(dir: BorrowedFd<'_>, name: impl rustix::path::Arg) -> Result<bool, Errno> {
    let flags = AtFlags::SYMLINK_NOFOLLOW | AtFlags::NO_AUTOMOUNT;
    let stx = rustix::fs::statx(dir, name, flags, StatxFlags::TYPE)?;
    Ok(FileType::from_raw_mode(u32::from(stx.stx_mode)) == FileType::Directory)
}

fn device(stx: &Statx) -> u64 {
    rustix::fs::makedev(stx.stx_dev_major, stx.stx_dev_minor)
}

fn regular(stx: &Statx) -> Option<FileStat> {
    let ns = |t: rustix::fs::StatxTimestamp| i128::from(t.tv_sec) * 1_000_000_000 + i128::from(t.tv_nsec);
    (FileType::from_raw_mode(u32::from(stx.stx_mode)) == FileType::RegularFile).then(|| FileStat {
        dev: device(stx),
        ino: stx.stx_ino,
        size: stx.stx_size,
        mtime_ns: ns(stx.stx_mtime),
        ctime_ns: ns(stx.stx_ctime),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn links_are_never_followed_and_nothing_leads_out() {
        let t = tempfile::tempdir().unwrap();
        let root = t.path().join("root");
        std::fs::create_dir_all(root.join("a/b")).unwrap();
        std::fs::write(t.path().join("secret"), "s").unwrap();
        std::fs::write(root.join("a/b/f"), "f").unwrap();
        symlink("../secret", root.join("link")).unwrap();
        symlink("..", root.join("up")).unwrap();
        symlink("a", root.join("la")).unwrap();
        let base = Place { root: root.clone(), prefix: PathBuf::new() }.open().unwrap();
        let dir = base.folder(Path::new("a/b")).unwrap();
        assert!(file_in(dir.as_fd(), OsStr::new("f")).is_ok());
        let top = base.folder(Path::new("")).unwrap();
        assert!(file_in(top.as_fd(), OsStr::new("link")).is_err());
        assert!(stat_in(top.as_fd(), "link").unwrap().is_none());
        for bad in ["up", "la", "la/b", "..", "../root", "up/secret"] {
            assert!(base.folder(Path::new(bad)).is_err(), "{bad}");
        }
    }
}
