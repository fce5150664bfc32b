//! Receipts: one line for each finished job, beside what was delivered.
//!
//! `receipts.jsonl` is for people, for other tools, and for a rebuild after the state directory is
//! lost. Lines are only ever added.

use crate::engine::deliver::MadeOutput;
use crate::engine::killpoint;
use crate::index::journal::{self, Lines};
use crate::index::records::to_json;
use crate::model::{ClipId, Error, JobId, MediaPath};
use rustix::fs::OFlags;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{self, BufReader, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The schema name in each line.
pub const RECEIPT_SCHEMA: &str = "rushes.receipt/1";

/// What a finished job made, and from what.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Receipt {
    /// The job.
    pub job: JobId,
    /// Its clip.
    pub clip: ClipId,
    /// The show.
    pub show: String,
    /// The clip's name.
    pub clip_name: String,
    /// The recipe's name.
    pub recipe_name: String,
    /// The rule that asked, or `default`.
    pub rule: String,
    /// What was made, relative to the output folder.
    pub outputs: Vec<MadeOutput>,
    /// The clip's files, relative to the watched folder, each with its XXH3-128.
    pub sources: Vec<(MediaPath, String)>,
    /// Version of the program that did it.
    pub version: String,
    /// Hash of the whole configuration in force; empty when the receipt was written later than the work was done.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub config: String,
    /// Milliseconds since 1970.
    pub ms: i64,
}

#[derive(Serialize)]
struct Line<'r> {
    schema: &'static str,
    #[serde(flatten)]
    receipt: &'r Receipt,
}

/// `receipts.jsonl`, open for adding.
pub struct Receipts {
    path: PathBuf,
    file: File,
    len: u64,
    suspect: bool,
}

fn path_in(dir: &Path) -> PathBuf {
    dir.join("receipts.jsonl")
}

impl Receipts {
    /// Opens or makes `receipts.jsonl` in `dir` (made too when missing). A last line that was cut off
    /// by a power cut is removed: nobody was told that it is there.
    ///
    /// # Errors
    /// The folder or file cannot be made, or is not a regular file (a link is not followed).
    pub fn open(dir: &Path) -> Result<Self, Error> {
        let path = path_in(dir);
        let io = |e: io::Error| failed("open the receipts", &e, &path);
        if !dir.is_dir() {
            std::fs::create_dir_all(dir).map_err(io)?;
            journal::sync_dir(dir.parent().unwrap_or(dir)).map_err(io)?;
        }
        let is_new = std::fs::symlink_metadata(&path).is_err();
        let mut file = journal::open_file(&path, OFlags::RDWR | OFlags::APPEND | OFlags::CREATE).map_err(io)?;
        let size = file.metadata().map_err(io)?.len();
        let len = journal::end_of_last_line(&mut file, size).map_err(io)?;
        if len < size {
            file.set_len(len).map_err(io)?;
        }
        if is_new || len < size {
            file.sync_all().map_err(io)?;
            journal::sync_dir(dir).map_err(io)?;
        }
        Ok(Self { path, file, len, suspect: false })
    }

    /// Adds a receipt; it is on the disk when this returns `Ok`. After an error nothing of it counts.
    ///
    /// # Errors
    /// The disk is full or fails, or the folder is not reachable.
    pub fn append(&mut self, receipt: &Receipt) -> Result<(), Error> {
        if self.suspect || !self.is_in_place() {
            *self = Self::open(self.path.parent().unwrap_or(Path::new(".")))?;
        }
        let mut line = to_json(&Line { schema: RECEIPT_SCHEMA, receipt });
        line.push(b'\n');
        if let Err(e) = self.file.write_all(&line).and_then(|()| self.file.sync_data()) {
            self.suspect = true;
            let _ = self.file.set_len(self.len);
            return Err(failed("write a receipt", &e, &self.path));
        }
        self.len = self.len.saturating_add(line.len() as u64);
        killpoint::here("after-receipt");
        Ok(())
    }

    /// False when the file was removed, replaced, or changed by somebody else.
    fn is_in_place(&self) -> bool {
        let ours = self.file.metadata().map(|m| (m.dev(), m.ino(), m.len()));
        let there = std::fs::symlink_metadata(&self.path).map(|m| (m.dev(), m.ino(), m.len()));
        matches!((ours, there), (Ok(a), Ok(b)) if a == b && a.2 == self.len)
    }

    /// Every receipt in `dir`, in order; a line that is cut off, too long or not a receipt is passed
    /// over. Nothing when there is no such file.
    ///
    /// # Errors
    /// The file cannot be opened; an item is an error when reading stops there.
    pub fn read(dir: &Path) -> Result<impl Iterator<Item = Result<Receipt, Error>> + use<>, Error> {
        let path = path_in(dir);
        let mut lines = match journal::open_file(&path, OFlags::RDONLY) {
            Ok(f) => Some(Lines { from: BufReader::with_capacity(256 << 10, f) }),
            Err(e) if e.kind() == io::ErrorKind::NotFound => None,
            Err(e) => return Err(failed("read the receipts", &e, &path)),
        };
        Ok(std::iter::from_fn(move || {
            loop {
                match lines.as_mut()?.next_line() {
                    Ok(None) => return None,
                    Ok(Some(line)) => {
                        if let Some(r) = line.and_then(|l| serde_json::from_slice(&l).ok()) {
                            return Some(Ok(r));
                        }
                    }
                    Err(e) => {
                        lines = None;
                        return Some(Err(failed("read the receipts", &e, &path)));
                    }
                }
            }
        }))
    }
}

fn failed(doing: &str, e: &io::Error, path: &Path) -> Error {
    let mut r = journal::failed(doing, e, path);
    if r.code == "STATE-FAILED" {
        r.code = "OUTPUT-FAILED".into();
    }
    r
}

#[cfg(test)]
mod tests {
    use super::*;

    fn receipt(n: u32) -> Receipt {
        Receipt {
            job: JobId(format!("{n:032x}")),
            clip: ClipId("c".into()),
            show: "s".into(),
            clip_name: "A\n001".into(),
            recipe_name: "sidecar".into(),
            rule: "default".into(),
            outputs: Vec::new(),
            sources: vec![(MediaPath::from(Path::new("A/b.mov")), "00".into())],
            version: "0".into(),
            config: String::new(),
            ms: i64::from(n),
        }
    }

    fn numbers(dir: &Path) -> Vec<i64> {
        Receipts::read(dir).unwrap().map(|r| r.unwrap().ms).collect()
    }

    #[test]
    fn receipts_come_back_and_a_torn_one_is_cut_off() {
        let t = tempfile::tempdir().unwrap();
        let dir = t.path().join("out/.rushes");
        assert!(numbers(&dir).is_empty());
        let mut r = Receipts::open(&dir).unwrap();
        r.append(&receipt(1)).unwrap();
        let one = r.len;
        r.append(&receipt(2)).unwrap();
        assert_eq!(Receipts::read(&dir).unwrap().next().unwrap().unwrap(), receipt(1));
        let whole = std::fs::read(path_in(&dir)).unwrap();
        std::fs::write(path_in(&dir), &whole[..whole.len() - 5]).unwrap();
        assert_eq!(numbers(&dir), [1], "a torn line is passed over");
        let mut r = Receipts::open(&dir).unwrap();
        assert_eq!(r.len, one);
        r.append(&receipt(3)).unwrap();
        assert_eq!(numbers(&dir), [1, 3]);
    }

    #[test]
    fn a_removed_or_torn_file_is_noticed_while_open() {
        let t = tempfile::tempdir().unwrap();
        let mut r = Receipts::open(t.path()).unwrap();
        r.append(&receipt(1)).unwrap();
        std::fs::remove_file(path_in(t.path())).unwrap();
        r.append(&receipt(2)).unwrap();
        assert_eq!(numbers(t.path()), [2]);
        std::fs::OpenOptions::new().append(true).open(path_in(t.path())).unwrap().write_all(b"{\"half").unwrap();
        r.append(&receipt(3)).unwrap();
        assert_eq!(numbers(t.path()), [2, 3]);
        std::fs::remove_file(path_in(t.path())).unwrap();
        std::os::unix::fs::symlink("/dev/null", path_in(t.path())).unwrap();
        assert_eq!(r.append(&receipt(4)).unwrap_err().code, "OUTPUT-FAILED");
    }
}
