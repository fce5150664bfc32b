//! What can be asked of the daemon, and what it answers.

use crate::control::{HitsPage, SearchNext, SearchRequest, Snapshot};
use crate::job::{Job, JobState, Priority};
use crate::model::{Error, MediaPath};
use serde::{Deserialize, Serialize};

/// One request, `{"do":"retry","what":"quarantine"}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Request {
    /// The whole state, answered from a snapshot: never waits for a disk.
    Status,
    /// The list of jobs, the newest first.
    Jobs {
        /// Only jobs in this state (`queued`, `running`, `waiting`, `held`, `done`, `quarantined`, `cancelled`).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        state: Option<String>,
        /// At most so many; absent = 100.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        limit: Option<u32>,
    },
    /// Clips that a query finds ([`crate::query`]).
    Search(SearchRequest),
    /// The next part of a long list of hits.
    SearchMore {
        /// As the part before said.
        next: SearchNext,
        /// As in [`SearchRequest::fields`].
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        fields: Vec<String>,
    },
    /// Try again.
    Retry {
        /// A job id or its beginning, a clip name or id, a path, or the words `quarantine` and `outdated`.
        what: String,
    },
    /// Stop jobs.
    Cancel {
        /// A job id or its beginning, a clip name or id, or a path.
        what: String,
    },
    /// Let a guardrail pass for one clip.
    Waive {
        /// The guardrail's code (`CLIP-GAP`).
        code: String,
        /// A clip name, id or path.
        clip: String,
        /// The reason, kept in the journal and in the sidecar.
        why: String,
    },
    /// Recreate the index from media, receipts and outputs.
    Rebuild,
    /// Sweep now.
    Rescan {
        /// Only this folder; absent = all.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        folder: Option<String>,
    },
    /// Read the configuration again, all or nothing.
    Reload,
}

impl Request {
    /// The word used in the log and in the audit.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::Jobs { .. } => "jobs",
            Self::Search(_) => "search",
            Self::SearchMore { .. } => "search-more",
            Self::Retry { .. } => "retry",
            Self::Cancel { .. } => "cancel",
            Self::Waive { .. } => "waive",
            Self::Rebuild => "rebuild",
            Self::Rescan { .. } => "rescan",
            Self::Reload => "reload",
        }
    }

    /// What it is about, for the log and the audit.
    #[must_use]
    pub fn subject(&self) -> String {
        match self {
            Self::Status | Self::Jobs { .. } | Self::Rebuild | Self::Reload | Self::SearchMore { .. } => String::new(),
            Self::Search(s) => s.query.clone(),
            Self::Retry { what } | Self::Cancel { what } => what.clone(),
            Self::Waive { code, clip, why } => format!("{code} for {clip}: {why}"),
            Self::Rescan { folder } => folder.clone().unwrap_or_default(),
        }
    }
}

/// One answer: `{"ok":true,"status":{…}}`, `{"ok":false,"error":{…}}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Response {
    /// To [`Request::Status`].
    Status(Box<Snapshot>),
    /// To [`Request::Jobs`].
    Jobs(JobsPage),
    /// To [`Request::Search`] and [`Request::SearchMore`].
    Hits(HitsPage),
    /// To a change.
    Done(Done),
    /// It was refused or failed, and nothing was changed.
    Error(Error),
}

impl Response {
    /// False for [`Response::Error`].
    #[must_use]
    pub fn ok(&self) -> bool {
        !matches!(self, Self::Error(_))
    }
}

/// A change that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct Done {
    /// One sentence for people: "3 jobs queued again".
    pub message: String,
    /// What was changed: job ids, clip names, folder names.
    #[serde(default)]
    pub changed: Vec<String>,
}

/// Part of the list of jobs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct JobsPage {
    /// How many there are in all that fit the question.
    pub total: u64,
    /// The newest of them.
    pub jobs: Vec<JobLine>,
}

/// One job, as shown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JobLine {
    /// Identity.
    pub id: String,
    /// `queued`, `running`, `waiting`, `held`, `done`, `quarantined`, `cancelled`.
    pub state: String,
    /// Name of the clip.
    pub clip: String,
    /// Identity of the clip.
    pub clip_id: String,
    /// The show.
    pub show: String,
    /// The folder's configured name.
    pub folder: String,
    /// First input, relative to the folder.
    pub path: MediaPath,
    /// The rule that asked.
    pub rule: String,
    /// The recipe's name.
    pub recipe: String,
    /// Priority.
    pub priority: Priority,
    /// Tries begun.
    pub tries: u32,
    /// When it was first queued, milliseconds since 1970.
    pub queued_ms: i64,
    /// When it is tried again, milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_ms: Option<i64>,
    /// Why it waits or failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Error>,
    /// Guardrails that hold it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub held_by: Vec<String>,
    /// Outputs (made, or to be made), relative to the output folder.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub outputs: Vec<MediaPath>,
}

/// The word for a job's state, as used in requests and lists: one of [`STATES`].
#[must_use]
pub fn state_word(state: &JobState) -> &'static str {
    match state {
        JobState::Queued => "queued",
        JobState::Running => "running",
        JobState::Waiting { .. } => "waiting",
        JobState::Held { .. } => "held",
        JobState::Done { .. } => "done",
        JobState::Quarantined { .. } => "quarantined",
        JobState::Cancelled { .. } => "cancelled",
    }
}

/// Every word that [`state_word`] gives.
pub const STATES: [&str; 7] = ["queued", "running", "waiting", "held", "done", "quarantined", "cancelled"];

impl From<&Job> for JobLine {
    fn from(j: &Job) -> Self {
        let mut line = Self {
            id: j.id.0.clone(),
            state: state_word(&j.state).to_owned(),
            clip: j.clip_name.clone(),
            clip_id: j.clip.0.clone(),
            show: j.show.clone(),
            folder: j.folder.clone(),
            path: j.path.clone(),
            rule: j.rule.clone(),
            recipe: j.recipe_name.clone(),
            priority: j.priority,
            tries: j.tries,
            queued_ms: j.queued_ms,
            next_ms: None,
            error: None,
            held_by: Vec::new(),
            outputs: j.outputs.iter().map(|o| o.path.clone()).collect(),
        };
        match &j.state {
            JobState::Waiting { until_ms, error } => {
                line.next_ms = Some(*until_ms);
                line.error = Some(error.clone());
            }
            JobState::Held { codes } => line.held_by.clone_from(codes),
            JobState::Done { outputs } => line.outputs = outputs.iter().map(|o| o.path.clone()).collect(),
            JobState::Quarantined { error } => line.error = Some(error.clone()),
            JobState::Queued | JobState::Running | JobState::Cancelled { .. } => {}
        }
        line
    }
}
