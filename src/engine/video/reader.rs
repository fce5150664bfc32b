//! Frames of a picture track, one after the other, from a guarded ffmpeg.

use super::Tools;
use super::colour::{ClipColor, Coding, Matrix, Range};
use super::pixel::{Converter, Layout, PixelFormat, Siting};
use super::probe::{CODECS, Edits, VideoFacts, call, complaint, failure, input_args, known_demuxer};
use crate::engine::image::{Decoded, Frame};
use crate::engine::process::{Ended, GuardArg, Guarded};
use crate::model::{Error, ErrorKind, Rational};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::process::ChildStdout;

/// Which frames to decode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The first, counted from 0 in the order in which the track shows them.
    pub first: u64,
    /// How many, at least 1.
    pub count: u64,
    /// The rate, when the track's own time table says that all frames have one duration; it allows to seek, and to
    /// notice a frame that the decoder dropped before the span.
    pub rate: Option<Rational>,
}

/// A decoder at work. Frames come one at a time; the decoder waits while nobody takes them.
#[derive(Debug)]
pub struct VideoReader {
    child: Option<Guarded>,
    out: ChildStdout,
    converter: Converter,
    raw: Vec<u8>,
    next: u64,
    end: u64,
    /// Frames that come before the span and after it.
    around: (u64, u64),
    most_bytes: u64,
    how: BTreeMap<String, String>,
}

impl VideoReader {
    /// Starts the decoder of `file`'s picture track, with what [`super::probe`] said about it through the same `demuxer`.
    /// `color` overrides the file's own tags. Call it before the process locks itself in; [`VideoReader::next_frame`]
    /// needs only the open pipe.
    ///
    /// Frames are those of the stored media, in the order in which they are shown: an edit list is left out. A seek is used
    /// only where it is proven to be exact (frames that stand alone, of one duration, from time 0); else
    /// everything before the first frame is decoded and dropped.
    ///
    /// # Errors
    /// `FORMAT-UNSUPPORTED` for a codec, a demuxer, a pixel format or a matrix that is not decoded, `LIMIT-MEMORY` when a
    /// picture is beyond the limits, `WORKER-CRASHED` when ffmpeg cannot be started.
    pub fn open(
        file: &File,
        demuxer: &str,
        facts: &VideoFacts,
        color: ClipColor,
        span: Span,
        tools: &Tools<'_>,
    ) -> Result<Self, Error> {
        let demuxer = known_demuxer(demuxer)?;
        let codec = CODECS
            .iter()
            .find(|c| **c == facts.codec)
            .ok_or_else(|| Error::unsupported(format!("pictures of the codec {} are not decoded", facts.codec)))?;
        let end = span.first.checked_add(span.count).filter(|_| span.count > 0);
        let end = end.ok_or_else(|| Error::new(ErrorKind::Io, "INTERNAL", "a span of no frames, or beyond all"))?;
        let own = facts.raw_bits.filter(|_| facts.codec == "jpeg2000");
        if let (true, Some(n)) = (facts.pix_fmt.starts_with("ya16"), own.filter(|n| *n < 16)) {
            // the decoder leaves these codes in the low bits
            let what =
                format!("JPEG 2000 pictures of brightness and transparency with {n} bits are not decoded in movies");
            return Err(Error::unsupported(what));
        }
        let format = PixelFormat::for_native(&facts.pix_fmt)?.with_codes_of(own);
        let bytes = format.frame_bytes(facts.width, facts.height);
        let most_bytes = tools.limits.memory.saturating_sub(bytes);
        drop(Frame::new(facts.width, facts.height, most_bytes)?);
        let mut how = BTreeMap::new();
        let coding = coding(&format, facts, color, &mut how)?;
        let siting = siting(&format, facts, &mut how);
        let when = Timing::of(demuxer, facts, span);
        describe(&format, facts, when, &mut how);
        let args = arguments(demuxer, codec, &format, span, when, (tools.threads.max(1), facts.stands_alone()));
        let mut child = call(tools.ffmpeg, args, Some(file), tools).spawn(tools.own_program)?;
        let out = child.take_stdout();
        let out = out.ok_or_else(|| Error::new(ErrorKind::Io, "INTERNAL", "a decoder without a pipe"))?;
        let converter = Converter::new(format, facts.width, facts.height, coding, siting);
        let around = match when {
            Timing::Whole(all) => (span.first, all.saturating_sub(end)),
            _ => (0, 0),
        };
        let raw = Vec::new();
        let mut reader =
            Self { child: Some(child), out, converter, raw, next: span.first, end, around, most_bytes, how };
        let n = usize::try_from(bytes).unwrap_or(usize::MAX);
        reader
            .raw
            .try_reserve_exact(n)
            .map_err(|_| Error::new(ErrorKind::Limit, "LIMIT-MEMORY", "no memory for one decoded picture"))?;
        reader.raw.resize(n, 0);
        Ok(reader)
    }

    /// The next frame as non-linear R'G'B' code values, 0 and 1 being black and white; over- and undershoot is kept.
    /// `None` after the last, once the decoder has ended well.
    ///
    /// # Errors
    /// `FILE-TRUNCATED` when the track ends before the span does, `FILE-MALFORMED` when a frame is damaged (none is ever
    /// concealed), both with the number of the first frame that did not come; `LIMIT-TIME`, `LIMIT-MEMORY`. Codecs that
    /// reorder frames may have given one from behind the damage before: nothing of a span that ends so is to be kept.
    pub fn next_frame(&mut self) -> Result<Option<Decoded>, Error> {
        if self.child.is_none() {
            return Ok(None);
        }
        if self.next >= self.end {
            self.finish()?;
            return Ok(None);
        }
        self.raw_frame()?;
        let frame = self.converter.frame(&self.raw, self.most_bytes)?;
        self.next = self.next.saturating_add(1);
        Ok(Some(Decoded { frame, how: self.how.clone() }))
    }

    /// Leaves out a frame, which costs no more than its decoding; false behind the last.
    ///
    /// # Errors
    /// As [`VideoReader::next_frame`].
    pub fn skip_frame(&mut self) -> Result<bool, Error> {
        if self.child.is_none() {
            return Ok(false);
        }
        if self.next >= self.end {
            self.finish()?;
            return Ok(false);
        }
        self.raw_frame()?;
        self.next = self.next.saturating_add(1);
        Ok(true)
    }

    /// The next raw picture of the span.
    fn raw_frame(&mut self) -> Result<(), Error> {
        for _ in 0..=std::mem::take(&mut self.around.0) {
            self.fill()?;
        }
        Ok(())
    }

    /// The number of the frame that [`VideoReader::next_frame`] gives next.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.next
    }

    /// The next raw picture.
    fn fill(&mut self) -> Result<(), Error> {
        match self.out.read_exact(&mut self.raw) {
            Ok(()) => Ok(()),
            Err(e) if e.kind() == std::io::ErrorKind::UnexpectedEof => Err(self.missing()),
            Err(e) => Err(Error::io("WORKER-CRASHED", "read what the decoder gives", &e)),
        }
    }

    /// Every frame has come: nothing may follow, and the decoder must have ended well.
    fn finish(&mut self) -> Result<(), Error> {
        for _ in 0..std::mem::take(&mut self.around.1) {
            self.fill()?;
            self.next = self.next.saturating_add(1);
        }
        let Some(child) = self.child.take() else { return Ok(()) };
        let more = self.out.read(&mut [0]).map_err(|e| Error::io("WORKER-CRASHED", "read from the decoder", &e))?;
        if more > 0 {
            return Err(Error::unsupported(
                "the track gives more than its own tables count, or its pictures change their size",
            ));
        }
        let end = child.finish()?;
        match end.ended {
            Ended::Code(0) if complaint(&end.stderr).is_none() => Ok(()),
            ended => Err(failure("ffmpeg", ended, &end.stderr)),
        }
    }

    fn missing(&mut self) -> Error {
        let n = self.next;
        let Some(child) = self.child.take() else {
            return Error::truncated(format!("frame {n} is missing"));
        };
        match child.finish() {
            Err(e) => e,
            Ok(end) if end.ended == Ended::Code(0) && complaint(&end.stderr).is_none() => {
                Error::truncated(format!("the track ends before frame {n}"))
            }
            Ok(end) => {
                let mut e = failure("ffmpeg", end.ended, &end.stderr);
                // What ffmpeg had decoded and not yet written is lost when it ends.
                e.what = format!("frame {n} or one shortly after it cannot be decoded: {}", e.what);
                if e.code == "FILE-MALFORMED" && e.fix.is_none() {
                    return e
                        .fix("copy the file again from its source; ranges without the damage can still be rendered");
                }
                e
            }
        }
    }
}

/// How the frames of a span are told from the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Timing {
    /// By seeking to the first, and by time.
    Seek(Ticks),
    /// By time, decoding from the beginning.
    Timed(Ticks),
    /// By counting, decoding from the beginning.
    Counted,
    /// By counting in the whole track, which must give this many frames: the HEVC decoder drops damaged pictures without
    /// a word and gives the later ones wrong times, and the times of MXF are counts.
    Whole(u64),
}

/// The time of a span in the track's own units: ffmpeg rounds every other time to them, and some tracks have no more than
/// one for each frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Ticks {
    /// Of the span's first frame, or up to half a frame before it.
    first: u64,
    /// At the span's first frame, or up to half a frame after it.
    seek: u64,
    /// Of the first frame behind the span, or up to half a frame before it.
    end: u64,
    /// Seconds of one.
    base: Rational,
}

impl Ticks {
    fn of(facts: &VideoFacts, span: Span, rate: Rational) -> Option<Self> {
        let (base, start) = (facts.time_base?, facts.start_pts?);
        let at = |n: u64| start.checked_add(boundary(n, rate, base)?);
        let (second, behind) = (span.first.checked_add(1)?, span.first.checked_add(span.count)?);
        Some(Self { first: at(span.first)?, seek: at(second)?.checked_sub(1)?, end: at(behind)?, base })
    }

    /// Where to seek to, as ffmpeg reads it: the last tick that is not later than half a frame after the first frame, so
    /// that this frame is the last one not behind it, and none before is decoded.
    fn begin(self) -> String {
        let scaled = u128::from(self.seek).saturating_mul(self.base.num().into()).saturating_mul(1_000_000);
        format!("{}us", scaled.div_ceil(u128::from(self.base.den()).max(1)))
    }
}

/// The first tick that lies later than half a frame before frame `n`; 0 for the first frame.
fn boundary(n: u64, rate: Rational, base: Rational) -> Option<u64> {
    if n == 0 {
        return Some(0);
    }
    let halves = u128::from(n).checked_mul(2)?.checked_sub(1)?;
    let up = halves.checked_mul(base.den().into())?.checked_mul(rate.den().into())?;
    let down = u128::from(base.num()).checked_mul(rate.num().into())?.checked_mul(2)?;
    u64::try_from(up.checked_div(down)?.checked_add(1)?).ok()
}

impl Timing {
    fn of(demuxer: &str, facts: &VideoFacts, span: Span) -> Self {
        if demuxer == "mxf" {
            // ffmpeg numbers the pictures that it finds: one that is lost pulls the later ones forward.
            return facts.nb_frames.map_or(Self::Counted, Self::Whole);
        }
        let timed = span.rate.filter(|rate| facts.evenly_timed(*rate)).and_then(|rate| Ticks::of(facts, span, rate));
        match timed {
            Some(ticks) if span.first > 0 && facts.stands_alone() && facts.starts_at_zero => Self::Seek(ticks),
            Some(_) if facts.codec == "hevc" => facts.nb_frames.map_or(Self::Counted, Self::Whole),
            Some(ticks) => Self::Timed(ticks),
            None => Self::Counted,
        }
    }
}

fn arguments(
    demuxer: &'static str,
    codec: &'static str,
    format: &PixelFormat,
    span: Span,
    when: Timing,
    (threads, stands_alone): (u16, bool),
) -> Vec<GuardArg> {
    let mut args: Vec<GuardArg> = Vec::new();
    let mut add = |list: &[&str]| args.extend(list.iter().map(GuardArg::from));
    // A damaged frame must end the run: explode makes decoders say it, xerror makes ffmpeg listen.
    let level = if codec == "hevc" { "level+warning" } else { "level+error" };
    add(&["-nostdin", "-hide_banner", "-v", level, "-xerror", "-err_detect", "explode", "-flags", "bitexact"]);
    add(&["-copyts", "-threads", &threads.to_string(), "-codec_whitelist", codec, "-noautorotate"]);
    if stands_alone {
        // One frame after the other: damage is found in its own frame, and not in those that are decoded ahead of need.
        add(&["-thread_type", "slice"]);
    }
    if let Timing::Seek(ticks) = when {
        // To the frame itself: one before it might be damaged. What is shown is decided by the filter, not by the seek.
        add(&["-noaccurate_seek", "-ss", &ticks.begin()]);
    }
    args.extend(input_args(demuxer, Edits::LeftOut));
    args.extend([GuardArg::from("-i"), GuardArg::Read("file:", 0)]);
    let mut add = |list: &[&str]| args.extend(list.iter().map(GuardArg::from));
    add(&["-map", "0:V:0", "-an", "-sn", "-dn", "-autoscale", "0"]);
    // By time, a frame that the decoder drops leaves a hole and does not pull the later ones forward.
    let trim = match when {
        Timing::Whole(_) => "null".into(),
        Timing::Counted => format!("trim=start_frame={}", span.first),
        Timing::Seek(t) | Timing::Timed(t) => format!("trim=start_pts={}:end_pts={}", t.first, t.end),
    };
    add(&["-vf", &trim]);
    let frames = if let Timing::Whole(all) = when { all.saturating_add(1) } else { span.count };
    add(&["-frames:v", &frames.to_string(), "-fps_mode", "passthrough", "-pix_fmt", &format.name]);
    add(&["-c:v", "rawvideo", "-flags:v", "bitexact", "-f", "rawvideo", "pipe:1"]);
    args
}

fn coding(
    format: &PixelFormat,
    facts: &VideoFacts,
    color: ClipColor,
    how: &mut BTreeMap<String, String>,
) -> Result<Coding, Error> {
    let mut note = |key: &str, text: String| how.insert(key.to_owned(), text);
    if matches!(format.layout, Layout::Gbr | Layout::Packed) {
        let top = (1u32 << format.code_bits().min(16)).saturating_sub(1);
        let (range, from) = match color.stated_range {
            Some(range) => (range, "as stated"),
            None => pick(color.rgb_range, None, Range::Full),
        };
        match range {
            Range::Full => note("scale", format!("code / {top}")),
            Range::Video => note("range", format!("video, {from}")),
        };
        return Ok(Coding::new(Matrix::Bt709, range, format.code_bits()));
    }
    let tagged = match facts.color_range.as_deref() {
        Some("tv") => Some(Range::Video),
        Some("pc") => Some(Range::Full),
        _ if format.full => Some(Range::Full),
        _ => None,
    };
    let (range, from) = match color.stated_range {
        Some(range) => (range, "as stated"),
        None => pick(color.range, tagged, Range::Video),
    };
    note("range", format!("{}, {from}", range.as_str()));
    if format.layout == Layout::Grey {
        return Ok(Coding::new(Matrix::Bt709, range, format.code_bits()));
    }
    let named = Matrix::named(facts.color_space.as_deref());
    let tagged = match (named, color.matrix) {
        (Ok(m), _) => m,
        (Err(_), Some(m)) => Some(m),
        (Err(name), None) => return Err(Error::unsupported(format!("the colour matrix {name} is not undone"))),
    };
    // Standard definition had 480 or 576 lines; T.871 takes BT.601 for every JPEG.
    let usual = if facts.height <= 576 || facts.codec == "mjpeg" { Matrix::Bt601 } else { Matrix::Bt709 };
    let (matrix, from) = pick(color.matrix, tagged, usual);
    note("matrix", format!("{}, {from}", matrix.name()));
    Ok(Coding::new(matrix, range, format.code_bits()))
}

fn pick<T>(own: Option<T>, tagged: Option<T>, usual: T) -> (T, &'static str) {
    match (own, tagged) {
        (Some(x), _) => (x, "as the clip's metadata say"),
        (None, Some(x)) => (x, "as the track says"),
        (None, None) => (usual, "assumed, nothing says it"),
    }
}

fn siting(format: &PixelFormat, facts: &VideoFacts, how: &mut BTreeMap<String, String>) -> Siting {
    let Layout::Yuv { columns, rows } = format.layout else { return Siting { across: 0.0, down: 0.0, fields: false } };
    let usual = match facts.codec.as_str() {
        // JFIF puts them in the middle; the DV formats on the first sample.
        "mjpeg" => "center",
        "dvvideo" => "topleft",
        _ => "left",
    };
    let name = facts.chroma_location.as_deref().unwrap_or(usual);
    let middle = |n: u32| (n as f32 - 1.0) / 2.0;
    let across = if matches!(name, "center" | "top" | "bottom") { middle(columns) } else { 0.0 };
    let down = match name {
        "topleft" | "top" => 0.0,
        "bottomleft" | "bottom" => middle(rows) * 2.0,
        _ => middle(rows),
    };
    let fields = rows > 1 && facts.field_order.as_deref().is_some_and(|f| f != "progressive");
    if columns > 1 || rows > 1 {
        let by = if facts.chroma_location.is_some() { "as the track says" } else { "as usual for the codec" };
        let woven = if fields { ", each field by itself" } else { "" };
        how.insert("chroma".into(), format!("linear, sited {name} {by}{woven}"));
    }
    Siting { across, down, fields }
}

fn describe(format: &PixelFormat, facts: &VideoFacts, when: Timing, how: &mut BTreeMap<String, String>) {
    let mut note = |key: &str, text: String| how.insert(key.to_owned(), text);
    let program = facts.program.as_deref().map_or_else(|| "ffmpeg".to_owned(), |v| format!("ffmpeg {v}"));
    note("decoder", format!("{program}, {}", facts.codec));
    note(
        "layout",
        match format.name == facts.pix_fmt {
            true => format.name.clone(),
            false => format!("{}, repacked by ffmpeg as {}", facts.pix_fmt, format.name),
        },
    );
    note(
        "position",
        match when {
            Timing::Seek(_) => "by seeking".into(),
            Timing::Timed(_) => "by time, decoded from the first frame".into(),
            Timing::Whole(_) => "counted in the whole track".into(),
            Timing::Counted => "counted from the first frame".into(),
        },
    );
    note("orientation", "as stored".into());
    note(
        "scan",
        match facts.field_order.as_deref() {
            None => "as stored".into(),
            Some("progressive") => "progressive".into(),
            Some(order) => format!("interlaced ({order}), as stored"),
        },
    );
    if format.alpha || ["argb", "rgba", "abgr", "bgra", "ya8", "rgba64le", "rgba64be"].contains(&facts.pix_fmt.as_str())
    {
        note("alpha", "not used".into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boundaries_lie_between_frames() {
        let r = |n, d| Rational::new(n, d).unwrap();
        // one tick a frame: the frame's own
        for n in [0u64, 1, 2, 1000, u32::MAX.into()] {
            assert_eq!(boundary(n, r(24, 1), r(1, 24)), Some(n));
        }
        for (rate, base) in [(r(24000, 1001), r(1, 24000)), (r(30000, 1001), r(1, 90000)), (r(25, 1), r(1, 50))] {
            for n in 1..2000u64 {
                let at = |n: u64| n * u64::from(base.den()) * u64::from(rate.den()) / u64::from(rate.num());
                let b = boundary(n, rate, base).unwrap();
                assert!(at(n - 1) < b && b <= at(n), "{n} {rate:?} {base:?} {b}");
            }
        }
        // milliseconds do not hold a frame's time exactly: 0, 42, 83, 125 …
        for n in 1..5000u64 {
            let at = |n: u64| (n as f64 * 1000.0 / 24.0).round() as u64;
            let b = boundary(n, r(24, 1), r(1, 1000)).unwrap();
            assert!(at(n - 1) < b && b <= at(n), "{n} {b}");
        }
        assert_eq!(boundary(u64::MAX, r(u32::MAX, 1), r(1, u32::MAX)), Some(u64::MAX));
        assert_eq!(boundary(u64::MAX, r(1, u32::MAX), r(1, u32::MAX)), None);
    }
}
