//! Metadata files that lie beside a clip: given to its inspection when they are complete, and a reason to read it again
//! when they come later.

use crate::config::Folder;
use crate::daemon::core::Core;
use crate::engine::deliver::JobInput;
use crate::engine::sequence::beside::{MOST_LISTS, belongs, may_be_list, may_be_metadata, named_after};
use crate::index::{ClipRecord, FileRecord};
use crate::model::{ClipDoc, ClipFile, ClipId, MediaPath};
use crate::watch::{ReadyFile, ReadyUnit};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

/// Files of a folder that are looked through for one clip.
const MOST_LOOKED_AT: usize = 20_000;
/// Metadata files that are given to one inspection.
const MOST_GIVEN: usize = 16;

/// The metadata file or list that a unit is, if it is one.
pub(super) fn metadata_file(unit: &ReadyUnit) -> Option<&ReadyFile> {
    let [file] = unit.files.as_slice() else { return None };
    file.path.as_path().file_name().is_some_and(|n| may_be_metadata(n) || may_be_list(n)).then_some(file)
}

/// Folders whose lists are remembered.
const MOST_FOLDERS: usize = 4096;

/// The lists of folders that were asked for.
pub(super) type Lists = HashMap<(String, MediaPath), Vec<(OsString, FileRecord)>>;

impl Core {
    /// The complete metadata files that belong to a unit, by name.
    pub(super) fn beside(&self, unit: &ReadyUnit, folder: &Folder) -> Vec<JobInput> {
        if metadata_file(unit).is_some() {
            return Vec::new();
        }
        let dir = unit.dir.as_path();
        let known = self.index.folder_from(&unit.root, dir, unit.name.as_bytes(), MOST_LOOKED_AT);
        let mut found: BTreeMap<MediaPath, (u64, i128, String)> = BTreeMap::new();
        let names: Vec<&OsStr> = known.iter().filter(|(_, r)| !r.gone).map(|(n, _)| n.as_os_str()).collect();
        // the composition after which a package is named is one of its files
        let own: HashSet<&MediaPath> = unit.files.iter().map(|f| &f.path).collect();
        let mut put = |path: MediaPath, size: u64, mtime: i128, print: &str| {
            if !own.contains(&path) {
                found.insert(path, (size, mtime, print.to_owned()));
            }
        };
        for (name, r) in known.iter().filter(|(n, r)| !r.gone && belongs(n, &unit.name, &names)) {
            put(MediaPath::from(dir.join(name)), r.stat.size, r.stat.mtime_ns, &r.fingerprint.xxh128);
        }
        // complete, and not in the index yet
        for f in self.fresh_metadata.get(&(unit.root.clone(), unit.dir.clone())).into_iter().flatten() {
            if f.path.as_path().file_name().is_some_and(|n| may_be_list(n) || belongs(n, &unit.name, &names)) {
                put(f.path.clone(), f.stat.size, f.stat.mtime_ns, &f.fingerprint.xxh128);
            }
        }
        for (name, r) in self.lists_of(unit) {
            put(MediaPath::from(dir.join(name)), r.stat.size, r.stat.mtime_ns, &r.fingerprint.xxh128);
        }
        let root = MediaPath::from(folder.path.as_path());
        let input =
            |(path, (size, mtime_ns, xxh128))| JobInput { root: Some(root.clone()), path, size, mtime_ns, xxh128 };
        found.into_iter().take(MOST_GIVEN).map(input).collect()
    }

    /// The lists that lie in the folder of a unit. A folder is looked through once, until a list comes or goes.
    fn lists_of(&self, unit: &ReadyUnit) -> Vec<(OsString, FileRecord)> {
        self.lists_in(&unit.root, &unit.dir)
    }

    fn lists_in(&self, root: &str, dir: &MediaPath) -> Vec<(OsString, FileRecord)> {
        let key = (root.to_owned(), dir.clone());
        let mut lists = self.lists.borrow_mut();
        if let Some(known) = lists.get(&key) {
            return known.clone();
        }
        if lists.len() >= MOST_FOLDERS {
            lists.clear();
        }
        let all = self.index.folder(root, dir.as_path()).into_iter();
        let found: Vec<_> = all.filter(|(n, r)| may_be_list(n) && !r.gone).take(MOST_LISTS).collect();
        lists.insert(key, found.clone());
        found
    }

    /// Whether a clip lacks a metadata file that lies beside it and is known to be one. Which clips of a folder a list is
    /// about only reading tells: those that hold none are read again.
    pub(super) fn lacks_metadata(&self, clip: &ClipRecord) -> bool {
        if clip.doc.image.width.or(clip.doc.audio.rate).is_none() {
            return false;
        }
        let holds = |name: &OsStr, r: &FileRecord| {
            let same = |s: &ClipFile| s.path.as_path().file_name() == Some(name) && s.xxh128 == r.fingerprint.xxh128;
            clip.doc.clip.sidecars.iter().any(same)
        };
        let is_metadata = |r: &FileRecord| {
            let found = r.clip.as_ref().filter(|_| !r.gone).and_then(|id| self.clip(id));
            found.is_some_and(|c| c.doc.format.id == "camera-metadata")
        };
        clip.locations.iter().any(|at| {
            let name = clip.doc.clip.name.as_str();
            let near = self.index.folder_from(&at.root, at.dir.as_path(), name.as_bytes(), MOST_LOOKED_AT);
            let names: Vec<&OsStr> = near.iter().filter(|(_, r)| !r.gone).map(|(n, _)| n.as_os_str()).collect();
            let mut beside = near.iter().filter(|(n, _)| belongs(n, name, &names));
            let lacks = |(n, r): &(OsString, FileRecord)| !holds(n, r) && is_metadata(r);
            beside.any(lacks) || self.lists_in(&at.root, &at.dir).iter().any(lacks)
        })
    }

    /// A metadata file is complete, and not in the index yet.
    pub(super) fn metadata_ready(&mut self, unit: &ReadyUnit) {
        if let Some(file) = metadata_file(unit) {
            let here = self.fresh_metadata.entry((unit.root.clone(), unit.dir.clone())).or_default();
            here.retain(|f| f.path != file.path);
            here.push(file.clone());
        }
    }

    /// A metadata file was recorded or refused: the index has it once the batch is safe. Clips to which it belongs, and
    /// that do not hold it yet, are read again.
    pub(super) fn metadata_recorded(&mut self, unit: &ReadyUnit, folder: &Folder) {
        let Some(file) = metadata_file(unit) else { return };
        self.recorded_metadata.push((unit.root.clone(), unit.dir.clone(), file.path.clone()));
        let Some(name) = file.path.as_path().file_name() else { return };
        if may_be_list(name) {
            self.list_recorded(unit, file);
            return;
        }
        let bytes = name.as_bytes();
        // the longest name of a clip that the file repeats
        for n in (1..bytes.len()).rev() {
            let Some(clip) = bytes.get(..n).and_then(|b| std::str::from_utf8(b).ok()) else { continue };
            if named_after(name, clip).is_none() {
                continue;
            }
            let here: Vec<ClipId> = self.clips_called(&folder.show, clip, unit);
            if !here.is_empty() {
                let holds = |id: &ClipId| self.clip(id).is_some_and(|c| holds(&c.doc, file));
                let missing: Vec<&ClipId> = here.iter().filter(|id| !holds(id)).collect();
                missing.into_iter().for_each(|id| self.reconsider(id));
                return;
            }
        }
    }

    /// A list may be about any clip of its folder.
    fn list_recorded(&mut self, unit: &ReadyUnit, file: &ReadyFile) {
        let files = self.index.folder(&unit.root, unit.dir.as_path()).into_iter();
        let fresh =
            self.fresh_clips.values().filter(|c| c.locations.iter().any(|l| l.root == unit.root && l.dir == unit.dir));
        let fresh: Vec<ClipId> = fresh.map(|c| c.id.clone()).collect();
        let mut ids: Vec<ClipId> = files.filter(|(_, r)| !r.gone).filter_map(|(_, r)| r.clip).chain(fresh).collect();
        ids.sort();
        ids.dedup();
        ids.retain(|id| {
            self.clip(id).is_some_and(|c| c.doc.image.width.or(c.doc.audio.rate).is_some() && !holds(&c.doc, file))
        });
        ids.iter().for_each(|id| self.reconsider(id));
    }

    /// The lists of these folders are looked for anew.
    pub(super) fn forget_lists(&self, root: &str, paths: &[MediaPath]) {
        let mut lists = self.lists.borrow_mut();
        for path in paths.iter().filter(|p| p.as_path().file_name().is_some_and(may_be_list)) {
            let dir = path.as_path().parent().unwrap_or(std::path::Path::new(""));
            lists.remove(&(root.to_owned(), MediaPath::from(dir)));
        }
    }

    /// Clips of this very name that lie in the folder of `unit`.
    fn clips_called(&self, show: &str, name: &str, unit: &ReadyUnit) -> Vec<ClipId> {
        let fresh =
            self.fresh_clips.values().filter(|c| c.show == show && c.doc.clip.name == name).map(|c| c.id.clone());
        let mut ids: Vec<ClipId> = self.index.clips_named(show, name).into_iter().chain(fresh).collect();
        ids.sort();
        ids.dedup();
        ids.retain(|id| {
            self.clip(id).is_some_and(|c| {
                let at_home = c.locations.iter().any(|l| l.root == unit.root && l.dir == unit.dir);
                at_home && c.doc.clip.name == name && c.doc.image.width.or(c.doc.audio.rate).is_some()
            })
        });
        ids
    }

    /// What was recorded is in the index now.
    pub(super) fn forget_recorded_metadata(&mut self) {
        for (root, dir, path) in std::mem::take(&mut self.recorded_metadata) {
            self.forget_lists(&root, std::slice::from_ref(&path));
            let at = (root, dir);
            if let Some(here) = self.fresh_metadata.get_mut(&at) {
                here.retain(|f| f.path != path);
                if here.is_empty() {
                    self.fresh_metadata.remove(&at);
                }
            }
        }
    }
}

fn holds(doc: &ClipDoc, file: &ReadyFile) -> bool {
    doc.clip.sidecars.iter().any(|s| s.path == file.path && s.xxh128 == file.fingerprint.xxh128)
}

/// Fills in the fingerprints that the inspection does not know.
pub(super) fn fill_sidecars(doc: &mut ClipDoc, given: &[JobInput]) {
    for s in &mut doc.clip.sidecars {
        if let Some(g) = given.iter().find(|g| g.path == s.path) {
            s.xxh128.clone_from(&g.xxh128);
        }
    }
}
