//! Metadata files that cameras and their makers' tools write beside a clip: bytes in, values in the units of
//! `docs/fields.md` out, with the name that the file has for each.
//!
//! Every column or key is either mapped, or named in a list of those that are kept as they are, or reported as one that this
//! version does not know. A value that cannot be understood stays raw; nothing is guessed.

mod arri;
mod arri_json;
mod blackmagic;
mod canon;
pub mod list;
mod red;
mod sony;
mod sony_frames;
mod table;
#[cfg(test)]
mod tests;
mod values;

use crate::model::{Error, Limits, Rational};
use serde::Serialize;

/// Most bytes of a file.
pub const MOST_BYTES: usize = 64 << 20;
/// Bytes by which a file is known.
const HEAD: usize = 4096;

/// Which file it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Sony's `NonRealTimeMeta` XML (`…M01.XML`).
    SonyXml,
    /// The frames that Sony's viewer lists, with quotes around every cell.
    SonyFrames,
    /// REDline `--printMeta 3`: one line for a clip.
    RedClip,
    /// REDline `--printMeta 5`: one line for a frame.
    RedFrames,
    /// ARRI Meta Extract: one line for a frame, separated by tabs.
    Arri,
    /// ARRI's JSON export (ART CMD).
    ArriJson,
    /// Canon's table with one line for a clip.
    CanonClip,
    /// Canon's table with one line for a frame.
    CanonFrames,
    /// The text that Blackmagic's ExtractMetadata prints.
    Blackmagic,
    /// A line of an Avid Log Exchange list.
    Ale,
}

/// A value in the unit of its field.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum CameraValue {
    /// Text.
    Text(String),
    /// A whole number.
    Whole(u64),
    /// A decimal.
    Number(f64),
    /// A rate.
    Rate(Rational),
    /// Yes or no.
    Flag(bool),
    /// Three numbers, red first.
    Triple([f64; 3]),
}

/// A field that a file fills.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Known {
    /// The field as `docs/fields.md` names it.
    pub field: &'static str,
    /// Its value.
    pub value: CameraValue,
    /// The file's own name; the second of the same name ends in `#2`.
    pub name: String,
}

/// What one file says.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Sheet {
    /// Which file it is.
    pub kind: Kind,
    /// The fields that are understood; each once, the most trusted source first.
    pub known: Vec<Known>,
    /// Every name with its value as written, in the order of the file: of a table of frames, the first frame's.
    pub raw: Vec<(String, String)>,
    /// Names that this version does not know.
    pub unknown: Vec<String>,
}

impl Sheet {
    fn new(kind: Kind) -> Self {
        Self { kind, known: Vec::new(), raw: Vec::new(), unknown: Vec::new() }
    }

    /// The value of a field.
    #[must_use]
    pub fn get(&self, field: &str) -> Option<&CameraValue> {
        self.known.iter().find(|k| k.field == field).map(|k| &k.value)
    }

    /// The value as written under a name.
    #[must_use]
    pub fn raw(&self, name: &str) -> Option<&str> {
        self.raw.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// Fills a field that is not filled yet.
    fn put(&mut self, field: &'static str, name: &str, value: Option<CameraValue>) {
        if let Some(value) = value
            && self.get(field).is_none()
        {
            self.known.push(Known { field, value, name: name.to_owned() });
        }
    }

    /// Fills fields by a list of names, and says which names no list has.
    fn map(&mut self, columns: &[Column], kept: &[&str]) {
        for c in columns {
            let value = self.raw(c.name).map(str::trim).filter(|t| !missing(t)).and_then(c.read);
            self.put(c.field, c.name, value);
        }
        let known = |name: &str| {
            columns.iter().any(|c| c.name == name)
                || kept.iter().any(|k| k.strip_suffix('*').map_or(*k == name, |begin| name.starts_with(begin)))
        };
        self.unknown = self.raw.iter().map(|(n, _)| n.clone()).filter(|n| !known(n)).collect();
    }
}

/// A name of a file, the field that it fills, and how its text is read.
struct Column {
    name: &'static str,
    field: &'static str,
    read: fn(&str) -> Option<CameraValue>,
}

/// Words for "nothing".
fn missing(text: &str) -> bool {
    text.is_empty() || ["--", "n.a.", "n/a", "no scene name"].iter().any(|w| text.eq_ignore_ascii_case(w))
}

/// Reads a file that a camera or its maker's tool wrote; `None` for any other file.
///
/// # Errors
/// Malformed with the place: broken XML, a table whose first line of values has fewer cells than names. Limit: more than
/// [`MOST_BYTES`], items or depth of `limits`.
pub fn read(bytes: &[u8], limits: &Limits) -> Result<Option<Sheet>, Error> {
    if bytes.len() > MOST_BYTES {
        return Err(Error::limit(format!("a metadata file of more than {MOST_BYTES} bytes")));
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = match std::str::from_utf8(bytes) {
        Ok(t) => std::borrow::Cow::Borrowed(t),
        // The tools run on Windows too: what is no UTF-8 is taken for Latin-1.
        Err(_) => bytes.iter().map(|b| char::from(*b)).collect::<String>().into(),
    };
    let Some(kind) = kind_of(&text) else { return Ok(None) };
    match kind {
        Kind::SonyXml => sony::read(&text, limits),
        Kind::SonyFrames => sony_frames::read(&text, limits),
        Kind::RedClip => red::clip(&text, limits),
        Kind::RedFrames => red::frames(&text, limits),
        Kind::Arri => arri::read(&text, limits),
        Kind::ArriJson => arri_json::read(&text, limits),
        Kind::CanonClip => canon::clip(&text, limits),
        Kind::CanonFrames => canon::frames(&text, limits),
        Kind::Blackmagic => blackmagic::read(&text, limits),
        // of a list only the line of a clip is read
        Kind::Ale => return Ok(None),
    }
    .map(Some)
}

/// Which file begins with `text`, by its first lines.
fn kind_of(text: &str) -> Option<Kind> {
    let head = text.get(..text.floor_char_boundary(HEAD)).unwrap_or_default();
    if head.contains("<NonRealTimeMeta") {
        return Some(Kind::SonyXml);
    }
    if head.trim_start().starts_with("Clip Metadata") {
        return Some(Kind::Blackmagic);
    }
    if list::is_list(head.as_bytes()) {
        return Some(Kind::Ale);
    }
    if head.trim_start().starts_with('{') && head.contains("\"arriJsonHeader\"") {
        return Some(Kind::ArriJson);
    }
    let first = head.lines().next().unwrap_or_default();
    let tables: [(&[&str], Kind); 6] = [
        (&["Master TC\t", "\tCamera Serial Number\t"], Kind::Arri),
        (&["Clip Name,", "ReelID,", "Abs TC,"], Kind::RedClip),
        (&["FrameNo,Timecode,"], Kind::RedFrames),
        (&["ShotNumber,", "ReelNumber,", "Timescale,"], Kind::CanonClip),
        (&["Timecode,", "PhotographicSensitivity,", "ApertureMode,"], Kind::CanonFrames),
        (&["\"Timecode\",\"Clip Name\",\"Lens Model\""], Kind::SonyFrames),
    ];
    tables.into_iter().find(|(names, _)| names.iter().all(|n| first.contains(n))).map(|(_, kind)| kind)
}

/// Which file begins with these bytes, of which the first four thousand count.
#[must_use]
pub fn kind(head: &[u8]) -> Option<Kind> {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let head = head.get(..HEAD.min(head.len())).unwrap_or_default();
    kind_of(&String::from_utf8_lossy(head))
}

impl Kind {
    /// How much less than others what it says is trusted: the clip, its first frame, a list of many clips.
    #[must_use]
    pub fn rank(self) -> u8 {
        if self == Self::Ale { 2 } else { u8::from(self.is_of_frames()) }
    }

    /// Whether it is a table of frames, from which the first frame's values are taken.
    #[must_use]
    pub fn is_of_frames(self) -> bool {
        matches!(self, Self::SonyFrames | Self::RedFrames | Self::Arri | Self::CanonFrames)
    }

    /// For people.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::SonyXml => "Sony NonRealTimeMeta XML",
            Self::SonyFrames => "Sony table of frames",
            Self::RedClip => "REDline table of clips",
            Self::RedFrames => "REDline table of frames",
            Self::Arri => "ARRI Meta Extract table",
            Self::ArriJson => "ARRI metadata export (JSON)",
            Self::CanonClip => "Canon table of clips",
            Self::CanonFrames => "Canon table of frames",
            Self::Blackmagic => "Blackmagic metadata text",
            Self::Ale => "Avid Log Exchange list",
        }
    }
}
