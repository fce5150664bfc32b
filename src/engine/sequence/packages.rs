//! Packages of the interoperable master format, by the names of their files (SMPTE ST 2067-2, ST 429-9): a folder with an
//! asset map and a composition is one clip. Pure: what the files are their contents decide.
//!
//! ST 429-9 fixes the names `ASSETMAP.xml` and `VOLINDEX.xml` (without extension in the older form) and no others; the
//! asset map names the rest. Programs write `CPL_….xml`, `PKL_….xml` and `OPL_….xml`, so a composition is an `.xml` whose
//! name begins with `CPL` or has it as a word of its own (`Meridian_CPL.xml`); a composition under any other name makes no
//! package, and its files stay clips of their own. Case does not matter.

use super::{ClipUnit, Group};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

/// What a file of a package is, by its name, in the order of a clip's files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Composition playlist (ST 2067-3).
    Composition,
    /// Asset map (ST 429-9).
    AssetMap,
    /// Volume index (ST 429-9).
    VolumeIndex,
    /// Packing list (ST 2067-2, ST 429-8).
    PackingList,
    /// Output profile list (ST 2067-100).
    OutputProfile,
    /// Track file: any MXF.
    Track,
}

/// What a file with this name is in a package, if it may be part of one.
#[must_use]
pub fn part(name: &OsStr) -> Option<Part> {
    let bytes = name.as_bytes();
    let dot = bytes.iter().rposition(|b| *b == b'.').filter(|at| *at > 0);
    let (stem, ext) = match dot {
        Some(at) => (bytes.get(..at)?, bytes.get(at.saturating_add(1)..)?),
        None => (bytes, &b""[..]),
    };
    if ext.eq_ignore_ascii_case(b"mxf") {
        return Some(Part::Track);
    }
    let xml = ext.eq_ignore_ascii_case(b"xml");
    if xml || dot.is_none() {
        let fixed = [(&b"assetmap"[..], Part::AssetMap), (b"volindex", Part::VolumeIndex)];
        if let Some((_, p)) = fixed.into_iter().find(|(n, _)| n.eq_ignore_ascii_case(stem)) {
            return Some(p);
        }
    }
    let words = [(b"cpl", Part::Composition), (b"pkl", Part::PackingList), (b"opl", Part::OutputProfile)];
    words.into_iter().find(|(w, _)| xml && says(stem, w)).map(|(_, p)| p)
}

/// Whether a name begins with these letters, or has them as a word between other characters than letters and digits.
fn says(stem: &[u8], word: &[u8; 3]) -> bool {
    let is_word = |w: &[u8]| w.eq_ignore_ascii_case(word);
    stem.get(..3).is_some_and(is_word) || stem.split(|b| !b.is_ascii_alphanumeric()).any(is_word)
}

/// Whether more files may join a clip to which this one belongs.
#[must_use]
pub fn may_grow(name: &OsStr) -> bool {
    part(name).is_some()
}

/// The package among the names of a folder, and for each name whether it belongs to it.
pub(super) fn take(names: &[&OsStr]) -> Option<(Group, Vec<bool>)> {
    let has = |wanted| names.iter().any(|n| part(n) == Some(wanted));
    if !has(Part::AssetMap) || !has(Part::Composition) {
        return None;
    }
    let mut parts: Vec<(Part, &OsStr, usize)> =
        names.iter().enumerate().filter_map(|(i, n)| Some((part(n)?, *n, i))).collect();
    parts.sort_unstable();
    let mut taken = vec![false; names.len()];
    for (_, _, i) in &parts {
        if let Some(t) = taken.get_mut(*i) {
            *t = true;
        }
    }
    let members: Vec<usize> = parts.iter().map(|(_, _, i)| *i).collect();
    let first = parts.first().map(|(_, n, _)| std::path::Path::new(n).file_stem().unwrap_or(n));
    let name = first.unwrap_or_default().to_string_lossy().into_owned();
    Some((Group { name, unit: ClipUnit::Spanned, members, run: None }, taken))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_parts() {
        let of = |name: &str| part(OsStr::new(name));
        for (name, want) in [
            ("ASSETMAP.xml", Part::AssetMap),
            ("ASSETMAP", Part::AssetMap),
            ("assetmap.XML", Part::AssetMap),
            ("VOLINDEX.xml", Part::VolumeIndex),
            ("VOLINDEX", Part::VolumeIndex),
            ("CPL_0eb3d1b9.xml", Part::Composition),
            ("cpl.XML", Part::Composition),
            ("CPL0.xml", Part::Composition),
            ("Meridian_CPL.xml", Part::Composition),
            ("a.cpl.xml", Part::Composition),
            ("PKL_1.xml", Part::PackingList),
            ("OPL_1.xml", Part::OutputProfile),
            ("OV_1.mxf", Part::Track),
            ("a.MXF", Part::Track),
        ] {
            assert_eq!(of(name), Some(want), "{name}");
        }
        for no in [
            "ASSETMAP.txt",
            "ASSETMAP2.xml",
            "CPL_1",
            "CPL_1.txt",
            "couplet.xml",
            "xcpl.xml",
            "a.mov",
            ".mxf",
            "",
            "mxf",
        ] {
            assert_eq!(of(no), None, "{no}");
        }
    }

    #[test]
    fn the_package_of_a_folder() {
        let show = |names: &[&str]| {
            let names: Vec<&OsStr> = names.iter().map(OsStr::new).collect();
            take(&names).map(|(g, taken)| {
                let files: Vec<_> = g.members.iter().map(|i| names[*i].to_string_lossy().into_owned()).collect();
                (g.name, files.join(" "), taken.iter().filter(|t| !**t).count())
            })
        };
        let all =
            ["b.mxf", "VOLINDEX.xml", "OPL_1.xml", "a.MXF", "PKL_1.xml", "notes.txt", "CPL_2.xml", "ASSETMAP.xml"];
        let files = "CPL_2.xml ASSETMAP.xml VOLINDEX.xml PKL_1.xml OPL_1.xml a.MXF b.mxf";
        assert_eq!(show(&all), Some(("CPL_2".into(), files.into(), 1)));
        let two = ["CPL_2.xml", "CPL_1.xml", "ASSETMAP"];
        assert_eq!(show(&two), Some(("CPL_1".into(), "CPL_1.xml CPL_2.xml ASSETMAP".into(), 0)));
        for no in [&["ASSETMAP.xml", "a.mxf"][..], &["CPL_1.xml", "a.mxf"], &[]] {
            assert_eq!(show(no), None, "{no:?}");
        }
    }
}
