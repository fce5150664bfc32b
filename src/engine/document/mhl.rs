//! The first generation of an ASC Media Hash List (ASC MHL v2.0): the manifest of a folder and the chain file beside it.
//!
//! Element order follows the schema (`ASCMHL.xsd`), hashes and directory hashes the specification. Where prose and schema
//! differ, the schema is followed.

use super::mhl_tree::{Folder, Tree};
use super::mhl_xml::Xml;
use crate::engine::hash::text_of;
use crate::model::{Error, ErrorKind, HashKind, MediaPath};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The folder inside the covered folder in which both files lie.
pub const HISTORY_FOLDER: &str = "ascmhl";

/// Name of the chain file.
pub const CHAIN_NAME: &str = "ascmhl_chain.xml";

/// What every checker leaves out; written into the manifest as its ignore patterns.
pub const IGNORED: [&str; 3] = [".DS_Store", "ascmhl", "ascmhl/"];

/// The kinds of hash that ASC MHL has a name for, in the order of the schema.
pub const KINDS: [HashKind; 5] = [HashKind::C4, HashKind::Md5, HashKind::Sha1, HashKind::Xxh128, HashKind::Xxh64];

/// How the files came to lie where they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Process {
    /// Hashed where they lie.
    InPlace,
    /// Copied there, hashed on the way.
    Transfer,
}

/// One file.
#[derive(Debug, Clone, Copy)]
pub struct MhlFile<'a> {
    /// Relative to the covered folder.
    pub path: &'a MediaPath,
    /// Bytes.
    pub size: u64,
    /// When it was last modified, ISO 8601 with an offset.
    pub modified: Option<&'a str>,
    /// When it was created, ISO 8601 with an offset.
    pub created: Option<&'a str>,
    /// Its hashes, in the text form of [`HashKind`]. Kinds that are not in [`KINDS`] are left out.
    pub hashes: &'a BTreeMap<HashKind, String>,
}

/// What a first generation is made of.
#[derive(Debug, Clone, Copy)]
pub struct MhlInput<'a> {
    /// Name of the covered folder.
    pub folder: &'a str,
    /// When the work began, ISO 8601 with an offset: the date of everything in the manifest and, as UTC, in its name.
    pub date: &'a str,
    /// Name of the computer; `None` leaves the element empty, which the schema demands.
    pub host: Option<&'a str>,
    /// Name of the program.
    pub tool: &'a str,
    /// Its version.
    pub version: &'a str,
    /// A remark; empty for none.
    pub comment: &'a str,
    /// How the files came there.
    pub process: Process,
    /// Every file below the folder, in any order, except those that [`IGNORED`] leaves out.
    pub files: &'a [MhlFile<'a>],
    /// Folders without any file, relative to the covered folder.
    pub empty_folders: &'a [MediaPath],
}

/// The two files of a first generation, for [`HISTORY_FOLDER`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mhl {
    /// `0001_<folder>_<YYYY-MM-DD>_<HHMMSS>Z.mhl`.
    pub name: String,
    /// The manifest.
    pub manifest: Vec<u8>,
    /// The chain file, [`CHAIN_NAME`], which holds the manifest's C4 ID.
    pub chain: Vec<u8>,
}

/// The first generation for a folder.
///
/// Every file's hashes are `original`. Directory hashes and the root hash are written for the kinds that all files have.
///
/// # Errors
/// `REQUEST-INVALID`, with the path, for what a manifest cannot say: a path that is not UTF-8, has control characters, is not
/// relative, is named twice, is both file and folder, or is left out by [`IGNORED`]; a hash that is none of its kind; a file
/// without a hash in [`KINDS`], or no kind that all files have; no file at all; a date without an offset; more than 128
/// folders inside each other.
pub fn first_generation(input: &MhlInput<'_>) -> Result<Mhl, Error> {
    let date = timestamp(input.date, None)?;
    for (text, what) in [
        (input.folder, "the name of the folder"),
        (input.host.unwrap_or(""), "the name of the computer"),
        (input.tool, "the name of the program"),
        (input.version, "the version of the program"),
        (input.comment, "the remark"),
    ] {
        printable(text).ok_or_else(|| invalid(format!("{what} has characters that XML cannot hold"), None))?;
    }
    if matches!(input.folder, "" | "." | "..") || input.folder.contains('/') {
        return Err(invalid(format!("`{}` is no name of a folder", input.folder), None));
    }
    let tree = Tree::new(input.files, input.empty_folders)?;
    let name = format!("0001_{}_{}Z.mhl", input.folder, date.strftime("%Y-%m-%d_%H%M%S"));
    let manifest = manifest(input, date, &tree)?;
    let chain = chain(&name, &text_of(HashKind::C4, &manifest));
    Ok(Mhl { name, manifest, chain })
}

fn chain(name: &str, c4: &str) -> Vec<u8> {
    let mut x = Xml::new();
    x.open("ascmhldirectory", &[("xmlns", "urn:ASC:MHL:DIRECTORY:v2.0")]);
    x.open("hashlist", &[("sequencenr", "1")]);
    x.leaf("path", &[], name);
    x.leaf("c4", &[], c4);
    x.close("hashlist");
    x.close("ascmhldirectory");
    x.finish()
}

fn manifest(input: &MhlInput<'_>, date: Timestamp, tree: &Tree<'_>) -> Result<Vec<u8>, Error> {
    let date = date.to_string();
    let mut x = Xml::new();
    x.open("hashlist", &[("version", "2.0"), ("xmlns", "urn:ASC:MHL:v2.0")]);
    x.open("creatorinfo", &[]);
    x.leaf("creationdate", &[], &date);
    x.leaf("hostname", &[], input.host.unwrap_or(""));
    x.leaf("tool", &[("version", input.version)], input.tool);
    if !input.comment.is_empty() {
        x.leaf("comment", &[], input.comment);
    }
    x.close("creatorinfo");
    x.open("processinfo", &[]);
    let process = match input.process {
        Process::InPlace => "in-place",
        Process::Transfer => "transfer",
    };
    x.leaf("process", &[], process);
    x.open("roothash", &[]);
    directory_hashes(&mut x, tree, &tree.root, &date);
    x.close("roothash");
    x.open("ignore", &[]);
    IGNORED.iter().for_each(|p| x.leaf("pattern", &[], p));
    x.close("ignore");
    x.close("processinfo");
    x.open("hashes", &[]);
    entries(&mut x, tree, &tree.root, &date)?;
    x.close("hashes");
    x.close("hashlist");
    Ok(x.finish())
}

/// What lies in a folder, by name: files, and folders behind what lies in them.
fn entries(x: &mut Xml, tree: &Tree<'_>, folder: &Folder<'_>, date: &str) -> Result<(), Error> {
    let mut names: Vec<&str> = folder.files.keys().chain(folder.folders.keys()).copied().collect();
    names.sort_unstable();
    for name in names {
        if let Some(file) = folder.files.get(name) {
            x.open("hash", &[]);
            let size = file.size.to_string();
            let dates = [("creationdate", file.created), ("lastmodificationdate", file.modified)];
            let mut attributes = vec![("size", size)];
            for (name, text) in dates {
                if let Some(text) = text {
                    attributes.push((name, timestamp(text, Some(file.path))?.to_string()));
                }
            }
            let attributes: Vec<(&str, &str)> = attributes.iter().map(|(n, v)| (*n, v.as_str())).collect();
            x.leaf("path", &attributes, std::str::from_utf8(file.path.bytes()).unwrap_or_default());
            for kind in KINDS {
                if let Some(hash) = file.hashes.get(&kind) {
                    x.leaf(kind.as_str(), &[("action", "original"), ("hashdate", date)], hash);
                }
            }
            x.close("hash");
        }
        if let Some(inner) = folder.folders.get(name) {
            entries(x, tree, inner, date)?;
            x.open("directoryhash", &[]);
            x.leaf("path", &[], &inner.path);
            directory_hashes(x, tree, inner, date);
            x.close("directoryhash");
        }
    }
    Ok(())
}

fn directory_hashes(x: &mut Xml, tree: &Tree<'_>, folder: &Folder<'_>, date: &str) {
    for (element, structure) in [("content", false), ("structure", true)] {
        x.open(element, &[]);
        for kind in &tree.kinds {
            let (content, by_name) = folder.hashes(*kind);
            x.leaf(kind.as_str(), &[("hashdate", date)], if structure { &by_name } else { &content });
        }
        x.close(element);
    }
}

fn timestamp(text: &str, path: Option<&MediaPath>) -> Result<Timestamp, Error> {
    let bad = || invalid(format!("`{text}` is no date and time with an offset from UTC"), path);
    let date: Timestamp = text.parse().map_err(|_| bad())?;
    // the schema's dates have four digits of the year
    if date.to_string().starts_with('-') { Err(bad()) } else { Ok(date) }
}

/// A text that XML 1.0 can hold and that stays as it is when it is read again.
pub(super) fn printable(text: &str) -> Option<&str> {
    (!text.chars().any(|c| c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}'))).then_some(text)
}

pub(super) fn invalid(what: String, path: Option<&MediaPath>) -> Error {
    let e = Error::new(ErrorKind::Unsupported, "REQUEST-INVALID", what);
    match path {
        Some(p) => e.at(p.as_path()),
        None => e,
    }
}

#[cfg(test)]
#[path = "mhl_tests.rs"]
mod tests;
