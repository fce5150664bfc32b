//! Asks the kernel whether somebody has a file open for writing, with a read lease that is given back at
//! once (fcntl(2), `F_SETLEASE`).
//!
//! Unchanged size and times are not enough: of sixteen ways of copying, six look finished while the writer
//! pauses (preallocated files, a stopped copy, a header written last, memory maps). A read lease is refused
//! with `EAGAIN` as long as anybody on this machine has the file open for writing. It needs the file's owner
//! or `CAP_LEASE`, and is not asked on network and FUSE mounts, where it would say nothing about writers on
//! other machines.
#![allow(unsafe_code)] // fcntl(F_SETLEASE) and fcntl(F_SETSIG) exist in libc only; both take plain integers

use std::os::fd::{AsRawFd, BorrowedFd};

/// What the kernel says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Evidence {
    /// Nobody has it open for writing.
    Free,
    /// Somebody has.
    Writer,
    /// It cannot be asked here: the error number (`EACCES`, `EINVAL`, `ENOLCK`, …).
    Unavailable(i32),
}

/// `F_SETSIG` of Linux (fcntl.h), which the `libc` crate lacks on some targets.
const F_SETSIG: libc::c_int = 10;

/// Takes a read lease on a file that is open read-only, and gives it back.
///
/// While it is held (a few microseconds), somebody who opens the file for writing breaks it: he waits until
/// it is given back, and the kernel signals us. The signal is set to `SIGURG`, whose default action is to be
/// ignored, instead of `SIGIO`, whose default action ends the process.
pub fn probe(file: BorrowedFd<'_>) -> Evidence {
    let fd = file.as_raw_fd();
    let failed = || std::io::Error::last_os_error().raw_os_error().unwrap_or(libc::EIO);
    // SAFETY: `fd` is open for the whole call, as `file` borrows it; the arguments are integers and no memory
    // is handed over; on failure nothing changed.
    if unsafe { libc::fcntl(fd, F_SETSIG, libc::SIGURG) } != 0 {
        return Evidence::Unavailable(failed());
    }
    // SAFETY: as above.
    if unsafe { libc::fcntl(fd, libc::F_SETLEASE, libc::F_RDLCK) } != 0 {
        return match failed() {
            libc::EAGAIN => Evidence::Writer,
            n => Evidence::Unavailable(n),
        };
    }
    // SAFETY: as above; gives back what the call before took.
    let back = unsafe { libc::fcntl(fd, libc::F_SETLEASE, libc::F_UNLCK) };
    // a lease that a writer broke meanwhile is gone already (EAGAIN): then there is a writer
    if back == 0 { Evidence::Free } else { Evidence::Writer }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{File, OpenOptions};
    use std::os::fd::AsFd;

    #[test]
    fn a_writer_is_seen_until_it_closes() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        let writer = File::create(&path).unwrap();
        let ours = File::open(&path).unwrap();
        match probe(ours.as_fd()) {
            Evidence::Writer => {}
            other => {
                println!("skipped: leases do not work here: {other:?}");
                assert!(matches!(other, Evidence::Unavailable(_)));
                return;
            }
        }
        drop(writer);
        assert_eq!(probe(ours.as_fd()), Evidence::Free);
        let append = OpenOptions::new().append(true).open(&path).unwrap();
        assert_eq!(probe(ours.as_fd()), Evidence::Writer);
        drop(append);
        let other_reader = File::open(&path).unwrap();
        assert_eq!(probe(ours.as_fd()), Evidence::Free);
        drop(other_reader);
    }

    #[test]
    fn writers_that_break_the_lease_do_not_kill_us() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        std::fs::write(&path, "x").unwrap();
        let ours = File::open(&path).unwrap();
        let until = std::time::Instant::now() + std::time::Duration::from_millis(300);
        std::thread::scope(|s| {
            s.spawn(|| {
                while std::time::Instant::now() < until {
                    let _ = OpenOptions::new().append(true).open(&path);
                }
            });
            while std::time::Instant::now() < until {
                probe(ours.as_fd());
            }
        });
        assert_ne!(probe(ours.as_fd()), Evidence::Writer);
    }

    #[test]
    fn what_is_no_regular_file_has_no_evidence() {
        let null = File::open("/dev/null").unwrap();
        assert!(matches!(probe(null.as_fd()), Evidence::Unavailable(_)));
    }
}
