//! The keys of the one tree. The first byte says what a key is about; sled stores the common
//! beginning of neighbouring keys once, so plain names stay short.
//!
//! | first byte | rest | value |
//! |---|---|---|
//! | `a` | clip | when it was first accepted |
//! | `c` | clip | [`crate::index::ClipRecord`] |
//! | `d` | job | [`crate::index::DoneRecord`] |
//! | `f` | root, folder, file name | [`crate::index::FileRecord`] |
//! | `j` | job | [`crate::job::Job`] |
//! | `m` | | the state of the index itself |
//! | `n` | show, clip name as [`collision_key`] has it, clip | nothing |
//! | `q` | root, path | [`crate::index::QuarantineRecord`] |
//! | `r` | contents, root, path of the quarantine entry | nothing |
//! | `t` | job or contents | tries begun |
//! | `u` | unfinished job | nothing |
//! | `w` | clip, code | [`crate::index::Waiver`] |
//! | `x` | contents of the first file, clip | nothing |

use crate::model::{ClipId, JobId};
use crate::rules::template::collision_key;
use std::ffi::OsStr;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Component, Path, PathBuf};

/// The state of the index itself.
pub(super) const META: &[u8] = b"m";

/// A key of parts; each but the last is preceded by its length, so that no two lists of parts make
/// the same key.
fn key(kind: u8, parts: &[&[u8]]) -> Vec<u8> {
    let mut k = vec![kind];
    for (i, p) in parts.iter().enumerate() {
        if i + 1 < parts.len() {
            k.extend_from_slice(&(p.len() as u32).to_be_bytes());
        }
        k.extend_from_slice(p);
    }
    k
}

/// Everything that has `parts` before the last part.
fn prefix(kind: u8, parts: &[&[u8]]) -> Vec<u8> {
    let mut all = parts.to_vec();
    all.push(b"");
    key(kind, &all)
}

/// A relative path without `.`, double and trailing slashes.
fn tidy(path: &Path) -> Vec<u8> {
    let parts = path.components().filter(|c| *c != Component::CurDir);
    parts.collect::<PathBuf>().into_os_string().into_vec()
}

pub(super) fn folder(root: &str, dir: &Path) -> Vec<u8> {
    prefix(b'f', &[root.as_bytes(), &tidy(dir)])
}

pub(super) fn file(root: &str, path: &Path) -> Vec<u8> {
    let dir = path.parent().unwrap_or(Path::new(""));
    let name = path.file_name().unwrap_or(OsStr::new(""));
    key(b'f', &[root.as_bytes(), &tidy(dir), name.as_bytes()])
}

/// Everything of the files of a root.
pub(super) fn files_of(root: &str) -> Vec<u8> {
    prefix(b'f', &[root.as_bytes()])
}

/// The folder in a key made by [`file`].
pub(super) fn folder_of<'k>(key: &'k [u8], root: &str) -> Option<&'k Path> {
    let rest = key.strip_prefix(files_of(root).as_slice())?;
    let (len, rest) = rest.split_first_chunk::<4>()?;
    let dir = rest.get(..usize::try_from(u32::from_be_bytes(*len)).ok()?)?;
    Some(Path::new(OsStr::from_bytes(dir)))
}

/// Greater than the key of every file of the folder: names have at most 255 bytes.
pub(super) fn after_folder(root: &str, dir: &Path) -> Vec<u8> {
    let mut k = folder(root, dir);
    k.extend_from_slice(&[0xff; 256]);
    k
}

/// The file name in a key made by [`file`].
pub(super) fn file_name<'k>(key: &'k [u8], folder: &[u8]) -> Option<&'k OsStr> {
    key.strip_prefix(folder).map(OsStr::from_bytes)
}

pub(super) fn clip(id: &ClipId) -> Vec<u8> {
    key(b'c', &[id.0.as_bytes()])
}

pub(super) fn accepted(id: &ClipId) -> Vec<u8> {
    key(b'a', &[id.0.as_bytes()])
}

pub(super) fn job(id: &JobId) -> Vec<u8> {
    key(b'j', &[id.0.as_bytes()])
}

pub(super) fn unfinished(id: &JobId) -> Vec<u8> {
    key(b'u', &[id.0.as_bytes()])
}

pub(super) fn done(id: &JobId) -> Vec<u8> {
    key(b'd', &[id.0.as_bytes()])
}

pub(super) fn tries(what: &str) -> Vec<u8> {
    key(b't', &[what.as_bytes()])
}

pub(super) fn quarantine(root: &str, path: &Path) -> Vec<u8> {
    key(b'q', &[root.as_bytes(), &tidy(path)])
}

pub(super) fn refused(content: &str, root: &str, path: &Path) -> Vec<u8> {
    key(b'r', &[content.as_bytes(), root.as_bytes(), &tidy(path)])
}

pub(super) fn refused_content(content: &str) -> Vec<u8> {
    prefix(b'r', &[content.as_bytes()])
}

/// The key of the quarantine entry that a key made by [`refused`] points to.
pub(super) fn refused_entry(key: &[u8], content: &str) -> Option<Vec<u8>> {
    let rest = key.strip_prefix(refused_content(content).as_slice())?;
    let mut k = vec![b'q'];
    k.extend_from_slice(rest);
    Some(k)
}

pub(super) fn waiver(clip: &ClipId, code: &str) -> Vec<u8> {
    key(b'w', &[clip.0.as_bytes(), code.as_bytes()])
}

pub(super) fn waivers(clip: &ClipId) -> Vec<u8> {
    prefix(b'w', &[clip.0.as_bytes()])
}

pub(super) fn named(show: &str, name: &str, clip: &ClipId) -> Vec<u8> {
    key(b'n', &[show.as_bytes(), collision_key(name).as_bytes(), clip.0.as_bytes()])
}

pub(super) fn all_named(show: &str, name: &str) -> Vec<u8> {
    prefix(b'n', &[show.as_bytes(), collision_key(name).as_bytes()])
}

/// The show in a key made by [`named`].
pub(super) fn show_of(key: &[u8]) -> Option<String> {
    let (len, rest) = key.get(1..)?.split_first_chunk::<4>()?;
    let show = rest.get(..usize::try_from(u32::from_be_bytes(*len)).ok()?)?;
    String::from_utf8(show.to_vec()).ok()
}

/// Greater than the key of every clip of a show: no length of a name begins with four times 0xff.
pub(super) fn after_show(show: &str) -> Vec<u8> {
    let mut k = prefix(b'n', &[show.as_bytes()]);
    k.extend_from_slice(&[0xff; 4]);
    k
}

pub(super) fn content(xxh128: &str, clip: &ClipId) -> Vec<u8> {
    key(b'x', &[xxh128.as_bytes(), clip.0.as_bytes()])
}

pub(super) fn all_content(xxh128: &str) -> Vec<u8> {
    prefix(b'x', &[xxh128.as_bytes()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_do_not_leak_into_each_other() {
        let k = file("ocf", Path::new("A/b.mov"));
        assert_eq!(file_name(&k, &folder("ocf", Path::new("A/"))), Some(OsStr::new("b.mov")));
        assert_eq!(file_name(&k, &folder("ocf", Path::new("."))), None);
        assert_eq!(file_name(&k, &folder("oc", Path::new("fA"))), None);
        assert_eq!(file("r", Path::new("x")), file("r", Path::new("./x")));
        assert_eq!(folder_of(&k, "ocf"), Some(Path::new("A")));
        assert_eq!(folder_of(&k, "oc"), None);
        assert!(after_folder("ocf", Path::new("A")) > k);
        assert!(after_folder("ocf", Path::new("A")) < file("ocf", Path::new("B/a")));
        let r = refused("c", "r", Path::new("p/q"));
        assert_eq!(refused_entry(&r, "c"), Some(quarantine("r", Path::new("p/q"))));
    }
}
