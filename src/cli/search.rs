//! `rushes search`: clips by their metadata and where they lie.

use super::args::Cli;
use super::ask::{answer, unexpected};
use super::out::{Ending, Out, Outcome, Stop, count, say, table};
use super::search_args::SearchArgs;
use crate::control::{HIT_SCHEMA, Hit, HitPlace, HitsPage, Request, Response, SearchRequest};
use crate::model::escape_for_people;
use crate::query::{self, Field, Flaw, Kind, Order, Query};
use serde_json::{Map, Value, json};
use std::io::IsTerminal;

/// Hits on a terminal, unless `--limit` says otherwise.
const ON_A_SCREEN: u64 = 50;
/// What is shown of a clip.
const SHOWN: [&str; 8] =
    ["path", "clip.name", "reel", "timecode.start", "clip.frames", "fps.project", "camera.model", "folder"];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Table,
    Lines,
    Csv,
    Json,
}

/// Runs the command.
///
/// # Errors
/// When the daemon cannot be asked. A query that cannot be read is said with its place; exit status 2.
pub fn run(cli: &Cli, args: &SearchArgs) -> Outcome {
    if args.field_names {
        return list_fields();
    }
    let form = match (args.ask.json.json, args.csv, std::io::stdout().is_terminal()) {
        (true, ..) => Form::Json,
        (_, true, _) => Form::Csv,
        (_, _, true) => Form::Table,
        _ => Form::Lines,
    };
    let text = args.query.join(" ");
    text.parse::<Query>().map_err(|f| wrong("the query", &f, &text))?;
    args.sort.parse::<Order>().map_err(|f| wrong("--sort", &f, &args.sort))?;
    let columns = columns(&args.fields)?;
    let whole = form == Form::Json && args.fields.is_empty();
    let request = SearchRequest {
        query: text,
        sort: args.sort.clone(),
        limit: args.limit.or((form == Form::Table).then_some(ON_A_SCREEN)),
        all: args.all,
        fields: if whole { Vec::new() } else { columns.iter().map(|f| f.name().to_owned()).collect() },
    };
    let mut out = Out::default();
    let mut rows: Vec<Vec<String>> = Vec::new();
    if form == Form::Csv {
        out_csv(&mut out, columns.iter().map(|f| f.name().to_owned()))?;
    }
    let fields = request.fields.clone();
    let mut page = ask(cli, args, &Request::Search(request))?;
    let mut shown = 0_u64;
    loop {
        for hit in &page.hits {
            let cells = || columns.iter().map(|f| cell(hit, *f));
            match form {
                Form::Json => out.line(to_line(hit))?,
                Form::Csv => out_csv(&mut out, cells())?,
                Form::Lines => out.line(cells().map(|c| escape_for_people(&c)).collect::<Vec<_>>().join("\t"))?,
                Form::Table => rows.push(cells().collect()),
            }
        }
        shown = shown.saturating_add(page.hits.len() as u64);
        let Some(next) = page.next else { break };
        page = ask(cli, args, &Request::SearchMore { next, fields: fields.clone() })?;
    }
    if form == Form::Table && !rows.is_empty() {
        out.line(as_table(&columns, rows))?;
    }
    out.flush()?;
    tell(&page, shown, form);
    Ok(Ending::Good)
}

fn ask(cli: &Cli, args: &SearchArgs, request: &Request) -> Result<HitsPage, Stop> {
    match answer(cli, &args.ask, request)? {
        Response::Hits(page) => Ok(page),
        _ => Err(unexpected()),
    }
}

/// How many there are, on stderr: stdout is for hits.
fn tell(page: &HitsPage, shown: u64, form: Form) {
    let left = page.total.saturating_sub(shown);
    if page.total == 0 {
        say(format_args!("nothing found in {}", count(page.known, "clip", "clips")));
    } else if left > 0 {
        let found = count(page.total, "clip", "clips");
        say(format_args!("{found} found, {shown} shown; --limit shows more"));
    } else if form == Form::Table {
        say(format_args!("{} found", count(page.total, "clip", "clips")));
    }
}

fn wrong(what: &str, f: &Flaw, text: &str) -> Stop {
    say(format_args!("{what} cannot be read, column {}: {}", f.column(text), f.render(text)));
    Stop::Said(Ending::Usage)
}

fn columns(names: &[String]) -> Result<Vec<Field>, Stop> {
    let names: Vec<&str> = match names {
        [] => SHOWN.to_vec(),
        some => some.iter().map(|n| n.trim()).collect(),
    };
    let one = |n: &str| match query::find_field(n, false) {
        Ok(f) if f.kind() == Kind::Span => query::find_field("timecode.start", false),
        other => other,
    };
    names.iter().map(|n| one(n).map_err(|f| wrong("--fields", &f, n))).collect()
}

/// A path as people read it.
fn path(p: &HitPlace) -> String {
    p.path.to_text()
}

/// A field of a hit as text; empty when it is absent.
fn cell(hit: &Hit, f: Field) -> String {
    let folders = || hit.places.iter().filter_map(|p| p.folder.clone());
    match f.name() {
        "path" => hit.places.first().map(path).unwrap_or_default(),
        "folder" => folders().next().unwrap_or_default(),
        "show" => hit.show.clone(),
        "present" => (if hit.present { "yes" } else { "no" }).to_owned(),
        _ => {
            let mut found = Vec::new();
            gather(&Value::Object(hit.doc.clone()), f.schema_name(), &mut found);
            found.join("; ")
        }
    }
}

fn gather(at: &Value, name: &str, found: &mut Vec<String>) {
    let (head, rest) = name.split_once('.').map_or((name, None), |(h, r)| (h, Some(r)));
    let Some(next) = at.get(head.trim_end_matches("[]")) else { return };
    match (rest, next) {
        (Some(rest), Value::Array(items)) => items.iter().for_each(|i| gather(i, rest, found)),
        (Some(rest), v) => gather(v, rest, found),
        (None, Value::String(s)) => found.push(s.clone()),
        (None, Value::Bool(b)) => found.push((if *b { "yes" } else { "no" }).to_owned()),
        (None, v) => found.push(v.to_string()),
    }
}

/// A hit as a JSON object: where it lies, then its document.
fn to_line(hit: &Hit) -> String {
    let mut out = Map::new();
    out.insert("schema".into(), HIT_SCHEMA.into());
    out.insert("path".into(), json!(hit.places.first().map(path)));
    out.insert("folder".into(), json!(hit.places.first().and_then(|p| p.folder.clone())));
    out.insert("show".into(), json!(hit.show));
    out.insert("present".into(), json!(hit.present));
    out.insert("id".into(), json!(hit.id));
    out.insert("places".into(), json!(hit.places));
    for (k, v) in hit.doc.iter().filter(|(k, _)| *k != "schema") {
        out.entry(k.clone()).or_insert_with(|| v.clone());
    }
    Value::Object(out).to_string()
}

fn as_table(columns: &[Field], rows: Vec<Vec<String>>) -> String {
    // columns in which nothing is known say nothing
    let used: Vec<bool> =
        (0..columns.len()).map(|n| rows.iter().any(|r| r.get(n).is_some_and(|c| !c.is_empty()))).collect();
    let keep = |n: usize| used.get(n) == Some(&true);
    let heads: Vec<&str> = columns.iter().enumerate().filter(|(n, _)| keep(*n)).map(|(_, f)| f.name()).collect();
    let rows: Vec<Vec<String>> = rows
        .into_iter()
        .map(|r| r.into_iter().enumerate().filter(|(n, _)| keep(*n)).map(|(_, c)| c).collect())
        .collect();
    table(&heads, &rows)
}

/// A record as RFC 4180 has it; characters that steer a terminal are escaped first.
fn csv(cells: impl Iterator<Item = String>) -> String {
    let quoted = |c: String| {
        let c = escape_for_people(&c);
        if c.contains(['"', ',', ';', ' ']) { format!("\"{}\"", c.replace('"', "\"\"")) } else { c }
    };
    cells.map(quoted).collect::<Vec<_>>().join(",")
}

fn out_csv(out: &mut Out, cells: impl Iterator<Item = String>) -> Result<(), Stop> {
    out.line(format_args!("{}\r", csv(cells)))
}

fn list_fields() -> Outcome {
    let mut out = Out::default();
    let rows: Vec<Vec<String>> = query::fields()
        .filter(|f| f.kind() != Kind::Group)
        .map(|f| vec![f.name().to_owned(), f.kind().as_str().to_owned(), query::short_names(f).join(", ")])
        .collect();
    out.line(table(&["field", "what it is", "short names"], &rows))?;
    out.flush()?;
    Ok(Ending::Good)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_quoted_and_harmless() {
        let cells = ["a", "b,c", "say \"x\"", "l\nm", ""].map(str::to_owned);
        assert_eq!(csv(cells.into_iter()), "a,\"b,c\",\"say \"\"x\"\"\",l\\u{a}m,");
    }

    #[test]
    fn fields_of_hits_are_shown_and_absent_ones_are_empty() {
        let doc = json!({"schema": "x", "reel": "A001", "slate": {"circled": true}, "clip": {"frames": 5},
            "audio": {"tracks": [{"name": "Boom"}, {"name": "Mix"}]}});
        let Value::Object(doc) = doc else { panic!() };
        let places = vec![HitPlace { folder: Some("ocf".into()), path: std::path::Path::new("/a/b.mov").into() }];
        let hit = Hit { id: "1".into(), show: "s".into(), present: true, places, doc };
        let names = ["path", "folder", "show", "present", "reel", "circled", "frames", "audio.tracks.name", "iso"];
        let cells: Vec<String> =
            columns(&names.map(str::to_owned)).unwrap().into_iter().map(|f| cell(&hit, f)).collect();
        assert_eq!(cells, ["/a/b.mov", "ocf", "s", "yes", "A001", "yes", "5", "Boom; Mix", ""]);
        let line: Value = serde_json::from_str(&to_line(&hit)).unwrap();
        assert_eq!(
            (&line["schema"], &line["path"], &line["slate"]["circled"]),
            (&json!(HIT_SCHEMA), &json!("/a/b.mov"), &json!(true))
        );
    }
}
