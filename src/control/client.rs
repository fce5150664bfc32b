//! The asking side of the control socket: one request, one answer, within a time limit.

use crate::control::{Request, Response};
use crate::model::{Error, ErrorKind};
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType};
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

/// The largest answer that is taken, bytes.
const MAX_ANSWER: usize = 64 << 20;

/// Asks the daemon that listens on `path` and waits at most `timeout` for its answer.
///
/// # Errors
/// `DAEMON-UNREACHABLE` when nobody listens, the socket may not be opened, or no whole answer comes
/// in time; `REQUEST-INVALID` when the answer is not one that this version knows. An error that the
/// daemon itself answers is `Ok(Response::Error)`.
pub fn ask(path: &Path, request: &Request, timeout: Duration) -> Result<Response, Error> {
    let deadline = Instant::now().checked_add(timeout);
    let mut line = serde_json::to_vec(request).map_err(|e| Error::new(ErrorKind::Io, "INTERNAL", e.to_string()))?;
    line.push(b'\n');
    let answer = exchange(path, &line, deadline).map_err(|e| unreachable_at(path, &e))?;
    let mut value: serde_json::Value = serde_json::from_slice(&answer).map_err(|_| strange(path))?;
    if let Some(map) = value.as_object_mut() {
        map.remove("ok");
    }
    serde_json::from_value(value).map_err(|_| strange(path))
}

fn strange(path: &Path) -> Error {
    Error::new(ErrorKind::Unsupported, "REQUEST-INVALID", "the daemon's answer is not one that this version knows")
        .at(path)
        .fix("use the same version of rushes as the daemon")
}

fn unreachable_at(path: &Path, e: &io::Error) -> Error {
    let fix = match e.kind() {
        io::ErrorKind::PermissionDenied => "join the group that owns the socket (usually `rushes`), or use sudo",
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => {
            "the daemon is there but does not answer; see `systemctl status rushes` and `journalctl -u rushes`"
        }
        _ => "start it with `systemctl start rushes` or `rushes run`, or name its socket with --socket",
    };
    Error::io("DAEMON-UNREACHABLE", "speak with the daemon", e).at(path).fix(fix)
}

fn exchange(path: &Path, line: &[u8], deadline: Option<Instant>) -> io::Result<Vec<u8>> {
    let mut stream = connect(path, deadline)?;
    stream.set_write_timeout(Some(left(deadline)?))?;
    // A server that refuses (too many clients) closes early: its answer is still there to be read.
    let wrote = stream.write_all(line);
    let mut answer = Vec::new();
    let mut chunk = [0u8; 16 << 10];
    loop {
        stream.set_read_timeout(Some(left(deadline)?))?;
        let n = match stream.read(&mut chunk) {
            Ok(n) => n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => return Err(timed_out()),
            Err(e) => return Err(wrote.err().unwrap_or(e)),
        };
        let part = chunk.get(..n).unwrap_or(&[]);
        if let Some(end) = part.iter().position(|b| *b == b'\n') {
            answer.extend_from_slice(part.get(..end).unwrap_or(&[]));
            return Ok(answer);
        }
        answer.extend_from_slice(part);
        if n == 0 {
            wrote?;
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "it closed the connection without an answer"));
        }
        if answer.len() > MAX_ANSWER {
            return Err(io::Error::other("its answer is longer than 64 MiB"));
        }
    }
}

/// Connects without ever blocking on a full queue of a daemon that is stopped.
fn connect(path: &Path, deadline: Option<Instant>) -> io::Result<UnixStream> {
    let address = SocketAddrUnix::new(path)?;
    loop {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let socket = rustix::net::socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
        match rustix::net::connect(&socket, &address) {
            Ok(()) => {
                let stream = UnixStream::from(socket);
                stream.set_nonblocking(false)?;
                return Ok(stream);
            }
            Err(rustix::io::Errno::AGAIN | rustix::io::Errno::INTR) => {
                let pause = left(deadline)?.min(Duration::from_millis(20));
                std::thread::sleep(pause);
            }
            Err(e) => return Err(e.into()),
        }
    }
}

fn timed_out() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "no answer in time")
}

fn left(deadline: Option<Instant>) -> io::Result<Duration> {
    // Without a representable deadline one day stands for "for ever".
    let Some(d) = deadline else { return Ok(Duration::from_secs(86_400)) };
    d.checked_duration_since(Instant::now()).filter(|d| !d.is_zero()).ok_or_else(timed_out)
}
