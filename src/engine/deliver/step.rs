//! `rushes.job/1` and `rushes.result/1`: one stateless unit of work, and what came of it.

use crate::engine::deliver::{Account, OutputPattern, PassStats, Recipe, Rendered};
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
    /// Of a picture job: make what lies in the frames of `frames`, in staging.
    Frames,
    /// Of a picture job: put together what its ranges left in staging (movies, contact sheets).
    Finish,
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
    /// Which part of the recipe makes it (`json`, `ale`, `plate`, `still`, `contact-sheet`, `proxy`).
    pub part: String,
    /// When another file lies there: `true` keeps it beside as `….vNNN` and takes the name (the
    /// record of a clip), `false` refuses.
    pub supersede: bool,
    /// How its name changes with the version, and the names of the files in it when it is a folder. Absent: a file
    /// whose versions are numbered before its ending.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub pattern: Option<OutputPattern>,
}

/// A deliverable that is made in the same pass over the pictures of the clip.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Companion {
    /// Its own job's id.
    pub id: String,
    /// Its resolved recipe.
    pub recipe: Recipe,
    /// What it makes.
    pub outputs: Vec<PlannedOutput>,
    /// As [`JobFile::context`].
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub context: BTreeMap<String, String>,
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
    /// Metadata files beside the clip, for `inspect`; one that is gone or has changed is passed over.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub beside: Vec<JobInput>,
    /// First and last frame, both included, as the clip counts them: the numbers in the names of a sequence, from 0 in a
    /// movie; absent = all.
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
    /// Other picture deliverables of the same clip and output folder, made in the same pass.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub with: Vec<Companion>,
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
    /// The ffmpeg that reads and writes movies (absolute), with ffprobe beside it; absent = the one in the usual folders.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub ffmpeg: Option<PathBuf>,
    /// In a step of a range: first and last frame of the whole job, from which outputs are numbered.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub whole: Option<(i64, i64)>,
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
            beside: Vec::new(),
            frames: None,
            recipe: None,
            clip: None,
            output: None,
            outputs: Vec::new(),
            with: Vec::new(),
            context: BTreeMap::new(),
            mode: default_mode(),
            gid: None,
            limits: Limits::default(),
            ffmpeg: None,
            whole: None,
            result: None,
        }
    }
}

/// One deliverable of a job file: the job's own, or a companion's.
#[derive(Debug, Clone, Copy)]
pub struct Part<'a> {
    /// The id of its job.
    pub id: &'a str,
    /// Its recipe.
    pub recipe: &'a Recipe,
    /// What it makes.
    pub outputs: &'a [PlannedOutput],
    /// Where it comes from.
    pub context: &'a BTreeMap<String, String>,
    /// The number of its first output among all outputs of the job file, as in staging.
    pub first: usize,
}

impl JobFile {
    /// What is made: the job's own deliverable first, then its companions'.
    pub fn parts(&self) -> Vec<Part<'_>> {
        let mut first = 0;
        let own = self.recipe.iter().map(|r| (self.id.as_str(), r, &self.outputs, &self.context));
        let others = self.with.iter().map(|c| (c.id.as_str(), &c.recipe, &c.outputs, &c.context));
        own.chain(others)
            .map(|(id, recipe, outputs, context)| {
                let part = Part { id, recipe, outputs, context, first };
                first += outputs.len();
                part
            })
            .collect()
    }

    /// Every output, in the order of staging.
    pub fn all_outputs(&self) -> impl Iterator<Item = &PlannedOutput> {
        self.outputs.iter().chain(self.with.iter().flat_map(|c| &c.outputs))
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
    /// `deliver`: what was made, companions' outputs after the job's own.
    Made(Vec<MadeOutput>),
    /// `frames` and `finish`: what lies in staging.
    Rendered(Box<Rendered>),
    /// It failed.
    Failed(Error),
}

/// One output that was made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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
    /// For a folder: how many files are in it; then `size` is their sum, and `xxh128` is that of the lines
    /// `XXH128 NAME`, one a file, in the order of names.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub files: Option<u64>,
    /// How it was made, for `rushes explain`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub account: Option<Box<Account>>,
}

impl MadeOutput {
    /// A new file.
    #[must_use]
    pub fn new(path: MediaPath, size: u64, xxh128: &str) -> Self {
        let xxh128 = xxh128.to_owned();
        Self { path, size, xxh128, kept: false, superseded: None, files: None, account: None }
    }
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
    /// How the pictures were worked on, for picture jobs.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub stats: Option<PassStats>,
    /// How the worker was locked in (`Landlock ABI 7 (full), seccomp, limits`); empty when no worker got that far.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub sandbox: String,
}
