//! Segments, timecode and sound become one movie.

use super::Tools;
use super::sound::{self, Sound};
use super::spec::VideoSpec;
use super::writer::{clean, container_args, failed, place, plain, words};
use crate::engine::beneath;
use crate::engine::process::{GuardArg, GuardCall, Guarded, Stream};
use crate::model::{Error, ErrorKind, Timecode};
use rustix::fs::{AtFlags, Mode, OFlags};
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::path::Path;

/// What is put together.
#[derive(Debug, Clone, Copy)]
pub struct Assembly<'a> {
    /// The folder of segments and movie.
    pub folder: &'a File,
    /// Names below the folder, in order, each made by a [`super::VideoWriter`] with the same `spec`.
    pub segments: &'a [String],
    /// Name of the movie below the folder; an old file of that name is replaced.
    pub out: &'a str,
    /// Frames of all segments together; another number is an error.
    pub frames: u64,
    /// As the segments were made.
    pub spec: &'a VideoSpec,
    /// Timecode of the first frame, at the rate of `spec`; absent = no timecode track.
    pub start: Option<Timecode>,
    /// Reel name, kept with the timecode (the `name` of its sample description); dropped without one. Ends at the first
    /// NUL, and after 255 bytes.
    pub reel: Option<&'a str>,
    /// Sound.
    pub sound: Option<Sound<'a>>,
}

/// ffmpeg at work on an [`Assembly`].
#[derive(Debug)]
pub struct Joining {
    child: Guarded,
    folder: File,
    list: String,
    name: String,
    frames: u64,
    has_sound: bool,
}

/// Longest reel name, bytes.
const MOST_REEL: usize = 255;
/// Largest count of units in a second of the whole movie.
const MOST_UNITS: u64 = 1 << 31;

impl Assembly<'_> {
    /// Starts ffmpeg, which copies the coded pictures untouched and gives each frame its exact time. Call it before the
    /// process locks itself in; [`Joining::finish`] needs only the open pipe, and the right to remove files below the folder.
    ///
    /// Sound is kept in sync with the original's first picture: a track that begins later does so here too; what a track
    /// has before that picture is kept but not played (an edit list says so).
    ///
    /// # Errors
    /// `FORMAT-UNSUPPORTED` for sound that QuickTime does not hold; `OUTPUT-FAILED`, `OUTPUT-NO-SPACE` when files cannot be
    /// made or a segment is missing; `FILE-MALFORMED` when ffprobe cannot read the original; `LIMIT-SIZE`, `LIMIT-TIME`,
    /// `WORKER-CRASHED`; `INTERNAL` for no segments, for a timecode of another rate, or a name as in
    /// [`super::VideoWriter::create`].
    pub fn start(&self, tools: &Tools<'_>) -> Result<Joining, Error> {
        let internal = |what: &str| Error::new(ErrorKind::Io, "INTERNAL", what);
        self.spec.check()?;
        if self.segments.is_empty() || self.frames == 0 {
            return Err(internal("a movie of no segments"));
        }
        if self.start.is_some_and(|t| t.rate() != self.spec.rate) {
            return Err(internal("a timecode of another rate than the movie's"));
        }
        let sound = self.sound.map(|s| sound::plan(&s, self.spec.rate, tools)).transpose()?;
        let sound = sound.filter(|plan| !plan.output.is_empty());
        let out = place(self.folder, self.out)?;
        let list = format!("{}.segments", self.out.replace('/', "_"));
        self.write_list(&list)?;
        let mut reads = vec![self.folder];
        reads.extend(self.sound.filter(|_| sound.is_some()).map(|s| s.file));
        let call = GuardCall {
            program: tools.ffmpeg.to_path_buf(),
            args: self.arguments(&list, sound.as_ref(), tools.threads),
            reads,
            writes: vec![&out],
            stdin: Stream::Null,
            stdout: Stream::Pipe,
            limits: tools.limits,
        };
        let folder = self.folder.try_clone().map_err(|e| Error::io("OUTPUT-FAILED", "duplicate a descriptor", &e))?;
        Ok(Joining {
            child: call.spawn(tools.own_program)?,
            folder,
            list,
            name: self.out.to_owned(),
            frames: self.frames,
            has_sound: sound.is_some(),
        })
    }

    /// ffmpeg's script of the segments, below the folder; names in it are relative to it.
    fn write_list(&self, name: &str) -> Result<(), Error> {
        let mut text = String::from("ffconcat version 1.0\n");
        for segment in self.segments {
            let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
            let path = Path::new(plain(segment)?);
            beneath::open(self.folder.as_fd(), path, flags, Mode::empty(), false)
                .map_err(|e| Error::io("OUTPUT-FAILED", &format!("open the segment {segment}"), &e.into()))?;
            text.push_str("file '");
            text.push_str(segment);
            text.push_str("'\n");
        }
        place(self.folder, name)?.write_all(text.as_bytes()).map_err(|e| {
            let full = matches!(e.raw_os_error(), Some(libc::ENOSPC | libc::EDQUOT));
            Error::io(if full { "OUTPUT-NO-SPACE" } else { "OUTPUT-FAILED" }, "write the list of segments", &e)
        })
    }

    fn arguments(&self, list: &str, sound: Option<&sound::Plan>, threads: u16) -> Vec<GuardArg> {
        let mut args = words(&["-nostdin", "-hide_banner", "-v", "level+error", "-xerror", "-err_detect", "explode"]);
        args.extend(words(&["-nostats", "-progress", "pipe:1", "-copyts"]));
        let only = |formats: &str, codecs: &str| {
            let walls = ["-protocol_whitelist", "file,pipe", "-format_whitelist", formats, "-codec_whitelist", codecs];
            words(&walls)
        };
        args.extend(only("concat,mov", self.spec.decoder()));
        // All segments have the same parameter sets, so nothing has to be put between the pictures.
        args.extend(words(&["-auto_convert", "0", "-f", "concat", "-i"]));
        args.push(GuardArg::ReadBelow("file:", 0, list.to_owned()));
        if let Some(plan) = sound {
            let (offset, threads) = (format!("{}us", plan.offset), threads.max(1).to_string());
            args.extend(only(plan.demuxer, &plan.codecs));
            args.extend(words(&["-flags", "bitexact", "-threads", &threads, "-itsoffset", &offset]));
            args.extend(words(&["-f", plan.demuxer, "-i"]));
            args.push(GuardArg::Read("file:", 1));
        }
        let den = self.spec.rate.den();
        let mut filters = format!("setts=pts=N*{den}:dts=N*{den}:duration={den}");
        if let Some(headers) = self.spec.header_filter() {
            filters.push(',');
            filters.push_str(headers);
        }
        args.extend(words(&["-map", "0:v:0", "-c:v", "copy", "-bsf:v", &filters, "-sn", "-dn"]));
        args.extend(words(&["-map_metadata", "-1", "-map_metadata:s", "-1", "-map_chapters", "-1"]));
        let rates = sound.map(|plan| plan.rates.as_slice()).unwrap_or_default();
        if let Some(plan) = sound {
            args.extend(words(&plan.output));
        }
        if let Some(start) = self.start {
            args.extend(words(&["-timecode", &start.to_string()]));
            if let Some(reel) = self.reel.map(kept).filter(|r| !r.is_empty()) {
                args.extend(words(&["-metadata:s:v:0", &format!("reel_name={reel}")]));
            }
        }
        args.extend(container_args(self.spec, units(self.spec.rate.num(), rates), "+write_colr+faststart"));
        args
    }
}

/// What is kept of a reel name.
fn kept(reel: &str) -> &str {
    let reel = reel.split('\0').next().unwrap_or_default();
    let end = (0..=MOST_REEL.min(reel.len())).rev().find(|n| reel.is_char_boundary(*n)).unwrap_or(0);
    reel.get(..end).unwrap_or_default()
}

/// Units in a second that count whole frames and whole samples alike; only frames when those are too many.
fn units(frames: u32, samples: &[u32]) -> u32 {
    let common = |a: u64, b: u32| {
        let (mut x, mut y) = (a, u64::from(b).max(1));
        while y != 0 {
            (x, y) = (y, x.checked_rem(y).unwrap_or(0));
        }
        a.checked_div(x).unwrap_or(a).saturating_mul(b.into())
    };
    let all = samples.iter().fold(u64::from(frames), |a, b| common(a, *b));
    if all > MOST_UNITS { frames } else { u32::try_from(all).unwrap_or(frames) }
}

impl Joining {
    /// Waits for the movie, and counts its frames. Its bytes are not yet made durable; the segments are left.
    ///
    /// # Errors
    /// As [`super::VideoWriter::finish`]; `FILE-MALFORMED` when the original's sound is damaged; `OUTPUT-FAILED` when another
    /// number of frames came than was asked for.
    pub fn finish(mut self) -> Result<(), Error> {
        let counted = self.child.take_stdout().map(last_count).transpose();
        let end = self.child.finish()?;
        // What stays of the list is swept with the rest of staging.
        let _ = rustix::fs::unlinkat(&self.folder, self.list.as_str(), AtFlags::empty());
        if !clean(&end) {
            let damaged = ["Invalid data found", "Error while decoding", "partial file", "Error submitting packet"];
            let error = failed(&self.name, &end);
            if self.has_sound && error.code == "OUTPUT-FAILED" && damaged.iter().any(|d| end.stderr.contains(d)) {
                return Err(Error::malformed(format!("the sound of the original is damaged: {}", error.what)));
            }
            return Err(error);
        }
        let counted = counted.map_err(|e| Error::io("WORKER-CRASHED", "read how far ffmpeg is", &e))?.flatten();
        if counted != Some(self.frames) {
            let counted = counted.map_or("an unknown number of".into(), |n| n.to_string());
            let what = format!("{} has {counted} frames instead of {}", self.name, self.frames);
            return Err(Error::new(ErrorKind::Io, "OUTPUT-FAILED", what));
        }
        Ok(())
    }
}

/// The last number of frames that ffmpeg reports.
fn last_count(mut from: impl Read) -> std::io::Result<Option<u64>> {
    let (mut line, mut count, mut buffer) = (Vec::new(), None, [0u8; 4096]);
    loop {
        let n = match from.read(&mut buffer) {
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => continue,
            other => other?,
        };
        if n == 0 {
            return Ok(count);
        }
        for byte in buffer.iter().take(n) {
            match byte {
                b'\n' => {
                    let text = std::str::from_utf8(&line).unwrap_or_default();
                    count = text.strip_prefix("frame=").and_then(|t| t.trim().parse().ok()).or(count);
                    line.clear();
                }
                byte if line.len() < 100 => line.push(*byte),
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_count_frames_and_samples() {
        assert_eq!(units(24_000, &[]), 24_000);
        assert_eq!(units(24_000, &[48_000, 48_000]), 48_000);
        assert_eq!(units(30_000, &[48_000]), 240_000);
        assert_eq!(units(24, &[44_100]), 88_200);
        assert_eq!(units(24_000, &[44_101, 47_999, 767_999]), 24_000);
    }

    #[test]
    fn reel_names() {
        assert_eq!(kept("A001\0-i /etc/passwd"), "A001");
        assert_eq!(kept(&"ü".repeat(200)), "ü".repeat(127));
        assert_eq!((kept(""), kept("-i"), kept("a\nb")), ("", "-i", "a\nb"));
    }

    #[test]
    fn the_last_count() {
        let text = "frame=0\nfps=0\nprogress=continue\nframe=  15\nout=1\nprogress=end\n";
        assert_eq!(last_count(text.as_bytes()).unwrap(), Some(15));
        assert_eq!(last_count(&b"frame=x\nfoo"[..]).unwrap(), None);
        assert_eq!(last_count(format!("frame=7\n{}\n", "x".repeat(9999)).as_bytes()).unwrap(), Some(7));
    }
}
