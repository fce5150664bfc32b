//! Names of outputs that carry a version or a frame number.

use super::plan::version_name;
use crate::engine::deliver::PlannedOutput;
use crate::model::MediaPath;
use serde::{Deserialize, Serialize};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

/// A name in which `<version:N>` and `<frame:N>` stand for numbers of at least N digits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutputPattern {
    /// The output itself, relative to the output folder.
    pub unit: MediaPath,
    /// The files in it, when it is a folder.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub file: Option<String>,
}

/// The stand-in for a number in a pattern.
#[must_use]
pub fn stand_in(name: &str, digits: usize) -> String {
    format!("<{name}:{digits}>")
}

/// `text` with every stand-in of `name` replaced by `number`.
fn put(text: &[u8], name: &str, number: i64) -> Vec<u8> {
    let open = format!("<{name}:");
    let mut out = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.windows(open.len()).position(|w| w == open.as_bytes()) {
        let (before, after) = rest.split_at(at);
        let tail = after.get(open.len()..).unwrap_or_default();
        match tail.iter().position(|b| *b == b'>').and_then(|end| Some((tail.get(..end)?, tail.get(end + 1..)?))) {
            Some((digits, next)) if digits.len() == 1 && digits.iter().all(u8::is_ascii_digit) => {
                let wide = digits.iter().fold(0, |n, d| n * 10 + usize::from(d - b'0'));
                out.extend_from_slice(before);
                out.extend_from_slice(zeros(number, wide).as_bytes());
                rest = next;
            }
            _ => {
                out.extend_from_slice(before);
                out.extend_from_slice(open.as_bytes());
                rest = tail;
            }
        }
    }
    out.extend_from_slice(rest);
    out
}

fn zeros(number: i64, digits: usize) -> String {
    let sign = if number < 0 { "-" } else { "" };
    format!("{sign}{:0>digits$}", number.unsigned_abs())
}

impl PlannedOutput {
    /// Whether it is a folder of files.
    #[must_use]
    pub fn is_folder(&self) -> bool {
        self.pattern.as_ref().is_some_and(|p| p.file.is_some())
    }

    /// Its path as version `version`, 1 or more.
    #[must_use]
    pub fn at_version(&self, version: u32) -> MediaPath {
        match &self.pattern {
            Some(p) if is_versioned(p.unit.bytes()) => {
                let bytes = put(p.unit.bytes(), "version", i64::from(version));
                MediaPath::from(std::path::PathBuf::from(OsString::from_vec(bytes)))
            }
            _ if version <= 1 => self.path.clone(),
            _ => {
                let name = self.path.as_path().file_name().unwrap_or_default();
                MediaPath::from(self.path.as_path().with_file_name(version_name(name, version)))
            }
        }
    }

    /// The name of the file of frame `frame` in it, when it is a folder.
    #[must_use]
    pub fn file_name(&self, version: u32, frame: i64) -> Option<String> {
        let pattern = self.pattern.as_ref()?.file.as_deref()?;
        let bytes = put(&put(pattern.as_bytes(), "version", i64::from(version)), "frame", frame);
        String::from_utf8(bytes).ok()
    }

    /// Whether `name` is one that a file in it may have in version `version`.
    #[must_use]
    pub fn may_hold(&self, name: &OsStr, version: u32) -> bool {
        let Some(pattern) = self.pattern.as_ref().and_then(|p| p.file.as_deref()) else { return false };
        let (before, after) = around(pattern, version);
        let frame = name.as_bytes().strip_prefix(before.as_slice()).and_then(|r| r.strip_suffix(after.as_slice()));
        let numbered = pattern.contains("<frame:");
        frame.is_some_and(|f| {
            let digits = f.strip_prefix(b"-").unwrap_or(f);
            digits.is_empty() != numbered && digits.iter().all(u8::is_ascii_digit)
        })
    }

    /// The name in version `to` of a file that is called `name` in version `from`.
    #[must_use]
    pub fn renamed(&self, name: &OsStr, from: u32, to: u32) -> OsString {
        let Some(pattern) = self.pattern.as_ref().and_then(|p| p.file.as_deref()) else { return name.to_owned() };
        if from == to || !is_versioned(pattern.as_bytes()) {
            return name.to_owned();
        }
        // every file differs from the pattern in its frame number alone: what stands around it changes with the version
        let (old, new) = (around(pattern, from), around(pattern, to));
        let frame = name.as_bytes().strip_prefix(old.0.as_slice()).and_then(|rest| rest.strip_suffix(old.1.as_slice()));
        match frame {
            Some(frame) => OsString::from_vec([new.0.as_slice(), frame, &new.1].concat()),
            None => name.to_owned(),
        }
    }
}

fn is_versioned(text: &[u8]) -> bool {
    text.windows(9).any(|w| w == b"<version:")
}

/// What stands before and after the frame number.
fn around(pattern: &str, version: u32) -> (Vec<u8>, Vec<u8>) {
    let text = put(pattern.as_bytes(), "version", i64::from(version));
    let open = b"<frame:";
    match text.windows(open.len()).position(|w| w == open) {
        Some(at) => {
            let (before, rest) = text.split_at(at);
            let after = rest.iter().position(|b| *b == b'>').and_then(|end| rest.get(end + 1..)).unwrap_or_default();
            (before.to_vec(), after.to_vec())
        }
        None => (text, Vec::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::path::Path;

    fn planned(unit: &str, file: Option<&str>) -> PlannedOutput {
        let pattern = OutputPattern { unit: Path::new(unit).into(), file: file.map(str::to_owned) };
        PlannedOutput {
            path: Path::new("A/C_v001").into(),
            part: "plate".into(),
            supersede: false,
            pattern: Some(pattern),
        }
    }

    #[test]
    fn versions_and_frames() {
        let p = planned("A/C_v<version:3>", Some("C_v<version:3>.<frame:4>.exr"));
        assert_eq!(p.at_version(1).to_text(), "A/C_v001");
        assert_eq!(p.at_version(12).to_text(), "A/C_v012");
        assert_eq!(p.file_name(2, 1001).unwrap(), "C_v002.1001.exr");
        assert_eq!(p.file_name(1, 7).unwrap(), "C_v001.0007.exr");
        assert_eq!(p.file_name(1, 123_456).unwrap(), "C_v001.123456.exr");
        assert_eq!(p.renamed(OsStr::new("C_v001.1001.exr"), 1, 3), "C_v003.1001.exr");
        assert_eq!(p.renamed(OsStr::new("ascmhl"), 1, 3), "ascmhl");
        for (name, may) in [
            ("C_v001.1001.exr", true),
            ("C_v001.-0012.exr", true),
            ("C_v002.1001.exr", false),
            ("C_v001..exr", false),
            ("C_v001.10x1.exr", false),
            ("../C_v001.1001.exr", false),
        ] {
            assert_eq!(p.may_hold(OsStr::new(name), 1), may, "{name}");
        }
        assert!(planned("A/C_v<version:3>", Some("C.jpg")).may_hold(OsStr::new("C.jpg"), 1));
    }

    #[test]
    fn a_name_without_a_version_gets_one_before_its_ending() {
        let p = planned("A/B.jpg", None);
        let p = PlannedOutput { path: Path::new("A/B.jpg").into(), ..p };
        assert_eq!(p.at_version(1).to_text(), "A/B.jpg");
        assert_eq!(p.at_version(2).to_text(), "A/B.v002.jpg");
        assert!(!p.is_folder());
    }

    proptest! {
        #[test]
        fn renaming_is_what_naming_says(frame in 0i64..2_000_000, from in 1u32..200, to in 1u32..200) {
            let p = planned("x", Some("a_v<version:2>_<frame:4>_v<version:3>.exr"));
            let old = p.file_name(from, frame).unwrap();
            prop_assert_eq!(p.renamed(OsStr::new(&old), from, to).into_string().unwrap(), p.file_name(to, frame).unwrap());
        }

        #[test]
        fn any_text_is_left_whole(text in "[<>a-z:0-9]{0,30}", n in 0i64..100) {
            let out = put(text.as_bytes(), "frame", n);
            if !text.contains("<frame:") {
                prop_assert_eq!(out, text.as_bytes());
            }
        }
    }
}
