//! What ffprobe says about the picture track of a file.

use super::{MOST_WRITTEN, Tools};
use crate::engine::process::{Ended, GuardArg, GuardCall, GuardEnd, Stream};
use crate::model::{Error, ErrorKind, Limits, Rational};
use serde_json::Value;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// The codecs that may be decoded, by ffmpeg's names.
pub const CODECS: &[&str] = &[
    "prores",
    "dnxhd",
    "h264",
    "hevc",
    "mpeg2video",
    "jpeg2000",
    "mjpeg",
    "dvvideo",
    "rawvideo",
    "v210",
    "png",
    "qtrle",
    "mpeg4",
];
/// Codecs whose every frame stands alone.
const INTRA: &[&str] = &["prores", "dnxhd", "jpeg2000", "mjpeg", "dvvideo", "rawvideo", "v210", "png"];
/// How names of such codecs begin in clip documents.
const ALONE: &[&str] = &["ProRes", "DNx", "JPEG 2000", "Motion JPEG", "DV", "PNG", "Uncompressed"];
/// Longest answer that is read.
const MOST_ANSWER: u64 = 256 << 10;
const ENTRIES: &str = "stream=codec_name,profile,width,height,pix_fmt,bits_per_raw_sample,field_order,color_range,color_space,\
color_transfer,color_primaries,chroma_location,r_frame_rate,avg_frame_rate,nb_frames,start_pts,duration_ts,time_base\
:format=start_time:packet=pts";
/// Coded pictures among which the first shown one is looked for: it is stored behind later ones where pictures are reordered.
const FIRST_PACKETS: usize = 64;

/// Whether every frame of a codec, by its name in clip documents, stands alone, so that decoding may begin at each.
#[must_use]
pub fn stands_alone(codec: &str) -> bool {
    ALONE.iter().any(|begin| codec.starts_with(begin))
}

/// The picture track as ffprobe describes it. Texts are ffmpeg's own names; absent is what it calls unknown.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct VideoFacts {
    /// `prores`, `h264`, …
    pub codec: String,
    /// `HQ`, `High`, …
    pub profile: Option<String>,
    /// Pixels in a stored row.
    pub width: u32,
    /// Stored rows.
    pub height: u32,
    /// `yuv422p10le`, …
    pub pix_fmt: String,
    /// Bits of a code, which may be fewer than the pixel format stores.
    pub raw_bits: Option<u32>,
    /// The rate that fits all time stamps, frames in a second.
    pub r_frame_rate: Option<Rational>,
    /// Frames by duration, in a second.
    pub avg_frame_rate: Option<Rational>,
    /// Frames, where the container counts them.
    pub nb_frames: Option<u64>,
    /// Duration in units of `time_base`.
    pub duration_ts: Option<u64>,
    /// Seconds.
    pub time_base: Option<Rational>,
    /// `tv` or `pc`.
    pub color_range: Option<String>,
    /// The matrix: `bt709`, `smpte170m`, …
    pub color_space: Option<String>,
    /// `bt709`, `bt2020`, …
    pub color_primaries: Option<String>,
    /// `bt709`, `smpte2084`, …
    pub color_transfer: Option<String>,
    /// `left`, `center`, `topleft`, …
    pub chroma_location: Option<String>,
    /// `progressive`, or `tt`, `bb`, `tb`, `bt` when interlaced.
    pub field_order: Option<String>,
    /// The time of the first picture, in units of `time_base`. Codecs that reorder pictures begin late.
    pub start_pts: Option<u64>,
    /// Whether the track and the file begin at time 0.
    pub starts_at_zero: bool,
    /// The version of ffprobe, and so of ffmpeg beside it.
    pub program: Option<String>,
}

/// The name of ffmpeg's demuxer for one of our formats (`mov`, `mxf`); no other is ever used.
#[must_use]
pub fn demuxer_of(format: &str) -> Option<&'static str> {
    match format {
        "mov" => Some("mov"),
        "mxf" => Some("mxf"),
        _ => None,
    }
}

/// Whose time a file is read by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Edits {
    /// That of the stored media, by which clips are counted: an edit list may leave out or repeat frames.
    LeftOut,
    /// That of the presentation: an edit list leaves out a coder's priming, and delays tracks.
    Kept,
}

/// The arguments by which both programs open the file, and nothing else: demuxer forced, no other protocol or format.
pub(super) fn input_args(demuxer: &'static str, edits: Edits) -> Vec<GuardArg> {
    let stored: &[&str] = if demuxer == "mov" && edits == Edits::LeftOut { &["-ignore_editlist", "1"] } else { &[] };
    let fixed = ["-f", demuxer, "-format_whitelist", demuxer, "-protocol_whitelist", "file,pipe"];
    stored.iter().chain(&fixed).map(GuardArg::from).collect()
}

/// Calls ffmpeg or ffprobe, for `file` if the arguments name one, as the first one that is read; it answers by its pipe and
/// may write nothing else.
pub(super) fn call<'a>(
    program: &Path,
    args: Vec<GuardArg>,
    file: Option<&'a File>,
    tools: &Tools<'_>,
) -> GuardCall<'a> {
    GuardCall {
        program: program.to_path_buf(),
        args,
        reads: file.into_iter().collect(),
        writes: Vec::new(),
        stdin: Stream::Null,
        stdout: Stream::Pipe,
        limits: Limits { file_size: MOST_WRITTEN, ..tools.limits },
    }
}

pub(super) fn known_demuxer(demuxer: &str) -> Result<&'static str, Error> {
    ["mov", "mxf"]
        .into_iter()
        .find(|d| *d == demuxer)
        .ok_or_else(|| Error::unsupported(format!("no picture track is read through the demuxer {demuxer}")))
}

/// Asks ffprobe about the first picture track of `file`, see [`demuxer_of`] for `demuxer`. Call it before the process
/// locks itself in.
///
/// # Errors
/// `FILE-MALFORMED` when ffprobe cannot read the file, `FORMAT-UNSUPPORTED` when it has no picture track, a codec outside
/// [`CODECS`] or an unknown demuxer, `LIMIT-SIZE`, `LIMIT-TIME`, `WORKER-CRASHED`.
pub fn probe(file: &File, demuxer: &str, tools: &Tools<'_>) -> Result<VideoFacts, Error> {
    let about = |packets: usize| {
        let first = format!("%+#{packets}");
        let about =
            ["-select_streams", "V:0", "-show_program_version", "-read_intervals", &first, "-show_entries", ENTRIES];
        understand(&ask(file, demuxer, Edits::LeftOut, &about, tools)?)
    };
    // Pictures that stand alone are stored as they are shown, and are large to read.
    let facts = about(1)?;
    if facts.stands_alone() { Ok(facts) } else { about(FIRST_PACKETS) }
}

/// What ffprobe answers about `file`, as JSON.
pub(super) fn ask(
    file: &File,
    demuxer: &str,
    edits: Edits,
    about: &[&str],
    tools: &Tools<'_>,
) -> Result<Vec<u8>, Error> {
    let demuxer = known_demuxer(demuxer)?;
    let mut args: Vec<GuardArg> = ["-v", "error", "-hide_banner"].iter().map(GuardArg::from).collect();
    args.extend(input_args(demuxer, edits));
    args.extend(about.iter().chain(&["-of", "json"]).map(GuardArg::from));
    args.push(GuardArg::Read("file:", 0));
    let (answer, end) = answer(&call(tools.ffprobe, args, Some(file), tools), tools)?;
    match end.ended {
        Ended::Code(0) => Ok(answer),
        ended => Err(failure("ffprobe", ended, &end.stderr)),
    }
}

/// What a program writes to its standard output, and how it ended.
fn answer(call: &GuardCall<'_>, tools: &Tools<'_>) -> Result<(Vec<u8>, GuardEnd), Error> {
    let mut child = call.spawn(tools.own_program)?;
    let mut answer = Vec::new();
    if let Some(out) = child.take_stdout() {
        let read = out.take(MOST_ANSWER + 1).read_to_end(&mut answer);
        read.map_err(|e| Error::io("WORKER-CRASHED", "read what a program says", &e))?;
    }
    let end = child.finish()?;
    if u64::try_from(answer.len()).unwrap_or(u64::MAX) > MOST_ANSWER {
        return Err(Error::limit("ffprobe says more than 256 KiB about one file"));
    }
    Ok((answer, end))
}

/// The version of the ffmpeg that writes movies, as it says it. Call it before the process locks itself in.
///
/// # Errors
/// `WORKER-CRASHED` when it cannot be started or says nothing that is a version.
pub fn version(tools: &Tools<'_>) -> Result<String, Error> {
    let args = ["-hide_banner", "-version"].iter().map(GuardArg::from).collect();
    let (answer, _) = answer(&call(tools.ffmpeg, args, None, tools), tools)?;
    let text = String::from_utf8_lossy(&answer);
    let found = text.strip_prefix("ffmpeg version ").and_then(|t| t.split_whitespace().next());
    found.map(short).ok_or_else(|| Error::new(ErrorKind::Io, "WORKER-CRASHED", "ffmpeg does not say its version"))
}

/// What is kept of a version.
fn short(version: &str) -> String {
    version.chars().take(64).collect()
}

/// The first line by which a decoder says that a picture is damaged. The sound's decoders are shut out, which is said
/// too, and a container with an odd header or index may still hold whole pictures: these are counted. The HEVC decoder
/// drops pictures with no more than a warning.
pub(super) fn complaint(stderr: &str) -> Option<&str> {
    let grave = |l: &&str| {
        ["[error]", "[fatal]", "[panic]"].iter().any(|level| l.contains(level))
            || (l.starts_with("[hevc @") && l.contains("[warning]"))
    };
    let of_container = |l: &&str| l.starts_with("[mov,") || l.starts_with("[mxf @");
    stderr.lines().filter(|l| !l.contains(" not on whitelist ") && !of_container(l)).find(grave)
}

/// `[hevc @ 0x55aa] text` as `[hevc] text`: the address is another one in each run.
pub(super) fn without_address(line: &str) -> String {
    match line.split_once(" @ 0x") {
        Some((name, rest)) => {
            format!("{name}{}", rest.trim_start_matches(|c: char| c.is_ascii_hexdigit()))
        }
        None => line.to_owned(),
    }
}

/// From how a decoder ended to an error.
pub(super) fn failure(program: &str, ended: Ended, stderr: &str) -> Error {
    let said = complaint(stderr).or_else(|| stderr.lines().find(|l| !l.trim().is_empty())).unwrap_or("nothing");
    let said: String = without_address(said.trim()).chars().take(300).collect();
    match ended {
        // ffmpeg catches the signal, ends with 255 and says nothing
        Ended::Code(255) if complaint(stderr).is_none() => {
            Error::new(ErrorKind::Limit, "LIMIT-TIME", format!("{program} was stopped: its processor time was used up"))
        }
        Ended::Signal(libc::SIGXCPU) => {
            Error::new(ErrorKind::Limit, "LIMIT-TIME", format!("{program} used up its processor time"))
        }
        // nobody but the kernel, short of memory, or a person does that
        Ended::Signal(libc::SIGKILL) => Error::new(ErrorKind::Io, "WORKER-CRASHED", format!("{program} was killed")),
        _ if stderr.contains("Cannot allocate memory") => {
            Error::new(ErrorKind::Limit, "LIMIT-MEMORY", format!("{program} needs more memory than allowed"))
                .fix("raise the memory limit of the folder")
        }
        Ended::Signal(n) => Error::malformed(format!("{program} died of signal {n} on this file; it said: {said}")),
        _ => Error::malformed(format!("{program} cannot read this file; it says: {said}")),
    }
}

fn understand(answer: &[u8]) -> Result<VideoFacts, Error> {
    let odd = |what: &str| Error::malformed(format!("ffprobe's answer has {what}"));
    let value: Value = serde_json::from_slice(answer).map_err(|e| odd(&format!("no JSON ({e})")))?;
    let Some(stream) = value.pointer("/streams/0") else {
        return Err(Error::unsupported("there is no picture track"));
    };
    let text = |key: &str| {
        let known = |t: &&str| !t.is_empty() && *t != "unknown" && *t != "unspecified";
        stream.get(key).and_then(Value::as_str).filter(known).map(str::to_owned)
    };
    let number = |key: &str| match stream.get(key) {
        Some(Value::String(s)) => s.parse().ok(),
        Some(v) => v.as_u64(),
        None => None,
    };
    let rational = |key: &str| {
        let (n, d) = stream.get(key)?.as_str()?.split_once('/')?;
        Rational::new(n.parse().ok().filter(|n| *n > 0)?, d.parse().ok()?)
    };
    let side = |key| number(key).and_then(|n| u32::try_from(n).ok()).filter(|n| *n > 0);
    let codec = text("codec_name").unwrap_or_else(|| "unknown".into());
    if !CODECS.contains(&codec.as_str()) {
        return Err(Error::unsupported(format!("pictures of the codec {codec} are not decoded")));
    }
    let (Some(width), Some(height)) = (side("width"), side("height")) else {
        return Err(odd("no size of the picture"));
    };
    let packets = value.get("packets").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let times: Option<Vec<i64>> = packets.iter().map(|p| p.get("pts").and_then(Value::as_i64)).collect();
    let first = times.and_then(|t| t.into_iter().min()).and_then(|t| u64::try_from(t).ok());
    let begin = value.pointer("/format/start_time").and_then(Value::as_str).and_then(|s| s.parse::<f64>().ok());
    Ok(VideoFacts {
        codec,
        profile: text("profile"),
        width,
        height,
        pix_fmt: text("pix_fmt").ok_or_else(|| odd("no pixel format"))?,
        raw_bits: number("bits_per_raw_sample").and_then(|n| u32::try_from(n).ok()).filter(|n| (1..=32).contains(n)),
        r_frame_rate: rational("r_frame_rate"),
        avg_frame_rate: rational("avg_frame_rate"),
        nb_frames: number("nb_frames"),
        duration_ts: number("duration_ts"),
        time_base: rational("time_base"),
        color_range: text("color_range"),
        color_space: text("color_space"),
        color_primaries: text("color_primaries"),
        color_transfer: text("color_transfer"),
        chroma_location: text("chroma_location"),
        field_order: text("field_order"),
        start_pts: first,
        starts_at_zero: first == Some(0) && begin == Some(0.0),
        program: value.pointer("/program_version/version").and_then(Value::as_str).map(short),
    })
}

impl VideoFacts {
    /// Whether frame n is proven to be shown n frame durations after the first.
    pub(super) fn evenly_timed(&self, rate: Rational) -> bool {
        let exact = || {
            let (base, ticks) = (self.time_base?, i128::from(self.duration_ts?));
            let shown = ticks.checked_mul(base.num().into())?.checked_mul(rate.num().into())?;
            let counted = i128::from(self.nb_frames?).checked_mul(base.den().into())?.checked_mul(rate.den().into())?;
            Some(shown == counted)
        };
        self.start_pts.is_some()
            && self.r_frame_rate == Some(rate)
            && self.avg_frame_rate == Some(rate)
            && exact() == Some(true)
    }

    /// Whether every frame stands alone, so that a seek finds each.
    pub(super) fn stands_alone(&self) -> bool {
        INTRA.contains(&self.codec.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ffmpeg_says() {
        let sound = "[aac @ 0x5f] [error] Codec (aac) not on whitelist 'hevc'\n[mov,mp4 @ 0x1] [error] odd\n";
        assert_eq!(complaint(sound), None);
        assert_eq!(complaint("[mov,mp4 @ 0x1] [warning] x\n[swscaler @ 0x2] [warning] y"), None);
        let dropped = format!("{sound}[hevc @ 0xabc] [warning] Invalid NAL unit 0, skipping.\n");
        assert!(complaint(&dropped).is_some());
        let e = failure("ffmpeg", Ended::Code(0), &dropped);
        assert!(e.what.ends_with("[hevc] [warning] Invalid NAL unit 0, skipping."), "{e}");
        assert_eq!(failure("ffmpeg", Ended::Signal(libc::SIGXCPU), "").code, "LIMIT-TIME");
    }

    #[test]
    fn answers() {
        let good = br#"{"streams":[{"codec_name":"prores","profile":"HQ","width":320,"height":240,
            "pix_fmt":"yuv422p10le","color_range":"tv","color_space":"unknown","r_frame_rate":"24000/1001",
            "avg_frame_rate":"24000/1001","time_base":"1/24000","start_pts":0,"duration_ts":25025,"nb_frames":"25"}],
            "format":{"start_time":"0.000000"},"packets":[{"pts":0},{"pts":2002},{"pts":1001}]}"#;
        let facts = understand(good).unwrap();
        assert_eq!((facts.width, facts.height, facts.nb_frames), (320, 240, Some(25)));
        assert_eq!((facts.color_range.as_deref(), facts.color_space), (Some("tv"), None));
        let rate = Rational::new(24000, 1001).unwrap();
        let facts = understand(good).unwrap();
        assert!(facts.evenly_timed(rate) && !facts.evenly_timed(Rational::new(24, 1).unwrap()));
        assert!(!VideoFacts { nb_frames: Some(24), ..facts.clone() }.evenly_timed(rate));
        let late = String::from_utf8_lossy(good).replace("\"pts\":0}", "\"pts\":3003}");
        let late = understand(late.as_bytes()).unwrap();
        assert_eq!(
            (late.start_pts, late.starts_at_zero),
            (Some(1001), false),
            "the first shown is not the first stored"
        );
        let early = String::from_utf8_lossy(good).replace("\"pts\":0}", "\"pts\":-1001}");
        assert!(!understand(early.as_bytes()).unwrap().evenly_timed(rate));
        assert!(facts.stands_alone() && !VideoFacts { codec: "h264".into(), ..facts }.stands_alone());
        for end in 0..good.len() {
            assert!(understand(&good[..end]).is_err());
        }
        assert_eq!(understand(b"{}").unwrap_err().code, "FORMAT-UNSUPPORTED");
        let e = understand(br#"{"streams":[{"codec_name":"cinepak","width":1,"height":1}]}"#).unwrap_err();
        assert!(e.code == "FORMAT-UNSUPPORTED" && e.what.contains("cinepak"));
    }
}
