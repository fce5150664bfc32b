//! `rushes render`: picture deliverables of clips without the daemon, or one stateless unit of work from a job file.

use super::args::{Cli, ColorArgs, RenderArgs};
use super::color::{content, space, usage};
use super::files;
use super::inspect::group;
use super::out::{Ending, Out, Outcome, Stop, say, say_error};
use super::settings::{config_path, outside_watched};
use super::steps::{Bench, Wanted, input};
use crate::config::recipes_picture as pictures;
use crate::engine::deliver::{
    JobFile, MadeOutput, Naming, PlannedOutput, Recipe, StepKind, StepOutcome, StepResult, Treatment, Workspace,
    frame_numbers, plan,
};
use crate::engine::document::cube;
use crate::engine::sequence;
use crate::engine::video::Range;
use crate::exec::job_file;
use crate::job::job_id;
use crate::model::{ClipDoc, ClipId, Error, ErrorKind, Limits, escape_for_people, stable_id};
use crate::rules::closest;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

/// Runs the command; the worker process itself is [`crate::exec::worker`].
///
/// # Errors
/// `JOB-INVALID` for a file that is no job, a recipe or space that does not exist, or when stdout cannot be written.
pub fn run(cli: &Cli, args: &RenderArgs) -> Outcome {
    match &args.job {
        Some(file) => run_job(file),
        None => run_clips(cli, args),
    }
}

fn run_job(file: &Path) -> Outcome {
    let job = job_file::read(file)?;
    let bench = Bench::new()?;
    let result = bench.run(&job);
    if !job_file::write_result(&job, &result)? {
        Out::default().json(&result)?;
    }
    Ok(match (&result.outcome, bench.signal()) {
        (_, Some(n)) => Ending::Signal(n),
        (StepOutcome::Failed(e), None) => {
            say_error(e);
            Ending::Trouble
        }
        _ => Ending::Good,
    })
}

fn run_clips(cli: &Cli, args: &RenderArgs) -> Outcome {
    outside_watched(cli, &args.output)?;
    let mut recipe = find_recipe(cli, &args.recipe)?;
    if let Some(t) = recipe.treatment_mut() {
        apply(&args.color, args.fit, t)?;
    }
    if let Recipe::Proxy(p) = &recipe {
        pictures::movie_holds(&p.treatment.color)
            .map_err(|(text, fix)| usage(&Error::new(ErrorKind::Unsupported, "REQUEST-INVALID", text).fix(fix)))?;
    }
    let bench = Bench::new()?;
    sweep(&args.output);
    let walk = files::walk(&args.clips, files::Hidden::Skipped);
    let mut trouble = !walk.troubles.is_empty();
    walk.troubles.iter().for_each(say_error);
    let mut out = Out::default();
    let clips = group(walk.files, false);
    if clips.is_empty() && !trouble {
        return Err(Stop::from(Error::new(ErrorKind::Unsupported, "FILE-VANISHED", "there is no file at these paths")));
    }
    for clip in &clips {
        let made = one(&bench, clip, &recipe, args);
        if let Some(n) = bench.signal() {
            return Ok(Ending::Signal(n));
        }
        match made {
            Ok(result) if args.json.json => out.json_line(&result)?,
            Ok(result) => show(&mut out, &args.output, &result, args.stats)?,
            Err(e) => {
                say_error(&e);
                trouble = true;
            }
        }
    }
    out.flush()?;
    Ok(if trouble { Ending::Trouble } else { Ending::Good })
}

fn one(bench: &Bench, clip: &Wanted, recipe: &Recipe, args: &RenderArgs) -> Result<StepResult, Error> {
    let doc = bench.inspect(clip, Limits::default())?;
    if let Some(problem) = &doc.problem {
        return Err(problem.clone());
    }
    if let Some(asked) = args.frames {
        all_there(&doc, asked)?;
    }
    if let [first, rest @ ..] = doc.clip.gaps.as_slice() {
        let more = if rest.is_empty() { String::new() } else { format!(" and those of {} more gaps", rest.len()) };
        say(format!("{}: frames {first}{more} are missing", escape_for_people(&doc.clip.name)));
    }
    let stem = stem_of(clip);
    let outputs = plan(&doc, recipe, Naming::Beside { dir: Path::new(""), stem: &stem, recipe: &args.recipe })?;
    let job = job_of(clip, doc, recipe.clone(), outputs, &args.output, args.frames)?;
    let result = run_here(bench, &job);
    match result.outcome {
        StepOutcome::Failed(e) => Err(e),
        _ => Ok(result),
    }
}

/// Runs a job of the command line. The hidden folder for staging goes again if it came with this job and is empty.
pub(super) fn run_here(bench: &Bench, job: &JobFile) -> StepResult {
    let hidden = job.output.as_ref().map(|o| o.join(".rushes"));
    let was_there = hidden.as_ref().is_some_and(|h| h.symlink_metadata().is_ok());
    let result = bench.run(job);
    if let (Some(hidden), false) = (hidden, was_there) {
        // what is not empty, or another process is using, stays
        let _ = std::fs::remove_dir(hidden.join("staging")).and_then(|()| std::fs::remove_dir(&hidden));
    }
    result
}

/// Removes what renders into this folder left behind that were killed. Nothing is said of trouble: the work that follows
/// meets it too.
fn sweep(output: &Path) {
    if let Some(root) = std::path::absolute(output).ok().filter(|o| o.join(".rushes").is_dir()) {
        let _ = Workspace::open(&root).and_then(|w| w.sweep());
    }
}

/// Whether the clip has the first and the last frame that are asked for.
fn all_there(doc: &ClipDoc, (first, last): (i64, i64)) -> Result<(), Error> {
    let numbers = frame_numbers(doc)?;
    let (Some(a), Some(b)) = (numbers.first(), numbers.last()) else { return Ok(()) };
    if first >= *a && last <= *b {
        return Ok(());
    }
    let what = format!("frames {first} to {last} are asked for, {} has {a} to {b}", doc.clip.name);
    Err(Error::new(ErrorKind::Unsupported, "FRAMES-OUTSIDE", what).fix("ask for frames that are there"))
}

/// The clip's file name, as outputs are named after it.
pub(super) fn stem_of(clip: &Wanted) -> OsString {
    let names: Vec<&OsStr> = clip.files.iter().filter_map(|f| f.as_path().file_name()).collect();
    let groups = sequence::group(&names, &crate::engine::format::is_frame_extension);
    groups.first().map_or_else(|| OsString::from(&clip.name), |g| sequence::output_stem(g, &names))
}

/// A whole delivery of one clip, with all cores.
pub(super) fn job_of(
    clip: &Wanted,
    doc: ClipDoc,
    recipe: Recipe,
    outputs: Vec<PlannedOutput>,
    output: &Path,
    frames: Option<(i64, i64)>,
) -> Result<JobFile, Error> {
    let inputs = clip.files.iter().map(|f| input(None, f)).collect::<Result<Vec<_>, _>>()?;
    let contents: Vec<Vec<u8>> = inputs
        .iter()
        .flat_map(|i| [i.path.bytes().to_vec(), format!("{} {}", i.size, i.mtime_ns).into_bytes()])
        .collect();
    let id = job_id(
        &ClipId(stable_id(contents.iter().map(Vec::as_slice))),
        &recipe,
        &outputs,
        frames,
        &std::collections::BTreeMap::new(),
    );
    let mut job = JobFile::new(id.as_str(), StepKind::Deliver, clip.name.clone(), clip.unit);
    job.inputs = inputs;
    job.recipe = Some(recipe);
    job.outputs = outputs;
    job.frames = frames;
    let output = std::path::absolute(output).map_err(|e| Error::io("OUTPUT-FAILED", "find the output folder", &e))?;
    job.output = Some(output);
    job.clip = Some(Box::new(doc));
    job.limits = Limits::for_pictures();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    job.limits.threads = u32::try_from(cores.clamp(1, 1024)).unwrap_or(1);
    Ok(job)
}

/// A built-in recipe, or one that a rule of the configuration emits.
fn find_recipe(cli: &Cli, name: &str) -> Result<Recipe, Stop> {
    if let Some(r) = pictures::built_in(name) {
        return Ok(r);
    }
    let path = config_path(cli);
    let mut known: Vec<String> = ["plate", "still", "contact-sheet", "proxy"].map(str::to_owned).to_vec();
    if cli.config.is_some() || path.exists() {
        let config = crate::config::load(&path).map_err(|list| {
            super::check::say(&list);
            Stop::Said(Ending::Usage)
        })?;
        let emits = || config.config.folders.iter().flat_map(|f| &f.rules).flat_map(|r| &r.emit);
        if let Some(e) = emits().find(|e| e.name == name && e.recipe.is_picture()) {
            return Ok(e.recipe.clone());
        }
        known.extend(emits().filter(|e| e.recipe.is_picture()).map(|e| e.name.clone()));
    }
    let near = closest(name, known.iter().map(String::as_str));
    let fix = near.map_or_else(|| format!("known here: {}", known.join(", ")), |n| format!("did you mean `{n}`?"));
    let e = Error::new(ErrorKind::Unsupported, "REQUEST-INVALID", format!("there is no picture recipe `{name}`"));
    Err(usage(&e.fix(fix)))
}

/// Wrong words on the command line.
pub(super) fn wrong(text: impl Into<String>) -> Stop {
    usage(&Error::new(ErrorKind::Unsupported, "REQUEST-INVALID", text))
}

/// The bytes of a look that the command line names.
fn look(path: &Path) -> Result<Vec<u8>, Stop> {
    content(path, cube::MOST_BYTES).map_err(|e| usage(&e))
}

/// What the command line says of colour and size.
pub(super) fn apply(c: &ColorArgs, fit: Option<[u32; 2]>, t: &mut Treatment) -> Result<(), Stop> {
    if let Some(s) = &c.source {
        t.source = Some(space(s)?.name.to_owned());
        t.source_decides = true;
    }
    t.source_range = match c.source_range.as_deref() {
        Some("full") => Some(Range::Full),
        Some(_) => Some(Range::Video),
        None => t.source_range,
    };
    if let Some(s) = &c.color {
        t.color = if s == pictures::AS_SOURCE { s.clone() } else { space(s)?.name.to_owned() };
    }
    if let Some(p) = &c.cdl {
        let graded = pictures::grade(p, &look(p)?, c.cdl_id.as_deref(), space(&c.cdl_space)?.name);
        t.cdl = Some(graded.map_err(wrong)?);
    }
    if let Some(p) = &c.lut {
        let (input, output) = (space(c.lut_input.as_deref().unwrap_or_default())?, space(&c.lut_output)?);
        let absolute: PathBuf = std::path::absolute(p).unwrap_or_else(|_| p.clone());
        t.lut = Some(pictures::lut_file(&absolute, &look(p)?, input.name, output.name).map_err(wrong)?);
    }
    if fit.is_some() {
        t.within = fit;
    }
    Ok(())
}

fn show(out: &mut Out, folder: &Path, result: &StepResult, stats: bool) -> Result<(), Stop> {
    let StepOutcome::Made(made) = &result.outcome else { return Ok(()) };
    for m in made {
        let note = if m.kept { "  (was there already)" } else { "" };
        let files = m.files.map_or_else(String::new, |n| format!("  {n} files"));
        out.line(format!("{}{files}{note}", folder.join(m.path.as_path()).display()))?;
        warn(m);
    }
    if let Some(s) = result.stats.filter(|_| stats) {
        say(format!(
            "{} ms in all; at most {} frames at once in {} of {} MiB; of all threads together decoding {} ms, colour and \
             size {} ms, encoding and writing {} ms",
            result.millis,
            s.in_flight,
            s.bytes >> 20,
            s.budget >> 20,
            s.decode_ms,
            s.treat_ms,
            s.encode_ms
        ));
    }
    Ok(())
}

/// What a person should know of an output.
pub(super) fn warn(m: &MadeOutput) {
    let Some(a) = &m.account else { return };
    a.warnings.iter().for_each(|w| say(format!("{}: {} [{}]", m.path, w.message, w.code)));
    if let Some(c) = a.counts.filter(|c| c.nan > 0 || c.overflow > 0) {
        say(format!("{}: {} samples were no number, {} were beyond what the format holds", m.path, c.nan, c.overflow));
    }
}
