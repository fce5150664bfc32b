//! What other programs say about the same file, in our fields and units, and whether it agrees.
//!
//! Pure but for [`Asker`]: a program's JSON goes in, comparable values come out. Rates, ratios and times are exact
//! fractions; where a program rounds, half of its last digit is allowed for and nothing more. Names (of codecs, curves,
//! primaries) are put into our words by tables; a name that no table has stays as it is, and so shows as a difference.

mod ask;
mod causes;
mod exiftool;
mod ffprobe;
mod mediainfo;
mod names;
mod ours;
mod value;

pub use ask::{Answer, Asker};
pub use causes::{CAUSES, Cause, Seen, cause_of};
pub use ours::ours;
pub use value::{Fraction, Theirs, Value};

use crate::model::ClipDoc;
use serde::Serialize;
use std::collections::BTreeMap;

/// The fields that are compared, as `docs/fields.md` names them, in the order in which they are shown.
pub const FIELDS: &[&str] = &[
    "format.codec",
    "format.bit_depth",
    "image.width",
    "image.height",
    "image.pixel_aspect",
    "fps.project",
    "clip.frames",
    "clip.duration_s",
    "timecode.start",
    "reel",
    "slate.scene",
    "slate.take",
    "camera.make",
    "camera.model",
    "camera.serial",
    "exposure.iso",
    "color.primaries",
    "color.transfer",
    "color.matrix",
    "color.range",
    "audio.channels",
    "audio.rate",
    "audio.bit_depth",
    "audio.samples",
    "audio.samples_since_midnight",
    "recorded.date",
];

/// A program that reads metadata.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Tool {
    /// exiftool, its JSON with group names of family 1 and structures (`-j -G1 -struct`).
    Exiftool,
    /// MediaInfo, `--Output=JSON`.
    Mediainfo,
    /// ffprobe, `-show_streams -show_format -of json`.
    Ffprobe,
}

/// All of them, in the order in which they are shown.
pub const TOOLS: [Tool; 3] = [Tool::Exiftool, Tool::Mediainfo, Tool::Ffprobe];

impl Tool {
    /// The program's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Exiftool => "exiftool",
            Self::Mediainfo => "mediainfo",
            Self::Ffprobe => "ffprobe",
        }
    }

    /// What its answer says of [`FIELDS`].
    #[must_use]
    pub fn facts(self, answer: &serde_json::Value) -> Facts {
        let mut facts = match self {
            Self::Exiftool => exiftool::facts(answer),
            Self::Mediainfo => mediainfo::facts(answer),
            Self::Ffprobe => ffprobe::facts(answer),
        };
        facts.0.retain(|field, _| FIELDS.contains(field));
        facts
    }
}

/// Values by field.
#[derive(Debug, Clone, Default)]
pub struct Facts(BTreeMap<&'static str, Theirs>);

impl Facts {
    /// What is said of a field.
    #[must_use]
    pub fn get(&self, field: &str) -> Option<&Theirs> {
        self.0.get(field)
    }

    /// How many fields are said.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nothing is said.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Notes an exact value; the first one of a field stays.
    fn put(&mut self, field: &'static str, tag: &str, value: Option<Value>) {
        if let Some(value) = value {
            let tag = tag.to_owned();
            self.0.entry(field).or_insert(Theirs { value, slack: None, tag });
        }
    }

    /// Notes a rounded value.
    fn put_near(&mut self, field: &'static str, tag: &str, value: Option<(Fraction, Fraction)>) {
        if let Some((x, slack)) = value {
            let (value, tag) = (Value::Exact(x), tag.to_owned());
            self.0.entry(field).or_insert(Theirs { value, slack: Some(slack), tag });
        }
    }
}

/// How the two sides of a field stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Both say the same.
    Agree,
    /// Both say something else.
    Differ,
    /// Only we say something.
    OnlyOurs,
    /// Only the program says something.
    OnlyTheirs,
}

/// One field beside another program's.
#[derive(Debug, Clone)]
pub struct Row {
    /// One of [`FIELDS`].
    pub field: &'static str,
    /// Ours.
    pub ours: Option<Value>,
    /// Theirs.
    pub theirs: Option<Theirs>,
    /// How they stand to each other.
    pub verdict: Verdict,
    /// Why they differ, when it is known.
    pub cause: Option<&'static Cause>,
}

/// Compares a document with a program's answer about the same file: one row for each field of which anybody says something.
#[must_use]
pub fn compare(doc: &ClipDoc, tool: Tool, answer: &serde_json::Value) -> Vec<Row> {
    let (own, facts) = (ours(doc), tool.facts(answer));
    let row = |field: &&'static str| {
        let (a, b) = (own.get(field), facts.get(field));
        let verdict = match (a, b) {
            (None, None) => return None,
            (Some(_), None) => Verdict::OnlyOurs,
            (None, Some(_)) => Verdict::OnlyTheirs,
            (Some(a), Some(b)) if b.agrees(a) => Verdict::Agree,
            (Some(_), Some(_)) => Verdict::Differ,
        };
        let seen = |(a, b)| Seen { doc, ours: a, theirs: b, facts: &facts, answer };
        let both = a.zip(b).filter(|_| verdict == Verdict::Differ);
        let cause = both.and_then(|pair| cause_of(field, tool, &seen(pair)));
        Some(Row { field, ours: a.cloned(), theirs: b.cloned(), verdict, cause })
    };
    FIELDS.iter().filter_map(row).collect()
}
