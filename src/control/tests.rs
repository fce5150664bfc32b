//! The control socket, with friendly and hostile clients.

use super::*;
use crate::model::Error;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

struct Echo {
    seen: Mutex<Vec<(String, Request)>>,
    slow: Duration,
}

impl Handler for Echo {
    fn handle(&self, who: &Peer, request: Request) -> Response {
        self.seen.lock().unwrap().push((who.who.clone(), request.clone()));
        match request {
            Request::Status => Response::Status(Box::default()),
            Request::Jobs { .. } => Response::Jobs(JobsPage::default()),
            Request::Rebuild => {
                std::thread::sleep(self.slow);
                Response::Done(Done { message: "rebuilt".into(), changed: vec![] })
            }
            Request::Reload => panic!("a fault in the handler (expected in this test)"),
            Request::Waive { code, .. } => {
                Response::Error(Error::malformed("no such clip").at(Path::new("/a\nb")).fix(code))
            }
            r => Response::Done(Done { message: r.name().into(), changed: vec![r.subject()] }),
        }
    }
}

fn start(bounds: Bounds) -> (tempfile::TempDir, std::path::PathBuf, Arc<Echo>, ServerHandle) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("run/control.sock");
    let echo = Arc::new(Echo { seen: Mutex::default(), slow: Duration::from_millis(600) });
    let server = serve_within(&path, echo.clone(), bounds).unwrap();
    (dir, path, echo, server)
}

const LONG: Duration = Duration::from_secs(10);

fn brief() -> Bounds {
    Bounds { idle: Duration::from_millis(300), ..Bounds::default() }
}

#[test]
fn every_request_makes_the_round_trip() {
    let (_dir, path, echo, server) = start(Bounds::default());
    let all = [
        Request::Status,
        Request::Jobs { state: Some("done".into()), limit: Some(3) },
        Request::Retry { what: "quarantine".into() },
        Request::Cancel { what: "A001\u{1b}[31m\n".into() },
        Request::Waive { code: "CLIP-GAP".into(), clip: "A001".into(), why: "ok".into() },
        Request::Rescan { folder: None },
    ];
    for r in &all {
        let answer = ask(&path, r, LONG).unwrap();
        assert_eq!(answer.ok(), !matches!(r, Request::Waive { .. }), "{answer:?}");
    }
    let seen = echo.seen.lock().unwrap();
    assert_eq!(seen.iter().map(|(_, r)| r.clone()).collect::<Vec<_>>(), all);
    let me = user_name(rustix::process::getuid().as_raw());
    assert!(seen.iter().all(|(who, _)| *who == me));
    drop(seen);
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o660);
    server.stop();
    assert!(!path.exists(), "the socket is removed at the end");
    let e = ask(&path, &Request::Status, LONG).unwrap_err();
    assert_eq!(e.code, "DAEMON-UNREACHABLE");
    assert!(e.fix.unwrap().contains("systemctl start rushes"));
}

#[test]
fn the_wire_form_is_stable() {
    assert_eq!(serde_json::to_string(&Request::Status).unwrap(), r#"{"do":"status"}"#);
    let r: Request = serde_json::from_str(r#"{"do":"jobs"}"#).unwrap();
    assert_eq!(r, Request::Jobs { state: None, limit: None });
    assert!(serde_json::from_str::<Request>(r#"{"do":"jobs","zz":1}"#).is_err());
    assert!(serde_json::from_str::<Request>(r#"{"do":"format-disk"}"#).is_err());
    let (_dir, path, _echo, _server) = start(Bounds::default());
    let mut s = UnixStream::connect(&path).unwrap();
    s.write_all(b"{\"do\":\"retry\",\"what\":\"x\"}\n{\"do\":\"rescan\"}").unwrap();
    s.shutdown(std::net::Shutdown::Write).unwrap();
    let mut text = String::new();
    s.read_to_string(&mut text).unwrap();
    assert_eq!(
        text,
        "{\"ok\":true,\"done\":{\"message\":\"retry\",\"changed\":[\"x\"]}}\n\
         {\"ok\":true,\"done\":{\"message\":\"rescan\",\"changed\":[\"\"]}}\n"
    );
}

fn one_line(path: &Path, send: &[u8]) -> serde_json::Value {
    let mut s = UnixStream::connect(path).unwrap();
    s.set_read_timeout(Some(LONG)).unwrap();
    let _ = s.write_all(send);
    let mut line = String::new();
    BufReader::new(s).read_line(&mut line).unwrap();
    serde_json::from_str(&line).unwrap_or_else(|e| panic!("{e}: {line:?}"))
}

#[test]
fn bad_requests_get_one_clear_error() {
    let (_dir, path, echo, _server) = start(brief());
    let deep = "[".repeat(60_000);
    for bad in ["\n", "nonsense\n", "{\"do\":\n", "\0\0\n", "{\"do\":\"retry\"}\n", &format!("{deep}\n")] {
        let v = one_line(&path, bad.as_bytes());
        assert_eq!(v["ok"], false, "{bad:.20}");
        assert_eq!(v["error"]["code"], "REQUEST-INVALID", "{bad:.20}");
    }
    assert_eq!(one_line(&path, b"\xff\xfe\n")["error"]["code"], "REQUEST-INVALID");
    assert_eq!(one_line(&path, &[b'x'; 100_000])["error"]["code"], "LIMIT-SIZE");
    assert!(echo.seen.lock().unwrap().is_empty(), "nothing of this reached the handler");
    assert_eq!(one_line(&path, b"{\"do\":\"reload\"}\n")["error"]["code"], "INTERNAL", "a panic is contained");
    assert!(ask(&path, &Request::Status, LONG).unwrap().ok());
}

#[test]
fn slow_and_silent_clients_are_closed_in_time() {
    let (_dir, path, _echo, _server) = start(brief());
    let mut silent = UnixStream::connect(&path).unwrap();
    let mut dripping = UnixStream::connect(&path).unwrap();
    let t = Instant::now();
    let drip = std::thread::spawn(move || {
        while t.elapsed() < LONG && dripping.write_all(b"x").is_ok() {
            std::thread::sleep(Duration::from_millis(40));
        }
        t.elapsed()
    });
    silent.set_read_timeout(Some(LONG)).unwrap();
    assert_eq!(silent.read(&mut [0; 8]).unwrap(), 0, "closed without a word");
    assert!(drip.join().unwrap() < Duration::from_secs(5), "a dripping client is closed too");
}

#[test]
fn forty_clients_leave_the_daemon_reachable() {
    let (_dir, path, _echo, _server) = start(Bounds { idle: Duration::from_millis(800), ..Bounds::default() });
    let mut clients: Vec<UnixStream> = (0..40).map(|_| UnixStream::connect(&path).unwrap()).collect();
    let refused = clients.iter_mut().filter_map(|c| {
        c.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
        let mut b = [0; 200];
        c.read(&mut b).ok().filter(|n| *n > 0).map(|n| String::from_utf8_lossy(&b[..n]).into_owned())
    });
    let refused: Vec<String> = refused.collect();
    assert_eq!(refused.len(), 8, "{refused:?}");
    assert!(refused.iter().all(|r| r.contains("too many clients")), "{refused:?}");
    let t = Instant::now();
    while !ask(&path, &Request::Status, LONG).is_ok_and(|r| r.ok()) {
        assert!(t.elapsed() < LONG, "idle clients must make room");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_slow_handler_does_not_delay_status() {
    let (_dir, path, _echo, _server) = start(Bounds::default());
    let p = path.clone();
    let slow = std::thread::spawn(move || ask(&p, &Request::Rebuild, LONG).unwrap());
    std::thread::sleep(Duration::from_millis(100));
    let t = Instant::now();
    assert!(ask(&path, &Request::Status, LONG).unwrap().ok());
    assert!(t.elapsed() < Duration::from_millis(400), "{:?}", t.elapsed());
    assert!(slow.join().unwrap().ok());
}

#[test]
fn only_a_dead_socket_is_replaced() {
    let (dir, path, echo, server) = start(Bounds::default());
    let e = serve(&path, echo.clone()).unwrap_err();
    assert_eq!(e.code, "STATE-BUSY");
    server.stop();
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    assert!(path.exists(), "a left-over socket");
    let server = serve(&path, echo.clone()).unwrap();
    assert!(ask(&path, &Request::Status, LONG).unwrap().ok());
    drop(server);
    std::fs::write(&path, "precious").unwrap();
    assert_eq!(serve(&path, echo.clone()).unwrap_err().code, "STATE-FAILED");
    assert_eq!(std::fs::read(&path).unwrap(), b"precious");
    let long = dir.path().join("x".repeat(120));
    assert_eq!(serve(&long, echo).unwrap_err().code, "STATE-FAILED");
}

#[test]
fn a_daemon_that_does_not_answer_is_given_up() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("s");
    let _listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
    let t = Instant::now();
    let e = ask(&path, &Request::Status, Duration::from_millis(200)).unwrap_err();
    assert_eq!(e.code, "DAEMON-UNREACHABLE");
    assert!(t.elapsed() < Duration::from_secs(2));
}
