//! What is kept about files, clips, refusals and waivers, and how it is written in the index.

use crate::engine::deliver::MadeOutput;
use crate::model::{ClipDoc, ClipId, Error, FileStat, Fingerprint, HashKind, JobId, MediaPath};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One file at one place in a watched folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileRecord {
    /// The evidence by which an unchanged file is recognised without reading it.
    pub stat: FileStat,
    /// What its bytes are.
    pub fingerprint: Fingerprint,
    /// The clip it belongs to; absent when it was refused.
    pub clip: Option<ClipId>,
    /// It was there and is not any more (its folder is readable, the name is missing).
    pub gone: bool,
}

/// [`FileRecord`] as it is written: a JSON array, because there are many of them.
#[derive(Serialize, Deserialize)]
struct FileRow(u64, u64, u64, i128, i128, u64, String, BTreeMap<HashKind, String>, Option<ClipId>, bool);

impl FileRecord {
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let (s, f) = (&self.stat, &self.fingerprint);
        let row = FileRow(
            s.dev,
            s.ino,
            s.size,
            s.mtime_ns,
            s.ctime_ns,
            f.size,
            f.xxh128.clone(),
            f.other.clone(),
            self.clip.clone(),
            self.gone,
        );
        to_json(&row)
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let FileRow(dev, ino, size, mtime_ns, ctime_ns, bytes, xxh128, other, clip, gone) =
            serde_json::from_slice(bytes).ok()?;
        Some(Self {
            stat: FileStat { dev, ino, size, mtime_ns, ctime_ns },
            fingerprint: Fingerprint { size: bytes, xxh128, other },
            clip,
            gone,
        })
    }
}

/// A place where a clip lies.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Location {
    /// The watched folder's configured name.
    pub root: String,
    /// Folder, relative to the root; empty for the root itself.
    pub dir: MediaPath,
    /// What the sidecar's name begins with: the file name, or `NAME.[1001-1240].dpx` of a sequence.
    pub stem: MediaPath,
}

impl Location {
    /// Its path relative to the root; of a sequence with the range of its frames, not a file.
    #[must_use]
    pub fn path(&self) -> MediaPath {
        MediaPath::from(self.dir.as_path().join(self.stem.as_path()))
    }
}

/// A clip that was accepted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClipRecord {
    /// Identity.
    pub id: ClipId,
    /// The show.
    pub show: String,
    /// The normalised document; `raw` is empty here (the sidecar has it).
    pub doc: ClipDoc,
    /// Where the clip lies; one fingerprint may be at many places.
    pub locations: Vec<Location>,
    /// When it was first accepted, milliseconds since 1970; kept through a rebuild.
    pub accepted_ms: i64,
    /// Its jobs, in the order in which they were asked for.
    pub jobs: Vec<JobId>,
    /// The clip that took its place everywhere it lay.
    pub superseded_by: Option<ClipId>,
}

/// A file or clip that was refused.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct QuarantineRecord {
    /// Identity of the contents (XXH3-128, or of all files of a sequence); empty when unreadable.
    pub content: String,
    /// The watched folder's configured name.
    pub root: String,
    /// First file, relative to the root.
    pub path: MediaPath,
    /// The file as it was when refused; absent when it could not be looked at.
    pub stat: Option<FileStat>,
    /// Why.
    pub error: Error,
    /// Tries that were begun.
    pub tries: u32,
    /// Milliseconds since 1970.
    pub at_ms: i64,
}

/// A person's decision to let a guardrail pass for one clip.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiver {
    /// The guardrail's code.
    pub code: String,
    /// The clip.
    pub clip: ClipId,
    /// User name, or `uid N`.
    pub who: String,
    /// Milliseconds since 1970.
    pub when_ms: i64,
    /// Their reason.
    pub why: String,
}

/// A finished job, as the journal or a receipt tells it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DoneRecord {
    /// What was made.
    pub outputs: Vec<MadeOutput>,
    /// Milliseconds since 1970.
    pub ms: i64,
}

/// How many of what is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Counts {
    /// Files, those that are gone not counted.
    pub files: u64,
    /// Files that were there once.
    pub files_gone: u64,
    /// Clips, superseded ones too.
    pub clips: u64,
    /// Jobs in any state.
    pub jobs: u64,
    /// Jobs whose outputs are published.
    pub jobs_done: u64,
    /// Jobs that failed for good.
    pub jobs_quarantined: u64,
    /// Jobs that will still run or wait for a person.
    pub jobs_unfinished: u64,
    /// Quarantine entries.
    pub quarantine: u64,
    /// Waivers.
    pub waivers: u64,
}

/// JSON of a value of ours. Our types have string keys and no failing serialisers; should one ever
/// fail, the empty text is read back as damage, never as a value.
pub(super) fn to_json<T: Serialize>(value: &T) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}
