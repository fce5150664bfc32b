//! A folder of files from staging to its final name: one rename, whole or not at all.

use super::place::{Found, failed, look, open_dir};
use super::publish::{MOST_VERSIONS, Publisher, folder_mode, hash, in_the_way, lied, no_replace};
use super::seal;
use super::workspace::sync_dir;
use crate::engine::deliver::{MadeOutput, StagedFile};
use crate::engine::killpoint;
use crate::model::Error;
use rustix::fs::{FileType, Gid, Mode, fchmod, fchown};
use rustix::io::Errno;
use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

impl Publisher<'_> {
    /// As for a file: a folder that holds the very same files is left alone, another one there makes this the next
    /// version. With `seal` it gets an ASC MHL history of its own.
    pub(super) fn run_folder(mut self, staged: &str, files: &[StagedFile], seal: bool) -> Result<MadeOutput, Error> {
        let dir = open_dir(self.stage.fd(), OsStr::new(staged)).map_err(|e| failed("open the staged folder", e))?;
        self.check_staged(&dir, files)?;
        let mut named = 1;
        for version in 1..=MOST_VERSIONS {
            let path = self.planned.at_version(version);
            super::plan::check_output_path(path.as_path())?;
            let name = path.as_path().file_name().ok_or_else(|| lied("the output has no name"))?;
            let parent = self.parents(path.as_path())?;
            match open_dir(&parent, name) {
                Ok(there) => {
                    if self.holds_the_same(&there, files, version)? {
                        self.touched.add(&parent).map_err(|e| failed("look at a folder", e))?;
                        return Ok(MadeOutput { kept: true, ..made(&path, files, |n| self.name_in(n, version)) });
                    }
                    continue;
                }
                Err(Errno::NOENT) => {}
                // a file or link of that name: somebody else's, the next version is free of it
                Err(Errno::NOTDIR | Errno::LOOP) => continue,
                Err(e) => return Err(failed("look at the output's name", e)),
            }
            self.rename_files(&dir, files, named, version)?;
            named = version;
            if seal {
                seal::write(&dir, self.job, name, files, &|n| self.name_in(n, version))?;
            }
            self.finish_folder(&dir)?;
            self.touched.add(&parent).map_err(|e| failed("look at a folder", e))?;
            match move_folder(self.stage.fd(), staged, &parent, name) {
                Ok(()) => {
                    killpoint::here("after-rename");
                    return Ok(made(&path, files, |n| self.name_in(n, version)));
                }
                // somebody took it meanwhile
                Err(Errno::EXIST | Errno::NOTEMPTY | Errno::NOTDIR) => {
                    if seal {
                        seal::remove(&dir)?;
                    }
                }
                Err(e) => return Err(failed("move the output to its place", e)),
            }
        }
        Err(in_the_way("there are too many versions of the output"))
    }

    /// The name that a staged file has in a version.
    fn name_in(&self, file: &StagedFile, version: u32) -> OsString {
        self.planned.renamed(OsStr::new(file.name.as_deref().unwrap_or_default()), 1, version)
    }

    /// Every claimed file is there, is what the worker wrote, and nothing else is there.
    fn check_staged(&self, dir: &OwnedFd, files: &[StagedFile]) -> Result<(), Error> {
        let mut claimed = BTreeSet::new();
        for f in files {
            let name = f.name.as_deref().filter(|n| self.planned.may_hold(OsStr::new(n), 1));
            let name = name.ok_or_else(|| lied("a staged file has a name that was not planned"))?;
            if !claimed.insert(OsString::from(name)) {
                return Err(lied("the worker made two files of one name"));
            }
            self.take_staged(dir, OsStr::new(name), f.size, &f.xxh128)?;
        }
        if files.is_empty() || names_in(dir).map_err(|e| failed("list the staged folder", e))? != claimed {
            return Err(lied("the staged folder does not hold what the worker wrote"));
        }
        Ok(())
    }

    fn rename_files(&self, dir: &OwnedFd, files: &[StagedFile], from: u32, to: u32) -> Result<(), Error> {
        for f in files.iter().filter(|_| from != to) {
            let (old, new) = (self.name_in(f, from), self.name_in(f, to));
            if old != new {
                no_replace(dir, &old, dir, &new).map_err(|e| failed("name the files of the output", e))?;
            }
        }
        Ok(())
    }

    fn finish_folder(&self, dir: &OwnedFd) -> Result<(), Error> {
        let doing = "give the output folder its mode";
        if let Some(g) = self.job.gid {
            fchown(dir, None, Some(Gid::from_raw(g))).map_err(|e| failed(doing, e))?;
        }
        fchmod(dir, Mode::from_raw_mode(folder_mode(self.job.mode))).map_err(|e| failed(doing, e))?;
        sync_dir(dir).map_err(|e| failed("make the output durable", e))
    }

    /// Whether a folder that is there already holds these files, byte for byte; a seal in it does not count.
    fn holds_the_same(&self, there: &OwnedFd, files: &[StagedFile], version: u32) -> Result<bool, Error> {
        let mut names = names_in(there).map_err(|e| failed("look into the folder that is there", e))?;
        names.remove(OsStr::new(seal::FOLDER));
        if names != files.iter().map(|f| self.name_in(f, version)).collect() {
            return Ok(false);
        }
        let looked = |n: &OsStr| look(there, n).map_err(|e| failed("look into the folder that is there", e));
        for f in files {
            if !matches!(looked(&self.name_in(f, version))?, Found::File(_, size) if size == f.size) {
                return Ok(false);
            }
        }
        for f in files {
            let Found::File(mut old, _) = looked(&self.name_in(f, version))? else { return Ok(false) };
            let found = hash(&mut old)
                .map_err(|e| Error::io("OUTPUT-FAILED", "compare with the files that are there already", &e))?;
            if found != f.xxh128 {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// The names in a folder.
pub(super) fn names_in(dir: impl AsFd) -> Result<BTreeSet<OsString>, Errno> {
    let mut names = BTreeSet::new();
    for entry in rustix::fs::Dir::read_from(dir)? {
        let entry = entry?;
        let name = entry.file_name().to_bytes();
        if !matches!(name, b"." | b"..") {
            names.insert(OsString::from_vec(name.to_vec()));
        }
    }
    Ok(names)
}

fn move_folder(from: impl AsFd, name: &str, to: &OwnedFd, new: &OsStr) -> Result<(), Errno> {
    match no_replace(&from, OsStr::new(name), to, new) {
        // no such flag here: a folder replaces only an empty one
        Err(Errno::INVAL | Errno::NOSYS) => rustix::fs::renameat(from, name, to, new),
        other => other,
    }
}

/// The folder as an output: the sum of sizes, and the hash of its list.
fn made(path: &crate::model::MediaPath, files: &[StagedFile], name: impl Fn(&StagedFile) -> OsString) -> MadeOutput {
    let mut list: Vec<(OsString, &StagedFile)> = files.iter().map(|f| (name(f), f)).collect();
    list.sort_by(|a, b| a.0.cmp(&b.0));
    let mut text = Vec::new();
    for (name, f) in &list {
        text.extend_from_slice(f.xxh128.as_bytes());
        text.push(b' ');
        text.extend_from_slice(name.as_bytes());
        text.push(b'\n');
    }
    let size = files.iter().fold(0u64, |n, f| n.saturating_add(f.size));
    let xxh128 = format!("{:032x}", xxhash_rust::xxh3::xxh3_128(&text));
    MadeOutput { files: u64::try_from(files.len()).ok(), ..MadeOutput::new(path.clone(), size, &xxh128) }
}

/// True for a folder that is there and no link.
pub(super) fn is_folder(dir: impl AsFd, name: &OsStr) -> bool {
    rustix::fs::statat(dir, name, rustix::fs::AtFlags::SYMLINK_NOFOLLOW)
        .is_ok_and(|s| FileType::from_raw_mode(s.st_mode) == FileType::Directory)
}
