//! An ASC MHL history of one generation inside a folder that is about to be published.

use super::place::{failed, write_whole};
use crate::engine::deliver::{JobFile, StagedFile};
use crate::engine::document::mhl::{self, CHAIN_NAME, HISTORY_FOLDER, MhlFile, MhlInput, Process};
use crate::model::{Error, ErrorKind, HashKind, MediaPath};
use rustix::fs::{AtFlags, Mode, fchmod};
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::os::fd::OwnedFd;
use std::path::Path;

/// The folder of a history.
pub(super) const FOLDER: &str = HISTORY_FOLDER;

/// Writes the history into `dir`, which will be called `name`; `named` gives each file's final name. Its date is that of the
/// recording, else of the newest source file: never that of the work.
pub(super) fn write(
    dir: &OwnedFd,
    job: &JobFile,
    name: &OsStr,
    files: &[StagedFile],
    named: &dyn Fn(&StagedFile) -> OsString,
) -> Result<(), Error> {
    let folder = name.to_str().ok_or_else(|| {
        Error::new(ErrorKind::Unsupported, "REQUEST-INVALID", "a folder whose name is not UTF-8 cannot be sealed")
    })?;
    let date = date_of(job)?;
    let entries: Vec<(MediaPath, u64, BTreeMap<HashKind, String>)> = files
        .iter()
        .map(|f| {
            let hashes = BTreeMap::from([(HashKind::Xxh128, f.xxh128.clone())]);
            (MediaPath::from(Path::new(&named(f))), f.size, hashes)
        })
        .collect();
    let list: Vec<MhlFile<'_>> = entries
        .iter()
        .map(|(path, size, hashes)| MhlFile { path, size: *size, modified: None, created: None, hashes })
        .collect();
    let input = MhlInput {
        folder,
        date: &date,
        host: None,
        tool: "rushes",
        version: "1",
        comment: "",
        process: Process::InPlace,
        files: &list,
        empty_folders: &[],
    };
    let made = mhl::first_generation(&input)?;
    let doing = "write the manifest";
    remove(dir)?;
    rustix::fs::mkdirat(dir, FOLDER, Mode::RWXU).map_err(|e| failed(doing, e))?;
    let history = super::place::open_dir(dir, OsStr::new(FOLDER)).map_err(|e| failed(doing, e))?;
    for (name, bytes) in [(made.name.as_str(), &made.manifest), (CHAIN_NAME, &made.chain)] {
        write_whole(&history, OsStr::new(name), bytes, job.mode)?;
    }
    fchmod(&history, Mode::from_raw_mode(super::publish::folder_mode(job.mode))).map_err(|e| failed(doing, e))?;
    super::workspace::sync_dir(&history).map_err(|e| failed(doing, e))
}

/// Removes a history that was written for a name which somebody else took.
pub(super) fn remove(dir: &OwnedFd) -> Result<(), Error> {
    let doing = "replace the manifest";
    if !super::publish_folder::is_folder(dir, OsStr::new(FOLDER)) {
        return Ok(());
    }
    let history = super::place::open_dir(dir, OsStr::new(FOLDER)).map_err(|e| failed(doing, e))?;
    for name in super::publish_folder::names_in(&history).map_err(|e| failed(doing, e))? {
        rustix::fs::unlinkat(&history, &name, AtFlags::empty()).map_err(|e| failed(doing, e))?;
    }
    rustix::fs::unlinkat(dir, FOLDER, AtFlags::REMOVEDIR).map_err(|e| failed(doing, e))
}

fn date_of(job: &JobFile) -> Result<String, Error> {
    let recorded = job.clip.as_ref().and_then(|c| c.recorded.date.clone());
    if let Some(date) = recorded.filter(|d| d.parse::<jiff::Timestamp>().is_ok()) {
        return Ok(date);
    }
    let newest = job.inputs.iter().map(|i| i.mtime_ns).max().unwrap_or(0);
    // whole seconds are all that a manifest's name holds
    let seconds = i64::try_from(newest.div_euclid(1_000_000_000)).unwrap_or(0);
    jiff::Timestamp::from_second(seconds)
        .map(|t| t.to_string())
        .map_err(|_| Error::new(ErrorKind::Unsupported, "FIELD-ABSENT", "the sources have no date for a manifest"))
}
