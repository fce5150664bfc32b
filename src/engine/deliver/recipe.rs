//! The closed list of things that can be made. Users write it, the compiler finds the forgotten arm.

use serde::{Deserialize, Serialize};

/// A resolved recipe: every parameter filled in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Recipe {
    /// Text about the clip.
    Sidecar(SidecarRecipe),
}

/// What to write about a clip.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SidecarRecipe {
    /// The documents to write, at least one.
    pub formats: Vec<SidecarFormat>,
}

/// A text document about a clip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SidecarFormat {
    /// `rushes.clip/1`, named `….rushes.json`: the record of the clip. Written even when a guardrail holds the clip.
    Json,
    /// Avid Log Exchange with one line, named `….ale`: a deliverable.
    Ale,
}

impl Recipe {
    /// The record of a clip: its sidecar in JSON.
    #[must_use]
    pub fn record() -> Self {
        Self::Sidecar(SidecarRecipe { formats: vec![SidecarFormat::Json] })
    }

    /// Bumped by hand when the bytes that this recipe makes change.
    #[must_use]
    pub fn revision(&self) -> u32 {
        match self {
            Self::Sidecar(_) => 1,
        }
    }

    /// Whether its steps read the original files, or only what is already known of the clip.
    #[must_use]
    pub fn needs_inputs(&self) -> bool {
        match self {
            Self::Sidecar(_) => false,
        }
    }

    /// Whether the record of the clip is among what this makes.
    #[must_use]
    pub fn makes_record(&self) -> bool {
        match self {
            Self::Sidecar(s) => s.formats.contains(&SidecarFormat::Json),
        }
    }

    /// True for the record of a clip, which no guardrail holds back.
    #[must_use]
    pub fn is_record(&self) -> bool {
        match self {
            Self::Sidecar(s) => s.formats == [SidecarFormat::Json],
        }
    }
}
