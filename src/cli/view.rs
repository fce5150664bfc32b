//! `rushes view`: any decodable frame as a picture to look at.

use super::args::{Cli, ViewArgs};
use super::files;
use super::inspect::group;
use super::out::{Ending, Out, Outcome, say, say_error};
use super::render::{apply, job_of, run_here, warn, wrong};
use super::settings::outside_watched;
use super::steps::{Bench, Wanted};
use crate::config::recipes_picture as pictures;
use crate::engine::deliver::{PlannedOutput, Recipe, StepOutcome, StillFormat, StillFrame};
use crate::engine::encode::png::PngDepth;
use crate::model::{ClipDoc, Error, ErrorKind, Limits};
use std::path::Path;

/// Runs the command.
///
/// # Errors
/// Wrong usage, or when stdout cannot be written.
pub fn run(cli: &Cli, args: &ViewArgs) -> Outcome {
    outside_watched(cli, &args.output)?;
    if args.output.symlink_metadata().is_ok() {
        let e = Error::new(ErrorKind::Io, "OUTPUT-EXISTS", "it is there already, and nothing is overwritten");
        say_error(&e.at(&args.output).fix("remove it, or name another file"));
        return Ok(Ending::Trouble);
    }
    let format = match args.output.extension().and_then(|e| e.to_str()).map(str::to_ascii_lowercase).as_deref() {
        Some("png") => StillFormat::Png { depth: PngDepth::Eight },
        Some("jpg" | "jpeg") => StillFormat::Jpeg { quality: 95 },
        _ => return Err(wrong("the output must end with .png or .jpg")),
    };
    let Some(Recipe::Still(mut still)) = pictures::built_in("still") else {
        return Err(wrong("there is no recipe for stills"));
    };
    still.format = format;
    still.frame = args.frame_number.map_or(StillFrame::First, StillFrame::Number);
    still.treatment.within = None;
    apply(&args.color, args.fit, &mut still.treatment)?;
    let bench = Bench::new()?;
    let walk = files::walk(&args.frame, files::Hidden::Skipped);
    walk.troubles.iter().for_each(say_error);
    let clips = group(walk.files, false);
    let [clip] = clips.as_slice() else {
        let what = format!("one clip is shown at a time, here are {}", clips.len());
        say_error(&Error::new(ErrorKind::Unsupported, "REQUEST-INVALID", what).fix("name one frame"));
        return Ok(Ending::Trouble);
    };
    let doc = bench.inspect(clip, Limits::default())?;
    let mut made = make(&bench, clip, doc.clone(), Recipe::Still(still.clone()), args);
    if let (Err(e), None) = (&made, &args.color.color)
        && e.code == "COLOR-UNKNOWN"
    {
        say(format!("{}: shown as stored", e.what));
        pictures::AS_SOURCE.clone_into(&mut still.treatment.color);
        still.treatment.within = None;
        still.treatment.square = false;
        made = make(&bench, clip, doc, Recipe::Still(still), args);
    }
    if let Some(n) = bench.signal() {
        return Ok(Ending::Signal(n));
    }
    match made {
        Ok(path) => {
            let mut out = Out::default();
            out.line(path)?;
            out.flush()?;
            Ok(Ending::Good)
        }
        Err(e) => {
            say_error(&e);
            Ok(Ending::Trouble)
        }
    }
}

fn make(bench: &Bench, clip: &Wanted, doc: ClipDoc, recipe: Recipe, args: &ViewArgs) -> Result<String, Error> {
    if let Some(problem) = &doc.problem {
        return Err(problem.clone());
    }
    let folder = args.output.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // whether it can be made at all is said before a worker is started
    let naming = crate::engine::deliver::Naming::Pattern(Path::new("view"));
    crate::engine::deliver::plan(&doc, &recipe, naming)?;
    let name = args.output.file_name().unwrap_or_default();
    let planned = PlannedOutput { path: Path::new(name).into(), part: "still".into(), supersede: false, pattern: None };
    let job = job_of(clip, doc, recipe, vec![planned], folder, None)?;
    match run_here(bench, &job).outcome {
        StepOutcome::Failed(e) => Err(e),
        StepOutcome::Made(made) => {
            made.iter().for_each(warn);
            let first = made.first().map(|m| folder.join(m.path.as_path()).display().to_string());
            Ok(first.unwrap_or_default())
        }
        _ => Err(Error::new(ErrorKind::Io, "INTERNAL", "a still was not made")),
    }
}
