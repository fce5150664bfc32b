//! Clips as a table: comma-separated values of RFC 4180, in UTF-8.
//!
//! The columns are always the same ones in the same order, so that tables can be put together: `clip.path`, `clip.files`
//! and `clip.size` (the first file, how many there are, their bytes), then every field of `rushes.clip/1` that holds one
//! value, by its dotted name. An unknown value is an empty cell. Every text is in quotes and exact to the byte, line ends
//! and leading `=` included: nothing is changed to suit one spreadsheet or another.

use super::brief::brief;
use crate::model::ClipDoc;
use serde_json::Value;
use std::collections::BTreeMap;

/// Columns that describe the files; the rest are fields.
const FILES: [&str; 3] = ["clip.path", "clip.files", "clip.size"];

/// Every field that holds one value; a test compares with the list that rules use.
const FIELDS: [&str; 76] = [
    "schema",
    "show",
    "folder",
    "clip.id",
    "clip.name",
    "clip.unit",
    "clip.frames",
    "clip.duration_s",
    "clip.first_frame",
    "clip.uuid",
    "clip.umid",
    "format.id",
    "format.container",
    "format.codec",
    "format.bit_depth",
    "format.compression",
    "format.decodable",
    "format.undecodable",
    "camera.make",
    "camera.model",
    "camera.serial",
    "camera.firmware",
    "camera.index",
    "reel",
    "slate.scene",
    "slate.shot",
    "slate.take",
    "slate.circled",
    "slate.note",
    "timecode.start",
    "timecode.end",
    "timecode.rate",
    "timecode.drop",
    "fps.project",
    "fps.sensor",
    "exposure.iso",
    "exposure.shutter_angle",
    "exposure.shutter_s",
    "exposure.nd",
    "exposure.white_balance_k",
    "exposure.tint",
    "lens.make",
    "lens.model",
    "lens.serial",
    "lens.focal_length_mm",
    "lens.t_stop",
    "lens.focus_m",
    "lens.squeeze",
    "image.width",
    "image.height",
    "image.active.x",
    "image.active.y",
    "image.active.width",
    "image.active.height",
    "image.pixel_aspect",
    "image.orientation",
    "image.scan",
    "color.space",
    "color.primaries",
    "color.transfer",
    "color.matrix",
    "color.range",
    "color.look",
    "color.cdl.saturation",
    "color.look_baked",
    "audio.channels",
    "audio.rate",
    "audio.bit_depth",
    "audio.timecode",
    "audio.samples",
    "audio.samples_since_midnight",
    "recorded.date",
    "media.serial",
    "problem.kind",
    "problem.code",
    "problem.what",
];

/// The table of `clips`: one line of names and one of values for each clip, lines ended by CR LF.
///
/// `context` fills `show` and `folder`, which a clip does not say itself.
#[must_use]
pub fn csv(clips: &[&ClipDoc], context: &BTreeMap<String, String>) -> Vec<u8> {
    let mut text = FILES.into_iter().chain(FIELDS).collect::<Vec<_>>().join(",");
    text.push_str("\r\n");
    for clip in clips {
        row(&mut text, clip, context);
        text.push_str("\r\n");
    }
    text.into_bytes()
}

fn row(text: &mut String, clip: &ClipDoc, context: &BTreeMap<String, String>) {
    let document = Value::Object(brief(clip));
    let files = &clip.clip.files;
    if let Some(first) = files.first() {
        quoted(text, &first.path.to_text());
    }
    let size = files.iter().fold(0u64, |n, f| n.saturating_add(f.size));
    text.push_str(&format!(",{},{size}", files.len()));
    for field in FIELDS {
        text.push(',');
        let found = field.split('.').try_fold(&document, |v, part| v.get(part));
        match found {
            Some(Value::String(s)) => quoted(text, s),
            Some(v @ (Value::Number(_) | Value::Bool(_))) => text.push_str(&v.to_string()),
            _ => {
                if let Some(s) = context.get(field).filter(|_| ["show", "folder"].contains(&field)) {
                    quoted(text, s);
                }
            }
        }
    }
}

/// RFC 4180, section 2, rules 5 to 7.
fn quoted(text: &mut String, value: &str) {
    text.push('"');
    text.push_str(&value.replace('"', "\"\""));
    text.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ClipFile, ClipUnit, Rational};
    use crate::rules::fields::{self, FieldType};
    use proptest::prelude::*;

    /// Reads a table by the grammar of RFC 4180: lines of cells, each with whether it was quoted.
    fn parse(text: &str) -> Vec<Vec<(String, bool)>> {
        let mut lines = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let mut cells = Vec::new();
            loop {
                let mut cell = String::new();
                let quoted = rest.starts_with('"');
                if quoted {
                    rest = &rest[1..];
                    loop {
                        let at = rest.find('"').expect("the quote ends");
                        cell.push_str(&rest[..at]);
                        rest = &rest[at + 1..];
                        match rest.strip_prefix('"') {
                            Some(more) => {
                                cell.push('"');
                                rest = more;
                            }
                            None => break,
                        }
                    }
                } else {
                    let at = rest.find([',', '\r']).unwrap();
                    cell.push_str(&rest[..at]);
                    rest = &rest[at..];
                }
                cells.push((cell, quoted));
                match rest.strip_prefix(',') {
                    Some(more) => rest = more,
                    None => break,
                }
            }
            rest = rest.strip_prefix("\r\n").expect("a line ends");
            lines.push(cells);
        }
        lines
    }

    fn cell<'a>(lines: &'a [Vec<(String, bool)>], row: usize, name: &str) -> (&'a str, bool) {
        let at = lines[0].iter().position(|c| c.0 == name).unwrap();
        let (text, quoted) = &lines[row][at];
        (text, *quoted)
    }

    #[test]
    fn columns_are_all_fields_that_hold_one_value() {
        let scalar = |t| matches!(t, FieldType::Text | FieldType::Number | FieldType::Rate | FieldType::Bool);
        let want: Vec<&str> =
            fields::FIELDS.iter().filter(|(n, t)| scalar(*t) && !n.contains("[]")).map(|(n, _)| *n).collect();
        assert_eq!(FIELDS.to_vec(), want);
        assert!(FILES.iter().all(|f| !want.contains(f)));
    }

    #[test]
    fn golden() {
        let mut a = ClipDoc::new("A001C001, \"good\"", ClipUnit::File);
        a.clip.files.push(ClipFile {
            path: std::path::Path::new("A/=cmd|' /C calc'!A0\r\n.mov").into(),
            size: 12,
            xxh128: String::new(),
            hashes: BTreeMap::new(),
        });
        a.fps.project = Rational::new(24_000, 1001);
        a.exposure.iso = Some(800);
        a.exposure.shutter_angle = Some(172.8);
        a.slate.circled = Some(true);
        a.slate.note = Some(String::new());
        let b = ClipDoc::new("B", ClipUnit::Sequence);
        let context = [("show", "senna"), ("folder", "ocf"), ("schema", "never")];
        let context = context.map(|(k, v)| (k.to_owned(), v.to_owned())).into();
        let text = String::from_utf8(csv(&[&a, &b], &context)).unwrap();
        assert_eq!(text, include_str!("../../../tests/golden/clips.csv"));
        let lines = parse(&text);
        assert_eq!((lines.len(), lines[1].len()), (3, FILES.len() + FIELDS.len()));
        assert_eq!(cell(&lines, 1, "clip.path"), ("A/=cmd|' /C calc'!A0\r\n.mov", true));
        assert_eq!(cell(&lines, 1, "exposure.shutter_angle"), ("172.8", false));
        assert_eq!(cell(&lines, 1, "fps.project"), ("24000/1001", true));
        assert_eq!(cell(&lines, 1, "slate.note"), ("", true), "known to be empty");
        assert_eq!(cell(&lines, 1, "reel"), ("", false), "unknown");
        assert_eq!(cell(&lines, 2, "show"), ("senna", true));
        assert_eq!(cell(&lines, 2, "schema"), ("rushes.clip/1", true));
        assert_eq!(cell(&lines, 2, "clip.files"), ("0", false));
    }

    proptest! {
        #[test]
        fn every_text_survives(
            name in any::<String>(), note in "[,\"\r\n;\t=a ]*", path in proptest::collection::vec(any::<u8>(), 0..40)
        ) {
            let mut d = ClipDoc::new(name.clone(), ClipUnit::File);
            d.slate.note = Some(note.clone());
            let path = crate::model::MediaPath::from(
                std::path::PathBuf::from(<std::ffi::OsString as std::os::unix::ffi::OsStringExt>::from_vec(path)),
            );
            d.clip.files.push(ClipFile { path: path.clone(), size: 1, xxh128: String::new(), hashes: BTreeMap::new() });
            let text = String::from_utf8(csv(&[&d, &d], &BTreeMap::new())).unwrap();
            let lines = parse(&text);
            prop_assert_eq!(lines.len(), 3);
            for row in [1, 2] {
                prop_assert_eq!(lines[row].len(), lines[0].len());
                prop_assert_eq!(cell(&lines, row, "clip.name").0, &name);
                prop_assert_eq!(cell(&lines, row, "slate.note").0, &note);
                let back = crate::model::MediaPath::from_text(cell(&lines, row, "clip.path").0);
                prop_assert_eq!(back.as_ref(), Some(&path));
            }
        }
    }
}
