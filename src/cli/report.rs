//! `rushes report`: the camera report of a roll.

use super::args::{Cli, ReportArgs};
use super::color::space;
use super::documents::{Clips, hand_over, is_free, name_of};
use super::out::{Ending, Outcome, Stop, step_bar};
use super::settings::outside_watched;
use super::steps::Bench;
use super::thumbnail::Thumbnails;
use crate::engine::sidecar::{Roll, Row, report};
use crate::model::{Error, MediaPath};
use serde_json::json;
use std::path::Path;

/// Runs the command.
///
/// # Errors
/// Wrong usage, `FILE-VANISHED` when there is nothing, or when the page cannot be written.
pub fn run(cli: &Cli, args: &ReportArgs) -> Outcome {
    if let Some(output) = &args.output {
        outside_watched(cli, output)?;
        is_free(output)?;
    }
    let source = args.source.as_deref().map(space).transpose()?.map(|s| s.name);
    if let Err(e) = std::fs::metadata(&args.path) {
        let code = if e.kind() == std::io::ErrorKind::NotFound { "FILE-VANISHED" } else { "FILE-UNREADABLE" };
        return Err(Error::io(code, "look at it", &e).at(&args.path).into());
    }
    let bench = Bench::new()?;
    let mut found = Clips::read(&bench, std::slice::from_ref(&args.path))?;
    // a page that is sent on tells nothing of where the roll lies
    for (path, _) in &mut found.others {
        *path = below(&args.path, path);
    }
    for e in &mut found.refused {
        e.place.path = e.place.path.as_ref().map(|p| below(&args.path, p));
    }
    let pictures = if args.no_pictures { None } else { Some(Thumbnails::new(&bench, source)?) };
    let bar = step_bar();
    bar.set_length(u64::try_from(found.clips.len()).unwrap_or(0));
    let mut rows = Vec::new();
    for (wanted, doc) in &found.clips {
        let picture = match &pictures {
            None => Err("left out".into()),
            Some(_) if doc.image.width.is_none() => Err("no picture".into()),
            Some(p) => p.of(wanted, doc).map_err(|e| e.what),
        };
        if let Some(n) = bench.signal() {
            return Err(Stop::Said(Ending::Signal(n)));
        }
        bar.inc(1);
        rows.push(Row { doc, picture });
    }
    bar.finish_and_clear();
    let shown = rows.iter().filter(|r| r.picture.is_ok()).count();
    let name = args.roll.clone().unwrap_or_else(|| name_of(&args.path));
    let date = args.date.as_deref();
    let page = report(&Roll { name: &name, date, rows, others: &found.others, refused: &found.refused });
    let about = |path: &Path| {
        json!({
            "schema": "rushes.report/1", "path": MediaPath::from(path), "roll": name, "clips": found.clips.len(),
            "pictures": shown, "other_files": found.others.len(), "refused": found.refused.len(),
        })
    };
    let ending = hand_over(&page, args.output.as_deref(), about, args.json)?;
    let problems = found.clips.iter().any(|(_, d)| d.problem.is_some());
    Ok(if problems || !found.refused.is_empty() { Ending::Trouble } else { ending })
}

/// The path as seen from the roll.
fn below(roll: &Path, path: &MediaPath) -> MediaPath {
    match path.as_path().strip_prefix(roll) {
        Ok(rest) if !rest.as_os_str().is_empty() => rest.into(),
        _ => Path::new(path.as_path().file_name().unwrap_or_default()).into(),
    }
}
