//! Commands that ask a daemon, here a small one in the test itself.

use super::{run, status, stderr, stdout};
use rushes::control::{
    Done, Handler, Hit, HitPlace, HitsPage, JobLine, JobsPage, Peer, Request, Response, SearchNext, ServerHandle, serve,
};
use rushes::model::{Error, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

#[derive(Default)]
struct Small {
    asked: Mutex<Vec<Request>>,
}

impl Handler for Small {
    fn handle(&self, _: &Peer, request: Request) -> Response {
        self.asked.lock().unwrap().push(request.clone());
        let job = || JobLine {
            id: "3f9a0000000000000000000000000001".into(),
            state: "quarantined".into(),
            clip: "A001\u{1b}[2J".into(),
            clip_id: "c".into(),
            show: "senna".into(),
            folder: "ocf".into(),
            path: Path::new("A001.mov").into(),
            rule: "default".into(),
            recipe: "sidecar".into(),
            priority: rushes::job::Priority::Normal,
            tries: 3,
            queued_ms: 1,
            next_ms: None,
            error: Some(Error::truncated("cut off")),
            held_by: vec![],
            outputs: vec![],
        };
        match request {
            Request::Status => Response::Status(Box::default()),
            Request::Jobs { .. } => Response::Jobs(JobsPage { total: 5, jobs: vec![job(), job()] }),
            Request::Search(s) => Response::Hits(part(&s.query, 0)),
            Request::SearchMore { next, .. } => Response::Hits(part("more", next.from)),
            Request::Retry { what } if what == "nothing" => {
                let e = Error::new(ErrorKind::Malformed, "REQUEST-INVALID", "no job, clip or path is called `nothing`");
                Response::Error(e.fix("see `rushes jobs`"))
            }
            r => Response::Done(Done { message: format!("{} done", r.name()), changed: vec!["A001\n".into()] }),
        }
    }
}

/// One hit in each part, three in all.
fn part(query: &str, from: u64) -> HitsPage {
    if query == "none" {
        return HitsPage { known: 7, ..HitsPage::default() };
    }
    let doc = serde_json::json!({"reel": "R\u{1b}[2J", "clip": {"name": format!("n{from}")}, "path": "not this"});
    let serde_json::Value::Object(doc) = doc else { panic!() };
    let places = vec![HitPlace { folder: Some("ocf".into()), path: Path::new(&format!("/ocf/a \t{from}.mov")).into() }];
    let hit = Hit { id: "1".into(), show: "senna".into(), present: true, places, doc };
    let next = (from < 2).then_some(SearchNext { token: 5, from: from + 1 });
    HitsPage { total: 4, known: 7, hits: vec![hit], next }
}

#[test]
fn hits_come_in_parts_and_are_harmless() {
    let (_dir, path, small, _server) = daemon();
    let s = path.to_str().unwrap();
    let o = run(["search", "reel=R*", "iso>3", "--socket", s]);
    assert_eq!(status(&o), 0);
    let out = stdout(&o);
    assert_eq!(out.lines().count(), 3);
    assert!(out.starts_with("/ocf/a \\u{9}0.mov\tn0\tR\\u{1b}[2J\t") && !out.contains('\u{1b}'), "{out:?}");
    assert!(stderr(&o).contains("4 clips found, 3 shown"));
    let asked = small.asked.lock().unwrap().clone();
    let Request::Search(first) = &asked[0] else { panic!() };
    assert_eq!((first.query.as_str(), first.limit, asked.len()), ("reel=R* iso>3", None, 3));
    let o = run(["search", "x", "--json", "--socket", s]);
    let lines: Vec<serde_json::Value> = stdout(&o).lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(
        (lines.len(), &lines[2]["clip"]["name"], &lines[2]["path"]),
        (3, &"n2".into(), &"/ocf/a \t2.mov".into())
    );
    let o = run(["search", "x", "--csv", "--fields=reel,name,iso", "--socket", s]);
    assert!(stdout(&o).starts_with("reel,clip.name,exposure.iso\r\nR\\u{1b}[2J,n0,\r\n"), "{:?}", stdout(&o));
    let o = run(["search", "none", "--socket", s]);
    assert_eq!((status(&o), stdout(&o).as_str()), (0, ""));
    assert!(stderr(&o).contains("nothing found in 7 clips"));
}

fn daemon() -> (tempfile::TempDir, PathBuf, Arc<Small>, ServerHandle) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("control.sock");
    let small = Arc::new(Small::default());
    let server = serve(&path, small.clone()).unwrap();
    (dir, path, small, server)
}

#[test]
fn each_command_asks_its_request() {
    let (_dir, path, small, _server) = daemon();
    let s = path.to_str().unwrap();
    let o = run(["status", "--socket", s]);
    assert_eq!((status(&o), stderr(&o).as_str()), (0, ""));
    assert!(stdout(&o).starts_with("rushes "), "{}", stdout(&o));
    let o = run(["retry", "quarantine", "--socket", s]);
    assert_eq!((status(&o), stdout(&o).as_str()), (0, "retry done\n  A001\\u{a}\n"));
    let o = run(["cancel", "3f9a", "--socket", s, "--json"]);
    let done: Done = serde_json::from_str(&stdout(&o)).unwrap();
    assert_eq!(done.changed, ["A001\n"]);
    assert_eq!(status(&run(["waive", "CLIP-GAP", "A001", "--why", "fine", "--socket", s])), 0);
    assert_eq!(status(&run(["rebuild", "--socket", s])), 0);
    let o = run(["retry", "nothing", "--socket", s]);
    assert_eq!((status(&o), stdout(&o).as_str()), (3, ""));
    assert!(stderr(&o).contains("no job, clip or path is called `nothing`; see `rushes jobs` [REQUEST-INVALID]"));
    let asked: Vec<&str> = small.asked.lock().unwrap().iter().map(Request::name).collect();
    assert_eq!(asked, ["status", "retry", "cancel", "waive", "rebuild", "retry"]);
}

#[test]
fn json_is_one_document_or_lines() {
    let (_dir, path, _small, _server) = daemon();
    let s = path.to_str().unwrap();
    let snapshot: serde_json::Value = serde_json::from_str(&stdout(&run(["status", "--json", "--socket", s]))).unwrap();
    assert_eq!(snapshot["schema"], "rushes.status/1");
    let o = run(["jobs", "--json", "--socket", s]);
    let lines: Vec<JobLine> = stdout(&o).lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(lines.len(), 2);
    assert!(stderr(&o).contains("3 more jobs not shown"));
    let o = run(["jobs", "--state", "quarantined", "--socket", s]);
    assert!(stdout(&o).contains("A001\\u{1b}[2J") && stdout(&o).contains("FILE-TRUNCATED: cut off"), "{}", stdout(&o));
}

#[test]
fn without_a_daemon_it_says_what_to_do() {
    let d = tempfile::tempdir().unwrap();
    let s = d.path().join("none.sock");
    let s = s.to_str().unwrap();
    for args in [&["status", "--socket", s][..], &["jobs", "--json", "--socket", s], &["rebuild", "--socket", s]] {
        let o = run(args);
        assert_eq!((status(&o), stdout(&o).as_str()), (1, ""), "{args:?}");
        assert!(stderr(&o).contains("systemctl start rushes") && stderr(&o).contains("[DAEMON-UNREACHABLE]"));
    }
}
