//! Movies: segments that the ranges write, joined at the end.

use super::part::geometry;
use super::source::{Programs, is_movie};
use super::store::{Store, stamp};
use super::turns::Turns;
use crate::engine::deliver::{JobFile, OpenInput, ProxyRecipe, Recipe, StagedFile, frame_numbers, frames_within};
use crate::engine::format::{Input, inspect};
use crate::engine::video::{
    Assembly, Joining, Matrix, Primaries, Sound, Transfer, VideoSpec, VideoTags, VideoWriter, demuxer_of, version,
};
use crate::model::{ClipDoc, ClipUnit, Error, ErrorKind, MediaPath, Rational, Timecode};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::File;
use std::os::fd::BorrowedFd;
use std::path::Path;

/// The name of a movie in its folder before it gets its own.
const MADE: &str = "movie";

/// The segment writers of a range, by the number of their output.
pub(super) type Writers = BTreeMap<usize, Writing>;

/// A segment that is written.
#[derive(Debug)]
pub(super) struct Writing {
    /// What it is to be.
    pub spec: VideoSpec,
    /// The version of ffmpeg.
    pub version: String,
    /// Its writer.
    pub turns: Turns<VideoWriter>,
}

/// A movie that is being put together.
#[derive(Debug)]
pub(super) struct Join {
    output: usize,
    /// Its name in the folder that is the output.
    name: Option<String>,
    frames: u64,
    rate: Rational,
    start: Option<Timecode>,
    joining: Joining,
}

/// The name of a range's segment. Names of one output in their order are its segments in theirs.
fn segment(output: usize, first: i64) -> String {
    // frame numbers may be negative
    let key = first.cast_unsigned() ^ (1 << 63);
    format!("parts/{output}.{key:020}.mov")
}

/// Where the movie is put together: names that programs are told hold nothing of the clip's own.
fn staged_name(output: usize, in_folder: bool) -> String {
    if in_folder { format!("{output}/{MADE}") } else { output.to_string() }
}

/// Frames in a second of the movie.
pub(super) fn rate_of(p: &ProxyRecipe, doc: &ClipDoc) -> Result<Rational, Error> {
    p.rate_for(doc).ok_or_else(|| {
        Error::new(ErrorKind::Unsupported, "FIELD-ABSENT", "the clip does not say its frame rate (`fps.project`)")
    })
}

/// The proxies of the job: the number of the output, the recipe, what its pictures are to be.
fn specs<'a>(job: &'a JobFile, doc: &ClipDoc) -> Result<Vec<(usize, &'a ProxyRecipe, VideoSpec)>, Error> {
    let spec = |(output, recipe, p): (usize, &'a Recipe, &'a ProxyRecipe)| {
        let (finished, space) = geometry(recipe, doc)?;
        let spec = VideoSpec {
            codec: p.codec,
            width: finished.width,
            height: finished.height,
            rate: rate_of(p, doc)?,
            pixel_aspect: finished.pixel_aspect,
            tags: tags_of(space.map_or("", |s| s.name)),
        };
        Ok((output, p, spec))
    };
    proxies(job).map(spec).collect()
}

/// How the pictures of a space are tagged; a space that has no tags of its own is not given another's.
fn tags_of(space: &str) -> VideoTags {
    let (primaries, transfer) = match space {
        // displays show BT.709 pictures by BT.1886
        "Camera Rec.709" | "Gamma 2.4 Encoded Rec.709" => (Some(Primaries::Bt709), Some(Transfer::Bt709)),
        "Gamma 2.2 Encoded Rec.709" => (Some(Primaries::Bt709), Some(Transfer::Gamma22)),
        "sRGB Encoded Rec.709 (sRGB)" => (Some(Primaries::Bt709), Some(Transfer::Srgb)),
        "sRGB Encoded P3-D65" => (Some(Primaries::P3D65), Some(Transfer::Srgb)),
        _ => (None, None),
    };
    VideoTags { primaries, transfer, matrix: Matrix::Bt709 }
}

/// Starts the writers of a range's segments. `doc` has the tags of the pictures.
///
/// # Errors
/// `TOOL-MISSING`, and what [`VideoWriter::create`] says.
pub(super) fn start(job: &JobFile, doc: &ClipDoc, staging: BorrowedFd<'_>) -> Result<Writers, Error> {
    let mut writers = Writers::new();
    let Some((first, _)) = job.frames else { return Ok(writers) };
    let planned = specs(job, doc)?;
    if planned.is_empty() {
        return Ok(writers);
    }
    let programs = Programs::of(job)?;
    let (folder, tools) = (folder(staging)?, programs.tools(&job.limits));
    let said = version(&tools)?;
    for (output, p, spec) in planned {
        if has_sound(p, doc) {
            // said before the pictures are made, not after
            in_step(doc).map_err(|e| match job.inputs.first() {
                Some(i) => e.at(i.path.as_path()),
                None => e,
            })?;
        }
        let writer = VideoWriter::create(&folder, &segment(output, first), &spec, &tools)?;
        writers.insert(output, Writing { spec, version: said.clone(), turns: Turns::new(writer) });
    }
    Ok(writers)
}

/// Starts to join what the ranges of the job left in staging.
///
/// # Errors
/// `TOOL-MISSING`, `OUTPUT-FAILED`, and what [`Assembly::start`] says.
pub(super) fn join(job: &JobFile, inputs: &[OpenInput<'_>], staging: BorrowedFd<'_>) -> Result<Vec<Join>, Error> {
    let mut joins = Vec::new();
    if proxies(job).next().is_none() {
        return Ok(joins);
    }
    let doc = &super::source::tagged(job, inputs)?.0;
    let programs = Programs::of(job)?;
    let (folder, tools) = (folder(staging)?, programs.tools(&job.limits));
    let (all, wanted) = (frame_numbers(doc)?, frames_within(doc, job.frames)?);
    for (output, p, spec) in specs(job, doc)? {
        let first = wanted.first().copied().unwrap_or(0);
        let frames = u64::try_from(wanted.len()).unwrap_or(u64::MAX);
        let start = start_of(doc, first, spec.rate);
        let skipped = u64::try_from(all.iter().take_while(|n| **n < first).count()).unwrap_or(0);
        let trim = (wanted.len() < all.len()).then_some((skipped, frames));
        let sound = match (inputs.first(), demuxer_of(&doc.format.id)) {
            (Some(i), Some(demuxer)) if has_sound(p, doc) => Some(Sound { file: i.given().file, demuxer, trim }),
            _ => None,
        };
        let segments = segments(staging, output)?;
        let name = job.all_outputs().nth(output).and_then(|o| o.file_name(1, 0));
        let (reel, out) = (doc.reel.as_deref(), staged_name(output, name.is_some()));
        let assembly =
            Assembly { folder: &folder, segments: &segments, out: &out, frames, spec: &spec, start, reel, sound };
        let joining = assembly.start(&tools)?;
        joins.push(Join { output, name, frames, rate: spec.rate, start, joining });
    }
    Ok(joins)
}

/// Whether the sound of the clip goes into the movie. Of some compressed sound the channels are not known before it is
/// decoded.
pub(super) fn has_sound(p: &ProxyRecipe, doc: &ClipDoc) -> bool {
    let said = doc.audio.channels.is_some() || doc.audio.rate.is_some();
    p.audio && is_movie(doc) && doc.clip.unit == ClipUnit::File && said
}

/// Whether sound and stored pictures run together: an edit list may say otherwise.
fn in_step(doc: &ClipDoc) -> Result<(), Error> {
    match doc.warnings.iter().find(|w| matches!(w.code.as_str(), "MOV-EDIT" | "MXF-EDIT")) {
        None => Ok(()),
        Some(w) => {
            let what = format!("{}; its sound is not put beside the stored pictures", w.message);
            Err(Error::unsupported(what)
                .fix("make a proxy without sound (a recipe with `audio = false`), or flatten the movie first"))
        }
    }
}

/// The label of the movie's first frame, counted at the movie's rate; `None` when the clip has none, or counts in a way
/// that whole frames of the movie do not meet.
pub(super) fn start_of(doc: &ClipDoc, first: i64, rate: Rational) -> Option<Timecode> {
    let label = stamp(doc, first, first).timecode?;
    let (counted, wanted) = (label.rate().nominal(), rate.nominal());
    if counted == wanted {
        return Timecode::from_frames(label.frames().into(), rate, label.is_drop());
    }
    let times = wanted.checked_div(counted).filter(|t| counted.checked_mul(*t) == Some(wanted))?;
    // twice the frames, as in 50 frames a second counted as 25
    Timecode::from_frames(i64::from(label.frames()).checked_mul(times.into())?, rate, false)
        .filter(|_| !label.is_drop())
}

fn proxies(job: &JobFile) -> impl Iterator<Item = (usize, &Recipe, &ProxyRecipe)> {
    job.parts().into_iter().flat_map(|p| {
        let recipe = if let Recipe::Proxy(r) = p.recipe { Some((p.recipe, r)) } else { None };
        recipe.into_iter().flat_map(move |(whole, r)| (0..p.outputs.len()).map(move |n| (p.first + n, whole, r)))
    })
}

fn folder(staging: BorrowedFd<'_>) -> Result<File, Error> {
    staging.try_clone_to_owned().map(File::from).map_err(|e| Error::io("OUTPUT-FAILED", "open the staging folder", &e))
}

/// The segments of an output that lie in staging, in order.
fn segments(staging: BorrowedFd<'_>, output: usize) -> Result<Vec<String>, Error> {
    let doing = "read what the ranges left";
    let failed = |e| super::super::place::failed(doing, e);
    let parts = super::super::place::open_dir(staging, OsStr::new("parts")).map_err(failed)?;
    let names = super::super::publish_folder::names_in(&parts).map_err(failed)?;
    let begin = format!("{output}.");
    let own = names.iter().filter_map(|n| n.to_str()).filter(|n| n.starts_with(&begin) && n.ends_with(".mov"));
    let mut list: Vec<String> = own.map(|n| format!("parts/{n}")).collect();
    list.sort();
    if list.is_empty() {
        return Err(Error::new(ErrorKind::Io, "OUTPUT-FAILED", "staging does not hold what the ranges left there"));
    }
    Ok(list)
}

impl Join {
    /// Waits for the whole movie and looks at it with the reader of movies: it must have every frame, its rate and its
    /// timecode.
    ///
    /// # Errors
    /// What [`Joining::finish`] says; `OUTPUT-FAILED` when it is not the movie that was asked for.
    pub(super) fn finish(self, job: &JobFile, store: &Store<'_>) -> Result<StagedFile, Error> {
        self.joining.finish()?;
        let made = staged_name(self.output, self.name.is_some());
        let (file, staged) = store.adopt(self.output, &made, self.name)?;
        let path = MediaPath::from(Path::new("movie.mov"));
        let input = Input { path: &path, file: &file, size: staged.size };
        let made = inspect("movie", ClipUnit::File, &[input], &job.limits)?;
        // one picture alone has no rate that could be told from its duration
        let rate = if self.frames > 1 { made.fps.project } else { Some(self.rate) };
        let found = (made.clip.frames, rate, made.timecode.as_ref().map(|t| t.start.clone()));
        let wanted = (Some(self.frames), Some(self.rate), self.start.map(|t| t.to_string()));
        if found == wanted {
            return Ok(staged);
        }
        let what = format!("the movie was made with {found:?} (frames, rate, timecode), it should have {wanted:?}");
        Err(Error::new(ErrorKind::Io, "OUTPUT-FAILED", what))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::TimecodeInfo;

    fn r(n: u32, d: u32) -> Rational {
        Rational::new(n, d).unwrap()
    }

    #[test]
    fn segments_sort_as_their_frames_do() {
        let frames = [i64::MIN, -2000, -1, 0, 7, 96, 1001, 86_400, 9_999_999, i64::MAX];
        let names: Vec<String> = frames.iter().map(|n| segment(3, *n)).collect();
        let mut sorted = names.clone();
        sorted.sort();
        assert_eq!(names, sorted);
    }

    #[test]
    fn the_label_of_the_first_frame() {
        let mut doc = ClipDoc::new("x", ClipUnit::File);
        assert_eq!(start_of(&doc, 0, r(24, 1)), None);
        let mut say = |start: &str, counted: Rational, drop, fps: Rational, first| {
            doc.timecode = Some(TimecodeInfo { start: start.into(), end: None, rate: counted, drop });
            doc.fps.project = Some(fps);
            start_of(&doc, first, fps).map(|t| t.to_string())
        };
        let text = |s: &str| Some(s.to_owned());
        assert_eq!(say("01:00:00:00", r(24, 1), false, r(24, 1), 25), text("01:00:01:01"));
        assert_eq!(say("01:00:59;28", r(30000, 1001), true, r(30000, 1001), 2), text("01:01:00;02"));
        assert_eq!(say("01:00:00:12", r(25, 1), false, r(50, 1), 0), text("01:00:00:24"));
        assert_eq!(say("01:00:00:12", r(25, 1), false, r(30, 1), 0), None);
    }
}
