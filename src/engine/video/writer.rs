//! A movie written by a guarded ffmpeg, picture by picture.

use super::Tools;
use super::probe::{complaint, without_address};
use super::spec::VideoSpec;
use crate::engine::beneath;
use crate::engine::process::{Ended, GuardArg, GuardCall, GuardEnd, Guarded, Stream};
use crate::model::{Error, ErrorKind};
use rustix::fs::{AtFlags, Mode, OFlags};
use rustix::io::Errno;
use std::fs::File;
use std::io::Write;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::process::ChildStdin;

/// An encoder at work on one segment: a QuickTime movie without sound and timecode.
#[derive(Debug)]
pub struct VideoWriter {
    // Dropped first: without it the encoder ends by itself, and a locked-in process cannot end it otherwise.
    pipe: Option<ChildStdin>,
    child: Option<Guarded>,
    name: String,
    picture: u64,
    written: u64,
}

impl VideoWriter {
    /// Starts the encoder of `name` below `folder`, for example `parts/3.96.mov`; the folders of `name` are made, an old
    /// file of that name is replaced. The encoder may write that one file and nothing else. Call it before the process
    /// locks itself in; [`VideoWriter::write`] and [`VideoWriter::finish`] need only the open pipe.
    ///
    /// The bytes of the file depend on the pictures, on `spec` and on ffmpeg's version alone.
    ///
    /// # Errors
    /// `FORMAT-UNSUPPORTED` as [`VideoSpec::check`], `OUTPUT-FAILED` or `OUTPUT-NO-SPACE` when the file cannot be made,
    /// `INTERNAL` for a name with other characters than `A-Z a-z 0-9 _ - .` and slashes, `WORKER-CRASHED` when ffmpeg
    /// cannot be started.
    pub fn create(folder: &File, name: &str, spec: &VideoSpec, tools: &Tools<'_>) -> Result<Self, Error> {
        spec.check()?;
        let file = place(folder, name)?;
        let mut args = words(&["-nostdin", "-hide_banner", "-v", "level+error", "-xerror"]);
        args.extend(words(&["-protocol_whitelist", "file,pipe", "-format_whitelist", "rawvideo"]));
        args.extend(words(&spec.input_args()));
        args.extend(words(&["-i", "pipe:0", "-map", "0:v:0", "-map_metadata", "-1"]));
        args.extend(words(&spec.encoder_args(tools.threads)));
        args.extend(words(&["-fps_mode", "cfr", "-r", &spec.rate.to_string()]));
        args.extend(container_args(spec, spec.rate.num(), "+write_colr"));
        let call = GuardCall {
            program: tools.ffmpeg.to_path_buf(),
            args,
            reads: Vec::new(),
            writes: vec![&file],
            stdin: Stream::Pipe,
            stdout: Stream::Null,
            limits: tools.limits,
        };
        let mut child = call.spawn(tools.own_program)?;
        let pipe = child.take_stdin();
        Ok(Self { pipe, child: Some(child), name: name.to_owned(), picture: spec.raw_bytes(), written: 0 })
    }

    /// The next picture, as [`super::raw_picture`] makes it. It waits while the encoder is busy.
    ///
    /// # Errors
    /// What ffmpeg said when it ended early, see [`VideoWriter::finish`]; `INTERNAL` when `raw` has not the size of a picture
    /// or an earlier picture failed.
    pub fn write(&mut self, raw: &[u8]) -> Result<(), Error> {
        let internal = |what: String| Error::new(ErrorKind::Io, "INTERNAL", what);
        if u64::try_from(raw.len()).ok() != Some(self.picture) {
            return Err(internal(format!("a picture of {} bytes where {} were expected", raw.len(), self.picture)));
        }
        let Some(pipe) = &mut self.pipe else {
            return Err(internal("a picture for an encoder that has ended".into()));
        };
        match pipe.write_all(raw) {
            Ok(()) => {
                self.written = self.written.saturating_add(1);
                Ok(())
            }
            Err(e) => Err(self.early(&e)),
        }
    }

    /// The encoder took no more: its own words, not only ours.
    fn early(&mut self, e: &std::io::Error) -> Error {
        self.pipe = None;
        match self.child.take().map(Guarded::finish) {
            Some(Ok(end)) => {
                let mut error = failed(&self.name, &end);
                error.what = format!("frame {} was not taken: {}", self.written, error.what);
                error
            }
            Some(Err(e)) => e,
            None => Error::io("WORKER-CRASHED", "write to the encoder", e),
        }
    }

    /// Ends the movie. Its bytes are not yet made durable.
    ///
    /// # Errors
    /// `OUTPUT-NO-SPACE` on a full disk, `OUTPUT-FAILED` for other faults of writing, `LIMIT-TIME`, `LIMIT-MEMORY`,
    /// `LIMIT-SIZE` beyond the limits, `TOOL-MISSING` when this ffmpeg has no such encoder, `WORKER-CRASHED`; `INTERNAL` when
    /// no picture was written. The file is worth nothing then.
    pub fn finish(mut self) -> Result<(), Error> {
        self.pipe = None;
        let internal = |what: &str| Error::new(ErrorKind::Io, "INTERNAL", what);
        let Some(child) = self.child.take() else { return Err(internal("the encoder has ended before")) };
        let end = child.finish()?;
        if !clean(&end) {
            return Err(failed(&self.name, &end));
        }
        if self.written == 0 {
            return Err(internal("a movie without pictures"));
        }
        Ok(())
    }
}

/// These words as arguments.
pub(super) fn words<S: AsRef<str>>(list: &[S]) -> Vec<GuardArg> {
    list.iter().map(|w| GuardArg::from(w.as_ref())).collect()
}

/// The container and its one output, the first of the writes. `timescale` counts edits and the whole movie.
pub(super) fn container_args(spec: &VideoSpec, timescale: u32, flags: &str) -> Vec<GuardArg> {
    let (frames, movie) = (spec.rate.num().to_string(), timescale.to_string());
    let mut args = words(&["-fflags", "+bitexact", "-video_track_timescale", &frames, "-movie_timescale", &movie]);
    args.extend(words(&["-movflags", flags, "-f", "mov", "-y"]));
    args.push(GuardArg::Write("file:", 0));
    args
}

/// Whether it ended well, without a complaint.
pub(super) fn clean(end: &GuardEnd) -> bool {
    end.ended == Ended::Code(0) && complaint(&end.stderr).is_none()
}

/// From how a writer ended to an error.
pub(super) fn failed(name: &str, end: &GuardEnd) -> Error {
    let says = |text: &str| end.stderr.contains(text);
    let limit = |code, what: &str| Error::new(ErrorKind::Limit, code, format!("ffmpeg writes {name}: {what}"));
    let said = complaint(&end.stderr).or_else(|| end.stderr.lines().find(|l| !l.trim().is_empty()));
    let said: String = without_number(&without_address(said.unwrap_or("nothing").trim())).chars().take(300).collect();
    let io = |code, errno| {
        let mut e = Error::new(ErrorKind::Io, code, format!("ffmpeg cannot write {name}; it says: {said}"));
        e.errno = errno;
        e
    };
    match end.ended {
        _ if says("No space left on device") => io("OUTPUT-NO-SPACE", Some(libc::ENOSPC)),
        _ if says("Disk quota exceeded") => io("OUTPUT-NO-SPACE", Some(libc::EDQUOT)),
        _ if says("Input/output error") => io("OUTPUT-FAILED", Some(libc::EIO)),
        _ if says("File too large") => limit("LIMIT-SIZE", "the file grows beyond the limit"),
        Ended::Signal(libc::SIGXFSZ) => limit("LIMIT-SIZE", "the file grows beyond the limit"),
        _ if ["Cannot allocate memory", "malloc of size", "failed to map segment"].iter().any(|t| says(t)) => {
            limit("LIMIT-MEMORY", "it needs more memory than allowed").fix("raise the memory limit of the folder")
        }
        // ffmpeg takes the signal of the soft limit as a request to stop, and says so only to those who want to know.
        Ended::Code(255) if end.stderr.trim().is_empty() => limit("LIMIT-TIME", "it used up its processor time"),
        Ended::Signal(libc::SIGXCPU) => limit("LIMIT-TIME", "it used up its processor time"),
        // nobody but the kernel, short of memory, or a person does that
        Ended::Signal(libc::SIGKILL) => {
            Error::new(ErrorKind::Io, "WORKER-CRASHED", format!("ffmpeg was killed while it wrote {name}"))
        }
        _ if says("Unknown encoder") => io("TOOL-MISSING", None),
        Ended::Signal(n) => {
            let what = format!("ffmpeg died of signal {n} while it wrote {name}; it said: {said}");
            Error::new(ErrorKind::Io, "WORKER-CRASHED", what)
        }
        _ => io("OUTPUT-FAILED", None),
    }
}

/// Without the number of a descriptor, which is another one in each run.
fn without_number(line: &str) -> String {
    match line.split_once("file:/proc/self/fd/") {
        Some((before, rest)) => {
            format!("{before}the file{}", rest.trim_start_matches(|c: char| c.is_ascii_digit()))
        }
        None => line.to_owned(),
    }
}

/// Whether a name needs no quoting anywhere and leads nowhere else.
pub(super) fn plain(name: &str) -> Result<&str, Error> {
    let good = |part: &str| {
        let known = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
        !part.is_empty() && !part.starts_with('.') && part.len() <= 255 && part.bytes().all(known)
    };
    if name.split('/').all(good) && name.len() < 4096 {
        return Ok(name);
    }
    Err(Error::new(ErrorKind::Io, "INTERNAL", format!("{name:?} is no name for a part of a movie")))
}

fn trouble(doing: &str, e: Errno) -> Error {
    let code = if matches!(e, Errno::NOSPC | Errno::DQUOT) { "OUTPUT-NO-SPACE" } else { "OUTPUT-FAILED" };
    Error::io(code, doing, &std::io::Error::from(e))
}

/// A new, empty file below `folder`; what lay there is removed, the folders on the way are made.
pub(super) fn place(folder: &File, name: &str) -> Result<File, Error> {
    let doing = "make a file in staging";
    let name = plain(name)?;
    let mut here: Option<OwnedFd> = None;
    let mut parts = name.split('/').peekable();
    while let Some(part) = parts.next() {
        let from = here.as_ref().map_or(folder.as_fd(), OwnedFd::as_fd);
        let open = |flags, mode| beneath::open(from, Path::new(part), flags, Mode::from_raw_mode(mode), false);
        if parts.peek().is_some() {
            match rustix::fs::mkdirat(from, part, Mode::from_raw_mode(0o777)) {
                Ok(()) | Err(Errno::EXIST) => {}
                Err(e) => return Err(trouble(doing, e)),
            }
            let fd = open(OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC, 0);
            here = Some(fd.map_err(|e| trouble(doing, e))?);
            continue;
        }
        match rustix::fs::unlinkat(from, part, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => {}
            Err(e) => return Err(trouble("replace a file in staging", e)),
        }
        let new = open(OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC, 0o666);
        return new.map(File::from).map_err(|e| trouble(doing, e));
    }
    Err(trouble(doing, Errno::INVAL))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(ended: Ended, stderr: &str) -> GuardEnd {
        GuardEnd { ended, walls: String::new(), stderr: stderr.into() }
    }

    #[test]
    fn what_ffmpeg_says_becomes_a_code() {
        for (ended, said, code) in [
            (Ended::Code(1), "[error] av_interleaved_write_frame(): No space left on device", "OUTPUT-NO-SPACE"),
            (Ended::Code(1), "[error] Error writing trailer of file:/x: Disk quota exceeded", "OUTPUT-NO-SPACE"),
            (Ended::Signal(libc::SIGXFSZ), "", "LIMIT-SIZE"),
            (Ended::Code(1), "[error] av_interleaved_write_frame(): File too large", "LIMIT-SIZE"),
            (Ended::Code(255), "", "LIMIT-TIME"),
            (Ended::Signal(libc::SIGKILL), "", "WORKER-CRASHED"),
            (Ended::Code(1), "[libx264 @ 0x5] [error] malloc of size 99 failed", "LIMIT-MEMORY"),
            (Ended::Code(1), "[fatal] Unknown encoder 'libx264'", "TOOL-MISSING"),
            (Ended::Signal(libc::SIGSEGV), "", "WORKER-CRASHED"),
            (Ended::Code(1), "[mov @ 0x55d] [error] odd", "OUTPUT-FAILED"),
            (Ended::Code(0), "[mov @ 0x55d] [error] odd", "OUTPUT-FAILED"),
        ] {
            let e = failed("a.mov", &end(ended, said));
            assert_eq!(e.code, code, "{e}");
            assert!(e.what.contains("a.mov") && !e.what.contains("0x55d"), "{e}");
            assert_eq!(e.is_environment(), code == "OUTPUT-NO-SPACE", "{e}");
        }
        let e = failed("a.mov", &end(Ended::Code(1), "[fatal] file:/proc/self/fd/8: corrupt input packet"));
        assert!(e.what.ends_with("[fatal] the file: corrupt input packet"), "{e}");
        assert!(clean(&end(Ended::Code(0), "")) && !clean(&end(Ended::Code(0), "[x @ 0x1] [error] y")));
    }

    #[test]
    fn names_of_parts() {
        for good in ["a.mov", "parts/3.96.mov", "a/b/C_d-e.mov"] {
            assert_eq!(plain(good).unwrap(), good);
        }
        for bad in ["", "/a", "a/", "a//b", "../a", "a/../b", ".a", "a b", "a'b", "a\nb", "ü", "a:b", "a\0"] {
            assert_eq!(plain(bad).unwrap_err().code, "INTERNAL", "{bad:?}");
        }
    }

    #[test]
    fn a_place_is_new_and_follows_no_link() {
        let dir = tempfile::tempdir().unwrap();
        let folder = File::open(dir.path()).unwrap();
        let victim = dir.path().join("victim");
        std::fs::write(&victim, "keep").unwrap();
        std::os::unix::fs::symlink("victim", dir.path().join("link.mov")).unwrap();
        std::fs::hard_link(&victim, dir.path().join("hard.mov")).unwrap();
        for name in ["link.mov", "hard.mov", "parts/a.mov", "parts/a.mov"] {
            place(&folder, name).unwrap().write_all(b"new").unwrap();
            assert_eq!(std::fs::read(dir.path().join(name)).unwrap(), b"new");
        }
        assert_eq!(std::fs::read(&victim).unwrap(), b"keep");
        std::os::unix::fs::symlink("/tmp", dir.path().join("out")).unwrap();
        assert_eq!(place(&folder, "out/a.mov").unwrap_err().code, "OUTPUT-FAILED");
    }
}
