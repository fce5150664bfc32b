//! Names that are never media: hidden, temporary, left by operating systems and NAS boxes, and our own records.

use crate::model::Error;
use globset::{GlobBuilder, GlobMatcher, GlobSet, GlobSetBuilder};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

/// Whole names, compared without regard to ASCII case.
const NAMES: &[&str] = &[
    "thumbs.db",
    "desktop.ini",
    "@eadir",
    "@recycle",
    "@recently-snapshot",
    "#recycle",
    "#snapshot",
    "$recycle.bin",
    "lost+found",
    "system volume information",
    "network trash folder",
    "temporary items",
];
/// Endings of files that are still being copied, without regard to ASCII case.
const ENDINGS: &[&str] =
    &[".part", ".partial", ".crdownload", ".download", ".filepart", ".tmp", ".aspera-ckpt", ".lftp-pget-status", "~"];
/// Beginnings, without regard to ASCII case.
const BEGINNINGS: &[&str] = &["~syncthing~", "~$"];

/// What to leave alone in one root.
#[derive(Debug)]
pub struct NameRules {
    extra: GlobSet,
    marker: Option<GlobMatcher>,
}

impl NameRules {
    /// The built-in list, further globs on names, and the marker's name or glob.
    ///
    /// # Errors
    /// A glob that is none (`CONFIG-INVALID`).
    pub fn new(ignore: &[String], marker: Option<&str>) -> Result<Self, Error> {
        let bad = |glob: &str, e: &globset::Error| {
            Error::new(crate::model::ErrorKind::Io, "CONFIG-INVALID", format!("`{glob}` is not a glob: {}", e.kind()))
                .fix("write it like \"*.bak\"")
        };
        let mut set = GlobSetBuilder::new();
        for g in ignore {
            set.add(GlobBuilder::new(g).literal_separator(true).build().map_err(|e| bad(g, &e))?);
        }
        let marker = match marker {
            None => None,
            Some(g) => {
                let glob = GlobBuilder::new(g).literal_separator(true).build().map_err(|e| bad(g, &e))?;
                Some(glob.compile_matcher())
            }
        };
        let extra = set.build().map_err(|e| bad(&ignore.join(", "), &e))?;
        Ok(Self { extra, marker })
    }

    /// Whether this name is a marker.
    pub fn is_marker(&self, name: &OsStr) -> bool {
        self.marker.as_ref().is_some_and(|m| m.is_match(name))
    }

    /// Whether this name of a file or folder is left alone.
    pub fn ignores(&self, name: &OsStr) -> bool {
        built_in(name.as_bytes()) || (!self.extra.is_empty() && self.extra.is_match(name))
    }
}

/// Whether this is the record of a clip, or an earlier version of one: `A.mov.rushes.json`, `A.mov.rushes.v001.json`.
fn is_record(name: &[u8]) -> bool {
    let Some(head) = name.strip_suffix(b".json") else { return false };
    let numbers = head.iter().rev().take_while(|b| b.is_ascii_digit()).count();
    let head = head.get(..head.len().saturating_sub(numbers)).unwrap_or(head);
    let head = if numbers > 0 { head.strip_suffix(b".v").unwrap_or(b"") } else { head };
    head.len() > b".rushes".len() && head.ends_with(b".rushes")
}

fn built_in(name: &[u8]) -> bool {
    // a record that came along with media says nothing new, and an output tree that is watched by mistake must not feed
    // itself
    if hidden(name) || is_record(name) {
        return true;
    }
    let starts = |p: &str| name.get(..p.len()).is_some_and(|x| x.eq_ignore_ascii_case(p.as_bytes()));
    let ends = |s: &str| {
        name.len() > s.len()
            && name
                .len()
                .checked_sub(s.len())
                .and_then(|at| name.get(at..))
                .is_some_and(|x| x.eq_ignore_ascii_case(s.as_bytes()))
    };
    NAMES.iter().any(|n| name.eq_ignore_ascii_case(n.as_bytes()))
        || ENDINGS.iter().any(|s| ends(s))
        || BEGINNINGS.iter().any(|p| starts(p))
}

/// Hidden by a leading dot. A name with two leading dots is an ordinary, if odd, name, except as rsync's
/// temporary name of a hidden file (`..name.Xy12Ab`).
fn hidden(name: &[u8]) -> bool {
    match name {
        [b'.', b'.', rest @ ..] => {
            let tail = rest.rsplit(|b| *b == b'.').next().unwrap_or(rest);
            rest.is_empty()
                || (tail.len() == 6 && tail.len() < rest.len() && tail.iter().all(u8::is_ascii_alphanumeric))
        }
        [b'.', ..] => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn temporary_and_system_names_are_left_alone() {
        let r = NameRules::new(&["*.bak".into()], Some("copy.done*")).unwrap();
        for n in [
            "._A.mov",
            ".A.mov.Xy12Ab",
            "..A.mov.Xy12Ab",
            ".DS_Store",
            "Thumbs.db",
            "THUMBS.DB",
            "desktop.ini",
            "@eaDir",
            "$RECYCLE.BIN",
            "lost+found",
            "#recycle",
            "A.mov.part",
            "A.mov.PART",
            "A.mov.crdownload",
            "A.filepart",
            "~syncthing~A.mov.tmp",
            ".syncthing.A.mov.tmp",
            "A.mov~",
            "A.mov.bak",
            ".Trashes",
            ".AppleDouble",
            ".rushes",
            "A.mov.rushes.json",
            "A.mov.rushes.v001.json",
            "N.[1001-1240].dpx.rushes.v012.json",
        ] {
            assert!(r.ignores(OsStr::new(n)), "{n}");
        }
        for n in ["A.mov", "..dots.mov", "-x", "part", ".", "tmp.mov", "A.mov.bak2", "@ea", "a~b.mov"] {
            assert_eq!(r.ignores(OsStr::new(n)), n == ".", "{n}");
        }
        assert!(r.is_marker(OsStr::new("copy.done")) && !r.is_marker(OsStr::new("copy.mov")));
        assert!(NameRules::new(&["[".into()], None).is_err());
    }
}
