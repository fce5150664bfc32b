//! A clip document for people: the very field names that rules use, each with where it came from.

use super::out::{Style, bytes, count};
use crate::model::{ClipDoc, ClipUnit, escape_for_people};
use serde_json::Value;
use std::fmt::Write;

/// Longest value shown, characters; longer ones end in `…`.
const LONGEST: usize = 300;
/// Parts that are told in the first lines or below, not in the list.
const ELSEWHERE: &[&str] =
    &["schema", "clip", "origin", "raw", "warnings", "defaults", "checks", "problem", "same_content_as"];

/// The document as text, without a last line end.
#[must_use]
pub fn describe(doc: &ClipDoc, st: Style) -> String {
    let mut t = String::new();
    headline(&mut t, doc, st);
    let mut rows = Vec::new();
    if let Ok(Value::Object(map)) = serde_json::to_value(doc) {
        for (key, value) in map.iter().filter(|(k, _)| !ELSEWHERE.contains(&k.as_str())) {
            flatten(key, value, &mut rows);
        }
    }
    let width = rows.iter().map(|(k, _)| k.chars().count()).max().unwrap_or(0);
    for (key, value) in &rows {
        let _ = write!(t, "  {}{key:width$}{}  {value}", st.dim, st.off);
        if let Some(o) = doc.origin.get(key) {
            let (reader, tag) = (escape_for_people(&o.reader), escape_for_people(&o.tag));
            let _ = write!(t, "  {}({reader}: {tag}){}", st.dim, st.off);
        }
        t.push('\n');
    }
    for w in &doc.warnings {
        let (code, message) = (escape_for_people(&w.code), escape_for_people(&w.message));
        let _ = writeln!(t, "  {}{code}{}  {message}", st.warn, st.off);
    }
    if let Some(p) = &doc.problem {
        let _ = writeln!(t, "  {}{}{}  {}", st.bad, escape_for_people(&p.code), st.off, escape_for_people(&p.what));
    }
    for (reader, value) in &doc.raw {
        let mut tags = Vec::new();
        flatten("", value, &mut tags);
        let _ = writeln!(t, "  {}raw {}{}", st.bold, escape_for_people(reader), st.off);
        for (tag, value) in tags {
            let _ = writeln!(t, "    {}{}{}  {value}", st.dim, escape_for_people(&tag), st.off);
        }
    }
    t
}

fn headline(t: &mut String, doc: &ClipDoc, st: Style) {
    let c = &doc.clip;
    let first = c.files.first().map(|f| f.path.to_string()).unwrap_or_default();
    let size = bytes(c.files.iter().fold(0, |n, f| n.saturating_add(f.size)));
    let files = count(c.files.len() as u64, "file", "files");
    let _ = match c.unit {
        ClipUnit::File => writeln!(t, "{}{first}{}  {size}", st.bold, st.off),
        ClipUnit::Sequence => {
            let missing: i64 = c.gaps.iter().map(|g| g.last.saturating_sub(g.first).saturating_add(1)).sum();
            let have = i64::try_from(c.files.len()).unwrap_or(i64::MAX);
            let last = |first: i64| first.saturating_add(have).saturating_add(missing).saturating_sub(1);
            let from = c.first_frame.map(|n| format!(", frames {n} to {}", last(n))).unwrap_or_default();
            writeln!(t, "{}{first}{}  sequence of {files}{from}, {size}", st.bold, st.off)
        }
        ClipUnit::Spanned => writeln!(t, "{}{first}{}  spanned over {files}, {size}", st.bold, st.off),
    };
    let _ = writeln!(t, "  {}clip.name{}  {}", st.dim, st.off, escape_for_people(&c.name));
    if let Some(n) = c.frames {
        let _ = writeln!(t, "  {}clip.frames{}  {n}", st.dim, st.off);
    }
    if let Some(s) = c.duration_s {
        let _ = writeln!(t, "  {}clip.duration_s{}  {s}", st.dim, st.off);
    }
    for g in &c.gaps {
        let _ = if g.first == g.last {
            writeln!(t, "  {}missing{}  frame {}", st.warn, st.off, g.first)
        } else {
            writeln!(t, "  {}missing{}  frames {} to {}", st.warn, st.off, g.first, g.last)
        };
    }
}

/// Dotted names and values; lists of plain values in one row.
fn flatten(name: &str, value: &Value, rows: &mut Vec<(String, String)>) {
    match value {
        Value::Object(map) => {
            for (k, v) in map {
                let dotted = if name.is_empty() { k.clone() } else { format!("{name}.{k}") };
                flatten(&dotted, v, rows);
            }
        }
        Value::Array(items) if items.iter().any(|i| i.is_object() || i.is_array()) => {
            for (i, v) in items.iter().enumerate() {
                flatten(&format!("{name}[{i}]"), v, rows);
            }
        }
        Value::Array(items) => {
            let parts: Vec<String> = items.iter().map(plain).collect();
            rows.push((name.to_owned(), cut(&parts.join(" "))));
        }
        v => rows.push((name.to_owned(), cut(&plain(v)))),
    }
}

fn plain(v: &Value) -> String {
    match v {
        Value::String(s) => escape_for_people(s),
        v => v.to_string(),
    }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ClipFile, Error, FrameGap, Origin};
    use std::path::Path;

    #[test]
    fn every_known_field_has_its_rule_name() {
        let mut d = ClipDoc::new("A001", ClipUnit::Sequence);
        let file = |n: u32| ClipFile {
            path: Path::new(&format!("A001.{n}.dpx")).into(),
            size: 1024,
            xxh128: String::new(),
            hashes: Default::default(),
        };
        d.clip.files = vec![file(1), file(4)];
        d.clip.first_frame = Some(1);
        d.clip.gaps = vec![FrameGap { first: 2, last: 3 }];
        let origin = Origin::new("dpx", "input device\n", "offset 1");
        d.set("reel", |d| &mut d.reel, "A001R1\u{1b}[31m".to_owned(), origin);
        d.warn("META-X", "odd\u{7}");
        d.keep("dpx", "creator", "x".repeat(400));
        d.problem = Some(Error::unsupported("half"));
        let text = describe(&d, Style::plain());
        assert!(text.starts_with("A001.1.dpx  sequence of 2 files, frames 1 to 4, 2.0 KiB\n"), "{text}");
        assert!(text.contains("missing  frames 2 to 3") && text.contains("META-X  odd\\u{7}"), "{text}");
        assert!(text.contains("reel") && text.contains("A001R1\\u{1b}[31m  (dpx: input device\\u{a})"), "{text}");
        assert!(text.contains("FORMAT-UNSUPPORTED  half") && text.contains("xxx…"), "{text}");
        assert!(!text.chars().any(|c| c.is_control() && c != '\n'));
    }
}
