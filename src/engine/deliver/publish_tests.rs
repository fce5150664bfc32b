//! Tests of publishing: every state in which a name can be, and every way in which it can be run again.

use super::*;
use crate::engine::deliver::StepKind;
use crate::model::ClipUnit;
use std::collections::BTreeMap;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::PathBuf;

fn job(outputs: &[(&str, bool)]) -> JobFile {
    JobFile {
        outputs: outputs
            .iter()
            .map(|(p, supersede)| PlannedOutput {
                path: Path::new(p).into(),
                part: "json".into(),
                supersede: *supersede,
                pattern: None,
            })
            .collect(),
        ..JobFile::new("0".repeat(32), StepKind::Deliver, "x", ClipUnit::File)
    }
}

fn claim(bytes: &[u8]) -> Claim {
    Claim::File { size: bytes.len() as u64, xxh128: format!("{:032x}", xxhash_rust::xxh3::xxh3_128(bytes)) }
}

/// Stages `bytes` for each output and publishes.
fn put(root: &Path, outputs: &[(&str, bool)], bytes: &[u8]) -> Result<Vec<MadeOutput>, Error> {
    put_job(root, &job(outputs), bytes)
}

fn put_job(root: &Path, job: &JobFile, bytes: &[u8]) -> Result<Vec<MadeOutput>, Error> {
    let space = Workspace::open(root)?;
    let stage = space.stage(&job.id)?;
    let mut claims = Vec::new();
    for n in 0..job.outputs.len() {
        std::fs::write(stage.path().join(n.to_string()), bytes).unwrap();
        claims.push(claim(bytes));
    }
    publish(&space, &stage, job, &claims)
}

/// Every file below `root` but staging, with its contents.
fn tree(root: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut out = BTreeMap::new();
    let mut todo = vec![root.to_path_buf()];
    while let Some(dir) = todo.pop() {
        for e in std::fs::read_dir(&dir).unwrap().map(Result::unwrap) {
            if e.file_type().unwrap().is_dir() {
                todo.push(e.path());
            } else {
                out.insert(e.path().strip_prefix(root).unwrap().to_path_buf(), std::fs::read(e.path()).unwrap());
            }
        }
    }
    out
}

fn names(root: &Path) -> Vec<String> {
    tree(root).into_keys().map(|p| p.display().to_string()).collect()
}

#[test]
fn new_again_and_superseded() {
    let t = tempfile::tempdir().unwrap();
    let out = [("A/B.mov.rushes.json", true)];
    let made = put(t.path(), &out, b"one").unwrap();
    assert!(!made[0].kept && made[0].superseded.is_none());
    let again = put(t.path(), &out, b"one").unwrap();
    assert!(again[0].kept);
    assert_eq!(names(t.path()), ["A/B.mov.rushes.json"]);
    let two = put(t.path(), &out, b"two").unwrap();
    assert_eq!(two[0].superseded.as_ref().unwrap().to_text(), "A/B.mov.rushes.v001.json");
    let three = put(t.path(), &out, b"three").unwrap();
    assert_eq!(three[0].superseded.as_ref().unwrap().to_text(), "A/B.mov.rushes.v002.json");
    let all = tree(t.path());
    assert_eq!(all[Path::new("A/B.mov.rushes.json")], b"three");
    assert_eq!(all[Path::new("A/B.mov.rushes.v001.json")], b"one");
    assert_eq!(all[Path::new("A/B.mov.rushes.v002.json")], b"two");
    assert_eq!(all.len(), 3);
    let staging = t.path().join(".rushes/staging");
    assert_eq!(std::fs::read_dir(staging).unwrap().count(), 0, "staging is empty afterwards");
}

#[test]
fn killed_between_link_and_rename_makes_no_second_copy() {
    let t = tempfile::tempdir().unwrap();
    let out = [("B.mov.rushes.json", true)];
    put(t.path(), &out, b"one").unwrap();
    std::fs::hard_link(t.path().join("B.mov.rushes.json"), t.path().join("B.mov.rushes.v001.json")).unwrap();
    let made = put(t.path(), &out, b"two").unwrap();
    assert_eq!(made[0].superseded.as_ref().unwrap().to_text(), "B.mov.rushes.v001.json");
    assert_eq!(names(t.path()), ["B.mov.rushes.json", "B.mov.rushes.v001.json"]);
}

#[test]
fn a_deliverable_takes_the_next_version() {
    let t = tempfile::tempdir().unwrap();
    let out = [("A/B.mov.ale", false)];
    put(t.path(), &out, b"one").unwrap();
    let two = put(t.path(), &out, b"two").unwrap();
    assert_eq!(two[0].path.to_text(), "A/B.mov.v002.ale");
    let again = put(t.path(), &out, b"two").unwrap();
    assert!(again[0].kept && again[0].path.to_text() == "A/B.mov.v002.ale");
    assert_eq!(put(t.path(), &out, b"333").unwrap()[0].path.to_text(), "A/B.mov.v003.ale");
    assert_eq!(tree(t.path())[Path::new("A/B.mov.ale")], b"one");
}

#[test]
fn what_is_in_the_way_stays_and_is_never_followed() {
    let t = tempfile::tempdir().unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    std::fs::write(elsewhere.path().join("victim"), b"mine").unwrap();
    std::fs::create_dir(t.path().join("dir.json")).unwrap();
    symlink(elsewhere.path().join("victim"), t.path().join("link.json")).unwrap();
    symlink(elsewhere.path().join("absent"), t.path().join("dangling.json")).unwrap();
    symlink(elsewhere.path(), t.path().join("folder")).unwrap();
    std::fs::write(t.path().join("file"), b"a file").unwrap();
    let fifo = t.path().join("fifo.json");
    rustix::fs::mkfifoat(rustix::fs::CWD, &fifo, Mode::RWXU).unwrap();
    for path in ["dir.json", "link.json", "dangling.json", "fifo.json", "folder/x.json", "file/x.json"] {
        for supersede in [true, false] {
            let e = put(t.path(), &[(path, supersede)], b"new").unwrap_err();
            assert_eq!(e.code, "OUTPUT-EXISTS", "{path}");
            assert!(e.place.path.is_some() && e.fix.is_some());
        }
    }
    assert_eq!(names(elsewhere.path()), ["victim"]);
    assert_eq!(std::fs::read(elsewhere.path().join("victim")).unwrap(), b"mine");
    assert!(t.path().join("link.json").is_symlink() && t.path().join("dir.json").is_dir());
    for path in ["../x", "/etc/x", "a/../../x", ".rushes/staging/x", ""] {
        let e = put(t.path(), &[(path, true)], b"new").unwrap_err();
        assert_eq!(e.code, "OUTPUT-ESCAPES", "{path}");
    }
}

#[test]
fn a_lying_worker_publishes_nothing() {
    let t = tempfile::tempdir().unwrap();
    let space = Workspace::open(t.path()).unwrap();
    let outside = t.path().join("outside");
    std::fs::write(&outside, b"secret").unwrap();
    let job = job(&[("a.json", true)]);
    let attempt = |claims: &[Claim], prepare: &dyn Fn(&Path)| {
        let stage = space.stage(&job.id).unwrap();
        prepare(&stage.path().join("0"));
        publish(&space, &stage, &job, claims).unwrap_err().code.into_owned()
    };
    let good = [claim(b"secret")];
    assert_eq!(attempt(&[], &|_| {}), "OUTPUT-FAILED");
    assert_eq!(attempt(&good, &|_| {}), "OUTPUT-FAILED");
    assert_eq!(attempt(&good, &|p| symlink(&outside, p).unwrap()), "OUTPUT-FAILED");
    assert_eq!(attempt(&good, &|p| std::fs::hard_link(&outside, p).unwrap()), "OUTPUT-FAILED");
    assert_eq!(attempt(&good, &|p| std::fs::create_dir(p).unwrap()), "OUTPUT-FAILED");
    assert_eq!(attempt(&good, &|p| std::fs::write(p, b"Secret").unwrap()), "OUTPUT-FAILED");
    let mut small = job.clone();
    small.limits.file_size = 5;
    let stage = space.stage(&job.id).unwrap();
    std::fs::write(stage.path().join("0"), b"secret").unwrap();
    assert_eq!(publish(&space, &stage, &small, &good).unwrap_err().code, "OUTPUT-FAILED");
    drop(stage);
    assert_eq!(names(t.path()), ["outside"]);
}

#[test]
fn modes_are_exact_for_files_and_new_folders() {
    let t = tempfile::tempdir().unwrap();
    let mode = |p: &str| std::fs::metadata(t.path().join(p)).unwrap().permissions().mode() & 0o7777;
    std::fs::create_dir(t.path().join("old")).unwrap();
    std::fs::set_permissions(t.path().join("old"), std::fs::Permissions::from_mode(0o700)).unwrap();
    for (path, bits) in [("old/new/a.json", 0o664), ("p/q/b.json", 0o600), ("r/c.json", 0o640)] {
        let mut job = job(&[(path, true)]);
        job.mode = bits;
        put_job(t.path(), &job, b"x").unwrap();
        assert_eq!(mode(path), bits, "{path}");
    }
    assert_eq!(["old", "old/new", "p", "p/q", "r"].map(mode), [0o700, 0o775, 0o700, 0o700, 0o750]);
    let mut job = job(&[("g/d.json", true)]);
    job.gid = Some(std::fs::metadata(t.path()).unwrap().gid());
    put_job(t.path(), &job, b"x").unwrap();
    assert_eq!(std::fs::metadata(t.path().join("g")).unwrap().gid(), job.gid.unwrap());
}

#[test]
fn many_threads_one_name() {
    let t = tempfile::tempdir().unwrap();
    std::thread::scope(|s| {
        for n in 0..8u8 {
            let root = t.path();
            s.spawn(move || put(root, &[("A/B/c.ale", false)], &[n; 100]).unwrap());
        }
    });
    let all = tree(t.path());
    let mut seen: Vec<u8> = all.values().map(|v| v[0]).collect();
    seen.sort_unstable();
    assert_eq!(seen, (0..8).collect::<Vec<u8>>(), "each kept whole under its own version: {:?}", names(t.path()));
}
