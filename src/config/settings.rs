//! Resolved settings: every default filled in, every path absolute.

use crate::engine::deliver::Recipe;
use crate::job::Priority;
use crate::model::{HashKind, Limits, Rational};
use crate::rules::guardrails::Pack;
use crate::rules::template::Template;
use crate::rules::{Condition, FolderKind, Scope, Verdict};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// A whole configuration.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Config {
    /// The daemon itself.
    pub service: Service,
    /// Workers and their bounds.
    pub engine: EngineSettings,
    /// Shows by name.
    pub shows: BTreeMap<String, Show>,
    /// Watched folders, in the order of the files.
    pub folders: Vec<Folder>,
    /// The files read, the main one first.
    #[serde(skip)]
    pub sources: Vec<PathBuf>,
    /// Stable id of all of the above except `sources`: 32 hexadecimal digits, the same wherever the same
    /// settings are written, whatever the order of keys or the comments.
    #[serde(skip)]
    pub hash: String,
}

/// `[service]`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Service {
    /// Where the journal, the index and the lock lie.
    pub state_dir: PathBuf,
    /// The unix socket that the command line talks to.
    pub control: PathBuf,
    /// `error`, `warn`, `info`, `debug` or `trace`.
    pub log: String,
}

/// `[engine]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EngineSettings {
    /// Worker processes at once; 0 = one per core.
    pub workers: usize,
    /// Bounds of each worker.
    pub limits: Limits,
    /// The ffmpeg that reads and writes movies, with ffprobe beside it; absent = the one in the usual folders.
    pub ffmpeg: Option<PathBuf>,
}

/// `[show.NAME]`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Show {
    /// The project rate, if given.
    pub frame_rate: Option<Rational>,
    /// Colour settings; kept for the deliverables that use them.
    pub color: ColorSettings,
    /// The packs given, or `None`: the pack of each folder's kind.
    pub guardrails: Option<Vec<Pack>>,
}

/// `show.NAME.color`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ColorSettings {
    /// Version of the ACES output transforms.
    pub aces: AcesVersion,
    /// Working space of looks, by its name in the ACES studio config.
    pub working: String,
    /// The space of sources whose metadata name none, unless a recipe says otherwise.
    pub source: Option<String>,
}

/// A version of ACES.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum AcesVersion {
    /// 1.3.
    #[serde(rename = "1.3")]
    V1_3,
    /// 2.0, the default.
    #[serde(rename = "2.0")]
    V2_0,
}

/// When a clip counts as complete.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Ready {
    /// When its files were quiet.
    Quiet,
    /// When also a file of this name (or glob) lies beside it or above it.
    Marker(String),
}

/// How changes are noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum WatchMode {
    /// Events on local file systems, polling on network mounts.
    Auto,
    /// Events.
    Events,
    /// Polling.
    Poll,
}

/// `[[folder]]`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Folder {
    /// Unique name.
    pub name: String,
    /// Its show.
    pub show: String,
    /// What it holds.
    pub kind: FolderKind,
    /// The watched folder.
    pub path: PathBuf,
    /// The mirror tree outside of it.
    pub output: PathBuf,
    /// Where receipts go; `None` = `{output}/.rushes`.
    pub receipts: Option<PathBuf>,
    /// When a clip is complete.
    pub ready: Ready,
    /// The quiet time; `None` = by file system.
    pub quiet: Option<Duration>,
    /// Longest time between full sweeps.
    pub scan_every: Duration,
    /// Mode bits of outputs.
    pub mode: u32,
    /// Numeric group of outputs.
    pub gid: Option<u32>,
    /// How changes are noticed.
    pub watch: WatchMode,
    /// Further globs on names to leave alone.
    pub ignore: Vec<String>,
    /// Hashes besides XXH3-128.
    pub hashes: Vec<HashKind>,
    /// Its rules; a folder without any has the rule `default`, which makes the record alone.
    pub rules: Vec<Rule>,
    /// The guardrail packs in force.
    pub guardrails: Vec<Pack>,
    /// Bounds of workers.
    pub limits: Limits,
    /// Bounds of workers that decode pictures.
    pub picture_limits: Limits,
}

/// `[[folder.rule]]`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Rule {
    /// Unique in its folder.
    pub name: String,
    /// Asked of each clip; `None` = always.
    pub when: Option<Condition>,
    /// What to make. The record (`sidecar`) of a clip is made whether a rule asks for it or not.
    pub emit: Vec<Emit>,
    /// How soon.
    pub priority: Priority,
}

/// One recipe that a rule asks for.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Emit {
    /// The recipe's name.
    pub name: String,
    /// The resolved recipe.
    pub recipe: Recipe,
    /// Folder and name of the output, for sidecars without its extension; `None` = beside the record, named like it.
    pub template: Option<Template>,
    /// `{plate}` in that name.
    pub plate: i64,
}

impl Rule {
    /// Whether the rule fires for a clip.
    #[must_use]
    pub fn verdict(&self, scope: &Scope) -> Verdict {
        self.when.as_ref().map_or(Verdict::True, |w| w.evaluate(scope))
    }
}

impl Folder {
    /// How the watch is to look at this folder.
    #[must_use]
    pub fn root_settings(&self) -> crate::watch::RootSettings {
        use crate::watch;
        crate::watch::RootSettings {
            name: self.name.clone(),
            path: self.path.clone(),
            ready: match &self.ready {
                Ready::Quiet => watch::Ready::Quiet,
                Ready::Marker(m) => watch::Ready::Marker(m.clone()),
            },
            quiet: self.quiet,
            scan_every: self.scan_every,
            watch: match self.watch {
                WatchMode::Auto => watch::WatchMode::Auto,
                WatchMode::Events => watch::WatchMode::Events,
                WatchMode::Poll => watch::WatchMode::Poll,
            },
            ignore: self.ignore.clone(),
            hashes: self.hashes.clone(),
            hash_threads: 2,
            name_room: crate::engine::deliver::NAME_ROOM,
            output_prefix_len: self.output.as_os_str().len(),
        }
    }

    /// Whether the watch of the other settings can go on under these.
    #[must_use]
    pub fn same_watch(&self, other: &Self) -> bool {
        self.path == other.path
            && self.output == other.output
            && self.ready == other.ready
            && self.quiet == other.quiet
            && self.scan_every == other.scan_every
            && self.watch == other.watch
            && self.ignore == other.ignore
            && self.hashes == other.hashes
    }

    /// The receipts folder: `receipts`, or `.rushes` below the output.
    #[must_use]
    pub fn receipts_dir(&self) -> PathBuf {
        self.receipts.clone().unwrap_or_else(|| self.output.join(".rushes"))
    }
}

impl Config {
    /// The watched folder of this name.
    #[must_use]
    pub fn folder(&self, name: &str) -> Option<&Folder> {
        self.folders.iter().find(|f| f.name == name)
    }
}
