//! The answering side: a Unix socket with bounded clients, bounded requests and bounded patience.

use crate::control::{Peer, Request, Response, user_name};
use crate::model::{Error, ErrorKind};
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType};
use serde::Serialize;
use std::fs;
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::UnixListener as StdListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

/// Answers requests. Called on a thread of its own, so that it may block.
///
/// Whoever can open the socket may ask for changes: the file's owner, its group, and root.
pub trait Handler: Send + Sync + 'static {
    /// Answers one request of `who`. [`Request::Status`] must be answered from a snapshot.
    fn handle(&self, who: &Peer, request: Request) -> Response;
}

/// What a client may use up.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Clients at one time; the next ones get one error and are closed.
    pub clients: usize,
    /// Longest request, bytes without the line end.
    pub request: usize,
    /// Longest time to send one request or to take one answer.
    pub idle: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { clients: 32, request: 64 << 10, idle: Duration::from_secs(10) }
    }
}

/// The running server. Dropping it stops it and removes the socket.
#[derive(Debug)]
pub struct ServerHandle {
    path: PathBuf,
    inode: (u64, u64),
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl ServerHandle {
    /// Stops answering and removes the socket; handlers still at work are given one second.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
            // Only our own socket: another daemon may have replaced it.
            if fs::symlink_metadata(&self.path).is_ok_and(|m| (m.dev(), m.ino()) == self.inode) {
                let _ = fs::remove_file(&self.path);
            }
        }
    }
}

impl Drop for ServerHandle {
    fn drop(&mut self) {
        self.end();
    }
}

/// Listens on `path` with the usual [`Bounds`]. Returns once the socket is there.
///
/// # Errors
/// `STATE-BUSY` when another daemon answers there; `STATE-FAILED` when the socket cannot be made
/// (no folder, no permission, a path over 107 bytes, a file in the way).
pub fn serve(path: &Path, handler: Arc<dyn Handler>) -> Result<ServerHandle, Error> {
    serve_within(path, handler, Bounds::default())
}

/// Listens on `path` with other [`Bounds`].
///
/// # Errors
/// As [`serve`].
pub fn serve_within(path: &Path, handler: Arc<dyn Handler>, bounds: Bounds) -> Result<ServerHandle, Error> {
    let fail = |doing: &str, e: &io::Error| {
        Error::io("STATE-FAILED", doing, e).at(path).fix("set `service.control` to a path that this user may create")
    };
    let listener = bind(path).map_err(|e| match e.kind() {
        io::ErrorKind::AddrInUse => Error::new(ErrorKind::Io, "STATE-BUSY", "another daemon answers on this socket")
            .at(path)
            .fix("stop the other daemon, or give this one its own `service.control`"),
        _ => fail("make the control socket", &e),
    })?;
    let meta = fs::symlink_metadata(path).map_err(|e| fail("look at the control socket", &e))?;
    listener.set_nonblocking(true).map_err(|e| fail("prepare the control socket", &e))?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .enable_time()
        // A slow handler keeps one thread; there is one for every client, so status never waits for it.
        .max_blocking_threads(bounds.clients.max(1))
        .thread_name("control-work")
        .build()
        .map_err(|e| fail("start the control server", &e))?;
    let (stop, stopped) = oneshot::channel();
    let thread = std::thread::Builder::new().name("control".into()).spawn(move || {
        runtime.block_on(accept(listener, handler, bounds, stopped));
        runtime.shutdown_timeout(Duration::from_secs(1));
    });
    let thread = thread.map_err(|e| fail("start the control server", &e))?;
    Ok(ServerHandle { path: path.to_owned(), inode: (meta.dev(), meta.ino()), stop: Some(stop), thread: Some(thread) })
}

/// Makes the socket, mode 0660 from its first moment. A left-over one that nobody answers is replaced.
fn bind(path: &Path) -> io::Result<StdListener> {
    let address = SocketAddrUnix::new(path)?;
    if let Some(dir) = path.parent() {
        fs::create_dir_all(dir)?;
    }
    match fs::symlink_metadata(path) {
        Ok(m) if m.file_type().is_socket() => match std::os::unix::net::UnixStream::connect(path) {
            Ok(_) => return Err(io::ErrorKind::AddrInUse.into()),
            Err(e) if e.kind() == io::ErrorKind::ConnectionRefused => fs::remove_file(path)?,
            Err(e) => return Err(e),
        },
        Ok(_) => return Err(io::Error::new(io::ErrorKind::AlreadyExists, "another kind of file lies there")),
        Err(e) if e.kind() == io::ErrorKind::NotFound => {}
        Err(e) => return Err(e),
    }
    let socket = rustix::net::socket_with(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
    // Linux makes the file with the mode of the unbound socket less the umask: never wider than this.
    rustix::fs::fchmod(&socket, rustix::fs::Mode::from_raw_mode(0o660))?;
    rustix::net::bind(&socket, &address)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o660))?;
    rustix::net::listen(&socket, 64)?;
    Ok(StdListener::from(socket))
}

async fn accept(listener: StdListener, handler: Arc<dyn Handler>, bounds: Bounds, mut stopped: oneshot::Receiver<()>) {
    let Ok(listener) = UnixListener::from_std(listener) else { return };
    let room = Arc::new(Semaphore::new(bounds.clients));
    loop {
        let stream = tokio::select! {
            _ = &mut stopped => return,
            s = listener.accept() => s,
        };
        match stream {
            Ok((stream, _)) => match Arc::clone(&room).try_acquire_owned() {
                Ok(permit) => {
                    tokio::spawn(talk(stream, Arc::clone(&handler), bounds, permit));
                }
                Err(_) => refuse(&stream),
            },
            // Out of descriptors, or the client left at once: others must still be heard.
            Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}

/// One line without waiting: a client that does not read is not our worry.
fn refuse(stream: &UnixStream) {
    let e = Error::new(ErrorKind::Limit, "REQUEST-INVALID", "too many clients speak with the daemon now")
        .fix("try again in a few seconds");
    let _ = stream.try_write(&to_line(&Response::Error(e)));
}

async fn talk(mut stream: UnixStream, handler: Arc<dyn Handler>, bounds: Bounds, _permit: OwnedSemaphorePermit) {
    let Ok(cred) = stream.peer_cred() else { return };
    let (uid, gid, pid) = (cred.uid(), cred.gid(), cred.pid());
    let mut rest = Vec::new();
    loop {
        let line = match tokio::time::timeout(bounds.idle, read_line(&mut stream, &mut rest, bounds.request)).await {
            Ok(Ok(Some(line))) => line,
            Ok(Ok(None)) => {
                let e = Error::limit(format!("a request may have at most {} bytes", bounds.request));
                let _ = send(&mut stream, &Response::Error(e), bounds).await;
                return;
            }
            Ok(Err(_)) | Err(_) => return,
        };
        let handler = Arc::clone(&handler);
        let work = tokio::task::spawn_blocking(move || {
            let peer = Peer { uid, gid, pid, who: user_name(uid) };
            answer(handler.as_ref(), &peer, &line)
        });
        // A handler that panics costs one answer, not the daemon.
        let response = work.await.unwrap_or_else(|_| {
            Response::Error(Error::new(ErrorKind::Io, "INTERNAL", "the request could not be answered; see the log"))
        });
        if send(&mut stream, &response, bounds).await.is_none() {
            return;
        }
    }
}

fn answer(handler: &dyn Handler, peer: &Peer, line: &[u8]) -> Response {
    match serde_json::from_slice::<Request>(line) {
        Ok(request) => handler.handle(peer, request),
        Err(e) => Response::Error(
            Error::new(ErrorKind::Malformed, "REQUEST-INVALID", format!("this is not a request: {e}"))
                .fix("send one JSON object a line, for example {\"do\":\"status\"}"),
        ),
    }
}

/// The next line, `None` when it is too long, an error at the end of the stream.
async fn read_line(stream: &mut UnixStream, rest: &mut Vec<u8>, most: usize) -> io::Result<Option<Vec<u8>>> {
    let mut seen = 0;
    loop {
        let fresh = rest.get(seen..).unwrap_or(&[]);
        if let Some(at) = fresh.iter().position(|b| *b == b'\n') {
            let end = seen.saturating_add(at);
            if end > most {
                return Ok(None);
            }
            let mut line: Vec<u8> = rest.drain(..=end).collect();
            line.pop();
            return Ok(Some(line));
        }
        seen = rest.len();
        if seen > most {
            return Ok(None);
        }
        let mut chunk = [0u8; 4096];
        let n = stream.read(&mut chunk).await?;
        if n == 0 {
            // A last line without its end is still a request.
            return if rest.is_empty() {
                Err(io::ErrorKind::UnexpectedEof.into())
            } else {
                Ok(Some(std::mem::take(rest)))
            };
        }
        rest.extend_from_slice(chunk.get(..n).unwrap_or(&[]));
    }
}

#[derive(Serialize)]
struct Wire<'a> {
    ok: bool,
    #[serde(flatten)]
    response: &'a Response,
}

fn to_line(response: &Response) -> Vec<u8> {
    let mut line = serde_json::to_vec(&Wire { ok: response.ok(), response }).unwrap_or_else(|_| {
        br#"{"ok":false,"error":{"kind":"io","code":"INTERNAL","what":"the answer cannot be written as JSON"}}"#
            .to_vec()
    });
    line.push(b'\n');
    line
}

async fn send(stream: &mut UnixStream, response: &Response, bounds: Bounds) -> Option<()> {
    let line = to_line(response);
    tokio::time::timeout(bounds.idle, stream.write_all(&line)).await.ok()?.ok()
}
