//! How a picture deliverable was made: what `rushes explain` shows, and what lies in staging between steps.

use crate::engine::colour::Step;
use crate::engine::framing::Placement;
use crate::engine::image::Counts;
use crate::model::{MediaPath, Warning};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The schema name of an account.
pub const ACCOUNT_SCHEMA: &str = "rushes.account/1";

/// Everything that decided the pixels of a deliverable. Together with the source files it is enough to compute any pixel
/// again: decode as `decode` says, apply `before` to each pixel, resample as `placement` says, apply `after`, rotate by `rotation`, store.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Account {
    /// [`ACCOUNT_SCHEMA`].
    pub schema: String,
    /// The job that made it.
    pub job: String,
    /// Kind of recipe, and its revision.
    pub recipe: String,
    /// The source.
    pub source: SourceAccount,
    /// How the source was decoded, choice by choice.
    pub decode: BTreeMap<String, String>,
    /// The spaces and why.
    pub color: ColorAccount,
    /// Ops before resampling, in order.
    pub before: Vec<Step>,
    /// From source pixels to output pixels.
    pub placement: Placement,
    /// Ops after resampling, in order.
    pub after: Vec<Step>,
    /// Degrees, clockwise, by which the picture is rotated at the end, so that it stands upright: 0, 90, 180 or 270.
    #[serde(skip_serializing_if = "is_zero", default)]
    pub rotation: u16,
    /// How the output is stored, choice by choice.
    pub encode: BTreeMap<String, String>,
    /// Show, folder, rule and whatever else the job was given.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub context: BTreeMap<String, String>,
    /// What was counted over all frames; absent in a frame's own header.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub counts: Option<FrameCounts>,
    /// What a person should know.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub warnings: Vec<Warning>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(n: &u16) -> bool {
    *n == 0
}

/// Where the pictures came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceAccount {
    /// The clip's name.
    pub clip: String,
    /// The reel.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reel: Option<String>,
    /// The file, or the first file of a sequence, relative to the watched folder.
    pub path: MediaPath,
    /// First and last frame, as the clip counts them.
    pub frames: (i64, i64),
    /// What to add to a source frame's number to get the output's; absent for an output that is not one file a frame.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub renumber: Option<i64>,
    /// The one source frame that this is, in a frame's own header and for stills.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub frame: Option<i64>,
}

/// The colour decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColorAccount {
    /// The source's space.
    pub source: String,
    /// Why that one.
    pub because: String,
    /// The output's space.
    pub output: String,
}

/// What was counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrameCounts {
    /// Frames made.
    pub frames: u64,
    /// Frames of the range that the source does not have.
    pub missing: u64,
    /// Samples that were no number and became 0.
    pub nan: u64,
    /// Samples beyond what the format can hold, which became its largest or smallest.
    pub overflow: u64,
}

impl FrameCounts {
    /// Adds one frame's samples.
    pub fn add(&mut self, c: Counts) {
        self.nan = self.nan.saturating_add(c.nan);
        self.overflow = self.overflow.saturating_add(c.overflow);
    }

    /// Adds another range's.
    pub fn merge(&mut self, o: Self) {
        self.frames = self.frames.saturating_add(o.frames);
        self.missing = self.missing.saturating_add(o.missing);
        self.nan = self.nan.saturating_add(o.nan);
        self.overflow = self.overflow.saturating_add(o.overflow);
    }
}

/// What a step left in staging.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Rendered {
    /// Files that belong to outputs.
    pub files: Vec<StagedFile>,
    /// Per output (in the order of staging): its account, without counts.
    pub accounts: Vec<Option<Account>>,
    /// Per output: what was counted.
    pub counts: Vec<FrameCounts>,
    /// How the work went, for `--stats`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub stats: Option<PassStats>,
}

/// A file of an output in staging.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StagedFile {
    /// The number of its output.
    pub output: usize,
    /// Its name inside that output's folder; absent when the output is a file.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub name: Option<String>,
    /// Bytes.
    pub size: u64,
    /// XXH3-128, 32 hexadecimal digits.
    pub xxh128: String,
}

/// How one pass over pictures went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PassStats {
    /// Frames that were in work at once, at most.
    pub in_flight: u64,
    /// Bytes of pictures that were in memory at once, at most, by the pipeline's own account.
    pub bytes: u64,
    /// The byte budget.
    pub budget: u64,
    /// Wall-clock milliseconds of all frames together spent in decoding.
    pub decode_ms: u64,
    /// In colour and resampling.
    pub treat_ms: u64,
    /// In encoding and writing.
    pub encode_ms: u64,
}

impl PassStats {
    /// Adds another range's: times in sum, the rest at its most.
    pub fn merge(&mut self, o: Self) {
        self.in_flight = self.in_flight.max(o.in_flight);
        self.bytes = self.bytes.max(o.bytes);
        self.budget = self.budget.max(o.budget);
        self.decode_ms = self.decode_ms.saturating_add(o.decode_ms);
        self.treat_ms = self.treat_ms.saturating_add(o.treat_ms);
        self.encode_ms = self.encode_ms.saturating_add(o.encode_ms);
    }
}
