//! Where the pictures of a pass come from: files of one frame each, or a movie that is read from its first frame on.

use crate::engine::deliver::{JobFile, OpenInput, StepKind};
use crate::engine::format::{Format, HEAD_BYTES, Input, probe};
use crate::engine::image::Decoded;
use crate::engine::process::find;
use crate::engine::video::{ClipColor, Matrix, Range, Span, Tools, VideoFacts, VideoReader, demuxer_of};
use crate::model::{ClipDoc, ClipUnit, Error, ErrorKind, Limits, Origin, Warning};
use std::path::{Path, PathBuf};

/// Threads of a decoder, at most: more than these wait for each other.
const MOST_THREADS: u16 = 16;
/// Threads that the encoder always has.
const X264_THREADS: u16 = 4;
/// Address space that a thread of a decoder or encoder takes beside: pictures in work and the allocator's reserve.
const THREAD_MEMORY: u64 = 256 << 20;
/// Survives that the program is replaced while it runs.
const OWN_PROGRAM: &str = "/proc/self/exe";

/// ffmpeg's names of primaries, and those of clip documents.
const PRIMARIES: &[(&str, &str)] = &[
    ("bt709", "BT.709"),
    ("bt470m", "BT.470 M"),
    ("bt470bg", "BT.601 625"),
    ("smpte170m", "BT.601 525"),
    ("smpte240m", "SMPTE 240M"),
    ("film", "Generic film"),
    ("bt2020", "BT.2020"),
    ("smpte428", "CIE XYZ"),
    ("smpte431", "DCI-P3"),
    ("smpte432", "P3-D65"),
    ("ebu3213", "EBU 3213"),
];
/// The same of transfer curves.
const TRANSFERS: &[(&str, &str)] = &[
    ("bt709", "BT.709"),
    ("gamma22", "Gamma 2.2"),
    ("bt470m", "Gamma 2.2"),
    ("gamma28", "Gamma 2.8"),
    ("bt470bg", "Gamma 2.8"),
    ("smpte170m", "BT.601"),
    ("smpte240m", "SMPTE 240M"),
    ("linear", "Linear"),
    ("log100", "Logarithmic 100:1"),
    ("log316", "Logarithmic 316:1"),
    ("iec61966-2-4", "xvYCC"),
    ("bt1361e", "BT.1361"),
    ("iec61966-2-1", "sRGB"),
    ("bt2020-10", "BT.2020"),
    ("bt2020-12", "BT.2020"),
    ("smpte2084", "PQ"),
    ("smpte428", "SMPTE 428"),
    ("arib-std-b67", "HLG"),
];

/// Where pictures come from.
pub(super) enum Source {
    /// Each file is one frame.
    Files(&'static dyn Format),
    /// One file holds them all; the decoder is at work already.
    Movie(Box<VideoReader>),
}

/// The decoder of a movie at work, and what the pictures themselves say of their colour.
#[derive(Debug)]
pub(super) struct Movie {
    reader: Box<VideoReader>,
    primaries: Option<&'static str>,
    transfer: Option<&'static str>,
    /// Where container and coded pictures contradict each other.
    pub(super) doubts: Vec<Warning>,
}

impl Movie {
    /// Adds the colour tags of the pictures where the container has none.
    pub(super) fn tag(&self, doc: &mut ClipDoc) {
        tag(doc, self.primaries, self.transfer);
    }
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
        let beside = u64::from(threads.max(X264_THREADS)).saturating_mul(THREAD_MEMORY);
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

/// Starts the decoder of a range of a movie; `None` for other sources and steps.
///
/// # Errors
/// `TOOL-MISSING`, and what [`VideoReader::open`] says.
pub(super) fn start(job: &JobFile, inputs: &[OpenInput<'_>]) -> Result<Option<Movie>, Error> {
    let (StepKind::Frames, Some(doc), Some(input)) = (job.step, job.clip.as_deref(), inputs.first()) else {
        return Ok(None);
    };
    let Some(demuxer) = demuxer_of(&doc.format.id).filter(|_| is_movie(doc)) else { return Ok(None) };
    let input = input.given();
    let open = || {
        let programs = Programs::of(job)?;
        let tools = programs.tools(&job.limits);
        let facts = crate::engine::video::probe(input.file, demuxer, &tools)?;
        let size = (Some(facts.width), Some(facts.height));
        if size != (doc.image.width, doc.image.height) {
            let (w, h) = (doc.image.width.unwrap_or(0), doc.image.height.unwrap_or(0));
            let what =
                format!("the coded pictures have {}x{} pixels where the clip has {w}x{h}", facts.width, facts.height);
            return Err(Error::unsupported(what).fix("convert the movie to pictures of one size first"));
        }
        let color = color_of(doc)?;
        let reader = VideoReader::open(input.file, demuxer, &facts, color, span(job, doc)?, &tools)?;
        let (primaries, transfer) = tags(&facts);
        Ok(Movie { reader: Box::new(reader), primaries, transfer, doubts: doubts(color, &facts) })
    };
    open().map(Some).map_err(|e: Error| e.at(input.path.as_path()))
}

/// What the pictures say of their colour, in the words of clip documents.
fn tags(facts: &VideoFacts) -> (Option<&'static str>, Option<&'static str>) {
    let named = |list: &[(&str, &'static str)], name: Option<&str>| {
        list.iter().find(|(theirs, _)| Some(*theirs) == name).map(|(_, ours)| *ours)
    };
    (named(PRIMARIES, facts.color_primaries.as_deref()), named(TRANSFERS, facts.color_transfer.as_deref()))
}

/// The clip's document with the colour tags of its pictures, asked for again: for steps that decode nothing.
///
/// # Errors
/// `TOOL-MISSING`, and what [`crate::engine::video::probe`] says.
pub(super) fn tagged(job: &JobFile, doc: &ClipDoc, inputs: &[OpenInput<'_>]) -> Result<ClipDoc, Error> {
    let mut doc = doc.clone();
    let (Some(input), Some(demuxer)) = (inputs.first(), demuxer_of(&doc.format.id).filter(|_| is_movie(&doc))) else {
        return Ok(doc);
    };
    let programs = Programs::of(job)?;
    let facts = crate::engine::video::probe(input.given().file, demuxer, &programs.tools(&job.limits))?;
    let (primaries, transfer) = tags(&facts);
    tag(&mut doc, primaries, transfer);
    Ok(doc)
}

/// Adds colour tags of the pictures where the container has none.
fn tag(doc: &mut ClipDoc, primaries: Option<&'static str>, transfer: Option<&'static str>) {
    let origin = |tag: &str| Origin::new("ffmpeg", tag, "the coded pictures");
    if let (None, Some(p)) = (&doc.color.primaries, primaries) {
        doc.set("color.primaries", |d| &mut d.color.primaries, p.into(), origin("color_primaries"));
    }
    if let (None, Some(t)) = (&doc.color.transfer, transfer) {
        doc.set("color.transfer", |d| &mut d.color.transfer, t.into(), origin("color_transfer"));
    }
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
    Ok(ClipColor { range, matrix })
}

/// What the container says of the coding and the pictures contradict. The container is taken, ISO/IEC 14496-12, 12.1.5.
fn doubts(color: ClipColor, facts: &VideoFacts) -> Vec<Warning> {
    let mut out = Vec::new();
    let mut doubt = |what: &str, taken: &str, other: &str| {
        let message =
            format!("the container says {what} {taken}, the coded pictures say {other}; the container is taken");
        out.push(Warning { code: "COLOR-CODING".into(), message });
    };
    match (color.range, facts.color_range.as_deref()) {
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
        loop {
            let at = reader.position();
            match reader.next_frame() {
                Ok(Some(d)) if at == to => return Some(Ok(d)),
                Ok(Some(_)) if at < to => {}
                Ok(_) => return Some(Err(Error::truncated(format!("the movie has no frame {to}")))),
                Err(e) => return Some(Err(e)),
            }
        }
    }

    /// Makes sure that the decoder of a movie ended well; only then are its frames to be trusted.
    ///
    /// # Errors
    /// As [`VideoReader::next_frame`].
    pub(super) fn end(self) -> Result<(), Error> {
        let Self::Movie(mut reader) = self else { return Ok(()) };
        while reader.next_frame()?.is_some() {}
        Ok(())
    }
}
