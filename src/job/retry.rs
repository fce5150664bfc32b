//! What happens after a failure: one table.

use crate::model::{Error, ErrorKind};

/// Most tries of one job that count.
pub const MOST_TRIES: u32 = 3;
/// Longest pause between two tries when the surroundings fail, milliseconds.
pub const LONGEST_WAIT_MS: u64 = 30_000;

/// What to do with a job that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Try again after so many milliseconds; the try counts.
    Retry(u64),
    /// Try again after so many milliseconds; the try does not count, because nothing is wrong with the clip.
    Wait(u64),
    /// Give it up until the clip changes or a person asks.
    Quarantine,
    /// Not possible with this clip: the clip keeps its record, the job ends, and status says why.
    Refuse,
    /// A person or a shutdown stopped it.
    Cancelled,
}

/// How long to wait after so many failures of the surroundings in a row: 1, 2, 4, 8, 16, 30, 30, … s, in milliseconds.
#[must_use]
pub fn wait_ms(waits: u32) -> u64 {
    1000u64.checked_shl(waits.saturating_sub(1).min(10)).map_or(LONGEST_WAIT_MS, |ms| ms.min(LONGEST_WAIT_MS))
}

/// The consequence of `error`, after `tries` counted tries (this one included) and `waits` failures of the surroundings
/// in a row (this one included).
///
/// | error | consequence |
/// | --- | --- |
/// | `JOB-CANCELLED` | cancelled |
/// | surroundings ([`Error::is_environment`]) | wait 1, 2, 4, 8, 16, 30, 30, … s, for ever |
/// | any other of kind Io, a worker's crash among them | retry after 1 s, after 4 s, then quarantine |
/// | Malformed, Limit | quarantine |
/// | Unsupported | refuse |
#[must_use]
pub fn after_failure(error: &Error, tries: u32, waits: u32) -> Next {
    if error.code == "JOB-CANCELLED" {
        return Next::Cancelled;
    }
    if error.is_environment() {
        return Next::Wait(wait_ms(waits));
    }
    match error.kind {
        ErrorKind::Io => match tries {
            0 | 1 => Next::Retry(1000),
            2 => Next::Retry(4000),
            _ => Next::Quarantine,
        },
        ErrorKind::Malformed | ErrorKind::Limit => Next::Quarantine,
        ErrorKind::Unsupported => Next::Refuse,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn io(errno: i32) -> Error {
        Error::io("OUTPUT-FAILED", "x", &std::io::Error::from_raw_os_error(errno))
    }

    #[test]
    fn the_table() {
        let crash = Error::new(ErrorKind::Io, "WORKER-CRASHED", "x");
        for e in [crash, Error { code: "FILE-UNREADABLE".into(), ..io(libc::EIO) }, io(libc::ENAMETOOLONG)] {
            let after = |tries| after_failure(&e, tries, 0);
            assert_eq!(
                [1, 2, 3, 4].map(after),
                [Next::Retry(1000), Next::Retry(4000), Next::Quarantine, Next::Quarantine]
            );
        }
        for n in [libc::ENOSPC, libc::ESTALE, libc::EMFILE, libc::EACCES, libc::EXDEV] {
            let waits = [1, 2, 3, 4, 5, 6, 7, u32::MAX].map(|w| after_failure(&io(n), 3, w));
            let want = [1, 2, 4, 8, 16, 30, 30, 30].map(|s| Next::Wait(s * 1000));
            assert_eq!(waits, want, "{n}");
        }
        assert_eq!(after_failure(&Error::new(ErrorKind::Io, "ROOT-UNAVAILABLE", "x"), 3, 1), Next::Wait(1000));
        assert_eq!(after_failure(&Error::malformed("x"), 1, 0), Next::Quarantine);
        assert_eq!(after_failure(&Error::limit("x"), 1, 0), Next::Quarantine);
        assert_eq!(after_failure(&Error::unsupported("x"), 1, 0), Next::Refuse);
        assert_eq!(after_failure(&Error::new(ErrorKind::Io, "JOB-CANCELLED", "x"), 1, 0), Next::Cancelled);
    }
}
