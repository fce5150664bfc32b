//! Asset map (SMPTE ST 429-9) and packing list (ST 2067-2, ST 429-8): which files a package has, where they lie, how long
//! they are.

use super::tree;
use super::{boolean, id_in};
use crate::model::{Error, Limits};
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

/// An asset map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssetMap {
    /// UUID.
    pub id: Option<String>,
    /// Volumes over which the package is spread.
    pub volumes: Option<u32>,
    /// Its assets, in order; one without an identifier is left out.
    pub assets: Vec<Asset>,
}

/// A file of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asset {
    /// UUID.
    pub id: String,
    /// Whether it is a packing list.
    pub packing_list: bool,
    /// Where it lies: in one piece, or in several.
    pub chunks: Vec<Chunk>,
}

/// A piece of an asset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    /// Path relative to the asset map, as written.
    pub path: String,
    /// Number of the volume; 1 when it is not said.
    pub volume: Option<u32>,
}

impl Chunk {
    /// The file that is meant, relative to the folder of the asset map: first as written, then with `%20` and its like
    /// decoded. None when the path is not one that stays below that folder: absolute, with `..`, or a URL.
    #[must_use]
    pub fn files(&self) -> Vec<PathBuf> {
        let mut out: Vec<PathBuf> = relative(self.path.as_bytes()).into_iter().collect();
        let decoded = percent(self.path.as_bytes());
        if out.is_empty() || decoded == self.path.as_bytes() {
            return out;
        }
        match relative(&decoded) {
            Some(p) => out.push(p),
            None => out.clear(),
        }
        out
    }
}

/// A path of plain names.
fn relative(path: &[u8]) -> Option<PathBuf> {
    let plain =
        |part: &[u8]| !matches!(part, b"" | b"." | b"..") && !part.iter().any(|b| matches!(b, 0 | b'\\' | b':'));
    path.split(|b| *b == b'/').all(plain).then(|| PathBuf::from(OsString::from_vec(path.to_vec())))
}

/// The bytes of a path in a URI (RFC 3986, 2.1).
fn percent(path: &[u8]) -> Vec<u8> {
    let digit = |b: u8| char::from(b).to_digit(16).and_then(|n| u8::try_from(n).ok());
    let mut out = Vec::with_capacity(path.len());
    let mut rest = path;
    while let Some((first, more)) = rest.split_first() {
        match rest {
            [b'%', a, b, after @ ..] if digit(*a).is_some() && digit(*b).is_some() => {
                out.push(digit(*a).unwrap_or(0) << 4 | digit(*b).unwrap_or(0));
                rest = after;
            }
            _ => {
                out.push(*first);
                rest = more;
            }
        }
    }
    out
}

impl AssetMap {
    /// Reads an asset map.
    ///
    /// # Errors
    /// As [`tree::parse`].
    pub fn parse(bytes: &[u8], limits: &Limits) -> Result<Self, Error> {
        let root = tree::parse(bytes, "AssetMap", limits)?.root;
        let asset = |a: &tree::Element| {
            let chunks = a.child("ChunkList").into_iter().flat_map(|l| l.all("Chunk"));
            let chunk = |c: &tree::Element| Chunk {
                path: c.owned("Path").unwrap_or_default(),
                volume: c.text_of("VolumeIndex").map_or(Some(1), |t| t.parse().ok()),
            };
            // written empty in the older form
            let packing_list =
                a.child("PackingList").is_some_and(|p| p.text.is_empty() || boolean(&p.text) == Some(true));
            Some(Asset { id: id_in(a, "Id")?, packing_list, chunks: chunks.map(chunk).collect() })
        };
        Ok(Self {
            id: id_in(&root, "Id"),
            volumes: root.text_of("VolumeCount").and_then(|t| t.parse().ok()),
            assets: root.child("AssetList").into_iter().flat_map(|l| l.all("Asset")).filter_map(asset).collect(),
        })
    }
}

/// A packing list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackingList {
    /// UUID.
    pub id: Option<String>,
    /// UUID and bytes of each asset that says both.
    pub assets: Vec<(String, u64)>,
}

impl PackingList {
    /// Reads a packing list.
    ///
    /// # Errors
    /// As [`tree::parse`].
    pub fn parse(bytes: &[u8], limits: &Limits) -> Result<Self, Error> {
        let root = tree::parse(bytes, "PackingList", limits)?.root;
        let asset = |a: &tree::Element| Some((id_in(a, "Id")?, a.text_of("Size")?.parse().ok()?));
        let assets = root.child("AssetList").into_iter().flat_map(|l| l.all("Asset")).filter_map(asset).collect();
        Ok(Self { id: id_in(&root, "Id"), assets })
    }
}
