//! A clip as search sees it: each field as one folded text, and the span of its timecode.

use super::names::{self, Field, Kind};
use super::{BETWEEN, MAX_VALUE};
use crate::model::{Rational, Timecode};
use serde_json::Value;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// Most values of one list that are looked at.
const MAX_ITEMS: usize = 128;
/// Between the name of the watched folder and the path in it.
const BEFORE_PATH: char = '\u{1e}';

/// A place where a clip lies.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The watched folder's configured name.
    pub folder: String,
    /// Path relative to it, without the frame numbers of a sequence.
    pub path: String,
}

/// From the label of the first frame to the one after the last, in frames since midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Frames since midnight of the first label.
    pub start: u32,
    /// Number of labels; 1 when only the first is known.
    pub length: u32,
    /// The rate at which labels count.
    pub rate: Rational,
    /// Drop-frame counting.
    pub drop: bool,
}

impl Span {
    /// Whether a label lies in it; one that does not exist at this rate does not. Wraps at midnight.
    #[must_use]
    pub fn contains(&self, label: &str) -> bool {
        Self::frame(label, self.rate, self.drop).is_some_and(|f| self.has(f))
    }

    /// A label as frames since midnight, when it exists at this rate. How drop-frame labels are punctuated is not asked.
    #[must_use]
    pub fn frame(label: &str, rate: Rational, drop: bool) -> Option<u32> {
        Timecode::parse(&label.replace([';', '.', ','], ":"), rate, drop).ok().map(Timecode::frames)
    }

    /// Whether a frame since midnight lies in it.
    #[must_use]
    pub fn has(&self, frame: u32) -> bool {
        let Some(day) = day(self.rate, self.drop) else { return false };
        let from_start = if frame >= self.start {
            frame.saturating_sub(self.start)
        } else {
            frame.saturating_add(day).saturating_sub(self.start)
        };
        from_start < self.length
    }
}

/// Labels of a day.
fn day(rate: Rational, drop: bool) -> Option<u32> {
    Timecode::from_frames(-1, rate, drop)?.frames().checked_add(1)
}

/// What search knows of a clip.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Facts {
    values: Vec<(Field, String)>,
    span: Option<Span>,
}

impl Facts {
    /// Of a document as JSON (`rushes.clip/1`), its show and places. A clip without a place is not present; `last` is
    /// where it was, as far as that is known.
    #[must_use]
    pub fn new(doc: &Value, show: &str, places: &[Place], last: Option<&str>) -> Self {
        let mut facts = Self::default();
        let mut places: Vec<&Place> = places.iter().collect();
        places.sort();
        for f in names::all() {
            match (f.name(), f.kind()) {
                ("show", _) => facts.put(f, [show.to_owned()]),
                ("folder", _) => facts.put(f, places.iter().map(|p| p.folder.clone())),
                ("present", _) => facts.put(f, [if places.is_empty() { "false" } else { "true" }.to_owned()]),
                ("path", _) => {
                    let join = |folder: &str, path: &str| format!("{folder}{BEFORE_PATH}{path}");
                    let gone = last.filter(|_| places.is_empty()).map(|l| join("", l));
                    facts.put_texts(f, places.iter().map(|p| join(&p.folder, &p.path)).chain(gone));
                }
                (_, Kind::Group | Kind::Span) => {}
                (_, _) => {
                    let mut found = Vec::new();
                    gather(doc, f.schema_name(), &mut found);
                    facts.put(f, found);
                }
            }
        }
        facts.span = span(doc);
        facts
    }

    /// The values of a field: folded, several with [`BETWEEN`]; `None` when it is absent.
    #[must_use]
    pub fn value(&self, f: Field) -> Option<&str> {
        self.values.iter().find(|(g, _)| *g == f).map(|(_, v)| v.as_str())
    }

    /// All values, in the order of the fields.
    #[must_use]
    pub fn values(&self) -> &[(Field, String)] {
        &self.values
    }

    /// The timecode.
    #[must_use]
    pub fn span(&self) -> Option<Span> {
        self.span
    }

    fn put(&mut self, f: Field, values: impl IntoIterator<Item = String>) {
        let clean = |v: String| if v.contains(char::is_control) { v.replace(char::is_control, " ") } else { v };
        self.put_texts(f, values.into_iter().map(clean));
    }

    fn put_texts(&mut self, f: Field, values: impl IntoIterator<Item = String>) {
        let mut all: Option<String> = None;
        for v in values.into_iter().take(MAX_ITEMS) {
            match &mut all {
                None => all = Some(fold_cut(&v)),
                Some(a) if a.len() < 16 * MAX_VALUE => {
                    a.push(BETWEEN);
                    a.push_str(&fold_cut(&v));
                }
                Some(_) => break,
            }
        }
        if let Some(v) = all {
            self.values.push((f, v));
        }
    }
}

/// Without capitals and in one composition (NFC), so that what looks the same is the same.
#[must_use]
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let lower = text.to_lowercase();
    if is_nfc_quick(lower.chars()) == IsNormalized::Yes { lower } else { lower.nfc().collect() }
}

fn fold_cut(text: &str) -> String {
    let mut v = fold(text);
    if v.len() > MAX_VALUE {
        let end = (0..=MAX_VALUE).rev().find(|n| v.is_char_boundary(*n)).unwrap_or(0);
        v.truncate(end);
    }
    v
}

/// The path in a value of `path`, without the watched folder.
pub(super) fn path_of(value: &str) -> &str {
    value.split_once(BEFORE_PATH).map_or(value, |(_, p)| p)
}

/// The values at a dotted name of [`crate::rules::fields`]; lists give all of theirs.
fn gather(at: &Value, name: &str, found: &mut Vec<String>) {
    let Some((head, rest)) = name.split_once('.').map(|(h, r)| (h, Some(r))).or(Some((name, None))) else { return };
    let (key, list) = head.strip_suffix("[]").map_or((head, false), |k| (k, true));
    let Some(next) = at.get(key) else { return };
    match (rest, next) {
        (Some(rest), Value::Array(items)) if list => {
            items.iter().take(MAX_ITEMS).for_each(|i| gather(i, rest, found));
        }
        (Some(rest), Value::Object(_)) => gather(next, rest, found),
        (None, v) => found.extend(plain(v)),
        _ => {}
    }
}

/// A value as one text; of a list only that it is there, and how long it is.
fn plain(v: &Value) -> Option<String> {
    match v {
        Value::Bool(b) => Some(b.to_string()),
        Value::Number(n) => Some(n.to_string()),
        Value::String(s) => Some(s.clone()),
        Value::Array(a) if !a.is_empty() => Some(a.len().to_string()),
        _ => None,
    }
}

fn span(doc: &Value) -> Option<Span> {
    let tc = doc.get("timecode")?;
    let rate: Rational = tc.get("rate")?.as_str()?.parse().ok()?;
    let drop = tc.get("drop").and_then(Value::as_bool).unwrap_or(false);
    let label = |name: &str| Timecode::parse(tc.get(name)?.as_str()?, rate, drop).ok();
    let start = label("start")?;
    let day = day(rate, start.is_drop())?;
    let length = match label("end").map(Timecode::frames) {
        None => 1,
        Some(end) if end == start.frames() => {
            // nothing, or a whole day: only the running time tells
            let seconds = doc.get("clip").and_then(|c| c.get("duration_s")).and_then(Value::as_f64);
            if seconds.is_some_and(|s| s > 3600.0) { day } else { 1 }
        }
        Some(end) if end > start.frames() => end.saturating_sub(start.frames()),
        Some(end) => end.saturating_add(day).saturating_sub(start.frames()),
    };
    Some(Span { start: start.frames(), length, rate, drop: start.is_drop() })
}
