//! The closed list of things that can be made. Users write it, the compiler finds the forgotten arm.

use super::picture::{ContactSheetRecipe, PlateRecipe, ProxyRecipe, StillRecipe, Treatment};
use crate::engine::video::Range;
use serde::{Deserialize, Serialize};

/// A resolved recipe: every parameter filled in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Recipe {
    /// Text about the clip.
    Sidecar(SidecarRecipe),
    /// Frames for visual effects.
    Plate(PlateRecipe),
    /// One picture.
    Still(StillRecipe),
    /// Many small pictures on one.
    ContactSheet(ContactSheetRecipe),
    /// A movie.
    Proxy(ProxyRecipe),
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
    /// A table with one line, named `….rushes.csv`: a deliverable.
    Csv,
    /// An OpenTimelineIO clip with its media reference, named `….otio`: a deliverable.
    Otio,
    /// An OpenTrackIO sample, named `….opentrackio.json`: a deliverable.
    #[serde(rename = "opentrackio")]
    OpenTrackIo,
}

impl SidecarFormat {
    /// Every format.
    pub const ALL: [Self; 5] = [Self::Json, Self::Ale, Self::Csv, Self::Otio, Self::OpenTrackIo];

    /// Its name: in a recipe's `formats`, and as the part of a job.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Ale => "ale",
            Self::Csv => "csv",
            Self::Otio => "otio",
            Self::OpenTrackIo => "opentrackio",
        }
    }

    /// What its file's name ends with. The table is not called `.csv` alone: cameras' own tables beside a clip are.
    #[must_use]
    pub fn ending(self) -> &'static str {
        match self {
            Self::Json => ".rushes.json",
            Self::Ale => ".ale",
            Self::Csv => ".rushes.csv",
            Self::Otio => ".otio",
            Self::OpenTrackIo => ".opentrackio.json",
        }
    }

    /// The format of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|f| f.as_str() == name)
    }
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
            // 2: `format.decodable` is filled; 3: of movies too; 4: `format.undecodable` says why not
            Self::Sidecar(s) if s.formats.contains(&SidecarFormat::Json) => 4,
            Self::Sidecar(_) | Self::Plate(_) | Self::Still(_) | Self::ContactSheet(_) | Self::Proxy(_) => 1,
        }
    }

    /// Colour and size, of recipes that decode pictures; such recipes of one clip share a decode.
    #[must_use]
    pub fn treatment(&self) -> Option<&Treatment> {
        match self {
            Self::Sidecar(_) => None,
            Self::Plate(r) => Some(&r.treatment),
            Self::Still(r) => Some(&r.treatment),
            Self::ContactSheet(r) => Some(&r.treatment),
            Self::Proxy(r) => Some(&r.treatment),
        }
    }

    /// The range of a movie's codes that it states.
    #[must_use]
    pub fn source_range(&self) -> Option<Range> {
        self.treatment().and_then(|t| t.source_range)
    }

    /// As [`Recipe::treatment`].
    pub fn treatment_mut(&mut self) -> Option<&mut Treatment> {
        match self {
            Self::Sidecar(_) => None,
            Self::Plate(r) => Some(&mut r.treatment),
            Self::Still(r) => Some(&mut r.treatment),
            Self::ContactSheet(r) => Some(&mut r.treatment),
            Self::Proxy(r) => Some(&mut r.treatment),
        }
    }

    /// Whether it is made of pictures, and its steps read the original files, not only what is already known of the clip.
    #[must_use]
    pub fn is_picture(&self) -> bool {
        self.treatment().is_some()
    }

    /// Whether the record of the clip is among what this makes.
    #[must_use]
    pub fn makes_record(&self) -> bool {
        matches!(self, Self::Sidecar(s) if s.formats.contains(&SidecarFormat::Json))
    }

    /// True for the record of a clip, which no guardrail holds back.
    #[must_use]
    pub fn is_record(&self) -> bool {
        matches!(self, Self::Sidecar(s) if s.formats == [SidecarFormat::Json])
    }

    /// Whether the outputs are sealed with an ASC MHL manifest.
    #[must_use]
    pub fn is_sealed(&self) -> bool {
        self.treatment().is_some_and(|t| t.seal)
    }
}
