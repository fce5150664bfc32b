//! Figures for people; `cargo test --test it index::measure -- --nocapture` with `RUSHES_MEASURE=1`.

use rushes::index::{Batch, FileRecord, open};
use rushes::model::{FileStat, Fingerprint, MediaPath};
use std::path::Path;
use std::time::Instant;

fn resident() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|l| l.starts_with("VmHWM:")).unwrap_or("VmHWM: ?");
    line.split_whitespace().skip(1).collect::<Vec<_>>().join(" ")
}

#[test]
fn two_hundred_thousand_files() {
    if std::env::var_os("RUSHES_MEASURE").is_none() {
        println!("skipped: RUSHES_MEASURE is not set");
        return;
    }
    let t = tempfile::tempdir_in("/tmp").unwrap();
    let index = open(t.path(), 1).unwrap().index;
    let begun = Instant::now();
    let mut times = Vec::new();
    for group in 0..1000_u64 {
        let mut b = Batch::new();
        for i in 0..200 {
            let n = group * 200 + i;
            let path = Path::new(&format!("A{:03}R1AB/clips/A{:03}C001", n / 1000, n / 1000))
                .join(format!("A001C001.{n:07}.dpx"));
            let stat =
                FileStat { dev: 64769, ino: n, size: 12_746_752, mtime_ns: 1_700_000_000_000_000_000, ctime_ns: 1 };
            let fingerprint = Fingerprint { size: 12_746_752, xxh128: format!("{n:032x}"), other: Default::default() };
            b.put_file("ocf", &MediaPath::from(path), FileRecord { stat, fingerprint, clip: None, gone: false });
        }
        let one = Instant::now();
        index.commit(&b).unwrap();
        times.push(one.elapsed());
    }
    let all = begun.elapsed();
    times.sort();
    println!(
        "200,000 files in groups of 200: {:.1} k records/s, p50 {:?}, p99 {:?}, most memory {}",
        200.0 / all.as_secs_f64(),
        times[500],
        times[990],
        resident()
    );
    let bytes: u64 =
        std::fs::read_dir(t.path().join("index")).unwrap().map(|e| e.unwrap().metadata().unwrap().len()).sum();
    drop(index);
    let begun = Instant::now();
    let o = open(t.path(), 2).unwrap();
    println!(
        "open with all checksums read: {:?}, {} MB on disk, most memory {}",
        begun.elapsed(),
        bytes / 1_000_000,
        resident()
    );
    assert_eq!(o.index.counts().files, 200_000);
    let begun = Instant::now();
    let n: usize =
        (0..200).map(|r| o.index.folder("ocf", Path::new(&format!("A{r:03}R1AB/clips/A{r:03}C001"))).len()).sum();
    println!("{n} files read folder by folder: {:?}", begun.elapsed());
}
