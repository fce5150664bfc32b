//! What programs write for programs: journal, index, receipts, jobs, requests.

use super::{memory, twice};
use rushes::control::{Request, Response, Snapshot};
use rushes::engine::deliver::{JobFile, Naming, StepKind, StepResult, plan};
use rushes::exec::job_file as jobs;
use rushes::index::{ClipRecord, DoneRecord, JournalEntry, QuarantineRecord, Receipt, Receipts, Waiver, open};
use rushes::job::Job;
use rushes::model::{CODES, ClipDoc, ClipUnit, Fingerprint};
use std::ffi::OsStr;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, PathBuf};
use xxhash_rust::xxh3::xxh3_64;

/// The entry of a journal line.
pub fn journal(data: &[u8]) {
    twice::<JournalEntry>(data);
}

/// A whole journal file. Lines that begin with `{"` + an entry's name get the checksum that belongs to them, so
/// that what lies behind it is reached. The state opens, and opens again.
pub fn journal_file(data: &[u8]) {
    let dir = tempfile::tempdir().expect("a folder");
    let journal = dir.path().join("journal");
    std::fs::create_dir(&journal).expect("a folder");
    let mut text = Vec::new();
    for line in data.split_inclusive(|b| *b == b'\n') {
        match line.strip_suffix(b"\n") {
            Some(body) if body.starts_with(b"{\"") && !body.starts_with(b"{\"xxh64") => {
                let sum = xxh3_64(body);
                text.extend_from_slice(format!("{{\"xxh64\":\"{sum:016x}\",\"entry\":").as_bytes());
                text.extend_from_slice(body);
                text.extend_from_slice(b"}\n");
            }
            _ => text.extend_from_slice(line),
        }
    }
    std::fs::write(journal.join("journal-000001.jsonl"), text).expect("room");
    for again in [false, true] {
        match open(dir.path(), 0) {
            Ok(o) => {
                assert_eq!(o.fresh, !again || o.moved_aside.is_some(), "the index is made once");
                assert!(!again || o.replayed == 0, "{} entries were replayed twice", o.replayed);
            }
            Err(e) => assert!(CODES.iter().any(|(code, _)| *code == e.code) && !e.is_environment(), "{e}"),
        }
    }
}

/// What the index and its neighbours keep: the first byte says which.
pub fn records(data: &[u8]) {
    let Some((which, rest)) = data.split_first() else { return };
    match which.wrapping_sub(b'a') {
        0 => drop(twice::<ClipRecord>(rest)),
        1 => drop(twice::<Job>(rest)),
        2 => drop(twice::<QuarantineRecord>(rest)),
        3 => drop(twice::<Waiver>(rest)),
        4 => drop(twice::<DoneRecord>(rest)),
        5 => drop(twice::<Receipt>(rest)),
        6 => drop(twice::<ClipDoc>(rest)),
        7 => drop(twice::<Fingerprint>(rest)),
        _ => drop(twice::<StepResult>(rest)),
    }
}

/// A file of receipts: whatever lies there, a receipt can be added and is then the last one.
pub fn receipts(data: &[u8]) {
    let dir = tempfile::tempdir().expect("a folder");
    std::fs::write(dir.path().join("receipts.jsonl"), data).expect("room");
    let read = || Receipts::read(dir.path()).expect("readable").map(|r| r.expect("readable")).collect::<Vec<_>>();
    let before = read();
    let ours: Receipt = serde_json::from_str(
        r#"{"job":"j","clip":"c","show":"s","clip_name":"n","recipe_name":"r","rule":"default","outputs":[],
           "sources":[["A\\xff.mov","00"]],"version":"0","ms":-1}"#,
    )
    .expect("a receipt");
    Receipts::open(dir.path()).expect("opens").append(&ours).expect("room");
    let after = read();
    assert_eq!(after.last(), Some(&ours));
    // a last line without its end may have been a receipt; it counts as never written
    let whole = after.len() - 1;
    assert!(whole == before.len() || whole + 1 == before.len(), "{whole} of {}", before.len());
    assert_eq!(after.get(..whole), before.get(..whole));
}

/// A job file, and the same bytes as a worker's result.
pub fn job_file(data: &[u8]) {
    let load = |bytes: &[u8]| {
        let file = memory(bytes);
        jobs::read(&PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd())))
    };
    match load(data) {
        Ok(job) => {
            let text = serde_json::to_vec(&job).expect("a job can be written");
            assert_eq!(load(&text).as_ref(), Ok(&job));
            if let (Some(recipe), Some(clip)) = (&job.recipe, &job.clip) {
                let dir = job.outputs.first().and_then(|o| o.path.as_path().parent()).unwrap_or("A".as_ref());
                let stem = OsStr::from_bytes(job.name.as_bytes());
                let naming = Naming::Beside { dir, stem, recipe: "fuzz" };
                for o in plan(clip, recipe, naming).unwrap_or_default() {
                    assert!(o.path.as_path().components().all(|c| matches!(c, Component::Normal(_))), "{:?}", o.path);
                }
            }
            let _ = jobs::parse_result(&job, data);
        }
        Err(e) => {
            assert_eq!(e.code, "JOB-INVALID", "{e}");
            super::harmless(&e.to_string());
        }
    }
    let plain = JobFile::new("0123456789abcdef0123456789abcdef", StepKind::Inspect, "B", ClipUnit::File);
    if let Ok(result) = jobs::parse_result(&plain, data) {
        assert_eq!(result.id, plain.id);
        twice::<StepResult>(data);
    }
}

/// A line of the control socket, in both directions.
pub fn control(data: &[u8]) {
    if let Some(request) = twice::<Request>(data) {
        assert!(!request.name().is_empty());
        let _ = request.subject();
    }
    twice::<Response>(data);
    twice::<Snapshot>(data);
}
