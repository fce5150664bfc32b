//! Which files of a folder belong to a clip beside it: metadata that cameras and their makers' tools write. Pure: no file
//! is touched, and what a file is its contents decide.
//!
//! Such a file is named after the clip, and after it in one of the ways that cameras and tools have: `C0001M01.XML`,
//! `A001C001_210101_R2EC.mov.csv`, `A001_C066_0303LZ_001.static.csv`. Any other tail may be the name of another clip that
//! has not come yet.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

/// Extensions of metadata files.
const EXTENSIONS: [&str; 5] = ["xml", "csv", "txt", "json", "rmd"];
/// What may stand between the name of the clip and the extension: that of the clip's own file, or what tools call theirs.
const BETWEEN: [&str; 14] =
    ["mov", "mp4", "mxf", "ari", "arx", "r3d", "braw", "crm", "dng", "wav", "static", "frames", "metadata", "meta"];
/// Lists of one folder that are looked into.
pub const MOST_LISTS: usize = 4;
/// Names that are looked at for each of the tails.
pub const MOST_OF_A_TAIL: usize = 64;
/// Endings of our own records, which belong to no clip.
const OURS: &str = ".rushes.json";

/// Whether a file with this name may be a list of the clips of its folder (Avid Log Exchange).
#[must_use]
pub fn may_be_list(name: &OsStr) -> bool {
    name.as_bytes().rsplit(|b| *b == b'.').next().is_some_and(|e| e.eq_ignore_ascii_case(b"ale"))
}

/// Whether a file with this name may hold metadata of a clip beside it.
#[must_use]
pub fn may_be_metadata(name: &OsStr) -> bool {
    let text = name.to_string_lossy();
    let ext = text.rsplit_once('.').map(|(_, e)| e).unwrap_or_default();
    EXTENSIONS.iter().any(|e| e.eq_ignore_ascii_case(ext)) && !text.to_ascii_lowercase().ends_with(OURS)
}

/// How much of the name of a metadata file is the name of `clip`, in bytes; `None` when it is not named after it. Of
/// several clips the one with the most is meant.
#[must_use]
pub fn named_after(name: &OsStr, clip: &str) -> Option<usize> {
    let bytes = name.as_bytes();
    let rest = bytes.get(clip.len()..).filter(|_| !clip.is_empty() && may_be_metadata(name))?;
    let begins = bytes.get(..clip.len())?.eq_ignore_ascii_case(clip.as_bytes());
    (begins && is_tail(&String::from_utf8_lossy(rest))).then_some(clip.len())
}

/// What the tails of all such names begin with, in both cases: with these a sorted list of names is looked through without
/// the frames of a sequence.
pub const TAILS: [&str; 34] = [
    ".x", ".X", ".c", ".C", ".t", ".T", ".j", ".J", ".r", ".R", ".m", ".M", ".a", ".A", ".b", ".B", ".d", ".D", ".w",
    ".W", ".s", ".S", ".f", ".F", "M", "m", "_m", "_M", "-m", "-M", " m", " M", "_0", "_1",
];

/// Whether this follows the name of a clip: `.xml`, `.mov.csv`, `M01.XML`, `_metadata.txt`; REDline numbers the segment,
/// `_001.static.csv`.
fn is_tail(rest: &str) -> bool {
    let Some((stem, extension)) = rest.rsplit_once('.') else { return false };
    let known = |part: &str| BETWEEN.iter().any(|b| b.eq_ignore_ascii_case(part));
    let digits = |part: &str, n: usize| part.len() == n && part.bytes().all(|b| b.is_ascii_digit());
    match stem.split_at_checked(1) {
        None => true,
        Some(("M" | "m", number)) => digits(number, 2),
        Some((".", part)) => known(part),
        Some((mark @ ("_" | "-" | " "), part)) => {
            let (number, kind) = part.split_once('.').unwrap_or((part, "static"));
            let segment = mark == "_" && digits(number, 3) && known(kind) && extension.eq_ignore_ascii_case("csv");
            segment || ["metadata", "meta"].iter().any(|w| w.eq_ignore_ascii_case(part))
        }
        Some(_) => false,
    }
}

/// Whether a file of a folder with these `names` belongs to `clip`, and to no file whose name it repeats more of.
#[must_use]
pub fn belongs(name: &OsStr, clip: &str, names: &[&OsStr]) -> bool {
    let Some(most) = named_after(name, clip) else { return false };
    let stem = |other: &OsStr| std::path::Path::new(other).file_stem().map(|s| s.to_string_lossy().into_owned());
    let nearer = |s: String| named_after(name, &s).is_some_and(|n| n > most);
    !names.iter().any(|other| !may_be_metadata(other) && stem(other).is_some_and(nearer))
}

/// Of the sorted `names` of a folder, those that belong to `clip`; its name is compared with its case.
#[must_use]
pub fn of_clip<'a>(clip: &str, names: &'a [std::ffi::OsString]) -> Vec<&'a OsStr> {
    let mut near: Vec<&OsStr> = Vec::new();
    for tail in TAILS {
        let prefix = [clip.as_bytes(), tail.as_bytes()].concat();
        let from = names.partition_point(|n| n.as_bytes() < prefix.as_slice());
        let some = names.iter().skip(from).take_while(|n| n.as_bytes().starts_with(&prefix)).take(MOST_OF_A_TAIL);
        near.extend(some.map(std::ffi::OsString::as_os_str));
    }
    near.sort();
    near.iter().copied().filter(|n| belongs(n, clip, &near)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn os(s: &str) -> &OsStr {
        OsStr::new(s)
    }

    #[test]
    fn names_of_metadata_files() {
        for (name, clip) in [
            ("C0001M01.XML", "C0001"),
            ("c0001m01.xml", "C0001"),
            ("A001C001_210101_R2EC.mov.csv", "A001C001_210101_R2EC"),
            ("A001C001_210101_R2EC.json", "A001C001_210101_R2EC"),
            ("A001_C066_0303LZ_001.static.csv", "A001_C066_0303LZ_001"),
            ("A001_C066_0303LZ_001.static.csv", "A001_C066_0303LZ"),
            ("A001_C066_0303LZ.RMD", "A001_C066_0303LZ"),
            ("D001C005_210716AG.csv", "D001C005_210716AG"),
            ("clip 1_metadata.txt", "clip 1"),
        ] {
            assert!(named_after(os(name), clip).is_some(), "{name}");
        }
        for (name, clip) in [
            ("C00012M01.XML", "C0001"),
            ("C0001M1.XML", "C0001"),
            ("C0001.MP4", "C0001"),
            ("C0001.MP4.rushes.json", "C0001"),
            ("C001.xml", "C0001"),
            (".xml", ""),
            ("notes.txt", "C0001"),
            ("shot_002.xml", "shot"),
            ("shot_002.xml", "shot_001"),
            ("C1_v2.xml", "C1"),
            ("C1.v2.xml", "C1"),
        ] {
            assert_eq!(named_after(os(name), clip), None, "{name}");
        }
    }

    #[test]
    fn every_tail_is_looked_for() {
        for (name, clip) in
            [("a.xml", "a"), ("am01.XML", "a"), ("a.braw.csv", "a"), ("a_meta.txt", "a"), ("a 001.csv", "a")]
        {
            assert!(named_after(os(name), clip).is_none() || TAILS.iter().any(|t| name[1..].starts_with(t)), "{name}");
        }
        for between in BETWEEN {
            assert!(TAILS.iter().any(|t| format!(".{between}.csv").starts_with(t)), "{between}");
        }
        for extension in EXTENSIONS {
            assert!(TAILS.iter().any(|t| format!(".{extension}").starts_with(t)), "{extension}");
        }
    }

    #[test]
    fn the_longest_name_owns_the_file() {
        let mut names: Vec<std::ffi::OsString> =
            ["C1.mov", "C1_v2.mov", "C1.xml", "C1_v2.xml", "C1_v3.xml", "C10.xml", "B.csv", "C1.mov.rushes.json"]
                .map(Into::into)
                .into();
        names.sort();
        assert_eq!(of_clip("C1", &names), [os("C1.xml")]);
        assert_eq!(of_clip("C1_v2", &names), [os("C1_v2.xml")]);
        assert_eq!(of_clip("D", &names), [] as [&OsStr; 0]);
    }
}
