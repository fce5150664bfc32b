//! Where the pictures of a pass come from: files of one frame each, or a movie that is read from its first frame on.

use crate::engine::deliver::{JobFile, OpenInput};
use crate::engine::format::{Format, HEAD_BYTES, Input, probe};
use crate::engine::image::Decoded;
use crate::engine::process::find;
use crate::engine::video::{
    ClipColor, H264_THREADS, Matrix, Range, Span, Tools, VideoFacts, VideoReader, demuxer_of, probe as probe_movie,
};
use crate::model::{ClipDoc, ClipUnit, Error, ErrorKind, Limits, Origin, Warning};
use std::path::{Path, PathBuf};

/// Threads of a decoder, at most: more than these wait for each other.
const MOST_THREADS: u16 = 16;
/// Address space that a thread of a decoder or encoder takes beside: pictures in work and the allocator's reserve.
const THREAD_MEMORY: u64 = 256 << 20;
/// Survives that the program is replaced while it runs.
const OWN_PROGRAM: &str = "/proc/self/exe";

/// Where pictures come from.
pub(super) enum Source {
    /// Each file is one frame.
    Files(&'static dyn Format),
    /// One file holds them all; the decoder is at work already.
    Movie(Box<VideoReader>),
}

/// The decoder of a movie at work.
#[derive(Debug)]
pub(super) struct Movie {
    reader: Box<VideoReader>,
    /// Where container and coded pictures contradict each other.
    pub(super) doubts: Vec<Warning>,
}

/// The programs of movies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Programs {
    ffmpeg: PathBuf,
    ffprobe: PathBuf,
}

impl Programs {
    /// Those of the job.
    ///
    /// # Errors
    /// `TOOL-MISSING`.
    pub(super) fn of(job: &JobFile) -> Result<Self, Error> {
        let missing = |what: String| {
            Error::new(ErrorKind::Unsupported, "TOOL-MISSING", what).fix(
                "install ffmpeg 5.1 or later (Debian: apt install ffmpeg), or name it as `ffmpeg` in [engine.pictures]",
            )
        };
        let named = |path: PathBuf| {
            let found = path.to_str().and_then(find);
            found.ok_or_else(|| missing(format!("{} cannot be started; movies need it", path.display())))
        };
        let usual = |name: &str| find(name).ok_or_else(|| missing(format!("{name} is not installed; movies need it")));
        match &job.ffmpeg {
            Some(path) => Ok(Self { ffmpeg: named(path.clone())?, ffprobe: named(path.with_file_name("ffprobe"))? }),
            None => Ok(Self { ffmpeg: usual("ffmpeg")?, ffprobe: usual("ffprobe")? }),
        }
    }

    /// What they may use. Their processor time is that of all their threads, and each thread has pictures of its own.
    pub(super) fn tools(&self, limits: &Limits) -> Tools<'_> {
        let threads = u16::try_from(limits.threads).unwrap_or(u16::MAX).clamp(1, MOST_THREADS);
        let beside = u64::from(threads.max(H264_THREADS)).saturating_mul(THREAD_MEMORY);
        let limits = Limits {
            seconds: limits.seconds.saturating_mul(u64::from(limits.threads.max(1))),
            memory: limits.memory.saturating_add(beside),
            ..*limits
        };
        Tools { own_program: Path::new(OWN_PROGRAM), ffmpeg: &self.ffmpeg, ffprobe: &self.ffprobe, limits, threads }
    }
}

/// Whether the clip is a movie: its pictures lie in one file.
pub(super) fn is_movie(doc: &ClipDoc) -> bool {
    doc.clip.unit != ClipUnit::Sequence && demuxer_of(&doc.format.id).is_some()
}

/// The clip of a range with what its pictures say of their colour, and their decoder at work; no decoder for sources that
/// are no movie.
///
/// # Errors
/// `TOOL-MISSING`, and what [`VideoReader::open`] says.
pub(super) fn start(job: &JobFile, inputs: &[OpenInput<'_>]) -> Result<(ClipDoc, Option<Movie>), Error> {
    let (doc, asked) = tagged(job, inputs)?;
    let Some(asked) = asked else { return Ok((doc, None)) };
    let open = || {
        let facts = &asked.facts;
        if (Some(facts.width), Some(facts.height)) != (doc.image.width, doc.image.height) {
            let (w, h) = (doc.image.width.unwrap_or(0), doc.image.height.unwrap_or(0));
            let what =
                format!("the coded pictures have {}x{} pixels where the clip has {w}x{h}", facts.width, facts.height);
            return Err(Error::unsupported(what).fix("convert the movie to pictures of one size first"));
        }
        let color = ClipColor { stated_range: stated_range(job)?, ..color_of(&doc)? };
        let (file, tools) = (asked.input.file, asked.programs.tools(&job.limits));
        let reader = VideoReader::open(file, asked.demuxer, facts, color, span(job, &doc)?, &tools)?;
        Ok(Movie { reader: Box::new(reader), doubts: doubts(color, facts) })
    };
    let movie = open().map_err(|e: Error| e.at(asked.input.path.as_path()))?;
    Ok((doc, Some(movie)))
}

/// A movie that ffprobe was asked about.
pub(super) struct Asked<'a> {
    input: Input<'a>,
    demuxer: &'static str,
    programs: Programs,
    facts: VideoFacts,
}

/// The clip of a step, a movie's with the colour tags of its pictures where the container has none.
///
/// # Errors
/// `JOB-INVALID` without a clip, `TOOL-MISSING`, and what [`crate::engine::video::probe`] says.
pub(super) fn tagged<'a>(job: &JobFile, inputs: &'a [OpenInput<'_>]) -> Result<(ClipDoc, Option<Asked<'a>>), Error> {
    let none = || Error::new(ErrorKind::Malformed, "JOB-INVALID", "the step makes outputs but has no clip");
    let mut doc = job.clip.as_deref().cloned().ok_or_else(none)?;
    let demuxer = demuxer_of(&doc.format.id).filter(|_| is_movie(&doc));
    let (Some(input), Some(demuxer)) = (inputs.first().map(OpenInput::given), demuxer) else { return Ok((doc, None)) };
    let asked = Programs::of(job).and_then(|programs| {
        let mut facts = probe_movie(input.file, demuxer, &programs.tools(&job.limits))?;
        if demuxer == "mxf" {
            // ffprobe does not count them
            facts.nb_frames = facts.nb_frames.or(doc.clip.frames);
        }
        Ok(Asked { input, demuxer, programs, facts })
    });
    let asked = asked.map_err(|e| e.at(input.path.as_path()))?;
    let origin = |tag: &str| Origin::new("ffmpeg", tag, "the coded pictures");
    if let (None, Some(p)) = (&doc.color.primaries, asked.facts.primaries_in_words()) {
        doc.set("color.primaries", |d| &mut d.color.primaries, p.into(), origin("color_primaries"));
    }
    if let (None, Some(t)) = (&doc.color.transfer, asked.facts.transfer_in_words()) {
        doc.set("color.transfer", |d| &mut d.color.transfer, t.into(), origin("color_transfer"));
    }
    Ok((doc, Some(asked)))
}

fn span(job: &JobFile, doc: &ClipDoc) -> Result<Span, Error> {
    let outside = || Error::new(ErrorKind::Malformed, "FRAMES-OUTSIDE", "the range is no range of the movie's frames");
    let (first, last) = job.frames.ok_or_else(outside)?;
    let from = doc.clip.first_frame.unwrap_or(0);
    let at = |n: i64| u64::try_from(n.saturating_sub(from)).map_err(|_| outside());
    let (first, last) = (at(first)?, at(last)?);
    let count = last.checked_sub(first).ok_or_else(outside)?.saturating_add(1);
    Ok(Span { first, count, rate: doc.fps.project })
}

/// The range of the codes that the recipes of a step state.
fn stated_range(job: &JobFile) -> Result<Option<Range>, Error> {
    let mut stated = job.parts().into_iter().map(|p| p.recipe.source_range());
    let first = stated.next().flatten();
    match stated.all(|r| r == first) {
        true => Ok(first),
        false => Err(Error::new(ErrorKind::Malformed, "JOB-INVALID", "the recipes of one step state different ranges")),
    }
}

/// What the metadata say of the coding.
fn color_of(doc: &ClipDoc) -> Result<ClipColor, Error> {
    let matrix = match doc.color.matrix.as_deref() {
        None | Some("RGB") => None,
        Some("BT.709") => Some(Matrix::Bt709),
        Some("BT.601") => Some(Matrix::Bt601),
        Some("BT.2020") => Some(Matrix::Bt2020),
        Some("SMPTE 240M") => Some(Matrix::Smpte240),
        Some(other) => return Err(Error::unsupported(format!("the colour matrix {other} is not undone"))),
    };
    let range = match doc.color.range.as_deref() {
        Some("full") => Some(Range::Full),
        Some("video") => Some(Range::Video),
        _ => None,
    };
    let levels = doc.format.id == "mxf" && doc.color.matrix.as_deref() == Some("RGB");
    Ok(ClipColor { stated_range: None, range, rgb_range: range.filter(|_| levels), matrix })
}

/// What the container says of the coding and the pictures contradict. The container is taken, ISO/IEC 14496-12, 12.1.5.
fn doubts(color: ClipColor, facts: &VideoFacts) -> Vec<Warning> {
    let mut out = Vec::new();
    let mut doubt = |what: &str, taken: &str, other: &str| {
        let way = if what == "range" { ", unless `source_range` says otherwise" } else { "" };
        let message =
            format!("the container says {what} {taken}, the coded pictures say {other}; the container is taken{way}");
        out.push(Warning { code: "COLOR-CODING".into(), message });
    };
    match (color.range.filter(|_| color.stated_range.is_none()), facts.color_range.as_deref()) {
        (Some(Range::Video), Some("pc")) => doubt("range", "video", "full"),
        (Some(Range::Full), Some("tv")) => doubt("range", "full", "video"),
        _ => {}
    }
    if let (Some(taken), Some(other)) = (color.matrix, Matrix::of_ffmpeg(facts.color_space.as_deref()))
        && taken != other
    {
        doubt("matrix", taken.name(), other.name());
    }
    out
}

impl Source {
    /// The source of a range: the decoder that was started for it, or the format by the first file's bytes.
    ///
    /// # Errors
    /// `FORMAT-UNSUPPORTED`, `FORMAT-UNKNOWN`, Io.
    pub(super) fn new(movie: Option<Movie>, input: &Input<'_>, limits: &Limits) -> Result<Self, Error> {
        if let Some(movie) = movie {
            return Ok(Self::Movie(movie.reader));
        }
        let head = input.size.min(u64::try_from(HEAD_BYTES).unwrap_or(u64::MAX));
        let head = crate::engine::container::bytes::Bytes::file(input.file, input.size, limits).take(head)?;
        match probe(&head, input.path.as_path()) {
            Some(f) if f.is_frame() => Ok(Self::Files(f)),
            Some(f) => Err(Error::unsupported(format!("pictures of {} are not decoded in this version", f.title()))),
            None => Err(Error::new(ErrorKind::Unsupported, "FORMAT-UNKNOWN", "no reader knows this kind of file")),
        }
        .map_err(|e: Error| e.at(input.path.as_path()))
    }

    /// The frame with this number of a movie, which may only go forward; `None` for other sources.
    ///
    /// # Errors
    /// As [`VideoReader::next_frame`].
    pub(super) fn advance(&mut self, to: u64) -> Option<Result<Decoded, Error>> {
        let Self::Movie(reader) = self else { return None };
        let none = || Error::truncated(format!("the movie has no frame {to}"));
        while reader.position() < to {
            match reader.skip_frame() {
                Ok(true) => {}
                Ok(false) => return Some(Err(none())),
                Err(e) => return Some(Err(e)),
            }
        }
        if reader.position() > to {
            return Some(Err(none()));
        }
        Some(reader.next_frame().and_then(|d| d.ok_or_else(none)))
    }

    /// Makes sure that the decoder of a movie ended well; only then are its frames to be trusted.
    ///
    /// # Errors
    /// As [`VideoReader::next_frame`].
    pub(super) fn end(self) -> Result<(), Error> {
        let Self::Movie(mut reader) = self else { return Ok(()) };
        while reader.skip_frame()? {}
        Ok(())
    }
}
