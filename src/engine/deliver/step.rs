//! `rushes.job/1` and `rushes.result/1`: one stateless unit of work, and what came of it.

use crate::engine::deliver::Recipe;
use crate::model::{ClipDoc, ClipUnit, Error, Limits, MediaPath};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// The schema name of a job file.
pub const JOB_SCHEMA: &str = "rushes.job/1";
/// The schema name of a result file.
pub const RESULT_SCHEMA: &str = "rushes.result/1";

/// What a step does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StepKind {
    /// Read the inputs' metadata; the result carries the clip document, no output is made.
    Inspect,
    /// Make the recipe's outputs from `clip` (and the inputs, for recipes that need essence).
    Deliver,
}

/// One input file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JobInput {
    /// The watched folder (absolute), below which no link is followed; absent for a loose file.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub root: Option<MediaPath>,
    /// Relative to `root`, or absolute without one.
    pub path: MediaPath,
    /// Bytes expected; another size means that the file changed.
    pub size: u64,
    /// Modification time expected, nanoseconds since 1970; 0 = not checked.
    #[serde(default)]
    pub mtime_ns: i128,
    /// XXH3-128 of the contents, empty when not known yet.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub xxh128: String,
}

/// One output to make.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlannedOutput {
    /// Relative to the output folder; made only of normal components.
    pub path: MediaPath,
    /// Which part of the recipe makes it (`json`, `ale`).
    pub part: String,
    /// When another file lies there: `true` keeps it beside as `….vNNN` and takes the name (the
    /// record of a clip), `false` refuses.
    pub supersede: bool,
}

/// One self-contained step: all that it needs, nothing that it must ask for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JobFile {
    /// [`JOB_SCHEMA`].
    pub schema: String,
    /// The job's id, 32 hexadecimal digits.
    pub id: String,
    /// What to do.
    pub step: StepKind,
    /// Clip name and unit, for `inspect`.
    pub name: String,
    /// How the inputs form a clip.
    pub unit: ClipUnit,
    /// The input files, in order.
    pub inputs: Vec<JobInput>,
    /// First and last frame, both included; absent = all.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub frames: Option<(i64, i64)>,
    /// The resolved recipe, for `deliver`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub recipe: Option<Recipe>,
    /// The clip document, for `deliver`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub clip: Option<Box<ClipDoc>>,
    /// The output folder (absolute), for `deliver`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub output: Option<PathBuf>,
    /// What to make there.
    #[serde(default)]
    pub outputs: Vec<PlannedOutput>,
    /// What outputs say about where they come from, beside the clip: `show`, `folder`, `rule`,
    /// `config` (hash of the settings that concern this clip), `verified`. All of it is written
    /// into sidecars and is part of the job's id, so it must hold nothing that changes without
    /// changing the output: no version of the program, no time, no hash of the whole configuration.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub context: BTreeMap<String, String>,
    /// Mode bits of outputs, `0o664`.
    #[serde(default = "default_mode")]
    pub mode: u32,
    /// Numeric group of outputs; absent = leave.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub gid: Option<u32>,
    /// Bounds.
    #[serde(default)]
    pub limits: Limits,
    /// Where the result goes (absolute); absent = stdout.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub result: Option<PathBuf>,
}

impl JobFile {
    /// A step of job `id` with nothing to read or to make yet.
    #[must_use]
    pub fn new(id: impl Into<String>, step: StepKind, name: impl Into<String>, unit: ClipUnit) -> Self {
        Self {
            schema: JOB_SCHEMA.to_owned(),
            id: id.into(),
            step,
            name: name.into(),
            unit,
            inputs: Vec::new(),
            frames: None,
            recipe: None,
            clip: None,
            output: None,
            outputs: Vec::new(),
            context: BTreeMap::new(),
            mode: default_mode(),
            gid: None,
            limits: Limits::default(),
            result: None,
        }
    }
}

fn default_mode() -> u32 {
    0o664
}

/// How a step ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StepOutcome {
    /// `inspect`: what is known of the clip. A file that cannot be read still yields a document with `problem` set.
    Inspected(Box<ClipDoc>),
    /// `deliver`: what was made.
    Made(Vec<MadeOutput>),
    /// It failed.
    Failed(Error),
}

/// One output that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MadeOutput {
    /// Relative to the output folder.
    pub path: MediaPath,
    /// Bytes.
    pub size: u64,
    /// XXH3-128, 32 hexadecimal digits.
    pub xxh128: String,
    /// True when the very same bytes were already there.
    #[serde(default)]
    pub kept: bool,
    /// Where the file that lay there before is now.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub superseded: Option<MediaPath>,
}

/// What came of a step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepResult {
    /// [`RESULT_SCHEMA`].
    pub schema: String,
    /// The job's id.
    pub id: String,
    /// How it ended.
    pub outcome: StepOutcome,
    /// Version of the program that did it.
    pub version: String,
    /// Wall-clock milliseconds of the work.
    pub millis: u64,
    /// How the worker was locked in (`Landlock ABI 7 (full), seccomp, limits`); empty when no worker got that far.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub sandbox: String,
}
