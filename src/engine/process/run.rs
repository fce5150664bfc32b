//! Running a program: no shell, no inherited environment, bounded time and output, the whole group killed at the end.

use crate::model::{Error, ErrorKind};
use rustix::process::{Pid, Signal, kill_process_group};
use std::ffi::OsString;
use std::io::Read;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// The folders in which programs without a path are looked for, and the `PATH` of every child.
pub(super) const SEARCH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/// Between TERM and KILL.
const TERM_GRACE: Duration = Duration::from_secs(1);
/// After KILL, until the child is given up as lost.
const KILL_GRACE: Duration = Duration::from_secs(2);
/// How long pipes may stay open (held by a grandchild) after the child itself has ended.
const PIPE_GRACE: Duration = Duration::from_millis(250);
/// How often the time limit and the cancel flag are looked at.
pub(super) const TICK: Duration = Duration::from_millis(20);

/// A flag that stops running work; clones share it.
#[derive(Debug, Clone, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// A flag that is not set.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets it, for good.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// Whether it is set.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

/// A program to run.
#[derive(Debug, Clone)]
pub struct Call {
    /// Absolute path, see [`find`].
    pub program: PathBuf,
    /// Arguments, passed as they are.
    pub args: Vec<OsString>,
    /// The whole environment beside `PATH` and `LANG=C.UTF-8`.
    pub env: Vec<(OsString, OsString)>,
    /// Longest run, seconds of the monotonic clock.
    pub seconds: u64,
    /// Bytes of standard output kept; the rest is read and thrown away.
    pub max_stdout: usize,
    /// Bytes of standard error kept.
    pub max_stderr: usize,
    /// Working directory; absent = `/`.
    pub cwd: Option<PathBuf>,
}

impl Call {
    /// A call with 64 KiB of output, 16 KiB of errors, `seconds` of time and nothing else.
    #[must_use]
    pub fn new(program: impl Into<PathBuf>, seconds: u64) -> Self {
        Self {
            program: program.into(),
            args: Vec::new(),
            env: Vec::new(),
            seconds,
            max_stdout: 64 << 10,
            max_stderr: 16 << 10,
            cwd: None,
        }
    }
}

/// How a child ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// By itself, with this exit code.
    Code(i32),
    /// By this signal, not sent by us.
    Signal(i32),
    /// Stopped at its time limit.
    TimedOut,
    /// Stopped by [`Cancel`].
    Cancelled,
    /// It could not even be killed (it hangs in the kernel, on a dead mount for example) and was left behind.
    Lost,
}

/// What came of a [`Call`].
#[derive(Debug, Clone)]
pub struct Finished {
    /// How it ended.
    pub ended: Ended,
    /// Its standard output, cut at `max_stdout`.
    pub stdout: Vec<u8>,
    /// Whether standard output was cut.
    pub stdout_cut: bool,
    /// Its standard error, cut at `max_stderr`.
    pub stderr: Vec<u8>,
    /// How long it ran.
    pub wall: Duration,
}

/// The absolute path of `program`: itself when absolute, else the first executable file of that name in the usual
/// system folders (never the working directory, never the caller's `PATH`).
#[must_use]
pub fn find(program: &str) -> Option<PathBuf> {
    let runs = |p: &Path| p.is_file() && rustix::fs::access(p, rustix::fs::Access::EXEC_OK).is_ok();
    if program.starts_with('/') {
        return Some(PathBuf::from(program)).filter(|p| runs(p));
    }
    if program.is_empty() || program.contains('/') {
        return None;
    }
    SEARCH.split(':').map(|d| Path::new(d).join(program)).find(|p| runs(p))
}

/// Runs a program to its end: standard input is `/dev/null`, it leads its own process group, and that whole group is
/// gone afterwards (TERM, then KILL after a second). Its output is always drained, so a chatty child never blocks. A
/// child that survives KILL for two seconds is reported as [`Ended::Lost`]; a thread goes on waiting for it.
///
/// # Errors
/// `WORKER-CRASHED` (kind Io) when it cannot be started.
pub fn run(call: &Call, cancel: &Cancel) -> Result<Finished, Error> {
    let begin = Instant::now();
    let mut child = spawn(call)?;
    let (tell, told) = channel();
    let out = Drain::start(child.stdout.take(), call.max_stdout, &tell);
    let err = Drain::start(child.stderr.take(), call.max_stderr, &tell);
    drop(tell);
    let (out, err) = match (out, err) {
        (Ok(o), Ok(e)) => (o, e),
        (Err(e), _) | (_, Err(e)) => {
            stop(child, Ended::Cancelled);
            return Err(failed(call, &e));
        }
    };
    let ended = wait(child, begin + Duration::from_secs(call.seconds), cancel, &told);
    let (stdout, stdout_cut) = out.take();
    let (stderr, _) = err.take();
    Ok(Finished { ended, stdout, stdout_cut, stderr, wall: begin.elapsed() })
}

pub(super) fn failed(call: &Call, e: &std::io::Error) -> Error {
    Error::io("WORKER-CRASHED", &format!("start {}", call.program.display()), e).at(&call.program)
}

/// Starts the program as [`run`] says.
pub(super) fn spawn(call: &Call) -> Result<Child, Error> {
    if !call.program.is_absolute() {
        return Err(Error::new(ErrorKind::Io, "INTERNAL", "a program must be given by its absolute path"));
    }
    Command::new(&call.program)
        .args(&call.args)
        .env_clear()
        .env("PATH", SEARCH)
        .env("LANG", "C.UTF-8")
        .envs(call.env.iter().map(|(k, v)| (k, v)))
        .current_dir(call.cwd.as_deref().unwrap_or(Path::new("/")))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn()
        .map_err(|e| failed(call, &e))
}

/// Waits for both pipes to close and the child to end, or stops it.
pub(super) fn wait(mut child: Child, deadline: Instant, cancel: &Cancel, told: &Receiver<()>) -> Ended {
    let mut closed = false;
    let mut nap = Duration::from_micros(200);
    loop {
        match child.try_wait() {
            Ok(Some(status)) => {
                // The leader is reaped, but as long as a member of its group lives the number cannot be used again.
                let until = Instant::now() + PIPE_GRACE;
                while !closed && Instant::now() < until {
                    closed = matches!(told.recv_timeout(TICK), Err(RecvTimeoutError::Disconnected));
                }
                if !closed {
                    kill(group(&child), Signal::KILL);
                }
                return from_status(status);
            }
            Ok(None) => {}
            Err(_) => return stop(child, Ended::Lost),
        }
        if cancel.is_cancelled() {
            return stop(child, Ended::Cancelled);
        }
        if Instant::now() >= deadline {
            return stop(child, Ended::TimedOut);
        }
        if closed {
            // Both pipes are closed: the child is about to end, or has closed them itself and works on.
            std::thread::sleep(nap);
            nap = (nap * 2).min(TICK);
        } else {
            closed = matches!(told.recv_timeout(TICK), Err(RecvTimeoutError::Disconnected));
        }
    }
}

fn group(child: &Child) -> Option<Pid> {
    i32::try_from(child.id()).ok().and_then(Pid::from_raw)
}

fn kill(group: Option<Pid>, signal: Signal) {
    if let Some(g) = group {
        // Gone already is as good.
        let _ = kill_process_group(g, signal);
    }
}

/// Ends the whole group; answers `why`, or `Lost`.
pub(super) fn stop(mut child: Child, why: Ended) -> Ended {
    let group = group(&child);
    kill(group, Signal::TERM);
    let gone = gone_within(&mut child, TERM_GRACE);
    kill(group, Signal::KILL);
    if gone || gone_within(&mut child, KILL_GRACE) {
        return why;
    }
    // If no thread can be had either, the child stays a zombie until we end: nothing else is lost.
    let _ = std::thread::Builder::new().name("reaper".into()).spawn(move || child.wait());
    Ended::Lost
}

fn gone_within(child: &mut Child, time: Duration) -> bool {
    let until = Instant::now() + time;
    loop {
        if matches!(child.try_wait(), Ok(Some(_))) {
            return true;
        }
        if Instant::now() >= until {
            return false;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

pub(super) fn from_status(status: ExitStatus) -> Ended {
    match (status.code(), status.signal()) {
        (Some(c), _) => Ended::Code(c),
        (None, Some(s)) => Ended::Signal(s),
        (None, None) => Ended::Lost,
    }
}

/// A thread that empties a pipe and keeps the beginning.
pub(super) struct Drain(Arc<Mutex<(Vec<u8>, bool)>>);

impl Drain {
    pub(super) fn start(
        pipe: Option<impl Read + Send + 'static>,
        max: usize,
        tell: &Sender<()>,
    ) -> std::io::Result<Self> {
        let kept = Arc::new(Mutex::new((Vec::new(), false)));
        let (shared, tell) = (Arc::clone(&kept), tell.clone());
        std::thread::Builder::new().name("drain".into()).stack_size(128 << 10).spawn(move || {
            let _until_here = tell;
            let Some(mut pipe) = pipe else { return };
            let mut buffer = [0u8; 16 << 10];
            loop {
                match pipe.read(&mut buffer) {
                    Ok(0) => return,
                    Ok(n) => {
                        let Ok(mut kept) = shared.lock() else { return };
                        let room = max.saturating_sub(kept.0.len()).min(n);
                        kept.0.extend_from_slice(buffer.get(..room).unwrap_or_default());
                        kept.1 |= room < n;
                    }
                    Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
                    Err(_) => return,
                }
            }
        })?;
        Ok(Self(kept))
    }

    pub(super) fn take(self) -> (Vec<u8>, bool) {
        self.0.lock().map(|mut k| std::mem::take(&mut *k)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh(script: &str, seconds: u64) -> Call {
        let mut c = Call::new(find("sh").unwrap(), seconds);
        c.args = vec!["-c".into(), script.into()];
        c
    }

    #[test]
    fn code_output_and_a_clean_environment() {
        let f = run(&sh("printf out; printf err >&2; exit 7", 10), &Cancel::new()).unwrap();
        assert_eq!((f.ended, f.stdout.as_slice(), f.stderr.as_slice()), (Ended::Code(7), &b"out"[..], &b"err"[..]));
        let mut c = Call::new(find("env").unwrap(), 10);
        c.env = vec![("A".into(), "b".into())];
        let out = String::from_utf8(run(&c, &Cancel::new()).unwrap().stdout).unwrap();
        let mut lines: Vec<_> = out.lines().collect();
        lines.sort_unstable();
        assert_eq!(lines, ["A=b", "LANG=C.UTF-8", &format!("PATH={SEARCH}")]);
        let f = run(&sh("kill -SEGV $$", 10), &Cancel::new()).unwrap();
        assert_eq!(f.ended, Ended::Signal(libc::SIGSEGV));
    }

    #[test]
    fn a_chatty_child_does_not_block_and_is_cut() {
        let f = run(&sh("head -c 3000000 /dev/zero; head -c 3000000 /dev/zero >&2", 20), &Cancel::new()).unwrap();
        assert_eq!((f.ended, f.stdout.len(), f.stdout_cut), (Ended::Code(0), 64 << 10, true));
        assert_eq!(f.stderr.len(), 16 << 10);
    }

    #[test]
    fn time_limit_takes_the_whole_group() {
        let begin = Instant::now();
        let f = run(&sh("trap '' TERM; sleep 60 & echo $!; wait; sleep 60", 1), &Cancel::new()).unwrap();
        assert_eq!(f.ended, Ended::TimedOut);
        assert!(begin.elapsed() < Duration::from_secs(6), "{:?}", begin.elapsed());
        let grandchild: i32 = String::from_utf8(f.stdout).unwrap().trim().parse().unwrap();
        let until = Instant::now() + Duration::from_secs(5);
        while running(grandchild) {
            assert!(Instant::now() < until, "the grandchild lives on");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn running(pid: i32) -> bool {
        std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|s| !s.contains(") Z "))
    }

    #[test]
    fn a_grandchild_that_holds_the_pipes_does_not_hold_us() {
        let begin = Instant::now();
        let f = run(&sh("sleep 60 & exit 3", 30), &Cancel::new()).unwrap();
        assert_eq!(f.ended, Ended::Code(3));
        assert!(begin.elapsed() < Duration::from_secs(5));
    }

    #[test]
    fn cancel_stops_it() {
        let cancel = Cancel::new();
        let other = cancel.clone();
        let t = std::thread::spawn(move || run(&sh("sleep 60", 30), &other).unwrap().ended);
        std::thread::sleep(Duration::from_millis(50));
        cancel.cancel();
        assert_eq!(t.join().unwrap(), Ended::Cancelled);
    }

    #[test]
    fn only_whole_paths_and_known_folders() {
        assert!(find("sh").unwrap().is_absolute());
        assert!(find("../bin/sh").is_none() && find("").is_none() && find("no-such-program-at-all").is_none());
        assert!(run(&Call::new("sh", 1), &Cancel::new()).is_err());
        let missing = run(&Call::new("/no/such/program", 1), &Cancel::new()).unwrap_err();
        assert_eq!((missing.code.as_ref(), missing.errno), ("WORKER-CRASHED", Some(libc::ENOENT)));
    }
}
