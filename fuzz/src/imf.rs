//! The documents of a package: each reader on all of the bytes, and a package of documents that NUL bytes separate.

use super::{harmless, memory};
use rushes::engine::document::imf::length::{length, played};
use rushes::engine::document::imf::{AssetMap, Composition, PackingList};
use rushes::engine::format::{Input, inspect};
use rushes::model::{CODES, ClipUnit, Error, ErrorKind, Limits, MediaPath};
use std::path::{Component, Path};

/// Any bytes as a composition, an asset map, a packing list, and as a package of all three with a track file: the same
/// twice, lengths that are counted without overflow, paths that stay below the folder.
pub fn imf(data: &[u8]) {
    let limits = Limits::default();
    if let Some(c) = checked(Composition::parse(data, &limits)) {
        assert_eq!(Composition::parse(data, &limits).as_ref(), Ok(&c), "not the same twice");
        for t in &c.tracks {
            assert!(t.segments <= c.segments.max(1) * 100_000 && t.at < data.len() as u64);
            let all: Option<u128> = t.resources.iter().map(|r| played(r).ok()).sum();
            if let Some(Ok(n)) = c.rate.map(|r| length(t, r)) {
                assert!(n == 0 || all.is_some_and(|units| units > 0), "frames out of nothing");
            }
        }
    }
    if let Some(map) = checked(AssetMap::parse(data, &limits)) {
        for path in map.assets.iter().flat_map(|a| &a.chunks).flat_map(|c| c.files()) {
            assert!(path.components().all(|c| matches!(c, Component::Normal(_))), "{path:?}");
        }
    }
    let _ = checked(PackingList::parse(data, &limits));
    package(data, &limits);
}

fn checked<T>(read: Result<T, Error>) -> Option<T> {
    if let Err(e) = &read {
        assert_ne!(e.kind, ErrorKind::Io, "{e}");
        assert!(CODES.iter().any(|(code, _)| *code == e.code), "{e}");
        harmless(&e.to_string());
    }
    read.ok()
}

fn package(data: &[u8], limits: &Limits) {
    let mut parts = data.splitn(3, |b| *b == 0);
    let names = ["p/CPL_1.xml", "p/ASSETMAP.xml", "p/PKL_1.xml", "p/picture.mxf"];
    let files = names.map(|n| {
        let bytes = if n.ends_with(".mxf") { b"no essence" } else { parts.next().unwrap_or_default() };
        (MediaPath::from(Path::new(n)), memory(bytes), bytes.len() as u64)
    });
    let inputs = files.each_ref().map(|(path, file, size)| Input { path, file, size: *size });
    let read = || inspect("CPL_1", ClipUnit::Spanned, &inputs, limits);
    let first = checked(read());
    assert_eq!(first, read().ok(), "not the same twice");
    if let Some(doc) = first {
        assert_eq!(doc.clip.files.len(), names.len());
        assert!(!doc.format.decodable || doc.format.id != "imf");
    }
}
