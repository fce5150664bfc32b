//! Conditions, name templates and guardrails: *what* happens to a clip, as the folder's owner wrote it.
//!
//! Nothing here reads files or knows TOML: `config` hands the text and the values in.

mod chain;
mod check;
mod closest;
mod condition;
mod cost;
pub mod fields;
pub mod guardrails;
mod scan;
mod scope;
mod syntax;
pub mod template;
mod types;

pub use closest::closest;
pub use condition::{Condition, Flaw, MAX_CONDITION, Verdict};
pub use scope::{MAX_ITEMS, MAX_TEXT, Scope};

use serde::{Deserialize, Serialize};

/// What a watched folder holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FolderKind {
    /// Camera originals.
    Camera,
    /// Production sound.
    Sound,
    /// Looks: CDL, LUT, AMF.
    Look,
}

impl FolderKind {
    /// All kinds, in the order in which they are listed for people.
    pub const ALL: [Self; 3] = [Self::Camera, Self::Sound, Self::Look];

    /// The name used in configuration.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Camera => "camera",
            Self::Sound => "sound",
            Self::Look => "look",
        }
    }
}
