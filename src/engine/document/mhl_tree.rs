//! The files of a manifest as folders in folders, with their directory hashes.

use super::mhl::{IGNORED, KINDS, MhlFile, invalid, printable};
use crate::engine::hash::{bytes_of_text, text_of};
use crate::model::{Error, HashKind, MediaPath};
use std::collections::BTreeMap;

/// Most folders inside each other.
const MOST_DEPTH: usize = 128;

/// One folder.
#[derive(Debug, Default)]
pub(super) struct Folder<'a> {
    /// Relative to the covered folder; empty for that itself.
    pub path: String,
    pub files: BTreeMap<&'a str, MhlFile<'a>>,
    pub folders: BTreeMap<&'a str, Self>,
    /// Content and structure hash by kind.
    hashes: BTreeMap<HashKind, (String, String)>,
}

/// The covered folder.
#[derive(Debug)]
pub(super) struct Tree<'a> {
    pub root: Folder<'a>,
    /// The kinds that every file has, in the order of [`KINDS`].
    pub kinds: Vec<HashKind>,
}

impl<'a> Tree<'a> {
    /// Checks every path and hash, and computes the directory hashes.
    pub(super) fn new(files: &'a [MhlFile<'a>], empty: &'a [MediaPath]) -> Result<Self, Error> {
        if files.is_empty() {
            return Err(invalid("an MHL needs at least one file".to_owned(), None));
        }
        let mut root = Folder::default();
        for file in files {
            check_hashes(file)?;
            let parts = parts(file.path)?;
            let (name, above) = parts.split_last().ok_or_else(|| invalid("a file has no name".to_owned(), None))?;
            let folder = root.at(above, file.path)?;
            let taken = folder.folders.contains_key(name) || folder.files.insert(name, *file).is_some();
            if taken {
                return Err(invalid("the path is named twice".to_owned(), Some(file.path)));
            }
        }
        for path in empty {
            root.at(&parts(path)?, path)?;
        }
        let shared = |k: &HashKind| files.iter().all(|f| f.hashes.contains_key(k));
        let kinds: Vec<HashKind> = KINDS.into_iter().filter(shared).collect();
        if kinds.is_empty() {
            return Err(invalid("the files have no kind of hash in common".to_owned(), None));
        }
        kinds.iter().for_each(|k| root.compute(*k));
        Ok(Self { root, kinds })
    }
}

impl<'a> Folder<'a> {
    /// The folder below this one by its names, made when it is not there.
    fn at(&mut self, names: &[&'a str], whole: &MediaPath) -> Result<&mut Self, Error> {
        let mut here = self;
        for name in names {
            if here.files.contains_key(name) {
                return Err(invalid("a file and a folder have the same path".to_owned(), Some(whole)));
            }
            let path = if here.path.is_empty() { (*name).to_owned() } else { format!("{}/{name}", here.path) };
            here = here.folders.entry(name).or_insert_with(|| Self { path, ..Self::default() });
        }
        Ok(here)
    }

    /// Content and structure hash, as computed.
    pub(super) fn hashes(&self, kind: HashKind) -> (String, String) {
        self.hashes.get(&kind).cloned().unwrap_or_default()
    }

    /// The content hash is the hash of the children's hashes, the structure hash that of the hashes of each child's name and
    /// hash; both lists sorted by their text.
    fn compute(&mut self, kind: HashKind) {
        let (mut contents, mut structures) = (Vec::new(), Vec::new());
        let mut child = |name: &str, content: &str, structure: &str| {
            contents.push(content.to_owned());
            let raw = bytes_of_text(kind, structure).unwrap_or_default();
            structures.push(text_of(kind, &[name.as_bytes(), &raw].concat()));
        };
        for (name, file) in &self.files {
            let hash = file.hashes.get(&kind).map_or("", String::as_str);
            child(name, hash, hash);
        }
        for (name, folder) in &mut self.folders {
            folder.compute(kind);
            let (content, structure) = folder.hashes(kind);
            child(name, &content, &structure);
        }
        let whole = |mut list: Vec<String>| {
            list.sort_unstable();
            let raw: Vec<u8> = list.iter().filter_map(|t| bytes_of_text(kind, t)).flatten().collect();
            text_of(kind, &raw)
        };
        self.hashes.insert(kind, (whole(contents), whole(structures)));
    }
}

fn check_hashes(file: &MhlFile<'_>) -> Result<(), Error> {
    let mut known = 0;
    for (kind, text) in file.hashes.iter().filter(|(k, _)| KINDS.contains(k)) {
        known += 1;
        if bytes_of_text(*kind, text).is_none() {
            return Err(invalid(format!("`{text}` is no {kind}"), Some(file.path)));
        }
    }
    if known == 0 {
        return Err(invalid("the file has no hash that an MHL can hold".to_owned(), Some(file.path)));
    }
    Ok(())
}

/// The names of a path, each of which a manifest can hold.
fn parts(path: &MediaPath) -> Result<Vec<&str>, Error> {
    let bad = |what: &str| invalid(format!("an MHL cannot hold this path: {what}"), Some(path));
    let text = std::str::from_utf8(path.bytes()).map_err(|_| bad("it is not UTF-8"))?;
    printable(text).ok_or_else(|| bad("it has control characters"))?;
    let parts: Vec<&str> = text.split('/').collect();
    if parts.len() > MOST_DEPTH {
        return Err(bad("more than 128 folders lie inside each other"));
    }
    for part in &parts {
        match *part {
            "" => return Err(bad("it is not relative, or has an empty name")),
            "." | ".." => return Err(bad("it has . or .. in it")),
            p if IGNORED.contains(&p) => return Err(bad("checkers leave this name out")),
            _ => {}
        }
    }
    Ok(parts)
}
