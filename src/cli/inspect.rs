//! `rushes inspect`: what is known of files, frame sequences and folders.

use super::args::InspectArgs;
use super::beside::Beside;
use super::describe::describe;
use super::files::{self, Found};
use super::out::{Ending, Out, Outcome, Stop, Style, say_error};
use super::steps::{Bench, Wanted};
use crate::engine::format::{FORMATS, is_frame_extension};
use crate::engine::sequence;
use crate::model::{ClipDoc, ClipUnit, Limits, MediaPath};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// Clips that are inspected before the first of them is shown.
const AHEAD: usize = 192;

/// Runs the command.
///
/// # Errors
/// When stdout cannot be written or no worker can be started; what is wrong with files is said and
/// ends in exit status 3.
pub fn run(args: &InspectArgs) -> Outcome {
    if args.frames && !args.json.json {
        return super::frames::run(args);
    }
    let bench = Bench::new()?;
    let mut out = Out::default();
    let beside = if args.compare { Some(Beside::new(bench.cancel())?) } else { None };
    let walk = files::walk(&args.paths, files::Hidden::Skipped);
    let mut trouble = !walk.troubles.is_empty();
    walk.troubles.iter().for_each(say_error);
    let clips = group(walk.files, args.frames);
    for some in clips.chunks(AHEAD) {
        let docs = bench.inspect_all(some, Limits::default());
        if let Some(n) = bench.signal() {
            return Ok(Ending::Signal(n));
        }
        for (wanted, doc) in some.iter().zip(docs) {
            match doc {
                Ok(mut doc) => {
                    if let Some(problem) = &doc.problem {
                        trouble = true;
                        say_error(&named(problem.clone(), wanted));
                    }
                    if !args.raw {
                        doc.raw.clear();
                    }
                    match &beside {
                        Some(b) => b.show(wanted, &doc, args.json.json, &mut out)?,
                        None if args.frames && has_rows(&doc) => {
                            trouble |= super::frames::lines(&bench, wanted, args, &mut out)?;
                        }
                        None if args.json.json => out.json_line(&doc)?,
                        None => out.line(describe(&doc, Style::stdout()))?,
                    }
                }
                Err(e) => {
                    trouble = true;
                    say_error(&named(e, wanted));
                    // what others make of a file that is refused
                    let there = wanted.files.first().is_some_and(|f| f.as_path().is_file());
                    if let Some(b) = beside.as_ref().filter(|_| there) {
                        b.show(wanted, &ClipDoc::new(&wanted.name, wanted.unit), args.json.json, &mut out)?;
                    }
                }
            }
        }
    }
    out.flush()?;
    if clips.is_empty() && !trouble {
        return Err(Stop::from(crate::model::Error::new(
            crate::model::ErrorKind::Unsupported,
            "FILE-VANISHED",
            "there is no file at or below these paths",
        )));
    }
    Ok(if trouble { Ending::Trouble } else { Ending::Good })
}

/// Whether the frames of a clip lie in one file.
fn has_rows(doc: &ClipDoc) -> bool {
    let frame = FORMATS.iter().any(|f| f.id() == doc.format.id && f.is_frame());
    !frame && doc.clip.frames.is_some()
}

/// The error with the path as the person wrote it.
pub(super) fn named(mut e: crate::model::Error, wanted: &Wanted) -> crate::model::Error {
    if wanted.files.len() == 1 {
        e.place.path = None;
    }
    match wanted.files.first() {
        Some(first) => e.at(first.as_path()),
        None => e,
    }
}

/// Groups files, folder by folder; with `frames`, each file stays by itself.
pub(super) fn group(found: Vec<Found>, frames: bool) -> Vec<Wanted> {
    let mut folders: BTreeMap<PathBuf, Vec<MediaPath>> = BTreeMap::new();
    for f in found {
        let dir = f.path.as_path().parent().unwrap_or(Path::new("")).to_owned();
        folders.entry(dir).or_default().push(f.path);
    }
    let mut clips = Vec::new();
    let mut listing = files::Listing::default();
    for (dir, mut paths) in folders {
        paths.sort_unstable();
        paths.dedup();
        let names: Vec<&OsStr> = paths.iter().filter_map(|p| p.as_path().file_name()).collect();
        if names.len() != paths.len() {
            continue;
        }
        for g in sequence::group(&names, &|ext| !frames && is_frame_extension(ext)) {
            let files: Vec<MediaPath> = g.members.iter().filter_map(|i| paths.get(*i).cloned()).collect();
            let (first_frame, gaps) = match (g.unit, g.run) {
                (ClipUnit::Sequence, Some(run)) => (Some(run.first), run.gaps),
                _ => (None, Vec::new()),
            };
            let beside = listing.beside(&dir, &g.name).into_iter().map(|n| MediaPath::from(dir.join(n)));
            let beside = beside.filter(|p| !files.contains(p)).collect();
            clips.push(Wanted { name: g.name, unit: g.unit, root: None, files, beside, first_frame, gaps });
        }
    }
    clips
}
