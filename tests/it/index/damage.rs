//! Bytes changed, cut off and removed in the sled folder: it ends usable, it never hangs, and what
//! the journal has is there. Each case is a process of its own: one panic in a thread of sled stops
//! sled for the whole process.

use super::child::{START_AGAIN, command, run};
use std::collections::BTreeMap;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

const COMMITS: u64 = 150;

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for e in std::fs::read_dir(dir).unwrap().map(Result::unwrap) {
        if e.file_type().unwrap().is_dir() { all.extend(files(&e.path())) } else { all.push(e.path()) }
    }
    all.sort();
    all
}

fn copy(from: &Path, to: &Path) {
    for f in files(from) {
        let target = to.join(f.strip_prefix(from).unwrap());
        std::fs::create_dir_all(target.parent().unwrap()).unwrap();
        std::fs::copy(&f, &target).unwrap();
    }
    std::fs::create_dir_all(to.join("index/blobs")).unwrap();
}

/// Spoils one file; what was done.
fn spoil(dir: &Path, case: u64) -> String {
    let mut r = case.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut random = |below: u64| {
        r ^= r << 13;
        r ^= r >> 7;
        r ^= r << 17;
        r % below.max(1)
    };
    let all = files(&dir.join("index"));
    // mostly the data file, where the records are
    let path = if case % 3 == 2 { &all[random(all.len() as u64) as usize] } else { &dir.join("index/db") };
    let f = std::fs::OpenOptions::new().write(true).open(path).unwrap();
    let size = f.metadata().unwrap().len();
    let at = random(size);
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    match case % 4 {
        0 => f.write_all_at(&[0x5a; 16], at.min(size.saturating_sub(16))).unwrap(),
        1 => f.write_all_at(&vec![0; 4096], at & !4095).unwrap(),
        2 => f.set_len(at).unwrap(),
        _ if case % 8 == 3 => std::fs::remove_file(path).unwrap(),
        _ => f.write_all_at(&random(u64::MAX).to_le_bytes(), at.min(size.saturating_sub(8))).unwrap(),
    }
    format!("{} in {name} at {at} of {size}", ["bytes", "page of zeros", "cut", "removed or number"][case as usize % 4])
}

#[test]
fn a_damaged_store_ends_usable() {
    let t = tempfile::tempdir().unwrap();
    let good = t.path().join("good");
    let (status, _) = run(command("write", 0, COMMITS, &good), Duration::from_secs(60));
    assert_eq!(status.unwrap().code(), Some(0));
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    for case in 0..24 {
        let dir = t.path().join(format!("case-{case}"));
        copy(&good, &dir);
        let what = spoil(&dir, case);
        let (mut status, mut out) = run(command("check", 0, COMMITS, &dir), Duration::from_secs(30));
        let mut again = "";
        if status.is_some_and(|s| s.code() == Some(START_AGAIN)) {
            again = "start again, then ";
            (status, out) = run(command("check", 0, COMMITS, &dir), Duration::from_secs(30));
        }
        let status = status.unwrap_or_else(|| panic!("case {case} ({what}) hangs"));
        assert_eq!(status.code(), Some(0), "case {case} ({what}): {out}");
        let end = out.lines().find_map(|l| l.strip_prefix("ok ")).unwrap_or("?");
        *seen.entry(format!("{again}{end}")).or_default() += 1;
        let (status, out) = run(command("check-journal", 0, COMMITS, &dir), Duration::from_secs(30));
        assert_eq!(status.and_then(|s| s.code()), Some(0), "case {case} ({what}), opened once more: {out}");
        std::fs::remove_dir_all(&dir).unwrap();
    }
    for (end, n) in &seen {
        println!("{n} x {end}");
    }
    assert!(seen.len() > 1, "the damage was never noticed: {seen:?}");
}
