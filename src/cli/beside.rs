//! `rushes inspect --compare`: our fields beside those of exiftool, MediaInfo and ffprobe.

use super::out::{Out, Stop, Style, say};
use super::steps::{Wanted, WorkDir};
use crate::engine::compare::{Answer, Asker, FIELDS, Row, TOOLS, Tool, Value, Verdict, compare};
use crate::engine::process::Cancel;
use crate::model::{ClipDoc, ClipUnit, Error, escape_for_people};
use serde_json::{Map, json};
use std::collections::BTreeMap;
use std::fmt::Write;

/// The schema of a line of `--compare --json`.
const SCHEMA: &str = "rushes.compare/1";
/// Fields of the whole clip, which programs that see its first file only cannot know.
const OF_THE_WHOLE: &[&str] = &["clip.frames", "clip.duration_s", "audio.samples"];
/// Longest value in the table, characters.
const WIDEST: usize = 40;

/// The programs beside which clips are shown.
#[derive(Debug)]
pub struct Beside {
    asker: Asker,
    _work: WorkDir,
    cancel: Cancel,
}

/// A clip beside the programs.
struct Compared {
    rows: BTreeMap<Tool, Vec<Row>>,
    failed: BTreeMap<Tool, String>,
}

impl Beside {
    /// Looks for the programs and says once which of them are missing.
    ///
    /// # Errors
    /// `OUTPUT-FAILED` when no private folder can be had.
    pub fn new(cancel: &Cancel) -> Result<Self, Error> {
        let work = WorkDir::new()?;
        let asker = Asker::new(work.path());
        for tool in asker.missing() {
            say(format!("{} is not installed, so nothing is compared with it", tool.name()));
        }
        Ok(Self { asker, _work: work, cancel: cancel.clone() })
    }

    /// Shows one clip. Of a clip in several files the first is compared.
    ///
    /// # Errors
    /// When stdout cannot be written or the file is gone.
    pub fn show(&self, wanted: &Wanted, doc: &ClipDoc, as_json: bool, out: &mut Out) -> Result<(), Stop> {
        let Some(first) = wanted.files.first() else { return Ok(()) };
        let file = std::fs::canonicalize(first)
            .map_err(|e| Error::io("FILE-VANISHED", "look at it", &e).at(first.as_path()))?;
        let mut found = Compared { rows: BTreeMap::new(), failed: BTreeMap::new() };
        for (tool, answer) in self.asker.ask(&file, &self.cancel)? {
            match answer {
                Answer::Said(answer) => {
                    let mut rows = compare(doc, tool, &answer);
                    rows.retain(|r| doc.clip.unit == ClipUnit::File || !OF_THE_WHOLE.contains(&r.field));
                    found.rows.insert(tool, rows);
                }
                Answer::Failed(why) => {
                    found.failed.insert(tool, why);
                }
            }
        }
        if as_json { out.json_line(&found.json(first, doc)) } else { out.line(found.text(first, doc, Style::stdout())) }
    }
}

impl Compared {
    fn row(&self, field: &str, tool: Tool) -> Option<&Row> {
        self.rows.get(&tool)?.iter().find(|r| r.field == field)
    }

    fn ours(&self, field: &str) -> Option<&Value> {
        TOOLS.iter().find_map(|t| self.row(field, *t)?.ours.as_ref())
    }

    fn fields(&self) -> impl Iterator<Item = &'static str> + '_ {
        FIELDS.iter().copied().filter(|f| TOOLS.iter().any(|t| self.row(f, *t).is_some()))
    }

    fn count(&self, verdict: Verdict) -> usize {
        self.rows.values().flatten().filter(|r| r.verdict == verdict).count()
    }

    fn json(&self, path: &impl ToString, doc: &ClipDoc) -> serde_json::Value {
        let mut fields = Map::new();
        for field in self.fields() {
            let mut by_tool = Map::new();
            for (tool, row) in TOOLS.iter().filter_map(|t| Some((t, self.row(field, *t)?))) {
                let Some(theirs) = &row.theirs else { continue };
                let mut v = json!({"value": theirs.value, "tag": theirs.tag, "verdict": row.verdict});
                if let Some(map) = v.as_object_mut() {
                    if let Some(s) = theirs.slack {
                        map.insert("rounded_within".into(), s.as_f64().into());
                    }
                    if let Some(c) = row.cause {
                        map.insert("why".into(), c.why.into());
                    }
                }
                by_tool.insert(tool.name().into(), v);
            }
            let origin = doc.origin.get(field);
            fields.insert(field.into(), json!({"ours": self.ours(field), "origin": origin, "theirs": by_tool}));
        }
        let failed: Map<_, _> = self.failed.iter().map(|(t, why)| (t.name().into(), why.as_str().into())).collect();
        json!({
            "schema": SCHEMA, "clip": doc.clip.name, "path": path.to_string(), "format": doc.format.id,
            "programs": self.rows.keys().map(|t| t.name()).collect::<Vec<_>>(), "failed": failed, "fields": fields,
            "agree": self.count(Verdict::Agree), "differ": self.count(Verdict::Differ),
        })
    }

    fn text(&self, path: &impl ToString, doc: &ClipDoc, st: Style) -> String {
        let mut t = format!("{}{}{}  {}\n", st.bold, path.to_string(), st.off, escape_for_people(&doc.format.id));
        let tools: Vec<Tool> = TOOLS.iter().copied().filter(|t| self.rows.contains_key(t)).collect();
        let mut table = vec![vec!["field".to_owned(), "rushes".to_owned()]];
        if let Some(head) = table.first_mut() {
            head.extend(tools.iter().map(|t| t.name().to_owned()));
        }
        let mut notes = Vec::new();
        for field in self.fields() {
            let mut cells = vec![field.to_owned(), self.ours(field).map_or_else(|| "-".into(), shown)];
            for tool in &tools {
                let row = self.row(field, *tool);
                cells.push(row.map_or_else(|| "-".into(), cell));
                let why = row.and_then(|r| r.cause).map(|c| c.why);
                notes.extend(why.map(|why| format!("{field}, {}: {why}", tool.name())));
            }
            table.push(cells);
        }
        write_table(&mut t, &table, st);
        for note in notes {
            let _ = writeln!(t, "  {}{note}{}", st.dim, st.off);
        }
        for why in self.failed.values() {
            let _ = writeln!(t, "  {}{}{}", st.warn, escape_for_people(why), st.off);
        }
        let (agree, differ) = (self.count(Verdict::Agree), self.count(Verdict::Differ));
        let known = self.rows.values().flatten().filter(|r| r.cause.is_some()).count();
        let _ = write!(t, "  {agree} agree, {differ} differ ({known} for a known cause)");
        t
    }
}

fn shown(v: &Value) -> String {
    let text = escape_for_people(&v.to_string());
    match text.char_indices().nth(WIDEST) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text,
    }
}

/// Their value, with a mark: `=` the same, `≈` the same but for rounding, `≠` something else.
fn cell(row: &Row) -> String {
    let Some(theirs) = &row.theirs else { return "-".into() };
    let mark = match row.verdict {
        Verdict::Agree if row.ours.as_ref() == Some(&theirs.value) => "= ",
        Verdict::Agree => "≈ ",
        Verdict::Differ => "≠ ",
        Verdict::OnlyOurs | Verdict::OnlyTheirs => "",
    };
    format!("{mark}{}", shown(&theirs.value))
}

fn write_table(t: &mut String, rows: &[Vec<String>], st: Style) {
    let columns = rows.first().map_or(0, Vec::len);
    let width = |c: usize| rows.iter().filter_map(|r| r.get(c)).map(|x| x.chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    for row in rows {
        let bad = row.iter().any(|c| c.starts_with('≠'));
        let (on, off) = if bad { (st.warn, st.off) } else { ("", "") };
        let line: Vec<String> = row.iter().zip(&widths).map(|(c, w)| format!("{c:w$}")).collect();
        let _ = writeln!(t, "  {on}{}{off}", line.join("  ").trim_end());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Origin, Rational};

    fn compared() -> (Compared, ClipDoc) {
        let mut doc = ClipDoc::new("A001", ClipUnit::File);
        doc.format.id = "mov".into();
        let o = || Origin::new("mov", "stsd", "offset 1");
        doc.set("image.width", |d| &mut d.image.width, 1920, o());
        doc.set("fps.project", |d| &mut d.fps.project, Rational::new(24_000, 1001).unwrap(), o());
        doc.set("reel", |d| &mut d.reel, "A\u{1b}[1m".into(), o());
        let answer = json!([{"Track1:SourceImageWidth": 1919, "Track1:VideoFrameRate": 23.976, "Keys:Make": "ARRI"}]);
        let rows = [(Tool::Exiftool, compare(&doc, Tool::Exiftool, &answer))].into();
        let failed = [(Tool::Ffprobe, "ffprobe cannot read it".to_owned())].into();
        (Compared { rows, failed }, doc)
    }

    #[test]
    fn people_see_every_field_and_how_it_stands() {
        let (c, doc) = compared();
        let text = c.text(&"a.mov", &doc, Style::plain());
        let lines: Vec<Vec<&str>> = text.lines().map(|l| l.split_whitespace().collect()).collect();
        assert_eq!(lines[1], ["field", "rushes", "exiftool"]);
        assert!(lines.contains(&vec!["image.width", "1920", "≠", "1919"]), "{text}");
        assert!(lines.contains(&vec!["fps.project", "24000/1001", "≈", "23.976"]), "{text}");
        assert!(lines.contains(&vec!["camera.make", "-", "ARRI"]), "{text}");
        assert!(lines.contains(&vec!["reel", "A\\u{1b}[1m", "-"]), "{text}");
        assert!(text.contains("ffprobe cannot read it") && text.ends_with("1 agree, 1 differ (0 for a known cause)"));
    }

    #[test]
    fn json_has_both_sides_and_the_rounding() {
        let (c, doc) = compared();
        let v = c.json(&"a.mov", &doc);
        assert_eq!((&v["schema"], &v["agree"], &v["differ"]), (&SCHEMA.into(), &1.into(), &1.into()));
        let rate = &v["fields"]["fps.project"];
        assert_eq!((&rate["ours"], &rate["theirs"]["exiftool"]["verdict"]), (&"24000/1001".into(), &"agree".into()));
        assert_eq!(rate["theirs"]["exiftool"]["rounded_within"], 0.0005);
        assert_eq!(rate["origin"]["tag"], "stsd");
        assert_eq!(v["fields"]["camera.make"]["theirs"]["exiftool"]["verdict"], "only_theirs");
        assert_eq!(v["failed"]["ffprobe"], "ffprobe cannot read it");
    }
}
