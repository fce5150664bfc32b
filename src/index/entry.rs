//! What the journal says, and the form of its lines.

use crate::engine::deliver::MadeOutput;
use crate::index::Waiver;
use crate::job::Job;
use crate::model::{ClipId, Error, JobId, MediaPath};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use xxhash_rust::xxh3::xxh3_64;

/// The schema name in the first line of each journal file.
pub const JOURNAL_SCHEMA: &str = "rushes.journal/1";
/// Longest line that is read, bytes.
pub(super) const LINE_MAX: usize = 16 << 20;

/// One fact that must not be lost.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JournalEntry {
    /// A journal file begins.
    Begun {
        /// [`JOURNAL_SCHEMA`].
        schema: String,
        /// Version of the program.
        version: String,
    },
    /// The entries up to the next of these are of one commit to the index. An index that is more than
    /// one commit behind its journal has lost some of what it was told.
    Commit {
        /// Number of the commit.
        n: u64,
    },
    /// A clip was accepted.
    Accepted {
        /// The clip.
        clip: ClipId,
        /// Its show.
        show: String,
        /// Its name.
        name: String,
        /// Identity of its contents.
        content: String,
        /// Its first file.
        path: MediaPath,
        /// Milliseconds since 1970.
        ms: i64,
    },
    /// A try of a job, or of the inspection of contents, is about to begin; `n = 0` forgets the tries.
    Try {
        /// Job id, or identity of the contents.
        key: String,
        /// Tries begun, this one included.
        n: u32,
    },
    /// A job's outputs are published.
    Done {
        /// The job.
        job: JobId,
        /// Its clip.
        clip: ClipId,
        /// The recipe's name.
        recipe_name: String,
        /// Output folder.
        output: PathBuf,
        /// What was made.
        outputs: Vec<MadeOutput>,
        /// Milliseconds since 1970.
        ms: i64,
    },
    /// A job is done according to a receipt; the journal did not know of it.
    Adopted {
        /// The job.
        job: JobId,
        /// Its clip.
        clip: ClipId,
        /// The recipe's name.
        recipe_name: String,
        /// Folder of the receipts.
        receipts: MediaPath,
        /// What was made.
        outputs: Vec<MadeOutput>,
        /// Milliseconds since 1970, of the receipt.
        ms: i64,
    },
    /// Contents were refused.
    Quarantined {
        /// Identity of the contents; empty when unreadable.
        content: String,
        /// The watched folder's configured name.
        root: String,
        /// First file.
        path: MediaPath,
        /// Why.
        error: Error,
        /// Tries that were begun.
        tries: u32,
        /// Milliseconds since 1970.
        ms: i64,
    },
    /// A quarantine entry was lifted: the file changed, or a person said `retry`.
    Released {
        /// The watched folder's configured name.
        root: String,
        /// First file.
        path: MediaPath,
    },
    /// A job failed for good (for the audit; [`JournalEntry::JobKept`] carries the state).
    JobQuarantined {
        /// The job.
        job: JobId,
        /// Why.
        error: Error,
        /// Milliseconds since 1970.
        ms: i64,
    },
    /// A job that was quarantined or cancelled, or is not any more. Written by the index itself.
    JobKept(Box<Job>),
    /// A guardrail was waived.
    Waived(Waiver),
    /// A person stopped a job.
    Cancelled {
        /// The job.
        job: JobId,
        /// Who.
        who: String,
        /// Milliseconds since 1970.
        ms: i64,
    },
    /// A person asked for another try.
    Retried {
        /// What they named.
        what: String,
        /// Who.
        who: String,
        /// Milliseconds since 1970.
        ms: i64,
    },
}

const HEAD: &[u8] = b"{\"xxh64\":\"";
const MIDDLE: &[u8] = b"\",\"entry\":";

/// Appends `entry` to `out` as one line: `{"xxh64":"16 hex digits","entry":…}`. The checksum is
/// XXH3-64 of the entry's text.
pub(super) fn write_line(out: &mut Vec<u8>, entry: &JournalEntry) {
    let body = super::records::to_json(entry);
    out.extend_from_slice(HEAD);
    out.extend_from_slice(format!("{:016x}", xxh3_64(&body)).as_bytes());
    out.extend_from_slice(MIDDLE);
    out.extend_from_slice(&body);
    out.extend_from_slice(b"}\n");
}

/// Reads a line without its line feed; `None` when it is not whole or not ours.
pub(super) fn read_line(line: &[u8]) -> Option<JournalEntry> {
    let rest = line.strip_prefix(HEAD)?;
    let (sum, rest) = rest.split_at_checked(16)?;
    let body = rest.strip_prefix(MIDDLE)?.strip_suffix(b"}")?;
    let sum = u64::from_str_radix(std::str::from_utf8(sum).ok()?, 16).ok()?;
    (xxh3_64(body) == sum).then(|| serde_json::from_slice(body).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_line_comes_back_and_a_changed_one_does_not() {
        let e = JournalEntry::Try { key: "a\u{2028}\n\"".into(), n: 3 };
        let mut line = Vec::new();
        write_line(&mut line, &e);
        assert_eq!(line.iter().filter(|b| **b == b'\n').count(), 1);
        let whole = line.strip_suffix(b"\n").unwrap();
        assert_eq!(read_line(whole), Some(e));
        for i in 0..whole.len() {
            let mut bad = whole.to_vec();
            bad[i] ^= 4;
            assert_eq!(read_line(&bad), None, "byte {i}");
            assert_eq!(read_line(&whole[..i]), None, "cut at {i}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(b in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert_eq!(read_line(&b), None);
        }
    }
}
