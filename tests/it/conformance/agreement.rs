//! Every file of the collection: our fields beside those of exiftool, MediaInfo and ffprobe, by the mapping that
//! `rushes inspect --compare` uses. What differs has a cause in `src/engine/compare/causes.rs`, or the test fails.

use super::formats_oracle::{Reports, data, files, inspect_file};
use rushes::engine::compare::{CAUSES, FIELDS, TOOLS, Tool, Verdict, compare};
use rushes::model::{ClipDoc, ClipUnit};
use std::collections::BTreeMap;
use std::path::Path;

/// Differences of all comparable values, in percent: never more.
const MOST_DIFFERENCES: usize = 5;

/// How often each verdict was given.
#[derive(Default, Clone, Copy)]
struct Counts {
    agree: usize,
    differ: usize,
    only_ours: usize,
    only_theirs: usize,
    /// Theirs of files that no reader of ours knows, or that are refused as damaged.
    not_read: usize,
}

#[derive(Default)]
struct Tally {
    fields: BTreeMap<(&'static str, Tool), Counts>,
    causes: BTreeMap<(&'static str, &'static str, &'static str), usize>,
    unexplained: Vec<String>,
    read: usize,
    unknown: usize,
    refused: usize,
}

#[test]
fn every_field_of_every_file() {
    let Some(data) = data("conformance agreement") else { return };
    let media = data.join("media");
    let mut tally = Tally::default();
    for path in files(&media) {
        let relative = path.strip_prefix(&media).unwrap();
        let nothing = || ClipDoc::new("x", ClipUnit::File);
        let (doc, read) = match inspect_file(&path) {
            Ok(d) if d.problem.is_none() => (d, true),
            Ok(_) => {
                tally.unknown += 1;
                (nothing(), false)
            }
            Err(_) => {
                tally.refused += 1;
                (nothing(), false)
            }
        };
        tally.read += usize::from(read);
        for tool in TOOLS {
            add(&mut tally, &doc, read, tool, &data, relative);
        }
    }
    tally.print();
    let (agree, differ) = tally.fields.values().fold((0, 0), |(a, d), c| (a + c.agree, d + c.differ));
    assert!(agree > 3000, "{agree} values agree");
    assert!(tally.unexplained.is_empty(), "unexplained differences:\n{}", tally.unexplained.join("\n"));
    assert!(differ * 100 <= (agree + differ) * MOST_DIFFERENCES, "{differ} of {} values differ", agree + differ);
    let idle: Vec<_> = CAUSES.iter().map(|c| c.why).filter(|why| !tally.causes.keys().any(|k| k.2 == *why)).collect();
    println!("conformance agreement: {} causes of nothing here: {idle:?}", idle.len());
}

fn add(tally: &mut Tally, doc: &ClipDoc, read: bool, tool: Tool, data: &Path, relative: &Path) {
    for row in compare(doc, tool, &Reports::whole(data, relative, tool.name())) {
        let counts = tally.fields.entry((row.field, tool)).or_default();
        match row.verdict {
            Verdict::Agree => counts.agree += 1,
            Verdict::OnlyOurs => counts.only_ours += 1,
            Verdict::OnlyTheirs if read => counts.only_theirs += 1,
            Verdict::OnlyTheirs => counts.not_read += 1,
            Verdict::Differ => {
                counts.differ += 1;
                match row.cause {
                    Some(c) => *tally.causes.entry((row.field, tool.name(), c.why)).or_default() += 1,
                    None => {
                        let (a, b) = (row.ours.unwrap(), row.theirs.unwrap());
                        let (name, file) = (tool.name(), relative.display());
                        let text = format!("{} {name}: ours {a}, theirs {} ({}) in {file}", row.field, b.value, b.tag);
                        tally.unexplained.push(text);
                    }
                }
            }
        }
    }
}

impl Tally {
    fn print(&self) {
        println!(
            "conformance agreement: {} files read, {} of kinds that are not read, {} refused as damaged",
            self.read, self.unknown, self.refused
        );
        let head = ["field", "program", "agree", "differ", "only ours", "only theirs", "not read"];
        println!(
            "  {:29} {:10} {:>6} {:>6} {:>10} {:>12} {:>9}",
            head[0], head[1], head[2], head[3], head[4], head[5], head[6]
        );
        let mut all = Counts::default();
        let order = FIELDS.iter().flat_map(|f| TOOLS.iter().map(move |t| (*f, *t)));
        for (field, tool, c) in order.filter_map(|(f, t)| Some((f, t, self.fields.get(&(f, t))?))) {
            println!(
                "  {field:29} {:10} {:6} {:6} {:10} {:12} {:9}",
                tool.name(),
                c.agree,
                c.differ,
                c.only_ours,
                c.only_theirs,
                c.not_read
            );
            all.agree += c.agree;
            all.differ += c.differ;
            all.only_ours += c.only_ours;
            all.only_theirs += c.only_theirs;
            all.not_read += c.not_read;
        }
        println!(
            "  all: {} agree, {} differ ({:.2} %), {} only ours, {} only theirs, {} of files that are not read",
            all.agree,
            all.differ,
            100.0 * all.differ as f64 / (all.agree + all.differ).max(1) as f64,
            all.only_ours,
            all.only_theirs,
            all.not_read
        );
        for ((field, tool, why), n) in &self.causes {
            println!("  {n} × {field} {tool}: {why}");
        }
    }
}
