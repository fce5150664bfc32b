//! What other programs say about the same files, and a tally of agreement.

use rushes::engine::format::{Input, inspect};
use rushes::model::{ClipDoc, ClipUnit, Error, Limits, MediaPath};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

/// The data folder, or `None` after saying that the test is skipped.
pub fn data(test: &str) -> Option<PathBuf> {
    let dir = std::env::var_os("RUSHES_DATA").map(PathBuf::from).filter(|d| d.is_dir());
    if dir.is_none() {
        println!("{test}: skipped, RUSHES_DATA names no folder");
    }
    dir
}

/// Every regular file below `dir`, sorted.
pub fn files(dir: &Path) -> Vec<PathBuf> {
    let mut out = Vec::new();
    let mut todo = vec![dir.to_path_buf()];
    while let Some(d) = todo.pop() {
        for e in std::fs::read_dir(&d).unwrap() {
            let e = e.unwrap();
            let kind = e.file_type().unwrap();
            if kind.is_dir() {
                todo.push(e.path());
            } else if kind.is_file() {
                out.push(e.path());
            }
        }
    }
    out.sort();
    out
}

/// Inspects one file as a clip of its own.
pub fn inspect_file(path: &Path) -> Result<ClipDoc, Error> {
    let file = File::open(path).unwrap();
    let size = file.metadata().unwrap().len();
    let name = MediaPath::from(path);
    inspect("clip", ClipUnit::File, &[Input { path: &name, file: &file, size }], &Limits::default())
}

/// The reports of the two programs that give a header's own fields; those of a clip are compared in `agreement`.
pub struct Reports {
    /// exiftool's tags, with group names.
    pub exiftool: Value,
    /// MediaInfo's tracks by type.
    pub mediainfo: BTreeMap<String, Value>,
}

impl Reports {
    /// Of `media/<relative>`.
    pub fn of(data: &Path, relative: &Path) -> Self {
        let read = |tool: &str| Self::whole(data, relative, tool);
        let tracks = read("mediainfo")["media"]["track"].as_array().cloned().unwrap_or_default();
        let by_type = |t: Value| (t["@type"].as_str().unwrap_or("").to_owned(), t);
        Self { exiftool: read("exiftool")[0].clone(), mediainfo: tracks.into_iter().map(by_type).collect() }
    }

    /// One program's whole report about `media/<relative>`; null when there is none.
    pub fn whole(data: &Path, relative: &Path, tool: &str) -> Value {
        let name = format!("{}.{tool}.json", relative.display());
        let text = std::fs::read_to_string(data.join("media-reports").join(name)).unwrap_or_default();
        serde_json::from_str(&text).unwrap_or(Value::Null)
    }
}

/// A whole number, however it is written.
pub fn number(v: &Value) -> Option<u64> {
    v.as_u64().or_else(|| v.as_str()?.trim().parse().ok())
}

/// Counts of what agreed, and every difference that no cause explains.
#[derive(Default)]
pub struct Tally {
    /// Files that were read.
    pub ran: usize,
    /// Facts that agree.
    pub agree: usize,
    /// Facts that one side does not give.
    pub silent: usize,
    /// Differences by known cause.
    pub known: BTreeMap<&'static str, usize>,
    /// The rest.
    pub differ: Vec<String>,
}

impl Tally {
    /// Compares one fact; `cause` explains a difference that is the oracle's fault.
    pub fn compare<T: PartialEq + std::fmt::Debug>(
        &mut self,
        what: &str,
        ours: Option<T>,
        theirs: Option<T>,
        cause: Option<&'static str>,
    ) {
        match (ours, theirs) {
            (_, None) => self.silent += 1,
            (Some(a), Some(b)) if a == b => self.agree += 1,
            (a, Some(b)) => match cause {
                Some(c) => *self.known.entry(c).or_default() += 1,
                None => self.differ.push(format!("{what}: ours {a:?}, theirs {b:?}")),
            },
        }
    }

    /// Prints the counts and fails on unexplained differences.
    pub fn finish(self, test: &str) {
        let known: usize = self.known.values().sum();
        println!(
            "{test}: {} files ran, {} facts agree, {known} differ for a known cause, {} differ, {} not given",
            self.ran,
            self.agree,
            self.differ.len(),
            self.silent
        );
        for (cause, n) in &self.known {
            println!("  {n} × {cause}");
        }
        assert!(self.ran > 0, "no file was found");
        assert!(self.differ.is_empty(), "unexplained differences:\n{}", self.differ.join("\n"));
    }
}
