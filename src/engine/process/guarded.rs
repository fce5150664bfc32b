//! Starting a program behind walls, and speaking to it by pipes only.

use super::guard::{NOT_STARTED, REPORT};
use super::run::{Ended, from_status};
use crate::model::{Error, ErrorKind, Limits};
use rustix::pipe::{PipeFlags, pipe_with};
use std::ffi::OsString;
use std::fs::File;
use std::io::Read;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// Bytes of standard error that are kept.
const MOST_STDERR: u64 = 16 << 10;

/// One argument of a guarded program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GuardArg {
    /// As it is.
    Text(OsString),
    /// This text and then `/proc/self/fd/N`, the name of the n-th of [`GuardCall::reads`]. Opened by that name it is an
    /// open file of its own, with its own position.
    Read(&'static str, usize),
    /// The same for the n-th of the reads, a folder, and then a slash and this name of a file below it.
    ReadBelow(&'static str, usize, String),
    /// The same as `Read` for [`GuardCall::writes`].
    Write(&'static str, usize),
}

impl<T: Into<OsString>> From<T> for GuardArg {
    fn from(text: T) -> Self {
        Self::Text(text.into())
    }
}

/// What standard input or output is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// A pipe to us.
    Pipe,
    /// `/dev/null`.
    Null,
}

/// A program to run behind walls, see [`super::guard_main`].
#[derive(Debug)]
pub struct GuardCall<'a> {
    /// Absolute path, see [`super::find`].
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<GuardArg>,
    /// Open files that it may read, and read again by name; of a folder, all files below it.
    pub reads: Vec<&'a File>,
    /// Open files or folders that it may write.
    pub writes: Vec<&'a File>,
    /// Its standard input.
    pub stdin: Stream,
    /// Its standard output.
    pub stdout: Stream,
    /// `memory`, `seconds` (of processor time), `file_size` and `open_files` hold for it.
    pub limits: Limits,
}

/// A running program behind walls. Dropped, it is killed.
#[derive(Debug)]
pub struct Guarded {
    child: Child,
    program: PathBuf,
    stderr: File,
}

/// How a guarded program ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuardEnd {
    /// Exit code or signal.
    pub ended: Ended,
    /// The layers that held, as [`super::LockReport`] tells them.
    pub walls: String,
    /// The first 16 KiB of its standard error.
    pub stderr: String,
}

impl GuardCall<'_> {
    /// Starts it through `own_program`, the program whose `guard` command puts the walls up (`/proc/self/exe`). It stays
    /// in this process's group and dies with the thread that calls this. No thread is started. Standard error goes to a
    /// pipe that never blocks: what does not fit is lost.
    ///
    /// The given files are inheritable for a moment, so another thread that starts a program at the same time would hand
    /// them on to it too.
    ///
    /// # Errors
    /// `WORKER-CRASHED` (Io) when it cannot be started; `INTERNAL` for an argument that names no given file.
    pub fn spawn(&self, own_program: &Path) -> Result<Guarded, Error> {
        let failed = |e: std::io::Error| {
            Error::io("WORKER-CRASHED", &format!("start {}", self.program.display()), &e).at(&self.program)
        };
        let inherit = |files: &[&File]| -> Result<Vec<OwnedFd>, Error> {
            files.iter().map(|f| rustix::io::dup(f).map_err(|e| failed(e.into()))).collect()
        };
        let (reads, writes) = (inherit(&self.reads)?, inherit(&self.writes)?);
        let (err_read, err_write) =
            pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK).map_err(|e| failed(e.into()))?;
        let mut command = Command::new(own_program);
        command.arg("guard").arg("--parent").arg(std::process::id().to_string());
        for (name, value) in [
            ("--memory", self.limits.memory),
            ("--seconds", self.limits.seconds),
            ("--file-size", self.limits.file_size),
            ("--open-files", self.limits.open_files),
        ] {
            command.arg(name).arg(value.to_string());
        }
        for (name, files) in [("--read-fd", &reads), ("--write-fd", &writes)] {
            for fd in files {
                command.arg(name).arg(fd.as_raw_fd().to_string());
            }
        }
        command.arg("--").arg(&self.program);
        for arg in &self.args {
            command.arg(text_of(arg, &reads, &writes)?);
        }
        let stream = |s| if s == Stream::Pipe { Stdio::piped() } else { Stdio::null() };
        command.env_clear().current_dir("/").stdin(stream(self.stdin)).stdout(stream(self.stdout)).stderr(err_write);
        let child = command.spawn().map_err(failed)?;
        Ok(Guarded { child, program: self.program.clone(), stderr: File::from(err_read) })
    }
}

fn text_of(arg: &GuardArg, reads: &[OwnedFd], writes: &[OwnedFd]) -> Result<OsString, Error> {
    let (prefix, fd, below) = match arg {
        GuardArg::Text(text) => return Ok(text.clone()),
        GuardArg::Read(prefix, n) => (prefix, reads.get(*n), None),
        GuardArg::ReadBelow(prefix, n, name) => (prefix, reads.get(*n), Some(name)),
        GuardArg::Write(prefix, n) => (prefix, writes.get(*n), None),
    };
    let none = || Error::new(ErrorKind::Io, "INTERNAL", "an argument names a file that is not given");
    let fd = fd.ok_or_else(none)?.as_raw_fd();
    Ok(match below {
        Some(name) => format!("{prefix}/proc/self/fd/{fd}/{name}").into(),
        None => format!("{prefix}/proc/self/fd/{fd}").into(),
    })
}

impl Guarded {
    /// Its process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The pipe to its standard input; `None` when there is none or it was taken.
    pub fn take_stdin(&mut self) -> Option<ChildStdin> {
        self.child.stdin.take()
    }

    /// The pipe from its standard output; `None` when there is none or it was taken.
    pub fn take_stdout(&mut self) -> Option<ChildStdout> {
        self.child.stdout.take()
    }

    /// Closes the pipes that were not taken and waits for its end. How long that may take is bounded by the program's
    /// own limit of processor time and by whoever supervises this process.
    ///
    /// # Errors
    /// `WORKER-CRASHED` when the walls could not be put up, the program not started, or not waited for.
    pub fn finish(mut self) -> Result<GuardEnd, Error> {
        drop((self.child.stdin.take(), self.child.stdout.take()));
        let status = self.child.wait().map_err(|e| Error::io("WORKER-CRASHED", "wait for a program", &e))?;
        let mut bytes = Vec::new();
        // The pipe never blocks: at its end, or when a writer is left, what is there is all.
        let _ = self.stderr.by_ref().take(MOST_STDERR).read_to_end(&mut bytes);
        let text = String::from_utf8_lossy(&bytes);
        let ended = from_status(status);
        let report = text.strip_prefix(REPORT).and_then(|rest| rest.split_once('\n'));
        let (walls, stderr) = match report {
            Some((walls, rest)) => (walls.to_owned(), rest.to_owned()),
            None => (String::new(), text.into_owned()),
        };
        if ended == Ended::Code(i32::from(NOT_STARTED)) || walls.is_empty() {
            let what = format!("{} was not started: {}", self.program.display(), stderr.trim());
            return Err(Error::new(ErrorKind::Io, "WORKER-CRASHED", what).at(&self.program));
        }
        Ok(GuardEnd { ended, walls, stderr })
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        drop((self.child.stdin.take(), self.child.stdout.take()));
        // A locked-in process may not send signals; then the closed pipe or the death of this process ends the child.
        if self.child.kill().is_ok() {
            let _ = self.child.wait();
        }
    }
}
