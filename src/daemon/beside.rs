//! Metadata files that lie beside a clip: given to its inspection when they are complete, and a reason to read it again
//! when they come later.

use crate::config::Folder;
use crate::daemon::core::Core;
use crate::engine::deliver::JobInput;
use crate::engine::sequence::beside::{
    MOST_LISTS, MOST_OF_A_TAIL, TAILS, belongs, may_be_list, may_be_metadata, named_after,
};
use crate::index::{ClipRecord, FileRecord};
use crate::model::{ClipDoc, ClipFile, ClipId, MediaPath};
use crate::watch::{ReadyFile, ReadyUnit};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

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
        let known = self.near(&unit.root, dir, &unit.name);
        let mut found: BTreeMap<MediaPath, (u64, i128, String)> = BTreeMap::new();
        let names: Vec<&OsStr> = known.iter().filter(|(_, r)| !r.gone).map(|(n, _)| n.as_os_str()).collect();
        // the composition after which a package is named is one of its files
        let own: HashSet<&MediaPath> = unit.files.iter().map(|f| &f.path).collect();
        let mut put = |path: MediaPath, size: u64, mtime: i128, print: &str| {
            if !own.contains(&path) {
                found.insert(path, (size, mtime, print.to_owned()));
            }
        };
        // what was refused may be hostile, and costs no other clip anything
        let taken = |r: &FileRecord| !r.gone && r.clip.is_some();
        for (name, r) in known.iter().filter(|(n, r)| taken(r) && belongs(n, &unit.name, &names)) {
            put(MediaPath::from(dir.join(name)), r.stat.size, r.stat.mtime_ns, &r.fingerprint.xxh128);
        }
        // complete, and not in the index yet
        for f in self.fresh_metadata.get(&(unit.root.clone(), unit.dir.clone())).into_iter().flatten() {
            if f.path.as_path().file_name().is_some_and(|n| may_be_list(n) || belongs(n, &unit.name, &names)) {
                put(f.path.clone(), f.stat.size, f.stat.mtime_ns, &f.fingerprint.xxh128);
            }
        }
        for (name, r) in self.lists_in(&unit.root, &unit.dir).into_iter().filter(|(_, r)| r.clip.is_some()) {
            put(MediaPath::from(dir.join(name)), r.stat.size, r.stat.mtime_ns, &r.fingerprint.xxh128);
        }
        let root = MediaPath::from(folder.path.as_path());
        let input =
            |(path, (size, mtime_ns, xxh128))| JobInput { root: Some(root.clone()), path, size, mtime_ns, xxh128 };
        found.into_iter().take(MOST_GIVEN).map(input).collect()
    }

    /// The files of a folder whose names may be those of metadata files of a clip.
    fn near(&self, root: &str, dir: &Path, clip: &str) -> Vec<(OsString, FileRecord)> {
        let of = |tail: &&str| {
            self.index.folder_from(root, dir, &[clip.as_bytes(), tail.as_bytes()].concat(), MOST_OF_A_TAIL)
        };
        TAILS.iter().flat_map(of).collect()
    }

    /// The lists that lie in a folder, which is looked through once, until a list comes or goes.
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
            let near = self.near(&at.root, at.dir.as_path(), name);
            let names: Vec<&OsStr> = near.iter().filter(|(_, r)| !r.gone).map(|(n, _)| n.as_os_str()).collect();
            let mut beside = near.iter().filter(|(n, _)| belongs(n, name, &names));
            let lacks = |(n, r): &(OsString, FileRecord)| !holds(n, r) && is_metadata(r);
            let names_it = |(n, r): &(OsString, FileRecord)| {
                let list = r.clip.as_ref().filter(|_| !r.gone && !holds(n, r)).and_then(|id| self.clip(id));
                list.is_some_and(|c| names_in(&c.doc).any(|n| n.eq_ignore_ascii_case(name)))
            };
            beside.any(lacks) || self.lists_in(&at.root, &at.dir).iter().any(names_it)
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
    pub(super) fn metadata_recorded(&mut self, unit: &ReadyUnit, folder: &Folder, doc: Option<&ClipDoc>) {
        let Some(file) = metadata_file(unit) else { return };
        self.recorded_metadata.push((unit.root.clone(), unit.dir.clone(), file.path.clone()));
        let Some(doc) = doc.filter(|d| d.format.id == "camera-metadata") else { return };
        let Some(name) = file.path.as_path().file_name() else { return };
        if may_be_list(name) {
            self.list_recorded(unit, folder, file, doc);
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

    /// The clips of the folder that a list names.
    fn list_recorded(&mut self, unit: &ReadyUnit, folder: &Folder, file: &ReadyFile, doc: &ClipDoc) {
        let named: BTreeSet<&str> = names_in(doc).collect();
        let ids: Vec<ClipId> = named.into_iter().flat_map(|n| self.clips_called(&folder.show, n, unit)).collect();
        for id in ids {
            if self.clip(&id).is_some_and(|c| !holds(&c.doc, file)) {
                self.reconsider(&id);
            }
        }
    }

    /// The lists of these folders are looked for anew.
    pub(super) fn forget_lists(&mut self, root: &str, paths: &[MediaPath]) {
        for path in
            paths.iter().filter(|p| p.as_path().file_name().is_some_and(|n| may_be_metadata(n) || may_be_list(n)))
        {
            let dir = path.as_path().parent().unwrap_or(Path::new(""));
            if let Some(here) = self.fresh_metadata.get_mut(&(root.to_owned(), MediaPath::from(dir))) {
                here.retain(|f| f.path != *path);
            }
        }
        let mut lists = self.lists.borrow_mut();
        for path in paths.iter().filter(|p| p.as_path().file_name().is_some_and(may_be_list)) {
            let dir = path.as_path().parent().unwrap_or(Path::new(""));
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
            if self.fresh_metadata.get(&at).is_some_and(Vec::is_empty) {
                self.fresh_metadata.remove(&at);
            }
        }
    }
}

/// The names of files that a list has a line for.
fn names_in(doc: &ClipDoc) -> impl Iterator<Item = &str> {
    let list = doc.raw.get("camera-metadata").and_then(|r| r.get("names")).and_then(serde_json::Value::as_array);
    list.into_iter().flatten().filter_map(serde_json::Value::as_str)
}

fn holds(doc: &ClipDoc, file: &ReadyFile) -> bool {
    let name = file.path.as_path().file_name();
    doc.clip.sidecars.iter().any(|s| s.path.as_path().file_name() == name && s.xxh128 == file.fingerprint.xxh128)
}

/// What is known of a clip from another of its places, where metadata files lie beside it that this place lacks.
pub(super) fn better_elsewhere(old: &ClipDoc, new: &ClipDoc, unit: &ReadyUnit) -> Option<ClipDoc> {
    let elsewhere = |s: &ClipFile| s.path.as_path().parent() != Some(unit.dir.as_path());
    (new.clip.sidecars.is_empty() && old.clip.sidecars.iter().any(elsewhere)).then(|| old.clone())
}

/// Fills in the fingerprints that the inspection does not know.
pub(super) fn fill_sidecars(doc: &mut ClipDoc, given: &[JobInput]) {
    for s in &mut doc.clip.sidecars {
        if let Some(g) = given.iter().find(|g| g.path == s.path) {
            s.xxh128.clone_from(&g.xxh128);
        }
    }
}
