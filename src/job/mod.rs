//! Jobs: the daemon's record of units of work, their identity and their legal moves.

mod id;
mod moves;
mod retry;

pub use id::{canonical, job_id};
pub use moves::{is_final, is_legal};
pub use retry::{LONGEST_WAIT_MS, MOST_TRIES, Next, after_failure, wait_ms};

use crate::engine::deliver::{MadeOutput, PlannedOutput, Recipe};
use crate::model::{ClipId, Error, JobId, MediaPath};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// How soon a job runs, compared with others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default)]
#[serde(rename_all = "lowercase")]
pub enum Priority {
    /// Before everything.
    Urgent,
    /// Before normal.
    High,
    /// The default.
    #[default]
    Normal,
    /// After normal.
    Low,
    /// When nothing else waits.
    Idle,
}

/// Where a job stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", tag = "is")]
pub enum JobState {
    /// Ready to run.
    Queued,
    /// In a worker.
    Running,
    /// Tried again later.
    Waiting {
        /// Milliseconds since 1970 of the next try.
        until_ms: i64,
        /// Why.
        error: Error,
    },
    /// Stopped by guardrails until waived.
    Held {
        /// Their codes.
        codes: Vec<String>,
    },
    /// Outputs are published.
    Done {
        /// What was made.
        outputs: Vec<MadeOutput>,
    },
    /// Will not be tried again until its clip changes or a person says `retry`.
    Quarantined {
        /// Why.
        error: Error,
    },
    /// Stopped by a person.
    Cancelled {
        /// Who.
        who: String,
    },
}

/// One clip and one recipe.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// Identity.
    pub id: JobId,
    /// The clip.
    pub clip: ClipId,
    /// Name of the clip, for people.
    pub clip_name: String,
    /// The show.
    pub show: String,
    /// The watched folder's configured name.
    pub folder: String,
    /// First input, relative to the folder, for people.
    pub path: MediaPath,
    /// The rule that asked, or `default`.
    pub rule: String,
    /// The recipe's name (`sidecar`).
    pub recipe_name: String,
    /// The resolved recipe.
    pub recipe: Recipe,
    /// Output folder.
    pub output: PathBuf,
    /// Outputs to make.
    pub outputs: Vec<PlannedOutput>,
    /// Priority.
    pub priority: Priority,
    /// Tries begun (counted before each starts).
    pub tries: u32,
    /// State.
    pub state: JobState,
    /// Milliseconds since 1970 when it was first queued.
    pub queued_ms: i64,
}
