//! Names below an output folder, reached without ever following a link.

use crate::engine::beneath;
use crate::model::Error;
use rustix::fs::{AtFlags, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

/// `cannot …` with the code that fits the number: a full disk has its own.
pub(super) fn failed(doing: &str, e: Errno) -> Error {
    let code = if matches!(e, Errno::NOSPC | Errno::DQUOT) { "OUTPUT-NO-SPACE" } else { "OUTPUT-FAILED" };
    Error::io(code, doing, &std::io::Error::from(e))
}

/// Opens `name` (a path relative to `dir`) beneath `dir` without following any link.
pub(super) fn open(dir: impl AsFd, name: &OsStr, flags: OFlags, mode: Mode) -> Result<OwnedFd, Errno> {
    let flags = flags | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    beneath::open(dir.as_fd(), Path::new(name), flags, mode, false)
}

/// Opens the folder `name` below `dir`.
pub(super) fn open_dir(dir: impl AsFd, name: &OsStr) -> Result<OwnedFd, Errno> {
    open(dir, name, OFlags::RDONLY | OFlags::DIRECTORY, Mode::empty())
}

/// What a name stands for.
pub(super) enum Found {
    /// Nothing.
    Nothing,
    /// A regular file, opened for reading, and its size.
    File(File, u64),
    /// Anything else: a folder, a link, a device.
    Other,
}

/// Looks at `name` in `dir`. A file that may not be read is an error, anything but a file is never opened.
pub(super) fn look(dir: impl AsFd, name: &OsStr) -> Result<Found, Errno> {
    let dir = dir.as_fd();
    match rustix::fs::statat(dir, name, AtFlags::SYMLINK_NOFOLLOW) {
        Err(Errno::NOENT) => return Ok(Found::Nothing),
        Err(e) => return Err(e),
        Ok(s) if kind(&s) != FileType::RegularFile => return Ok(Found::Other),
        Ok(_) => {}
    }
    match open(dir, name, OFlags::RDONLY | OFlags::NONBLOCK, Mode::empty()) {
        Ok(fd) => {
            let s = rustix::fs::fstat(&fd)?;
            let size = u64::try_from(s.st_size).unwrap_or(0);
            Ok(if kind(&s) == FileType::RegularFile { Found::File(File::from(fd), size) } else { Found::Other })
        }
        Err(Errno::NOENT) => Ok(Found::Nothing),
        Err(Errno::LOOP | Errno::XDEV) => Ok(Found::Other),
        Err(e) => Err(e),
    }
}

/// Writes a file of staging whole and makes its bytes durable. What an earlier try left under that name is replaced; the
/// mode is exact because the worker has cleared its umask.
pub(super) fn write_whole(dir: impl AsFd, name: &OsStr, bytes: &[u8], mode: u32) -> Result<(), Error> {
    let doing = "write the output to staging";
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC;
    let fd = open(dir, name, flags, Mode::from_raw_mode(mode & 0o777)).map_err(|e| failed(doing, e))?;
    let mut file = File::from(fd);
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(|e| match Errno::from_io_error(&e) {
        Some(n) => failed(doing, n),
        None => Error::io("OUTPUT-FAILED", doing, &e),
    })
}

/// The kind of file.
pub(super) fn kind(s: &Stat) -> FileType {
    FileType::from_raw_mode(s.st_mode)
}

/// Whether two files hold the same bytes from where they stand.
pub(super) fn same_bytes(a: &mut File, b: &mut File) -> std::io::Result<bool> {
    let (mut x, mut y) = (vec![0u8; 64 << 10], vec![0u8; 64 << 10]);
    loop {
        let n = fill(a, &mut x)?;
        let m = fill(b, &mut y)?;
        if x.get(..n) != y.get(..m) {
            return Ok(false);
        }
        if n == 0 {
            return Ok(true);
        }
    }
}

/// Reads until `buffer` is full or the file ends.
pub(super) fn fill(file: &mut File, buffer: &mut [u8]) -> std::io::Result<usize> {
    let mut n = 0;
    while let Some(rest) = buffer.get_mut(n..).filter(|r| !r.is_empty()) {
        match file.read(rest) {
            Ok(0) => break,
            Ok(k) => n += k,
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(n)
}
