//! The second look: is the file still the same, and does nobody write it?

use super::lease::{self, Evidence};
use super::place::{self, Base};
use super::settle::{Candidate, Look, same_file};
use crate::model::{Error, FileStat};
use rustix::io::Errno;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

/// Errors after which the whole root is looked at again, not this file.
pub fn is_roots_fault(e: Errno) -> bool {
    matches!(e, Errno::NOTCONN | Errno::STALE | Errno::HOSTDOWN | Errno::TIMEDOUT | Errno::NODEV | Errno::SHUTDOWN)
}

/// An operating system's error about a file.
pub fn unreadable(path: &Path, doing: &str, e: Errno) -> Error {
    let io = std::io::Error::from_raw_os_error(e.raw_os_error());
    let err = Error::io("FILE-UNREADABLE", doing, &io).at(path);
    if matches!(e, Errno::ACCESS | Errno::PERM) {
        return err.fix("give the service's user permission to read it; it is tried again at each sweep");
    }
    err
}

/// Looks again at each member of `c` that asks for it. `lease`: nobody may have it open for writing; a
/// refusal to tell is noted in `no_evidence` once.
pub fn look(base: &Base, c: &Candidate, lease: bool, no_evidence: &mut Option<i32>) -> Vec<(usize, Look)> {
    let asked = c.members.iter().enumerate().filter(|(_, m)| m.check);
    let dir = match base.folder(&c.dir) {
        Ok(d) => d,
        Err(e) => {
            let answer = |i| match e {
                Errno::NOENT | Errno::NOTDIR | Errno::LOOP | Errno::XDEV => (i, Look::Gone),
                e => (i, Look::Failed(unreadable(&c.dir, "open the folder", e))),
            };
            return asked.map(|(i, _)| answer(i)).collect();
        }
    };
    asked.map(|(i, m)| (i, look_at(dir.as_fd(), &c.dir.join(&*m.name), &m.stat, lease, no_evidence))).collect()
}

fn look_at(dir: BorrowedFd<'_>, path: &Path, was: &FileStat, lease: bool, no_evidence: &mut Option<i32>) -> Look {
    let Some(name) = path.file_name() else { return Look::Gone };
    match place::stat_in(dir, name) {
        Ok(Some(now)) if !same_file(was, &now) => return Look::Changed(now),
        Ok(Some(_)) => {}
        Ok(None) | Err(Errno::NOENT) => return Look::Gone,
        Err(e) => return Look::Failed(unreadable(path, "look at the file", e)),
    }
    if !lease {
        return Look::Same;
    }
    match open_same(dir, path, was) {
        Ok(file) => match lease::probe(file.as_fd()) {
            Evidence::Free => Look::Same,
            Evidence::Writer => Look::Writer,
            Evidence::Unavailable(errno) => {
                no_evidence.get_or_insert(errno);
                Look::Same
            }
        },
        Err(l) => l,
    }
}

/// Opens the file if it is still the regular file with this stat.
pub fn open_same(dir: BorrowedFd<'_>, path: &Path, was: &FileStat) -> Result<OwnedFd, Look> {
    let name = path.file_name().ok_or(Look::Gone)?;
    let file = match place::file_in(dir, name) {
        Ok(f) => f,
        Err(Errno::NOENT | Errno::LOOP | Errno::NXIO | Errno::XDEV) => return Err(Look::Gone),
        // somebody holds a lease that our opening breaks
        Err(Errno::AGAIN) => return Err(Look::Writer),
        Err(e) => return Err(Look::Failed(unreadable(path, "open the file", e))),
    };
    match place::stat_fd(file.as_fd()) {
        Ok(Some(now)) if same_file(was, &now) => Ok(file),
        Ok(Some(now)) => Err(Look::Changed(now)),
        Ok(None) => Err(Look::Gone),
        Err(e) => Err(Look::Failed(unreadable(path, "look at the file", e))),
    }
}
