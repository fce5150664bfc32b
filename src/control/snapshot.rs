//! What `rushes status` shows: one consistent picture of the daemon, taken by its loop.

use crate::model::{Error, MediaPath};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// The schema name of a snapshot.
pub const STATUS_SCHEMA: &str = "rushes.status/1";

/// What the daemon is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "lowercase")]
pub enum DaemonState {
    /// Opening the index, first sweeps.
    #[default]
    Starting,
    /// At work.
    Running,
    /// Asked to stop: finishes what runs, starts nothing.
    Draining,
}

/// The whole picture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// [`STATUS_SCHEMA`].
    pub schema: String,
    /// Version of the program.
    pub version: String,
    /// Process id.
    pub pid: u32,
    /// Seconds since the start.
    pub uptime_s: u64,
    /// What it is doing.
    pub state: DaemonState,
    /// The configuration in force.
    pub config: ConfigStatus,
    /// Watched folders, in the order of the configuration.
    pub folders: Vec<FolderStatus>,
    /// Jobs by state.
    pub jobs: JobCounts,
    /// Jobs in a worker now.
    pub running: Vec<RunningJob>,
    /// What was refused or failed for good.
    pub quarantine: QuarantineStatus,
    /// Clips that a guardrail holds, the first 100.
    pub held: Vec<HeldClip>,
    /// How many clips are held.
    pub held_total: u64,
    /// What is known.
    pub index: IndexCounts,
    /// Free space where the daemon writes.
    pub disks: Vec<DiskFree>,
    /// Layers of the workers' sandbox that this kernel gives ("landlock ABI 4, seccomp").
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sandbox: Option<String>,
    /// Things an administrator should know, one sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

impl Default for Snapshot {
    fn default() -> Self {
        Self {
            schema: STATUS_SCHEMA.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            pid: std::process::id(),
            uptime_s: 0,
            state: DaemonState::Starting,
            config: ConfigStatus::default(),
            folders: Vec::new(),
            jobs: JobCounts::default(),
            running: Vec::new(),
            quarantine: QuarantineStatus::default(),
            held: Vec::new(),
            held_total: 0,
            index: IndexCounts::default(),
            disks: Vec::new(),
            sandbox: None,
            notes: Vec::new(),
        }
    }
}

/// The configuration in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct ConfigStatus {
    /// The main file.
    pub path: PathBuf,
    /// Hash of the resolved settings, 32 hexadecimal digits.
    pub hash: String,
    /// The last attempt to reload.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_reload: Option<ReloadStatus>,
}

/// What came of a reload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReloadStatus {
    /// Milliseconds since 1970.
    pub at_ms: i64,
    /// Whether the new settings are in force.
    pub ok: bool,
    /// What changed, or why it was refused.
    pub message: String,
}

/// A thing that is not ready yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitingPath {
    /// Relative to the folder.
    pub path: MediaPath,
    /// Why.
    pub why: String,
}

/// One watched folder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct FolderStatus {
    /// Configured name.
    pub name: String,
    /// Absolute path.
    pub path: PathBuf,
    /// `starting`, `watching`, `polling`, `unavailable`, `hung`.
    pub health: String,
    /// `events` or `poll`.
    pub mode: String,
    /// Why this mode, or why it is not well.
    pub why: String,
    /// Duration of the last sweep, milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency_ms: Option<f64>,
    /// Media files seen by the last sweep.
    pub files: u64,
    /// Clips known in it.
    pub clips: u64,
    /// What is not ready yet, the first 100.
    #[serde(default)]
    pub waiting: Vec<WaitingPath>,
    /// How many are not ready yet.
    pub waiting_total: u64,
    /// Files passed over by name.
    pub ignored: u64,
    /// Things to know about this folder.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// Jobs by state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct JobCounts {
    /// Ready to run.
    pub queued: u64,
    /// In a worker.
    pub running: u64,
    /// Tried again later.
    pub waiting: u64,
    /// Stopped by guardrails.
    pub held: u64,
    /// Published.
    pub done: u64,
    /// Failed for good.
    pub quarantined: u64,
    /// Stopped by a person.
    pub cancelled: u64,
    /// Done with an older recipe or look; `rushes retry outdated` makes them again as next versions.
    #[serde(default)]
    pub outdated: u64,
}

/// A job in a worker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunningJob {
    /// Identity; empty for an inspection.
    pub id: String,
    /// Name of the clip.
    pub clip: String,
    /// `inspect`, or the recipe's name.
    pub doing: String,
    /// The folder's configured name.
    pub folder: String,
    /// First input, relative to the folder.
    pub path: MediaPath,
    /// Since when, milliseconds.
    pub for_ms: u64,
}

/// What was refused or failed for good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct QuarantineStatus {
    /// How many entries there are.
    pub total: u64,
    /// The newest 100.
    pub entries: Vec<QuarantineLine>,
}

/// One entry of the quarantine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuarantineLine {
    /// The folder's configured name.
    pub folder: String,
    /// Relative to the folder.
    pub path: MediaPath,
    /// Stable code, message, fix.
    pub error: Error,
    /// Tries begun.
    pub tries: u32,
    /// Milliseconds since 1970.
    pub at_ms: i64,
}

/// A clip that a guardrail holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldClip {
    /// Identity.
    pub id: String,
    /// Name.
    pub name: String,
    /// Show.
    pub show: String,
    /// The guardrails' codes.
    pub codes: Vec<String>,
    /// Their messages, in the same order.
    pub messages: Vec<String>,
}

/// What is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct IndexCounts {
    /// Files with a fingerprint.
    pub files: u64,
    /// Clips.
    pub clips: u64,
    /// Jobs ever accepted.
    pub jobs: u64,
}

/// Free space of one place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiskFree {
    /// What lies there ("state", "output of ocf").
    pub what: String,
    /// The folder.
    pub path: PathBuf,
    /// Bytes that we may still write; absent = cannot be asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub free: Option<u64>,
    /// Bytes in all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
}
