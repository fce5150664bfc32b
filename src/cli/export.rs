//! `rushes export`: clips as documents for other programs.

use super::args::{Cli, ExportArgs, ExportAs};
use super::documents::{Clips, hand_over, is_free};
use super::out::{Ending, Outcome, Stop, say_error};
use super::settings::outside_watched;
use super::steps::Bench;
use crate::engine::sidecar;
use crate::model::{ClipDoc, Error, ErrorKind, MediaPath};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;

/// Runs the command.
///
/// # Errors
/// Wrong usage, `ALE-RATES`, or when the document cannot be written.
pub fn run(cli: &Cli, args: &ExportArgs) -> Outcome {
    if let Some(output) = &args.output {
        outside_watched(cli, output)?;
        is_free(output)?;
    }
    let bench = Bench::new()?;
    let found = Clips::read(&bench, &args.paths)?;
    found.say_others();
    let problems = found.clips.iter().any(|(_, d)| d.problem.is_some());
    let mut trouble = problems || !found.refused.is_empty();
    let mut docs: Vec<ClipDoc> = Vec::new();
    for (_, mut doc) in found.clips {
        if args.kind == ExportAs::Otio {
            absolute(&mut doc);
        }
        match possible(args.kind, &doc) {
            Ok(()) => docs.push(doc),
            Err(e) => {
                trouble = true;
                say_error(&e);
            }
        }
    }
    if docs.is_empty() {
        return Err(Stop::Said(Ending::Trouble));
    }
    let bytes = document(args, &docs)?;
    let about = |path: &Path| {
        let names: Vec<&str> = docs.iter().map(|d| d.clip.name.as_str()).collect();
        json!({"schema": "rushes.export/1", "path": MediaPath::from(path), "as": args.kind.as_str(), "clips": names})
    };
    let ending = hand_over(&bytes, args.output.as_deref(), about, args.json)?;
    Ok(if trouble { Ending::Trouble } else { ending })
}

/// The files by whole paths: a timeline is read from anywhere.
fn absolute(doc: &mut ClipDoc) {
    for file in &mut doc.clip.files {
        if let Ok(path) = std::path::absolute(file.path.as_path()) {
            file.path = path.into();
        }
    }
}

/// Whether this clip can be in the document.
fn possible(kind: ExportAs, doc: &ClipDoc) -> Result<(), Error> {
    let made = match kind {
        ExportAs::Csv => Ok(Vec::new()),
        ExportAs::Ale => sidecar::ale(doc),
        ExportAs::Otio => sidecar::otio(doc),
        ExportAs::Opentrackio => sidecar::opentrackio(doc),
    };
    let first = doc.clip.files.first().map(|f| f.path.as_path()).unwrap_or(Path::new(""));
    made.map(drop).map_err(|e| Error { fix: None, ..e.at(first) })
}

fn document(args: &ExportArgs, docs: &[ClipDoc]) -> Result<Vec<u8>, Error> {
    let all: Vec<&ClipDoc> = docs.iter().collect();
    match (args.kind, docs) {
        (ExportAs::Csv, _) => Ok(sidecar::csv(&all, &BTreeMap::new())),
        (ExportAs::Ale, _) => sidecar::ale_table(&all),
        (ExportAs::Otio, [one]) => sidecar::otio(one),
        (ExportAs::Otio, _) => sidecar::otio_collection(&title(args), &all),
        (ExportAs::Opentrackio, [one]) => sidecar::opentrackio(one),
        (ExportAs::Opentrackio, _) => {
            let mut lines = Vec::new();
            for doc in docs {
                lines.extend(one_line(&sidecar::opentrackio(doc)?)?);
            }
            Ok(lines)
        }
    }
}

/// The name of a collection: that of the folder, if one is given.
fn title(args: &ExportArgs) -> String {
    match args.paths.as_slice() {
        [one] => super::documents::name_of(one),
        _ => String::new(),
    }
}

fn one_line(document: &[u8]) -> Result<Vec<u8>, Error> {
    let failed = |e: serde_json::Error| Error::new(ErrorKind::Malformed, "INTERNAL", e.to_string());
    let value: Value = serde_json::from_slice(document).map_err(failed)?;
    let mut line = serde_json::to_vec(&value).map_err(failed)?;
    line.push(b'\n');
    Ok(line)
}
