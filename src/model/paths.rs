//! Names are bytes. How they are written in JSON without loss, and shown to people without harm.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::ffi::OsString;
use std::fmt;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

/// A path as the file system gave it: bytes, not necessarily UTF-8.
///
/// In JSON it is a string in which `\` is written `\\` and each byte that is not part of valid
/// UTF-8 is written `\xNN` (two lower-case hexadecimal digits), so that every path comes back byte
/// for byte. `Display` also escapes control and direction characters, so that a name cannot forge
/// a log line or a terminal command.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct MediaPath(PathBuf);

impl MediaPath {
    /// The path itself.
    #[must_use]
    pub fn as_path(&self) -> &Path {
        &self.0
    }

    /// Its bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.0.as_os_str().as_bytes()
    }

    /// The lossless text form used in JSON.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut out = String::new();
        for chunk in self.bytes().utf8_chunks() {
            out.push_str(&chunk.valid().replace('\\', "\\\\"));
            for b in chunk.invalid() {
                out.push_str(&format!("\\x{b:02x}"));
            }
        }
        out
    }

    /// Reads the lossless text form; `None` if an escape is wrong.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        let mut out = Vec::with_capacity(text.len());
        let mut it = text.bytes();
        while let Some(b) = it.next() {
            if b != b'\\' {
                out.push(b);
                continue;
            }
            match it.next()? {
                b'\\' => out.push(b'\\'),
                b'x' => {
                    let hi = char::from(it.next()?).to_digit(16)?;
                    let lo = char::from(it.next()?).to_digit(16)?;
                    out.push(u8::try_from(hi * 16 + lo).ok()?);
                }
                _ => return None,
            }
        }
        Some(Self(PathBuf::from(OsString::from_vec(out))))
    }
}

impl From<&Path> for MediaPath {
    fn from(p: &Path) -> Self {
        Self(p.to_path_buf())
    }
}

impl From<PathBuf> for MediaPath {
    fn from(p: PathBuf) -> Self {
        Self(p)
    }
}

impl AsRef<Path> for MediaPath {
    fn as_ref(&self) -> &Path {
        &self.0
    }
}

impl fmt::Display for MediaPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&escape_for_people(&self.to_text()))
    }
}

impl fmt::Debug for MediaPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

impl Serialize for MediaPath {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&self.to_text())
    }
}

impl<'de> Deserialize<'de> for MediaPath {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let s = String::deserialize(d)?;
        Self::from_text(&s).ok_or_else(|| serde::de::Error::custom("a path has a wrong escape"))
    }
}

/// Text made safe to show: control characters, line breaks and characters that change the writing
/// direction or are invisible become `\u{…}`.
#[must_use]
pub fn escape_for_people(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let odd = c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}');
        if odd {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_bytes_come_back(b in proptest::collection::vec(any::<u8>(), 0..64)) {
            let p = MediaPath::from(PathBuf::from(OsString::from_vec(b.clone())));
            let back = MediaPath::from_text(&p.to_text()).unwrap();
            prop_assert_eq!(back.bytes(), &b[..]);
        }

        #[test]
        fn shown_text_has_no_control_character(s in any::<String>()) {
            prop_assert!(!escape_for_people(&s).chars().any(char::is_control));
        }
    }

    #[test]
    fn escapes_are_readable() {
        let p = MediaPath::from(PathBuf::from(OsString::from_vec(b"a\xff\\\x1b[31m\n".to_vec())));
        assert_eq!(p.to_text(), "a\\xff\\\\\u{1b}[31m\n");
        assert_eq!(p.to_string(), "a\\xff\\\\\\u{1b}[31m\\u{a}");
        assert_eq!(MediaPath::from_text("bad\\q"), None);
    }
}
