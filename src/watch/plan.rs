//! What lies in a folder right now, for `rushes plan`: one scan, without waiting or reading.

use super::group::group;
use super::ignore::NameRules;
use super::look::unreadable;
use super::place::{self, Place};
use super::scan::{MAX_DEPTH, Reader};
use super::{Ready, RootSettings};
use crate::model::{ClipUnit, Error, FileStat, FrameGap, MediaPath};
use rustix::io::Errno;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

/// A clip as its names tell it; whether it is complete is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    /// Its folder, relative to the root.
    pub dir: MediaPath,
    /// The clip's name.
    pub name: String,
    /// How it lies on disk.
    pub unit: ClipUnit,
    /// What names of outputs begin with.
    pub stem: OsString,
    /// Its files, relative to the root, in frame order.
    pub files: Vec<(MediaPath, FileStat)>,
    /// Number of the first frame of a sequence.
    pub first_frame: Option<i64>,
    /// Missing frames.
    pub gaps: Vec<FrameGap>,
}

/// Lists and groups everything below a root, mounts below it included. Nothing is hashed or waited for.
///
/// # Errors
/// `ROOT-UNAVAILABLE` when the root cannot be listed, `FILE-UNREADABLE` for a folder below it (one that
/// vanishes meanwhile is left out), `CONFIG-INVALID` for a glob that is none.
pub fn list_once(settings: &RootSettings) -> Result<Vec<Unit>, Error> {
    let marker = match &settings.ready {
        Ready::Quiet => None,
        Ready::Marker(m) => Some(m.as_str()),
    };
    let names = NameRules::new(&settings.ignore, marker)?;
    let mut reader = Reader::new();
    let mut out = Vec::new();
    // (where the file system begins, folder below it)
    let mut todo = vec![(PathBuf::new(), PathBuf::new())];
    while let Some((prefix, dir)) = todo.pop() {
        let at = Place { root: settings.path.clone(), prefix: prefix.clone() };
        let here = at.in_root(&dir);
        let listed = at.open().and_then(|b| b.folder(&dir)).and_then(|fd| reader.list(&fd, &names, &|_| false));
        let listing = match listed {
            Ok(l) => l,
            Err(Errno::XDEV) if prefix != here => {
                todo.push((here, PathBuf::new()));
                continue;
            }
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) if !here.as_os_str().is_empty() => continue,
            Err(e) if here.as_os_str().is_empty() => {
                let io = std::io::Error::from_raw_os_error(e.raw_os_error());
                return Err(Error::io("ROOT-UNAVAILABLE", "list the watched folder", &io).at(&settings.path));
            }
            Err(e) => return Err(unreadable(&here, "list the folder", e)),
        };
        let refs: Vec<&OsStr> = listing.files.iter().map(|f| f.name.as_os_str()).collect();
        for g in group(&refs) {
            let file = |i: &usize| listing.files.get(*i).map(|f| (MediaPath::from(here.join(&f.name)), f.stat));
            out.push(Unit {
                dir: MediaPath::from(here.as_path()),
                name: g.name,
                unit: g.unit,
                stem: g.stem,
                files: g.members.iter().filter_map(file).collect(),
                first_frame: g.first_frame,
                gaps: g.gaps,
            });
        }
        if here.components().count() < MAX_DEPTH && here.as_os_str().len() < 3_800 {
            todo.extend(listing.folders.iter().map(|c| (prefix.clone(), place::join(&dir, c.as_ref()))));
        }
    }
    out.sort_by(|a, b| (&a.dir, &a.stem).cmp(&(&b.dir, &b.stem)));
    Ok(out)
}
