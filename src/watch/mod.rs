//! From a folder to ready clips: the scan is the truth, events only wake it.
//!
//! One thread per watched folder (an *area*; a mount point below the folder is an area of its own)
//! does everything that can block on that file system: it scans (`scan`), decides by the
//! pure rules of [`settle`] what may be complete, looks again at those files and asks for a read
//! lease (`lease`), has them fingerprinted on the area's own small pool (`ingest`), and emits
//! [`WatchEvent`]s into a bounded channel. A hung mount therefore stops its own area and nothing else:
//! [`RootHandle::status`] and [`RootHandle::stop`] never wait for it.
//!
//! Nothing here writes, renames or deletes anything.

mod area;
mod events;
mod group;
mod ignore;
mod ingest;
mod lease;
mod look;
mod mounts;
mod place;
mod plan;
mod root;
mod scan;
pub mod settle;
mod shared;

pub use group::{Grouped, group};
pub use plan::{Unit, list_once};
pub use root::{RootHandle, start};

use crate::model::{ClipUnit, Error, FileStat, Fingerprint, FrameGap, HashKind, MediaPath};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How one watched folder is watched.
#[derive(Debug, Clone)]
pub struct RootSettings {
    /// The folder's configured name.
    pub name: String,
    /// Absolute path. Links in this path are followed, links below it never.
    pub path: PathBuf,
    /// When a clip counts as complete.
    pub ready: Ready,
    /// How long size, times and inode must stay unchanged; `None`: 10 s on local file systems, 30 s
    /// on network and FUSE mounts.
    pub quiet: Option<Duration>,
    /// Longest time between two full sweeps.
    pub scan_every: Duration,
    /// Events, polling, or by file system.
    pub watch: WatchMode,
    /// Further globs on file and folder names (not paths) to leave alone.
    pub ignore: Vec<String>,
    /// Hashes to make besides XXH3-128.
    pub hashes: Vec<HashKind>,
    /// Threads that fingerprint (at least 2 are used, so that one big file never holds up the rest).
    pub hash_threads: usize,
    /// Longest text that outputs append to a file name, bytes; a name that leaves no room for it below
    /// 255 bytes is refused with `FILE-NAME-TOO-LONG`.
    pub name_room: usize,
    /// Length of the path of the output folder, bytes; with the relative path it must stay below 4096.
    pub output_prefix_len: usize,
}

/// When a clip counts as complete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ready {
    /// When its files were quiet (and, on local file systems, nobody has them open for writing).
    Quiet,
    /// As [`Ready::Quiet`], and a file of this name (or glob) lies in the clip's folder or a folder
    /// above it, up to the root. Marker files are never clips.
    Marker(String),
}

/// How changes are noticed. The full sweep happens in every mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WatchMode {
    /// Events on local file systems, polling on network and FUSE mounts.
    Auto,
    /// Events everywhere (changes by other clients of a network mount are found by the sweep only).
    Events,
    /// Polling everywhere.
    Poll,
}

/// What the index knows of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownFile {
    /// The stat with which it was fingerprinted.
    pub stat: FileStat,
    /// Its fingerprint.
    pub fingerprint: Fingerprint,
    /// True when its clip was taken over completely. Otherwise, and with an unchanged stat, the clip is
    /// offered again without being hashed again.
    pub settled: bool,
}

/// What the index knows, asked from the area threads. Answers must come from memory or a local
/// database, not from the watched file system.
pub trait Known: Send + Sync {
    /// Every known file directly in `dir` (relative to the root, `""` = the root itself), by name.
    fn folder(&self, root: &str, dir: &Path) -> Vec<(OsString, KnownFile)>;

    /// Every folder (relative to the root) in which a file is known.
    fn folders(&self, root: &str) -> Box<dyn Iterator<Item = PathBuf> + '_>;

    /// The stat with which this file (relative path) was refused or quarantined: it is not offered
    /// again until its stat changes.
    fn refused(&self, root: &str, path: &Path) -> Option<FileStat>;
}

/// What a watched folder tells the daemon.
#[derive(Debug, Clone)]
pub enum WatchEvent {
    /// A clip is complete and fingerprinted.
    Ready(ReadyUnit),
    /// A file will not be offered until it changes. Said once per stat.
    Refused {
        /// Name of the root.
        root: String,
        /// The file or folder, relative to the root.
        path: MediaPath,
        /// Its stat, if known.
        stat: Option<FileStat>,
        /// Why.
        error: Error,
    },
    /// Files that were offered or known are no longer there, while their root is.
    Gone {
        /// Name of the root.
        root: String,
        /// Relative paths.
        paths: Vec<MediaPath>,
    },
    /// The health of a root changed.
    Root(RootStatus),
    /// A full sweep of the root (without mounts below it) ended.
    Swept {
        /// Name of the root.
        root: String,
        /// Counted from 1.
        sweep: u64,
        /// Files that are not ready yet.
        waiting: usize,
    },
}

/// A complete clip with its fingerprints.
#[derive(Debug, Clone)]
pub struct ReadyUnit {
    /// Name of the root.
    pub root: String,
    /// Its folder, relative to the root; `""` is the root itself.
    pub dir: MediaPath,
    /// The clip's name.
    pub name: String,
    /// How it lies on disk.
    pub unit: ClipUnit,
    /// What names of outputs begin with: `A.mov`, `NAME.[1001-1240].dpx`.
    pub stem: OsString,
    /// Its files, in frame order.
    pub files: Vec<ReadyFile>,
    /// Frame number of the first frame of a sequence.
    pub first_frame: Option<i64>,
    /// Missing frames.
    pub gaps: Vec<FrameGap>,
    /// When it was complete, that is before fingerprinting.
    pub ready_at: Instant,
}

/// One file of a ready clip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadyFile {
    /// Relative to the root.
    pub path: MediaPath,
    /// The stat before and after fingerprinting.
    pub stat: FileStat,
    /// The fingerprint.
    pub fingerprint: Fingerprint,
}

/// How a root is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Health {
    /// No full sweep yet.
    Starting,
    /// Woken by events.
    Watching,
    /// Looked at in intervals.
    Polling,
    /// Cannot be reached, or is suspiciously empty. Nothing is forgotten; it resumes by itself.
    Unavailable(String),
    /// Its file system has not answered for this long.
    Hung(Duration),
}

/// A snapshot of one root.
#[derive(Debug, Clone, PartialEq)]
pub struct RootStatus {
    /// The folder's configured name.
    pub name: String,
    /// Absolute path.
    pub path: PathBuf,
    /// How it is.
    pub health: Health,
    /// `events` or `poll`.
    pub mode: String,
    /// Why that mode: `ext4, local`, `nfs: no events from other clients`, or which sysctl is used up.
    pub why: String,
    /// Length of the last full sweep, milliseconds.
    pub latency_ms: Option<f64>,
    /// Media files seen.
    pub files_seen: u64,
    /// The first 100 files that are not ready, and why.
    pub waiting: Vec<(MediaPath, String)>,
    /// How many are not ready.
    pub waiting_total: usize,
    /// Names left alone: hidden, temporary, links, devices.
    pub ignored: u64,
    /// Oddities: mounts below the root and their state, unreadable folders, missing evidence.
    pub notes: Vec<String>,
}
